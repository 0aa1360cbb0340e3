"""Splits on record that stand a few days from the jump which they explain."""

from __future__ import annotations

import polars as pl

from paceline.splits import TELLABLE

#: Days that a split on record may lie from its jump: a week and its holidays.
DAYS = 10
#: A jump is a split's where it comes this near to its size, in logs; of a small one, half of it.
NEAR = 0.13


def misdated(rows: pl.DataFrame, record: pl.DataFrame) -> str:
    """What to correct first: "AAA: the split of 2025-08-12 on record belongs to 2025-08-11 ...".

    rows    returns set aside as splits that nobody explained
    record  corporate actions
    Empty where no split of another day, up to ten days off, has the size of a jump.
    """
    size = pl.col("ratio").log()
    splits = record.filter((pl.col("kind") == "split") & (pl.col("ratio") > 0))
    splits = splits.filter(size.abs() > TELLABLE).select("security", "ratio", __on="date")
    jump = (1 + pl.coalesce("price_return", "total_return")).log()
    apart = (pl.col("date") - pl.col("__on")).dt.total_days().abs()
    off = (jump + size).abs()
    found = rows.join(splits, on="security").filter(
        apart.is_between(1, DAYS) & (off < pl.min_horizontal(NEAR, size.abs() / 2))
    )
    if found.is_empty():
        return ""
    first = found.sort(apart).row(0, named=True)
    others = found.select("security", "date").n_unique() - 1
    return (
        f"{first['security']}: the split of {first['__on']} on record fits the jump of "
        f"{first['date']}: correct its date in actions"
        + (f", and that of {others:,} more likewise" if others else "")
        + ". "
    )
