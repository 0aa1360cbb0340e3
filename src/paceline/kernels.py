"""Array kernels: moving windows, running extremes, streaks, turning points.

The only file that calls bottleneck.

Shapes: time is the last axis everywhere, (T,) or (N, T); the result has the shape of the input. NaN
is missing. Two faults of naive moving windows are handled here and nowhere else: one infinity
poisons every later mean (so infinities count as missing; ``infinities`` says how many there were),
and a halted stock sits "above" its own mean by rounding (so ``above`` asks for a relative margin of
1e-12).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import bottleneck as bn
import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Bools
from paceline.errors import UsageError

#: Relative margin by which a value must exceed a mean to be above it.
MARGIN = 1e-12


def infinities(a: Array) -> int:
    """Number of infinite values: the faults that the moving windows treat as missing."""
    return 0 if np.isfinite(bn.nansum(a)) else int(np.isinf(a).sum())


def finite(a: Array) -> Array:
    """``a`` with infinities as NaN; ``a`` itself where there are none."""
    return np.where(np.isinf(a), np.nan, a) if infinities(a) else a


def _moving(function: Callable[..., Array], a: Array, window: int, **how: int) -> Array:
    if window < 1:
        raise UsageError(
            f"a window of {window} sessions does not exist.", "Give a window of 1 or more."
        )
    if a.shape[-1] < window:  # bottleneck refuses a window longer than the history
        return np.full(a.shape, np.nan)
    return function(finite(np.asarray(a, float)), window, min_count=window, axis=-1, **how)


def move_mean(a: Array, window: int) -> Array:
    """Mean of the last ``window`` values; NaN unless all of them are there."""
    return _moving(bn.move_mean, a, window)


def move_std(a: Array, window: int, ddof: int = 1) -> Array:
    """Standard deviation of the last ``window`` values, with divisor window - ddof.

    NaN unless all of them are there; ``UsageError`` for a window no longer than ``ddof``.
    """
    if window <= ddof:
        raise UsageError(
            f"a standard deviation over {window} values with ddof {ddof} is undefined.",
            f"Give a window of {ddof + 1} or more.",
        )
    return _moving(bn.move_std, a, window, ddof=ddof)


def move_max(a: Array, window: int) -> Array:
    """Largest of the last ``window`` values; NaN unless all of them are there."""
    return _moving(bn.move_max, a, window)


def move_min(a: Array, window: int) -> Array:
    """Smallest of the last ``window`` values; NaN unless all of them are there."""
    return _moving(bn.move_min, a, window)


def tally(held: NDArray[Any], marked: NDArray[Any]) -> Array:
    """How many of the marked each row holds: held @ marked in float32, exact up to 2**24 of them.

    held (S, N) and marked (N, L) are flags, or float32 zeros and ones, so that no product can be
    invalid: some BLAS report one all the same, from what lies beyond the edge of a small matrix,
    and are not listened to.
    """
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        return np.asarray(
            held.astype(np.float32, copy=False) @ marked.astype(np.float32, copy=False), float
        )


def above(a: Array, mean: Array) -> Bools:
    """Where a > mean by more than rounding: a > mean + 1e-12 |mean|. False where one is missing."""
    with np.errstate(invalid="ignore"):
        return np.asarray(a > mean + MARGIN * np.abs(mean))


def ema(a: Array, alpha: float) -> Array:
    """Exponential mean e_t = e_{t-1} + alpha (a_t - e_{t-1}), seeded with the first value.

    What pandas calls adjust=False. NaN before the first value; a missing value leaves the mean
    where it was, and the result repeats it. ``UsageError`` for an alpha outside (0, 1].
    """
    if not 0 < alpha <= 1:
        raise UsageError(
            f"alpha = {alpha} is not a smoothing factor.", "Give 0 < alpha <= 1, e.g. 2 / (n + 1)."
        )
    values = np.atleast_2d(finite(np.asarray(a, float)))
    out = np.empty(values.shape[::-1])  # (T, N): each step touches one contiguous row
    state = np.full(values.shape[0], np.nan)
    for t, now in enumerate(np.ascontiguousarray(values.T)):
        moved = np.where(np.isnan(state), now, state + alpha * (now - state))
        state = np.where(np.isnan(now), state, moved)
        out[t] = state
    return np.ascontiguousarray(out.T).reshape(np.shape(a))


def forward_fill(a: Array) -> Array:
    """``a`` with the last value before a gap repeated in it; NaN before the first value."""
    filled: Array = bn.push(finite(a), axis=-1)
    return filled


def streaks(change: Array) -> Array:
    """Signed length of the run of gains or losses that ends at each session.

    +3 is the third gain in a row, -2 the second loss. A zero breaks the run (result 0); a missing
    change breaks it too (result NaN).
    """
    sign = np.sign(change)
    t = np.arange(sign.shape[-1])
    begins = np.ones(sign.shape, bool)
    # NaN differs from everything, itself included
    begins[..., 1:] = sign[..., 1:] != sign[..., :-1]
    start = np.maximum.accumulate(np.where(begins, t, 0), axis=-1)
    return np.asarray(sign * (t - start + 1), float)


def running_max(a: Array) -> Array:
    """Largest value so far; missing values are passed over; NaN before the first."""
    return np.asarray(np.fmax.accumulate(finite(a), axis=-1))


def drawdown(a: Array) -> Array:
    """Drawdown from the high so far, a_t / max_{s <= t} a_s - 1, in [-1, 0]; NaN where missing."""
    return np.asarray(a / running_max(a) - 1.0)


def record_highs(a: Array) -> Bools:
    """Sessions on which a stands above every earlier value; the first has none to beat."""
    out = np.zeros(np.shape(a), bool)
    with np.errstate(invalid="ignore"):
        out[..., 1:] = finite(a)[..., 1:] > running_max(a)[..., :-1]
    return out


class Pivots(NamedTuple):
    """Turning points in order of confirmation.

    kind       +1 a peak (a fall followed), -1 a trough (a rise followed)
    index      session of the extreme, the first of equals
    confirmed  session on which it was known; nobody could know it earlier
    """

    kind: NDArray[np.int64]
    index: NDArray[np.int64]  # type: ignore[assignment]  # hides tuple.index, which nobody needs here
    confirmed: NDArray[np.int64]


def turning_points(prices: Array, fall: float, rise: float) -> Pivots:
    """Peaks and troughs by the filter of Lunde and Timmermann (2004), on one series of prices (T,).

    The state starts as rising. While rising, a session whose price lies more than ``fall`` below
    the highest price since the state began, (max - p) / max > fall, confirms that highest price as
    a peak; while falling, one more than ``rise`` above the lowest, (p - min) / min > rise, confirms
    the trough. Causal: a pivot depends on prices up to its confirmation only. Missing values are
    passed over.
    """
    for name, size in (("fall", fall), ("rise", rise)):
        if not 0 < size < (1 if name == "fall" else np.inf):
            raise UsageError(
                f"{name} = {size} is not a size of a move.", "Give a fraction above 0, e.g. 0.05."
            )
    at = np.flatnonzero(np.isfinite(prices))
    p = np.asarray(prices, float)[at]
    pivots: list[tuple[int, int, int]] = []
    start, rising = 0, True
    while (hit := _first_reversal(p, start, fall if rising else rise, rising)) >= 0:
        stretch = p[start : hit + 1]
        pivot = start + int(stretch.argmax() if rising else stretch.argmin())
        pivots.append((1 if rising else -1, int(at[pivot]), int(at[hit])))
        # every price between pivot and hit stayed within the threshold, so the new state's extreme
        # is at hit
        start, rising = hit, not rising
    table = np.array(pivots, np.int64).reshape(-1, 3)
    return Pivots(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy())


def _first_reversal(p: Array, start: int, size: float, rising: bool) -> int:
    """First position more than ``size`` from the extreme since ``start``; -1: none yet."""
    extreme, done, step = p[start] if start < len(p) else np.nan, start, 64
    while done < len(p):
        piece = p[done : done + step]
        if rising:
            best = np.maximum(np.maximum.accumulate(piece), extreme)
            turned = (best - piece) / best > size
        else:
            best = np.minimum(np.minimum.accumulate(piece), extreme)
            turned = (piece - best) / best > size
        if turned.any():
            return done + int(turned.argmax())
        extreme, done, step = best[-1], done + len(piece), 2 * step
    return -1
