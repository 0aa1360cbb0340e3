"""Steps of lineage in a store: a file of each run, and the list by which a lost one is noticed.

A file is named after the ids in it and the checksum of its bytes; the list has a line for each:
name and checksum of the name. Files of older stores, with a dash in their names, stand in no list.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import polars as pl

from paceline.lineage import canonical
from paceline.store import causes, delta, written
from paceline.wording import agreeing, number_of
from paceline.writing import replacing

#: Steps in one row group of a file: whole groups are skipped when one is looked for.
GROUP = 4096
#: Hex digits of the ids in the name of a file.
DIGITS = 24
#: The name of a file: ids, checksum of its bytes.
NAMED = re.compile(r"[0-9a-f]{24}([-.])([0-9a-f]{8})\.parquet")
#: The list of the files.
LIST = "list"


def save(folder: Path, steps: Iterable[Mapping[str, Any]], *, writable: bool) -> bool:
    """Keep the steps of a run (each with its ``id``); whether all of them are kept now.

    The same run twice writes nothing, and neither does a folder that is not ``writable``.
    """
    lines = {str(s["id"]): canonical(dict(s)) for s in steps}
    ids = sorted(lines)
    name = hashlib.sha256(" ".join(ids).encode()).hexdigest()[:DIGITS]
    if not ids or any(folder.glob(f"{name}*.parquet")):
        return True
    if not writable:
        return False
    with delta.guard(folder, "keeping the lineage"):
        data = io.BytesIO()
        frame = pl.DataFrame({"id": ids, "step": [lines[i] for i in ids]})
        frame.write_parquet(data, row_group_size=GROUP)
        path = folder / f"{name}.{zlib.crc32(data.getbuffer()):08x}.parquet"
        with replacing(path) as draft:
            draft.write_bytes(data.getbuffer())
        _note(folder / LIST, path.name)
    return True


def find(folder: Path, id_: str) -> dict[str, Any] | None:
    """The step of that id, or of the only id that begins with it; None if there is none."""
    files = sorted(folder.glob("*.parquet"))
    if not files or not id_:
        return None
    with delta.guard(folder, "reading the lineage"):
        # a range, not a prefix test: ids are sorted, so whole row groups are skipped
        rows = (
            pl.scan_parquet(files)
            .filter(pl.col("id").is_between(pl.lit(id_), pl.lit(id_ + "~")))
            .unique("id")
            .head(2)
            .collect()
        )
    if len(rows) != 1:
        return None
    step: dict[str, Any] = json.loads(rows["step"][0])
    return step


def unknown(folder: Path, ids: Collection[str]) -> set[str]:
    """Those of the ids that no file holds."""
    files = sorted(folder.glob("*.parquet"))
    if not files:
        return set(ids)
    with delta.guard(folder, "reading the lineage"):
        held = pl.scan_parquet(files).filter(pl.col("id").is_in(list(ids))).select("id").collect()
    return set(ids) - set(held["id"])


# ---- whether they are what was written


def faults(folder: Path) -> Iterator[tuple[str, str]]:
    """Files that are lost or are not what was written: name and what is wrong."""
    there = _files(folder)
    for name in there:
        named = NAMED.fullmatch(name)
        try:
            if named is not None and written.checksum(folder / name) != named[2]:
                yield name, "has other bytes than were written"
        except OSError as error:
            causes.pass_on(error)
            yield name, f"cannot be read ({error.strerror})"
    lines = _lines(folder)
    for line in lines or ():
        name = line.partition(" ")[0]
        if line != _line(name):
            yield LIST, "is not what was written"
        elif name not in there:
            yield name, "is missing"
    if not lines and _listable(there):
        yield LIST, "is missing" if lines is None else "is empty"


def note(folder: Path) -> str:
    """How many files stand in no list, though they should; empty where none does."""
    listed = {line.partition(" ")[0] for line in _lines(folder) or ()}
    stray = len(set(_listable(_files(folder))) - listed)
    if not listed or not stray:
        return ""
    who = f"{number_of(stray, 'file')} of lineage {agreeing(stray, 'stands', 'stand')}"
    return f"{who} in no list: a writer was killed, or the list was cut"


def relist(folder: Path) -> None:
    """Write the list anew, of the files that are there."""
    names = _listable(_files(folder))
    with replacing(folder / LIST) as draft:
        draft.write_text("".join(f"{_line(name)}\n" for name in names), encoding="ascii")


def _note(path: Path, name: str) -> None:
    """Add a file to the list; the list is what it was where the disk takes no more."""
    with path.open("ab") as file:
        before = file.tell()
        try:
            file.write(f"{_line(name)}\n".encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            with suppress(OSError):
                os.truncate(path, before)
            raise


def _line(name: str) -> str:
    return f"{name} {zlib.crc32(name.encode(errors='replace')):08x}"


def _lines(folder: Path) -> list[str] | None:
    """The lines of the list; None without one."""
    try:
        text = (folder / LIST).read_bytes().decode("ascii", errors="replace")
    except FileNotFoundError:
        return None
    return text.splitlines()


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.parquet"))


def _listable(names: Iterable[str]) -> list[str]:
    return [n for n in names if (named := NAMED.fullmatch(n)) is not None and named[1] == "."]
