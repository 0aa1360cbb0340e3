"""Days on which baskets and universes are renewed.

A day that is no session moves to the session before it.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from paceline.arrays import Dates
from paceline.config import Schedule

FRIDAY = 4
QUARTER_ENDS = (3, 6, 9, 12)
#: A nominal day may move back this many days to a session; beyond that the sessions have a hole and
#: it is left out.
REACH = 7

#: Russell's rank days between the rules "last business day of May" (to 2016) and "... of April"
#: (from 2023). 2018 and 2020 are documented in METHODS 2; the others are the Fridays the provider
#: announced.
RUSSELL_RANK_DAYS = {
    2017: dt.date(2017, 5, 12),
    2018: dt.date(2018, 5, 11),
    2019: dt.date(2019, 5, 10),
    2020: dt.date(2020, 5, 8),
    2021: dt.date(2021, 5, 7),
    2022: dt.date(2022, 5, 6),
}
#: From this year on there is a second reconstitution in December.
RUSSELL_TWICE = 2026


class Event(NamedTuple):
    """Weights or members fixed at the close of ``reference``, in force after that of ``session``.

    Both are positions on the time axis, reference <= session.
    """

    reference: int
    session: int


def nth_weekday(year: int, month: int, weekday: int, n: int) -> dt.date:
    """The n-th Monday = 0 ... Sunday = 6 of a month."""
    first = dt.date(year, month, 1)
    return first + dt.timedelta((weekday - first.weekday()) % 7 + 7 * (n - 1))


def month_end(year: int, month: int) -> dt.date:
    """The last day of a month."""
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def position(sessions: Dates, day: dt.date) -> int:
    """Position of the last session on or before ``day``; -1 outside the sessions or in a hole."""
    when = np.datetime64(day)
    if not len(sessions) or when > sessions[-1]:
        return -1
    at = int(np.searchsorted(sessions, when, side="right")) - 1
    return at if at >= 0 and (when - sessions[at]) <= np.timedelta64(REACH, "D") else -1


def _years(sessions: Dates) -> range:
    first, last = (int(str(s)[:4]) for s in (sessions[0], sessions[-1]))
    return range(first, last + 1)


def _events(sessions: Dates, days: Iterable[tuple[dt.date, dt.date]]) -> list[Event]:
    found = [(position(sessions, ref), position(sessions, day)) for ref, day in days]
    return [Event(ref if ref >= 0 else at, at) for ref, at in found if at >= 0]


def events(schedule: Schedule, sessions: Dates) -> list[Event]:
    """The rebalances of a schedule.

    monthly    last session of each month
    quarterly  third Friday of March, June, September, December; equal weights are fixed a week
               earlier (second Friday), the reference of S&P's equal-weight indices
    annual     third Friday of December, likewise
    none, members   no days of their own

    A day enters once it has passed: 2026-06-19 (closed) is moved to the 18th when the 19th is over.
    """
    if not len(sessions) or schedule in ("none", "members"):
        return []
    if schedule == "monthly":
        ends = (month_end(y, m) for y in _years(sessions) for m in range(1, 13))
        return _events(sessions, ((d, d) for d in ends))
    months = QUARTER_ENDS if schedule == "quarterly" else (12,)
    thirds = (nth_weekday(y, m, FRIDAY, 3) for y in _years(sessions) for m in months)
    return _events(sessions, ((d - dt.timedelta(7), d) for d in thirds))


def russell_days(year: int) -> list[tuple[dt.date, dt.date]]:
    """(rank day, day after whose close the new lists hold) of a year, before moving to sessions.

    Rank day: last business day of May to 2016, the dated Fridays of 2017 to 2022, last business day
    of April from 2023. In force after the fourth Friday of June (not the last: they differ in 2012,
    2017, 2018, 2023, 2028). From 2026 also: ranked on the last business day of October, in force
    after December's second Friday.
    """
    rank = RUSSELL_RANK_DAYS.get(year) or month_end(year, 4 if year >= 2023 else 5)
    days = [(rank, nth_weekday(year, 6, FRIDAY, 4))]
    if year >= RUSSELL_TWICE:
        days.append((month_end(year, 10), nth_weekday(year, 12, FRIDAY, 2)))
    return days


def russell_events(sessions: Dates) -> list[Event]:
    """Russell's reconstitutions whose rank day lies within the sessions."""
    if not len(sessions):
        return []
    found = (
        (position(sessions, ref), position(sessions, day))
        for y in _years(sessions)
        for ref, day in russell_days(y)
    )
    return [Event(ref, at) for ref, at in found if ref >= 0 and at >= 0]
