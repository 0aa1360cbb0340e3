"""Matrices worked out from stored ones: who is listed on each day, and return indices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import threads
from paceline.arrays import COVERAGE, PATIENCE, Array, Bools, Dates, Ints
from paceline.panel import asof
from paceline.panel.facts import Facts

#: Dark sessions in a row after which the market counts as smaller.
QUARTER = 63


class Delistings(NamedTuple):
    """Delistings on record, one row each, those of one security together.

    row    (D,) row of the security in the panel
    since  (D,) the first session on which the delisting is both known and past
    day    (D,) the last session up to its date
    """

    row: asof.Index
    since: asof.Index
    day: asof.Index


def delisting_dates(facts: Facts) -> pl.DataFrame:
    """Every delisting on record: security, known, date."""
    return (
        pl.concat(
            [
                facts.table("securities").select("security", "known", date="delisted"),
                facts.table("actions")
                .filter(pl.col("kind") == "delisting")
                .select("security", "known", "date"),
            ]
        )
        .drop_nulls("date")
        .unique()
    )


def delistings(dates: pl.DataFrame, row: asof.Index, sessions: Dates) -> Delistings:
    """Delistings placed on the sessions; ``row`` gives the security of each of ``dates``, or -1."""
    dates, row = dates.filter(pl.Series(row >= 0)), row[row >= 0]
    since = np.maximum(
        asof.position(dates["known"], sessions, 0), asof.position(dates["date"], sessions, 0)
    )
    numbers = sessions.astype(np.int64)
    day = np.searchsorted(numbers, asof.days(dates["date"], 0), side="right") - 1
    order = np.argsort(row, kind="stable")
    return Delistings(row[order], since[order], day[order])


def dark(priced: Ints) -> Bools:
    """(T,) sessions on which less than ``COVERAGE`` of the usual number of securities have data.

    Usual is the number on the last other session. After ``QUARTER`` of them in a row the market has
    become smaller.
    """
    out = np.zeros(len(priced), bool)
    usual, run = 0, 0
    for t, count in enumerate(priced.tolist()):
        out[t] = count < COVERAGE * usual and run < QUARTER
        run = run + 1 if out[t] else 0
        usual = usual if out[t] else count
    return out


def listed_mask(
    cells: Iterable[Array], shape: tuple[int, int], marks: Delistings, dark: Bools
) -> Bools:
    """(N, T) true from the first valid cell until the security is delisted, as known on the day.

    cells  matrices of which one with a value makes a cell valid: closes and returns
    dark   (T,) sessions on which the data end for many: no silence of a security; empty: none

    A security is delisted from the session after a delisting on record, else once it had no valid
    cell for more than ``PATIENCE`` sessions, and listed again with its next valid cell.
    """
    valid = np.zeros(shape, bool)
    for matrix in cells:
        valid |= ~np.isnan(matrix)
    t = np.arange(shape[1], dtype=np.int32)
    last = np.where(valid, t, np.int32(-1))
    np.maximum.accumulate(last, axis=1, out=last)
    silent = t - last
    if dark.any():
        clock = np.cumsum(~dark, dtype=np.int32)
        silent = clock - clock[last]
    listed: Bools = (last >= 0) & (silent <= PATIENCE)
    # a security delisted more than once has several rows here: take them one round at a time
    turn = np.zeros(len(marks.row), np.int64)
    if len(turn):
        starts = np.flatnonzero(np.r_[True, marks.row[1:] != marks.row[:-1]])
        turn = np.arange(len(turn)) - np.repeat(starts, np.diff(np.r_[starts, len(turn)]))
    for k in range(turn.max(initial=-1) + 1):
        row, since, day = (part[turn == k] for part in marks)
        left = (t >= since[:, None]) & (last[row] < t)
        listed[row] &= ~(left & (last[row] <= day[:, None]))
    return listed


def return_index(returns: Array, listed: Bools) -> Array:
    """(N, T) cumulative product of 1 + return, a missing return as zero.

    One at a security's first listed session if that has a close but no return; NaN until there is a
    return, and while the security is not listed.
    """
    growth = np.empty(returns.shape)

    def fill(rows: slice) -> None:
        own, r, on = growth[rows], returns[rows], listed[rows]
        valid = ~np.isnan(r)
        np.cumprod(np.where(valid, 1.0 + r, 1.0), axis=1, out=own)
        begun = np.logical_or.accumulate(valid, axis=1)
        begun[np.arange(len(on)), on.argmax(axis=1)] = True
        own[~(on & begun)] = np.nan

    threads.by_rows(fill, returns.shape)
    return growth


def further_index(old: Array, returns: Array, listed: Bools) -> Array:
    """The columns of ``return_index`` of these arrays behind those of ``old``."""
    done = old.shape[1]
    level = old[:, -1].copy()
    # those not listed: their last level, 1 where there was none
    for i in np.flatnonzero(np.isnan(level)):
        levels = np.flatnonzero(~np.isnan(old[i]))
        level[i] = old[i, levels[-1]] if len(levels) else 1.0
    new, on = returns[:, done:], listed[:, done:]
    valid = ~np.isnan(new)
    steps = np.concatenate([level[:, None], np.where(valid, 1.0 + new, 1.0)], axis=1)
    growth: Array = np.cumprod(steps, axis=1)[:, 1:]
    before = np.any(~np.isnan(returns[:, :done]), axis=1, keepdims=True)
    begun: NDArray[np.bool_] = np.logical_or(np.logical_or.accumulate(valid, axis=1), before)
    young = np.flatnonzero(~listed[:, :done].any(axis=1))
    begun[young, on[young].argmax(axis=1)] = True
    growth[~(on & begun)] = np.nan
    return growth


def splits_on_record(actions: pl.DataFrame) -> pl.DataFrame:
    """security, date, ratio of every split known by its day, those of one day as one."""
    in_time = pl.col("known").fill_null(pl.col("date")) <= pl.col("date")
    return (
        actions.filter((pl.col("kind") == "split") & (pl.col("ratio") > 0) & in_time)
        .group_by("security", "date")
        .agg(pl.col("ratio").product())
        .sort("date", "security")
    )


def before_splits(shares: pl.DataFrame, splits: pl.DataFrame) -> pl.DataFrame:
    """The rows of ``shares`` in shares as they were before the first split on record.

    A row counts its shares as of its date, the splits of that day included.
    """
    done = splits.select("security", "date", __k=pl.col("ratio").cum_prod().over("security"))
    return (
        shares.with_row_index("__at")
        .sort("date")
        .join_asof(done, on="date", by="security", check_sortedness=False)
        .with_columns(pl.col("shares") / pl.col("__k").fill_null(1.0))
        .sort("__at")
        .drop("__at", "__k")
    )


def split_factors(
    splits: pl.DataFrame, row: asof.Index, sessions: Dates, shape: tuple[int, int]
) -> Array:
    """(N, T) shares that one share from before the first split on record has become.

    ``row`` gives the security of each of ``splits``, or -1.
    """
    out = np.ones(shape)
    since = asof.position(splits["date"], sessions, 0)
    there = (row >= 0) & (since < shape[1])
    np.multiply.at(out, (row[there], since[there]), splits["ratio"].to_numpy()[there])
    moved = np.unique(row[there])
    out[moved] = np.cumprod(out[moved], axis=1)
    return out
