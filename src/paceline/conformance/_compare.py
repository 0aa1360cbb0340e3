"""Results as things to compare, cell by cell and row by row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from paceline.errors import PacelineError
from paceline.measures import Array, Measure, Result, View

CAUSAL = 1e-12  # relative: what was said on a day may not change later
SAME = 1e-9  # relative: sums in another order, prices in another unit
TINY = 1e-12  # absolute: a residual that should be zero
KEY_TYPES = (pl.String, pl.Date, pl.Boolean)


def series(result: Result) -> dict[str, Array]:
    values = result.value if isinstance(result.value, Mapping) else {"value": result.value}
    counts = {"n_used": result.n_used, "n_eligible": result.n_eligible}
    return {n: np.asarray(a, float) for n, a in {**values, **counts}.items() if a is not None}


def run(measure: Measure, view: View, params: Mapping[str, Any]) -> Result | None:
    """The result; None where the question cannot be put to this view: too short, or its date not yet there."""
    try:
        return measure(view, **params)
    except PacelineError:
        return None


def unequal(a: Array, b: Array, relative: float) -> int:
    """How many cells differ."""
    return int((~np.isclose(a, b, rtol=relative, atol=TINY, equal_nan=True)).sum())


def known(table: pl.DataFrame) -> pl.DataFrame:
    """The table with a column of the day each row could be stated: its ``known``, else its ``end``."""
    return table if "known" in table.columns else table.with_columns(known=pl.col("end"))


def keys_of(table: pl.DataFrame) -> list[str]:
    """Columns that say which row it is."""
    return [
        n
        for n, kind in table.schema.items()
        if kind in KEY_TYPES and n not in ("security", "provisional")
    ]


def compare(
    a: pl.DataFrame, b: pl.DataFrame, relative: float, *, same_rows: bool = True
) -> list[str]:
    """Rows that only one of two tables has, and cells in which rows of the same key differ."""
    keys = keys_of(a)
    numbers = [n for n, kind in a.schema.items() if kind.is_numeric()]
    others = [n for n in a.columns if n not in keys and n not in numbers]
    faults = []
    if same_rows:
        for left, right, where in ((a, b, "first"), (b, a, "second")):
            alone = left.join(right, on=keys, how="anti", nulls_equal=True)
            if len(alone):
                faults.append(
                    f"{len(alone)} row(s) only in the {where}, e.g. {alone.select(keys).row(0)}"
                )
    both = a.join(b, on=keys, how="inner", nulls_equal=True, suffix="_2")
    for name in numbers:
        one, two = (
            both[n].cast(pl.Float64).fill_null(np.nan).to_numpy() for n in (name, f"{name}_2")
        )
        off = ~np.isclose(one, two, rtol=relative, atol=TINY, equal_nan=True)
        if off.any():
            at = int(off.argmax())
            faults.append(
                f"{name} differs in {int(off.sum())} row(s), e.g. {both.select(keys).row(at)}: "
                f"{one[at]} and {two[at]}"
            )
    faults += [
        f"{name} differs"
        for name in others
        if not both[name].equals(both[f"{name}_2"], null_equal=True)
    ]
    return faults


def same(a: Result | None, b: Result | None, relative: float) -> list[str]:
    """Differences between two results over the same subjects and sessions."""
    if a is None or b is None:
        return [] if a is b else ["one of the two has no result at all"]
    if a.table is not None and b.table is not None:
        return compare(a.table, b.table, relative)
    left, right = series(a), series(b)
    if left.keys() != right.keys():
        return [f"statistics differ: {sorted(left)} and {sorted(right)}"]
    if any(left[n].shape != right[n].shape for n in left):
        return ["the shapes differ"]
    return [
        f"{n} differs in {k} cell(s)" for n in left if (k := unequal(left[n], right[n], relative))
    ]
