"""Closes of a lone instrument that stand still for sessions: an old close again and again."""

from __future__ import annotations

import numpy as np

from paceline.arrays import Array, Dates

#: A series that stands still on more than this share of its sessions does so by its nature.
USUAL = 0.05


def spans(level: Array, days: Dates) -> tuple[tuple[str, str], ...]:
    """(first, last) session of each run on which a level (T,) does not move at all.

    None where more than a twentieth of the level's sessions stand still.
    """
    still = np.zeros(len(level), bool)
    still[1:] = level[1:] == level[:-1]
    if still.sum() > USUAL * np.isfinite(level).sum():
        return ()
    edge = np.diff(np.r_[False, still, False].astype(np.int8))
    first, stop = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    iso = days.astype("datetime64[D]").astype(str)
    return tuple((str(iso[a]), str(iso[b - 1])) for a, b in zip(first, stop, strict=True))
