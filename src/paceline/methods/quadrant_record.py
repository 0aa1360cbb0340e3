"""What quadrants of relative rotation were followed by: returns, and the quadrant that came next.

Lines that share weeks share their news, and windows of 13 weeks overlap: intervals draw whole
weeks, with every line in them, in blocks of half a year.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from paceline.arrays import Array, Bools, Ints
from paceline.evidence import bootstrap_sums, mean_of
from paceline.measures.relative_rotation import QUADRANTS, coordinates, quadrants

#: Weeks over which a return is measured, and of the blocks that are drawn.
AHEAD, BLOCK = 13, 26
#: Draws of the bootstrap; lines without drift and their weeks.
DRAWS, LINES, WEEKS = 2000, 400, 1000
#: Fewer independent windows of 13 weeks than this give no mean.
MINIMUM = 30
#: Quantiles between which 95% lie.
TAILS = (0.025, 0.975)


@dataclass(frozen=True)
class AfterQuadrant:
    """The weeks in one quadrant, of all lines: how many, and the mean of what followed.

    mean  of the relative return over 13 weeks less its own line's mean over all weeks; low, high
          95% interval, t = mean / standard deviation of the draws. None where too few are there
    """

    weeks: int
    mean: float | None
    low: float | None
    high: float | None
    t: float | None


@dataclass(frozen=True)
class QuadrantRecord:
    """What followed the quadrants of P lines.

    after      quadrant -> what followed
    explained  R squared: the share of the variance of what followed that the quadrants explain
    moves      (4, 4) how often one quadrant was left for another, in the order of ``QUADRANTS``
    lines      P; weeks: with a place and a return ahead, of all lines
    """

    after: dict[str, AfterQuadrant]
    explained: float | None
    moves: Ints
    lines: int
    weeks: int

    def shares(self) -> Array:
        """(4, 4) share of the moves out of a quadrant that led to each; NaN without a move."""
        return _shares(self.moves)


def record(relative: Array, counted: Bools, *, seed: int = 0) -> QuadrantRecord:
    """What followed the quadrants of weekly price relatives A / B.

    relative  (P, W) at the week ends; a missing one has no place and is no end of a window
    counted   (W,) weeks that count; the others warm the places up

    What followed a week is (A / B 13 weeks later) / (A / B) - 1, less the mean of that over all
    counted weeks of the line. Moves are those between neighbouring counted weeks with a place.
    """
    place = quadrants(*coordinates(relative))
    place = np.where(counted, place, -1)
    after = np.full(relative.shape, np.nan)
    after[:, :-AHEAD] = relative[:, AHEAD:] / relative[:, :-AHEAD] - 1
    known = (place >= 0) & np.isfinite(after)
    n = known.sum(axis=1, keepdims=True)
    mean = np.where(known, after, 0.0).sum(axis=1, keepdims=True) / np.maximum(n, 1)
    after = np.where(known, after - mean, 0.0)
    inside = [known & (place == k) for k in range(len(QUADRANTS))]
    drawn = _drawn(after, inside, seed)
    found = {
        name: _after(after, own, draws)
        for name, own, draws in zip(QUADRANTS, inside, drawn, strict=True)
    }
    total = float((after**2).sum())
    parts = [(own.sum(), after[own].mean()) for own in inside if own.any()]
    enough = total > 0 and any(a.mean is not None for a in found.values())
    explained = sum(float(count * m * m) for count, m in parts) / total if enough else None
    return QuadrantRecord(found, explained, _moves(place), len(relative), int(known.sum()))


def _drawn(after: Array, inside: list[Bools], seed: int) -> Array:
    """(4, draws) means of what followed each quadrant, over weeks drawn in blocks."""
    weeks = after.shape[1]
    sums = np.array([(after * own).sum(axis=0) for own in inside])
    counts = np.array([own.sum(axis=0) for own in inside], float)
    both = np.vstack([sums, counts]).T
    made = bootstrap_sums(both, block=min(BLOCK, weeks), draws=DRAWS, seed=seed)
    return mean_of(made[:, :4], made[:, 4:]).T


def _after(after: Array, own: Bools, draws: Array) -> AfterQuadrant:
    """One quadrant: no mean where its weeks lie in fewer than 30 stretches of 13 weeks."""
    weeks = int(own.sum())
    stretches = len(np.unique(np.flatnonzero(own.any(axis=0)) // AHEAD))
    if stretches < MINIMUM:
        return AfterQuadrant(weeks, None, None, None, None)
    mean = float(after[own].mean())
    draws = draws[np.isfinite(draws)]
    low, high = np.quantile(draws, TAILS)
    error = float(draws.std())
    t = mean / error if error > 0 else math.nan
    return AfterQuadrant(weeks, mean, float(low), float(high), t)


def _moves(place: Ints) -> Ints:
    """(4, 4) changes between neighbouring weeks that both have a place."""
    a, b = place[:, :-1].ravel(), place[:, 1:].ravel()
    change = (a >= 0) & (b >= 0) & (a != b)
    size = len(QUADRANTS)
    found: Ints = np.bincount(a[change] * size + b[change], minlength=size * size)
    return found.reshape(size, size)


def _shares(moves: Ints) -> Array:
    out = moves.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = np.where(out > 0, moves / out, np.nan)
    return result


@cache
def without_drift(seed: int = 0) -> Array:
    """(4, 4) the same shares of moves on Gaussian random walks: no line is going anywhere."""
    steps = np.random.default_rng(seed).standard_normal((LINES, WEEKS)) * 0.02
    return _shares(_moves(quadrants(*coordinates(np.exp(np.cumsum(steps, axis=1))))))
