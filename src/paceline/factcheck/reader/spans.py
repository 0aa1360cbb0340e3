"""The spans of a sentence: names, numbers, windows, set phrases, and the words they become.

A name becomes one proper noun, a window one adverb of time, a number one figure: the parser then
sees the plain sentence that it was trained on, whatever stands in the names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from paceline.factcheck import quantities, windows
from paceline.factcheck.dates import Window
from paceline.factcheck.lexicon import VERBS
from paceline.factcheck.lexicon.phrases import COMPARE_PHRASES, PHRASES
from paceline.factcheck.quantities import Number
from paceline.factcheck.subjects import Mention, Names, Subject

_TOKEN = re.compile(
    r"(?:[A-Za-z]\.){2,}|n't\b|[A-Za-z]+(?=n't\b)|[A-Za-z][\w&]*(?:[.&/](?=\w)[\w&]+)*|'s\b|"
    r"'(?:ve|re|ll|d|m)\b|"
    r"\d\w*(?:[.,]\d\w*)*|\.{2,}|--+|\S"
)
_MULTI = re.compile(
    "|".join(rf"\b{v}\b" for v in sorted(VERBS, key=len, reverse=True) if " " in v), re.IGNORECASE
)
#: "in the red": down.
_COLOUR = re.compile(
    r"\bin (?:(?P<up>the black|the green|positive territory)|(?:the red|negative territory))\b|"
    r"\b(?P<good>to the good)\b|\bunder ?water\b",
    re.IGNORECASE,
)
#: How a window that says when something happened begins.
_ADVERB = re.compile(
    r"(?:in|on|since|from|for|over|during|through|throughout|at|by|as|between|within|across|until|"
    r"till|up|after|today|"
    r"yesterday|tonight|so|ytd|mtd|qtd|year|month|quarter|week|last|this|that|earlier|a|off|below|"
    r"above|to)\b",
    re.IGNORECASE,
)
_BRACKETED = re.compile(
    r"\s*\(\s*(?:[A-Z][\w ]{0,12}:\s*|ticker:?\s+|symbol:?\s+)?\$?[\^.]?(?P<ticker>[A-Z]{1,5}(?:[."
    r"-][A-Z]{1,2})?)\s*\)"
)
#: "Financials (", "Gold fund (", "the gold fund, ": what may stand between a name and its ticker.
_FUND = r"(?: (?:ETF|etf|fund|Fund|index|Index|Trust|SPDR|shares|sector))*"
_OPENS = re.compile(rf"{_FUND}\s*\(")
_BESIDE = re.compile(rf"(?:'s)?{_FUND},? (?:the )?")
#: "the most since 2010" compares; it is no window.
_SUPERLATIVE = re.compile(
    r"\b(?:best|worst|biggest|largest|highest|lowest|most|first|longest|strongest|weakest|"
    r"steepest|sharpest|fastest|least|deepest|fewest|greatest|"
    r"widest|slowest|unseen)\b[^,;.]*$",
    re.IGNORECASE,
)
_SUCH_AS = re.compile(r",? (?:like|such as|including) (?:the )?")
#: Kinds of subject that others are parts of.
_WHOLES = ("basket", "theme", "sector", "market")
_CAPITALS = re.compile(r"(?:[A-Z][\w&.'-]*,?\s+)*[A-Z][\w&.'-]*\s*$")
_YARDSTICK = re.compile(
    r"\s*,?\s*(?:as )?(?:measured|tracked|represented|gauged|proxied|through|via|"
    r"using)(?: by)? (?:the |its )?$",
    re.IGNORECASE,
)
#: "the cap-weighted version", "its equal-weight counterpart", "small beat large": whom they mean.
_KIN = (
    (r"the 500(?! (?:largest|biggest|stocks|companies|members|names))\b", "s&p 500"),
    (r"the 600(?! (?:largest|biggest|stocks|companies|members|names))\b", "s&p 600"),
    (r"(?:market-)?cap(?:italization|italisation)?[- ]weighted", "s&p 500"),
    (r"equal(?:ly)?[- ]weight(?:ed)?", "equal-weight s&p 500"),
    (r"(?:weightier|heavier|top-heavy|headline)", "s&p 500"),
    (r"growth", "growth stocks"),
    (r"value", "value stocks"),
    (r"(?:small(?:er)?)(?:[- ]cap)?", "small caps"),
    (r"mid(?:[- ]cap)?", "mid caps"),
    (r"(?:large|big|larger|bigger|mega)(?:[- ]cap)?", "s&p 500"),
)
_COUSIN = (
    r"(?:counterparts?|peers?|siblings?|cousins?|brethren|rivals?|equivalents?|cohorts?|"
    r"relatives?|version|ones|parent)"
)
KIN = tuple(
    (
        re.compile(rf"\b{w}", re.IGNORECASE)
        if w.startswith("the ")
        else re.compile(
            rf"\b(?:(?:its|their|the|his|that)\s+)?(?:more familiar |regular |standard |"
            rf"usual )?{w}\s+(?:stock |company |index )?{_COUSIN}\b",
            re.IGNORECASE,
        ),
        name,
    )
    for w, name in _KIN
)
_PAIR = re.compile(
    r"\b(?P<a>small|large|big|value|growth)\s+(?:beats?|beat|outperformed|outpaced|lagged|trailed|"
    r"trounced|led|versus|vs\.?|against|over|"
    r"(?:did|does|has done|fared|held up) (?:\w+ )?(?:better|worse) than|"
    r"and(?=\s\w+ alike\b))\s+(?P<b>small|large|big|value|growth)\b(?![- ]caps?\b)",
    re.IGNORECASE,
)
_SIZES = {
    "small": "small caps",
    "large": "s&p 500",
    "big": "s&p 500",
    "value": "value stocks",
    "growth": "growth stocks",
}


_COMPARED = tuple(
    (
        re.compile(rf"\b(?:{p})\b", re.IGNORECASE),
        sign,
        re.match(r"ahead|behind|better|worse|in line|more|less", p) is not None,
    )
    for p, sign in COMPARE_PHRASES.items()
)


@dataclass
class Node:
    """A word of a sentence as the parser sees it, with its place in the clean text."""

    start: int
    end: int
    word: str
    low: str
    subjects: tuple[Subject, ...] = ()
    mention: Mention | None = None
    number: Number | None = None
    window: Window | None = None
    phrase: str = ""
    match: dict[str, str] = field(default_factory=dict)
    link: re.Match[str] | None = None
    first: bool = True  # the first word of its phrase
    used: bool = False
    # from the parser
    tag: str = ""
    lemma: str = ""
    dep: str = ""
    head: int = -1


@dataclass(frozen=True)
class Span:
    """A stretch of the text with one meaning; the parser gets ``words`` for it (none: its own)."""

    start: int
    end: int
    words: tuple[str, ...] = ()
    subjects: tuple[Subject, ...] = ()
    mention: Mention | None = None
    number: Number | None = None
    window: Window | None = None
    phrase: str = ""
    link: re.Match[str] | None = None
    sign: int = 0


def spot(clean: str, start: int, end: int, names: Names, when: windows.Reader) -> list[Node]:
    """The words of a stretch of text, its spans each as one word."""
    taken: list[Span] = []
    for span in _spans(clean, start, end, names, when):
        free = all(span.end <= t.start or span.start >= t.end for t in taken)
        if span.start < span.end and free:
            taken.append(span)
    nodes = _tokens(clean, start, end, sorted(taken, key=lambda s: s.start))
    letters = [c for c in clean[start:end] if c.isalpha()]
    if sum(c.isupper() for c in letters) > 0.6 * len(letters):  # the parser knows no shouting
        for node in nodes:
            node.word = node.word if node.subjects else node.word.lower()
    return nodes


def _spans(clean: str, start: int, end: int, names: Names, when: windows.Reader) -> Iterator[Span]:
    """All spans of a stretch of text; of those that overlap the first counts."""
    named = list(_names(clean, start, end, names))
    periods = [
        w
        for w in when.find(clean, start, end)
        if not any(s.start < w.start < s.end for s in named)
        and not (
            w.text.casefold().startswith("since")
            and _SUPERLATIVE.search(clean, max(start, w.start - 60), w.start)
        )
    ]
    for span in _phrases(clean, start, end, when, named):
        inside = any(w.start <= span.start and w.stop >= span.end for w in periods)
        if span.phrase != "record" or not inside:
            yield span
    for w in periods:
        yield Span(w.start, w.stop, _time(clean, w), window=w)
    yield from named
    for n in quantities.find(clean, start, end):
        yield Span(n.start, n.end, _figure(n), number=n)
    for pattern, sign, prep in _COMPARED:
        for m in pattern.finditer(clean, start, end):
            yield Span(*m.span(), ("behind" if prep else "beat",), phrase="cmp", sign=sign)
    for m in _COLOUR.finditer(clean, start, end):
        yield Span(*m.span(), ("up" if m["up"] or m["good"] else "down",))
    for m in _MULTI.finditer(clean, start, end):
        up = VERBS[" ".join(m.group().casefold().split())] > 0
        yield Span(*m.span(), ("gained" if up else "lost",))


def _tokens(clean: str, start: int, end: int, spans: list[Span]) -> list[Node]:
    nodes: list[Node] = []
    at = start
    for span in [*spans, Span(end, end)]:
        nodes += [
            Node(m.start(), m.end(), m.group(), m.group().casefold())
            for m in _TOKEN.finditer(clean, at, span.start)
        ]
        if span.subjects and nodes and nodes[-1].low == "the":
            nodes.pop()
        if span.phrase == "cmp":
            said = {"sign": str(span.sign), **({"prep": "1"} if span.words == ("behind",) else {})}
            low = clean[span.start : span.end].casefold()
            nodes.append(Node(span.start, span.end, span.words[0], low, phrase="cmp", match=said))
        elif span.phrase:
            nodes += _phrase(clean, span)
        elif span.start < span.end:
            words = span.words or (clean[span.start : span.end],)
            low = " ".join(clean[span.start : span.end].casefold().split())
            for k, word in enumerate(words):
                last = k == len(words) - 1
                owner = k == 0 if span.window is not None else last
                nodes.append(Node(span.start, span.end, word, low if owner else word, first=k == 0))
                if owner:
                    nodes[-1].subjects, nodes[-1].mention = span.subjects, span.mention
                    nodes[-1].number, nodes[-1].window = span.number, span.window
        at = span.end
    return nodes


def _phrase(clean: str, span: Span) -> list[Node]:
    """The words of a set phrase, all but what it is compared with; the last one carries it."""
    match = {k: v for k, v in span.link.groupdict().items() if v} if span.link is not None else {}
    stop = span.end
    if span.phrase == "extreme" and span.link is not None:
        gap = span.link.start("gap") if span.link.groupdict().get("gap") is not None else span.end
        stop = max(span.start + 1, gap)
    nodes = [
        Node(m.start(), m.end(), m.group(), m.group().casefold())
        for m in _TOKEN.finditer(clean, span.start, stop)
    ]
    for k, n in enumerate(nodes):
        n.phrase, n.match, n.link, n.first = span.phrase, match, span.link, k == 0
    nodes[-1].end = span.end
    return nodes


def _names(clean: str, start: int, end: int, names: Names) -> Iterator[Span]:
    """Names with their tickers and yardsticks: "Financials (XLF)", "tech, measured by XLK"."""
    found = _mentions(clean, start, end, names)
    k = 0
    while k < len(found):
        m, k = found[k], k + 1
        at, stop, subject = m.start, m.end, m.subject
        while k < len(found):
            joined = _joined(clean, m, subject, stop, found[k])
            if joined is None:
                break
            (subject, stop), k = joined, k + 1
        exchange = _BRACKETED.match(clean, stop, end)
        if exchange is not None and subject.kind != "unknown":
            stop = exchange.end()
        if m.ticker and clean[max(start, at - 40) : at].endswith("("):
            at, stop = _unknown_company(
                clean, max(start, found[k - 2].end if k > 1 else start), at, stop
            )
        if clean[stop : stop + 2] == "'s":
            m = m._replace(possessive=True)
        plural = (
            clean[at:stop].endswith("s")
            and clean[stop - 2 : stop - 1].islower()
            and subject.kind != "stock"
        )
        yield Span(
            at,
            stop,
            ("stocks" if plural else "Microsoft",),
            (subject,),
            m._replace(possessive=clean[stop : stop + 2] in ("'s", "' ")),
        )


def _mentions(clean: str, start: int, end: int, names: Names) -> list[Mention]:
    """Names, and words that stand for one: "its equal-weight counterpart", "small beat large"."""
    found = [m for m in names.find(clean, start, end) if not _part_of_a_name(clean, m)]
    for pattern, name in KIN:
        for said in pattern.finditer(clean, start, end):
            a, b = said.span()
            kin = names.lookup(name)
            over = [m for m in found if m.start < b and m.end > a]
            if kin is not None and all(m.end - m.start < b - a for m in over):
                found = [m for m in found if m.end <= a or m.start >= b]
                found.append(Mention(a, b, kin))
    for pair in _PAIR.finditer(clean, start, end):
        for group in ("a", "b"):
            size = names.lookup(_SIZES[pair.group(group).casefold()])
            if size is not None and not any(m.start <= pair.start(group) < m.end for m in found):
                found.append(Mention(*pair.span(group), size))
    return sorted(found)


def _joined(
    clean: str, m: Mention, subject: Subject, stop: int, other: Mention
) -> tuple[Subject, int] | None:
    """Whom a name with the one behind it means, and where that ends; None: they are two."""
    gap, next_ = clean[stop : other.start], other.subject
    close = re.match(r"[^()\d]{0,12}\)", clean[other.end :])
    bracket = close if _OPENS.fullmatch(gap) and other.ticker else None
    beside = _BESIDE.fullmatch(gap) and other.ticker and not m.ticker
    if bracket or beside or _YARDSTICK.fullmatch(gap):
        narrowed = subject.only(next_.candidates[0].instrument if next_.candidates else "")
        own = narrowed is not subject or subject.kind == "stock"
        return (narrowed if own else next_), other.end + (bracket.end() if bracket else 0)
    if _SUCH_AS.fullmatch(gap) and next_.kind != "stock" and subject.kind in _WHOLES:
        return next_, other.end  # "cyclical sectors like airlines": those that are named
    funds = {c.instrument for c in next_.candidates if c.instrument}
    if gap == " " and m.ticker and {c.instrument for c in subject.candidates} & funds:
        return subject, other.end  # "the KRE regional bank fund"
    parted = subject.kind in ("index", "market", "size")
    if gap in (" ", "'s ") and parted and next_.kind in ("sector", "theme", "style"):
        return _within(subject, next_), other.end  # "S&P 500 energy stocks"
    if gap == " " and subject.kind == "index" and next_.kind in ("market", "index"):
        # "S&P 500 stocks"; "the S&P MidCap 400 mid-cap index"
        return (subject if next_.kind == "market" else next_), other.end
    return None


def _within(whole: Subject, part: Subject) -> Subject:
    """The part of an index: "S&P 400 utilities" are not the sector of the large companies."""
    small = whole.kind == "index" and whole.name.startswith(
        ("S&P MidCap", "S&P SmallCap", "Russell")
    )
    return Subject(f"{whole.name} {part.name}", "unknown") if small else part


def _unknown_company(clean: str, start: int, at: int, stop: int) -> tuple[int, int]:
    """An unknown name in front of its ticker in brackets is part of the mention."""
    open_ = clean.rfind("(", start, at)
    close = re.match(r"[^()\d]{0,12}\)", clean[stop:])
    before = _CAPITALS.search(clean, max(start, open_ - 60), open_)
    if before is None or close is None:
        return at, stop
    return before.start(), stop + close.end()


def _part_of_a_name(clean: str, m: Mention) -> bool:
    """Is it no name: the exchange in "(NASDAQ: GOOG)", the company in "MSCI World"?"""
    said, after = clean[m.start : m.end], clean[m.end : m.end + 40]
    if clean[max(0, m.start - 1) : m.start] == "(" and re.match(r"\s?:", after):
        return True
    if said.rstrip(".") in ("Inc", "Corp", "Co", "Ltd", "Plc", "PLC", "LLC"):
        return True
    if said.casefold() == "equal weight" and re.search(
        r"\b(?:to|at|an?|from|is|rated) $", clean[max(0, m.start - 6) : m.start]
    ):
        return True  # a broker's rating
    if said.casefold() == "market" and re.search(
        r"\b(?:bear|bull|housing|labou?r|job|jobs|bond|credit|oil|property|money) $",
        clean[max(0, m.start - 9) : m.start],
        re.IGNORECASE,
    ):
        return True
    if said in ("MSCI", "FTSE", "STOXX") and re.match(r"\s+[A-Z]", after):
        return True
    return re.match(
        r"\s+(?:\(\w+\)\s+)?(?:share )?class(?:es)?\b|\s+(?:sector )?ETFs\b", after
    ) is not None and (m.subject.kind in ("index", "theme", "market", "style"))


def _phrases(
    clean: str, start: int, end: int, when: windows.Reader, named: list[Span]
) -> Iterator[Span]:
    for tag, pattern in PHRASES:
        for m in pattern.finditer(clean, start, end):
            if tag in ("rank", "extreme", "record") and any(
                s.start <= m.start() < s.end and s.end > m.start() + 2 for s in named
            ):
                continue
            stop = m.end()
            if m.group().casefold() in ("lagged", "trailed") and not re.search(
                r"\b(?:led|best|top\w*|leaders?)\b", clean[start : m.start()], re.IGNORECASE
            ):
                continue  # behind the market, not behind the leader that the sentence has named
            if tag == "extreme" and m.groupdict().get("since"):
                said = when.find("since " + m.group("since"), 0, len(m.group("since")) + 6)
                if not said or said[0].start > 8:
                    continue
                stop = max(m.start("gap"), m.start("since") + max(1, said[0].stop - 6))
                last_year = re.compile(r" of (?:the (?:previous|prior|preceding)|last) year").match(
                    clean, stop
                )
                stop = last_year.end() if last_year is not None else stop
            yield Span(m.start(), min(stop, end), phrase=tag, link=m)


def _time(clean: str, w: Window) -> tuple[str, ...]:
    """What stands for a window: an adverb, or a noun where it stands as one."""
    said = clean[w.start : w.stop]
    if said.endswith("'s"):
        return ("Friday", "'s")
    if clean[w.stop : w.stop + 2] == "'s" or not _ADVERB.match(said):
        return ("Friday",)
    return ("yesterday",)


def _figure(n: Number) -> tuple[str, ...]:
    size = abs(n.value)
    match n.unit:
        case "percent":
            return (f"{size * 100:g}", "%")
        case "points":
            return (f"{size * 100:g}", "points")
        case "index_points":
            return (f"{size:g}", "points")
        case "part":
            return ("half",)
        case _:
            return (f"{size:g}",)


def shy(nodes: list[Node]) -> None:
    """Common words that are names only in company ("growth") or right before what they do."""
    kinds = {
        s.kind for n in nodes if n.mention is not None and not n.mention.bare for s in n.subjects
    }
    bare = [i for i, n in enumerate(nodes) if n.mention is not None and n.mention.bare]
    for i, n in enumerate(nodes):  # "300 stocks", "defensive stocks" are not the market
        qualified = any(
            c.head == i and c.dep in ("amod", "compound", "nummod", "poss") for c in nodes[:i]
        )
        if (
            n.low in ("stocks", "equities")
            and n.mention is not None
            and n.subjects[0].kind == "market"
            and qualified
        ):
            n.subjects, n.mention = (), None
    for i in bare:
        n = nodes[i]
        others = kinds | {s.kind for k in bare if k != i for s in nodes[k].subjects}
        before, after = nodes[i - 1] if i else None, nodes[i + 1] if i + 1 < len(nodes) else None
        qualified = (
            before is not None
            and before.tag.startswith(("JJ", "NN", "VBG"))
            and not before.subjects
            and before.window is None
            and before.dep in ("amod", "compound", "nmod", "poss")
        )
        qualifies = (
            after is not None
            and after.tag.startswith("NN")
            and not after.subjects
            and not after.phrase
            and after.window is None
            and n.dep in ("compound", "nmod", "amod")
        )
        family = (
            {"style", "size", "index", "sector", "fund"}
            if n.subjects[0].kind == "style"
            else {"sector", "theme", "index", "style", "fund"}
        )
        moves = (
            n.subjects[0].kind != "style"
            and after is not None
            and (
                after.low in VERBS
                or after.number is not None
                or after.phrase == "rank"
                or after.low in ("up", "down", "led", "was", "were", "also")
            )
        )
        if qualified or qualifies or not (others & family or moves):
            n.subjects, n.mention = (), None
