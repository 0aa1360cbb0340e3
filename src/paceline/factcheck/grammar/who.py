"""Who is spoken of: the subject of each verb, and whom pronouns mean."""

from __future__ import annotations

import re
from bisect import bisect_right

from paceline.factcheck import lexicon
from paceline.factcheck.grammar.base import Base
from paceline.factcheck.grammar.model import MEMBERS, name_of
from paceline.factcheck.joining import Item
from paceline.factcheck.subjects import Subject

#: What an index is made of.
_PARTS = frozenset("stocks companies names constituents issues shares sectors".split())


class Who(Base):
    """Who is spoken of: the subject of each verb, and whom pronouns mean."""

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
            if (
                after is not None
                and not mention.possessive
                and after.tag in ("w", "B")
                and (after.text[:1].islower() and not after.text.endswith(("ed", "ing")))
            ):
                if mention.ticker and after.tag == "w":
                    continue
                if (
                    kind in ("index", "fund")
                    and after.tag == "w"
                    and after.text.endswith("s")
                    and after.text.casefold() not in MEMBERS
                ):
                    continue  # "the Nasdaq 100 clings to": a verb
                item.tag = "w"
                continue
            if mention.bare and not (
                k and (items[k - 1].tag == "C" or items[k - 1].text.casefold() in ("than", "over", "versus"))
            ):
                others = {s.kind for i in weak if i is not item for s in i.subjects} | strong
                family = (
                    {"style", "size", "index", "sector"} if kind == "style" else {"style", "sector", "theme", "index"}
                )
                next_ = next((i for i in items[k + 1 : k + 6] if i.tag not in ("f", "L", ",", "(", ")", "W")), None)
                moves = kind != "style" and next_ is not None and next_.tag in ("V", "N", "U", "C", "rank")
                listed = next_ is not None and next_.tag in ("N", "U") and next_.number is not None
                if (
                    not (others & family or listed or moves)
                    or (after is not None and after.tag == "w")
                    or (kind == "style" and next_ is not None and next_.tag in ("w", "stalled"))
                ):
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
                if (
                    i.tag == "S"
                    and len(i.subjects) == 1
                    and len(i.subjects[0].candidates) == 1
                    and i.subjects[0].candidates[0].instrument
                ):
                    return i.subjects[0]
        if what == "index" and self.named is not None and not any(i.tag == "S" and not i.anaphor for i in before):
            return self.named
        wanted = {
            "fund": ("fund",),
            "etf": ("fund",),
            "sector": ("sector",),
            "group": ("sector", "theme", "basket"),
            "stock": ("stock",),
            "shares": ("stock",),
            "theme": ("theme",),
            "basket": ("theme", "basket", "size"),
        }.get(what, ("index",))
        for i in reversed(before):
            if i.tag == "S" and i.subjects and i.subjects[-1].kind in wanted:
                return i.subjects[-1]
        if what in ("index", "benchmark", "gauge", "average", "measure") and self.out.claims:
            last = self.out.claims[-1].start
            at = bisect_right(self.text.sentences, last, key=lambda s: s.start) - 1
            if at < 0 or last >= (s := self.text.sentences[at]).end or s.paragraph != self.sentence.paragraph:
                told = [subject for subject, _ in self.told.values()]
                bench = self.names.lookup("the market")
                main = [s for s in told if bench is not None and s.candidates[:1] == bench.candidates[:1]]
                if told:  # a new paragraph speaks of the benchmark, or of the index most spoken of
                    return main[0] if main else max(self.told.values(), key=lambda one: one[1])[0]
        found = [self.by_kind[k] for k in wanted if k in self.by_kind]
        return found[-1] if found else None

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
        if state.compare is not None and any(i.tag in (",", "W") for i in items[state.compare_at : k]):
            state.compare = None

    def _role(self, k: int) -> str:
        items = self.items
        j = k - 1
        while (
            j >= 0
            and items[j].tag == "f"
            and items[j].text.casefold()
            in (
                "the",
                "a",
                "an",
                "its",
                "their",
                "'s",
                "both",
                "broader",
                "small",
                "large",
                "this",
                "that",
                "all",
                "most",
                "other",
                "even",
            )
        ):
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
            owner = self.items[max(0, state.object_at - 3) : max(0, state.object_at)]
            if state.object_at > state.at and any(i.text.casefold() in MEMBERS | _PARTS for i in owner):
                state.subjects, state.unknown, state.at = (), "its members", k  # "stocks in the index that rose"
                return
            before = self.items[k - 1] if k else None
            near = max(state.at, state.object_at)
            if near >= 0 and before is not None and (before.tag in (",", "S", ")") or k - near <= 3):
                chosen = state.objects if state.object_at > state.at else state.subjects
                state.subjects, state.at, state.verb, state.blocked, state.unknown = chosen, k, None, "", ""
        elif word in ("it", "they") and any(
            i.tag == "w" and i.text[:1].isupper() and n and not state.subjects for n, i in enumerate(self.items[:k])
        ):
            state.unknown = "whom the sentence names"  # "First Republic said it fell 3%"
        elif word == "they" and len(self.before) < 2 and re.match(
            r"\s+(?:\w+\s+)?both\b", self.text.clean[item.end : self.sentence.end]
        ):
            state.unknown = "the two named before"
        elif word in ("it", "they") and not state.subjects and self.before:
            state.subjects, state.at, state.blocked, state.unknown = self.before, k, "", ""
        elif word in ("it", "they") and state.subjects:
            state.verb = None

    def _blocked(self, k: int, item: Item) -> None:
        state = self.state
        before = self.items[k - 1] if k else None
        after = self.items[k + 1] if k + 1 < len(self.items) else None
        if (before is not None and before.tag == "N") or (
            after is not None and after.tag == "D" and item.text.casefold() == "price"
        ):
            return  # looked at by the number itself; "price return"
        state.blocked = item.text
        if state.verb is None:
            state.subjects, state.unknown = (), ""

    def _finite(self, k: int) -> bool:
        """ "up" as what happened ("is up", "closed higher", "energy up 3%"), not as an adverb ("edged up")."""
        before = self.items[k - 1] if k else None
        return not (before is not None and before.tag in ("V", "U", "N"))

    def _verb(self, k: int, item: Item) -> None:
        """A verb of movement: whose is it?"""
        state, items = self.state, self.items
        sign = item.sign
        if item.tag == "V" and self._more_than(k, item):
            return
        if (
            item.tag == "V"
            and k + 1 < len(items)
            and items[k + 1].tag == "U"
            and (item.text.casefold() in lexicon.NEUTRAL)
        ):
            sign = items[k + 1].sign
        item.sign = sign
        j, words = self._stretch(k)
        edge = items[j] if j >= 0 else None
        strange = [
            w
            for w in words
            if (w.tag in ("w", "B") and not w.text.casefold().endswith(("ed", "ing")))
            or (w.tag == "f" and (edge is None or edge.tag not in ("S", "P")))
        ]
        if item.text.casefold().endswith("ing") and k and items[k - 1].tag == ",":
            strange = []  # ", rising 3%": the subject of the clause before
        own = edge is not None and (
            edge.tag in ("S", "P") and (edge is not items[state.object_at] if state.object_at >= 0 else True)
        )
        if strange and not (own and not self._owner(j, strange)):
            said = self.text.clean[(items[j].end if j >= 0 else self.sentence.start) : item.start].strip(" ,;:-\u2014")
            thing = next((w for w in strange if w.tag == "B"), None)
            state.unknown, state.blocked = ("", thing.text) if thing is not None else (name_of(said), state.blocked)
            state.subjects = ()
            state.at = k
        elif state.blocked and state.at < 0:
            state.subjects = ()
        if (
            edge is not None
            and edge.tag == "S"
            and k
            and items[k - 1].tag == ","
            and edge.subjects != state.subjects
            and not strange
            and self._role(j) == "subject"
            and not state.unknown
        ):
            state.subjects, state.at, state.blocked = (
                edge.subjects,
                j,
                "",
            )  # "Biotech, once the market's darling, gave up"
        state.verb, state.verb_at = item, k
        if sign:
            state.last_sign = sign
        if (
            not state.subjects
            and not state.unknown
            and not state.blocked
            and state.at < 0
            and self.before
            and not words
            and k <= 2
        ):
            state.subjects = ()

    def _more_than(self, k: int, item: Item) -> bool:
        """ "gained more than the cap-weighted index": a comparison, no number."""
        items, state = self.items, self.state
        if k + 2 >= len(items) or items[k + 1].text.casefold() not in ("more", "less", "further", "faster"):
            return False
        n = self._next(k + 2)
        if (
            items[k + 2].text.casefold() != "than"
            or n >= len(items)
            or items[n].tag != "S"
            or not state.subjects
            or not item.sign
        ):
            return False
        if state.unknown or state.blocked or items[n].subjects == state.subjects:
            return False
        item.used = True
        sign = item.sign * (-1 if items[k + 1].text.casefold() == "less" else 1)
        near = 0 <= state.at < k and not any(i.tag in ("N", "C", "V", "W") for i in items[state.at : k])
        for other in items[n].subjects:
            self._claim(
                "compare",
                state.subjects,
                items[state.at].start if near else item.start,
                items[n].end,
                sign=sign,
                against=other,
            )
        return True

    def _owner(self, j: int, strange: list[Item]) -> bool:
        """ "Apple's suppliers rose": the suppliers did, not Apple."""
        item = self.items[j]
        return item.tag == "S" and (
            bool(item.mention and item.mention.possessive) or self.items.index(strange[0]) == j + 1
        )
