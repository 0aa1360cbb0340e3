"""Closes that are those of the session before once more."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from paceline.market import Market
from paceline.market.watching import first_page
from paceline.panel import still
from paceline.stillness import together

nan = np.nan


def again(returns: list[list[float]], first: int = 0) -> list[tuple[int, int, int]]:
    """Security, session and the session from which it is known, of closes that repeat."""
    marks = still.repeated({"price_return": np.array(returns)}, first)["price_return"]
    assert (marks.kind == still.REPEATED).all()
    return sorted(zip(marks.row.tolist(), marks.column.tolist(), marks.known.tolist(), strict=True))


def test_a_close_that_stands_still_for_ten_sessions_is_repeated() -> None:
    nine, ten = [0.01] + [0.0] * 9 + [0.01], [0.01] + [0.0] * 10
    assert again([nine, ten]) == [(1, t, 10) for t in range(1, 11)], "known on the tenth"
    twelve = [0.01] + [0.0] * 12
    assert again([twelve])[-2:] == [(0, 11, 11), (0, 12, 12)]
    hole = [0.0] * 5 + [nan] + [0.0] * 5
    assert again([hole, [0.01] * 11]) == [], "a hole is no close"
    assert again([[0.01] * 6 + [0.0] * 5, [0.0] * 5 + [0.01] * 6]) == [], "two securities"


def test_half_of_ten_closes_standing_still_at_once_are_repeated() -> None:
    def market(still: int, of: int) -> list[list[float]]:
        return [[0.01, 0.0 if i < still else 0.02] for i in range(of)]

    assert again(market(5, 10)) == [(i, 1, 1) for i in range(5)]
    assert again(market(5, 11)) == []
    assert again(market(9, 9)) == [], "of a few it may happen"
    assert again([*market(5, 10), [nan, nan]]) == [(i, 1, 1) for i in range(5)]


def test_the_day_after_finds_the_repeated_closes_that_all_of_history_finds() -> None:
    returns = [[0.01, *[0.0] * 12], [0.01] * 13]
    whole = again(returns)
    for done in range(1, 13):
        before = [cell for cell in again([row[:done] for row in returns]) if cell[2] < done]
        assert before + again(returns, done) == whole, done


def moving(sessions: int, still: list[int]) -> list[float]:
    """Returns of 1% and -1% in turn, but for those of zero."""
    return [0.0 if t in still else 0.01 * (-1) ** t for t in range(sessions)]


def test_three_unmoved_closes_of_a_security_that_seldom_has_one_are_repeated() -> None:
    last = [(0, t, 82) for t in (80, 81, 82)]
    assert again([moving(83, [80, 81, 82])]) == last, "known on the third"
    assert again([moving(82, [80, 81])]) == [], "two may be chance"
    assert again([moving(83, [5, 15, 80, 81, 82])]) == last, "2 of 80 before"
    # 4 of 80 before: it does so by its nature
    assert again([moving(83, [5, 15, 25, 35, 80, 81, 82])]) == []
    assert again([moving(65, [62, 63, 64])]) == [], "62 sessions before do not tell"
    long = again([moving(95, list(range(80, 92)))])
    assert long[:4] == [(0, 80, 82), (0, 81, 82), (0, 82, 82), (0, 83, 83)] and len(long) == 12
    for done in range(80, 95):
        before = [c for c in again([moving(done, list(range(80, 92)))]) if c[2] < done]
        assert before + again([moving(95, list(range(80, 92)))], done) == long, done


def test_an_unmoved_close_with_the_volume_of_the_session_before_is_repeated() -> None:
    returns = np.array([[0.01, 0.0, 0.0, 0.01, 0.0]] * 2)
    volume = np.array([[7.0, 7.0, 8.0, 8.0, 8.0], [0.0, 0.0, nan, nan, 0.0]])
    marks = still.repeated({"total_return": returns, "volume": volume})["total_return"]
    assert list(zip(marks.row, marks.column, marks.known, strict=True)) == [(0, 1, 1), (0, 4, 4)]


def test_returns_of_the_session_before_for_half_the_market_are_repeated() -> None:
    def market(same: int, of: int) -> list[list[float]]:
        return [[0.01 + i / 1e3, 0.01 + i / 1e3 + (i >= same) / 1e2] for i in range(of)]

    assert again(market(5, 10)) == [(i, 1, 1) for i in range(5)]
    assert again(market(5, 11)) == again(market(9, 9)) == []
    assert again(market(5, 10), 1) == [(i, 1, 1) for i in range(5)]
    assert again(market(5, 10), 2) == []


def test_more_closes_than_usual_stand_still_together() -> None:
    """Fourteen securities over 64 sessions, of which one stands still on every tenth."""
    usual = np.where(np.arange(64) % 10 == 5, 1, 0)
    count = np.full(64, 14)

    def on_the_last(many: int, zeros: np.ndarray = usual) -> bool:
        out = together(np.r_[zeros[:-1], many], count)
        assert not out[:-1].any()
        return bool(out[-1])

    # 7 of 882 returns: to expect are 14 x 8 / 883 = 0.13, and 0.13 + 8 x 0.36 = 3.0
    assert on_the_last(6) and on_the_last(4) and not on_the_last(3)
    # 3 of 14 on every session: 3.1 + 8 x 1.8 = 17.2, but seven are half of them
    assert on_the_last(7, np.full(64, 3)) and not on_the_last(6, np.full(64, 3))
    assert not together(np.r_[0, 6], np.full(2, 14)).any(), "nobody knows what is usual"
    # 1000 securities: 35 are usual, and three times as many are needed
    many = np.full(64, 35)
    assert not together(np.r_[many, 100], np.full(65, 1000)).any()
    assert together(np.r_[many, 110], np.full(65, 1000)).tolist() == [False] * 64 + [True]


def test_a_run_is_told_by_what_is_usual_for_its_security() -> None:
    """p^L < 0.02 / 252: two in a row where one in 253 is zero, four at 5 of 81, ten at 30 of 81."""
    never, seldom, often = [], [5, 15, 25, 35], list(range(1, 79, 2))[:29]
    assert again([moving(255, [252, 253])]) == [(0, 252, 253), (0, 253, 253)]
    assert again([moving(254, [252])]) == []
    assert again([moving(100, [*seldom, 80, 81, 82])]) == []
    assert len(again([moving(100, [*seldom, 80, 81, 82, 83])])) == 4
    assert again([moving(100, [*often, *range(80, 89)])]) == []
    assert len(again([moving(100, [*often, *range(80, 90)])])) == 10
    assert again([moving(100, never)]) == []


MARKET = """
[market]
name = "m"
benchmark = "all"
universe = "all"
[sources.closes]
table = "prices"
path = "closes.csv"
columns = { security = "ticker", date = "date", close = "close" }
[universes.all]
eligible = { kinds = [] }
[baskets.all]
universe = "all"
weight = "equal"
rebalance = "none"
"""
DAYS = [d for i in range(140) if (d := dt.date(2025, 1, 6) + dt.timedelta(i)).weekday() < 5][:90]


@pytest.mark.parametrize("old", [0, 3, 6])
def test_six_of_fourteen_closes_that_are_old_for_two_sessions(tmp_path: Path, old: int) -> None:
    moves = np.random.default_rng(8).normal(0, 0.015, (14, 90))
    closes = np.round(60 * np.cumprod(1 + moves, axis=1), 2)
    closes[:old, 70:72] = closes[:old, 69:70]
    lines = [
        f"A{chr(65 + i)}{chr(75 + i)},{day},{closes[i, t]:.2f}"
        for i in range(14)
        for t, day in enumerate(DAYS)
    ]
    (tmp_path / "closes.csv").write_text("\n".join(["ticker,date,close", *lines]))
    (tmp_path / "market.toml").write_text(MARKET)
    market = Market.open(tmp_path / "market.toml")
    market.import_()

    def said(since: int) -> list[str]:
        figure = market.show("performance", since=str(DAYS[since]))[0]
        return [c for c in figure.caveats if "repeat" in c]

    if old < 4:  # three of fourteen may stand still
        assert said(0) == [] and not first_page(market)
        return
    told = said(0)
    assert len(told) == 1 and str(DAYS[70]) in told[0] and str(DAYS[71]) in told[0]
    assert said(71) == []
    assert [f["days"] for f in first_page(market)] == [DAYS[70:72]]
