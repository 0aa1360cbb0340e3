"""One judge per kind of claim: which values it needs, and what they say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from paceline.factcheck import verdicts
from paceline.factcheck.claims import Claim
from paceline.factcheck.judges.base import TOTAL, Answer, Unclear
from paceline.factcheck.judges.shares import Shares
from paceline.factcheck.readings import Missing

__all__ = ["Answer", "Judge", "Unclear"]


class Judge(Shares):
    """Answers claims from the quotes of one text."""

    def answer(self, claim: Claim) -> Answer:
        """``Missing`` says that the data cannot answer, and why. The same claim is worked out once."""
        window = claim.window.key() if claim.window is not None else None
        number = (claim.number.low, claim.number.high, claim.number.step, claim.number.how) if claim.number else None
        inherited = claim.window.inherited if claim.window is not None else ""
        total = TOTAL.search(self.clean[max(0, claim.start - 60) : claim.end + 60]) is not None
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
        found = judge(claim)
        if found.verdict == verdicts.DIFFERS and claim.kind in ("return", "compare", "direction", "rank"):
            for window in claim.otherwise:  # the text names no window for it: another one it speaks of may be meant
                try:
                    other = judge(replace(claim, window=window, otherwise=()))
                except (Missing, Unclear):
                    continue
                if other.verdict in (verdicts.HOLDS, verdicts.CLOSE):
                    said = f"window {window.text.strip()!r}, which the text names elsewhere"
                    return replace(
                        other,
                        verdict=verdicts.ONLY,
                        reason=f"holds only on reading: {said}",
                        chosen=said,
                        tried=(*found.tried, *other.tried),
                        figures=(*found.figures, *other.figures),
                    )
        return found
