"""The published factor series: leagues, drawdowns, crashes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from paceline.arrays import Dates
from paceline.measures import Array, Result, View, measure
from paceline.signals import french
from paceline.signals.ranks import tied_ranks
from paceline.signals.tables import tidy

#: Returns closer than this are a tie in a league.
TIE = 0.001

#: A series' name, its month ends, its returns.
Line = tuple[str, Dates, Array]
#: The same of two legs, winners and losers.
Pair = tuple[str, Dates, Array, Array]


@measure(
    question="How have the published factors done, and how badly have they crashed?",
    never="That the factor earns so much from now on, or after costs: these are paper portfolios.",
    of="levels",
    needs=("series",),
    unit="return",
    shows="table",
    references=("Kenneth R. French, Data Library", "Daniel, Moskowitz (2016), Momentum crashes"),
    limits={"years": (0, 1000)},
)
def factor_history(
    view: View, *, months: int = 12, years: int = 0, worst: int = 5, length: int = 3
) -> Result:
    """Leagues of the published factor series per month and year, and their deepest falls.

    The series are the monthly ones of Ken French's library (names ending in /monthly/ and Mkt-RF,
    SMB, HML, RMW, CMA, Mom; of several the one that begins first), and "winners minus losers, 25
    sorts": the mean of the five highest prior-return portfolios of the 25 sorts on size and prior
    2-12 returns minus the mean of the five lowest, which reaches back to 1927. For a factor f,
    wealth W = product of (1 + f).

    2025-11       the factor's return of a month; 2024 of a calendar year: product of (1 + f) - 1
    drawdown      today's distance from the highest wealth so far, W / max W - 1
    fall          the deepest ones, from peak (start) to trough (end): W_trough / W_peak - 1;
                  ``known`` is the month the peak was regained, the last month for the one that is
                  still open (``provisional``)
    crash         winners minus losers over its worst stretches of months that do not overlap: the
                  product of (1 + f) - 1; columns ``winners`` and ``losers`` are the same of either
                  leg

    months  how many of the last months are listed
    years   how many calendar years; 0: all
    worst   how many falls and crashes
    length  months of a crash

    Columns: ``factor``, ``rank`` among the factors of that month or year, ``recovered``, ``known``.
    The subject is the series (of winners minus losers: the first of its portfolios). Missing: a
    year that is not complete has no row; a month without a value is left out of a factor's league.
    """
    lines, pair = _published(view)
    rows: list[dict[str, object]] = []
    for period, count in (("M", months), ("Y", years)):
        rows += _periods(lines, period, count)
    for name, (subject, days, f) in lines.items():
        rows += _falls(subject, name, days, f, worst)
    if pair is not None:
        rows += _crashes(pair, worst, length)
    return Result(
        table=tidy(
            [{**r, "basis": "total"} for r in rows],
            factor=pl.String,
            rank=pl.Int64,
            recovered=pl.Date,
            winners=pl.Float64,
            losers=pl.Float64,
            known=pl.Date,
            provisional=pl.Boolean,
            basis=pl.String,
        )
    )


def _published(view: View) -> tuple[dict[str, Line], Pair | None]:
    """The lines of the factors by name, and the two legs of winners minus losers."""
    lines: dict[str, Line] = {}
    for column, name in french.COLUMNS.items():
        series = french.find(view, "monthly", column)
        if series is not None:
            lines[name] = (series, *french.seen(view, series))
    pair = french.winners_losers(view)
    if pair is not None:
        lines[french.WML] = (pair[0], pair[1], pair[2] - pair[3])
    return {n: line for n, line in lines.items() if len(line[1])}, pair


def _periods(lines: dict[str, Line], period: str, count: int) -> Iterator[dict[str, object]]:
    """League rows of the last ``count`` months or full calendar years (0: all)."""
    by_period: dict[str, dict[str, float]] = {}
    for name, (_, days, f) in lines.items():
        key = days.astype(f"datetime64[{period}]")
        for one in np.unique(key):
            inside = key == one
            if period == "M" or inside.sum() == 12:
                by_period.setdefault(str(one), {})[name] = float(np.prod(1 + f[inside]) - 1)
    for when in sorted(by_period)[-count:] if count else sorted(by_period):
        values = np.array([by_period[when].get(name, np.nan) for name in lines])
        place = tied_ranks(values, TIE)
        first = np.datetime64(when, "M")
        after = first + (1 if period == "M" else 12)
        start, end = (m.astype("datetime64[D]") - 1 for m in (first, after))
        for (name, (subject, _, _)), value, rank in zip(lines.items(), values, place, strict=True):
            if np.isfinite(value):
                yield {
                    "subject": subject,
                    "statistic": when,
                    "start": start.item(),
                    "end": end.item(),
                    "value": float(value),
                    "factor": name,
                    "rank": int(rank),
                    "known": end.item(),
                }


def _falls(
    subject: str, name: str, days: Dates, f: Array, worst: int
) -> Iterator[dict[str, object]]:
    """Today's drawdown and the deepest falls of one factor."""
    wealth = np.concatenate([[1.0], np.cumprod(1 + f)])
    when = np.concatenate([[(days[0].astype("datetime64[M]")).astype("datetime64[D]") - 1], days])
    peak = np.maximum.accumulate(wealth)
    drop = wealth / peak - 1
    last = when[-1].item()
    top = int(np.flatnonzero(wealth == peak)[-1])
    yield {
        "subject": subject,
        "statistic": "drawdown",
        "start": when[top].item(),
        "end": last,
        "value": float(drop[-1]),
        "factor": name,
        "known": last,
    }
    under = np.flatnonzero(drop < 0)
    episodes = [e for e in np.split(under, np.flatnonzero(np.diff(under) > 1) + 1) if len(e)]
    episodes.sort(key=lambda e: float(drop[e].min()))
    for e in episodes[:worst]:
        low = int(e[drop[e].argmin()])
        back = when[e[-1] + 1].item() if e[-1] + 1 < len(when) else None
        yield {
            "subject": subject,
            "statistic": "fall",
            "start": when[e[0] - 1].item(),
            "end": when[low].item(),
            "value": float(drop[low]),
            "factor": name,
            "recovered": back,
            "known": back or last,
            "provisional": back is None,
        }


def _crashes(pair: Pair, worst: int, length: int) -> Iterator[dict[str, object]]:
    """The worst stretches of winners minus losers that do not overlap, worst first."""
    subject, days, high, low = pair
    if len(days) < length:
        return
    stretch = np.lib.stride_tricks.sliding_window_view
    total = np.prod(1 + stretch(high - low, length), axis=1) - 1
    legs = [np.prod(1 + stretch(x, length), axis=1) - 1 for x in (high, low)]
    free = np.ones(len(total), bool)
    for _ in range(worst):
        if not free.any():
            return
        k = int(np.where(free, total, np.inf).argmin())
        free[max(k - length + 1, 0) : k + length] = False
        first = days[k].astype("datetime64[M]").astype("datetime64[D]") - 1
        yield {
            "subject": subject,
            "statistic": "crash",
            "start": first.item(),
            "end": days[k + length - 1].item(),
            "value": float(total[k]),
            "factor": french.WML,
            "winners": float(legs[0][k]),
            "losers": float(legs[1][k]),
            "known": days[k + length - 1].item(),
        }
