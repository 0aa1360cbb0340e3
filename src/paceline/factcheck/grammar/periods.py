"""Which window a claim speaks of: its own, its sentence's, its paragraph's, the heading's."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import lru_cache

from paceline.factcheck import dates
from paceline.factcheck.dates import Window
from paceline.factcheck.grammar.model import AT_A_CLOSE, Claim
from paceline.factcheck.grammar.verbs import Verbs
from paceline.factcheck.joining import Item

#: What follows these words happened before.
_SINCE_THEN = re.compile(r"\b(?:after|following|despite)\b", re.IGNORECASE)
_ADJECTIVE = re.compile(r"(?:\w+ly|annual|one-\w+|full-year|calendar-year|\w+-to-date)$", re.IGNORECASE)
#: A title has at most this many words.
TITLE = 18
#: Words of a report on one day's trading.
CLOSING = re.compile(r"\b(?:closed|closing|ended|ending|finished|finishing|settled|snapped|stocks? (?:jump|slip|rise|fall|rall(?:y|ies)|slide))\b", re.IGNORECASE)
#: A line under a heading has at most this many words; a longer one is prose again.
LISTED = 22


@lru_cache(maxsize=4)
def _closes(clean: str) -> float:
    """Where the first words of a report on one day's trading end; infinite in a text without."""
    found = CLOSING.search(clean)
    return math.inf if found is None else found.end()


class Periods(Verbs):
    """Which window a claim speaks of: its own, its sentence's, its paragraph's, the heading's."""

    def _tense(self, claim: Claim) -> str:
        a, _ = self._segment(claim.start, claim.end)
        said = self.text.clean[a : claim.end].casefold()
        if re.search(r"\b(?:has|have|'ve)\b", said):
            return "perfect"
        if re.search(
            r"\b(?:is|are|remains?|sits?|stands?|still|now|'s|trades?)\b(?! best| worst)",
            re.sub(r"\b\w+'s\b", " ", said),
        ):
            return "present"
        inside = [i for i in self.items if a <= i.start < claim.end and i.tag in ("V", "L")]
        if inside and all(i.text.casefold().endswith("ing") for i in inside) and claim.kind != "compare":
            return "aside"  # ", bringing its gain to 7%": says nothing of the story's own tense
        return "past"

    def _windows(self) -> None:
        """Give each claim its window: its own segment's, the clause's, the sentence's, the paragraph's."""
        for i in self.items:
            if (
                i.tag == "W"
                and (i.text.casefold().startswith("since") or re.search(
                    r"\bsince(?: the)?\s*$", self.text.clean[self.sentence.start : i.start], re.IGNORECASE))
                and re.search(
                    r"\b(?:best|worst|biggest|largest|highest|lowest|most|first|longest|strongest|weakest|steepest|sharpest|fastest|"
                    r"least|deepest|fewest|greatest|widest|slowest)\b[^,;.]*$",
                    self.text.clean[self._segment(i.start, i.end)[0] : i.start],
                    re.IGNORECASE,
                )
            ):
                i.used = True  # "the most since 2010" compares; it is no window
        self.claims = [c for c in self.claims if c.kind != "direction" or not any(
            o.kind == "return" and o.subject.name == c.subject.name and o.start < c.end and c.start < o.end for o in self.claims)]
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
                owned = window.unit == "day" and window.text.casefold().endswith("'s") and window.key() not in [
                    w.key() for w, *_ in self.history]
                if claim.kind == "extreme" and not window.text.strip():
                    resolved.append(replace(claim, window=window))
                    continue
                if owned:  # "after Thursday's 4% decline": that number's day, not the story's
                    resolved.append(replace(claim, window=window))
                    continue
                self.history.append((window, self.sentence.paragraph, kept, self.sentence.start))
            others: list[Window] = []
            if window is not None and window.inherited in ("paragraph", "heading", "earlier paragraph"):
                for w, *_ in self.history[::-1]:
                    if not w.unclear and w.key() not in [x.key() for x in (window, *others)] and len(others) < 3:
                        others.append(w)
            resolved.append(replace(claim, window=window, otherwise=tuple(others)))
        day = next((i.window for i in items if i.window is not None and i.window.unit == "day"
                    and not i.window.unclear and not i.window.same and not re.search(r"\d", i.text)), None)
        if day is not None and not any(s == self.sentence.start for *_, s in self.history) and any(
            i.tag in ("V", "U", "D") for i in self.items
        ):
            self.history.append((day, self.sentence.paragraph, "past", self.sentence.start))  # "Shares fell on Tuesday."
        if not resolved:
            self._lead_in(items)
        self.claims = resolved
        for claim in resolved[::-1]:
            if claim.subject.kind != "unknown":
                self.before = tuple(c.subject for c in resolved if c.start == claim.start and c.kind == claim.kind)
                break

    def _lead_in(self, items: list[Item]) -> None:
        """A heading or a sentence that only names a period: it is meant for what follows."""
        clean = self.text.clean[self.sentence.start : self.sentence.end]
        if any(i.tag == "N" and i.number is not None and i.number.unit != "level" for i in self.items):
            return
        paragraph = self.sentence.paragraph
        head = paragraph == 0 or (not clean.rstrip().endswith((".", "!", "?")) and len(clean.split()) <= 8)
        head = head or (not self.history and paragraph <= 2 and len(clean.split()) <= 12)  # "What a week."
        windows = [i.window for i in items if i.window is not None and not i.window.unclear and not i.window.same]
        if not clean.rstrip().endswith((".", "!", "?")) and len(clean.split()) <= 16:
            periods = [w for w in windows if w.unit and not (w.unit == "day" and re.search(r"\d", w.text))]
            self.section = periods[0] if periods and (clean.rstrip().endswith(":") or self.section is not None) else None
        if head and len(clean.split()) <= TITLE:
            for pattern, unit in (
                (r"\bweek(?:ly|end)?\b", "week"),
                (r"\bquarter(?:ly)?\b|\bQ[1-4]\b", "quarter"),
                (r"\bmonth(?:ly)?\b", "month"),
                (r"\b(?:wrap|daily|closing bell|at the close|market close|session|stocks today|evening)\b", "day"),
                (
                    r"\b(?:the year in|year in review|in review|annual|full[- ]year|year-end|look back at|the year (?:that was|as|just))\b",
                    "year",
                ),
            ):
                if re.search(pattern, clean, re.IGNORECASE):
                    named = next((w for w in windows if w.unit == unit), None)
                    self.heading = named or self._own_period(unit, clean)
                    return
            named = next((w for w in windows if w.unit in ("month", "quarter", "year", "week")), None)
            if named is not None:
                self.heading = named
        if (
            not self.history
            and paragraph <= 3
            and windows
            and windows[-1].unit == "day"
            and windows[-1].open
            and re.search(rf"\b(?:{dates.DAYS}|today)\b", windows[-1].text, re.IGNORECASE)
            and not re.search(r"\d", windows[-1].text)
            and self.heading is None
        ):
            self.heading = windows[-1]
        if windows and len(clean.split()) <= 16 and not any(s == self.sentence.start for *_, s in self.history) and (
            windows[0].unit != "day" or (clean.rstrip().endswith(":") and not re.search(r"\d", windows[0].text))
        ):
            self.history.append((windows[0], paragraph, "any", self.sentence.start))

    def _own_period(self, unit: str, clean: str) -> Window | None:
        """The week, month ... the text itself belongs to."""
        said = {
            "day": "today",
            "week": "for the week",
            "month": "for the month",
            "quarter": "for the quarter",
            "year": "for the year",
        }[unit]
        found = self.when.find(said, 0, len(said))
        del clean
        return replace(found[0], text="", soft=False) if found else None

    def _period(self, claim: Claim, items: list[Item], tense: str, done: list[Claim]) -> Window | None:
        """The window of one claim."""
        paragraph = self.sentence.paragraph
        window = self._choose(claim, items, tense, done)
        if window is not None and window.soft and not window.same and window.unit != "day":
            begun = window.first is not None and (self.today - window.first).days < 45
            near = [w for w, p, *_ in self.history if w.unit == window.unit and (
                p == paragraph or (begun and w.end is not None and window.first is not None
                                   and 0 < (window.first - w.end).days <= 3))]
            if near:
                window = replace(near[-1], text=window.text, start=window.start, stop=window.stop, inherited="")
        if claim.kind in AT_A_CLOSE:
            if window is not None and (
                (window.inherited and (window.unit != "day" or tense != "past"))
                or (claim.kind in ("breadth", "average", "stalled") and window.unit != "day")
            ):
                window = None
            if window is None and tense == "past" and claim.kind in ("level", "average"):
                window = self._inherit(tense)
                window = (
                    window if window is not None and window.unit == "day" and window.inherited == "paragraph" else None
                )
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
        """ "over the same period", "that month", "in five sessions": the window spoken of before."""
        said = asked.text.casefold()
        past = [w for w, *_ in self.history] + ([self.heading] if not self.history and self.heading is not None else [])
        unit = next(
            (u for u in ("day", "session", "month", "week", "quarter", "year") if re.search(rf"\b{u}\b", said)), ""
        ).replace("session", "day")
        found = None
        if asked.base == "next":
            unit = ""
        if asked.n >= 100:  # "that Monday"
            found = next(
                (
                    w
                    for w in past[::-1]
                    if w.unit == "day"
                    and w.base != "next"
                    and w.first is not None
                    and w.first.weekday() == asked.n - 100
                ),
                None,
            )
            return (
                replace(found, text=asked.text, start=asked.start, stop=asked.stop, inherited="", same=False)
                if found is not None
                else replace(asked, same=False, unclear="nothing before it names that day")
            )
        if asked.base == "back":
            fits = {"week": range(4, 6), "month": range(18, 24)}
            found = next(
                (
                    w
                    for w, p, *_ in self.history[::-1]
                    if p == self.sentence.paragraph and asked.n in fits.get(w.unit, ())
                ),
                None,
            )
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
            days = [w for w in past if (w.unit == "day" or w.base in ("on", "low", "high")) and w.first is not None]
            if days and days[-1].base in ("low", "high"):
                return replace(days[-1], text=asked.text, start=asked.start, stop=asked.stop, inherited="", end=None)
            if days:
                return Window(
                    asked.text, asked.start, asked.stop, "on", days[-1].first, alternative=days[-1].unit == "day"
                )
        else:
            found = next((w for w in past[::-1] if w.unit != "day"), past[-1] if past else None)
        if found is None:
            return replace(asked, same=False, unclear="nothing before it names a period")
        return replace(found, text=asked.text, start=asked.start, stop=asked.stop, inherited="", same=False)

    def _choose(self, claim: Claim, items: list[Item], tense: str, done: list[Claim]) -> Window | None:
        def usable(i: Item) -> bool:
            w = i.window
            assert w is not None
            return claim.kind != "extreme" or not w.text.casefold().startswith("since")

        here = [i for i in items if usable(i)]
        if claim.kind in AT_A_CLOSE:
            closed = next((i.window for i in here if i.window is not None and i.window.base == "until" and i.start < claim.start), None)
            if closed is not None and closed.end is not None:  # "As of the close on April 30 the index stood at"
                return replace(closed, base="before", first=closed.end, last=closed.end, unit="day")
        bounds = [x for x in self.items if x.tag == "Z"]
        a = max([self.sentence.start, *(x.end for x in bounds if x.end <= claim.start)])
        b = min([self.sentence.end, *(x.start for x in bounds if x.start >= claim.end)])
        others = [
            c
            for c in self.claims
            if c is not claim
            and not (c.start <= claim.start and c.end >= claim.end)
            and not (claim.start <= c.start and claim.end >= c.end)
            and c.kind not in ("extreme", "turning", "level")
        ]
        prev_end = max([a, *(c.end for c in others if c.end <= claim.start)])
        next_start = min([b, *(c.start for c in others if c.start >= claim.end)])
        inside = [i for i in here if claim.start <= i.start < claim.end]
        after = [i for i in here if claim.end <= i.start < next_start]
        lead = [i for i in here if prev_end <= i.start < claim.start]
        relative = next((x.start for x in self.items if x.tag == "P" and x.text.casefold() in ("which", "who")
                         and x.start >= claim.end), self.sentence.end)
        here = [i for i in here if i.start < relative]  # "..., which led in 2023": another time
        here = [i for i in here if i.start < claim.end or not _SINCE_THEN.search(self.text.clean, claim.end, i.start)]
        after = [i for i in after if i in here]
        # a window in front of the next claim's subject, after a comma or "and", leads that one
        after = [i for i in after if not self._leads(i, claim.end, next_start, b)]
        within = self._segment(claim.start, claim.end)
        intraday = [i for i in here if i.window is not None and "within the day" in i.window.unclear]
        here = [i for i in here if i not in intraday or within[0] <= i.start < within[1]]
        after, lead = ([i for i in group if i in here] for group in (after, lead))
        elsewhere = [i for i in here if _ADJECTIVE.match(i.text) and "," in self.text.clean[claim.end : i.start]]
        here = [i for i in here if i not in elsewhere]  # ", narrowing growth's year-to-date lead": of that lead
        after, lead, inside = ([i for i in group if i in here] for group in (after, lead, inside))
        near = next((i for i in here if i.window is not None and i.end <= claim.start <= i.end + 2
                     and _ADJECTIVE.match(i.text)), None)
        if near is not None:
            return near.window  # "a weekly gain of 4%, driven by rallies on Thursday"
        for group in (inside, after, lead):
            until = [i for i in group if i.window is not None and i.window.base == "until"]
            open_ = [i for i in group if i not in until]
            if open_:
                w = self._merge(open_, open_[-1] if group is lead else open_[0])
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
        later = [i for i in here if i.start >= claim.end and not i.text.casefold().endswith("'s")]
        if later and later[0].window is not None:
            follow = next((c for c in sorted(self.claims, key=lambda c: c.start) if c.start >= claim.end), None)
            if follow is None or self._tense(follow) == tense:
                return replace(later[0].window, inherited="sentence")
        if mine and mine[-1].window is not None:
            return replace(mine[-1].window, inherited=mine[-1].window.inherited or "sentence")
        return None

    def _until(self, w: Window | None, ends: list[Item]) -> Window | None:
        """ "through Tuesday": the window's end."""
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
        if i.text.casefold().endswith("'s") and next_start - i.end <= 15:
            return True  # "after Thursday's 4% decline"
        before = self.text.clean[end : i.start]
        return (
            bool(re.search(r"(?:,\s*(?:and|but)?|\band|\bbut|\bwhile|\bwith)\s*$", before)) and next_start - i.end < 40
        )

    def _merge(self, group: list[Item], chosen: Item) -> Window | None:
        """ "For the week ended Friday", "today" beside "this week": the one that names the period."""
        w = chosen.window
        for i in group:
            other = i.window
            if other is None or w is None or other is w:
                continue
            if (
                w.unit == "day"
                and other.base in ("on", "low", "high")
                and other.open
                and not w.unclear
                and w.end is not None
            ):
                return replace(other, end=w.end)
        return w

    def _words(self) -> int:
        return len(self.text.clean[self.sentence.start : self.sentence.end].split())

    def _inherit(self, tense: str) -> Window | None:
        """The window of the last claim of the paragraph in the same tense, else of the last one, else the heading's."""
        if self.section is not None and self._words() <= LISTED:
            return replace(self.section, inherited="heading")
        tense = "past" if tense == "aside" else tense
        here = [(w, s) for w, p, t, s in self.history if p == self.sentence.paragraph and t != "close"] or [
            (w, s) for w, p, _, s in self.history if p == self.sentence.paragraph
        ]
        same = [
            (w, s)
            for w, p, t, s in self.history
            if p == self.sentence.paragraph
            and (
                t in (tense, "any")
                or (
                    t != "close"
                    and ((t != "past") == (tense != "past") or (tense != "past" and w.open and w.unit != "day"))
                )
            )
        ]
        if pool := same or here:  # of the last sentence the first window: "rose 2% for the week and 1% on Friday"
            return replace(next(w for w, s in pool if s == pool[-1][1]), inherited="paragraph")
        if self.heading is not None and tense == "past" and (self.heading.unit == "day" or not self.history):
            return replace(self.heading, inherited="heading")
        if self.history:
            first = self.history[0]
            if tense == "past" and first[0].unit == "day" and first[0].open and first[1] <= 1 and (
                first[1] < self.sentence.paragraph
            ):
                return replace(first[0], inherited="heading")  # the day the story is about
            kept = [(w, s) for w, _, t, s in self.history if t in (tense, "any")] or [(w, s) for w, _, _, s in self.history]
            chosen = next(w for w, s in kept if s == kept[-1][1])
            own_day = chosen.unit == "day" and chosen.open and chosen.key() == self.history[0][0].key()
            topic = self.history[0][0]
            if (
                topic.unit in ("week", "month", "quarter", "year")
                and topic.key() == chosen.key()
                and (topic.open or (topic.end is not None and (self.today - topic.end).days <= 10))
            ):
                return replace(chosen, inherited="heading")  # the period the text is about
            return replace(chosen, inherited="heading" if own_day and tense == "past" else "earlier paragraph")
        if self.heading is not None:
            return replace(self.heading, inherited="heading")
        if tense in ("past", "aside") and _closes(self.text.clean) <= self.sentence.end:
            own = self._own_period("day", "")
            return None if own is None else replace(own, inherited="own day")
        return None
