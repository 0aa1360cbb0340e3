"""Parts of a document as text of a terminal: figures bold, the direction of a return by colour."""

from __future__ import annotations

from rich.text import Text

from paceline.document import Part, Sentence, figure_of
from paceline.doors import visible
from paceline.figures import SIGNED, Figure
from paceline.report.tables import words


def _styled(figure: Figure, text: str) -> Text:
    if figure.unit not in SIGNED or not isinstance(figure.value, (int, float)):
        return Text(text, style="bold")
    return Text(text, style="bold blue" if figure.value >= 0 else "bold dark_orange3")


def prose(sentence: Sentence) -> Text:
    """A sentence."""
    text = Text()
    for part in sentence.parts:
        text.append(cell(part))
    return text


def cell(part: Part | None) -> Text:
    """A part of a sentence, or a cell; a dash for nothing."""
    if part is None:
        return Text("—", style="dim")
    figure = figure_of(part)
    shown = visible(words(part))
    return Text(shown) if figure is None else _styled(figure, shown)
