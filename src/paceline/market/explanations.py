"""What a market knows that explains a jump in one source's prices: actions, and other sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

    from paceline.config import MarketFile
    from paceline.sources import Context
    from paceline.store import Store


def beside(context: Context, file: MarketFile, store: Store, name: str) -> Context:
    """The context of a source: for prices with the market's actions and the other sources."""
    if file.sources[name].table != "prices":
        return replace(context, actions=None, witness=None)
    return replace(context, actions=_actions(file, store), witness=_witness(store, name))


def identity(context: Context) -> dict[str, Any]:
    """What of the context an import depends on: prices say something else once explained."""
    if context.actions is None or context.actions.is_empty():
        return {}
    return {"actions": [list(map(str, row)) for row in context.actions.iter_rows()]}


def _actions(file: MarketFile, store: Store) -> pl.DataFrame:
    """What the market's own lists of corporate actions say that moves a close, newest load first.

    Dividends are left out: a return at the size of a split is none of theirs.
    """
    import polars as pl

    lists = [n for n, s in file.sources.items() if s.table == "actions"]
    loads = [row["load"] for row in store.loads().to_dicts() if row["source"] in lists]
    return (
        store.table("actions")
        .filter(pl.col("load").is_in(loads) & (pl.col("kind") != "dividend"))
        .sort("known", "load")
        .unique(["security", "date", "kind"], keep="last", maintain_order=True)
        .select("security", "date", "kind", "ratio")
        .sort("security", "date", "kind")
        .collect()
    )


def _witness(store: Store, name: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Asks the other stored sources for their returns on given (security, date)."""
    import polars as pl

    def ask(cells: pl.DataFrame) -> pl.DataFrame:
        return (
            store.table("prices")
            .filter(
                (pl.col("source") != name)
                & pl.col("date").is_in(cells["date"].unique().implode())
                & pl.col("security").is_in(cells["security"].unique().implode())
            )
            .sort("load")
            .unique(["source", "security", "date"], keep="last")
            .select("security", "date", "price_return", "total_return")
            .collect()
            .join(cells, on=["security", "date"], how="semi")
        )

    return ask
