"""Things that are of a day: lists, weights, filings; how old they are on the days of a figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paceline.wording import agreeing, number_of


@dataclass(frozen=True)
class Validity:
    """Something a figure rests on that is of a day.

    what     e.g. "members"
    day      the day that it is of, an ISO date: declared, or the last that its rows tell of
    max_age  days after it from which nothing that rests on it has a value; None: no age is stated
    told     how its age is said, between ``what`` and the number of days; with the day as "{}"
    quiet    days after its day for which its age is not said: it is no older than usual
    back     what a window says that begins before its day; empty where it has a past of its own
    """

    what: str
    day: str
    max_age: int | None = None
    told: str = " of {}, rolled forward"
    quiet: int = 0
    back: str = ""

    def age(self, end: str) -> int:
        """Days from its day to ``end``; negative before it."""
        return int((np.datetime64(end) - np.datetime64(self.day)).astype(int))

    def refusal(self, end: str) -> str:
        """Why nothing that rests on it has a value at ``end``; empty where it is young enough."""
        age = self.age(end)
        if self.max_age is None or age <= self.max_age:
            return ""
        allowed = f"{self.max_age:,} {agreeing(self.max_age, 'is', 'are')} allowed"
        old = f"are {number_of(age, 'day')} old on {end}, {allowed}"
        return f"no value: {self.what} of {self.day} {old}"

    def caveats(self, start: str, end: str) -> list[str]:
        """How old it is at ``end``, and that it was rolled back for ``start``."""
        said = []
        if self.back and start < self.day:
            said.append(f"look-ahead: {self.back}")
        age = self.age(end)
        if age > self.quiet and not self.refusal(end):
            said.append(f"{self.what}{self.told.format(self.day)} {number_of(age, 'day')}")
        return said
