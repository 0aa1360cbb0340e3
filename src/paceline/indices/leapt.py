"""Closes of a lone instrument that leapt and came back while nothing beside it moved so.

One wrong close of a published index or a fund makes a record, a low or a run that never was. It is
told by two things at once: what is left of the change beside the instrument that moves with it
best, in daily deviations of what is usually left; and that the others stood still, since in a panic
that is taken back at once everything moves, or that this one always moves almost exactly alike.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from paceline.arrays import NORMAL, Array, Bools, Dates, Ints, iso
from paceline.wording import number_of

#: A change counts beyond this, in logs, where so many deviations of the sessions before are less;
#: of the last session, which nothing has taken back yet, where so many are.
LEAST, SIGMAS, ALONE = 0.03, 6.0, 8.0
#: It came back where one change within so many sessions takes back a quarter of it or more,
#: whatever the market did meanwhile; beside the market this share of it and so many deviations are
#: left at most.
WITHIN, LEFT, MORE = 2, 0.25, 1.5
#: The others stood still where the middle one moved by less than so many of its own deviations.
#: Whether they did does not matter where one of them has at least this correlation with it.
STILL, ALIKE = 3.0, 0.99
#: Closes are on the scale of before where they are this near to it, in logs.
SAME = 0.2
#: Of so many sessions on either side no more than this may have half as much left: else it storms.
AROUND, STORM = 10, 2
#: Sessions before that tell the usual change, and how many of them there must be.
BEFORE, FEWEST = 63, 21


class Leapt(NamedTuple):
    """Runs of closes that are off: (first, last session, session of the return, move in logs).

    The session of the return is empty of a run that ends with the level.
    """

    runs: tuple[tuple[str, str, str, float], ...]

    def caveat(self, name: str, start: str, end: str) -> str:
        """What a window says that has any of these closes; empty where it has none."""
        runs = [run for run in self.runs if run[0] <= end and start <= run[1]]
        if not runs:
            return ""
        first, _, back, move = runs[-1]
        what = f"the close of {name} leapt by {np.expm1(move):+.1%} on {first}"
        came = f" and came back on {back}" if back else ", its last session"
        wrong = "most often a wrong close" if back else "news, or a wrong close"
        more = f" ({number_of(len(runs) - 1, 'earlier one')})" if len(runs) > 1 else ""
        return f"{what}{came}, which nothing beside it did: {wrong}{more}"


class Rescaled(NamedTuple):
    """A session whose own move was set aside, and by what fraction closes are off since then."""

    day: str
    move: float

    def caveat(self, name: str, start: str, _end: str) -> str:
        """What a window after it says; one that holds the move lacks a return, and says that."""
        if start < self.day:
            return ""
        stand = f"stand {abs(self.move):.1%} {'lower' if self.move < 0 else 'higher'}"
        return (
            f"the closes of {name} {stand} since {self.day}, and nothing says why: a split that "
            "nobody states, or the closes of something else"
        )


def rescaled(jumps: list[tuple[str, float]]) -> Rescaled | None:
    """What is left after the last of these moves (session, fraction), in order; None if nothing is.

    Moves that take one another back, to within a day's own, leave the scale that was there before.
    """
    if not jumps:
        return None
    left = float(np.prod([1 + move for _, move in jumps]))
    return Rescaled(jumps[-1][0], left - 1) if abs(np.log(left)) > SAME else None


class Beside(NamedTuple):
    """Daily log changes (K, T) of what an instrument is held against, NaN where there are none.

    Likewise with zeros there, their squares, and 1 where there is one.
    """

    changes: Array
    filled: Array
    squares: Array
    known: Array

    @classmethod
    def of(cls, levels: Array) -> Beside:
        """Of levels (K, T)."""
        with np.errstate(invalid="ignore", divide="ignore"):
            changes = np.diff(np.log(levels), axis=1, prepend=np.nan)
        changes[~np.isfinite(changes)] = np.nan
        filled = np.nan_to_num(changes)
        return cls(changes, filled, filled**2, np.isfinite(changes).astype(float))


def runs(
    level: Array, beside: Beside, other: Bools, days: Dates
) -> tuple[tuple[str, str, str, float], ...]:
    """The runs of closes of a level (T,) that leapt and came back alone, as in ``Leapt``.

    beside  other instruments and baskets
    other   (K,) which of them are not the instrument itself

    With r its log changes: r_t beyond 0.03, of which the change one or two sessions later takes
    back a quarter or more; e = r - b x, x the one of the others that correlates best among those
    with the sessions, b its slope, both without the changes in question: e_t beyond 0.03 and six
    deviations (1.4826 times the median absolute e of the 63 sessions before, 21 at least), of which
    e_t + e_s leaves a quarter and one and a half deviations at most, and no more than two of the
    ten sessions on either side half as much; and the median over the others of their own change on
    t in deviations below 3, or the correlation with x from 0.99 on. A leap on the last session of
    the level counts beyond eight. Empty without others.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.diff(np.log(level), prepend=np.nan)
    t, s = _candidates(r)
    changes = beside.changes
    if not len(t) or not other.any():
        return ()
    calm = r.copy()  # what is in question says nothing of what is usual
    calm[np.r_[t, s]] = np.nan
    fit, slope = _fits(calm, beside)
    there = np.isfinite(changes[:, t]) & np.isfinite(changes[:, s]) & other[:, None]
    best = np.where(there, np.abs(fit)[:, None], -1.0).argmax(axis=0)
    known = there.any(axis=0)

    def rest(at: Ints) -> Array:
        return np.asarray(r[at] - slope[best][:, None] * changes[best[:, None], at])

    usual = _deviation(rest(np.maximum(t[:, None] + np.arange(-BEFORE, 0), 0)))
    off = rest(t[:, None])[:, 0]
    left = np.abs(off + rest(s[:, None])[:, 0])
    last = s == t
    far = np.abs(off) > np.maximum(LEAST, np.where(last, ALONE, SIGMAS) * usual)
    around = t[:, None] + np.r_[np.arange(-AROUND, 0), np.arange(1, AROUND + 1)]
    around += (around > t[:, None]) * (s - t)[:, None]
    inside = (around >= 0) & (around < len(r))
    storm = np.abs(rest(np.clip(around, 0, len(r) - 1))) > np.abs(off)[:, None] / 2
    far &= (storm & inside).sum(axis=1) <= STORM
    kept = np.flatnonzero(known & far & (last | (left < LEFT * np.abs(off) + MORE * usual)))
    alike = np.abs(fit)[best[kept]] >= ALIKE
    kept = kept[alike | _still(changes, t[kept], other)]
    return tuple(
        (iso(days, a), iso(days, max(b - 1, a)), iso(days, b) if b > a else "", float(r[a]))
        for a, b in zip(t[kept].tolist(), s[kept].tolist(), strict=True)
    )


def _candidates(r: Array) -> tuple[Ints, Ints]:
    """Sessions of leaps and of what took them back; one on the last session is its own."""
    large = np.flatnonzero(np.abs(np.nan_to_num(r)) > LEAST)
    total, size = np.nancumsum(r), np.abs(r[large])
    back = np.full(len(large), -1, np.int64)
    for k in range(WITHIN, 0, -1):  # the first one is what counts
        at = np.minimum(large + k, len(r) - 1)
        opposite = -np.sign(r[large]) * r[at] > LEFT * size
        gone = np.abs(total[at] - total[large] + r[large]) < (1 - LEFT) * size
        back = np.where(opposite & gone & (at == large + k), at, back)
    valid = np.flatnonzero(np.isfinite(r))
    back = np.where(large == valid[-1:].max(initial=-1), large, back)
    begun = _begins(large, back)
    return large[begun], back[begun]


def _begins(large: Ints, back: Ints) -> Bools:
    """Which leaps are not what took another one back."""
    return (back >= 0) & ~np.isin(large, back[(back >= 0) & (back > large)])


def _still(changes: Array, t: Ints, other: Bools) -> Bools:
    """(n,) whether the others stood still on each of these sessions; not where there are none."""
    at = np.maximum(t[:, None] + np.arange(-BEFORE, 0), 0)
    usual = _deviation(changes[:, at][other])
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = np.abs(changes[:, t][other]) / usual
    return _median(moved.T) < STILL


def _deviation(rest: Array) -> Array:
    """Robust deviation along the last axis; NaN where too few are known."""
    known = np.isfinite(rest).sum(axis=-1)
    return np.where(known >= FEWEST, NORMAL * _median(np.abs(rest)), np.nan)


def _median(x: Array) -> Array:
    """Median along the last axis of what is known; NaN where nothing is."""
    part = np.sort(np.where(np.isfinite(x), x, np.inf), axis=-1)
    count = np.isfinite(x).sum(axis=-1)
    low, high = (
        np.take_along_axis(part, np.maximum(k, 0)[..., None], axis=-1)[..., 0]
        for k in ((count - 1) // 2, np.minimum(count // 2, part.shape[-1] - 1))
    )
    return np.where(count > 0, (low + high) / 2, np.nan)


def _fits(r: Array, beside: Beside) -> tuple[Array, Array]:
    """(K,) correlation of r with each of the others, and its slope on it; zeros where few meet."""
    since = int(np.isfinite(r).argmax())
    _, filled, squares, there = (part[:, since:] for part in beside)
    own, known = np.nan_to_num(r[since:]), np.isfinite(r[since:]).astype(float)
    count = np.maximum(there @ known, 1.0)
    a, b = there @ own / count, filled @ known / count
    cov = filled @ own / count - a * b
    va, vb = there @ own**2 / count - a**2, squares @ known / count - b**2
    told = (count >= BEFORE) & (va > 0) & (vb > 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(told, cov / np.sqrt(va * vb), 0.0), np.where(told, cov / vb, 0.0)
