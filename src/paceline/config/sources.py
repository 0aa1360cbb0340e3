"""What a market file says of its sources: files, columns, units, what they state, who made them."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import Field, field_validator

from paceline.config.values import Amount, Strict

#: Days that members, classes and holdings may be rolled forward.
AGE = 366


class ColumnMap(Strict):
    """Where a schema column comes from: a column of the file, its unit, or a constant."""

    column: str  # may be empty: some files leave the first heading out
    unit: Literal[
        "", "fraction", "percent", "basis_points", "thousands", "millions", "billions"
    ] = ""
    # of dates: "%d/%m/%Y"; epoch_s, epoch_ms, epoch_us, epoch_ns count time since 1970 in UTC
    format: str | None = None
    # in which zone a stamp with a zone, or time since 1970, is a day; default: the exchange's
    zone: str | None = None

    @field_validator("zone")
    @classmethod
    def _exists(cls, value: str | None) -> str | None:
        from zoneinfo import ZoneInfo

        try:
            return value if value is None else str(ZoneInfo(value))
        except (KeyError, ValueError, OSError):
            raise ValueError('give a time zone by its IANA name, e.g. "Europe/London"') from None


class OriginEntry(Strict):
    """Who publishes a source, under which licence, and when it was fetched."""

    who: str = "not stated"
    licence: str = "not stated"
    when: str = ""


class Source(Strict):
    """One source: ``kind`` names the plug-in, ``table`` the table it fills; the rest is for it."""

    kind: str = "files"
    table: str = "prices"
    path: str | list[str] = ""
    # what the files say together, and what becomes of rows that are no longer in them; left out:
    # "folder" where path is a pattern, else "file"
    statement: Literal["file", "folder", "append"] | None = None
    columns: dict[str, str | ColumnMap] = Field(default_factory=dict)
    constants: dict[str, str | float | int | bool | dt.date] = Field(default_factory=dict)
    where: dict[str, str | list[str]] = Field(default_factory=dict)
    # security identifiers, source spelling -> ours
    rename: dict[str, str] = Field(default_factory=dict)
    dialect: Literal["auto", "changes", "adjusted", "split_adjusted", "returns"] = "auto"
    recover: bool = True  # work missing closes back from the next session's change
    # plug-in's named derivations, e.g. kind = "from_name"
    derive: dict[str, str] = Field(default_factory=dict)
    # the plug-in's own settings, e.g. seed, companies
    options: dict[str, Any] = Field(default_factory=dict)
    # day that members, classes or holdings are of: figures after it say how old they are
    valid: dt.date | None = None
    max_age: int = Field(default=AGE, gt=0)  # days after ``valid`` from which they have no value
    tolerance: Amount = 0.001  # two sources may differ by this much in a return before it is listed
    # security -> days whose return is true though it looks like a split
    true_jumps: dict[str, list[dt.date]] = Field(default_factory=dict)
    caveat: str = ""
    origin: OriginEntry = OriginEntry()

    @property
    def is_frame(self) -> bool:
        """Whether it is a frame given in Python: of kind ``files``, without a path."""
        return self.kind == "files" and not self.path
