"""What a rule may look at beside levels: causal measures, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paceline import measures
from paceline.arrays import Array, Dates
from paceline.errors import NotEnoughData, UnknownName, UsageError

if TYPE_CHECKING:
    from paceline.market import Market

#: What is not held in anything.
CASH = "cash"


def series_of(market: Market, name: str, statistic: str, subject: str, days: Dates) -> Array:
    """(T,) a causal measure's series of one subject on these days; NaN where it has no value.

    Raises ``UsageError`` for a measure that is not causal or no series, ``UnknownName`` and
    ``NotEnoughData`` for a subject without it.
    """
    declared = measures.get(name, market.plugins)
    if not declared.causal:
        raise UsageError(
            f"the measure {declared.name} is not causal: later sessions change what it says of "
            "earlier ones, so no rule may act on it.",
            "Choose a causal measure: its page in docs/measures says whether it is.",
        )
    if declared.shows != "series":
        raise UsageError(
            f"the measure {declared.name} is a table of one day, not a series.",
            "Choose one that is shown as a series, e.g. percent_above_average.",
        )
    found = market.evaluate(declared.name)
    values = found.result.value
    assert isinstance(values, dict)
    statistic = statistic or next(iter(values))
    if statistic not in values:
        raise UnknownName(f"statistic of {declared.name}", statistic, values)
    if subject not in found.view.subjects:
        raise NotEnoughData(
            f"{declared.name} has no value of {subject}.",
            "Name one that has members: `paceline list baskets`, and the key `subject`.",
        )
    own = found.view.sessions
    row = values[statistic][found.view.subjects.index(subject)]
    at = np.minimum(np.searchsorted(own, days), len(own) - 1)
    return np.where(own[at] == days, row[at], np.nan)
