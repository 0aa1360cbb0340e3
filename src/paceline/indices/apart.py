"""A built index and what is published for it: months in which they are apart, and why perhaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paceline.arrays import Array, Dates, iso
from paceline.wording import number_of

#: Daily changes fit a session apart where their correlation there is this high, and higher than on
#: the same session by this much.
FITS, BETTER = 0.5, 0.2
#: Fewer sessions than this tell no lag.
FEWEST = 15


@dataclass(frozen=True)
class Apart:
    """Months in which two levels that should be one differ by more than is allowed.

    own, other  the built basket and what is published for it
    basis       the basis on which they are compared
    spans       (close before, last session, return of own less that of other) of each month
    lag         sessions by which the other is late, where its daily changes fit better so; else 0
    called      what people call the two; empty: by their names
    declared    the market file says what is published for the built one; else it is the benchmark
    """

    own: str
    other: str
    basis: str
    spans: tuple[tuple[str, str, float], ...]
    lag: int = 0
    called: tuple[str, str] | None = None
    declared: bool = True

    def caveat(self, start: str, end: str) -> str:
        """What a window says that touches such a month; empty where none is touched."""
        touched = [
            (last, gap)
            for first, last, gap in self.spans
            if first < end and (start < last or start == end <= last)
        ]
        if not touched:
            return ""
        months = [last[:7] for last, _ in touched]
        worst = max(abs(gap) for _, gap in touched)
        where = f"{number_of(len(months), 'month')} ({months[0]} to {months[-1]})"
        up_to = f"up to {100 * worst:.2f} points apart in {where}"
        said = f"{100 * worst:.2f} points apart in {months[0]}" if len(months) == 1 else up_to
        own, other = self.called or (self.own, self.other)
        late = other if self.lag > 0 else own
        why = f"; daily changes of {late} fit a session late" if self.lag else ""
        role = "published for it" if self.declared else "the benchmark"
        return f"{own} and {other}, {role}, are {said}{why}"


def spans(
    own: Array, other: Array, days: Dates, ends: Array, limit: float
) -> tuple[tuple[str, str, float], ...]:
    """The stretches between neighbouring ``ends`` (session numbers) with returns apart by more."""
    at = np.asarray(ends, np.int64)
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = own[at[1:]] / own[at[:-1]] - other[at[1:]] / other[at[:-1]]
    off = np.flatnonzero(np.abs(np.nan_to_num(gap)) > limit)
    return tuple((iso(days, at[k]), iso(days, at[k + 1]), float(gap[k])) for k in off.tolist())


def lag(own: Array, other: Array) -> int:
    """Sessions, -1, 0 or 1, by which daily changes of the other fit those of its own best.

    1: the other is late. 0 where the same session fits nearly as well, or too few have both.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        a, b = (np.diff(np.log(x)) for x in (own, other))
    fits = {0: _fit(a, b), 1: _fit(a[:-1], b[1:]), -1: _fit(a[1:], b[:-1])}
    best = max((1, -1), key=lambda k: fits[k])
    return best if fits[best] > FITS and fits[best] > fits[0] + BETTER else 0


def _fit(a: Array, b: Array) -> float:
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < FEWEST or not a[both].std() > 0 or not b[both].std() > 0:
        return 0.0
    return float(np.corrcoef(a[both], b[both])[0, 1])
