"""Ratios in which shares are split, and whether a move of prices is that of a split."""

from __future__ import annotations

import math

import polars as pl

#: Whether a return holds a split on record can be told above this size of the split, in logs.
TELLABLE = 0.15
#: New shares per old share in splits that happen often, upwards; reverse splits are their inverses.
SPLIT_RATIOS = (
    *(1.5, 5 / 3, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0, 30.0),
    *(40.0, 50.0, 75.0, 80.0, 100.0, 200.0, 500.0, 1000.0),
)


def holds_split(log: pl.Expr, size: pl.Expr) -> pl.Expr:
    """Whether a move still holds a split on record: free of it, it is nearer to none.

    log   ln of the close over the close before
    size  ln of the split's new shares per old share; within ``TELLABLE`` of 0 nobody can tell
    """
    free = (log + size).abs()
    return (size.abs() > TELLABLE) & (free < log.abs()) & (free <= size.abs() / 3)


def near_split(ratio: pl.Expr, tolerance: float = 0.05) -> pl.Expr:
    """True where a positive ratio is a common split ratio or its inverse, within ``tolerance``.

    |ln ratio| differs from ln k by less than ``tolerance`` for one k of ``SPLIT_RATIOS``; a missing
    ratio is False.
    """
    size = ratio.log().abs()
    return pl.any_horizontal(
        [(size - math.log(k)).abs() < tolerance for k in SPLIT_RATIOS]
    ).fill_null(False)
