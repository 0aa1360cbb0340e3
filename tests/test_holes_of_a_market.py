"""Random holes in the simulated market, whose truth is known: right, said, or without a value."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from paceline.figures import Figure
from paceline.market import Market
from test_simulated import tables

#: More of them with PACELINE_TRIALS=500.
TRIALS = int(os.environ.get("PACELINE_TRIALS", "8"))
#: A tenth of a point.
NEAR = 1e-3
SINCE = "2025-03-31"
MARKET = """
[market]
name = "holes"
calendar = "XNYS"
benchmark = "index"
start = 2024-12-02
store = "store"
basis = "{basis}"
[sources.index]
path = "index.csv"
columns = {{ security = "security", date = "date", close = "close" }}
options = {{ also_securities = {{ kind = "index" }} }}
[sources.members]
table = "members"
path = "members.csv"
columns = {{ universe = "universe", security = "security", start = "start", end = "end" }}
[sources.securities]
table = "securities"
path = "securities.csv"
columns = {{ security = "security", ticker = "ticker", kind = "kind", delisted = "delisted" }}
[sources.classes]
table = "classes"
path = "classes.csv"
columns = {{ scheme = "scheme", security = "security", sector = "sector" }}
{feeds}
[universes.large]
members = "large"
[baskets.index]
instrument = "SIM500"
[baskets.cap]
universe = "large"
weight = "cap"
[baskets.equal]
universe = "large"
weight = "equal"
rebalance = "quarterly"
[groups.sectors]
universe = "large"
by = "sector"
"""
CHANGES = """
[sources.changes]
path = "changes.csv"
dialect = "changes"
[sources.changes.columns]
security = "security"
date = "date"
close = "close"
price_return = "price_return"
market_cap = "market_cap"
"""
ADJUSTED = """
[sources.adjusted]
path = "adjusted.csv"
dialect = "adjusted"
columns = { security = "security", date = "date", adjusted_close = "adjusted" }
"""
RETURNS = """
[sources.returns]
path = "returns.csv"
dialect = "returns"
[sources.returns.columns]
security = "security"
date = "date"
price_return = "price_return"
total_return = "total_return"
market_cap = "market_cap"
"""
FEEDS = {
    "changes": (CHANGES, "price"),
    "changes and adjusted": (CHANGES + ADJUSTED, "price"),
    "returns": (RETURNS, "total"),
}


@cache
def truth() -> dict[str, pl.DataFrame]:
    """A year of invented prices: every file before anything was taken out of it."""
    made = tables(companies=60, years=2, seed=3)
    year = made["prices"].filter(pl.col("date") >= pl.date(2024, 12, 2)).sort("security", "date")
    stock = year.filter(~pl.col("security").str.starts_with("SIM"))
    grown = (1 + pl.col("total_return").fill_null(0.0)).cum_prod().over("security")
    return {
        "index": year.filter(pl.col("security") == "SIM500").select("security", "date", "close"),
        "changes": stock.select("security", "date", "close", "price_return", "market_cap"),
        "adjusted": stock.select("security", "date", adjusted=100 * grown),
        "returns": stock.select("security", "date", "price_return", "total_return", "market_cap"),
        "members": made["members"],
        "securities": made["securities"],
        "classes": made["classes"],
    }


def written(folder: Path, feed: str, files: dict[str, pl.DataFrame]) -> list[Figure]:
    """All figures that rest on members and levels, of a market made of these files."""
    folder.mkdir()
    for name, frame in files.items():
        frame.write_csv(folder / f"{name}.csv")
    feeds, basis = FEEDS[feed]
    (folder / "market.toml").write_text(MARKET.format(feeds=feeds, basis=basis))
    market = Market.open(folder / "market.toml")
    market.import_()
    asked: list[tuple[str, dict[str, Any]]] = [
        ("performance", {"horizons": ("1d", "1w", "1m", "ytd", "last_month", "volatility")}),
        ("performance", {"since": SINCE}),
        ("percent_above_average", {"window": 50}),
        ("advance_decline", {}),
        ("new_highs_lows", {"window": 60}),
        ("contributions", {"since": SINCE}),
        ("league", {}),
    ]
    return [f for name, how in asked for f in market.show(name, **how)]


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[Any, Figure]]:
    made = {}
    for feed in FEEDS:
        folder = tmp_path_factory.mktemp("right") / "whole"
        made[feed] = {key(f): f for f in written(folder, feed, truth())}
    return made


def key(f: Figure) -> tuple[Any, ...]:
    names = (f.extra.get(k) for k in ("security", "part", "group"))
    return (f.measure, f.subject, f.against, f.statistic, f.start, f.end, f.basis, *names)


def damaged(frame: pl.DataFrame, rng: np.random.Generator, cells: bool) -> pl.DataFrame:
    """Up to three holes of up to 30 sessions for one, some, half or all securities."""
    days, names = (frame[c].unique().sort() for c in ("date", "security"))
    values = [c for c in frame.columns if c not in ("security", "date")]
    for _ in range(int(rng.integers(1, 4))):
        length = int(rng.choice([1, 2, 3, 5, 12, 30]))
        at = int(rng.integers(1, len(days)))
        share = rng.choice([0.02, 0.1, 0.5, 1.0])
        some = names.sample(max(1, int(share * len(names))), seed=int(rng.integers(1 << 30)))
        lost = pl.col("date").is_in(days[at : at + length].implode())
        lost &= pl.col("security").is_in(some.implode())
        if cells:
            gone = values if rng.random() < 0.5 else [str(rng.choice(values))]
            frame = frame.with_columns(pl.when(~lost).then(c).alias(c) for c in gone)
        else:
            frame = frame.filter(~lost)
    return frame


@pytest.mark.parametrize("seed", range(TRIALS))
@pytest.mark.parametrize("feed", list(FEEDS))
def test_every_figure_is_right_or_says_why_not(
    tmp_path: Path, right: dict[str, dict[Any, Figure]], feed: str, seed: int
) -> None:
    rng = np.random.default_rng([seed, *feed.encode()])
    files = dict(truth())
    sources = [n for n in ("changes", "adjusted", "returns") if f"sources.{n}" in FEEDS[feed][0]]
    for name in [n for n in sources if rng.random() < 0.7] or sources[:1]:
        files[name] = damaged(files[name], rng, cells=bool(rng.random() < 0.4))
    silent = []
    compared = 0
    for f in written(tmp_path / "holed", feed, files):
        was = right[feed].get(key(f))
        if was is None or f.value is None or was.value is None:
            continue
        compared += 1
        scale = max(1.0, abs(float(was.value))) if f.unit not in ("return", "fraction") else 1.0
        if abs(float(f.value) - float(was.value)) <= NEAR * scale:
            continue
        if set(f.caveats) <= set(was.caveats):
            silent.append((key(f), was.value, f.value))
    assert not silent, silent[:6]
    assert compared or feed == "returns"
