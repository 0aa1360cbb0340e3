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
    date: _Text = "date"
    add: _Text = "add"
    remove: _Text = "remove"


class Snapshot(_Strict):
    """``snapshot`` as a table."""

    path: _Text
    security: _Text = "security"
    date: _Day | None = None


class FileOptions(_Strict):
    """What ``options`` of a file source may hold; the docstring of ``files`` says what for."""

    delimiter: str = ","
    encoding: _Text = "utf-8"
    decimal: Literal[".", ","] = "."
    names: Annotated[list[str], Field(min_length=1)] = ["x"]
    after: _Text = "x"
    missing: list[str | int | float] | str = []
    replace: dict[_Text, str] = {}
    wide: (
        Literal[True]
        | Annotated[list[_Text], Field(min_length=1)]
        | Annotated[
            dict[_Text, _Text | Annotated[list[_Text], Field(min_length=1)]], Field(min_length=1)
        ]
    ) = ["x"]
    wide_field: _Text = "close"
    unit: Literal[
        "", "fraction", "percent", "basis_points", "thousands", "millions", "billions"
    ] = ""
    ratio_of: _Text = "x"
    lag_days: Annotated[int, Field(ge=0, le=3660)] = 0
    also_securities: dict[_Text, _Cell] = {}
    shape: _Text = "spells"
    changes: _Text | ChangeList = "x"
    snapshot: _Text | Snapshot = "x"
    member: _Text = "x"
    sheet: _Text | Annotated[int, Field(ge=1)] = "x"

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
    try:
        FileOptions.model_validate(spec.options)
    except ValidationError as error:
        first = error.errors()[0]
        key, shown = str(first["loc"][0]), repr(spec.options[str(first["loc"][0])])
        raise MarketFileError(
            f"sources.{name}.options.{key}: {first['msg'].removeprefix('Value error, ')}.",
            f"Found {shown if len(shown) < 80 else shown[:77] + '...'}.",
        ) from None


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
