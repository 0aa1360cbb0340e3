"""What returns say of themselves over months: dividends that stop, sessions that are off.

Worked out over all securities at once, on first use, and weighed for every basket.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline.arrays import Array
from paceline.indices import late, unpaid
from paceline.lineage import code_of, digest
from paceline.panel.holes import OTHER_BASIS

if TYPE_CHECKING:
    from paceline.indices import Indices
    from paceline.panel import Panel
    from paceline.store import Cache

#: Companies cut their dividends, a few at a time: less of the weight that pays is not told.
MANY = 0.15
KIND = "doubts"
Cells = unpaid.Cells


class Doubting:
    """Sessions of securities of one panel that what they do over months makes doubtful."""

    def __init__(self, panel: Panel, alone: bool) -> None:
        self.panel, self.alone = panel, alone

    def kept(self, index: Indices, known: str, cache: Cache) -> dict[str, Array]:
        """``shares``, from the cache if they are there; ``known`` names panel and targets."""
        key = digest([known, index.basis, self.alone, code_of(__name__)], 32)
        entry, shape = cache.load(KIND, key), (len(index.names), len(index.sessions))
        if entry is None:
            made = self.shares(index)
            cells = {kind: np.flatnonzero(share) for kind, share in made.items()}
            own: dict[str, Any] = {f"{k} cells": c for k, c in cells.items()}
            own |= {f"{k} shares": made[k].ravel()[c] for k, c in cells.items()}
            cache.save(KIND, key, list(made), own)
            return made
        found = {kind: np.zeros(shape) for kind in entry.values}
        for kind, share in found.items():
            share.ravel()[entry.arrays[f"{kind} cells"]] = entry.arrays[f"{kind} shares"]
        return found

    def shares(self, index: Indices) -> dict[str, Array]:
        """Kind of doubt -> (S, T) share of the weight of each basket, at the start of each span.

        unpaid  the securities usually pay dividends, and total returns hold none
        below   total returns lose on price returns
        odd     dividends are in another unit
        late    daily changes fit those of the market a session late or early
        """
        out = {} if self._late is None else {"late": index.weight_of(*self._late)}
        found = self._unpaid
        if found is None:
            return out
        out["below"] = index.weight_of(*found.below)
        if index.basis == "total":
            none = index.weight_of(*found.unpaid)
            if not self.alone:  # a fund's first dividend comes months after its first session
                none += index.weight_of(*found.before)
            paying = index.weight_of(*found.payers)
            out["unpaid"] = np.where(none > MANY * paying, none, 0.0)
            out["odd"] = index.weight_of(*found.odd)
        return out

    @cached_property
    def _late(self) -> Cells | None:
        """Members that are late; a lone instrument is held against the broad basket instead."""
        fields: Mapping[str, Array] = self.panel.fields
        returns = fields.get("price_return", fields.get("total_return"))
        return None if self.alone or returns is None else late.members(returns)

    @cached_property
    def _unpaid(self) -> unpaid.Unpaid | None:
        fields, marks = self.panel.fields, self.panel.marks
        names = ("price_return", "total_return")
        if not set(names) <= set(fields):
            return None
        same = [marks[n].kind == OTHER_BASIS for n in names if n in marks]
        cells = (
            [
                np.concatenate(
                    [getattr(marks[n], part)[of] for n, of in zip(names, same, strict=True)]
                )
                for part in ("row", "column")
            ]
            if same
            else [np.empty(0, np.int64)] * 2
        )
        source = self.panel.memo.get("latest", {}).get("total_return")
        source = np.zeros(len(self.panel.securities), np.int64) if source is None else source
        price, total = (fields[n] for n in names)
        return unpaid.found(price, total, (cells[0], cells[1]), source)
