"""A market of eight funds, a benchmark and six stocks over four years, as files."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from paceline import calendars

FUNDS = tuple(f"F{k}" for k in range(8))
STOCKS = tuple(f"S{k}" for k in range(6))
SESSIONS = 1000
DAYS = tuple(calendars.sessions("XNYS", dt.date(2025, 12, 5))[-SESSIONS:])
MARKET = """
plugins = ["my_rules.py"]
[market]
name = "m"
benchmark = "bench"
[sources.prices]
path = "prices.parquet"
dialect = "split_adjusted"
[sources.prices.columns]
security = "security"
date = "date"
split_adjusted_close = "close"
dividend = "dividend"
[sources.rates]
table = "series"
path = "rates.csv"
columns = { series = "series", date = "date", value = "value" }
[baskets.bench]
instrument = "F0"
label = "The bench"
[baskets.small]
instrument = "F1"
label = "Small ones"
[baskets.stocks]
securities = ["S0", "S1", "S2", "S3", "S4", "S5"]
weight = "equal"
rebalance = "monthly"
[groups.funds]
baskets = ["bench", "small", "f2", "f3", "f4", "f5", "f6", "f7"]
[rotations.size]
lead = "small"
against = "bench"
label = "Small against the bench"
[rules.half]
kind = "tilt"
over = "small"
against = "bench"
size = 0.5
label = "Half in small ones"
[costs]
cash = "mine/daily/RF"
buckets = { small = "small" }
""" + "".join(f'[baskets.f{k}]\ninstrument = "F{k}"\n' for k in range(2, 8))
CALLS = """
[[call]]
id = "over"
who = "A"
date = {said}
words = "small ones will lead"
stance = "over"
baskets = ["small"]
against = ["bench"]
horizon = {due}
[[call]]
id = "under"
who = "B"
date = {said}
words = "small ones will fall behind"
stance = "under"
baskets = ["small"]
against = ["bench"]
horizon = 2026-12-31
[[call]]
id = "level"
who = "C"
date = {said}
words = "the bench at 900"
stance = "level_target"
baskets = ["bench"]
level = 900
horizon = 2026-12-31
"""
RULES = '''
"""A rule of a stranger."""

from paceline.studies.tilts import rule


@rule
def above_mean(state):
    """Small ones above their mean, else cash."""
    level = state.level("small")
    share = state.measure("percent_above_average", "stocks")[-1]
    calm = len(level) > 50 and level[-1] > level[-50:].mean() and share == share
    return {"small": 1.0} if calm else {"cash": 1.0}
'''


@cache
def prices() -> pl.DataFrame:
    """Closes and dividends; fund F7 begins in the second year and F6 ends in the third."""
    rng = np.random.default_rng(33)
    common = rng.normal(0.0003, 0.008, SESSIONS)
    swing = 0.002 * np.sign(np.sin(np.arange(SESSIONS) / 60))
    rows = []
    for k, name in enumerate((*FUNDS, *STOCKS)):
        own = common + rng.normal(0, 0.006, SESSIONS) + (swing if k % 2 else 0)
        close = 50 * np.cumprod(1 + own)
        first, last = {"F7": (300, SESSIONS), "F6": (0, 700)}.get(name, (0, SESSIONS))
        for t in range(first, last):
            pays = 0.25 if t % 63 == 62 and k % 3 == 0 else 0.0
            rows.append((name, DAYS[t], float(close[t]), pays))
    return pl.DataFrame(rows, schema=["security", "date", "close", "dividend"], orient="row")


def write(folder: Path) -> Path:
    """The files of the market; its market file."""
    prices().write_parquet(folder / "prices.parquet")
    named = {"mine/daily/RF": 0.0001, "mine/daily/Mkt-RF": 0.0005, "mine/daily/SMB": -0.0002}
    rates = [
        pl.DataFrame({"series": [n] * SESSIONS, "date": DAYS, "value": [v] * SESSIONS})
        for n, v in named.items()
    ]
    pl.concat(rates).write_csv(folder / "rates.csv")
    (folder / "calls.toml").write_text(CALLS.format(said=DAYS[-101], due=DAYS[-51]))
    (folder / "my_rules.py").write_text(RULES, encoding="utf-8")
    path = folder / "market.toml"
    path.write_text(MARKET, encoding="utf-8")
    return path
