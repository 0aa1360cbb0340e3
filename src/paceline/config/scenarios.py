"""What a market file says of what could come: drivers, scenarios, dated events."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from paceline.config.values import Name, Strict

#: Days of a rule: "third friday", "last monday".
ORDINALS = ("first", "second", "third", "fourth", "last")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: The rules that a day may follow, in words.
RULES = '"third friday", "last monday", "day 15", "first session" or "last session"'
_RULE = re.compile(
    rf"({'|'.join(ORDINALS)}) ({'|'.join(WEEKDAYS)})|day ([1-9]|[12]\d|3[01])|(first|last) session"
)
Month = Annotated[int, Field(ge=1, le=12)]


class Driver(Strict):
    """Something that returns may depend on: a stored series, or the return of a basket."""

    series: Name | None = None
    """Stored series, such as a yield."""
    minus: Name | None = None
    """Stored series that is taken off it, day by day: a spread."""
    basket: Name | None = None
    """Or a basket or security: its return."""
    change: Literal["difference", "log"] = "difference"
    """How a change of the series is counted: in its own unit, or as a return; a basket's is a
    return."""
    surprise: bool = False
    """Only what was not foreseen of it: each release less its forecast."""
    forecast: Name | None = None
    """Stored series of forecasts, by the dates of the values; left out: an autoregression of the
    changes on all releases before."""
    lag: int = Field(0, ge=0, le=366)
    """[days] From the date of a value to its release, for a source that does not give `known`."""
    label: str = ""
    """Name for people."""

    @model_validator(mode="after")
    def _one(self) -> Driver:
        if (self.series is None) == (self.basket is None):
            raise ValueError("give either series = NAME or basket = NAME")
        given = self.model_fields_set
        of_series = [k for k in ("minus", "change", "surprise", "forecast", "lag") if k in given]
        if self.basket is not None and of_series:
            raise ValueError(f"{of_series[0]} counts with series, not with a basket")
        if self.forecast is not None and not self.surprise:
            raise ValueError("forecast counts with surprise = true")
        return self

    @property
    def is_return(self) -> bool:
        """Whether a change of it is a return: 0.1 is ten percent."""
        return self.basket is not None or self.change == "log"

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """(key, stored series) of every series that it rests on."""
        keys = ("series", "minus", "forecast")
        return tuple((k, v) for k in keys if (v := getattr(self, k)) is not None)


class Scenario(Strict):
    """What may come: changes of some drivers over some months."""

    shocks: dict[Name, float] = Field(min_length=1)
    """Driver -> its change over these months: in its own unit, of a return as a fraction."""
    source: str = Field(min_length=1)
    """Where its numbers come from."""
    months: int = Field(1, ge=1, le=24)
    """Months over which the drivers move."""
    label: str = ""
    """Name for people."""
    untested: list[Name] = Field(default_factory=list)
    """What no series can carry, in words; the name of one of `[[events]]` shows what past ones
    did."""

    def named(self, where: str) -> Iterator[tuple[str, str, str]]:
        """(kind, name, key that names it) of its drivers."""
        for driver in self.shocks:
            yield "driver", driver, f"{where}.shocks"


class DatedEvent(Strict):
    """Days of one kind, past and to come: listed, or by a rule."""

    name: Name
    """What it is called in commands."""
    label: str = ""
    """Name for people."""
    dates: list[dt.date] = Field(default_factory=list)
    """Its days."""
    rule: str = ""
    """Or the day of each month: `"third friday"`, `"last monday"`, `"day 15"`, `"first session"`,
    `"last session"`."""
    months: list[Month] = Field(default_factory=list)
    """Months in which the rule holds, 1 to 12; empty: all."""
    closed: Literal["next", "previous"] = "next"
    """Session that stands for a day on which the exchange is closed."""
    window: tuple[Annotated[int, Field(ge=-21, le=63)], Annotated[int, Field(ge=-21, le=63)]] = (
        0,
        0,
    )
    """[sessions] First and last session around the day whose returns count: `[0, 0]` the day
    itself."""
    source: str = ""
    """Where the days come from."""

    @field_validator("rule")
    @classmethod
    def _known(cls, value: str) -> str:
        rule = " ".join(value.lower().split())
        if value and not _RULE.fullmatch(rule):
            raise ValueError(f"no rule for a day of the month: give {RULES}")
        return rule

    @model_validator(mode="after")
    def _one(self) -> DatedEvent:
        if bool(self.dates) == bool(self.rule):
            raise ValueError('give either dates = [...] or rule = "third friday"')
        if self.months and not self.rule:
            raise ValueError("months counts with rule, not with dates")
        if self.window[0] > self.window[1]:
            raise ValueError("window = [first, last] with first <= last")
        if len(set(self.dates)) < len(self.dates):
            twice = next(d for d in self.dates if self.dates.count(d) > 1)
            raise ValueError(f"dates: {twice} stands there twice")
        return self
