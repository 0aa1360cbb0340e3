"""The day after: a panel in memory extended by new imports, without reading the old ones again.

``extend`` gives what ``build`` would give, or None wherever the new imports may touch anything at
or before the last session; then everything is built again. Matrices keep some room at the end, so
that only the first extension copies them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple, Unpack

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import schema
from paceline.arrays import PATIENCE
from paceline.panel import asof, assembly, cells, doubts, holes, leaps, parted, still
from paceline.panel.core import DERIVED, Panel
from paceline.panel.derived import further_index
from paceline.panel.matrices import Matrices
from paceline.panel.request import PanelArguments, PanelRequest, panel_request
from paceline.store import Store, delta

#: Sessions for which room is kept when a matrix is copied.
ROOM = 64
#: Tables of dated facts: rows known after the last session change nothing before it.
DATED = ("actions", "classes", "members", "shares", "fundamentals", "holdings")


@dataclass
class RoomBehind:
    """A matrix with room behind its last column; ``view`` is the part in use."""

    buffer: NDArray[Any]
    view: NDArray[Any]


Rooms = dict[Hashable, RoomBehind]


def extend(panel: Panel, store: Store, **wanted: Unpack[PanelArguments]) -> Panel | None:
    """The panel of the store's newer version, for one that ends with an older one's last session.

    ``wanted`` is what ``build`` was called with, ``as_of`` and ``version`` those of the new panel.
    None: build it anew.
    """
    request = panel_request(store, **wanted)
    calendar, last = request.calendar, panel.sessions[-1]
    done = int(np.searchsorted(calendar, last, side="right"))
    first = int(np.searchsorted(calendar, panel.sessions[0]))
    new = len(calendar) - done
    if new <= 0 or not np.array_equal(calendar[first:done], panel.sessions):
        return None
    if not _later(store, panel.version, request.version, last) or not _settled(
        request, panel, done
    ):
        return None
    tail = _tail(panel, store, request, done)
    if tail is None or not _same_sources(panel, tail.latest):
        return None
    rooms: Rooms = panel.memo.get("rooms", {})
    grown = assembly.finished(_joined(panel, tail, request, rooms), request)
    grown.memo["rooms"] = rooms
    _extend_derived(panel, grown, rooms, new)
    return grown if np.array_equal(grown.companies, panel.companies) else None


class Tail(NamedTuple):
    """The cells of the new sessions, as they stand in the store.

    covers  field -> sessions that each cell's return covers
    ranks   field -> place of the source of each cell's return
    latest  field -> (N,) place of the source of each security's last return
    """

    made: Matrices
    covers: dict[str, NDArray[np.int32]]
    ranks: dict[str, NDArray[np.int8]]
    latest: dict[str, NDArray[np.int8]]


def _same_sources(panel: Panel, latest: Mapping[str, NDArray[np.int8]]) -> bool:
    """Whether the returns of every security go on in the source they were from."""
    before = panel.memo["latest"]
    return all(
        bool(((now < 0) | (before[f] < 0) | (now == before[f])).all()) for f, now in latest.items()
    )


def _joined(panel: Panel, behind: Tail, request: PanelRequest, rooms: Rooms) -> Matrices:
    """The matrices of the panel with those of the new sessions behind them."""
    tail = behind.made
    fields = {
        name: _grow(rooms, name, old, tail.fields[name]) for name, old in panel.fields.items()
    }
    done = panel.shape[1]
    # the room is writable, what was given out of it is not
    writable = {name: rooms[name].buffer[:, : done + len(tail.sessions)] for name in fields}
    sessions = np.concatenate([panel.sessions, tail.sessions])
    members = assembly.members(request, panel.securities, sessions)
    members = None if members is None else members[:, done:]
    actions = request.facts.table("actions")
    paid = doubts.payments(actions, panel.securities, sessions)
    cash = partial(doubts.dividends, actions, panel.securities, sessions)
    doubted = doubts.doubted(writable, behind.covers, None, paid, done, cash)
    sources = doubts.Sources(behind.ranks, request.ranks)
    looks = (leaps.returned, leaps.quiet, parted.parted)
    others = [look(writable, done, sources) for look in looks]
    others.append(still.repeated(writable, done))
    new = holes.mend(writable, behind.covers, None, members, done)
    marks = {
        name: old.joined(new[name], doubted[name], *(o[name] for o in others))
        for name, old in panel.marks.items()
    }
    if request.guard is not None:
        mended = {name: matrix[:, done:] for name, matrix in writable.items()}
        tail = assembly.guarded(replace(tail, fields=mended), request.guard)
        if "price_return" in fields:
            writable["price_return"][:, done:] = tail.fields["price_return"]
    latest = {
        f: np.where(now >= 0, now, panel.memo["latest"][f]) for f, now in behind.latest.items()
    }
    used = {name: {*panel.sources[name], *tail.sources[name]} for name in fields}
    return Matrices(
        sessions,
        panel.securities,
        fields,
        {name: tuple(s for s in request.ranks[name] if s in used[name]) for name in fields},
        np.concatenate([panel.recovered, tail.recovered]),
        panel.off_calendar + tail.off_calendar,
        panel.guarded + tail.guarded,
        marks,
        np.concatenate([panel.memo["priced"], assembly.priced(tail.fields)]),
        latest,
    )


def _later(store: Store, old: int, new: int, last: np.datetime64) -> bool:
    """Whether everything the imports after ``old`` brought was known after ``last`` only."""
    day = pl.lit(last.item())
    taken = store.table("withdrawn", new).filter(pl.col("load") > old)
    if taken.select(pl.len()).collect().item():
        return False
    for name in ("prices", "securities", *DATED):
        segments, listed = store.segments(name, new)
        fresh = [s for s in segments if s.last_load is None or s.last_load > old]
        rows = delta.scan(fresh, schema.table(name).schema).filter(
            pl.col("load").is_in([n for n in listed if n > old])
        )
        late = (pl.min_horizontal("known", "date") if name == "prices" else pl.col("known")) > day
        with delta.guard(store.path / "tables" / name, "reading"):
            if name == "securities":
                if rows.select(pl.len()).collect().item():
                    return False
            elif not rows.select(late.fill_null(False).all()).collect().item():
                return False
    return True


def _settled(request: PanelRequest, panel: Panel, done: int) -> bool:
    """Whether who each security is stays the same in the new sessions, and all of them stay."""
    rows = request.facts.table("securities")
    spells = asof.spells(rows, schema.table("securities").key, request.calendar)
    edges = np.concatenate([spells[c].to_numpy() for c in ("seen", "unseen", "first", "stop")])
    return not ((edges >= done) & (edges < len(request.calendar))).any() and bool(
        request.wanted(panel.securities).all()
    )


def _tail(panel: Panel, store: Store, request: PanelRequest, done: int) -> Tail | None:
    """The new sessions' cells; None where a security turns up that the panel does not have."""
    segments, listed = store.segments("prices", request.version)
    withdrawals = store.withdrawals("prices", request.version)
    fresh = [s for s in segments if s.last_load is None or s.last_load > panel.version]
    listed = frozenset(n for n in listed if n > panel.version)
    # the old last session too: days between it and the first new one are no session
    calendar = request.calendar[done - 1 :]
    shape = len(panel.securities), len(calendar) - 1
    names: dict[str, int] = {}
    numbers = assembly.source_numbers(request)
    with delta.guard(store.path / "tables" / "prices", "reading prices"):
        years = [
            cells.positions(list(group), listed, calendar, names, numbers, withdrawals)
            for _, group in groupby(fresh, key=lambda s: s.year)
        ]
        chosen = request.wanted(list(names))
        place = {s: i for i, s in enumerate(panel.securities)}
        row = np.array([place.get(n, -1) for n in names], np.int64)
        off = sum(int(chosen[y.off].sum()) for y in years)
        for y in years:
            y.keep &= chosen[y.code]
            if (row[y.code[y.keep]] < 0).any():
                return None
            cells.aim(y, row, 1, shape)
        filled = cells.fill(years, tuple(panel.fields), request.ranks, numbers, shape)
    made = Matrices(
        calendar[1:], panel.securities, filled.fields, filled.sources, filled.recovered, off
    )
    latest = {f: holes.latest(filled.fields[f], ranks) for f, ranks in filled.ranks.items()}
    return Tail(made, filled.covers, filled.ranks, latest)


def _grow(rooms: Rooms, key: Hashable, old: NDArray[Any], tail: NDArray[Any]) -> NDArray[Any]:
    """``old`` with the columns of ``tail`` behind it, written into the room behind ``old``.

    Where that room is used up, or ``old`` is not the last that was given out of it, in a new one.
    """
    done, new = old.shape[1], old.shape[1] + tail.shape[1]
    room = rooms.get(key)
    if room is None or room.view is not old or room.buffer.shape[1] < new:
        buffer = np.empty((old.shape[0], new + ROOM), old.dtype)
        buffer[:, :done] = old
        room = rooms[key] = RoomBehind(buffer, old)
    room.buffer[:, done:new] = tail
    room.view = room.buffer[:, :new]
    room.view.setflags(write=False)
    return room.view


def _extend_derived(panel: Panel, grown: Panel, rooms: Rooms, new: int) -> None:
    """Who is listed, and the return indices: extended where the old panel had worked them out."""
    if "listed" not in panel.memo:
        return
    # as far back as a silence may reach, in sessions that count
    counted = np.flatnonzero(~panel.dark)
    back = new + len(panel.sessions) - (counted[-PATIENCE - 1] if len(counted) > PATIENCE else 0)
    short = Panel(
        grown.sessions[-back:],
        grown.securities,
        {name: matrix[:, -back:] for name, matrix in grown.fields.items()},
        dark=grown.dark[-back:],
        facts=grown.facts,
    )
    grown.memo["listed"] = _grow(rooms, "listed", panel.listed, short.listed[:, -new:])
    for name in ("price_index", "total_index"):
        if ("field", name) in panel.memo:
            old = panel.memo["field", name]
            tail = further_index(old, grown.fields[DERIVED[name]], grown.listed)
            grown.memo["field", name] = _grow(rooms, name, old, tail)
