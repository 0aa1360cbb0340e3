"""A checked text as one self-contained page: the claims marked, the verdicts in the margin."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment

from paceline.report import templating
from paceline.writing import write_text

if TYPE_CHECKING:
    from paceline.factcheck import Checked, Verdict

#: Verdict -> how its mark looks: a sign for readers without colour, and a class.
MARKS = {
    "holds": ("✓", "good"),
    "close": ("≈", "good"),
    "differs": ("✗", "bad"),
    "holds only on reading": ("◐", "part"),
    "unclear": ("◐", "part"),
    "borderline": ("◐", "part"),
    "not checkable": ("—", "none"),
    "data missing": ("?", "none"),
}


def plain(text: str) -> str:
    """Text from outside for a terminal or a page: one line, nothing that a terminal would obey."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def write(checked: Checked, path: str | Path, title: str = "") -> Path:
    """Render and write in one piece."""
    return write_text(path, render(checked, title))


def render(checked: Checked, title: str = "") -> str:
    """The page as text; everything from the text is escaped."""
    numbered = list(enumerate(checked, 1))
    return (
        _environment()
        .get_template("factcheck.html")
        .render(
            checked=checked,
            title=title,
            paragraphs=list(_paragraphs(checked, numbered)),
            numbered=numbered,
            marks=MARKS,
            plain=plain,
            percent=lambda v: f"{v * 100:.2f}",
        )
    )


@cache
def _environment() -> Environment:
    environment = templating.environment()
    environment.globals["style"] = templating.verbatim("factcheck.css")
    return environment


def _paragraphs(
    checked: Checked, numbered: list[tuple[int, Verdict]]
) -> Iterator[tuple[list[tuple[str, list[int]]], list[tuple[int, Verdict]]]]:
    """Paragraphs: pieces of text with their claims' numbers, and the verdicts that begin there."""
    text = checked.text
    start = 0
    while start < len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop + 1
        begun = [(n, v) for n, v in numbered if start <= v.start < stop]
        cuts = sorted(
            {
                start,
                stop,
                *(
                    min(max(p, start), stop)
                    for _, v in numbered
                    if v.start < stop and v.end > start
                    for p in (v.start, v.end)
                ),
            }
        )
        pieces = []
        for a, b in pairwise(cuts):
            inside = [n for n, v in numbered if v.start <= a and v.end >= b]
            pieces.append(
                ("".join(c if c.isprintable() or c == "\n" else " " for c in text[a:b]), inside)
            )
        if text[start:stop].strip():
            yield pieces, begun
        start = stop
