"""Sessions on which more closes than usual are those of the session before once more."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: A return nearer to zero than this is none: that of a level carried forward, rounding included.
ZERO = 1e-9
#: So many closes stand still together where this share of so many does.
TOGETHER, MANY = 0.5, 10
#: So do so many, this many times what is usual, and more than that by so many of its square roots.
SEVERAL, TIMES, ROOTS = 4, 3.0, 8.0
#: Usual is the share on the sessions before, of so many at most and at least.
BEFORE, FEWEST = 63, 21


def together(still: NDArray[Any], count: NDArray[Any]) -> NDArray[np.bool_]:
    """(T,) sessions on which closes stand still together.

    still, count  (T,) securities with a return of zero, and with a return, by session

    Half of ten or more; or, with m the number to expect from the share of all returns of the 63
    sessions before (21 at least) that were zero, four or more, no fewer than 3 m and m + 8 sqrt(m):
    were they independent, that would not happen in the life of a market.
    """
    out: NDArray[np.bool_] = (count >= MANY) & (still >= TOGETHER * count)
    stop = np.arange(len(count))
    begin = np.maximum(stop - BEFORE, 0)
    zeros, returns, sessions = (
        total[stop] - total[begin]
        for total in (np.r_[0, np.cumsum(part)] for part in (still, count, count > 0))
    )
    usual = count * (zeros + 1) / (returns + 1)
    limit = np.maximum(SEVERAL, np.maximum(TIMES * usual, usual + ROOTS * np.sqrt(usual)))
    out |= (sessions >= FEWEST) & (still >= limit)
    return out
