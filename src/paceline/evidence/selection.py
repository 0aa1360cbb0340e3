"""What the best of many trials is worth: deflated Sharpe ratio, probability of overfitting."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np

from paceline.arrays import Array
from paceline.errors import NotEnoughData, UsageError
from paceline.evidence.judgement import NORMAL

EULER = 0.5772156649015329


def probabilistic_sharpe(
    sharpe: float, n: int, *, skew: float = 0.0, kurtosis: float = 3.0, benchmark: float = 0.0
) -> float:
    """Probability that the true Sharpe ratio exceeds ``benchmark`` (Bailey, Lopez de Prado 2012).

    PSR = Phi[(SR - SR*) sqrt(n - 1) / sqrt(1 - g3 SR + (g4 - 1) / 4 SR^2)]; SR and SR* are per
    period (a daily SR for n days), g4 is the raw kurtosis (3 for a normal). NaN for fewer than two
    observations.
    """
    if n < 2:
        return math.nan
    variance = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2
    if variance <= 0:
        raise UsageError(
            f"no distribution has skew {skew} and kurtosis {kurtosis}.",
            "Give the raw kurtosis (3 for a normal distribution), not the excess.",
        )
    return NORMAL.cdf((sharpe - benchmark) * math.sqrt(n - 1) / math.sqrt(variance))


def deflated_sharpe(
    sharpe: float, n: int, *, trials: int, variance: float, skew: float = 0.0, kurtosis: float = 3.0
) -> tuple[float, float]:
    """(DSR, SR*): the PSR against the best Sharpe ratio expected of ``trials`` worthless rules.

    SR* = sqrt(V) ((1 - g) Z(1 - 1/N) + g Z(1 - 1/(N e))), g Euler's constant, Z the normal
    quantile, V the variance of the trials' Sharpe ratios per period (Bailey, Lopez de Prado 2014).
    One trial deflates nothing: SR* = 0.
    """
    if trials < 1 or variance < 0:
        raise UsageError(
            f"trials = {trials} with variance {variance} cannot be.",
            "Give the number of rules tried (1 or more) and the variance of their Sharpe ratios.",
        )
    best = 0.0
    if trials > 1:
        best = math.sqrt(variance) * (
            (1 - EULER) * NORMAL.inv_cdf(1 - 1 / trials)
            + EULER * NORMAL.inv_cdf(1 - 1 / (trials * math.e))
        )
    return probabilistic_sharpe(sharpe, n, skew=skew, kurtosis=kurtosis, benchmark=best), best


def overfitting(returns: Array, blocks: int = 16) -> tuple[float, Array]:
    """(PBO, logits): how often the rule best in one half of time is in the worse half in the other.

    Combinatorially symmetric cross-validation (Bailey, Borwein, Lopez de Prado, Zhu 2017).
    ``returns`` (N rules, T) are cut into ``blocks`` equal stretches (the oldest remainder is left
    out); for each choice of half of them, the rule of highest Sharpe ratio there takes rank r of N
    (1 = worst) in the other half, logit = ln(w / (1 - w)) with w = r / (N + 1). PBO is the share of
    logits at or below 0: about 0.5 where nothing is to be found. A rule whose Sharpe ratio is
    undefined in a half (no variance) ranks last there.
    """
    rules, n = returns.shape
    if blocks < 2 or blocks % 2:
        raise UsageError(f"{blocks} blocks cannot be halved.", "Give an even number, e.g. 16.")
    if rules < 2 or n < 2 * blocks or not np.isfinite(returns).all():
        raise NotEnoughData(
            f"{rules} rules over {n} sessions do not allow {blocks} blocks of complete data.",
            "Give two rules or more, two sessions or more per block and no missing value.",
        )
    size = n // blocks
    pieces = returns[:, n - size * blocks :].reshape(rules, blocks, size)
    sums, squares = pieces.sum(axis=2).T, (pieces**2).sum(axis=2).T
    chosen = np.zeros((math.comb(blocks, blocks // 2), blocks))
    np.put_along_axis(chosen, np.array(list(combinations(range(blocks), blocks // 2))), 1.0, axis=1)

    def sharpe(half: Array) -> Array:
        mean, square = half @ sums / (size * blocks / 2), half @ squares / (size * blocks / 2)
        variance = square - mean**2
        with np.errstate(divide="ignore", invalid="ignore"):
            result: Array = np.where(variance > 1e-12 * square, mean / np.sqrt(variance), -np.inf)
        return result

    inside, outside = sharpe(chosen), sharpe(1 - chosen)
    winner = np.take_along_axis(outside, inside.argmax(axis=1)[:, None], axis=1)
    # ties share the middle of their ranks, so rules that are copies of each other decide nothing
    rank = (outside < winner).sum(axis=1) + ((outside == winner).sum(axis=1) + 1) / 2
    relative = rank / (rules + 1)
    logits: Array = np.log(relative / (1 - relative))
    return float((logits <= 0).mean()), logits
