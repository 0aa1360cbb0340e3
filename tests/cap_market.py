"""A market of closes and market caps, in one file: a basket by cap and one of equal weights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from paceline.market import Market

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


def weekdays(first: dt.date, count: int) -> list[dt.date]:
    """So many Mondays to Fridays from a day on."""
    every = (first + dt.timedelta(i) for i in range(2 * count + 7))
    return [day for day in every if day.weekday() < 5][:count]


def names(count: int) -> list[str]:
    """So many securities."""
    return [f"A{chr(65 + i)}{chr(75 + i)}" for i in range(count)]


def opened(folder: Path, days: Sequence[dt.date], closes: np.ndarray, caps: np.ndarray) -> Market:
    """The market of closes and caps (N, T), imported."""
    folder.mkdir(exist_ok=True)
    lines = [
        f"{s},{day},{closes[i, t]:.6f},{caps[i, t]:.4f}"
        for i, s in enumerate(names(len(closes)))
        for t, day in enumerate(days)
    ]
    (folder / "closes.csv").write_text("\n".join(["ticker,date,close,cap", *lines]))
    (folder / "market.toml").write_text(MARKET)
    market = Market.open(folder / "market.toml")
    market.import_()
    return market
