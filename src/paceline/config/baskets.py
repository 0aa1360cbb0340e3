"""What a market file says of baskets: universes, selections and weights, groups, rotations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, field_validator, model_validator

from paceline.config.values import Amount, Name, Names, Strict, listed

Basis = Literal["price", "total"]
Schedule = Literal["none", "monthly", "quarterly", "annual", "members"]
#: Kinds of security that take part in stock universes unless a market file says otherwise.
COMMON = ("common",)


def _ranked(rank: tuple[int, int] | None) -> None:
    if rank is not None and not 1 <= rank[0] <= rank[1]:
        raise ValueError("rank = [first, last] with 1 <= first <= last")


class Eligible(Strict):
    """Rules of a rule-based universe, applied on the rank day with what was known then."""

    kinds: list[str] = Field(default_factory=lambda: list(COMMON))
    countries: list[str] = Field(default_factory=list)
    exchanges: list[str] = Field(default_factory=list)
    min_price: Amount = 0.0
    min_cap: Amount = 0.0
    exclude_name: str = ""  # regular expression on the security's name

    @field_validator("exclude_name")
    @classmethod
    def _compiles(cls, value: str) -> str:
        if value:  # searched by polars: its engine, not Python's, decides
            import polars as pl

            try:
                pl.Series(["x"]).str.contains(value)
            except pl.exceptions.PolarsError as error:
                raise ValueError(
                    f"not a regular expression ({' '.join(str(error).split())})"
                ) from None
        return value


class UniverseEntry(Strict):
    """Who may be a member: a stored list with dates, or rules with a rank range.

    ``reconstitution = "russell"`` ranks on Russell's rank days with 2.5% cumulative-cap bands.
    """

    members: Name | None = None
    eligible: Eligible | None = None
    rank: tuple[int, int] | None = None
    reconstitution: Literal["russell", "quarterly", "annual", "monthly"] = "russell"
    band: float = Field(0.025, ge=0, lt=1)
    holdings: Name | None = None  # fund whose weights stand in for market caps
    # "both" rolls the weights backwards too: a caveat
    roll: Literal["none", "forward", "both"] = "forward"
    scheme: Name | None = None  # classification used by selections; default: the only one there is
    label: str = ""

    @model_validator(mode="after")
    def _one(self) -> UniverseEntry:
        if (self.members is None) == (self.eligible is None):
            raise ValueError('give either members = "name of a list" or an eligible = {...} table')
        _ranked(self.rank)
        return self


class Basket(Strict):
    """A basket: a selection from a universe with weights, or one instrument."""

    universe: Name | None = None
    instrument: Name | None = None
    securities: Names | None = None
    rank: tuple[int, int] | None = None
    sector: Names | Name | None = None
    industry: Names | Name | None = None
    sub_industry: Names | Name | None = None
    minus: Names | Name | None = None  # other baskets whose members are taken out
    union: Names | Name | None = None  # other baskets whose members are added
    intersect: Names | Name | None = None  # other baskets whose members must also hold
    weight: str = "cap"  # a weighting, checked where baskets are known
    weights: dict[Name, float] | None = None  # for weight = "given"
    cap_limit: float | None = None  # no security above this weight after a rebalance
    rebalance: Schedule = "quarterly"
    basis: Basis | None = None  # basis this basket is shown on, where it is not the market's
    label: str = ""
    aliases: list[str] = Field(default_factory=list)
    caveat: str = ""

    @property
    def selects(self) -> bool:
        """Whether it chooses among the members of its universe."""
        return any(
            (
                self.rank,
                self.sector,
                self.industry,
                self.sub_industry,
                self.securities,
                self.minus,
                self.union,
                self.intersect,
            )
        )

    def named(self, where: str) -> Iterator[tuple[str, str, str]]:
        """(kind, name, key that names it) of its universe and the other baskets it rests on."""
        if self.universe:
            yield "universe", self.universe, f"{where}.universe"
        for key in ("minus", "union", "intersect"):
            for other in listed(getattr(self, key)):
                yield "basket", other, f"{where}.{key}"

    @model_validator(mode="after")
    def _sensible(self) -> Basket:
        if self.instrument is not None and (self.universe or self.selects):
            raise ValueError("a basket is either one instrument or a selection, not both")
        if (
            self.instrument is None
            and self.universe is None
            and self.securities is None
            and self.union is None
        ):
            raise ValueError("a basket needs one of: instrument, universe, securities, union")
        if self.weight == "given" and not any((self.weights or {}).values()):
            raise ValueError('weight = "given" needs weights = { TICKER = 0.5, ... }')
        _ranked(self.rank)
        if self.cap_limit is not None and not 0 < self.cap_limit <= 1:
            raise ValueError("cap_limit is a weight above 0 and at most 1")
        return self


class Group(Strict):
    """Baskets shown together: one per sector / industry of a universe, or a list of baskets."""

    universe: Name | None = None
    by: Literal["sector", "industry", "sub_industry"] | None = None
    baskets: list[Name] = Field(default_factory=list)
    weight: str = "cap"  # a weighting, checked where baskets are known
    rebalance: Schedule = "quarterly"
    label: str = ""

    @model_validator(mode="after")
    def _one(self) -> Group:
        if bool(self.baskets) == bool(self.by):
            raise ValueError('give either baskets = [...] or universe = "..." with by = "sector"')
        if self.by and not self.universe:
            raise ValueError(f'by = "{self.by}" needs universe = "..."')
        return self

    def named(self, where: str) -> Iterator[tuple[str, str, str]]:
        """(kind, name, key that names it) of its universe or its baskets."""
        if self.universe:
            yield "universe", self.universe, f"{where}.universe"
        for basket in self.baskets:
            yield "basket", basket, f"{where}.baskets"


class Rotation(Strict):
    """Two baskets of which one may take over from the other."""

    lead: str
    against: str
    label: str = ""
    # stored factor-return series, the longer history of the same bet; "-" before it turns it around
    proxy: str = ""
    neutral: bool = True  # also shown without what the difference of the legs' betas explains

    @model_validator(mode="after")
    def _two(self) -> Rotation:
        if self.lead == self.against:
            raise ValueError(f"{self.lead!r} cannot rotate against itself: give two baskets")
        return self
