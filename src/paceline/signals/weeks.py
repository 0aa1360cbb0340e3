"""Weekly closes: the last session of each calendar week, and levels as they stood then."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paceline import kernels
from paceline.arrays import Array, Dates


def week_ends(sessions: Dates, calendar: Dates) -> tuple[NDArray[np.int64], bool]:
    """Session numbers of the last session of each week (Monday to Sunday), and whether the last week is over.

    It is over when the next session of the ``calendar`` belongs to another week. Where the calendar
    does not reach beyond the last session it is over on its Friday, and a week that a holiday ends
    earlier counts as open.
    """
    days = sessions.astype("datetime64[D]").astype(np.int64)
    week = (days + 3) // 7  # 1970-01-01 was a Thursday
    ends = np.flatnonzero(np.append(week[1:] != week[:-1], True))
    ahead = calendar[calendar > sessions[-1]]
    if len(ahead):
        return ends, bool(
            (int(ahead[0].astype("datetime64[D]").astype(np.int64)) + 3) // 7 > week[-1]
        )
    return ends, bool((days[-1] + 3) % 7 >= 4)


def carried(values: Array) -> Array:
    """(S, W) with the last value before a gap repeated in it; NaN before the first value."""
    there = np.isfinite(values)
    last = np.maximum.accumulate(np.where(there, np.arange(values.shape[1]), -1), axis=1)
    out: Array = np.take_along_axis(values, np.maximum(last, 0), axis=1)
    return np.where(last >= 0, out, np.nan)


def age(values: Array) -> NDArray[np.int64]:
    """(S, W) how many weeks there have been since the first value, itself included; 0 before it."""
    return np.cumsum(np.logical_or.accumulate(np.isfinite(values), axis=1), axis=1)


def lagged_change(a: Array, lag: int) -> Array:
    """a_t - a_{t-lag} along the last axis; NaN on the first ``lag``."""
    out = np.full(a.shape, np.nan)
    out[:, lag:] = a[:, lag:] - a[:, :-lag]
    return out


def spread(a: Array, window: int, least: float) -> Array:
    """Standard deviation (ddof 1) of the last ``window`` values; NaN where it is no more than ``least`` (rounding)."""
    sd = kernels.move_std(a, window)
    with np.errstate(invalid="ignore"):
        return np.where(sd > least, sd, np.nan)


def score(a: Array, window: int, least: float) -> Array:
    """(a_t - mean) / sd of the last ``window`` values, t included, sd with ddof 1."""
    result: Array = (a - kernels.move_mean(a, window)) / spread(a, window, least)
    return result
