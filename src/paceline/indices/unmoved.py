"""Closes of a lone instrument that stand still for sessions: an old close again and again."""

from __future__ import annotations

import numpy as np

from paceline.arrays import Array, Dates

#: A series that stands still on more than this share of its sessions does so by its nature.
USUAL = 0.05
#: One that does so on no more sessions than these, or this share of them, never does.
FEW, RARE = 2, 0.002


def spans(level: Array, days: Dates) -> tuple[tuple[str, str], ...]:
    """(first, last) session of each run on which a level (T,) does not move at all.

    None where more than a twentieth of the level's sessions stand still. Runs of one session only
    where all that stand still are two, or one in 500: a fund quoted in cents does it more often.
    """
    still = np.zeros(len(level), bool)
    still[1:] = level[1:] == level[:-1]
    if still.sum() > USUAL * np.isfinite(level).sum():
        return ()
    edge = np.diff(np.r_[False, still, False].astype(np.int8))
    first, stop = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    rare = still.sum() <= max(FEW, RARE * np.isfinite(level).sum())
    kept = rare | (stop - first > 1)
    iso = days.astype("datetime64[D]").astype(str)
    return tuple(
        (str(iso[a]), str(iso[b - 1])) for a, b in zip(first[kept], stop[kept], strict=True)
    )
