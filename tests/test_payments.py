"""Dividends and splits of a file that cannot be, or that its own prices contradict."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import pytest

import paceline
from bad_inputs import SESSIONS
from paceline import calendars, quality
from paceline.config import Source
from paceline.errors import MarketFileError, SourceError
from paceline.market import unused
from paceline.sources import Context, Parsed, files

MANY = tuple(calendars.sessions("XNYS", dt.date(2025, 9, 30))[-40:])
COLUMNS = {
    "security": "ticker",
    "date": "date",
    "split_adjusted_close": "close",
    "dividend": "paid",
    "split": "split",
}


def read(folder: Path, rows: list[str], **spec: Any) -> Parsed:
    days = SESSIONS if len(rows) <= len(SESSIONS) else MANY
    lines = [f"AAA,{d},{row}" for d, row in zip(days, rows, strict=False)]
    (folder / "p.csv").write_text("\n".join(["ticker,date,close,paid,split", *lines]) + "\n")
    source = Source(path="p.csv", **({"columns": COLUMNS} | spec))
    context = Context("XNYS", days)
    parsed = files.parse("own", source, files.fetch("own", source, folder), context)
    return quality.check(parsed, "own", source, context)


def values(out: Parsed, column: str) -> list[float | None]:
    return [None if v is None else round(v, 12) for v in out.tables["prices"][column].to_list()]


def found(out: Parsed) -> dict[str, int]:
    return {f.check: f.count for f in out.findings}


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("50,-0.5,0", "dividend below zero"),
        ("50,80,0", "dividend that the price does not show"),  # cents beside dollars
        ("49,12,0", "dividend that the price does not show"),
    ],
)
def test_a_dividend_that_cannot_be_is_unknown(tmp_path: Path, event: str, said: str) -> None:
    out = read(tmp_path, ["50,0,0", event, "50,0,0", "50,1,0"])
    moved = float(event.split(",")[0]) / 50 - 1
    assert values(out, "price_return")[1] == pytest.approx(moved)
    assert values(out, "total_return")[1] is None
    assert values(out, "total_return")[3] == 0.02
    assert out.tables["actions"]["amount"].to_list() == [1.0]
    assert found(out)[said] == 1
    assert out.quarantine is not None and out.quarantine["reason"].to_list() == [said]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("50,2.4,0", "AAA has a dividend on 15 of 20 days: a yearly rate or a yield, no events"),
        ("50,0,4", "AAA has a split on 15 of 20 days: a cumulative factor, no events"),
    ],
)
def test_a_rate_or_a_factor_on_every_day_is_no_event(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(SourceError, match=said) as told:
        read(tmp_path, ["50,0,1"] * 5 + [row] * 15)
    assert "ex-date" in told.value.remedy
    read(tmp_path, ["50,0,1"] * 5 + ["50,0.1,0"] * 5 + ["50,0,0"] * 10)  # a payment a week or so


BESIDE = """
[market]
name = "t"
calendar = "XNYS"
benchmark = "x"
[sources.p]
path = "p.csv"
columns = { security = "ticker", close = "close", date = "date" }
[sources.paid]
table = "actions"
path = "paid.csv"
[baskets.x]
instrument = "X"
basis = "total"
"""


@pytest.mark.parametrize(("security", "said"), [("X", True), ("Z", False)])
def test_dividends_beside_closes_are_no_total_return_and_that_is_said(
    tmp_path: Path, security: str, said: bool
) -> None:
    """Whether closes were adjusted for what was paid is not told; Z has no price at all."""
    closes = "".join(f"X,{day},{100 + n}\n" for n, day in enumerate(SESSIONS))
    (tmp_path / "p.csv").write_text(f"ticker,date,close\n{closes}")
    paid = f"security,date,kind,amount\n{security},{SESSIONS[2]},dividend,2\n"
    (tmp_path / "paid.csv").write_text(paid)
    (tmp_path / "market.toml").write_text(BESIDE)
    market = paceline.open(tmp_path / "market.toml")
    market.import_()
    why = (
        "1 dividend in actions is not added to closes, and the prices of who pays them give no "
        "total returns"
    )
    stands_in = "x has no total returns: price returns stand in for them"
    shown = market.show("performance", subjects=["x"])[-1].caveats
    assert (f"{stands_in} ({why})" if said else stands_in) in shown
    total = market.show("performance", subjects=["x"], basis="total")[-1].caveats
    none = "no value: x has no total return level"
    assert (f"{none}: {why}" if said else none) in total
    checks = market.findings()["check"].to_list()
    assert (unused.UNUSED in checks) is said


def test_a_large_dividend_that_the_price_shows_is_one(tmp_path: Path) -> None:
    out = read(tmp_path, ["50,0,0", "31,20,0", "31,0,0"])
    assert values(out, "total_return") == [None, 0.02, 0.0]
    assert out.quarantine is None


def test_a_split_below_zero_leaves_the_closes_before_it_unknown(tmp_path: Path) -> None:
    out = read(tmp_path, ["50,0,0", "50,0,-2", "51,0,0"])
    assert values(out, "price_return") == [None, 0.0, 0.02]
    assert values(out, "close") == [None, 50.0, 51.0]
    assert found(out)["split below zero"] == 1


def test_closes_that_hold_a_split_of_their_own_column(tmp_path: Path) -> None:
    """200 and then 50 at 4:1, which nobody took out; the later 2:1 is out of all of them."""
    out = read(tmp_path, ["200,0,0", "50,0,4", "50,0,0", "50,1,2", "50,0,0"])
    assert values(out, "price_return") == [None, 0.0, 0.0, 0.0, 0.0]
    assert values(out, "total_return") == [None, 0.0, 0.0, 0.02, 0.0]
    # the later split is in the closes already: in shares of their day they were twice as high
    assert values(out, "close") == [400.0, 100.0, 100.0, 50.0, 50.0]
    assert found(out)["closes hold a split of their own column"] == 1
    assert out.tables["actions"].filter(kind="split")["ratio"].to_list() == [4.0, 2.0]


def test_a_dividend_on_the_day_of_a_split_that_the_closes_hold(tmp_path: Path) -> None:
    out = read(tmp_path, ["100,0,0", "50,1,2", "50,0,0"])
    assert values(out, "price_return") == [None, 0.0, 0.0]
    assert values(out, "total_return") == [None, 0.02, 0.0]  # 1 paid on each of two new shares
    assert values(out, "close") == [100.0, 50.0, 50.0]


@pytest.mark.parametrize("at", [1, 3])
def test_a_split_a_day_off_leaves_the_move_unexplained(tmp_path: Path, at: int) -> None:
    rows = ["50,0,0", "50,0,0", "25.2,0,0", "25.4,0,0"]
    rows[at] = rows[at][:-1] + "2"
    out = read(tmp_path, rows)
    assert values(out, "price_return")[2] is None
    assert found(out)["return looks like a split"] == 1


@pytest.mark.parametrize("price", ["close", "adjusted_close"])
@pytest.mark.parametrize("column", ["dividend", "split"])
def test_a_column_that_the_dialect_does_not_read_is_refused(
    tmp_path: Path, price: str, column: str
) -> None:
    columns = {"security": "ticker", "date": "date", price: "close", column: "split"}
    with pytest.raises(MarketFileError, match=f"reads no {column}") as caught:
        read(tmp_path, ["50,0,0", "40,0,1.25"], columns=columns)
    assert 'dialect = "split_adjusted"' in str(caught.value)


MARKET = """
[market]
name = "t"
benchmark = "aaa"
[sources.p]
table = "prices"
path = "p.csv"
columns = { security = "ticker", date = "date", close = "close" }
[sources.splits]
table = "actions"
path = "p.csv"
columns = { security = "ticker", date = "date", ratio = "split" }
constants = { kind = "split" }
where = { split = "!0" }
[baskets.aaa]
instrument = "AAA"
"""


def test_the_remedy_for_unadjusted_closes_with_a_split_column_works(tmp_path: Path) -> None:
    rows = ["50,0,0", "40.4,0,1.25", "40.4,0,0"]
    lines = [f"AAA,{d},{row}" for d, row in zip(SESSIONS, rows, strict=False)]
    (tmp_path / "p.csv").write_text("\n".join(["ticker,date,close,paid,split", *lines]) + "\n")
    (tmp_path / "market.toml").write_text(MARKET)
    market = paceline.open(tmp_path / "market.toml")
    market.import_()
    (figure,) = market.show("performance", horizons=["since"], since=str(SESSIONS[0]))
    assert isinstance(figure.value, float) and math.isclose(figure.value, 0.01)  # 40.4 x 1.25 / 50


EXCHANGE = """
[market]
name = "t"
benchmark = "aaa"
[sources.p]
table = "prices"
path = "p.csv"
columns = { security = "ticker", date = "date", close = "close", price_return = "change" }
[sources.paid]
table = "actions"
path = "a.csv"
columns = { security = "ticker", date = "date", amount = "amount" }
constants = { kind = "special_dividend" }
[baskets.aaa]
instrument = "AAA"
"""
#: By the exchange's change nothing moved: all of the fall was paid out.
FELL_3, FELL_20 = [(100, 0), (97, 0), (97, 0)], [(100, 0), (80, 0), (80, 0)]


@pytest.mark.parametrize(
    ("closes", "paid", "value"),
    [
        (FELL_3, "", -0.03),  # taken for an ordinary dividend, with a caveat
        (FELL_3, f"AAA,{SESSIONS[1]},3", 0.0),
        (FELL_3, f"AAA,{SESSIONS[1]},2", 97 / 98 - 1),
        (FELL_20, "", 0.0),
        (FELL_20, f"AAA,{SESSIONS[1]},20", 0.0),  # in the exchange's change already: once
    ],
)
def test_a_special_dividend_in_a_file_of_exchange_changes_counts_once(
    tmp_path: Path, closes: list[tuple[int, int]], paid: str, value: float
) -> None:
    rows = [f"AAA,{d},{c},{m}" for d, (c, m) in zip(SESSIONS, closes, strict=False)]
    (tmp_path / "p.csv").write_text("\n".join(["ticker,date,close,change", *rows]) + "\n")
    elsewhere = f"BBB,{SESSIONS[0]},1"
    (tmp_path / "a.csv").write_text("\n".join(["ticker,date,amount", elsewhere, paid]) + "\n")
    (tmp_path / "market.toml").write_text(EXCHANGE)
    market = paceline.open(tmp_path / "market.toml")
    market.import_()
    (figure,) = market.show("performance", horizons=["since"], since=str(SESSIONS[0]))
    assert figure.value == pytest.approx(value, abs=1e-12)
    said = any("taken for ordinary dividends" in caveat for caveat in figure.caveats)
    assert said is (closes is FELL_3)


@pytest.mark.parametrize("paid", [16.5, 20.0, 25.0, 33.0])
def test_a_dividend_explains_a_fall_that_looks_like_a_split(tmp_path: Path, paid: float) -> None:
    out = read(tmp_path, ["50,0,0", f"{50 - paid},{paid},0", f"{50 - paid},0,0"])
    assert values(out, "price_return")[1] == pytest.approx(-paid / 50)
    assert values(out, "total_return")[1] == pytest.approx(0.0)
    assert "return looks like a split" not in found(out)
