"""What a scenario is asked about: rotations, pairs of themes, and baskets against the benchmark."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array
from paceline.config.baskets import Theme
from paceline.studies import theme_lines
from paceline.studies.rotations import basis_of
from paceline.studies.scenario.drivers import Drivers, sampled

if TYPE_CHECKING:
    from paceline.market import Market

#: How many times as long a history is that stands in for a line.
TWICE = 2


@dataclass(frozen=True)
class Subject:
    """One line whose returns are explained: ln(A/B), period by period.

    name    of the rotation, the pair, or the basket
    line    it and its legs
    values  (T,) log return of the line in each period of the drivers; NaN where it has none
    """

    name: str
    line: theme_lines.Line
    values: Array

    @property
    def label(self) -> str:
        """Its name for people."""
        return self.line.label

    @property
    def note(self) -> str:
        """What is weak about its line."""
        if self.line.basis != "mixed":
            return ""
        return "one leg counts dividends and the other does not: an ordinary period says so too"


def legs(market: Market, names: Sequence[str] | None = None) -> list[str]:
    """Baskets and securities that the lines of the asked subjects need."""
    stand_in = market.file.report.history
    first = [*market.file.report.page_one.rows.values()]
    named = market.resolve([stand_in.get(n, n) for n in _baskets(market, names)])
    pairs = [leg for theme in market.file.themes.values() for pair in theme.pairs for leg in pair]
    return market.resolve([*named, *first, *pairs])


def named(market: Market, subjects: Sequence[str]) -> list[str]:
    """What a person asked about: rotations as they are, all else as baskets."""
    found = []
    for name in subjects:
        found += [name] if name in market.file.rotations else market.resolve([name])
    return list(dict.fromkeys(found))


def _baskets(market: Market, names: Sequence[str] | None) -> list[str]:
    """The baskets asked about; without names those of the group by sector."""
    if names is not None:
        return market.resolve([n for n in names if n not in market.file.rotations])
    group = market.sector_group
    return list(market.groups.get(group, [])) if group is not None else []


def gathered(market: Market, drivers: Drivers, names: Sequence[str] | None = None) -> list[Subject]:
    """The subjects asked about but for those that are drivers, period by period: see ``lines``."""

    def length(line: theme_lines.Line) -> int:
        return periods(drivers, sampled(line.days, line.line, drivers.ends))

    return [
        Subject(name, line, sampled(line.days, line.line, drivers.ends))
        for name, line in lines(market, names, length)
        if name not in drivers.baskets.values()
    ]


def lines(
    market: Market, names: Sequence[str] | None, length: Callable[[theme_lines.Line], int]
) -> Iterator[tuple[str, theme_lines.Line]]:
    """(name, line) of rotations and of baskets against the benchmark.

    names   of both; None: every rotation, pair of a theme, and sector
    length  of a line. A line gives way to the longer history that the market file names for it,
            the ``proxy`` of a rotation or ``report.history`` of a basket, that is more than twice
            as long
    """
    for name in market.file.rotations if names is None else names:
        if name in market.file.rotations:
            yield name, _rotation(market, name, length)
    for theme in market.file.themes.values() if names is None else ():
        for line in theme_lines.lines_of(market, Theme(pairs=theme.pairs)) if theme.pairs else ():
            label = f"{theme.label}: {line.label}" if theme.label else line.label
            yield line.name, replace(line, label=label)
    for name in _baskets(market, names):
        if name != market.benchmark:
            yield name, _against_benchmark(market, name, length)


def _rotation(
    market: Market, name: str, length: Callable[[theme_lines.Line], int]
) -> theme_lines.Line:
    rotation = market.file.rotations[name]
    label = rotation.label or name.replace("_", " ")
    own = theme_lines.pair_line(market, name, label, rotation.lead, rotation.against)
    if not rotation.proxy:
        return own
    other = next(theme_lines.lines_of(market, Theme(series=[rotation.proxy])))
    other = replace(other, label=f"{label} ({other.label})")
    return other if length(other) > TWICE * length(own) else own


def _against_benchmark(
    market: Market, name: str, length: Callable[[theme_lines.Line], int]
) -> theme_lines.Line:
    """A basket against the benchmark, on a basis that both have where there is one."""
    own, longer = _pair(market, name), market.file.report.history.get(name)
    if longer is None:
        return own
    other = _pair(market, market.resolve([longer])[0], market.moment.called(name))
    return other if length(other) > TWICE * length(own) else own


def _pair(market: Market, name: str, called: str = "") -> theme_lines.Line:
    first = market.file.report.page_one.benchmark
    others = [market.benchmark, *(market.resolve([first]) if first else [])]
    against = next((o for o in others if basis_of(market.all_levels, name, o)), market.benchmark)
    own = market.moment.called(name)
    label = called if not called or called == own else f"{called} ({own})"
    return theme_lines.pair_line(market, name, label or own, name, against)


def periods(drivers: Drivers, values: Array) -> int:
    """Periods in which a line (T,) and every driver have a value."""
    return int(np.isfinite(np.vstack([values[None], drivers.values])).all(axis=0).sum())
