"""The sessions of a market: its calendar's, and outside the calendar the days with a price."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from paceline.arrays import Dates

if TYPE_CHECKING:
    from paceline.store import Store


def sessions_of(
    store: Store, calendar: str, version: int, sources: Sequence[str] | None = None
) -> Dates:
    """Every session of a calendar at a version of the store, ascending, those to come included.

    Days before the calendar's first and after its last are sessions where a stored price is of that
    day: series may be older than the calendar, and then keep their own dates. Empty for a calendar
    that is not stored.

    sources  whose prices count; None: all
    """
    days = calendar_days(store, calendar, version)
    if not len(days):
        return days
    first, last = days[0].item(), days[-1].item()
    segments, _ = store.segments("prices", version)
    years = [s.year for s in segments if s.year is not None]
    if not years or (min(years) > first.year and max(years) <= last.year):
        return days
    prices = store.table("prices", version)
    if sources is not None:
        prices = prices.filter(pl.col("source").is_in(list(sources)))
    outside = prices.filter((pl.col("date") < first) | (pl.col("date") > last))
    own = outside.select(pl.col("date").unique()).collect()["date"].to_numpy()
    return np.union1d(own.astype("datetime64[D]"), days)


def calendar_days(store: Store, calendar: str, version: int) -> Dates:
    """The sessions that a calendar's rules give, as they are stored, ascending."""
    rows = store.table("sessions", version).filter(pl.col("calendar") == calendar)
    days = rows.select("date").collect()["date"].unique().sort()
    return days.to_numpy().astype("datetime64[D]")
