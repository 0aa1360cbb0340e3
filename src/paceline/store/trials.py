"""The variants of rules that were ever traded in a store: counted here, not in anybody's memory.

    trials.jsonl   one line a trial: the variant, and the information ratio per year it came to

A variant is a rule with its settings, whatever it is called and up to whatever day it was traded.
Lines are only added; of several of one variant the last counts. A line that cannot be read is a
trial of which nothing else is known.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from paceline.store import delta

FILE = "trials.jsonl"


class Tried(NamedTuple):
    """How many variants were tried, and the information ratios per year of those that have one."""

    variants: int
    ratios: tuple[float, ...]


def note(folder: Path, ratios: Mapping[str, float | None]) -> None:
    """Add trials: variant -> information ratio per year; what stands there already is not repeated.

    Raises ``StoreError`` where the store cannot be written to.
    """
    known, _ = _read(folder)
    new = {k: v for k, v in ratios.items() if k not in known or known[k] != v}
    if not new:
        return
    lines = "".join(f"{json.dumps({'variant': k, 'ratio': v})}\n" for k, v in new.items())
    with delta.guard(folder, "counting the variants tried"), (folder / FILE).open("ab") as file:
        file.write(lines.encode("ascii"))
        file.flush()
        os.fsync(file.fileno())


def tried(folder: Path) -> Tried:
    """What was tried in a store so far."""
    known, damaged = _read(folder)
    return Tried(len(known) + damaged, tuple(v for v in known.values() if v is not None))


def _read(folder: Path) -> tuple[dict[str, float | None], int]:
    """Variant -> its last ratio, and the number of lines that cannot be read."""
    known: dict[str, float | None] = {}
    damaged = 0
    try:
        text = (folder / FILE).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return known, 0
    for line in text.splitlines():
        try:
            row = json.loads(line)
            ratio = row["ratio"]
            known[str(row["variant"])] = None if ratio is None else float(ratio)
        except (ValueError, TypeError, KeyError):
            damaged += 1
    return known, damaged
