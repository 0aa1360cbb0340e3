"""A document of one section, with its own manifest: the page that ``paceline target`` writes."""

from __future__ import annotations

import shlex

from paceline.document import Document, Sentence
from paceline.market.commands import line, moment, notice, opened
from paceline.pages import target as target_page
from paceline.record.command import asked_again
from paceline.studies.target import ABOUT, Answer


def target(answer: Answer) -> Document:
    """A page of one target: its sentence, its section, and what makes it again."""
    market, section = answer.market, target_page.section(answer)
    document = Document(
        market.title,
        market.name,
        market.as_of,
        market.simulated,
        tuple(b for b in section.blocks[:1] if isinstance(b, Sentence)),
        (section,),
        notice=notice(market),
    )
    again = asked_again(answer.question.step.to_json())
    document.manifest.update(
        market=market.name,
        as_of=market.as_of,
        age=market.age.to_json(),
        measures={"target": ABOUT},
        sources=market.stored.loads,
        steps=[s.to_json() for s in market.steps.behind(f.step for f in answer.figures.values())],
        figures=[f.to_json() for f in document.figures()],
        command=line(again, market, *moment(market)),
        where=shlex.join(opened(market)),
    )
    return document
