"""Numbers: whose move is it, and which way?"""

from __future__ import annotations

import re
from dataclasses import replace

from paceline.factcheck import lexicon
from paceline.factcheck.grammar.model import as_points
from paceline.factcheck.grammar.phrases import Phrases
from paceline.factcheck.items import negated
from paceline.factcheck.joining import Item
from paceline.factcheck.quantities import Number
from paceline.factcheck.subjects import Subject


class Moves(Phrases):
    """Numbers: whose move is it, and which way?"""

    def _returns(
        self,
        k: int,
        item: Item,
        subjects: tuple[Subject, ...],
        sign: int,
        start: int | None = None,
        end: int | None = None,
    ) -> bool:
        """Claims about returns of these subjects; several numbers go to several subjects in their order."""
        number = item.number
        assert number is not None
        begin = item.start if start is None else start
        stop = item.end if end is None else end
        item.used = True
        kind = "points" if number.unit == "index_points" else "return"
        if number.unit == "points":
            return False
        more = self._more_numbers(k)
        others_ = self.state.objects
        if len(more) + 1 == len(others_) > len(subjects) and re.match(
            r",?\s*respectively", self.text.clean[self.items[more[-1][0]].end : self.sentence.end]
        ):
            subjects = others_  # "A beat B and C, with returns of 3% and 2%, respectively"
        said = self.text.clean[(self.items[more[-1][0]].end if more else stop) : self.sentence.end]
        lead = self.text.clean[self.sentence.start : self._named_at(subjects)]
        others = re.search(r"\b[A-Z]\w+(?:, [A-Z]\w+)* (?:and|,)\s*$", lead) is not None
        if more and len(subjects) == 1 and others and re.match(r",?\s*respectively", said):
            for at, _ in [(k, number), *more]:
                self._skip(self.items[at], "whose each of these numbers is, is not known")
            return True
        if len(subjects) > 1 and len(more) + 1 == len(subjects):
            for subject, (at, n) in zip(subjects, [(k, number), *more], strict=True):
                self.items[at].used = True
                self._claim(kind, (subject,), begin, self.items[at].end, number=n.times(sign), sign=sign)
            return True
        denied = negated(self.text.clean, self._segment(begin, stop)[0], item.start)
        self._claim(kind, subjects, begin, stop, number=number.times(sign), sign=sign, denied=denied)
        return True

    def _named_at(self, subjects: tuple[Subject, ...]) -> int:
        """Where the sentence names them first."""
        return next((i.start for i in self.items if i.tag == "S" and i.subjects == subjects), self.sentence.start)

    def _unknown(self, item: Item, sign: int, end: int) -> bool:
        """A move of something this market does not know: named, so that it is not simply dropped."""
        name = self.state.unknown
        if not name or item.number is None or item.number.unit not in ("percent", "part"):
            return False
        if name.rstrip(".,") in ("Inc", "Corp", "Co", "Ltd", "Plc", "PLC", "LLC"):
            self._skip(item, "of a company this market does not know")
            return True
        known = " ".join(name.casefold().split()) in lexicon.FOREIGN.split("|")
        if (
            not known and not all(w[:1].isupper() or w in ("&", "of") for w in name.split())
        ) or name.casefold().startswith(("our ", "we ", "my ")):
            self._skip(item, f"{name!r} is no subject this market knows")
            return True
        return self._returns(len(self.items), item, (Subject(name, "unknown"),), sign, None, end)

    def _more_numbers(self, k: int) -> list[tuple[int, Number]]:
        found: list[tuple[int, Number]] = []
        for j in range(k + 1, len(self.items)):
            i = self.items[j]
            if i.tag == "N" and i.number is not None and i.number.unit in ("percent", "points", "index_points"):
                found.append((j, i.number))
            elif not (i.tag == "," or i.text.casefold() in ("and", "or")):
                break
        return found

    def _gap(self, k: int, item: Item) -> bool:
        """ "outperformed by 3 points", "3 points ahead of": the difference of two returns."""
        number, items, state = item.number, self.items, self.state
        assert number is not None
        if number.unit not in ("points", "percent", "index_points"):
            return False
        before = items[k - 1] if k else None
        j = self._next(k)
        ahead = items[j] if j < len(items) else None
        if number.unit in ("points", "index_points") and ahead is not None and ahead.tag == "C" and j <= k + 2:
            n2 = self._next(j)
            other = items[n2] if n2 < len(items) else None
            if other is not None and other.tag == "S" and state.subjects:
                self._compared(item.start, other.end, state.subjects, other.subjects, ahead.sign, as_points(number))
                ahead.used = item.used = True
                return True
        if state.compare is not None and state.compare.text.casefold().startswith("led") and ahead is not None and ahead.tag == "D":
            return False  # "led by a 2% rise in energy": energy's own rise
        linked = state.compare is not None and not any(i.tag in ("Z", "V") for i in items[state.compare_at + 1 : k])
        if linked and state.compare is not None:
            words = self.text.clean[state.compare.end : item.start].casefold()
            if (
                number.unit in ("points", "index_points")
                or re.search(r"\bby\b[^,;]*$", words)
                or (before is not None and before.text.casefold() == "by")
            ):
                subjects = state.subjects
                against = state.compare_against or self._default_against(subjects)
                more = self._more_numbers(k)
                if len(subjects) > 1 and len(more) + 1 == len(subjects) and against:  # "by 3% and 5%, respectively"
                    state.compare.used = item.used = True
                    self._drop_compare(state.compare)
                    for subject, (at, n) in zip(subjects, [(k, number), *more], strict=True):
                        self.items[at].used = True
                        self._compared(
                            item.start,
                            self.items[at].end,
                            (subject,),
                            against,
                            state.compare.sign,
                            as_points(replace(n, how=n.how or number.how)),
                        )
                    state.compare = None
                    return True
                if subjects and against:
                    state.compare.used = item.used = True
                    self._drop_compare(state.compare)
                    self._compared(
                        state.compare.start, item.end, subjects, against, state.compare.sign, as_points(number)
                    )
                    state.compare = None
                    return True
            elif (pair := self._pair(k, item)) is not None:
                against = state.compare_against or self._default_against(state.subjects)
                if state.subjects and against:
                    first, second, last = pair
                    item.used = True
                    self._claim(
                        "return",
                        state.subjects,
                        item.start,
                        items[last].end,
                        number=first,
                        sign=1 if first.value >= 0 else -1,
                    )
                    self._claim(
                        "return",
                        against,
                        item.start,
                        items[last].end,
                        number=second,
                        sign=1 if second.value >= 0 else -1,
                    )
                    return True
            elif re.search(r"\b(?:with|at|gaining|returning|rising)\b[^,;]*$", words) or (
                state.compare.text.casefold().startswith(("trail", "lag")) and re.search(r"(?:with|at)\s*$", words)
            ):
                return self._returns(k, item, state.subjects, 1) if state.subjects else False
        return False

    def _below(self, k: int, item: Item) -> bool:
        """ "25% below its February high", "12% off its record", "30% above its April low": the move since then."""
        items, state = self.items, self.state
        w = items[k + 1] if k + 1 < len(items) else None
        if (
            w is None
            or w.tag != "W"
            or w.window is None
            or item.number is None
            or item.number.unit not in ("percent", "part")
        ):
            return False
        said = w.text.casefold()
        sign = (
            -1
            if said.startswith(("below", "off", "under", "beneath", "shy", "short"))
            else 1
            if said.startswith("above")
            else 0
        )
        before = items[k - 1] if k else None
        if (
            not sign
            or not state.subjects
            or state.blocked
            or state.unknown
            or (before is not None and before.tag in ("V", "U"))
        ):
            return False
        return self._returns(k, item, state.subjects, sign, None, w.end)

    def _noun(self, k: int, item: Item) -> bool:
        """ "a 3.4% rise in the S&P 500", "S&P 500's 17% annual gain", "an 18% S&P 500 rally", "a loss of 2%"."""
        items, state, number = self.items, self.state, item.number
        assert number is not None
        j, inner = k + 1, None
        while (
            j < len(items)
            and j <= k + 6
            and (
                items[j].tag in ("f", "W")
                or (items[j].tag == "S" and inner is None and items[j].subjects)
                or (items[j].tag == "w" and items[j].text.endswith(("-day", "-week", "total")))
            )
        ):
            if items[j].text.casefold() in (
                "in",
                "for",
                "of",
                "on",
                "from",
                "by",
                "to",
                "and",
                "at",
                "as",
                "with",
                "against",
                "after",
                "before",
                "versus",
            ):
                break
            if items[j].tag == "S":
                inner = items[j]
            j += 1
        if j < len(items) and items[j].tag == "D":
            noun = items[j]
            level = next(
                (i for i in items[j + 1 : j + 8] if i.tag == "N" and i.number is not None and i.number.unit == "level"),
                None,
            )
            after = self._next(j, ("W",))
            subjects: tuple[Subject, ...] = inner.subjects if inner is not None else ()
            end = noun.end
            if (
                not subjects
                and after < len(items)
                and items[after].text.casefold() in ("in", "for", "by", "of", "from", "among")
            ):
                n = self._next(after)
                if n < len(items) and items[n].tag == "S" and n - after <= 3:
                    subjects, end = items[n].subjects, items[n].end
                elif n < len(items) and items[n].tag in ("B", "w") and items[after].text.casefold() in ("in", "of"):
                    self._skip(item, f"about {items[n].text}, not prices")
                    return True
            if not subjects and k and items[k - 1].tag in ("S", "W", "f"):
                owner = next((i for i in items[k - 1 :: -1][:4] if i.tag == "S"), None)
                if owner is not None and owner.mention is not None and owner.mention.possessive:
                    subjects = owner.subjects
            if not subjects:
                if state.blocked or state.unknown or not state.subjects:
                    return self._unknown(item, noun.sign, noun.end) if state.unknown else False
                if (
                    any(i.tag in ("w",) and i.text[:1].isupper() for i in items[state.at + 1 : k])
                    and state.verb is None
                ):
                    return False
                subjects = state.subjects
            if level is not None and level.number is not None and self._forecast(item.start, level.end) is not None:
                level.used = item.used = True
                self._claim(
                    "implied",
                    subjects,
                    item.start,
                    level.end,
                    number=number.times(noun.sign),
                    sign=noun.sign,
                    level=level.number.value,
                    level_step=level.number.step,
                )
                return True
            start = min(
                [
                    item.start,
                    *(i.start for i in items[max(0, k - 3) : k] if i.tag == "S" and i.subjects == subjects),
                ]
            )
            done = self._returns(k, item, subjects, noun.sign, start, end)
            state.last_sign = noun.sign
            return done
        j = k - 1
        while j > 0 and items[j].text.casefold() in (
            "only",
            "just",
            "a",
            "an",
            "some",
            "mere",
            "another",
            "fully",
            "nearly",
        ):
            j -= 1
        d = j - 1 - (j >= 2 and items[j - 1].tag == "W")
        if d >= 1 and items[d].tag == "L" and items[d - 1].tag == "D":  # its gain came to 2%
            d -= 1
        if (
            j >= 1
            and items[j].text.casefold()
            in (
                "of",
                "to",
                "at",
                "was",
                "were",
                "is",
                "totaled",
                "totalled",
                "reached",
                "hit",
                "topped",
                "exceeded",
                "averaged",
                "stood",
            )
            and items[d].tag == "D"
        ):  # a loss of 2%
            noun = items[d]
            subjects = state.subjects
            before = next(
                (
                    i
                    for i in items[max(0, d - 3) : d][::-1]
                    if i.tag == "S"
                    and (i is items[d - 1] or (i.mention is not None and i.mention.possessive) or i.anaphor)
                ),
                None,
            )
            if before is not None:
                subjects = before.subjects
            nxt = self._next(k)
            if nxt < len(items) and items[nxt].tag == "S" and items[k + 1].text.casefold() in ("for", "in"):
                subjects = items[nxt].subjects
            if not subjects or state.blocked:
                return False
            return self._returns(k, item, subjects, noun.sign, min(noun.start, item.start))
        if k >= 2:  # a gain in the S&P 500 of 2%
            back = items[k - 1]
            if back.text.casefold() == "of" and items[k - 2].tag == "S":
                noun2 = next((i for i in items[k - 2 :: -1][:5] if i.tag == "D"), None)
                if noun2 is not None:
                    return self._returns(k, item, items[k - 2].subjects, noun2.sign, noun2.start)
        return False

    def _for(self, k: int, item: Item) -> bool:
        """ "39% for the S&P 500", "5.8% for the IWF": the verb before it holds for this subject too."""
        items, state = self.items, self.state
        j = k + 1
        if j >= len(items) or items[j].text.casefold() not in ("for", "in", "by", "of"):
            return False
        n = self._next(j)
        if n >= len(items) or items[n].tag != "S" or n - j > 3:
            return False
        word = items[j].text.casefold()
        if word == "of":  # "the 13.5% of its value counterpart"
            if k and items[k - 1].text.casefold() == "the" and items[n].subjects != state.subjects:
                return self._returns(k, item, items[n].subjects, state.last_sign or 1, item.start, items[n].end)
            return False
        direct = (
            state.verb is not None
            and state.verb_at >= 0
            and all(i.tag in ("f", "U", "(", ",", "W") for i in items[state.verb_at + 1 : k])
            and state.subjects
        )
        if (word != "for" and not (k and items[k - 1].tag == "U")) or (
            direct and word == "for" and items[n].subjects == state.subjects
        ):
            return False
        if (
            direct
            and state.verb is not None
            and items[k - 1].text.casefold() not in ("against", "versus", "than", "with", "to")
        ):
            return False
        sign = (
            items[k - 1].sign
            if k and items[k - 1].tag == "U"
            else state.last_sign or (state.verb.sign if state.verb else 0)
        )
        if not sign and item.number is not None and not item.number.signed:
            if state.compare is None and not any(c.kind == "return" for c in self.claims):
                return False
            sign = 1
        return self._returns(k, item, items[n].subjects, sign or 1, item.start, items[n].end)
