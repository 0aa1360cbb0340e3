"""A table that is handed in with a question, such as a book of holdings: its cells, told apart.

Not a source: nothing of it is stored, and a cell that cannot be read is one error that names its
row instead of a row set aside. Files are read as those of sources are (CSV, Excel, Parquet, packed
or not; prose above and beneath the table), frames of polars and pandas as they are. Pure.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection
from typing import NamedTuple

import polars as pl

from paceline.config import ColumnMap
from paceline.errors import SourceError
from paceline.sources.files import _cells, _excel, _numbers, _packed, _read, _text, _wide
from paceline.sources.files._dates import dates

#: Lines of a file that are looked at for its header.
WITHIN = 400
DELIMITERS = (",", ";", "\t", "|")
#: Names, letters only, of the column that holds securities.
SECURITIES = frozenset(_wide.SECURITIES)


class HandedRows(NamedTuple):
    """A table as it was handed in.

    what       what it is called in messages
    frame      its columns by their own names, with ``row`` numbers from 1 below the header
    delimiter  what separates its cells, for what its numbers may look like
    rest       lines of text beneath it that were left out
    repeated   names that stand twice in its header
    """

    what: str
    frame: pl.DataFrame
    delimiter: str = ","
    rest: int = 0
    repeated: tuple[str, ...] = ()

    def column(self, names: Collection[str]) -> str:
        """The first column of one of these names (letters only, small); "" where there is none.

        Raises ``SourceError`` where its name stands twice: which one is meant is not guessed.
        """
        found = next((c for c in self.frame.columns if _wide.plain_name(c) in names), "")
        if found in self.repeated:
            raise SourceError(
                f"{self.what}: two columns are named {found!r}.", "Rename or remove one."
            )
        return found


def read(what: str, data: bytes, sheet: str | None = None) -> HandedRows:
    """A file as rows; its header is the first line that names a column of securities.

    Raises ``SourceError`` for what is no table, and where no column names securities.
    """
    if not data:
        raise SourceError(f"{what}: the file is empty.", "Give a file with one row per holding.")
    data = _packed.unpacked(what, data).data
    wanted = _read.Wanted({})
    if _packed.is_workbook(data):
        data = _excel.as_csv(what, data, sheet)
    elif sheet is not None:
        raise SourceError(f"{what}: no workbook, and has no sheets.", "Leave the sheet out.")
    if data[:4] != b"PAR1":
        header, first = _header(_text.decoded(what, data, {}))
        if not header:
            raise _no_ticker(what, first)
        wanted = _read.Wanted({header: "the reader of holdings"})
    found = _read.read(what, data, wanted, {})
    rows = HandedRows(
        what, found.frame.with_row_index("row", 1), found.delimiter, found.rest, found.repeated
    )
    if not rows.column(SECURITIES):
        raise _no_ticker(what, found.frame.columns)
    return rows


def given(what: str, frame: pl.DataFrame) -> HandedRows:
    """A frame as rows. Raises ``SourceError`` where no column names securities."""
    rows = HandedRows(what, frame.with_row_index("row", 1))
    if not rows.column(SECURITIES):
        raise _no_ticker(what, frame.columns)
    return rows


def text(rows: HandedRows, column: str) -> list[str]:
    """The cells of a column as text, "" where there is none or it holds a word for nothing."""
    if not column:
        return [""] * rows.frame.height
    cells = rows.frame[column].cast(pl.String).str.strip_chars()
    nothing = _cells.is_blank(cells, pl.String(), {}, _cells.NAMES[0])
    return cells.set(nothing, None).fill_null("").to_list()


def numbers(rows: HandedRows, column: str) -> tuple[list[float | None], bool]:
    """The cells of a column as numbers, None where one is empty; whether they are percentages.

    Raises ``SourceError``, which names the row, for a cell that is no number, or no finite one.
    """
    cells = rows.frame[column]
    if cells.dtype.is_numeric():
        found, signed = cells.cast(pl.Float64).fill_nan(None), False
    else:
        written = cells.cast(pl.String).str.strip_chars()
        asked = _cells.numeric(column, written, {})
        others = (
            _cells.numeric(c, rows.frame[c].str.strip_chars(), {})
            for c in rows.frame.columns
            if rows.frame[c].dtype == pl.String and c != column
        )
        mark = _numbers.decimal_mark(rows.what, asked, others, None, rows.delimiter)
        found, whole = _numbers.values(rows.what, asked, mark, "")
        signed = bool((found != whole).any())
        odd = found.is_null() & asked.cells.is_not_null()
        if odd.any():
            raise _odd(rows, column, int(odd.arg_max() or 0), "is no number")
    if found.is_infinite().any():
        raise _odd(rows, column, int(found.is_infinite().arg_max() or 0), "is not finite")
    return found.to_list(), signed


def days(rows: HandedRows, column: str, zone: Callable[[], str]) -> list[str]:
    """The cells of a column as ISO days, "" where one is empty; all empty where no cell is a day.

    Raises ``SourceError`` for days that could be read in two ways.
    """
    cells = rows.frame[column]
    if cells.null_count() == len(cells):
        return [""] * len(cells)
    found = dates(rows.what, cells, ColumnMap(column=column), zone)
    return found.cast(pl.String).fill_null("").to_list()


def named(rows: HandedRows, at: int) -> str:
    """What a row is called in a message: its number, and its security."""
    security = rows.frame[rows.column(SECURITIES)][at]
    return f"row {at + 1}" + (f" ({security})" if security else "")


def _odd(rows: HandedRows, column: str, at: int, why: str) -> SourceError:
    shown = str(rows.frame[column][at])[:40]
    return SourceError(
        f"{rows.what}: {named(rows, at)}: column {column!r} holds {shown!r}, which {why}.",
        "Write a number there, or leave the row out.",
    )


def _no_ticker(what: str, names: Collection[str]) -> SourceError:
    shown = ", ".join(n for n in names if n)[:200]
    return SourceError(
        f"{what}: no column names securities"
        + (f"; its first line reads: {shown}." if shown else "."),
        f"Name the column of tickers one of: {', '.join(sorted(SECURITIES))}.",
    )


def _header(data: bytes) -> tuple[str, list[str]]:
    """The name of the column of securities, from the first line that has one; the first line."""
    lines = data[: 1 << 18].decode("utf-8", errors="ignore").split("\n")[:WITHIN]
    for line in lines:
        for delimiter in DELIMITERS:
            for name in _fields(line, delimiter):
                if _wide.plain_name(name) in SECURITIES:
                    return name, []
    return "", next((_fields(line, ",") for line in lines if line.strip()), [])


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        return [f.strip() for f in next(csv.reader([line.strip("\r")], delimiter=delimiter), [])]
    except csv.Error:
        return []
