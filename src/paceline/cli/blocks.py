"""Blocks of a page as text: its sentences and tables; drawings are left to the page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from paceline.cli.options import prose
from paceline.cli.tables import say_table

if TYPE_CHECKING:
    from paceline.document import Block, Part


def say_blocks(blocks: Iterable[Block], *, without: str = "") -> None:
    """The sentences and tables on stdout, in their order.

    without  tables whose title has this in it are left out
    """
    from paceline.document import Grid, Sentence

    for block in blocks:
        if isinstance(block, Sentence):
            prose(block.text)
        elif isinstance(block, Grid) and not (without and without in _text(block.title)):
            rows = [[_text(cell) for cell in row] for row in block.rows]
            say_table([_text(c) for c in block.columns], rows, _text(block.title))
            if block.note is not None and block.note.text:
                prose(block.note.text)


def _text(part: Part | None) -> str:
    return "—" if part is None else part if isinstance(part, str) else part.text
