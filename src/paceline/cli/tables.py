"""Tables of plain text that fit the terminal: words are wrapped, no number and no word is cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from paceline.cli.options import console, prose, say
from paceline.doors import visible

if TYPE_CHECKING:
    from rich.table import Table

#: Characters between two columns; entries up to this long are not broken.
GAP, SHORT = 3, 12


def say_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = "", keys: int = 1
) -> None:
    """A table on stdout, as wide as the terminal at most; without rows a line that says so.

    Columns without any entry are left out. What does not fit beside the rest follows below, in a
    table of its own.

    keys  leading columns that tell the rows apart: they stand in each of these tables
    """
    if not rows:
        say(f"{title}: none." if title else "None.")
        return
    used = [i for i, name in enumerate(columns) if i < keys or any(row[i] for row in rows)]
    cells = [[visible(text) for text in (columns[i], *(row[i] for row in rows))] for i in used]
    screen = console()
    width = screen.width - 1  # rich 13 pads a column by one more than later ones
    if title:
        prose(title)
    for part in _parts(cells, keys, width):
        screen.print(_table(part, width))
        screen.print()


def _parts(cells: list[list[str]], keys: int, width: int) -> list[list[list[str]]]:
    """The columns in as many tables as the width asks for, each with the first ``keys``."""
    head, parts = cells[:keys], [list(cells[:keys])]
    for column in cells[keys:]:
        if len(parts[-1]) > keys and _needed([*parts[-1], column]) > width:
            parts.append([*head])
        parts[-1].append(column)
    return parts


def _needed(cells: list[list[str]]) -> int:
    return sum(map(_longest, cells)) + GAP * (len(cells) - 1)


def _longest(column: list[str]) -> int:
    """Width of the longest part of a column that stays on one line: a word, or a short entry."""
    from rich.cells import cell_len

    words = [word for text in column for word in text.split()]
    short = [text for text in column[1:] if cell_len(text) <= SHORT and "\n" not in text]
    return max(map(cell_len, [*words, *short]), default=1)


def _widths(cells: list[list[str]], width: int) -> list[int]:
    """Each column its longest word, then more for the one with most lines while there is room."""
    from rich.cells import cell_len

    lines = [[line for text in column for line in text.split("\n")] for column in cells]
    whole = [max(map(cell_len, own)) for own in lines]
    widths = list(map(_longest, cells))
    for _ in range(width - _needed(cells)):
        at = max(range(len(cells)), key=lambda i: whole[i] / widths[i])
        if widths[at] >= whole[at]:
            break
        widths[at] += 1
    return widths


def _table(cells: list[list[str]], width: int) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column, own in zip(cells, _widths(cells, width), strict=True):
        table.add_column(Text(column[0]), width=own, overflow="fold")
    for row in zip(*(column[1:] for column in cells), strict=True):
        table.add_row(*map(Text, row))
    return table
