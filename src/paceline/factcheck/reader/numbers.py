"""Numbers: what each belongs to, and whose it is."""

from __future__ import annotations

import re
from dataclasses import replace

from paceline.factcheck import lexicon
from paceline.factcheck.quantities import Number
from paceline.factcheck.reader.base import FIGURE
from paceline.factcheck.reader.lists import AMOUNT, Lists
from paceline.factcheck.reader.spans import Node
from paceline.factcheck.reader.tree import ADVERBS, PLAIN
from paceline.factcheck.reader.who import Subjects

#: Verbs that set a gain or loss to a new value: "bringing its return to 24%".
_SETS = frozenset(
    "bring take push lift extend trim cut leave put narrow widen pare raise boost swell grow "
    "stretch".split()
)
#: "a quarter of the stocks": a share of members.
_OF_MEMBERS = re.compile(
    r"\s*of (?:the |all |its |their |those |these )?(?:[\w&'-]+ ){0,4}?(?:stocks|companies|names|"
    r"members|components|constituents|issues|"
    r"sectors|funds|firms|holdings|days|sessions|weeks|months|quarters|years|time|investors|"
    r"economists|respondents|assets|revenue|"
    r"sales|the (?:vote|portfolio|market|total))\b(?!')",
    re.IGNORECASE,
)
#: "half of Friday's 2.7% drop", "a third of its losses": of an earlier move.
_OF_A_MOVE = re.compile(
    rf"\s*(?:of )?(?:the |its |their |that |all |[\w-]+'s )+(?:[^,;.]|"
    rf"\.(?=\d)){{0,40}}?\b(?:{'|'.join(lexicon.NOUNS)})\b",
    re.IGNORECASE,
)
_A_YEAR = re.compile(
    r"(?:\s|-)*(?:(?:compound|average|annual\w*) )*(?:a year\b|per year\b|per annum\b|"
    r"annuali[sz]ed\b|annually\b|annualized)(?! (?:ago|earlier))",
    re.IGNORECASE,
)
_NOT_REACHED = re.compile(
    r"\b(?:nearing|nears|neared|approaching|approached|short of|shy of|as much as|as low as|"
    r"as high as)\b[^,;]{0,12}$",
    re.IGNORECASE,
)
_NONE = (
    (
        re.compile(
            r"\b(?:averag(?:ed|ing|es)|(?:an?|the|its|their) (?:[\w-]+ ){0,3}average (?:\w+ "
            r"){0,3}(?:of)?)\b[^,;]{0,25}$",
            re.IGNORECASE,
        ),
        "an average, not a change of price",
    ),
    (
        re.compile(
            r"\b(?:defined|measured|considered|known|described|counted) as\b[^,;]{0,40}$",
            re.IGNORECASE,
        ),
        "a definition, not a change of price",
    ),
    (
        re.compile(
            r"\b(?:back-to-back|consecutive|successive) (?:\w+ )?(?:gains|losses|declines|"
            r"advances) of\b(?:[^;.]|\.(?=\d))*$",
            re.IGNORECASE,
        ),
        "one of several periods, which are not named",
    ),
)
#: Reasons that say what a number is: understood, and no claim about a price.
SHARE = "a share of something, not a change of price"
NO_PRICES = (
    "an average, not a change of price",
    "a definition, not a change of price",
    SHARE,
    "a rate of several years, not one period's return",
    "percentage points are no change of a price",
    FIGURE,
)
_MORE_THAN = re.compile(r"\s*(?:less|fewer|more|cheaper|smaller|larger) than\b")
_AGAINST = re.compile(
    r"\b(?:versus|vs\.?|against|compared (?:with|to)|from|up from|down from)\b[^,;]{0,12}$"
)
_ANNUALIZED = re.compile(r"\bannuali[sz]ed\b[^,;]{0,30}$")
_WITHIN_THE_DAY = re.compile(
    r"\s*(?:(?:at|as) (?:its|the|their) (?:intraday |session )?(?:high|low|peak|best|worst)\b"
    r"|intraday)",
    re.IGNORECASE,
)
#: Words of a comparison right before a number.
_COMPARES = frozenset("behind than versus vs against with to from double twice".split())
#: Words right before a level; kinds of subject that have one; nouns for it.
_BEFORE_A_LEVEL = frozenset(
    "to at near around about of reach reached hit close level , : mark record high low".split()
)
_HAVE_LEVELS = ("index", "stock", "fund", "market", "asset", "unknown", "theme")
_CLOSE = ("close", "finish", "settlement")
_AT_A_LEVEL = frozenset(
    "close closes level high low record peak finish settlement value price reading target "
    "bottom".split()
)
SIDES = {
    "above": 1,
    "over": 1,
    "past": 1,
    "beyond": 1,
    "through": 1,
    "below": -1,
    "under": -1,
    "beneath": -1,
}
_REACHES = {
    "topped": 1,
    "tops": 1,
    "topping": 1,
    "surpassed": 1,
    "crossed": 1,
    "cleared": 1,
    "broke": 1,
    "breached": -1,
}


class Numbers(Lists):
    """Returns, moves in points, and levels."""

    def numbers(self, signed: bool = False) -> None:
        """A claim for each number (``signed``: with a sign) of a known subject, or why not."""
        groups: dict[int, list[int]] = {}
        bare = []
        for i, n in enumerate(self.nodes):
            if n.number is not None and n.number.unit == "bare" and self._in_percent(i, n.number):
                n.number = replace(
                    n.number,
                    low=n.number.low / 100,
                    high=n.number.high / 100,
                    step=n.number.step / 100,
                    unit="percent",
                )
                bare.append(i)
            if n.number is None or n.used or (signed and not n.number.signed):
                continue
            match n.number.unit:
                case "level":
                    self._level(i)
                case "percent" | "part" | "points" | "index_points" | "bare":
                    if not self._goes_on(i) and not self._none(i):
                        self._placed(i, groups)
        for at, members in groups.items():
            self._group(at, members)
        self._unsaid(bare)
        self._multiples()

    # -- what a number belongs to -----------------------------------------------------------------

    def _none(self, i: int) -> bool:
        """Is it said by the words around it to be no change of a price?"""
        number = self.nodes[i].number
        if number is None or number.unit == "bare":
            return False
        reason = self._no_change(i, number)
        if reason:
            self.refuse(i, reason)
        return bool(reason)

    def _no_change(self, i: int, number: Number) -> str:
        """Why the words around a number make it no change of a price; "" if they do not."""
        node, clean, sentence = self.nodes[i], self.sheet.clean, self.sheet.sentence
        before = self._unnamed(sentence.start, node.start)
        after = clean[node.end : min(node.end + 90, sentence.end)]
        if clean[node.start : node.end].casefold().startswith(("as much as", "as little as")):
            return "not at a close, the text says"
        if self._of_something(i, number) or (number.unit == "part" and _OF_A_MOVE.match(after)):
            return SHARE
        for pattern, reason in _NONE:
            if pattern.search(before):
                return reason
        if _NOT_REACHED.search(before):
            return "not at a close, or not reached, the text says"
        if _MORE_THAN.match(after):
            return "a comparison of numbers, not a change of price"
        shares = any(why in NO_PRICES[2:] for why in self.sheet.reasons.values())
        if shares and _AGAINST.search(before):
            return SHARE
        if _A_YEAR.match(after) or _ANNUALIZED.search(before):
            return "a rate of several years, not one period's return"
        return SHARE if _OF_MEMBERS.match(after) else ""

    def _of_something(self, i: int, number: Number) -> bool:
        """A share that is a subject itself: "40% own stocks"."""
        node, t = self.nodes[i], self.t
        if number.unit not in ("part", "percent") or node.dep not in ("nsubj", "nsubjpass"):
            return False
        of = any(self.nodes[c].low == "of" for c in t.children[i])
        if of or self.nodes[node.head].lemma in ("be", *_SETS):
            return False
        return self._noun_behind(i, verbs=True) < 0 and self.left_name(i) < 0

    def _noun_behind(self, i: int, verbs: bool = False) -> int:
        """The noun (``verbs``: or verb) of movement right behind a number; -1 if there is none."""
        near = range(i + 1, min(i + 4, len(self.nodes)))
        moves = (k for k in near if self.t.move(k) is not None)
        return next((k for k in moves if verbs or self.t.noun(k)), -1)

    def _unnamed(self, start: int, end: int) -> str:
        """The text between two places, its names blanked: a Dow Jones Average is no average."""
        said = list(self.sheet.clean[start:end])
        for n in self.nodes:
            if n.subjects and start <= n.start and n.end <= end:
                said[n.start - start : n.end - start] = "_" * (n.end - n.start)
        return "".join(said)

    def _placed(self, i: int, groups: dict[int, list[int]]) -> None:
        """The number joins those that hang on its word, or makes a claim with a name beside."""
        n = self.nodes[i].number
        assert n is not None
        if n.unit == "index_points" and self._a_level(i, n):
            return
        at, how = self.anchor(i)
        if n.unit == "percent" and self._said_alone(i, n, how):
            return
        if how in ("move", "verb") and n.unit == "points":
            self.refuse(i, "percentage points are no change of a price")
        elif how == "compare":
            groups.setdefault(at, []).append(i)
        elif how == "to":
            self.refuse(i, "a level or an earlier value, not a change")
        elif n.unit in ("percent", "part") and self._beside(i, at if how == "move" else -1):
            return
        elif how == "move":
            groups.setdefault(at, []).append(i)
        elif n.unit == "bare" or (n.signed and n.unit == "percent" and self._follows_on(i)):
            return
        elif how == "noun":
            self.refuse(i, f"it belongs to {self.nodes[at].low!r}")
        else:
            self.refuse(i, "no verb of movement with a known subject belongs to it")

    def _said_alone(self, i: int, n: Number, how: str) -> bool:
        """Does the number make a claim with what stands beside it, whatever it hangs on?"""
        start = self.nodes[i].start
        before = next((k for k in range(i - 1, -1, -1) if self.nodes[k].start != start), -1)
        if n.signed and before >= 0:
            named = bool(self.nodes[before].subjects)
            if self._dated(i, before, n) or (named and self._beside(i, -1)):
                return True
        if how in ("verb", "move") and self._for_it(i, n):
            return True
        return self._below(i) or self._against_one(i)

    def _a_level(self, i: int, n: Number) -> bool:
        """As in "closed at 4,057.66 points": a level, whatever its unit."""
        before = next(
            (
                self.nodes[k].low
                for k in range(i - 1, -1, -1)
                if self.nodes[k].start != self.nodes[i].start
            ),
            "",
        )
        if before not in ("at", "to") or abs(n.value) < 300:
            return False
        first = i - 1 if self.nodes[i - 1].start == self.nodes[i].start else i
        self.nodes[i].number = replace(n, unit="level")
        self._level(i, first - 1)
        return True

    def _below(self, i: int) -> bool:
        """As in "2% below its record": the window says the direction."""
        after = self.nodes[i + 1] if i + 1 < len(self.nodes) else None
        if after is None or after.window is None:
            return False
        m = re.match(
            r"(?:(?P<down>below|off|under|beneath|short of|shy of|adrift of|away from|from (?=its|"
            r"their|the|that)[^,;]*(?:high|peak|record|top)\b)|(?P<up>above))\b",
            after.low,
        )
        number = self.nodes[i].number
        if m is None or number is None or self.t.ahead(i):
            return False
        subjects = self.who.subject(self.t.clause(i)) or self._nearest(i) or self.topic(i)
        sign = -1 if m["down"] else 1
        self.make("return", subjects, i, i, number=number.times(sign), sign=sign)
        return bool(subjects)

    def _nearest(self, i: int) -> Subjects:
        left = [k for k in range(i) if self.nodes[k].subjects]
        return self.nodes[left[-1]].subjects if left else ()

    def _against_one(self, i: int) -> bool:
        """As in "versus 1.1%": another one's return, which only a name beside it can claim."""
        said = {self.nodes[k].low for k in range(max(0, i - 4), i)}
        other = said & {
            "versus",
            "vs",
            "vs.",
            "against",
            "double",
            "twice",
            "triple",
            "compared",
            "half",
        }
        if (
            not other
            or self.right_name(i) >= 0
            or (self.left_name(i) >= 0 and not said & {"double", "twice", "triple"})
        ):
            return False
        noun = any(self.t.move(k) is not None for k in range(i + 1, min(i + 4, len(self.nodes))))
        if noun:
            return False
        rival = next(
            (
                d.claim.against
                for d in reversed(self.sheet.drafts)
                if d.claim.kind == "compare" and d.claim.against is not None
            ),
            None,
        )
        if rival is None or not said & {"versus", "vs", "vs.", "against"}:
            self.refuse(i, "it is another one's, which is not named beside it")
            return True
        number = self.nodes[i].number
        assert number is not None
        sign = 1 if number.signed else self.context(i) or 1
        self.make("return", (rival,), i, i, number=number.times(sign), sign=sign)
        return True

    def anchor(self, i: int) -> tuple[int, str]:
        """The word that a number hangs on: its place and "move", "compare", "to" or "noun"."""
        t, through = self.t, [i]
        for h in t.up(i):
            n = self.nodes[h]
            last = self.nodes[through[-1]]
            if n.phrase == "cmp" or (n.low in lexicon.COMPARE and not n.subjects):
                if last.low == "to":
                    return h, "to"
                return h, "compare"
            move = t.move(h)
            if move is not None:
                held = [
                    c
                    for c in t.children[h]
                    if self.nodes[c].dep == "dobj" and t.noun(c) and t.move(c) is not None
                ]
                if last.low == "to" and n.lemma in _SETS and held:
                    return held[0], "move"  # "trimming its gain to 21%"
                if last.low in ("to", "from", "at") and last.dep == "prep" and t.verb(h):
                    noun = self._of_subject(h)
                    return (noun, "move") if noun >= 0 and last.low == "to" else (h, "to")
                return h, "move"
            if n.subjects:
                return h, "name"
            if t.verb(h):
                return self._at_verb(h, last.low)
            if (
                t.noun(h)
                and n.low not in PLAIN
                and n.number is None
                and n.window is None
                and not n.phrase
            ):
                return h, "noun"
            through.append(h)
        return -1, ""

    def _at_verb(self, v: int, last: str) -> tuple[int, str]:
        """The movement of a verb that is none itself: "closed up", "posted a gain"."""
        t = self.t
        for c in t.children[v]:
            if self.nodes[c].dep == "prt" and self.nodes[v].lemma not in (
                "be",
                "close",
                "end",
                "finish",
                "settle",
                "open",
                "trade",
                "go",
            ):
                continue  # "makes up 30%"
            if (
                t.move(c) is not None
                and self.nodes[c].dep
                in ("dobj", "attr", "oprd", "acomp", "advmod", "prt", "npadvmod")
                and (last != "to" or self.nodes[v].lemma in _SETS or self.nodes[c].low in ADVERBS)
            ):
                if last in ("to", "at", "from") and self.nodes[v].lemma not in _SETS:
                    return v, "to"
                return c, "move"
        noun = self._of_subject(v)
        if noun >= 0 and (
            t.light(v)
            or self.nodes[v].lemma in ("stand", "total", "come", "reach", "amount", "hit")
        ):
            return noun, "move"
        if last in ("to", "from"):
            return v, "to"
        return v, "verb"

    def _of_subject(self, v: int) -> int:
        """The noun of movement that is the subject of a verb; -1 if there is none."""
        for c in self.t.children[v]:
            if (
                self.nodes[c].dep in ("nsubj", "nsubjpass")
                and self.t.noun(c)
                and self.t.move(c) is not None
            ):
                return c
        return -1

    # -- whose it is ------------------------------------------------------------------------------

    def _beside(self, i: int, at: int) -> bool:
        """A name right beside the number: "and the Nasdaq 2%", "3.4% for the S&P 500"."""
        number = self.nodes[i].number
        assert number is not None
        if self.t.move(at) is None and self._of_figures(number.start, i):
            return False
        right = self._name_right(i)
        left = self._name_left(i, at, right)
        name = left if left >= 0 else right if at < 0 or not self._follows(i, right) else -1
        if name < 0:
            return False
        noun = self._noun_behind(i)
        after = self.nodes[i + 1] if i + 1 < len(self.nodes) else None
        owned = left >= 0 and self.nodes[left + 1].low == "'s"
        if owned and noun < 0 and after is not None and after.tag.startswith(("NN", "JJ")):
            return False
        if number.signed:
            sign = 1
        elif after is not None and after.low in ADVERBS:
            sign = ADVERBS[after.low]
        elif noun >= 0 and left >= 0:
            sign = self.t.move(noun) or 1
        else:
            sign = self.context(i) or 1
        if self.t.ahead(i):
            start = self.sheet.sentence.start
            foretold = lexicon.FORECAST.search(self.sheet.clean, start, number.start)
            if not number.signed or name != left or foretold:
                return False
        last = max(i, name, noun if left >= 0 else i)
        number, subjects = number.times(sign), self.nodes[name].subjects
        self.make("return", subjects, i, last, number=number, sign=sign, start=min(i, name))
        return True

    def _name_left(self, i: int, at: int, right: int) -> int:
        """The name left of a number, unless it is another one's; -1 if there is none."""
        left, t = self.left_name(i), self.t
        between = [self.nodes[k].low for k in range(left + 1, i)]
        if left < 0 or {"by", "than", "versus", "against", "to"} & set(between):
            return -1
        if left < at < i and t.move(at) is not None:
            return -1  # "the S&P 500 up 2%": the tree knows
        joined = at >= 0 and any(self.nodes[k].low in ("and", ",") for k in range(at, left))
        if self._object(left) and at >= 0 and not joined:
            return -1
        if right >= 0 and self.nodes[i + 1].low == "for" and {"and", ",", "or"} & set(between):
            return -1  # "3.4% for the S&P 500 and 0.2% for the Nasdaq"
        return left

    def _name_right(self, i: int) -> int:
        """The name right of a number, unless it only says what it is a share of; -1 if none."""
        right = self.right_name(i)
        if right >= 0 and self.nodes[i + 1].low == "of":
            said = {self.nodes[k].low for k in range(max(0, i - 4), i)}
            return right if said & _COMPARES else -1  # "makes up 30% of the S&P 500"
        return right

    def _of_figures(self, start: int, i: int) -> bool:
        """As in "Earnings grew 9.2%, led by technology (+20.9%)": figures that are no prices."""
        said = [
            k
            for k in range(i)
            if (x := self.nodes[k].number) is not None and x.unit == "percent" and x.start != start
        ]
        return bool(said) and not self.sheet.drafts and all(self.said_other(k) for k in said)

    def _follows_on(self, i: int) -> bool:
        """As in "..., +39% since March": a signed number of whom the sentence has just spoken."""
        k = i - 1
        while k >= 0 and self.nodes[k].start == self.nodes[i].start:
            k -= 1
        if k < 0 or self.nodes[k].low not in (",", ":", "(", ";", "\u2014", "and", "at", "with"):
            return False
        last = max(
            (d for d in self.sheet.drafts if d.claim.start <= self.nodes[i].start),
            key=lambda d: d.claim.start,
            default=None,
        )
        near = [j for j in range(k) if self.nodes[j].subjects]
        if (
            last is not None
            and near
            and near[-1] > max(last.to, last.at)
            and not self.owns(near[-1])
        ):
            last = None  # "with real estate close behind (+17%)"
        subjects: Subjects = (
            (last.claim.subject,)
            if last is not None
            else self.nodes[near[-1]].subjects
            if near
            else self.who.subject(self.t.clause(i)) or self._nearest(i)
        )
        number = self.nodes[i].number
        subjects = subjects or self.topic(i)
        if not subjects or number is None or self.t.ahead(i) or self._of_figures(number.start, i):
            return False
        self.make("return", subjects, i, i, number=number, sign=1)
        return True

    def _object(self, k: int) -> bool:
        """Does a name stand as an object, so that the next number need not be its own?"""
        return self.nodes[k].dep in ("pobj", "dobj") and not any(
            self.nodes[c].low in ("with",) for c in self.t.up(k)
        )

    def _follows(self, i: int, right: int) -> bool:
        """Is a name right of the number no owner of it?"""
        return (
            right >= 0
            and self.nodes[i + 1].low != "for"
            and not any(
                self.nodes[k].low
                in ("with", "versus", "vs", "against", "than", "to", "behind", "from")
                for k in range(max(0, i - 3), i)
            )
        )

    def _group(self, at: int, members: list[int]) -> None:
        """The numbers that hang on one word, and its subjects."""
        if self.nodes[at].phrase == "cmp" or self.nodes[at].low in lexicon.COMPARE:
            self._beside_comparison(at, members)
            return
        subjects = self._subjects(at, members[0])
        percents = [
            i
            for i in members
            if (n := self.nodes[i].number) is not None and n.unit in ("percent", "part")
        ]
        why = self.t.ahead(at)
        if not subjects or why:
            for i in members:
                self._unowned(i, why)
            return
        rivals = tuple(
            d.claim.against
            for d in self.sheet.drafts
            if d.claim.kind == "compare" and d.claim.against is not None
        )
        if len(subjects) == 1 < len(percents) == len(rivals) and any(
            n.low == "respectively" for n in self.nodes
        ):
            subjects = rivals  # "beating X and Y, with returns of 3% and 2%, respectively"
        if (
            len(subjects) > 1 and len(percents) == 1
        ):  # "the KBE fund slid 3% and its cousin KRE 2%": one has its own
            own = {
                d.claim.subject
                for d in self.sheet.drafts
                if d.claim.kind == "return" and d.at > members[0]
            }
            subjects = tuple(s for s in subjects if s not in own) or subjects
        pairs = [(i, subjects) for i in members]
        if len(subjects) > 1 and len(percents) == len(subjects):
            pairs = [(i, (s,)) for i, s in zip(percents, subjects, strict=True)]
        elif len(subjects) > 1 and len(percents) > 1:
            for i in percents:
                self.refuse(i, "it is not clear which of several subjects it belongs to")
            return
        for i, whose in pairs:
            self._one(i, at, whose)

    def _beside_comparison(self, at: int, members: list[int]) -> None:
        """As in "trailed with 8.4%", "lagged, at 3%": the subject's own return, no gap."""
        taken = {d.claim.number.start for d in self.sheet.drafts if d.claim.number is not None}
        for i in members:
            number = self.nodes[i].number
            before = next(
                (
                    self.nodes[k].low
                    for k in range(i - 1, at, -1)
                    if self.nodes[k].start != self.nodes[i].start
                ),
                "",
            )
            if number is None or number.start in taken:
                continue
            own = before in ("with", "at", "returning") or (
                before in ("(", ",", ":") and number.signed
            )
            subjects = self.who.subject(at) if own and number.unit == "percent" else ()
            if subjects and not self.t.ahead(at):
                self.make("return", subjects, at, i, number=number, sign=1)
            else:
                self.refuse(i, "it is not clear whether it is a gap or a return")

    def _unowned(self, i: int, why: str) -> None:
        n = self.nodes[i].number
        if n is None or n.unit == "bare":
            return
        if why == "forecast":
            self.refuse(i, "forecast")
        elif why:
            self.refuse(i, "a habit, not one period's return")
        else:
            self.refuse(i, self.who.why or "no verb of movement with a known subject belongs to it")

    def _subjects(self, at: int, i: int) -> Subjects:
        """Whose movement the word ``at`` is, by the tree, else by the words beside it."""
        t, n = self.t, self.nodes[at]
        self.who.why = ""
        if n.low in ADVERBS and not t.verb(at):
            found = self._of_adverb(at)
        elif t.verb(at) and not n.tag.startswith("NN"):
            found = self.who.subject(at)
        else:
            found = self.who.owner(at)
        if found or self.who.why:
            return found
        left = self.left_name(min(at, i))
        if left >= 0 and not self.owns(left):
            return self.nodes[left].subjects
        first = min(at, i)
        if (
            first
            and self.nodes[first - 1].low in (":", "\u2014", "(")
            and (n.low in ADVERBS or n.tag == "VBG")
        ):
            return (
                self.who.subject(t.clause(first - 1)) or self._nearest(first) or self.topic(first)
            )
        return self.topic(first)

    def _of_adverb(self, at: int) -> Subjects:
        """As in "closed up 2%", "with XLV up 2%", "the S&P 500 up 2%"."""
        t, h = self.t, self.nodes[at].head
        left = self.left_name(at, 3)
        if left >= 0 and not t.light(left + 1 if left + 1 < at else left):
            return self.nodes[left].subjects
        if h == at:
            return self.who.subject(at) or self.topic(at)
        if self.nodes[h].lemma in (
            "leave",
            "send",
            "push",
            "put",
            "take",
            "pull",
            "keep",
            "drive",
            "bring",
            "lift",
            "see",
            "have",
        ):
            for c in t.children[h]:
                if self.nodes[c].dep in ("dobj", "nsubj") and h < c < at:
                    return self.who.phrase(c)
        if self.nodes[h].window is not None or self.nodes[h].number is not None:
            h = t.clause(at)
        if t.verb(h):
            return self.who.subject(h) or self.topic(at)
        if self.nodes[h].subjects or t.noun(h):
            return self.who.phrase(h)
        if self.nodes[h].tag in ("IN", "RB", "RP") and self.nodes[h].head != h:
            k = self.nodes[h].head
            return self.who.subject(k) if t.verb(k) else self.who.phrase(k)
        return self.who.subject(t.clause(at))

    def _one(self, i: int, at: int, subjects: Subjects) -> None:
        number = self.nodes[i].number
        assert number is not None
        sign = self.t.move(at) or 1
        if any(self.nodes[c].low == "negative" for c in self.t.children[at]):
            sign = -1
        first = min(
            [
                k
                for k in range(min(at, i))
                if self.nodes[k].subjects and self.nodes[k].subjects[0] in subjects and at - k <= 8
            ],
            default=min(at, i),
        )
        denied = self.t.denied(at)
        if number.unit in ("index_points", "bare"):
            if subjects[0].kind in (
                "index",
                "stock",
                "market",
                "unknown",
                "theme",
            ) and self._direct(i, at):
                self.make(
                    "points",
                    subjects[:1],
                    at,
                    i,
                    number=replace(number.times(sign), unit="index_points"),
                    sign=sign,
                    start=first,
                    denied=denied,
                )
            elif number.unit != "bare":
                self.refuse(i, "points of something that has no published level")
            return
        self.make(
            "return",
            subjects,
            at,
            max(i, at),
            number=number.times(sign),
            sign=sign,
            start=first,
            denied=denied,
        )

    def _direct(self, i: int, at: int) -> bool:
        """Is a number without a unit the amount of the movement ("gained 13.28, to 6,870")?"""
        number = self.nodes[i].number
        assert number is not None
        if number.unit == "index_points":
            return True
        gap = self.sheet.clean[self.nodes[at].end : self.nodes[i].start].strip()
        after = self.sheet.clean[self.nodes[i].end : self.nodes[i].end + 14]
        exact = number.step < 0.05
        return gap in ("", "by", "about", "another") and bool(
            AMOUNT.match(after) or (exact and after[:1] in (".", ";", ","))
        )

    # -- levels -----------------------------------------------------------------------------------

    def _level(self, i: int, at: int = -1) -> None:
        """As in "closed at 6,870.40", "topped 4,000"; ``at`` is the word before the number."""
        at = at if at >= 0 else i - 1
        number, before = self.nodes[i].number, self.nodes[at] if i else None
        assert number is not None
        self.refuse(i, "no close of a known index belongs to it")
        if before is None:
            return
        if self.t.ahead(i):
            self.sheet.reasons[i] = "forecast"
            return
        side = SIDES.get(before.low, _REACHES.get(before.low, 0))
        if self._other_level(i, at, number, before, side):
            return
        subjects = self._level_subject(i)
        if not subjects or subjects[0].kind not in _HAVE_LEVELS:
            return
        if _WITHIN_THE_DAY.match(self.sheet.clean, self.nodes[i].end, self.nodes[i].end + 30):
            return
        near = before.low in ("near", "around", "about")
        if not number.how and (near or (number.step >= 1 and not side and number.value % 100 == 0)):
            number = replace(number, how="about")
        self.sheet.reasons.pop(i, None)
        self.make("level", subjects[:1], i, i, number=number, start=at, side=side)

    def _other_level(self, i: int, at: int, number: Number, before: Node, side: int) -> bool:
        """Is the number another claim, or no level: "yesterday's 1,829 close", "added 104.13"?"""
        t, word = self.t, before.low
        noun = self.nodes[i + 1] if i + 1 < len(self.nodes) else None
        owned = before.window is not None or word == "'s"
        if noun is not None and noun.low in _CLOSE and noun.tag.startswith("NN") and owned:
            subjects = self.who.subject(t.clause(i)) or self.memory.of_kind(("index",))
            self.make("level", subjects[:1], i, i + 1, number=number, start=at, side=0)
            return True
        if t.move(at) is not None and t.verb(at) and not side:
            sign = t.move(at) or 1
            subjects = self._subjects(at, i)  # an amount, however large
            if subjects:
                self.sheet.reasons.pop(i, None)
                amount = replace(number.times(sign), unit="index_points")
                self.make("points", subjects[:1], at, i, number=amount, sign=sign)
            return True
        if before.subjects and number.step < 1 and self._signed_after(i):
            self.sheet.reasons.pop(i, None)
            self.make("level", before.subjects[:1], i, i, number=number, start=at, side=0)
            return True
        if word == "of" and at and self.nodes[at - 1].low not in _AT_A_LEVEL:
            return True  # "a loss of 125,000"
        mean = any(n.phrase == "mean" for n in self.nodes[max(0, at - 2) : at])
        if mean or any(self.nodes[c].low == "when" for c in t.children[t.clause(i)]):
            self.refuse(i, "the level of an average, or of another day")
            return True
        return word not in _BEFORE_A_LEVEL and not side

    def _signed_after(self, i: int) -> bool:
        """As in "SPX 6,654.72 (+1.56%)"."""
        return (
            re.match(
                r"\s*[,(]?\s*[-+]\d", self.sheet.clean[self.nodes[i].end : self.nodes[i].end + 12]
            )
            is not None
        )

    def _level_subject(self, i: int) -> Subjects:
        """Whose close a level is: the subject of the verb above it, else the name before it."""
        for k in self.t.up(i):
            if self.nodes[k].subjects and k < i:
                return self.nodes[k].subjects
            if self.t.verb(k) or (self.t.move(k) is not None):
                noun = self.t.noun(k) and not self.t.verb(k)
                found = self.who.owner(k) if noun else self._subjects(k, i)
                if found:
                    return found
                break
        left = [k for k in range(i) if self.nodes[k].subjects]
        return self.nodes[left[-1]].subjects if left and i - left[-1] <= 10 else self.topic(i)

    def _multiples(self) -> None:
        """As in "doubled", "halved": a verb that is its own number."""
        for i, n in enumerate(self.nodes):
            if n.low in lexicon.MULTIPLES and self.t.verb(i) and not self.t.ahead(i):
                subjects = self.who.subject(i)
                if any(
                    self.nodes[c].dep == "dobj" and self.nodes[c].window is None
                    for c in self.t.children[i]
                ):
                    continue  # "tripled the returns of their rivals"
                if subjects and not any(d.at == i for d in self.sheet.drafts):
                    value = lexicon.MULTIPLES[n.low]
                    number = Number(value, value, 0.1, "times", n.start, n.end)
                    self.make("return", subjects, i, i, number=number, sign=1 if value > 0 else -1)
