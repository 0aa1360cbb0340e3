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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from paceline.document import Section

if TYPE_CHECKING:
    from paceline.studies.answers import Answers

Build = Callable[["Answers"], "Section | Sequence[Section] | None"]


@dataclass(frozen=True)
class Page:
    """A declared page: ``build`` makes its sections from the answers of one market."""

    name: str
    place: int
    build: Build


def page(*, place: int) -> Callable[[Build], Page]:
    """Declare a page; ``place`` orders the report, lowest first, pages of one place by name."""

    def declare(build: Build) -> Page:
        return Page(build.__name__, place, build)

    return declare


@cache
def discover() -> dict[str, Page]:
    """Every page found in this folder, by name, in reading order."""
    found: list[Page] = []
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        found += [p for p in vars(module).values() if isinstance(p, Page)]
    return {p.name: p for p in sorted(found, key=lambda p: (p.place, p.name))}


def plan(ask: Answers) -> list[tuple[str, Build]]:
    """Name and builder of every page of one report, in reading order."""
    several = {name.split("_")[0] for name in ask.market.file.report.sections}
    return [
        (p.name, p.build) for p in discover().values() if wanted(ask, p.name) or p.name in several
    ]


def wanted(ask: Answers, section: str) -> bool:
    """Whether ``[report] sections`` names a section, in full or by its first word; empty: all."""
    named = ask.market.file.report.sections
    return not named or section in named or section.split("_")[0] in named
