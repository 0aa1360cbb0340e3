"""Breadth thrusts: Zweig's, Deemer's and Whaley's, when they came, and what followed them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from paceline import kernels
from paceline.arrays import COVERAGE, Bools, Ints
from paceline.errors import UsageError
from paceline.measures import Array, Result, View, measure
from paceline.signals import aftermath
from paceline.signals.characteristics import chosen
from paceline.signals.members import Basis, basis_of, count, listed, share
from paceline.signals.tables import day, tidy

#: Sessions of Zweig's mean, of Deemer's and of Whaley's sums.
ZWEIG, DEEMER, WHALEY = 10, 10, 5
#: First sessions of Zweig's mean that are not used: its first value still weighs on them.
SETTLING = 20
UNITS = {
    f"{rule}{what}": unit
    for rule, reading in (("zweig", "fraction"), ("deemer", "ratio"), ("whaley", "fraction"))
    for what, unit in (
        ("", reading),
        ("_thrust", reading),
        ("_per_year", "ratio"),
        *((f"_after_{h}", "return") for h in aftermath.HORIZONS),
    )
}


@measure(
    question="Has breadth thrust upwards, and what followed when it did?",
    never="That a new bull market has begun: thrusts are few, and their rules were found on them.",
    of="basket",
    needs=("price_return", "total_return", "price_index", "total_index", "member"),
    unit=UNITS,
    shows="table",
    references=(
        "Zweig (1986), Winning on Wall Street (breadth thrust)",
        "Deemer, breakaway momentum (ten-day advances over ten-day declines, 1.97)",
        "Whaley (2010), Planes, Trains and Automobiles: A Study of Various Market Thrust Measures",
        "StockCharts ChartSchool, Zweig Breadth Thrust (the mean is exponential)",
    ),
    limits={"low": (0, 1), "high": (0, 1), "deemer": (0, 1e6), "whaley": (0, 1)},
)
def breadth_thrust(
    view: View,
    *,
    baskets: tuple[str, ...] | None = None,
    low: float = 0.40,
    high: float = 0.615,
    within: int = 10,
    deemer: float = 1.97,
    whaley: float = 0.7366,
    basis: Basis | None = None,
) -> Result:
    """Days on which nearly everything rose, by three published rules, and what the level did then.

    With A and D the members up and down on a session, the unchanged in neither:

    zweig   = mean of A / (A + D), exponential with factor 2 / 11, ten sessions; it thrusts on the
              first session above ``high`` since one below ``low``, at most ``within`` ago
    deemer  = sum of A over ten sessions / sum of D; it thrusts on the first session at ``deemer``
              or more after one below it
    whaley  = sum of A over five sessions / sum of A + D; it thrusts on the first session at
              ``whaley`` or more after one below it

    Rows: the reading of today (``zweig``); every thrust so far (``zweig_thrust``: ``start`` is the
    session of the last low reading, or the first of the sum, ``end`` the day of the thrust and
    ``value`` its reading); zweig_per_year, thrusts in a year's sessions; zweig_after_21, 63, 126
    and 252, the mean return of the basket over so many sessions after a thrust, with ``base`` =
    that of all sessions, ``up`` and ``base_up`` = shares above zero, ``effect`` = value - base with
    its 95% interval effect_low, effect_high and p by shifted dates, n thrusts and n_effective whose
    windows do not overlap. Likewise of the other two. The published rules count the New York Stock
    Exchange; counts of a basket's members come to other days.

    baskets  baskets that are looked at; default: the first of the market file that has members
    low      reading below which Zweig's rule is armed
    high     reading above which it thrusts
    within   most sessions from the one to the other
    deemer   threshold of Deemer's ratio
    whaley   threshold of Whaley's share
    basis    "price" or "total"; default: the basis the baskets are shown on

    n_used counts members with a return, n_eligible those not yet delisted. Missing: a session on
    which fewer than 90% of them have a return, or nobody moved, leaves Zweig's mean where it was
    and blanks the sums that hold it; no thrust is dated on it. Zweig's mean has no reading on its
    first 20 sessions. Below ten thrusts that do not overlap nothing is said of what followed:
    ``reason``.
    """
    if not low < high:
        raise UsageError(f"low = {low} is not below high = {high}.", "Give 0.40 and 0.615.")
    used = basis_of(view, basis)
    index, returns = view.field(f"{used}_index"), view.field(f"{used}_return")

    def flags(rows: slice) -> tuple[Bools, ...]:
        moves = returns[rows]
        with np.errstate(invalid="ignore"):
            return moves > 0, moves < 0, np.isfinite(moves), listed(index[rows])

    A, D, n_used, n_eligible = count(view, 4, flags)
    enough = (A + D > 0) & (n_used >= COVERAGE * n_eligible)
    A, D = np.where(enough, A, np.nan), np.where(enough, D, np.nan)
    rows: list[dict[str, object]] = []
    for row in chosen(view, baskets):
        counts = n_used[row], n_eligible[row]
        level = view.all_levels[used][row]
        for rule in (
            _Rule("zweig", *zweig(A[row], D[row], low, high, within), None),
            _reached("deemer", DEEMER, _sums(A[row], D[row], DEEMER), deemer),
            _reached("whaley", WHALEY, _sums(A[row], A[row] + D[row], WHALEY), whaley),
        ):
            rows += [
                {"subject": view.subjects[row], "basis": used, **r}
                for r in _rows(view, rule, level, *counts)
            ]
    return Result(table=tidy(rows, basis=pl.String, reach=pl.String, **aftermath.COLUMNS))


class _Rule(NamedTuple):
    """A rule on one basket: its reading (T,), the sessions of its thrusts and where they began.

    window  sessions it looks back on; None: all
    """

    name: str
    reading: Array
    thrust: Ints
    since: Ints
    window: int | None


def zweig(
    A: Array, D: Array, low: float = 0.40, high: float = 0.615, within: int = 10
) -> tuple[Array, Ints, Ints]:
    """Zweig's reading (T,), the sessions of its thrusts, and those of the low readings before."""
    up = share(A, A + D)
    mean = kernels.ema(up, 2 / (ZWEIG + 1))
    mean[np.isnan(up) | (np.cumsum(np.isfinite(up)) <= SETTLING)] = np.nan
    thrust, since, armed = [], [], -1
    for t in np.flatnonzero((mean < low) | (mean > high)).tolist():
        if mean[t] < low:
            armed = t
        elif armed >= 0:
            if t - armed <= within:
                thrust.append(t)
                since.append(armed)
            armed = -1
    return mean, np.array(thrust, np.int64), np.array(since, np.int64)


def _sums(some: Array, of: Array, window: int) -> Array:
    """(T,) sum of the one over the sum of the other; infinite where only the other is zero."""
    over, under = kernels.move_mean(some, window), kernels.move_mean(of, window)
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Array = over / under
    return result


def _reached(name: str, window: int, reading: Array, threshold: float) -> _Rule:
    """Sessions at the threshold or above, where the reading before was below it."""
    known = np.flatnonzero(~np.isnan(reading))
    at = ~kernels.above(np.full(len(known), threshold), reading[known])
    thrust = known[1:][at[1:] & ~at[:-1]]
    return _Rule(name, reading, thrust, thrust - window + 1, window)


def _rows(
    view: View, rule: _Rule, level: Array, n_used: Array, n_eligible: Array
) -> Iterator[dict[str, object]]:
    """Rows of one rule on one basket."""
    last, name = len(view.sessions) - 1, rule.name

    def row(statistic: str, start: int, end: int, value: float) -> dict[str, object]:
        before = "" if rule.window is None else str(day(view.sessions, max(end - rule.window, 0)))
        return {
            "statistic": statistic,
            "start": day(view.sessions, start),
            "end": day(view.sessions, end),
            "value": value if np.isfinite(value) else float("nan"),
            "reason": "nobody fell: no ratio" if np.isinf(value) else None,
            "n_used": int(n_used[end]),
            "n_eligible": int(n_eligible[end]),
            "reach": before,
        }

    yield row(name, last, last, rule.reading[last])
    for since, end in zip(rule.since.tolist(), rule.thrust.tolist(), strict=True):
        yield row(f"{name}_thrust", since, end, rule.reading[end])
    known = np.flatnonzero(~np.isnan(rule.reading))
    if not len(known):
        return
    whole = {"start": day(view.sessions, int(known[0])), "end": day(view.sessions, last)}
    per_year = len(rule.thrust) * view.year / len(known)
    yield {**whole, "statistic": f"{name}_per_year", "value": per_year, "n": len(rule.thrust)}
    event = np.zeros(len(level), bool)
    event[rule.thrust] = True
    for found in aftermath.aftermath(name, level, event):
        yield {**whole, **found}
