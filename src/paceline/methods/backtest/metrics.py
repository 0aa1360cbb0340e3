"""What returns are worth against a benchmark's: the usual numbers, as the field defines them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR, Array, Ints
from paceline.signals import statistics

#: Falls and leads below this are rounding.
STILL = 1e-12


def drawdown(r: Array) -> Array:
    """(n,) wealth over its highest so far, less one; wealth begins at 1."""
    wealth = np.cumprod(1 + r)
    return np.asarray(wealth / np.maximum(np.maximum.accumulate(wealth), 1.0) - 1)


class Fall(NamedTuple):
    """A fall from a high: sessions of high, low and first new high (-1: not yet), and its depth.

    The high of a fall from the beginning is session -1.
    """

    high: int
    low: int
    over: int
    depth: float


def falls(r: Array, most: int = 5) -> list[Fall]:
    """The deepest falls of the wealth of r, deepest first."""
    down = drawdown(r)
    under = np.concatenate([[False], down < -STILL, [False]])
    begins = np.flatnonzero(~under[:-1] & under[1:])
    ends = np.flatnonzero(under[:-1] & ~under[1:])
    found = [
        Fall(
            int(a) - 1,
            int(a + down[a:b].argmin()),
            int(b) if b < len(r) else -1,
            float(down[a:b].min()),
        )
        for a, b in zip(begins, ends, strict=True)
    ]
    return sorted(found, key=lambda f: f.depth)[:most]


def capture(r: Array, against: Array, up: bool, year: float = SESSIONS_PER_YEAR) -> float:
    """Growth per year on the benchmark's up (or down) sessions over the benchmark's on the same.

    It hangs on few sessions. NaN where there are none.
    """
    there = against > 0 if up else against < 0
    if not there.any():
        return math.nan
    whole = float(statistics.cagr(against[there], year))
    return float(statistics.cagr(r[there], year)) / whole if whole else math.nan


def metrics(
    r: Array, against: Array, cash: Array, year: float = SESSIONS_PER_YEAR
) -> dict[str, float]:
    """The numbers of returns (n,) against a benchmark's and over what cash earned, all (n,).

    growth, volatility, sharpe, sortino, max_drawdown, calmar (growth over the deepest fall),
    active (difference of growth), tracking_error, information_ratio, beta, alpha (per year: mean
    of r - cash - beta (benchmark - cash), times the year), up_capture, down_capture, skew and
    kurtosis (3 for a normal distribution), best and worst session, ahead (share of the sessions
    with a difference on which it was ahead).
    """
    excess, theirs, active = (
        np.where(np.abs(x) > STILL, x, 0.0) for x in (r - cash, against - cash, r - against)
    )
    differing, nothing = active[active != 0], np.zeros(len(r))
    beta = float(statistics.betas(theirs[None], excess[None], 2)[0, 0])
    deepest = float(statistics.max_drawdown(r))
    growth = float(statistics.cagr(r, year))
    skew, kurtosis = moments(r)
    return {
        "growth": growth,
        "volatility": float(statistics.volatility(r, year)),
        "sharpe": float(statistics.sharpe(excess, 0.0, year)),
        "sortino": float(statistics.sortino(excess, 0.0, year)),
        "max_drawdown": deepest,
        "calmar": growth / -deepest if deepest < 0 else math.nan,
        "active": growth - float(statistics.cagr(against, year)),
        "tracking_error": float(statistics.tracking_error(active, nothing, year)),
        "information_ratio": float(statistics.information_ratio(active, nothing, year)),
        "beta": beta,
        "alpha": float((excess - beta * theirs).mean()) * year,
        "up_capture": capture(r, against, True, year),
        "down_capture": capture(r, against, False, year),
        "skew": skew,
        "kurtosis": kurtosis,
        "best": float(r.max(initial=-math.inf)),
        "worst": float(r.min(initial=math.inf)),
        "ahead": float((differing > 0).mean()) if len(differing) else math.nan,
    }


def moments(r: Array) -> tuple[float, float]:
    """Skew and raw kurtosis of the sample (ddof 0); 0 and 3 of what does not vary."""
    sd = float(r.std()) if len(r) else 0.0
    if sd < STILL:
        return 0.0, 3.0
    z = (r - r.mean()) / sd
    return float((z**3).mean()), float((z**4).mean())


def by_period(r: Array, period: Ints) -> tuple[Ints, Array]:
    """The periods in order, and the compounded return of each: ``period`` (n,) numbers them."""
    names, at = np.unique(period, return_inverse=True)
    return names, np.expm1(np.bincount(at, np.log1p(r), minlength=len(names)))


def break_even(gross: Array, traded: Array, against: Array) -> float:
    """The cost per one-way trade (fraction) at which the lead over a benchmark's returns is gone.

    With ``traded`` (L + 1,) shares of wealth traded at each close and both returns (L,), the c of
    sum ln(1 + gross) + sum ln(1 - c traded) = sum ln(1 + against). NaN without trades; 0 where
    there is no lead even without costs.
    """
    lead = float(np.log1p(gross).sum() - np.log1p(against).sum())
    some = traded[traded > STILL]
    if not len(some):
        return math.nan
    if lead <= 0:
        return 0.0
    low, high = 0.0, float(1 / some.max())
    for _ in range(200):
        middle = (low + high) / 2
        with np.errstate(divide="ignore"):
            left = lead + float(np.log1p(-np.minimum(middle * some, 1.0)).sum())
        low, high = (middle, high) if left > 0 else (low, middle)
    return low
