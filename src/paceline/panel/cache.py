"""Assembled matrices as mapped files: one folder per panel, complete or not there at all.

    <key>/meta.json     sessions, securities, sources, counts, and size and checksum of every file
    <key>/<field>.npy   one matrix, mapped into memory when loaded

A folder is written under another name and renamed, so a killed writer leaves nothing that is read.
Every byte is checked on loading (exclusive or of all 64-bit words: at memory speed); whatever does
not fit is built again."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Dates
from paceline.lineage import digest

#: Panels kept per store; the least recently used go.
KEEP = 6


@dataclass(frozen=True)
class Matrices:
    """What assembly makes and the cache keeps."""

    sessions: Dates
    securities: tuple[str, ...]
    fields: Mapping[str, Array]
    sources: Mapping[str, tuple[str, ...]]
    recovered: NDArray[np.int64]
    off_calendar: int
    guarded: int = 0


def checksum(matrix: Array) -> str:
    """Exclusive or over all words of the matrix, in hex, with its shape."""
    word = int(np.bitwise_xor.reduce(matrix.reshape(-1).view(np.uint64), initial=0))
    return f"{word:016x}-{'x'.join(map(str, matrix.shape))}"


def save(folder: Path, key: str, found: Matrices) -> None:
    """Write the matrices. The cache is a convenience: a disk that has no room for it is no error."""
    draft = folder / f".{uuid.uuid4().hex}"
    meta: dict[str, Any] = {
        "sessions": found.sessions.astype(np.int64).tolist(),
        "securities": found.securities,
        "sources": {f: list(s) for f, s in found.sources.items()},
        "recovered": found.recovered.tolist(),
        "off_calendar": found.off_calendar,
        "guarded": found.guarded,
        "fields": {f: checksum(m) for f, m in found.fields.items()},
    }
    try:
        draft.mkdir(parents=True)
        for name, matrix in found.fields.items():
            np.save(draft / f"{name}.npy", matrix)
        (draft / "meta.json").write_text(
            json.dumps({"digest": digest(meta), **meta}), encoding="utf-8"
        )
        shutil.rmtree(folder / key, ignore_errors=True)
        draft.rename(folder / key)
        _forget(folder)
    except OSError:
        pass
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def load(folder: Path, key: str) -> Matrices | None:
    """The matrices, read-only and mapped; None if they are not there or not what was written."""
    home = folder / key
    try:
        meta = json.loads((home / "meta.json").read_text(encoding="utf-8"))
        if meta.pop("digest") != digest(meta):
            return None
        fields = {}
        for name, expected in meta["fields"].items():
            matrix: Array = np.load(home / f"{name}.npy", mmap_mode="r").view(np.ndarray)
            if matrix.dtype != np.float64 or checksum(matrix) != expected:
                return None
            fields[name] = matrix
        os.utime(home)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return Matrices(
        np.array(meta["sessions"], np.int64).astype("datetime64[D]"),
        tuple(meta["securities"]),
        fields,
        {f: tuple(s) for f, s in meta["sources"].items()},
        np.array(meta["recovered"], np.int64),
        meta["off_calendar"],
        meta["guarded"],
    )


def _forget(folder: Path) -> None:
    """Remove all but the panels used last."""
    homes = sorted(
        (p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")),
        key=lambda p: p.stat().st_mtime,
        reverse=True,
    )
    for old in homes[KEEP:]:
        shutil.rmtree(old, ignore_errors=True)
