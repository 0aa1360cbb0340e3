"""Price rows into cells of matrices: positions first, then one field at a time by scatter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import schema
from paceline.arrays import Array, Bools, Dates
from paceline.panel.request import PAIR
from paceline.store import Segment, Withdrawals, delta

Rows = NDArray[np.int32] | NDArray[np.int64]


@dataclass
class YearOfRows:
    """Where the price rows of one year go, in the order in which ``segments`` are read.

    code      number of the security, in order of discovery
    column    position of the session on the whole calendar
    keep      rows that count: listed, known on their day, on a session, of a source asked for
    source    number of the source of each row, or one number for all
    off       codes of rows on days that are no session
    target    flat position in the matrices, given by ``aim``
    """

    segments: list[Segment]
    code: NDArray[np.int32]
    column: NDArray[np.int32]
    keep: Bools
    source: NDArray[np.int32] | int
    off: NDArray[np.int32]
    target: Rows = field(default_factory=lambda: np.empty(0, np.int64))


@dataclass(frozen=True)
class Filled:
    """Matrices by field, the sources each came from, and the recovered closes per session."""

    fields: dict[str, Array]
    sources: dict[str, tuple[str, ...]]
    recovered: NDArray[np.int64]


# ---- where each row goes


def positions(
    segments: list[Segment],
    listed: frozenset[int],
    calendar: Dates,
    names: dict[str, int],
    sources: Mapping[str, int],
    withdrawals: Withdrawals,
) -> YearOfRows:
    """Security, session and source of each row of a year, and whether it counts.

    listed       loads whose rows exist
    names        security -> number; those that turn up here are added
    sources      source -> number; rows of others do not count
    withdrawals  which rows their source took back
    """
    needed = ("security", "date", "known", "source", "load")
    frame = _read(segments, [c for c in needed if _constant(segments, c) is None])
    code = _codes(_column(frame, segments, "security"), names)
    day, known = (_column(frame, segments, c).to_physical().to_numpy() for c in ("date", "known"))
    column, inside = _on_calendar(day, calendar)
    keep = known <= day
    load = _constant(segments, "load")
    if load is None and not set(frame["load"].unique()) <= listed:
        keep &= frame["load"].is_in(list(listed)).to_numpy()
    elif load is not None and load not in listed:
        keep[:] = False
    if withdrawals.touch(segments):
        rows = pl.DataFrame([_column(frame, segments, c) for c in needed])
        live = withdrawals.live(rows.lazy().with_row_index("__at")).collect()["__at"]
        still = np.zeros(len(keep), bool)
        still[live.to_numpy()] = True
        keep &= still
    source = _source_numbers(frame, segments, sources)
    keep &= np.asarray(source) >= 0
    off = keep & (column < 0) & inside
    keep &= column >= 0
    year = YearOfRows(segments, code, column, keep, source, code[off])
    _keep_newest(year, known, None if load is not None else frame["load"], calendar, names)
    return year


def _codes(securities: pl.Series, names: dict[str, int]) -> NDArray[np.int32]:
    """The number of the security of each row; new ones are added to ``names``."""
    # rows are sorted by security: name each run once instead of each row
    runs = securities.rle().struct.unnest()
    for name in runs["value"].unique(maintain_order=True):
        names.setdefault(name, len(names))
    numbers = pl.DataFrame({"value": list(names), "code": np.arange(len(names), dtype=np.int32)})
    numbered = runs.join(numbers, on="value", how="left", maintain_order="left")
    return np.repeat(numbered["code"].to_numpy(), runs["len"].to_numpy())


def _on_calendar(day: NDArray[np.int32], calendar: Dates) -> tuple[NDArray[np.int32], Bools]:
    """Position of each day on the calendar, -1 for no session; whether it lies within its span."""
    span = calendar.astype(np.int32)
    # one place on either side for days outside
    lookup = np.full(span[-1] - span[0] + 3, -1, np.int32)
    lookup[span - span[0] + 1] = np.arange(len(span), dtype=np.int32)
    at = np.clip(day - (span[0] - 1), 0, len(lookup) - 1)
    return lookup[at], (at > 0) & (at < len(lookup) - 1)


def _source_numbers(
    frame: pl.DataFrame, segments: list[Segment], sources: Mapping[str, int]
) -> NDArray[np.int32] | int:
    """The number of the source of each row, one number where all are of one; -1: not asked for."""
    only = _constant(segments, "source")
    if only is not None:
        return sources.get(str(only), -1)
    numbers = np.full(len(frame), -1, np.int32)
    for name in frame["source"].unique():
        numbers[(frame["source"] == name).to_numpy()] = sources.get(name, -1)
    return numbers


def _constant(segments: list[Segment], column: str) -> object:
    """The value a column has in every row, by the table's log; None if none is known."""
    values = {s.constant.get(column) for s in segments}
    return values.pop() if len(values) == 1 else None


def _column(frame: pl.DataFrame, segments: list[Segment], column: str) -> pl.Series:
    """The column, whether it was read or is the same everywhere."""
    if column in frame.columns:
        return frame[column]
    value = pl.Series(column, [_constant(segments, column)], schema.table("prices").schema[column])
    return value.new_from_index(0, sum(s.rows for s in segments))


def _keep_newest(
    year: YearOfRows,
    known: NDArray[np.int32],
    load: pl.Series | None,
    calendar: Dates,
    names: Mapping[str, int],
) -> None:
    """Of the rows of one source and cell only that of greatest (known, load) counts."""
    width = len(calendar)
    cell = year.code.astype(np.int64) * width + year.column
    if not isinstance(year.source, int):
        cell += year.source.astype(np.int64) * (len(names) * width)
    if (cell[1:] > cell[:-1]).all():
        return
    counted = np.flatnonzero(year.keep)
    cell = cell[counted]
    in_order = np.sort(cell)  # many times faster than np.unique, which hashes
    if (in_order[1:] != in_order[:-1]).all():
        return
    loads = np.zeros(len(counted)) if load is None else load.to_numpy()[counted]
    order = np.lexsort((loads, known[counted], cell))
    cell = cell[order]
    loser = order[:-1][cell[1:] == cell[:-1]]
    year.keep[counted[loser]] = False


def aim(year: YearOfRows, row: NDArray[np.int64], begin: int, shape: tuple[int, int]) -> None:
    """Give each row its flat position in matrices of that shape, the first column ``begin``.

    row  row of each security in the matrices, by its code
    Rows that do not count go to one cell behind the last.
    """
    size = shape[0] * shape[1]
    target = row[year.code] * shape[1] + (year.column - begin)
    target[~year.keep] = size
    year.target = target.astype(np.int32) if size <= np.iinfo(np.int32).max - 1 else target
    year.code = year.column = np.empty(0, np.int32)


# ---- filling the matrices


def fill(
    years: Sequence[YearOfRows],
    fields: tuple[str, ...],
    ranks: Mapping[str, list[str]],
    numbers: Mapping[str, int],
    shape: tuple[int, int],
) -> Filled:
    """The matrices of all years whose rows were aimed.

    ranks    field -> sources, first choice first
    numbers  source -> its number in ``YearOfRows.source``
    """
    paired = bool(set(fields) & set(PAIR))
    single = [f for f in fields if f not in PAIR]
    size = shape[0] * shape[1]
    flat = {f: np.full(size + 1, np.nan) for f in (*(PAIR if paired else ()), *single)}
    recovered = np.zeros(size + 1 if paired else 1, bool)
    used: dict[str, set[str]] = {f: set() for f in flat}
    for year in years:
        marked = paired and not all("recovered" in s.empty for s in year.segments)
        part = _read(year.segments, [*flat, *(["recovered"] if marked else [])])
        if paired:
            for source, rows in _by_source(year, ranks["close"], numbers):
                if _write_pair(flat, recovered, year.target, rows, part):
                    for name in PAIR:
                        used[name].add(source)
        for name in single:
            values = part[name].to_numpy()
            for source, rows in _by_source(year, ranks[name], numbers):
                if _write_single(flat[name], year.target, rows, values):
                    used[name].add(source)
    counts = np.zeros(shape[1], np.int64)
    if paired and recovered[:-1].any():
        counts = recovered[:-1].reshape(shape).sum(axis=0, dtype=np.int64)
    return Filled(
        {f: flat[f][:-1].reshape(shape) for f in fields},
        {f: tuple(s for s in ranks[f] if s in used[f]) for f in fields},
        counts,
    )


def _write_single(
    flat: Array, target: Rows, rows: slice | NDArray[np.int64], values: Array
) -> bool:
    """Values of one source where better ones left nothing; whether it gave any."""
    to, x = target[rows], values[rows]
    if not isinstance(rows, slice):
        gap = ~np.isnan(x) & np.isnan(flat[to])
        to, x = to[gap], x[gap]
    flat[to] = x
    return bool(len(to)) and not np.isnan(x).all()


def _write_pair(
    flat: Mapping[str, Array],
    recovered: Bools,
    target: Rows,
    rows: slice | NDArray[np.int64],
    part: pl.DataFrame,
) -> bool:
    """Close and return of one source; whether it gave any.

    Where better sources left nothing, or only one of the two and this one has both.
    """
    to, (x, y) = target[rows], (part[name].to_numpy()[rows] for name in PAIR)
    marked = None
    if "recovered" in part.columns:
        marked = part["recovered"].fill_null(False).to_numpy()[rows]
    if not isinstance(rows, slice):
        gaps = [np.isnan(flat[f][to]) for f in PAIR]
        has = [~np.isnan(v) for v in (x, y)]
        better = ((gaps[0] & gaps[1]) & (has[0] | has[1])) | (
            (gaps[0] | gaps[1]) & (has[0] & has[1])
        )
        to, x, y = to[better], x[better], y[better]
        marked = np.zeros(len(to), bool) if marked is None else marked[better]
    flat["close"][to], flat["price_return"][to] = x, y
    if marked is not None:
        recovered[to] = marked
    return bool(len(to)) and not (np.isnan(x).all() and np.isnan(y).all())


def _read(segments: Sequence[Segment], columns: Sequence[str]) -> pl.DataFrame:
    prices = schema.table("prices").schema
    return delta.scan(segments, {c: prices[c] for c in columns}).collect()


def _by_source(
    year: YearOfRows, rank: Sequence[str], numbers: Mapping[str, int]
) -> Iterator[tuple[str, slice | NDArray[np.int64]]]:
    """The rows of each source of a year, first choice first; a slice where all are of one."""
    if isinstance(year.source, int):
        if year.source >= 0:
            name = next(s for s in rank if numbers[s] == year.source)
            yield name, slice(None)
        return
    for name in rank:
        rows = np.flatnonzero(year.source == numbers[name])
        if len(rows):
            yield name, rows
