"""What a market file says of baskets: universes, weights, groups, rotations, themes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from paceline.config.values import Amount, Name, Names, Strict, listed

Basis = Literal["price", "total"]
Schedule = Literal["none", "monthly", "quarterly", "annual", "members"]
#: Kinds of security that take part in stock universes unless a market file says otherwise.
COMMON = ("common",)


#: A last rank as good as none: ``rank = [51, "last"]`` takes everybody from the 51st on.
OPEN = 10**9


def _open_ended(rank: object) -> object:
    return [rank[0], OPEN] if isinstance(rank, list) and rank[1:] == ["last"] else rank


Rank = Annotated[tuple[int, int], BeforeValidator(_open_ended)]


def spoken(rank: tuple[int, int]) -> str:
    """A range of ranks in words: "1 to 50", "51 to the last"."""
    return f"{rank[0]} to {'the last' if rank[1] == OPEN else rank[1]}"


#: Weights that look like fractions may add up to one but for this much.
WHOLE = 0.005


def _ranked(rank: tuple[int, int] | None) -> None:
    if rank is not None and not 1 <= rank[0] <= rank[1]:
        raise ValueError("rank = [first, last] with 1 <= first <= last")


def _given(weights: dict[str, float], weight: str | None, securities: list[str] | None) -> None:
    """Given weights count, add up, and name each of the securities and no other."""
    if weight != "given":
        raise ValueError('weights count with weight = "given" alone')
    if whole := _whole(list(weights.values())):
        total = sum(weights.values())
        raise ValueError(
            f"weights add up to {total:g}, not to {whole}: correct them, or give whole numbers as "
            "proportions, such as 3 and 1"
        )
    if securities is not None:
        stray = [name for name in weights if name not in securities]
        if stray:
            raise ValueError(f"weights names {', '.join(stray)}, none of its securities")
        without = [name for name in securities if name not in weights]
        if without:
            raise ValueError(f"weights lacks {', '.join(without)}: give each one, or 0")


def _whole(weights: list[float]) -> int:
    """What weights that look like fractions or percents do not add up to; 0 where nothing is off.

    Fractions are at most 1 and not all whole numbers; percents at most 100, add up to something
    between 50 and 200, and one is 10 or more or no whole number. Other weights are proportions.
    """
    if not all(math.isfinite(w) and w >= 0 for w in weights):
        return 0  # refused where they are used
    total, broken = sum(weights), any(w != round(w) for w in weights)
    if max(weights) <= 1:
        return 1 if broken and abs(total - 1) > WHOLE else 0
    percents = max(weights) <= 100 and 50 < total < 200 and (broken or max(weights) >= 10)
    return 100 if percents and abs(total - 100) > 100 * WHOLE else 0


class Eligible(Strict):
    """Rules of a rule-based universe, applied on the rank day with what was known then."""

    kinds: list[str] = Field(default_factory=lambda: list(COMMON))
    """Accepted kinds of security; empty: all."""
    countries: list[str] = Field(default_factory=list)
    """Accepted countries; empty: all."""
    exchanges: list[str] = Field(default_factory=list)
    """Accepted exchanges; empty: all."""
    min_price: Amount = 0.0
    """[currency] Least close."""
    min_cap: Amount = 0.0
    """[currency] Least market cap of the company, all its eligible lines together."""
    exclude_name: str = ""
    """Regular expression on the security's name: who fits is left out."""

    @field_validator("exclude_name")
    @classmethod
    def _compiles(cls, value: str) -> str:
        if value:  # searched by polars: its engine, not Python's, decides
            import polars as pl

            try:
                pl.Series(["x"]).str.contains(value)
            except pl.exceptions.PolarsError as error:
                why = re.search(r"^error: (.+)$", str(error), re.MULTILINE)
                said = f" ({why[1].strip()})" if why else ""
                raise ValueError(f"not a regular expression{said}") from None
        return value


class UniverseEntry(Strict):
    """Who may be a member: a stored list with dates, or rules with a rank range.

    ``reconstitution = "russell"`` ranks on Russell's rank days with 2.5% cumulative-cap bands.
    """

    members: Name | None = None
    """A list in the table `members`, as it was on each day."""
    eligible: Eligible | None = None
    """Rules instead of a list: see below."""
    rank: Rank | None = None
    """First and last rank by market cap of the company; `"last"`: to the last there is."""
    reconstitution: Literal["russell", "quarterly", "annual", "monthly"] = "russell"
    """When rules are applied anew; `russell`: on Russell's rank days, with its bands."""
    band: float = Field(0.025, ge=0, lt=1)
    """[fraction] Cumulative cap around a rank boundary within which nobody changes sides."""
    holdings: Name | None = None
    """Fund whose weights stand in for market caps."""
    roll: Literal["none", "forward", "both"] = "forward"
    """How far weights of a fund's day are rolled: not, forward, or backwards too, which is a
    caveat."""
    scheme: Name | None = None
    """Classification used by selections; left out: the only one there is."""
    label: str = ""
    """Name for people."""

    @model_validator(mode="after")
    def _one(self) -> UniverseEntry:
        if (self.members is None) == (self.eligible is None):
            raise ValueError('give either members = "name of a list" or an eligible = {...} table')
        given = self.model_fields_set
        ruled = [key for key in ("rank", "reconstitution", "band") if key in given]
        if ruled and self.members is not None:
            raise ValueError(
                f"{ruled[0]} counts with eligible = {{...}}, not with a list: a basket may have a "
                "rank within it"
            )
        if "band" in given and self.rank is None:
            raise ValueError("band counts with rank alone")
        if "roll" in given and self.holdings is None:
            raise ValueError("roll counts with holdings alone")
        _ranked(self.rank)
        return self


class Basket(Strict):
    """A basket: a selection from a universe with weights, or one instrument."""

    universe: Name | None = None
    """Universe to choose from."""
    instrument: Name | None = None
    """A single security, index or fund: the basket is that."""
    securities: Names | None = None
    """Securities to choose, by name."""
    rank: Rank | None = None
    """First and last rank by market cap within what is chosen; `"last"`: to the last there is."""
    sector: Names | Name | None = None
    """Sectors to choose."""
    industry: Names | Name | None = None
    """Industries to choose."""
    sub_industry: Names | Name | None = None
    """Sub-industries to choose."""
    minus: Names | Name | None = None
    """Baskets whose members are taken out."""
    union: Names | Name | None = None
    """Baskets whose members are added."""
    intersect: Names | Name | None = None
    """Baskets whose members must also hold."""
    weight: str = "cap"
    """A weighting: `cap`, `equal`, `given`, `inverse_volatility`, or a plug-in."""
    weights: dict[Name, float] | None = None
    """Security -> weight, for `weight = "given"`: proportions of the whole, `{ A = 3, B = 1 }`.
    Fractions must add up to 1, percents to 100. The weight of a security without a price counts as
    missing: see [holes](holes.md)."""
    cap_limit: float | None = None
    """[fraction] Largest weight of a security after a rebalance."""
    rebalance: Schedule = "quarterly"
    """When weights are set anew; `members`: when members change. A universe chosen by rules sets
    them on each of its own renewals too (`reconstitution`), except with `none`."""
    basis: Basis | None = None
    """Basis it is shown on, where it is not the market's."""
    label: str = ""
    """Name for people."""
    aliases: list[str] = Field(default_factory=list)
    """Further names, by which commentary and commands find it."""
    caveat: str = ""
    """A weakness, said on each of its figures."""

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
        if self.weights is not None:
            _given(self.weights, self.weight, self.securities)
        if self.instrument is not None and self.cap_limit is not None:
            raise ValueError("cap_limit has no meaning for one instrument")
        _ranked(self.rank)
        if self.cap_limit is not None and not 0 < self.cap_limit <= 1:
            raise ValueError("cap_limit is a weight above 0 and at most 1")
        return self


class Group(Strict):
    """Baskets shown together: one per sector / industry of a universe, or a list of baskets."""

    universe: Name | None = None
    """Universe that is split, with `by`."""
    by: Literal["sector", "industry", "sub_industry"] | None = None
    """What makes a basket: one for each sector, industry or sub-industry."""
    baskets: list[Name] = Field(default_factory=list)
    """Or baskets, by name."""
    weight: str = "cap"
    """Weighting of the baskets that are made."""
    rebalance: Schedule = "quarterly"
    """When their weights are set anew, as for a basket."""
    label: str = ""
    """Name for people."""

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
    """The basket that may take over."""
    against: str
    """The basket it may take over from."""
    label: str = ""
    """Name for people."""
    proxy: str = ""
    """Stored series of factor returns, a longer history of the same bet; `"-"` before it turns it
    around."""
    neutral: bool = True
    """Shown also without what the difference of the legs' betas explains."""

    @model_validator(mode="after")
    def _two(self) -> Rotation:
        if self.lead == self.against:
            raise ValueError(f"{self.lead!r} cannot rotate against itself: give two baskets")
        return self


class Theme(Strict):
    """One question about who leads, asked of several lines together, or of many baskets at once."""

    label: str = ""
    """Name for people."""
    question: str = ""
    """The question, as the report puts it."""
    sides: tuple[Name, Name] | None = None
    """What leads when its lines rise, and when they fall: `["small caps", "large caps"]`."""
    rotations: list[Name] = Field(default_factory=list)
    """Rotations that ask it."""
    pairs: list[tuple[Name, Name]] = Field(default_factory=list)
    """Further pairs of baskets or securities that ask it; the first may take over."""
    series: list[Name] = Field(default_factory=list)
    """Stored daily factor returns that ask it; `"-"` before one turns the bet around."""
    among: Names | Name | None = None
    """Or baskets or securities, a group or a list of three or more: is the spread among them
    unusual?"""

    @model_validator(mode="after")
    def _one(self) -> Theme:
        if bool(self.rotations or self.pairs or self.series) == (self.among is not None):
            raise ValueError("give either rotations, pairs or series, or among = [...]")
        if any(lead == against for lead, against in self.pairs):
            raise ValueError("pairs: a pair of one name twice says nothing; give two names")
        if "-" in self.series:
            raise ValueError('series: "-" stands before the name of a series; give the name too')
        if isinstance(self.among, list) and len(set(self.among)) < 3:
            raise ValueError("among = [...] needs three or more names")
        if self.among is not None and self.sides:
            raise ValueError("sides belong to lines, and among = [...] has none")
        return self

    def named(self, where: str) -> Iterator[tuple[str, str, str]]:
        """(kind, name, key that names it) of its rotations."""
        for rotation in self.rotations:
            yield "rotation", rotation, f"{where}.rotations"
