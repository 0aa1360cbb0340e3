"""Returns that the market cap of the same row does not share: kept, marked, and said.

A market cap over a close is a count of shares, and seldom moves. Where it steps because the close
moved and the cap did not, one of the two is wrong: a mistyped close, a ticker used again, closes of
another scale from a day on. New shares move the cap instead, and are no fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from paceline.arrays import Array, Bools
from paceline.panel.asof import Index
from paceline.panel.doubts import BEFORE, Sources, daily_sigma, seen_twice
from paceline.panel.holes import PARTED, Marks

#: A count of shares stands still within this part and a hundredth of the close.
STILL, CENT = 0.003, 0.01
#: It must have stood still on this part of the sessions before, of so many with one at least.
MOSTLY, FEWEST = 0.75, 5
#: It steps where it moves by so many daily sigmas of the security, of so much at least.
SIGMAS, LEAST = 2.5, 0.01
#: The close moves alone where its cap moves by less than this part of it, in logs.
PART = 0.5
#: So many counts, and this part of them, that step one way on one session step together.
SEVERAL, TOGETHER = 4, 0.25
#: Rows looked at together.
CHUNK = 512


def parted(
    fields: Mapping[str, Array], first: int = 0, sources: Sources | None = None
) -> dict[str, Marks]:
    """Marks of the returns whose market cap moved otherwise, by basis.

    fields   (N, T) close, price_return or total_return, and market_cap, as the sources have them
    first    session from which marks hold
    sources  where each return is from, of the sessions from ``first`` on

    With r the price return (total where there is none), C the cap and s = ln(C_t / C_t-1) -
    ln(1 + r) the step of the shares they imply, marked is where |s| > 0.003 and a cent on the close
    though it was no more on three quarters of the last 63 sessions with a cap, of five at least,
    and

    * |s| is beyond 2.5 daily sigmas (1.4826 times the median |r| of the 63 sessions before, 1% at
      least), and the cap moved by less than half of the return, in logs; or
    * four or more securities, and a quarter of those with a cap, step in one direction.

    Not where price and total return are of two sources that do not contradict one another: then it
    is the cap that is wrong. But where those that step together have caps that moved with the total
    return, the price return is wrong, and it alone is marked. A cell rests on its own session and
    those before. Cells without a cap on the session or the one before, or without a return, are not
    told.
    """
    bases = [name for name in ("price_return", "total_return") if name in fields]
    out = {name: Marks.none() for name in bases}
    if not bases or not {"close", "market_cap"} <= set(fields):
        return out
    since = max(first - BEFORE - 1, 0)
    close, cap, *returns = (fields[f][:, since:] for f in ("close", "market_cap", *bases))
    parts = [
        _steps(start, close[rows], cap[rows], *(r[rows] for r in returns))
        for start in range(0, len(close), CHUNK)
        for rows in [slice(start, start + CHUNK)]
        if not np.isnan(cap[rows]).all()
    ]
    if not parts:
        return out
    row, column, up, alone = (np.concatenate(p) for p in zip(*(p[:-1] for p in parts), strict=True))
    enough = np.maximum(SEVERAL, TOGETHER * np.sum([p.known for p in parts], axis=0))
    together = np.zeros(len(row), bool)
    for way in (up, ~up):
        many = np.bincount(column[way], minlength=close.shape[1]) >= enough
        together |= way & many[column]
    kept = (alone | together) & (column + since >= first)
    row, column, together = row[kept], column[kept] + since, together[kept]
    seen = seen_twice(fields, row, column, first, sources)
    with_total = seen & together & _moved_with(fields["market_cap"], fields[bases[-1]], row, column)
    for name in bases:
        marked = ~seen | (with_total & (name == "price_return"))
        marked &= np.isfinite(fields[name][row, column])
        out[name] = Marks.of(row[marked], column[marked], PARTED)
    return out


def _moved_with(cap: Array, returns: Array, row: Index, column: Index) -> Bools:
    """(n,) cells whose cap moved as the return does."""
    step = cap[row, column] / cap[row, column - 1] / (1 + returns[row, column])
    return np.asarray(np.abs(step - 1) <= STILL)


class _Steps(NamedTuple):
    """Cells whose shares step; ``alone`` where it is the close that moved; (T,) how many have s."""

    row: Index
    column: Index
    up: Bools
    alone: Bools
    known: Index


def _steps(start: int, close: Array, cap: Array, own: Array, other: Array | None = None) -> _Steps:
    returns = own if other is None else np.where(np.isnan(own), other, own)
    moved = np.full(close.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved[:, 1:] = cap[:, 1:] / cap[:, :-1]
        step = moved / (1 + returns)
        off = np.abs(step - 1) > STILL + CENT / close
    known = np.isfinite(step) & (step > 0)
    off &= known
    row, column = np.nonzero(off & (_share_before(known & ~off, known) >= MOSTLY))
    log, by_cap, by_close = (np.log(x[row, column]) for x in (step, moved, 1 + returns))
    alone = (np.abs(by_cap) < PART * np.abs(by_close)) & (np.abs(log) > SIGMAS * LEAST)
    sigma = daily_sigma(returns, row[alone], column[alone], FEWEST, LEAST)
    alone[alone] = np.abs(log[alone]) > SIGMAS * sigma
    return _Steps(row + start, column, log > 0, alone, np.count_nonzero(known, axis=0))


def _share_before(true: Bools, known: Bools) -> Array:
    """(N, T) share of the known among the sessions before that are true; 0 for too few of them."""
    counts = []
    for part in (true, known):
        total = np.cumsum(part, axis=1, dtype=np.int32)
        window = np.zeros(part.shape, np.int32)
        window[:, 1:] = total[:, :-1]
        window[:, BEFORE + 1 :] -= total[:, : -BEFORE - 1]
        counts.append(window)
    enough = counts[1] >= FEWEST
    return np.divide(counts[0], counts[1], out=np.zeros(true.shape), where=enough)
