"""A small market for the claims: three indices and two funds on straight lines between closes set by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

MARKET = """
[market]
name = "hand"
title = "Set by hand"
benchmark = "big"
store = "store"
basis = "price"
[sources.levels]
table = "prices"
path = "levels.csv"
columns = { security = "security", date = "date", close = "close" }
options = { also_securities = { kind = "index" } }
[sources.funds]
table = "prices"
path = "funds.csv"
dialect = "adjusted"
columns = { security = "security", date = "date", adjusted_close = "close" }
options = { also_securities = { kind = "etf" } }
[baskets.big]
instrument = "SPX"
label = "S&P 500"
aliases = ["the benchmark"]
[baskets.small]
instrument = "RUT"
label = "Russell 2000"
aliases = ["small caps"]
[baskets.tech100]
instrument = "NDX"
label = "Nasdaq 100"
"""
#: Closes on days; on the sessions between them the level runs on a straight line.
ANCHORS = {
    "SPX": {
        "2024-12-31": 1000,
        "2025-09-30": 1200,
        "2025-10-31": 1250,
        "2025-11-20": 1180,
        "2025-11-28": 1240,
        "2025-12-03": 1245,
        "2025-12-04": 1250.5,
        "2025-12-05": 1255.25,
    },
    "RUT": {
        "2024-12-31": 500,
        "2025-09-30": 520,
        "2025-10-31": 530,
        "2025-11-20": 500,
        "2025-11-28": 540,
        "2025-12-03": 545,
        "2025-12-04": 550,
        "2025-12-05": 547,
    },
    "NDX": {
        "2024-12-31": 2000,
        "2025-09-30": 2500,
        "2025-10-31": 2600,
        "2025-11-20": 2400,
        "2025-11-28": 2500,
        "2025-12-03": 2520,
        "2025-12-04": 2510,
        "2025-12-05": 2530,
    },
}
FUNDS = {
    "XLK": {"2024-12-31": 100, "2025-10-31": 150, "2025-11-28": 143.4, "2025-12-05": 145},
    "XLU": {"2024-12-31": 100, "2025-10-31": 110, "2025-11-28": 111.1, "2025-12-05": 112},
    "XLE": {"2024-12-31": 100, "2025-10-31": 120, "2025-11-28": 126, "2025-12-05": 125},
    "DIA": {"2024-12-31": 100, "2025-10-31": 110, "2025-11-28": 111, "2025-12-05": 112.2},
}


def write(folder: Path) -> Path:
    """The files of the market; returns its market file."""
    import exchange_calendars

    days = exchange_calendars.get_calendar("XNYS", start="2024-12-31", end="2025-12-05").sessions
    stamps = [str(d.date()) for d in days]
    for name, lines in (("levels.csv", ANCHORS), ("funds.csv", FUNDS)):
        rows = ["security,date,close"]
        for security, anchors in lines.items():
            at = [stamps.index(d) for d in anchors]
            closes = np.interp(np.arange(len(stamps)), at, [float(v) for v in anchors.values()])
            rows += [f"{security},{d},{c:.10g}" for d, c in zip(stamps, closes, strict=True)]
        (folder / name).write_text("\n".join(rows) + "\n")
    path = folder / "market.toml"
    path.write_text(MARKET)
    return path
