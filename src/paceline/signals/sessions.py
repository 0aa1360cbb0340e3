"""Ends of months, weeks and years among sessions."""

from __future__ import annotations

import datetime as dt

import numpy as np

from paceline.arrays import Dates, Ints

#: Days from a Monday to 1970-01-01, day zero of datetime64, which was a Thursday.
MONDAY_TO_EPOCH = 3
#: Days from a Monday to its Friday.
MONDAY_TO_FRIDAY = 4


def on_or_before(sessions: Dates, when: dt.date | str) -> int:
    """Number of the last session on or before a day; -1 before the first session."""
    return int(np.searchsorted(sessions, np.datetime64(when, "D"), side="right")) - 1


def year_of(sessions: Dates, at: int = -1) -> int:
    """Calendar year of session ``at``; default: the last one."""
    return int(sessions[at].astype("datetime64[Y]").astype(np.int64)) + 1970


def last_close_of_year(sessions: Dates, year: int) -> int:
    """Number of the last session up to 31 December of a year; -1 before the first session."""
    return on_or_before(sessions, f"{year:04d}-12-31")


def month_ends(sessions: Dates, calendar: Dates) -> Ints:
    """(K,) session numbers of the last session of each month that is over: see ``period_ends``."""
    return period_ends(sessions, calendar, "M")[0]


def period_ends(sessions: Dates, calendar: Dates, unit: str) -> tuple[Ints, Ints]:
    """Last session of each month ("M"), quarter ("Q") or year ("Y") that is over, and when known.

    A period is over once the next session, past or to come, belongs to a later one. The second
    array numbers the sessions by whose close that is known: the period's own last one where the
    ``calendar`` reaches beyond it, else the one after it. Causal: what is over on a day stays so.
    """
    coming = calendar[calendar > sessions[-1]][:1]
    period = _period(np.concatenate([sessions, coming]), unit)
    ends = np.flatnonzero(period[1:] != period[:-1])
    reached = calendar[-1:] > sessions[ends] if len(calendar) else np.zeros(len(ends), bool)
    return ends, np.where(reached, ends, ends + 1)


def is_over(sessions: Dates, calendar: Dates, unit: str) -> bool:
    """Whether the last session is the last of its month ("M"), quarter ("Q") or year ("Y").

    It is where the next session of the ``calendar`` belongs to another one; not known, and so no,
    where the calendar does not reach beyond the last session.
    """
    ends, _ = period_ends(sessions, calendar, unit)
    return bool(len(ends) and ends[-1] == len(sessions) - 1)


def begin_of(sessions: Dates, unit: str, at: int = -1) -> int:
    """Number of the first session of the month, quarter or year that holds session ``at``."""
    period = _period(sessions, unit)
    return int(np.searchsorted(period, period[at]))


def _period(days: Dates, unit: str) -> Ints:
    """Number of the month, quarter or year of each day."""
    if unit == "Y":
        return days.astype("datetime64[Y]").astype(np.int64)
    return days.astype("datetime64[M]").astype(np.int64) // (3 if unit == "Q" else 1)


def week_ends(sessions: Dates, calendar: Dates) -> tuple[Ints, bool]:
    """Session numbers of the last session of each week, Monday to Sunday; whether the last is over.

    The last week is over when the next session of the ``calendar`` belongs to another week. Where
    the calendar does not reach beyond the last session it is over on its Friday, and a week that a
    holiday ends earlier counts as open.
    """
    week, weekday = _week(sessions)
    ends = np.flatnonzero(np.append(week[1:] != week[:-1], True))
    coming = calendar[calendar > sessions[-1]]
    if len(coming):
        return ends, bool(_week(coming[:1])[0][0] > week[-1])
    return ends, bool(weekday[-1] >= MONDAY_TO_FRIDAY)


def _week(days: Dates) -> tuple[Ints, Ints]:
    """Number of the week of each day, and the day's place in it, 0 for Monday."""
    since_monday = days.astype("datetime64[D]").astype(np.int64) + MONDAY_TO_EPOCH
    return since_monday // 7, since_monday % 7
