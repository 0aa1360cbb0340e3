"""The reader: from sentences to claims, by structure, spans, a parse, and windows of clauses.

``tables`` finds tables; ``spans`` names, numbers, windows and set phrases; ``tree``
and ``who`` what belongs to what; ``numbers``, ``compare``, ``runs`` and ``kinds`` make claims;
``periods`` gives them their windows. Where the tree is doubtful nothing is claimed: the number is
listed with the reason.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right

from paceline.factcheck import lexicon, windows
from paceline.factcheck.claims import KINDS, Aside, Claim, Reading
from paceline.factcheck.parse import parse
from paceline.factcheck.reader.base import Sheet
from paceline.factcheck.reader.kinds import Kinds
from paceline.factcheck.reader.numbers import NO_PRICES
from paceline.factcheck.reader.periods import Calendar, Periods
from paceline.factcheck.reader.spans import shy, spot
from paceline.factcheck.reader.tables import Tables
from paceline.factcheck.reader.tables import find as find_tables
from paceline.factcheck.reader.who import Memory
from paceline.factcheck.subjects import Names
from paceline.factcheck.text import Sentence, Text, language

__all__ = ["KINDS", "Aside", "Claim", "Reader", "Reading"]

_ASIDES = (
    ("flow", lexicon.FLOW, "a flow: prices do not show who bought"),
    ("forecast", lexicon.FORECAST, "a forecast: only time can check it"),
    ("opinion", lexicon.OPINION, "an opinion or advice"),
    ("cause", lexicon.CAUSE, "a cause: prices show what happened, not why"),
)
#: Units of numbers that are listed where they were not understood.
_LISTED = ("percent", "points", "part", "index_points", "level")


class Reader:
    """Reads one text. ``names`` are the market's, ``today`` is the text's own date."""

    def __init__(self, text: Text, names: Names, today: dt.date) -> None:
        self.text, self.names, self.today = text, names, today
        self.when = windows.Reader(today)
        self.memory = Memory(names)
        self.calendar = Calendar(self.when, text)
        self.out = Reading()
        self.language = "English"

    def read(self) -> Reading:
        """The claims in the order of the text, what was set aside, and what was not understood."""
        clean = self.text.clean
        if (said := language(clean)) != "English":
            self._foreign(said)
            return self.out
        sentences = self._outside_tables()
        sheets = [
            Sheet(s, spot(clean, s.start, s.end, self.names, self.when), clean) for s in sentences
        ]
        sheets = [s for s in sheets if s.nodes]
        for sheet, parsed in zip(
            sheets, parse([n.word for n in s.nodes] for s in sheets), strict=True
        ):
            for node, p in zip(sheet.nodes, parsed, strict=True):
                node.tag, node.lemma, node.dep, node.head = p
            shy(sheet.nodes)
            self._sentence(sheet)
        self.out.claims.sort(key=lambda c: (c.start, c.end))
        return self.out

    def _foreign(self, said: str) -> None:
        """Every number of a text in another language is listed."""
        self.language = said
        for m in re.finditer(
            r"[+-]?\d+(?:[.,]\d+)?\s?(?:%|Prozent\w*|pour ?cent|por ?cento|por ciento|per ?cento|"
            r"procent)",
            self.text.clean,
        ):
            self.out.unread.append(
                Aside("unread", m.start(), m.end(), f"the text is {said}; only English is read")
            )

    def _outside_tables(self) -> list[Sentence]:
        """Reads the tables; the sentences that stand in none."""
        spans = []
        reader = Tables(self.names, self.when)
        for table in find_tables(self.text.clean):
            found = list(reader.read(table))
            if any(isinstance(f, Claim) for f in found) or len(found) > 3:
                spans.append((table.start, table.end))
                self.out.claims += [f for f in found if isinstance(f, Claim)]
                self.out.unread += [f for f in found if isinstance(f, Aside)]
        starts = [a for a, _ in spans]

        def inside(s: Sentence) -> bool:
            k = bisect_right(starts, s.start)
            return (k > 0 and s.start < spans[k - 1][1]) or (
                k < len(spans) and s.start <= spans[k][0] < s.end
            )

        return [s for s in self.text.sentences if not inside(s)]

    def _sentence(self, sheet: Sheet) -> None:
        said = sheet.clean[sheet.sentence.start : sheet.sentence.end].rstrip(" \"')")
        question = said.endswith("?")
        kinds = Kinds(sheet, self.memory, self.names)
        kinds.today = self.today
        kinds.spoken_unit = lambda: self.calendar.unit()  # type: ignore[method-assign]
        if question:
            kinds.numbers(signed=True)
        else:
            kinds.phrases("mean", "drove")
            kinds.compares()
            kinds.numbers()
            kinds.phrases("extreme", "streak", "rank", "record", "stalled")
            kinds.reversals()
            kinds.echoes()
            kinds.implied()
            kinds.directions()
            kinds.turns()
        if not sheet.drafts:
            self.calendar.lead_in(sheet)
        Periods(kinds, self.calendar).settle()
        self._asides(sheet, kinds, question)
        self._remember(sheet)
        self.out.claims += [d.claim for d in sheet.drafts]

    def _remember(self, sheet: Sheet) -> None:
        """Whom the next sentence's pronouns mean."""
        named = tuple(
            s for n in sheet.nodes for s in n.subjects if s.kind not in ("unknown", "figure")
        )
        self.memory.note(tuple(dict.fromkeys(named)))
        units = [
            d.claim.number.unit
            for d in sheet.drafts
            if d.claim.kind in ("return", "points") and d.claim.number is not None
        ]
        self.memory.unit = units[-1] if units else self.memory.unit
        if sheet.sentence.paragraph != self.memory.paragraph:
            self.memory.shares, self.memory.paragraph = None, sheet.sentence.paragraph
        drafts = [
            d
            for d in sheet.drafts
            if d.claim.subject.kind != "unknown" and d.claim.kind != "turning"
        ]
        shares = [d.claim for d in sheet.drafts if d.claim.kind in ("contribution", "breadth")]
        if drafts:
            self.memory.shares = shares[-1] if shares else None
            first = drafts[0]
            self.memory.spoken = sheet.sentence.paragraph
            self.memory.topic = tuple(
                dict.fromkeys(
                    d.claim.subject
                    for d in drafts
                    if d.at == first.at and d.claim.kind == first.claim.kind
                )
            )
        elif len(set(named)) == 1:
            self.memory.topic, self.memory.spoken = named[:1], sheet.sentence.paragraph

    def _asides(self, sheet: Sheet, kinds: Kinds, question: bool) -> None:
        clean, sentence = sheet.clean, sheet.sentence
        spans = [(d.claim.start, d.claim.end) for d in sheet.drafts]
        ahead: list[tuple[int, int]] = []
        for kind, pattern, reason in _ASIDES:
            m = pattern.search(clean, sentence.start, sentence.end)
            if (
                m is None
                or (kind == "cause" and not spans)
                or (kind == "opinion" and sentence.end - sentence.start < 20)
            ):
                continue
            a, b = self._segment(sentence, m.start(), m.end())
            self.out.asides.append(Aside(kind, a, b, reason))
            ahead += [(a, b)] if kind == "forecast" else []
        self.out.asides += sheet.asides
        spans += [(a.start, a.end) for a in sheet.asides]
        for i, n in enumerate(sheet.nodes):
            if (
                n.number is None
                or n.number.unit not in _LISTED
                or n.used
                or any(a <= n.start < b for a, b in spans)
            ):
                continue
            if sheet.reasons.get(i) == "forecast" or any(a <= n.start < b for a, b in ahead):
                if not any(
                    a.kind == "forecast" and a.start <= n.start < a.end for a in self.out.asides
                ):
                    self.out.asides.append(Aside("forecast", n.start, n.end, _ASIDES[1][2]))
                continue
            reason = (
                "a question"
                if question
                else sheet.reasons.get(i, "nothing says what it belongs to")
            )
            other = kinds.said_other(i) or next(
                (w for w in re.findall(r"'(\w[\w-]*)'", reason) if w in lexicon.NOT_PRICES), ""
            )
            if other or reason in NO_PRICES:
                self.out.asides.append(
                    Aside(
                        "figure",
                        n.start,
                        n.end,
                        f"a figure of {other}, not of a price" if other else reason,
                    )
                )
                continue
            self.out.unread.append(Aside("unread", n.start, n.end, reason))

    def _segment(self, sentence: Sentence, a: int, b: int) -> tuple[int, int]:
        """The part of a sentence between marks that holds some words."""
        clean = self.text.clean
        first = max(
            (clean.rfind(mark, sentence.start, a) for mark in (", ", "; ", " \u2014 ", ": ")),
            default=-1,
        )
        ends = [
            e for mark in (", ", "; ", " \u2014 ") if (e := clean.find(mark, b, sentence.end)) >= 0
        ]
        return (first + 2 if first >= 0 else sentence.start), min(ends, default=sentence.end)
