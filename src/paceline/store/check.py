"""Whether a store is what was written: every file against the checksum kept of it.

Looked at are the data files and logs of all tables, claims and receipts, raw bytes, rewrites and
the steps of lineage. A fault names the loads it touches; a load without fault is whole: every row
it committed is there, bit for bit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from paceline import threads
from paceline.errors import StoreError
from paceline.store import causes, delta, files, layout, steps, written
from paceline.store.cache import Cache
from paceline.store.written import Kept, Rewrite, Written
from paceline.wording import agreeing, number_of

#: Loads by which a file was written, or whose rows it holds.
Loads = frozenset[int]
NOBODY: Loads = frozenset()


class Damage(NamedTuple):
    """One thing that is not as it was written.

    loads  those it touches; none for what belongs to no load
    place  table, or folder of the store
    file   the file, by its path in there
    what   what is wrong with it
    """

    loads: Loads
    place: str
    file: str
    what: str


@dataclass(frozen=True)
class Inspection:
    """What a check found.

    lines   the rows of ``loads`` by number: those listed, and those that only a receipt knows
    faults  all that is not as it was written
    notes   what is no damage, but worth knowing
    """

    lines: Mapping[int, Mapping[str, Any]]
    faults: tuple[Damage, ...]
    notes: tuple[str, ...]

    @property
    def broken(self) -> Loads:
        """The loads that are not whole."""
        return frozenset(n for f in self.faults for n in f.loads)

    @property
    def whole(self) -> Loads:
        """The loads every row of which is there, bit for bit."""
        return frozenset(self.lines) - self.broken

    @staticmethod
    def numbers(loads: Iterable[int]) -> str:
        """Load numbers for people: 1-4, 6."""
        spans: list[list[int]] = []
        for number in sorted(loads):
            if spans and spans[-1][1] == number - 1:
                spans[-1][1] = number
            else:
                spans.append([number, number])
        return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in spans)


@dataclass
class Expected:
    """What a table should consist of: by path, the file as written and the loads behind it."""

    files: dict[str, tuple[Kept, Loads]] = field(default_factory=dict)
    log: dict[str, tuple[Kept, Loads]] = field(default_factory=dict)

    def add(self, wrote: Written, loads: Loads) -> None:
        """A load, or a rewrite, wrote these."""
        self.files |= {f.path: (f, loads) for f in wrote.files}
        self.log |= {f.path: (f, loads) for f in wrote.log}

    def rewrite(self, rewrite: Rewrite) -> None:
        """Files took the place of others."""
        old = [self.files.pop(path, None) for path in rewrite.replaced]
        if rewrite.fresh:
            self.log.clear()
        self.add(rewrite.written, frozenset().union(*(f[1] for f in old if f is not None)))


@dataclass(frozen=True)
class Records:
    """All that a store knows of its own files.

    claimed   every load number ever taken
    lines     rows of ``loads`` by number
    listed    those that the table ``loads`` lists; None where it cannot be read
    faults    what is wrong with the records themselves
    own       by load, the files of its row of ``loads``
    rewrites  in order
    notes     what is no damage
    """

    claimed: Loads
    lines: dict[int, dict[str, Any]]
    listed: Loads | None
    faults: list[Damage]
    own: dict[int, Written] = field(default_factory=dict)
    rewrites: list[Rewrite] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def unknown(self) -> list[int]:
        """Claims beyond the newest known load: of writers who were killed, or of lost loads."""
        return sorted(n for n in self.claimed if n > max(self.lines, default=0))

    def expected(self, table: str) -> Expected:
        """What the table should consist of."""
        found = Expected()
        ahead = [r for r in self.rewrites if r.table == table]
        for number in sorted(self.lines):
            while ahead and ahead[0].after < number:
                found.rewrite(ahead.pop(0))
            if table == "loads":
                found.add(self.own.get(number, Written()), frozenset([number]))
            else:
                wrote = written.of_load(self.lines[number].get("files")).get(table, Written())
                found.add(wrote, frozenset([number]))
        for rewrite in ahead:
            found.rewrite(rewrite)
        return found


def check(path: Path) -> Inspection:
    """Read every byte of a store and compare it with what was written.

    Raises ``StoreError`` where the folder holds no store, or may not be read.
    """
    with delta.guard(path, "checking the store"):
        return _check(path)


def _check(path: Path) -> Inspection:
    if not (path / "tables").is_dir() and not (path / "claims").is_dir():
        raise StoreError(
            f"{path} holds no store.", "Run `paceline import` first, or name one with --store DIR."
        )
    known = records(path)
    faults = list(known.faults)
    for table in layout.TABLES:
        faults += _table_faults(path / "tables" / table, table, known)
    faults += _raw_faults(path / "raw", known.lines)
    faults += [Damage(NOBODY, "steps", *f) for f in steps.faults(path / "steps")]
    notes = [*known.notes, *filter(None, [steps.note(path / "steps")])]
    if worn := Cache(path / "cache").damaged():
        notes.append(
            f"{number_of(worn, 'result')} in the cache "
            f"{agreeing(worn, 'is', 'are')} damaged and will be worked out again"
        )
    old = [n for n, line in sorted(known.lines.items()) if line.get("files") is None]
    if old:
        notes.append(f"loads {Inspection.numbers(old)} are from before checksums were kept")
    return Inspection(known.lines, tuple(faults), tuple(notes))


# ---- what the store says of itself


def records(path: Path) -> Records:
    """The rows of ``loads`` and their receipts, one making up for the other."""
    claimed = written.claims(path / "claims")
    before = {n: _read_claim(claim) for n, claim in claimed.items()}  # what has one is listed
    known = Records(frozenset(claimed), *_listed(path / "tables" / "loads", frozenset(claimed)))
    for number, claim in sorted(claimed.items()):
        if known.listed is None or number not in known.listed:
            _receipt(known, number, before[number])
        else:
            _receipt(known, number, _read_claim(claim))
    for number in sorted((known.listed or NOBODY) - frozenset(claimed)):
        known.faults.append(_receipt_fault(number, "is missing"))
    for file, rewrite in written.rewrites(path / "rewrites"):
        if rewrite is None:
            known.faults.append(Damage(NOBODY, "rewrites", file.name, "is not what was written"))
        else:
            known.rewrites.append(rewrite)
    return known


def _listed(
    folder: Path, claimed: Loads
) -> tuple[dict[int, dict[str, Any]], Loads | None, list[Damage]]:
    """The rows of ``loads`` by number, which these are, and why they cannot be read."""
    try:
        table = delta.open_table(folder)
        rows = delta.scan(delta.segments(table, folder), layout.LOADS)
        with delta.guard(folder, "reading the list of loads"):
            lines = {row["load"]: row for row in rows.collect().to_dicts()}
    except StoreError as error:
        causes.pass_on(error)
        return {}, None, [Damage(claimed, "loads", "", error.message)]
    return lines, frozenset(lines), []


def _read_claim(claim: Path) -> dict[str, Any] | str | None:
    """The receipt in a claim; what is wrong with it; None where there is none."""
    try:
        return written.read_receipt(claim)
    except (OSError, ValueError) as error:
        causes.pass_on(error)
        return f"is no receipt ({error})"


def _receipt(known: Records, number: int, receipt: dict[str, Any] | str | None) -> None:
    """Take the receipt of a load into the records, with what is wrong about it."""
    listed = known.listed is None or number in known.listed
    if isinstance(receipt, str):
        if listed:
            known.faults.append(_receipt_fault(number, receipt))
    elif receipt is not None:
        known.own[number] = Written.parse(receipt["own"])
        known.lines[number] = receipt["line"]  # sealed, so it counts for more than the row
        if not listed:
            known.faults.append(Damage(frozenset([number]), "loads", "", f"load {number} was lost"))
    elif known.listed and number in known.listed:
        if number < max(known.listed):
            known.faults.append(_receipt_fault(number, "holds no receipt"))
        else:
            text = f"load {number} has no receipt yet: its writer was interrupted"
            known.notes.append(text)


def _receipt_fault(number: int, what: str) -> Damage:
    """A fault of a claim: the load's rows may be whole, but its loss would not be seen."""
    return Damage(NOBODY, "claims", f"{number:08d}", what)


# ---- tables


def _table_faults(folder: Path, table: str, known: Records) -> Iterator[Damage]:
    """Every fault of one table."""
    expected = known.expected(table)
    everybody = frozenset(n for _, loads in expected.files.values() for n in loads)
    if not delta.exists(folder):
        if expected.files:
            yield Damage(everybody, table, "", "the table is missing")
        return
    damaged = list(_log_faults(folder, table, expected, everybody))
    yield from damaged
    active = _active(folder)
    if isinstance(active, str):
        if not damaged and table != "loads":  # of ``loads`` it was said with the records
            yield Damage(everybody, table, "_delta_log", active)
        active = {}
    else:
        yield from _membership(table, expected, active, known)
    kept = list(expected.files.values())
    wrong = threads.each(lambda k: k[0].fault(folder), kept)
    for (file, loads), what in zip(kept, wrong, strict=True):
        if what is not None:
            yield Damage(loads, table, file.path, what)


def _active(folder: Path) -> dict[str, tuple[int | None, int | None]] | str:
    """The files that the log lists now, with their first and last load; or why none can be read."""
    try:
        table = delta.open_table(folder)
        assert table is not None
        with delta.guard(folder, "listing its files"):
            rows = pl.DataFrame(table.get_add_actions(flatten=True))
    except (StoreError, delta.ConflictError) as error:
        causes.pass_on(error)
        return str(error)
    return {r["path"]: (r.get("min.load"), r.get("max.load")) for r in rows.iter_rows(named=True)}


def _membership(
    table: str,
    expected: Expected,
    active: Mapping[str, tuple[int | None, int | None]],
    known: Records,
) -> Iterator[Damage]:
    """Files that were written and are not listed any more, or are listed and known to nobody."""
    for path, (_, loads) in expected.files.items():
        if path not in active:
            yield Damage(loads, table, path, "is no longer listed in the table's log")
    if any(line.get("files") is None for line in known.lines.values()):
        return  # an older store: files without checksums are no surprise
    for path, (first, last) in active.items():
        mine = frozenset(n for n in known.lines if (first or 0) <= n <= (last or 0))
        own = known.own if table == "loads" else known.lines
        if path not in expected.files and mine & frozenset(own):
            yield Damage(mine, table, path, "has no checksum on record")


def _log_faults(folder: Path, table: str, expected: Expected, everybody: Loads) -> Iterator[Damage]:
    """What is wrong with the log itself."""
    there = written.entries(folder)
    point = max((at for n, at in there.items() if n.endswith(".parquet")), default=-1)
    oldest = min((at for n, at in there.items() if n.endswith(".json")), default=0)
    for path, (kept, loads) in expected.log.items():
        what, name = kept.fault(folder), path.removeprefix("_delta_log/")
        number = int(name[:20])
        # a month after a checkpoint the entries before it are removed, oldest first
        covered = number < point and number < oldest
        if what is not None and not (what == "is missing" and covered):
            yield Damage(loads, table, path, what)
    for name in there:
        if f"_delta_log/{name}" not in expected.log and name.endswith(".json"):
            try:
                list(written.added(folder / "_delta_log" / name))
            except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
                causes.pass_on(error)
                what = f"is no entry of a log ({error})"
                yield Damage(everybody, table, f"_delta_log/{name}", what)
    yield from _last_checkpoint(folder, table, point)


def _last_checkpoint(folder: Path, table: str, point: int) -> Iterator[Damage]:
    """What is wrong with the file that names the newest checkpoint."""
    file = folder / "_delta_log" / "_last_checkpoint"
    what = None
    try:
        named = json.loads(file.read_text(encoding="utf-8"))
        at = f"{named['version']:020d}.checkpoint.parquet"
        size = (folder / "_delta_log" / at).stat().st_size
        adds = pl.col("add").struct.field("path").is_not_null().sum().alias("adds")
        held = pl.scan_parquet(folder / "_delta_log" / at).select(pl.len(), adds).collect()
        told = [named[key] for key in ("size", "numOfAddFiles", "sizeInBytes")]
        if named["version"] != point:
            what = f"names checkpoint {named['version']}, the newest is {point}"
        elif told != [*held.row(0), size]:
            what = "does not fit its checkpoint"
    except FileNotFoundError as error:
        if Path(error.filename or "").name != file.name:
            what = "names a checkpoint that is missing"
        elif point >= 0:
            what = "is missing"
    except (OSError, ValueError, TypeError, KeyError, pl.exceptions.PolarsError) as error:
        causes.pass_on(error)
        what = f"cannot be read ({type(error).__name__})"
    if what is not None:
        yield Damage(NOBODY, table, "_delta_log/_last_checkpoint", what)


# ---- raw bytes


def _raw_faults(folder: Path, lines: Mapping[int, Mapping[str, Any]]) -> Iterator[Damage]:
    """Raw bytes that are missing or are not those that came."""
    behind: dict[Kept, set[int]] = {}
    for number, line in lines.items():
        for kept in written.of_load(line.get("files")).get("raw", Written()).files:
            behind.setdefault(kept, set()).add(number)
    wrong = threads.each(lambda k: files.raw_fault(folder, k), behind)
    for (kept, loads), what in zip(behind.items(), wrong, strict=True):
        if what is not None:
            yield Damage(frozenset(loads), "raw", kept.path, what)
