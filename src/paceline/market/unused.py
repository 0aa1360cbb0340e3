"""What reaches no figure: sessions between windows that were never stated, dividends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from paceline.market import stating
from paceline.market.watched import Watched, dates, latest
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.market.stored import Stored

UNSTATED = "sessions that no statement covers"
UNUSED = "dividends that no total return uses"


def unstated(stored: Stored) -> dict[str, list[str]]:
    """Source whose rows gather -> sessions between its first day and its last without a price.

    Each of its windows is whole; what lies between two of them was never stated.
    """
    import polars as pl

    found = {}
    for name, spec in stored.file.sources.items():
        if spec.table == "prices" and stating.kind_of(spec) == "append":
            rows = stored.table("prices").filter(pl.col("source") == name).select("date").unique()
            own = rows.collect()["date"].sort().to_numpy().astype("datetime64[D]")
            days = stored.sessions
            if len(own):
                inside = days[(days > own[0]) & (days < own[-1])]
                if len(missing := np.setdiff1d(inside, own)):
                    found[name] = [str(day) for day in missing]
    return found


def said(name: str, days: list[str]) -> str:
    """What figures that rest on such a source say."""
    span = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    return f"{name}: no statement covers {number_of(len(days), 'session')} ({span})"


def no_total(stored: Stored) -> str:
    """Why there are no total returns though dividends are on record; "" where that is not so."""
    count = len(dividends(stored))
    if not count:
        return ""
    listed = number_of(count, "dividend in actions is", "dividends in actions are")
    return f"{listed} not added to closes, and the prices of who pays them give no total returns"


def dividends(stored: Stored) -> list[str]:
    """Every dividend on record of securities that have prices and no total return at all."""
    import polars as pl

    paid = stored.table("actions").filter(pl.col("kind") == "dividend").collect()
    if paid.is_empty():
        return []
    rows = stored.table("prices").filter(pl.col("security").is_in(paid["security"].implode()))
    has = rows.group_by("security").agg(pl.col("total_return").is_not_null().any()).collect()
    alone = has.filter(~pl.col("total_return"))["security"]
    own = paid.filter(pl.col("security").is_in(alone.implode())).sort("date", "security")
    return [f"{security} {day}" for security, day in own.select("security", "date").iter_rows()]


def found(stored: Stored) -> Iterator[Watched]:
    """Both as findings."""
    for name, days in unstated(stored).items():
        what = "stay without a price, and their returns are missing or worked back"
        remedy = (
            "Import a file from the session before them to the one after; let each window overlap "
            "the one before by a session."
        )
        yield Watched(name, UNSTATED, len(days), what, latest(days), remedy, dates(days))
    if paid := dividends(stored):
        yield Watched(
            "actions",
            UNUSED,
            len(paid),
            "not added to closes: no total returns",
            f"first {paid[0]}",
            'Give a dividend column beside split-adjusted closes (dialect = "split_adjusted"), '
            "adjusted closes or total returns.",
        )
