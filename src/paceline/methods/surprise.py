"""The part of a release that a simple forecast did not see.

Where forecasts are stored a surprise is the value less its forecast. Else it is the residual of an
autoregression of the changes, whose coefficients are those of all releases before: nothing of the
value itself, or after it, goes into its forecast.
"""

from __future__ import annotations

import numpy as np

from paceline.arrays import Array

#: Changes that the forecast looks back to, and changes before the first forecast is made.
ORDER, SETTLE = 2, 36


def residuals(change: Array, order: int = ORDER, settle: int = SETTLE) -> Array:
    """(n,) e_i = c_i - a_i - sum over j of b_ij c_{i-j}, of changes (n,) in order of release.

    (a_i, b_i) are the least squares of c on its ``order`` predecessors over all releases before i,
    at least ``settle`` of them. Missing: a change that is missing, or has a missing predecessor,
    takes no part and has no residual.
    """
    n, width = len(change), order + 1
    past = np.full((width, n), np.nan)
    past[0] = 1.0
    for j in range(1, width):
        past[j, j:] = change[:-j]
    whole = np.isfinite(past).all(axis=0)
    rows = np.where(whole & np.isfinite(change), past, 0.0)
    target = np.where(np.isfinite(change), change, 0.0)
    gram = np.cumsum(rows[:, None, :] * rows[None, :, :], axis=2)
    moment = np.cumsum(rows * target, axis=1)
    # what is known before release i
    gram = np.concatenate([np.zeros((width, width, 1)), gram[..., :-1]], axis=2)
    moment = np.concatenate([np.zeros((width, 1)), moment[:, :-1]], axis=1)
    settled = whole & (gram[0, 0] >= settle)
    found = np.full(n, np.nan)
    inverse = np.linalg.pinv(np.moveaxis(gram[..., settled], -1, 0), hermitian=True)
    slope = np.einsum("ikl,li->ki", inverse, moment[:, settled])
    found[settled] = change[settled] - (slope * past[:, settled]).sum(axis=0)
    return found
