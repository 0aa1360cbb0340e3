"""Wide files, dates by securities: CSV, Parquet, Excel, one header line or two, packed or not."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas
import polars as pl
import pytest
import xlsxwriter

from bad_inputs import SESSIONS, csv, parquet
from paceline import quality
from paceline.config import Source
from paceline.errors import PacelineError, SourceError
from paceline.sources import Context, Parsed, files, french
from paceline.sources.files import _packed

D = dt.date
CONTEXT = Context("XNYS", SESSIONS)
#: Two sessions of two securities, and what comes of them.
ROWS = [
    ("AAA", D(2025, 9, 8), 10.0, None),
    ("AAA", D(2025, 9, 9), 11.0, 0.1),
    ("BBB", D(2025, 9, 8), 20.0, None),
    ("BBB", D(2025, 9, 9), 19.0, -0.05),
]


def read(folder: Path, data: bytes, file: str = "w.csv", **spec: Any) -> Parsed:
    (folder / file).write_bytes(data)
    source = Source(path=file, **spec)
    parsed = files.parse("own", source, files.fetch("own", source, folder), CONTEXT)
    return quality.check(parsed, "own", source, CONTEXT)


def rows(parsed: Parsed, *columns: str) -> list[tuple[Any, ...]]:
    wanted = columns or ("close", "price_return")
    table = parsed.tables["prices"].select("security", "date", *wanted).sort("security", "date")
    return [tuple(round(v, 12) if isinstance(v, float) else v for v in row) for row in table.rows()]


def found(parsed: Parsed) -> dict[str, int]:
    return {f.check: f.count for f in parsed.findings}


def refused(folder: Path, data: bytes, *said: str, **spec: Any) -> None:
    with pytest.raises(PacelineError) as caught:
        read(folder, data, **spec)
    text = str(caught.value)
    assert "w.csv" in text or "w.zip" in text or "w.xlsx" in text or "sources.own" in text
    assert caught.value.remedy
    for one in said:
        assert one in text


# ---- one line of names


@pytest.mark.parametrize(
    "lines",
    [
        ("Date,AAA,BBB", "2025-09-08,10,20", "2025-09-09,11,19"),
        (",AAA,BBB", "2025-09-08,10,20", "2025-09-09,11,19"),  # an index without a name
        ("Unnamed: 0,AAA,BBB", "2025-09-08,10,20", "2025-09-09,11,19"),
        (",Date,AAA,BBB", "0,2025-09-08,10,20", "1,2025-09-09,11,19"),  # rows numbered
        ("AAA,BBB,date", "10,20,2025-09-08", "11,19,2025-09-09"),
        ("Date;AAA;BBB", "08.09.2025;10,0;20,0", "09.09.2025;11,0;19,0"),
        ("Closes of two funds", "", "Date,AAA,BBB", "2025-09-08,10,20", "2025-09-09,11,19"),
        ("Date,AAA,BBB,", "2025-09-08,10,20,", "2025-09-09,11,19,"),  # a comma too many
        ("Datum,AAA,BBB", "20250908,10,20", "20250909,11,19"),
        ("Date,AAA,BBB", "2025-09-08,$10.00,$20.00", "2025-09-09,$11.00,$19.00"),
        ("Date,AAA,BBB", "2025-09-08 00:00:00-04:00,10,20", "2025-09-09 00:00:00-04:00,11,19"),
        (
            "Date,AAA,BBB",
            "2025-09-06,,",
            "2025-09-08,10,20",
            "2025-09-09,11,19",
            "Source: nobody,,",
        ),
    ],
)
def test_every_column_is_a_security(tmp_path: Path, lines: Sequence[str]) -> None:
    spec: dict[str, Any] = {"options": {"wide": True}}
    if ";" in lines[0]:
        spec["columns"] = {"date": {"column": "Date", "format": "%d.%m.%Y"}}
    assert rows(read(tmp_path, csv(*lines), **spec)) == ROWS


def test_columns_are_named_left_out_and_renamed(tmp_path: Path) -> None:
    data = csv("Date,AAA,BBB,Notes", "2025-09-08,10,20,first", "2025-09-09,11,19,second")
    for wide in (["!Notes"], ["AAA", "BBB"], {"AAA": "AAA", "BBB": ["old", "BBB"]}):
        assert rows(read(tmp_path, data, options={"wide": wide})) == ROWS
    out = read(tmp_path, data, options={"wide": {"XXX": "AAA"}})
    assert {row[0] for row in rows(out)} == {"XXX"}
    out = read(tmp_path, data, options={"wide": ["!Notes"]}, rename={"BBB": "CCC"})
    assert {row[0] for row in rows(out)} == {"AAA", "CCC"}


def test_cells_meet_the_checks_of_a_long_file(tmp_path: Path) -> None:
    """A word sets aside its cell, a missing code is no price, a day is a session or set aside."""
    data = csv(
        "Date,AAA,BBB,CCC",
        "2025-09-08,10,n/a,5",
        "2025-09-09,oops 1,20,-99.99",
        "2025-09-10,11,21,6",
        "2025-09-13,12,22,6",
    )
    out = read(tmp_path, data, options={"wide": True, "missing": ["-99.99"]})
    assert [row[:3] for row in rows(out)] == [
        ("AAA", D(2025, 9, 8), 10.0),
        ("AAA", D(2025, 9, 10), 11.0),
        ("BBB", D(2025, 9, 9), 20.0),
        ("BBB", D(2025, 9, 10), 21.0),
        ("CCC", D(2025, 9, 8), 5.0),
        ("CCC", D(2025, 9, 10), 6.0),
    ]
    assert out.quarantine is not None
    reasons = out.quarantine["reason"].to_list()
    assert "close is not a number: oops 1" in reasons
    assert sum("session" in reason for reason in reasons) == 3  # a Saturday


def test_a_jump_in_a_wide_file_is_set_aside(tmp_path: Path) -> None:
    data = csv("Date,AAA,BBB", "2025-09-08,100,20", "2025-09-09,50,20", "2025-09-10,51,20")
    out = read(tmp_path, data, options={"wide": True})
    assert found(out)["return looks like a split"] == 1
    assert [row[3] for row in rows(out)[:3]] == [None, None, 0.02]


def test_doubtful_decimals_are_refused_in_a_wide_file(tmp_path: Path) -> None:
    data = csv("Date,AAA,BBB", '2025-09-08,"1,234","1,235"', '2025-09-09,"1,236","1,237"')
    refused(tmp_path, data, "may stand before decimals", options={"wide": True})
    data = csv("Date,AAA", "05/06/2025,1", "06/06/2025,2")
    refused(tmp_path, data, "month or the day", options={"wide": True})


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("Date,AAA,AAA", "2025-09-08,10,20"), "two columns are named 'AAA'"),
        (("Date,AAA,", "2025-09-08,10,20"), "column 3 has cells and no name"),
        (("Date,AAA,Name", "2025-09-08,10,Apple"), "column 'Name' holds words ('Apple')"),
        (("Date,Open,High,Low,Close", "2025-09-08,1,1,1,1"), "are fields, no securities"),
        (("Date,OPEN,HIGH,LOW,CLOSE", "2025-09-08,1,1,1,1"), "are fields, no securities"),
        (("Date,SPX,Volume", "2025-09-08,1,1"), "'Volume' is a field, no security"),
        (("Date,AAA,BBB", "2025-09-08,,"), "no cell of the table holds a value"),
        (("AAA,BBB", "10,20"), "which is no date"),
        (("Date,Time,AAA", "2025-09-08,16:00,1"), "2 columns could hold the dates"),
    ],
)
def test_what_is_no_wide_table_is_one_clear_error(
    tmp_path: Path, lines: Sequence[str], said: str
) -> None:
    refused(tmp_path, csv(*lines), said, options={"wide": True})


@pytest.mark.parametrize(
    ("wide", "remedy"),
    [
        (True, 'Leave them out: options = { wide = ["!Open", "!Volume"] }; or, where'),
        (["!AAA"], 'Leave them out: options = { wide = ["!AAA", "!Open", "!Volume"] }; or, where'),
        (["!AAA", "!BBB"], 'Leave wide out and map { date = "...", close = "..." }'),
    ],
)
def test_the_remedy_for_fields_names_them_all_at_once(
    tmp_path: Path, wide: object, remedy: str
) -> None:
    data = csv("Date,AAA,BBB,Open,Volume", "2025-09-08,1,1,1,1")
    with pytest.raises(SourceError, match="'Open', 'Volume' are fields") as caught:
        read(tmp_path, data, options={"wide": wide})
    assert str(caught.value.remedy).startswith(remedy)


def test_tickers_that_are_words_of_fields_are_tickers(tmp_path: Path) -> None:
    """Lowe's and Opendoor."""
    out = read(tmp_path, csv("Date,LOW,OPEN,HD", "2025-09-08,1,2,3"), options={"wide": True})
    assert [row[0] for row in rows(out)] == ["HD", "LOW", "OPEN"]


def test_an_empty_column_and_lines_without_values_are_counted(tmp_path: Path) -> None:
    data = csv("Date,AAA,BBB,DDD", "2025-09-06,,,", "2025-09-08,10,20,", "2025-09-09,11,19,")
    out = read(tmp_path, data, options={"wide": True})
    assert rows(out) == ROWS
    assert found(out)["columns without any value"] == found(out)["lines without any value"] == 1


def test_wide_is_proposed_where_it_would_help(tmp_path: Path) -> None:
    data = csv("date,AAA,BBB,CCC", "2025-09-08,10,20,30")
    refused(tmp_path, data, "options = { wide = true }")
    refused(tmp_path, data, "options = { wide = true }", columns={"date": "date"})


@pytest.mark.parametrize("wide", [[], {}, ["!AAA", "BBB"], "AAA", 3, False])
def test_a_wide_option_that_means_nothing_is_an_error(tmp_path: Path, wide: object) -> None:
    data = csv("Date,AAA,BBB", "2025-09-08,10,20")
    refused(tmp_path, data, "sources.own.options.wide", options={"wide": wide})


def test_series_need_no_list_either(tmp_path: Path) -> None:
    data = csv("DATE,CPI,GDP", "2025-09-08,3.5,.", "2025-09-09,.,2.1")
    out = read(tmp_path, data, table="series", options={"wide": True})
    assert out.tables["series"].select("series", "value").sort("series").rows() == [
        ("CPI", 3.5),
        ("GDP", 2.1),
    ]


# ---- two lines: a field and a security


STACKED = {
    "yfinance": ("Price,Close,Close", "Ticker,AAA,BBB", "Date,,"),
    "yfinance before": (",Close,Close", ",AAA,BBB", "Date,,"),
    "by ticker": ("Ticker,AAA,BBB", "Price,Close,Close", "Date,,"),
    "without the name of the index": (",Close,Close", ",AAA,BBB"),
    "names of levels, no name of the index": ("Price,Close,Close", "Ticker,AAA,BBB"),
    "dates as a column": ("Date,Close,Close", ",AAA,BBB"),
    "merged cells": ("Price,Close,", "Ticker,AAA,BBB", "Date,,"),
    "below a title": ("My closes", "", "Price,Close,Close", "Ticker,AAA,BBB", "Date,,"),
    "in one line": ("Date,\"('Close', 'AAA')\",\"('Close', 'BBB')\"",),
    "in one line, by ticker": ("Date,\"('AAA', 'Close')\",\"('BBB', 'Close')\"",),
    "in one line, dates too": ("\"('Date', '')\",\"('Close', 'AAA')\",\"('Close', 'BBB')\"",),
    "semicolons": ("Price;Close;Close", "Ticker;AAA;BBB", "Date;;"),
}


@pytest.mark.parametrize("header", STACKED.values(), ids=STACKED.keys())
def test_a_header_of_two_lines_is_read_as_it_is(tmp_path: Path, header: Sequence[str]) -> None:
    mark = ";" if ";" in header[0] else ","
    body = [mark.join(line) for line in (("2025-09-08", "10", "20"), ("2025-09-09", "11", "19"))]
    for options in ({}, {"wide": True}):
        out = read(tmp_path, csv(*header, *body), options=options)
        assert rows(out) == ROWS and out.quarantine is None


def test_rows_numbered_beside_a_header_of_two_lines(tmp_path: Path) -> None:
    data = csv(",Date,Close,Close", ",,AAA,BBB", "0,2025-09-08,10,20", "1,2025-09-09,11,19")
    assert rows(read(tmp_path, data)) == ROWS


def test_securities_of_digits(tmp_path: Path) -> None:
    data = csv("Price,Close,Close", "Ticker,600519,000001", "Date,,", "2025-09-08,10,20")
    assert [row[0] for row in rows(read(tmp_path, data))] == ["000001", "600519"]


def test_days_in_lines_above_a_header_of_two_lines(tmp_path: Path) -> None:
    above = csv("From,2025-09-08", "To,2025-12-05", "Printed,2025-12-06", "")
    data = above + csv("Price,Close,Close", "Ticker,AAA,BBB", "Date,,", "2025-09-08,10,20")
    assert [row[0] for row in rows(read(tmp_path, data))] == ["AAA", "BBB"]


def test_a_long_file_of_many_rows_is_none_of_two_levels(tmp_path: Path) -> None:
    lines = [f"{s},{d},{n + 10}" for n, s in enumerate("ABCDEFGHIJKL") for d in SESSIONS[:2]]
    columns = {"security": "ticker", "date": "date", "close": "close"}
    parsed = read(tmp_path, csv("ticker,date,close", *lines), columns=columns)
    assert [row[2] for row in rows(parsed)][::2] == [float(n + 10) for n in range(12)]


FIELDS = csv(
    "Price,Adj Close,Adj Close,Close,Close,High,High,Volume,Volume",
    "Ticker,AAA,BBB,AAA,BBB,AAA,BBB,AAA,BBB",
    "Date,,,,,,,,",
    "2025-09-08,9.9,19,10,20,10,20,100,200",
    "2025-09-09,11,19,11,19,11,20,110,",
)


def test_the_convention_of_yahoo(tmp_path: Path) -> None:
    """Close without splits, Adj Close without dividends too: price and total returns, and said."""
    out = read(tmp_path, FIELDS)
    assert rows(out, "price_return", "total_return", "volume") == [
        ("AAA", D(2025, 9, 8), None, None, 100.0),
        ("AAA", D(2025, 9, 9), 0.1, 0.111111111111, 110.0),
        ("BBB", D(2025, 9, 8), None, None, 200.0),
        ("BBB", D(2025, 9, 9), -0.05, 0.0, None),
    ]
    assert found(out)["Close and Adj Close in one table"] == 1


@pytest.mark.parametrize(
    ("spec", "column", "value"),
    [
        ({"columns": {"close": "Close"}}, "price_return", 0.1),
        ({"columns": {"adjusted_close": "Adj Close"}}, "total_return", 0.111111111111),
        ({"columns": {"close": "High", "date": "Date", "security": "Ticker"}}, "close", 11.0),
        ({"dialect": "adjusted"}, "total_return", 0.111111111111),
        ({"options": {"wide_field": "close"}}, "price_return", 0.1),
        ({"options": {"wide_field": "adjusted_close"}}, "total_return", 0.111111111111),
    ],
)
def test_a_declared_field_is_the_one_that_counts(
    tmp_path: Path, spec: dict[str, Any], column: str, value: float
) -> None:
    out = read(tmp_path, FIELDS, **spec)
    assert rows(out, column)[1][2] == value
    assert "Close and Adj Close in one table" not in found(out)


def test_dividends_beside_a_close_need_a_word(tmp_path: Path) -> None:
    """yfinance takes dividends out of Close unless told otherwise: two meanings, two returns."""
    data = csv(
        "Price,Close,Dividends,Stock Splits",
        "Ticker,AAA,AAA,AAA",
        "Date,,,",
        "2025-09-08,10,0,0",
        "2025-09-09,10,0.5,0",
    )
    refused(tmp_path, data, "'Close' stands beside 'Dividends'", "auto_adjust=False")
    out = read(tmp_path, data, dialect="split_adjusted")
    assert rows(out, "price_return", "total_return")[1][2:] == (0.0, 0.05)
    out = read(tmp_path, data, dialect="adjusted")
    assert rows(out, "total_return")[1][2:] == (0.0,)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("Price,Close,Close", "Ticker,AAA,AAA", "Date,,"), "two columns hold Close of AAA"),
        (("Price,Open,High", "Ticker,AAA,AAA", "Date,,"), "none of its fields"),
        (
            ("Price,close,adj_close,Adj Close", "Ticker,A,A,A", "Date,,,"),
            "both name adjusted_close",
        ),
        (("a,CLOSE,CLOSE", "b,LOW,OPEN", "Date,,"), "both levels"),
    ],
)
def test_two_lines_that_leave_a_doubt(tmp_path: Path, lines: Sequence[str], said: str) -> None:
    body = ",".join(["2025-09-08", *"1234"][: lines[0].count(",") + 1])
    refused(tmp_path, csv(*lines, body), said)


def test_levels_with_names_tell_tickers_from_fields(tmp_path: Path) -> None:
    data = csv("Price,CLOSE,CLOSE", "Ticker,LOW,OPEN", "Date,,", "2025-09-08,1,2")
    assert [row[0] for row in rows(read(tmp_path, data))] == ["LOW", "OPEN"]


@pytest.mark.parametrize(
    "lines",
    [
        ("Date,Close,Volume", ",USD,shares", "2025-09-08,10,5"),  # a line of units
        ("ticker,close,volume", "AAA,10,5", "BBB,11,6"),  # no dates
    ],
)
def test_what_only_looks_like_two_levels(tmp_path: Path, lines: Sequence[str]) -> None:
    refused(tmp_path, csv(*lines), "columns")


def test_a_long_file_stays_a_long_file(tmp_path: Path) -> None:
    data = csv("ticker,close,date", "AAA,10,2025-09-08", "AAA,11,2025-09-09")
    out = read(tmp_path, data, columns={"security": "ticker", "date": "date", "close": "close"})
    assert rows(out) == ROWS[:2]


def test_names_joined_by_a_mark_are_two_levels_where_all_are(tmp_path: Path) -> None:
    head = ("Date,AAA_Close,BBB_Close,AAA_Volume", "Date,Close AAA,Close BBB,Volume AAA")
    for names in head:
        data = csv(names, "2025-09-08,10,20,5", "2025-09-09,11,19,6")
        assert rows(read(tmp_path, data, options={"wide": True})) == ROWS


# ---- Parquet


def test_wide_parquet(tmp_path: Path) -> None:
    days = [D(2025, 9, 8), D(2025, 9, 9)]
    data = parquet(Date=days, AAA=[10.0, 11.0], BBB=[20, 19])
    assert rows(read(tmp_path, data, "w.parquet", options={"wide": True})) == ROWS
    data = parquet(**{"('Close', 'AAA')": [10.0, 11.0], "('Close', 'BBB')": [20, 19], "Date": days})
    assert rows(read(tmp_path, data, "w.parquet")) == ROWS


def frame(*, swapped: bool = False, named: bool = True, zone: str | None = None) -> Any:
    """Close and volume of AAA and BBB, as pandas holds them."""
    days = pandas.DatetimeIndex(
        ["2025-09-08", "2025-09-09"], tz=zone, name="Date" if named else None
    )
    names = ["Price", "Ticker"] if named else [None, None]
    columns = pandas.MultiIndex.from_product([["Close", "Volume"], ["AAA", "BBB"]], names=names)
    made = pandas.DataFrame([[10.0, 20.0, 1, 2], [11.0, 19.0, 3, 4]], index=days, columns=columns)
    return made.swaplevel(axis=1).sort_index(axis=1) if swapped else made


@pytest.mark.parametrize("zone", [None, "America/New_York", "UTC"])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("swapped", [True, False])
def test_a_frame_of_pandas_written_by_pandas(
    tmp_path: Path, swapped: bool, named: bool, zone: str | None
) -> None:
    made = frame(swapped=swapped, named=named, zone=zone)
    buffer = io.BytesIO()
    made.to_parquet(buffer)
    spec: dict[str, Any] = {}
    if zone == "UTC":
        spec["columns"] = {"date": {"column": "Date" if named else "", "zone": "UTC"}}
    written = {"w.csv": made.to_csv().encode(), "w.parquet": buffer.getvalue()}
    for file, data in written.items():
        if zone == "UTC" and file == "w.parquet" and not named:
            spec["columns"]["date"]["column"] = "__index_level_0__"
        out = read(tmp_path, data, file, **spec)
        assert rows(out) == ROWS
        assert rows(out, "volume")[-1][2] == 4


def test_names_of_levels_in_pandas_metadata_tell_tickers(tmp_path: Path) -> None:
    columns = pandas.MultiIndex.from_product(
        [["CLOSE"], ["LOW", "OPEN"]], names=["Price", "Ticker"]
    )
    made = pandas.DataFrame(
        [[1.0, 2.0]], index=pandas.DatetimeIndex(["2025-09-08"]), columns=columns
    )
    buffer = io.BytesIO()
    made.to_parquet(buffer)
    out = read(tmp_path, buffer.getvalue(), "w.parquet")
    assert [row[0] for row in rows(out)] == ["LOW", "OPEN"]


# ---- Excel


def workbook(sheets: dict[str, list[list[Any]]], **options: Any) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "default_date_format": "d mmm yy", **options}
    )
    for name, lines in sheets.items():
        sheet = book.add_worksheet(name)
        for number, line in enumerate(lines):
            sheet.write_row(number, 0, line)
    book.close()
    return buffer.getvalue()


DAYS = [dt.datetime(2025, 9, 8), dt.datetime(2025, 9, 9)]
PLAIN = [["Date", "AAA", "BBB"], [DAYS[0], 10, 20], [DAYS[1], 11, 19]]


@pytest.mark.parametrize(
    "lines",
    [
        PLAIN,
        [["Closes"], [], *PLAIN],
        [*PLAIN, [], ["Source: nobody"]],
        [["Date", "AAA", "BBB"], ["2025-09-08", "10", "20"], ["2025-09-09", "11", "19"]],
        [["Date", "AAA", "BBB"], [45908, 10, 20], [45909, 11, 19]],  # serials shown as numbers
        [["Date", "AAA", "BBB"], [DAYS[0], 10, 20], [45909, 11, 19]],
        [[None, "AAA", "BBB"], [DAYS[0], 10, 20], [DAYS[1], 11, 19]],
        [["Date", "AAA", "BBB"], [20250908, 10, 20], [20250909, 11, 19]],
    ],
)
def test_a_wide_sheet(tmp_path: Path, lines: list[list[Any]]) -> None:
    out = read(tmp_path, workbook({"p": lines}), "w.xlsx", options={"wide": True})
    assert rows(out) == ROWS


def test_serials_of_a_workbook_that_counts_from_1904(tmp_path: Path) -> None:
    lines = [["Date", "AAA", "BBB"], [44446, 10, 20], [44447, 11, 19]]
    data = workbook({"p": lines}, date_1904=True)
    assert rows(read(tmp_path, data, "w.xlsx", options={"wide": True})) == ROWS
    data = workbook({"p": PLAIN}, date_1904=True)
    assert rows(read(tmp_path, data, "w.xlsx", options={"wide": True})) == ROWS


def test_a_long_sheet_with_every_digit_and_a_division_by_zero(tmp_path: Path) -> None:
    third, tiny = 1 / 3, 1.23456789012345e-7
    lines: list[list[Any]] = [
        ["ticker", "date", "close", "volume"],
        ["AAA", DAYS[0], third, 100],
        ["AAA", DAYS[1], third, "n/a"],
        ["000001", DAYS[0], tiny, "=1/0"],
        ["000001", DAYS[1], tiny, 5.5],
    ]
    columns = {"security": "ticker", "date": "date", "close": "close", "volume": "volume"}
    out = read(tmp_path, workbook({"p": lines}), "w.xlsx", columns=columns)
    table = out.tables["prices"].sort("security", "date")
    assert table["close"].to_list() == [tiny, tiny, third, third]
    assert table["security"].unique().sort().to_list() == ["000001", "AAA"]
    assert table["volume"].to_list()[1:3] == [5.5, 100.0]


def test_two_levels_as_pandas_writes_them_to_excel(tmp_path: Path) -> None:
    for named in (True, False):
        for swapped in (True, False):
            buffer = io.BytesIO()
            frame(named=named, swapped=swapped).to_excel(buffer, engine="xlsxwriter")
            assert rows(read(tmp_path, buffer.getvalue(), "w.xlsx")) == ROWS


def test_the_sheet_is_named_where_several_hold_cells(tmp_path: Path) -> None:
    data = workbook({"notes": [["see", "next"]], "closes": PLAIN})
    refused(tmp_path, data, "notes, closes", "sheet", file="w.xlsx", options={"wide": True})
    for sheet in ("closes", 2):
        out = read(tmp_path, data, "w.xlsx", options={"wide": True, "sheet": sheet})
        assert rows(out) == ROWS
    for wrong in ("prices", 3):
        options = {"wide": True, "sheet": wrong}
        refused(tmp_path, data, "notes, closes", file="w.xlsx", options=options)
    data = workbook({"empty": [], "closes": PLAIN})
    assert rows(read(tmp_path, data, "w.xlsx", options={"wide": True})) == ROWS


def test_a_sheet_of_no_workbook_and_a_broken_workbook(tmp_path: Path) -> None:
    refused(tmp_path, csv("Date,AAA", "2025-09-08,1"), "no workbook", options={"sheet": "p"})
    data = workbook({"p": PLAIN})
    broken = bytearray(data)
    at = data.find(b"xl/worksheets/sheet1.xml") + 60
    broken[at : at + 20] = bytes(20)
    refused(tmp_path, bytes(broken), "damaged", file="w.xlsx", options={"wide": True})


def test_without_fastexcel_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    data = workbook({"p": PLAIN})
    refused(tmp_path, data, "pip install paceline[excel]", file="w.xlsx", options={"wide": True})


def test_serial_days_in_a_csv_need_their_format(tmp_path: Path) -> None:
    data = csv("Date,AAA,BBB", "45908,10,20", "45909,11,19")
    refused(tmp_path, data, "seem to count days", options={"wide": True})
    columns = {"date": {"column": "Date", "format": "excel"}}
    assert rows(read(tmp_path, data, options={"wide": True}, columns=columns)) == ROWS


# ---- packed

LONG = csv("Date,AAA,BBB", "2025-09-08,10,20", "2025-09-09,11,19")


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("file", "data", "more"),
    [
        ("w.csv.gz", gzip.compress(LONG), {}),
        ("w.csv.gz", gzip.compress(LONG[:20]) + gzip.compress(LONG[20:]), {}),  # in two parts
        ("w.zip", zipped({"p.csv": LONG}), {}),
        ("w.csv", zipped({"folder/p.csv": LONG}), {}),  # the bytes tell, not the name
        ("w.zip", zipped({"p.csv": LONG, "notes.txt": b"x"}), {"member": "p.csv"}),
        ("w.zip", zipped({"folder/p.csv": LONG, "notes.txt": b"x"}), {"member": "p.csv"}),
        ("w.zip", zipped({"p.csv": LONG, "__MACOSX/._p.csv": b"x"}), {}),
        ("w.zip", zipped({"p.xlsx": workbook({"p": PLAIN})}), {}),
    ],
    ids=[f"packed {n}" for n in range(8)],  # the bytes hold the time: no names for tests
)
def test_packed_files_are_read(tmp_path: Path, file: str, data: bytes, more: Any) -> None:
    assert rows(read(tmp_path, data, file, options={"wide": True, **more})) == ROWS


def locked() -> bytes:
    data = bytearray(zipped({"p.csv": LONG}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.find(mark) + at] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "more", "said"),
    [
        (zipped({"a.csv": LONG, "b.csv": LONG}), {}, "holds 2 files: a.csv, b.csv"),
        (zipped({"a.csv": LONG}), {"member": "b.csv"}, "no member 'b.csv'"),
        (zipped({"x/a.csv": LONG, "y/a.csv": LONG}), {"member": "a.csv"}, "2 members 'a.csv'"),
        (zipped({}), {}, "holds no file"),
        (zipped({"a.csv": b""}), {}, "a.csv is empty"),
        (zipped({"a.csv": LONG})[:-30], {}, "damaged or cut off"),
        (zipped({"a.csv": gzip.compress(LONG)}), {}, "packed once more"),
        (zipped({"a.zip": zipped({"a.csv": LONG})}), {}, "packed once more"),
        (locked(), {}, "locked by a password"),
        (LONG, {"member": "a.csv"}, "no zip archive"),
    ],
    ids=[f"bad {n}" for n in range(10)],
)
def test_a_bad_archive_is_one_clear_error(
    tmp_path: Path, data: bytes, more: dict[str, str], said: str
) -> None:
    refused(tmp_path, data, said, file="w.zip", options={"wide": True, **more})


def test_archives_that_swell_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_packed, "LARGEST_UNPACKED", 10_000)
    monkeypatch.setattr(_packed, "SWELLING", 2)
    bomb = zipped({"a.csv": LONG + b"2025-09-10,1,1\n" * 100_000})
    refused(tmp_path, bomb, "unpacks to more than", file="w.zip", options={"wide": True})
    book = workbook({"p": [*PLAIN, *[[None, 1, 1]] * 20_000]})
    refused(tmp_path, book, "unpacks to more than", file="w.xlsx", options={"wide": True})


FRENCH = csv(
    "This file was created using the 202509 CRSP database.",
    "",
    ",Mkt-RF,SMB",
    "202508,  1.50, -99.99",
    "202509, -2.00,  0.10",
    "",
    " Annual Factors: January-December",
    "",
    ",Mkt-RF,SMB",
    "2025,  10.00,  1.00",
    "",
    "Copyright",
)


def test_a_zipped_file_of_the_french_library(tmp_path: Path) -> None:
    (tmp_path / "Factors_CSV.zip").write_bytes(zipped({"Factors.csv": FRENCH}))
    (tmp_path / "Factors.csv").write_bytes(FRENCH)
    tables = []
    for path in ("Factors_CSV.zip", "Factors.csv"):
        spec = Source(kind="french", table="series", path=path)
        raws = french.fetch("f", spec, tmp_path)
        assert "CRSP 202509" in raws[0].origin.what
        tables.append(french.parse("f", spec, raws, CONTEXT).tables["series"])
    assert tables[0].equals(tables[1])
    assert dict(tables[0].select(pl.format("{} {}", "series", "date"), "value").rows()) == {
        "french/Factors/monthly/Mkt-RF 2025-08-31": 0.015,
        "french/Factors/monthly/Mkt-RF 2025-09-30": -0.02,
        "french/Factors/monthly/SMB 2025-09-30": 0.001,
        "french/Factors/annual/Mkt-RF 2025-12-31": 0.1,
        "french/Factors/annual/SMB 2025-12-31": 0.01,
    }


def test_a_zipped_french_file_by_its_columns(tmp_path: Path) -> None:
    out = read(
        tmp_path,
        zipped({"Factors.csv": FRENCH}),
        "w.zip",
        table="series",
        columns={"date": {"column": "", "format": "%Y%m"}},
        options={"wide": ["Mkt-RF", "SMB"], "unit": "percent"},
    )
    values = out.tables["series"].sort("series", "date").select("series", "value").rows()
    assert values == [("Mkt-RF", 0.015), ("Mkt-RF", -0.02), ("SMB", 0.001)]


def test_securities_with_dates_of_their_own_are_no_wide_table(tmp_path: Path) -> None:
    date = {"date": "Date"}
    apart = csv("Date,AAA,Date,BBB", "2025-09-08,10,2025-09-09,5", "2025-09-09,11,2025-09-10,6")
    wides: tuple[Any, ...] = (True, ["!Date (3)"], ["AAA", "BBB"])
    for wide in wides:
        said = "'Date (3)' holds other days than 'Date'", 'date = "Date (3)"'
        refused(tmp_path, apart, *said, columns=date, options={"wide": wide})
    same = csv("Date,AAA,Date,BBB", "2025-09-08,10,2025-09-08,20", "2025-09-09,11,2025-09-09,19")
    out = read(tmp_path, same, columns=date, options={"wide": True})
    assert rows(out) == ROWS and out.quarantine is None


def test_a_table_by_semicolons_with_decimal_commas(tmp_path: Path) -> None:
    lines = ("08.09.2025;10,00;20,00", "09.09.2025;11,00;19,00")
    date = {"date": {"column": "Datum", "format": "%d.%m.%Y"}}
    for head in ("Datum;AAA;BBB", "Bericht vom 10.09.2025\n\nDatum;AAA;BBB"):
        out = read(tmp_path, csv(head, *lines), options={"wide": True}, columns=date)
        assert rows(out) == ROWS
