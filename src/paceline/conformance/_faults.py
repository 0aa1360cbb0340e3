"""The error all checks raise, and what it says of each fault."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

#: What most often lies behind a fault, by words of its sentence; the first that fits is told.
CAUSES = (
    (
        "looks ahead",
        "a value of one session uses later ones: a shift by a negative number, a centred window, "
        "or a mean, rank or maximum over all sessions",
    ),
    (
        "order of securities",
        "a security is chosen by its position in the arrays, or ties are broken by it",
    ),
    (
        "a split changes it",
        "closes, volumes or index levels are compared as they stand: use returns, market_cap, or "
        "the ratio of two values of one security's index",
    ),
    (
        "lookback",
        "the declared lookback counts fewer sessions than the function reads; a window of returns "
        "needs one close more than it has returns",
    ),
    (
        "not pure",
        "something is kept between two calls, or comes from the clock, an unseeded random "
        "generator or the order of a set",
    ),
    ("changes its input", "an array of the view is written in place; work on a copy"),
    ("outside the bounds", "the declared bounds are too narrow, or a denominator is near zero"),
    ("has shape", "one row per subject of the view and one column per session are expected"),
    ("n_used above", "n_used counts securities that are no members; count both with one mask"),
    ("no definition", "a formula like `value_t = ...` belongs into the docstring"),
    ("no rule for missing", "say in the docstring what is done about missing values"),
    ("read-only", "an array of the view is written in place; work on a copy"),
    ("raises", "a case the function does not expect: a row without data, few sessions, no member"),
    ("touches the outside", "parse opens a file or a connection; only fetch may"),
    ("fetch gives other bytes", "the input holds a time stamp, or is made anew on each call"),
    ("checksum", "origin.checksum is the SHA-256 of data, in hexadecimal"),
    ("the second time", "something is kept between two calls, or comes from the clock"),
    ("undeclared column", "the table has exactly the columns that schema.py declares for it"),
    ("sum to", "divide the weights by their sum over the members"),
    ("is negative", "baskets hold no short positions"),
)


@dataclass(frozen=True)
class Fault:
    """One way in which a plug-in breaks its contract.

    says     the fault in one sentence
    changed  what was changed to find it; empty where nothing was
    cells    examples of what differs: where, and the value before and after the change
    cause    what most often lies behind it
    """

    says: str
    changed: str = ""
    cells: tuple[str, ...] = ()
    cause: str = ""

    def __str__(self) -> str:
        return self.says

    def lines(self) -> list[str]:
        """The fault for people: the sentence, then what is known of it."""
        told = [("changed", self.changed), *(("differs", cell) for cell in self.cells)]
        told.append(("likely", self.cause))
        return [self.says, *(f"{name + ':':9} {text}" for name, text in told if text)]


class ConformanceError(AssertionError):
    """The plug-in breaks its contract; ``faults`` says how."""

    def __init__(self, name: str, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        told = ("- " + "\n    ".join(fault.lines()) for fault in faults)
        super().__init__(f"{name}: {len(self.faults)} fault(s)\n" + "\n".join(told))


def judge(name: str, faults: Iterable[Fault | str]) -> None:
    """Raise ``ConformanceError`` if there are any, each sentence once, with its likely cause."""
    told: dict[str, Fault] = {}
    for fault in faults:
        one = Fault(fault) if isinstance(fault, str) else fault
        told.setdefault(one.says, one if one.cause else replace(one, cause=_cause(one.says)))
    if told:
        raise ConformanceError(name, list(told.values()))


def _cause(says: str) -> str:
    return next((cause for words, cause in CAUSES if words in says), "")
