"""What was paid and split on days that have no price belongs to the security's next price. Pure."""

from __future__ import annotations

import polars as pl

from paceline.rows import Finding, counted

_KEY = ("security", "date")


def _with_both(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with columns ``split`` and ``dividend``, null where the file has none."""
    absent = [c for c in ("split", "dividend") if c not in frame.columns]
    return frame.with_columns(pl.lit(None, pl.Float64).alias(c) for c in absent)


def events_of(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows with a dividend or a split, and both columns, null where the file has none."""
    frame = _with_both(frame)
    split, dividend = pl.col("split"), pl.col("dividend")
    rows = ((split > 0) & (split != 1)) | (dividend > 0)
    return frame.select("security", "date", "dividend", "split").filter(rows)


def with_events(
    name: str, frame: pl.DataFrame, events: pl.DataFrame
) -> tuple[pl.DataFrame, list[Finding]]:
    """The rows with what was paid and split on days that have no price: it belongs to the next row.

    frame   the rows with a price, sorted by security and date
    events  every row of the file with a dividend or a split

    Dividends add, ratios multiply. A split after a security's last price is in its adjusted closes
    already (``__after``); a dividend after it can be in no return.
    """
    lost = events.join(frame.select(_KEY), on=_KEY, how="anti").sort("date")
    if lost.is_empty():
        return frame, []
    frame = _with_both(frame)
    own = frame.select("security", "date", __row="date").sort("date")
    lost = lost.join_asof(own, on="date", by="security", strategy="forward", check_sortedness=False)
    ratio = pl.when(pl.col("split") > 0).then(pl.col("split")).otherwise(1.0)
    ahead, after = (
        lost.filter(pl.col("__row").is_not_null()),
        lost.filter(pl.col("__row").is_null()),
    )
    moved = ahead.group_by("security", date="__row").agg(
        __cash=pl.col("dividend").fill_null(0.0).sum(), __ratio=ratio.product()
    )
    behind = after.group_by("security").agg(__after=ratio.product())
    frame = (
        frame.join(moved, on=_KEY, how="left", maintain_order="left")
        .join(behind, on="security", how="left", maintain_order="left")
        .with_columns(
            pl.col("dividend").fill_null(0.0) + pl.col("__cash").fill_null(0.0),
            ratio * pl.col("__ratio").fill_null(1.0),
            pl.col("__after").fill_null(1.0),
        )
        .drop("__cash", "__ratio")
    )
    return frame, [
        *counted(
            name,
            "dividend or split on a day without a price",
            ahead,
            "moved to the security's next price",
            _KEY,
        ),
        *counted(
            name,
            "dividend or split after a security's last price",
            after,
            "splits are in the adjusted closes, dividends in no return",
            _KEY,
        ),
    ]
