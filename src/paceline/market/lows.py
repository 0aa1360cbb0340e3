"""The short-term low that figures "since the low" start from: when it was, whether it has held."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array
from paceline.signals.lows import broken_on, confirmed_lows

if TYPE_CHECKING:
    from paceline.market.asked import Market


def latest(market: Market) -> tuple[dt.date, dt.date] | None:
    """The benchmark's last short-term low known today: see ``Market.low``."""
    lows = confirmed_lows(_level(market), market.file.market.low)
    return (_day(market, lows[-1][0]), _day(market, lows[-1][1])) if lows else None


def broken(market: Market) -> dt.date | None:
    """First session on which the benchmark closed below that low: see ``Market.low_broken``."""
    if market.low is None:
        return None
    low = int(np.searchsorted(market.all_levels.sessions, np.datetime64(market.low[0])))
    at = broken_on(_level(market), low)
    return None if at is None else _day(market, at)


def _level(market: Market) -> Array:
    """The benchmark's level, on its own basis."""
    levels = market.all_levels
    row: Array = levels.native[levels.names.index(market.benchmark)]
    return row


def _day(market: Market, session: int) -> dt.date:
    return dt.date.fromisoformat(str(market.all_levels.sessions[session]))
