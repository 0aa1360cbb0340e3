"""What a scenario means for returns: drivers filled in, effects with errors, and periods like it.

A scenario gives the change of some drivers over h periods. The others take the change that usually
goes with it. The effect on a return is measured from an ordinary h periods, b' (X - h m), X the
changes and m the drivers' means.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from paceline.arrays import Array, Bools, Ints
from paceline.evidence.judgement import LEVEL
from paceline.methods.sensitivity import Regression


class Effects(NamedTuple):
    """What h periods of a scenario do to each of S returns; NaN where there is no fit.

    effect           b' (X - h m): what they add to h ordinary periods
    error            standard error of the effect, sqrt(d' V d), d = X - h m
    low, high        interval of the effect, 95%
    outcome_low, outcome_high  interval of a single outcome, 95%: sqrt(d' V d + h s^2)
    ordinary         h times the mean return: what the effect is added to
    """

    effect: Array
    error: Array
    low: Array
    high: Array
    outcome_low: Array
    outcome_high: Array
    ordinary: Array


def conditional_mean(mean: Array, covariance: Array, given: Array, periods: int = 1) -> Array:
    """(K,) changes over h periods: those given, and the mean of the others given these.

    X_u = h m_u + S_us S_ss^-1 (X_s - h m_s), the mean of a normal distribution given some of its
    parts: exact for h independent periods, and the best linear guess for any others.

    mean, covariance  (K,) and (K, K) of one period
    given             (K,) changes over the h periods; NaN for those that are not stated
    """
    stated = np.isfinite(given)
    filled = np.where(stated, given, periods * mean)
    if stated.any() and not stated.all():
        inner = covariance[np.ix_(stated, stated)]
        away = given[stated] - periods * mean[stated]
        filled[~stated] += covariance[np.ix_(~stated, stated)] @ np.linalg.solve(inner, away)
    return filled


def effects(fit: Regression, change: Array, periods: int = 1) -> Effects:
    """The effects of ``change`` (K,) over ``periods`` by a fit, with Student t intervals.

    The outcome's residuals count as independent from period to period.
    """
    from scipy.special import stdtrit

    away = change[None, :] - periods * fit.mean_x
    effect = np.einsum("sk,sk->s", fit.beta, away)
    square = np.einsum("sk,skl,sl->s", away, fit.covariance, away)
    reach = stdtrit(np.maximum(fit.freedom, 1), 1 - LEVEL / 2)
    error = np.sqrt(np.maximum(square, 0.0))
    whole = np.sqrt(np.maximum(square, 0.0) + periods * fit.variance)
    return Effects(
        effect,
        error,
        effect - reach * error,
        effect + reach * error,
        effect - reach * whole,
        effect + reach * whole,
        np.where(np.isfinite(effect), periods * fit.mean_y, np.nan),
    )


def sums(x: Array, periods: int) -> Array:
    """(..., T) sums over the ``periods`` up to each; NaN where one of them is missing."""
    found = np.full(x.shape, np.nan)
    if x.shape[-1] >= periods:
        windows = np.lib.stride_tricks.sliding_window_view(x, periods, axis=-1)
        found[..., periods - 1 :] = windows.sum(axis=-1)
    return found


def beyond(history: Array, change: Array) -> Bools:
    """(K,) whether a change lies outside all sums (K, T) of the same length in history."""
    with np.errstate(invalid="ignore"):
        low = np.nanmin(history, axis=1, initial=np.inf)
        high = np.nanmax(history, axis=1, initial=-np.inf)
    outside: Bools = (change < low) | (change > high)
    return outside


class Nearest(NamedTuple):
    """Past stretches of h periods, nearest first: position of the last period, and distance."""

    at: Ints
    distance: Array


def nearest(
    history: Array, target: Array, covariance: Array, periods: int, count: int = 5
) -> Nearest:
    """The stretches of history most like a scenario, no two of which share a period.

    d^2 = (X_t - X)' S^-1 (X_t - X) (Mahalanobis, 1936), over the drivers that the scenario states.

    history     (K, T) sums over h periods of the stated drivers
    target      (K,) the stated changes
    covariance  (K, K) of one period; that of a sum is h times as large
    """
    away = np.where(np.isfinite(history), history - target[:, None], np.inf)
    whole = np.isfinite(away).all(axis=0)
    away = np.where(whole, away, 0.0)
    turned = np.linalg.solve(periods * covariance, away)
    left = np.where(whole, np.sqrt(np.maximum((away * turned).sum(axis=0), 0.0)), np.inf)
    at: list[int] = []
    distance: list[float] = []
    while len(at) < count and np.isfinite(left).any():
        t = int(left.argmin())
        at.append(t)
        distance.append(float(left[t]))
        left[max(t - periods + 1, 0) : t + periods] = np.inf
    return Nearest(np.array(at, np.int64), np.array(distance))
