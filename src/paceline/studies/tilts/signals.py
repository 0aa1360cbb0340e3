"""From a declared rule to its lines and its signals, by what was known at each close."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array, Dates
from paceline.config import listed
from paceline.config.rules import PAIRS
from paceline.errors import NotEnoughData, UnknownName, UsageError
from paceline.methods.backtest import rules
from paceline.studies.rotations import pair_of
from paceline.studies.tilts.lines import TradedLines, lines_of, named

if TYPE_CHECKING:
    from paceline.config import TradingRule
    from paceline.market import Market

CASH = "cash"
#: Sessions that a thrust is held where the rule does not say.
THRUST_HELD = 252
#: Of those that are chosen among so many have begun on the first day, or as many as are chosen.
FEWEST = 2


@dataclass(frozen=True)
class RuleLegs:
    """The names that a rule is about: what it may hold, where it is at home, what it is against."""

    over: str
    home: str
    among: tuple[str, ...]
    benchmark: str

    @property
    def names(self) -> list[str]:
        """All of them, each once."""
        return list(
            dict.fromkeys([n for n in (self.over, *self.among, self.home) if n] + [self.benchmark])
        )


def legs_of(market: Market, rule: TradingRule) -> RuleLegs:
    """The names of a rule, resolved."""

    def one(name: str) -> str:
        found = named(market, [name])
        if len(found) != 1:
            raise UsageError(f"{name!r} is a group of {len(found)}.", "Give one basket.")
        return found[0]

    plain = one(rule.benchmark or market.benchmark)
    if rule.kind in PAIRS:
        over, against = rule.over or "", rule.against or ""
        if rule.rotation is not None:
            pair = pair_of(market, rule.rotation)
            over, against = pair.lead, pair.against
        over, home = one(over), one(against)
        return RuleLegs(over, home, (), one(rule.benchmark) if rule.benchmark else home)
    if rule.kind == "weights":
        among = named(market, [n for n in rule.weights or {} if n != CASH])
        return RuleLegs("", "", tuple(among), plain)
    home = one(rule.against) if rule.against else plain
    among = [n for n in named(market, listed(rule.baskets)) if n != home]
    return RuleLegs("", home, tuple(among), one(rule.benchmark) if rule.benchmark else home)


def lines_for(market: Market, rule: TradingRule) -> tuple[RuleLegs, TradedLines]:
    """The names of a rule and their lines."""
    legs = legs_of(market, rule)
    must = [n for n in (legs.over, legs.home, legs.benchmark) if n]
    if rule.kind == "weights":
        must += legs.among
    least = max(rule.count, FEWEST) if legs.among and rule.kind != "weights" else 0
    must = list(dict.fromkeys(must))
    return legs, lines_of(market, legs.names, must, rule.since, legs.among, least)


def signals(market: Market, rule: TradingRule, legs: RuleLegs, lines: TradedLines) -> Array:
    """(T, N) target weights that the rule decides at each close; rows of NaN decide nothing."""
    home = np.zeros(len(lines.names))
    if legs.home:
        home[lines.row(legs.home)] = 1.0
    if rule.kind in PAIRS:
        over = (1 - rule.size) * home
        over[lines.row(legs.over)] += rule.size
        if rule.kind == "tilt":
            return rules.constant(over, lines.levels, lines.days, lines.calendar, rule.when)
        return rules.switched(_condition(market, rule, legs, lines), over, home)
    if rule.kind == "weights":
        weights = np.zeros(len(lines.names))
        for name, weight in (rule.weights or {}).items():
            if name != CASH:
                weights[lines.row(named(market, [name])[0])] += weight
        return rules.constant(weights, lines.levels, lines.days, lines.calendar, rule.when)
    return _choice(rule, legs, lines, home)


def _condition(market: Market, rule: TradingRule, legs: RuleLegs, lines: TradedLines) -> Array:
    """(T,) 1 while the rule holds ``over``, 0 while it is at home, NaN before it can say."""
    over, home = (lines.levels[lines.row(n)] for n in (legs.over, legs.home))
    match rule.kind:
        case "leader" | "fade":
            return rules.leader(over, home, rule.c, fade=rule.kind == "fade")
        case "dips":
            return rules.dips(over, rule.dip, rule.hold)
        case "season":
            return rules.in_season(lines.days, month_day(rule.start), month_day(rule.end))
        case "thrust":
            subject = rule.subject or legs.over
            up, down = (
                series_of(market, "advance_decline", which, subject, lines.days)
                for which in ("advances", "declines")
            )
            return rules.thrust(up, down, rule.hold or THRUST_HELD)
    subject = rule.subject or legs.over
    values = series_of(market, rule.measure or "", rule.statistic, subject, lines.days)
    return rules.condition(values, rule.above, rule.below)


def _choice(rule: TradingRule, legs: RuleLegs, lines: TradedLines, home: Array) -> Array:
    """Signals of the rules that choose among several."""
    who = [lines.row(n) for n in legs.among]
    own = lines.row(legs.home)
    if rule.kind == "laggards":
        season = month_day(rule.start), month_day(rule.end)
        return rules.laggards(lines.levels, lines.days, home, who, *season, rule.count)
    if rule.kind == "quadrants":
        return rules.rotation(
            lines.levels, lines.days, lines.calendar, home, who, own, rule.quadrants
        )
    best = rule.kind == "momentum"
    return rules.momentum(
        lines.levels,
        lines.days,
        lines.calendar,
        home,
        who,
        when=rule.when,
        lookback=rule.lookback,
        skip=rule.skip,
        count=rule.count if best else None,
        against=None if best else own,
    )


def month_day(text: str) -> tuple[int, int]:
    """Month and day of "12-15"."""
    month, day = text.split("-")
    return int(month), int(day)


def series_of(market: Market, name: str, statistic: str, subject: str, days: Dates) -> Array:
    """(T,) a causal measure's series of one subject on these days; NaN where it has no value.

    Raises ``UsageError`` for a measure that is not causal or no series, ``UnknownName`` and
    ``NotEnoughData`` for a subject without it.
    """
    from paceline import measures

    declared = measures.get(name, market.plugins)
    if not declared.causal:
        raise UsageError(
            f"the measure {declared.name} is not causal: later sessions change what it says of "
            "earlier ones, so no rule may act on it.",
            "Choose a causal measure: its page in docs/measures says whether it is.",
        )
    if declared.shows != "series":
        raise UsageError(
            f"the measure {declared.name} is a table of one day, not a series.",
            "Choose one that is shown as a series, e.g. percent_above_average.",
        )
    found = market.evaluate(declared.name)
    values = found.result.value
    assert isinstance(values, dict)
    statistic = statistic or next(iter(values))
    if statistic not in values:
        raise UnknownName(f"statistic of {declared.name}", statistic, values)
    if subject not in found.view.subjects:
        raise NotEnoughData(
            f"{declared.name} has no value of {subject}.",
            "Name one that has members: `paceline list baskets`, and the key `subject`.",
        )
    own = found.view.sessions
    row = values[statistic][found.view.subjects.index(subject)]
    at = np.minimum(np.searchsorted(own, days), len(own) - 1)
    return np.where(own[at] == days, row[at], np.nan)
