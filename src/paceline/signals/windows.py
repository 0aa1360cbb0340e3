"""Windows of time: from the close of one session (the base) to the close of another.

All functions give session numbers; -1 stands for "before the first session".
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Sequence

import numpy as np

from paceline.arrays import Array, Dates
from paceline.errors import NotEnoughData, UnknownName, UsageError
from paceline.signals.lows import last_low
from paceline.signals.tables import day
from paceline.signals.view import View

MONTHS = {"1m": 1, "3m": 3, "6m": 6, "1y": 12, "3y": 36, "5y": 60}
SESSIONS = {"1d": 1, "1w": 5}
#: Every horizon by name; a four-digit year is one too.
HORIZONS = ("since_low", *SESSIONS, *MONTHS, "mtd", "last_month", "qtd", "ytd")


def on_or_before(sessions: Dates, when: dt.date | str) -> int:
    """Number of the last session on or before a day."""
    return int(np.searchsorted(sessions, np.datetime64(when, "D"), side="right")) - 1


def months_before(when: dt.date, months: int) -> dt.date:
    """The same day of the month so many months earlier, or that month's last day if it is shorter."""
    year, month = divmod(when.year * 12 + when.month - 1 - months, 12)
    return dt.date(year, month + 1, min(when.day, calendar.monthrange(year, month + 1)[1]))


def window(view: View, horizon: str) -> tuple[int, int]:
    """Base and end session of a horizon seen from the last session.

    1d, 1w        1 and 5 sessions
    1m ... 5y     same day so many months before, last session on or before it
    mtd, qtd, ytd base is the last close of the month, quarter or year before
    last_month    the last full calendar month
    since_low     base is the benchmark's last confirmed short-term low
    2024          a full calendar year
    Raises ``UnknownName`` for any other name.
    """
    sessions = view.sessions
    end = len(sessions) - 1
    today = day(sessions, end)
    assert today is not None
    eve = dt.timedelta(days=1)
    if horizon == "since_low":
        low = last_low(view)
        return (-1 if low is None else low[0]), end
    if horizon in SESSIONS:
        return max(end - SESSIONS[horizon], -1), end
    if horizon in MONTHS:
        return on_or_before(sessions, months_before(today, MONTHS[horizon])), end
    if horizon.isdigit() and len(horizon) == 4:
        first, last = dt.date(int(horizon), 1, 1), dt.date(int(horizon), 12, 31)
        if last > today:
            return -1, end
        return on_or_before(sessions, first - eve), on_or_before(sessions, last)
    this_month = today.replace(day=1)
    match horizon:
        case "mtd":
            return on_or_before(sessions, this_month - eve), end
        case "qtd":
            return on_or_before(
                sessions, today.replace(month=today.month - (today.month - 1) % 3, day=1) - eve
            ), end
        case "ytd":
            return on_or_before(sessions, dt.date(today.year, 1, 1) - eve), end
        case "last_month":
            before = months_before(this_month, 1)
            return on_or_before(sessions, before - eve), on_or_before(sessions, this_month - eve)
    raise UnknownName("horizon", horizon, (*HORIZONS, str(today.year - 1)))


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


def change(levels: Array, start: int, end: int) -> Array:
    """Simple return of each row from the close of ``start`` to the close of ``end``; NaN where unknown."""
    if start < 0 or end < 0 or start > end:
        return np.full(len(levels), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = levels[:, end] / levels[:, start] - 1
    return result


def returns(levels: Array) -> Array:
    """Session returns (S, T) of levels; NaN on the first session and where either level is missing."""
    result = np.full(levels.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(levels[:, 1:], levels[:, :-1], out=result[:, 1:])
    result -= 1
    return result


def chosen(horizons: Sequence[str] | str | None, default: Sequence[str]) -> tuple[str, ...]:
    """The horizons asked for, or the default ones; one name alone is accepted too."""
    if horizons is None:
        return tuple(default)
    return (horizons,) if isinstance(horizons, str) else tuple(horizons)
