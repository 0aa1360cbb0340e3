"""The detector: turns of ln(A/B) by a barrier that follows its volatility, and the state of a day.

The barrier on a day is ``c * sigma * sqrt(63)``, sigma being that day's volatility per session.
After a turn down the lowest point since the high it turned from is followed; on the day the line
stands a barrier above that point a turn up becomes known, and from then on the highest point since
that low is followed; and so forth, at most one turn a day. A turn up that follows a turn down is an
*episode*: A takes over from B. There is no look-back window to choose.

Directional changes: Guillaume et al. (1997), From the bird's eye to the microscope; the filter of
Lunde and Timmermann (2004) is the same with sizes that do not change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import COVERAGE, SESSIONS_PER_YEAR, Array, Bools, Ints
from paceline.errors import UsageError
from paceline.kernels import forward_fill
from paceline.methods.following import follow
from paceline.wording import number_of

#: Sessions of a quarter: a barrier is a multiple of a typical move over as many.
QUARTER = 63
#: Sessions that sigma looks back over, and the length of the returns it is made of.
WINDOW, STEP = 252, 5
#: Sizes of the barrier, and how far the size is moved to see whether the state hangs on it.
SIZES = {"watch": 1.0, "episode": 1.5, "major": 2.0}
MARGIN = 0.25
#: A sigma per session below this is a constant line plus rounding.
STILL = 1e-8


@dataclass(frozen=True)
class Turns:
    """Turns of P series in order of series and time (E of them), and the state on each day.

    series      (E,) row of ``log_ratio``
    direction   (E,) +1: A rises against B, -1: it falls
    extreme     (E,) session of the low (for +1) or high (for -1) it turned from
    known       (E,) session on which the turn became known
    size        (E,) |move of ln(A/B)| from the extreme to the day it was known
    sigma       (E,) sigma per session on that day
    complete    (E,) False for the first turn of a series: nothing of its size is known before it
    state       (P, T) direction of the last turn known by each session, 0 before the first
    since       (P, T) session of the extreme followed (running high or low); -1 before any turn
    move        (P, T) how far the line stands from that extreme, against the state's direction: at
                least zero
    barrier     (P, T) c sigma sqrt(63); NaN before sigma is known. The next turn comes when
                move >= barrier
    """

    c: float
    series: Ints
    direction: Ints
    extreme: Ints
    known: Ints
    size: Array
    sigma: Array
    complete: Bools
    state: NDArray[np.int8]
    since: NDArray[np.int32]
    move: Array
    barrier: Array

    def __len__(self) -> int:
        return len(self.known)

    @property
    def distance(self) -> Array:
        """(P, T) move of ln(A/B) missing for the next turn; 0 or less only on the day of a turn."""
        return self.barrier - self.move

    def of(self, row: int) -> Turns:
        """The turns and states of one of the lines, as if it had been followed alone."""
        mine, one = self.series == row, slice(row, row + 1)
        return Turns(
            self.c,
            np.zeros(int(mine.sum()), np.int64),
            self.direction[mine],
            self.extreme[mine],
            self.known[mine],
            self.size[mine],
            self.sigma[mine],
            self.complete[mine],
            self.state[one],
            self.since[one],
            self.move[one],
            self.barrier[one],
        )

    def episodes(self, direction: int = 1, series: int | None = None) -> Bools:
        """(E,) which turns are episodes of that direction (of one series): they follow another."""
        chosen: Bools = self.complete & (self.direction == direction)
        return chosen if series is None else chosen & (self.series == series)

    def days(self, series: int = 0, direction: int = 1) -> Ints:
        """Sessions on which episodes of one series became known."""
        return self.known[self.episodes(direction, series)]

    def years(self, year: float = SESSIONS_PER_YEAR) -> Array:
        """(P,) years of ``year`` sessions with a barrier."""
        result: Array = np.isfinite(self.barrier).sum(axis=1) / year
        return result

    def rate_per_year(self, direction: int = 1, year: float = SESSIONS_PER_YEAR) -> Array:
        """(P,) episodes of that direction per year of ``year`` sessions with a barrier.

        NaN without any such session.
        """
        count = np.bincount(self.series[self.episodes(direction)], minlength=len(self.state))
        years = self.years(year)
        rate: Array = np.divide(count, years, out=np.full(len(years), np.nan), where=years > 0)
        return rate


def _rows(log_ratio: Array) -> Array:
    line = np.atleast_2d(np.asarray(log_ratio, float))
    if line.ndim != 2:
        raise UsageError(
            f"ln(A/B) of shape {np.shape(log_ratio)} is not understood.", "Give (T,) or (P, T)."
        )
    return line


def sigma(log_ratio: Array, window: int = WINDOW, step: int = STEP) -> Array:
    """Volatility per session (P, T) from returns over ``step`` sessions, counted back from the day.

    Standard deviation (ddof = 1) of the last window // step non-overlapping log returns over
    ``step`` sessions, divided by sqrt(step); ``step`` = 1 gives the volatility of daily returns.
    NaN before a full window, where less than 90% of the window's sessions have a value (elsewhere a
    missing value repeats the last), and for a line that does not move. Raises ``UsageError`` for a
    window shorter than two steps.
    """
    line = _rows(log_ratio)
    count = window // step
    if step < 1 or count < 2:
        raise UsageError(
            f"sigma over {window} sessions in steps of {step} is undefined.",
            "Give a window of two steps or more.",
        )
    span, (series, n) = count * step, line.shape
    result = np.full((series, n), np.nan)
    if n <= span:
        return result
    full = forward_fill(line)
    moves = np.nan_to_num(full[:, step:] - full[:, :-step])  # moves[:, t - step] ends at t
    padded = np.pad(moves, ((0, 0), (0, -moves.shape[1] % step))).reshape(series, -1, step)

    def summed(values: Array) -> Array:
        total = np.cumsum(values, axis=1)
        total[:, count:] = total[:, count:] - total[:, :-count]
        flat: Array = total.reshape(series, -1)[:, : n - step]
        return flat[:, span - step :]

    variance = np.maximum(summed(padded**2) - summed(padded) ** 2 / count, 0.0) / (count - 1) / step
    present = np.cumsum(np.isfinite(line), axis=1)
    observed = present[:, span:] - present[:, :-span]
    known = (variance > STILL**2) & (observed >= COVERAGE * span) & np.isfinite(full[:, :-span])
    result[:, span:] = np.where(known, np.sqrt(variance), np.nan)
    return result


def detect(
    log_ratio: Array, c: float = SIZES["episode"], *, sigma_per_session: Array | None = None
) -> Turns:
    """Turns of each line (P, T) at barrier c sigma sqrt(63), and the state on every day. Causal.

    sigma_per_session  default: ``sigma(log_ratio)``. Where it is NaN nothing can become known. The
                       line is followed from its first day with a sigma

    A missing value is no observation: on such a day nothing becomes known and the extremes stay.
    Raises ``UsageError`` for a size that is not above zero.
    """
    if not c > 0:
        raise UsageError(f"c = {c} is not a size of a barrier.", "Give a number above 0, e.g. 1.5.")
    line = _rows(log_ratio)
    volatility = _sigma_of(line, sigma_per_session)
    full = forward_fill(line)
    barrier = np.where(np.isfinite(line), c * math.sqrt(QUARTER) * volatility, np.nan)
    path = follow(full, barrier)
    path.turns.sort(key=lambda turn: (turn.series, turn.known))
    table = np.array([turn[:4] for turn in path.turns], np.int64).reshape(-1, 4)
    series, direction, extreme, known = (column.copy() for column in table.T)
    return Turns(
        c,
        series,
        direction,
        extreme,
        known,
        np.abs(full[series, known] - full[series, extreme]),
        volatility[series, known],
        np.array([turn.complete for turn in path.turns], bool),
        path.state,
        path.since,
        path.move,
        barrier,
    )


def _sigma_of(line: Array, given: Array | None) -> Array:
    return sigma(line) if given is None else np.broadcast_to(given, line.shape)


@dataclass(frozen=True)
class TurnState:
    """What the detector says of one series on one day at one size.

    direction   +1 A leads, -1 B leads, 0 no turn known yet
    below, above  the direction at c - 0.25 and c + 0.25; ``borderline`` where the three differ
    since, move   session of the extreme followed, and the move against the direction away from it
    barrier     size of the move that would turn the state, ``distance`` what of it is missing; NaN
                without a sigma
    reason      why nothing can be said, else ""
    """

    c: float
    direction: int
    below: int
    above: int
    since: int
    move: float
    barrier: float
    distance: float
    reason: str = ""

    @property
    def borderline(self) -> bool:
        """A barrier a quarter smaller or larger says otherwise."""
        return not self.below == self.direction == self.above


def state_at(found: Turns, below: Turns, above: Turns, row: int = 0, reason: str = "") -> TurnState:
    """State of one series at the last session, from its turns at c, c - 0.25 and c + 0.25."""
    return TurnState(
        found.c,
        int(found.state[row, -1]),
        int(below.state[row, -1]),
        int(above.state[row, -1]),
        int(found.since[row, -1]),
        float(found.move[row, -1]),
        float(found.barrier[row, -1]),
        float(found.distance[row, -1]),
        reason,
    )


def turn_states(
    log_ratio: Array,
    c: float = SIZES["episode"],
    *,
    session: int = -1,
    sigma_per_session: Array | None = None,
) -> list[TurnState]:
    """State of each line (P, T) at one session (default: the last), as known then and there."""
    line = _rows(log_ratio)
    volatility = _sigma_of(line, sigma_per_session)
    end = range(line.shape[1])[session] + 1
    line, volatility = line[:, :end], volatility[:, :end]
    found, below, above = (
        detect(line, size, sigma_per_session=volatility)
        for size in (c, max(c - MARGIN, MARGIN / 10), c + MARGIN)
    )
    return [
        state_at(found, below, above, row, why_no_state(found, line[row], row))
        for row in range(len(line))
    ]


def why_no_state(found: Turns, line: Array, row: int = 0) -> str:
    """Why nothing can be said of a line (T,), row ``row`` of ``found``, at its last session."""
    if not np.isfinite(found.barrier[row]).any():
        return _why_no_sigma(line)
    if not np.isfinite(found.barrier[row, -1]):
        return "no value, or no volatility, on the day"
    return "no turn known yet" if found.state[row, -1] == 0 else ""


def _why_no_sigma(line: Array) -> str:
    valid = line[np.isfinite(line)]
    if len(valid) == 0:
        return "no data: every value is missing"
    if len(valid) <= WINDOW:
        return f"history too short: {number_of(len(valid), 'session')}, more than {WINDOW} needed"
    return (
        "constant series: nothing varies"
        if np.ptp(valid) < STILL
        else "too many missing values for a volatility"
    )
