"""A measure run for all its subjects, its series blanked where too few members have data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from paceline import plugins
from paceline.arrays import Array, Bools
from paceline.engine.question import Provenance
from paceline.errors import NotEnoughData
from paceline.figures import UNITS
from paceline.measures import Measure, Result, Span, View
from paceline.signals.members import basis_of

#: Columns every table row may have; the others are carried along as they are. ``rests`` names, by
#: commas, those of the measure's fundamentals a row rests on; without it, on all of them.
#: ``caveat`` is what weakens this one row. ``reach`` is the day before ``start`` that its value
#: looks back to, "" for all of history; ``until`` the day after ``end`` up to which it is compared.
ROW = (
    "subject",
    "against",
    "statistic",
    "start",
    "end",
    "value",
    "n_used",
    "n_eligible",
    "unit",
    "basis",
    "rests",
    "caveat",
    "reach",
    "until",
)


def evaluate(
    measure: Measure, view: View, params: Mapping[str, Any], known: Provenance | None = None
) -> Result:
    """Run a measure and blank its series where coverage is below the declared share.

    Returns the result with ``value`` as {statistic: (S, T)}. Members of whom there is no price are
    eligible; a series value is NaN where n_used < coverage * n_eligible, and where more of the
    level's weight than stated had no return on a session that it looks back to. Raises
    ``NotEnoughData`` for a view without subjects, and ``PluginError`` where a measure from outside
    the package fails or returns something else.
    """
    if not view.subjects and measure.of != "market":
        raise NotEnoughData(
            f"{measure.name}: no basket has the data it needs.",
            "Check `paceline list baskets` and `paceline doctor`.",
        )
    with plugins.running(measure.function, f"the measure {measure.name} failed"):
        result = measure(view, **params)
    if plugins.outside(measure.function) and (fault := misfit(measure, view, result)):
        plugins.refuse(measure.function, f"the measure {measure.name}", fault)
    if result.table is not None or result.value is None:
        return result
    values = result.value if isinstance(result.value, Mapping) else {"": result.value}
    eligible = result.n_eligible
    if known is not None:
        blank, members = _lacking(measure, view, params, known)
        eligible = eligible if eligible is None else np.maximum(eligible, members)
        values = {name: np.where(blank, np.nan, v) for name, v in values.items()}
    if result.n_used is not None and eligible is not None:
        thin = result.n_used < measure.coverage * eligible
        values = {name: np.where(thin, np.nan, v) for name, v in values.items()}
    return Result(values, result.n_used, eligible, reasons=result.reasons)


def _lacking(
    measure: Measure, view: View, params: Mapping[str, Any], known: Provenance
) -> tuple[Bools, Array]:
    """(S, T) sessions without a value for what the levels lack; members, priced or not."""
    rows = series_rows(measure, view)
    blank = np.zeros((len(rows), len(view.sessions)), bool)
    members = np.zeros(blank.shape)
    lookback = measure.lookback(params)
    counted = counted_on(measure, view, params)
    for row, legs in rows.values():
        for name in legs.values():
            gaps = known.gaps(name, counted or known.basis.get(name, ""))
            if gaps is not None:
                blank[row] |= gaps.blank(view.sessions, lookback)
                if measure.of != "pair":
                    members[row] = gaps.eligible_on(view.sessions)
    return blank, members


def counted_on(measure: Measure, view: View, params: Mapping[str, Any]) -> str:
    """The basis on which the members of all subjects are looked at; "": each subject's own."""
    if params.get("basis"):
        return str(params["basis"])
    of_members = measure.of in ("basket", "market") and "basis" in measure.params
    return basis_of(view, None) if of_members else ""


def series_rows(measure: Measure, view: View) -> dict[str, tuple[int, dict[str, str]]]:
    """Row of a series result and its legs, by the name of the subject or of the pair."""
    if measure.of == "pair":
        return {
            name: (row, {"subject": view.subjects[a], "against": view.subjects[b]})
            for row, (name, (a, b)) in enumerate(zip(view.pair_names, view.pairs, strict=True))
        }
    return {name: (row, {"subject": name}) for row, name in enumerate(view.subjects)}


def misfit(measure: Measure, view: View, result: object) -> str:
    """What keeps a result from being figures: its type, columns, shape or units."""
    if not isinstance(result, Result):
        return f"it returned {type(result).__name__}, not a Result"
    if result.table is not None:
        lacking = [c for c in ROW[:8] if c not in result.table.columns]
        if lacking:
            return f"its table lacks the column(s) {', '.join(lacking)}"
        own = result.table["unit"].to_list() if "unit" in result.table.columns else []
        told = own or [None] * len(result.table)
        units = {
            u or measure.unit_of(s or "")
            for u, s in zip(told, result.table["statistic"], strict=True)
        }
    elif result.value is None:
        return "its result has neither value nor table"
    else:
        values = result.value if isinstance(result.value, Mapping) else {"": result.value}
        rows = len(view.pairs) if measure.of == "pair" else len(view.subjects)
        counts = {"n_used": result.n_used, "n_eligible": result.n_eligible}
        for name, array in {**values, **counts}.items():
            shape = getattr(array, "shape", ())
            if array is not None and shape != (rows, len(view.sessions)):
                return f"{name or 'its value'} has shape {shape}, not {(rows, len(view.sessions))}"
        units = {measure.unit_of(name) for name in values}
    unknown = sorted(units - set(UNITS))
    return f"unit {unknown[0]!r} is not one of {', '.join(UNITS)}" if unknown else ""


def recent(view: View, sessions: int) -> View:
    """The end of a view: its last ``sessions`` sessions, as views of the arrays, no copies.

    As many more before them as the first of them needs to lie in a whole span between rebalances,
    with the close before it.
    """
    first = len(view.sessions) - sessions
    start = max((s.start for s in view.spans if s.start <= first), default=first + 1)
    at = max(min(first, start - 1), 0)
    if at == 0:
        return view
    return replace(
        view,
        sessions=view.sessions[at:],
        fields={n: f[:, at:] for n, f in view.fields.items()},
        all_levels={b: x[:, at:] for b, x in view.all_levels.items()},
        spans=tuple(Span(s.start - at, s.stop - at, s.weights) for s in view.spans if s.start > at),
    )
