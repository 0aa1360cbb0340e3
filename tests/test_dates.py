"""Dates of files: the day at the exchange, orders that are refused, years that are mistyped."""

from __future__ import annotations

import datetime as dt
import re
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from bad_inputs import csv, parquet
from paceline import quality
from paceline.config import Source
from paceline.errors import MarketFileError, PacelineError, SourceError
from paceline.sources import Context, Parsed, files

D = dt.date
#: The first days of July 2025, when clocks are in summer time.
WEEK = [D(2025, 7, 1), D(2025, 7, 2), D(2025, 7, 3)]
YEAR_END = D(2025, 12, 31)
ALL_YEAR = tuple(
    day for day in (D(2024, 12, 30) + dt.timedelta(n) for n in range(400)) if day.weekday() < 5
)


def read(
    folder: Path,
    data: bytes,
    calendar: str = "XNYS",
    today: D | None = YEAR_END,
    sessions: tuple[D, ...] = ALL_YEAR,
    **column: Any,
) -> Parsed:
    """A file of prices with the columns t, day and close, parsed and checked."""
    (folder / "p").write_bytes(data)
    spec = Source(
        path="p", columns={"security": "t", "date": {"column": "day", **column}, "close": "close"}
    )
    context = Context(calendar, sessions, today)
    parsed = files.parse("own", spec, files.fetch("own", spec, folder), context)
    return quality.check(parsed, "own", spec, context)


def days(parsed: Parsed) -> list[D]:
    return parsed.tables["prices"].get_column("date").to_list()


def reasons(parsed: Parsed) -> list[str]:
    return [] if parsed.quarantine is None else parsed.quarantine.get_column("reason").to_list()


def lines(cells: list[str]) -> bytes:
    return csv("t;day;close", *(f"A;{cell};{100 + n}" for n, cell in enumerate(cells)))


# ---- stamps with a zone ------------------------------------------------------------------------

#: calendar, zone of the stamps, hour, minute: what feeds send for the same three days
STAMPED = [
    ("XTKS", "Asia/Tokyo", 0, 0),
    ("XTKS", "UTC", 6, 30),  # the close in Tokyo
    ("XTKS", "UTC", 0, 0),  # 09:00 in Tokyo: the same day
    ("XLON", "Europe/London", 0, 0),
    ("XLON", "Europe/London", 16, 30),
    ("XETR", "Europe/Berlin", 0, 0),
    ("XETR", "Europe/Berlin", 17, 30),
    ("XNYS", "America/New_York", 0, 0),
    ("XNYS", "America/New_York", 16, 0),
    ("XNYS", "America/New_York", 9, 30),
    ("XNYS", "UTC", 20, 0),
    ("XNYS", "Europe/Berlin", 22, 0),
    ("XASX", "Australia/Sydney", 0, 0),
    ("24/7", "UTC", 0, 0),
]


@pytest.mark.parametrize(("calendar", "zone", "hour", "minute"), STAMPED)
@pytest.mark.parametrize("form", ["parquet", "parquet in UTC", "text", "text in UTC", "seconds"])
def test_a_stamp_with_a_zone_is_a_day_at_the_exchange(
    tmp_path: Path, form: str, calendar: str, zone: str, hour: int, minute: int
) -> None:
    stamps = [
        dt.datetime(d.year, d.month, d.day, hour, minute, tzinfo=ZoneInfo(zone)) for d in WEEK
    ]
    in_utc = [s.astimezone(dt.UTC) for s in stamps]
    column: dict[str, Any] = {}
    if form.startswith("parquet"):
        given = pl.Series(in_utc, dtype=pl.Datetime("us", "UTC"))
        moved = given if form.endswith("UTC") else given.dt.convert_time_zone(zone)
        data = parquet(t=["A"] * 3, day=moved, close=[1.0, 2.0, 3.0])
    elif form == "seconds":
        data = lines([str(int(s.timestamp())) for s in stamps])
        column = {"format": "epoch_s"}
    else:
        data = lines([s.isoformat() for s in (in_utc if form.endswith("UTC") else stamps)])
    assert days(read(tmp_path, data, calendar, **column)) == WEEK


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["2025-07-01T00:00:00", "2025-07-02T00:00:00"], WEEK[:2]),
        (["2025-07-01 16:00", "2025-07-02 09:30:00.000"], WEEK[:2]),
        (["2025-07-01T20:00:00Z", "2025-07-02T20:00:00z"], WEEK[:2]),
        (["2025-07-01 23:30:00+00:00", "2025-07-02 23:30:00 UTC"], WEEK[:2]),
        (["2025-07-01T23:30-0400", "2025-07-02T23:30-04"], WEEK[:2]),
        (["2025-07-02T03:59:59Z", "2025-07-03T03:59:59+00:00"], WEEK[:2]),  # a second to midnight
        (["2025-07-01T16:00-04:00[America/New_York]", "2025-07-02 16:00"], WEEK[:2]),
        (["07/01/2025 4:00 PM", "07/25/2025 12:00 am"], [D(2025, 7, 1), D(2025, 7, 25)]),
        (["Tue, 01 Jul 2025 16:00:00 -0400", "Wed, 02 Jul 2025 16:00:00 -0400"], WEEK[:2]),
    ],
)
def test_stamps_as_text_in_new_york(tmp_path: Path, cells: list[str], expected: list[D]) -> None:
    assert days(read(tmp_path, lines(cells))) == expected


def test_stamps_without_a_zone_are_the_days_written(tmp_path: Path) -> None:
    naive = [dt.datetime(2025, 7, 1), dt.datetime(2025, 7, 2, 23, 59)]
    data = parquet(t=["A", "A"], day=naive, close=[1.0, 2.0])
    assert days(read(tmp_path, data, "XTKS")) == WEEK[:2]


@pytest.mark.parametrize("form", ["parquet", "text", "seconds", "milliseconds"])
def test_midnights_of_another_zone_are_refused_until_the_zone_is_said(
    tmp_path: Path, form: str
) -> None:
    # midnight in UTC is eight in the evening before in New York: the bar of which day?
    stamps = [dt.datetime(d.year, d.month, d.day, tzinfo=dt.UTC) for d in WEEK]
    column: dict[str, Any] = {}
    if form == "parquet":
        series = pl.Series(stamps, dtype=pl.Datetime("ns", "UTC"))
        data = parquet(t=["A"] * 3, day=series, close=[1.0, 2.0, 3.0])
    elif form == "text":
        data = lines([s.isoformat() for s in stamps])
    else:
        factor, column = (
            (1, {"format": "epoch_s"}) if form == "seconds" else (1000, {"format": "epoch_ms"})
        )
        data = lines([str(int(s.timestamp()) * factor) for s in stamps])
    with pytest.raises(SourceError, match="midnights of another zone than America/New_York"):
        read(tmp_path, data, **column)
    assert days(read(tmp_path, data, zone="UTC", **column)) == WEEK
    evening = [D(2025, 6, 30), *WEEK[:2]]
    assert days(read(tmp_path, data, zone="America/New_York", **column)) == evening


def test_a_zone_means_nothing_where_no_stamp_has_one(tmp_path: Path) -> None:
    with pytest.raises(MarketFileError, match="has no time zone"):
        read(tmp_path, lines(["2025-07-01", "2025-07-02"]), zone="UTC")


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="IANA"):
        Source(path="p", columns={"date": {"column": "d", "zone": "Mars/Phobos"}})


# ---- orders ------------------------------------------------------------------------------------

AMBIGUOUS = ["03/04/2025", "04/04/2025", "07/04/2025", "08/04/2025"]
#: What else may stand in a column of which every date fits two orders.
NOISE = [
    [],
    ["delayed"],
    ["Exchange data, delayed 15 minutes", "Source: own", "End of file"],
    ["", ""],
    ["123/04/2025"],
    ["3/4/205"],
    ["32/13/2025", "99/99/2025"],
    ["100", "250", "3"],
    ["31/04/2025"],  # no date in either order
    ["28/04/2025"],  # the only cell that tells, among four that do not
    ["2025-04-09"],
    ["9 Apr 2025"],
    [f"footnote {n}" for n in range(20)],
    ["04/04/2025", "05/05/2025"],
]


@pytest.mark.parametrize("noise", NOISE, ids=lambda n: " ".join(n)[:30] or "nothing")
@pytest.mark.parametrize("mark", ["/", "-", "."])
@pytest.mark.parametrize("before", [True, False], ids=["above", "below"])
def test_two_orders_are_refused_whatever_else_is_in_the_column(
    tmp_path: Path, noise: list[str], mark: str, before: bool
) -> None:
    cells = [*noise, *AMBIGUOUS] if before else [*AMBIGUOUS, *noise]
    with pytest.raises(SourceError, match="may start with the month or the day") as caught:
        read(tmp_path, lines([c.replace("/", mark) for c in cells]))
    assert caught.value.remedy == (
        f'Say which: {{ column = "day", format = "%m{mark}%d{mark}%Y" }} if with the month, '
        f'"%d{mark}%m{mark}%Y" if with the day.'
    )


@pytest.mark.parametrize("time", ["", " 9:30", " 16:00", " 16:00:00", "T16:00"])
@pytest.mark.parametrize("mark", ["/", "-", "."])
@pytest.mark.parametrize("day_first", [False, True])
def test_the_format_that_is_proposed_works(
    tmp_path: Path, time: str, mark: str, day_first: bool
) -> None:
    cells = [c.replace("/", mark) + time for c in AMBIGUOUS]
    with pytest.raises(SourceError, match="may start with the month or the day") as caught:
        read(tmp_path, lines(cells))
    formats = re.findall('"(%[^"]*)"', caught.value.remedy)
    assert len(formats) == 2
    found = days(read(tmp_path, lines(cells), format=formats[day_first]))
    first = [D(2025, m, 4) for m in (3, 4, 7, 8)]
    assert found == ([D(2025, 4, n) for n in (3, 4, 7, 8)] if day_first else first)


@pytest.mark.parametrize("given", [{}, {"format": "%d/%m/%Y"}, {"format": "%Y%m%d"}])
@pytest.mark.parametrize("time", ["", ".6875"])
def test_serial_days_are_refused_with_the_format_that_reads_them(
    tmp_path: Path, given: dict[str, Any], time: str
) -> None:
    data = lines(
        [f"{45839 + n}{time}" for n in range(3)]
    )  # 2025-07-01 is day 45839 from 1899-12-30
    with pytest.raises(SourceError) as caught:
        read(tmp_path, data, **given)
    (proposed,) = re.findall('format = "([^"]*)"', caught.value.remedy)
    assert proposed == "excel"
    assert days(read(tmp_path, data, format=proposed)) == WEEK


def test_one_cell_tells_for_a_run_of_sessions(tmp_path: Path) -> None:
    """Read the other way, days of one month would lie a month apart."""
    cells = [f"09/{day:02}/2025" for day in (15, 12, 11, 10, 9, 8)]
    prices = read(tmp_path, lines(cells)).tables["prices"]
    assert prices["date"].sort().to_list() == [
        dt.date(2025, 9, day) for day in (8, 9, 10, 11, 12, 15)
    ]


def test_an_ambiguous_column_with_times_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="may start with the month or the day"):
        read(tmp_path, lines([f"{cell} 16:00" for cell in AMBIGUOUS]))


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (
            ["15/07/2025", "16/07/2025", "01/08/2025"],
            [D(2025, 7, 15), D(2025, 7, 16), D(2025, 8, 1)],
        ),
        (
            ["07/15/2025", "07/16/2025", "08/01/2025"],
            [D(2025, 7, 15), D(2025, 7, 16), D(2025, 8, 1)],
        ),
        (["7/15/2025", "7/16/2025", "8/1/2025"], [D(2025, 7, 15), D(2025, 7, 16), D(2025, 8, 1)]),
        (["15.07.2025", "16.07.2025"], [D(2025, 7, 15), D(2025, 7, 16)]),
        (["15-07-2025", "16-07-2025"], [D(2025, 7, 15), D(2025, 7, 16)]),
        (["07/07/2025", "08/08/2025"], [D(2025, 7, 7), D(2025, 8, 8)]),  # the same in both orders
        (["2025/07/01", "2025.07.02"], WEEK[:2]),
        (["2025-7-1", "2025-7-2"], WEEK[:2]),
        (["20250701", "20250702"], WEEK[:2]),
        (["Jul 1, 2025", "July 2, 2025"], WEEK[:2]),
        (["1-Jul-2025", "02-JUL-2025"], WEEK[:2]),
        (["1st July 2025", "2nd July 2025"], WEEK[:2]),
        (["Tue 1 Jul 2025", "Wed 2 Jul 2025"], WEEK[:2]),
    ],
)
def test_dates_in_one_form(tmp_path: Path, cells: list[str], expected: list[D]) -> None:
    assert days(read(tmp_path, lines(cells))) == expected


def test_whole_numbers_are_compact_days(tmp_path: Path) -> None:
    for kind in (pl.Int64, pl.Int32, pl.Float64):
        series = pl.Series([20250701, 20250702], dtype=kind)
        data = parquet(t=["A", "A"], day=series, close=[1.0, 2.0])
        assert days(read(tmp_path, data)) == WEEK[:2]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["15/07/2025", "16/07/2025", "07/17/2025"], "mixes two orders: '15/07/2025'"),
        (["01/07/25", "02/07/25"], "a year of two digits"),
        (["15/07/25", "16/07/25", "End of file"], "a year of two digits"),
        (["25-07-01", "25-07-02"], "a year of two digits"),
        (["1-Jul-25", "2-Jul-25"], "a year of two digits"),
        (["Jul 1, '25", "Jul 2, '25"], "a year of two digits"),
        (["250715", "250716"], "a year of two digits"),
        (["190701", "190702", "190703"], "a year of two digits"),  # July 1901, or days of July 2019
        (["1751328000", "1751414400"], "count time since 1970"),
        (["1751328000000", "1751414400000"], "count time since 1970"),
        (["2025-15-07", "2025-16-07", "2025-01-08"], "the day before the month"),
        (["15072025", "16072025"], "'15072025', which is no date"),
        (["31/02/2025", "31/04/2025"], "which is no date"),
        (["Jul 2025", "Aug 2025"], "which is no date"),
        (["yesterday", "today"], "which is no date"),
        (["1 Marraskuu 2025", "2 Marraskuu 2025"], "which is no date"),  # November, in Finnish
        (["45839", "45840"], "seem to count days, as a workbook does"),  # a spreadsheet's days
        (["2025-07-01 16:00 EST", "2025-07-02 16:00 EST"], "which is no date"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(
    tmp_path: Path, cells: list[str], message: str
) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        read(tmp_path, lines(cells))
    assert 'column = "day"' in str(caught.value.remedy)


@pytest.mark.parametrize(
    ("cells", "offered"),
    [
        (["02/04/25", "03/07/25"], ["%m/%d/%y", "%d/%m/%y", "%y/%m/%d"]),
        (["15/04/25", "03/07/25"], ["%d/%m/%y", "%y/%m/%d"]),
        (["04.15.25", "05.16.25"], ["%m.%d.%y"]),
        (
            ["02/04/25 16:00", "02/05/25 16:00"],
            [f"%{o} %H:%M" for o in ("m/%d/%y", "d/%m/%y", "y/%m/%d")],
        ),
        (["05-Dec-25", "08-Dec-25"], ["%d-%b-%y"]),
        (["December 5, '25", "December 8, '25"], ["%B %d, '%y"]),
        (["200711", "200712"], ["%Y%m", "%y%m%d"]),
        (["03/04/2025", "04/04/2025"], ["%m/%d/%Y", "%d/%m/%Y"]),
    ],
)
def test_every_order_that_fits_is_offered_and_reads(
    tmp_path: Path, cells: list[str], offered: list[str]
) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, lines(cells))
    assert re.findall(r'"(%[^"]*)"', str(caught.value.remedy)) == offered
    for format_ in offered:
        assert len(days(read(tmp_path, lines(cells), format=format_))) == len(cells)


@pytest.mark.parametrize(
    ("cells", "given", "expected"),
    [
        (AMBIGUOUS[:2], "%d/%m/%Y", [D(2025, 4, 3), D(2025, 4, 4)]),
        (AMBIGUOUS[:2], "%m/%d/%Y", [D(2025, 3, 4), D(2025, 4, 4)]),
        (["01/07/25", "02/07/25"], "%d/%m/%y", WEEK[:2]),
        (["250701", "250702"], "%y%m%d", WEEK[:2]),
        (["2025-07-01 16:00 EST", "2025-07-02 16:00 EST"], "%Y-%m-%d %H:%M EST", WEEK[:2]),
        (["01.07.2025 23:30 +0000", "02.07.2025 23:30 +0000"], "%d.%m.%Y %H:%M %z", WEEK[:2]),
        (["2025-07-01T20:00:00Z", "2025-07-02T20:00:00Z"], "%Y-%m-%dT%H:%M:%S%z", WEEK[:2]),
        (["1751398200000", "1751484600000"], "epoch_ms", WEEK[:2]),  # 19:30 in UTC
    ],
)
def test_a_format_settles_it(
    tmp_path: Path, cells: list[str], given: str, expected: list[D]
) -> None:
    assert days(read(tmp_path, lines(cells), format=given)) == expected


def test_a_format_that_fits_no_cell_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no cell fits the format '%d/%m/%Y'"):
        read(tmp_path, lines(["2025-07-01"]), format="%d/%m/%Y")


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([dt.time(9), dt.time(10)]),
        pl.Series([dt.timedelta(1), dt.timedelta(2)]),
        pl.Series([[1], [2]]),
        pl.Series([{"a": 1}, {"a": 2}]),
        pl.Series([True, False]),
        pl.Series([b"1", b"2"]),
    ],
    ids=["time", "duration", "list", "struct", "yes or no", "bytes"],
)
def test_columns_of_another_type_are_no_dates(tmp_path: Path, column: pl.Series) -> None:
    with pytest.raises(PacelineError, match=r"column 'day' holds .* by sources.own.columns.date"):
        read(tmp_path, parquet(t=["A", "A"], day=column, close=[1.0, 2.0]))


def test_cells_of_another_form_are_set_aside_with_their_row(tmp_path: Path) -> None:
    parsed = read(tmp_path, lines(["2025-07-01", "07/02/2025", "3 Jul 2025", "2025-07-02"]))
    assert days(parsed) == WEEK[:2]
    assert reasons(parsed) == ["day is not a date: 07/02/2025", "day is not a date: 3 Jul 2025"]


# ---- years -------------------------------------------------------------------------------------

#: A year of the week 1 to 5 September 2025, one of whose days is mistyped.
PLAIN = ["2025-09-01", "2025-09-02", "2025-09-03", "2025-09-04", "2025-09-05", "2025-09-08"]


@pytest.mark.parametrize(
    "wrong",
    [
        "2031-09-04",
        "1025-09-04",
        "0205-09-04",
        "9025-09-04",
        "2205-09-04",
        "2026-09-04",
        "1952-09-04",
        "2015-09-04",
        "2525-09-04",
        "2052-09-04",
    ],
)
@pytest.mark.parametrize("place", [0, 3, 6])
def test_one_mistyped_year_is_set_aside_and_moves_no_day(
    tmp_path: Path, wrong: str, place: int
) -> None:
    cells = [*PLAIN]
    cells.insert(place, wrong)
    parsed = read(tmp_path, lines(cells))
    assert days(parsed) == [D.fromisoformat(c) for c in PLAIN]
    assert len(reasons(parsed)) == 1
    # the return of a neighbour is that of the days that stay
    closes = [100.0 + n for n in range(7) if n != place]
    returns = parsed.tables["prices"].get_column("price_return").to_list()[1:]
    assert returns == pytest.approx([b / a - 1 for a, b in pairwise(closes)])
    assert sum(f.count for f in parsed.findings if f.action == "quarantined") == 1


def test_tomorrow_may_be_today_elsewhere_but_not_the_day_after(tmp_path: Path) -> None:
    parsed = read(tmp_path, lines(PLAIN), today=D(2025, 9, 4))
    assert days(parsed)[-1] == D(2025, 9, 5)
    assert reasons(parsed) == ["date lies after the day of the import"]


def test_a_security_that_begins_far_from_itself_is_set_aside(tmp_path: Path) -> None:
    rows = [f"{s};{c};{100 + n}" for s in "AB" for n, c in enumerate(PLAIN)]
    old = [f"C;{2010 + k}-09-0{d};5" for k in (0,) for d in (1, 2, 3)]  # another, long gone
    data = csv("t;day;close", *rows, *old, "B;2010-09-02;7")
    parsed = read(tmp_path, data, sessions=())
    assert parsed.tables["prices"].group_by("security").len().sort("security").rows() == [
        ("A", 6),
        ("B", 6),
        ("C", 3),
    ]
    assert reasons(parsed) == ["date is far from all others of its source or security"]


def test_sparse_series_and_holes_are_left_alone(tmp_path: Path) -> None:
    yearly = [f"{year}-12-31" for year in (2001, 2003, *range(2004, 2020))]
    assert len(days(read(tmp_path, lines(yearly), sessions=()))) == len(yearly)
    stopped = ["2024-01-02", "2024-01-03", "2024-01-04", *PLAIN]  # twenty months without
    assert len(days(read(tmp_path, lines(stopped), sessions=()))) == len(stopped)


def test_a_far_day_of_a_series_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(
        csv("series,date,value", *(f"X,{c},1" for c in [*PLAIN, "2031-09-09"]))
    )
    spec = Source(path="s", table="series")
    parsed = files.parse("own", spec, files.fetch("own", spec, tmp_path), Context())
    checked = quality.check(parsed, "own", spec, Context())
    far = [f for f in checked.findings if f.check.startswith("a day far")]
    assert [(f.count, f.example) for f in far] == [(1, "2031-09-09")]
