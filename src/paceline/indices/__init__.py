"""Index levels from target weights and returns: weights drift, nothing jumps at a rebalance.

Within a span of sessions without a rebalance, with W the weights at its start, G the cumulative
growth of each security since then and A one where the security is listed (up to the session of its
last return):

    r_t = W (A_t G_{t-1} r_t) / W (A_t G_{t-1})

Two matrix products give all baskets of the span. The value of a delisted security is spread over
the others pro rata from the session after its last return, because it is missing from both sums. A
missing return is zero, and counted. Who is listed is known on the day (``Panel.listed``): where no
delisting is on record, a security counts as delisted after ten silent sessions.

Special dividends and spin-offs follow S&P's index mathematics (METHODS 1). A special dividend D on
a close P lowers the prior close: the weight opens the ex-date at (1 - D/P) of its value and earns
(1 + r) / (1 - D/P) - 1, so the cash is spread over the index. A spun-off child enters at price
zero: the parent's return of the ex-date includes ratio * child's close / parent's prior close, and
the value stays in the parent's line until the next rebalance.
"""

from __future__ import annotations

from paceline.indices.core import (
    Indices,
    Rows,
    Stretch,
    Walk,
    build,
    build_both,
    extend,
    finish,
    goes_on,
    walk,
)
from paceline.indices.drift import BASE, Basis

__all__ = [
    "BASE",
    "Basis",
    "Indices",
    "Rows",
    "Stretch",
    "Walk",
    "build",
    "build_both",
    "extend",
    "finish",
    "goes_on",
    "walk",
]
