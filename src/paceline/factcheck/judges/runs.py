"""Records, streaks, and the best or worst since."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array
from paceline.factcheck import verdicts as v
from paceline.factcheck.claims import Claim
from paceline.factcheck.dates import Window, period
from paceline.factcheck.judges.base import Answer, Seen, Unclear
from paceline.factcheck.judges.returns import Returns
from paceline.factcheck.readings import Line, Missing, Option, Span
from paceline.wording import number_of

_UNIT_DAYS = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}
#: A reading in words, its signed changes, its line, and the last session.
Steps = tuple[str, Array, Line, int]


class Found(NamedTuple):
    """What one reading says of an extreme; ``tight``: nothing older is as extreme either."""

    match: bool
    value: float
    span: Span
    reason: str
    tight: bool


class Runs(Returns):
    """Records, streaks, and the best or worst since."""

    def _history_notes(self, line: Line) -> tuple[bool, str]:
        """Is the stored history long enough for "ever"?"""
        first = line.days[int(np.flatnonzero(np.isfinite(line.level))[0])]
        whole = (
            line.kind == "index" and first < np.datetime64("1990-01-01")
        ) or line.kind == "fund"
        return whole, f"history from {first} on"

    def _record(self, claim: Claim) -> Answer:
        sessions = int(str(claim.params.get("sessions") or 0))
        window, want = claim.window, not claim.denied
        values = self._highs(claim, sessions)
        seen = Seen()
        for o, line, span, off in values:
            f = self.q.figure(
                "distance_from_record", line, off, "return", None, span.j, sessions=sessions
            )
            words = o.words(line.label, window is None)
            seen.add(words, off, "return", (off > 1e-12) == want, f)
        option, line, span, off = values[0]
        like = [x[0].candidate == option.candidate and not x[0].back for x in values]
        first = seen.tried[0]
        flips = any(
            t.match != first.match for t, same in zip(seen.tried, like, strict=True) if same
        )
        other = next((t for t in seen.tried if t.match), None)
        which = ""
        if first.match:
            verdict = v.BORDERLINE if flips else v.HOLDS
        elif other is not None:
            verdict, which = v.ONLY, other.reading
        else:
            verdict = v.BORDERLINE if want and -v.TENTH <= off <= 0 else v.DIFFERS
        whole, note = self._history_notes(line)
        if verdict == v.HOLDS and want and not whole and not sessions:
            verdict, which = v.ONLY, note
        stands_in = line.proxy or line.kind == "fund"
        if verdict == v.HOLDS and stands_in and claim.subject.kind != "fund":
            verdict, which = v.ONLY, f"the fund {line.label}, total return"
        elif verdict == v.HOLDS and line.kind == "fund":
            verdict, which = v.ONLY, "total return (a fund's price is not stored)"
        kind = "high" if claim.sign > 0 else "low"
        closes = f"close of {number_of(sessions, 'session')}" if sessions else f"closing {kind}"
        reason = f"{line.days[span.j]}: {off:+.2%} from every earlier {closes}; {note}"
        notes = ("closes only: nothing is known of the day's highs",)
        return seen.answer(verdict, off, "return", line, span, reason, notes, chosen=which)

    def _highs(self, claim: Claim, sessions: int) -> list[tuple[Option, Line, Span, float]]:
        """On each reading the close of the window that stands out most, and by how much."""
        window, values = claim.window, []
        day = window if window is not None and window.unit == "day" else None
        for o in [o for o in self.q.options(claim.subject, day) if not o.base_back]:
            line = self._line(o)
            if window is not None and window.unit != "day" and (window.end or window.open):
                span = self.q.span(line, window)
                places = range(span.i + 1, span.j + 1)
            else:
                span = self.q.span(line, window, o.back)
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
        return values

    def _daily(self, claim: Claim) -> list[Steps]:
        """The steps of a streak on each reading, alone or against another."""
        w, out = claim.window, []
        if w is not None and w.unit != "day" and (not w.end or w.inherited == "earlier paragraph"):
            w = None
        options = [o for o in self.q.options(claim.subject, w) if not o.base_back]
        if claim.against is not None:
            rivals = self.q.options(claim.against, w)
            plain = [o for o in options if not o.back][:2] if rivals else []
            out += [self._apart(self._line(o), self._line(rivals[0]), w) for o in plain]
        else:
            for o in options:
                line = self._line(o)
                j = self.q.span(line, w, o.back).j
                changes = _changes(line, str(claim.params["unit"]), j)
                out.append((o.words(line.label, w is None), changes, line, j))
        if not out:
            raise Missing(f"no data of {claim.subject.name} for a streak")
        return out

    def _apart(self, la: Line, other: Line, w: Window | None) -> Steps:
        """The daily steps of one line ahead of another."""
        start = max(la.days[0], other.days[0])
        a, b = (x.level[int(np.searchsorted(x.days, start)) :] for x in (la, other))
        change = np.full(len(a), np.nan)
        change[1:] = a[1:] / a[:-1] - b[1:] / b[:-1]
        offset = len(la.level) - len(a)
        words = f"{la.label} ({la.basis}) against {other.label} ({other.basis})"
        line = la._replace(days=la.days[offset:], level=la.level[offset:])
        return words, change, line, self.q.span(la, w).j - offset

    def _streak(self, claim: Claim) -> Answer:
        n, unit = int(str(claim.params["n"])), str(claim.params["unit"])
        vague = bool(claim.params.get("vague"))
        if claim.against is not None and unit != "day":
            raise Unclear("runs of one against another are counted in sessions only")
        seen, rows = Seen(), []
        for words, change, line, j in self._daily(claim):
            signed = np.where(np.abs(change) < 1e-12, 0.0, change) * claim.sign
            last = len(signed) - 1 if claim.against is None else j
            length, ok = self._length(claim, line, signed, last, n)
            f = self.q.figure(
                "streak",
                line,
                float(length),
                "sessions",
                None,
                min(j, len(line.days) - 1),
                period=unit,
                against=claim.against.name if claim.against else "",
            )
            seen.add(words, float(length), "sessions", ok, f)
            rows.append((line, j))
        line, j = rows[0]
        first = seen.tried[0]
        other = next((t for t in seen.tried if t.match), None)
        verdict, chosen = (v.ONLY, other) if other is not None else (v.DIFFERS, first)
        if first.match:
            name = first.reading.split(",")[0]
            like = [t for t in seen.tried[1:] if t.reading.split(",")[0] == name]
            flips = any(not t.match for t in like if "before" not in t.reading)
            verdict, chosen = (v.BORDERLINE if flips else v.HOLDS), first
        verdict, which = self._guarded(claim, verdict, chosen, line)
        reason = f"{'longest run' if vague else 'run'}: {number_of(round(first.value), unit)}"
        notes = [f"several: at least {n} in a row"] if vague else []
        if vague and (claim.window is None or claim.window.inherited == "earlier paragraph"):
            notes.append(
                "looked for since the benchmark's last short-term low, or in the last 21 sessions"
            )
        span = Span(max(0, j - int(first.value)), j)
        return seen.answer(
            verdict, first.value, "sessions", line, span, reason, notes, chosen=which
        )

    def _length(
        self, claim: Claim, line: Line, signed: Array, last: int, n: int
    ) -> tuple[int, bool]:
        """The run that ends at ``last`` (or the longest of late), and whether it will do."""
        if not claim.params.get("vague"):
            ended = bool(claim.params.get("ended"))
            length = _run(signed[: last if ended else last + 1])
            return length, length == n and (not ended or not signed[last] > 0)
        w, first = claim.window, last - 21
        if (low := self.q.last_low(line)) is not None and low > last - 63:
            first = low
        known = w is not None and w.inherited != "earlier paragraph" and not w.unclear
        if w is not None and known and w.unit != "day" and claim.params["unit"] == "day":
            first = max(first, 0) if w.inherited == "heading" else self.q.span(line, w).i
        length = _longest(signed[max(first, 0) + 1 : last + 1])
        return length, length >= n

    def _extreme(self, claim: Claim) -> Answer:
        """Best or worst since: every period between is less extreme, and the one named is not."""
        unit, ref = str(claim.params["unit"]), str(claim.params["ref"])
        kind = "level" if unit in ("level", "streak") else "return"
        rows: list[tuple[Option, Line, Found]] = []
        for o in self.q.options(claim.subject, claim.window if unit != "streak" else None):
            if o.base_back or o.back:
                continue
            line = self._line(o)
            try:
                rows.append((o, line, self._extreme_on(claim, line, unit, ref)))
            except Missing:
                if not rows:
                    raise
        seen = Seen()
        for o, line, found in rows:
            span = found.span
            f = self.q.figure("extreme", line, found.value, kind, span.i, span.j, period=unit)
            seen.add(o.words(line.label, False), found.value, f.unit, found.match, f)
        option, line, found = rows[0]
        like = [r[0].candidate == option.candidate for r in rows]
        own = [t for t, same in zip(seen.tried, like, strict=True) if same]
        verdict, chosen = v.judge_yes_no(own, None)
        if verdict == v.DIFFERS and any(t.match for t in seen.tried):
            verdict, chosen = v.ONLY, next(t for t in seen.tried if t.match)
        if verdict == v.HOLDS and not found.tight:
            verdict = v.CLOSE
        which = chosen.reading if verdict == v.ONLY else ""
        whole, note = self._history_notes(line)
        if verdict == v.HOLDS and ref == "ever" and not whole:
            verdict, which = v.ONLY, note
        if verdict in (v.HOLDS, v.CLOSE):
            verdict, guarded = self._guarded(claim, verdict, chosen, line)
            which = which or guarded
        notes = (note, *self._window_notes(claim, line))
        return seen.answer(
            verdict, found.value, kind, line, found.span, found.reason, notes, chosen=which
        )

    def _extreme_on(self, claim: Claim, line: Line, unit: str, ref: str) -> Found:
        sign = claim.sign
        values, ends, span = self._compared_with(claim, line, unit)
        own = float(values[-1])
        if not np.isfinite(own):
            raise Missing(f"{line.label} has no value for this period")
        days, earlier = line.days[ends[:-1]], values[:-1]
        if unit not in ("level", "streak") and own <= 0:
            reason = f"this {unit} was {'up' if sign < 0 else 'down'}: {own * sign:+.2%}"
            return Found(False, own * sign, span, reason, True)
        given = claim.params.get("since")
        since = given if isinstance(given, dt.date) else None
        last = None
        if ref in ("since", "within", "year"):
            assert since is not None
            seen_from = line.days[ends[int(np.flatnonzero(np.isfinite(values))[0])]]
            if np.datetime64(since) < seen_from and ref != "year":
                raise Missing(f"the data of {line.label} start on {seen_from}, after {since}")
            size = str(claim.params.get("size") or "")
            last = _last_of(since, size) if ref == "since" else since - dt.timedelta(days=1)
        later = np.ones(len(days), bool) if last is None else days > np.datetime64(last)
        tie = 1e-12 if unit in ("level", "streak") else 1e-9
        rival = _top(earlier[later])
        said = f"{_said(own, unit, sign)} now"
        if rival >= own - tie:
            when = days[later][int(np.nanargmax(earlier[later]))]
            period = unit if unit not in ("level", "streak") else "session"
            reason = f"{said}, {_said(rival, unit, sign)} in the {period} to {when}"
            return Found(False, own * sign, span, reason, True)
        if ref == "since" and since is not None:
            then = ~later & (days >= np.datetime64(since))
            top = _top(earlier[then])
            if unit == "level" or top >= own - tie:
                named = _said(top, unit, sign) if np.isfinite(top) else "nothing"
                return Found(True, own * sign, span, f"{said}, {named} then", True)
            before = days < np.datetime64(since)
            more = days[before][earlier[before] >= own]
            until = (
                f"the first as {'good' if sign > 0 else 'bad'} since {more[-1]}"
                if len(more)
                else f"the {'best' if sign > 0 else 'worst'} of the stored history"
            )
            return Found(True, own * sign, span, f"{said}: {until}", False)
        next_ = _said(rival, unit, sign) if np.isfinite(rival) else "none"
        return Found(True, own * sign, span, f"{said}; next {next_}", True)

    def _compared_with(
        self, claim: Claim, line: Line, unit: str
    ) -> tuple[Array, NDArray[np.int64], Span]:
        """Signed values of all periods up to the claim's own, their last sessions, and its span."""
        if unit in ("level", "streak"):
            j = self.q.span(line, claim.window if unit == "level" else None).j
            ends = np.arange(j + 1).astype(np.int64)
            if unit == "level":
                return line.level[: j + 1] * claim.sign, ends, Span(max(j - 1, 0), j)
            move = np.sign(np.diff(line.level[: j + 1], prepend=np.nan)) * claim.sign
            lengths = _runs(move)
            return lengths, ends, Span(j - int(lengths[j]), j)
        whole = claim.window
        if whole is None:
            raise Unclear("the text names no window for it")
        span = self.q.span(line, whole)
        if whole.unit and whole.unit != unit:
            raise Unclear(f"a {unit} is compared, but the window is a {whole.unit}")
        return _changes(line, unit, span.j) * claim.sign, _ends(line, unit, span.j), span


def _top(values: Array) -> float:
    return float(np.nanmax(values)) if np.isfinite(values).any() else -np.inf


def _said(value: float, unit: str, sign: int) -> str:
    if unit not in ("level", "streak"):
        return f"{value * sign:+.2%}"
    return f"{abs(value):,.2f}" if unit == "level" else f"{value:.0f}"


def _last_of(day: dt.date, size: str) -> dt.date:
    return day if size in ("", "day") else period(size, day)[1]


def _ends(line: Line, unit: str, j: int) -> NDArray[np.int64]:
    """Last sessions of the periods up to session j; the one of j counts as it stands."""
    days = line.days[: j + 1]
    if unit == "day":
        return np.arange(j + 1).astype(np.int64)
    if unit == "week":
        key = (days.astype("datetime64[D]").astype(int) + 3) // 7
    elif unit == "quarter":
        key = days.astype("datetime64[M]").astype(int) // 3
    else:
        key = days.astype(f"datetime64[{_UNIT_DAYS[unit]}]").astype(int)
    return np.flatnonzero(np.append(key[1:] != key[:-1], True)).astype(np.int64)


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
