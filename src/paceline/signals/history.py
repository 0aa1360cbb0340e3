"""Where a value stands in its own history so far."""

from __future__ import annotations

import numpy as np

from paceline.arrays import Array

#: Values, the last one included, before a place among them says anything.
LEAST = 24


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
