"""The files source, by hand: formats, column maps, price dialects, members, holdings."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import lzma
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import bad_inputs
from bad_inputs import CASES, Case, csv, parquet
from paceline import quality
from paceline.config import Source
from paceline.errors import PacelineError, SourceError
from paceline.sources import Context, Parsed, files
from paceline.sources.files import _names, _spells

D = dt.date
SESSIONS = bad_inputs.SESSIONS
CONTEXT = Context("XNYS", SESSIONS)


def write(folder: Path, contents: Any) -> None:
    for name, data in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def run(
    folder: Path,
    contents: dict[str, bytes],
    context: Context = CONTEXT,
    check: bool = True,
    **spec: Any,
) -> Parsed:
    write(folder, contents)
    source = Source(**{"path": next(iter(contents), ""), **spec})
    parsed = files.parse("own", source, files.fetch("own", source, folder), context)
    return quality.check(parsed, "own", source, context) if check else parsed


def found(parsed: Parsed) -> dict[str, int]:
    return {f.check: f.count for f in parsed.findings}


def returns(parsed: Parsed, column: str, security: str = "AAA") -> list[float | None]:
    values = (
        parsed.tables["prices"].filter(pl.col("security") == security).get_column(column).to_list()
    )
    return [None if v is None else round(v, 12) for v in values]


# ----------------------------------------------------------------------------------------------
# broken inputs


#: Cases whose message is the Parquet reader's own.
OF_POLARS_2 = ("Parquet with a name twice", "Parquet with a damaged foot")


@pytest.mark.parametrize("case", CASES, ids=[c.id for c in CASES])
def test_broken_input(case: Case, tmp_path: Path) -> None:
    if case.id in OF_POLARS_2 and int(pl.__version__.split(".")[0]) < 2:
        pytest.skip("the reader of older polars says it in other words, or takes the last column")
    write(tmp_path, case.files)

    def go() -> Parsed:
        spec = Source(**case.source)
        parsed = files.parse("bad", spec, files.fetch("bad", spec, tmp_path), CONTEXT)
        return quality.check(parsed, "bad", spec, CONTEXT)

    if case.error is not None:
        with pytest.raises(PacelineError) as caught:
            go()
        assert (type(caught.value).__name__, str(caught.value)) == (
            case.error[0],
            case.error[1].replace("{folder}", str(tmp_path)),
        )
        assert caught.value.remedy
        return
    out = go()
    if case.finding is not None:
        assert found(out).get(case.finding[0]) == case.finding[1], out.findings
    reasons = (
        {}
        if out.quarantine is None
        else dict(out.quarantine.get_column("reason").value_counts().rows())
    )
    assert reasons == ({} if case.quarantine is None else dict([case.quarantine]))


def test_case_table_is_what_it_says() -> None:
    assert len({c.id for c in CASES}) == len(CASES) >= 30
    assert all(c.error or c.finding or c.quarantine for c in CASES)


# ----------------------------------------------------------------------------------------------
# formats

LEVELS = {"security": "ticker", "date": "date", "close": "close"}


@pytest.mark.parametrize(
    "data",
    [
        csv("ticker,date,close", 'AAA,2025-09-08,"1,000.5"', "AAA,2025-09-09,1100.55"),
        b"\xef\xbb\xbf"
        + csv("ticker,date,close", 'AAA,2025-09-08,"1,000.5"', "AAA,2025-09-09,1100.55"),
        csv("ticker;date;close", "AAA;2025-09-08;1000.5", "AAA;2025-09-09;1100.55"),
        csv("ticker\tdate\tclose", "AAA\t20250908\t$1000.5", "AAA\t20250909\t1100.55"),
        csv(
            "ticker,date,close",
            "AAA,09/08/2025,1000.5",
            "AAA,09/09/2025,1100.55",
            "AAA,09/15/2025,1100.55",
        ),
        gzip.compress(
            csv(
                "ticker,date,close",
                "AAA,2025-09-08 00:00:00,1000.5",
                "AAA,2025-09-09 00:00:00,1100.55",
            )
        ),
        "ticker,date,close\r\nAAA,2025-09-08,1000.5\r\nAAA,2025-09-09,1100.55\r\n".encode("utf-16"),
        csv(
            "Some Fund",
            'Holdings as of,"Sep 9, 2025"',
            "",
            " ticker , date ,close,note",
            "AAA,2025-09-08,1000.5,x",
            "AAA,2025-09-09,1100.55,y",
            "",
            "The content is provided as is, with, many, commas, in it",
        ),
        parquet(
            ticker=["AAA", "AAA"], date=[D(2025, 9, 8), D(2025, 9, 9)], close=[1000.5, 1100.55]
        ),
        parquet(
            ticker=["AAA", "AAA"],
            date=[dt.datetime(2025, 9, 8), dt.datetime(2025, 9, 9)],
            close=[1000.5, 1100.55],
        ),
    ],
    ids=[
        "quoted thousands",
        "mark",
        "semicolon",
        "tab, compact dates",
        "US dates told by one of them",
        "gzip",
        "utf-16",
        "prose around",
        "parquet",
        "parquet with times",
    ],
)
def test_formats_give_the_same_rows(tmp_path: Path, data: bytes) -> None:
    prices = run(tmp_path, {"p.dat": data}, columns=LEVELS).tables["prices"].head(2)
    columns = [pl.col("price_return").round(12).alias("r"), "known"]
    assert prices.select("source", "security", "date", "close", *columns).rows() == [
        ("own", "AAA", D(2025, 9, 8), 1000.5, None, D(2025, 9, 8)),
        ("own", "AAA", D(2025, 9, 9), 1100.55, 0.1, D(2025, 9, 9)),
    ]


def test_text_after_a_table_is_counted(tmp_path: Path) -> None:
    out = run(
        tmp_path,
        {
            "p.csv": csv(
                "A fund", "", "ticker,date,close", "AAA,2025-09-08,1", "", "words", "more, words"
            )
        },
        columns=LEVELS,
    )
    assert found(out)["text after the table"] == 2 and out.tables["prices"].height == 1


def test_single_precision_is_read_as_the_decimal_it_stands_for(tmp_path: Path) -> None:
    data = parquet(
        ticker=["AAA"], date=[D(2025, 9, 8)], close=pl.Series([136.87], dtype=pl.Float32)
    )
    assert run(tmp_path, {"p.parquet": data}, columns=LEVELS).tables["prices"].get_column(
        "close"
    ).to_list() == [136.87]


def test_several_files_units_constants_where_rename(tmp_path: Path) -> None:
    contents = {
        f"h/{y}.csv": csv("etf,sym,w,class", f"F,BRK/B,{w},Equity", "F,USD,99,Cash")
        for y, w in ((1, 1.5), (2, 2.5))
    }
    out = run(
        tmp_path,
        contents,
        table="holdings",
        path="h/*.csv",
        where={"class": "Equity"},
        rename={"BRK.B": "BRKB"},
        columns={"fund": "etf", "security": "sym", "weight": {"column": "w", "unit": "percent"}},
        constants={"date": "2025-09-08"},
        options={"replace": {"/": "."}},
    )
    assert out.tables["holdings"].select("fund", "security", "date", "weight").rows() == [
        ("F", "BRKB", D(2025, 9, 8), 0.015)
    ]
    assert found(out)["rows outside where"] == 1
    assert found(out)["rows of holdings that contradict one another"] == 1


@pytest.mark.parametrize("packed", [bz2.compress, lzma.compress, gzip.compress])
@pytest.mark.parametrize("delimiter", [",", " ", "^"])
def test_packed_files_and_other_delimiters(tmp_path: Path, packed: Any, delimiter: str) -> None:
    data = packed(csv("ticker,date,close", "AAA,2025-09-08,1").replace(b",", delimiter.encode()))
    out = run(tmp_path, {"p.csv.x": data}, columns=LEVELS, options={"delimiter": delimiter})
    assert out.tables["prices"].select("security", "close").rows() == [("AAA", 1.0)]


def test_where_excludes_and_matches_empty(tmp_path: Path) -> None:
    data = csv(
        "ticker,date,close,class", "AAA,2025-09-08,1,", "BBB,2025-09-08,1,x", "CCC,2025-09-08,1,y"
    )

    def left(**where: Any) -> list[str]:
        return (
            run(tmp_path, {"p.csv": data}, columns=LEVELS, where=where)
            .tables["prices"]
            .get_column("security")
            .to_list()
        )

    assert left(**{"class": "!x"}) == ["AAA", "CCC"]
    assert left(**{"class": ""}) == ["AAA"]
    assert left(**{"class": ["x", "y"], "ticker": "!BBB"}) == ["CCC"]


def test_ken_french_layout(tmp_path: Path) -> None:
    data = csv(
        "This file was created by hand",
        "",
        ",Mkt-RF,Mom   ,RF",
        "202510,  1.50, -99.99, 0.30",
        "202511, -2.00,  0.10, 0.29",
        "",
        " Annual Factors: January-December",
        ",Mkt-RF,Mom,RF",
        "2025, 9.9, 1.1, 3.3",
    )
    out = run(
        tmp_path,
        {"ff.csv": data},
        table="series",
        columns={"date": {"column": "", "format": "%Y%m"}},
        options={
            "wide": {"market": "Mkt-RF", "momentum": "Mom"},
            "unit": "percent",
            "missing": ["-99.99"],
        },
    )
    rows = {(s, d): v for s, d, v in out.tables["series"].select("series", "date", "value").rows()}
    assert rows == {
        ("market", D(2025, 10, 31)): 0.015,
        ("market", D(2025, 11, 30)): -0.02,
        ("momentum", D(2025, 11, 30)): 0.001,
    }


def test_stacked_section_below_a_line(tmp_path: Path) -> None:
    data = csv(
        "Average Value Weighted",
        "date,NoDur",
        "20250908,1.0",
        "",
        "Average Equal Weighted",
        "date,NoDur",
        "20250908,2.0",
    )
    out = run(
        tmp_path,
        {"ff.csv": data},
        table="series",
        columns={"date": "date"},
        options={"wide": ["NoDur"], "unit": "percent", "after": "Equal Weighted"},
    )
    assert out.tables["series"].select("series", "value").rows() == [("NoDur", 0.02)]


def test_columns_that_bear_the_tables_names_need_no_map(tmp_path: Path) -> None:
    out = run(
        tmp_path,
        {"s.csv": csv("series,date,value", "GDP,2025-09-08,.", "CPI,2025-09-08,3.5")},
        table="series",
    )
    assert out.tables["series"].select("series", "value").rows() == [("CPI", 3.5)]
    assert found(out)["value is missing"] == 1


def test_fundamentals_in_wide_form_with_old_spellings(tmp_path: Path) -> None:
    data = parquet(
        sym=["AAA", "AAA"], day=[D(2024, 12, 31), D(2025, 3, 31)], PB=[2.0, None], pb=[None, 3.0]
    )
    spec = {
        "table": "fundamentals",
        "columns": {"security": "sym", "period_end": "day"},
        "options": {"wide": {"price_to_book": ["PB", "pb"]}},
    }
    rows = (
        run(tmp_path, {"f.parquet": data}, **spec)
        .tables["fundamentals"]
        .select("item", "value", "known")
        .rows()
    )
    assert rows == [("price_to_book", 2.0, D(2024, 12, 31)), ("price_to_book", 3.0, D(2025, 3, 31))]
    spec["options"] = {**spec["options"], "lag_days": 90}
    assert run(tmp_path, {"f.parquet": data}, **spec).tables["fundamentals"].get_column(
        "known"
    ).to_list() == [D(2025, 3, 31), D(2025, 6, 29)]


def test_ratios_become_items(tmp_path: Path) -> None:
    data = csv(
        "sym,day,cap,PB,PE",
        'AAA,2025-01-31,"$1,200",4,30',
        "BBB,2025-01-31,900,-3,0",
        "CCC,2025-01-31,,2,8",
    )
    spec = {
        "table": "fundamentals",
        "columns": {"security": "sym", "period_end": "day", "known": "day"},
        "options": {"wide": {"book_equity": "PB", "earnings": "PE"}, "ratio_of": "cap"},
    }
    out = run(tmp_path, {"f.csv": data}, **spec)
    rows = (
        out.tables["fundamentals"]
        .select("security", "item", "value", "known")
        .sort("security", "item")
        .rows()
    )
    day = D(2025, 1, 31)
    assert rows == [
        ("AAA", "book_equity", 300.0, day),
        ("AAA", "earnings", 40.0, day),
        ("BBB", "book_equity", -300.0, day),
    ]
    assert found(out)["ratio without cap, or of zero"] == 3  # no cap twice, a ratio of zero once
    spec["options"] = {"ratio_of": "cap"}
    with pytest.raises(PacelineError, match=r"ratio_of belongs to a wide table of fundamentals"):
        run(tmp_path, {"f.csv": data}, **spec)


@pytest.mark.parametrize(
    ("table", "line", "expected"),
    [
        (
            "actions",
            "security,date,kind,ratio,other\nAAA,2025-09-08,split,4,",
            {"security": "AAA", "kind": "split", "ratio": 4.0},
        ),
        (
            "shares",
            "security,date,shares,float_factor\nAAA,2025-09-08,1000,0.9",
            {"shares": 1000.0, "float_factor": 0.9},
        ),
        ("sessions", "date\n2025-09-08", {"calendar": "XNYS", "date": D(2025, 9, 8)}),
        (
            "classes",
            "security,sector\nAAA,Energy",
            {"scheme": "own", "sector": "Energy", "start": None, "known": quality.EVER},
        ),
        (
            "securities",
            "security,name,company\nAAA,Acme,1234567",
            {"ticker": "AAA", "company": "1234567", "start": None},
        ),
    ],
)
def test_every_other_table(tmp_path: Path, table: str, line: str, expected: dict[str, Any]) -> None:
    row = run(tmp_path, {"t.csv": line.encode()}, table=table).tables[table].row(0, named=True)
    assert {k: row[k] for k in expected} == expected


def test_words_for_no_class_are_no_class(tmp_path: Path) -> None:
    """In a column of classes; a security may be called NA."""
    words = ("N/A", "n/a", "Unknown", "UNCLASSIFIED", "-", "Not Available", "#N/A", "")
    lines = ["security,sector,industry", "NA,Energy,Oil"]
    lines += [f"S{i},{word},{word}" for i, word in enumerate(words)]
    out = run(tmp_path, {"t.csv": "\n".join(lines).encode()}, table="classes").tables["classes"]
    assert out.select("security", "sector").row(0) == ("NA", "Energy")
    assert out.height == 1 + len(words)
    assert out.get_column("sector").to_list() == ["Energy", *[None] * len(words)]
    assert out.get_column("industry").to_list() == ["Oil", *[None] * len(words)]


def test_a_numeric_identifier_from_parquet_is_text_without_decimals(tmp_path: Path) -> None:
    out = run(
        tmp_path,
        {"s.parquet": parquet(s=["A"], cik=[66740.0])},
        table="securities",
        columns={"security": "s", "company": "cik"},
    )
    assert out.tables["securities"].get_column("company").to_list() == ["66740"]


def test_also_securities(tmp_path: Path) -> None:
    out = run(
        tmp_path,
        {"p.csv": csv("ticker,date,close", "SPX,2025-09-08,1", "SPX,2025-09-09,2")},
        columns=LEVELS,
        options={"also_securities": {"kind": "index"}},
    )
    assert out.tables["securities"].select("security", "ticker", "kind").rows() == [
        ("SPX", "SPX", "index")
    ]


def test_fetch_orders_files_and_records_their_origin(tmp_path: Path) -> None:
    write(tmp_path, {"b.csv": b"2", "a.csv": b"1"})
    raws = files.fetch(
        "own",
        Source(path="*.csv", origin={"who": "me", "licence": "MIT", "when": "2025-09-08"}),
        tmp_path,
    )
    assert [(r.origin.what, r.origin.who, r.origin.when, r.data) for r in raws] == [
        ("a.csv", "me", "2025-09-08", b"1"),
        ("b.csv", "me", "2025-09-08", b"2"),
    ]
    assert (
        raws[0].origin.checksum
        == "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    )  # sha256 of "1"


# ----------------------------------------------------------------------------------------------
# price dialects

CHANGES = {**LEVELS, "price_return": {"column": "change", "unit": "percent"}}


def test_changes_take_the_exchange_change_not_the_closes(tmp_path: Path) -> None:
    # 2:1 split on the 9th: the close halves, the exchange reports +1%
    out = run(
        tmp_path,
        {"p.csv": csv("ticker,date,close,change", "AAA,2025-09-08,100,2", "AAA,2025-09-09,50.5,1")},
        columns=CHANGES,
    )
    assert returns(out, "price_return") == [0.02, 0.01] and returns(out, "close") == [100, 50.5]


def ratios(changes: list[tuple[float, float]]) -> bytes:
    """Per security a close of 100 on the 8th, then (return between closes, change) in percent."""
    rows = ["ticker,date,close,change"]
    for i, (moved, change) in enumerate(changes):
        rows += [f"S{i:02},2025-09-08,100,0", f"S{i:02},2025-09-09,{100 + moved},{change}"]
    return csv(*rows)


@pytest.mark.parametrize(
    ("changes", "expected", "against"),
    [
        # a dividend lies between a change above and the closes; one wrong close is made good later
        ([(1.0, 1.5), (1.0, 1.1), (1.0, 0.5)], [1.0, 1.0, 1.0], 0),
        # a fifth of a source, ten or more, and a quarter of those downwards: not dividends
        ([(1.0, 0.5)] * 3 + [(1.0, 1.5)] * 7, [0.5] * 3 + [1.5] * 7, 10),
        ([(1.0, 0.5)] * 2 + [(1.0, 1.5)] * 8, [1.0] * 10, 0),
        ([(1.0, 0.5)] * 3 + [(1.0, 1.5)] * 6, [1.0] * 9, 0),
        ([(1.0, 0.5)] * 10 + [(1.0, 1.0)] * 40, [0.5] * 10 + [1.0] * 40, 10),
        ([(1.0, 0.5)] * 10 + [(1.0, 1.0)] * 41, [1.0] * 51, 0),
        ([(1.0, 1.1)] * 40, [1.0] * 40, 0),
    ],
)
def test_changes_that_no_dividends_part_from_the_closes_are_kept(
    tmp_path: Path, changes: list[tuple[float, float]], expected: list[float], against: int
) -> None:
    out = run(tmp_path, {"p.csv": ratios(changes)}, columns=CHANGES)
    got = [returns(out, "price_return", f"S{i:02}")[1] for i in range(len(changes))]
    assert got == pytest.approx([x / 100 for x in expected])
    assert found(out).get("change contradicts the closes", 0) == against


GAP = csv(
    "ticker,date,close,change",
    "AAA,2025-09-08,100,0",
    "AAA,2025-09-10,121,10",
    "BBB,2025-09-08,10,0",
    "BBB,2025-09-11,11,5",
    "CCC,2025-09-08,40,0",
    "CCC,2025-09-10,10,0",
)


def test_the_closes_of_missing_sessions_are_worked_back(tmp_path: Path) -> None:
    out = run(tmp_path, {"p.csv": GAP}, columns=CHANGES)
    assert returns(out, "close") == [100, 110, 121] and returns(out, "price_return") == [
        0.0,
        0.1,
        0.1,
    ]
    assert out.tables["prices"].filter(security="AAA").get_column("recovered").to_list() == [
        False,
        True,
        False,
    ]
    # two sessions missing: 11 / 1.05 is the close of the last of them, its return covers both
    assert returns(out, "close", "BBB") == [10, round(11 / 1.05, 12), 11]
    assert returns(out, "price_return", "BBB") == [0.0, round(11 / 1.05 / 10 - 1, 12), 0.05]
    bbb = out.tables["prices"].filter(security="BBB")
    assert bbb.get_column("date").to_list() == [D(2025, 9, 8), D(2025, 9, 10), D(2025, 9, 11)]
    assert bbb.get_column("covers").to_list() == [None, 2, None]
    assert "return after a gap covers one session only" not in found(out)
    # 40 -> 10 across the missing session is a 4:1 split as likely as a fall: no return is made up
    assert returns(out, "close", "CCC") == [40, 10, 10] and returns(out, "price_return", "CCC") == [
        0.0,
        None,
        0.0,
    ]
    assert found(out)["recovered return looks like a split"] == 1
    assert found(out)["closes recovered from the next session's change"] == 3


@pytest.mark.parametrize(
    ("rows", "closes", "expected", "covers"),
    [
        (("08,100,0", "09,,", "10,121,10"), [100, 110, 121], [0.0, 0.1, 0.1], [None] * 3),
        (
            ("08,100,0", "09,,", "10,,", "11,121,10"),
            [100, None, 110, 121],
            [0, None, 0.1, 0.1],
            [None, None, 2, None],
        ),
        (("08,100,0", "09,110,", "10,121,10"), [100, 110, 121], [0.0, 0.1, 0.1], [None] * 3),
        (("08,100,0", "11,110,"), [100, 110], [0.0, 0.1], [None, 3]),  # the change is not there
        (("08,100,0", "11,110,10"), [100, 110], [0.0, 0.1], [None, 3]),  # a halt
        (("08,100,0", "09,50,"), [100, 50], [0.0, None], [None, None]),  # a split as likely
        (("08,100,0", "09,,2", "10,121,10"), [100, None, 121], [0.0, 0.02, 0.1], [None] * 3),
    ],
    ids=["cells", "two of them", "change", "change after a gap", "halt", "split", "close"],
)
def test_holes_in_the_cells_of_a_file_of_changes(
    tmp_path: Path,
    rows: tuple[str, ...],
    closes: list[float | None],
    expected: list[float | None],
    covers: list[int | None],
) -> None:
    data = csv("ticker,date,close,change", *(f"AAA,2025-09-{row}" for row in rows))
    out = run(tmp_path, {"p.csv": data}, columns=CHANGES)
    assert returns(out, "close") == closes and returns(out, "price_return") == expected
    assert out.tables["prices"].get_column("covers").to_list() == covers


def test_without_recovery_a_gap_is_a_finding(tmp_path: Path) -> None:
    out = run(tmp_path, {"p.csv": GAP}, columns=CHANGES, recover=False)
    assert returns(out, "close") == [100, 121] and returns(out, "price_return") == [0.0, 0.1]
    assert found(out)["return after a gap covers one session only"] == 3


def test_a_change_measured_from_the_last_close_loses_nothing(tmp_path: Path) -> None:
    # no trade on the 9th; the change of the 10th is from 100, so the close of the 9th was 100
    data = csv("ticker,date,close,change", "AAA,2025-09-08,100,0", "AAA,2025-09-10,105,5")
    plain, filled = (
        run(tmp_path, {"p.csv": data}, columns=CHANGES, recover=r) for r in (False, True)
    )
    assert "return after a gap covers one session only" not in found(plain)
    assert returns(filled, "close") == [100, 100, 105] and returns(filled, "price_return") == [
        0.0,
        0.0,
        0.05,
    ]


def test_adjusted_close_gives_total_returns_only(tmp_path: Path) -> None:
    data = csv("ticker,date,close", "AAA,2025-09-09,11", "AAA,2025-09-08,10", "AAA,2025-09-11,12.1")
    for spec in (
        {"columns": LEVELS, "dialect": "adjusted"},
        {"columns": {"security": "ticker", "date": "date", "adjusted_close": "close"}},
    ):
        out = run(tmp_path, {"p.csv": data}, **spec)
        assert returns(out, "total_return") == [None, 0.1, 0.1]
        assert returns(out, "close") == returns(out, "price_return") == [None, None, None]
        assert found(out)["returns over more than one session"] == 1


def test_split_adjusted_close_with_dividends_and_splits(tmp_path: Path) -> None:
    # as traded 100, 104, then 2:1, 53: in today's shares 50, 52, 53; the dividend of 2 a share on
    # the 9th is 1 today
    data = csv(
        "ticker,date,close,div,split,vol",
        "AAA,2025-09-08,50,0,0,200",
        "AAA,2025-09-09,52,1,0,400",
        "AAA,2025-09-10,53,0,2,300",
    )
    out = run(
        tmp_path,
        {"p.csv": data},
        columns={
            "security": "ticker",
            "date": "date",
            "split_adjusted_close": "close",
            "dividend": "div",
            "split": "split",
            "volume": "vol",
        },
    )
    assert returns(out, "close") == [100, 104, 53] and returns(out, "volume") == [100, 200, 300]
    assert returns(out, "price_return") == [None, 0.04, round(53 / 52 - 1, 12)]
    assert returns(out, "total_return") == [None, 0.06, round(53 / 52 - 1, 12)]
    assert out.tables["actions"].select("date", "kind", "ratio", "amount").rows() == [
        (D(2025, 9, 9), "dividend", None, 2.0),
        (D(2025, 9, 10), "split", 2.0, None),
    ]


def test_returns_in_crsp_manner(tmp_path: Path) -> None:
    data = csv(
        "permno,date,prc,ret,retx,shrout",
        "14593,2025-09-08,-10.5,C,C,2",
        "14593,2025-09-09,0,-99.0,B,2",
        "14593,2025-09-10,11,0.05,0.04,2",
    )
    out = run(
        tmp_path,
        {"p.csv": data},
        columns={
            "security": "permno",
            "date": "date",
            "close": "prc",
            "total_return": "ret",
            "price_return": "retx",
            "shares": {"column": "shrout", "unit": "thousands"},
        },
    )
    assert returns(out, "close", "14593") == [10.5, None, 11] and returns(
        out, "market_cap", "14593"
    ) == [21000, None, 22000]
    assert returns(out, "total_return", "14593") == [None, None, 0.05] and returns(
        out, "price_return", "14593"
    ) == [None, None, 0.04]
    assert (
        found(out)["price is the middle of bid and ask"] == 1
        and found(out)["total_return holds a missing code"] == 1
    )


def test_wide_prices(tmp_path: Path) -> None:
    data = csv("date,AAA,BBB", "2025-09-08,10,20", "2025-09-09,11,")
    out = run(
        tmp_path,
        {"p.csv": data},
        columns={"date": "date"},
        options={"wide": ["AAA", "BBB"], "wide_field": "adjusted_close"},
    )
    assert returns(out, "total_return") == [None, 0.1] and returns(out, "total_return", "BBB") == [
        None
    ]


# ----------------------------------------------------------------------------------------------
# members


def spells(parsed: Parsed, table: str = "members", *more: str) -> list[tuple[Any, ...]]:
    return (
        parsed.tables[table]
        .select("security", "start", "end", *more)
        .sort("security", "start")
        .rows()
    )


MEMBERS = {
    "table": "members",
    "columns": {"security": "t", "start": "s", "end": "e"},
    "constants": {"universe": "u"},
}


def test_spells_carried_on_by_changes_and_checked_by_a_snapshot(tmp_path: Path) -> None:
    contents = {
        "m.csv": csv(
            "t,s,e",
            "AAA,2000-01-03,",
            "BBB,2001-01-02,2010-01-04",
            "OLD,2002-01-02,",
            "DDD,2003-01-02,",
        ),
        # the first line is older than the spells' last date and already in them; OLD became NEW,
        # one company
        "c.csv": csv(
            "date,add,remove",
            "2009-01-02,ZZZ,AAA",
            '2011-01-03,"CCC,NEW","OLD,DDD"',
            "2012-01-03,AAA,XXX",
        ),
        "list-2012-06-01.csv": csv("t", "CCC", "NEW", "EEE"),
    }
    out = run(
        tmp_path,
        contents,
        **MEMBERS,
        rename={"OLD": "NEW"},
        options={"changes": "c.csv", "snapshot": "list-2012-06-01.csv"},
    )
    assert spells(out) == [
        ("AAA", D(2000, 1, 3), D(2012, 6, 1)),
        ("BBB", D(2001, 1, 2), D(2010, 1, 4)),
        ("CCC", D(2011, 1, 3), None),
        ("DDD", D(2003, 1, 2), D(2011, 1, 3)),
        ("EEE", D(2012, 6, 1), None),
        ("NEW", D(2002, 1, 2), None),
    ]
    assert found(out) == {
        "member added that is one already": 1,
        "member removed that is none": 1,
        "member not on the later full list": 1,
        "on the later full list but no member": 1,
    }


def test_a_change_list_alone_with_a_snapshot(tmp_path: Path) -> None:
    contents = {
        "c.csv": csv("date,in,out", "2020-01-02,BBB,AAA", "2021-01-04,AAA,BBB"),
        "now-2022-01-03.csv": csv("security", "AAA", "CCC"),
    }
    out = run(
        tmp_path,
        contents,
        table="members",
        columns={"date": "date", "add": "in", "remove": "out"},
        options={"shape": "changes", "snapshot": "now-2022-01-03.csv"},
    )
    assert spells(out) == [
        ("AAA", None, D(2020, 1, 2)),
        ("AAA", D(2021, 1, 4), None),
        ("BBB", D(2020, 1, 2), D(2021, 1, 4)),
        ("CCC", None, None),
    ]


def test_dated_lists_become_spells(tmp_path: Path) -> None:
    days = [D(2020, 1, 2), D(2020, 2, 3), D(2020, 3, 2), D(2020, 4, 1)]
    rows = [
        (d, t)
        for d, names in zip(days, (["A", "B"], ["A"], ["A", "B"], ["B"]), strict=True)
        for t in names
    ]
    data = parquet(
        day=[r[0] for r in rows],
        t=[r[1] for r in rows],
        sector=["X" if r[0] < days[2] else "Y" for r in rows],
    )
    out = run(
        tmp_path,
        {"l.parquet": data},
        table="members",
        columns={"security": "t", "date": "day"},
        options={"shape": "snapshots"},
    )
    assert spells(out) == [("A", days[0], days[3]), ("B", days[0], days[1]), ("B", days[2], None)]
    out = run(
        tmp_path,
        {"l.parquet": data},
        table="classes",
        columns={"security": "t", "date": "day", "sector": "sector"},
        options={"shape": "snapshots"},
    )
    assert spells(out, "classes", "sector") == [
        ("A", days[0], days[2], "X"),
        ("A", days[2], days[3], "Y"),
        ("B", days[0], days[1], "X"),
        ("B", days[2], None, "Y"),
    ]


def test_events_split_lists_and_ignore_a_new_ticker() -> None:
    changes = pl.DataFrame({"date": [D(2020, 1, 2)], "add": ["A, B,C"], "remove": ["C,,D"]})
    assert _spells.events(changes).rows() == [
        (D(2020, 1, 2), "A", 1),
        (D(2020, 1, 2), "B", 1),
        (D(2020, 1, 2), "D", -1),
    ]


# ----------------------------------------------------------------------------------------------
# names


@pytest.mark.parametrize(
    ("name", "ticker", "kind"),
    [
        ("Apple Inc. Common Stock", "AAPL", "common"),
        ("Linde plc Ordinary Shares", "LIN", "common"),
        ("Berkshire Hathaway Inc.", "BRK.B", "common"),
        ("Camden Property Trust Common Stock", "CPT", "common"),
        ("RLJ Lodging Trust Common Shares of Beneficial Interest $0.01 par value", "RLJ", "common"),
        ("Universal Health Realty Income Trust Common Stock", "UHT", "common"),
        ("Preferred Bank Common Stock", "PFBC", "common"),
        ("BlackRock Inc. Common Stock", "BLK", "common"),
        ("Acme Acquisition Corp. Warrant", "ACMEW", "warrant"),
        (
            "Acme Inc. Warrants each whole warrant exercisable for one ordinary share",
            "ACME.WS",
            "warrant",
        ),
        ("Acme Acquisition Corp. Units", "ACMEU", "unit"),
        (
            "Acme Acquisition Corp. II Units each consisting of one ordinary share and one warrant",
            "ACME.U",
            "warrant",
        ),
        ("Acme Acquisition Corp Rights", "ACMER", "right"),
        ("Acme Acquisition Corp. II Class A Ordinary Shares", "ACME", "spac"),
        ("MPLX LP Common Units Representing Limited Partner Interests", "MPLX", "partnership"),
        ("Icahn Enterprises L.P. Common Stock", "IEP", "partnership"),
        (
            "AGNC Depositary Shares Each Representing "
            "a 1/1000th Interest in a Share of Preferred Stock",
            "AGNCL",
            "preferred",
        ),
        ("Pacific Gas & Electric Co.", "PCG.PRC", "preferred"),
        ("American Financial Group Inc. 4.500% Subordinated Debentures due 2060", "AFGE", "note"),
        ("Taiwan Semiconductor American Depositary Shares", "TSM", "depositary"),
        (
            "RLX Technology Inc. American Depositary Shares "
            "each representing the right to receive one share",
            "RLX",
            "depositary",
        ),
        ("Nuveen Municipal Value Fund Inc. Common Stock", "NUV", "fund"),
        ("Royce Small-Cap Trust Inc. Common Stock", "RVT", "fund"),
        ("iShares Bitcoin Trust ETF", "IBIT", "etf"),
        ("Sandisk Corporation Common Stock When-Issued", "SNDKV", "other"),
        ("", "AAA", "other"),
        (None, "AAA^B", "preferred"),
    ],
)
def test_kind_from_the_line(name: str | None, ticker: str, kind: str) -> None:
    frame = pl.DataFrame(
        {"name": [name], "ticker": [ticker]}, schema={"name": pl.String, "ticker": pl.String}
    )
    assert frame.select(_names.kind_of(pl.col("name"), pl.col("ticker"))).item() == kind


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("Alphabet Inc. Class C Capital Stock", "Alphabet Inc. Class A Common Stock", True),
        ("Lennar Corporation Class A Common Stock", "Lennar Corporation Class B", True),
        ("Fox Corporation Class B Common Stock", "Fox Corporation Class A Common Stock", True),
        ("News Corporation Class B Common Stock", "News Corporation Class A Common Stock", True),
        ("Under Armour Inc. Class C Common Stock", "Under Armour Inc. Class A Common Stock", True),
        ("Berkshire Hathaway Inc.", "Berkshire Hathaway Inc.", True),
        ("Rush Enterprises Inc. Common Stock Cl A", "Rush Enterprises Inc. Class B", True),
        ("Graham Holdings Company Common Stock", "Graham Corporation Common Stock", False),
        (
            "Blue Owl Capital Inc. Class A Common Stock",
            "Blue Owl Capital Corporation Common Stock",
            False,
        ),
        ("First Bancorp Common Stock", "First BanCorp. New Common Stock", False),
    ],
)
def test_company_from_the_name(first: str, second: str, same: bool) -> None:
    one, two = (
        pl.DataFrame({"name": [first, second]})
        .select(_names.company_of(pl.col("name")))
        .to_series()
        .to_list()
    )
    assert (one == two) is same and one and two


def test_derivation_fills_only_what_the_file_leaves_open(tmp_path: Path) -> None:
    data = csv(
        "security,name,kind", "AAA,Acme Corp. Warrants,", "BBB,Bolt Inc. Class A Common Stock,etf"
    )
    out = run(
        tmp_path,
        {"s.csv": data},
        table="securities",
        derive={"kind": "us_line_name", "company": "from_name"},
    )
    assert out.tables["securities"].select("security", "kind", "company").rows() == [
        ("AAA", "warrant", "acme-corp"),
        ("BBB", "etf", "bolt-inc"),
    ]


LONG = {"columns": {"security": "ticker", "date": "date", "close": "close"}}


def test_bars_within_a_day_are_no_closes(tmp_path: Path) -> None:
    rows = [f"AAA,2025-09-{d:02} {h}:30,{d + h}" for d in range(8, 20) for h in (10, 13, 15)]
    with pytest.raises(SourceError, match=r"'own': 24 of 36 rows .* first AAA 2025-09-08") as told:
        run(tmp_path, {"p.csv": csv("ticker,date,close", *rows)}, **LONG)
    assert "where = {...}" in told.value.remedy
