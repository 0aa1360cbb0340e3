"""Returns over every horizon people quote."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl

from paceline.arrays import SESSIONS_PER_YEAR
from paceline.measures import Array, Result, View, measure
from paceline.signals.returns import return_between, session_returns
from paceline.signals.sessions import is_over, year_of
from paceline.signals.statistics import (
    annual,
    information_ratio,
    max_drawdown,
    tracking_error,
    volatility,
)
from paceline.signals.tables import day, tidy
from paceline.signals.windows import HORIZONS, chosen, since_session, window

RISKS = {"volatility": "fraction", "max_drawdown": "return"}
ACTIVE = {
    "tracking_error": (tracking_error, "fraction"),
    "information_ratio": (information_ratio, "ratio"),
}
#: A window this many sessions longer than a year is so in any year: its return is annualised too.
OVER_A_YEAR = 8
ANNUALISED = ("3y_annualised", "5y_annualised")


@measure(
    question="Who has led, over which horizon?",
    never="That it will last: a past return says nothing of the next one.",
    of="levels",
    unit="return",
    shows="table",
    bounds=None,  # a difference of two returns has none
    annualised=("volatility", *ACTIVE, *ANNUALISED, "since_annualised"),
    references=(
        "S&P Dow Jones Indices, Index Mathematics Methodology",
        "Lunde, Timmermann (2004), Duration Dependence in Stock Prices (the short-term low)",
        "empyrical: annual_return, annual_volatility, max_drawdown",
    ),
    limits={"years": (0, 200)},
)
def performance(
    view: View, *, horizons: tuple[str, ...] | None = None, since: str | None = None, years: int = 5
) -> Result:
    """Simple return of each level over each horizon.

    value = level at the end / level at the base - 1. The base is a close:

    1d, 1w                  1 or 5 sessions before
    1m, 3m, 6m, 1y, 3y, 5y  the same day so many months before, or the last session on or before it
    mtd, qtd, ytd           the last close of the month, quarter or year before
    since_low               the benchmark's last confirmed short-term low
    last_month, 2024        full periods: the month before, or this one on its last session by the
                            calendar; a calendar year likewise

    Windows over a year are annualised too, (1 + return) ** (A / sessions) - 1. A is the number of
    sessions of a year of the market's calendar: 252 in New York by convention, elsewhere the mean
    of 2016 to 2025. Risk over the last year:

    volatility         sd of daily returns (ddof 1) * sqrt(A), over 252 sessions
    max_drawdown       the deepest fall below a running maximum that starts at the level of a year
                       ago
    tracking_error     sd(d) * sqrt(A) of a pair's daily difference d over 252 sessions
    information_ratio  mean(d) / sd(d) * sqrt(A)

    For a pair (against is filled) the value is the difference of the two returns.

    horizons  the statistics wanted, in this order; default: all
    since     ISO date or "low": the return since the close of that day; alone unless horizons are
              named
    years     how many full calendar years

    Missing: a window that starts before the level does, and a level that is missing at either end,
    give no value. Raises UsageError for an impossible date, UnknownName for an unknown horizon.
    """
    wanted = _wanted(view, horizons, since, years)
    daily = session_returns(view.levels)
    rows: list[dict[str, object]] = []
    for name in wanted:
        if name in RISKS:
            rows += _risk(view, name, daily)
        else:
            rows += _returns(view, name, since)
    if not set(RISKS).isdisjoint(wanted):
        rows += _active(view, daily)
    return Result(table=tidy(rows, unit=pl.String))


def _wanted(
    view: View, horizons: tuple[str, ...] | None, since: str | None, years: int
) -> list[str]:
    """Names of the statistics, in order."""
    end, this_year = len(view.sessions) - 1, year_of(view.sessions)
    latest = this_year if is_over(view.sessions, view.calendar, "Y") else this_year - 1
    calendar = tuple(str(latest - k) for k in range(years))
    default = ("since",) if since is not None else (*HORIZONS, *ANNUALISED, *calendar, *RISKS)
    wanted = list(chosen(horizons, default))
    if since is not None:
        if "since" not in wanted:
            wanted.insert(0, "since")
        long = end - since_session(view, since) > view.year + OVER_A_YEAR
        if long and "since_annualised" not in wanted:
            wanted.append("since_annualised")
    return wanted


def _when(view: View, name: str, unit: str, start: int, end: int) -> dict[str, object]:
    """What the rows of one statistic have in common."""
    return {
        "statistic": name,
        "unit": unit,
        "start": day(view.sessions, start),
        "end": day(view.sessions, end),
    }


def _risk(view: View, name: str, daily: Array) -> Iterator[dict[str, object]]:
    """Volatility or drawdown of each level over the last year."""
    end = len(view.sessions) - 1
    start, stop = (end - SESSIONS_PER_YEAR, end) if name == "volatility" else window(view, "1y")
    whole = start >= 0 and np.isfinite(daily[:, start + 1 : stop + 1]).all(axis=1)
    unit = RISKS[name]
    returns = daily[:, max(start, 0) + 1 : stop + 1]
    made = volatility(returns, view.year) if name == "volatility" else max_drawdown(returns)
    values = np.where(whole, made, np.nan)
    when = _when(view, name, unit, start, stop)
    for subject, value in zip(view.subjects, values.tolist(), strict=True):
        yield {**when, "subject": subject, "value": value}


def _returns(view: View, name: str, since: str | None) -> Iterator[dict[str, object]]:
    """Return of each level over a horizon, and the difference of each pair."""
    horizon = name.removesuffix("_annualised")
    if horizon == "since" and since is not None:
        start, stop = since_session(view, since), len(view.sessions) - 1
    else:
        start, stop = window(view, horizon)
    values = return_between(view.levels, start, stop)
    if name != horizon and start >= 0:
        values = annual(values, stop - start, view.year)
    when = _when(view, name, "return", start, stop)
    for subject, value in zip(view.subjects, values.tolist(), strict=True):
        yield {**when, "subject": subject, "value": value}
    for lead, against in view.pairs:
        yield {
            **when,
            "subject": view.subjects[lead],
            "against": view.subjects[against],
            "value": float(values[lead] - values[against]),
        }


def _active(view: View, daily: Array) -> Iterator[dict[str, object]]:
    """Tracking error and information ratio of each pair over the last 252 sessions."""
    start, end = len(view.sessions) - 1 - SESSIONS_PER_YEAR, len(view.sessions) - 1
    for lead, against in view.pairs:
        a, b = daily[lead, max(start, 0) + 1 :], daily[against, max(start, 0) + 1 :]
        whole = start >= 0 and np.isfinite(a - b).all()
        for name, (function, unit) in ACTIVE.items():
            yield {
                **_when(view, name, unit, start, end),
                "subject": view.subjects[lead],
                "against": view.subjects[against],
                "value": float(function(a, b, view.year)) if whole else float("nan"),
            }
