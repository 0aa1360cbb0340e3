"""What chance does: random rules that trade as much, and histories without an edge."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR, Array
from paceline.evidence import stationary_indices
from paceline.methods.backtest.portfolio import Assets, Orders, run
from paceline.signals import statistics

#: Block length of the histories without an edge, in sessions: a quarter.
BLOCK = 63.0


class Against(NamedTuple):
    """How a rule did among random ones.

    method   what the random ones are: "rotated" or "no_edge"
    growths  (D,) growth per year of each, net of costs (of "no_edge": growth of active returns)
    own      that of the rule
    """

    method: str
    growths: Array
    own: float

    @property
    def as_good(self) -> float:
        """Share of the random ones that did at least as well: (1 + number) / (1 + D)."""
        return float(1 + (self.growths >= self.own).sum()) / (1 + len(self.growths))


def rotated(
    held: Assets,
    orders: Orders,
    costs: Array | float,
    own: float,
    instead: int,
    *,
    draws: int = 1000,
    seed: int = 0,
    year: float = SESSIONS_PER_YEAR,
    borrow: float = 0.0,
) -> Against:
    """The same orders at other times: the whole schedule moved round a circle by a random lag.

    Session s of the L from the first order on becomes (s + lag) mod L, the lag drawn evenly from 1
    to L - 1; what was in force at the end is in force at the beginning. So each random rule makes
    the same decisions in the same order, as far apart, holds the same on average and trades as
    much, but for how far its weights drift; what is lost is that they stand where the rule put
    them. What did not exist yet at such a time is held in asset ``instead``, the benchmark. Of few
    decisions few different rules can be made. Returns net of costs.
    """
    first, T = int(orders.sessions[0]), len(held.cash)
    length = T - first
    rng = np.random.default_rng(seed)
    if length < 2:
        return Against("rotated", np.empty(0), own)
    found, begun = np.empty(draws), held.priced.argmax(axis=1)
    for d, lag in enumerate(rng.integers(1, length, draws).tolist()):
        moved = (orders.sessions - first + lag) % length
        order = np.argsort(moved, kind="stable")
        sessions, weights = moved[order] + first, orders.weights[order]
        if sessions[0] > first:
            sessions, weights = np.r_[first, sessions], np.concatenate([weights[-1:], weights])
        unborn = np.where(sessions[:, None] < begun, weights, 0.0)
        weights = weights - unborn
        weights[:, instead] += unborn.sum(axis=1)
        made = run(held, Orders(sessions, weights), costs, borrow)
        found[d] = float(statistics.cagr(made.net(), year))
    return Against("rotated", found, own)


def no_edge(
    active: Array, *, draws: int = 1000, seed: int = 0, year: float = SESSIONS_PER_YEAR
) -> Against:
    """Histories of the same active returns without their mean: for a rule that never decides anew.

    Its log active returns less their mean, drawn in blocks of a quarter on average (Politis, Romano
    1994): as rough, as long, without an edge. ``own`` is the rule's growth of wealth against the
    benchmark's, per year.
    """
    logs = np.log1p(active)
    n, own = len(logs), float(np.expm1(logs.sum() * year / len(logs)))
    if not draws:
        return Against("no_edge", np.empty(0), own)
    index = stationary_indices(n, min(BLOCK, n), draws, np.random.default_rng(seed))
    sums = (logs - logs.mean())[index].sum(axis=1)
    return Against("no_edge", np.expm1(sums * year / n), own)
