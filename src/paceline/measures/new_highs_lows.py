"""Members at a 52-week high, at a 52-week low, and at a record."""

from __future__ import annotations

import numpy as np

from paceline import kernels
from paceline.arrays import Bools
from paceline.measures import Result, View, measure
from paceline.signals.members import Basis, basis_of, count, listed, observed, share

UNITS = {
    "new_highs": "count",
    "new_lows": "count",
    "high_low_index": "fraction",
    "at_record": "fraction",
}


@measure(
    question="How many members make new highs, how many new lows?",
    never="That the trend is healthy or about to break: counts of highs follow the index.",
    of="basket",
    needs=("price_index", "total_index", "price_return", "total_return", "member"),
    unit=UNITS,
    shows="series",
    shorter=lambda p: dict.fromkeys(("new_highs", "new_lows", "high_low_index"), p["window"] + 1),
    bounds=(0.0, float("inf")),
    references=("StockCharts ChartSchool, New 52-Week Highs and Lows; Record High Percent",),
)
def new_highs_lows(view: View, *, window: int = 252, basis: Basis | None = None) -> Result:
    """Members whose close reaches the highest, or the lowest, of the ``window`` closes before it.

    new_highs       NH = #{i: P_it >= max(P_i,t-window ... P_i,t-1)}
    new_lows        NL = #{i: P_it <= min(P_i,t-window ... P_i,t-1)}
    high_low_index  NH / (NH + NL); no value when both are zero
    at_record       share of the same members whose close is above every earlier stored close

    Closes, not intraday prices, and split-adjusted: the return index of the basis. Equal means
    within 1e-12; a member whose closes were all equal makes neither a high nor a low. A record is
    one since the data start.

    window  sessions looked back on; 252 is the 52 weeks
    basis   "price" or "total"; default: the basis the baskets are shown on (dividends distort highs
            and lows)

    Shapes: (S, T). n_used counts members with a return today and ``window`` closes before it, of
    which at most ten forward-filled; n_eligible the members not yet delisted. Missing: a younger
    member is left out of everything.
    """
    used = basis_of(view, basis)
    index, returns = view.field(f"{used}_index"), view.field(f"{used}_return")

    def flags(rows: slice) -> tuple[Bools, ...]:
        own = index[rows]
        highest, lowest, ever = (np.full(own.shape, np.nan) for _ in range(3))
        highest[:, 1:] = kernels.move_max(own, window)[:, :-1]
        lowest[:, 1:] = kernels.move_min(own, window)[:, :-1]
        ever[:, 1:] = kernels.running_max(own)[:, :-1]
        valid = np.isfinite(highest) & observed(returns[rows], window)
        high, low = ~kernels.above(highest, own), ~kernels.above(own, lowest)
        moved = valid & ~(high & low)
        return high & moved, low & moved, kernels.above(own, ever) & valid, valid, listed(own)

    NH, NL, records, n_used, n_eligible = count(view, 5, flags)
    some = n_used > 0
    values = {
        "new_highs": np.where(some, NH, np.nan),
        "new_lows": np.where(some, NL, np.nan),
        "high_low_index": share(NH, NH + NL),
        "at_record": share(records, n_used),
    }
    return Result(values, n_used, n_eligible)
