"""One against another: "small caps beat large by six points"."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from paceline.factcheck.grammar.model import Aside
from paceline.factcheck.grammar.who import Who
from paceline.factcheck.items import negated
from paceline.factcheck.joining import Item
from paceline.factcheck.quantities import Number
from paceline.factcheck.subjects import Subject

#: After a comparing verb without a rival: what may follow, so that the market is meant ("lagged again in June").
_ALONE = re.compile(
    r"\s*(?:$|[.,;:)\u2014\u2013-]|(?:by|in|on|at|since|for|this|last|over|during|through|throughout|again|too|as|so|while|with|"
    r"year|month|week|once|and|but|when|after|of|from|most|all|both|yet|still|today|yesterday|overall|alone|until|amid|despite|"
    r"because|even|it|them|that|early|late|the rest|everything|the broad(?:er)? market)\b|\w+ly\b)",
    re.IGNORECASE,
)
#: "beat large", "trailed larger ones": the other size.
_SIZE = re.compile(r"\s*(?:the )?(?P<size>large|big|small)(?:er)?(?:\s+(?:ones|names|companies|stocks))?\b(?![- ]caps?)", re.IGNORECASE)
#: "surpassing its old peak": itself, no rival.
_ITSELF = re.compile(
    r"\s*(?:its|their|the|a|an|his|that|last|\w+'s)\s+(?:[\w'-]+\s+){0,3}?(?:peaks?|records?|highs?|lows?|levels?|marks?|milestones?|values?|"
    r"close|closes|thresholds?|best|worst|targets?|forecasts?|expectations|hopes|goals?|barrier)\b",
    re.IGNORECASE,
)


class Compare(Who):
    """One against another: "small caps beat large by six points"."""

    def _compared(
        self,
        start: int,
        end: int,
        subjects: tuple[Subject, ...],
        against: tuple[Subject, ...],
        sign: int,
        number: Number | None = None,
        **params: Any,
    ) -> None:
        for other in against:
            self._claim(
                "compare",
                tuple(s for s in subjects if s.name != other.name),
                start,
                end,
                number=number,
                sign=sign,
                against=other,
                **params,
            )

    def _default_against(self, subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
        """Whom a text compares with when it does not say: the market."""
        market = self.names.lookup("the market")
        sp = self.names.lookup("s&p 500")
        for s in (sp if sp is not None and sp.candidates else None, market):
            if s is not None and all(s.name != x.name for x in subjects):
                return (s,)
        return ()

    def _pair(self, k: int, item: Item) -> tuple[Number, Number, int] | None:
        """ "9.3% to 7.9%", "-17.0% against -17.7%": the first for the subject, the second for the other."""
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

    def _compare(self, k: int, item: Item) -> None:
        """A beats B; the number that may follow finds the comparison in the state."""
        items, state = self.items, self.state
        j = self._next(k)
        phrase = item.match.get("phrase", "")
        following = items[j] if j < len(items) else None
        if following is not None and (
            following.tag == "B" or following.text.casefold() in ("estimates", "expectations", "forecasts", "views")
        ):
            state.blocked = following.text
            return
        if (
            following is not None
            and following.tag == "N"
            and following.number is not None
            and following.number.unit == "level"
        ):
            return
        if item.used or not item.sign:
            return
        if re.search(r"(?:\bnot|n't) (?:just|only|merely)\b[^,;]*\bthat\s*$", self.text.clean[self.sentence.start : item.start], re.IGNORECASE):
            return  # "it wasn't just large caps that outperformed"
        before = items[k - 1] if k else None
        if before is not None and before.text.casefold() in (
            "was",
            "were",
            "been",
            "being",
            "is",
            "are",
            "got",
            "be",
            "a",
            "an",
            "more",
        ):
            return
        if (itself := _ITSELF.match(self.text.clean, item.end, self.sentence.end)) is not None and not any(
            i.tag == "S" and item.end <= i.start < itself.end() for i in items
        ):
            state.compare = None
            return
        word = item.text.casefold()
        noun = word.endswith("performance")
        at, words = self._stretch(k)
        lone = at < 0 or items[at].tag not in ("S", "P")
        if (
            [
                w
                for w in words
                if (w.tag in ("w", "B") and not w.text.casefold().endswith(("ed", "ing"))) or (w.tag == "f" and lone)
            ]
            and not noun
            and not (state.at >= 0 and items[state.at].tag == "P")
        ):
            state.compare = None
            state.subjects = ()
            return
        against: tuple[Subject, ...] = ()
        n = j
        while (
            n < len(items)
            and n <= j + 2
            and (items[n].tag == "f" or items[n].text.casefold() in ("large", "big", "their"))
            and items[n].text.casefold() not in ("by", "with", "in", "on", "at", "for", "as", "and")
        ):
            n += 1
        if n < len(items) and items[n].tag == "S":
            against = items[n].subjects
        if not against and (size := _SIZE.match(self.text.clean, item.end, self.sentence.end)) is not None:
            other = self.names.lookup("small caps" if size["size"].casefold() == "small" else "s&p 500")
            against = (other,) if other is not None else ()
        state.compare, state.compare_at, state.compare_against = item, k, against
        state.last_sign = 1
        weak = phrase in ("ahead of", "better than", "worse than", "behind", "led") or noun
        linked = before is not None and (
            before.text.casefold() in ("finished", "ended", "closed", "came", "pulled", "finish", "moved", "out")
        )
        if weak and not linked:
            if noun or phrase == "led":
                return
            state.compare = None if not (k and any(i.tag == "N" for i in items[max(0, k - 2) : k])) else item
            return
        subjects = state.subjects
        if not subjects and state.at < 0 and self.before and k <= 2:
            subjects = self.before
        if not subjects or state.unknown:
            return
        end = items[n].end if against else item.end
        and_others = re.match(
            r"\s*,?\s*(?:and|and all|along with)\s+(?:the |all )?(?:other|all other|every other|most other|remaining)\s+(\w+)",
            self.text.clean[end : self.sentence.end],
        )
        rivals = against
        if not against:
            elsewhere = following is not None and following.text.casefold() in ("it", "them", "its", "their")
            alone = _ALONE.match(self.text.clean, item.end, self.sentence.end) is not None
            if not alone and not (following is not None and following.tag in ("N", "W", "U")):
                self.out.unread.append(Aside("unread", item.start, item.end, "whom it is compared with is not known"))
                state.compare = None
                return
            rivals = self.previous_other(subjects) if elsewhere else self._default_against(subjects)
            near = items[k + 1 : k + 4]
            stop = next((n for n, x in enumerate(near) if x.tag in (":", "Z", ",")), len(near))
            if any(i.tag == "S" for i in near[:stop]) and phrase:
                return
        if rivals:
            close_by = 0 <= state.at < k and not any(i.tag in ("N", "C", "V", "W") for i in items[state.at : k])
            self._compared(
                items[state.at].start if close_by else item.start,
                end,
                subjects,
                rivals,
                item.sign,
                implicit=not against,
                denied=negated(self.text.clean, self._segment(item.start, item.end)[0], item.start),
            )
        if and_others and against:
            self._claim(
                "compare",
                subjects,
                item.start,
                end + and_others.end(),
                sign=item.sign,
                against=against[0],
                group=and_others.group(1).casefold(),
            )

    def previous_other(self, subjects: tuple[Subject, ...]) -> tuple[Subject, ...]:
        """Whom "it" means after a comparison: the other side of the one before."""
        pool = [*self.claims[::-1], *self.out.claims[:-5:-1]]
        for c in pool:
            if c.kind == "compare" and c.against is not None and c.subject.name in [s.name for s in subjects]:
                return (c.against,)
        for c in pool:
            if c.subject.name not in [s.name for s in subjects]:
                return (c.subject,)
        return ()

    def _drop_compare(self, item: Item) -> None:
        """The bare comparison is replaced by the one with its number."""
        self.claims = [
            c
            for c in self.claims
            if not (
                c.kind == "compare"
                and c.number is None
                and c.end >= item.start
                and c.start <= item.end
                and "group" not in c.params
            )
        ]

    def _after_compare(self, k: int) -> tuple[Subject, ...]:
        for j in range(k + 1, min(k + 6, len(self.items))):
            if self.items[j].tag == "S":
                return self.items[j].subjects
        return ()

    def _reversal(self, k: int, item: Item) -> None:
        prior = next((c for c in self.claims if c.kind == "compare" and c.number is None), None)
        if prior is not None:
            self._claim("reversal", (prior.subject,), item.start, item.end, sign=prior.sign, against=prior.against)
