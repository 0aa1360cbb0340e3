"""Member lists of any shape to spells, continued by changes and one later full list. Pure."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import polars as pl

from paceline.config import ColumnMap
from paceline.errors import MarketFileError
from paceline.rows import collapse
from paceline.sources import Raw
from paceline.sources.files import _columns, _spells
from paceline.sources.files._cells import Sheet
from paceline.sources.files._options import extra_file
from paceline.sources.files._read import Wanted, read

if TYPE_CHECKING:
    from paceline.sources.files._work import Work

_LISTED = ("security", "date")


def members(work: Work, frame: pl.DataFrame, extras: dict[str, Raw]) -> pl.DataFrame:
    """Spells of membership from any shape, continued by the extra files there are."""
    if "universe" not in frame.columns:
        frame = frame.with_columns(pl.lit(work.name).alias("universe"))
    frame, spells = _spelled(work, frame)
    steps = frame if work.shape == "changes" else None
    universes = frame.get_column("universe").unique().sort().to_list()
    if "changes" in extras:
        steps = _change_list(work, extras["changes"], universes)
    snapshot = _snapshot(work, extras["snapshot"], universes) if "snapshot" in extras else None
    if steps is None and snapshot is None:
        return work.only("members", spells)
    parts = []
    for universe in universes:
        own = pl.col("universe") == universe
        events = _spells.NO_EVENTS if steps is None else _spells.events(steps.filter(own))
        part, findings = _spells.continued(
            work.name, universe, spells.filter(own), events, snapshot
        )
        work.findings += findings
        parts.append(part)
    return pl.concat(parts)


def _spelled(work: Work, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The complete rows of the file, and the spells they state."""
    if work.shape == "changes":
        frame = work.complete(frame, ["date"])
        security = pl.lit("", pl.String)
        empty = frame.clear()
        return frame, empty.select("universe", security=security, start="date", end="date")
    if work.shape in ("snapshots", "snapshot"):
        frame = work.complete(frame, ["security", "date"])
        frame = work.gather(collapse(work.name, "members", frame, ("universe", *_LISTED)))
        return frame, _spells.from_snapshots(frame, ["universe"], [])
    frame = work.complete(frame, ["security"])
    absent = [c for c in ("start", "end") if c not in frame.columns]
    frame = frame.with_columns(pl.lit(None, pl.Date).alias(c) for c in absent)
    key = ("universe", "security", "start", "known")
    return frame, work.gather(collapse(work.name, "members", frame, key))


def _beside(work: Work, raw: Raw, columns: dict[str, str]) -> pl.DataFrame:
    """Another file of the same source with its own columns."""
    maps = {k: ColumnMap(column=v) for k, v in columns.items()}
    asked = Wanted({v: f"sources.{work.name}.options ({k})" for k, v in columns.items()})
    found = read(raw.origin.what, raw.data, asked, work.spec.options)
    plain = work.spec.model_copy(update={"constants": {}})
    sheet = Sheet(work.name, raw.origin.what, found.frame, found.delimiter, work.spec.options)
    return work.gather(_columns.typed(sheet, plain, work.table, maps, work.zone))


def _one_universe(work: Work, universes: list[str], key: str) -> str:
    if len(universes) != 1:
        raise MarketFileError(
            f"sources.{work.name}.options.{key} needs one universe; "
            f"the file holds {len(universes)}.",
            "Give each universe its own source.",
        )
    return universes[0]


def _change_list(work: Work, raw: Raw, universes: list[str]) -> pl.DataFrame:
    given = extra_file(work.name, work.spec, "changes") or {}
    frame = _beside(work, raw, {k: str(given.get(k, k)) for k in ("date", "add", "remove")})
    return work.complete(frame, ["date"]).with_columns(
        pl.lit(_one_universe(work, universes, "changes")).alias("universe")
    )


def _snapshot(work: Work, raw: Raw, universes: list[str]) -> tuple[dt.date, list[str]]:
    _one_universe(work, universes, "snapshot")
    given = extra_file(work.name, work.spec, "snapshot") or {}
    default = work.spec.columns.get("security", "security")
    column = str(
        given.get("security", default.column if isinstance(default, ColumnMap) else default)
    )
    frame = _beside(work, raw, {"security": column})
    day = given.get("date") or next(iter(re.findall(r"\d{4}-\d{2}-\d{2}", raw.origin.what)), None)
    try:
        date = day if isinstance(day, dt.date) else dt.date.fromisoformat(str(day))
    except ValueError:
        raise MarketFileError(
            f"sources.{work.name}.options.snapshot: no day for {raw.origin.what} (found {day!r}).",
            'Give snapshot = { path = "...", date = 2025-11-16 }.',
        ) from None
    return date, frame.get_column("security").drop_nulls().to_list()
