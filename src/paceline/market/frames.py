"""What a market holds as polars frames: figures, levels, weights, contributions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline import arguments
from paceline.errors import NotEnoughData, UsageError
from paceline.market.asked import Market
from paceline.market.measuring import known_basis, show_or_why

if TYPE_CHECKING:
    import polars as pl

    from paceline.indices import Indices
    from paceline.panel import Panel


def figures(market: Market, measure: str, **how: Any) -> pl.DataFrame:
    """The rows of ``Market.show``, their caveats in one text."""
    import polars as pl

    rows = [f.to_json() for f in show_or_why(market, measure, **how)]
    for row in rows:
        row["caveats"] = "; ".join(row["caveats"])
    return pl.DataFrame(rows, infer_schema_length=None, strict=False)


def levels(
    market: Market, names: Sequence[str] | None = None, basis: str | None = None
) -> pl.DataFrame:
    """Index levels: one column ``date`` and one per basket; null before a basket exists."""
    import polars as pl

    wanted = None if names is None else market.resolve(names)
    wanted = wanted or None
    levels = market.including(wanted or ()).all_levels
    matrix = levels.native if basis is None else levels.by_basis[known_basis(basis)]
    columns = {n: matrix[levels.names.index(n)] for n in wanted or levels.names}
    frame = pl.DataFrame({"date": levels.sessions, **columns})
    return frame.with_columns(pl.col("date").cast(pl.Date), pl.exclude("date").fill_nan(None))


def weights(market: Market, name: str, date: str | dt.date | None = None) -> pl.DataFrame:
    """Weights of a basket's members at the close of a session, largest first, drift included."""
    import polars as pl

    name, index, stocks = _members(market, name)
    day = np.datetime64(arguments.day(market.as_of if date is None else date))
    t = int(np.searchsorted(index.sessions, day, side="right")) - 1
    if t < 0:
        raise NotEnoughData(
            f"{day}: the members' data start on {index.sessions[0]}.", "Give a later date."
        )
    row = index.weights_at(t)[index.names.index(name)]
    held = np.flatnonzero(row > 0)
    securities = [stocks.securities[i] for i in held]
    return pl.DataFrame({"security": securities, "weight": row[held]}).sort(
        "weight", descending=True
    )


def contributions(
    market: Market,
    name: str,
    start: str | dt.date | None = None,
    end: str | dt.date | None = None,
    basis: str | None = None,
) -> pl.DataFrame:
    """Contribution of each member to a basket's return between two closes; they sum to the return.

    ``start`` defaults to the last close of the year before.
    """
    import polars as pl

    name, index, stocks = _members(market, name, basis)
    stop = arguments.day(market.as_of if end is None else end, "end")
    begin = arguments.day(start, "start") if start is not None else dt.date(stop.year - 1, 12, 31)
    a, b = (
        int(np.searchsorted(index.sessions, np.datetime64(d), side="right")) - 1
        for d in (begin, stop)
    )
    if not 0 <= a < b:
        raise NotEnoughData(
            f"{begin} to {stop}: not a window inside the data of {name}.",
            f"Sessions run from {index.sessions[0]} to {index.sessions[-1]}.",
        )
    parts = index.contributions(name, a, b)
    held = np.flatnonzero(parts != 0)
    securities = [stocks.securities[i] for i in held]
    return pl.DataFrame({"security": securities, "contribution": parts[held]}).sort(
        "contribution", descending=True
    )


def _members(market: Market, name: str, basis: str | None = None) -> tuple[str, Indices, Panel]:
    """Name, indices and panel of a basket that has members."""
    name = market.resolve([arguments.name(name, "name")])[0]
    index = market.built.get(known_basis(basis or market.file.market.basis))
    if index is None or name not in index.names or market.stocks is None:
        raise UsageError(
            f"{name!r} is not a basket with members.",
            f"Baskets with members: {', '.join(market.composites[:12])}.",
        )
    return name, index, market.stocks
