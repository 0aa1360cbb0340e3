"""Results as things to compare, cell by cell and row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from paceline.errors import PacelineError
from paceline.measures import Array, Measure, Result, View

CAUSAL = 1e-12  # relative: what was said on a day may not change later
SAME = 1e-9  # relative: sums in another order, prices in another unit
TINY = 1e-12  # absolute: a residual that should be zero
EXAMPLES = 3  # cells told of a difference
KEY_TYPES = (pl.String, pl.Date, pl.Boolean)


class Difference(NamedTuple):
    """What differs between two results, and some of the cells: where, before, after."""

    says: str
    cells: tuple[str, ...] = ()


class Axes(NamedTuple):
    """Names of the rows and columns of a series."""

    rows: Sequence[str] = ()
    sessions: Sequence[str] = ()

    @classmethod
    def of(cls, measure: Measure, view: View) -> Axes:
        """Those of a measure's result over a view."""
        rows = view.pair_names if measure.of == "pair" else view.subjects
        return cls(rows, [str(day) for day in view.sessions])


def series(result: Result) -> dict[str, Array]:
    values = result.value if isinstance(result.value, Mapping) else {"value": result.value}
    counts = {"n_used": result.n_used, "n_eligible": result.n_eligible}
    return {n: np.asarray(a, float) for n, a in {**values, **counts}.items() if a is not None}


def run(measure: Measure, view: View, params: Mapping[str, Any]) -> Result | None:
    """The result; None where the question cannot be put to this view: too short, no such date."""
    try:
        return measure(view, **params)
    except PacelineError:
        return None


def unequal(a: Array, b: Array, relative: float) -> int:
    """How many cells differ."""
    return int((~np.isclose(a, b, rtol=relative, atol=TINY, equal_nan=True)).sum())


def known(table: pl.DataFrame) -> pl.DataFrame:
    """The table with the day each row could be stated: its ``known``, else its ``end``."""
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
) -> list[Difference]:
    """Rows that only one of two tables has, and cells in which rows of the same key differ."""
    keys = keys_of(a)
    numbers = [n for n, kind in a.schema.items() if kind.is_numeric()]
    others = [n for n in a.columns if n not in keys and n not in numbers]
    faults = []
    if same_rows:
        for left, right, where in ((a, b, "before the change"), (b, a, "after it")):
            alone = left.join(right, on=keys, how="anti", nulls_equal=True)
            if len(alone):
                rows = alone.select(keys).head(EXAMPLES).rows()
                faults.append(
                    Difference(f"{len(alone)} row(s) only {where}", tuple(map(_row, rows)))
                )
    both = a.join(b, on=keys, how="inner", nulls_equal=True, suffix="_2")
    for name in numbers:
        one, two = (
            both[n].cast(pl.Float64).fill_null(np.nan).to_numpy() for n in (name, f"{name}_2")
        )
        off = np.flatnonzero(~np.isclose(one, two, rtol=relative, atol=TINY, equal_nan=True))
        if len(off):
            cells = tuple(
                f"{_row(both.select(keys).row(at))}: {_moved(one[at], two[at])}"
                for at in off[:EXAMPLES].tolist()
            )
            faults.append(Difference(f"{name} differs in {len(off)} row(s)", cells))
    faults += [
        Difference(f"{name} differs")
        for name in others
        if not both[name].equals(both[f"{name}_2"], null_equal=True)
    ]
    return faults


def same(
    a: Result | None, b: Result | None, relative: float, axes: Axes | None = None
) -> list[Difference]:
    """Differences between two results over the same subjects and sessions."""
    if a is None or b is None:
        return [] if a is b else [Difference("one of the two has no result at all")]
    if a.table is not None and b.table is not None:
        return compare(a.table, b.table, relative)
    left, right = series(a), series(b)
    if left.keys() != right.keys():
        return [Difference(f"statistics differ: {sorted(left)} and {sorted(right)}")]
    if any(left[n].shape != right[n].shape for n in left):
        return [Difference("the shapes differ")]
    return [d for n in left if (d := _cells(n, left[n], right[n], relative, axes or Axes()))]


def _cells(name: str, a: Array, b: Array, relative: float, axes: Axes) -> Difference | None:
    """How many cells of one series differ; the first of them by name."""
    off = np.argwhere(~np.isclose(a, b, rtol=relative, atol=TINY, equal_nan=True))
    if not len(off):
        return None
    cells = []
    for row, *column in off[:EXAMPLES].tolist():
        where = [axes.rows[row]] if row < len(axes.rows) else [f"row {row}"]
        where += [axes.sessions[t] for t in column if t < len(axes.sessions)]
        cells.append(f"{' '.join(where)}: {_moved(a[row, *column], b[row, *column])}")
    return Difference(f"{name} differs in {len(off)} cell(s)", tuple(cells))


def _row(keys: tuple[Any, ...]) -> str:
    return " ".join(str(key) for key in keys if key not in (None, ""))


def _moved(before: float, after: float) -> str:
    shown = ["missing" if np.isnan(x) else f"{x:.10g}" for x in (before, after)]
    return f"{shown[0]} before, {shown[1]} after"
