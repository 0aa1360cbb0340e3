"""Relative rotation: trend and momentum of the price relative, week by week, and the quadrant they make."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from paceline import kernels
from paceline.errors import UnknownName, UsageError
from paceline.measures import Array, Result, View, measure
from paceline.signals.tables import day, tidy
from paceline.signals.weeks import age, carried, lagged_change, score, spread, week_ends

Mode = Literal["recommended", "lite"]

#: Quadrant by (ratio above 100) * 2 + (momentum above 100).
QUADRANTS = ("lagging", "improving", "weakening", "leading")
UNITS = {
    "rs_ratio": "level",
    "rs_momentum": "level",
    "heading": "score",
    "velocity": "score",
    "distance": "score",
    "weeks_in_quadrant": "count",
    "quadrant_change": "count",
}
YEAR, LAG = 52, 4  # weeks
#: Weekly closes a value needs.
WARM_UP: dict[Mode, int] = {"recommended": 110, "lite": 27}
LITE = 14  # weeks of the lite formula
#: Standard deviations below this are rounding: the price relative does not move.
STILL = 1e-9


@measure(
    question="Who is rotating into the lead, and who is falling back?",
    never="That the next quadrant follows: the place describes the trend of a ratio and predicts nothing by itself.",
    of="pair",
    needs=("pairs",),
    unit=UNITS,
    shows="table",
    references=(
        "StockCharts ChartSchool, on rotation graphs: what the two axes mean (no formula is public)",
        "BennyThadikaran/RRG-Lite (source), for mode lite",
        "Appel (1979): the difference of two exponential means as trend",
    ),
)
def relative_rotation(
    view: View,
    *,
    mode: Mode = "recommended",
    tail: int = 8,
    changes: int = 52,
    group: str | None = None,
) -> Result:
    """Trend of the price relative and the momentum of that trend, from weekly closes, both about 100.

    With l = ln(A / B) at the last session of each week, EMA with e_t = e_{t-1} + 2 / (n + 1) (l_t -
    e_{t-1}) from the first close, and SD_52 the standard deviation (ddof 1) of 52 weeks:

    rs_ratio = 100 + (EMA_10(l) - EMA_26(l)) / (SD_52(l_t - l_{t-1}) sqrt(10))
    rs_momentum = 100 + (rs_ratio_t - rs_ratio_{t-4}) / SD_52(rs_ratio_t - rs_ratio_{t-4})

    Quadrants: leading (ratio > 100, momentum > 100), weakening (ratio > 100, momentum <= 100),
    lagging (both <= 100), improving (ratio <= 100, momentum > 100). This is Paceline's own
    definition; those of vendors are not public, and no identity with them is claimed. It does not
    depend on the units of A or B.

    mode     "recommended", or "lite" for comparison: with RS = 100 A / B and z the score over 14
             weeks (ddof 1), rs_ratio = 100 + z(RS) and rs_momentum = 100 + z(rs_ratio), which is
             not a rate of change
    tail     how many weeks of rs_ratio and rs_momentum to list
    changes  quadrant changes of how many last weeks to list
    group    the baskets of this group, each against the benchmark, instead of the declared pairs

    Rows: rs_ratio and rs_momentum of each week of the tail (``end`` is the week's last session); of
    the last week heading = atan2(change of momentum, change of ratio) in degrees (0 to the right,
    90 up, clockwise is normal), velocity = length of that step, distance = from (100, 100),
    weeks_in_quadrant (``start``: its first week); quadrant_change: the week of each change
    (``end``), the quadrant left (``left``) and how many weeks it had lasted. ``quadrant`` stands on
    every row. The week under way is ``provisional``; earlier weeks never change (without a calendar
    of the sessions to come, a week that a holiday ends before its Friday counts as under way until
    the next session). Missing: the first value needs 110 weekly closes (lite: 27); a week whose
    last session lacks a level has no value and counts as unchanged for the next; a price relative
    that does not move has none (``reason`` says so). Raises UnknownName for an unknown group,
    UsageError for one without benchmark.
    """
    if tail < 1 or changes < 0:
        raise UsageError(
            f"tail = {tail}, changes = {changes}: not numbers of weeks.",
            "Give a tail of 1 or more.",
        )
    if mode not in WARM_UP:
        raise UnknownName("mode", mode, WARM_UP)
    pairs = list(view.pairs) if group is None else _against_benchmark(view, group)
    ends, over = week_ends(view.sessions, view.calendar)
    rows: list[dict[str, object]] = []
    if pairs:
        lead, against = (np.array([p[i] for p in pairs], dtype=int) for i in (0, 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = view.levels[lead][:, ends] / view.levels[against][:, ends]
        relative = np.where(relative > 0, relative, np.nan)
        ratio, momentum = coordinates(relative, mode)
        for p, (a, b) in enumerate(pairs):
            names = {"subject": view.subjects[a], "against": view.subjects[b]}
            rows += [
                {**names, **row}
                for row in _rows(
                    view, ends, over, ratio[p], momentum[p], relative[p], mode, tail, changes
                )
            ]
    return Result(
        table=tidy(
            rows, quadrant=pl.String, left=pl.String, provisional=pl.Boolean, reason=pl.String
        )
    )


def coordinates(relative: Array, mode: Mode = "recommended") -> tuple[Array, Array]:
    """(rs_ratio, rs_momentum), each (pairs, weeks), of weekly price relatives A / B; NaN before the warm-up."""
    there = np.isfinite(relative)
    filled = carried(relative)
    if mode == "lite":
        # the published momentum rebases the ratio before it takes the score, which cancels the base
        first = np.take_along_axis(filled, there.argmax(axis=1)[:, None], axis=1)
        ratio = 100 + score(100 * filled / first, LITE, STILL)
        momentum = 100 + score(ratio, LITE, STILL)
    else:
        l = np.log(filled)  # noqa: E741 - the symbol of the definition
        trend = kernels.ema(l, 2 / 11) - kernels.ema(l, 2 / 27)
        ratio = 100 + trend / (spread(lagged_change(l, 1), YEAR, STILL) * np.sqrt(10))
        step = lagged_change(ratio, LAG)
        momentum = 100 + step / spread(step, YEAR, STILL)
    known = there & (age(relative) >= WARM_UP[mode])
    return np.where(known, ratio, np.nan), np.where(known, momentum, np.nan)


def quadrants(ratio: Array, momentum: Array) -> NDArray[np.int64]:
    """Place in ``QUADRANTS`` of each point; -1 where there is none. Equal to 100 is not above it."""
    with np.errstate(invalid="ignore"):
        which = 2 * (ratio > 100) + (momentum > 100)
    return np.where(np.isfinite(ratio) & np.isfinite(momentum), which, -1)


def _against_benchmark(view: View, group: str) -> list[tuple[int, int]]:
    if group not in view.groups:
        raise UnknownName("group", group, view.groups)
    if view.benchmark is None:
        raise UsageError(
            f"group {group!r} has no benchmark to stand against.", "Declare a benchmark, or pairs."
        )
    return [(row, view.benchmark) for row in view.groups[group] if row != view.benchmark]


def _rows(
    view: View,
    ends: NDArray[np.int64],
    over: bool,
    ratio: Array,
    momentum: Array,
    relative: Array,
    mode: Mode,
    tail: int,
    changes: int,
) -> list[dict[str, object]]:
    """Rows of one pair; ``ratio``, ``momentum``, ``relative`` by week."""
    last = len(ends) - 1
    place = quadrants(ratio, momentum)

    def row(
        statistic: str, week: int, value: float, since: int | None = None, **more: object
    ) -> dict[str, object]:
        return {
            "statistic": statistic,
            "start": day(view.sessions, int(ends[week if since is None else since])),
            "end": day(view.sessions, int(ends[week])),
            "value": value,
            "quadrant": QUADRANTS[place[week]] if place[week] >= 0 else None,
            "provisional": week == last and not over,
            **more,
        }

    if place[last] < 0:
        have = int(np.isfinite(relative).sum())
        reason = (
            "no level of one of the two this week"
            if not np.isfinite(relative[last])
            else f"{WARM_UP[mode]} weekly closes are needed, there are {have}"
            if have < WARM_UP[mode]
            else "the price relative does not move"
        )
        rows = [
            row(name, last, float("nan"), reason=reason)
            for name in UNITS
            if name != "quadrant_change"
        ]
    else:
        dx, dy = (a[last] - a[last - 1] if last else np.nan for a in (ratio, momentum))
        others = np.flatnonzero(place != place[last])
        since = int(others[-1]) + 1 if len(others) else 0
        rows = [
            row("heading", last, float(np.degrees(np.arctan2(dy, dx)))),
            row("velocity", last, float(np.hypot(dx, dy))),
            row("distance", last, float(np.hypot(ratio[last] - 100, momentum[last] - 100))),
            row("weeks_in_quadrant", last, float(last - since + 1), since),
        ]
        rows += [
            row(name, last, float(a[last]))
            for name, a in (("rs_ratio", ratio), ("rs_momentum", momentum))
        ]
    rows += [
        row(name, week, float(a[week]))
        for week in range(max(last - tail + 1, 0), last)
        if place[week] >= 0
        for name, a in (("rs_ratio", ratio), ("rs_momentum", momentum))
    ]
    begins = np.flatnonzero(np.diff(place, prepend=-2))
    rows += [
        row("quadrant_change", week, float(week - before), before, left=QUADRANTS[place[before]])
        for before, week in zip(begins[:-1].tolist(), begins[1:].tolist(), strict=True)
        if place[before] >= 0 and place[week] >= 0 and week > last - changes
    ]
    return rows
