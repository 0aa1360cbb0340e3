"""A market of three indices and some series whose sensitivities are planted, as files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from paceline import calendars
from paceline.api import OpenMarket

END = dt.date(2023, 12, 29)
DAYS = tuple(d for d in calendars.sessions("XNYS", END) if d >= dt.date(2014, 1, 2))
#: Log return of A over B for a point of the rate, and for the log return of the index.
RATE, INDEX = -0.04, 0.5
#: Days from the first of a month to the release of its rate of unemployment.
LAG = 36
MARKET = """
[market]
name = "planted"
benchmark = "index"
[sources.prices]
path = "prices.csv"
options = { also_securities = { kind = "index" } }
columns = { security = "security", date = "date", close = "close" }
[sources.macro]
table = "series"
path = "macro.csv"
columns = { series = "series", date = "date", value = "value" }
[baskets.index]
instrument = "IX"
[baskets.a]
instrument = "AA"
label = "Index A"
[baskets.b]
instrument = "BB"
[baskets.late]
instrument = "LL"
[rotations.a_vs_b]
lead = "a"
against = "b"
label = "A against B"
[rotations.late_vs_b]
lead = "late"
against = "b"
label = "Latecomer against B"
[drivers.rate]
series = "RATE"
label = "The rate"
[drivers.market]
basket = "index"
label = "The market"
[drivers.jobs]
series = "JOBS"
surprise = true
lag = 36
label = "Unemployment, surprise"
[scenarios.rate_up]
label = "Half a point more"
months = 2
shocks = { rate = 0.5 }
source = "By hand."
[scenarios.market_falls]
months = 1
shocks = { market = -0.1, jobs = 0.3 }
source = "By hand."
untested = ["cup", "what nobody counts"]
[[events]]
name = "expiry"
label = "Quarterly expiry"
rule = "third friday"
months = [3, 6, 9, 12]
closed = "previous"
[[events]]
name = "cup"
dates = [2014-06-12, 2018-06-14, 2022-11-20, 2026-06-11]
window = [0, 21]
"""
Frames = dict[str, pl.DataFrame]


@cache
def sound() -> Frames:
    """Prices and series: A over B falls with the rate and rises with the index, and is noise."""
    rng = np.random.default_rng(8)
    n = len(DAYS)
    rate = 10 + np.cumsum(rng.normal(0, 0.05, n))
    index = np.cumsum(rng.normal(0.0003, 0.01, n))
    b = np.cumsum(rng.normal(0.0002, 0.008, n))
    step = RATE * np.diff(rate, prepend=rate[0]) + INDEX * np.diff(index, prepend=index[0])
    a = b + np.cumsum(step + rng.normal(0, 0.004, n))
    late = b + np.cumsum(rng.normal(0, 0.006, n))
    lines = {"IX": index, "AA": a, "BB": b, "LL": late}
    closes = [
        pl.DataFrame({"security": name, "date": DAYS, "close": 100 * np.exp(line)})
        for name, line in lines.items()
    ]
    closes[3] = closes[3][-300:]
    months = pl.date_range(dt.date(2003, 1, 1), dt.date(2023, 12, 1), "1mo", eager=True)
    jobs = 5 + np.cumsum(rng.normal(0, 0.15, len(months)))
    series = {"RATE": (DAYS, rate), "JOBS": (months, jobs)}
    macro = [
        pl.DataFrame({"series": name, "date": days, "value": values})
        for name, (days, values) in series.items()
    ]
    return {"prices": pl.concat(closes), "macro": pl.concat(macro)}


def market(
    folder: Path,
    *,
    text: Callable[[str], str] = str,
    edit: Callable[[Frames], Frames] = dict,
    as_of: str | None = None,
) -> OpenMarket:
    """The market of these files, its text and its frames edited, imported."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in edit(dict(sound())).items():
        frame.write_csv(folder / f"{name}.csv")
    (folder / "market.toml").write_text(text(MARKET), encoding="utf-8")
    OpenMarket.open(folder / "market.toml").import_()
    return OpenMarket.open(folder / "market.toml", as_of=as_of)
