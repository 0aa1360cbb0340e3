"""Shares: of members above a mean, of an index's gain."""

from __future__ import annotations

import numpy as np

from paceline.factcheck import verdicts as v
from paceline.factcheck.claims import Claim
from paceline.factcheck.judges.base import Answer, Seen, Unclear
from paceline.factcheck.judges.closes import Closes
from paceline.factcheck.readings import Missing
from paceline.factcheck.subjects import Candidate, Subject
from paceline.factcheck.verdicts import Tried
from paceline.figures import Figure
from paceline.market import frames


class Shares(Closes):
    """Shares: of members above a mean, of an index's gain."""

    def _breadth(self, claim: Claim) -> Answer:
        number = claim.number
        assert number is not None
        side, sessions = int(str(claim.params["side"])), int(str(claim.params["sessions"]))
        baskets = _with_members(claim.subject)
        if not baskets and claim.subject.kind == "market":
            big = self.q.names.lookup("s&p 500")
            baskets = _with_members(big) if big is not None else []
        if not baskets:
            raise Missing(f"{claim.subject.name} has no basket with members in this market")
        market, w = self.q.heavy(), claim.window
        days = market.all_levels.sessions
        day = w.first if w is not None and w.unit == "day" and w.first is not None else self.q.today
        j = int(np.searchsorted(days, np.datetime64(day), side="right")) - 1
        if j < 1:
            raise Missing(f"the members of {claim.subject.name} are known from {days[0]} on")
        own = market.settings("percent_above_average")["basis"] or market.file.market.basis
        seen, latest = Seen(), []
        plans = [(own, 0), ("total" if own == "price" else "price", 0), (own, 1)]
        for basis, back in plans[: 3 if w is None else 2]:
            f = self._above(baskets[0], sessions, basis, str(days[j - back]))
            if f is None or f.value is None:
                continue
            value = float(f.value) if side > 0 else 1 - float(f.value)
            count = f" ({round(value * f.n_used)} of {f.n_used})" if f.n_used else ""
            closes = "adjusted" if basis == "total" else "price-only"
            words = f"{closes} closes, {days[j - back]}{count}"
            seen.add(words, value, "fraction", v.matches(number, value), f)
            latest += seen.tried[-1:] if not back else []
        if not seen.tried:
            raise Missing(f"no share of members above their {sessions}-session mean by then")
        first = seen.tried[0]
        if number.how in ("over", "under", "atleast", "atmost", "justover"):
            edge = number.low if number.how in ("over", "atleast", "justover") else number.high
            verdict, chosen = v.judge_yes_no(latest, first.value - edge)
        else:
            verdict, chosen = v.judge_number(number, seen.tried)
            flips = any(not t.match for t in latest)
            if number.unit == "part" and not number.how and verdict == v.HOLDS and flips:
                verdict = v.BORDERLINE
        which = chosen.reading if verdict == v.ONLY else ""
        return seen.answer(
            verdict, first.value, "fraction", None, None, first.reading, chosen=which
        )

    def _above(self, basket: str, sessions: int, basis: str, day: str) -> Figure | None:
        """The share of a basket's members above their means on a day."""
        try:
            found = self.q.measured(
                "percent_above_average",
                subjects=[basket],
                window=sessions,
                basis=basis,
                history=True,
            )
        except Missing:
            return None
        return next((x for x in found if x.end == day), None)

    def _contribution(self, claim: Claim) -> Answer:
        whole, number = claim.against, claim.number
        if claim.window is None:
            raise Unclear("the text names no window for it")
        assert whole is not None
        indices, parts = _with_members(whole), _with_members(claim.subject)
        if not indices or not parts:
            raise Missing(
                f"{whole.name} or {claim.subject.name} has no basket with members in this market"
            )
        index, part = indices[0], parts[0]
        basket = Candidate(index, "")
        line = self.q.line(basket, "total") or self.q.line(basket, "price")
        if line is None:
            raise Missing(f"no data of {index}")
        span = self.q.span(line, claim.window)
        start, end = str(line.days[span.i]), str(line.days[span.j])
        unit = "fraction" if claim.params.get("share") else "return"
        seen, shares = Seen(), []
        own = self.q.market.settings("contributions")["basis"] or self.q.market.file.market.basis
        for basis in (own, "total" if own == "price" else "price"):
            both = self._part_of(index, part, basis, start, end)
            if both is None:
                continue
            f, points, total = both[0], float(str(both[0].value)), float(str(both[1].value))
            share = points / total if total > 0 else float("nan")
            value = share if unit == "fraction" else points
            ok = v.matches(number, value) if number is not None else share >= 0.5
            words = f"{f.label or part} in {index}, {basis} return, {start} to {end}"
            seen.add(words, value, unit, ok, *both)
            shares.append((share, points, total))
        if not shares:
            raise Missing("the contributions of members are not known over this window")
        share, points, total = shares[0]
        gain = f"{points * 100:.1f} of {total * 100:.1f} points"
        reason = f"{share:.0%} of the gain: {gain} ({self._listed(part, end)})"
        if number is not None:
            verdict, chosen = v.judge_number(number, seen.tried)
        else:
            verdict, chosen = self._drove(share, part, index, start, seen.tried)
            reason += (
                "; a driver by this rule gives half of the gain; more than its weight but less "
                "than half is borderline"
            )
        which = chosen.reading if verdict == v.ONLY else ""
        value = seen.tried[0].value
        return seen.answer(verdict, value, unit, line, span, reason, chosen=which)

    def _part_of(
        self, index: str, part: str, basis: str, start: str, end: str
    ) -> tuple[Figure, Figure] | None:
        """The contribution of a part, and the whole; None where either is not known."""
        try:
            rows = self.q.measured("contributions", end, subjects=[index], since=start, basis=basis)
        except Missing:
            return None
        own = next((r for r in rows if r.extra.get("part") == part), None)
        total = next((r for r in rows if r.statistic == "total"), None)
        if own is None or own.value is None or total is None or total.value is None:
            return None
        return own, total

    def _drove(
        self, share: float, part: str, index: str, start: str, tried: list[Tried]
    ) -> tuple[str, Tried]:
        if share >= 0.5 and all(t.match for t in tried):
            return v.HOLDS, tried[0]
        held = self._weight(part, index, start)
        return (v.BORDERLINE if share > held or share >= 0.5 else v.DIFFERS), tried[0]

    def _weight(self, part: str, index: str, start: str) -> float:
        """Weight of a basket's members in the index at the window's start."""
        market = self.q.heavy()
        whole, own = frames.weights(market, index, start), frames.weights(market, part, start)
        return float(
            whole.filter(whole["security"].is_in(own["security"].to_list()))["weight"].sum()
        )

    def _listed(self, part: str, end: str) -> str:
        names = frames.weights(self.q.heavy(end), part)["security"].to_list()
        return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")


def _with_members(s: Subject) -> list[str]:
    return [c.basket for c in s.candidates if c.basket and not c.instrument]
