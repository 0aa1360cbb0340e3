"""Do turns last? What followed the turns of every line of every theme, with intervals by date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array, Bools, Dates
from paceline.engine import Question
from paceline.evidence import Evidence
from paceline.figures import Figure
from paceline.lineage import code_of
from paceline.methods import turn_record
from paceline.methods.detector import Turns
from paceline.methods.turn_record import Share, TurnRecord
from paceline.studies.kept import kept
from paceline.studies.rotations import C
from paceline.studies.theme_lines import Line, turns_of
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.market import Market

#: Turns since this day are counted apart.
LATE = np.datetime64("1990-01-01")
#: Size of the detector, beside that of the themes, for turns that are smaller and larger.
SIZES = {"small": 1.0, "large": 2.0}


@dataclass(frozen=True)
class Lasting:
    """How often turns came out one way.

    sessions  after which the side that took over still led; None: it went a further quarter of
              sigma sqrt(63) before giving as much back
    which     "all"; "late" since 1990; "wild" or "calm": sigma above the median of the line's
              earlier turns, or not; "small" or "large": the turns of other ``SIZES``
    figures   share, low, high, turns; without a value where too few dates can be told apart
    """

    sessions: int | None
    which: str
    figures: Mapping[str, Figure]


def lasting(market: Market, lines: Sequence[Line], turns: Sequence[Turns]) -> Iterator[Lasting]:
    """What followed every turn of the lines, pooled: all, and of some kinds apart.

    turns  those of each line
    """
    every = np.unique(np.concatenate([np.empty(0, "datetime64[D]"), *(x.days for x in lines)]))
    pooled, above = _pooled(lines, turns, every)
    kinds: dict[str, Bools] = {
        "all": np.ones(len(pooled), bool),
        "late": every[pooled.known] >= LATE if len(pooled) else np.empty(0, bool),
        "wild": above,
        "calm": ~above,
    }
    question = _question(market, lines)
    if kinds["late"].all():
        del kinds["late"]  # the same as all
    for which in kinds:
        chosen = pooled.chosen(kinds[which])
        outcomes: list[tuple[int | None, Array]] = [(None, chosen.further)]
        if which in ("all", "late"):
            outcomes += list(chosen.ahead.items())
        for sessions, outcome in outcomes:
            yield _row(market, question, chosen, which, sessions, outcome)
    for which, size in SIZES.items():
        other, _ = _pooled(lines, turns_of(lines, size), every)
        question = _question(market, lines, size)
        yield _row(market, question, other, which, None, other.further)


def _pooled(
    lines: Sequence[Line], turns: Sequence[Turns], every: Dates
) -> tuple[TurnRecord, Bools]:
    """What followed the turns of all lines on the days ``every``, and which of them were wild."""
    records, wild = [], [np.empty(0, bool)]
    for line, own in zip(lines, turns, strict=True):
        record = turn_record.followed(line.line, own)
        wild.append(_wild(record.sigma))
        records.append(replace(record, known=np.searchsorted(every, line.days[record.known])))
    return turn_record.pooled(records), np.concatenate(wild)


def _wild(sigma: Array) -> Bools:
    """(E,) whether sigma lies above the median of the line's earlier turns; the first one not."""
    found = np.zeros(len(sigma), bool)
    for e in range(1, len(sigma)):
        found[e] = sigma[e] > np.median(sigma[:e])
    return found


def _question(market: Market, lines: Sequence[Line], size: float = C) -> Question:
    legs = list(dict.fromkeys(leg for line in lines for leg in line.legs))
    names = [line.name.removeprefix("-") for line in lines if not line.legs]
    known = market.provenance(legs)
    return (market.moment.lineage.with_series(known) if names else known).question(
        "themes",
        {"turns": sorted(line.name for line in lines), "size": size, "as_of": market.as_of},
        code_of(__name__),
        names=[*legs, *names],
        caveats_of=[],
    )


def _row(
    market: Market,
    question: Question,
    turns: TurnRecord,
    which: str,
    sessions: int | None,
    outcome: Array,
) -> Lasting:
    asked = outcome, turns.known
    found = Share(
        **kept(
            market.store.cache,
            "lasting",
            turn_record.__name__,
            asked,
            lambda: asdict(turn_record.share(*asked)),
        )
    )
    what = "further" if sessions is None else f"ahead after {sessions}"
    evidence = Evidence(
        found.share,
        found.low,
        found.high,
        found.n,
        float(found.dates),
        method="share of turns, quarters drawn with their turns",
    )
    few = f"no value: turns of {number_of(found.dates, 'quarter')}, at least "
    caveats = () if found.share is not None else (f"{few}{turn_record.MINIMUM_DATES} needed",)
    made = {"share": found.share, "low": found.low, "high": found.high, "turns": found.n}
    figures = {
        k: question.figure(
            market.benchmark,
            v,
            "count" if k == "turns" else "fraction",
            statistic=f"{what}, {which}, {k}",
            label=market.title,
            end=market.as_of,
            caveats=() if k == "turns" else caveats,
            evidence=evidence.to_json(),
        )
        for k, v in made.items()
    }
    return Lasting(sessions, which, figures)
