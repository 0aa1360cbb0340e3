"""Where a return stands among those of all windows as long."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from paceline.errors import UsageError
from paceline.measures import Result, View, measure
from paceline.signals.history import YEAR, place_among
from paceline.signals.tables import day, tidy
from paceline.signals.windows import chosen, window

#: Horizons that page one shows.
SHOWN = ("1d", "1w", "1m", "since_low", "ytd")


@measure(
    question="How does a return compare with all others over as many sessions?",
    never="That a high return must fall back or go on: it says how rare it was, no more.",
    of="levels",
    unit="percentile",
    shows="table",
    bounds=(0.0, 1.0),
    references=("Hyndman, Fan (1996), Sample Quantiles in Statistical Packages",),
)
def return_percentile(
    view: View, *, horizons: tuple[str, ...] = SHOWN, since: str = "1990-01-01"
) -> Result:
    """Share of earlier windows of as many sessions with a smaller return, for each level.

    For a horizon of h sessions that ends today, with r_t = level_t / level_{t-h} - 1:

    value = (#{s: r_s < r} + #{s: r_s = r} / 2) / n

    over the n windows that begin at the close of ``since`` or later and end before today. They
    overlap: of n windows of h sessions some n / h are independent. The horizons are those of
    ``performance``. The window since the low is compared with windows of any beginning, which did
    not start at a low: what begins at a low looks strong.

    horizons  the windows, in this order
    since     ISO date from which windows may begin; a level that begins later counts from then

    Columns: ``sessions`` of the window, ``windows`` counted, ``history``, the first day they reach
    back to. Missing: a window without both closes is none; no value with fewer than 252 earlier
    windows. Raises UsageError for an impossible date, UnknownName for an unknown horizon.
    """
    try:
        first = int(np.searchsorted(view.sessions, np.datetime64(dt.date.fromisoformat(since))))
    except ValueError:
        raise UsageError(f"since {since!r} is not a date.", "Write it as YYYY-MM-DD.") from None
    rows: list[dict[str, object]] = []
    for name in chosen(horizons, SHOWN):
        start, stop = window(view, name)
        rows += _rows(view, name, start, stop, first)
    return Result(
        table=tidy(rows, sessions=pl.Int64, windows=pl.Int64, history=pl.String, caveat=pl.String)
    )


def _rows(view: View, name: str, start: int, stop: int, first: int) -> list[dict[str, object]]:
    """One row per level for the window from ``start`` to ``stop``."""
    span = stop - start
    there = start >= 0 and span > 0
    levels = view.levels[:, min(first, start if there else stop) : stop + 1]
    returns = np.empty((len(levels), 0))
    if there:
        with np.errstate(invalid="ignore", divide="ignore"):
            returns = levels[:, span:] / levels[:, :-span] - 1
    share, counted = place_among(returns), np.isfinite(returns[:, :-1]).sum(axis=1)
    begun = np.isfinite(levels).argmax(axis=1) + (stop + 1 - levels.shape[1])
    when = {"statistic": name, "start": day(view.sessions, start), "end": day(view.sessions, stop)}
    return [
        {
            **when,
            "subject": subject,
            "value": value,
            "sessions": span if there else None,
            "windows": n,
            "history": str(day(view.sessions, at)),
            "caveat": None if np.isfinite(value) else f"fewer than {YEAR} earlier windows",
        }
        for subject, value, n, at in zip(
            view.subjects, share.tolist(), counted.tolist(), begun.tolist(), strict=True
        )
    ]
