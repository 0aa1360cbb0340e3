"""PLUG-IN: one file = one measure. A measure is a pure function from a ``View`` to a ``Result``.

    @measure(
        question="Is the advance shared, or carried by a few?",
        of="basket",
        needs=("price_index", "member"),
        unit="fraction",
        shows="series",
        bounds=(0, 1),
        lookback=lambda p: p["window"],
        references=(...),
    )
    def percent_above_average(view: View, *, window: int = 200) -> Result: ...

The function is called once for all its subjects. Keyword parameters become command-line options,
controls and ``market.toml`` keys; the docstring becomes the docs page and the report's note; the
question is the heading. The engine, not the measure, blanks values below coverage, numbers the
figures and names the caveats.
"""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from paceline import arguments, plugins
from paceline.arrays import COVERAGE, Array, Bools, Dates, Span
from paceline.errors import MarketFileError, UnknownName, UsageError
from paceline.measures import _settings
from paceline.signals.view import View

if TYPE_CHECKING:
    import polars as pl

    from paceline.config import MarketFile

__all__ = [
    "ALIASES",
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
    "settings",
]

#: Former name of a measure -> its name, understood until the next release.
ALIASES = {"above_average": "percent_above_average"}

Of = Literal["levels", "basket", "pair", "market"]
Shows = Literal["series", "table", "ranking", "events", "heat"]


@dataclass(frozen=True)
class Result:
    """What a measure returns: series, or a tidy table.

    value       (S, T) or {statistic: (S, T)}; NaN where not computable
    n_used      (S, T) members with valid data, n_eligible: members there are (None where neither
                applies)
    table       for shows other than "series": columns subject, against, statistic, start, end,
                value, n_used, n_eligible and any further ones; one row is one figure. Further
                columns go into the output as they are; a column ``unit`` or ``basis``
                overrides the declared one, and ``caveat`` says what weakens one row.
    reasons     {statistic: ((why, (S, T)), ...)}: why values of a series are missing, and where;
                the first that holds is said, where history and members are enough
    """

    value: Array | Mapping[str, Array] | None = None
    n_used: Array | None = None
    n_eligible: Array | None = None
    table: pl.DataFrame | None = None
    reasons: Mapping[str, Sequence[tuple[str, Bools]]] = field(default_factory=dict)


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
    section: str = ""
    annualised: tuple[str, ...] = ()
    limits: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    shorter: Callable[[Mapping[str, Any]], Mapping[str, int]] = lambda _: {}
    on_level: bool = False

    @property
    def module(self) -> str:
        """Name of the module the measure is defined in."""
        return self.function.__module__

    def unit_of(self, statistic: str) -> str:
        """Unit of one statistic."""
        return self.unit if isinstance(self.unit, str) else self.unit.get(statistic, "")

    def defaults(self) -> dict[str, Any]:
        """The keyword parameters by name, with their defaults."""
        return {name: p.default for name, p in self.params.items()}

    def notes(self) -> dict[str, str]:
        """What the docstring says of each parameter: "name  text", continued by deeper lines."""
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

    def check(self, settings: Mapping[str, Any]) -> None:
        """Raise where a parameter does not exist (``UnknownName``) or cannot have its value.

        The latter is a ``UsageError`` naming measure, parameter, what was found and what is
        accepted: a wrong type, a number that is not finite or outside its limits.
        """
        for name, value in settings.items():
            if name not in self.params:
                raise UnknownName(f"parameter of {self.name}", name, self.params)
            if fault := _settings.fault(self, name, value):
                shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:57] + "..."
                raise UsageError(
                    f"{self.name}: {name} = {shown} {fault}.",
                    _settings.example(self.params, name)
                    or f"`paceline show {self.name} --help` explains it.",
                )

    def __call__(self, view: View, **params: Any) -> Result:
        """The result on a view; ``UnknownName`` for a parameter that the measure does not have."""
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
    coverage: float = COVERAGE,
    causal: bool = True,
    never: str = "",
    section: str = "",
    annualised: tuple[str, ...] = (),
    limits: Mapping[str, tuple[float, float]] | None = None,
    shorter: Callable[[Mapping[str, Any]], Mapping[str, int]] = lambda _: {},
    on_level: bool = False,
) -> Callable[[Callable[..., Result]], Measure]:
    """Declare a measure.

    question    what a person would ask; the heading wherever it is shown
    of          "levels": needs only index levels, whole history; "basket": needs members and their
                fields; "pair": one basket against another; "market": one answer for the whole
                market
    needs       fields of the panel: price_return, total_return, price_index, total_index, close,
                volume, market_cap (or else close times shares), float_cap, "fundamental:<item>" as
                filed; "member" where spans are used, "pairs" for the declared rotations and
                "series" for macro and factor series
    unit        one of ``figures.UNITS``, or statistic -> unit
    shows       "series", or the shape of the table
    bounds      values outside are a fault that conformance reports
    lookback    sessions a value needs, as a function of the parameters; None: all of history
    shorter     statistic of a series -> sessions it needs, where they are fewer than ``lookback``
    on_level    values of a basket's members rest on its own level as well, as far as they look back
    coverage    below this share of members with data the engine blanks the value
    never       what must not be said from a figure of this measure; stands on its card
    section     section of the report in which a plug-in's measure is shown, e.g. "breadth"; of a
                name that no page has, a section of its own
    annualised  statistics that are rates per year: their figures say how many sessions that is
    limits      parameter -> (least, greatest) of its numbers; without it a whole number counts
                something, from 1 to 100,000
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
            section,
            tuple(annualised),
            limits or {},
            shorter,
            on_level,
        )

    return declare


@cache
def _own() -> dict[str, Measure]:
    """The measures of this folder."""
    found: dict[str, Measure] = {}
    for info in pkgutil.iter_modules(__path__):
        if not info.name.startswith("_"):
            module = importlib.import_module(f"{__name__}.{info.name}")
            found.update({m.name: m for m in vars(module).values() if isinstance(m, Measure)})
    return found


@cache
def discover(plugged: tuple[plugins.Plugin, ...] = ()) -> dict[str, Measure]:
    """Every measure of this folder, of installed packages and of ``plugged`` files, by name.

    In alphabetical order. Raises ``PluginError`` where two have one name.
    """
    further = (*plugins.installed("measures"), *plugged)
    found = plugins.collect("measure", _own(), further, Measure, lambda m: m.function)
    return dict(sorted(found.items()))


def get(name: str, plugged: tuple[plugins.Plugin, ...] = ()) -> Measure:
    """The measure of that name, or former name; ``UnknownName`` lists the nearest ones."""
    known = discover(plugged)
    if arguments.name(name, "measure") not in known:
        name = ALIASES.get(name, name)
    if name not in known:
        raise UnknownName("measure", name, known)
    return known[name]


def settings(
    file: MarketFile, path: str, plugged: tuple[plugins.Plugin, ...] | None = None
) -> dict[str, dict[str, Any]]:
    """What a market file sets for its measures, by their names of today, each as it is declared.

    path     what messages call the market file
    plugged  its plug-in files; None: they are not loaded yet, and what is set for a measure that
             may be theirs passes as it stands

    Raises ``MarketFileError`` for a measure or a parameter that does not exist, for a value that
    the parameter cannot take, and for a measure that is named twice, by a former name as well.
    """
    known = discover(plugged or ())
    taken: dict[str, dict[str, Any]] = {}
    for given, table in file.measures.items():
        name = given if given in known else ALIASES.get(given, given)
        if name in taken:
            former = next(old for old in file.measures if ALIASES.get(old) == name)
            raise MarketFileError(
                f"{path}: measures.{former} and measures.{name} are the same measure.",
                f"Keep measures.{name}: {former!r} is its former name.",
            )
        if name in known:
            taken[name] = {
                key: _value(known[name], key, value, f"{path}: measures.{given}")
                for key, value in table.items()
            }
        elif plugged is None and file.plugins:
            taken[name] = table
        else:
            error = UnknownName("measure", given, known)
            raise MarketFileError(f"{path}: measures.{given}: {error.message}", error.remedy)
    shown = tuple(dict.fromkeys(file.report.page_one.macro.values()))
    if shown:  # the series of page one are those of the measure, unless it names its own
        taken.setdefault("macro", {}).setdefault("series", shown)
    return taken


def _value(measure: Measure, key: str, value: object, where: str) -> object:
    """The value as the measure's parameter takes it."""
    from pydantic import TypeAdapter, ValidationError

    if key not in measure.params:
        error = UnknownName(f"parameter of {measure.name}", key, measure.params)
        raise MarketFileError(f"{where}.{key}: {error.message}", error.remedy)
    given = value.isoformat() if isinstance(value, dt.date) else value
    if isinstance(given, bool) and "bool" not in str(measure.params[key].annotation):
        raise MarketFileError(
            f"{where}.{key}: true and false are no values of this parameter.", f"Found {given!r}."
        )
    try:
        taken = TypeAdapter(measure.params[key].annotation).validate_python(given)
        measure.check({key: taken})
    except UsageError as error:
        raise MarketFileError(f"{where}.{key}: {error.message}", error.remedy) from None
    except ValidationError as error:
        raise MarketFileError(
            f"{where}.{key}: {error.errors()[0]['msg']}.", f"Found {given!r}."
        ) from None
    return taken
