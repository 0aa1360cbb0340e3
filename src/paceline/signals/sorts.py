"""Portfolios from sorts: quantile legs, held from one month-end to the next, and the 2x3 construction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Bools

#: Scores closer than this share of their range are the same: the rest is rounding.
ROUNDING = 1e-10


def legs(
    score: Array,
    member: Bools,
    quantiles: int,
    groups: NDArray[np.int64] | None = None,
    breakpoints: Bools | None = None,
) -> tuple[Bools, Bools]:
    """(top, bottom) quantile of the members by score, each (n,).

    top = score >= the 1 - 1/q quantile, bottom = score <= the 1/q quantile, with linear quantiles
    of the breakpoint names (default: the members). With ``groups`` the quantiles are those of the
    own group; a group of fewer than q names with a score, and a group of -1, is left out. Without q
    names, or where one leg would be empty (all scores alike), both are. Nobody is in both, and
    missing scores are in neither.
    """
    scored = member & np.isfinite(score)
    top, bottom = np.zeros(len(score), bool), np.zeros(len(score), bool)
    for g in (np.unique(groups[scored]) if groups is not None else np.zeros(1, np.int64)).tolist():
        own = scored if groups is None else scored & (groups == g)
        by = own if breakpoints is None else breakpoints & own
        if g < 0 or by.sum() < quantiles:
            continue
        ordered = np.sort(score[by])
        low, high = (_quantile(ordered, q) for q in (1 / quantiles, 1 - 1 / quantiles))
        # a quantile may be a name's own score, but for rounding
        slack = ROUNDING * float(ordered[-1] - ordered[0])
        above, below = (
            own & (score >= high - slack) & (score > low + slack),
            own & (score <= low + slack),
        )
        if above.any() and below.any():
            top |= above
            bottom |= below
    return top, bottom


def _quantile(ordered: Array, q: float) -> float:
    """Linear quantile of ascending values, to the last bit that of ``np.quantile``, which costs ten times as much."""
    at = q * (len(ordered) - 1)
    low = int(at)
    below, above, share = (
        float(ordered[low]),
        float(ordered[min(low + 1, len(ordered) - 1)]),
        at - low,
    )
    return (
        above - (above - below) * (1 - share) if share >= 0.5 else below + (above - below) * share
    )


def weigh(
    chosen: Bools,
    weight: Array,
    groups: NDArray[np.int64] | None = None,
    whole: Array | None = None,
) -> Array:
    """(n,) weights of a leg, summing to one: ``weight`` of the chosen; zero for all where nobody is.

    With ``groups`` each group has the share it has in ``whole`` (the weights of everybody who could
    be chosen), among the groups with somebody chosen.
    """
    w = np.where(chosen & ~np.isnan(weight), weight, 0.0)
    if groups is not None and whole is not None:
        for g in np.unique(groups[chosen]).tolist():
            own = groups == g
            if w[own].sum() > 0:
                w[own] *= np.nan_to_num(whole)[own].sum() / w[own].sum()
    total = w.sum()
    return np.asarray(w / total if total > 0 else w, float)


def held(weights: Array, returns: Array, move: Array, alive: Bools) -> Array:
    """(P, T) daily returns of portfolios bought at the close before the first column and left alone.

    r_t = W(A_t G_{t-1} r_t) / W(A_t G_{t-1}), with G the growth by ``move`` since the purchase and
    A who is alive: a leaver's weight goes to the others in proportion, a missing return is zero.
    NaN where a portfolio holds nobody.
    """
    growth = np.ones_like(move)
    np.cumprod(1 + move[:, :-1], axis=1, out=growth[:, 1:])
    growth *= alive
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = (weights @ (growth * np.where(np.isnan(returns), 0.0, returns))) / (
            weights @ growth
        )
    return result


@dataclass(frozen=True)
class TwoByThree:
    """Monthly returns of six portfolios and their two spreads.

    portfolios  (6, M) small low, small middle, small high, big low, big middle, big high
    smb         (M,) mean of the three small - mean of the three big
    factor      (M,) mean of the two high - mean of the two low: HML, RMW, CMA (turn the sign), Mom
    """

    portfolios: Array
    smb: Array
    factor: Array


def two_by_three(
    score: Array,
    cap: Array,
    returns: Array,
    breakpoints: Bools | None = None,
    size: Array | None = None,
) -> TwoByThree:
    """The construction of Fama and French (1993), month by month: two sizes by three groups of a score.

    Independent sorts: small <= median size < big; low <= 30% quantile of the score < middle <= 70%
    < high, both quantiles among the names of ``breakpoints`` that have the number (theirs: the
    NYSE; default: everybody). A portfolio's return is weighted by ``cap``, the market value at the
    end of the month before.

    score    (n, M) known at the end of the month before; for a yearly sort what ``each_june`` gives
    cap      (n, M) market value at the end of the month before
    returns  (n, M) simple returns of the month, delisting included; a missing one is left out
    size     (n, M) what decides small and big; default: cap (theirs of a yearly sort: that of June)

    Missing: a name without score, size, cap or return is in no portfolio; an empty portfolio makes
    the spreads of that month NaN.
    """
    size = cap if size is None else size
    valid = np.isfinite(score) & np.isfinite(size) & (cap > 0) & np.isfinite(returns)
    by = np.ones(score.shape[0], bool) if breakpoints is None else breakpoints
    sortable = by[:, None] & np.isfinite(score) & np.isfinite(size)
    middle = _columns(np.where(sortable, size, np.nan), 0.5)
    low, high = (_columns(np.where(sortable, score, np.nan), q) for q in (0.3, 0.7))
    portfolios = np.full((6, score.shape[1]), np.nan)
    for row, (small, group) in enumerate((s, g) for s in (True, False) for g in range(3)):
        of_size = (size <= middle) if small else (size > middle)
        of_score = (score <= low, (score > low) & (score <= high), score > high)[group]
        w = np.where(valid & of_size & of_score, cap, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            portfolios[row] = (w * np.nan_to_num(returns)).sum(axis=0) / w.sum(axis=0)
    smb = portfolios[:3].mean(axis=0) - portfolios[3:].mean(axis=0)
    return TwoByThree(
        portfolios, smb, portfolios[[2, 5]].mean(axis=0) - portfolios[[0, 3]].mean(axis=0)
    )


def _columns(x: Array, q: float) -> Array:
    """Linear quantile of each column's finite values; NaN for a column without any."""
    out = np.full(x.shape[1], np.nan)
    some = np.isfinite(x).any(axis=0)
    out[some] = np.nanquantile(x[:, some], q, axis=0)
    return out


def each_june(values: Array, months: NDArray[np.datetime64]) -> Array:
    """(n, M) the value of the last June, held from July to the next June; NaN before the first.

    ``values`` (n, M) stand at the ends of ``months`` (M,) datetime64[M], consecutive; the result at
    column m is what decides the portfolio of month m.
    """
    out = np.full(values.shape, np.nan)
    number = months.astype("datetime64[M]").astype(np.int64)
    # of the month: June has number 5 modulo 12, July is the first after it
    last_june = (number - 6) // 12 * 12 + 5
    position = last_june - number[0]
    use = position >= 0
    out[:, use] = values[:, position[use]]
    return out
