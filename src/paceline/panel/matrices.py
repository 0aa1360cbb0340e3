"""What the assembly of a panel makes, and how it is kept in the store's cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Dates
from paceline.panel.holes import Marks
from paceline.store import Cache

KIND = "panel"
#: The arrays of marks, in their order.
MARK = ("row", "column", "kind", "known")
#: Panels kept per store; the least recently used go.
KEEP = 6


@dataclass(frozen=True)
class Matrices:
    """The cells of a panel and where they came from; the fields are those of ``Panel``.

    latest  field -> (N,) place of the source of each security's last return
    """

    sessions: Dates
    securities: tuple[str, ...]
    fields: Mapping[str, Array]
    sources: Mapping[str, tuple[str, ...]]
    recovered: NDArray[np.int64]
    off_calendar: int
    guarded: int = 0
    marks: Mapping[str, Marks] = field(default_factory=dict)
    priced: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    latest: Mapping[str, NDArray[np.int8]] = field(default_factory=dict)


def save(cache: Cache, key: str, matrices: Matrices) -> None:
    """Keep the matrices under the digest of their question."""
    values = {
        "sessions": matrices.sessions.astype(np.int64).tolist(),
        "securities": matrices.securities,
        "sources": {f: list(s) for f, s in matrices.sources.items()},
        "recovered": matrices.recovered.tolist(),
        "off_calendar": matrices.off_calendar,
        "guarded": matrices.guarded,
        "priced": matrices.priced.tolist(),
        "fields": list(matrices.fields),
    }
    beside: dict[str, NDArray[Any]] = {
        f"latest {f}": latest for f, latest in matrices.latest.items()
    }
    for f, marks in matrices.marks.items():
        parts: tuple[NDArray[Any], ...] = marks
        beside |= {f"marks {f} {n}": part for n, part in zip(MARK, parts, strict=True)}
    cache.save(KIND, key, values, {**matrices.fields, **beside}, keep=KEEP)


def load(cache: Cache, key: str) -> Matrices | None:
    """The matrices, their fields read-only and mapped; None if they are not there."""
    entry = cache.load(KIND, key)
    if entry is None:
        return None
    values = entry.values
    return Matrices(
        np.array(values["sessions"], np.int64).astype("datetime64[D]"),
        tuple(values["securities"]),
        {f: entry.arrays[f] for f in values["fields"]},
        {f: tuple(s) for f, s in values["sources"].items()},
        np.array(values["recovered"], np.int64),
        values["off_calendar"],
        values["guarded"],
        {
            f: Marks(*(entry.arrays[f"marks {f} {n}"] for n in MARK))
            for f in values["fields"]
            if f"marks {f} row" in entry.arrays
        },
        np.array(values["priced"], np.int64),
        {f: entry.arrays[f"latest {f}"] for f in values["fields"] if f"latest {f}" in entry.arrays},
    )
