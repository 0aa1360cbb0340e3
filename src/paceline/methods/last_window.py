"""The move of the last sessions against all earlier windows of the same length.

Lines are (T,), natural logs; NaN is missing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from paceline.arrays import Array
from paceline.evidence import MINIMUM_EFFECTIVE
from paceline.kernels import forward_fill

#: Sessions of the superlative: two weeks.
FORTNIGHT = 10


def _windows(line: Array, sessions: int) -> tuple[float, Array]:
    """Relative return of the last ``sessions``, and of all windows that end before it begins."""
    if len(line) <= sessions:
        return math.nan, np.empty(0)
    full = forward_fill(line)
    moves = np.expm1(full[sessions:] - full[:-sessions])
    complete = np.isfinite(line[sessions:]) & np.isfinite(line[:-sessions])
    moves = np.where(complete, moves, np.nan)
    return float(moves[-1]), moves[: max(len(moves) - sessions, 0)]


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
