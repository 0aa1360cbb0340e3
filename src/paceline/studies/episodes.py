"""The rotations of a market: their lines, states and history, every number of them a figure.

answer = episodes.study(market, "small_vs_large")
answer.frame(); answer.figures
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR, Array, Dates
from paceline.engine import REAL, Question
from paceline.errors import NotEnoughData, UsageError
from paceline.figures import Figure, Value
from paceline.kernels import forward_fill
from paceline.lineage import code_of
from paceline.methods import HORIZONS, AfterLows, Outcome, after_lows, outcomes
from paceline.methods.barriers import NAMED
from paceline.methods.detector import MARGIN, STEP, Turns, TurnState
from paceline.methods.episode_table import Episode, episode_table, last_turn
from paceline.methods.last_window import superlative
from paceline.studies.false_alarms import false_alarms
from paceline.studies.rotations import C, Pair, Proxy, pair_of, pairs, proxies, rotation_set

if TYPE_CHECKING:
    import polars as pl

    from paceline.market import Market

ABOUT = {
    "question": "Has one side taken over from the other, and what did that lead to before?",
    "definition": "An episode of A taking over from B begins, on the day it is known, when ln(A/B) "
    "stands c sigma sqrt(63) above its lowest point since the last opposite turn, after a fall of "
    "the same size; sigma from 252 sessions. What followed is compared with all days. See "
    "docs/evidence.md.",
    "never": "That the rotation lasts: pairs turn about as often as noise made of their returns.",
    "references": [
        "Guillaume et al. (1997), directional changes",
        "Lunde, Timmermann (2004), Duration Dependence in Stock Prices",
    ],
}
#: Draws of the bootstrap: p comes from the placebo, which has none.
DRAWS = 200
#: The largest barrier, which no line reaches, and the sessions of the longest step.
LARGEST, LONGEST_STEP = 100.0, 126
#: First day of the newer part of a history, shown apart where the whole begins before ``OLD``.
RECENT, OLD = np.datetime64("1990-01-01"), np.datetime64("1980-01-01")


@dataclass(frozen=True)
class History:
    """What followed the turns of one line.

    name   "the pair itself", or the series of its proxy
    first  ISO date that counts from
    rate   turns to that side per year since then
    """

    name: str
    first: str
    direction: int
    outcome: Outcome
    rate: float


class Study:
    """One rotation from all sides; what costs time is computed when asked for."""

    def __init__(
        self, market: Market, pair: Pair, *, c: float = C, step: int = STEP, draws: int = DRAWS
    ) -> None:
        if not MARGIN < c <= LARGEST:
            size = "large" if c > LARGEST else "small"
            raise UsageError(
                f"c = {c} is too {size} a barrier.", f"Give more than {MARGIN}, e.g. {C}."
            )
        if not 1 <= step <= LONGEST_STEP:
            raise UsageError(f"a step of {step} sessions.", f"Give 1 to {LONGEST_STEP}, e.g. 5.")
        market = market.including([pair.lead, pair.against])
        self.market, self.pair, self.c, self.step, self.draws = market, pair, c, step, draws
        declared = pair.name in pairs(market)
        self.rotations = rotation_set(market, () if declared else (pair,), c=c, step=step)
        self.days, self.basis = self.rotations.days, self.rotations.basis[pair.name]
        self._kept: dict[int, list[History]] = {}

    # ---- numbers
    # ---------------------------------------------------------------------------------------

    @property
    def lines(self) -> list[str]:
        """The lines there are: "raw", and "neutral" where it is asked for."""
        return ["raw", "neutral"] if self.pair.neutral else ["raw"]

    def found(self, line: str = "raw", c: float | None = None) -> tuple[Turns, int]:
        """The turns of all rotations at one size, and the row of this one."""
        return self.rotations.ladder[self.c if c is None else c], self.rotations.row(
            self.pair.name, line
        )

    def verdict(self, line: str = "raw", c: float | None = None) -> TurnState:
        """The state of the line today at one size."""
        return self.rotations.verdict(self.pair.name, line, self.c if c is None else c)

    def table(self, line: str = "raw") -> list[Episode]:
        """The episodes of the line in order of time."""
        found, row = self.found(line)
        return episode_table(found, self.rotations.lines[row], row)

    @cached_property
    def proxy(self) -> Proxy | None:
        """The proxy's line and turns; None where none is declared or stored."""
        return proxies(self.market, [self.pair.proxy], self.c, self.step).get(self.pair.proxy)

    def histories(self, direction: int = 1) -> list[History]:
        """What followed the turns to one side, of the pair and of its proxy."""
        if direction not in self._kept:
            found, row = self.found()
            result = self._histories(
                "the pair itself", self.days, self.rotations.lines[row], found, row, 1, direction
            )
            if self.proxy is not None:
                p = self.proxy
                result += self._histories(
                    self.pair.proxy, p.days, p.line, p.found, p.row, p.period, direction
                )
            self._kept[direction] = result
        return self._kept[direction]

    def _histories(
        self,
        name: str,
        days: Dates,
        line: Array,
        found: Turns,
        row: int,
        period: int,
        direction: int,
    ) -> list[History]:
        begun = np.flatnonzero(np.isfinite(found.barrier[row]))
        first = int(begun[0]) if len(begun) else len(days) - 1
        starts = [first]
        if len(days) and days[first] < OLD and days[-1] > RECENT:
            starts.append(int(np.searchsorted(days, RECENT)))
        result = []
        for start in starts:
            years = np.isfinite(found.barrier[row, start:]).sum() * period / SESSIONS_PER_YEAR
            count = int((found.days(row, direction) >= start).sum())
            result += [
                History(name, str(days[start]), direction, o, count / years if years else math.nan)
                for o in outcomes(
                    line,
                    found,
                    series=row,
                    direction=direction,
                    since=start,
                    horizons=[h // period for h in HORIZONS],
                    draws=self.draws,
                )
            ]
        return (
            result
            if period == 1
            else [
                replace(h, outcome=replace(h.outcome, horizon=h.outcome.horizon * period))
                for h in result
            ]
        )

    @cached_property
    def low(self) -> AfterLows | None:
        """The move since the benchmark's last low beside those after earlier ones; None without."""
        from paceline.signals.lows import confirmed_lows

        have = self.market.all_levels
        level = have.native[have.names.index(self.market.benchmark)]
        lows = confirmed_lows(level, self.market.file.market.low)
        at = len(have.sessions) - len(self.days)
        known = [(low - at, confirmed - at) for low, confirmed in lows if low >= at]
        if not known or known[-1][0] >= len(self.days) - 1:
            return None
        return after_lows(
            self.rotations.line(self.pair.name),
            [low for low, _ in known],
            confirmed=[confirmed for _, confirmed in known],
            draws=self.draws,
        )

    def broad(self, pivot: int, known: int) -> tuple[float, int, int] | None:
        """(share, counted, members) of the lead's members that beat the other leg since the pivot.

        At the close ``known``; None where the lead has no members or they have no data then.
        """
        market = self.market
        index = market.built.get("price") if self.pair.lead in market.composites else None
        if index is None or market.stocks is None or self.basis == "mixed":
            return None
        a, b = (int(np.searchsorted(index.sessions, self.days[t])) for t in (pivot, known))
        if (
            a >= len(index.sessions)
            or index.sessions[a] != self.days[pivot]
            or b >= len(index.sessions)
        ):
            return None
        held = index.weights_at(b)[index.names.index(self.pair.lead)] > 0
        level = market.stocks.field(f"{self.basis}_index")
        have = market.all_levels
        row, at = have.names.index(self.pair.against), len(have.sessions) - len(self.days)
        against = have.by_basis[self.basis][row]
        with np.errstate(invalid="ignore", divide="ignore"):
            own = level[held, b] / level[held, a]
        seen = np.isfinite(own)
        if not seen.any() or seen.sum() < 0.9 * held.sum():
            return None
        bar = against[at + known] / against[at + pivot]
        return float((own[seen] > bar).mean()), int(seen.sum()), int(held.sum())

    # ---- figures
    # ---------------------------------------------------------------------------------------

    def name(self, side: int) -> str:
        """The leg that leads in a state, for people."""
        leg = {1: self.pair.lead, -1: self.pair.against}.get(side)
        return "neither" if leg is None else self.market.labels.get(leg, leg)

    @cached_property
    def _question(self) -> Question:
        legs = [self.pair.lead, self.pair.against]
        further = [self.market.benchmark] if self.pair.neutral else []
        names = list(dict.fromkeys([*legs, *further]))
        mixed = "the two legs rest on different bases: dividends move the line"
        known = self.market.provenance(names, dict.fromkeys(names, self.basis))
        return known.question(
            "episodes",
            {
                "rotation": self.pair.name,
                "lead": self.pair.lead,
                "against": self.pair.against,
                "c": self.c,
                "step": self.step,
                "draws": self.draws,
                "basis": self.basis,
                "as_of": self.market.as_of,
            },
            code_of(__name__),
            names=names,
            caveats_of=legs,
            basis=self.basis,
            caveats=[mixed] if self.basis == "mixed" else [],
        )

    @cached_property
    def _proxy_question(self) -> Question:
        name = self.pair.proxy.removeprefix("-")
        known = self.market.moment.with_series(self.market.provenance())
        real = self.market.simulated and name.startswith(REAL)
        return known.question(
            "episodes",
            {
                "proxy": self.pair.proxy,
                "rotation": self.pair.name,
                "c": self.c,
                "step": self.step,
                "draws": self.draws,
                "as_of": self.market.as_of,
            },
            code_of(__name__),
            names=[name],
            caveats=[
                f"a long-short factor ({self.pair.proxy}), not this pair",
                "a REAL factor: none of it is simulated" if real else "",
            ],
        )

    def figure(
        self,
        statistic: str,
        value: Value,
        unit: str,
        *,
        line: str = "raw",
        start: Value = None,
        end: Value = None,
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
        v = self.verdict(line, c)
        found, row = self.found(line, c)
        turn = last_turn(found, row)
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
        v = self.verdict(line, c)
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
        v = self.verdict(line)
        said = f"{self.name(v.below)} / {self.name(v.above)}"
        return self.figure(
            "borderline",
            "yes" if v.borderline else "no",
            "text",
            line=line,
            caveats=[v.reason],
            sides=said,
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
        broad = self.broad(e.pivot, e.known)
        if broad is not None:
            made["broad"] = self.figure(
                "episode broad",
                broad[0],
                "fraction",
                used=broad[1],
                eligible=broad[2],
                **when,
                direction=side,
            )
        return made

    def now(self, line: str = "raw") -> dict[str, Figure]:
        """The state under way: since when, how far, how long, how broad."""
        found, row = self.found(line)
        turn = last_turn(found, row)
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
        broad = self.broad(pivot, last)
        if broad is not None:
            made["broad"] = self.figure(
                "now broad",
                broad[0],
                "fraction",
                line=line,
                start=self.days[pivot],
                used=broad[1],
                eligible=broad[2],
            )
        return made

    def rates(self) -> dict[str, Figure]:
        """Episodes (A over B) per year: of the pair, of driftless walks, of resampled returns."""
        found, row = self.found()
        own = float(found.rate_per_year()[row])
        walks, resampled = false_alarms(
            self.market.store.cache,
            [None, np.diff(self.rotations.lines[row])],
            self.c,
            step=self.step,
        )
        short = "" if np.isfinite(own) else "no value: too little history for an episode"
        made = {"own": self.figure("rate", own, "ratio", start=self.days[0], caveats=[short])}
        for name, rate in (("walks", walks), ("resampled", resampled)):
            made[name] = self.figure(
                f"rate {name}",
                rate.rate,
                "ratio",
                evidence=rate.to_json() if rate.series else {},
                caveats=[] if rate.series else [rate.method],
            )
        return made

    def after(self, h: History) -> dict[str, Figure]:
        """mean, base, difference, hit_rate, n, n_effective of one outcome."""
        o, e = h.outcome, h.outcome.evidence
        line = "raw" if h.name == "the pair itself" else "proxy"
        way = "lead" if h.direction > 0 else "against"
        common: dict[str, Any] = {"line": line, "start": h.first, "direction": way}
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
            "n_effective": made("n_effective", e.n_effective, "ratio"),
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
        when = [str(have.sessions[t]) for t in at]
        before, inside = ([float(leg[b] / leg[a] - 1) for leg in legs] for a, b in (at[:2], at[1:]))
        made = {}
        for name, values, a, b in (("before", before, *when[:2]), ("inside", inside, *when[1:])):
            for side, value in zip(("lead", "against"), values, strict=True):
                made[f"{name} {side}"] = self.figure(
                    f"{name} {side}", value, "return", start=a, end=b
                )
        turned = (before[0] - before[1]) * (inside[0] - inside[1]) < 0
        made["reversal"] = self.figure(
            "reversal", "reversal" if turned else "no reversal", "text", start=when[1], end=when[2]
        )
        return made

    def superlative(self) -> dict[str, Any]:
        """now, rank and n as figures, ``since`` as an ISO date or None (never as wide before)."""
        found = superlative(self.rotations.line(self.pair.name))
        if found is None:
            return {}
        start = self.days[len(self.days) - 1 - found.sessions]
        since = None if found.since < 0 else str(self.days[found.since])
        return {
            "now": self.figure("fortnight now", found.now, "return", start=start),
            "rank": self.figure("fortnight rank", found.rank, "fraction", start=start),
            "n": self.figure("fortnight n", found.n, "count", start=start),
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


def study(
    market: Market,
    rotation: str | tuple[str, str],
    *,
    c: float = C,
    step: int = STEP,
    draws: int = DRAWS,
) -> Study:
    """One rotation: its state now, its episodes, what followed, and how often noise does the same.

    rotation  a declared rotation, "<sector> against <market>" or the sector alone, or (lead,
              against)
    c         size of the barrier in units of sigma sqrt(63)
    step      sessions of the returns that sigma is made of: 5, or 1 for daily ones
    Raises ``UnknownName``; ``UsageError`` for a size or a step that cannot be; ``NotEnoughData``
    where the pair has no common day.
    """
    pair = pair_of(market, rotation)
    found = Study(market, pair, c=c, step=step, draws=draws)
    if not np.isfinite(found.rotations.line(pair.name)).any():
        raise NotEnoughData(
            f"{pair.name}: {pair.lead} and {pair.against} have no common day.",
            "Check `paceline doctor`, or choose other baskets.",
        )
    return found
