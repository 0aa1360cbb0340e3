"""Ranks, and what is true at a close."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from paceline.factcheck import verdicts as v
from paceline.factcheck.claims import Claim
from paceline.factcheck.judges.base import Answer, Seen, Unclear
from paceline.factcheck.judges.runs import Runs
from paceline.factcheck.readings import Line, Missing, Span
from paceline.factcheck.subjects import Candidate, Subject

#: Indices that are ranked with each other.
MAJOR = (
    "S&P 500",
    "Nasdaq 100",
    "Nasdaq Composite",
    "Dow Jones Industrial Average",
    "Russell 2000",
)
Ranked = tuple[Subject, Line, Span, float]


class Closes(Runs):
    """Ranks, and what is true at a close."""

    def _rank(self, claim: Claim) -> Answer:
        if claim.window is None:
            raise Unclear("the text names no window for it")
        members, what = self._rivals(claim, str(claim.params.get("words") or ""))
        rows = [
            (basis, got)
            for basis in ("price", "total")
            if (got := self._returns(claim, members, basis))
        ]
        if not rows:
            raise Missing(f"fewer than three of the {what} have data over this window")
        place, of = int(str(claim.params["place"])), int(str(claim.params["of"]))
        top = max(place, of, 3 if claim.params.get("among") else 1)
        seen, judged = Seen(), []
        for basis, got in rows:
            order = sorted(got, key=lambda g: -g[3] * claim.sign)
            at = next(n for n, g in enumerate(order) if g[0].name == claim.subject.name)
            ok = at < top and (of > 1 or bool(claim.params.get("among")) or at == place - 1)
            returns = [g[3] for g in order]
            lonely = ok and place > 1 and of == 1 and at > 0
            figures = [
                self.q.figure("window_return", g[1], g[3], "return", g[2].i, g[2].j) for g in order
            ]
            how = "price" if basis == "price" else "total return"
            nth = at + 1 if claim.sign > 0 else len(order) - at
            words = f"{what}, {how}: place {nth} of {len(order)}"
            seen.add(words, returns[at], "return", ok, *figures)
            judged.append((_margin(returns, at, top, lonely), order, at))
        margin, order, at = judged[0]
        verdict, chosen = v.judge_yes_no(seen.tried, margin)
        _, line, span, ours = order[at]
        verdict, which = self._guarded(claim, verdict, chosen, line, soft=True)
        listed = ", ".join(f"{g[0].name} {g[3]:+.1%}" for g in order[: max(3, top)])
        notes = self._window_notes(claim, line)
        if margin is not None and margin <= v.TENTH:
            notes.append("closer than a tenth of a point to the next: a tie")
        reason = f"{'best' if claim.sign > 0 else 'worst'} first: {listed}"
        return seen.answer(verdict, ours, "return", line, span, reason, notes, chosen=which)

    def _returns(self, claim: Claim, members: list[Subject], basis: str) -> list[Ranked]:
        """The returns of three or more, the claim's own among them; else none."""
        got: list[Ranked] = []
        for s in members:
            lines = (self.q.line(c, basis) for c in s.candidates[:1])
            line = next((ln for ln in lines if ln is not None), None)
            if line is None:
                continue
            try:
                span = self.q.span(line, claim.window)
            except Missing:
                continue
            got.append((s, line, span, float(line.level[span.j] / line.level[span.i] - 1)))
        own = any(g[0].name == claim.subject.name for g in got)
        return got if len(got) >= 3 and own else []

    def _rivals(self, claim: Claim, words: str) -> tuple[list[Subject], str]:
        """Those among whom a subject is ranked, and what they are called."""
        kind, subjects = claim.subject.kind, self.q.names.subjects
        sectors = [s for s in subjects.values() if s.kind == "sector"]
        if kind == "sector":
            own = [_only(s, funds=False) for s in sectors]
            usable = [s for s in own if s.candidates and self._has(s, claim)]
            if len(usable) >= 3 and any(s.name == claim.subject.name for s in usable):
                return usable, "sectors"
            return self._with_data([_only(s, funds=True) for s in sectors], claim), "sector funds"
        if "sector" in words and kind != "fund":
            raise Unclear(f"{claim.subject.name} is not one of the sectors")
        if kind == "fund":
            ticker = claim.subject.candidates[0].instrument
            if any(c.instrument == ticker for s in sectors for c in s.candidates):
                funds = [_only(s, funds=True) for s in sectors]
                mine = [s.candidates[:1] and s.candidates[0].instrument == ticker for s in funds]
                named = [
                    replace(s, name=claim.subject.name) if own else s
                    for s, own in zip(funds, mine, strict=True)
                ]
                return self._with_data(named, claim), "sector funds"
        if kind == "index":
            found = [subjects[n] for n in MAJOR if n in subjects and subjects[n].candidates]
            if claim.subject.name in [s.name for s in found]:
                return self._with_data(found, claim), "major indices"
        return self._grouped(claim)

    def _with_data(self, subjects: list[Subject], claim: Claim) -> list[Subject]:
        return [s for s in subjects if s.candidates and self._has(s, claim)]

    def _grouped(self, claim: Claim) -> tuple[list[Subject], str]:
        """The market file's group that holds the subject."""
        mine = {c.basket for c in claim.subject.candidates if c.basket}
        file = self.q.market.file
        for group, spec in file.groups.items():
            if mine & set(spec.baskets):
                made = []
                for b in spec.baskets:
                    basket = file.baskets[b]
                    name = claim.subject.name if b in mine else basket.label or b
                    candidate = Candidate(b, basket.instrument or "")
                    made.append(Subject(name, claim.subject.kind, (candidate,)))
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
        seen, rows = Seen(), []
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
            words = f"{o.words(line.label, w is None)}, {line.days[span.j]}"
            seen.add(words, off, "return", off * want > 0, f)
            rows.append((o, line, span, off))
        if not rows:
            raise Missing(f"{claim.subject.name} has fewer than {sessions} closes by then")
        first, line, span, off = rows[0]
        like = [r[0].back == first.back and r[0].candidate == first.candidate for r in rows]
        same = [t for t, s in zip(seen.tried, like, strict=True) if s]
        if not same[0].match:
            same += [t for t in seen.tried if t not in same and t.match]
        verdict, chosen = v.judge_yes_no(same, off)
        verdict, which = self._guarded(claim, verdict, chosen, line)
        reason = f"{off:+.2%} from its {sessions}-session mean on {line.days[span.j]}"
        notes = self._window_notes(claim, line)
        return seen.answer(verdict, off, "return", line, span, reason, notes, chosen=which)

    def _level(self, claim: Claim) -> Answer:
        number = claim.number
        assert number is not None
        side = int(str(claim.params.get("side") or 0))
        seen, rows = Seen(), []
        for o in self.q.options(claim.subject, claim.window):
            if o.basis != "price" or o.base_back:
                continue
            line = self._line(o)
            if line.kind not in ("index", "stock"):
                continue
            span = self.q.span(line, claim.window, o.back)
            value = float(line.level[span.j])
            f = self.q.figure("close", line, value, "level", None, span.j)
            ok = (value - number.value) * side > 0 if side else v.matches(number, value)
            words = f"{o.words(line.label, claim.window is None)}, {line.days[span.j]}"
            seen.add(words, value, "level", ok, f)
            rows.append((line, span, value))
        if not rows:
            raise Missing(f"no published level of {claim.subject.name} is stored")
        line, span, value = rows[0]
        if side:
            first = seen.tried[:1] if seen.tried[0].match else seen.tried
            verdict, chosen = v.judge_yes_no(first, value / number.value - 1)
        else:
            verdict, chosen = v.judge_number(number, seen.tried)
        verdict, which = self._guarded(claim, verdict, chosen, line)
        if verdict == v.DIFFERS and line.kind == "stock":
            reason = "a stock's stored level may be before a later split"
            return seen.answer(v.MISSING, value, "level", line, span, reason)
        reason = f"closed at {value:,.2f} on {line.days[span.j]}"
        return seen.answer(verdict, value, "level", line, span, reason, chosen=which)

    def _implied(self, claim: Claim) -> Answer:
        number, level = claim.number, float(str(claim.params["level"]))
        assert number is not None
        seen, rows = Seen(), []
        for o in self.q.options(claim.subject, None):
            if o.basis != "price" or o.base_back:
                continue
            line = self._line(o)
            if line.kind not in ("index", "stock"):
                continue
            span = self.q.span(line, None, o.back)
            close = float(line.level[span.j])
            move = level / close - 1
            f = self.q.figure("close", line, close, "level", None, span.j)
            words = f"from the close of {line.days[span.j]}, {close:,.2f}"
            seen.add(words, move, "return", v.matches(number, move), f)
            rows.append((line, span, move))
        if not rows:
            raise Missing(f"no published level of {claim.subject.name} is stored")
        verdict, chosen = v.judge_number(number, seen.tried)
        line, span, move = rows[0]
        reason = (
            f"{level:,.0f} is {move:+.1%} from {line.level[span.j]:,.2f} on {line.days[span.j]}; "
            f"whether it comes is a forecast"
        )
        which = chosen.reading if verdict == v.ONLY else ""
        return seen.answer(verdict, move, "return", line, span, reason, chosen=which)

    def _turning(self, claim: Claim) -> Answer:
        """Was that day the lowest (highest) close of the ten sessions on either side of it?"""
        w = claim.window
        assert w is not None and w.first is not None
        sign = -1 if w.turning == "low" else 1
        line = self._line(self.q.options(claim.subject, None)[0])
        t = int(np.searchsorted(line.days, np.datetime64(w.first), side="right")) - 1
        if t < 0 or not np.isfinite(line.level[t]):
            raise Missing(f"no data of {line.label} on {w.first}")
        a, b = max(0, t - 10), min(len(line.level) - 1, t + 10, self.q.span(line, None).j)
        part = line.level[a : b + 1] * sign
        others = np.delete(part, t - a)
        gap = 0.0
        if np.isfinite(others).any():
            gap = float(line.level[t] * sign / np.nanmax(others) - 1) * sign
        ok = bool(part[t - a] >= np.nanmax(part))
        when = line.days[a + int(np.nanargmax(part))]
        close, seen = float(line.level[t]), Seen()
        f = self.q.figure("turning_point", line, close, "level", None, t)
        seen.add(f"{line.label}, {line.basis}", close, "level", ok, f)
        first = seen.tried[0]
        verdict, which = self._guarded(claim, v.HOLDS if ok else v.DIFFERS, first, line)
        word, span = "lowest" if sign < 0 else "highest", Span(max(t - 1, 0), t)
        reason = f"{word} close of the ten sessions on either side: {when}"
        return seen.answer(verdict, gap, "return", line, span, reason, chosen=which)

    def _stalled(self, claim: Claim) -> Answer:
        """Below its 50-session mean and at least a tenth under its highest close of the year."""
        seen, rows = Seen(), []
        for o in [o for o in self.q.options(claim.subject, None) if not o.base_back]:
            line = self._line(o)
            span = self.q.span(line, None, o.back)
            part = line.level[span.j - 49 : span.j + 1]
            year = line.level[max(0, span.j - 251) : span.j + 1]
            if len(part) < 50 or not np.isfinite(part).all():
                continue
            mean = float(line.level[span.j] / part.mean() - 1)
            high = float(line.level[span.j] / np.nanmax(year) - 1)
            figures = (
                self.q.figure("distance_from_mean", line, mean, "return", None, span.j, window=50),
                self.q.figure("distance_from_high", line, high, "return", None, span.j, window=252),
            )
            words = f"{o.words(line.label, True)}, {line.days[span.j]}"
            seen.add(words, high, "return", mean < 0 and high <= -0.1, *figures)
            rows.append((line, span, mean, high))
        if not rows:
            raise Missing(f"{claim.subject.name} has fewer than 50 closes by then")
        line, span, mean, high = rows[0]
        half = (mean < 0) != (high <= -0.1)
        near = abs(mean) <= v.TENTH or abs(high + 0.1) <= v.TENTH
        yes = seen.tried[0].match
        verdict = v.BORDERLINE if half or near else v.HOLDS if yes else v.DIFFERS
        reason = (
            f"{mean:+.1%} from its 50-session mean, {high:.1%} from its highest close of 252 "
            f"sessions"
        )
        notes = ("stalled: below the 50-session mean and a tenth or more off the high",)
        return seen.answer(verdict, high, "return", line, span, reason, notes)


def _only(s: Subject, funds: bool) -> Subject:
    """A subject with its first fund alone, or with its baskets of members alone."""
    if funds:
        return replace(s, candidates=tuple(c for c in s.candidates if c.instrument)[:1])
    return replace(s, candidates=tuple(c for c in s.candidates if not c.instrument))


def _margin(returns: list[float], at: int, top: int, lonely: bool) -> float | None:
    """How far the one ``at`` lies from the edge of the first ``top``; None: there is no other.

    lonely  of one named place alone: from the one before it too
    """
    ours = returns[at]
    edge = returns[top] if at < top < len(returns) else returns[top - 1] if at >= top else None
    margin = abs(ours - edge) if edge is not None else None
    if lonely:
        margin = min(margin if margin is not None else 1.0, abs(returns[at - 1] - ours))
    return margin
