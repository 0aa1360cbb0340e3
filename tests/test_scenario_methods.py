"""Sensitivities, scenarios, surprises: against statsmodels, by hand, and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from paceline.arrays import Array
from paceline.methods import scenario, sensitivity, surprise


def _drawn(seed: int, subjects: int = 2) -> tuple[Array, Array]:
    """Returns and drivers; the second driver goes with the first, the noise remembers."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 240))
    x[1] += 0.6 * x[0]
    noise = rng.normal(size=(subjects, 240))
    noise[:, 1:] += 0.3 * noise[:, :-1]
    slopes = rng.normal(size=(subjects, 3))
    return slopes @ x + noise, x


# ---- least squares


@pytest.mark.parametrize("lags", [0, 4, None])
def test_slopes_and_robust_errors_are_those_of_statsmodels(lags: int | None) -> None:
    import statsmodels.api as sm

    y, x = _drawn(1)
    found = sensitivity.ols(y, x, lags=lags, jackknife=False)
    used = 4 if lags is None else lags
    assert sensitivity.hac_lags(240) == 4, "floor(4 * 2.4^(2/9)) = floor(4.86)"
    for i in range(2):
        how = {"maxlags": used, "use_correction": True}
        theirs = sm.OLS(y[i], sm.add_constant(x.T)).fit(cov_type="HAC", cov_kwds=how)
        np.testing.assert_allclose(found.beta[i], theirs.params[1:], rtol=1e-10)
        np.testing.assert_allclose(found.covariance[i], theirs.cov_params()[1:, 1:], rtol=1e-9)
        assert found.variance[i] == pytest.approx(theirs.mse_resid, rel=1e-10)
        assert found.explained[i] == pytest.approx(theirs.rsquared, rel=1e-10)
        assert found.freedom[i] == theirs.df_resid == 236


def test_weights_of_recent_periods_are_those_of_statsmodels() -> None:
    import statsmodels.api as sm

    y, x = _drawn(2)
    weight = sensitivity.decay(240, 36)
    assert weight[-1] == 1 and weight[-37] == pytest.approx(0.5)
    found = sensitivity.ols(y, x, weight=weight, lags=3, jackknife=False)
    model = sm.WLS(y[0], sm.add_constant(x.T), weights=weight)
    theirs = model.fit(cov_type="HAC", cov_kwds={"maxlags": 3, "use_correction": True})
    np.testing.assert_allclose(found.beta[0], theirs.params[1:], rtol=1e-10)
    np.testing.assert_allclose(found.covariance[0], theirs.cov_params()[1:, 1:], rtol=1e-9)


def test_without_memory_the_errors_used_are_those_of_mackinnon_and_white() -> None:
    import statsmodels.api as sm

    y, x = _drawn(20)
    found = sensitivity.ols(y, x, lags=0)
    theirs = sm.OLS(y[0], sm.add_constant(x.T)).fit(cov_type="HC3")
    np.testing.assert_allclose(found.covariance[0], theirs.cov_params()[1:, 1:], rtol=1e-9)


def test_what_rests_on_one_period_is_not_taken_for_known() -> None:
    """A driver that moved once: plain robust errors find noise in most draws, these seldom."""
    rng = np.random.default_rng(21)
    x = np.vstack([rng.normal(size=200), 0.05 * rng.normal(size=200)])
    x[1, 120] = 10.0
    y = rng.normal(size=(1000, 200))

    def found(jackknife: bool) -> float:
        fit = sensitivity.ols(y, x, jackknife=jackknife)
        t = fit.beta[:, 1] / np.sqrt(fit.covariance[:, 1, 1])
        return float((np.abs(t) > 2).mean())

    assert found(False) > 0.5, "the period fits itself"
    assert found(True) < 0.1


def test_each_subject_has_its_own_periods() -> None:
    import statsmodels.api as sm

    y, x = _drawn(3)
    y[0, :100] = np.nan
    x[2, -5:] = np.nan
    found = sensitivity.ols(y, x, lags=2, jackknife=False)
    assert found.n.tolist() == [135, 235]
    theirs = sm.OLS(y[0, 100:-5], sm.add_constant(x[:, 100:-5].T)).fit(
        cov_type="HAC", cov_kwds={"maxlags": 2, "use_correction": True}
    )
    np.testing.assert_allclose(found.beta[0], theirs.params[1:], rtol=1e-10)
    np.testing.assert_allclose(found.covariance[0], theirs.cov_params()[1:, 1:], rtol=1e-9)


def test_a_missing_period_ends_no_memory() -> None:
    """What lies on both sides of a gap is no neighbour: a plain loop says the same."""
    y, x = _drawn(4, subjects=1)
    x = x[:1]
    y[0, 50] = np.nan
    found = sensitivity.ols(y, x, lags=1, jackknife=False)
    there = np.isfinite(y[0])
    z = x[0] - x[0, there].mean()
    left = np.where(there, y[0] - y[0, there].mean() - found.beta[0, 0] * z, 0.0)
    score = np.where(there, left * z, 0.0)
    meat = (score**2).sum() + 2 * 0.5 * sum(score[t] * score[t - 1] for t in range(1, 240))
    by_hand = 239 / 237 * meat / (z[there] ** 2).sum() ** 2
    assert found.covariance[0, 0, 0] == pytest.approx(by_hand, rel=1e-10)


def test_too_few_periods_and_drivers_that_stand_still_give_nothing() -> None:
    y, x = _drawn(5)
    y[0, 39:] = np.nan
    found = sensitivity.ols(y, x)
    assert np.isnan(found.beta[0]).all() and np.isfinite(found.beta[1]).all()
    assert sensitivity.fewest(3) == 40 and sensitivity.fewest(9) == 50
    x[1] = 2.0
    assert np.isnan(sensitivity.ols(y, x).beta).all()


def test_planted_slopes_lie_within_two_errors_about_95_times_in_100() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=(3, 240))
    noise = rng.normal(size=(2000, 240)) * (1 + 0.5 * np.abs(x[0]))
    planted = np.array([0.5, -0.3, 0.0])
    found = sensitivity.ols(planted @ x + noise, x)
    error = np.sqrt(np.einsum("skk->sk", found.covariance))
    inside = (np.abs(found.beta - planted) < 2 * error).mean(axis=0)
    assert (inside > 0.92).all() and (inside < 0.97).all()


def test_drivers_that_mean_nothing_are_found_about_five_times_in_100() -> None:
    """Persistent noise on persistent drivers: plain errors would find them far too often."""
    from scipy.special import stdtrit

    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(2, 300)), rng.normal(size=(1500, 300))
    for t in range(1, 300):
        x[:, t] += 0.3 * x[:, t - 1]
        y[:, t] += 0.3 * y[:, t - 1]
    found = sensitivity.ols(y, x)
    t_values = found.beta / np.sqrt(np.einsum("skk->sk", found.covariance))
    share = (np.abs(t_values) > stdtrit(297, 0.975)).mean()
    assert 0.03 < share < 0.09


# ---- through time, and ridge


def test_rolling_slopes_are_those_of_statsmodels_and_the_last_is_the_last_fit() -> None:
    import statsmodels.api as sm
    from statsmodels.regression.rolling import RollingOLS

    y, x = _drawn(8)
    found = sensitivity.rolling(y, x, 60)
    theirs = RollingOLS(y[0], sm.add_constant(x.T), window=60).fit().params[:, 1:]
    np.testing.assert_allclose(found[0].T[59:], theirs[59:], rtol=1e-8)
    last = sensitivity.ols(y[:, -60:], x[:, -60:]).beta
    np.testing.assert_allclose(found[:, :, -1], last, rtol=1e-9)
    assert np.isnan(found[:, :, :39]).all(), "fewer periods than a fit needs"


def test_rolling_slopes_know_nothing_of_what_follows() -> None:
    y, x = _drawn(9)
    cut = sensitivity.rolling(y[:, :150], x[:, :150], 60)
    np.testing.assert_allclose(sensitivity.rolling(y, x, 60)[:, :, :150], cut, rtol=1e-9)


def test_ridge_without_a_penalty_is_least_squares_and_with_one_the_closed_form() -> None:
    y, x = _drawn(10)
    least = sensitivity.ols(y, x).beta
    none = sensitivity.ridge(y, x, np.array([1e-14]))
    np.testing.assert_allclose(none.beta, least, rtol=1e-8)
    some = sensitivity.ridge(y, x, np.array([0.5]))
    z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    by_hand = np.linalg.solve(z @ z.T + 0.5 * 240 * np.eye(3), z @ (y[0] - y[0].mean()))
    np.testing.assert_allclose(some.beta[0] * x.std(axis=1), by_hand, rtol=1e-10)
    assert some.penalty.tolist() == [120, 120]


def test_ridge_foretells_what_is_planted_and_shrinks_what_is_noise() -> None:
    y, x = _drawn(11, subjects=1)
    assert sensitivity.ridge(y, x).skill[0] > 0.3
    noise = np.random.default_rng(12).normal(size=(40, 240))
    found = sensitivity.ridge(noise, x)
    assert np.median(found.skill) < 0.02, "what means nothing foretells nothing"
    least = np.abs(sensitivity.ols(noise, x).beta).mean()
    assert np.abs(found.beta).mean() < 0.5 * least
    assert np.isnan(sensitivity.ridge(y[:, :30], x[:, :30]).beta).all()


def test_collinearity_is_that_of_statsmodels() -> None:
    import statsmodels.api as sm
    from statsmodels.stats.outliers_influence import variance_inflation_factor

    _, x = _drawn(13)
    found = sensitivity.collinearity(x)
    wide = sm.add_constant(x.T)
    theirs = [variance_inflation_factor(wide, k) for k in range(1, 4)]
    np.testing.assert_allclose(found.inflation, theirs, rtol=1e-10)
    z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    assert found.condition == pytest.approx(np.linalg.cond(z), rel=1e-10)
    same = sensitivity.collinearity(np.vstack([x, x[0] + x[1]]))
    assert not same.condition < sensitivity.SINGULAR and np.isinf(same.inflation).all()


# ---- scenarios


def test_the_conditional_mean_of_two_drivers_by_hand() -> None:
    """b given a: h m_b + (cov / var_a) (A - h m_a) = 2 * 0.1 + (0.3 / 0.5) (1 - 2 * 0.2)."""
    mean, covariance = np.array([0.2, 0.1]), np.array([[0.5, 0.3], [0.3, 0.9]])
    found = scenario.conditional_mean(mean, covariance, np.array([1.0, np.nan]), 2)
    np.testing.assert_allclose(found, [1.0, 0.2 + 0.6 * 0.6], rtol=1e-12)
    whole = scenario.conditional_mean(mean, covariance, np.array([1.0, 2.0]), 2)
    assert whole.tolist() == [1.0, 2.0]
    free = scenario.conditional_mean(mean, covariance, np.full(2, np.nan), 3)
    np.testing.assert_allclose(free, 3 * mean)


def test_effect_and_both_intervals_by_hand() -> None:
    """b'd and sqrt(d'Vd), with h s^2 more for an outcome; d is counted from an ordinary stretch."""
    from scipy.special import stdtrit

    y, x = _drawn(14)
    fit = sensitivity.ols(y, x)
    change = np.array([1.0, -2.0, 0.5])
    found = scenario.effects(fit, change, 3)
    away = change - 3 * x.mean(axis=1)
    t = stdtrit(236, 0.975)
    for i in range(2):
        error = math.sqrt(away @ fit.covariance[i] @ away)
        whole = math.sqrt(error**2 + 3 * fit.variance[i])
        effect = fit.beta[i] @ away
        assert found.effect[i] == pytest.approx(effect, rel=1e-12)
        assert found.high[i] - effect == pytest.approx(t * error, rel=1e-10)
        assert effect - found.outcome_low[i] == pytest.approx(t * whole, rel=1e-10)
        assert found.ordinary[i] == pytest.approx(3 * y[i].mean(), rel=1e-12)


def test_an_ordinary_stretch_has_no_effect() -> None:
    y, x = _drawn(15)
    found = scenario.effects(sensitivity.ols(y, x), 4 * x.mean(axis=1), 4)
    np.testing.assert_allclose(found.effect, 0, atol=1e-12)
    np.testing.assert_allclose(found.error, 0, atol=1e-12)


def test_sums_and_what_lies_beyond_them() -> None:
    x = np.array([[1.0, 2.0, np.nan, 4.0, 5.0], [0.0, -1.0, 1.0, 0.0, 2.0]])
    sums = scenario.sums(x, 2)
    np.testing.assert_array_equal(sums[0], [np.nan, 3, np.nan, np.nan, 9])
    np.testing.assert_array_equal(sums[1], [np.nan, -1, 0, 1, 2])
    assert scenario.beyond(sums, np.array([9.0, 2.1])).tolist() == [False, True]
    assert scenario.beyond(sums, np.array([2.9, -1.0])).tolist() == [True, False]
    assert np.isnan(scenario.sums(x, 6)).all()


def test_the_nearest_stretches_share_no_period() -> None:
    """Stretches of two periods nearest to 5, with variance 4 a period."""
    x = np.array([[0.0, 1, 2, 3, 2, 0, 0, 4, 1, 0]])
    sums = scenario.sums(x, 2)  # 1 3 5 5 2 0 4 5 1, from the second on
    found = scenario.nearest(sums, np.array([5.0]), np.array([[4.0]]), 2, 3)
    assert found.at.tolist() == [3, 8, 5], "the second 5 shares a period with the first"
    np.testing.assert_allclose(found.distance, [0, 0, 3 / math.sqrt(8)])


def test_likeness_counts_drivers_that_move_together_once() -> None:
    """(x - m)' S^-1 (x - m) by hand: S = [[1, .8], [.8, 1]], x - m = (1, 1): 2 / 1.8."""
    history = np.array([[1.0, 1.0], [1.0, -1.0]])
    covariance = np.array([[1.0, 0.8], [0.8, 1.0]])
    found = scenario.nearest(history, np.zeros(2), covariance, 1, 2)
    np.testing.assert_allclose(found.distance**2, [2 / 1.8, 2 / 0.2], rtol=1e-12)


# ---- surprises


def test_a_surprise_is_the_residual_of_a_fit_on_all_before() -> None:
    change = np.random.default_rng(16).normal(size=120)
    found = surprise.residuals(change, order=2, settle=36)
    assert np.isnan(found[:38]).all() and np.isfinite(found[38:]).all()
    for i in (38, 77, 119):
        rows = np.column_stack([np.ones(i - 2), change[1 : i - 1], change[: i - 2]])
        slope = np.linalg.lstsq(rows, change[2:i], rcond=None)[0]
        foreseen = slope @ [1, change[i - 1], change[i - 2]]
        assert found[i] == pytest.approx(change[i] - foreseen, abs=1e-10)


def test_a_surprise_knows_nothing_of_later_releases() -> None:
    change = np.random.default_rng(17).normal(size=120)
    other = change.copy()
    other[80:] = 50.0
    np.testing.assert_array_equal(surprise.residuals(change)[:80], surprise.residuals(other)[:80])
    missing = change.copy()
    missing[60] = np.nan
    found = surprise.residuals(missing)
    assert np.isnan(found[60:63]).all() and np.isfinite(found[63:]).all()


def test_what_an_autoregression_foresees_is_no_surprise() -> None:
    change = np.empty(200)
    change[:2] = 1.0, -0.5
    for i in range(2, 200):
        change[i] = 0.1 + 0.5 * change[i - 1] - 0.2 * change[i - 2] + 0.1 * (i % 7 == 0)
    found = surprise.residuals(change)
    assert np.nanstd(found) < 0.6 * change.std()
