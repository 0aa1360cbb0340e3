"""Returns around dated events: the days of a rule, windows around them, and tests of many events.

Time is the last axis; a window [a, b] around session t runs from the close of t + a - 1 to that of
t + b.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from paceline.arrays import Array, Dates, Ints

#: Sessions of the estimation of what is ordinary, and how long before the event it ends.
ESTIMATED, BEFORE = 250, 21
#: Which weekday of a month a rule means.
NTH = ("first", "second", "third", "fourth")
#: Fewer events than this have no standardised test.
FEWEST = 10


def days_of_rule(rule: str, months: Sequence[int], sessions: Dates) -> Dates:
    """The days of a rule in every month from the first to the last of ``sessions``, in order.

    rule      "third friday", "last monday", "day 15", "first session" or "last session"; a month
              without such a day has none
    months    months of the year that count, 1 to 12; empty: all
    """
    of = np.unique(sessions.astype("datetime64[M]"))
    if months:
        of = of[np.isin(of.astype(np.int64) % 12 + 1, list(months))]
    begin, after = of.astype("datetime64[D]"), (of + 1).astype("datetime64[D]")
    where, _, what = rule.partition(" ")
    found: Dates
    if where == "day":
        found = begin + (int(what) - 1)
        found = found[found < after]
    elif what == "session" and where == "first":
        found = sessions[np.searchsorted(sessions, begin)]
    elif what == "session":
        found = sessions[np.searchsorted(sessions, after) - 1]
    elif where == "last":
        found = np.busday_offset(after, -1, "forward", weekmask=what[:3].capitalize())
    else:
        nth = NTH.index(where)
        found = np.busday_offset(begin, nth, "forward", weekmask=what[:3].capitalize())
    return found


def sessions_of(days: Dates, sessions: Dates, closed: str = "next") -> Ints:
    """Positions of days among sessions, ascending, each once; outside of them none.

    closed  which session stands for a day without one: the "next" or the "previous"
    """
    inside = days[(days >= sessions[0]) & (days <= sessions[-1])]
    if closed == "next":
        return np.unique(np.searchsorted(sessions, inside))
    return np.unique(np.searchsorted(sessions, inside, side="right") - 1)


def around(line: Array, window: tuple[int, int]) -> Array:
    """(T,) simple return of a log line over the window around each session; NaN where it lacks."""
    first, last = window
    t = np.arange(len(line))
    start, end = t + first - 1, t + last
    inside = (start >= 0) & (end < len(line))
    found = np.full(len(line), np.nan)
    found[inside] = np.expm1(line[end[inside]] - line[start[inside]])
    return found


class Tested(NamedTuple):
    """Tests of abnormal returns over events; NaN where there are fewer than ten.

    n             events with an estimation period and a whole window
    standardised  t of Boehmer, Musumeci and Poulsen (1991): mean(SCAR) sqrt(n) / sd(SCAR)
    rank          z of Corrado (1989) over the windows: their mean rank among all windows, less a
                  half, over its standard error
    """

    n: int
    standardised: float
    rank: float


def tested(line: Array, market: Array, events: Ints, window: tuple[int, int]) -> Tested:
    """Tests of what a line does around events, beyond what it does with the market.

    The market model of each event is fitted on ``ESTIMATED`` sessions that end ``BEFORE`` sessions
    before it; CAR is the sum of the abnormal returns of the window, SCAR = CAR / (s sqrt(h)), s the
    standard deviation of its residuals. The events of one kind fall on different days, so nothing
    has to be taken off for days that several share (Kolari and Pynnonen, 2010: their factor is one
    at a correlation of zero).

    line, market  (T,) logs; a return that is missing on one of the days leaves the event out
    events        positions of the events
    """
    d, m = np.diff(line, prepend=np.nan), np.diff(market, prepend=np.nan)
    first, last = window
    at = events[
        (events - BEFORE - ESTIMATED >= 1) & (events + last < len(line)) & (events + first >= 1)
    ]
    rank = _rank(around(line, window), at)
    if len(at) < FEWEST:
        return Tested(len(at), math.nan, rank)
    past = at[:, None] + np.arange(-BEFORE - ESTIMATED, -BEFORE)
    ahead = at[:, None] + np.arange(first, last + 1)
    y, x = d[past], m[past]
    y_mean, x_mean = y.mean(axis=1, keepdims=True), x.mean(axis=1, keepdims=True)
    beta = ((x - x_mean) * (y - y_mean)).sum(axis=1) / ((x - x_mean) ** 2).sum(axis=1)
    left = y - y_mean - beta[:, None] * (x - x_mean)
    s = np.sqrt((left**2).sum(axis=1) / (ESTIMATED - 2))
    odd = d[ahead] - y_mean - beta[:, None] * (m[ahead] - x_mean)
    with np.errstate(divide="ignore", invalid="ignore"):
        scar = odd.sum(axis=1) / (s * math.sqrt(last - first + 1))
    scar = scar[np.isfinite(scar)]
    if len(scar) < FEWEST or not scar.std(ddof=1) > 0:
        return Tested(len(scar), math.nan, rank)
    t = float(scar.mean() * math.sqrt(len(scar)) / scar.std(ddof=1))
    return Tested(len(scar), t, rank)


def _rank(value: Array, at: Ints) -> float:
    """The z of the mean rank of some windows among all of the line.

    u = rank / (M + 1) - 1/2 over the M windows with a value; z = mean(u) sqrt(n) / sd(u).
    """
    there = np.flatnonzero(np.isfinite(value))
    chosen = np.isin(there, at)
    if chosen.sum() < FEWEST:
        return math.nan
    order = np.empty(len(there))
    order[np.argsort(value[there], kind="stable")] = np.arange(1, len(there) + 1)
    u = order / (len(there) + 1) - 0.5
    return float(u[chosen].mean() * math.sqrt(chosen.sum()) / u.std(ddof=1))
