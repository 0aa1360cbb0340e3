"""Dated events: what themes and sectors did around each kind, against all other days."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline import arguments
from paceline.arrays import Array, Bools, Dates, Ints
from paceline.config import DatedEvent
from paceline.engine import Question
from paceline.errors import NotEnoughData, UnknownName
from paceline.evidence import Evidence, event_evidence, judge_family
from paceline.figures import Figure
from paceline.lineage import code_of
from paceline.methods import event_study
from paceline.studies.kept import kept
from paceline.studies.scenario import subjects as asked
from paceline.studies.theme_lines import Line

if TYPE_CHECKING:
    import polars as pl

    from paceline.market import Market

QUESTION = "What have themes done around such days?"
ABOUT = {
    "question": QUESTION,
    "definition": "Return of each theme over a window of sessions around the days of one kind, "
    "against all sessions. p: all days moved together by every number of sessions (placebo), "
    "corrected over all themes (Benjamini, Hochberg). Beside it the standardised test of abnormal "
    "returns, by a market model, and a rank test.",
    "never": "That the day was the cause: it falls among other news, and many kinds and themes "
    "were looked at.",
    "references": [
        "MacKinlay (1997), Event Studies in Economics and Finance",
        "Boehmer, Musumeci, Poulsen (1991), on variance that events raise",
        "Corrado (1989), a rank test of abnormal returns",
    ],
}
#: Draws of the interval's bootstrap.
DRAWS = 200
#: Sessions after which a longer history is not asked for: ten years.
ENOUGH = 2520
#: Columns of an event's rows: statistic, unit.
COLUMNS = (
    *(("mean", "return"), ("ordinary", "return"), ("effect", "return"), ("low", "return")),
    *(("high", "return"), ("rose", "fraction"), ("events", "count"), ("p", "estimate")),
    *(("adjusted_p", "estimate"), ("standardised_t", "estimate"), ("rank_z", "estimate")),
)


@dataclass(frozen=True)
class Around:
    """What one line did around the days of one kind.

    at        sessions of its line on which they fell, with a whole window
    value     (T,) return over the window around each of its sessions
    evidence  mean around them less mean of all, with its placebo
    tested    tests of abnormal returns
    """

    name: str
    line: Line
    at: Ints
    value: Array = field(repr=False)
    evidence: Evidence
    tested: event_study.Tested

    @property
    def label(self) -> str:
        """The line's name for people."""
        return self.line.label

    def number(self, statistic: str) -> float | None:
        """One of ``COLUMNS``; None where there are too few events to judge."""
        seen = self.value[self.at]
        e, judged = self.evidence, self.tested
        return {
            "mean": float(seen.mean()) if len(seen) else None,
            "ordinary": float(np.nanmean(self.value)) if np.isfinite(self.value).any() else None,
            "rose": float((seen > 0).mean()) if len(seen) else None,
            "events": len(seen),
            **{"effect": e.effect, "low": e.low, "high": e.high, "p": e.p},
            "adjusted_p": e.p_adjusted,
            "standardised_t": judged.standardised,
            "rank_z": judged.rank,
        }[statistic]


@dataclass(frozen=True)
class Untested:
    """What no series can carry, and what the headline's rotations did around past ones.

    past  None where no events of the name are declared, or none lies in the history
    """

    label: str
    past: Catalyst | None


@dataclass(frozen=True)
class Catalyst:
    """One kind of event: its days, and what each line did around them."""

    market: Market = field(repr=False)
    event: DatedEvent
    days: Dates
    next: str
    lines: tuple[Around, ...]

    @property
    def label(self) -> str:
        """Its name for people."""
        return self.event.label or self.event.name.replace("_", " ")

    @cached_property
    def figures(self) -> dict[tuple[str, str], Figure]:
        """(line, statistic) to figure."""
        return {
            (one.name, statistic): figure
            for one in self.lines
            for statistic, figure in self._of(one)
        }

    def figure(self, name: str, statistic: str) -> Figure:
        """One of them."""
        return self.figures[name, statistic]

    @property
    def question(self) -> Question:
        """The question of its first line."""
        return self._question(self.lines[0].line)

    def _of(self, one: Around) -> Iterator[tuple[str, Figure]]:
        question = self._question(one.line)
        start = one.line.days[one.at[0]] if len(one.at) else None
        for statistic, unit in COLUMNS:
            evidence = one.evidence.to_json() if statistic == "effect" else {}
            value = one.number(statistic)
            yield (
                statistic,
                question.figure(
                    one.name,
                    value,
                    unit,
                    statistic=statistic,
                    label=one.label,
                    start=start,
                    end=self.market.as_of,
                    caveats=[one.evidence.note],
                    evidence=evidence,
                    extra={"event": self.event.name},
                ),
            )

    def _question(self, line: Line) -> Question:
        names = list(line.legs) or [line.name.removeprefix("-")]
        known = self.market.provenance(line.legs, dict.fromkeys(line.legs, line.basis))
        return self.market.moment.lineage.with_series(known).question(
            "catalysts",
            {**self.event.model_dump(mode="json"), "line": line.name, "as_of": self.market.as_of},
            code_of(__name__),
            names=names,
            basis=line.basis,
            caveats=[
                "many kinds of days and themes were looked at: p is corrected over the themes",
                f"days: {self.event.source}" if self.event.source else "",
            ],
        )

    def frame(self) -> pl.DataFrame:
        """One row per number: subject, statistic, value, unit, window, figure id."""
        import polars as pl

        rows = [f.to_json() for f in self.figures.values()]
        keep = ("subject", "statistic", "value", "unit", "start", "end", "basis", "as_of", "figure")
        return pl.DataFrame([{k: r[k] for k in keep} for r in rows], infer_schema_length=None)


def event_of(market: Market, name: str) -> DatedEvent:
    """A declared kind of event; ``UnknownName`` for any other."""
    declared = {event.name: event for event in market.file.events}
    if name not in declared:
        raise UnknownName("event", name, declared)
    return declared[name]


def days_of(market: Market, event: DatedEvent) -> Dates:
    """Its days, past and to come: by its rule as far as the calendar reaches, else as listed."""
    if event.rule:
        return event_study.days_of_rule(event.rule, event.months, market.sessions)
    return np.array(sorted(event.dates), "datetime64[D]")


def around(market: Market, name: str, subjects: Sequence[str] | None = None) -> Catalyst:
    """What rotations and sectors did around the days of a declared kind.

    subjects  rotations and baskets; default: every rotation, pair of a theme, and sector
    Raises ``UnknownName``, ``NotEnoughData`` where none of its days lies in the history.
    """
    event = event_of(market, name)
    names = None if subjects is None else asked.named(market, arguments.names(subjects, "subjects"))
    wide = market.including(asked.legs(market, names))
    days = days_of(market, event)
    today = np.datetime64(market.as_of)
    past, ahead = days[days <= today], days[days > today]
    found = [_around(wide, event, past, n, line) for n, line in asked.lines(wide, names, _length)]
    found = [one for one in found if len(one.at)]
    if not found:
        raise NotEnoughData(
            f"events.{name}: none of its {len(days)} days lies in the stored history.",
            "Give earlier days, or bring a longer history.",
        )
    judged = judge_family([one.evidence for one in found])
    lines = tuple(
        Around(o.name, o.line, o.at, o.value, e, o.tested)
        for o, e in zip(found, judged, strict=True)
    )
    return Catalyst(wide, event, past, str(ahead[0]) if len(ahead) else "", lines)


def untested(market: Market, name: str) -> Untested:
    """A name of ``untested`` of a scenario, with past events of that name where they are declared.

    Shown are the rotations of the headline, else the first of all.
    """
    if name not in {event.name for event in market.file.events}:
        return Untested(name, None)
    shown = market.file.report.headline or list(market.file.rotations)[:1]
    try:
        past = around(market, name, shown or [market.benchmark])
    except NotEnoughData:
        return Untested(event_of(market, name).label or name, None)
    return Untested(past.label, past)


def _length(line: Line) -> int:
    """Sessions of a line, as far as they matter."""
    return min(int(np.isfinite(line.line).sum()), ENOUGH)


def _around(market: Market, event: DatedEvent, past: Dates, name: str, line: Line) -> Around:
    value = event_study.around(line.line, event.window)
    if not len(line.days):
        return Around(name, line, np.empty(0, np.int64), value, Evidence(None), _UNTESTED)
    at = event_study.sessions_of(past, line.days, event.closed)
    at = at[np.isfinite(value[at])]
    happened = np.zeros(len(value), bool)
    happened[at] = True
    length = event.window[1] - event.window[0] + 1
    evidence = _judged(market, value, happened, length)
    benchmark = _benchmark(market, line.days)
    return Around(
        name, line, at, value, evidence, event_study.tested(line.line, benchmark, at, event.window)
    )


_UNTESTED = event_study.Tested(0, math.nan, math.nan)


def _judged(market: Market, value: Array, happened: Bools, length: int) -> Evidence:
    """The events' evidence, from the cache where it was worked out before."""

    def make() -> dict[str, Any]:
        return asdict(event_evidence(value, happened, horizon=length, draws=DRAWS))

    asked_for = [value, happened, length, DRAWS]
    found = kept(market.store.cache, "catalysts", "paceline.evidence", asked_for, make, keep=1000)
    return Evidence(**found)


def _benchmark(market: Market, days: Dates) -> Array:
    """(T,) log level of the benchmark on a line's days; NaN where it has none."""
    levels = market.all_levels
    level = levels.native[levels.names.index(market.benchmark)]
    at = np.minimum(np.searchsorted(levels.sessions, days), len(levels.sessions) - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(levels.sessions[at] == days, np.log(level[at]), np.nan)
