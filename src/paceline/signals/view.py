"""What a measure is given: the sessions, levels, fields and members it declared, nothing later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR, Array, Dates, Ints, Span
from paceline.errors import UsageError


@dataclass(frozen=True)
class View:
    """What a measure sees: nothing undeclared, nothing after the last session, all of it read-only.

    sessions    (T,) datetime64[D]; the last one is the as-of day
    subjects    (S,) names of the baskets (for of="basket": only those with members)
    labels      subject -> name for people
    securities  (N,) identifiers
    fields      name -> (N, T), contiguous along time; NaN where missing
    levels      (S, T) index levels on ``basis``, NaN before a basket exists
    all_levels  the same for both bases: {"price": ..., "total": ...}
    spans       rebalance spans in order, covering the sessions from the first rebalance on
    pairs       (lead row, against row) for rotations, with ``pair_names``
    groups      group -> rows of ``subjects``
    companies   (N,) index of the company of each security (share classes share it)
    benchmark   row of the benchmark in ``subjects``, or None
    low         the benchmark's fall and rise that make a short-term low
    series      macro and factor series known by the last session: name -> (dates, values); needs
                "series". A row of a table may be about a series: its name is then the row's subject
    calendar    every session of the exchange's calendar, those to come included: when the market
                opens is known in advance; empty where nobody gave one
    year        sessions of a year of the market, a count: what rates are annualised with
    year_note   the same in words, for the caveats of annualised figures
    """

    sessions: Dates
    subjects: tuple[str, ...]
    securities: tuple[str, ...] = ()
    fields: Mapping[str, Array] = field(default_factory=dict)
    all_levels: Mapping[str, Array] = field(default_factory=dict)
    basis: str = "price"
    spans: tuple[Span, ...] = ()
    pairs: tuple[tuple[int, int], ...] = ()
    pair_names: tuple[str, ...] = ()
    groups: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    companies: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    labels: Mapping[str, str] = field(default_factory=dict)
    benchmark: int | None = None
    low: tuple[float, float] = (0.05, 0.03)
    series: Mapping[str, tuple[Dates, Array]] = field(default_factory=dict)
    calendar: Dates = field(default_factory=lambda: np.empty(0, "datetime64[D]"))
    year: int = SESSIONS_PER_YEAR
    year_note: str = ""

    @property
    def levels(self) -> Array:
        """(S, T) index levels on the view's basis."""
        return self.all_levels[self.basis]

    @property
    def shape(self) -> tuple[int, int]:
        """(S, T), the numbers of subjects and of sessions."""
        return len(self.subjects), len(self.sessions)

    def field(self, name: str) -> Array:
        """A declared field; asking for an undeclared one is an error, not a back door."""
        if name not in self.fields:
            raise UsageError(
                f"the measure uses field {name!r} without declaring it.",
                f"Add it to needs=(...); declared: {', '.join(self.fields) or 'none'}.",
            )
        return self.fields[name]
