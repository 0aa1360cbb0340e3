"""Short-term lows of a level by the Lunde-Timmermann filter, and what was known of them when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from paceline import kernels
from paceline.arrays import Array, Dates, Ints
from paceline.errors import UsageError
from paceline.indices.levels import BASES, dating
from paceline.signals.view import View

#: Days that a caveat names one by one.
NAMED = 4
#: Sessions without a close after a low from which on they may hide a later one: it falls and rises.
FALL_AND_RISE = 3


def benchmark_level(view: View) -> Array | None:
    """Level of the benchmark on which lows are dated: see ``indices.levels.dating``.

    Where the view has no level of both bases, on its own. None without a benchmark.
    """
    if view.benchmark is None:
        return None
    both = [view.all_levels[b][view.benchmark] for b in BASES if b in view.all_levels]
    if len(both) == len(BASES) and any(np.isfinite(x).any() for x in both):
        return dating(*both)[1]
    row: Array = view.levels[view.benchmark]
    return row


def confirmed_lows(level: Array, low: tuple[float, float]) -> list[tuple[int, int]]:
    """(session of the low, session that confirmed it) of every confirmed low of one level (T,).

    ``low`` is the fall before and the rise after a low, as fractions. In order of time.
    """
    kind, pivot, confirmed = kernels.turning_points(level, fall=low[0], rise=low[1])
    return list(zip(pivot[kind < 0].tolist(), confirmed[kind < 0].tolist(), strict=True))


def last_low(view: View) -> tuple[int, int] | None:
    """The benchmark's last confirmed low known at the last session; None if there is none."""
    level = benchmark_level(view)
    lows = [] if level is None else confirmed_lows(level, view.low)
    return lows[-1] if lows else None


def no_low(view: View) -> str:
    """Why a view has no low, in words: no benchmark, no level of it, or no low since it begins."""
    level = benchmark_level(view)
    if view.benchmark is None or level is None:
        return "no benchmark, so no low"
    name, there = view.subjects[view.benchmark], np.flatnonzero(np.isfinite(level))
    name = view.labels.get(name, name)
    if not len(there):
        return f"no low of the benchmark is known: {name} has no level"
    begun, last = (view.sessions[t].astype("datetime64[D]") for t in (there[0], -1))
    return f"no low of the benchmark is confirmed by {last}: {name} begins on {begun}"


@dataclass(frozen=True)
class Low:
    """The last confirmed low of a benchmark, and what has become of it.

    day        its session; ``confirmed``: the one by whose close it was known
    broken     first later session that closed below it; None while it has held
    hidden     that closes are missing among which the low may lie, or that those that make it are
               in doubt; "" where none are
    """

    day: dt.date
    confirmed: dt.date
    broken: dt.date | None = None
    hidden: str = ""

    def caveats(self, start: str | None, end: str) -> list[str]:
        """What a figure says whose window runs from the low."""
        if start != str(self.day):
            return []
        said = []
        if self.broken is not None and end >= str(self.broken):
            below = f"the benchmark closed below it on {self.broken}"
            said.append(f"the low of {self.day} has been broken: {below}")
        return [*said, *([self.hidden] if self.hidden else [])]


def low_of(
    level: Array,
    sessions: Dates,
    low: tuple[float, float],
    unknown: Sequence[str] = (),
    ended: str = "",
    doubts: Callable[[str, str], Sequence[str]] = lambda _first, _last: (),
) -> Low | None:
    """The last confirmed low of a level (T,); None without one.

    unknown  days on which the level is not known: where some lie between the high before the low
             and its confirmation, the low may be one of them; three or more after it may hide a
             later low
    ended    last day of the level, where it ended before the last session; a later low is not seen
    doubts   what is doubtful about its closes from a first day to a last one, in words
    """
    kind, pivot, confirmed = kernels.turning_points(level, fall=low[0], rise=low[1])
    troughs = np.flatnonzero(kind < 0)
    if not len(troughs):
        return None
    k = int(troughs[-1])
    high = int(pivot[k - 1]) if k else 0
    at, known = int(pivot[k]), int(confirmed[k])
    below = broken_on(level, at)
    days = sessions.astype("datetime64[D]")
    first, last = str(days[high]), str(days[known])
    inside, after = [d for d in unknown if first < d < last], [d for d in unknown if d > last]
    hidden = [
        f"the benchmark has no close on {_spoken(some)}: {what} may lie there"
        for some, what, least in ((inside, "its low", 1), (after, "a later low", FALL_AND_RISE))
        if len(some) >= least
    ]
    hidden += doubts(first, last)
    if ended:
        hidden.append(f"the benchmark ended on {ended}: a later low is not seen")
    return Low(
        days[at].item(),
        days[known].item(),
        None if below is None else days[below].item(),
        "; ".join(hidden),
    )


def _spoken(sessions: Sequence[str]) -> str:
    return ", ".join(sessions) if len(sessions) <= NAMED else f"{sessions[0]} to {sessions[-1]}"


def broken_on(level: Array, low: int) -> int | None:
    """First session after ``low`` on which the level (T,) closed below that of ``low``."""
    below = np.flatnonzero(level[low + 1 :] < level[low])
    return low + 1 + int(below[0]) if len(below) else None


def known_low(view: View) -> Ints:
    """(T,) session of the benchmark's last low confirmed by each session; -1 before the first.

    Raises ``UsageError`` where the view has no benchmark.
    """
    level = benchmark_level(view)
    if level is None:
        raise UsageError(
            "no benchmark among the subjects, so no low.", "Give a date instead of 'low'."
        )
    base = np.full(len(view.sessions), -1, np.int64)
    for pivot, confirmed in confirmed_lows(level, view.low):
        base[confirmed:] = pivot
    return base
