"""Ranks: average ranks, Spearman's correlation, quantile groups. Equal up to rounding is equal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array

#: Decimals of a return that count: what differs beyond them differs by rounding.
DECIMALS = 12


def average_ranks(x: Array) -> Array:
    """Ranks 1 (smallest) to n of finite values; equal values share the mean of their ranks."""
    x = np.round(x, DECIMALS)
    ordered = np.sort(x)
    first, last = np.searchsorted(ordered, x, "left"), np.searchsorted(ordered, x, "right")
    return np.asarray((first + 1 + last) / 2, float)


def spearman(x: Array, y: Array) -> float:
    """Pearson's correlation of the average ranks; NaN below two values or where one of the two does not vary."""
    if len(x) < 2:
        return float("nan")
    a, b = average_ranks(x), average_ranks(y)
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(np.clip(a @ b / scale, -1.0, 1.0)) if scale > 0 else float("nan")


def noise(n: int) -> float:
    """Half-width of the range in which 95% of rank correlations of n unrelated pairs fall: 1.96 / sqrt(n - 1)."""
    return 1.96 / float(np.sqrt(n - 1)) if n > 1 else float("inf")


def quantiles(x: Array, k: int) -> NDArray[np.int64]:
    """Group 0 (lowest) to k - 1 (highest) of each value: floor(k (rank - 1/2) / n), with average ranks."""
    return np.floor(k * (average_ranks(x) - 0.5) / len(x)).astype(np.int64)


def top(x: Array, share: float) -> NDArray[np.bool_]:
    """Which values belong to the highest ``share``: (rank - 1/2) / n >= 1 - share, with average ranks."""
    return np.asarray((average_ranks(x) - 0.5) / len(x) >= 1 - share - 1e-12)


def percentile(x: Array) -> Array:
    """Place among the finite values: 0 the lowest, 1 the highest, (rank - 1) / (n - 1); NaN where missing or alone."""
    out = np.full(len(x), np.nan)
    here = np.isfinite(x)
    if here.sum() > 1:
        out[here] = (average_ranks(x[here]) - 1) / (here.sum() - 1)
    return out
