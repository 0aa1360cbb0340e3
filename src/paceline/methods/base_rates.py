"""What lay before a call: how often the same bet paid, odds of a level, what drift would give."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR, Array, Bools
from paceline.methods.call import Call
from paceline.methods.legs import TIE, Legs, active_return, complete_from, dip_of, first_dip
from paceline.methods.level_odds import closed_form
from paceline.methods.proportions import WindowShare, window_share
from paceline.methods.target_odds import SHORTEST
from paceline.signals.statistics import standard_deviation

#: Past windows whose whole path is looked at together.
CHUNK = 2000


@dataclass(frozen=True)
class BaseRate:
    """How often a call's bet paid before it was made; None where there is nothing to say.

    base            share of hits among the past windows
    base_active     their mean active return, given where ten of them are independent
    base_triggered  share of past starts on which a dip was bought at all
    chance          of a level target, by closed form under drift and volatility before the call
    """

    base: WindowShare | None = None
    base_active: float | None = None
    base_triggered: float | None = None
    chance: float | None = None


def base_rate(call: Call, legs: Legs, made: int, held: int, ahead: int) -> BaseRate:
    """Base rate of a call and, for a level target, its chance, from what lay before it.

    made   session of the last close the speaker saw
    held   sessions from the entry to the day it is due
    ahead  sessions from ``made`` to the day it is due
    """
    first = complete_from(legs, made)
    if call.stance == "level_target":
        return _of_level(call, legs.baskets[0], first, made, ahead)
    if made - first < held:
        return BaseRate()
    if call.stance == "accumulate_on_dips":
        active, bought = _dips(legs, first, made, held, dip_of(call))
        share = window_share((active > TIE)[bought], held)
        return BaseRate(
            share,
            float(active[bought].mean()) if share.enough else None,
            float(bought.mean()) if share.enough else None,
        )
    active = past_active(legs, first, made, held)
    return _given(window_share(call.sign * active > TIE, held), active)


def past_active(legs: Legs, first: int, made: int, held: int) -> Array:
    """(n,) active returns of every window of ``held`` sessions inside [first, made]."""
    starts = np.arange(first, made - held + 1)
    return active_return(legs, starts, starts + held)


def rank(sign: float, legs: Legs, made: int, held: int, now: float) -> WindowShare | None:
    """Share of past windows as long as the call has run that did worse, in the call's direction."""
    first = complete_from(legs, made)
    if held < 1 or made - first < held:
        return None
    return window_share(sign * past_active(legs, first, made, held) < now, held)


def drift(lines: Array, first: int, made: int, held: int) -> float:
    """Bundle return over ``held`` sessions that each line's mean daily log return would give.

    The means are those of [first, made]; zero where there is nothing to take them from.
    """
    if not len(lines) or made <= first:
        return 0.0
    growth = np.log(lines[:, made] / lines[:, first]) / (made - first)
    return float(np.exp(growth * held).mean() - 1)


def _given(share: WindowShare, active: Array, chance: float | None = None) -> BaseRate:
    return BaseRate(share, float(active.mean()) if share.enough else None, chance=chance)


def _of_level(call: Call, line: Array, first: int, made: int, ahead: int) -> BaseRate:
    """How often the past gave the return that the level asks for from the last close seen."""
    assert call.level is not None
    if made < first:
        return BaseRate()
    b = math.log(call.level / line[made])
    logs = np.log(line[first : made + 1])
    daily = np.diff(logs)
    chance = None
    if len(daily) >= SHORTEST:
        sigma = float(standard_deviation(daily)) * math.sqrt(SESSIONS_PER_YEAR)
        mu = float(daily.mean()) * SESSIONS_PER_YEAR + sigma**2 / 2
        chance = closed_form(b, ahead / SESSIONS_PER_YEAR, mu, sigma).end
    past = logs[ahead:] - logs[:-ahead]
    if not len(past):
        return BaseRate(chance=chance)
    hit = past >= b - TIE if b >= 0 else past <= b + TIE
    return _given(window_share(hit, ahead), np.expm1(past), chance)


def _dips(legs: Legs, first: int, stop: int, held: int, dip: float) -> tuple[Array, Bools]:
    """(active return from the buy to the horizon, whether there was a buy) for every past start."""
    starts = np.arange(first, stop - held + 1)
    step = np.arange(held + 1)
    active, bought = np.full(len(starts), np.nan), np.zeros(len(starts), bool)
    for at in range(0, len(starts), CHUNK):
        begin = starts[at : at + CHUNK]
        window = legs.baskets[:, begin[:, None] + step]
        dipped = first_dip((window / window[:, :, :1]).mean(axis=0), dip)
        done = (dipped >= 0) & (dipped + 1 < held)
        buy, end = begin[done] + dipped[done] + 1, begin[done] + held
        active[at : at + CHUNK][done] = active_return(legs, buy, end)
        bought[at : at + CHUNK] = done
    return active, bought
