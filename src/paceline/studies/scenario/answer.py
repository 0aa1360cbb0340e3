"""A market's answer to a scenario, every number of it a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline import arguments
from paceline.config import Scenario
from paceline.engine import Question
from paceline.errors import NotEnoughData, UsageError
from paceline.figures import Figure, Value, finite_or_none
from paceline.lineage import code_of
from paceline.studies.answers import Answers
from paceline.studies.asking import attempt
from paceline.studies.scenario import catalysts, numbers
from paceline.studies.scenario import drivers as moved
from paceline.studies.scenario import subjects as asked
from paceline.studies.scenario.drivers import Every
from paceline.studies.scenario.study import (
    HALF_LIFE,
    INFLATED,
    WINDOW,
    Found,
    InOther,
    Regressions,
    found,
    in_other,
    regressions,
    spec_of,
)
from paceline.studies.scenario.subjects import Subject

if TYPE_CHECKING:
    import polars as pl

    from paceline.market import Market

QUESTION = "What would it do, and how sure is that?"
ABOUT = {
    "question": QUESTION,
    "definition": "Log returns of each theme over past months or weeks, regressed on the changes "
    "of drivers known in them (least squares; errors of Newey and West; Student t). Effect: "
    "coefficients times the scenario's changes less those of an ordinary period; drivers that it "
    "does not state take their mean given those it does. Interval of the effect by the "
    "coefficients' errors, of an outcome by the residuals too.",
    "never": "That it will come, or that the drivers are the cause: returns and drivers moved "
    "together in the past, and most of what returns did is left unexplained.",
    "references": [
        "Newey, West (1987, 1994), on errors that allow for autocorrelation",
        "MacKinnon, White (1985), on residuals of periods of great leverage",
        "Hoerl, Kennard (1970), Ridge regression",
        "Mahalanobis (1936), On the generalised distance in statistics",
        "Belsley, Kuh, Welsch (1980), Regression Diagnostics",
    ],
}
#: Points of a line that is drawn.
DRAWN = 300
CAUTION = "drivers and returns moved together in the past: that is no cause, and no forecast"


@dataclass(frozen=True)
class ScenarioAnswer:
    """A scenario's numbers (``found``), and each as a figure (``figures``)."""

    market: Market = field(repr=False)
    name: str
    spec: Scenario
    every: Every
    found: Found = field(repr=False)
    other: dict[str, InOther] = field(repr=False)
    questions: dict[str, Question] = field(repr=False)

    @property
    def label(self) -> str:
        """The scenario's name for people."""
        return self.spec.label or self.name.replace("_", " ")

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Those that it could be worked out for."""
        return self.found.by.subjects

    @property
    def question(self) -> Question:
        """The question of the scenario as a whole."""
        return self.questions[""]

    @property
    def beyond(self) -> list[str]:
        """The drivers whose change lies beyond all that history holds."""
        names = self.found.by.drivers.names
        return [n for n, b in zip(names, self.found.beyond.tolist(), strict=True) if b]

    @property
    def half_life(self) -> int:
        """Periods in which the weights of the recent effect halve."""
        return HALF_LIFE[self.every]

    @property
    def window(self) -> int:
        """Periods of a rolling window."""
        return WINDOW[self.every]

    @cached_property
    def untested(self) -> list[catalysts.Untested]:
        """What no series can carry."""
        return [catalysts.untested(self.market, name) for name in self.spec.untested]

    @property
    def periods(self) -> list[tuple[str, str]]:
        """First and last day of the past stretches most like it, nearest first."""
        return self.found.stretches

    @cached_property
    def figures(self) -> dict[tuple[str, str], Figure]:
        """(subject or driver, statistic) to figure."""
        return {row[:2]: self._figure(*row) for row in numbers.rows(self.found, self.other)}

    def figure(self, subject: str, statistic: str) -> Figure:
        """One of them."""
        return self.figures[subject, statistic]

    def of_driver(self, driver: str, statistic: str) -> Figure:
        """One of a driver."""
        return self.figures[f"driver {driver}", statistic]

    def through_time(self, name: str) -> tuple[list[str], list[float | None]]:
        """Days, and the effect on a subject by the coefficients of the window up to each."""
        at = [s.name for s in self.subjects].index(name)
        line = self.found.along[at]
        first = int(np.isfinite(line).argmax())
        days = self.found.by.drivers.ends[1:]
        step = max(len(line[first:]) // DRAWN, 1)
        values = np.expm1(line[first::step]).tolist()
        return [str(d) for d in days[first::step]], [finite_or_none(v) for v in values]

    def _figure(
        self, subject: str, statistic: str, value: Value, unit: str, how: dict[str, Any]
    ) -> Figure:
        question = self.questions.get(subject, self.questions[""])
        labels = {s.name: s.label for s in self.subjects}
        driver = subject.removeprefix("driver ")
        drivers = self.found.by.drivers
        if "evidence" in how:
            how = {**how, "evidence": {k: finite_or_none(v) for k, v in how["evidence"].items()}}
        label = labels.get(subject) or (drivers.label(driver) if driver in drivers.specs else "")
        return question.figure(
            subject,
            value,
            unit,
            statistic=statistic,
            label=label,
            extra={"scenario": self.name},
            **how,
        )

    def frame(self) -> pl.DataFrame:
        """One row per number: subject, statistic, value, unit, window, caveats, figure id."""
        import polars as pl

        rows = [f.to_json() for f in self.figures.values()]
        keep = ("subject", "statistic", "value", "unit", "start", "end", "basis", "as_of", "figure")
        return pl.DataFrame(
            [{k: r[k] for k in keep} | {"caveats": "; ".join(r["caveats"])} for r in rows],
            infer_schema_length=None,
            strict=False,
        )


def weigh(
    market: Market,
    name: str,
    *,
    every: Every = "month",
    subjects: Sequence[str] | None = None,
    drivers: Sequence[str] | None = None,
) -> ScenarioAnswer:
    """What a declared scenario does to themes and sectors: see ``ABOUT``.

    every     "month" or "week": the periods whose returns are regressed
    subjects  rotations and baskets; default: every rotation, pair of a theme, and sector
    drivers   only these of the declared drivers
    Raises ``UnknownName``, ``UsageError`` for drivers that cannot be told apart, ``NotEnoughData``
    for histories that are too short or have ended.
    """
    asked_for = ["scenario", name, every, subjects, drivers]
    return market.memo(asked_for, lambda: _weigh(market, name, every, subjects, drivers))


def _weigh(
    market: Market,
    name: str,
    every: Every,
    subjects: Sequence[str] | None,
    drivers: Sequence[str] | None,
) -> ScenarioAnswer:
    spec = spec_of(market, name)
    if every not in moved.PER_MONTH:
        raise UsageError(f"every {every!r} is no period.", "Give month or week.")
    names = None if subjects is None else asked.named(market, arguments.names(subjects, "subjects"))
    only = None if drivers is None else list(arguments.names(drivers, "drivers"))
    needed = [*moved.baskets_of(market), *asked.legs(market, names)]
    market = market.including(market.resolve(needed))
    by = _regressions(market, every, names, only)
    answer = found(spec, by, name)
    params = {
        "scenario": name,
        **spec.model_dump(mode="json", exclude={"label", "source", "untested"}),
        "every": every,
        "subjects": names or [],
        "only": only or [],
        "drivers": {n: d.model_dump(mode="json") for n, d in by.drivers.specs.items()},
        "as_of": market.as_of,
    }
    other = _other(market, spec, every, names, only, name)
    questions = _questions(market, answer, params)
    return ScenarioAnswer(market, name, spec, every, answer, other, questions)


def _other(
    market: Market,
    spec: Scenario,
    every: Every,
    names: list[str] | None,
    only: list[str] | None,
    name: str,
) -> dict[str, InOther]:
    """The effects by weeks in place of months, or by months in place of weeks; empty without."""
    other: Every = "week" if every == "month" else "month"
    try:
        return in_other(spec, _regressions(market, other, names, only), name)
    except NotEnoughData:
        return {}


def _regressions(
    market: Market, every: Every, names: list[str] | None, only: list[str] | None
) -> Regressions:
    """The regressions that all scenarios of a market share."""
    asked_for = ["scenario", every, names, only]
    return market.memo(asked_for, lambda: regressions(market, every, names, only))


def declared(ask: Answers) -> list[ScenarioAnswer]:
    """The answer to every declared scenario that has one; the others' reasons are kept."""
    answers = (
        attempt(ask, f"scenario {name}", partial(weigh, ask.market, name))
        for name in ask.market.file.scenarios
    )
    return [answer for answer in answers if answer is not None]


def _questions(market: Market, answer: Found, params: dict[str, Any]) -> dict[str, Question]:
    """The question of each subject, and that of the drivers alone ("")."""
    drivers = answer.by.drivers
    high = [
        f"{drivers.label(n)} says much the same as other drivers: its own part is not known well"
        for n, v in zip(drivers.names, answer.by.collinearity.inflation, strict=True)
        if v > INFLATED
    ]
    beyond = [
        f"{drivers.label(n)}: the scenario lies beyond all that history holds"
        for n, b in zip(drivers.names, answer.beyond, strict=True)
        if b
    ]
    caveats = [CAUTION, *beyond, *high, *drivers.notes]
    return {
        "" if s is None else s.name: _question(market, drivers.series, params, caveats, s)
        for s in (None, *answer.by.subjects)
    }


def _question(
    market: Market,
    series: Sequence[str],
    params: dict[str, Any],
    caveats: Sequence[str],
    subject: Subject | None,
) -> Question:
    """What the figures of a subject carry: its line's lineage and that of every driver."""
    legs = [] if subject is None else list(subject.line.legs)
    own = [] if subject is None or legs else [subject.line.name.removeprefix("-")]
    basis = "" if subject is None else subject.line.basis
    names = list(dict.fromkeys([*legs, *own, *series]))
    baskets = [n for n in names if n in market.baskets]
    known = market.provenance(baskets, dict.fromkeys(legs, basis))
    # of which day a driver's last value is depends on its lag: the drivers say that themselves
    known = replace(market.moment.lineage.with_series(known), dated=known.dated)
    return known.question(
        "scenario",
        {**params, "subject": "" if subject is None else subject.name},
        code_of("paceline.studies.scenario"),
        names=names,
        basis=basis,
        caveats=[*caveats, "" if subject is None else subject.note],
    )
