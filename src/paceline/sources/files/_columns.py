"""A file's own columns to a table's typed columns: names, units, dates, spellings. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import Any

import polars as pl

from paceline.config import ColumnMap, Source
from paceline.errors import MarketFileError, SourceError
from paceline.rows import Checked, Finding, set_aside
from paceline.schema import Table
from paceline.sources.files import _types
from paceline.sources.files._dates import dates
from paceline.sources.files._read import Wanted

#: Columns a file may bring that are worked into the table's own columns.
INPUTS: dict[str, dict[str, pl.DataType]] = {
    "prices": {
        "adjusted_close": pl.Float64(),
        "split_adjusted_close": pl.Float64(),
        "dividend": pl.Float64(),
        "split": pl.Float64(),
        "shares": pl.Float64(),
    },
    "members": {"date": pl.Date(), "add": pl.String(), "remove": pl.String()},
    "classes": {"date": pl.Date()},
    "securities": {"date": pl.Date()},
}
#: Columns that hold securities: ``rename`` and ``options.replace`` apply to them.
SECURITY_LIKE = ("security", "ticker", "other", "fund", "add", "remove")
LISTS = ("add", "remove")
#: Text that means "no number".
MISSING = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NULL", "null", "None", ".", "-", "--")
_DIVIDE = {"": 1.0, "fraction": 1.0, "percent": 100.0, "basis_points": 1e4}
_TIMES = {"thousands": 1e3, "millions": 1e6, "billions": 1e9}
#: What a cell of a type is called in a reason; every other is a number.
_WORDS: dict[pl.DataType, str] = {
    pl.Date(): "a date",
    pl.String(): "text",
    pl.Boolean(): "yes or no",
}


def targets(table: Table) -> dict[str, pl.DataType]:
    """Name to type of every column the market file may map for this table."""
    own = {c.name: c.type for c in table.columns if c.name not in ("source", "recovered", "covers")}
    return {**own, "known": pl.Date(), **INPUTS.get(table.name, {})}


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


def unpivoted(
    what: str,
    frame: pl.DataFrame,
    names: str,
    values: str,
    wide: dict[str, list[str]],
    keep: Iterable[str],
) -> pl.DataFrame:
    """A wide file in long form: one row per listed column.

    Its name stands in ``names``, its value in ``values``. Several spellings of one column are read
    in order, the first that has a value.
    """
    others = [c for c in dict.fromkeys(keep) if c in frame.columns]
    parts = []
    for label, spellings in wide.items():
        cells = [pl.col(s) for s in spellings if s in frame.columns]
        if cells:
            parts.append(
                frame.select(*others, pl.lit(label).alias(names), pl.coalesce(cells).alias(values))
            )
    if not parts:
        raise SourceError(
            f"{what}: none of the columns of options.wide is in the file.",
            f"The file has: {', '.join(frame.columns[:40])}.",
        )
    return pl.concat(parts, how="vertical_relaxed").filter(pl.col(values).is_not_null())


def _text(expr: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_float():  # an identifier stored as a float: 66740.0 -> "66740"
        return (
            pl.when(expr == expr.floor())
            .then(expr.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(expr.cast(pl.String))
        )
    return expr.cast(pl.String).str.strip_chars()


def _number(expr: pl.Expr, dtype: pl.DataType, unit: str, decimal: str) -> pl.Expr:
    def scale(x: pl.Expr) -> pl.Expr:
        # percent divides by 100 rather than times 0.01, which is no binary number
        return (
            x * _TIMES[unit] if unit in _TIMES else x / _DIVIDE[unit] if _DIVIDE[unit] != 1 else x
        )

    if dtype == pl.String():
        text = expr.str.replace_all(r"[\s$€£]", "")
        text = (
            text.str.replace_all(".", "", literal=True).str.replace_all(",", ".", literal=True)
            if decimal == ","
            else text.str.replace_all(",", "", literal=True)
        )
        text = text.str.replace(r"^\((.*)\)$", "-$1")
        plain = text.str.strip_suffix("%").cast(pl.Float64, strict=False)
        return pl.when(text.str.ends_with("%")).then(plain / 100).otherwise(scale(plain))
    # the shortest decimal that gives this float32: 136.87, not 136.869995
    if dtype == pl.Float32():
        return scale(expr.cast(pl.String).cast(pl.Float64, strict=False))
    return scale(expr.cast(pl.Float64, strict=False)).fill_nan(None)


def typed(
    name: str,
    what: str,
    frame: pl.DataFrame,
    spec: Source,
    table: Table,
    columns: dict[str, ColumnMap],
    zone: Callable[[], str],
    codes: bool = False,
) -> Checked:
    """The mapped columns with the table's types and units, constants filled in, spellings replaced.

    A row with a cell that cannot be read (a word where a number belongs) is quarantined; with
    ``codes`` such a number is a missing code of the source and becomes null. ``zone`` gives the
    time zone of the exchange, and is asked where a column of dates holds stamps with a zone.
    """
    types = targets(table)
    # the file's columns by position, so that no name of its own can meet one of ours
    source = frame.rename({c: f"{i}" for i, c in enumerate(frame.columns)})
    at = {c: f"{i}" for i, c in enumerate(frame.columns)}
    made: list[pl.Expr | pl.Series] = []
    unread: list[pl.Expr] = []
    for key, mapped in columns.items():
        column, kind = at[mapped.column], types[key]
        _types.check(f"sources.{name}.columns.{key}", what, mapped, source.schema[column], kind)
        blank = _blank(source, column, kind, spec.options)
        made.append(
            _value(what, source, column, blank, kind, mapped, spec.options, zone).alias(key)
        )
        is_text = source.schema[column] == pl.String() and kind != pl.String()
        if is_text and not (codes and kind not in _WORDS):
            filled = pl.col(column).is_not_null() & ~blank
            unread.append(
                pl.when(filled & pl.col(f"={key}").is_null()).then(
                    pl.format(
                        "{} is not {}: {}",
                        pl.lit(mapped.column),
                        pl.lit(_WORDS.get(kind, "a number")),
                        pl.col(column),
                    )
                )
            )
    out = source.select(made)
    quarantine = None
    if unread:
        both = source.hstack(out.rename({c: f"={c}" for c in out.columns}))
        reason = both.select(pl.coalesce(unread)).to_series()
        if reason.null_count() < reason.len():
            bad = reason.is_not_null()
            quarantine = set_aside(table.name, frame.filter(bad), reason.filter(bad))
            out = out.filter(~bad)
    findings = _constants(name, spec, out)
    out = out.with_columns([_constant(spec, types, key, out) for key in spec.constants])
    return _spelled(out, spec), findings, quarantine


def _blank(
    source: pl.DataFrame, column: str, kind: pl.DataType, options: dict[str, Any]
) -> pl.Expr:
    """Whether a cell means "no value": empty text, or one of the tokens for it."""
    if source.schema[column] != pl.String():
        return pl.lit(False)
    tokens = [str(m) for m in options.get("missing", [])]
    tokens = ["", *tokens] if kind == pl.String() else [*MISSING, *tokens]
    return pl.col(column).str.strip_chars().is_in(tokens)


def _value(
    what: str,
    source: pl.DataFrame,
    column: str,
    blank: pl.Expr,
    kind: pl.DataType,
    mapped: ColumnMap,
    options: dict[str, Any],
    zone: Callable[[], str],
) -> pl.Expr | pl.Series:
    """The column read as ``kind``; null where it is blank or cannot be read."""
    dtype = source.schema[column]
    cell = pl.when(blank).then(None).otherwise(pl.col(column))
    if kind == pl.Date():
        return dates(what, source.select(cell).to_series(), mapped, zone)
    if kind == pl.String():
        return _text(cell, dtype)
    if kind == pl.Boolean():
        return cell.cast(pl.String).str.to_lowercase().is_in(["true", "1", "yes", "y"])
    return _number(cell, dtype, mapped.unit, str(options.get("decimal", ".")))


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
