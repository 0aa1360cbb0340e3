"""A scenario put to a market: drivers, regressions, effects, and the periods most like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from paceline.arrays import Array, Bools, Ints
from paceline.config import Scenario
from paceline.errors import NotEnoughData, UnknownName, UsageError
from paceline.methods import scenario as methods
from paceline.methods import sensitivity
from paceline.studies.scenario import drivers as moved
from paceline.studies.scenario import subjects as asked
from paceline.studies.scenario.drivers import Drivers, Every
from paceline.studies.scenario.subjects import Subject
from paceline.wording import agreeing, number_of

if TYPE_CHECKING:
    from paceline.market import Market

#: Half-life of the weights of recent periods, and periods of a rolling window.
HALF_LIFE = {"week": 52, "month": 36}
WINDOW = {"week": 156, "month": 60}
#: Periods without which nothing is fitted: three years of weeks, four of months.
LEAST = {"week": 156, "month": 48}
#: A variance inflation above this is called high.
INFLATED = 10.0
#: Past stretches that are shown.
NEAREST = 5


@dataclass(frozen=True)
class Regressions:
    """Returns of the subjects explained by the drivers, in several ways.

    subjects  those that could be fitted; ``refused`` (subject, reason) of the others
    y         (S, T) their returns
    fit       least squares over the whole history
    recent    the same with weights that halve every ``HALF_LIFE`` periods
    rolling   (S, K, T) coefficients over the ``WINDOW`` periods up to each
    ridge     for prediction
    """

    drivers: Drivers
    subjects: tuple[Subject, ...]
    refused: tuple[tuple[Subject, str], ...]
    y: Array = field(repr=False)
    fit: sensitivity.Regression = field(repr=False)

    @cached_property
    def recent(self) -> sensitivity.Regression:
        """Least squares whose weights halve every so many periods."""
        weight = sensitivity.decay(self.y.shape[1], HALF_LIFE[self.drivers.every])
        return sensitivity.ols(self.y, self.drivers.values, weight=weight)

    @cached_property
    def rolling(self) -> Array:
        """(S, K, T) coefficients over a rolling window."""
        return sensitivity.rolling(self.y, self.drivers.values, WINDOW[self.drivers.every])

    @cached_property
    def ridge(self) -> sensitivity.Ridge:
        """Coefficients shrunk as far as forecasts of later periods ask for."""
        return sensitivity.ridge(self.y, self.drivers.values)

    @cached_property
    def collinearity(self) -> sensitivity.Collinearity:
        """How far the drivers say the same."""
        return sensitivity.collinearity(self.drivers.values)

    @cached_property
    def whole(self) -> Bools:
        """(T,) periods in which every driver has a value."""
        return np.asarray(np.isfinite(self.drivers.values).all(axis=0))

    @cached_property
    def years(self) -> Ints:
        """(T,) calendar year of each period."""
        return self.drivers.ends[1:].astype("datetime64[Y]").astype(np.int64) + 1970

    @cached_property
    def without(self) -> dict[int, sensitivity.Regression]:
        """Calendar year -> least squares without its periods."""
        there = np.unique(self.years[self.fit.used.any(axis=0)]).tolist()
        x = self.drivers.values
        return {
            year: sensitivity.ols(self.y, x, weight=(self.years != year).astype(float))
            for year in there
        }

    @property
    def shortest(self) -> str:
        """The driver that begins last: the history of all begins with it."""
        first = np.isfinite(self.drivers.values).argmax(axis=1)
        return self.drivers.names[int(first.argmax())]

    def first(self, i: int) -> np.datetime64:
        """First day of the first period that the i-th subject is fitted on."""
        day: np.datetime64 = self.drivers.ends[int(self.fit.used[i].argmax())]
        return day

    def last(self, i: int) -> np.datetime64:
        """Last day of the last one."""
        used = np.flatnonzero(self.fit.used[i])
        day: np.datetime64 = self.drivers.ends[int(used[-1]) + 1]
        return day


def regressions(
    market: Market,
    every: Every = "month",
    names: Sequence[str] | None = None,
    only: Sequence[str] | None = None,
) -> Regressions:
    """The subjects' returns on the drivers; ``market`` includes all baskets that are needed.

    Raises ``UsageError`` for drivers that are one, ``NotEnoughData`` where no subject has enough
    periods.
    """
    drivers = moved.gathered(market, every, only)
    found = asked.gathered(market, drivers, names)
    if not found:
        raise UsageError("nothing is asked about.", "Name a rotation or a basket with --subject.")
    whole = np.isfinite(drivers.values).all(axis=0)
    k = len(drivers.names)
    least = max(sensitivity.fewest(k), LEAST[every])
    counts = [asked.periods(drivers, s.values) for s in found]
    unit = drivers.every
    if int(whole.sum()) >= least:
        _apart(drivers)
    short = [
        (s, f"{number_of(n, unit)} with every driver, {least} needed")
        for s, n in zip(found, counts, strict=True)
        if n < least
    ]
    kept = tuple(s for s, n in zip(found, counts, strict=True) if n >= least)
    if not kept:
        raise NotEnoughData(
            f"{number_of(k, 'driver')} {agreeing(k, 'needs', 'need')} {least} {unit}s, and the "
            f"longest history of {', '.join(s.label for s in found[:3])} has {max(counts)}.",
            "Take fewer drivers with --driver, --every week, or bring longer histories.",
        )
    y = np.array([s.values for s in kept])
    return Regressions(drivers, kept, tuple(short), y, sensitivity.ols(y, drivers.values))


def _apart(drivers: Drivers) -> None:
    """No driver is a sum of others; else ``UsageError`` names the two that are most alike."""
    found = sensitivity.collinearity(drivers.values)
    if found.condition < sensitivity.SINGULAR:
        return
    alike = np.abs(found.correlation - np.eye(len(drivers.names)))
    a, b = divmod(int(alike.argmax()), len(drivers.names))
    names = sorted((drivers.names[a], drivers.names[b]))
    raise UsageError(
        f"the drivers {names[0]} and {names[1]} say the same, or are sums of others: what each "
        "does cannot be told apart.",
        f"Take one of them out, here with --driver, for good in [drivers.{names[1]}].",
    )


@dataclass(frozen=True)
class Found:
    """A scenario by one set of regressions.

    given      (K,) changes that the scenario states; NaN for the others
    change     (K,) with the others filled in
    history    (K, T) sums of the drivers over as many periods
    beyond     (K,) whether the change lies outside them
    effects    on the subjects; ``recent`` those by the weights of recent periods, ``ridge`` (S,)
               by ridge
    alone      (S,) the effect if only the stated drivers moved, and the others as ordinary
    along      (S, T) the effect by the coefficients of the rolling window up to each period
    share      (S,) share of the rolling windows in which the effect has the sign of the whole's
    turns      (S,) how often that sign changed from one window to the next
    without    (S,) the effect without the calendar year that changes it most; ``year`` (S,) is it
    nearest    past stretches most like it; ``then`` (S, n) log return of each subject in them
    """

    by: Regressions
    periods: int
    given: Array
    change: Array
    history: Array
    beyond: Bools
    effects: methods.Effects
    recent: methods.Effects
    ridge: Array
    alone: Array
    along: Array
    share: Array
    turns: Array
    without: Array
    year: Ints
    nearest: methods.Nearest
    then: Array

    @property
    def stretches(self) -> list[tuple[str, str]]:
        """First and last day of the past stretches most like it, nearest first."""
        ends, h = self.by.drivers.ends, self.periods
        return [(str(ends[t + 1 - h]), str(ends[t + 1])) for t in self.nearest.at.tolist()]


def found(spec: Scenario, by: Regressions, name: str) -> Found:
    """The effects of a scenario; ``UsageError`` where it shocks a driver that is left out."""
    drivers = by.drivers
    for driver in spec.shocks:
        if driver not in drivers.specs:
            raise UsageError(
                f"scenarios.{name} moves {driver}, which --driver leaves out.",
                f"Add --driver {driver}.",
            )
    periods = drivers.periods(spec.months)
    given = np.array([_change(spec, drivers, d, name) for d in drivers.names])
    x = drivers.values
    change, covariance = _filled(by, given, periods, by.whole)
    history = methods.sums(x, periods)
    stated = np.isfinite(given)
    near = methods.nearest(
        history[stated], given[stated], covariance[np.ix_(stated, stated)], periods, NEAREST
    )
    away = change[None, :] - periods * by.fit.mean_x
    along = np.einsum("skt,sk->st", by.rolling, away)
    effects = methods.effects(by.fit, change, periods)
    share, turns = _steadiness(along, effects.effect)
    without, year = _without_a_year(by, given, periods, effects.effect)
    return Found(
        by,
        periods,
        given,
        change,
        history,
        methods.beyond(history, change),
        effects,
        methods.effects(by.recent, change, periods),
        np.einsum("sk,sk->s", by.ridge.beta, away),
        np.einsum("sk,sk->s", by.fit.beta, np.where(stated, away, 0.0)),
        along,
        share,
        turns,
        without,
        year,
        near,
        methods.sums(by.y, periods)[:, near.at],
    )


class InOther(NamedTuple):
    """What the same scenario comes to by periods of the other length: effect and R squared."""

    effect: float
    explained: float


def in_other(spec: Scenario, by: Regressions, name: str) -> dict[str, InOther]:
    """Subject -> its effect by these regressions, where only that is asked."""
    periods = by.drivers.periods(spec.months)
    given = np.array([_change(spec, by.drivers, d, name) for d in by.drivers.names])
    change, _ = _filled(by, given, periods, by.whole)
    effect = methods.effects(by.fit, change, periods).effect.tolist()
    explained = by.fit.explained.tolist()
    return {s.name: InOther(e, r) for s, e, r in zip(by.subjects, effect, explained, strict=True)}


def _steadiness(along: Array, effect: Array) -> tuple[Array, Array]:
    """Share of windows (S, T) with the sign of the effect (S,), and how often the sign changes."""
    there = np.isfinite(along)
    same = there & (np.sign(along) == np.sign(effect)[:, None])
    with np.errstate(divide="ignore", invalid="ignore"):
        share = same.sum(axis=1) / there.sum(axis=1)
    both = there[:, 1:] & there[:, :-1]
    turned = both & (np.sign(along[:, 1:]) != np.sign(along[:, :-1]))
    return share, np.where(there.any(axis=1), turned.sum(axis=1), np.nan).astype(float)


def _filled(by: Regressions, given: Array, periods: int, keep: Bools) -> tuple[Array, Array]:
    """(K,) changes with those not stated filled in, by the periods kept, and their covariance."""
    x = by.drivers.values[:, keep]
    covariance = np.atleast_2d(np.cov(x))
    return methods.conditional_mean(x.mean(axis=1), covariance, given, periods), covariance


def _without_a_year(
    by: Regressions, given: Array, periods: int, effect: Array
) -> tuple[Array, Ints]:
    """(S,) effect by all but the calendar year whose absence changes it most, and that year."""
    rows, there = [], np.array(list(by.without))
    for year, fit in by.without.items():
        change, _ = _filled(by, given, periods, by.whole & (by.years != year))
        rows.append(np.einsum("sk,sk->s", fit.beta, change - periods * fit.mean_x))
    found = np.array(rows)
    most = np.nan_to_num(np.abs(found - effect), nan=-1.0).argmax(axis=0)
    return found[most, np.arange(len(effect))], there[most]


def _change(spec: Scenario, drivers: Drivers, driver: str, name: str) -> float:
    """The stated change of a driver as it enters: the log of a return."""
    if driver not in spec.shocks:
        return float("nan")
    change = spec.shocks[driver]
    if not drivers.specs[driver].is_return:
        return change
    if change <= -1:
        raise UsageError(
            f"scenarios.{name}.shocks.{driver}: a return of {change:g} leaves nothing.",
            "Returns are fractions: -0.2 is a fall of 20%.",
        )
    return float(np.log1p(change))


def spec_of(market: Market, name: str) -> Scenario:
    """A declared scenario; ``UnknownName`` for any other."""
    declared = market.file.scenarios
    if name not in declared:
        raise UnknownName("scenario", name, declared)
    return declared[name]
