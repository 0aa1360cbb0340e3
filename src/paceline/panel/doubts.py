"""Cells of returns that what stands around them makes doubtful: kept, marked, and said.

A close, the change since the close before, and the total return of a session tell one story three
times. Where they do not agree one of them is wrong, and nobody can say which: a session that a file
repeats, has late or under another date, a close in another unit, another security's row. Both
readings of a cell rest on nothing later than its session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline.arrays import NORMAL, Array, Bools, Dates
from paceline.panel.holes import DOUBTED, Marks
from paceline.rows import CENT, ROUNDED
from paceline.splits import SPLIT_RATIOS

#: A total return may lie this much below the price return (rounding), and above it (a dividend).
BELOW, ABOVE = 0.001, 0.05
#: A difference this near to a split, in logs, is one that the change is free of.
SPLIT = 0.02
#: Sessions before a cell that say what is usual for its security.
BEFORE = 63
#: Corporate actions whose payment an exchange leaves out of its change.
PAID = ("special_dividend", "spinoff", "split", "delisting")

Cells = NDArray[np.int64]


class Sources(NamedTuple):
    """Where returns are from.

    ranks  basis -> place of each cell's source, of the sessions that are looked at
    order  basis -> sources, by place
    """

    ranks: Mapping[str, NDArray[np.int8]]
    order: Mapping[str, Sequence[str]]


def doubted(
    fields: Mapping[str, Array],
    covers: Mapping[str, NDArray[np.int32]],
    ranks: Mapping[str, NDArray[np.int8]] | None,
    paid: Bools | None = None,
    first: int = 0,
    cash: Callable[[], Mapping[tuple[int, int], float]] = dict,
) -> dict[str, Marks]:
    """Marks of the returns that are contradicted, by basis, before holes are filled.

    fields  (N, T) close, price_return and total_return, as the sources have them
    covers, ranks  as in ``cells.Filled``, of the sessions from ``first`` on
    paid    (N, T) sessions with a payment on record, which closes and changes may differ by
    cash    gives (row, session) -> dividends on record, in currency a share: see ``dividends``

    A change is contradicted by the closes of its own session and the one before, of one source,
    where |ln(close ratio / (1 + change))| is more than 0.002 and a cent on each close, and is no
    split ratio. Price and total return of a session contradict one another where the total return
    is lower by more than 0.1%, or higher by more than 5%, more than the dividend on record, and no
    payment is on record.
    """
    price, total = fields.get("price_return"), fields.get("total_return")
    out = {name: Marks.none() for name in ("price_return", "total_return") if name in fields}
    if price is None:
        return out
    bad = _closes(fields.get("close"), price, covers.get("price_return"), ranks, first)
    if total is not None:
        apart = _bases(price[:, first:], total[:, first:], covers)
        amounts = cash() if apart.any() else {}
        for i, t in np.argwhere(apart).tolist() if amounts else ():
            at = i, t + first
            apart[i, t] = at not in amounts or not _is_paid(fields, at, amounts[at])
        bad |= apart
    if paid is not None:
        bad &= ~paid[:, first:]
    row, column = np.nonzero(bad)
    for name in out:
        there = np.isfinite(fields[name][row, column + first])
        out[name] = Marks.of(row[there], column[there] + first, DOUBTED)
    return out


def _closes(
    close: Array | None,
    price: Array,
    covers: NDArray[np.int32] | None,
    ranks: Mapping[str, NDArray[np.int8]] | None,
    first: int,
) -> Bools:
    """Where the change is not that between the two closes."""
    bad = np.zeros(price[:, first:].shape, bool)
    if close is None or price.shape[1] < 2:
        return bad
    at = max(first, 1)
    now, before = close[:, at:], close[:, at - 1 : -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.abs(np.log(now / before) - np.log1p(price[:, at:]))
        far = gap > ROUNDED + CENT / now + CENT / before
    if covers is not None:
        far &= covers[:, at - first :] <= 1
    if ranks is not None:
        of = ranks["price_return"]
        far &= of[:, 1:] == of[:, :-1]
    row, column = np.nonzero(far)
    near = np.abs(gap[row, column][:, None] - np.log(SPLIT_RATIOS)).min(axis=1) < SPLIT
    far[row[near], column[near]] = False
    bad[:, at - first :] = far
    return bad


def _bases(price: Array, total: Array, covers: Mapping[str, NDArray[np.int32]]) -> Bools:
    """Where the total return is none that the price return leaves possible."""
    with np.errstate(invalid="ignore"):
        paying = total - price
        bad = (paying < -BELOW) | (paying > ABOVE)
    for several in covers.values():
        bad &= several <= 1
    return bad


def _is_paid(fields: Mapping[str, Array], at: tuple[int, int], amount: float) -> bool:
    """Whether the total return is above the price return by a dividend, five percent more or less.

    The close before it is that of the day, or where there is none one that is not known.
    """
    row, column = at
    more = fields["total_return"][row, column] - fields["price_return"][row, column]
    close = fields.get("close")
    before = np.nan if close is None or column == 0 else close[row, column - 1]
    return bool(more > 0 and not abs(np.log(more * before / amount)) > ABOVE)


def dividends(
    actions: pl.DataFrame, securities: tuple[str, ...], sessions: Dates
) -> dict[tuple[int, int], float]:
    """(row, session) -> what was paid in dividends on or since the session before, by record."""
    rows = actions.filter((pl.col("kind") == "dividend") & (pl.col("amount") > 0))
    rows = rows.select("security", "date", "amount").drop_nulls()
    place = {s: i for i, s in enumerate(securities)}
    at = np.searchsorted(sessions, rows["date"].to_numpy().astype("datetime64[D]")).tolist()
    out: dict[tuple[int, int], float] = {}
    for security, session, amount in zip(rows["security"], at, rows["amount"], strict=True):
        if security in place and session < len(sessions):
            key = place[security], session
            out[key] = out.get(key, 0.0) + amount
    return out


def usual(values: Array, row: Cells, column: Cells, fewest: int = 1) -> Array:
    """(n,) median |value| of the 63 sessions before each cell of (N, T); NaN for too few."""
    at = column[:, None] - np.arange(BEFORE, 0, -1)
    before = np.abs(values[row[:, None], np.maximum(at, 0)])
    before[at < 0] = np.nan
    before.sort(axis=1)  # NaN last
    count = np.count_nonzero(np.isfinite(before), axis=1)
    line = np.arange(len(before))
    low, high = before[line, np.maximum(count - 1, 0) // 2], before[line, count // 2 % BEFORE]
    return np.where(count >= max(fewest, 1), (low + high) / 2, np.nan)


def daily_sigma(returns: Array, row: Cells, column: Cells, fewest: int, least: float) -> Array:
    """(n,) 1.4826 times the median |return| before each cell, ``least`` at least; NaN for too few.

    Median and logarithm change places but for the sign: |ln(1 + r)| is |r| to a part in a hundred.
    """
    return np.maximum(NORMAL * usual(returns, row, column, fewest), least)


def seen_twice(
    fields: Mapping[str, Array], row: Cells, column: Cells, first: int, sources: Sources | None
) -> Bools:
    """(n,) cells whose price and total return are of two sources, and agree."""
    if sources is None or not {"price_return", "total_return"} <= set(fields):
        return np.zeros(len(row), bool)
    price, total = (fields[name][row, column] for name in ("price_return", "total_return"))
    ranks, order = sources
    of = [
        np.array(order[name])[np.minimum(ranks[name][row, column - first], len(order[name]) - 1)]
        for name in ("price_return", "total_return")
    ]
    paying = total - price
    return np.asarray((of[0] != of[1]) & (paying >= -BELOW) & (paying <= ABOVE))


def payments(actions: pl.DataFrame, securities: tuple[str, ...], sessions: Dates) -> Bools:
    """(N, T) sessions on, or next after, the day of a payment or split on record."""
    out = np.zeros((len(securities), len(sessions)), bool)
    rows = actions.filter(pl.col("kind").is_in(PAID)).select("security", "date").drop_nulls()
    place = {s: i for i, s in enumerate(securities)}
    row = np.array([place.get(s, -1) for s in rows["security"]], np.int64)
    at = np.searchsorted(sessions, rows["date"].to_numpy().astype("datetime64[D]"))
    there = (row >= 0) & (at < len(sessions))
    out[row[there], at[there]] = True
    return out
