"""What the assembly of a panel makes, and how it is kept in the store's cache."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Dates
from paceline.store import Cache

KIND = "panel"
#: Panels kept per store; the least recently used go.
KEEP = 6


@dataclass(frozen=True)
class Matrices:
    """The cells of a panel and where they came from; the fields are those of ``Panel``."""

    sessions: Dates
    securities: tuple[str, ...]
    fields: Mapping[str, Array]
    sources: Mapping[str, tuple[str, ...]]
    recovered: NDArray[np.int64]
    off_calendar: int
    guarded: int = 0


def save(cache: Cache, key: str, matrices: Matrices) -> None:
    """Keep the matrices under the digest of their question."""
    values = {
        "sessions": matrices.sessions.astype(np.int64).tolist(),
        "securities": matrices.securities,
        "sources": {f: list(s) for f, s in matrices.sources.items()},
        "recovered": matrices.recovered.tolist(),
        "off_calendar": matrices.off_calendar,
        "guarded": matrices.guarded,
    }
    cache.save(KIND, key, values, matrices.fields, keep=KEEP)


def load(cache: Cache, key: str) -> Matrices | None:
    """The matrices, their fields read-only and mapped; None if they are not there."""
    entry = cache.load(KIND, key)
    if entry is None:
        return None
    values = entry.values
    return Matrices(
        np.array(values["sessions"], np.int64).astype("datetime64[D]"),
        tuple(values["securities"]),
        entry.arrays,
        {f: tuple(s) for f, s in values["sources"].items()},
        np.array(values["recovered"], np.int64),
        values["off_calendar"],
        values["guarded"],
    )
