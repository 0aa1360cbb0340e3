"""Rolling statistics beyond the kernels': change over a lag, standard deviation, z-score, beta."""

from __future__ import annotations

import numpy as np

from paceline import kernels
from paceline.arrays import Array, Ints
from paceline.signals.statistics import ROUNDING


def observations_so_far(a: Array) -> Ints:
    """(S, T) columns since a row's first value, itself included; 0 before it."""
    return np.cumsum(np.logical_or.accumulate(np.isfinite(a), axis=1), axis=1)


def change_over(a: Array, lag: int) -> Array:
    """a_t - a_{t-lag} along the last axis; NaN on the first ``lag``."""
    result = np.full(a.shape, np.nan)
    result[:, lag:] = a[:, lag:] - a[:, :-lag]
    return result


def rolling_std(a: Array, window: int, least: float) -> Array:
    """Standard deviation (ddof 1) of the last ``window`` values; NaN where it is at most ``least``.

    ``least`` is what rounding makes of values that do not move.
    """
    deviation = kernels.move_std(a, window)
    with np.errstate(invalid="ignore"):
        return np.where(deviation > least, deviation, np.nan)


def z_score(a: Array, window: int, least: float) -> Array:
    """(a_t - mean) / standard deviation (ddof 1) of the last ``window`` values, t included.

    NaN where the deviation is at most ``least``, as in ``rolling_std``.
    """
    result: Array = (a - kernels.move_mean(a, window)) / rolling_std(a, window, least)
    return result


def rolling_beta(r: Array, index: Array, window: int, least: int) -> Array:
    """(T,) slope of returns ``r`` (T,) on the returns ``index`` (T,) over the last ``window``.

    beta = cov(r, index) / var(index) over the sessions on which both have a return, t included.
    NaN for fewer than ``least`` of them (from the first session on), and for an index that does not
    move. By running sums, linear in T; ``statistics.betas`` is the same for one window of many.
    """
    both = np.isfinite(r) & np.isfinite(index)
    x, y = np.where(both, index, 0.0), np.where(both, r, 0.0)

    def summed(values: Array) -> Array:
        total = np.cumsum(values)
        total[window:] = total[window:] - total[:-window]
        return total

    n, sx, sy, sxx, sxy = (summed(v) for v in (both.astype(float), x, y, x * x, x * y))
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = sxx - sx * sx / n
        slope: Array = np.where(
            (n >= least) & (variance > ROUNDING * np.maximum(sxx, ROUNDING)),
            (sxy - sx * sy / n) / variance,
            np.nan,
        )
    return slope
