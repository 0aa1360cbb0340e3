"""Which dated rows count on which session: spells, filings, restatements, as known on the day.

Days become positions on the panel's sessions once; everything after that is integer arithmetic on
arrays. A row counts at session t only if its ``known`` is no later than t. Among rows of one key
the one of greatest (known, load) that counts at t stands for the fact; a null ``known`` means known
since the spell's start.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline.arrays import Array, Dates

Index = NDArray[np.int64]
#: A day before all others.
EVER = -(2**31)


def days(column: pl.Series, null: int) -> Index:
    """Dates as days since 1970-01-01, ``null`` where missing."""
    return column.cast(pl.Date).to_physical().cast(pl.Int64).fill_null(null).to_numpy()


def position(column: pl.Series, sessions: Dates, null: int) -> Index:
    """Position of the first session on or after each date; ``null`` where the date is missing."""
    numbers = sessions.astype("datetime64[D]").astype(np.int64)
    at = np.searchsorted(numbers, days(column, EVER))
    return np.where(column.is_null().to_numpy(), null, at)


def spells(rows: pl.DataFrame, key: Sequence[str], sessions: Dates) -> pl.DataFrame:
    """The rows with four more columns, positions on ``sessions`` (half-open intervals):

    seen, unseen    the row is the newest known version of its key while seen <= t < unseen
    first, stop     and its spell runs while first <= t < stop (start inclusive, end exclusive)

    ``key`` identifies a fact over its restatements and contains ``start``.
    """
    end = len(sessions)
    rows = (
        rows.with_columns(since=pl.coalesce("known", "start"))
        .sort([*key, "since", "load"], nulls_last=False, maintain_order=True)
        .unique([*key, "since"], keep="last", maintain_order=True)
    )
    seen = position(rows["since"], sessions, 0)
    rows = rows.with_columns(seen=pl.Series(seen, dtype=pl.Int64))
    rows = rows.with_columns(unseen=pl.col("seen").shift(-1).over(key).fill_null(end))
    first = np.maximum(seen, position(rows["start"], sessions, 0))
    stop = np.minimum(rows["unseen"].to_numpy(), position(rows["end"], sessions, end))
    return rows.with_columns(
        first=pl.Series(first, dtype=pl.Int64), stop=pl.Series(stop, dtype=pl.Int64)
    ).drop("since")


class Dated:
    """Spells of securities of a panel, in the order in which later ones replace earlier ones.

    ``running`` and ``begun`` give positions in ``rows``, oldest first; ``row`` the security's row
    of each.
    """

    def __init__(self, spelled: pl.DataFrame, row: Index) -> None:
        ordered = (
            spelled.with_columns(row=pl.Series(row))
            .filter(pl.col("row") >= 0)
            .sort("start", "known", "load", nulls_last=False, maintain_order=True)
        )
        self.rows, self.row = ordered, ordered["row"].to_numpy()
        self._first, self._stop, self._seen, self._unseen = (
            ordered[c].to_numpy() for c in ("first", "stop", "seen", "unseen")
        )
        self._start = days(ordered["start"], EVER)
        self._text: dict[str, NDArray[np.object_]] = {}

    def running(self, t: int) -> Index:
        """Spells that run at t."""
        return np.flatnonzero((self._first <= t) & (self._stop > t))

    def begun(self, t: int, day: np.datetime64) -> Index:
        """Spells known at t, the session of ``day``, that have begun; they may have ended."""
        return np.flatnonzero(
            (self._seen <= t)
            & (self._unseen > t)
            & (self._start <= day.astype("datetime64[D]").astype(np.int64))
        )

    def text(self, column: str) -> NDArray[np.object_]:
        """The column's values, "" where unknown."""
        if column not in self._text:
            self._text[column] = self.rows[column].fill_null("").to_numpy().astype(object)
        return self._text[column]


def latest_at(
    spelled: pl.DataFrame, t: int, day: np.datetime64, by: str = "security"
) -> pl.DataFrame:
    """One row per ``by``: the spell that runs at t, or else the last one that did, as known at t.

    ``day`` is the session at t. A spell announced but not yet begun does not count.
    """
    begun = pl.col("start").is_null() | (pl.col("start") <= pl.lit(day.item()))
    return (
        spelled.filter((pl.col("seen") <= t) & (pl.col("unseen") > t) & begun)
        .with_columns(runs=(pl.col("first") <= t) & (pl.col("stop") > t))
        .sort(by, "runs", "start", "known", "load", nulls_last=False, maintain_order=True)
        .unique(by, keep="last", maintain_order=True)
        .drop("runs")
    )


def cover(row: Index, first: Index, stop: Index, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(N, T) true where any interval first <= t < stop of that row covers t."""
    some = first < stop
    edges = np.zeros((shape[0], shape[1] + 1), np.int16)
    np.add.at(edges, (row[some], first[some]), 1)
    np.add.at(edges, (row[some], stop[some]), -1)
    covered: NDArray[np.bool_] = np.cumsum(edges[:, :-1], axis=1, dtype=np.int16) > 0
    return covered


def as_filed(
    row: Index,
    when: Index,
    since: Index,
    load: Index,
    value: Array,
    shape: tuple[int, int],
    until: Index | None = None,
) -> Array:
    """(N, T) the value of the latest period filed by each session; NaN before the first.

    row, when    security and the period (any increasing number) each value belongs to
    since        position of the session from which it was known; load breaks ties
    until        position of the session from which it is too old: none then; default: never

    A restated latest period replaces its value from its filing on; a restated older period changes
    nothing.
    """
    order = np.lexsort((load, when, since, row))
    row, when, since, value = row[order], when[order], since[order], value[order]
    until = np.full(len(row), shape[1]) if until is None else np.minimum(until[order], shape[1])
    # running maximum of the period inside each security: ranks are offset so that securities cannot
    # mix
    rank = np.unique(when, return_inverse=True)[1].astype(np.int64)
    offset = row * (rank.max(initial=0) + 1)
    newest = np.maximum.accumulate(rank + offset) - offset
    counts = (rank >= newest) & (since < shape[1]) & ~np.isnan(value)
    begin = row * shape[1] + since
    begin, stop, value = begin[counts], (row * shape[1] + until)[counts], value[counts]
    last = np.diff(begin, append=shape[0] * shape[1]) > 0  # of several of one session the last
    begin, stop, value = begin[last], stop[last], value[last]
    # stretches of one value each, and of none between them: written once, row behind row
    stop = np.maximum(begin, np.minimum(stop, np.append(begin[1:], shape[0] * shape[1])))
    edges = np.stack([begin, stop], axis=1).ravel()
    parts = np.append(np.stack([np.full(len(value), np.nan), value], axis=1).ravel(), np.nan)
    lengths = np.diff(edges, prepend=0, append=shape[0] * shape[1])
    return np.asarray(np.repeat(parts, lengths).reshape(shape), float)
