"""The dated tables behind a panel, and what a fund held."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from paceline import schema
from paceline.arrays import Array
from paceline.errors import UnknownName


class Facts:
    """The dated tables behind a panel, each read once; a table that is not there is empty."""

    def __init__(
        self,
        read: Callable[[str], pl.DataFrame] | None = None,
        tables: Mapping[str, pl.DataFrame] | None = None,
    ) -> None:
        self._read, self._tables = read, dict(tables or {})

    def table(self, name: str) -> pl.DataFrame:
        """All rows of the table, columns as in ``schema``; ``asof`` decides who counts when."""
        if name not in self._tables:
            columns = schema.table(name).schema
            self._tables[name] = self._read(name) if self._read else pl.DataFrame(schema=columns)
        return self._tables[name]

    def holdings(
        self, fund: str, day: np.datetime64, last: np.datetime64, *, ahead: bool = False
    ) -> tuple[np.datetime64, pl.DataFrame] | None:
        """The date and the rows (security, weight) of the fund's latest holdings known on ``day``.

        None if there were none yet; with ``ahead`` then the first that became known by ``last``.
        """
        rows = self.table("holdings")
        if fund not in rows["fund"]:
            raise UnknownName("fund", fund, rows["fund"].unique())
        of_fund = rows.filter((pl.col("fund") == fund) & (pl.col("known") <= pl.lit(last.item())))
        known = of_fund.filter(pl.col("known") <= pl.lit(day.item()))
        if known.is_empty() and ahead and len(of_fund):
            known = of_fund.filter(pl.col("known") == of_fund["known"].min())
        if known.is_empty():
            return None
        date: Any = known["date"].max()
        lines = (
            known.filter(pl.col("date") == date)
            .sort("known", "load", maintain_order=True)
            .unique("security", keep="last", maintain_order=True)
        )
        return np.datetime64(date, "D"), lines


@dataclass(frozen=True)
class Holdings:
    """What a fund held: ``weights`` (N,), zero for securities it did not hold; NaN nowhere.

    date      the day the holdings are of
    outside   sum of the weights of lines that the panel does not have
    """

    fund: str
    date: np.datetime64
    weights: Array
    outside: float
