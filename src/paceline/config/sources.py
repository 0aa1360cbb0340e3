"""What a market file says of its sources: files, columns, units, what they state, who made them."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from paceline.config.values import Amount, Name, Strict
from paceline.schema import TABLES

#: Days that members, classes and holdings may be rolled forward.
AGE = 366
#: Tables whose rows may all be of one day that nothing in them tells.
OF_A_DAY = ("members", "classes", "holdings", "fundamentals")
#: Settings of a source that only rows of prices know.
OF_PRICES = ("dialect", "recover", "tolerance", "jumps", "true_jumps")


class ColumnMap(Strict):
    """Where a schema column comes from: a column of the file, its unit, or a constant."""

    column: str
    """Column of the file; may be empty, where a file leaves the first heading out."""
    unit: Literal[
        "", "fraction", "percent", "basis_points", "thousands", "millions", "billions"
    ] = ""
    """Unit of its numbers; a fraction or the plain number where left out."""
    format: str | None = None
    """Of dates: `"%d/%m/%Y"`; `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns` count time since 1970
    in UTC; `excel` counts days."""
    zone: str | None = None
    """IANA zone in which a stamp with a zone, or time since 1970, is a day; left out: the
    exchange's."""

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
    """Who publishes the data; stands under every chart and in the manifest."""
    licence: str = "not stated"
    """Under which licence."""
    when: str = ""
    """When the data were fetched; left out: the day the file was written."""


class Source(Strict):
    """One source: ``kind`` names the plug-in, ``table`` the table it fills; the rest is for it."""

    kind: str = "files"
    """How it is read: `files`, `french`, `simulated`, `arch_data`, or a plug-in."""
    table: str = "prices"
    """The [table](tables.md) it fills."""
    path: str | list[str] = ""
    """A file, several, or a pattern such as `daily/*.csv`, from `market.data`; left out: a
    [frame](frames.md) given in Python."""
    statement: Literal["file", "folder", "append"] | None = None
    """What files say together, and what becomes of rows they no longer hold: see
    [statements](statements.md). Left out: `folder` where path is a pattern, else `file`."""
    columns: dict[str, str | ColumnMap] = Field(default_factory=dict)
    """Column of the table -> column of the file, or a table with the keys below. Left out: columns
    that bear the table's names."""
    constants: dict[str, str | float | int | bool | dt.date] = Field(default_factory=dict)
    """Column of the table -> value of every row; of a mapped column it fills the gaps, which are
    counted."""
    where: dict[str, str | list[str]] = Field(default_factory=dict)
    """Column of the file -> value or values of the rows to keep; `"!x"`: all but x; `""`: an empty
    cell."""
    rename: dict[str, Name] = Field(default_factory=dict)
    """Identifier of a security in the file -> ours."""
    dialect: Literal["auto", "changes", "adjusted", "split_adjusted", "returns"] = "auto"
    """What the prices are: `changes` (closes and the exchange's changes), `adjusted`,
    `split_adjusted`, `returns`; `auto` tells by the mapped columns."""
    recover: bool = True
    """Work missing closes back from the next session's change."""
    derive: dict[str, str] = Field(default_factory=dict)
    """Named derivations of the table `securities`: `kind = "us_line_name"`, `company =
    "from_name"`."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Settings of its kind: see below."""
    valid: dt.date | None = None
    """Day that members, classes or holdings are of: figures after it say how old they are."""
    max_age: int = Field(default=AGE, gt=0)
    """[days] Age after `valid` from which they have no value."""
    tolerance: Amount = 0.001
    """[fraction] Difference of a return from another source's, above which it is listed."""
    jumps: Literal["doubted", "true"] = "doubted"
    """`true`: nothing of this source splits, as coins do not, and returns that look like a split
    stand; those beyond twentyfold are set aside all the same: see [jumps](jumps.md)."""
    true_jumps: dict[str, list[dt.date]] = Field(default_factory=dict)
    """Security -> days whose return is true though it looks like a split: see [jumps](jumps.md)."""
    caveat: str = ""
    """A weakness of the source, said on every figure that rests on it."""
    origin: OriginEntry = OriginEntry()
    """Who publishes it: see below."""

    @field_validator("valid")
    @classmethod
    def _has_come(cls, value: dt.date | None) -> dt.date | None:
        if value is not None and value > dt.date.today():
            raise ValueError("a day that has not come: give the day that the rows are of")
        return value

    @model_validator(mode="after")
    def _of_its_table(self) -> Source:
        """Settings that rows of other tables do not know would do nothing."""
        if self.kind != "files" or self.table not in TABLES:
            return self  # a plug-in may fill several tables; an unknown one is named elsewhere
        given = [key for key in OF_PRICES if key in self.model_fields_set]
        if given and self.table != "prices":
            raise ValueError(f'{given[0]} counts with table = "prices" alone')
        if self.derive and self.table != "securities":
            raise ValueError('derive counts with table = "securities" alone')
        if self.valid is not None and self.table not in OF_A_DAY:
            raise ValueError(f"valid counts with {', '.join(OF_A_DAY)} alone")
        aged = "max_age" in self.model_fields_set and self.table != "holdings"
        if aged and self.valid is None:
            raise ValueError("max_age counts from valid: give the day that the rows are of")
        return self

    @property
    def is_frame(self) -> bool:
        """Whether it is a frame given in Python: of kind ``files``, without a path."""
        return self.kind == "files" and not self.path
