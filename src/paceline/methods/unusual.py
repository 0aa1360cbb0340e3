"""How unusual is a move? Several horizons at once, one p for the largest of them.

A line that is looked at over a week, a month, a quarter, half a year, a year and since its own last
pivot is unusual over *one* of them far more often than one horizon's odds say, and a pivot is the
place from which a move looks largest. So the largest is judged against the largest that noise of
the same pair makes, with pivots found in the noise by the same detector.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paceline.arrays import Array, Ints
from paceline.kernels import forward_fill
from paceline.methods.calibration import LEAST_BLOCK, resampled_line
from paceline.methods.detector import SIZES, WINDOW, Turns, detect, sigma
from paceline.wording import number_of

#: Sessions of a week, a month, a quarter, half a year, a year.
HORIZONS = (5, 21, 63, 126, 252)
#: Lines of noise, and their length: a window for sigma, and two years in which most turn.
PATHS, LENGTH = 1000, WINDOW + 2 * 252


@dataclass(frozen=True)
class Move:
    """The move of a line over one horizon, up to its last session.

    sessions    the horizon
    change      ln(A/B) now less then
    z           (change - sessions m) / (sigma sqrt(sessions)): m the mean daily change of all
                history, sigma the detector's on the day
    percentile  share of all earlier windows of as many sessions with a smaller change; those that
                move alike count half. None with fewer than ``WINDOW`` of them
    """

    sessions: int
    change: float
    z: float
    percentile: float | None


@dataclass(frozen=True)
class Unusual:
    """What a line's moves come to on its last session.

    moves    one per horizon that the history holds; the last one since the own pivot, if any
    pivot    session of the extreme before the turn in force, None before a first turn
    known    session on which that turn became known, None likewise
    largest  the move with the largest |z|; None where nothing can be judged
    since    the move since a day from outside, such as the benchmark's low; it is told, not tested,
             as the pair did not choose the day
    reason   why nothing can be judged, else ""
    """

    moves: tuple[Move, ...] = ()
    pivot: int | None = None
    known: int | None = None
    largest: Move | None = None
    since: Move | None = None
    reason: str = ""


def last_turns(turns: Turns) -> tuple[Ints, Ints]:
    """(P,) the extreme before the turn in force of each line, and the session it became known.

    The turn in force on the last session is the last one that became known; -1 before a first.
    """
    pivot, known = (np.full(len(turns.state), -1, np.int64) for _ in range(2))
    pivot[turns.series], known[turns.series] = turns.extreme, turns.known  # in order of time
    return pivot, known


def z_scores(line: Array, volatility: Array, spans: Ints, drift: Array) -> Array:
    """(P, H) z of the moves of lines (P, T) over ``spans`` (P, H) sessions to their last session.

    volatility, drift  (P,) sigma per session and mean daily change. NaN where the line does not
                       reach back so far, and for a span below one session
    """
    start = line.shape[1] - 1 - spans
    held = (start >= 0) & (spans > 0)
    then = np.take_along_axis(line, np.where(held, start, 0), axis=1)
    span = np.where(held, spans, 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (line[:, -1:] - then - span * drift[:, None]) / (volatility[:, None] * np.sqrt(span))
    result: Array = np.where(held, z, np.nan)
    return result


def unusual(
    log_ratio: Array, turns: Turns, *, horizons: Sequence[int] = HORIZONS, since: int | None = None
) -> Unusual:
    """The moves of one line (T,) up to its last session, over all horizons and since its own pivot.

    turns  of this line alone: ``detect(line[None], c)``, or ``of(row)`` of those of several
    since  a session from outside to measure from as well

    A missing value repeats the last. Nothing is judged without a value, or a sigma, on the last
    session, and for a line that does not move.
    """
    given = np.asarray(log_ratio, float)
    volatility = sigma(given[None])[:, -1:]
    if not np.isfinite(given[-1:]).all() or not np.isfinite(volatility).all():
        return Unusual(reason=_why_not(given))
    pivot, known = (int(at[0]) for at in last_turns(turns))
    last, first = len(given) - 1, int(np.isfinite(given).argmax())
    line = forward_fill(given[None])[:, first:]
    own = () if pivot < 0 else (last - pivot,)
    spans = [h for h in (*horizons, *own) if 0 < h <= last - first]
    moves = _moves(line, spans, volatility)
    return Unusual(
        moves,
        None if pivot < 0 else pivot,
        None if pivot < 0 else known,
        max(moves, key=lambda move: abs(move.z)),
        None
        if since is None or not first <= since < last
        else _moves(line, [last - since], volatility)[0],
    )


def noise(
    log_ratio: Array,
    *,
    c: float = SIZES["episode"],
    horizons: Sequence[int] = HORIZONS,
    paths: int = PATHS,
    seed: int = 0,
) -> Array:
    """The largest |z| of lines of noise of the same pair, ascending; at most ``paths`` of them.

    T = max_h |z_h| of lines made of blocks of the demeaned daily changes of a line (T,), each with
    its own sigma and pivot under the same detector, and with the mean that a history as long as the
    line's would have. From two years on the changes end with the last full 252, so that one
    simulation serves for a year; lines without a sigma at their end are left out.
    """
    given = np.asarray(log_ratio, float)
    line = forward_fill(given[int(np.isfinite(given).argmax()) :][None])[0]
    changes = np.diff(line)
    changes = whole_years(changes)
    rng = np.random.default_rng([seed, len(changes)])
    drawn = resampled_line(changes, paths, LENGTH, LEAST_BLOCK, rng)
    volatility = sigma(drawn)
    pivot, _ = last_turns(detect(drawn, c, sigma_per_session=volatility))
    fixed = np.broadcast_to(np.array(horizons, np.int64), (paths, len(horizons)))
    own = np.where(pivot < 0, 0, LENGTH - 1 - pivot)
    drift = (drawn[:, -1] - drawn[:, 0]) / max(len(changes), LENGTH - 1)
    z = z_scores(drawn, volatility[:, -1], np.column_stack([fixed, own]), drift)
    kept = np.isfinite(volatility[:, -1])
    return np.sort(np.nanmax(np.abs(z[kept]), axis=1))


def whole_years(changes: Array) -> Array:
    """Daily changes (..., T) up to the last full 252 of them; all of them below twice as many."""
    n = changes.shape[-1]
    return changes if n < 2 * WINDOW else changes[..., : n // WINDOW * WINDOW]


def exceeded(null: Array, largest: float) -> float:
    """P of a largest |z|: (1 + values of ``null`` at least as large) / (1 + values)."""
    return float((1 + np.count_nonzero(null >= abs(largest))) / (1 + len(null)))


def _why_not(line: Array) -> str:
    valid = line[np.isfinite(line)]
    if len(valid) <= WINDOW:
        have = number_of(len(valid), "session")
        return f"history too short: {have}, more than {WINDOW} needed"
    return "no value on the day" if not np.isfinite(line[-1]) else "no volatility on the day"


def _drift(line: Array) -> Array:
    """(P,) mean daily change of all history."""
    drift: Array = (line[:, -1] - line[:, 0]) / max(line.shape[1] - 1, 1)
    return drift


def _moves(line: Array, spans: Sequence[int], volatility: Array) -> tuple[Move, ...]:
    """The moves of one line (1, T) over ``spans`` to its last session; sigma (1, 1)."""
    z = z_scores(line, volatility[:, 0], np.array([spans], np.int64), _drift(line))[0]
    return tuple(_move(line[0], int(h), float(v)) for h, v in zip(spans, z, strict=True))


def _move(line: Array, sessions: int, z: float) -> Move:
    changes = line[sessions:] - line[:-sessions]
    earlier, now = changes[:-1], float(changes[-1])
    if len(earlier) < WINDOW:
        return Move(sessions, now, z, None)
    below = np.count_nonzero(earlier < now) + np.count_nonzero(earlier == now) / 2
    return Move(sessions, now, z, float(below / len(earlier)))
