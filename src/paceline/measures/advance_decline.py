"""Advances against declines: the line and McClellan's oscillator."""

from __future__ import annotations

import numpy as np

from paceline import kernels
from paceline.arrays import Bools
from paceline.measures import Array, Result, View, measure
from paceline.signals.members import Basis, basis_of, count, listed

UNITS = {
    "advances": "count",
    "declines": "count",
    "net": "count",
    "line": "count",
    "mcclellan": "points",
    "summation": "points",
}


@measure(
    question="Do more members rise than fall?",
    never="That money flows in or out: it counts risers and fallers, not sums invested.",
    of="basket",
    needs=("price_index", "total_index", "price_return", "total_return", "member"),
    unit=UNITS,
    shows="series",
    shorter=lambda _: dict.fromkeys(("advances", "declines", "net"), 1),
    references=(
        "McClellan, McClellan (1970), Patterns for Profit",
        "StockCharts ChartSchool, McClellan Oscillator (ratio-adjusted)",
    ),
    limits={"discard": (0, 100_000)},
)
def advance_decline(
    view: View, *, fast: int = 19, slow: int = 39, discard: int = 100, basis: Basis | None = None
) -> Result:
    """Members up, members down, and what their balance adds up to.

    advances A, declines D  members with a return above, below zero; the unchanged are in neither
    net                     A - D
    line                    running sum of A - D
    mcclellan               EMA_fast(R) - EMA_slow(R) of the ratio-adjusted balance R = 1000 (A - D)
                            / (A + D), with EMA factors 2 / (n + 1): 0.10 and 0.05 for 19 and 39
                            sessions, seeded with the first R
    summation               running sum of mcclellan from the first session

    fast, slow  sessions of the two means
    discard     first sessions of mcclellan and summation that are not shown: the seed still weighs
                on them
    basis       "price" or "total"; default: the basis the baskets are shown on

    Shapes: (S, T). n_used counts members with a return today, n_eligible those not yet delisted.
    Missing: a session on which no member has a return has no value, adds nothing to the sums and
    leaves the means where they were; R is zero when nobody moves.
    """
    used = basis_of(view, basis)
    index, returns = view.field(f"{used}_index"), view.field(f"{used}_return")

    def flags(rows: slice) -> tuple[Bools, ...]:
        moves = returns[rows]
        with np.errstate(invalid="ignore"):
            return moves > 0, moves < 0, np.isfinite(moves), listed(index[rows])

    A, D, n_used, n_eligible = count(view, 4, flags)
    seen = n_used > 0
    values = balance(np.where(seen, A, np.nan), np.where(seen, D, np.nan), fast, slow)
    values["mcclellan"], values["summation"] = (
        np.where(np.cumsum(seen, axis=1) > discard, values[n], np.nan)
        for n in ("mcclellan", "summation")
    )
    return Result(values, n_used, n_eligible)


def balance(A: Array, D: Array, fast: int = 19, slow: int = 39) -> dict[str, Array]:
    """The six series for counts (S, T) of advances and declines; NaN where both are."""
    net = A - D
    with np.errstate(divide="ignore", invalid="ignore"):
        R = np.where(A + D > 0, 1000 * net / (A + D), net)  # nobody moves: zero; nobody seen: NaN
    oscillator = np.where(
        np.isnan(net), np.nan, kernels.ema(R, 2 / (fast + 1)) - kernels.ema(R, 2 / (slow + 1))
    )
    return {
        "advances": A,
        "declines": D,
        "net": net,
        "line": _sum(net),
        "mcclellan": oscillator,
        "summation": _sum(oscillator),
    }


def _sum(a: Array) -> Array:
    """Running sum that passes over missing values and is missing there."""
    return np.where(np.isnan(a), np.nan, np.cumsum(np.nan_to_num(a), axis=-1))
