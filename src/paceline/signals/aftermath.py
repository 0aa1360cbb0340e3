"""What followed the days of a signal, against all days: a level's returns over fixed horizons."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import polars as pl

from paceline.arrays import Array, Bools
from paceline.evidence import event_evidence

#: Sessions after a signal: a month, a quarter, half a year, a year.
HORIZONS = (21, 63, 126, 252)
#: Draws of the bootstrap, of which the interval is the wider with that of shifted dates.
DRAWS = 1000
#: Columns of the rows below, besides those of every table.
COLUMNS: dict[str, type[pl.DataType]] = {
    "base": pl.Float64,
    "up": pl.Float64,
    "base_up": pl.Float64,
    "effect": pl.Float64,
    "effect_low": pl.Float64,
    "effect_high": pl.Float64,
    "p": pl.Float64,
    "n": pl.Int64,
    "n_effective": pl.Float64,
    "reason": pl.String,
}


def following(level: Array, horizon: int) -> Array:
    """(T,) return L_{t+h} / L_t - 1 from the close of each session; NaN where one is missing."""
    result = np.full(len(level), np.nan)
    if horizon < len(level):
        with np.errstate(divide="ignore", invalid="ignore"):
            result[:-horizon] = level[horizon:] / level[:-horizon] - 1
    return result


def fell_within(level: Array, horizon: int, fall: float) -> Array:
    """(T,) 1 where a close of the next h sessions lies ``fall`` or more below today's, else 0.

    NaN where today's level is missing or fewer than h sessions follow; missing closes do not fall.
    """
    T = len(level)
    result = np.full(T, np.nan)
    if horizon < T:
        ahead = np.lib.stride_tricks.sliding_window_view(level[1:], horizon)
        lowest = np.fmin.reduce(ahead, axis=1)
        result[: T - horizon] = lowest <= (1 - fall) * level[: T - horizon]
    return np.where(np.isfinite(level), result, np.nan)


def judged(statistic: str, after: Array, event: Bools, horizon: int) -> dict[str, object]:
    """The row of a thing (T,) measured ahead of each session, after the sessions of a signal.

    value        its mean over the signals whose h sessions are over
    base         the same over all sessions
    up, base_up  shares of them above zero
    effect       value - base, with its 95% interval effect_low, effect_high and p: dates shifted
                 around the calendar, as ``evidence.event_evidence`` says
    n            signals; n_effective: the largest number of them whose windows do not overlap

    Missing: below ten effective signals there is no number but n and n_effective, and ``reason``.
    """
    found = event_evidence(after, event, horizon=horizon, draws=DRAWS)
    row: dict[str, object] = {
        "statistic": statistic,
        "value": math.nan,
        "n": found.n,
        "n_effective": found.n_effective,
        "reason": found.note or None,
    }
    if found.suppressed:
        return row
    known = np.isfinite(after)
    return row | {
        "value": float(after[event & known].mean()),
        "base": float(after[known].mean()),
        "up": float((after[event & known] > 0).mean()),
        "base_up": float((after[known] > 0).mean()),
        "effect": found.effect,
        "effect_low": found.low,
        "effect_high": found.high,
        "p": found.p,
    }


def aftermath(name: str, level: Array, event: Bools) -> Iterator[dict[str, object]]:
    """One row a horizon h, ``name``_after_h: what a level (T,) did after the sessions of a signal.

    event  (T,) sessions on whose close the signal was known

    What is measured is ``following``; the columns are those of ``judged``.
    """
    for horizon in HORIZONS:
        yield judged(f"{name}_after_{horizon}", following(level, horizon), event, horizon)
