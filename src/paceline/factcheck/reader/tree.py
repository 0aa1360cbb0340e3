"""A sentence as a tree: what moves, which clause a word is in, what stands between two words."""

from __future__ import annotations

from collections.abc import Iterator

from paceline.factcheck import lexicon
from paceline.factcheck.reader.spans import Node

ADVERBS = {
    "up": 1,
    "higher": 1,
    "ahead": 1,
    "firmer": 1,
    "upward": 1,
    "down": -1,
    "lower": -1,
    "off": -1,
    "softer": -1,
    "weaker": -1,
    "downward": -1,
}
#: Words that may stand between a number and what it belongs to and change neither.
PLAIN = frozenset(
    "% percent points point total return basis just only even another further more much about "
    "nearly some full whopping "
    "mere extra additional cumulative combined modest slight healthy".split()
)
MODALS = frozenset("will would could may might should shall ca wo 'll 'd".split())
#: Verbs and nouns that make what hangs on them a forecast, a wish or a rule, not a report.
AHEAD = frozenset(
    "expect forecast predict project anticipate target estimate envision foresee see expectation "
    "forecast prediction "
    "outlook target scenario upside risk chance odds probability likely poised prepare price_in "
    "imply implied need hope "
    "call could if unless whether assume bet look".split()
)
_TO_COME = ("set", "due", "bound", "ready", "likely", "unlikely")
HABITS = frozenset(
    "typically usually historically generally often normally tends tend tended average "
    "traditionally always seldom rarely "
    "sometimes".split()
)
CLAUSAL = frozenset("ROOT ccomp advcl relcl parataxis csubj".split())


class Tree:
    """The nodes of a sentence with their parse."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.children: list[list[int]] = [[] for _ in nodes]
        for i, n in enumerate(nodes):
            if n.head != i:
                self.children[n.head].append(i)

    def up(self, i: int) -> Iterator[int]:
        """The words above a word, nearest first."""
        seen = {i}
        while self.nodes[i].head not in seen:
            i = self.nodes[i].head
            seen.add(i)
            yield i

    def down(self, i: int) -> Iterator[int]:
        """A word and all that hangs on it, in the order of the sentence."""
        found, waiting = [], [i]
        while waiting:
            k = waiting.pop()
            found.append(k)
            waiting += self.children[k]
        yield from sorted(found)

    def verb(self, i: int) -> bool:
        """Is the word a verb?"""
        return self.nodes[i].tag.startswith("V") or (
            self.nodes[i].dep in CLAUSAL and self.nodes[i].low in lexicon.VERBS and not self.noun(i)
        )

    def noun(self, i: int) -> bool:
        """Is the word a noun, a pronoun or a name?"""
        return self.nodes[i].tag.startswith(("NN", "PRP", "W", "DT")) or bool(
            self.nodes[i].subjects
        )

    def move(self, i: int) -> int | None:
        """Direction of a word of movement (0: it says none itself); None for any other word."""
        n = self.nodes[i]
        if n.subjects or n.window is not None or n.number is not None:
            return None
        if n.word in ("up", "down") and n.low not in ADVERBS:
            return ADVERBS[n.word]
        if n.low in ADVERBS:
            return (
                None
                if n.low == "ahead" and any(self.nodes[c].low == "of" for c in self.children[i])
                else ADVERBS[n.low]
            )
        nominal = n.tag.startswith("NN") or any(
            self.nodes[c].dep in ("det", "poss", "amod") for c in self.children[i]
        )
        if nominal and n.low in lexicon.NOUNS:
            return lexicon.NOUNS[n.low]
        if n.low in lexicon.VERBS or n.word in ("gained", "lost"):
            if n.low in lexicon.NEUTRAL:
                return self._aside(i) or lexicon.VERBS.get(n.low, 0)
            return lexicon.VERBS.get(n.low, 1 if n.word == "gained" else -1)
        return None

    def _aside(self, i: int) -> int:
        """Direction of an adverb that hangs on a word."""
        return next(
            (ADVERBS[self.nodes[c].low] for c in self.children[i] if self.nodes[c].low in ADVERBS),
            0,
        )

    def light(self, i: int) -> bool:
        """A verb that carries a movement without being one: posted, closed, was."""
        return self.nodes[i].low in lexicon.LIGHT or self.nodes[i].lemma in ("be", "have", "do")

    def clause(self, i: int) -> int:
        """The verb that a word stands under (itself if it is one; the root where there is none)."""
        if self.verb(i) and self.nodes[i].dep not in ("amod", "compound"):
            return i
        last = i
        for k in self.up(i):
            last = k
            if self.verb(k) and self.nodes[k].dep not in ("amod", "compound"):
                return k
        return last

    def denied(self, i: int) -> bool:
        """Is the word, or the verb it hangs on, said not to be so?"""
        for k in (i, self.clause(i)):
            for c in self.children[k]:
                n = self.nodes[c]
                if n.dep == "neg" or n.low in ("never", "without", "neither", "barely_not"):
                    return True
            if any(self.nodes[u].lemma in ("fail", "miss", "avoid") for u in self.up(k) if u != k):
                return self.nodes[k].dep in ("xcomp", "pcomp", "dobj")
        return False

    def ahead(self, i: int) -> str:
        """Why what hangs here is no report of the past; "" if it is one."""
        for k in (i, *self.up(i)):
            n = self.nodes[k]
            told = next((why for c in self.children[k] if (why := self._told(k, c))), "")
            if told:
                return told
            if n.lemma == "look" and not any(self.nodes[c].low == "for" for c in self.children[k]):
                continue
            if k != i and (n.lemma in AHEAD or n.low in AHEAD) and n.low not in ("saw", "seen"):
                return "forecast"
            if k != i and self.verb(k) and n.dep in ("ROOT", "ccomp", "parataxis", "conj"):
                over = self.nodes[n.head]
                reported = n.dep == "ccomp" and over.lemma in AHEAD
                return "forecast" if reported and over.low not in ("saw", "seen") else ""
        return ""

    def _told(self, k: int, c: int) -> str:
        """What a word under ``k`` makes of it: "forecast" (will, if), "habit" (often) or ""."""
        n, child = self.nodes[k], self.nodes[c]
        if child.dep == "advmod" and child.low in HABITS:
            return "habit"
        if not self.verb(k):
            return ""
        if child.dep == "aux" and child.low in MODALS:
            return "forecast"
        if child.dep == "mark" and child.low in ("if", "unless", "whether"):
            return "forecast"
        if (child.dep, child.low) == ("aux", "to") and n.dep in ("xcomp", "acl", "advcl", "relcl"):
            over = self.nodes[n.head]
            if over.lemma in AHEAD or over.low in _TO_COME:
                return "forecast"
            return "habit" if over.lemma == "tend" else ""
        return ""
