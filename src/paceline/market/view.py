"""What one measure may see of a market, and where it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from paceline.arrays import Array, Bools
from paceline.baskets import items, volumes
from paceline.engine import Provenance
from paceline.errors import NotEnoughData
from paceline.indices.levels import BASES
from paceline.lineage import code_of
from paceline.market import validity
from paceline.market.assembled import Assembled
from paceline.measures import Measure
from paceline.panel import Panel
from paceline.signals.view import View

#: Needs that are not fields of the panel.
NOT_FIELDS = ("member", "pairs", "series")
FUNDAMENTAL = "fundamental:"


def view_of(
    moment: Assembled,
    measure: Measure,
    basis: str | None = None,
    pairs: Sequence[tuple[str, str]] | None = None,
) -> tuple[View, Provenance]:
    """What the measure may see of a market at one moment, with the provenance of its subjects.

    basis  "price" or "total": no level falls back to the other basis; None: each basket's own
    pairs  (lead, against) by name; None: the declared rotations, where the measure asks for pairs
    Raises ``NotEnoughData`` for a measure of members in a market without any.
    """
    levels, members = moment.levels, measure.of in ("basket", "market")
    panel = moment.stocks if members else None
    if members and panel is None:
        raise _no_members(moment, measure)
    names = tuple(moment.composites) if members else levels.names
    # all of them are a slice, which copies nothing
    rows = [levels.names.index(n) for n in names] if members else slice(None)
    at = int(np.searchsorted(levels.sessions, panel.sessions[0])) if panel is not None else 0
    cut: dict[str, Array] = {b: levels.by_basis[b][rows, at:] for b in BASES}
    cut["native"] = levels.native[rows, at:] if basis is None else cut[basis]
    index = moment.composite_indices.get(basis or moment.file.market.basis) if members else None
    position = {n: i for i, n in enumerate(names)}
    chosen = [(a, b) for a, b in _pairs(moment, measure, pairs) if a in position and b in position]
    labels = moment.declared.labels
    view = View(
        sessions=levels.sessions[at:],
        subjects=names,
        securities=panel.securities if panel is not None else (),
        fields=_Fields(panel, measure) if panel is not None else {},
        all_levels=cut,
        basis="native",
        spans=index.spans if index is not None else (),
        pairs=tuple((position[a], position[b]) for a, b in chosen),
        pair_names=tuple(pair_name(moment, a, b) for a, b in chosen),
        groups={
            g: tuple(position[n] for n in m if n in position)
            for g, m in moment.declared.groups.items()
        },
        companies=panel.companies if panel is not None else np.empty(0, np.int64),
        labels={n: labels.get(n, n) for n in names},
        benchmark=position.get(moment.file.market.benchmark),
        low=moment.file.market.low,
        series=moment.series if "series" in measure.needs else {},
        calendar=moment.stored.sessions,
        year=moment.stored.sessions_of_year,
        year_note=moment.stored.year_note,
    )
    known = moment.lineage.of(names, {n: basis or levels.basis[n] for n in names})
    filed = tuple(
        s.caveat for s in moment.file.sources.values() if s.table == "fundamentals" and s.caveat
    )
    filed += tuple(said for _, table, said in moment.stored.said if table == "fundamentals")
    known = replace(
        known,
        fields={
            n: (*filed, *odd_items(moment, n.removeprefix(FUNDAMENTAL)))
            for n in measure.needs
            if n.startswith(FUNDAMENTAL)
        }
        | {n: tuple(odd_volumes(moment)) for n in measure.needs if n == "volume"},
        dated=validity.of_filings(moment, [n for n in measure.needs if n.startswith(FUNDAMENTAL)]),
        view=code_of(alone=(__name__,)),
    )
    return view, moment.lineage.with_series(known) if "series" in measure.needs else known


def odd_items(moment: Assembled, item: str) -> list[str]:
    """What is odd about a reported item of those that any basket has held."""
    panel = moment.stocks
    if panel is None:
        return []
    if ("odd items", item) not in panel.memo:
        rows = panel.facts.table("fundamentals").filter(pl.col("item") == item)
        panel.memo["odd items", item] = items.odd_items(panel, rows, _held(moment, panel))
    found: list[str] = panel.memo["odd items", item]
    return found


def odd_volumes(moment: Assembled) -> list[str]:
    """What is odd about the volumes of those that any basket has held."""
    panel = moment.stocks
    if panel is None:
        return []
    if "odd volumes" not in panel.memo:
        panel.memo["odd volumes"] = volumes.odd_volumes(panel, _held(moment, panel))
    found: list[str] = panel.memo["odd volumes"]
    return found


def _held(moment: Assembled, panel: Panel) -> Bools:
    """(N,) whom any basket has held."""
    held = np.zeros(len(panel.securities), bool)
    index = (moment.composite_indices or {}).get("price")
    for span in index.spans if index is not None else ():
        held |= (span.weights > 0).any(axis=0)
    return held


def _no_members(moment: Assembled, measure: Measure) -> NotEnoughData:
    """Why a measure of members cannot be asked."""
    if moment.before_stocks:
        return NotEnoughData(
            f"{measure.name} needs members; as-of {moment.as_of} lies before market.start "
            f"{moment.file.market.start} of {moment.stored.path}.",
            "Ask for a later day, or set an earlier market.start.",
        )
    return NotEnoughData(
        f"{measure.name} needs baskets with members; {moment.stored.path} declares none.",
        "Declare a universe and a basket with members.",
    )


def pair_name(moment: Assembled, lead: str, against: str) -> str:
    """The name of a pair for people: the label of its rotation, else of both legs."""
    for name, rotation in moment.file.rotations.items():
        if (rotation.lead, rotation.against) == (lead, against):
            return rotation.label or name.replace("_", " ")
    labels = moment.declared.labels
    return f"{labels.get(lead, lead)} against {labels.get(against, against)}"


def _pairs(
    moment: Assembled, measure: Measure, pairs: Sequence[tuple[str, str]] | None
) -> Sequence[tuple[str, str]]:
    if pairs is not None:
        return pairs
    if "pairs" in measure.needs or measure.of == "pair":
        return [(r.lead, r.against) for r in moment.file.rotations.values()]
    return []


class _Fields(Mapping[str, Array]):
    """The fields a measure declares, and no other; each is worked out when it is looked at.

    "fundamental:<item>" is the item as filed by each session; missing where no source reports it.
    """

    def __init__(self, panel: Panel, measure: Measure) -> None:
        self._panel, self._made = panel, dict[str, Array]()
        self._names = tuple(n for n in measure.needs if n not in NOT_FIELDS)
        self._only = panel.only([n for n in self._names if not n.startswith(FUNDAMENTAL)])

    def __getitem__(self, name: str) -> Array:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = self._field(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def _field(self, name: str) -> Array:
        if name == "market_cap":  # as baskets are ranked and weighed
            return self._panel.field("whole_cap")
        if not name.startswith(FUNDAMENTAL):
            return self._only.field(name)
        item, reported = name.removeprefix(FUNDAMENTAL), self._panel.facts.table("fundamentals")
        filed = item in reported["item"].unique()
        found: Array = (
            self._panel.fundamental(item) if filed else np.broadcast_to(np.nan, self._panel.shape)
        )
        found.setflags(write=False)
        return found
