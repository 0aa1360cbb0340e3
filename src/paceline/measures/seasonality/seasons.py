"""Recurring windows, by year: months, turns, quarter-ends, earnings seasons, today's slot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from paceline.arrays import Array, Bools, Ints
from paceline.signals.calendar import Places, SeasonalLine

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
#: Sessions of a quarter in which most companies report: a stand-in for an earnings calendar.
SEASON = (10, 45)
#: The last sessions of a year so far, and those of a quarter or a month.
RUN, END = 10, 5
#: Turn -> sessions before it and after it.
TURNS = {"turn_of_month": (1, 3), "turn_of_year": (5, 5), "santa": (5, 2)}
#: Months that end no quarter, by number from 0.
INSIDE_QUARTER = [0, 1, 3, 4, 6, 7, 9, 10]
#: Season -> its months.
QUARTERS = {"quarter_end": [2, 5, 8], "year_end": [11]}
#: Of a year's four earnings seasons, how many must be over.
SEASONS_NEEDED = 3


@dataclass(frozen=True)
class Season:
    """A recurring window by year: its return, what it is compared with, and when it lay.

    years    (K,) the year each value belongs to
    value    (K,) return of the window, or the mean of several of the year; NaN where it is not
             complete
    control  (K,) the same of the windows it is compared with; NaN where there is none
    start, end  (K,) last date before the first window, last date of the last one
    """

    name: str
    years: Ints
    value: Array
    control: Array
    start: list[dt.date]
    end: list[dt.date]


def months(line: SeasonalLine, at: Places) -> Iterator[Season]:
    """The twelve months, each against the mean of the others of its year."""
    years, number = _years(at), _months(at)
    window = np.where(at.whole | line.monthly, number, -1)
    value, first, last, n = line.over(window, 12 * len(years))
    done = np.zeros(len(value), bool)
    begun = last >= 0
    done[begun] = True if line.monthly else at.from_end[last[begun]] == -1
    value = np.where(done & (n > 0), value, np.nan).reshape(-1, 12)
    first, last = first.reshape(-1, 12), last.reshape(-1, 12)
    for m, name in enumerate(MONTHS):
        control = _row_mean(np.delete(value, m, axis=1))
        yield _season(name, line, years, value[:, m], control, first[:, m], last[:, m])


def turns(line: SeasonalLine, at: Places) -> Iterator[Season]:
    """Turns of the month, of the year, and the days around New Year."""
    years, month = _years(at), _months(at)
    count = 12 * len(years) + 1
    for name, (before, after) in TURNS.items():
        late = np.where(at.from_end >= -before, month + 1, -1)
        window = np.where(at.from_start <= after, month, late)
        value, first, last, n = line.over(window, count)
        value = np.where(n == before + after, value, np.nan)[:-1].reshape(-1, 12)
        first, last = first[:-1].reshape(-1, 12), last[:-1].reshape(-1, 12)
        if name == "turn_of_month":
            control = _mean_by_year(line.daily, at, years, window < 0) * (before + after)
            own, begin, end = _row_mean(value), first.min(axis=1), last.max(axis=1)
        else:
            control = _row_mean(value[:, 1:])
            own, begin, end = value[:, 0], first[:, 0], last[:, 0]
        yield _season(name, line, years, own, control, begin, end)


def ends(line: SeasonalLine, at: Places) -> Iterator[Season]:
    """The last five sessions of quarters and of the year, against those of the other months."""
    years = _years(at)
    window = np.where(at.from_end >= -END, _months(at), -1)
    value, first, last, n = line.over(window, 12 * len(years))
    value = np.where(n == END, value, np.nan).reshape(-1, 12)
    first, last = first.reshape(-1, 12), last.reshape(-1, 12)
    control = _row_mean(value[:, INSIDE_QUARTER])
    for name, own in QUARTERS.items():
        begin, end = first[:, own].min(axis=1), last[:, own].max(axis=1)
        yield _season(name, line, years, _row_mean(value[:, own]), control, begin, end)


def in_season(at: Places) -> Bools:
    """Which sessions lie in an earnings season."""
    return np.asarray((at.in_quarter >= SEASON[0]) & (at.in_quarter <= SEASON[1]))


def earnings(line: SeasonalLine, at: Places) -> Season:
    """Sessions 10 to 45 of the quarters of a year, per season, against as many of the others."""
    years, length = _years(at), SEASON[1] - SEASON[0] + 1
    inside = in_season(at)
    value = _mean_by_year(line.daily, at, years, inside) * length
    control = _mean_by_year(line.daily, at, years, ~inside) * length
    number = np.bincount((at.year - years[0])[inside], minlength=len(years))
    value = np.where(number >= SEASONS_NEEDED * length, value, np.nan)
    _, first, last, _ = line.over(at.year - years[0], len(years))
    return _season("earnings_season", line, years, value, control, first, last)


def slots(line: SeasonalLine, at: Places, slot: int) -> Iterator[Season]:
    """The slot, what followed it, and the year's last ten sessions so far, in every year."""
    years, today = _years(at), int(at.left[-1])
    for name, longest, shortest in (
        ("slot", today + slot - 1, today),
        ("to_year_end", today - 1, 0),
        ("year_end_run", RUN - 1, today),
    ):
        length = longest - shortest + 1
        window = np.where((at.left <= longest) & (at.left >= shortest), at.year - years[0], -1)
        value, first, last, n = line.over(window, len(years))
        value = np.where((n == length) & (length > 0), value, np.nan)
        control = np.full(len(years), np.nan)
        if name == "to_year_end":
            everything = np.ones(len(at.year), bool)
            control = _mean_by_year(line.daily, at, years, everything) * length
        yield _season(name, line, years, value, control, first, last)


def _season(
    name: str,
    line: SeasonalLine,
    years: Ints,
    value: Array,
    control: Array,
    first: Ints,
    last: Ints,
) -> Season:
    """A season whose windows of a year run from position ``first`` to ``last`` of the line."""
    return Season(name, years, value, control, _dates(line, first - 1), _dates(line, last))


def _dates(line: SeasonalLine, at: Ints) -> list[dt.date]:
    """Dates of positions of the line; of one outside, the nearest date."""
    return [line.dates[min(max(int(k), 0), len(line.dates) - 1)].item() for k in at]


def _years(at: Places) -> Ints:
    """Every calendar year from the first to the last date."""
    return np.arange(int(at.year[0]), int(at.year[-1]) + 1)


def _months(at: Places) -> Ints:
    """Number of the month of each date, counted from January of the first year."""
    number: Ints = (at.year - at.year[0]) * 12 + at.month - 1
    return number


def _row_mean(x: Array) -> Array:
    """Mean of the finite values of each row; NaN for a row without."""
    n = np.isfinite(x).sum(axis=1)
    return np.where(n > 0, np.nansum(x, axis=1) / np.maximum(n, 1), np.nan)


def _mean_by_year(x: Array, at: Places, years: Ints, use: Bools) -> Array:
    """Mean by year of the values to be used; NaN for a year without."""
    year = at.year[use] - years[0]
    n = np.bincount(year, minlength=len(years))
    total = np.bincount(year, x[use], minlength=len(years))
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)
