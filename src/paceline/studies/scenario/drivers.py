"""The drivers of a market as they moved from period to period, each as it was known at the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from paceline.arrays import Array, Dates, Ints
from paceline.config import Driver
from paceline.errors import NotEnoughData, UnknownName, UsageError
from paceline.market.stored import Releases
from paceline.methods import surprise
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.market import Market

Every = Literal["month", "week"]
#: Monday is the first day of a week; 1970-01-01 was a Thursday.
THURSDAY, WEEK = 3, 7
#: Periods of a month, and what they are called.
PER_MONTH = {"month": 1.0, "week": 52 / 12}
#: A series whose values are this many days apart, or more, is released and not quoted.
RELEASED = 5
#: Values may be missing for twice the usual step between them, and a week.
STEPS = 2
#: A step this much longer than usual leaves a release out.
LEAP = 1.6


@dataclass(frozen=True)
class Drivers:
    """Changes of the drivers, period by period.

    every     "month" or "week"
    specs     the drivers by name, in order
    ends      (T + 1,) last session of each period, the one before the first included
    values    (K, T) change in each period: in its own unit, log returns; NaN where it has none
    baskets   driver -> the basket that it is, of those that are baskets
    notes     what is weak about them, in words
    """

    every: Every
    specs: Mapping[str, Driver]
    ends: Dates
    values: Array = field(repr=False)
    baskets: Mapping[str, str]
    notes: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """Their names in the market file."""
        return list(self.specs)

    @property
    def series(self) -> list[str]:
        """The stored series and the baskets that they rest on."""
        named = [s for d in self.specs.values() for _, s in d.named]
        return list(dict.fromkeys((*named, *self.baskets.values())))

    def label(self, name: str) -> str:
        """A driver's name for people."""
        return self.specs[name].label or name.replace("_", " ")

    def periods(self, months: int) -> int:
        """How many of its periods so many months are."""
        return max(round(months * PER_MONTH[self.every]), 1)


def period_ends(market: Market, every: Every) -> Dates:
    """The last session of every period that is over on the market's day."""
    days = market.all_levels.sessions
    later = market.sessions[market.sessions > days[-1]][:1]
    key = _period(np.concatenate([days, later]), every)
    last = np.flatnonzero(np.diff(key))
    ends: Dates = days[last[last < len(days)]]
    return ends


def _period(days: Dates, every: Every) -> Ints:
    if every == "month":
        return days.astype("datetime64[M]").astype(np.int64)
    found: Ints = (days.astype("datetime64[D]").astype(np.int64) + THURSDAY) // WEEK
    return found


def sampled(days: Dates, line: Array, ends: Dates) -> Array:
    """(T,) change of a line from end to end; NaN where it has no value on one of the two."""
    at = np.minimum(np.searchsorted(days, ends), max(len(days) - 1, 0))
    there = (days[at] == ends) if len(days) else np.zeros(len(ends), bool)
    value = np.where(there, line[at] if len(days) else np.nan, np.nan)
    return np.diff(value)


def gathered(market: Market, every: Every, only: Sequence[str] | None = None) -> Drivers:
    """The declared drivers, or those in ``only``, of a market that includes their baskets.

    Raises ``UsageError`` without any, ``UnknownName`` for one that is not declared,
    ``NotEnoughData`` for one whose series has no value or has ended.
    """
    declared = market.file.drivers
    if not declared:
        raise UsageError(
            f"{market.path} declares no drivers.",
            'Add them: [drivers.ten_year] series = "DGS10"; docs/scenario.md shows more.',
        )
    for name in only or ():
        if name not in declared:
            raise UnknownName("driver", name, declared)
    chosen = {n: d for n, d in declared.items() if only is None or n in only}
    ends = period_ends(market, every)
    notes: list[tuple[str, str]] = []
    rows, baskets = [], {}
    for name, spec in chosen.items():
        if spec.basket is not None:
            baskets[name] = market.resolve([spec.basket])[0]
            rows.append(_of_basket(market, baskets[name], ends))
        else:
            row, said = _of_series(market, name, spec, ends)
            rows.append(row)
            notes += [(name, note) for note in said]
    values = np.array(rows)
    _moving(market, list(chosen), values)
    return Drivers(every, chosen, ends, values, baskets, _together(chosen, notes))


def _together(chosen: Mapping[str, Driver], notes: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """One sentence for each weakness, with the drivers that have it."""
    said: dict[str, list[str]] = {}
    for name, note in notes:
        said.setdefault(note, []).append(name)
    return tuple(
        f"{'every driver' if len(of) == len(chosen) > 1 else ', '.join(of)}: {note}"
        for note, of in said.items()
    )


def baskets_of(market: Market) -> list[str]:
    """The baskets and securities that are drivers."""
    return market.resolve([d.basket for d in market.file.drivers.values() if d.basket])


def _of_basket(market: Market, basket: str, ends: Dates) -> Array:
    levels = market.all_levels
    level = levels.native[levels.names.index(basket)]
    with np.errstate(divide="ignore", invalid="ignore"):
        line = np.where(level > 0, np.log(level), np.nan)
    return sampled(levels.sessions, line, ends)


def _of_series(market: Market, name: str, spec: Driver, ends: Dates) -> tuple[Array, list[str]]:
    """Changes of a series from end to end as known then, and what is weak about them."""
    told, notes = _released(market, name, spec)
    step = _step(told.days)
    wait = int(np.median((told.known - told.days).astype(np.int64)))
    late = np.timedelta64(STEPS * step + WEEK + wait, "D")
    at = np.searchsorted(told.known, ends, side="right") - 1
    fresh = (at >= 0) & (ends - told.days[np.maximum(at, 0)] <= late)
    if not fresh[-1:].all():
        raise NotEnoughData(
            f"drivers.{name}: the series {spec.series} has no value after {told.days[-1]}, and "
            f"{market.as_of} is asked about.",
            "Bring newer values, or leave it out with --driver.",
        )
    if step >= RELEASED:
        notes.append(f"its last value known was that of {told.days[at[-1]]}")
    if not spec.surprise:
        return np.diff(np.where(fresh, told.values[np.maximum(at, 0)], np.nan)), notes
    news, by = _surprises(market, name, spec, told, step)
    unknown = ~np.isfinite(news)
    total = np.concatenate([[0.0], np.cumsum(np.where(unknown, 0.0, news))])
    lost = np.concatenate([[0], np.cumsum(unknown)])
    whole = fresh[1:] & fresh[:-1] & (np.diff(lost[at + 1]) == 0)
    return np.where(whole, np.diff(total[at + 1]), np.nan), [*notes, by]


def _released(market: Market, name: str, spec: Driver) -> tuple[Releases, list[str]]:
    """First values of a series as they enter, by date, and what is weak about them.

    Of the difference of two series each date that both have; logarithms where changes are returns.
    Known by the source where it says so, else ``lag`` days after the date; never before an earlier
    value.
    """
    told, notes = _stored(market, name, str(spec.series)), []
    if spec.minus is not None:
        told = _less(told, _stored(market, name, spec.minus))
    if spec.change == "log":
        good = told.values > 0
        if not good.all():
            lost = number_of(int((~good).sum()), "value")
            notes.append(f"{lost} not above zero, without a logarithm, left out")
        told = Releases(told.days[good], told.known[good], np.log(told.values[good]), told.revised)
    if len(told.days) <= surprise.ORDER:
        raise NotEnoughData(
            f"drivers.{name}: the series {spec.series} has {number_of(len(told.days), 'value')} "
            f"that count up to {market.as_of}.",
            "Ask for a later day, or leave it out with --driver.",
        )
    known = told.known
    if not (known > told.days).any():
        known = told.days + np.timedelta64(spec.lag, "D")
        if spec.lag:
            notes.append("known only after its lag: the source does not say when it was released")
        elif _step(told.days) >= RELEASED:
            notes.append("values count as known on their own date, before their release")
    if not told.revised:
        notes.append("values of the latest vintage, not those known on the day")
    return told._replace(known=np.maximum.accumulate(known)), notes


def _less(own: Releases, other: Releases) -> Releases:
    """The difference of two series on the dates of both."""
    days, a, b = np.intersect1d(own.days, other.days, return_indices=True)
    known = np.maximum(own.known[a], other.known[b])
    return Releases(days, known, own.values[a] - other.values[b], own.revised or other.revised)


def _stored(market: Market, name: str, series: str) -> Releases:
    if series not in market.series:
        raise UnknownName(f"series of drivers.{name}", series, market.series)
    return market.stored.releases(series, market.as_of)


def _step(days: Dates) -> int:
    """The usual number of days between two values."""
    return int(np.median(np.diff(days).astype(np.int64))) or 1


def _surprises(
    market: Market, name: str, spec: Driver, told: Releases, step: int
) -> tuple[Array, str]:
    """(n,) what was not foreseen of each value, and by what forecast."""
    if spec.forecast is not None:
        guess = _stored(market, name, spec.forecast)
        found = np.full(len(told.days), np.nan)
        _, a, b = np.intersect1d(told.days, guess.days, return_indices=True)
        with np.errstate(divide="ignore", invalid="ignore"):
            foreseen = np.log(guess.values[b]) if spec.change == "log" else guess.values[b]
        found[a] = told.values[a] - foreseen
        return found, f"the surprise is the value less the forecast {spec.forecast}"
    change = np.diff(told.values, prepend=np.nan)
    gap = np.diff(told.days).astype(np.int64)
    change[1:][gap > LEAP * step] = np.nan
    return surprise.residuals(change), (
        "no forecasts are stored: a surprise is the residual of an autoregression of the changes "
        "on all releases before"
    )


def _moving(market: Market, names: Sequence[str], values: Array) -> None:
    """Every driver moves; else ``NotEnoughData`` names the one that does not."""
    for name, row in zip(names, values, strict=True):
        there = row[np.isfinite(row)]
        if len(there) < 2 or np.ptp(there) == 0:
            raise NotEnoughData(
                f"drivers.{name} does not move up to {market.as_of}: "
                f"{number_of(len(there), 'period')} with a value.",
                "Leave it out with --driver, or bring a longer history.",
            )
