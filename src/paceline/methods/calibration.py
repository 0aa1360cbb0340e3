"""How often noise alone makes an episode; how surely and how late a planted rotation is found."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR, Array
from paceline.errors import NotEnoughData
from paceline.evidence import block_length, reason_against, stationary_indices
from paceline.evidence.bootstrap import Progress
from paceline.methods.detector import QUARTER, SIZES, STEP, WINDOW, detect, sigma
from paceline.methods.proportions import wilson
from paceline.signals.statistics import standard_deviation

#: Paths and years simulated for each of many pairs.
PATHS, PATH_YEARS = 100, 12
#: Series simulated at a time; each batch has its own seed.
BATCH = 250
#: Standard deviation of a session's move in a walk; the detector does not depend on it.
NOISE = 0.01
#: Mean block length below which clusters of volatility would not survive resampling.
LEAST_BLOCK = 21.0
#: What was simulated, in words.
WALKS = "driftless Gaussian walks"
CLUSTERED = "driftless walks with GARCH volatility and Student t tails"
RESAMPLED = "stationary bootstrap of demeaned relative returns"


@dataclass(frozen=True)
class Calibration:
    """False alarms: episodes (A over B) per year where nothing but noise is at work.

    rate, low, high   per year of sessions with a sigma (252 unless another number was asked for),
                      with 95% simulation interval
    series, years     how many were simulated, and the length of each
    method            what was simulated
    """

    c: float
    rate: float
    low: float
    high: float
    series: int
    years: float
    method: str

    def to_json(self) -> dict[str, Any]:
        """Field by field."""
        return asdict(self)


def calibration_of(c: float, rates: Array, years: float, method: str) -> Calibration:
    """Mean of the simulated rates (S,) with its 95% simulation interval (normal)."""
    rate = float(rates.mean())
    reach = 1.96 * float(standard_deviation(rates)) / math.sqrt(len(rates))
    return Calibration(c, rate, rate - reach, rate + reach, len(rates), years, method)


@dataclass(frozen=True)
class Power:
    """How a planted rotation of one size is found.

    size      the whole planted move, in units of sigma sqrt(63) (a typical move of a quarter)
    length    sessions the move takes
    found     share found by the end of the move, among series in which B led when it began
    low, high  95% simulation interval (Wilson)
    delay     median sessions from its beginning until it is known, among those found; NaN if none
    series    how many series B led in
    """

    c: float
    size: float
    length: int
    found: float
    low: float
    high: float
    delay: float
    series: int


def _walks(series: int, n: int, seed: int) -> Iterator[Array]:
    """Driftless Gaussian walks, in batches; their scale does not matter to the detector."""
    for i, child in enumerate(np.random.SeedSequence(seed).spawn(-(-series // BATCH))):
        steps = np.random.default_rng(child).standard_normal((min(BATCH, series - i * BATCH), n))
        steps *= NOISE
        yield np.cumsum(steps, axis=1, out=steps)


def _resampled(returns: Array, series: int, n: int, block: float, seed: int) -> Iterator[Array]:
    """Lines of n sessions made of blocks of demeaned returns (m,), in batches."""
    for i, child in enumerate(np.random.SeedSequence(seed).spawn(-(-series // BATCH))):
        size = min(BATCH, series - i * BATCH)
        yield resampled_line(returns, size, n, block, np.random.default_rng(child))


def resampled_line(
    returns: Array, series: int, n: int, block: float, rng: np.random.Generator
) -> Array:
    """(series, n) lines made of blocks of demeaned returns (m,), drawn by stationary bootstrap."""
    centred = returns - returns.mean()
    drawn = centred[stationary_indices(len(centred), block, series, rng, n)]
    return np.cumsum(drawn, axis=1, out=drawn)


def calibrate(
    log_returns: Array | None = None,
    c: float = SIZES["episode"],
    *,
    series: int = 2000,
    years: float = 25,
    step: int = STEP,
    block: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Calibration:
    """Rate of false alarms at size c.

    log_returns  None: driftless Gaussian walks. Else the daily log returns of A/B, (T,): they are
                 demeaned and drawn by stationary bootstrap, so that fat tails and clusters of
                 volatility stay and any trend goes. Missing returns are left out
    years        length of each series, the first ``WINDOW`` sessions (before a sigma) not counted
    step         length of the returns sigma is made of
    block        mean block length; default: of the returns' own dependence, and at least 21
                 sessions so that clusters of volatility survive

    Raises ``NotEnoughData`` for returns that are missing, constant or no longer than ``WINDOW``.
    """
    n = WINDOW + round(years * SESSIONS_PER_YEAR)
    batches: Iterable[Array]
    if log_returns is None:
        batches, method = _walks(series, n, seed), WALKS
    else:
        valid = np.asarray(log_returns, float)[np.isfinite(log_returns)]
        if reason := reason_against(valid, WINDOW):
            raise NotEnoughData(
                f"relative returns cannot be resampled: {reason}.", "Give a longer history."
            )
        block = max(LEAST_BLOCK, float(block_length(valid[None])[0])) if block is None else block
        batches = _resampled(valid, series, n, block, seed)
        method = f"{RESAMPLED}, blocks of {block:.1f}"
    rates: list[Array] = []
    done = 0
    for line in batches:
        rates.append(detect(line, c, sigma_per_session=sigma(line, step=step)).rate_per_year())
        done += len(line)
        if progress is not None:
            progress(done, series)
    return calibration_of(c, np.concatenate(rates), years, method)


def false_alarms(
    returns: Sequence[Array | None],
    c: float,
    *,
    step: int = STEP,
    paths: int = PATHS,
    years: float = PATH_YEARS,
    year: int = SESSIONS_PER_YEAR,
    seed: int = 0,
) -> list[Calibration]:
    """Episodes (A over B) per year that noise makes, for each of ``returns``; many in one pass.

    returns       daily log returns of A/B, NaN left out: they are demeaned and resampled in blocks
                  of 21 sessions on average. None: driftless walks
    paths, years  lines simulated for each, and the length of each
    year          sessions of a year

    Draws are seeded for each by itself: its rate does not depend on what else is asked. A history
    that does not reach over one window gives a rate that is NaN.
    """
    rates: dict[int, Calibration] = {}
    lines, drawn = [], []
    for k, own in enumerate(returns):
        history = None if own is None else np.asarray(own, float)[np.isfinite(own)]
        if history is not None and (len(history) <= WINDOW or reason_against(history)):
            reason = "history too short to resample"
            rates[k] = Calibration(c, math.nan, math.nan, math.nan, 0, years, reason)
        else:
            lines.append(_noise(history, paths, WINDOW + round(years * year), seed))
            drawn.append(k)
    if lines:
        every = np.concatenate(lines)
        found = detect(every, c, sigma_per_session=sigma(every, step=step))
        own = found.rate_per_year(year=year).reshape(len(drawn), paths)
        for k, each in zip(drawn, own, strict=True):
            resampled = f"{RESAMPLED}, blocks of {LEAST_BLOCK:.0f}"
            method = WALKS if returns[k] is None else resampled
            rates[k] = calibration_of(c, each, years, method)
    return [rates[k] for k in range(len(returns))]


def garch(series: int, n: int, rng: np.random.Generator) -> Array:
    """(series, n) driftless daily changes whose volatility clusters, of unit variance on average.

    GARCH(1, 1), Student t with 4 degrees of freedom: v_t = 0.01 + 0.10 x_{t-1}^2 + 0.89 v_{t-1}.
    500 sessions before the first are thrown away.
    """
    before, freedom = 500, 4
    shock = rng.standard_t(freedom, (series, n + before)) / math.sqrt(freedom / (freedom - 2))
    variance, x = np.ones(series), np.zeros(series)
    made = np.empty((series, n + before))
    for t in range(n + before):
        variance = 0.01 + 0.10 * x**2 + 0.89 * variance
        made[:, t] = x = np.sqrt(variance) * shock[:, t]
    return made[:, before:]


def clustered_alarms(
    c: float, *, step: int = STEP, year: int = SESSIONS_PER_YEAR, seed: int = 0
) -> Calibration:
    """``false_alarms`` of ``garch`` noise."""
    n = WINDOW + round(PATH_YEARS * year)
    line = NOISE * np.cumsum(garch(PATHS, n, np.random.default_rng(seed)), axis=1)
    rates = detect(line, c, sigma_per_session=sigma(line, step=step)).rate_per_year(year=year)
    return calibration_of(c, rates, PATH_YEARS, CLUSTERED)


def _noise(history: Array | None, paths: int, n: int, seed: int) -> Array:
    """(paths, n) lines of noise: driftless walks, or made of the demeaned returns of a history."""
    rng = np.random.default_rng([seed, 0 if history is None else len(history)])
    if history is None:
        return np.cumsum(NOISE * rng.standard_normal((paths, n)), axis=1)
    return resampled_line(history, paths, n, LEAST_BLOCK, rng)


def power(
    sizes: Iterable[float] = (0.0, 1.0, 1.5, 2.0, 3.0, 4.0),
    c: float = SIZES["episode"],
    *,
    length: int = QUARTER,
    series: int = 1000,
    settle: float = 4,
    step: int = STEP,
    seed: int = 0,
) -> list[Power]:
    """Power and delay: a steady drift of A against B is planted into driftless Gaussian walks.

    sizes   whole planted moves in units of sigma sqrt(63); 0 shows how often noise alone is "found"
    length  sessions the planted move takes
    settle  years of noise before it, so that the detector's state is typical when it begins

    The same noise is used for every size, so the curve is smooth. A rotation counts as found when a
    turn up becomes known within ``length`` sessions of its beginning.
    """
    begin = WINDOW + round(settle * SESSIONS_PER_YEAR)
    planted = np.zeros(begin + length)
    planted[begin:] = NOISE * math.sqrt(QUARTER) * np.arange(1, length + 1) / length
    curve = []
    for size in sizes:
        lagging, delays = 0, [np.empty(0)]
        for noise in _walks(series, begin + length, seed):
            line = noise + size * planted
            found = detect(line, c, sigma_per_session=sigma(line, step=step))
            behind = found.state[:, begin - 1] < 0
            lagging += int(behind.sum())
            first = np.full(len(line), np.inf)
            up = found.episodes(1) & (found.known >= begin)
            np.minimum.at(first, found.series[up], found.known[up] - (begin - 1.0))
            delays.append(first[behind & np.isfinite(first)])
        delay = np.concatenate(delays)
        low, high = wilson(len(delay), lagging)
        curve.append(
            Power(
                c,
                size,
                length,
                len(delay) / lagging if lagging else math.nan,
                low,
                high,
                float(np.median(delay)) if len(delay) else math.nan,
                lagging,
            )
        )
    return curve
