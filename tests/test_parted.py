"""Closes that move otherwise than the market caps of their rows are kept, and said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cap_market import MARKET, names, opened, weekdays
from paceline.market import Market
from paceline.panel import doubts, parted

N, T = 14, 120
ADJUSTED = """
[sources.adjusted]
table = "prices"
path = "total.csv"
dialect = "adjusted"
columns = { security = "ticker", date = "date", adjusted_close = "adjusted" }
"""
DAYS, NAMES = weekdays(dt.date(2025, 1, 6), T), names(N)
World = tuple[np.ndarray, np.ndarray]


def world(seed: int = 5) -> World:
    """Closes (N, T) in cents that move by 1.5% a day, and caps of a count of shares."""
    moves = np.random.default_rng(seed).normal(0, 0.015, (N, T))
    closes = np.round(60 * np.cumprod(1 + moves, axis=1), 2)
    return closes, closes * (1e8 + 1e6 * np.arange(N)[:, None])


def said(made: Market, since: dt.date = DAYS[0]) -> list[str]:
    figures = made.show("performance", subjects=["cap", "equal"], since=str(since))
    return [c for f in figures for c in f.caveats if "otherwise" in c]


def test_sound_closes_and_caps_say_nothing(tmp_path: Path) -> None:
    made = opened(tmp_path, DAYS, *world())
    assert said(made) == []
    assert not any("otherwise" in f["check"] for f in made.findings().to_dicts())


def scaled(closes: np.ndarray, caps: np.ndarray) -> World:
    closes[3:8, 70] *= 0.92  # five of them, one session
    return closes, caps


def typo_at_the_end(closes: np.ndarray, caps: np.ndarray) -> World:
    closes[4, -1] *= 1.30
    return closes, caps


def typo_in_the_middle(closes: np.ndarray, caps: np.ndarray) -> World:
    closes[4, 70] *= 1.12
    return closes, caps


def used_again(closes: np.ndarray, caps: np.ndarray) -> World:
    closes[4, 70:] *= 1.34  # the ticker is another company's from here on
    return closes, caps


def spliced(closes: np.ndarray, caps: np.ndarray) -> World:
    """Adjusted closes from a day on: lower by the dividends that are still to come."""
    closes[:, 70:] *= 1 - np.linspace(0.006, 0.02, N)[:, None]
    return closes, caps


@pytest.mark.parametrize(
    ("fault", "days", "count"),
    [
        (scaled, [70, 71], 10),
        (typo_at_the_end, [T - 1], 1),
        (typo_in_the_middle, [70, 71], 2),
        (used_again, [70], 1),
        (spliced, [70], N),
    ],
)
def test_a_close_that_moves_without_its_cap(
    tmp_path: Path, fault: Callable[[np.ndarray, np.ndarray], World], days: list[int], count: int
) -> None:
    closes, caps = fault(*world())
    made = opened(tmp_path, DAYS, closes.round(2), caps)
    told = said(made)
    assert len(told) == 2, "both baskets rest on it"
    assert all(str(DAYS[t]) in c for c in told for t in days)
    found = [f for f in made.findings().to_dicts() if "otherwise" in f["check"]]
    assert [f["count"] for f in found] == [count]
    assert found[0]["days"] == [DAYS[t] for t in days]
    if days[-1] < T - 1:
        behind = said(made, DAYS[days[-1]])
        moved = "weights moved with returns in doubt: closes moved"
        assert behind and all(c.startswith(moved) for c in behind)


# ---- which cells are marked

QUIET = np.array([0.01, -0.01] * 20)


def cells(
    moves: np.ndarray, shares: np.ndarray | None = None, typo: dict[int, float] | None = None
) -> list[int]:
    """The sessions marked of one security; typos are in closes alone, shares in caps alone."""
    true = 50 * np.cumprod(1 + moves)
    close = true.copy()
    for t, factor in (typo or {}).items():
        close[t] *= factor
    cap = true * 1e8 * (1.0 if shares is None else shares)
    return [t for _, t in marked(close[None], cap[None])]


def marked(close: np.ndarray, cap: np.ndarray, first: int = 0) -> list[tuple[int, int]]:
    returns = np.full(close.shape, np.nan)
    returns[:, 1:] = close[:, 1:] / close[:, :-1] - 1
    fields = {"close": close, "market_cap": cap, "price_return": returns}
    marks = parted.parted(fields, first)["price_return"]
    assert (marks.kind == parted.PARTED).all() and (marks.known == marks.column).all()
    return sorted(zip(marks.row.tolist(), marks.column.tolist(), strict=True))


@pytest.mark.parametrize(
    ("typo", "expected"),
    [
        ({20: 1.05}, [20, 21]),
        ({20: 0.95}, [20, 21]),
        ({20: 1.03}, []),  # the daily sigma is 1.5%: a step of two
        ({3: 1.30}, []),  # two sessions before it with shares: too few
        ({39: 1.30}, [39]),
    ],
)
def test_a_step_of_two_and_a_half_sigmas(typo: dict[int, float], expected: list[int]) -> None:
    assert cells(QUIET, typo=typo) == expected


def test_new_shares_move_the_cap() -> None:
    assert cells(QUIET, shares=np.where(np.arange(40) < 20, 1.0, 1.2)) == []
    assert cells(QUIET, shares=np.where(np.arange(40) == 20, 1.2, 1.0)) == [], "or a cap mistyped"


def test_caps_that_do_not_follow_closes_tell_nothing() -> None:
    true = 50 * np.cumprod(1 + np.random.default_rng(1).normal(0, 0.01, (1, 200)), axis=1)
    close = true.copy()
    close[0, 150] *= 1.3
    assert marked(close, true * 1e8) == [(0, 150), (0, 151)]
    weekly = true[:, np.arange(200) // 5 * 5]  # caps of Mondays
    late = np.roll(true, 1, axis=1)
    for cap in (weekly, late, np.full_like(true, 50.0)):
        assert marked(close, cap * 1e8) == []


def test_small_steps_count_where_a_quarter_makes_them_together() -> None:
    true = 50 * np.cumprod(1 + np.random.default_rng(2).normal(0, 0.01, (16, 60)), axis=1)
    for many, expected in ((3, 0), (4, 4), (16, 16)):
        close = true.copy()
        close[:many, 40:] *= 0.99
        assert len(marked(close, true * 1e8)) == expected
    close = true.copy()
    close[:8, 40:] *= np.where(np.arange(8) % 2, 0.99, 1.01)[:, None]
    assert len(marked(close, true * 1e8)) == 8, "four up, four down"
    close = true.copy()
    close[:6, 40:] *= np.where(np.arange(6) % 2, 0.99, 1.01)[:, None]
    assert marked(close, true * 1e8) == [], "three either way"
    wide = np.tile(true, (2, 1))
    close = wide.copy()
    close[:7, 40:] *= 0.99
    assert marked(close, wide * 1e8) == [], "7 of 32"


def test_the_day_after_finds_what_all_of_history_finds() -> None:
    closes, caps = world()
    closes[3:8, 70] *= 0.92
    closes[:, 100:] *= 0.99
    every = marked(closes, caps)
    assert {t for _, t in every} == {70, 71, 100}
    for first in (70, 71, 72, 100, 101):
        assert marked(closes, caps, first) == [c for c in every if c[1] >= first]
    assert marked(closes[:, :71], caps[:, :71]) == [c for c in every if c[1] <= 70]


def test_a_missing_cap_tells_nothing() -> None:
    closes, caps = world()
    caps[4, 69] = np.nan
    closes[4, 70] *= 1.3
    assert marked(closes, caps) == [(4, 71)]
    assert marked(closes, np.full_like(caps, np.nan)) == []


def test_a_return_that_two_sources_saw_is_true() -> None:
    closes, caps = world()
    closes[4, 70] *= 1.12
    price = np.full(closes.shape, np.nan)
    price[:, 1:] = closes[:, 1:] / closes[:, :-1] - 1
    total = price.copy()
    total[4, 71] += 0.1  # no dividend: the two contradict one another
    fields = {"close": closes, "market_cap": caps, "price_return": price, "total_return": total}
    order = {"price_return": ["a", "b"], "total_return": ["b", "a"]}
    one, other = np.zeros(closes.shape, np.int8), np.ones(closes.shape, np.int8)

    def columns(total_of: np.ndarray, first: int = 0) -> list[int]:
        ranks = {"price_return": one[:, first:], "total_return": total_of[:, first:]}
        marks = parted.parted(fields, first, doubts.Sources(ranks, order))
        assert (marks["price_return"].column == marks["total_return"].column).all()
        return marks["price_return"].column.tolist()

    assert columns(other) == [70, 71], "both are of a"
    assert columns(one) == columns(one, 71) == [71]


def test_prices_that_fall_together_while_caps_and_total_returns_do_not() -> None:
    """Every close is an adjusted one from a day on: alone it would look like a day of dividends."""
    closes, caps = world()
    total = np.full(closes.shape, np.nan)
    total[:, 1:] = closes[:, 1:] / closes[:, :-1] - 1
    order = {"price_return": ["a", "b"], "total_return": ["b", "a"]}
    ranks = {name: np.zeros(closes.shape, np.int8) for name in order}

    def found(paying: int, cap: np.ndarray) -> dict[str, list[tuple[int, int]]]:
        made = closes.copy()
        made[:paying, 70:] *= 0.985
        price = np.full(closes.shape, np.nan)
        price[:, 1:] = made[:, 1:] / made[:, :-1] - 1
        fields = {"close": made, "market_cap": cap, "price_return": price, "total_return": total}
        marks = parted.parted(fields, 0, doubts.Sources(ranks, order))
        return {n: list(zip(m.row, m.column, strict=True)) for n, m in marks.items()}

    assert found(N, caps) == {"price_return": [(i, 70) for i in range(N)], "total_return": []}
    assert found(3, caps)["price_return"] == [], "three may pay on one day"
    paid = caps.copy()
    paid[:, 70:] *= 0.985  # they do pay: the caps fall as well
    assert found(N, paid)["price_return"] == []


@pytest.mark.parametrize("basis", ["price", "total"])
def test_a_small_weight_that_moved_by_a_close_in_doubt_is_said(tmp_path: Path, basis: str) -> None:
    """Weights move with price returns on either basis; A has 0.6% of them, B less than 0.1%."""
    closes, caps = world()
    caps *= (np.array([0.08, 0.005] + [1.0] * (N - 2)) * 1e9 / closes[:, 0])[:, None]
    total = "".join(
        f"{s},{day},{closes[i, t]:.6f}\n"
        for i, s in enumerate(names(N))
        for t, day in enumerate(DAYS)
    )
    told = {}
    for row in (0, 1):
        wrong = closes.copy()
        wrong[row, 70:] *= 1.3
        folder = tmp_path / str(row)
        opened(folder, DAYS, wrong, caps)
        (folder / "total.csv").write_text("ticker,date,adjusted\n" + total)
        text = MARKET.replace('name = "m"', f'name = "m"\nbasis = "{basis}"') + ADJUSTED
        (folder / "market.toml").write_text(text)
        made = Market.open(folder / "market.toml")
        made.import_()
        figures = made.show("performance", subjects=["cap"], since=str(DAYS[100]))
        told[row] = [c for f in figures for c in f.caveats if "weights moved" in c]
        assert all(f.basis == basis for f in figures)
    assert any("market caps" in c for c in told[0]) and all(str(DAYS[70]) in c for c in told[0])
    assert told[1] == []


def test_weights_that_drifted_by_closes_in_doubt_say_so(tmp_path: Path) -> None:
    """Equal weights are fixed on the 14th of March and set on the 21st."""
    closes, caps = world()
    at = DAYS.index(dt.date(2025, 3, 14))

    def told(made: Market) -> list[str]:
        figure = made.show("performance", subjects=["equal"], since=str(DAYS[at + 10]))[0]
        return [c for c in figure.caveats if "in doubt" in c]

    text = MARKET.replace(
        '[baskets.equal]\nuniverse = "all"\nweight = "equal"\nrebalance = "none"',
        '[baskets.equal]\nuniverse = "all"\nweight = "equal"\nrebalance = "quarterly"',
    )
    assert text != MARKET
    for number, (days, expected) in enumerate(
        [(slice(0, 0), 0), (slice(at, at + 1), 1), (slice(at - 3, at - 2), 0)]
    ):
        wrong = closes.copy()
        wrong[3:5, days] *= 0.85
        opened(tmp_path / str(number), DAYS, wrong, caps)
        (tmp_path / str(number) / "market.toml").write_text(text)
        said = told(Market.open(tmp_path / str(number) / "market.toml"))
        grown = closes[:, DAYS.index(dt.date(2025, 3, 21))] / wrong[:, at]
        share = f"{grown[3:5].sum() / grown.sum():.1%}"
        why = f"closes in doubt from 2025-03-14 to 2025-03-21 moved {share} of the weights"
        assert said == [why] * expected
