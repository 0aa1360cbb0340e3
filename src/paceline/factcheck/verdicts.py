"""Verdicts: what a claim is worth, by rules that are declared here and nowhere else.

holds                  equal at the precision stated, on the first reading
close                  within a unit of the last digit (whole percents: within one point and 8%)
differs                on every window and basis that the text leaves open
holds only on reading  the first reading does not match, another one does: which one is said
unclear                the text leaves open what decides (a window it does not name, a fund for what
                       is not stored), and it fails on the likeliest reading but not on all: the
                       readings and their values are said
borderline             a yes or no that another basis or a tenth of a point turns round
not checkable          opinion, forecast, cause, flow, or a window nobody can know
data missing           the subject or the window is not stored
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from paceline.factcheck.claims import Claim
from paceline.factcheck.quantities import Number
from paceline.figures import Figure, show

HOLDS, CLOSE, DIFFERS, ONLY = "holds", "close", "differs", "holds only on reading"
UNCLEAR, BORDERLINE, NOT_CHECKABLE, MISSING = (
    "unclear",
    "borderline",
    "not checkable",
    "data missing",
)
VERDICTS = (HOLDS, CLOSE, DIFFERS, ONLY, UNCLEAR, BORDERLINE, NOT_CHECKABLE, MISSING)
#: How exactly a number is meant, in words.
_HOW = {
    "over": "more than",
    "under": "less than",
    "nearly": "nearly",
    "about": "about",
    "atleast": "at least",
    "atmost": "at most",
    "justover": "just over",
}
#: A tenth of a point: what may not decide a yes or no.
TENTH = 0.001


@dataclass(frozen=True)
class Tried:
    """A reading that was tried: in words, the value it gives, and whether the claim holds on it."""

    reading: str
    value: float
    unit: str
    match: bool
    figures: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The reading and its value."""
        return {
            "reading": self.reading,
            "value": self.value,
            "unit": self.unit,
            "match": self.match,
            "figures": list(self.figures),
        }


@dataclass(frozen=True)
class Verdict:
    """A claim with its verdict. ``start`` and ``end`` are places in the text as it was given."""

    verdict: str
    kind: str
    quote: str
    start: int
    end: int
    subject: str
    said: str
    ours: str
    reason: str
    safe: str
    dont: str
    figure: Figure
    against: str = ""
    value: float | None = None
    window: str = ""
    tried: tuple[Tried, ...] = ()
    notes: tuple[str, ...] = ()
    parents: tuple[Figure, ...] = field(default=(), repr=False)
    sentence: str = ""

    @property
    def closest(self) -> Tried | None:
        """The reading that comes nearest to the number stated; None where there is none."""
        if self.value is None or not self.tried:
            return None
        said = self.value
        return min(self.tried, key=lambda t: abs(t.value - said))

    @property
    def matching(self) -> int:
        """How many readings match."""
        return sum(t.match for t in self.tried)

    @property
    def width(self) -> float | None:
        """How far apart the readings are."""
        values = [t.value for t in self.tried]
        return max(values) - min(values) if len(values) > 1 else None

    @property
    def checkable(self) -> bool:
        """Can prices say anything of it?"""
        return self.verdict != NOT_CHECKABLE

    def to_json(self) -> dict[str, Any]:
        """The verdict as it is written to files."""
        return {
            "verdict": self.verdict,
            "kind": self.kind,
            "quote": self.quote,
            "start": self.start,
            "end": self.end,
            "subject": self.subject,
            "against": self.against or None,
            "said": self.said,
            "claimed": self.value,
            "ours": self.ours,
            "value": self.figure.value,
            "unit": self.figure.unit,
            "window": self.window,
            "from": self.figure.start,
            "to": self.figure.end,
            "basis": self.figure.basis,
            "reason": self.reason,
            "safe_to_say": self.safe or None,
            "dont_say": self.dont or None,
            "readings_tried": len(self.tried),
            "readings_matching": self.matching,
            "width": self.width,
            "readings": [t.to_json() for t in self.tried],
            "notes": list(self.notes),
            "caveats": list(self.figure.caveats),
            "sentence": self.sentence,
            "closest": self.closest.to_json() if self.closest is not None else None,
            "figure": self.figure.id,
        }


def matches(number: Number, ours: float) -> bool:
    """Is the stated number ours, at the precision stated?"""
    low, high = sorted((abs(number.low), abs(number.high)))
    sign = -1.0 if number.value < 0 else 1.0
    size = sign * ours
    half = number.step / 2 + 1e-9
    unit = number.step
    if number.unit == "part":
        half, unit = 0.015, 0.03
    if number.unit == "times":
        half, unit = abs(number.value) * 0.05, abs(number.value) * 0.1
    match number.how:
        case "over":
            return size > low + 1e-12
        case "atleast":
            return size >= low - 1e-9
        case "under":
            return 0 <= size < high
        case "atmost":
            return 0 <= size <= high + half
        case "justover":
            return low - 1e-12 < size <= high + max(unit, 0.07 * high)
        case "nearly":
            return low - max(unit, 0.07 * low) <= size < high + 1e-9
        case "about":
            return low - max(half, 0.05 * low) <= size <= high + max(half, 0.05 * high)
        case _:
            return low - half <= size <= high + half


def is_close(number: Number, ours: float) -> bool:
    """Within a unit of the last digit stated, on the same side of zero."""
    if number.value * ours < 0 and abs(number.value) > 1e-12:
        return False
    low, high = sorted((number.low, number.high))
    off = max(low - ours, ours - high, 0.0)
    if number.unit == "part":
        return off <= 0.04
    if number.unit == "times":
        return off <= 0.12 * abs(number.value)
    if number.unit in ("level", "index_points"):
        return off <= max(number.step, 0.0005 * abs(number.value)) + 1e-9
    if number.step < 0.01:
        return off <= 1.1 * number.step
    return off <= min(number.step, max(0.006, 0.08 * abs(number.value)))


def judge_number(number: Number, tried: Sequence[Tried]) -> tuple[str, Tried]:
    """Verdict and the reading it rests on, for a claim with a number."""
    first = tried[0]
    if first.match:
        return HOLDS, first
    if is_close(number, first.value):
        return CLOSE, first
    other = next((t for t in tried[1:] if t.match), None)
    if other is None and number.step < 0.01 and number.unit not in ("level", "index_points"):
        other = next((t for t in tried[1:] if is_close(number, t.value)), None)
    return (ONLY, other) if other is not None else (DIFFERS, first)


def judge_yes_no(
    tried: Sequence[Tried], margin: float | None, *, tenth: float = TENTH
) -> tuple[str, Tried]:
    """Verdict for a yes or no: ``margin`` is how far the first reading lies from turning."""
    first = tried[0]
    near = margin is not None and abs(margin) <= tenth
    flips = any(t.match != first.match for t in tried[1:])
    if near or (first.match and flips):
        return BORDERLINE, first
    if first.match:
        return HOLDS, first
    other = next((t for t in tried[1:] if t.match), None)
    return (ONLY, other) if other is not None else (DIFFERS, first)


def said_text(claim: Claim) -> str:
    """What is claimed, in plain words."""
    n = claim.number
    words = {
        "return": "returned",
        "points": "moved",
        "level": "closed at",
        "breadth": "share",
        "contribution": "contributed to" if n is not None else "drove",
        "compare": "ahead of" if claim.sign > 0 else "behind",
        "implied": "implied move",
    }.get(claim.kind, claim.kind)
    extra = _said_extra(claim)
    parts = [
        words if not extra or claim.kind in ("record", "rank") else "",
        _said_number(n) if n is not None else "",
        extra,
        claim.against.name if claim.against is not None else "",
    ]
    return " ".join(p for p in parts if p)


def _said_number(n: Number) -> str:
    how = f"{_HOW[n.how]} " if n.how in _HOW else ""
    if n.unit in ("level", "index_points"):
        return f"{how}{n.low:,.{2 if n.step < 1 else 0}f}"
    if n.unit == "part":
        return f"{how}{n.value:.0%}"
    digits = max(0, len(f"{n.step * 100:.10f}".rstrip("0").partition(".")[2]))
    low, high = (f"{x * 100:+.{digits}f}%" for x in (n.low, n.high))
    return f"{how}{low}" if n.low == n.high else f"{how}{low} to {high}"


def _said_extra(claim: Claim) -> str:
    """What a claim without a number says: up or down, best or worst, by its kind."""
    up, p = claim.sign > 0, claim.params
    match claim.kind:
        case "streak":
            many = "several" if p.get("vague") else p["n"]
            words = ("ahead", "behind") if claim.against is not None else ("up", "down")
            return f"{many} {p['unit']}s in a row, {words[not up]}"
        case "record":
            return "high" if up else "low"
        case "rank":
            return "best" if up else "worst"
        case "average":
            return f"{'above' if up else 'below'} the {p['asked']}-{p['unit']} mean"
        case "direction":
            return "up" if up else "down"
        case "extreme":
            return f"{'best' if up else 'worst'} {p['unit']}"
    return ""


def shown(value: float | None, unit: str) -> str:
    """A value as it is printed, by its unit."""
    return show(value, unit)
