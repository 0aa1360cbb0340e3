"""One source on its way from files to tables. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import polars as pl

from paceline import schema
from paceline.config import ColumnMap, Source
from paceline.errors import MarketFileError, SourceError
from paceline.rows import (
    UNFILED,
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
from paceline.sources.files import (
    _cells,
    _columns,
    _excel,
    _long,
    _names,
    _payments,
    _prices,
    _spells,
    _wide,
)
from paceline.sources.files._cells import Sheet
from paceline.sources.files._read import Layout, Read, Wanted, read, require
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


class Outside(Exception):
    """A file of which ``where`` keeps no row."""


class Work:
    """One source on its way: what was found and set aside gathers here."""

    def __init__(self, name: str, spec: Source, table: schema.Table, context: Context) -> None:
        self.name, self.spec, self.table, self.context = name, spec, table, context
        self.findings: list[Finding] = []
        self.quarantine: list[pl.DataFrame | None] = []
        self.seen: list[pl.DataFrame] = []  # of each file the columns that ``where`` looks at
        self.kind = ""
        self.columns: dict[str, ColumnMap] = {}
        self.shape = str(spec.options.get("shape", "spells"))

    def gather(self, checked: Checked) -> pl.DataFrame:
        """Take the findings and the quarantine, and hand back the frame."""
        frame, findings, quarantine = checked
        self.findings += findings
        self.quarantine.append(quarantine)
        return frame

    def files(self, raws: Sequence[Raw], columns: dict[str, ColumnMap], kind: str) -> pl.DataFrame:
        """All files as one frame of typed columns.

        Raises ``SourceError`` for what cannot be read, and where ``where`` keeps no row of any.
        """
        frames = []
        for raw in raws:
            with suppress(Outside):
                frames.append(self.file(raw, columns, kind))
        if not frames:
            names = [raw.origin.what for raw in raws]
            raise SourceError(*_columns.none_kept(self.name, names, self.spec.where, self.seen))
        return pl.concat(frames, how="diagonal_relaxed")

    def file(self, raw: Raw, columns: dict[str, ColumnMap], kind: str) -> pl.DataFrame:
        """One file as typed columns of the table and its inputs."""
        what, wide = raw.origin.what, _wide.meant(self.name, self.spec)
        asked = _columns.wanted(self.name, self.spec, columns, wide.named if wide else {})
        found = read(what, raw.data, asked, self.spec.options, self._layout(columns, wide))
        if found.rest:
            action = "left out"
            self.findings.append(
                Finding(self.name, "text after the table", found.rest, action, what)
            )
        found = found._replace(frame=self._dated(found, columns))
        if found.stacked is not None:
            frame, columns = self._stacked(what, found, found.stacked, columns, wide)
        elif wide is not None:
            frame, columns = self._plain(what, found, columns, wide)
        else:
            frame = self._where(what, found.frame)
            columns = columns or self._own_names(what, frame)
        self._required(what, columns, found.frame.columns)
        if self.table.name == "prices" and not kind:
            self.kind, columns = _prices.dialect(self.name, self.spec, columns)
            kind = self.kind
        self.columns = columns
        sheet = Sheet(self.name, what, frame, found.delimiter, self.spec.options)
        return self.gather(
            _columns.typed(
                sheet, self.spec, self.table, columns, self.zone, codes=kind == "returns"
            )
        )

    def zone(self) -> str:
        """The time zone of the exchange."""
        return self.context.zone

    def _where(self, what: str, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows that the market file's ``where`` asks for.

        Raises ``Outside`` where there are none: see ``files``.
        """
        rows = _columns.filtered(frame, self.spec.where)
        self.seen.append(frame.select(pl.col(list(self.spec.where)).cast(pl.String)))
        if rows.height < frame.height:
            outside = frame.height - rows.height
            action = "left out, as the market file asks"
            self.findings.append(Finding(self.name, "rows outside where", outside, action, what))
        if frame.height and rows.is_empty():
            raise Outside
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

    def _layout(self, columns: dict[str, ColumnMap], wide: _wide.Meant | None) -> Layout:
        """How a wide file of this source may look."""
        declared = frozenset(m.column for m in columns.values())
        prices = self.table.name == "prices" and "security" not in self.spec.constants
        return Layout(
            declared,
            stacked=prices and not self.spec.options.get("names"),
            joined=wide is not None and wide.every,
            plain=wide is not None and wide.every,
        )

    def _dated(self, found: Read, columns: dict[str, ColumnMap]) -> pl.DataFrame:
        """The serial dates of a workbook as dates, where no format is given."""
        frame, types = found.frame, _columns.targets(self.table)
        if found.day_0 is None:
            return frame
        own = {m.column: m.format for key, m in columns.items() if types[key] == pl.Date()}
        if found.stacked is not None:
            own = {found.stacked.date: None}
        elif not own:
            own = {c: None for c in frame.columns if _wide.plain_name(c) in _wide.DATES or not c}
        plain = [c for c, given in own.items() if given is None and c in frame.columns]
        return frame.with_columns(_excel.dated(frame[c], found.day_0).alias(c) for c in plain)

    def _stacked(
        self,
        what: str,
        found: Read,
        table: _wide.Stacked,
        columns: dict[str, ColumnMap],
        wide: _wide.Meant | None,
    ) -> tuple[pl.DataFrame, dict[str, ColumnMap]]:
        """A table whose columns have two levels in long form, and its column map."""
        columns, findings = _long.mapped(self.name, what, self.spec, table, columns)
        fields = [c for c in (m.column for m in columns.values()) if c in table.fields]
        fields += [c for c in self.spec.where if c in table.fields]
        long = _long.stacked(found.frame, table, fields, wide)
        asked = {m.column: f"sources.{self.name}.columns.{key}" for key, m in columns.items()}
        asked |= dict.fromkeys(self.spec.where, f"sources.{self.name}.where")
        require(what, Wanted(asked), [*long.columns, *table.fields])
        self.findings += findings
        long = self._where(what, long)
        return self._valued(what, long, table.called, table.level, fields), columns

    def _valued(
        self, what: str, long: pl.DataFrame, date: str, level: str, values: Sequence[str]
    ) -> pl.DataFrame:
        """The rows that hold a value."""
        long, findings = _long.with_values(self.name, what, long, date, level, values)
        self.findings += findings
        return long

    def _plain(
        self, what: str, found: Read, columns: dict[str, ColumnMap], wide: _wide.Meant
    ) -> tuple[pl.DataFrame, dict[str, ColumnMap]]:
        """A table of one column a security, series or item in long form, and its column map."""
        options, prices = self.spec.options, self.table.name == "prices"
        names, values = WIDE[self.table.name]
        if prices:
            values = str(options.get("wide_field", values))
        if "date" not in columns and any(c.name == "date" for c in self.table.columns):
            date = _long.dates_of(what, found.frame, wide)
            columns = {**columns, "date": ColumnMap(column=date)}
        ratio_of = str(options.get("ratio_of", ""))
        keep = [*(m.column for m in columns.values()), *filter(None, [ratio_of])]
        beside = [*keep, *self.spec.where]
        if "date" in columns:
            beside += _long.dates_again(what, found.frame, columns["date"].column)
        frame = self._where(what, found.frame)
        own = _long.meant(self.name, what, frame, wide, beside, found.repeated, prices=prices)
        frame = _columns.unpivoted(frame, names, values, own, keep)
        if prices:
            frame = self._valued(what, frame, columns["date"].column, names, [values])
        else:
            frame = frame.filter(pl.col(values).is_not_null())
        if ratio_of:
            frame = self._divided(what, frame, found.delimiter, values, ratio_of)
        columns = {
            **columns,
            names: ColumnMap(column=names),
            values: ColumnMap(column=values, unit=options.get("unit", "")),
        }
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

    def _required(self, what: str, columns: dict[str, ColumnMap], there: Sequence[str]) -> None:
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
                f"Map a column of {what} or give a constant."
                + _long.perhaps_wide(self.table.name, missing, there),
            )

    # -- prices

    def prices(self, frame: pl.DataFrame, kind: str) -> dict[str, pl.DataFrame]:
        """``prices``, and ``actions`` where the dialect gives them."""
        price = {
            "adjusted": "adjusted_close",
            "split_adjusted": "split_adjusted_close",
            "level": "close",
        }.get(kind)
        frame = in_order(self.complete(frame, _PRICE_KEY), _PRICE_KEY)
        frame = self.gather(_prices.one_row_a_day(self.name, frame))
        calendar, sessions = self.context.calendar, self.context.sessions
        frame = self.gather(misdated(self.name, frame, self.context.today, self.context.over))
        events = _payments.events_of(frame) if kind == "split_adjusted" else None
        frame = self.gather(off_calendar(self.name, frame, calendar, sessions))
        sessions = with_own_days(frame.get_column("date"), sessions)
        if price is not None:
            frame = self._priced(frame, pl.col(price))
        if events is not None:
            frame, findings = _payments.with_events(self.name, frame, events)
            self.findings += findings
            frame = self.gather(_payments.believable(self.name, frame))
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
        return {key: self.only(key, value) for key, value in tables.items()}

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

    def complete(self, frame: pl.DataFrame, needed: Sequence[str]) -> pl.DataFrame:
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

    def only(self, table: str, frame: pl.DataFrame) -> pl.DataFrame:
        """The columns that a table has."""
        return frame.select([c for c in schema.table(table).schema if c in frame.columns])

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
            frame = self.complete(frame, ["security", "date"])
            frame = self.gather(
                collapse(self.name, table.name, frame, (*group, "security", "date"))
            )
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
        return self.only(table.name, frame)

    def _lagged(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Fundamentals without filing dates: known some days after the period's end."""
        days = int(self.spec.options.get("lag_days", 0))
        self.findings.append(
            Finding(
                self.name,
                "no filing dates" if days else UNFILED,
                frame.height,
                f"known {number_of(days, 'day')} after the period's end"
                if days
                else "known on the last day of the period",
                where_is(frame, ("security", "item", "period_end")),
                "Map known to the filing date, or give options.lag_days.",
            )
        )
        return frame.with_columns(pl.col("period_end").dt.offset_by(f"{days}d").alias("known"))
