"""A book of holdings in numbers: active weights, betas, what a way back costs, what a tilt trades.

A book is a row of weights (N,), fractions of its value: negative is short, cash counts like every
other holding, and the whole is one.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from paceline.arrays import COVERAGE, Array, Bools, Ints
from paceline.errors import UsageError
from paceline.evidence.judgement import LEVEL, NORMAL
from paceline.evidence.means import small_sample

#: Fewest sessions that a beta rests on.
FEWEST = 60
#: Weights below this are rounding; a sum of thousands is this far from one at most.
ROUNDING, SUM_ERROR = 1e-12, 1e-9


class Size(NamedTuple):
    """A size bucket: the rank of its last company."""

    name: str
    last: float


#: The size buckets, by rank of the company's value among all companies of the market. What trading
#: in each costs the market file says.
SIZES = (Size("mega", 50), Size("large", 1000), Size("small", 3000), Size("micro", math.inf))


class HacFit(NamedTuple):
    """A regression y = X b + e, by least squares.

    beta, error  (k,) coefficients and their standard errors
    reach        half of the 95% interval is ``reach`` errors: Student t with n - k degrees
    r_squared    1 - sum e^2 / sum (y - mean y)^2; NaN of a sum of several regressions
    n            sessions used; of several regressions those that any of them used
    """

    beta: Array
    error: Array
    reach: float
    r_squared: float
    n: int

    def interval(self, k: int) -> tuple[float, float]:
        """The 95% interval of coefficient k."""
        half = self.reach * float(self.error[k])
        return float(self.beta[k]) - half, float(self.beta[k]) + half


class EachBeta(NamedTuple):
    """Regressions of N rows of returns on the same columns X (T, k), each on its own sessions.

    beta      (N, k); NaN with fewer than ``FEWEST`` sessions
    inverse   (N, k, k) inverses of X'X over the row's sessions
    residual  (N, T) e, zero where the row has no return
    n         (N,) sessions used
    """

    x: Array
    beta: Array
    inverse: Array
    residual: Array
    n: Ints


def lags(n: int) -> int:
    """Lags of the HAC error of n sessions: 4 (n / 100)^(2/9), rounded down (Newey and West)."""
    return int(4 * (n / 100) ** (2 / 9))


def betas(y: Array, x: Array) -> EachBeta:
    """Least squares of each row of y (N, T) on the columns of x (T, k), one of them constant.

    A session counts for a row where both have a value. Raises ``UsageError`` where the columns of x
    are not independent.
    """
    there: Bools = np.asarray(np.isfinite(x).all(axis=1))
    used: Bools = np.isfinite(y) & there
    x = np.where(there[:, None], x, 0.0)
    count, k = used.sum(axis=1), x.shape[1]
    squares = (used @ (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)).reshape(-1, k, k)
    enough: Bools = count >= max(FEWEST, k + 1)
    if enough.any() and np.linalg.matrix_rank(squares[enough][0]) < k:
        raise UsageError(
            "the columns that returns are regressed on are not independent.", "Leave one out."
        )
    inverse = np.full(squares.shape, np.nan)
    inverse[enough] = np.linalg.inv(squares[enough])
    beta = np.einsum("nij,nj->ni", inverse, np.where(used, y, 0.0) @ x)
    residual = np.where(used & enough[:, None], y - beta @ x.T, 0.0)
    return EachBeta(x, beta, inverse, residual, count)


def weighed(found: EachBeta, weights: Array) -> HacFit:
    """Sum of w_i b_i with the HAC error of that sum.

    b_i - beta_i = (X_i'X_i)^-1 sum_t x_t e_it, so the sum's own deviation is the sum over t of
    z_t = sum_i w_i (X_i'X_i)^-1 x_t e_it, and its variance G_0 + sum_l (1 - l / (L + 1)) (G_l +
    G_l'), G_l = sum_t z_t z_{t-l}', L = ``lags``: for one row that of Newey and West (1987),
    without a correction for small samples. A row of weight zero is left out, and so is one without
    a beta, whose weight the caller has to tell.
    """
    held = (weights != 0) & np.isfinite(found.beta).all(axis=1)
    k = found.x.shape[1]
    if not held.any():
        return HacFit(np.full(k, np.nan), np.full(k, np.nan), math.nan, math.nan, 0)
    w = weights[held]
    bread = (w[:, None, None] * found.inverse[held]).reshape(len(w), -1)
    z = np.einsum("tij,tj->ti", (found.residual[held].T @ bread).reshape(-1, k, k), found.x)
    used = (found.residual[held] != 0).any(axis=0)
    n = int(found.n[held][0]) if len(w) == 1 else int(used.sum())
    beta = w @ found.beta[held]
    error = np.sqrt(np.maximum(np.diag(_long_run(z, lags(n))), 0.0))
    reach = NORMAL.inv_cdf(1 - LEVEL / 2) * small_sample(n - k)
    return HacFit(beta, error, reach, math.nan, n)


def fitted(y: Array, x: Array) -> HacFit:
    """Least squares of one row y (T,) on x (T, k), with HAC errors: see ``weighed``."""
    found = betas(y[None], x)
    fit = weighed(found, np.ones(1))
    own = np.isfinite(y) & np.isfinite(x).all(axis=1)
    if not fit.n:
        return fit._replace(n=int(own.sum()))
    around = float(((y[own] - y[own].mean()) ** 2).sum())
    left = float((found.residual[0] ** 2).sum())
    return fit._replace(r_squared=1 - left / around if around > 0 else math.nan)


def _long_run(z: Array, most: int) -> Array:
    """(k, k) sum of the autocovariances of z (T, k), not centred, with falling weights."""
    out = z.T @ z
    for lag in range(1, most + 1):
        cross = z[lag:].T @ z[:-lag]
        out = out + (1 - lag / (most + 1)) * (cross + cross.T)
    return np.asarray(out)


def book_returns(weights: Array, returns: Array) -> tuple[Array, Array]:
    """Returns (T,) of a book held at these weights each session, and the covered share (T,).

    r_t = sum_i w_i r_it / c_t over the holdings with a return, c_t = their share of sum |w|: what
    is not covered earns what the rest does. NaN where less than ``COVERAGE`` is covered.

    weights  (N,), or (N, T) where the book changed
    """
    w = weights[:, None] if weights.ndim == 1 else weights
    there = np.isfinite(returns)
    gross = np.broadcast_to(np.abs(w).sum(axis=0), returns.shape[1:])
    held = (np.abs(w) * there).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        covered = np.where(gross > 0, held / gross, 0.0)
        total = (w * np.where(there, returns, 0.0)).sum(axis=0) / covered
    return np.where(covered >= COVERAGE, total, np.nan), covered


def held_back(weights: Array, returns: Array) -> Array:
    """(N, T) weights at the start of each session of a book that has always held today's shares.

    w_i / prod_{s >= t} (1 + r_is), one in sum; a missing return counts as zero. NaN where the book
    would have been worth nothing or less, as one with shorts may.
    """
    growth = np.cumprod(1 + np.nan_to_num(returns[:, ::-1]), axis=1)[:, ::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        then = weights[:, None] / growth
        whole = then.sum(axis=0)
        return np.where(whole > ROUNDING, then / whole, np.nan)


def scaled(weights: Array, covered: Bools) -> tuple[Array, float]:
    """The covered holdings scaled up to the gross of the whole book, and their share of it."""
    gross = np.abs(weights).sum()
    share = float(np.abs(weights[covered]).sum() / gross) if gross > 0 else 0.0
    return np.where(covered, weights / share if share > 0 else 0.0, 0.0), share


def active_share(weights: Array, benchmark: Array) -> float:
    """1/2 sum |w - b| (Cremers and Petajisto, 2009): 0 is the benchmark, 1 shares nothing."""
    return float(np.abs(weights - benchmark).sum() / 2)


def rolled(weights: Array, growth: Array) -> Array:
    """Weights after growth 1 + R of each holding: w G / sum w G."""
    now = weights * growth
    whole: Array = now / now.sum()
    return whole


def size_of(cap: Array, company: Ints) -> Ints:
    """(N,) place in ``SIZES`` by the rank of the company's cap, largest first; -1 without a cap.

    Lines of one company have one rank. Equal caps have the better rank of the two.
    """
    known = cap > 0
    codes, first = np.unique(company[known], return_index=True)
    largest = -np.sort(-cap[known][first])
    rank = np.searchsorted(-largest, -cap, side="left") + 1
    place = np.searchsorted([size.last for size in SIZES], rank, side="left")
    return np.where(known & np.isin(company, codes), place, -1).astype(np.int64)


def way_back(beta: float, interval: tuple[float, float], move: float) -> tuple[float, float, float]:
    """What a book gains when a line ln(A/B) moves by ``move``: exp(beta move) - 1, and from, to.

    The market is taken to stand still, and the book to follow the line as it has.
    """
    low, high = sorted(math.expm1(b * move) for b in interval)
    return math.expm1(beta * move), low, high


def tilted(weights: Array, into: Array, amount: float) -> Array:
    """Weights with ``amount`` of the book moved into ``into``, or out of it where negative.

    weights  (N,) of the book
    into     (N,) shares of what is bought, one in sum, none negative
    amount   a fraction of the book. Bought is amount * into, paid for by the long holdings outside
             of ``into`` in proportion or, where they are worth less than that, by all long
             holdings in proportion; sold is what the book holds of ``into`` in proportion, and what
             comes in goes to the other long holdings in proportion
    Raises ``UsageError`` where there is not as much to sell, or nothing would change.
    """
    assert abs(into.sum() - 1) < SUM_ERROR, "what is bought has one in sum"
    long = np.maximum(weights, 0.0)
    held, others = np.where(into > 0, long, 0.0), np.where(into > 0, 0.0, long)
    enough = abs(amount) - ROUNDING
    if amount > 0:
        payer = others if others.sum() >= enough else long
        sold, bought = payer, into
    else:
        sold, bought = held, others
    if sold.sum() < enough or not bought.sum() > 0:
        what = f"what it sells weighs {sold.sum():.2%}" if bought.sum() > 0 else "nothing is left"
        raise UsageError(f"a tilt of {amount:+.2%} cannot be: {what}.", "Give a smaller tilt.")
    moved: Array = weights + abs(amount) * (bought / bought.sum() - sold / sold.sum())
    if turnover(weights, moved) < ROUNDING:
        raise UsageError("the tilt changes nothing: the book holds nothing else.", "Name another.")
    return moved


def turnover(before: Array, after: Array) -> float:
    """One-way turnover: 1/2 sum |after - before|."""
    return float(np.abs(after - before).sum() / 2)


def cost(before: Array, after: Array, points: Array) -> float:
    """Sum of |after - before| times the cost (N,) of one way in basis points, as a fraction."""
    return float((np.abs(after - before) * points).sum() / 1e4)
