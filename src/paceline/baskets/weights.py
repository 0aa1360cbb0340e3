"""Weights of a basket's members: cap, equal per company, inverse volatility, given; and the cap on a weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Bools
from paceline.baskets.history import drift_return
from paceline.errors import UsageError

if TYPE_CHECKING:
    from paceline.panel import Panel

#: Sessions over which inverse volatility looks back, and the returns it needs.
VOLATILITY_WINDOW, VOLATILITY_NEEDED = 252, 126


def proportional(size: Array, members: Bools) -> Array:
    """size_i / sum of size over the members that have one; zero elsewhere. (N,)"""
    counted = np.where(members & (size > 0), size, 0.0)
    total = counted.sum()
    return np.asarray(counted / total) if total > 0 else counted


def equal(companies: NDArray[np.int64], members: Bools) -> Array:
    """1 / number of companies, split equally over a company's lines (the wording of S&P's equal-weight indices)."""
    out = np.zeros(len(members))
    at = np.flatnonzero(members)
    if len(at):
        _, code, lines = np.unique(companies[at], return_inverse=True, return_counts=True)
        out[at] = 1.0 / (len(lines) * lines[code])
    return out


def inverse_volatility(panel: Panel, t: int, members: Bools) -> Array:
    """(1/s_i) / sum(1/s): s the standard deviation (ddof 1) of the drift returns of the 252 sessions to t.

    Members with fewer than 126 returns, or none that moved, have no weight.
    """
    out = np.zeros(len(members))
    at = np.flatnonzero(members)
    r = drift_return(panel, max(0, t + 1 - VOLATILITY_WINDOW), t + 1)[at]
    n = (~np.isnan(r)).sum(axis=1)
    mean = np.nansum(r, axis=1) / np.maximum(n, 1)
    sd = np.sqrt(np.nansum((r - mean[:, None]) ** 2, axis=1) / np.maximum(n - 1, 1))
    usable = (n >= VOLATILITY_NEEDED) & (sd > 1e-12)
    out[at[usable]] = 1.0 / sd[usable]
    return proportional(out, members)


def limited(weights: Array, limit: float) -> Array:
    """No weight above ``limit``: the excess goes to the others in proportion, until nobody exceeds it.

    Idempotent. The solution is w_i = min(limit, c w_i) with the c that makes the sum one, found by
    sorting: with the k largest at the limit, c = (1 - k limit) / (sum of the rest), for the
    smallest k that works. Raises ``UsageError`` where the members are too few: n * limit < 1."""
    held = np.flatnonzero(weights > 0)
    if not len(held) or weights[held].max() <= limit:
        return weights
    if len(held) * limit < 1 - 1e-12:
        raise UsageError(
            f"no weight above {limit:g} is impossible with {len(held)} members.",
            f"Raise cap_limit to {1 / len(held):.4f} or more.",
        )
    w = weights[held]
    order = np.sort(w)[::-1]
    k = np.arange(len(w))
    rest = np.cumsum(order[::-1])[::-1]  # sum of all but the k largest
    scale = np.maximum(1.0 - k * limit, 0.0) / rest
    fits = scale * order <= limit * (1 + 1e-12)
    c = scale[fits.argmax()] if fits.any() else np.inf
    out = np.zeros_like(weights)
    out[held] = np.minimum(limit, c * w)
    return out
