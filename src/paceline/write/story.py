"""A story: facts put into words by a style and a seed, every number of it still its figure."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paceline import arguments
from paceline.document import Label, Magnitude, Part, Sentence, figure_of
from paceline.errors import UsageError
from paceline.figures import Figure
from paceline.studies.answers import Answers
from paceline.write import facts as told
from paceline.write import phrases, returns, standing
from paceline.write.desk import Desk
from paceline.write.facts import Bare, Claim, Fact, Window

if TYPE_CHECKING:
    from paceline.market import Market

LENGTHS = {"short": told.SHORT, "medium": told.MEDIUM, "long": told.LONG}
#: The paragraphs in their order, that of page one: the day, records, turns, months, breadth, news.
PARAGRAPHS = (
    ("day", returns.day),
    ("records", standing.records),
    ("low", returns.low),
    ("month", returns.month),
    ("year", returns.year),
    ("dividends", returns.dividends),
    ("breadth", standing.breadth),
    ("changed", standing.changed),
    ("calls", standing.calls),
    ("unsaid", standing.unsaid),
)


@dataclass(frozen=True)
class Told:
    """A sentence and what it claims."""

    sentence: Sentence
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True)
class Paragraph:
    """Sentences on one matter under a heading, which some styles show."""

    name: str
    heading: str
    sentences: tuple[Told, ...]


@dataclass(frozen=True)
class Story:
    """A story of one market and day.

    dated       its day, as it stands above it
    simulated   the market is no real one: every form of the story says so
    """

    market: Market = field(repr=False)
    title: Told
    dated: Label
    paragraphs: tuple[Paragraph, ...]
    style: phrases.Style
    length: str
    seed: int
    own: str | None = None

    @property
    def simulated(self) -> bool:
        """Whether no real market stands behind it."""
        return self.market.simulated

    def __str__(self) -> str:
        from paceline.write.plain import text

        return text(self)

    @property
    def told(self) -> Iterator[Told]:
        """Every sentence in reading order, the title first."""
        yield self.title
        for paragraph in self.paragraphs:
            yield from paragraph.sentences

    @property
    def figures(self) -> list[Figure]:
        """Every figure it shows or rests on, in reading order, each once."""
        found: dict[str, Figure] = {}
        for one in self.told:
            shown = [f for f in map(figure_of, one.sentence.parts) if f is not None]
            for figure in (*shown, *(c.figure for c in one.claims)):
                found.setdefault(figure.id, figure)
        return list(found.values())

    def keys(self) -> dict[str, Any]:
        """The story as an answer key of ``factcheck --score``: every claim with its sentence."""
        return {
            "date": self.market.as_of,
            "style": self.style.name,
            "claims": [self._key(one, claim) for one in self.told for claim in one.claims],
            "not_checkable": [],
        }

    def _key(self, one: Told, claim: Claim) -> dict[str, Any]:
        key: dict[str, Any] = {"quote": one.sentence.text, "kind": claim.kind}
        key["subject"] = claim.subject
        if claim.against:
            key["against"] = claim.against
        if claim.value is not None:
            key["value"] = round(claim.value, self.style.digits + 2)
        if claim.optional:
            key["optional"] = True
        return {**key, "verdict": ["holds"]}


def write(
    market: Market,
    *,
    style: str = "wire",
    length: str = "medium",
    seed: int = 0,
    own: str | Path | None = None,
) -> Story:
    """Write the story of a market's day.

    style   "wire", "note", "bullets" or "script"
    length  "short", "medium" or "long"
    seed    which of several phrases is taken: the same seed gives the same story
    own     a TOML file of phrases that take the place of those shipped

    Raises ``UsageError`` for an unknown style or length and for a file of phrases with a fault.
    """
    arguments.name(style, "style")
    if arguments.name(length, "length") not in LENGTHS:
        raise UsageError(f"no length {length!r}.", f"Lengths: {', '.join(LENGTHS)}.")
    chosen = phrases.style(style, own)
    desk = Desk(Answers(market))
    teller = Teller(chosen, seed)
    title = teller.tell(returns.title(desk))
    made = []
    for name, gather in PARAGRAPHS:
        kept = returns.all_of(gather(desk), LENGTHS[length])
        if name == "day":
            kept.insert(0, Fact("opening"))
        sentences = tuple(one for fact in kept if (one := teller.tell(fact)).sentence.text)
        if sentences:
            heading = teller.choose(chosen.of("headings", name))
            made.append(Paragraph(name, heading, sentences))
    dated = told.full(dt.date.fromisoformat(market.as_of))
    where = None if own is None else str(own)
    return Story(market, title, dated, tuple(made), chosen, length, seed, where)


class Teller:
    """Words for facts: which phrase is taken is drawn by a seed, never the one just taken."""

    def __init__(self, style: phrases.Style, seed: int) -> None:
        self.style = style
        self._draw = random.Random(seed)  # noqa: S311 - of words, not of secrets
        self._last: dict[tuple[str, ...], str] = {}

    def tell(self, fact: Fact) -> Told:
        """A fact as a sentence that begins with a capital."""
        return Told(Sentence(_capital(_joined(self._worded(fact)))), fact.claims)

    def choose(self, among: Sequence[str]) -> str:
        """One of several phrases; of more than one, not the one that was taken last."""
        key = tuple(among)
        fresh = [p for p in key if p != self._last.get(key)] or list(key)
        self._last[key] = self._draw.choice(fresh)
        return self._last[key]

    def _worded(self, fact: Fact) -> Iterator[Part]:
        for text, name in phrases.fields(self.choose(self.style.of("sentences", fact.kind))):
            yield text
            if name in fact.parts:
                yield from self._part(name, fact.parts[name])
            elif name:
                yield self.choose(self.style.of("words", name))

    def _part(self, name: str, part: told.Part) -> Iterator[Part]:
        """A part of a sentence as it is said."""
        if isinstance(part, Figure):
            yield Magnitude(part, self.style.digits, self.style.percent)
        elif isinstance(part, Bare):
            yield Magnitude(part.figure, self.style.digits, "")
        elif isinstance(part, Fact):
            yield from self._worded(part)
        elif isinstance(part, tuple):
            for at, one in enumerate(part):
                yield "" if not at else " and " if at == len(part) - 1 else ", "
                yield from self._worded(one)
        elif isinstance(part, Window):
            for text, date in phrases.fields(self.choose(self.style.of("windows", part.key))):
                yield text
                if date and part.date is not None:
                    yield part.date
        elif name in ("judgement", "standing"):
            yield self.choose(self.style.of(f"{name}s", str(part)))
        else:
            assert isinstance(part, (str, Label))
            yield part


def _joined(parts: Iterator[Part]) -> tuple[Part, ...]:
    """Neighbouring words in one; empty ones left out."""
    made: list[Part] = []
    for part in parts:
        if isinstance(part, str) and made and isinstance(made[-1], str):
            made[-1] += part
        elif part != "":
            made.append(part)
    return tuple(made)


def _capital(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The first word with a capital; names are written as they are, but for their article."""
    if not parts:
        return parts
    first = parts[0]
    if isinstance(first, str):
        return (first[:1].upper() + first[1:], *parts[1:])
    if isinstance(first, Label) and first.text.startswith("the "):
        return (Label("T" + first.text[1:]), *parts[1:])
    return parts
