"""The ledger of calls beside the market file: its scores, and its level targets that are open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial

from paceline.studies import calls, target
from paceline.studies.answers import Answers
from paceline.studies.asking import attempt

#: A call that has not been decided.
UNDECIDED = ("open", "not started")


def scored(ask: Answers) -> calls.Scored | None:
    """The ledger's scores; None where there is no ledger or it cannot be scored."""
    path = calls.beside(ask.market)
    if path is None:
        return None
    question = ["calls", path.read_bytes().hex()]
    score = partial(calls.score, ask.market, path)
    return attempt(ask, "calls", lambda: ask.market.memo(question, score))


def open_targets(ask: Answers) -> Sequence[target.Answer]:
    """The level targets of the ledger that are still open, each weighed, in the ledger's order."""
    ledger = scored(ask)
    answers = []
    for score in ledger.in_force if ledger is not None else ():
        call = score.call
        if call.stance != "level_target" or score.status not in UNDECIDED or call.level is None:
            continue
        by = call.horizon if isinstance(call.horizon, dt.date) else score.due
        if score.due is None or by is None:
            continue
        weigh = partial(target.weigh, ask.market, call.level, by, subject=call.baskets[0])
        answers.append(attempt(ask, "target", weigh))
    return [a for a in answers if a is not None]
