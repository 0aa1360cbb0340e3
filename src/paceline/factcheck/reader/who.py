"""Who is spoken of: subjects, through coordination, relative clauses and pronouns."""

from __future__ import annotations

from dataclasses import dataclass, field

from paceline.factcheck import lexicon
from paceline.factcheck.claims import Claim
from paceline.factcheck.reader.tree import Tree
from paceline.factcheck.subjects import Names, Subject

Subjects = tuple[Subject, ...]

#: "the index", "the stock", "the sector": kinds of subject that they stand for.
GENERIC: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        "index benchmark gauge measure average barometer indicator bellwether yardstick".split(),
        ("index", "market", "size"),
    ),
    **dict.fromkeys(
        ("fund", "etf", "tracker"), ("fund", "sector", "theme", "style", "asset", "index")
    ),
    **dict.fromkeys(("stock", "shares", "company", "chipmaker", "giant", "share"), ("stock",)),
    **dict.fromkeys(
        ("sector", "group", "industry", "segment", "space"), ("sector", "theme", "style")
    ),
    **dict.fromkeys(
        ("basket", "theme", "cohort", "category", "factor", "style"),
        ("theme", "basket", "style", "size"),
    ),
}
_PLURAL = frozenset(
    "indexes indices benchmarks gauges averages measures sectors funds groups stocks two three "
    "both trio pair duo all".split()
)
_COUNTS = {"both": 2, "two": 2, "pair": 2, "duo": 2, "three": 3, "trio": 3, "four": 4, "quartet": 4}
PRONOUNS = frozenset(
    "it they its their them itself this that these those which who whose each one".split()
)
#: Nouns that keep the name they stand with: "shares of Apple", "an index of small caps".
CARRIERS = frozenset(
    "shares share stock stocks index indexes indices benchmark gauge measure average fund funds "
    "etf etfs sector sectors group "
    "names equities companies issues basket barometer tracker price prices close component "
    "components members measure "
    "counterpart segment portfolio bellwether heavyweight giant maker giants level levels value "
    "top heels back series string total momentum spite".split()
)
#: Verbs that move their object: "sent the index down 2%", "left it up 4%".
CAUSES = frozenset(
    "send leave push pull drag lift take drive bring put boost carry knock propel keep leave help "
    "hand give deal cost see "
    "trim extend pare cut".split()
)


#: Nouns that make an index, a gauge or a measure one of something else than stocks.
_OTHERS = frozenset(
    "price prices confidence sentiment dollar volatility fear manufacturing activity services "
    "wage cost inflation credit bond currency".split()
)

#: Verbs whose object is a movement, not whom they move.
_OF_THEIR_OWN = frozenset("see extend pare trim cut take".split())
#: Prepositions between a movement and its owner.
_OF = frozenset("of in for by from at on to".split())
#: Tags of verbs that report; relations of those whose subject stands above them.
_REPORTS = ("VBD", "VBZ", "VBP")
_HANGS = frozenset("xcomp ccomp oprd advcl conj pcomp prep dep parataxis".split())


@dataclass
class Memory:
    """What the text has spoken of so far."""

    names: Names
    topic: Subjects = ()  # subjects of the last clause that moved
    listed: list[Subject] = field(
        default_factory=list
    )  # the last few, each once, in the order of mention
    kinds: dict[str, Subject] = field(default_factory=dict)
    heading: Subjects = ()
    shares: Claim | None = None  # the share or contribution that the last sentence spoke of
    mean: dict[str, str] = field(
        default_factory=lambda: {"n": "0"}
    )  # the average that was named last
    unit: str = ""  # of the last change that was stated
    paragraph: int = -1
    spoken: int = -1  # the paragraph of the topic

    def note(self, subjects: Subjects) -> None:
        """Subjects that a sentence named."""
        for s in subjects:
            if s in self.listed:
                self.listed.remove(s)
            self.listed.append(s)
            self.kinds[s.kind] = s
        del self.listed[:-12]

    def of_kind(self, kinds: tuple[str, ...]) -> Subjects:
        """The last subject of one of these kinds that was spoken of."""
        for s in (*reversed(self.topic), *reversed(self.listed)):
            if s.kind in kinds:
                return (s,)
        return ()


class Who:
    """Finds the subjects of one sentence's words."""

    def __init__(self, tree: Tree, memory: Memory) -> None:
        self.t, self.memory = tree, memory
        self.nodes = tree.nodes
        self.why = ""

    # -- noun phrases -----------------------------------------------------------------------------

    def phrase(self, i: int, depth: int = 0) -> Subjects:
        """The subjects of a noun phrase; () with ``why`` where it is none of the market's."""
        n, t = self.nodes[i], self.t
        if depth > 8 or (n.window is not None and not n.subjects):
            return ()
        if n.subjects:
            return self._all(i, depth)
        if n.low in ("former", "latter"):
            return self._of_two(i)
        if n.low in PRONOUNS:
            return tuple(dict.fromkeys([*self._pronoun(i), *self._joined(i, depth)]))
        counted = self._counted(i)
        if counted or (self._of_many(i) and not self._named_in(i, depth)):
            return counted
        generic = self._generic(i, depth)
        if generic is not None:
            return generic
        if self._a_close(i):
            topic = self.memory.topic
            spoken = topic and topic[0].kind in ("index", "stock")
            return topic if spoken else self.memory.of_kind(("index",))
        if t.move(i) is not None and t.noun(i):
            return self.owner(i, depth + 1)
        beside = [c for c in t.children[i] if self.nodes[c].dep == "appos"]
        named = next((c for c in beside if self.nodes[c].subjects), -1)
        if named >= 0 and n.low not in lexicon.NOT_PRICES:
            return self._all(named, depth)  # "Wall Street's fear gauge, the VIX"
        self.why = self.why or f"{n.low!r} is no subject this market knows"
        return ()

    def _a_close(self, i: int) -> bool:
        """Is it "the close", "Friday's finish": of whom the text speaks?"""
        if self.nodes[i].low not in ("close", "finish", "settlement", "reading") or self._other(i):
            return False
        dated = any(self.nodes[c].window is not None for c in self.t.children[i])
        return dated or self._defined(i)

    def _of_many(self, i: int) -> bool:
        return any(self.nodes[c].low in (*_COUNTS, "all") for c in self.t.children[i])

    def _of_two(self, i: int) -> Subjects:
        """The former or the latter of the last two that were named."""
        here = [s for k in range(i) for s in self.nodes[k].subjects]
        pair = (here if len(set(here)) >= 2 else [*self.memory.listed, *here])[-2:]
        first = self.nodes[i].low == "former"
        return (pair[0] if first else pair[-1],) if len(pair) == 2 else ()

    def _generic(self, i: int, depth: int) -> Subjects | None:
        """Whom "the index", "the stock", "shares of X" mean; None for another word."""
        n = self.nodes[i]
        kinds = GENERIC.get(n.low) or GENERIC.get(n.lemma)
        if not kinds and n.low not in CARRIERS:
            return None
        if own := self._named_in(i, depth):
            return own
        if not kinds or not self._defined(i) or self._other(i):
            return None
        before = tuple(s for k in range(i) for s in self.nodes[k].subjects if s.kind in kinds)
        return before[-1:] or self.memory.of_kind(kinds)

    def _all(self, i: int, depth: int) -> Subjects:
        """A name and those coordinated with it."""
        return tuple(dict.fromkeys([*self.nodes[i].subjects, *self._joined(i, depth)]))

    def _joined(self, i: int, depth: int) -> Subjects:
        """Those coordinated with a word."""
        joined = (
            c for c in self.t.children[i] if self.nodes[c].dep == "conj" and not self.t.verb(c)
        )
        return tuple(s for c in joined for s in self.phrase(c, depth + 1))

    def _named_in(self, i: int, depth: int) -> Subjects:
        found: list[Subject] = []
        for c in self.t.children[i]:
            n = self.nodes[c]
            if n.dep in ("compound", "nmod", "amod", "poss", "appos", "nummod") and n.subjects:
                found += n.subjects
            elif n.dep == "poss" and n.low in PRONOUNS:
                found += self._pronoun(c)
            elif n.dep == "prep" and n.low in ("of", "for", "tracking", "like", "including"):
                found += [
                    s
                    for p in self.t.children[c]
                    if self.nodes[p].dep == "pobj"
                    for s in self.phrase(p, depth + 1)
                ]
            elif n.dep == "acl" and n.lemma in ("track", "follow"):
                found += [
                    s
                    for p in self.t.children[c]
                    if self.nodes[p].dep == "dobj"
                    for s in self.phrase(p, depth + 1)
                ]
            elif n.dep == "conj" and not self.t.verb(c):
                found += self.phrase(c, depth + 1)
        return tuple(dict.fromkeys(found))

    def _defined(self, i: int) -> bool:
        dets = [
            self.nodes[c].low for c in self.t.children[i] if self.nodes[c].dep in ("det", "predet")
        ]
        return any(d in ("the", "that", "this", "both", "all") for d in dets) or (
            not dets and self.nodes[i].low == "shares"
        )

    def _other(self, i: int) -> bool:
        """Is it another one that is spoken of: "the Chinese index", "the Tokyo benchmark"?"""
        return any(
            self.nodes[c].dep in ("compound", "amod", "poss", "nmod")
            and not self.nodes[c].subjects
            and (
                self.nodes[c].tag.startswith("NNP")
                or self.nodes[c].low in _OTHERS
                or self.nodes[c].low
                in ("other", "another", "european", "asian", "chinese", "japanese")
            )
            for c in self.t.children[i]
        )

    def _counted(self, i: int) -> Subjects:
        """As in "both", "all three indexes", "the two": the last so many that were named."""
        n = self.nodes[i]
        if n.lemma in ("sector", "stock", "fund", "group") and "both" not in (
            self.nodes[c].low for c in self.t.children[i]
        ):
            return ()
        if n.low not in _PLURAL and n.lemma not in (
            "index",
            "benchmark",
            "gauge",
            "average",
            "measure",
        ):
            return ()
        words = [n.low, *(self.nodes[c].low for c in self.t.children[i])]
        many = next((_COUNTS[w] for w in words if w in _COUNTS), 0)
        if not many and not ("all" in words and n.low in _PLURAL - {"all", "stocks"}):
            return ()
        if self._named_in(i, 0):
            return self._named_in(i, 0)
        here = [s for k in range(i) for s in self.nodes[k].subjects]
        pool = list(
            dict.fromkeys([*self.memory.listed, *here] if len(set(here)) < (many or 2) else here)
        )
        kinds = GENERIC.get(n.lemma)
        if kinds:
            pool = [s for s in pool if s.kind in kinds] or pool
        return tuple(pool[-(many or 3) :]) if len(pool) >= (many or 2) else ()

    def _pronoun(self, i: int) -> Subjects:
        n, t = self.nodes[i], self.t
        if n.low in ("which", "who", "whose", "that") and n.tag.startswith("W"):
            return self._relative(i)
        if n.low in ("this", "that") and n.dep in ("nsubj", "nsubjpass"):
            return self.memory.topic
        if n.low in ("this", "that", "these", "those", "one", "who", "which", "whose"):
            return ()
        plural = n.low in ("they", "their", "them", "each")
        own = t.clause(i)
        for k in (own, *t.up(own)):  # the subject of the clause that governs, if it comes first
            for c in t.children[k]:
                named = self.nodes[c].dep in ("nsubj", "nsubjpass") and c < i
                if named and self.nodes[c].low not in PRONOUNS:
                    found = self.phrase(c, 1)
                    if found or (k == own and self.nodes[c].window is None):
                        return found  # nobody that is known, rather than the one before
        here = tuple(dict.fromkeys(s for k in range(i) for s in self.nodes[k].subjects))
        if here and not plural and len(here) > 1:
            return self._first_here(i) or self._just_named(i)
        return here or self.memory.topic

    def _relative(self, i: int) -> Subjects:
        """Whom "which", "who", "that" and "whose" mean."""
        n, t = self.nodes[i], self.t
        if n.low != "whose" and i > 1 and self.nodes[i - 1].low == ",":
            before = self.nodes[i - 2]
            if before.subjects and before.dep == "conj":
                return before.subjects  # "the Russell and the Nasdaq 100, which dropped"
        for k in t.up(i):
            if self.nodes[k].dep == "relcl":
                if self.nodes[self.nodes[k].head].window is not None:
                    break  # "a December that rose 0.8%"
                return self.phrase(self.nodes[k].head, 1)
        left = next((k for k in range(i - 1, -1, -1) if self.nodes[k].subjects), None)
        if left is None or (i - left > 3 and self.nodes[i - 1].window is None):
            return ()
        return self._all(left, 0)

    def _first_here(self, i: int) -> Subjects:
        for k in range(i):
            if self.nodes[k].subjects and self.nodes[k].dep in ("nsubj", "nsubjpass"):
                return self.nodes[k].subjects
        return ()

    def _just_named(self, i: int) -> Subjects:
        """As in "For the index of technology stocks, the Nasdaq 100, it went down"."""
        return self.nodes[i - 2].subjects if i > 1 and self.nodes[i - 1].low == "," else ()

    # -- verbs and nouns of movement --------------------------------------------------------------

    def subject(self, v: int, depth: int = 0) -> Subjects:
        """Who does what a verb says."""
        t, n = self.t, self.nodes[v]
        if depth > 8:
            return ()
        own = self._own_subject(v)
        if own >= 0:
            return self.phrase(own, depth + 1) if self.nodes[own].dep != "csubj" else ()
        if beside := self._just_before(v):
            return beside
        if n.dep == "conj" and n.tag in _REPORTS:
            apart = [
                c
                for c in range(n.head + 1, v)
                if self.nodes[c].dep == "conj"
                and self.nodes[c].subjects
                and self.nodes[c - 1].low in ("and", "but")
            ]
            if apart and not any(t.verb(c) for c in range(apart[0], v)):
                # "... and the Russell 2000, home to smaller companies, rose"
                return self.nodes[apart[0]].subjects
        if n.dep in ("relcl", "acl"):
            return self.phrase(n.head, depth + 1)
        if n.dep in _HANGS:
            return self._above(v, depth)
        for c in t.children[v]:  # "Also higher was the Russell 2000"
            behind = self.nodes[c].dep in ("attr", "dobj") and self.nodes[c].subjects and c > v
            if behind and t.light(v):
                return self.phrase(c, depth + 1)
        return ()

    def _own_subject(self, v: int) -> int:
        """The subject that the parser gives a verb, of two the nearer one; -1 if there is none."""
        for c in sorted(self.t.children[v], key=lambda c: (c > v, abs(c - v))):
            n = self.nodes[c]
            if n.dep not in ("nsubj", "nsubjpass", "csubj"):
                continue
            near = any(self.nodes[k].subjects for k in range(max(0, c - 4), c))
            if n.number is not None and c > 2 and near:
                continue  # "the S&P 500 SPX, -3.75% fell 100.66 points"
            if n.window is not None and n.dep == "nsubj":
                continue  # "November saw ..."
            return c
        return -1

    def _just_before(self, v: int) -> Subjects:
        """A name right before a verb that reports, and after a mark: its subject."""
        if self.nodes[v].tag not in ("VBD", "VBZ", "VBP"):
            return ()
        k = v - 1
        while k >= 0 and (
            self.nodes[k].tag.startswith("RB") or self.nodes[k].dep in ("aux", "auxpass", "neg")
        ):
            k -= 1
        if k < 0 or not self.nodes[k].subjects:
            return ()
        before = self.nodes[k - 1].low if k else ","
        return (
            self.nodes[k].subjects
            if before in (",", "and", "but", "while", ";", "whereas", "as", "though", "\u2014", ":")
            else ()
        )

    def _above(self, v: int, depth: int) -> Subjects:
        t, n = self.t, self.nodes[v]
        h = n.head
        if n.dep == "pcomp" or self.nodes[h].dep == "prep" or self.nodes[h].tag == "IN":
            over = self.nodes[h].head
            if t.verb(over):
                return self.subject(over, depth + 1)
            return self.phrase(over, depth + 1) if over != h and self.nodes[over].subjects else ()
        if n.dep in ("xcomp", "ccomp", "oprd", "advcl") and self.nodes[h].lemma in CAUSES:
            for c in t.children[h]:
                if self.nodes[c].dep == "dobj" and c != v:
                    return self.phrase(c, depth + 1)
        if t.verb(h):
            return self.subject(h, depth + 1)
        return self.phrase(h, depth + 1) if self.nodes[h].subjects else self.owner(h, depth + 1)

    def owner(self, i: int, depth: int = 0) -> Subjects:
        """Whose a noun of movement is: "the index's gain", "a gain in X", "X posted a gain"."""
        t, n = self.t, self.nodes[i]
        if depth > 8:
            return ()
        below = self._owner_below(i, depth)
        if below is not None:
            return below
        h = n.head
        if n.dep == "conj" and not t.verb(h):
            return self.owner(h, depth + 1)
        if n.dep in ("relcl", "acl"):
            return self.phrase(h, depth + 1)
        if n.dep == "appos":
            return self._all(h, depth) if self.nodes[h].subjects else self.owner(h, depth + 1)
        above = self._owner_above(i, depth)
        return self._owner_said(i) if above is None else above

    def _owner_below(self, i: int, depth: int) -> Subjects | None:
        """The owner that hangs on a noun: "the index's gain", "a gain in X"; None: nothing does."""
        children = [(c, self.nodes[c]) for c in self.t.children[i]]
        for c, child in children:
            if child.dep == "poss" and child.window is None:
                return self.phrase(c, depth + 1)
        for c, child in children:
            if child.dep in ("compound", "nmod", "amod", "appos") and child.subjects:
                return self._all(c, depth)
        for c, child in children:
            if child.dep in ("prep", "agent") and child.low in _OF:
                for p in self.t.children[c]:
                    part = self.nodes[p]
                    if part.dep == "pobj" and part.number is None and part.window is None:
                        found = self.phrase(p, depth + 1)
                        if found or child.low == "in":
                            return found
        return None

    def _owner_above(self, i: int, depth: int) -> Subjects | None:
        """The owner by the words above a noun: "X posted a gain"; None: they do not say."""
        t, n = self.t, self.nodes[i]
        for k in t.up(i):
            over = self.nodes[k]
            if t.verb(k):
                if n.dep in ("nsubj", "nsubjpass") and n.head == k:
                    return None
                if over.lemma in CAUSES - _OF_THEIR_OWN:
                    for c in t.children[k]:
                        if self.nodes[c].dep in ("dative", "dobj") and self.nodes[c].subjects:
                            return self.phrase(c, depth + 1)
                return self.subject(k, depth + 1)
            if over.subjects:
                return self._all(k, depth)
            plain = over.low not in CARRIERS and over.number is None
            if plain and t.noun(k) and t.move(k) is None:
                self.why = self.why or f"it belongs to {over.low!r}"
                return ()
        return None

    def _owner_said(self, i: int) -> Subjects:
        """The owner of a noun that is a subject, or dated, itself: of whom the text speaks."""
        n, children = self.nodes[i], [self.nodes[c] for c in self.t.children[i]]
        dated = any(c.window is not None and c.dep == "poss" for c in children)
        named = any(c.dep in ("compound", "amod") and c.tag.startswith("NNP") for c in children)
        if (n.dep != "nsubj" and not dated) or named:
            return ()
        whose = [
            x
            for x in self.nodes[i:]
            if x.dep == "poss" and x.subjects and self.nodes[x.head].head == n.head
        ]
        if whose and self.nodes[n.head].lemma == "be":
            return whose[0].subjects  # "Tuesday's 5.4% pop was the Russell's best day"
        left = [x for x in self.nodes[:i] if x.subjects]  # "September's loss was 2.6%"
        return left[-1].subjects if left else self.memory.topic
