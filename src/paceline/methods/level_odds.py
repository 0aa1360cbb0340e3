"""How likely a level is to be reached: closed form, bootstrap of the own past, past windows.

S last close, K the level, b = ln(K / S). Events are "at or beyond the level": at or above it where
K > S, at or below it where K < S.

Sources: reflection principle; Broadie, Glasserman, Kou (1997) for barriers watched at closes only;
Politis, Romano (1994) for the bootstrap; Wilson (1927) for shares.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR, Array, Ints
from paceline.errors import UsageError
from paceline.kernels import move_max, move_min
from paceline.methods.proportions import WindowShare, window_share

#: Mean distance, in daily standard deviations, by which a path has passed a barrier unseen:
#: -zeta(1/2)/sqrt(2 pi).
UNSEEN = 0.5825971579390107
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Paths drawn at a time; each chunk has its own seed.
CHUNK = 1000
#: A log return this close to the level has reached it.
TIE = 1e-12


class Chances(NamedTuple):
    """Probabilities: at the end, of a touch at any moment, of a touch at a daily close."""

    end: float
    touch: float
    touch_close: float


def closed_form(
    b: float, years: float, mu: float, sigma: float, step: float = 1 / SESSIONS_PER_YEAR
) -> Chances:
    """Chances of a geometric Brownian motion to be at or beyond b = ln(K / S), ``years`` from now.

        end   = Phi((m T - b) / (s sqrt T)) for b > 0, mirrored for b < 0; at b = 0 above
        touch = end + exp(2 m b / s^2) Phi((-b - m T) / (s sqrt T))

    with T years, drift ``mu`` (continuous, arithmetic) and volatility s per year, m = mu - s^2 / 2.
    For closes ``step`` years apart the barrier of the touch stands 0.5826 s sqrt(step) farther
    away. Raises ``UsageError`` for a time or a volatility that is not above zero.
    """
    if not (years > 0 and sigma > 0):
        raise UsageError(
            f"{years:g} years at a volatility of {sigma:g} cannot be.", "Give both above zero."
        )
    from scipy.special import log_ndtr, ndtr

    up = 1.0 if b >= 0 else -1.0
    away, m, deviation = abs(b), up * (mu - sigma**2 / 2), sigma * math.sqrt(years)

    def end(far: float) -> float:
        return float(ndtr((m * years - far) / deviation))

    def touch(far: float) -> float:
        if far == 0:
            return 1.0
        # in logarithms: the factor alone overflows where the probability beside it is nearly zero
        reflected = math.exp(
            min(0.0, 2 * m * far / sigma**2 + float(log_ndtr((-far - m * years) / deviation)))
        )
        return min(1.0, end(far) + reflected)

    return Chances(end(away), touch(away), touch(away + UNSEEN * sigma * math.sqrt(step)))


def required_growth(b: float, years: float) -> float:
    """Growth per year, compounded, that ends exactly at the level: exp(b / years) - 1."""
    return math.exp(b / years) - 1


def path_indices(n: int, sessions: int, block: float, draws: int, rng: np.random.Generator) -> Ints:
    """Positions (draws, sessions) in a history of n.

    Blocks start anywhere, end at each step with chance 1 / block, and wrap around.
    """
    fresh = rng.random((draws, sessions)) < 1 / block
    fresh[:, 0] = True
    at = np.arange(sessions)
    last = np.maximum.accumulate(np.where(fresh, at, 0), axis=1)
    start = np.take_along_axis(rng.integers(0, n, (draws, sessions)), last, axis=1)
    result: Ints = (start + at - last) % n
    return result


class SimulatedChances(NamedTuple):
    """Bootstrap chances under one drift, with the Monte Carlo standard error of each.

    Drift and volatility are taken as true.
    """

    end: float
    touch_close: float
    end_error: float
    touch_error: float


def bootstrap(
    returns: Array,
    b: float,
    sessions: int,
    shifts: Mapping[str, float],
    *,
    block: float,
    draws: int,
    seed: int,
    at: Ints,
    quantiles: tuple[float, ...] = QUANTILES,
    factors: Mapping[str, float] | None = None,
) -> tuple[dict[str, SimulatedChances], Array]:
    """Chances of paths made of blocks of daily log returns (n,), and quantiles of the paths.

    shifts   name -> what is added to each daily log return; one answer a name
    block    mean block length
    at       positions on the path whose ``quantiles`` are given: (Q, len(at)), of the plain paths
    factors  name -> what each daily log return is multiplied with before; 1 where none is given

    All shifts use the same draws, so differences between them are not noise.
    """
    up = 1.0 if b >= 0 else -1.0
    climb = np.arange(1, sessions + 1)
    ended, touched = dict.fromkeys(shifts, 0), dict.fromkeys(shifts, 0)
    looked_at = []
    sizes = [min(CHUNK, draws - done) for done in range(0, draws, CHUNK)]
    for size, child in zip(sizes, np.random.SeedSequence(seed).spawn(len(sizes)), strict=True):
        index = path_indices(len(returns), sessions, block, size, np.random.default_rng(child))
        paths = np.cumsum(returns[index], axis=1)
        looked_at.append(paths[:, at])
        for name, shift in shifts.items():
            reach = up * ((factors or {}).get(name, 1.0) * paths + shift * climb)
            ended[name] += int(np.count_nonzero(reach[:, -1] >= up * b))
            touched[name] += int(np.count_nonzero(reach.max(axis=1) >= up * b))

    def error(p: float) -> float:
        return math.sqrt(p * (1 - p) / draws)

    chances = {}
    for name in shifts:
        end, touch = ended[name] / draws, touched[name] / draws
        chances[name] = SimulatedChances(end, touch, error(end), error(touch))
    fan: Array = np.quantile(np.concatenate(looked_at), quantiles, axis=0)
    return chances, fan


def past_windows(closes: Array, sessions: int, b: float) -> tuple[WindowShare, WindowShare]:
    """Shares of past windows of ``sessions`` that ended at or beyond b, and that touched it.

    closes  (T,) levels without gaps; a touch is one at a close after the window's first
    """
    if len(closes) <= sessions:
        none = window_share(np.empty(0, bool), sessions)
        return none, none
    logs = np.log(closes)
    base = logs[:-sessions]
    ended = logs[sessions:] - base
    furthest = move_max if b >= 0 else move_min
    moved = furthest(logs[None, 1:], sessions)[0, sessions - 1 :] - base
    up = 1.0 if b >= 0 else -1.0
    return (
        window_share(up * ended >= up * b - TIE, sessions),
        window_share(up * moved >= up * b - TIE, sessions),
    )
