"""The Hindenburg omen as it was published, and what followed it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import polars as pl

from paceline import kernels
from paceline.arrays import COVERAGE, Bools
from paceline.measures import Array, Result, View, measure
from paceline.measures.advance_decline import advance_decline
from paceline.measures.new_highs_lows import new_highs_lows
from paceline.signals import aftermath
from paceline.signals.characteristics import chosen
from paceline.signals.members import Basis, basis_of, share
from paceline.signals.returns import trailing_returns
from paceline.signals.tables import day, tidy

UNITS = {
    "highs": "fraction",
    "lows": "fraction",
    "mcclellan": "points",
    "rise": "return",
    "omen": "count",
    "omen_day": "fraction",
    "omen_confirmed": "fraction",
    **{
        f"{name}_after_{h}": "return"
        for name in ("omen_day", "omen_confirmed")
        for h in aftermath.HORIZONS
    },
    "omen_day_fell": "fraction",
    "omen_confirmed_fell": "fraction",
}


@measure(
    question="Is there a Hindenburg omen, and what was one worth?",
    never="That a crash is coming: the rule was found by looking back at crashes.",
    of="basket",
    needs=("price_return", "total_return", "price_index", "total_index", "member"),
    unit=UNITS,
    shows="table",
    references=(
        "Miekka (1995), the omen and its parts; later 2.8% of advances and declines",
        "Morris (2005), The Complete Guide to Market Breadth Indicators",
        "McClellan, McClellan (1970), Patterns for Profit (the oscillator)",
    ),
    limits={"least": (0, 1), "fall": (0, 1)},
)
def hindenburg_omen(
    view: View,
    *,
    baskets: tuple[str, ...] | None = None,
    least: float = 0.022,
    of: Literal["issues", "movers"] = "issues",
    rising: Literal["level", "mean"] = "level",
    sessions: int = 50,
    within: int = 36,
    fall: float = 0.05,
    watch: int = 63,
    window: int = 252,
    basis: Basis | None = None,
) -> Result:
    """Days with many new highs and many new lows in a rising market whose breadth falls.

    An omen is a session with all of: NH / n and NL / n both above ``least``; NH <= 2 NL; the
    basket's level has risen; McClellan's oscillator below zero. NH, NL and n are new highs, new
    lows and those counted of ``new_highs_lows``, the oscillator that of ``advance_decline``.

    highs, lows          = NH / n, NL / n today
    mcclellan            the oscillator today
    rise                 L / (L so many sessions ago) - 1, or the same of the mean and one session
    omen                 1 where today is one, else 0
    omen_day             every omen (``end``); its value is the smaller of the two shares
    omen_confirmed       every omen that follows another at most ``within`` calendar days ago, the
                         first of each run only
    omen_day_after_21    the mean return over so many sessions after an omen, 63, 126 and 252 alike,
                         with ``base`` = that of all sessions, ``up`` and ``base_up`` = shares above
                         zero, ``effect`` = value - base with its 95% interval effect_low,
                         effect_high and p by shifted dates, n omens and n_effective whose windows
                         do not overlap
    omen_day_fell        share of omens after which a close of the next ``watch`` sessions lay
                         ``fall`` or more below, with the same columns
    omen_confirmed_...   the same of confirmed ones

    baskets   baskets that are looked at; default: the first of the market file that has members
    least     share of new highs, and of new lows
    of        "issues": n are the members counted; "movers": n are those that rose or fell
    rising    "level": the level lies above that of ``sessions`` sessions ago; "mean": its mean over
              so many sessions lies above that of the session before (ten weeks are 50)
    sessions  sessions of either
    within    calendar days in which an omen is repeated
    fall      fall that is looked for afterwards
    watch     sessions in which it is looked for
    window    sessions of new highs and lows; 252 is the 52 weeks
    basis     "price" or "total"; default: the basis the baskets are shown on

    n_used counts members with a return today and ``window`` closes before it, n_eligible those not
    yet delisted. Missing: no share and no oscillator on a session on which fewer than 90% of the
    members are counted, and no omen without all of its parts. Below ten omens that do not overlap
    nothing is said of what followed: ``reason``. The published rule counts the New York Stock
    Exchange with its funds and preferred stocks; a basket's members come to other days.
    """
    used = basis_of(view, basis)
    extremes = new_highs_lows(view, window=window, basis=used)
    breadth = advance_decline(view, discard=0, basis=used)
    assert extremes.n_used is not None and extremes.n_eligible is not None
    rows: list[dict[str, object]] = []
    for row in chosen(view, baskets):
        level, n_used, n_eligible = (
            a[row] for a in (view.all_levels[used], extremes.n_used, extremes.n_eligible)
        )
        rise = trailing_returns(level[None], sessions)[0]
        if rising == "mean":
            rise = trailing_returns(kernels.move_mean(level[None], sessions), 1)[0]
        parts = _parts(extremes, breadth, row, of) | {"rise": rise}
        known = np.isfinite(np.sum([*parts.values()], axis=0))
        omen = _omen(**parts, least=least)
        judged = {"omen_day": omen, "omen_confirmed": _confirmed(view, omen, within)}
        smaller = np.fmin(parts["highs"], parts["lows"])
        parts["omen"] = np.where(known, omen, np.nan)
        for name in ("NH", "NL"):
            del parts[name]
        for r in (
            *_readings(view, parts, sessions + (rising == "mean")),
            *_days(view, judged, smaller),
            *_worth(view, judged, level, known, watch, fall),
        ):
            at = int(np.searchsorted(view.sessions, np.datetime64(str(r["end"]))))
            counts = {"n_used": int(n_used[at]), "n_eligible": int(n_eligible[at])}
            rows.append({"subject": view.subjects[row], "basis": used, **counts, **r})
    return Result(table=tidy(rows, basis=pl.String, reach=pl.String, **aftermath.COLUMNS))


def _parts(extremes: Result, breadth: Result, row: int, of: str) -> dict[str, Array]:
    """NH, NL, their shares and the oscillator of one basket, (T,) each."""
    assert isinstance(extremes.value, dict) and isinstance(breadth.value, dict)
    assert extremes.n_used is not None and extremes.n_eligible is not None
    NH, NL = (extremes.value[n][row] for n in ("new_highs", "new_lows"))
    A, D, oscillator = (breadth.value[n][row] for n in ("advances", "declines", "mcclellan"))
    counts = extremes.n_used[row], extremes.n_eligible[row]
    enough = counts[0] >= COVERAGE * counts[1]
    n = np.where(enough, counts[0] if of == "issues" else A + D, np.nan)
    return {
        "NH": NH,
        "NL": NL,
        "highs": share(NH, n),
        "lows": share(NL, n),
        "mcclellan": np.where(enough, oscillator, np.nan),
    }


def _omen(
    *, NH: Array, NL: Array, highs: Array, lows: Array, mcclellan: Array, rise: Array, least: float
) -> Bools:
    """(T,) sessions on which all parts of the rule hold; False where one is missing."""
    with np.errstate(invalid="ignore"):
        many = (highs > least) & (lows > least) & (NH <= 2 * NL)
        return np.asarray(many & (mcclellan < 0) & (rise > 0))


def _confirmed(view: View, omen: Bools, within: int) -> Bools:
    """(T,) omens with another at most so many days before them, the first of each run only."""
    out = np.zeros(len(omen), bool)
    before, running = None, False
    for t in np.flatnonzero(omen).tolist():
        near = before is not None and (view.sessions[t] - view.sessions[before]).astype(int)
        repeated = before is not None and near <= within
        out[t] = repeated and not running
        before, running = t, repeated
    return out


def _readings(view: View, parts: dict[str, Array], sessions: int) -> Iterator[dict[str, object]]:
    """The parts of the rule on the last session."""
    last = len(view.sessions) - 1
    for statistic, values in parts.items():
        start = max(last - sessions, 0) if statistic == "rise" else last
        yield {
            "statistic": statistic,
            "start": day(view.sessions, start),
            "end": day(view.sessions, last),
            "value": float(values[-1]),
            "reach": None if statistic == "rise" else "",
        }


def _days(view: View, judged: dict[str, Bools], smaller: Array) -> Iterator[dict[str, object]]:
    """Every omen, and every confirmed one."""
    for statistic, event in judged.items():
        for t in np.flatnonzero(event).tolist():
            when = day(view.sessions, t)
            yield {
                "statistic": statistic,
                "start": when,
                "end": when,
                "value": float(smaller[t]),
                "reach": "",
            }


def _worth(
    view: View, judged: dict[str, Bools], level: Array, known: Bools, watch: int, fall: float
) -> Iterator[dict[str, object]]:
    """What followed, from the first session on which there could have been an omen."""
    if not known.any():
        return
    first = int(known.argmax())
    whole = {"start": day(view.sessions, first), "end": day(view.sessions, len(level) - 1)}
    below = aftermath.fell_within(level[first:], watch, fall)
    for name, event in judged.items():
        for row in aftermath.aftermath(name, level[first:], event[first:]):
            yield {**whole, **row}
        yield {**whole, **aftermath.judged(f"{name}_fell", below, event[first:], watch)}
