"""Items that belong together: a name and its ticker, a subject and its yardstick, a list of names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from paceline.factcheck.dates import Window
from paceline.factcheck.quantities import Number
from paceline.factcheck.subjects import Mention, Subject


@dataclass
class Item:
    """One piece of a sentence.

    tag  S names, N number, W window, V verb, D noun of movement, U up/down, C comparing verb, L light verb,
         B a quantity that is no price, P pronoun, Z clause boundary, "," "(" ")" ":", f filler, w any other word,
         or the name of a phrase (mean, streak, extreme, rank, record, stalled, reversal, drove, short)
    """

    tag: str
    start: int
    end: int
    text: str
    subjects: tuple[Subject, ...] = ()
    number: Number | None = None
    window: Window | None = None
    sign: int = 0
    match: dict[str, str] = field(default_factory=dict)
    mention: Mention | None = None
    anaphor: str = ""
    used: bool = False


def joined(items: list[Item]) -> list[Item]:
    """Tickers in brackets, subjects with their yardsticks, and lists, each as one item."""
    return _lists(_measured(_brackets(items)))


def _narrow(item: Item, other: Subject) -> bool:
    """``item`` is said to be measured by ``other``: keep only that candidate. False if they have nothing in common."""
    tickers = [c.instrument for c in other.candidates if c.instrument]
    if len(item.subjects) == 1 and tickers:
        have = {c.instrument for c in item.subjects[0].candidates}
        if tickers[0] in have:
            item.subjects = (item.subjects[0].only(tickers[0]),)
            return True
    return False


def _brackets(items: list[Item]) -> list[Item]:
    """ "Financials (XLF)": one subject, measured by the fund; "Airlines ETF JETS" likewise."""
    out: list[Item] = []
    k = 0
    while k < len(items):
        item = items[k]
        if item.tag == "(" and k + 2 < len(items) and items[k + 1].mention is not None and items[k + 1].mention.ticker:  # type: ignore[union-attr]
            close = next((j for j in range(k + 2, min(k + 7, len(items))) if items[j].tag == ")"), None)
            if close is not None and all(i.tag in ("w", "f", ",", ":") for i in items[k + 2 : close]):
                back = next((o for o in out[:-6:-1] if o.tag == "S" or o.tag in ("V", "N", ",", "Z", "C")), None)
                if back is not None and back.tag == "S" and back.subjects:
                    if not _narrow(back, items[k + 1].subjects[0]) and back.subjects[0].kind != "stock":
                        back.subjects = items[k + 1].subjects
                    back.end = items[close].end
                    while out and out[-1] is not back:
                        out.pop()
                    k = close + 1
                    continue
                if not (out and out[-1].tag in ("S", "N")):
                    replaced = items[k + 1]
                    while out and out[-1].tag in ("w", "B") and not out[-1].text.endswith(("ed", "ing")):
                        replaced.start = out.pop().start  # an unknown name in front of its ticker
                    out.append(replaced)
                    k = close + 1
                    continue
        if (
            item.tag == "S"
            and out
            and out[-1].tag == "S"
            and item.subjects
            and out[-1].subjects
            and not (out[-1].mention and out[-1].mention.possessive)
        ):
            first, second = out[-1].subjects[0], item.subjects[0]
            if item.mention is not None and item.mention.ticker:
                if not _narrow(out[-1], second):
                    out[-1].subjects = item.subjects
                out[-1].end = item.end
                k += 1
                continue
            if second.kind in ("sector", "theme", "style") and first.kind in ("index", "market", "size"):
                item.start = out[-1].start
                out[-1] = item
                k += 1
                continue
        out.append(item)
        k += 1
    return out


def _measured(items: list[Item]) -> list[Item]:
    """ "technology stocks, measured by the XLK": drop the yardstick, keep it as the only candidate."""
    out: list[Item] = []
    k = 0
    while k < len(items):
        item = items[k]
        if (
            item.text.casefold()
            in ("through", "via", "measured", "tracked", "represented", "gauged", "using", "by", "as", "proxied")
            and out
        ):
            j = k
            while (
                j < len(items)
                and j - k < 5
                and (
                    items[j].text.casefold()
                    in (
                        "as",
                        "by",
                        "measured",
                        "tracked",
                        "represented",
                        "gauged",
                        "the",
                        "through",
                        "via",
                        "using",
                        "its",
                        "proxied",
                        "'s",
                    )
                )
            ):
                j += 1
            back = next((o for o in out[:-3:-1] if o.tag != ","), None)
            said = " ".join(i.text.casefold() for i in items[k:j])
            if (
                j < len(items)
                and items[j].tag == "S"
                and items[j].subjects
                and back is not None
                and back.tag == "S"
                and re.search(r"measured|tracked|represented|gauged|through|via|using|proxied", said)
                and _narrow(back, items[j].subjects[0])
            ):
                k = j + 1
                while k < len(items) and items[k].text.casefold() in (
                    "fund",
                    "etf",
                    "index",
                    "spdr",
                    "'s",
                    "etf's",
                ):
                    k += 1
                if k < len(items) and items[k].tag == "," and out[-1].tag == ",":
                    k += 1
                    out.pop()
                continue
        out.append(item)
        k += 1
    return out


def _lists(items: list[Item]) -> list[Item]:
    """ "Energy, banks and REITs": one item with three subjects."""
    out: list[Item] = []
    k = 0
    while k < len(items):
        item = items[k]
        if item.tag == "S" and item.subjects:
            members, j, joined, commas = [item], k + 1, False, 0
            while j < len(items):
                seps = []
                n = j
                while n < len(items) and (
                    items[n].tag == ","
                    or items[n].text.casefold()
                    in ("and", "or", "&", "the", "both", "as", "well", "plus", "its", "'s", "/", "even")
                ):
                    seps.append(items[n].text.casefold())
                    n += 1
                if (
                    n >= len(items)
                    or items[n].tag != "S"
                    or not items[n].subjects
                    or not seps
                    or (set(seps) & {"'s"})
                    or not set(seps) & {",", "and", "or", "&", "plus", "/"}
                ):
                    break
                if members[-1].mention is not None and members[-1].mention.possessive:
                    break
                last = bool(set(seps) & {"and", "or", "&", "plus"})
                if last and "," in seps and len(members) == 1:
                    break
                members.append(items[n])
                commas += "," in seps and not last
                joined = joined or last
                j = n + 1
                if last:
                    break
            if len(members) > 1 and joined:
                item = replace(
                    item,
                    end=members[-1].end,
                    text=item.text + " ...",
                    subjects=tuple(s for m in members for s in m.subjects),
                )
                item.mention = members[-1].mention
                out.append(item)
                k = j
                continue
        out.append(item)
        k += 1
    return out
