"""The checks of a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from paceline.conformance._faults import judge
from paceline.document import Chart, Document, Grid, Part, Section, Sentence
from paceline.pages import Page, built
from paceline.report import render
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.studies.answers import Answers


def check_page(page: Page, ask: Answers) -> None:
    """Raise ``ConformanceError`` unless a page keeps its contract on this market.

    Built twice its sections are the same; every section has a name, a title and a question; no
    digit stands outside a figure, a label or the data of a series; the rows of a grid are as wide
    as its head; and the report can show it.
    """
    made = built(page.build, ask)
    faults = [] if built(page.build, ask) == made else ["not pure: built twice, it differs"]
    for section in made:
        faults += [f"section {section.name}: {text}" for text in _section(section)]
    if not faults and made:
        market = ask.market
        document = Document(market.title, market.name, market.as_of, True, (), made)
        render(document)
    judge(page.name, faults)


def _section(section: Section) -> Iterator[str]:
    for what in ("name", "title", "question"):
        if not getattr(section, what).strip():
            yield f"it has no {what}"
    yield from _loose("the title and question", (section.title, section.question))
    for block in section.blocks:
        if isinstance(block, Sentence):
            yield from _loose("a sentence", block.parts)
        elif isinstance(block, Grid):
            yield from _grid(block)
        elif isinstance(block, Chart):
            yield from _loose("the title of a chart", (block.title,))
        else:
            yield f"a block is {type(block).__name__}, not a Sentence, Grid or Chart"


def _grid(grid: Grid) -> Iterator[str]:
    yield from _loose("the head of a grid", (grid.title, *grid.columns))
    for row in grid.rows:
        yield from _loose("a cell of a grid", row)
        if len(row) != len(grid.columns):
            heads = number_of(len(grid.columns), "head")
            yield f"a row of a grid has {number_of(len(row), 'cell')} under {heads}"


def _loose(where: str, parts: Iterable[Part | None]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str) and any(c.isdigit() for c in part):
            yield f"{where} holds digits in plain words, {part!r}: use a Figure or a Label"
        elif part is not None and not isinstance(part, Part):
            yield f"{where} holds {type(part).__name__}, not words, a Label or a Figure"
