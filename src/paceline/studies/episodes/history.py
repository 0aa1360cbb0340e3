"""What followed the turns of one line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR, Array, Dates
from paceline.methods import HORIZONS, Outcome, outcomes
from paceline.methods.detector import Turns
from paceline.studies.kept import kept_outcomes

if TYPE_CHECKING:
    from paceline.store import Cache

#: Draws of the bootstrap: p comes from the placebo, which has none.
DRAWS = 200
#: First day of the newer part of a history, shown apart where the whole begins before ``OLD``.
RECENT, OLD = np.datetime64("1990-01-01"), np.datetime64("1980-01-01")
#: The name of a pair's own line among the histories.
ITSELF = "the pair itself"


@dataclass(frozen=True)
class History:
    """What followed the turns of one line.

    name   "the pair itself", or the series of its proxy
    first  ISO date that counts from
    rate   turns to that side per year since then
    """

    name: str
    first: str
    direction: int
    outcome: Outcome
    rate: float


def histories(
    cache: Cache,
    name: str,
    days: Dates,
    line: Array,
    turns: Turns,
    row: int,
    direction: int,
    *,
    period: int = 1,
    year: int = SESSIONS_PER_YEAR,
    draws: int = DRAWS,
) -> Iterator[History]:
    """What followed the turns of a line to one side, per horizon; long histories also since 1990.

    cache   of a store, which keeps what followed
    row     the line's row of ``turns``
    period  sessions per observation of the line; horizons are in sessions all the same
    year    sessions of a year of the line's market
    """
    begun = np.flatnonzero(np.isfinite(turns.barrier[row]))
    first = int(begun[0]) if len(begun) else len(days) - 1
    starts = [first]
    if len(days) and days[first] < OLD and days[-1] > RECENT:
        starts.append(int(np.searchsorted(days, RECENT)))
    for start in starts:
        years = np.isfinite(turns.barrier[row, start:]).sum() * period / year
        count = int((turns.days(row, direction) >= start).sum())
        horizons = [h // period for h in HORIZONS]
        make = partial(
            outcomes,
            line,
            turns,
            series=row,
            direction=direction,
            since=start,
            horizons=horizons,
            draws=draws,
        )
        there, days_of = np.isfinite(turns.barrier[row]), turns.days(row, direction)
        asked = [line, there, days_of, direction, start, horizons, draws]
        for outcome in kept_outcomes(cache, outcomes.__module__, asked, make):
            of_sessions = replace(outcome, horizon=outcome.horizon * period)
            rate = count / years if years else math.nan
            yield History(name, str(days[start]), direction, of_sessions, rate)
