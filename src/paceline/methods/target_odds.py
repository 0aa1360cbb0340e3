"""A level by a date: what it asks for, how likely that is, and where it would rank in the past.

Closed form for a geometric Brownian motion, stationary block bootstrap of the index's own daily log
returns, and all past windows of the same length. The answer is mostly the drift assumed, so each is
given under many drifts.

S last close, K the level, n sessions, T = n / 252 years, s volatility and mu drift per year: mu is
continuous and arithmetic (expected price S exp(mu T)), of the PRICE index, dividends apart; m = mu
- s^2 / 2, b = ln(K / S). Events are "at or beyond the level": at or above it where K > S, at or
below it where K < S.

Sources: reflection principle; Broadie, Glasserman, Kou (1997) for barriers watched at closes only;
Politis, Romano (1994) for the bootstrap; Wilson (1927) for shares."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Dates
from paceline.errors import NotEnoughData, UsageError
from paceline.evidence import MINIMUM_EFFECTIVE, block_length, hac_mean, independent_windows
from paceline.kernels import move_max, move_min
from paceline.methods.calibration import wilson

YEAR = 252
#: Mean distance, in daily standard deviations, by which a path has passed a barrier unseen:
#: -zeta(1/2)/sqrt(2 pi).
UNSEEN = 0.5825971579390107
#: Drifts of the sensitivity table, per year.
GRID = (-0.05, 0.0, 0.025, 0.05, 0.07, 0.10, 0.15)
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
#: Dates drawn in the fan, and paths drawn at a time.
POINTS, CHUNK = 120, 1000
#: Fewer daily returns than this say nothing about volatility or drift.
SHORTEST = 250


class Chances(NamedTuple):
    """Probabilities: at the end, of a touch at any moment, of a touch at a daily close."""

    end: float
    touch: float
    touch_close: float


def closed_form(b: float, years: float, mu: float, sigma: float, step: float = 1 / YEAR) -> Chances:
    """Chances of a geometric Brownian motion to be at or beyond b = ln(K / S), ``years`` from now.

    end   = Phi((m T - b) / (s sqrt T)) for b > 0, mirrored for b < 0; at b = 0 "beyond" means above
    touch = end + exp(2 m b / s^2) Phi((-b - m T) / (s sqrt T)) For closes ``step`` years apart the
    barrier of the touch stands 0.5826 s sqrt(step) farther away."""
    if not (years > 0 and sigma > 0):
        raise UsageError(
            f"{years:g} years at a volatility of {sigma:g} cannot be.", "Give both above zero."
        )
    from scipy.special import log_ndtr, ndtr

    up = 1.0 if b >= 0 else -1.0
    away, m, spread = abs(b), up * (mu - sigma**2 / 2), sigma * math.sqrt(years)

    def end(far: float) -> float:
        return float(ndtr((m * years - far) / spread))

    def touch(far: float) -> float:
        if far == 0:
            return 1.0
        # in logarithms: the factor alone overflows where the probability beside it is nearly zero
        reflected = math.exp(
            min(0.0, 2 * m * far / sigma**2 + float(log_ndtr((-far - m * years) / spread)))
        )
        return min(1.0, end(far) + reflected)

    return Chances(end(away), touch(away), touch(away + UNSEEN * sigma * math.sqrt(step)))


def required_growth(b: float, years: float) -> float:
    """Growth per year, compounded, that ends exactly at the level: exp(b / years) - 1."""
    return math.exp(b / years) - 1


def path_indices(
    n: int, sessions: int, block: float, draws: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """(draws, sessions) positions in a history of n: blocks start anywhere, end with chance 1 / block, wrap around."""
    fresh = rng.random((draws, sessions)) < 1 / block
    fresh[:, 0] = True
    at = np.arange(sessions)
    last = np.maximum.accumulate(np.where(fresh, at, 0), axis=1)
    start = np.take_along_axis(rng.integers(0, n, (draws, sessions)), last, axis=1)
    result: NDArray[np.int64] = (start + at - last) % n
    return result


class Simulated(NamedTuple):
    """Bootstrap chances under one drift, with the Monte Carlo standard error of each (parameters taken as true)."""

    end: float
    touch_close: float
    end_error: float
    touch_error: float


def bootstrap(
    returns: Array,
    b: float,
    sessions: int,
    shifts: Mapping[str, float],
    *,
    block: float,
    draws: int,
    seed: int,
    at: NDArray[np.int64],
    quantiles: tuple[float, ...] = QUANTILES,
) -> tuple[dict[str, Simulated], Array]:
    """Chances per name in ``shifts`` (added to each daily log return), and quantiles (Q, len(at)) of unshifted paths.

    All drifts use the same draws, so differences between them are not noise. ``at`` are positions
    on the path."""
    up = 1.0 if b >= 0 else -1.0
    climb = np.arange(1, sessions + 1)
    ended, touched = dict.fromkeys(shifts, 0), dict.fromkeys(shifts, 0)
    kept = []
    sizes = [min(CHUNK, draws - done) for done in range(0, draws, CHUNK)]
    for size, child in zip(sizes, np.random.SeedSequence(seed).spawn(len(sizes)), strict=True):
        index = path_indices(len(returns), sessions, block, size, np.random.default_rng(child))
        paths = np.cumsum(returns[index], axis=1)
        kept.append(paths[:, at])
        for name, shift in shifts.items():
            reach = up * (paths + shift * climb)
            ended[name] += int(np.count_nonzero(reach[:, -1] >= up * b))
            touched[name] += int(np.count_nonzero(reach.max(axis=1) >= up * b))

    def error(p: float) -> float:
        return math.sqrt(p * (1 - p) / draws)

    found = {}
    for name in shifts:
        end, touch = ended[name] / draws, touched[name] / draws
        found[name] = Simulated(end, touch, error(end), error(touch))
    fan: Array = np.quantile(np.concatenate(kept), quantiles, axis=0)
    return found, fan


class Share(NamedTuple):
    """A share of windows; ``low`` and ``high`` (95%, Wilson) count only independent ones."""

    value: float
    low: float
    high: float
    n: int
    n_effective: float

    @property
    def enough(self) -> bool:
        return self.n_effective >= MINIMUM_EFFECTIVE


def share(hit: NDArray[np.bool_], horizon: int) -> Share:
    """How often a question asked of overlapping windows of ``horizon`` sessions, one per session, was answered yes."""
    n = len(hit)
    if n == 0:
        return Share(math.nan, math.nan, math.nan, 0, 0.0)
    effective = independent_windows(n, horizon)
    value = float(hit.mean())
    low, high = wilson(value * effective, effective)
    return Share(value, low, high, n, effective)


def past_windows(closes: Array, sessions: int, b: float) -> tuple[Share, Share]:
    """Past windows of that many sessions that ended at or beyond b, and that touched it at a close."""
    if len(closes) <= sessions:
        none = share(np.empty(0, bool), sessions)
        return none, none
    logs = np.log(closes)
    base = logs[:-sessions]
    ended = logs[sessions:] - base
    moved = (move_max if b >= 0 else move_min)(logs[None, 1:], sessions)[0, sessions - 1 :] - base
    tie = 1e-12
    if b >= 0:
        return share(ended >= b - tie, sessions), share(moved >= b - tie, sessions)
    return share(ended <= b + tie, sessions), share(moved <= b + tie, sessions)


@dataclass(frozen=True)
class Case:
    """One drift (per year, continuous): closed form and bootstrap side by side."""

    name: str
    drift: float
    closed: Chances
    simulated: Simulated


@dataclass(frozen=True)
class Target:
    """Everything said about one level by one date. Rates per year; probabilities are fractions."""

    start: float
    level: float
    as_of: str
    by: str
    sessions: int
    b: float
    implied: float
    years: float
    calendar_years: float
    required: float
    required_calendar: float
    volatility: float
    volatility_history: float
    volatility_recent: float
    drift: float
    drift_name: str
    drift_history: float
    drift_low: float
    drift_high: float
    history_from: str
    history_n: int
    block: float
    draws: int
    seed: int
    stated: Case
    cases: tuple[Case, ...] = field(repr=False)
    variants: Mapping[str, Simulated] = field(repr=False)
    ended: Share = field(repr=False)
    touched: Share = field(repr=False)
    fan_dates: tuple[str, ...] = field(repr=False)
    fan: Array = field(repr=False)  # (quantiles, dates), levels under the stated drift


def rate(text: str | float, what: str) -> float | str:
    """A rate as people write it: '7%' or 0.07; a word is returned as it is."""
    if isinstance(text, (int, float)):
        return float(text)
    said = text.strip().lower()
    number = said.removesuffix("%")
    try:
        value = float(number) / (100 if said.endswith("%") else 1)
    except ValueError:
        return said
    if not math.isfinite(value) or (not said.endswith("%") and abs(value) >= 1):
        raise UsageError(
            f"{what}: {text!r} is not a rate per year.", "Write it with a percent sign, e.g. 7%."
        )
    return value


def _chosen(text: str | float, what: str, known: Mapping[str, float]) -> tuple[float, str]:
    value = rate(text, what)
    if isinstance(value, float):
        return value, "view" if what == "drift" else "given"
    if value not in known:
        raise UsageError(
            f"{what}: {text!r} is not known.", f"Use {', '.join(known)} or a rate such as 7%."
        )
    return known[value], value


def weigh(
    closes: Array,
    days: Dates,
    future: Dates,
    level: float,
    by: str,
    *,
    drift: str | float = "history",
    volatility: str | float = "history",
    draws: int = 10_000,
    seed: int = 0,
) -> Target:
    """Weigh a level by a date.

    closes, days  the index's closes (T,) up to today and their sessions, all above zero
    future        sessions after today, up to and including ``by``
    drift         "zero", "history" (of ``closes``) or a rate per year, continuous: the case that is
                  headlined
    volatility    "history", "recent" (the last 252 sessions) or a rate per year
    Raises ``UsageError`` for a level at or below zero or no session left, ``NotEnoughData`` for
    short histories."""
    if not (math.isfinite(level) and level > 0):
        raise UsageError(
            f"a target of {level:g} is no level of an index.", "Give a level above zero."
        )
    if not len(future):
        raise UsageError(
            f"no session lies between {days[-1] if len(days) else 'today'} and {by}.",
            "Give a later date.",
        )
    if not 1 <= draws <= 200_000:
        raise UsageError(
            f"{draws} draws cannot be made.", "Give between 1 and 200,000; 10,000 is the default."
        )
    if len(closes) <= SHORTEST:
        raise NotEnoughData(
            f"{len(closes)} closes are too short a history for a target.",
            f"More than {SHORTEST} are needed: import more, or start the history earlier.",
        )
    returns = np.diff(np.log(closes))
    if not returns.std() > 1e-12:
        raise NotEnoughData(
            "the history does not move: its volatility is zero.", "Choose another subject."
        )
    n, b, start = len(future), math.log(level / closes[-1]), float(closes[-1])
    years = n / YEAR
    calendar = int((np.datetime64(by) - days[-1]).astype(int)) / 365.25
    annual = math.sqrt(YEAR)
    history, recent = (
        float(returns.std(ddof=1)) * annual,
        float(returns[-YEAR:].std(ddof=1)) * annual,
    )
    sigma, _ = _chosen(volatility, "volatility", {"history": history, "recent": recent})
    if not 0 < sigma < 5:
        raise UsageError(
            f"volatility: {sigma:.0%} a year cannot be used.", "Give a rate above 0%, e.g. 16%."
        )
    judged = hac_mean(returns)
    low, high = (
        math.nan if v is None else v * YEAR + history**2 / 2 for v in (judged.low, judged.high)
    )
    own = float(returns.mean()) * YEAR + history**2 / 2
    mu, name = _chosen(drift, "drift", {"zero": 0.0, "history": own})
    if abs(mu) > 2:
        raise UsageError(f"drift: {mu:.0%} a year cannot be used.", "Give a rate such as 7%.")
    drifts = {"zero": 0.0, "history": own, **({name: mu} if name == "view" else {})}
    if math.isfinite(low):
        drifts |= {"history, low end": low, "history, high end": high}
    drifts |= {f"{g * 100:g}%": g for g in GRID if g not in drifts.values()}
    # the draws carry the history's own volatility: their drift is made arithmetic with that one
    shifts = {k: (v - history**2 / 2) / YEAR - float(returns.mean()) for k, v in drifts.items()}
    variants = {
        "raw": 0.0,
        "zero mean": -float(returns.mean()),
        "target mean": b / n - float(returns.mean()),
    }
    block = float(block_length(returns[None])[0])
    at = np.unique(np.linspace(0, n - 1, min(n, POINTS)).round().astype(np.int64))
    chances, fan = bootstrap(
        returns,
        b,
        n,
        {**shifts, **{f"variant {k}": v for k, v in variants.items()}},
        block=block,
        draws=draws,
        seed=seed,
        at=at,
    )
    cases = tuple(
        Case(k, v, closed_form(b, years, v, sigma), chances[k]) for k, v in drifts.items()
    )
    stated = next(c for c in cases if c.name == name)
    ended, touched = past_windows(closes, n, b)
    levels = start * np.exp(fan + shifts[name] * (at + 1))
    return Target(
        start,
        float(level),
        str(days[-1]),
        by,
        n,
        b,
        math.expm1(b),
        years,
        calendar,
        required_growth(b, years),
        required_growth(b, calendar),
        sigma,
        history,
        recent,
        mu,
        name,
        own,
        low,
        high,
        str(days[0]),
        len(returns),
        block,
        draws,
        seed,
        stated,
        cases,
        {k: chances[f"variant {k}"] for k in variants},
        ended,
        touched,
        (str(days[-1]), *(str(d) for d in future[at])),
        np.column_stack([np.full(len(QUANTILES), start), levels]),
    )
