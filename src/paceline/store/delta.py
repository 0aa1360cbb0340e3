"""What the store asks of Delta tables: open, append, append unless another did, list, compact.

Every fault of the file system or of delta-rs leaves here as a ``StoreError`` that names the folder
and the remedy.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from paceline.errors import PacelineError, StoreError
from paceline.store.causes import damaged, explain
from paceline.store.written import Written, last_entry, since

if TYPE_CHECKING:
    from deltalake import DeltaTable, WriterProperties


#: Characters from which on the log shortens text.
SHORTENED = 32
#: Rows of a row group: a year of 5,000 securities fits one, and a column arrives in one piece.
ROW_GROUP = 2**21
#: Hours after which nobody can still be writing a file.
SETTLED = 24


class ConflictError(Exception):
    """Somebody else committed to the table since it was opened."""


class Segment(NamedTuple):
    """One data file of a table, with what the table's log says about it.

    year         of its partition (None: the table is not partitioned)
    constant     columns that hold one value in every row
    empty        columns that are null in every row
    """

    path: Path
    year: int | None
    rows: int
    first_load: int | None
    last_load: int | None
    constant: Mapping[str, Any]
    empty: frozenset[str]


@contextmanager
def guard(folder: Path, doing: str) -> Iterator[None]:
    """Turn what files, polars and delta-rs raise into ``StoreError``."""
    from deltalake.exceptions import CommitFailedError, DeltaError

    try:
        yield
    except (PacelineError, ConflictError):
        raise
    except CommitFailedError as error:
        raise ConflictError(str(error)) from None
    except (OSError, DeltaError, pl.exceptions.PolarsError) as error:
        raise explain(error, folder, doing) from error
    # delta-rs reports some damaged logs as plain Exception or ValueError
    except Exception as error:
        if type(error) not in (Exception, ValueError):
            raise
        raise explain(error, folder, doing) from error


def exists(folder: Path) -> bool:
    """Whether the folder holds a table."""
    with guard(folder, "looking for the table"):
        return (folder / "_delta_log").is_dir()


def state(folder: Path) -> frozenset[tuple[str, int, int]]:
    """Every file of a table with its size and time: as long as it is the same, so is the table."""
    entries = set()
    with guard(folder, "listing its files"):
        for place in (folder, folder / "_delta_log"):
            for entry in os.scandir(place) if place.is_dir() else ():
                # another writer's draft, gone before it was looked at
                with suppress(FileNotFoundError):
                    if entry.is_file():
                        status = entry.stat()
                        entries.add((entry.path, status.st_size, status.st_mtime_ns))
    return frozenset(entries)


def open_table(folder: Path) -> DeltaTable | None:
    """The table as it is now; None if it was never written; ``StoreError`` when it is damaged."""
    from deltalake import DeltaTable

    if not exists(folder):
        return None
    with guard(folder, "opening the table"):
        # without permission to look, delta-rs finds a log without entries and calls it damaged
        os.scandir(folder / "_delta_log").close()
        return DeltaTable(folder)


def _writer(frame: pl.DataFrame) -> WriterProperties:
    from deltalake import ColumnProperties, WriterProperties

    # LZ4 is read at memory speed and written twice as fast as zstd, for a tenth more bytes; prices
    # hardly repeat: looking for a dictionary of them doubles the time and makes larger files
    plain = {
        c: ColumnProperties(dictionary_enabled=False)
        for c, t in frame.schema.items()
        if t.is_float()
    }
    return WriterProperties(
        compression="LZ4_RAW", max_row_group_size=ROW_GROUP, column_properties=plain or None
    )


def append(
    folder: Path, frame: pl.DataFrame, partition: str | None = None, load: int | None = None
) -> Written:
    """Add rows, all of one ``load``; appends of several writers do not disturb each other.

    Returns the data files that hold them, and what came into the table's log since.
    """
    from deltalake import write_deltalake

    with guard(folder, "adding rows"):
        before = last_entry(folder)
        write_deltalake(
            folder,
            frame,
            mode="append",
            partition_by=partition,
            schema_mode="merge",
            writer_properties=_writer(frame),
        )
        return since(folder, before, load)


def append_if_unchanged(table: DeltaTable, folder: Path, frame: pl.DataFrame) -> Written:
    """Add rows; ``ConflictError`` if anybody committed to the table since ``table`` was opened."""
    from deltalake import CommitProperties, write_deltalake

    with guard(folder, "committing"):
        before = table.version()
        # without retries delta-rs fails on any newer commit instead of rebasing onto it
        write_deltalake(
            table,
            frame,
            mode="append",
            schema_mode="merge",
            commit_properties=CommitProperties(max_commit_retries=0),
        )
    return _own(folder, before)


def _own(folder: Path, before: int) -> Written:
    """What a commit right after an entry of the log wrote; nothing where it cannot be read now."""
    try:  # the commit stands, whatever becomes of its receipt
        return since(folder, before, stop=before + 1)
    except (OSError, ValueError):
        return Written()


def refuse_lost_rows(
    folder: Path, files: Sequence[Segment], expected: int, listed: Collection[int]
) -> None:
    """``StoreError`` where the files hold fewer rows of the ``listed`` loads than these wrote."""
    loads = frozenset(listed)
    found = sum(s.rows for s in files if s.first_load is None or s.first_load in loads)
    if found < expected:
        raise damaged(folder, f"it holds {found} of the {expected} rows that were committed")


def create(folder: Path, schema: Mapping[str, Any]) -> None:
    """An empty table, unless it is there (another process may create it at the same moment)."""
    from deltalake import write_deltalake

    if exists(folder):
        return
    try:
        with guard(folder, "creating the table"):
            write_deltalake(folder, pl.DataFrame(schema=schema), mode="error")
    except (StoreError, ConflictError):
        if not exists(folder):
            raise


def segments(table: DeltaTable | None, folder: Path) -> list[Segment]:
    """The data files of the table in a stable order, oldest load first.

    Raises ``StoreError`` for a file that is missing.
    """
    return there(listing(table, folder), folder)


def listing(table: DeltaTable | None, folder: Path) -> list[tuple[Segment, int]]:
    """The data files of the table by its log alone, each with its size, in a stable order."""
    if table is None:
        return []
    with guard(folder, "listing its files"):
        actions = pl.DataFrame(table.get_add_actions(flatten=True))
    rows = actions.iter_rows(named=True)
    listed = [(_segment(folder / row["path"], row), int(row["size_bytes"])) for row in rows]
    return sorted(
        listed,
        key=lambda x: (x[0].year or 0, x[0].first_load or 0, x[0].last_load or 0, x[0].path.name),
    )


def there(listed: Sequence[tuple[Segment, int]], folder: Path) -> list[Segment]:
    """The files of a ``listing``; ``StoreError`` for one that is missing or of another size."""
    for segment, expected in listed:
        name = segment.path.relative_to(folder).as_posix()
        try:
            size = segment.path.stat().st_size
        except FileNotFoundError:
            raise damaged(folder, f"its file {name} is missing") from None
        except OSError as error:
            raise explain(error, segment.path, "reading") from None
        if size != expected:
            raise damaged(folder, f"its file {name} has {size} bytes of {expected}")
    return [segment for segment, _ in listed]


def _segment(path: Path, row: Mapping[str, Any]) -> Segment:
    rows = row["num_records"]
    nulls = {
        c.removeprefix("null_count."): n for c, n in row.items() if c.startswith("null_count.")
    }
    low, high = ({c: row.get(f"{side}.{c}") for c in nulls} for side in ("min", "max"))
    # the log shortens long text, so equal bounds prove one value only where they are short
    constant = {
        c: v
        for c, v in low.items()
        if nulls[c] == 0
        and v is not None
        and v == high[c]
        and not (isinstance(v, str) and len(v) >= SHORTENED)
    }
    empty = frozenset(c for c in nulls if rows is not None and nulls[c] == rows)
    return Segment(
        path,
        row.get("partition.year"),
        rows or 0,
        low.get("load"),
        high.get("load"),
        constant,
        empty,
    )


def scan(files: Sequence[Segment], schema: Mapping[str, Any]) -> pl.LazyFrame:
    """The rows of those files, with exactly the columns of ``schema``; a missing one is null."""
    return scan_files([s.path for s in files], schema)


def scan_files(paths: Sequence[Path], schema: Mapping[str, Any]) -> pl.LazyFrame:
    """``scan`` of files by their paths."""
    if not paths:
        return pl.LazyFrame(schema=schema)
    frame = pl.scan_parquet(
        list(paths),
        schema=dict(schema),
        missing_columns="insert",
        extra_columns="ignore",
        hive_partitioning=False,
        glob=False,
    )
    return frame.select(list(schema))


def compact(
    folder: Path,
    schema: Mapping[str, Any],
    order: Sequence[str],
    listed: Collection[int],
    partition: str | None = None,
) -> Iterator[tuple[frozenset[str], Written]]:
    """Rewrite each partition that lies in several files as one sorted file; yields each one's.

    Rows of loads that are not ``listed`` and never will be, because a higher one is, go; all others
    stay, so no view of the store changes. If somebody writes meanwhile the partition is left for
    the next time. Yielded are the paths of the files replaced, and what was written.
    """
    from deltalake import CommitProperties, write_deltalake
    from deltalake.exceptions import CommitFailedError

    last = max(listed, default=0)
    for year in sorted(
        {s.year for s in segments(open_table(folder), folder)}, key=lambda y: y or 0
    ):
        table = open_table(folder)
        files = [s for s in segments(table, folder) if s.year == year]
        useless = any(_never_listed(s, listed, last) for s in files)
        open_ = any((s.last_load or 0) > last for s in files)  # a writer may be about to list it
        if table is None or open_ or (len(files) < 2 and not useless):
            continue
        with guard(folder, "compacting"):
            keep = pl.col("load").is_in(list(listed))
            rows = scan(files, schema).filter(keep).collect().sort(order, maintain_order=True)
            if partition is not None:
                rows = rows.with_columns(pl.lit(year, pl.Int32).alias(partition))
            before = table.version()
            try:
                write_deltalake(
                    table,
                    rows,
                    mode="overwrite",
                    writer_properties=_writer(rows),
                    predicate=None if partition is None else f"{partition} = {year}",
                    commit_properties=CommitProperties(max_commit_retries=0),
                )
            except CommitFailedError:
                continue
        replaced = frozenset(s.path.relative_to(folder).as_posix() for s in files)
        yield replaced, _own(folder, before)


def _never_listed(segment: Segment, listed: Collection[int], last: int) -> bool:
    """A file of one load that was never listed and never will be."""
    return (
        segment.first_load is not None
        and segment.first_load == segment.last_load
        and segment.first_load < last
        and segment.first_load not in listed
    )


def vacuum(folder: Path, hours: int) -> int:
    """Delete files that the table no longer needs and older than ``hours``; returns how many."""
    table = open_table(folder)
    if table is None:
        return 0
    with guard(folder, "vacuuming"):
        # ``full`` also removes what a killed writer left behind; only when nobody can still be
        # writing it
        return len(
            table.vacuum(
                retention_hours=hours,
                dry_run=False,
                enforce_retention_duration=False,
                full=hours >= SETTLED,
            )
        )
