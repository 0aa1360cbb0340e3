"""The reader: from sentences to claims. A number belongs to the nearest verb or noun of movement, that to the nearest
subject; where something unknown stands between them nothing is claimed and the words are listed as not understood."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, replace

from paceline.views.claims import dates, lexicon
from paceline.views.claims.dates import Window
from paceline.views.claims.items import Item, negated, spot
from paceline.views.claims.numbers import Number, count
from paceline.views.claims.subjects import Names, Subject
from paceline.views.claims.text import Sentence, Text

#: Kinds of claim, in the order of the documentation.
KINDS = ("return", "direction", "compare", "record", "streak", "extreme", "rank", "breadth", "average", "contribution",
         "level", "points", "drawdown", "implied", "turning", "stalled", "reversal")


@dataclass(frozen=True)
class Claim:
    """Something said that prices can confirm or refute. ``start`` and ``end`` are places in the clean text."""

    kind: str
    subject: Subject
    start: int
    end: int
    number: Number | None = None
    sign: int = 0
    window: Window | None = None
    against: Subject | None = None
    params: dict[str, object] = field(default_factory=dict)
    denied: bool = False


@dataclass(frozen=True)
class Aside:
    """Something said that prices cannot judge: forecast, opinion, cause, flow; or words not understood (unread)."""

    kind: str
    start: int
    end: int
    reason: str
    subject: Subject | None = None


@dataclass
class Reading:
    """What was found in a text."""

    claims: list[Claim] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)
    unread: list[Aside] = field(default_factory=list)


_FORECAST = re.compile(lexicon.FORECAST.replace("may|", "(?-i:may)|"), re.IGNORECASE)
_KINDS = (("flow", re.compile(lexicon.FLOW, re.IGNORECASE), "a flow: prices do not show who bought"),
          ("forecast", _FORECAST, "a forecast: only time can check it"),
          ("opinion", re.compile(lexicon.OPINION, re.IGNORECASE), "an opinion or advice"),
          ("cause", re.compile(lexicon.CAUSE, re.IGNORECASE), "a cause: prices show what happened, not why"))
#: What is true at a close, not over a window.
_COPULA = frozenset("was were is are been being remained remains became ranked as among stayed again proved".split())
_MEMBERS = frozenset("members components profits bears bulls investors contracts traders buyers sellers analysts strategists holdings "
                     "positions calls puts dividends executives boards workers customers products".split())
AT_A_CLOSE = ("breadth", "average", "level", "record", "stalled", "turning")
_SIDES = {"above": 1, "over": 1, "below": -1, "under": -1, "beneath": -1}


@dataclass
class _State:
    """What the sentence has said so far."""

    subjects: tuple[Subject, ...] = ()
    at: int = -1  # place of the subject in the row of items
    objects: tuple[Subject, ...] = ()
    object_at: int = -1
    unknown: str = ""
    blocked: str = ""
    verb: Item | None = None
    verb_at: int = -1
    last_sign: int = 0
    compare: Item | None = None
    compare_at: int = -1
    compare_against: tuple[Subject, ...] = ()


class Reader:
    """Reads one text. ``names`` are the market's, ``today`` is the text's own date."""

    def __init__(self, text: Text, names: Names, today: dt.date) -> None:
        self.text, self.names, self.today = text, names, today
        self.when = dates.Reader(today)
        self.out = Reading()
        self.history: list[tuple[Window, int, str, int]] = []  # window, paragraph, tense, sentence: oldest first
        self.heading: Window | None = None
        self.before: tuple[Subject, ...] = ()  # subjects of the claim before
        self.by_kind: dict[str, Subject] = {}

    def read(self) -> Reading:
        for sentence in self.text.sentences:
            self.items = spot(self.text.clean, sentence.start, sentence.end, self.names, self.when)
            self._shy()
            self._sentence(sentence)
        self.out.claims.sort(key=lambda c: (c.start, c.end))
        return self.out

    # -- preparation ---------------------------------------------------------------------------------------------

    def _shy(self) -> None:
        """Weak names ("growth") stay only where something of their kind stands beside them; a name that only
        qualifies another noun ("tech workers") is none; anaphors find whom they mean."""
        items = self.items
        strong = {s.kind for i in items if i.tag == "S" for s in i.subjects if not (i.mention and i.mention.bare)}
        weak = [i for i in items if i.tag == "S" and i.mention is not None and i.mention.bare]
        for k, item in enumerate(items):
            if item.tag != "S":
                continue
            after = items[k + 1] if k + 1 < len(items) else None
            if item.anaphor and not item.subjects:
                found = self._anaphor(item.anaphor, items[:k])
                if found is None:
                    item.tag = "w"
                else:
                    item.subjects = (found,)
                continue
            if len(item.subjects) > 1 or item.anaphor:
                continue
            mention, kind = item.mention, item.subjects[0].kind
            if mention is None:
                continue
            if after is not None and not mention.possessive and after.tag in ("w", "B") and (
                    after.text[:1].islower() and not after.text.endswith(("ed", "ing"))):
                if mention.ticker and after.tag == "w":
                    continue
                if kind in ("index", "fund") and after.tag == "w" and after.text.endswith("s") and after.text.casefold() not in _MEMBERS:
                    continue  # "the Nasdaq 100 clings to": a verb
                item.tag = "w"
                continue
            if mention.bare and not (k and (items[k - 1].tag == "C" or items[k - 1].text.casefold() in ("than", "over", "versus"))):
                others = {s.kind for i in weak if i is not item for s in i.subjects} | strong
                family = {"style", "size", "index", "sector"} if kind == "style" else {"style", "sector", "theme", "index"}
                next_ = next((i for i in items[k + 1:k + 6] if i.tag not in ("f", "L", ",", "(", ")", "W")), None)
                moves = kind != "style" and next_ is not None and next_.tag in ("V", "N", "U", "C", "rank")
                listed = next_ is not None and next_.tag in ("N", "U") and next_.number is not None
                if not (others & family or listed or moves) or (
                        after is not None and after.tag == "w") or (kind == "style" and next_ is not None and next_.tag in ("w", "stalled")):
                    item.tag = "w"
            elif kind == "market" and item.text.casefold() in ("stocks", "equities"):
                before = items[k - 1] if k else None
                if before is not None and before.tag in ("w", "S", "N", "B") and not before.text.endswith("ly"):
                    item.tag = "w"
            elif kind == "unknown" and after is not None and after.tag == "w":
                item.tag = "w"

    def _anaphor(self, what: str, before: list[Item]) -> Subject | None:
        if what in ("fund", "etf"):
            for i in reversed(before):
                if i.tag == "S" and len(i.subjects) == 1 and len(i.subjects[0].candidates) == 1 and i.subjects[0].candidates[0].instrument:
                    return i.subjects[0]
        wanted = {"fund": ("fund",), "etf": ("fund",), "sector": ("sector",), "group": ("sector", "theme", "basket"),
                  "stock": ("stock",), "shares": ("stock",), "theme": ("theme",), "basket": ("theme", "basket", "size")}.get(
                      what, ("index",))
        found = [self.by_kind[k] for k in wanted if k in self.by_kind]
        return found[-1] if found else None

    # -- a sentence ----------------------------------------------------------------------------------------------

    def _sentence(self, sentence: Sentence) -> None:
        self.sentence = sentence
        self.claims: list[Claim] = []
        self.state = _State()
        clean = self.text.clean
        question = clean[sentence.start:sentence.end].rstrip(" \"')").endswith("?")
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
        self.out.claims += self.claims

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
            if item.window is not None and item.window.turning and self.claims and re.match(
                    r"since (?:hitting|reaching|setting|making|touching|bottoming|peaking)", item.text, re.IGNORECASE):
                nearest = min(self.claims, key=lambda c: abs(c.start - item.end))
                self._claim("turning", (nearest.subject,), item.start, item.end, window=item.window)

    def _finite(self, k: int) -> bool:
        """"up" as what happened ("is up", "closed higher", "energy up 3%"), not as an adverb ("edged up")."""
        before = self.items[k - 1] if k else None
        return not (before is not None and before.tag in ("V", "U", "N"))

    def _subject(self, k: int, item: Item) -> None:
        state, items = self.state, self.items
        role = self._role(k)
        if role == "object":
            state.objects, state.object_at = item.subjects, k
            return
        if role == "against":
            state.compare_against = item.subjects
            state.objects, state.object_at = item.subjects, k
            return
        if state.verb is not None and state.verb.sign:
            state.last_sign = state.verb.sign
        state.subjects, state.at, state.verb, state.blocked, state.unknown = item.subjects, k, None, "", ""
        if state.compare is not None and any(i.tag in (",", "W") for i in items[state.compare_at:k]):
            state.compare = None

    def _role(self, k: int) -> str:
        items = self.items
        j = k - 1
        while j >= 0 and items[j].tag == "f" and items[j].text.casefold() in (
                "the", "a", "an", "its", "their", "'s", "both", "broader", "small", "large", "this", "that", "all", "most", "other", "even"):
            j -= 1
        if j < 0:
            return "subject"
        before = items[j]
        if before.tag == "C" or (before.tag == "w" and j and items[j - 1].tag == "C"):
            return "against"
        word = before.text.casefold()
        if before.tag == "D":
            return "subject"  # "18% rally S&P 500": read from the number
        if word == "of" and j and items[j - 1].text.casefold() in ("shares", "stocks", "stock", "units"):
            return "subject"
        if before.tag == "f" and word in lexicon.OBJECT:
            if word in ("over", "against", "versus", "vs", "than") and self.state.compare is not None:
                return "against"
            return "object"
        if before.tag in ("V", "L", "drove") and j == k - 1 and before.tag == "drove":
            return "object"
        return "subject"

    def _pronoun(self, k: int, item: Item) -> None:
        state, word = self.state, item.text.casefold()
        if word in ("which", "whose", "that", "who"):
            before = self.items[k - 1] if k else None
            near = max(state.at, state.object_at)
            if near >= 0 and before is not None and (before.tag in (",", "S", ")") or k - near <= 3):
                chosen = state.objects if state.object_at > state.at else state.subjects
                state.subjects, state.at, state.verb, state.blocked, state.unknown = chosen, k, None, "", ""
        elif word in ("it", "they") and not state.subjects and self.before:
            state.subjects, state.at, state.blocked, state.unknown = self.before, k, "", ""
        elif word in ("it", "they") and state.subjects:
            state.verb = None

    def _blocked(self, k: int, item: Item) -> None:
        state = self.state
        before = self.items[k - 1] if k else None
        after = self.items[k + 1] if k + 1 < len(self.items) else None
        if (before is not None and before.tag == "N") or (after is not None and after.tag == "D" and item.text.casefold() == "price"):
            return  # looked at by the number itself; "price return"
        state.blocked = item.text
        if state.verb is None:
            state.subjects, state.unknown = (), ""

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
                if i.tag in ("Z", "N", "V", "C", "S", "P", "streak", "record", "rank", "extreme") or (i.tag == "," and words) or (
                        i.text.casefold() in ("and", "with", "as") and words):
                    return j, words
                if i.tag == ",":  # an apposition between commas is passed over
                    back = next((n for n in range(j - 1, max(-1, j - 14), -1) if items[n].tag in (",", "Z", "V", "N")), -1)
                    if back < 0 or items[back].tag != ",":
                        return j, words
                    j = back
                if i.tag in ("w", "B") or (i.tag == "f" and i.text.casefold() in lexicon.SUFFIXES):
                    words.insert(0, i)
            j -= 1
        return j, words

    def _verb(self, k: int, item: Item) -> None:
        """A verb of movement: whose is it?"""
        state, items = self.state, self.items
        sign = item.sign
        if item.tag == "V" and k + 1 < len(items) and items[k + 1].tag == "U" and (
                item.text.casefold() in lexicon.NEUTRAL):
            sign = items[k + 1].sign
        item = replace_item(item, sign)
        j, words = self._stretch(k)
        edge = items[j] if j >= 0 else None
        strange = [w for w in words if (w.tag in ("w", "B") and not w.text.casefold().endswith(("ed", "ing")))
                   or (w.tag == "f" and (edge is None or edge.tag not in ("S", "P")))]
        if item.text.casefold().endswith("ing") and k and items[k - 1].tag == ",":
            strange = []  # ", rising 3%": the subject of the clause before
        own = edge is not None and (edge.tag in ("S", "P") and (edge is not items[state.object_at] if state.object_at >= 0 else True))
        if strange and not (own and not self._owner(j, strange)):
            said = self.text.clean[(items[j].end if j >= 0 else self.sentence.start):item.start].strip(" ,;:-\u2014")
            thing = next((w for w in strange if w.tag == "B"), None)
            state.unknown, state.blocked = ("", thing.text) if thing is not None else (_name_of(said), state.blocked)
            state.subjects = ()
            state.at = k
        elif state.blocked and state.at < 0:
            state.subjects = ()
        if (edge is not None and edge.tag == "S" and k and items[k - 1].tag == "," and edge.subjects != state.subjects and not strange
                and self._role(j) == "subject" and not state.unknown):
            state.subjects, state.at, state.blocked = edge.subjects, j, ""  # "Biotech, once the market's darling, gave up"
        state.verb, state.verb_at = item, k
        if sign:
            state.last_sign = sign
        if not state.subjects and not state.unknown and not state.blocked and state.at < 0 and self.before and not words and k <= 2:
            state.subjects = ()

    def _owner(self, j: int, strange: list[Item]) -> bool:
        """"Apple's suppliers rose": the suppliers did, not Apple."""
        item = self.items[j]
        return item.tag == "S" and (bool(item.mention and item.mention.possessive) or self.items.index(strange[0]) == j + 1)

    # -- numbers -------------------------------------------------------------------------------------------------

    def _next(self, k: int, skip: tuple[str, ...] = ("f",)) -> int:
        j = k + 1
        while j < len(self.items) and self.items[j].tag in skip:
            j += 1
        return j

    def _number(self, k: int, item: Item) -> None:
        number, items, state = item.number, self.items, self.state
        assert number is not None
        if item.used:
            return
        if number.unit == "level":
            return self._level(k, item)
        after = items[k + 1] if k + 1 < len(items) else None
        after2 = items[k + 2] if k + 2 < len(items) else None
        if self._breadth(k, item) or self._share(k, item):
            return None
        if after is not None and (after.tag == "B" or (after.tag in ("w", "f") and after2 is not None and after2.tag == "B" and after.text.casefold() not in (
                "on", "as", "after", "amid", "since", "before", "plus", "including", "excluding", "without", "net", "than", "despite", "and", "in", "for", "from", "with", "at", "to"))):
            return self._skip(item, f"about {(after if after.tag == 'B' else after2).text}, not prices")  # type: ignore[union-attr]
        if after is not None and after.text.casefold() == "of" and number.unit != "part" and not (
                after2 is not None and after2.text.casefold() in ("its", "their", "the")):
            return self._skip(item, "a share of something, not a change of price")
        if self._below(k, item) or self._gap(k, item) or self._noun(k, item) or self._for(k, item) or self._adjacent(k, item) or self._by_verb(k, item):
            return None
        reason = f"about {state.blocked}, not prices" if state.blocked else "no verb of movement with a known subject belongs to it"
        return self._skip(item, reason)

    def _skip(self, item: Item, reason: str) -> None:
        item.used = True
        item.match = {"skip": reason}

    def _claim(self, kind: str, subjects: tuple[Subject, ...], start: int, end: int, *, number: Number | None = None, sign: int = 0,
               window: Window | None = None, against: Subject | None = None, denied: bool = False, **params: object) -> None:
        forecast = self._forecast(start, end)
        if forecast is not None and kind != "implied":
            self.out.asides.append(Aside("forecast", start, end, "a forecast: only time can check it", subjects[0] if subjects else None))
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
        return _FORECAST.search(self.text.clean, a, b)

    def _returns(self, k: int, item: Item, subjects: tuple[Subject, ...], sign: int, start: int | None = None, end: int | None = None) -> bool:
        """Claims about returns of these subjects; several numbers go to several subjects in their order."""
        number = item.number
        assert number is not None
        begin = item.start if start is None else start
        stop = item.end if end is None else end
        item.used = True
        kind = "points" if number.unit == "index_points" else "return"
        if number.unit == "points":
            return False
        drop = self._from_high(k, sign)
        if drop is not None:
            kind = "drawdown" if drop == "drawdown" else kind
        if len(subjects) > 1:
            more = self._more_numbers(k)
            if len(more) + 1 == len(subjects):
                for subject, (at, n) in zip(subjects, [(k, number), *more], strict=True):
                    self.items[at].used = True
                    self._claim(kind, (subject,), begin, self.items[at].end, number=n.times(sign), sign=sign)
                return True
        denied = negated(self.text.clean, self._segment(begin, stop)[0], item.start)
        self._claim(kind, subjects, begin, stop, number=number.times(sign), sign=sign, denied=denied)
        return True

    def _from_high(self, k: int, sign: int) -> str | None:
        return None

    def _more_numbers(self, k: int) -> list[tuple[int, Number]]:
        found: list[tuple[int, Number]] = []
        for j in range(k + 1, len(self.items)):
            i = self.items[j]
            if i.tag == "N" and i.number is not None and i.number.unit == "percent":
                found.append((j, i.number))
            elif not (i.tag == "," or i.text.casefold() in ("and", "or")):
                break
        return found

    def _gap(self, k: int, item: Item) -> bool:
        """"outperformed by 3 points", "3 points ahead of": the difference of two returns."""
        number, items, state = item.number, self.items, self.state
        assert number is not None
        if number.unit not in ("points", "percent", "index_points"):
            return False
        before = items[k - 1] if k else None
        j = self._next(k)
        ahead = items[j] if j < len(items) else None
        if number.unit in ("points", "index_points") and ahead is not None and ahead.tag == "C" and j <= k + 2:
            n2 = self._next(j)
            other = items[n2] if n2 < len(items) else None
            if other is not None and other.tag == "S" and state.subjects:
                self._compared(item.start, other.end, state.subjects, other.subjects, ahead.sign, _as_points(number))
                ahead.used = item.used = True
                return True
        by = before is not None and before.text.casefold() in ("by", "with", "margin", "about")
        linked = state.compare is not None and not any(i.tag in ("Z", "V") for i in items[state.compare_at + 1:k])
        if linked and state.compare is not None:
            words = self.text.clean[state.compare.end:item.start].casefold()
            if number.unit in ("points", "index_points") or re.search(r"\bby\b[^,;]*$", words) or (by and before.text.casefold() == "by"):  # type: ignore[union-attr]
                subjects = state.subjects
                against = state.compare_against or self._default_against(subjects)
                if subjects and against:
                    state.compare.used = item.used = True
                    self._drop_compare(state.compare)
                    self._compared(state.compare.start, item.end, subjects, against, state.compare.sign, _as_points(number))
                    state.compare = None
                    return True
            elif (pair := self._pair(k, item)) is not None:
                against = state.compare_against or self._default_against(state.subjects)
                if state.subjects and against:
                    first, second, last = pair
                    item.used = True
                    self._claim("return", state.subjects, item.start, items[last].end, number=first, sign=1 if first.value >= 0 else -1)
                    self._claim("return", against, item.start, items[last].end, number=second, sign=1 if second.value >= 0 else -1)
                    return True
            elif re.search(r"\b(?:with|at|gaining|returning|rising)\b[^,;]*$", words) or (
                    state.compare.text.casefold().startswith(("trail", "lag")) and re.search(r"(?:with|at)\s*$", words)):
                return self._returns(k, item, state.subjects, 1) if state.subjects else False
        return False

    def _below(self, k: int, item: Item) -> bool:
        """"25% below its February high", "12% off its record", "30% above its April low": the move since then."""
        items, state = self.items, self.state
        w = items[k + 1] if k + 1 < len(items) else None
        if w is None or w.tag != "W" or w.window is None or item.number is None or item.number.unit not in ("percent", "part"):
            return False
        said = w.text.casefold()
        sign = -1 if said.startswith(("below", "off", "under", "beneath", "shy", "short")) else 1 if said.startswith("above") else 0
        before = items[k - 1] if k else None
        if not sign or not state.subjects or state.blocked or state.unknown or (before is not None and before.tag in ("V", "U")):
            return False
        return self._returns(k, item, state.subjects, sign, None, w.end)

    def _pair(self, k: int, item: Item) -> tuple[Number, Number, int] | None:
        """"9.3% to 7.9%", "-17.0% against -17.7%": the first for the subject, the second for the other."""
        number, items = item.number, self.items
        assert number is not None
        if number.low != number.high:
            low, high = number.low, number.high
            state = self.state
            assert state.compare is not None
            first, second = (high, low) if state.compare.sign > 0 else (low, high)
            return replace(number, low=first, high=first), replace(number, low=second, high=second), k
        j = k + 1
        if j < len(items) and items[j].text.casefold() in ("against", "versus", "vs", "to", "compared", "vs."):
            j = self._next(j)
            if j < len(items) and items[j].tag == "N" and items[j].number is not None:
                n = self._next(j)
                if not (n < len(items) and items[n].tag == "S" and n > j + 1):
                    items[j].used = True
                    return number, items[j].number, j  # type: ignore[return-value]
        return None

    def _compared(self, start: int, end: int, subjects: tuple[Subject, ...], against: tuple[Subject, ...], sign: int,
                  number: Number | None = None, **params: object) -> None:
        for other in against:
            self._claim("compare", tuple(s for s in subjects if s.name != other.name), start, end, number=number,
                        sign=sign, against=other, **params)

    def _default_against(self, subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
        """Whom a text compares with when it does not say: the market."""
        market = self.names.lookup("the market")
        sp = self.names.lookup("s&p 500")
        for s in (sp if sp is not None and sp.candidates else None, market):
            if s is not None and all(s.name != x.name for x in subjects):
                return (s,)
        return ()

    def _noun(self, k: int, item: Item) -> bool:
        """"a 3.4% rise in the S&P 500", "S&P 500's 17% annual gain", "an 18% S&P 500 rally", "a loss of 2%"."""
        items, state, number = self.items, self.state, item.number
        assert number is not None
        j, inner = k + 1, None
        while j < len(items) and j <= k + 6 and (items[j].tag in ("f", "W") or (items[j].tag == "S" and inner is None and items[j].subjects)
                                                 or (items[j].tag == "w" and items[j].text.endswith(("-day", "-week", "total")))):
            if items[j].text.casefold() in ("in", "for", "of", "on", "from", "by", "to", "and", "at", "as", "with", "against", "after", "before", "versus"):
                break
            if items[j].tag == "S":
                inner = items[j]
            j += 1
        if j < len(items) and items[j].tag == "D":
            noun = items[j]
            level = next((i for i in items[j + 1:j + 8] if i.tag == "N" and i.number is not None and i.number.unit == "level"), None)
            after = self._next(j, ("W",))
            subjects: tuple[Subject, ...] = inner.subjects if inner is not None else ()
            end = noun.end
            if not subjects and after < len(items) and items[after].text.casefold() in ("in", "for", "by", "of", "from", "among"):
                n = self._next(after)
                if n < len(items) and items[n].tag == "S" and n - after <= 3:
                    subjects, end = items[n].subjects, items[n].end
                elif n < len(items) and items[n].tag in ("B", "w") and items[after].text.casefold() in ("in", "of"):
                    self._skip(item, f"about {items[n].text}, not prices")
                    return True
            if not subjects and k and items[k - 1].tag in ("S", "W", "f"):
                owner = next((i for i in items[k - 1::-1][:4] if i.tag == "S"), None)
                if owner is not None and owner.mention is not None and owner.mention.possessive:
                    subjects = owner.subjects
            if not subjects:
                if state.blocked or state.unknown or not state.subjects:
                    return self._unknown(item, noun.sign, noun.end) if state.unknown else False
                if any(i.tag in ("w",) and i.text[:1].isupper() for i in items[state.at + 1:k]) and state.verb is None:
                    return False
                subjects = state.subjects
            if level is not None and self._forecast(item.start, level.end) is not None:
                level.used = item.used = True
                self._claim("implied", subjects, item.start, level.end, number=number.times(noun.sign), sign=noun.sign,
                            level=level.number.value, level_step=level.number.step)  # type: ignore[union-attr]
                return True
            start = min([item.start, *(i.start for i in items[max(0, k - 3):k] if i.tag == "S" and i.subjects == subjects)])
            done = self._returns(k, item, subjects, noun.sign, start, end)
            state.last_sign = noun.sign
            return done
        j = k - 1
        while j > 0 and items[j].text.casefold() in ("only", "just", "a", "an", "some", "mere", "another", "fully", "nearly"):
            j -= 1
        d = j - 1 - (j >= 2 and items[j - 1].tag == "W")
        if d >= 1 and items[d].tag == "L" and items[d - 1].tag == "D":  # its gain came to 2%
            d -= 1
        if j >= 1 and items[j].text.casefold() in ("of", "to", "at", "was", "were", "is", "totaled", "totalled", "reached", "hit", "topped",
                                                   "exceeded", "averaged", "stood") and items[d].tag == "D":  # a loss of 2%
            noun = items[d]
            subjects = state.subjects
            before = next((i for i in items[max(0, d - 3):d][::-1] if i.tag == "S" and (i is items[d - 1] or (
                i.mention is not None and i.mention.possessive) or i.anaphor)), None)
            if before is not None:
                subjects = before.subjects
            nxt = self._next(k)
            if nxt < len(items) and items[nxt].tag == "S" and items[k + 1].text.casefold() in ("for", "in"):
                subjects = items[nxt].subjects
            if not subjects or state.blocked:
                return False
            return self._returns(k, item, subjects, noun.sign, min(noun.start, item.start))
        if k >= 2:  # a gain in the S&P 500 of 2%
            back = items[k - 1]
            if back.text.casefold() == "of" and items[k - 2].tag == "S":
                noun2 = next((i for i in items[k - 2::-1][:5] if i.tag == "D"), None)
                if noun2 is not None:
                    return self._returns(k, item, items[k - 2].subjects, noun2.sign, noun2.start)
        return False

    def _for(self, k: int, item: Item) -> bool:
        """"39% for the S&P 500", "5.8% for the IWF": the verb before it holds for this subject too."""
        items, state = self.items, self.state
        j = k + 1
        if j >= len(items) or items[j].text.casefold() not in ("for", "in", "by"):
            return False
        n = self._next(j)
        if n >= len(items) or items[n].tag != "S" or n - j > 3:
            return False
        word = items[j].text.casefold()
        direct = state.verb is not None and state.verb_at >= 0 and all(
            i.tag in ("f", "U", "(", ",", "W") for i in items[state.verb_at + 1:k]) and state.subjects
        if word != "for" and not (k and items[k - 1].tag == "U") or (direct and word == "for" and items[n].subjects == state.subjects):
            return False
        if direct and state.verb is not None and items[k - 1].text.casefold() not in ("against", "versus", "than", "with", "to"):
            return False
        sign = items[k - 1].sign if k and items[k - 1].tag == "U" else state.last_sign or (state.verb.sign if state.verb else 0)
        if not sign and item.number is not None and not item.number.signed:
            if state.compare is None and not any(c.kind == "return" for c in self.claims):
                return False
            sign = 1
        return self._returns(k, item, items[n].subjects, sign or 1, item.start, items[n].end)

    def _adjacent(self, k: int, item: Item) -> bool:
        """"Energy (+3%)", "Nasdaq 100: -1.2%", "financials 2.1%", "energy, up 3%", "1.1% lower"."""
        items, state, number = self.items, self.state, item.number
        assert number is not None
        up = items[k - 1] if k and items[k - 1].tag == "U" else None
        if up is None and k >= 2 and items[k - 1].text.casefold() == "by" and items[k - 2].tag == "U":
            up, k = items[k - 2], k - 1
        if up is not None and up.text.casefold() == "off" and k >= 2 and items[k - 2].tag in ("w",):
            return False
        j = k - 1 - (up is not None)
        while j >= 0 and (items[j].tag in (":", "(") or (items[j].tag == "f" and items[j].text.casefold() in (
                "was", "is", "were", "are", "by", "a", "some", "at", "another", "'s", "itself", "only", "just", "still", "now", "again"))
                or (items[j].tag == "L" and items[j].text.casefold() in ("was", "is", "were", "are", "be", "been", "being", "has", "have", "had"))
                or (items[j].tag == "w" and j and items[j - 1].text.casefold() == "a" and up is None)
                or (items[j].tag == "," and up is not None) or items[j].tag == "W" and items[j].text.casefold().startswith(("ytd", "mtd", "qtd"))):
            j -= 1
        later = items[k + 1] if k + 1 < len(items) else None
        behind = later if later is not None and later.tag == "U" and later.text.casefold() in ("higher", "lower", "up", "down") else None
        if behind is not None and later is not None and later.text.casefold() in ("up", "down") and up is not None:
            behind = None
        if j >= 0 and items[j].tag == "S":
            here = items[j]
            if up is None and behind is None and not number.signed:
                if state.blocked and j < k - 1:
                    return False
                colon = any(i.tag in (":", "(") for i in items[j + 1:k])
                sign = state.last_sign if not colon else (state.last_sign or 1)
                if not sign:
                    if not (len(items) <= 12 or colon):
                        return False
                    sign = 1
                if j and items[j - 1].text.casefold() in ("in", "of") and not colon and not state.last_sign:
                    return False
            else:
                sign = (up or behind or item).sign or 1
                if number.signed:
                    sign = 1 if number.value >= 0 else -1
            state.last_sign = sign
            if self._role(j) == "subject":
                state.subjects, state.at = here.subjects, j
            return self._returns(k, item, here.subjects, sign, here.start, behind.end if behind else None)
        direction = up or behind
        if direction is not None and state.subjects and not state.blocked and not state.unknown:
            subjects = state.subjects
            back = [i for i in items[:k] if i.tag == "S"]
            if state.object_at > state.at and up is not None and j == state.object_at and back:
                subjects = state.objects
            state.last_sign = direction.sign
            return self._returns(k, item, subjects, direction.sign, None, direction.end if behind else None)
        if direction is not None and state.unknown:
            return self._unknown(item, direction.sign, item.end)
        if number.signed and state.subjects and j >= 0 and not state.blocked and all(
                i.tag in (",", "f", ")", "W", ":", "N", "L", "(", "V") or i.text.endswith("ed") for i in items[state.at + 1:k]):
            return self._returns(k, item, state.subjects, 1 if number.value >= 0 else -1)
        return False

    def _by_verb(self, k: int, item: Item) -> bool:
        """"rose 3%", "lost almost a third of its value", "slid 12 points, or 1.1%,"."""
        items, state, number = self.items, self.state, item.number
        assert number is not None
        if state.verb is None or not state.verb.sign:
            return False
        between = items[state.verb_at + 1:k]
        plain = all(i.tag in ("f", "U", "W", ",", "(", "N", "streak", ":") or i.tag == "L" for i in between)
        if not plain:
            return False
        other = [i for i in between if i.tag == "N"]
        if other and not re.search(r"\b(?:or|and|a|for a|,)\s*[(]?$|\($", self.text.clean[other[-1].end:item.start].casefold().strip()
                                   or ","):
            return False
        if any(i.text.casefold() in ("from", "on", "to", "as", "of", "than", "above", "below", "with") for i in between):
            return False
        if number.unit == "part" and not re.match(r"\s*(?:of|in|,|\.|since|this|on|$)", self.text.clean[item.end:self.sentence.end]):
            return False
        subjects = state.subjects
        if state.unknown:
            return self._unknown(item, state.verb.sign, item.end)
        if not subjects:
            if state.blocked:
                return False
            if state.at < 0 and self.before and re.match(r"\W*(?:it|they|both)?\b", self.text.clean[self.sentence.start:], re.IGNORECASE) and (
                    state.verb_at <= 1):
                subjects = self.before
            else:
                return False
        if any(i.tag == "N" for i in between):
            return self._returns(k, item, subjects, state.verb.sign)
        start = state.verb.start
        s = items[state.at] if 0 <= state.at < len(items) else None
        if s is not None and s.tag == "S" and s.start < start and not any(i.tag == "N" for i in items[state.at:state.verb_at]):
            start = s.start
        return self._returns(k, item, subjects, state.verb.sign, start)

    def _unknown(self, item: Item, sign: int, end: int) -> bool:
        """A move of something this market does not know: named, so that it is not simply dropped."""
        name = self.state.unknown
        if not name or item.number is None or item.number.unit not in ("percent", "part"):
            return False
        known = " ".join(name.casefold().split()) in lexicon.FOREIGN.split("|")
        if not known and not all(w[:1].isupper() or w in ("&", "of") for w in name.split()) or name.casefold().startswith(("our ", "we ", "my ")):
            self._skip(item, f"{name!r} is no subject this market knows")
            return True
        return self._returns(len(self.items), item, (Subject(name, "unknown"),), sign, None, end)

    def _multiple(self, k: int, item: Item) -> None:
        """"has more than doubled", "nearly halved": a number in one word."""
        state = self.state
        after = self.items[k + 1] if k + 1 < len(self.items) else None
        if not state.subjects or state.blocked or state.unknown or (after is not None and after.tag in ("N", "w", "B", "S")):
            return
        value = lexicon.MULTIPLES[item.text.casefold()]
        said = self.text.clean[max(self.sentence.start, item.start - 22):item.start].casefold()
        how = next((h for h, p in (("over", r"more than\s*$"), ("nearly", r"(?:nearly|almost|all but|close to)\s*$"), ("about", r"(?:about|roughly)\s*$"))
                    if re.search(p, said)), "")
        item.used = True
        s = self.items[state.at] if 0 <= state.at < k and self.items[state.at].tag == "S" else item
        self._claim("return", state.subjects, s.start, item.end, sign=1 if value > 0 else -1,
                    number=Number(value, value, 0.1 if value > 0 else 0.04, "times", item.start, item.end, how))

    def _level(self, k: int, item: Item) -> None:
        items, state, number = self.items, self.state, item.number
        assert number is not None
        before = items[k - 1] if k else None
        word = before.text.casefold() if before is not None else ""
        item.used = True
        if before is None or word not in ("to", "at", "above", "below", "past", "over", "under", "near", "beyond", "through", "topped", "tops",
                                          "reach", "reached", "hit", "around", "about", "record", "of", "beneath", "crossed", "topping", "surpassed", "level", "close"):
            if not (before is not None and before.tag in ("C", "record")):
                return
        subjects = state.subjects
        if not subjects or state.blocked or subjects[0].kind not in ("index", "stock", "fund", "market", "asset", "unknown"):
            return
        claimed = next((c for c in reversed(self.claims) if c.subject.name == subjects[0].name), None)
        forecast = self._forecast(item.start, item.end)
        if forecast is not None:
            self.out.asides.append(Aside("forecast", item.start, item.end, "a forecast: only time can check it", subjects[0]))
            return
        side = {"above": 1, "past": 1, "over": 1, "beyond": 1, "topped": 1, "tops": 1, "topping": 1, "surpassed": 1, "crossed": 1,
                "through": 1, "below": -1, "under": -1, "beneath": -1}.get(word, 0)
        if word in ("near", "around", "about") and not number.how:
            number = replace(number, how="about")
        if before is not None and before.tag == "C":
            side, before.used = 1, True
            state.compare = None
        if number.unit == "level" and number.step >= 1 and not side and number.how == "" and number.value % 100 == 0:
            number = replace(number, how="about")
        del claimed
        self._claim("level", subjects[:1], (before.start if before else item.start), item.end, number=number, side=side)

    # -- phrases -------------------------------------------------------------------------------------------------

    def _who(self, k: int, look: int = 5) -> tuple[tuple[Subject, ...], int]:
        """The subject of a phrase: "record high for the S&P 500", else the sentence's."""
        items, state = self.items, self.state
        for j in range(k + 1, min(k + 1 + look, len(items))):
            if items[j].text.casefold() in ("for", "in", "by") and (n := self._next(j)) < len(items) and items[n].tag == "S" and n - j <= 3:
                return items[n].subjects, items[n].end
            if items[j].tag not in ("f",):
                break
        if state.unknown or state.blocked and state.at < 0:
            return (), items[k].end
        return state.subjects or (self.before if state.at < 0 and not state.unknown else ()), items[k].end

    def _record(self, k: int, item: Item) -> None:
        subjects, end = self._who(k)
        back = self.items[k - 1] if k else None
        if not subjects or (back is not None and back.tag == "short") or self.state.blocked:
            return
        said = item.text.casefold()
        low = "low" in said.split() or "lows" in said.split()
        a, _ = self._segment(item.start, item.end)
        if re.search(r"\b(?:from|below|off|near|short of|shy of|since|beneath|under|away from)\b[^,;]*$", self.text.clean[a:item.start], re.IGNORECASE):
            return
        start = min([item.start, *(i.start for i in self.items[max(0, k - 4):k] if i.tag in ("L", "V"))])
        year = 252 if re.search(r"52|one-year|12-month|fifty", said) else 0
        self._claim("record", subjects, start, end, sign=-1 if low else 1, sessions=year,
                    denied=negated(self.text.clean, a, item.start))

    def _streak(self, k: int, item: Item) -> None:
        m, state = item.match, self.state
        said = (m.get("n") or m.get("n2") or "").casefold()
        what = (m.get("adj") or m.get("what") or m.get("what2") or "").casefold()
        unit = next((u for keys, u in ((("session", "day", "daily"), "day"), (("week",), "week"), (("month",), "month"),
                                       (("quarter",), "quarter"), (("year", "annual"), "year")) if any(x in what for x in keys)), "day")
        vague = said in ("multi", "several", "multiple")
        n = 3 if vague else count(said)
        text = item.text.casefold()
        following = self.text.clean[item.end:min(item.end + 40, self.sentence.end)].casefold()
        preceding = self.text.clean[self._segment(item.start, item.end)[0]:item.start].casefold()
        move = (m.get("move") or m.get("move2") or "") + " " + text
        sign = -1 if re.search(r"los|declin|drop|fall|negative|down", move) else 1 if re.search(r"gain|win|advanc|ris|increas|positive|up\b", move) else 0
        if not sign:
            look = re.match(r"\s*(?:of |run of )?(gains|advances|losses|declines|gain|loss|decline|advance|rise|drop|fall)", following)
            if look:
                sign = lexicon.NOUNS.get(look.group(1), 1)
        noun = re.match(r"\s*(?:of )?(outperformance|underperformance)", following)
        if (noun or state.compare is not None) and n:
            against = self._after_compare(k) if noun else state.compare_against
            subjects = state.subjects
            owner = next((i for i in self.items[:k][::-1][:3] if i.tag == "S"), None)
            if owner is not None and owner.mention is not None and owner.mention.possessive:
                subjects = owner.subjects
            if subjects and (against or not noun):
                ahead = 1 if (noun and noun.group(1).startswith("out")) or (not noun and state.compare is not None and state.compare.sign > 0) else -1
                for c in self.items[k:k + 3]:
                    if c.tag == "C":
                        c.used = True
                if state.compare is not None and not noun:
                    state.compare.used = True
                    self._drop_compare(state.compare)
                for other in against or self._default_against(subjects):
                    self._claim("streak", subjects, item.start, item.end, sign=ahead, n=n, unit=unit, vague=vague, against=other)
                return
        if not sign and state.verb is not None and state.verb.sign:
            sign = state.verb.sign
        if not sign:
            noun2 = next((i for i in self.items[max(0, k - 4):k][::-1] if i.tag == "D"), None)
            sign = noun2.sign if noun2 is not None else 0
        subjects, end = self._who(k)
        if not subjects or not sign or not n or n < 2 or state.blocked:
            return
        ended = bool(re.search(r"\b(?:snap|snapp|end|broke|break|halt|stop)(?:ed|ing|s)?\b[^,;]*$", preceding)) and "winning" in text + move or bool(
            re.search(r"\b(?:snapped|snapping|ended|ending|broke|breaking|halted|halting|stopped)\b[^,;]*$", preceding))
        if re.search(r"\b(?:being|would|too)\b", following) and "being" in following:
            return
        start = item.start
        s = self.items[state.at] if 0 <= state.at < k else None
        if s is not None and state.verb is not None and state.verb_at == k - 1:
            start = s.start
        if state.verb is not None:
            state.verb.used = True
            if 0 <= state.verb_at < len(self.items):
                self.items[state.verb_at].used = True
        self._claim("streak", subjects, start, end, sign=sign, n=n, unit=unit, vague=vague, ended=ended)

    def _after_compare(self, k: int) -> tuple[Subject, ...]:
        for j in range(k + 1, min(k + 6, len(self.items))):
            if self.items[j].tag == "S":
                return self.items[j].subjects
        return ()

    def _extreme(self, k: int, item: Item) -> None:
        """best month since April, biggest one-day gain of the year, highest close since 2021"""
        clean, m = self.text.clean, item.match
        tail = clean[item.end:self.sentence.end]
        link = re.match(r"(?P<gap>(?:[^,;.]|\.(?=\d))*?)\b(?:since\s+(?P<since>[^,;()]+)|in (?P<n>[\w-]+|more than [\w-]+|at least [\w-]+|over [\w-]+|nearly [\w-]+) "
                        r"(?P<unit>years?|months?|weeks?|decades?)|(?P<ever>ever\b|on record|in history)|(?:of|this|so far this|for the) (?P<year>the year|year))",
                        tail, re.IGNORECASE)
        if link is None or len(link.group("gap")) > 60:
            return
        owner = re.match(r"\s*(?:for|by|in) (?:the )?", tail[link.end():])
        if owner is not None and link.group("since") is None:
            at = item.end + link.end() + owner.end()
            named = next((i for i in self.items if i.tag == "S" and at - 4 <= i.start <= at), None)
            if named is not None and not named.anaphor:
                item.subjects = named.subjects
        what = m["what"].casefold()
        how = m["how"].casefold()
        unit_text = (m.get("adj") or "").casefold() + " " + what + " " + item.text.casefold()
        subjects = item.subjects or self._who(k)[0]
        end = item.end + link.end()
        since: dt.date | None = None
        ref: str = ""
        if link.group("since"):
            said = link.group("since")
            w = self.when.find("since " + said, 0, len(said) + 6)
            if not w or w[0].first is None or w[0].base in ("low", "high"):
                self._mark(item.start, end)
                self.out.unread.append(Aside("unread", item.start, end, "the period it is compared with is not clear"))
                return
            since, ref = w[0].first, "since"
            end = item.end + link.start("since") + max(0, w[0].stop - 6)
            exact_day = re.search(rf"{dates.MONTH}\s+\d{{1,2}}\b", said) is not None
            month = re.search(dates.MONTH, said, re.IGNORECASE) is not None
            size = "day" if exact_day else "month" if month else "year"
        elif link.group("ever"):
            ref, size = "ever", ""
        elif link.group("year"):
            ref, size, since = "year", "", dt.date(self.today.year, 1, 1)
        else:
            n = count(re.sub(r"^(?:more than|at least|over|nearly)\s+", "", link.group("n").casefold()))
            if n is None:
                return
            from dateutil.relativedelta import relativedelta

            unit = link.group("unit").casefold().rstrip("s") + "s"
            delta = relativedelta(years=n * (10 if unit == "decades" else 1)) if unit in ("years", "decades") else relativedelta(**{unit: n})  # type: ignore[arg-type]
            since, ref, size = self.today - delta, "within", unit.rstrip("s")
        level = how in ("highest", "lowest")
        period = "level" if level else next((u for keys, u in (
            (("one-day", "single-day", "daily", " day", "session"), "day"), (("week",), "week"), (("quarter",), "quarter"),
            (("month", "january", "february", "march", "april", " may", "june", "july", "august", "september", "october", "november", "december"), "month"),
            (("year", "annual"), "year")) if any(x in " " + unit_text for x in keys)), "")
        if what in ("streak", "run"):
            period = "streak"
        if "start" in what or "first" in unit_text or "half" in what or not period:
            self._mark(item.start, end)
            self.out.unread.append(Aside("unread", item.start, end, "a comparison of periods that is not computed"))
            return
        subject_in_gap = next((i for i in self.items if i.tag == "S" and item.end <= i.start < end), None)
        if subject_in_gap is not None:
            subjects = subject_in_gap.subjects
        negative = how in ("worst", "weakest", "lowest", "poorest") or what in (
            "drop", "decline", "loss", "fall", "slide", "slump", "plunge", "selloff", "sell-off") or (what in ("streak", "run") and "losing" in unit_text)
        if what in ("streak", "run") and "losing" not in unit_text and self.state.verb is not None and self.state.verb.sign < 0:
            negative = True
        if (what == "performance" or how in ("biggest", "largest", "longest")) and what in ("day", "session", "week", "month", "quarter", "year"):
            return
        if not subjects:
            self.out.unread.append(Aside("unread", item.start, end, "whose it is is not said"))
            return
        self._mark(item.start, end)
        self._claim("extreme", subjects, item.start, end, sign=-1 if negative else 1, unit=period, since=since, ref=ref, size=size)

    def _mark(self, start: int, end: int) -> None:
        """Windows inside a phrase belong to it."""
        for i in self.items:
            if start <= i.start and i.end <= end and i.tag == "W":
                i.used = True

    def _rank(self, k: int, item: Item) -> None:
        sign = 1 if item.match.get("best") else -1
        state, items = self.state, self.items
        subjects = state.subjects
        nth = (item.match.get("nth") or item.match.get("nth2") or "").casefold().strip("-")
        place = {"": 1, "second": 2, "third": 3}.get(nth, 1)
        n = k + 1
        while n < len(items) and (items[n].tag in ("f", "L", ",", ":", "W") or items[n].text.casefold() in ("s&p",)):
            n += 1
        start, end = item.start, item.end
        b = k - 1 - (k >= 1 and items[k - 1].text.casefold() == "the")
        copula = any(i.tag == "L" and i.text.casefold() in ("was", "were", "is", "are", "been") for i in items[k + 1:n]) or (
            n < len(items) and items[n - 1].tag == ":")
        if n < len(items) and items[n].tag == "S" and copula and (not subjects or state.at < 0 or any(i.tag == "Z" for i in items[state.at:k])):
            subjects, end = items[n].subjects, items[n].end  # "The best performer was energy"
        elif b >= 1 and items[b].tag == "," and items[b - 1].tag == "S":
            subjects = items[b - 1].subjects  # "utilities, the day's weakest sector"
        elif subjects and state.at >= 0 and k - state.at <= 8:
            start = min(start, items[state.at].start)
        elif k + 1 < len(items) and items[k + 1].tag == "," and k + 2 < len(items) and items[k + 2].tag == "S":
            subjects = items[k + 2].subjects
        else:
            return
        if not subjects or state.unknown or state.blocked or not any(s.candidates for s in subjects):
            return
        verbal = re.match(r"(?:led|leading|topp|head|held|fared|did|performed|finished|came|brought|bringing|ranked|was)", item.text, re.IGNORECASE)
        if not verbal and start != item.start and not any(
                i.text.casefold() in _COPULA for i in items[state.at + 1:k]) and items[b].tag != ",":
            return
        among = re.search(r"\b(?:among|one of)\s+(?:the )?$", self.text.clean[self.sentence.start:item.start], re.IGNORECASE) is not None
        for i in items[:k]:
            if i.tag == "V" and i is items[k - 1]:
                i.used = True
        self._claim("rank", subjects, start, end, sign=sign, place=place, of=len(subjects), among=among, words=item.text.casefold())

    def _mean(self, k: int, item: Item) -> None:
        """"below its 200-day moving average", after a share of members that was handled with its number."""
        if item.used:
            return
        m = item.match
        n, unit = int(m.get("n") or m.get("d") or 0), (m.get("unit") or "day").casefold()
        side = 0
        for j in range(k - 1, max(-1, k - 10), -1):
            i = self.items[j]
            low = i.text.casefold()
            if low in _SIDES:
                side = _SIDES[low]
                break
            if low in ("reclaimed", "regained", "recaptured", "retook", "topped", "cleared"):
                side = 1
                break
            if low in ("lost", "broke", "broken", "breached", "undercut") and i.tag in ("L", "V", "w"):
                side = -1
                break
            if i.tag in ("Z", "N") or (i.tag == "mean" and not i.used):
                break
        subjects, _ = self._who(k)
        if not side and k and self.items[k - 1].text.casefold() in ("and", "or", ","):
            prior = next((c for c in reversed(self.claims) if c.kind == "average"), None)
            if prior is not None:
                side, subjects = int(str(prior.params["side"])), (prior.subject,)
        if not subjects or not side or n < 2 or self.state.blocked or self.state.unknown:
            return
        sessions = n * {"day": 1, "session": 1, "week": 5, "month": 21}.get(unit, 1)
        start = min(item.start, *(i.start for i in self.items[max(0, k - 5):k + 1] if i.text.casefold() in _SIDES or i is item))
        a, _ = self._segment(item.start, item.end)
        if self.state.verb is not None and not any(i.tag in ("N", "Z") for i in self.items[self.state.verb_at + 1:k]):
            self.items[self.state.verb_at].used = True
        self._claim("average", subjects, start, item.end, sign=side, side=side, sessions=sessions, asked=n, unit=unit,
                    denied=negated(self.text.clean, a, item.start))

    def _breadth(self, k: int, item: Item) -> bool:
        """"over two-thirds of tech stocks still trade above their 200-day moving averages"."""
        items, number = self.items, item.number
        assert number is not None
        if number.unit not in ("percent", "part"):
            return False
        mean = next((j for j in range(k + 1, min(k + 22, len(items))) if items[j].tag == "mean"), None)
        if mean is None or any(i.tag == "Z" or (i.tag == "N" and i.number is not None and i.number.unit == "percent") for i in items[k + 1:mean]):
            return False
        side = next((_SIDES[i.text.casefold()] for i in items[mean - 1:k:-1] if i.text.casefold() in _SIDES), 0)
        of = items[k + 1] if k + 1 < len(items) else None
        if not side or of is None or of.text.casefold() != "of":
            return False
        chosen = [i for i in items[k + 1:mean] if i.tag == "S"]
        subjects = chosen[-1].subjects[:1] if chosen else self.state.subjects[:1]
        m = items[mean].match
        n = int(m.get("n") or m.get("d") or 0) * {"day": 1, "session": 1, "week": 5, "month": 21}.get((m.get("unit") or "day").casefold(), 1)
        if not subjects:
            market = self.names.lookup("the market")
            subjects = (market,) if market is not None else ()
        items[mean].used = item.used = True
        self._claim("breadth", subjects, item.start, items[mean].end, number=number, sign=side, side=side, sessions=n)
        return True

    def _share(self, k: int, item: Item) -> bool:
        """"accounted for 43% of the S&P 500's gain", "contributed 7 points to the index's rise"."""
        items, number = self.items, item.number
        assert number is not None
        drove = next((j for j in range(k - 1, max(-1, k - 5), -1) if items[j].tag == "drove"), None)
        if drove is None or not self.state.subjects:
            return False
        whole = next((i for i in items[k + 1:k + 6] if i.tag == "S"), None)
        if whole is None or number.unit == "level":
            return False
        of = items[k + 1].text.casefold() if k + 1 < len(items) else ""
        share = of == "of" and number.unit in ("percent", "part")
        if not share and not (number.unit in ("points", "percent", "index_points") and of in ("to", "of", "toward", "towards")):
            return False
        items[drove].used = item.used = True
        number = number if share else _as_points(number)
        for c in list(self.claims):
            if c.kind == "contribution" and c.start == items[drove].start:
                self.claims.remove(c)
        self._claim("contribution", self.state.subjects, items[drove].start, whole.end, number=number, sign=1, against=whole.subjects[0], share=share)
        return True

    def _drove(self, k: int, item: Item) -> None:
        items, state = self.items, self.state
        subjects, at = state.subjects, state.at
        if state.object_at > state.at and k and items[k - 1].tag == "P":
            subjects = state.objects
        whole = next((j for j in range(k + 1, min(k + 5, len(items))) if items[j].tag == "S"), None)
        number_between = whole is not None and any(i.tag == "N" and i.number is not None and i.number.unit != "level" for i in items[k + 1:whole])
        if whole is None or not subjects or number_between or state.blocked or state.unknown or items[whole].subjects == subjects:
            return
        if not any(i.tag == "D" and i.sign > 0 for i in items[whole + 1:whole + 6]):
            return
        del at
        s = items[state.at] if 0 <= state.at < k and items[state.at].tag == "S" else None
        near = max([i for i in items[:k] if i.tag == "S"], key=lambda i: i.start, default=None)
        begin = near.start if near is not None and near.subjects == subjects and item.start - near.end < 12 else item.start
        del s
        self._claim("contribution", subjects, begin, items[whole].end, sign=1, against=items[whole].subjects[0], share=True)

    def _stalled(self, k: int, item: Item) -> None:
        state = self.state
        subjects = state.subjects
        if item.text.casefold().startswith("whose") and state.object_at > state.at:
            subjects = state.objects
        if subjects and not state.unknown:
            self._claim("stalled", subjects, item.start, item.end, sign=-1)

    def _reversal(self, k: int, item: Item) -> None:
        prior = next((c for c in self.claims if c.kind == "compare" and c.number is None), None)
        if prior is not None:
            self._claim("reversal", (prior.subject,), item.start, item.end, sign=prior.sign, against=prior.against)

    def _compare(self, k: int, item: Item) -> None:
        """A beats B; the number that may follow finds the comparison in the state."""
        items, state = self.items, self.state
        j = self._next(k)
        phrase = item.match.get("phrase", "")
        following = items[j] if j < len(items) else None
        if following is not None and (following.tag == "B" or following.text.casefold() in ("estimates", "expectations", "forecasts", "views")):
            state.blocked = following.text
            return
        if following is not None and following.tag == "N" and following.number is not None and following.number.unit == "level":
            return
        if item.used or not item.sign:
            return
        before = items[k - 1] if k else None
        if before is not None and before.text.casefold() in ("was", "were", "been", "being", "is", "are", "got", "be", "a", "an", "more"):
            return
        word = item.text.casefold()
        noun = word.endswith("performance")
        at, words = self._stretch(k)
        lone = at < 0 or items[at].tag not in ("S", "P")
        if [w for w in words if (w.tag in ("w", "B") and not w.text.casefold().endswith(("ed", "ing"))) or (w.tag == "f" and lone)] and not noun and not (
                state.at >= 0 and items[state.at].tag == "P"):
            state.compare = None
            state.subjects = ()
            return
        against = ()
        n = j
        while n < len(items) and n <= j + 2 and (items[n].tag == "f" or items[n].text.casefold() in ("large", "big", "their")) and items[n].text.casefold() not in (
                "by", "with", "in", "on", "at", "for", "as", "and"):
            n += 1
        if n < len(items) and items[n].tag == "S" and (word not in ("led",) or True):
            against = items[n].subjects
        state.compare, state.compare_at, state.compare_against = item, k, against
        state.last_sign = 1
        weak = phrase in ("ahead of", "better than", "worse than", "behind", "led") or noun
        linked = before is not None and (before.text.casefold() in ("finished", "ended", "closed", "came", "pulled", "finish", "moved", "out"))
        if weak and not linked:
            if noun or phrase == "led":
                return
            state.compare = None if not (k and any(i.tag == "N" for i in items[max(0, k - 2):k])) else item
            return
        subjects = state.subjects
        if not subjects and state.at < 0 and self.before and k <= 2:
            subjects = self.before
        if not subjects or state.unknown:
            return
        end = items[n].end if against else item.end
        and_others = re.match(r"\s*,?\s*(?:and|and all|along with)\s+(?:the |all )?(?:other|all other|every other|most other|remaining)\s+(\w+)", self.text.clean[end:self.sentence.end])
        rivals = against
        if not against:
            elsewhere = following is not None and following.text.casefold() in ("it", "them", "its", "their")
            rivals = self.previous_other(subjects) if elsewhere else self._default_against(subjects)
            near = items[k + 1:k + 4]
            stop = next((n for n, x in enumerate(near) if x.tag in (":", "Z", ",")), len(near))
            if any(i.tag == "S" for i in near[:stop]) and phrase:
                return
        if rivals:
            near = 0 <= state.at < k and not any(i.tag in ("N", "C", "V", "W") for i in items[state.at:k])
            self._compared(items[state.at].start if near else item.start, end,
                           subjects, rivals, item.sign, implicit=not against, denied=negated(self.text.clean, self._segment(item.start, item.end)[0], item.start))
        if and_others and against:
            self._claim("compare", subjects, item.start, end + and_others.end(), sign=item.sign, against=against[0],
                        group=and_others.group(1).casefold())

    def previous_other(self, subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
        """Whom "it" means after a comparison: the other side of the one before."""
        pool = [*self.claims[::-1], *self.out.claims[::-1][:4]]
        for c in pool:
            if c.kind == "compare" and c.against is not None and c.subject.name in [s.name for s in subjects]:
                return (c.against,)
        for c in pool:
            if c.subject.name not in [s.name for s in subjects]:
                return (c.subject,)
        return ()

    def _drop_compare(self, item: Item) -> None:
        """The bare comparison is replaced by the one with its number."""
        self.claims = [c for c in self.claims if not (c.kind == "compare" and c.number is None and c.end >= item.start
                                                      and c.start <= item.end and "group" not in c.params)]

    def _directions(self) -> None:
        """Moves without a number: "utilities rose on Thursday"; only finite verbs of a named subject."""
        items = self.items
        subjects: tuple[Subject, ...] = ()
        unknown = False
        for k, i in enumerate(items):
            if i.tag == "S":
                role = self._role(k)
                if role == "subject":
                    subjects, unknown = i.subjects, False
            elif i.tag in ("Z",):
                unknown = False
            elif i.tag in ("w", "B") and not i.text.endswith(("ed", "ing")):
                unknown = True
            elif i.tag in ("V", "U") and subjects and not unknown and not i.used:
                word = i.text.casefold()
                if i.tag == "V" and (word.endswith("ing") or word in lexicon.NEEDS_NUMBER):
                    continue
                if i.tag == "U" and not (k and items[k - 1].tag == "L" and items[k - 1].text.casefold() in (
                        "ended", "closed", "finished", "settled") and word in ("up", "down", "higher", "lower")):
                    continue
                a, b = self._segment(i.start, i.end)
                near = items[k + 1:k + 8]
                stop = next((n for n, x in enumerate(near) if x.tag in ("Z", "V")), len(near))
                if any(x.tag in ("N", "B", "mean", "streak", "extreme", "record") for x in near[:stop]):
                    continue
                if any(c.start <= i.start < c.end or (c.subject in subjects and a <= c.start < b) for c in self.claims):
                    continue
                if not any(x.tag == "W" and x.window is not None and not x.used and not x.window.unclear and a <= x.start < b for x in items):
                    continue
                sign = i.sign
                if not sign or re.search(r"\b(?:to|from|of)\s*$", self.text.clean[a:i.start]):
                    continue
                s = next((x for x in items[:k][::-1] if x.tag == "S"), i)
                self._claim("direction", tuple(x for x in subjects if x.kind != "unknown"), min(s.start, i.start), i.end, sign=sign,
                            denied=negated(self.text.clean, a, i.start))

    # -- windows -------------------------------------------------------------------------------------------------

    def _tense(self, claim: Claim) -> str:
        a, _ = self._segment(claim.start, claim.end)
        said = self.text.clean[a:claim.end].casefold()
        if re.search(r"\b(?:has|have|'ve)\b", said):
            return "perfect"
        if re.search(r"\b(?:is|are|remains?|sits?|stands?|still|now|'s|trades?)\b(?! best| worst)", re.sub(r"\b\w+'s\b", " ", said)):
            return "present"
        return "past"

    def _windows(self) -> None:
        """Give each claim its window: its own segment's, the clause's, the sentence's, the paragraph's."""
        for i in self.items:
            if i.tag == "W" and i.text.casefold().startswith("since") and re.search(
                    r"\b(?:best|worst|biggest|largest|highest|lowest|most|first|longest|strongest|weakest|steepest|sharpest|fastest|"
                    r"least|deepest|fewest|greatest|widest|slowest)\b[^,;.]*$", self.text.clean[self._segment(i.start, i.end)[0]:i.start], re.IGNORECASE):
                i.used = True  # "the most since 2010" compares; it is no window
        items = [i for i in self.items if i.tag == "W" and not i.used and i.window is not None]
        resolved: list[Claim] = []
        for i in items:
            if i.window is not None and i.window.aside:
                i.used = True
        items = [i for i in items if not i.used]
        for claim in sorted(self.claims, key=lambda c: (c.start, c.end)):
            if claim.window is not None or claim.kind == "implied":
                resolved.append(claim)
                continue
            tense = self._tense(claim)
            window = self._period(claim, items, tense, resolved)
            if window is not None and not window.unclear and window.inherited in ("", "sentence"):
                kept = "close" if claim.kind in AT_A_CLOSE else tense
                self.history.append((window, self.sentence.paragraph, kept, self.sentence.start))
            resolved.append(replace(claim, window=window))
        if not resolved:
            self._lead_in(items)
        self.claims = resolved
        for claim in resolved[::-1]:
            if claim.subject.kind != "unknown":
                self.before = tuple(c.subject for c in resolved if c.start == claim.start and c.kind == claim.kind)
                break

    def _lead_in(self, items: list[Item]) -> None:
        """A heading or a sentence that only names a period: it is meant for what follows."""
        clean = self.text.clean[self.sentence.start:self.sentence.end]
        if any(i.tag == "N" and i.number is not None and i.number.unit != "level" for i in self.items):
            return
        paragraph = self.sentence.paragraph
        head = paragraph == 0 or (not clean.rstrip().endswith((".", "!", "?")) and len(clean.split()) <= 8)
        windows = [i.window for i in items if i.window is not None and not i.window.unclear and not i.window.same]
        if head:
            for pattern, unit in ((r"\bweek(?:ly|end)?\b", "week"), (r"\bquarter(?:ly)?\b|\bQ[1-4]\b", "quarter"), (r"\bmonth(?:ly)?\b", "month"),
                                  (r"\b(?:wrap|daily|closing bell|at the close|market close|session|stocks today|evening)\b", "day"),
                                  (r"\b(?:the year in|year in review|in review|annual|full[- ]year|year-end|look back at|the year that was)\b", "year")):
                if re.search(pattern, clean, re.IGNORECASE):
                    named = next((w for w in windows if w.unit == unit), None)
                    self.heading = named or self._own_period(unit, clean)
                    return
            named = next((w for w in windows if w.unit in ("month", "quarter", "year", "week")), None)
            if named is not None:
                self.heading = named
        if paragraph == 0 and windows and windows[-1].unit == "day" and windows[-1].open and re.search(
                rf"\b(?:{dates._DAYS}|today)\b", windows[-1].text, re.IGNORECASE) and self.heading is None:
            self.heading = windows[-1]
        if windows and len(clean.split()) <= 16 and windows[0].unit != "day":
            self.history.append((windows[0], paragraph, "any", self.sentence.start))

    def _own_period(self, unit: str, clean: str) -> Window | None:
        """The week, month ... the text itself belongs to."""
        said = {"day": "today", "week": "for the week", "month": "for the month", "quarter": "for the quarter", "year": "for the year"}[unit]
        found = self.when.find(said, 0, len(said))
        del clean
        return replace(found[0], text="", soft=False) if found else None

    def _period(self, claim: Claim, items: list[Item], tense: str, done: list[Claim]) -> Window | None:
        """The window of one claim."""
        paragraph = self.sentence.paragraph
        window = self._choose(claim, items, tense, done)
        if window is not None and window.soft and not window.same and window.unit != "day":
            near = [w for w, p, *_ in self.history if p == paragraph and w.unit == window.unit]  # type: ignore[union-attr]
            if near:
                window = replace(near[-1], text=window.text, start=window.start, stop=window.stop, inherited="")
        if claim.kind in AT_A_CLOSE:
            if window is not None and ((window.inherited and (window.unit != "day" or tense != "past"))
                                       or (claim.kind in ("breadth", "average", "stalled") and window.unit != "day")):
                window = None
            if window is None and tense == "past" and claim.kind in ("level", "average"):
                window = self._inherit(tense)
                window = window if window is not None and window.unit == "day" and window.inherited == "paragraph" else None
            if window is not None and window.same:
                window = self._same(window)
            return window
        if window is not None and window.same:
            window = self._same(window)
        if window is None and claim.kind == "extreme":
            unit = str(claim.params.get("unit"))
            found = self._inherit(tense)
            if found is not None and (found.unit == unit or unit in ("level", "streak")):
                return found
            return self._own_period(unit, "") if unit in ("day", "week", "month", "quarter", "year") else None
        return window if window is not None else self._inherit(tense)

    def _same(self, asked: Window) -> Window:
        """"over the same period", "that month", "in five sessions": the window spoken of before."""
        said = asked.text.casefold()
        past = [w for w, *_ in self.history] + ([self.heading] if not self.history and self.heading is not None else [])
        unit = next((u for u in ("day", "session", "month", "week", "quarter", "year") if re.search(rf"\b{u}\b", said)), "").replace("session", "day")
        found = None
        if asked.base == "next":
            unit = ""
        if asked.n >= 100:  # "that Monday"
            found = next((w for w in past[::-1] if w.unit == "day" and w.base != "next" and w.first is not None and w.first.weekday() == asked.n - 100), None)
            return replace(found, text=asked.text, start=asked.start, stop=asked.stop, inherited="", same=False) if found is not None else replace(
                asked, same=False, unclear="nothing before it names that day")
        if asked.base == "back":
            fits = {"week": range(4, 6), "month": range(18, 24)}
            found = next((w for w, p, *_ in self.history[::-1] if p == self.sentence.paragraph and asked.n in fits.get(w.unit, ())), None)
            if found is None:
                return replace(asked, same=False)
        elif unit:
            found = next((w for w in past[::-1] if w.unit == unit), None)
        elif asked.base == "next":
            days = [w for w in past if w.unit == "day" and w.first is not None]
            if not days:
                return replace(asked, same=False, unclear="nothing before it names a day")
            return replace(asked, same=False, first=days[-1].first, end=days[-1].end or self.today, unit="day")
        elif asked.n:  # since then
            days = [w for w in past if w.unit == "day" and w.first is not None]
            if days:
                return Window(asked.text, asked.start, asked.stop, "on", days[-1].first, alternative=True)
        else:
            found = next((w for w in past[::-1] if w.unit != "day"), past[-1] if past else None)
        if found is None:
            return replace(asked, same=False, unclear="nothing before it names a period")
        return replace(found, text=asked.text, start=asked.start, stop=asked.stop, inherited="", same=False)

    def _choose(self, claim: Claim, items: list[Item], tense: str, done: list[Claim]) -> Window | None:
        def usable(i: Item) -> bool:
            w = i.window
            assert w is not None
            if claim.kind in ("extreme",) and w.text.casefold().startswith("since"):
                return False
            return True

        here = [i for i in items if usable(i)]
        bounds = [x for x in self.items if x.tag == "Z"]
        a = max([self.sentence.start, *(x.end for x in bounds if x.end <= claim.start)])
        b = min([self.sentence.end, *(x.start for x in bounds if x.start >= claim.end)])
        others = [c for c in self.claims if c is not claim and not (c.start <= claim.start and c.end >= claim.end)
                  and not (claim.start <= c.start and claim.end >= c.end) and c.kind not in ("extreme", "turning", "level")]
        prev_end = max([a, *(c.end for c in others if c.end <= claim.start)])
        next_start = min([b, *(c.start for c in others if c.start >= claim.end)])
        inside = [i for i in here if claim.start <= i.start < claim.end]
        after = [i for i in here if claim.end <= i.start < next_start]
        lead = [i for i in here if prev_end <= i.start < claim.start]
        # a window in front of the next claim's subject, after a comma or "and", leads that one
        after = [i for i in after if not self._leads(i, claim.end, next_start, b)]
        within = self._segment(claim.start, claim.end)
        intraday = [i for i in here if i.window is not None and "within the day" in i.window.unclear]
        here = [i for i in here if i not in intraday or within[0] <= i.start < within[1]]
        after, lead = ([i for i in group if i in here] for group in (after, lead))
        for group in (inside, after, lead):
            until = [i for i in group if i.window is not None and i.window.base == "until"]
            group = [i for i in group if i not in until]
            if group:
                chosen = group[0] if group is not lead else group[-1]
                w = self._merge(group, chosen)
                return self._until(w, [i for i in after if i.window is not None and i.window.base == "until"] or until)
        ends = [i for i in (*inside, *after) if i.window is not None and i.window.base == "until"]
        here = [i for i in here if i.window is not None and i.window.base != "until"]
        if ends:
            prior = self._inherit(tense)
            begin = next((c.window for c in done[::-1] if c.window is not None), None) or prior
            return self._until(begin, ends)
        earlier = [i for i in here if i.start < claim.start]
        if earlier:
            mine = [c for c in done if c.window is not None and not c.window.unclear and c.kind not in ("extreme",)]
            same_tense = [c for c in mine if self._tense(c) == tense]
            pool = same_tense or mine
            if pool and pool[-1].window is not None:
                return replace(pool[-1].window, inherited="sentence")
            first = earlier[-1].window
            return None if first is None else replace(first, inherited="sentence")
        mine = [c for c in done if c.window is not None and not c.window.unclear]
        later = [i for i in here if i.start >= claim.end]
        if later and later[0].window is not None:
            follow = next((c for c in sorted(self.claims, key=lambda c: c.start) if c.start >= claim.end), None)
            if follow is None or self._tense(follow) == tense:
                return replace(later[0].window, inherited="sentence")
        if mine and mine[-1].window is not None:
            return replace(mine[-1].window, inherited=mine[-1].window.inherited or "sentence")
        return None

    def _until(self, w: Window | None, ends: list[Item]) -> Window | None:
        """"through Tuesday": the window's end."""
        if not ends or ends[0].window is None:
            return w
        end = ends[0].window.end
        if w is None or w.unclear or end is None or (w.first is not None and end < w.first):
            return replace(ends[0].window, unclear="its beginning is not named")
        return replace(w, end=end if end < self.today else None, unit="" if w.unit == "day" else w.unit)

    def _leads(self, i: Item, end: int, next_start: int, b: int) -> bool:
        """Does this window open the next clause? ("..., and in October fell 2%", ". On Friday")"""
        if next_start >= b:
            return False
        before = self.text.clean[end:i.start]
        return bool(re.search(r"(?:,\s*(?:and|but)?|\band|\bbut|\bwhile|\bwith)\s*$", before)) and next_start - i.end < 40

    def _merge(self, group: list[Item], chosen: Item) -> Window | None:
        """"For the week ended Friday", "today" beside "this week": the one that names the period."""
        w = chosen.window
        for i in group:
            other = i.window
            if other is None or w is None or other is w:
                continue
            if w.unit == "day" and other.base in ("on", "low", "high") and other.open and not w.unclear and w.end is not None:
                return replace(other, end=w.end)
        return w

    def _inherit(self, tense: str) -> Window | None:
        """The window of the last claim of the paragraph in the same tense, else of the last one, else the heading's."""
        here = [(w, s) for w, p, t, s in self.history if p == self.sentence.paragraph and t != "close"] or [
            (w, s) for w, p, _, s in self.history if p == self.sentence.paragraph]
        same = [(w, s) for w, p, t, s in self.history if p == self.sentence.paragraph and (
            t in (tense, "any") or (t != "close" and ((t != "past") == (tense != "past") or (
                tense != "past" and w.open and w.unit != "day"))))]
        if pool := same or here:  # of the last sentence the first window: "rose 2% for the week and 1% on Friday"
            return replace(next(w for w, s in pool if s == pool[-1][1]), inherited="paragraph")
        if self.heading is not None and tense == "past":
            return replace(self.heading, inherited="heading")
        if self.history:
            same = [w for w, _, t, _ in self.history if t == tense]
            chosen = (same or [self.history[-1][0]])[-1]
            own_day = chosen.unit == "day" and chosen.open and all(w.unit == "day" and w.open for w in same or [chosen])
            topic = self.history[0][0]
            if topic.unit == "day" and topic.open and tense == "past":
                return replace(topic, inherited="heading")  # the story's day
            if topic.unit in ("week", "month", "quarter", "year") and topic.key() == chosen.key() and (
                    topic.open or (topic.end is not None and (self.today - topic.end).days <= 10)):
                return replace(chosen, inherited="heading")  # the period the text is about
            return replace(chosen, inherited="heading" if own_day and tense == "past" else "earlier paragraph")
        return None if self.heading is None else replace(self.heading, inherited="heading")

    # -- the rest ------------------------------------------------------------------------------------------------

    def _asides(self, sentence: Sentence, question: bool) -> None:
        clean = self.text.clean
        said = clean[sentence.start:sentence.end]
        spans = [(c.start, c.end) for c in self.claims]
        for kind, pattern, reason in _KINDS:
            m = pattern.search(clean, sentence.start, sentence.end)
            if m is None or any(a.kind == kind and sentence.start <= a.start < sentence.end for a in self.out.asides):
                continue
            a, b = self._segment(m.start(), m.end())
            if kind == "cause" and not spans:
                continue
            if kind == "opinion" and len(said.split()) < 4:
                continue
            self.out.asides.append(Aside(kind, a, b, reason))
        for i in self.items:
            if i.tag == "N" and i.number is not None and i.number.unit in ("percent", "points", "part") and (
                    not i.used or "skip" in i.match) and not any(a <= i.start < b for a, b in spans):
                if any(x.kind == "forecast" and x.start <= i.start < x.end for x in self.out.asides):
                    continue
                reason = "a question" if question else i.match.get("skip", "no verb of movement with a known subject belongs to it")
                self.out.unread.append(Aside("unread", i.start, i.end, reason))


def replace_item(item: Item, sign: int) -> Item:
    item.sign = sign
    return item


def _as_points(number: Number) -> Number:
    """A difference of returns; "points" are percentage points here."""
    if number.unit == "index_points":
        return replace(number, low=number.low / 100, high=number.high / 100, step=number.step / 100, unit="points")
    return replace(number, unit="points")


def _name_of(said: str) -> str:
    """The last noun phrase of some words: the part from the last capital run on, else the last three words."""
    words = [w for w in re.findall(r"[\w&.'/-]+", said) if w.casefold() not in lexicon.FILLERS and w.casefold() not in lexicon.LIGHT]
    return " ".join(words[-4:])
