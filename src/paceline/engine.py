"""From results to figures: coverage, basis, caveats and lineage are enforced here only."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from paceline import plugins
from paceline.errors import NotEnoughData
from paceline.figures import UNITS, Figure, Value
from paceline.lineage import Step, Steps, code_of
from paceline.measures import Array, Measure, Result, Span, View

#: Further columns of a row that are answers: what came out is no part of an id.
ANSWERS = frozenset(
    "state sign reason sides known quadrant left recovered first confirmed worst_on since".split()
)
#: Names of real series and securities in a market that is otherwise simulated begin with this.
REAL = "real/"
#: Columns every table row may have; the others are carried along as they are. ``rests`` names, by
#: commas, those of the measure's fundamentals a row rests on; without it, on all of them.
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
)


@dataclass(frozen=True)
class Question:
    """One question put to a market, and what every figure that answers it carries.

    measure  name of the measure or study that answers
    step     the question's place in the lineage: its parameters, the code that answers, its inputs
    basis    "price", "total" or "" where neither applies
    caveats  weaknesses of the data behind every answer
    """

    measure: str
    step: Step
    as_of: str
    basis: str = ""
    caveats: tuple[str, ...] = ()

    def figure(
        self,
        subject: str,
        value: Value,
        unit: str,
        *,
        statistic: str = "",
        label: str = "",
        against: str | None = None,
        start: Value = None,
        end: Value = None,
        n_used: int | None = None,
        n_eligible: int | None = None,
        caveats: Iterable[str] = (),
        evidence: Mapping[str, Any] | None = None,
        extra: Mapping[str, Any] | None = None,
        which: Mapping[str, Any] | None = None,
    ) -> Figure:
        """One figure: the only place where figures are made.

        A value that is not finite is none. ``which`` are the parameters of the figure's own step;
        by default the subject, second leg, statistic, window and the texts of ``extra``.
        """
        assert unit in UNITS, f"{self.measure}: unit {unit!r} is not one of {UNITS}"
        if isinstance(value, float) and not math.isfinite(value):
            value = None
        if which is None:
            told = {"subject": subject, "against": against, "statistic": statistic}
            told |= {"start": start, "end": end, **(extra or {})}
            which = {
                k: str(v)
                for k, v in told.items()
                if v not in (None, "") and not isinstance(v, (int, float)) and k not in ANSWERS
            }
        return Figure(
            measure=self.measure,
            subject=subject,
            value=value,
            unit=unit,
            step=Step("figure", which, (self.step.id,), code=""),
            label=label,
            against=against,
            statistic=statistic,
            start=_iso(start),
            end=_iso(end) or self.as_of,
            as_of=self.as_of,
            basis=self.basis,
            n_used=n_used,
            n_eligible=n_eligible,
            caveats=tuple(dict.fromkeys((*self.caveats, *(c for c in caveats if c)))),
            evidence=evidence or {},
            extra=extra or {},
        )


@dataclass(frozen=True)
class Provenance:
    """What the engine knows about the subjects of a view: lineage, caveats and basis of each."""

    parents: Mapping[str, tuple[str, ...]]  # subject -> ids of the steps it was built from
    caveats: Mapping[str, tuple[str, ...]]  # subject -> weaknesses of the data behind it
    basis: Mapping[str, str]  # subject -> basis of its level
    as_of: str
    general: tuple[str, ...] = ()  # caveats of every figure of this market
    steps: Steps = field(default_factory=Steps)  # every step made so far
    # "fundamental:<item>" -> caveats
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def question(
        self,
        name: str,
        params: Mapping[str, Any],
        code: str,
        *,
        names: Iterable[str] = (),
        parents: Iterable[Step] = (),
        basis: str = "",
        caveats: Iterable[str] = (),
        caveats_of: Iterable[str] | None = None,
        measure: str = "",
    ) -> Question:
        """A question that rests on ``names`` and on further steps ``parents``.

        Its figures carry the caveats of ``caveats_of`` (default: of ``names``), those of every
        figure of the market (real history beside a simulated market excepted), and ``caveats``.
        """
        asked = [n for n in names if n in self.parents]
        mine = asked if caveats_of is None else [n for n in caveats_of if n in self.caveats]
        told = [c for n in mine for c in self.caveats.get(n, ())]
        if not mine or not all(n.startswith(REAL) for n in mine):
            told += self.general
        further = [self.steps.keep(p).id for p in parents]
        rests = tuple(dict.fromkeys((*(p for n in asked for p in self.parents[n]), *further)))
        step = self.steps.keep(Step(name, params, rests, code=code))
        told += [c for c in caveats if c]
        return Question(measure or name, step, self.as_of, basis, tuple(dict.fromkeys(told)))


def column(figure: Figure, name: str, unit: str, steps: Steps) -> Figure | None:
    """A further column of a table's row as a figure resting on the row's; None without a value."""
    value = figure.extra.get(name)
    if value is None:
        return None
    row = steps.keep(figure.step)
    question = Question(figure.measure, row, figure.as_of or "", figure.basis, figure.caveats)
    return question.figure(
        figure.subject,
        value,
        unit,
        statistic=f"{figure.statistic} {name}".strip(),
        label=figure.label,
        against=figure.against,
        start=figure.start,
        end=figure.end,
        which={"column": name},
    )


def evaluate(measure: Measure, view: View, params: Mapping[str, Any]) -> Result:
    """Run a measure and blank its series where coverage is below the declared share.

    Returns the result with ``value`` as {statistic: (S, T)}. A series value is NaN where
    n_used < coverage * n_eligible. Raises ``NotEnoughData`` for a view without subjects, and
    ``PluginError`` where a measure from outside the package fails or returns something else.
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
    if result.n_used is not None and result.n_eligible is not None:
        thin = result.n_used < measure.coverage * result.n_eligible
        values = {name: np.where(thin, np.nan, v) for name, v in values.items()}
    return Result(values, result.n_used, result.n_eligible)


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


def figures(
    measure: Measure,
    view: View,
    params: Mapping[str, Any],
    result: Result,
    known: Provenance,
    subjects: Sequence[str] | None = None,
    *,
    history: bool = False,
) -> list[Figure]:
    """The figures of a result: one per row of a table, or the last value of a series.

    With ``history`` one per session of a series; ``subjects`` keeps only those.
    """
    wanted = {*view.subjects, *view.series} if subjects is None else set(subjects)
    answers = _Answers(measure, view, params, known)
    if result.table is not None:
        return [
            answers.figure(row)
            for row in result.table.iter_rows(named=True)
            if row["subject"] in wanted
        ]
    return [answers.figure(row) for row in _series(measure, view, result, wanted, history)]


def series_figure(
    measure: Measure,
    view: View,
    params: Mapping[str, Any],
    known: Provenance,
    subject: str,
    statistic: str,
    result: Result,
) -> Figure:
    """The figure of a whole series: its last value with the lineage of all of it.

    Rows of a measure of pairs are the view's pairs; ``subject`` is then the name of the pair.
    """
    assert isinstance(result.value, Mapping)
    row, names = series_rows(measure, view)[subject]
    day = str(view.sessions[-1])
    return _Answers(measure, view, params, known).figure(
        {
            **names,
            "statistic": statistic,
            "start": day,
            "end": day,
            "value": float(result.value[statistic][row, -1]),
            "n_used": _count(result.n_used, row, -1),
            "n_eligible": _count(result.n_eligible, row, -1),
        }
    )


def series_rows(measure: Measure, view: View) -> dict[str, tuple[int, dict[str, str]]]:
    """Row of a series result and its legs, by the name of the subject or of the pair."""
    if measure.of == "pair":
        return {
            name: (row, {"subject": view.subjects[a], "against": view.subjects[b]})
            for row, (name, (a, b)) in enumerate(zip(view.pair_names, view.pairs, strict=True))
        }
    return {name: (row, {"subject": name}) for row, name in enumerate(view.subjects)}


def _count(counts: Array | None, row: int, column: int) -> int | None:
    return (
        None if counts is None or not np.isfinite(counts[row, column]) else int(counts[row, column])
    )


def _series(
    measure: Measure, view: View, result: Result, wanted: set[str], history: bool
) -> Iterator[dict[str, Any]]:
    assert isinstance(result.value, Mapping)
    for row, names in series_rows(measure, view).values():
        if names["subject"] not in wanted:
            continue
        for statistic, values in result.value.items():
            for column in np.flatnonzero(np.isfinite(values[row])).tolist() if history else [-1]:
                day = str(view.sessions[column])
                yield {
                    **names,
                    "statistic": statistic,
                    "start": day,
                    "end": day,
                    "value": float(values[row, column]),
                    "n_used": _count(result.n_used, row, column),
                    "n_eligible": _count(result.n_eligible, row, column),
                }


class _Answers:
    """The figures of one question. What those of one subject share is worked out once."""

    def __init__(
        self, measure: Measure, view: View, params: Mapping[str, Any], known: Provenance
    ) -> None:
        self.measure, self.view, self.params, self.known = measure, view, params, known
        self._questions: dict[tuple[Any, ...], Question] = {}
        self._reported = ",".join(n for n in measure.needs if n.startswith("fundamental:"))

    def figure(self, row: Mapping[str, Any]) -> Figure:
        """The figure of one row of the result."""
        subject, against = row["subject"], row.get("against")
        statistic = row.get("statistic") or ""
        value = row.get("value")
        rests = row.get("rests")
        key = subject, against, row.get("basis"), self._reported if rests is None else rests
        if key not in self._questions:
            self._questions[key] = self._question(*key)
        n_used, n_eligible = row.get("n_used"), row.get("n_eligible")
        missing = ""
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            thin = n_used is not None and n_eligible and n_used < self.measure.coverage * n_eligible
            missing = (
                f"no value: {n_used} of {n_eligible} members have data"
                if thin
                else self._no_level(subject, against)
                or "no value: too little history for this window"
            )
        extra = {k: v for k, v in row.items() if k not in ROW}
        return self._questions[key].figure(
            subject,
            value,
            row.get("unit") or self.measure.unit_of(statistic),
            statistic=statistic,
            label=self.view.labels.get(subject, subject),
            against=against,
            start=row.get("start"),
            end=row.get("end"),
            n_used=n_used,
            n_eligible=n_eligible,
            caveats=[missing],
            extra=extra,
        )

    def _no_level(self, *names: str | None) -> str:
        """Which of the legs has no level at all on the basis asked for; empty if each has one."""
        asked = self.params.get("basis") or self.view.basis
        levels = self.view.all_levels.get(str(asked), self.view.levels)
        for name in names:
            if (
                name in self.view.subjects
                and not np.isfinite(levels[self.view.subjects.index(name)]).any()
            ):
                basis = self.known.basis.get(name, "") if asked == "native" else asked
                return f"no value: {name} has no {basis} return level".replace("  ", " ")
        return ""

    def _question(
        self, subject: str, against: str | None, basis: str | None, rests: str
    ) -> Question:
        """What all figures of these legs share: basis, step and caveats."""
        known = self.known
        names = [str(n) for n in (subject, against) if n in known.parents]
        bases = sorted({known.basis[n] for n in names if n in known.basis})
        basis = basis or self.params.get("basis") or ("/".join(bases) if bases else self.view.basis)
        caveats = [c for need in rests.split(",") for c in known.fields.get(need, ())]
        if against is not None and len(bases) > 1:
            legs = ", ".join(f"{n} {known.basis[n]}" for n in names)
            caveats.append(f"the two legs rest on different bases: {legs}")
        if not self.measure.causal:
            caveats.append("uses later data: a description, not a signal")
        return known.question(
            self.measure.name,
            {**self.params, "basis": basis, "as_of": known.as_of},
            code_of(self.measure.module, __name__),
            names=names,
            basis=basis,
            caveats=caveats,
        )


def _iso(value: Value) -> str | None:
    return None if value is None else str(value)[:10]
