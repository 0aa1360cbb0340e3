"""Documents of one section, each with its own manifest: a target, a backtest, and a story."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from paceline import measures
from paceline.document import Document, Section, Sentence
from paceline.figures import Figure
from paceline.market.commands import line, moment, notice, opened
from paceline.pages import backtest as backtest_page
from paceline.pages import target as target_page
from paceline.record.command import asked_again
from paceline.record.manifest import ABOUT
from paceline.studies import tilts
from paceline.studies.target import ABOUT as TARGET
from paceline.studies.target import Answer
from paceline.write import Story


def target(answer: Answer) -> Document:
    """A page of one target: its sentence, its section, and what makes it again."""
    section, figures = target_page.section(answer), answer.figures.values()
    return _alone(answer, section, {"target": TARGET}, figures)


def backtest(answer: tilts.TradedRule | tilts.Swept) -> Document:
    """A page of one rule: a tear sheet."""
    return _alone(answer, backtest_page.section(answer), {"backtest": tilts.ABOUT}, answer.every)


def _alone(
    answer: Answer | tilts.TradedRule | tilts.Swept,
    section: Section,
    about: Mapping[str, Any],
    figures: Iterable[Figure],
) -> Document:
    """A document of one section: its first sentence, and what makes it again."""
    market = answer.market
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
        measures=about,
        sources=market.stored.loads,
        steps=[s.to_json() for s in market.steps.behind(f.step for f in figures)],
        figures=[f.to_json() for f in document.figures()],
        command=line(again, market, *moment(market)),
        where=shlex.join(opened(market)),
    )
    return document


def story(told: Story) -> Document:
    """The figures of a story, with what makes them and the story again."""
    market = told.market
    sentences = tuple(one.sentence for one in told.told)
    section = Section("story", "The story", "What happened?", sentences)
    document = Document(market.title, market.name, market.as_of, market.simulated, (), (section,))
    figures = list(document.figures())
    used = {f.measure for f in figures}
    known = measures.discover(market.plugins)
    words = ["write", "--style", told.style.name, "--length", told.length]
    words += ["--seed", str(told.seed)] + (["--phrases", told.own] if told.own else [])
    document.manifest.update(
        market=market.name,
        as_of=market.as_of,
        age=market.age.to_json(),
        measures={
            name: {"question": known[name].question, "definition": known[name].doc}
            | {"never": known[name].never, "references": list(known[name].references)}
            for name in sorted(used & set(known))
        }
        | {name: ABOUT[name] for name in sorted(used & set(ABOUT))},
        sources=market.stored.loads,
        steps=[s.to_json() for s in market.steps.behind(f.step for f in told.figures)],
        figures=[f.to_json() for f in figures],
        command=line(words, market, *moment(market)),
        where=shlex.join(opened(market)),
    )
    return document
