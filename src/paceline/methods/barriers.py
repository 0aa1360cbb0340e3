"""One line at several sizes of the barrier: the ladder, and what it says of the last session."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from paceline.arrays import Array
from paceline.methods.detector import (
    MARGIN,
    STEP,
    WINDOW,
    Turns,
    TurnState,
    detect,
    sigma,
    state_at,
    why_no_state,
)

#: Sizes of the barrier: the three that have names, and a quarter to either side of each.
NAMED = {1.0: "watch", 1.5: "episode", 2.0: "major"}
LADDER = (0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25)


def volatility(lines: Array, step: int = STEP, period: int = 1) -> Array:
    """Sigma per session of lines (P, T), of daily or rarer observations.

    step    daily lines: 252 sessions in steps of as many
    period  sessions per observation; 21: of 12 monthly returns
    """
    if period == 1:
        return sigma(lines, step=step)
    return sigma(lines, window=WINDOW // period, step=1) / math.sqrt(period)


def ladder(
    lines: Array, sizes: Sequence[float] = LADDER, *, step: int = STEP, period: int = 1
) -> dict[float, Turns]:
    """Turns and states of lines (P, T) at each size: what ``detect`` says, in one pass for all."""
    lines = np.atleast_2d(lines)
    count = len(lines)
    scale = np.repeat(sizes, count)[:, None]
    # one detection at c = 1 of every line once a size, its sigma multiplied by the size
    found = detect(
        np.tile(lines, (len(sizes), 1)),
        1.0,
        sigma_per_session=scale * np.tile(volatility(lines, step, period), (len(sizes), 1)),
    )
    parts = {}
    for k, c in enumerate(sizes):
        rows, own = slice(k * count, (k + 1) * count), found.series // count == k
        parts[c] = replace(
            found,
            c=c,
            series=found.series[own] - k * count,
            direction=found.direction[own],
            extreme=found.extreme[own],
            known=found.known[own],
            size=found.size[own],
            sigma=found.sigma[own] / c,
            complete=found.complete[own],
            state=found.state[rows],
            since=found.since[rows],
            move=found.move[rows],
            barrier=found.barrier[rows],
        )
    return parts


def last_state(found: Mapping[float, Turns], line: Array, row: int, c: float) -> TurnState:
    """State of the last session at size c, from a ladder with c and a quarter to either side."""
    turns = found[c]
    reason = why_no_state(turns, line, row)
    return state_at(turns, found[c - MARGIN], found[c + MARGIN], row, reason)
