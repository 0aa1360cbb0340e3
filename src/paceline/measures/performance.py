"""Returns over every horizon people quote."""

from __future__ import annotations

import numpy as np
import polars as pl

from paceline.measures import Array, Result, View, measure
from paceline.signals.statistics import (
    YEAR,
    annual,
    information_ratio,
    max_drawdown,
    tracking_error,
    volatility,
)
from paceline.signals.tables import day, tidy
from paceline.signals.windows import HORIZONS, change, chosen, returns, since_session, window

RISKS = {"volatility": (volatility, "fraction"), "max_drawdown": (max_drawdown, "return")}
ACTIVE = {
    "tracking_error": (tracking_error, "fraction"),
    "information_ratio": (information_ratio, "ratio"),
}
#: A window of more sessions than this is longer than a year, holidays or not: its return is
#: annualised too.
OVER_A_YEAR = 260


@measure(
    question="Who has led, over which horizon?",
    never="That it will last: a past return says nothing of the next one.",
    of="levels",
    unit="return",
    shows="table",
    bounds=None,  # a difference of two returns has none
    references=(
        "S&P Dow Jones Indices, Index Mathematics Methodology",
        "Lunde, Timmermann (2004), Duration Dependence in Stock Prices (the benchmark's short-term low)",
        "empyrical: annual_return, annual_volatility, max_drawdown",
    ),
)
def performance(
    view: View, *, horizons: tuple[str, ...] | None = None, since: str | None = None, years: int = 5
) -> Result:
    """Simple return of each level over each horizon: level at the end / level at the base - 1.

    The base is a close: of 1 or 5 sessions before (1d, 1w); of the same day so many months before,
    or the last session on or before it (1m, 3m, 6m, 1y, 3y, 5y); the last close of the month,
    quarter or year before (mtd, qtd, ytd); the benchmark's last confirmed short-term low
    (since_low). last_month and calendar years ("2024") are full periods. Windows over a year are
    annualised too, (1 + return) ** (252 / sessions) - 1. Risk over the last year: volatility = sd
    of daily returns (ddof 1) * sqrt(252), over 252 sessions; max_drawdown = the deepest fall below
    a running maximum that starts at the level of a year ago. For a pair (against is filled) the
    value is the difference of the two returns, and the risk is that of the daily difference d over
    252 sessions: tracking_error = sd(d) * sqrt(252), information_ratio = mean(d) / sd(d) *
    sqrt(252).

    horizons  the statistics wanted, in this order; default: all
    since     ISO date or "low": the return since the close of that day; alone unless horizons are
              named
    years     how many full calendar years

    Missing: a window that starts before the level does, and a level that is missing at either end,
    give no value. Raises UsageError for an impossible date, UnknownName for an unknown horizon.
    """
    end = len(view.sessions) - 1
    this_year = int(str(view.sessions[-1])[:4])
    calendar = tuple(str(this_year - k) for k in range(1, years + 1))
    annualised = ("3y_annualised", "5y_annualised")
    default = ("since",) if since is not None else (*HORIZONS, *annualised, *calendar, *RISKS)
    wanted = list(chosen(horizons, default))
    if since is not None and "since" not in wanted:
        wanted.insert(0, "since")
    if (
        since is not None
        and end - since_session(view, since) > OVER_A_YEAR
        and "since_annualised" not in wanted
    ):
        wanted.append("since_annualised")
    daily = returns(view.levels)
    rows: list[dict[str, object]] = []
    for name in wanted:
        plain = name.removesuffix("_annualised")
        if name in RISKS:
            start, stop = (end - YEAR, end) if name == "volatility" else window(view, "1y")
            whole = start >= 0 and np.isfinite(daily[:, start + 1 : stop + 1]).all(axis=1)
            function, unit = RISKS[name]
            values = np.where(whole, function(daily[:, max(start, 0) + 1 : stop + 1]), np.nan)
        else:
            is_since = plain == "since" and since is not None
            start, stop = (
                (since_session(view, str(since)), end) if is_since else window(view, plain)
            )
            values, unit = change(view.levels, start, stop), "return"
            if name != plain and start >= 0:
                values = annual(values, stop - start)
        when: dict[str, object] = {
            "statistic": name,
            "unit": unit,
            "start": day(view.sessions, start),
            "end": day(view.sessions, stop),
        }
        rows += [
            {**when, "subject": s, "value": float(v)}
            for s, v in zip(view.subjects, values, strict=True)
        ]
        if name not in RISKS:
            rows += [
                {
                    **when,
                    "subject": view.subjects[a],
                    "against": view.subjects[b],
                    "value": float(values[a] - values[b]),
                }
                for a, b in view.pairs
            ]
    if not set(RISKS).isdisjoint(wanted):
        rows += _active(view, daily)
    return Result(table=tidy(rows, unit=pl.String))


def _active(view: View, daily: Array) -> list[dict[str, object]]:
    """Tracking error and information ratio of each pair over the last 252 sessions."""
    start, end = len(view.sessions) - 1 - YEAR, len(view.sessions) - 1
    rows: list[dict[str, object]] = []
    for lead, against in view.pairs:
        a, b = daily[lead, max(start, 0) + 1 :], daily[against, max(start, 0) + 1 :]
        whole = start >= 0 and np.isfinite(a - b).all()
        rows += [
            {
                "subject": view.subjects[lead],
                "against": view.subjects[against],
                "statistic": name,
                "start": day(view.sessions, start),
                "end": day(view.sessions, end),
                "value": float(function(a, b)) if whole else float("nan"),
                "unit": unit,
            }
            for name, (function, unit) in ACTIVE.items()
        ]
    return rows
