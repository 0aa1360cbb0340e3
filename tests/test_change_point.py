"""The change-point recursion against a direct one, on noise, and on a planted drift."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from paceline.errors import UsageError
from paceline.methods.change_point import Prior, begun_within


def direct(x: np.ndarray, hazard: float, within: tuple[int, ...], prior: Prior) -> np.ndarray:
    """Every run from every start by the posterior of its own values: O(t^2), scipy's Student t.

    forward[s] is the joint density of all values up to s with a run that ends just after s.
    """
    n = len(x)
    log_predictive = np.full((n, n), -np.inf)  # of x[t] given the values x[s:t] of its run
    for s in range(n):
        own = x[s:]
        count = np.arange(len(own))
        total = np.concatenate(([0.0], np.cumsum(own)[:-1]))
        squares = np.concatenate(([0.0], np.cumsum(own**2)[:-1]))
        k, a = prior.weight + count, prior.shape + count / 2
        m = (prior.weight * prior.mean + total) / k
        b = prior.scale + (squares + prior.weight * prior.mean**2 - k * m**2) / 2
        size = np.sqrt(b * (k + 1) / (a * k))
        log_predictive[s, s:] = stats.t.logpdf(own, 2 * a, m, size)
    likelihood = np.cumsum(np.where(np.isfinite(log_predictive), log_predictive, 0.0), axis=1)
    ended = np.zeros(n + 1)  # log joint density of x[:s] with a run that begins at s
    out = np.empty((n, len(within)))
    for t in range(n):
        # the run that began at s and goes on: values s..t, none of which ended it
        going = np.array(
            [ended[s] + likelihood[s, t] + (t - s) * np.log1p(-hazard) for s in range(t + 1)]
        )
        ended[t + 1] = np.logaddexp.reduce(going) + np.log(hazard)
        lengths = np.append(t + 1 - np.arange(t + 1), 0)
        joint = np.append(going + np.log1p(-hazard), ended[t + 1])
        chance = np.exp(joint - np.logaddexp.reduce(joint))
        out[t] = [chance[lengths <= h].sum() for h in within]
    return out


def test_agrees_with_the_direct_sum_over_all_runs() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_t(4, 500)
    x[300:] += 0.4
    prior, within = Prior(0.1, 20.0, 1.5, 0.8), (0, 5, 21, 63)
    ours = begun_within(x, within, hazard=1 / 60, prior=prior, least=0)
    assert_allclose(ours, direct(x, 1 / 60, within, prior), rtol=0, atol=1e-10)


def test_on_noise_the_probability_stays_near_its_prior() -> None:
    rng = np.random.default_rng(5)
    said = np.array([begun_within(rng.standard_normal(1500))[500:, 0].mean() for _ in range(20)])
    prior = 1 - (1 - 1 / 250) ** 21  # 8%
    assert 0.5 * prior < said.mean() < 1.5 * prior


def test_a_drift_that_begins_is_dated() -> None:
    rng = np.random.default_rng(7)
    x = rng.standard_normal(1000)
    x[900:] += 1.0
    found = begun_within(x, (21, 63, 126))
    assert found[899, 0] < 0.3
    assert found[919, 1] > 0.9 > found[919, 0] > 0.5  # it is twenty sessions old
    assert found[-1, 0] < 0.1 and found[-1, 2] > 0.9  # and a hundred now


def test_what_comes_later_changes_nothing() -> None:
    x = np.random.default_rng(1).standard_normal(300)
    assert_allclose(begun_within(x)[:200], begun_within(x[:200]), rtol=0, atol=0)


def test_what_is_given_up_is_small() -> None:
    x = np.random.default_rng(2).standard_normal(600)
    assert_allclose(begun_within(x), begun_within(x, least=0), rtol=0, atol=1e-3)


def test_a_missing_value_is_no_observation() -> None:
    x = np.random.default_rng(2).standard_normal(50)
    gap = np.insert(x, [0, 20], np.nan)
    found = begun_within(gap)
    assert np.isnan(found[0]).all()
    assert_allclose(np.delete(found, [0, 21], axis=0), begun_within(x), rtol=0, atol=0)
    assert_allclose(found[21], found[20], rtol=0, atol=0)


@pytest.mark.parametrize("hazard", [0.0, 1.0, -1.0, float("nan")])
def test_a_hazard_is_a_probability(hazard: float) -> None:
    with pytest.raises(UsageError, match="no probability"):
        begun_within(np.zeros(3), hazard=hazard)


def test_values_are_one_series() -> None:
    with pytest.raises(UsageError, match="no series"):
        begun_within(np.zeros((2, 3)))
