"""What a market file says of rules to be traded, and of what trading costs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from paceline.config.values import Amount, Name, Names, Strict

Kind = Literal[
    "weights",
    "tilt",
    "leader",
    "fade",
    "dips",
    "thrust",
    "season",
    "measure",
    "laggards",
    "momentum",
    "factor_momentum",
    "quadrants",
    "function",
]
When = Literal["once", "daily", "weekly", "monthly", "quarterly", "annual"]
Bucket = Literal["mega", "large", "small", "micro"]
Quadrant = Literal["leading", "weakening", "lagging", "improving"]
#: The quadrants of those who gain on the benchmark.
AHEAD: tuple[Quadrant, ...] = ("leading", "improving")
#: Month and day, as in 12-15.
MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]

#: Keys of a pair, and of a choice among several.
PAIR = ("over", "against", "rotation", "size")
AMONG = ("baskets", "against")
#: The same, or the members of a basket, stock by stock.
STOCKS = ("baskets", "members", "against")
#: The kinds that hold one basket and move to another while something holds.
PAIRS = ("tilt", "leader", "fade", "dips", "thrust", "season", "measure")
#: Kind -> the keys that count with it, beside those that count with all.
KEYS: dict[str, tuple[str, ...]] = {
    "weights": ("weights", "when"),
    "tilt": (*PAIR, "when"),
    "leader": (*PAIR, "c"),
    "fade": (*PAIR, "c"),
    "dips": (*PAIR, "dip", "hold"),
    "thrust": (*PAIR, "subject", "hold"),
    "season": (*PAIR, "start", "end"),
    "measure": (*PAIR, "measure", "statistic", "subject", "above", "below"),
    "laggards": (*STOCKS, "count", "start", "end"),
    "momentum": (*STOCKS, "count", "lookback", "skip", "when"),
    "factor_momentum": (*AMONG, "lookback", "skip", "when"),
    "quadrants": (*AMONG, "quadrants"),
    "function": ("function", *AMONG, "when"),
}
ALWAYS = ("kind", "label", "benchmark", "since")


class TradingRule(Strict):
    """A rule from what is known at a close to target weights; traded at the next close."""

    kind: Kind
    """What it does: see [backtest](backtest.md)."""
    label: str = ""
    """Name for people."""
    benchmark: Name | None = None
    """What it is compared with; left out: what it is moved from, else the market's benchmark."""
    since: str | None = None
    """First day of the history that is used (YYYY-MM-DD); left out: all there is."""
    over: Name | None = None
    """The basket, security or series that is moved to."""
    against: Name | None = None
    """The one that is moved from, and held where the rule holds nothing else."""
    rotation: Name | None = None
    """A declared rotation in place of both."""
    size: float = Field(1.0, gt=0, le=1)
    """[fraction] Share that is moved."""
    baskets: Names | Name | None = None
    """A group, or baskets and securities to choose among."""
    members: Name | None = None
    """A basket whose members are chosen among, stock by stock."""
    weights: dict[Name, float] | None = None
    """Basket -> weight, for `kind = "weights"`; with `cash` they add up to 1."""
    when: When = "monthly"
    """When weights are decided anew; `once`: on the first day alone."""
    c: float = Field(1.5, gt=0, le=10)
    """Size of the detector's barrier: 1 watch, 1.5 episode, 2 major."""
    dip: float = Field(0.05, gt=0, lt=0.9)
    """[fraction] Fall from the highest close that is a dip."""
    hold: int | None = Field(None, ge=1, le=100_000)
    """[sessions] How long it is held; left out: `dips` until a new high, `thrust` 252."""
    start: MonthDay = "12-15"
    """First day of the season, month and day."""
    end: MonthDay = "01-15"
    """First day after the season."""
    count: int = Field(3, ge=1, le=10_000)
    """How many are chosen."""
    lookback: int = Field(12, ge=1, le=600)
    """[months] Length of the past that is ranked."""
    skip: int = Field(1, ge=0, le=60)
    """[months] Its last months that are left out."""
    quadrants: list[Quadrant] = Field(default_factory=lambda: list(AHEAD))
    """Quadrants of relative rotation that are held."""
    measure: Name | None = None
    """A causal measure that is a series, for `kind = "measure"`."""
    statistic: str = ""
    """Which of its statistics; left out: its first."""
    subject: Name | None = None
    """The basket whose measure, or whose members' advances, are looked at; left out: `over`."""
    above: float | None = None
    """`over` is held while the measure is above this."""
    below: float | None = None
    """Or while it is below this."""
    function: Name | None = None
    """A rule of a plug-in file, for `kind = "function"`."""

    @field_validator("since")
    @classmethod
    def _day(cls, value: str | None) -> str | None:
        try:
            return None if value is None else dt.date.fromisoformat(value).isoformat()
        except ValueError:
            raise ValueError("give a date like 2003-05-01, in quotes") from None

    @model_validator(mode="after")
    def _sensible(self) -> TradingRule:
        counted = (*ALWAYS, *KEYS[self.kind])
        stray = sorted(self.model_fields_set - set(counted))
        if stray:
            use = ", ".join(KEYS[self.kind])
            raise ValueError(f'{stray[0]} means nothing with kind = "{self.kind}": it takes {use}')
        for wrong, message in self._faults():
            if wrong:
                raise ValueError(message)
        return self

    def _faults(self) -> Iterator[tuple[bool, str]]:
        pair, both = self.kind in PAIRS, self.over is not None and self.against is not None
        given = self.over is not None or self.against is not None
        yield (
            pair and (self.rotation is None) != both,
            'give either rotation = "NAME", or both over and against',
        )
        yield pair and self.rotation is not None and given, "rotation stands in place of both"
        yield pair and both and self.over == self.against, "over and against are the same"
        several = "baskets" in KEYS[self.kind] and self.kind != "function"
        yield (
            several and (self.baskets is None) == (self.members is None),
            f'kind = "{self.kind}" needs baskets'
            + (", or members" if "members" in KEYS[self.kind] else ""),
        )
        yield self.kind == "function" and self.function is None, 'kind = "function" needs function'
        if self.kind == "weights":
            total = sum((self.weights or {}).values())
            yield not self.weights, 'kind = "weights" needs weights = { BASKET = 0.5, ... }'
            yield (
                abs(total - 1) > 1e-9,
                f"weights add up to {total:g}, not to 1: correct them, or give the rest to cash",
            )
        if self.kind == "measure":
            yield self.measure is None, 'kind = "measure" needs measure'
            yield (self.above is None) == (self.below is None), "give either above or below"
        yield self.skip >= self.lookback, "skip is less than lookback"
        yield self.start == self.end, "a season has a start and another end"

    def named(self, where: str) -> Iterator[tuple[str, str, str]]:
        """(kind, name, key that names it) of its rotation."""
        if self.rotation is not None:
            yield "rotation", self.rotation, f"{where}.rotation"


class Costs(Strict):
    """What a one-way trade costs by size of what is traded; not what owning it costs."""

    mega: Amount = 1.0
    """[basis points] Of a trade in the largest companies."""
    large: Amount = 5.0
    """[basis points] In large ones, and where nothing else is said."""
    small: Amount = 15.0
    """[basis points] In small ones."""
    micro: Amount = 40.0
    """[basis points] In the smallest."""
    buckets: dict[Name, Bucket] = Field(default_factory=dict)
    """Basket or security -> its size, where it is not large."""
    borrow: Amount = 50.0
    """[basis points a year] Fee on what is sold short."""
    cash: Name | None = None
    """Series of daily returns that cash earns; left out: the library's daily risk-free rate if it
    is stored, else nothing."""
