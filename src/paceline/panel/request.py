"""What is asked of the store for a panel: the sessions to fill and whose rows count, checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import schema
from paceline.arrays import Dates
from paceline.errors import NotEnoughData, UnknownName, UsageError
from paceline.lineage import digest
from paceline.panel import asof
from paceline.panel.core import Facts
from paceline.store import Store, delta

Day = str | dt.date | np.datetime64
FIELDS = ("close", "price_return", "total_return", "volume", "market_cap")
#: Of one source in every cell, because a return says how to get from one close to the next.
PAIR = ("close", "price_return")


@dataclass(frozen=True)
class Ask:
    """What is asked of the store: the sessions to fill, whose rows count, and the request as lineage keeps it."""

    version: int
    calendar: Dates
    loads: pl.DataFrame
    ranks: dict[str, list[str]]
    facts: Facts
    wanted: Callable[[list[str]], NDArray[np.bool_]]
    guard: float | None
    request: dict[str, Any]


def ask(
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
) -> Ask:
    """The arguments of ``build``, checked."""
    version = store.resolve(version)
    for name in fields:
        if name not in FIELDS:
            raise UnknownName("price field", name, FIELDS)
    calendar = _calendar(store, sessions, version)
    loads = store.loads(version)
    ranks = _ranks(order, store, version)
    calendar = calendar[: _end(store, calendar, as_of, version)]
    if start is not None:
        calendar = calendar[np.searchsorted(calendar, day(start)) :]
    if not len(calendar):
        raise NotEnoughData(
            f"no session lies between {start} and {as_of}.", "Ask for an earlier start."
        )
    request = {
        "as_of": str(calendar[-1]),
        "start": None if start is None else str(day(start)),
        "fields": list(fields),
        "order": ranks,
        "securities": None if securities is None else sorted(set(securities)),
        "kinds": _listed(kinds),
        "exclude_kinds": _listed(exclude_kinds),
        "unknown_kind": unknown_kind,
        "guard": guard,
        "sessions": digest([str(calendar[0]), len(calendar), int(calendar.astype(np.int64).sum())]),
    }
    facts = Facts(lambda name: store.read(name, version))

    def wanted(names: list[str]) -> NDArray[np.bool_]:
        return _wanted(facts, calendar, securities, kinds, exclude_kinds, unknown_kind)(names)

    return Ask(version, calendar, loads, ranks, facts, wanted, guard, request)


def _listed(values: Sequence[str] | None) -> list[str] | None:
    return None if values is None else sorted(set(values))


def day(day: Any) -> np.datetime64:
    try:
        return np.datetime64(day, "D")
    except ValueError:
        raise UsageError(f"{day!r} is not a date.", "Give a day as YYYY-MM-DD.") from None


def _calendar(store: Store, sessions: Dates | str, version: int) -> Dates:
    if isinstance(sessions, str):
        rows = store.read("sessions", version)
        mine = rows.filter(pl.col("calendar") == sessions)["date"].unique().sort()
        if mine.is_empty():
            raise UnknownName("calendar in the sessions table", sessions, rows["calendar"].unique())
        return mine.to_numpy().astype("datetime64[D]")
    days: Dates = np.asarray(sessions, "datetime64[D]")
    if len(days) and (np.diff(days.astype(np.int64)) <= 0).any():
        raise UsageError(
            "the sessions are not strictly increasing.", "Sort them and give each day once."
        )
    return days


def _end(store: Store, calendar: Dates, as_of: Day | None, version: int) -> int:
    """How many sessions of the calendar may be seen: none after the last with a price, none after ``as_of``."""
    segments, listed = store.segments("prices", version)
    last = None
    for _, year in groupby(reversed(segments), key=lambda s: s.year):
        rows = delta.scan(list(year), schema.table("prices").schema).filter(
            pl.col("load").is_in(list(listed))
        )
        with delta.guard(store.path / "tables" / "prices", "reading"):
            last = rows.select(pl.col("date").max()).collect().item()
        if last is not None:
            break
    if last is None:
        raise NotEnoughData(f"{store.path} holds no prices.", "Run `paceline import` first.")
    end = day(last) if as_of is None else min(day(as_of), day(last))
    return int(np.searchsorted(calendar, end, side="right"))


def _ranks(
    order: Mapping[str, Sequence[str]] | None, store: Store, version: int
) -> dict[str, list[str]]:
    """Field -> every source that may be read, first choice first."""
    order = dict(order or {})
    for name in order:
        if name not in FIELDS:
            raise UnknownName("price field in the order of sources", name, FIELDS)
    named = list(dict.fromkeys(s for listed in order.values() for s in listed))
    if not named:
        with delta.guard(store.path, "reading prices"):
            found = (
                store.table("prices", version)
                .group_by("source")
                .agg(pl.col("load").min())
                .sort("load", "source")
                .collect()
            )
        named = found["source"].to_list()
    pair = [list(order[f]) for f in PAIR if f in order]
    if len(pair) == 2 and pair[0] != pair[1]:
        raise UsageError(
            f"close and price_return have different orders of sources ({pair[0]} and {pair[1]}).",
            "Give both the same: they always come from one source.",
        )
    if pair:
        order |= dict.fromkeys(PAIR, pair[0])
    return {f: list(dict.fromkeys([*order.get(f, []), *named])) for f in FIELDS}


def _wanted(
    facts: Facts,
    calendar: Dates,
    securities: Sequence[str] | None,
    kinds: Sequence[str] | None,
    exclude: Sequence[str] | None,
    unknown: str,
) -> Callable[[list[str]], NDArray[np.bool_]]:
    """Which of the securities found belong in the panel."""
    kind_of: dict[str, str] = {}
    if kinds is not None or exclude is not None:
        found = asof.spells(facts.table("securities"), schema.table("securities").key, calendar)
        now = asof.latest_at(found, len(calendar) - 1, calendar[-1])
        kind_of = {s: k for s, k in now.select("security", "kind").iter_rows() if k is not None}
    only = None if securities is None else set(securities)

    def choose(names: list[str]) -> NDArray[np.bool_]:
        chosen = np.ones(len(names), bool)
        for i, name in enumerate(names):
            kind = kind_of.get(name, unknown)
            chosen[i] = (
                (only is None or name in only)
                and (kinds is None or kind in kinds)
                and (exclude is None or kind not in exclude)
            )
        return chosen

    return choose
