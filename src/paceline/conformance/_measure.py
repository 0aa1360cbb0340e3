"""The checks of a measure."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl

from paceline.conformance._changes import cut, mapped, reordered, scrambled, split, tail
from paceline.conformance._compare import (
    CAUSAL,
    SAME,
    Axes,
    Difference,
    compare,
    known,
    run,
    same,
    series,
    unequal,
)
from paceline.conformance._declared import declaration, shape
from paceline.conformance._faults import Fault, judge
from paceline.measures import Measure, Result, View
from paceline.plugins import file_of
from paceline.wording import number_of


def check_measure(measure: Measure, view: View, **params: object) -> None:
    """Raise ``ConformanceError`` with every way in which a measure breaks its contract on a view.

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
    judge(measure.name, _Battery(measure, mapped(view, lambda _, a: a), params).faults())


class _Battery:
    """The checks of one measure on one view."""

    def __init__(self, measure: Measure, view: View, params: Mapping[str, Any]) -> None:
        self.measure, self.view, self.params = measure, view, params
        self.axes = Axes.of(measure, view)

    def faults(self) -> list[Fault]:
        """All faults; those of the result only where there is one of a known kind."""
        told = [Fault(text) for text in declaration(self.measure)]
        inputs = {**self.view.fields, **self.view.all_levels}
        before = {n: a.copy() for n, a in inputs.items()}
        try:
            result = self.measure(self.view, **self.params)
            again = self.measure(self.view, **self.params)
        except Exception as error:
            return [*told, self._raised(error, "on a valid view")]
        if not isinstance(result, Result):
            return [*told, Fault(f"returns {type(result).__name__}, not a Result")]
        # equal_nan comparisons of the inputs: a write through a private copy of the flags would
        # show here
        if any(unequal(before[n], a, 0.0) for n, a in inputs.items()):
            told.append(Fault("changes its input"))
        told += self._told("not pure: run twice", "nothing", same(result, again, 0.0, self.axes))
        misfits = shape(self.measure, self.view, result)
        told += [Fault(text) for text in misfits]
        if any("has shape" in text or "lacks column" in text for text in misfits):
            return told
        if self.measure.causal:
            told += self._causal(result)
        return [*told, *self._invariant(result), *self._lookback(result)]

    def _invariant(self, result: Result) -> Iterator[Fault]:
        """What must not matter: the order of the securities, splits, the base of an index."""
        if not self.view.securities:
            return
        for check, changed, change in (
            (
                "depends on the order of securities",
                "the securities stand in another order",
                reordered,
            ),
            (
                "a split changes it",
                "every stock is split three for one on a session of its own, and every return "
                "index starts from another base",
                split,
            ),
        ):
            other = self._run(change(self.view), changed)
            yield from self._after(
                check, changed, other, lambda r: same(result, r, SAME, self.axes)
            )

    def _lookback(self, result: Result) -> Iterator[Fault]:
        """The last value from the sessions that the measure says it needs."""
        settings = {**self.measure.defaults(), **self.params}
        lookback = self.measure.lookback(settings)
        if lookback is None or result.table is not None or len(self.view.sessions) <= lookback + 1:
            return
        changed = f"the view began {number_of(lookback, 'session')} before its last one"
        axes = self.axes._replace(sessions=self.axes.sessions[-1:])

        def last(found: Result | None) -> Result | None:
            return found and Result({n: a[:, -1:] for n, a in series(found).items()})

        yield from self._after(
            f"lookback of {lookback} is too short",
            changed,
            self._run(tail(self.view, lookback + 1), changed),
            lambda short: same(last(result), last(short), SAME, axes),
        )

    def _causal(self, result: Result) -> list[Fault]:
        """What was said by session t, against what is said without a future, or with another.

        Told is the first session at which they differ.
        """
        T = len(self.view.sessions)
        for t in sorted({T // 3, T // 2, 3 * T // 4, T - 2}):
            day, told = str(self.view.sessions[t]), list[Fault]()
            for short, how, changed, other in (
                (True, "cut", f"the view was cut at session {t} ({day})", cut(self.view, t)),
                (
                    False,
                    "with another future",
                    f"everything after session {t} ({day}) was shuffled and disturbed",
                    scrambled(self.view, t),
                ),
            ):
                found = self._run(other, changed)
                if isinstance(found, Fault):
                    told.append(found)
                elif found is not None:
                    by_then = self._by_then(result, found, t, short)
                    told += self._told(f"looks ahead of {day} ({how})", changed, by_then)
            if told:
                return told
        return []

    def _by_then(self, full: Result, other: Result, t: int, short: bool) -> list[Difference]:
        """Differences in what was known by session t."""
        if full.table is None or other.table is None:
            before, after = (
                Result({n: a[:, : t + 1] for n, a in series(r).items()}) for r in (full, other)
            )
            return same(before, after, CAUSAL, self.axes)
        last = self.view.sessions[t if short else -1]
        day = pl.lit(self.view.sessions[t]).cast(pl.Date)
        stated = _settled(full.table, self.view.sessions[-1]).filter(pl.col("known") <= day)
        anew = _settled(other.table, last).filter(pl.col("known") <= day)
        same_rows = not short or self.measure.shows == "events"
        return compare(stated, anew, CAUSAL, same_rows=same_rows)

    def _run(self, view: View, changed: str) -> Result | Fault | None:
        """The result on a changed view; None where the question cannot be put to it."""
        try:
            return run(self.measure, view, self.params)
        except Exception as error:
            return self._raised(error, f"when {changed}")

    def _raised(self, error: Exception, when: str) -> Fault:
        file = file_of(self.measure.function)
        frames = traceback.extract_tb(error.__traceback__)
        line = next((f" in line {f.lineno}" for f in reversed(frames) if f.filename == file), "")
        return Fault(f"raises {type(error).__name__}{line} {when}: {error}")

    def _after(
        self,
        check: str,
        changed: str,
        found: Result | Fault | None,
        compared: Callable[[Result | None], list[Difference]],
    ) -> list[Fault]:
        if isinstance(found, Fault):
            return [found]
        return self._told(check, changed, compared(found))

    def _told(self, check: str, changed: str, differences: list[Difference]) -> list[Fault]:
        return [Fault(f"{check}: {d.says}", changed, d.cells) for d in differences]


def _settled(table: pl.DataFrame, last: np.datetime64) -> pl.DataFrame:
    """The rows that may not change any more: an open phase says that it is provisional."""
    table = known(table)
    if "provisional" not in table.columns:
        return table
    open_ = pl.col("provisional") & (pl.col("known") == pl.lit(last).cast(pl.Date))
    return table.filter(~open_.fill_null(False))
