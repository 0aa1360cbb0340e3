"""Broken inputs, the data half: how to make each one and exactly what must come of it.

A case either raises (``error``: the exception's name and its whole text, {folder} standing for the
data folder) or goes through with a finding (its name and count) and rows in quarantine (reason and
count)."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import io
import lzma
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

#: Sessions the cases are parsed with: the second week of September 2025, Monday to Friday, and the
#: Monday after.
SESSIONS = tuple(dt.date(2025, 9, d) for d in (8, 9, 10, 11, 12, 15))
COLUMNS = {"security": "ticker", "date": "date", "close": "close"}
GOOD = b"ticker,date,close\nAAA,2025-09-08,10\nAAA,2025-09-09,11\n"


@dataclass(frozen=True)
class Case:
    id: str
    files: Mapping[str, bytes | None]  # None: a folder of that name
    source: Mapping[str, Any]
    error: tuple[str, str] | None = None
    finding: tuple[str, int] | None = None
    quarantine: tuple[str, int] | None = None


def parquet(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame(columns).write_parquet(buffer)
    return buffer.getvalue()


def csv(*lines: str) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def prices(data: bytes | None, **more: Any) -> dict[str, Any]:
    """Files and source of a price file under its usual mapping."""
    return {"files": {"p.csv": data}, "source": {"path": "p.csv", "columns": COLUMNS, **more}}


_BEYOND = pl.Series([2**30]).cast(pl.Int32).cast(pl.Date)
_PARQUET = parquet(ticker=["AAA"], date=[dt.date(2025, 9, 8)], close=[1.0])
_CHANGES = {**COLUMNS, "price_return": {"column": "change", "unit": "percent"}, "market_cap": "cap"}
_HOLDINGS = {"fund": "fund", "security": "ticker", "weight": "weight", "date": "date"}

_UNPACK = "Unpack it first, or pack it with gzip, bzip2, xz or zip."
_TWICE = "packed more than once. Unpack it once."
_DAYS = [str(day) for day in SESSIONS]
_TURN = (
    "p.csv: its columns are days ({}, ...) and its rows securities. Turn it: "
    "pd.read_csv(...).set_index('ticker').T.to_csv(...), then options = {{ wide = true }}."
)
_CURRENCIES = "Leave that line out; prices of several currencies do not belong in one source."


def _arrow() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame({"ticker": ["AAA"]}).write_ipc(buffer)
    return buffer.getvalue()


def _twice_named() -> bytes:
    """A column of that name twice, as pandas can write it and polars cannot."""
    made = pa.table(
        [pa.array(["AAA"]), pa.array([1.0]), pa.array([2.0])], ["ticker", "close", "close"]
    )
    buffer = io.BytesIO()
    pq.write_table(made, buffer)
    return buffer.getvalue()


#: Formats that are not read: what each is, and what to do.
FOREIGN: tuple[tuple[str, str, bytes, str], ...] = (
    (
        "zst",
        "p.csv.zst",
        b"\x28\xb5\x2f\xfd\x00",
        f"packed by Zstandard (zst), which is not read. {_UNPACK}",
    ),
    ("7-Zip", "p.7z", b"7z\xbc\xaf\x27\x1c\x00", f"a 7-Zip archive, which is not read. {_UNPACK}"),
    (
        "Arrow",
        "p.feather",
        _arrow(),
        "an Arrow file (Feather), which is not read. "
        "Save it as Parquet or CSV: pl.read_ipc(...).write_parquet(...).",
    ),
    (
        "SQLite",
        "p.csv",
        b"SQLite format 3\x00\x10",
        "an SQLite database, which is not read. "
        "Save it as Parquet or CSV: pd.read_sql(...).to_parquet(...).",
    ),
    (
        "JSON",
        "p.json",
        b'[{"ticker": "AAA", "close": 1}]',
        "JSON, which is not read. Save it as Parquet or CSV: pl.read_json(...).write_parquet(...).",
    ),
    (
        "lines of JSON",
        "p.jsonl",
        b'{"ticker": "AAA"}\n{"ticker": "BBB"}\n',
        "JSON, which is not read. "
        "Save it as Parquet or CSV: pl.read_ndjson(...).write_parquet(...).",
    ),
    (
        "dates of each security in a long source",
        "p.csv",
        csv("AAA,,BBB,", "Date,PX_LAST,Date,PX_LAST", *(f"{day},1,{day},2" for day in _DAYS)),
        "columns 1, 3 are dates: each security has its own. Write one table for all: columns date, "
        "ticker and close, or a column of dates and one for each security.",
    ),
    (
        "encrypted Parquet",
        "p.parquet",
        b"PARE" + bytes(20) + b"PARE",
        "a Parquet file that is encrypted, which is not read. Write it without encryption.",
    ),
    (
        "Parquet with a name twice",
        "p.parquet",
        _twice_named(),
        "two columns are named 'close'. Rename or remove one in the file.",
    ),
    (
        "Parquet without columns",
        "p.parquet",
        parquet(),
        "the Parquet file has no columns. Fetch it again.",
    ),
    (
        "Parquet of nested columns",
        "p.parquet",
        parquet(ticker=["AAA"], date=["2025-09-08"], close=[{"last": 1.0}]),
        "column 'close' holds records (Struct({'last': Float64})), asked for by "
        "sources.bad.columns.close. Map a column of numbers, dates or text, or store this one as "
        "such.",
    ),
    (
        "Parquet with a damaged foot",
        "p.parquet",
        _PARQUET[:-8] + bytes(4) + b"PAR1",
        "the Parquet file is damaged (parquet: File out of specification: "
        "FileMetaData.version missing). Fetch it again.",
    ),
    (
        "a pickle",
        "p.pkl",
        b"\x80\x04\x95\x00\x01",
        "a pickle of Python, which is not read. "
        "It is not opened, since it may run code. Save it as Parquet: df.to_parquet(...).",
    ),
    (
        "XML",
        "p.xls",
        b'\n<?xml version="1.0"?><Workbook/>',
        "XML, as Excel 2003 and many web services write it, which is not read. "
        "Save it as a workbook (.xlsx) or CSV.",
    ),
    (
        "part of a web page",
        "p.xls",
        b"<table><tr><td>AAA</td></tr></table>",
        "a web page, not CSV. The server sent an error or login page; fetch the file again.",
    ),
    (
        "gzip twice",
        "p.gz",
        gzip.compress(gzip.compress(GOOD)),
        "packed more than once. Unpack it once.",
    ),
    (
        "gzip in bzip2",
        "p.bz2",
        bz2.compress(gzip.compress(GOOD)),
        "packed more than once. Unpack it once.",
    ),
    (
        "bzip2 cut off",
        "p.bz2",
        bz2.compress(GOOD)[:-9],
        "the bzip2 data are damaged or cut off. Fetch the file again.",
    ),
    (
        "xz cut off",
        "p.xz",
        lzma.compress(GOOD)[:-9],
        "the xz data are damaged or cut off. Fetch the file again.",
    ),
    (
        "blanks between columns",
        "p.txt",
        GOOD.replace(b",", b"   "),
        "its columns are parted by blanks. "
        "Write one comma or tab between them: pd.read_csv(..., sep=r'\\s+').",
    ),
    (
        "a blank between columns",
        "p.txt",
        GOOD.replace(b",", b" "),
        'its columns are parted by blanks. Write options = { delimiter = " " }.',
    ),
    (
        "carets between columns",
        "p.txt",
        GOOD.replace(b",", b"^"),
        "its columns seem to be parted by '^'. Write options = { delimiter = \"^\" }.",
    ),
    (
        "a line of currencies in a long table",
        "p.csv",
        csv("date,ticker,close", ",,USD", *(f"{day},AAA,1" for day in _DAYS)),
        f"the line below the names holds currencies: USD. {_CURRENCIES}",
    ),
)
#: Wide tables of another layout.
OTHER_LAYOUTS: tuple[tuple[str, bytes, str], ...] = (
    (
        "dates across the columns",
        csv("ticker," + ",".join(_DAYS), "AAA" + ",1" * 6, "BBB" + ",2" * 6),
        _TURN.format("2025-09-08, 2025-09-09"),
    ),
    (
        "dates of each security beside its closes",
        csv(
            "From,2025-09-08,,",
            "AAA,,BBB,",
            "Date,PX_LAST,Date,PX_LAST",
            *(f"{day},1,{day},2" for day in _DAYS),
        ),
        "p.csv: 2 columns could hold the dates: 'Date', 'Date (3)'. "
        'Map it: columns = { date = "..." }. Has each security its own? Then write one table for '
        "all.",
    ),
    (
        "a line of currencies",
        csv("date,AAA,BBB", ",USD,EUR", *(f"{day},1,2" for day in _DAYS)),
        f"p.csv: the line below the names holds currencies: USD, EUR. {_CURRENCIES}",
    ),
)

CASES: tuple[Case, ...] = (
    # -- files that are not there or cannot be read
    Case(
        "file missing",
        {"prices.csv": GOOD},
        {"path": "price.csv", "columns": COLUMNS},
        ("SourceError", "price.csv: no such file in {folder}. Did you mean 'prices.csv'?"),
    ),
    Case(
        "folder missing",
        {"p.csv": GOOD},
        {"path": "us/p.csv", "columns": COLUMNS},
        (
            "SourceError",
            "us/p.csv: no such file in {folder}. "
            "The folder {folder}/us does not exist; is market.data (or --data) right?",
        ),
    ),
    Case(
        "folder in place of a file",
        {"us/p.csv": GOOD},
        {"path": "us", "columns": COLUMNS},
        ("SourceError", 'us: a folder, not a file. Name its files: path = "us/*.csv".'),
    ),
    Case(
        "glob without a match",
        {"p.csv": GOOD},
        {"path": "*.parquet", "columns": COLUMNS},
        (
            "SourceError",
            "sources.bad.path: no file matches '*.parquet' in {folder}. The folder holds: p.csv.",
        ),
    ),
    Case(
        "path out of the data folder",
        {"p.csv": GOOD},
        {"path": "../p.csv", "columns": COLUMNS},
        (
            "SourceError",
            "sources.bad.path: '../p.csv' leaves the data folder {folder}. "
            "Paths start from market.data; put the file there or point market.data elsewhere.",
        ),
    ),
    Case(
        "absolute path elsewhere",
        {"p.csv": GOOD},
        {"path": "/etc/hostname", "columns": COLUMNS},
        (
            "SourceError",
            "sources.bad.path: '/etc/hostname' leaves the data folder {folder}. "
            "Paths start from market.data; put the file there or point market.data elsewhere.",
        ),
    ),
    Case(
        "no path",
        {},
        {"columns": COLUMNS},
        ("MarketFileError", 'sources.bad.path is missing. Give a file: path = "folder/file.csv".'),
    ),
    Case(
        "empty file",
        **prices(b""),
        error=("SourceError", "p.csv: the file is empty. Fetch it again."),
    ),
    Case(
        "blank lines only",
        **prices(b"\n\n \n"),
        error=("SourceError", "p.csv: the file holds only blank lines. Fetch it again."),
    ),
    Case(
        "header only",
        **prices(b"ticker,date,close\n"),
        error=(
            "SourceError",
            "p.csv: a header and no rows. Fetch it again, or check the dates asked for.",
        ),
    ),
    Case(
        "Parquet without rows",
        {"p.parquet": parquet(ticker=[], date=[], close=[])},
        {"path": "p.parquet", "columns": COLUMNS},
        ("SourceError", "p.parquet: no rows. Fetch it again, or check the dates asked for."),
    ),
    Case(
        "header and empty rows",
        **prices(b"ticker,date,close\n,,\n,,\n"),
        error=("SourceError", "p.csv: no rows. Fetch it again, or check the dates asked for."),
    ),
    Case(
        "a cell without end",
        **prices(b"ticker,date,close\nAAA,2025-09-08,1\n" + b"B" * 70_000 + b",2025-09-08,1\n"),
        error=(
            "SourceError",
            "p.csv: column 'ticker' holds a cell of 70,000 bytes, more than the 65,536 that are "
            "read. Check the delimiter, the quotes and the line ends.",
        ),
    ),
    Case(
        "a day beyond all calendars",
        {
            "p.parquet": parquet(
                ticker=["AAA"], date=pl.Series([2**30]).cast(pl.Int32).cast(pl.Date), close=[1.0]
            )
        },
        {"path": "p.parquet", "columns": COLUMNS},
        (
            "SourceError",
            "p.parquet: column 'date' holds 1 day outside the years 1 to 9999, the first in row 1. "
            "Correct them where the file is made; its unit of time may be wrong.",
        ),
    ),
    Case(
        "gzip cut off",
        **prices(gzip.compress(GOOD * 50)[:-20]),
        error=("SourceError", "p.csv: the gzip data are damaged or cut off. Fetch the file again."),
    ),
    Case(
        "Parquet cut off",
        **prices(_PARQUET[: len(_PARQUET) // 2]),
        error=("SourceError", "p.csv: the Parquet file is cut off before its end. Fetch it again."),
    ),
    Case(
        "CSV named Parquet",
        {"p.parquet": GOOD},
        {"path": "p.parquet", "columns": COLUMNS},
        (
            "SourceError",
            "p.parquet: not a Parquet file. Rename it if it is CSV, or fetch it again.",
        ),
    ),
    Case(
        "binary",
        **prices(b"ticker,date,close\nAAA,\x00\x00,1\n"),
        error=("SourceError", "p.csv: binary data, not CSV. Give a CSV or Parquet file."),
    ),
    *(
        Case(
            id, {name: data}, {"path": name, "columns": COLUMNS}, ("SourceError", f"{name}: {said}")
        )
        for id, name, data, said in FOREIGN
    ),
    *(
        Case(
            id, {"p.csv": data}, {"path": "p.csv", "options": {"wide": True}}, ("SourceError", said)
        )
        for id, data, said in OTHER_LAYOUTS
    ),
    Case(
        "web page",
        **prices(b"<!DOCTYPE html>\n<html><body>429 Too Many Requests</body></html>"),
        error=(
            "SourceError",
            "p.csv: a web page, not CSV. "
            "The server sent an error or login page; fetch the file again.",
        ),
    ),
    Case(
        "not UTF-8",
        **prices("ticker,date,close\nSociété,2025-09-08,1\n".encode("latin-1")),
        error=(
            "SourceError",
            'p.csv: byte 22 is not UTF-8 text. Set options.encoding, e.g. "latin-1" or "cp1252".',
        ),
    ),
    Case(
        "unknown encoding",
        **prices(GOOD, options={"encoding": "utf-9"}),
        error=(
            "SourceError",
            "p.csv: unknown encoding 'utf-9'. Try options.encoding = \"latin-1\".",
        ),
    ),
    # -- columns
    Case(
        "column missing",
        **prices(csv("Ticker,date,close", "AAA,2025-09-08,1")),
        error=(
            "SourceError",
            "p.csv: no column 'ticker', asked for by sources.bad.columns.security. "
            "Did you mean 'Ticker'? The file has: Ticker, date, close.",
        ),
    ),
    Case(
        "Parquet column missing",
        {"p.parquet": _PARQUET},
        {"path": "p.parquet", "columns": {**COLUMNS, "close": "px"}},
        (
            "SourceError",
            "p.parquet: no column 'px', asked for by sources.bad.columns.close. "
            "The file has: ticker, date, close.",
        ),
    ),
    Case(
        "where on a missing column",
        **prices(GOOD, where={"kind": "stock"}),
        error=(
            "SourceError",
            "p.csv: no column 'kind', asked for by sources.bad.where. "
            "The file has: ticker, date, close.",
        ),
    ),
    Case(
        "where that keeps no row",
        **prices(
            csv("ticker,date,close,kind", "AAA,2025-09-08,1,stock", "AAA,2025-09-09,1,"),
            where={"kind": ["Stock", "share"], "ticker": "!BBB"},
        ),
        error=(
            "SourceError",
            'sources.bad.where keeps none of the 2 rows of p.csv: kind = ["Stock", "share"] holds '
            "for 0; ticker = \"!BBB\" holds for 2. kind holds '' (1), 'stock' (1); ticker holds "
            "'AAA' (2). What was stored before stays.",
        ),
    ),
    Case(
        "where that keeps no row of a wide table",
        {"p.csv": csv("date,AAA,BBB,kind", "2025-09-08,1,2,day", "2025-09-09,1,2,day")},
        {"path": "p.csv", "options": {"wide": True}, "where": {"kind": "week"}},
        (
            "SourceError",
            'sources.bad.where keeps none of the 2 rows of p.csv: kind = "week" holds for 0. '
            "kind holds 'day' (2). What was stored before stays.",
        ),
    ),
    Case(
        "where that keeps no row of several files",
        {f"{n}.csv": csv("ticker,date,close,kind", "AAA,2025-09-08,1,stock") for n in "ab"},
        {"path": "*.csv", "columns": COLUMNS, "where": {"kind": "bond"}},
        (
            "SourceError",
            "sources.bad.where keeps none of the 2 rows of 2 files, the last b.csv: "
            "kind = \"bond\" holds for 0. kind holds 'stock' (2). What was stored before stays.",
        ),
    ),
    Case(
        "unknown table column",
        **prices(GOOD) | {"source": {"path": "p.csv", "columns": {**COLUMNS, "clsoe": "close"}}},
        error=(
            "MarketFileError",
            "sources.bad.columns: table 'prices' has no column 'clsoe'. Did you mean 'close'? "
            "Accepted: security, date, close, price_return, total_return, volume, market_cap, "
            "known, adjusted_close, split_adjusted_close, dividend, split, shares.",
        ),
    ),
    Case(
        "required column not mapped",
        **prices(GOOD)
        | {"source": {"path": "p.csv", "columns": {"date": "date", "close": "close"}}},
        error=(
            "MarketFileError",
            "sources.bad.columns: table 'prices' needs security. "
            "Map a column of p.csv or give a constant.",
        ),
    ),
    Case(
        "unknown option",
        **prices(GOOD, options={"delimitor": ";"}),
        error=(
            "MarketFileError",
            "sources.bad.options: unknown option 'delimitor'. Did you mean 'delimiter'? "
            "Accepted: delimiter, encoding, decimal, names, after, missing, replace, wide, "
            "wide_field, unit, ratio_of, lag_days, also_securities, shape, changes, snapshot, "
            "member, sheet.",
        ),
    ),
    Case(
        "unknown table",
        **prices(GOOD, table="price"),
        error=("UnknownName", "unknown table 'price'. Did you mean 'prices' or 'series'?"),
    ),
    Case(
        "dialect without its columns",
        **prices(GOOD, dialect="changes"),
        error=(
            "MarketFileError",
            "sources.bad.columns: the price dialect 'changes' needs price_return. "
            "Mapped are: security, date, close.",
        ),
    ),
    Case(
        "unknown derivation",
        {"s.csv": csv("ticker,name", "AAA,Acme Inc. Common Stock")},
        {
            "path": "s.csv",
            "table": "securities",
            "columns": {"security": "ticker", "name": "name"},
            "derive": {"kind": "magic"},
        },
        (
            "MarketFileError",
            "sources.bad.derive: kind = 'magic' is not known. "
            'Accepted: kind = "us_line_name", company = "from_name".',
        ),
    ),
    Case(
        "row with too many fields",
        **prices(csv("ticker,date,close", "AAA,2025-09-08,1,234")),
        error=(
            "SourceError",
            "p.csv: not readable as CSV: row 1 has more fields than the 3 columns. "
            "Check the delimiter (options.delimiter) and stray quotes.",
        ),
    ),
    Case(
        "later row with too many fields",
        **prices(csv("ticker,date,close", "AAA,2025-09-08,1", "AAA,2025-09-09,1,234")),
        error=(
            "SourceError",
            "p.csv: not readable as CSV: row 2 has more fields than the 3 columns. "
            "Check the delimiter (options.delimiter) and stray quotes.",
        ),
    ),
    Case(
        "first row too short",
        **prices(csv("ticker,date,close", "AAA,2025-09-08", "AAA,2025-09-09,1")),
        finding=("rows without a price", 1),
        quarantine=("no price", 1),
    ),
    Case(
        "stray quote",
        **prices(csv("ticker,date,close", 'AAA,2025-09-08,"1', "AAA,2025-09-09,1")),
        error=(
            "SourceError",
            "p.csv: not readable as CSV: a quote is opened and never closed. "
            "Check the delimiter (options.delimiter) and stray quotes.",
        ),
    ),
    Case(
        "dates of two readings",
        **prices(csv("ticker,date,close", "AAA,03/04/2025,1")),
        error=(
            "SourceError",
            "p.csv: column 'date': dates like '03/04/2025' may start with the month or the day. "
            'Say which: { column = "date", format = "%m/%d/%Y" } if with the month, "%d/%m/%Y" if '
            "with the day.",
        ),
    ),
    Case(
        "column that holds no date",
        **prices(csv("ticker,date,close", "AAA,yesterday,1")),
        error=(
            "SourceError",
            "p.csv: column 'date' holds 'yesterday', which is no date. "
            'Map it as { column = "date", format = "%d/%m/%Y" }, or map another column.',
        ),
    ),
    # -- rows
    Case(
        "word where a number belongs",
        **prices(csv("ticker,date,close", "AAA,2025-09-08,10", "AAA,2025-09-09,ten")),
        quarantine=("close is not a number: ten", 1),
    ),
    Case(
        "one impossible date",
        **prices(csv("ticker,date,close", "AAA,2025-09-08,10", "AAA,2025-09-31,11")),
        quarantine=("date is not a date: 2025-09-31", 1),
    ),
    Case(
        "half a last line",
        **prices(b"ticker,date,close\nAAA,2025-09-08,10\nAAA,2025-0"),
        quarantine=("date is not a date: 2025-0", 1),
    ),
    Case(
        "date missing",
        **prices(csv("ticker,date,close", "AAA,2025-09-08,10", "AAA,,11")),
        quarantine=("date is missing", 1),
        finding=("date is missing", 1),
    ),
    Case(
        "negative price",
        **prices(csv("ticker,date,close", "AAA,2025-09-08,-10", "AAA,2025-09-09,11")),
        quarantine=("close is not a positive number", 1),
    ),
    Case(
        "infinite price",
        {
            "p.parquet": parquet(
                ticker=["AAA", "AAA"], date=list(SESSIONS[:2]), close=[1.0, float("inf")]
            )
        },
        {"path": "p.parquet", "columns": COLUMNS},
        quarantine=("close is not a positive number", 1),
    ),
    Case(
        "off the calendar",
        **prices(
            csv("ticker,date,close", "AAA,2025-09-12,10", "AAA,2025-09-13,11", "AAA,2025-09-15,12")
        ),
        quarantine=("date is not a session of XNYS", 1),
        finding=("rows off the calendar", 1),
    ),
    Case(
        "identical duplicates",
        **prices(csv("ticker,date,close", *["AAA,2025-09-08,10"] * 3)),
        finding=("identical duplicate rows", 2),
    ),
    Case(
        "conflicting duplicates",
        **prices(csv("ticker,date,close", "AAA,2025-09-08,10", "AAA,2025-09-08,11")),
        finding=("conflicting duplicate rows", 1),
        quarantine=("prices: rows with the same security, date differ", 2),
    ),
    Case(
        "return below -100%",
        {"p.csv": csv("ticker,date,close,change,cap", "AAA,2025-09-08,10,-150,5")},
        {"path": "p.csv", "columns": _CHANGES},
        quarantine=("a return is not a number above -100% (use -1 for a worthless delisting)", 1),
    ),
    Case(
        "negative cap",
        {"p.csv": csv("ticker,date,close,change,cap", "AAA,2025-09-08,10,1,-5")},
        {"path": "p.csv", "columns": _CHANGES},
        quarantine=("market cap is negative", 1),
    ),
    Case(
        "cap of zero",
        {"p.csv": csv("ticker,date,close,change,cap", "AAA,2025-09-08,10,1,0")},
        {"path": "p.csv", "columns": _CHANGES},
        finding=("market cap of zero", 1),
    ),
    Case(
        "weights in percent taken as fractions",
        {"h.csv": csv("fund,ticker,weight,date", "F,AAA,60,2025-09-08", "F,BBB,0.4,2025-09-08")},
        {"path": "h.csv", "table": "holdings", "columns": _HOLDINGS},
        finding=("weights of a fund do not add up to one", 1),
        quarantine=("weight outside 0..1", 1),
    ),
    Case(
        "holdings without a day",
        {"h.csv": csv("fund,ticker,weight,date", "F,AAA,1,")},
        {
            "path": "h.csv",
            "table": "holdings",
            "columns": _HOLDINGS,
            "constants": {"date": dt.date(2025, 9, 8)},
        },
        finding=("date missing", 1),
    ),
    Case(
        "spell that ends before it starts",
        {"m.csv": csv("t,s,e", "AAA,2020-01-02,2019-01-02")},
        {
            "path": "m.csv",
            "table": "members",
            "columns": {"security": "t", "start": "s", "end": "e"},
        },
        quarantine=("members: the spell ends before it starts", 1),
    ),
    Case(
        "removal of a stranger",
        {
            "m.csv": csv("t,s,e", "AAA,2020-01-02,"),
            "c.csv": csv("date,add,remove", "2021-01-04,BBB,CCC"),
        },
        {
            "path": "m.csv",
            "table": "members",
            "columns": {"security": "t", "start": "s", "end": "e"},
            "options": {"changes": "c.csv"},
        },
        finding=("member removed that is none", 1),
    ),
    Case(
        "snapshot without a day",
        {"m.csv": csv("t,s,e", "AAA,2020-01-02,"), "now.csv": csv("t", "AAA")},
        {
            "path": "m.csv",
            "table": "members",
            "columns": {"security": "t", "start": "s", "end": "e"},
            "options": {"snapshot": "now.csv"},
        },
        (
            "MarketFileError",
            "sources.bad.options.snapshot: no day for now.csv (found None). "
            'Give snapshot = { path = "...", date = 2025-11-16 }.',
        ),
    ),
    Case(
        "year out of range",
        {"s.csv": csv("d,v", "0202-01-03,1", "2020-01-03,2")},
        {"path": "s.csv", "table": "series", "columns": {"date": "d", "value": "v"}},
        quarantine=("date is no plausible day", 1),
    ),
)
