"""Where in its month, quarter and year a session lies, counted from both ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from paceline.arrays import Array, Bools, Dates, Ints
from paceline.evidence import Evidence
from paceline.signals.view import View

#: Columns of a table of seasons, beside those of every table.
COLUMNS: dict[str, type[pl.DataType]] = {
    "line": pl.String,
    "period": pl.String,
    "kind": pl.String,
    "year": pl.Int64,
    "years": pl.Int64,
    "control": pl.Float64,
    "effect": pl.Float64,
    "effect_low": pl.Float64,
    "effect_high": pl.Float64,
    "years_low": pl.Float64,
    "years_high": pl.Float64,
    "p": pl.Float64,
    "p_adjusted": pl.Float64,
    "questions": pl.Int64,
    "n_effective": pl.Float64,
    "minimum_detectable": pl.Float64,
    "state": pl.String,
    "basis": pl.String,
    "unit": pl.String,
}

#: A line's first month counts if it begins by this day of the month.
FIRST_DAY = 5
#: Days before the end of a year by which a calendar of the year is complete.
LAST_WEEK = 7


def judged_columns(evidence: Evidence) -> dict[str, object]:
    """The columns of a row that is judged."""
    return {
        "effect": evidence.effect,
        "effect_low": evidence.low,
        "effect_high": evidence.high,
        "p": evidence.p,
        "n_effective": evidence.n_effective,
        "minimum_detectable": evidence.minimum_detectable,
        "state": evidence.note,
    }


@dataclass(frozen=True)
class SeasonalLine:
    """Something whose seasons are looked at: one level or series, or the difference of two.

    dates  (n,) sessions, or month-ends if ``monthly``
    legs   (L, n) simple return of each leg since the date before; ``signs`` add them up
    """

    name: str
    subject: str
    against: str | None
    basis: str | None
    dates: Dates
    legs: Array
    signs: tuple[int, ...]
    monthly: bool = False

    @property
    def daily(self) -> Array:
        """(n,) return of each date, of two legs the difference."""
        return np.asarray(np.array(self.signs, float) @ self.legs, float)

    @property
    def level(self) -> Array:
        """(n,) wealth of the one leg, or of the first relative to the second."""
        with np.errstate(divide="ignore"):
            return np.asarray(
                np.exp(np.array(self.signs, float) @ np.cumsum(np.log1p(self.legs), axis=1)), float
            )

    def over(self, window: Ints, count: int) -> tuple[Array, Ints, Ints, Ints]:
        """Return, first and last position and number of dates of each window 0 ... count - 1.

        ``window`` (n,) is the number of the window a date belongs to, -1 for none. The return of a
        leg is product(1 + r) - 1; of two legs the first's minus the second's. NaN for a window
        without dates.
        """
        inside = window >= 0
        at = window[inside]
        n = np.bincount(at, minlength=count)
        value = np.zeros(count)
        with np.errstate(divide="ignore"):
            for sign, r in zip(self.signs, self.legs, strict=True):
                value += sign * np.expm1(np.bincount(at, np.log1p(r[inside]), minlength=count))
        first, last = np.full(count, len(window)), np.full(count, -1)
        where = np.flatnonzero(inside)
        np.minimum.at(first, at, where)
        np.maximum.at(last, at, where)
        return np.where(n > 0, value, np.nan), first, last, n


@dataclass(frozen=True)
class Places:
    """Places of the dates of a line.

    year, month  of the date
    from_start   place in the month from its start, 1 for the first date
    from_end     place in the month from its end, -1 for the last date
    in_quarter   place in the quarter from its start
    left         how many sessions of the year are still to come
    whole        the month is whole: the first one only if it begins by the 5th
    """

    year: Ints
    month: Ints
    from_start: Ints
    from_end: Ints
    in_quarter: Ints
    left: Ints
    whole: Bools


def ahead(view: View, last: np.datetime64) -> Dates:
    """Sessions after ``last`` to the end of the next year: the calendar's, else every weekday."""
    end = (last.astype("datetime64[Y]") + 2).astype("datetime64[D]")
    if len(view.calendar) and view.calendar[-1] >= end - LAST_WEEK:
        coming: Dates = view.calendar[(view.calendar > last) & (view.calendar < end)]
        return coming
    days = np.arange(last + 1, end)
    weekdays: Dates = days[np.is_busday(days)]
    return weekdays


def places(dates: Dates, later: Dates) -> Places:
    """Places of ``dates``; the sessions ``later`` that follow are not looked at but counted."""
    days = np.concatenate([dates, later])
    month = days.astype("datetime64[M]").astype(np.int64)
    year = days.astype("datetime64[Y]").astype(np.int64)
    n = len(dates)
    first_day = int((dates[0] - dates[0].astype("datetime64[M]")).astype(int)) + 1
    return Places(
        year=year[:n] + 1970,
        month=month[:n] % 12 + 1,
        from_start=_ordinal(month)[:n],
        from_end=-_ordinal(month[::-1])[::-1][:n],
        in_quarter=quarters(days)[1][:n],
        left=_ordinal(year[::-1])[::-1][:n] - 1,
        whole=(month[:n] != month[0]) | (first_day <= FIRST_DAY),
    )


def quarters(days: Dates) -> tuple[Ints, Ints]:
    """Quarter of each session, counted from 1970, and its place in it from the start, from 1."""
    quarter = days.astype("datetime64[M]").astype(np.int64) // 3
    return quarter, _ordinal(quarter)


def _ordinal(key: Ints) -> Ints:
    """1, 2, 3 ... within each run of equal keys."""
    start = np.flatnonzero(np.r_[True, key[1:] != key[:-1]])
    return np.arange(len(key)) - np.repeat(start, np.diff(np.r_[start, len(key)])) + 1
