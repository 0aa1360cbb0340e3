"""What is stored of a market at one version: its imports, sessions, series and findings."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paceline.arguments import day as day_of
from paceline.arrays import Array, Dates
from paceline.calendars import sessions_of_year, year_note
from paceline.config import MarketFile
from paceline.errors import DataError, NotEnoughData
from paceline.lineage import Step, code_of, digest
from paceline.market import rivals
from paceline.rows import AT_ODDS, LIKE_SPLIT, MAYBE_SPECIAL, SAID
from paceline.wording import agreeing, number_of

if TYPE_CHECKING:
    import polars as pl

    from paceline.store import Store

#: Tables that say who is in a list or class.
LISTS = ("members", "classes")
#: How findings begin that say themselves what they are.
AHEAD = "look-ahead: "


class Stored:
    """The store of a market file, read at one version. Nothing in it changes once it is read.

    file     the market file
    path     its name for messages
    store    the store
    version  the load number it is read at
    """

    def __init__(self, file: MarketFile, path: str, store: Store, version: int) -> None:
        self.file, self.path, self.store, self.version = file, path, store, version
        self._spelt: dict[str, str | None] = {}
        self._distinct: dict[tuple[str, str], list[str]] = {}

    @classmethod
    def at(cls, file: MarketFile, path: str, version: int | str | None = None) -> Stored:
        """The store that ``file`` names, at a load number, a date or (None) its newest load."""
        from paceline.store import Store

        store = Store(Path(file.market.store))
        return cls(file, path, store, store.resolve(version))

    # ---- imports ---------------------------------------------------------------------------------

    @cached_property
    def loads(self) -> list[dict[str, Any]]:
        """Every import up to this version: source, load, checksum, and the origins of its bytes."""
        return self.store.loads(self.version).drop("asked", "place").to_dicts()

    @staticmethod
    def import_step(load: Mapping[str, Any]) -> Step:
        """The step of an import; what it read is in its parameters, by checksum."""
        origins = json.loads(load["origins"])
        raw = [{k: o[k] for k in ("who", "what", "licence", "checksum")} for o in origins]
        params = {"source": load["source"], "checksum": load["checksum"], "raw": raw}
        parsers = sorted({o.get("parser", "") for o in origins})
        return Step("import", params, code="+".join(p for p in parsers if p))

    @cached_property
    def outdated(self) -> tuple[str, ...]:
        """A sentence where sources were imported under other settings than those given now."""
        place = rivals.place_of(self.path, self.file)
        return rivals.outdated(self.file, place, self.store.loads(self.version))

    def findings(self) -> pl.DataFrame:
        """Every fault found in the data, per source: check, count, action, example, remedy."""
        from paceline.store import told

        return told.findings(self.store, self.version)

    def quarantine(self) -> pl.DataFrame:
        """Every row set aside, with the reason."""
        return self._quarantine

    @cached_property
    def _quarantine(self) -> pl.DataFrame:
        from paceline.store import told

        return told.quarantine(self.store, self.version)

    @cached_property
    def jumps(self) -> dict[str, list[tuple[str, float]]]:
        """Security -> days, in order, whose returns are set aside as splits, and the moves."""
        import polars as pl

        row = pl.col("row").str
        moves = (row.json_path_match(f"$.{b}_return").cast(pl.Float64) for b in ("price", "total"))
        rows = (
            self.quarantine()
            .filter((pl.col("table") == "prices") & pl.col("reason").str.starts_with(LIKE_SPLIT))
            .select(
                row.json_path_match("$.security").alias("security"),
                row.json_path_match("$.date").alias("date"),
                pl.coalesce(*moves).alias("move"),
            )
            .drop_nulls()
            .unique()
            .sort("date")
        )
        out: dict[str, list[tuple[str, float]]] = {}
        for security, day, move in rows.iter_rows():
            out.setdefault(security, []).append((day, move))
        return out

    def table(self, name: str) -> pl.LazyFrame:
        """The rows of a table that this market's sources state, and of no other in the store.

        A fact that several of them state is that of the first declared; prices are of all of them.
        """
        import polars as pl

        from paceline.store import agreed

        own = tuple(self.file.sources)
        if name == "prices":
            return self.store.table(name, self.version).filter(pl.col("source").is_in(own))
        return agreed.read(self.store, name, self.version, own).lazy()

    def distinct(self, table: str, column: str) -> list[str]:
        """Every text that stands in a column of a table."""
        import polars as pl

        if (table, column) not in self._distinct:
            rows = self._series.lazy() if table == "series" else self.table(table)
            found = rows.select(pl.col(column).drop_nulls().unique())
            self._distinct[table, column] = [str(value) for value in found.collect().to_series()]
        return self._distinct[table, column]

    @cached_property
    def maybe_special(self) -> dict[str, int]:
        """Source -> payments in its newest import that were taken for ordinary dividends."""
        import polars as pl

        newest = {row["source"]: row["load"] for row in self.loads}
        rows = self.findings().filter(pl.col("check") == MAYBE_SPECIAL)
        return {
            row["source"]: row["count"]
            for row in rows.iter_rows(named=True)
            if newest.get(row["source"]) == row["load"]
        }

    @cached_property
    def said(self) -> list[tuple[str, str, str]]:
        """Source, table and sentence of each finding that stands on the figures of that table."""
        import polars as pl

        rows = self.findings().filter(pl.col("check").is_in(list(SAID)))
        return [*self._aside, *self._unfiled] + [
            (
                row["source"],
                SAID[row["check"]],
                (
                    f"{row['check']} in {row['source']}"
                    if row["check"].startswith(AHEAD)
                    else f"{row['source']}: {row['check']}"
                )
                + f" ({row['count']:,}), first {row['example']}: {row['action']}",
            )
            for row in rows.iter_rows(named=True)
        ]

    @property
    def _aside(self) -> Iterator[tuple[str, str, str]]:
        """The same of rows set aside that name who is in a list or class: they lack somebody.

        Rows that contradict others are told by a finding of their own.
        """
        import polars as pl

        who = pl.col("row").str.json_path_match("$.security").alias("who")
        listed, other = pl.col("table").is_in(LISTS), pl.col("reason").str.contains("rows with the")
        rows = self.quarantine().filter(listed & ~other).with_columns(who)
        rows = rows.filter(pl.col("who").str.strip_chars() != "")
        for (source, table), part in rows.group_by("source", "table", maintain_order=True):
            count, are = number_of(part.height, "row"), agreeing(part.height, "is", "are")
            first = f"{part['who'][0]}: {part['reason'][0]}"
            told = f"{source}: {count} of {table} {are} set aside, first {first}"
            yield str(source), str(table), told

    @property
    def _unfiled(self) -> Iterator[tuple[str, str, str]]:
        """The same of reported items set aside: an older one of theirs stands in their place."""
        import polars as pl

        row = pl.col("row").str
        keys = [row.json_path_match(f"$.{k}").alias(k) for k in ("security", "item", "period_end")]
        rows = self.quarantine().filter(
            (pl.col("table") == "fundamentals") & ~pl.col("reason").str.contains("rows with the")
        )
        if rows.is_empty():
            return
        rows = rows.with_columns(keys)
        stored = self.table("fundamentals").select("security", "item", older="period_end").collect()
        older = rows.join(stored, on=["security", "item"], how="left")
        older = older.filter(pl.col("older").cast(pl.String) < pl.col("period_end"))
        ages = dict(older.group_by("row").agg(pl.col("older").max()).iter_rows())
        for (source,), part in rows.group_by("source", maintain_order=True):
            first = next((r for r in part["row"] if r in ages), part["row"][0])
            one = part.filter(pl.col("row") == first).row(0, named=True)
            count, are = number_of(part.height, "reported item"), agreeing(part.height, "is", "are")
            stands = f"; that of {ages[first]} stands in its place" if first in ages else ""
            what = f"{one['item']} of {one['security']} for {one['period_end']}"
            said = f"{source}: {count} {are} set aside, first {what}: {one['reason']}{stands}"
            yield str(source), "fundamentals", said

    @cached_property
    def at_odds(self) -> dict[tuple[str, ...], str]:
        """Two sources that disagree on much of their returns -> which returns."""
        import polars as pl

        names = {AT_ODDS.format(f"{b}_return"): f"{b} returns" for b in ("price", "total")}
        rows = self.findings().filter(pl.col("check").is_in(list(names)))
        return {
            tuple(row["source"].split(" / ")): names[row["check"]]
            for row in rows.iter_rows(named=True)
        }

    # ---- time ------------------------------------------------------------------------------------

    @cached_property
    def sessions(self) -> Dates:
        """Every session of the market, those to come included: see ``sessions_of``.

        Raises ``DataError`` where nothing was imported since the market has this calendar.
        """
        from paceline.store.sessions import sessions_of

        calendar, own = self.file.market.calendar, tuple(self.file.sources)
        days = sessions_of(self.store, calendar, self.version, own)
        if not len(days):
            raise DataError(
                f"{self.path}: the store has no sessions of market.calendar {calendar!r} at "
                f"version {self.version}.",
                "Run `paceline import`: the bytes kept are read again with this calendar.",
            )
        return days

    @cached_property
    def sessions_of_year(self) -> int:
        """Sessions of a year of the market's calendar: what its rates are annualised with."""
        from paceline.store.sessions import calendar_days

        calendar = self.file.market.calendar
        return sessions_of_year(calendar, calendar_days(self.store, calendar, self.version))

    @property
    def year_note(self) -> str:
        """What annualised figures say of it."""
        return year_note(self.file.market.calendar, self.sessions_of_year)

    @cached_property
    def last_priced(self) -> dt.date | None:
        """The last day with a price of this market, from the youngest partition that has one."""
        return self.store.last_day("prices", self.version, tuple(self.file.sources))

    def as_of(self, asked: str | dt.date | None) -> str:
        """The last day that may be seen: the session asked for, or the last session with prices.

        A day without a session stands for the session before it. Raises ``DataError`` for a store
        without prices, ``NotEnoughData`` for a day outside the stored sessions.
        """
        import numpy as np

        last = self.last_priced
        if last is None:
            raise self._no_prices()
        if asked is None:
            return str(last)
        day = day_of(asked, "as_of")
        before = self.sessions[self.sessions <= np.datetime64(day)]
        # a weekend after the last session is no session
        if len(before) and before[-1] > np.datetime64(last):
            raise NotEnoughData(
                f"as-of {day}: the last stored session is {last}.",
                f"Import newer data or ask for --as-of {last}.",
            )
        if not len(before):
            raise NotEnoughData(
                f"as-of {day} lies before the first session {self.sessions[0]}.",
                "Ask for a later day.",
            )
        return str(before[-1])

    def _no_prices(self) -> DataError:
        """That no declared source has prices at this version: nobody has, or others have."""
        where = f"{self.path}: the store {self.file.market.store}"
        others = sorted(self.store.read("prices", self.version)["source"].unique())
        older = self.version < self.store.version
        at = f" at version {self.version}" if older else ""
        newest, remedy = f"the newest is {self.store.version}", "Run `paceline import` first."
        if older:
            remedy = f"Ask for a later version: {newest}."
        if not others:
            return DataError(f"{where} holds no prices{at}.", remedy)
        if older:
            remedy = f"Name the source as it was then, or ask for a later version: {newest}."
        held, declared = ", ".join(others), ", ".join(self.file.sources)
        return DataError(
            f"{where} holds prices{at} from {held} only, and the market file declares {declared}.",
            remedy,
        )

    # ---- prices and series -----------------------------------------------------------------------

    def security(self, name: str) -> str | None:
        """The identifier of a security that has prices, in any usual spelling; None without one.

        BRK.B, BRK/B and brk-b are BRK-B.
        """
        if name not in self._spelt:
            self._spelt[name] = self._security(name)
        return self._spelt[name]

    def _security(self, name: str) -> str | None:
        spelt = [re.sub("[./-]", mark, s) for s in (name, name.upper()) for mark in "-./"]
        return next((way for way in (name, *spelt) if way in self._priced), None)

    def sources_of(self, securities: Iterable[str]) -> dict[str, set[str]]:
        """The price sources that describe each of these securities."""
        return {n: set(self._priced.get(n, ())) for n in securities}

    @cached_property
    def _priced(self) -> Mapping[str, Sequence[str]]:
        """Every security with a price -> the sources of its prices, from the store's cache."""
        import polars as pl

        loads = self.store.loads(self.version).select("load", "checksum").rows()
        key = digest([loads, list(self.file.sources), code_of(__name__)], 32)
        kept = self.store.cache.load("priced", key)
        if kept is not None:
            return dict(kept.values)
        prices = self.table("prices").group_by("security")
        made = prices.agg(pl.col("source").unique().sort()).sort("security").collect()
        found = dict(made.iter_rows())
        self.store.cache.save("priced", key, found)
        return found

    @cached_property
    def _series(self) -> pl.DataFrame:
        """The table of series, read once: deciding between its sources costs most."""
        return self.table("series").collect()

    def series(self, as_of: str) -> dict[str, tuple[Dates, Array]]:
        """Macro and factor series as known on a day: name -> (dates, values), oldest first."""
        import polars as pl

        day = dt.date.fromisoformat(as_of)
        ends = (pl.col(c).ne_missing(pl.col(c).shift(-1)) for c in ("series", "date"))
        rows = (
            self._series.filter((pl.col("known") <= day) & (pl.col("date") <= day))
            .sort("series", "date", "known")
            .filter(pl.any_horizontal(*ends))  # the newest value of each date
        )
        return {
            str(name): (part["date"].to_numpy().astype("datetime64[D]"), part["value"].to_numpy())
            for (name,), part in rows.group_by("series", maintain_order=True)
        }

    def series_lags(self) -> dict[str, int]:
        """Days from the date of a value to the day it became known, the median of each series."""
        import polars as pl

        rows = self._series.group_by("series").agg(
            (pl.col("known") - pl.col("date")).dt.total_days().median().alias("lag")
        )
        return {name: max(int(lag or 0), 0) for name, lag in rows.iter_rows()}

    def series_loads(self) -> dict[str, list[int]]:
        """The loads that wrote each series."""
        import polars as pl

        rows = self._series.group_by("series").agg(pl.col("load").unique().sort()).sort("series")
        return dict(rows.iter_rows())
