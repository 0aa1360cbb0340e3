"""Columns of a file: which can be read as cells, how long a cell may be, days no calendar has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from paceline.config import ColumnMap
from paceline.errors import MarketFileError, SourceError
from paceline.wording import number_of

#: Bytes of the longest cell that is read: a workbook's hold half as many characters.
LONGEST_CELL = 1 << 16
#: Days that exist for every library that a date passes through: years 1 to 9999.
_FIRST, _LAST = -719_162, 2_932_896
_PER_DAY = {"ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_CELLS = (pl.String, pl.Boolean, pl.Date, pl.Datetime, pl.Categorical, pl.Enum, pl.Null)
#: What a type is called where it cannot be a cell.
_NO_CELLS: dict[type[pl.DataType], str] = {
    pl.List: "lists",
    pl.Array: "lists",
    pl.Struct: "records",
    pl.Binary: "bytes",
    pl.Object: "objects",
    pl.Time: "times of day",
    pl.Duration: "lengths of time",
}


def readable(
    what: str, frame: pl.DataFrame, wanted: Mapping[str, str], *, every: bool
) -> pl.DataFrame:
    """The columns that can be cells, categories as text, decimals as numbers.

    wanted  columns asked for, with the key that asks; none: all of them
    every   the others are asked for as well
    A column that is not asked for and holds no cells is left out. Raises ``SourceError`` for one
    that is asked for, and for days before year 1 or after 9999.
    """
    kept: list[pl.Expr] = []
    for column, dtype in frame.schema.items():
        said = _said(dtype)
        asked = every or column in wanted or not wanted
        if said and asked:
            by = wanted.get(column)
            raise SourceError(
                f"{what}: column {column!r} holds {said} ({dtype})"
                + (f", asked for by {by}." if by else "."),
                "Map a column of numbers, dates or text, or store this one as such.",
            )
        if said:
            continue
        if asked and dtype.base_type() in (pl.Date, pl.Datetime):
            _possible(what, frame.get_column(column))
        if dtype.base_type() in (pl.Categorical, pl.Enum, pl.Null):
            kept.append(pl.col(column).cast(pl.String))
        elif dtype.is_decimal():
            kept.append(pl.col(column).cast(pl.Float64))
        elif dtype.base_type() in (pl.Date, pl.Datetime) and not asked:
            kept.append(pl.col(column).to_physical())
        else:
            kept.append(pl.col(column))
    return frame.select(kept)


def _said(dtype: pl.DataType) -> str:
    """What a type that cannot be a cell is called; "" for one that can."""
    base = dtype.base_type()
    if dtype.is_numeric() or base in _CELLS:
        return ""
    return _NO_CELLS.get(base, "values")


def check(key: str, what: str, mapped: ColumnMap, dtype: pl.DataType, kind: pl.DataType) -> None:
    """Refuse a column whose type has no reading as ``kind``, and settings that mean nothing.

    key  where the market file maps it
    A yes-or-no or a date is no number. A unit belongs to a number, a format to a date. Raises
    ``SourceError`` and ``MarketFileError``.
    """
    number = kind.is_numeric()
    if number and (dtype == pl.Boolean or dtype.is_temporal()):
        said = "yes and no" if dtype == pl.Boolean else "dates"
        raise SourceError(
            f"{what}: column {mapped.column!r} holds {said}, asked for as a number by {key}.",
            "Map another column.",
        )
    if kind == pl.Date() and dtype == pl.Boolean:
        raise SourceError(
            f"{what}: column {mapped.column!r} holds yes and no, asked for as a date by {key}.",
            "Map another column.",
        )
    for setting, value, belongs in (
        ("unit", mapped.unit, number),
        ("format", mapped.format, kind == pl.Date()),
    ):
        if value and not belongs:
            raise MarketFileError(
                f"{key}: {setting} = {value!r} means nothing here.",
                "A unit belongs to a number, a format to a date: leave it out.",
            )


def constant(value: object, kind: pl.DataType) -> bool:
    """Whether a value of the market file can stand in a column of type ``kind``."""
    try:
        if kind == pl.Date() and isinstance(value, str):
            return dt.date.fromisoformat(value) is not None
        if isinstance(value, bool):
            return kind in (pl.Boolean(), pl.String())
        pl.Series([value]).cast(kind)
    except (ValueError, pl.exceptions.PolarsError):
        return False
    return kind != pl.Date() or isinstance(value, dt.date)


def check_cells(what: str, frame: pl.DataFrame) -> None:
    """Refuse a file without rows, which would withdraw all that it said, and cells beyond reason.

    Raises ``SourceError``.
    """
    if frame.is_empty():
        raise SourceError(f"{what}: no rows.", "Fetch it again, or check the dates asked for.")
    longest = frame.select(pl.col(pl.String).str.len_bytes().max())
    for column in longest.columns:
        size = longest[column][0] or 0
        if size > LONGEST_CELL:
            raise SourceError(
                f"{what}: column {column!r} holds a cell of {size:,} bytes, more than the "
                f"{LONGEST_CELL:,} that are read.",
                "Check the delimiter, the quotes and the line ends.",
            )


def _possible(what: str, column: pl.Series) -> None:
    """Refuse days outside the years 1 to 9999."""
    unit = getattr(column.dtype, "time_unit", None)
    day = column.to_physical().cast(pl.Int64) // (_PER_DAY[unit] if unit else 1)
    bad = ((day < _FIRST) | (day > _LAST)).fill_null(False)
    if bad.any():
        raise SourceError(
            f"{what}: column {column.name!r} holds {number_of(int(bad.sum()), 'day')} outside the "
            f"years 1 to 9999, the first in row {int(bad.arg_max() or 0) + 1}.",
            "Correct them where the file is made; its unit of time may be wrong.",
        )
