"""Words that go by the sign of a figure, so that a sentence reads right for every value.

A number that is shown as zero has no direction: nothing "fell by 0.00%".
"""

from __future__ import annotations

from paceline.document import Magnitude, Part
from paceline.figures import Figure
from paceline.wording import agreeing


def direction(figure: Figure, up: str, down: str, level: str) -> str:
    """``up`` or ``down`` by the sign of the figure, ``level`` where it is shown as zero."""
    if not any(digit in Magnitude(figure).text for digit in "123456789"):
        return level
    return up if figure.number > 0 else down


def distance(figure: Figure, what: tuple[Part, ...]) -> tuple[Part, ...]:
    """How far a level lies from something: "7.65% below its high", "at its high"."""
    way = direction(figure, "above ", "below ", "")
    return (Magnitude(figure), " ", way, *what) if way else ("at ", *what)


def moved(figure: Figure, up: str, down: str, level: str) -> tuple[Part, ...]:
    """A verb and how much: "gained 3.41%", "lost 5.67%", "stood still"."""
    verb = direction(figure, up, down, "")
    return (verb, Magnitude(figure)) if verb else (level,)


def some(figure: Figure | None) -> Part:
    """A count inside a sentence: none in words, everything else as the figure."""
    return "none" if figure is None or not figure.value else figure


def plural(figure: Figure, one: str, many: str) -> str:
    """The noun or verb that goes with a count, as it is shown."""
    return agreeing(figure.text, one, many)
