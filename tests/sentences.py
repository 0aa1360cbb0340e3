"""Figures put in place of others while a page is made, and what makes a sentence wrong to read.

``Stand`` changes what figures say without changing how they were worked out: the value of every
figure of one kind (its measure and statistic), or of every figure, is another one as long as the
stand-in is in force. ``faults`` reads a sentence as its reader would.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from paceline.document import Chart, Grid, Section, Sentence, figure_of
from paceline.figures import Figure
from paceline.market.asked import Market
from paceline.report import tables

#: A kind of figure: measure, statistic, unit.
Kind = tuple[str, str, str]
#: What a figure says: made of the figure and its own value.
Rule = Callable[[Figure, Any], Any]

NOUNS = (
    "basket call caveat close company comparison constituent contributor cell claim day draw "
    "episode fall fault file finding fortnight import insider load low member month observation "
    "path period place rank reading return rotation row security sector session series source turn "
    "value week window year window point name"
).split()
_MANY = {
    n: {"company": "companies", "security": "securities", "series": "series"}.get(n, f"{n}s")
    for n in NOUNS
}
_ONES, _MANYS = "|".join(NOUNS), "|".join(v for k, v in _MANY.items() if v != k)
_SEVERAL = r"0|[2-9]|\d[\d,.]*\d"
_WORD = "(?!an? )([a-z]+ )?"
_NUMBER = r"(?<![\d.,:/+-])"
#: "the November 20 low" has a day, not a number of lows.
_NO_DAY = "".join(f"(?<!{month} )" for month in calendar.month_name[1:])
#: What no sentence may hold, and why.
WRONG: dict[str, str] = {
    r"no value of|\bNone\b|\bnan\b|\binf\b": "a missing value in words of the code",
    r"—": "a dash where a number should stand",
    r"  |^ | $": "a blank too many",
    r" [,.;:)]|\( |[,;:]\.|\.\.(?!\.)|,,|;;|\(\)|^[,;]": "punctuation around nothing",
    r"\b(\w+) \1\b": "a word twice",
    r"(?<!\w)-0(\.0+)?(?![\d.])": "minus zero",
    rf"{_NUMBER}(1|[Oo]ne) (([a-z-]+) )?({_MANYS})\b(?! {_ONES})": "one of many",
    rf"{_NO_DAY}{_NUMBER}({_SEVERAL}|two|ten) {_WORD}({_ONES})\b(?! (of|in|is|by))": "many of one",
    rf"{_NUMBER}1 ([a-z]+ )?({_ONES}) (have|lie|make|stand|account)\b": "one do",
    rf"(?<!\bof ){_NUMBER}({_SEVERAL}) ([a-z]+ )?({_MANYS}) (has|lies|makes|stands)\b": "many does",
    r"\b(lost|lose|fell|fall by|lagged|lagged the index by|below|behind by) [-+]\d": "a sign twice",
    r"\b(gained|gain|rose|rise by|beat the index by|above|ahead by|added) -\d": "sign and verb",
    r"-\d[\d.,]*% (above|below|ahead|behind)\b": "a sign and a direction",
    r"\b(gained|lost|rise by|fall by|gain|lose|by) 0\.0+%": "a move of nothing",
    r"(?<![\d.])0\.0+% (above|below)": "a distance of nothing",
    r"-\d[\d,.]*% of\b": "a negative share",
    r"([a-z)]) ([A-Z]\w+ )?\(s\)": "a noun that leaves its number open",
}
_WRONG = {re.compile(pattern): why for pattern, why in WRONG.items()}
_SHARE = re.compile(r"(\d[\d,]*(?:\.\d+)?)% of\b")
_COMPARED = re.compile(
    r"returned ([-+][\d.,]+)%, (ahead of|behind|level with) [^;]*? at ([-+][\d.,]*\d)%"
)


def faults(text: str, *, whole: bool = True) -> list[str]:
    """What is wrong with a sentence; ``whole``: it has to end like one."""
    found = [why for pattern, why in _WRONG.items() if pattern.search(text)]
    if whole and not text.endswith((".", "?")):
        found.append("no full stop")
    if any(float(share.replace(",", "")) > 100 for share in _SHARE.findall(text)):
        found.append("more than the whole")
    for a, word, b in _COMPARED.findall(text):
        gap = float(a.replace(",", "")) - float(b.replace(",", ""))
        wrong = {"ahead of": gap < 0, "behind": gap > 0, "level with": abs(gap) > 0.11}
        found += [f"{a} {word} {b}"] if wrong[word] else []
    return found


@dataclass
class Stand:
    """What figures say instead; ``read`` are the kinds whose value was looked at."""

    rule: Rule | None = None
    read: set[Kind] = field(default_factory=set)
    quiet: int = 0

    def value(self, figure: Figure) -> Any:
        """The value that a reader of a figure gets."""
        own = figure.__dict__["value"]
        if self.quiet:
            return own
        self.read.add(kind(figure))
        return own if self.rule is None else self.rule(figure, own)

    @contextmanager
    def in_force(self, rule: Rule) -> Iterator[None]:
        """Figures say what ``rule`` makes of their values."""
        self.rule = rule
        try:
            yield
        finally:
            self.rule = None


def kind(figure: Figure) -> Kind:
    """The kind of a figure."""
    return figure.measure, figure.statistic, figure.unit


def install(patch: pytest.MonkeyPatch) -> Stand:
    """A stand-in for the values of all figures, those already made included.

    What a market works out once, it works out from the true values.
    """
    stand, memo = Stand(), Market.memo

    def kept(figure: Figure, value: Any) -> None:
        figure.__dict__["value"] = value

    def true(self: Market, question: object, make: Callable[[], Any]) -> Any:
        stand.quiet += 1
        try:
            return memo(self, question, make)
        finally:
            stand.quiet -= 1

    patch.setattr(Figure, "value", property(stand.value, kept), raising=False)
    patch.setattr(Market, "memo", true)
    return stand


# ---- what is heard


@dataclass
class Heard:
    """Everything that was said, and the faults in it; ``where`` a text was heard first."""

    where: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    pages: dict[str, int] = field(default_factory=dict)

    def hear(self, texts: Iterable[str], where: str, *, whole: bool = True) -> None:
        """Read texts as their reader would."""
        for text in texts:
            if text not in self.where:
                self.where[text] = where
                found = faults(text, whole=whole)
                self.wrong += [f"{where}: {', '.join(found)}: {text}"] if found else []


def said(block: Any) -> Iterator[Sentence]:
    """The sentences of a block of a page, or a sentence itself."""
    if isinstance(block, Section):
        for part in block.blocks:
            yield from said(part)
    elif isinstance(block, Sentence):
        yield block
    elif block.note is not None:
        yield block.note


def labels(made: Iterable[Any]) -> Iterator[str]:
    """Titles, headings, axes, names of what is drawn and words in cells of sections."""
    for section in made:
        if isinstance(section, Section):
            yield from (section.title, section.question)
            for block in section.blocks:
                if not isinstance(block, Sentence):
                    yield tables.words(block.title)
                if isinstance(block, Chart):
                    yield from (block.x_title, block.y_title, *(s.name for s in block.series))
                if isinstance(block, Grid):
                    yield from map(tables.words, block.columns)
                    for part in (p for row in block.rows for p in row):
                        if part is not None and figure_of(part) is None:
                            yield tables.words(part)


#: What stands in for a value, by unit. A share of a gain may be anything, other shares may not.
VALUES: dict[str, tuple[Any, ...]] = {
    "return": (0.0, -0.0, 1.0, -1.0, "turned", "tenfold"),
    "points": (0.0, 1.0, "turned"),
    "score": (0.0, 1.0, "turned"),
    "places": (0, 1, -1),
    "count": (0, 1, 2, 1234),
    "sessions": (0, 1, 2, 1234),
    "level": (1.0, "tenfold"),
    "fraction": (0.0, 1.0),
    "percentile": (0.0, 1.0),
    "ratio": (0.0, 1.0, "turned"),
}
SHARES = ("contributions", (0.0, 1.0, 7.698, -0.2))


def instead(value: Any, own: Any) -> Any:
    """The value of a figure under a stand-in; one without a value stays without."""
    if own is None or not isinstance(value, str):
        return own if own is None else value
    if isinstance(own, bool) or not isinstance(own, (int, float)):
        return own
    return -own if value == "turned" else own * 10


def values_of(kind: Kind) -> tuple[Any, ...]:
    """What stands in for a kind of figure."""
    return SHARES[1] if kind[::2] == (SHARES[0], "fraction") else VALUES.get(kind[2], ())


def rules(read: set[Kind], told: set[Kind], *, every: bool) -> Iterator[tuple[str, Rule]]:
    """Stand-ins for a page that reads those kinds and says some of them in sentences.

    Missing: each kind alone, and all. Every other value: of each kind in a sentence alone, of each
    unit at once (``every``: of each kind alone), and mixed. Returns also of the first subject only,
    so that two that are compared differ.
    """
    for one in sorted(read):
        yield f"{one} missing", lambda f, v, one=one: None if kind(f) == one else v
    yield "all missing", lambda _f, _v: None
    for one in sorted(read if every else told):
        for value in values_of(one):
            name = f"{one} = {value}"
            yield name, lambda f, v, one=one, x=value: instead(x, v) if kind(f) == one else v
            if one[2] == "return":
                yield f"{name}, of one", OfOne(one, value)
    for at in range(6):
        yield f"mixed {at}", lambda f, v, at=at: mixed(f, v, at)


@dataclass
class OfOne:
    """A stand-in for the first subject that is asked for."""

    kind: Kind
    put: Any
    subject: str | None = None

    def __call__(self, figure: Figure, own: Any) -> Any:
        """The value of a figure."""
        if kind(figure) != self.kind:
            return own
        self.subject = self.subject or figure.subject
        return instead(self.put, own) if figure.subject == self.subject else own


def mixed(figure: Figure, own: Any, at: int) -> Any:
    """Every figure with one of the values of its kind, each unit with another one of them."""
    values = values_of(kind(figure))
    return instead(values[at % len(values)], own) if values else own


def hear(
    heard: Heard, stand: Stand, name: str, make: Callable[[], Iterable[Any]], *, every: bool = False
) -> None:
    """A page as it is, and with every stand-in."""
    stand.read.clear()
    made = list(make())
    sentences = [s for block in made for s in said(block)]
    heard.hear((s.text for s in sentences), name)
    heard.hear(labels(made), f"{name}, label", whole=False)
    figures = [f for s in sentences for f in map(figure_of, s.parts) if f is not None]
    for f in figures:
        heard.hear(f.caveats, f"{name}, caveat", whole=False)
    told = {kind(f) for f in figures}
    count = 1
    for what, rule in rules(stand.read | told, told, every=every):
        with stand.in_force(rule):
            made = list(make())
            heard.hear((s.text for b in made for s in said(b)), f"{name}, {what}")
            heard.hear(labels(made), f"{name}, {what}, label", whole=False)
        count += 1
    heard.pages[name] = count
