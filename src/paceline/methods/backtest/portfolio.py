"""Orders into returns: one function for baskets, funds and stocks, over (asset, session) matrices.

An order is a set of target weights that is traded at the close of one session; what they lack to
one is cash. Between orders the weights drift with the returns. What an order costs is a share of
wealth, sum c_i |traded weight_i|, and is paid out of all holdings alike, so that the weights are
those of the target and net wealth is gross wealth times the product of (1 - k paid), for any
multiple k of the costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paceline.arrays import Array, Bools, Ints
from paceline.errors import UsageError

#: Weights closer to each other than this are the same.
SAME = 1e-12


@dataclass(frozen=True)
class Orders:
    """Orders in the order of time.

    sessions  (R,) session at whose close each is traded, ascending
    weights   (R, N) target weights; what a row lacks to one is cash, negative where it borrows
    """

    sessions: Ints
    weights: Array


@dataclass(frozen=True)
class Assets:
    """What can be held, N assets over T sessions.

    growth  (N, T) wealth of 1 put in before the first session: a missing return is none; after its
            last session an asset is cash: a delisting pays its last return
    cash    (T,) wealth of 1 kept in cash
    priced  (N, T) whether it can be traded at that close
    last    (N,) its last session with a price; T for one that goes on
    """

    growth: Array
    cash: Array
    priced: Bools
    last: Ints


@dataclass(frozen=True)
class Run:
    """What orders came to, from the session of the first of them, ``first``, to the last: L + 1.

    gross     (L,) return of each session after ``first``, before costs
    paid      (L + 1,) share of wealth paid at each close, at one times the costs
    held      (N, L + 1) weights at each close after its trades; the rest is cash
    turnover  (L + 1,) one-way turnover, 1/2 sum |target - drifted weight|, cash included
    traded    (L + 1,) sum |target - drifted weight| without cash: what a cost per trade is paid on
    unfilled  orders for assets that were gone when they were to be traded: left in cash
    """

    first: int
    gross: Array
    paid: Array
    held: Array
    turnover: Array
    traded: Array
    unfilled: int = 0

    def net(self, times: float = 1.0) -> Array:
        """(L,) returns after so many times the costs; those of the first order count on day one."""
        kept = 1 - times * self.paid
        if not (kept > 0).all():
            raise UsageError(
                f"{times:g} times the costs eat up all there is.",
                "Give lower costs, or trade less.",
            )
        net: Array = (1 + self.gross) * kept[1:] - 1
        if len(net):
            net[0] = (1 + net[0]) * kept[0] - 1
        return net


def assets(returns: Array, cash: Array, priced: Bools | None = None) -> Assets:
    """The assets of returns (N, T) and of what cash earns (T,).

    priced  where there is a price to trade at; default: where there is a return. An asset whose
            last price lies before the last session is gone after it: what it was worth is cash
    """
    there = np.isfinite(returns) if priced is None else np.asarray(priced, bool)
    T = returns.shape[1]
    ends = np.where(there.any(axis=1), T - 1 - there[:, ::-1].argmax(axis=1), -1)
    last = np.where(ends == T - 1, T, ends)
    gone = np.arange(T) > last[:, None]
    moves = np.where(gone, cash, np.nan_to_num(returns, nan=0.0))
    growth, saved = np.cumprod(1 + moves, axis=1), np.cumprod(1 + np.asarray(cash, float))
    return Assets(growth, saved, there, last)


def orders_of(signals: Array, delay: int = 1) -> Orders:
    """The orders of signals (T, N): a row of target weights decides at that close, NaN is none.

    Each is traded at the close ``delay`` sessions later, and so earns from the session after.
    """
    said = np.flatnonzero(np.isfinite(signals).all(axis=1))
    said = said[said + delay < len(signals)]
    return Orders(said + delay, signals[said])


def run(held: Assets, orders: Orders, costs: Array | float = 0.0, borrow: float = 0.0) -> Run:
    """What the orders come to; no order, no run: ``UsageError``.

    costs   paid per one-way trade as a fraction of it: one, (N,), or (N, T) by session
    borrow  paid per session on the weight that is short

    An asset without a price at the close of an order is traded at its next one: until then its
    holding drifts, what was to be bought waits in cash, and what was to be bought with a sale that
    cannot be made is cut in proportion; then the whole order is placed again.
    """
    if not len(orders.sessions):
        raise UsageError("the rule gives no order.", "Give it more history, or another rule.")
    u, W, unfilled = _settled(held, orders)
    rates = np.asarray(costs, float)
    rates = rates[:, u].T if rates.ndim > 1 else rates
    t = np.arange(u[0] + 1, len(held.cash))
    r = np.searchsorted(u, t, "left") - 1  # the order in force over session t
    value = W[r].T * held.growth[:, t] / held.growth[:, u[r]]
    spare = (1 - W.sum(axis=1))[r] * held.cash[t] / held.cash[u[r]]
    total = value.sum(axis=0) + spare
    if not (total > 0).all():
        at = int(t[(total > 0).argmin()])
        raise UsageError(
            f"session {at}: nothing is left: the short positions lost more than there was.",
            "Give smaller weights.",
        )
    before = np.ones(len(t))
    before[1:] = np.where(r[1:] == r[:-1], total[:-1], 1.0)
    weights = np.zeros((len(W[0]), len(t) + 1))
    weights[:, 1:] = value / total
    drifted = np.zeros_like(W)
    drifted[1:] = weights[:, u[1:] - u[0]].T
    weights[:, u - u[0]] = W.T
    alive = t <= held.last[:, None]
    weights[:, 1:] = np.where(alive, weights[:, 1:], 0.0)
    change = W - np.where(u[:, None] <= held.last, drifted, 0.0)
    paid, turnover, traded = (np.zeros(len(t) + 1) for _ in range(3))
    traded[u - u[0]] = np.abs(change).sum(axis=1)
    turnover[u - u[0]] = (np.abs(change).sum(axis=1) + np.abs(change.sum(axis=1))) / 2
    paid[u - u[0]] = (rates * np.abs(change)).sum(axis=1)
    if borrow:
        paid[1:] += borrow * np.maximum(-weights[:, :-1], 0).sum(axis=0)
    return Run(int(u[0]), total / before - 1, paid, weights, turnover, traded, unfilled)


def _settled(held: Assets, orders: Orders) -> tuple[Ints, Array, int]:
    """Sessions and weights of the orders as they can be filled, and how many cannot be."""
    u, W = orders.sessions, orders.weights
    gone = u[:, None] > held.last
    unfilled = int((gone & (np.abs(W) > SAME)).sum())
    W = np.where(gone, 0.0, W)
    missing = ~held.priced[:, u].T & ~gone
    if not missing.any():
        return u, W, unfilled
    sessions, weights = list[int](), list[Array]()
    for k, target in enumerate(W):
        until = u[k + 1] if k + 1 < len(u) else len(held.cash)
        at = int(u[k])
        while True:
            filled, stuck = _filled(held, at, target, sessions, weights)
            sessions.append(at)
            weights.append(filled)
            later = held.priced[stuck, at + 1 : until].any(axis=0)
            if not later.any():
                break
            at += 1 + int(later.argmax())
    return np.array(sessions), np.array(weights), unfilled


def _filled(
    held: Assets, at: int, target: Array, sessions: list[int], weights: list[Array]
) -> tuple[Array, Bools]:
    """The weights that an order comes to at one close, and the assets that wait for a price."""
    now = np.zeros(len(target))
    if sessions:
        since, before = sessions[-1], weights[-1]
        value = before * held.growth[:, at] / held.growth[:, since]
        spare = (1 - before.sum()) * held.cash[at] / held.cash[since]
        now = np.where(at <= held.last, value / (value.sum() + spare), 0.0)
    target = np.where(at <= held.last, target, 0.0)
    stuck = ~held.priced[:, at] & (at <= held.last) & (np.abs(target - now) > SAME)
    free = np.where(stuck, 0.0, target)
    room = 1 - np.where(stuck, np.maximum(now, 0.0), 0.0).sum()
    asked = free.sum()
    cut = min(1.0, max(room, 0.0) / asked) if asked > room else 1.0
    return np.where(stuck, now, free * cut), stuck
