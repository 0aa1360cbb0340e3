"""What a store keeps of its own files: which a load wrote, with rows and checksums, and receipts.

The row of ``loads`` of every load lists, for each table, the data files and the entries of the
table's log that it wrote. What is not in ``loads``, its own row, stands in the load's receipt: the
file that claimed its number. Where files of a table were merged or a table was built again, a file
in ``rewrites`` says which took the place of which.

A checksum of a file of a table is the CRC-32 of all its bytes: it sees any flipped bit and any
swapped words at the speed of a disk; raw bytes, the evidence, are named by their SHA-256.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

from paceline import threads
from paceline.lineage import canonical, digest
from paceline.store import causes
from paceline.writing import replacing

#: Bytes of which the checksum is taken at a time.
PIECE = 2**22
#: What a claim says until its load is committed.
CLAIMED = b"claimed\n"
#: Entries of a log: number, and whether it is a checkpoint.
ENTRY = re.compile(r"(\d{20})\.(json|checkpoint(?:\.\d+\.\d+)?\.parquet)")


class Kept(NamedTuple):
    """A file as it was written: its path in the folder of its table, bytes, rows, checksum.

    rows  None for an entry of the log
    """

    path: str
    size: int
    rows: int | None
    crc: str

    @classmethod
    def of(cls, folder: Path, path: str, rows: int | None) -> Self:
        """The file as it is now."""
        whole = folder / path
        return cls(path, whole.stat().st_size, rows, checksum(whole))

    def fault(self, folder: Path) -> str | None:
        """What is wrong with the file now; None if it is what was written."""
        whole = folder / self.path
        try:
            size = whole.stat().st_size
            if size != self.size:
                return "is empty" if not size else f"has {size} bytes of {self.size}"
            return None if checksum(whole) == self.crc else "has other bytes than were written"
        except FileNotFoundError:
            return "is missing"
        except OSError as error:
            causes.pass_on(error)
            return f"cannot be read ({error.strerror})"


class Written(NamedTuple):
    """Data files and entries of the log of one table."""

    files: tuple[Kept, ...] = ()
    log: tuple[Kept, ...] = ()

    @classmethod
    def parse(cls, kept: Sequence[Sequence[Sequence[Any]]]) -> Self:
        """Read from JSON."""
        return cls(*(tuple(Kept(*row) for row in part) for part in kept))

    @property
    def rows(self) -> int:
        """Rows in all of the data files."""
        return sum(f.rows or 0 for f in self.files)


def of_load(files: str | None) -> dict[str, Written]:
    """What a row of ``loads`` says it wrote: table -> files; nothing in a row of an older store."""
    return {name: Written.parse(kept) for name, kept in json.loads(files or "{}").items()}


def checksum(path: Path) -> str:
    """CRC-32 of the bytes of a file, in hex."""
    crc = 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            crc = zlib.crc32(piece, crc)
    return f"{crc:08x}"


# ---- logs of tables


def entries(folder: Path) -> dict[str, int]:
    """The entries and checkpoints of a table's log: name -> number."""
    with suppress(FileNotFoundError):
        names = sorted(p.name for p in (folder / "_delta_log").iterdir())
        return {n: int(m[1]) for n in names if (m := ENTRY.fullmatch(n))}
    return {}


def last_entry(folder: Path) -> int:
    """The number of the newest entry of a table's log; -1 without one."""
    return max(entries(folder).values(), default=-1)


def added(entry: Path) -> Iterator[tuple[str, int, int | None]]:
    """The data files that an entry of a log adds: path, rows, first load.

    Raises ``ValueError`` for an entry that is none.
    """
    actions = [json.loads(line) for line in entry.read_text(encoding="utf-8").splitlines() if line]
    if not actions:
        raise ValueError("is empty")
    for action in actions:
        if add := action.get("add"):
            stats = json.loads(add.get("stats") or "{}")
            first = stats.get("minValues", {}).get("load")
            yield add["path"], stats.get("numRecords", 0), first


def since(folder: Path, entry: int, load: int | None = None, stop: int | None = None) -> Written:
    """What came into a table after an entry of its log: data files (of ``load``), and the log.

    stop  the last entry that counts
    """
    new = [n for n, at in entries(folder).items() if entry < at and (stop is None or at <= stop)]
    found = [
        (path, rows)
        for name in new
        if name.endswith(".json")
        for path, rows, first in added(folder / "_delta_log" / name)
        if load in (None, first)
    ]
    kept = threads.each(lambda f: Kept.of(folder, *f), found)
    return Written(tuple(kept), tuple(Kept.of(folder, f"_delta_log/{n}", None) for n in new))


def of_commit(loads: Path, load: int) -> Written:
    """What the commit of a load wrote into the table ``loads``; nothing where that is not known."""
    for name, number in reversed(entries(loads).items()):
        if name.endswith(".json"):
            with suppress(OSError, ValueError):
                if any(first == load for _, _, first in added(loads / "_delta_log" / name)):
                    return since(loads, number - 1, stop=number)
    return Written()


# ---- receipts


def sealed(content: Mapping[str, Any]) -> str:
    """JSON with its own digest."""
    return canonical({**content, "seal": digest(content, 32)}) + "\n"


def unsealed(text: str) -> dict[str, Any]:
    """The content; ``ValueError`` where it is not what was written."""
    content = json.loads(text)
    if not isinstance(content, dict) or content.pop("seal", None) != digest(content, 32):
        raise ValueError("is not what was written")
    return content


def write_receipt(claims: Path, line: Mapping[str, Any], own: Written) -> None:
    """Note in the claim of a load that it was committed: its row of ``loads``, and that row's file.

    A disk that takes no more leaves the claim as it was: the next load makes up for it.
    """
    with suppress(OSError), replacing(claims / f"{line['load']:08d}") as draft:
        draft.write_text(sealed({"line": {**line}, "own": own}), encoding="utf-8")


def read_receipt(claim: Path) -> dict[str, Any] | None:
    """The receipt in a claim; None for a claim whose load was never committed.

    Raises ``ValueError`` for one that is damaged, ``OSError`` where it cannot be read.
    """
    data = claim.read_bytes()
    if data == CLAIMED:
        return None
    return unsealed(data.decode("utf-8", errors="replace"))


def claims(folder: Path) -> dict[int, Path]:
    """The claims of load numbers by number."""
    with suppress(FileNotFoundError):
        return {int(p.name): p for p in folder.iterdir() if p.name.isdigit()}
    return {}


def receipts(folder: Path, listed: Collection[int]) -> dict[int, str]:
    """The loads that have a receipt and are not listed: number -> the load in words.

    A claim without receipt and without load is that of a writer who was killed.
    """
    known, found = frozenset(listed), {}
    for number, claim in sorted(claims(folder).items()):
        if number not in known:
            with suppress(OSError, ValueError):
                if (receipt := read_receipt(claim)) is not None:
                    line = receipt["line"]
                    found[number] = (
                        f"load {number} of {line['source']!r}, committed {line['committed']}"
                    )
    return found


# ---- rewrites


class Rewrite(NamedTuple):
    """Files of a table that took the place of others: every row stayed.

    after     the newest load at that time
    fresh     the table was built again: what was known of its log before no longer counts
    replaced  paths of the files that were replaced
    """

    table: str
    after: int
    fresh: bool
    replaced: frozenset[str]
    written: Written


def write_rewrite(folder: Path, rewrite: Rewrite) -> None:
    """Keep what was rewritten."""
    number = 1 + max((int(p.stem) for p in folder.glob("*.json") if p.stem.isdigit()), default=0)
    content = {**rewrite._asdict(), "replaced": sorted(rewrite.replaced)}
    with replacing(folder / f"{number:08d}.json") as draft:
        draft.write_text(sealed(content), encoding="utf-8")


def rewrites(folder: Path) -> Iterator[tuple[Path, Rewrite | None]]:
    """Every rewrite in order; None where its file is damaged."""
    for path in sorted(folder.glob("*.json")):
        try:
            content = unsealed(path.read_text(encoding="utf-8", errors="replace"))
            content["replaced"] = frozenset(content["replaced"])
            content["written"] = Written.parse(content["written"])
            yield path, Rewrite(**content)
        except (ValueError, TypeError, KeyError):
            yield path, None
