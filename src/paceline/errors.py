"""Every exception Paceline raises on purpose.

    PacelineError                 one sentence that names the input, one that says what to do next
    |-- UsageError                the caller asked for something that cannot be (exit code 2)
    |   |-- UnknownName           a basket, measure, parameter, group ... that does not exist
    |   |-- MarketFileError       market.toml: the file, the key, what was found, what is accepted
    |   `-- PluginError           somebody else's code: the file and line at fault
    `-- DataError                 the data cannot carry the request (exit code 3)
        |-- SourceError           a file or server: missing, unreadable, wrong columns, half a file
        |-- StoreError            the store: damaged, locked, full disk, unknown version
        `-- NotEnoughData         the history or the coverage is too short for the question

Faults *inside* the data (a negative price, a duplicate row) are not exceptions: they are values,
counted, quarantined with a reason and shown by ``paceline doctor``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

#: Names that a message lists at most.
SHOWN = 20


class PacelineError(Exception):
    """Base class: ``message`` names the input, ``remedy`` says what to do next."""

    exit_code = 2

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message, self.remedy = message, remedy
        super().__init__(f"{message} {remedy}".strip())


class UsageError(PacelineError):
    """The request itself is wrong: an impossible date, an option that does not apply."""


class UnknownName(UsageError):
    """A name that does not exist; the error lists the nearest names that do.

    also  further ways to write names that are known, e.g. labels: a near one stands for its name
    """

    def __init__(
        self, kind: str, name: str, known: Iterable[str], also: Mapping[str, str] | None = None
    ) -> None:
        names, also = sorted(set(known)), also or {}
        found = get_close_matches(str(name), sorted({*names, *also}), n=3, cutoff=0.5)
        near = dict.fromkeys(way if way in names else also[way] for way in found)
        if near:
            remedy = f"Did you mean {' or '.join(repr(n) for n in near)}?"
        elif names:
            shown = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
            remedy = f"Known: {shown}."
        else:
            remedy = f"No {kind} is declared."
        super().__init__(f"unknown {kind} {name!r}.", remedy)


class MarketFileError(UsageError):
    """A market file that cannot be used: the file, the key, what was found, what is accepted."""


class PluginError(UsageError):
    """A fault in somebody else's code: the file, its line, and what happened there."""


class PluginWarning(UserWarning):
    """A plug-in of an installed package that cannot be used and is left out."""


class DataError(PacelineError):
    """The data cannot carry the request."""

    exit_code = 3


class SourceError(DataError):
    """A source that could not be read: the file or server is named, and the remedy."""


class StoreError(DataError):
    """The store could not be read or written; what was stored before is untouched."""


class NotEnoughData(DataError):
    """Too little history, too few members or too little coverage for the question asked."""
