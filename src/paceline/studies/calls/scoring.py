"""A ledger scored against a market: names resolved, a basis chosen, each call measured."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline import arguments
from paceline.engine import Question
from paceline.errors import UnknownName, UsageError
from paceline.lineage import code_of
from paceline.methods.call import Call
from paceline.methods.legs import Legs
from paceline.methods.scoring import CallScore, due_date, score_call
from paceline.studies import ledger_file
from paceline.studies.calls.scored import Scored, yardstick
from paceline.studies.target import FARTHEST, sessions_to

if TYPE_CHECKING:
    from paceline.market import Market

#: The ledger that a report takes: beside the market file.
LEDGER = "calls.toml"


def beside(market: Market) -> Path | None:
    """The ledger beside the market file, if there is one."""
    if not market.path.endswith(".toml"):
        return None
    path = Path(market.path).with_name(LEDGER)
    return path if path.is_file() else None


def score(market: Market, path: str | Path | None = None) -> Scored:
    """Score every call of a ledger that was made by the market's as-of day.

    path  default: ``calls.toml`` beside the market file
    Raises ``UsageError`` for a ledger that does not hold and ``UnknownName`` for a basket it names.
    """
    file = Path(arguments.path(path, "path")) if path is not None else beside(market)
    if file is None:
        raise UsageError(
            "no ledger of calls is given.", f"Name a file, or keep {LEDGER} beside the market file."
        )
    today = dt.date.fromisoformat(market.as_of)
    ledger = ledger_file.read(file).known(today)
    names = {c.id: _resolved(market, c, file) for c in ledger.calls if c.scorable}
    used = sorted({n for legs in names.values() for side in legs for n in side})
    market = market.including(used)
    have = market.all_levels if names else None
    calendar, stored = sessions_to(market, _last_due(ledger.calls, today))
    provenance = market.provenance(
        used, {n: have.basis[n] for n in used} if have is not None else {}
    )
    scores, questions = [], {}
    for call in ledger.calls:
        sides, basis, legs = names.get(call.id), "", None
        rests: list[str] = []
        caveats: list[str] = []
        if sides is not None and have is not None:
            rests = [*sides[0], *sides[1]]
            basis, matrix = _basis(market, call, rests)
            lines = matrix[[have.names.index(n) for n in rests]]
            at = len(sides[0])
            legs = Legs(have.sessions, lines[:at], lines[at:], calendar)
            if "/" in basis:
                caveats.append(
                    f"its legs rest on different bases ({basis}): dividends count on one side only"
                )
        caveats += _remarks(call)
        due = None if legs is None else due_date(call, calendar)
        if stored is not None and due is not None and due > stored:
            caveats.append(f"sessions after {stored} are not stored yet: their number is estimated")
        questions[call.id] = provenance.question(
            "call",
            {
                "ledger": ledger.name,
                "call": call.model_dump(mode="json", exclude_defaults=True),
                "legs": sides,
                "basis": basis,
                "as_of": market.as_of,
            },
            code_of(__name__),
            names=rests,
            basis=basis,
            caveats=caveats,
            measure="calls",
        )
        scores.append(_or_no_data(score_call(call, legs), questions[call.id]))
    return Scored(market, ledger, tuple(scores), questions)


def _or_no_data(score: CallScore, question: Question) -> CallScore:
    """The score, or "no data" and why, where the levels have no value at an end of its window."""
    if score.status in ("not scorable", "not started"):
        return score
    end = min(score.due or question.as_of, question.as_of)
    why = question.refusal(score.entry, end)
    if not why:
        return score
    before = {k: getattr(score, k) for k in ("base", "base_active", "base_triggered", "chance")}
    return CallScore(
        score.call,
        "no data",
        why.removeprefix("no value: "),
        due=score.due,
        sessions=score.sessions,
        **before,
    )


def _last_due(made: Sequence[Call], today: dt.date) -> dt.date:
    """A day by which every call is due, as far as anybody looks ahead."""
    far = today + dt.timedelta(days=366 * FARTHEST)
    ends = [
        c.horizon
        if isinstance(c.horizon, dt.date)
        else max(c.date, c.begins or c.date)
        + dt.timedelta(days=min(3 * (c.horizon or 0), 366 * FARTHEST) + 14)
        for c in made
    ]
    return min(far, max(ends, default=today))


def _remarks(call: Call) -> list[str]:
    remarks = []
    if call.assumed:
        remarks.append(
            f"{', '.join(call.assumed)}: not stated by the speaker, chosen by the ledger's keeper"
        )
    if call.proxy:
        remarks.append("measured by a proxy of the keeper's choice; does not count in a record")
    if call.recorded is not None and call.corrects is None and (call.recorded - call.date).days > 7:
        remarks.append(f"written down on {call.recorded}, after it was made")
    if call.corrects is not None:
        remarks.append(f"corrects {call.corrects}, recorded on {call.recorded}")
    return remarks


def _resolved(market: Market, call: Call, path: Path) -> tuple[list[str], list[str]]:
    sides = []
    for given in (call.baskets, yardstick(market, call)):
        try:
            sides.append(market.resolve(given) if given else [])
        except UnknownName as error:
            raise UsageError(f"{path}: call {call.id!r}: {error.message}", error.remedy) from None
    if call.stance == "level_target" and len(sides[0]) != 1:
        raise UsageError(
            f"{path}: call {call.id!r}: {call.baskets[0]!r} is a group of baskets.",
            "Name one basket.",
        )
    return sides[0], sides[1]


def _basis(market: Market, call: Call, names: Sequence[str]) -> tuple[str, Any]:
    """One basis for all legs: total return where all have it, else price; a level is a price.

    Where no basis serves all legs each takes its own, and the figure says so.
    """
    have = market.all_levels
    rows = [have.names.index(n) for n in names]
    order = ("price", "total") if call.stance == "level_target" else ("total", "price")
    for basis in order:
        # of the whole history: a leg that ends or lags changes no basis
        if np.isfinite(have.by_basis[basis][rows]).any(axis=1).all():
            return basis, have.by_basis[basis]
    own = [have.basis[n] for n in names]
    return own[0] if len(set(own)) == 1 else "/".join(own), have.native
