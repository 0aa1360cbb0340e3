"""Documents of their own, each with its manifest: a target, a book, a scenario, a rule, a story."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from paceline import measures
from paceline.document import Document, Section, Sentence
from paceline.market.commands import line, moment, notice, opened
from paceline.pages import backtest as backtest_page
from paceline.pages import catalysts as catalysts_page
from paceline.pages import exposure as exposure_page
from paceline.pages import scenario as scenario_page
from paceline.pages import target as target_page
from paceline.record.command import asked_again
from paceline.record.manifest import ABOUT, manifest_of
from paceline.studies import tilts
from paceline.studies.answers import Answers
from paceline.studies.exposure import ABOUT as BOOK
from paceline.studies.exposure import Exposure
from paceline.studies.scenario import ABOUT as SCENARIO
from paceline.studies.scenario import Catalyst, ScenarioAnswer
from paceline.studies.scenario.catalysts import ABOUT as CATALYSTS
from paceline.studies.target import ABOUT as TARGET
from paceline.studies.target import Answer
from paceline.write import Story

if TYPE_CHECKING:
    from paceline.figures import Figure
    from paceline.lineage import Step
    from paceline.market import Market


def target(answer: Answer) -> Document:
    """A page of one target: its sentence, its section, and what makes it again."""
    sections, figures = [target_page.section(answer)], answer.figures.values()
    return _page(answer.market, sections, {"target": TARGET}, answer.question.step, figures)


def backtest(answer: tilts.TradedRule | tilts.Swept) -> Document:
    """A page of one rule, a tear sheet: its sentence, its section, and what makes it again."""
    sections, about = [backtest_page.section(answer)], {"backtest": tilts.ABOUT}
    return _page(answer.market, sections, about, answer.question.step, answer.every)


def exposure(answer: Exposure) -> Document:
    """A page of one book: its sentence, its sections, and what makes it again."""
    market, sections = answer.market, exposure_page.sections(answer)
    asked, figures = answer.question.step, answer.figures.values()
    document = _page(market, sections, {"exposure": BOOK}, asked, figures)
    document.manifest.update(
        {**manifest_of(market, document, Answers(market)), **document.manifest},
        book=dict(answer.params),
    )
    return document


def scenario(answer: ScenarioAnswer | Catalyst) -> Document:
    """A page of one scenario, or of one kind of event: its section, and what makes it again."""
    if isinstance(answer, Catalyst):
        about, section = {"catalysts": CATALYSTS}, catalysts_page.section(answer)
    else:
        about, section = {"scenario": SCENARIO}, scenario_page.section(answer)
    figures = Document("", "", "", False, (), (section,)).figures()
    return _page(answer.market, [section], about, answer.question.step, figures)


def _page(
    market: Market,
    sections: Sequence[Section],
    about: Mapping[str, Any],
    asked: Step,
    figures: Iterable[Figure],
) -> Document:
    """A page of these sections, headed by its first sentence."""
    document = Document(
        market.title,
        market.name,
        market.as_of,
        market.simulated,
        tuple(b for b in sections[0].blocks[:1] if isinstance(b, Sentence)),
        tuple(sections),
        notice=notice(market),
    )
    document.manifest.update(
        market=market.name,
        as_of=market.as_of,
        age=market.age.to_json(),
        measures=about,
        sources=market.stored.loads,
        steps=[s.to_json() for s in market.steps.behind(f.step for f in figures)],
        figures=[f.to_json() for f in document.figures()],
        command=line(asked_again(asked.to_json()), market, *moment(market)),
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
