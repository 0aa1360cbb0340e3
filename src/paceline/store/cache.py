"""The one cache of a store: results worked out before, by kind and key; may be deleted at any time.

    cache/<kind>/<key>/entry.json    values, and the checksum of every array and of the values
    cache/<kind>/<key>/<name>.npy    one array, mapped into memory when loaded

An entry is written under another name and renamed, so a killed writer leaves nothing that is read.
Every byte is checked on loading: the values by SHA-256, arrays by CRC-32, piece by piece side by
side, which also sees words that changed places. Whatever does not fit is as if it had never been
kept.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paceline import threads
from paceline.lineage import digest

#: Bytes of which one checksum is taken.
PIECE = 2**22
#: Entries of one kind that stay; the least recently used go.
KEEP = 12


class Entry(NamedTuple):
    """What was kept under one key.

    values  anything that JSON can hold, with its numbers exact to the bit
    arrays  by name, read-only and mapped
    """

    values: Any
    arrays: Mapping[str, NDArray[Any]]


class Cache:
    """Results in a folder, each under a kind ("panel") and a key, the digest of its question.

    The cache is a convenience: a folder that is full, damaged or read-only is no error, but a
    result that is worked out again. Entries without arrays are also remembered by this object, so
    that on a read-only disk one process works them out once.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._remembered: dict[tuple[str, str], Entry] = {}

    def load(self, kind: str, key: str) -> Entry | None:
        """The entry; None if there is none, or it is not what was saved."""
        if (kind, key) in self._remembered:
            return self._remembered[kind, key]
        entry = self._read(self.folder / kind / key)
        if entry is not None:
            with suppress(OSError):  # a disk that may only be read keeps no order of use
                os.utime(self.folder / kind / key)
        return entry

    def damaged(self) -> int:
        """How many entries are not what was saved."""
        homes = (p for p in self.folder.glob("*/*") if p.is_dir() and p.name[0] != ".")
        return sum(self._read(home) is None for home in homes)

    @staticmethod
    def _read(home: Path) -> Entry | None:
        try:
            content = json.loads((home / "entry.json").read_text(encoding="utf-8"))
            if content.pop("digest") != digest(content):
                return None
            arrays = {}
            for name, expected in content["arrays"].items():
                arrays[name] = np.load(home / f"{name}.npy", mmap_mode="r").view(np.ndarray)
                if checksum(arrays[name]) != expected:
                    return None
        except Exception:  # whatever a damaged file makes of its readers: it is worked out again
            return None
        return Entry(content["values"], arrays)

    def save(
        self,
        kind: str,
        key: str,
        values: object,
        arrays: Mapping[str, NDArray[Any]] | None = None,
        *,
        keep: int = KEEP,
    ) -> None:
        """Keep a result, and of its kind the ``keep`` entries used last.

        values  what JSON can hold; tuples come back as lists
        arrays  by name; names are names of files
        """
        arrays = arrays or {}
        content = {"values": values, "arrays": {n: checksum(a) for n, a in arrays.items()}}
        text = json.dumps({"digest": digest(content), **content})
        if not arrays:  # as it would be read back
            self._remembered[kind, key] = Entry(json.loads(text)["values"], {})
        home = self.folder / kind / key
        draft = home.with_name(f".{uuid.uuid4().hex}")
        with suppress(OSError):
            try:
                draft.mkdir(parents=True)
                for name, array in arrays.items():
                    np.save(draft / f"{name}.npy", array)
                (draft / "entry.json").write_text(text, encoding="utf-8")
                shutil.rmtree(home, ignore_errors=True)
                draft.rename(home)
                self._forget(kind, keep)
            finally:
                shutil.rmtree(draft, ignore_errors=True)

    def _forget(self, kind: str, keep: int) -> None:
        """Remove all entries of the kind but those used last."""
        homes = [p for p in (self.folder / kind).iterdir() if not p.name.startswith(".")]
        homes.sort(key=lambda p: p.stat().st_mtime, reverse=True)
        for old in homes[keep:]:
            shutil.rmtree(old, ignore_errors=True)


def checksum(array: NDArray[Any]) -> str:
    """Digest of the CRC-32 of each piece of the array's bytes, with its type and shape."""
    data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    pieces = [data[at : at + PIECE].data for at in range(0, len(data), PIECE)]
    sums = threads.each(zlib.crc32, pieces)
    return digest([sums, array.dtype.str, array.shape])
