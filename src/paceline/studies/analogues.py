"""The days most like today on stored factor returns, and what came next: figures for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from paceline.document import Block, Grid, Label, Part, Sentence
from paceline.errors import UsageError
from paceline.figures import Figure
from paceline.lineage import code_of
from paceline.methods import analogues as views
from paceline.methods.relative_lines import factor_line, period_of
from paceline.signals import french
from paceline.studies.answers import Book, day

if TYPE_CHECKING:
    from paceline.arrays import Array, Dates
    from paceline.market import Market

ABOUT = {
    "question": "When was it like today, and what came next?",
    "definition": "Days nearest today in market return over one, six and twelve months, volatility, distance from "
    "the high, and each factor's return over one and six months; each an expanding z-score, "
    "Mahalanobis distance, days at least a horizon apart. What followed against all days that "
    "could be chosen.",
    "never": "That history repeats: the nearest days are few, and were chosen by their likeness, not by a cause.",
    "references": ["Mahalanobis (1936), On the generalised distance in statistics"],
}
HORIZONS = (1, 3)  # months
LISTED = 5
#: The market and the factors whose history is used where it is stored.
MARKET, FACTORS = "Mkt-RF", ("SMB", "HML", "Mom")
#: A history that ends longer before today than this does not hold today.
STALE = np.timedelta64(40, "D")


def history(market: Market) -> tuple[Dates, Array, list[str], int] | None:
    """(days, returns (K, T), series names, sessions per observation): market first; daily before monthly.

    Of several series of one factor the longest. None where there is no market series.
    """
    stored = market.series
    for period in ("daily", "monthly"):
        named = {}
        for what in (MARKET, *FACTORS):
            fits = [n for n in stored if n.endswith(f"{period}/{what}")]
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


def blocks(book: Book) -> list[Block]:
    """A table of the days found and one of what followed; the reason where there is none."""
    market = book.market
    found = history(market)
    if found is None:
        return []
    days, returns, names, period = found
    if days[-1] < np.datetime64(market.as_of) - STALE:
        book.refused["analogues"] = (
            f"the stored factor returns end on {days[-1]}: today is not among them."
        )
        return []
    per_month = max(21 // period, 1)
    vector, _ = views.state(np.log1p(returns[0]), np.log1p(returns[1:]), per_month)
    lines = [factor_line(row) for row in returns]
    question = market.moment.with_series(market.provenance()).question(
        "analogues",
        {"series": names, "chosen": views.CHOSEN, "as_of": market.as_of},
        code_of(__name__),
        names=names,
    )

    def figure(
        subject: str, statistic: str, value: Any, unit: str, start: Any = None, **more: Any
    ) -> Figure:
        return question.figure(
            subject,
            value,
            unit,
            statistic=statistic,
            label=french.spoken(subject),
            start=start,
            end=days[-1],
            **more,
        )

    rows: list[tuple[Part | None, ...]] = []
    listed: list[tuple[Part | None, ...]] = []
    for months in HORIZONS:
        horizon = months * per_month
        try:
            near = views.find(vector, horizon, per_month=per_month)
        except UsageError as error:
            book.refused["analogues"] = str(error)
            return []
        spoken = {1: "one month", 3: "three months"}[months]
        for name, outcome in zip(names, views.followed(near, lines, horizon), strict=True):
            e = outcome.evidence
            said = f"after {spoken}"
            made = {
                what: figure(
                    name,
                    f"{said} {what}",
                    value,
                    unit,
                    caveats=[e.note] if e.note else [],
                    evidence=e.to_json() if what == "difference" else {},
                )
                for what, value, unit in (
                    ("mean", outcome.mean, "return"),
                    ("base", outcome.base, "return"),
                    ("difference", e.effect, "return"),
                    ("low", e.low, "return"),
                    ("high", e.high, "return"),
                    ("p", e.p, "ratio"),
                    ("n", e.n, "count"),
                    ("n_effective", e.n_effective, "ratio"),
                )
            }
            rows.append((Label(french.spoken(name)), spoken, *made.values(), Label(e.note)))
        if months == max(HORIZONS):
            for t, distance in list(zip(near.at.tolist(), near.distance.tolist(), strict=True))[
                :LISTED
            ]:
                after = [float(np.expm1(line[t + horizon] - line[t])) for line in lines]
                listed.append(
                    (
                        day(str(days[t])),
                        figure(names[0], "distance", distance, "ratio", days[t]),
                        *(
                            figure(
                                n,
                                f"then {months} months",
                                a if np.isfinite(a) else None,
                                "return",
                                days[t],
                            )
                            for n, a in zip(names, after, strict=True)
                        ),
                    )
                )
    last = day(str(days[-1]))
    return [
        Grid(
            "Days most like today, nearest first",
            ("Day", "Distance", *(Label(f"{french.spoken(n)}, next three months") for n in names)),
            tuple(listed),
            note=Sentence(
                (
                    "Compared with ",
                    last,
                    ", on ",
                    Label("factor returns since " + str(days[0])[:4]),
                    ".",
                )
            ),
        ),
        Grid(
            "What followed days like today, against all days",
            (
                "Series",
                "After",
                "Mean",
                "All days",
                "Difference",
                Label("95% from"),
                "to",
                "p",
                "Days",
                "Independent",
                "Why no number",
            ),
            tuple(rows),
        ),
    ]
