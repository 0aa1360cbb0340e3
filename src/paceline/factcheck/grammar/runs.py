"""Streaks, and the best or worst since: claims about runs and periods of a subject."""

from __future__ import annotations

import datetime as dt
import re

from dateutil.relativedelta import relativedelta

from paceline.factcheck import dates, lexicon
from paceline.factcheck.grammar.compare import Compare
from paceline.factcheck.grammar.model import Aside
from paceline.factcheck.joining import Item
from paceline.factcheck.quantities import count


class Runs(Compare):
    """Streaks, and the best or worst since."""

    def _streak(self, k: int, item: Item) -> None:
        m, state = item.match, self.state
        said = (m.get("n") or m.get("n2") or "").casefold()
        what = (m.get("adj") or m.get("what") or m.get("what2") or "").casefold()
        unit = next(
            (
                u
                for keys, u in (
                    (("session", "day", "daily"), "day"),
                    (("week",), "week"),
                    (("month",), "month"),
                    (("quarter",), "quarter"),
                    (("year", "annual"), "year"),
                )
                if any(x in what for x in keys)
            ),
            "day",
        )
        vague = said in ("multi", "several", "multiple")
        n = 3 if vague else count(said)
        text = item.text.casefold()
        following = self.text.clean[item.end : min(item.end + 40, self.sentence.end)].casefold()
        preceding = self.text.clean[self._segment(item.start, item.end)[0] : item.start].casefold()
        move = (m.get("move") or m.get("move2") or "") + " " + text
        sign = (
            -1
            if re.search(r"los|declin|drop|fall|negative|down", move)
            else 1
            if re.search(r"gain|win|advanc|ris|increas|positive|up\b", move)
            else 0
        )
        if not sign:
            look = re.match(
                r"\s*(?:of |run of )?(gains|advances|losses|declines|gain|loss|decline|advance|rise|drop|fall)",
                following,
            )
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
                ahead = (
                    1
                    if (noun and noun.group(1).startswith("out"))
                    or (not noun and state.compare is not None and state.compare.sign > 0)
                    else -1
                )
                for c in self.items[k : k + 3]:
                    if c.tag == "C":
                        c.used = True
                if state.compare is not None and not noun:
                    state.compare.used = True
                    self._drop_compare(state.compare)
                for other in against or self._default_against(subjects):
                    self._claim(
                        "streak",
                        subjects,
                        item.start,
                        item.end,
                        sign=ahead,
                        n=n,
                        unit=unit,
                        vague=vague,
                        against=other,
                    )
                return
        if not sign and state.verb is not None and state.verb.sign:
            sign = state.verb.sign
        if not sign:
            noun2 = next((i for i in self.items[max(0, k - 4) : k][::-1] if i.tag == "D"), None)
            sign = noun2.sign if noun2 is not None else 0
        subjects, end = self._who(k)
        if not subjects or not sign or not n or n < 2 or state.blocked:
            return
        ended = (
            bool(re.search(r"\b(?:snap|snapp|end|broke|break|halt|stop)(?:ed|ing|s)?\b[^,;]*$", preceding))
            and "winning" in text + move
        ) or bool(
            re.search(r"\b(?:snapped|snapping|ended|ending|broke|breaking|halted|halting|stopped)\b[^,;]*$", preceding)
        )
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

    def _extreme(self, k: int, item: Item) -> None:
        """best month since April, biggest one-day gain of the year, highest close since 2021"""
        clean, m = self.text.clean, item.match
        tail = clean[item.end : self.sentence.end]
        link = re.match(
            r"(?P<gap>(?:[^,;.]|\.(?=\d))*?)\b(?:since\s+(?P<since>[^,;()]+)|in (?P<n>[\w-]+|more than [\w-]+|at least [\w-]+|over [\w-]+|nearly [\w-]+) "
            r"(?P<unit>years?|months?|weeks?|decades?)|(?P<ever>ever\b|on record|in history)|(?:of|this|so far this|for the) (?P<year>the year|year))",
            tail,
            re.IGNORECASE,
        )
        if link is None or len(link.group("gap")) > 60:
            return
        owner = re.match(r"\s*(?:for|by|in) (?:the )?", tail[link.end() :])
        if owner is not None and link.group("since") is None:
            at = item.end + link.end() + owner.end()
            named = next((i for i in self.items if i.tag == "S" and at - 4 <= i.start <= at), None)
            if named is not None and not named.anaphor:
                item.subjects = named.subjects
        if re.search(r"\b(?:\d+(?:st|nd|rd|th)|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|\w+teenth)[- ]$", clean[max(0, item.start - 14) : item.start]):
            self._mark(item.start, item.end + link.end())
            self.out.unread.append(Aside("unread", item.start, item.end, "a place among others that is not computed"))
            return
        if m["what"].casefold() in ("streak", "run") and any(i.tag == "mean" for i in self.items[:k]):
            self._mark(item.start, item.end + link.end())
            self.out.unread.append(Aside("unread", item.start, item.end, "a run beside an average, which is not computed"))
            return
        what = m["what"].casefold()
        how = m["how"].casefold()
        earlier = clean[self._segment(item.start, item.end)[0] : item.start]
        if what in ("streak", "run") and re.search(r"\b(?:snap|end|br[eo]k|halt|stop)\w*\b[^,;]*$", earlier, re.IGNORECASE):
            self._mark(item.start, item.end + link.end())
            self.out.unread.append(Aside("unread", item.start, item.end, "a streak that has ended"))
            return
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
            unit = link.group("unit").casefold().rstrip("s") + "s"
            delta = (
                relativedelta(years=n * (10 if unit == "decades" else 1))
                if unit in ("years", "decades")
                else relativedelta(weeks=n if unit == "weeks" else 0, months=n if unit == "months" else 0)
            )
            since, ref, size = self.today - delta, "within", unit.rstrip("s")
        level = how in ("highest", "lowest")
        period = (
            "level"
            if level
            else next(
                (
                    u
                    for keys, u in (
                        (("one-day", "single-day", "daily", " day", "session"), "day"),
                        (("week",), "week"),
                        (("quarter",), "quarter"),
                        (
                            (
                                "month",
                                "january",
                                "february",
                                "march",
                                "april",
                                " may",
                                "june",
                                "july",
                                "august",
                                "september",
                                "october",
                                "november",
                                "december",
                            ),
                            "month",
                        ),
                        (("year", "annual"), "year"),
                    )
                    if any(x in " " + unit_text for x in keys)
                ),
                "",
            )
        )
        if what in ("streak", "run"):
            period = "streak"
        if "start" in what or "first" in unit_text or "half" in what or not period:
            self._mark(item.start, end)
            self.out.unread.append(Aside("unread", item.start, end, "a comparison of periods that is not computed"))
            return
        subject_in_gap = next((i for i in self.items if i.tag == "S" and item.end <= i.start < end), None)
        if subject_in_gap is not None:
            subjects = subject_in_gap.subjects
        negative = (
            how in ("worst", "weakest", "lowest", "poorest")
            or what in ("drop", "decline", "loss", "fall", "slide", "slump", "plunge", "selloff", "sell-off")
            or (what in ("streak", "run") and "losing" in unit_text)
        )
        if (
            what in ("streak", "run")
            and "losing" not in unit_text
            and self.state.verb is not None
            and self.state.verb.sign < 0
        ):
            negative = True
        if (what == "performance" or how in ("biggest", "largest", "longest")) and what in (
            "day",
            "session",
            "week",
            "month",
            "quarter",
            "year",
        ):
            return
        if not subjects:
            self.out.unread.append(Aside("unread", item.start, end, "whose it is is not said"))
            return
        self._mark(item.start, end)
        self._claim(
            "extreme",
            subjects,
            item.start,
            end,
            sign=-1 if negative else 1,
            unit=period,
            since=since,
            ref=ref,
            size=size,
        )
