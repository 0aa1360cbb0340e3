"""From a declared rule to its lines and its signals, by what was known at each close."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array
from paceline.config import listed
from paceline.config.rules import PAIRS
from paceline.errors import UsageError
from paceline.methods.backtest import rules
from paceline.studies.rotations import pair_of
from paceline.studies.tilts.known import CASH, series_of
from paceline.studies.tilts.lines import TradedLines, lines_of, named
from paceline.studies.tilts.outside import OutsideRule, decided, outside_rule
from paceline.studies.tilts.stocks import stock_lines

if TYPE_CHECKING:
    from paceline.config import TradingRule
    from paceline.market import Market

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
    members: str = ""

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
    if rule.members is not None:
        basket = one(rule.members)
        home = one(rule.against) if rule.against else basket
        return RuleLegs("", home, (), one(rule.benchmark) if rule.benchmark else home, basket)
    home = one(rule.against) if rule.against else plain
    among = [n for n in named(market, listed(rule.baskets)) if n != home]
    return RuleLegs("", home, tuple(among), one(rule.benchmark) if rule.benchmark else home)


def lines_for(
    market: Market, rules_: Sequence[TradingRule], legs: Sequence[RuleLegs]
) -> TradedLines:
    """The lines that variants of a rule are traded in: the same for all of them."""
    names = dict.fromkeys(n for own in legs for n in own.names)
    if legs[0].members:
        return stock_lines(market, legs[0].members, [*names], rules_[0].since)
    among = dict.fromkeys(n for own in legs for n in own.among)
    must = dict.fromkeys(n for own in legs for n in (own.over, own.home, own.benchmark) if n)
    kind = rules_[0].kind
    if kind == "weights":
        must |= among
    least = max(FEWEST, *(r.count for r in rules_), 0) if among and kind != "weights" else 0
    return lines_of(market, [*names], [*must], rules_[0].since, [*among], least)


def signals(
    market: Market,
    rule: TradingRule,
    legs: RuleLegs,
    lines: TradedLines,
    written: OutsideRule | None = None,
) -> Array:
    """(T, N) target weights that the rule decides at each close; rows of NaN decide nothing.

    written  the function of a rule of that kind; default: the plug-in's of that name
    """
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
    if rule.kind == "function":
        at = rules.decisions(lines.days, lines.calendar, rule.when)
        return decided(market, written or outside_rule(market, rule.function or ""), lines, at)
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
    if legs.members:
        who = [i for i, n in enumerate(lines.names) if n not in legs.names]
    own = lines.row(legs.home)
    if rule.kind == "laggards":
        season = month_day(rule.start), month_day(rule.end)
        return rules.laggards(
            lines.levels, lines.days, home, who, *season, rule.count, lines.eligible
        )
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
        eligible=lines.eligible,
    )


def month_day(text: str) -> tuple[int, int]:
    """Month and day of "12-15"."""
    month, day = text.split("-")
    return int(month), int(day)
