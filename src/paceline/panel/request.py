"""What is asked of the store for a panel: the sessions to fill and whose rows count, checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Required, TypedDict

import numpy as np
import polars as pl

from paceline import schema
from paceline.arrays import Bools, Dates
from paceline.errors import NotEnoughData, UnknownName, UsageError
from paceline.lineage import digest
from paceline.panel import asof
from paceline.panel.facts import Facts
from paceline.store import Store, agreed, delta
from paceline.store.sessions import sessions_of

DayLike = str | dt.date | np.datetime64
FIELDS = schema.PRICE_FIELDS
PAIR = schema.RETURN_OF


class PanelArguments(TypedDict, total=False):
    """The keyword arguments of ``build`` that say which panel is wanted."""

    sessions: Required[Dates | str]
    as_of: DayLike | None
    start: DayLike | None
    fields: Sequence[str]
    order: Mapping[str, Sequence[str]] | None
    securities: Sequence[str] | None
    kinds: Sequence[str] | None
    exclude_kinds: Sequence[str] | None
    unknown_kind: str
    guard: float | None
    version: int | str | dt.date | None
    sources: Sequence[str] | None


@dataclass(frozen=True)
class Choice:
    """Which securities belong in a panel, by identifier and by kind; None: no limit.

    unknown_kind  the kind of a security that the table does not know
    """

    securities: frozenset[str] | None
    kinds: frozenset[str] | None
    exclude_kinds: frozenset[str] | None
    unknown_kind: str

    def accepts(self, security: str, kind: str) -> bool:
        """Whether a security of that kind belongs in the panel."""
        return (
            (self.securities is None or security in self.securities)
            and (self.kinds is None or kind in self.kinds)
            and (self.exclude_kinds is None or kind not in self.exclude_kinds)
        )


@dataclass(frozen=True)
class PanelRequest:
    """What is asked of the store for a panel, checked.

    calendar  the sessions to fill, the as-of day last
    loads     the imports that may be read
    ranks     field -> every source that may be read, first choice first
    facts     the dated tables at that version
    choice    whose rows count
    guard     as in ``build``
    params    the request as lineage keeps it
    """

    version: int
    calendar: Dates
    loads: pl.DataFrame
    ranks: dict[str, list[str]]
    facts: Facts
    choice: Choice
    fields: tuple[str, ...]
    guard: float | None
    params: dict[str, Any]

    def wanted(self, securities: Sequence[str]) -> Bools:
        """Which of the securities belong in the panel."""
        kinds, unknown = self._kinds, self.choice.unknown_kind
        accepted = [self.choice.accepts(s, kinds.get(s, unknown)) for s in securities]
        return np.array(accepted, bool)

    @cached_property
    def _kinds(self) -> dict[str, str]:
        """Security -> kind as known on the last session; empty where kinds do not matter."""
        if self.choice.kinds is None and self.choice.exclude_kinds is None:
            return {}
        rows = self.facts.table("securities")
        spells = asof.spells(rows, schema.table("securities").key, self.calendar)
        now = asof.latest_at(spells, len(self.calendar) - 1, self.calendar[-1])
        return {s: k for s, k in now.select("security", "kind").iter_rows() if k is not None}


def panel_request(
    store: Store,
    *,
    sessions: Dates | str,
    as_of: DayLike | None = None,
    start: DayLike | None = None,
    fields: Sequence[str] = FIELDS,
    order: Mapping[str, Sequence[str]] | None = None,
    securities: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
    exclude_kinds: Sequence[str] | None = None,
    unknown_kind: str = "",
    guard: float | None = None,
    version: int | str | dt.date | None = None,
    sources: Sequence[str] | None = None,
) -> PanelRequest:
    """The arguments of ``build``, checked.

    Raises ``NotEnoughData`` where no session is left, ``UsageError`` for what cannot be.
    """
    version = store.resolve(version)
    for name in fields:
        if name not in FIELDS:
            raise UnknownName("price field", name, FIELDS)
    calendar = _calendar(store, sessions, version, sources)
    ranks = _ranks(order, store, version)
    calendar = calendar[: _end(store, calendar, as_of, version, sources)]
    if start is not None:
        calendar = calendar[np.searchsorted(calendar, to_day(start)) :]
    if not len(calendar):
        raise NotEnoughData(
            f"no session lies between {start} and {as_of}.", "Ask for an earlier start."
        )
    choice = Choice(_set(securities), _set(kinds), _set(exclude_kinds), unknown_kind)
    params = {
        "as_of": str(calendar[-1]),
        "start": None if start is None else str(to_day(start)),
        "fields": list(fields),
        "order": ranks,
        "sources": None if sources is None else list(sources),
        "securities": _sorted(choice.securities),
        "kinds": _sorted(choice.kinds),
        "exclude_kinds": _sorted(choice.exclude_kinds),
        "unknown_kind": unknown_kind,
        "guard": guard,
        "sessions": digest([str(calendar[0]), len(calendar), int(calendar.astype(np.int64).sum())]),
    }
    facts = Facts(lambda name: agreed.read(store, name, version, sources))
    loads = store.loads(version)
    if sources is not None:
        loads = loads.filter(pl.col("source").is_in(list(sources)))
    return PanelRequest(
        version, calendar, loads, ranks, facts, choice, tuple(fields), guard, params
    )


def _set(values: Sequence[str] | None) -> frozenset[str] | None:
    return None if values is None else frozenset(values)


def _sorted(values: frozenset[str] | None) -> list[str] | None:
    return None if values is None else sorted(values)


def to_day(day: DayLike) -> np.datetime64:
    """A day, given in any of its forms; ``UsageError`` for what is no date."""
    try:
        return np.datetime64(str(day) if isinstance(day, np.datetime64) else day, "D")
    except ValueError:
        raise UsageError(f"{day!r} is not a date.", "Give a day as YYYY-MM-DD.") from None


def _calendar(
    store: Store, sessions: Dates | str, version: int, sources: Sequence[str] | None
) -> Dates:
    if isinstance(sessions, str):
        dates = sessions_of(store, sessions, version, sources)
        if not len(dates):
            stored = store.read("sessions", version)["calendar"].unique()
            raise UnknownName("calendar in the sessions table", sessions, stored)
        return dates
    days: Dates = np.asarray(sessions, "datetime64[D]")
    if len(days) and (np.diff(days.astype(np.int64)) <= 0).any():
        raise UsageError(
            "the sessions are not strictly increasing.", "Sort them and give each day once."
        )
    return days


def _end(
    store: Store,
    calendar: Dates,
    as_of: DayLike | None,
    version: int,
    sources: Sequence[str] | None,
) -> int:
    """How many sessions may be seen: none after the last with a price, none after ``as_of``."""
    last = store.last_day("prices", version, sources)
    if last is None:
        raise NotEnoughData(f"{store.path} holds no prices.", "Run `paceline import` first.")
    end = to_day(last) if as_of is None else min(to_day(as_of), to_day(last))
    return int(np.searchsorted(calendar, end, side="right"))


def _ranks(
    order: Mapping[str, Sequence[str]] | None, store: Store, version: int
) -> dict[str, list[str]]:
    """Field -> every source that may be read, first choice first."""
    order = dict(order or {})
    for name in order:
        if name not in FIELDS:
            raise UnknownName("price field in the order of sources", name, FIELDS)
    named = list(dict.fromkeys(s for sources in order.values() for s in sources))
    if not named:
        with delta.guard(store.path, "reading prices"):
            first_loads = (
                store.table("prices", version)
                .group_by("source")
                .agg(pl.col("load").min())
                .sort("load", "source")
                .collect()
            )
        named = first_loads["source"].to_list()
    pair = [list(order[f]) for f in PAIR if f in order]
    if len(pair) == len(PAIR) and pair[0] != pair[1]:
        raise UsageError(
            f"close and price_return have different orders of sources ({pair[0]} and {pair[1]}).",
            "Give both the same: they always come from one source.",
        )
    if pair:
        order |= dict.fromkeys(PAIR, pair[0])
    return {f: list(dict.fromkeys([*order.get(f, []), *named])) for f in FIELDS}
