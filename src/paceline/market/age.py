"""How old a market's data are: sessions that have ended since the last one with prices."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from paceline import arguments, calendars
from paceline.arrays import Dates
from paceline.errors import PacelineError
from paceline.market.stored import Stored

#: Data that lack no more than this many sessions are not called old: many files come a day late.
USUAL = 1


@dataclass(frozen=True)
class Age:
    """The last session with prices, and where the calendar of the exchange stands.

    as_of    the last session that the market shows
    today    the day it is, in UTC
    sessions sessions of the calendar after ``as_of`` that have ended; None where a past day or a
             version of the store was asked for
    asked    the day asked for, where it is no session: ``as_of`` is the session before it
    """

    as_of: str
    today: str
    sessions: int | None
    asked: str | None = None

    @property
    def old(self) -> bool:
        """Whether more than the usual ``USUAL`` sessions are missing."""
        return self.sessions is not None and self.sessions > USUAL

    @property
    def sentence(self) -> str:
        """What a reader of the latest day's figures must know; "" where there is nothing."""
        if self.old:
            return (
                f"The data are {self.sessions:,} sessions old: they end on {self.as_of}, and today "
                f"is {self.today}."
            )
        if self.asked is not None:
            return f"{self.asked} is no session; the session before it is {self.as_of}."
        return ""

    def to_json(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "as_of": self.as_of,
            "today": self.today,
            "sessions_behind": self.sessions,
            "old": self.old,
            "asked": self.asked,
            "text": self.sentence,
        }


def age_of(stored: Stored, as_of: str, asked: str | dt.date | None, *, fixed: bool) -> Age:
    """How old what is shown as of a day is.

    A session counts from the moment its date has ended in UTC: every exchange has closed by then,
    and the count is the same wherever it is made. Weekends and holidays are no sessions.

    asked   the day that was asked for; None: the latest
    fixed   a version of the store was asked for, which is meant to be old
    """
    today = calendars.today()
    if asked is not None or fixed:
        day = None if asked is None else str(arguments.day(asked, "as_of"))
        return Age(as_of, str(today), None, None if day == as_of else day)
    return Age(as_of, str(today), count(_sessions(stored, today), as_of, today))


def count(sessions: Dates, last: str, today: dt.date) -> int:
    """Sessions after ``last`` and before ``today``."""
    return int(((sessions > np.datetime64(last)) & (sessions < np.datetime64(today))).sum())


def _sessions(stored: Stored, today: dt.date) -> Dates:
    """The stored sessions; the calendar's own where it was stored long ago and ends before today.

    A calendar whose library cannot tell leaves the stored ones: the count is then too low, and the
    data are old all the same.
    """
    days = stored.sessions
    if len(days) and days[-1] < np.datetime64(today):
        try:
            own = calendars.sessions(stored.file.market.calendar, today)
        except PacelineError:
            return days
        return np.union1d(days, np.array(own, "datetime64[D]"))
    return days


def with_age(row: Mapping[str, Any], age: Age) -> dict[str, Any]:
    """A row of figures for machines, with the sessions it lies behind; null for a past day."""
    return {**row, "sessions_behind": age.sessions}
