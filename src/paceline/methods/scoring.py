"""What became of a call: causal, against the right yardstick, its base rate and plain drift.

A call of several baskets is one bet, bought in equal parts at the first close after it was made and
held:

    bundle return from s over h   = mean over baskets of L[s+h] / L[s] - 1
    active return                 = bundle return of the baskets - bundle return of ``against``
    hit                           = active return at the horizon above zero (below, for "under")
    base rate                     = share of hits among the same bet made on every past session
                                    whose whole window lies before the call; windows overlap, n / h
                                    of them are independent
    drift                         = mean of exp(g k) over baskets minus that over ``against``, g
                                    each one's mean daily log return before the call, k sessions
                                    held

A dip is bought at the close after the first one at or below (1 - dip) times the highest close since
the call. A level target is hit by a close at or beyond the level on the day it is due; its base
rate is the share of past windows with at least the return it asks for.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from paceline.arrays import Dates
from paceline.methods import base_rates
from paceline.methods.call import Call
from paceline.methods.legs import TIE, Legs, bundle_return, complete_from, dip_of, first_dip
from paceline.methods.proportions import WindowShare

#: A horizon's date this long after the last session known cannot be placed in the calendar.
PATIENCE = np.timedelta64(7, "D")


@dataclass(frozen=True)
class CallScore:
    """A call and what became of it; None where there is nothing to say, and ``reason`` says why.

    status      open, hit, miss, not started, not triggered, not scorable, no data
    entry       the close it counts from; ``end`` the last close seen, at most the horizon's
    due         ISO date it is due; ``sessions`` from the entry to then, ``held`` to ``end``
    active      baskets minus against from entry to end (a level target: the basket's own return)
    worst       lowest point of the active return on the way, in the call's direction
    distance    what the level is away from the last close; or the basket from its high, waiting for
                a dip
    touched     the level was reached at a close on the way
    rank        share of past windows as long as the call has run that did worse, in the call's
                direction
    base        hits of the same call on random days; ``base_active`` their mean active return,
                ``base_triggered`` share of starts with a dip
    drift       active return that drift alone would have given by ``end``
    chance      of a level target on its first day, by closed form under drift and volatility before
                the call
    path        active return on each of ``path_days``
    """

    call: Call
    status: str
    reason: str = ""
    entry: str | None = None
    end: str | None = None
    due: str | None = None
    sessions: int | None = None
    held: int | None = None
    basket_return: float | None = None
    against_return: float | None = None
    active: float | None = None
    worst: float | None = None
    worst_on: str | None = None
    distance: float | None = None
    touched: bool | None = None
    rank: WindowShare | None = None
    base: WindowShare | None = None
    base_active: float | None = None
    base_triggered: float | None = None
    drift: float | None = None
    chance: float | None = None
    path_days: tuple[str, ...] = ()
    path: tuple[float, ...] = ()

    @property
    def decided(self) -> bool:
        """It was due, and is a hit or a miss."""
        return self.status in ("hit", "miss")


@dataclass(frozen=True)
class _Run:
    """The stretch of a call that has been seen, as sessions of ``legs.days``.

    made   last close the speaker saw
    entry  close it counts from; ``end`` last close seen, at most that of the day it is due
    due    whether it is due by then
    """

    made: int
    entry: int
    end: int
    due: bool

    @property
    def held(self) -> int:
        return self.end - self.entry


def score_call(call: Call, legs: Legs | None) -> CallScore:
    """Score a call with what is known on the last of ``legs.days`` (None: no prices asked for)."""
    if not call.scorable:
        return CallScore(
            call, "not scorable", "no price confirms or refutes it; no proxy is stated"
        )
    if legs is None or not len(legs.days):
        return CallScore(call, "no data", "its baskets have no prices")
    calendar = legs.calendar
    shift = int(np.searchsorted(calendar, legs.days[0]))
    today = shift + len(legs.days) - 1
    entry = _entry(call, calendar)
    last, problem = _due(call, calendar, entry)
    if problem:
        return CallScore(call, "no data", problem)
    # last close the speaker saw
    made = int(np.searchsorted(legs.days, np.datetime64(call.date), side="right")) - 1
    unseen = CallScore(
        call,
        "not started",
        "no close after the call yet",
        due=str(calendar[last]),
        sessions=last - entry,
    )
    if made < 0:
        reason = f"its baskets have prices from {legs.days[0]} on only"
        return replace(unseen, status="no data", reason=reason)
    before = base_rates.base_rate(call, legs, made, last - entry, last - shift - made)
    begun = replace(
        unseen,
        base=before.base,
        base_active=before.base_active,
        base_triggered=before.base_triggered,
        chance=before.chance,
    )
    if entry > today:
        return begun
    return _after(begun, legs, _Run(made, entry - shift, min(last, today) - shift, last <= today))


def due_date(call: Call, calendar: Dates) -> str | None:
    """The day a call is due; None where the calendar does not reach or there is no horizon."""
    if call.horizon is None:
        return None
    at, problem = _due(call, calendar, _entry(call, calendar))
    return None if problem else str(calendar[at])


def _entry(call: Call, calendar: Dates) -> int:
    """Position of the first close after the call, and not before it begins to apply."""
    start = call.date if call.begins is None else max(call.date, call.begins - dt.timedelta(days=1))
    return int(np.searchsorted(calendar, np.datetime64(start), side="right"))


def _due(call: Call, calendar: Dates, entry: int) -> tuple[int, str]:
    """Position of the close a call is due on, and what stands against it, else ""."""
    last = len(calendar) - 1
    beyond = f"the known sessions end on {calendar[last]}, before it is due"
    if isinstance(call.horizon, int):
        due = entry + call.horizon
        return due, "" if due <= last else beyond
    day = np.datetime64(str(call.horizon))
    due = int(np.searchsorted(calendar, day, side="right")) - 1
    if day > calendar[last] + PATIENCE:
        return due, beyond
    return due, "" if due > entry else "no session lies between the call and its horizon"


def _after(begun: CallScore, legs: Legs, run: _Run) -> CallScore:
    call = begun.call
    if call.stance == "accumulate_on_dips":
        path = 1 + bundle_return(legs.baskets, run.entry, np.arange(run.entry, run.end + 1))
        dipped = int(first_dip(path, dip_of(call)))
        bought = run.entry + dipped + 1
        if dipped < 0 or bought > run.end or (run.due and bought >= run.end):
            reason = (
                f"no close {dip_of(call):.0%} below the highest since the call"
                if dipped < 0
                else "the dip came on the last close: nothing could be bought after it"
            )
            return replace(
                begun,
                status="not triggered",
                end=str(legs.days[run.end]),
                reason=reason,
                distance=float(path[-1] / path.max() - 1),
            )
        run = replace(run, entry=bought)
    if complete_from(legs, run.end) > run.entry:
        return replace(
            begun, status="no data", reason="a basket has no close on a day of the window"
        )
    return _level(begun, legs, run) if call.stance == "level_target" else _bet(begun, legs, run)


def _bet(begun: CallScore, legs: Legs, run: _Run) -> CallScore:
    """Standing of baskets bought at the entry against their yardstick."""
    sign = begun.call.sign
    days = np.arange(run.entry, run.end + 1)
    own, theirs = (bundle_return(side, run.entry, days) for side in (legs.baskets, legs.against))
    active = own - theirs
    towards = sign * active
    first = complete_from(legs, run.made)
    drifts = [
        base_rates.drift(side, first, run.made, run.held) for side in (legs.baskets, legs.against)
    ]
    return replace(
        _seen(begun, legs, run, bool(towards[-1] > TIE), "bought today"),
        basket_return=float(own[-1]),
        against_return=float(theirs[-1]),
        active=float(active[-1]),
        worst=float(towards.min()) + 0.0,
        worst_on=str(legs.days[run.entry + int(towards.argmin())]),
        rank=base_rates.rank(sign, legs, run.made, run.held, float(towards[-1])),
        drift=drifts[0] - drifts[1],
        path=tuple(active.tolist()),
    )


def _level(begun: CallScore, legs: Legs, run: _Run) -> CallScore:
    """Standing of a basket on its way to a level."""
    level = begun.call.level
    assert level is not None
    line = legs.baskets[0]
    # which way it lies from the last close the speaker saw
    up = 1.0 if level >= line[run.made] else -1.0
    path = line[run.entry : run.end + 1] / line[run.entry] - 1
    reached = up * (line[run.entry : run.end + 1] - level) >= 0
    low = int((up * path).argmin())
    first = complete_from(legs, run.made)
    return replace(
        _seen(begun, legs, run, bool(reached[-1]), "begins today"),
        basket_return=float(path[-1]),
        active=float(path[-1]),
        worst=float(up * path[low]),
        worst_on=str(legs.days[run.entry + low]),
        distance=float(level / line[run.end] - 1),
        touched=bool(reached.any()),
        drift=base_rates.drift(legs.baskets, first, run.made, run.held),
        rank=base_rates.rank(up, legs, run.made, run.held, up * float(path[-1])),
        path=tuple(path.tolist()),
    )


def _seen(begun: CallScore, legs: Legs, run: _Run, hit: bool, today: str) -> CallScore:
    """Status, dates and days of what has been seen; ``today``: the reason where nothing has yet."""
    return replace(
        begun,
        status=("hit" if hit else "miss") if run.due else "open",
        reason="" if run.held else today,
        entry=str(legs.days[run.entry]),
        end=str(legs.days[run.end]),
        held=run.held,
        path_days=tuple(str(d) for d in legs.days[run.entry : run.end + 1]),
    )
