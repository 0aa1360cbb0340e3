"""Records, streaks, extremes, ranks, means, shares and contributions."""

from __future__ import annotations

import datetime as dt
import re

from dateutil.relativedelta import relativedelta

from paceline.views.claims import dates, lexicon
from paceline.views.claims.grammar.compare import Compare
from paceline.views.claims.grammar.model import (
    COPULA,
    SIDES,
    Aside,
    as_points,
)
from paceline.views.claims.items import Item, negated
from paceline.views.claims.quantities import count


class Phrases(Compare):
    """Records, streaks, extremes, ranks, means, shares and contributions."""

    def _record(self, k: int, item: Item) -> None:
        subjects, end = self._who(k)
        back = self.items[k - 1] if k else None
        if not subjects or (back is not None and back.tag == "short") or self.state.blocked:
            return
        said = item.text.casefold()
        low = "low" in said.split() or "lows" in said.split()
        a, _ = self._segment(item.start, item.end)
        if re.search(
            r"\b(?:from|below|off|near|short of|shy of|since|beneath|under|away from)\b[^,;]*$",
            self.text.clean[a : item.start],
            re.IGNORECASE,
        ):
            return
        start = min([item.start, *(i.start for i in self.items[max(0, k - 4) : k] if i.tag == "L")])
        year = 252 if re.search(r"52|one-year|12-month|fifty", said) else 0
        self._claim(
            "record",
            subjects,
            start,
            end,
            sign=-1 if low else 1,
            sessions=year,
            denied=negated(self.text.clean, a, item.start),
        )

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
        copula = any(
            i.tag == "L" and i.text.casefold() in ("was", "were", "is", "are", "been") for i in items[k + 1 : n]
        ) or (n < len(items) and items[n - 1].tag == ":")
        if (
            n < len(items)
            and items[n].tag == "S"
            and copula
            and (not subjects or state.at < 0 or any(i.tag == "Z" for i in items[state.at : k]))
        ):
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
        verbal = re.match(
            r"(?:led|leading|topp|head|held|fared|did|performed|finished|came|brought|bringing|ranked|was)",
            item.text,
            re.IGNORECASE,
        )
        if (
            not verbal
            and start != item.start
            and not any(i.text.casefold() in COPULA for i in items[state.at + 1 : k])
            and items[b].tag != ","
        ):
            return
        among = (
            re.search(
                r"\b(?:among|one of)\s+(?:the )?$", self.text.clean[self.sentence.start : item.start], re.IGNORECASE
            )
            is not None
        )
        for i in items[:k]:
            if i.tag == "V" and i is items[k - 1]:
                i.used = True
        self._claim(
            "rank",
            subjects,
            start,
            end,
            sign=sign,
            place=place,
            of=len(subjects),
            among=among,
            words=item.text.casefold(),
        )

    def _mean(self, k: int, item: Item) -> None:
        """ "below its 200-day moving average", after a share of members that was handled with its number."""
        if item.used:
            return
        m = item.match
        n, unit = int(m.get("n") or m.get("d") or 0), (m.get("unit") or "day").casefold()
        side = 0
        for j in range(k - 1, max(-1, k - 10), -1):
            i = self.items[j]
            low = i.text.casefold()
            if low in SIDES:
                side = SIDES[low]
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
        start = min(
            item.start,
            *(i.start for i in self.items[max(0, k - 5) : k + 1] if i.text.casefold() in SIDES or i is item),
        )
        a, _ = self._segment(item.start, item.end)
        if self.state.verb is not None and not any(i.tag in ("N", "Z") for i in self.items[self.state.verb_at + 1 : k]):
            self.items[self.state.verb_at].used = True
        self._claim(
            "average",
            subjects,
            start,
            item.end,
            sign=side,
            side=side,
            sessions=sessions,
            asked=n,
            unit=unit,
            denied=negated(self.text.clean, a, item.start),
        )

    def _breadth(self, k: int, item: Item) -> bool:
        """ "over two-thirds of tech stocks still trade above their 200-day moving averages"."""
        items, number = self.items, item.number
        assert number is not None
        if number.unit not in ("percent", "part"):
            return False
        mean = next((j for j in range(k + 1, min(k + 22, len(items))) if items[j].tag == "mean"), None)
        if mean is None or any(
            i.tag == "Z" or (i.tag == "N" and i.number is not None and i.number.unit == "percent")
            for i in items[k + 1 : mean]
        ):
            return False
        side = next((SIDES[i.text.casefold()] for i in items[mean - 1 : k : -1] if i.text.casefold() in SIDES), 0)
        of = items[k + 1] if k + 1 < len(items) else None
        if not side or of is None or of.text.casefold() != "of":
            return False
        chosen = [i for i in items[k + 1 : mean] if i.tag == "S"]
        subjects = chosen[-1].subjects[:1] if chosen else self.state.subjects[:1]
        m = items[mean].match
        n = int(m.get("n") or m.get("d") or 0) * {"day": 1, "session": 1, "week": 5, "month": 21}.get(
            (m.get("unit") or "day").casefold(), 1
        )
        if not subjects:
            market = self.names.lookup("the market")
            subjects = (market,) if market is not None else ()
        items[mean].used = item.used = True
        self._claim("breadth", subjects, item.start, items[mean].end, number=number, sign=side, side=side, sessions=n)
        return True

    def _share(self, k: int, item: Item) -> bool:
        """ "accounted for 43% of the S&P 500's gain", "contributed 7 points to the index's rise"."""
        items, number = self.items, item.number
        assert number is not None
        drove = next((j for j in range(k - 1, max(-1, k - 5), -1) if items[j].tag == "drove"), None)
        if drove is None or not self.state.subjects:
            return False
        whole = next((i for i in items[k + 1 : k + 6] if i.tag == "S"), None)
        if whole is None or number.unit == "level":
            return False
        of = items[k + 1].text.casefold() if k + 1 < len(items) else ""
        share = of == "of" and number.unit in ("percent", "part")
        if not share and not (
            number.unit in ("points", "percent", "index_points") and of in ("to", "of", "toward", "towards")
        ):
            return False
        items[drove].used = item.used = True
        number = number if share else as_points(number)
        for c in list(self.claims):
            if c.kind == "contribution" and c.start == items[drove].start:
                self.claims.remove(c)
        self._claim(
            "contribution",
            self.state.subjects,
            items[drove].start,
            whole.end,
            number=number,
            sign=1,
            against=whole.subjects[0],
            share=share,
        )
        return True

    def _drove(self, k: int, item: Item) -> None:
        items, state = self.items, self.state
        subjects, at = state.subjects, state.at
        if state.object_at > state.at and k and items[k - 1].tag == "P":
            subjects = state.objects
        whole = next((j for j in range(k + 1, min(k + 5, len(items))) if items[j].tag == "S"), None)
        number_between = whole is not None and any(
            i.tag == "N" and i.number is not None and i.number.unit != "level" for i in items[k + 1 : whole]
        )
        if (
            whole is None
            or not subjects
            or number_between
            or state.blocked
            or state.unknown
            or items[whole].subjects == subjects
        ):
            return
        if not any(i.tag == "D" and i.sign > 0 for i in items[whole + 1 : whole + 6]):
            return
        del at
        s = items[state.at] if 0 <= state.at < k and items[state.at].tag == "S" else None
        near = max([i for i in items[:k] if i.tag == "S"], key=lambda i: i.start, default=None)
        begin = (
            near.start if near is not None and near.subjects == subjects and item.start - near.end < 12 else item.start
        )
        del s
        self._claim(
            "contribution", subjects, begin, items[whole].end, sign=1, against=items[whole].subjects[0], share=True
        )

    def _stalled(self, k: int, item: Item) -> None:
        state = self.state
        subjects = state.subjects
        if item.text.casefold().startswith("whose") and state.object_at > state.at:
            subjects = state.objects
        if subjects and not state.unknown:
            self._claim("stalled", subjects, item.start, item.end, sign=-1)
