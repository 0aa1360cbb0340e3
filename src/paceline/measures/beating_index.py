"""How many members do better than their own index."""

from __future__ import annotations

import numpy as np

from paceline.arrays import Bools, Ints
from paceline.measures import Array, Result, View, measure
from paceline.signals.lows import known_low
from paceline.signals.members import Basis, basis_of, count, listed, share, terms
from paceline.signals.windows import since_session

#: Returns closer than this are equal: they differ by rounding only.
EQUAL = 1e-12


@measure(
    question="How many members beat their own index?",
    never="That picking stocks is easy or hard: with its giants behind, most members beat it.",
    of="basket",
    needs=("price_index", "total_index", "price_return", "total_return", "member"),
    unit="fraction",
    shows="series",
    bounds=(0.0, 1.0),
    on_level=True,
    lookback=lambda p: None if p["since"] else p["window"],
    references=(
        "S&P Dow Jones Indices, SPIVA and Index Dispersion reports (share of stocks that beat it)",
    ),
)
def beating_index(
    view: View, *, window: int = 21, since: str | None = None, basis: Basis | None = None
) -> Result:
    """Share of members whose return over the window exceeds their basket's own return.

    value_t = #{i: P_it / P_ib > I_t / I_b} / #{i with data}, with P the return index of the member,
    I the basket's level on the same basis and base session b = t - window. Members are those of
    session t. Equal returns (within 1e-12) do not beat.

    window  sessions of the return
    since   instead: base session of a date (ISO), or "low": the benchmark's last low confirmed by t
    basis   "price" or "total"; default: the basis the baskets are shown on

    Shapes: (S, T). n_used counts members with a return today and a close at the base; n_eligible
    the members not yet delisted. Missing: a member without either is left out; sessions up to the
    base have no value. Raises UsageError for an impossible date or where "low" has no benchmark.
    """
    used = basis_of(view, basis)
    index, levels = view.field(f"{used}_index"), view.all_levels[used]
    base = _bases(view, window, since)
    own = _return_since(levels, base)
    returns, moves = view.field(f"{used}_return"), np.empty(index.shape)

    def flags(rows: slice) -> tuple[Bools, ...]:
        moves[rows] = _return_since(index[rows], base)
        moves[rows][~np.isfinite(returns[rows])] = np.nan
        return np.isfinite(moves[rows]), listed(index[rows])

    n_used, n_eligible = count(view, 2, flags)
    beating = np.zeros(view.shape)
    hurdle = own + EQUAL * (1 + np.abs(own))
    for row in range(len(view.subjects)):
        for start, stop, members in terms(view, row):
            more = moves[members, start:stop] > hurdle[row, start:stop]
            beating[row, start:stop] = np.count_nonzero(more, axis=0)
    return Result(np.where(np.isfinite(own), share(beating, n_used), np.nan), n_used, n_eligible)


def _bases(view: View, window: int, since: str | None) -> Ints:
    """(T,) base session of each session; -1 where there is none before it."""
    t = np.arange(len(view.sessions))
    if since is None:
        base = t - window
    elif since == "low":
        base = known_low(view)
    else:
        base = np.full(len(t), since_session(view, since))
    return np.where((base >= 0) & (base < t), base, -1)


def _return_since(levels: Array, base: Ints) -> Array:
    """Return of each row from base[t] to t; NaN where there is no base."""
    out = np.full(levels.shape, np.nan)
    some = np.flatnonzero(base >= 0)
    if len(some):
        first = some[0]
        steady = np.array_equal(base[first:], np.arange(first, len(base)) - (first - base[first]))
        start = levels[:, base[first] : base[-1] + 1] if steady else levels[:, base[first:]]
        with np.errstate(divide="ignore", invalid="ignore"):
            np.divide(levels[:, first:], start, out=out[:, first:])
        out -= 1
    return out
