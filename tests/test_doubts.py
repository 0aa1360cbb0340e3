"""Closes, changes and total returns that contradict one another are kept, and said."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from paceline.indices.drift import SHARES
from paceline.indices.gaps import Gaps
from paceline.market import Market
from paceline.market.watching import first_page
from paceline.panel import doubts

nan = np.nan
NONE: dict[str, np.ndarray] = {}


def cells(
    close: list[float] | None = None,
    price: list[float] | None = None,
    total: list[float] | None = None,
    first: int = 0,
    **how: np.ndarray,
) -> dict[str, list[int]]:
    """The sessions of one security that are marked, by basis."""
    given = {"close": close, "price_return": price, "total_return": total}
    fields = {k: np.array([v]) for k, v in given.items() if v is not None}
    ranks = {"price_return": how["ranks"]} if "ranks" in how else None
    covers = {"price_return": how["covers"]} if "covers" in how else NONE
    marks = doubts.doubted(fields, covers, ranks, how.get("paid"), first)
    assert all((m.kind == doubts.DOUBTED).all() and not m.row.any() for m in marks.values())
    assert all((m.known == m.column).all() for m in marks.values())
    return {name: m.column.tolist() for name, m in marks.items()}


@pytest.mark.parametrize(
    ("close", "change", "doubted"),
    [
        ([100, 101, 102.01], [nan, 0.01, 0.01], []),
        ([100, 101, 101], [nan, 0.01, 0.01], [2]),  # the session before once more
        ([100, 103, 104.03], [nan, 0.01, 0.01], [1]),
        ([100, 50.5, 51.005], [nan, 0.01, 0.01], []),  # 2:1, and the change is free of it
        ([100, 202, 204.02], [nan, 0.01, 0.01], []),  # 1:2
        ([100, 1.01, 102.01], [nan, 0.01, 0.01], []),  # a hundredth and back: other checks' work
        ([1.00, 1.02, 1.02], [nan, 0.0119, 0.0], []),  # a cent on either close
        ([100, nan, 102.01], [nan, 0.01, 0.01], []),
    ],
)
def test_a_change_that_the_closes_do_not_show(
    close: list[float], change: list[float], doubted: list[int]
) -> None:
    assert cells(close, change) == {"price_return": doubted}


@pytest.mark.parametrize(
    ("price", "total", "doubted"),
    [
        (0.01, 0.01, False),
        (0.01, 0.0091, False),
        (0.01, 0.0089, True),  # no dividend is negative
        (0.01, 0.0599, False),
        (0.01, 0.0601, True),  # no ordinary dividend is that large
        (nan, 0.3, False),
        (0.3, nan, False),
    ],
)
def test_a_total_return_that_no_dividend_explains(
    price: float, total: float, doubted: bool
) -> None:
    marked = [0] if doubted else []
    assert cells(price=[price], total=[total]) == {"price_return": marked, "total_return": marked}


def test_what_has_a_reason_is_not_doubted() -> None:
    close, price = [100.0, 80.0], [nan, -0.1]
    assert cells(close, price) == {"price_return": [1]}
    one = np.array([[0, 1]])
    assert cells(close, price, paid=one.astype(bool)) == {"price_return": []}
    assert cells(close, price, ranks=one.astype(np.int8)) == {"price_return": []}, "other sources"
    assert cells(close, price, covers=2 * one.astype(np.int32)) == {"price_return": []}, "a hole"


@pytest.mark.parametrize(
    ("amount", "first", "doubted"),
    [
        (8.0, 0, False),  # 8 on 100: 8% more
        (8.2, 1, False),
        (80.0, 0, True),  # ten times what the returns say
        (0.8, 0, True),
        (None, 0, True),
    ],
)
def test_a_large_dividend_on_record_contradicts_nothing(
    amount: float | None, first: int, doubted: bool
) -> None:
    """From 100 to 99, and 8 paid: -1% and 7%."""
    fields = {
        "close": np.array([[100.0, 99.0]]),
        "price_return": np.array([[nan, -0.01]]),
        "total_return": np.array([[nan, 0.07]]),
    }
    days = np.array(["2025-01-03", "2025-01-06"], "datetime64[D]")
    paid = [("AAA", "dividend", dt.date(2025, 1, 4), amount), ("ZZZ", "dividend", days[0], 1.0)]
    rows = paid if amount else paid[1:]
    actions = pl.DataFrame(
        [(s, k, dt.date.fromisoformat(str(d)), a) for s, k, d, a in rows],
        schema=["security", "kind", "date", "amount"],
        orient="row",
    )
    cash = doubts.dividends(actions, ("AAA",), days)
    assert cash == ({(0, 1): amount} if amount else {}), "a Saturday belongs to Monday"
    marks = doubts.doubted(fields, NONE, None, None, first, lambda: cash)
    assert marks["total_return"].column.tolist() == ([1] if doubted else [])


def test_the_day_after_finds_what_all_of_history_finds() -> None:
    close, price = [100.0, 103.0, 104.03, 109.0], [nan, 0.01, 0.01, 0.01]
    assert cells(close, price)["price_return"] == [1, 3]
    assert cells(close, price, first=3)["price_return"] == [3]
    assert cells(close, price, first=2)["price_return"] == [3]


def test_a_payment_on_a_day_without_session_belongs_to_the_next() -> None:
    days = np.array(["2025-01-03", "2025-01-06", "2025-01-07"], "datetime64[D]")
    rows = [
        ("AAA", "special_dividend", dt.date(2025, 1, 4)),
        ("AAA", "dividend", dt.date(2025, 1, 7)),
        ("ZZZ", "spinoff", dt.date(2025, 1, 6)),
        ("BBB", "spinoff", dt.date(2025, 2, 6)),
    ]
    actions = pl.DataFrame(rows, schema=["security", "kind", "date"], orient="row")
    paid = doubts.payments(actions, ("AAA", "BBB"), days)
    assert np.argwhere(paid).tolist() == [[0, 1]]


# ---- what a figure says


def gaps_of(*doubted: float) -> Gaps:
    days = ("2025-01-03", "2025-01-06", "2025-01-07")
    shares = {kind: np.zeros(3) for kind in SHARES} | {"doubted": np.array(doubted)}
    shares["moved_doubted"] = np.array(doubted)  # weights move with price returns
    sessions = ("2025-01-02", *days)
    return Gaps("x", "price", days, shares, sessions, rebalanced=("2025-01-02",), limit=0.02)


def test_a_window_says_what_is_doubted_within_it_and_before() -> None:
    what = "closes, changes and total returns contradict one another for"
    of = "of the weight of x on 2025-01-06"
    judged = gaps_of(0.0, 0.3, 0.0).judged("2025-01-02", "2025-01-07")
    assert judged.refusal == "" and judged.caveats == (f"{what} 30.0% {of}",)
    later = gaps_of(0.0, 0.3, 0.0).judged("2025-01-06", "2025-01-07")
    assert later.caveats == (f"weights moved with returns in doubt: {what} 30.0% {of}",)
    assert len(gaps_of(0.0, 0.02, 0.0).judged("2025-01-06", "2025-01-07").caveats) == 1
    assert gaps_of(0.0, 0.001, 0.0).judged("2025-01-06", "2025-01-07").caveats == ()
    assert gaps_of(0.0, 0.001, 0.0).judged("2025-01-02", "2025-01-07").caveats == ()


def test_a_window_says_what_the_last_choice_before_its_end_lacked() -> None:
    made = dataclasses.replace(
        gaps_of(0.0, 0.0, 0.0),
        rebalanced=("2025-01-02", "2025-01-06"),
        thin=((("2025-01-02", "old"), ("2025-01-06", "new")), (("2025-01-02", "size"),)),
    )
    assert made.judged("2025-01-02", "2025-01-03").caveats == ("old", "size")
    assert made.judged("2025-01-06", "2025-01-06").caveats == ("new", "size")
    assert made.judged("2025-01-03", "2025-01-07").caveats == ("new", "size")
    assert made.judged("2025-01-07", "2025-01-07").caveats == ("new",), "weighed anew by then"
    back = made.judged("2025-01-07", "2025-01-07", "2025-01-03")
    assert back.caveats == ("new",), "a count of today's members rests on today's choice"
    level = made.judged("2025-01-07", "2025-01-07", "2025-01-03", whole=True)
    assert level.caveats == ("new", "size")
    once = dataclasses.replace(made, thin=((("2025-01-02", "old"),),))
    assert once.judged("2025-01-03", "2025-01-07").caveats == ("old",)
    assert once.judged("2025-01-06", "2025-01-07").caveats == (), "chosen anew by then"


def test_weights_of_a_beginning_are_said_until_they_are_set_anew() -> None:
    days = tuple(f"2025-01-{d:02}" for d in (2, 3, 6, 7, 8, 9))
    made = Gaps("x", "price", sessions=days, rebalanced=("2025-01-06", "2025-01-08"))
    begun = "x begins on 2025-01-06, with members and weights of that day"
    assert made.judged("2025-01-06", "2025-01-09").caveats == (begun,)
    assert made.judged("2025-01-08", "2025-01-09").caveats == ()
    for first in days[:2]:  # a first return needs a close before it
        early = dataclasses.replace(made, rebalanced=(first, "2025-01-08"))
        assert early.judged(first, "2025-01-09").caveats == (), "begins with the data"
    for other in ({"alone": True}, {"fixed": True}):
        kept = dataclasses.replace(made, **other)
        assert kept.judged("2025-01-06", "2025-01-09").caveats == ()


MARKET = """
[market]
name = "doubts"
calendar = "XNYS"
benchmark = "all"
store = "store"
[sources.changes]
path = "changes.csv"
dialect = "changes"
columns = { security = "security", date = "date", close = "close", price_return = "change" }
[sources.adjusted]
path = "adjusted.csv"
dialect = "adjusted"
columns = { security = "security", date = "date", adjusted_close = "adjusted" }
[baskets.all]
securities = ["AAA", "BBB"]
weight = "equal"
"""
DAYS = [dt.date(2025, 2, d) for d in (3, 4, 5, 6, 7, 10, 11, 12, 13, 14)]
CHANGE = [0.0, 0.01, -0.02, 0.015, 0.005, -0.01, 0.02, -0.005, 0.01, -0.015]


def figures(folder: Path, shift: int) -> dict[str, tuple[str, ...]]:
    """Caveats of the return from each day on; changes and closes a session late from the 7th on."""
    folder.mkdir()
    late = [CHANGE[t - shift] if t >= 4 else c for t, c in enumerate(CHANGE)]
    for name, change in (("changes", late), ("adjusted", CHANGE)):
        close = 100 * np.cumprod(1 + np.array(change))
        rows = {"date": DAYS, "close": close, "adjusted": close, "change": change}
        of = [pl.DataFrame({"security": s, **rows}) for s in ("AAA", "BBB")]
        pl.concat(of).write_csv(folder / f"{name}.csv")
    (folder / "market.toml").write_text(MARKET)
    market = Market.open(folder / "market.toml")
    market.import_()
    return {str(d): market.show("performance", since=str(d))[0].caveats for d in DAYS[:-1]}


def test_a_feed_a_session_late_contradicts_the_other_on_every_figure(tmp_path: Path) -> None:
    assert set(figures(tmp_path / "sound", 0).values()) == {()}
    late = figures(tmp_path / "late", 1)
    assert all(any("contradict one another" in c for c in said) for said in late.values())


def test_what_is_of_a_session_says_nothing_of_the_sessions_before(tmp_path: Path) -> None:
    """On the 6th of February the changes say +5%, the total returns what is true."""
    wrong = [0.05 if t == 3 else c for t, c in enumerate(CHANGE)]
    for name, change in (("changes", wrong), ("adjusted", CHANGE)):
        close = 100 * np.cumprod(1 + np.array(change))
        rows = {"date": DAYS, "close": close, "adjusted": close, "change": change}
        of = [pl.DataFrame({"security": s, **rows}) for s in ("AAA", "BBB")]
        pl.concat(of).write_csv(tmp_path / f"{name}.csv")
    (tmp_path / "market.toml").write_text(MARKET)
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    asked: list[tuple[str, dict[str, int]]] = [
        ("advance_decline", {"discard": 1}),
        ("new_highs_lows", {"window": 3}),
        ("dispersion", {"window": 3}),
    ]
    doubted = {
        f.statistic
        for name, how in asked
        for f in market.show(name, **how)
        if any(c.startswith("closes, changes") for c in f.caveats)  # weights are another matter
    }
    assert doubted == {"line", "mcclellan", "summation", "at_record"}
    held = {"advances", "declines", "net", "new_highs", "new_lows", "high_low_index"}
    shown = {f.statistic for name, how in asked for f in market.show(name, **how)}
    assert held <= shown - doubted


LEVELS = """
[market]
name = "twice"
calendar = "XNYS"
benchmark = "index"
store = "store"
[sources.levels]
path = "levels.csv"
columns = { security = "security", date = "date", close = "close" }
[baskets.index]
instrument = "IDX"
"""


@pytest.mark.parametrize(("again", "known"), [(104.0, True), (105.0, False)])
def test_a_day_with_two_closes_has_none(tmp_path: Path, again: float, known: bool) -> None:
    """The fifth close is 104; a row behind all others says it again, or another one."""
    close = [100.0, 101.0, 102.0, 103.0, 104.0, 105.0, 106.0, 107.0, 108.0, 109.0]
    rows = {"security": "IDX", "date": [*DAYS, DAYS[4]], "close": [*close, again]}
    pl.DataFrame(rows).write_csv(tmp_path / "levels.csv")
    (tmp_path / "market.toml").write_text(LEVELS)
    market = Market.open(tmp_path / "market.toml")
    market.import_()

    def since(t: int) -> tuple[object, str]:
        figure = market.show("performance", since=str(DAYS[t]))[0]
        return figure.value, " ".join(figure.caveats)

    lacking = "no return for all of the weight of index on 2025-02-07"
    value, said = since(3)
    assert value == pytest.approx(109 / 103 - 1) and (lacking in said) is not known
    value, said = since(4)
    assert value == (pytest.approx(109 / 104 - 1) if known else None)
    assert (lacking in said) is not known
    value, said = since(5)
    assert value == pytest.approx(109 / 105 - 1) and lacking not in said


# ---- closes that are stated once more


STILL = """
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


def test_a_session_stated_twice_stands_on_figures_and_page_one(tmp_path: Path) -> None:
    days = [dt.date(2025, 12, d) for d in (1, 2, 3, 4, 5)]
    lines = ["ticker,date,close"]
    for i in range(10):
        closes = [100 + i, 101 + i, 102 + i, 102 + i if i < 6 else 103 + i, 104 + i]
        lines += [f"S{i}A,{day},{close}" for day, close in zip(days, closes, strict=True)]
    (tmp_path / "closes.csv").write_text("\n".join(lines))
    (tmp_path / "market.toml").write_text(STILL)
    market = Market.open(tmp_path / "market.toml")
    market.import_()

    def said(start: str, end: str) -> tuple[str, ...]:
        gaps = market.moment.coverage.gaps("all", "price")
        assert gaps is not None
        return gaps.judged(start, end).caveats

    # weights of the six with the closes of the 3rd: (102 + i) / (100 + i) each, of all ten
    growth = [(102 + i) / (100 + i) for i in range(10)]
    share = f"{sum(growth[:6]) / sum(growth):.1%}"
    (caveat,) = said("2025-12-03", "2025-12-04")
    what = "closes repeat those of the session before"
    assert caveat == f"{what} for {share} of the weight of all on 2025-12-04"
    assert said("2025-12-01", "2025-12-03") == said("2025-12-04", "2025-12-05") == ()
    (first,) = first_page(market)
    assert first["check"] == "sessions that repeat the closes of the session before"
    assert first["days"] == [dt.date(2025, 12, 4)]
    assert first["example"] == "last on 2025-12-04: 6 of 10 securities"


def test_two_sources_that_disagree_on_most_returns_say_so(tmp_path: Path) -> None:
    closes = [100, 101, 103, 102, 105, 104, 106, 109, 108, 110, 111, 113]
    days = [dt.date(2025, 12, d) for d in (1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 15, 16)]
    second = '[sources.late]\ntable = "prices"\npath = "late.csv"\n'
    second += 'columns = { security = "ticker", date = "date", close = "close" }\n'

    def caveats(name: str, other: list[int]) -> tuple[str, ...]:
        folder = tmp_path / name
        folder.mkdir()
        for file, prices in (("closes.csv", closes[:-1]), ("late.csv", other)):
            rows = [f"AAA,{d},{c}" for d, c in zip(days, prices, strict=False)]
            (folder / file).write_text("\n".join(["ticker,date,close", *rows]))
        (folder / "market.toml").write_text(STILL.replace("[universes", second + "[universes"))
        market = Market.open(folder / "market.toml")
        market.import_()
        return market.show("performance", subjects=["all"], since="2025-12-01")[0].caveats

    said = "closes and late differ on more than a tenth of the price returns that both have"
    assert caveats("agree", closes) == ()
    assert said in caveats("late", [100, *closes[:-1]])  # every close a session late
    assert said not in caveats("once", [*closes[:-2], 112, 113]), "one of ten is no rule"
