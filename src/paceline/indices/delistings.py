"""Delisting returns that no price holds: what was left of a share after its last close."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from paceline.arrays import Array, Ints
from paceline.baskets.history import stored
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.panel import Panel

#: A return of the day this near to a stated delisting return is it.
SAME = 1e-3
#: A return of the day may hold a delisting return of this size where it is this part of it.
LARGE, HALF = 0.05, 0.5


class Last(NamedTuple):
    """The last return of a security: its row, the session, and the return as a fraction."""

    row: int
    session: int
    value: float


def read(panel: Panel) -> tuple[list[Last], list[str]]:
    """The delisting returns to be earned, and in words those that cannot be.

    A stated return (``actions``, kind delisting) is earned on the session of its day on both bases,
    where the security was still listed the session before and has no return of its own that day;
    the security leaves after it. Where it has one, that is believed to be it, and one that differs
    by more than 0.1 point comes after that last price: it is earned on the next session, unless the
    security goes on, or its return of the day may hold it (of 5% and more, the same way, by half of
    it in logs), which is told. A delisting without a return, and without one among the prices
    of its day, is told: the security leaves at its last close. Known later than its day, it counts
    for nothing.
    """
    table = panel.facts.table("actions").filter(
        (pl.col("kind") == "delisting")
        & (pl.col("known").fill_null(pl.col("date")) <= pl.col("date"))
    )
    if table.is_empty():
        return [], []
    found: list[Last] = []
    unlike, none = [], []
    row = {s: i for i, s in enumerate(panel.securities)}
    own = [stored(panel, f"{basis}_return") for basis in ("price", "total")]
    for action in table.sort("known", "load").iter_rows(named=True):
        t = int(np.searchsorted(panel.sessions, np.datetime64(action["date"])))
        i = row.get(action["security"])
        if i is None or t >= len(panel.sessions):
            continue
        there = [x[i, t] for x in own if x is not None and np.isfinite(x[i, t])]
        value, name = action["amount"], f"{action['security']} on {action['date']}"
        if value is None:
            none += [] if there else [name]
        elif (at := _earned(panel, own, i, t, float(value))) is None:
            unlike.append(name)
        elif at < len(panel.sessions):
            found.append(Last(i, at, float(value)))
    said = []
    if unlike:
        what = number_of(len(unlike), "delisting return")
        why = "prices go on after it, end before it, or may hold it"
        said.append(f"{what} could not be applied, first that of {unlike[0]}: {why}")
    if none:
        what = number_of(len(none), "delisting")
        said.append(f"{what} without a return, first that of {none[0]}: out at the last close")
    return found, said


def _earned(panel: Panel, own: list[Array | None], row: int, t: int, value: float) -> int | None:
    """The session on which a delisting return of session t is earned; None: it cannot be.

    Beyond the panel where the prices hold it already, or their next session has not come.
    """
    there = [x[row, t] for x in own if x is not None and np.isfinite(x[row, t])]
    if not there:
        return t if t and panel.listed[row, t - 1] else None
    if any(abs(x - value) <= SAME for x in there):
        return len(panel.sessions)
    return None if _goes_on(own, row, t) or _may_hold(value, there) else t + 1


def _goes_on(own: list[Array | None], row: int, session: int) -> bool:
    """Whether a security has a return of the session after; what comes later changes no past."""
    return any(x is not None and np.isfinite(x[row, session + 1 : session + 2]).any() for x in own)


def _may_hold(value: float, there: list[float]) -> bool:
    """Whether one of the day's returns is so large, and of one sign, that it may hold the other."""
    if abs(value) < LARGE:
        return False
    with np.errstate(divide="ignore"):
        part = np.log1p(np.array(there)) / np.log1p(value) if value > -1 else -np.array(there)
    return bool((part >= HALF).any())


def within(
    found: list[Last], start: int, stop: int, columns: Ints
) -> Iterator[tuple[float, int, int]]:
    """The returns of held securities in a span: value, and place in its arrays.

    columns  (C,) the held securities, ascending; sessions start <= t < stop
    """
    for one in found:
        i = int(np.searchsorted(columns, one.row))
        if start <= one.session < stop and i < len(columns) and columns[i] == one.row:
            yield one.value, i, one.session - start
