"""A mean with an interval that allows for autocorrelation, and a shift of mean between periods."""

from __future__ import annotations

import math

import numpy as np

from paceline.arrays import Array
from paceline.errors import UsageError
from paceline.evidence.judgement import (
    LEVEL,
    MINIMUM_EFFECTIVE,
    NORMAL,
    Evidence,
    minimum_detectable,
    no_evidence,
    reason_against,
)


def newey_west_lags(n: int) -> int:
    """The rule of thumb floor(4 (n / 100)^(2/9))."""
    return int(4 * (n / 100) ** (2 / 9))


def long_run_variance(x: Array, lags: int | None = None) -> float:
    """Long-run variance of one series (T,): g_0 + 2 sum_k (1 - k / (lags + 1)) g_k.

    g_k = sum_t (x_t - m)(x_{t-k} - m) / n, with Bartlett weights and no small-sample correction:
    n se^2 of the mean as in Newey and West (1987), the convention of statsmodels' HAC
    (use_correction=False) and arch's Bartlett. Never negative. A missing value counts as zero after
    centring and is left out of n, so lags keep their distance.

    lags  default: floor(4 (n / 100)^(2/9)); for windows that overlap over h sessions give at least
          h - 1
    """
    valid = np.isfinite(x)
    n = int(valid.sum())
    if n == 0:
        return math.nan
    lags = newey_west_lags(n) if lags is None else lags
    if lags < 0:
        raise UsageError(f"{lags} lags do not exist.", "Give 0 or more.")
    centred = np.where(valid, x - x[valid].mean(), 0.0)
    covariances = [
        float(centred[k:] @ centred[: len(x) - k]) / n for k in range(min(lags, len(x) - 1) + 1)
    ]
    weights = 1 - np.arange(len(covariances)) / (lags + 1)
    return float(2 * (weights @ np.array(covariances)) - covariances[0])


def _moments(x: Array, lags: int | None) -> tuple[int, float, float, float]:
    """Number, mean, effective number (at most n), squared standard error of the mean.

    The effective number is n g_0 / long-run variance.
    """
    n = int(np.isfinite(x).sum())
    variance = long_run_variance(x, lags)
    effective = min(n, n * long_run_variance(x, 0) / variance) if variance > 0 else math.nan
    return n, float(np.nanmean(x)), effective, variance / n


def hac_mean(x: Array, lags: int | None = None) -> Evidence:
    """Mean of one series (T,) against zero, with its Newey-West interval.

    The interval is the normal m -+ 1.96 sqrt(long-run variance / n),
    effective n = n g_0 / long-run variance, at most n. A reason instead of numbers for a series
    that is too short, constant or empty, and for fewer than ten effective observations.
    """
    method = "mean, Newey-West interval"
    if reason := reason_against(x):
        return no_evidence(reason, n=int(np.isfinite(x).sum()), method=method)
    n, mean, effective, square = _moments(x, lags)
    if not effective >= MINIMUM_EFFECTIVE:
        return no_evidence(too_few(effective), n=n, n_effective=effective, method=method)
    error = math.sqrt(square)
    reach = NORMAL.inv_cdf(1 - LEVEL / 2) * error
    return Evidence(
        mean,
        mean - reach,
        mean + reach,
        n,
        effective,
        2 * NORMAL.cdf(-abs(mean) / error),
        method=method,
        minimum_detectable=minimum_detectable(error),
    )


def mean_shift(before: Array, after: Array, lags: int | None = None) -> Evidence:
    """Did the mean change? Welch's t of mean(after) - mean(before), with long-run variances.

    se^2 = v_1 / n_1 + v_2 / n_2; degrees of freedom by Welch and Satterthwaite with effective
    numbers of observations. Give returns, never levels of relative strength: a level is a sum of
    all past returns and "breaks" by itself. ``effective n`` is that of the smaller side.
    """
    method = "difference of means, Welch with Newey-West variances"
    for name, x in (("before", before), ("after", after)):
        if reason := reason_against(x):
            return no_evidence(f"{name}: {reason}", n=int(np.isfinite(x).sum()), method=method)
    (n1, m1, e1, s1), (n2, m2, e2, s2) = _moments(before, lags), _moments(after, lags)
    effective = min(e1, e2)
    if not effective >= MINIMUM_EFFECTIVE:
        return no_evidence(too_few(effective), n=n1 + n2, n_effective=effective, method=method)
    from scipy.special import stdtr, stdtrit

    error = math.sqrt(s1 + s2)
    freedom = (s1 + s2) ** 2 / (s1**2 / (e1 - 1) + s2**2 / (e2 - 1))
    effect = m2 - m1
    reach = float(stdtrit(freedom, 1 - LEVEL / 2)) * error
    return Evidence(
        effect,
        effect - reach,
        effect + reach,
        n1 + n2,
        effective,
        float(2 * stdtr(freedom, -abs(effect) / error)),
        method=method,
        minimum_detectable=minimum_detectable(error),
    )


def too_few(effective: float) -> str:
    """The reason for showing no number where the independent observations are too few."""
    shown = f"{effective:.1f}".removesuffix(".0") if math.isfinite(effective) else "no"
    what = "observation" if shown == "1" else "observations"
    return f"{shown} independent {what}, at least {MINIMUM_EFFECTIVE} needed"
