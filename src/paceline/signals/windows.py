"""Windows of time: from the close of one session (the base) to the close of another.

All functions give session numbers; -1 stands for "before the first session".
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence

import numpy as np

from paceline.errors import NotEnoughData, UnknownName, UsageError
from paceline.signals.lows import last_low
from paceline.signals.sessions import is_over, last_close_of_year, on_or_before
from paceline.signals.tables import day
from paceline.signals.view import View

MONTHS = {"1m": 1, "3m": 3, "6m": 6, "1y": 12, "3y": 36, "5y": 60}
SESSIONS = {"1d": 1, "1w": 5}
TO_DATE = ("mtd", "qtd", "ytd")
#: Every horizon by name; a four-digit year is one too.
HORIZONS = ("since_low", *SESSIONS, *MONTHS, "mtd", "last_month", "qtd", "ytd")
EVE = dt.timedelta(days=1)


def months_before(when: dt.date, months: int) -> dt.date:
    """The same day of the month so many months earlier; a shorter month's last day."""
    year, month = divmod(when.year * 12 + when.month - 1 - months, 12)
    return dt.date(year, month + 1, min(when.day, calendar.monthrange(year, month + 1)[1]))


def window(view: View, horizon: str) -> tuple[int, int]:
    """Base and end session of a horizon seen from the last session.

    1d, 1w        1 and 5 sessions
    1m ... 5y     same day so many months before, last session on or before it
    mtd, qtd, ytd base is the last close of the month, quarter or year before
    last_month    the last full calendar month: on its last session, this one
    since_low     base is the benchmark's last confirmed short-term low
    2024          a full calendar year, which its last session completes

    Raises ``UnknownName`` for any other name.
    """
    end = len(view.sessions) - 1
    if horizon == "since_low":
        low = last_low(view)
        return (-1 if low is None else low[0]), end
    if horizon in SESSIONS:
        return max(end - SESSIONS[horizon], -1), end
    today = day(view.sessions, end)
    assert today is not None
    if horizon in MONTHS:
        return on_or_before(view.sessions, months_before(today, MONTHS[horizon])), end
    if horizon in TO_DATE:
        return on_or_before(view.sessions, _begin(today, horizon) - EVE), end
    if horizon == "last_month":
        this_month = today.replace(day=1)
        if is_over(view.sessions, view.calendar, "M"):
            return on_or_before(view.sessions, this_month - EVE), end
        first = months_before(this_month, 1)
        return on_or_before(view.sessions, first - EVE), on_or_before(
            view.sessions, this_month - EVE
        )
    if horizon.isdigit() and len(horizon) == 4:
        year = int(horizon)
        over = year == today.year and is_over(view.sessions, view.calendar, "Y")
        if dt.date(year, 12, 31) > today and not over:
            return -1, end
        return last_close_of_year(view.sessions, year - 1), last_close_of_year(view.sessions, year)
    raise UnknownName("horizon", horizon, (*HORIZONS, str(today.year - 1)))


def _begin(today: dt.date, horizon: str) -> dt.date:
    """First day of the month, quarter or year of a day."""
    month = {"mtd": today.month, "qtd": today.month - (today.month - 1) % 3, "ytd": 1}[horizon]
    return today.replace(month=month, day=1)


def is_since(since: str) -> bool:
    """Whether ``since`` names a close ("low", or an ISO date) and not a horizon."""
    return since == "low" or (since[:1].isdigit() and "-" in since)


def since_window(view: View, since: str) -> tuple[int, int]:
    """Base and end session of ``since``: a horizon, or "low" or an ISO date to the last session.

    Raises what ``window`` and ``since_session`` raise.
    """
    if is_since(since):
        return since_session(view, since), len(view.sessions) - 1
    return window(view, since)


def since_session(view: View, since: str) -> int:
    """Base session of ``since``: "low", or an ISO date (the last session on or before it).

    Raises ``UsageError`` for anything else or a day after the last session, ``NotEnoughData`` where
    no low is known yet or the day lies before the first session.
    """
    first, last = view.sessions[0], view.sessions[-1]
    if since == "low":
        low = last_low(view)
        if low is None:
            raise NotEnoughData(
                f"no short-term low of the benchmark is confirmed by {last}.",
                "Give a date instead.",
            )
        return low[0]
    try:
        when = dt.date.fromisoformat(since)
    except ValueError:
        raise UsageError(
            f"since {since!r} is not a date.", 'Write it as YYYY-MM-DD, or "low".'
        ) from None
    if np.datetime64(when) > last:
        raise UsageError(
            f"since {since} lies after the last session {last}.", "Give an earlier date."
        )
    if np.datetime64(when) < first:
        raise NotEnoughData(
            f"since {since}: the data start on {first}.", f"Give a date from {first} on."
        )
    return on_or_before(view.sessions, when)


def chosen(horizons: Sequence[str] | str | None, default: Sequence[str]) -> tuple[str, ...]:
    """The horizons asked for, or the default ones; one name alone is accepted too."""
    if horizons is None:
        return tuple(default)
    return (horizons,) if isinstance(horizons, str) else tuple(horizons)
