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
#: Rows of a year: some of them, or all.
Chosen = slice | NDArray[np.int64]
#: Fields whose cells say how many sessions they cover and which source they are of.
RETURNS = ("price_return", "total_return")
#: Columns that say more of a row's closes and returns; read where a file has them.
TOLD = ("recovered", "covers")
#: Sources beyond this place are not told apart.
LOWEST = np.iinfo(np.int8).max


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
    """Matrices by field, the sources each came from, and the recovered closes per session.

    covers  field -> sessions that each cell's return covers, 0 for one; without a field, all one
    ranks   field -> place of each cell's source among the field's, 0 for the first choice
    """

    fields: dict[str, Array]
    sources: dict[str, tuple[str, ...]]
    recovered: NDArray[np.int64]
    covers: dict[str, NDArray[np.int32]] = field(default_factory=dict)
    ranks: dict[str, NDArray[np.int8]] = field(default_factory=dict)


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
    notes = {f: ReturnNotes(size) for f in flat if f in RETURNS}
    for year in years:
        told = [c for c in TOLD if not all(c in s.empty for s in year.segments)]
        part = _read(year.segments, [*flat, *(told if paired else set(told) - {"recovered"})])
        if paired:
            for source, rows in _by_source(year, ranks["close"], numbers):
                chosen = _better_pair(flat, year.target, rows, part)
                if _put_pair(flat, recovered, year.target[chosen], part, chosen):
                    used["close"].add(source)
                    place = ranks["close"].index(source)
                    notes["price_return"].put(year.target[chosen], part, chosen, place)
        for name in single:
            values = part[name].to_numpy()
            for source, rows in _by_source(year, ranks[name], numbers):
                chosen = _better_single(flat[name], year.target, rows, values)
                if _put(flat[name], year.target[chosen], values[chosen]):
                    used[name].add(source)
                    place = ranks[name].index(source)
                    if name in notes:
                        notes[name].put(year.target[chosen], part, chosen, place)
    used |= {name: used["close"] for name in PAIR if paired}
    counts = np.zeros(shape[1], np.int64)
    if paired and recovered[:-1].any():
        counts = recovered[:-1].reshape(shape).sum(axis=0, dtype=np.int64)
    return Filled(
        {f: flat[f][:-1].reshape(shape) for f in fields},
        {f: tuple(s for s in ranks[f] if s in used[f]) for f in fields},
        counts,
        {
            f: n.covers[:-1].reshape(shape)
            for f, n in notes.items()
            if f in fields and n.covers is not None
        },
        {f: n.places(shape) for f, n in notes.items() if f in fields},
    )


class ReturnNotes:
    """What is kept of each cell of returns beside its value, for as long as any differs.

    covers  sessions that the return covers, 0 for one; None: all one
    ranks   place of the source among the field's; None: all of one
    """

    def __init__(self, size: int) -> None:
        self.size, self._first = size, -1
        self.covers: NDArray[np.int32] | None = None
        self.ranks: NDArray[np.int8] | None = None

    def places(self, shape: tuple[int, int]) -> NDArray[np.int8]:
        """Place of the source of each cell among the field's."""
        if self.ranks is None:
            return np.broadcast_to(np.int8(max(min(self._first, LOWEST), 0)), shape)
        return self.ranks[:-1].reshape(shape)

    def put(self, to: Rows, part: pl.DataFrame, rows: Chosen, rank: int) -> None:
        """Note where the cells ``to`` come from: these rows, of the source of that rank."""
        if not len(to):
            return
        if "covers" in part.columns and self.covers is None:
            self.covers = np.zeros(self.size + 1, np.int32)
        if self.covers is not None:
            several = "covers" in part.columns
            self.covers[to] = part["covers"].fill_null(0).to_numpy()[rows] if several else 0
        if self._first < 0:
            self._first = rank
        elif rank != self._first and self.ranks is None:
            self.ranks = np.full(self.size + 1, min(self._first, LOWEST), np.int8)
        if self.ranks is not None:
            self.ranks[to] = min(rank, LOWEST)


def _put(flat: Array, to: Rows, values: Array) -> bool:
    """Write the values; whether there is one."""
    flat[to] = values
    return bool(len(to)) and not np.isnan(values).all()


def _put_pair(
    flat: Mapping[str, Array], recovered: Bools, to: Rows, part: pl.DataFrame, rows: Chosen
) -> bool:
    """Write closes and returns, and which were worked back; whether there is one."""
    given = [_put(flat[name], to, part[name].to_numpy()[rows]) for name in PAIR]
    if "recovered" in part.columns:
        recovered[to] = part["recovered"].fill_null(False).to_numpy()[rows]
    elif not isinstance(rows, slice):
        recovered[to] = False
    return any(given)


def _better_single(flat: Array, target: Rows, rows: Chosen, values: Array) -> Chosen:
    """Those of the rows of one source that give a value where better sources left nothing."""
    if isinstance(rows, slice):
        return rows
    return rows[~np.isnan(values[rows]) & np.isnan(flat[target[rows]])]


def _better_pair(
    flat: Mapping[str, Array], target: Rows, rows: Chosen, part: pl.DataFrame
) -> Chosen:
    """Those of the rows of one source whose close and return count.

    Where better sources left nothing, or only one of the two and this one has both.
    """
    if isinstance(rows, slice):
        return rows
    to = target[rows]
    gaps = [np.isnan(flat[name][to]) for name in PAIR]
    has = [~np.isnan(part[name].to_numpy()[rows]) for name in PAIR]
    better = ((gaps[0] & gaps[1]) & (has[0] | has[1])) | ((gaps[0] | gaps[1]) & (has[0] & has[1]))
    kept: NDArray[np.int64] = rows[better]
    return kept


def _read(segments: Sequence[Segment], columns: Sequence[str]) -> pl.DataFrame:
    prices = schema.table("prices").schema
    return delta.scan(segments, {c: prices[c] for c in columns}).collect()


def _by_source(
    year: YearOfRows, rank: Sequence[str], numbers: Mapping[str, int]
) -> Iterator[tuple[str, Chosen]]:
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
