"""The market file: one TOML file that describes a market, checked before anything is read.

Every error names the file, the key, what was found and what would be accepted.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from paceline import doors, toml
from paceline.errors import MarketFileError, UnknownName

Basis = Literal["price", "total"]
#: Days that members, classes and holdings may be rolled forward.
AGE = 366
Schedule = Literal["none", "monthly", "quarterly", "annual", "members"]
#: Kinds of security that take part in stock universes unless a market file says otherwise.
COMMON = ("common",)


#: A name of something, or several of them.
Name = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Names = Annotated[list[Name], Field(min_length=1)]
#: A price, a cap, a difference: none is negative.
Amount = Annotated[float, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ColumnMap(_Strict):
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


class OriginEntry(_Strict):
    """Who publishes a source, under which licence, and when it was fetched."""

    who: str = "not stated"
    licence: str = "not stated"
    when: str = ""


class Source(_Strict):
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


class Eligible(_Strict):
    """Rules of a rule-based universe, applied on the rank day with what was known then."""

    kinds: list[str] = list(COMMON)
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


class UniverseEntry(_Strict):
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


class Basket(_Strict):
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


class Group(_Strict):
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


class Rotation(_Strict):
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


class Report(_Strict):
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


class MarketInfo(_Strict):
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


class MarketFile(_Strict):
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


def _ranked(rank: tuple[int, int] | None) -> None:
    if rank is not None and not 1 <= rank[0] <= rank[1]:
        raise ValueError("rank = [first, last] with 1 <= first <= last")


def listed(value: list[str] | str | None) -> list[str]:
    """None, one name or several, as a list."""
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _expand(text: str, path: Path) -> str:
    def replace(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            raise MarketFileError(
                f"{path}: the environment variable {name} is not set.",
                f"Set it, e.g. {name}=/path/to/data, or pass --data DIR.",
            )
        return os.environ[name]

    return re.sub(r"\$\{(\w+)\}", replace, text)


def _path(key: str, text: str, path: Path) -> str:
    """The path that a setting means, names from the environment put in."""
    meant = _expand(text, path)
    if fault := doors.impossible(meant):
        raise MarketFileError(f"{path}: {key}: no path: {fault}.", f"Found {meant[:60]!r}.")
    return meant


def _explain(error: ValidationError, path: Path) -> MarketFileError:
    first = error.errors()[0]
    key = ".".join(str(p) for p in first["loc"]) or "the file"
    value, message = first.get("input"), first["msg"].removeprefix("Value error, ")
    more = f" ({error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        accepted = _keys_beside(first["loc"])
        near = get_close_matches(str(first["loc"][-1]), accepted, n=1)
        remedy = (
            f"Did you mean {near[0]!r}? " if near else ""
        ) + f"Accepted here: {', '.join(accepted)}."
        return MarketFileError(f"{path}: unknown key {key!r}{more}.", remedy)
    if first["type"] == "missing":
        return MarketFileError(
            f"{path}: the key {key!r} is missing{more}.",
            "Add it; `paceline init` writes an example.",
        )
    if not first["loc"]:  # a reference from one table to another: the message says where
        reason, _, remedy = message.partition(". ")
        return MarketFileError(f"{path}: {reason}.", remedy)
    shown = repr(value) if len(repr(value)) < 80 else repr(value)[:77] + "..."
    return MarketFileError(f"{path}: {key}: {message}{more}.", f"Found {shown}.")


def _keys_beside(loc: tuple[int | str, ...]) -> list[str]:
    model: type[_Strict] = MarketFile
    tables: dict[str, type[_Strict]] = {
        "market": MarketInfo,
        "report": Report,
        "sources": Source,
        "universes": UniverseEntry,
        "baskets": Basket,
        "groups": Group,
        "rotations": Rotation,
    }
    if len(loc) >= 2:
        model = tables.get(str(loc[0]), MarketFile)
        if "eligible" in loc[:-1]:
            model = Eligible
        elif "origin" in loc[:-1]:
            model = OriginEntry
        elif "columns" in loc[:-1]:
            model = ColumnMap
    return list(model.model_fields)


def load(path: str | Path, data: str | Path | None = None) -> MarketFile:
    """Read and check a market file.

    ``data`` replaces ``market.data``, the folder relative paths start from. Raises
    ``MarketFileError``.
    """
    path = Path(path)
    try:
        text = doors.read_bytes(path, MarketFileError, doors.LARGEST_TEXT).decode("utf-8-sig")
        raw = toml.parsed(text)
    except FileNotFoundError:
        raise MarketFileError(
            f"{path}: no such market file.", "`paceline init` writes a commented one."
        ) from None
    except UnicodeDecodeError as error:
        raise MarketFileError(
            f"{path}: cannot be read ({error}).", "Give a UTF-8 TOML file."
        ) from None
    except ValueError as error:
        raise MarketFileError(
            f"{path}: not valid TOML: {error}.", "`paceline init` writes a valid example."
        ) from None
    try:
        parsed = MarketFile.model_validate(raw)
    except ValidationError as error:
        raise _explain(error, path) from None
    folder = str(data) if data is not None else _path("market.data", parsed.market.data, path)
    home = path.resolve().parent
    info = parsed.market.model_copy(
        update={
            "data": str((home / folder).resolve()),
            "store": str((home / _path("market.store", parsed.market.store, path)).resolve()),
        }
    )
    files = [str((home / _path("plugins", name, path)).resolve()) for name in parsed.plugins]
    return parsed.model_copy(update={"market": info, "plugins": files})
