"""Risk and return statistics of daily simple returns, along the last axis.

``r`` is (..., n); NaN returns are left out, and n is the number of the others. A year is 252
observations (a count, not the calendar). A statistic that divides by a spread of zero is NaN.
Definitions as in empyrical, except that the information ratio is annualised (empyrical's is not).
"""

from __future__ import annotations

import numpy as np

from paceline.arrays import Array

YEAR = 252


def _sd(r: Array) -> Array:
    """Standard deviation with n - 1 in the denominator; NaN below two observations."""
    n = np.isfinite(r).sum(axis=-1)
    centred = r - mean(r)[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = np.sqrt(np.nansum(centred**2, axis=-1) / np.where(n > 1, n - 1, np.nan))
    return result


def mean(r: Array) -> Array:
    """Arithmetic mean; NaN without observations."""
    n = np.isfinite(r).sum(axis=-1)
    result: Array = np.nansum(r, axis=-1) / np.where(n > 0, n, np.nan)
    return result


def _ratio(top: Array, bottom: Array, scale: Array) -> Array:
    """top / bottom; NaN where the spread is no more than rounding of numbers of this scale."""
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = np.where(bottom > 1e-12 * scale, top / bottom, np.nan)
    return result


def _scale(r: Array) -> Array:
    result: Array = np.max(np.abs(np.nan_to_num(r)), axis=-1, initial=0.0)
    return result


def cagr(r: Array) -> Array:
    """Compound annual growth: (prod(1 + r)) ** (252 / n) - 1."""
    n = np.isfinite(r).sum(axis=-1)
    return annual(np.where(n > 0, np.nanprod(1 + r, axis=-1) - 1, np.nan), np.maximum(n, 1))


def annual(total: Array, n: float | Array) -> Array:
    """A return over n sessions as growth per year: (1 + total) ** (252 / n) - 1."""
    result: Array = (1 + total) ** (YEAR / n) - 1
    return result


def volatility(r: Array) -> Array:
    """Annualised volatility: sd(r, ddof=1) * sqrt(252)."""
    result: Array = _sd(r) * np.sqrt(YEAR)
    return result


def sharpe(r: Array, riskless: float | Array = 0.0) -> Array:
    """Sharpe ratio: mean(r - rf) / sd(r - rf) * sqrt(252), with rf per session."""
    excess = r - riskless
    return _ratio(mean(excess) * np.sqrt(YEAR), _sd(excess), _scale(r))


def sortino(r: Array, minimum: float = 0.0) -> Array:
    """Sortino ratio: 252 mean(r - mar) / (sqrt(mean(min(r - mar, 0)^2)) sqrt(252)), mean over ALL sessions."""
    excess = r - minimum
    below = np.sqrt(mean(np.minimum(excess, 0) ** 2))
    return _ratio(mean(excess) * np.sqrt(YEAR), below, _scale(r))


def max_drawdown(r: Array) -> Array:
    """Deepest fall from a running maximum of wealth, as a negative return; wealth starts at 1.

    min over t of W_t / max(1, W_1 ... W_t) - 1 with W = cumprod(1 + r).
    """
    wealth = np.cumprod(1 + np.nan_to_num(r), axis=-1)
    peak = np.maximum(np.maximum.accumulate(wealth, axis=-1), 1.0)
    result: Array = np.min(wealth / peak - 1, axis=-1, initial=0.0)
    return np.where(np.isfinite(r).any(axis=-1), result, np.nan)


def tracking_error(r: Array, benchmark: Array) -> Array:
    """Annualised sd of the active return: sd(r - b, ddof=1) * sqrt(252)."""
    return volatility(r - benchmark)


def information_ratio(r: Array, benchmark: Array) -> Array:
    """Annualised information ratio: mean(r - b) / sd(r - b) * sqrt(252)."""
    active = r - benchmark
    return _ratio(mean(active) * np.sqrt(YEAR), _sd(active), _scale(r))
