"""How long ago a day or a week was last as good, or as bad, as the one that has just ended."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from paceline.arrays import Array, Dates, Ints
from paceline.figures import Figure
from paceline.lineage import code_of

if TYPE_CHECKING:
    from paceline.market import Market

ABOUT = {
    "question": "Since when has there been no day, or week, as good or as bad?",
    "definition": "Return of the last day, or of the week that ends with it, in closes; since: the "
    "last earlier day or week whose return was as far from zero in the same direction.",
    "never": "That something as unusual as this means something: of many baskets one always has "
    "its best day in months.",
    "references": ["Chandler (1952), The Distribution and Frequency of Record Values"],
}
Unit = Literal["day", "week"]
#: Periods back to the last like it, for it to be news: a month of days, a quarter of weeks.
APART = {"day": 21, "week": 13}
#: Returns closer than this differ by rounding only.
EQUAL = 1e-9


class Since(NamedTuple):
    """The last period as extreme: its last session, and how many periods ago it was."""

    value: float
    start: int
    day: dt.date
    apart: int


def last_as_extreme(market: Market, subject: str, unit: Unit) -> Figure | None:
    """The return of the day, or of the week that ended today, where none was like it for long.

    The figure's ``extra`` says ``since`` when (the last session of that period, ISO). None where
    one as extreme lies nearer than ``APART`` periods or nowhere in the stored history, where the
    bases of the subject disagree on it, and for a week before its Friday.
    """
    levels = market.all_levels
    today = dt.date.fromisoformat(market.as_of)
    if subject not in levels.names or (unit == "week" and today.weekday() != 4):
        return None
    row = levels.names.index(subject)
    lines = {basis: by[row] for basis, by in levels.by_basis.items() if np.isfinite(by[row]).any()}
    found = {basis: _since(line, levels.sessions, unit) for basis, line in lines.items()}
    own = levels.basis[subject]
    mine = found.get(own)
    if mine is None or mine.apart < APART[unit]:
        return None
    if any(other is None or other.day != mine.day for other in found.values()):
        return None
    question = market.provenance([subject], {subject: own}).question(
        "extremes",
        {"as_of": market.as_of, "period": unit},
        code_of(__name__),
        names=[subject],
        basis=own,
    )
    return question.figure(
        subject,
        mine.value,
        "return",
        statistic=unit,
        label=market.labels.get(subject, subject),
        start=str(levels.sessions[mine.start]),
        end=market.as_of,
        extra={"since": str(mine.day), "apart": mine.apart},
    )


def _since(line: Array, days: Dates, unit: Unit) -> Since | None:
    """The last period as extreme as the last one, of one line."""
    ends = _ends(days, unit)
    level = line[ends]
    change = level[1:] / level[:-1] - 1
    if len(change) < 2 or not np.isfinite(change[-1]) or change[-1] == 0:
        return None
    way = float(np.sign(change[-1]))
    like = np.flatnonzero(change[:-1] * way >= change[-1] * way - EQUAL)
    if not len(like):
        return None
    at = int(like[-1])
    day = dt.date.fromisoformat(str(days[ends[at + 1]]))
    return Since(float(change[-1]), int(ends[-2]), day, len(change) - 1 - at)


def _ends(days: Dates, unit: Unit) -> Ints:
    """Last sessions of the periods; weeks begin on Mondays."""
    if unit == "day":
        return np.arange(len(days))
    week = (days.astype("datetime64[D]").astype(np.int64) + 3) // 7
    return np.flatnonzero(np.append(week[1:] != week[:-1], True))
