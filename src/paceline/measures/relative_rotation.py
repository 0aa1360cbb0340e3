"""Relative rotation: trend and momentum of the price relative, by week, and their quadrant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from paceline import kernels
from paceline.arrays import Dates, Ints
from paceline.errors import UnknownName, UsageError
from paceline.measures import Array, Result, View, measure
from paceline.signals.rolling import change_over, observations_so_far, rolling_std, z_score
from paceline.signals.sessions import week_ends
from paceline.signals.tables import day, tidy

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
#: Weeks of the rolling standard deviations.
WEEKS_PER_YEAR = 52
#: Weeks of the two exponential means, and of the change that is the momentum.
FAST, SLOW, LAG = 10, 26, 4
#: Weekly closes a value needs.
WARM_UP: dict[Mode, int] = {"recommended": 110, "lite": 27}
LITE = 14  # weeks of the lite formula
#: Standard deviations below this are rounding: the price relative does not move.
STILL = 1e-9


@measure(
    question="Who is rotating into the lead, and who is falling back?",
    never="That the next quadrant follows: the place describes a trend and predicts nothing.",
    of="pair",
    needs=("pairs",),
    unit=UNITS,
    shows="table",
    references=(
        "StockCharts ChartSchool, on rotation graphs: what the axes mean (no formula is public)",
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
    """Trend of the price relative and momentum of that trend, from weekly closes, both about 100.

    With l = ln(A / B) at the last session of each week, EMA with
    e_t = e_{t-1} + 2 / (n + 1) (l_t - e_{t-1}) from the first close, and SD_52 the standard
    deviation (ddof 1) of 52 weeks:

    rs_ratio    = 100 + (EMA_10(l) - EMA_26(l)) / (SD_52(l_t - l_{t-1}) sqrt(10))
    rs_momentum = 100 + (rs_ratio_t - rs_ratio_{t-4}) / SD_52(rs_ratio_t - rs_ratio_{t-4})

    Quadrants: leading (ratio > 100, momentum > 100), weakening (ratio > 100, momentum <= 100),
    lagging (both <= 100), improving (ratio <= 100, momentum > 100). This is Paceline's own
    definition; those of vendors are not public, and no identity with them is claimed. It does not
    depend on the units of A or B.

    mode     "recommended", or "lite" for comparison: with RS = 100 A / B and z the z-score over 14
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
        place = quadrants(ratio, momentum)
        for p, (a, b) in enumerate(pairs):
            names = {"subject": view.subjects[a], "against": view.subjects[b]}
            weeks = _Weeks(view.sessions, ends, over, relative[p], ratio[p], momentum[p], place[p])
            rows += [{**names, **row} for row in _rows(weeks, mode, tail, changes)]
    return Result(
        table=tidy(
            rows, quadrant=pl.String, left=pl.String, provisional=pl.Boolean, reason=pl.String
        )
    )


def coordinates(relative: Array, mode: Mode = "recommended") -> tuple[Array, Array]:
    """(rs_ratio, rs_momentum), each (pairs, weeks), of weekly price relatives A / B.

    NaN before the warm-up, and in a week without a price relative.
    """
    valid = np.isfinite(relative)
    filled = kernels.forward_fill(relative)
    if mode == "lite":
        # the published momentum rebases the ratio first, which the z-score cancels
        first = np.take_along_axis(filled, valid.argmax(axis=1)[:, None], axis=1)
        ratio = 100 + z_score(100 * filled / first, LITE, STILL)
        momentum = 100 + z_score(ratio, LITE, STILL)
    else:
        l = np.log(filled)  # noqa: E741 - the symbol of the definition
        trend = kernels.ema(l, 2 / (FAST + 1)) - kernels.ema(l, 2 / (SLOW + 1))
        deviation = rolling_std(change_over(l, 1), WEEKS_PER_YEAR, STILL)
        ratio = 100 + trend / (deviation * np.sqrt(FAST))
        step = change_over(ratio, LAG)
        momentum = 100 + step / rolling_std(step, WEEKS_PER_YEAR, STILL)
    valid &= observations_so_far(relative) >= WARM_UP[mode]
    return np.where(valid, ratio, np.nan), np.where(valid, momentum, np.nan)


def quadrants(ratio: Array, momentum: Array) -> Ints:
    """Place in ``QUADRANTS`` of each point, -1 where there is none; 100 is not above 100."""
    with np.errstate(invalid="ignore"):
        which = 2 * (ratio > 100) + (momentum > 100)
    return np.where(np.isfinite(ratio) & np.isfinite(momentum), which, -1)


def _against_benchmark(view: View, group: str) -> list[tuple[int, int]]:
    """(row, row of the benchmark) for each basket of the group."""
    if group not in view.groups:
        raise UnknownName("group", group, view.groups)
    if view.benchmark is None:
        raise UsageError(
            f"group {group!r} has no benchmark to stand against.", "Declare a benchmark, or pairs."
        )
    return [(row, view.benchmark) for row in view.groups[group] if row != view.benchmark]


@dataclass(frozen=True)
class _Weeks:
    """The weeks of one pair.

    ends   (W,) session number of each week's last session
    over   the last week is over
    place  (W,) place in ``QUADRANTS``, -1 where there is none
    """

    sessions: Dates
    ends: Ints
    over: bool
    relative: Array
    ratio: Array
    momentum: Array
    place: Ints

    def row(
        self, statistic: str, week: int, value: float, since: int | None = None, **more: object
    ) -> dict[str, object]:
        """One row of a week, which starts with that week or the week ``since``."""
        place = self.place[week]
        return {
            "statistic": statistic,
            "start": day(self.sessions, int(self.ends[week if since is None else since])),
            "end": day(self.sessions, int(self.ends[week])),
            "value": value,
            "quadrant": QUADRANTS[place] if place >= 0 else None,
            "provisional": week == len(self.ends) - 1 and not self.over,
            **more,
        }

    def point(self, week: int) -> list[dict[str, object]]:
        """The two coordinates of a week."""
        return [
            self.row("rs_ratio", week, float(self.ratio[week])),
            self.row("rs_momentum", week, float(self.momentum[week])),
        ]


def _rows(weeks: _Weeks, mode: Mode, tail: int, changes: int) -> list[dict[str, object]]:
    """Rows of one pair."""
    last, place = len(weeks.ends) - 1, weeks.place
    rows = _last_week(weeks) if place[last] >= 0 else _no_point(weeks, mode)
    for week in range(max(last - tail + 1, 0), last):
        if place[week] >= 0:
            rows += weeks.point(week)
    begins = np.flatnonzero(np.diff(place, prepend=-2))
    for before, week in zip(begins[:-1].tolist(), begins[1:].tolist(), strict=True):
        if place[before] >= 0 and place[week] >= 0 and week > last - changes:
            left = QUADRANTS[place[before]]
            rows.append(weeks.row("quadrant_change", week, float(week - before), before, left=left))
    return rows


def _last_week(weeks: _Weeks) -> list[dict[str, object]]:
    """Rows of the last week, which has a place."""
    last = len(weeks.ends) - 1
    ratio, momentum = weeks.ratio, weeks.momentum
    dx, dy = (a[last] - a[last - 1] if last else np.nan for a in (ratio, momentum))
    others = np.flatnonzero(weeks.place != weeks.place[last])
    since = int(others[-1]) + 1 if len(others) else 0
    distance = np.hypot(ratio[last] - 100, momentum[last] - 100)
    return [
        weeks.row("heading", last, float(np.degrees(np.arctan2(dy, dx)))),
        weeks.row("velocity", last, float(np.hypot(dx, dy))),
        weeks.row("distance", last, float(distance)),
        weeks.row("weeks_in_quadrant", last, float(last - since + 1), since),
        *weeks.point(last),
    ]


def _no_point(weeks: _Weeks, mode: Mode) -> list[dict[str, object]]:
    """Rows that say why the last week has no place."""
    last = len(weeks.ends) - 1
    have = int(np.isfinite(weeks.relative).sum())
    if not np.isfinite(weeks.relative[last]):
        reason = "no level of one of the two this week"
    elif have < WARM_UP[mode]:
        reason = f"{WARM_UP[mode]} weekly closes are needed, there are {have}"
    else:
        reason = "the price relative does not move"
    return [
        weeks.row(name, last, float("nan"), reason=reason)
        for name in UNITS
        if name != "quadrant_change"
    ]
