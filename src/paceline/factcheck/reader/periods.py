"""Which window a claim speaks of: its words', clause's, sentence's, paragraph's, the heading's."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from paceline.factcheck import dates, windows
from paceline.factcheck.claims import AT_A_CLOSE, Aside
from paceline.factcheck.dates import Window
from paceline.factcheck.reader.base import Base, Draft, Sheet
from paceline.factcheck.reader.tree import ADVERBS
from paceline.factcheck.text import Text

#: A title has at most this many words; a line under a heading at most so many.
TITLE, LISTED = 18, 22
#: Windows that a reader of a long text still has in mind.
MEMORY = 300
_OWN = {
    "day": "today",
    "week": "for the week",
    "month": "for the month",
    "quarter": "for the quarter",
    "year": "for the year",
}
_TITLES = (
    (r"\bweek(?:ly|end)?\b", "week"),
    (r"\bquarter(?:ly)?\b|\bQ[1-4]\b", "quarter"),
    (r"\bmonth(?:ly)?\b", "month"),
    (
        r"\b(?:wrap|daily|closing bell|at the close|market close|session|stocks today|evening)\b",
        "day",
    ),
    (
        r"\b(?:the year in|year in review|in review|annual|full[- ]year|year-end|look back at|"
        r"the year (?:that was|as|just))\b",
        "year",
    ),
)
_CLOSING = re.compile(
    r"\b(?:closed|closing|ended|ending|finished|finishing|settled|snapped|stocks? (?:jump|slip|"
    r"rise|fall|rall(?:y|ies)|slide))\b",
    re.IGNORECASE,
)
_APART = re.compile(
    r"(?:below|above|under|beneath|short of|shy of|adrift of|away from|clear of|beyond)\b",
    re.IGNORECASE,
)

#: Units of numbers that a heading may have.
_LEVELS = ("level", "bare")


def _title_unit(said: str) -> str:
    """The kind of period that a title speaks of; "" if none."""
    return next((u for words, u in _TITLES if re.search(words, said, re.IGNORECASE)), "")


def _unit_in(said: str) -> str:
    """The unit of "that month", "the same session"; "" if none."""
    units = ("day", "session", "month", "week", "quarter", "year")
    unit = next((u for u in units if re.search(rf"\b{u}\b", said)), "")
    return "day" if unit == "session" else unit


def _worded(window: Window, asked: Window) -> Window:
    """A window as it is asked for by other words."""
    return replace(window, text=asked.text, start=asked.start, stop=asked.stop)


@dataclass
class Said:
    """A window as it was used: where, and in which tense."""

    window: Window
    paragraph: int
    tense: str
    sentence: int


@dataclass
class Calendar:
    """The windows a text has spoken of so far."""

    when: windows.Reader
    text: Text
    said: list[Said] = field(default_factory=list)
    heading: Window | None = None
    section: Window | None = None
    named: list[Window] = field(
        default_factory=list
    )  # the last day that a sentence without a number has named

    def own(self, unit: str) -> Window | None:
        """The day, week, month ... that the text itself belongs to."""
        words = _OWN[unit]
        found = self.when.find(words, 0, len(words))
        return replace(found[0], text="", soft=False) if found else None

    def keep(self, window: Window, paragraph: int, tense: str, sentence: int) -> None:
        """Remember a window that was used."""
        self.said.append(Said(window, paragraph, tense, sentence))
        if len(self.said) > 2 * MEMORY:  # the first window is what the text is about
            del self.said[1:-MEMORY]

    def last(self, unit: str = "") -> Window | None:
        """The last window of a unit; without one the last that is no day, else the last day."""
        past = [s.window for s in self.said] + (
            [self.heading] if not self.said and self.heading is not None else []
        )
        if unit:
            return next((w for w in reversed(past) if w.unit == unit), None)
        return next((w for w in reversed(past) if w.unit != "day"), past[-1] if past else None)

    def unit(self) -> str:
        """The unit of the last period that the text has spoken of; "" if none."""
        past = [s.window for s in self.said] or [w for w in (self.heading,) if w is not None]
        return next((w.unit for w in reversed(past) if w.unit), "")

    # -- a line that only names a period ----------------------------------------------------------

    def lead_in(self, sheet: Sheet) -> None:
        """A heading, or a sentence without a claim: its period is meant for what follows."""
        if any(n.number is not None and n.number.unit not in _LEVELS for n in sheet.nodes):
            return
        said = sheet.clean[sheet.sentence.start : sheet.sentence.end].strip()
        paragraph, size = sheet.sentence.paragraph, len(said.split())
        named = (n.window for n in sheet.nodes if n.window is not None)
        periods = [self._as_of(w) for w in named if not w.unclear and not w.same]
        periods.sort(key=lambda w: w.aside)
        ends = said.endswith((".", "!", "?"))
        if not ends and size <= 16:
            self._section(said, paragraph, periods)
        untold = not self.said and paragraph <= 2 and size <= 12
        head = paragraph == 0 or (not ends and size <= 8) or untold
        if head and size <= TITLE and self._title(said, paragraph, periods):
            return
        self._first_day(paragraph, periods)
        if self.heading is None and periods and periods[0].aside and head and periods[0].unit:
            self.heading = replace(periods[0], aside=False)
        meant = next((w for w in periods if not w.aside), None)
        if meant is not None and size <= 16:
            plain = said.endswith(":") and not re.search(r"\d", meant.text)
            if meant.unit != "day" or plain:
                self.keep(meant, paragraph, "any", sheet.sentence.start)

    def _as_of(self, w: Window) -> Window:
        """A line "as of Friday" dates what follows by that day."""
        if w.base != "until" or w.end is None or not re.match(r"as of", w.text, re.IGNORECASE):
            return w
        end = w.end if w.end < self.when.today else None
        return replace(w, base="before", first=w.end, end=end, unit="day")

    def _section(self, said: str, paragraph: int, periods: list[Window]) -> None:
        """A short line sets the period of a section, or ends it."""
        named = [
            w for w in periods if w.unit and not (w.unit == "day" and re.search(r"\d", w.text))
        ]
        unit = _title_unit(said) if said.endswith(":") and paragraph and not named else ""
        first = named[0] if named and (said.endswith(":") or self.section is not None) else None
        self.section = (self.own(unit) if unit else None) or first

    def _title(self, said: str, paragraph: int, periods: list[Window]) -> bool:
        """A title sets the heading's period; True where its words name a kind of period."""
        if unit := _title_unit(said):
            named = next((w for w in periods if w.unit == unit), None)
            self.heading = named or self.own(unit)
            return True
        longer = ("month", "quarter", "year", "week")
        period = next((w for w in periods if w.unit in longer), None)
        daily = self.heading is not None and self.heading.unit == "day"
        if period is not None and daily and paragraph:
            self.section = period  # "Year to date", in a story of a day
        else:
            self.heading = period or self.heading
        return False

    def _first_day(self, paragraph: int, periods: list[Window]) -> None:
        """The weekday that a story begins with is the day it is about."""
        day = periods[-1] if periods else None
        if day is None or self.said or self.heading is not None or paragraph > 3:
            return
        weekday = re.search(rf"\b(?:{dates.DAYS}|today)\b", day.text, re.IGNORECASE)
        if day.unit == "day" and day.open and weekday and not re.search(r"\d", day.text):
            self.heading = day

    # -- a window from before ---------------------------------------------------------------------

    def inherit(self, tense: str, sheet: Sheet) -> Window | None:
        """The window of the paragraph's last claim in the tense, the heading's, the text's day."""
        paragraph = sheet.sentence.paragraph
        words = len(sheet.clean[sheet.sentence.start : sheet.sentence.end].split())
        if self.section is not None and words <= LISTED:
            return replace(self.section, inherited="heading")
        tense = "past" if tense == "aside" else tense
        said = [s for s in self.said if s.tense != "place"]
        here = [s for s in said if s.paragraph == paragraph and s.tense != "close"] or [
            s for s in said if s.paragraph == paragraph
        ]
        same = [
            s
            for s in here
            if s.tense in (tense, "any")
            or (
                s.tense != "close"
                and (
                    (s.tense != "past") == (tense != "past")
                    or (tense != "past" and s.window.open and s.window.unit != "day")
                )
            )
        ]
        if (
            pool := same or here
        ):  # of the last sentence the first window: "rose 2% for the week and 1% on Friday"
            return replace(
                next(s.window for s in pool if s.sentence == pool[-1].sentence),
                inherited="paragraph",
            )
        if (
            self.heading is not None
            and tense == "past"
            and (self.heading.unit == "day" or not self.said)
        ):
            return replace(self.heading, inherited="heading")
        if said or (self.said and self.heading is None):
            return self._earlier(tense, paragraph)
        if self.heading is not None:
            return replace(self.heading, inherited="heading")
        if tense == "past" and _CLOSING.search(self.text.clean[: sheet.sentence.end]):
            own = self.own("day")
            return None if own is None else replace(own, inherited="own day")
        return None

    def _earlier(self, tense: str, paragraph: int) -> Window:
        first = self.said[0]
        if (
            tense == "past"
            and first.window.unit == "day"
            and first.window.open
            and first.paragraph <= 1
            and first.paragraph < paragraph
        ):
            return replace(first.window, inherited="heading")  # the day the story is about
        aside = [
            s
            for s in self.said
            if s.tense != "place"
            and not (s.window.base == "on" and s.window.end is not None and not s.window.unit)
        ]
        said = (
            aside or self.said
        )  # "Peak to trough, October 2007 to November 2008" is not what the next paragraph is about
        kept = [s for s in said if s.tense in (tense, "any")] or said
        chosen = next(s.window for s in kept if s.sentence == kept[-1].sentence)
        topic = first.window
        period = topic.unit in ("week", "month", "quarter", "year") and topic.key() == chosen.key()
        recent = topic.open or (topic.end is not None and (self.when.today - topic.end).days <= 10)
        day = (
            chosen.unit == "day" and chosen.open and chosen.key() == topic.key() and tense == "past"
        )
        return replace(
            chosen, inherited="heading" if (period and recent) or day else "earlier paragraph"
        )

    def same(self, asked: Window, paragraph: int) -> Window:
        """As in "over the same period", "that month", "since then": the window spoken of before."""
        said = asked.text.casefold()
        unit = _unit_in(said)
        found: Window | None
        if asked.n >= 100:  # "that Monday"
            found = self._on_weekday(asked.n - 100)
        elif asked.base == "back":  # "in five sessions", after "the week of October 6"
            fits = {"week": range(5, 6), "month": range(18, 24)}
            here = (s.window for s in reversed(self.said) if s.paragraph == paragraph)
            found = next((w for w in here if asked.n in fits.get(w.unit, ())), None)
            if found is None:
                return replace(asked, same=False)
        elif asked.base == "on" and asked.first and said.startswith(("over ", "within ")):
            return replace(asked, same=False)
        elif asked.base == "next":
            return self._next(asked)
        elif asked.n:
            then = self._since_then(asked)
            if then is not None:
                return then
            found = self.last()
        else:
            found = self.last(unit)
        if found is None:
            return replace(asked, same=False, unclear="nothing before it names a period")
        near = "paragraph" if not unit else ""
        return replace(_worded(found, asked), inherited=near, same=False)

    def _on_weekday(self, day: int) -> Window | None:
        for s in reversed(self.said):
            w = s.window
            dated = w.unit == "day" and w.base != "next" and w.first is not None
            if dated and w.first is not None and w.first.weekday() == day:
                return w
        return None

    def _next(self, asked: Window) -> Window:
        """The next session: after the day that was spoken of last."""
        days = (s.window for s in reversed(self.said) if s.window.unit == "day")
        day = next((w for w in days if w.first is not None), None)
        if day is None:
            return replace(asked, same=False, unclear="nothing before it names a day")
        end = day.end or self.when.today
        return replace(asked, same=False, first=day.first, end=end, unit="day")

    def _since_then(self, asked: Window) -> Window | None:
        """Since the last day, high or low that was named, or the end of the last period."""
        past = [s.window for s in self.said]
        past = sorted([*past, *self.named], key=lambda w: w.start) if self.named else past
        dated = (w for w in reversed(past) if w.unit == "day" or w.base in ("on", "low", "high"))
        then = next((w for w in dated if w.first is not None), None)
        if then is not None and then.base in ("low", "high"):
            return replace(_worded(then, asked), inherited="paragraph", end=None)
        words = (asked.text, asked.start, asked.stop)
        if then is not None:
            day = then.unit == "day"
            return Window(*words, "on", then.first, alternative=day, inherited="paragraph")
        found = self.last()
        if found is None or found.end is None or found.unclear:
            return None
        return Window(*words, "on", found.end, inherited="paragraph")  # a period that was over


class Periods:
    """Gives each claim of one sentence its window."""

    def __init__(self, base: Base, calendar: Calendar) -> None:
        self.sheet, self.nodes, self.t, self.calendar = base.sheet, base.nodes, base.t, calendar
        for i, n in enumerate(
            self.nodes
        ):  # "remains shy of its July record" dates nothing, "2% shy of" does
            of_high = (
                n.window is not None
                and n.window.unit == "day"
                and self.nodes[i + 1 : i + 2]
                and self.nodes[i + 1].low in ("record", "high", "low", "peak")
            )
            if of_high:
                n.used = True  # "to within a whisker of its October 15 record"
            if (
                n.window is not None
                and _APART.match(n.window.text)
                and not (
                    i and (self.nodes[i - 1].number is not None or self.nodes[i - 1].low == "so")
                )
            ):
                n.used = True
        self.free = [
            i
            for i, n in enumerate(self.nodes)
            if n.window is not None and not n.window.aside and not n.used
        ]

    def settle(self) -> None:
        """Own windows first, then those shared within the sentence, then those from before."""
        drafts = sorted(self.sheet.drafts, key=lambda d: (d.claim.start, d.claim.end))
        for d in drafts:
            if not d.fixed and d.claim.kind != "implied":
                d.own = d.own or self._own(d)
        taken = {id(d.own) for d in drafts if d.own is not None}
        for d in drafts:
            if d.own is None and not d.fixed and d.claim.kind != "implied":
                d.own = self._hangs(d, taken)
        self._within_the_day(drafts)
        drafts = [d for d in drafts if d in self.sheet.drafts]
        front = (
            self.nodes[self.free[0]].window if self.free and self.free[0] <= 1 and drafts else None
        )
        if (
            front is not None
            and front.unit in ("week", "month", "quarter", "year")
            and not front.unclear
            and not front.same
            and not self._alone_said(front)
        ):
            self.calendar.keep(
                front, self.sheet.sentence.paragraph, "past", self.sheet.sentence.start
            )
        for d in drafts:
            if d.fixed or d.claim.kind == "implied":
                continue
            self._give(d, drafts)
        self.calendar.named = [
            w
            for i in self.free
            if (w := self.nodes[i].window) is not None
            and w.unit == "day"
            and not w.same
            and not drafts
        ] or self.calendar.named
        day = self._days_only(drafts)
        if day is not None:
            self.calendar.keep(
                day, self.sheet.sentence.paragraph, "past", self.sheet.sentence.start
            )

    def _alone_said(self, w: Window) -> bool:
        """As in "in the fourth quarter alone": of a longer period that the text is about."""
        return re.match(r"\s+alone\b", self.sheet.clean[w.stop : w.stop + 8]) is not None

    def _days_only(self, drafts: list[Draft]) -> Window | None:
        """A sentence without a claim ("Shares fell on Tuesday.") still dates what follows."""
        if drafts or not self.free:
            return None
        for i in self.free:
            w = self.nodes[i].window
            root = self.t.clause(i)
            main = self.nodes[root].dep in ("ROOT", "conj", "ccomp") and (
                self.t.move(root) is not None or self.t.light(root)
            )
            if (
                w is not None
                and main
                and w.unit == "day"
                and not w.unclear
                and not w.same
                and not re.search(r"\d", w.text)
            ):
                return w
        return None

    def _give(self, d: Draft, drafts: list[Draft]) -> None:
        tense = self.tense(d)
        window = self._period(d, d.own or self._shared(d, drafts), tense)
        if d.own is None and window is not None and d.claim.kind == "return":
            c = d.claim
            twins = [x for x in drafts if x is not d and x.own and x.own.key() == window.key()]
            like = ((x.claim.kind, x.claim.subject, x.claim.sign) for x in twins)
            if (c.kind, c.subject, c.sign) in like:
                # as in: closed 1% higher, a rise of 2.9% on the week
                window = self.calendar.own("day") or window
        if window is not None and not window.unclear and window.inherited in ("", "sentence"):
            self._remember(d, window, tense)
        others = self._otherwise(d, window) if window is not None else []
        d.claim = replace(d.claim, window=window, otherwise=tuple(others))

    def _remember(self, d: Draft, window: Window, tense: str) -> None:
        """Keep a window that the sentence names, for what follows."""
        at_close = d.claim.kind in AT_A_CLOSE
        known = [s.window.key() for s in self.calendar.said]
        owned = window.unit == "day" and window.text.casefold().endswith("'s")
        silent = d.claim.kind == "extreme" and not window.text.strip()
        if (owned and window.key() not in known) or (tense == "aside" and at_close) or silent:
            return
        place = _APART.match(window.text) or self._alone_said(window)
        kept = "place" if place else "close" if at_close else tense
        self.calendar.keep(window, self.sheet.sentence.paragraph, kept, self.sheet.sentence.start)

    def _otherwise(self, d: Draft, window: Window) -> list[Window]:
        """Other windows that the claim may be meant of: its sentence's, those said before."""
        others: list[Window] = []
        if d.claim.kind in ("return", "points", "compare", "direction", "rank", "level"):
            free = (w for i in self.free if (w := self.nodes[i].window) is not None)
            plain = (w for w in free if not w.unclear and not w.same and w.base != "until")
            others = [w for w in plain if w.key() != window.key()][:4]
        if window.inherited in ("paragraph", "heading", "earlier paragraph"):
            for s in reversed(self.calendar.said[-40:]):
                keys = [x.key() for x in (window, *others)]
                if not s.window.unclear and s.window.key() not in keys and len(others) < 3:
                    others.append(s.window)
        return others

    def tense(self, d: Draft) -> str:
        """past, present, perfect; aside for ", bringing its gain to 7%", which has no tense."""
        v = self.t.clause(d.at)
        kids = {
            self.nodes[c].low for c in self.t.children[v] if self.nodes[c].dep in ("aux", "auxpass")
        }
        if "had" in kids:
            return "aside"  # what had been before
        if kids & {"has", "have", "'ve"}:
            return "perfect"
        tag = self.nodes[v].tag
        if tag in ("VBZ", "VBP") or kids & {"is", "are"}:
            return "present"
        if (
            tag == "VBG"
            and d.claim.kind != "compare"
            and self.nodes[v].dep not in ("ROOT", "conj", "ccomp")
        ):
            return "aside"
        return "past"

    # -- its own ----------------------------------------------------------------------------------

    def _own(self, d: Draft) -> Window | None:
        start = d.claim.number.start if d.claim.number is not None else -1
        number = next(
            (
                k
                for k in range(min(d.at, d.to), max(d.at, d.to) + 1)
                if (n := self.nodes[k].number) is not None and n.start == start
            ),
            d.to,
        )
        v = self.t.clause(d.at)
        whole = self.nodes[self.nodes[v].head].window if self.nodes[v].dep == "relcl" else None
        if whole is not None and not whole.unclear and not whole.same:
            return replace(whole, aside=False)  # "a December in which the S&P lost 9.2%"
        found = self._qualifies(d, number)
        if found is None and d.claim.kind == "return" and d.to > max(number, d.at):
            found = self._inside(d, number)  # "a 17% annual gain"
        if found is None:
            found = self._right(max(number, d.to))
        until = None
        if found is not None and found.base == "until":
            until, found = found, None
        if found is None:
            found = self._inside(d, number) or self._left(min(number, d.at), d)
            if found is not None and found.base == "until":
                until = found
                before = next((i for i, n in enumerate(self.nodes) if n.window is found), 0)
                found = self._left(before, d)
        if until is None:
            until = self._until_after(max(number, d.to))
        return self._through(found, until) if until is not None else found

    def _inside(self, d: Draft, number: int) -> Window | None:
        """As in "its advance over that period to 7%": between the movement and its number."""
        last = max(d.at, number, d.to if d.claim.kind == "return" else 0)
        for k in range(last - 1, min(d.at, number), -1):
            n = self.nodes[k]
            if (
                n.number is not None
                and k != number
                and n.start != self.nodes[number].start
                and n.number.unit in ("percent", "points")
            ):
                return None
            if (w := self._usable(k)) is not None and not n.low.endswith("'s"):
                return w
        return None

    def _usable(self, i: int) -> Window | None:
        n = self.nodes[i]
        if n.window is None or n.window.aside or n.used:
            return None
        return n.window

    def _qualifies(self, d: Draft, number: int) -> Window | None:
        """As in "Thursday's 4% decline", "its one-year return": a window in the noun phrase."""
        if d.claim.kind == "extreme" and d.claim.params.get("unit") not in ("level", "streak"):
            return None
        for head in dict.fromkeys((d.at, number)):
            for c in self.t.children[head]:
                if (
                    self.nodes[c].dep in ("poss", "amod", "compound", "nmod", "nummod")
                    and (w := self._usable(c)) is not None
                ):
                    return w
            k = min(head, number) - 1
            while (
                k >= 0 and self.nodes[k].low in ("'s", "%", "total", "cumulative", "strong")
            ) or (k >= 0 and self.nodes[k].number is not None and k != number):
                k -= 1
            if (
                k >= 0
                and (w := self._usable(k)) is not None
                and (
                    self.nodes[k + 1].low == "'s"
                    or re.match(
                        r"(?:\w+ly|annual|one-\w+|full-year|calendar-year|\w+-to-date|\w+-(?:day|"
                        r"week|month|year))$",
                        w.text,
                        re.IGNORECASE,
                    )
                )
            ):
                return w
        return None

    def _right(self, i: int) -> Window | None:
        """The window behind a claim, before anything else that moves."""
        comma = False
        for k in range(i + 1, min(i + 14, len(self.nodes))):
            n = self.nodes[k]
            if (w := self._usable(k)) is not None:
                if n.low.endswith("'s") or (
                    k + 1 < len(self.nodes) and self.nodes[k + 1].low == "'s"
                ):
                    return None
                return None if comma and self._opens(k) else w
            if n.subjects and not comma and n.dep in ("pobj",):
                continue  # "a gain of 2% for the index on Friday"
            if (
                n.subjects
                or (self.t.verb(k) and n.phrase not in ("extreme", "streak"))
                or n.low
                in (
                    "while",
                    "but",
                    ";",
                    "after",
                    "following",
                    "before",
                    "when",
                    "\u2014",
                    "which",
                    "who",
                    "as",
                )
            ):
                return None
            if (
                self.t.move(k) is not None
                and not n.phrase
                and self.nodes[k].head != i
                and k - i > 2
            ):
                return None
            if (
                n.number is not None
                and n.number.unit in ("percent", "points")
                and self.nodes[self._before(k)].low not in ("or", "(")
            ):
                return None
            comma = comma or n.low in (",", "and", "but", "(")
        return None

    def _before(self, k: int) -> int:
        """The word before a number, of which the tree may hold two words: "9.4" and "%"."""
        return next(
            (j for j in range(k - 1, -1, -1) if self.nodes[j].start != self.nodes[k].start), 0
        )

    def _opens(self, k: int) -> bool:
        """Does a window lead the next clause ("..., and in October the Nasdaq fell 2%")?"""
        for j in range(k + 1, min(k + 8, len(self.nodes))):
            n = self.nodes[j]
            if n.low in (",",) and j == k + 1:
                continue
            if n.subjects or n.dep in ("nsubj", "nsubjpass"):
                return any(
                    self.t.verb(m) for m in range(j + 1, min(j + 7, len(self.nodes)))
                ) or any(
                    self.nodes[m].number is not None
                    for m in range(j + 1, min(j + 4, len(self.nodes)))
                )
            if self.t.verb(j) or n.number is not None:
                return self.t.verb(j) and self.nodes[k - 1].low in ("and", "but")
            if n.low in (",", ";", "and", "."):
                return False
        return False

    def _left(self, i: int, d: Draft) -> Window | None:
        """The window between the claim and what comes before it in its own clause."""
        k = i - 1
        while k >= 0:
            n = self.nodes[k]
            if (w := self._usable(k)) is not None:
                if n.low.endswith("'s") or (
                    k + 1 < len(self.nodes) and self.nodes[k + 1].low == "'s"
                ):
                    return None if self.t.noun(self.nodes[k].head) else w
                owner = self.t.clause(k)
                foreign = (
                    self.nodes[owner].dep in ("advcl", "relcl", "acl", "pcomp")
                    and owner != self.t.clause(d.at)
                    and owner < i
                    and k > owner
                )
                if foreign and not (
                    self.nodes[owner].head == self.t.clause(d.at) and self._time_only(owner)
                ):
                    return None
                return w
            if n.number is not None and n.number.unit in (
                "percent",
                "points",
                "part",
                "index_points",
            ):
                return None
            if n.low in ("while", "but", ";", "whereas", "\u2014", "which") or (
                n.phrase == "extreme"
            ):
                return None
            k -= 1
        return None

    def _time_only(self, v: int) -> bool:
        """A clause that does nothing but date the other one: "since hitting a low on Thursday"."""
        return any(
            self.nodes[c].low in ("since", "from")
            for c in (*self.t.children[v], self.nodes[v].head)
        )

    def _within_the_day(self, drafts: list[Draft]) -> None:
        """What was so within the day only is no claim: closes are stored."""
        for d in drafts:
            if d.own is not None and "within the day" in d.own.unclear:
                self.sheet.drafts.remove(d)
                self.sheet.asides.append(Aside("figure", d.claim.start, d.claim.end, d.own.unclear))

    def _hangs(self, d: Draft, taken: set[int]) -> Window | None:
        """A window that the tree hangs on the claim's words, and no other claim stands beside."""
        near = {d.at, self.t.clause(d.at)}
        for i in self.free:
            if id(self.nodes[i].window) in taken:
                continue
            h = self.nodes[i].head
            if (
                h in near or (self.nodes[h].dep == "prep" and self.nodes[h].head in near)
            ) and self._alone(i, d):
                return self.nodes[i].window
        return None

    def _alone(self, i: int, d: Draft) -> bool:
        """No other claim stands between the window and this one."""
        a, b = sorted((i, d.at))
        return not any(a < x.at < b for x in self.sheet.drafts if x is not d)

    def _until_after(self, i: int) -> Window | None:
        for k in range(i + 1, min(i + 9, len(self.nodes))):
            w = self.nodes[k].window
            if w is not None and w.base == "until":
                return w
            if self.nodes[k].subjects or self.t.verb(k):
                return None
        return None

    def _through(self, w: Window | None, end: Window) -> Window | None:
        """As in "through Tuesday": the window's end."""
        w = w or self.calendar.last()
        if w is None or w.unclear or end.end is None or (w.first is not None and end.end < w.first):
            return replace(end, unclear="its beginning is not named")
        last = end.end if end.end < self.calendar.when.today else None
        return replace(w, end=last, unit="" if w.unit == "day" else w.unit, inherited="")

    # -- its sentence's ---------------------------------------------------------------------------

    def _shared(self, d: Draft, drafts: list[Draft]) -> Window | None:
        """The window that leads the sentence, or that of the claim beside in the same tense."""
        for i in self.free[:1]:
            w = self.nodes[i].window
            leads = (
                not any(self.t.verb(k) or self.nodes[k].number is not None for k in range(i))
                and i < d.at
            )
            if (
                w is not None
                and w.base != "until"
                and leads
                and self._governs(i)
                and not self._of_movement(i)
            ):
                return replace(w, inherited="sentence") if w.inherited == "" else w
        tense = self.tense(d)
        said = self._by_phrase(d, drafts)
        if said is not None:
            return said
        before = [
            x
            for x in drafts
            if x is not d
            and x.at < d.at
            and (x.claim.window or x.own) is not None
            and x.claim.kind not in ("turning",)
        ]
        near = [x for x in before if self.tense(x) == tense] or [
            x for x in before if self.tense(x) != "aside"
        ]
        if near:
            w = near[-1].claim.window or near[-1].own
            if w is not None and not self._quoted(near[-1], d):
                return replace(w, inherited=w.inherited or "sentence")
        spoken = [
            n.window
            for n in self.nodes[: d.at]
            if n.window is not None and n.window.aside and n.window.unit
        ]
        if spoken and any(n.low == ":" for n in self.nodes[: d.at]):
            return replace(spoken[-1], aside=False, inherited="sentence")
        later = [
            x
            for x in drafts
            if x is not d
            and x.at > d.at
            and x.own is not None
            and (x.claim.kind in AT_A_CLOSE) == (d.claim.kind in AT_A_CLOSE)
        ]
        if (
            later
            and self.tense(later[0]) == tense
            and self._joined(d, later[0])
            and later[0].own is not None
        ):
            return replace(later[0].own, inherited="sentence")
        return None

    def _of_movement(self, i: int) -> bool:
        """As in "Thursday's 4% decline": the window of one movement, and of nothing else."""
        owned = self.nodes[i].low.endswith("'s") or (
            i + 1 < len(self.nodes) and self.nodes[i + 1].low == "'s"
        )
        head = self.nodes[i].head
        return (
            owned and self.t.move(head) is not None and any(d.at == head for d in self.sheet.drafts)
        )

    def _by_phrase(self, d: Draft, drafts: list[Draft]) -> Window | None:
        """As in "fell 5.8%, its worst week since March": the phrase names the period."""
        if d.claim.kind not in ("return", "points"):
            return None
        for x in drafts:
            unit = str(x.claim.params.get("unit") or "")
            if (
                x.claim.kind in ("extreme", "streak")
                and x.claim.subject == d.claim.subject
                and unit in ("week", "month", "quarter", "year")
                and not x.claim.params.get("guessed")
            ):
                between = [
                    y
                    for y in drafts
                    if y is not d
                    and y is not x
                    and y.claim.kind == "return"
                    and min(d.at, x.at) < y.at < max(d.at, x.at)
                ]
                own = x.own if x.own is not None and x.own.unit == unit else None
                if not between and 0 < x.at - d.at < 14:
                    found = own or self._recent(unit) or self.calendar.own(unit)
                    return None if found is None else replace(found, inherited="sentence")
        return None

    def _recent(self, unit: str) -> Window | None:
        """The paragraph's last window of a unit."""
        return next(
            (
                s.window
                for s in reversed(self.calendar.said)
                if s.window.unit == unit and s.paragraph == self.sheet.sentence.paragraph
            ),
            None,
        )

    def _governs(self, i: int) -> bool:
        """Does a window at the head of a sentence date all of it, or only a clause?"""
        owner = self.t.clause(i)
        return self.nodes[owner].dep not in ("advcl", "relcl", "acl", "csubj") or (
            not any(self.t.verb(k) for k in range(i, owner + 1) if k != owner)
            and (
                self._time_only(owner)
                or (
                    owner > i
                    and not any(
                        self.nodes[c].dep == "mark" and c < i for c in self.t.children[owner]
                    )
                )
            )
        )

    def _quoted(self, x: Draft, d: Draft) -> bool:
        """Is the other claim's window a day of its own ("after Thursday's 4% decline")?"""
        w = x.claim.window or x.own
        return w is not None and w.text.casefold().endswith("'s") and x.claim.start > d.claim.start

    def _joined(self, a: Draft, b: Draft) -> bool:
        """Are two claims on a level: coordinated, or parts of one list?"""
        if b.own is not None and (
            b.own.turning
            or b.own.base.endswith(("high", "low"))
            or re.match(r"(?:from|off|below|above|under) ", b.own.text, re.IGNORECASE)
        ):
            return False  # "slid 4%, more than 33% off its record"
        if any(
            n.low in ("after", "following", "despite", "from", "since", "before")
            for n in self.nodes[a.at : b.at]
        ):
            return False  # "rose 8% after a slide of 11% in September"
        if self.nodes[b.at].low in ADVERBS and self.nodes[a.at].low not in ADVERBS:
            return False  # "+1.0%, up 53% this year"
        va, vb = self.t.clause(a.at), self.t.clause(b.at)
        return (
            va == vb
            or self.nodes[vb].dep in ("conj", "ROOT", "parataxis", "ccomp")
            or self.nodes[va].head == vb
        )

    # -- by kind ----------------------------------------------------------------------------------

    def _period(self, d: Draft, window: Window | None, tense: str) -> Window | None:
        claim, sheet = d.claim, self.sheet
        if window is not None and window.soft and not window.same and window.unit != "day":
            window = self._soft(window)
        if window is not None and window.same:
            window = self.calendar.same(window, sheet.sentence.paragraph)
        if claim.kind in AT_A_CLOSE:
            if window is not None and (
                (window.inherited and (window.unit != "day" or tense != "past"))
                or (claim.kind in ("breadth", "average", "stalled") and window.unit != "day")
            ):
                window = None
            if window is None and tense == "past" and claim.kind in ("level", "average", "record"):
                window = self.calendar.inherit(tense, sheet)
                window = (
                    window
                    if window is not None
                    and window.unit == "day"
                    and window.inherited in ("paragraph", "heading")
                    else None
                )
            return window
        if claim.kind == "extreme":
            return self._of_extreme(d, window, tense)
        if claim.kind == "streak":
            return (
                window
                if window is not None and not window.inherited
                else window
                if window is not None and window.end is not None
                else None
            )
        return window if window is not None else self.calendar.inherit(tense, sheet)

    def _of_extreme(self, d: Draft, window: Window | None, tense: str) -> Window | None:
        unit = str(d.claim.params.get("unit"))
        if window is not None and (window.unit == unit or unit in ("level", "streak")):
            return window
        found = self.calendar.inherit(tense, self.sheet)
        before = [
            x.claim.window
            for x in self.sheet.drafts
            if x is not d and x.at < d.at and x.claim.window is not None
        ]
        if before and before[-1].unit == unit and not before[-1].unclear:
            return before[-1]
        here = [
            n.window
            for n in self.nodes
            if n.window is not None
            and n.window.unit == unit
            and not n.window.unclear
            and not n.window.same
            and not n.window.aside
        ]
        if len(here) == 1:
            return here[0]
        if found is not None and (found.unit == unit or unit in ("level", "streak")):
            return found
        if unit == "day" and found is not None and found.unit != "day":
            return self.calendar.last("day") or self.calendar.own("day")
        return self.calendar.own(unit) if unit in _OWN else window

    def _soft(self, window: Window) -> Window:
        """As in "for the month": the month the paragraph speaks of, or the one just over."""
        begun = window.first is not None and (self.calendar.when.today - window.first).days < 45
        near = [
            s.window
            for s in self.calendar.said
            if s.window.unit == window.unit
            and (
                s.paragraph == self.sheet.sentence.paragraph
                or (
                    begun
                    and s.window.end is not None
                    and window.first is not None
                    and 0 < (window.first - s.window.end).days <= 3
                )
            )
        ]
        if not near:
            return window
        return replace(
            near[-1], text=window.text, start=window.start, stop=window.stop, inherited=""
        )
