"""Closes that are those of the session before once more: a return of zero, and it looks like one.

It is told by its company: more of the market's closes at once than is usual, longer in a row than
is usual for the security, or the same volume.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from paceline.arrays import Array, Bools
from paceline.panel.doubts import Cells
from paceline.panel.holes import REPEATED, Marks
from paceline.stillness import MANY, TOGETHER, ZERO, together

#: Sessions in a row on which a security must stand still where its usual is not known: of fewer
#: sessions than a quarter. No security needs more than so many.
STILL, QUARTER, MOST = 10, 63, 63
#: With the share of its sessions before that stood still, as long a run comes less often than this
#: in a year of so many sessions.
CHANCE, YEAR = 0.02, 252


def repeated(fields: Mapping[str, Array], first: int = 0) -> dict[str, Marks]:
    """Marks of the returns of closes that were stated once more, by basis.

    fields  (N, T) price_return, total_return and volume, as the sources have them
    first   session from which marks hold

    Repeated are returns of exactly zero

    * of a security that has so many of them in a row that chance would bring it once in fifty
      years: L with 252 p^L < 0.02, p = (k + 1) / (n + 1) where k of the n sessions before the run
      were zero; 63 at most, and ten where n is below 63. Known on the last of these L;
    * with the volume of the session before, to the share;
    * on a session on which more of the securities stand still than is usual
      (``stillness.together``).

    So are, on a session, the returns of the session before for half of ten securities or more.
    """
    out = {}
    for name in ("price_return", "total_return"):
        if name not in fields:
            continue
        since = max(first - QUARTER, 0)
        returns = fields[name][:, since:]
        zero = np.abs(returns) < ZERO
        row, column = np.nonzero(zero)
        count = np.count_nonzero(np.isfinite(returns), axis=0)
        at_once = together(zero.sum(axis=0), count)
        now = at_once[column] | _same_volume(fields.get("volume"), row, column + since)
        known = np.where(now, column, returns.shape[1])
        told = _runs(fields[name], row, column, since)
        known = np.minimum(known, np.where(told >= 0, np.maximum(column, told), known))
        kept = (known + since >= first) & (known < returns.shape[1])
        row, column, known = row[kept], column[kept] + since, known[kept] + since
        copied = _copied(returns, zero, count)
        copied = copied[copied[:, 1] + since >= first]
        more = Marks.of(copied[:, 0], copied[:, 1] + since, REPEATED)
        out[name] = Marks.of(row, column, REPEATED, known).joined(more)
    return out


def _runs(whole: Array, row: Cells, column: Cells, since: int) -> Cells:
    """(n,) the session, from ``since`` on, on which a cell's run is long enough; -1 for none.

    row, column  cells of zeros from ``since`` on, row by row
    """
    # a run breaks where the row or the session jumps
    begins = np.ones(len(row), bool)
    begins[1:] = (np.diff(row) != 0) | (np.diff(column) != 1)
    start = np.flatnonzero(begins)
    length = np.diff(np.append(start, len(row)))
    some = np.flatnonzero(length > 1)
    needed = np.full(len(start), STILL)
    rows, of = np.unique(row[start[some]], return_inverse=True)
    earlier = np.count_nonzero(np.abs(whole[rows, :since]) < ZERO, axis=1)[of]
    own = np.searchsorted(row, rows)[of]  # the first zero of each row from ``since`` on
    zeros = earlier + start[some] - own
    sessions = column[start[some]] + since - np.isfinite(whole[rows]).argmax(axis=1)[of]
    usual = (zeros + 1) / (sessions + 1)
    with np.errstate(divide="ignore"):
        least = np.ceil(np.log(CHANCE / YEAR) / np.log(np.minimum(usual, 1 - 1e-9)))
    needed[some] = np.where(sessions >= QUARTER, np.minimum(least, MOST), STILL)
    told = np.where(length >= needed, column[start] + needed - 1, -1)
    return np.repeat(told, length)


def _same_volume(volume: Array | None, row: Cells, column: Cells) -> Bools:
    """Which cells have the volume of the session before, of one share at least."""
    if volume is None:
        return np.zeros(len(row), bool)
    same: Bools = volume[row, column] == volume[row, np.maximum(column - 1, 0)]
    return same & (column > 0) & (volume[row, column] > 0)


def _copied(returns: Array, zero: Bools, count: Cells) -> Cells:
    """(n, 2) cells that state the return of the session before, where half of a session does."""
    same = np.zeros(returns.shape, bool)
    same[:, 1:] = (returns[:, 1:] == returns[:, :-1]) & ~zero[:, 1:]
    same &= (count >= MANY) & (same.sum(axis=0) >= TOGETHER * count)
    return np.argwhere(same)
