"""Page one as text: lines for a terminal of 80 columns, and Markdown to paste."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.text import Text

from paceline.document import Document, FirstPage, Grid, Part, Sentence, Tile, figure_of
from paceline.doors import visible
from paceline.figures import Figure
from paceline.report.page.provenance import origin_of
from paceline.report.styled import cell, prose
from paceline.report.tables import words
from paceline.writing import write_text

#: Columns of a terminal, and what a cell of years goes without where a line has no room for it.
COLUMNS, ONLY = 80, "only "
#: Columns of a part of its line: a name, a value with its percentile, a word, a theme.
NAME, PAIR, PLAIN, THEME, WORD = 24, 10, 9, 17, 9
#: What stands beside a return, and the headings of the themes' last columns.
PERCENTILE = "Beside each return: its percentile among all windows as long since that year."
LEADER = "                                since   sessions  base rate"
#: What Markdown, or the HTML within it, would take for its own.
_MARKS = re.compile(r"([\\`*_\[\]<>|#~])")


def lines(document: Document) -> Iterator[Text]:
    """Page one in lines of 80 columns; sentences are as long as they are."""
    page = document.page_one
    assert page is not None
    for sentence in document.headline:
        yield prose(sentence)
    yield from _board(page.returns)
    if any(_known(row[at]) for row in page.returns.rows for at in page.returns.beneath):
        yield Text(PERCENTILE, style="dim")
    yield from _board(page.state)
    if page.tiles:
        head = Text("Themes: word, leader", style="bold")
        yield head.append(LEADER, style="dim")
        yield from map(_theme, page.tiles)
    for sentence in page.changed:
        yield prose(sentence)


def _board(grid: Grid) -> Iterator[Text]:
    """Heading and rows of one table; a column that stands beneath another stands beside it."""
    shown = [at for at in range(1, len(grid.columns)) if at not in grid.beneath]
    columns = Text()
    for at in shown:
        name = words(grid.columns[at]).replace("Year to date", "Year").replace("Percentile", "Pct.")
        if at == shown[-1]:
            columns.append(f" {name}")
        elif at + 1 in grid.beneath:  # above its value, where it is short enough
            columns.append(f"{name + ' ' * min(3, PAIR - 1 - len(name)):>{PAIR}}")
        else:
            columns.append(f"{name:>{PLAIN}}")
    room = NAME + len(columns.plain) - len(columns.plain.lstrip()) - 1
    title = f"{_cut(words(grid.title), room):{NAME}}"
    yield Text(title, style="bold").append(columns.plain[len(title) - NAME :], style="dim")
    for row in grid.rows:
        line = Text(f"{_cut(visible(words(row[0] or '')), NAME):{NAME}}")
        told = [row[at] for at in shown[:-1]]
        if not any(map(_known, told)):  # a reason instead of numbers
            yield line.append(" ").append(cell(row[-1]) if row[-1] else "")
            continue
        for at in shown[:-1]:
            if at + 1 in grid.beneath:
                line.append_text(_right(row[at], PAIR - 3)).append_text(_right(row[at + 1], 3))
            else:
                line.append_text(_right(row[at], PLAIN))
        since = cell(row[-1]) if row[-1] else Text("")
        if line.cell_len + since.cell_len >= COLUMNS:
            since = Text(since.plain.removeprefix(ONLY))
        yield line.append(" ").append_text(since)


def _known(part: Part | None) -> bool:
    """Whether a cell is a figure that has a value."""
    figure = figure_of(part)
    return figure is not None and figure.value is not None


def _right(part: Part | None, width: int) -> Text:
    """A cell at the right end of its column; a percent sign stands in the heading's words."""
    text = cell(part)
    if isinstance(part, Figure) and part.unit == "return":
        text.right_crop(1)
    return Text(" " * max(width - text.cell_len, 0)).append_text(text)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _theme(tile: Tile) -> Text:
    word = tile.word.text if tile.word else "no word"
    line = Text(f"{_cut(visible(words(tile.title)), THEME):{THEME}} {word:{WORD}}")
    if tile.leader is None:
        return line.append_text(prose(tile.said[0]) if tile.said else Text(""))
    line.append(f"{_cut(visible(tile.leader.text), 24):24} {tile.since}")
    line.append_text(_right(tile.sessions, 6)).append_text(_right(tile.chance, 7))
    return line


# ---- Markdown ------------------------------------------------------------------------------------


def write_markdown(document: Document, path: str | Path) -> Path:
    """``markdown`` as a file, written in one piece."""
    return write_text(path, markdown(document))


def markdown(document: Document) -> str:
    """Page one as Markdown to paste, its source in the last line.

    Names are escaped, so that nothing in them is taken for a mark or a link.
    """
    page, origin = document.page_one, origin_of(document)
    stamp = ", SIMULATED" if document.simulated else ""
    parts = [f"## {_plain(document.title)}, as of {document.as_of}{stamp}"]
    if document.notice:
        parts.append(f"**{_plain(document.notice)}**")
    parts += [_said(s) for s in document.headline]
    if page is not None:
        parts += [_table(page.returns), _table(page.state), _themes(page)]
        parts.append("\n".join(f"- {_said(s)}" for s in page.changed))
    figures = () if page is None else [f for f in map(figure_of, _all(page)) if f is not None]
    parts.append(f"*{_plain(origin.line(figures))}*")
    return "\n\n".join(filter(None, parts)) + "\n"


def _all(page: FirstPage) -> Iterator[Part | None]:
    for row in page.returns.rows:
        yield from row


def _table(grid: Grid) -> str:
    shown = [at for at in range(len(grid.columns)) if at not in grid.beneath]
    head = [words(grid.title), *(words(grid.columns[at]) for at in shown[1:])]
    rows = [[_cell(row, at, grid) for at in shown] for row in grid.rows]
    note = f"\n\n{_said(grid.note)}" if grid.note else ""
    return _grid(head, rows) + note if rows else note.strip()


def _cell(row: Sequence[Part | None], at: int, grid: Grid) -> str:
    """A cell, with the one that stands beneath it in brackets."""
    under = row[at + 1] if at + 1 in grid.beneath else None
    text = "" if row[at] is None else words(row[at] or "")
    return f"{text} ({words(under)})" if under is not None else text


def _themes(page: FirstPage) -> str:
    rows = [
        [words(t.title), t.word.text if t.word else "", " ".join(s.text for s in t.said)]
        for t in page.tiles
    ]
    note = f"\n\n{_said(page.tiles_note)}" if page.tiles_note else ""
    return _grid(["Theme", "Word", "Who leads"], rows) + note if rows else note.strip()


def _grid(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    marks = ["---", *["---:"] * (len(head) - 1)] if len(head) > 3 else ["---"] * len(head)
    made = [[*map(_plain, line)] for line in (head, *rows)]
    made.insert(1, marks)
    return "\n".join("| " + " | ".join(line) + " |" for line in made)


def _said(sentence: Sentence) -> str:
    return _plain(sentence.text)


def _plain(text: str) -> str:
    return _MARKS.sub(r"\\\1", visible(text).replace("\n", " "))
