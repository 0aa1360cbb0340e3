"""Lines followed through time with a barrier: the loops of the detector of turns.

A line in an up state is followed by its highest value since the pivot, and turns down where it has
fallen from it by the barrier of the day; a down state is the same upside down. Before the first
turn both the highest and the lowest value are followed, and the larger move decides.

Two loops give the same: over sessions, for many lines at once, and from turn to turn, line by line.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Bools

#: Lines are followed from turn to turn where a session has no more than this on average.
FEW = 64
#: Sessions looked at together in search of the next turn, at first; twice as many each time.
AHEAD = 128


class Turn(NamedTuple):
    """One turn: the session of its extreme, and the one on which it became known."""

    series: int
    direction: int
    extreme: int
    known: int
    complete: bool


class Path(NamedTuple):
    """What following the lines gives: their turns, and (P, T) state, extreme followed and move."""

    turns: list[Turn]
    state: NDArray[np.int8]
    since: NDArray[np.int32]
    move: Array


def follow(full: Array, barrier: Array) -> Path:
    """Follow every line (P, T); ``barrier`` is NaN where nothing is observed.

    full  log ratios, the last value standing where one is missing
    """
    some = np.count_nonzero(np.isfinite(barrier)) <= FEW * barrier.shape[1]
    return by_turn(full, barrier) if some else by_session(full, barrier)


def by_turn(full: Array, barrier: Array) -> Path:
    """``follow``, each line from one of its turns to the next."""
    P, T = full.shape
    path = Path(
        [], np.zeros((P, T), np.int8), np.full((P, T), -1, np.int32), np.full((P, T), np.nan)
    )
    for p, (y, b) in enumerate(zip(full, barrier, strict=True)):
        known = np.flatnonzero(np.isfinite(b))
        if not len(known):
            continue
        turn = _first(y, b, int(known[0]))
        while turn is not None:
            direction, pivot, t, complete = turn
            path.turns.append(Turn(p, direction, pivot, t, complete))
            turn = _next(path, p, y, b, turn)
    return path


#: Direction, pivot, session on which it became known, whether a turn came before it.
_Found = tuple[int, int, int, bool]


def _first(y: Array, barrier: Array, begin: int) -> _Found | None:
    """The first turn of a line that is followed from a session on."""
    line, size = y[begin:], barrier[begin:]
    rise = line - np.minimum.accumulate(line)
    fall = np.maximum.accumulate(line) - line
    hits = np.flatnonzero(np.maximum(rise, fall) >= size)
    if not len(hits):
        return None
    t = int(hits[0])
    rising = bool(rise[t] >= size[t] and not (fall[t] >= size[t] and fall[t] > rise[t]))
    before = line[: t + 1]
    pivot = int(before.argmin() if rising else before.argmax())
    return (1 if rising else -1), begin + pivot, begin + t, False


def _next(path: Path, p: int, y: Array, barrier: Array, turn: _Found) -> _Found | None:
    """The turn after a turn; the state between them is written into row ``p`` of the path."""
    direction, pivot, t, _ = turn
    begin, stop, length = pivot, len(y), t + 1 - pivot + AHEAD
    high, at = -np.inf, pivot
    while begin < stop:
        end = min(begin + length, stop)
        part = direction * y[begin:end]
        top = np.maximum(np.maximum.accumulate(part), high)
        newer = part > np.concatenate([[high], top[:-1]])
        place = np.maximum.accumulate(np.where(newer, np.arange(begin, end), at))
        away = top - part
        low = max(t + 1 - begin, 0)
        hits = np.flatnonzero(away[low:] >= barrier[begin + low : end])
        last = low + int(hits[0]) if len(hits) else end - begin
        shown = slice(max(t - begin, 0), last)
        cells = slice(begin + shown.start, begin + last)
        path.state[p, cells] = direction
        path.since[p, cells], path.move[p, cells] = place[shown], away[shown]
        if len(hits):
            return -direction, int(place[last]), begin + last, True
        high, at, begin, length = float(top[-1]), int(place[-1]), end, 2 * length
    return None


def by_session(full: Array, barrier: Array) -> Path:
    """``follow``, one session of all lines after another."""
    # sessions first, so that a step through time reads contiguous memory
    L, B = np.ascontiguousarray(full.T), np.ascontiguousarray(barrier.T)
    T, P = L.shape
    begun = np.maximum.accumulate(np.isfinite(B), axis=0)
    state = np.zeros(P, np.int8)
    high, low = np.full(P, -np.inf), np.full(P, np.inf)
    high_at, low_at = np.full(P, -1, np.int32), np.full(P, -1, np.int32)
    states, since = np.zeros((T, P), np.int8), np.full((T, P), -1, np.int32)
    move = np.full((T, P), np.nan)
    turns: list[Turn] = []
    for t in range(T):
        if not begun[t].any():
            continue
        y = np.where(begun[t], L[t], np.nan)
        above, below = y > high, y < low
        high[above], high_at[above] = y[above], t
        low[below], low_at[below] = y[below], t
        up, down = _turning(state, y - low, high - y, B[t])
        for p in np.flatnonzero(up | down).tolist():
            rising = bool(up[p])
            pivot = int(low_at[p] if rising else high_at[p])
            turns.append(Turn(p, 1 if rising else -1, pivot, t, bool(state[p])))
            # what is followed from now on is the furthest point since the pivot, not today's
            path = full[p, pivot : t + 1]
            if rising:
                high_at[p] = pivot + int(path.argmax())
                high[p] = full[p, high_at[p]]
            else:
                low_at[p] = pivot + int(path.argmin())
                low[p] = full[p, low_at[p]]
        state = np.where(up, 1, np.where(down, -1, state)).astype(np.int8)
        states[t] = state
        since[t] = np.where(state > 0, high_at, np.where(state < 0, low_at, -1))
        move[t] = np.where(state > 0, high - y, np.where(state < 0, y - low, np.nan))
    return Path(turns, *(np.ascontiguousarray(a.T) for a in (states, since, move)))


def _turning(
    state: NDArray[np.int8], rise: Array, fall: Array, barrier: Array
) -> tuple[Bools, Bools]:
    """Which lines turn up and which down today; before a first turn the larger move is the one."""
    up, down = (state <= 0) & (rise >= barrier), (state >= 0) & (fall >= barrier)
    falls = fall > rise
    return up & ~(down & falls), down & ~(up & ~falls)
