"""Rules written outside: one Python function from what is known at a close to target weights.

    from paceline.studies.tilts import rule

    @rule
    def calm(state):
        wealth = state.level("small_fund")
        return {"small_fund": 1.0} if wealth[-1] > wealth[-200:].mean() else {"cap_fund": 1.0}

It is called at each decision with the ``State`` of that close, which holds nothing later, and
returns weights that add up to 1, "cash" among them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from paceline import plugins
from paceline.arrays import Array, Dates, Ints
from paceline.errors import UnknownName, UsageError
from paceline.methods.backtest.portfolio import SAME
from paceline.studies.tilts.known import CASH, series_of
from paceline.studies.tilts.lines import TradedLines

if TYPE_CHECKING:
    from paceline.market import Market

#: How far weights may add up to something else than 1: rounding.
WHOLE = 1e-9
Function = Callable[["State"], Mapping[str, float]]


@dataclass(frozen=True, eq=False)
class OutsideRule:
    """A declared function; ``name`` is what market files call it."""

    name: str
    function: Function
    doc: str = ""


def rule(function: Function) -> OutsideRule:
    """Declare a function as a rule that market files may name: ``function = "its_name"``."""
    return OutsideRule(function.__name__, function, (function.__doc__ or "").strip())


def outside_rule(market: Market, name: str) -> OutsideRule:
    """The rule of a plug-in file of the market; raises ``UnknownName``."""
    known = plugins.collect("rule", {}, market.plugins, OutsideRule, lambda r: r.function)
    if name not in known:
        raise UnknownName("rule of a plug-in file", name, known)
    return known[name]


@dataclass(frozen=True)
class State:
    """What is known at one close; every array ends there.

    days   (t + 1,) the days so far; the last is the day of the decision
    names  the baskets, securities and series that may be held
    """

    _market: Market = field(repr=False)
    _lines: TradedLines = field(repr=False)
    _at: int

    @property
    def days(self) -> Dates:
        """The days so far."""
        return self._lines.days[: self._at + 1]

    @property
    def day(self) -> str:
        """The day of the decision, as an ISO date."""
        return str(self._lines.days[self._at])

    @property
    def names(self) -> tuple[str, ...]:
        """What may be held."""
        return self._lines.names

    def level(self, name: str) -> Array:
        """(t + 1,) wealth in one of the names; NaN where there is none. Raises ``UnknownName``."""
        if name not in self.names:
            raise UnknownName("line of this rule", name, self.names)
        return self._lines.levels[self._lines.row(name), : self._at + 1].copy()

    def measure(self, name: str, subject: str, statistic: str = "") -> Array:
        """(t + 1,) a causal measure's series of one subject; others are refused by name."""
        found = self._market.memo(
            ["rule", name, statistic, subject, str(self._lines.days[0]), len(self._lines.days)],
            lambda: series_of(self._market, name, statistic, subject, self._lines.days),
        )
        return found[: self._at + 1].copy()


def decided(market: Market, rule: OutsideRule, lines: TradedLines, at: Ints) -> Array:
    """(T, N) the weights that a function decides at these sessions; other rows are NaN.

    Raises ``PluginError`` naming file, line, rule and day where it fails or returns what cannot be.
    """
    signals = np.full(lines.levels.T.shape, np.nan)
    before: Array | None = None
    for t in at.tolist():
        state = State(market, lines, t)
        what = f"the rule {rule.name} on {state.day}"
        with plugins.blamed(plugins.file_of(rule.function), f"{what} failed"):
            given = rule.function(state)
        weights = np.zeros(len(lines.names))
        if fault := _misfit(given, lines, t):
            if plugins.outside(rule.function):
                plugins.refuse(rule.function, what, fault)
            raise UsageError(f"{what}: {fault}.", "Correct the function.")
        for name, weight in given.items():
            if name != CASH:
                weights[lines.row(name)] = float(weight)
        if before is None or (np.abs(weights - before) > SAME).any():
            signals[t] = before = weights
    return signals


def _misfit(given: object, lines: TradedLines, at: int) -> str:
    """What is wrong with the weights that a function returned; "" where nothing is."""
    if not isinstance(given, Mapping):
        return f"it must return a mapping of names to weights, and returned {type(given).__name__}"
    for name, weight in given.items():
        if name != CASH and name not in lines.names:
            return f"{name!r} is none of its names: {', '.join(lines.names)}, or {CASH}"
        if isinstance(weight, bool) or not isinstance(weight, (int, float, np.number)):
            return f"the weight of {name} is {type(weight).__name__}, not a number"
        if not math.isfinite(weight):
            return f"the weight of {name} is {weight}"
        if (
            name != CASH
            and weight
            and not np.isfinite(lines.levels[lines.row(name), : at + 1]).any()
        ):
            return f"{name} has no level yet"
    total = float(sum(given.values()))
    if abs(total - 1) > WHOLE:
        return f"the weights add up to {total:.12g}, not to 1: give the rest to {CASH}"
    return ""
