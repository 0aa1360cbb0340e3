"""Looks at lines on the last session of each month: who leads, and what is known of the lead then.

A look is what somebody could have known at that close. What came of it, whether the side that led
stood higher so many sessions later, is kept beside it with the day on which that was known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Dates, Ints
from paceline.errors import UsageError
from paceline.kernels import forward_fill
from paceline.methods.detector import QUARTER, Turns, sigma
from paceline.methods.outcomes import HORIZONS
from paceline.methods.unusual import HORIZONS as SPANS

#: What is known of a lead, in the order of the columns of ``Looks.known``.
FEATURES = ("size", "age", "unusual", "given back", "volatility")

Months = NDArray[np.datetime64]


@dataclass(frozen=True)
class Looks:
    """N looks at lines, each at a month's last session on which the detector names a leader.

    month  (N,) datetime64[M]
    known  (N, 5) of the lead, in its own direction:

           size        move since the own pivot, in sigma sqrt(63)
           age         ln of the sessions since the pivot
           unusual     z of the largest move over 5, 21, 63, 126, 252 sessions and since the pivot
           given back  way back from its furthest point, as a share of the barrier that turns it
           volatility  ln of sigma over the mean of the line's sigma so far

    ahead  horizon -> (N,) 1 the side that led stands higher so many sessions later, 0 it does not,
           NaN not known
    ended  horizon -> (N,) datetime64[D] the session on which that was known; NaT not yet
    """

    month: Months
    known: Array
    ahead: dict[int, Array]
    ended: dict[int, Dates]

    def __len__(self) -> int:
        return len(self.month)


def looks(
    days: Dates, log_ratio: Array, turns: Turns, *, horizons: Sequence[int] = HORIZONS
) -> Looks:
    """The looks at one line (T,) with its ``days`` (T,) and its own turns.

    A missing value repeats the last; on such a session, and without a sigma or a leader, nobody
    looks. Nothing is known after the line's last value. A line that gains exactly nothing is not
    ahead. Raises ``UsageError`` for days or turns that are not those of the line.
    """
    given = np.asarray(log_ratio, float)
    if not len(days) == len(given) == turns.state.shape[1]:
        raise UsageError(
            f"{len(days)} days, a line of {len(given)} and turns of {turns.state.shape[1]} do not "
            "belong together.",
            "Give one line with its own days and turns.",
        )
    month = days.astype("datetime64[M]")
    closes = np.append(month[1:] != month[:-1], True) if len(days) else np.empty(0, bool)
    at = np.flatnonzero(closes & (turns.state[0] != 0) & np.isfinite(turns.barrier[0]))
    line = forward_fill(given[None])[0]
    known = known_at(given, turns, at)
    last = int(np.flatnonzero(np.isfinite(given))[-1]) if len(at) else 0
    ahead, ended = {}, {}
    for h in horizons:
        complete = at + h <= last
        end = np.where(complete, at + h, 0)
        gain = turns.state[0, at] * (line[end] - line[at]) if len(at) else np.empty(0)
        ahead[h] = np.where(complete, gain > 0, np.nan)
        ended[h] = np.where(complete, days[end] if len(at) else days[:0], np.datetime64("NaT", "D"))
    return Looks(month[at], known, ahead, ended)


def known_at(log_ratio: Array, turns: Turns, at: Ints) -> Array:
    """(M, 5) ``Looks.known`` of one line (T,) at sessions (M,) with a leader and a sigma."""
    if not len(at):
        return np.empty((0, len(FEATURES)))
    given = np.asarray(log_ratio, float)
    first = int(np.isfinite(given).argmax())
    line, volatility = forward_fill(given[None])[0], sigma(given[None])[0]
    direction = turns.state[0, at].astype(float)
    pivot = turns.extreme[np.searchsorted(turns.known, at, side="right") - 1]
    age, now = at - pivot, volatility[at]
    size = direction * (line[at] - line[pivot]) / (now * math.sqrt(QUARTER))
    # the largest of the moves by which themes are judged: see ``unusual.z_scores``
    spans = np.column_stack([np.broadcast_to(np.array(SPANS), (len(at), len(SPANS))), age])
    start = at[:, None] - spans
    drift = (line[at] - line[first]) / (at - first)
    change = line[at][:, None] - line[np.maximum(start, first)] - spans * drift[:, None]
    z = np.where(start >= first, change / (now[:, None] * np.sqrt(spans)), 0.0)
    largest = np.take_along_axis(z, np.abs(z).argmax(axis=1)[:, None], axis=1)[:, 0]
    there = np.isfinite(volatility)
    usual = np.cumsum(np.where(there, volatility, 0.0)) / np.maximum(np.cumsum(there), 1)
    back = turns.move[0, at] / turns.barrier[0, at]
    return np.column_stack([size, np.log(age), direction * largest, back, np.log(now / usual[at])])


def pooled(parts: Sequence[Looks], horizons: Sequence[int] = HORIZONS) -> Looks:
    """The looks at several lines as one, in order of months."""
    if not parts:
        nothing = np.empty(0)
        return Looks(
            np.empty(0, "datetime64[M]"),
            np.empty((0, len(FEATURES))),
            dict.fromkeys(horizons, nothing),
            dict.fromkeys(horizons, np.empty(0, "datetime64[D]")),
        )
    month = np.concatenate([p.month for p in parts])
    order = np.argsort(month, kind="stable")

    return Looks(
        month[order],
        np.concatenate([p.known for p in parts])[order],
        {h: np.concatenate([p.ahead[h] for p in parts])[order] for h in horizons},
        {h: np.concatenate([p.ended[h] for p in parts])[order] for h in horizons},
    )
