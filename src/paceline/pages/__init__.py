"""PLUG-IN: one file = one section of the report. A page arranges figures and computes nothing.

    @page(place=50)
    def breadth(ask: Answers) -> Section | None: ...

The function asks for figures by name and puts them into sentences, grids and charts; it returns
None where this market has nothing to show, or several sections where a market file declares several
(one a group). Its name is the name of the section in ``[report] sections``; the place orders the
report. No page imports NumPy: what must be worked out is a study's.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from paceline import measures, plugins
from paceline.document import Section
from paceline.errors import MarketFileError, UnknownName

if TYPE_CHECKING:
    from paceline.studies.answers import Answers

Build = Callable[["Answers"], "Section | Sequence[Section] | None"]


@dataclass(frozen=True)
class Page:
    """A declared page: ``build`` makes its sections from the answers of one market.

    asked  built only in a whole report, or where ``[report] sections`` names it
    """

    name: str
    place: int
    build: Build
    asked: bool = False


def page(*, place: int, asked: bool = False) -> Callable[[Build], Page]:
    """Declare a page; ``place`` orders the report, lowest first, pages of one place by name.

    asked  for what most readers do not look for every day: see ``Page``
    """

    def declare(build: Build) -> Page:
        return Page(build.__name__, place, build, asked)

    return declare


@cache
def _own() -> dict[str, Page]:
    """The pages of this folder."""
    found: list[Page] = []
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        found += [p for p in vars(module).values() if isinstance(p, Page)]
    return {p.name: p for p in found}


@cache
def discover(plugged: tuple[plugins.Plugin, ...] = ()) -> dict[str, Page]:
    """Every page of this folder, of installed packages and of ``plugged`` files, in reading order.

    Raises ``PluginError`` where two have one name.
    """
    further = (*plugins.installed("pages"), *plugged)
    found = plugins.collect("page", _own(), further, Page, lambda p: p.build)
    return {p.name: p for p in sorted(found.values(), key=lambda p: (p.place, p.name))}


def plan(ask: Answers, whole: bool = False) -> list[tuple[str, Build]]:
    """Name and builder of every page of one report, in reading order.

    whole  with the pages that are built only when asked for
    """
    _check(ask)
    named = ask.market.file.report.sections
    several = {name.split("_")[0] for name in named}
    return [
        (p.name, p.build)
        for p in discover(ask.market.plugins).values()
        if p.name in several or (wanted(ask, p.name) and (named or whole or not p.asked))
    ]


def _check(ask: Answers) -> None:
    """Raise ``MarketFileError`` for a section of the market file that no page or measure has."""
    market = ask.market
    pages = discover(market.plugins)
    known = {*pages, *(p.split("_")[0] for p in pages), *(f"league_{g}" for g in market.groups)}
    known |= {m.section for m in measures.discover(market.plugins).values() if m.section}
    further = {name for name in pages if name not in _own()}  # may make several sections each
    for name in market.file.report.sections:
        if name not in known and name.split("_")[0] not in further:
            error = UnknownName("section", name, known)
            raise MarketFileError(f"{market.path}: report.sections: {error.message}", error.remedy)


def wanted(ask: Answers, section: str) -> bool:
    """Whether ``[report] sections`` names a section, in full or by its first word; empty: all."""
    named = ask.market.file.report.sections
    return not named or section in named or section.split("_")[0] in named


def sections(
    ask: Answers, say: Callable[[str, float], None] | None = None, *, whole: bool = False
) -> Iterator[Section]:
    """The sections of a report in reading order, with what plug-ins add to them.

    say    is told the name of the next page and the share of pages that are done
    whole  with the pages that are built only when asked for
    Raises ``PluginError`` for a page from outside that fails or returns something else.
    """
    from paceline.pages.plugged import Further

    todo, further = plan(ask, whole), Further(ask)
    for number, (name, build) in enumerate(todo):
        if say is not None:
            say(name.replace("_", " "), number / len(todo))
        yield from further.beside(name, built(build, ask))
    yield from further.rest()


def built(build: Build, ask: Answers) -> tuple[Section, ...]:
    """The sections that a page makes; ``PluginError`` where one from outside does not do so."""
    with plugins.running(build, "the page failed"):
        made = build(ask)
    several = [made] if isinstance(made, Section) else made or []
    if plugins.outside(build) and not (
        isinstance(several, (list, tuple)) and all(isinstance(one, Section) for one in several)
    ):
        plugins.refuse(build, "the page", "it must return a Section, a list of them, or None")
    return tuple(several)
