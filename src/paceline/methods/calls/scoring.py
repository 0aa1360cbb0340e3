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
rate is the share of past windows with at least the return it asks for."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from paceline.arrays import Array, Bools, Dates
from paceline.evidence import MINIMUM_EFFECTIVE, independent_events
from paceline.methods.calibration import wilson
from paceline.methods.calls.ledger import DIP, Call
from paceline.methods.target_odds import SHORTEST, YEAR, Share, closed_form, share

#: Past windows whose whole path is looked at together.
CHUNK = 2000
TIE = 1e-12


class Legs(NamedTuple):
    """Levels a call is scored on, up to today: (L, T) and (M, T); M is 0 for a level target."""

    days: Dates
    baskets: Array
    against: Array
    calendar: Dates  # all sessions known, also those to come; ``days`` is a stretch of it


@dataclass(frozen=True)
class Score:
    """A call and what became of it; None where there is nothing to say, and ``reason`` says why.

    status     open, hit, miss, not started, not triggered, not scorable, no data
    entry      the close it counts from; ``end`` the last close seen, at most the horizon's
    active     baskets minus against from entry to end (a level target: the basket's own return)
    worst      lowest point of the active return on the way, in the call's direction
    rank       share of past windows as long as the call has run that did worse, in the call's
               direction
    base       hits of the same call on random days; ``base_active`` their mean active return
    drift      active return that drift alone would have given by ``end``
    chance     of a level target on its first day, by closed form under drift and volatility before
               the call
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
    rank: Share | None = None
    base: Share | None = None
    base_active: float | None = None
    base_triggered: float | None = None
    drift: float | None = None
    chance: float | None = None
    path_days: tuple[str, ...] = ()
    path: tuple[float, ...] = ()

    @property
    def decided(self) -> bool:
        return self.status in ("hit", "miss")


def score(call: Call, legs: Legs | None) -> Score:
    """Score a call with what is known on the last of ``legs.days`` (None: no prices asked for)."""
    if not call.scorable:
        return Score(call, "not scorable", "no price confirms or refutes it; no proxy is stated")
    if legs is None or not len(legs.days):
        return Score(call, "no data", "its baskets have no prices")
    calendar = legs.calendar
    shift = int(np.searchsorted(calendar, legs.days[0]))
    today = shift + len(legs.days) - 1
    entry = _entry(call, calendar)
    last, problem = _due(call, calendar, entry)
    if problem:
        return Score(call, "no data", problem)
    # last close the speaker saw
    made = int(np.searchsorted(legs.days, np.datetime64(call.date), side="right")) - 1
    begun = Score(
        call,
        "not started",
        "no close after the call yet",
        due=str(calendar[last]),
        sessions=last - entry,
    )
    if made < 0 or (entry <= today and entry < shift):
        return replace(
            begun, status="no data", reason=f"its baskets have prices from {legs.days[0]} on only"
        )
    begun = replace(begun, **_before(call, legs, made, last - entry, last - shift - made))
    if entry > today:
        return begun
    return _after(begun, legs, entry - shift, min(last, today) - shift, last <= today, made)


def _entry(call: Call, calendar: Dates) -> int:
    """Position of the first close after the call, and not before it begins to apply."""
    start = call.date if call.begins is None else max(call.date, call.begins - dt.timedelta(days=1))
    return int(np.searchsorted(calendar, np.datetime64(start), side="right"))


def due(call: Call, calendar: Dates) -> str | None:
    """The day a call is due; None where the calendar does not reach or there is no horizon."""
    if call.horizon is None:
        return None
    at, problem = _due(call, calendar, _entry(call, calendar))
    return None if problem else str(calendar[at])


def _due(call: Call, calendar: Dates, entry: int) -> tuple[int, str]:
    last = len(calendar) - 1
    if isinstance(call.horizon, int):
        due = entry + call.horizon
        return (
            due,
            "" if due <= last else f"the known sessions end on {calendar[last]}, before it is due",
        )
    due = int(np.searchsorted(calendar, np.datetime64(str(call.horizon)), side="right")) - 1
    if np.datetime64(str(call.horizon)) > calendar[last] + np.timedelta64(7, "D"):
        return due, f"the known sessions end on {calendar[last]}, before it is due"
    return due, "" if due > entry else "no session lies between the call and its horizon"


def bundle(lines: Array, start: int, stop: int) -> Array:
    """(stop - start + 1,) return of equal parts bought at close ``start`` and held."""
    if not len(lines):
        return np.zeros(stop - start + 1)
    held: Array = lines[:, start : stop + 1] / lines[:, [start]]
    mean: Array = held.mean(axis=0) - 1
    return mean


def _common(legs: Legs, stop: int) -> int:
    """First session from which every leg has every close up to ``stop``; stop + 1 if none."""
    ok = np.isfinite(np.vstack([legs.baskets, legs.against])[:, : stop + 1]).all(axis=0)
    gaps = np.flatnonzero(~ok)
    return int(gaps[-1]) + 1 if len(gaps) else 0


def _ends(lines: Array, first: int, stop: int, h: int) -> Array:
    """(n,) bundle returns of every window of h sessions inside [first, stop]."""
    if not len(lines):
        return np.zeros(max(0, stop - first - h + 1))
    ratio: Array = lines[:, first + h : stop + 1] / lines[:, first : stop + 1 - h]
    mean: Array = ratio.mean(axis=0) - 1
    return mean


def _before(call: Call, legs: Legs, made: int, h: int, ahead: int) -> dict[str, Any]:
    """Base rate and, for a level target, its chance, from what lay before the call.

    h sessions from the entry to the day it is due, ``ahead`` from the last close the speaker saw.
    """
    first = _common(legs, made)
    if call.stance == "level_target":
        return _asked(call, legs.baskets[0], first, made, ahead)
    if made - first < h:
        return {}
    if call.stance == "accumulate_on_dips":
        active, met = _dips(legs, first, made, h, dip_of(call))
        base, mean = (active > TIE)[met], active[met]
        found = share(base, h)
        return _base(found, mean) | ({"base_triggered": float(met.mean())} if found.enough else {})
    active = _ends(legs.baskets, first, made, h) - _ends(legs.against, first, made, h)
    return _base(share(call.sign * active > TIE, h), active)


def _base(found: Share, active: Array) -> dict[str, Any]:
    """A base rate; the mean is given only where there are enough independent windows."""
    return {"base": found, "base_active": float(active.mean()) if found.enough else None}


def _asked(call: Call, line: Array, first: int, made: int, ahead: int) -> dict[str, Any]:
    """How often the past gave the return that the level asks for from the last close before the call."""
    assert call.level is not None
    if made < first:
        return {}
    found: dict[str, Any] = {}
    b = math.log(call.level / line[made])
    logs = np.log(line[first : made + 1])
    daily = np.diff(logs)
    if len(daily) >= SHORTEST:
        sigma = float(daily.std(ddof=1)) * math.sqrt(YEAR)
        found["chance"] = closed_form(
            b, ahead / YEAR, float(daily.mean()) * YEAR + sigma**2 / 2, sigma
        ).end
    past = logs[ahead:] - logs[:-ahead]
    if len(past):
        hit = past >= b - TIE if b >= 0 else past <= b + TIE
        found |= _base(share(hit, ahead), np.expm1(past))
    return found


def dip_of(call: Call) -> float:
    """The fall from the high at which a dip is bought."""
    return DIP if call.dip is None else call.dip


def first_dip(path: Array, dip: float) -> NDArray[np.int64]:
    """(n,) position of the first close at or below (1 - dip) times the highest so far; -1 where there is none."""
    low = path <= (1 - dip) * np.maximum.accumulate(path, axis=-1) * (1 + TIE)
    return np.where(low.any(axis=-1), low.argmax(axis=-1), -1)


def _dips(legs: Legs, first: int, stop: int, h: int, dip: float) -> tuple[Array, Bools]:
    """(active return from the buy to the horizon, whether there was a buy) for every past start."""
    starts = np.arange(first, stop - h + 1)
    step = np.arange(h + 1)
    active, met = np.full(len(starts), np.nan), np.zeros(len(starts), bool)

    def held(lines: Array, buy: NDArray[np.int64], end: NDArray[np.int64]) -> Array:
        if not len(lines):
            return np.zeros(len(buy))
        ratio: Array = lines[:, end] / lines[:, buy]
        mean: Array = ratio.mean(axis=0) - 1
        return mean

    for at in range(0, len(starts), CHUNK):
        here = starts[at : at + CHUNK]
        window = legs.baskets[:, here[:, None] + step]
        seen = first_dip((window / window[:, :, :1]).mean(axis=0), dip)
        done = (seen >= 0) & (seen + 1 < h)
        buy, end = here[done] + seen[done] + 1, here[done] + h
        active[at : at + CHUNK][done] = held(legs.baskets, buy, end) - held(legs.against, buy, end)
        met[at : at + CHUNK] = done
    return active, met


def _after(begun: Score, legs: Legs, entry: int, end: int, due: bool, made: int) -> Score:
    call = begun.call
    if call.stance == "accumulate_on_dips":
        seen = int(first_dip(1 + bundle(legs.baskets, entry, end), dip_of(call)))
        bought = entry + seen + 1
        if seen < 0 or bought > end or (due and bought >= end):
            line = 1 + bundle(legs.baskets, entry, end)
            reason = (
                f"no close {dip_of(call):.0%} below the highest since the call"
                if seen < 0
                else "the dip came on the last close: nothing could be bought after it"
            )
            return replace(
                begun,
                status="not triggered",
                end=str(legs.days[end]),
                reason=reason,
                distance=float(line[-1] / line.max() - 1),
            )
        entry = bought
    if _common(legs, end) > entry:
        return replace(
            begun, status="no data", reason="a basket has no close on a day of the window"
        )
    if call.stance == "level_target":
        return _level(begun, legs, entry, end, due, made)
    ours, theirs = bundle(legs.baskets, entry, end), bundle(legs.against, entry, end)
    active = ours - theirs
    towards = call.sign * active
    low = int(towards.argmin())
    hit = towards[-1] > TIE
    first = _common(legs, made)
    held = end - entry
    return replace(
        begun,
        status=("hit" if hit else "miss") if due else "open",
        reason="" if held else "bought today",
        entry=str(legs.days[entry]),
        end=str(legs.days[end]),
        held=held,
        basket_return=float(ours[-1]),
        against_return=float(theirs[-1]),
        active=float(active[-1]),
        worst=float(towards[low]) + 0.0,
        worst_on=str(legs.days[entry + low]),
        rank=_rank(call.sign, legs, first, made, held, float(towards[-1])),
        drift=_drift(legs.baskets, first, made, held) - _drift(legs.against, first, made, held),
        path_days=tuple(str(d) for d in legs.days[entry : end + 1]),
        path=tuple(active.tolist()),
    )


def _rank(sign: float, legs: Legs, first: int, made: int, held: int, now: float) -> Share | None:
    if held < 1 or made - first < held:
        return None
    past = sign * (_ends(legs.baskets, first, made, held) - _ends(legs.against, first, made, held))
    return share(past < now, held)


def _drift(lines: Array, first: int, made: int, held: int) -> float:
    """Bundle return that each line's mean daily log return before the call gives over ``held`` sessions."""
    if not len(lines) or made <= first:
        return 0.0
    growth = np.log(lines[:, made] / lines[:, first]) / (made - first)
    return float(np.exp(growth * held).mean() - 1)


def _level(begun: Score, legs: Legs, entry: int, end: int, due: bool, made: int) -> Score:
    call = begun.call
    assert call.level is not None
    line, first, held = legs.baskets[0], _common(legs, made), end - entry
    # which way it lies from the last close the speaker saw
    up = 1.0 if call.level >= line[made] else -1.0
    path = line[entry : end + 1] / line[entry] - 1
    reached = up * (line[entry : end + 1] - call.level) >= 0
    low = int((up * path).argmin())
    return replace(
        begun,
        status=("hit" if reached[-1] else "miss") if due else "open",
        reason="" if held else "begins today",
        entry=str(legs.days[entry]),
        end=str(legs.days[end]),
        held=held,
        basket_return=float(path[-1]),
        active=float(path[-1]),
        worst=float(up * path[low]),
        worst_on=str(legs.days[entry + low]),
        distance=float(call.level / line[end] - 1),
        touched=bool(reached.any()),
        drift=_drift(legs.baskets, first, made, held),
        rank=_rank(up, legs, first, made, held, up * float(path[-1])),
        path_days=tuple(str(d) for d in legs.days[entry : end + 1]),
        path=tuple(path.tolist()),
    )


# ---- records
# -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Record:
    """What the decided calls of one person or house prove.

    rate, low, high  share of hits and its 95% interval (Wilson), which counts only calls that do
                     not overlap
    expected         mean base rate of those calls: what random days would have hit
    luck             chance that random days would have hit at least as often; None unless every
                     base rate is known
    """

    who: str
    kind: str
    calls: int
    decided: int
    hits: int
    open: int
    unscored: int
    n_effective: int
    rate: float | None
    low: float | None
    high: float | None
    expected: float | None
    luck: float | None


def records(scores: Sequence[Score], kind: str, days: Dates) -> list[Record]:
    """Records per "who" or "house" of the scores given (those of corrected records left out), most decided first."""
    found = []
    for name in dict.fromkeys(getattr(s.call, kind) for s in scores if getattr(s.call, kind)):
        own = [s for s in scores if getattr(s.call, kind) == name]
        done = [s for s in own if s.decided and s.call.counted]
        begin = [int(np.searchsorted(days, np.datetime64(str(s.entry)))) for s in done]
        effective = independent_events(begin, [max(s.held or 1, 1) for s in done]) if done else 0
        hits = sum(s.status == "hit" for s in done)
        rate = hits / len(done) if done else None
        low, high = wilson(rate * effective, effective) if rate is not None else (None, None)
        base = [
            s.base.value
            for s in done
            if s.base is not None and s.base.n_effective >= MINIMUM_EFFECTIVE
        ]
        whole = bool(done) and len(base) == len(done)
        running = sum(s.call.counted and s.status in ("open", "not started") for s in own)
        rest = len(own) - len(done) - running
        found.append(
            Record(
                name,
                kind,
                len(own),
                len(done),
                hits,
                running,
                rest,
                effective,
                rate,
                low,
                high,
                float(np.mean(base)) if whole else None,
                at_least(hits, base) if whole else None,
            )
        )
    return sorted(found, key=lambda r: (-r.decided, r.who))


def at_least(hits: int, chances: Sequence[float]) -> float:
    """Chance of that many hits or more, each call hit independently with its own chance (Poisson binomial)."""
    distribution = np.ones(1)
    for p in chances:
        distribution = np.convolve(distribution, [1 - p, p])
    return float(min(1.0, distribution[hits:].sum()))
