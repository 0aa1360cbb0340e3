"""Stretches of a lone instrument whose daily changes fit those of the market a session apart.

A published index or a fund has closes alone: nothing beside them tells that they stand on the wrong
days. The market they belong to does. Evidence is added up session by session (Page 1954): the log
likelihood of a change given the market's change of the session before, or after, less that given
the market's change of its own session.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from paceline.arrays import Array, Dates

#: The correlation of daily changes, on the same session or one apart, below which nothing is told.
FITS = 0.5
#: Sessions by which an instrument may be late, or early, or neither.
LAGS = (0, 1, -1)
#: Sessions that must have both, the most that one of them says, and what all must come to.
FEWEST, MOST, ENOUGH = 15, 4.0, 12.0
#: A standard deviation is this times the median absolute deviation of a normal distribution.
NORMAL = 1.4826


class Late(NamedTuple):
    """Sessions ``first`` to ``last`` (ISO dates) on which changes are late, or early, by one."""

    market: str
    first: str
    last: str
    early: bool

    def caveat(self, name: str, start: str, end: str) -> str:
        """What a window says that has any of these sessions; empty where it has none."""
        if end < self.first or self.last < start:
            return ""
        when = "early" if self.early else "late"
        fit = f"daily changes of {name} fit those of {self.market} a session {when}"
        return f"{fit} from {self.first} to {self.last}"


def spans(own: Array, market: Array, name: str, days: Dates) -> tuple[Late, ...]:
    """The stretches of a level (T,) that is a session late or early beside the market's (T,).

    With r and m the daily log changes, b and s slope and robust residual deviation of r on m at the
    lag of -1, 0 and 1 where they fit best, and e_k = r_t - b m_{t-k}: a session says for the lag k
    (min of e_j^2 over the other two - e_k^2) / (2 s^2), at most 4 either way. Sums of that, never
    below zero, tell the lag: that of the first sum to reach 12, from the beginning on, until the
    sum of another one does, from where it was last zero. Sessions without both say nothing. Empty
    where no lag has a correlation of 0.5 or more over fifteen sessions.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        r, m = (np.diff(np.log(x), prepend=np.nan) for x in (own, market))
    beside = {k: _shifted(m, k) for k in LAGS}
    fit, slope, spread = max(_fit(r, x) for x in beside.values())
    if fit < FITS or not spread > 0:
        return ()
    off = {k: (r - slope * x) ** 2 / (2 * spread**2) for k, x in beside.items()}
    others = {k: np.fmin(*(off[j] for j in LAGS if j != k)) for k in LAGS}
    said = np.array([np.clip(others[k] - off[k], -MOST, MOST) for k in LAGS])
    iso = days.astype("datetime64[D]").astype(str)
    changes = _changes(np.nan_to_num(said))
    ends = [begin for begin, _ in [*changes, (len(own), 0)][1:]]
    return tuple(
        Late(name, str(iso[begin]), str(iso[end - 1]), LAGS[k] < 0)
        for (begin, k), end in zip(changes, ends, strict=True)
        if LAGS[k]
    )


def _changes(said: Array) -> list[tuple[int, int]]:
    """(session, row) from which on each row of evidence (K, T) holds; the first from 0 on."""
    out: list[tuple[int, int]] = []
    start, state = 0, -1
    while True:
        added = np.cumsum(said[:, start:], axis=1)
        total = added - np.minimum.accumulate(np.minimum(added, 0.0), axis=1)
        if state >= 0:
            total[state] = 0.0  # what holds gathers nothing: it is the others that must
        enough = np.flatnonzero((total >= ENOUGH).any(axis=0))
        if not len(enough):
            return out
        t = int(enough[0])
        state = int(total[:, t].argmax())
        zero = np.flatnonzero(total[state, :t] == 0)
        begin = start + int(zero[-1]) + 1 if len(zero) else start
        out.append((begin if out else 0, state))
        start += t + 1


def _shifted(x: Array, k: int) -> Array:
    """Values of the session k before each."""
    out = np.full(len(x), np.nan)
    if k == 0:
        return x
    out[max(k, 0) : len(x) + min(k, 0)] = x[max(-k, 0) : len(x) - max(k, 0)]
    return out


def _fit(r: Array, x: Array) -> tuple[float, float, float]:
    """Correlation, slope and robust deviation of the residuals; zeros where too few have both."""
    both = np.isfinite(r) & np.isfinite(x)
    if both.sum() < FEWEST or not r[both].std() > 0 or not x[both].std() > 0:
        return 0.0, 0.0, 0.0
    fit = float(np.corrcoef(r[both], x[both])[0, 1])
    slope = fit * float(r[both].std() / x[both].std())
    rest = r[both] - slope * x[both]
    return fit, slope, NORMAL * float(np.median(np.abs(rest - np.median(rest))))
