"""``paceline write``: the story of a market's day."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from paceline.cli.options import When, flag, note, open_market, progress, remember, say
from paceline.doors import check_target
from paceline.errors import UsageError
from paceline.writing import write_text

if TYPE_CHECKING:
    from paceline.write import Story

Format = Literal["text", "markdown", "html", "docx"]
#: Ends of file names that name a format.
ENDS: dict[str, Format] = {
    ".txt": "text",
    ".md": "markdown",
    ".html": "html",
    ".htm": "html",
    ".docx": "docx",
}


def write(
    *,
    style: Literal["wire", "note", "bullets", "script"] = "wire",
    length: Literal["short", "medium", "long"] = "medium",
    seed: int = 0,
    format: Format | None = None,
    out: Path | None = None,
    notes: Annotated[bool, flag("Markdown: a footnote at each number, with its lineage.")] = False,
    phrases: Annotated[
        Path | None, Parameter(help="TOML file of phrases that take the place of those shipped.")
    ] = None,
    keys: Annotated[
        Path | None,
        Parameter(help="Also write what the story claims as an answer key of `factcheck --score`."),
    ] = None,
    where: When | None = None,
) -> int:
    """Write the story of the day from the figures.

    Parameters
    ----------
    style
        A wire story, an analyst's note, bullets or a script to be read out.
    length
        How much is told.
    seed
        Which of several phrases is taken; the same seed gives the same story.
    format
        Default: by the end of the name of --out, else text.
    out
        The file. Default: standard output.
    """
    kind = format or (ENDS.get(out.suffix.lower(), "text") if out is not None else "text")
    if out is None and kind == "docx":
        raise UsageError("--format docx needs --out.", "Name the file, e.g. --out story.docx.")
    if notes and kind != "markdown":
        raise UsageError(
            f"--notes is for Markdown, and the format is {kind}.",
            "Add --format markdown; in HTML every number opens by itself.",
        )
    for path, option in ((out, "--out"), (keys, "--keys")):
        if path is not None:
            check_target(path, option, "story.html" if option == "--out" else "story.json")
    market = open_market(where or When())
    with progress() as bar:
        market.ensure(bar)
        story = market.write(style, length, seed, phrases=phrases)
    remember(market, story.figures)
    _put(story, kind, out, notes)
    if keys is not None:
        write_text(keys, json.dumps(story.keys(), indent=1, ensure_ascii=False) + "\n")
        note(f"Answer key: {keys}")
    return 0


def _put(story: Story, kind: Format, out: Path | None, notes: bool) -> None:
    """The story in its format, to a file or to standard output."""
    from paceline import record
    from paceline.report import story as pages
    from paceline.write import plain

    if kind == "docx":
        assert out is not None
        pages.write_docx(story, record.story(story), out)
    else:
        if kind == "html":
            made = pages.render(story, record.story(story))
        elif kind == "markdown":
            made = plain.markdown(story, notes=notes)
        else:
            made = plain.text(story)
        if out is None:
            say(made.rstrip("\n"))
            return
        write_text(out, made)
    note(f"Story: {out}")
