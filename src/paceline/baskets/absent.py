"""Members of whom there is no price: they are eligible all the same, and they are counted.

Who is missing is seldom missing at random: a source that lists today's companies lacks those that
have departed since (survivorship).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import config, schema
from paceline.arrays import Bools, Ints
from paceline.baskets import schedule
from paceline.panel import Panel, asof
from paceline.schema import LEVELS
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.config import MarketFile

#: A list that loses this part of its members on one day, and so many at least, may be cut off.
CUT, FEWEST = 0.25, 3


class Cut(NamedTuple):
    """A day on which a list becomes shorter by a quarter or more.

    list    its name
    day     the first session without them, ``until`` the last before others came (ISO dates)
    left    by how many members, ``of`` how many it had
    """

    list: str
    day: str
    until: str
    left: int
    of: int

    def caveat(self, first: str, end: str) -> str:
        """What a window says that touches those sessions; "" for another."""
        if end < self.day or first > self.until:
            return ""
        of = number_of(self.of, "member")
        return (
            f"the list {self.list} has {self.left:,} of its {of} less from {self.day} on, without "
            "successors: was it cut off?"
        )


@dataclass(frozen=True)
class Absent:
    """Members of a basket's list without any price, session by session.

    eligible  (T,) members of the list (of the basket's classes), priced or not
    absent    (T,) those of them without a price by that session, or no longer listed
    names     who they are, those absent on most sessions first
    cuts      days on which the list may be cut off
    ranked    the basket takes some of the list by more than their class: who of the absent would
              belong to it is not known
    """

    eligible: Ints
    absent: Ints
    names: tuple[str, ...]
    ranked: bool
    cuts: tuple[Cut, ...] = ()


def absent(panel: Panel, file: MarketFile, names: Sequence[str]) -> dict[str, Absent]:
    """Members without a price of every basket whose universe is a stored list."""
    lists = sorted(
        {
            u.members
            for n in names
            if (u := _universe(file, file.baskets[n])) is not None and u.members is not None
        }
    )
    known = set(panel.facts.table("members")["universe"])
    books = {name: Unpriced(panel, name) for name in lists if name in known}
    out = {}
    for n in names:
        spec = file.baskets[n]
        universe = _universe(file, spec)
        if universe is not None and universe.members in books:
            out[n] = books[universe.members].of(spec, universe.scheme)
    return out


def _universe(file: MarketFile, spec: config.Basket) -> config.UniverseEntry | None:
    return file.universes.get(spec.universe or "") if not spec.instrument else None


def strangers(panel: Panel, universe: str) -> Panel:
    """The members of a list that a panel does not have, on its sessions and without any field."""
    rows = panel.facts.table("members").filter(pl.col("universe") == universe)
    spells = asof.spells(rows, schema.table("members").key, panel.sessions)
    there = spells.filter(pl.col("first") < pl.col("stop"))["security"].unique().sort()
    known = set(panel.securities)
    names = tuple(s for s in there if s not in known)
    return Panel(panel.sessions, names, {}, facts=panel.facts)


class Unpriced:
    """The members of one list that have no price, by class and session."""

    def __init__(self, panel: Panel, universe: str) -> None:
        self.panel, self.universe = panel, universe
        self.outside = strangers(panel, universe)
        self._inside = panel.members(universe)
        priced = panel.listed.copy()
        if priced.shape[1] > 1:
            priced[:, 0] |= priced[:, 1]  # a return on the second session needs a first price
        silent = self._inside & ~priced
        self._rows = np.flatnonzero(silent.any(axis=1))
        self._silent = silent[self._rows]
        self._missing = self.outside.members(universe)
        count = self._inside.sum(axis=0) + self._missing.sum(axis=0)
        self.cuts = tuple(_cuts(universe, count.astype(np.int64), panel))
        ends = [e.session for e in schedule.events("monthly", panel.sessions)]
        self._starts = sorted({0, *(t + 1 for t in ends if t + 1 < len(panel.sessions))})
        self._classes: dict[tuple[bool, str, str | None], NDArray[np.int32]] = {}
        self._numbers: dict[str, int] = {}  # class -> what stands for it

    def of(self, spec: config.Basket, scheme: str | None) -> Absent:
        """What a basket of this list lacks."""
        inside, silent, missing = (self._inside, self._silent, self._missing)
        for level in LEVELS:
            wanted = config.listed(getattr(spec, level))
            if wanted:
                own = self._classed(self.panel, level, scheme, wanted)
                inside, silent = inside & own, silent & own[self._rows]
                missing = missing & self._classed(self.outside, level, scheme, wanted)
        absent = silent.sum(axis=0) + missing.sum(axis=0)
        eligible = inside.sum(axis=0) + missing.sum(axis=0)
        days = np.concatenate([missing.sum(axis=1), silent.sum(axis=1)])
        names = (*self.outside.securities, *(self.panel.securities[i] for i in self._rows))
        order = np.argsort(-days, kind="stable")
        ranked = bool(spec.rank or spec.union or spec.minus or spec.intersect or spec.securities)
        return Absent(
            eligible.astype(np.int64),
            absent.astype(np.int64),
            tuple(names[i] for i in order.tolist() if days[i]),
            ranked,
            self.cuts,
        )

    def _classed(
        self, panel: Panel, level: str, scheme: str | None, wanted: Sequence[str]
    ) -> Bools:
        """(n, T) who is in one of the classes, as known at the first session of each month."""
        key = panel is self.outside, level, scheme
        if key not in self._classes:
            number, before, rows = self._numbers, np.empty(0, object), list[list[int]]()
            for start in self._starts:
                names = panel.class_at(start, level, scheme)
                if rows and np.array_equal(names, before):  # classes seldom change in a month
                    rows.append(rows[-1])
                else:
                    rows.append([number.setdefault(str(c), len(number)) for c in names])
                before = names
            self._classes[key] = np.array(rows, np.int32).T
        own: Bools = np.isin(self._classes[key], [self._numbers.get(name, -1) for name in wanted])
        return np.repeat(own, np.diff([*self._starts, len(panel.sessions)]), axis=1)


def _cuts(name: str, count: Ints, panel: Panel) -> Iterator[Cut]:
    """Sessions on which a list of so many members (T,) shrinks by a quarter and does not end."""
    days = panel.sessions.astype("datetime64[D]")
    lost = count[:-1] - count[1:]
    shrunk = (lost >= np.maximum(FEWEST, CUT * count[:-1])) & (count[1:] > 0)
    for t in (np.flatnonzero(shrunk) + 1).tolist():
        again = np.flatnonzero(count[t:] > (1 - CUT) * count[t - 1])
        last = t + int(again[0]) - 1 if len(again) else len(count) - 1
        yield Cut(name, str(days[t]), str(days[last]), int(lost[t - 1]), int(count[t - 1]))
