"""Whether built baskets follow what is published for them, for the figures of both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from paceline import config
from paceline.arrays import Array
from paceline.indices import apart
from paceline.indices.apart import Apart
from paceline.signals.sessions import month_ends

if TYPE_CHECKING:
    from paceline.market.assembled import Assembled


def pairs(file: config.MarketFile) -> dict[str, str]:
    """Built basket -> what is published for it: as declared, else broad basket and benchmark."""
    if file.published:
        return dict(file.published)
    bench, broad = file.market.benchmark, file.broad
    instrument = bench in file.baskets and file.baskets[bench].instrument
    return {broad: bench} if broad is not None and instrument else {}


def all_apart(moment: Assembled) -> list[Apart]:
    """The pairs of baskets that are apart in any month, the last as far as it has gone."""
    levels = moment.levels
    ends = np.union1d(month_ends(levels.sessions, moment.stored.sessions), len(levels.sessions) - 1)
    ends = np.union1d(0, ends)
    out = []
    for own, other in pairs(moment.file).items():
        if own not in levels.names or other not in levels.names:
            continue
        if not moment.file.published and _holds(moment, own, other):
            continue  # a benchmark that is one of the members is no index of them
        at = [levels.names.index(n) for n in (own, other)]
        for basis in ("price", "total"):
            a, b = (levels.by_basis[basis][row] for row in at)
            if not (np.isfinite(a) & np.isfinite(b)).any():
                continue
            off = apart.spans(a, b, levels.sessions, ends, moment.file.market.follows)
            if off:
                late = _lag(levels.sessions.astype(str), a, b, off)
                called = moment.called(own), moment.called(other)
                declared = bool(moment.file.published)
                out.append(Apart(own, other, basis, off, late, called, declared))
            break  # the first basis that both have
    return out


def _holds(moment: Assembled, own: str, other: str) -> bool:
    """Whether a built basket ever held the instrument of the other."""
    targets = moment.composite_indices["price"].targets
    row, names = targets.names.index(own), moment.composite_indices["price"].drift.panel.securities
    wanted = moment.baskets[other].instrument
    return any(
        names[i] == wanted
        for r in targets.rebalances
        if row in r.rows
        for i in r.columns[r.weights[list(r.rows).index(row)] > 0].tolist()
    )


def _lag(days: Array, a: Array, b: Array, off: tuple[tuple[str, str, float], ...]) -> int:
    """The lag over the sessions from the first month that is apart to the last."""
    first, stop = np.searchsorted(days, off[0][0]), np.searchsorted(days, off[-1][1], side="right")
    return apart.lag(a[first:stop], b[first:stop])


def touching(moment: Assembled, name: str, basis: str) -> Iterator[Apart]:
    """The pairs that a basket is one of, or that tell of its universe on the same basis."""
    spec = moment.baskets[name]
    for found in moment.coverage.apart:
        universe = moment.baskets[found.own].universe
        of_list = spec.universe is not None and (spec.universe, basis) == (universe, found.basis)
        if name in (found.own, found.other) or of_list:
            yield found
