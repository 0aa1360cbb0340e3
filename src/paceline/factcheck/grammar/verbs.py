"""Numbers that belong to a verb or a name beside them, and moves without a number."""

from __future__ import annotations

import re

from paceline.factcheck import lexicon
from paceline.factcheck.grammar.levels import Levels
from paceline.factcheck.grammar.others import OF_MEMBERS, other
from paceline.factcheck.items import negated
from paceline.factcheck.joining import Item
from paceline.factcheck.quantities import Number
from paceline.factcheck.subjects import Subject

_IT = re.compile(r"\W*(?:it|they|both)?\b", re.IGNORECASE)


class Verbs(Levels):
    """Numbers that belong to a verb or a name beside them, and moves without a number."""

    def _number(self, k: int, item: Item) -> None:
        number, items, state = item.number, self.items, self.state
        assert number is not None
        if item.used:
            return
        if number.unit == "level":
            return self._level(k, item)
        before, rest = self.text.clean[self.sentence.start : item.start], self.text.clean[item.end : self.sentence.end]
        if reason := other(before, rest, number):
            return self._skip(item, reason)
        if OF_MEMBERS.match(rest) and not self._breadth(k, item):
            return self._skip(item, "a share of members, not a change of price")
        if item.used or self._also(k, item):
            return None
        after = items[k + 1] if k + 1 < len(items) else None
        after2 = items[k + 2] if k + 2 < len(items) else None
        if self._breadth(k, item) or self._share(k, item):
            return None
        if after is not None and (
            after.tag == "B"
            or (
                after.tag in ("w", "f")
                and after2 is not None
                and after2.tag == "B"
                and after.text.casefold()
                not in (
                    "on",
                    "as",
                    "after",
                    "amid",
                    "since",
                    "before",
                    "plus",
                    "including",
                    "excluding",
                    "without",
                    "net",
                    "than",
                    "despite",
                    "and",
                    "in",
                    "for",
                    "from",
                    "with",
                    "at",
                    "to",
                )
            )
        ):
            return self._skip(item, f"about {(after if after.tag == 'B' else after2).text}, not prices")  # type: ignore[union-attr]
        if (
            after is not None
            and after.text.casefold() == "of"
            and number.unit != "part"
            and not (after2 is not None and after2.text.casefold() in ("its", "their"))
        ):
            return self._skip(item, "a share of something, not a change of price")
        if (
            self._below(k, item)
            or self._gap(k, item)
            or self._noun(k, item)
            or self._for(k, item)
            or self._adjacent(k, item)
            or self._by_verb(k, item)
        ):
            return None
        reason = (
            f"about {state.blocked}, not prices"
            if state.blocked
            else "no verb of movement with a known subject belongs to it"
        )
        return self._skip(item, reason)

    def _also(self, k: int, item: Item) -> bool:
        """ "a gain of 6.94 points or 0.24%": the same move in another unit."""
        before = self.items[k - 2] if k >= 2 else None
        if (
            before is None
            or before.number is None
            or before.number.unit != "index_points"
            or item.number is None
            or item.number.unit != "percent"
            or self.items[k - 1].text.casefold() not in ("or", "(", ",")
            or not self.claims
            or self.claims[-1].kind != "points"
            or self.claims[-1].end < before.start
        ):
            return False
        last = self.claims[-1]
        return self._returns(k, item, (last.subject,), last.sign)

    def _adjacent(self, k: int, item: Item) -> bool:
        """ "Energy (+3%)", "Nasdaq 100: -1.2%", "financials 2.1%", "energy, up 3%", "1.1% lower"."""
        items, state, number = self.items, self.state, item.number
        assert number is not None
        up = items[k - 1] if k and items[k - 1].tag == "U" else None
        if up is None and k >= 2 and items[k - 1].text.casefold() == "by" and items[k - 2].tag == "U":
            up, k = items[k - 2], k - 1
        if up is not None and up.text.casefold() == "off" and k >= 2 and items[k - 2].tag in ("w",):
            return False
        j = k - 1 - (up is not None)
        while j >= 0 and (
            items[j].tag in (":", "(")
            or (
                items[j].tag == "f"
                and items[j].text.casefold()
                in (
                    "was",
                    "is",
                    "were",
                    "are",
                    "by",
                    "a",
                    "some",
                    "at",
                    "another",
                    "'s",
                    "itself",
                    "only",
                    "just",
                    "still",
                    "now",
                    "again",
                )
            )
            or (
                items[j].tag == "L"
                and items[j].text.casefold()
                in ("was", "is", "were", "are", "be", "been", "being", "has", "have", "had")
            )
            or (items[j].tag == "w" and j and items[j - 1].text.casefold() == "a" and up is None)
            or (items[j].tag == "," and up is not None)
            or (items[j].tag == "W" and items[j].text.casefold().startswith(("ytd", "mtd", "qtd")))
        ):
            j -= 1
        if items[k - 1].text.casefold() == "by" and any(i.tag == "C" for i in items[: max(k - 1, 0)]) and up is None:
            return False  # "A beat B by 2%"
        later = items[k + 1] if k + 1 < len(items) else None
        behind = (
            later
            if later is not None and later.tag == "U" and later.text.casefold() in ("higher", "lower", "up", "down")
            else None
        )
        if behind is not None and later is not None and later.text.casefold() in ("up", "down") and up is not None:
            behind = None
        if j >= 0 and items[j].tag == "S":
            here = items[j]
            if up is None and self._role(j) == "object" and any(i.tag in ("B", "w") for i in items[max(0, j - 5) : j]) and (
                any(i.tag == "L" for i in items[j + 1 : k])
            ):
                return False  # "earnings growth for the S&P 500 is 2%"
            if up is None and behind is None and not number.signed:
                if state.blocked and j < k - 1:
                    return False
                if items[k - 1].tag == "(" and (k + 1 >= len(items) or items[k + 1].tag == ")"):
                    return False  # "(22%)": a weight as well as a move
                colon = any(i.tag in (":", "(") for i in items[j + 1 : k])
                sign = state.last_sign if not colon else (state.last_sign or 1)
                if not sign:
                    if not (len(items) <= 12 or colon):
                        return False
                    sign = 1
                if j and items[j - 1].text.casefold() in ("in", "of") and not colon and not state.last_sign:
                    return False
            else:
                sign = (up or behind or item).sign or 1
                if number.signed:
                    sign = 1 if number.value >= 0 else -1
            state.last_sign = sign
            if self._role(j) == "subject":
                state.subjects, state.at = here.subjects, j
            return self._returns(k, item, here.subjects, sign, here.start, behind.end if behind else None)
        direction = up or behind
        if direction is not None and state.subjects and not state.blocked and not state.unknown:
            subjects = state.subjects
            back = [i for i in items[:k] if i.tag == "S"]
            if state.object_at > state.at and up is not None and j == state.object_at and back:
                subjects = state.objects
            state.last_sign = direction.sign
            return self._returns(k, item, subjects, direction.sign, None, direction.end if behind else None)
        if direction is not None and state.unknown:
            return self._unknown(item, direction.sign, item.end)
        if (
            number.signed
            and state.subjects
            and j >= 0
            and not state.blocked
            and all(
                i.tag in (",", "f", ")", "W", ":", "N", "L", "(", "V") or i.text.endswith("ed")
                for i in items[state.at + 1 : k]
            )
        ):
            return self._returns(k, item, state.subjects, 1 if number.value >= 0 else -1)
        return False

    def _by_verb(self, k: int, item: Item) -> bool:
        """ "rose 3%", "lost almost a third of its value", "slid 12 points, or 1.1%,"."""
        items, state, number = self.items, self.state, item.number
        assert number is not None
        if state.verb is None or not state.verb.sign:
            return False
        between = items[state.verb_at + 1 : k]
        later = False
        chained = next((n for n in range(len(between) - 1, -1, -1) if between[n].tag == "N"), -1)
        if (
            chained >= 0
            and between[chained].used
            and "skip" not in between[chained].match
            and between[-1].text.casefold() in ("and", "but", ",")
        ):
            later = True
            between = between[chained + 1 :]  # "19% before dividends for the year and 6% in the quarter"
            plain = all(i.tag in ("f", "W", ",", "B") for i in between)
        else:
            if len(between) > 1 and between[-1].tag == "w" and between[-2].text.casefold() in ("a", "an"):
                between = between[:-1]  # "gained an astonishing 32%"
            plain = all(i.tag in ("f", "U", "W", ",", "(", "N", "streak", ":", "L") for i in between)
        if not plain:
            return False
        other = [i for i in between if i.tag == "N"]
        if other and not re.search(
            r"\b(?:or|and|a|for a|,)\s*[(]?$|\($",
            self.text.clean[other[-1].end : item.start].casefold().strip() or ",",
        ):
            return False
        if any(
            i.text.casefold() in ("from", "on", "to", "as", "of", "than", "above", "below", "with") for i in between
        ):
            return False
        if number.unit == "part" and not re.match(
            r"\s*(?:of|in|,|\.|since|this|on|$)", self.text.clean[item.end : self.sentence.end]
        ):
            return False
        subjects = state.subjects
        if state.unknown:
            return self._unknown(item, state.verb.sign, item.end)
        if not subjects:
            if state.blocked:
                return False
            if (
                state.at < 0
                and self.before
                and _IT.match(self.text.clean, self.sentence.start)
                and (state.verb_at <= 1)
            ):
                subjects = self.before
            else:
                return False
        if later or any(i.tag == "N" for i in between):
            return self._returns(k, item, subjects, state.verb.sign)
        start = state.verb.start
        s = items[state.at] if 0 <= state.at < len(items) else None
        if (
            s is not None
            and s.tag == "S"
            and s.start < start
            and not any(i.tag == "N" for i in items[state.at : state.verb_at])
        ):
            start = s.start
        return self._returns(k, item, subjects, state.verb.sign, start)

    def _multiple(self, k: int, item: Item) -> None:
        """ "has more than doubled", "nearly halved": a number in one word."""
        state = self.state
        n = k + 1
        while n < len(self.items) and self.items[n].text.casefold() in ("the", "its", "their", "that", "a"):
            n += 1  # "more than double the 13%"
        after = self.items[n] if n < len(self.items) else None
        rest = self.text.clean[item.end : self.sentence.end]
        if (
            not state.subjects
            or state.blocked
            or state.unknown
            or (after is not None and after.tag in ("N", "w", "B", "S", "D"))
            or re.match(r"\s+(?:the|that|those|its|their)\s+(?!value|price|size|level|worth|money|investment)", rest)
        ):
            return
        value = lexicon.MULTIPLES[item.text.casefold()]
        said = self.text.clean[max(self.sentence.start, item.start - 22) : item.start].casefold()
        how = next(
            (
                h
                for h, p in (
                    ("over", r"more than\s*$"),
                    ("nearly", r"(?:nearly|almost|all but|close to)\s*$"),
                    ("about", r"(?:about|roughly)\s*$"),
                )
                if re.search(p, said)
            ),
            "",
        )
        item.used = True
        s = self.items[state.at] if 0 <= state.at < k and self.items[state.at].tag == "S" else item
        self._claim(
            "return",
            state.subjects,
            s.start,
            item.end,
            sign=1 if value > 0 else -1,
            number=Number(value, value, 0.1 if value > 0 else 0.04, "times", item.start, item.end, how),
        )

    def _directions(self) -> None:
        """Moves without a number: "utilities rose on Thursday"; only finite verbs of a named subject."""
        items = self.items
        subjects: tuple[Subject, ...] = ()
        unknown = False
        for k, i in enumerate(items):
            if i.tag == "S":
                role = self._role(k)
                if role == "subject":
                    subjects, unknown = i.subjects, False
            elif i.tag in ("Z",):
                unknown = False
            elif i.tag in ("w", "B") and not i.text.endswith(("ed", "ing")):
                unknown = True
            elif i.tag in ("V", "U") and subjects and not unknown and not i.used:
                word = i.text.casefold()
                if i.tag == "V" and (word.endswith("ing") or word in lexicon.NEEDS_NUMBER):
                    continue
                if i.tag == "U" and not (
                    k
                    and items[k - 1].tag == "L"
                    and items[k - 1].text.casefold() in ("ended", "closed", "finished", "settled")
                    and word in ("up", "down", "higher", "lower")
                ):
                    continue
                a, b = self._segment(i.start, i.end)
                near = items[k + 1 : k + 8]
                if near and near[0].text[:1].isdigit():
                    continue
                stop = next((n for n, x in enumerate(near) if x.tag in ("Z", "V")), len(near))
                if any(x.tag in ("N", "B", "mean", "streak", "extreme", "record") for x in near[:stop]):
                    continue
                if any(c.start <= i.start < c.end or (c.subject in subjects and a <= c.start < b) for c in self.claims):
                    continue
                if not any(
                    x.tag == "W" and x.window is not None and not x.used and not x.window.unclear and a <= x.start < b
                    for x in items
                ):
                    continue
                sign = i.sign
                if not sign or re.search(r"\b(?:to|from|of)\s*$", self.text.clean[a : i.start]):
                    continue
                s = next((x for x in items[:k][::-1] if x.tag == "S"), i)
                self._claim(
                    "direction",
                    tuple(x for x in subjects if x.kind != "unknown"),
                    min(s.start, i.start),
                    i.end,
                    sign=sign,
                    denied=negated(self.text.clean, a, i.start),
                )
