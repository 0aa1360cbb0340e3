"""Do leading industries go on leading? Beside it rotation by the business cycle, with placebo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from paceline.arrays import Bools, Dates, Ints
from paceline.evidence import hac_mean
from paceline.measures import Array, Result, View, measure
from paceline.signals import french
from paceline.signals.tables import tidy

#: Monthly series of recessions (1 or 0), as FRED names it.
RECESSION = "USREC"
#: Months of a phase that must lie behind before an industry is chosen by it.
LEARNED = 24
#: Shifts of the cycle nearer than this, in months, see the same recessions.
NEAR = 24
#: Quantiles between which 95% lie.
TAILS = (0.025, 0.975)


class _Industries(NamedTuple):
    """Industries: series and short names, months in a row, returns (I, M); NaN where missing."""

    series: tuple[str, ...]
    names: tuple[str, ...]
    months: Dates
    r: Array


@measure(
    question="Do leading industries go on leading, and does the business cycle say which will?",
    never="That knowing where the economy stands picks industries: see the shifted cycles.",
    of="levels",
    needs=("series",),
    unit="return",
    shows="table",
    references=(
        "Moskowitz, Grinblatt (1999), Do industries explain momentum?",
        "Jacobsen, Stangl, Visaltanachoti (2009), Sector rotation across the business cycle",
        "Kenneth R. French, Data Library (industry portfolios)",
    ),
    limits={"shifts": (0, 10_000)},
)
def industry_momentum(
    view: View,
    *,
    industries: str = "49_Industry_Portfolios",
    formation: int = 6,
    quantiles: int = 5,
    since: tuple[int, ...] = (1927, 1990),
    shifts: int = 199,
) -> Result:
    """Buying the industries that led, and buying those of the business cycle's phase.

    The industries are the library's monthly value-weighted ones. At each month end they are sorted,
    the highest 1/q bought and the lowest sold, equally weighted, for a month, before costs:

    past            = product of (1 + r) - 1 of each industry over the last ``formation`` months;
                    ``rank`` 1 is the highest
    momentum        mean per month of the month's return of the highest by past less the lowest
    cycle_rotation  the same, sorted by the mean of (r - mean of all industries) in the earlier
                    months of the phase, recession or expansion, that the coming month is in: what
                    one would earn who always knew the phase and learned from earlier cycles which
                    industries suit it

    The placebo moves the phases around the calendar, ``shifts`` times evenly, by two years or more:
    ``base`` = mean of cycle_rotation under the shifted phases, placebo_low and placebo_high hold
    95% of them, and p = (1 + #{shifted >= true}) / (1 + shifts). Of momentum, base is nought, and p
    and the 95% interval effect_low, effect_high are autocorrelation-robust. ``effect`` = value -
    base.

    industries  part of the name of the series' file
    formation   months of the past return
    quantiles   q
    since       first years of the periods, each apart
    shifts      how many shifted cycles

    The phases are those of the monthly series USREC (1 in a recession); they are published months
    later than they are used here, which flatters the rotation. Columns: ``industry``; ``period``; n
    months, n_effective what they are worth; n_used industries with a past, n_eligible all of them.
    Missing: an industry without all of its past months, or without the month's return, is left out
    of that month; a month with fewer than q industries, or within the first 24 of its phase, is in
    no mean; without USREC the rotation has no value and says so. Series that end more than two
    whole months before the last session say so.
    """
    found = _industries(view, industries)
    if found is None:
        return Result(table=_table([]))
    late = french.late(view, found.months[-1])
    past = french.past_return(found.r, formation)
    rows = list(_today(found, past, formation))
    before = np.full(past.shape, np.nan)
    before[:, 1:] = past[:, :-1]
    earned = _spread(before, found.r, quantiles)
    rotated, shifted = _rotations(found.r, _phases(view, found.months), quantiles, shifts)
    for year in since:
        use = found.months >= np.datetime64(f"{year:04d}-01")
        if use.any():
            rows += [
                _momentum(found, earned, use, f"since {year}"),
                _rotation(found, rotated, shifted, use, f"since {year}"),
            ]
    return Result(table=_table([{**r, "basis": "total", "caveat": late} for r in rows]))


def _table(rows: list[dict[str, object]]) -> pl.DataFrame:
    return tidy(
        rows,
        industry=pl.String,
        period=pl.String,
        rank=pl.Int64,
        base=pl.Float64,
        effect=pl.Float64,
        effect_low=pl.Float64,
        effect_high=pl.Float64,
        placebo_low=pl.Float64,
        placebo_high=pl.Float64,
        p=pl.Float64,
        n=pl.Int64,
        n_effective=pl.Float64,
        reason=pl.String,
        caveat=pl.String,
        basis=pl.String,
    )


def _industries(view: View, part: str) -> _Industries | None:
    """The industries of one file by month; None where there is no such series."""
    names = [n for n in sorted(view.series) if part in n and "/vw_monthly/" in n]
    lines = {n: french.by_month(*french.seen(view, n)) for n in names}
    lines = {n: line for n, line in lines.items() if len(line[0])}
    if not lines:
        return None
    first, last = (f(f(m) for m, _ in lines.values()) for f in (min, max))
    months = np.arange(first, last + 1)
    r = np.full((len(lines), len(months)), np.nan)
    for row, (own, values) in zip(r, lines.values(), strict=True):
        at = int((own[0] - first).astype(np.int64))
        row[at : at + len(values)] = values
    return _Industries(tuple(lines), tuple(n.rpartition("/")[2] for n in lines), months, r)


def _today(found: _Industries, past: Array, formation: int) -> Iterator[dict[str, object]]:
    """Past return and rank of each industry, best first."""
    now, last = past[:, -1], found.months[-1]
    known = int(np.isfinite(now).sum())
    for place, k in enumerate(np.argsort(-now, kind="stable").tolist(), start=1):
        there = bool(np.isfinite(now[k]))
        yield {
            "subject": found.series[k],
            "industry": found.names[k],
            "statistic": "past",
            "start": french.last_day(last - formation),
            "end": french.last_day(last),
            "value": float(now[k]),
            "rank": place if there else None,
            "n_used": known,
            "n_eligible": len(now),
            "reason": None if there else "not all of its months have a value",
        }


def _spread(score: Array, r: Array, quantiles: int) -> Array:
    """(M,) return of the highest 1/q by score less that of the lowest, by month; NaN below q."""
    score = np.where(np.isfinite(score) & np.isfinite(r), score, np.nan)
    n = np.isfinite(score).sum(axis=0)
    order = np.argsort(score, axis=0, kind="stable")  # missing ones come last
    ranked = np.take_along_axis(np.nan_to_num(r), order, axis=0)
    place = np.arange(len(r))[:, None]
    size = np.maximum(n // quantiles, 1)
    low = place < size
    high = (place >= n - size) & (place < n)
    result = (ranked * high).sum(axis=0) / size - (ranked * low).sum(axis=0) / size
    return np.where(n >= quantiles, result, np.nan)


def _phases(view: View, months: Dates) -> Ints | None:
    """(M,) 1 in a recession, 0 in an expansion, -1 where unknown; None without the series."""
    name = next((n for n in sorted(view.series) if n.rpartition("/")[2] == RECESSION), None)
    if name is None:
        return None
    own, value = french.by_month(*french.seen(view, name))
    at = np.searchsorted(own, months)
    there = (at < len(own)) & (own[np.minimum(at, len(own) - 1)] == months)
    found = np.where(there, value[np.minimum(at, len(own) - 1)], np.nan)
    return np.where(np.isfinite(found), found > 0, -1).astype(np.int64)


def _by_cycle(r: Array, phase: Ints, quantiles: int) -> Array:
    """(M,) return of ``cycle_rotation`` by month."""
    there = np.isfinite(r)
    with np.errstate(invalid="ignore"):
        apart = np.where(there, r - np.nansum(r, axis=0) / np.maximum(there.sum(axis=0), 1), 0.0)
    score = np.full(r.shape, np.nan)
    for p in (0, 1):
        own = phase == p
        total = np.cumsum(apart * own, axis=1)[:, :-1]
        count = np.cumsum(there & own, axis=1)[:, :-1]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(count >= LEARNED, total / count, np.nan)
        score[:, 1:] = np.where(own[1:], mean, score[:, 1:])
    return _spread(score, r, quantiles)


def _rotations(
    r: Array, phase: Ints | None, quantiles: int, shifts: int
) -> tuple[Array | None, Array | None]:
    """(M,) ``cycle_rotation`` and (shifts, M) the same with the phases moved evenly.

    They move around the months from the first with a phase to the last. None without any.
    """
    known = np.flatnonzero(phase >= 0) if phase is not None else np.empty(0, np.int64)
    if phase is None or not len(known):
        return None, None
    block = slice(int(known[0]), int(known[-1]) + 1)
    own, inside = phase[block], r[:, block]
    by = np.linspace(NEAR, max(len(own) - NEAR, NEAR), shifts).round().astype(int)
    out = np.full((1 + shifts, r.shape[1]), np.nan)
    for row, shift in zip(out, (0, *by.tolist()), strict=True):
        row[block] = _by_cycle(inside, np.roll(own, shift), quantiles)
    return out[0], out[1:]


def _row(found: _Industries, x: Array | None, use: Bools, period: str) -> dict[str, object]:
    """What the two rows of strategies share: of the months from the first with a value on."""
    known = np.flatnonzero(use if x is None else use & np.isfinite(x))
    at = int(known[0]) if len(known) else int(np.flatnonzero(use)[0])
    return {
        "subject": found.series[0],
        "industry": "all",
        "period": period,
        "start": french.last_day(found.months[at] - 1),
        "end": french.last_day(found.months[-1]),
    }


def _momentum(found: _Industries, earned: Array, use: Bools, period: str) -> dict[str, object]:
    """What following the leaders earned."""
    judged = hac_mean(earned[use])
    return {
        **_row(found, earned, use, period),
        "statistic": "momentum",
        "value": np.nan if judged.effect is None else judged.effect,
        "base": 0.0,
        "effect": judged.effect,
        "effect_low": judged.low,
        "effect_high": judged.high,
        "p": judged.p,
        "n": judged.n,
        "n_effective": judged.n_effective,
        "reason": judged.note or None,
    }


def _rotation(
    found: _Industries, rotated: Array | None, shifted: Array | None, use: Bools, period: str
) -> dict[str, object]:
    """What knowing the phase earned, and what shifted phases did."""
    row = {**_row(found, rotated, use, period), "statistic": "cycle_rotation", "value": np.nan}
    if rotated is None or shifted is None:
        return row | {"reason": f"no series {RECESSION} says which months were recessions"}
    known = np.isfinite(rotated) & use
    judged = hac_mean(rotated[use])
    row |= {"n": int(known.sum()), "n_effective": judged.n_effective}
    if judged.effect is None:
        return row | {"reason": judged.note}
    months = np.isfinite(shifted) & use
    n = months.sum(axis=1)
    placebo = (np.where(months, shifted, 0.0).sum(axis=1) / np.maximum(n, 1))[n > 0]
    row["value"] = judged.effect
    if not len(placebo):
        return row
    low, high = np.quantile(placebo, TAILS)
    base = float(placebo.mean())
    return row | {
        "base": base,
        "effect": judged.effect - base,
        "placebo_low": float(low),
        "placebo_high": float(high),
        "p": (1 + int((placebo >= judged.effect).sum())) / (1 + len(placebo)),
    }
