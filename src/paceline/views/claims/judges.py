"""One judge per kind of claim: which values it needs, and what they say."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from paceline.arrays import Array
from paceline.figures import Figure
from paceline.views.claims import verdicts as v
from paceline.views.claims.grammar import Claim
from paceline.views.claims.readings import Line, Missing, Option, Quotes, Span
from paceline.views.claims.subjects import Candidate, Subject
from paceline.views.claims.verdicts import Tried

_UNIT_DAYS = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}


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


class Judge:
    """Answers claims from the quotes of one text."""

    def __init__(self, quotes: Quotes, clean: str) -> None:
        self.q, self.clean = quotes, clean

    def answer(self, claim: Claim) -> Answer:
        """``Missing`` says that the data cannot answer, and why."""
        if claim.denied and claim.number is not None:
            return Answer(v.NOT_CHECKABLE, None, "return", reason="a denied number is not understood")
        judge: Callable[[Claim], Answer] = getattr(self, f"_{claim.kind}")
        return judge(claim)

    # -- helpers -----------------------------------------------------------------------------------------------------

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
                f"{claim.subject.name} itself is not stored: the fund {line.label} stands for it, total return"
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
        if verdict == v.HOLDS:
            if line is not None and line.proxy and claim.subject.kind == "index":
                return v.ONLY, f"the fund {line.label} for {claim.subject.name}"
            if w is not None and w.inherited == "earlier paragraph" and soft:
                return v.ONLY, f"window {w.text.strip()!r}, from the paragraph before"
        return verdict, chosen.reading if verdict == v.ONLY else ""

    def _values(self, claim: Claim, value: Callable[[Line, Span], float]) -> list[tuple[Option, Line, Span, float]]:
        total = bool(
            re.search(
                r"\btotal[- ]return|including dividends|with dividends",
                self.clean[max(0, claim.start - 60) : claim.end + 60],
                re.IGNORECASE,
            )
        )
        out = []
        for o in self.q.options(claim.subject, claim.window, total=total):
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
    ) -> tuple[list[Tried], list[Figure]]:
        open_ = claim.window is None or (claim.window.open and claim.window.unit != "day")
        tried, figures = [], []
        for o, line, span, value in values:
            figure = self.q.figure(measure, line, value, unit, span.i, span.j)
            figures.append(figure)
            tried.append(
                Tried(
                    f"{o.words(line.label, open_)}, {line.days[span.i]} to {line.days[span.j]}",
                    value,
                    unit,
                    match(value),
                    (figure.id,),
                )
            )
        return tried, figures

    # -- returns -----------------------------------------------------------------------------------------------------

    def _return(self, claim: Claim) -> Answer:
        number = claim.number
        assert number is not None
        if claim.window is None:
            raise Unclear("the text names no window for it")
        values = self._values(claim, lambda line, s: float(line.level[s.j] / line.level[s.i] - 1))
        tried, figures = self._tried(claim, values, "return", lambda x: v.matches(number, x), "window_return")
        verdict, chosen = v.judge_number(number, tried)
        _, line, span, value = values[0]
        notes = self._window_notes(claim, line)
        soft = (number.step >= 0.01 and number.unit != "times") or number.how != ""
        if (
            line.proxy
            and claim.subject.kind == "index"
            and verdict == v.DIFFERS
            and self._dividends(number.value, value, line, span)
        ):
            return Answer(
                v.MISSING,
                value,
                "return",
                line,
                span,
                tuple(tried),
                tuple(figures),
                notes=tuple(notes),
                reason=f"{claim.subject.name} is not stored; the fund's total return, dividends included, lies above the claim "
                "by no more than dividends can explain",
            )
        verdict, which = self._guarded(claim, verdict, chosen, line, soft=soft)
        if (
            line.kind == "stock"
            and abs(value) > 0.3
            and verdict == v.DIFFERS
            and line.basis == "price"
            and any(t.match for t in tried)
        ):
            verdict, which = v.ONLY, next(t.reading for t in tried if t.match)
        reason = self._why(verdict, number.value, value, which, tried)
        return Answer(
            verdict, value, "return", line, span, tuple(tried), tuple(figures), reason, tuple(notes), chosen=which
        )

    def _dividends(self, said: float, ours: float, line: Line, span: Span) -> bool:
        years = (line.days[span.j] - line.days[span.i]).astype(int) / 365.25
        return (
            line.basis == "total" and years > 0.1 and ours - 0.045 * years * (1 + max(ours, 0)) - 0.002 <= said <= ours
        )

    def _why(self, verdict: str, said: float, ours: float, which: str, tried: list[Tried]) -> str:
        if verdict == v.DIFFERS:
            if said * ours < 0:
                return "the sign is wrong"
            return f"{abs(said - ours) * 100:.1f} points off"
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
            raise Missing(f"no published level of {claim.subject.name} is stored: a move in points cannot be checked")
        tried, figures = self._tried(claim, values, "points", lambda x: v.matches(number, x), "window_points")
        verdict, chosen = v.judge_number(number, tried)
        verdict, which = self._guarded(claim, verdict, chosen, values[0][1])
        return Answer(
            verdict,
            values[0][3],
            "points",
            values[0][1],
            values[0][2],
            tuple(tried),
            tuple(figures),
            "" if verdict == v.HOLDS else f"{abs(number.value - values[0][3]):.2f} points off",
            chosen=which,
        )

    def _direction(self, claim: Claim) -> Answer:
        if claim.window is None:
            raise Unclear("the text names no window for it")
        values = self._values(claim, lambda line, s: float(line.level[s.j] / line.level[s.i] - 1))
        want = claim.sign * (-1 if claim.denied else 1)
        tried, figures = self._tried(claim, values, "return", lambda x: x * want > 0, "window_return")
        verdict, chosen = v.judge_yes_no(_same_day(tried, values), values[0][3])
        _, line, span, value = values[0]
        verdict, which = self._guarded(claim, verdict, chosen, line, soft=True)
        return Answer(
            verdict,
            value,
            "return",
            line,
            span,
            tuple(tried),
            tuple(figures),
            self._why(verdict, want * 0.01, value, which, tried) if verdict in (v.DIFFERS, v.ONLY) else "",
            tuple(self._window_notes(claim, line)),
            chosen=which,
        )

    # -- one against another -----------------------------------------------------------------------------------------

    def _pairs(self, claim: Claim, other: Subject) -> list[tuple[str, Line, Line, Span, float, float]]:
        """(basis in words, line, other's line, span, return, other's return), the first reading first."""
        w = claim.window
        a, b = self.q.options(claim.subject, w), self.q.options(other, w)
        ca, cb = a[0].candidate, b[0].candidate
        bases_a = [o.basis for o in a if o.candidate == ca and not o.back and not o.base_back]
        bases_b = [o.basis for o in b if o.candidate == cb and not o.back and not o.base_back]
        both = [(x, x) for x in bases_a if x in bases_b] or [(bases_a[0], bases_b[0])]
        plans: list[tuple[Candidate, Candidate, str, str, int, int]] = [(ca, cb, x, y, 0, 0) for x, y in both]
        if w is not None and w.open and w.unit != "day":
            plans += [(ca, cb, x, y, 1, 0) for x, y in both]
        if w is not None and w.alternative:
            plans.append((ca, cb, *both[0], 0, 1))
        for alt_a, alt_b in ((a, [o for o in b if o.candidate == cb]), ([o for o in a if o.candidate == ca], b)):
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
                values = float(la.level[sa.j] / la.level[sa.i] - 1), float(lb.level[j] / lb.level[i] - 1)
            except (Missing, IndexError):
                continue
            if np.isfinite(values).all():
                basis = {"price": "price", "total": "total return"}
                words = f"{la.label} ({basis[x]}) against {lb.label} ({basis[y]}), {day0} to {day1}"
                out.append((words, la, lb, sa, *values))
        if not out:
            raise Missing(f"no common data of {claim.subject.name} and {other.name} over this window")
        return out

    def _compare(self, claim: Claim) -> Answer:
        if claim.window is None:
            raise Unclear("the text names no window for it")
        if claim.params.get("group"):
            return self._compare_group(claim)
        other = claim.against
        assert other is not None
        pairs = self._pairs(claim, other)
        sign = claim.sign * (-1 if claim.denied else 1)
        number = claim.number
        tried, figures = [], []
        for words, la, lb, s, ra, rb in pairs:
            fa = self.q.figure("window_return", la, ra, "return", s.i, s.j)
            fb = self.q.figure(
                "window_return",
                lb,
                rb,
                "return",
                int(np.searchsorted(lb.days, la.days[s.i])),
                int(np.searchsorted(lb.days, la.days[s.j])),
            )
            figures += [fa, fb]
            gap = ra - rb
            ok = gap * sign > 0 if number is None else v.matches(number, sign * gap)
            tried.append(Tried(words, gap, "return", ok, (fa.id, fb.id)))
        _, la, lb, span, ra, rb = pairs[0]
        gap = ra - rb
        if number is None:
            last = str(la.days[span.j])
            verdict, chosen = v.judge_yes_no([t for t in tried if t.reading.endswith(last)] or tried, gap)
        else:
            verdict, chosen = v.judge_number(number, [replace_value(t, sign) for t in tried])
        soft = number is None
        verdict, which = self._guarded(claim, verdict, chosen, la, soft=soft)
        if (
            verdict == v.HOLDS
            and claim.params.get("implicit")
            and claim.subject.kind in ("style",)
            and other.kind in ("index", "market")
        ):
            notes = [f"compared with {other.name}: the text does not say with whom"]
        else:
            notes = (
                [f"compared with {other.name}: the text does not say with whom"] if claim.params.get("implicit") else []
            )
        if la.basis != lb.basis:
            notes.append(f"{la.label} is on {la.basis} return, {lb.label} on {lb.basis} return")
        notes += self._window_notes(claim, la)
        reason = f"{claim.subject.name} {ra:+.2%}, {other.name} {rb:+.2%}"
        if verdict == v.ONLY:
            reason += f"; holds only on reading: {which}"
        return Answer(
            verdict, gap, "return", la, span, tuple(tried), tuple(figures), reason, tuple(notes), chosen=which
        )

    def _compare_group(self, claim: Claim) -> Answer:
        """Against every other member of the market file's group of the subject."""
        market = self.q.market
        mine = {c.basket for c in claim.subject.candidates} | {c.instrument for c in claim.subject.candidates}
        group = next(
            (names for g, spec in market.file.groups.items() if (names := list(spec.baskets)) and set(names) & mine),
            None,
        )
        if group is None:
            raise Unclear("which others are meant is not declared in the market file")
        stem = claim.subject.name.split()[0].casefold()
        others = [b for b in group if b not in mine and not b.startswith(stem)]
        gaps: list[tuple[float, str, Tried, list[Figure]]] = []
        for b in others:
            spec = market.file.baskets[b]
            subject = Subject(spec.label or b, "style", (Candidate(b, spec.instrument or ""),))
            try:
                words, la, lb, s, ra, rb = self._pairs(claim, subject)[0]
            except Missing:
                continue
            fb = self.q.figure(
                "window_return",
                lb,
                rb,
                "return",
                int(np.searchsorted(lb.days, la.days[s.i])),
                int(np.searchsorted(lb.days, la.days[s.j])),
            )
            fa = self.q.figure("window_return", la, ra, "return", s.i, s.j)
            gaps.append(
                (
                    ra - rb,
                    subject.name,
                    Tried(words, ra - rb, "return", (ra - rb) * claim.sign > 0, (fa.id, fb.id)),
                    [fa, fb],
                )
            )
        if not gaps:
            raise Missing("none of the other baskets has data over this window")
        worst = min(gaps, key=lambda g: g[0] * claim.sign)
        verdict = v.BORDERLINE if abs(worst[0]) <= v.TENTH else v.HOLDS if worst[2].match else v.DIFFERS
        line, span = la, s
        verdict, which = self._guarded(claim, verdict, worst[2], line, soft=True)
        return Answer(
            verdict,
            worst[0],
            "return",
            line,
            span,
            tuple(g[2] for g in gaps),
            tuple(f for g in gaps for f in g[3]),
            f"closest of {len(gaps)} others: {worst[1]}, {worst[0] * 100:+.2f} points",
            tuple(self._window_notes(claim, line)),
            chosen=which,
        )

    def _reversal(self, claim: Claim) -> Answer:
        """Ahead in the window, behind from the year's start to the window's: one turned into the other."""
        other = claim.against
        assert other is not None and claim.window is not None
        words, la, lb, s, ra, rb = self._pairs(claim, other)[0]
        year = int(np.searchsorted(la.days, np.datetime64(f"{str(la.days[s.j])[:4]}-01-01"))) - 1
        i, j = (int(np.searchsorted(lb.days, la.days[n])) for n in (year, s.i))
        if year < 0 or year >= s.i:
            raise Missing("nothing of the year lies before the window")
        before = float(la.level[s.i] / la.level[year] - 1) - float(lb.level[j] / lb.level[i] - 1)
        now = ra - rb
        figures = (
            self.q.figure("window_return", la, ra, "return", s.i, s.j),
            self.q.figure("window_return", la, float(la.level[s.i] / la.level[year] - 1), "return", year, s.i),
            self.q.figure("window_return", lb, rb, "return", j, int(np.searchsorted(lb.days, la.days[s.j]))),
            self.q.figure("window_return", lb, float(lb.level[j] / lb.level[i] - 1), "return", i, j),
        )
        turned = now * claim.sign > 0 and before * claim.sign < 0
        near = min(abs(now), abs(before)) <= v.TENTH
        verdict = v.BORDERLINE if near else v.HOLDS if turned else v.DIFFERS
        tried = (Tried(words, now - before, "return", turned, tuple(f.id for f in figures)),)
        verdict, which = self._guarded(claim, verdict, tried[0], la, soft=True)
        return Answer(
            verdict,
            now,
            "return",
            la,
            s,
            tried,
            figures,
            f"{before * 100:+.1f} points from the year's start to {la.days[s.i]}, {now * 100:+.1f} points in the window",
            chosen=which,
        )

    # -- records, streaks, extremes --------------------------------------------------------------------------------

    def _history_notes(self, line: Line) -> tuple[bool, str]:
        """Is the stored history long enough for "ever"?"""
        first = line.days[int(np.flatnonzero(np.isfinite(line.level))[0])]
        whole = (line.kind == "index" and first < np.datetime64("1990-01-01")) or line.kind == "fund"
        return whole, f"history from {first} on"

    def _record(self, claim: Claim) -> Answer:
        sessions = int(str(claim.params.get("sessions") or 0))
        window = claim.window
        values = []
        for o in self.q.options(claim.subject, None):
            if o.base_back:
                continue
            line = self._line(o)
            if window is not None and window.unit != "day" and (window.end is not None or window.open):
                span = self.q.span(line, window)
                places = range(span.i + 1, span.j + 1)
            else:
                span = self.q.span(line, window if window is not None else None, o.back)
                places = range(span.j, span.j + 1)
            best, at = -np.inf, span.j
            for t in places:
                past = line.level[max(0, t - sessions) if sessions else 0 : t] * claim.sign
                if not np.isfinite(past).any() or not np.isfinite(line.level[t]):
                    continue
                top = np.nanmax(past)
                off = float(line.level[t] * claim.sign / top - 1) * (1 if claim.sign > 0 else -1)
                if off > best:
                    best, at = off, t
            if np.isfinite(best):
                values.append((o, line, Span(at - 1 if at else 0, at), best))
        if not values:
            raise Missing(f"no history of {claim.subject.name}")
        want = not claim.denied
        tried, figures = [], []
        for o, line, span, off in values:
            f = self.q.figure("distance_from_record", line, off, "return", None, span.j, sessions=sessions)
            figures.append(f)
            tried.append(Tried(o.words(line.label, window is None), off, "return", (off > 1e-12) == want, (f.id,)))
        _, line, span, off = values[0]
        same_day = [
            t for t, x in zip(tried, values, strict=True) if x[0].candidate == values[0][0].candidate and not x[0].back
        ]
        first = tried[0]
        whole, note = self._history_notes(line)
        flips = any(t.match != first.match for t in same_day)
        other = next((t for t in tried if t.match), None)
        if first.match:
            verdict, chosen = (v.BORDERLINE if flips else v.HOLDS), first
        elif other is not None:
            verdict, chosen = v.ONLY, other
        else:
            verdict, chosen = (v.BORDERLINE if want and -v.TENTH <= off <= 0 else v.DIFFERS), first
        which = chosen.reading if verdict == v.ONLY else ""
        if verdict == v.HOLDS and want and not whole and not sessions:
            verdict, which = v.ONLY, note
        if verdict == v.HOLDS and (line.proxy or line.kind == "fund") and claim.subject.kind != "fund":
            verdict, which = v.ONLY, f"the fund {line.label}, total return"
        elif verdict == v.HOLDS and line.kind == "fund":
            verdict, which = v.ONLY, "total return (a fund's price is not stored)"
        kind = "high" if claim.sign > 0 else "low"
        reason = f"{line.days[span.j]}: {off:+.2%} from every earlier {'closing ' + kind if not sessions else f'close of {sessions} sessions'}; {note}"
        return Answer(
            verdict,
            off,
            "return",
            line,
            span,
            tuple(tried),
            tuple(figures),
            reason,
            ("closes only: nothing is known of the day's highs",),
            chosen=which,
        )

    def _daily(self, claim: Claim, back: int = 0) -> list[tuple[str, Array, Line, int]]:
        """(reading, signed changes, line, last session) for a streak's subject, alone or against another."""
        w = claim.window if claim.window is not None and claim.window.unit == "day" else None
        if claim.window is not None and claim.window.unit != "day" and claim.window.end is not None:
            w = claim.window
        out = []
        if claim.against is not None:
            for o in [o for o in self.q.options(claim.subject, w) if not o.back and not o.base_back][:2]:
                la = self._line(o)
                other = next(
                    (
                        self._line(p)
                        for p in self.q.options(claim.against, w)
                        if p.basis == o.basis or len({p.basis}) == 1
                    ),
                    None,
                )
                if other is None:
                    continue
                start = max(la.days[0], other.days[0])
                a, b = (x.level[int(np.searchsorted(x.days, start)) :] for x in (la, other))
                change = np.full(len(a), np.nan)
                change[1:] = a[1:] / a[:-1] - b[1:] / b[:-1]
                offset = len(la.level) - len(a)
                j = self.q.span(la, w).j - offset
                out.append(
                    (
                        f"{la.label} ({la.basis}) against {other.label} ({other.basis})",
                        change,
                        Line(la.name, la.label, la.basis, la.days[offset:], la.level[offset:], la.kind, la.proxy),
                        j,
                    )
                )
        else:
            for o in [o for o in self.q.options(claim.subject, w) if not o.base_back]:
                line = self._line(o)
                span = self.q.span(line, w, o.back)
                out.append(
                    (o.words(line.label, w is None), _changes(line, str(claim.params["unit"]), span.j), line, span.j)
                )
        if not out:
            raise Missing(f"no data of {claim.subject.name} for a streak")
        return out

    def _streak(self, claim: Claim) -> Answer:
        n, vague, ended = int(str(claim.params["n"])), bool(claim.params.get("vague")), bool(claim.params.get("ended"))
        if claim.against is not None and claim.params["unit"] != "day":
            raise Unclear("runs of one against another are counted in sessions only")
        tried, figures, rows = [], [], []
        for words, change, line, j in self._daily(claim):
            signed = np.where(np.abs(change) < 1e-12, 0.0, change) * claim.sign
            last = len(signed) - 1 if claim.against is None else j
            if vague:
                w = claim.window
                first = last - 21
                if (low := self.q.last_low(line)) is not None and low > last - 63:
                    first = low
                if (
                    w is not None
                    and w.inherited != "earlier paragraph"
                    and not w.unclear
                    and w.unit != "day"
                    and claim.params["unit"] == "day"
                ):
                    first = max(first, 0) if w.inherited == "heading" else self.q.span(line, w).i
                length = _longest(signed[max(first, 0) + 1 : last + 1])
                ok = length >= n
            else:
                stop = last - 1 if ended else last
                length = _run(signed[: stop + 1])
                ok = length == n and (not ended or not signed[last] > 0)
            f = self.q.figure(
                "streak",
                line,
                float(length),
                "sessions",
                None,
                min(j, len(line.days) - 1),
                period=str(claim.params["unit"]),
                against=claim.against.name if claim.against else "",
            )
            figures.append(f)
            tried.append(Tried(words, float(length), "sessions", ok, (f.id,)))
            rows.append((line, j))
        line, j = rows[0]
        first_t = tried[0]
        other = next((t for t in tried if t.match), None)
        if first_t.match:
            verdict, chosen = v.HOLDS, first_t
            if any(
                not t.match
                for t in tried[1:]
                if t.reading.split(",")[0] == first_t.reading.split(",")[0] and "before" not in t.reading
            ):
                verdict = v.BORDERLINE
        else:
            verdict, chosen = (v.ONLY, other) if other is not None else (v.DIFFERS, first_t)
        verdict, which = self._guarded(claim, verdict, chosen, line)
        unit = str(claim.params["unit"])
        reason = f"{'longest run' if vague else 'run'}: {first_t.value:.0f} {unit}{'s' if first_t.value != 1 else ''}"
        notes = [f"several: at least {n} in a row"] if vague else []
        if vague and (claim.window is None or claim.window.inherited == "earlier paragraph"):
            notes.append("looked for since the benchmark's last short-term low, or in the last 21 sessions")
        return Answer(
            verdict,
            first_t.value,
            "sessions",
            line,
            Span(max(0, j - int(first_t.value)), j),
            tuple(tried),
            tuple(figures),
            reason,
            tuple(notes),
            chosen=which,
        )

    def _extreme(self, claim: Claim) -> Answer:
        """Best or worst since: every period between is less extreme, and the one named is not."""
        unit, ref = str(claim.params["unit"]), str(claim.params["ref"])
        since = claim.params.get("since")
        rows = []
        for o in [
            o
            for o in self.q.options(claim.subject, claim.window if unit != "streak" else None)
            if not o.base_back and not o.back
        ]:
            line = self._line(o)
            try:
                rows.append(
                    (o, line, *self._extreme_on(claim, line, unit, ref, since if isinstance(since, dt.date) else None))
                )
            except Missing:
                if not rows:
                    raise
        tried, figures = [], []
        for o, line, ok, value, span, _, _ in rows:
            f = self.q.figure(
                "extreme",
                line,
                value,
                "return" if unit not in ("level", "streak") else "level",
                span.i,
                span.j,
                period=unit,
            )
            figures.append(f)
            tried.append(Tried(o.words(line.label, False), value, f.unit, ok, (f.id,)))
        _, line, ok, value, span, reason, tight = rows[0]
        own = [t for t, r in zip(tried, rows, strict=True) if r[0].candidate == rows[0][0].candidate]
        verdict, chosen = v.judge_yes_no(own, None)
        if verdict == v.DIFFERS and any(t.match for t in tried):
            verdict, chosen = v.ONLY, next(t for t in tried if t.match)
        if verdict == v.HOLDS and not tight:
            verdict, reason = v.CLOSE, reason
        which = chosen.reading if verdict == v.ONLY else ""
        whole, note = self._history_notes(line)
        if verdict == v.HOLDS and ref == "ever" and not whole:
            verdict, which = v.ONLY, note
        if verdict in (v.HOLDS, v.CLOSE):
            verdict, which2 = self._guarded(claim, verdict, chosen, line)
            which = which or which2
        return Answer(
            verdict,
            value,
            "return" if unit not in ("level", "streak") else "level",
            line,
            span,
            tuple(tried),
            tuple(figures),
            reason,
            (note, *self._window_notes(claim, line)),
            chosen=which,
        )

    def _extreme_on(
        self, claim: Claim, line: Line, unit: str, ref: str, since: dt.date | None
    ) -> tuple[bool, float, Span, str, bool]:
        sign = claim.sign
        if unit == "level":
            j = self.q.span(line, claim.window).j
            values, ends = line.level[: j + 1] * sign, np.arange(j + 1)
            mine, span = j, Span(max(j - 1, 0), j)
        elif unit == "streak":
            j = self.q.span(line, None).j
            move = np.sign(np.diff(line.level[: j + 1], prepend=np.nan)) * sign
            lengths = _runs(move)
            values, ends = lengths, np.arange(j + 1)
            mine, span = j, Span(j - int(lengths[j]), j)
        else:
            whole = claim.window
            if whole is None:
                raise Unclear("the text names no window for it")
            span = self.q.span(line, whole)
            if whole.unit and whole.unit != unit:
                raise Unclear(f"a {unit} is compared, but the window is a {whole.unit}")
            ends = _ends(line, unit, span.j)
            level = line.level[ends]
            values = np.full(len(ends), np.nan)
            values[1:] = (level[1:] / level[:-1] - 1) * sign
            mine = len(ends) - 1
        own = float(values[mine])
        if not np.isfinite(own):
            raise Missing(f"{line.label} has no value for this period")
        past_days = line.days[ends[:mine]]
        earlier = values[:mine]
        first_seen = line.days[ends[int(np.flatnonzero(np.isfinite(values))[0])]]
        if unit not in ("level", "streak") and own <= 0:
            return False, own * sign, span, f"this {unit} was {'up' if sign < 0 else 'down'}: {own * sign:+.2%}", True
        if ref in ("since", "within", "year"):
            assert since is not None
            if np.datetime64(since) < first_seen and ref != "year":
                raise Missing(f"the data of {line.label} start on {first_seen}, after {since}")
            size = str(claim.params.get("size") or "")
            last = _last_of(since, size) if ref == "since" else since - dt.timedelta(days=1)
            between = earlier[past_days > np.datetime64(last)]
        else:
            last, between = None, earlier
        tie = 1e-12 if unit in ("level", "streak") else 1e-9
        rival = np.nanmax(between) if np.isfinite(between).any() else -np.inf
        shown = (
            (lambda x: f"{x * sign:+.2%}")
            if unit not in ("level", "streak")
            else (lambda x: f"{abs(x):,.2f}" if unit == "level" else f"{x:.0f}")
        )
        if rival >= own - tie:
            pool = past_days[past_days > np.datetime64(last)] if last is not None else past_days
            when = pool[int(np.nanargmax(between))]
            return (
                False,
                own * sign,
                span,
                f"{shown(own)} now, {shown(rival)} in the {unit if unit not in ('level', 'streak') else 'session'} to {when}",
                True,
            )
        if ref == "since" and last is not None:
            named = earlier[(past_days <= np.datetime64(last)) & (past_days >= np.datetime64(since))]
            top = np.nanmax(named) if np.isfinite(named).any() else -np.inf
            if unit == "level" or top >= own - tie:
                return (
                    True,
                    own * sign,
                    span,
                    f"{shown(own)} now, {shown(top) if np.isfinite(top) else 'nothing'} then",
                    True,
                )
            older = earlier[past_days < np.datetime64(since)]
            more = past_days[: len(older)][older >= own]
            until = (
                f"the first as {'good' if sign > 0 else 'bad'} since {more[-1]}"
                if len(more)
                else f"the {'best' if sign > 0 else 'worst'} of the stored history"
            )
            return True, own * sign, span, f"{shown(own)} now: {until}", False
        return True, own * sign, span, f"{shown(own)} now; next {shown(rival) if np.isfinite(rival) else 'none'}", True

    # -- rank --------------------------------------------------------------------------------------------------------

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
                line = next((ln for c in s.candidates[:1] if (ln := self.q.line(c, basis)) is not None), None)
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
            edge = order[top][3] if at < top and top < len(order) else order[top - 1][3] if at >= top else None
            ok = at < top and (of > 1 or bool(claim.params.get("among")) or at == place - 1)
            margin = abs(ours - edge) if edge is not None else None
            if ok and place > 1 and of == 1 and at > 0:
                margin = min(margin if margin is not None else 1.0, abs(order[at - 1][3] - ours))
            fs = [self.q.figure("window_return", g[1], g[3], "return", g[2].i, g[2].j) for g in order]
            figures += fs
            tried.append(
                Tried(
                    f"{what}, {'price' if basis == 'price' else 'total return'}: place {at + 1 if claim.sign > 0 else len(order) - at} of {len(order)}",
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
            own = [replace(s, candidates=tuple(c for c in s.candidates if not c.instrument)) for s in found]
            own = [s for s in own if s.candidates]
            usable = [s for s in own if self._has(s, claim)]
            if len(usable) >= 3 and any(s.name == claim.subject.name for s in usable):
                return usable, "sectors"
            funds = [replace(s, candidates=tuple(c for c in s.candidates if c.instrument)[:1]) for s in found]
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
                    replace(s, name=claim.subject.name) if s.candidates and s.candidates[0].instrument == ticker else s
                    for s in funds
                ]
                return [s for s in funds if s.candidates and self._has(s, claim)], "sector funds"
        if kind == "index":
            wanted = ("S&P 500", "Nasdaq 100", "Nasdaq Composite", "Dow Jones Industrial Average", "Russell 2000")
            found = [names.subjects[n] for n in wanted if n in names.subjects and names.subjects[n].candidates]
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

    # -- at a close --------------------------------------------------------------------------------------------------

    def _average(self, claim: Claim) -> Answer:
        sessions = int(str(claim.params["sessions"]))
        w = claim.window if claim.window is not None and claim.window.unit == "day" else None
        want = claim.sign * (-1 if claim.denied else 1)
        tried, figures, rows = [], [], []
        for o in [o for o in self.q.options(claim.subject, w) if not o.base_back]:
            line = self._line(o)
            span = self.q.span(line, w, o.back)
            part = line.level[span.j - sessions + 1 : span.j + 1]
            if len(part) < sessions or not np.isfinite(part).all():
                continue
            off = float(line.level[span.j] / part.mean() - 1)
            f = self.q.figure("distance_from_mean", line, off, "return", None, span.j, window=sessions)
            figures.append(f)
            tried.append(
                Tried(f"{o.words(line.label, w is None)}, {line.days[span.j]}", off, "return", off * want > 0, (f.id,))
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
            same + [t for t in tried if t not in same and t.match != same[0].match and not same[0].match], rows[0][3]
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
        for o in [o for o in self.q.options(claim.subject, claim.window) if o.basis == "price" and not o.base_back]:
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
                Tried(f"{o.words(line.label, claim.window is None)}, {line.days[span.j]}", value, "level", ok, (f.id,))
            )
        _, line, span = rows[0]
        value = float(line.level[span.j])
        if side:
            verdict, chosen = v.judge_yes_no(tried[:1] if tried[0].match else tried, value / number.value - 1)
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
        for o in [o for o in self.q.options(claim.subject, None) if o.basis == "price" and not o.base_back]:
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
            f"{level:,.0f} is {move:+.1%} from {line.level[span.j]:,.2f} on {line.days[span.j]}; whether it comes is a forecast",
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
        gap = float(line.level[t] * sign / np.nanmax(others) - 1) * sign if np.isfinite(others).any() else 0.0
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
        tried, figures, rows = [], [], []
        for o in [o for o in self.q.options(claim.subject, None) if not o.base_back]:
            line = self._line(o)
            span = self.q.span(line, None, o.back)
            part = line.level[span.j - 49 : span.j + 1]
            year = line.level[max(0, span.j - 251) : span.j + 1]
            if len(part) < 50 or not np.isfinite(part).all():
                continue
            mean, high = float(line.level[span.j] / part.mean() - 1), float(line.level[span.j] / np.nanmax(year) - 1)
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
            f"{mean:+.1%} from its 50-session mean, {high:.1%} from its highest close of 252 sessions",
            ("stalled: below the 50-session mean and a tenth or more off the high",),
        )

    def _breadth(self, claim: Claim) -> Answer:
        number = claim.number
        assert number is not None
        side, sessions = int(str(claim.params["side"])), int(str(claim.params["sessions"]))
        baskets = [c.basket for c in claim.subject.candidates if c.basket and not c.instrument]
        if not baskets and claim.subject.kind == "market":
            sp = self.q.names.lookup("s&p 500")
            baskets = [c.basket for c in sp.candidates if c.basket and not c.instrument] if sp is not None else []
        if not baskets:
            raise Missing(f"{claim.subject.name} has no basket with members in this market")
        market = self.q.heavy()
        days = market.levels_.sessions
        j = int(np.searchsorted(days, np.datetime64(self.q.today), side="right")) - 1
        if claim.window is not None and claim.window.unit == "day" and claim.window.first is not None:
            j = int(np.searchsorted(days, np.datetime64(claim.window.first), side="right")) - 1
        own = market.file.measures.get("above_average", {}).get("basis") or market.file.market.basis
        tried, figures, values = [], [], []
        plans = [(own, 0), ("total" if own == "price" else "price", 0), (own, 1)]
        for basis, back in plans[: 3 if claim.window is None else 2]:
            day = str(days[j - back])
            try:
                f = next(
                    x
                    for x in self.q.measured(
                        "above_average", subjects=baskets[:1], window=sessions, basis=basis, history=True
                    )
                    if x.end == day
                )
            except (StopIteration, Missing):
                continue
            if f.value is None:
                continue
            value = float(f.value) if side > 0 else 1 - float(f.value)
            count = f" ({round(value * f.n_used)} of {f.n_used})" if f.n_used else ""
            tried.append(
                Tried(
                    f"{'adjusted' if basis == 'total' else 'price-only'} closes, {day}{count}",
                    value,
                    "fraction",
                    v.matches(number, value),
                    (f.id,),
                )
            )
            figures.append(f)
            values.append((value, back))
        if not tried:
            raise Missing(f"no share of members above their {sessions}-session mean by then")
        same = [t for t, x in zip(tried, values, strict=True) if x[1] == 0]
        value = tried[0].value
        if number.how in ("over", "under", "atleast", "atmost", "justover") or number.unit == "part":
            edge = number.low if number.how in ("over", "atleast", "justover") else number.high
            if number.how == "":
                verdict, chosen = v.judge_number(number, tried)
                if verdict == v.HOLDS and any(not t.match for t in same):
                    verdict = v.BORDERLINE
            else:
                verdict, chosen = v.judge_yes_no(same, value - edge)
        else:
            verdict, chosen = v.judge_number(number, tried)
        which = chosen.reading if verdict == v.ONLY else ""
        return Answer(
            verdict, value, "fraction", None, None, tuple(tried), tuple(figures), tried[0].reading, chosen=which
        )

    def _contribution(self, claim: Claim) -> Answer:
        whole = claim.against
        if claim.window is None:
            raise Unclear("the text names no window for it")
        assert whole is not None
        index = next((c.basket for c in whole.candidates if c.basket and not c.instrument), None)
        part = next((c.basket for c in claim.subject.candidates if c.basket and not c.instrument), None)
        if index is None or part is None:
            raise Missing(f"{whole.name} or {claim.subject.name} has no basket with members in this market")
        line = self.q.line(Candidate(index, ""), "total") or self.q.line(Candidate(index, ""), "price")
        if line is None:
            raise Missing(f"no data of {index}")
        span = self.q.span(line, claim.window)
        start, end = str(line.days[span.i]), str(line.days[span.j])
        tried, figures = [], []
        shares: list[tuple[float, float, float]] = []
        own = self.q.market.file.measures.get("contributions", {}).get("basis") or self.q.market.file.market.basis
        for basis in (own, "total" if own == "price" else "price"):
            try:
                rows = self.q.measured("contributions", end, subjects=[index], since=start, basis=basis)
            except Missing:
                continue
            f = next((r for r in rows if r.extra.get("part") == part), None)
            total = next((r for r in rows if r.statistic == "total"), None)
            if f is None or f.value is None or total is None or total.value is None:
                continue
            share = float(f.value) / float(total.value) if float(total.value) > 0 else float("nan")
            value = share if claim.params.get("share") else float(f.value)
            ok = v.matches(claim.number, value) if claim.number is not None else share >= 0.5
            figures += [f, total]
            tried.append(
                Tried(
                    f"{f.label or part} in {index}, {basis} return, {start} to {end}",
                    value,
                    "fraction" if claim.params.get("share") else "return",
                    ok,
                    (f.id, total.id),
                )
            )
            shares.append((share, float(f.value), float(total.value)))
        if not tried:
            raise Missing("the contributions of members are not known over this window")
        unit = tried[0].unit
        share, points, total_gain = shares[0]
        listed = self._listed(part, end)
        reason = f"{share:.0%} of the gain: {points * 100:.1f} of {total_gain * 100:.1f} points ({listed})"
        if claim.number is not None:
            verdict, chosen = v.judge_number(claim.number, tried)
        else:
            verdict, chosen = self._drove(share, part, index, start, tried)
            reason += (
                "; a driver by this rule gives half of the gain; more than its weight but less than half is borderline"
            )
        return Answer(
            verdict,
            tried[0].value,
            unit,
            line,
            span,
            tuple(tried),
            tuple(figures),
            reason,
            chosen=chosen.reading if verdict == v.ONLY else "",
        )

    def _drove(self, share: float, part: str, index: str, start: str, tried: list[Tried]) -> tuple[str, Tried]:
        if share >= 0.5 and all(t.match for t in tried):
            return v.HOLDS, tried[0]
        held = self._weight(part, index, start)
        return (v.BORDERLINE if share > held or share >= 0.5 else v.DIFFERS), tried[0]

    def _weight(self, part: str, index: str, start: str) -> float:
        """Weight of a basket's members in the index at the window's start."""
        market = self.q.heavy()
        whole, own = market.weights(index, start), market.weights(part, start)
        return float(whole.filter(whole["security"].is_in(own["security"].to_list()))["weight"].sum())

    def _listed(self, part: str, end: str) -> str:
        names = self.q.heavy(end).weights(part)["security"].to_list()
        return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


class Unclear(Exception):
    """The claim is not checkable as it stands: the reason."""


def replace_value(t: Tried, sign: int) -> Tried:
    """The gap as the claim sees it: positive where the subject is where it is said to be."""
    return replace(t, value=t.value * sign)


def _same_day(tried: list[Tried], values: list[tuple[Option, Line, Span, float]]) -> list[Tried]:
    """Readings of the first candidate on the first day: another basis may turn a yes into a no, another day may not."""
    first = values[0][0]
    return [
        t
        for t, x in zip(tried, values, strict=True)
        if x[0].candidate == first.candidate and not x[0].back and not x[0].base_back
    ]


def _last_of(day: dt.date, size: str) -> dt.date:
    from paceline.views.claims.dates import _period

    return day if size in ("", "day") else _period(size, day)[1]


def _ends(line: Line, unit: str, j: int) -> Array:
    """Last sessions of the periods up to session j; the one of j counts as it stands."""
    days = line.days[: j + 1]
    if unit == "day":
        return np.arange(j + 1)
    if unit == "week":
        key = (days.astype("datetime64[D]").astype(int) + 3) // 7
    elif unit == "quarter":
        key = days.astype("datetime64[M]").astype(int) // 3
    else:
        key = days.astype(f"datetime64[{_UNIT_DAYS[unit]}]").astype(int)
    return np.flatnonzero(np.append(key[1:] != key[:-1], True))


def _changes(line: Line, unit: str, j: int) -> Array:
    ends = _ends(line, unit, j)
    level = line.level[ends]
    out = np.full(len(ends), np.nan)
    out[1:] = level[1:] / level[:-1] - 1
    return out


def _runs(signed: Array) -> Array:
    """Length of the run of positive values that ends at each place."""
    positive = signed > 0
    place = np.arange(len(signed))
    broken = np.maximum.accumulate(np.where(positive, -1, place))
    return np.where(positive, place - broken, 0).astype(float)


def _run(signed: Array) -> int:
    return int(_runs(signed)[-1]) if len(signed) else 0


def _longest(signed: Array) -> int:
    return int(_runs(signed).max()) if len(signed) else 0
