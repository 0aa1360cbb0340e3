"""Sessions on which all closes of a source change their scale: another currency, another unit."""

from __future__ import annotations

import math

import polars as pl

from paceline.rows import RESCALED, Finding

#: The securities moved by more than this, in logs, and there are so many at least.
MOVED, MANY = 0.05, 10
#: Half of them lie within this part of the move. On no day since 1962 did ten stocks or funds that
#: moved by as much lie nearer than 0.087 of it: a crash drives them apart.
NEAR = 0.08


def rescaled(name: str, frame: pl.DataFrame) -> list[Finding]:
    """Sessions on which the securities of a source all move by one factor.

    frame  prices of one source, by security and date

    The median log return of ten or more is beyond 0.05, and their median distance from it is less
    than 0.08 of it.
    """
    move = pl.coalesce("price_return", "total_return")
    every = frame.group_by("date").agg(pl.len(), far=(move.abs() > MOVED / 2).sum())
    most = (pl.col("len") >= MANY) & (pl.col("far") > pl.col("len") / 2)
    days = every.filter(most).get_column("date")
    if days.is_empty():
        return []
    middle = pl.col("log").median()
    odd = (
        frame.filter(pl.col("date").is_in(days.implode()) & (move > -1))
        .select("date", log=(1 + move).log())
        .group_by("date")
        .agg(pl.len(), middle=middle, off=(pl.col("log") - middle).abs().median())
        .filter(
            (pl.col("len") >= MANY)
            & (pl.col("middle").abs() > MOVED)
            & (pl.col("off") < NEAR * pl.col("middle").abs())
        )
        .sort("date")
    )
    if odd.is_empty():
        return []
    last = odd.row(-1, named=True)
    return [
        Finding(
            name,
            RESCALED,
            odd.height,
            "kept: no market moves like that",
            f"{last['date']}, {last['len']} securities times {math.exp(last['middle']):.4g}",
            "Is it another currency or unit from then on? Make each part a source of its own.",
            days=tuple(odd.get_column("date").to_list()),
        )
    ]
