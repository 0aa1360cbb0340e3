"""Ranks: average ranks, Spearman's correlation, quantile groups. Equal up to rounding is equal."""

from __future__ import annotations

import numpy as np

from paceline.arrays import Array, Bools, Ints

#: Decimals of a return that count: what differs beyond them differs by rounding.
DECIMALS = 12
#: Differences smaller than this are rounding.
ROUNDING = 1e-12
#: Standard deviations from the mean within which 95% of a normal distribution lies.
NORMAL_95 = 1.96


def average_ranks(x: Array) -> Array:
    """Ranks 1 (smallest) to n of finite values; equal values share the mean of their ranks."""
    x = np.round(x, DECIMALS)
    ordered = np.sort(x)
    first, last = np.searchsorted(ordered, x, "left"), np.searchsorted(ordered, x, "right")
    return np.asarray((first + 1 + last) / 2, float)


def tied_ranks(values: Array, tie: float) -> Ints:
    """Rank 1 for the largest; neighbours in the order closer than ``tie`` share a rank.

    -1 where a value is missing. The ranks after a tie of two continue at two more (1, 2, 2, 4).
    Closeness is passed on: if a ties with b and b with c, all three share a rank, so that no two
    values closer than ``tie`` are ever ranked apart.
    """
    order = np.argsort(-values, kind="stable")  # missing values come last
    ordered = values[order]
    apart = np.ones(len(values), bool)
    apart[1:] = ordered[:-1] - ordered[1:] >= tie - ROUNDING
    place = np.maximum.accumulate(np.where(apart, np.arange(len(values)), 0))
    out = np.empty(len(values), np.int64)
    out[order] = np.where(np.isfinite(ordered), place + 1, -1)
    return out


def spearman(x: Array, y: Array) -> float:
    """Spearman's rho: Pearson's correlation of the average ranks.

    NaN below two values, or where one of the two does not vary.
    """
    if len(x) < 2:
        return float("nan")
    a, b = average_ranks(x), average_ranks(y)
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(np.clip(a @ b / scale, -1.0, 1.0)) if scale > 0 else float("nan")


def noise(n: int) -> float:
    """Half-width of the 95% range of rank correlations of n unrelated pairs: 1.96 / sqrt(n - 1)."""
    return NORMAL_95 / float(np.sqrt(n - 1)) if n > 1 else float("inf")


def quantiles(x: Array, k: int) -> Ints:
    """Group 0 (lowest) to k - 1 (highest) of each value: floor(k (average rank - 1/2) / n)."""
    return np.floor(k * (average_ranks(x) - 0.5) / len(x)).astype(np.int64)


def top(x: Array, share: float) -> Bools:
    """Which values are among the highest ``share``: (average rank - 1/2) / n >= 1 - share."""
    return np.asarray((average_ranks(x) - 0.5) / len(x) >= 1 - share - ROUNDING)


def percentile(x: Array) -> Array:
    """Place among the finite values, (rank - 1) / (n - 1): 0 the lowest, 1 the highest.

    NaN where a value is missing or the only one.
    """
    result = np.full(len(x), np.nan)
    valid = np.isfinite(x)
    if valid.sum() > 1:
        result[valid] = (average_ranks(x[valid]) - 1) / (valid.sum() - 1)
    return result
