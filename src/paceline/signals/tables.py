"""Tidy tables: the columns every row has, in one order, with one type each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from paceline.arrays import Dates

#: Columns of every table, before a measure's own.
BASE: dict[str, type[pl.DataType]] = {
    "subject": pl.String,
    "against": pl.String,
    "statistic": pl.String,
    "start": pl.Date,
    "end": pl.Date,
    "value": pl.Float64,
    "n_used": pl.Int64,
    "n_eligible": pl.Int64,
}


def tidy(rows: Iterable[Mapping[str, Any]], **own: type[pl.DataType]) -> pl.DataFrame:
    """Rows as a frame with the columns of ``BASE`` and ``own``; what a row lacks is null."""
    return pl.DataFrame(list(rows), schema={**BASE, **own})


def day(sessions: Dates, at: int) -> dt.date | None:
    """The date of session ``at``; None for a session before the first."""
    return None if at < 0 else dt.date.fromisoformat(str(sessions[at].astype("datetime64[D]")))
