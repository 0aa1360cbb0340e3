"""A story as text, and as Markdown with notes on where each number comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from paceline.document import Sentence, figure_of
from paceline.doors import visible
from paceline.figures import Figure
from paceline.write.story import Story

#: Said first where no real market stands behind a story.
STAMP = "SIMULATED: no real security, price or company stands behind this story."
#: What Markdown, or the HTML within it, would take for its own.
_MARKS = re.compile(r"([\\`*_\[\]<>|#~])")


def text(story: Story) -> str:
    """The story as plain text, a paragraph a line."""
    blocks = [story.title.sentence.text, *([STAMP] if story.simulated else []), story.dated.text]
    for paragraph in story.paragraphs:
        said = [one.sentence.text for one in paragraph.sentences]
        if story.style.headings:
            blocks.append(paragraph.heading)
        blocks.append("\n".join(f"- {s}" for s in said) if story.style.bullets else " ".join(said))
    return visible("\n\n".join(blocks)) + "\n"


def markdown(story: Story, *, notes: bool = False) -> str:
    """The story as Markdown; names are escaped, so that nothing in them is taken for a mark.

    notes  a footnote at each number: what it is, and the command that leads to its bytes
    """
    noted: dict[str, Figure] = {}

    def say(sentence: Sentence) -> str:
        return _noted(sentence, noted) if notes else escaped(sentence.text)

    blocks = [f"# {say(story.title.sentence)}"]
    blocks += [f"**{STAMP}**"] if story.simulated else []
    blocks.append(story.dated.text)
    for paragraph in story.paragraphs:
        said = [say(one.sentence) for one in paragraph.sentences]
        if story.style.headings:
            blocks.append(f"## {escaped(paragraph.heading)}")
        blocks.append("\n".join(f"- {s}" for s in said) if story.style.bullets else " ".join(said))
    if noted:
        blocks.append("\n".join(_notes(noted)))
    return "\n\n".join(blocks) + "\n"


def escaped(said: str) -> str:
    """Text that Markdown takes for nothing but text."""
    return _MARKS.sub(r"\\\1", visible(said).replace("\n", " "))


def _noted(sentence: Sentence, noted: dict[str, Figure]) -> str:
    made = []
    for part in sentence.parts:
        made.append(escaped(part if isinstance(part, str) else part.text))
        figure = figure_of(part)
        if figure is not None:
            noted.setdefault(figure.id, figure)
            made.append(f"[^{letters(list(noted).index(figure.id))}]")
    return "".join(made)


def _notes(noted: dict[str, Figure]) -> Iterator[str]:
    for at, figure in enumerate(noted.values()):
        window = f", {figure.start} to {figure.end}" if figure.start and figure.end else ""
        basis = f", {figure.basis} basis" if figure.basis else ""
        what = f"{figure.measure} {figure.statistic}".replace("_", " ").strip()
        name = escaped(figure.label or figure.subject)
        yield f"[^{letters(at)}]: {name}: {what}{window}{basis}; `paceline trace {figure.id}`"


def letters(number: int) -> str:
    """a, b, ... z, aa, ab ...: notes without digits, which nobody takes for numbers of the story.

    >>> letters(0), letters(25), letters(26)
    ('a', 'z', 'aa')
    """
    name = ""
    while number >= 0:
        number, name = number // 26 - 1, chr(ord("a") + number % 26) + name
    return name


__all__ = ["STAMP", "escaped", "letters", "markdown", "text"]
