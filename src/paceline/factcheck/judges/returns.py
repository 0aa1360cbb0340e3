"""Returns, directions, and one against another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from paceline.factcheck import verdicts as v
from paceline.factcheck.claims import Claim
from paceline.factcheck.judges.base import Answer, Helper, Seen, Unclear
from paceline.factcheck.quantities import Number
from paceline.factcheck.readings import Line, Missing, Option, Span
from paceline.factcheck.subjects import Candidate, Subject
from paceline.factcheck.verdicts import Tried
from paceline.figures import Figure
from paceline.wording import number_of

#: Which file would answer.
SUPPLY = (
    "A file of its daily closes (columns security, date, close), named as a source of prices in "
    "the market file, would supply it."
)
#: How far a fund may stray from its index within a window.
TRACKING = 0.002


class Returns(Helper):
    """Returns, directions, and one against another."""

    def _return(self, claim: Claim) -> Answer:
        number = claim.number
        assert number is not None
        if claim.window is None:
            raise Unclear("the text names no window for it")
        values = self._growth(claim)
        seen = self._tried(claim, values, "return", lambda x: v.matches(number, x), "window_return")
        verdict, chosen = v.judge_number(number, seen.tried)
        _, line, span, value = values[0]
        notes = self._window_notes(claim, line)
        excuse = self._excused(claim, number, verdict, seen, values[0])
        if excuse is not None:
            verdict, reason, more = excuse
            value = more.pop("value", value)
            return seen.answer(verdict, value, "return", line, span, reason, notes, **more)
        soft = (number.step >= 0.01 and number.unit != "times") or number.how != ""
        verdict, which = self._guarded(claim, verdict, chosen, line, soft=soft)
        split = line.kind == "stock" and abs(value) > 0.3 and line.basis == "price"
        if split and verdict == v.DIFFERS and any(t.match for t in seen.tried):
            verdict, which = v.ONLY, next(t.reading for t in seen.tried if t.match)
        reason = self._why(verdict, number.value, value, which, seen.tried)
        return seen.answer(verdict, value, "return", line, span, reason, notes, chosen=which)

    def _excused(
        self,
        claim: Claim,
        number: Number,
        verdict: str,
        seen: Seen,
        first: tuple[Option, Line, Span, float],
    ) -> tuple[str, str, dict[str, Any]] | None:
        """What speaks for a return that fails: verdict, reason, more of the answer; or None."""
        _, line, span, value = first
        assert claim.window is not None
        kinds = ("index", "style", "sector", "theme", "size", "asset")
        stand_in = (line.kind in ("fund", "basket") and claim.subject.kind in kinds) or (
            self.total(claim) and claim.subject.kind == "index" and line.kind != "index"
        )
        if stand_in and verdict in (v.DIFFERS, v.ONLY) and not v.matches(number, value):
            why = self._stands_in(claim, number.value, value, line, span)
            if why is not None:
                return *why, {"explained": True}
        if verdict != v.DIFFERS:
            return None
        off = abs(value - number.value)  # only dividends may explain it, not the day's own noise
        near = [
            t
            for t in seen.tried
            if "total return" in t.reading
            and abs(t.value - number.value) <= min(0.0025, off / 2)
            and number.step < 0.01
        ]
        if claim.subject.kind == "index" and near:
            return (
                v.UNCLEAR,
                (
                    f"with dividends it is {near[0].value:+.2%} by {near[0].reading}; the total "
                    f"return of the index itself is not stored. {SUPPLY}"
                ),
                {},
            )
        if claim.window.base.endswith(("high", "low")) or claim.window.turning:
            reached = self._reached(claim, line, span)
            if v.matches(number, reached) or v.is_close(number, reached):
                said = "the furthest close in between"
                why_ = f"holds only on reading: {said}, {reached:+.2%}"
                return v.ONLY, why_, {"chosen": said, "value": reached}
        return None

    def _reached(self, claim: Claim, line: Line, span: Span) -> float:
        """The deepest fall from a high, or the greatest rise from a low, within the window."""
        part = line.level[span.i : span.j + 1]
        far = np.nanmin(part) if claim.sign < 0 else np.nanmax(part)
        return float(far / line.level[span.i] - 1)

    def _stands_in(
        self, claim: Claim, said: float, ours: float, line: Line, span: Span
    ) -> tuple[str, str] | None:
        """A fund for what is not stored: verdict and reason; None where the gap is too wide."""
        what = (
            f"the total return of {claim.subject.name}" if self.total(claim) else claim.subject.name
        )
        if line.kind != "basket" and self._explained(said, ours, line, span):
            return v.MISSING, (
                f"{what} is not stored; the total return of the fund {line.label} lies no further "
                f"from the claim than "
                f"dividends and tracking can explain. {SUPPLY}"
            )
        years = (line.days[span.j] - line.days[span.i]).astype(int) / 365.25
        if line.kind == "basket":
            near = abs(said - ours) <= max(0.0015, 0.03 * abs(ours)) and said * ours > 0
            why = (
                f"{what} is built here from its members: {ours:+.2%}, "
                f"{abs(said - ours) * 100:.2f} points from the claim; what its publisher states "
                f"is not stored. {SUPPLY}"
            )
            return (v.UNCLEAR, why) if near else None
        if abs(said - ours) <= max(0.003, 0.06 * abs(ours), 0.01 * years) and said * ours > 0:
            return (
                v.UNCLEAR,
                f"{what} is not stored; {line.label} {line.label} made {ours:+.2%}, "
                f"{abs(said - ours) * 100:.2f} points from the claim. {SUPPLY}",
            )
        return None

    def _explained(self, said: float, ours: float, line: Line, span: Span) -> bool:
        """May a fund's total return differ so much from its index's price return?

        Dividends of 4.5% a year, and ``TRACKING`` either way.
        """
        years = (line.days[span.j] - line.days[span.i]).astype(int) / 365.25
        dividends = 0.045 * years * (1 + max(ours, 0))
        return line.basis == "total" and ours - dividends - TRACKING <= said <= ours + TRACKING

    def _why(self, verdict: str, said: float, ours: float, which: str, tried: list[Tried]) -> str:
        if verdict == v.DIFFERS:
            if said * ours < 0:
                return "the sign is wrong"
            near = min(tried, key=lambda t: abs(t.value - said))
            other = (
                f"; the closest reading gives {near.value:+.2%} ({near.reading})"
                if abs(near.value - ours) > 5e-5
                else ""
            )
            return f"{abs(said - ours) * 100:.1f} points off{other}"
        if verdict == v.CLOSE:
            return f"{abs(said - ours) * 100:.2f} points off: rounding"
        if verdict == v.ONLY:
            return f"holds only on reading: {which}"
        return ""

    def _points(self, claim: Claim) -> Answer:
        number = claim.number
        assert number is not None
        if claim.window is None:
            raise Unclear("the text names no window for it")
        values = [
            x
            for x in self._values(claim, lambda line, s: float(line.level[s.j] - line.level[s.i]))
            if x[1].kind in ("index", "stock") and x[1].basis == "price"
        ]
        if not values:
            raise Missing(
                f"no published level of {claim.subject.name} is stored: a move in points cannot "
                f"be checked"
            )
        seen = self._tried(claim, values, "points", lambda x: v.matches(number, x), "window_points")
        verdict, chosen = v.judge_number(number, seen.tried)
        _, line, span, value = values[0]
        verdict, which = self._guarded(claim, verdict, chosen, line)
        reason = "" if verdict == v.HOLDS else f"{abs(number.value - value):.2f} points off"
        return seen.answer(verdict, value, "points", line, span, reason, chosen=which)

    def _direction(self, claim: Claim) -> Answer:
        if claim.window is None:
            raise Unclear("the text names no window for it")
        values = self._growth(claim)
        want = claim.sign * (-1 if claim.denied else 1)
        seen = self._tried(claim, values, "return", lambda x: x * want > 0, "window_return")
        verdict, chosen = v.judge_yes_no(_same_day(seen.tried, values), values[0][3])
        _, line, span, value = values[0]
        verdict, which = self._guarded(claim, verdict, chosen, line, soft=True)
        why = self._why(verdict, want * 0.01, value, which, seen.tried)
        reason = why if verdict in (v.DIFFERS, v.ONLY) else ""
        notes = self._window_notes(claim, line)
        return seen.answer(verdict, value, "return", line, span, reason, notes, chosen=which)

    def _pairs(
        self, claim: Claim, other: Subject
    ) -> list[tuple[str, Line, Line, Span, float, float]]:
        """(basis in words, line, other's line, span, return, other's return), likeliest first."""
        w = claim.window
        a, b = self.q.options(claim.subject, w), self.q.options(other, w)
        ca, cb = a[0].candidate, b[0].candidate
        bases_a = [o.basis for o in a if o.candidate == ca and not o.back and not o.base_back]
        bases_b = [o.basis for o in b if o.candidate == cb and not o.back and not o.base_back]
        both = [(x, x) for x in bases_a if x in bases_b] or [(bases_a[0], bases_b[0])]
        plans: list[tuple[Candidate, Candidate, str, str, int, int]] = [
            (ca, cb, x, y, 0, 0) for x, y in both
        ]
        if w is not None and w.open and w.unit != "day":
            plans += [(ca, cb, x, y, 1, 0) for x, y in both]
        if w is not None and w.alternative:
            plans.append((ca, cb, *both[0], 0, 1))
        for alt_a, alt_b in (
            (a, [o for o in b if o.candidate == cb]),
            ([o for o in a if o.candidate == ca], b),
        ):
            more = next(
                (
                    (x.candidate, y.candidate, x.basis, y.basis, 0, 0)
                    for x in alt_a
                    for y in alt_b
                    if (x.candidate, y.candidate) != (ca, cb)
                    and x.basis == y.basis
                    and not (x.back or y.back or x.base_back or y.base_back)
                ),
                None,
            )
            if more is not None and more not in plans:
                plans.append(more)
        out = []
        for one, two, x, y, back, base in plans:
            la, lb = self.q.line(one, x), self.q.line(two, y)
            if la is None or lb is None:
                continue
            try:
                sa = self.q.span(la, w, back, base)
                day0, day1 = la.days[sa.i], la.days[sa.j]
                i, j = (int(np.searchsorted(lb.days, d)) for d in (day0, day1))
                values = (
                    float(la.level[sa.j] / la.level[sa.i] - 1),
                    float(lb.level[j] / lb.level[i] - 1),
                )
            except (Missing, IndexError):
                continue
            if np.isfinite(values).all():
                basis = {"price": "price", "total": "total return"}
                words = f"{la.label} ({basis[x]}) against {lb.label} ({basis[y]}), {day0} to {day1}"
                out.append((words, la, lb, sa, *values))
        if not out:
            raise Missing(
                f"no common data of {claim.subject.name} and {other.name} over this window"
            )
        return out

    def _compare(self, claim: Claim) -> Answer:
        if claim.window is None:
            raise Unclear("the text names no window for it")
        if claim.params.get("group"):
            return self._compare_group(claim)
        other, number = claim.against, claim.number
        assert other is not None
        pairs = self._pairs(claim, other)
        sign = claim.sign * (-1 if claim.denied else 1)
        seen = Seen()
        for words, la, lb, s, ra, rb in pairs:
            gap = ra - rb
            ok = gap * sign > 0 if number is None else v.matches(number, sign * gap)
            seen.add(words, gap, "return", ok, *self._both(la, lb, s, ra, rb))
        _, la, lb, span, ra, rb = pairs[0]
        gap = ra - rb
        if number is None:
            last = str(la.days[span.j])
            latest = [t for t in seen.tried if t.reading.endswith(last)]
            verdict, chosen = v.judge_yes_no(latest or seen.tried, gap)
        else:
            verdict, chosen = v.judge_number(number, [replace_value(t, sign) for t in seen.tried])
        verdict, which = self._guarded(claim, verdict, chosen, la, soft=number is None)
        notes = []
        if claim.params.get("implicit"):
            notes.append(f"compared with {other.name}: the text does not say with whom")
        if la.basis != lb.basis:
            notes.append(f"{la.label} is on {la.basis} return, {lb.label} on {lb.basis} return")
        notes += self._window_notes(claim, la)
        reason = f"{claim.subject.name} {ra:+.2%}, {other.name} {rb:+.2%}"
        near = number is not None and abs(abs(gap) - abs(number.value)) <= 0.0025
        if verdict == v.DIFFERS and near and {la.kind, lb.kind} - {"index", "stock"}:
            verdict = v.UNCLEAR
            reason += "; built or bought here, not the published index: too near to be refuted"
        if verdict == v.ONLY:
            reason += f"; holds only on reading: {which}"
        return seen.answer(verdict, gap, "return", la, span, reason, notes, chosen=which)

    def _both(self, la: Line, lb: Line, s: Span, ra: float, rb: float) -> tuple[Figure, Figure]:
        """The returns of two lines over the same days, as figures."""
        i, j = (int(np.searchsorted(lb.days, la.days[n])) for n in (s.i, s.j))
        return (
            self.q.figure("window_return", la, ra, "return", s.i, s.j),
            self.q.figure("window_return", lb, rb, "return", i, j),
        )

    def _compare_group(self, claim: Claim) -> Answer:
        """Against every other member of the market file's group of the subject."""
        file = self.q.market.file
        mine = {n for c in claim.subject.candidates for n in (c.basket, c.instrument)}
        groups = (list(spec.baskets) for spec in file.groups.values())
        group = next((names for names in groups if set(names) & mine), None)
        if group is None:
            raise Unclear("which others are meant is not declared in the market file")
        stem = claim.subject.name.split()[0].casefold()
        seen, names = Seen(), []
        for b in group:
            if b in mine or b.startswith(stem):
                continue
            spec = file.baskets[b]
            subject = Subject(spec.label or b, "style", (Candidate(b, spec.instrument or ""),))
            try:
                words, line, lb, span, ra, rb = self._pairs(claim, subject)[0]
            except Missing:
                continue
            ahead = (ra - rb) * claim.sign > 0
            seen.add(words, ra - rb, "return", ahead, *self._both(line, lb, span, ra, rb))
            names.append(subject.name)
        if not names:
            raise Missing("none of the other baskets has data over this window")
        worst = min(seen.tried, key=lambda t: t.value * claim.sign)
        name = names[seen.tried.index(worst)]
        tie = abs(worst.value) <= v.TENTH
        verdict = v.BORDERLINE if tie else v.HOLDS if worst.match else v.DIFFERS
        verdict, which = self._guarded(claim, verdict, worst, line, soft=True)
        others = number_of(len(names), "other")
        reason = f"closest of {others}: {name}, {worst.value * 100:+.2f} points"
        notes = self._window_notes(claim, line)
        return seen.answer(verdict, worst.value, "return", line, span, reason, notes, chosen=which)

    def _reversal(self, claim: Claim) -> Answer:
        """Ahead in the window, behind from the year's start to the window's: it turned."""
        other = claim.against
        assert other is not None and claim.window is not None
        words, la, lb, s, ra, rb = self._pairs(claim, other)[0]
        year = int(np.searchsorted(la.days, np.datetime64(f"{str(la.days[s.j])[:4]}-01-01"))) - 1
        i, j = (int(np.searchsorted(lb.days, la.days[n])) for n in (year, s.i))
        if year < 0 or year >= s.i:
            raise Missing("nothing of the year lies before the window")
        one = float(la.level[s.i] / la.level[year] - 1)
        two = float(lb.level[j] / lb.level[i] - 1)
        before, now = one - two, ra - rb
        end = int(np.searchsorted(lb.days, la.days[s.j]))
        figures = (
            self.q.figure("window_return", la, ra, "return", s.i, s.j),
            self.q.figure("window_return", la, one, "return", year, s.i),
            self.q.figure("window_return", lb, rb, "return", j, end),
            self.q.figure("window_return", lb, two, "return", i, j),
        )
        turned = now * claim.sign > 0 and before * claim.sign < 0
        near = min(abs(now), abs(before)) <= v.TENTH
        verdict = v.BORDERLINE if near else v.HOLDS if turned else v.DIFFERS
        seen = Seen()
        seen.add(words, now - before, "return", turned, *figures)
        verdict, which = self._guarded(claim, verdict, seen.tried[0], la, soft=True)
        reason = (
            f"{before * 100:+.1f} points from the year's start to {la.days[s.i]}, "
            f"{now * 100:+.1f} points in the window"
        )
        return seen.answer(verdict, now, "return", la, s, reason, chosen=which)


def replace_value(t: Tried, sign: int) -> Tried:
    """The gap as the claim sees it: positive where the subject is where it is said to be."""
    return replace(t, value=t.value * sign)


def _same_day(tried: list[Tried], values: list[tuple[Option, Line, Span, float]]) -> list[Tried]:
    """Readings of the first candidate on the first day: another basis may turn a yes into a no."""
    first = values[0][0]
    return [
        t
        for t, x in zip(tried, values, strict=True)
        if x[0].candidate == first.candidate and not x[0].back and not x[0].base_back
    ]
