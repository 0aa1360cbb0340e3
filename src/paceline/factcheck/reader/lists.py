"""Numbers that go on with what was said before: lists without units, shares, contributions."""

from __future__ import annotations

import re
from dataclasses import replace

from paceline.factcheck.claims import Claim
from paceline.factcheck.quantities import Number
from paceline.factcheck.reader.base import BOUNDS, Base, Draft, as_points

#: What may follow a change whose unit is left out, and what makes the number an amount of points.
_AFTER_A_CHANGE = frozenset(
    ", . ; ) ( : and for on this since in while when but as over from today with or ! ?".split()
)
AMOUNT = re.compile(r",? (?:or|to|at) [\d(]|,? \([-+\d]")


class Lists(Base):
    """Numbers that say less than they mean, because the text has said it before."""

    def _in_percent(self, i: int, n: Number) -> bool:
        """As in "..., materials 6.8", "small caps are off 24": the unit was set before."""
        spoken = [
            x.number
            for x in self.nodes[:i]
            if x.number is not None and x.number.unit in ("percent", "index_points")
        ]
        unit = spoken[-1].unit if spoken else self.memory.unit
        of = self.left_name(i, 3)
        if (
            not unit
            and n.signed
            and n.step < 1
            and of >= 0
            and self.nodes[of].subjects[0].kind in ("sector", "style", "fund")
        ):
            unit = "percent"  # they have no points
        after = self.nodes[i + 1] if i + 1 < len(self.nodes) else None
        plain = (
            after is None
            or bool(after.subjects)
            or self.sheet.clean[n.end : n.end + 1] == "\n"
            or after.window is not None
            or after.low in _AFTER_A_CHANGE
            or not re.search(r"[a-z0-9]", after.low)
        )
        if (
            unit != "percent"
            or not plain
            or abs(n.value) >= 100
            or AMOUNT.match(self.sheet.clean, n.end)
        ):
            return False
        if n.step < 0.05 and not n.signed and not any(x.step < 0.0005 for x in spoken):
            return False  # "gained 13.28": points, unless the others have as many decimals
        before = self.nodes[i - 1] if i else None
        moved = before is not None and (
            self.t.move(i - 1) is not None
            or (before.low == "by" and i > 1 and self.t.move(i - 2) is not None)
        )
        named = before is not None and (
            bool(before.subjects)
            or (before.low in (",", ":", "(") and i > 1 and bool(self.nodes[i - 2].subjects))
        )
        return moved or (
            (named or (before is not None and before.low == ",")) and (n.signed or n.step < 1)
        )

    def _unsaid(self, bare: list[int]) -> None:
        """Takes back numbers with the unit of one that is no claim: "12.1% more phones; 4.2"."""
        made = {d.claim.number.start for d in self.sheet.drafts if d.claim.number is not None}
        for i in bare:
            before = [
                n.number.start
                for k, n in enumerate(self.nodes[:i])
                if n.number is not None and n.number.unit == "percent" and k not in bare
            ]
            if before and not made & set(before):
                mine = self.nodes[i].number
                self.sheet.drafts = [
                    d
                    for d in self.sheet.drafts
                    if d.claim.number is None or mine is None or d.claim.number.start != mine.start
                ]
                self.refuse(i, "its unit is not said")

    def _goes_on(self, i: int) -> bool:
        """As in "..., the Magnificent Seven 44%": another share of the kind just spoken of."""
        model = self.sheet.drafts[-1].claim if self.sheet.drafts else self._fresh(i)
        number = self.nodes[i].number
        if (
            model is None
            or number is None
            or number.signed
            or model.kind not in ("contribution", "breadth")
        ):
            return False
        name = (
            self.right_name(i) if self.sheet.drafts else -1
        )  # "58% of ..., versus 67% of industrials"
        for k in range(i - 1, max(-1, i - 8) if name < 0 else i - 1, -1):
            n = self.nodes[k]
            if n.subjects:
                name = k
                break
            if (
                n.window is not None
                or (self.t.verb(k) and n.lemma != "be")
                or (self.t.move(k) is not None)
                or n.low in BOUNDS - {";"}
            ):
                return False
        subjects = (
            self.nodes[name].subjects
            if name >= 0
            else ()
            if any(n.subjects for n in self.nodes)
            else self.topic(i)
        )
        share = model.kind == "breadth" or bool(model.params.get("share"))
        if (
            not subjects
            or model.against in subjects
            or (number.unit in ("percent", "part")) != share
            or number.unit in ("bare", "level")
        ):
            return False
        number = number if share else as_points(number)
        first, last = sorted((i, name)) if name >= 0 else (i, i)
        a, b = self.nodes[first].start, self.nodes[last].end
        claim = replace(
            model,
            subject=subjects[0],
            start=a,
            end=b,
            number=number,
            window=None,
            otherwise=(),
            denied=False,
        )
        self.sheet.drafts.append(Draft(claim, i, last))
        return True

    def _fresh(self, i: int) -> Claim | None:
        """The share that the paragraph spoke of last, if no number has come between."""
        earlier = any(
            n.number is not None and n.number.unit in ("percent", "part", "points")
            for n in self.nodes[:i]
            if n.start != self.nodes[i].start
        )
        here = self.sheet.sentence.paragraph == self.memory.paragraph
        return self.memory.shares if here and not earlier else None

    def _dated(self, i: int, before: int, n: Number) -> bool:
        """As in "MTD -0.5%", "October (minus 16.9%)": a change right behind its window."""
        while before > 0 and self.nodes[before].low in ("just", "only", "(", ":", "a"):
            before -= 1
        w = self.nodes[before].window
        if w is None or w.unclear or w.same or not w.unit:
            return False
        name = before - 1
        while name >= 0 and (
            self.nodes[name].start == self.nodes[before].start
            or self.nodes[name].low in (",", ":", "'s")
        ):
            name -= 1
        clause = (
            re.match(
                r"(?:in|for|on|over|during|at|since|from|by|of|this|last)\b", w.text, re.IGNORECASE
            )
            is not None
        )
        named = self.nodes[name].subjects if name >= 0 and not clause else ()
        if not named and self.sheet.drafts and self.nodes[before + 1].low != "(":
            return False
        near = [k for k in range(before) if self.nodes[k].subjects]
        subjects = named or (self.nodes[near[-1]].subjects if near else self.current())
        self.make("return", subjects, i, i, number=n, sign=1, start=name if named else before)
        for d in self.sheet.drafts[-len(subjects) :] if subjects else []:
            d.own = replace(w, aside=False)
        return bool(subjects)

    def _for_it(self, i: int, n: Number) -> bool:
        """As in "...; for the S&P it's 4.8%": the same of another one."""
        v = self.t.clause(i)
        it = [
            c
            for c in self.t.children[v]
            if self.nodes[c].dep == "nsubj" and self.nodes[c].low in ("it", "that")
        ]
        name = it[0] - 1 if it else -1
        other = any(
            x.number is not None and x.start != self.nodes[i].start for x in self.nodes[v:i]
        )
        if (
            other
            or self.nodes[v].lemma != "be"
            or name < 0
            or not self.nodes[name].subjects
            or self.nodes[self.nodes[name].head].low not in ("for", "in", "on", "with")
        ):
            return False
        sign = self.context(i)
        if not sign or self.t.ahead(i):
            return False
        self.make(
            "return", self.nodes[name].subjects, i, i, number=n.times(sign), sign=sign, start=name
        )
        return True
