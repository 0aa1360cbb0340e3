"""How many members stand above their own moving average."""

from __future__ import annotations

import numpy as np

from paceline import kernels
from paceline.arrays import Bools
from paceline.measures import Result, View, measure
from paceline.signals.members import Basis, basis_of, count, listed, observed, share


@measure(
    question="Is the advance shared, or carried by a few?",
    never="That the market must rise or fall: it counts members, weighs none, forecasts nothing.",
    of="basket",
    needs=("price_index", "total_index", "price_return", "total_return", "member"),
    unit="fraction",
    shows="series",
    bounds=(0.0, 1.0),
    lookback=lambda p: p["window"],
    references=("StockCharts ChartSchool, Percent Above Moving Average",),
)
def percent_above_average(view: View, *, window: int = 200, basis: Basis | None = None) -> Result:
    """Share of members whose close is above the mean of their own last ``window`` closes.

    value_t = #{i: P_it > mean(P_i,t-window+1 ... P_it)} / #{i with data}, on split-adjusted closes:
    the return index of the basis (with dividends reinvested for "total"). Above means by more than
    rounding, so that a halted stock is not above its own flat mean.

    window  sessions in the mean; 20, 50 and 200 are customary
    basis   "price" or "total"; default: the basis the baskets are shown on

    Shapes: (S, T). n_eligible counts the members not yet delisted, n_used those with a return today
    and closes over the whole window; a younger member is left out, not "below". Missing: of the
    window's closes at most ten may be forward-filled (a longer suspension puts a member out), none
    today.
    """
    used = basis_of(view, basis)
    index, returns = view.field(f"{used}_index"), view.field(f"{used}_return")

    def flags(rows: slice) -> tuple[Bools, ...]:
        own = index[rows]
        mean = kernels.move_mean(own, window)
        valid = np.isfinite(mean) & observed(returns[rows], window)
        return kernels.above(own, mean) & valid, valid, listed(own)

    n_above, n_used, n_eligible = count(view, 3, flags)
    return Result(share(n_above, n_used), n_used, n_eligible)
