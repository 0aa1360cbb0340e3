"""What a story can say: facts with their figures, before any word is chosen.

A fact is a kind of sentence and its parts; ``phrases`` says which kinds there are and how each may
be worded. What a fact claims stands beside it, so that a story is its own answer key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from paceline.document import Label
from paceline.figures import Figure

#: How much of a story there is: short, medium, long.
SHORT, MEDIUM, LONG = 1, 2, 3
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
#: Days back within which a weekday names a day.
NAMED = 6


@dataclass(frozen=True)
class Claim:
    """What a sentence claims, as an answer key of ``factcheck --score`` has it.

    value     signed fraction, level or number of sessions, before it is rounded; None for a yes or
              no
    optional  it follows from what the sentence says, and need not be found in it
    """

    kind: str
    subject: str
    figure: Figure
    value: float | None = None
    against: str = ""
    optional: bool = False


@dataclass(frozen=True)
class Bare:
    """A figure whose unit the sentence says itself: "4.5 percentage points"."""

    figure: Figure


@dataclass(frozen=True)
class Window:
    """When: a key of ``[windows]`` and the date that its words name."""

    key: str
    date: Label | None = None


@dataclass(frozen=True)
class Fact:
    """One sentence, or clause of one, that is still to be worded.

    kind    a key of ``[sentences]``
    parts   what its phrases name in braces
    length  the shortest story that has it
    """

    kind: str
    parts: Mapping[str, Part] = field(default_factory=dict)
    length: int = MEDIUM
    claims: tuple[Claim, ...] = ()


#: A part: text of the program's own, a declared name or date, a figure, a clause, several clauses,
#: or a key of a table of words.
Part = str | Label | Figure | Bare | Window | Fact | tuple[Fact, ...]
Parts = dict[str, Part]


def the(name: str) -> Label:
    """A name in a sentence: those that end in a number take the article, as in the S&P 500."""
    return Label(f"the {name}" if name[-1:].isdigit() and not name.startswith("the ") else name)


def on(date: str | dt.date, today: dt.date) -> Label:
    """A day for a sentence of ``today``: Friday, November 20, or November 20, 2024."""
    day = date if isinstance(date, dt.date) else dt.date.fromisoformat(date)
    if 0 <= (today - day).days <= NAMED:
        return Label(WEEKDAYS[day.weekday()])
    return dated(day, today)


def dated(date: str | dt.date, today: dt.date) -> Label:
    """A date for a sentence of ``today``; its year where it is another one."""
    day = date if isinstance(date, dt.date) else dt.date.fromisoformat(date)
    year = f", {day.year}" if day.year != today.year else ""
    return Label(f"{MONTHS[day.month - 1]} {day.day}{year}")


def full(day: dt.date) -> Label:
    """A date with its year, as it stands above a story."""
    return Label(f"{WEEKDAYS[day.weekday()]}, {MONTHS[day.month - 1]} {day.day}, {day.year}")


def month_of(date: str) -> Label:
    """The month of a day."""
    return Label(MONTHS[dt.date.fromisoformat(date).month - 1])
