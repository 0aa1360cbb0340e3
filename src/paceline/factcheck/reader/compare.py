"""One against another: "small caps beat large by six points"."""

from __future__ import annotations

from dataclasses import replace

from paceline.factcheck import lexicon
from paceline.factcheck.quantities import Number
from paceline.factcheck.reader.base import BOUNDS, as_points
from paceline.factcheck.reader.numbers import Numbers
from paceline.factcheck.reader.who import PRONOUNS, Subjects
from paceline.factcheck.subjects import Subject

#: "surpassing its old peak", "beat estimates": no rival.
_ITSELF = frozenset(
    "peak peaks record records high highs low lows level levels mark marks milestone value close "
    "closes threshold best worst "
    "target targets forecast forecasts expectations estimates hopes goal goals barrier consensus "
    "views views inflation".split()
)
_NEEDS_A_RIVAL = frozenset(
    "crush crushed thump thumped thrash thrashed trounce trounced walloped beaten bested topped "
    "eclipsed overtook exceeded exceed surpassed".split()
)
_ALONE = frozenset(
    "sector sectors group style stock size theme index fund asset market basket".split()
)

#: Relations of a rival to a comparison; prepositions, and other words, before it.
_OBJECTS = ("dobj", "pobj", "attr", "prep", "nsubj")
_THAN = ("than", "to", "against", "versus", "over", "of")
_OTHERS = ("market", "everything", "rest", "others", "peers", "rivals")
_BEFORE_A_RIVAL = frozenset("the its their both that of a to against than versus over".split())


class Compare(Numbers):
    """One against another: "small caps beat large by six points"."""

    def compares(self) -> None:
        """A claim for each comparison with known subjects."""
        for c, n in enumerate(self.nodes):
            if (n.phrase == "cmp" and n.first) or (
                n.low in lexicon.COMPARE and not n.subjects and not n.phrase
            ):
                self._compared(c)

    def _compared(self, c: int) -> None:
        n, t = self.nodes[c], self.t
        sign = int(n.match.get("sign", "0")) if n.phrase == "cmp" else lexicon.COMPARE[n.low]
        bare = n.low in ("led", "leads", "topped", "behind") and not self._rival(c)
        if not sign or bare or self._no_comparison(c):
            return
        amount, nominal = self._amount(c), t.noun(c) and not t.verb(c)
        subjects = self._compares(c, nominal)
        rivals, to, named = self._against(c, subjects)
        to = max(to, amount)
        if not named and amount < 0:
            after = self.nodes[c + 1] if c + 1 < len(self.nodes) else None
            ends = after is None or after.tag in ("IN", ",", ".")
            if nominal or (n.low in _NEEDS_A_RIVAL and ends):
                # "their underperformance" is of no period and against nobody; "Stocks Crushed
                # After Hot CPI" compares nothing
                return
        why = t.ahead(c)
        if not subjects or not rivals or why:
            if amount >= 0:
                self._unowned(amount, why)
            return
        number = self.nodes[amount].number if amount >= 0 else None
        if number is not None and number.unit == "level":
            return
        amounts = self._amounts(amount, len(subjects))
        first, last = min([self._from(c, subjects), *amounts]), max([to, *amounts])
        denied = t.denied(c)
        for k, s in enumerate(subjects):
            number = self.nodes[amounts[k]].number if amounts else None
            gap = as_points(number) if number is not None else None
            for rival in rivals:
                who = (s,) if s.name != rival.name else ()
                self.make(
                    "compare",
                    who,
                    c,
                    last,
                    sign=sign,
                    against=rival,
                    number=gap,
                    start=first,
                    denied=denied,
                    implicit=not named,
                )
        if amount >= 0:
            self.sheet.reasons.pop(amount, None)
        else:
            self._pair(to, subjects, rivals)

    def _no_comparison(self, c: int) -> bool:
        """Is it one only by its word: "stocks were crushed", "multi-session outperformance"?"""
        n, t = self.nodes[c], self.t
        passive = any(self.nodes[k].dep == "auxpass" for k in t.children[c])
        if passive or any(self.nodes[k].phrase == "streak" for k in range(max(0, c - 2), c)):
            return True
        # "it was not just large caps that outperformed"
        return n.dep == "relcl" and any(
            self.nodes[k].dep == "neg" for k in t.children[t.clause(n.head)]
        )

    def _compares(self, c: int, nominal: bool) -> Subjects:
        """Who is compared."""
        self.who.why = ""
        if nominal:
            found = self.who.owner(c)
        elif self.nodes[c].match.get("prep"):
            found = self._ahead_of(c)
        else:
            found = self.who.subject(c)
        if found or self.who.why:
            return found
        left = self.left_name(c)
        return self.nodes[left].subjects if left >= 0 and not self.owns(left) else self.topic(c)

    def _pair(self, to: int, subjects: Subjects, rivals: Subjects) -> None:
        """As in "beat growth, 9.3% to 7.9%": the first is the subject's, the other the rival's."""
        found = [
            k
            for k in range(to + 1, min(to + 12, len(self.nodes)))
            if (n := self.nodes[k].number) is not None and n.unit == "percent"
        ]
        if len(found) == 1 and len(subjects) == len(rivals) == 1:
            self._spread(found[0], subjects[0], rivals[0])
            return
        if (
            len(found) < 2
            or len(subjects) != 1
            or len(rivals) != 1
            or any(self.t.verb(k) or self.nodes[k].subjects for k in range(to + 1, found[1]))
        ):
            return
        between = {self.nodes[k].low for k in range(found[0] + 1, found[1])}
        if between & {"to", "against", "versus", "vs", "vs."} or (
            between & {"compared"} and between & {"with", "to"}
        ):
            for i, s in zip(found, (*subjects, *rivals), strict=False):
                number = self.nodes[i].number
                assert number is not None
                sign = 1 if number.signed else self.context(i) or 1
                self._drop(i)
                self.make("return", (s,), i, i, number=number.times(sign), sign=sign)
                self.sheet.reasons.pop(i, None)

    def _spread(self, i: int, subject: Subject, rival: Subject) -> None:
        """Where "9.3% to 7.9%" was read as one range: the better one is of whoever is ahead."""
        number = self.nodes[i].number
        assert number is not None
        if number.low == number.high or " to " not in self.sheet.clean[number.start : number.end]:
            return
        ahead = self.sheet.drafts[-1].claim.sign > 0
        for s, value in (
            (subject, number.high if ahead else number.low),
            (rival, number.low if ahead else number.high),
        ):
            self.make(
                "return",
                (s,),
                i,
                i,
                number=replace(number, low=value, high=value, signed=True),
                sign=1,
            )
        self.nodes[i].used = True
        self.sheet.reasons.pop(i, None)

    def _drop(self, i: int) -> None:
        """Forget what else was made of a number."""
        start = self.nodes[i].start
        self.sheet.drafts = [
            d
            for d in self.sheet.drafts
            if not (
                d.claim.kind == "return"
                and d.claim.number is not None
                and d.claim.number.start == start
            )
        ]

    def _amounts(self, first: int, many: int) -> list[int]:
        """The gap of each subject: as many numbers as subjects go in order, one goes to all."""
        if first < 0:
            return []
        found = [first]
        for k in range(first + 1, min(first + 10, len(self.nodes))):
            n = self.nodes[k]
            if n.number is not None and n.number.unit == self.nodes[first].number.unit:  # type: ignore[union-attr]
                found.append(k)
            elif (
                n.low not in (",", "and", "respectively")
                and n.start != self.nodes[min(k + 1, len(self.nodes) - 1)].start
            ):
                break
        return found if len(found) == many else [first] * many

    def _from(self, c: int, subjects: Subjects) -> int:
        """Where the words of the comparison begin: at its subject, if that stands near."""
        near = [
            k
            for k in range(c)
            if self.nodes[k].subjects and self.nodes[k].subjects[0] in subjects and c - k <= 10
        ]
        return near[-1] if near else c

    def _ahead_of(self, c: int) -> Subjects:
        """As in "5.6 points ahead of X", "finished behind X"."""
        for k in self.t.up(c):
            if self.nodes[k].subjects and k < c:
                return self.nodes[k].subjects
            if self.t.verb(k):
                return self.who.subject(k)
            if self.t.noun(k) and self.t.move(k) is not None:
                return self.who.owner(k)
        return ()

    def _amount(self, c: int) -> int:
        """The number by which: "by 3 points" behind the word, "3 points ahead of"; -1: none."""
        for k in range(c + 1, min(c + 14, len(self.nodes))):
            n = self.nodes[k]
            if n.low in BOUNDS or (self.t.move(k) is not None and k > c + 1):
                break
            if n.number is not None and self.nodes[k + 1 : k + 2] and self.nodes[k + 1].low == ")":
                continue  # "outpaced the S&P 500 (+1.9%) by 5.1 points"
            if n.number is not None and n.number.unit in ("percent", "points", "index_points"):
                between = {self.nodes[j].low for j in range(c + 1, k)}
                owned = k + 1 < len(self.nodes) and (
                    self.t.move(k + 1) is not None or self.right_name(k) >= 0
                )
                near = next((j for j in range(k - 1, c, -1) if self.nodes[j].low == "by"), -1)
                by = near > 0 and not any(
                    self.t.noun(j)
                    and self.nodes[j].low not in ("%", "points")
                    and self.nodes[j].start != n.start
                    for j in range(near + 1, k)
                )
                if (
                    by or "of" in between or n.number.unit in ("points", "index_points")
                ) and not owned:
                    return k
                break
        before = c - 1
        number = (
            self.nodes[before].number if before >= 0 and self.nodes[c].match.get("prep") else None
        )
        gap = (
            number is not None
            and number.unit in ("percent", "points", "index_points")
            and self._takes(before, number)
        )
        return before if gap else -1

    def _takes(self, before: int, number: Number) -> bool:
        """Is it a gap ("3 points ahead of X"), not a return ("rose 3%, ahead of X")?"""
        return number.unit != "percent" or (
            not (before and self.t.move(before - 1) is not None)
            and (before == 0 or self.t.move(self.nodes[before].head) is None)
        )

    def _rival(self, c: int) -> bool:
        return any(self.nodes[k].subjects for k in range(c + 1, min(c + 7, len(self.nodes))))

    def _against(self, c: int, subjects: Subjects) -> tuple[Subjects, int, bool]:
        """The rivals, the last word that names them, and whether the text names them at all."""
        after = range(c + 1, min(c + 16, len(self.nodes)))
        found = self._objects(c, after, subjects)
        if found is not None:
            return *found, True
        for k in after:  # the tree is silent: the first name before anything that could be meant
            n = self.nodes[k]
            if n.subjects and not n.used:
                rivals = tuple(s for s in n.subjects if s not in subjects)
                if rivals and (self.nodes[c].match.get("prep") or k - c <= 3):
                    return rivals, k, True
                break
            if n.low not in _BEFORE_A_RIVAL:
                break
        if self.nodes[c].match.get("needs") or not subjects or subjects[0].kind not in _ALONE:
            return (), c, False
        return self.default_against(subjects), c, False

    def _objects(self, c: int, after: range, subjects: Subjects) -> tuple[Subjects, int] | None:
        """The rivals by the tree, and the last word that names them; None: it is silent."""
        t = self.t
        objects = [k for k in after if self.nodes[k].head == c and self.nodes[k].dep in _OBJECTS]
        for k in objects:
            n = self.nodes[k]
            right = self.right_name(k) if n.number is not None else -1
            if n.dep == "prep" and n.low in _THAN:
                objects += [p for p in t.children[k] if self.nodes[p].dep == "pobj"]
            elif right >= 0:
                return self.nodes[right].subjects, right
        return self._named_object(c, objects, subjects)

    def _named_object(
        self, c: int, objects: list[int], subjects: Subjects
    ) -> tuple[Subjects, int] | None:
        t = self.t
        nominal = t.noun(c) and not t.verb(c)
        for k in objects:
            n = self.nodes[k]
            if n.dep == "prep" or n.number is not None or n.window is not None:
                continue
            if not n.subjects and (n.low in _ITSELF or n.low in lexicon.NOT_PRICES):
                return (), k
            if not n.subjects and nominal and n.low in PRONOUNS:
                continue
            if found := self.who.phrase(k):
                rivals = tuple(s for s in found if s not in subjects)
                return rivals, max([k, *(j for j in t.down(k) if self.nodes[j].subjects)])
            if n.low not in _OTHERS:
                return (), k
            self.who.why = ""
        return None
