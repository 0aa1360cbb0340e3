"""Who drove an index: exact contributions of members, themes and sectors to its return."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from paceline.arrays import PATIENCE, Bools
from paceline.measures import Array, Result, View, measure
from paceline.signals.members import basis_of, companies, drift
from paceline.signals.returns import growth_to_eve, return_between
from paceline.signals.tables import day, tidy
from paceline.signals.windows import since_window

#: Said where the parts of a gain add up to more than all of it.
_OFFSET = "above 100%: the other members lost together, and their losses offset the rest"


@measure(
    question="Who drove the index?",
    never="That the index would have gained that much less without them: money goes elsewhere.",
    of="basket",
    needs=("price_return", "total_return", "price_index", "total_index", "member"),
    unit="return",
    shows="table",
    references=(
        "S&P Dow Jones Indices, Index Mathematics Methodology (contribution of a stock)",
        "Carino (1999), Combining Attribution Effects over Time (why daily terms need linking)",
    ),
)
def contributions(
    view: View, *, since: str = "ytd", k: int = 10, basis: str | None = None
) -> Result:
    """Contribution of each member to its basket's return since a base close, exact over periods.

    C_i = sum over t of w_{i,t-1} r_{i,t} I_{t-1} / I_base, with w the drifted weights before
    session t, r the return on the basis and I the basket's level: the C_i add up to
    I_end / I_base - 1. Within a span between rebalances w_{i,t-1} = W_i A_{i,t} G_{i,t-1} / sum of
    the same, with target weights W, cumulative growth G and the mask A of who is listed, so that
    C = W * ((I_{t-1} / den_t) (A G r)^T) / I_base: two matrix products for all baskets.

    since  "ytd" (from the last close of the year before), another horizon of ``performance``, "low"
           or an ISO date
    k      how many companies the top is
    basis  "price" or "total"; default: the basis the baskets are shown on

    Rows: total (the return); top_1 ... top_k, the largest contributions of companies that were
    members in the window, share classes of a company added up (``security`` the line that gave
    most, ``company`` all its lines); top (their sum); top_share (top / total; no value unless the
    basket gained; above 1 the other members lost together, and a note says so); for every basket
    of every group that shares members with the subject, part (``group``, ``part``): the sum over
    its members while they are members; residual = total - sum of all C, zero up to rounding.
    ``share`` is value / total where the basket gained. n_eligible counts the members, n_used those
    of them that had a return on the basis within ten sessions, or have left. Missing: a missing
    return contributes nothing; a basket younger than the window has no value, one without members
    no row.
    """
    used = basis_of(view, basis)
    start, end = since_window(view, since)
    total = return_between(view.all_levels[used], start, end)
    sums = _sums(view, used, start, end)
    rows: list[dict[str, object]] = []
    for row, subject in enumerate(view.subjects):
        if not sums.common[row, row]:
            continue
        head = {
            "subject": subject,
            "start": day(view.sessions, start),
            "end": day(view.sessions, end),
            "basis": used,
        }
        rows += [{**head, **line} for line in _lines(view, sums, row, float(total[row]), k)]
    table = tidy(
        rows,
        security=pl.String,
        company=pl.String,
        group=pl.String,
        part=pl.String,
        unit=pl.String,
        basis=pl.String,
        caveat=pl.String,
    )
    whole = pl.col("value").filter(pl.col("statistic") == "total").first().over("subject")
    return Result(
        table=table.with_columns(
            share=pl.when((whole > 0) & pl.col("unit").is_null()).then(pl.col("value") / whole)
        )
    )


@dataclass(frozen=True)
class _Sums:
    """Contributions and their sums.

    own     (S, N) contribution of each security to each basket
    held    (S, N) whether it was a member at any time in the window
    parts   (S, S) their sums over the members of every basket
    common  (S, S) how many securities two baskets have in common, at the end
    priced  (S,) how many of its securities, at the end, are not silent for longer than a halt
    """

    own: Array
    held: Bools
    parts: Array
    common: Array
    priced: Array


def _lines(view: View, sums: _Sums, row: int, gain: float, k: int) -> Iterator[dict[str, object]]:
    """Rows of one basket, whose return is ``gain``."""
    own = sums.own[row]
    held, priced = int(sums.common[row, row]), int(sums.priced[row])
    largest, rest = _largest(view, own, sums.held[row], k)
    top = sum(value for value, _ in largest) if np.isfinite(gain) else float("nan")
    yield {"statistic": "total", "value": gain, "n_used": priced, "n_eligible": held}
    for n, (value, lines) in enumerate(largest, 1):
        yield {
            "statistic": f"top_{n}",
            "value": value,
            "security": lines[0],
            "company": " + ".join(lines),
        }
    yield {"statistic": "top", "value": top}
    yield {
        "statistic": "top_share",
        "value": top / gain if gain > 0 else float("nan"),
        "unit": "fraction",
        "caveat": _OFFSET if top > gain > 0 > rest else None,
    }
    for group, members in view.groups.items():
        for p in members:
            if p != row and sums.common[row, p]:
                yield {
                    "statistic": "part",
                    "value": float(sums.parts[row, p]),
                    "group": group,
                    "part": view.subjects[p],
                    "n_used": int(sums.common[row, p]),
                    "n_eligible": int(sums.common[p, p]),
                }
    yield {"statistic": "residual", "value": gain - float(own.sum())}


def _largest(
    view: View, own: Array, held: Bools, k: int
) -> tuple[list[tuple[float, list[str]]], float]:
    """The k companies that gave most, and what all others gave together: 0 where there are none.

    Each is (contribution, lines of the company, the largest first).
    """
    at = np.flatnonzero(held)
    codes, of = np.unique(companies(view)[at], return_inverse=True)
    given = np.bincount(of, own[at], minlength=len(codes))
    found, order = [], np.argsort(-given, kind="stable")
    for c in order[:k]:
        lines = at[of == c]
        lines = lines[np.argsort(-own[lines], kind="stable")]
        found.append((float(given[c]), [view.securities[i] for i in lines]))
    return found, float(given[order[k:]].sum())


def _sums(view: View, basis: str, start: int, end: int) -> _Sums:
    """Contributions from the close of session ``start`` to that of ``end``."""
    S, N = len(view.subjects), len(view.securities)
    own, parts, common = np.zeros((S, N)), np.zeros((S, S)), np.zeros((S, S))
    ever, priced = np.zeros((S, N), bool), np.zeros(S)
    if start < 0:
        return _Sums(np.full((S, N), np.nan), ever, parts, common, priced)
    levels, returns = view.all_levels[basis], view.field(f"{basis}_return")
    move, listed = drift(view)
    for span in view.spans:
        stop = min(span.stop, end + 1)
        if stop <= start + 1:
            continue
        held = np.flatnonzero((span.weights > 0).any(axis=0))
        W = span.weights[:, held]
        now = slice(span.start, stop)
        AG = growth_to_eve(move[held, now])
        # who is delisted stays out until a rebalance
        AG *= np.logical_and.accumulate(listed[held, now], axis=1)
        before = levels[:, span.start - 1 : stop - 1] if span.start else np.full((S, stop), np.nan)
        late = np.arange(span.start, stop) > start
        ever[:, held] |= (W > 0) & (AG[:, late] > 0).any(axis=1)
        den = W @ AG
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = np.where(late & (den > 0), before / (den * levels[:, [start]]), 0.0)
        r = returns[held, now]
        recent = returns[held, max(end - PATIENCE, 0) : end + 1]
        silent = listed[held, stop - 1] & ~np.isfinite(recent).any(axis=1)
        priced = (W > 0) @ (~silent).astype(float)  # the last span's
        r[np.isnan(r)] = 0.0
        AG *= r
        of_span = W * (factor @ AG.T)
        own[:, held] += of_span
        member = (W > 0).astype(float)
        parts += of_span @ member.T
        common = member @ member.T  # the last span's
    return _Sums(own, ever, parts, common, priced)
