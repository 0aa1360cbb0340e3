"""When did the present drift begin: online detection of change points by Bayes' rule.

Adams and MacKay (2007), Bayesian Online Changepoint Detection. A series is cut into runs; within a
run its values are normal with one unknown mean and variance. Every session a run ends with
probability ``hazard``. What is known after session t is the probability of each length of the run
in force: nothing of it looks ahead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from paceline.arrays import Array
from paceline.errors import UsageError

#: A run ends about once a year.
HAZARD = 1 / 250
#: Lengths of a run less probable than this are given up.
LEAST = 1e-6
#: Values that are looked back over: runs longer than this are of no interest, and each costs time.
MEMORY = 1260
#: Sessions within which a drift is asked to have begun: a month, a quarter, half a year.
WITHIN = (21, 63, 126)


@dataclass(frozen=True)
class Prior:
    """Normal-inverse-gamma prior of a run's mean and variance, for values of unit scale.

    mean      what the mean is thought to be
    weight    how many values that thought is worth. 16: drifts of a quarter of a daily sigma, which
              are two typical moves in a quarter
    shape     half the degrees of freedom: a new run's values are Student t with 2 shape of them
    scale     with ``shape`` - 1 equal to it the expected variance is 1
    """

    mean: float = 0.0
    weight: float = 16.0
    shape: float = 2.0
    scale: float = 1.0


def begun_within(
    values: Array,
    within: tuple[int, ...] = WITHIN,
    *,
    hazard: float = HAZARD,
    prior: Prior | None = None,
    least: float = LEAST,
) -> Array:
    """(T, len(within)) the probability that the run in force has at most so many values.

    values  (T,) daily log returns of A/B in units of the sigma known the day before. A missing one
            is no observation: the probabilities stay those of the session before it
    within  lengths in values, the one of the session itself included
    hazard  probability that a run ends with a session; the prior probability of a run of at most h
            values is 1 - (1 - hazard)^h
    least   lengths less probable than this are dropped, and the others add up to 1 again; 0: none

    P(r_t = 0) = hazard sum_r P(r_{t-1} = r) p(x_t | r), P(r_t = r + 1) = (1 - hazard)
    P(r_{t-1} = r) p(x_t | r), both over their sum; p(x | r) is the Student t that the prior and the
    last r values predict. NaN before the first value. Raises ``UsageError`` for a hazard that is no
    probability.
    """
    if not 0 < hazard < 1:
        raise UsageError(f"hazard = {hazard} is no probability.", "Give one of 0 to 1, e.g. 1/250.")
    x = np.asarray(values, float)
    if x.ndim != 1:
        raise UsageError(f"Values of shape {x.shape} are no series.", "Give (T,).")
    prior = prior or Prior()
    constants = _constants(len(x) + 1, prior)
    result = np.full((len(x), len(within)), np.nan)
    run, chance = np.zeros(1, np.int64), np.ones(1)
    mean, scale = np.full(1, prior.mean), np.full(1, prior.scale)
    said = np.full(len(within), np.nan)
    for t, value in enumerate(x):
        if math.isfinite(value):
            weight, shape = prior.weight + run, prior.shape + run / 2
            spread = scale * (weight + 1) / weight
            far = (value - mean) ** 2 / (2 * spread)
            density = constants[run] - (shape + 0.5) * np.log1p(far) - 0.5 * np.log(spread)
            joint = chance * np.exp(density - density.max())
            moved = mean + (value - mean) / (weight + 1)
            wider = scale + weight * (value - mean) ** 2 / (2 * (weight + 1))
            run = np.concatenate(([0], run + 1))
            chance = np.concatenate(([hazard * joint.sum()], (1 - hazard) * joint))
            mean = np.concatenate(([prior.mean], moved))
            scale = np.concatenate(([prior.scale], wider))
            chance /= chance.sum()
            if least and len(run) > 1:
                kept = chance >= least
                run, chance, mean, scale = run[kept], chance[kept], mean[kept], scale[kept]
                chance /= chance.sum()
            said = np.array([chance[run <= h].sum() for h in within])
        result[t] = said
    return result


@lru_cache(maxsize=4)
def _constants(lengths: int, prior: Prior) -> Array:
    """Normalising constants of the predictive Student t of each length r of a run.

    ln Gamma(a + 1/2) - ln Gamma(a) - ln(2 pi) / 2 with a = shape + r / 2.
    """
    shapes = (prior.shape + r / 2 for r in range(lengths))
    found = np.array([math.lgamma(a + 0.5) - math.lgamma(a) for a in shapes])
    found -= 0.5 * math.log(2 * math.pi)
    found.setflags(write=False)
    return found
