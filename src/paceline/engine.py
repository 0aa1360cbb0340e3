"""From a measure's ``Result`` to figures: coverage, basis, caveats and lineage are enforced here and only here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from paceline.errors import NotEnoughData
from paceline.figures import UNITS, Figure
from paceline.lineage import Step
from paceline.measures import Array, Measure, Result, Span, View

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
class Provenance:
    """What the engine knows about the subjects of a view: lineage, caveats and basis of each."""

    parents: Mapping[str, tuple[str, ...]]  # subject -> ids of the steps it was built from
    caveats: Mapping[str, tuple[str, ...]]  # subject -> weaknesses of the data behind it
    basis: Mapping[str, str]  # subject -> basis of its level
    general: tuple[str, ...] = ()  # caveats of every figure of this market
    steps: dict[str, Step] = field(default_factory=dict)  # every step made so far, by id
    # "fundamental:<item>" -> caveats
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def keep(self, step: Step) -> Step:
        self.steps[step.id] = step
        return step


def evaluate(measure: Measure, view: View, params: Mapping[str, Any]) -> Result:
    """Run a measure and blank its series where coverage is below the declared share.

    Returns the result with ``value`` as {statistic: (S, T)}. A series value is NaN where
    n_used < coverage * n_eligible. Raises ``NotEnoughData`` for a view without subjects.
    """
    if not view.subjects and measure.of != "market":
        raise NotEnoughData(
            f"{measure.name}: no basket has the data it needs.",
            "Check `paceline list baskets` and `paceline doctor`.",
        )
    result = measure(view, **params)
    if result.table is not None or result.value is None:
        return result
    values = result.value if isinstance(result.value, Mapping) else {"": result.value}
    if result.n_used is not None and result.n_eligible is not None:
        thin = result.n_used < measure.coverage * result.n_eligible
        values = {name: np.where(thin, np.nan, v) for name, v in values.items()}
    return Result(values, result.n_used, result.n_eligible)


def recent(view: View, sessions: int) -> View:
    """The end of a view: its last ``sessions`` sessions, and as many before them as the first of them needs to lie
    in a whole span between rebalances, with the close before it. Views of the arrays, no copies."""
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
    """The figures of a result: one per row of a table; of a series, its last value (or, with
    ``history``, one per session). ``subjects`` keeps only those."""
    wanted = {*view.subjects, *view.series} if subjects is None else set(subjects)
    say = _Said(measure, view, params, known)
    if result.table is not None:
        return [
            say.figure(row)
            for row in result.table.iter_rows(named=True)
            if row["subject"] in wanted
        ]
    return [say.figure(row) for row in _series(measure, view, result, wanted, history)]


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
    return _Said(measure, view, params, known).figure(
        {
            **names,
            "statistic": statistic,
            "value": float(result.value[statistic][row, -1]),
            "n_used": _count(result.n_used, row, -1),
            "n_eligible": _count(result.n_eligible, row, -1),
        }
    )


def series_rows(measure: Measure, view: View) -> dict[str, tuple[int, dict[str, str]]]:
    """Row of a series result and its legs, by the name of the subject or, for pairs, of the pair."""
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


class _Said:
    """The figures of one question. What those of one subject share is worked out once."""

    def __init__(
        self, measure: Measure, view: View, params: Mapping[str, Any], known: Provenance
    ) -> None:
        self.measure, self.view, self.params, self.known = measure, view, params, known
        self.as_of = str(view.sessions[-1])
        self._shared: dict[tuple[Any, ...], tuple[str, Step, tuple[str, ...]]] = {}
        self._reported = ",".join(n for n in measure.needs if n.startswith("fundamental:"))

    def figure(self, row: Mapping[str, Any]) -> Figure:
        subject, against = row["subject"], row.get("against")
        statistic = row.get("statistic") or ""
        unit = row.get("unit") or self.measure.unit_of(statistic)
        assert unit in UNITS, f"{self.measure.name}: unit {unit!r} is not one of {UNITS}"
        value = row.get("value")
        if isinstance(value, float) and not math.isfinite(value):
            value = None
        rests = row.get("rests")
        key = subject, against, row.get("basis"), self._reported if rests is None else rests
        if key not in self._shared:
            self._shared[key] = self._share(*key)
        basis, question, caveats = self._shared[key]
        n_used, n_eligible = row.get("n_used"), row.get("n_eligible")
        if value is None:
            thin = n_used is not None and n_eligible and n_used < self.measure.coverage * n_eligible
            missing = (
                f"no value: {n_used} of {n_eligible} members have data"
                if thin
                else self._no_level(subject, against)
                or "no value: too little history for this window"
            )
            caveats = tuple(dict.fromkeys((*caveats, missing)))
        extra = {k: v for k, v in row.items() if k not in ROW}
        which = {
            k: str(v)
            for k, v in {
                "subject": subject,
                "against": against,
                "statistic": statistic,
                "start": row.get("start"),
                "end": row.get("end"),
                **extra,
            }.items()
            if v not in (None, "") and not isinstance(v, (int, float))
        }
        return Figure(
            measure=self.measure.name,
            subject=subject,
            value=value,
            unit=unit,
            step=Step("figure", which, (question.id,)),
            label=self.view.labels.get(subject, subject),
            against=against,
            statistic=statistic,
            start=_iso(row.get("start")),
            end=_iso(row.get("end")) or self.as_of,
            as_of=self.as_of,
            basis=basis,
            n_used=n_used,
            n_eligible=n_eligible,
            caveats=caveats,
            extra=extra,
        )

    def _no_level(self, *names: str | None) -> str:
        """Says which of the legs has no level at all on the basis asked for; empty if each has one."""
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

    def _share(
        self, subject: str, against: str | None, basis: str | None, rests: str
    ) -> tuple[str, Step, tuple[str, ...]]:
        """Basis, step of the question and caveats of all figures of these legs."""
        known = self.known
        names = [str(n) for n in (subject, against) if n in known.parents]
        bases = sorted({known.basis[n] for n in names if n in known.basis})
        basis = basis or self.params.get("basis") or ("/".join(bases) if bases else self.view.basis)
        caveats = [c for n in names for c in known.caveats.get(n, ())]
        caveats += [c for need in rests.split(",") for c in known.fields.get(need, ())]
        # real history beside a simulated market
        if not names or not all(n.startswith(REAL) for n in names):
            caveats += known.general
        if against is not None and len(bases) > 1:
            caveats.append(
                "the two legs rest on different bases: "
                + ", ".join(f"{n} {known.basis[n]}" for n in names)
            )
        if not self.measure.causal:
            caveats.append("uses later data: a description, not a signal")
        parents = tuple(dict.fromkeys(p for n in names for p in known.parents[n]))
        question = known.keep(
            Step(self.measure.name, {**self.params, "basis": basis, "as_of": self.as_of}, parents)
        )
        return basis, question, tuple(dict.fromkeys(caveats))


def _iso(value: Any) -> str | None:
    return None if value is None else str(value)[:10]
