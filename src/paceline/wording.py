"""Nouns and verbs that agree with their number: the one place that knows a plural.

>>> number_of(1, "session"), number_of(1234, "company", "companies"), number_of(0, "row")
('1 session', '1,234 companies', '0 rows')
>>> none_of(3, "member"), none_of(1, "security", "securities", whose="its ")
('none of the 3 members', 'not even its one security')
"""

from __future__ import annotations

#: Numbers that a sentence spells.
SPELLED = "one two three four five six seven eight nine ten eleven twelve".split()


def spelled(number: int) -> str:
    """A number in words up to twelve, else in digits."""
    return SPELLED[number - 1] if 1 <= number <= len(SPELLED) else str(number)


def agreeing(number: float | str, one: str, many: str) -> str:
    """``one`` with a number that reads as 1, ``many`` with every other, nought included.

    number  as it is counted, or as it is shown
    """
    return one if number in (1, "1") else many


def number_of(number: int, one: str, many: str = "") -> str:
    """A count and its noun; ``many`` where the plural is not the singular with an s."""
    return f"{number:,} {agreeing(number, one, many or f'{one}s')}"


def none_of(number: int, one: str, many: str = "", *, whose: str = "the ") -> str:
    """Nobody of several, or not even the only one; a verb in the singular follows both."""
    return (
        f"not even {whose}one {one}"
        if number == 1
        else f"none of {whose}{number_of(number, one, many)}"
    )
