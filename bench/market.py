"""A random market of any size in a store, and one more session for it.

Weekdays; nobody is delisted; 1% missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import indices as baskets_of
import numpy as np
import polars as pl

from paceline.config import MarketFile
from paceline.market import Market
from paceline.store import Store


def days(sessions: int) -> Any:
    found = np.arange(np.datetime64("2015-01-02"), np.datetime64("2015-01-02") + 2 * sessions)
    return found[np.is_busday(found)][:sessions]


def rows(securities: int, on: Any, seed: int) -> pl.DataFrame:
    """Price rows by security and date."""
    random = np.random.default_rng(seed)
    shape = securities, len(on)
    moves = random.normal(0.0004, 0.02, shape)
    moves[random.random(shape) < 0.01] = np.nan
    close = random.lognormal(3, 1, (securities, 1)) * np.cumprod(1 + np.nan_to_num(moves), axis=1)
    names = pl.Series([f"S{i:06d}" for i in range(securities)])
    returns = pl.Series(moves.ravel()).fill_nan(None)
    return pl.DataFrame(
        {
            "source": pl.repeat("bench", moves.size, eager=True),
            "security": names.gather(np.repeat(np.arange(securities), len(on))),
            "date": pl.Series(np.tile(on, securities)),
            "close": close.ravel(),
            "price_return": returns,
            "total_return": returns + 0.00005,
            "volume": random.integers(1, 10**7, moves.size).astype(float),
            "market_cap": (close * random.lognormal(17, 1.5, (securities, 1))).ravel(),
        }
    )


def create(folder: Path, securities: int, sessions: int) -> None:
    """A store with all tables that 60 baskets need."""
    names = [f"S{i:06d}" for i in range(securities)]
    on, later = days(sessions), days(sessions + 30)
    start = [on[0].item()] * securities
    kinds = {
        "sector": [f"sector {i % 11:02d}" for i in range(securities)],
        "industry": [f"industry {i % 45:02d}" for i in range(securities)],
    }
    Store(folder / "store").commit(
        {
            "sessions": pl.DataFrame({"calendar": ["XNYS"] * len(later), "date": pl.Series(later)}),
            "securities": pl.DataFrame(
                {
                    "security": names,
                    "ticker": names,
                    "kind": "common",
                    "company": names,
                    "start": start,
                }
            ),
            "members": pl.DataFrame(
                {"universe": ["all"] * securities, "security": names, "start": start}
            ),
            "classes": pl.DataFrame(
                {"scheme": ["gics"] * securities, "security": names, **kinds, "start": start}
            ),
            "prices": rows(securities, on, 1),
        },
        source="bench",
        checksum="0",
    )


def opened(folder: Path, securities: int, sessions: int) -> Market:
    """The market over the store of that folder."""
    spec = baskets_of.market().model_dump(mode="json", exclude_defaults=True)
    spec["market"]["store"] = str(folder / "store")
    spec["sources"] = {"bench": {}}
    spec["groups"] = {
        "sectors": {
            "baskets": [b for b in spec["baskets"] if b.startswith("sector") and "cap" in b]
        }
    }
    return Market(MarketFile.model_validate(spec), f"{securities} x {sessions}")


def session(market: Market) -> None:
    """Import the next session's prices."""
    last = np.datetime64(market.as_of)
    later = market.sessions
    securities = len(market.stocks.securities) if market.stocks is not None else 0
    new = rows(securities, later[later > last][:1], int(last.astype(int)))
    market.store.commit({"prices": new}, source="bench", checksum=str(last))
