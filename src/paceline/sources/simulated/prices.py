"""Closes, shares and returns of every line, with its splits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paceline.arrays import Array
from paceline.sources.simulated.companies import PARENT, SPECIAL
from paceline.sources.simulated.model import SPECIAL_SHARE, SPINOFF_SHARE, Model

SPINOFF_RATIO = 0.25  # one share of the child for four of the parent


@dataclass(frozen=True)
class Prices:
    """What the price table is made of: matrices (N, T); splits as (line, session, ratio)."""

    close: Array
    shares: Array
    price: Array
    total: Array
    splits: list[tuple[int, int, float]]


#: Limits and goals of a split: below the lower price a reverse one to its goal, above a line's own
#: limit a forward one.
_LOWEST, _REVERSE_GOAL, _FORWARD_GOAL = 4.0, 20.0, 110.0
_FORWARD = np.array([2.0, 3.0, 4.0, 5.0, 10.0, 20.0])
_REVERSE = np.array([0.2, 0.1, 0.05, 0.02])


def prices(m: Model) -> Prices:
    """Closes as traded: the grown first price over the splits so far; shares move the other way.

    A split is decided on the close before a month's first session: forward above a line's own
    limit, reverse below 4. Closes are not rounded to cents, so that they agree with the returns to
    the last bits.
    """
    rng = np.random.Generator(np.random.PCG64(m.options.seed + 2))
    n, T = m.options.companies, len(m.dates)
    grown = np.exp(np.cumsum(m.x, axis=1))
    start = np.clip(np.exp(rng.normal(np.log(42.0), 0.6, n)), 9.0, 240.0)[m.company]
    limit = rng.uniform(260.0, 900.0, n)[m.company]
    factor = np.ones_like(grown)
    splits: list[tuple[int, int, float]] = []
    month = m.dates.astype("datetime64[M]").astype(np.int64)
    for t in (np.flatnonzero(np.diff(month) > 0) + 1).tolist():
        now = start * grown[:, t - 1] / factor[:, t - 1]
        now = now[m.company]  # both classes of a company split together
        free = (m.first < t - 1) & (m.last > t + 5) & (m.company != m.child) & (t != m.spinoff)
        goal = np.where(
            now > limit, now / _FORWARD_GOAL, np.where(now < _LOWEST, now / _REVERSE_GOAL, 1.0)
        )
        if not (free & (goal != 1.0)).any():
            continue
        for i in np.flatnonzero(free & (goal != 1.0)).tolist():
            offered = _FORWARD if goal[i] > 1 else _REVERSE
            ratio = float(offered[np.argmin(np.abs(np.log(offered / goal[i])))])
            factor[i, t:] *= ratio
            splits.append((i, t, ratio))
    parent = start[PARENT] * grown[PARENT, m.spinoff - 1] / factor[PARENT, m.spinoff - 1]
    start[m.child] = parent * SPINOFF_SHARE / SPINOFF_RATIO
    close = np.multiply(grown, start[:, None], out=grown)
    close /= factor
    first = m.base() - np.log(start)
    count = np.exp(
        first[:, None] + np.stack([m.shares_to(int(k) + 1) for k in [-1, *m.rebalances]], axis=1)
    )
    shares = factor * count[:, np.searchsorted(m.rebalances, np.arange(T), side="left")]
    price = np.expm1(m.x)
    total = price.copy()
    line, when, rate = m.pays
    total[line, when] += rate
    total[SPECIAL, m.special] += SPECIAL_SHARE
    total[PARENT, m.spinoff] += SPINOFF_SHARE
    at = np.arange(len(m.x))
    price[at, m.first] = total[at, m.first] = np.nan
    return Prices(close, shares, price, total, splits)
