"""The days most like today on stored factor returns, and what came next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from paceline.engine import Question
from paceline.errors import NotEnoughData
from paceline.evidence import Evidence
from paceline.figures import Figure
from paceline.lineage import code_of
from paceline.methods import analogues as views
from paceline.methods.relative_lines import factor_line, period_of
from paceline.signals import french
from paceline.studies.kept import kept_outcomes
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.arrays import Array, Dates
    from paceline.market import Market
    from paceline.store import Cache

ABOUT = {
    "question": "When was it like today, and what came next?",
    "definition": "Days nearest today in market return over one, six and twelve months, "
    "volatility, distance from the high, and each factor's return over one and six months; each "
    "an expanding z-score, Mahalanobis distance, days at least a horizon apart. What followed "
    "against all days that could be chosen.",
    "never": "That history repeats: the nearest days are few, and were chosen by their likeness, "
    "not by a cause.",
    "references": ["Mahalanobis (1936), On the generalised distance in statistics"],
}
#: Months looked ahead, and how they are said.
HORIZONS = (1, 3)
SPOKEN = {1: "one month", 3: "three months"}
#: Sessions of a month.
MONTH = 21
#: Days listed.
LISTED = 5
#: The market and the factors whose history is used where it is stored.
MARKET, FACTORS = "Mkt-RF", ("SMB", "HML", "Mom")
#: A history that ends longer before today than this does not hold today.
STALE = np.timedelta64(40, "D")


def history(market: Market) -> tuple[Dates, Array, list[str], int] | None:
    """(days, returns (K, T), series names, sessions per observation): market first.

    Daily series before monthly ones; of several series of one factor the longest. None where
    there is no market series.
    """
    stored = market.series
    for period in ("daily", "monthly"):
        named = {}
        for what in (MARKET, *FACTORS):
            fits = [n for n in stored if n.endswith(f"{period}/{what}")]
            fits = [n for n in fits if np.isfinite(stored[n][1]).any()]
            if fits:
                named[what] = max(fits, key=lambda n: len(stored[n][0]))
        if MARKET not in named or len(named) < 2:
            continue
        days = stored[named[MARKET]][0]
        rows = np.full((len(named), len(days)), np.nan)
        for k, name in enumerate(named.values()):
            when, values = stored[name]
            _, here, there = np.intersect1d(days, when, return_indices=True)
            rows[k, here] = values[there]
        return days, rows, list(named.values()), period_of(days)
    return None


class NearDay(NamedTuple):
    """A day like today: its date, how far it lies from today, and each series' return after it."""

    date: str
    distance: Figure
    after: list[Figure]


class WhatFollowed(NamedTuple):
    """What followed the nearest days on one series against all days, or why no number is given."""

    series: str
    after: str
    figures: dict[str, Figure]
    reason: str


@dataclass(frozen=True)
class Likeness:
    """The days most like today, nearest first, and what came next.

    first, last  ISO dates of the history that they are chosen from; today is the last
    series       its factor returns, for people
    """

    first: str
    last: str
    series: list[str]
    days: list[NearDay]
    followed: list[WhatFollowed]


@dataclass(frozen=True)
class _Prepared:
    """Factor returns prepared for the search, and the question that its figures answer."""

    days: Dates
    names: list[str]
    lines: list[Array]
    vector: Array
    per_month: int
    question: Question

    def figure(
        self,
        subject: str,
        statistic: str,
        value: float | None,
        unit: str,
        start: object = None,
        evidence: Evidence | None = None,
        note: str = "",
    ) -> Figure:
        return self.question.figure(
            subject,
            value,
            unit,
            statistic=statistic,
            label=french.spoken(subject),
            start=start,
            end=self.days[-1],
            caveats=[note],
            evidence=evidence.to_json() if evidence is not None else {},
        )


def nearest(market: Market) -> Likeness | None:
    """The days most like today on the stored factor returns; None where there is no market series.

    Raises ``NotEnoughData`` where the series end too long before today, ``UsageError`` where they
    are too short to choose from.
    """
    stored = history(market)
    if stored is None:
        return None
    days, returns, names, period = stored
    # the series of one day: none is carried on
    ends = {n: days[np.isfinite(row)][-1] for n, row in zip(names, returns, strict=True)}
    first = min(ends, key=lambda n: ends[n])
    whole = days <= ends[first]
    days, returns = days[whole], returns[:, whole]
    if days[-1] < np.datetime64(market.as_of) - STALE:
        raise NotEnoughData(
            f"the stored factor returns end on {days[-1]} ({first}): today is not among them.",
            "Fetch newer ones.",
        )
    per_month = max(MONTH // period, 1)
    vector, _ = views.state(np.log1p(returns[0]), np.log1p(returns[1:]), per_month)
    question = market.moment.lineage.with_series(market.provenance()).question(
        "analogues",
        {"series": names, "chosen": views.CHOSEN, "as_of": market.as_of},
        code_of(__name__),
        names=names,
    )
    lines = [factor_line(row) for row in returns]
    prepared = _Prepared(days, names, lines, vector, per_month, question)
    found = {m: views.find(vector, m * per_month, per_month=per_month) for m in HORIZONS}
    return Likeness(
        str(days[0]),
        str(days[-1]),
        [french.spoken(n) for n in names],
        _days(prepared, found[max(HORIZONS)], max(HORIZONS)),
        [f for m, near in found.items() for f in _followed(market.store.cache, prepared, near, m)],
    )


def _days(h: _Prepared, near: views.Analogues, months: int) -> list[NearDay]:
    made = []
    for t, distance in list(zip(near.at.tolist(), near.distance.tolist(), strict=True))[:LISTED]:
        start, end = h.days[t], t + months * h.per_month
        after = [float(np.expm1(line[end] - line[t])) for line in h.lines]
        made.append(
            NearDay(
                str(start),
                h.figure(h.names[0], "distance", distance, "ratio", start),
                [
                    h.figure(n, f"then {number_of(months, 'month')}", a, "return", start)
                    for n, a in zip(h.names, after, strict=True)
                ],
            )
        )
    return made


def _followed(
    cache: Cache, h: _Prepared, near: views.Analogues, months: int
) -> Iterator[WhatFollowed]:
    after, horizon = SPOKEN[months], months * h.per_month
    asked = [near.at, near.eligible, np.stack(h.lines), horizon]
    outcomes = kept_outcomes(
        cache, views.__name__, asked, lambda: views.followed(near, h.lines, horizon)
    )
    for name, outcome in zip(h.names, outcomes, strict=True):
        e = outcome.evidence
        values = (
            ("mean", outcome.mean, "return"),
            ("base", outcome.base, "return"),
            ("difference", e.effect, "return"),
            ("low", e.low, "return"),
            ("high", e.high, "return"),
            ("p", e.p, "estimate"),
            ("n", e.n, "count"),
            ("n_effective", e.n_effective, "estimate"),
        )
        figures = {
            what: h.figure(
                name,
                f"after {after} {what}",
                value,
                unit,
                evidence=e if what == "difference" else None,
                note=e.note,
            )
            for what, value, unit in values
        }
        yield WhatFollowed(french.spoken(name), after, figures, e.note)
