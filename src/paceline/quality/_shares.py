"""What market caps over closes say: splits of few shares, one cap on several lines."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline.rows import Finding

#: New shares per old share in splits and stock dividends too small to be told by the move alone ->
#: how near the shares that the caps imply must come, in logs. Issues of new shares come near 5:4 a
#: few times in a million days, near smaller ratios often, but not to a ten-thousandth.
SMALL = {4 / 3: 5e-3, 5 / 4: 5e-3, 6 / 5: 1e-4, 11 / 10: 1e-4, 21 / 20: 1e-4}
#: The smaller ones count where the shares stood still to this before.
STEADY = 1e-4
#: The return without the split is this part of it at most, in logs.
OWN = 1 / 3


def small_splits(frame: pl.DataFrame) -> pl.DataFrame:
    """Rows whose close moved by a small split, as the shares that the market caps imply did.

    frame  prices of one source, sorted by security and date

    Columns ``__at`` (number of the row), ``__log`` (ln of one and its return) and ``__ratio`` (new
    shares per old share). Shares are those of the row after over those of the row before: a cap may
    be a day late. Rows without a cap on both, or at the end of their security, are not told.
    """
    log = frame.select((1 + pl.coalesce("price_return", "total_return")).log().alias("log"))
    shares = frame.select((pl.col("market_cap") / pl.col("close")).log().alias("n"))
    move, n = (f.to_series().fill_null(np.nan).to_numpy() for f in (log, shares))
    security = frame.get_column("security")
    begins = (security != security.shift()).fill_null(True).to_numpy()
    with np.errstate(invalid="ignore"):
        step = np.full(n.size, np.nan)
        step[1:-1] = n[2:] - n[:-2]
        size = np.abs(step)
        sizes = np.log(list(SMALL))
        some = (size > sizes.min() - STEADY) & (size < sizes.max() + max(SMALL.values()))
        at = np.flatnonzero(some)
        # the rows before, of and after are of one security
        at = at[~begins[at] & ~begins[np.minimum(at + 1, n.size - 1)]]
        off = np.abs(size[at][:, None] - sizes)
        best = off.argmin(axis=1)
        near = off.min(axis=1, initial=np.inf) < np.array(list(SMALL.values()))[best]
        near &= np.abs(move[at] + step[at]) < OWN * size[at]
        exact = np.array(list(SMALL.values()))[best] <= STEADY
        near &= ~exact | _steady(n, begins, at)
    at, ratio = at[near], np.exp(np.sign(step[at[near]]) * sizes[best[near]])
    rows: pl.DataFrame = frame[at]
    return rows.with_columns(
        pl.Series("__at", at, dtype=pl.Int64),
        pl.Series("__log", move[at], dtype=pl.Float64),
        pl.Series("__ratio", ratio, dtype=pl.Float64),
    )


def _steady(
    n: NDArray[np.float64], begins: NDArray[np.bool_], at: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Where the shares stood still before, and grew in one step."""
    before = (at >= 2) & ~begins[at - 1] & (np.abs(n[at - 1] - n[at - 2]) < STEADY)
    once = np.minimum(np.abs(n[at] - n[at - 1]), np.abs(n[at + 1] - n[at])) < STEADY
    still: NDArray[np.bool_] = before & once
    return still


def shared_caps(name: str, frame: pl.DataFrame) -> list[Finding]:
    """Lines that show the market cap of one company.

    The same cap on the same day, or the same implied number of shares (cap / close) under tickers
    that begin alike. Looked at on the last day of each month.
    """
    caps = frame.select("security", "date", "close", "market_cap").filter(
        (pl.col("market_cap") > 0) & (pl.col("close") > 0)
    )
    if caps.is_empty():
        return []
    days = (
        caps.select(pl.col("date").unique())
        .group_by(pl.col("date").dt.truncate("1mo").alias("month"))
        .agg(pl.col("date").max())
    )
    caps = caps.join(days.select("date"), on="date", how="semi").with_columns(
        (pl.col("market_cap") / pl.col("close")).round().alias("n"),
        pl.col("security").str.slice(0, 2).alias("stem"),
    )
    groups = [
        caps.filter(pl.struct("date", *key).is_duplicated())
        .group_by("date", *key)
        .agg(pl.col("security").sort(), pl.col("market_cap").max().alias("size"))
        .filter(pl.col("security").list.len() > 1)
        .select("date", "security", "size")
        for key in (["market_cap"], ["n", "stem"])
    ]
    shared = pl.concat(groups)
    if shared.is_empty():
        return []
    lines = shared.get_column("security").explode().n_unique()
    largest = shared.filter(pl.col("date") == pl.col("date").max()).sort("size", descending=True)
    example = "; ".join(
        dict.fromkeys("/".join(group) for group in largest.get_column("security").head(8).to_list())
    )
    return [
        Finding(
            name,
            "company cap repeated across lines",
            lines,
            "kept; companies are ranked once",
            example,
            "Give securities a company so that the cap is counted once.",
        )
    ]
