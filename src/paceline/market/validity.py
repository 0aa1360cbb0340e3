"""Of which day the lists, weights and filings of a market are, by declaration or by their rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from paceline import config
from paceline.baskets.select import ROLLED_BACK
from paceline.indices.validity import Validity
from paceline.quality import EVER
from paceline.wording import agreeing, number_of

if TYPE_CHECKING:
    from paceline.market.assembled import Assembled

#: Days without a change that are usual, by table: index members change at least every quarter,
#: sectors once a year; of many companies one files in every season.
USUAL = {"members": 92, "classes": 366, "fundamentals": 100}
#: Days ahead of which changes of a list are known.
ANNOUNCED = 31
#: Steps of a series, and further days, that may pass without a value.
STEPS, WEEK = 2, 7
CHANGED = ": the last change stated is of {}, rolled forward"
FILED = ": the last filing known is of {}, older by"


def of_basket(moment: Assembled, name: str) -> tuple[Validity, ...]:
    """What the members and weights of a basket rest on that is of a day."""
    spec = moment.baskets[name]
    return () if moment.stocks is None else tuple(_of_basket(moment, name, spec))


def _of_basket(moment: Assembled, name: str, spec: config.Basket) -> Iterator[Validity]:
    for table in moment.file.tables_behind(spec):
        if table == "holdings":
            yield from _of_holdings(moment, name, spec)
            continue
        declared = [s for s in moment.file.sources.values() if s.table == table and s.valid]
        rows = _rows(moment, table, spec)
        back = "" if _dated(rows) else f"{table} of {{}} applied to earlier days"
        for source in declared:
            day = str(source.valid)
            yield Validity(table, day, source.max_age, back=back.format(day))
        last = None if declared or not _listed(moment, table) else _last(rows, moment.as_of)
        if last is not None:
            yield _unless_usual(Validity(table, last, told=CHANGED, quiet=USUAL[table]), moment)


def _unless_usual(of: Validity, moment: Assembled) -> Validity:
    """Of members that are older than usual today, every day after their last change is too late.

    Whoever looks back knows that the list ended, and calls no weeks without a change usual. Classes
    change so seldom that most of a year is right all the same.
    """
    ended = of.what == "members" and of.age(moment.as_of) > of.quiet
    return replace(of, quiet=0) if ended else of


def _of_holdings(moment: Assembled, name: str, spec: config.Basket) -> Iterator[Validity]:
    """A fund's weights, where the basket is sized by them: of the day that they carry."""
    universe = moment.file.universes[str(spec.universe)]
    sources = [s for s in moment.file.sources.values() if s.table == "holdings"]
    for source in sources:
        if source.valid is not None:
            yield Validity("holdings", str(source.valid), source.max_age)
    sized = spec.weight not in ("equal", "given") or spec.rank is not None
    if universe.roll == "none" or not sized or moment.stocks is None:
        return
    held = moment.stocks.holdings(str(universe.holdings), -1, ahead=universe.roll == "both")
    if held is None:
        return
    said = moment.composite_indices["price"].caveats.get(name, ())
    back = next((c for c in said if c.startswith(ROLLED_BACK)), "").removeprefix("look-ahead: ")
    stated = any(s.valid is not None for s in sources)
    limit = min((s.max_age for s in sources), default=config.AGE)
    what, day = f"holdings of {universe.holdings}", str(held.date)
    if stated:  # how old they may become is said of the day that is declared
        yield Validity(what, day, quiet=10**6, back=back)
    else:
        yield Validity(what, day, limit, back=back)


def without_direction(caveats: Iterable[str]) -> list[str]:
    """The caveats of a basket without those that hold only of windows before a day."""
    return [c for c in caveats if not c.startswith(ROLLED_BACK)]


def undated(moment: Assembled, name: str) -> list[str]:
    """The lists of a basket that carry no day at all, neither declared nor in their rows."""
    if moment.stocks is None:
        return []
    spec, sources = moment.baskets[name], moment.file.sources.values()
    return [
        f"{table} carry no date and stand for every day: valid in the market file says which"
        for table in moment.file.tables_behind(spec)
        if table != "holdings"
        and _listed(moment, table)
        and not any(s.table == table and s.valid for s in sources)
        and _last(_rows(moment, table, spec), None) is None
    ]


def ahead(moment: Assembled, universe: str) -> pl.DataFrame:
    """Memberships (security, start) of a universe's list from a day after the last price on."""
    chosen, last = moment.file.universes[universe].members, moment.stored.last_priced
    rows = moment.stocks.facts.table("members") if moment.stocks is not None else None
    if rows is None or chosen is None or last is None:
        return pl.DataFrame(schema={"security": pl.String, "start": pl.Date})
    own = rows.filter((pl.col("universe") == chosen) & (pl.col("start") > last))
    return own.select("security", "start").unique().sort("start", "security")


def unannounced(moment: Assembled, name: str) -> list[str]:
    """That members of a basket's list begin so long after the last price that no list knows it."""
    universe = moment.baskets[name].universe
    last = moment.stored.last_priced
    if universe is None or last is None:
        return []
    far = ahead(moment, universe).filter(pl.col("start") > last + dt.timedelta(ANNOUNCED))
    if far.is_empty():
        return []
    count = far["security"].n_unique()
    first = f"{far['security'][0]} on {far['start'][0]}"
    called = moment.file.universes[universe].label or universe
    verb, them = agreeing(count, "begins", "begin"), agreeing(count, "it is", "they are")
    return [
        f"{number_of(count, 'membership')} of {called} {verb} long after the last price ({first}): "
        f"{them} not counted"
    ]


def of_filings(moment: Assembled, needs: Sequence[str]) -> dict[str, Validity]:
    """Of which day the fundamentals of a measure are: declared, or the last filing known."""
    if not needs or moment.stocks is None:
        return {}
    declared = [s for s in moment.file.sources.values() if s.table == "fundamentals" and s.valid]
    filed = moment.stocks.facts.table("fundamentals")
    out = {}
    for need in needs:
        item = need.partition(":")[2]
        for source in declared[:1]:
            out[need] = Validity(item, str(source.valid), source.max_age)
        last = None if declared else _last(filed.filter(pl.col("item") == item), moment.as_of)
        if last is not None:
            out[need] = Validity(item, last, told=FILED, quiet=USUAL["fundamentals"])
    return out


def of_series(moment: Assembled) -> dict[str, Validity]:
    """Of which day each macro or factor series is, and how old it may be before it has stopped.

    A value may be missing for twice the usual step between two of its days, the time that passes
    until one is published, and a week.
    """
    lags = moment.stored.series_lags()
    out = {}
    for name, (days, values) in moment.series.items():
        seen = days[np.isfinite(values)]
        if len(seen):
            step = int(np.median(np.diff(seen).astype(np.int64))) if len(seen) > 1 else 1
            late = STEPS * step + lags.get(name, 0) + WEEK
            out[name] = Validity(f"values of {name}", str(seen[-1]), late)
    return out


def stopped(of: Validity, as_of: str) -> str:
    """What a figure says that rests on a series which has stopped; empty where it goes on."""
    return (
        f"{of.what} ended on {of.day}, {of.age(as_of):,} days before {as_of}"
        if of.refusal(as_of)
        else ""
    )


def _listed(moment: Assembled, table: str) -> bool:
    """Whether files give the table: other sources know their own days."""
    return any(s.table == table and s.kind == "files" for s in moment.file.sources.values())


def _rows(moment: Assembled, table: str, spec: config.Basket) -> pl.DataFrame:
    """The rows of a table that a basket with members rests on."""
    assert moment.stocks is not None
    rows = moment.stocks.facts.table(table)
    universe = moment.file.universes.get(spec.universe or "")
    key, value = ("universe", "members") if table == "members" else ("scheme", "scheme")
    chosen = getattr(universe, value, None)
    return rows if chosen is None else rows.filter(pl.col(key) == chosen)


def _dated(rows: pl.DataFrame) -> bool:
    """Whether any row carries a day from which it holds."""
    return _last(rows, None) is not None


def _last(rows: pl.DataFrame, until: str | None) -> str | None:
    """The last day that rows tell of, up to ``until``: a beginning, an end, a publication."""
    columns = [rows[c] for c in ("start", "end", "known") if c in rows.columns]
    every = pl.concat([c.cast(pl.Date).rename("day") for c in columns]).drop_nulls()
    every = every.filter(every > EVER)
    if until is not None:
        every = every.filter(every <= dt.date.fromisoformat(until))
    return None if every.is_empty() else str(every.max())
