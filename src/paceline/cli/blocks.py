"""Blocks of a page as text: its sentences and tables; drawings are left to the page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from paceline.cli.options import prose
from paceline.cli.tables import say_table

if TYPE_CHECKING:
    from paceline.document import Block, Grid, Part


def say_blocks(blocks: Iterable[Block], *, without: str = "") -> None:
    """The sentences and tables on stdout, in their order.

    without  tables whose title has this in it are left out
    """
    from paceline.document import Grid, Sentence

    for block in blocks:
        if isinstance(block, Sentence):
            prose(block.text)
        elif isinstance(block, Grid) and not (without and without in _text(block.title)):
            say_grid(block)


def say_grid(grid: Grid, *, keys: int = 1, missing: str = "—") -> None:
    """A table of a page on stdout, and its note.

    keys     leading columns that tell the rows apart: see ``say_table``
    missing  what stands in a cell that is none; where all of a column are "" it is left out
    """
    rows = [[_text(cell, missing) for cell in row] for row in grid.rows]
    say_table([_text(c) for c in grid.columns], rows, _text(grid.title), keys=keys)
    if grid.note is not None and grid.note.text:
        prose(grid.note.text)


def _text(part: Part | None, missing: str = "") -> str:
    return missing if part is None else part if isinstance(part, str) else part.text
