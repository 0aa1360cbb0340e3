"""What the reader finds, and what it keeps in mind while it reads a sentence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from paceline.factcheck import lexicon
from paceline.factcheck.dates import Window
from paceline.factcheck.joining import Item
from paceline.factcheck.quantities import Number
from paceline.factcheck.subjects import Subject

#: Kinds of claim, in the order of the documentation.
KINDS = (
    "return",
    "direction",
    "compare",
    "record",
    "streak",
    "extreme",
    "rank",
    "breadth",
    "average",
    "contribution",
    "level",
    "points",
    "implied",
    "turning",
    "stalled",
    "reversal",
)


@dataclass(frozen=True)
class Claim:
    """Something said that prices can confirm or refute. ``start`` and ``end`` are places in the clean text."""

    kind: str
    subject: Subject
    start: int
    end: int
    number: Number | None = None
    sign: int = 0
    window: Window | None = None
    against: Subject | None = None
    params: dict[str, object] = field(default_factory=dict)
    denied: bool = False
    otherwise: tuple[Window, ...] = ()  # windows of the text that may be meant, where the claim names none of its own


@dataclass(frozen=True)
class Aside:
    """Something said that prices cannot judge: forecast, opinion, cause, flow; or words not understood (unread)."""

    kind: str
    start: int
    end: int
    reason: str
    subject: Subject | None = None


@dataclass
class Reading:
    """What was found in a text."""

    claims: list[Claim] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)
    unread: list[Aside] = field(default_factory=list)


FORECAST = re.compile(lexicon.FORECAST.replace("may|", "(?-i:may)|"), re.IGNORECASE)
#: What is true at a close, not over a window.
COPULA = frozenset("was were is are been being remained remains became ranked as among stayed again proved".split())
MEMBERS = frozenset(
    "members components profits bears bulls investors contracts traders buyers sellers analysts strategists holdings "
    "positions calls puts dividends executives boards workers customers products".split()
)
AT_A_CLOSE = ("breadth", "average", "level", "record", "stalled", "turning")
SIDES = {"above": 1, "over": 1, "below": -1, "under": -1, "beneath": -1}


@dataclass
class State:
    """What the sentence has said so far."""

    subjects: tuple[Subject, ...] = ()
    at: int = -1  # place of the subject in the row of items
    objects: tuple[Subject, ...] = ()
    object_at: int = -1
    unknown: str = ""
    blocked: str = ""
    verb: Item | None = None
    verb_at: int = -1
    last_sign: int = 0
    compare: Item | None = None
    compare_at: int = -1
    compare_against: tuple[Subject, ...] = ()


def as_points(number: Number) -> Number:
    """A difference of returns; "points" are percentage points here."""
    if number.unit == "index_points":
        return replace(number, low=number.low / 100, high=number.high / 100, step=number.step / 100, unit="points")
    return replace(number, unit="points")


def name_of(said: str) -> str:
    """The last noun phrase of some words: the part from the last capital run on, else the last three words."""
    words = [
        w
        for w in re.findall(r"[\w&.'/-]+", said)
        if w.casefold() not in lexicon.FILLERS and w.casefold() not in lexicon.LIGHT
    ]
    return " ".join(words[-4:])
