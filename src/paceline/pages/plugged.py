"""The measures of plug-ins in the report: behind the page whose name they give, or on their own.

Whatever the measure, what is shown is the same: its question, a line chart where it has a history,
and a grid of its figures for the market's baskets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from paceline import measures
from paceline.document import Block, Chart, Grid, Label, Part, Section, Sentence
from paceline.market.commands import line
from paceline.pages import wanted

if TYPE_CHECKING:
    from paceline.figures import Figure
    from paceline.market import Market
    from paceline.measures import Measure
    from paceline.studies.answers import Answers

#: Sessions that a chart shows, and its most lines: more cannot be told apart.
DRAWN, LINES = 504, 8
#: Rows that a grid shows of a measure that answers with more.
ROWS = 40
#: Title of a section whose name or question holds digits, which a title may not.
TITLE = "Further measures"


class Further:
    """What the measures of one market's plug-ins add to its report."""

    def __init__(self, ask: Answers) -> None:
        self._ask = ask
        self._left: dict[str, list[Measure]] = {}
        for measure in measures.discover(ask.market.plugins).values():
            if measure.section:
                self._left.setdefault(measure.section, []).append(measure)

    def beside(self, page: str, made: Sequence[Section]) -> Iterator[Section]:
        """The sections of a page; the last of them with the measures that name it, or the page."""
        for number, section in enumerate(made, start=1):
            names = {section.name} | ({page} if number == len(made) else set())
            more = [
                b for n in sorted(names) for m in self._left.pop(n, ()) for b in self._blocks(m)
            ]
            yield replace(section, blocks=(*section.blocks, *more), further=tuple(more))

    def rest(self) -> Iterator[Section]:
        """A section for each name that no page has; its question is that of its first measure."""
        for name, declared in self._left.items():
            blocks = tuple(b for m in declared for b in self._blocks(m))
            if blocks and wanted(self._ask, name):
                question = declared[0].question
                title = name.replace("_", " ").capitalize()
                digits = any(c.isdigit() for c in title + question)
                heads = (TITLE, TITLE) if digits else (title, question)
                yield Section(name, *heads, blocks, further=blocks)

    def _blocks(self, measure: Measure) -> list[Block]:
        """The question, the chart and the grid of a measure; nothing where it has no figure."""
        figures = [f for f in self._ask.rows(measure.name) if f.value is not None]
        if measure.shows == "series":
            grid = self._by_statistic(measure, figures)
            return [_sentence(measure), *self._lines(measure, figures), grid] if figures else []
        return [_sentence(measure), self._by_row(measure, figures)] if figures else []

    def _lines(self, measure: Measure, figures: Sequence[Figure]) -> Iterator[Chart]:
        """The history of the measure's first statistic."""
        statistic = figures[0].statistic
        names = list(dict.fromkeys(self._line(f) for f in figures))[:LINES]
        series = self._ask.series(measure.name, names, statistic, DRAWN)
        if series:
            title = Label(_words(statistic) or measure.question)
            yield Chart("line", title, tuple(series), measure.unit_of(statistic))

    def _line(self, figure: Figure) -> str:
        """The name of a figure's line: its basket, or the rotation of its two legs."""
        for name, rotation in self._ask.market.file.rotations.items():
            if (rotation.lead, rotation.against) == (figure.subject, figure.against):
                return rotation.label or name.replace("_", " ")
        return figure.subject

    def _by_statistic(self, measure: Measure, figures: Sequence[Figure]) -> Grid:
        """One row a basket or pair, one column a statistic."""
        statistics = list(dict.fromkeys(f.statistic for f in figures))
        rows: dict[tuple[str, str | None], dict[str, Figure]] = {}
        for f in figures:
            rows.setdefault((f.subject, f.against), {})[f.statistic] = f
        pairs = any(against for _, against in rows)
        heads: list[str | Label] = [Label(_words(s) or "Value") for s in statistics]
        cells = tuple(
            (*self._names(subject, against, pairs), *(found.get(s) for s in statistics))
            for (subject, against), found in rows.items()
        )
        return _grid(self._ask.market, measure, (*_legs(pairs), *heads), cells)

    def _by_row(self, measure: Measure, figures: Sequence[Figure]) -> Grid:
        """One row a figure, with its window."""
        pairs = any(f.against for f in figures)
        columns = (*_legs(pairs), "Statistic", "From", "To", "Value")
        cells: list[tuple[Part | None, ...]] = []
        for f in figures:
            told = (_words(f.statistic), f.start or "", f.end or "")
            cells.append((*self._names(f.subject, f.against, pairs), *map(Label, told), f))
        return _grid(self._ask.market, measure, columns, tuple(cells))

    def _names(self, subject: str, against: str | None, pairs: bool) -> tuple[Label, ...]:
        names = (subject, *([against or ""] if pairs else []))
        return tuple(self._ask.name(name) for name in names)


def _sentence(measure: Measure) -> Sentence:
    """The first line of the measure's definition, as plain text."""
    first = " ".join(measure.doc.partition("\n\n")[0].split()).replace("``", "")
    return Sentence((Label(first or measure.question),))


def _grid(
    market: Market,
    measure: Measure,
    columns: tuple[str | Label, ...],
    cells: tuple[tuple[Part | None, ...], ...],
) -> Grid:
    note = None
    if len(cells) > ROWS:
        note = Sentence(("All rows: ", Label(line(("show", measure.name), market)), "."))
    return Grid(Label(measure.question), columns, cells[:ROWS], note)


def _legs(pairs: bool) -> tuple[str, ...]:
    return ("Basket", "Against") if pairs else ("Basket",)


def _words(name: str) -> str:
    """A name of the code in words."""
    return name.replace("_", " ").capitalize()
