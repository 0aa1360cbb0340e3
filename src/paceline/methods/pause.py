"""Is it a pause? How far below its high, whether the trend stands, and how earlier pauses ended.

Lines are levels (T,); NaN is missing. A year's high is that of the last 252 sessions, the long mean
that of 200.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from paceline import kernels
from paceline.arrays import SESSIONS_PER_YEAR, Array, Bools, Dates
from paceline.evidence import Evidence, hac_mean
from paceline.kernels import forward_fill
from paceline.signals.calendar import quarters

#: The long mean; the least fall from the high that is a pause, and the fall that is none any more.
LONG, PAUSE, BEAR = 200, 0.02, 0.20
#: Share of members that must stand above their long mean for the trend to stand.
MAJORITY = 0.5
#: Sessions of a quarter that stand in for its earnings season, the first being 1.
SEASON = (10, 45)
#: Words for where it stands.
HIGH, PAUSING, BROKEN = "at its high", "pausing in an intact trend", "in a broken trend"


def stands(drawdown: float, above: float, share: float | None) -> str:
    """The word: in a broken trend, at its high (less than 2% below it), or pausing between the two.

    drawdown  from the year's high, at most zero; above: distance from the long mean
    share     of the members above theirs, None where unknown

    The trend is broken below the long mean, at 20% or more off the high, and where not more than
    half of the members stand above theirs.
    """
    if above <= 0 or -drawdown >= BEAR or (share is not None and share <= MAJORITY):
        return BROKEN
    return PAUSING if -drawdown >= PAUSE else HIGH


@dataclass(frozen=True)
class Pauses:
    """Earlier pauses as deep as today's.

    inside, outside  share of complete quarters in which it stood as far below its high on any
                     session of the earnings season, and on any other session; by quarter
    recovered        share of pauses that ended in a new high before a close below the long mean
    """

    inside: Evidence
    outside: Evidence
    recovered: Evidence


def season(days: Dates) -> tuple[Array, Array]:
    """(session of its quarter, from 1, and quarter) of each session: the proxy of earnings seasons.

    The first quarter is NaN: how many of its sessions lie before the first day is not known.
    """
    quarter, place = quarters(days)
    number: Array = np.where(quarter == quarter[:1], np.nan, place)
    return number, quarter.astype(np.float64)


def season_lift(line: Array, days: Dates) -> Evidence:
    """Mean daily relative return in sessions 10 to 45 of a quarter less that in its other sessions.

    line, days  ln of the relative level (T,), and its sessions

    One number per complete quarter, their mean with an autocorrelation-robust interval: n is
    quarters. A lift over exposure, never a count: earnings seasons take up more than half of all
    sessions.
    """
    step = np.diff(line, prepend=np.nan)
    inside, outside = _by_quarter(step, days)
    lift = inside - outside
    return replace(
        hac_mean(lift[np.isfinite(lift)]),
        method="relative return in earnings seasons less outside, by quarter, Student t with an "
        "autocorrelation-robust error",
    )


def drawdowns(level: Array) -> Array:
    """(T,) level over its high of the last 252 sessions, less one; NaN before as many."""
    full = forward_fill(level[None])
    high = kernels.move_max(full, SESSIONS_PER_YEAR)[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Array = full[0] / high - 1
    return result


def pauses(level: Array, days: Dates, depth: float) -> Pauses:
    """How often earlier quarters saw a fall as deep as ``depth``, and how such pauses ended.

    level, days  (T,) and its sessions
    depth        a fraction above zero, of today's fall from the year's high; at least 2%
    """
    off = drawdowns(level)
    reached = np.where(np.isfinite(off), off <= -max(depth, PAUSE), np.nan)
    inside, outside = _by_quarter(reached, days)
    share = "share of quarters, Student t with an autocorrelation-robust error"
    within, without = (
        replace(hac_mean(np.ceil(x[np.isfinite(x)])), method=share) for x in (inside, outside)
    )
    ended = _ends(level, off, max(depth, PAUSE))
    pause = "share of pauses, Student t with an autocorrelation-robust error"
    return Pauses(within, without, replace(hac_mean(ended), method=pause))


def _by_quarter(values: Array, days: Dates) -> tuple[Array, Array]:
    """(Q,) means of values (T,) over the season and over the other sessions of each quarter.

    The first quarter is not complete, and the one under way is what is being asked about.
    """
    number, quarter = season(days)
    inside: Bools = np.asarray((number >= SEASON[0]) & (number <= SEASON[1]))
    known: Bools = np.asarray(np.isfinite(values) & np.isfinite(number))
    every, at = np.unique(quarter, return_inverse=True)

    def mean(where: Bools) -> Array:
        chosen = where & known
        with np.errstate(invalid="ignore"):
            result: Array = np.bincount(at, np.where(chosen, values, 0.0), len(every)) / (
                np.bincount(at, chosen, len(every))
            )
        if len(result):
            result[-1] = np.nan
        return result

    return mean(inside), mean(~inside)


def _ends(level: Array, off: Array, depth: float) -> Array:
    """(E,) 1 for each earlier pause that ended in a new high, 0 for one that broke the trend.

    A pause begins on the first session after a high on which the level stands as far below it and
    above its long mean; it is decided by a new high of the year or a close below the long mean,
    whichever comes first. The one under way is not decided.
    """
    full = forward_fill(level[None])
    mean = kernels.move_mean(full, LONG)[0]
    ended: list[float] = []
    pausing, armed = False, True
    for t in np.flatnonzero(np.isfinite(off) & np.isfinite(mean)).tolist():
        new_high, below = off[t] >= 0, full[0, t] <= mean[t]
        if pausing and (new_high or below):
            ended.append(float(new_high))
            pausing = False
        elif not pausing and armed and off[t] <= -depth and not below:
            pausing, armed = True, False
        if new_high:
            armed = True
    return np.array(ended)


def since_high(level: Array) -> int:
    """Sessions since the newest high of the last 252 sessions."""
    return int(np.nanargmax(level[-SESSIONS_PER_YEAR:][::-1]))
