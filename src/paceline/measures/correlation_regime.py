"""Do members move together, and how far apart do they end: within sectors and between them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from paceline.arrays import COVERAGE, PATIENCE, Ints, Span
from paceline.errors import UnknownName, UsageError
from paceline.measures import Array, Result, View, measure
from paceline.signals.characteristics import chosen
from paceline.signals.history import place_so_far
from paceline.signals.members import Basis, basis_of, listed
from paceline.signals.sessions import month_ends
from paceline.signals.tables import day, tidy

#: The group whose baskets are the sectors, where nobody names another.
SECTORS = "sectors"
#: What is left of a variance below this share of the whole is rounding.
ROUNDING = 1e-9
#: (correlation above its median, dispersion above its median) -> the regime's name.
STATES = {
    (False, False): "calm",
    (False, True): "selective",
    (True, False): "together",
    (True, True): "turbulent",
}
HALF = 0.5
UNITS = {
    **{
        f"{name}{part}": unit
        for name, unit in (("correlation", "estimate"), ("dispersion", "fraction"))
        for part in ("", "_within", "_between")
    },
    **{f"equal_correlation{part}": "estimate" for part in ("", "_within", "_between")},
}


@measure(
    question="Is it a market of single stocks, of sectors, or of everything at once?",
    never="That stock pickers will do well, or that the calm will hold: it is one window's past.",
    of="basket",
    needs=("price_return", "total_return", "price_index", "total_index", "member"),
    unit=UNITS,
    shows="table",
    bounds=(-1.0, float("inf")),
    references=(
        "S&P Dow Jones Indices, Dispersion: Measuring Market Opportunity",
        "Skintzi, Refenes (2005), Implied Correlation Index, Journal of Futures Markets 25",
    ),
    limits={"window": (2, 100_000)},
)
def correlation_regime(
    view: View,
    *,
    baskets: tuple[str, ...] | None = None,
    window: int = 63,
    group: str | None = None,
    months: int = 120,
    basis: Basis | None = None,
) -> Result:
    """Average correlation and dispersion of the members, within sectors and between them, by month.

    Over the last ``window`` sessions, with w the target weights in force at the end, held fixed,
    s_i the standard deviation of member i's daily returns r_i, R_g = sum of w_i r_i over sector g,
    R = sum of R_g, and var over the window:

    correlation          = (var R - sum w^2 s^2) / ((sum w s)^2 - sum w^2 s^2)
    correlation_within   = sum_g (var R_g - sum_g w^2 s^2) / sum_g ((sum_g w s)^2 - sum_g w^2 s^2):
                           pairs of one sector
    correlation_between  = (var R - sum_g var R_g) / ((sum w s)^2 - sum_g (sum_g w s)^2): pairs of
                           two sectors
    equal_correlation... the same with equal weights
    dispersion           = sqrt(sum w (h_i - h)^2), h_i the return of member i over the window and h
                           the mean by w; dispersion^2 = dispersion_within^2 (about the mean of its
                           sector) + dispersion_between^2 (of the sectors' means)

    Each correlation is the mean over its pairs of their correlations, weighted by w_i s_i w_j s_j.
    ``place`` is the share of its values at all month ends so far that are not above it, itself
    included (24 are needed). ``state``, by the places of correlation and dispersion, above one half
    or not: calm (neither), selective (dispersion alone: stocks go their own ways), together
    (correlation alone: everything goes one way), turbulent (both).

    baskets  baskets that are looked at; default: the first of the market file that has members
    window   sessions
    group    group of the sectors; default: "sectors", where there is one
    months   how many of the last month ends are listed, besides the last session; places are by all
    basis    "price" or "total"; default: the basis the baskets are shown on

    n_eligible counts the members not yet delisted, n_used those that count. Missing: a member with
    more than ten returns missing in the window is left out; a missing return of another is zero,
    and a session that most lack blanks the figure; a member in no sector is left out of within and
    between, and their pairs with it. No value where fewer than 90% of the members count, or fewer
    than two, or for no pair of the kind. Raises UnknownName for an unknown group or basket.
    """
    if window < 2:
        raise UsageError(f"no deviation over {window} session.", "Give a window of 2 or more.")
    if group is not None and group not in view.groups:
        raise UnknownName("group", group, view.groups)
    used = basis_of(view, basis)
    there = listed(view.field("price_index"), view.field("total_index"))
    sectors = list(view.groups.get(group or SECTORS, ()))
    last = len(view.sessions) - 1
    days = [*(t for t in month_ends(view.sessions, view.calendar).tolist() if t < last), last]
    rows: list[dict[str, object]] = []
    for row in chosen(view, baskets):
        found: list[tuple[int, int, int, dict[str, float]]] = []
        for t in days:
            span = next((s for s in view.spans if s.start <= t < s.stop), None)
            if span is not None and t >= window:
                held = np.flatnonzero((span.weights[row] > 0) & there[:, t])
                found.append(
                    (t, *_at(view.field(f"{used}_return"), span, row, held, sectors, t, window))
                )
        rows += [
            {"subject": view.subjects[row], "basis": used, **r}
            for r in _rows(view, found, window, months)
        ]
    return Result(
        table=tidy(rows, place=pl.Float64, state=pl.String, reason=pl.String, basis=pl.String)
    )


def _at(
    returns: Array, span: Span, row: int, held: Ints, sectors: list[int], t: int, window: int
) -> tuple[int, int, dict[str, float]]:
    """(members that count, members, the statistics) of one basket at the close of session t."""
    r = returns[held, t - window + 1 : t + 1]
    counts = np.isnan(r).sum(axis=1) <= PATIENCE
    n, eligible = int(counts.sum()), len(held)
    if n < max(2, COVERAGE * eligible):
        return n, eligible, dict.fromkeys(UNITS, float("nan"))
    r, who = np.nan_to_num(r[counts]), held[counts]
    inside = span.weights[sectors][:, who] > 0
    inside = np.vstack([inside, ~inside.any(axis=0)]) if sectors else np.ones((1, n), bool)
    part = inside.argmax(axis=0)  # the last one: in no sector
    known = part < len(sectors)
    own = span.weights[row, who]
    found = dict.fromkeys(UNITS, float("nan"))
    for name, w in (("", own / own.sum()), ("equal_", np.full(n, 1 / n))):
        found[f"{name}correlation"] = _correlations(w, r, np.zeros(n, np.int64))[0]
        if known.any():
            pair = _correlations(w[known], r[known], part[known])
            found[f"{name}correlation_within"], found[f"{name}correlation_between"] = pair
    growth = np.prod(1 + r, axis=1) - 1
    found["dispersion"] = _dispersion(own, growth, np.zeros(n, np.int64))[0]
    if known.any():
        apart = _dispersion(own[known], growth[known], part[known])
        found["dispersion_within"], found["dispersion_between"] = apart
    return n, eligible, found


def _correlations(w: Array, r: Array, part: Array) -> tuple[float, float]:
    """Average correlation of pairs of one part, and of pairs of two; NaN without such a pair."""
    ws = w * r.std(axis=1, ddof=1)
    own = np.bincount(part, ws * ws)
    sums = np.bincount(part, ws)
    of_part = (np.arange(len(own))[:, None] == part) * w
    lines = of_part @ r
    variance = lines.var(axis=1, ddof=1)
    whole = float(lines.sum(axis=0).var(ddof=1))
    pairs_within = float((sums**2 - own).sum())
    pairs_between = float(ws.sum() ** 2 - (sums**2).sum())
    scale = ROUNDING * float(ws.sum() ** 2)

    def ratio(over: float, under: float) -> float:
        return float(np.clip(over / under, -1.0, 1.0)) if under > scale else float("nan")

    return (
        ratio(float((variance - own).sum()), pairs_within),
        ratio(whole - float(variance.sum()), pairs_between),
    )


def _dispersion(w: Array, growth: Array, part: Array) -> tuple[float, float]:
    """Deviation of the members from the mean of their part, and of these means from the whole's."""
    w = w / w.sum()
    size = np.bincount(part, w)
    means = np.bincount(part, w * growth) / np.where(size > 0, size, 1.0)
    within = float(np.sqrt(w @ (growth - means[part]) ** 2))
    return within, float(np.sqrt(size @ (means - w @ growth) ** 2))


def _rows(
    view: View, found: list[tuple[int, int, int, dict[str, float]]], window: int, months: int
) -> Iterator[dict[str, object]]:
    """Rows of one basket: every statistic of the last days, with its place in its own history."""
    values = {name: np.array([f[3][name] for f in found]) for name in UNITS}
    places = {name: place_so_far(v) for name, v in values.items()}
    for k in range(max(len(found) - months - 1, 0), len(found)):
        t, n, eligible, _ = found[k]
        at = (places["correlation"][k], places["dispersion"][k])
        state = STATES[at[0] > HALF, at[1] > HALF] if np.isfinite(at).all() else None
        for name in UNITS:
            value = float(values[name][k])
            yield {
                "statistic": name,
                "start": day(view.sessions, t - window),
                "end": day(view.sessions, t),
                "value": value,
                "n_used": n,
                "n_eligible": eligible,
                "place": float(places[name][k]) if np.isfinite(places[name][k]) else None,
                "state": state if name in ("correlation", "dispersion") else None,
                "reason": None if np.isfinite(value) else _reason(n, eligible, name),
            }


def _reason(n: int, eligible: int, name: str) -> str:
    """Why a statistic has no value."""
    if n < max(2, COVERAGE * eligible):
        return "too few members have the window"
    return "no pair of that kind" if "correlation" in name else "no sectors"
