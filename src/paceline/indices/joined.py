"""Closes in doubt of who is held now, on sessions on which it was not held yet.

The level of a basket does not know them; what is worked out from each member's own past does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paceline.panel.holes import DOUBTED, Marks
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.indices import Indices

#: (ISO day, security) of each close, in order of days.
Closes = tuple[tuple[str, str], ...]


def closes(index: Indices, name: str) -> Closes:
    """Those of the members that a basket has held since its last rebalance."""
    row = index.row(name)
    own = [r for r in index.targets.rebalances if row in r.rows]
    if not own:
        return ()
    held = [r.columns[r.weights[list(r.rows).index(row)] > 0] for r in own]
    panel = index.drift.panel
    marks = panel.marks.get(f"{index.basis}_return", Marks.none())
    inside = (marks.kind >= DOUBTED) & np.isin(marks.row, held[-1])
    since = np.array([r.session for r in own])
    cells = sorted({*zip(marks.column[inside].tolist(), marks.row[inside].tolist(), strict=True)})
    return tuple(
        (str(panel.sessions[t].astype("datetime64[D]")), panel.securities[i])
        for t, i in cells
        if (k := int(np.searchsorted(since, t)) - 1) < 0 or i not in held[k]
    )


def caveat(name: str, found: Closes, first: str, end: str) -> str:
    """What a value says that looks back over returns after ``first`` to ``end``; empty if none."""
    told = [(day, security) for day, security in found if first < day <= end]
    if not told:
        return ""
    day, security = told[-1]
    more = f", and {number_of(len(told) - 1, 'other close')} likewise" if len(told) > 1 else ""
    return f"the close of {security} is in doubt on {day}, before {name} held it{more}"
