"""Text of a page: figures that a reader can open, labels, sentences. Everything else is escaped."""

from __future__ import annotations

from markupsafe import Markup

from paceline.document import Label, Magnitude, Part, Sentence
from paceline.figures import SIGNED, Figure
from paceline.report.tables import clean

_FIGURE = Markup('<data class="fig{more}" value="{value}" data-figure="{id}">{text}</data>')
_LABEL = Markup("<span data-label>{text}</span>")


def label(text: object) -> Markup:
    """A declared name, parameter or date."""
    return _LABEL.format(text=str(text))


def typeset(text: str) -> str:
    """A number with the minus sign of print."""
    return "\N{MINUS SIGN}" + text[1:] if text.startswith("-") else text


def figure(part: Figure | Magnitude, *, bare: bool = False) -> Markup:
    """The element a reader can open; ``bare`` leaves out the percent sign of a column's header."""
    f = part.figure if isinstance(part, Magnitude) else part
    value = clean(f.value)
    below = f.unit in SIGNED and isinstance(value, (int, float)) and value < 0
    text = part.text.removesuffix("%") if bare else part.text
    if f.unit not in ("text", "date"):
        text = typeset(text)
    return _FIGURE.format(
        more=" below" if below else "",
        value="" if value is None else str(value),
        id=f.id,
        text=text,
    )


def part_of(part: Part | None, *, bare: bool = False) -> Markup:
    """A part of a sentence or a cell; a dash for nothing."""
    if part is None:
        return Markup('<span class="none">\N{EM DASH}</span>')
    if isinstance(part, (Figure, Magnitude)):
        return figure(part, bare=bare)
    return label(part.text) if isinstance(part, Label) else Markup.escape(part)


def prose(sentence: Sentence) -> Markup:
    """A sentence: its parts in reading order."""
    return Markup().join(part_of(p) for p in sentence.parts)
