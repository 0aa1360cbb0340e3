"""Simple returns of levels, and growth inside a span. Time is the last axis; NaN is missing."""

from __future__ import annotations

import numpy as np

from paceline.arrays import Array


def session_returns(levels: Array) -> Array:
    """(S, T) returns L_t / L_{t-1} - 1; NaN on the first session and where a level is missing."""
    return trailing_returns(levels, 1)


def trailing_returns(levels: Array, window: int) -> Array:
    """(S, T) returns L_t / L_{t-window} - 1; NaN on the first ``window`` sessions."""
    result = np.full(levels.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(levels[:, window:], levels[:, :-window], out=result[:, window:])
    result -= 1
    return result


def return_between(levels: Array, start: int, end: int) -> Array:
    """(S,) return of each row from the close of session ``start`` to that of ``end``.

    NaN where either level is missing, for a session before the first (-1) and where start > end.
    """
    if start < 0 or end < 0 or start > end:
        return np.full(len(levels), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = levels[:, end] / levels[:, start] - 1
    return result


def growth_to_eve(drift: Array) -> Array:
    """(n, L) growth G_{t-1} from the first column's open to the close before each; one at first.

    ``drift`` (n, L) are the returns by which weights drift, without missing ones.
    """
    growth = np.ones(drift.shape)
    np.cumprod(1 + drift[:, :-1], axis=1, out=growth[:, 1:])
    return growth
