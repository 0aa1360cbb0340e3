"""Records, ranks, averages and shares above them, contributions, targets, turns, directions."""

from __future__ import annotations

import re
from dataclasses import replace

from paceline.factcheck import lexicon
from paceline.factcheck.reader.base import Draft, as_points
from paceline.factcheck.reader.numbers import SIDES
from paceline.factcheck.reader.runs import Runs
from paceline.factcheck.reader.tree import ADVERBS
from paceline.factcheck.reader.who import GENERIC, Subjects

_SPAN = {"day": 1, "session": 1, "d": 1, "week": 5, "month": 21}
_OFF = re.compile(
    r"\b(?:from|below|off|near|nears|neared|nearing|short of|shy of|since|beneath|under|away from|"
    r"within [\w.% ]{1,12} of|approach\w*|despite|"
    r"test\w*|toward|towards|close to)\b[^,;]*$",
    re.IGNORECASE,
)
_CROSSES = {
    **dict.fromkeys(
        "reclaimed regained recaptured retook topped cleared reclaims regains reclaiming retaking "
        "recapturing surpassed".split(),
        1,
    ),
    **dict.fromkeys(
        "lost broke broken breached undercut breaks breaking losing undercutting pierced violated "
        "breaching".split(),
        -1,
    ),
}
_COPULA = frozenset("be remain become rank prove stay again".split())
#: "the percentage of S&P 500 stocks trading above (their)", before an average.
_MEMBERS = re.compile(
    r"\b(?:stocks|shares|members|components|constituents|companies|names|issues|them|it|sector|"
    r"index|industry|group)\b[^,;.]{0,40}?"
    r"\b(?P<side>above|over|below|under|beneath)\b[^,;.]{0,12}$",
    re.IGNORECASE,
)

_SHARE_OF = re.compile(
    r"\b(?:percentage|percent|share|proportion|fraction|number|portion) of\b", re.IGNORECASE
)
_SHARES = ("percent", "part")
#: Places of a rank; which of them are at its top; "among the best"; kinds that are ranked.
_PLACES = {"second": 2, "third": 3, "2nd": 2, "3rd": 3}
_ON_TOP = ("first", "on top", "top", "at the top", "in first place", "second", "third")
_AMONG = re.compile(r"\b(?:among|one of|some of)\s+(?:the )?(?:[\w']+ )?$", re.IGNORECASE)
_RANKED = ("index", "style", "theme", "size", "fund", "basket")
#: Words between a rank and the name behind it; relations of a name behind "was".
_BEFORE_A_NAME = (",", ":", "the", "was", "were", "is", "(")
_AFTER_A_COPULA = ("attr", "dobj", "acomp", "appos", "nsubj", "oprd")


class Kinds(Runs):
    """What is not a return, a comparison or a run."""

    def phrases(self, *kinds: str) -> None:
        """A claim for each set phrase of these kinds with a known subject."""
        for k, n in enumerate(self.nodes):
            if n.phrase in kinds and n.first:
                getattr(self, f"_{n.phrase}")(k)

    def _record(self, k: int) -> None:
        head, last = self._head(k), self._last(k)
        text = self.sheet.clean[self.nodes[k].start : self.nodes[last].end].casefold()
        before = self.sheet.clean[
            max(self.sheet.sentence.start, self.nodes[k].start - 60) : self.nodes[k].start
        ]
        counted = re.search(r"\b\d+ (?:new |fresh )?$", before) and text.endswith("highs")
        if _OFF.search(before) or counted or self.t.ahead(head):
            return
        if self.nodes[k].match.get("what", "").casefold().startswith("high") and "never" in text:
            text = "high"
        subjects = self.holder(k)
        if not any(self.t.verb(j) for j in range(len(self.nodes))):
            subjects = tuple(
                s for s in subjects if s.kind != "market"
            )  # "another record on Wall Street"
        sign = -1 if re.search(r"\blows?\b", text) else 1
        sessions = 252 if self.nodes[k].match.get("year") else 0
        start = max([i for i in range(max(0, k - 4), k) if self.t.verb(i)], default=k)
        self.make(
            "record",
            subjects,
            head,
            last,
            start=start,
            sign=sign,
            sessions=sessions,
            denied=self.t.denied(head) and "never" not in text,
        )

    # -- ranks ------------------------------------------------------------------------------------

    def _rank(self, k: int) -> None:
        m, head, last = self.nodes[k].match, self._head(k), self._last(k)
        clean, by = self.sheet.clean, m.get("by") or m.get("by2")
        if self.t.ahead(head) or (by and self.said_other(head)):
            return
        if m.get("bare") and not self.nodes[k - 1].subjects:
            return
        place = m.get("place", "").casefold()
        text = clean[self.nodes[k].start : self.nodes[last].end].casefold()
        before = clean[self.sheet.sentence.start : self.nodes[k].start]
        of_others = bool("by" in m or by or text.startswith("no "))
        sign = self._rank_sign(k, text, of_others)
        if of_others:
            near = range(last + 1, min(last + 4, len(self.nodes)))
            subjects = self._led_by(k)
            last = next((j for j in near if self.nodes[j].subjects), last)
        else:
            subjects = self._rank_verb(k) if m.get("verb") else self._ranked(k, head, last)
        subjects = tuple(
            s for s in subjects if s.kind == "sector" or (text != "led" and s.kind in _RANKED)
        )
        if sign and any(s.candidates for s in subjects):
            self.make(
                "rank",
                subjects,
                head,
                last,
                start=k,
                sign=sign,
                place=_PLACES.get((m.get("nth") or place).casefold(), 1),
                of=len(subjects),
                among=_AMONG.search(before) is not None,
                words=text,
            )

    def _rank_sign(self, k: int, text: str, of_others: bool) -> int:
        """Best (1) or worst (-1), by the words of a rank or by what moves there."""
        m = self.nodes[k].match
        if m.get("most"):
            most = 1 if m["most"].casefold() == "most" else -1
            return self._moves(self.t.clause(self._head(k)), k) * most
        if (of_others and not (m.get("up") or m.get("down"))) or text == "led":
            return self._leading(self._last(k)) or self.context(k) or 1
        return 1 if m.get("up") or m.get("place", "").casefold() in _ON_TOP else -1

    def _leading(self, last: int) -> int:
        """Direction of the number right behind "led": "tech led (+2.5%)"."""
        n = next(
            (
                n.number
                for n in self.nodes[last + 1 : last + 4]
                if n.number is not None and n.number.signed
            ),
            None,
        )
        return 0 if n is None else 1 if n.value > 0 else -1

    def _led_by(self, k: int) -> Subjects:
        """As in "led lower by financials"."""
        last = self._last(k)
        j = next(
            (j for j in range(last + 1, min(last + 4, len(self.nodes))) if self.nodes[j].subjects),
            -1,
        )
        return self.who.phrase(j) if j >= 0 else ()

    def _rank_verb(self, k: int) -> Subjects:
        verb = next((i for i in range(k, self._last(k) + 1) if self.t.verb(i)), -1)
        found = self.who.subject(verb) if verb >= 0 else ()
        if found or self.who.why:
            return found
        left = self.left_name(k)
        return self.nodes[left].subjects if left >= 0 else ()

    def _ranked(self, k: int, head: int, last: int) -> Subjects:
        """As in "The best performer was energy", "utilities, the day's weakest sector"."""
        if k and self.nodes[k - 1].low == "(" and (found := self._just_said(k)):
            return found
        by_tree = self._ranked_by_tree(head, last)
        if by_tree is not None:
            return by_tree
        left = self.left_name(k, 5)
        between = self.nodes[left:k] if left >= 0 else []
        apart = any(n.low == "," or n.lemma in _COPULA for n in between)
        if left >= 0 and (left == k - 1 or apart):
            return self.nodes[left].subjects
        j, nodes = last + 1, self.nodes
        while j < len(nodes) and (nodes[j].low in _BEFORE_A_NAME or nodes[j].window is not None):
            j += 1
        if j < len(nodes) and nodes[j].subjects and j - last <= 4 and j > last + 1:
            return nodes[j].subjects
        if found := self._just_said(k):
            return found
        named = [n.subjects for n in nodes if n.subjects]
        if len(named) == 1 and not any(self.t.verb(j) for j in range(len(nodes))):
            return named[0]  # "Utilities' loss in October, the worst of any sector"
        verb = self.t.clause(head)
        copula = nodes[verb].lemma in _COPULA and self.t.verb(verb)
        return self.who.subject(verb) if copula else ()

    def _ranked_by_tree(self, head: int, last: int) -> Subjects | None:
        """Who holds a rank by the tree; None: it does not say."""
        t, n = self.t, self.nodes[head]
        over = self.nodes[n.head]
        if n.dep in ("nsubj", "nsubjpass") and (over.lemma in _COPULA or t.light(n.head)):
            for c in t.children[n.head]:
                after = c > last and self.nodes[c].dep in _AFTER_A_COPULA
                if after and (found := self.who.phrase(c)):
                    return found
        if n.dep in ("attr", "oprd") and over.lemma in _COPULA:
            return self.who.subject(n.head)
        if n.dep == "appos" and over.subjects:
            return self.who.phrase(n.head)
        if n.dep == "pobj" and over.low in ("as", "among", "of", "with"):
            return self.who.subject(t.clause(head)) or None
        return None

    # -- averages ---------------------------------------------------------------------------------

    def _mean(self, k: int) -> None:
        """As in "below its 200-day average", "two-thirds trade above their 200-day averages"."""
        m, head, last = self.nodes[k].match, self._head(k), self._last(k)
        if m.get("same"):  # "below its own": the average that the sentence has named
            m = next(
                (
                    n.match
                    for n in reversed(self.nodes[:k])
                    if n.phrase == "mean" and n.match.get("n")
                ),
                self.memory.mean,
            )
        self.memory.mean = m
        n, unit = int(m["n"]), m.get("unit", "day").casefold()
        sessions = n * _SPAN.get(unit, 1)
        if n < 2 or self.t.ahead(head):
            return
        side, at = self._side(k)
        if not side:
            return
        if self._breadth(k, last, side, sessions) or re.search(
            r"\b(?:share|percentage|proportion|number|portion) of\b[^.;]*$",
            self.sheet.clean[self.sheet.sentence.start : self.nodes[k].start],
            re.IGNORECASE,
        ):
            return
        subjects = self.who.subject(at) if self.t.verb(at) else self._over(at)
        if not subjects and not self.who.why:
            left = [j for j in range(k) if self.nodes[j].subjects]
            subjects = self.nodes[left[-1]].subjects if left else self.topic(k)
        self.make(
            "average",
            subjects,
            at,
            last,
            sign=side,
            side=side,
            sessions=sessions,
            asked=n,
            unit="day" if unit == "d" else unit,
            denied=self.t.denied(at),
        )

    def _over(self, at: int) -> Subjects:
        for i in self.t.up(at):
            if self.nodes[i].subjects:
                return self.who.phrase(i)
            if self.t.verb(i):
                return self.who.subject(i)
        return ()

    def _side(self, k: int) -> tuple[int, int]:
        """Above (1) or below (-1) an average, and the word that says so."""
        for j in range(k - 1, max(-1, k - 12), -1):
            n = self.nodes[j]
            if n.low in SIDES and n.low not in ("through", "past"):
                return SIDES[n.low], j
            if n.low in _CROSSES:
                return _CROSSES[n.low], j
            if (n.number is not None and n.number.unit not in ("bare", "level")) or n.low in (
                ";",
                "while",
                "but",
            ):
                break
        return 0, -1

    def _breadth(self, k: int, last: int, side: int, sessions: int) -> bool:
        """The share of members above (below) their averages, said before them or after."""
        earlier = next((d for d in reversed(self.sheet.drafts) if d.claim.kind == "breadth"), None)
        share, to = self._share(k, last, earlier is not None)
        if share < 0:
            return False
        nodes = self.nodes
        named = [n.subjects for n in nodes[:k] if n.subjects]
        between = any(n.subjects for n in nodes[share:k])
        subjects = named[-1] if named else self.memory.topic
        if earlier is not None and not between:
            subjects = (earlier.claim.subject,)
        big, market = self.names.lookup("s&p 500"), self.names.lookup("the market")
        if big is not None and not between and any(big in n.subjects for n in nodes[:share]):
            subjects = (big,)  # "42% of index members"
        if not subjects:
            subjects = (market,) if market is not None else ()
        self.sheet.reasons.pop(share, None)
        nodes[share].used = True
        self.make(
            "breadth",
            subjects[:1],
            min(share, k),
            max(share, to, last),
            number=nodes[share].number,
            sign=side,
            side=side,
            sessions=sessions,
        )
        return True

    def _share(self, k: int, last: int, told: bool) -> tuple[int, int]:
        """The share of members beside an average, and the last word of the two; -1: none.

        told  the sentence has spoken of such a share before
        """
        nodes = self.nodes
        shares = [
            j for j, n in enumerate(nodes) if n.number is not None and n.number.unit in _SHARES
        ]
        means = [j for j in range(k) if nodes[j].phrase == "mean"]
        before = [j for j in shares if j < k and (not means or j > means[-1])]
        of = (j for j in reversed(before) if nodes[j + 1].low in ("of", "in"))
        share = next(of, before[-1] if told and before else -1)
        start, end = self.sheet.sentence.start, nodes[k].start
        members = _MEMBERS.search(self.sheet.clean, start, end)
        if share >= 0 or members is None or not _SHARE_OF.search(self.sheet.clean[start:end]):
            return share, last
        values = [j for j in shares if j > last and nodes[j - 1].low != "from"]
        share = values[0] if values else before[-1] if before else -1
        return share, share

    # -- shares of a gain, targets, turns ---------------------------------------------------------

    def _drove(self, k: int) -> None:
        """As in "tech giants drove the S&P 500's gain", "accounted for 43% of the index's rise"."""
        last = self._last(k)
        verb = next((i for i in range(k, last + 1) if self.t.verb(i)), k)
        if self.nodes[k].match.get("of"):
            self._came_from(k, last)
            return
        subjects = self.who.subject(verb)
        if not subjects and not self.who.why and (left := self.left_name(k)) >= 0:
            subjects = self.nodes[left].subjects
        gain = next(
            (
                j
                for j in range(last + 1, min(last + 19, len(self.nodes)))
                if (self.t.move(j) or 0) > 0 and self.nodes[j].number is None
            ),
            -1,
        )
        whole = next(
            (
                j
                for j in range(last + 1, gain)
                if self.nodes[j].subjects
                or (self.nodes[j + 1].low == "'s" and self.nodes[j].window is None)
            ),
            -1,
        )
        rivals = self.nodes[whole].subjects or self.who.phrase(whole) if whole >= 0 else ()
        if not rivals:
            rivals, whole = self._whole(last, gain)
        if not rivals or not subjects or subjects == rivals or self.t.ahead(verb):
            return
        amount = next(
            (j for j in range(last + 1, whole + 1) if self.nodes[j].number is not None), -1
        )
        number = self.nodes[amount].number if amount >= 0 else None
        share = number is None or (
            number.unit in ("percent", "part")
            and any(self.nodes[j].low == "of" for j in range(amount, whole))
        )
        if number is not None:
            self.nodes[amount].used = True
            number = number if share else as_points(number)
        near = [
            j
            for j in range(max(0, verb - 5), verb)
            if self.nodes[j].subjects and self.nodes[j].subjects[0] in subjects
        ]
        self.make(
            "contribution",
            subjects,
            verb,
            whole,
            start=near[0] if near else k,
            number=number,
            sign=1,
            against=rivals[0],
            share=share,
        )

    def _came_from(self, k: int, last: int) -> None:
        """As in "Two-thirds of the gain came from technology": of one only."""
        share = next(
            (
                j
                for j in range(k)
                if (n := self.nodes[j].number) is not None
                and n.unit in ("percent", "part")
                and self.nodes[j + 1].low == "of"
            ),
            -1,
        )
        whole = next(
            (self.nodes[j].subjects for j in range(max(share, 0), k) if self.nodes[j].subjects), ()
        )
        gain = any((self.t.move(j) or 0) > 0 for j in range(max(share, 0), k))
        name = next(
            (j for j in range(last + 1, min(last + 5, len(self.nodes))) if self.nodes[j].subjects),
            -1,
        )
        part = self.who.phrase(name) if name >= 0 else ()
        if share >= 0 and whole and gain and len(part) == 1:
            self.nodes[share].used = True
            self.make(
                "contribution",
                part,
                share,
                name,
                number=self.nodes[share].number,
                sign=1,
                against=whole[0],
                share=True,
            )

    def _whole(self, last: int, gain: int) -> tuple[Subjects, int]:
        """The index whose gain is shared, not named beside it: "53% of the year's advance"."""
        if gain >= 0:
            if all(n.number is None for n in self.nodes[last + 1 : gain]):
                return (), -1
            the = [
                j
                for j in range(last + 1, gain)
                if self.nodes[j].low in GENERIC
                or self.nodes[j].window is not None
                or self.nodes[j].low == "the"
            ]
            return (self.default_against(()), gain) if the else ((), -1)
        amount = next(
            (
                j
                for j in range(last + 1, min(last + 5, len(self.nodes)))
                if self.nodes[j].number is not None
            ),
            -1,
        )
        before = next(
            (d.claim for d in reversed(self.sheet.drafts) if d.claim.kind == "contribution"),
            self.memory.shares,
        )
        known = (
            before is not None
            and before.kind == "contribution"
            and before.against is not None
            and amount >= 0
        )
        return (
            ((before.against,), amount)
            if known and before is not None and before.against is not None
            else ((), -1)
        )

    def _stalled(self, k: int) -> None:
        right = self.right_name(self._last(k))
        inside = self.names.find(
            self.sheet.clean, self.nodes[k].start, self.nodes[self._last(k)].end
        )
        inside = [m for m in inside if not m.bare]
        subjects = (
            (inside[0].subject,)
            if inside
            else self.nodes[right].subjects
            if right >= 0
            else self.holder(k)
        )
        self.make(
            "stalled", tuple(s for s in subjects if s.kind != "unknown"), k, self._last(k), sign=-1
        )

    def reversals(self) -> None:
        """A sharp reversal of the comparison that the sentence has made."""
        for k, n in enumerate(self.nodes):
            if n.phrase == "reversal" and n.first:
                self._reversal(k)

    def _reversal(self, k: int) -> None:
        drafts = [d for d in self.sheet.drafts if d.at < k]
        for d in (
            [d for d in drafts if d.claim.kind == "compare"]
            or [d for d in drafts if d.claim.kind == "return"]
        )[-1:]:
            compared = d.claim.kind == "compare" and not d.claim.params.get("group")
            for rival in (
                (d.claim.against,) if compared else self.default_against((d.claim.subject,))
            ):
                self.make(
                    "reversal",
                    (d.claim.subject,),
                    k,
                    self._last(k),
                    sign=d.claim.sign,
                    against=rival,
                )

    def implied(self) -> None:
        """As in "an 18% rally to 8,100": a forecast whose arithmetic can be checked."""
        for i, n in enumerate(self.nodes):
            if (
                n.number is None
                or n.number.unit != "percent"
                or not (self.sheet.reasons.get(i) == "forecast" or self._foretold(i))
            ):
                continue
            level = next(
                (
                    j
                    for j in range(i + 1, min(i + 9, len(self.nodes)))
                    if (x := self.nodes[j].number) is not None and x.unit == "level"
                ),
                -1,
            )
            if level < 0 and re.search(
                r"\b(?:up|down)side of\b[^,;]{0,9}$",
                self.sheet.clean[self.sheet.sentence.start : n.number.start],
                re.IGNORECASE,
            ):
                self._upside(i)
                continue
            at, how = self.anchor(i)
            near = [*range(i + 1, min(i + 8, len(self.nodes))), *range(i - 1, max(-1, i - 9), -1)]
            subjects = tuple(s for k in near for s in self.nodes[k].subjects)
            noun = next(
                (
                    j
                    for j in range(i + 1, min(i + 4, len(self.nodes)))
                    if self.t.move(j) is not None
                ),
                -1,
            )
            at, how = (noun, "move") if how != "move" and noun >= 0 else (at, how)
            subjects = subjects or self.memory.of_kind(("index",))
            if (
                level < 0
                or not subjects
                or how != "move"
                or self.nodes[level - 1].low not in ("to", "around", "about", "near", "of")
            ):
                continue
            sign = self.t.move(at) or 1
            target = self.nodes[level].number
            assert target is not None
            self.make(
                "implied",
                subjects[:1],
                i,
                level,
                number=n.number.times(sign),
                sign=sign,
                level=target.value,
            )
            self.sheet.reasons.pop(level, None)

    def _upside(self, i: int) -> None:
        """As in "is at 6,600, upside of 2.3%": the target before the move."""
        number = self.nodes[i].number
        level = next(
            (
                x.number
                for x in reversed(self.nodes[:i])
                if x.number is not None and x.number.unit == "level"
            ),
            None,
        )
        subjects = next(
            (x.subjects for x in reversed(self.nodes[:i]) if x.subjects), ()
        ) or self.memory.of_kind(("index",))
        if number is not None and level is not None:
            sign = -1 if any(x.low == "downside" for x in self.nodes[max(0, i - 5) : i]) else 1
            self.make(
                "implied",
                subjects[:1],
                i,
                i,
                number=number.times(sign),
                sign=sign,
                level=level.value,
            )

    def _foretold(self, i: int) -> bool:
        """Is a number part of a forecast that the tree has not found?"""
        clean, start = self.sheet.clean, self.sheet.sentence
        return lexicon.FORECAST.search(clean, start.start, start.end) is not None and not any(
            d.claim.number is not None and d.claim.number.start == self.nodes[i].start
            for d in self.sheet.drafts
        )

    def turns(self) -> None:
        """As in "Since hitting a low on November 20": was it one?"""
        for i, n in enumerate(self.nodes):
            w = n.window
            if (
                w is None
                or not w.turning
                or not re.match(
                    r"since (?:hitting|reaching|setting|making|touching|bottoming|peaking)",
                    w.text,
                    re.IGNORECASE,
                )
            ):
                continue
            near = min(self.sheet.drafts, key=lambda d: abs(d.at - i), default=None)
            if near is not None:
                self.make("turning", (near.claim.subject,), i, i, window=w)

    def echoes(self) -> None:
        """As in "..., as did the Nasdaq 100": the claim before is made of another one too."""
        for k in range(1, len(self.nodes) - 1):
            also = self.nodes[k].low in ("ditto", "too", "likewise") and bool(
                self.nodes[k - 1].subjects
            )
            if not also and (
                self.nodes[k - 1].low not in ("as", "so")
                or self.nodes[k].lemma not in ("do", "be", "have")
            ):
                continue
            j = (
                k - 1
                if also
                else next(
                    (
                        j
                        for j in range(k + 1, min(k + 4, len(self.nodes)))
                        if self.nodes[j].subjects
                    ),
                    -1,
                )
            )
            before = [d for d in self.sheet.drafts if d.at < k and d.claim.number is None]
            if j < 0 or not before:
                continue
            last = before[-1]
            for s in self.who.phrase(j):
                claim = replace(
                    last.claim, subject=s, start=self.nodes[k - 1].start, end=self.nodes[j].end
                )
                self.sheet.drafts.append(Draft(claim, j, j, last.fixed))

    # -- directions -------------------------------------------------------------------------------

    def directions(self) -> None:
        """A verb of movement with a subject and a window of its own, without a number."""
        for v, n in enumerate(self.nodes):
            move = self.t.move(v)
            if not move or n.phrase or not self._finite(v) or n.low in lexicon.NEEDS_NUMBER:
                continue
            clause = self.t.clause(v)
            if any(
                (self.t.clause(d.at) == clause and d.claim.kind != "direction") or d.at == v
                for d in self.sheet.drafts
            ) or self.t.ahead(v):
                continue
            mine = [
                n
                for j, n in enumerate(self.nodes)
                if self.t.clause(j) == clause and n.window is None and not n.subjects
            ]
            if any(
                n.number is not None
                or n.low in ("percent", "points", "%")
                or any(ch.isdigit() for ch in n.low)
                for n in mine
            ):
                continue
            subjects = self.who.subject(clause) if self.t.verb(clause) else ()
            window = any(
                self.nodes[j].window is not None and (self.t.clause(j) == clause or j < v)
                for j in range(len(self.nodes))
            )
            if subjects and window and all(s.kind not in ("unknown", "market") for s in subjects):
                self.make("direction", subjects, v, v, sign=move, denied=self.t.denied(v))

    def _finite(self, v: int) -> bool:
        """A verb that reports: "fell", "has risen", "closed lower"."""
        n = self.nodes[v]
        if n.low in ADVERBS:
            head = self.nodes[n.head]
            return (
                self.t.verb(n.head)
                and head.lemma
                in ("be", "close", "end", "finish", "settle", "move", "trade", "open")
                and head.tag in ("VBD", "VBZ", "VBP", "VBN")
            )
        return n.tag in ("VBD", "VBZ", "VBP", "VBN") and n.dep in (
            "ROOT",
            "conj",
            "ccomp",
            "advcl",
            "parataxis",
            "relcl",
        )
