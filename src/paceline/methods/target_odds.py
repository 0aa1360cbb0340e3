"""A level by a date: what it asks for, how likely that is, and where it would rank in the past.

Closed form for a geometric Brownian motion, stationary block bootstrap of the index's own daily log
returns, and all past windows of the same length (``level_odds``). The answer is mostly the drift
assumed, so each is given under many drifts.

S last close, K the level, n sessions, T = n / A years of A sessions (252 in New York), s volatility
and mu drift per year: mu is continuous and arithmetic (expected price S exp(mu T)), of the PRICE
index, dividends apart; m = mu - s^2 / 2, b = ln(K / S).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR, Array, Dates, Ints
from paceline.errors import NotEnoughData, UsageError
from paceline.evidence import block_length, hac_mean
from paceline.methods.level_odds import (
    QUANTILES,
    Chances,
    SimulatedChances,
    bootstrap,
    closed_form,
    past_windows,
    required_growth,
)
from paceline.methods.proportions import WindowShare
from paceline.signals.statistics import standard_deviation

#: Drifts of the sensitivity table, per year.
GRID = (-0.05, 0.0, 0.025, 0.05, 0.07, 0.10, 0.15)
#: Dates drawn in the fan.
POINTS = 120
#: Fewer daily returns than this say nothing about volatility or drift.
SHORTEST = 250
#: Most draws of the bootstrap.
MOST_DRAWS = 200_000
#: A standard deviation of daily returns up to this is rounding: the index does not move.
STILL = 1e-12
#: Rates per year beyond these are slips of the pen.
HIGHEST_VOLATILITY, HIGHEST_DRIFT = 5, 2
#: Sessions of the recent volatility, and of the current one.
RECENT, CURRENT = 252, 21
#: Days of a year of the calendar.
CALENDAR_YEAR = 365.25


@dataclass(frozen=True)
class Case:
    """One drift under one volatility (both per year): closed form and bootstrap side by side."""

    name: str
    drift: float
    volatility: float
    closed: Chances
    simulated: SimulatedChances


@dataclass(frozen=True)
class TargetOdds:
    """Everything said about one level by one date. Rates per year; probabilities are fractions.

    start, level        last close, and the level asked about, by the ISO date ``by``
    as_of, sessions     ISO date of the last close, and sessions from it to ``by``
    b, implied          ln(level / start), and the simple return it stands for
    years, calendar_years      sessions / A, and days / 365.25
    required, required_calendar  growth per year, compounded, that ends at the level, by either year
    volatility          the one used; beside it those of the whole history, of the last 252 sessions
                        (recent) and of the last 21 (current)
    drift, drift_name   the stated drift: "zero", "history", or "view" for one that was given
    drift_history       the history's own, with its 95% interval (NaN where there is none)
    history_from, history_n    ISO date of the first close, and number of daily returns
    block, draws, seed  of the bootstrap
    stated, cases       the case of the stated drift, and all
    variants            chances under returns with their own mean, with none and with the target's
    volatilities        cases of the stated drift under the history's, the recent and the current
                        volatility, and the one given where it is none of these
    ended, touched      shares of past windows that ended at or beyond the level, or touched it
    fan_dates, fan      ISO dates, and levels (quantiles, dates) under the stated drift
    """

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
    volatility_current: float
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
    variants: Mapping[str, SimulatedChances] = field(repr=False)
    volatilities: tuple[Case, ...] = field(repr=False)
    ended: WindowShare = field(repr=False)
    touched: WindowShare = field(repr=False)
    fan_dates: tuple[str, ...] = field(repr=False)
    fan: Array = field(repr=False)


def rate(text: str | float, what: str) -> float | str:
    """A rate as people write it: '7%' or 0.07; a word is returned as it is.

    Raises ``UsageError`` for a number that is no rate, naming ``what`` it was meant for.
    """
    if isinstance(text, (int, float)):
        return float(text)
    word = text.strip().lower()
    number = word.removesuffix("%")
    try:
        value = float(number) / (100 if word.endswith("%") else 1)
    except ValueError:
        return word
    if not math.isfinite(value) or (not word.endswith("%") and abs(value) >= 1):
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


class _Own(NamedTuple):
    """What the history says of itself, per year; the interval of the drift is 95%."""

    volatility: float
    recent: float
    current: float
    drift: float
    low: float
    high: float


def _own(returns: Array, year: int) -> _Own:
    annual = math.sqrt(year)
    volatility, recent, current = (
        float(standard_deviation(r)) * annual
        for r in (returns, returns[-RECENT:], returns[-CURRENT:])
    )
    judged = hac_mean(returns)
    low, high = (
        math.nan if v is None else v * year + volatility**2 / 2 for v in (judged.low, judged.high)
    )
    drift = float(returns.mean()) * year + volatility**2 / 2
    return _Own(volatility, recent, current, drift, low, high)


def _check(closes: Array, days: Dates, future: Dates, level: float, by: str, draws: int) -> None:
    if not (math.isfinite(level) and level > 0):
        raise UsageError(
            f"a target of {level:g} is no level of an index.", "Give a level above zero."
        )
    if not len(future):
        raise UsageError(
            f"no session lies between {days[-1] if len(days) else 'today'} and {by}.",
            "Give a later date.",
        )
    if not 1 <= draws <= MOST_DRAWS:
        raise UsageError(
            f"{draws} draws cannot be made.",
            f"Give between 1 and {MOST_DRAWS:,}; 10,000 is the default.",
        )
    if len(closes) <= SHORTEST:
        raise NotEnoughData(
            f"{len(closes)} closes are too short a history for a target.",
            f"More than {SHORTEST} are needed: import more, or start the history earlier.",
        )


def _moving(closes: Array) -> Array:
    """Daily log returns; a history that stands still is refused."""
    returns: Array = np.diff(np.log(closes))
    if not returns.std() > STILL:
        raise NotEnoughData(
            "the history does not move: its volatility is zero.", "Choose another subject."
        )
    return returns


def _drifts(own: _Own, stated: float, name: str) -> dict[str, float]:
    """Every drift that is looked at, by name: none, the history's own, the stated one, a grid."""
    drifts = {"zero": 0.0, "history": own.drift, **({name: stated} if name == "view" else {})}
    if math.isfinite(own.low):
        drifts |= {"history, low end": own.low, "history, high end": own.high}
    return drifts | {f"{g * 100:g}%": g for g in GRID if g not in drifts.values()}


def _volatility(asked: str | float, own: _Own) -> tuple[float, dict[str, float]]:
    """The volatility used, and every one that is looked at, by name."""
    known = {"history": own.volatility, "recent": own.recent, "current": own.current}
    sigma, name = _chosen(asked, "volatility", known)
    if not 0 < sigma < HIGHEST_VOLATILITY:
        raise UsageError(
            f"volatility: {sigma:.0%} a year cannot be used.", "Give a rate above 0%, e.g. 16%."
        )
    seen = {k: v for k, v in known.items() if 0 < v < HIGHEST_VOLATILITY}
    return sigma, seen | ({} if name in known else {"given": sigma})


def _drift(asked: str | float, own: _Own) -> tuple[float, str]:
    mu, name = _chosen(asked, "drift", {"zero": 0.0, "history": own.drift})
    if abs(mu) > HIGHEST_DRIFT:
        raise UsageError(f"drift: {mu:.0%} a year cannot be used.", "Give a rate such as 7%.")
    return mu, name


class _Drawn(NamedTuple):
    """Bootstrap chances by drift, variant and volatility, and the fan of the stated drift."""

    cases: Mapping[str, SimulatedChances]
    variants: Mapping[str, SimulatedChances]
    volatilities: Mapping[str, SimulatedChances]
    at: Ints
    fan: Array


class _Asked(NamedTuple):
    """What the paths are for: b, sessions, drifts by name and the stated one, volatilities."""

    b: float
    n: int
    drifts: Mapping[str, float]
    stated: str
    sigma: float
    volatilities: Mapping[str, float]
    year: int


def _draw(
    returns: Array, own: _Own, asked: _Asked, *, block: float, draws: int, seed: int
) -> _Drawn:
    """Paths of the history's returns, whose deviations are scaled to the volatility of each case.

    A return r becomes k r + shift, k = sigma / the history's volatility; the shift makes the mean
    that of the drift, (mu - sigma^2 / 2) / A.
    """
    mean, b, n, year = float(returns.mean()), asked.b, asked.n, asked.year

    def of(sigma: float, drift: float) -> tuple[float, float]:
        k = sigma / own.volatility
        return k, (drift - sigma**2 / 2) / year - k * mean

    k = asked.sigma / own.volatility
    means = {"raw": mean, "zero mean": 0.0, "target mean": b / n}
    stated = asked.drifts[asked.stated]
    every = {
        **{f"drift {name}": of(asked.sigma, v) for name, v in asked.drifts.items()},
        **{f"variant {name}": (k, m - k * mean) for name, m in means.items()},
        **{f"volatility {name}": of(s, stated) for name, s in asked.volatilities.items()},
    }
    at = np.unique(np.linspace(0, n - 1, min(n, POINTS)).round().astype(np.int64))
    chances, plain = bootstrap(
        returns,
        b,
        n,
        {name: shift for name, (_, shift) in every.items()},
        block=block,
        draws=draws,
        seed=seed,
        at=at,
        factors={name: factor for name, (factor, _) in every.items()},
    )
    fan = k * plain + every[f"drift {asked.stated}"][1] * (at + 1)

    def drawn(kind: str, names: Iterable[str]) -> dict[str, SimulatedChances]:
        return {name: chances[f"{kind} {name}"] for name in names}

    return _Drawn(
        drawn("drift", asked.drifts),
        drawn("variant", means),
        drawn("volatility", asked.volatilities),
        at,
        fan,
    )


def _side_by_side(asked: _Asked, drawn: _Drawn) -> tuple[dict[str, Case], tuple[Case, ...]]:
    """Closed form and bootstrap of every drift, and of every volatility under the stated one."""
    b, year, stated = asked.b, asked.year, asked.drifts[asked.stated]

    def closed(drift: float, sigma: float) -> Chances:
        return closed_form(b, asked.n / year, drift, sigma, 1 / year)

    cases = {
        k: Case(k, v, asked.sigma, closed(v, asked.sigma), drawn.cases[k])
        for k, v in asked.drifts.items()
    }
    return cases, tuple(
        Case(k, stated, s, closed(stated, s), drawn.volatilities[k])
        for k, s in asked.volatilities.items()
    )


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
    year: int = SESSIONS_PER_YEAR,
) -> TargetOdds:
    """Weigh a level by a date.

    closes, days  the index's closes (T,) up to today and their sessions, all above zero
    future        sessions after today, up to and including ``by``
    drift         "zero", "history" (of ``closes``) or a rate per year, continuous: the case that is
                  headlined
    volatility    "history", "recent" (the last 252 sessions), "current" (the last 21) or a rate per
                  year; the bootstrap's returns are scaled to it
    year          A, sessions of a year of the market

    Raises ``UsageError`` for a level at or below zero or no session left, ``NotEnoughData`` for
    short histories.
    """
    _check(closes, days, future, level, by, draws)
    returns = _moving(closes)
    own = _own(returns, year)
    sigma, seen = _volatility(volatility, own)
    mu, name = _drift(drift, own)
    n, b, start = len(future), math.log(level / closes[-1]), float(closes[-1])
    calendar = int((np.datetime64(by) - days[-1]).astype(int)) / CALENDAR_YEAR
    block = float(block_length(returns[None])[0])
    asked = _Asked(b, n, _drifts(own, mu, name), name, sigma, seen, year)
    drawn = _draw(returns, own, asked, block=block, draws=draws, seed=seed)
    cases, volatilities = _side_by_side(asked, drawn)
    ended, touched = past_windows(closes, n, b)
    return TargetOdds(
        start=start,
        level=float(level),
        as_of=str(days[-1]),
        by=by,
        sessions=n,
        b=b,
        implied=math.expm1(b),
        years=n / year,
        calendar_years=calendar,
        required=required_growth(b, n / year),
        required_calendar=required_growth(b, calendar),
        volatility=sigma,
        volatility_history=own.volatility,
        volatility_recent=own.recent,
        volatility_current=own.current,
        drift=mu,
        drift_name=name,
        drift_history=own.drift,
        drift_low=own.low,
        drift_high=own.high,
        history_from=str(days[0]),
        history_n=len(returns),
        block=block,
        draws=draws,
        seed=seed,
        stated=cases[name],
        cases=tuple(cases.values()),
        variants=drawn.variants,
        volatilities=volatilities,
        ended=ended,
        touched=touched,
        fan_dates=(str(days[-1]), *(str(d) for d in future[drawn.at])),
        fan=np.column_stack([np.full(len(QUANTILES), start), start * np.exp(drawn.fan)]),
    )
