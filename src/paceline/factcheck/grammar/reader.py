"""The reader: a text's sentences one by one, each item by item."""

from __future__ import annotations

import re

from paceline.factcheck import lexicon
from paceline.factcheck.grammar.model import FORECAST, Aside, Claim, Reading, State
from paceline.factcheck.grammar.periods import Periods
from paceline.factcheck.items import spot
from paceline.factcheck.text import Sentence

_KINDS = (
    ("flow", re.compile(lexicon.FLOW, re.IGNORECASE), "a flow: prices do not show who bought"),
    ("forecast", FORECAST, "a forecast: only time can check it"),
    ("opinion", re.compile(lexicon.OPINION, re.IGNORECASE), "an opinion or advice"),
    ("cause", re.compile(lexicon.CAUSE, re.IGNORECASE), "a cause: prices show what happened, not why"),
)


#: Windows that a reader of a long text still has in mind.
MEMORY = 300


class Reader(Periods):
    """Reads one text. ``names`` are the market's, ``today`` is the text's own date."""

    def read(self) -> Reading:
        for sentence in self.text.sentences:
            self.items = spot(self.text.clean, sentence.start, sentence.end, self.names, self.when)
            self.sentence = sentence
            self._set_aside()
            self._shy()
            self._sentence(sentence)
        self.out.claims.sort(key=lambda c: (c.start, c.end))
        return self.out

    def _set_aside(self) -> None:
        """Words that speak of something else: "since May 5, when it rose 2%"; an aside between dashes without a number;
        "X, which makes chips, ..." (the sentence goes on about X)."""
        items = self.items
        for k, i in enumerate(items):
            if i.text.casefold() == "when" and any(
                x.tag == "W" and x.window is not None and (x.window.unit == "day" or x.window.base in ("on", "before"))
                for x in items[max(0, k - 2) : k]
            ):
                for x in items[k:]:
                    if x.tag in (",", "Z"):
                        break
                    x.tag, x.used = ("w" if x.tag in ("S", "V", "C", "N", "record", "P") else x.tag), True
        dashes = [k for k, i in enumerate(items) if i.tag == "Z" and i.text in ("\u2014", "\u2013")]
        for a, b in zip(dashes[::2], dashes[1::2], strict=False):
            inner = items[a + 1 : b]
            if not any(x.tag == "N" for x in inner):
                for x in inner:
                    x.tag = "w" if x.tag in ("S", "V", "C", "D", "P") else x.tag
                items[a].tag = items[b].tag = ","
        for k, i in enumerate(items):
            if i.text.casefold() != "which" or not k or items[k - 1].tag != ",":
                continue
            stop = next((j for j in range(k + 1, len(items) - 1) if items[j].tag == "," and items[j + 1].tag in "VLU"), 0)
            if any(x.tag in ("V", "U", "N", "C", "Z", "W", "record", "rank", "streak") for x in items[k : stop or None]):
                continue
            for x in items[k:stop]:
                x.tag = "w" if x.tag in ("S", "P", ",", "L") else x.tag

    def _sentence(self, sentence: Sentence) -> None:
        self.sentence = sentence
        self.asides_before = len(self.out.asides)
        self.claims: list[Claim] = []
        self.state = State()
        clean = self.text.clean
        question = clean[sentence.start : sentence.end].rstrip(" \"')").endswith("?")
        if not question:
            self._walk()
            self._windows()
        self._asides(sentence, question)
        for claim in self.claims:
            for s in (claim.subject, claim.against):
                if s is not None:
                    self.by_kind[s.kind] = s
        for i in self.items:
            if i.tag == "S" and not i.anaphor:
                for s in i.subjects:
                    self.by_kind.setdefault(s.kind, s)
        about = next((i for i in self.items if i.tag == "S" and i.subjects == self.state.subjects), None)
        if about is not None and len(about.subjects) == 1 and "index" in about.text.casefold() and not about.anaphor:
            self.named = about.subjects[0]
        elif any(i.tag == "S" and not i.anaphor for i in self.items):
            self.named = None
        for claim in self.claims:
            if claim.subject.kind == "index":
                first, count = self.told.get(claim.subject.name, (claim.subject, 0))
                self.told[claim.subject.name] = first, count + 1
        self.out.claims += self.claims
        if len(self.history) > 2 * MEMORY:  # the first window is what the text is about; old ones in between are forgotten
            del self.history[1:-MEMORY]

    def _walk(self) -> None:
        state, items = self.state, self.items
        for k, item in enumerate(items):
            tag = item.tag
            if tag == "Z":
                state.blocked, state.verb, state.unknown = "", None, ""
                state.compare = None
            elif tag == "S":
                self._subject(k, item)
            elif tag == "P":
                self._pronoun(k, item)
            elif tag == "B":
                self._blocked(k, item)
            elif tag in ("V", "U") and (tag == "V" or self._finite(k)):
                self._verb(k, item)
                if item.text.casefold() in lexicon.MULTIPLES:
                    self._multiple(k, item)
            elif tag == "C":
                self._compare(k, item)
            elif tag == "N":
                self._number(k, item)
            elif tag in ("record", "streak", "extreme", "rank", "mean", "stalled", "reversal", "drove"):
                getattr(self, f"_{tag}")(k, item)
        self._directions()
        for item in items:
            if (
                item.window is not None
                and item.window.turning
                and self.claims
                and re.match(
                    r"since (?:hitting|reaching|setting|making|touching|bottoming|peaking)",
                    item.text,
                    re.IGNORECASE,
                )
            ):
                nearest = min(self.claims, key=lambda c: abs(c.start - item.end))
                self._claim("turning", (nearest.subject,), item.start, item.end, window=item.window)

    def _asides(self, sentence: Sentence, question: bool) -> None:
        clean = self.text.clean
        said = clean[sentence.start : sentence.end]
        spans = [(c.start, c.end) for c in self.claims]
        for kind, pattern, reason in _KINDS:
            m = pattern.search(clean, sentence.start, sentence.end)
            if m is None or any(
                a.kind == kind and sentence.start <= a.start < sentence.end for a in self.out.asides[self.asides_before :]):
                continue
            a, b = self._segment(m.start(), m.end())
            if kind == "cause" and not spans:
                continue
            if kind == "opinion" and len(said.split()) < 4:
                continue
            self.out.asides.append(Aside(kind, a, b, reason))
        for i in self.items:
            if (
                i.tag == "N"
                and i.number is not None
                and i.number.unit in ("percent", "points", "part")
                and (not i.used or "skip" in i.match)
                and not any(a <= i.start < b for a, b in spans)
            ):
                if any(
                    x.kind == "forecast" and x.start <= i.start < x.end for x in self.out.asides[self.asides_before :]):
                    continue
                reason = (
                    "a question"
                    if question
                    else i.match.get("skip", "no verb of movement with a known subject belongs to it")
                )
                self.out.unread.append(Aside("unread", i.start, i.end, reason))
