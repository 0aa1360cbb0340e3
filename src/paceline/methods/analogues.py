"""Days most like today, and what came next, against the base rate of all days.

The state of a day is a vector of what anyone could have measured then; each part is a z-score over
the history up to that day (expanding window), so nothing later leaks into it. Distance is
Mahalanobis'. The days chosen lie at least a horizon apart from each other, and further than the
longest window and the horizon from today, so that neither their past nor their future overlaps with
today's or with each other's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paceline import kernels
from paceline.arrays import Array, Bools, Ints
from paceline.errors import UsageError
from paceline.methods.outcomes import Outcome, forward, outcome_of
from paceline.methods.relative_lines import MONTH

#: Longest window of the state, and history before an expanding z-score means anything, in months.
LONGEST, SETTLE = 12, 60
#: How many days are chosen.
CHOSEN = 30
#: A variance up to this is rounding, not movement.
ROUNDING = 1e-18


@dataclass(frozen=True)
class Analogues:
    """The days most like the last one.

    at        (k,) sessions, nearest first
    distance  (k,) Mahalanobis distance of each
    eligible  (T,) days that could have been chosen
    """

    at: Ints
    distance: Array
    eligible: Bools


def state(market: Array, factors: Array, per_month: int = MONTH) -> tuple[Array, tuple[str, ...]]:
    """State vector (K, T) of log returns, ``market`` (T,) and ``factors`` (F, T), and its parts.

    Market: return over 1, 6 and 12 months, volatility over 1 month (of monthly data: 12), distance
    from the high of 12 months. Each factor: return over 1 and over 6 months. Missing returns count
    as zero; NaN before a window is full.
    """

    def total(x: Array, months: int) -> Array:
        n = months * per_month
        line = np.cumsum(np.nan_to_num(x))
        moved = np.full(len(x), np.nan)
        moved[n:] = line[n:] - line[:-n]
        return moved

    line = np.cumsum(np.nan_to_num(market))
    high = kernels.move_max(line, LONGEST * per_month)
    volatility = kernels.move_std(np.nan_to_num(market), per_month if per_month > 1 else LONGEST)
    with np.errstate(divide="ignore"):
        parts = [
            *(total(market, m) for m in (1, 6, 12)),
            np.where(volatility > 0, np.log(volatility), np.nan),
            line - high,
        ]
    names = [
        "market, one month",
        "market, six months",
        "market, twelve months",
        "volatility",
        "distance from high",
    ]
    for k, factor in enumerate(np.atleast_2d(factors)):
        parts += [total(factor, 1), total(factor, 6)]
        names += [f"factor {k}, one month", f"factor {k}, six months"]
    return np.vstack(parts), tuple(names)


def expanding_z(x: Array, settle: int) -> Array:
    """(x_t - mean) / standard deviation (ddof 1) of all values of a row (K, T) up to t, t included.

    NaN for the first ``settle`` values, and where the values do not vary.
    """
    observed = np.isfinite(x)
    first = np.where(observed.any(axis=1), observed.argmax(axis=1), 0)
    # near the values: keeps the difference of squares exact
    shift = np.take_along_axis(x, first[:, None], axis=1)
    y = np.where(observed, x - np.nan_to_num(shift), 0.0)
    n = np.cumsum(observed, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.cumsum(y, axis=1) / n
        variance = (np.cumsum(y * y, axis=1) - n * mean**2) / (n - 1)
        z: Array = np.where(
            observed & (n > settle) & (variance > ROUNDING), (y - mean) / np.sqrt(variance), np.nan
        )
    return z


def find(vector: Array, horizon: int, *, per_month: int = MONTH, chosen: int = CHOSEN) -> Analogues:
    """The days most like the last one of a state vector (K, T), at most ``chosen`` of them.

    horizon    observations that are looked ahead afterwards
    per_month  observations in a month

    Raises ``UsageError`` where the last day has no complete state.
    """
    z = expanding_z(vector, SETTLE * per_month)
    last = z.shape[1] - 1
    if last < 0 or not np.isfinite(z[:, last]).all():
        raise UsageError(
            "the last day has no complete state vector.",
            f"Give {SETTLE + LONGEST} months of history up to that day.",
        )
    eligible: Bools = np.asarray(np.isfinite(z).all(axis=0))
    gap = max(LONGEST * per_month, horizon)
    eligible[max(last + 1 - gap, 0) :] = False
    known = z[:, np.isfinite(z).all(axis=0)]
    away = z - z[:, last:]
    inverse = np.linalg.pinv(np.atleast_2d(np.cov(known)))
    distance = np.sqrt(np.einsum("kt,kl,lt->t", np.nan_to_num(away), inverse, np.nan_to_num(away)))
    left = np.where(eligible, distance, np.inf)
    at: list[int] = []
    while len(at) < chosen and np.isfinite(left).any():
        t = int(left.argmin())
        at.append(t)
        left[max(t - horizon + 1, 0) : t + horizon] = np.inf
    return Analogues(np.array(at, np.int64), distance[at], eligible)


def followed(
    found: Analogues, lines: Sequence[Array], horizon: int, *, draws: int = 300, seed: int = 0
) -> list[Outcome]:
    """What each line (T,) returned over the next ``horizon`` sessions after the days found.

    Against all eligible days. Suppressed, with the reason, below ten days whose windows do not
    overlap.
    """
    event = np.zeros(len(found.eligible), bool)
    event[found.at] = True
    return [
        outcome_of(
            np.where(found.eligible, forward(line, horizon), np.nan), event, horizon, draws, seed
        )
        for line in lines
    ]
