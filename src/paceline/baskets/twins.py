"""One company under two names: members whose returns are the same for months."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Bools
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.panel import Panel

#: How the caveat begins.
ONE = "one company twice"
#: Sessions that are compared together, and returns other than zero that a security needs in them.
QUARTER, ENOUGH = 63, 40
#: Different returns among them, in basis points: what grows evenly is no twin of what does so too.
DIFFERENT, BASIS_POINT = 20, 4
#: Decimals of a return that count.
DECIMALS = 9


class Twins:
    """Which securities of a panel have the same returns, worked out on first use."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel

    @cached_property
    def pairs(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Rows of two securities -> quarters of equal returns, and the last session of the last.

        Quarters are 63 sessions, counted back from the last one; a security counts with forty
        returns other than zero, twenty of them different by a basis point or more.
        """
        out: dict[tuple[int, int], tuple[int, int]] = {}
        returns = self.panel.fields.get("price_return", self.panel.fields.get("total_return"))
        if returns is None:
            return out
        for stop in range(returns.shape[1], 0, -QUARTER):
            part = returns[:, max(stop - QUARTER, 0) : stop]
            rows = np.flatnonzero(np.count_nonzero(np.nan_to_num(part), axis=1) >= ENOUGH)
            same: dict[bytes, list[int]] = defaultdict(list)
            for row in rows.tolist():
                same[np.round(part[row], DECIMALS).tobytes()].append(row)
            twice = (g for g in same.values() if len(g) > 1)
            for group in twice:
                if len(np.unique(np.round(part[group[0]], BASIS_POINT))) < DIFFERENT:
                    continue
                for pair in combinations(group, 2):
                    quarters, last = out.get(pair, (0, stop - 1))
                    out[pair] = quarters + 1, last
        return out

    def caveats(self, held: Bools) -> list[str]:
        """That two of the members that a basket holds, (N,) ``held``, have the same returns."""
        found = [(pair, at) for pair, at in self.pairs.items() if held[list(pair)].all()]
        if not found:
            return []
        (a, b), (quarters, last) = max(found, key=lambda one: one[1])
        names, day = self.panel.securities, self.panel.sessions[last]
        others = number_of(len(found) - 1, "other pair")
        more = f", and {others}" if len(found) > 1 else ""
        what = (
            f"{names[a]} and {names[b]} have the same returns in {number_of(quarters, 'quarter')}"
        )
        return [f"{ONE}? {what} up to {day}{more}"]
