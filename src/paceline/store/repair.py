"""A damaged store built again: whole rows as they lie there, the others from the raw bytes.

What is damaged is moved to ``damaged/<time>/``, never deleted. A table is replaced as a whole or
stays as it is, with the reason. Load numbers, and so every version of the store, stay the same.
"""

from __future__ import annotations

import datetime as dt
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from os import link
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from paceline.errors import PacelineError, StoreError
from paceline.rows import Finding
from paceline.store import delta, files, layout, statements, steps, written
from paceline.store.check import Expected, Inspection, Records, check, records
from paceline.store.written import Kept, Rewrite, Written
from paceline.wording import agreeing, number_of

if TYPE_CHECKING:
    from paceline.store import Store

Line = Mapping[str, Any]
#: Makes the rows of a load again: its row of ``loads``, and the store as it was before that load.
#: Raises ``PacelineError`` where it cannot.
Rebuild = Callable[[Line, "Store"], Mapping[str, pl.DataFrame]]
#: Fetches the bytes of a source again, as far as it still gives them.
Fetch = Callable[[Line], Sequence[bytes]]


@dataclass
class Repaired:
    """What came of a repair, in sentences.

    done   what was built again
    left   what cannot be, and why
    aside  the folder that holds what was damaged
    """

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    aside: Path | None = None


class _Bench:
    """One repair: the store, what it knows of itself, and where damaged files go."""

    def __init__(self, path: Path, checked: Inspection, open_: Callable[[Path], Store]) -> None:
        self.path, self.checked, self.open = path, checked, open_
        self.known: Records = records(path)
        stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S")
        self.aside = path / "damaged" / f"{stamp}-{uuid.uuid4().hex[:6]}"
        self.told = Repaired()

    def places(self) -> set[str]:
        return {f.place for f in self.checked.faults}

    def put_aside(self, place: Path) -> None:
        """Move a file or folder of the store to where damaged things go."""
        if place.exists():
            target = self.aside / place.relative_to(self.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            place.rename(target)
            self.told.aside = self.aside

    def find(self, table: str, kept: Kept) -> Path | None:
        """The file as it was written, in its table or among what was put aside before."""
        homes = [self.path / "tables" / table, *self.path.glob(f"damaged/*/tables/{table}")]
        return next((h / kept.path for h in homes if kept.fault(h) is None), None)


def repair(path: Path, rebuild: Rebuild, fetch: Fetch, open_: Callable[[Path], Store]) -> Repaired:
    """Build again what ``check`` finds damaged; nobody may import meanwhile.

    open_  opens a store in a folder

    Raises ``StoreError`` where the folder holds no store, or somebody imported during the repair.
    """
    checked = check(path)
    bench = _Bench(path, checked, open_)
    if not checked.faults:
        return bench.told
    claims = frozenset(written.claims(path / "claims"))
    with delta.guard(path, "repairing"):
        _raw(bench, fetch)
        tables = [t for t in layout.TABLES if t in bench.places() and t != "loads"]
        scratch = path / f".repair-{uuid.uuid4().hex[:12]}"
        try:
            built = _tables(bench, scratch, tables, rebuild) if tables else {}
            if frozenset(written.claims(path / "claims")) != claims:
                raise StoreError(
                    f"{path}: somebody imported during the repair; nothing was changed.",
                    "Run `paceline repair` again when nobody imports.",
                )
            for table, what in built.items():
                _replace(bench, table, scratch / "tables" / table, what)
            if "loads" in bench.places():
                _loads(bench, scratch)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        _beside(bench)
    return bench.told


def rows_of(
    before: Store,
    tables: Mapping[str, pl.DataFrame],
    source: str,
    findings: Sequence[Finding] = (),
    quarantine: pl.DataFrame | None = None,
    line: Line | None = None,
) -> dict[str, pl.DataFrame]:
    """What an import would write into the store as it was before it, without its load number.

    line  its row of ``loads``; that of a statement says so, and then it is what differs
    """
    rows = {name: layout.conform(name, frame, source) for name, frame in tables.items()}
    beside = layout.beside(source, findings, quarantine)
    if line is None or line["changes"] is None:
        return rows | beside
    adds_only = line["blocks"] is None
    d = statements.revision(before, before.loads(), source, rows, adds_only=adds_only)
    return {**d.rows, **beside, "withdrawn": d.markers}


# ---- raw bytes


def _raw(bench: _Bench, fetch: Fetch) -> None:
    """Raw bytes again from their sources, where these still give the same."""
    for fault in (f for f in bench.checked.faults if f.place == "raw"):
        bench.put_aside(bench.path / "raw" / fault.file)
        for number in sorted(fault.loads):
            with suppress(PacelineError):
                for data in fetch(bench.known.lines[number]):
                    files.keep_raw(bench.path / "raw", data)
        name = Path(fault.file).name
        if (bench.path / "raw" / fault.file).exists():
            bench.told.done.append(f"raw bytes {name[:12]}: fetched again from the source")
        else:
            loads = ", ".join(map(str, sorted(fault.loads)))
            bench.told.left.append(
                f"raw bytes {name[:12]} of load {loads}: the source no longer gives these bytes; "
                f"rows that are whole stay as they are"
            )


# ---- tables


def _tables(
    bench: _Bench, scratch: Path, tables: Sequence[str], rebuild: Rebuild
) -> dict[str, str]:
    """Damaged tables built anew in ``scratch``, load by load; table -> how, without the failed."""
    scratch.mkdir()
    for home in (bench.path / "tables").iterdir():
        if home.name not in (*tables, "loads"):
            # whole tables are shared: the files are the same, by another name
            shutil.copytree(home, scratch / "tables" / home.name, copy_function=_shared)
    store = bench.open(scratch)
    sources = {t: _Sources(bench, t) for t in tables}
    again: dict[str, list[int]] = {t: [] for t in tables}
    proved: dict[str, bool] = dict.fromkeys(tables, True)
    failed: dict[str, str] = {}
    for number, line in sorted(bench.known.lines.items()):
        made: Mapping[str, pl.DataFrame] | str | None = None
        for table in (t for t in tables if t not in failed):
            rows = sources[table].whole(number)
            if rows is None:
                again[table].append(number)
                made = _made(line, store, rebuild) if made is None else made
                found = _checked(made, table, line)
                if isinstance(found, str):
                    rows = sources[table].unchecked(number, line)
                    if rows is None:
                        failed[table] = f"{table}: load {number} of {line['source']!r}: {found}"
                        continue
                else:
                    rows = found
            wrote = store.append(table, rows.drop("load", strict=False), number)
            if number in again[table]:
                proved[table] &= _same_bytes(wrote, line, table)
        store.log.add({**line, "files": None})
    bench.told.left += failed.values()
    return {t: _how(again[t], proved=proved[t]) for t in tables if t not in failed}


def _same_bytes(wrote: Written, line: Line, table: str) -> bool:
    """Whether files written again have the checksums of those that the load wrote."""
    then = written.of_load(line.get("files")).get(table, Written())
    return sorted(f.crc for f in wrote.files) == sorted(f.crc for f in then.files)


def _how(again: Sequence[int], *, proved: bool) -> str:
    if not again:
        return "built again from its whole files"
    if proved:
        end = "from the raw bytes, bit for bit"
    else:
        end = (
            "from the raw bytes, as many rows as before; the files are not byte for byte those "
            "written then, so that their values cannot be proved the same"
        )
    return f"built again; load {', '.join(map(str, again))} {end}"


def _shared(source: str, target: str) -> None:
    """The same file by another name; a copy where the disk knows no second names."""
    try:
        link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _made(line: Line, store: Store, rebuild: Rebuild) -> Mapping[str, pl.DataFrame] | str:
    try:
        return rebuild(line, store)
    except PacelineError as error:
        return error.message


def _checked(made: Mapping[str, pl.DataFrame] | str, table: str, line: Line) -> pl.DataFrame | str:
    """The rows made again, if they are as many as were written; else why not."""
    if isinstance(made, str):
        return made
    expected = written.of_load(line.get("files")).get(table, Written()).rows
    rows = made.get(table)
    count = 0 if rows is None else len(rows)
    if count != expected or rows is None:
        were = agreeing(expected, "was", "were")
        return f"the raw bytes give {number_of(count, 'row')} now, {expected} {were} written"
    return rows


class _Sources:
    """Where rows of a table may still be had."""

    def __init__(self, bench: _Bench, table: str) -> None:
        self.table, self.columns = table, layout.columns(table)
        self.expected: Expected = bench.known.expected(table)
        self.places = {p: bench.find(table, k) for p, (k, _) in self.expected.files.items()}
        self.strange: list[Path] = []  # listed in the log, without a checksum on record
        with suppress(PacelineError, delta.ConflictError):
            folder = bench.path / "tables" / table
            for segment in delta.segments(delta.open_table(folder), folder):
                if segment.path.relative_to(folder).as_posix() not in self.expected.files:
                    self.strange.append(segment.path)

    def whole(self, number: int) -> pl.DataFrame | None:
        """The rows of a load from files that are as they were written; None if one is not."""
        mine = [p for p, (_, loads) in self.expected.files.items() if number in loads]
        found = [self.places[p] for p in mine]
        if any(p is None for p in found):
            return None
        return self._read([p for p in found if p is not None], number)

    def unchecked(self, number: int, line: Line) -> pl.DataFrame | None:
        """The rows of a load from files whose checksum was lost, if they are as many as written."""
        with suppress(pl.exceptions.PolarsError, OSError):
            rows = self._read(self.strange, number)
            if len(rows) == written.of_load(line.get("files")).get(self.table, Written()).rows:
                return rows
        return None

    def _read(self, paths: Sequence[Path], number: int) -> pl.DataFrame:
        return delta.scan_files(paths, self.columns).filter(pl.col("load") == number).collect()


def _replace(bench: _Bench, table: str, new: Path, what: str) -> None:
    """Put a new table in the place of the damaged one, and keep what it consists of."""
    old = bench.path / "tables" / table
    replaced = frozenset(bench.known.expected(table).files)
    wrote = written.since(new, -1) if new.exists() else Written()
    bench.put_aside(old)
    if new.exists():
        new.rename(old)
    last = max(bench.known.lines, default=0)
    written.write_rewrite(bench.path / "rewrites", Rewrite(table, last, True, replaced, wrote))
    bench.told.done.append(f"{table}: {what}")


def _loads(bench: _Bench, scratch: Path) -> None:
    """The table ``loads`` from its own rows and from receipts."""
    new = scratch / "listed"
    rows = layout.as_loads(line for _, line in sorted(bench.known.lines.items()))
    delta.append(new, rows)
    _replace(bench, "loads", new, f"built again with {number_of(len(rows), 'load')}")
    unknown = bench.known.unknown()
    if unknown:
        bench.told.left.append(
            f"loads: claims {', '.join(map(str, unknown))} have no receipt; a load of that number, "
            "if there was one, is lost"
        )


# ---- the rest


def _beside(bench: _Bench) -> None:
    """Receipts written again; damaged records and steps put aside; results to be worked out."""
    known = records(bench.path)
    for number, line in known.lines.items():
        claim = bench.path / "claims" / f"{number:08d}"
        with suppress(OSError, ValueError):
            if written.read_receipt(claim) is not None:
                continue
        bench.put_aside(claim)
        own = written.of_commit(bench.path / "tables" / "loads", number)
        written.write_receipt(bench.path / "claims", line, own)
        bench.told.done.append(f"claims: the receipt of load {number} was written again")
    for fault in bench.checked.faults:
        if fault.place in ("rewrites", "steps"):
            bench.put_aside(bench.path / fault.place / fault.file)
            lost = fault.what == "is missing" and fault.file != steps.LIST
            what = "is lost, and no longer listed" if lost else "was put aside"
            bench.told.done.append(f"{fault.place}: {fault.file} {what}")
    if "steps" in bench.places():
        steps.relist(bench.path / "steps")
    # what was worked out from damaged bytes is not to be trusted
    shutil.rmtree(bench.path / "cache", ignore_errors=True)
