"""Records, streaks, and the best or worst since."""

from __future__ import annotations

import datetime as dt

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array
from paceline.factcheck import verdicts as v
from paceline.factcheck.claims import Claim
from paceline.factcheck.judges.base import Answer, Unclear
from paceline.factcheck.judges.returns import Returns
from paceline.factcheck.readings import Line, Missing, Span
from paceline.factcheck.verdicts import Tried
from paceline.wording import number_of

_UNIT_DAYS = {"day": "D", "week": "W", "month": "M", "quarter": "Q", "year": "Y"}


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
        window = claim.window
        values = []
        for o in self.q.options(
            claim.subject, window if window is not None and window.unit == "day" else None
        ):
            if o.base_back:
                continue
            line = self._line(o)
            if (
                window is not None
                and window.unit != "day"
                and (window.end is not None or window.open)
            ):
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
            f = self.q.figure(
                "distance_from_record", line, off, "return", None, span.j, sessions=sessions
            )
            figures.append(f)
            tried.append(
                Tried(
                    o.words(line.label, window is None),
                    off,
                    "return",
                    (off > 1e-12) == want,
                    (f.id,),
                )
            )
        _, line, span, off = values[0]
        same_day = [
            t
            for t, x in zip(tried, values, strict=True)
            if x[0].candidate == values[0][0].candidate and not x[0].back
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
        if (
            verdict == v.HOLDS
            and (line.proxy or line.kind == "fund")
            and claim.subject.kind != "fund"
        ):
            verdict, which = v.ONLY, f"the fund {line.label}, total return"
        elif verdict == v.HOLDS and line.kind == "fund":
            verdict, which = v.ONLY, "total return (a fund's price is not stored)"
        kind = "high" if claim.sign > 0 else "low"
        closes = f"close of {number_of(sessions, 'session')}" if sessions else f"closing {kind}"
        reason = f"{line.days[span.j]}: {off:+.2%} from every earlier {closes}; {note}"
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

    def _daily(self, claim: Claim) -> list[tuple[str, Array, Line, int]]:
        """(reading, signed changes, line, last session) of a streak, alone or against another."""
        w = claim.window if claim.window is not None and claim.window.unit == "day" else None
        if (
            claim.window is not None
            and claim.window.unit != "day"
            and claim.window.end is not None
            and claim.window.inherited != "earlier paragraph"
        ):
            w = claim.window
        out = []
        if claim.against is not None:
            for o in [
                o for o in self.q.options(claim.subject, w) if not o.back and not o.base_back
            ][:2]:
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
                        Line(
                            la.name,
                            la.label,
                            la.basis,
                            la.days[offset:],
                            la.level[offset:],
                            la.kind,
                            la.proxy,
                        ),
                        j,
                    )
                )
        else:
            for o in [o for o in self.q.options(claim.subject, w) if not o.base_back]:
                line = self._line(o)
                span = self.q.span(line, w, o.back)
                out.append(
                    (
                        o.words(line.label, w is None),
                        _changes(line, str(claim.params["unit"]), span.j),
                        line,
                        span.j,
                    )
                )
        if not out:
            raise Missing(f"no data of {claim.subject.name} for a streak")
        return out

    def _streak(self, claim: Claim) -> Answer:
        n, vague, ended = (
            int(str(claim.params["n"])),
            bool(claim.params.get("vague")),
            bool(claim.params.get("ended")),
        )
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
                if t.reading.split(",")[0] == first_t.reading.split(",")[0]
                and "before" not in t.reading
            ):
                verdict = v.BORDERLINE
        else:
            verdict, chosen = (v.ONLY, other) if other is not None else (v.DIFFERS, first_t)
        verdict, which = self._guarded(claim, verdict, chosen, line)
        unit = str(claim.params["unit"])
        reason = f"{'longest run' if vague else 'run'}: {number_of(round(first_t.value), unit)}"
        notes = [f"several: at least {n} in a row"] if vague else []
        if vague and (claim.window is None or claim.window.inherited == "earlier paragraph"):
            notes.append(
                "looked for since the benchmark's last short-term low, or in the last 21 sessions"
            )
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
                    (
                        o,
                        line,
                        *self._extreme_on(
                            claim, line, unit, ref, since if isinstance(since, dt.date) else None
                        ),
                    )
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
        own = [
            t for t, r in zip(tried, rows, strict=True) if r[0].candidate == rows[0][0].candidate
        ]
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
            values, ends = line.level[: j + 1] * sign, np.arange(j + 1).astype(np.int64)
            mine, span = j, Span(max(j - 1, 0), j)
        elif unit == "streak":
            j = self.q.span(line, None).j
            move = np.sign(np.diff(line.level[: j + 1], prepend=np.nan)) * sign
            lengths = _runs(move)
            values, ends = lengths, np.arange(j + 1).astype(np.int64)
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
            return (
                False,
                own * sign,
                span,
                f"this {unit} was {'up' if sign < 0 else 'down'}: {own * sign:+.2%}",
                True,
            )
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

        def shown(x: float) -> str:
            if unit not in ("level", "streak"):
                return f"{x * sign:+.2%}"
            return f"{abs(x):,.2f}" if unit == "level" else f"{x:.0f}"

        if rival >= own - tie:
            pool = past_days[past_days > np.datetime64(last)] if last is not None else past_days
            when = pool[int(np.nanargmax(between))]
            return (
                False,
                own * sign,
                span,
                f"{shown(own)} now, {shown(rival)} in the "
                f"{unit if unit not in ('level', 'streak') else 'session'} to {when}",
                True,
            )
        if ref == "since" and last is not None:
            named = earlier[
                (past_days <= np.datetime64(last)) & (past_days >= np.datetime64(since))
            ]
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
        return (
            True,
            own * sign,
            span,
            f"{shown(own)} now; next {shown(rival) if np.isfinite(rival) else 'none'}",
            True,
        )


def _last_of(day: dt.date, size: str) -> dt.date:
    from paceline.factcheck.dates import period

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
