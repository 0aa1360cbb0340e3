"""Bull and bear phases, and the state in which momentum has crashed."""

from __future__ import annotations

from bisect import insort

import numpy as np

from paceline import kernels
from paceline.measures import Array, Dates, Result, View, measure
from paceline.signals.returns import session_returns, trailing_returns
from paceline.signals.sessions import period_ends

UNITS = {
    "bull_20": "count",
    "bull_10": "count",
    "panic": "count",
    "trailing": "return",
    "volatility": "fraction",
    "volatility_median": "fraction",
}
PHASES = {"bull_20": 0.20, "bull_10": 0.10}
#: Sessions of the variance, and completed months before its median means anything.
VARIANCE, MONTHS = 126, 24


@measure(
    question="Bull or bear, and is it a market in which momentum breaks?",
    never="That a bull or bear market has ended, before the filter confirms it.",
    of="levels",
    unit=UNITS,
    shows="series",
    bounds=(-1.0, float("inf")),
    references=(
        "Lunde, Timmermann (2004), Duration Dependence in Stock Prices",
        "Daniel, Moskowitz (2016), Momentum Crashes, Journal of Financial Economics 122",
    ),
)
def regimes(view: View, *, trailing: int = 504) -> Result:
    """State of each level as it was known on the day: 1 or 0, never relabelled afterwards.

    bull_20            1 in a bull phase, 0 in a bear phase of the Lunde-Timmermann filter with 20%
                       up and down: it turns on the session that confirms the turn, a close more
                       than 20% below the highest close of the phase (bear) or above the lowest
                       (bull), not on the high or low itself
    bull_10            the same with 10%: corrections
    panic              1 if the return over ``trailing`` sessions is negative and the variance of
                       daily returns over 126 sessions is above its median, else 0:
                       panic = (trailing < 0) and (volatility > volatility_median)
    trailing           return over ``trailing`` sessions (504, two years)
    volatility         sqrt(A * that variance), ddof 1; A is the number of sessions of a year of the
                       market's calendar, 252 in New York by convention
    volatility_median  median of volatility at the ends of all months that are over by the session's
                       close, at least 24: on the last session of a month by the calendar, its own

    trailing  sessions of the market return

    Shapes: (S, T). Momentum's panic state is that of the market: read it on the benchmark's row.
    The first phase is taken as a bull phase until a turn is confirmed; short histories may not have
    seen one. Missing: no state on a session without a level; the filter passes over it. panic needs
    all of its three parts; a missing return blanks the variance for 126 sessions.
    """
    levels = view.levels
    valid = np.isfinite(levels)
    values: dict[str, Array] = {}
    for name, size in PHASES.items():
        state = np.ones(levels.shape)
        for row, level in enumerate(levels):
            turns = kernels.turning_points(level, size, size)
            for kind, confirmed in zip(turns.kind.tolist(), turns.confirmed.tolist(), strict=True):
                state[row, confirmed:] = kind < 0
        state[~valid] = np.nan
        values[name] = state
    past = trailing_returns(levels, trailing)
    deviation = kernels.move_std(session_returns(levels), VARIANCE)
    volatility = deviation * np.sqrt(view.year)
    median = expanding_median(volatility, view.sessions, view.calendar)
    with np.errstate(invalid="ignore"):
        panic = np.where(
            np.isfinite(past + volatility + median), (past < 0) & (volatility > median), np.nan
        )
    return Result(
        {
            **values,
            "panic": panic,
            "trailing": past,
            "volatility": volatility,
            "volatility_median": median,
        }
    )


def expanding_median(a: Array, sessions: Dates, calendar: Dates) -> Array:
    """(S, T) median of each row's values at the ends of all months that are over by each session.

    NaN until there are 24 of them. Of a month only what its last session shows counts; missing
    values are left out.
    """
    ends, known = period_ends(sessions, calendar, "M")
    out = np.full(a.shape, np.nan)
    stops = [*known[1:].tolist(), a.shape[1]] if len(known) else []
    for row, values in enumerate(a):
        seen: list[float] = []
        for begin, stop, value in zip(known.tolist(), stops, values[ends].tolist(), strict=True):
            if np.isfinite(value):
                insort(seen, value)
            if len(seen) >= MONTHS:
                half = len(seen) // 2
                out[row, begin:stop] = (
                    seen[half] if len(seen) % 2 else (seen[half - 1] + seen[half]) / 2
                )
    return out
