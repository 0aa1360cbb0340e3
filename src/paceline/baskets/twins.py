"""One company or series under two names: securities whose returns are the same for months."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import Array, Bools, Ints
from paceline.baskets import spelling
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.panel import Panel

#: How the caveats of members and of instruments begin.
ONE, SERIES = "one company twice", "one series twice"
#: Sessions that are compared together, and returns other than zero that a security needs in them.
QUARTER, ENOUGH = 63, 40
#: Different returns among them, in basis points: what grows evenly is no twin of what does so too.
DIFFERENT, BASIS_POINT = 20, 4
#: Decimals of a return that count.
DECIMALS = 9
#: Of two names that differ by their spelling alone the middle difference of returns that rounding
#: leaves.
ROUNDED = 2e-4


class Twins:
    """Which securities of a panel have the same returns, worked out on first use."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel

    @cached_property
    def quarters(self) -> list[tuple[int, Ints]]:
        """Last session of each quarter, newest first, and (N,) number of the returns a row has.

        Rows of one number have the same returns in the quarter; -1 for a row that is like no other.
        Quarters are 63 sessions, counted back from the last one; a security counts with forty
        returns other than zero, twenty of them different by a basis point or more. Returns are the
        same to nine decimals; of two names that are one in another spelling half of them to 0.02%.
        """
        out: list[tuple[int, Ints]] = []
        returns = self._returns
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
            self._join(numbers, rows, part)
            if (numbers >= 0).any():
                out.append((stop - 1, numbers))
        return out

    @property
    def _returns(self) -> Array | None:
        """(N, T) price returns; total returns of securities without any."""
        price, total = (self.panel.fields.get(f"{basis}_return") for basis in ("price", "total"))
        if price is None or total is None:
            return total if price is None else price
        none = np.asarray(~np.isfinite(price).any(axis=1))
        return np.where(none[:, None], total, price) if none.any() else price

    @cached_property
    def _spelt(self) -> Ints:
        """(P, 2) rows of names that are one in two spellings."""
        names = self.panel.securities
        place = {name: row for row, name in enumerate(names)}
        pairs = {tuple(sorted((place[a], place[b]))) for a, b in spelling.alike(names, names)}
        return np.array(sorted(pairs), np.int64).reshape(-1, 2)

    def _join(self, numbers: Ints, rows: Ints, part: Array) -> None:
        """Give one number to names in two spellings with the same rounded returns, in place."""
        a, b = self._spelt[np.isin(self._spelt, rows).all(axis=1)].T
        gap = np.abs(part[a] - part[b])
        known = np.isfinite(gap).sum(axis=1) >= ENOUGH
        small = np.zeros(len(a), bool)
        small[known] = np.nanmedian(gap[known], axis=1) < ROUNDED
        for i, j in zip(a[small].tolist(), b[small].tolist(), strict=True):
            had = [int(numbers[k]) for k in (i, j) if numbers[k] >= 0]
            numbers[[i, j]] = had[0] if had else len(numbers) + i

    def of_series(self, row: int) -> list[str]:
        """That an instrument, by its row, has the same returns as another one."""
        found = [(session, numbers) for session, numbers in self.quarters if numbers[row] >= 0]
        if not found:
            return []
        last, newest = found[0]
        alike = np.flatnonzero(newest == newest[row])
        other = int(alike[alike != row][0])
        quarters = sum(int(numbers[other] == numbers[row]) for _, numbers in found)
        said = f"{self.panel.securities[row]} and {self.panel.securities[other]}"
        same = f"have the same returns in {number_of(quarters, 'quarter')}"
        return [f"{SERIES}? {said} {same} up to {self.panel.sessions[last]}"]

    def caveats(
        self, held: Bools, beside: Bools | None = None, *, ranked: bool = False
    ) -> list[str]:
        """That two securities, of which a basket holds one at least, have the same returns.

        held    (N,) members that the basket ever held
        beside  (N,) who was ever a member of its universe; none where it has no universe
        ranked  it is chosen by rank: two of which it holds neither count as well, since one of them
                may have the other's size

        Named are two of the newest quarter with such members, both held where there are such, and
        how many further ones it has. One that is held alone may have the other's returns.
        """
        pair: Ints | None = None
        last = quarters = others = 0
        every = held if beside is None else held | beside
        for wanted, one_of in ((held, held), (every, held), (every, every if ranked else held)):
            for session, numbers in self.quarters:
                rows = np.flatnonzero(wanted & (numbers >= 0))
                count, own = (
                    np.bincount(numbers[some], minlength=int(numbers.max(initial=0)) + 1)
                    for some in (rows, rows[one_of[rows]])
                )
                twice = rows[(count > 1)[numbers[rows]] & (own > 0)[numbers[rows]]]
                if pair is None and len(twice):
                    pair = twice[numbers[twice] == numbers[twice[0]]]
                    pair = pair[np.argsort(~held[pair], kind="stable")][:2]
                    last, others = session, len(twice) - 2
                if pair is not None:
                    quarters += int(numbers[pair[0]] == numbers[pair[1]] >= 0)
            if pair is not None:
                break
        if pair is None:
            return []
        a, b = (self.panel.securities[i] for i in sorted(pair.tolist()))
        said = f"{a} and {b} have the same returns in {number_of(quarters, 'quarter')}"
        more = f", and {number_of(others, 'other member')}" if others else ""
        first = self.panel.securities[pair[0]]
        alone = f"; {first} alone is held" if held[pair].any() else "; neither is held"
        alone = "" if held[pair].all() else alone
        return [f"{ONE}? {said} up to {self.panel.sessions[last]}{more}{alone}"]
