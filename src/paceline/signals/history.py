"""Where a value stands in its own history so far."""

from __future__ import annotations

import numpy as np

from paceline.arrays import Array

#: Values, the last one included, before a place among them says anything.
LEAST = 24
#: Values before the last, of days, before its place among them says anything.
YEAR = 252


def place_among(values: Array) -> Array:
    """(...,) share of the values (..., K) before the last that lie below it, equal ones half.

    Missing values are left out; NaN where the last is missing or fewer than 252 stand before it.
    """
    if values.shape[-1] <= YEAR:
        return np.full(values.shape[:-1], np.nan)
    earlier, last = values[..., :-1], values[..., -1:]
    counted = np.isfinite(earlier).sum(axis=-1)
    below = (earlier < last).sum(axis=-1) + (earlier == last).sum(axis=-1) / 2
    known = np.isfinite(last[..., 0]) & (counted >= YEAR)
    result: Array = np.where(known, below / np.maximum(counted, 1), np.nan)
    return result


def place_so_far(values: Array) -> Array:
    """(K,) share of the values up to each one that are not above it, itself included.

    1 is the highest so far, and ties count as not above. Missing values are left out and have
    none; NaN below 24 values.
    """
    known = np.isfinite(values)
    seen = np.cumsum(known)
    out = np.full(len(values), np.nan)
    for k in np.flatnonzero(known & (seen >= LEAST)).tolist():
        past = values[: k + 1][known[: k + 1]]
        out[k] = float((past <= values[k]).mean())
    return out
