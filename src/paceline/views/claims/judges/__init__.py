"""One judge per kind of claim: which values it needs, and what they say."""

from __future__ import annotations

from collections.abc import Callable

from paceline.views.claims import verdicts
from paceline.views.claims.grammar import Claim
from paceline.views.claims.judges.base import Answer, Unclear
from paceline.views.claims.judges.shares import Shares

__all__ = ["Answer", "Judge", "Unclear"]


class Judge(Shares):
    """Answers claims from the quotes of one text."""

    def answer(self, claim: Claim) -> Answer:
        """``Missing`` says that the data cannot answer, and why."""
        if claim.denied and claim.number is not None:
            return Answer(verdicts.NOT_CHECKABLE, None, "return", reason="a denied number is not understood")
        judge: Callable[[Claim], Answer] = getattr(self, f"_{claim.kind}")
        return judge(claim)
