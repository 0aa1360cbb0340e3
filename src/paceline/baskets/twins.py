"""One company under two names: members whose returns are the same for months."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Bools, Ints
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
    def quarters(self) -> list[tuple[int, Ints]]:
        """Last session of each quarter, newest first, and (N,) number of the returns a row has.

        Rows of one number have the same returns in the quarter; -1 for a row that is like no other.
        Quarters are 63 sessions, counted back from the last one; a security counts with forty
        returns other than zero, twenty of them different by a basis point or more.
        """
        out: list[tuple[int, Ints]] = []
        returns = self.panel.fields.get("price_return", self.panel.fields.get("total_return"))
        if returns is None:
            return out
        for stop in range(returns.shape[1], 0, -QUARTER):
            part = returns[:, max(stop - QUARTER, 0) : stop]
            rows = np.flatnonzero(np.count_nonzero(np.nan_to_num(part), axis=1) >= ENOUGH)
            if not len(rows):
                continue
            own = np.round(part[rows], DECIMALS) + 0.0  # no minus zero: bytes are compared
            line = np.ascontiguousarray(own).view(np.dtype((np.void, own.itemsize * own.shape[1])))
            _, first, number, count = np.unique(
                line.ravel(), return_index=True, return_inverse=True, return_counts=True
            )
            for one in np.flatnonzero(count > 1).tolist():
                if len(np.unique(np.round(own[first[one]], BASIS_POINT))) < DIFFERENT:
                    count[one] = 1
            numbers = np.full(len(returns), -1, np.int64)
            numbers[rows] = np.where(count[number] > 1, number, -1)
            if (numbers >= 0).any():
                out.append((stop - 1, numbers))
        return out

    def caveats(self, held: Bools) -> list[str]:
        """That two of the members that a basket holds, (N,) ``held``, have the same returns.

        Named are two of the newest quarter with such members, and how many further ones it has.
        """
        pair: Ints | None = None
        last = quarters = others = 0
        for session, numbers in self.quarters:
            rows = np.flatnonzero(held & (numbers >= 0))
            count = np.bincount(numbers[rows], minlength=1)
            twice = rows[count[numbers[rows]] > 1]
            if pair is None and len(twice):
                pair = twice[numbers[twice] == numbers[twice[0]]][:2]
                last, others = session, len(twice) - 2
            if pair is not None:
                quarters += int(numbers[pair[0]] == numbers[pair[1]] >= 0)
        if pair is None:
            return []
        a, b = (self.panel.securities[i] for i in pair.tolist())
        said = f"{a} and {b} have the same returns in {number_of(quarters, 'quarter')}"
        more = f", and {number_of(others, 'other member')}" if others else ""
        return [f"{ONE}? {said} up to {self.panel.sessions[last]}{more}"]
