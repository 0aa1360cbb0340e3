"""Bytes of one CSV or Parquet file to a frame of its own columns (CSV: all text). Pure."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, NamedTuple

import polars as pl

from paceline.errors import SourceError
from paceline.sources.files._types import readable

_DELIMITERS = (",", ";", "\t", "|")
#: A packed file may unpack to this many bytes, or to this many times its own size.
LARGEST_UNPACKED, SWELLING = 1 << 30, 200
_HEADER_WITHIN = 400  # lines searched for a header
#: Characters that show nothing and stand for nothing: all of C0 but tab and line ends, and DEL.
_CONTROLS = bytes(c for c in range(32) if c not in b"\x00\t\n\r") + b"\x7f"
#: The same beyond ASCII: marks of byte order and direction, spaces of no width.
_INVISIBLE = re.compile("[\ufeff\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069]")
_BLANK = re.compile(rb"\r?\n[ \t,;|]*\r?\n")


class Wanted(NamedTuple):
    """The file columns a source asks for, and what for: shown when one is missing."""

    columns: dict[str, str]  # column of the file -> where the market file asks for it

    def missing(self, columns: Iterable[str]) -> list[str]:
        """The columns asked for that are not among these."""
        have = set(columns)
        return [c for c in self.columns if c not in have]


class Read(NamedTuple):
    """A file as a frame, the number of text lines left out after its table, its delimiter."""

    frame: pl.DataFrame
    rest: int
    delimiter: str = ","


def read(what: str, data: bytes, wanted: Wanted, options: dict[str, Any]) -> Read:
    """The file as a frame of its own columns, of text where it is a CSV."""
    if not data:
        raise SourceError(f"{what}: the file is empty.", "Fetch it again.")
    if data[:2] == b"\x1f\x8b":
        try:
            data = _unpacked(what, data)
        except (OSError, EOFError, zlib.error):
            raise SourceError(
                f"{what}: the gzip data are damaged or cut off.", "Fetch the file again."
            ) from None
        if not data:
            raise SourceError(f"{what}: the file is empty once unpacked.", "Fetch it again.")
    if data[:4] == b"PAR1" or what.endswith((".parquet", ".pq")):
        found = Read(readable(what, _parquet(what, data), wanted.columns), 0)
    else:
        found = _csv(what, data, wanted, options)
    missing = wanted.missing(found.frame.columns)
    if missing:
        raise _no_column(what, missing[0], wanted, found.frame.columns)
    return found


def _unpacked(what: str, data: bytes) -> bytes:
    """The bytes that were packed; refused where they swell as no table does."""
    most = max(LARGEST_UNPACKED, SWELLING * len(data))
    with gzip.open(io.BytesIO(data)) as packed:
        found = packed.read(most + 1)
    if len(found) > most:
        raise SourceError(
            f"{what}: unpacks to more than {most:,} bytes, {SWELLING} times its size.",
            "No table packs so well: fetch it again, or unpack it first.",
        )
    return found


def _no_column(what: str, column: str, wanted: Wanted, there: list[str]) -> SourceError:
    near = get_close_matches(column, there, n=1, cutoff=0.5) or [
        c for c in there if c.strip().lower() == column.strip().lower()
    ]
    shown = ", ".join(there[:40]) + (", ..." if len(there) > 40 else "")
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return SourceError(
        f"{what}: no column {column!r}, asked for by {wanted.columns[column]}.",
        f"{hint}The file has: {shown}.",
    )


def _parquet(what: str, data: bytes) -> pl.DataFrame:
    if data[:4] != b"PAR1":
        raise SourceError(
            f"{what}: not a Parquet file.", "Rename it if it is CSV, or fetch it again."
        )
    if data[-4:] != b"PAR1" or len(data) < 12:
        raise SourceError(f"{what}: the Parquet file is cut off before its end.", "Fetch it again.")
    try:
        return pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        raise SourceError(
            f"{what}: the Parquet file is damaged ({(str(error).splitlines() or ['?'])[0]}).",
            "Fetch it again.",
        ) from None


def _text(what: str, data: bytes, options: dict[str, Any]) -> bytes:
    """The file as UTF-8 bytes without a byte-order mark."""
    encoding = options.get("encoding")
    if encoding is None and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    try:
        if encoding is not None:
            data = data.decode(str(encoding)).encode()
        else:
            data.decode("utf-8")
    except LookupError:
        raise SourceError(
            f"{what}: unknown encoding {encoding!r}.", 'Try options.encoding = "latin-1".'
        ) from None
    except UnicodeError as error:
        place = f"byte {error.start}" if isinstance(error, UnicodeDecodeError) else "a byte"
        raise SourceError(
            f"{what}: {place} is not {encoding or 'UTF-8'} text.",
            'Set options.encoding, e.g. "latin-1" or "cp1252".',
        ) from None
    data = data.removeprefix(b"\xef\xbb\xbf")
    start = data[:400].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise SourceError(
            f"{what}: a web page, not CSV.",
            "The server sent an error or login page; fetch the file again.",
        )
    if b"\x00" in data:
        raise SourceError(f"{what}: binary data, not CSV.", "Give a CSV or Parquet file.")
    data = _lines(_visible(data, str(options.get("delimiter", ""))))
    if not data.strip():
        raise SourceError(f"{what}: the file holds only blank lines.", "Fetch it again.")
    return data


def _visible(data: bytes, delimiter: str) -> bytes:
    """The text without characters that show nothing: they would hide a header or split a name."""
    data = data.translate(None, bytes(c for c in _CONTROLS if c not in delimiter.encode()))
    if b"\xe2\x80" in data or b"\xe2\x81" in data or b"\xef\xbb\xbf" in data:
        data = _INVISIBLE.sub("", data.decode()).encode()
    return data


def _lines(data: bytes) -> bytes:
    """The text with every line ended by a line feed, where carriage returns end them."""
    if b"\r" not in data:
        return data
    if b"\r\r\n" in data:
        data = re.sub(rb"\r+\n", b"\r\n", data)
    alone = data.count(b"\r") - data.count(b"\r\n")
    return data.replace(b"\r", b"\n") if alone > data.count(b"\n") else data


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


class _Table(NamedTuple):
    """The table within a CSV file: its column names, its rows as bytes, text lines after it."""

    names: list[str]
    delimiter: str
    body: bytes
    rest: int


def _table(what: str, data: bytes, wanted: Wanted, options: dict[str, Any]) -> _Table:
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
    number, delimiter, names = _header(data, wanted, delimiters)
    if names and (missing := wanted.missing(names)):
        raise _no_column(what, missing[0], wanted, names)
    at = 0
    for _ in range(number + 1):
        line_end = data.find(b"\n", at)
        at = len(data) if line_end < 0 else line_end + 1
    body, rest = data[at:], 0
    if (number > 0 or after is not None) and (gap := _BLANK.search(body)):
        rest = sum(1 for line in body[gap.end() :].splitlines() if line.strip(b" \t\r,;|"))
        body = body[: gap.start() + 1]
    return _Table(names, delimiter, body, rest)


def _csv(what: str, data: bytes, wanted: Wanted, options: dict[str, Any]) -> Read:
    names, delimiter, body, rest = _table(what, _text(what, data, options), wanted, options)
    if not body.strip():
        raise SourceError(
            f"{what}: a header and no rows.", "Fetch it again, or check the dates asked for."
        )
    # a header may name a column twice; the first one keeps the name
    unique = [n if names.index(n) == i else f"{n} ({i + 1})" for i, n in enumerate(names)]
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
    return Read(frame.filter(~blank), rest, delimiter)


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
