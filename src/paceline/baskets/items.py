"""Reported items in another unit: they leap between two filings, or do not fit market caps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from paceline.arrays import NORMAL, PATIENCE, Array, Bools, Ints
from paceline.baskets.caps import DEVIATIONS, FAR, FEWEST
from paceline.panel import asof
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.panel import Panel

#: A value leaps where it is a power of ten, a hundred or more, times the middle of the five filed
#: before, within a fifth, while the cap stays within threefold.
BEFORE, LEAST, NEAR = 5, 2, np.log10(1.2)
#: An item is steady where more than this part of its values is above zero; of others a leap is one
#: beside so many values at least.
POSITIVE, SOME = 0.95, 3
#: An item does not fit caps where it is so many times the cap beside the median of all companies.
FACTOR = 100.0
#: How the caveats begin.
LEAP = "reported items leap between filings"
UNFIT = "reported items do not fit market caps"


def odd_items(panel: Panel, rows: pl.DataFrame, held: Bools) -> list[str]:
    """What is odd about one reported item of the securities ``held`` (N,), in words.

    rows  of the table of fundamentals, of one item; those filed by the panel's last session count

    A wrong unit is told from what was filed alone where no market cap is known. The value is kept:
    nobody says whether what was filed before or after a leap is wrong.
    """
    place = {s: i for i, s in enumerate(panel.securities)}
    row = rows["security"].replace_strict(place, default=-1, return_dtype=pl.Int64)
    since = asof.position(rows["known"], panel.sessions, 0)
    filed = rows.with_columns(row=row, at=pl.Series(since, dtype=pl.Int64))
    there = (row.to_numpy() >= 0) & held[row.to_numpy()] & (since < len(panel.sessions))
    filed = filed.filter(pl.Series(there), pl.col("value") != 0)
    filed = filed.sort("row", "known", "period_end", "load", maintain_order=True)
    if filed.is_empty():
        return []
    cap = _caps(panel, filed["row"].to_numpy(), filed["at"].to_numpy())
    filed = filed.with_columns(cap=pl.Series(cap).fill_nan(None))
    # of what is often a loss, as earnings, small values are nothing odd: only large ones are told
    steady = float((filed["value"] > 0).mean() or 0) > POSITIVE  # type: ignore[arg-type]
    return [*_leaps(filed, steady), *_unfit(filed, steady)]


def _caps(panel: Panel, row: Ints, at: Ints) -> Array:
    """(n,) market cap when each value was filed, at most ten sessions old; NaN without one."""
    out = np.full(len(row), np.nan)
    if "market_cap" in panel.fields:
        caps = panel.field("whole_cap")
        for back in range(PATIENCE + 1):
            out = np.where(out > 0, out, caps[row, np.maximum(at - back, 0)])
    return np.where(out > 0, out, np.nan)


def _leaps(filed: pl.DataFrame, steady: bool) -> list[str]:
    """Values that are a power of ten times those filed before."""
    fewest = 1 if steady else SOME
    before = pl.col("value").abs().shift().rolling_median(BEFORE, min_samples=fewest).over("row")
    filed = filed.with_columns(times=pl.col("value").abs() / before)
    power, moved = (
        pl.col("times").log10(),
        (pl.col("cap") / pl.col("cap").shift().over("row")).log(),
    )
    size = power.round().abs() if steady else power.round()
    leap = (size >= LEAST) & ((power - power.round()).abs() < NEAR)
    leap &= ~(moved.abs() > np.log(FAR)).fill_null(False)
    found = filed.filter(leap.fill_null(False)).sort("known", maintain_order=True)
    if found.is_empty():
        return []
    last = found.row(-1, named=True)
    others = number_of(found.height - 1, "other leap")
    more = f", and {others}" if found.height > 1 else ""
    what = f"{last['item']} of {last['security']} for {last['period_end']}"
    return [f"{LEAP}: {what} is {last['times']:,.4g} times what it was before{more}"]


def _unfit(filed: pl.DataFrame, steady: bool) -> list[str]:
    """Who reports so much more or less beside its market cap than all others."""
    part = (
        filed.filter(pl.col("value") > 0, pl.col("cap").is_not_null())
        .group_by("security", "item", maintain_order=True)
        .agg((pl.col("value") / pl.col("cap")).log().median().exp().alias("part"))
    )
    if part.height < FEWEST:
        return []
    share = part["part"].to_numpy()
    off = np.log(share / np.median(share))
    spread = DEVIATIONS * NORMAL * float(np.median(np.abs(off)))
    odd = (np.abs(off) if steady else off) > max(spread, np.log(FACTOR))
    if not odd.any():
        return []
    worst = int(np.where(odd, np.abs(off), -1.0).argmax())
    others = number_of(int(odd.sum()) - 1, "other company", "other companies")
    more = f", and {others} likewise" if odd.sum() > 1 else ""
    who, item, own = part.row(worst)
    usual = f"{float(np.median(share)):.4g} of the median company"
    return [f"{UNFIT}: {item} of {who} is usually {own:.4g} of its cap, {usual}{more}"]
