"""Closes of a lone instrument that stand still for sessions: an old close again and again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paceline.arrays import Array, Dates, iso
from paceline.wording import number_of

#: A run is told where a level of its habits has fewer like it than this in all of its sessions.
CHANCE = 0.05
#: One that does so on no more sessions than these, or this share of them, never does.
FEW, RARE = 2, 0.002


def spans(level: Array, days: Dates) -> tuple[tuple[str, str], ...]:
    """(first, last) session of each run on which a level (T,) does not move at all, and should.

    With p the share of the other sessions on which it stands still, a run of L counts where T p^L
    is below 0.05; one of a single session where all that stand still are two, or one in 500: a fund
    quoted in cents does it more often.
    """
    still = np.zeros(len(level), bool)
    still[1:] = level[1:] == level[:-1]
    edge = np.diff(np.r_[False, still, False].astype(np.int8))
    first, stop = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    length, sessions = stop - first, np.isfinite(level).sum()
    usual = (still.sum() - length) / np.maximum(sessions - length, 1)
    rare = still.sum() <= max(FEW, RARE * sessions)
    kept = np.where(length > 1, sessions * usual**length < CHANCE, rare)
    return tuple(
        (iso(days, a), iso(days, b - 1)) for a, b in zip(first[kept], stop[kept], strict=True)
    )


def caveat(name: str, runs: Sequence[tuple[str, str]], first: str, start: str, end: str) -> str:
    """Runs of unmoved closes in a window, its first close included; single ones at its ends.

    Between its ends a close that is a session old has been made good by the next one.
    """
    told = [
        run
        for run in runs
        if run[0] <= end and first <= run[1] and (run[0] < run[1] or run[0] in (first, start, end))
    ]
    if not told:
        return ""
    a, b = told[-1]
    earlier = number_of(len(told) - 1, "earlier run")
    others = f", and in {earlier} of sessions" if len(told) > 1 else ""
    what = f"did not move from {a} to {b}" if a < b else f"of {a} is that of the session before"
    return f"the close of {name} {what}{others}"
