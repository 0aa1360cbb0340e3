"""The caveats of a document, lettered: those that differ in numbers and names only share a letter.

A figure's own caveats, word for word, stand on its card.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from paceline.document import Document

_NUMBER = re.compile(r"(?<![\w#])[-+]?\d[\d.,%:-]*")
#: What varies with the numbers alone -> how it is compared.
_VARIES = (
    (re.compile(r"\b(?:up to|less than|at least) #"), "#"),
    (re.compile(r"\ball of\b"), "# of"),
    (re.compile(r"# sessions? \([# to]+\)"), "#"),
    (re.compile(r"\b(?:has|have) no\b"), "have no"),
    (re.compile(r"\b(member|run|day|session|compan)(?:s|y|ies)?\b"), r"\1"),
)


@dataclass(frozen=True)
class Caveats:
    """Letters and texts, in reading order.

    letters  each text -> its letter: a, b, ... z, aa, ab ...
    shown    letter -> the first text that has it
    alike    letter -> how many further texts have it
    """

    letters: dict[str, str]
    shown: dict[str, str]
    alike: dict[str, int]

    def of(self, texts: Iterable[str]) -> list[str]:
        """The letters of these texts, each once, in reading order."""
        wanted = {self.letters[t] for t in texts}
        return [letter for letter in self.shown if letter in wanted]


def caveats_of(document: Document) -> Caveats:
    """The caveats of all figures of a document."""
    figures = list(document.figures())
    named = {n for f in figures for n in (f.subject, f.against, f.label) if n and len(n) > 1}
    longest = sorted(named, key=lambda n: (-len(n), n))
    name = re.compile("|".join(rf"(?<!\w){re.escape(n)}(?!\w)" for n in longest) or "(?!)")
    letters: dict[str, str] = {}
    kinds: dict[str, str] = {}
    shown: dict[str, str] = {}
    alike: dict[str, int] = {}
    for text in dict.fromkeys(c for f in figures for c in f.caveats):
        kind = _kind(name.sub("@", text))
        letter = kinds.setdefault(kind, _letter(len(kinds)))
        letters[text] = letter
        alike[letter] = alike.get(letter, -1) + 1
        shown.setdefault(letter, text)
    return Caveats(letters, shown, alike)


def _kind(text: str) -> str:
    """The text without its numbers and dates."""
    text = _NUMBER.sub("#", text)
    for pattern, instead in _VARIES:
        text = pattern.sub(instead, text)
    return text


def _letter(n: int) -> str:
    name = ""
    while n >= 0:
        n, name = n // 26 - 1, chr(ord("a") + n % 26) + name
    return name
