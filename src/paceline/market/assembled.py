"""What is assembled from a store as of one day: panels, baskets, indices, levels."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline import config, schema
from paceline.arrays import Array, Dates
from paceline.errors import NotEnoughData
from paceline.indices import levels
from paceline.lineage import Steps
from paceline.market.coverage import Coverage
from paceline.market.lineage import Lineage
from paceline.market.stored import Stored
from paceline.signals.lows import Low, low_of

if TYPE_CHECKING:
    from paceline.indices import Indices
    from paceline.panel import Panel


@dataclass(frozen=True)
class Declared:
    """The baskets of a market file, those made by its groups included.

    baskets  name -> declaration
    labels   name -> name for people
    groups   group -> names of its baskets
    """

    baskets: Mapping[str, config.Basket]
    labels: Mapping[str, str]
    groups: Mapping[str, list[str]]


@dataclass(frozen=True)
class Parts:
    """Parts carried on from an earlier moment instead of being worked out; None: work it out."""

    stocks: Panel | None = None
    instruments: Panel | None = None
    declared: Declared | None = None
    composite_indices: dict[str, Indices] | None = None
    instrument_indices: dict[str, Indices] | None = None
    steps: Steps = field(default_factory=Steps)


class Assembled:
    """Everything of one market on one day, each part worked out on first use and kept.

    stored      the store at a version
    as_of       the last session that is seen
    securities  single securities that were asked for beside the declared baskets
    base        the same without securities, where the declared baskets are assembled
    """

    def __init__(
        self,
        stored: Stored,
        as_of: str,
        securities: Sequence[str] = (),
        parts: Parts | None = None,
        base: Assembled | None = None,
    ) -> None:
        self.stored, self.as_of, self.securities = stored, as_of, tuple(securities)
        self.file, self.base = stored.file, base
        self._parts = parts or Parts()
        self.steps = self._parts.steps

    def called(self, name: str) -> str:
        """What people call a basket: its label, or the name itself."""
        return self.declared.labels.get(name, name)

    def including(self, securities: Sequence[str]) -> Assembled:
        """The same with further securities, which change nothing for the declared baskets.

        All that is assembled for these is shared, whatever was asked for before.
        """
        base = self.base if self.securities else self
        names = (*self.securities, *securities)
        try:
            _ = self.levels
        except NotEnoughData:  # no declared basket has begun: the securities stand alone
            base = None
        return Assembled(self.stored, self.as_of, names, Parts(steps=self.steps), base)

    def owner(self, name: str) -> Assembled:
        """Where a basket is assembled: here, or where the declared ones are."""
        there = self.base is not None and name in self.declared.baskets
        return self.base if there and self.base is not None else self

    def extended(self, stored: Stored) -> Assembled | None:
        """The newest version of the store, carried on from here; None where it must be rebuilt.

        It can be carried on where the new imports bring sessions after the last one, touch nothing
        before, and no basket is rebalanced on them.
        """
        from paceline import baskets

        now = Assembled(stored, stored.as_of(None))
        declared, parts = self.declared, Parts()
        if self.stocks is not None:
            longer = self._longer(self.stocks, now, now.stock_request())
            if longer is None:
                return None
            made = baskets.group_baskets(longer, self.file)[0]
            built = self._further(longer, self.stocks, self.composite_indices, self.composites)
            if built is None or {**self.file.baskets, **made} != declared.baskets:
                return None
            parts = Parts(stocks=longer, composite_indices=built, declared=declared)
        if self.instruments is not None:
            held = {n: b.instrument for n, b in declared.baskets.items() if b.instrument}
            request = now.instrument_request(sorted({*held.values()}))
            longer = self._longer(self.instruments, now, request)
            if longer is None:
                return None
            there = set(self.instruments.securities)
            begun = [n for n, instrument in held.items() if instrument in there]
            built = self._further(longer, self.instruments, self.instrument_indices, begun)
            if built is None:
                return None
            parts = replace(parts, instruments=longer, instrument_indices=built)
        return Assembled(stored, now.as_of, parts=parts)

    @staticmethod
    def _longer(old: Panel, now: Assembled, request: dict[str, Any]) -> Panel | None:
        """The panel of the newest version, grown from the old one; None where it must be built."""
        from paceline import panel

        longer = panel.extend(old, now.stored.store, **request)
        return longer if longer is not None and str(longer.sessions[-1]) == now.as_of else None

    def _further(
        self, longer: Panel, old: Panel, built: dict[str, Indices], names: Sequence[str]
    ) -> dict[str, Indices] | None:
        """Indices over the longer panel; None where a basket of them is rebalanced on it."""
        from paceline import baskets, indices

        if not built:
            return {}
        file = self.file.model_copy(update={"baskets": dict(self.declared.baskets)})
        holds = baskets.hold(built["price"].targets, longer, file, names, len(old.sessions))
        holds = holds and indices.goes_on(built, longer)
        return indices.extend(built, longer) if holds else None

    # ---- panels ----------------------------------------------------------------------------------

    @cached_property
    def stocks(self) -> Panel | None:
        """The panel of all that may be a member of a universe.

        None if no basket needs members, and as of a day before ``market.start``.
        """
        from paceline import panel

        if self.base is not None:
            return self.base.stocks
        if self._parts.stocks is not None:
            return self._parts.stocks
        if all(b.instrument for b in self.file.baskets.values()) and not self.file.universes:
            return None
        if self.before_stocks:
            return None
        return panel.build(self.stored.store, **self.stock_request())

    @cached_property
    def stocks_to_date(self) -> Panel | None:
        """The panel of stocks up to the newest day, whatever day was asked for.

        For what later sessions say of the data of earlier ones; no value may rest on it.
        """
        from paceline import panel

        newest = self.stored.as_of(None)
        if self.stocks is None or newest == self.as_of:
            return self.stocks
        return panel.build(self.stored.store, **self.stock_request() | {"as_of": newest})

    @property
    def before_stocks(self) -> bool:
        """Whether the day lies before ``market.start``: baskets with members have no level yet."""
        start = self.file.market.start
        return start is not None and dt.date.fromisoformat(self.as_of) < start

    def stock_request(self) -> dict[str, Any]:
        """What the panel of stocks asks the store for."""
        return {
            **self._request(),
            "start": self.file.market.start,
            "exclude_kinds": ("index", "etf"),
            "unknown_kind": "common",
            "guard": self.file.market.guard,
        }

    @cached_property
    def instruments(self) -> Panel | None:
        """The panel of the single instruments named by baskets, over their whole history.

        Without those whose first price is of a later day; None where there is no other.
        """
        from paceline import panel

        if self._parts.instruments is not None:
            return self._parts.instruments
        names = sorted({b.instrument for b in self.baskets.values() if b.instrument})
        if not names:
            return None
        try:
            return panel.build(self.stored.store, **self.instrument_request(names))
        except NotEnoughData:
            if self.stocks is None:
                raise
            return None

    def instrument_request(self, names: Sequence[str]) -> dict[str, Any]:
        """What the panel of single instruments asks the store for."""
        return {**self._request(), "start": None, "securities": names}

    def _request(self) -> dict[str, Any]:
        sources = self.file.sources.items()
        prices = [n for n, s in sources if s.table == "prices" or s.kind != "files"]
        return {
            "sessions": self.stored.sessions,
            "as_of": self.as_of,
            "order": {f: self.file.market.order.get(f, prices) for f in schema.PRICE_FIELDS},
            "version": self.stored.version,
            "sources": tuple(self.file.sources),
        }

    # ---- baskets ---------------------------------------------------------------------------------

    @cached_property
    def declared(self) -> Declared:
        """The baskets of the market file and those its groups make, labels, groups."""
        from paceline.baskets import cache

        if self.base is not None:
            return self.base.declared
        if self._parts.declared is not None:
            return self._parts.declared
        baskets = dict(self.file.baskets)
        labels = {n: b.label or n.replace("_", " ") for n, b in baskets.items()}
        groups = {n: list(g.baskets) for n, g in self.file.groups.items() if g.baskets}
        if self.stocks is not None:
            made, made_labels = cache.group_baskets(self.stocks, self.file, self.stored.store.cache)
            baskets |= made
            labels |= made_labels
            for group in self.file.groups:
                groups.setdefault(group, [n for n in made if n.startswith(f"{group}:")])
        return Declared(baskets, labels, groups)

    @cached_property
    def baskets(self) -> dict[str, config.Basket]:
        """Every basket by name: declared, made by a group, or a security that was asked for."""
        alone = {n: config.Basket(instrument=n, label=n) for n in self.securities}
        return {**self.declared.baskets, **alone}

    @cached_property
    def composites(self) -> list[str]:
        """Names of the baskets that have members, in order."""
        return [n for n, b in self.baskets.items() if not b.instrument]

    # ---- indices ---------------------------------------------------------------------------------

    @cached_property
    def composite_indices(self) -> dict[str, Indices]:
        """The indices of all baskets with members, by basis."""
        if self.base is not None:
            return self.base.composite_indices
        if self._parts.composite_indices is not None:
            return self._parts.composite_indices
        if self.stocks is None or not self.composites:
            return {}
        return self._built(self.stocks, self.composites)

    @cached_property
    def instrument_indices(self) -> dict[str, Indices]:
        """The indices of the one-instrument baskets assembled here, by basis."""
        if self._parts.instrument_indices is not None:
            return self._parts.instrument_indices
        if self.instruments is None:
            return {}
        there = set(self.instruments.securities)
        own = [n for n, b in self.baskets.items() if b.instrument in there]
        return self._built(self.instruments, [n for n in own if self.owner(n) is self])

    def _built(self, panel: Panel, names: Sequence[str]) -> dict[str, Indices]:
        """The indices of some baskets over a panel, by basis."""
        from paceline.baskets import cache
        from paceline.indices import cache as index_cache

        file = self.file.model_copy(update={"baskets": self.baskets})
        memory = self.stored.store.cache
        targets = cache.targets(panel, file, names, memory)
        return index_cache.build_both(panel, targets, memory, cache.key(panel, file, names))

    @cached_property
    def indices(self) -> list[dict[str, Indices]]:
        """All indices there are, each set by basis: of members, of instruments, of securities."""
        shared = [self.composite_indices] if self.base is None else self.base.indices
        return [built for built in (*shared, self.instrument_indices) if built]

    @cached_property
    def levels(self) -> levels.Levels:
        """Levels of all baskets on the longest time axis there is, NaN before a basket exists.

        A basket whose members lack the return of a basis (coverage below 90%) has no level on that
        basis until they do; ``native`` takes the market's basis where it exists and the other one
        where it does not. Raises ``NotEnoughData`` where no basket can be built.
        """
        panels = [p for p in (self.instruments, self.stocks) if p is not None]
        if not panels and self.before_stocks:
            last = self.stored.last_priced
            raise NotEnoughData(
                f"{self.stored.path}: market.start {self.file.market.start} lies after the "
                f"as-of day {self.as_of}; the last price is of {last}.",
                "Set an earlier market.start, or import newer prices.",
            )
        if not panels:
            raise NotEnoughData(
                f"{self.stored.path}: no basket can be built.",
                "Declare baskets with data behind them.",
            )
        days = self.stored.sessions
        first = min(p.sessions[0] for p in panels)
        days = days[(days >= first) & (days <= np.datetime64(self.as_of))]
        preferred = {n: b.basis or self.file.market.basis for n, b in self.baskets.items()}
        return levels.assemble(days, tuple(self.baskets), self.indices, preferred)

    @cached_property
    def low(self) -> Low | None:
        """The benchmark's last short-term low known today; None without one."""
        name = self.file.market.benchmark
        if self.owner(name) is not self:
            return self.owner(name).low
        basis, line = self.levels.dating(name)
        lacking = self.coverage.gaps(name, basis)
        sessions, size = self.levels.sessions, self.file.market.low
        if lacking is None:
            return low_of(line, sessions, size)
        return low_of(line, sessions, size, lacking.unknown, lacking.ended, lacking.in_doubt)

    @cached_property
    def series(self) -> dict[str, tuple[Dates, Array]]:
        """Macro and factor series as known on the as-of day: name -> (dates, values)."""
        if self.base is not None:
            return self.base.series
        return self.stored.series(self.as_of)

    # ---- what it lacks, what it rests on ---------------------------------------------------------

    @cached_property
    def coverage(self) -> Coverage:
        """What the levels lack: returns, members without a price, how old lists and weights are."""
        return Coverage(self)

    @cached_property
    def lineage(self) -> Lineage:
        """Steps and caveats of baskets, panels and series."""
        return Lineage(self)
