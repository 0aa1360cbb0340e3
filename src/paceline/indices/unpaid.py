"""Dividends that total returns lack, or have in another unit, beside the price returns.

A total return that is the price return says that nothing was paid, which on most days is true. Of a
security that pays every quarter it is not true for half a year. Nothing else in the data tells: a
feed that lost its dividends goes on as before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from paceline.arrays import Array, Bools, Ints

#: A total return is above the price return by more than this, and so many times the middle
#: difference of all sessions (rounding), where something was paid.
PAID, NOISE = 1e-5, 12.0
#: One session in so many tells the middle difference.
SAMPLE = 16
#: Payments that tell how often a security pays.
REGULAR = 4
#: No more of them than this part have as large a difference below zero for each (that is noise),
#: and so many of the intervals are near the middle one, by this part of it.
NOISY, EVEN, NEAR = 0.25, 0.6, 0.3
#: It pays no more where it did not for so many sessions, and so many times as long as usual.
SILENT, TIMES = 84, 1.5
#: Sessions of a half-year; what total returns may lose on price returns in one.
HALF, BELOW = 126, 0.0025
#: So many payers tell the unit: what the middle one of them pays in a year is between these.
SEVERAL, YEAR, YIELD = 5, 252, (0.0005, 0.2)
#: Of so many securities that are known for a year somebody pays.
SOMEBODY = 20

Cells = tuple[Ints, Bools]


class Unpaid(NamedTuple):
    """Rows (n,) of securities, and their sessions (n, T), of which each thing is true.

    payers  they pay at all: every session
    unpaid  nothing is paid by who usually does; ``before``: nothing is paid yet by who does later
    below   total returns lose on price returns
    odd     payments of a source are too small or too large for dividends: every session
    """

    payers: Cells
    unpaid: Cells
    before: Cells
    below: Cells
    odd: Cells


def found(price: Array, total: Array, same: tuple[Ints, Ints], source: Ints) -> Unpaid:
    """What the returns (N, T) of a panel say of its dividends.

    same    rows and columns of cells in which one basis stands in for the other: not known
    source  (N,) a number of the source of each security's total returns

    Paid is a total return above the price return by 0.001% and twelve times the middle difference
    of its row, where no more than a quarter as many are as far below it. A security that paid four
    times or more, at about equal intervals mostly, pays every m sessions, m the median; it is
    silent after a payment where 84 sessions and 1.5 m have none, from the shortest of its intervals
    on. So are twenty securities or more that are known for a year, where nobody ever pays. A
    half-year, counted back from the last session, in which the differences add up to less than
    -0.25% is below. Of a source with five payers or more the middle one pays 0.05% to 20% a
    year.
    """
    gap = total - price
    gap[same] = np.nan
    known = np.isfinite(gap)
    least = np.maximum(PAID, NOISE * _middle(np.abs(gap[:, ::SAMPLE])))[:, None]
    gap[~known] = 0.0
    row, column = np.nonzero(gap > least)
    count, less = np.bincount(row, minlength=len(gap)), np.count_nonzero(gap < -least, axis=1)
    regular = (count >= REGULAR) & (less <= NOISY * count)
    regular[regular] = _even(row, column, np.flatnonzero(regular))
    kept = regular[row]
    row, column = row[kept], column[kept]
    payers = np.flatnonzero(regular)
    after, before = _spells(row, column, known, payers)
    after = np.concatenate([_never(known, count), after], axis=1)
    yearly = np.zeros(len(gap))
    np.add.at(yearly, row, gap[row, column])
    yearly *= YEAR / np.maximum(np.count_nonzero(known, axis=1), 1)
    length = gap.shape[1]
    odd = _odd(yearly, regular, source)
    return Unpaid(
        _always(payers, length),
        _cells(after, length),
        _cells(before, length),
        _below(gap),
        _always(odd, length),
    )


def _even(row: Ints, column: Ints, rows: Ints) -> Bools:
    """Which of these rows have most of their payments at equal intervals."""
    of = np.searchsorted(rows, row[1:])
    inside = (row[1:] == row[:-1]) & np.isin(row[1:], rows)
    of, step = of[inside], np.diff(column)[inside]
    usual = _at_middle(of, step, len(rows))
    near = np.abs(step - usual[of]) <= NEAR * usual[of]
    count = np.maximum(np.bincount(of, minlength=len(rows)), 1)
    return np.asarray(np.bincount(of, near, minlength=len(rows)) >= EVEN * count)


def _at_middle(of: Ints, values: Ints, groups: int, lowest: bool = False) -> Ints:
    """(groups,) the middle value of each group, or the lowest; each has one at least."""
    order = np.lexsort((values, of))
    begin = np.searchsorted(of[order], np.arange(groups))
    count = np.bincount(of, minlength=groups)
    return np.asarray(values[order[begin if lowest else begin + (count - 1) // 2]])


def _spells(row: Ints, column: Ints, known: Bools, payers: Ints) -> tuple[Array, Array]:
    """(row, first, last session) of silences after a payment, and of those before the first one."""
    place = np.full(len(known), -1, np.int64)
    place[payers] = np.arange(len(payers))
    of = place[row]
    number = np.cumsum(known[payers], axis=1, dtype=np.int32)  # sessions that are known
    at = number[of, column]
    inside = np.flatnonzero(of[1:] == of[:-1])
    step = at[inside + 1] - at[inside]
    usual, shortest = (_at_middle(of[inside], step, len(payers), low) for low in (False, True))
    limit = np.maximum(SILENT, TIMES * usual)
    last = np.append(np.flatnonzero(of[1:] != of[:-1]), len(of) - 1) if len(of) else of
    first = np.append(0, last[:-1] + 1) if len(of) else of
    gone = step > limit[of[inside]]
    ends = number[:, -1] - at[last] > limit
    late = at[first] > limit
    a, b = inside[gone], last[ends]
    stop = np.full(len(b), known.shape[1] - 1)
    after = np.concatenate(
        [
            np.stack([row[a], column[a] + shortest[of[a]], column[a + 1] - 1]),
            np.stack([row[b], np.minimum(column[b] + shortest[of[b]], stop), stop]),
        ],
        axis=1,
    )
    c = first[late]
    return after, np.stack([row[c], known[row[c]].argmax(axis=1), column[c] - 1])


def _always(rows: Ints, length: int) -> Cells:
    """These rows on all sessions."""
    return rows, np.broadcast_to(np.True_, (len(rows), length))


def _never(known: Bools, count: Ints) -> Array:
    """(row, first, last session) of all that are known for a year, where nobody ever pays."""
    rows = np.flatnonzero(known.sum(axis=1) >= YEAR)
    if len(rows) < SOMEBODY or count.any():
        return np.empty((3, 0), np.int64)
    own = known[rows]
    return np.stack([rows, own.argmax(axis=1), own.shape[1] - 1 - own[:, ::-1].argmax(axis=1)])


def _cells(spells: Array, length: int) -> Cells:
    """Rows that have any of these spells, and (n, T) their sessions."""
    rows, of = np.unique(spells[0], return_inverse=True)
    edge = np.zeros((len(rows), length + 1), np.int8)
    np.add.at(edge, (of, spells[1]), 1)
    np.add.at(edge, (of, spells[2] + 1), -1)
    return rows, np.cumsum(edge[:, :-1], axis=1, dtype=np.int8) > 0


def _below(gap: Array) -> Cells:
    """Rows and sessions of half-years in which total returns lose on price returns."""
    length = gap.shape[1]
    begin = np.unique(np.maximum(np.arange(length - HALF, -HALF, -HALF), 0))
    lost = np.add.reduceat(gap, begin, axis=1) < -BELOW
    rows = np.flatnonzero(lost.any(axis=1))
    return rows, np.repeat(lost[rows], np.diff(np.append(begin, length)), axis=1)


def _odd(yearly: Array, regular: Bools, source: Ints) -> Ints:
    """Payers of a source whose middle one pays too little or too much in a year."""
    out = np.zeros(len(yearly), bool)
    for one in np.unique(source[regular]):  # a handful of sources
        of = regular & (source == one)
        middle = np.median(yearly[of])
        if of.sum() >= SEVERAL and not YIELD[0] <= middle <= YIELD[1]:
            out |= of
    return np.flatnonzero(out)


def _middle(x: Array) -> Array:
    """Median of each row, without what is missing; zero where all is."""
    part = np.sort(x, axis=1)  # NaN last
    count = np.isfinite(x).sum(axis=1)
    at = np.take_along_axis(part, np.maximum((count - 1) // 2, 0)[:, None], axis=1)[:, 0]
    return np.where(count > 0, at, 0.0)
