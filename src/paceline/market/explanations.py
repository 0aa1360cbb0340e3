"""What a market knows that explains a jump in one source's prices: actions, and other sources.

A source hears the sources declared before it, and none after it: so what becomes of a jump depends
on the market file alone. Where an import changes what a later source was told, its kept bytes are
read again (see ``importing``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from paceline.lineage import digest

if TYPE_CHECKING:
    import polars as pl

    from paceline.config import MarketFile
    from paceline.sources import Context
    from paceline.store import Store

Cell = tuple[str, str]


class Witness:
    """Asks stored sources for their returns on given (security, date), and knows what was asked."""

    def __init__(self, store: Store, sources: Sequence[str]) -> None:
        self.store, self.sources = store, list(sources)
        self.asked: set[Cell] = set()

    def __call__(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Columns security, date, price_return, total_return: a row per source that has one."""
        self.asked |= {(s, str(d)) for s, d in cells.select("security", "date").iter_rows()}
        return self._told(cells)

    def _told(self, cells: pl.DataFrame) -> pl.DataFrame:
        import polars as pl

        return (
            self.store.table("prices")
            .filter(
                pl.col("source").is_in(self.sources)
                & pl.col("date").is_in(cells["date"].unique().implode())
                & pl.col("security").is_in(cells["security"].unique().implode())
            )
            .sort("load")
            .unique(["source", "security", "date"], keep="last")
            .select("source", "security", "date", "price_return", "total_return")
            .collect()
            .join(cells, on=["security", "date"], how="semi")
            .sort("source", "security", "date")
            .drop("source")
        )

    def answers(self, asked: str | None) -> str:
        """Digest of what is answered about the cells of ``text``; "" where there is nothing."""
        import polars as pl

        cells = json.loads(asked or "[]")
        if not cells or not self.sources:
            return ""
        frame = pl.DataFrame(cells, {"security": pl.String, "date": pl.String}, orient="row")
        told = self._told(frame.with_columns(pl.col("date").str.to_date()))
        return digest([list(map(str, row)) for row in told.iter_rows()]) if len(told) else ""

    def text(self, before: str | None = None) -> str | None:
        """The cells that were asked, and those of a text ``before``, as a load keeps them."""
        every = self.asked | {(s, d) for s, d in json.loads(before or "[]")}
        return json.dumps(sorted(every)) if every else None


def beside(context: Context, file: MarketFile, store: Store, name: str) -> Context:
    """The context of a source: for prices with the market's actions and the sources before it."""
    if file.sources[name].table != "prices":
        return replace(context, actions=None, witness=None)
    declared = list(file.sources)
    before = declared[: declared.index(name)]
    return replace(context, actions=_actions(file, store), witness=Witness(store, before))


def asked(context: Context, before: str | None = None) -> str | None:
    """What the context's witness was asked, and what was asked ``before``, as a load keeps it."""
    return context.witness.text(before) if isinstance(context.witness, Witness) else before


def identity(context: Context, asked: str | None) -> dict[str, Any]:
    """What of the context an import depends on: prices say something else once explained.

    asked  the cells about which its witness was asked
    """
    found: dict[str, Any] = {}
    if context.actions is not None and not context.actions.is_empty():
        found["actions"] = [list(map(str, row)) for row in context.actions.iter_rows()]
    if isinstance(context.witness, Witness) and (answers := context.witness.answers(asked)):
        found["witness"] = answers
    return found


def _actions(file: MarketFile, store: Store) -> pl.DataFrame:
    """What the market's own lists of corporate actions say that moves a close.

    Dividends are left out: a return at the size of a split is none of theirs.
    """
    import polars as pl

    from paceline.store import agreed

    lists = [n for n, s in file.sources.items() if s.table == "actions"]
    return (
        agreed.read(store, "actions", sources=lists)
        .filter(pl.col("kind") != "dividend")
        .sort("known")
        .unique(["security", "date", "kind"], keep="last", maintain_order=True)
        .select("security", "date", "kind", "ratio")
        .sort("security", "date", "kind")
    )
