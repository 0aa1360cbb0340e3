"""Stretches of an instrument, or of members, whose changes fit those of the market a session apart.

A published index or a fund has closes alone: nothing beside them tells that they stand on the wrong
days. The market they belong to does. Evidence is added up session by session (Page 1954): the log
likelihood of a change given the market's change of the session before, or after, less that given
the market's change of its own session.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from paceline.arrays import NORMAL, Array, Bools, Dates, Ints, iso

#: The correlation of daily changes, on the same session or one apart, below which nothing is told.
FITS = 0.5
#: Sessions by which an instrument may be late, or early, or neither.
LAGS = (0, 1, -1)
#: Sessions that must have both, the most that one of them says, and what all must come to.
FEWEST, MOST, ENOUGH = 15, 4.0, 12.0
#: Of many securities at once: fewest, sessions looked at together and how many such quarters, the
#: largest return, what the evidence must come to, and the correlation, also beside that of no lag.
MANY, QUARTER, TOGETHER, CUT, SURE, FOLLOWS, TWICE = 10, 63, 4, 0.1, 15.0, 0.3, 2.0


class Late(NamedTuple):
    """Sessions ``first`` to ``last`` (ISO dates) on which changes are late, or early, by one.

    ``of`` is the basket that was held against the market where others rest on the same prices.
    """

    market: str
    first: str
    last: str
    early: bool
    of: str = ""

    def caveat(self, name: str, start: str, end: str) -> str:
        """What a window says that has any of these sessions; empty where it has none."""
        if end < self.first or self.last < start:
            return ""
        when = "early" if self.early else "late"
        fit = f"daily changes of {self.of or name} fit those of {self.market} a session {when}"
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
    r, m, start = _changes_of(own, market)
    beside = {k: _shifted(m, k) for k in LAGS}
    fit, slope, spread = max(_fit(r, x) for x in beside.values())
    if fit < FITS or not spread > 0:
        return ()
    off = {k: (r - slope * x) ** 2 / (2 * spread**2) for k, x in beside.items()}
    others = {k: np.fmin(*(off[j] for j in LAGS if j != k)) for k in LAGS}
    said = np.array([np.clip(others[k] - off[k], -MOST, MOST) for k in LAGS])
    said = np.nan_to_num(said)
    changes = _changes(said)
    ends = [begin for begin, _ in [*changes, (len(r), 0)][1:]]
    out = []
    for (begin, k), end in zip(changes, ends, strict=True):
        if LAGS[k]:
            # the change into the first close that stands wrongly covers two sessions, or none
            first = max(begin - _open(said[k, :begin][::-1]) - 1, 0)
            last = end + _open(said[k, end:])
            first, last = start + first if first else 0, start + last if last < len(r) else len(own)
            out.append(Late(name, iso(days, first), iso(days, last - 1), LAGS[k] < 0))
    return tuple(out)


def _open(said: Array) -> int:
    """How many sessions beside an end may belong to it: those before 6 is said against it."""
    against = np.flatnonzero(np.cumsum(said[:QUARTER]) < -ENOUGH / 2)
    return int(against[0]) if len(against) else min(len(said), QUARTER)


def follows(own: Array, market: Array) -> bool:
    """Whether changes of two levels (T,) correlate by 0.5 or more, on one session or apart."""
    r, m, _ = _changes_of(own, market)
    return max(_fit(r, _shifted(m, k))[0] for k in LAGS) >= FITS


def _changes_of(own: Array, market: Array) -> tuple[Array, Array, int]:
    """Daily log changes of two levels (T,), from the session before they both exist to their end.

    The third is the place of the first of these sessions.
    """
    both = np.flatnonzero(np.isfinite(own) & np.isfinite(market))
    start, stop = (max(int(both[0]) - 1, 0), int(both[-1]) + 2) if len(both) else (0, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        r, m = (np.diff(np.log(x[start:stop]), prepend=np.nan) for x in (own, market))
    return r, m, start


def mirrored(found: Sequence[Sequence[Late]], days: Dates, own: str, market: str) -> list[Late]:
    """The stretches on which more than half of all that follow a basket are apart from it.

    found  of each of them its stretches, all of them beside the basket ``own``
    """
    most = len(found) // 2 + 1
    return [
        Late(market, first, last, not early, own)
        for first, last, early in _together(found, days, most)
    ]


def shared(found: Sequence[Sequence[Late]], days: Dates, market: str, own: str) -> list[Late]:
    """The stretches on which half of a source's instruments, or more, are apart from a basket.

    found  of each of them its stretches; ``own`` names the first that is apart. What a file dates
           wrongly it dates wrongly for all that it holds, also for those whose own changes are too
           few, or too unlike the market's, to tell.
    """
    half = max(-(-len(found) // 2), 1)
    return [
        Late(market, first, last, early, own) for first, last, early in _together(found, days, half)
    ]


def _together(
    found: Sequence[Sequence[Late]], days: Dates, enough: int
) -> list[tuple[str, str, bool]]:
    """(first, last session, early) of stretches on which so many are late, or early, at once."""
    if not any(found):
        return []
    every = days.astype("datetime64[D]").astype(str)
    out = []
    for early in (False, True):
        off = np.zeros((len(found), len(every)), bool)
        for row, stretches in zip(off, found, strict=True):
            for one in stretches:
                row |= (one.early == early) & (every >= one.first) & (every <= one.last)
        edge = np.diff(np.r_[False, off.sum(axis=0) >= enough, False].astype(np.int8))
        spells = zip(np.flatnonzero(edge == 1), np.flatnonzero(edge == -1), strict=True)
        out += [(iso(days, int(a)), iso(days, int(b) - 1), early) for a, b in spells]
    return out


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


def members(returns: Array) -> tuple[Ints, Bools]:
    """Rows (n,) whose returns (N, T) are a session late or early beside all, and when (n, T).

    All are the mean of the returns of each session, cut off at a tenth. In a quarter of 63
    sessions, counted back from the last, and in four of them together, c_k is the correlation of a
    row with all of k sessions before, -1 to 1. A lag is told where n / 2 ln((1 - c_0^2) /
    (1 - c_k^2)) is 15 or more and c_k is 0.3 or more, and twice c_0: what trades seldom follows
    late by its nature, and less closely. None below ten rows.
    """
    n, length = returns.shape
    none = np.empty(0, np.int64), np.zeros((0, length), bool)
    if n < MANY or length <= QUARTER:
        return none
    blocks = -(-length // QUARTER)
    pad = blocks * QUARTER - length
    own = np.full((n, blocks * QUARTER), np.nan, np.float32)
    own[:, pad:] = returns
    there = np.isfinite(own)
    own[~there] = 0.0
    np.clip(own, -CUT, CUT, out=own)
    market = own.sum(axis=0) / np.maximum(np.count_nonzero(there, axis=0), 1)
    part = own.reshape(n, blocks, QUARTER)
    count = np.count_nonzero(there.reshape(part.shape), axis=2)
    moments = [count, np.einsum("nbk,nbk->nb", part, part)]
    for k in LAGS:
        beside = np.nan_to_num(_shifted(market, k)).astype(np.float32).reshape(blocks, QUARTER)
        moments += [
            np.einsum("nbk,bk->nb", part, beside),
            np.broadcast_to((beside**2).sum(axis=1), (n, blocks)),
        ]
    said = _told(np.stack(moments))
    if blocks > TOGETHER:
        total = np.cumsum(np.pad(np.stack(moments), ((0, 0), (0, 0), (1, 0))), axis=2)
        year = _told(total[..., TOGETHER:] - total[..., :-TOGETHER])
        for k in range(TOGETHER):
            said[:, k : k + year.shape[1]] |= year
    rows = np.flatnonzero(said.any(axis=1))
    return rows, np.repeat(said[rows], QUARTER, axis=1)[:, pad:]


def _told(moments: Array) -> Bools:
    """(N, B) where another lag than none fits, from counts, squares and products of each lag."""
    count, square = moments[0], np.maximum(moments[1], 1e-300)
    with np.errstate(invalid="ignore", divide="ignore"):
        c = moments[2::2] / np.sqrt(square * np.maximum(moments[3::2], 1e-300))
        best = np.maximum(c[1], c[2])
        more = count / 2 * np.log((1 - c[0] ** 2) / (1 - np.minimum(best, 1 - 1e-9) ** 2))
    told: Bools = (more >= SURE) & (best >= FOLLOWS) & (best >= TWICE * c[0])
    return told
