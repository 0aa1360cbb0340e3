"""Bytes of one CSV, Parquet or Excel file, packed or not, to a frame of its own columns. Pure.

The columns of a CSV and of a sheet are all text.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, NamedTuple

import polars as pl

from paceline.errors import MarketFileError, SourceError
from paceline.sources.files import _excel, _foreign, _packed, _text, _wide
from paceline.sources.files._types import check_cells, readable

_DELIMITERS = (",", ";", "\t", "|")
_HEADER_WITHIN = 400  # lines searched for a header
#: So many lines in a row with a day in the same place are the rows of a table.
ROWS = 10
#: How the reader of Parquet says that a name stands twice.
_TWICE = re.compile(r"column with name '(.+)' has more than one")
_BLANK = re.compile(rb"\r?\n[ \t,;|]*\r?\n")


class Wanted(NamedTuple):
    """The file columns a source asks for, and what for: shown when one is missing."""

    columns: dict[str, str]  # column of the file -> where the market file asks for it

    def missing(self, columns: Iterable[str]) -> list[str]:
        """The columns asked for that are not among these."""
        have = set(columns)
        return [c for c in self.columns if c not in have]


class Layout(NamedTuple):
    """How a wide table may look.

    declared  labels that the market file maps: fields, where the columns have two levels
    stacked   its columns may have two levels; ``joined``: also in names like AAPL_Close
    plain     its header may be of any names
    """

    declared: frozenset[str] = frozenset()
    stacked: bool = False
    joined: bool = False
    plain: bool = False


class Read(NamedTuple):
    """A file as a frame.

    rest      text lines left out after its table
    stacked   what its columns say, where they have two levels
    repeated  names that stand twice in its header
    day_0     of the serial dates of a workbook; None: it is none
    """

    frame: pl.DataFrame
    rest: int
    delimiter: str = ","
    stacked: _wide.Stacked | None = None
    repeated: tuple[str, ...] = ()
    day_0: dt.date | None = None


def read(
    what: str,
    data: bytes,
    wanted: Wanted,
    options: dict[str, Any],
    layout: Layout = Layout(),  # noqa: B008 - a tuple of constants
) -> Read:
    """The file as a frame of its own columns, of text where it is a CSV or a sheet."""
    if not data:
        raise SourceError(f"{what}: the file is empty.", "Fetch it again.")
    data = _packed.unpacked(what, data, options.get("member")).data
    _foreign.refuse(what, data)
    workbook = _packed.is_workbook(data)
    if options.get("sheet") is not None and not workbook:
        raise MarketFileError(
            f"{what}: options.sheet = {options['sheet']!r}, and the file is no workbook.",
            "Leave sheet out.",
        )
    if data[:4] == b"PAR1" or (what.endswith((".parquet", ".pq")) and not workbook):
        found = _flat(what, _parquet(what, data, wanted, layout), layout, data)
    elif workbook:
        sheet = _excel.as_csv(what, data, options.get("sheet"))
        how = {k: v for k, v in options.items() if k != "encoding"} | {"delimiter": ","}
        found = _csv(what, sheet, wanted, how, layout)._replace(day_0=_excel.day_0(data))
    else:
        found = _csv(what, data, wanted, options, layout)
    if found.stacked is None:
        require(what, wanted, found.frame.columns)
    check_cells(what, found.frame)
    return found


def require(what: str, wanted: Wanted, there: list[str]) -> None:
    """Raise ``SourceError`` where a column that is asked for is not there."""
    missing = wanted.missing(there)
    if missing:
        raise _no_column(what, missing[0], wanted, there)


def _flat(what: str, frame: pl.DataFrame, layout: Layout, data: bytes = b"") -> Read:
    """A frame whose names may hold two levels."""
    if not layout.stacked:
        return Read(frame, 0)
    levels = _levels(data) if data and any(c.startswith("('") for c in frame.columns) else ()
    stacked = _wide.flattened(what, frame, layout.declared, levels, layout.joined)
    return Read(frame, 0, stacked=stacked)


def _levels(data: bytes) -> tuple[str | None, ...]:
    """Names of the levels of a Parquet file's columns, as pandas left them in it."""
    if not hasattr(pl, "read_parquet_metadata"):
        return ()
    try:
        found = json.loads(pl.read_parquet_metadata(io.BytesIO(data)).get("pandas", "{}"))
        return tuple(level.get("name") for level in found.get("column_indexes", []))
    except (pl.exceptions.PolarsError, ValueError, AttributeError, TypeError):
        return ()


def _no_column(what: str, column: str, wanted: Wanted, there: list[str]) -> SourceError:
    if (other := _foreign.layout(what, there)) is not None:
        return other
    near = get_close_matches(column, there, n=1, cutoff=0.5) or [
        c for c in there if c.strip().lower() == column.strip().lower()
    ]
    shown = ", ".join(there[:40]) + (", ..." if len(there) > 40 else "")
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return SourceError(
        f"{what}: no column {column!r}, asked for by {wanted.columns[column]}.",
        f"{hint}The file has: {shown}.",
    )


def _parquet(what: str, data: bytes, wanted: Wanted, layout: Layout) -> pl.DataFrame:
    if data[:4] != b"PAR1":
        raise SourceError(
            f"{what}: not a Parquet file.", "Rename it if it is CSV, or fetch it again."
        )
    if data[-4:] != b"PAR1" or len(data) < 12:
        raise SourceError(f"{what}: the Parquet file is cut off before its end.", "Fetch it again.")
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        if (twice := _TWICE.search(str(error))) is not None:
            raise SourceError(
                f"{what}: two columns are named {twice[1]!r}.", "Rename or remove one in the file."
            ) from None
        raise SourceError(
            f"{what}: the Parquet file is damaged ({(str(error).splitlines() or ['?'])[0]}).",
            "Fetch it again.",
        ) from None
    if not frame.width:
        raise SourceError(f"{what}: the Parquet file has no columns.", "Fetch it again.")
    every = layout.plain or (layout.stacked and bool(wanted.missing(frame.columns)))
    return readable(what, frame, wanted.columns, every=every)


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        row = next(csv.reader([line.strip("\r")], delimiter=delimiter), [])
    except csv.Error:  # a line of prose that no reader of tables takes
        return []
    return [f.strip() for f in row]


def _header(data: bytes, wanted: Wanted, delimiters: Iterable[str]) -> tuple[int, str, list[str]]:
    """Line number, delimiter and names of the header.

    The first line that holds every wanted column, else the line that holds most of them.
    """
    lines = data[: 1 << 18].decode("utf-8", errors="ignore").split("\n")[:_HEADER_WITHIN]
    best: tuple[int, int, str, list[str]] | None = None
    for delimiter in delimiters:
        for number, line in enumerate(lines):
            names = _fields(line, delimiter)
            score = len(wanted.columns) - len(wanted.missing(names))
            if score == len(wanted.columns) and (score or line.strip()):
                return number, delimiter, names
            if names and (
                best is None
                or score > best[0]
                or (score == best[0] == 0 and len(names) > len(best[3]))
            ):
                best = (score, number, delimiter, names)
    if best is None:
        return 0, ",", []
    return best[1:]


def _above_rows(lines: list[str], delimiter: str) -> list[list[str]]:
    """The fields of the lines down to the first that begins with a day.

    Or to the last of ``ROWS`` in a row that hold one in the same place: they are rows of a long
    table, not lines above one (From, To).
    """
    found: list[list[str]] = []
    same, run = set[int](), 0
    for line in lines:
        cells = _fields(line, delimiter)
        found.append(cells)
        days = {n for n, cell in enumerate(cells) if _wide.is_day(cell, delimiter)}
        same, run = (same & days, run + 1) if same & days else (days, 1)
        if 0 in days or (1 in days and cells[0].isdigit()) or run == ROWS:
            break
    return found


def _first_row(lines: list[str], delimiters: Iterable[str]) -> tuple[int, str, list[str]] | None:
    """Line number, delimiter and names of the line above the first row that begins with a day."""
    for delimiter in delimiters:
        above: tuple[int, list[str]] | None = None
        for number, line in enumerate(lines):
            if not line.strip():
                continue
            cells = _fields(line, delimiter)
            if (
                above
                and min(len(cells), len(above[1])) > 1
                and any(_wide.is_day(c, delimiter) for c in cells[:2])
            ):
                return above[0], delimiter, above[1]
            above = (number, cells)
    return None


class _Table(NamedTuple):
    """The table within a CSV file: its column names, its rows as bytes, text lines after it."""

    names: list[str]
    delimiter: str
    body: bytes
    rest: int
    stacked: _wide.Stacked | None = None


def _heading(
    what: str, data: bytes, wanted: Wanted, delimiters: Iterable[str], layout: Layout
) -> tuple[int, int, str, list[str], _wide.Stacked | None]:
    """First and last line of the header, delimiter, names, and what two levels of them say."""
    lines: list[str] = []
    if layout.stacked or layout.plain:
        lines = data[: 1 << 22].decode("utf-8", errors="ignore").split("\n")[:_HEADER_WITHIN]
        split = [d for d in delimiters if any(d in line for line in lines)]
        for delimiter in split if layout.stacked else ():
            cells = _above_rows(lines, delimiter)
            found = _wide.header(what, cells, layout.declared)
            if found is not None:
                return found.first, found.last, delimiter, found.names, found.stacked
        if (plain := _first_row(lines, split)) is not None:
            number, delimiter, names = plain
            flat = any(_wide.is_flat(n) for n in names)
            if flat or (layout.plain and not wanted.missing(names)):
                return number, number, delimiter, names, None
    number, delimiter, names = _header(data, wanted, delimiters)
    if names and (missing := wanted.missing(names)):
        split_lines = (_fields(line, delimiter) for line in lines)
        raise _foreign.pairs(what, split_lines) or _no_column(what, missing[0], wanted, names)
    return number, number, delimiter, names, None


def _table(
    what: str, data: bytes, wanted: Wanted, options: dict[str, Any], layout: Layout
) -> _Table:
    """Find the table: below ``options.after``, below its header.

    Where text stands above it, it ends at the first blank line.
    """
    after = options.get("after")
    if after is not None:
        at = data.find(str(after).encode())
        if at < 0:
            raise SourceError(
                f"{what}: no line holds {after!r} (options.after).",
                "Give the text above the table.",
            )
        data = data[data.find(b"\n", at) + 1 :]
    given = options.get("delimiter")
    delimiters = _DELIMITERS if given is None else (str(given),)
    if options.get("names"):
        return _Table([str(n) for n in options["names"]], delimiters[0], data, 0)
    first, last, delimiter, names, stacked = _heading(what, data, wanted, delimiters, layout)
    at = 0
    for _ in range(last + 1):
        line_end = data.find(b"\n", at)
        at = len(data) if line_end < 0 else line_end + 1
    body, rest = data[at:], 0
    if (first > 0 or after is not None) and (gap := _BLANK.search(body)):
        rest = sum(1 for line in body[gap.end() :].splitlines() if line.strip(b" \t\r,;|"))
        body = body[: gap.start() + 1]
    return _Table(names, delimiter, body, rest, stacked)


def _csv(what: str, data: bytes, wanted: Wanted, options: dict[str, Any], layout: Layout) -> Read:
    text = _text.decoded(what, data, options)
    names, delimiter, body, rest, stacked = _table(what, text, wanted, options, layout)
    if layout.plain and stacked is None and (other := _foreign.layout(what, names)) is not None:
        raise other
    if not body.strip():
        raise SourceError(
            f"{what}: a header and no rows.", "Fetch it again, or check the dates asked for."
        )
    # a header may name a column twice; the first one keeps the name
    first: dict[str, int] = {}
    unique = [n if first.setdefault(n, i) == i else f"{n} ({i + 1})" for i, n in enumerate(names)]
    # with a header of our own the reader takes the width from it, not from a first row that may be
    # short
    header = delimiter.join(f"c{i}" for i in range(len(unique))).encode()
    try:
        frame = pl.read_csv(
            io.BytesIO(header + b"\n" + body), separator=delimiter, infer_schema=False
        )
        frame.columns = unique
    except pl.exceptions.PolarsError as error:
        raise SourceError(
            f"{what}: not readable as CSV: {_why(error, body, delimiter, len(unique))}.",
            "Check the delimiter (options.delimiter) and stray quotes.",
        ) from None
    blank = pl.all_horizontal(pl.all().is_null() | (pl.all().str.strip_chars() == ""))
    frame = frame.filter(~blank)
    if stacked is None:
        stacked = _flat(what, frame, layout).stacked
    counts = Counter(names)
    repeated = tuple(n for n in dict.fromkeys(names) if counts[n] > 1)
    return Read(frame, rest, delimiter, stacked, repeated)


def _why(error: Exception, body: bytes, delimiter: str, width: int) -> str:
    """What is wrong with rows that the reader refused."""
    row = _first_long_row(body, delimiter, width)
    if row:
        return f"row {row} has more fields than the {width} columns"
    if body.count(b'"') % 2:
        return "a quote is opened and never closed"
    return str(error).splitlines()[0]


def _first_long_row(body: bytes, delimiter: str, width: int) -> int:
    """Number of the first row (1: the first below the header) with more than ``width`` fields."""
    rows = csv.reader(io.StringIO(body.decode("utf-8", errors="replace")), delimiter=delimiter)
    try:
        return next((number for number, row in enumerate(rows, 1) if len(row) > width), 0)
    except csv.Error:  # a cell that never ends
        return 0
