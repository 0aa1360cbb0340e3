"""Rates, spreads and volatility: where stored series stand, and how they have moved."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from paceline.errors import UnknownName, UsageError
from paceline.measures import Array, Dates, Result, View, measure
from paceline.signals import french
from paceline.signals.history import place_among
from paceline.signals.tables import tidy

UNITS = {"value": "level", "change_1d": "points", "change_1m": "points", "percentile": "percentile"}
#: Values back that a change is measured from.
BACK = {"change_1d": 1, "change_1m": 21}


@measure(
    question="Where do rates, credit spreads and volatility stand?",
    never="What the market will do: these are the conditions of the day.",
    of="levels",
    needs=("series",),
    unit=UNITS,
    shows="table",
    bounds=None,
    references=("Federal Reserve Bank of St. Louis, FRED",),
)
def macro(view: View, *, series: tuple[str, ...] = (), since: str = "1990-01-01") -> Result:
    """Last value of each series, its changes, and its place in its history.

    value       v, the last value known at the last session, in the series' own unit
    change_1d   v less the value before it; change_1m: less the one 21 values before
    percentile  (#{v_s < v} + #{v_s = v} / 2) / n over the n earlier values since ``since``

    series  names of stored daily series; default: those that the market file names in
            ``[report.page_one] macro``
    since   ISO date from which values count; a series that begins later counts from then

    Columns: ``history``, the first day that counts. ``end`` is the day of the value, which a caveat
    names where it is not that of the last session. Missing: a series without a value by then has
    none; a change needs the earlier value, the percentile 252 earlier ones. Raises UnknownName for
    an unknown series, UsageError for an impossible date.
    """
    try:
        first = np.datetime64(dt.date.fromisoformat(since))
    except ValueError:
        raise UsageError(f"since {since!r} is not a date.", "Write it as YYYY-MM-DD.") from None
    rows: list[dict[str, object]] = []
    for name in series:
        if name not in view.series:
            raise UnknownName("series", name, view.series)
        days, values = french.seen(view, name)
        known = np.isfinite(values)
        rows += _rows(view, name, days[known], values[known], first)
    return Result(table=tidy(rows, history=pl.String, caveat=pl.String))


def _rows(
    view: View, name: str, days: Dates, values: Array, first: np.datetime64
) -> list[dict[str, object]]:
    """The rows of one series of finite values."""
    if not len(days):
        return [{"subject": name, "statistic": "value", "value": float("nan")}]
    last = days[-1].astype("datetime64[D]").item()
    late = last < view.sessions[-1].astype("datetime64[D]").item()
    since = int(np.searchsorted(days, first))
    counted = values[min(since, len(values) - 1) :]
    found: dict[str, tuple[float, dt.date | None]] = {"value": (float(values[-1]), None)}
    for statistic, back in BACK.items():
        found[statistic] = (float("nan"), None)
        if len(values) > back:
            start = days[-1 - back].astype("datetime64[D]").item()
            found[statistic] = (float(values[-1] - values[-1 - back]), start)
    found["percentile"] = (float(place_among(counted)), None)
    return [
        {
            "subject": name,
            "statistic": statistic,
            "value": value,
            "start": start,
            "end": last,
            "history": str(days[-len(counted)].astype("datetime64[D]")),
            "caveat": f"its last value is of {last}" if late else None,
        }
        for statistic, (value, start) in found.items()
    ]
