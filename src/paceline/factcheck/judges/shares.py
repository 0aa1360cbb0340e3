"""Shares: of members above a mean, of an index's gain."""

from __future__ import annotations

import numpy as np

from paceline.factcheck import verdicts as v
from paceline.factcheck.claims import Claim
from paceline.factcheck.judges.base import Answer, Unclear
from paceline.factcheck.judges.closes import Closes
from paceline.factcheck.readings import Missing
from paceline.factcheck.subjects import Candidate
from paceline.factcheck.verdicts import Tried
from paceline.market import frames


class Shares(Closes):
    """Shares: of members above a mean, of an index's gain."""

    def _breadth(self, claim: Claim) -> Answer:
        number = claim.number
        assert number is not None
        side, sessions = int(str(claim.params["side"])), int(str(claim.params["sessions"]))
        baskets = [c.basket for c in claim.subject.candidates if c.basket and not c.instrument]
        if not baskets and claim.subject.kind == "market":
            sp = self.q.names.lookup("s&p 500")
            baskets = (
                [c.basket for c in sp.candidates if c.basket and not c.instrument]
                if sp is not None
                else []
            )
        if not baskets:
            raise Missing(f"{claim.subject.name} has no basket with members in this market")
        market = self.q.heavy()
        days = market.all_levels.sessions
        j = int(np.searchsorted(days, np.datetime64(self.q.today), side="right")) - 1
        if (
            claim.window is not None
            and claim.window.unit == "day"
            and claim.window.first is not None
        ):
            j = int(np.searchsorted(days, np.datetime64(claim.window.first), side="right")) - 1
        if j < 1:
            raise Missing(f"the members of {claim.subject.name} are known from {days[0]} on")
        own = market.settings("percent_above_average")["basis"] or market.file.market.basis
        tried, figures, values = [], [], []
        plans = [(own, 0), ("total" if own == "price" else "price", 0), (own, 1)]
        for basis, back in plans[: 3 if claim.window is None else 2]:
            day = str(days[j - back])
            try:
                f = next(
                    x
                    for x in self.q.measured(
                        "percent_above_average",
                        subjects=baskets[:1],
                        window=sessions,
                        basis=basis,
                        history=True,
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
        if (
            number.how in ("over", "under", "atleast", "atmost", "justover")
            or number.unit == "part"
        ):
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
            verdict,
            value,
            "fraction",
            None,
            None,
            tuple(tried),
            tuple(figures),
            tried[0].reading,
            chosen=which,
        )

    def _contribution(self, claim: Claim) -> Answer:
        whole = claim.against
        if claim.window is None:
            raise Unclear("the text names no window for it")
        assert whole is not None
        index = next((c.basket for c in whole.candidates if c.basket and not c.instrument), None)
        part = next(
            (c.basket for c in claim.subject.candidates if c.basket and not c.instrument), None
        )
        if index is None or part is None:
            raise Missing(
                f"{whole.name} or {claim.subject.name} has no basket with members in this market"
            )
        line = self.q.line(Candidate(index, ""), "total") or self.q.line(
            Candidate(index, ""), "price"
        )
        if line is None:
            raise Missing(f"no data of {index}")
        span = self.q.span(line, claim.window)
        start, end = str(line.days[span.i]), str(line.days[span.j])
        tried, figures = [], []
        shares: list[tuple[float, float, float]] = []
        own = self.q.market.settings("contributions")["basis"] or self.q.market.file.market.basis
        for basis in (own, "total" if own == "price" else "price"):
            try:
                rows = self.q.measured(
                    "contributions", end, subjects=[index], since=start, basis=basis
                )
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
        reason = (
            f"{share:.0%} of the gain: {points * 100:.1f} of {total_gain * 100:.1f} points "
            f"({listed})"
        )
        if claim.number is not None:
            verdict, chosen = v.judge_number(claim.number, tried)
        else:
            verdict, chosen = self._drove(share, part, index, start, tried)
            reason += (
                "; a driver by this rule gives half of the gain; more than its weight but less "
                "than half is borderline"
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
