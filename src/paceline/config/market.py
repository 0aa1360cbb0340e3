"""What a market file says of the market and its report, and the file as a whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from paceline.config.baskets import Basis, Basket, Group, Rotation, Theme, UniverseEntry
from paceline.config.rules import Costs, TradingRule
from paceline.config.scenarios import DatedEvent, Driver, Scenario
from paceline.config.sources import Source
from paceline.config.values import Name, Strict
from paceline.errors import UnknownName
from paceline.schema import PRICE_FIELDS, RETURN_OF


class MarketInfo(Strict):
    """The market itself: its name, calendar, currency, benchmark, folders and rules."""

    name: Name
    """Name of the market, in manifests and the store."""
    title: str = ""
    """Name for people."""
    calendar: Name = "XNYS"
    """Exchange whose sessions count, a code of exchange_calendars: see [dates](dates.md)."""
    currency: str = Field("USD", pattern="^[A-Za-z]{3,5}$")
    """Currency of prices and caps, three to five letters."""
    benchmark: Name
    """The basket that everything is compared with; its lows date the swings."""
    universe: Name | None = None
    """Universe that stands for the whole market: the report says of its basket by cap, else of any
    weights, how broad and concentrated it is. Left out: that of the first such basket."""
    start: dt.date | None = None
    """First session of the members' data; single instruments keep their whole history."""
    data: str = ""
    """Folder that relative paths of the sources start from; `${NAME}` is taken from the
    environment. Left out: that of the market file."""
    store: str = ".paceline"
    """Folder of the store, from that of the market file."""
    basis: Basis = "price"
    """What a return means unless asked otherwise: without or with dividends."""
    guard: float | None = Field(None, gt=0)
    """[fraction] A price return further than this from the total return gives way to it; left out:
    never."""
    unpriced: float = Field(default=0.02, ge=0, lt=1)
    """[fraction] Share of a basket's weight without a return above which a figure has no value: see
    [holes](holes.md)."""
    follows: float = Field(default=0.01, gt=0, lt=1)
    """[fraction] Difference in a month of a built basket from what is published for it, above which
    it is a finding."""
    low: tuple[Annotated[float, Field(gt=0, lt=1)], Annotated[float, Field(gt=0)]] = (0.05, 0.03)
    """[fraction] Fall, then rise, that make a short-term low."""
    simulated: bool = False
    """Whether the companies are invented: every page says SIMULATED."""
    order: dict[str, list[str]] = Field(default_factory=dict)
    """Field of prices -> sources in the order in which they count; left out: the order of the
    file."""

    @field_validator("order")
    @classmethod
    def _of_fields(cls, value: dict[str, list[str]]) -> dict[str, list[str]]:
        for field in value:
            if field not in PRICE_FIELDS:
                raise ValueError(str(UnknownName("price field", field, PRICE_FIELDS)))
        pair = [value[f] for f in RETURN_OF if f in value]
        if len(pair) > 1 and pair[0] != pair[1]:
            raise ValueError("close and price_return come from one source: give both one order")
        return value | (dict.fromkeys(RETURN_OF, pair[0]) if pair else {})


class PageOne(Strict):
    """What stands on the report's first page: see [page one](page-one.md)."""

    basis: Basis | None = None
    """Basis of every return on it; left out: `market.basis`."""
    benchmark: Name | None = None
    """Basket or security of its first row; left out: the market's benchmark."""
    equal_weight: Name | None = None
    """Basket or security that weighs its companies equally."""
    small: Name | None = None
    """Of small companies."""
    mega: Name | None = None
    """Of the very largest companies."""
    nasdaq: Name | None = None
    """Of a second market, such as the Nasdaq."""
    value: Name | None = None
    """Of cheap companies."""
    growth: Name | None = None
    """Of growing companies."""
    momentum: Name | None = None
    """Of past winners."""
    macro: dict[Name, Name] = Field(default_factory=dict)
    """Name for people -> stored daily series: rates, a credit spread, volatility."""

    @property
    def rows(self) -> dict[str, str]:
        """Role -> basket or security, of the roles that are declared."""
        roles = [name for name in type(self).model_fields if name not in ("basis", "macro")]
        return {role: getattr(self, role) for role in roles if getattr(self, role) is not None}


class Report(Strict):
    """What the report shows, and as of which session."""

    as_of: str | dt.date = "latest"
    """Last session to show, or `"latest"`."""
    sections: list[str] = Field(default_factory=list)
    """Sections to show, by name or its first word; empty: all that the market supports."""
    since_low: list[str] = Field(default_factory=list)
    """Baskets of the table since the low; empty: all."""
    headline: list[str] = Field(default_factory=list)
    """Rotations that the headline looks at; empty: all."""
    history: dict[Name, Name] = Field(default_factory=dict)
    """Basket -> the basket or security whose longer history stands in for it, where it is asked
    whether it pauses, or what moves it."""
    page_one: PageOne = PageOne()
    """What stands on the first page."""

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
    """The market itself."""
    plugins: list[str] = Field(default_factory=list)
    """Python files with measures, sources, weightings or pages, from the folder of the market file:
    see [plugins](plugins.md)."""
    sources: dict[Name, Source]
    """Where rows come from, by name."""
    universes: dict[Name, UniverseEntry] = Field(default_factory=dict)
    """Who may be a member, by name."""
    baskets: dict[Name, Basket]
    """Selections with weights, or single instruments, by name."""
    groups: dict[Name, Group] = Field(default_factory=dict)
    """Baskets shown together, by name."""
    rotations: dict[Name, Rotation] = Field(default_factory=dict)
    """Pairs of baskets, by name."""
    themes: dict[Name, Theme] = Field(default_factory=dict)
    """Questions about who leads, by name; empty: each rotation, and the sectors."""
    drivers: dict[Name, Driver] = Field(default_factory=dict)
    """What returns may depend on, by name: see [scenarios](scenario.md)."""
    scenarios: dict[Name, Scenario] = Field(default_factory=dict)
    """What may come, by name."""
    events: list[DatedEvent] = Field(default_factory=list)
    """Days of one kind, each a table `[[events]]`."""
    rules: dict[Name, TradingRule] = Field(default_factory=dict)
    """Rules to be traded, by name: see [backtest](backtest.md)."""
    costs: Costs = Costs()
    """What their trades cost."""
    published: dict[Name, str] = Field(default_factory=dict)
    """Built basket -> the basket or security that is published for it: compared month by month."""
    report: Report = Report()
    """What the report shows."""
    measures: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Measure -> its parameters, in place of its defaults: see [measures](measures/README.md)."""

    @model_validator(mode="after")
    def _references(self) -> MarketFile:
        declared: dict[str, Mapping[str, object]] = {
            "basket": self.baskets,
            "universe": self.universes,
            "source": self.sources,
            "rotation": self.rotations,
            "driver": self.drivers,
        }
        for kind, name, where in self._named():
            if name not in declared[kind]:
                raise ValueError(f"{where}: {UnknownName(kind, name, declared[kind])}")
        for own, other in self.published.items():
            self._comparable(own, other)
        events = [event.name for event in self.events]
        if twice := next((name for name in events if events.count(name) > 1), None):
            raise ValueError(f"events: {twice!r} is declared twice. Give each a name of its own")
        return self

    def _comparable(self, own: str, other: str) -> None:
        """A built basket, and something else that is published for it."""
        if own not in self.baskets and own.partition(":")[0] not in self.groups:
            raise ValueError(f"published.{own}: {UnknownName('basket', own, self.baskets)}")
        ours, theirs = (
            self.baskets[n].instrument or n if n in self.baskets else n for n in (own, other)
        )
        if ours == theirs:
            raise ValueError(
                f"published.{own}: {ours!r} is compared with itself. Name the index that somebody "
                "else publishes"
            )

    def _named(self) -> Iterator[tuple[str, str, str]]:
        """(kind, name, key that names it) of everything one table names in another."""
        yield "basket", self.market.benchmark, "market.benchmark"
        if self.market.universe is not None:
            yield "universe", self.market.universe, "market.universe"
        for field, order in self.market.order.items():
            for source in order:
                yield "source", source, f"market.order.{field}"
        tables: dict[str, Mapping[str, Basket | Group | Theme | Scenario | TradingRule]] = {
            "baskets": self.baskets,
            "groups": self.groups,
            "themes": self.themes,
            "scenarios": self.scenarios,
            "rules": self.rules,
        }
        for table, entries in tables.items():
            for name, entry in entries.items():
                yield from entry.named(f"{table}.{name}")
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
        """The built basket of the market's whole universe: by cap, else of any weights; or None."""
        whole = [
            name
            for name, basket in self.baskets.items()
            if basket.universe is not None
            and self.market.universe in (None, basket.universe)
            and not basket.selects
        ]
        plain = (
            n for n in whole if self.baskets[n].weight == "cap" and not self.baskets[n].cap_limit
        )
        return next(plain, next(iter(whole), None))
