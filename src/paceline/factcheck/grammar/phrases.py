"""Records, ranks, means, shares and contributions."""

from __future__ import annotations

import re

from paceline.factcheck.grammar.model import COPULA, SIDES, as_points
from paceline.factcheck.grammar.runs import Runs
from paceline.factcheck.items import negated
from paceline.factcheck.joining import Item

#: "the percentage of S&P 500 stocks trading above (their)", before an average.
_MEMBERS_ABOVE = re.compile(
    r"\b(?:percentage|percent|per cent|share|proportion|fraction|number|%) of (?:the |all )?(?:[\w&'.-]+\s+){0,5}?(?:stocks|shares|members|"
    r"components|constituents|companies|names|issues)\s+(?:(?:that |which )?(?:are |were |is )?(?:still |currently |now )?(?:trading|trade|closing|"
    r"sitting|holding|standing)?\s*)(?P<side>above|over|below|under|beneath)\s+(?:the|their|its|a)?\s*$",
    re.IGNORECASE,
)
_REACHES = re.compile(
    r"\b(?:is|was|are|has|have|had|stands?|stood|at|to|fell|falls|falling|dropped|dropping|rose|rising|climbed|reached|hit|sank|slipped|"
    r"below|above|under|over)\b[^,;]*$",
    re.IGNORECASE,
)


class Phrases(Runs):
    """Records, ranks, means, shares and contributions."""

    def _record(self, k: int, item: Item) -> None:
        subjects, end = self._who(k)
        back = self.items[k - 1] if k else None
        if not subjects or (back is not None and back.tag == "short") or self.state.blocked:
            return
        if re.search(r"\b\d+ (?:new |fresh )?$", self.text.clean[max(0, item.start - 12) : item.start]) and item.text.casefold().endswith("highs"):
            return  # "29 new highs": members counted
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
        if item.used or _MEMBERS_ABOVE.search(self.text.clean, self.sentence.start, item.start):
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
        if self._share_above(k, item):
            return True
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

    def _share_above(self, k: int, item: Item) -> bool:
        """ "the percentage of S&P 500 stocks above their 200-day average fell below 30%": the number comes last."""
        items = self.items
        mean = next((j for j in range(k - 1, max(-1, k - 10), -1) if items[j].tag == "mean"), None)
        if mean is None or any(i.tag in ("Z", "N") for i in items[mean + 1 : k]):
            return False
        share = _MEMBERS_ABOVE.search(self.text.clean, self.sentence.start, items[mean].start)
        if share is None or not _REACHES.search(self.text.clean, items[mean].end, item.start):
            return False
        chosen = next((i for i in items[:mean][::-1] if share.start() <= i.start < share.end()), None)
        chosen = next((i for i in items if share.start() <= i.start < share.end() and i.tag == "S"), chosen)
        said = next((i for i in items if share.start() <= i.start < share.end() and i.mention is not None), chosen)
        found = self.names.find(self.text.clean, share.start(), share.end())
        subject = found[0].subject if found else said.subjects[0] if said is not None and said.subjects else None
        if subject is None:
            return False
        m = items[mean].match
        n = int(m.get("n") or m.get("d") or 0) * {"day": 1, "session": 1, "week": 5, "month": 21}.get(
            (m.get("unit") or "day").casefold(), 1
        )
        side = SIDES[share["side"].casefold()]
        items[mean].used = item.used = True
        self._claim("breadth", (subject,), share.start(), item.end, number=item.number, sign=side, side=side, sessions=n)
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
