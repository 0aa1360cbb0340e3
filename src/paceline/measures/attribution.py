"""Why one basket beat another: its weights in the sectors, or the stocks it held in them."""

from __future__ import annotations

import numpy as np
import polars as pl

from paceline.arrays import Array
from paceline.errors import UnknownName
from paceline.measures import Result, View, measure
from paceline.signals.attribution import brinson_fachler, carino
from paceline.signals.members import Basis, basis_of, drift
from paceline.signals.returns import growth_to_eve
from paceline.signals.tables import day, tidy
from paceline.signals.windows import since_window

EFFECTS = ("allocation", "selection", "interaction")


@measure(
    question="Is the lead made by the choice of sectors, or of stocks within them?",
    never="That a manager was skilful: it splits one difference, and a lucky one splits as well.",
    of="basket",
    needs=("price_return", "total_return", "price_index", "total_index", "member", "pairs"),
    unit="return",
    shows="table",
    references=(
        "Brinson, Fachler (1985), Measuring Non-US Equity Portfolio Performance",
        "Carino (1999), Combining Attribution Effects over Time",
    ),
)
def attribution(
    view: View, *, since: str = "ytd", group: str | None = None, basis: Basis | None = None
) -> Result:
    """Brinson-Fachler effects of one leg of a pair against the other, by the segments of a group.

    Of each session, with w weights at its open and r returns of a segment in the lead (p) and the
    other leg (b), and R_b = sum w_b r_b:

        allocation  = (w_p - w_b) (r_b - R_b)
        selection   = w_b (r_p - r_b)
        interaction = (w_p - w_b) (r_p - r_b)

    Sessions are linked by Carino's factors, so that all effects add up to the difference of the two
    returns over the window. Members of no segment form one of their own, "(none)".

    since  "ytd", another horizon of ``performance``, "low" or an ISO date
    group  the group whose baskets are the segments; default: the first made by class, e.g. sectors,
           else the first
    basis  "price" or "total"; default: the basis the baskets are shown on

    Rows per pair: active (the difference of returns), its three sums, and each segment's (column
    ``segment``). Missing: a missing return is zero, and a pair that is younger than the window has
    no rows. Raises ``UnknownName`` for a group that is not there.
    """
    used = basis_of(view, basis)
    chosen = _segments(view, group)
    start, end = since_window(view, since)
    names = [*(view.labels.get(view.subjects[g], view.subjects[g]) for g in chosen), "(none)"]
    rows: list[dict[str, object]] = []
    levels = view.all_levels[used]
    for lead, against in view.pairs:
        if start < 0 or not np.isfinite(levels[[lead, against], start]).all():
            continue
        wp, rp, wb, rb = _weights_and_returns(view, used, chosen, (lead, against), start, end)
        P, B = (wp * rp).sum(axis=1), (wb * rb).sum(axis=1)
        link = carino(P, B)[:, None]
        terms = zip(EFFECTS, brinson_fachler(wp, wb, rp, rb), strict=True)
        effects = {name: (link * e).sum(axis=0) for name, e in terms}
        head = {
            "subject": view.subjects[lead],
            "against": view.subjects[against],
            "basis": used,
            "start": day(view.sessions, start),
            "end": day(view.sessions, end),
        }
        active = float(np.prod(1 + P) - np.prod(1 + B))
        rows.append({**head, "statistic": "active", "value": active})
        for name, values in effects.items():
            rows.append({**head, "statistic": name, "value": float(values.sum())})
            rows += [
                {**head, "statistic": name, "value": float(v), "segment": s}
                for s, v in zip(names, values, strict=True)
                if v != 0
            ]
    return Result(table=tidy(rows, segment=pl.String, basis=pl.String))


def _segments(view: View, group: str | None) -> list[int]:
    """Rows of the segments: the group's baskets, or those of the first group made by class."""
    if group is not None:
        if group not in view.groups:
            raise UnknownName("group", group, view.groups)
        return list(view.groups[group])
    by_class = [
        rows
        for name, rows in view.groups.items()
        if rows and all(view.subjects[r].startswith(f"{name}:") for r in rows)
    ]
    return list(next(iter(by_class or view.groups.values()), ()))


def _weights_and_returns(
    view: View, basis: Basis, segments: list[int], legs: tuple[int, int], start: int, end: int
) -> tuple[Array, Array, Array, Array]:
    """Weights at the open and returns of each segment in both legs: w_p, r_p, w_b, r_b.

    Each (sessions after ``start``, segments + 1), the last of them for members of no segment.
    """
    move, listed = drift(view)
    returns = view.field(f"{basis}_return")
    pieces: list[list[Array]] = [[], [], [], []]
    for span in view.spans:
        first, stop = max(span.start, start + 1), min(span.stop, end + 1)
        if first >= stop:
            continue
        held = np.flatnonzero((span.weights[list(legs)] > 0).any(axis=0))
        of = span.weights[segments][:, held] > 0
        of = np.vstack([of, ~of.any(axis=0)])
        of[1:] &= np.cumsum(of, axis=0)[:-1] == 0  # in one segment only: its first
        now = slice(span.start, stop)
        AG = growth_to_eve(move[held, now]) * listed[held, now]
        AG = AG[:, first - span.start :]
        r = np.nan_to_num(returns[held, first:stop])
        part = of.astype(float)
        for k, leg in enumerate(legs):
            value = span.weights[leg, held][:, None] * AG
            total = value.sum(axis=0)
            w = part @ value / np.where(total > 0, total, 1.0)
            gain = part @ (value * r) / np.where(total > 0, total, 1.0)
            pieces[2 * k].append(w.T)
            pieces[2 * k + 1].append(np.divide(gain, w, out=np.zeros_like(w), where=w > 0).T)
    wp, rp, wb, rb = (np.vstack(parts) for parts in pieces)
    # a segment not held: no selection there
    rp, rb = np.where(wp > 0, rp, rb), np.where(wb > 0, rb, rp)
    return wp, rp, wb, rb
