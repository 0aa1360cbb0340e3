"""A finding about the assembled market: one row of the table of findings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

#: Names or days that a finding lists.
LISTED = 12


@dataclass(frozen=True)
class Watched:
    """A finding about the assembled market; the columns are those of the table ``findings``.

    days  every day that it is about, in order
    """

    source: str
    check: str
    count: int
    action: str
    example: str
    remedy: str = ""
    days: tuple[dt.date, ...] = ()

    def row(self) -> dict[str, Any]:
        """As a row of the table; no import brought it."""
        return {**vars(self), "days": list(self.days), "load": None}


def dates(days: Iterable[str]) -> tuple[dt.date, ...]:
    """ISO dates as dates."""
    return tuple(map(dt.date.fromisoformat, days))


def latest(days: list[str]) -> str:
    """The last of them in words, with an ellipsis for those before."""
    return ("..., " if len(days) > LISTED else "") + ", ".join(days[-LISTED:])
