"""The episodes of one line as a table: when, how far, how fast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paceline.arrays import Array
from paceline.kernels import forward_fill
from paceline.methods.detector import Turns


@dataclass(frozen=True)
class Episode:
    """One episode: A took over (direction +1) or B did (-1).

    pivot, known   session of the extreme it turned from, and the session it became known on
    far            relative return of A over B from the pivot to the close it was known on
    sessions       from the pivot to that day: how fast
    went           relative return from the pivot to the furthest point, ``until``, reached before
                   the next turn became known; so far, where it is the last one (``open``)
    """

    direction: int
    pivot: int
    known: int
    far: float
    sessions: int
    went: float
    until: int
    open: bool


def episode_table(found: Turns, line: Array, row: int = 0) -> list[Episode]:
    """The episodes of one line (T,), row ``row`` of ``found``, in order of time.

    A first turn, which follows none, is not one.
    """
    own = np.flatnonzero(found.series == row)
    full = forward_fill(line)
    episodes = []
    for place, e in enumerate(own.tolist()):
        if not found.complete[e]:
            continue
        last = place == len(own) - 1
        pivot, known = int(found.extreme[e]), int(found.known[e])
        until = int(found.since[row, -1]) if last else int(found.extreme[own[place + 1]])
        episodes.append(
            Episode(
                int(found.direction[e]),
                pivot,
                known,
                float(np.expm1(full[known] - full[pivot])),
                known - pivot,
                float(np.expm1(full[until] - full[pivot])),
                until,
                last,
            )
        )
    return episodes


def last_turn(found: Turns, row: int) -> tuple[int, int, int] | None:
    """(direction, pivot, known) of a line's newest turn, its first one included; None without."""
    own = np.flatnonzero(found.series == row)
    if not len(own):
        return None
    e = int(own[-1])
    return int(found.direction[e]), int(found.extreme[e]), int(found.known[e])
