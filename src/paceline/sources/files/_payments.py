"""What was paid and split on days that have no price belongs to the security's next price. Pure."""

from __future__ import annotations

import polars as pl

from paceline.errors import SourceError
from paceline.rows import Checked, Finding, counted, joined, set_aside

#: A payment of this part of the price or more shows in the price of its day.
SHOWS = 0.2
#: A security with so many rows and a dividend or a split on more than this part of them states a
#: rate or a factor on every day, and no events.
ROWS, OFTEN = 20, 0.5
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


def believable(name: str, frame: pl.DataFrame) -> Checked:
    """The rows without payments and splits that cannot be: those become unknown (NaN).

    frame  the rows with a price, sorted by security and date

    Below zero; a dividend of more than the price before it; and one of a fifth of that price or
    more whose price did not fall by half of it. The original goes to the quarantine. Raises
    ``SourceError`` where most days of a security have one.
    """
    frame = _with_both(frame)
    _seldom(name, frame)
    price, paid = pl.col("split_adjusted_close"), pl.col("dividend")
    same = pl.col("security") == pl.col("security").shift()
    before = pl.when(same).then(price.shift())
    kept = (paid >= SHOWS * before) & (price > before - paid / 2)
    faults = (
        ("dividend", paid < 0, "dividend below zero"),
        ("split", pl.col("split") < 0, "split below zero"),
        ("dividend", (paid > before) | kept, "dividend that the price does not show"),
    )
    findings, aside = [], []
    for column, fault, what in faults:
        bad = frame.select((fault & pl.col(column).is_finite()).fill_null(False)).to_series()
        if not bad.any():
            continue
        rows = frame.filter(bad)
        remedy = "Check its unit (cents?) and its sign." if column == "dividend" else ""
        findings += counted(name, what, rows, f"{column} read as unknown", _KEY, remedy)
        aside.append(set_aside("prices", rows, what))
        frame = frame.with_columns(frame.get_column(column).set(bad, float("nan")))
    return frame, findings, joined(aside)


def _seldom(name: str, frame: pl.DataFrame) -> None:
    for column, none, what in (
        ("dividend", 0.0, "a yearly rate or a yield"),
        ("split", 1.0, "a cumulative factor"),
    ):
        event = (pl.col(column) > 0) & (pl.col(column) != none)
        often = (
            frame.group_by("security")
            .agg(event.sum().alias("days"), pl.len())
            .filter((pl.col("len") >= ROWS) & (pl.col("days") > OFTEN * pl.col("len")))
            .sort("security")
        )
        if often.height:
            one = often.row(0, named=True)
            raise SourceError(
                f"source {name!r}: {one['security']} has a {column} on {one['days']:,} of "
                f"{one['len']:,} days: {what}, no events.",
                f"Map a column that has the {column} on its ex-date and 0 or nothing on all other "
                f"days, or leave {column} out.",
            )
