"""Average correlation of a basket's members, as its own volatility implies it."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from paceline import kernels, threads
from paceline.arrays import Bools
from paceline.errors import UsageError
from paceline.measures import Array, Result, View, measure
from paceline.signals.members import Basis, basis_of, count, listed, trading

#: What is left of the members' own variance below this share of the whole is rounding.
ROUNDING = 1e-9


@measure(
    question="Do the members move together?",
    never="That diversification will fail or hold tomorrow: it describes one window.",
    of="basket",
    needs=("price_return", "total_return", "price_index", "total_index", "member"),
    unit="estimate",
    shows="series",
    bounds=(-1.0, 1.0),
    lookback=lambda p: p["window"],
    references=(
        "Skintzi, Refenes (2005), Implied Correlation Index, Journal of Futures Markets 25",
        "S&P Dow Jones Indices, Dispersion: Measuring Market Opportunity",
    ),
)
def average_correlation(view: View, *, window: int = 63, basis: Basis | None = None) -> Result:
    """Average correlation of the members' daily returns over the last ``window`` sessions.

    rho = (s_I^2 - sum w^2 s^2) / ((sum w s)^2 - sum w^2 s^2), with s_i the standard deviation of
    member i over the window, w the target weights in force (as of the last rebalance of any
    basket), held fixed over the whole window, and s_I that of sum_i w_i r_i with these same
    weights, not of the published index. It is therefore exactly the mean of the pairwise
    correlations, each weighted by w_i s_i w_j s_j.

    window  sessions of the standard deviations
    basis   "price" or "total"; default: the basis the baskets are shown on

    Shapes: (S, T). n_eligible counts the members not yet delisted, n_used those with enough returns
    in the window. Missing: a member that left, or with more than ten returns missing in the window,
    is left out; a missing return of another is zero. No value for fewer than two members, or where
    none of them moves.
    """
    if window < 2:
        raise UsageError(
            f"a standard deviation over {window} session is undefined.",
            "Give a window of 2 or more.",
        )
    used = basis_of(view, basis)
    returns = view.field(f"{used}_return")
    there = listed(view.field("price_index"), view.field("total_index"))
    r, sd, valid = np.empty(returns.shape), np.empty(returns.shape), np.empty(returns.shape, bool)
    threads.by_rows(
        lambda a: _member_risks(returns[a], there[a], window, r[a], sd[a], valid[a]), r.shape
    )
    n_used, n_eligible = count(view, 2, lambda a: (valid[a], there[a]))
    out = np.full(view.shape, np.nan)
    for span in view.spans:
        first = max(span.start, window - 1)
        if first >= span.stop:
            continue
        # whole columns: cheaper than picking out who is held
        W, s = span.weights, sd[:, first : span.stop]
        own = (W * W) @ (s * s)
        together = (W @ s) ** 2
        index = _index_variance(
            W, r[:, first - window + 1 : span.stop], valid[:, first : span.stop], window
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            rho = (index - own) / (together - own)
        fine = (together - own > ROUNDING * together) & (n_used[:, first : span.stop] >= 2)
        out[:, first : span.stop] = np.where(fine, np.clip(rho, -1.0, 1.0), np.nan)
    return Result(out, n_used, n_eligible)


def _member_risks(
    returns: Array, there: Bools, window: int, r: Array, sd: Array, valid: Bools
) -> None:
    """Fill, for some securities, ``r`` (missing is zero), ``valid`` (who counts) and ``sd``.

    ``sd`` is zero for those who do not count.
    """
    np.copyto(r, returns)
    r[np.isnan(r)] = 0.0
    valid[:] = trading(returns, window)
    valid &= there
    valid[:, : window - 1] = False
    sd[:] = kernels.move_std(r, window)
    sd[~valid] = 0.0


def _index_variance(W: Array, r: Array, valid: Bools, window: int) -> Array:
    """(S, L) variance over the window of each basket's return, with fixed weights of who counts.

    ``r`` (n, L + window - 1) are returns, ``valid`` (n, L) says who counts on each of the last L
    sessions. Members who count throughout are one product for all baskets; the few others are added
    where a basket holds them.
    """
    steady = valid.all(axis=1)
    some = np.flatnonzero(valid.any(axis=1) & ~steady)
    index = (W * steady) @ r
    out: Array = kernels.move_std(index, window)[:, window - 1 :] ** 2
    L = valid.shape[1]
    for row in np.flatnonzero((W[:, some] > 0).any(axis=1)):
        odd = some[W[row, some] > 0]
        # (L, L + window - 1): row k with the members of session k
        extra = (W[row, odd, None] * valid[odd]).T @ r[odd]
        band = sliding_window_view(extra, window, axis=1)[np.arange(L), np.arange(L)]
        out[row] = np.var(sliding_window_view(index[row], window) + band, axis=1, ddof=1)
    return out
