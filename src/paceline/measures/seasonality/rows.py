"""Rows of the table of seasons: means over years with their intervals, single years, this year."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator

import numpy as np

from paceline import kernels
from paceline.arrays import Array
from paceline.evidence import circular_shift_placebo, hac_mean
from paceline.measures.seasonality.seasons import RUN, Season, in_season
from paceline.signals.calendar import Places, SeasonalLine, judged_columns
from paceline.wording import number_of

#: Earlier years, and falls of a line, below which nothing is judged.
LEAST_YEARS, LEAST_FALLS = 20, 10
#: Quantiles between which 95% lie.
TAILS = (0.025, 0.975)
#: Returns closer than this are equal: they differ by rounding only.
ROUNDING = 1e-12


def _named(line: SeasonalLine) -> dict[str, object]:
    """What every row of a line has."""
    return {
        "subject": line.subject,
        "against": line.against,
        "line": line.name,
        "basis": line.basis,
    }


def mean(
    line: SeasonalLine, s: Season, first: int, period: str, today: dt.date
) -> dict[str, object]:
    """The mean of a season over the years from ``first`` on, and its difference from control."""
    use = (s.years >= first) & np.isfinite(s.value)
    judged = hac_mean((s.value - s.control)[use & np.isfinite(s.control)])
    begun = [d for d, u in zip(s.start, use, strict=True) if u]
    return {
        **_named(line),
        "statistic": s.name,
        "start": begun[0] if begun else None,
        "end": today,
        "kind": "mean",
        "period": period,
        "value": float(s.value[use].mean()) if use.any() else math.nan,
        "years": int(use.sum()),
        "control": float(np.nanmean(s.control[use])) if np.isfinite(s.control[use]).any() else None,
        **judged_columns(judged),
    }


def years(line: SeasonalLine, s: Season) -> Iterator[dict[str, object]]:
    """One row per year in which the season is complete."""
    for k in np.flatnonzero(np.isfinite(s.value)).tolist():
        yield {
            **_named(line),
            "statistic": s.name,
            "start": s.start[k],
            "end": s.end[k],
            "kind": "year",
            "value": float(s.value[k]),
            "year": int(s.years[k]),
        }


def this_year(
    line: SeasonalLine, at: Places, of_slot: list[Season], first: int, period: str, today: dt.date
) -> Iterator[dict[str, object]]:
    """The year's slot and run against every earlier year's, and what followed in those."""
    for s in of_slot:
        if s.name == "to_year_end":
            yield mean(line, s, first, period, today)
            continue
        earlier = s.value[(s.years >= first) & (s.years < today.year) & np.isfinite(s.value)]
        now, left = float(s.value[-1]), int(at.left[-1])
        row: dict[str, object] = {
            **_named(line),
            "statistic": s.name,
            "start": s.start[-1],
            "end": today,
            "kind": "now",
            "period": period,
            "value": now,
            "year": today.year,
            "years": len(earlier),
            "state": "",
        }
        if s.name == "year_end_run" and left >= RUN:
            state = f"not yet observable: {number_of(left, 'session')} of the year to come"
            row |= {"state": state, "start": today}
        elif not math.isfinite(now):
            row["state"] = "not all sessions of the window are there"
        elif len(earlier) < LEAST_YEARS:
            have = number_of(len(earlier), "observation")
            row["state"] = f"history too short: {have}, at least {LEAST_YEARS} needed"
        else:
            row |= _against_earlier(now, earlier)
        yield row


def _against_earlier(now: float, earlier: Array) -> dict[str, object]:
    """The year's value against those of earlier years."""
    average = float(earlier.mean())
    as_far = np.abs(earlier - average) >= abs(now - average) - ROUNDING
    low, high = np.quantile(earlier, TAILS)
    return {
        "control": average,
        "effect": now - average,
        "years_low": float(low),
        "years_high": float(high),
        "p": (1 + int(as_far.sum())) / (1 + len(earlier)),
        "n_effective": float(len(earlier)),
    }


def lift(
    line: SeasonalLine,
    at: Places,
    low: tuple[float, float],
    first: int,
    period: str,
    today: dt.date,
) -> Iterator[dict[str, object]]:
    """How much more often the peaks before a fall lie in an earnings season than sessions do."""
    use = at.year >= first
    if not use.any():
        return
    kind, pivot, _ = kernels.turning_points(line.level, fall=low[0], rise=low[1])
    peak = np.zeros(len(use), bool)
    peak[pivot[kind > 0]] = True
    inside, peak = in_season(at)[use].astype(float), peak[use]
    row = {
        **_named(line),
        "statistic": "earnings_season_lift",
        "unit": "ratio",
        "kind": "mean",
        "period": period,
        "start": line.dates[use][0].item(),
        "end": today,
        "value": math.nan,
        "years": len(np.unique(at.year[use])),
        "n_effective": float(peak.sum()),
        "control": 1.0,
        "state": "",
    }
    exposure = float(inside.mean())
    if peak.sum() < LEAST_FALLS or not 0 < exposure < 1:
        yield row | {
            "state": f"{number_of(int(peak.sum()), 'fall')}, at least {LEAST_FALLS} needed"
        }
        return
    p, placebo = circular_shift_placebo(inside, peak, exclude=1)
    ratio = float(inside[peak].mean()) / exposure
    reach = np.quantile(placebo, TAILS) / exposure
    yield row | {
        "value": ratio,
        "effect": ratio - 1,
        "effect_low": ratio - 1 - float(reach[1]),
        "effect_high": ratio - 1 - float(reach[0]),
        "p": p,
    }
