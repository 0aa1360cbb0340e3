"""A small market of thirty stocks, an index and three funds, whose truth is known, as files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from paceline import calendars
from paceline.figures import Figure
from paceline.market import Market

STOCKS = tuple(f"S{k:02d}" for k in range(30))
FUNDS = ("FA", "FB", "FC")
SESSIONS = 400
DAYS = tuple(calendars.sessions("XNYS", dt.date(2025, 6, 30))[-SESSIONS:])
MARKET = """
[market]
name = "m"
benchmark = "index"
universe = "all"
basis = "{basis}"
[sources.stocks]
path = "stocks.parquet"
dialect = "split_adjusted"
[sources.stocks.columns]
security = "security"
date = "date"
split_adjusted_close = "close"
dividend = "dividend"
[sources.index]
path = "index.parquet"
columns = {{ security = "security", date = "date", close = "close" }}
options = {{ also_securities = {{ kind = "index" }} }}
[sources.funds]
path = "funds.parquet"
options = {{ also_securities = {{ kind = "etf" }} }}
columns = {funds}
[universes.all]
eligible = {{ kinds = [] }}
[baskets.index]
instrument = "IX"
[baskets.fa]
instrument = "FA"
[baskets.fb]
instrument = "FB"
[baskets.fc]
instrument = "FC"
[baskets.all]
universe = "all"
weight = "equal"
rebalance = "quarterly"
[baskets.ten]
securities = {ten}
weight = "equal"
rebalance = "quarterly"
"""
CLOSES = '{ security = "security", date = "date", close = "close" }'
FUND = CLOSES.replace("close =", "dividend = 'dividend', split_adjusted_close =")
Frames = dict[str, pl.DataFrame]


@cache
def sound() -> Frames:
    """The files before anything was done to them: closes, and half a percent paid each quarter."""
    rng = np.random.default_rng(20)
    common = 0.008 * rng.standard_normal(SESSIONS)
    own = common + 0.010 * rng.standard_normal((len(STOCKS), SESSIONS))
    own[:, 0] = common[0] = 0.0
    growth = np.cumprod(1 + own, axis=1)
    funds = np.stack([common + s * rng.standard_normal(SESSIONS) for s in (0.002, 0.004, 0.006)])
    funds[:, 0] = 0.0
    lines = {
        "stocks": (STOCKS, 50 * growth),
        "index": (("IX",), 1000 * growth.mean(axis=0)[None]),
        "funds": (FUNDS, 40 * np.cumprod(1 + funds, axis=1)),
    }
    return {name: _long(*of, paid=name != "index") for name, of in lines.items()}


def _long(names: tuple[str, ...], closes: np.ndarray, paid: bool) -> pl.DataFrame:
    frame = pl.DataFrame(
        {
            "security": np.repeat(names, SESSIONS),
            "date": pl.Series(list(DAYS) * len(names), dtype=pl.Date),
            "close": closes.ravel(),
        }
    )
    if not paid:
        return frame
    # each on a day of its own, every 63 sessions
    session = np.tile(np.arange(SESSIONS), len(names))
    turn = np.repeat(np.arange(len(names)), SESSIONS)
    due = pl.Series((session % 63 == turn) & (session > 0))
    return frame.with_columns(dividend=pl.when(due).then(0.005 * pl.col("close")).otherwise(0.0))


def market(
    folder: Path,
    *,
    basis: str = "price",
    more: str = "",
    funds: str = FUND,
    edit: Callable[[Frames], Frames] = dict,
) -> Market:
    """The market of these files after ``edit``, imported; its file ends with ``more``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in edit(dict(sound())).items():
        frame.write_parquet(folder / f"{name}.parquet")
    text = MARKET.format(basis=basis, ten=list(STOCKS[:10]), funds=funds)
    (folder / "market.toml").write_text(text + more)
    made = Market.open(folder / "market.toml")
    made.import_()
    return made


def change(frame: pl.DataFrame, security: str, days: slice, **columns: pl.Expr) -> pl.DataFrame:
    """The frame with those columns of one security on some of the sessions."""
    at = (pl.col("security") == security) & pl.col("date").is_in(list(DAYS[days]))
    return frame.with_columns(
        pl.when(at).then(new).otherwise(pl.col(c)).alias(c) for c, new in columns.items()
    )


def said(of: Market, subject: str, word: str, since: int = -60, **asked: object) -> list[str]:
    """Caveats with a word on what a subject did since a session, counted from the last one."""
    figure = figures(of, subject, since, **asked)[0]
    return [c for c in figure.caveats if word in c]


def figures(of: Market, subject: str, since: int = -60, **asked: object) -> list[Figure]:
    """Its performance since a session."""
    day = str(DAYS[since])
    return of.show("performance", subjects=[subject], horizons=["since"], since=day, **asked)
