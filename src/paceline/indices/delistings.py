"""Delisting returns that no price holds: what was left of a share after its last close."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

from paceline.arrays import Ints
from paceline.baskets.history import stored
from paceline.wording import number_of

if TYPE_CHECKING:
    from paceline.panel import Panel

#: A return of the day this near to a stated delisting return is it.
SAME = 1e-3


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
    by more than 0.1 point is told. A delisting without a return, and without one among the prices
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
        elif not there and t and panel.listed[i, t - 1]:
            found.append(Last(i, t, float(value)))
        elif not any(abs(x - value) <= SAME for x in there):
            unlike.append(name)
    said = []
    if unlike:
        what = number_of(len(unlike), "delisting return")
        said.append(f"{what} could not be applied, first that of {unlike[0]}")
    if none:
        what = number_of(len(none), "delisting")
        said.append(f"{what} without a return, first that of {none[0]}: out at the last close")
    return found, said


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
