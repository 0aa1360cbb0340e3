"""The levels that a call is scored on, and the returns of a bundle of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from paceline.arrays import Array, Dates, Ints
from paceline.methods.call import DIP, Call

#: A return or a level this close to a limit has reached it.
TIE = 1e-12


class Legs(NamedTuple):
    """Levels a call is scored on, up to today.

    days      (T,) sessions up to today, a stretch of ``calendar``
    baskets   (L, T) levels of what is to do it
    against   (M, T) levels of what it is measured against; M is 0 for a level target
    calendar  all sessions known, also those to come
    """

    days: Dates
    baskets: Array
    against: Array
    calendar: Dates


def bundle_return(lines: Array, buy: ArrayLike, end: ArrayLike) -> Array:
    """(n,) returns of equal parts of lines (L, T) bought at the closes ``buy`` and held to ``end``.

    ``buy`` and ``end`` are sessions, (n,) or one for all; zero for a bundle of nothing.
    """
    first, last = np.broadcast_arrays(np.atleast_1d(buy), np.atleast_1d(end))
    if not len(lines):
        return np.zeros(len(first))
    mean: Array = (lines[:, last] / lines[:, first]).mean(axis=0) - 1
    return mean


def active_return(legs: Legs, buy: ArrayLike, end: ArrayLike) -> Array:
    """(n,) bundle returns of the baskets less those of ``against``."""
    return bundle_return(legs.baskets, buy, end) - bundle_return(legs.against, buy, end)


def complete_from(legs: Legs, stop: int) -> int:
    """First session from which every leg has every close up to ``stop``; stop + 1 if none."""
    ok = np.isfinite(np.vstack([legs.baskets, legs.against])[:, : stop + 1]).all(axis=0)
    gaps = np.flatnonzero(~ok)
    return int(gaps[-1]) + 1 if len(gaps) else 0


def dip_of(call: Call) -> float:
    """The fall from the high at which a dip is bought."""
    return DIP if call.dip is None else call.dip


def first_dip(path: Array, dip: float) -> Ints:
    """(n,) position of the first close at or below (1 - dip) times the highest so far.

    ``path`` is (n, T) or (T,); -1 where there is none.
    """
    low = path <= (1 - dip) * np.maximum.accumulate(path, axis=-1) * (1 + TIE)
    return np.where(low.any(axis=-1), low.argmax(axis=-1), -1)
