"""A rule traded: what it came to, against its benchmark and against chance, in plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paceline.arrays import Array, Bools, Dates, Ints
from paceline.methods.backtest import alarms, chance
from paceline.methods.backtest.chance import Against
from paceline.methods.backtest.metrics import Fall, break_even, by_period, falls, metrics
from paceline.methods.backtest.portfolio import SAME, Assets, Orders, Run, assets, orders_of, run
from paceline.signals import statistics
from paceline.signals.attribution import brinson_fachler, carino

#: Multiples of the costs at which the result is shown.
TIMES = (0.5, 1.0, 2.0)
#: Holdings smaller than this share are none.
HELD = 1e-9


@dataclass(frozen=True)
class Traded:
    """What a rule is traded in: N assets over T sessions.

    returns    (N, T) of each session; NaN where there is none
    priced     (N, T) whether there is a price to trade at
    cash       (T,) what cash earns
    costs      (N,) or (N, T) of a one-way trade, as a fraction
    borrow     per session, on what is short
    benchmark  the row that the rule is compared with, bought once and held without costs
    year       sessions of a year
    """

    days: Dates
    returns: Array
    priced: Bools
    cash: Array
    costs: Array
    borrow: float
    benchmark: int
    year: float

    @property
    def assets(self) -> Assets:
        """What can be held."""
        return assets(self.returns, self.cash, self.priced)


@dataclass(frozen=True)
class Backtest:
    """What a rule came to from the session of its first order; L sessions earn after it.

    days         (L,) sessions that earn
    gross, net   (L,) returns before costs and after them; benchmark and cash likewise
    metrics      "gross", "half", "net", "double", "benchmark" -> statistic -> value
    break_even   cost per one-way trade at which the lead is gone, as a fraction
    turnover     one-way, per year; trades: sessions with a trade
    exposure     (N + 1,) mean weight of each asset, cash last
    holdings     mean number of assets held
    effects      (N + 1,) what holding each another weight than the benchmark does added to the
                 compounded gross return, cash last; ``costs_paid`` what costs took from it
    random       how it did among random rules
    late         lead per year with one more session of lag
    carried      sessions, of ``days``, without which the lead is gone, best first
    """

    days: Dates
    run: Run
    gross: Array
    net: Array
    benchmark: Array
    cash: Array
    metrics: dict[str, dict[str, float]]
    break_even: float
    turnover: float
    trades: int
    exposure: Array
    holdings: float
    effects: Array
    costs_paid: float
    random: Against
    late: float
    carried: Ints
    year: float

    @property
    def lead(self) -> float:
        """Growth per year less the benchmark's, net of costs."""
        return self.metrics["net"]["active"]

    @property
    def active(self) -> Array:
        """(L,) net return less the benchmark's."""
        return self.net - self.benchmark

    @property
    def falls(self) -> list[Fall]:
        """The deepest falls of net wealth."""
        return falls(self.net)

    @property
    def lag_alarm(self) -> bool:
        """One more session of lag takes more than half of the lead."""
        return alarms.lag_destroys(self.lead, self.late)

    @property
    def handful_alarm(self) -> bool:
        """The lead is a handful of days'."""
        return alarms.is_handful(self.carried)

    def years(self) -> tuple[Ints, Array, Array]:
        """Calendar years, and the net and the benchmark's return of each."""
        year = self.days.astype("datetime64[Y]").astype(np.int64) + 1970
        names, own = by_period(self.net, year)
        return names, own, by_period(self.benchmark, year)[1]

    def months(self) -> tuple[Ints, Array, Array]:
        """Calendar months as numbers like 202511, the net and the benchmark's returns."""
        month = self.days.astype("datetime64[M]").astype(np.int64)
        number = (month // 12 + 1970) * 100 + month % 12 + 1
        names, own = by_period(self.net, number)
        return names, own, by_period(self.benchmark, number)[1]


def backtest(
    market: Traded, signals: Array, *, draws: int = 1000, seed: int = 0, lag: int = 0
) -> Backtest:
    """Trade the signals (T, N): decided at a close, traded at the next, earning from the one after.

    draws  random rules that it is compared with: the schedule at other times, or for a rule that
           decides but once histories without an edge: see ``chance``
    lag    further sessions between decision and trade
    """
    held, year = market.assets, market.year
    orders = orders_of(signals, 1 + lag)
    made = run(held, orders, market.costs, market.borrow)
    after = slice(made.first + 1, None)
    theirs, cash = market.returns[market.benchmark, after], market.cash[after]
    theirs = np.nan_to_num(theirs)
    net = made.net()
    own = {"gross": made.gross, "net": net, "benchmark": theirs}
    own |= dict(zip(("half", "net", "double"), map(made.net, TIMES), strict=True))
    effects, costs_paid = _effects(market, held, made, theirs, net)
    return Backtest(
        market.days[after],
        made,
        made.gross,
        net,
        theirs,
        cash,
        {name: metrics(r, theirs, cash, year) for name, r in own.items()},
        break_even(made.gross, made.traded, theirs),
        float(made.turnover[1:].sum()) * year / len(net),
        int((made.turnover > SAME).sum()),
        np.r_[made.held.mean(axis=1), 1 - made.held.sum(axis=0).mean()],
        float((np.abs(made.held) > HELD).sum(axis=0).mean()),
        effects,
        costs_paid,
        _random(market, held, orders, made, theirs, draws, seed),
        _late(market, held, signals, lag),
        alarms.carried_by(net, theirs),
        year,
    )


def _random(
    market: Traded, held: Assets, orders: Orders, made: Run, theirs: Array, draws: int, seed: int
) -> Against:
    """How the rule did among random ones; of one that always wants the same, without an edge."""
    net = made.net()
    if np.ptp(orders.weights, axis=0).max(initial=0.0) < SAME:
        return chance.no_edge(
            (1 + net) / (1 + theirs) - 1, draws=draws, seed=seed, year=market.year
        )
    own = float(statistics.cagr(net, market.year))
    return chance.rotated(
        held,
        orders,
        market.costs,
        own,
        market.benchmark,
        draws=draws,
        seed=seed,
        year=market.year,
        borrow=market.borrow,
    )


def _late(market: Traded, held: Assets, signals: Array, lag: int) -> float:
    """The lead per year with one more session of lag, NaN where nothing is left to earn."""
    orders = orders_of(signals, 2 + lag)
    if not len(orders.sessions):
        return np.nan
    made = run(held, orders, market.costs, market.borrow)
    theirs = np.nan_to_num(market.returns[market.benchmark, made.first + 1 :])
    if not len(theirs):
        return np.nan
    own, other = (float(statistics.cagr(r, market.year)) for r in (made.net(), theirs))
    return own - other


def _effects(
    market: Traded, held: Assets, made: Run, theirs: Array, net: Array
) -> tuple[Array, float]:
    """(N + 1,) allocation effects linked over time (Carino), cash last, and the effect of costs.

    The segments are the assets themselves: holding another weight than the benchmark's of one earns
    its return less the benchmark's. They add up to the gross lead in compounded return; what costs
    took is the rest of the net lead.
    """
    if not len(theirs):
        return np.zeros(len(made.held) + 1), 0.0
    wp = np.vstack([made.held[:, :-1], 1 - made.held[:, :-1].sum(axis=0)]).T
    wb = np.zeros_like(wp)
    wb[:, market.benchmark] = 1.0
    after = slice(made.first + 1, None)
    growth = held.growth[:, made.first :]
    r = np.vstack([growth[:, 1:] / growth[:, :-1] - 1, market.cash[after]]).T
    allocation, _, _ = brinson_fachler(wp, wb, r, r)
    linked = (carino(made.gross, theirs)[:, None] * allocation).sum(axis=0)
    gone = float(np.prod(1 + net) - np.prod(1 + made.gross))
    return np.asarray(linked), gone
