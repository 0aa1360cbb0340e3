"""Numbers in cells: read where a column leaves no doubt, refused by name where it does."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from bad_inputs import SESSIONS, parquet
from paceline import quality
from paceline.config import Source
from paceline.errors import SourceError
from paceline.sources import Context, Parsed, files

CONTEXT = Context("XNYS", SESSIONS)
LEVELS = {"security": "ticker", "date": "date", "close": "close"}


def run(folder: Path, data: bytes, **spec: Any) -> Parsed:
    name = "p.parquet" if data[:4] == b"PAR1" else "p.csv"
    (folder / name).write_bytes(data)
    source = Source(**{"path": name, "columns": LEVELS, **spec})
    parsed = files.parse("own", source, files.fetch("own", source, folder), CONTEXT)
    return quality.check(parsed, "own", source, CONTEXT)


def table(cells: list[str], delimiter: str = ";", name: str = "close") -> bytes:
    """One security on consecutive sessions; cells with the delimiter in them are quoted."""
    lines = [delimiter.join(("ticker", "date", name))]
    for day, cell in zip(SESSIONS, cells, strict=False):
        text = f'"{cell}"' if delimiter in cell or '"' in cell else cell
        lines.append(delimiter.join(("IDX", str(day), text)))
    return ("\n".join(lines) + "\n").encode()


def closes(parsed: Parsed, column: str = "close") -> list[float | None]:
    return parsed.tables["prices"].get_column(column).to_list()


def found(parsed: Parsed) -> dict[str, int]:
    return {f.check: f.count for f in parsed.findings}


# ----------------------------------------------------------------------------------------------
# decimals and thousands


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["100,5", "101,25", "99,75", "100"], [100.5, 101.25, 99.75, 100.0]),
        (["1.100,5", "1.101,25", "999"], [1100.5, 1101.25, 999.0]),
        (["1 100,50", "1 101,25"], [1100.5, 1101.25]),
        (["1\u202f100,50", "1\u00a0101,25"], [1100.5, 1101.25]),
        (["1'100.50", "1'101.25"], [1100.5, 1101.25]),
        (["1\u2019100,50", "1\u2019101,25"], [1100.5, 1101.25]),
        (["1,100.50", "1,101", "999"], [1100.5, 1101.0, 999.0]),
        (["1.234.567", "1.234.600"], [1234567.0, 1234600.0]),
        (["1,234,567", "1,234,600"], [1234567.0, 1234600.0]),
        (["12,34,567", "12,34,600.5"], [1234567.0, 1234600.5]),
        (["0,125", "0,126"], [0.125, 0.126]),
        (["1234,567", "1234,600"], [1234.567, 1234.6]),
        ([",5", ",51"], [0.5, 0.51]),
        (["1,1E2", "1,2E2"], [110.0, 120.0]),
        (["+100.5", "+101"], [100.5, 101.0]),
    ],
)
@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_a_column_that_leaves_no_doubt(
    tmp_path: Path, cells: list[str], expected: list[float], delimiter: str
) -> None:
    assert closes(run(tmp_path, table(cells, delimiter))) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("mark", [",", "."])
def test_three_digits_behind_the_only_mark_are_a_doubt(tmp_path: Path, mark: str) -> None:
    data = table([f"1{mark}234", f"1{mark}300", "999"])
    with pytest.raises(SourceError) as caught:
        run(tmp_path, data)
    assert str(caught.value) == (
        f"p.csv: column 'close': the '{mark}' in '1{mark}234' may stand before decimals or between "
        'thousands. Say which mark the decimals have: options = { decimal = "," } or ".".'
    )
    big = [1234.0, 1300.0, 999.0]
    small = [1.234, 1.3, 999.0]
    other = "." if mark == "," else ","
    assert closes(run(tmp_path, data, options={"decimal": mark})) == small
    assert closes(run(tmp_path, data, options={"decimal": other})) == big


def test_another_column_of_the_file_tells_how_it_writes_numbers(tmp_path: Path) -> None:
    days = SESSIONS[:3]
    for volume, expected in ((("10,5", "11,5", "9"), 1234.0), (("10.5", "11.5", "9"), 1.234)):
        lines = [f"IDX;{d};1.234;{v}" for d, v in zip(days, volume, strict=True)]
        data = "\n".join(["ticker;date;close;vol", *lines]).encode()
        assert closes(run(tmp_path, data)) == [expected] * 3
    lines = [f'IDX,{d},"1,234",{v}' for d, v in zip(days, ("1.5", "2", "3"), strict=True)]
    data = "\n".join(["ticker,date,close,change", *lines]).encode()
    assert closes(run(tmp_path, data)) == [1234.0] * 3


def test_a_point_in_a_file_of_commas_is_a_decimal_point(tmp_path: Path) -> None:
    assert closes(run(tmp_path, table(["1.234", "1.300"], ","))) == [1.234, 1.3]
    with pytest.raises(SourceError, match="'1,234' may stand before decimals"):
        run(tmp_path, table(["1,234", "1,300"], ","))
    assert closes(run(tmp_path, table(["$1,234", "$1,300"], ","))) == [1234.0, 1300.0]
    day = list(SESSIONS[:2])
    text = parquet(ticker=["A", "A"], date=day, close=["1.234", "1.300"])
    assert closes(run(tmp_path, text)) == [1.234, 1.3]


@pytest.mark.parametrize(
    "cells", [["100,5", "100.5", "101"], ["1.234,5", "1,234.5"], ["100.25"] * 5 + ["99,5"]]
)
def test_two_marks_in_one_column_are_refused(tmp_path: Path, cells: list[str]) -> None:
    with pytest.raises(SourceError, match=r"column 'close': .* decimal point .* decimal comma"):
        run(tmp_path, table(cells))


def test_with_the_mark_declared_what_does_not_fit_is_set_aside(tmp_path: Path) -> None:
    out = run(tmp_path, table(["100.25", "99,5", "101.5"]), options={"decimal": "."})
    assert closes(out) == [100.25, 101.5]
    assert out.quarantine is not None
    assert out.quarantine["reason"].to_list() == ["close is not a number: 99,5"]
    with pytest.raises(SourceError, match=r"cells like '100.25' do not fit options.decimal = ','"):
        run(tmp_path, table(["100.25", "99.5"]), options={"decimal": ","})


@pytest.mark.parametrize("cell", ["1,2,3", "12.34.5", "1 2", "1''000", "--5", "(5", "5)", "ten"])
def test_a_cell_that_is_no_number_is_set_aside(tmp_path: Path, cell: str) -> None:
    out = run(tmp_path, table(["1,100.50", cell, "1,101.25"]))
    assert closes(out) == [1100.5, 1101.25]
    assert out.quarantine is not None
    assert out.quarantine["reason"].to_list() == [f"close is not a number: {cell}"]


@pytest.mark.parametrize("cells", [["100.5 apiece", "101 apiece"], ["\uff11\uff10", ""], ["1_000"]])
def test_a_column_of_prices_without_any_number_is_refused(tmp_path: Path, cells: list[str]) -> None:
    with pytest.raises(SourceError, match="column 'close' holds no number") as caught:
        run(tmp_path, table(cells))
    assert cells[0] in str(caught.value)


# ----------------------------------------------------------------------------------------------
# signs, currencies, percent

RETURN = {"security": "ticker", "date": "date", "price_return": "chg"}


def changes(folder: Path, cells: list[str], unit: str = "", **more: Any) -> list[float | None]:
    spec = {**RETURN, "price_return": {"column": "chg", "unit": unit}}
    parsed = run(folder, table(cells, name="chg"), columns=spec, **more)
    return closes(parsed, "price_return")


@pytest.mark.parametrize(
    ("cells", "unit", "expected"),
    [
        (["1.5%", "\u22122.5%", "0"], "", [0.015, -0.025, 0.0]),
        (["1.5%", "-2.5 %", "0.00%"], "percent", [0.015, -0.025, 0.0]),
        (["1,5 %", "\u20132,5 %"], "", [0.015, -0.025]),
        (["1.5%", "2.5"], "percent", [0.015, 0.025]),
        (["(1.5%)", "(2.5)%", "+3%"], "", [-0.015, -0.025, 0.03]),
        (["(1.5)", "2.5"], "percent", [-0.015, 0.025]),
        (["1.5-", "2.5"], "percent", [-0.015, 0.025]),
        (["150", "-250"], "basis_points", [0.015, -0.025]),
    ],
)
def test_signs_and_percent(
    tmp_path: Path, cells: list[str], unit: str, expected: list[float]
) -> None:
    assert changes(tmp_path, cells, unit) == pytest.approx(expected, rel=1e-15)


def test_percent_on_some_cells_only_or_beside_another_unit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"'1.5%' has a percent sign and '0.5' has none"):
        changes(tmp_path, ["1.5%", "0.5"])
    with pytest.raises(SourceError, match=r"'1.5%' is a percentage, and the unit is declared"):
        changes(tmp_path, ["1.5%", "2%"], "basis_points")


@pytest.mark.parametrize(
    "cells",
    [
        ["$1,100.50", "$1,101.00"],
        ["1.100,50 \u20ac", "1.101,00 \u20ac"],
        ["EUR 1'100.50", "EUR 1'101.00"],
        ["USD1100.5", "USD1101"],
        ["1 100,50 kr", "1 101,00 kr"],
        ["GBX 1,100.50", "GBX 1,101.00"],
        ["1100.5 GBp", "1101 GBp"],
    ],
)
def test_currencies(tmp_path: Path, cells: list[str]) -> None:
    assert closes(run(tmp_path, table(cells))) == [1100.5, 1101.0]


def test_two_currencies_in_one_column_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"numbers in '\$' and '€'"):
        run(tmp_path, table(["$100.50", "\u20ac101.25"]))


# ----------------------------------------------------------------------------------------------
# suffixes, and cells that the price does not need

BOTH = {**LEVELS, "volume": "vol"}


def with_volume(cells: list[str]) -> bytes:
    rows = [
        f'IDX,{d},{100 + i}.5,"{c}"' for i, (d, c) in enumerate(zip(SESSIONS, cells, strict=False))
    ]
    return "\n".join(["ticker,date,close,vol", *rows]).encode()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["4.98B", "68.18K", "-", "", "1.1M", "950"], [4.98e9, 68180, None, None, 1.1e6, 950]),
        (["1.5k", "2.5m", "1bn", "2 tn"], [1500, 2.5e6, 1e9, 2e12]),
        (["1.5MM", "2MM"], [1.5e6, 2e6]),
        (["1,5 Mio.", "2,5 Mrd."], [1.5e6, 2.5e9]),
    ],
)
def test_suffixes(tmp_path: Path, cells: list[str], expected: list[float | None]) -> None:
    out = run(tmp_path, with_volume(cells), columns=BOTH)
    assert closes(out, "volume") == pytest.approx(expected)
    assert len(closes(out)) == len(cells) and out.quarantine is None


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["1.5M", "2MM"], "M and MM side by side"),
        (["1.5M", "0.7"], "'1.5M' carries a unit and '0.7' none"),
        (["1.2%", "0.7"], "'1.2%' has a percent sign and '0.7' has none"),
        (["1,234", "2,345"], None),
    ],
)
def test_a_doubtful_column_beside_the_price_is_set_aside_whole(
    tmp_path: Path, cells: list[str], said: str | None
) -> None:
    out = run(tmp_path, with_volume(cells), columns=BOTH)
    assert closes(out) == [100.5, 101.5]
    if said is None:  # the closes tell
        assert closes(out, "volume") == [1234.0, 2345.0]
        return
    assert closes(out, "volume") == [None, None]
    (finding,) = [f for f in out.findings if f.action == "volume set to missing"]
    assert said in finding.check and finding.count == 2 and finding.remedy


@pytest.mark.parametrize("bad", ["n.v.", "4.98X", "1..2", "(3"])
def test_a_bad_cell_beside_the_price_is_set_aside_alone(tmp_path: Path, bad: str) -> None:
    out = run(tmp_path, with_volume(["1.5M", bad, "2M"]), columns=BOTH)
    assert closes(out) == [100.5, 101.5, 102.5] and closes(out, "volume") == [1.5e6, None, 2e6]
    assert found(out)["volume is not a number"] == 1
    assert out.quarantine is not None
    assert out.quarantine["reason"].to_list() == [f"vol is not a number: {bad}"]


def test_an_unreadable_dividend_leaves_the_total_return_unknown(tmp_path: Path) -> None:
    rows = [f"IDX,{d},50,{c}" for d, c in zip(SESSIONS, ["0", "x", "0"], strict=False)]
    data = "\n".join(["ticker,date,close,div", *rows]).encode()
    columns = {
        "security": "ticker",
        "date": "date",
        "split_adjusted_close": "close",
        "dividend": "div",
    }
    out = run(tmp_path, data, columns=columns)
    assert closes(out, "price_return") == [None, 0.0, 0.0]
    assert closes(out, "total_return") == [None, None, 0.0]
    assert out.tables["actions"].is_empty()


# ----------------------------------------------------------------------------------------------
# missing codes


@pytest.mark.parametrize("word", ["N/A", "n/a", ".", "-", "--", "#N/A", "nan", "NULL", "\u2014"])
def test_words_for_no_value(tmp_path: Path, word: str) -> None:
    assert closes(run(tmp_path, table(["100.5", word, "101.5"]))) == [100.5, 101.5]


@pytest.mark.parametrize("code", ["-99.99", "-999", "-999.00", "-99.990"])
@pytest.mark.parametrize("unit", ["percent", "fraction"])
def test_missing_codes_are_tested_before_the_unit(tmp_path: Path, code: str, unit: str) -> None:
    spec = {**RETURN, "price_return": {"column": "chg", "unit": unit}}
    out = run(tmp_path, table(["0.4", code, "0.4"], name="chg"), columns=spec)
    own = 0.004 if unit == "percent" else 0.4
    assert closes(out, "price_return")[::2] == pytest.approx([own, own])
    assert closes(out, "price_return")[1] is None
    assert found(out)["price_return holds a missing code"] == 1


def test_missing_codes_in_parquet_and_declared_ones(tmp_path: Path) -> None:
    day = list(SESSIONS[:3])
    spec = {**RETURN, "price_return": {"column": "chg", "unit": "percent"}}
    for kind in (pl.Float64, pl.Float32):
        values = pl.Series([1.0, -99.99, 2.0], dtype=kind)
        data = parquet(ticker=["A"] * 3, date=day, chg=values)
        out = run(tmp_path, data, columns=spec)
        assert closes(out, "price_return") == pytest.approx([0.01, None, 0.02])
    data = parquet(ticker=["A"] * 3, date=day, chg=[1.0, -7.0, 2.0])
    out = run(tmp_path, data, columns=spec, options={"missing": ["-7"]})
    assert closes(out, "price_return") == [0.01, None, 0.02]


def test_codes_of_crsp_in_percent(tmp_path: Path) -> None:
    spec = {**RETURN, "price_return": {"column": "chg", "unit": "percent"}}
    out = run(tmp_path, table(["0.5", "-66.0", "-28.5"], name="chg"), columns=spec)
    assert closes(out, "price_return") == pytest.approx([0.005, None, -0.285])


# ----------------------------------------------------------------------------------------------
# characters that show nothing

GOOD = "ticker,date,close\nIDX,2025-09-08,100\nIDX,2025-09-09,101\nIDX,2025-09-10,102\n"


@pytest.mark.parametrize(
    "text",
    [
        "Report\x0c page 1\n" + GOOD,
        "Report\x0b page 1\n" + GOOD,
        "Report\x1c\x1d\x1e\n" + GOOD,
        "Report \u0085 page\u2028one\u2029\n" + GOOD,
        "Report\r page 1\n" + GOOD,
        'Report "page\n' + GOOD,
        "\x0c" + GOOD,
        "\ufeff\ufeff" + GOOD,
        "A report\n\ufeff" + GOOD,
        GOOD.replace("date", "da\x0cte"),
        GOOD.replace("date", "\u200bdate\u200e"),
        GOOD.replace("IDX", "IDX\u200b"),
        GOOD.replace("100", "100\x0c"),
        GOOD.replace("\n", "\r"),
        "Report\n".replace("\n", "\r") + GOOD.replace("\n", "\r"),
        GOOD.replace("\n", "\r\r\n"),
        GOOD.replace("\n", "\r\n") + "\x1a",
        GOOD.replace("\n", "\r", 3),
    ],
)
def test_characters_that_show_nothing_lose_no_row(tmp_path: Path, text: str) -> None:
    out = run(tmp_path, text.encode())
    assert closes(out) == [100.0, 101.0, 102.0] and out.quarantine is None
    assert out.tables["prices"]["security"].to_list() == ["IDX"] * 3


def test_a_header_repeated_on_every_page_is_set_aside(tmp_path: Path) -> None:
    page = GOOD.replace("100", "103").replace("2025-09-08", "2025-09-11").splitlines()[:2]
    out = run(tmp_path, (GOOD + "\x0c" + "\n".join(page) + "\n").encode())
    assert closes(out) == [100.0, 101.0, 102.0, 103.0]
    assert out.quarantine is not None and len(out.quarantine) == 1


# ----------------------------------------------------------------------------------------------
# fields that contradict each other

WITH_CHANGE = "ticker,date,close,chg\n"


def contradiction(folder: Path, factor: float, unit: str, closes_: list[float]) -> Parsed:
    moves = [0.0, *(b / a - 1 for a, b in pairwise(closes_))]
    rows = [
        f"IDX,{d},{c},{m * factor:.10f}" for d, c, m in zip(SESSIONS, closes_, moves, strict=False)
    ]
    columns = {**LEVELS, "price_return": {"column": "chg", "unit": unit}}
    return run(folder, (WITH_CHANGE + "\n".join(rows)).encode(), columns=columns)


BIG = [100, 110, 99, 108.9, 98.01, 107.811]
SMALL = [100, 100.7, 99.6, 100.1, 99.2, 99.9]


@pytest.mark.parametrize("path", [BIG, SMALL])
@pytest.mark.parametrize(
    ("factor", "unit", "right"),
    [
        (1.0, "percent", "fraction"),
        (100.0, "", "percent"),
        (100.0, "fraction", "percent"),
        (1e4, "percent", "basis_points"),
        (100.0, "basis_points", "percent"),
        (1.0, "basis_points", "fraction"),
    ],
)
def test_changes_in_the_wrong_unit_stop_the_import(
    tmp_path: Path, path: list[float], factor: float, unit: str, right: str
) -> None:
    with pytest.raises(SourceError, match="closes and changes contradict each other") as caught:
        contradiction(tmp_path, factor, unit, path)
    assert f'unit = "{right}"' in str(caught.value)
    out = contradiction(tmp_path, factor, right, path)  # the remedy works
    expected = [b / a - 1 for a, b in pairwise(path)]
    assert closes(out, "price_return")[1:] == pytest.approx(expected, abs=1e-9)


def test_changes_of_the_wrong_sign_stop_the_import(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="its sign is the other way round"):
        contradiction(tmp_path, -100.0, "percent", BIG)


@pytest.mark.parametrize(("odd", "stops"), [(10, False), (11, True), (20, True)])
def test_another_column_read_for_the_change_stops_the_import(
    tmp_path: Path, odd: int, stops: bool
) -> None:
    """Closes that rise by 1% a session; of twenty changes so many are volumes."""
    days = np.arange("2025-09-01", "2025-10-31", dtype="datetime64[D]")
    days = days[np.is_busday(days)][:21]
    change = [1.0, *(3e6 * (1 + k % 3) if k < odd else 1.0 for k in range(20))]
    rows = [f"IDX,{days[k]},{100 * 1.01**k:.6f},{change[k]}" for k in range(21)]
    columns = {**LEVELS, "price_return": {"column": "chg", "unit": "percent"}}
    data = (WITH_CHANGE + "\n".join(rows)).encode()
    if not stops:
        run(tmp_path, data, columns=columns)
        return
    with pytest.raises(SourceError, match=f"nothing to do with one another: {odd} of 20") as caught:
        run(tmp_path, data, columns=columns)
    assert "which columns" in str(caught.value.remedy)


def test_rounded_changes_and_ex_dividend_days_are_no_contradiction(tmp_path: Path) -> None:
    rows = ["100,0", "100.7,0.7", "99.6,-1.1", "97.1,0.5", "97.2,0.1", "97.9,0.7"]
    rows = [f"IDX,{d},{r}" for d, r in zip(SESSIONS, rows, strict=True)]
    columns = {**LEVELS, "price_return": {"column": "chg", "unit": "percent"}}
    out = run(tmp_path, (WITH_CHANGE + "\n".join(rows)).encode(), columns=columns)
    assert len(closes(out)) == 6


def test_caps_in_another_unit_than_close_times_shares(tmp_path: Path) -> None:
    rows = [f"IDX,{d},{100 + i},{1000},{100 + i}" for i, d in enumerate(SESSIONS)]
    data = ("ticker,date,close,shares,cap\n" + "\n".join(rows)).encode()
    columns = {**LEVELS, "shares": "shares", "market_cap": "cap"}
    with pytest.raises(SourceError, match=r"the cap is 0.001 times the product"):
        run(tmp_path, data, columns=columns)
    columns["market_cap"] = {"column": "cap", "unit": "thousands"}
    assert closes(run(tmp_path, data, columns=columns), "market_cap")[0] == 100_000.0


def test_total_and_price_returns_in_two_units(tmp_path: Path) -> None:
    rows = [f"IDX,{d},{m},{100 * m}" for d, m in zip(SESSIONS, (0.01, -0.02, 0.015), strict=False)]
    data = ("ticker,date,retx,ret\n" + "\n".join(rows)).encode()
    columns = {"security": "ticker", "date": "date", "price_return": "retx", "total_return": "ret"}
    with pytest.raises(SourceError, match="price and total returns contradict each other"):
        run(tmp_path, data, columns=columns)


@pytest.mark.parametrize("cell", ["2:1", "3/2", "2-for-1", "2 for 1", "1 : 8", "1.5:1"])
def test_a_ratio_of_two_numbers_is_refused_with_what_to_write(tmp_path: Path, cell: str) -> None:
    """Which side is new differs from country to country; no reading of it is a guess."""
    data = f"ticker,date,ratio\nA,{SESSIONS[1]},{cell}\n".encode()
    columns = {"security": "ticker", "date": "date", "ratio": "ratio"}
    more = {"table": "actions", "columns": columns, "constants": {"kind": "split"}}
    with pytest.raises(SourceError, match="column 'ratio' holds no number") as caught:
        run(tmp_path, data, **more)
    assert cell in caught.value.message and "new shares per old share" in caught.value.remedy
