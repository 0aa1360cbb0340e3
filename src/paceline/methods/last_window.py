"""The move of the last sessions against all earlier windows of the same length.

Lines are (T,), natural logs; NaN is missing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from paceline.arrays import Array
from paceline.evidence import (
    MINIMUM_EFFECTIVE,
    Evidence,
    minimum_detectable,
    no_evidence,
    reason_against,
)
from paceline.evidence.judgement import LEVEL
from paceline.kernels import forward_fill
from paceline.signals.statistics import standard_deviation
from paceline.wording import number_of

#: Sessions of the superlative: two weeks.
FORTNIGHT = 10
METHOD = "last window against all earlier ones of its length"


def _windows(line: Array, sessions: int) -> tuple[float, Array]:
    """Relative return of the last ``sessions``, and of all windows that end before it begins."""
    if len(line) <= sessions:
        return math.nan, np.empty(0)
    full = forward_fill(line)
    moves = np.expm1(full[sessions:] - full[:-sessions])
    complete = np.isfinite(line[sessions:]) & np.isfinite(line[:-sessions])
    moves = np.where(complete, moves, np.nan)
    return float(moves[-1]), moves[: max(len(moves) - sessions, 0)]


def window_evidence(line: Array, sessions: int) -> Evidence:
    """The relative return of the last ``sessions`` against all earlier windows of that length.

    effect = it less their mean. Earlier windows end by the day the last one begins. A single move
    has no sampling error of its own; what chance does is how earlier ones scatter: with
    D_j = |window j - mean|,

        p        = (1 + number of D_j at least |effect|) / (1 + n)
        interval = effect -+ the 95% quantile of D_j, so that it excludes zero just where p < 5%

    n windows overlap and are worth n / ``sessions`` independent ones; below ten there is a reason
    instead of numbers. ``minimum_detectable`` is 2.80 standard deviations of a window.
    """
    if sessions < 1:
        return no_evidence("the window has no session yet")
    now, before = _windows(line, sessions)
    before = before[np.isfinite(before)]
    n, worth = len(before), len(before) / sessions
    reason = None
    if not math.isfinite(now):
        reason = "no value at an end of the window"
    elif worth < MINIMUM_EFFECTIVE:
        reason = (
            f"{worth:.1f} independent windows of {number_of(sessions, 'session')}, "
            f"at least {MINIMUM_EFFECTIVE} needed"
        )
    if reason := reason or reason_against(before):
        return no_evidence(reason, n=n, n_effective=worth, method=METHOD)
    mean = float(before.mean())
    distance, effect = np.abs(before - mean), now - mean
    # how many may reach the effect while p stays below 5%
    inside = math.ceil(LEVEL * (1 + n)) - 2
    reach = (
        float(np.sort(distance)[-1 - inside])
        if inside >= 0
        else max(float(distance.max()), abs(effect))
    )
    p = (1 + np.count_nonzero(distance >= abs(effect))) / (1 + n)
    return Evidence(
        effect,
        effect - reach,
        effect + reach,
        n,
        worth,
        float(p),
        method=METHOD,
        minimum_detectable=minimum_detectable(float(standard_deviation(before))),
    )


@dataclass(frozen=True)
class Superlative:
    """How unusual the last window is.

    now    relative return over the last ``sessions``
    rank   share of the ``n`` earlier windows below it
    since  session on which there last was one as wide to the same side; -1: never in this history
    """

    sessions: int
    now: float
    rank: float
    n: int
    since: int


def superlative(line: Array, sessions: int = FORTNIGHT) -> Superlative | None:
    """Rank of the last window among all earlier ones; None without ten independent ones."""
    now, before = _windows(line, sessions)
    known = before[np.isfinite(before)]
    if not math.isfinite(now) or len(known) < MINIMUM_EFFECTIVE * sessions:
        return None
    as_wide = np.flatnonzero(before >= now if now >= 0 else before <= now)
    return Superlative(
        sessions,
        now,
        float((known < now).mean()),
        len(known),
        int(as_wide[-1]) + sessions if len(as_wide) else -1,
    )
