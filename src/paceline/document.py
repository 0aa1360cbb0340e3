"""What a report is made of, before it is HTML, terminal text, JSON or CSV.

Digits reach a reader only inside a ``Figure``, a ``Label`` (a declared name, a parameter, a date)
or the data of a chart series that carries its figure. Plain strings in a document hold words only;
a test enforces it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from paceline.figures import Figure, show
from paceline.wording import spelled


@dataclass(frozen=True)
class Label:
    """A declared name, a parameter or a date: text that may hold digits and is no figure."""

    text: str


@dataclass(frozen=True)
class Magnitude:
    """A figure shown without its sign, where the words beside it say the direction: 7.65% below.

    It stays the figure it is: same id, same value, same card.

    digits  decimals of a percentage, as prose has them; None: those of every other place
    after   what follows the number: "%", " percent" in a text to be read out, or nothing. Read
            where ``digits`` are given
    """

    figure: Figure
    digits: int | None = None
    after: str = "%"

    @property
    def text(self) -> str:
        """The value as a person reads it, unsigned; a value that is no number as it is."""
        value, unit = self.figure.value, self.figure.unit
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return self.figure.text
        if self.digits is None or not math.isfinite(value):
            return show(abs(value), unit).removeprefix("+")
        if unit in ("sessions", "count"):
            return spelled(round(abs(value)))
        if unit in ("return", "fraction"):
            return f"{abs(value) * 100:,.{self.digits}f}{self.after}"
        if unit == "level" and value == round(value):
            return f"{value:,.0f}"
        return show(abs(value), unit)


Part = str | Label | Figure | Magnitude


def figure_of(part: Part | None) -> Figure | None:
    """The figure that a part shows, with or without its sign; None for words."""
    return (
        part.figure if isinstance(part, Magnitude) else part if isinstance(part, Figure) else None
    )


@dataclass(frozen=True)
class Sentence:
    """Words, labels and figures in reading order."""

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """The sentence as a person reads it."""
        return "".join(p if isinstance(p, str) else p.text for p in self.parts)


@dataclass(frozen=True)
class Grid:
    """A table: columns in ``bars`` are drawn as bars from zero, those in ``heat`` coloured.

    Columns in ``beneath`` stand small beneath the one before them, so that a phone has room.
    """

    title: str | Label
    columns: tuple[str | Label, ...]
    rows: tuple[tuple[Part | None, ...], ...]
    note: Sentence | None = None
    bars: tuple[int, ...] = ()
    heat: tuple[int, ...] = ()
    beneath: tuple[int, ...] = ()


@dataclass(frozen=True)
class Series:
    """One line, row of bars or row of a heat map; ``figure`` is its lineage and last value.

    ``interval`` is what an "interval" chart draws around the value; the figure's evidence says what
    it is.
    """

    name: str
    x: Sequence[Any]
    y: Sequence[float | None]
    figure: Figure
    interval: tuple[float | None, float | None] | None = None


@dataclass(frozen=True)
class Chart:
    """One drawing; ``kind`` is a shape of result, never a measure."""

    kind: Literal["line", "bar", "heat", "stacked", "scatter", "interval"]
    title: str | Label
    series: tuple[Series, ...]
    unit: str
    note: Sentence | None = None
    reference: float | None = None  # a horizontal line, e.g. 0 or 0.5
    x_title: str = ""
    y_title: str = ""
    shade: tuple[tuple[str, str], ...] = ()  # x ranges to shade, e.g. since the low


Block = Sentence | Grid | Chart


@dataclass(frozen=True)
class Section:
    """One question and its answer: a sentence, then pictures, then tables.

    further  those of the blocks that plug-ins add
    folded   on the screen only its first block stands open, and paper leaves it out
    """

    name: str
    title: str
    question: str
    blocks: tuple[Block, ...]
    further: tuple[Block, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Attribution:
    """Where figures come from, as a picture or a sentence says it that is pasted elsewhere."""

    market: str
    as_of: str
    source: str
    simulated: bool

    @property
    def template(self) -> str:
        """The line, with ``{basis}`` where the basis of the figures belongs."""
        stamp = "SIMULATED data. " if self.simulated else ""
        source = "" if self.simulated else f" Source: {self.source}."
        return f"{stamp}{self.market}, as of {self.as_of}{{basis}}.{source} Paceline."

    def line(self, figures: Iterable[Figure]) -> str:
        """The line beneath a picture or a sentence of these figures."""
        bases = [f"{b} return" for b in dict.fromkeys(f.basis for f in figures) if b]
        basis = f", {' and '.join(bases)} basis" if bases else ""
        return self.template.replace("{basis}", basis)


@dataclass(frozen=True)
class Tile:
    """One theme on page one: its small chart and what is said beneath it.

    word      its word, shown beside its name; None without one
    said      what stands beneath the chart; where room is scarce, leader, since, sessions, chance
    series    the line that is drawn, None where there is none
    since     day from which the line is drawn in the colour of the leader
    leader, sessions, chance  who leads, for how long, how likely still in a quarter; None without
    """

    title: str | Label
    word: Figure | None
    said: tuple[Sentence, ...]
    series: Series | None = None
    since: str = ""
    leader: Figure | None = None
    sessions: Figure | None = None
    chance: Figure | None = None


@dataclass(frozen=True)
class FirstPage:
    """What a reader sees in a minute, on one screen and on one sheet; see ``pages.page_one``.

    returns  one basis, every window with its percentile
    tiles    the themes; ``tiles_note`` is said of all of them
    state    breadth, rates, credit and volatility
    changed  what is new since the session before, and since the last report
    """

    returns: Grid
    tiles: tuple[Tile, ...]
    tiles_note: Sentence | None
    state: Grid
    changed: tuple[Sentence, ...]

    @property
    def section(self) -> Section:
        """The same blocks as a section, for machines: the tiles as charts."""
        drawn = tuple(
            Chart("line", t.title, (t.series,), "level", note=joined(t.said))
            for t in self.tiles
            if t.series is not None
        )
        still = tuple(s for t in self.tiles if t.series is None for s in t.said)
        note = () if self.tiles_note is None else (self.tiles_note,)
        words = tuple(
            Sentence((t.title, ": ", t.word, ".")) for t in self.tiles if t.word is not None
        )
        blocks = (*self.changed, self.returns, self.state, *words, *drawn, *still, *note)
        return Section("page_one", "Page one", "What is the market doing?", blocks)


def joined(sentences: Sequence[Sentence]) -> Sentence:
    """Several sentences as one text."""
    parts: list[Part] = []
    for sentence in sentences:
        parts += [" ", *sentence.parts] if parts else sentence.parts
    return Sentence(tuple(parts))


@dataclass(frozen=True)
class Document:
    """A whole report: its headline, its sections, and the manifest that makes it again.

    notice    what must be read before anything else: that the data are old
    page_one  the first page; None: the headline alone
    """

    title: str
    market: str
    as_of: str
    simulated: bool
    headline: tuple[Sentence, ...]
    sections: tuple[Section, ...]
    manifest: dict[str, Any] = field(default_factory=dict)
    notice: str = ""
    page_one: FirstPage | None = None

    @property
    def every(self) -> tuple[Section, ...]:
        """Page one as a section, where there is one, and all sections."""
        return (*(() if self.page_one is None else (self.page_one.section,)), *self.sections)

    def figures(self) -> Iterator[Figure]:
        """Every figure shown anywhere, in reading order, each id once."""
        seen: set[str] = set()
        for figure in self.shown():
            if figure.id not in seen:
                seen.add(figure.id)
                yield figure

    def shown(self) -> Iterator[Figure]:
        """Every figure shown anywhere, in reading order, as often as it is shown."""

        def of(parts: Sequence[Part | None]) -> Iterator[Figure]:
            yield from (f for f in map(figure_of, parts) if f is not None)

        for sentence in self.headline:
            yield from of(sentence.parts)
        for section in self.every:
            for block in section.blocks:
                if isinstance(block, Sentence):
                    yield from of(block.parts)
                    continue
                if isinstance(block, Grid):
                    for row in block.rows:
                        yield from of(row)
                else:
                    yield from (s.figure for s in block.series)
                if block.note is not None:
                    yield from of(block.note.parts)
