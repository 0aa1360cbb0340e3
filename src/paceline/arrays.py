"""What everything is computed on: names for arrays, a span between rebalances, two counts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Numbers; (securities, sessions) or (subjects, sessions), contiguous along time; NaN is missing.
Array = NDArray[np.float64]
#: Sessions, datetime64[D], ascending.
Dates = NDArray[np.datetime64]
#: Masks of the same shapes.
Bools = NDArray[np.bool_]
#: Positions and counts.
Ints = NDArray[np.int64]

#: Sessions of a year, a count and not the calendar: what rates are annualised with.
SESSIONS_PER_YEAR = 252
#: Sessions that a security may be without data (a halt). After that a member is suspended, out of
#: breadth, and a security without a delisting on record counts as delisted.
PATIENCE = 10
#: Share of members, or of sessions in a window, that must have data; a value that rests on fewer is
#: none.
COVERAGE = 0.9


class Span(NamedTuple):
    """A stretch of sessions ``start <= t < stop`` within which no basket is rebalanced.

    ``weights`` (subject x security) are the target weights in force from the open of session
    ``start``, known at the close of session ``start - 1``; rows sum to one, or are all zero where a
    basket has no member. For a basket not rebalanced at ``start`` they are its drifted weights at
    that moment.
    """

    start: int
    stop: int
    weights: Array


#: A standard deviation is this times the median absolute deviation of a normal distribution.
NORMAL = 1.4826


def iso(days: Dates, at: int) -> str:
    """The day at a place, as an ISO date: of a few of many days, far cheaper than of all."""
    return str(days[at].astype("datetime64[D]"))
