"""How returns move with drivers: least squares for many subjects at once, and how far to trust it.

y_t = a + b' x_t + e_t, y (S, T) the returns of S subjects, x (K, T) the drivers. Every subject is
fitted on the periods in which it and all drivers have a value; drivers are centred and scaled to
one standard deviation on those periods, and coefficients are handed back per unit of the driver.
What is said of a coefficient rests on errors that allow for autocorrelation and changing variance
(Newey and West, 1987), and for single periods of great weight (MacKinnon and White, 1985). Ridge
(Hoerl and Kennard, 1970) is for prediction alone and has no interval.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from paceline.arrays import Array, Bools

#: Periods that a fit needs: at least this many, and this many for each coefficient.
FEWEST, EACH = 40, 5
#: Drivers whose correlation matrix has a condition number (of singular values) above this are one.
SINGULAR = 1e7
#: No period counts as more of a coefficient than this.
MOST = 0.9999
#: Penalties tried, in units of the number of periods: from none to all but no fit.
PENALTIES = np.r_[0.0, np.logspace(-3, 2, 26)]
#: Folds of the choice of a penalty, each after all that it was fitted on.
FOLDS = 5


class Regression(NamedTuple):
    """One regression per subject; NaN for a subject with too few periods.

    used        (S, T) periods that count
    n           (S,) number of them
    mean_y      (S,) mean return
    mean_x      (S, K) means of the drivers
    beta        (S, K) return per unit of a driver
    covariance  (S, K, K) of beta, robust
    variance    (S,) of the residuals, n - K - 1 in the denominator
    explained   (S,) R squared
    freedom     (S,) n - K - 1
    """

    used: Bools
    n: Array
    mean_y: Array
    mean_x: Array
    beta: Array
    covariance: Array
    variance: Array
    explained: Array
    freedom: Array


class Ridge(NamedTuple):
    """Ridge regressions: the penalty chosen, coefficients, and what they foretold.

    penalty  (S,) alpha of sum e^2 + alpha |b|^2 with scaled drivers
    beta     (S, K) return per unit of a driver
    skill    (S,) 1 - squared error of the forecasts / that of the mean of the periods before, over
             the folds; below zero the mean foretells better
    """

    penalty: Array
    beta: Array
    skill: Array


def enough(n: int, drivers: int) -> bool:
    """Whether ``n`` periods carry a fit on so many drivers: 40, and five for each coefficient."""
    return n >= fewest(drivers)


def fewest(drivers: int) -> int:
    """The periods that a fit on so many drivers needs."""
    return max(FEWEST, EACH * (drivers + 1))


def hac_lags(n: int) -> int:
    """Lags of the Bartlett kernel: floor(4 (n / 100)^(2/9)), Newey and West (1994)."""
    return int(4 * (n / 100) ** (2 / 9))


class _Scaled(NamedTuple):
    """Per subject: who counts, weights, centred and scaled drivers (S, K, T), returns (S, T)."""

    used: Bools
    weight: Array
    total: Array
    mean_x: Array
    scale: Array
    z: Array
    mean_y: Array
    v: Array


def _scaled(y: Array, x: Array, weight: Array | None = None) -> _Scaled:
    given = np.ones(y.shape[1]) if weight is None else weight
    used = np.isfinite(y) & np.asarray(np.isfinite(x).all(axis=0)) & (given > 0)
    w: Array = np.where(used, given, 0.0)
    total = np.maximum(w.sum(axis=1), 1e-300)
    y0, x0 = np.where(used, y, 0.0), np.where(np.isfinite(x), x, 0.0)
    mean_y = (w * y0).sum(axis=1) / total
    mean_x = w @ x0.T / total[:, None]
    z = np.where(used[:, None, :], x0[None] - mean_x[:, :, None], 0.0)
    scale = np.sqrt(np.einsum("st,skt->sk", w, z * z) / total[:, None])
    scale = np.where(scale > 0, scale, np.nan)
    v = np.where(used, y0 - mean_y[:, None], 0.0)
    return _Scaled(used, w, total, mean_x, scale, z / scale[:, :, None], mean_y, v)


def ols(
    y: Array,
    x: Array,
    *,
    lags: int | None = None,
    weight: Array | None = None,
    jackknife: bool = True,
) -> Regression:
    """Least squares of each row of ``y`` (S, T) on all of ``x`` (K, T), with robust errors.

    b = (Z' W Z)^-1 Z' W v;  Cov = c (Z' W Z)^-1 M (Z' W Z)^-1,
    M = sum over |l| <= L of (1 - |l| / (L + 1)) sum_t w_t e_t z_t (w_{t-l} e_{t-l} z_{t-l})'

    lags       L; left out, ``hac_lags`` of the periods of each subject
    weight     (T,) weights of the periods, such as ``decay``; left out: one each. A period of
               weight zero takes no part
    jackknife  e_t / (1 - h_t) in place of e_t in M, h_t the leverage of the period, and c = 1
               (MacKinnon and White, 1985: HC3 at L = 0). A period that a coefficient rests on has
               next to no residual, and would pass for known exactly. Else c = n / (n - K - 1)

    Missing: a period without the return or any driver is left out, and counts as zero in the sums
    over lags. A subject with fewer periods than ``fewest``, or drivers that do not move, is NaN.
    """
    k, s = len(x), _scaled(y, x, weight)
    n = s.used.sum(axis=1).astype(float)
    bad = (n < fewest(k)) | ~np.isfinite(s.scale).all(axis=1)
    z = np.where(bad[:, None, None], 0.0, s.z)
    gram = np.einsum("st,skt,slt->skl", s.weight, z, z)
    gram[bad] = np.eye(k)
    inverse = np.linalg.inv(gram)
    slope = np.einsum("skl,st,slt,st->sk", inverse, s.weight, z, s.v)
    left = np.where(s.used, s.v - np.einsum("sk,skt->st", slope, z), 0.0)
    freedom = n - k - 1
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.ones(len(n)) if jackknife else n / freedom
        told = left / (1 - _leverage(s, z, inverse)) if jackknife else left
        meat = _long_run(s.weight[:, None, :] * told[:, None, :] * z, n, lags)
        robust = inverse @ meat @ inverse * factor[:, None, None]
        squares = (s.weight * left**2).sum(axis=1)
        variance = squares / s.total * n / freedom
        explained = 1 - squares / (s.weight * s.v**2).sum(axis=1)
    per_unit = s.scale[:, :, None] * s.scale[:, None, :]
    blank = np.where(bad, np.nan, 1.0)
    return Regression(
        s.used,
        n,
        s.mean_y,
        s.mean_x,
        slope / s.scale * blank[:, None],
        robust / per_unit * blank[:, None, None],
        variance * blank,
        explained * blank,
        freedom,
    )


def _leverage(s: _Scaled, z: Array, inverse: Array) -> Array:
    """(S, T) h_t = w_t (1 / sum w + z_t' (Z' W Z)^-1 z_t), at most ``MOST``."""
    h: Array = s.weight * (1 / s.total[:, None] + np.einsum("skt,skl,slt->st", z, inverse, z))
    return np.minimum(h, MOST)


def _long_run(score: Array, n: Array, lags: int | None) -> Array:
    """(S, K, K) Bartlett sum of the scores (S, K, T), each subject with its own number of lags."""
    length = np.array([hac_lags(int(m)) if lags is None else lags for m in n])
    found: Array = np.einsum("skt,slt->skl", score, score)
    for lag in range(1, min(int(length.max(initial=0)), score.shape[-1] - 1) + 1):
        with_past = np.einsum("skt,slt->skl", score[:, :, lag:], score[:, :, :-lag])
        taper = np.maximum(1 - lag / (length + 1), 0.0)[:, None, None]
        found = found + taper * (with_past + with_past.transpose(0, 2, 1))
    return found


def decay(length: int, half_life: float) -> Array:
    """(T,) weights of periods: 0.5^(age / half-life), one for the last."""
    weights: Array = 0.5 ** (np.arange(length)[::-1] / half_life)
    return weights


def rolling(y: Array, x: Array, window: int) -> Array:
    """(S, K, T) coefficients of least squares over the ``window`` periods up to each; causal.

    NaN where a window has fewer periods than ``fewest``, or the drivers in it are one.
    """
    k, length, s = len(x), y.shape[1], _scaled(y, x)
    z = np.concatenate([s.used[:, None, :].astype(float), np.nan_to_num(s.z)], axis=1)
    gram = _moving(np.einsum("skt,slt->sklt", z, z), window)
    moment = _moving(z * s.v[:, None, :], window)
    gram, moment = np.moveaxis(gram, -1, 1), np.moveaxis(moment, -1, 1)
    good: Bools = gram[..., 0, 0] >= fewest(k)
    good = good & np.asarray(np.isfinite(s.scale).all(axis=1))[:, None]
    safe = np.where(good[..., None, None], gram, np.eye(k + 1))
    good = good & (np.linalg.cond(safe) < SINGULAR)
    safe = np.where(good[..., None, None], gram, np.eye(k + 1))
    found = np.linalg.solve(safe, moment[..., None])[..., 1:, 0] / s.scale[:, None, :]
    found = np.where(good[..., None], found, np.nan)
    assert found.shape[1] == length
    return np.moveaxis(found, 1, -1)


def _moving(x: Array, window: int) -> Array:
    """Sums over the last ``window`` values along the last axis, fewer at the beginning."""
    total = np.cumsum(x, axis=-1)
    moved = total.copy()
    moved[..., window:] -= total[..., :-window]
    return moved


def ridge(y: Array, x: Array, penalties: Array = PENALTIES, folds: int = FOLDS) -> Ridge:
    """Ridge regressions whose penalty is chosen by forecasts of later periods.

    b(alpha) minimises sum (v - b' z)^2 + alpha |b|^2, alpha = penalty times the number of periods.
    The later half of a subject's periods is cut into ``folds``; each is foretold from all before
    it, and the penalty of the least squared error is taken. Means and scales are those of the
    periods before. Missing as in ``ols``.
    """
    k, subjects = len(x), len(y)
    alpha, skill = np.full(subjects, np.nan), np.full(subjects, np.nan)
    beta = np.full((subjects, k), np.nan)
    for i in range(subjects):  # each has periods of its own, and folds of them
        at = np.flatnonzero(np.isfinite(np.vstack([y[i : i + 1], x])).all(axis=0))
        if not enough(len(at), k):
            continue
        r, d = y[i, at], x[:, at].T
        edges = np.linspace(len(at) // 2, len(at), folds + 1).astype(int)
        errors, base = np.zeros(len(penalties)), 0.0
        for a, b in pairwise(edges.tolist()):
            slope, mean_d, mean_r = _path(r[:a], d[:a], penalties)
            guess = mean_r + (d[a:b] - mean_d) @ slope.T
            errors += ((r[a:b, None] - guess) ** 2).sum(axis=0)
            base += float(((r[a:b] - mean_r) ** 2).sum())
        best = int(errors.argmin())
        alpha[i] = penalties[best] * len(at)
        beta[i] = _path(r, d, penalties[best : best + 1])[0][0]
        skill[i] = 1 - errors[best] / base if base > 0 else np.nan
    return Ridge(alpha, beta, skill)


def _path(r: Array, d: Array, penalties: Array) -> tuple[Array, Array, float]:
    """(P, K) coefficients of r (n,) on d (n, K) for each penalty, and the means taken out."""
    mean_d, mean_r, scale = d.mean(axis=0), float(r.mean()), d.std(axis=0)
    z = (d - mean_d) / np.where(scale > 0, scale, np.inf)
    u, size, turned = np.linalg.svd(z, full_matrices=False)
    size = np.where(size > size[0] / SINGULAR, size, 0.0)
    shrunk = np.divide(
        size,
        size**2 + penalties[:, None] * len(r),
        out=np.zeros((len(penalties), len(size))),
        where=size > 0,
    )
    slope: Array = (shrunk * (u.T @ (r - mean_r))) @ turned / np.where(scale > 0, scale, np.inf)
    return slope, mean_d, mean_r


class Collinearity(NamedTuple):
    """How far the drivers (K, T) say the same.

    correlation  (K, K) over the periods in which all have a value
    inflation    (K,) variance inflation factor 1 / (1 - R^2 of one on the others)
    condition    largest over smallest singular value of the scaled drivers
    """

    correlation: Array
    inflation: Array
    condition: float


def collinearity(x: Array) -> Collinearity:
    """Variance inflation and condition number; infinite where a driver is a sum of others.

    VIF_k is the k-th diagonal element of the inverse correlation matrix (Marquardt, 1970); the
    condition number is that of Belsley, Kuh and Welsch (1980) without the constant.
    """
    whole = x[:, np.isfinite(x).all(axis=0)]
    correlation = np.atleast_2d(np.corrcoef(whole))
    values = np.linalg.eigvalsh(correlation)
    with np.errstate(divide="ignore"):
        condition = float(np.sqrt(values[-1] / max(values[0], 0.0)))
    if not condition < SINGULAR:
        return Collinearity(correlation, np.full(len(x), np.inf), condition)
    return Collinearity(correlation, np.diag(np.linalg.inv(correlation)), condition)
