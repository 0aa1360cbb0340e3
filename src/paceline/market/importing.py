"""Import: fetch, parse, check and store the sources of a market file, each as one load."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paceline import calendars, config, quality, sources
from paceline.errors import SourceError, UnknownName
from paceline.lineage import Origin, code_of, digest
from paceline.market import explanations

if TYPE_CHECKING:
    import polars as pl

    from paceline.store import Store

Progress = Callable[[str, float], None]
#: Under this name the calendar's sessions are stored.
CALENDAR = "sessions"


def import_sources(
    file: config.MarketFile,
    store: Store,
    only: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> list[dict[str, Any]]:
    """Import every source, or those in ``only``; one row per source tells what came of it.

    A row holds source, load, rows, quarantined, findings, seconds.

    An import whose bytes and settings stand in the store already changes nothing; its ``load`` is
    None. Raises ``SourceError`` before anything of the faulty source is stored; earlier sources
    stay stored.
    """
    for source in only or ():
        if source not in file.sources:
            raise UnknownName("source", source, file.sources)
    say = progress or (lambda _what, _share: None)
    days = tuple(calendar_sessions(file, store))
    context = sources.Context(file.market.calendar, days, dt.date.today())
    specs = {n: s for n, s in file.sources.items() if only is None or n in only}
    # lists of corporate actions first: they explain what prices do
    order = sorted(specs.items(), key=lambda item: item[1].table != "actions")
    done = []
    for number, (name, spec) in enumerate(order):
        began = time.perf_counter()
        say(f"reading {name}", number / len(specs))
        plugin = sources.get(spec.kind, file.plugins)
        raws = plugin.fetch(name, spec, Path(file.market.data))
        context = explanations.beside(context, file, store, name)
        checksum = fingerprint(file, name, raws, context)
        empty = {"load": None, "rows": 0, "quarantined": 0, "findings": 0}
        row: dict[str, Any] = {"source": name, **empty}
        if not store.has(checksum):
            read, findings = parsed(file, store, name, spec, raws, context)
            say(f"storing {name}", (number + 0.6) / len(specs))
            for raw in raws:
                store.keep_raw(raw)
            row |= {
                "load": store.commit(
                    read.tables,
                    source=name,
                    checksum=checksum,
                    origins=_origins(plugin, raws),
                    findings=findings,
                    quarantine=read.quarantine,
                ),
                "rows": sum(len(t) for t in read.tables.values()),
                "quarantined": 0 if read.quarantine is None else len(read.quarantine),
                "findings": len(findings),
            }
        done.append({**row, "seconds": round(time.perf_counter() - began, 2)})
    say("done", 1.0)
    return sorted(done, key=lambda row: list(specs).index(row["source"]))


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


def _origins(plugin: sources.SourcePlugin, raws: Sequence[sources.Raw]) -> list[Origin]:
    """Where the bytes came from, with the code that made rows of them: parser and checks."""
    parser = code_of(sources.module_of(plugin), quality.__name__)
    return [replace(raw.origin, parser=parser) for raw in raws]


def fingerprint(
    file: config.MarketFile, name: str, raws: Sequence[sources.Raw], context: sources.Context
) -> str:
    """Digest of the bytes of a source, of its settings, and of what else explains its prices."""
    return digest(
        {
            "raw": [r.origin.checksum for r in raws],
            "spec": file.sources[name].model_dump(mode="json"),
            "name": name,
            "calendar": file.market.calendar,
            **explanations.identity(context),
        },
        64,
    )


def parsed(
    file: config.MarketFile,
    store: Store,
    name: str,
    spec: config.Source,
    raws: list[sources.Raw],
    context: sources.Context,
) -> tuple[sources.Parsed, list[sources.Finding]]:
    """The rows of a source's bytes, checked at the door, and every finding on them."""
    read = _read(sources.get(spec.kind, file.plugins), name, spec, raws, context)
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


def calendar_sessions(file: config.MarketFile, store: Store) -> list[dt.date]:
    """The sessions of the market's calendar: from the store, or imported into it once a year.

    Raises ``UsageError`` for a calendar that exchange_calendars does not have.
    """
    import polars as pl

    calendar = file.market.calendar
    stored = (
        store.table("sessions")
        .filter(pl.col("calendar") == calendar)
        .select("date")
        .unique()
        .collect()["date"]
        .sort()
    )
    if len(stored) and stored[-1] >= dt.date.today():
        return stored.to_list()
    frame, checksum, what = calendar_of(calendar)
    today = str(dt.date.today())
    if not store.has(checksum):
        store.commit(
            {"sessions": frame},
            source=CALENDAR,
            checksum=checksum,
            origins=[Origin("exchange_calendars", what, today, "Apache-2.0", checksum)],
        )
    return frame["date"].to_list()


def calendar_of(calendar: str) -> tuple[pl.DataFrame, str, str]:
    """The sessions of a calendar as rows, their checksum, and where they are from."""
    from importlib.metadata import version

    import polars as pl

    days = calendars.sessions(calendar, dt.date(dt.date.today().year + 2, 12, 31))
    frame = pl.DataFrame({"calendar": [calendar] * len(days), "date": days, "known": days})
    what = f"exchange_calendars {version('exchange_calendars')}: {calendar}"
    checksum = digest({"what": what, "days": [str(d) for d in days]}, 64)
    return frame, checksum, what
