"""The story: what the figures of the day come to in plain prose, to be taken and printed."""

from __future__ import annotations

from paceline.document import Section, joined
from paceline.pages import page
from paceline.studies.answers import Answers
from paceline.write import write


@page(place=5)
def story(ask: Answers) -> Section:
    """The day as ``paceline write`` tells it, a paragraph a block; folded behind its first."""
    told = write(ask.market)
    paragraphs = tuple(joined([one.sentence for one in p.sentences]) for p in told.paragraphs)
    return Section("story", "The story", "What happened?", paragraphs, folded=True)
