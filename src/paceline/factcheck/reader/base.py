"""What the readers of all kinds share: a sentence, its tree, its subjects, its claims."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from paceline.factcheck import lexicon
from paceline.factcheck.claims import Aside, Claim
from paceline.factcheck.dates import Window
from paceline.factcheck.quantities import Number
from paceline.factcheck.reader.spans import Node
from paceline.factcheck.reader.tree import ADVERBS, Tree
from paceline.factcheck.reader.who import Memory, Subjects, Who
from paceline.factcheck.subjects import Names, Subject
from paceline.factcheck.text import Sentence

#: Why a number of something with no price is no claim.
FIGURE = "a figure, not of a price"
#: Words after which another clause begins.
BOUNDS = frozenset(
    [
        "while",
        "whereas",
        "but",
        "although",
        "though",
        "whilst",
        ";",
        "\u2014",
        "\u2013",
        "--",
        "|",
        "as",
        "after",
        "when",
        "before",
    ]
)
#: Words that may stand between a name and its number, or it and its window, and change neither.
FILLERS = frozenset(
    ", : ( - -- \u2014 at by of the a an just only even about some nearly almost roughly around "
    "more less than over up down off to and another "
    "higher lower off ahead close \" `` '' behind respectively each both all collectively still "
    "now already in on for during with as so far price total 's alone too also".split()
)


#: Nouns of a fragment that name no subject: "A losing week (-0.8%)".
_PERIODS = frozenset("day session week month quarter year close change return move".split())


@dataclass
class Draft:
    """A claim before its window is known: ``at`` is the word it hangs on, ``to`` its last word."""

    claim: Claim
    at: int
    to: int
    fixed: bool = False  # its window is settled
    own: Window | None = None


@dataclass
class Sheet:
    """One sentence while it is read."""

    sentence: Sentence
    nodes: list[Node]
    clean: str
    drafts: list[Draft] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)  # number's word -> why it is no claim


class Base:
    """One sentence, its tree and its subjects."""

    def __init__(self, sheet: Sheet, memory: Memory, names: Names) -> None:
        self.sheet, self.nodes, self.memory, self.names = sheet, sheet.nodes, memory, names
        self.t = Tree(sheet.nodes)
        self.who = Who(self.t, memory)

    # -- making claims ----------------------------------------------------------------------------

    def make(
        self,
        kind: str,
        subjects: Subjects,
        at: int,
        to: int,
        *,
        number: Number | None = None,
        sign: int = 0,
        against: Subject | None = None,
        window: Window | None = None,
        denied: bool = False,
        start: int = -1,
        **params: object,
    ) -> None:
        """One claim a subject, from the word ``start`` (default: ``at``) to the word ``to``."""
        first, last = sorted((at if start < 0 else start, to))
        a, b = self.nodes[first].start, max(self.nodes[last].end, self.nodes[at].end)
        for s in subjects:
            if s.kind == "figure":
                for i in range(first, last + 1):
                    self.refuse(i, FIGURE)
                continue
            claim = Claim(kind, s, a, b, number, sign, window, against, dict(params), denied)
            known = any(
                d.claim.kind == kind
                and d.claim.subject == s
                and d.claim.number == number
                and d.claim.against == against
                and (
                    d.claim.params == params
                    or kind not in ("average", "breadth", "streak", "extreme")
                )
                and d.claim.start < b
                and a < d.claim.end
                for d in self.sheet.drafts
            )
            if not known:
                self.sheet.drafts.append(Draft(claim, at, to, window is not None))

    def refuse(self, i: int, reason: str) -> None:
        """Why a number is no claim; the first reason stays."""
        self.sheet.reasons.setdefault(i, reason)

    # -- looking around ---------------------------------------------------------------------------

    def left_name(self, i: int, most: int = 8) -> int:
        """The name just left of a word, with nothing but fillers between; -1 if there is none."""
        k = i - 1
        while k >= 0 and i - k <= most:
            n = self.nodes[k]
            if n.start == self.nodes[i].start:  # "9.4" of "9.4 %"
                k -= 1
                continue
            if n.subjects:
                return k
            if n.window is None and n.low not in FILLERS and n.number is None:
                return -1
            if n.number is not None and n.number.unit not in ("level", "bare", "index_points"):
                return -1
            k -= 1
        return -1

    def right_name(self, i: int) -> int:
        """The name in "3.4% for the S&P 500"; -1 if there is none."""
        k = i + 1
        if k < len(self.nodes) and self.nodes[k].low in ("for", "of", "by", "in", "from", "on"):
            k += 1
            while k < len(self.nodes) and self.nodes[k].low in ("the", "a", "an"):
                k += 1
            if k < len(self.nodes) and self.nodes[k].subjects and not self.owns(k):
                return k
        return -1

    def owns(self, k: int) -> bool:
        """Is the name followed by "'s", or by a noun it only qualifies?"""
        after = self.nodes[k + 1] if k + 1 < len(self.nodes) else None
        return after is not None and (
            after.low in ("'s", "'")
            or (
                self.nodes[k].dep in ("compound", "poss", "nmod")
                and after.tag.startswith("NN")
                and not after.phrase
            )
        )

    def context(self, i: int) -> int:
        """Direction of the nearest word of movement before a word, else after it; 0: none."""
        for k in range(i - 1, -1, -1):
            move = self.t.move(k)
            if move:
                return move
        for k in range(i + 1, min(i + 4, len(self.nodes))):
            if self.nodes[k].low in ADVERBS:
                return ADVERBS[self.nodes[k].low]
        return 0

    def topic(self, i: int) -> Subjects:
        """Whom a fragment without a subject is about: the text's last, if it names none itself."""
        before = [k for k in range(i) if self.nodes[k].subjects]
        other = any(
            n.tag.startswith("NN")
            and n.window is None
            and n.number is None
            and not n.phrase
            and n.word != "%"
            and n.low not in _PERIODS
            for n in self.nodes[:i]
        )
        if (
            before
            or other
            or any(
                self.nodes[k].dep in ("nsubj", "nsubjpass") and self.nodes[k].window is None
                for k in range(i)
            )
        ):
            return ()
        return self.current()

    def current(self) -> Subjects:
        """Of whom the text speaks; a new paragraph without a name speaks of the market again."""
        if (
            self.memory.topic
            and self.memory.topic[0].kind in ("stock", "sector", "theme", "style")
            and self.sheet.sentence.paragraph != self.memory.spoken
        ):
            return self.memory.of_kind(("index",))
        return self.memory.topic or self.memory.heading

    def default_against(self, subjects: Subjects) -> Subjects:
        """Whom a text compares with when it does not say: the S&P 500, else the market."""
        for name in ("s&p 500", "the market"):
            s = self.names.lookup(name)
            if s is not None and s.candidates and all(s.name != x.name for x in subjects):
                return (s,)
        return ()

    def said_other(self, i: int) -> str:
        """The noun that owns a number that is no change of a price ("a yield of 4%"), or ""."""
        for k in self.t.up(i):
            n = self.nodes[k]
            if n.low in lexicon.NOT_PRICES:
                return n.low
            if self.t.verb(k):
                for c in self.t.children[k]:  # "the unemployment rate rose to 4.3%"
                    if self.nodes[c].dep in ("nsubj", "nsubjpass"):
                        return next(
                            (
                                self.nodes[j].low
                                for j in (c, *self.t.down(c))
                                if self.nodes[j].low in lexicon.NOT_PRICES
                            ),
                            "",
                        )
                return ""
        return ""


def as_points(number: Number) -> Number:
    """A difference of returns; "points" are percentage points here."""
    if number.unit in ("index_points", "bare"):
        return replace(
            number,
            low=number.low / 100,
            high=number.high / 100,
            step=number.step / 100,
            unit="points",
        )
    return replace(number, unit="points")
