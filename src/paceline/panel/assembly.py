"""From the store's price rows to matrices: positions first, then one field at a time by scatter."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import schema
from paceline.arrays import Array, Dates
from paceline.errors import NotEnoughData
from paceline.lineage import Origin, Step, code_of, digest
from paceline.panel import cache as mapped
from paceline.panel.core import Panel
from paceline.panel.request import FIELDS, PAIR, Ask, Day, ask
from paceline.store import Segment, Store, delta

Rows = NDArray[np.int32] | NDArray[np.int64]
#: Tables whose imports a panel's lineage names.
READ = (
    "prices",
    "securities",
    "classes",
    "members",
    "shares",
    "fundamentals",
    "holdings",
    "actions",
)


@dataclass
class Year:
    """Where the price rows of one year go; positions follow the rows of ``segments`` as they are read.

    code      number of the security, in order of discovery
    column    position of the session on the whole calendar
    keep      rows that count: listed, known on their day, on a session, of a source asked for
    source    number of the source of each row, or one number for all
    """

    segments: list[Segment]
    code: NDArray[np.int32]
    column: NDArray[np.int32]
    keep: NDArray[np.bool_]
    source: NDArray[np.int32] | int
    off: NDArray[np.int32]
    target: Rows = field(default_factory=lambda: np.empty(0, np.int64))


def build(
    store: Store,
    *,
    sessions: Dates | str,
    as_of: Day | None = None,
    start: Day | None = None,
    fields: Sequence[str] = FIELDS,
    order: Mapping[str, Sequence[str]] | None = None,
    securities: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    exclude_kinds: Sequence[str] | None = None,
    unknown_kind: str = "",
    guard: float | None = None,
    version: int | str | dt.date | None = None,
    cache: bool = True,
) -> Panel:
    """Assemble a panel from the store, or map it from the store's cache.

    sessions       the calendar's sessions, or a calendar code stored in the table ``sessions``
    as_of          last day that may be seen (the session on or before it); default: the last with a
                   price, which is the limit in any case
    start          first day wanted; default: the first session with a price of a wanted security
    order          field -> sources, first choice first: a cell takes the first source that has the
                   field. Only sources named somewhere are read; those a field does not name follow
                   the named ones. ``close`` and ``price_return`` share one order, and a cell takes
                   both from one source: the first that has both, else the first that has either.
                   Default: sources in order of import
    securities     exactly these identifiers; those without a price row are left out
    kinds, exclude_kinds   by ``securities.kind`` as known on the last session; ``unknown_kind`` is
                   the kind of a security that the table does not know
    guard          where a price return is missing, or differs from the total return by more than
                   this share, the total return stands in for it; counted and said in a caveat. Only
                   on sessions on which most securities with a total return have a price return as
                   well. Default: never
    cache          keep the matrices as mapped files in the store's folder and use them if they are
                   there

    Raises ``NotEnoughData`` if no price row is left, ``StoreError`` for a damaged store,
    ``UsageError`` otherwise."""
    asked = ask(
        store,
        sessions=sessions,
        as_of=as_of,
        start=start,
        fields=fields,
        order=order,
        securities=securities,
        kinds=kinds,
        exclude_kinds=exclude_kinds,
        unknown_kind=unknown_kind,
        guard=guard,
        version=version,
    )
    key = digest(
        {
            "loads": asked.loads.select("load", "checksum").rows(),
            "request": asked.request,
            "code": code_of(__name__),
        },
        32,
    )
    found = mapped.load(store.path / "cache", key) if cache else None
    if found is None:
        found = _assemble(
            store, asked.version, asked.calendar, tuple(fields), asked.ranks, asked.wanted
        )
        if guard is not None:
            found = _guarded(found, guard)
        if cache:
            mapped.save(store.path / "cache", key, found)
    return finished(found, asked)


def _guarded(found: mapped.Matrices, guard: float) -> mapped.Matrices:
    """The matrices with total returns in the place of price returns that are missing or cannot be true."""
    price, total = found.fields.get("price_return"), found.fields.get("total_return")
    if price is None or total is None:
        return found
    here = np.isfinite(total)
    both = np.count_nonzero(here & np.isfinite(price), axis=0)
    usual = both > 0.5 * np.count_nonzero(here, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        true = np.abs((1 + price) / (1 + total) - 1) <= guard
    instead = here & ~true & usual
    mended = np.where(instead, total, price)
    mended.setflags(write=False)
    return replace(
        found, fields={**found.fields, "price_return": mended}, guarded=int(instead.sum())
    )


# ---- assembly
# -------------------------------------------------------------------------------------------


def _assemble(
    store: Store,
    version: int,
    calendar: Dates,
    fields: tuple[str, ...],
    ranks: Mapping[str, list[str]],
    wanted: Callable[[list[str]], NDArray[np.bool_]],
) -> mapped.Matrices:
    segments, listed = store.segments("prices", version)
    first, last = (int(str(day)[:4]) for day in (calendar[0], calendar[-1]))
    names: dict[str, int] = {}
    source_numbers = {s: i for i, s in enumerate(ranks[PAIR[0]])}
    with delta.guard(store.path / "tables" / "prices", "reading prices"):
        years = [
            _positions(list(group), listed, calendar, names, source_numbers)
            for year, group in groupby(segments, key=lambda s: s.year)
            if year is None or first <= year <= last
        ]
        found = list(names)
        chosen = wanted(found)
        present, begin = np.zeros(len(found), bool), len(calendar)
        for y in years:
            y.keep &= chosen[y.code]
            seen = y.column[y.keep]
            present[y.code[y.keep]] = True
            begin = min(begin, int(seen.min(initial=begin)))
        order = sorted((name, code) for name, code in names.items() if present[code])
        if not order:
            raise NotEnoughData(
                f"{store.path} holds no price of a wanted security between {calendar[0]} and "
                f"{calendar[-1]}.",
                "Import prices, or ask for other securities or dates.",
            )
        row = np.full(len(found), -1, np.int64)
        row[[code for _, code in order]] = np.arange(len(order))
        shape = len(order), len(calendar) - begin
        for y in years:
            _aim(y, row, begin, shape)
        matrices, used, recovered = _fill(years, fields, ranks, source_numbers, shape)
        off = sum(int(chosen[y.off].sum()) for y in years)
    return mapped.Matrices(
        calendar[begin:],
        tuple(name for name, _ in order),
        matrices,
        {f: tuple(s) for f, s in used.items()},
        recovered,
        off,
    )


def _positions(
    segments: list[Segment],
    listed: frozenset[int],
    calendar: Dates,
    names: dict[str, int],
    sources: Mapping[str, int],
) -> Year:
    """Security, session and source of each row of a year, and whether it counts."""
    frame = _read(
        segments,
        [c for c in ("security", "date", "known", "source", "load") if _one(segments, c) is None],
    )
    # rows are sorted by security: name each run once instead of each row
    runs = _whole(frame, segments, "security").rle().struct.unnest()
    for name in runs["value"].unique(maintain_order=True):
        names.setdefault(name, len(names))
    numbers = pl.DataFrame({"value": list(names), "code": np.arange(len(names), dtype=np.int32)})
    code = np.repeat(
        runs.join(numbers, on="value", how="left", maintain_order="left")["code"].to_numpy(),
        runs["len"].to_numpy(),
    )
    day, known = (_whole(frame, segments, c).to_physical().to_numpy() for c in ("date", "known"))
    span = calendar.astype(np.int32)
    # one place on either side for days outside
    lookup = np.full(span[-1] - span[0] + 3, -1, np.int32)
    lookup[span - span[0] + 1] = np.arange(len(span), dtype=np.int32)
    at = np.clip(day - (span[0] - 1), 0, len(lookup) - 1)
    column = lookup[at]
    keep = known <= day
    load = _one(segments, "load")
    if load is None and not set(frame["load"].unique()) <= listed:
        keep &= frame["load"].is_in(list(listed)).to_numpy()
    elif load is not None and load not in listed:
        keep[:] = False
    only = _one(segments, "source")
    source: NDArray[np.int32] | int
    if only is not None:
        source = sources.get(only, -1)
        keep &= source >= 0
    else:
        source = np.full(len(frame), -1, np.int32)
        for name in frame["source"].unique():
            source[(frame["source"] == name).to_numpy()] = sources.get(name, -1)
        keep &= source >= 0
    off = keep & (column < 0) & (at > 0) & (at < len(lookup) - 1)
    keep &= column >= 0
    result = Year(segments, code, column, keep, source, code[off])
    _newest(result, known, None if load is not None else frame["load"], len(calendar), len(names))
    return result


def _one(segments: list[Segment], column: str) -> Any:
    """The value the column has in every row, by the table's log; None if it is not known to have one."""
    values = {s.constant.get(column) for s in segments}
    return values.pop() if len(values) == 1 else None


def _whole(frame: pl.DataFrame, segments: list[Segment], column: str) -> pl.Series:
    """The column, whether it was read or is the same everywhere."""
    if column in frame.columns:
        return frame[column]
    value = pl.Series(column, [_one(segments, column)], schema.table("prices").schema[column])
    return value.new_from_index(0, sum(s.rows for s in segments))


def _newest(
    year: Year, known: NDArray[np.int32], load: pl.Series | None, width: int, height: int
) -> None:
    """Of the rows of one source and cell only that of greatest (known, load) counts."""
    cell = year.code.astype(np.int64) * width + year.column
    if not isinstance(year.source, int):
        cell += year.source.astype(np.int64) * (height * width)
    if (cell[1:] > cell[:-1]).all():
        return
    kept = np.flatnonzero(year.keep)
    cell = cell[kept]
    in_order = np.sort(cell)  # many times faster than np.unique, which hashes
    if (in_order[1:] != in_order[:-1]).all():
        return
    order = np.lexsort(
        (np.zeros(len(kept)) if load is None else load.to_numpy()[kept], known[kept], cell)
    )
    cell = cell[order]
    loser = order[:-1][cell[1:] == cell[:-1]]
    year.keep[kept[loser]] = False


def _aim(year: Year, row: NDArray[np.int64], begin: int, shape: tuple[int, int]) -> None:
    """Flat position of each row in the matrices; rows that do not count go to one cell behind the last."""
    size = shape[0] * shape[1]
    target = row[year.code] * shape[1] + (year.column - begin)
    target[~year.keep] = size
    year.target = target.astype(np.int32) if size < 2**31 - 1 else target
    year.code = year.column = np.empty(0, np.int32)


def _fill(
    years: Sequence[Year],
    fields: tuple[str, ...],
    ranks: Mapping[str, list[str]],
    numbers: Mapping[str, int],
    shape: tuple[int, int],
) -> tuple[dict[str, Array], dict[str, list[str]], NDArray[np.int64]]:
    """The matrices, the sources each came from, and the recovered closes per session."""
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
            marks = part["recovered"].fill_null(False).to_numpy() if marked else None
            close, change = part["close"].to_numpy(), part["price_return"].to_numpy()
            for source, mine in _by_source(year, ranks["close"], numbers):
                wrote = _write_pair(flat, recovered, year.target, mine, close, change, marks)
                used["close"] |= {source} if wrote else set()
                used["price_return"] |= {source} if wrote else set()
        for name in single:
            values = part[name].to_numpy()
            for source, mine in _by_source(year, ranks[name], numbers):
                to, x = year.target[mine], values[mine]
                if not isinstance(mine, slice):
                    gap = ~np.isnan(x) & np.isnan(flat[name][to])
                    to, x = to[gap], x[gap]
                flat[name][to] = x
                if len(to) and source not in used[name] and not np.isnan(x).all():
                    used[name].add(source)
    counts = np.zeros(shape[1], np.int64)
    if paired and recovered[:-1].any():
        counts = recovered[:-1].reshape(shape).sum(axis=0, dtype=np.int64)
    return (
        {f: flat[f][:-1].reshape(shape) for f in fields},
        {f: [s for s in ranks[f] if s in used[f]] for f in fields},
        counts,
    )


def _write_pair(
    flat: Mapping[str, Array],
    recovered: NDArray[np.bool_],
    target: Rows,
    mine: slice | NDArray[np.int64],
    close: Array,
    change: Array,
    marks: NDArray[np.bool_] | None,
) -> bool:
    """Close and return of one source where better ones left nothing, or only one of the two and it has both."""
    to, x, y = target[mine], close[mine], change[mine]
    marked = None if marks is None else marks[mine]
    if not isinstance(mine, slice):
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
    year: Year, rank: Sequence[str], numbers: Mapping[str, int]
) -> Iterator[tuple[str, slice | NDArray[np.int64]]]:
    """The rows of each source of a year, first choice first; a slice where all are of one source."""
    if isinstance(year.source, int):
        if year.source >= 0:
            name = next(s for s in rank if numbers[s] == year.source)
            yield name, slice(None)
        return
    for name in rank:
        mine = np.flatnonzero(year.source == numbers[name])
        if len(mine):
            yield name, mine


# ---- the panel
# ------------------------------------------------------------------------------------------


def finished(found: mapped.Matrices, asked: Ask) -> Panel:
    """The panel of these matrices, with lineage and caveats."""
    read = [
        row
        for row in asked.loads.iter_rows(named=True)
        if set(json.loads(row["tables"])) & set(READ)
    ]
    # checksums, not load numbers: the same data give the same id in every store
    step = Step(
        "panel",
        {**asked.request, "loads": [row["checksum"] for row in read]},
        code=code_of(__name__),
    )
    origins = tuple(dict.fromkeys(Origin(**o) for row in read for o in json.loads(row["origins"])))
    caveats = []
    if found.recovered.any():
        caveats.append(
            f"{found.recovered.sum():,} closes were worked back from the next session's change"
        )
    if found.off_calendar:
        caveats.append(
            f"{found.off_calendar:,} price rows lie on days that are no session and were left out"
        )
    if found.guarded:
        caveats.append(
            f"{found.guarded:,} price returns, missing or not to be believed, are total returns instead"
        )
    return Panel(
        found.sessions,
        found.securities,
        found.fields,
        version=asked.version,
        step=step,
        caveats=tuple(caveats),
        sources=found.sources,
        origins=origins,
        off_calendar=found.off_calendar,
        recovered=found.recovered,
        guarded=found.guarded,
        facts=asked.facts,
    )
