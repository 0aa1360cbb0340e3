"""Rules: from what was known at each close to target weights, (sessions, assets) at a time.

A signal is a row of target weights that is decided at that close; a row of NaN decides nothing. All
of them are causal: cutting the history at a session changes no row up to it. The *pair* rules hold
``home`` and move a share ``size`` of it to ``over`` while a condition holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from paceline import kernels
from paceline.arrays import Array, Bools, Dates, Ints
from paceline.measures.breadth_thrust import zweig
from paceline.measures.relative_rotation import QUADRANTS, coordinates, quadrants
from paceline.methods.detector import detect
from paceline.methods.relative_lines import log_ratio
from paceline.signals.sessions import period_ends, week_ends

#: Units of the calendar of the schedules that follow it.
UNITS = {"monthly": "M", "quarterly": "Q", "annual": "Y"}
#: A level this close to its limit has reached it.
TIE = 1e-12


def decisions(days: Dates, calendar: Dates, when: str) -> Ints:
    """Sessions on which a schedule decides: the last of each period that is known to be over.

    when  "daily", "weekly", "monthly", "quarterly" or "annual"; "once": none
    """
    if when == "once":
        return np.empty(0, np.int64)
    if when == "daily":
        return np.arange(len(days))
    if when == "weekly":
        ends, over = week_ends(days, calendar)
        return ends if over else ends[:-1]
    ends, known = period_ends(days, calendar, UNITS[when])
    return known[known < len(days)] if len(ends) else ends


def constant(weights: Array, levels: Array, days: Dates, calendar: Dates, when: str) -> Array:
    """The same weights (N,) at each decision, first when everything held has a level."""
    signals = np.full(levels.T.shape, np.nan)
    there = np.isfinite(levels[weights != 0]).all(axis=0)
    if there.any():
        first = int(there.argmax())
        at = decisions(days, calendar, when)
        signals[[first, *at[at > first]]] = weights
    return signals


def switched(on: Array, over: Array, home: Array) -> Array:
    """Signals (T, N) of a condition (T,): weights ``over`` where it is 1, ``home`` where it is 0.

    Decided where the condition is first known, and wherever it changes; NaN is not known, and
    changes nothing.
    """
    signals = np.full((len(on), len(home)), np.nan)
    known = np.flatnonzero(np.isfinite(on))
    changes = known[np.flatnonzero(np.diff(on[known], prepend=np.nan) != 0)]
    signals[changes] = np.where(on[changes, None] > 0, over, home)
    return signals


def leader(over: Array, home: Array, c: float, *, fade: bool = False) -> Array:
    """(T,) 1 while the detector says that ``over`` leads (``fade``: that it does not), else 0.

    The state of the day, as it was known then, of turns of ln(over / home) by the barrier
    c sigma sqrt(63): see ``methods.detector``. NaN before the first turn.
    """
    state = detect(log_ratio(over, home), c).state[0]
    led: Array = np.where(state == 0, np.nan, (state > 0) != fade)
    return led


def dips(level: Array, dip: float, hold: int | None = None) -> Array:
    """(T,) 1 from a close at or below (1 - dip) of the highest close so far, else 0.

    It stays 1 until a new high or, with ``hold``, until so many sessions after the last close as
    low as that. NaN before the first level; without a close nothing changes.
    """
    high = kernels.running_max(level)
    with np.errstate(invalid="ignore"):
        low = level <= (1 - dip) * high * (1 + TIE)
        top = level >= high
    t = np.arange(len(level))
    since = np.maximum.accumulate(np.where(low, t, -1))
    if hold is not None:
        on = (since >= 0) & (t - since < hold)
    else:
        on = since > np.maximum.accumulate(np.where(top, t, -1))
    return np.where(np.isfinite(high), on, np.nan)


def thrust(advances: Array, declines: Array, hold: int) -> Array:
    """(T,) 1 for ``hold`` sessions from a breadth thrust of Zweig's, else 0; NaN before a reading.

    advances, declines  (T,) members up and down: see ``measures.breadth_thrust.zweig``
    """
    reading, found, _ = zweig(advances, declines)
    since, t = np.full(len(reading), -1), np.arange(len(reading))
    since[found] = found
    since = np.maximum.accumulate(since)
    return np.where(np.isfinite(reading), (since >= 0) & (t - since < hold), np.nan)


def in_season(days: Dates, start: tuple[int, int], end: tuple[int, int]) -> Array:
    """(T,) 1 on days from (month, day) ``start`` to before ``end``, which may lie a year later."""
    month = days.astype("datetime64[M]")
    number = (month.astype(np.int64) % 12 + 1) * 100 + (days - month).astype(np.int64) + 1
    first, last = (100 * m + d for m, d in (start, end))
    inside = (number >= first) & (number < last)
    if first >= last:
        inside = (number >= first) | (number < last)
    return np.asarray(inside, float)


def laggards(
    levels: Array,
    days: Dates,
    home: Array,
    who: Sequence[int],
    start: tuple[int, int],
    end: tuple[int, int],
    count: int,
    eligible: Bools | None = None,
) -> Array:
    """In equal parts the ``count`` worst of the year so far, of those ``who``, for a season.

    On the first session of the season they are ranked by their return since the last close of the
    year before; on the first after it everything goes ``home``, where it also is before.
    """
    signals = np.full((len(days), len(levels)), np.nan)
    inside = in_season(days, start, end)
    signals[0] = home
    filled = kernels.forward_fill(levels)
    year = days.astype("datetime64[Y]").astype(np.int64)
    new = np.flatnonzero(np.diff(year)) + 1
    changes = np.flatnonzero(np.diff(inside)) + 1
    for t in changes.tolist():
        before = new[new <= t]
        past = np.full(len(levels), np.nan)
        if inside[t] and len(before):
            past[list(who)] = filled[who, t] / filled[who, before[-1] - 1] - 1
            past[~_there(levels, eligible, t)] = np.nan
        signals[t] = _parts(-past, count, home)
    return signals


def momentum(
    levels: Array,
    days: Dates,
    calendar: Dates,
    home: Array,
    who: Sequence[int],
    *,
    when: str,
    lookback: int,
    skip: int,
    count: int | None,
    against: int | None = None,
    eligible: Bools | None = None,
) -> Array:
    """In equal parts the ``count`` best of those ``who`` by their past return, at each decision.

    The return from the month end ``lookback`` months before the last one to that ``skip`` months
    before it; ``eligible`` (N, T) says who may be chosen at each close. With ``against``, a row of
    ``levels``: those of ``who`` that beat it. Home where nobody has a past, or nobody beats it.
    """
    signals = np.full((len(days), len(levels)), np.nan)
    ends, known = period_ends(days, calendar, "M")
    filled = kernels.forward_fill(levels)
    for t in decisions(days, calendar, when).tolist():
        m = int(np.searchsorted(known, t, "right")) - 1
        if m < lookback:
            continue
        past = filled[:, ends[m - skip]] / filled[:, ends[m - lookback]] - 1
        score = np.full(len(levels), np.nan)
        score[list(who)] = past[list(who)]
        score[~_there(levels, eligible, t)] = np.nan
        if against is not None:
            with np.errstate(invalid="ignore"):
                score = np.where(score > past[against], score, np.nan)
        signals[t] = _parts(score, count, home)
    return signals


def rotation(
    levels: Array,
    days: Dates,
    calendar: Dates,
    home: Array,
    who: Sequence[int],
    against: int,
    chosen: Sequence[str],
) -> Array:
    """In equal parts those of ``who`` in the ``chosen`` quadrants of relative rotation; else home.

    By the weekly closes of each against row ``against``, decided at the end of a week where who is
    held changes: see ``measures.relative_rotation``.
    """
    signals = np.full((len(days), len(levels)), np.nan)
    ends, over = week_ends(days, calendar)
    ends = ends if over else ends[:-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = levels[who][:, ends] / levels[against, ends]
    place = quadrants(*coordinates(np.where(relative > 0, relative, np.nan)))
    held = np.isin(place, [QUADRANTS.index(q) for q in chosen])
    begun = np.flatnonzero((place >= 0).any(axis=0))
    last: Bools | None = None
    for w in begun.tolist():
        if last is not None and (held[:, w] == last).all():
            continue
        last = held[:, w]
        score = np.full(len(levels), np.nan)
        score[np.asarray(who)[held[:, w]]] = 1.0
        signals[ends[w]] = _parts(score, None, home)
    return signals


def _there(levels: Array, eligible: Bools | None, t: int) -> Bools:
    """(N,) who has a level at a close and may be chosen."""
    there: Bools = np.isfinite(levels[:, t])
    return there if eligible is None else there & eligible[:, t]


def _parts(score: Array, count: int | None, home: Array) -> Array:
    """Equal weights on the ``count`` highest scores (None: on all there are); else home."""
    there = np.flatnonzero(np.isfinite(score))
    best = there[np.argsort(-score[there], kind="stable")[:count]]
    if not len(best):
        return home
    weights = np.zeros(len(score))
    weights[best] = 1 / len(best)
    return weights


def standing(signals: Array) -> Array:
    """(T, N) the target in force by each close: the last decided so far; NaN before the first."""
    filled: Array = kernels.forward_fill(signals.T).T
    return filled


def spells(signals: Array) -> list[tuple[int, int]]:
    """(first, stop) of the stretches between decisions, the last up to the end."""
    said = np.flatnonzero(np.isfinite(signals).all(axis=1))
    return list(pairwise([*said.tolist(), len(signals)]))


def condition(values: Array, above: float | None, below: float | None) -> Array:
    """(T,) 1 where a measure stands above (or below) a limit, else 0; NaN where it has no value."""
    limit = above if above is not None else below
    with np.errstate(invalid="ignore"):
        on = (values > (limit or 0.0)) if above is not None else (values < (limit or 0.0))
    return np.where(np.isfinite(values), on, np.nan)
