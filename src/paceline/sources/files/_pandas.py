"""A frame or series of pandas as a frame of polars, its index as columns. Pure.

pandas is imported here only, and this file only where somebody has given such a frame.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl

from paceline.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

#: Bytes of the floating-point numbers that polars has.
_FLOATS = (4, 8)


def frame(what: str, given: pd.DataFrame | pd.Series) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The columns in the order of the frame, those of the index first; names of column levels.

    A series is a frame of one column, named after it. Columns of two levels are named as pandas
    writes them in one, "('Close', 'AAPL')". An index without a name is called "date", except one
    that only numbers the rows, which is left out.

    what  what the frame is called in messages
    Raises ``UsageError``, which names the column at fault and the remedy.
    """
    import pandas as pd

    table = _of_series(what, given) if isinstance(given, pd.Series) else given
    names, levels = _names(what, table.columns)
    columns = dict(_index(what, table, names))
    for at, name in enumerate(names):
        if name in columns:
            raise UsageError(
                f"{what}: two columns are named {name!r}.",
                "Rename or drop one; an index of that name counts as a column.",
            )
        columns[name] = _column(what, name, table.iloc[:, at])
    return pl.DataFrame(columns), levels


def _of_series(what: str, series: pd.Series) -> pd.DataFrame:
    """A series by days is a column of its name; by days and securities, their closes."""
    import pandas as pd

    if isinstance(series.index, pd.MultiIndex):
        return series.to_frame("close" if series.name is None else series.name)
    if series.name is None:
        raise UsageError(
            f"{what}: a series without a name.", 'Name the security: series.rename("SPY").'
        )
    return series.to_frame()


def _names(what: str, columns: pd.Index) -> tuple[list[str], tuple[str, ...]]:
    """Names of the columns, and of their two levels where they have two."""
    if columns.nlevels > 2:
        raise UsageError(
            f"{what}: its columns have {columns.nlevels} levels.",
            "Two are read, field and security: drop the others, "
            "e.g. df.columns = df.columns.droplevel(0).",
        )
    missing = [n for name in columns for n in (name if isinstance(name, tuple) else (name,))]
    missing = [n for n in missing if n is None or _missing(n)]
    if missing:
        raise UsageError(
            f"{what}: a column is named {missing[0]}: that is no name.",
            "Name it after its security, or leave it out.",
        )
    if columns.nlevels == 2:
        named = tuple("" if n is None else str(n) for n in columns.names)
        return [str((str(a), str(b))) for a, b in columns], named
    return [str(c) for c in columns.get_level_values(0)], ()


def _index(what: str, table: pd.DataFrame, names: list[str]) -> Iterator[tuple[str, pl.Series]]:
    """The levels of the index as columns."""
    import pandas as pd

    index = table.index
    if index.nlevels > 1:
        for at, name in enumerate(index.names):
            level = pd.Series(index.get_level_values(at))
            called = name or ("date" if _has_days(level) else "security")
            yield str(called), _column(what, str(called), level)
        return
    counted = index.name is None and pd.api.types.is_integer_dtype(index.dtype)
    if counted and (isinstance(index, pd.RangeIndex) or any(map(_called_date, names))):
        return
    if index.name is None and any(map(_called_date, names)):
        raise UsageError(
            f"{what}: its index and its column {next(filter(_called_date, names))!r} could both "
            "hold the dates.",
            "Drop one (df.reset_index(drop=True)), or name the index.",
        )
    called = "date" if index.name is None else str(index.name)
    yield called, _column(what, called, pd.Series(index))


def _called_date(name: str) -> bool:
    return name.lower() in ("date", "datetime", "timestamp", "('date', '')", "('', 'date')")


def _has_days(level: pd.Series) -> bool:
    import pandas as pd

    first = level.iloc[0] if len(level) else None
    return pd.api.types.is_datetime64_any_dtype(level.dtype) or isinstance(first, dt.date)


def _column(what: str, name: str, column: pd.Series) -> pl.Series:
    """One column, missing values as null."""
    import pandas as pd

    kind = column.dtype
    if isinstance(kind, pd.DatetimeTZDtype):
        zone = getattr(kind.tz, "key", None) or getattr(kind.tz, "zone", None) or "UTC"
        stamps = _days(name, column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy())
        return stamps.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    if isinstance(kind, np.dtype):
        if kind.kind in "iub":
            return pl.Series(name, column.to_numpy())
        if kind.kind == "M":
            return _days(name, column.to_numpy())
        if kind.kind == "f":
            size = kind if kind.itemsize in _FLOATS else np.dtype(float)
            return pl.Series(name, column.to_numpy().astype(size), nan_to_null=True)
        if kind.kind == "O":
            return _objects(what, name, column)
    elif isinstance(kind, pd.PeriodDtype):
        raise UsageError(
            f"{what}: column {name!r} holds periods ({kind}), no days.",
            'Give the last day of each: df.index.to_timestamp(how="end").normalize().',
        )
    try:
        taken = cast("pl.Series", pl.from_pandas(column, nan_to_null=True))
        return taken.alias(name)
    except ImportError:
        raise UsageError(
            f"{what}: column {name!r} of type {kind} needs pyarrow.", "pip install paceline[pandas]"
        ) from None
    except (pl.exceptions.PolarsError, ValueError, TypeError, NotImplementedError):
        raise _unreadable(what, name, f"is of type {kind}") from None


def _days(name: str, stamps: np.ndarray[Any, Any]) -> pl.Series:
    """Stamps without a zone; polars counts no whole seconds."""
    seconds = np.datetime_data(stamps.dtype)[0] == "s"
    return pl.Series(name, stamps.astype("datetime64[ms]") if seconds else stamps)


def _unreadable(what: str, name: str, why: str) -> UsageError:
    return UsageError(
        f"{what}: column {name!r} {why}.",
        f"Make it numbers, dates or text, or leave it out: df.drop(columns={name!r}).",
    )


def _objects(what: str, name: str, column: pd.Series) -> pl.Series:
    """A column of Python objects that are all numbers, all days or all text."""
    cells = [None if _missing(c) else c for c in column]
    there = [c for c in cells if c is not None]
    kinds: tuple[tuple[type | tuple[type, ...], pl.DataType | None], ...] = (
        (bool, pl.Boolean()),
        ((Real, Decimal), pl.Float64()),
        (str, pl.String()),
        (dt.datetime, None),
        (dt.date, pl.Date()),
    )
    for kind, stored in kinds:
        own = [c for c in there if isinstance(c, kind)]
        if not own:
            continue
        if len(own) < len(there):
            odd = next(c for c in there if not isinstance(c, kind))
            raise _unreadable(what, name, f"mixes {own[0]!r} with {odd!r}")
        if stored is None:
            return _stamps(what, name, cells)
        if stored == pl.Float64():
            cells = [None if c is None else float(c) for c in cells]
        return pl.Series(name, cells, stored)
    if there:
        raise _unreadable(what, name, f"holds {type(there[0]).__name__} objects")
    return pl.Series(name, cells, pl.Null())


def _missing(cell: object) -> bool:
    import pandas as pd

    return cell is pd.NaT or cell is pd.NA or (isinstance(cell, float) and math.isnan(cell))


def _stamps(what: str, name: str, cells: list[Any]) -> pl.Series:
    """Stamps of one time zone, or of none."""
    import pandas as pd

    zones = {str(c.tzinfo) for c in cells if c is not None}
    if len(zones) > 1:
        raise UsageError(
            f"{what}: column {name!r} mixes stamps of the time zones {', '.join(sorted(zones))}.",
            'Bring them into one: pd.to_datetime(..., utc=True).tz_convert("America/New_York").',
        )
    return _column(what, name, pd.Series(pd.DatetimeIndex(cells)))
