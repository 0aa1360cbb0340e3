"""One judge per kind of claim: which values it needs, and what they say."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace

from paceline.factcheck import dates, verdicts
from paceline.factcheck.claims import Claim
from paceline.factcheck.dates import Window, period
from paceline.factcheck.judges.base import Answer, Unclear
from paceline.factcheck.judges.shares import Shares
from paceline.factcheck.readings import Missing, Quotes

__all__ = ["Answer", "Judge", "Unclear"]

#: Kinds that are true or false over a window only.
_NEEDED = ("return", "compare", "direction", "points")
#: Kinds that another window may make true.
_OPEN = ("return", "compare", "direction", "rank", "points", "level", "average", "record")
#: Windows that commentary means without naming them.
_USUAL = ("day", "week", "month", "quarter", "year")
#: Windows before and behind a claim that it may be meant of; characters looked at either way.
NEAR, LONG = 4, 400
#: Verdicts of a claim that holds.
_HELD = (verdicts.HOLDS, verdicts.ONLY)
_ENDS = re.compile(r"[.!?][\"\u201d')]*\s+(?=[\"\u201c'(]*[A-Z0-9$])|\n\s*\n|\n\s*[-*\u2022]")
_TIME = re.compile(
    rf"\b(?:{dates.MONTHS}|{dates.DAYS}|since|then|there|that (?:day|week|month|quarter|year)|"
    rf"(?:day|week|month|quarter|year)s?|19\d\d|20\d\d)\b",
    re.IGNORECASE,
)


class Judge(Shares):
    """Answers claims from the quotes of one text, which speaks of the windows ``spoken``."""

    def __init__(self, quotes: Quotes, clean: str, spoken: Sequence[Window] = ()) -> None:
        super().__init__(quotes, clean)
        self.spoken = sorted(spoken, key=lambda w: w.start)
        self._places = [w.start for w in self.spoken]

    def answer(self, claim: Claim) -> Answer:
        """The answer, worked out once; ``Missing`` says why the data cannot give one."""
        window = claim.window.key() if claim.window is not None else None
        number = (
            (claim.number.low, claim.number.high, claim.number.step, claim.number.how)
            if claim.number
            else None
        )
        inherited = claim.window.inherited if claim.window is not None else ""
        beside = (
            (*(w.key() for w in (*claim.otherwise, *self._near(claim))), self._unread_time(claim))
            if inherited
            else ()
        )
        total = self.total(claim)
        key = (
            claim.kind,
            claim.subject,
            claim.against,
            window,
            inherited,
            beside,
            number,
            claim.sign,
            claim.denied,
            total,
            str(claim.params),
        )
        if key not in self.answers:
            try:
                self.answers[key] = self._answer(claim)
            except (Missing, Unclear) as why:
                self.answers[key] = why
        found = self.answers[key]
        if isinstance(found, Exception):
            raise found
        return found

    def _answer(self, claim: Claim) -> Answer:
        if claim.denied and claim.number is not None:
            return Answer(
                verdicts.NOT_CHECKABLE, None, "return", reason="a denied number is not understood"
            )
        judge: Callable[[Claim], Answer] = getattr(self, f"_{claim.kind}")
        if claim.window is None and claim.kind in _NEEDED:
            return self._unnamed(claim, judge)
        try:
            found = judge(claim)
        except Unclear:
            if claim.window is None or claim.window.inherited != "own day":
                raise
            return self._unnamed(claim, judge)
        if found.verdict == verdicts.DIFFERS and claim.params.get("guessed"):
            return self._other_units(claim, judge, found)
        if found.verdict == verdicts.DIFFERS and claim.kind in _OPEN:
            return self._elsewhere(claim, judge, found)
        return found

    def _elsewhere(self, claim: Claim, judge: Callable[[Claim], Answer], found: Answer) -> Answer:
        """What fails on its window may be meant of another one.

        One that the text names, or, where the claim names none, a usual one.
        """
        for window in claim.otherwise:
            other = self._over(claim, judge, window)
            if other is not None and other.verdict in _HELD:
                said = f"window {window.text.strip()!r}, which the text names elsewhere"
                return replace(
                    other,
                    verdict=verdicts.ONLY,
                    reason=f"holds only on reading: {said}",
                    chosen=said,
                    tried=(*found.tried, *other.tried),
                    figures=(*found.figures, *other.figures),
                )
        if claim.window is None or not claim.window.inherited:
            return found
        usual = [(self._usual(unit), f"the {unit}") for unit in _USUAL]
        for window, called in (*usual, *((w, f"{w.text.strip()!r}") for w in self._near(claim))):
            other = self._over(claim, judge, window)
            if other is not None and other.line is not None and other.span is not None:
                said = f"over {called} to {other.line.days[other.span.j]} it holds"
                return self._left_open(
                    found, f"{said}, over {self._days(found)} it does not ({found.reason})", other
                )
        if (said := self._unread_time(claim)) and claim.kind in _NEEDED:
            return self._left_open(
                found,
                f"its sentence speaks of {said!r}, which is not understood; over "
                f"{self._days(found)} it does not hold",
            )
        return found

    def _left_open(self, found: Answer, why: str, other: Answer | None = None) -> Answer:
        more = (other.tried, other.figures) if other is not None else ((), ())
        return replace(
            found,
            verdict=verdicts.UNCLEAR,
            reason=f"the text names no window for it: {why}",
            tried=(*found.tried, *more[0]),
            figures=(*found.figures, *more[1]),
        )

    def _days(self, found: Answer) -> str:
        return (
            f"{found.line.days[found.span.i]} to {found.line.days[found.span.j]}"
            if found.line and found.span
            else "its paragraph's window"
        )

    def _near(self, claim: Claim) -> list[Window]:
        """The windows that the text names nearest to a claim, each once."""
        at = bisect_left(self._places, claim.start)
        return list({w.key(): w for w in self.spoken[max(0, at - NEAR) : at + NEAR]}.values())

    def _unread_time(self, claim: Claim) -> str:
        """A word of time in the sentence of a claim whose window comes from elsewhere, or ""."""
        first = max(0, claim.start - LONG)
        start = max(
            (m.end() for m in _ENDS.finditer(self.clean, first, claim.start)), default=first
        )
        ends = _ENDS.search(self.clean, claim.end, claim.end + LONG)
        end = ends.start() if ends is not None else min(len(self.clean), claim.end + LONG)
        inside = self.spoken[bisect_left(self._places, start) : bisect_left(self._places, end)]
        known = [
            (w.start, w.stop) for w in (*inside, *claim.otherwise, claim.window) if w is not None
        ]
        known += [
            (n.start, n.end) for n in self.q.names.find(self.clean, start, end)
        ]  # "Russell 2000" is no year
        found = _TIME.finditer(self.clean, start, end)
        return next((m.group() for m in found if not any(a <= m.start() < b for a, b in known)), "")

    def _other_units(self, claim: Claim, judge: Callable[[Claim], Answer], found: Answer) -> Answer:
        """Where no period is named ("its worst since 2008"), it may hold of another one."""
        for unit in _USUAL:
            params = {**claim.params, "unit": unit}
            other = self._over(replace(claim, params=params), judge, self._usual(unit))
            if other is not None and other.verdict in _HELD:
                said = f"the {unit} to the text's date; the text names no period"
                return replace(
                    other,
                    verdict=verdicts.ONLY,
                    reason=f"holds only on reading: {said}",
                    chosen=said,
                )
        return found

    def _unnamed(self, claim: Claim, judge: Callable[[Claim], Answer]) -> Answer:
        """A claim without any window: it may hold over a usual one, never plainly."""
        for unit in _USUAL:
            other = self._over(claim, judge, self._usual(unit))
            if other is not None and other.verdict in _HELD:
                said = f"the {unit} to the text's date; the text names no window"
                return replace(
                    other,
                    verdict=verdicts.ONLY,
                    reason=f"holds only on reading: {said}",
                    chosen=said,
                )
        raise Unclear("the text names no window for it")

    def _over(
        self, claim: Claim, judge: Callable[[Claim], Answer], window: Window
    ) -> Answer | None:
        try:
            other = judge(replace(claim, window=window, otherwise=()))
        except (Missing, Unclear):
            return None
        near = claim.number is not None and claim.number.step < 0.01
        return (
            other
            if other.verdict in _HELD
            or (near and other.verdict == verdicts.CLOSE)
            or other.explained
            else None
        )

    def _usual(self, unit: str) -> Window:
        first = period(unit, self.q.today)[0]
        return Window("", 0, 0, "before", first, self.q.today, unit=unit)
