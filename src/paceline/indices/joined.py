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
    panel = index.drift.panel
    marks = panel.marks.get(f"{index.basis}_return", Marks.none())
    now = own[-1].columns[own[-1].weights[list(own[-1].rows).index(row)] > 0]
    inside = (marks.kind >= DOUBTED) & np.isin(marks.row, now)
    if not inside.any():
        return ()
    held = np.zeros((len(own), len(panel.securities)), bool)
    for k, r in enumerate(own):
        held[k, r.columns] = r.weights[list(r.rows).index(row)] > 0
    each = np.unique(marks.column[inside] * held.shape[1] + marks.row[inside])  # in order of days
    t, i = np.divmod(each, held.shape[1])
    at = np.searchsorted([r.session for r in own], t) - 1
    before = (at < 0) | ~held[at, i]
    days = panel.sessions[t[before]].astype("datetime64[D]").astype(str).tolist()
    return tuple(zip(days, (panel.securities[n] for n in i[before].tolist()), strict=True))


def caveat(name: str, found: Closes, first: str, end: str) -> str:
    """What a value says that looks back over returns after ``first`` to ``end``; empty if none."""
    told = [(day, security) for day, security in found if first < day <= end]
    if not told:
        return ""
    day, security = told[-1]
    more = f", and {number_of(len(told) - 1, 'other close')} likewise" if len(told) > 1 else ""
    return f"the close of {security} is in doubt on {day}, before {name} held it{more}"
