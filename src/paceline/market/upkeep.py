"""The store of a market: whether it is whole, and what is damaged built again from raw bytes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paceline import config, sources
from paceline.errors import DataError
from paceline.lineage import Origin
from paceline.market import calendar, explanations, importing, stating

if TYPE_CHECKING:
    import polars as pl

    from paceline.store import Inspection as Inspection
    from paceline.store import Repaired, Store

Line = Mapping[str, Any]


def check(file: config.MarketFile) -> Inspection:
    """Whether every byte of the market's store is as it was written; nothing is changed.

    Raises ``StoreError`` where there is no store, or it may not be read.
    """
    from paceline.store import check

    return check(Path(file.market.store))


def repair(file: config.MarketFile) -> Repaired:
    """Build again what is damaged of the store that the market file names.

    Rows are made again from the raw bytes of their load only where the market file still says of
    the source what it said then. Raises ``StoreError`` where there is no store.
    """
    from paceline.store import Store, files
    from paceline.store.repair import rows_of
    from paceline.store.sessions import calendar_days

    path = Path(file.market.store)

    def rebuild(line: Line, before: Store) -> Mapping[str, pl.DataFrame]:
        origins = [Origin(**o) for o in json.loads(line["origins"])]
        if calendar.is_calendar(line["source"]):
            year = dt.datetime.fromisoformat(str(line["committed"])).year + calendar.AHEAD
            frame, checksum = calendar.rows_of(line["source"], year)
            if checksum != line["checksum"]:
                raise DataError(
                    "the calendar library gives other sessions now.",
                    "Import again: sessions are added as a new load.",
                )
            return rows_of(before, {"sessions": frame}, line["source"], line=line)
        if not line["checksum"]:  # the source was withdrawn
            return rows_of(before, {}, line["source"], line=line)
        spec = _declared(file, line)
        raws = [sources.Raw(files.read_raw(path / "raw", o.checksum), o) for o in origins]
        days = calendar_days(before, file.market.calendar, before.version)
        stated, _, over = line["checksum"].partition("-")  # see ``stating.waiting``
        ended = dt.date.fromisoformat(over) if over else None
        context = sources.Context(file.market.calendar, tuple(days.tolist()), over=ended)
        context = explanations.beside(context, file, before, line["source"])
        then = stating.fingerprint(line["source"], spec, context, origins, line.get("asked"))
        if then != stated:
            raise DataError(
                f"the market file says other things of {line['source']!r} than at that import.",
                "Put back the market file of that day.",
            )
        parts = stating.imports_of(raws)
        parsed, findings = importing.parsed(file, before, line["source"], parts, context)
        return rows_of(before, parsed.tables, line["source"], findings, parsed.quarantine, line)

    def fetch(line: Line) -> Sequence[bytes]:
        spec = _declared(file, line)
        plugin = sources.get(spec.kind, file.plugins)
        return [r.data for r in plugin.fetch(line["source"], spec, Path(file.market.data))]

    return Store.repair(path, rebuild, fetch)


def _declared(file: config.MarketFile, line: Line) -> config.Source:
    """The declaration of a load's source; ``DataError`` where the market file has none."""
    spec = file.sources.get(line["source"])
    if spec is None:
        raise DataError(
            f"the market file no longer declares {line['source']!r}.",
            "Put back the market file of that day.",
        )
    return spec
