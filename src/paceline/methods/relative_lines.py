"""Lines to look for turns in: ln(A/B), the same without beta, and a long-short factor's wealth.

Lines are (T,), natural logs; NaN is missing.
"""

from __future__ import annotations

import numpy as np

from paceline.arrays import Array, Dates
from paceline.errors import UsageError
from paceline.kernels import forward_fill
from paceline.signals.rolling import rolling_beta

#: Sessions over which a beta is estimated, and the least of them.
BETA_WINDOW, BETA_LEAST = 252, 126
#: Sessions that an observation of a monthly series stands for.
MONTH = 21
#: Typical days between two observations of a series: below the first it is daily, from the second
#: on it is rarer than monthly.
DAILY_BELOW, RARE_FROM = 10, 100


def log_ratio(lead: Array, against: Array) -> Array:
    """ln(A/B) of two levels (T,); NaN where one of them is missing or not above zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        line: Array = np.where((lead > 0) & (against > 0), np.log(lead) - np.log(against), np.nan)
    return line


def beta_neutral(line: Array, benchmark: Array, window: int = BETA_WINDOW) -> Array:
    """The line without what differing betas explain: sum over t of d_t - b_{t-1} m_t.

    d and m are the log returns of A/B (``line``, logs) and of the ``benchmark`` (levels),
    b_{t-1} = cov(d, m) / var(m) over the ``window`` sessions up to t - 1, which is beta of A less
    beta of B. Causal. NaN where the line is, until 126 sessions with both returns are known, and
    where the benchmark does not move.
    """
    d, m = (
        np.diff(forward_fill(x), prepend=np.nan)
        for x in (line, log_ratio(benchmark, np.ones_like(benchmark)))
    )
    beta = np.r_[np.nan, rolling_beta(d, m, window, BETA_LEAST)[:-1]]
    step = d - beta * m
    started = np.isfinite(step)
    return np.where(started & np.isfinite(line), np.cumsum(np.where(started, step, 0.0)), np.nan)


def factor_line(values: Array, sign: int = 1) -> Array:
    """Log wealth of a long-short factor with simple returns (T,), or of its opposite for sign -1.

    The opposite bet earns the negative of each return. Missing returns stay missing and count as
    zero.
    """
    observed = np.isfinite(values)
    return np.where(observed, np.cumsum(np.log1p(np.where(observed, sign * values, 0.0))), np.nan)


def period_of(days: Dates) -> int:
    """Sessions per observation of a series: 1 for daily, 21 for monthly ones.

    Raises ``UsageError`` for a series with rarer observations.
    """
    gap = (
        float(np.median(np.diff(days).astype("timedelta64[D]").astype(np.int64)))
        if len(days) > 1
        else 1.0
    )
    if gap >= RARE_FROM:
        raise UsageError(
            f"a series with an observation every {gap:.0f} days has no episodes.",
            "Give a daily or monthly series.",
        )
    return 1 if gap < DAILY_BELOW else MONTH
