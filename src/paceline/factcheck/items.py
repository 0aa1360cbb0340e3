"""A sentence as a row of items: names, numbers, windows, verbs of movement, and what lies between them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

from paceline.factcheck import lexicon, quantities, windows
from paceline.factcheck.joining import Item, joined
from paceline.factcheck.subjects import Mention, Names

_TOKEN = re.compile(
    r"n't\b|[A-Za-z][\w&/-]*(?:\.[\w&/-]+)*(?:'(?!s\b)\w+)?|'s\b|\d\w*(?:[.,]\d\w*)*|[(),;:|/\u2014\u2013]|\S"
)
_ORD = r"(?:\d{1,3}(?:st|nd|rd|th)?|[a-z]+(?:-[a-z]+)?)"
_MANY = (
    r"(?:\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|several|multiple)"
)
_UNIT = r"(?:trading )?(?:sessions?|days?|weeks?|months?|quarters?|years?)"
_MOVE = r"gains?|advances?|rises?|increases?|loss(?:es)?|declines?|drops?|falls?|wins?"

#: Phrases with a meaning of their own, before single words are looked at.
PHRASES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (tag, re.compile(p, re.IGNORECASE))
    for tag, p in (
        (
            "mean",
            r"\b(?P<n>\d{2,3})[- ](?P<unit>day|session|week|month)(?:s)?(?:\s+(?:simple |exponential )?moving)?(?:[- ]day)?\s+(?:moving\s+)?"
            r"(?:averages?|means?|trend ?lines?|MAs?)\b|\b(?P<d>\d{2,3})[- ]?(?:DMA|dma|SMA)\b",
        ),
        (
            "streak",
            rf"\b(?:(?:for|to) )?(?:a |an |the |its |their )?(?P<n>{_ORD})[- ](?:straight|consecutive|successive)[- ]"
            rf"(?:(?P<adj>daily|weekly|monthly|quarterly|annual|yearly)\s+)?(?:winning |losing |positive |negative |up |down |calendar )?"
            rf"(?P<what>{_UNIT}|{_MOVE})(?: of (?P<move>gains|losses|declines|advances|increases))?",
        ),
        (
            "streak",
            rf"\b(?P<n>{_MANY})[- ](?P<what>day|session|week|month|quarter|year)s?[- ](?P<move>winning|losing)[- ](?:streak|run|string)|"
            rf"\b(?P<n2>{_MANY})[- ](?P<what2>day|session|week|month|quarter|year)s?[- ](?:streak|run|string)(?: of (?P<move2>gains|losses|declines))?",
        ),
        (
            "streak",
            rf"\b(?:for )?(?P<n>{_MANY})\s+(?:straight |consecutive )?(?P<what>{_UNIT})\s+(?:in a row|running|on the trot|straight)",
        ),
        (
            "streak",
            rf"\bfor\s+(?P<n>{_MANY})\s+(?:straight\s+|consecutive\s+)?(?P<what>(?:trading )?(?:sessions|days))\b",
        ),
        ("streak", r"\b(?P<n>multi)-(?P<what>session|day|week)\b"),
        (
            "streak",
            r"\b(?P<what>winning|losing)[- ](?:streak|run) (?:to|at|of) (?P<n>\w+(?:-\w+)?) (?P<unit>sessions|days|weeks|months)",
        ),
        (
            "extreme",
            r"\b(?P<how>best|worst|strongest|weakest|biggest|largest|steepest|sharpest|heftiest|deepest|greatest|poorest|longest|"
            r"widest)\s+(?:(?P<adj>one-day|single-day|daily|one-week|weekly|one-month|monthly|quarterly|annual|yearly|"
            r"percentage|point|calendar|trading|single-session|two-day|losing|winning|first|second|third|fourth|opening|"
            r"\w+ber|january|february|march|april|may|june|july|august)[- ]?\s*)*"
            r"(?P<what>day|session|week|month|quarter|half|year|gain|rise|advance|rally|increase|jump|surge|climb|drop|decline|showing|result|finish|"
            r"loss|fall|slide|slump|plunge|selloff|sell-off|start to a year|start|return|streak|run|performance|rebound|"
            r"january|february|march|april|may|june|july|august|september|october|november|december)\b"
            r"(?!\s+(?:performer|performing|-))",
        ),
        (
            "extreme",
            r"\b(?P<how>highest|lowest)\s+(?P<what>close|level|finish|closing level|reading|settlement|point)\b",
        ),
        (
            "rank",
            r"\b(?P<best>led (?:all |the )?(?:other )?(?:\w+ )?(?:gains|gainers|advances?|advancers|rally|rebound|winners|sectors?|groups|"
            r"pack|field|way(?: (?:higher|up))?|charge|upside|market higher|markets? up|index higher|recovery|advance|bounce|table|"
            r"leaderboard|league table)\b(?! (?:lower|down))|"
            r"(?:leading|topping|heading|topped|headed) (?:the )?(?:way(?: higher| up)?\b(?! (?:lower|down))|gains|gainers|advance|pack|field|"
            r"leaderboard|league|list|table|charge|rally|sectors)|"
            r"(?:held up|fared|did|performed) best|finished first|came (?:in |out )?(?:first|on top)|ranked first|ranked no\. ?1|"
            r"(?:(?:(?:day|week|month|quarter|year|session)'s|the|s&p 500's|index's|by far the|lone)\s+)?(?P<nth>second-|third-)?(?:best[- ]performing|"
            r"top[- ]performing|strongest|best|top|biggest|standout|leading)\s+(?:s&p 500 |major |single |of the |\d+ |eleven |u\.s\. |large |index |equity |sector |performing |style )*"
            r"(?:sectors?|performers?|performer|gainers?|winners?|styles?|factors?|industry group|group|segments?|indexe?s?|of the sectors))\b"
            r"(?!\s+(?:declin|los[es]|laggard|drag|drop|fall))",
        ),
        (
            "rank",
            r"\b(?P<worst>led (?:the )?(?:\w+ )?(?:declines?|declining sectors|losses|losers|decliners|retreat|selloff|sell-off|slide|"
            r"drop|way (?:lower|down)|rout|downside|laggards|market lower|fall)|"
            r"(?:leading|heading) (?:the )?(?:declines?|losses|losers|decliners|way (?:lower|down)|retreat|selloff|sell-off|downside|rout|laggards)|"
            r"(?:held up|fared|did|performed) (?:the )?worst|(?:brought|bringing) up the rear|finished last|came (?:in )?last|ranked last|"
            r"finished (?:at the )?bottom|was (?:the )?laggard|"
            r"(?:(?:(?:day|week|month|quarter|year|session)'s|the|s&p 500's|index's|by far the|lone)\s+)?(?P<nth2>second-|third-)?(?:worst[- ]performing|weakest|worst|biggest|"
            r"poorest|main|chief|bottom)\s+(?:s&p 500 |major |single |of the |\d+ |eleven |u\.s\. |large |index |equity |sector |performing |style )*"
            r"(?:sectors?|performers?|losers?|decliners?|laggards?|drag|styles?|factors?|industry group|group|segments?))\b",
        ),
        (
            "short",
            r"\b(?:short of|shy of|away from|below|off|from|near|within [\w.]+%? of|approach(?:ing|ed)|despite)\s+(?:its|their|a|an|the)?\s*(?:\w+ )?(?:record|all-time|52-week)"
            r"(?:\s+(?:closing )?(?:highs?|peak|close|lows?))?",
        ),
        (
            "record",
            r"\b(?:(?:all-time|record|lifetime|historic)(?:[- ](?:setting|breaking))?\s+(?:closing |intraday )?(?P<what>highs?|close|closes|closing high|"
            r"peaks?|levels?|territory|finish|finishes|lows?)|(?P<y>52-week|one-year|12-month|fifty-two week)\s+(?P<side>highs?|lows?)|"
            r"(?:new|fresh|another)\s+(?:closing )?(?P<fresh>records?|all-time highs?|highs?|peak)(?!\s+(?:for the year|of the year))|"
            r"(?:hit|hits|hitting|set|sets|setting|notch|notched|notching|posted|posting|reached|reaching|touched|logged|scored|at|to|into) "
            r"(?:(?:a|an|another|fresh|new|yet|successive|closing|its) )*records?(?!\s+(?:earnings|profits?|revenue|sales|low|pace|rate|amount|number|"
            r"inflow|outflow|volume|of|highs?|closes?|closing|peaks?|levels?|territory|finish|finishes|lows?|\w+ quarter|\w+ly)\b))(?![-\w])",
        ),
        (
            "stalled",
            r"\b(?:whose |its |their )?(?:momentum|rally|advance|upward momentum|price momentum) (?:has |have |had )?(?:stalled|faded|"
            r"fizzled|run out of steam|petered out|ebbed)|\b(?:has|have) (?:stalled|lost (?:steam|momentum))\b",
        ),
        (
            "reversal",
            r"\b(?:sharp |marked |abrupt |stark |clear |striking )?(?:reversal|turnaround|about-face|about-turn)\b",
        ),
        (
            "drove",
            r"\b(?:drove|powered|propelled|fuel?led|drives|has driven|have driven|accounted for|accounts for|account for|contributed|"
            r"(?:was|were|is|are) responsible for|made up|supplied|generated|provided)\b(?=[^.;]{0,60}\b(?:gain|gains|rally|advance|return|returns|rise|"
            r"increase|climb|run)\b)",
        ),
        (
            "f",
            r"\b(?:by contrast|in contrast|on the other hand|for example|of course|in turn|for (?:its|their) part|as a group|as a whole|"
            r"once again|at the same time|to be sure|in fact|in particular|by comparison|all told|in all|for now|thanks to one stock|"
            r"of late|so far|on average|at least)\b(?!\s+(?:\d|in (?:20|19)|this|a |one|two|three))",
        ),
    )
)
_WORDS_UP = {
    "ahead": 1,
    "up": 1,
    "higher": 1,
    "down": -1,
    "lower": -1,
    "off": -1,
    "firmer": 1,
    "softer": -1,
    "flat": 0,
    "unchanged": 0,
    "little changed": 0,
}
_ANAPHOR = re.compile(
    r"\b(?:the|that|this|the broad|the broader|the small-cap|the tech-heavy|the blue-chip|the same|the broad-based) "
    r"(?P<what>index|benchmark|gauge|measure|fund|etf|stock|shares|sector|group|average|theme|basket)\b(?!es\b|'s? members)",
    re.IGNORECASE,
)
_CAP_VERSION = re.compile(
    r"\b(?:the |its |their )?(?:more familiar |regular |standard |traditional |usual )?(?P<w>(?:market-)?cap(?:italization|italisation)?-?\s?weighted|"
    r"equal(?:ly)?-?\s?weight(?:ed)?)\s+(?P<what>version|index|benchmark|counterpart|gauge|"
    r"sibling|cousin|s&p)\b",
    re.IGNORECASE,
)
#: "Their growth counterparts": who is meant.
_KIN = {
    "growth": "growth stocks", "value": "value stocks", "small": "small caps", "smaller": "small caps", "mid": "mid caps",
    "large": "s&p 500", "larger": "s&p 500", "big": "s&p 500", "bigger": "s&p 500", "mega": "s&p 500",
    "cap-weighted": "s&p 500", "equal-weight": "equal-weight s&p 500", "equal-weighted": "equal-weight s&p 500",
}  # fmt: skip
_COUNTERPART = re.compile(
    r"\b(?:its|their|the|his|that)\s+(?P<w>" + "|".join(sorted((k.replace("-", "[- ]") + ("(?:[- ]cap)?" if "-" not in k else "")
    for k in _KIN), key=len, reverse=True)) + r")\s+(?:stock |company |index )?"
    r"(?:counterparts?|peers?|siblings?|cousins?|brethren|brothers?|rivals?|equivalents?|cohorts?|relatives?)\b(?! group)",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not|never|failed to|did not|didn't|has not|hasn't|have not|haven't|wasn't|isn't|aren't|weren't|no longer|"
    r"without|failing to|neither|stopped short of|fell short of|missed|unable to)\b|n't\b",
    re.IGNORECASE,
)


def _part_of_a_name(clean: str, mention: Mention) -> bool:
    """ "(NASDAQ: GOOG)" names an exchange, "MSCI World" no company, "Retail (ABC) class shares" no industry."""
    said, after = clean[mention.start : mention.end], clean[mention.end : mention.end + 40]
    if clean[max(0, mention.start - 1) : mention.start] == "(" and re.match(r"\s?:", after):
        return True
    if said.rstrip(".") in ("Inc", "Corp", "Co", "Ltd", "Plc", "PLC", "LLC"):
        return True
    if said in ("MSCI", "FTSE", "STOXX") and re.match(r"\s+[A-Z]", after):
        return True
    return re.match(r"\s+(?:\(\w+\)\s+)?(?:share )?class(?:es)?\b|\s+(?:sector )?ETFs\b", after) is not None and (
        mention.subject.kind in ("index", "theme", "market", "style")
    )


def spot(clean: str, start: int, end: int, names: Names, when: windows.Reader) -> list[Item]:
    """The items of a sentence in order."""
    found: list[Item] = []

    def free(a: int, b: int) -> bool:
        return all(b <= f.start or a >= f.end for f in found)

    def put(tag: str, a: int, b: int, **more: Any) -> None:
        if a < b and free(a, b):
            found.append(Item(tag, a, b, clean[a:b], **more))

    phrases = [(tag, m) for tag, pattern in PHRASES for m in pattern.finditer(clean, start, end)]
    mentions = [x for x in names.find(clean, start, end) if not _part_of_a_name(clean, x)]
    for one, two in pairwise(tuple(mentions)):  # "S&P 400 Utilities": not the sector of the large companies
        small = one.subject.kind == "index" and one.subject.name.startswith(("S&P MidCap", "S&P SmallCap", "Russell"))
        if small and two.subject.kind in ("sector", "theme") and 0 <= two.start - one.end <= 1:
            mentions = [x for x in mentions if x not in (one, two)]
    for m in _CAP_VERSION.finditer(clean, start, end):
        inside = [x for x in mentions if x.start < m.end() and x.end > m.start()]
        if not any(x.end - x.start >= m.end() - m.start() for x in inside):
            equal = m.group("w").casefold().startswith("equal")
            subject = names.lookup("equal-weight s&p 500" if equal else "s&p 500")
            if subject is not None:
                put("S", m.start(), m.end(), subjects=(subject,), anaphor="version")
    found_windows = [w for w in when.find(clean, start, end) if not any(x.start < w.start < x.end for x in mentions)]
    turns = [w for w in found_windows if w.base in ("high", "low", "recent high", "recent low") or w.turning]
    for tag, m in phrases:
        if tag == "short" and any(w.start <= m.start() + 12 and w.stop >= m.end() for w in turns):
            continue
        if tag == "record" and any(w.start <= m.start() and w.stop >= m.end() for w in turns):
            continue
        if tag in ("rank", "extreme") and any(x.start < m.start() < x.end for x in mentions):
            continue
        if (
            tag == "streak"
            and quantities.count(m.groupdict().get("n") or m.groupdict().get("n2") or "") is None
            and (m.group("n") or "").casefold() not in ("multi", "several", "multiple")
        ):
            continue
        put(tag, m.start(), m.end(), match={k: v for k, v in m.groupdict().items() if v})
    for w in found_windows:
        put("W", w.start, w.stop, window=w)
    for m in _COUNTERPART.finditer(clean, start, end):
        subject = names.lookup(_KIN[m.group("w").casefold().replace(" ", "-").removesuffix("-cap")])
        if subject is not None:
            put("S", m.start(), m.end(), subjects=(subject,), anaphor="counterpart")
    for x in mentions:
        put("S", x.start, x.end, subjects=(x.subject,), mention=x)
    for m in _ANAPHOR.finditer(clean, start, end):
        put("S", m.start(), m.end(), anaphor=m.group("what").casefold())
    for n in quantities.find(clean, start, end):
        put("N", n.start, n.end, number=n)
    for pattern, sign in _COMPARE:
        for m in pattern.finditer(clean, start, end):
            put("C", m.start(), m.end(), sign=sign, match={"phrase": m.group().casefold()})
    for m in _STANDING.finditer(clean, start, end):
        put("U", m.start(), m.end(), sign=1 if m.group("up") else -1)
    for m in _SIZES.finditer(clean, start, end):
        for group in ("a", "b"):
            subject = names.lookup({"s": "small caps", "l": "s&p 500", "b": "s&p 500"}[m.group(group)[0].casefold()])
            if subject is not None:
                put("S", *m.span(group), subjects=(subject,), anaphor="size")
    for m in _MULTI_VERB.finditer(clean, start, end):
        put("V", m.start(), m.end(), sign=lexicon.VERBS[" ".join(m.group().casefold().split())])
    for m in _TOKEN.finditer(clean, start, end):
        tag, sign = _tag(m.group())
        put(tag, m.start(), m.end(), sign=sign)
    found = sorted(found, key=lambda i: i.start)
    for before, item, after in zip(found, found[1:], found[2:], strict=False):
        if item.tag == "U" and before.text.casefold() in ("ended", "wound", "end", "ending") and after.text.endswith("ing"):
            item.tag = "f"  # "ended up losing"
    return _tidy(found)


_COMPARE = tuple((re.compile(rf"\b{p}\b", re.IGNORECASE), s) for p, s in lexicon.COMPARE_PHRASES.items())
_STANDING = re.compile(
    r"\bin (?P<up>the black|positive territory)\b|\bin (?:the red|negative territory)\b|\bunder ?water\b",
    re.IGNORECASE,
)
#: "Small beat large."
_SIZES = re.compile(
    r"\b(?P<a>small|large|big)\s+(?:beats?|beat|outperformed|outpaced|lagged|trailed|trounced|led)\s+(?P<b>small|large|big)\b(?![- ]caps?\b)",
    re.IGNORECASE,
)
_MULTI_VERB = re.compile("|".join(rf"\b{v}\b" for v in lexicon.VERBS if " " in v), re.IGNORECASE)


def _tag(word: str) -> tuple[str, int]:
    low = word.casefold().rstrip(".") if len(word) > 1 else word
    if low in (";", "\u2014", "|", "\u2013") or low in ("while", "whereas", "but", "although", "though", "whilst"):
        return "Z", 0
    if low in (",", "(", ")", ":"):
        return low, 0
    if not any(c.isalnum() for c in low):
        return "f", 0
    if low in lexicon.COMPARE:
        return "C", lexicon.COMPARE[low]
    if low in _WORDS_UP:
        return "U", _WORDS_UP[low]
    if low in lexicon.VERBS and low in lexicon.NOUNS:
        return "VD", lexicon.VERBS[low]
    if low in lexicon.VERBS:
        return "V", lexicon.VERBS[low]
    if low in lexicon.NOUNS:
        return "D", lexicon.NOUNS[low]
    if low in lexicon.NOT_PRICES or low in ("expectations", "consensus", "prices", "price"):
        return "B", 0
    if low in lexicon.PRONOUNS:
        return "P", 0
    if low in lexicon.LIGHT:
        return "L", 0
    if (
        low in lexicon.FILLERS
        or low.endswith("ly")
        or low in lexicon.SUFFIXES
        or low in lexicon.OBJECT
        or low in ("'s", "'")
    ):
        return "f", 0
    if low in (
        "with",
        "without",
        "per",
        "via",
        "through",
        "measured",
        "tracked",
        "represented",
        "gauged",
        "using",
        "out",
    ):
        return "f", 0
    return "w", 0


def _tidy(items: list[Item]) -> list[Item]:
    """Words that are noun or verb by their place; tickers in brackets; one subject measured by another; lists."""
    for k, item in enumerate(items):
        if item.tag == "VD":
            before = items[k - 1] if k else None
            noun = before is not None and (
                before.tag in ("N", "D")
                or (before.tag in ("L", "w") and item.text.casefold().endswith(("gains", "losses", "declines", "advances")))
                or before.text.casefold()
                in (
                    "a",
                    "an",
                    "the",
                    "its",
                    "their",
                    "this",
                    "that",
                    "'s",
                    "of",
                    "no",
                    "annual",
                    "monthly",
                    "weekly",
                    "daily",
                    "day",
                    "further",
                    "any",
                    "one-day",
                    "big",
                    "multi-day",
                    "price",
                    "total",
                    "on",
                    "in",
                    "by",
                    "with",
                    "after",
                    "during",
                    "amid",
                    "for",
                    "from",
                    "despite",
                    "sharp",
                    "steep",
                    "modest",
                    "small",
                    "strong",
                    "relief",
                    "market",
                    "stock",
                )
                or (before.mention is not None and before.mention.possessive)
                or (before.tag == "W" and before.text.endswith("'s"))
                or (before.tag == "S" and k >= 2 and items[k - 2].tag == "N")
            )
            item.tag = "D" if noun else "V"
            if noun:
                item.sign = lexicon.NOUNS[item.text.casefold()]
    return joined(items)


def negated(clean: str, start: int, end: int) -> bool:
    """Does a stretch of text deny what it says?"""
    return _NEGATION.search(clean, start, end) is not None
