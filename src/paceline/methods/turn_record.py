"""Do turns last? What followed the turns of many lines, pooled, with intervals by date.

Lines that share sessions share their news: a day on which five pairs turn is one observation, not
five. Intervals therefore resample months, with every turn that became known in them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from paceline.arrays import Array, Bools, Ints
from paceline.errors import UsageError
from paceline.kernels import forward_fill
from paceline.methods.detector import QUARTER, Turns
from paceline.methods.outcomes import HORIZONS

#: How much further a turn has to go, before it gives as much back: a share of sigma sqrt(63).
FURTHER = 0.25
#: Fewer independent dates than this give no share.
MINIMUM_DATES = 30


@dataclass(frozen=True)
class TurnRecord:
    """What followed E turns.

    known    (E,) session on which each became known
    size     (E,) size of the move by then, in units of its sigma sqrt(63)
    sigma    (E,) sigma per session then
    further  (E,) 1 it went a further quarter of sigma sqrt(63) before giving one back, 0 it did
             not, NaN undecided: neither by the last session
    ahead    horizon -> (E,) 1 the side that took over stands higher so many sessions later than on
             the day the turn became known, 0 it does not, NaN not yet known
    """

    known: Ints
    size: Array
    sigma: Array
    further: Array
    ahead: dict[int, Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.known)

    def chosen(self, which: Bools) -> TurnRecord:
        """The turns for which ``which`` (E,) holds."""
        return TurnRecord(
            self.known[which],
            self.size[which],
            self.sigma[which],
            self.further[which],
            {h: a[which] for h, a in self.ahead.items()},
        )


def followed(
    log_ratio: Array, turns: Turns, *, horizons: Sequence[int] = HORIZONS, since: int = 0
) -> TurnRecord:
    """What followed every complete turn, up and down, of lines (P, T).

    log_ratio  the lines that ``turns`` were detected on. A missing value repeats the last one
    horizons   sessions after which the side that took over is asked to stand higher
    since      first session on which a turn counts

    A line that gains exactly nothing is not ahead. Raises ``UsageError`` for lines that are not
    those of the turns.
    """
    line = forward_fill(np.atleast_2d(np.asarray(log_ratio, float)))
    if line.shape != turns.state.shape:
        raise UsageError(
            f"lines {line.shape} are not those of the turns {turns.state.shape}.",
            "Give the lines that the turns were detected on.",
        )
    last = _last_value(np.atleast_2d(np.asarray(log_ratio, float)))
    chosen = np.flatnonzero(turns.complete & (turns.known >= since))
    quarter = turns.sigma[chosen] * math.sqrt(QUARTER)
    further = np.full(len(chosen), np.nan)
    ahead = {h: np.full(len(chosen), np.nan) for h in horizons}
    for at, e in enumerate(chosen.tolist()):
        row, day = int(turns.series[e]), int(turns.known[e])
        path = turns.direction[e] * (line[row, day : last[row] + 1] - line[row, day])
        far = np.abs(path) >= FURTHER * quarter[at]
        if far.any():
            further[at] = float(path[int(far.argmax())] > 0)
        for h in horizons:
            if h < len(path):
                ahead[h][at] = float(path[h] > 0)
    return TurnRecord(
        turns.known[chosen], turns.size[chosen] / quarter, turns.sigma[chosen], further, ahead
    )


def _last_value(line: Array) -> Ints:
    """(P,) session of the last value of each line; -1 where there is none."""
    session = np.where(np.isfinite(line), np.arange(line.shape[1]), -1)
    found: Ints = session.max(axis=1, initial=-1)
    return found


def pooled(records: Sequence[TurnRecord]) -> TurnRecord:
    """The turns of several records on one time axis as one."""
    if not records:
        nothing = np.empty(0)
        return TurnRecord(np.empty(0, np.int64), nothing, nothing, nothing)
    return TurnRecord(
        np.concatenate([r.known for r in records]),
        np.concatenate([r.size for r in records]),
        np.concatenate([r.sigma for r in records]),
        np.concatenate([r.further for r in records]),
        {h: np.concatenate([r.ahead[h] for r in records]) for h in records[0].ahead},
    )


@dataclass(frozen=True)
class Share:
    """How many of n decided events came out so, with an interval that respects shared dates.

    share, low, high  with 95% interval; None where fewer than 30 dates could be told apart
    n                 events, ``dates``: different blocks of sessions in which they fall
    """

    share: float | None
    low: float | None
    high: float | None
    n: int
    dates: int


def share(
    outcome: Array, known: Ints, *, block: int = QUARTER, draws: int = 2000, seed: int = 0
) -> Share:
    """Share of ones among the outcomes (E,) that are decided, resampled by date.

    known  (E,) session on which each event became known: those of one block of ``block`` sessions
           are drawn together
    draws  of as many blocks as have an event, with replacement; the interval holds the middle 95%

    Missing outcomes are not decided and do not count.
    """
    decided = np.isfinite(outcome)
    value, at = outcome[decided], np.asarray(known)[decided] // block
    blocks, row = np.unique(at, return_inverse=True)
    n, dates = len(value), len(blocks)
    if dates < MINIMUM_DATES:
        return Share(None, None, None, n, dates)
    ones = np.bincount(row, value, minlength=dates)
    count = np.bincount(row, minlength=dates).astype(float)
    drawn = np.random.default_rng(seed).multinomial(dates, np.full(dates, 1 / dates), draws)
    shares = (drawn @ ones) / (drawn @ count)
    low, high = np.quantile(shares, [0.025, 0.975])
    return Share(float(value.mean()), float(low), float(high), n, dates)
