"""One source on its way from files to tables. Pure."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Sequence
from typing import Any

import polars as pl

from paceline import schema
from paceline.config import ColumnMap, Source
from paceline.errors import MarketFileError, SourceError
from paceline.rows import (
    Checked,
    Finding,
    collapse,
    counted,
    in_order,
    misdated,
    off_calendar,
    set_aside,
    where_is,
    with_own_days,
)
from paceline.sources import Context, Raw
from paceline.sources.files import _cells, _columns, _names, _payments, _prices, _spells
from paceline.sources.files._cells import Sheet
from paceline.sources.files._read import Wanted, read
from paceline.wording import number_of

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


_PRICE_KEY = ("security", "date")


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
        self.columns: dict[str, ColumnMap] = {}
        self.shape = str(spec.options.get("shape", "spells"))

    def gather(self, checked: Checked) -> pl.DataFrame:
        """Take the findings and the quarantine, and hand back the frame."""
        frame, findings, quarantine = checked
        self.findings += findings
        self.quarantine.append(quarantine)
        return frame

    def file(self, raw: Raw, columns: dict[str, ColumnMap], kind: str) -> pl.DataFrame:
        """One file as typed columns of the table and its inputs."""
        what, wide = raw.origin.what, _wide(self.spec)
        asked = _columns.wanted(self.name, self.spec, columns, wide)
        frame, rest, delimiter = read(what, raw.data, asked, self.spec.options)
        if rest:
            self.findings.append(Finding(self.name, "text after the table", rest, "left out", what))
        frame = self._where(what, frame)
        if not columns and not wide:
            columns = self._own_names(what, frame)
            if self.table.name == "prices":
                self.kind, columns = _prices.dialect(self.name, self.spec, columns)
                kind = self.kind
        if wide:
            frame, columns = self._unpivoted(what, frame, delimiter, columns, wide)
        self._required(what, columns)
        self.columns = columns
        sheet = Sheet(self.name, what, frame, delimiter, self.spec.options)
        return self.gather(
            _columns.typed(
                sheet, self.spec, self.table, columns, self._zone, codes=kind == "returns"
            )
        )

    def _zone(self) -> str:
        """The time zone of the exchange."""
        return self.context.zone

    def _where(self, what: str, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows that the market file's ``where`` asks for."""
        rows = _columns.filtered(frame, self.spec.where)
        if rows.height < frame.height:
            outside = frame.height - rows.height
            action = "left out, as the market file asks"
            self.findings.append(Finding(self.name, "rows outside where", outside, action, what))
        return rows

    def _own_names(self, what: str, frame: pl.DataFrame) -> dict[str, ColumnMap]:
        """The columns of a file that bear the table's own names."""
        targets = _columns.targets(self.table)
        columns = {c: ColumnMap(column=c) for c in frame.columns if c in targets}
        if not columns:
            raise SourceError(
                f"{what}: no column bears a name of table {self.table.name!r}.",
                f"Map them in sources.{self.name}.columns; the file has: "
                f"{', '.join(frame.columns[:40])}.",
            )
        return columns

    def _unpivoted(
        self,
        what: str,
        frame: pl.DataFrame,
        delimiter: str,
        columns: dict[str, ColumnMap],
        wide: dict[str, list[str]],
    ) -> tuple[pl.DataFrame, dict[str, ColumnMap]]:
        """A wide file in long form, and its column map."""
        options = self.spec.options
        names, values = WIDE[self.table.name]
        if self.table.name == "prices":
            values = str(options.get("wide_field", values))
        ratio_of = str(options.get("ratio_of", ""))
        keep = [*(m.column for m in columns.values()), *filter(None, [ratio_of])]
        frame = _columns.unpivoted(what, frame, names, values, wide, keep)
        if ratio_of:
            frame = self._divided(what, frame, delimiter, values, ratio_of)
        columns = {
            **columns,
            names: ColumnMap(column=names),
            values: ColumnMap(column=values, unit=options.get("unit", "")),
        }
        if self.table.name == "prices":
            self.kind, columns = _prices.dialect(self.name, self.spec, columns)
        return frame, columns

    def _divided(
        self, what: str, frame: pl.DataFrame, delimiter: str, values: str, ratio_of: str
    ) -> pl.DataFrame:
        """Ratios turned into items: ``ratio_of`` / cell; rows without either number are counted."""
        sheet = Sheet(self.name, what, frame, delimiter, self.spec.options)
        frame = frame.with_columns(_cells.numbers(sheet, (ratio_of, values)))
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
                f"sources.{self.name}.columns: table {self.table.name!r} needs "
                f"{' and '.join(missing)}.",
                f"Map a column of {what} or give a constant.",
            )

    # -- prices

    def prices(self, frame: pl.DataFrame, kind: str) -> dict[str, pl.DataFrame]:
        """``prices``, and ``actions`` where the dialect gives them."""
        price = {
            "adjusted": "adjusted_close",
            "split_adjusted": "split_adjusted_close",
            "level": "close",
        }.get(kind)
        frame = in_order(self._complete(frame, _PRICE_KEY), _PRICE_KEY)
        frame = self.gather(collapse(self.name, "prices", frame, _PRICE_KEY))
        calendar, sessions = self.context.calendar, self.context.sessions
        frame = self.gather(misdated(self.name, frame, self.context.today))
        events = _payments.events_of(frame) if kind == "split_adjusted" else None
        frame = self.gather(off_calendar(self.name, frame, calendar, sessions))
        sessions = with_own_days(frame.get_column("date"), sessions)
        if price is not None:
            frame = self._priced(frame, pl.col(price))
        if events is not None:
            frame, findings = _payments.with_events(self.name, frame, events)
            self.findings += findings
        frame, findings = _prices.convert(
            self.name, kind, frame, self.spec.recover, sessions, self.columns
        )
        self.findings += findings
        if "shares" in frame.columns and "close" in frame.columns:
            cap = pl.col("close") * pl.col("shares")
            given = [pl.col("market_cap")] if "market_cap" in frame.columns else []
            frame = frame.with_columns(pl.coalesce(*given, cap).alias("market_cap"))
        tables = {"prices": frame.with_columns(pl.lit(self.name).alias("source"))}
        if kind == "split_adjusted":
            tables["actions"] = _prices.actions_of(frame)
        return {key: self._only(key, value) for key, value in tables.items()}

    def _priced(self, frame: pl.DataFrame, price: pl.Expr) -> pl.DataFrame:
        """The rows with a positive price; the others are quarantined."""
        positive = (price.is_finite() & (price > 0)).fill_null(False)
        # NaN: no number stood there, and the row is in quarantine already
        bad = frame.filter(~positive & ~price.is_nan().fill_null(False))
        frame = frame.filter(positive)
        if bad.is_empty():
            return frame
        empty = bad.filter(price.is_null())
        self.findings += counted(
            self.name, "rows without a price", empty, "quarantined", _PRICE_KEY
        )
        reason = (
            pl.when(price.is_null())
            .then(pl.lit("no price"))
            .otherwise(pl.lit("close is not a positive number"))
        )
        self.quarantine.append(set_aside("prices", bad, bad.select(reason).to_series()))
        return frame

    def _complete(self, frame: pl.DataFrame, needed: Sequence[str]) -> pl.DataFrame:
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
        """Spells of membership from any shape, continued by the extra files there are."""
        if "universe" not in frame.columns:
            frame = frame.with_columns(pl.lit(self.name).alias("universe"))
        frame, spells = self._spelled(frame)
        steps = frame if self.shape == "changes" else None
        universes = frame.get_column("universe").unique().sort().to_list()
        if "changes" in extras:
            steps = self._change_list(extras["changes"], universes)
        snapshot = self._snapshot(extras["snapshot"], universes) if "snapshot" in extras else None
        if steps is None and snapshot is None:
            return self._only("members", spells)
        parts = []
        for universe in universes:
            own = pl.col("universe") == universe
            events = _spells.NO_EVENTS if steps is None else _spells.events(steps.filter(own))
            part, findings = _spells.continued(
                self.name, universe, spells.filter(own), events, snapshot
            )
            self.findings += findings
            parts.append(part)
        return pl.concat(parts)

    def _spelled(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The complete rows of the file, and the spells they state."""
        if self.shape == "changes":
            frame = self._complete(frame, ["date"])
            security = pl.lit("", pl.String)
            empty = frame.clear()
            return frame, empty.select("universe", security=security, start="date", end="date")
        if self.shape in ("snapshots", "snapshot"):
            frame = self._complete(frame, ["security", "date"])
            return frame, _spells.from_snapshots(frame, ["universe"], [])
        frame = self._complete(frame, ["security"])
        absent = [c for c in ("start", "end") if c not in frame.columns]
        frame = frame.with_columns(pl.lit(None, pl.Date).alias(c) for c in absent)
        key = ("universe", "security", "start")
        return frame, self.gather(collapse(self.name, "members", frame, key))

    def _beside(self, raw: Raw, columns: dict[str, str]) -> pl.DataFrame:
        """Another file of the same source with its own columns."""
        maps = {k: ColumnMap(column=v) for k, v in columns.items()}
        asked = Wanted({v: f"sources.{self.name}.options ({k})" for k, v in columns.items()})
        found = read(raw.origin.what, raw.data, asked, self.spec.options)
        plain = self.spec.model_copy(update={"constants": {}})
        sheet = Sheet(self.name, raw.origin.what, found.frame, found.delimiter, self.spec.options)
        return self.gather(_columns.typed(sheet, plain, self.table, maps, self._zone))

    def _one_universe(self, universes: list[str], key: str) -> str:
        if len(universes) != 1:
            raise MarketFileError(
                f"sources.{self.name}.options.{key} needs one universe; "
                f"the file holds {len(universes)}.",
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
                f"sources.{self.name}.options.snapshot: no day for {raw.origin.what} "
                f"(found {day!r}).",
                'Give snapshot = { path = "...", date = 2025-11-16 }.',
            ) from None
        return date, frame.get_column("security").drop_nulls().to_list()

    # -- every other table

    def other(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows of any table but ``prices`` and ``members``."""
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
            fixed = (*group, "security", "date", "start", "end", "known")
            frame = _spells.from_snapshots(
                frame, group, [c for c in frame.columns if c not in fixed]
            )
        if table.name == "securities":
            if "ticker" not in frame.columns:
                frame = frame.with_columns(pl.col("security").alias("ticker"))
            frame = _names.derive(self.name, frame, self.spec.derive)
        if table.name == "fundamentals" and "known" not in frame.columns:
            frame = self._lagged(frame)
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

    def _lagged(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Fundamentals without filing dates: known some days after the period's end."""
        days = int(self.spec.options.get("lag_days", 0))
        self.findings.append(
            Finding(
                self.name,
                "no filing dates",
                frame.height,
                f"known {number_of(days, 'day')} after the period's end",
                "",
                "Map known to the filing date.",
            )
        )
        return frame.with_columns(pl.col("period_end").dt.offset_by(f"{days}d").alias("known"))
