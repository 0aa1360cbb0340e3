"""One source on its way from files to tables. Pure."""

from __future__ import annotations

import datetime as dt
import os
import re
from typing import Any

import polars as pl

from paceline import schema
from paceline.config import ColumnMap, Source
from paceline.errors import MarketFileError, SourceError
from paceline.rows import collapse, in_order, off_calendar, set_aside, where_is
from paceline.sources import Context, Finding, Raw
from paceline.sources.files import _columns, _names, _prices, _spells
from paceline.sources.files._read import Wanted, read

SHAPES = {
    "members": ("spells", "changes", "snapshots", "snapshot"),
    "classes": ("spells", "snapshots", "snapshot"),
    "securities": ("spells", "snapshots", "snapshot"),
}
WIDE = {
    "series": ("series", "value"),
    "fundamentals": ("item", "value"),
    "prices": ("security", "close"),
}


def extra_file(name: str, spec: Source, key: str) -> dict[str, Any] | None:
    """``options.changes`` or ``options.snapshot``: a path, or a table with a path."""
    value = spec.options.get(key)
    if value is None:
        return None
    given = {"path": value} if isinstance(value, str) else value
    if not isinstance(given, dict) or "path" not in given:
        raise MarketFileError(
            f"sources.{name}.options.{key}: found {value!r}.",
            f'Give {key} = "file.csv" or {{ path = "file.csv", ... }}.',
        )
    return {**given, "path": os.path.normpath(str(given["path"])).replace(os.sep, "/")}


def _wide(spec: Source) -> dict[str, list[str]]:
    wide = spec.options.get("wide") or {}
    if isinstance(wide, dict):
        return {
            str(k): [str(x) for x in ([v] if isinstance(v, str) else v)] for k, v in wide.items()
        }
    return {str(c): [str(c)] for c in wide}


class Work:
    """One source on its way: what was found and set aside gathers here."""

    def __init__(self, name: str, spec: Source, table: schema.Table, context: Context) -> None:
        self.name, self.spec, self.table, self.context = name, spec, table, context
        self.findings: list[Finding] = []
        self.quarantine: list[pl.DataFrame | None] = []
        self.kind = ""
        self.shape = str(spec.options.get("shape", "spells"))

    def found(self, *parts: Any) -> pl.DataFrame:
        """Take the findings and the quarantine of a (frame, findings, quarantine) and hand back the frame."""
        frame, findings, quarantine = parts
        self.findings += findings
        self.quarantine.append(quarantine)
        result: pl.DataFrame = frame
        return result

    def file(self, raw: Raw, columns: dict[str, ColumnMap], kind: str) -> pl.DataFrame:
        """One file as typed columns of the table and its inputs."""
        spec, table, what = self.spec, self.table, raw.origin.what
        wide = _wide(spec)
        asked = _columns.wanted(self.name, spec, columns, wide)
        frame, rest = read(what, raw.data, asked, spec.options)
        if rest:
            self.findings.append(Finding(self.name, "text after the table", rest, "left out", what))
        if spec.where:
            kept = _columns.filtered(frame, spec.where)
            if kept.height < frame.height:
                self.findings.append(
                    Finding(
                        self.name,
                        "rows outside where",
                        frame.height - kept.height,
                        "left out, as the market file asks",
                        what,
                    )
                )
            frame = kept
        if not columns and not wide:
            columns = {
                c: ColumnMap(column=c) for c in frame.columns if c in _columns.targets(table)
            }
            if not columns:
                raise SourceError(
                    f"{what}: no column bears a name of table {table.name!r}.",
                    f"Map them in sources.{self.name}.columns; the file has: {', '.join(frame.columns[:40])}.",
                )
            if table.name == "prices":
                self.kind, columns = _prices.dialect(self.name, spec, columns)
                kind = self.kind
        if wide:
            names, values = WIDE[table.name]
            values = (
                str(spec.options.get("wide_field", values)) if table.name == "prices" else values
            )
            keep = [m.column for m in columns.values()]
            ratio_of = str(spec.options.get("ratio_of", ""))
            frame = _columns.unpivoted(
                what, frame, names, values, wide, [*keep, *filter(None, [ratio_of])]
            )
            if ratio_of:
                frame = self._divided(what, frame, values, ratio_of)
            columns = {
                **columns,
                names: ColumnMap(column=names),
                values: ColumnMap(column=values, unit=spec.options.get("unit", "")),
            }
            if table.name == "prices":
                self.kind, columns = _prices.dialect(self.name, spec, columns)
        self._required(what, columns)
        return self.found(
            *_columns.typed(self.name, what, frame, spec, table, columns, codes=kind == "returns")
        )

    def _divided(self, what: str, frame: pl.DataFrame, values: str, ratio_of: str) -> pl.DataFrame:
        """Ratios turned into items: ``ratio_of`` / cell. Rows without either number cannot be, and are counted."""
        above, cell = (
            pl.col(c).cast(pl.String).str.replace_all(r"[\s$,]", "").cast(pl.Float64, strict=False)
            for c in (ratio_of, values)
        )
        frame = frame.with_columns(above.alias(ratio_of), cell.alias(values))
        whole = frame.filter(
            pl.all_horizontal(pl.col(ratio_of, values).is_finite()) & (pl.col(values) != 0)
        )
        if whole.height < frame.height:
            self.findings.append(
                Finding(
                    self.name,
                    f"ratio without {ratio_of}, or of zero",
                    frame.height - whole.height,
                    "left out",
                    what,
                )
            )
        return whole.with_columns(pl.col(ratio_of) / pl.col(values)).with_columns(
            pl.col(ratio_of).alias(values)
        )

    def _required(self, what: str, columns: dict[str, ColumnMap]) -> None:
        needed = [c.name for c in self.table.columns if c.required and c.name != "source"]
        defaults = {
            "members": ["universe"],
            "classes": ["scheme"],
            "series": ["series"],
            "sessions": ["calendar"],
            "prices": [],
        }.get(self.table.name, [])
        if self.table.name == "members" and self.shape == "changes":
            needed = ["date", "add", "remove"]
        elif self.shape in ("snapshots", "snapshot") and self.table.name in SHAPES:
            needed.append("date")
        missing = [
            c
            for c in needed
            if c not in columns and c not in self.spec.constants and c not in defaults
        ]
        if missing:
            raise MarketFileError(
                f"sources.{self.name}.columns: table {self.table.name!r} needs {' and '.join(missing)}.",
                f"Map a column of {what} or give a constant.",
            )

    # -- prices

    def prices(self, frame: pl.DataFrame, kind: str) -> dict[str, pl.DataFrame]:
        price = {
            "adjusted": "adjusted_close",
            "split_adjusted": "split_adjusted_close",
            "level": "close",
        }.get(kind)
        frame = self._complete(frame, ["security", "date"])
        frame = in_order(frame, ("security", "date"))
        frame = self.found(*collapse(self.name, "prices", frame, ("security", "date")))
        frame = self.found(
            *off_calendar(self.name, frame, self.context.calendar, self.context.sessions)
        )
        if price is not None:
            ok = pl.col(price).is_finite() & (pl.col(price) > 0)
            bad = frame.filter(~ok.fill_null(False))
            if bad.height:
                empty = bad.filter(pl.col(price).is_null())
                if empty.height:
                    self.findings.append(
                        Finding(
                            self.name,
                            "rows without a price",
                            empty.height,
                            "quarantined",
                            where_is(empty, ("security", "date")),
                        )
                    )
                why = bad.select(
                    pl.when(pl.col(price).is_null())
                    .then(pl.lit("no price"))
                    .otherwise(pl.lit("close is not a positive number"))
                ).to_series()
                self.quarantine.append(set_aside("prices", bad, why))
                frame = frame.filter(ok.fill_null(False))
        frame, found = _prices.convert(
            self.name, kind, frame, self.spec.recover, self.context.sessions
        )
        self.findings += found
        if "shares" in frame.columns and "close" in frame.columns:
            cap = pl.col("close") * pl.col("shares")
            frame = frame.with_columns(
                (pl.coalesce("market_cap", cap) if "market_cap" in frame.columns else cap).alias(
                    "market_cap"
                )
            )
        tables = {"prices": frame.with_columns(pl.lit(self.name).alias("source"))}
        if kind == "split_adjusted":
            tables["actions"] = _prices.actions_of(frame)
        return {key: self._only(key, value) for key, value in tables.items()}

    def _complete(self, frame: pl.DataFrame, needed: list[str]) -> pl.DataFrame:
        """Rows without a key cannot be placed: quarantined, counted by the door (quality)."""
        for column in needed:
            bad = frame.filter(pl.col(column).is_null())
            if bad.height:
                self.findings.append(
                    Finding(self.name, f"{column} is missing", bad.height, "quarantined", "")
                )
                self.quarantine.append(set_aside(self.table.name, bad, f"{column} is missing"))
                frame = frame.filter(pl.col(column).is_not_null())
        return frame

    def _only(self, table: str, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.select([c for c in schema.table(table).schema if c in frame.columns])

    # -- members

    def members(self, frame: pl.DataFrame, extras: dict[str, Raw]) -> pl.DataFrame:
        if "universe" not in frame.columns:
            frame = frame.with_columns(pl.lit(self.name).alias("universe"))
        steps: pl.DataFrame | None = None
        if self.shape == "changes":
            frame = self._complete(frame, ["date"])
            steps, spells = (
                frame,
                frame.clear().select(
                    "universe", security=pl.lit("", pl.String), start="date", end="date"
                ),
            )
        elif self.shape in ("snapshots", "snapshot"):
            frame = self._complete(frame, ["security", "date"])
            spells = _spells.from_snapshots(frame, ["universe"], [])
        else:
            frame = self._complete(frame, ["security"])
            for column in ("start", "end"):
                if column not in frame.columns:
                    frame = frame.with_columns(pl.lit(None, pl.Date).alias(column))
            spells = self.found(
                *collapse(self.name, "members", frame, ("universe", "security", "start"))
            )
        universes = frame.get_column("universe").unique().sort().to_list()
        if "changes" in extras:
            steps = self._change_list(extras["changes"], universes)
        snapshot = self._snapshot(extras["snapshot"], universes) if "snapshot" in extras else None
        if steps is None and snapshot is None:
            return self._only("members", spells)
        parts = []
        for universe in universes:
            own = steps.filter(pl.col("universe") == universe) if steps is not None else None
            events = (
                _spells.events(own)
                if own is not None
                else pl.DataFrame(schema={"date": pl.Date, "security": pl.String, "step": pl.Int32})
            )
            part, found = _spells.continued(
                self.name, universe, spells.filter(pl.col("universe") == universe), events, snapshot
            )
            self.findings += found
            parts.append(part)
        return pl.concat(parts)

    def _beside(self, raw: Raw, columns: dict[str, str]) -> pl.DataFrame:
        """Another file of the same source with its own columns."""
        maps = {k: ColumnMap(column=v) for k, v in columns.items()}
        asked = Wanted({v: f"sources.{self.name}.options ({k})" for k, v in columns.items()})
        frame, _ = read(raw.origin.what, raw.data, asked, self.spec.options)
        plain = self.spec.model_copy(update={"constants": {}})
        return self.found(
            *_columns.typed(self.name, raw.origin.what, frame, plain, self.table, maps)
        )

    def _one_universe(self, universes: list[str], key: str) -> str:
        if len(universes) != 1:
            raise MarketFileError(
                f"sources.{self.name}.options.{key} needs one universe; the file holds {len(universes)}.",
                "Give each universe its own source.",
            )
        return universes[0]

    def _change_list(self, raw: Raw, universes: list[str]) -> pl.DataFrame:
        given = extra_file(self.name, self.spec, "changes") or {}
        frame = self._beside(raw, {k: str(given.get(k, k)) for k in ("date", "add", "remove")})
        return self._complete(frame, ["date"]).with_columns(
            pl.lit(self._one_universe(universes, "changes")).alias("universe")
        )

    def _snapshot(self, raw: Raw, universes: list[str]) -> tuple[dt.date, list[str]]:
        self._one_universe(universes, "snapshot")
        given = extra_file(self.name, self.spec, "snapshot") or {}
        default = self.spec.columns.get("security", "security")
        column = str(
            given.get("security", default.column if isinstance(default, ColumnMap) else default)
        )
        frame = self._beside(raw, {"security": column})
        day = given.get("date") or next(
            iter(re.findall(r"\d{4}-\d{2}-\d{2}", raw.origin.what)), None
        )
        try:
            date = day if isinstance(day, dt.date) else dt.date.fromisoformat(str(day))
        except ValueError:
            raise MarketFileError(
                f"sources.{self.name}.options.snapshot: no day for {raw.origin.what} (found {day!r}).",
                'Give snapshot = { path = "...", date = 2025-11-16 }.',
            ) from None
        return date, frame.get_column("security").drop_nulls().to_list()

    # -- every other table

    def other(self, frame: pl.DataFrame) -> pl.DataFrame:
        table = self.table
        default = {
            "classes": ("scheme", self.name),
            "series": ("series", self.name),
            "sessions": ("calendar", self.context.calendar),
        }.get(table.name)
        if default is not None and default[0] not in frame.columns:
            frame = frame.with_columns(pl.lit(default[1]).alias(default[0]))
        if self.shape in ("snapshots", "snapshot"):
            group = ["scheme"] if table.name == "classes" else []
            frame = self._complete(frame, ["security", "date"])
            values = [
                c
                for c in frame.columns
                if c not in (*group, "security", "date", "start", "end", "known")
            ]
            frame = _spells.from_snapshots(frame, group, values)
        if table.name == "securities":
            if "ticker" not in frame.columns:
                frame = frame.with_columns(pl.col("security").alias("ticker"))
            frame = _names.derive(self.name, frame, self.spec.derive)
        if table.name == "fundamentals" and "known" not in frame.columns:
            days = int(self.spec.options.get("lag_days", 0))
            frame = frame.with_columns(pl.col("period_end").dt.offset_by(f"{days}d").alias("known"))
            self.findings.append(
                Finding(
                    self.name,
                    "no filing dates",
                    frame.height,
                    f"known {days} days after the period's end",
                    "",
                    "Map known to the filing date.",
                )
            )
        if table.name == "classes" and "start" not in frame.columns:
            self.findings.append(
                Finding(
                    self.name,
                    "classification without dates",
                    frame.height,
                    "applied to all of history, a caveat",
                    where_is(frame, ("security",)),
                )
            )
        return self._only(table.name, frame)
