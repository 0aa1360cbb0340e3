"""The last sessions against the same slot of earlier years, and where the year's end stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from paceline import evidence
from paceline.engine import Question
from paceline.figures import Figure
from paceline.lineage import Step, code_of
from paceline.measures.seasonality.seasons import RUN
from paceline.studies.answers import Answers
from paceline.studies.target import sessions_to

#: Adjusted p at and below which a comparison stands out.
CLEAR = 0.05


class Slot(NamedTuple):
    """One line's slot this year, and its p adjusted over all slots asked about."""

    now: Figure
    adjusted: Figure


class Comparisons(NamedTuple):
    """All slots, how many there are, and how many of them stand out (None for none)."""

    slots: list[Slot]
    asked: Figure
    clear: Figure | None


class YearEnd(NamedTuple):
    """Why the last ten sessions of the year have no value yet: ``left`` sessions of it remain.

    left is None where they have begun and the reason is another one
    """

    left: Figure | None
    reason: str


def line_name(figure: Figure) -> str:
    """The series that a row of ``seasonality`` is about, for people."""
    return str(figure.extra.get("line") or figure.label)


def comparisons(ask: Answers) -> Comparisons | None:
    """Slots of this year with their p after Benjamini and Hochberg; None where none is judged."""
    now = [
        f
        for f in ask.rows("seasonality")
        if (f.statistic, f.extra.get("kind")) == ("slot", "now")
        and f.value is not None
        and f.extra.get("p") is not None
    ]
    if not now:
        return None
    adjusted = evidence.adjust([float(f.extra["p"]) for f in now]).tolist()
    slots = []
    for f, p in zip(now, adjusted, strict=True):
        own = {"line": line_name(f), "period": str(f.extra["period"])}
        slots.append(Slot(f, _derived(ask, f, "slot adjusted p", p, "estimate", now, **own)))
    far = sum(p <= CLEAR for p in adjusted)
    asked = _derived(ask, now[0], "slots asked", len(now), "count", now)
    clear = _derived(ask, now[0], "slots beyond noise", far, "count", now) if far else None
    return Comparisons(slots, asked, clear)


def years(ask: Answers) -> list[Figure]:
    """The benchmark's slot in every year of its longest period, oldest first."""
    found = [
        f
        for f in ask.rows("seasonality")
        if (f.statistic, f.extra.get("kind")) == ("slot", "year")
        and f.value is not None
        and f.subject == ask.benchmark
        and f.against is None
    ]
    first = found[0].extra.get("period") if found else None
    same = [f for f in found if f.extra.get("period") == first]
    return sorted(same, key=lambda f: int(f.extra["year"]))


def means(ask: Answers) -> list[Figure]:
    """Means of the seasonal windows of single lines that were judged against their control."""
    return [
        f
        for f in ask.rows("seasonality")
        if f.extra.get("kind") == "mean"
        and f.value is not None
        and f.extra.get("effect") is not None
        and f.against is None
    ]


def year_end(ask: Answers) -> YearEnd | None:
    """Why there is no return of the year's last ten sessions; None where there is one."""
    runs = (f for f in ask.rows("seasonality") if f.statistic == "year_end_run")
    run = next((f for f in runs if f.extra.get("kind") == "now"), None)
    if run is None or run.value is not None:
        return None
    today = dt.date.fromisoformat(ask.market.as_of)
    sessions, _ = sessions_to(ask.market, dt.date(today.year, 12, 31))
    left = int((sessions > np.datetime64(today)).sum())
    figure = _derived(ask, run, "sessions left in the year", left, "sessions", [run])
    return YearEnd(figure if left >= RUN else None, str(run.extra.get("state") or ""))


def _derived(
    ask: Answers,
    like: Figure,
    statistic: str,
    value: float,
    unit: str,
    parents: Sequence[Figure],
    **params: str,
) -> Figure:
    """A number worked out from other figures, resting on them."""
    steps = ask.market.steps
    ids = tuple(dict.fromkeys(steps.keep(p.step).id for p in parents))
    which = {"statistic": statistic, **params}
    step = steps.keep(Step("derived", which, ids, code=code_of(__name__)))
    question = Question(like.measure, step, ask.market.as_of, like.basis, like.caveats)
    return question.figure(
        like.subject,
        value,
        unit,
        statistic=statistic,
        label=like.label,
        against=like.against,
        start=like.start,
        end=like.end,
        extra=params,
    )
