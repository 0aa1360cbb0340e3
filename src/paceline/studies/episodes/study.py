"""Every number of one rotation as a figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline.engine import Question
from paceline.figures import Figure, Value
from paceline.kernels import forward_fill
from paceline.methods.barriers import NAMED
from paceline.methods.episode_table import Episode, last_turn
from paceline.methods.last_window import superlative
from paceline.studies.episodes import questions
from paceline.studies.episodes.history import ITSELF, History
from paceline.studies.episodes.numbers import RotationNumbers
from paceline.studies.false_alarms import false_alarms

if TYPE_CHECKING:
    import polars as pl

#: Statistics of ``Study.reversal``: a page asks for them, and no verb shows them.
REVERSAL = ("before lead", "before against", "inside lead", "inside against", "reversal")


class Study(RotationNumbers):
    """One rotation from all sides, every number of it as a figure."""

    def name(self, side: int) -> str:
        """The leg that leads in a state, for people."""
        leg = {1: self.pair.lead, -1: self.pair.against}.get(side)
        return "neither" if leg is None else self.market.labels.get(leg, leg)

    @cached_property
    def _question(self) -> Question:
        return questions.of_pair(self)

    @cached_property
    def _proxy_question(self) -> Question:
        return questions.of_proxy(self)

    @cached_property
    def silent(self) -> str:
        """Why nothing can be said of the last session: a leg that ended, say; else empty."""
        return self._question.refusal(None, self.market.as_of).removeprefix("no value: ")

    def figure(
        self,
        statistic: str,
        value: Value,
        unit: str,
        *,
        line: str = "raw",
        start: object = None,
        end: object = None,
        evidence: Mapping[str, Any] | None = None,
        caveats: Sequence[str] = (),
        used: int | None = None,
        eligible: int | None = None,
        **extra: str,
    ) -> Figure:
        """One number of this rotation with its lineage; a value that is not finite is none."""
        question = self._proxy_question if line == "proxy" else self._question
        neutral = (
            "relative return less (beta of the first leg - beta of the second) times the "
            "benchmark's, betas of the last 252 sessions"
        )
        return question.figure(
            self.pair.lead,
            value,
            unit,
            statistic=statistic,
            label=self.pair.label,
            against=self.pair.against,
            start=start,
            end=end,
            n_used=used,
            n_eligible=eligible,
            caveats=[*([neutral] if line == "neutral" else []), *caveats],
            evidence=evidence,
            extra={"rotation": self.pair.name, "line": line, **extra},
        )

    def state(self, c: float, line: str = "raw") -> Figure:
        """Who leads at size c, as text."""
        v = self.turn_state(line, c)
        turns, row = self.turns(line, c)
        turn = last_turn(turns, row)
        start, known = (None, "") if turn is None else (self.days[turn[1]], str(self.days[turn[2]]))
        return self.figure(
            f"state {c:g}",
            self.name(v.direction),
            "text",
            line=line,
            start=start,
            caveats=[
                v.reason,
                "borderline: a barrier a quarter smaller or larger says otherwise"
                if v.borderline and not v.reason
                else "",
            ],
            known=known,
        )

    def to_turn(self, c: float, line: str = "raw") -> Figure:
        """The relative move of A over B that would turn the state: above zero where B leads."""
        v = self.turn_state(line, c)
        gap = v.distance * (-1 if v.direction > 0 else 1)
        return self.figure(
            f"to_turn {c:g}",
            float(np.expm1(gap)) if v.direction else math.nan,
            "return",
            line=line,
            caveats=[v.reason],
        )

    def borderline(self, line: str = "raw") -> Figure:
        """Whether a barrier a quarter smaller or larger gives another answer."""
        v = self.turn_state(line)
        sides = f"{self.name(v.below)} / {self.name(v.above)}"
        return self.figure(
            "borderline",
            "yes" if v.borderline else "no",
            "text",
            line=line,
            caveats=[v.reason],
            sides=sides,
        )

    def episode(self, e: Episode, line: str = "raw") -> dict[str, Figure]:
        """far, sessions, went and broad of one episode."""
        when = {"line": line, "start": self.days[e.pivot], "end": self.days[e.known]}
        side = "lead" if e.direction > 0 else "against"
        made = {
            "far": self.figure("episode far", e.far, "return", **when, direction=side),
            "sessions": self.figure(
                "episode sessions", e.sessions, "sessions", **when, direction=side
            ),
            "went": self.figure(
                "episode went",
                e.went,
                "return",
                line=line,
                start=self.days[e.pivot],
                end=self.days[e.until],
                direction=side,
            ),
        }
        ahead = self.members_ahead(e.pivot, e.known)
        if ahead is not None:
            made["broad"] = self.figure(
                "episode broad",
                ahead[0],
                "fraction",
                used=ahead[1],
                eligible=ahead[2],
                **when,
                direction=side,
            )
        return made

    def now(self, line: str = "raw") -> dict[str, Figure]:
        """The state under way: since when, how far, how long, how broad."""
        turns, row = self.turns(line)
        turn = last_turn(turns, row)
        if turn is None:
            return {}
        _, pivot, _ = turn
        last = len(self.days) - 1
        full = forward_fill(self.rotations.lines[row])
        made = {
            "far": self.figure(
                "now far",
                float(np.expm1(full[last] - full[pivot])),
                "return",
                line=line,
                start=self.days[pivot],
            ),
            "sessions": self.figure(
                "now sessions", last - pivot, "sessions", line=line, start=self.days[pivot]
            ),
        }
        ahead = self.members_ahead(pivot, last)
        if ahead is not None:
            made["broad"] = self.figure(
                "now broad",
                ahead[0],
                "fraction",
                line=line,
                start=self.days[pivot],
                used=ahead[1],
                eligible=ahead[2],
            )
        return made

    def rates(self) -> dict[str, Figure]:
        """Episodes (A over B) per year: of the pair, of driftless walks, of resampled returns."""
        turns, row = self.turns()
        stored = self.market.stored
        year, note = stored.sessions_of_year, stored.year_note
        own = float(turns.rate_per_year(year=year)[row])
        walks, resampled = false_alarms(
            self.market.store.cache,
            [None, np.diff(self.rotations.lines[row])],
            self.c,
            step=self.step,
            year=year,
        )
        short = "" if np.isfinite(own) else "no value: too little history for an episode"
        made = {
            "own": self.figure("rate", own, "estimate", start=self.days[0], caveats=[note, short])
        }
        for name, rate in (("walks", walks), ("resampled", resampled)):
            made[name] = self.figure(
                f"rate {name}",
                rate.rate,
                "estimate",
                evidence=rate.to_json() if rate.series else {},
                caveats=[note] if rate.series else [rate.method],
            )
        return made

    def after(self, h: History) -> dict[str, Figure]:
        """mean, base, difference, hit_rate, n, n_effective of one outcome."""
        o, e = h.outcome, h.outcome.evidence
        line = "raw" if h.name == ITSELF else "proxy"
        way = "lead" if h.direction > 0 else "against"
        common: dict[str, Any] = {"line": line, "start": h.first, "direction": way}
        if line == "proxy" and self.proxy is not None:
            common["end"] = self.proxy.days[np.isfinite(self.proxy.line)][-1]
        at = f"after {o.horizon}"
        why = [e.note] if e.note else []

        def made(what: str, value: Value, unit: str, **more: Any) -> Figure:
            return self.figure(f"{at} {what}", value, unit, caveats=why, **common, **more)

        return {
            "mean": made("mean", o.mean, "return"),
            "base": made("base", o.base, "return"),
            "difference": made("difference", e.effect, "return", evidence=e.to_json()),
            "low": made("low", e.low, "return"),
            "high": made("high", e.high, "return"),
            "hit_rate": made("hit_rate", o.hit_rate, "fraction"),
            "base_hit_rate": made("base_hit_rate", o.base_hit_rate, "fraction"),
            "n": made("n", e.n, "count"),
            "n_effective": made("n_effective", e.n_effective, "estimate"),
            "detectable": made("detectable", e.minimum_detectable, "return"),
        }

    def since_low(self) -> dict[str, Figure]:
        """The move since the benchmark's low and its rank among those after earlier lows."""
        low = self.low
        if low is None or not math.isfinite(low.now):
            return {}
        start = self.days[len(self.days) - 1 - low.sessions]
        e = low.outcome.evidence
        return {
            "now": self.figure("low now", low.now, "return", start=start),
            "sessions": self.figure("low sessions", low.sessions, "sessions", start=start),
            "rank": self.figure(
                "low rank", low.below, "fraction", start=start, used=len(low.values)
            ),
            "n": self.figure("low n", len(low.values), "count", start=start),
            "mean": self.figure(
                "low mean", low.outcome.mean, "return", start=start, caveats=[e.note]
            ),
            "difference": self.figure(
                "low difference",
                e.effect,
                "return",
                start=start,
                evidence=e.to_json(),
                caveats=[e.note],
            ),
        }

    def reversal(self, start: str, end: str) -> dict[str, Figure]:
        """Returns of both legs in a window and in the year before it, and whether the lead turned.

        On the pair's basis; a reversal is a change of sign of the difference. Empty where a close
        is missing.

        start, end  ISO dates of the closes the window runs from and to
        """
        have = self.market.all_levels
        levels = have.by_basis[self.basis] if self.basis != "mixed" else have.native
        eve = f"{int(start[:4]) - 1}-12-31"
        at = [
            int(np.searchsorted(have.sessions, np.datetime64(d), side="right")) - 1
            for d in (eve, start, end)
        ]
        legs = [levels[have.names.index(n)] for n in (self.pair.lead, self.pair.against)]
        if at[0] < 0 or not all(np.isfinite(leg[at]).all() for leg in legs):
            return {}
        eve, start, end = (str(have.sessions[t]) for t in at)
        before, inside = ([float(leg[b] / leg[a] - 1) for leg in legs] for a, b in (at[:2], at[1:]))
        made = {}
        for name, values, a, b in (("before", before, eve, start), ("inside", inside, start, end)):
            for side, value in zip(("lead", "against"), values, strict=True):
                made[f"{name} {side}"] = self.figure(
                    f"{name} {side}", value, "return", start=a, end=b
                )
        turned = (before[0] - before[1]) * (inside[0] - inside[1]) < 0
        made["reversal"] = self.figure(
            "reversal", "reversal" if turned else "no reversal", "text", start=start, end=end
        )
        return made

    def superlative(self) -> dict[str, Any]:
        """now, rank and n as figures, ``since`` as an ISO date or None (never as wide before)."""
        best = superlative(self.rotations.line(self.pair.name))
        if best is None:
            return {}
        start = self.days[len(self.days) - 1 - best.sessions]
        since = None if best.since < 0 else str(self.days[best.since])
        return {
            "now": self.figure("fortnight now", best.now, "return", start=start),
            "rank": self.figure("fortnight rank", best.rank, "fraction", start=start),
            "n": self.figure("fortnight n", best.n, "count", start=start),
            "since": since,
        }

    @cached_property
    def figures(self) -> list[Figure]:
        """Every number of this rotation."""
        made: list[Figure] = []
        for line in self.lines:
            made += [self.state(c, line) for c in sorted({*NAMED, self.c})]
            made += [self.to_turn(c, line) for c in sorted({*NAMED, self.c})]
            made += [self.borderline(line), *self.now(line).values()]
            made += [f for e in self.table(line) for f in self.episode(e, line).values()]
        made += [*self.rates().values(), *self.since_low().values()]
        made += [f for f in self.superlative().values() if isinstance(f, Figure)]
        return made + [
            f for side in (1, -1) for h in self.histories(side) for f in self.after(h).values()
        ]

    def frame(self) -> pl.DataFrame:
        """One row per figure."""
        return _frame(self.figures)


def _frame(figures: Sequence[Figure]) -> pl.DataFrame:
    import polars as pl

    rows = []
    for figure in figures:
        row = figure.to_json()
        row.pop("evidence", None)
        number = row["value"] if isinstance(row["value"], (int, float)) else None
        rows.append(
            {**row, "value": number, "text": figure.text, "caveats": "; ".join(row["caveats"])}
        )
    return pl.DataFrame(rows, infer_schema_length=None, strict=False)
