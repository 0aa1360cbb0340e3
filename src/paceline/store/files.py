"""Files of a store beside its tables: raw bytes, claimed numbers, steps of lineage.

Each is written as a whole or not at all.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from paceline.errors import StoreError, UsageError
from paceline.lineage import Origin, canonical
from paceline.store import causes, delta, written
from paceline.store.written import CLAIMED, Kept, Written
from paceline.writing import replacing

#: Steps in one row group of a file: whole groups are skipped when one is looked for.
GROUP = 4096
#: Hex digits of the ids in the name of a file of steps; the CRC-32 of its bytes follows.
DIGITS = 24
SHA256 = re.compile(r"[0-9a-f]{64}")


# ---- raw bytes


def keep_raw(folder: Path, data: bytes) -> str:
    """Keep bytes under their SHA-256, once; returns it."""
    checksum = hashlib.sha256(data).hexdigest()
    path = _raw_path(folder, checksum)
    with delta.guard(folder, "keeping raw bytes"):
        if not path.exists() or path.stat().st_size != len(data):
            with replacing(path) as draft, draft.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
    return checksum


def read_raw(folder: Path, checksum: str) -> bytes:
    """The bytes with that SHA-256, verified; ``StoreError`` where they are not there or damaged."""
    path = _raw_path(folder, checksum)
    if not path.exists():
        raise StoreError(
            f"{folder.parent} holds no raw bytes {checksum[:12]}.",
            "`loads` lists what was imported.",
        )
    with delta.guard(folder, "reading raw bytes"):
        data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != checksum:
        raise causes.explain(
            OSError("the bytes are not those that were imported"), path, "reading raw bytes"
        )
    return data


def kept_raw(folder: Path, origins: Iterable[Origin]) -> Written:
    """The files of those origins whose bytes are kept; their names are their checksums."""
    found = []
    for checksum in dict.fromkeys(o.checksum for o in origins):
        if SHA256.fullmatch(checksum) and (path := _raw_path(folder, checksum)).is_file():
            name = path.relative_to(folder).as_posix()
            found.append(Kept(name, path.stat().st_size, None, ""))
    return Written(tuple(found))


def raw_fault(folder: Path, kept: Kept) -> str | None:
    """What is wrong with raw bytes that were kept; None if they are those that came."""
    try:
        with (folder / kept.path).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        causes.pass_on(error)
        return f"cannot be read ({error.strerror})"
    return None if found == Path(kept.path).name else "holds other bytes than were imported"


def step_faults(folder: Path) -> Iterator[tuple[str, str]]:
    """Files of steps that are not what was written, as their names say: name and what is wrong."""
    for path in sorted(folder.glob("*-*.parquet")):
        try:
            if written.checksum(path) != path.stem.rpartition("-")[2]:
                yield path.name, "has other bytes than were written"
        except OSError as error:
            causes.pass_on(error)
            yield path.name, f"cannot be read ({error.strerror})"


def _steps_name(ids: Iterable[str]) -> str:
    return hashlib.sha256(" ".join(ids).encode()).hexdigest()[:DIGITS]


def _raw_path(folder: Path, checksum: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{8,}", checksum):
        raise UsageError(
            f"{checksum!r} is not a checksum.", "Give the SHA-256 of the bytes in lower-case hex."
        )
    return folder / checksum[:2] / checksum


# ---- claimed numbers


def claim(folder: Path, above: int) -> int:
    """A load number above ``above`` that nobody ever had: the file of that name is made here."""
    with delta.guard(folder, "claiming a load number"):
        taken = [int(c.name) for c in folder.iterdir() if c.name.isdigit()]
        number = max([above, *taken]) + 1
        while True:
            try:
                with (folder / f"{number:08d}").open("xb") as file:
                    file.write(CLAIMED)
                return number
            except FileExistsError:
                number += 1


# ---- steps of lineage


def save_steps(folder: Path, steps: Iterable[Mapping[str, Any]], *, writable: bool) -> bool:
    """Keep the steps of a run (each with its ``id``); whether all of them are kept now.

    The same run twice writes nothing, and neither does a folder that is not ``writable``.
    """
    lines = {str(s["id"]): canonical(dict(s)) for s in steps}
    ids = sorted(lines)
    name = _steps_name(ids)
    if not ids or any(folder.glob(f"{name}*.parquet")):
        return True
    if not writable:
        return False
    with delta.guard(folder, "keeping the lineage"):
        data = io.BytesIO()
        frame = pl.DataFrame({"id": ids, "step": [lines[i] for i in ids]})
        frame.write_parquet(data, row_group_size=GROUP)
        crc = zlib.crc32(data.getbuffer())
        with replacing(folder / f"{name}-{crc:08x}.parquet") as draft:
            draft.write_bytes(data.getbuffer())
    return True


def find_step(folder: Path, id_: str) -> dict[str, Any] | None:
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
