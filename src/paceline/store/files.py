"""Files of a store beside its tables: raw bytes, claimed numbers.

Each is written as a whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from paceline.errors import StoreError, UsageError
from paceline.lineage import Origin
from paceline.store import causes, delta
from paceline.store.written import CLAIMED, Kept, Written
from paceline.writing import replacing

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
