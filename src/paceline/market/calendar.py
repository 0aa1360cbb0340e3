"""The sessions of a market's calendar in its store: a statement of the calendar's rules.

Each calendar is a source of its own, so that two markets with different calendars may share a
store, and a market whose file names another calendar finds both. A newer calendar library states
its sessions anew: a holiday that was declared since is withdrawn as a session at the next import.
"""

from __future__ import annotations

import datetime as dt
import json
from importlib.metadata import version
from typing import TYPE_CHECKING

from paceline import calendars
from paceline.lineage import Origin, code_of, digest

if TYPE_CHECKING:
    import polars as pl

    from paceline.store import Store

#: Years after this one whose sessions are stored.
AHEAD = 2
#: Begins the names of sources that are calendars; no source of a market file is named so.
PREFIX = "sessions:"


def is_calendar(source: str) -> bool:
    """Whether a source of a store is a calendar."""
    return source.startswith(PREFIX)


def sessions(calendar: str, store: Store) -> tuple[dt.date, ...]:
    """The sessions of a calendar, stored first where the store does not have them as they are now.

    Raises ``UsageError`` for a calendar that exchange_calendars does not have.
    """
    source, today = PREFIX + calendar, calendars.today()
    what, rules = _what(calendar), code_of(calendars.__name__)
    last = store.log.latest(source)
    if last is not None:
        said = [Origin(**o) for o in json.loads(last["origins"])]
        if [(o.what, o.parser) for o in said] == [(what, rules)]:
            stored: list[dt.date] = store.statement(source, "sessions")["date"].to_list()
            if stored and stored[-1] >= today:
                return tuple(stored)
    frame, checksum = rows_of(calendar, today.year + AHEAD)
    origin = Origin("exchange_calendars", what, str(today), "Apache-2.0", checksum, rules)
    store.state({"sessions": frame}, source=source, checksum=checksum, origins=[origin])
    return tuple(frame["date"])


def rows_of(calendar: str, year: int) -> tuple[pl.DataFrame, str]:
    """The sessions of a calendar to the end of a year as rows of their table, and their checksum.

    calendar  its code, or the source under which it is stored
    """
    import polars as pl

    code = calendar.removeprefix(PREFIX)
    days = calendars.sessions(code, dt.date(year, 12, 31))
    frame = pl.DataFrame({"calendar": [code] * len(days), "date": days, "known": days})
    return frame, digest({"what": _what(code), "days": [str(d) for d in days]}, 64)


def _what(calendar: str) -> str:
    return f"exchange_calendars {version('exchange_calendars')}: {calendar}"
