"""The odds that the side now ahead leads later: a small model, and whether it beats the base rate.

The model is a logistic regression of "the side ahead stands higher h sessions later" on the five
things that ``lead_looks`` knows of a lead, pooled over all lines, shrunk to the base rate. It is
fitted anew for each calendar year on the looks whose whole horizon was over before the year began.

It is used only where it beats the base rate of the same looks out of sample. Elsewhere the base
rate is all that is known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from paceline.arrays import Array, Bools
from paceline.evidence import (
    Evidence,
    hac_mean,
    mean_error,
    mean_evidence,
    no_evidence,
    reason_against,
)
from paceline.methods.lead_looks import FEATURES, Looks, Months

#: What one standard deviation of a feature is expected to change the log odds by, before anything
#: is known: 0.1 is two and a half points of probability.
PRIOR = 0.1
#: Fewer independent looks than this fit no model.
ENOUGH = 200
#: Forecasts are judged from this year on.
FIRST_YEAR = 1990
#: Sessions of a month, to count how many looks a horizon overlaps with.
MONTH = 21
#: Forecasts are compared with what came of them by tenths of probability.
TENTHS = 10
#: How an interval of a share is made.
SHARE = "share of looks, Student t over months with an autocorrelation-robust error"
#: Newton's method stops after so many steps, or below this change.
STEPS, SMALL = 50, 1e-10


@dataclass(frozen=True)
class Fit:
    """A model of one horizon.

    base         share of the looks it was fitted on whose leader led; NaN without any
    looks, independent  how many, and how many independent ones they are worth
    mean, spread  (5,) of the features there
    weights       (6,) intercept, and log odds per standard deviation of each feature; only the
                  base rate's log odds where too few independent looks fit no model
    """

    base: float
    looks: int
    independent: float
    mean: Array
    spread: Array
    weights: Array

    @property
    def fitted(self) -> bool:
        """There were enough independent looks to fit a model."""
        return self.independent >= ENOUGH

    def chance(self, known: Array) -> Array:
        """(N,) probability for looks (N, 5)."""
        z = (known - self.mean) / self.spread
        result: Array = 1 / (1 + np.exp(-(self.weights[0] + z @ self.weights[1:])))
        return result


def logistic(x: Array, y: Array, *, weight: float = 1.0, prior: float = PRIOR) -> Array:
    """(1 + K,) intercept and slopes of a ridge logistic regression, by Newton's method.

    x, y    (N, K) and (N,) of 0 and 1
    weight  of each observation: below one where they are worth fewer independent ones
    prior   standard deviation of the slopes' normal prior around zero; the intercept has none, so
            that with slopes of zero the model is the base rate

    Maximises weight sum(y eta - ln(1 + e^eta)) - sum(slope^2) / (2 prior^2). With outcomes that are
    all alike the intercept has no bound: give both kinds.
    """
    design = np.column_stack([np.ones(len(x)), x])
    penalty = np.full(design.shape[1], 1 / prior**2)
    penalty[0] = 0.0
    b = np.zeros(design.shape[1])
    b[0] = math.log(y.mean() / (1 - y.mean()))
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-(design @ b)))
        slope = weight * (design.T @ (y - p)) - penalty * b
        bend = weight * (design.T * (p * (1 - p))) @ design + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        b = b + step
        if np.abs(step).max() < SMALL:
            break
    return b


def by_month(value: Array, month: Months) -> Array:
    """(M,) one value a month whose mean is that of all values (N,), for intervals by date.

    Month m's is the mean of all, plus the deviations of its own values times months / values: the
    linearised ratio of a month's sum to its number. Months between without a value are NaN.
    """
    at = (month - month.min()).astype(np.int64)
    count = np.bincount(at)
    held, mean = count > 0, value.mean()
    apart = np.bincount(at, value - mean) * held.sum() / len(value)
    return np.where(held, mean + apart, np.nan)


def overlap(horizon: int) -> int:
    """How many months' looks a horizon of sessions overlaps with."""
    return max(1, math.ceil(horizon / MONTH))


def independent(outcome: Array, month: Months, horizon: int) -> float:
    """How many independent looks outcomes (N,) of 0 and 1 are worth: p (1 - p) / error^2.

    The error of their share allows for windows that overlap and for lines that move together. At
    most N / months of the horizon.
    """
    if not 0 < outcome.mean() < 1:
        return 0.0
    series = by_month(outcome, month)
    if reason_against(series) is not None:
        return 0.0
    error = mean_error(series, overlap(horizon)).error
    share = float(outcome.mean())
    return min(len(outcome) / overlap(horizon), share * (1 - share) / error**2)


def known_before(looks: Looks, horizon: int, day: np.datetime64) -> Bools:
    """(N,) looks whose outcome was known before a day."""
    found: Bools = looks.ended[horizon] < day  # not a time: never
    return found


def fit(looks: Looks, horizon: int, before: np.datetime64) -> Fit:
    """The model of a horizon on all looks whose outcome was known before a day."""
    chosen = known_before(looks, horizon, before)
    x, y = looks.known[chosen], looks.ahead[horizon][chosen]
    nothing, one = np.zeros(len(FEATURES)), np.ones(len(FEATURES))
    if not len(y):
        return Fit(math.nan, 0, 0.0, nothing, one, np.full(1 + len(FEATURES), math.nan))
    base, worth = float(y.mean()), independent(y, looks.month[chosen], horizon)
    if worth < ENOUGH:
        odds = math.log(base / (1 - base)) if 0 < base < 1 else math.inf * (2 * base - 1)
        return Fit(base, len(y), worth, nothing, one, np.array([odds, *nothing]))
    mean, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    weights = logistic((x - mean) / spread, y, weight=worth / len(y))
    return Fit(base, len(y), worth, mean, spread, weights)


@dataclass(frozen=True)
class Forecasts:
    """Forecasts that could have been made, and what came of them.

    month    (N,) of each look since the first year with a model
    outcome  (N,) 1 the side that led stood higher, 0 it did not
    chance, base  (N,) what the model said, and the base rate of the looks that it was fitted on
    """

    horizon: int
    month: Months
    outcome: Array
    chance: Array
    base: Array


def record(looks: Looks, horizon: int, *, first: int = FIRST_YEAR) -> Forecasts:
    """The forecasts of every year from ``first`` on in which a model could be fitted."""
    outcome, year = looks.ahead[horizon], looks.month.astype("datetime64[Y]").astype(int) + 1970
    chance, base = (np.full(len(looks), np.nan) for _ in range(2))
    for one in np.unique(year[(year >= first) & np.isfinite(outcome)]).tolist():
        model = fit(looks, horizon, np.datetime64(f"{one}-01-01"))
        if model.fitted:
            own = year == one
            chance[own], base[own] = model.chance(looks.known[own]), model.base
    said = np.isfinite(chance) & np.isfinite(outcome)
    return Forecasts(horizon, looks.month[said], outcome[said], chance[said], base[said])


def brier(chance: Array, outcome: Array) -> Array:
    """(chance - outcome)^2 of each: Brier (1950). Smaller is better."""
    result: Array = (chance - outcome) ** 2
    return result


def log_score(chance: Array, outcome: Array) -> Array:
    """-ln of the probability that was given to what happened: Good (1952). Smaller is better."""
    result: Array = -np.log(np.where(outcome > 0, chance, 1 - chance))
    return result


SCORES = {"brier": brier, "log": log_score}


@dataclass(frozen=True)
class Skill:
    """A score of the model, that of the base rate, and the evidence of base less model."""

    model: float
    base: float
    gain: Evidence


def skill(found: Forecasts) -> dict[str, Skill]:
    """Both scores, with a 95% interval of the improvement by ``mean_evidence`` over months."""
    scores = {
        name: (score(found.chance, found.outcome), score(found.base, found.outcome))
        for name, score in SCORES.items()
    }
    if not len(found.month):
        none = no_evidence(f"no year had {ENOUGH} independent looks to fit a model on")
        return {name: Skill(math.nan, math.nan, none) for name in SCORES}
    months = overlap(found.horizon)
    series = np.stack([by_month(base - model, found.month) for model, base in scores.values()])
    gains = mean_evidence(series, block=months, horizon=months)
    return {
        name: Skill(float(model.mean()), float(base.mean()), gain)
        for (name, (model, base)), gain in zip(scores.items(), gains, strict=True)
    }


def beats(scores: dict[str, Skill]) -> bool:
    """The rule: the model is used where the intervals of both improvements lie above zero."""
    return all(one.gain.low is not None and one.gain.low > 0 for one in scores.values())


@dataclass(frozen=True)
class Tenth:
    """Forecasts between ``at`` and ``at`` + 0.1: how many, their mean, and what came of them."""

    at: float
    said: float
    came: Evidence


def reliability(found: Forecasts) -> list[Tenth]:
    """Of each tenth of probabilities with a forecast, what was said and how often it came true."""
    tenth = np.minimum((found.chance * TENTHS).astype(int), TENTHS - 1)
    bins = []
    for k in np.unique(tenth).tolist():
        own = tenth == k
        came = share_of(found.outcome[own], found.month[own], found.horizon)
        bins.append(Tenth(k / TENTHS, float(found.chance[own].mean()), came))
    return bins


def share_of(outcome: Array, month: Months, horizon: int) -> Evidence:
    """Share of ones among outcomes (N,), with a 95% interval by month; n counts the outcomes.

    A reason instead of numbers for too few months, or too few that do not overlap.
    """
    if not len(outcome):
        return no_evidence("no look has an outcome yet")
    found = hac_mean(by_month(outcome, month), overlap(horizon))
    worth = independent(outcome, month, horizon)
    if found.low is None or found.high is None:
        return replace(found, n=len(outcome), n_effective=worth)
    low, high = max(found.low, 0.0), min(found.high, 1.0)
    return Evidence(float(outcome.mean()), low, high, len(outcome), worth, method=SHARE)


@dataclass(frozen=True)
class Odds:
    """What is known of one horizon on a day.

    fit     of the day's year, ``base`` its base rate with its interval
    record  of the years before, ``scores`` of it by name
    used    the model beats the base rate by the rule, and there is one for the year
    """

    horizon: int
    fit: Fit
    base: Evidence
    record: Forecasts
    scores: dict[str, Skill]

    @property
    def used(self) -> bool:
        """Whether the model's probability is the one to print."""
        return self.fit.fitted and beats(self.scores)

    def chance(self, known: Array) -> float:
        """The probability for a look (5,): the model's where it is used, else the base rate."""
        return float(self.fit.chance(known[None])[0]) if self.used else self.fit.base


def odds(found: Looks, horizon: int, year: int) -> Odds:
    """What is known of a horizon in a year, from the looks up to some day of it."""
    begun = np.datetime64(f"{year}-01-01")
    chosen = known_before(found, horizon, begun)
    base = share_of(found.ahead[horizon][chosen], found.month[chosen], horizon)
    forecasts = record(found, horizon)
    return Odds(horizon, fit(found, horizon, begun), base, forecasts, skill(forecasts))
