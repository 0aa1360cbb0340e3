"""Risk and return statistics of daily simple returns, along the last axis.

``r`` is (..., n); NaN returns are left out, and n is the number of the others. A year is ``year``
observations (a count, not the calendar): 252 in New York, elsewhere those of the market's
calendar. A ratio whose denominator is zero is NaN. Definitions as in empyrical, except that the
information ratio is annualised (empyrical's is not).
"""

from __future__ import annotations

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR, Array

#: A standard deviation, or a variance, below this share of its scale is rounding.
ROUNDING = 1e-12


def mean(r: Array) -> Array:
    """Arithmetic mean; NaN without observations."""
    n = np.isfinite(r).sum(axis=-1)
    result: Array = np.nansum(r, axis=-1) / np.where(n > 0, n, np.nan)
    return result


def standard_deviation(r: Array) -> Array:
    """Standard deviation with n - 1 in the denominator (ddof 1); NaN below two observations."""
    n = np.isfinite(r).sum(axis=-1)
    centred = r - mean(r)[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = np.sqrt(np.nansum(centred**2, axis=-1) / np.where(n > 1, n - 1, np.nan))
    return result


def betas(index: Array, r: Array, least: int) -> Array:
    """(S, N) slope of each row of returns ``r`` (N, L) on each row of index returns (S, L).

    beta = cov(r, index) / var(index) over the columns where both have a return. NaN for fewer than
    ``least`` of them, or an index that does not move. Column t of ``r`` and of ``index`` must be
    the same session.
    """
    has_x, has_y = np.isfinite(index), np.isfinite(r)
    x, y = np.where(has_x, index, 0.0), np.where(has_y, r, 0.0)
    has_x, has_y = has_x.astype(float), has_y.astype(float)
    n = has_x @ has_y.T
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = x @ y.T - (x @ has_y.T) * (has_x @ y.T) / n
        square = (x * x) @ has_y.T
        variance = square - (x @ has_y.T) ** 2 / n
        slope: Array = np.where(
            (n >= least) & (variance > ROUNDING * square), covariance / variance, np.nan
        )
    return slope


def annual(total: Array, n: float | Array, year: float = SESSIONS_PER_YEAR) -> Array:
    """A return over n sessions as growth per year: (1 + total) ** (year / n) - 1."""
    result: Array = (1 + total) ** (year / n) - 1
    return result


def cagr(r: Array, year: float = SESSIONS_PER_YEAR) -> Array:
    """Compound annual growth: (prod(1 + r)) ** (year / n) - 1."""
    n = np.isfinite(r).sum(axis=-1)
    total = np.where(n > 0, np.nanprod(1 + r, axis=-1) - 1, np.nan)
    return annual(total, np.maximum(n, 1), year)


def volatility(r: Array, year: float = SESSIONS_PER_YEAR) -> Array:
    """Annualised volatility: sd(r, ddof=1) * sqrt(year)."""
    result: Array = standard_deviation(r) * np.sqrt(year)
    return result


def sharpe(r: Array, risk_free: float | Array = 0.0, year: float = SESSIONS_PER_YEAR) -> Array:
    """Sharpe ratio: mean(r - rf) / sd(r - rf) * sqrt(year), with the risk-free rate per session."""
    excess = r - risk_free
    top = mean(excess) * np.sqrt(year)
    return _ratio(top, standard_deviation(excess), _scale(r))


def sortino(r: Array, minimum: float = 0.0, year: float = SESSIONS_PER_YEAR) -> Array:
    """Sortino ratio with minimum acceptable return mar per session, its mean over all sessions.

    year mean(r - mar) / (sqrt(mean(min(r - mar, 0)^2)) sqrt(year)); NaN without a return below mar.
    """
    excess = r - minimum
    downside = np.sqrt(mean(np.minimum(excess, 0) ** 2))
    return _ratio(mean(excess) * np.sqrt(year), downside, _scale(r))


def max_drawdown(r: Array) -> Array:
    """Deepest fall from a running maximum of wealth, as a negative return; wealth starts at 1.

    min over t of W_t / max(1, W_1 ... W_t) - 1 with W = cumprod(1 + r).
    """
    wealth = np.cumprod(1 + np.nan_to_num(r), axis=-1)
    peak = np.maximum(np.maximum.accumulate(wealth, axis=-1), 1.0)
    result: Array = np.min(wealth / peak - 1, axis=-1, initial=0.0)
    return np.where(np.isfinite(r).any(axis=-1), result, np.nan)


def tracking_error(r: Array, benchmark: Array, year: float = SESSIONS_PER_YEAR) -> Array:
    """Annualised standard deviation of the active return: sd(r - b, ddof=1) * sqrt(year)."""
    return volatility(r - benchmark, year)


def information_ratio(r: Array, benchmark: Array, year: float = SESSIONS_PER_YEAR) -> Array:
    """Annualised information ratio: mean(r - b) / sd(r - b) * sqrt(year)."""
    active = r - benchmark
    top = mean(active) * np.sqrt(year)
    return _ratio(top, standard_deviation(active), _scale(r))


def _ratio(top: Array, bottom: Array, scale: Array) -> Array:
    """Quotient; NaN where the denominator is no more than rounding of numbers of this scale."""
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = np.where(bottom > ROUNDING * scale, top / bottom, np.nan)
    return result


def _scale(r: Array) -> Array:
    """Largest absolute value of each row."""
    result: Array = np.max(np.abs(np.nan_to_num(r)), axis=-1, initial=0.0)
    return result
