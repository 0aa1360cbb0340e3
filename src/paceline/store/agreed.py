"""Facts that several sources state: the first in the declared order counts, whoever came first.

A fact is one key of a table. From the day on which a source first states it no source after that
one in the order is heard on it; before that day they are. So what counts depends on the order that
the market file declares and on the days of publication, never on which import came first. What a
fund holds on a day is one fact: its lines are of one source. Prices keep the rows of every source;
the panel chooses among them cell by cell.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from paceline import schema

if TYPE_CHECKING:
    from paceline.store import Store

#: What is stated as a whole, and not row by row.
WHOLE = {"holdings": ("fund", "date")}


def read(
    store: Store,
    name: str,
    version: int | str | dt.date | None = None,
    sources: Sequence[str] | None = None,
) -> pl.DataFrame:
    """The rows of a declared table that count, columns as in ``schema``.

    sources  whose rows are read, first choice first; None: all, in order of their first import

    A missing ``known`` is earlier than every day.
    """
    loads = store.loads(version)
    order = loads["source"].unique(maintain_order=True) if sources is None else sources
    place = {source: number for number, source in enumerate(order)}
    heard = [(n, place[s]) for n, s in loads.select("load", "source").iter_rows() if s in place]
    ranked = pl.DataFrame(heard, {"load": pl.Int32, "__place": pl.Int64}, orient="row")
    rows = store.read(name, version)
    rows = rows.join(ranked, on="load", maintain_order="left")
    if rows["__place"].n_unique() > 1:
        rows = _first(rows, WHOLE.get(name, schema.table(name).key))
    return rows.drop("__place")


def _first(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """The rows known before any source of a better place states the same fact."""
    known = pl.col("known").fill_null(dt.date.min).alias("__known")
    stated = rows.group_by(*key, "__place").agg(known.min())
    stated = stated.filter(stated.select(*key).is_duplicated())
    if stated.is_empty():
        return rows
    better = (
        stated.sort("__place")
        .with_columns(__from=pl.col("__known").cum_min().shift(1).over(key))
        .drop("__known")
    )
    on = [*key, "__place"]
    joined = rows.join(better, on=on, how="left", nulls_equal=True, maintain_order="left")
    heard = pl.col("__from").is_null() | (known < pl.col("__from"))
    return joined.filter(heard).drop("__from")
