"""A panel from the store's price rows, or from its cache."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Unpack

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import schema
from paceline.arrays import Array, Bools, Dates
from paceline.errors import NotEnoughData
from paceline.lineage import Origin, Step, code_of, digest
from paceline.panel import asof, cells, doubts, holes, leaps, matrices, parted, still
from paceline.panel.core import VALID, Panel
from paceline.panel.derived import dark
from paceline.panel.matrices import Matrices
from paceline.panel.request import PAIR, PanelArguments, PanelRequest, panel_request
from paceline.store import Store, delta
from paceline.store.statements import standing
from paceline.wording import agreeing, number_of

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
#: Share of the securities with a total return that must have a price return too for ``guarded``.
USUAL = 0.5
#: So many securities at most are named in an error.
FEW = 5


def build(store: Store, *, cache: bool = True, **wanted: Unpack[PanelArguments]) -> Panel:
    """Assemble a panel from the store, or map it from the store's cache.

    sessions       the calendar's sessions, or a calendar code stored in the table ``sessions``
    as_of          last day that may be seen (the session on or before it); default: the last with a
                   price, which is the limit in any case
    start          first day wanted; default: the first session with a price of a wanted security
    fields         the price fields wanted; default: all of ``FIELDS``
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
    version        the store as it was: a load number or a date; default: now
    sources        the sources that are read, first choice first: a fact that several state is that
                   of the first; default: all, in order of import
    cache          keep the matrices as mapped files in the store's folder and use them if they are
                   there

    Raises ``NotEnoughData`` if no price row is left, ``StoreError`` for a damaged store,
    ``UsageError`` otherwise.
    """
    request = panel_request(store, **wanted)
    key = digest(
        {
            "loads": request.loads.select("load", "checksum").rows(),
            "request": request.params,
            "code": code_of(__name__),
        },
        32,
    )
    made = matrices.load(store.cache, key) if cache else None
    if made is None:
        made = _assemble(store, request)
        if request.guard is not None:
            made = guarded(made, request.guard)
        if cache:
            matrices.save(store.cache, key, made)
    return finished(made, request)


def guarded(made: Matrices, guard: float) -> Matrices:
    """The matrices with total returns in place of price returns that are missing or wrong."""
    price, total = made.fields.get("price_return"), made.fields.get("total_return")
    if price is None or total is None:
        return made
    has_total = np.isfinite(total)
    both = np.count_nonzero(has_total & np.isfinite(price), axis=0)
    usual = both > USUAL * np.count_nonzero(has_total, axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        true = np.abs((1 + price) / (1 + total) - 1) <= guard
    instead = has_total & ~true & usual
    mended = np.where(instead, total, price)
    mended.setflags(write=False)
    return replace(made, fields={**made.fields, "price_return": mended}, guarded=int(instead.sum()))


def _assemble(store: Store, request: PanelRequest) -> Matrices:
    calendar = request.calendar
    segments, listed = store.segments("prices", request.version)
    withdrawals = store.withdrawals("prices", request.version)
    first, last = (int(str(day)[:4]) for day in (calendar[0], calendar[-1]))
    names: dict[str, int] = {}
    numbers = source_numbers(request)
    with delta.guard(store.path / "tables" / "prices", "reading prices"):
        years = [
            cells.positions(list(group), listed, calendar, names, numbers, withdrawals)
            for year, group in groupby(segments, key=lambda s: s.year)
            if year is None or first <= year <= last
        ]
        chosen = request.wanted(list(names))
        present, begin = np.zeros(len(names), bool), len(calendar)
        for y in years:
            y.keep &= chosen[y.code]
            present[y.code[y.keep]] = True
            begin = min(begin, int(y.column[y.keep].min(initial=begin)))
        order = sorted((name, code) for name, code in names.items() if present[code])
        if not order:
            raise _nothing(store, request)
        row = np.full(len(names), -1, np.int64)
        row[[code for _, code in order]] = np.arange(len(order))
        shape = len(order), len(calendar) - begin
        for y in years:
            cells.aim(y, row, begin, shape)
        filled = cells.fill(years, request.fields, request.ranks, numbers, shape)
    latest = {f: holes.latest(filled.fields[f], ranks) for f, ranks in filled.ranks.items()}
    securities = tuple(name for name, _ in order)
    actions = request.facts.table("actions")
    paid = doubts.payments(actions, securities, calendar[begin:])
    cash = partial(doubts.dividends, actions, securities, calendar[begin:])
    doubted = doubts.doubted(filled.fields, filled.covers, filled.ranks, paid, cash=cash)
    sources = doubts.Sources(filled.ranks, request.ranks)
    looks = (leaps.returned, leaps.quiet, parted.parted)
    others = [look(filled.fields, 0, sources) for look in looks]
    others.append(still.repeated(filled.fields))
    marks = holes.mend(
        filled.fields, filled.covers, filled.ranks, members(request, securities, calendar[begin:])
    )
    return Matrices(
        calendar[begin:],
        securities,
        filled.fields,
        filled.sources,
        filled.recovered,
        sum(int(chosen[y.off].sum()) for y in years),
        marks={n: m.joined(doubted[n], *(o[n] for o in others)) for n, m in marks.items()},
        priced=priced(filled.fields),
        latest=latest,
    )


def _nothing(store: Store, request: PanelRequest) -> NotEnoughData:
    """That no wanted security has a price on the sessions asked for, and why or when it will."""
    rows = store.table("prices", request.version)
    rows = rows.filter(pl.col("source").is_in(list(source_numbers(request))))
    if request.choice.securities is not None:
        rows = rows.filter(pl.col("security").is_in(list(request.choice.securities)))
    own = rows.select("date", late=(pl.col("known") - pl.col("date")).dt.total_days()).collect()
    begin, end = (day.item() for day in (request.calendar[0], request.calendar[-1]))
    names = sorted(request.choice.securities or ())
    who = ", ".join(names) if 0 < len(names) <= FEW else "a wanted security"
    none = f"{store.path} holds no price of {who} between {begin} and {end}"
    late = own.filter(pl.col("date").is_between(begin, end) & (pl.col("late") > 0))["late"].sort()
    if len(late):
        count, days = number_of(len(late), "price is", "prices are"), late[len(late) // 2]
        return NotEnoughData(
            f"{none} that is known on its day: {count} known only later, as a rule by "
            f"{number_of(days, 'day')}.",
            "Leave known out of the columns of the prices, where it is the day of delivery.",
        )
    first = own.select(pl.col("date").min()).item()
    if first is not None and own.filter(pl.col("date") <= end).is_empty():
        return NotEnoughData(
            f"{none}: the first is of {first}.", f"Ask for {first} or a later day."
        )
    return NotEnoughData(f"{none}.", "Import prices, or ask for other securities or dates.")


def members(request: PanelRequest, securities: Sequence[str], sessions: Dates) -> Bools | None:
    """(N, T) who was on any list, as known on the day; None where there is no list."""
    rows = request.facts.table("members")
    if rows.is_empty():
        return None
    spells = asof.spells(rows, schema.table("members").key, sessions)
    place = {security: i for i, security in enumerate(securities)}
    row = np.array([place.get(s, -1) for s in spells["security"]], np.int64)
    there = row >= 0
    first, stop = (spells[c].to_numpy()[there] for c in ("first", "stop"))
    return asof.cover(row[there], first, stop, (len(securities), len(sessions)))


def priced(fields: Mapping[str, Array]) -> NDArray[np.int64]:
    """(T,) how many securities have a close or a return on each session."""
    valid = [np.isfinite(fields[name]) for name in VALID if name in fields]
    if not valid:
        return np.zeros(next(iter(fields.values())).shape[1], np.int64)
    counts: NDArray[np.int64] = np.count_nonzero(np.logical_or.reduce(valid), axis=0)
    return counts


def source_numbers(request: PanelRequest) -> dict[str, int]:
    """A number for each source that may be read."""
    return {source: number for number, source in enumerate(request.ranks[PAIR[0]])}


def finished(made: Matrices, request: PanelRequest) -> Panel:
    """The panel of these matrices, with lineage and caveats."""
    read = [
        row
        for row in standing(request.loads).iter_rows(named=True)
        if set(json.loads(row["tables"])) & set(READ)
    ]
    # checksums, not load numbers: the same data give the same id in every store
    params = {**request.params, "loads": [row["checksum"] for row in read]}
    origins = tuple(dict.fromkeys(Origin(**o) for row in read for o in json.loads(row["origins"])))
    caveats = []
    if made.recovered.any():
        caveats.append(
            number_of(int(made.recovered.sum()), "close was", "closes were")
            + " worked back from the next session's change"
        )
    if made.off_calendar:
        caveats.append(
            number_of(made.off_calendar, "price row lies", "price rows lie")
            + " on days that are no session and "
            + agreeing(made.off_calendar, "was left out", "were left out")
        )
    if made.guarded:
        caveats.append(
            f"{number_of(made.guarded, 'price return')}, missing or not to be believed, "
            f"{agreeing(made.guarded, 'is a total return', 'are total returns')} instead"
        )
    return Panel(
        made.sessions,
        made.securities,
        made.fields,
        version=request.version,
        step=Step("panel", params, code=code_of(__name__)),
        caveats=tuple(caveats),
        sources=made.sources,
        origins=origins,
        off_calendar=made.off_calendar,
        recovered=made.recovered,
        guarded=made.guarded,
        marks=made.marks,
        dark=dark(made.priced),
        facts=request.facts,
        memo={"latest": made.latest, "priced": made.priced},
    )
