"""Fields of a row that must say the same: a factor between them all along is a wrong unit."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import polars as pl

from paceline.config import ColumnMap
from paceline.errors import SourceError
from paceline.rows import TINY_RETURNS, Finding, where_is

_KEY = ("security", "date")
#: Closes that moved by less cannot be compared with a change that is rounded.
MOVED = 1e-3
#: Rows that must share the factor, as a part of those that can be compared.
ALL_ALONG = 0.8
#: Rows that can be compared, at least.
LEAST = 2
#: A change this far from the closes (in logs) is none of theirs.
ANOTHER = 0.05
#: A factor this near to a power of ten (in logs) is a unit, not a coincidence.
EXACT = 0.1
#: Half the moves of a source are never larger than this in a day, nor do so many lose all.
HUGE, LOST = 0.2, 0.05
#: Two-sided moves of which half are smaller than this are those of few things: pegs, short bonds.
TINY, SIDED = 3e-4, 0.3
#: From one month to the next, of so many moves at least, the half of them grows by no such factor.
STEP, MONTHLY = 30.0, 15
#: Moves from which on anything is said of their size.
ENOUGH = 20
#: Half of a source's securities grow by no more than this factor in a year, over so many returns.
GROWN, A_YEAR, LONG = 10.0, 252, 100
#: Returns from here downwards are codes (CRSP).
CODE = -44
#: Unit of a change -> what a fraction is multiplied by in it.
_UNITS = {"fraction": 1.0, "percent": 100.0, "basis_points": 1e4}


def check_changes(name: str, frame: pl.DataFrame, columns: Mapping[str, ColumnMap]) -> None:
    """Stop where the changes are the closes' own moves times one factor, all along.

    frame  rows sorted by security and date, with ``__same`` and ``__gap``; compared are
           neighbouring sessions

    Raises ``SourceError``, which names both, the factor and the unit that would be right; also
    where, of twenty changes or more, half are further than 5% (in logs) from what the closes say.
    """
    if not {"close", "price_return"} <= set(frame.columns):
        return
    close, next_session = pl.col("close").abs(), pl.col("__same") & (pl.col("__gap") == 1)
    own = pl.when(next_session).then(close / close.shift() - 1)
    found = _factor(frame, pl.col("price_return"), own, MOVED)
    if found is None:
        _check_columns(name, frame, own)
        return
    factor, rows, count = found
    mapped = columns.get("price_return")
    unit = (mapped.unit if mapped else "") or "fraction"
    times = _UNITS.get(unit, 1.0) * abs(factor)
    right = next((u for u, f in _UNITS.items() if math.isclose(f, times, rel_tol=EXACT)), None)
    if factor < 0:
        remedy = "Check which column holds the change: its sign is the other way round."
    elif right:
        column = mapped.column if mapped else "..."
        remedy = (
            f'Declare the unit of the change: columns.price_return = {{ column = "{column}", '
            f'unit = "{right}" }}.'
        )
    else:
        remedy = "Check the column and the unit of the change."
    first = rows.row(0, named=True)
    raise SourceError(
        f"source {name!r}: closes and changes contradict each other all along: in {rows.height} of "
        f"{count} rows the change is {factor:g} times what the closes say ({where_is(rows, _KEY)}: "
        f"closes {first['own']:+.4%}, change read as {first['given']:+.4%}).",
        remedy,
    )


def _check_columns(name: str, frame: pl.DataFrame, own: pl.Expr) -> None:
    """Stop where closes and changes have nothing in common: another column was read."""
    given = pl.col("price_return")
    both = frame.select(*_KEY, own=own, given=given).filter(
        pl.col("own").is_finite() & pl.col("given").is_finite()
    )
    gap = ((1 + pl.col("given")) / (1 + pl.col("own"))).log().abs()
    off = both.filter((gap > ANOTHER) | gap.is_nan())
    if both.height < ENOUGH or off.height <= both.height / 2:
        return
    first = off.row(0, named=True)
    raise SourceError(
        f"source {name!r}: closes and changes have nothing to do with one another: {off.height:,} "
        f"of {both.height:,} rows are further apart than any dividend ({where_is(off, _KEY)}: "
        f"closes {first['own']:+.4%}, change read as {first['given']:+.4%}).",
        "Check which columns hold the close and the change.",
    )


def check_total(name: str, frame: pl.DataFrame) -> None:
    """Stop where total and price returns are the same numbers in two units."""
    if not {"total_return", "price_return"} <= set(frame.columns):
        return
    found = _factor(frame, pl.col("total_return"), pl.col("price_return"), MOVED)
    if found is None:
        return
    factor, rows, count = found
    first = rows.row(0, named=True)
    raise SourceError(
        f"source {name!r}: price and total returns contradict each other all along: in "
        f"{rows.height} of {count} rows the total return is {factor:g} times the price return "
        f"({where_is(rows, _KEY)}: {first['own']:+.4%} and {first['given']:+.4%}).",
        "Declare the unit of each: columns.total_return and columns.price_return = "
        '{ column = "...", unit = "percent" }.',
    )


def check_growth(name: str, frame: pl.DataFrame, columns: Mapping[str, ColumnMap]) -> None:
    """Stop where returns of no stated unit compound to more than tenfold in a year.

    So bonds and bills do in percent, each of whose moves could be a fraction. It is the securities'
    median, of those with a hundred returns or more; a unit that is stated is believed.
    """
    there = [c for c in ("price_return", "total_return") if c in frame.columns]
    if any((own := columns.get(c)) is not None and own.unit for c in there):
        return
    move = pl.coalesce(there).cast(pl.Float64)
    grown = (
        frame.select("security", move=move)
        .filter(pl.col("move").is_finite() & (pl.col("move") > -1))
        .group_by("security")
        .agg(pl.col("move").log1p().mean() * A_YEAR, pl.len())
        .filter(pl.col("len") >= LONG)["move"]
        .median()
    )
    if isinstance(grown, float) and grown > math.log(GROWN):
        raise SourceError(
            f"source {name!r}: its returns compound to {math.exp(min(grown, 30.0)):.3g} times the "
            "money in a year for half of its securities or more: they are no fractions.",
            'Declare the unit: columns.total_return = { column = "...", unit = "percent" }, or '
            'unit = "fraction" if they are.',
        )


def check_size(name: str, frame: pl.DataFrame) -> list[Finding]:
    """Stop where returns without closes are too large for their unit, or change it midway.

    Returns that are too small are found: a peg and a fund of short bonds are as quiet. Of fewer
    than twenty moves nothing is said.
    """
    there = [c for c in ("price_return", "total_return") if c in frame.columns]
    moved = frame.select("date", move=pl.coalesce(there).cast(pl.Float64))
    moved = moved.filter(
        pl.col("move").is_finite() & (pl.col("move") > CODE) & (pl.col("move") != 0)
    )
    if moved.height < ENOUGH:
        return []
    size = pl.col("move").abs()
    usual, lost, falls = moved.select(
        size.median().alias("usual"),
        lost=(pl.col("move") < -1).mean(),
        falls=(pl.col("move") < 0).mean(),
    ).row(0)
    remedy = (
        'Declare the unit, e.g. columns.price_return = { column = "...", unit = "percent" }; where '
        "it changes within a file, make each part a file and a source of its own."
    )
    if usual > HUGE or lost > LOST:
        raise SourceError(
            f"source {name!r}: half of its returns are beyond {usual:.0%} in a session, and "
            f"{lost:.1%} of them lose more than all: they are no fractions.",
            remedy,
        )
    months = (
        moved.group_by(pl.col("date").dt.truncate("1mo").alias("month"))
        .agg(size.median().alias("usual"), pl.len())
        .filter(pl.col("len") >= MONTHLY)
        .sort("month")
        .with_columns(step=(pl.col("usual") / pl.col("usual").shift()).log())
        .filter(pl.col("step").abs() > math.log(STEP))
    )
    if months.height:
        month, _, _, step = months.row(0)
        raise SourceError(
            f"source {name!r}: from {month:%Y-%m} on its returns are {math.exp(step):.3g} times "
            "what they were the month before: their unit changes within the file.",
            remedy,
        )
    if usual < TINY and SIDED < falls < 1 - SIDED:
        shown = f"half of them within {usual:.4%}, {falls:.0%} below zero"
        return [Finding(name, TINY_RETURNS, moved.height, "kept, flagged", shown, remedy)]
    return []


def check_caps(name: str, frame: pl.DataFrame) -> None:
    """Stop where market caps are close times shares times one power of ten, all along."""
    if not {"close", "shares", "market_cap"} <= set(frame.columns):
        return
    product = pl.col("close").abs() * pl.col("shares")
    found = _factor(frame, pl.col("market_cap"), product, 0.0)
    if found is None or found[0] < 0:
        return
    factor, rows, count = found
    first = rows.row(0, named=True)
    raise SourceError(
        f"source {name!r}: market caps and close times shares contradict each other all along: in "
        f"{rows.height} of {count} rows the cap is {factor:g} times the product "
        f"({where_is(rows, _KEY)}: {first['given']:g} and {first['own']:g}).",
        "Declare the unit of the cap or of the shares, e.g. columns.shares = "
        '{ column = "...", unit = "thousands" }.',
    )


def _factor(
    frame: pl.DataFrame, given: pl.Expr, own: pl.Expr, least: float
) -> tuple[float, pl.DataFrame, int] | None:
    """The factor between ``given`` and ``own``, the rows that share it, and how many could.

    A power of ten other than one, or minus one; None where fewer than four fifths share it. Rows
    whose ``own`` is not beyond ``least`` cannot be compared.
    """
    both = frame.select(given=given.cast(pl.Float64), own=own.cast(pl.Float64))
    a, b = (both.get_column(c).fill_null(math.nan).to_numpy() for c in both.columns)
    with np.errstate(all="ignore"):
        ratio = a / b
        at = np.flatnonzero(np.isfinite(ratio) & (np.abs(b) > least))
        ratio = ratio[at]
        if ratio.size < LEAST or not (usual := float(np.median(ratio))):
            return None
        power = round(math.log10(abs(usual)))
        if power == 0 and usual > 0:
            return None
        share = np.abs(np.log(ratio * np.sign(usual)) - power * math.log(10)) < EXACT
    if np.count_nonzero(share) < ALL_ALONG * ratio.size:
        return None
    rows = frame[at[share]].select(*_KEY, given=a[at[share]], own=b[at[share]])
    return math.copysign(10.0**power, usual), rows, ratio.size
