"""A file's own columns to a table's typed columns: names, units, dates, spellings. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from difflib import get_close_matches

import polars as pl

from paceline.config import ColumnMap, Source
from paceline.errors import MarketFileError, SourceError
from paceline.rows import Checked, Finding, joined, set_aside
from paceline.schema import Column, Table
from paceline.sources.files import _cells, _numbers, _types
from paceline.sources.files._cells import BESIDE_THE_PRICE, UNKNOWN, Sheet
from paceline.sources.files._dates import dates
from paceline.sources.files._read import Wanted
from paceline.wording import none_of

#: Columns a file may bring that are worked into the table's own columns.
INPUTS: dict[str, tuple[Column, ...]] = {
    "prices": (
        Column("adjusted_close", pl.Float64(), "close with splits and dividends out", "currency"),
        Column("split_adjusted_close", pl.Float64(), "close with splits taken out", "currency"),
        Column("dividend", pl.Float64(), "cash per share on its ex-date", "currency"),
        Column("split", pl.Float64(), "new shares per old share; 0 or 1: none", "ratio"),
        Column("shares", pl.Float64(), "shares outstanding, in place of market_cap", "shares"),
    ),
    "members": (
        Column("date", pl.Date(), "day of a full list, or of a change"),
        Column("add", pl.String(), "who joins; several by comma"),
        Column("remove", pl.String(), "who leaves; several by comma"),
    ),
    "classes": (Column("date", pl.Date(), "day of a full list"),),
    "securities": (Column("date", pl.Date(), "day of a full list"),),
}
#: Columns of tables that no file gives: they are worked out.
WORKED_OUT = ("source", "recovered", "covers")
#: Columns that hold securities: ``rename`` and ``options.replace`` apply to them.
SECURITY_LIKE = ("security", "ticker", "other", "fund", "add", "remove")
LISTS = ("add", "remove")
#: Two numbers such as 2:1, 3/2 and 2-for-1, and what to do about them.
PAIR = re.compile(r"\s*\d+(\.\d+)?\s*(:|/|[\s-]*for[\s-]*)\s*\d+(\.\d+)?\s*", re.IGNORECASE)
PAIR_REMEDY = (
    "Two numbers do not say which of them is of the new shares: write new shares per old share as "
    "one number, 2 for two new ones, 0.125 for one in place of eight."
)
#: Values of a column that a message lists.
VALUES = 8
#: What a cell of a type is called in a reason; every other is a number.
_WORDS: dict[pl.DataType, str] = {
    pl.Date(): "a date",
    pl.String(): "text",
    pl.Boolean(): "yes or no",
}


def targets(table: Table) -> dict[str, pl.DataType]:
    """Name to type of every column the market file may map for this table."""
    own = {c.name: c.type for c in table.columns if c.name not in WORKED_OUT}
    return {**own, "known": pl.Date(), **{c.name: c.type for c in INPUTS.get(table.name, ())}}


def mapping(name: str, spec: Source, table: Table) -> dict[str, ColumnMap]:
    """The checked column map; ``MarketFileError`` names a key that is no column of the table."""
    accepted = targets(table)
    for where, keys in (("columns", list(spec.columns)), ("constants", list(spec.constants))):
        for key in keys:
            if key not in accepted:
                near = get_close_matches(key, accepted, n=1)
                raise MarketFileError(
                    f"sources.{name}.{where}: table {table.name!r} has no column {key!r}.",
                    (f"Did you mean {near[0]!r}? " if near else "")
                    + f"Accepted: {', '.join(accepted)}.",
                )
    for key, value in spec.constants.items():
        if not _types.constant(value, accepted[key]):
            raise MarketFileError(
                f"sources.{name}.constants.{key}: {value!r} cannot stand in this column.",
                f"It holds {_WORDS.get(accepted[key], 'a number')}.",
            )
    return {k: ColumnMap(column=v) if isinstance(v, str) else v for k, v in spec.columns.items()}


def wanted(
    name: str, spec: Source, columns: dict[str, ColumnMap], wide: dict[str, list[str]]
) -> Wanted:
    """The file columns this source reads, with the key that asks for each."""
    asked = {m.column: f"sources.{name}.columns.{key}" for key, m in columns.items()}
    asked |= {column: f"sources.{name}.where" for column in spec.where if column not in asked}
    for spellings in wide.values():
        if len(spellings) == 1:
            asked.setdefault(spellings[0], f"sources.{name}.options.wide")
    if spec.options.get("ratio_of"):
        asked.setdefault(str(spec.options["ratio_of"]), f"sources.{name}.options.ratio_of")
    return Wanted(asked)


def filtered(frame: pl.DataFrame, where: dict[str, str | list[str]]) -> pl.DataFrame:
    """Rows where every named column equals the value (or one of the values).

    "!x" means anything but x, and an empty value means no value at all.
    """
    for column, value in where.items():
        values = [value] if isinstance(value, str) else list(value)
        text = pl.col(column).cast(pl.String).str.strip_chars().fill_null("")
        yes, no = (
            [v for v in values if not v.startswith("!")],
            [v[1:] for v in values if v.startswith("!")],
        )
        if yes:
            frame = frame.filter(text.is_in(yes))
        if no:
            frame = frame.filter(~text.is_in(no))
    return frame


def none_kept(
    name: str, files: list[str], where: dict[str, str | list[str]], seen: list[pl.DataFrame]
) -> tuple[str, str]:
    """Message and remedy where no row of ``seen`` is one that ``where`` asks for."""
    rows = pl.concat(seen)
    asked, held = [], []
    for column, value in where.items():
        count = filtered(rows, {column: value}).height
        asked.append(f"{column} = {json.dumps(value, ensure_ascii=False)} holds for {count:,}")
        cells = rows.get_column(column).str.strip_chars().fill_null("")
        common = cells.value_counts(sort=True).sort("count", column, descending=[True, False])
        shown = ", ".join(f"{cell!r} ({n:,})" for cell, n in common.head(VALUES).rows())
        held.append(f"{column} holds {shown}" + (", ..." if common.height > VALUES else ""))
    what = files[0] if len(files) == 1 else f"{len(files)} files, the last {files[-1]}"
    return (
        f"sources.{name}.where keeps {none_of(rows.height, 'row')} of {what}: {'; '.join(asked)}.",
        f"{'; '.join(held)}. What was stored before stays.",
    )


def unpivoted(
    frame: pl.DataFrame, names: str, values: str, wide: dict[str, list[str]], keep: Iterable[str]
) -> pl.DataFrame:
    """A wide file in long form: one row per column that is meant.

    Its name stands in ``names``, its value in ``values``. Several spellings of one column are read
    in order, the first that has a value.
    """
    there = set(frame.columns)  # thousands: no expression may see the whole frame for each of them
    others = frame.select([c for c in dict.fromkeys(keep) if c in there])
    parts = []
    for label, spellings in wide.items():
        cells = pl.DataFrame([frame.get_column(s) for s in spellings if s in there])
        if cells.width:
            value = cells.select(pl.coalesce(pl.all()).alias(values)).to_series()
            parts.append(others.with_columns(pl.lit(label).alias(names), value))
    return pl.concat(parts, how="vertical_relaxed")


def _text(expr: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_float():  # an identifier stored as a float: 66740.0 -> "66740"
        return (
            pl.when(expr == expr.floor())
            .then(expr.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(expr.cast(pl.String))
        )
    return expr.cast(pl.String).str.strip_chars()


def typed(
    sheet: Sheet,
    spec: Source,
    table: Table,
    columns: dict[str, ColumnMap],
    zone: Callable[[], str],
    codes: bool = False,
) -> Checked:
    """The mapped columns with the table's types and units, constants filled in, spellings replaced.

    A row with a cell that cannot be read (a word where a number belongs) is quarantined; where the
    column is not needed for the price, the cell alone is set aside. With ``codes`` a word in a
    column of numbers is a missing code of the source and becomes null. ``zone`` gives the time zone
    of the exchange, and is asked where a column of dates holds stamps with a zone.
    """
    types = targets(table)
    texts: dict[str, _numbers.TextColumn] = {}
    blanks: dict[str, pl.Series] = {}
    for key, mapped in columns.items():
        cells = sheet.frame.get_column(mapped.column)
        where = f"sources.{sheet.name}.columns.{key}"
        _types.check(where, sheet.what, mapped, cells.dtype, types[key])
        if cells.dtype == pl.String():
            text = cells.str.strip_chars()
            if types[key].is_float():
                texts[key] = _cells.numeric(mapped.column, text, sheet.options)
                blanks[key] = texts[key].cells.is_null()
            else:
                named = "" if table.name == "holdings" else key
                blanks[key] = _cells.is_blank(text, types[key], sheet.options, named)
    findings: list[Finding] = []
    made: dict[str, pl.Series] = {}
    for key, mapped in columns.items():
        cells = sheet.frame.get_column(mapped.column)
        if key in blanks and key not in texts:
            cells = cells.set(blanks[key], None)
        if types[key].is_float():
            series, found = _cells.number(sheet, table, key, mapped, cells, texts, codes=codes)
            findings += found
        else:
            series = _value(sheet.what, cells, types[key], mapped, zone)
        made[key] = series.alias(key)
    unread = {
        key: ~blank & made[key].is_null()
        for key, blank in blanks.items()
        if types[key] != pl.String() and not (codes and types[key].is_float())
    }
    out = pl.DataFrame(made)
    out, faults, quarantine = _without_unread(sheet, table, columns, out, unread)
    findings += faults + _constants(sheet.name, spec, out)
    out = out.with_columns([_constant(spec, types, key, out) for key in spec.constants])
    return _spelled(out, spec), findings, quarantine


def _without_unread(
    sheet: Sheet,
    table: Table,
    columns: dict[str, ColumnMap],
    out: pl.DataFrame,
    unread: dict[str, pl.Series],
) -> Checked:
    """The rows whose needed cells were read; of the others, and of lone bad cells, the original."""
    findings: list[Finding] = []
    parts: list[pl.DataFrame | None] = []
    bad = pl.Series([False]).new_from_index(0, out.height)
    reason = pl.Series([None], dtype=pl.String).new_from_index(0, out.height)
    for key, missed in unread.items():
        missed = missed.fill_null(False)
        if not missed.any():
            continue
        kind = targets(table)[key]
        cells = sheet.frame.get_column(columns[key].column)
        why = pl.select(
            pl.format(
                "{} is not {}: {}",
                pl.lit(columns[key].column),
                pl.lit(_WORDS.get(kind, "a number")),
                cells,
            )
        ).to_series()
        if key == "split_adjusted_close":
            # the row goes once its dividend and split have gone to the next one
            parts.append(set_aside(table.name, sheet.frame.filter(missed), why.filter(missed)))
            out = out.with_columns(out.get_column(key).set(missed, float("nan")))
            continue
        if table.name == "prices" and key in BESIDE_THE_PRICE:
            parts.append(set_aside(table.name, sheet.frame.filter(missed), why.filter(missed)))
            findings.append(
                Finding(
                    sheet.name,
                    f"{key} is not a number",
                    int(missed.sum()),
                    "cell set aside, row kept",
                    str(why.filter(missed)[0]),
                )
            )
            if key in UNKNOWN:
                out = out.with_columns(out.get_column(key).set(missed, float("nan")))
            continue
        if kind.is_float() and out.get_column(key).null_count() == out.height:
            cell = str(cells.filter(missed)[0])
            raise SourceError(
                f"{sheet.what}: column {columns[key].column!r} holds no number: {cell!r}.",
                PAIR_REMEDY
                if PAIR.fullmatch(cell)
                else "Map another column, or write its cells as plain numbers.",
            )
        reason = reason.zip_with(reason.is_not_null() | ~missed, why)
        bad |= missed
    if bad.any():
        parts.append(set_aside(table.name, sheet.frame.filter(bad), reason.filter(bad)))
        out = out.filter(~bad)
    return out, findings, joined(parts)


def _value(
    what: str, cells: pl.Series, kind: pl.DataType, mapped: ColumnMap, zone: Callable[[], str]
) -> pl.Series:
    """A column of dates, words or yes and no; null where it is blank or cannot be read."""
    if kind == pl.Date():
        return dates(what, cells, mapped, zone)
    if kind == pl.String():
        return pl.select(_text(pl.lit(cells), cells.dtype)).to_series()
    return cells.cast(pl.String).str.to_lowercase().is_in(["true", "1", "yes", "y"])


def _constant(spec: Source, types: dict[str, pl.DataType], key: str, out: pl.DataFrame) -> pl.Expr:
    value = pl.lit(spec.constants[key])
    if types[key] == pl.Date() and isinstance(spec.constants[key], str):
        value = value.str.to_date("%Y-%m-%d")
    value = value.cast(types[key])
    return (pl.coalesce(pl.col(key), value) if key in out.columns else value).alias(key)


def _constants(name: str, spec: Source, out: pl.DataFrame) -> list[Finding]:
    """A constant for a mapped column fills its gaps; that is counted."""
    return [
        Finding(
            name,
            f"{key} missing",
            out.get_column(key).null_count(),
            f"set to {spec.constants[key]}",
        )
        for key in spec.constants
        if key in out.columns and out.get_column(key).null_count()
    ]


def _spelled(out: pl.DataFrame, spec: Source) -> pl.DataFrame:
    """``options.replace`` (characters), then ``rename`` (whole names), on columns of securities.

    The cells of a change list may hold several names.
    """
    present = [c for c in SECURITY_LIKE if c in out.columns]
    for old, new in dict(spec.options.get("replace", {})).items():
        out = out.with_columns(
            pl.col(c).str.replace_all(str(old), str(new), literal=True) for c in present
        )
    if spec.rename:
        one = pl.element().str.strip_chars().replace(spec.rename)
        out = out.with_columns(
            pl.col(c).str.split(",").list.eval(one).list.join(",")
            if c in LISTS
            else pl.col(c).replace(spec.rename)
            for c in present
        )
    return out
