"""The store: a folder of append-only Delta tables with one commit point, and raw bytes by checksum.

    tables/<name>/   rows of every table of ``schema``, each with its two clocks: known and load
    tables/withdrawn/  markers of rows that their source no longer states
    tables/loads/    one row per import; appending it is the only commit. Rows of loads not listed
                     do not exist
    raw/             the bytes as they came, named by their SHA-256
    claims/          one file per load number ever taken, so that no number is used twice; once the
                     load is committed it holds its receipt
    rewrites/        which files of a table took the place of others
    steps/           the lineage of each run, and a list of its files
    cache/           results worked out before; may be deleted at any time

An import states what its source says now; stored is what that changes (see ``statements``).

Loads are committed one after the other (see ``loads``). Nothing is ever updated; compaction and
vacuum move rows between files and remove only rows that can never become visible. Killing a writer
at any moment leaves every view as it was. The row of a load lists every file it wrote, with rows
and checksums (see ``written``): a store that lost rows or loads is an error where it is read, and
``check`` finds every flipped bit. What imports changed and found is told by ``told``.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from paceline import schema
from paceline.lineage import Origin, canonical
from paceline.sources import Finding, Raw
from paceline.store import delta, files, layout, statements, written
from paceline.store import steps as steps_
from paceline.store.cache import Cache, Entry
from paceline.store.check import Damage, Inspection, check
from paceline.store.delta import Segment
from paceline.store.loads import LoadLog, last_of
from paceline.store.repair import Fetch, Rebuild, Repaired, repair
from paceline.store.statements import Stated, Withdrawals
from paceline.store.written import Rewrite, Written

__all__ = [
    "Cache",
    "Damage",
    "Entry",
    "Inspection",
    "Repaired",
    "Segment",
    "Stated",
    "Store",
    "Withdrawals",
    "check",
]

#: What one load writes: rows by table, and what its line in the log says of them.
Writing = tuple[dict[str, pl.DataFrame], dict[str, Any]]

#: Folders of a store.
FOLDERS = ("tables", "raw", "claims", "rewrites", "steps")
#: Hours after which ``vacuum`` takes a file that no table refers to for abandoned: a week.
ABANDONED = 168


class Store:
    """A store in one local folder; ``create=False`` insists that it exists.

    Raises ``StoreError`` for a missing, damaged or unwritable folder.
    """

    def __init__(self, path: str | Path, *, create: bool = True) -> None:
        self.path = Path(path)
        self.log = LoadLog(self.path)
        self._taken: dict[tuple[str, int], Withdrawals] = {}
        self._last: dict[object, dt.date | None] = {}
        self._listed: dict[Path, tuple[object, list[tuple[Segment, int]]]] = {}
        there = delta.exists(self.log.folder)
        if not (there or create):
            raise self.log.missing()
        if create and (not there or self.writable):
            with delta.guard(self.path, "creating the store"):
                for folder in FOLDERS:
                    (self.path / folder).mkdir(parents=True, exist_ok=True)
            delta.create(self.log.folder, layout.LOADS)

    def _folder(self, name: str) -> Path:
        return self.path / "tables" / name

    @cached_property
    def cache(self) -> Cache:
        """Results worked out from this store before."""
        return Cache(self.path / "cache")

    @property
    def writable(self) -> bool:
        """Whether this user may write here; a store on a read-only disk answers all the same."""
        return os.access(self.path, os.W_OK)

    # ---- versions

    @property
    def version(self) -> int:
        """The largest listed load; 0 when nothing was imported."""
        return self.log.resolve()

    def resolve(self, version: int | str | dt.date | None = None) -> int:
        """The load number that is meant.

        version  a number; a date or its ISO text: the last load committed by the end of that day,
                 UTC; None or "latest": the newest

        Raises ``StoreError`` for a version that never was, ``UsageError`` for text that is neither.
        """
        return self.log.resolve(version)

    def loads(self, version: int | str | dt.date | None = None) -> pl.DataFrame:
        """One row per import up to ``version``.

        Columns load, source, checksum, committed, rows, tables (JSON: rows of each), origins
        (JSON), and of statements market, declaration, blocks and changes.
        """
        return self.log.until(version)

    # ---- writing

    def state(
        self,
        tables: Mapping[str, pl.DataFrame],
        *,
        source: str,
        checksum: str,
        declaration: str = "",
        asked: str | None = None,
        market: str = "",
        place: str | None = None,
        origins: Sequence[Origin] = (),
        findings: Sequence[Finding] = (),
        quarantine: pl.DataFrame | None = None,
        adds_only: bool = False,
        refuse: Callable[[pl.DataFrame], None] = lambda _: None,
    ) -> Stated | None:
        """Store what ``source`` says now: these rows, and no others; see ``statements``.

        None, and nothing is written, where its last load has that checksum and was read by the
        same code (``Origin.parser``). Rows are brought into form as in ``commit``; what differs
        from the version on which the load is committed is stored, or nothing.

        checksum     of what is stated: bytes and declaration; "" withdraws the source
        declaration  of the settings alone
        asked        what other sources were asked while it was read
        market, place  the market that states it: its name, and its file as JSON
        refuse       raises where the loads it is given forbid this one
        adds_only    rows that are not stated stay, and so does a value that is missing
        """
        rows = {name: layout.conform(name, frame, source) for name, frame in tables.items()}
        beside = layout.beside(source, findings, quarantine)
        described = layout.described(source, checksum, rows, origins)
        described |= {"declaration": declaration, "asked": asked, "market": market, "place": place}

        def said(loads: pl.DataFrame) -> bool:
            last = statements.latest(loads, source)
            if last is None or last["checksum"] != checksum:
                return False
            parsers = {o.get("parser", "") for o in json.loads(last["origins"])}
            return parsers == {o.parser for o in origins}

        def make(loads: pl.DataFrame) -> Writing:
            refuse(loads)
            d = statements.revision(self, loads, source, rows, adds_only=adds_only)
            line = {**described, "blocks": d.blocks, "changes": d.changes}
            return {**d.rows, **beside, "withdrawn": d.markers}, line

        done = self._commit(source, origins, said, make)
        return None if done is None else Stated.of(done)

    def commit(
        self,
        tables: Mapping[str, pl.DataFrame],
        *,
        source: str,
        checksum: str,
        origins: Sequence[Origin] = (),
        findings: Sequence[Finding] = (),
        quarantine: pl.DataFrame | None = None,
    ) -> int | None:
        """Add rows to what ``source`` says; its load number, or None if its checksum is listed.

        ``known`` is filled from the table's dating column where the source gives none; in
        ``prices`` a missing ``source`` becomes ``source``. Rows must keep the schema and be unique
        in key and ``known``: that is ``quality``'s work, so a breach here is a ``StoreError``.
        Either everything is stored or nothing.
        """
        rows = {name: layout.conform(name, frame, source) for name, frame in tables.items()}
        described = layout.described(source, checksum, rows, origins)
        rows |= layout.beside(source, findings, quarantine)
        done = self._commit(
            source,
            origins,
            lambda loads: checksum in loads["checksum"],
            lambda _: (rows, described),
        )
        return None if done is None else int(done["load"])

    def _commit(
        self,
        source: str,
        origins: Sequence[Origin],
        said: Callable[[pl.DataFrame], bool],
        make: Callable[[pl.DataFrame], Writing],
    ) -> dict[str, Any] | None:
        """One load: its line in the log; None where ``said`` finds nothing new.

        make  what to write on top of the loads it is given; asked again whenever others committed
        """
        kept = {"raw": files.kept_raw(self.path / "raw", origins)}

        def write(load: int, before: pl.DataFrame) -> dict[str, Any]:
            rows, described = make(before)
            wrote = {name: self.append(name, frame, load) for name, frame in rows.items()}
            return {**described, "files": canonical(wrote | kept)}

        return self.log.commit(source, said, write)

    def append(self, name: str, frame: pl.DataFrame, load: int) -> Written:
        """Write rows of a load, which nobody sees before it is listed."""
        if frame.is_empty():
            return Written()
        frame, partition = frame.with_columns(load=pl.lit(load, pl.Int32)), None
        if name in layout.BY_YEAR:
            frame, partition = frame.with_columns(year=pl.col("date").dt.year()), "year"
        try:
            return delta.append(self._folder(name), frame, partition, load)
        except delta.ConflictError:  # two writers created the table at the same moment
            return delta.append(self._folder(name), frame, partition, load)

    # ---- reading

    def segments(
        self, name: str, version: int | str | dt.date | None = None
    ) -> tuple[list[Segment], frozenset[int]]:
        """The data files that may hold rows of the table, and the loads listed, at ``version``."""
        loads = self.loads(version)
        return self._segments(name, loads), frozenset(loads["load"])

    def _segments(self, name: str, loads: pl.DataFrame) -> list[Segment]:
        folder, last = self._folder(name), last_of(loads)
        every = self.log.every()  # first: whatever is listed there was written before
        expected = self.log.rows_written(name, every)
        segments = self._files(folder)
        delta.refuse_lost_rows(folder, segments, expected, every["load"])
        segments = [s for s in segments if s.first_load is None or s.first_load <= last]
        return (
            self._withdrawals(name, loads).living(segments) if name in schema.TABLES else segments
        )

    def _files(self, folder: Path) -> list[Segment]:
        """The data files of a table; its log is read again once somebody wrote to it."""
        state = delta.state(folder / "_delta_log")
        if folder not in self._listed or self._listed[folder][0] != state:
            self._listed[folder] = state, delta.listing(delta.open_table(folder), folder)
        return delta.there(self._listed[folder][1], folder)

    def withdrawals(self, name: str, version: int | str | dt.date | None = None) -> Withdrawals:
        """Which rows of a declared table its sources had withdrawn by ``version``."""
        return self._withdrawals(name, self.loads(version))

    def _withdrawals(self, name: str, loads: pl.DataFrame) -> Withdrawals:
        at = name, last_of(loads)  # loads up to a number always mean the same rows
        if at not in self._taken:
            self._taken[at] = Withdrawals(name, self._markers(name, loads), loads)
        return self._taken[at]

    def _markers(self, name: str, loads: pl.DataFrame) -> pl.DataFrame:
        folder = self._folder("withdrawn")
        segments = self._segments("withdrawn", loads)
        mine = [s for s in segments if s.constant.get("table", name) == name]
        kept = (pl.col("table") == name) & pl.col("load").is_in(loads["load"].implode())
        with delta.guard(folder, "reading"):
            return delta.scan(mine, layout.WITHDRAWN).filter(kept).collect()

    def table(
        self, name: str, version: int | str | dt.date | None = None, year: int | None = None
    ) -> pl.LazyFrame:
        """The rows of a table as they stood at ``version``, columns as in ``schema``, lazily.

        Without rows that were withdrawn; of rows that were added twice (``commit``) both.

        year  of the files of this year alone, of a table that is kept by year
        """
        loads = self.loads(version)
        segments, columns = self._segments(name, loads), layout.columns(name)
        segments = [s for s in segments if year in (None, s.year)]
        listed = pl.col("load").is_in(loads["load"].implode())
        if name not in schema.TABLES:
            return delta.scan(segments, columns).filter(listed)
        withdrawals = self._withdrawals(name, loads)
        touched = [s for s in segments if withdrawals.touch([s])]
        whole = delta.scan([s for s in segments if s not in touched], columns).filter(listed)
        if not touched:
            return whole
        live = withdrawals.live(delta.scan(touched, columns).filter(listed))
        return live if len(touched) == len(segments) else pl.concat([whole, live])

    def last_day(
        self,
        name: str,
        version: int | str | dt.date | None = None,
        sources: Sequence[str] | None = None,
    ) -> dt.date | None:
        """The last date of a table kept by year, from its youngest year that has rows.

        sources  of the rows of these alone; None: of all
        """
        segments, loads = self.segments(name, version)
        key = name, max(loads, default=0), None if sources is None else tuple(sources)
        if key not in self._last:  # loads up to a number always mean the same rows
            years = {s.year for s in segments if s.year is not None}
            self._last[key] = self._last_day(name, version, sources, years)
        return self._last[key]

    def _last_day(
        self,
        name: str,
        version: int | str | dt.date | None,
        sources: Sequence[str] | None,
        years: Collection[int],
    ) -> dt.date | None:
        for year in sorted(years, reverse=True):
            rows = self.table(name, version, year)
            if sources is not None:
                rows = rows.filter(pl.col("source").is_in(list(sources)))
            with delta.guard(self._folder(name), "reading"):
                last = rows.select(pl.col("date").max()).collect().item()
            if isinstance(last, dt.date):
                return last
        return None

    def read(self, name: str, version: int | str | dt.date | None = None) -> pl.DataFrame:
        """``table``, collected; a damaged file is a ``StoreError``."""
        frame = self.table(name, version)
        with delta.guard(self._folder(name), "reading"):
            return frame.collect()

    def statement(
        self, source: str, name: str, version: int | str | dt.date | None = None
    ) -> pl.DataFrame:
        """The rows of a table that one source states at ``version``."""
        loads = self.loads(self.version if version is None else version)
        return statements.of_source(self, loads, source, name)

    # ---- raw bytes and lineage

    def keep_raw(self, raw: Raw) -> str:
        """Keep the bytes under their SHA-256, once; returns it."""
        return files.keep_raw(self.path / "raw", raw.data)

    def raw(self, checksum: str) -> bytes:
        """The bytes with that SHA-256, verified."""
        return files.read_raw(self.path / "raw", checksum)

    def save_steps(self, steps: Iterable[Mapping[str, Any]]) -> bool:
        """Keep the lineage steps of a run (each with its ``id``); twice the same writes nothing.

        False, and nothing is kept, where the folder may only be read.
        """
        return steps_.save(self.path / "steps", steps, writable=self.writable)

    def step(self, id_: str) -> dict[str, Any] | None:
        """The stored step of that id, or of the only id that begins with it; None without one."""
        return steps_.find(self.path / "steps", id_)

    def unknown_steps(self, ids: Collection[str]) -> set[str]:
        """Those of the ids of which no step is stored."""
        return steps_.unknown(self.path / "steps", ids)

    # ---- housekeeping

    def check(self) -> Inspection:
        """What of this store is as it was written: see ``check``. Nothing is changed."""
        return check(self.path)

    @staticmethod
    def repair(path: str | Path, rebuild: Rebuild, fetch: Fetch) -> Repaired:
        """Build again what is damaged of the store in a folder: see ``repair``."""
        return repair(Path(path), rebuild, fetch, Store)

    def compact(self) -> int:
        """Merge small files and drop rows that can never become visible; no view changes.

        Returns the number of partitions rewritten.
        """
        listed, done = self.loads()["load"].to_list(), 0
        for name in layout.TABLES:
            folder = self._folder(name)
            if delta.exists(folder):
                for replaced, wrote in delta.compact(
                    folder,
                    layout.columns(name),
                    layout.order_when_compacted(name),
                    listed,
                    "year" if name in layout.BY_YEAR else None,
                ):
                    done += 1
                    rewrite = Rewrite(name, max(listed, default=0), False, replaced, wrote)
                    written.write_rewrite(self.path / "rewrites", rewrite)
        return done

    def vacuum(self, hours: int = ABANDONED) -> int:
        """Delete files no table refers to and older than ``hours``; returns how many."""
        return sum(delta.vacuum(self._folder(name), hours) for name in layout.TABLES)
