"""What all parts of the reader share: the text, the row of items, the state of the sentence."""

from __future__ import annotations

import datetime as dt
import re

from paceline.factcheck import lexicon, windows
from paceline.factcheck.dates import Window
from paceline.factcheck.grammar.model import FORECAST, Aside, Claim, Reading, State
from paceline.factcheck.joining import Item
from paceline.factcheck.quantities import Number
from paceline.factcheck.subjects import Names, Subject
from paceline.factcheck.text import Sentence, Text


class Base:
    """What all parts of the reader share: the text, the row of items, the state of the sentence."""

    sentence: Sentence
    items: list[Item]
    state: State
    claims: list[Claim]

    def __init__(self, text: Text, names: Names, today: dt.date) -> None:
        self.text, self.names, self.today = text, names, today
        self.when = windows.Reader(today)
        self.out = Reading()
        self.history: list[tuple[Window, int, str, int]] = []  # window, paragraph, tense, sentence: oldest first
        self.asides_before = 0  # asides of the sentences before this one
        self.told: dict[str, tuple[Subject, int]] = {}  # indices of claims so far, by name: the first one, how many
        self.heading: Window | None = None
        self.section: Window | None = None  # of the last line that ends in a colon: "For the week:"
        self.before: tuple[Subject, ...] = ()  # subjects of the claim before
        self.by_kind: dict[str, Subject] = {}
        self.named: Subject | None = None  # "index" the sentence before was about, if it made no claim

    def _next(self, k: int, skip: tuple[str, ...] = ("f",)) -> int:
        j = k + 1
        while j < len(self.items) and self.items[j].tag in skip:
            j += 1
        return j

    def _skip(self, item: Item, reason: str) -> None:
        item.used = True
        item.match = {"skip": reason}

    def _claim(
        self,
        kind: str,
        subjects: tuple[Subject, ...],
        start: int,
        end: int,
        *,
        number: Number | None = None,
        sign: int = 0,
        window: Window | None = None,
        against: Subject | None = None,
        denied: bool = False,
        **params: object,
    ) -> None:
        forecast = self._forecast(start, end)
        if forecast is not None and kind != "implied":
            self.out.asides.append(
                Aside("forecast", start, end, "a forecast: only time can check it", subjects[0] if subjects else None)
            )
            return
        for subject in subjects:
            self.claims.append(Claim(kind, subject, start, end, number, sign, window, against, dict(params), denied))

    def _segment(self, start: int, end: int) -> tuple[int, int]:
        """The stretch between commas and boundaries around a place."""
        a, b = self.sentence.start, self.sentence.end
        for i in self.items:
            cut = i.tag in ("Z", ",") or (i.tag == "f" and i.text.casefold() in ("and", "as") and i.end <= start - 12)
            if cut and i.end <= start:
                a = max(a, i.end)
            if i.tag in ("Z", ",") and i.start >= end:
                b = min(b, i.start)
                break
        return a, b

    def _forecast(self, start: int, end: int) -> re.Match[str] | None:
        a, b = self._segment(start, end)
        return FORECAST.search(self.text.clean, a, b)

    def _who(self, k: int, look: int = 5) -> tuple[tuple[Subject, ...], int]:
        """The subject of a phrase: "record high for the S&P 500", else the sentence's."""
        items, state = self.items, self.state
        for j in range(k + 1, min(k + 1 + look, len(items))):
            if (
                items[j].text.casefold() in ("for", "in", "by")
                and (n := self._next(j)) < len(items)
                and items[n].tag == "S"
                and n - j <= 3
            ):
                return items[n].subjects, items[n].end
            if items[j].tag not in ("f",):
                break
        if state.unknown or (state.blocked and state.at < 0):
            return (), items[k].end
        strange = any(i.tag == "w" and i.text.endswith("s") for i in items[:k])  # "the major averages"
        return state.subjects or (self.before if state.at < 0 and not strange else ()), items[k].end

    def _mark(self, start: int, end: int) -> None:
        """Windows inside a phrase belong to it."""
        for i in self.items:
            if start <= i.start and i.end <= end and i.tag == "W":
                i.used = True

    def _stretch(self, k: int) -> tuple[int, list[Item]]:
        """The items between the last subject or boundary and item k."""
        items = self.items
        j = k - 1
        depth = 0
        words: list[Item] = []
        while j >= 0:
            i = items[j]
            if i.tag == ")":
                depth += 1
            elif i.tag == "(":
                depth -= 1
            elif depth <= 0:
                if (
                    i.tag in ("Z", "N", "V", "C", "S", "P", "streak", "record", "rank", "extreme")
                    or (i.tag == "," and words)
                    or (i.text.casefold() in ("and", "with", "as") and words)
                ):
                    return j, words
                if i.tag == ",":  # an apposition between commas is passed over
                    back = next(
                        (n for n in range(j - 1, max(-1, j - 14), -1) if items[n].tag in (",", "Z", "V", "N")), -1
                    )
                    if back < 0 or items[back].tag != ",":
                        return j, words
                    j = back
                if i.tag in ("w", "B") or (i.tag == "f" and i.text.casefold() in lexicon.SUFFIXES):
                    words.insert(0, i)
            j -= 1
        return j, words
