"""PLUG-IN: one file = one measure. A measure is a pure function from a ``View`` to a ``Result``.

    @measure(question="Is the advance shared, or carried by a few?", of="basket",
    needs=("price_index", "member"),
             unit="fraction", shows="series", bounds=(0, 1), lookback=lambda p: p["window"],
             references=(...))
    def above_average(view: View, *, window: int = 200) -> Result: ...

The function is called once for all its subjects. Keyword parameters become command-line options,
controls and ``market.toml`` keys; the docstring becomes the docs page and the report's note; the
question is the heading. The engine, not the measure, blanks values below coverage, numbers the
figures and names the caveats."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Dates
from paceline.errors import UnknownName, UsageError

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "Array",
    "Dates",
    "Measure",
    "Of",
    "Result",
    "Shows",
    "Span",
    "View",
    "discover",
    "get",
    "measure",
]

Of = Literal["levels", "basket", "pair", "market"]
Shows = Literal["series", "table", "ranking", "events", "heat"]


@dataclass(frozen=True)
class Span:
    """A stretch of sessions ``start <= t < stop`` within which no basket is rebalanced.

    ``weights`` (subject x security) are the target weights in force from the open of session
    ``start``, known at the close of session ``start - 1``; rows sum to one, or are all zero where a
    basket has no member. For a basket not rebalanced at ``start`` they are its drifted weights at
    that moment."""

    start: int
    stop: int
    weights: Array


@dataclass(frozen=True)
class View:
    """What a measure sees: nothing it did not declare, nothing after the last session, all of it read-only.

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
    companies: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    labels: Mapping[str, str] = field(default_factory=dict)
    benchmark: int | None = None
    low: tuple[float, float] = (0.05, 0.03)
    series: Mapping[str, tuple[Dates, Array]] = field(default_factory=dict)
    calendar: Dates = field(default_factory=lambda: np.empty(0, "datetime64[D]"))

    @property
    def levels(self) -> Array:
        return self.all_levels[self.basis]

    @property
    def shape(self) -> tuple[int, int]:
        """(subjects, sessions)"""
        return len(self.subjects), len(self.sessions)

    def field(self, name: str) -> Array:
        """A declared field; asking for an undeclared one is an error, not a back door."""
        if name not in self.fields:
            raise UsageError(
                f"the measure uses field {name!r} without declaring it.",
                f"Add it to needs=(...); declared: {', '.join(self.fields) or 'none'}.",
            )
        return self.fields[name]


@dataclass(frozen=True)
class Result:
    """What a measure returns: series, or a tidy table.

    value       (S, T) or {statistic: (S, T)}; NaN where not computable
    n_used      (S, T) members with valid data, n_eligible: members there are (None where neither
                applies)
    table       for shows other than "series": columns subject, against, statistic, start, end,
                value, n_used, n_eligible and any further ones; one row is one figure. Further
                columns are carried into the output as they are; a column ``unit`` or ``basis``
                overrides the declared one.
    """

    value: Array | Mapping[str, Array] | None = None
    n_used: Array | None = None
    n_eligible: Array | None = None
    table: pl.DataFrame | None = None


@dataclass(frozen=True)
class Measure:
    """A declared measure; ``params`` are its keyword parameters with their defaults."""

    name: str
    function: Callable[..., Result]
    question: str
    of: Of
    needs: tuple[str, ...]
    unit: str | Mapping[str, str]
    shows: Shows
    bounds: tuple[float, float] | None
    lookback: Callable[[Mapping[str, Any]], int | None]
    references: tuple[str, ...]
    coverage: float
    causal: bool
    params: Mapping[str, inspect.Parameter]
    doc: str
    never: str = ""

    def unit_of(self, statistic: str) -> str:
        return self.unit if isinstance(self.unit, str) else self.unit.get(statistic, "")

    def defaults(self) -> dict[str, Any]:
        return {name: p.default for name, p in self.params.items()}

    def notes(self) -> dict[str, str]:
        """What the docstring says of each parameter: lines "name  text", continued by deeper lines."""
        found: dict[str, str] = {}
        name = ""
        for line in self.doc.splitlines():
            head, _, text = line.partition("  ")
            if head in self.params:
                name, found[head] = head, text.strip()
            elif name and line.startswith("  "):
                found[name] += " " + line.strip()
            else:
                name = ""
        return found

    def __call__(self, view: View, **params: Any) -> Result:
        for name in params:
            if name not in self.params:
                raise UnknownName(f"parameter of {self.name}", name, self.params)
        return self.function(view, **params)


def measure(
    *,
    question: str,
    of: Of,
    unit: str | Mapping[str, str],
    shows: Shows,
    needs: tuple[str, ...] = (),
    bounds: tuple[float, float] | None = None,
    lookback: Callable[[Mapping[str, Any]], int | None] = lambda _: None,
    references: tuple[str, ...] = (),
    coverage: float = 0.9,
    causal: bool = True,
    never: str = "",
) -> Callable[[Callable[..., Result]], Measure]:
    """Declare a measure.

    question    what a person would ask; the heading wherever it is shown
    of          "levels": needs only index levels, whole history; "basket": needs members and their
                fields; "pair": one basket against another; "market": one answer for the whole
                market
    needs       fields of the panel: price_return, total_return, price_index, total_index, close,
                volume, market_cap, float_cap, "fundamental:<item>" as filed; "member" where spans
                are used, "pairs" for the declared rotations and "series" for macro and factor
                series
    unit        one of ``figures.UNITS``, or statistic -> unit
    shows       "series", or the shape of the table
    bounds      values outside are a fault that conformance reports
    lookback    sessions a value needs, as a function of the parameters; None: all of history
    coverage    below this share of members with data the engine blanks the value
    never       what must not be said from a figure of this measure; stands on its card
    causal      False is stamped on every figure and refused by the backtest
    """

    def declare(function: Callable[..., Result]) -> Measure:
        params = {
            name: p
            for name, p in inspect.signature(function, eval_str=True).parameters.items()
            if p.kind is inspect.Parameter.KEYWORD_ONLY
        }
        return Measure(
            function.__name__,
            function,
            question,
            of,
            tuple(needs),
            unit,
            shows,
            bounds,
            lookback,
            tuple(references),
            coverage,
            causal,
            params,
            inspect.getdoc(function) or "",
            never,
        )

    return declare


@cache
def discover() -> dict[str, Measure]:
    """Every measure found in this folder, by name, in alphabetical order."""
    found: dict[str, Measure] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda m: m.name):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"{__name__}.{info.name}")
        found.update({m.name: m for m in vars(module).values() if isinstance(m, Measure)})
    return dict(sorted(found.items()))


def get(name: str) -> Measure:
    """The measure of that name; ``UnknownName`` lists the nearest ones."""
    known = discover()
    if name not in known:
        raise UnknownName("measure", name, known)
    return known[name]
