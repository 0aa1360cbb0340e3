"""What a rule would have earned: traded late and at a cost, against its benchmark and chance.

answer = tilts.weigh(market, "leader:small_vs_large")
answer.frame(); answer.daily()

lines     the baskets, securities and series that a rule trades, and cash
declared  rules by name
signals   from a declared rule to target weights, by what was known at each close
answer    the result, every number a figure
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline import arguments
from paceline.lineage import code_of
from paceline.methods.backtest import result
from paceline.studies.tilts.answer import TradedRule, Trials
from paceline.studies.tilts.declared import changed, known, rule_of
from paceline.studies.tilts.lines import TradedLines
from paceline.studies.tilts.signals import lines_for, signals

if TYPE_CHECKING:
    from paceline.market import Market

__all__ = ["ABOUT", "QUESTION", "TradedRule", "Trials", "changed", "known", "rule_of", "weigh"]

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
#: Random rules unless told otherwise.
DRAWS = 1000


def weigh(
    market: Market,
    rule: str,
    settings: Mapping[str, Any] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> TradedRule:
    """Trade a rule of a market: see ``methods.backtest`` and ``config.TradingRule``.

    rule      its name: of the market file, or KIND:NAME of a rotation or group
    settings  keys of a rule with other values than it has, e.g. {"c": 1.0}
    draws     random rules that it is compared with; seed: where their draws start
    Raises ``UnknownName`` for the rule or what it names, ``UsageError`` for settings, and
    ``NotEnoughData`` where lines or history do not reach.
    """
    rule = arguments.name(rule, "rule")
    draws, seed = arguments.whole(draws, "draws"), arguments.whole(seed, "seed")
    declared = changed(rule_of(market, rule), rule, settings or {})
    legs, lines = lines_for(market, declared)
    said = signals(market, declared, legs, lines)
    found = result.backtest(traded(lines, lines.row(legs.benchmark)), said, draws=draws, seed=seed)
    market = market.including(lines.baskets)
    bases = dict.fromkeys(lines.baskets, lines.basis)
    asked = {
        "rule": rule,
        "settings": {k: settings[k] for k in sorted(settings or {})} if settings else {},
        "declared": declared.model_dump(mode="json", exclude_unset=True),
        "costs": market.file.costs.model_dump(mode="json", exclude_defaults=True),
        "draws": draws,
        "seed": seed,
        "as_of": market.as_of,
    }
    provenance = market.provenance(lines.baskets, bases)
    provenance = market.moment.lineage.with_series(provenance)
    question = provenance.question(
        "backtest",
        asked,
        code_of(__name__),
        names=lines.baskets,
        basis=lines.basis if lines.baskets else "",
        caveats=[*lines.caveats, market.stored.year_note if lines.year != 12 else ""],
    )
    return TradedRule(
        market, rule, declared, lines, legs.benchmark, found, Trials(None, None), question
    )


def traded(lines: TradedLines, benchmark: int) -> result.Traded:
    """The lines as what a rule is traded in."""
    return result.Traded(
        lines.days,
        lines.returns,
        np.isfinite(lines.levels),
        lines.cash,
        lines.costs,
        lines.borrow,
        benchmark,
        lines.year,
    )
