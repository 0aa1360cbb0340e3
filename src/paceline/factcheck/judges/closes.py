"""Ranks, and what is true at a close."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from paceline.factcheck import verdicts as v
from paceline.factcheck.claims import Claim
from paceline.factcheck.judges.base import Answer, Unclear
from paceline.factcheck.judges.runs import Runs
from paceline.factcheck.readings import Line, Missing, Span
from paceline.factcheck.subjects import Candidate, Subject
from paceline.factcheck.verdicts import Tried


class Closes(Runs):
    """Ranks, and what is true at a close."""

    def _rank(self, claim: Claim) -> Answer:
        if claim.window is None:
            raise Unclear("the text names no window for it")
        words = str(claim.params.get("words") or "")
        members, what = self._rivals(claim, words)
        open_ = ["price", "total"]
        rows = []
        for basis in open_:
            got: list[tuple[Subject, Line, Span, float]] = []
            for s in members:
                line = next(
                    (ln for c in s.candidates[:1] if (ln := self.q.line(c, basis)) is not None),
                    None,
                )
                if line is None:
                    continue
                try:
                    sp = self.q.span(line, claim.window)
                except Missing:
                    continue
                got.append((s, line, sp, float(line.level[sp.j] / line.level[sp.i] - 1)))
            if len(got) >= 3 and any(g[0].name == claim.subject.name for g in got):
                rows.append((basis, got))
        if not rows:
            raise Missing(f"fewer than three of the {what} have data over this window")
        place, of = int(str(claim.params["place"])), int(str(claim.params["of"]))
        top = max(place, of, 3 if claim.params.get("among") else 1)
        tried, figures, judged = [], [], []
        for basis, got in rows:
            order = sorted(got, key=lambda g: -g[3] * claim.sign)
            at = next(n for n, g in enumerate(order) if g[0].name == claim.subject.name)
            ours = order[at][3]
            edge = (
                order[top][3] if at < top < len(order) else order[top - 1][3] if at >= top else None
            )
            ok = at < top and (of > 1 or bool(claim.params.get("among")) or at == place - 1)
            margin = abs(ours - edge) if edge is not None else None
            if ok and place > 1 and of == 1 and at > 0:
                margin = min(margin if margin is not None else 1.0, abs(order[at - 1][3] - ours))
            fs = [
                self.q.figure("window_return", g[1], g[3], "return", g[2].i, g[2].j) for g in order
            ]
            figures += fs
            tried.append(
                Tried(
                    f"{what}, {'price' if basis == 'price' else 'total return'}: place "
                    f"{at + 1 if claim.sign > 0 else len(order) - at} of {len(order)}",
                    ours,
                    "return",
                    ok,
                    tuple(f.id for f in fs),
                )
            )
            judged.append((margin, order, at))
        margin, order, at = judged[0]
        verdict, chosen = v.judge_yes_no(tried, margin)
        here = order[at]
        verdict, which = self._guarded(claim, verdict, chosen, here[1], soft=True)
        listed = ", ".join(f"{g[0].name} {g[3]:+.1%}" for g in order[: max(3, top)])
        notes = self._window_notes(claim, here[1])
        if margin is not None and margin <= v.TENTH:
            notes.append("closer than a tenth of a point to the next: a tie")
        return Answer(
            verdict,
            here[3],
            "return",
            here[1],
            here[2],
            tuple(tried),
            tuple(figures),
            f"{'best' if claim.sign > 0 else 'worst'} first: {listed}",
            tuple(notes),
            chosen=which,
        )

    def _rivals(self, claim: Claim, words: str) -> tuple[list[Subject], str]:
        kind, names = claim.subject.kind, self.q.names
        if kind == "sector":
            found = [s for s in names.subjects.values() if s.kind == "sector"]
            own = [
                replace(s, candidates=tuple(c for c in s.candidates if not c.instrument))
                for s in found
            ]
            own = [s for s in own if s.candidates]
            usable = [s for s in own if self._has(s, claim)]
            if len(usable) >= 3 and any(s.name == claim.subject.name for s in usable):
                return usable, "sectors"
            funds = [
                replace(s, candidates=tuple(c for c in s.candidates if c.instrument)[:1])
                for s in found
            ]
            return [s for s in funds if s.candidates and self._has(s, claim)], "sector funds"
        if "sector" in words and kind != "fund":
            raise Unclear(f"{claim.subject.name} is not one of the sectors")
        if kind == "fund":
            ticker = claim.subject.candidates[0].instrument
            sectors = [
                s
                for s in names.subjects.values()
                if s.kind == "sector" and any(c.instrument == ticker for c in s.candidates)
            ]
            if sectors:
                funds = [
                    replace(s, candidates=tuple(c for c in s.candidates if c.instrument)[:1])
                    for s in names.subjects.values()
                    if s.kind == "sector"
                ]
                funds = [
                    replace(s, name=claim.subject.name)
                    if s.candidates and s.candidates[0].instrument == ticker
                    else s
                    for s in funds
                ]
                return [s for s in funds if s.candidates and self._has(s, claim)], "sector funds"
        if kind == "index":
            wanted = (
                "S&P 500",
                "Nasdaq 100",
                "Nasdaq Composite",
                "Dow Jones Industrial Average",
                "Russell 2000",
            )
            found = [
                names.subjects[n]
                for n in wanted
                if n in names.subjects and names.subjects[n].candidates
            ]
            if claim.subject.name in [s.name for s in found]:
                return [s for s in found if self._has(s, claim)], "major indices"
        mine = {c.basket for c in claim.subject.candidates if c.basket}
        for group, spec in self.q.market.file.groups.items():
            if mine & set(spec.baskets):
                made = []
                for b in spec.baskets:
                    basket = self.q.market.file.baskets[b]
                    name = claim.subject.name if b in mine else basket.label or b
                    made.append(Subject(name, kind, (Candidate(b, basket.instrument or ""),)))
                return made, group
        raise Unclear("among whom it is ranked is not declared in the market file")

    def _has(self, s: Subject, claim: Claim) -> bool:
        for c in s.candidates[:1]:
            for b in self.q.bases(c):
                line = self.q.line(c, b)
                try:
                    if line is not None:
                        self.q.span(line, claim.window)
                        return True
                except Missing:
                    continue
        return False

    def _average(self, claim: Claim) -> Answer:
        sessions = int(str(claim.params["sessions"]))
        w = claim.window if claim.window is not None and claim.window.unit == "day" else None
        want = claim.sign * (-1 if claim.denied else 1)
        tried: list[Any] = []
        figures: list[Any] = []
        rows: list[Any] = []
        for o in [o for o in self.q.options(claim.subject, w) if not o.base_back]:
            line = self._line(o)
            span = self.q.span(line, w, o.back)
            part = line.level[span.j - sessions + 1 : span.j + 1]
            if len(part) < sessions or not np.isfinite(part).all():
                continue
            off = float(line.level[span.j] / part.mean() - 1)
            f = self.q.figure(
                "distance_from_mean", line, off, "return", None, span.j, window=sessions
            )
            figures.append(f)
            tried.append(
                Tried(
                    f"{o.words(line.label, w is None)}, {line.days[span.j]}",
                    off,
                    "return",
                    off * want > 0,
                    (f.id,),
                )
            )
            rows.append((o, line, span, off))
        if not rows:
            raise Missing(f"{claim.subject.name} has fewer than {sessions} closes by then")
        same = [
            t
            for t, r in zip(tried, rows, strict=True)
            if r[0].back == rows[0][0].back and r[0].candidate == rows[0][0].candidate
        ]
        verdict, chosen = v.judge_yes_no(
            same
            + [
                t for t in tried if t not in same and t.match != same[0].match and not same[0].match
            ],
            rows[0][3],
        )
        _, line, span, off = rows[0]
        verdict, which = self._guarded(claim, verdict, chosen, line)
        return Answer(
            verdict,
            off,
            "return",
            line,
            span,
            tuple(tried),
            tuple(figures),
            f"{off:+.2%} from its {sessions}-session mean on {line.days[span.j]}",
            tuple(self._window_notes(claim, line)),
            chosen=which,
        )

    def _level(self, claim: Claim) -> Answer:
        number = claim.number
        assert number is not None
        side = int(str(claim.params.get("side") or 0))
        rows = []
        for o in [
            o
            for o in self.q.options(claim.subject, claim.window)
            if o.basis == "price" and not o.base_back
        ]:
            line = self._line(o)
            if line.kind in ("index", "stock"):
                rows.append((o, line, self.q.span(line, claim.window, o.back)))
        if not rows:
            raise Missing(f"no published level of {claim.subject.name} is stored")
        tried, figures = [], []
        for o, line, span in rows:
            value = float(line.level[span.j])
            f = self.q.figure("close", line, value, "level", None, span.j)
            figures.append(f)
            ok = (value - number.value) * side > 0 if side else v.matches(number, value)
            tried.append(
                Tried(
                    f"{o.words(line.label, claim.window is None)}, {line.days[span.j]}",
                    value,
                    "level",
                    ok,
                    (f.id,),
                )
            )
        _, line, span = rows[0]
        value = float(line.level[span.j])
        if side:
            verdict, chosen = v.judge_yes_no(
                tried[:1] if tried[0].match else tried, value / number.value - 1
            )
        else:
            verdict, chosen = v.judge_number(number, tried)
        verdict, which = self._guarded(claim, verdict, chosen, line)
        if verdict == v.DIFFERS and line.kind == "stock":
            return Answer(
                v.MISSING,
                value,
                "level",
                line,
                span,
                tuple(tried),
                tuple(figures),
                "a stock's stored level may be before a later split",
            )
        return Answer(
            verdict,
            value,
            "level",
            line,
            span,
            tuple(tried),
            tuple(figures),
            f"closed at {value:,.2f} on {line.days[span.j]}",
            chosen=which,
        )

    def _implied(self, claim: Claim) -> Answer:
        number, level = claim.number, float(str(claim.params["level"]))
        assert number is not None
        tried, figures, rows = [], [], []
        for o in [
            o for o in self.q.options(claim.subject, None) if o.basis == "price" and not o.base_back
        ]:
            line = self._line(o)
            if line.kind not in ("index", "stock"):
                continue
            span = self.q.span(line, None, o.back)
            move = level / float(line.level[span.j]) - 1
            f = self.q.figure("close", line, float(line.level[span.j]), "level", None, span.j)
            figures.append(f)
            tried.append(
                Tried(
                    f"from the close of {line.days[span.j]}, {line.level[span.j]:,.2f}",
                    move,
                    "return",
                    v.matches(number, move),
                    (f.id,),
                )
            )
            rows.append((line, span, move))
        if not rows:
            raise Missing(f"no published level of {claim.subject.name} is stored")
        verdict, chosen = v.judge_number(number, tried)
        line, span, move = rows[0]
        return Answer(
            verdict,
            move,
            "return",
            line,
            span,
            tuple(tried),
            tuple(figures),
            f"{level:,.0f} is {move:+.1%} from {line.level[span.j]:,.2f} on {line.days[span.j]}; "
            f"whether it comes is a forecast",
            chosen=chosen.reading if verdict == v.ONLY else "",
        )

    def _turning(self, claim: Claim) -> Answer:
        """Was that day the lowest (highest) close of the ten sessions on either side of it?"""
        w = claim.window
        assert w is not None and w.first is not None
        sign = -1 if w.turning == "low" else 1
        o = self.q.options(claim.subject, None)[0]
        line = self._line(o)
        t = int(np.searchsorted(line.days, np.datetime64(w.first), side="right")) - 1
        if t < 0 or not np.isfinite(line.level[t]):
            raise Missing(f"no data of {line.label} on {w.first}")
        a, b = max(0, t - 10), min(len(line.level) - 1, t + 10)
        j = self.q.span(line, None).j
        b = min(b, j)
        part = line.level[a : b + 1] * sign
        others = np.delete(part, t - a)
        gap = (
            float(line.level[t] * sign / np.nanmax(others) - 1) * sign
            if np.isfinite(others).any()
            else 0.0
        )
        ok = bool(part[t - a] >= np.nanmax(part))
        when = line.days[a + int(np.nanargmax(part))]
        f = self.q.figure("turning_point", line, float(line.level[t]), "level", None, t)
        verdict = v.HOLDS if ok else v.DIFFERS
        word = "lowest" if sign < 0 else "highest"
        tried = (Tried(f"{line.label}, {line.basis}", float(line.level[t]), "level", ok, (f.id,)),)
        verdict, which = self._guarded(claim, verdict, tried[0], line)
        return Answer(
            verdict,
            gap,
            "return",
            line,
            Span(max(t - 1, 0), t),
            tried,
            (f,),
            f"{word} close of the ten sessions on either side: {when}",
            chosen=which,
        )

    def _stalled(self, claim: Claim) -> Answer:
        """Below its 50-session mean and at least a tenth under its highest close of the year."""
        tried: list[Any] = []
        figures: list[Any] = []
        rows: list[Any] = []
        for o in [o for o in self.q.options(claim.subject, None) if not o.base_back]:
            line = self._line(o)
            span = self.q.span(line, None, o.back)
            part = line.level[span.j - 49 : span.j + 1]
            year = line.level[max(0, span.j - 251) : span.j + 1]
            if len(part) < 50 or not np.isfinite(part).all():
                continue
            mean, high = (
                float(line.level[span.j] / part.mean() - 1),
                float(line.level[span.j] / np.nanmax(year) - 1),
            )
            fs = (
                self.q.figure("distance_from_mean", line, mean, "return", None, span.j, window=50),
                self.q.figure("distance_from_high", line, high, "return", None, span.j, window=252),
            )
            figures += fs
            tried.append(
                Tried(
                    f"{o.words(line.label, True)}, {line.days[span.j]}",
                    high,
                    "return",
                    mean < 0 and high <= -0.1,
                    tuple(f.id for f in fs),
                )
            )
            rows.append((line, span, mean, high))
        if not rows:
            raise Missing(f"{claim.subject.name} has fewer than 50 closes by then")
        line, span, mean, high = rows[0]
        first = tried[0].match
        half = (mean < 0) != (high <= -0.1)
        near = abs(mean) <= v.TENTH or abs(high + 0.1) <= v.TENTH
        verdict = v.BORDERLINE if half or near else v.HOLDS if first else v.DIFFERS
        return Answer(
            verdict,
            high,
            "return",
            line,
            span,
            tuple(tried),
            tuple(figures),
            f"{mean:+.1%} from its 50-session mean, {high:.1%} from its highest close of 252 "
            f"sessions",
            ("stalled: below the 50-session mean and a tenth or more off the high",),
        )
