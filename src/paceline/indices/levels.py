"""Index levels of every basket on one time axis, on both bases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from paceline.arrays import COVERAGE, Array, Dates
from paceline.config import Basis
from paceline.indices.drift import SHARES

if TYPE_CHECKING:
    from paceline.indices import Indices

BASES: tuple[Basis, Basis] = ("price", "total")


@dataclass(frozen=True)
class Levels:
    """Levels (basket x session), NaN before a basket exists and after its last session with data.

    ``native`` holds each basket on the basis named in ``basis``: the market's own where the basket
    has it.
    """

    sessions: Dates
    names: tuple[str, ...]
    by_basis: Mapping[str, Array]
    native: Array
    basis: Mapping[str, str]

    def dating(self, name: str) -> tuple[str, Array]:
        """The basis, and the level (T,) on it, on which the lows of a basket are dated."""
        row = self.names.index(name)
        return dating(*(self.by_basis[basis][row] for basis in BASES))


def dating(price: Array, total: Array) -> tuple[str, Array]:
    """The basis on which lows are dated, and the level (T,) on it: closes as long as they go on.

    So that one market has one low, whatever basis is shown. The level with dividends where there
    are no closes, or where those end before it.
    """
    ends = [int(np.flatnonzero(np.isfinite(x))[-1:].max(initial=-1)) for x in (price, total)]
    return ("price", price) if ends[0] >= ends[1] else ("total", total)


def assemble(
    days: Dates,
    names: tuple[str, ...],
    built: Sequence[Mapping[str, Indices]],
    prefer: Mapping[str, str],
) -> Levels:
    """Put indices built on panels of different lengths on the axis ``days``.

    A basket whose members lack the return of a basis (coverage below 90%) has no level on that
    basis until they do; ``native`` takes the basis ``prefer`` names where it exists and the other
    one where it does not.
    """
    row = {n: i for i, n in enumerate(names)}
    by_basis: dict[str, Array] = {on: np.full((len(names), len(days)), np.nan) for on in BASES}
    for indices in built:
        for on, index in indices.items():
            at = int(np.searchsorted(days, index.sessions[0]))
            by_basis[on][[row[n] for n in index.names], at : at + len(index.sessions)] = covered(
                index
            )
    other: dict[str, str] = {"price": "total", "total": "price"}
    exists = {b: [bool(np.isfinite(line).any()) for line in m] for b, m in by_basis.items()}
    basis = {
        n: prefer[n]
        if exists[prefer[n]][i] or not exists[other[prefer[n]]][i]
        else other[prefer[n]]
        for n, i in row.items()
    }
    priced = np.array([basis[n] == "price" for n in names])
    native = np.where(priced[:, None], by_basis["price"], by_basis["total"])
    for matrix in (native, *by_basis.values()):
        matrix.setflags(write=False)
    return Levels(days, names, by_basis, native, basis)


def covered(index: Indices, needed: float = COVERAGE) -> Array:
    """Levels from the first to the last session with returns of at least ``needed`` of the members.

    The close before the first of those returns is the base: where it covers several sessions, the
    close before them all. What is missing after the last one is not carried forward: nobody knows
    yet whether the data go on.
    """
    enough = (index.members > 0) & (index.members - index.missing >= needed * index.members)
    levels = np.where(np.isfinite(index.levels), index.levels, np.nan)
    lost, pending = (index.shares[SHARES.index(kind)] for kind in ("lost", "pending"))
    started = np.maximum.accumulate(enough | ((pending > 0) & (lost <= 1 - needed)), axis=1)
    there = np.zeros_like(started)
    there[:, :-1] = started[:, 1:]
    there[:, -1] = started[:, -1]
    there &= np.maximum.accumulate(enough[:, ::-1], axis=1)[:, ::-1]
    return np.where(there, levels, np.nan)
