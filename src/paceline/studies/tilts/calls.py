"""What each call on file would have earned, after the costs of making and ending the bet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from paceline.figures import Figure, Value
from paceline.methods.backtest.portfolio import Orders, assets, run
from paceline.methods.scoring import CallScore
from paceline.studies import calls
from paceline.studies.tilts.lines import costs_of

if TYPE_CHECKING:
    from paceline.market import Market
    from paceline.studies.calls import Scored

#: Statistic -> unit.
SHOWN = {"earned": "return", "net": "return", "against": "return", "lead": "return"}


@dataclass(frozen=True)
class CallEarned:
    """One call: earned before costs and net, the return of what it is against, and the lead.

    reason  why there is nothing, else ""
    """

    id: str
    who: str
    words: str
    reason: str
    figures: Mapping[str, Figure] = field(repr=False)


@dataclass(frozen=True)
class CallsEarned:
    """Every call of a ledger."""

    market: Market = field(repr=False)
    ledger: str
    calls: tuple[CallEarned, ...]

    @property
    def every(self) -> list[Figure]:
        """All figures."""
        return [f for call in self.calls for f in call.figures.values()]


def earned(market: Market, path: str | Path | None = None) -> CallsEarned:
    """What each call of a ledger would have earned from its first close to its horizon or today.

    The baskets are bought in equal parts at the close that the call counts from, from what they
    are against, which is sold at the same close; at its horizon it goes back. Of a call under, the
    other way round. Both ways cost. A call that waits for a dip, or has not begun, has earned
    nothing yet.
    """
    scored = calls.score(market, path)
    rows = tuple(_one(scored, s) for s in scored.scores)
    return CallsEarned(market, str(path or calls.LEDGER), rows)


def _one(scored: Scored, s: CallScore) -> CallEarned:
    call, question = s.call, scored.questions[s.call.id]
    reason = s.reason or ("" if s.entry and s.held else s.status)
    numbers: dict[str, Value] = {}
    if call.level is not None:
        reason = "a level is no bet against anything"
    elif not reason and s.basket_return is not None and s.against_return is not None:
        numbers = _numbers(scored.market, s, scored.yardstick(call))
    figures = {
        name: question.figure(
            " + ".join(call.baskets),
            value,
            SHOWN[name],
            statistic=name,
            label=call.who,
            start=s.entry,
            end=s.end,
            extra={"call": call.id},
        )
        for name, value in numbers.items()
    }
    return CallEarned(call.id, call.who, call.words, reason, figures)


def _numbers(market: Market, s: CallScore, against: tuple[str, ...]) -> dict[str, Value]:
    """Gross, net, the other side's return, and the net lead, by the engine of all rules."""
    own, other = float(s.basket_return or 0.0), float(s.against_return or 0.0)
    if s.call.sign < 0:
        own, other = other, own
    held, left = (s.call.baskets, against)[:: s.call.sign]
    rates = [float(costs_of(market, market.resolve(list(side))).mean()) for side in (left, held)]
    returns = np.array([[0.0, 0.0, 0.0, other, 0.0], [0.0, 0.0, 0.0, own, 0.0]])
    over = s.due is not None and s.end == s.due
    sessions = np.array([1, 2, 3][: 3 if over else 2])
    weights = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]][: len(sessions)])
    made = run(assets(returns, np.zeros(5)), Orders(sessions, weights), np.array(rates))
    paid = made.paid.copy()
    paid[0] = 0.0  # what it is moved from was there before
    net = float(np.prod(1 - paid) * np.prod(1 + made.gross) - 1)
    return {"earned": own, "net": net, "against": other, "lead": net - other}
