"""A mean with an interval that holds in small and autocorrelated samples, and a shift of mean.

The usual Newey-West interval with a normal quantile is too short just where it is needed: of 500
values with autocorrelation 0.9 its "95%" covers 64%. Three things are done instead: what one value
says of the next is taken out before the long-run variance is measured and put back afterwards
(Andrews and Monahan, 1992), its estimate is corrected for the bias it has in short samples
(Kendall, 1954), and the variance of what is left is the mean of the first B cosine coefficients, so
that the mean over its error is Student t with B degrees of freedom (Mueller, 2004; Lazarus, Lewis,
Stock and Watson, 2018, HAR Inference). How often these intervals hold is simulated by
``make calibrate``: docs/calibration.md.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from paceline.arrays import Array
from paceline.evidence.judgement import (
    LEVEL,
    MINIMUM_EFFECTIVE,
    NORMAL,
    Evidence,
    independent_windows,
    minimum_detectable,
    no_evidence,
    reason_against,
)

#: Fewest cosines, and the rule of Lazarus et al. for more: 0.4 n^(2/3).
FEWEST, RULE = 4, 0.4
#: A series is never taken to be closer to a random walk than this.
MOST = 0.97


class MeanError(NamedTuple):
    """A mean and how well it is known.

    n          values that are there
    mean       their mean
    error      standard error of the mean
    freedom    degrees of freedom of the Student t of mean / error
    effective  independent values they are worth: n times variance / long-run variance, at most n,
               and at most n / horizon
    """

    n: int
    mean: float
    error: float
    freedom: float
    effective: float


def cosine_variance(x: Array, count: int) -> float:
    """Long-run variance of a centred series (T,) from its first ``count`` cosines.

    mean over j of (sqrt(2 / T) sum_t x_t cos(pi j (t - 1/2) / T))^2, j = 1 .. count. A missing
    value counts as zero, and the whole is divided by the share of values that are there.
    """
    valid, length = np.isfinite(x), len(x)
    # one transform of the series and as many zeros; scipy.fft.dct takes longer to import
    spectrum = np.fft.rfft(np.where(valid, x, 0.0), 2 * length)[1 : min(count, length - 1) + 1]
    turned = spectrum * np.exp(-0.5j * np.pi / length * np.arange(1, len(spectrum) + 1))
    return float(2 / length * (turned.real**2).mean() / valid.mean())


def autocorrelation(x: Array) -> float:
    """First autocorrelation r of a series (T,), corrected: r + (1 + 3 r) / n, within -+0.97.

    r = sum c_t c_{t-1} / sum c_t^2 of the values less their mean, over pairs of neighbours that are
    both there in the numerator; n values. The correction is Kendall's (1954) for an unknown mean.
    """
    valid = np.isfinite(x)
    n = int(valid.sum())
    centred = np.where(valid, x - x[valid].mean(), 0.0)
    r = float(centred[1:] @ centred[:-1] / (centred @ centred))
    return float(np.clip(r + (1 + 3 * r) / n, -MOST, MOST))


def mean_error(x: Array, horizon: int = 1) -> MeanError:
    """Mean of a series (T,) with its standard error, which allows for autocorrelation.

    horizon  1: the values stand for themselves. With rho = ``autocorrelation`` the long-run
             variance is that of u_t = c_t - rho c_{t-1} from B cosines, over (1 - rho)^2;
             B = max(4, 0.4 n^(2/3)), rounded down. Effective n = n (1 - rho) / (1 + rho), that of a
             series whose memory is rho. A value after a missing one stands for itself: u_t = c_t.
             h > 1: each is a return over h sessions that overlaps with the next h - 1. The long-run
             variance is that of the values from B cosines, B = max(4, the smaller of n / (2 h) and
             0.4 n^(2/3)): slow enough not to see the overlap. Effective n by it.

    error^2 = long-run variance / n. Missing values are left out; neighbours stay neighbours.
    """
    valid = np.isfinite(x)
    n, mean = int(valid.sum()), float(x[valid].mean())
    most = independent_windows(n, horizon)
    centred = x - mean
    count = RULE * n ** (2 / 3)
    if horizon > 1:
        count = max(FEWEST, int(min(count, n / (2 * horizon))))
        variance = cosine_variance(centred, count)
        effective = n * float(centred[valid].var()) / variance if variance > 0 else math.nan
    else:
        count, rho = max(FEWEST, int(count)), autocorrelation(x)
        left = centred[1:] - rho * np.nan_to_num(centred[:-1])
        variance = cosine_variance(left - np.nanmean(left), count) / (1 - rho) ** 2
        effective = n * (1 - rho) / (1 + rho)
    effective = min(effective, most)
    return MeanError(n, mean, math.sqrt(variance / n), float(count), effective)


def hac_mean(x: Array, horizon: int = 1) -> Evidence:
    """Mean of one series (T,) against zero: mean -+ t_{B, 0.975} error, see ``mean_error``.

    A reason instead of numbers for a series that is too short, constant or empty, and for fewer
    than ten effective observations.
    """
    method = "mean, Student t with an autocorrelation-robust error"
    if reason := reason_against(x):
        return no_evidence(reason, n=int(np.isfinite(x).sum()), method=method)
    found = mean_error(x, horizon)
    if not found.effective >= MINIMUM_EFFECTIVE:
        return no_evidence(
            too_few(found.effective), n=found.n, n_effective=found.effective, method=method
        )
    return _judged(found.mean, found.error, found.freedom, found.n, found.effective, method)


def mean_shift(before: Array, after: Array, horizon: int = 1) -> Evidence:
    """Did the mean change? Welch's t of mean(after) - mean(before), each with its ``mean_error``.

    se^2 = e_1^2 + e_2^2; degrees of freedom by Welch and Satterthwaite, se^4 / (e_1^4 / f_1 +
    e_2^4 / f_2). Give returns, never levels of relative strength: a level is a sum of all past
    returns and "breaks" by itself. ``effective n`` is that of the smaller side.
    """
    method = "difference of means, Welch with autocorrelation-robust errors"
    for name, x in (("before", before), ("after", after)):
        if reason := reason_against(x):
            return no_evidence(f"{name}: {reason}", n=int(np.isfinite(x).sum()), method=method)
    one, two = mean_error(before, horizon), mean_error(after, horizon)
    n, effective = one.n + two.n, min(one.effective, two.effective)
    if not effective >= MINIMUM_EFFECTIVE:
        return no_evidence(too_few(effective), n=n, n_effective=effective, method=method)
    square = one.error**2 + two.error**2
    freedom = square**2 / (one.error**4 / one.freedom + two.error**4 / two.freedom)
    return _judged(two.mean - one.mean, math.sqrt(square), freedom, n, effective, method)


def _judged(
    effect: float, error: float, freedom: float, n: int, effective: float, method: str
) -> Evidence:
    """An effect with its Student t interval and p."""
    from scipy.special import stdtr

    reach = NORMAL.inv_cdf(1 - LEVEL / 2) * small_sample(freedom) * error
    return Evidence(
        effect,
        effect - reach,
        effect + reach,
        n,
        effective,
        float(2 * stdtr(freedom, -abs(effect) / error)) if error > 0 else 0.0,
        method=method,
        minimum_detectable=minimum_detectable(error),
    )


def small_sample(freedom: float) -> float:
    """How much wider a Student t interval is than a normal one: t_{f, 0.975} / z_0.975."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 1 - LEVEL / 2)) / NORMAL.inv_cdf(1 - LEVEL / 2)


def too_few(effective: float) -> str:
    """The reason for showing no number where the independent observations are too few."""
    shown = f"{effective:.1f}".removesuffix(".0") if math.isfinite(effective) else "no"
    what = "observation" if shown == "1" else "observations"
    return f"{shown} independent {what}, at least {MINIMUM_EFFECTIVE} needed"
