"""Market caps that leap without their price, never move, or are out by a factor."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fakes import FakePanel
from paceline.baskets.caps import largest
from paceline.market import Market

DAYS = [d for i in range(45) if (d := dt.date(2025, 3, 3) + dt.timedelta(i)).weekday() < 5][:30]
NAMES = [f"A{chr(65 + i)}{chr(75 + i)}" for i in range(12)]
MARKET = """
[market]
name = "m"
benchmark = "cap"
universe = "all"
[sources.closes]
table = "prices"
path = "closes.csv"
columns = { security = "ticker", date = "date", close = "close", market_cap = "cap" }
[universes.all]
eligible = { kinds = [] }
[baskets.cap]
universe = "all"
weight = "cap"
rebalance = "none"
[baskets.equal]
universe = "all"
weight = "equal"
rebalance = "none"
"""


def world() -> tuple[np.ndarray, np.ndarray]:
    """Closes (12, 30) and caps: a hundred million shares of each."""
    moves = np.random.default_rng(2).normal(0, 0.01, (12, 30))
    closes = 50 * np.cumprod(1 + moves, axis=1)
    return closes, closes * 1e8


def said(folder: Path, closes: np.ndarray, caps: np.ndarray, name: str = "cap") -> list[str]:
    lines = [
        f"{s},{day},{closes[i, t]:.6f},{caps[i, t]:.4f}"
        for i, s in enumerate(NAMES)
        for t, day in enumerate(DAYS)
    ]
    (folder / "closes.csv").write_text("\n".join(["ticker,date,close,cap", *lines]))
    (folder / "market.toml").write_text(MARKET)
    market = Market.open(folder / "market.toml")
    market.import_()
    figure = market.show("performance", subjects=[name], since=str(DAYS[0]))[0]
    return [c for c in figure.caveats if "cap" in c or "weight" in c]


LEAP = f"market caps leap without the price: {NAMES[3]} times"


@pytest.mark.parametrize("factor", [1000.0, 0.001, 2.0, 0.25, 7.0])
def test_a_cap_that_leaps_without_its_price(tmp_path: Path, factor: float) -> None:
    closes, caps = world()
    assert said(tmp_path, closes, caps) == []
    caps[3, 12:] *= factor  # a unit, a double count, shares from before a split
    assert f"{LEAP} {factor:.4g} on {DAYS[12]}" in said(tmp_path, closes, caps)
    assert said(tmp_path, closes, caps, "equal") == [], "it weighs nobody by cap"


def test_a_cap_out_for_one_day(tmp_path: Path) -> None:
    closes, caps = world()
    caps[3, 12] *= 1000
    assert f"{LEAP} 0.001 on {DAYS[13]}, and 1 other leap" in said(tmp_path, closes, caps)


def test_what_moves_a_cap_truly_is_no_leap(tmp_path: Path) -> None:
    closes, caps = world()
    caps[3, 12:] *= 1.6  # a merger paid in shares
    closes[4, 12:] /= 2  # a split of 2:1, set aside: close and count move, the cap does not
    caps[5, 12:] *= 1.45
    closes[5, 12:] *= 1.45  # a rise
    assert not any("leap" in c for c in said(tmp_path, closes, caps))


def test_caps_of_one_day_on_all_days(tmp_path: Path) -> None:
    closes, caps = world()
    caps[:5] = caps[:5, -1:]
    rest = "one number on all days, though prices move"
    assert said(tmp_path, closes, caps) == [
        f"look-ahead: market caps of 5 of 12 members are {rest}"
    ]
    closes[:5] = closes[:5, -1:]
    assert not any(rest in c for c in said(tmp_path, closes, caps)), "nor do their prices"


def test_one_member_that_is_most_of_the_weight(tmp_path: Path) -> None:
    closes, caps = world()
    caps[7] *= 1000  # thousands in one row, from the first day on
    assert said(tmp_path, closes, caps) == [f"{NAMES[7]} is more than nine tenths of the weight"]


@pytest.mark.parametrize(
    ("members", "first", "said"),
    [(9, 0.99, ""), (10, 0.89, ""), (10, 0.91, "nine tenths"), (49, 0.6, ""), (50, 0.51, "half")],
)
def test_how_much_of_the_weight_is_too_much(members: int, first: float, said: str) -> None:
    held = np.array([first, *[(1 - first) / (members - 1)] * (members - 1), 0.0])
    panel: Any = FakePanel(["2025-01-02"], {"close": np.ones((members + 1, 1))})
    assert largest(3 * held, panel) == (f"S000 is more than {said} of the weight" if said else "")
