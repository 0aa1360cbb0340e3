"""What a result hangs on: one more day of lag, a handful of days."""

from __future__ import annotations

import numpy as np

from paceline.arrays import Array, Ints

#: The lead is a handful of days' if it is gone without so many of its best.
HANDFUL = 10
#: Share of the lead that must be left after one more day of lag.
LEFT = 0.5


def carried_by(net: Array, against: Array) -> Ints:
    """The fewest best sessions without which the lead in wealth is gone, best first.

    By ln((1 + net) / (1 + against)) of each session; empty where there is no lead.
    """
    lead = np.log1p(net) - np.log1p(against)
    whole = float(lead.sum())
    if whole <= 0:
        return np.empty(0, np.int64)
    order = np.argsort(-lead, kind="stable")
    needed = int(np.searchsorted(np.cumsum(lead[order]), whole * (1 - 1e-12))) + 1
    return np.asarray(order[:needed], np.int64)


def is_handful(days: Ints) -> bool:
    """Whether that is a handful: at most ten of them."""
    return 0 < len(days) <= HANDFUL


def lag_destroys(lead: float, later: float) -> bool:
    """Whether one more day of lag takes more than half of a lead (both per year)."""
    return lead > 0 and later < LEFT * lead
