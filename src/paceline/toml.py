"""TOML that people write, read with its limits: market files and ledgers of calls.

A text that is too long, too deep or holds what no setting can be (NUL, NaN, a number beyond 64
bits) is refused with the key it stands at, before anything is made of it.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from typing import Any

#: Tables and lists within each other; a market file's own go five deep.
DEEPEST = 16
#: Characters of a text, and of a key.
LONGEST_VALUE, LONGEST_KEY = 20_000, 1_000
#: Dots of the keys of one line: TOML's reader takes the square of their number.
DOTS = 200
#: Numbers that the tables can hold.
_INTEGERS = range(-(2**63), 2**63)


def parsed(text: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises ``ValueError``, whose text says what is wrong and at which key.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if line.partition("=")[0].count(".") > DOTS:
            raise ValueError(f"line {number} names tables more than {DOTS} deep")
    try:
        found = tomllib.loads(text)
    except RecursionError:
        raise ValueError("its lists or tables are nested too deeply") from None
    for key, value in _values(found):
        if fault := _fault(key, value):
            raise ValueError(f"{'.'.join(key)[:80] or 'a key'}: {fault}")
    return found


def _values(tables: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value with its key, those within tables and lists too."""
    todo: list[tuple[tuple[str, ...], Any]] = [((key,), value) for key, value in tables.items()]
    while todo:
        key, value = todo.pop()
        yield key, value
        if isinstance(value, dict):
            todo += [((*key, name), inner) for name, inner in value.items()]
        elif isinstance(value, list):
            todo += [((*key, str(at)), inner) for at, inner in enumerate(value)]


def _fault(key: tuple[str, ...], value: object) -> str:
    if len(key) > DEEPEST:
        return f"nested more than {DEEPEST} deep"
    name = key[-1]
    if "\x00" in name or len(name) > LONGEST_KEY:
        return f"a key has at most {LONGEST_KEY} characters, and none is NUL"
    if isinstance(value, str):
        if "\x00" in value:
            return "a NUL character"
        if len(value) > LONGEST_VALUE:
            return f"{len(value):,} characters, more than {LONGEST_VALUE:,}"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{value} is no number that can be used"
    if isinstance(value, int) and value not in _INTEGERS:
        return "a number beyond 64 bits"
    return ""
