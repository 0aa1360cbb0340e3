"""The list of loads: which imports a store holds, which number each has, and the one commit point.

A writer claims a number, reads the list, writes its rows with that number, and then adds one row to
the list on condition that nobody else has meanwhile. If somebody has, it starts over with a higher
number: once load N is visible, no smaller number can become visible, so "load <= N" always means
the same rows. A load that is listed leaves its receipt in the file that claimed its number: a list
that lost one is an error where it is read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from paceline import arguments
from paceline.errors import StoreError, UsageError
from paceline.store import causes, delta, files, layout, statements, written

if TYPE_CHECKING:
    from deltalake import DeltaTable

#: Times an import is tried while others keep committing.
ATTEMPTS = 8

#: Writes the rows of a load, given its number and the loads before it; what its line says of them.
Writer = Callable[[int, pl.DataFrame], dict[str, Any]]


class LoadLog:
    """The table ``loads`` of the store in a folder, with the claims of its numbers."""

    def __init__(self, store: Path) -> None:
        self.path = store
        self.folder, self.claims = store / "tables" / "loads", store / "claims"
        self._seen: tuple[object, pl.DataFrame] | None = None
        self._wrote: tuple[pl.DataFrame, dict[str, int]] | None = None

    def missing(self) -> StoreError:
        """The error of a folder without a store."""
        return StoreError(
            f"{self.path} holds no store.",
            "Run `paceline import` first, or name one with --store DIR.",
        )

    # ---- reading

    def every(self, table: DeltaTable | None = None) -> pl.DataFrame:
        """Every row of the list, by number: as it is now, or as ``table`` was opened.

        Raises ``StoreError`` for a list that lost a load.
        """
        state = delta.state(self.folder)
        if table is None and self._seen is not None and self._seen[0] == state:
            return self._seen[1]
        loads = self._rows(table)
        if table is None:  # one that was opened before may know less than the claims
            missing = written.receipts(self.claims, loads["load"])
            if missing:  # written before it is listed again: whatever has a receipt was listed
                loads = self._rows(None)
                missing = {n: text for n, text in missing.items() if n not in loads["load"]}
            if missing:
                raise causes.damaged(self.folder, f"it lost {', '.join(missing.values())}")
            self._seen = state, loads
        return loads

    def _rows(self, table: DeltaTable | None) -> pl.DataFrame:
        table = table or delta.open_table(self.folder)
        if table is None:
            raise self.missing()
        with delta.guard(self.folder, "reading the list of loads"):
            segments = delta.segments(table, self.folder)
            return delta.scan(segments, layout.LOADS).collect().sort("load")

    def until(self, version: int | str | dt.date | None = None) -> pl.DataFrame:
        """One row per import up to ``version``, without the files it wrote."""
        loads = self.every().drop("files")
        return loads if version is None else loads.filter(pl.col("load") <= self.resolve(version))

    def resolve(self, version: int | str | dt.date | None = None) -> int:
        """The load number that is meant: see ``Store.resolve``."""
        loads = self.every()
        last = last_of(loads)
        if version is None or version == "latest":
            return last
        if isinstance(version, str):
            version = _number_or_date(version)
        if isinstance(version, Integral):
            version = arguments.whole(version, "version")
            if not (1 <= version <= last or version == last):
                raise StoreError(
                    f"version {version} of {self.path} does not exist.",
                    f"Versions run from 1 to {last}." if last else "Nothing was imported yet.",
                )
            return version
        day = arguments.day(version, "version")
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
        return last_of(before)

    def has(self, checksum: str) -> bool:
        """Whether an import with that checksum is listed."""
        return checksum in self.every()["checksum"]

    def sources(self, version: int | str | dt.date | None = None) -> list[str]:
        """The sources whose statements stand at ``version``, in order of their first import."""
        loads = self.until(version)
        last = loads.unique("source", keep="last").filter(pl.col("checksum") != "")["source"]
        return [s for s in loads["source"].unique(maintain_order=True) if s in set(last)]

    def latest(self, source: str) -> dict[str, Any] | None:
        """The row of the last import of a source; None for one never imported."""
        return statements.latest(self.until(), source)

    def standing(self, version: int | str | dt.date | None = None) -> pl.DataFrame:
        """The rows of the loads that state what stands at ``version``."""
        return statements.standing(self.until(version))

    def rows_written(self, name: str, loads: pl.DataFrame) -> int:
        """Rows that all of ``every`` wrote into a table, as far as they say so."""
        if self._wrote is None or self._wrote[0] is not loads:
            rows = dict.fromkeys(layout.TABLES, 0)
            for files_ in loads["files"]:
                for table, wrote in written.of_load(files_).items():
                    rows[table] = rows.get(table, 0) + wrote.rows
            self._wrote = loads, rows
        return self._wrote[1].get(name, 0)

    # ---- writing

    def commit(
        self, source: str, said: Callable[[pl.DataFrame], bool], write: Writer
    ) -> dict[str, Any] | None:
        """List one load more: its row; None, and nothing is listed, where ``said`` finds it said.

        said   whether the loads it is given say already what is to be stored
        write  asked again whenever others committed meanwhile
        """
        for _ in range(ATTEMPTS):
            if said(self.until()):
                return None
            load = files.claim(self.claims, last_of(self.every()))
            table = delta.open_table(self.folder)
            assert table is not None
            before = self.every(table)
            if said(before):
                return None
            if load <= last_of(before):
                continue
            self._make_up_receipt(before)
            described = write(load, before)
            now = dt.datetime.now(dt.UTC)
            if len(before):  # a clock set back must not reorder the past
                now = max(now, before["committed"].max())  # type: ignore[type-var, assignment]
            line = {"load": load, "committed": now, **described}
            try:
                own = delta.append_if_unchanged(
                    table, self.folder, pl.DataFrame([line], schema=layout.LOADS)
                )
            except delta.ConflictError:
                continue
            written.write_receipt(self.claims, line, own)
            return line
        raise StoreError(
            f"{self.path}: other imports kept committing while {source!r} was being stored.",
            "Nothing of it was stored: run the import again.",
        )

    def _make_up_receipt(self, loads: pl.DataFrame) -> None:
        """Write the receipt of the newest load, if its writer was killed before it could."""
        if len(loads):
            line = loads.row(-1, named=True)
            claim = self.claims / f"{line['load']:08d}"
            if claim.is_file() and claim.read_bytes() == written.CLAIMED:
                own = written.of_commit(self.folder, line["load"])
                written.write_receipt(self.claims, line, own)

    def add(self, line: Mapping[str, Any]) -> None:
        """List a load by its row, as it stands: for a repair."""
        delta.append(self.folder, layout.as_loads([line]))


def last_of(loads: pl.DataFrame) -> int:
    """The largest number among loads; 0 without one."""
    return int(loads["load"].max() or 0)  # type: ignore[arg-type]


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
