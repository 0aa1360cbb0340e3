"""Shares and their intervals: Wilson's, and shares of overlapping windows."""

from __future__ import annotations

import math
from typing import NamedTuple

from paceline.arrays import Bools
from paceline.evidence import MINIMUM_EFFECTIVE, independent_windows

#: 97.5% quantile of the normal distribution.
Z = 1.959963984540054


def wilson(hits: float, n: float) -> tuple[float, float]:
    """95% interval of a share by Wilson (1927); NaN without observations."""
    if n <= 0:
        return math.nan, math.nan
    share = hits / n
    middle = share + Z * Z / (2 * n)
    reach = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    scale = 1 + Z * Z / n
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


class WindowShare(NamedTuple):
    """A share of ``n`` overlapping windows, worth ``n_effective`` independent ones.

    ``low`` and ``high`` (95%, Wilson) count only independent windows.
    """

    value: float
    low: float
    high: float
    n: int
    n_effective: float

    @property
    def enough(self) -> bool:
        """There are enough independent windows to give a number at all."""
        return self.n_effective >= MINIMUM_EFFECTIVE


def window_share(hit: Bools, horizon: int) -> WindowShare:
    """Share of hits among overlapping windows (n,) of ``horizon`` sessions, one per session."""
    n = len(hit)
    if n == 0:
        return WindowShare(math.nan, math.nan, math.nan, 0, 0.0)
    effective = independent_windows(n, horizon)
    value = float(hit.mean())
    low, high = wilson(value * effective, effective)
    return WindowShare(value, low, high, n, effective)
