"""The data side of a market: its store, sessions, panels, baskets, indices and where they came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from paceline import config, engine
from paceline.arrays import Array, Dates
from paceline.errors import DataError, NotEnoughData, UsageError
from paceline.lineage import Step
from paceline.market import importing, levels
from paceline.market.importing import Progress
from paceline.market.stored import Records

if TYPE_CHECKING:
    from paceline.indices import Indices
    from paceline.panel import Panel


class Workspace(Records):
    """One market at one moment: everything below is computed once and kept."""

    def __init__(
        self,
        file: config.MarketFile,
        path: str = "",
        *,
        as_of: str | dt.date | None = None,
        version: int | str | None = None,
    ) -> None:
        super().__init__(file, version)
        self.path = path
        self._as_of = as_of if as_of not in ("latest", None) else None
        if self._as_of is None and file.report.as_of != "latest":
            self._as_of = file.report.as_of
        self._results: dict[str, Any] = {}
        self._roots: dict[str, tuple[Step, tuple[str, ...]]] = {}
        self._panel_steps: dict[int, Step] = {}

    # ---- data in
    # ---------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self.file.market.name

    @property
    def title(self) -> str:
        return self.file.market.title or self.name

    @property
    def simulated(self) -> bool:
        return self.file.market.simulated

    def import_(
        self, progress: Progress | None = None, only: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        """Fetch, parse, check and store every source (or those named in ``only``): see ``importing``."""
        done = importing.import_sources(self.file, self.store, only, progress)
        self._forget()
        return done

    def ensure(self, progress: Progress | None = None) -> list[dict[str, Any]]:
        """Import the sources that the store has never seen; leaves the others as they are."""
        stored = set(self.store.loads()["source"].to_list())
        missing = [n for n in self.file.sources if n not in stored]
        return self.import_(progress, missing) if missing else []

    def _forget(self) -> None:
        """Drop everything computed from the store's former state."""
        for name in (
            "version",
            "as_of",
            "_days",
            "stocks",
            "instruments",
            "_baskets",
            "composites",
            "built",
            "_held",
            "levels_",
            "general_caveats",
            "low",
            "series_",
            "_instrument_sources",
        ):
            self.__dict__.pop(name, None)
        self._results.clear()
        self._roots.clear()
        self._panel_steps.clear()

    def refresh(self) -> Literal["unchanged", "extended", "rebuilt"]:
        """See what was imported since this market was opened, by whatever process.

        extended  the new imports bring sessions after the last one and touch nothing before, and no
                  basket is rebalanced on them: panels and indices go on from what is in memory
        rebuilt   everything is worked out again when asked for
        A market opened at a version or as of a day stays what it is: unchanged.
        """
        if (
            self._as_of is not None
            or self._version is not None
            or self.store.resolve(None) == self.version
        ):
            return "unchanged"
        grown = self._grown() if "levels_" in self.__dict__ and not self._adhoc else None
        self._forget()
        self.__dict__.update(grown or {})
        return "extended" if grown else "rebuilt"

    def _grown(self) -> dict[str, Any] | None:
        """Panels, baskets and indices of the newest version, carried on; None where that cannot be done."""
        from paceline import baskets, indices, panel

        now = Workspace(self.file, self.path)
        declared = self._baskets[0]
        found: dict[str, Any] = {"version": now.version, "as_of": now.as_of, "_days": now._days}
        single = {n: b.instrument for n, b in declared.items() if b.instrument}
        names = {"built": self.composites, "_held": list(single)}
        for which, index, request in (
            ("stocks", "built", now._members_request()),
            ("instruments", "_held", now._instruments_request(sorted({*single.values()}))),
        ):
            old: Panel | None = getattr(self, which)
            found[which], found[index] = None, {}
            if old is None:
                continue
            grown = panel.extend(old, self.store, **request)
            if grown is None or str(grown.sessions[-1]) != now.as_of:
                return None
            found[which] = grown
            if which == "stocks":
                made = baskets.group_baskets(grown, self.file)[0]
                if {**self.file.baskets, **made} != declared:
                    return None
                found["_baskets"] = self._baskets
            was: dict[str, Indices] = getattr(self, index)
            file = self.file.model_copy(update={"baskets": declared})
            if was:
                if not baskets.hold(
                    was["price"].targets, grown, file, names[index], len(old.sessions)
                ):
                    return None
                found[index] = indices.extend(was, grown)
        return found

    # ---- time
    # ------------------------------------------------------------------------------------------

    @cached_property
    def as_of(self) -> str:
        """The last day seen: the session asked for, or the last session with prices."""

        last = self._last_priced()
        if last is None:
            raise DataError(
                f"{self.path}: the store {self.file.market.store} holds no prices.",
                "Run `paceline import` first.",
            )
        if self._as_of is None:
            return str(last)
        asked = parse_date(self._as_of)
        days = self._all_sessions()
        before = days[days <= np.datetime64(asked)]
        # a weekend after the last session is no session
        if len(before) and before[-1] > np.datetime64(last):
            raise NotEnoughData(
                f"as-of {asked}: the last stored session is {last}.",
                f"Import newer data or ask for --as-of {last}.",
            )
        if not len(before):
            raise NotEnoughData(
                f"as-of {asked} lies before the first session {days[0]}.", "Ask for a later day."
            )
        return str(before[-1])

    def _last_priced(self) -> dt.date | None:
        """The last day with a price, from the youngest partition that has one."""
        import polars as pl

        segments, _ = self.store.segments("prices", self.version)
        for year in sorted({s.year for s in segments if s.year is not None}, reverse=True):
            found = (
                self.store.table("prices", self.version)
                .filter(pl.col("date") >= dt.date(year, 1, 1))
                .select(pl.col("date").max())
                .collect()
                .item()
            )
            if isinstance(found, dt.date):
                return found
        return None

    def _all_sessions(self) -> Dates:
        return self._days

    @cached_property
    def _days(self) -> Dates:
        import polars as pl

        return (
            self.store.table("sessions", self.version)
            .filter(pl.col("calendar") == self.file.market.calendar)
            .select("date")
            .collect()["date"]
            .unique()
            .sort()
            .to_numpy()
            .astype("datetime64[D]")
        )

    # ---- panels and indices
    # ----------------------------------------------------------------------------

    def _order(self) -> dict[str, list[str]]:
        prices = [
            n for n, s in self.file.sources.items() if s.table == "prices" or s.kind != "files"
        ]
        return {
            f: self.file.market.order.get(f, prices)
            for f in ("close", "price_return", "total_return", "volume", "market_cap")
        }

    @cached_property
    def stocks(self) -> Panel | None:
        """The panel of everything that may be a member of a universe; None if no basket needs members."""
        from paceline import panel

        if all(b.instrument for b in self.file.baskets.values()) and not self.file.universes:
            return None
        start = self.file.market.start
        if start is not None and dt.date.fromisoformat(self.as_of) < start:
            raise NotEnoughData(
                f"as-of {self.as_of} lies before market.start {start} of {self.path}.",
                "Ask for a later day, or set an earlier market.start.",
            )
        return panel.build(self.store, **self._members_request())

    def _members_request(self) -> dict[str, Any]:
        return {
            "sessions": self._all_sessions(),
            "as_of": self.as_of,
            "start": self.file.market.start,
            "order": self._order(),
            "version": self.version,
            "exclude_kinds": ("index", "etf"),
            "unknown_kind": "common",
            "guard": self.file.market.guard,
        }

    @cached_property
    def instruments(self) -> Panel | None:
        """The panel of the single instruments named by baskets, over their whole history."""
        from paceline import panel

        names = sorted({b.instrument for b in self.baskets.values() if b.instrument})
        return panel.build(self.store, **self._instruments_request(names)) if names else None

    def _instruments_request(self, names: Sequence[str]) -> dict[str, Any]:
        return {
            "sessions": self._all_sessions(),
            "as_of": self.as_of,
            "start": None,
            "order": self._order(),
            "version": self.version,
            "securities": names,
        }

    @cached_property
    def _baskets(self) -> tuple[dict[str, config.Basket], dict[str, str], dict[str, list[str]]]:
        from paceline.baskets import cache

        declared = dict(self.file.baskets)
        labels = {n: b.label or n.replace("_", " ") for n, b in declared.items()}
        groups = {n: list(g.baskets) for n, g in self.file.groups.items() if g.baskets}
        if self.stocks is not None:
            made, made_labels = cache.group_baskets(
                self.stocks, self.file, self.store.path / "cache"
            )
            declared |= made
            labels |= made_labels
            for group in self.file.groups:
                groups.setdefault(group, [n for n in made if n.startswith(f"{group}:")])
        return declared, labels, groups

    @property
    def baskets(self) -> dict[str, config.Basket]:
        """Every basket, declared or made by a group, by name."""
        return {**self._baskets[0], **self._adhoc}

    @cached_property
    def _adhoc(self) -> dict[str, config.Basket]:
        return {}

    @property
    def declared(self) -> list[str]:
        """Names of the baskets of the market file and its groups, without the securities that were asked for."""
        return list(self._baskets[0])

    @property
    def labels(self) -> dict[str, str]:
        """Basket name to its name for people."""
        return self._baskets[1]

    @property
    def groups(self) -> dict[str, list[str]]:
        """Group name to basket names."""
        return self._baskets[2]

    @cached_property
    def composites(self) -> list[str]:
        """Names of the baskets that have members, in order."""
        return [n for n, b in self.baskets.items() if not b.instrument]

    @cached_property
    def built(self) -> dict[str, Indices]:
        """The indices of all composite baskets, by basis."""
        from paceline.baskets import cache
        from paceline.indices import cache as kept

        if self.stocks is None or not self.composites:
            return {}
        file = self.file.model_copy(update={"baskets": self._baskets[0]})
        folder = self.store.path / "cache"
        targets = cache.targets(self.stocks, file, self.composites, folder)
        return kept.build_both(
            self.stocks, targets, folder, cache.key(self.stocks, file, self.composites)
        )

    @cached_property
    def _held(self) -> dict[str, Indices]:
        """The indices of all one-instrument baskets, by basis."""
        from paceline import baskets, indices

        if self.instruments is None:
            return {}
        names = [n for n, b in self.baskets.items() if b.instrument]
        file = self.file.model_copy(update={"baskets": self.baskets})
        targets = baskets.targets(self.instruments, file, names)
        return indices.build_both(self.instruments, targets)

    @cached_property
    def levels_(self) -> levels.Levels:
        """Levels of all baskets on the longest time axis there is, NaN before a basket exists.

        A basket whose members lack the return of a basis (coverage below 90%) has no level on that
        basis until they do; ``native`` takes the market's basis where it exists and the other one
        where it does not."""
        panels = [p for p in (self.instruments, self.stocks) if p is not None]
        if not panels:
            raise NotEnoughData(
                f"{self.path}: no basket can be built.", "Declare baskets with data behind them."
            )
        days = self._all_sessions()
        days = days[
            (days >= min(p.sessions[0] for p in panels)) & (days <= np.datetime64(self.as_of))
        ]
        return levels.assemble(
            days,
            tuple(self.baskets),
            [self.built, self._held],
            {n: b.basis or self.file.market.basis for n, b in self.baskets.items()},
        )

    # ---- provenance
    # ------------------------------------------------------------------------------------

    @cached_property
    def general_caveats(self) -> tuple[str, ...]:
        return ("SIMULATED market: no real security is meant",) if self.simulated else ()

    def provenance(self, names: Iterable[str], basis: Mapping[str, str]) -> engine.Provenance:
        """Lineage and caveats of the baskets in ``names``."""
        parents: dict[str, tuple[str, ...]] = {}
        caveats: dict[str, tuple[str, ...]] = {}
        baskets_ = self.baskets
        for name in names:
            if name not in self._roots:
                self._roots[name] = self._root(name, baskets_[name])
            step, caveats[name] = self._roots[name]
            parents[name] = (step.id,)
        return engine.Provenance(parents, caveats, basis, self.general_caveats, self.steps)

    def _root(self, name: str, spec: config.Basket) -> tuple[Step, tuple[str, ...]]:
        """Step and caveats of a basket."""
        panel = self.instruments if spec.instrument else self.stocks
        assert panel is not None
        universe = self.file.universes.get(spec.universe or "")
        step = self._keep(
            Step(
                "basket",
                {
                    "name": name,
                    **spec.model_dump(
                        mode="json", exclude_defaults=True, exclude={"label", "aliases"}
                    ),
                    **(
                        {"universe_rule": universe.model_dump(mode="json", exclude_defaults=True)}
                        if universe
                        else {}
                    ),
                },
                (self._panel_step(panel).id,),
            )
        )
        return step, self._basket_caveats(name, spec, panel)

    def _basket_caveats(self, name: str, spec: config.Basket, panel: Panel) -> tuple[str, ...]:
        found = [spec.caveat] if spec.caveat else []
        index = next(
            (i["price"] for i in (self.built, self._held) if i and name in i["price"].names), None
        )
        if index is not None:
            found += list(index.caveats.get(name, ()))
        used = {"prices"} | ({"members", "classes", "holdings"} if not spec.instrument else set())
        if not (spec.sector or spec.industry or spec.sub_industry):
            used.discard("classes")
        universe = self.file.universes.get(spec.universe or "")
        if universe is None or not universe.members:
            used.discard("members")
        if universe is None or not universe.holdings:
            used.discard("holdings")
        sources_of = (
            self._sources_of(spec.instrument) if spec.instrument else set(self.file.sources)
        )
        found += [
            s.caveat
            for n, s in self.file.sources.items()
            if s.caveat and s.table in used and n in sources_of
        ]
        if not spec.instrument:
            found += list(panel.caveats)
        return tuple(dict.fromkeys(found))

    def _sources_of(self, instrument: str) -> set[str]:
        """The price sources that describe an instrument."""
        import polars as pl

        if "_instrument_sources" not in self.__dict__:
            names = [b.instrument for b in self.baskets.values() if b.instrument]
            pairs = (
                self.store.table("prices", self.version)
                .filter(pl.col("security").is_in(names))
                .select("security", "source")
                .unique()
                .collect()
            )
            self.__dict__["_instrument_sources"] = pairs
        pairs = self.__dict__["_instrument_sources"]
        return set(pairs.filter(pl.col("security") == instrument)["source"].to_list())

    def _panel_step(self, panel: Panel) -> Step:
        """The panel's step, resting on the imports it read."""
        if id(panel) in self._panel_steps:
            return self._panel_steps[id(panel)]
        imports = {
            row["checksum"]: self._import_step(row)
            for row in self.store.loads(self.version).to_dicts()
        }
        read = [imports[c] for c in panel.step.params["loads"]]
        step = self._keep(replace(panel.step, parents=tuple(self._keep(s).id for s in read)))
        self._panel_steps[id(panel)] = step
        return step

    @cached_property
    def series_(self) -> dict[str, tuple[Dates, Array]]:
        """Macro and factor series as known on the as-of day: name -> (dates, values), oldest first."""
        import polars as pl

        day = dt.date.fromisoformat(self.as_of)
        rows = (
            self.store.table("series", self.version)
            .filter((pl.col("known") <= day) & (pl.col("date") <= day))
            .sort("series", "date", "known", "load")
            .collect()
            .unique(["series", "date"], keep="last", maintain_order=True)
        )
        return {
            str(name): (part["date"].to_numpy().astype("datetime64[D]"), part["value"].to_numpy())
            for (name,), part in rows.group_by("series", maintain_order=True)
        }


def parse_date(text: str | dt.date) -> dt.date:
    """An ISO date; anything else is a ``UsageError`` that says so."""
    if isinstance(text, dt.date):
        return text
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a date.", "Write it as YYYY-MM-DD.") from None
