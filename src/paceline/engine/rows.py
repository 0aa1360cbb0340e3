"""The figures of a measure's result: one per row of a table, or of a series."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from paceline.engine.evaluation import ROW, counted_on, series_rows
from paceline.engine.question import Provenance, Question
from paceline.figures import Figure
from paceline.lineage import code_of, digest
from paceline.measures import Array, Measure, Result, View
from paceline.signals.lows import no_low
from paceline.signals.tables import day
from paceline.wording import agreeing, number_of

#: Names that a reason lists.
LISTED = 8
#: A value that looks back to fewer sessions is one of its own session.
MIN_REACH = 2


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

    With ``history`` one per session of a series; ``subjects`` keeps only those, and one of them
    without any row has one figure without a value that says why.
    """
    wanted = {*view.subjects, *view.series} if subjects is None else set(subjects)
    answers = _RowFigures(measure, view, params, known)
    if result.table is not None:
        rows = (r for r in result.table.iter_rows(named=True) if r["subject"] in wanted)
        made = [answers.figure(row) for row in rows]
    else:
        made = [answers.figure(row) for row in _series(measure, view, result, wanted, history)]
    told = {f.subject for f in made} | {f.against for f in made}
    return made + [answers.nothing(s) for s in dict.fromkeys(subjects or ()) if s not in told]


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
    return _RowFigures(measure, view, params, known).figure(
        {
            **names,
            "statistic": statistic,
            "start": day,
            "end": day,
            "value": float(result.value[statistic][row, -1]),
            "n_used": _count(result.n_used, row, -1),
            "n_eligible": _count(result.n_eligible, row, -1),
            "reason": _reason(result, statistic, row, -1),
        }
    )


def _count(counts: Array | None, row: int, column: int) -> int | None:
    return (
        None if counts is None or not np.isfinite(counts[row, column]) else int(counts[row, column])
    )


def _reason(result: Result, statistic: str, row: int, column: int) -> str | None:
    """Why a value of a series is missing, by what its measure says of the session."""
    said = result.reasons.get(statistic, ())
    return next((why for why, where in said if where[row, column]), None)


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
                    "reason": _reason(result, statistic, row, column),
                }


class _RowFigures:
    """The figures of one question. What those of one subject share is worked out once."""

    def __init__(
        self, measure: Measure, view: View, params: Mapping[str, Any], known: Provenance
    ) -> None:
        self.measure, self.view, self.params, self.known = measure, view, params, known
        self._questions: dict[tuple[Any, ...], Question] = {}
        self._lookback, self._shorter = measure.lookback(params), measure.shorter(params)
        self._reported = ",".join(n for n in measure.needs if n in {*known.fields, *known.dated})

    @cached_property
    def _counted(self) -> str:
        return counted_on(self.measure, self.view, self.params)

    def figure(self, row: Mapping[str, Any]) -> Figure:
        """The figure of one row of the result."""
        subject, against = row["subject"], row.get("against")
        statistic = row.get("statistic") or ""
        value = row.get("value")
        rests = row.get("rests")
        key = (
            subject,
            against,
            row.get("basis"),
            self._reported if rests is None else rests,
            row.get("part"),
        )
        if key not in self._questions:
            self._questions[key] = self._question(*key)
        n_used, n_eligible = row.get("n_used"), row.get("n_eligible")
        question, reach = self._questions[key], self._reach(row)
        if n_eligible is not None and self.measure.of == "basket":
            n_eligible = question.members_of(str(row.get("end")), n_eligible)
        missing = ""
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            thin = n_used is not None and n_eligible and n_used < self.measure.coverage * n_eligible
            missing = (
                f"no value: {n_used} of {number_of(n_eligible or 0, 'member')} "
                f"{agreeing(n_used or 0, 'has', 'have')} data"
                if thin
                else question.refusal(row.get("start"), row.get("end"), reach)
                or self._no_level(subject, against)
                or f"no value: {row.get('reason') or self._too_short(row)}"
            )
        extra = {k: v for k, v in row.items() if k not in ROW}
        return question.figure(
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
            caveats=[
                missing,
                row.get("caveat") or "",
                *(self._begun(subject, against, after=reach) if reach is not None else ()),
                *self._chosen(row),
                *(question.lacking(row.get("end"), row["until"]) if row.get("until") else ()),
                self.view.year_note if statistic in self.measure.annualised else "",
            ],
            extra=extra,
            reach=reach,
        )

    def nothing(self, subject: str) -> Figure:
        """The figure that stands where the result has no row of a subject that was asked for."""
        caveat = self._no_level(subject) or f"no value: {self._why_nothing(subject)}"
        unit = self.measure.unit
        return self._question(subject, None, None, self._reported).figure(
            subject,
            None,
            unit if isinstance(unit, str) else next(iter(unit.values())),
            label=self._called(subject),
            caveats=[caveat],
        )

    def _called(self, name: str) -> str:
        return self.view.labels.get(name, name)

    def _why_nothing(self, subject: str) -> str:
        """What a measure lacks that has no row of a subject."""
        view, needs, called = self.view, self.measure.needs, self._called(subject)
        if self.measure.of == "pair":
            legs = {view.subjects[leg] for pair in view.pairs for leg in pair}
            if subject not in legs:
                none = f"no rotation of the market file has {called} as a leg"
                return f"{none}; give one with --against"
        if "series" in needs and not view.series:
            return "no source of this market states series"
        if "group" in self.params:
            named = self.params["group"]
            groups = {n: g for n, g in view.groups.items() if named in (None, n)}
            if not groups:
                return "the market file declares no group of baskets"
            if not any(groups.values()):
                return f"no member has a class by which {' or '.join(groups)} could be made"
        if "series" in needs:
            shown = ", ".join(sorted(view.series)[:LISTED])
            if self.params.get("series") == ():
                return f"neither series nor [report.page_one] macro names any of those: {shown}"
            return f"the series that it needs are not among those stated, or too short: {shown}"
        sessions = np.isfinite(self._level(subject)).sum() if subject in view.subjects else 0
        history = f"{called} has {number_of(int(sessions), 'session')} with a level"
        if self._lookback is not None and sessions < self._lookback:
            return f"{history}, and this looks back to {self._lookback}"
        return f"too little history, or nothing of the kind in it: {history}"

    def _reach(self, row: Mapping[str, Any]) -> str | None:
        """The session before the first that a value of a series looks back to.

        "" for all of history; None for a value with a window of its own.
        """
        if row.get("reach") is not None:
            return str(row["reach"])
        if self.measure.shows != "series" or row.get("start") != row.get("end"):
            return None
        sessions = self._shorter.get(row.get("statistic") or "", self._lookback)
        if sessions is None:
            return ""
        if sessions < MIN_REACH:
            return None
        at = int(np.searchsorted(self.view.sessions, np.datetime64(str(row["end"])), side="right"))
        return str(self.view.sessions[max(at - 1 - sessions, 0)].astype("datetime64[D]"))

    def _no_level(self, *names: str | None) -> str:
        """Which of the legs has no level at all on the basis asked for; empty if each has one."""
        asked = self.params.get("basis") or self.view.basis
        for name in names:
            if name in self.view.subjects and not np.isfinite(self._level(name)).any():
                basis = self.known.basis.get(name, "") if asked == "native" else asked
                called = self._called(name)
                gaps = self.known.gaps(name, basis)
                why = self.known.no_total() if basis == "total" else ""
                why = why or (gaps.lacks if gaps is not None else "")
                none = f"no value: {called} has no {basis} return level".replace("  ", " ")
                return f"{none}: {why}" if why else none
        return ""

    def _chosen(self, row: Mapping[str, Any]) -> list[str]:
        """What the choice of further baskets lacked: a row's part, or the group that it is of."""
        group = [self.view.subjects[k] for k in self.view.groups.get(row.get("group") or "", ())]
        further = [row["part"]] if row.get("part") else [] if row["subject"] in group else group
        first, end = str(row.get("start") or row.get("end")), str(row.get("end"))
        found = (self.known.gaps(name, "") for name in further)
        return [why for of in found if of is not None for why in of.chosen(first, end)]

    def _level(self, name: str) -> Array:
        """(T,) the level of a subject on the basis asked for."""
        asked = self.params.get("basis") or self.view.basis
        levels = self.view.all_levels.get(str(asked), self.view.levels)
        own: Array = levels[self.view.subjects.index(name)]
        return own

    def _too_short(self, row: Mapping[str, Any]) -> str:
        """Why a window has no value whose levels lack nothing: they begin too late for it."""
        if row.get("start") is None and row.get("statistic") == "since_low":
            return no_low(self.view)
        begun = ", ".join(self._begun(row["subject"], row.get("against")))
        why = "too little history for this window"
        return f"{why}: {begun}" if begun else why

    def _begun(self, *names: str | None, after: str | None = None) -> list[str]:
        """On which day the level of each leg begins; where it is after a day, "" for the first."""
        firsts = {
            self._called(str(name)): there[0]
            for name in names
            if name in self.view.subjects
            and len(there := np.flatnonzero(np.isfinite(self._level(str(name)))))
        }
        days = self.view.sessions
        known = -1 if after is None else int(np.searchsorted(days, np.datetime64(after or days[0])))
        return [f"{n} begins on {day(days, int(t))}" for n, t in firsts.items() if t > known]

    def _question(
        self,
        subject: str,
        against: str | None,
        basis: str | None,
        rests: str,
        part: str | None = None,
    ) -> Question:
        """What all figures of these legs share: basis, step and caveats.

        part  a further basket whose members they are of
        """
        known = self.known
        names = [str(n) for n in (subject, against, part) if n in known.parents]
        bases = sorted({known.basis[n] for n in names if n in known.basis})
        basis = basis or self._counted
        basis = basis or ("/".join(bases) if bases else self.view.basis)
        caveats = [c for need in rests.split(",") for c in known.fields.get(need, ())]
        if against is not None and len(bases) > 1:
            legs = ", ".join(f"{self._called(n)} {known.basis[n]}" for n in names)
            caveats.append(f"the two legs rest on different bases: {legs}")
        if not self.measure.causal:
            caveats.append("uses later data: a description, not a signal")
        return known.question(
            self.measure.name,
            {**self.params, "basis": basis, "as_of": known.as_of},
            digest([code_of(self.measure.module, __name__), known.view]),
            names=names,
            basis=basis,
            caveats=caveats,
            needs=rests.split(","),
            whole=self.measure.of in ("levels", "pair")
            or self.measure.shows != "series"
            or self.measure.on_level,
            members=self.measure.of in ("basket", "market"),
        )
