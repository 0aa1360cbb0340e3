"""What all judges share: values on every reading, and the guard of a plain "holds"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from paceline.factcheck import verdicts as v
from paceline.factcheck.claims import Claim
from paceline.factcheck.readings import Line, Missing, Option, Quotes, Span
from paceline.factcheck.verdicts import Tried
from paceline.figures import Figure

#: Words of a text that speaks of total returns throughout.
TOTAL = re.compile(
    r"\btotal[- ]returns?\b|\b(?:including|includ\w+ reinvested|with|"
    r"reinvest\w+) (?:of )?dividends\b|dividends (?:included|reinvested)",
    re.IGNORECASE,
)
#: The same right behind a number: of that number only.
_WITH = re.compile(
    r"[\s,(]{0,2}(?:with|including|counting|after) (?:reinvested )?dividends|[\s,(]{0,2}(?:in |"
    r"on a )?total[- ]return",
    re.IGNORECASE,
)
_WITHOUT = re.compile(
    r"[\s,(]{0,2}(?:\w+ ){0,2}(?:\(?without|before|excluding) dividends|[\s,(]{0,2}(?:in |"
    r"on a )?price[- ](?:return|only|basis)",
    re.IGNORECASE,
)


@dataclass
class Answer:
    """What a judge found: the verdict's parts before they are put into words."""

    verdict: str
    value: float | None
    unit: str
    line: Line | None = None
    span: Span | None = None
    tried: tuple[Tried, ...] = ()
    figures: tuple[Figure, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    safe: str = ""
    dont: str = ""
    chosen: str = ""
    explained: bool = False  # a fund stands in, and dividends and tracking explain the gap


class Seen:
    """The readings that were tried, and the figures they rest on."""

    def __init__(self) -> None:
        self.tried: list[Tried] = []
        self.figures: list[Figure] = []

    def add(self, reading: str, value: float, unit: str, match: bool, *figures: Figure) -> None:
        """A reading in words, the value it gives, whether the claim holds on it, its figures."""
        self.figures += figures
        self.tried.append(Tried(reading, value, unit, match, tuple(f.id for f in figures)))

    def answer(
        self,
        verdict: str,
        value: float,
        unit: str,
        line: Line | None,
        span: Span | None,
        reason: str = "",
        notes: Iterable[str] = (),
        **more: Any,
    ) -> Answer:
        """The answer with all readings that were tried."""
        tried, figures, said = tuple(self.tried), tuple(self.figures), tuple(notes)
        return Answer(verdict, value, unit, line, span, tried, figures, reason, said, **more)


class Unclear(Exception):
    """The claim is not checkable as it stands: the reason."""


class Helper:
    """What all judges share: values on every reading, and the guard of a plain "holds"."""

    def __init__(self, quotes: Quotes, clean: str) -> None:
        self.q, self.clean = quotes, clean
        self.answers: dict[Any, Answer | Exception] = {}

    def total(self, claim: Claim) -> bool:
        """Is the return meant with dividends, by the words behind the number or the text?"""
        if claim.number is None:
            return False
        after = self.clean[claim.number.end : claim.number.end + 40]
        if _WITH.match(after):
            return True
        if _WITHOUT.match(after) or re.match(r"\s*\([^)]*dividends", after):
            return False
        before = self.clean[max(0, claim.start - 60) : claim.start]
        return TOTAL.search(before, max(0, before.rfind(". "))) is not None

    def _line(self, option: Option) -> Line:
        line = self.q.line(option.candidate, option.basis)
        assert line is not None
        return line

    def _window_notes(self, claim: Claim, line: Line | None) -> list[str]:
        notes = []
        w = claim.window
        if w is not None and w.inherited in ("earlier paragraph", "heading"):
            notes.append(
                "window taken from the "
                + ("heading or the story's day" if w.inherited == "heading" else "paragraph before")
            )
        if w is not None and w.assumed:
            notes.append(w.assumed)
        if line is not None and line.proxy:
            notes.append(
                f"{claim.subject.name} itself is not stored: the fund {line.label} stands for it, "
                f"total return"
            )
        elif (
            line is not None
            and line.kind == "fund"
            and claim.subject.kind in ("sector", "theme", "style", "size", "index")
        ):
            notes.append(f"the fund {line.label} stands for {claim.subject.name}, total return")
        return notes

    def _guarded(
        self, claim: Claim, verdict: str, chosen: Tried, line: Line | None, *, soft: bool = False
    ) -> tuple[str, str]:
        """A plain "holds" needs the subject itself and a window the text names near it."""
        w = claim.window
        if w is not None and w.inherited == "own day":
            if verdict in (v.HOLDS, v.ONLY):
                return v.ONLY, "the day the text was written; it names none"
            raise Unclear("the text names no window for it")
        if verdict == v.HOLDS:
            named = (
                len(claim.subject.candidates) == 1 and line is not None and not line.proxy
            )  # the text names the fund itself
            if (
                line is not None
                and line.kind == "fund"
                and claim.subject.kind == "index"
                and not named
            ):
                return v.ONLY, f"the fund {line.label} for {claim.subject.name}"
            if w is not None and w.inherited == "earlier paragraph" and soft:
                return v.ONLY, f"window {w.text.strip()!r}, from the paragraph before"
        return verdict, chosen.reading if verdict == v.ONLY else ""

    def _values(
        self, claim: Claim, value: Callable[[Line, Span], float]
    ) -> list[tuple[Option, Line, Span, float]]:
        out = []
        for o in self.q.options(claim.subject, claim.window, total=self.total(claim)):
            line = self._line(o)
            try:
                span = self.q.span(line, claim.window, o.back, o.base_back)
                found = value(line, span)
            except Missing:
                continue
            if np.isfinite(found):
                out.append((o, line, span, found))
        if not out:
            raise Missing(f"no value for {claim.subject.name} over this window")
        return out

    def _tried(
        self,
        claim: Claim,
        values: list[tuple[Option, Line, Span, float]],
        unit: str,
        match: Callable[[float], bool],
        measure: str,
    ) -> Seen:
        open_ = claim.window is None or (claim.window.open and claim.window.unit != "day")
        seen = Seen()
        for o, line, span, value in values:
            days = f"{line.days[span.i]} to {line.days[span.j]}"
            figure = self.q.figure(measure, line, value, unit, span.i, span.j)
            seen.add(f"{o.words(line.label, open_)}, {days}", value, unit, match(value), figure)
        return seen

    def _growth(self, claim: Claim) -> list[tuple[Option, Line, Span, float]]:
        """The return of each reading over the claim's window."""
        return self._values(claim, lambda line, s: float(line.level[s.j] / line.level[s.i] - 1))
