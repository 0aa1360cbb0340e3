"""Stationary block bootstrap of whole sessions, circular-shift placebo, and the evidence they give.

Politis, Romano (1994): a draw is made of blocks of consecutive sessions, each beginning anywhere
and ending at each step with probability 1 / block, wrapped at the end. Sessions are drawn whole,
for all series at once, so what moves together stays together. What is a sum over sessions is the
sum over blocks of a difference of two running totals (``bootstrap_sums``); any other statistic is
given counts, how often each session occurs in each draw (``stationary_bootstrap``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Bools
from paceline.errors import UsageError
from paceline.evidence.judgement import (
    LEVEL,
    MINIMUM_EFFECTIVE,
    Evidence,
    independent_events,
    minimum_detectable,
    no_evidence,
    reason_against,
)
from paceline.evidence.means import MeanError, mean_error, small_sample, too_few

#: Draws made at a time. Each chunk has its own seed, so the result does not depend on ``n_jobs``.
CHUNK = 100
#: Autocorrelations in a row that must be small for the memory of a series to be over.
QUIET_LAGS = 5

Statistic = Callable[[Array], Array]
Progress = Callable[[int, int], None]
Ints = NDArray[np.int64]


def block_length(x: Array, kind: Literal["stationary", "circular"] = "stationary") -> Array:
    """Mean block length (K,) that suits each series (K, T).

    Politis and White (2004), corrected by Patton, Politis and White (2009). With R(k) the
    autocovariance of the n values, m the first lag of five in a row whose autocorrelations are all
    within 2 sqrt(log10(n) / n), M = 2 m (sqrt(n) + 5 where that is less, or where there is no such
    lag), and l(k) = 1 up to M / 2, from there falling to 0 at M:

        G = sum over |k| <= M of l(k) |k| R(k),    S = sum over |k| <= M of l(k) R(k),
        b = (2 G^2 / D)^(1/3) n^(1/3),    D = 2 S^2 (stationary) or 4/3 S^2 (circular)

    At least 1, and no more than 3 sqrt(n) or n / 3; missing values are left out; NaN where nothing
    can be said (too short, constant, all missing).
    """
    lengths = np.full(len(x), np.nan)
    for k, row in enumerate(x):
        if reason_against(row) is None:
            lengths[k] = max(1.0, _length_of(row[np.isfinite(row)], kind))
    return lengths


def _length_of(values: Array, kind: str) -> float:
    n = len(values)
    limit = min(math.ceil(math.sqrt(n)) + QUIET_LAGS, n - 2)
    centred = values - values.mean()
    covariance = np.array([centred[k:] @ centred[: n - k] / n for k in range(limit + 1)])
    square = np.concatenate([[0.0], np.cumsum(centred**2)])
    after = np.arange(1, limit + 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.sqrt((square[n] - square[after]) * square[n - after])
        quiet = np.abs(covariance) * n / scale < 2 * math.sqrt(math.log10(n) / n)
    runs = np.convolve(quiet[1:], np.ones(QUIET_LAGS), "valid") > QUIET_LAGS - 0.5  # all of them
    last = min(2 * (1 + int(runs.argmax())), limit) if runs.any() else limit
    k = np.arange(1, last + 1)
    window = np.minimum(1.0, 2 * (1 - k / last)) * covariance[1 : last + 1]
    spread = covariance[0] + 2 * window.sum()
    bias = 2 * (window * k).sum()
    ratio = 2 * bias**2 / ((2.0 if kind == "stationary" else 4 / 3) * spread**2)
    return float(min((ratio * n) ** (1 / 3), math.ceil(min(3 * math.sqrt(n), n / 3))))


def _blocks(
    n: int, block: float, draws: int, rng: np.random.Generator, length: int | None = None
) -> tuple[Ints, Ints]:
    """First session and length (draws, m) of the blocks of each draw.

    The lengths of a draw add up to n, or to ``length``; its last blocks may have none.
    """
    if n < 1 or draws < 1 or not block >= 1:
        raise UsageError(
            f"{draws} draws of {n} sessions in blocks of {block} cannot be made.",
            "Give at least one draw, one session and blocks of 1 or more sessions.",
        )
    whole = n if length is None else length
    expected = whole / block
    end = np.zeros((draws, 1), np.int64)
    while (end[:, -1] < whole).any():  # once is nearly always enough
        more = rng.geometric(1 / block, (draws, math.ceil(expected + 4 * math.sqrt(expected) + 4)))
        end = np.hstack([end, end[:, -1:] + np.cumsum(more, axis=1)])
    sizes = np.diff(np.minimum(end, whole), axis=1)
    sizes = sizes[:, : int(sizes.any(axis=0).sum())]
    return rng.integers(0, n, sizes.shape), sizes


def stationary_indices(
    n: int, block: float, draws: int, rng: np.random.Generator, length: int | None = None
) -> Ints:
    """Sessions (draws, n) of draws of the stationary bootstrap with mean block length ``block``.

    length  sessions of each draw, where they are not n
    """
    start, sizes = _blocks(n, block, draws, rng, length)
    begin = np.cumsum(sizes, axis=1) - sizes
    index = np.repeat((start - begin).ravel(), sizes.ravel()).reshape(draws, -1)
    index += np.arange(index.shape[1])
    index %= n
    return index


def _counts(n: int, block: float, draws: int, rng: np.random.Generator) -> Array:
    """(draws, n) how often each session occurs.

    Every block is a step up at its start and a step down after its end.
    """
    start, length = _blocks(n, block, draws, rng)
    row = 2 * n * np.arange(draws)[:, None]
    flat = np.concatenate([(row + start).ravel(), (row + start + length).ravel()])
    weight = np.ones(len(flat))
    weight[len(flat) // 2 :] = -1
    # a block that runs over the end goes on in the second half, which is folded back onto the first
    steps = np.bincount(flat, weight, minlength=2 * n * draws)
    level = np.cumsum(steps.reshape(draws, 2 * n), axis=1, dtype=float)
    result: Array = level[:, :n] + level[:, n:]
    return result


Draw = Callable[[int, np.random.Generator], Array]


class _Counted:
    """A statistic of how often each session occurs."""

    def __init__(self, statistic: Statistic, n: int, block: float) -> None:
        self.statistic, self.n, self.block = statistic, n, block

    def __call__(self, draws: int, rng: np.random.Generator) -> Array:
        return self.statistic(_counts(self.n, self.block, draws, rng))


class _Summed:
    """Sums of values (n, K) over the sessions drawn."""

    def __init__(self, values: Array, block: float) -> None:
        self.block = block
        # a block that runs over the end goes on in a second copy of the values
        self.total = np.zeros((2 * len(values) + 1, values.shape[1]))
        np.cumsum(np.concatenate([values, values]), axis=0, out=self.total[1:])

    def __call__(self, draws: int, rng: np.random.Generator) -> Array:
        start, length = _blocks(len(self.total) // 2, self.block, draws, rng)
        sums: Array = (self.total[start + length] - self.total[start]).sum(axis=1)
        return sums


def _chunk(drawn: Draw, draws: int, seed: np.random.SeedSequence) -> Array:
    return drawn(draws, np.random.default_rng(seed))


def stationary_bootstrap(
    statistic: Statistic,
    n: int,
    *,
    block: float,
    draws: int = 2000,
    seed: int = 0,
    progress: Progress | None = None,
    n_jobs: int = 1,
) -> Array:
    """(draws, ...) values of a statistic of n sessions.

    statistic  from counts (d, n), how often each session occurs in each of d draws, to values (d,
               ...); for means of x (K, n): ``lambda counts: counts @ x.T / n``
    block      mean block length in sessions
    progress   called as progress(done, draws) after each chunk
    n_jobs     processes, through joblib, whose configured backend (loky, Dask, Ray) does the work;
               the result is the same for any number, up to the rounding of sums
    """
    return _drawn(_Counted(statistic, n, block), draws, seed, progress, n_jobs)


def bootstrap_sums(
    values: Array,
    *,
    block: float,
    draws: int = 2000,
    seed: int = 0,
    progress: Progress | None = None,
    n_jobs: int = 1,
) -> Array:
    """(draws, K) sums of values (n, K) over the sessions of each draw of ``stationary_bootstrap``.

    The same draws for the same seed; the time grows with the blocks of a draw, not its sessions.
    Values are finite; the other arguments are those of ``stationary_bootstrap``.
    """
    return _drawn(_Summed(values, block), draws, seed, progress, n_jobs)


def mean_of(sums: Array, counts: Array) -> Array:
    """Sums over counts; NaN where nothing was counted, whatever rounding left of the sum."""
    means: Array = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return means


def _drawn(drawn: Draw, draws: int, seed: int, progress: Progress | None, n_jobs: int) -> Array:
    sizes = [min(CHUNK, draws - done) for done in range(0, draws, CHUNK)]
    seeds = np.random.SeedSequence(seed).spawn(len(sizes))
    work = ((drawn, size, s) for size, s in zip(sizes, seeds, strict=True))
    parts: Iterable[Array]
    if n_jobs == 1:
        parts = (_chunk(*task) for task in work)
    else:
        try:
            from joblib import Parallel, delayed
        except ImportError:
            raise UsageError(
                f"n_jobs = {n_jobs} needs joblib, which is not installed.",
                "Run: pip install joblib; or leave n_jobs at 1.",
            ) from None
        parts = Parallel(n_jobs=n_jobs, return_as="generator")(
            delayed(_chunk)(*task) for task in work
        )
    done, found = 0, []
    for part in parts:
        found.append(part)
        done += len(part)
        if progress is not None:
            progress(done, draws)
    return np.concatenate(found)


def _two_sided(deviation: Array, effect: float) -> tuple[float, float]:
    """(half width of the 95% interval, p): the interval excludes zero just where p is below 5%.

    ``deviation`` are draws minus what was observed: recentred, they are what chance does under "no
    effect".
    """
    size = np.abs(deviation[np.isfinite(deviation)])
    p = (1 + np.count_nonzero(size >= abs(effect))) / (1 + len(size))
    return float(np.quantile(size, 1 - LEVEL, method="higher")), float(p)


def mean_evidence(
    x: Array,
    *,
    block: float | None = None,
    horizon: int = 1,
    draws: int = 2000,
    seed: int = 0,
    progress: Progress | None = None,
    n_jobs: int = 1,
) -> list[Evidence]:
    """The mean of each series (K, T) against zero, by one stationary bootstrap of whole sessions.

    Interval mean -+ the 95% quantile of k |draw - mean|; p = (1 + #{k |draw - mean| >= |mean|}) /
    (1 + draws). Blocks cut memory longer than themselves and draws know no small sample, so the
    deviations are stretched where they are too narrow: k = max(1, error / standard deviation of the
    draws * t_{B, 0.975} / 1.96), with error and B of ``mean_error``. Effective n is its. Missing
    values are left out of each draw's mean.

    block    default: the longest of the series' own optimal lengths, and never shorter than
             ``horizon``
    horizon  sessions over which each value's window overlaps with the next ones (1: not at all)
    """
    valid = np.isfinite(x)
    reasons = [reason_against(row) for row in x]
    if all(reasons):
        return [
            no_evidence(str(r), n=int(v.sum()), method="mean")
            for r, v in zip(reasons, valid, strict=True)
        ]
    if block is None:
        block = float(np.nanmax(block_length(x)))
    block = max(block, float(horizon))
    method = f"mean, stationary bootstrap of sessions, blocks of {block:.1f}, {draws} draws"
    both = np.vstack([np.where(valid, x, 0.0), valid]).T
    sums = bootstrap_sums(
        both, block=block, draws=draws, seed=seed, progress=progress, n_jobs=n_jobs
    )
    means = mean_of(sums[:, : len(x)], sums[:, len(x) :])
    return [
        no_evidence(reason, n=int(ok.sum()), method=method)
        if reason
        else _of_draws(mean_error(row, horizon), drawn, method)
        for row, ok, reason, drawn in zip(x, valid, reasons, means.T, strict=True)
    ]


def _of_draws(known: MeanError, drawn: Array, method: str) -> Evidence:
    """A mean with the interval and p of its draws, stretched as ``mean_evidence`` says."""
    n, effective, spread = known.n, known.effective, float(np.nanstd(drawn))
    if effective < MINIMUM_EFFECTIVE:
        return no_evidence(too_few(effective), n=n, n_effective=effective, method=method)
    stretch = max(1.0, known.error / spread * small_sample(known.freedom))
    reach, p = _two_sided(stretch * (drawn - known.mean), known.mean)
    return Evidence(
        known.mean,
        known.mean - reach,
        known.mean + reach,
        n,
        effective,
        p,
        method=method,
        minimum_detectable=minimum_detectable(max(known.error, spread)),
    )


def circular_shift_placebo(value: Array, event: Bools, exclude: int = 1) -> tuple[float, Array]:
    """(p, placebo effects) of the events' mean minus that of all sessions, against shifted dates.

    All events are moved together by s sessions around the circle, for every s from ``exclude`` to T
    - exclude, so they keep their number and spacing and the values keep their dependence; only the
    link between the two is cut. p = (1 + #{|placebo| >= |effect|}) / (1 + #shifts). All shifts by
    one Fourier transform. ``value`` (T,) may have missing values, which are left out; ``exclude``
    keeps out shifts at which the events see nearly the same windows (give the horizon). Shifts that
    put more than half of the events back onto events are left out. NaN where no event has a value,
    or no shift is left.
    """
    valid = np.isfinite(value)
    centred = np.where(valid, value - (value[valid].mean() if valid.any() else 0.0), 0.0)
    n = len(value)
    spectrum = np.conj(np.fft.rfft(event.astype(float)))
    sums = np.fft.irfft(spectrum * np.fft.rfft(centred), n)
    counts = np.round(np.fft.irfft(spectrum * np.fft.rfft(valid.astype(float)), n))
    with np.errstate(divide="ignore", invalid="ignore"):
        effects = np.where(counts > 0, sums / counts, np.nan)
    # a shift that puts most events back onto events (a fixed spacing does) cuts no link
    same = np.fft.irfft(np.abs(spectrum) ** 2, n) > event.sum() / 2
    placebo = effects[exclude : n - exclude + 1][~same[exclude : n - exclude + 1]]
    placebo = placebo[np.isfinite(placebo)]
    if not np.isfinite(effects[0]) or not len(placebo):
        return math.nan, placebo
    tie = 1e-9 * np.abs(placebo).max()
    return float(
        (1 + np.count_nonzero(np.abs(placebo) >= abs(effects[0]) - tie)) / (1 + len(placebo))
    ), placebo


def event_evidence(
    value: Array,
    event: Bools,
    *,
    horizon: int = 1,
    block: float | None = None,
    draws: int = 2000,
    seed: int = 0,
) -> Evidence:
    """What follows the events, against the base rate of all sessions.

    value    (T,) what is measured from each session on, e.g. the return over the next ``horizon``
             sessions; NaN where the window is not complete. Events without a value do not count
    event    (T,) True on the sessions the events became known

    effect = mean over events - mean over all sessions with a value. n = events, effective n = the
    largest number of them whose windows [t, t + horizon) do not overlap; below ten there is a
    reason instead of numbers. p is that of the circular-shift placebo, which rejects random dates
    as often as it should. The interval is the wider of the placebo's and that of a stationary
    bootstrap of (value, event) together, in blocks no shorter than ``horizon``: with a dozen events
    the bootstrap alone takes their chance resemblance for precision. So the interval may hold zero
    where p is just below 5%, never the other way round. Where no shift is free of the events both
    are the bootstrap's.
    """
    valid = np.isfinite(value)
    at = np.flatnonzero(event & valid)
    effective = independent_events(at, horizon)
    method = "events against all sessions"
    if reason := reason_against(value):
        return no_evidence(reason, n=len(at), n_effective=float(effective), method=method)
    if effective < MINIMUM_EFFECTIVE:
        return no_evidence(
            too_few(effective), n=len(at), n_effective=float(effective), method=method
        )
    block = max(float(horizon), 1.0 if block is None else block)
    bootstrap = f"stationary bootstrap (blocks of {block:.1f}, {draws} draws)"
    happened = event & valid
    both = np.vstack(
        [np.where(happened, value, 0.0), happened, np.where(valid, value, 0.0), valid]
    ).T
    sums = bootstrap_sums(both, block=block, draws=draws, seed=seed)
    drawn = mean_of(sums[:, 0], sums[:, 1]) - mean_of(sums[:, 2], sums[:, 3])
    effect = float(value[at].mean() - value[valid].mean())
    reach, p = _two_sided(drawn - effect, effect)
    shifted_p, shifted = circular_shift_placebo(value, event, horizon)
    note, error = "", float(np.nanstd(drawn))
    if math.isfinite(shifted_p):
        p, reach = shifted_p, max(reach, _two_sided(shifted, effect)[0])
        error = max(error, float(shifted.std()))
        interval = f"interval the wider of its own and that of a {bootstrap}"
        method = f"{method}, p by circular-shift placebo, {interval}"
    else:
        method = f"{method}, {bootstrap}"
        note = "no circular-shift placebo: no shift of the dates is free of them"
    return Evidence(
        effect,
        effect - reach,
        effect + reach,
        len(at),
        float(effective),
        p,
        method=method,
        minimum_detectable=minimum_detectable(error),
        note=note,
    )
