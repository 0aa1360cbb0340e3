"""Why the level of a basket ends, or never begins: who of its members has no return."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paceline.baskets.history import stored
from paceline.wording import agreeing, number_of

if TYPE_CHECKING:
    from paceline.indices import Indices

#: Members that are named.
NAMED = 3
#: ``arrays.COVERAGE`` in words.
NEEDED = "nine in ten are needed"


def why(index: Indices, name: str, last: int | None) -> str:
    """Who lacks a return on the session after the last level: "1 of 3 members (A) has no price".

    last   session of the last level; None where there is no level at all: the latest session with
           members that lack one is named
    Empty where nobody is held on that session.
    """
    row = index.row(name)
    short = np.flatnonzero((index.members[row] > 0) & (index.missing[row] > 0))
    if last is None:
        return _lacking(index, row, int(short[-1])) if len(short) else _too_short(index)
    return _lacking(index, row, last + 1) if last + 1 in short else ""


def _too_short(index: Indices) -> str:
    if len(index.sessions) == 1:
        return "its data are of one session, and a return needs two"
    return "it holds nobody on a session with returns"


def _lacking(index: Indices, row: int, t: int) -> str:
    stretch = next(s for s in index.stretches if s.start <= t < s.stop)
    columns = stretch.columns[stretch.weights[row] > 0]
    path = index.drift.path(stretch.start, t + 1, columns)
    lacks = columns[index.drift.earned(path)[1][:, -1]]
    panel = index.drift.panel
    names = [panel.securities[i] for i in lacks.tolist()]
    close = stored(panel, "close")
    what = "return" if close is None or np.isfinite(close[lacks, t]).any() else "price"
    named = ", ".join(names[:NAMED]) + (", ..." if len(names) > NAMED else "")
    of = number_of(int(index.members[row, t]), "member")
    day = index.sessions[t].astype("datetime64[D]")
    verb = agreeing(len(names), "has", "have")
    return f"{len(names):,} of {of} ({named}) {verb} no {what} on {day}; {NEEDED}"
