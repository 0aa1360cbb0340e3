"""What the quadrants of relative rotation were followed by, on lines with a long history.

for found in quadrants.weigh(ask.market):
    found.after["leading"].figures["mean"]

The lines are looked for in the market's own data: the ten industries of Ken French's library
against its market since 1990, and the nine sector funds of 1998 against the fund of the whole index
since 1999. What is not stored is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from paceline.errors import PacelineError
from paceline.evidence import Evidence
from paceline.figures import Figure, Value
from paceline.lineage import code_of
from paceline.measures.relative_rotation import QUADRANTS
from paceline.methods import quadrant_record as methods
from paceline.methods.quadrant_record import AfterQuadrant, QuadrantRecord
from paceline.signals.sessions import week_ends
from paceline.studies.kept import kept

if TYPE_CHECKING:
    from paceline.arrays import Array, Bools, Dates
    from paceline.engine import Question
    from paceline.market import Market
    from paceline.store import Cache

ABOUT = {
    "question": "What were the quadrants of relative rotation followed by?",
    "definition": "Relative return over the 13 weeks after each week in a quadrant, less the mean "
    "of its own line, with a 95% interval by weeks drawn in blocks of half a year; R squared; the "
    "quadrant that came next, beside the same on random walks. See docs/rotation.md.",
    "never": "That a quadrant says what follows: it does not.",
    "references": ["Politis, Romano (1994), The stationary bootstrap"],
}
INDUSTRIES = "10_Industry_Portfolios"
#: The sector funds that are as old as the first, and the fund of the whole index.
FUNDS = ("XLB", "XLE", "XLF", "XLI", "XLK", "XLP", "XLU", "XLV", "XLY")
WHOLE = "SPY"
#: Moves that lines without drift make less often than this are not listed.
RARE = 0.01


class _Lines(NamedTuple):
    """Lines (P, T) against one (T,) on days; weeks count from the first day of a year."""

    label: str
    year: int
    days: Dates
    lines: Array
    against: Array
    question: Question
    subject: str


@dataclass(frozen=True)
class QuadrantRow:
    """One quadrant: mean, low, high, weeks as figures, without a value where too few are there."""

    quadrant: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Led:
    """How often a quadrant was left for another: share, the same without drift, and all moves."""

    left: str
    to: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Record:
    """One set of lines: what followed each quadrant, R squared, and where each one led."""

    label: str
    after: tuple[QuadrantRow, ...]
    explained: Figure
    led: tuple[Led, ...]


def weigh(market: Market) -> tuple[Record, ...]:
    """The records of the sets of lines that the market's data hold; kept."""
    return market.memo(
        ["quadrants", market.as_of],
        lambda: tuple(
            _record(market, lines)
            for lines in (_industries(market), _funds(market))
            if lines is not None
        ),
    )


def _industries(market: Market) -> _Lines | None:
    """The library's ten industries against its market, by day; None where a series is missing."""
    names = [n for n in sorted(market.series) if f"/{INDUSTRIES}" in n and "/daily/" in n]
    whole = [
        min((n for n in market.series if n.endswith(f"/daily/{c}")), default="")
        for c in ("Mkt-RF", "RF")
    ]
    if not names or not all(whole):
        return None
    series = [market.series[n] for n in (*names, *whole)]
    days = series[0][0]
    for own, _ in series[1:]:
        days = np.intersect1d(days, own)
    r = np.array([values[np.searchsorted(own, days)] for own, values in series])
    level = np.cumprod(1 + r[:-2], axis=1)
    question = market.moment.lineage.with_series(market.provenance([market.benchmark])).question(
        "quadrants",
        {"series": [*names, *whole], "as_of": market.as_of},
        code_of(__name__),
        names=[market.benchmark],
    )
    label = "Ten industries"
    against = np.cumprod(1 + r[-2] + r[-1])
    return _Lines(label, 1990, days, level, against, question, market.benchmark)


def _funds(market: Market) -> _Lines | None:
    """The sector funds against the fund of the whole; None where one of them is not stored."""
    try:
        *funds, whole = market.resolve([*FUNDS, WHOLE])
        market = market.including([*funds, whole])
    except PacelineError:
        return None
    if len(funds) != len(FUNDS):
        return None
    levels = market.all_levels
    rows = np.array([levels.names.index(n) for n in (*funds, whole)])
    own = levels.native[rows]
    there = np.isfinite(own).all(axis=0)
    if not there.any():
        return None
    question = market.provenance([*funds, whole]).question(
        "quadrants",
        {"funds": [*funds, whole], "as_of": market.as_of},
        code_of(__name__),
        names=[*funds, whole],
        caveats_of=[*funds, whole],
    )
    return _Lines(
        "Nine sector funds",
        1999,
        levels.sessions[there],
        own[:-1, there],
        own[-1, there],
        question,
        whole,
    )


def _record(market: Market, lines: _Lines) -> Record:
    """The record of one set of lines, as figures."""
    ends, over = week_ends(lines.days, market.stored.sessions)
    ends = ends if over else ends[:-1]
    relative = lines.lines[:, ends] / lines.against[ends]
    weeks = lines.days[ends]
    found = _kept(market.store.cache, relative, weeks >= np.datetime64(f"{lines.year}-01-01"))
    counted = weeks[weeks >= np.datetime64(f"{lines.year}-01-01")]
    make = _Maker(market, lines, str(counted[0] if len(counted) else weeks[-1]), str(weeks[-1]))
    return Record(
        f"{lines.label} since {lines.year}",
        tuple(make.after(name, found) for name in QUADRANTS),
        make.figure("r squared", found.explained, "fraction"),
        tuple(make.led(found)),
    )


@dataclass(frozen=True)
class _Maker:
    """The figures of one set of lines over its weeks."""

    market: Market
    lines: _Lines
    start: str
    end: str

    def figure(
        self, statistic: str, value: Value, unit: str, evidence: Evidence | None = None
    ) -> Figure:
        why = "no value: too few weeks, or a line that does not move"
        return self.lines.question.figure(
            self.lines.subject,
            value,
            unit,
            statistic=statistic,
            label=self.lines.label,
            start=self.start,
            end=self.end,
            caveats=() if value is not None else (why,),
            evidence=evidence.to_json() if evidence is not None else None,
        )

    def after(self, quadrant: str, found: QuadrantRecord) -> QuadrantRow:
        own = found.after[quadrant]
        evidence = Evidence(
            own.mean, own.low, own.high, own.weeks, method="mean, weeks drawn in blocks of 26"
        )
        made: dict[str, tuple[Value, str]] = {
            "mean": (own.mean, "return"),
            "low": (own.low, "return"),
            "high": (own.high, "return"),
            "weeks": (own.weeks, "count"),
        }
        return QuadrantRow(
            quadrant,
            {
                k: self.figure(f"{quadrant}, {k}", value, unit, evidence)
                for k, (value, unit) in made.items()
            },
        )

    def led(self, found: QuadrantRecord) -> Iterator[Led]:
        shares, still = found.shares(), methods.without_drift()
        moves = found.moves.sum(axis=1)
        for a, left in enumerate(QUADRANTS):
            for b, to in enumerate(QUADRANTS):
                if a == b or not moves[a] or still[a, b] < RARE:
                    continue
                made: dict[str, tuple[Value, str]] = {
                    "share": (float(shares[a, b]), "fraction"),
                    "without drift": (float(still[a, b]), "fraction"),
                    "moves": (int(moves[a]), "count"),
                }
                yield Led(
                    left,
                    to,
                    {
                        k: self.figure(f"{left} to {to}, {k}", value, unit)
                        for k, (value, unit) in made.items()
                    },
                )


def _kept(cache: Cache, relative: Array, counted: Bools) -> QuadrantRecord:
    """The record of these relatives, from the cache where it is there."""

    def make() -> dict[str, Any]:
        found = methods.record(relative, counted)
        return {
            "after": {k: (a.weeks, a.mean, a.low, a.high, a.t) for k, a in found.after.items()},
            "explained": found.explained,
            "moves": found.moves.tolist(),
            "weeks": found.weeks,
        }

    v = kept(cache, "quadrants", methods.__name__, [relative, counted], make)
    return QuadrantRecord(
        {k: AfterQuadrant(*own) for k, own in v["after"].items()},
        v["explained"],
        np.array(v["moves"], np.int64),
        len(relative),
        v["weeks"],
    )
