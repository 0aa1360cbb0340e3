"""One judge per kind of claim: which values it needs, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from paceline.factcheck import verdicts
from paceline.factcheck.claims import Claim
from paceline.factcheck.dates import Window, period
from paceline.factcheck.judges.base import Answer, Unclear
from paceline.factcheck.judges.shares import Shares
from paceline.factcheck.readings import Missing

__all__ = ["Answer", "Judge", "Unclear"]

#: Kinds that are true or false over a window only.
_NEEDED = ("return", "compare", "direction", "points")
#: Kinds that another window may make true.
_OPEN = ("return", "compare", "direction", "rank", "points", "level", "average", "record")


class Judge(Shares):
    """Answers claims from the quotes of one text."""

    def answer(self, claim: Claim) -> Answer:
        """``Missing`` says that the data cannot answer, and why. The same claim is worked out once."""
        window = claim.window.key() if claim.window is not None else None
        number = (claim.number.low, claim.number.high, claim.number.step, claim.number.how) if claim.number else None
        inherited = claim.window.inherited if claim.window is not None else ""
        total = self.total(claim)
        key = (
            claim.kind,
            claim.subject,
            claim.against,
            window,
            inherited,
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
            return Answer(verdicts.NOT_CHECKABLE, None, "return", reason="a denied number is not understood")
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
        """What fails on its window may be meant of another one that the text names, or, where it names none, of a usual one."""
        tried = list(found.tried)
        for window in claim.otherwise:
            other = self._over(claim, judge, window)
            if other is not None:
                said = f"window {window.text.strip()!r}, which the text names elsewhere"
                return replace(other, verdict=verdicts.ONLY, reason=f"holds only on reading: {said}", chosen=said,
                               tried=(*tried, *other.tried), figures=(*found.figures, *other.figures))  # fmt: skip
        if claim.window is not None and claim.window.inherited in ("", "sentence"):
            return found
        for unit in ("day", "week", "month", "quarter", "year"):
            other = self._over(claim, judge, self._usual(unit))
            if other is not None and other.line is not None and other.span is not None:
                days = other.line.days
                said = f"over the {unit} to {days[other.span.j]} it holds"
                ours = f"{found.line.days[found.span.i]} to {found.line.days[found.span.j]}" if found.line and found.span else "its paragraph's window"
                return replace(found, verdict=verdicts.UNCLEAR, tried=(*tried, *other.tried), figures=(*found.figures, *other.figures),
                               reason=f"the text names no window for it: {said}, over {ours} it does not ({found.reason})")  # fmt: skip
        return found

    def _other_units(self, claim: Claim, judge: Callable[[Claim], Answer], found: Answer) -> Answer:
        """ "its worst since 2008" names no period: it may hold of another one."""
        for unit in ("day", "week", "month", "quarter", "year"):
            params = {**claim.params, "unit": unit}
            other = self._over(replace(claim, params=params), judge, self._usual(unit))
            if other is not None:
                said = f"the {unit} to the text's date; the text names no period"
                return replace(other, verdict=verdicts.ONLY, reason=f"holds only on reading: {said}", chosen=said)
        return found

    def _unnamed(self, claim: Claim, judge: Callable[[Claim], Answer]) -> Answer:
        """A claim without any window: it may hold over a usual one, never plainly."""
        for unit in ("day", "week", "month", "quarter", "year"):
            other = self._over(claim, judge, self._usual(unit))
            if other is not None:
                said = f"the {unit} to the text's date; the text names no window"
                return replace(other, verdict=verdicts.ONLY, reason=f"holds only on reading: {said}", chosen=said)
        raise Unclear("the text names no window for it")

    def _over(self, claim: Claim, judge: Callable[[Claim], Answer], window: Window) -> Answer | None:
        try:
            other = judge(replace(claim, window=window, otherwise=()))
        except (Missing, Unclear):
            return None
        return other if other.verdict in (verdicts.HOLDS, verdicts.ONLY) else None

    def _usual(self, unit: str) -> Window:
        first = period(unit, self.q.today)[0]
        return Window("", 0, 0, "before", first, self.q.today, unit=unit)
