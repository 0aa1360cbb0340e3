"""A market's answer to "this level by that date", every number of it a figure.

answer = target.weigh(market, 8100, "2026-12-31")
answer.frame(); answer.sensitivity(); answer.fan()
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline import arguments
from paceline.engine import Question
from paceline.errors import NotEnoughData, UsageError
from paceline.figures import Figure, Value
from paceline.lineage import code_of
from paceline.methods import target_odds
from paceline.methods.level_odds import QUANTILES

if TYPE_CHECKING:
    import polars as pl

    from paceline.arrays import Array, Dates
    from paceline.market import Market

QUESTION = "What does this level by this date ask for, and how likely is it?"
#: Seeds lie below this.
LARGEST_SEED = 2**63
ABOUT = {
    "question": QUESTION,
    "definition": "Implied return, required growth per year, chance of closing at or beyond the "
    "level at the end and of touching it before, by closed form and by stationary "
    "block bootstrap of the index's own daily log returns, under stated drifts; "
    "share of past windows that did as much.",
    "never": "That this is how likely it is: the answer is mostly the drift assumed.",
    "references": [
        "Reflection principle for a Brownian motion with drift",
        "Broadie, Glasserman, Kou (1997), a continuity correction for discrete barrier options",
        "Politis, Romano (1994), the stationary bootstrap",
    ],
}
#: No target is weighed farther ahead, in years.
FARTHEST = 20
#: Paths drawn unless told otherwise.
DRAWS = 10_000
#: Weekdays of a year.
WEEKDAYS = 261
#: Longest history drawn before the fan, in sessions.
DRAWN = 252
#: One number of an answer: statistic, value, unit, and what else its figure says.
Row = tuple[str, Value, str, dict[str, Any]]
#: The volatilities of an answer: the one used, and those of the history.
VOLATILITIES = ("volatility", "volatility_history", "volatility_recent", "volatility_current")
#: The closed-form chances of a drift, in the order of ``Case.closed``, and the drawn ones.
CLOSED, DRAWN_KINDS = ("end", "touch", "touch_close"), ("bootstrap_end", "bootstrap_touch")
CASE = (*CLOSED, *DRAWN_KINDS)


@dataclass(frozen=True)
class Answer:
    """The numbers (``target``), and each of them as a figure (``figures``, by statistic)."""

    market: Market = field(repr=False)
    subject: str
    target: target_odds.TargetOdds
    closes: Array = field(repr=False)
    days: Dates = field(repr=False)
    question: Question = field(repr=False)

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """Statistic to figure; chances are ``end``, ``touch`` ... and the drift's name."""
        rows = (*self._asked(), *self._chances(), *self._history())
        return {row[0]: self._figure(*row[:3], **row[3]) for row in rows}

    def _asked(self) -> Iterator[Row]:
        """What the target asks for, and the rates it is weighed with."""
        t = self.target
        whole = {"start": t.history_from, "end": t.as_of}
        yield "last_close", t.start, "level", {"end": t.as_of}
        yield "level", t.level, "level", {}
        yield "implied_return", t.implied, "return", {}
        yield "sessions", t.sessions, "sessions", {}
        yield "required_growth", t.required, "return", {}
        yield "required_growth_calendar", t.required_calendar, "return", {}
        for name in VOLATILITIES:
            yield name, getattr(t, name), "fraction", whole
        for name in ("drift", "drift_history", "drift_low", "drift_high"):
            yield name, getattr(t, name), "return", whole

    def _chances(self) -> Iterator[Row]:
        """Chances under each drift, by closed form and by bootstrap with its simulation error."""
        t = self.target

        def drawn(error: float) -> dict[str, Any]:
            return {"evidence": {"monte_carlo_error": error, "draws": t.draws}}

        for case in t.cases:
            yield f"drift {case.name}", case.drift, "return", {}
            for kind, value in zip(CLOSED, case.closed, strict=True):
                yield f"{kind} {case.name}", value, "fraction", {}
        tails = t.stated.simulated.end - t.stated.closed.end
        yield "tails", 100 * tails, "points", drawn(100 * t.stated.simulated.end_error)
        for view in t.volatilities:
            yield f"volatility at {view.name}", view.volatility, "fraction", {}
            for kind, value in zip(CLOSED, view.closed, strict=True):
                yield f"{kind} at {view.name}", value, "fraction", {}
        simulated = {c.name: c.simulated for c in t.cases} | dict(t.variants)
        simulated |= {f"at {v.name}": v.simulated for v in t.volatilities}
        for name, chance in simulated.items():
            yield f"bootstrap_end {name}", chance.end, "fraction", drawn(chance.end_error)
            touch, error = chance.touch_close, chance.touch_error
            yield f"bootstrap_touch {name}", touch, "fraction", drawn(error)

    def _history(self) -> Iterator[Row]:
        """Shares of past windows that did as much, the block length, and quantiles of the draws."""
        t = self.target
        whole = {"start": t.history_from, "end": t.as_of}
        for name, share in (("past_share", t.ended), ("past_share_touch", t.touched)):
            evidence = {"n": share.n, "n_effective": share.n_effective}
            if share.enough:
                evidence |= {"low": share.low, "high": share.high}
                yield name, share.value, "fraction", {**whole, "evidence": evidence}
            else:
                short = f"only {share.n_effective:.1f} independent windows in the history"
                more = {"evidence": evidence, "caveats": (f"{short}: no share is given",)}
                yield name, None, "fraction", {**whole, **more}
        effective = float(round(t.ended.n_effective, 1))
        yield "past_windows", t.ended.n, "count", whole
        yield "past_windows_independent", effective, "estimate", whole
        yield "block", t.block, "ratio", whole
        for q, value in zip(QUANTILES, t.fan[:, -1], strict=True):
            yield f"quantile {q:.0%}", float(value), "level", {}

    def _figure(
        self,
        statistic: str,
        value: Value,
        unit: str,
        *,
        start: str | None = None,
        end: str | None = None,
        evidence: dict[str, Any] | None = None,
        caveats: tuple[str, ...] = (),
    ) -> Figure:
        return self.question.figure(
            self.subject,
            value,
            unit,
            statistic=statistic,
            label=self.market.labels.get(self.subject, ""),
            start=start or self.target.as_of,
            end=end or self.target.by,
            caveats=caveats,
            evidence=evidence,
            extra={"level": self.target.level, "by": self.target.by},
        )

    def frame(self) -> pl.DataFrame:
        """One row per number: statistic, value, unit, window, caveats, figure id."""
        import polars as pl

        rows = [f.to_json() for f in self.figures.values()]
        keep = ("subject", "statistic", "value", "unit", "start", "end", "basis", "as_of", "figure")
        return pl.DataFrame(
            [{k: r[k] for k in keep} | {"caveats": "; ".join(r["caveats"])} for r in rows],
            infer_schema_length=None,
            strict=False,
        )

    def sensitivity(self) -> pl.DataFrame:
        """One row per drift, lowest first: chances by closed form and by bootstrap."""
        import polars as pl

        return pl.DataFrame(
            [
                {
                    "drift": c.name,
                    "per_year": c.drift,
                    "end": c.closed.end,
                    "touch": c.closed.touch,
                    "touch_close": c.closed.touch_close,
                    "bootstrap_end": c.simulated.end,
                    "bootstrap_touch": c.simulated.touch_close,
                }
                for c in self.cases
            ]
        )

    def fan(self) -> pl.DataFrame:
        """One row per drawn date: quantiles of the bootstrap's levels under the stated drift."""
        import polars as pl

        t = self.target
        return pl.DataFrame(
            {
                "date": t.fan_dates,
                **{f"q{q * 100:02.0f}": row for q, row in zip(QUANTILES, t.fan, strict=True)},
            }
        ).with_columns(pl.col("date").str.to_date())

    @property
    def cases(self) -> list[target_odds.Case]:
        """The drifts, lowest first."""
        return sorted(self.target.cases, key=lambda c: c.drift)


def weigh(
    market: Market,
    level: float,
    by: str | dt.date,
    *,
    subject: str | None = None,
    drift: str | float = "history",
    volatility: str | float = "history",
    since: str | dt.date | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Answer:
    """Weigh a level of a basket (default: the benchmark) by a date: see ``methods.target_odds``.

    drift       "zero", "history" or a rate per year ("7%", 0.07): continuous, of the price index
    volatility  "history", "recent", "current" or a rate per year
    since       first day of the history that all of this rests on; default: all of it
    Raises ``UsageError`` for a date that is past or a level at or below zero, ``UnknownName`` for
    the subject, ``NotEnoughData`` where history or stored sessions do not reach.
    """
    level = arguments.number(level, "level")
    names = market.resolve([market.benchmark if subject is None else subject])
    if len(names) != 1:
        raise UsageError(f"{subject!r} is a group of {len(names)} baskets.", "Give one basket.")
    seed, draws = arguments.whole(seed, "seed"), arguments.whole(draws, "draws", 1)
    if not 0 <= seed < LARGEST_SEED:
        raise UsageError(f"seed {seed} cannot be used.", "Give a whole number from 0 to 2^63 - 1.")
    market, name = market.including(names), names[0]
    deadline = _deadline(by, dt.date.fromisoformat(market.as_of))
    basis, days, closes = _closes(market, name, since)
    base = "total-return levels: the base is an index of 100, not a published level"
    caveats = ["a chance under an assumed drift and volatility: mostly the drift decides it"]
    caveats += [base] * (basis == "total") + [market.stored.year_note]
    sessions, stored = sessions_to(market, deadline)
    if stored is not None:
        caveats.append(f"sessions after {stored} are not stored yet: their number is estimated")
    question = market.provenance([name], {name: basis}).question(
        "target",
        {
            "subject": name,
            "level": float(level),
            "by": str(deadline),
            "drift": str(drift),
            "volatility": str(volatility),
            "since": str(since or ""),
            "draws": draws,
            "seed": seed,
            "basis": basis,
            "as_of": market.as_of,
        },
        code_of(__name__),
        names=[name],
        basis=basis,
        caveats=caveats,
    )
    found = target_odds.weigh(
        closes,
        days,
        sessions[sessions > np.datetime64(market.as_of)],
        level,
        str(deadline),
        drift=drift,
        volatility=volatility,
        draws=draws,
        seed=seed,
        year=market.stored.sessions_of_year,
    )
    return Answer(market, name, found, closes, days, question)


def _deadline(by: str | dt.date, today: dt.date) -> dt.date:
    """The target's date, if it lies ahead and not too far."""
    deadline = arguments.day(by, "by")
    if deadline <= today:
        raise UsageError(
            f"the target's date {deadline} is not after the as-of day {today}.",
            "Give a later date.",
        )
    if (deadline - today).days > FARTHEST * 366:
        raise UsageError(
            f"the target's date {deadline} lies more than {FARTHEST} years ahead.",
            "Give an earlier one.",
        )
    return deadline


def _closes(market: Market, name: str, since: str | dt.date | None) -> tuple[str, Dates, Array]:
    """Basis, days and closes of a basket: of its price index where it has one."""
    levels = market.all_levels
    row = levels.names.index(name)
    priced = np.isfinite(levels.by_basis["price"][row]).any()
    basis = "price" if priced else levels.basis[name]
    line = levels.by_basis[basis][row]
    there = np.isfinite(line)
    if since is not None:
        there &= levels.sessions >= np.datetime64(arguments.day(since, "since"))
    if not there.any() or not there[-1]:
        ended = f"; its last is of {levels.sessions[there][-1]}" if there.any() else ""
        raise NotEnoughData(
            f"{name} has no close on {market.as_of}{ended}.",
            "Choose another subject, history or as-of day.",
        )
    return basis, levels.sessions[there], line[there]


def sessions_to(market: Market, until: dt.date) -> tuple[Dates, str | None]:
    """All sessions to ``until``, and the last one that is known.

    After it as many weekdays stand for sessions as the market's year has: 252 of 261 in New York;
    all days where it has more than there are weekdays.

    None where all are known: the calendar is stored for two years after the last import.
    """
    days = market.sessions
    last, end = days[-1], np.datetime64(until)
    if last >= end - np.timedelta64(7, "D"):
        return days[days <= end], None
    ahead = np.arange(last + np.timedelta64(1, "D"), end + np.timedelta64(1, "D"))
    year = market.stored.sessions_of_year
    if year <= WEEKDAYS:
        ahead = ahead[np.is_busday(ahead)]
    count = round(len(ahead) * min(year / WEEKDAYS, 1))
    keep = np.linspace(0, len(ahead) - 1, count).round().astype(np.int64)
    return np.concatenate([days, ahead[keep]]), str(last)
