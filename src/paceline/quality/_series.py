"""Values of series that cannot be what they seem: codes for missing ones, zeros, leaps, units."""

from __future__ import annotations

import math

import polars as pl

from paceline.rows import ODD_SERIES, Finding, counted, set_aside
from paceline.schema import MISSING_CODES

#: A number among ``MISSING_CODES`` is a code where it is so many times as large as any other value
#: of its series.
FAR = 10.0
#: A value this many times the middle of the five before, or as small a part of it, leaps.
LEAP, BEFORE = 30.0, 5
#: Values that a series needs to be judged.
ENOUGH = 20
_KEY = ("series", "date")


def check_series(
    name: str, frame: pl.DataFrame
) -> tuple[pl.DataFrame, list[Finding], list[pl.DataFrame | None]]:
    """Without codes for missing values; what else is odd is kept and found.

    A number among ``MISSING_CODES`` is one where no other value of its series is a tenth as large.
    Of a series that is otherwise above zero a zero is odd, and a value beyond thirty times the
    median of the five before it or below a thirtieth: a typo, a missing value, another unit from
    there on.
    """
    size, coded = pl.col("value").abs(), pl.col("value").is_in(MISSING_CODES)
    others = pl.when(~coded).then(size).max().over("series")
    many = pl.len().over("series") >= ENOUGH
    code = frame.select(coded & many & (size > FAR * others)).to_series().fill_null(False)
    findings: list[Finding] = []
    aside: list[pl.DataFrame | None] = []
    if code.any():
        rows = frame.filter(code)
        aside.append(set_aside("series", rows, "the value is a code for a missing one"))
        findings += counted(name, "codes for missing values", rows, "quarantined", _KEY)
        frame = frame.filter(~code)
    odd = _odd(frame)
    remedy = "Correct the value, declare its code as options.missing, or split the file by unit."
    return frame, findings + counted(name, ODD_SERIES, odd, "kept, flagged", _KEY, remedy), aside


def _odd(frame: pl.DataFrame) -> pl.DataFrame:
    """Zeros and leaps of series that are otherwise above zero."""
    rows = frame.sort(*_KEY, "known").unique(_KEY, keep="last", maintain_order=True)
    value = pl.col("value")
    above = ((value > 0).mean().over("series") > 1 - 1 / ENOUGH) & (value >= 0).all().over("series")
    before = (
        pl.when(value > 0).then(value).shift().rolling_median(BEFORE, min_samples=2).over("series")
    )
    leap = (value > 0) & ((value / before).log().abs() > math.log(LEAP))
    # not of a rate that has fallen to some hundredths of what it usually is
    zero = (value == 0) & (LEAP * before > value.median().over("series"))
    enough = pl.len().over("series") >= ENOUGH
    return rows.filter((above & enough & (leap | zero)).fill_null(False))
