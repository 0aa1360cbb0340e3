"""The checks of everything that one plug-in file offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from paceline import baskets, config, measures, pages, plugins, sources
from paceline.baskets import Weighting, weights
from paceline.conformance._basket import check_basket
from paceline.conformance._faults import ConformanceError, Fault, judge
from paceline.conformance._measure import check_measure
from paceline.conformance._page import check_page
from paceline.conformance._sample import sample
from paceline.conformance._source import check_source
from paceline.errors import PacelineError, UsageError
from paceline.market import calendar
from paceline.market.view import view_of

if TYPE_CHECKING:
    from paceline.market import Market

NO_SAMPLE = Fault(
    "no input to check it on",
    cause="define `sample(folder)`: it writes a small input into the folder and returns the keys "
    "of [sources.NAME] that read it",
)


@dataclass(frozen=True)
class CheckedItem:
    """One thing that a file offers, and its faults: none if it conforms."""

    kind: str
    name: str
    faults: tuple[Fault, ...]


def check_file(path: str | Path) -> list[CheckedItem]:
    """Check every measure, source, weighting and page of a plug-in file, on a simulated market.

    The file is run: naming it here is the permission. Raises ``PluginError`` for a file that
    cannot be loaded, and ``UsageError`` for one that offers nothing.
    """
    plugin = plugins.load(plugins.allow([path]))[0]
    own_measures, own_pages = _offered(plugin, measures.Measure), _offered(plugin, pages.Page)
    own_weightings = {f"of_{w.name}": w for w in _offered(plugin, Weighting)}
    source = sources.plugged([plugin]).get(plugin.name)
    measures.discover((plugin,))  # names that clash are refused here
    pages.discover((plugin,))
    weights.discover((plugin,))
    if not (own_measures or own_pages or own_weightings or source):
        raise UsageError(
            f"{path}: nothing to check: no measure, source, weighting or page is defined there.",
            "CONTRIBUTING.md shows a file of each kind.",
        )
    checks: list[tuple[str, str, Callable[[], None]]] = []
    with sample(path, {basket: w.name for basket, w in own_weightings.items()}) as market:
        if source:
            check = partial(_source, source.value, source.name, market)
            checks.append(("source", source.name, check))
        checks += [("measure", m.name, partial(_measure, m, market)) for m in own_measures]
        checks += [
            ("weighting", w.name, partial(_weighting, basket, market))
            for basket, w in own_weightings.items()
        ]
        checks += [("page", p.name, partial(_page, p, market)) for p in own_pages]
        return [CheckedItem(kind, name, _faults(check)) for kind, name, check in checks]


def _offered(plugin: plugins.Plugin, kind: type[plugins.T]) -> list[plugins.T]:
    """What the file itself defines of a kind; what it imports from the package is checked there."""
    found = {id(v): v for v in plugin.offers.values() if isinstance(v, kind)}
    return [v for v in found.values() if plugins.outside(_function(v))]


def _function(value: object) -> Callable[..., Any]:
    if isinstance(value, measures.Measure | Weighting):
        return value.function
    return cast("pages.Page", value).build


def _faults(check: Callable[[], None]) -> tuple[Fault, ...]:
    try:
        check()
    except ConformanceError as error:
        return error.faults
    except PacelineError as error:
        return (Fault(error.message, cause=error.remedy),)
    return ()


def _measure(measure: measures.Measure, market: Market) -> None:
    check_measure(measure, view_of(market.moment, measure)[0])


def _weighting(basket: str, market: Market) -> None:
    assert market.stocks is not None, "the demo has baskets with members"
    check_basket(lambda panel: baskets.targets(panel, market.file, [basket]), market.stocks)


def _page(page: pages.Page, market: Market) -> None:
    from paceline.studies.answers import Answers

    check_page(page, Answers(market))


def _source(module: ModuleType, name: str, market: Market) -> None:
    if not callable(getattr(module, "sample", None)):
        judge(f"source {name}", [NO_SAMPLE])
    code = market.file.market.calendar
    context = sources.Context(code, calendar.sessions(code, market.store))
    broken: ConformanceError | None = None
    with TemporaryDirectory() as home, plugins.blamed(str(module.__file__), "the source failed"):
        spec = config.Source.model_validate({"kind": name, **module.sample(Path(home))})
        try:
            check_source(cast("sources.SourcePlugin", module), name, spec, Path(home), context)
        except ConformanceError as error:  # what the checks found is told as it is
            broken = error
    if broken is not None:
        raise broken
