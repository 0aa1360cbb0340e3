"""What a market rests on: its store, every step of computation made so far, and the imports behind them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paceline import config, engine
from paceline.lineage import Step

if TYPE_CHECKING:
    import polars as pl

    from paceline.store import Store


class Records:
    """The store of a market at one version, and the steps of the figures made from it."""

    def __init__(self, file: config.MarketFile, version: int | str | None = None) -> None:
        self.file, self._version = file, version
        self.steps: dict[str, Step] = {}

    @cached_property
    def store(self) -> Store:
        from paceline.store import Store

        return Store(Path(self.file.market.store))

    @cached_property
    def version(self) -> int:
        """The load number this market is read at."""
        return self.store.resolve(self._version)

    @staticmethod
    def _import_step(load: Mapping[str, Any]) -> Step:
        raw = [
            {k: o[k] for k in ("who", "what", "licence", "checksum")}
            for o in json.loads(load["origins"])
        ]
        return Step(
            "import", {"source": load["source"], "checksum": load["checksum"], "raw": raw}, code=""
        )

    def series_provenance(self, known: engine.Provenance) -> engine.Provenance:
        """``known`` with lineage and caveats of every macro and factor series, by the series' name."""
        import polars as pl

        loads = {row["load"]: row for row in self.store.loads(self.version).to_dicts()}
        rows = (
            self.store.table("series", self.version)
            .group_by("series")
            .agg(pl.col("load").unique().sort())
            .sort("series")
            .collect()
        )
        parents, caveats = dict(known.parents), dict(known.caveats)
        for name, written in rows.iter_rows():
            read = [self._keep(self._import_step(loads[n])).id for n in written]
            parents[name] = (self._keep(Step("series", {"name": name}, tuple(read), code="")).id,)
            sources = [self.file.sources.get(loads[n]["source"]) for n in written]
            caveats[name] = tuple(
                dict.fromkeys(s.caveat for s in sources if s is not None and s.caveat)
            )
        return replace(known, parents=parents, caveats=caveats)

    def _keep(self, step: Step) -> Step:
        self.steps[step.id] = step
        return step

    def origins(self) -> list[dict[str, Any]]:
        """Every import the market rests on: source, load, checksum, and the origins of its bytes."""
        return self.store.loads(self.version).to_dicts()

    def lineage(self, steps: Iterable[Step]) -> list[Step]:
        """These steps and all that they rest on, each once, parents first."""
        found: dict[str, Step] = {}

        def visit(step: Step) -> None:
            if step.id not in found:
                for parent in step.parents:
                    if parent in self.steps:
                        visit(self.steps[parent])
                found[step.id] = step

        for step in steps:
            visit(step)
        return list(found.values())

    def remember(self, steps: Iterable[Mapping[str, Any]]) -> bool:
        """Keep steps in the store, so that ``paceline trace`` finds today's figures tomorrow; False where the store
        may only be read."""
        return self.store.save_steps([dict(s) for s in steps])

    def findings(self) -> pl.DataFrame:
        """Every fault found in the data, per source: check, count, action, example, remedy."""
        return self.store.findings(self.version)

    def quarantine(self) -> pl.DataFrame:
        """Every row set aside, with the reason."""
        return self.store.quarantine(self.version)
