"""The day after: a panel in memory extended by the sessions of new imports, without reading the old ones again.

``extend`` gives what ``build`` would give, or None wherever the new imports may touch anything at
or before the last session; then everything is built again. Matrices keep some room at the end, so
that only the first extension copies them."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import schema
from paceline.arrays import Array
from paceline.panel import asof, assembly, request
from paceline.panel import cache as mapped
from paceline.panel.core import PATIENCE, Panel
from paceline.store import Store, delta

#: Sessions for which room is kept when a matrix is copied.
ROOM = 64
#: Tables of dated facts: rows known after the last session change nothing before it.
DATED = ("actions", "classes", "members", "shares", "fundamentals", "holdings")


@dataclass
class Room:
    """A matrix with room behind its last column; ``view`` is the part in use."""

    buffer: NDArray[Any]
    view: NDArray[Any]


def extend(panel: Panel, store: Store, **how: Any) -> Panel | None:
    """The panel of the store's newer version, for a panel that ends with the last session of an older one.

    ``how`` is what ``build`` was called with, ``as_of`` and ``version`` those of the new panel.
    None: build it anew."""
    ask = request.ask(store, **how)
    last = panel.sessions[-1]
    known = int(np.searchsorted(ask.calendar, last, side="right"))
    first = int(np.searchsorted(ask.calendar, panel.sessions[0]))
    k = len(ask.calendar) - known
    if k <= 0 or not np.array_equal(ask.calendar[first:known], panel.sessions):
        return None
    if not _later(store, panel.version, ask.version, last) or not _settled(ask, panel, known):
        return None
    found = _tail(panel, store, ask, known)
    if found is None:
        return None
    rooms: dict[Hashable, Room] = panel._memo.get("rooms", {})
    fields = {
        name: _grow(rooms, name, panel.fields[name], found.fields[name]) for name in panel.fields
    }
    used = {f: set(panel.sources[f]) | set(found.sources[f]) for f in panel.fields}
    whole = mapped.Matrices(
        np.concatenate([panel.sessions, found.sessions]),
        panel.securities,
        fields,
        {f: tuple(s for s in ask.ranks[f] if s in used[f]) for f in panel.fields},
        np.concatenate([panel.recovered, found.recovered]),
        panel.off_calendar + found.off_calendar,
        panel.guarded + found.guarded,
    )
    grown = assembly.finished(whole, ask)
    grown._memo["rooms"] = rooms
    _derived(panel, grown, rooms, k)
    if not np.array_equal(grown.companies, panel.companies):
        return None
    return grown


def _later(store: Store, old: int, new: int, last: np.datetime64) -> bool:
    """Whether everything the imports after ``old`` brought was known after ``last`` only."""
    day = pl.lit(last.item())
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


def _settled(ask: request.Ask, panel: Panel, known: int) -> bool:
    """Whether who each security is stays the same in the new sessions, and all of them still belong in the panel."""
    found = asof.spells(ask.facts.table("securities"), schema.table("securities").key, ask.calendar)
    edges = np.concatenate([found[c].to_numpy() for c in ("seen", "unseen", "first", "stop")])
    return not ((edges >= known) & (edges < len(ask.calendar))).any() and bool(
        ask.wanted(list(panel.securities)).all()
    )


def _tail(panel: Panel, store: Store, ask: request.Ask, known: int) -> mapped.Matrices | None:
    """The new sessions' cells; None where a security turns up that the panel does not have."""
    segments, listed = store.segments("prices", ask.version)
    fresh = [s for s in segments if s.last_load is None or s.last_load > panel.version]
    listed = frozenset(n for n in listed if n > panel.version)
    calendar = ask.calendar[known - 1 :]  # the old last session too: days between are no session
    shape = len(panel.securities), len(calendar) - 1
    names: dict[str, int] = {}
    numbers = {s: i for i, s in enumerate(ask.ranks[request.PAIR[0]])}
    with delta.guard(store.path / "tables" / "prices", "reading prices"):
        years = [
            assembly._positions(list(group), listed, calendar, names, numbers)
            for _, group in groupby(fresh, key=lambda s: s.year)
        ]
        chosen = ask.wanted(list(names))
        place = {s: i for i, s in enumerate(panel.securities)}
        row = np.array([place.get(n, -1) for n in names], np.int64)
        off = sum(int(chosen[y.off].sum()) for y in years)
        for y in years:
            y.keep &= chosen[y.code]
            if (row[y.code[y.keep]] < 0).any():
                return None
            assembly._aim(y, row, 1, shape)
        matrices, used, recovered = assembly._fill(
            years, tuple(panel.fields), ask.ranks, numbers, shape
        )
    found = mapped.Matrices(
        calendar[1:],
        panel.securities,
        matrices,
        {f: tuple(s) for f, s in used.items()},
        recovered,
        off,
    )
    return found if ask.guard is None else assembly._guarded(found, ask.guard)


def _grow(
    rooms: dict[Hashable, Room], key: Hashable, old: NDArray[Any], tail: NDArray[Any]
) -> NDArray[Any]:
    """``old`` with the columns of ``tail`` behind it, written into its room if it is the last that was."""
    done, new = old.shape[1], old.shape[1] + tail.shape[1]
    room = rooms.get(key)
    if room is None or room.view is not old or room.buffer.shape[1] < new:
        buffer = np.empty((old.shape[0], new + ROOM), old.dtype)
        buffer[:, :done] = old
        room = rooms[key] = Room(buffer, old)
    room.buffer[:, done:new] = tail
    room.view = room.buffer[:, :new]
    room.view.setflags(write=False)
    return room.view


def _derived(panel: Panel, grown: Panel, rooms: dict[Hashable, Room], k: int) -> None:
    """Who is alive, and the return indices: carried on where the old panel had worked them out."""
    if "alive" not in panel._memo:
        return
    back = min(PATIENCE + 1, len(panel.sessions)) + k
    short = Panel(
        grown.sessions[-back:],
        grown.securities,
        {n: f[:, -back:] for n, f in grown.fields.items()},
        facts=grown.facts,
    )
    grown._memo["alive"] = _grow(rooms, "alive", panel.alive, short.alive[:, -k:])
    for name in ("price_index", "total_index"):
        if ("field", name) in panel._memo:
            old = panel._memo["field", name]
            tail = _index(old, grown.fields[name.replace("index", "return")], grown.alive)
            grown._memo["field", name] = _grow(rooms, name, old, tail)


def _index(old: Array, returns: Array, alive: NDArray[np.bool_]) -> Array:
    """The columns of ``Panel``'s return index after those of ``old``."""
    done = old.shape[1]
    carry = old[:, -1].copy()
    # those not alive: their last level, 1 where there was none
    for i in np.flatnonzero(np.isnan(carry)):
        levels = np.flatnonzero(~np.isnan(old[i]))
        carry[i] = old[i, levels[-1]] if len(levels) else 1.0
    new, here = returns[:, done:], alive[:, done:]
    valid = ~np.isnan(new)
    steps = np.concatenate([carry[:, None], np.where(valid, 1.0 + new, 1.0)], axis=1)
    growth: Array = np.cumprod(steps, axis=1)[:, 1:]
    before = np.any(~np.isnan(returns[:, :done]), axis=1, keepdims=True)
    begun: NDArray[np.bool_] = np.logical_or(np.logical_or.accumulate(valid, axis=1), before)
    young = np.flatnonzero(~alive[:, :done].any(axis=1))
    begun[young, here[young].argmax(axis=1)] = True
    growth[~(here & begun)] = np.nan
    return growth
