"""Splits on record that stand a few days from the jump which they explain."""

from __future__ import annotations

import polars as pl

from paceline.splits import TELLABLE

#: Days that a split on record may lie from its jump: a week and its holidays.
DAYS = 10
#: A jump is a split's where it comes this near to its size, in logs; of a small one, half of it.
NEAR = 0.13


def fitting(rows: pl.DataFrame, record: pl.DataFrame) -> pl.DataFrame:
    """The rows whose return has the size of a split on record of another day, with that split.

    rows    returns that look like splits
    record  corporate actions
    The split lies up to ten days off: ``ratio`` of it, ``__on`` its day, ``__apart`` days between.
    """
    size = pl.col("ratio").log()
    splits = record.filter((pl.col("kind") == "split") & (pl.col("ratio") > 0))
    splits = splits.filter(size.abs() > TELLABLE).select("security", "ratio", __on="date")
    jump = (1 + pl.coalesce("price_return", "total_return")).log()
    off = (jump + size).abs()
    return (
        rows.join(splits, on="security")
        .with_columns(__apart=(pl.col("date") - pl.col("__on")).dt.total_days().abs())
        .filter(
            pl.col("__apart").is_between(1, DAYS) & (off < pl.min_horizontal(NEAR, size.abs() / 2))
        )
    )


def misdated(rows: pl.DataFrame, record: pl.DataFrame) -> str:
    """What to correct first: "AAA: the split of 2025-08-12 on record belongs to 2025-08-11 ...".

    rows    returns set aside as splits that nobody explained
    record  corporate actions
    Empty where no split of another day, up to ten days off, has the size of a jump.
    """
    found = fitting(rows, record)
    if found.is_empty():
        return ""
    first = found.sort("__apart").row(0, named=True)
    others = found.select("security", "date").n_unique() - 1
    return (
        f"{first['security']}: the split of {first['__on']} on record fits the jump of "
        f"{first['date']}: correct its date in actions"
        + (f", and that of {others:,} more likewise" if others else "")
        + ". "
    )
