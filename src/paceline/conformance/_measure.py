"""The checks of a measure."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, get_args

import numpy as np
import polars as pl

from paceline.conformance._changes import cut, mapped, reordered, scrambled, split, tail
from paceline.conformance._compare import (
    CAUSAL,
    SAME,
    compare,
    keys_of,
    known,
    run,
    same,
    series,
    unequal,
)
from paceline.conformance._faults import judge
from paceline.figures import UNITS
from paceline.measures import Measure, Of, Result, Shows, View

ROW = ("subject", "against", "statistic", "start", "end", "value", "n_used", "n_eligible")


def check_measure(measure: Measure, view: View, **params: Any) -> None:
    """Raise ``ConformanceError`` listing every way in which a measure breaks its contract on this view.

    - declared in full: question, known unit, references, a docstring that gives the definition and
      the rule for missing values and names every parameter; parameters annotated, with defaults
    - pure: the same input gives the same output and stays as it was
    - the result has the declared shape, its units are known, values keep their bounds, n_used <=
      n_eligible
    - causal, unless declared otherwise: cutting the view at t, or scrambling it after t, changes
      nothing that was known by t (rtol 1e-12)
    - the order of the securities does not matter, nor do splits and the base of an index (rtol
      1e-9)
    - with a declared lookback, the last value follows from lookback + 1 sessions

    Give a view of at least a few hundred sessions with gaps, a late listing and a delisting.
    """
    faults = _declared(measure)
    view = mapped(view, lambda _, a: a)
    kept = {n: a.copy() for n, a in (*view.fields.items(), *view.all_levels.items())}
    try:
        result = measure(view, **params)
        again = measure(view, **params)
    except Exception as error:
        judge(measure.name, [*faults, f"raises {type(error).__name__} on a valid view: {error}"])
        raise
    # equal_nan comparisons of the inputs: a write through a private copy of the flags would show
    # here
    if any(unequal(kept[n], a, 0.0) for n, a in (*view.fields.items(), *view.all_levels.items())):
        faults.append("changes its input")
    faults += [f"not pure: run twice, {f}" for f in same(result, again, 0.0)]
    faults += _shape(measure, view, result)
    if result.table is not None and not set(ROW) <= set(result.table.columns):
        judge(measure.name, faults)
    settings = {**measure.defaults(), **params}
    if measure.causal:
        faults += _causal(measure, view, result, params)
    if view.securities:
        faults += [
            f"depends on the order of securities: {f}"
            for f in same(result, run(measure, reordered(view), params), SAME)
        ]
        faults += [
            f"a split changes it: {f}"
            for f in same(result, run(measure, split(view), params), SAME)
        ]
    lookback = measure.lookback(settings)
    if lookback is not None and result.table is None and len(view.sessions) > lookback + 1:
        short = run(measure, tail(view, lookback + 1), params)
        last = Result({n: a[:, -1:] for n, a in series(result).items()})
        now = None if short is None else Result({n: a[:, -1:] for n, a in series(short).items()})
        faults += [f"lookback of {lookback} is too short: {f}" for f in same(last, now, SAME)]
    judge(measure.name, faults)


def _declared(measure: Measure) -> list[str]:
    faults = []
    if not measure.question.strip().endswith("?"):
        faults.append(f"the question {measure.question!r} is not a question")
    units = set(measure.unit.values()) if isinstance(measure.unit, Mapping) else {measure.unit}
    faults += [f"unit {u!r} is not one of {', '.join(UNITS)}" for u in sorted(units - set(UNITS))]
    for name, value, allowed in (
        ("of", measure.of, get_args(Of)),
        ("shows", measure.shows, get_args(Shows)),
    ):
        if value not in allowed:
            faults.append(f"{name} = {value!r} is not one of {', '.join(allowed)}")
    if not measure.references or not all(r.strip() for r in measure.references):
        faults.append("no reference")
    words = measure.doc.lower()
    if "=" not in words:
        faults.append("the docstring gives no definition (a formula with =)")
    if "missing" not in words:
        faults.append("the docstring has no rule for missing values")
    if measure.bounds is not None and not measure.bounds[0] <= measure.bounds[1]:
        faults.append(f"bounds {measure.bounds} are the wrong way round")
    for name, p in inspect.signature(measure.function).parameters.items():
        if p.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        if p.annotation is inspect.Parameter.empty:
            faults.append(f"parameter {name} has no annotation")
        if p.default is inspect.Parameter.empty:
            faults.append(f"parameter {name} has no default")
        if name not in words:
            faults.append(f"the docstring does not name parameter {name}")
    return faults


def _shape(measure: Measure, view: View, result: Result) -> list[str]:
    """Shape, units, bounds and counts of a result."""
    low, high = measure.bounds or (-np.inf, np.inf)
    slack = 1e-9
    if result.table is not None:
        table = result.table
        if lacking := [n for n in ROW if n not in table.columns]:
            return [f"the table lacks column(s) {', '.join(lacking)}"]
        faults = [
            f"unknown subject {s!r}"
            for s in sorted(set(table["subject"]) - {*view.subjects, *view.series})
        ]
        own = (
            table["unit"]
            if "unit" in table.columns
            else pl.Series([None] * len(table), dtype=pl.String)
        )
        found = {
            u or measure.unit_of(s or "") for u, s in zip(own, table["statistic"], strict=True)
        }
        faults += [f"unit {u!r} of a row is not known" for u in sorted(found - set(UNITS))]
        repeated = len(table) - table.select(keys_of(table)).n_unique()
        if repeated:
            faults.append(f"{repeated} row(s) have the same keys as another")
        if table["value"].dtype.is_numeric():
            value = table["value"].drop_nulls().drop_nans()
            if outside := int(((value < low - slack) | (value > high + slack)).sum()):
                faults.append(f"{outside} value(s) outside the bounds {measure.bounds}")
        more = table.filter(pl.col("n_used") > pl.col("n_eligible"))
        return [*faults, *([f"n_used above n_eligible in {len(more)} row(s)"] if len(more) else [])]
    if result.value is None:
        return ["the result has neither value nor table"]
    rows = {"pair": len(view.pairs), "market": 1}.get(measure.of, len(view.subjects))
    found_series = series(result)
    faults = [
        f"{n} has shape {a.shape}, not {(rows, len(view.sessions))}"
        for n, a in found_series.items()
        if a.shape != (rows, len(view.sessions))
    ]
    for name, a in found_series.items():
        if name in ("n_used", "n_eligible"):
            continue
        if measure.unit_of("" if name == "value" else name) not in UNITS:
            faults.append(f"statistic {name!r} has no known unit")
        with np.errstate(invalid="ignore"):
            if outside := int(((a < low - slack) | (a > high + slack)).sum()):
                faults.append(f"{name}: {outside} value(s) outside the bounds {measure.bounds}")
    if ("n_used" in found_series) != ("n_eligible" in found_series):
        faults.append("n_used and n_eligible go together")
    elif "n_used" in found_series and (found_series["n_used"] > found_series["n_eligible"]).any():
        faults.append("n_used above n_eligible")
    return faults


def _causal(measure: Measure, view: View, result: Result, params: Mapping[str, Any]) -> list[str]:
    """What the measure said by session t, against what it says when the future is cut off or is another one."""
    T = len(view.sessions)
    faults = []
    for t in sorted({T // 3, T // 2, 3 * T // 4, T - 2}):
        day = str(view.sessions[t])
        short, other = run(measure, cut(view, t), params), run(measure, scrambled(view, t), params)
        if result.table is not None:
            faults += [
                f"looks ahead of {day}: {f}" for f in _ahead(measure, view, t, result, short, other)
            ]
            continue
        full = {n: a[:, : t + 1] for n, a in series(result).items()}
        for name, changed in (("cut", short), ("with another future", other)):
            if changed is not None:
                seen = Result({n: a[:, : t + 1] for n, a in series(changed).items()})
                faults += [
                    f"looks ahead of {day} ({name}): {f}" for f in same(Result(full), seen, CAUSAL)
                ]
    return faults


def _ahead(
    measure: Measure, view: View, t: int, result: Result, short: Result | None, other: Result | None
) -> Iterator[str]:
    """Rows known by session t that would be others without the future, or with another one."""
    day = pl.lit(view.sessions[t]).cast(pl.Date)

    def by(found: Result, last: Any) -> pl.DataFrame:
        assert found.table is not None
        table = known(found.table)
        if "provisional" in table.columns:  # an open phase may change; it says so
            open_ = pl.col("provisional") & (pl.col("known") == pl.lit(last).cast(pl.Date))
            table = table.filter(~open_.fill_null(False))
        return table.filter(pl.col("known") <= day)

    full = by(result, view.sessions[-1])
    if other is not None:
        yield from compare(full, by(other, view.sessions[-1]), CAUSAL)
    if short is not None:
        yield from compare(
            full, by(short, view.sessions[t]), CAUSAL, same_rows=measure.shows == "events"
        )
