"""What a market file says of the market and its report, and the file as a whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from paceline.config.baskets import Basis, Basket, Group, Rotation, UniverseEntry
from paceline.config.sources import Source
from paceline.config.values import Name, Strict
from paceline.errors import UnknownName


class MarketInfo(Strict):
    """The market itself: its name, calendar, currency, benchmark, folders and rules."""

    name: Name
    title: str = ""
    calendar: Name = "XNYS"
    currency: str = Field("USD", pattern="^[A-Za-z]{3,5}$")
    benchmark: Name
    universe: Name | None = None  # the universe "all members" means in breadth sections
    # first session of the stock panel (instruments keep their whole history)
    start: dt.date | None = None
    data: str = ""  # folder that relative paths start from; ${NAME} is taken from the environment
    store: str = ".paceline"
    basis: Basis = "price"
    # a price return further than this from the total return gives way to it
    guard: float | None = Field(None, gt=0)
    # share of a basket's weight without a return above which a figure has no value
    unpriced: float = Field(default=0.02, ge=0, lt=1)
    # a built basket may differ from what is published for it by this much in a month
    follows: float = Field(default=0.01, gt=0, lt=1)
    # short-term low: fall and rise of the Lunde-Timmermann filter
    low: tuple[Annotated[float, Field(gt=0, lt=1)], Annotated[float, Field(gt=0)]] = (0.05, 0.03)
    simulated: bool = False
    order: dict[str, list[str]] = Field(default_factory=dict)  # price field -> order of sources


class Report(Strict):
    """What the report shows, and as of which session."""

    as_of: str | dt.date = "latest"
    sections: list[str] = Field(default_factory=list)  # empty: all that the market supports
    # baskets of the since-the-low table; empty: all
    since_low: list[str] = Field(default_factory=list)
    headline: list[str] = Field(default_factory=list)  # rotations the headline looks at; empty: all

    @field_validator("as_of")
    @classmethod
    def _day(cls, value: str | dt.date) -> str | dt.date:
        if isinstance(value, str) and value != "latest":
            try:
                return dt.date.fromisoformat(value).isoformat()
            except ValueError:
                raise ValueError('give a date like 2025-12-05, or "latest"') from None
        return value


class MarketFile(Strict):
    """The whole file."""

    market: MarketInfo
    # Python files with measures, sources, weightings or pages; paths start from the market file
    plugins: list[str] = Field(default_factory=list)
    sources: dict[Name, Source]
    universes: dict[Name, UniverseEntry] = Field(default_factory=dict)
    baskets: dict[Name, Basket]
    groups: dict[Name, Group] = Field(default_factory=dict)
    rotations: dict[Name, Rotation] = Field(default_factory=dict)
    # built basket -> the basket or security that is published for it: compared month by month
    published: dict[Name, str] = Field(default_factory=dict)
    report: Report = Report()
    # measure -> default parameters
    measures: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _references(self) -> MarketFile:
        declared: dict[str, Mapping[str, object]] = {
            "basket": self.baskets,
            "universe": self.universes,
            "source": self.sources,
            "rotation": self.rotations,
        }
        for kind, name, where in self._named():
            if name not in declared[kind]:
                raise ValueError(f"{where}: {UnknownName(kind, name, declared[kind])}")
        return self

    def _named(self) -> Iterator[tuple[str, str, str]]:
        """(kind, name, key that names it) of everything one table names in another."""
        yield "basket", self.market.benchmark, "market.benchmark"
        if self.market.universe is not None:
            yield "universe", self.market.universe, "market.universe"
        for field, order in self.market.order.items():
            for source in order:
                yield "source", source, f"market.order.{field}"
        for name, basket in self.baskets.items():
            yield from basket.named(f"baskets.{name}")
        for name, group in self.groups.items():
            yield from group.named(f"groups.{name}")
        for name, rotation in self.rotations.items():
            yield "basket", rotation.lead, f"rotations.{name}.lead"
            yield "basket", rotation.against, f"rotations.{name}.against"
        for shown in self.report.since_low:  # "sectors:Energy" is made from the data
            if shown.partition(":")[0] not in self.groups:
                yield "basket", shown, "report.since_low"
        for shown in self.report.headline:
            yield "rotation", shown, "report.headline"

    def tables_behind(self, basket: Basket) -> list[str]:
        """The tables that a basket rests on beside prices."""
        if basket.instrument:
            return []
        universe = self.universes.get(basket.universe or "")
        used = ["members"] if universe is not None and universe.members else []
        used += ["classes"] if basket.sector or basket.industry or basket.sub_industry else []
        return used + (["holdings"] if universe is not None and universe.holdings else [])

    @property
    def broad(self) -> str | None:
        """The built cap-weighted basket of the market's whole universe; None without one."""
        for name, basket in self.baskets.items():
            whole = self.market.universe in (None, basket.universe) and not basket.instrument
            plain = basket.weight == "cap" and basket.cap_limit is None
            if whole and plain and not basket.selects:
                return name
        return None
