"""Holes in the returns: filled from the other basis, closed by what covers them, or counted.

A hole is a run of sessions, after a security's first return on a basis, on which it has none; for
a member of a list also before it, while nearly all other members have one. In this order:

* the other basis' return of the session stands in for a missing one
* where two sources meet and the later one begins with a close, the return is that between the two
  closes
* a return that covers several sessions keeps what the sessions it covers do not have:
  (1 + R) / product of (1 + r) - 1, so that nothing counts twice, whoever filled them

What is still missing stays missing. It is *pending* where a later return covers it: levels before
and after are right, only those between are not. A missing return that nothing covers is lost.
Everything done here is marked, cell by cell. All of it is causal: a cell rests on nothing later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import COVERAGE, Array, Bools
from paceline.panel.asof import Index

#: What a mark says of a cell of returns.
PENDING, OTHER_BASIS, OTHER_SOURCE, SEVERAL = 1, 2, 3, 4
DOUBTED, REPEATED, RETURNED, PARTED, QUIET, SEAM = 5, 6, 7, 8, 9, 10
#: The basis that stands in.
OTHER = {"price_return": "total_return", "total_return": "price_return"}
#: |ln| of a move above this may be a split or another scale: nothing is worked out from it.
JUMP = 0.3


class Marks(NamedTuple):
    """Marked cells of one basis, in order of their sessions.

    row, column  the cell
    kind         ``PENDING`` no return, but a later one covers the session; ``OTHER_BASIS`` and
                 ``OTHER_SOURCE`` whose return it is; ``SEVERAL`` the return covers more sessions;
                 ``DOUBTED`` closes, change and total return contradict one another;
                 ``REPEATED`` the close is that of the session before once more; ``RETURNED``
                 it leapt and came back the session after (``leaps``); ``PARTED`` the market cap
                 moved otherwise (``parted``); ``QUIET`` it leapt on no more than usual volume;
                 ``SEAM`` the return joins the last close of one source to the first of another
    known        the session from which the mark holds: that of the covering return of a pending
                 cell, the last of the run that makes a close a repeated one, else its own
    """

    row: Index
    column: Index
    kind: NDArray[np.int8]
    known: Index

    @classmethod
    def none(cls) -> Marks:
        """No cell."""
        empty = np.empty(0, np.int64)
        return cls(empty, empty, np.empty(0, np.int8), empty)

    @classmethod
    def of(cls, row: Index, column: Index, kind: int, known: Index | None = None) -> Marks:
        """Cells of one kind."""
        kinds = np.full(len(row), kind, np.int8)
        return cls(row, column, kinds, column if known is None else known)

    def joined(self, *others: Marks) -> Marks:
        """All marks together."""
        every = (self, *others)
        order = np.argsort(np.concatenate([m.column for m in every]), kind="stable")
        return Marks(
            np.concatenate([m.row for m in every])[order],
            np.concatenate([m.column for m in every])[order],
            np.concatenate([m.kind for m in every])[order],
            np.concatenate([m.known for m in every])[order],
        )

    def doubted(self, first: int, last: int) -> Index:
        """Rows with a close in doubt, of whatever kind, on sessions ``first`` to ``last``."""
        inside = slice(*np.searchsorted(self.column, (first, last + 1)))
        return self.row[inside][self.kind[inside] >= DOUBTED]

    def cut(self, t: int) -> Marks:
        """What was known at session t."""
        keep = self.known <= t
        if keep.all():
            return self
        return Marks(self.row[keep], self.column[keep], self.kind[keep], self.known[keep])


class _Covering(NamedTuple):
    """Returns that cover several sessions: cells, and how many."""

    row: Index
    column: Index
    sessions: Index


def latest(own: Array, ranks: NDArray[np.int8]) -> NDArray[np.int8]:
    """(N,) place of the source of each security's last value; -1 without one."""
    valid = np.isfinite(own)
    last = own.shape[1] - 1 - valid[:, ::-1].argmax(axis=1)
    return np.where(valid.any(axis=1), ranks[np.arange(len(own)), last], -1).astype(np.int8)


def mend(
    fields: Mapping[str, Array],
    covers: Mapping[str, NDArray[np.int32]],
    ranks: Mapping[str, NDArray[np.int8]] | None,
    members: Bools | None = None,
    first: int = 0,
) -> dict[str, Marks]:
    """Fill the holes of ``fields`` from session ``first`` on, in place; what was done, by basis.

    covers, ranks  as in ``cells.Filled``, of the sessions from ``first`` on; no ranks: no security
                   changes its source
    members        (N, ...) members of any list on the same sessions
    """
    bases = [name for name in OTHER if name in fields]
    marks = {
        name: Marks.none() if ranks is None else _other_source(fields[name], ranks[name])
        for name in bases
    }
    several = {name: _told(covers.get(name), first) for name in bases}
    if len(bases) == len(OTHER):
        holes = {name: _fillable(fields, name, members, first) for name in bases}
        values = {name: fields[OTHER[name]][holes[name]] for name in bases}
        inherited = {name: _within(several[OTHER[name]], holes[name]) for name in bases}
        for name in bases:
            row, column = holes[name]
            fields[name][row, column] = values[name]
            marks[name] = marks[name].joined(Marks.of(row, column, OTHER_BASIS))
            several[name] = _both(several[name], inherited[name])
    if ranks is not None and {"price_return", "close"} <= set(fields):
        seams = _seams(fields["close"], fields["price_return"], ranks["price_return"])
        several["price_return"] = _both(several["price_return"], seams)
        joins = Marks.of(seams.row, seams.column, SEAM)
        marks["price_return"] = marks["price_return"].joined(joins)
    for name in bases:
        marks[name] = marks[name].joined(*_closed(fields[name], several[name]))
    return marks


def _told(covers: NDArray[np.int32] | None, first: int) -> _Covering:
    """The returns that cover several sessions, by their sources."""
    if covers is None:
        return _Covering(*(np.empty(0, np.int64) for _ in range(3)))
    row, column = np.nonzero(covers)
    return _Covering(row, column + first, covers[row, column].astype(np.int64))


def _both(a: _Covering, b: _Covering) -> _Covering:
    return _Covering(*(np.concatenate(p) for p in zip(a, b, strict=True)))


def _within(covering: _Covering, cells: tuple[Index, Index]) -> _Covering:
    """Those that lie in the cells."""
    width = int(max(covering.column.max(initial=0), cells[1].max(initial=0))) + 1
    inside = np.isin(covering.row * width + covering.column, cells[0] * width + cells[1])
    return _Covering(*(p[inside] for p in covering))


def _fillable(
    fields: Mapping[str, Array], name: str, members: Bools | None, first: int
) -> tuple[Index, Index]:
    """Cells without a return that are holes, where the other basis has one.

    A row that has a close, and on the other basis a move that looks like a split, is left: the
    return may have been set aside for that.
    """
    own, other = fields[name], fields[OTHER[name]]
    begun = np.isfinite(own)
    since = np.where(begun.any(axis=1), begun.argmax(axis=1), own.shape[1])
    has, instead = begun[:, first:], np.isfinite(other[:, first:])
    hole = np.arange(first, own.shape[1]) > since[:, None]
    if members is not None:
        priced = members & instead
        nearly_all = (priced & has).sum(axis=0) >= COVERAGE * np.maximum(priced.sum(axis=0), 1)
        hole |= members & nearly_all
    row, column = np.nonzero(~has & instead & hole)
    column += first
    if "close" in fields and len(row):
        with np.errstate(divide="ignore"):
            jumps = np.abs(np.log1p(other[row, column])) > JUMP
        keep = ~(jumps & np.isfinite(fields["close"][row, column]))
        row, column = row[keep], column[keep]
    return row, column


def _other_source(own: Array, ranks: NDArray[np.int8]) -> Marks:
    """Cells of a later choice of source inside the life of an earlier choice."""
    if not any(ranks.strides):
        return Marks.none()  # all of one
    highest = np.iinfo(np.int8).max
    valid = np.isfinite(own)
    low = np.where(valid, ranks, highest).min(axis=1)
    mixed = np.flatnonzero((valid & (ranks > low[:, None])).any(axis=1))
    place = np.where(valid[mixed], ranks[mixed], highest)
    before = np.minimum.accumulate(place, axis=1)
    after = np.minimum.accumulate(place[:, ::-1], axis=1)[:, ::-1]
    at, column = np.nonzero(valid[mixed] & (place > before) & (place > after))
    return Marks.of(mixed[at], column, OTHER_SOURCE)


def _seams(close: Array, returns: Array, ranks: NDArray[np.int8]) -> _Covering:
    """Fill first returns of a source from its first close and the last one of another source."""
    if not any(ranks.strides):
        return _Covering(*(np.empty(0, np.int64) for _ in range(3)))
    lacking = np.isfinite(close) & np.isnan(returns)
    rows = np.flatnonzero(lacking.any(axis=1))
    t = np.arange(close.shape[1])
    last = np.maximum.accumulate(np.where(np.isfinite(close[rows]), t, -1), axis=1)
    at, column = np.nonzero(lacking[rows])
    before = np.where(column > 0, last[at, column - 1], -1)
    row = rows[at]
    keep = (before >= 0) & (ranks[row, column] != ranks[row, before])
    row, column, before = row[keep], column[keep], before[keep]
    value = close[row, column] / close[row, before]
    keep = np.abs(np.log(value)) <= JUMP
    row, column, before = row[keep], column[keep], before[keep]
    returns[row, column] = value[keep] - 1
    return _Covering(row, column, column - before)


def _closed(own: Array, covering: _Covering) -> tuple[Marks, Marks]:
    """Take what the covered sessions have out of the returns that cover them, in place.

    Returns the marks of the sessions left pending and of the returns that cover several sessions.
    A return inside the reach of another is settled before it.
    """
    some = (covering.sessions > 1) & np.isfinite(own[covering.row, covering.column])
    left = _Covering(*(p[some] for p in covering))
    pending: list[Marks] = []
    while len(left.row):
        order = np.lexsort((left.column, left.row))
        left = _Covering(*(p[order] for p in left))
        begins = left.column - left.sessions
        # of a row, the one before ends inside this one's reach
        waits = np.zeros(len(order), bool)
        waits[1:] = (left.row[1:] == left.row[:-1]) & (left.column[:-1] > begins[1:])
        now = _Covering(*(p[~waits] for p in left))
        pending.append(_settled(own, now))
        left = _Covering(*(p[waits] for p in left))
    kept = Marks.of(covering.row[some], covering.column[some], SEVERAL)
    return Marks.none().joined(*pending), kept


def _settled(own: Array, now: _Covering) -> Marks:
    inside = np.minimum(now.sessions - 1, now.column)
    some = inside > 0
    row, column, inside = now.row[some], now.column[some], inside[some]
    if not len(row):
        return Marks.none()
    starts = np.cumsum(inside) - inside
    of = np.repeat(np.arange(len(row)), inside)
    at = column[of] - inside[of] + (np.arange(len(of)) - starts[of])
    returns = own[row[of], at]
    missing: Bools = np.isnan(returns)
    product = np.multiply.reduceat(np.where(missing, 1.0, 1.0 + returns), starts)
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = (1.0 + own[row, column]) / product - 1.0
    partly = np.add.reduceat(~missing, starts) > 0
    own[row[partly], column[partly]] = np.where(np.isfinite(rest), rest, np.nan)[partly]
    return Marks.of(row[of][missing], at[missing], PENDING, column[of][missing])
