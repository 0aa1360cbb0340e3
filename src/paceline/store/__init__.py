"""The store: a folder of append-only Delta tables with one commit point, and raw bytes by checksum.

    tables/<name>/   rows of every table of ``schema``, each with its two clocks: known and load
    tables/withdrawn/  markers of rows that their source no longer states
    tables/loads/    one row per import; appending it is the only commit. Rows of loads not listed
                     do not exist
    raw/             the bytes as they came, named by their SHA-256
    claims/          one file per load number ever taken, so that no number is used twice; once the
                     load is committed it holds its receipt
    rewrites/        which files of a table took the place of others
    steps/           the lineage of each run
    cache/           results worked out before; may be deleted at any time

An import states what its source says now; stored is what that changes (see ``statements``).

A writer claims a number, reads ``loads``, appends its rows with that number, and then appends one
row to ``loads`` on condition that nobody else has meanwhile. If somebody has, it starts over with a
higher number: once load N is visible, no smaller number can become visible, so "load <= N" always
means the same rows. Nothing is ever updated; compaction and vacuum move rows between files and
remove only rows that can never become visible. Killing a writer at any moment leaves every view as
it was. The row of a load lists every file it wrote, with rows and checksums (see ``written``): a
store that lost rows or loads is an error where it is read, and ``check`` finds every flipped bit.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from paceline import schema
from paceline.errors import StoreError, UsageError
from paceline.lineage import Origin, canonical
from paceline.sources import Finding, Raw
from paceline.store import causes, delta, files, layout, restated, statements, written
from paceline.store.cache import Cache, Entry
from paceline.store.check import Damage, Inspection, check
from paceline.store.delta import Segment
from paceline.store.repair import Fetch, Rebuild, Repaired, repair
from paceline.store.statements import Stated, Withdrawals, standing
from paceline.store.written import Rewrite, Written

if TYPE_CHECKING:
    from deltalake import DeltaTable

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
    "standing",
]

#: What one load writes: rows by table, and what its line in the log says of them.
Writing = tuple[dict[str, pl.DataFrame], dict[str, Any]]

#: Between the names of two sources in a finding about both.
PAIR = " / "
#: Times an import is tried while others keep committing.
ATTEMPTS = 8
#: Hours after which ``vacuum`` takes a file that no table refers to for abandoned: a week.
ABANDONED = 168


class Store:
    """A store in one local folder; ``create=False`` insists that it exists.

    Raises ``StoreError`` for a missing, damaged or unwritable folder.
    """

    def __init__(self, path: str | Path, *, create: bool = True) -> None:
        self.path = Path(path)
        self._loads = self._folder("loads")
        self._claims = self.path / "claims"
        self._seen: tuple[object, pl.DataFrame] | None = None
        self._taken: dict[tuple[str, int], Withdrawals] = {}
        self._wrote: tuple[pl.DataFrame, dict[str, int]] | None = None
        if create:
            with delta.guard(self.path, "creating the store"):
                for folder in ("tables", "raw", "claims", "rewrites", "steps", "cache"):
                    (self.path / folder).mkdir(parents=True, exist_ok=True)
            delta.create(self._loads, layout.LOADS)
        elif not delta.exists(self._loads):
            raise self._missing()

    def _missing(self) -> StoreError:
        return StoreError(
            f"{self.path} holds no store.",
            "Run `paceline import` first, or name one with --store DIR.",
        )

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
        return _last(self.loads())

    def resolve(self, version: int | str | dt.date | None = None) -> int:
        """The load number that is meant.

        version  a number; a date or its ISO text: the last load committed by the end of that day,
                 UTC; None or "latest": the newest

        Raises ``StoreError`` for a version that never was, ``UsageError`` for text that is neither.
        """
        loads = self._all_loads()
        last = _last(loads)
        if version is None or version == "latest":
            return last
        if isinstance(version, str):
            version = _number_or_date(version)
        if isinstance(version, int):
            if not (1 <= version <= last or version == last):
                raise StoreError(
                    f"version {version} of {self.path} does not exist.",
                    f"Versions run from 1 to {last}." if last else "Nothing was imported yet.",
                )
            return version
        day = version.date() if isinstance(version, dt.datetime) else version
        before = loads.filter(pl.col("committed").dt.date() <= day)
        if before.is_empty():
            since = (
                f"the first load was committed on {loads['committed'].dt.date()[0]}"
                if last
                else "it is empty"
            )
            raise StoreError(
                f"{self.path} has no version of {day}: {since}.",
                "Ask for a later day or a load number.",
            )
        return _last(before)

    def loads(self, version: int | str | dt.date | None = None) -> pl.DataFrame:
        """One row per import up to ``version``.

        Columns load, source, checksum, committed, rows, tables (JSON: rows of each) and origins
        (JSON).
        """
        loads = self._all_loads().drop("files")
        return loads if version is None else loads.filter(pl.col("load") <= self.resolve(version))

    def has(self, checksum: str) -> bool:
        """Whether an import with that checksum is listed."""
        return checksum in self.loads()["checksum"]

    def _all_loads(self, table: DeltaTable | None = None) -> pl.DataFrame:
        state = delta.state(self._loads)
        if table is None and self._seen is not None and self._seen[0] == state:
            return self._seen[1]
        loads = self._listed(table)
        if table is None:  # one that was opened before may know less than the claims
            missing = written.receipts(self._claims, loads["load"])
            if missing:  # written before it is listed again: whatever has a receipt was listed
                loads = self._listed(None)
                missing = {n: text for n, text in missing.items() if n not in loads["load"]}
            if missing:
                raise causes.damaged(self._loads, f"it lost {', '.join(missing.values())}")
            self._seen = state, loads
        return loads

    def _listed(self, table: DeltaTable | None) -> pl.DataFrame:
        """The rows of ``loads``, of ``table`` or as they are now."""
        table = table or delta.open_table(self._loads)
        if table is None:
            raise self._missing()
        with delta.guard(self._loads, "reading the list of loads"):
            segments = delta.segments(table, self._loads)
            return delta.scan(segments, layout.LOADS).collect().sort("load")

    # ---- writing

    def state(
        self,
        tables: Mapping[str, pl.DataFrame],
        *,
        source: str,
        checksum: str,
        declaration: str = "",
        market: str = "",
        origins: Sequence[Origin] = (),
        findings: Sequence[Finding] = (),
        quarantine: pl.DataFrame | None = None,
        adds_only: bool = False,
    ) -> Stated | None:
        """Store what ``source`` says now: these rows, and no others; see ``statements``.

        None, and nothing is written, where its last load has that checksum and was read by the
        same code (``Origin.parser``). Rows are brought into form as in ``commit``; what differs
        from the version on which the load is committed is stored, or nothing.

        checksum     of what is stated: bytes and declaration; "" withdraws the source
        declaration  of the settings alone
        market       name of the market that states it
        adds_only    rows that are not stated stay, and so does a value that is missing
        """
        rows = {name: layout.conform(name, frame, source) for name, frame in tables.items()}
        beside = layout.beside(source, findings, quarantine)
        described = _described(source, checksum, rows, origins)
        described |= {"declaration": declaration, "market": market}

        def said(loads: pl.DataFrame) -> bool:
            last = statements.latest(loads, source)
            if last is None or last["checksum"] != checksum:
                return False
            parsers = {o.get("parser", "") for o in json.loads(last["origins"])}
            return parsers == {o.parser for o in origins}

        def make(loads: pl.DataFrame) -> Writing:
            d = statements.revision(self, loads, source, rows, adds_only=adds_only)
            line = {**described, "blocks": d.blocks, "changes": d.changes}
            return {**d.rows, **beside, "withdrawn": d.markers}, line

        done = self._commit(source, origins, said, make)
        return None if done is None else Stated.of(*done)

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
        described = _described(source, checksum, rows, origins)
        rows |= layout.beside(source, findings, quarantine)
        done = self._commit(
            source,
            origins,
            lambda loads: checksum in loads["checksum"],
            lambda _: (rows, described),
        )
        return None if done is None else done[0]

    def _commit(
        self,
        source: str,
        origins: Sequence[Origin],
        said: Callable[[pl.DataFrame], bool],
        make: Callable[[pl.DataFrame], Writing],
    ) -> tuple[int, dict[str, Any]] | None:
        """One load: its number and its line in the log; None where ``said`` finds nothing new.

        make  what to write on top of the loads it is given; asked again whenever others committed
        """
        kept = {"raw": files.kept_raw(self.path / "raw", origins)}
        for _ in range(ATTEMPTS):
            if said(self.loads()):
                return None
            load = files.claim(self._claims, self.version)
            table = delta.open_table(self._loads)
            assert table is not None
            before = self._all_loads(table)
            if said(before):
                return None
            if load <= _last(before):
                continue
            self._make_up_receipt(before)
            rows, described = make(before)
            wrote = {name: self._append(name, frame, load) for name, frame in rows.items()}
            now = dt.datetime.now(dt.UTC)
            if len(before):  # a clock set back must not reorder the past
                now = max(now, before["committed"].max())  # type: ignore[type-var, assignment]
            line = {"load": load, "committed": now, **described, "files": canonical(wrote | kept)}
            try:
                own = delta.append_if_unchanged(
                    table, self._loads, pl.DataFrame([line], schema=layout.LOADS)
                )
            except delta.ConflictError:
                continue
            written.write_receipt(self._claims, line, own)
            return load, line
        raise StoreError(
            f"{self.path}: other imports kept committing while {source!r} was being stored.",
            "Nothing of it was stored: run the import again.",
        )

    def _make_up_receipt(self, loads: pl.DataFrame) -> None:
        """Write the receipt of the newest load, if its writer was killed before it could."""
        if len(loads):
            line = loads.row(-1, named=True)
            claim = self._claims / f"{line['load']:08d}"
            if claim.is_file() and claim.read_bytes() == written.CLAIMED:
                own = written.of_commit(self._loads, line["load"])
                written.write_receipt(self._claims, line, own)

    def _append(self, name: str, frame: pl.DataFrame, load: int) -> Written:
        if frame.is_empty():
            return Written()
        frame, partition = frame.with_columns(load=pl.lit(load, pl.Int32)), None
        if name in layout.BY_YEAR:
            frame, partition = frame.with_columns(year=pl.col("date").dt.year()), "year"
        try:
            return delta.append(self._folder(name), frame, partition, load)
        except delta.ConflictError:  # two writers created the table at the same moment
            return delta.append(self._folder(name), frame, partition, load)

    def rows_of(
        self,
        tables: Mapping[str, pl.DataFrame],
        source: str,
        findings: Sequence[Finding] = (),
        quarantine: pl.DataFrame | None = None,
        line: Mapping[str, Any] | None = None,
    ) -> dict[str, pl.DataFrame]:
        """What an import would write here, without its load number: for a repair.

        line  its row of ``loads``; that of a statement says so, and then it is what differs
        """
        rows = {name: layout.conform(name, frame, source) for name, frame in tables.items()}
        beside = layout.beside(source, findings, quarantine)
        if line is None or line["changes"] is None:
            return rows | beside
        adds_only = line["blocks"] is None
        d = statements.revision(self, self.loads(), source, rows, adds_only=adds_only)
        return {**d.rows, **beside, "withdrawn": d.markers}

    def append_rows(self, name: str, rows: pl.DataFrame, load: int) -> Written:
        """Add rows of a load that ``list_load`` makes visible later: for a repair."""
        return self._append(name, rows.drop("load", strict=False), load)

    def list_load(self, line: Mapping[str, Any]) -> None:
        """List a load by its row of ``loads``: for a repair."""
        delta.append(self._loads, layout.as_loads([line]))

    # ---- reading

    def segments(
        self, name: str, version: int | str | dt.date | None = None
    ) -> tuple[list[Segment], frozenset[int]]:
        """The data files that may hold rows of the table, and the loads listed, at ``version``."""
        loads = self.loads(version)
        return self._segments(name, loads), frozenset(loads["load"])

    def _segments(self, name: str, loads: pl.DataFrame) -> list[Segment]:
        folder, last = self._folder(name), _last(loads)
        every = self._all_loads()  # first: whatever is listed there was written before
        segments = delta.segments(delta.open_table(folder), folder)
        delta.refuse_lost_rows(folder, segments, self._rows_of(name, every), every["load"])
        segments = [s for s in segments if s.first_load is None or s.first_load <= last]
        return (
            self._withdrawals(name, loads).living(segments) if name in schema.TABLES else segments
        )

    def withdrawals(self, name: str, version: int | str | dt.date | None = None) -> Withdrawals:
        """Which rows of a declared table its sources had withdrawn by ``version``."""
        return self._withdrawals(name, self.loads(version))

    def _withdrawals(self, name: str, loads: pl.DataFrame) -> Withdrawals:
        at = name, _last(loads)  # loads up to a number always mean the same rows
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

    def _rows_of(self, name: str, loads: pl.DataFrame) -> int:
        """Rows that all loads wrote into a table, as far as they say so."""
        if self._wrote is None or self._wrote[0] is not loads:
            rows = dict.fromkeys(layout.TABLES, 0)
            for files_ in loads["files"]:
                for table, wrote in written.of_load(files_).items():
                    rows[table] = rows.get(table, 0) + wrote.rows
            self._wrote = loads, rows
        return self._wrote[1].get(name, 0)

    def table(self, name: str, version: int | str | dt.date | None = None) -> pl.LazyFrame:
        """The rows of a table as they stood at ``version``, columns as in ``schema``, lazily.

        Without rows that were withdrawn; of rows that were added twice (``commit``) both.
        """
        loads = self.loads(version)
        segments, columns = self._segments(name, loads), layout.columns(name)
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

    def last_day(self, name: str, version: int | str | dt.date | None = None) -> dt.date | None:
        """The last date of a table kept by year, from its youngest year that has rows."""
        years = {s.year for s in self.segments(name, version)[0] if s.year is not None}
        rows = self.table(name, version)
        for year in sorted(years, reverse=True):
            with delta.guard(self._folder(name), "reading"):
                last = (
                    rows.filter(pl.col("date") >= dt.date(year, 1, 1))
                    .select(pl.col("date").max())
                    .collect()
                    .item()
                )
            if isinstance(last, dt.date):
                return last
        return None

    def read(self, name: str, version: int | str | dt.date | None = None) -> pl.DataFrame:
        """``table``, collected; a damaged file is a ``StoreError``."""
        frame = self.table(name, version)
        with delta.guard(self._folder(name), "reading"):
            return frame.collect()

    def sources(self, version: int | str | dt.date | None = None) -> list[str]:
        """The sources whose statements stand at ``version``, in order of their first import."""
        loads = self.loads(version)
        last = loads.unique("source", keep="last").filter(pl.col("checksum") != "")["source"]
        return [s for s in loads["source"].unique(maintain_order=True) if s in set(last)]

    def latest(self, source: str) -> dict[str, Any] | None:
        """The row of ``loads`` of the last import of a source; None for one never imported."""
        return statements.latest(self.loads(), source)

    def standing(self, version: int | str | dt.date | None = None) -> pl.DataFrame:
        """The rows of ``loads`` that state what stands at ``version``."""
        return standing(self.loads(version))

    def statement(
        self, source: str, name: str, version: int | str | dt.date | None = None
    ) -> pl.DataFrame:
        """The rows of a table that one source states at ``version``."""
        loads = self.loads(self.version if version is None else version)
        return statements.of_source(self, loads, source, name)

    def changes(self, version: int | str | dt.date | None = None) -> pl.DataFrame:
        """What statements changed of what was stated before, by load and table, newest first.

        Columns load, committed, source, table, added, changed, withdrawn, and what: sentences that
        name withdrawn rows and measure restated history. Loads that only added are left out.
        """
        rows = [
            {
                **{k: load[k] for k in ("load", "committed", "source")},
                "table": name,
                **{k: told[k] for k in ("added", "changed", "withdrawn")},
                "what": restated.sentences(told),
            }
            for load in self.loads(version).drop_nulls("changes").iter_rows(named=True)
            for name, told in json.loads(load["changes"]).items()
            if told["changed"] or told["withdrawn"]
        ]
        return pl.DataFrame(rows[::-1], schema=layout.CHANGES)

    def findings(self, version: int | str | dt.date | None = None) -> pl.DataFrame:
        """Faults found in what the sources state at ``version``, each once.

        What two sources say differently counts as of the later statement of the two.
        """
        loads = self.standing(version)
        last = dict(loads.group_by("source").agg(pl.col("load").max()).iter_rows())
        rows = self._of_standing("findings", version).sort("load", "source", "check")
        newest = [
            load == max(load, *(last.get(name, 0) for name in pair.split(PAIR)))
            for load, pair in rows.select("load", "source").iter_rows()
        ]
        own = ~pl.col("source").str.contains(PAIR, literal=True)
        return rows.filter(own | pl.Series(newest, dtype=pl.Boolean))

    def quarantine(self, version: int | str | dt.date | None = None) -> pl.DataFrame:
        """Rows set aside of what is stated, with the reason; ``row`` is the row as JSON."""
        return self._of_standing("quarantine", version).sort("load", "source", "table")

    def _of_standing(self, name: str, version: int | str | dt.date | None) -> pl.DataFrame:
        number = self.version if version is None else self.resolve(version)
        loads = self.standing(number)["load"]
        return self.read(name, number).drop("known").filter(pl.col("load").is_in(loads.implode()))

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
        return files.save_steps(self.path / "steps", steps, writable=self.writable)

    def step(self, id_: str) -> dict[str, Any] | None:
        """The stored step of that id, or of the only id that begins with it; None without one."""
        return files.find_step(self.path / "steps", id_)

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


def _described(
    source: str, checksum: str, rows: Mapping[str, pl.DataFrame], origins: Sequence[Origin]
) -> dict[str, Any]:
    """What a load's line in the log says of what it was given."""
    counts = {name: len(frame) for name, frame in rows.items()}
    return {
        "source": source,
        "checksum": checksum,
        "rows": sum(counts.values()),
        "tables": canonical(counts),
        "origins": canonical([asdict(o) for o in origins]),
    }


def _number_or_date(text: str) -> int | dt.date:
    """A version as it is written: a load number or an ISO date."""
    if text.strip().isdigit():
        return int(text)
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"store version {text!r} is neither a number nor a date.",
            "Give a load number such as 12, or a day as YYYY-MM-DD.",
        ) from None


def _last(loads: pl.DataFrame) -> int:
    return int(loads["load"].max() or 0)  # type: ignore[arg-type]
