"""The panel: aligned, point-in-time, read-only matrices and what was known on each day."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import schema
from paceline.arrays import Array, Bools, Dates
from paceline.errors import UnknownName, UsageError
from paceline.lineage import Origin, Step
from paceline.panel import asof, derived
from paceline.panel.facts import Facts, Holdings
from paceline.panel.holes import Marks

Matrix = TypeVar("Matrix", bound=NDArray[Any])
#: Fields computed from stored ones, each once per panel, and what each is computed from.
DERIVED = {
    "price_index": "price_return",
    "total_index": "total_return",
    "whole_cap": "market_cap",
    "float_cap": "market_cap",
}
#: Fields of which one with a value makes a cell valid.
VALID = ("close", "price_return", "total_return")
#: Days after the end of its period from which a filing is too old: a year, and half a year for the
#: next report.
STALE = 548
LEVELS = ("sector", "industry", "sub_industry")
ATTRIBUTES = ("ticker", "name", "kind", "company", "exchange", "country", "listed", "delisted")


@dataclass(frozen=True, eq=False)
class Panel:
    """Matrices (N securities x T sessions), float64, contiguous along time, read-only.

    Missing is NaN. Cell (i, t) is the row of greatest (known, load) with known <= sessions[t]:
    nothing in column t was unknown at the close of t, and cutting the panel at t gives the panel as
    of t.

    sessions     (T,) datetime64[D]; the last is the as-of day
    securities   (N,) identifiers, sorted: those with a price row in the window
    fields       stored fields by name
    version      the store's load number it was read at
    step         lineage: the imports read and the request; origins: who published the bytes
    caveats      weaknesses of the data, in words
    sources      field -> sources it came from, first choice first
    off_calendar price rows ignored because their date is not a session
    recovered    (T,) closes worked back from the next session's change
    guarded      price returns that gave way to total returns
    marks        field -> cells of returns that are pending or stand in for missing ones (``holes``)
    dark         (T,) sessions on which much of the market has no data; empty: none
    facts        the dated tables of the same store and version
    memo         what was worked out from this panel, by key; arrays are read-only
    """

    sessions: Dates
    securities: tuple[str, ...]
    fields: Mapping[str, Array]
    version: int = 0
    step: Step = dataclasses.field(default_factory=lambda: Step("panel", code=""))
    caveats: tuple[str, ...] = ()
    sources: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    origins: tuple[Origin, ...] = ()
    off_calendar: int = 0
    recovered: NDArray[np.int64] = dataclasses.field(default_factory=lambda: np.zeros(0, np.int64))
    guarded: int = 0
    marks: Mapping[str, Marks] = dataclasses.field(default_factory=dict)
    dark: Bools = dataclasses.field(default_factory=lambda: np.zeros(0, bool))
    facts: Facts = dataclasses.field(default_factory=Facts)
    memo: dict[Hashable, Any] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        if not len(self.recovered):
            object.__setattr__(self, "recovered", np.zeros(len(self.sessions), np.int64))
        for name, matrix in self.fields.items():
            if matrix.shape != self.shape:
                raise UsageError(
                    f"field {name!r} has shape {matrix.shape}, the panel {self.shape}.",
                    "Give every field as securities x sessions.",
                )
        object.__setattr__(self, "fields", {n: _frozen(m) for n, m in self.fields.items()})

    @property
    def shape(self) -> tuple[int, int]:
        """(N, T), the numbers of securities and of sessions."""
        return len(self.securities), len(self.sessions)

    def __repr__(self) -> str:
        n, t = self.shape
        window = f"{self.sessions[0]}..{self.sessions[-1]}" if t else "no sessions"
        names = ", ".join(self.fields)
        return f"Panel({n} securities x {t} sessions, {window}, {names}, version {self.version})"

    # ---- fields

    def field(self, name: str) -> Array:
        """A stored field, or a derived one.

        price_index, total_index   cumulative product of 1 + return, 1 at the security's first
                                   session if that has a close but no return; a missing return
                                   counts as zero; NaN until there is a return (a security without
                                   any has one level and no more) and while it is not listed
        whole_cap                  market cap, or else close x shares
        float_cap                  whole_cap x float factor, 1 where no factor is known

        Raises ``UnknownName`` for a field that is neither.
        """
        if name in self.fields:
            return self.fields[name]
        base = DERIVED.get(name, "")
        if base not in self.fields:
            further = [d for d, needed in DERIVED.items() if needed in self.fields]
            raise UnknownName("field of the panel", name, [*self.fields, *further])
        if base == "market_cap":
            of = {"whole_cap": Panel._whole_cap, "float_cap": Panel._float_cap}[name]
            return self.derive(("field", name), of)
        return self.derive(
            ("field", name), lambda p: derived.return_index(p.fields[base], p.listed)
        )

    def derive(self, key: Hashable, compute: Callable[[Panel], Matrix]) -> Matrix:
        """An array computed from this panel once and kept in its memo, e.g. ("mean", 200, "price").

        ``compute`` must be causal along its last axis: a cut of the panel keeps a cut of the array.
        """
        if key not in self.memo:
            self.memo[key] = _frozen(compute(self))
        array: Matrix = self.memo[key]
        return array

    def only(self, needs: Iterable[str]) -> Panel:
        """The panel with just those fields, stored or derived; the others are not in it."""
        fields = {name: self.field(name) for name in needs}
        return replace(self, fields=fields, memo={"listed": self.listed})

    def cut(self, t: int) -> Panel:
        """The panel as of session t: sessions[: t + 1], views without copies, derived included."""
        stop = self._session(t) + 1
        # only arrays along time are causal and may be cut; everything else is worked out again
        memo = {
            k: m[..., :stop]
            for k, m in self.memo.items()
            if isinstance(m, np.ndarray)
            and m.shape[-1:] == self.sessions.shape
            and not _per_panel(k)
        }
        return replace(
            self,
            sessions=self.sessions[:stop],
            fields={n: m[:, :stop] for n, m in self.fields.items()},
            recovered=self.recovered[:stop],
            dark=self.dark[:stop],
            marks={n: m.cut(stop - 1) for n, m in self.marks.items()},
            memo=memo,
        )

    # ---- who is listed

    @property
    def listed(self) -> Bools:
        """(N, T) true from the first valid cell until the security is delisted, known on the day.

        A cell is valid where close or a return is there, on the first session also where a market
        cap is. A security is delisted from the session
        after a recorded delisting (``securities.delisted`` or an action), else once it had no data
        for more than ``PATIENCE`` sessions, and listed again with its next valid cell. Sessions on
        which much of the market is silent do not count: there the data end, not the securities.
        Nobody knows on the day whether a silent stock will ever trade again, so later data do not
        enter: cutting the panel at t changes nothing up to t.
        """
        return self.derive("listed", Panel._listed)

    def _listed(self) -> Bools:
        dates = derived.delisting_dates(self.facts)
        marks = derived.delistings(dates, self._rows(dates["security"]), self.sessions)
        cells = [self.fields[name] for name in VALID if name in self.fields]
        if "market_cap" in self.fields and self.shape[1]:
            # what trades on the panel's first session may have no close of it, and a return later
            known = np.full(self.shape, np.nan)
            known[:, 0] = np.where(self.fields["market_cap"][:, 0] > 0, 1.0, np.nan)
            cells.append(known)
        return derived.listed_mask(cells, self.shape, marks, self.dark)

    # ---- what was known

    def members(self, universe: str) -> Bools:
        """(N, T) true where the security was a member, by the spells known on that day."""
        return self.derive(("members", universe), lambda p: p._members(universe))

    def _members(self, universe: str) -> Bools:
        rows = self.facts.table("members")
        if universe not in rows["universe"]:
            raise UnknownName("universe in the members table", universe, rows["universe"].unique())
        rows = rows.filter(pl.col("universe") == universe)
        spells = asof.spells(rows, schema.table("members").key, self.sessions)
        row = self._rows(spells["security"])
        there = row >= 0
        first, stop = (spells[c].to_numpy()[there] for c in ("first", "stop"))
        return asof.cover(row[there], first, stop, self.shape)

    @cached_property
    def _schemes(self) -> list[str]:
        """Classifications on file, in order."""
        return self.facts.table("classes")["scheme"].unique().sort().to_list()

    def class_at(
        self, t: int, level: str = "sector", scheme: str | None = None
    ) -> NDArray[np.object_]:
        """(N,) names of the sector, industry or sub_industry as known at t; "" where unknown.

        Without ``scheme`` the only one there is; several are a ``UsageError`` that lists them.
        """
        if level not in LEVELS:
            raise UnknownName("level of classification", level, LEVELS)
        t = self._session(t)
        names = np.full(len(self.securities), "", object)
        schemes = self._schemes
        if scheme is None and len(schemes) > 1:
            raise UsageError(
                f"the store has several classifications: {', '.join(schemes)}.",
                'Name one: scheme = "..." in the universe.',
            )
        if scheme is not None and scheme not in schemes:
            raise UnknownName("classification scheme", scheme, schemes)
        if schemes:
            scheme = scheme or schemes[0]
            spells = self._dated("classes", pl.col("scheme") == scheme, scheme)
            now = spells.running(t)
            # of several the last counts, as everywhere
            names[spells.row[now]] = spells.text(level)[now]
        return names

    def attributes_at(self, t: int) -> pl.DataFrame:
        """One row per security, in order: ticker, name, kind, company ... as known at session t.

        Of a security whose last spell ended the last one counts; a delisting that lies ahead is not
        shown.
        """
        t = self._session(t)
        day = self.sessions[t]
        spells = self._dated("securities")
        at = np.full(len(self.securities), -1)
        # a spell that runs comes before one that ended
        for now in (spells.begun(t, day), spells.running(t)):
            at[spells.row[now]] = now
        where = pl.Series(at).cast(pl.UInt32, strict=False)  # null for who has no spell
        return spells.rows.select(pl.col(ATTRIBUTES).gather(where)).select(
            pl.Series("security", self.securities, pl.String),
            pl.exclude("delisted"),
            pl.when(pl.col("delisted") <= pl.lit(day.item())).then("delisted").alias("delisted"),
        )

    @property
    def companies(self) -> NDArray[np.int64]:
        """(N,) number of each security's company, as known at the last session.

        Share classes of one company have one number.
        """
        return self.derive("companies", Panel._companies)

    def _companies(self) -> NDArray[np.int64]:
        own = pl.lit("security ") + pl.col("security")
        names = self.attributes_at(len(self.sessions) - 1).select(pl.coalesce("company", own))
        codes = np.unique(names.to_series().to_numpy().astype(str), return_inverse=True)[1]
        return codes.astype(np.int64)

    def holdings(self, fund: str, t: int, *, ahead: bool = False) -> Holdings | None:
        """The latest holdings of the fund known at session t; None if there were none yet.

        ``ahead=True`` gives, where none were known yet, the first that became known later: a look
        into the future that whoever asks for it must say.
        """
        day = self.sessions[self._session(t)]
        known = self.facts.holdings(fund, day, self.sessions[-1], ahead=ahead)
        if known is None:
            return None
        date, lines = known
        row, share = self._rows(lines["security"]), lines["weight"].to_numpy()
        weights = np.zeros(len(self.securities))
        weights[row[row >= 0]] = share[row >= 0]
        return Holdings(fund, date, weights, float(share[row < 0].sum()))

    def fundamental(self, item: str) -> Array:
        """(N, T) the item's value of the latest period filed by each session.

        As first filed until restated; NaN from ``STALE`` days after that period's end on: who no
        longer reports has no value, not an old one.
        """
        rows = self.facts.table("fundamentals")
        if item not in rows["item"]:
            raise UnknownName("fundamental item", item, rows["item"].unique())
        rows = rows.filter(pl.col("item") == item)
        return self.derive(
            ("fundamental", item), lambda p: p._filed(rows, "period_end", "value", STALE)
        )

    # ---- helpers

    def _session(self, t: int) -> int:
        if not -len(self.sessions) <= t < len(self.sessions):
            raise UsageError(
                f"session {t} is not in a panel of {len(self.sessions)} sessions.",
                "Give a position on panel.sessions.",
            )
        return t % len(self.sessions)

    def _rows(self, names: pl.Series) -> asof.Index:
        """Row of each security, -1 where the panel does not have it."""
        place = pl.DataFrame(
            {"security": self.securities, "row": np.arange(len(self.securities))},
            schema={"security": pl.String, "row": pl.Int64},
        )
        frame = pl.DataFrame({"security": names}, schema={"security": pl.String})
        rows: asof.Index = (
            frame.join(place, on="security", how="left", maintain_order="left")["row"]
            .fill_null(-1)
            .to_numpy()
        )
        return rows

    def _dated(self, name: str, where: pl.Expr | None = None, label: str = "") -> asof.Dated:
        key = ("spells", name, label)
        if key not in self.memo:
            rows = self.facts.table(name)
            rows = rows if where is None else rows.filter(where)
            spells = asof.spells(rows, schema.table(name).key, self.sessions)
            self.memo[key] = asof.Dated(spells, self._rows(spells["security"]))
        dated: asof.Dated = self.memo[key]
        return dated

    def _filed(self, rows: pl.DataFrame, when: str, value: str, stale: int = 0) -> Array:
        """(N, T) a column of dated rows, by ``asof.as_filed``; ``when`` orders each security's.

        stale  days after ``when`` from which a value counts no more; 0: never
        """
        row = self._rows(rows["security"])
        use = (row >= 0) & rows[value].is_not_null().to_numpy()
        rows, row = rows.filter(pl.Series(use)), row[use]
        since = asof.position(rows["known"], self.sessions, 0)
        if when == "date":  # announced ahead: in force from its date
            since = np.maximum(since, asof.position(rows["date"], self.sessions, 0))
        return asof.as_filed(
            row,
            asof.days(rows[when], asof.EVER),
            since,
            rows["load"].cast(pl.Int64).to_numpy(),
            rows[value].to_numpy(),
            self.shape,
            asof.position(rows[when].dt.offset_by(f"{stale}d"), self.sessions, 0)
            if stale
            else None,
        )

    def _whole_cap(self) -> Array:
        cap, shares = self.fields["market_cap"], self.facts.table("shares")
        if shares.is_empty() or "close" not in self.fields:
            return cap
        # counts of shares are seldom newer than the last split; closes are
        splits = derived.splits_on_record(self.facts.table("actions"))
        count = self._filed(derived.before_splits(shares, splits), "date", "shares")
        row = self._rows(splits["security"])
        count *= derived.split_factors(splits, row, self.sessions, self.shape)
        return np.where(np.isnan(cap), self.fields["close"] * count, cap)

    def _float_cap(self) -> Array:
        cap, shares = self.field("whole_cap"), self.facts.table("shares")
        if shares.is_empty():
            return cap
        factor = self._filed(shares, "date", "float_factor")
        return np.where(np.isnan(factor), cap, cap * factor)


def _per_panel(key: Hashable) -> bool:
    """Whether an array of the memo runs along securities, though it may be as long as time."""
    return key == "companies"


def _frozen(array: Matrix) -> Matrix:
    """The array, read-only; a writable original stays writable for its owner."""
    if array.flags.writeable:
        array = array.view()
        array.setflags(write=False)
    return array
