"""What a rule would have earned: traded late and at a cost, against its benchmark and chance.

answer = tilts.weigh(market, "leader:small_vs_large")
answer.frame(); answer.daily()

lines     the baskets, securities and series that a rule trades, and cash
named_rules  rules by name
signals   from a declared rule to target weights, by what was known at each close
outside   rules written in Python
calls     what each call on file would have earned
sweep     variants of a rule, and the choice among them
answer    the result, every number a figure
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline import arguments, workers
from paceline.config import TradingRule
from paceline.figures import finite_or_none
from paceline.lineage import code_of, digest
from paceline.methods.backtest import choice, result
from paceline.store import trials
from paceline.studies.tilts import sweep
from paceline.studies.tilts.answer import WALK, TradedRule, Trials
from paceline.studies.tilts.calls import CallsEarned, earned
from paceline.studies.tilts.lines import PLUS, TradedLines
from paceline.studies.tilts.named_rules import changed, known, rule_of
from paceline.studies.tilts.outside import Function, OutsideRule, State
from paceline.studies.tilts.outside import rule as declare
from paceline.studies.tilts.signals import legs_of, lines_for, signals
from paceline.studies.tilts.sweep import Swept

if TYPE_CHECKING:
    from paceline.arrays import Array
    from paceline.engine import Question
    from paceline.market import Market

__all__ = [
    "ABOUT",
    "CALLS",
    "QUESTION",
    "CallsEarned",
    "OutsideRule",
    "State",
    "Swept",
    "TradedRule",
    "Trials",
    "changed",
    "earned",
    "known",
    "rule",
    "rule_of",
    "weigh",
]

rule = declare
#: What the ledger of calls is called among rules.
CALLS = "calls"
QUESTION = "What would this rule have earned, after costs, and is it more than chance?"
ABOUT = {
    "question": QUESTION,
    "definition": "Target weights decided at a close from what was known then, traded at the next "
    "close, earning from the session after; weights drift between; each one-way trade costs by "
    "the size of what is traded. Compared with the benchmark held, and with random rules that "
    "trade as often and hold as much. See docs/backtest.md.",
    "never": "That it will earn it again: it is one history, and the rule was found by people who "
    "knew it.",
    "references": [
        "Brinson, Fachler (1985); Carino (1999), linking",
        "Bailey, Lopez de Prado (2014), The deflated Sharpe ratio",
        "Bailey, Borwein, Lopez de Prado, Zhu (2017), The probability of backtest overfitting",
    ],
}
#: What every figure of a backtest says of its costs.
COSTS_NOTE = "costs are those of today, applied to all years"
#: Random rules unless told otherwise.
DRAWS = 1000


def weigh(
    market: Market,
    rule: str | OutsideRule | Function,
    settings: Mapping[str, Any] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> TradedRule | Swept:
    """Trade a rule of a market: see ``methods.backtest`` and ``config.TradingRule``.

    rule      its name: of the market file, or KIND:NAME of a rotation or group; or a function: see
              ``outside``, with ``baskets`` among the settings
    settings  keys of a rule with other values than it has, e.g. {"c": 1.0}; a list of values trades
              each combination as a variant: the answer is then a ``Swept``
    draws     random rules that it is compared with; seed: where their draws start
    Raises ``UnknownName`` for the rule or what it names, ``UsageError`` for settings, and
    ``NotEnoughData`` where lines or history do not reach.
    """
    draws, seed = arguments.whole(draws, "draws"), arguments.whole(seed, "seed")
    variants, written = sweep.grid(settings or {}), None
    if isinstance(rule, str):
        plain = rule_of(market, rule)
    else:
        arguments.function(None if isinstance(rule, OutsideRule) else rule, "rule")
        written = rule if isinstance(rule, OutsideRule) else declare(rule)
        rule = written.name
        plain = TradingRule.model_validate({"kind": "function", "function": rule})
    rules = [changed(plain, rule, one) for one in variants]
    legs = [legs_of(market, one) for one in rules]
    lines = lines_for(market, rules, legs)
    said = [signals(market, one, own, lines, written) for one, own in zip(rules, legs, strict=True)]
    asked = {
        "rule": rule,
        "settings": dict(settings or {}),
        "declared": plain.model_dump(mode="json", exclude_unset=True),
        "costs": market.file.costs.model_dump(mode="json", exclude_defaults=True),
        "draws": draws,
        "seed": seed,
        "as_of": market.as_of,
    }
    put = _question(market, lines, asked)
    market = market.including(lines.baskets)
    one = _One(market, rule, lines, legs[0].benchmark, put, draws, seed)
    if len(rules) == 1:
        return one.answer(rules[0], said[0])
    return one.swept(rules, variants, said)


def _question(market: Market, lines: TradedLines, asked: Mapping[str, Any]) -> Question:
    """The question, resting on the lines and their sources.

    A line that has ended is cash, which is said: its end is no reason to refuse a window.
    """
    market = market.including(lines.baskets)
    known = market.provenance(lines.baskets, dict.fromkeys(lines.baskets, lines.basis))
    parts = [p for n in lines.names if n not in lines.baskets for p in n.split(PLUS)]
    question = market.moment.lineage.with_series(known).question(
        "backtest",
        asked,
        code_of(__name__),
        names=[*lines.baskets, *dict.fromkeys(parts)],
        basis=lines.basis if lines.baskets else "",
        caveats=[*lines.caveats, COSTS_NOTE, market.stored.year_note if lines.baskets else ""],
    )
    return replace(question, gaps=tuple(g for g in question.gaps if not g.end))


@dataclass(frozen=True)
class _One:
    """A rule on its lines: everything that its variants share."""

    market: Market
    name: str
    lines: TradedLines
    benchmark: str
    question: Question
    draws: int
    seed: int

    @property
    def traded(self) -> result.Traded:
        """The lines as what a rule is traded in."""
        lines = self.lines
        return result.Traded(
            lines.days,
            lines.returns,
            np.isfinite(lines.levels),
            lines.cash,
            lines.costs,
            lines.borrow,
            lines.row(self.benchmark),
            lines.year,
        )

    def answer(self, rule: TradingRule, said: Array, name: str = "") -> TradedRule:
        """One variant, against its benchmark and chance."""
        found = result.backtest(self.traded, said, draws=self.draws, seed=self.seed)
        ratio = finite_or_none(found.metrics["net"]["information_ratio"])
        tried = self._tried({self._variant(rule, name): ratio})
        deflated = None
        if tried is not None:
            deflated = choice.deflated(found.active, *tried, found.year)
        count = None if tried is None else tried.variants
        return TradedRule(
            self.market,
            self.name,
            rule,
            self.lines,
            self.benchmark,
            found,
            Trials(count, deflated),
            self.question,
            name,
        )

    def swept(
        self,
        rules: Sequence[TradingRule],
        variants: Sequence[Mapping[str, Any]],
        said: Sequence[Array],
    ) -> Swept:
        """Every variant; the one that looks best, and the choice made inside of time."""
        traded, lines = self.traded, self.lines
        made = workers.spread(choice.variant, [(traded, one) for one in said])
        ratios = [finite_or_none(v.metrics["information_ratio"]) for v in made]
        self._tried(dict(zip([self._variant(r, "") for r in rules], ratios, strict=True)))
        active = np.array([v.active for v in made])
        least = round(choice.LEAST * lines.year)
        followed, which = choice.walk_forward(said, active, lines.days, lines.calendar, least)
        walk = self.answer(rules[0], followed, WALK) if (which >= 0).any() else None
        differ = [k for k in variants[0] if len({str(v[k]) for v in variants}) > 1]
        return Swept(
            self.market,
            self.name,
            rules[0],
            tuple({k: v[k] for k in differ} for v in variants),
            tuple(made),
            int(np.argmax([-np.inf if r is None else r for r in ratios])),
            walk,
            choice.fooled(active),
            self.benchmark,
            lines.labels[lines.row(self.benchmark)],
            (str(lines.days[0]), str(lines.days[-1])),
            self.question,
        )

    def _variant(self, rule: TradingRule, name: str) -> str:
        """What makes a variant: its rule and benchmark, whatever it is called."""
        told = rule.model_dump(mode="json", exclude={"label"})
        return digest([told, self.lines.names, self.benchmark, name])

    def _tried(self, ratios: Mapping[str, float | None]) -> trials.Tried | None:
        """All that was tried in this store, these included; None where it may only be read."""
        if not self.market.store.writable:
            return None
        trials.note(self.market.store.path, ratios)
        return trials.tried(self.market.store.path)
