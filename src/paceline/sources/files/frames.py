"""Frames of polars and pandas: the bytes they are kept as, and what a market file says of them.

A frame given in Python is a file that was never on a disk: its bytes are Parquet, kept by checksum,
and read as those of any file. A source of kind ``files`` without ``path`` is such a frame.
``declared`` writes the settings that a market file would need to read it. Pure.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import polars as pl
import polars.selectors as cs

from paceline import schema
from paceline.config import ColumnMap, Source
from paceline.errors import DataError, UsageError
from paceline.lineage import Origin
from paceline.sources import FRAME, Raw
from paceline.sources.files import _cells, _columns, _long, _wide
from paceline.sources.files._dates import dates

#: Fields that are prices: none is zero or negative.
CLOSES = ("close", "adjusted_close", "split_adjusted_close")
#: Columns of tables that a frame of one list need not name.
ONE_LIST = {"members": {"universe": "members"}, "classes": {"scheme": "given"}}
#: Tables that a frame can fill; the sessions are the calendar's.
TABLES = tuple(t for t in schema.TABLES if t != "sessions")


def called(name: str) -> str:
    """What the frame of a source is called in lineage and messages."""
    return f"{FRAME}{name!r}"


@dataclass(frozen=True)
class Taken:
    """A frame as it was given, as a frame of polars.

    levels  names of the two levels of its columns, where they have two
    """

    name: str
    table: pl.DataFrame
    levels: tuple[str, ...] = ()
    pandas: bool = False

    @property
    def what(self) -> str:
        """What it is called in messages."""
        return called(self.name)

    def without(self, column: str) -> str:
        """How to leave a column out."""
        return f"df.drop(columns={column!r})" if self.pandas else f"df.drop({column!r})"

    def raw(self, origin: Source, when: str) -> Raw:
        """Its bytes: Parquet, the same for the same frame."""
        said = {"column_indexes": [{"name": n or None} for n in self.levels]}
        kept = io.BytesIO()
        self.table.rechunk().write_parquet(
            kept, metadata={"pandas": json.dumps(said)} if self.levels else None
        )
        data, of = kept.getvalue(), origin.origin
        checksum = hashlib.sha256(data).hexdigest()
        return Raw(data, Origin(of.who, self.what, of.when or when, of.licence, checksum))


def take(name: str, frame: object) -> Taken:
    """A frame of polars or pandas, its index as columns.

    Raises ``UsageError`` for what is no frame or an empty one, and for columns without a reading.
    """
    what = called(name)
    given = frame.collect() if isinstance(frame, pl.LazyFrame) else frame
    if isinstance(given, pl.DataFrame):
        taken = Taken(name, given.with_columns(cs.float().fill_nan(None)))
    elif type(given).__module__.partition(".")[0] == "pandas" and hasattr(given, "index"):
        from paceline.sources.files import _pandas

        taken = Taken(name, *_pandas.frame(what, cast("Any", given)), pandas=True)
    else:
        raise UsageError(
            f"{what}: {type(given).__name__}, no frame with dates.",
            "Give a DataFrame of polars or pandas, or a pandas Series with an index of dates.",
        )
    if not taken.table.width or not taken.table.height:
        empty = "column" if not taken.table.width else "row"
        raise UsageError(f"{what}: the frame has no {empty}.", "Give one that holds data.")
    return taken


@dataclass(frozen=True)
class Described:
    """What a market file says of a frame.

    settings  keys of its source; ``columns`` table column -> frame column, where it is long
    unread    columns that are not read
    days      its days; ``securities`` those of a frame of prices, ``lists`` of one of members
    """

    settings: Mapping[str, Any]
    unread: tuple[str, ...] = ()
    days: pl.Series = field(default_factory=lambda: pl.Series("date", [], pl.Date))
    securities: int = 0
    lists: tuple[str, ...] = ()
    sized: bool = False


def zone_of(frame: Taken) -> str | None:
    """The time zone of the stamps that date its rows; None where they have none."""
    zones = [k.time_zone for k in frame.table.dtypes if isinstance(k, pl.Datetime) and k.time_zone]
    return zones[0] if zones else None


def declared(frame: Taken, zone: str, dialect: str) -> Described:
    """The settings that read a frame of the table it is named after.

    Raises ``UsageError``, which names frame and column, for what no file of that table could hold.
    """
    if frame.name == "prices":
        return _prices(frame, zone, dialect)
    if frame.name == "series" and not {"series", "value"} & set(frame.table.columns):
        date = _date(frame, frame.table.columns)
        _numbers(frame, [c for c in frame.table.columns if c != date])
        return Described({"columns": {"date": date}, "options": {"wide": True}})
    return _listed(frame, schema.table(frame.name))


# -- prices


def _prices(frame: Taken, zone: str, dialect: str) -> Described:
    """Prices, stacked, long or wide."""
    told = {} if dialect == "auto" else {"dialect": dialect}
    columns = frame.table.columns
    with _in_words(frame, "Name its levels, e.g. df.columns.names = ['Price', 'Ticker']."):
        stacked = _wide.flattened(frame.what, frame.table, (), frame.levels, joined=True)
    if stacked is not None:
        _numbers(frame, stacked.pairs)
        closes = [c for c, p in stacked.pairs.items() if _target(p.field) in CLOSES]
        days = _days(frame, stacked.date, zone)
        _each_once(frame, days)
        _positive(frame, closes, days)
        options = {} if frame.levels or _flat(columns) else {"options": {"wide": True}}
        filled = [c for c in stacked.pairs if frame.table[c].null_count() < frame.table.height]
        count = len({stacked.pairs[c].security for c in filled})
        sized = any(_target(p.field) in ("market_cap", "shares") for p in stacked.pairs.values())
        return Described({**told, **options}, days=days, securities=count, sized=sized)
    if frame.levels or _flat(columns):
        raise UsageError(
            f"{frame.what}: neither level of its columns names fields such as Close: "
            f"{', '.join(columns[:4])}.",
            "Name the fields Close, Adj Close, Volume; or give one field, e.g. df['px'].",
        )
    if any(_wide.plain_name(c) in _wide.SECURITIES for c in columns):
        return _long_prices(frame, zone, told)
    date = _date(frame, columns)
    days = _days(frame, date, zone)
    own = [c for c in columns if c != date]
    _no_fields(frame, own)
    _numbers(frame, own)
    _each_once(frame, days)
    _positive(frame, own, days)
    priced = frame.table.select(pl.any_horizontal(pl.col(own).is_not_null())).to_series()
    return Described(
        {**told, "columns": {"date": date}, "options": {"wide": True}},
        days=days.filter(priced),
        securities=sum(frame.table[c].null_count() < frame.table.height for c in own),
    )


def _long_prices(frame: Taken, zone: str, told: dict[str, str]) -> Described:
    """Prices with a column of securities and a column for each field."""
    columns = frame.table.columns
    security = _one(frame, [c for c in columns if _wide.plain_name(c) in _wide.SECURITIES])
    date = _date(frame, [c for c in columns if c != security])
    fields = [c for c in columns if c not in (date, security)]
    heads = {c: _wide.Heading(c, "") for c in fields}
    table = _wide.Stacked(date, date, security, heads)
    with _in_words(frame, "Keep one of them, or rename the column that holds prices to 'close'."):
        mapped, _ = _long.mapped(frame.name, frame.what, Source(**cast("Any", told)), table, {})
    mapping = {target: m.column for target, m in mapped.items()}
    unread = tuple(c for c in columns if c not in mapping.values())
    _numbers(frame, [c for t, c in mapping.items() if t not in ("date", "security")])
    days = _days(frame, date, zone)
    _each_once(frame, days, frame.table.get_column(security))
    _positive(frame, [mapping[t] for t in CLOSES if t in mapping], days, security)
    return Described(
        {**told, "columns": mapping},
        unread,
        days,
        _cells.named(frame.table.get_column(security)).drop_nulls().n_unique(),
        sized=bool({"market_cap", "shares"} & set(mapping)),
    )


def _target(label: str) -> str:
    """The column of prices that a field's name tells; "" for none that is read."""
    return _wide.FIELDS.get(_wide.plain_name(label), "")


def _flat(columns: Iterable[str]) -> bool:
    return any(map(_wide.is_flat, columns))


def _no_fields(frame: Taken, columns: list[str]) -> None:
    """Refuse fields of one security where columns should be securities."""
    fields = [c for c in columns if _wide.is_field(c)]
    if not fields and columns and all(_wide.plain_name(c) in _wide.FIELDS for c in columns):
        fields = columns
    if fields and len(columns) == 1:
        renamed = 'df.rename("SPY")' if frame.pandas else f'df.rename({{{fields[0]!r}: "SPY"}})'
        raise UsageError(
            f"{frame.what}: column {fields[0]!r} is a field, no security.",
            f"Name it after its security: {renamed}.",
        )
    if fields:
        new = 'df.assign(ticker="SPY")' if frame.pandas else 'df.with_columns(ticker=pl.lit("SPY"))'
        raise UsageError(
            f"{frame.what}: column {fields[0]!r} is a field, and no column names the security.",
            f"Add one: {new}; where the other columns are securities, {frame.without(fields[0])}.",
        )


# -- lists: members, classes, and what else is long


def _listed(frame: Taken, table: schema.Table) -> Described:
    """Columns that bear the table's own names, in any case; others are not read."""
    accepted = _columns.targets(table)
    plain = {_wide.plain_name(target): target for target in accepted}
    plain |= {name: "security" for name in _wide.SECURITIES if name not in plain}
    mapping: dict[str, str] = {}
    for column in frame.table.columns:
        target = plain.get(_wide.plain_name(column), "")
        if target and mapping.setdefault(target, column) != column:
            _one(frame, [mapping[target], column])
    constants = {k: v for k, v in ONE_LIST.get(table.name, {}).items() if k not in mapping}
    needed = [c.name for c in table.columns if c.required]
    missing = [c for c in needed if c not in (*mapping, *constants, "source")]
    if missing:
        raise UsageError(
            f"{frame.what}: no column {missing[0]!r} among {', '.join(frame.table.columns[:20])}.",
            f"Rename one. Columns of {table.name}: {', '.join(accepted)}.",
        )
    settings: dict[str, Any] = {"columns": mapping}
    if constants:
        settings["constants"] = constants
    if "date" in mapping and table.name in ("members", "classes") and "start" not in mapping:
        settings["options"] = {"shape": "snapshots"}
    lists = tuple(constants.values())
    if table.name in ("members", "classes") and not constants:
        key = mapping["universe" if table.name == "members" else "scheme"]
        lists = tuple(map(str, frame.table.get_column(key).drop_nulls().unique().sort()))
    unread = tuple(c for c in frame.table.columns if c not in mapping.values())
    return Described(settings, unread, lists=lists, sized=table.name == "shares")


# -- what every frame must hold


@contextmanager
def _in_words(frame: Taken, remedy: str) -> Iterator[None]:
    """What the reader of files refuses, with a remedy for a frame."""
    try:
        yield
    except (DataError, UsageError) as error:
        raise UsageError(error.message, remedy) from None


def _one(frame: Taken, found: list[str]) -> str:
    if len(found) > 1:
        raise UsageError(
            f"{frame.what}: columns {found[0]!r} and {found[1]!r} say the same.",
            f"Leave one out: {frame.without(found[1])}.",
        )
    return found[0]


def _date(frame: Taken, columns: list[str]) -> str:
    """The column of dates, which holds dates or text."""
    with _in_words(frame, "Keep one column of dates."):
        date = _wide.date_column(frame.what, frame.table, columns)
    kind = frame.table.schema[date]
    if kind.is_temporal() or kind == pl.String:
        return date
    dated = _wide.plain_name(date) in _wide.DATES
    of = "df.index" if frame.pandas else f"pl.col({date!r}).cast(pl.String)"
    made = f"pd.to_datetime({of}" if frame.pandas else f"{of}.str.to_date("
    raise UsageError(
        f"{frame.what}: "
        + (f"column {date!r} holds {kind}, no dates." if dated else "no column holds dates."),
        f'Make them dates, e.g. {made}{", format=" if frame.pandas else ""}"%Y%m%d").',
    )


def _days(frame: Taken, date: str, zone: str) -> pl.Series:
    """The days of its rows at the exchange; every row has one."""
    remedy = "Keep the days as written: df.index = df.index.tz_localize(None)."
    if not frame.pandas:
        remedy = f"Keep the days as written: pl.col({date!r}).dt.replace_time_zone(None)."
    if frame.table.schema[date] == pl.String:
        remedy = (
            f"Make them dates: pd.to_datetime(df[{date!r}], format=...)."
            if frame.pandas
            else f"Make them dates: pl.col({date!r}).str.to_date(...)."
        )
    with _in_words(frame, remedy):
        days = dates(frame.what, frame.table[date], ColumnMap(column=date), lambda: zone)
    if days.null_count():
        row = int(days.is_null().arg_max() or 0)
        cell = frame.table[date][row]
        raise UsageError(
            f"{frame.what}: column {date!r} holds no date in row {row + 1}"
            + ("." if cell is None else f": {cell!r}."),
            "Leave out rows without a date, or mend it.",
        )
    return days.alias("date")


def _each_once(frame: Taken, days: pl.Series, securities: pl.Series | None = None) -> None:
    """Refuse a day that stands twice, of one security where rows name theirs."""
    rows = days.to_frame()
    if securities is not None:
        rows = rows.with_columns(_cells.named(securities).alias("security")).drop_nulls()
    twice = rows.filter(rows.is_duplicated())
    if twice.height:
        of = f" of {twice['security'][0]}" if securities is not None else ""
        raise UsageError(
            f"{frame.what}: two rows{of} have the day {twice['date'][0]}.",
            "Keep one row a day: of bars within a day the last, of double rows the right one.",
        )


def _numbers(frame: Taken, columns: Iterable[str]) -> None:
    """Refuse a column that holds no numbers where numbers belong, and a frame without any."""
    columns = list(columns)
    if all(frame.table[c].null_count() == frame.table.height for c in columns):
        raise UsageError(f"{frame.what}: no cell holds a value.", "Give one that holds data.")
    kinds = frame.table.schema  # made anew whenever it is asked for
    for column in columns:
        kind = kinds[column]
        if not kind.is_numeric() and kind != pl.Null:
            cell = frame.table[column].drop_nulls()
            shown = f", e.g. {cell[0]!r}" if len(cell) else ""
            number = (
                f"df[{column!r}] = pd.to_numeric(df[{column!r}])"
                if frame.pandas
                else f"pl.col({column!r}).cast(pl.Float64)"
            )
            raise UsageError(
                f"{frame.what}: column {column!r} holds {kind}, no numbers{shown}.",
                f"Make them numbers ({number}), or leave it out: {frame.without(column)}.",
            )


def _positive(
    frame: Taken, columns: Iterable[str], days: pl.Series, security: str | None = None
) -> None:
    """Refuse closes that are no positive numbers."""
    table = frame.table.select(list(columns)).cast(pl.Float64)
    wrong = table.select(((pl.all() <= 0) | pl.all().is_infinite()).any())
    for column, found in wrong.to_dict(as_series=False).items():
        if any(found):
            cells = table[column]
            bad = ((cells <= 0) | cells.is_infinite()).fill_null(False)
            row = int(bad.arg_max() or 0)
            of = "" if security is None else f" of {frame.table[security][row]}"
            number = f"{int(bad.sum())} of {cells.len() - cells.null_count()} closes"
            missing = (
                f"df[{column!r}].where(df[{column!r}] > 0)"
                if frame.pandas
                else f"pl.when(pl.col({column!r}) > 0).then({column!r})"
            )
            raise UsageError(
                f"{frame.what}: column {column!r}: {number} are not positive, the first "
                f"{cells[row]:g}{of} on {days[row]}.",
                f"Set them missing ({missing}); returns are no prices: see docs/frames.md.",
            )
