"""The panel: aligned, point-in-time, read-only matrices (security x session) and what was known on each day."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import schema, threads
from paceline.arrays import Array, Dates
from paceline.errors import UnknownName, UsageError
from paceline.lineage import Origin, Step
from paceline.panel import asof

Mask = NDArray[np.bool_]
Matrix = TypeVar("Matrix", bound=NDArray[Any])
#: Fields computed from stored ones; each is computed once per panel.
DERIVED = ("price_index", "total_index", "float_cap")
#: A security without data stays alive this many sessions (a halt); after that it counts as gone.
PATIENCE = 10
#: Days after the end of its period from which a filing is too old: a year, and half a year for the
#: next report.
STALE = 548
LEVELS = ("sector", "industry", "sub_industry")
ATTRIBUTES = ("ticker", "name", "kind", "company", "exchange", "country", "listed", "delisted")


class Facts:
    """The dated tables behind a panel, each read once; a table that is not there is empty."""

    def __init__(
        self,
        read: Callable[[str], pl.DataFrame] | None = None,
        tables: Mapping[str, pl.DataFrame] | None = None,
    ) -> None:
        self._read, self._tables = read, dict(tables or {})

    def table(self, name: str) -> pl.DataFrame:
        """All rows of the table with the columns of ``schema``; who counts when is decided by ``asof``."""
        if name not in self._tables:
            own = schema.table(name).schema
            self._tables[name] = self._read(name) if self._read else pl.DataFrame(schema=own)
        return self._tables[name]


@dataclass(frozen=True)
class Holdings:
    """What a fund held: ``weights`` (N,), zero for securities it did not hold; NaN nowhere.

    date      the day the holdings are of
    outside   sum of the weights of lines that the panel does not have
    """

    fund: str
    date: np.datetime64
    weights: Array
    outside: float


@dataclass(frozen=True, eq=False)
class Panel:
    """Matrices (N securities x T sessions), float64, contiguous along time, read-only, NaN where missing.

    Cell (i, t) is the row of greatest (known, load) with known <= sessions[t]: nothing in column t
    was unknown at the close of t, and cutting the panel at t gives the panel as of t.

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
    facts: Facts = dataclasses.field(default_factory=Facts)
    _memo: dict[Hashable, Any] = dataclasses.field(default_factory=dict)

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
        """(securities, sessions)"""
        return len(self.securities), len(self.sessions)

    def __repr__(self) -> str:
        n, t = self.shape
        window = f"{self.sessions[0]}..{self.sessions[-1]}" if t else "no sessions"
        return f"Panel({n} securities x {t} sessions, {window}, {', '.join(self.fields)}, version {self.version})"

    # ---- fields
    # -----------------------------------------------------------------------------------------

    def field(self, name: str) -> Array:
        """A stored field, or a derived one:

        price_index, total_index   cumulative product of 1 + return, 1 at the security's first
                                   session if that has a close but no return; a missing return
                                   counts as zero; NaN until there is a return (a security without
                                   any has one level and no more) and while it is not alive
        float_cap                  market cap (or else close x shares) x float factor, 1 where no
                                   factor is known
        """
        if name in self.fields:
            return self.fields[name]
        if ("field", name) in self._memo:
            found: Array = self._memo["field", name]
            return found
        if (
            name in ("price_index", "total_index")
            and name.replace("index", "return") in self.fields
        ):
            return self.derive(
                ("field", name), lambda p: p._index(p.fields[name.replace("index", "return")])
            )
        if name == "float_cap" and "market_cap" in self.fields:
            return self.derive(("field", name), Panel._float_cap)
        derived = [
            d
            for d, base in zip(DERIVED, ("price_return", "total_return", "market_cap"), strict=True)
            if base in self.fields
        ]
        raise UnknownName("field of the panel", name, [*self.fields, *derived])

    def derive(self, key: Hashable, compute: Callable[[Panel], Array]) -> Array:
        """An array computed from this panel once and kept with it, read-only, e.g. ("mean", 200, "price").

        ``compute`` must be causal along its last axis: a cut of the panel keeps a cut of the array.
        """
        if key not in self._memo:
            self._memo[key] = _frozen(compute(self))
        found: Array = self._memo[key]
        return found

    def only(self, needs: Iterable[str]) -> Panel:
        """The panel with just those fields, stored or derived; the others are not in it."""
        alive = self.alive
        return replace(
            self, fields={name: self.field(name) for name in needs}, _memo={"alive": alive}
        )

    def cut(self, t: int) -> Panel:
        """The panel as of session t: sessions[: t + 1], views without copies, what is derived included."""
        if not -len(self.sessions) <= t < len(self.sessions):
            raise UsageError(
                f"session {t} is not in a panel of {len(self.sessions)} sessions.",
                "Give a position on panel.sessions.",
            )
        stop = t % len(self.sessions) + 1
        # only arrays along time are causal and may be cut; everything else is worked out again
        memo = {
            k: m[..., :stop]
            for k, m in self._memo.items()
            if isinstance(m, np.ndarray)
            and m.shape[-1:] == self.sessions.shape
            and not _per_panel(k)
        }
        return replace(
            self,
            sessions=self.sessions[:stop],
            fields={n: m[:, :stop] for n, m in self.fields.items()},
            recovered=self.recovered[:stop],
            _memo=memo,
        )

    # ---- who is alive
    # -----------------------------------------------------------------------------------

    @property
    def alive(self) -> Mask:
        """(N, T) true from the first valid cell until the security is gone, as known on the day.

        A cell is valid where close or a return is there. A security is gone from the session after
        a recorded delisting (``securities.delisted`` or an action), else once it had no data for
        more than ``PATIENCE`` sessions, and back with its next valid cell. Nobody knows on the day
        whether a silent stock will ever trade again, so later data do not enter: cutting the panel
        at t changes nothing up to t."""
        if "alive" not in self._memo:
            self._memo["alive"] = _frozen(self._alive())
        found: Mask = self._memo["alive"]
        return found

    def _alive(self) -> Mask:
        valid = np.zeros(self.shape, bool)
        for name in ("close", "price_return", "total_return"):
            if name in self.fields:
                valid |= ~np.isnan(self.fields[name])
        t = np.arange(self.shape[1], dtype=np.int32)
        last = np.where(valid, t, np.int32(-1))
        np.maximum.accumulate(last, axis=1, out=last)
        alive: Mask = (last >= 0) & (t - last <= PATIENCE)
        row, since, day = self._delistings()
        # a security delisted more than once has several rows here: take them one round at a time
        turn = np.zeros(len(row), np.int64)
        if len(row):
            starts = np.flatnonzero(np.r_[True, row[1:] != row[:-1]])
            turn = np.arange(len(row)) - np.repeat(starts, np.diff(np.r_[starts, len(row)]))
        for k in range(turn.max(initial=-1) + 1):
            i, s, d = row[turn == k], since[turn == k][:, None], day[turn == k][:, None]
            alive[i] &= ~((t >= s) & (last[i] <= d) & (last[i] < t))
        return alive

    def _delistings(self) -> tuple[asof.Index, asof.Index, asof.Index]:
        """Rows, the session from which each delisting is known and past, and the last session up to its date."""
        marks = (
            pl.concat(
                [
                    self.facts.table("securities").select("security", "known", date="delisted"),
                    self.facts.table("actions")
                    .filter(pl.col("kind") == "delisting")
                    .select("security", "known", "date"),
                ]
            )
            .drop_nulls("date")
            .unique()
        )
        row = self._rows(marks["security"])
        marks, row = marks.filter(pl.Series(row >= 0)), row[row >= 0]
        since = np.maximum(
            asof.position(marks["known"], self.sessions, 0),
            asof.position(marks["date"], self.sessions, 0),
        )
        day = (
            np.searchsorted(
                self.sessions.astype(np.int64), asof.days(marks["date"], 0), side="right"
            )
            - 1
        )
        keep = since < len(self.sessions)
        order = np.argsort(row[keep], kind="stable")
        return row[keep][order], since[keep][order], day[keep][order]

    # ---- what was known
    # ---------------------------------------------------------------------------------

    def members(self, universe: str) -> Mask:
        """(N, T) true where the security was a member of the universe, by the spells known on that day."""
        key = ("members", universe)
        if key not in self._memo:
            rows = self.facts.table("members")
            if universe not in rows["universe"]:
                raise UnknownName(
                    "universe in the members table", universe, rows["universe"].unique()
                )
            found = asof.spells(
                rows.filter(pl.col("universe") == universe),
                schema.table("members").key,
                self.sessions,
            )
            row = self._rows(found["security"])
            here = row >= 0
            self._memo[key] = _frozen(
                asof.cover(
                    row[here],
                    found["first"].to_numpy()[here],
                    found["stop"].to_numpy()[here],
                    self.shape,
                )
            )
        mask: Mask = self._memo[key]
        return mask

    def class_at(
        self, t: int, level: str = "sector", scheme: str | None = None
    ) -> NDArray[np.object_]:
        """(N,) names of the sector, industry or sub_industry as known at session t; "" where unknown.

        Without ``scheme`` the only one there is; several are a ``UsageError`` that lists them.
        """
        if level not in LEVELS:
            raise UnknownName("level of classification", level, LEVELS)
        t = self._session(t)
        names = np.full(len(self.securities), "", object)
        rows = self.facts.table("classes")
        schemes = rows["scheme"].unique().sort().to_list()
        if scheme is None and len(schemes) > 1:
            raise UsageError(
                f"the store has several classifications: {', '.join(schemes)}.",
                'Name one: scheme = "..." in the universe.',
            )
        if scheme is not None and scheme not in schemes:
            raise UnknownName("classification scheme", scheme, schemes)
        if schemes:
            scheme = scheme or schemes[0]
            found = self._dated("classes", pl.col("scheme") == scheme, scheme)
            now = found.running(t)
            # of several the last counts, as everywhere
            names[found.row[now]] = found.text(level)[now]
        return names

    def attributes_at(self, t: int) -> pl.DataFrame:
        """One row per security of the panel, in its order: ticker, name, kind, company ... as known at session t.

        Of a security whose last spell ended the last one counts; a delisting that lies ahead is not
        shown."""
        t = self._session(t)
        day = self.sessions[t]
        found = self._dated("securities")
        at = np.full(len(self.securities), -1)
        # a spell that runs comes before one that ended
        for now in (found.begun(t, day), found.running(t)):
            at[found.row[now]] = now
        where = pl.Series(np.where(at < 0, 0, at), dtype=pl.UInt32).set(pl.Series(at < 0), None)
        return found.rows.select(pl.col(ATTRIBUTES).gather(where)).select(
            pl.Series("security", self.securities, pl.String),
            pl.exclude("delisted"),
            pl.when(pl.col("delisted") <= pl.lit(day.item())).then("delisted").alias("delisted"),
        )

    @property
    def companies(self) -> NDArray[np.int64]:
        """(N,) number of the company of each security, as known at the last session; share classes share it."""
        if "companies" not in self._memo:
            now = self.attributes_at(len(self.sessions) - 1)
            own = now.select(
                pl.coalesce(pl.col("company"), pl.lit("security ") + pl.col("security"))
            ).to_series()
            codes = np.unique(own.to_numpy().astype(str), return_inverse=True)[1].astype(np.int64)
            self._memo["companies"] = _frozen(codes)
        found: NDArray[np.int64] = self._memo["companies"]
        return found

    def holdings(self, fund: str, t: int, *, ahead: bool = False) -> Holdings | None:
        """The latest holdings of the fund known at session t; None if there were none yet.

        ``ahead=True`` gives, where none were known yet, the first that became known later: a look
        into the future that whoever asks for it must say."""
        rows = self.facts.table("holdings")
        if fund not in rows["fund"]:
            raise UnknownName("fund", fund, rows["fund"].unique())
        day = pl.lit(self.sessions[self._session(t)].item())
        known = rows.filter(
            (pl.col("fund") == fund) & (pl.col("known") <= pl.lit(self.sessions[-1].item()))
        )
        seen = known.filter(pl.col("known") <= day)
        if seen.is_empty() and ahead and len(known):
            seen = known.filter(pl.col("known") == known["known"].min())
        if seen.is_empty():
            return None
        of: Any = seen["date"].max()
        lines = (
            seen.filter(pl.col("date") == of)
            .sort("known", "load", maintain_order=True)
            .unique("security", keep="last", maintain_order=True)
        )
        row, share = self._rows(lines["security"]), lines["weight"].to_numpy()
        weights = np.zeros(len(self.securities))
        weights[row[row >= 0]] = share[row >= 0]
        return Holdings(fund, np.datetime64(of, "D"), weights, float(share[row < 0].sum()))

    def fundamental(self, item: str) -> Array:
        """(N, T) the item's value of the latest period filed by each session, as first filed until restated; NaN from
        ``STALE`` days after that period's end on: who no longer reports has no value, not an old
        one."""
        rows = self.facts.table("fundamentals")
        if item not in rows["item"]:
            raise UnknownName("fundamental item", item, rows["item"].unique())
        rows = rows.filter(pl.col("item") == item).with_columns(
            ended=pl.col("period_end").to_physical().cast(pl.Float64)
        )

        def latest(panel: Panel) -> Array:
            value = panel._filed(rows, "period_end", "value")
            age = panel.sessions.astype("datetime64[D]").astype(np.int64) - panel._filed(
                rows, "period_end", "ended"
            )
            value[~(age < STALE)] = np.nan
            return value

        return self.derive(("fundamental", item), latest)

    def undated(self, table: str, **where: str) -> bool:
        """Whether rows of a spells table carry neither start nor known: what is true today is applied to the past."""
        rows = self.facts.table(table)
        for name, value in where.items():
            rows = rows.filter(pl.col(name) == value)
        return bool(
            rows.select((pl.col("start").is_null() & pl.col("known").is_null()).any()).item()
        )

    # ---- helpers
    # ----------------------------------------------------------------------------------------

    def _session(self, t: int) -> int:
        if not -len(self.sessions) <= t < len(self.sessions):
            raise UsageError(
                f"session {t} is not in a panel of {len(self.sessions)} sessions.",
                "Give a position on panel.sessions.",
            )
        return t % len(self.sessions)

    def _rows(self, names: pl.Series) -> asof.Index:
        """Row of each security, -1 where the panel does not have it."""
        mine = pl.DataFrame(
            {"security": self.securities, "row": np.arange(len(self.securities))},
            schema={"security": pl.String, "row": pl.Int64},
        )
        frame = pl.DataFrame({"security": names}, schema={"security": pl.String})
        found: asof.Index = (
            frame.join(mine, on="security", how="left", maintain_order="left")["row"]
            .fill_null(-1)
            .to_numpy()
        )
        return found

    def _dated(self, name: str, where: pl.Expr | None = None, label: str = "") -> asof.Dated:
        key = ("spells", name, label)
        if key not in self._memo:
            rows = self.facts.table(name)
            rows = rows if where is None else rows.filter(where)
            found = asof.spells(rows, schema.table(name).key, self.sessions)
            self._memo[key] = asof.Dated(found, self._rows(found["security"]))
        dated: asof.Dated = self._memo[key]
        return dated

    def _filed(self, rows: pl.DataFrame, when: str, value: str) -> Array:
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
        )

    def _index(self, returns: Array) -> Array:
        growth = np.empty(returns.shape)

        def fill(rows: slice) -> None:
            own, r, alive = growth[rows], returns[rows], self.alive[rows]
            valid = ~np.isnan(r)
            np.cumprod(np.where(valid, 1.0 + r, 1.0), axis=1, out=own)
            begun = np.logical_or.accumulate(valid, axis=1)
            begun[np.arange(len(alive)), alive.argmax(axis=1)] = True
            own[~(alive & begun)] = np.nan

        threads.by_rows(fill, returns.shape)
        return growth

    def _float_cap(self) -> Array:
        cap, shares = self.fields["market_cap"], self.facts.table("shares")
        if shares.is_empty():
            return cap
        if "close" in self.fields:
            cap = np.where(
                np.isnan(cap), self.fields["close"] * self._filed(shares, "date", "shares"), cap
            )
        factor = self._filed(shares, "date", "float_factor")
        return np.where(np.isnan(factor), cap, cap * factor)


def _per_panel(key: Hashable) -> bool:
    return key == "companies"


def _frozen(array: Matrix) -> Matrix:
    """The array, read-only; a writable original stays writable for its owner."""
    if array.flags.writeable:
        array = array.view()
        array.setflags(write=False)
    return array
