"""Lineage and caveats of what is assembled at one moment: baskets, panels, series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from paceline import config
from paceline.baskets import weights
from paceline.baskets.caps import ODD_CAPS, OddCaps
from paceline.engine import Provenance
from paceline.indices import levels
from paceline.indices.validity import Validity
from paceline.lineage import Step, code_of
from paceline.market import unused, validity
from paceline.market.stored import Stored

if TYPE_CHECKING:
    from paceline.market.assembled import Assembled
    from paceline.panel import Panel


class Lineage:
    """Steps and caveats of a moment, worked out basket by basket on first use and kept."""

    def __init__(self, moment: Assembled) -> None:
        self.moment = moment
        self.file, self.stored, self.steps = moment.file, moment.stored, moment.steps
        self._roots: dict[str, tuple[Step, tuple[str, ...]]] = {}
        self._panel_steps: dict[str, Step] = {}

    def of(self, names: Iterable[str] = (), basis: Mapping[str, str] | None = None) -> Provenance:
        """Lineage and caveats of the baskets in ``names``, each on the basis it is used on."""
        parents: dict[str, tuple[str, ...]] = {}
        caveats: dict[str, tuple[str, ...]] = {}
        for name in names:
            step, caveats[name] = self.moment.owner(name).lineage.root(name)
            parents[name] = (step.id,)
        simulated = ("SIMULATED market: no real security is meant",)
        general: tuple[str, ...] = simulated if self.file.market.simulated else ()
        general += self.stored.outdated
        return Provenance(
            parents,
            caveats,
            basis or {},
            self.moment.as_of,
            general,
            self.steps,
            gaps=self.moment.coverage.gaps,
            low=lambda: self.moment.low,
            no_total=lambda: self._no_total,
        )

    def with_series(self, provenance: Provenance) -> Provenance:
        """``provenance`` with lineage and caveats of every macro and factor series, by its name."""
        own = self if self.moment.base is None else self.moment.base.lineage
        parents, caveats = own._series
        return replace(
            provenance,
            parents={**provenance.parents, **parents},
            caveats={**provenance.caveats, **caveats},
            dated={**provenance.dated, **own._series_dated},
        )

    @cached_property
    def _series(self) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
        """Ids of the steps behind every series, and its caveats, by its name."""
        loads = {row["load"]: row for row in self.stored.loads}
        code = code_of("paceline.store", alone=(Stored.__module__,))
        parents: dict[str, tuple[str, ...]] = {}
        caveats: dict[str, tuple[str, ...]] = {}
        dated = self._series_dated
        for name, written in self.stored.series_loads().items():
            read = [self.steps.keep(self.stored.import_step(loads[n])).id for n in written]
            step = Step("series", {"name": name}, tuple(read), code=code)
            parents[name] = (self.steps.keep(step).id,)
            sources = [self.file.sources.get(loads[n]["source"]) for n in written]
            said = [s.caveat for s in sources if s is not None]
            said += [validity.stopped(dated[name], self.moment.as_of)] if name in dated else []
            names = {loads[n]["source"] for n in written}
            said += [told for s, t, told in self.stored.said if t == "series" and s in names]
            caveats[name] = tuple(dict.fromkeys(c for c in said if c))
        return parents, caveats

    @cached_property
    def _series_dated(self) -> dict[str, Validity]:
        return validity.of_series(self.moment)

    def root(self, name: str) -> tuple[Step, tuple[str, ...]]:
        """Step and caveats of a basket that is assembled here."""
        if name not in self._roots:
            self._roots[name] = self._root(name, self.moment.baskets[name])
        return self._roots[name]

    def _root(self, name: str, spec: config.Basket) -> tuple[Step, tuple[str, ...]]:
        ours = (self.moment.stocks, self.moment.instruments)
        panel = next(p for p in (ours[::-1] if spec.instrument else ours) if p is not None)
        universe = self.file.universes.get(spec.universe or "")
        settings = spec.model_dump(mode="json", exclude_defaults=True, exclude={"label", "aliases"})
        params = {"name": name, **settings}
        if universe is not None:
            params["universe_rule"] = universe.model_dump(mode="json", exclude_defaults=True)
        rooms = ("paceline.baskets", levels.__name__)
        rule = weights.of_market(self.file)[spec.weight].module  # it may come from outside
        code = code_of(*rooms, rule)
        step = self.steps.keep(Step("basket", params, (self._panel_step(panel).id,), code=code))
        return step, self._basket_caveats(name, spec, panel)

    def _basket_caveats(self, name: str, spec: config.Basket, panel: Panel) -> tuple[str, ...]:
        caveats = [spec.caveat] if spec.caveat else []
        for built in self.moment.indices:
            if name in built["price"].names:
                own = validity.without_direction(built["price"].caveats.get(name, ()))
                later = self._seen_later(name, spec)  # says all that the own panel does, and more
                caveats += [c for c in own if not (later and c.startswith(ODD_CAPS))] + later
                break
        caveats += validity.undated(self.moment, name)
        caveats += validity.unannounced(self.moment, name)
        caveats += self._off_basis(name, spec)
        if spec.instrument and spec.instrument not in panel.securities:
            caveats.append(f"{spec.instrument} has no price up to {self.moment.as_of}")
        used = {"prices", *self.file.tables_behind(spec)}
        from_ = self.instrument_sources[spec.instrument] if spec.instrument else self.file.sources
        caveats += [
            s.caveat
            for n, s in self.file.sources.items()
            if s.caveat and s.table in used and n in from_
        ]
        told = {"prices"} if spec.instrument else {*used, "actions", "shares", "caps"}
        caveats += [
            said
            for source, table, said in self.stored.said
            if table in told and (table != "prices" or source in from_)
        ]
        caveats += [
            f"payments of 2% to 5% of the price in {source} were taken for ordinary dividends; a "
            "special one would leave the price return as the exchange gives it"
            for source in self.stored.maybe_special
            if source in from_
        ]
        caveats += [
            f"{' and '.join(pair)} differ on more than a tenth of the {what} that both have"
            for pair, what in self.stored.at_odds.items()
            if set(pair) <= set(from_)
        ]
        caveats += [unused.said(n, days) for n, days in self._unstated.items() if n in from_]
        if not spec.instrument:
            caveats += panel.caveats
        return tuple(dict.fromkeys(caveats))

    def _seen_later(self, name: str, spec: config.Basket) -> list[str]:
        """What sessions after a past day say of the market caps that weights up to it rest on."""
        panel, own = self.moment.stocks_to_date, self.moment.stocks
        universe = self.file.universes.get(spec.universe or "")
        by_fund = universe is not None and universe.holdings is not None
        unsized = bool(spec.instrument) or spec.weight in weights.WITHOUT_SIZES or by_fund
        if unsized or panel is own or panel is None or own is None:
            return []
        targets = self.moment.composite_indices["price"].targets
        row, most = targets.names.index(name), np.zeros(len(own.securities))
        for r in targets.rebalances:
            for at in np.flatnonzero(r.rows == row):
                most[r.columns] = np.maximum(most[r.columns], r.weights[at])
        weight = dict(zip(own.securities, most.tolist(), strict=True))
        held = np.array([weight.get(s, 0.0) for s in panel.securities])
        return OddCaps(panel).caveats(held, self.file.market.unpriced)

    def _off_basis(self, name: str, spec: config.Basket) -> list[str]:
        """That a basket is shown on another basis than its market file says: it has none on that.

        Where nobody said on which basis it is shown on the one that it has.
        """
        declared = not spec.instrument and "basis" in self.file.market.model_fields_set
        asked = spec.basis or (self.file.market.basis if declared else None)
        shown = self.moment.levels.basis[name]
        if asked in (None, shown):
            return []
        called = self.moment.called(name)
        why = f" ({self._no_total})" if asked == "total" and self._no_total else ""
        return [f"{called} has no {asked} returns: {shown} returns stand in for them{why}"]

    @cached_property
    def _unstated(self) -> dict[str, list[str]]:
        days = unused.unstated(self.stored)
        seen = {n: [d for d in own if d <= self.moment.as_of] for n, own in days.items()}
        return {n: own for n, own in seen.items() if own}

    @cached_property
    def _no_total(self) -> str:
        return unused.no_total(self.stored)

    @cached_property
    def instrument_sources(self) -> dict[str, set[str]]:
        """Instrument of a basket -> the sources that price it."""
        names = {b.instrument for b in self.moment.baskets.values() if b.instrument}
        return self.stored.sources_of(sorted(names))

    def _panel_step(self, panel: Panel) -> Step:
        """The panel's step, resting on the imports it read."""
        if panel.step.id not in self._panel_steps:
            imports = {row["checksum"]: self.stored.import_step(row) for row in self.stored.loads}
            read = [self.steps.keep(imports[c]).id for c in panel.step.params["loads"]]
            step = self.steps.keep(replace(panel.step, parents=tuple(read)))
            self._panel_steps[panel.step.id] = step
        return self._panel_steps[panel.step.id]
