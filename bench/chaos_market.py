"""The market of the chaos test: a simulated one written as the files of several feeds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from paceline import calendars, config
from paceline.errors import NotEnoughData, PacelineError
from paceline.figures import Figure
from paceline.market import Market
from paceline.sources import Context, simulated

#: Feeds of prices that faults may be put into, and lists.
FEEDS = ("changes", "adjusted", "index", "fund")
LISTS = ("members", "classes", "shares")
#: What identifies a row of a feed.
KEY = ("security", "date")
SINCE = "2025-03-31"
OPTIONS = {"companies": 180, "years": 2, "seed": 3}
MARKET = """
[market]
name = "chaos"
calendar = "XNYS"
benchmark = "index"
universe = "large"
start = 2023-12-05
store = "store"
basis = "price"
follows = 0.0005
[published]
cap = "index"
total = "fund"
[sources.changes]
path = "changes.parquet"
dialect = "changes"
[sources.changes.columns]
security = "security"
date = "date"
close = "close"
price_return = { column = "change", unit = "percent" }
volume = "volume"
market_cap = "cap"
[sources.adjusted]
path = "adjusted.parquet"
dialect = "adjusted"
columns = { security = "security", date = "date", adjusted_close = "adjusted" }
[sources.index]
path = "index.parquet"
columns = { security = "security", date = "date", close = "close" }
options = { also_securities = { kind = "index" } }
[sources.fund]
path = "fund.parquet"
dialect = "adjusted"
columns = { security = "security", date = "date", adjusted_close = "adjusted" }
options = { also_securities = { kind = "etf" } }
[sources.members]
table = "members"
path = "members.parquet"
columns = { universe = "universe", security = "security", start = "start", end = "end" }
[sources.securities]
table = "securities"
path = "securities.parquet"
columns = { security = "security", ticker = "ticker", kind = "kind", delisted = "delisted" }
[sources.classes]
table = "classes"
path = "classes.parquet"
columns = { scheme = "scheme", security = "security", sector = "sector", start = "start" }
[sources.shares]
table = "shares"
path = "shares.parquet"
[sources.shares.columns]
security = "security"
date = "date"
shares = "shares"
float_factor = "float_factor"
[sources.actions]
table = "actions"
path = "actions.parquet"
[sources.actions.columns]
security = "security"
date = "date"
kind = "kind"
ratio = "ratio"
amount = "amount"
other = "other"
[universes.large]
members = "large"
[baskets.index]
instrument = "SIM500"
[baskets.second]
instrument = "SIM2000"
[baskets.fund]
instrument = "SIMLRG"
basis = "total"
[baskets.cap]
universe = "large"
weight = "cap"
[baskets.equal]
universe = "large"
weight = "equal"
rebalance = "quarterly"
[baskets.top]
universe = "large"
rank = [1, 10]
weight = "cap"
[baskets.rest]
universe = "large"
minus = ["top"]
weight = "cap"
[baskets.total]
universe = "large"
weight = "cap"
basis = "total"
[groups.sectors]
universe = "large"
by = "sector"
[groups.sizes]
baskets = ["top", "rest", "equal"]
[rotations.equal_cap]
lead = "equal"
against = "cap"
[rotations.second_index]
lead = "second"
against = "index"
"""
#: What is asked of every market: measure and parameters; and what the truth is asked as well, so
#: that whoever comes into a list of the ten largest is in it.
ASKED: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("performance", {"horizons": ("1d", "1w", "1m", "3m", "ytd", "1y", "volatility")}, {}),
    ("performance", {"since": SINCE}, {}),
    ("percent_above_average", {"window": 50}, {}),
    ("percent_above_average", {"window": 200}, {}),
    ("advance_decline", {}, {}),
    ("new_highs_lows", {"window": 120}, {}),
    ("leadership", {"since": SINCE}, {}),
    ("contributions", {"since": SINCE}, {"k": 60}),
    ("concentration", {"months": 3}, {}),
    ("beating_index", {"window": 63}, {}),
    ("dispersion", {"window": 21}, {}),
    ("record_highs", {}, {}),
    ("streaks", {}, {}),
    ("swing_lows", {"fall": 0.05, "rise": 0.03}, {}),
    ("league", {}, {}),
)


@cache
def truth() -> dict[str, pl.DataFrame]:
    """Every file before anything was done to it: those who were ever large, over two years."""
    spec = config.Source(kind="simulated", options=dict(OPTIONS))
    days = calendars.sessions("XNYS", dt.date(2026, 12, 31))
    made = simulated.parse(
        "sim", spec, simulated.fetch("sim", spec, Path()), Context("XNYS", tuple(days))
    ).tables
    members = made["members"].filter(pl.col("universe") == "large")
    ever = pl.col("security").is_in(members["security"].unique().implode())
    prices = made["prices"].sort(KEY)
    stock = prices.filter(ever)
    grown = (1 + pl.col("total_return").fill_null(0.0)).cum_prod().over("security")
    adjusted = prices.select(*KEY, adjusted=100 * grown)
    return {
        "changes": stock.select(
            *KEY, "close", "volume", change=100 * pl.col("price_return"), cap="market_cap"
        ),
        "adjusted": adjusted.filter(ever),
        "index": prices.filter(pl.col("security").is_in(["SIM500", "SIM2000"])).select(
            *KEY, "close"
        ),
        "fund": adjusted.filter(pl.col("security") == "SIMLRG"),
        "members": members.select("universe", "security", "start", "end"),
        "securities": made["securities"]
        .filter(ever)
        .unique("security", keep="last", maintain_order=True)
        .select("security", "ticker", "kind", "delisted"),
        "classes": made["classes"].filter(ever).select("scheme", "security", "sector", "start"),
        "shares": made["shares"].filter(ever).select("security", "date", "shares", "float_factor"),
        "actions": made["actions"]
        .filter(ever & (pl.col("kind") != "dividend"))
        .select("security", "date", "kind", "ratio", "amount", "other"),
    }


def write(folder: Path, files: Mapping[str, pl.DataFrame]) -> Path:
    """The market file of a folder, with its feeds beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in files.items():
        frame.write_parquet(folder / f"{name}.parquet", compression="uncompressed")
    path = folder / "market.toml"
    path.write_text(MARKET)
    return path


def figures(market: Market, *, true: bool = False) -> list[Figure]:
    """All figures that are asked for; of the truth also those that a list leaves out.

    A measure that says why it cannot be worked out gives none.
    """
    out: list[Figure] = []
    for name, asked, also in ASKED:
        with suppress(NotEnoughData):
            out += market.show(name, **asked)
            if true:  # also on the basis that stands in where the other is lacking
                out += [f for b in ("price", "total") for f in market.show(name, basis=b, **asked)]
            if true and also:
                out += market.show(name, **{**asked, **also})
    return out


def answered(folder: Path, files: Mapping[str, pl.DataFrame]) -> tuple[list[Figure], str, str]:
    """Figures and as-of day of a market made of these files; or why it was refused."""
    market = Market.open(write(folder, files))
    try:
        market.import_()
        return figures(market), market.as_of, ""
    except PacelineError as error:
        return [], "", f"{type(error).__name__}: {error.message}"
