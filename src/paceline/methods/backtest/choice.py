"""Variants of a rule: the choice of one made inside of time, and how far choosing fools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from paceline.arrays import Array, Dates, Ints
from paceline.errors import UsageError
from paceline.evidence import deflated_sharpe, overfitting
from paceline.methods.backtest.metrics import metrics, moments
from paceline.methods.backtest.portfolio import orders_of, run
from paceline.methods.backtest.result import Traded
from paceline.methods.backtest.rules import decisions, standing
from paceline.signals import statistics

#: Sessions that a choice looks back on at least, of a year of 252: three years.
LEAST = 3
#: Blocks of the cross-validation: as many as the history allows, of so many sessions at least.
BLOCKS, SHORTEST = (16, 12, 8, 6, 4), 20


class Variant(NamedTuple):
    """One variant, net of costs: active returns (T,), NaN before its first; its numbers."""

    active: Array
    metrics: dict[str, float]
    turnover: float


def variant(task: tuple[Traded, Array]) -> Variant:
    """Trade the signals (T, N) of a variant; without an order there is nothing to be active."""
    market, signals = task
    active = np.full(len(market.days), np.nan)
    orders = orders_of(signals)
    if not len(orders.sessions):
        raise UsageError("a variant gives no order.", "Give it more history, or other settings.")
    made = run(market.assets, orders, market.costs, market.borrow)
    after = slice(made.first + 1, None)
    theirs = np.nan_to_num(market.returns[market.benchmark, after])
    net = made.net()
    active[after] = net - theirs
    return Variant(
        active,
        metrics(net, theirs, market.cash[after], market.year),
        float(made.turnover[1:].sum()) * market.year / len(net),
    )


def walk_forward(
    signals: Sequence[Array], active: Array, days: Dates, calendar: Dates, least: int
) -> tuple[Array, Ints]:
    """Signals (T, N) of who each year takes the variant that was best so far, and which (T,).

    signals  the variants' signals, each (T, N)
    active   (V, T) active returns of each, net of costs; NaN where it had not begun

    On the last session of a year, once ``least`` sessions have a value of every variant, the one of
    the highest information ratio so far is followed from its target in force, until the next
    choice. -1 before the first choice. Causal: an active return is known at its own close.
    """
    T = len(days)
    ends = decisions(days, calendar, "annual")
    have = np.flatnonzero(np.isfinite(active).all(axis=0))
    chosen, out = np.full(T, -1), np.full(signals[0].shape, np.nan)
    best = -1
    for e, at in enumerate(ends.tolist()):
        past = active[:, have[have <= at]]
        if past.shape[1] < least:
            continue
        score = statistics.information_ratio(past, np.zeros_like(past))
        new = int(np.nan_to_num(score, nan=-np.inf).argmax())
        stop = int(ends[e + 1]) if e + 1 < len(ends) else T
        piece = signals[new][at:stop].copy()
        if new != best:
            piece[0] = standing(signals[new][: at + 1])[-1]
        out[at:stop], chosen[at:stop], best = piece, new, new
    return out, chosen


def fooled(active: Array) -> float | None:
    """Probability of backtest overfitting of variants (V, T): see ``evidence.overfitting``.

    Over the sessions that all have; None for one variant, or too short a history.
    """
    whole = active[:, np.isfinite(active).all(axis=0)]
    blocks = next((b for b in BLOCKS if whole.shape[1] >= SHORTEST * b), None)
    if len(active) < 2 or blocks is None:
        return None
    return overfitting(whole, blocks)[0]


def deflated(active: Array, count: int, ratios: Sequence[float], year: float) -> float | None:
    """Probability that the information ratio of active returns (n,) beats the best of ``count``.

    The best that chance gives among so many variants, whose ratios per year vary as ``ratios`` do:
    the deflated Sharpe ratio of active returns (Bailey, Lopez de Prado 2014). None where the active
    return does not vary.
    """
    sd = float(active.std(ddof=1)) if len(active) > 1 else 0.0
    if sd <= 0:
        return None
    skew, kurtosis = moments(active)
    spread = float(np.var(ratios, ddof=1)) / year if len(ratios) > 1 else 0.0
    return deflated_sharpe(
        float(active.mean()) / sd,
        len(active),
        trials=max(count, 1),
        variance=spread,
        skew=skew,
        kurtosis=kurtosis,
    )[0]
