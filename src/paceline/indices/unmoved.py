"""Closes of a lone instrument that stood still while the market moved: an old close once more."""

from __future__ import annotations

import numpy as np

from paceline.arrays import Array, Bools, Dates

#: A series that stands still on more than this share of its sessions does so by its nature.
USUAL = 0.05


def spans(level: Array, others: Array, days: Dates) -> tuple[tuple[str, str], ...]:
    """(first, last) session of each run on which a level is to the digit what it was before.

    level   (T,) of the instrument
    others  (S, T) of all levels of the market: on a session the market moved by the median of their
            absolute changes

    Two sessions or more; of a single one only where the market moved by more than on half of its
    sessions. None where more than a twentieth of the level's sessions stand still.
    """
    still = np.zeros(len(level), bool)
    still[1:] = level[1:] == level[:-1]
    if len(level) < 2 or still.sum() > USUAL * np.isfinite(level).sum():
        return ()
    edge = np.diff(np.r_[False, still, False].astype(np.int8))
    first, stop = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    told = (stop - first > 1) | _moved(others)[first]
    iso = days.astype("datetime64[D]").astype(str)
    return tuple(
        (str(iso[a]), str(iso[b - 1])) for a, b in zip(first[told], stop[told], strict=True)
    )


def _moved(others: Array) -> Bools:
    """(T,) sessions on which the market moved by more than on half of all."""
    with np.errstate(invalid="ignore", divide="ignore"):
        move = np.abs(others[:, 1:] / others[:, :-1] - 1)
    known = np.isfinite(move).any(axis=0)
    size = np.zeros(others.shape[1])
    size[1:][known] = np.nanmedian(move[:, known], axis=0)
    return (
        np.asarray(size > np.median(size[1:][known])) if known.any() else np.zeros(len(size), bool)
    )
