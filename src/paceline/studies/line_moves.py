"""One line of a theme: who leads since its own pivot, how unusual it is, when its drift began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array
from paceline.figures import Figure, Value
from paceline.methods import change_point
from paceline.methods import unusual as methods
from paceline.methods.calibration import Calibration
from paceline.methods.detector import Turns, sigma
from paceline.methods.unusual import Move, Unusual
from paceline.studies import noise
from paceline.studies.kept import kept
from paceline.studies.rotations import C
from paceline.studies.theme_lines import Line

if TYPE_CHECKING:
    from paceline.market import Market
    from paceline.store import Cache

#: Sessions within which the drift is asked to have begun.
WITHIN = change_point.WITHIN


@dataclass(frozen=True)
class LineMoves:
    """One line: its numbers, and every one of them as a figure.

    turns      of the line at size 1.5
    p          of the largest move; None where nothing can be judged
    direction  +1 the lead leads by the detector, -1 the other side, 0 no turn known yet
    figures    leader, since (relative return since the pivot), sessions, known (sessions since the
               turn became known), size (since the pivot, in sigmas), to_turn (the relative return
               that would turn it back); horizon, change, z, percentile and p of the largest move;
               begun_21, begun_63, begun_126 (probabilities that the drift began within as many
               sessions); low_z, low_percentile (since the benchmark's low); alarms (turns up a year
               that noise of the line makes). Without a value, with the reason, where nothing can be
               judged
    """

    line: Line
    turns: Turns = field(repr=False)
    found: Unusual
    p: float | None
    direction: int
    figures: Mapping[str, Figure]

    @property
    def way(self) -> int:
        """Which way the largest move goes: +1 the lead's, -1 the other side's, 0 unknown."""
        return 0 if self.found.largest is None else int(np.sign(self.found.largest.z))


def looked_at(market: Market, line: Line, turns: Turns, alarms: Calibration) -> LineMoves:
    """One line of a market with its turns, and the rate of turns that noise of it makes."""
    found = Unusual(reason=line.reason)
    if not line.reason:
        found = methods.unusual(line.line, turns, since=_low(market, line))
    p = None
    if found.largest is not None:
        null = noise.kept(
            market.store.cache, methods, line.line, lambda: methods.noise(line.line, c=C)
        )
        p = methods.exceeded(null, found.largest.z)
    judged = found.pivot is not None and found.largest is not None
    direction = int(turns.state[0, -1]) if judged else 0
    bare = LineMoves(line, turns, found, p, direction, {})
    return LineMoves(line, turns, found, p, direction, _figures(market, bare, alarms))


def _low(market: Market, line: Line) -> int | None:
    """Session of the benchmark's last low on the days of the line."""
    if market.low is None:
        return None
    at = int(np.searchsorted(line.days, np.datetime64(market.low[0])))
    return at if at < len(line.days) else None


def begun(cache: Cache, line: Array) -> list[float]:
    """Probabilities that the drift in force began within 21, 63 and 126 sessions."""
    volatility = sigma(line[None])[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        steps = np.diff(line) / volatility[:-1]
    steps = steps[-change_point.MEMORY :]

    def make() -> list[float]:
        last: list[float] = change_point.begun_within(steps, WITHIN)[-1].tolist()
        return last

    return kept(cache, "begun", change_point.__name__, [steps, WITHIN], make)


def _figures(market: Market, one: LineMoves, alarms: Calibration) -> dict[str, Figure]:
    line, found = one.line, one.found
    largest, own = found.largest, found.moves[-1] if found.pivot is not None else None
    last = len(line.days) - 1
    leader = {1: line.lead, -1: line.against}.get(one.direction)
    since = None if found.pivot is None else str(line.days[found.pivot])
    drift = [None] * len(WITHIN) if largest is None else begun(market.store.cache, line.line)
    back = float(np.expm1(-one.direction * one.turns.distance[0, -1])) if one.direction else None
    made: dict[str, tuple[Value, str, str | None]] = {
        "leader": (leader, "text", since),
        "since": (_gain(own), "return", since),
        "sessions": (None if own is None else own.sessions, "sessions", since),
        "known": (None if found.known is None else last - found.known, "sessions", since),
        "size": (None if own is None else own.z, "score", since),
        "to_turn": (back, "return", since),
    }
    start = _back(line, largest)
    made |= {
        "horizon": (None if largest is None else largest.sessions, "sessions", start),
        "change": (_gain(largest), "return", start),
        "z": (None if largest is None else largest.z, "score", start),
        "percentile": (None if largest is None else largest.percentile, "fraction", start),
        "p": (one.p, "estimate", start),
    }
    low, start = found.since, _back(line, found.since)
    made |= {
        "low_z": (None if low is None else low.z, "score", start),
        "low_percentile": (None if low is None else low.percentile, "fraction", start),
    }
    made |= {f"begun_{h}": (p, "fraction", None) for h, p in zip(WITHIN, drift, strict=True)}
    made["alarms"] = (alarms.rate, "estimate", None)
    question = line.question(market, "themes")
    why = (f"no value: {found.reason}",) if found.reason else ()
    return {
        statistic: question.figure(
            line.name,
            value,
            unit,
            statistic=statistic,
            label=line.label,
            start=begin,
            end=market.as_of,
            caveats=(alarms.method,) if statistic == "alarms" else () if value is not None else why,
        )
        for statistic, (value, unit, begin) in made.items()
    }


def _back(line: Line, move: Move | None) -> str | None:
    """ISO date of the session that a move is measured from."""
    return None if move is None else str(line.days[-1 - move.sessions])


def _gain(move: Move | None) -> float | None:
    """The relative return of a move of ln(A/B)."""
    return None if move is None else float(np.expm1(move.change))
