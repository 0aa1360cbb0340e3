"""What is handed in from Python: days, names, paths and numbers, of whatever type they come.

A wrong type is one ``UsageError`` that names the argument, what was found and what it takes.
"""

from __future__ import annotations

import datetime as dt
import math
import os
from collections.abc import Callable, Iterable, Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any, cast

from paceline.errors import UsageError

#: Characters of a value that a message shows.
_SHOWN = 60


def wrong(what: str, value: object, takes: str) -> UsageError:
    """The error for an argument of a type that it does not take."""
    shown = " ".join(repr(value).split())
    if len(shown) > _SHOWN:
        shown = f"{shown[:_SHOWN]}..."
    return UsageError(f"{what}: found {type(value).__name__} {shown}.", f"Give {takes}.")


def day(value: object, what: str = "date") -> dt.date:
    """A day: ISO text, a date, a stamp of Python, pandas or NumPy, which is the day it is written.

    Raises ``UsageError`` for anything else, for a stamp that is none (NaT), and for other text.
    """
    if type(value).__name__ == "datetime64":  # of NumPy, which need not be loaded for a path
        value = cast("Any", value).astype("datetime64[D]").item()
    elif isinstance(value, dt.datetime) and str(value) != "NaT":
        value = value.date()
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            raise UsageError(f"{value!r} is not a date.", "Write it as YYYY-MM-DD.") from None
    if type(value) is not dt.date:
        raise wrong(what, value, 'a day: "2025-12-05", a date or a time stamp')
    return value


def name(value: object, what: str) -> str:
    """A name."""
    if not isinstance(value, str):
        raise wrong(what, value, "a name in quotes")
    return str(value)


def names(value: object, what: str) -> list[str]:
    """Names: several, or one as plain text."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, Iterable) or isinstance(value, (bytes, Mapping)):
        raise wrong(what, value, "a name in quotes, or a list of names")
    return [name(one, what) for one in value]


def path(value: object, what: str) -> str | Path:
    """A path of a file or folder."""
    if isinstance(value, str):
        return value
    if not isinstance(value, os.PathLike) or not isinstance(os.fspath(value), str):
        raise wrong(what, value, "a path: text in quotes, or a pathlib.Path")
    return Path(value)


def number(value: object, what: str) -> float:
    """A number that is one; not text, not true or false."""
    if isinstance(value, bool) or not isinstance(value, Real) or math.isnan(value):
        raise wrong(what, value, "a number")
    return float(value)


def whole(value: object, what: str, least: int = 0) -> int:
    """A whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise wrong(what, value, f"a whole number of {least} or more")
    return int(value)


def function(value: Callable[..., object] | None, what: str) -> None:
    """Raise ``UsageError`` where what should be called, if given, cannot be."""
    if value is not None and not callable(value):
        raise wrong(what, value, "a function")
