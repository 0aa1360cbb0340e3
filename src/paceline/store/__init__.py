"""The store: a folder of append-only Delta tables with one commit point, and raw bytes by checksum.

    tables/<name>/   rows of every table of ``schema``, each with its two clocks: known and load
    tables/loads/    one row per import; appending it is the only commit. Rows of loads not listed
                     do not exist
    raw/             the bytes as they came, named by their SHA-256
    claims/          one empty file per load number ever taken, so that no number is used twice
    steps/           the lineage of each run
    cache/           assembled panels; may be deleted at any time

A writer claims a number, reads ``loads``, appends its rows with that number, and then appends one
row to ``loads`` on condition that nobody else has meanwhile. If somebody has, it starts over with a
higher number: once load N is visible, no smaller number can become visible, so "load <= N" always
means the same rows. Nothing is ever updated; compaction and vacuum move rows between files and
remove only rows that can never become visible. Killing a writer at any moment leaves every view as
it was."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from paceline import schema
from paceline.errors import StoreError, UsageError
from paceline.lineage import Origin, canonical
from paceline.rows import increasing
from paceline.sources import Finding, Raw
from paceline.store import delta
from paceline.store.delta import Segment

if TYPE_CHECKING:
    from deltalake import DeltaTable

__all__ = ["Segment", "Store"]

LOADS = pl.Schema(
    {
        "load": pl.Int32(),
        "source": pl.String(),
        "checksum": pl.String(),
        "committed": pl.Datetime("us", "UTC"),
        "rows": pl.Int64(),
        "tables": pl.String(),
        "origins": pl.String(),
    }
)
FINDINGS = pl.Schema(
    {
        "source": pl.String(),
        "check": pl.String(),
        "count": pl.Int64(),
        "action": pl.String(),
        "example": pl.String(),
        "remedy": pl.String(),
        "known": pl.Date(),
        "load": pl.Int32(),
    }
)
QUARANTINE = pl.Schema(
    {
        "source": pl.String(),
        "table": pl.String(),
        "reason": pl.String(),
        "row": pl.String(),
        "known": pl.Date(),
        "load": pl.Int32(),
    }
)
#: Tables that are written with every import beside the declared ones.
BESIDE = {"findings": FINDINGS, "quarantine": QUARANTINE}
#: Tables partitioned by the year of their date; all others stay whole.
BY_YEAR = ("prices",)
ATTEMPTS = 8


class Store:
    """A store in one local folder; ``create=False`` insists that it exists.

    Raises ``StoreError`` for a missing, damaged or unwritable folder.
    """

    def __init__(self, path: str | Path, *, create: bool = True) -> None:
        self.path = Path(path)
        self._loads = self.path / "tables" / "loads"
        self._seen: tuple[object, pl.DataFrame] | None = None
        if create:
            with delta.guard(self.path, "creating the store"):
                for folder in ("tables", "raw", "claims", "steps", "cache"):
                    (self.path / folder).mkdir(parents=True, exist_ok=True)
            delta.create(self._loads, LOADS)
        elif not delta.exists(self._loads):
            raise self._missing()

    @classmethod
    def open(cls, path: str | Path, create: bool = True) -> Store:
        return cls(path, create=create)

    def _missing(self) -> StoreError:
        return StoreError(
            f"{self.path} holds no store.",
            "Run `paceline import` first, or name one with --store DIR.",
        )

    # ---- versions
    # ---------------------------------------------------------------------------------------

    @property
    def version(self) -> int:
        """The largest listed load; 0 when nothing was imported."""
        return _last(self.loads())

    def resolve(self, version: int | str | dt.date | None = None) -> int:
        """The load number meant by a number, an ISO date (last load committed by the end of that day, UTC) or None.

        Raises ``StoreError`` for a version that never was, ``UsageError`` for text that is neither.
        """
        loads = self._all_loads()
        last = _last(loads)
        if version is None or version == "latest":
            return last
        if isinstance(version, str) and version.strip().isdigit():
            version = int(version)
        if isinstance(version, int):
            if not (1 <= version <= last or version == last):
                raise StoreError(
                    f"version {version} of {self.path} does not exist.",
                    f"Versions run from 1 to {last}." if last else "Nothing was imported yet.",
                )
            return version
        if isinstance(version, str):
            try:
                version = dt.date.fromisoformat(version)
            except ValueError:
                raise UsageError(
                    f"store version {version!r} is neither a number nor a date.",
                    "Give a load number such as 12, or a day as YYYY-MM-DD.",
                ) from None
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
        """One row per import up to ``version``: load, source, checksum, committed, rows, tables and origins (JSON)."""
        loads = self._all_loads()
        return loads if version is None else loads.filter(pl.col("load") <= self.resolve(version))

    def has(self, checksum: str, version: int | None = None) -> bool:
        """Whether an import with that checksum is listed."""
        return checksum in self.loads(version)["checksum"]

    def _all_loads(self, table: DeltaTable | None = None) -> pl.DataFrame:
        state = delta.state(self._loads)
        if table is None and self._seen is not None and self._seen[0] == state:
            return self._seen[1]
        table = table or delta.open_table(self._loads)
        if table is None:
            raise self._missing()
        with delta.guard(self._loads, "reading the list of loads"):
            found = delta.scan(delta.segments(table, self._loads), LOADS).collect().sort("load")
        self._seen = state, found
        return found

    # ---- writing
    # ----------------------------------------------------------------------------------------

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
        """Store one import; returns its load number, or None if its checksum is listed already.

        ``known`` is filled from the table's dating column where the source gives none; in
        ``prices`` a missing ``source`` becomes ``source``. Rows must keep the schema and be unique
        in key and ``known``: that is ``quality``'s work, so a breach here is a ``StoreError``.
        Either everything is stored or nothing."""
        rows = {name: _conform(name, frame, source) for name, frame in tables.items()}
        rows |= _beside(source, findings, quarantine)
        for _ in range(ATTEMPTS):
            if self.has(checksum):
                return None
            load = self._claim()
            table = delta.open_table(self._loads)
            assert table is not None
            before = self._all_loads(table)
            if checksum in before["checksum"]:
                return None
            if load <= _last(before):
                continue
            for name, frame in rows.items():
                self._append(name, frame, load)
            now = dt.datetime.now(dt.UTC)
            if len(before):  # a clock set back must not reorder the past
                now = max(now, before["committed"].max())  # type: ignore[type-var, assignment]
            counts = {name: len(rows[name]) for name in tables}
            line = pl.DataFrame(
                [
                    {
                        "load": load,
                        "source": source,
                        "checksum": checksum,
                        "committed": now,
                        "rows": sum(counts.values()),
                        "tables": canonical(counts),
                        "origins": canonical([asdict(o) for o in origins]),
                    }
                ],
                schema=LOADS,
            )
            try:
                delta.append_if_unchanged(table, self._loads, line)
            except delta.ConflictError:
                continue
            return load
        raise StoreError(
            f"{self.path}: other imports kept committing while {source!r} was being stored.",
            "Nothing of it was stored: run the import again.",
        )

    def _append(self, name: str, frame: pl.DataFrame, load: int) -> None:
        if frame.is_empty():
            return
        frame = frame.with_columns(load=pl.lit(load, pl.Int32))
        if name not in BY_YEAR:
            return self._write(name, frame, None)
        return self._write(name, frame.with_columns(year=pl.col("date").dt.year()), "year")

    def _write(self, name: str, frame: pl.DataFrame, partition: str | None) -> None:
        try:
            delta.append(self._folder(name), frame, partition)
        except delta.ConflictError:  # two writers created the table at the same moment
            delta.append(self._folder(name), frame, partition)

    def _claim(self) -> int:
        """A load number that nobody ever had."""
        claims = self.path / "claims"
        with delta.guard(claims, "claiming a load number"):
            number = (
                max([self.version, *(int(c.name) for c in claims.iterdir() if c.name.isdigit())])
                + 1
            )
            while True:
                try:
                    os.close(
                        os.open(
                            claims / f"{number:08d}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644
                        )
                    )
                    return number
                except FileExistsError:
                    number += 1

    # ---- reading
    # ----------------------------------------------------------------------------------------

    def _folder(self, name: str) -> Path:
        return self.path / "tables" / name

    def segments(
        self, name: str, version: int | None = None
    ) -> tuple[list[Segment], frozenset[int]]:
        """The data files that may hold rows of the table at ``version``, and the loads that are listed there."""
        # loads first: whatever is listed there was written before
        listed = frozenset(self.loads(version)["load"])
        folder = self._folder(name)
        found = delta.segments(delta.open_table(folder), folder)
        last = max(listed, default=0)
        return [s for s in found if s.first_load is None or s.first_load <= last], listed

    def table(self, name: str, version: int | str | dt.date | None = None) -> pl.LazyFrame:
        """The rows of a declared table as they stood at ``version``, columns as in ``schema``, lazily."""
        columns = BESIDE[name] if name in BESIDE else schema.table(name).schema
        found, listed = self.segments(name, None if version is None else self.resolve(version))
        return delta.scan(found, columns).filter(pl.col("load").is_in(list(listed)))

    def read(self, name: str, version: int | str | dt.date | None = None) -> pl.DataFrame:
        """``table``, collected; a damaged file is a ``StoreError``."""
        frame = self.table(name, version)
        with delta.guard(self._folder(name), "reading"):
            return frame.collect()

    def findings(self, version: int | str | dt.date | None = None) -> pl.DataFrame:
        """Faults found in the data at each import."""
        return self.read("findings", version).drop("known").sort("load", "source", "check")

    def quarantine(self, version: int | str | dt.date | None = None) -> pl.DataFrame:
        """Rows set aside at each import, with the reason; ``row`` is the row as JSON."""
        return self.read("quarantine", version).drop("known").sort("load", "source", "table")

    # ---- raw bytes and lineage
    # --------------------------------------------------------------------------

    def _raw(self, checksum: str) -> Path:
        if not re.fullmatch(r"[0-9a-f]{8,}", checksum):
            raise UsageError(
                f"{checksum!r} is not a checksum.",
                "Give the SHA-256 of the bytes in lower-case hex.",
            )
        return self.path / "raw" / checksum[:2] / checksum

    def keep_raw(self, raw: Raw) -> str:
        """Keep the bytes under their SHA-256, once; returns it."""
        checksum = hashlib.sha256(raw.data).hexdigest()
        path = self._raw(checksum)
        with delta.guard(self.path / "raw", "keeping raw bytes"):
            if not path.exists() or path.stat().st_size != len(raw.data):
                _write_whole(path, raw.data)
        return checksum

    def raw(self, checksum: str) -> bytes:
        """The bytes with that SHA-256, verified."""
        path = self._raw(checksum)
        if not path.exists():
            raise StoreError(
                f"{self.path} holds no raw bytes {checksum[:12]}.",
                "`loads` lists what was imported.",
            )
        with delta.guard(self.path / "raw", "reading raw bytes"):
            data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != checksum:
            raise delta.explain(
                OSError("the bytes are not those that were imported"), path, "reading raw bytes"
            )
        return data

    @property
    def writable(self) -> bool:
        """Whether this user may write here: a store on a read-only disk answers questions all the same."""
        return os.access(self.path, os.W_OK)

    def save_steps(self, steps: Iterable[Mapping[str, Any]]) -> bool:
        """Keep the lineage steps of a run (each with its ``id``); the same run twice writes nothing.

        False, and nothing is kept, where the folder may only be read.
        """
        lines = {str(s["id"]): canonical(dict(s)) for s in steps}
        if not lines:
            return True
        ids = sorted(lines)
        path = (
            self.path
            / "steps"
            / f"{hashlib.sha256(' '.join(ids).encode()).hexdigest()[:24]}.parquet"
        )
        if path.exists():
            return True
        if not self.writable:
            return False
        with delta.guard(path.parent, "keeping the lineage"):
            path.parent.mkdir(exist_ok=True)
            draft = path.with_name(f".{uuid.uuid4().hex}")
            try:
                pl.DataFrame({"id": ids, "step": [lines[i] for i in ids]}).write_parquet(
                    draft, row_group_size=4096
                )
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)
        return True

    def step(self, id_: str) -> dict[str, Any] | None:
        """The stored step of that id, or of the only id that begins with it; None if there is none."""
        files = sorted((self.path / "steps").glob("*.parquet"))
        if not files or not id_:
            return None
        with delta.guard(self.path / "steps", "reading the lineage"):
            # a range, not a prefix test: ids are sorted, so whole row groups are skipped
            found = (
                pl.scan_parquet(files)
                .filter(pl.col("id").is_between(pl.lit(id_), pl.lit(id_ + "~")))
                .unique("id")
                .head(2)
                .collect()
            )
        if len(found) != 1:
            return None
        step: dict[str, Any] = json.loads(found["step"][0])
        return step

    # ---- housekeeping
    # -----------------------------------------------------------------------------------

    def compact(self) -> int:
        """Merge small files and drop rows that can never become visible; no view of the store changes.

        Returns the number of partitions rewritten.
        """
        listed, done = self.loads()["load"].to_list(), 0
        for name in (*schema.TABLES, *BESIDE, "loads"):
            if not delta.exists(self._folder(name)):
                continue
            if name == "loads":
                columns, order = LOADS, ["load"]
            elif name in BESIDE:
                columns, order = BESIDE[name], ["load"]
            else:
                columns, order = schema.table(name).schema, [*_order(name), "known", "load"]
            done += delta.compact(
                self._folder(name), columns, order, listed, "year" if name in BY_YEAR else None
            )
        return done

    def vacuum(self, hours: int = 168) -> int:
        """Delete data files that no table refers to any more and that are older than ``hours``; returns how many."""
        return sum(
            delta.vacuum(self._folder(name), hours) for name in (*schema.TABLES, *BESIDE, "loads")
        )


def _order(name: str) -> tuple[str, ...]:
    """How the rows of a table are sorted: by key, prices by security and date first."""
    return ("security", "date", "source") if name == "prices" else schema.table(name).key


def _last(loads: pl.DataFrame) -> int:
    return int(loads["load"].max() or 0)  # type: ignore[arg-type]


def _write_whole(path: Path, data: bytes) -> None:
    """All of the bytes or no file at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{uuid.uuid4().hex}")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _conform(name: str, frame: pl.DataFrame, source: str) -> pl.DataFrame:
    """The frame with exactly the table's columns and types, sorted by key, without ``load``."""
    declared = schema.table(name)
    own = {c.name: c.type for c in declared.columns} | {"known": pl.Date()}
    unknown = [c for c in frame.columns if c not in own and c != "load"]
    if unknown:
        raise StoreError(
            f"{source}: table {name!r} has no column {', '.join(map(repr, unknown))}.",
            f"Its columns: {', '.join(own)}.",
        )
    if "source" in own and "source" not in frame.columns:
        frame = frame.with_columns(source=pl.lit(source))
    try:
        frame = frame.select(
            (pl.col(c) if c in frame.columns else pl.lit(None)).cast(t).alias(c)
            for c, t in own.items()
        )
    except pl.exceptions.PolarsError as error:
        raise StoreError(
            f"{source}: table {name!r}: {str(error).splitlines()[0]}.",
            "Give each column in the type that `schema` declares.",
        ) from None
    for column in declared.columns:
        if column.required and frame[column.name].null_count():
            raise StoreError(
                f"{source}: table {name!r}: {frame[column.name].null_count()} rows without {column.name}.",
                "Quarantine them first: `quality.check` does.",
            )
    frame = frame.with_columns(known=pl.coalesce("known", declared.known))
    key = [*declared.key, "known"]
    if not increasing(frame, [*_order(name), "known"]):
        frame = frame.sort([*_order(name), "known"], maintain_order=True)
        same = frame.select(
            pl.all_horizontal(pl.col(k).eq_missing(pl.col(k).shift(1)) for k in key)
        ).to_series()
        again = frame.filter(same & (pl.int_range(len(frame), eager=True) > 0))
        if len(again):
            raise StoreError(
                f"{source}: table {name!r}: {len(again)} rows repeat the key "
                f"{tuple(str(again[k][0]) for k in key)}.",
                "Quarantine them first: `quality.check` does.",
            )
    return frame


def _beside(
    source: str, findings: Sequence[Finding], quarantine: pl.DataFrame | None
) -> dict[str, pl.DataFrame]:
    """Findings and quarantine as rows of their tables."""
    found = pl.DataFrame(
        [asdict(f) for f in findings],
        schema={k: v for k, v in FINDINGS.items() if k not in ("known", "load")},
    )
    rows = {"findings": found.with_columns(known=pl.lit(None, pl.Date))}
    if quarantine is not None and len(quarantine):
        rows["quarantine"] = quarantine.select(
            pl.lit(source).alias("source"),
            *(pl.col(c).cast(pl.String) for c in ("table", "reason", "row")),
            pl.lit(None, pl.Date).alias("known"),
        )
    return rows
