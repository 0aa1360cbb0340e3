"""Portfolios from sorts: quantile legs, their weights, and their returns until the next sort."""

from __future__ import annotations

import numpy as np

from paceline.arrays import Array, Bools, Ints
from paceline.signals.returns import growth_to_eve

#: Scores closer than this share of their range are the same: the rest is rounding.
ROUNDING = 1e-10


def legs(
    score: Array,
    member: Bools,
    quantiles: int,
    groups: Ints | None = None,
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
        above = own & (score >= high - slack) & (score > low + slack)
        below = own & (score <= low + slack)
        if above.any() and below.any():
            top |= above
            bottom |= below
    return top, bottom


def _quantile(ordered: Array, q: float) -> float:
    """Linear quantile of ascending values, to the last bit that of ``np.quantile``.

    It is ten times as fast, and called once per month, leg, group and characteristic.
    """
    at = q * (len(ordered) - 1)
    low = int(at)
    below, above = float(ordered[low]), float(ordered[min(low + 1, len(ordered) - 1)])
    part = at - low
    return above - (above - below) * (1 - part) if part >= 0.5 else below + (above - below) * part


def weigh(
    chosen: Bools, weight: Array, groups: Ints | None = None, whole: Array | None = None
) -> Array:
    """(n,) weights of a leg, summing to one: ``weight`` of the chosen; all zero where nobody is.

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


def held(weights: Array, returns: Array, move: Array, listed: Bools) -> Array:
    """(P, T) daily returns of portfolios bought at the close before the first column and held.

    r_t = W(A_t G_{t-1} r_t) / W(A_t G_{t-1}), with G the growth by ``move`` since the purchase and
    A who is listed: the weight of a delisted stock goes to the others in proportion, a missing
    return is zero. NaN where a portfolio holds nobody.
    """
    growth = growth_to_eve(move)
    growth *= listed
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = (weights @ (growth * np.where(np.isnan(returns), 0.0, returns))) / (
            weights @ growth
        )
    return result
