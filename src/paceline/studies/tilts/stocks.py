"""The members of a basket as what a rule holds, stock by stock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array, Bools, Ints
from paceline.errors import NotEnoughData, UnknownName
from paceline.indices import delistings
from paceline.indices.levels import BASES
from paceline.kernels import forward_fill
from paceline.studies.tilts.lines import POINT, TradedLines, cash_of, common, costs_of, sizes_of

if TYPE_CHECKING:
    from paceline.market import Market
    from paceline.panel import Panel

#: Smallest market cap of a company of each size, in units of the currency; below them all: micro.
SMALLEST = {"mega": 200e9, "large": 10e9, "small": 0.3e9}


def stock_lines(market: Market, basket: str, names: list[str], since: str | None) -> TradedLines:
    """The lines of everybody who was ever a member of a basket, and of the baskets ``names``.

    A stock may be chosen while it is a member by the last rebalance whose close has passed. A trade
    in it costs by the market cap of its company on the day, as last known; without one as a large
    one. A recorded delisting return is earned on its day, then it is cash.
    Raises ``NotEnoughData`` where the basket has no members, or no basis is shared.
    """
    panel, have = market.stocks, market.all_levels
    if basket not in market.composites or panel is None:
        raise NotEnoughData(
            f"{basket} has no members to choose among.",
            f"Choose one of {', '.join(market.composites) or 'none'}.",
        )
    rows = [have.names.index(n) for n in names]
    basis = next(
        (b for b in reversed(BASES) if np.isfinite(have.by_basis[b][rows]).any(axis=1).all()), ""
    )
    if not basis or f"{basis}_return" not in panel.fields:
        raise NotEnoughData(
            f"{', '.join(names)} and the members have no returns of one basis.",
            "Choose a benchmark that has members, e.g. with `--set benchmark=NAME`.",
        )
    member = _members(market, basket, basis)
    held = np.flatnonzero(member.any(axis=1))
    at = len(have.sessions) - len(panel.sessions)
    levels = np.vstack([_wealth(panel, basis, held), have.by_basis[basis][rows, at:]])
    eligible = np.vstack([member[held], np.zeros((len(rows), member.shape[1]), bool)])
    days = panel.sessions
    inside = common(levels[len(held) :], days, np.asarray(member.any(axis=0)), since, names)
    cash, said = cash_of(market, days)
    securities = [panel.securities[i] for i in held.tolist()]
    costs = np.vstack(
        [_costs(market, panel, held), np.repeat(costs_of(market, names)[:, None], len(days), 1)]
    )
    year = float(market.stored.sessions_of_year)
    note = "members are those of the basket at its last rebalance; a stock is bought at its close"
    return TradedLines(
        (*securities, *names),
        (*securities, *(market.moment.called(n) for n in names)),
        days[inside],
        levels[:, inside],
        cash[inside],
        costs[:, inside],
        market.file.costs.borrow * POINT / year,
        year,
        basis,
        tuple(dict.fromkeys([basket, *names])),
        market.sessions,
        (*said, note),
        eligible[:, inside],
    )


def _members(market: Market, basket: str, basis: str) -> Bools:
    """(N, T) who is a member by the last rebalance up to each close."""
    index = market.built[basis]
    row = index.targets.names.index(basket)
    assert market.stocks is not None
    out = np.zeros(market.stocks.shape, bool)
    for one in index.targets.rebalances:
        for at in np.flatnonzero(one.rows == row).tolist():
            out[:, one.session :] = False
            out[one.columns[one.weights[at] > 0], one.session :] = True
    return out


def _wealth(panel: Panel, basis: str, held: Ints) -> Array:
    """(n, T) wealth of each from the session before its first return; NaN on days without one."""
    r = panel.fields[f"{basis}_return"][held].copy()
    for value, i, t in delistings.within(delistings.read(panel)[0], 0, r.shape[1], held):
        r[i, t] = value
    there = np.isfinite(r)
    there[:, :-1] |= there[:, 1:] & ~np.maximum.accumulate(there, axis=1)[:, :-1]
    return np.where(there, np.cumprod(1 + np.nan_to_num(r), axis=1), np.nan)


def _costs(market: Market, panel: Panel, held: Ints) -> Array:
    """(n, T) cost of a one-way trade in each by the size of its company on the day."""
    rates = sizes_of(market)
    try:
        caps = forward_fill(panel.field("whole_cap")[held])
    except UnknownName:
        return np.full((len(held), len(panel.sessions)), rates["large"])
    conditions = [~np.isfinite(caps), *(caps >= least for least in SMALLEST.values())]
    return np.select(conditions, [rates["large"], *(rates[s] for s in SMALLEST)], rates["micro"])
