"""PLUG-IN: one file = one section of the report. A page arranges figures and computes nothing.

    @page(place=50)
    def breadth(ask: Answers) -> Section | None: ...

The function asks for figures by name and puts them into sentences, grids and charts; it returns None where this
market has nothing to show, or several sections where a market file declares several (one a group). Its name is the
name of the section in ``[report] sections``; the place orders the report. No page imports NumPy: what must be worked
out is a study's.
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
    from paceline.studies.answers import Book

Build = Callable[["Book"], "Section | Sequence[Section] | None"]


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
