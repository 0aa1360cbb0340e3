"""What the reader finds: claims, words set aside, and words not understood."""

from __future__ import annotations

from dataclasses import dataclass, field

from paceline.factcheck.dates import Window
from paceline.factcheck.quantities import Number
from paceline.factcheck.subjects import Subject

#: Kinds of claim, in the order of the documentation.
KINDS = (
    "return",
    "points",
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
    "implied",
    "turning",
    "stalled",
    "reversal",
)
#: What is true at a close, not over a window.
AT_A_CLOSE = ("breadth", "average", "level", "record", "stalled", "turning")


@dataclass(frozen=True)
class Claim:
    """Something said that prices can confirm or refute.

    start, end  its words' place in the clean text
    sign        +1 or -1: the direction that is claimed
    params      what its kind needs beyond the number: see the judge of the kind
    denied      it is said not to be so
    otherwise   windows of the text that may be meant, where the claim names none of its own
    """

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
    otherwise: tuple[Window, ...] = ()


@dataclass(frozen=True)
class Aside:
    """Words that prices cannot judge (forecast, opinion, cause, flow, figure), or unread: why."""

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
