"""What a file is that is no table of ours: its format by its first bytes, its layout by its header.

Each is one error that says what the file seems to be and what to do. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from paceline.errors import SourceError
from paceline.sources.files import _wide

#: First bytes -> what the file is, and what to do.
_SAVE = "Save it as Parquet or CSV"
_UNPACK = "Unpack it first, or pack it with gzip, bzip2, xz or zip."
FORMATS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x28\xb5\x2f\xfd", "packed by Zstandard (zst)", _UNPACK),
    (b"\x04\x22\x4d\x18", "packed by LZ4", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"ARROW1", "an Arrow file (Feather)", f"{_SAVE}: pl.read_ipc(...).write_parquet(...)."),
    (b"\xff\xff\xff\xff", "a stream of Arrow", f"{_SAVE}: pl.read_ipc_stream(...)."),
    (b"SQLite format 3\x00", "an SQLite database", f"{_SAVE}: pd.read_sql(...).to_parquet(...)."),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", f"{_SAVE}: pd.read_hdf(...).to_parquet(...)."),
    (b"\x93NUMPY", "an array of NumPy", f"{_SAVE}, with names of its columns."),
    (b"Obj\x01", "an Avro file", f"{_SAVE}: pl.read_avro(...).write_parquet(...)."),
    (b"<stata_dta>", "a Stata file", f"{_SAVE}: pd.read_stata(...).to_parquet(...)."),
    (b"PARE", "a Parquet file that is encrypted", "Write it without encryption."),
    (b"%PDF-", "a PDF document", "Give the table itself, as CSV, Parquet or a workbook."),
    (b"{\\rtf", "a text document (RTF)", "Give the table itself, as CSV or a workbook."),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file", "Run `git lfs pull`."),
)
_PICKLE = re.compile(rb"\x80[\x02-\x05][\x80-\xff]")
_JSON = re.compile(rb'(?:\xef\xbb\xbf)?\s*(?:\[\s*[\[{\]]|\{\s*["}])')
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml\b", re.IGNORECASE)
_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|!--|html|head|body|table)\b", re.IGNORECASE
)
#: Characters that other programs put between columns.
_BETWEEN = re.compile(r"[\^~:#]|\s+")
#: So many columns that are called like days are the sessions.
DAYS = 3


def refuse(what: str, data: bytes) -> None:
    """Raise ``SourceError`` for a format that is not read, and says what to do."""
    known = [(seems, remedy) for first, seems, remedy in FORMATS if data.startswith(first)]
    if data[257:262] == b"ustar":
        known.append(("a tar archive", "Unpack it first, or zip the one file."))
    elif _PICKLE.match(data):
        remedy = "It is not opened, since it may run code. Save it as Parquet: df.to_parquet(...)."
        known.append(("a pickle of Python", remedy))
    elif _JSON.match(data):
        lines = "pl.read_ndjson(...)" if data.lstrip()[:1] == b"{" else "pl.read_json(...)"
        known.append(("JSON", f"{_SAVE}: {lines}.write_parquet(...)."))
    elif _XML.match(data):
        remedy = "Save it as a workbook (.xlsx) or CSV."
        known.append(("XML, as Excel 2003 and many web services write it", remedy))
    if known:
        seems, remedy = known[0]
        raise SourceError(f"{what}: {seems}, which is not read.", remedy)


def is_page(data: bytes) -> bool:
    """Whether text begins as a web page, or a part of one, does."""
    return _PAGE.match(data) is not None


def layout(what: str, names: Sequence[str]) -> SourceError | None:
    """The error for a header that tells another layout: transposed, pairs, another delimiter."""
    days = [n for n in names if _wide.is_day(n)]
    if len(days) >= DAYS and 2 * len(days) > len(names):
        own = names[0] or "security"
        return SourceError(
            f"{what}: its columns are days ({days[0]}, {days[1]}, ...) and its rows securities.",
            f"Turn it: pd.read_csv(...).set_index({own!r}).T.to_csv(...), then options = "
            "{ wide = true }.",
        )
    if len(names) == 1 and (parted := _BETWEEN.findall(names[0].strip())):
        mark = max(set(parted), key=parted.count)
        if mark.isspace():
            several = any(len(m) > 1 for m in parted)
            remedy = 'Write options = { delimiter = " " }.'
            if several:
                remedy = "Write one comma or tab between them: pd.read_csv(..., sep=r'\\s+')."
            return SourceError(f"{what}: its columns are parted by blanks.", remedy)
        return SourceError(
            f"{what}: its columns seem to be parted by {mark!r}.",
            f'Write options = {{ delimiter = "{mark}" }}.',
        )
    return None


def pairs(what: str, lines: Iterable[Sequence[str]]) -> SourceError | None:
    """The error for a header in which several columns of dates stand, each beside its own closes.

    lines  the fields of the file's first lines
    """
    for cells in lines:
        dates = [n for n, cell in enumerate(cells, 1) if _wide.plain_name(cell) == "date"]
        if len(dates) > 1:
            places = ", ".join(map(str, dates[:4])) + (", ..." if dates[4:] else "")
            return SourceError(
                f"{what}: columns {places} are dates: each security has its own.",
                "Write one table for all: columns date, ticker and close, or a column of dates and "
                "one for each security.",
            )
    return None
