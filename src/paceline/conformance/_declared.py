"""What a measure declares, and whether its result is of that kind."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import get_args

import numpy as np
import polars as pl

from paceline.conformance._compare import keys_of, series
from paceline.figures import UNITS
from paceline.measures import Measure, Of, Result, Shows, View

ROW = ("subject", "against", "statistic", "start", "end", "value", "n_used", "n_eligible")
#: A value may miss its bounds by this much: rounding.
SLACK = 1e-9


def declaration(measure: Measure) -> list[str]:
    """What is wrong with the declaration."""
    return [*_facts(measure), *_docstring(measure), *_parameters(measure)]


def _facts(measure: Measure) -> Iterator[str]:
    if not measure.question.strip().endswith("?"):
        yield f"the question {measure.question!r} is not a question"
    units = set(measure.unit.values()) if isinstance(measure.unit, Mapping) else {measure.unit}
    for unit in sorted(units - set(UNITS)):
        yield f"unit {unit!r} is not one of {', '.join(UNITS)}"
    for name, value, allowed in (
        ("of", measure.of, get_args(Of)),
        ("shows", measure.shows, get_args(Shows)),
    ):
        if value not in allowed:
            yield f"{name} = {value!r} is not one of {', '.join(allowed)}"
    if not measure.references or not all(r.strip() for r in measure.references):
        yield "no reference"
    if measure.bounds is not None and not measure.bounds[0] <= measure.bounds[1]:
        yield f"bounds {measure.bounds} are the wrong way round"


def _docstring(measure: Measure) -> Iterator[str]:
    words = measure.doc.lower()
    if "=" not in words:
        yield "the docstring gives no definition (a formula with =)"
    if "missing" not in words:
        yield "the docstring has no rule for missing values"


def _parameters(measure: Measure) -> Iterator[str]:
    for name, p in inspect.signature(measure.function).parameters.items():
        if p.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        if p.annotation is inspect.Parameter.empty:
            yield f"parameter {name} has no annotation"
        if p.default is inspect.Parameter.empty:
            yield f"parameter {name} has no default"
        if name not in measure.doc.lower():
            yield f"the docstring does not name parameter {name}"


def shape(measure: Measure, view: View, result: Result) -> list[str]:
    """What is wrong with the shape, units, bounds and counts of a result."""
    if result.table is not None:
        lacking = [n for n in ROW if n not in result.table.columns]
        if lacking:
            return [f"the table lacks column(s) {', '.join(lacking)}"]
        return list(_table(measure, view, result.table))
    if result.value is None:
        return ["the result has neither value nor table"]
    return list(_series(measure, view, result))


def _table(measure: Measure, view: View, table: pl.DataFrame) -> Iterator[str]:
    for subject in sorted(set(table["subject"]) - {*view.subjects, *view.series}):
        yield f"unknown subject {subject!r}"
    nothing = pl.Series([None] * len(table), dtype=pl.String)
    own = table["unit"] if "unit" in table.columns else nothing
    units = {u or measure.unit_of(s or "") for u, s in zip(own, table["statistic"], strict=True)}
    for unit in sorted(units - set(UNITS)):
        yield f"unit {unit!r} of a row is not known"
    repeated = len(table) - table.select(keys_of(table)).n_unique()
    if repeated:
        yield f"{repeated} row(s) have the same keys as another"
    if table["value"].dtype.is_numeric():
        low, high = measure.bounds or (-np.inf, np.inf)
        value = table["value"].drop_nulls().drop_nans()
        if outside := int(((value < low - SLACK) | (value > high + SLACK)).sum()):
            yield f"{outside} value(s) outside the bounds {measure.bounds}"
    more = table.filter(pl.col("n_used") > pl.col("n_eligible"))
    if len(more):
        yield f"n_used above n_eligible in {len(more)} row(s)"


def _series(measure: Measure, view: View, result: Result) -> Iterator[str]:
    rows = {"pair": len(view.pairs), "market": 1}.get(measure.of, len(view.subjects))
    wanted = rows, len(view.sessions)
    low, high = measure.bounds or (-np.inf, np.inf)
    counts = {}
    for name, a in series(result).items():
        if a.shape != wanted:
            yield f"{name} has shape {a.shape}, not {wanted}"
        if name in ("n_used", "n_eligible"):
            counts[name] = a
            continue
        if measure.unit_of("" if name == "value" else name) not in UNITS:
            yield f"statistic {name!r} has no known unit"
        with np.errstate(invalid="ignore"):
            if outside := int(((a < low - SLACK) | (a > high + SLACK)).sum()):
                yield f"{name}: {outside} value(s) outside the bounds {measure.bounds}"
    if len(counts) == 1:
        yield "n_used and n_eligible go together"
    elif counts and (counts["n_used"] > counts["n_eligible"]).any():
        yield "n_used above n_eligible"
