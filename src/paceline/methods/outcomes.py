"""What followed: relative returns after episodes and after lows, against the base rate of all days.

The lows are the benchmark's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from paceline.arrays import Array, Bools, Ints
from paceline.errors import UsageError
from paceline.evidence import Evidence, event_evidence
from paceline.methods.detector import Turns

#: Sessions that are looked ahead: a month, a quarter, half a year, a year.
HORIZONS = (21, 63, 126, 252)


@dataclass(frozen=True)
class Outcome:
    """Relative return of A over B after events against all days: (A_{t+h}/B_{t+h}) / (A_t/B_t) - 1.

    mean, hit_rate       mean, and share above zero, after the events
    base, base_hit_rate  the same for all eligible days
    evidence             of mean - base: interval, p, n, effective n, minimum detectable effect

    Below ten effective observations all four are None and ``evidence.note`` says why.
    """

    horizon: int
    mean: float | None
    hit_rate: float | None
    base: float | None
    base_hit_rate: float | None
    evidence: Evidence


@dataclass(frozen=True)
class AfterLows:
    """The relative return ``sessions`` after the last low, beside those after every earlier one.

    now      after the last low; NaN where its window is not complete
    below    share of the earlier ones that are below ``now``; NaN without earlier ones
    lows     (M,) sessions of the earlier lows, ``values`` (M,) the relative returns after them
    outcome  of the earlier lows against all days
    """

    sessions: int
    now: float
    below: float
    lows: Ints
    values: Array
    outcome: Outcome


def forward(log_ratio: Array, horizon: int) -> Array:
    """(T,) relative return over the next ``horizon`` sessions; NaN where either end is missing.

    Raises ``UsageError`` for a horizon below one session.
    """
    if horizon < 1:
        raise UsageError(f"a horizon of {horizon} sessions does not exist.", "Give 1 or more.")
    line = np.asarray(log_ratio, float)
    result = np.full(line.shape, np.nan)
    result[:-horizon] = np.expm1(line[horizon:] - line[:-horizon])
    return result


def outcome_of(value: Array, event: Bools, horizon: int, draws: int, seed: int) -> Outcome:
    """Values (T,) of the sessions with an event (T,) against those of all sessions with a value."""
    evidence = event_evidence(value, event, horizon=horizon, draws=draws, seed=seed)
    if evidence.suppressed:
        return Outcome(horizon, None, None, None, None, evidence)
    after, days = value[event & np.isfinite(value)], value[np.isfinite(value)]
    return Outcome(
        horizon,
        float(after.mean()),
        float((after > 0).mean()),
        float(days.mean()),
        float((days > 0).mean()),
        evidence,
    )


def outcomes(
    log_ratio: Array,
    turns: Turns,
    *,
    series: int = 0,
    direction: int = 1,
    horizons: Sequence[int] = HORIZONS,
    since: int = 0,
    draws: int = 2000,
    seed: int = 0,
) -> list[Outcome]:
    """What followed the episodes of one series, one outcome per horizon.

    log_ratio  (T,) the line ``turns`` were detected on (its row ``series``)
    direction  +1: A took over (a hit is a further gain of A); -1: B took over (a hit is still a
               gain of A)
    since      first session that counts, for events and base days alike ("since 1990")

    Measured from the close of the day an episode became known. The base rate is that of all days on
    which one could have become known (those with a barrier).
    """
    eligible = np.isfinite(turns.barrier[series]) & (np.arange(len(log_ratio)) >= since)
    event = np.zeros(len(log_ratio), bool)
    event[turns.days(series, direction)] = True
    return [
        outcome_of(np.where(eligible, forward(log_ratio, h), np.nan), event, h, draws, seed)
        for h in horizons
    ]


def after_lows(
    log_ratio: Array,
    lows: ArrayLike,
    sessions: int | None = None,
    *,
    confirmed: ArrayLike | None = None,
    since: int = 0,
    draws: int = 2000,
    seed: int = 0,
) -> AfterLows:
    """The relative return some sessions after the benchmark's last low, and after all earlier ones.

    lows       (L,) sessions of the benchmark's lows in order; the last one is today's
    sessions   default: as many as have passed since the last low
    confirmed  (L,) sessions on which the lows became known. Where given, earlier lows not yet known
               ``sessions`` after them are left out: nobody could have asked then
    since      first session that counts

    A low is picked by what the benchmark did afterwards. A pair whose legs differ in beta moves
    with it by construction, so the base rate of all days flatters the leg with the higher beta:
    look at the rank among lows first. Raises ``UsageError`` without a low.
    """
    line = np.asarray(log_ratio, float)
    at = np.asarray(lows, np.int64)
    if len(at) == 0:
        raise UsageError(
            "no low to measure from.", "Give the sessions of the benchmark's confirmed lows."
        )
    k = len(line) - 1 - int(at[-1]) if sessions is None else sessions
    value = forward(line, k)
    value[:since] = np.nan
    earlier = at[:-1]
    if confirmed is not None:
        earlier = earlier[np.asarray(confirmed, np.int64)[:-1] - earlier <= k]
    earlier = earlier[np.isfinite(value[earlier])]
    now, values = float(value[at[-1]]), value[earlier]
    event = np.zeros(len(line), bool)
    event[earlier] = True
    value[at[-1] :] = np.nan  # today's own window is what is being judged
    below = float((values < now).mean()) if len(values) and np.isfinite(now) else float("nan")
    return AfterLows(k, now, below, earlier, values, outcome_of(value, event, k, draws, seed))
