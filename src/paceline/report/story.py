"""A story as one HTML page whose numbers open to their lineage, and as a Word document."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment

from paceline.document import Document, figure_of
from paceline.errors import UsageError
from paceline.report import templating
from paceline.report.page import embedded, packed
from paceline.report.page.cards import cards_of
from paceline.report.page.elements import label, prose
from paceline.report.page.provenance import origin_of
from paceline.write.plain import STAMP
from paceline.writing import replacing

if TYPE_CHECKING:
    from paceline.write import Story


def render(story: Story, document: Document) -> str:
    """The page as text; everything from the market file and the phrases is escaped.

    document  the story's figures with what makes them again: ``record.story``
    """
    origin = origin_of(document)
    return (
        _environment()
        .get_template("story.html")
        .render(
            document=document,
            title=prose(story.title.sentence),
            plain_title=story.title.sentence.text,
            dated=story.dated.text,
            paragraphs=[
                {"heading": p.heading, "sentences": [prose(one.sentence) for one in p.sentences]}
                for p in story.paragraphs
            ],
            headings=story.style.headings,
            bullets=story.style.bullets,
            credit=credit(story, document),
            cards=embedded(cards_of(document, origin)),
            drawings=embedded({}),
            label=label,
        )
    )


def credit(story: Story, document: Document) -> str:
    """Where the figures come from, in a line."""
    parts = [p for one in story.told for p in one.sentence.parts]
    return origin_of(document).line(f for f in map(figure_of, parts) if f is not None)


@cache
def _environment() -> Environment:
    environment = templating.environment()
    environment.globals |= {
        "style": templating.verbatim("style.css") + templating.verbatim("story.css"),
        "script": templating.verbatim("page.js"),
        "drawing": packed(""),  # a story has no drawings
    }
    return environment


def write_docx(story: Story, document: Document, path: str | Path) -> Path:
    """The story as a Word document; raises ``UsageError`` where python-docx is not installed."""
    try:
        import docx
    except ImportError:
        raise UsageError(
            "a Word document needs the package python-docx, which is not installed.",
            "Run: pip install 'paceline[docx]', or take --format html.",
        ) from None
    made = docx.Document()
    made.core_properties.title = story.title.sentence.text
    made.core_properties.author = "Paceline"
    made.add_heading(_clean(story.title.sentence.text), level=1)
    if story.simulated:
        made.add_paragraph(STAMP).runs[0].bold = True
    made.add_paragraph(story.dated.text)
    for paragraph in story.paragraphs:
        said = [_clean(one.sentence.text) for one in paragraph.sentences]
        if story.style.headings:
            made.add_heading(_clean(paragraph.heading), level=2)
        if story.style.bullets:
            for sentence in said:
                made.add_paragraph(sentence, style="List Bullet")
        else:
            made.add_paragraph(" ".join(said))
    made.add_paragraph(_clean(credit(story, document))).runs[0].italic = True
    path = Path(path)
    with replacing(path) as draft:
        made.save(str(draft))
    return path


def _clean(text: str) -> str:
    """Text that XML can hold."""
    return "".join(c if c.isprintable() else " " for c in text)
