"""The options of a file source: which there are, and what each may be."""

from __future__ import annotations

import datetime as dt
import os
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from paceline.config import Source
from paceline.errors import MarketFileError

_Text = Annotated[str, StringConstraints(min_length=1)]
_Cell = str | int | float | bool | dt.date
_Day = str | dt.date


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class ChangeList(_Strict):
    """``changes`` as a table."""

    path: _Text
    """The file, from `market.data`."""
    date: _Text = "date"
    """Its column of dates."""
    add: _Text = "add"
    """Its column of those who join."""
    remove: _Text = "remove"
    """Its column of those who leave."""


class Snapshot(_Strict):
    """``snapshot`` as a table."""

    path: _Text
    """The file, from `market.data`."""
    security: _Text = "security"
    """Its column of securities."""
    date: _Day | None = None
    """The day it is of; left out: the YYYY-MM-DD in its name."""


class FileOptions(_Strict):
    """What ``options`` of a file source may hold, each of them optional."""

    delimiter: str = ","
    """Of CSV; left out: `,` `;` tab and `|` are tried."""
    encoding: _Text = "utf-8"
    """Of CSV; left out: UTF-8, or UTF-16 by its mark."""
    decimal: Literal[".", ","] = "."
    """The mark before the decimals, where the file leaves it open."""
    names: Annotated[list[str], Field(min_length=1)] = ["x"]
    """Names of the columns of a CSV without a header."""
    after: _Text = "x"
    """Text of a line above the table: reading starts below it (stacked tables)."""
    missing: list[str | int | float] | str = []
    """More texts or numbers that mean no value, e.g. `["-99.99"]`; numbers are compared before
    their unit."""
    replace: dict[_Text, str] = {}
    """Characters of security spellings, e.g. `{ "/" = ".", "-" = "." }`; before `rename`."""
    wide: (
        Literal[True]
        | Annotated[list[_Text], Field(min_length=1)]
        | Annotated[
            dict[_Text, _Text | Annotated[list[_Text], Field(min_length=1)]], Field(min_length=1)
        ]
    ) = ["x"]
    """A column a security (`prices`), series or item (`fundamentals`): `true`, `["!x"]`, a list of
    columns, or `{ our name = "column" }`: see [wide](wide.md)."""
    wide_field: _Text = "close"
    """Of wide prices: which column of the table the cells are; left out: `close`."""
    unit: Literal[
        "", "fraction", "percent", "basis_points", "thousands", "millions", "billions"
    ] = ""
    """Of a wide table: unit of its cells, e.g. `percent`."""
    ratio_of: _Text = "x"
    """Of wide fundamentals whose cells are ratios (price/book): the column above the stroke; the
    item is that column divided by the cell."""
    lag_days: Annotated[int, Field(ge=0, le=3660)] = 0
    """[days] Of fundamentals without a filing date: known that long after the period's end."""
    also_securities: dict[_Text, _Cell] = {}
    """`{ kind = "etf", ... }`: write a row of `securities` with these values for each security
    seen."""
    shape: _Text = "spells"
    """Of members, classes, securities: `spells` (security, start, end), `snapshots` (date,
    security; full lists); of members `changes` (date, add, remove) too. Left out: `spells`."""
    changes: _Text | ChangeList = "x"
    """Of members: path of a list of changes that continues them, or a table with `path`, `date`,
    `add`, `remove`."""
    snapshot: _Text | Snapshot = "x"
    """Of members: path of one later full list, or a table with `path`, `security`, `date`."""
    member: _Text = "x"
    """Of a zip archive that holds several files: which one."""
    sheet: _Text | Annotated[int, Field(ge=1)] = "x"
    """Of a workbook with several sheets: its name, or its number from 1."""

    @field_validator("delimiter")
    @classmethod
    def _one(cls, value: str) -> str:
        if len(value) != 1 or not value.isascii() or value in '"\r\n\x00':
            raise ValueError("a delimiter is one ASCII character, and no quote or line end")
        return value

    @field_validator("names")
    @classmethod
    def _distinct(cls, value: list[str]) -> list[str]:
        if len(set(value)) < len(value):
            raise ValueError("a name stands twice")
        return value


def check(name: str, spec: Source) -> None:
    """Raise ``MarketFileError`` for an option that does not exist or cannot have its value."""
    accepted = list(FileOptions.model_fields)
    for key in spec.options:
        if key not in accepted:
            near = get_close_matches(key, accepted, n=1)
            raise MarketFileError(
                f"sources.{name}.options: unknown option {key!r}.",
                (f"Did you mean {near[0]!r}? " if near else "")
                + f"Accepted: {', '.join(accepted)}.",
            )
    _of_table(name, spec)
    try:
        FileOptions.model_validate(spec.options)
    except ValidationError as error:
        first = error.errors()[0]
        key, shown = str(first["loc"][0]), repr(spec.options[str(first["loc"][0])])
        raise MarketFileError(
            f"sources.{name}.options.{key}: {first['msg'].removeprefix('Value error, ')}.",
            f"Found {shown if len(shown) < 80 else shown[:77] + '...'}.",
        ) from None


def _of_table(name: str, spec: Source) -> None:
    """Raise ``MarketFileError`` for an option that rows of the source's table do not know."""
    for key, table in (("lag_days", "fundamentals"), ("wide_field", "prices")):
        if key in spec.options and spec.table != table:
            raise MarketFileError(
                f"sources.{name}.options.{key} counts with table = {table!r} alone, and it is "
                f"{spec.table!r}.",
                "Leave it out.",
            )


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
