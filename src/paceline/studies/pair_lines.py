"""The declared rotations of a report, and the line of each as it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from paceline.figures import Figure, finite_or_none
from paceline.studies import episodes
from paceline.studies.answers import Answers
from paceline.studies.asking import attempt
from paceline.studies.episodes import Study
from paceline.studies.false_alarms import false_alarms

#: Where a drawn line begins.
BASE = 100.0


class DrawnLine(NamedTuple):
    """A line to draw: one value per day, None where there is none, and the figure of its last."""

    days: list[str]
    values: list[float | None]
    figure: Figure


def study_of(ask: Answers, name: str) -> Study | None:
    """The study of one declared rotation; None, with the reason kept, where there can be none."""
    make = partial(episodes.study, ask.market, name)
    return attempt(ask, f"episodes {name}", lambda: ask.market.memo(["study", name], make))


def declared(ask: Answers) -> list[Study]:
    """The study of every declared rotation that can be studied; the others' reasons are kept.

    The rates of noise of all of them are worked out in one pass.
    """
    asked = (study_of(ask, name) for name in ask.market.file.rotations)
    studies = [study for study in asked if study is not None]
    if studies:
        first = studies[0]
        lines = [s.rotations.line(s.pair.name) for s in studies]
        returns = [None, *map(np.diff, lines)]
        false_alarms(
            first.market.store.cache,
            returns,
            first.c,
            step=first.step,
            year=first.market.stored.sessions_of_year,
        )
    return studies


def price_relative(study: Study, sessions: int) -> DrawnLine | None:
    """First leg over second, 100 at the first value of the last ``sessions``; None without any."""
    line = study.rotations.line(study.pair.name)[-sessions:]
    days: Sequence[object] = study.days[-len(line) :].tolist()
    gaps = [
        study.market.moment.coverage.gaps(n, study.basis)
        for n in (study.pair.lead, study.pair.against)
    ]
    unknown = {d for g in gaps if g is not None for d in g.unknown}
    line = np.where([str(d) in unknown for d in days], np.nan, line)
    there = np.flatnonzero(np.isfinite(line))
    if not len(there):
        return None
    first = int(there[0])
    values = [finite_or_none(v) for v in (BASE * np.exp(line - line[first])).tolist()]
    figure = study.figure("line", values[-1], "level", start=days[first])
    return DrawnLine([str(d) for d in days], values, figure)
