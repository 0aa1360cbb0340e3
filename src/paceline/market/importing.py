"""Import: fetch, parse, check and store what the sources of a market file state, each as a load."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paceline import calendars, config, quality, schema, sources
from paceline.errors import SourceError, UnknownName
from paceline.market import calendar, explanations, rivals, stating
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.store import Stated, Store

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class _Import:
    """One import: from which market file, into which store, with which frames by source.

    place  of the market file: see ``rivals.place_of``
    """

    file: config.MarketFile
    store: Store
    given: Mapping[str, list[sources.Raw]]
    place: str | None


def import_sources(
    file: config.MarketFile,
    store: Store,
    only: Sequence[str] | None = None,
    progress: Progress | None = None,
    given: Mapping[str, list[sources.Raw]] | None = None,
    place: str | None = None,
) -> list[dict[str, Any]]:
    """Import every source, or those in ``only``; one row per source tells what came of it.

    given  the bytes of sources that are frames
    place  the market file itself: see ``rivals.place_of``

    A row holds source, load, rows, added, changed, withdrawn, quarantined, findings, seconds;
    ``rows`` is what the source states, ``added`` to ``withdrawn`` how that differs from what it
    stated before.

    Where a source states what it last stated nothing changes; its ``load`` is None. An import of
    all sources also withdraws those that the market file no longer declares. Where one changes what
    explains the prices of another, the bytes kept of that one are read again, asked for or not.
    Raises ``SourceError`` before anything of the faulty source is stored; earlier sources stay
    stored. ``StoreError``, and nothing is stored, where the store holds these sources of another
    market file.
    """
    for source in only or ():
        if source not in file.sources:
            raise UnknownName("source", source, file.sources)
    say = progress or (lambda _what, _share: None)
    rivals.refuse(file, place, store.loads())
    days = calendar.sessions(file.market.calendar, store)
    over = calendars.ended(file.market.calendar, calendars.now())
    context = sources.Context(file.market.calendar, days, dt.date.today(), over)
    run = _Import(file, store, given or {}, place)
    # lists of corporate actions first: they explain what prices do
    names = sorted(file.sources, key=lambda n: file.sources[n].table != "actions")
    done = []
    for number, name in enumerate(names):
        began = time.perf_counter()

        def stage(what: str, part: float, at: int = number) -> None:
            say(what, (at + part) / len(names))

        asked = only is None or name in only
        row = _import_one(run, name, context, stage, asked=asked)
        if row is not None:
            done.append({**row, "seconds": round(time.perf_counter() - began, 2)})
    done.sort(key=lambda row: list(file.sources).index(row["source"]))
    if only is None:
        done += _withdraw_undeclared(run)
    say("done", 1.0)
    return done


def _import_one(
    run: _Import, name: str, context: sources.Context, say: Progress, *, asked: bool
) -> dict[str, Any] | None:
    """One source: what came of it.

    asked  else its kept bytes are read again, only where other things explain its prices now; None
           where nothing does
    """
    file, store, spec = run.file, run.store, run.file.sources[name]
    plugin = sources.get(spec.kind, file.plugins)
    context = explanations.beside(context, file, store, name)
    what = plugin, name, spec, Path(file.market.data), context, store
    if asked:
        say(f"reading {name}", 0.0)
        stated = stating.gather(*what, run.given.get(name))
    elif (again := stating.told_otherwise(*what)) is not None:
        stated = again
    else:
        return None
    if stated.unchanged:
        return _told(name, None)
    read, findings = parsed(file, store, name, stated.parts, context)
    findings += stated.findings(name)
    if not (stated.adds_only and store.log.latest(name)):
        _some(name, spec, stated.raws, read)
    say(f"storing {name}", 0.6)
    for raw in stated.raws:
        store.keep_raw(raw)
    heard = explanations.asked(context, stated.asked)
    origins = [raw.origin for raw in stated.raws]
    checksum = stating.fingerprint(name, spec, context, origins, heard)
    load = store.state(
        read.tables,
        source=name,
        checksum=stating.waiting(checksum, read.quarantine, context),
        asked=heard,
        declaration=stated.declaration,
        market=file.market.name,
        place=run.place,
        origins=origins,
        findings=findings,
        quarantine=read.quarantine,
        adds_only=stated.adds_only,
        refuse=lambda loads: rivals.refuse(file, run.place, loads),
    )
    return _told(name, load) | {
        "rows": sum(len(t) for t in read.tables.values()),
        "quarantined": 0 if read.quarantine is None else len(read.quarantine),
        "findings": len(findings),
    }


def _some(
    name: str, spec: config.Source, raws: Sequence[sources.Raw], read: sources.Parsed
) -> None:
    """Raise ``SourceError`` where a source states no row that can be used.

    A market without it would look like one that never had it.
    """
    own = read.tables.get(spec.table)
    if any(map(len, read.tables.values() if own is None else [own])):
        return
    files = ", ".join(raw.origin.what for raw in raws[:3]) + (", ..." if len(raws) > 3 else "")
    why = "it states none"
    if read.quarantine is not None:
        counts = read.quarantine["reason"].value_counts(sort=True).sort("count", descending=True)
        reasons = [f"{reason} ({count:,})" for reason, count in counts.head(3).rows()]
        why = f"{number_of(len(read.quarantine), 'row')} set aside: {', '.join(reasons)}"
    raise SourceError(
        f"sources.{name}: {files}: no row of {spec.table} is left: {why}.",
        'Mend the file, or what the market file says of it: columns, unit = "percent", format. '
        "What was stored before stays.",
    )


def joined(parts: Iterable[sources.Parsed]) -> sources.Parsed:
    """One statement of several: of a row in two the later's values, where it has them.

    Findings and quarantine are those of all parts.
    """
    import polars as pl

    whole, *more = parts
    for part in more:
        tables = dict(whole.tables)
        for name, frame in part.tables.items():
            key = [*schema.table(name).key, "known"]
            rows = pl.concat([frame, *([tables[name]] if name in tables else [])], how="diagonal")
            tables[name] = rows.group_by(key, maintain_order=True).agg(
                pl.all().drop_nulls().first()
            )
        quarantine = [q for q in (whole.quarantine, part.quarantine) if q is not None]
        whole = sources.Parsed(
            tables,
            list(dict.fromkeys([*whole.findings, *part.findings])),
            pl.concat(quarantine).unique(maintain_order=True) if quarantine else None,
        )
    return whole


def _told(name: str, stated: Stated | None) -> dict[str, Any]:
    """What is told of a source: the load and what it changed."""
    return {
        "source": name,
        "load": None if stated is None else stated.load,
        "rows": 0,
        "added": 0 if stated is None else stated.added,
        "changed": 0 if stated is None else stated.changed,
        "withdrawn": 0 if stated is None else stated.withdrawn,
        "quarantined": 0,
        "findings": 0,
    }


def _withdraw_undeclared(run: _Import) -> list[dict[str, Any]]:
    """Withdraw what this market once imported from sources that its file no longer declares."""
    file, store, done = run.file, run.store, []
    for name in store.log.sources():
        if name in file.sources or calendar.is_calendar(name):
            continue
        began = time.perf_counter()
        last = store.log.latest(name)
        if last is None or last["market"] not in (None, file.market.name):
            continue  # of another market that shares the store
        if rivals.holder(last, run.place, file.market.store) is not None:
            continue  # of another market of that name
        stated = store.state({}, source=name, checksum="", market=file.market.name, place=run.place)
        if stated is not None:
            seconds = round(time.perf_counter() - began, 2)
            done.append({**_told(name, stated), "seconds": seconds})
    return done


def _read(
    plugin: sources.SourcePlugin,
    name: str,
    spec: config.Source,
    raws: list[sources.Raw],
    context: sources.Context,
) -> sources.Parsed:
    """The checked tables of a source; what the table library refuses is an error of that source."""
    from polars.exceptions import PanicException, PolarsError

    try:
        return quality.check(plugin.parse(name, spec, raws, context), name, spec, context)
    except (PolarsError, PanicException) as error:
        files = ", ".join(raw.origin.what for raw in raws[:3]) + (", ..." if len(raws) > 3 else "")
        why = " ".join(str(error).split())[:200]
        raise SourceError(
            f"sources.{name}: {files} cannot be read as {spec.table} ({why}).",
            "Check the mapped columns, their types and formats.",
        ) from error


def parsed(
    file: config.MarketFile,
    store: Store,
    name: str,
    parts: Sequence[list[sources.Raw]],
    context: sources.Context,
) -> tuple[sources.Parsed, list[sources.Finding]]:
    """The rows of a source's bytes, checked at the door, and every finding on them.

    Of several parts the later counts where both have a value.
    """
    spec = file.sources[name]
    plugin = sources.get(spec.kind, file.plugins)
    read = joined(_read(plugin, name, spec, part, context) for part in parts)
    return read, [*read.findings, *_disagreements(file, store, name, read)]


def _disagreements(
    file: config.MarketFile, store: Store, name: str, parsed: sources.Parsed
) -> list[sources.Finding]:
    """Where new prices and those stored from other sources describe the same cells differently."""
    import polars as pl

    prices = parsed.tables.get("prices")
    if prices is None or not len(prices):
        return []
    ranked = list(file.sources)
    found: list[sources.Finding] = []
    own = prices["security"].unique()
    for other in ranked:
        if other == name:
            continue
        stored = (
            store.table("prices")
            .filter((pl.col("source") == other) & pl.col("security").is_in(own.implode()))
            .collect()
        )
        if not len(stored):
            continue
        pair = [(name, prices), (other, stored)]
        pair.sort(key=lambda p: ranked.index(p[0]))
        tolerance = max(file.sources[n].tolerance for n, _ in pair)
        found += quality.compare(pair[0][1], pair[1][1], tolerance, (pair[0][0], pair[1][0]))
    return found
