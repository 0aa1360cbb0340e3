"""What corporate actions on record do not do: of securities that nobody prices, and new names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from paceline.market.watched import LISTED, Watched
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.market.asked import Market

UNPRICED = "corporate actions of securities without any price"
RENAMED = "rename on record that joins nothing"


def found(market: Market) -> Iterator[Watched]:
    """All findings about the corporate actions on record."""
    rows = market.stored.table("actions").collect()
    if rows.is_empty():
        return
    prices = market.stored.table("prices").select(pl.col("security").unique())
    priced = prices.collect().to_series().implode()
    alone = rows.filter((pl.col("kind") != "rename") & ~pl.col("security").is_in(priced))
    if alone.height:
        names = alone["security"].unique().sort().to_list()
        more = ", ..." if len(names) > LISTED else ""
        kinds = alone.group_by("kind").len().sort("len", "kind", descending=[True, False])
        told = ", ".join(f"{kind} {count:,}" for kind, count in kinds.rows())
        who = f"{number_of(len(names), 'security', 'securities')}: {', '.join(names[:LISTED])}"
        remedy = "Correct the names, see rename; or bring prices of them."
        what = "explain no price"
        yield Watched("actions", UNPRICED, alone.height, what, f"{told}, of {who}{more}", remedy)
    old, new = pl.col("security"), pl.col("other")
    two = rows.filter((pl.col("kind") == "rename") & old.is_in(priced) & new.is_in(priced))
    two = two.filter(old != new).sort("date", "security")
    if two.height:
        shown = [f"{s} to {o} on {day}" for s, o, day in two.select(old, new, "date").rows()]
        more = ", ..." if len(shown) > LISTED else ""
        first = two.row(0, named=True)
        remedy = (
            f'In the source of prices: rename = {{ "{first["security"]}" = "{first["other"]}" }}.'
        )
        told = ", ".join(shown[:LISTED]) + more
        yield Watched("actions", RENAMED, two.height, "two securities, not one", told, remedy)
