"""A document as one self-contained HTML file: no network, Plotly embedded once, compressed.

Digits stand only inside ``data-figure`` and ``data-label`` elements and in chart data whose series
carry figure ids. Everything that comes from data is escaped: text by Jinja, names inside drawings
by ``charts``; what the script reads (drawings, cards, the library) lies compressed in base64.
"""

from __future__ import annotations

import base64
import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment

from paceline.document import Document
from paceline.report import templating
from paceline.report.page.cards import cards_of
from paceline.report.page.caveats import caveats_of
from paceline.report.page.elements import label, prose
from paceline.report.page.first import first_of
from paceline.report.page.provenance import counted, entries, origin_of, publishers, sources_of
from paceline.report.page.sections import section_of
from paceline.writing import write_text

__all__ = ["embedded", "library", "packed", "publishers", "render", "write"]


def render(document: Document, *, whole: bool = False, drawing: str = "") -> str:
    """The page as text; the same document gives the same text.

    whole    fold nothing: every chart and table open on the screen and on paper
    drawing  what ``library`` gives, from where it is kept; default: packed now
    """
    drawings: dict[str, Any] = {}
    caveats = caveats_of(document)
    origin = origin_of(document)
    sections = [section_of(s, drawings, caveats, origin, whole=whole) for s in document.sections]
    return (
        _environment()
        .get_template("page.html")
        .render(
            document=document,
            headline=[prose(s) for s in document.headline],
            first=first_of(document.page_one),
            sections=sections,
            caveats=[
                (letter, label(text), caveats.alike[letter])
                for letter, text in caveats.shown.items()
            ],
            provenance=entries(document.manifest),
            sources=sources_of(document.manifest),
            named=counted(document.manifest),
            command=document.manifest.get("command", ""),
            where=document.manifest.get("where", ""),
            cards=embedded(cards_of(document, origin)),
            drawings=embedded(drawings),
            label=label,
            whole=whole,
            drawing=drawing or library(),
        )
    )


def write(document: Document, path: str | Path, *, whole: bool = False, drawing: str = "") -> Path:
    """Render and write in one piece; ``StoreError`` names a path that cannot be written."""
    return write_text(path, render(document, whole=whole, drawing=drawing))


@cache
def _environment() -> Environment:
    environment = templating.environment()
    environment.globals |= {
        "style": templating.verbatim("style.css") + templating.verbatim("first.css"),
        "script": templating.verbatim("page.js"),
    }
    return environment


@cache
def library() -> str:
    """The drawing library as it stands in a page, 1.9 MB instead of 4.8."""
    from plotly.offline import get_plotlyjs

    return packed(get_plotlyjs())


def packed(text: str) -> str:
    """What the page's script unpacks: gzip in base64, whose letters cannot end the element."""
    # level 6 is a third faster than 9, and 0.2% larger
    return base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode("ascii")


def embedded(value: object) -> str:
    """JSON for the page's script."""
    return packed(json.dumps(value, separators=(",", ":"), allow_nan=False))
