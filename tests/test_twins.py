"""One company under two names: told where a basket holds both."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from paceline.baskets.twins import Twins
from paceline.market import Market
from series_market import market as of_series
from series_market import said, sound

MARKET = """
[market]
name = "m"
benchmark = "all"
universe = "all"
[sources.closes]
table = "prices"
path = "closes.csv"
options = { wide = true }
[universes.all]
eligible = { kinds = [] }
[baskets.all]
universe = "all"
weight = "equal"
rebalance = "none"
[baskets.one]
securities = ["AAA", "CCC"]
weight = "equal"
rebalance = "none"
"""
ONE = "one company twice? AAA and BBB have the same returns in"


def market(folder: Path, same: slice, still: bool = False) -> Market:
    """Five securities over 100 weekdays; BBB has the returns of AAA on the sessions ``same``."""
    moves = np.random.default_rng(8).normal(0, 0.01, (5, 100))
    moves[1, same] = moves[0, same]
    if still:
        moves[:2] = 0.0
    closes = np.round(np.array([10, 250, 30, 40, 50])[:, None] * np.cumprod(1 + moves, axis=1), 10)
    days = [d for i in range(140) if (d := dt.date(2025, 1, 21) + dt.timedelta(i)).weekday() < 5]
    holidays = {dt.date(2025, 2, 17), dt.date(2025, 4, 18), dt.date(2025, 5, 26)}
    rows = [d for d in days if d not in holidays]
    lines = [",".join([str(d), *map(str, c)]) for d, c in zip(rows, closes.T, strict=False)]
    (folder / "closes.csv").write_text("\n".join(["Date,AAA,BBB,CCC,DDD,EEE", *lines]))
    (folder / "market.toml").write_text(MARKET)
    found = Market.open(folder / "market.toml")
    found.import_()
    return found


def caveats(of: Market, name: str) -> list[str]:
    figure = of.show("performance", subjects=[name], since="2025-03-03")[0]
    return [c for c in figure.caveats if "same returns" in c]


def test_the_same_returns_for_a_quarter_are_said(tmp_path: Path) -> None:
    twice = market(tmp_path, slice(0, 100))
    last = twice.as_of
    assert caveats(twice, "all") == [f"{ONE} 1 quarter up to {last}"]
    assert caveats(twice, "one") == [], "it holds one of them"
    (found,) = [w for w in twice.watched if w.check == "two securities with the same returns"]
    assert found.example.startswith(ONE)


def test_a_month_is_not_enough_and_neither_is_standing_still(tmp_path: Path) -> None:
    assert caveats(market(tmp_path, slice(50, 75)), "all") == []


def test_two_that_never_move_are_no_twins(tmp_path: Path) -> None:
    assert caveats(market(tmp_path, slice(0, 100), still=True), "all") == []


@pytest.mark.parametrize(("held", "said"), [("AAA", True), ("BBB", True), ("CCC", False)])
def test_one_of_two_members_of_the_universe_is_held(tmp_path: Path, held: str, said: bool) -> None:
    """Either may have the returns of the other: a sector with one of them says so."""
    market(tmp_path, slice(0, 100))
    more = f'[baskets.some]\nuniverse = "all"\nsecurities = ["{held}", "DDD"]\nweight = "equal"\n'
    (tmp_path / "market.toml").write_text(MARKET + more)
    found = Market.open(tmp_path / "market.toml")
    alone = f"{ONE} 1 quarter up to {found.as_of}; {held} alone is held"
    assert caveats(found, "some") == [alone] * said


def test_who_was_spun_off_a_member_is_held_until_a_rebalance(tmp_path: Path) -> None:
    """BBB, in another basket's universe at no rebalance, comes out of CCC and has AAA's returns."""
    found = market(tmp_path, slice(0, 100))
    more = """
[sources.actions]
table = "actions"
path = "actions.csv"
columns = { security = "who", date = "day", kind = "kind", ratio = "ratio", other = "child" }
"""
    (tmp_path / "actions.csv").write_text(
        "who,day,kind,ratio,child\nCCC,2025-04-01,spinoff,0.25,BBB\n"
    )
    (tmp_path / "market.toml").write_text(MARKET + more)
    assert caveats(found, "one") == []
    found = Market.open(tmp_path / "market.toml")
    found.import_()
    assert caveats(found, "one") == [f"{ONE} 1 quarter up to {found.as_of}"]


def test_many_alike_are_counted_and_quarters_are_those_of_the_two_named() -> None:
    """A and B agree in both quarters, C joins in the second, D and E agree in the second alone."""
    moves = np.random.default_rng(4).normal(0, 0.01, (5, 126))
    moves[1] = moves[0]
    moves[2, 63:] = moves[0, 63:]
    moves[4, 63:] = moves[3, 63:]
    days = np.datetime64("2025-01-01") + np.arange(126)
    panel: Any = SimpleNamespace(
        fields={"price_return": moves}, securities=tuple("ABCDE"), sessions=days
    )
    twins = Twins(panel)

    def said(*held: int) -> list[str]:
        return twins.caveats(np.isin(np.arange(5), held))

    assert said(0, 1, 2, 3, 4) == [
        "one company twice? A and B have the same returns in 2 quarters up to 2025-05-06, and 3 "
        "other members"
    ]
    assert said(0, 2) == [
        "one company twice? A and C have the same returns in 1 quarter up to 2025-05-06"
    ]
    assert said(0, 3) == said(2) == []

    def beside(held: int, *others: int) -> list[str]:
        return twins.caveats(np.arange(5) == held, np.isin(np.arange(5), others))

    assert beside(1, 0, 1, 3) == [
        "one company twice? A and B have the same returns in 2 quarters up to 2025-05-06; B alone "
        "is held"
    ]
    assert beside(2, 3, 4) == beside(3, 0, 1, 2) == []
    # by rank: either of two that are not held may have been kept out by the other's size
    who = np.isin(np.arange(5), [0, 1, 2, 3])
    assert twins.caveats(np.arange(5) == 3, who, ranked=True) == [
        "one company twice? A and B have the same returns in 2 quarters up to 2025-05-06, and 1 "
        "other member; neither is held"
    ]


def test_two_instruments_with_the_same_returns_say_so(tmp_path: Path) -> None:
    """The file of one fund holds another one's closes, at another level."""
    other = sound()["funds"].filter(pl.col("security") == "FA")["close"] * 3
    at = pl.col("security") == "FC"
    same = of_series(
        tmp_path,
        edit=lambda f: {
            **f,
            "funds": pl.concat(
                [f["funds"].filter(~at), f["funds"].filter(at).with_columns(close=other)]
            ),
        },
    )
    one = f"one series twice? FA and FC have the same returns in 6 quarters up to {same.as_of}"
    assert said(same, "fa", "same returns") == [one]
    assert said(same, "fc", "same returns") == [one.replace("FA and FC", "FC and FA")]
    assert said(same, "fb", "same returns") == said(same, "index", "same returns") == []
    found = [w.source for w in same.watched if w.check == "two securities with the same returns"]
    assert found == ["fa", "fc"]


SECOND = """
[sources.second]
path = "second.parquet"
[sources.second.columns]
security = "security"
date = "date"
price_return = { column = "change", unit = "percent" }
"""


@pytest.mark.parametrize("spelt", ["S07.N", "S07 US Equity", "s07"])
def test_two_sources_that_price_one_security_in_two_spellings(tmp_path: Path, spelt: str) -> None:
    """The second gives rounded changes of it and of another one; the first closes."""
    move = pl.col("close") / pl.col("close").shift() - 1
    rows = sound()["stocks"].filter(pl.col("security") == "S07")
    second = rows.select("date", change=(100 * move).round(2), security=pl.lit(spelt))
    strange = second.with_columns(change=-pl.col("change"), security=pl.lit("S08.N"))
    twice = of_series(
        tmp_path,
        more=SECOND,
        edit=lambda f: {**f, "second": pl.concat([second, strange]).drop_nulls()},
    )
    pair = sorted([spelt, "S07"])
    assert said(twice, "all", "same returns") == [
        f"one company twice? {pair[0]} and {pair[1]} have the same returns in 6 quarters up to "
        f"{twice.as_of}"
    ]
    assert said(twice, "ten", "same returns") == [], "it holds one of them"
