"""How unusual is each rotation's move, since when does its leader lead, when did its drift begin?

found = moves.weigh(ask)
found.rows[0].figures["p"]

A rotation is looked at from its *own* last pivot and over a week to a year; which of these the
benchmark's low suggests is one horizon among others. One p for the largest, and one family for all
rotations of the market file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from paceline.evidence import Evidence, adjust
from paceline.figures import Figure, Value
from paceline.lineage import code_of, digest
from paceline.methods import change_point, turn_record
from paceline.methods import unusual as methods
from paceline.methods.detector import sigma
from paceline.methods.unusual import Move, Unusual
from paceline.studies.rotations import C, Pair, RotationSet, ended, proxies, rotation_set
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.arrays import Array
    from paceline.market import Market
    from paceline.store import Cache

ABOUT = {
    "question": "How unusual is each rotation's move, and when did it begin?",
    "definition": "z = (change of ln(A/B) less its mean) / (sigma sqrt(sessions)) over 5, 21, 63, "
    "126 and 252 sessions and since the pair's own last pivot; p of the largest against the "
    "largest of 1,000 lines made of the pair's own demeaned returns, adjusted over the rotations "
    "(Benjamini and Hochberg). The drift's beginning by online change points. See "
    "docs/moves.md.",
    "never": "That an unusual move goes on: turns go a little further slightly more often than "
    "back.",
    "references": [
        "Politis, Romano (1994), The stationary bootstrap",
        "Adams, MacKay (2007), Bayesian Online Changepoint Detection",
    ],
}
#: Sessions within which a drift is asked to have begun.
RECENT = 63
#: Level of "larger than noise makes", after the correction.
LEVEL = 0.05
#: Kind and number of the values of p kept in a store's cache.
KIND, KEEP = "moves", 60


@dataclass(frozen=True)
class RotationMoves:
    """One rotation: its numbers and every one of them as a figure.

    figures  leader, since (return since the pivot), sessions, known (sessions since the turn became
             known), z and percentile of the largest move, its sessions, change, p, adjusted_p,
             recent (the probability that the drift began within 63 sessions), low_z and
             low_percentile. Without a value and with the reason where nothing can be judged
    """

    pair: Pair
    found: Unusual
    figures: Mapping[str, Figure]

    @property
    def cells(self) -> list[Figure]:
        """Every figure of the rotation."""
        return list(self.figures.values())

    @property
    def clear(self) -> bool:
        """Whether noise of the same pair seldom makes so large a move, all rotations considered."""
        p = self.figures["adjusted_p"].value
        return isinstance(p, float) and p <= LEVEL


@dataclass(frozen=True)
class Lasting:
    """How often the turns of all rotations came out one way: the share with its interval, and n.

    sessions  after which the side that took over still led; None: it went a further quarter of
              sigma sqrt(63) before giving as much back
    figures   share, low, high, turns; without a value where too few dates can be told apart
    """

    sessions: int | None
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Moves:
    """The declared rotations of a market, in their order."""

    market: Market
    rows: tuple[RotationMoves, ...]
    lasting: tuple[Lasting, ...]
    ended: tuple[str, ...]

    def counts(self) -> tuple[Figure, Figure]:
        """How many rotations were judged, and of how many the move is larger than noise makes."""
        judged = [row for row in self.rows if row.found.largest is not None]
        clear = [row for row in judged if row.clear]
        return self._count("judged", len(judged), judged), self._count("clear", len(clear), judged)

    def _count(self, statistic: str, value: int, of: Sequence[RotationMoves]) -> Figure:
        market = self.market
        names = list(dict.fromkeys([market.benchmark, *(f.subject for r in of for f in r.cells)]))
        question = market.provenance(names).question(
            "moves",
            {"counted": [r.pair.name for r in of], "as_of": market.as_of},
            code_of(__name__),
            names=names,
            parents=[r.figures["adjusted_p"].step for r in of],
        )
        return question.figure(
            market.benchmark,
            value,
            "count",
            statistic=statistic,
            label=market.title,
            end=market.as_of,
            caveats=self.ended,
        )


def weigh(market: Market) -> Moves | None:
    """Every declared rotation; None for a market that declares none."""
    names = list(market.file.rotations)
    if not names:
        return None
    rotations = rotation_set(market)
    low = _low(market, rotations)
    turns = rotations.ladder[C]
    found = {
        n: methods.unusual(rotations.line(n), turns.of(rotations.row(n)), since=low) for n in names
    }
    p = [_probability(market.store.cache, rotations.line(n), found[n]) for n in names]
    adjusted = adjust([np.nan if x is None else x for x in p])
    return Moves(
        market,
        tuple(
            _Maker(market, rotations, rotations.pairs[n], found[n]).row(own, float(corrected))
            for n, own, corrected in zip(names, p, adjusted, strict=True)
        ),
        tuple(_lasting(market, rotations, names)),
        ended(market, rotations),
    )


def _lasting(market: Market, rotations: RotationSet, names: Sequence[str]) -> Iterator[Lasting]:
    """What followed every turn of the declared rotations and of their daily proxies, pooled."""
    turns = rotations.ladder[C]
    lines = {n: (rotations.days, rotations.line(n), turns.of(rotations.row(n))) for n in names}
    lines |= {
        n: (p.days, p.line, p.turns.of(p.row)) for n, p in proxies(market).items() if p.period == 1
    }
    every = np.unique(np.concatenate([days for days, _, _ in lines.values()]))
    records = []
    for days, line, own in lines.values():
        record = turn_record.followed(line, own)
        records.append(replace(record, known=np.searchsorted(every, days[record.known])))
    pooled = turn_record.pooled(records)
    legs = [leg for n in names for leg in (rotations.pairs[n].lead, rotations.pairs[n].against)]
    question = market.moment.lineage.with_series(
        market.provenance(list(dict.fromkeys(legs)))
    ).question(
        "moves",
        {"turns": sorted(lines), "size": C, "as_of": market.as_of},
        code_of(__name__),
        names=[market.benchmark],
    )
    outcomes: list[tuple[int | None, Array]] = [(None, pooled.further), *pooled.ahead.items()]
    for sessions, outcome in outcomes:
        found = turn_record.share(outcome, pooled.known)
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
        yield Lasting(
            sessions,
            {
                k: question.figure(
                    market.benchmark,
                    v,
                    "count" if k == "turns" else "fraction",
                    statistic=f"{what}, {k}",
                    label=market.title,
                    start=str(every[0]),
                    end=market.as_of,
                    caveats=() if k == "turns" else caveats,
                    evidence=evidence.to_json(),
                )
                for k, v in made.items()
            },
        )


def _low(market: Market, rotations: RotationSet) -> int | None:
    """Session of the benchmark's last low on the days of the rotations."""
    if market.low is None:
        return None
    at = int(np.searchsorted(rotations.days, np.datetime64(market.low[0])))
    return at if at < len(rotations.days) else None


def _probability(cache: Cache, line: Array, found: Unusual) -> float | None:
    """P of the largest move, from the cache where it is there."""
    if found.largest is None:
        return None
    asked = hashlib.sha256(np.ascontiguousarray(line).tobytes()).hexdigest()
    key = digest([code_of(methods.__name__), C, found.largest.z, asked], 32)
    entry = cache.load(KIND, key)
    if entry is not None:
        return float(entry.values["p"])
    p = methods.probability(line, found.largest.z, c=C)
    cache.save(KIND, key, {"p": p}, keep=KEEP)
    return p


@dataclass(frozen=True)
class _Maker:
    """The figures of one rotation."""

    market: Market
    rotations: RotationSet
    pair: Pair
    found: Unusual

    def row(self, p: float | None, adjusted: float) -> RotationMoves:
        """Every figure of the rotation."""
        found, last = self.found, len(self.rotations.days) - 1
        largest, pivot = found.largest, found.pivot
        own = found.moves[-1] if pivot is not None else None
        leader = None
        if largest is not None and pivot is not None:
            up = self.rotations.turn_state(self.pair.name).direction > 0
            leader = self._name(self.pair.lead if up else self.pair.against)
        since = None if pivot is None else str(self.rotations.days[pivot])
        made: dict[str, tuple[Value, str]] = {
            "leader": (leader, "text"),
            "since": (_gain(own), "return"),
            "sessions": (None if own is None else own.sessions, "sessions"),
            "known": (None if found.known is None else last - found.known, "sessions"),
            "horizon": (None if largest is None else largest.sessions, "sessions"),
            "change": (_gain(largest), "return"),
            "z": (None if largest is None else largest.z, "score"),
            "percentile": (None if largest is None else largest.percentile, "fraction"),
            "p": (p, "estimate"),
            "adjusted_p": (None if p is None else adjusted, "estimate"),
            "recent": (self._recent(), "fraction"),
            "low_z": (None if found.since is None else found.since.z, "score"),
            "low_percentile": (None if found.since is None else found.since.percentile, "fraction"),
        }
        # the window of each, so that what is missing in it is said of it
        begins = dict.fromkeys(("leader", "since", "sessions", "known"), since)
        begins |= dict.fromkeys(
            ("horizon", "change", "z", "percentile", "p", "adjusted_p"), self._back(largest)
        )
        begins |= dict.fromkeys(("low_z", "low_percentile"), self._back(found.since))
        figures = {
            statistic: self._figure(statistic, value, unit, begins.get(statistic))
            for statistic, (value, unit) in made.items()
        }
        return RotationMoves(self.pair, found, figures)

    def _back(self, move: Move | None) -> str | None:
        """ISO date of the session that a move is measured from."""
        return None if move is None else str(self.rotations.days[-1 - move.sessions])

    def _recent(self) -> float | None:
        """Probability that the drift in force began within the last ``RECENT`` sessions."""
        line = self.rotations.line(self.pair.name)
        if self.found.largest is None:
            return None
        volatility = sigma(line[None])[0]
        with np.errstate(invalid="ignore", divide="ignore"):
            steps = np.diff(line) / volatility[:-1]
        steps = steps[-change_point.MEMORY :]
        return float(change_point.begun_within(steps, (RECENT,))[-1, 0])

    def _name(self, subject: str) -> str:
        return self.market.labels.get(subject, subject)

    def _figure(self, statistic: str, value: Value, unit: str, start: str | None) -> Figure:
        market, pair = self.market, self.pair
        basis = self.rotations.basis[pair.name]
        legs = [pair.lead, pair.against]
        question = market.provenance(legs, dict.fromkeys(legs, basis)).question(
            "moves",
            {"rotation": pair.name, "legs": legs, "as_of": market.as_of},
            code_of(__name__),
            names=legs,
            caveats_of=legs,
            basis=basis,
        )
        why = () if value is not None or not self.found.reason else (self.found.reason,)
        further: tuple[str, ...] = ()
        if statistic == "adjusted_p":  # who is not judged changes what is corrected for all
            further = ended(market, self.rotations)
        elif statistic.startswith("low_"):
            gap = market.moment.coverage.gaps(market.benchmark)
            further = (gap.end,) if gap is not None and gap.end else ()
        return question.figure(
            pair.lead,
            value,
            unit,
            statistic=statistic,
            label=pair.label,
            against=pair.against,
            start=start,
            end=market.as_of,
            caveats=(*(f"no value: {w}" for w in why), *further),
        )


def _gain(move: Move | None) -> float | None:
    """The relative return of a move of ln(A/B)."""
    return None if move is None else float(np.expm1(move.change))
