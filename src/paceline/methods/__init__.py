"""The mathematics of a study: arrays in, numbers out. No market, no files.

Rotations of a pair A, B, seen as the line ln(A/B):

    relative_lines  the line, the line without beta, a factor's wealth
    detector        sigma, turns and daily state of lines; the state of a day, and whether it hangs
                    on the size of the barrier
    barriers        the same at several sizes at once
    episode_table   the episodes of one line: when, how far, how fast
    last_window     the last window against all earlier ones of its length
    unusual         moves over many horizons and since the own pivot, one p for the largest
    change_point    when the present drift began
    turn_record     whether turns last: pooled, intervals by date
    lead_looks      looks at lines by month: what was known of the lead, and what came of it
    lead_odds       the odds that the side ahead leads later, and whether they beat the base rate
    outcomes        what followed episodes, and lows of the benchmark, against all days
    calibration     how often noise alone turns; how surely and how late a planted rotation is found
    words           the word for a theme, by one rule from its p
    spread          whether the spread among many lines is unusual
    pause           where a basket stands against its high, and how earlier pauses ended
    analogues       days most like today, and what came next

Books of holdings:

    book            active share, betas with robust errors, a way back, tilts and their usual costs

Levels and calls:

    proportions     intervals of shares, shares of overlapping windows
    level_odds      the odds of a level: closed form, bootstrap, past windows
    target_odds     a level by a date, under many drifts
    call            what somebody said the market would do, and its rules
    legs            the levels a call is scored on, and returns of bundles of them
    base_rates      what lay before a call: how often the same bet paid
    scoring         what became of a call
    track_record    what the calls of a person or a house prove

Rules traded late and at a cost: the folder ``backtest``.

``log_ratio`` is ln(A/B), (T,) or (P, T), both legs on the same return basis; NaN is missing. The
names below are those of the detector and of what is known about it; the rest is imported from its
file.
"""

from paceline.methods.calibration import Calibration, Power, calibrate, power
from paceline.methods.detector import SIZES, Turns, TurnState, detect, sigma, turn_states
from paceline.methods.outcomes import HORIZONS, AfterLows, Outcome, after_lows, outcomes

__all__ = [
    "HORIZONS",
    "SIZES",
    "AfterLows",
    "Calibration",
    "Outcome",
    "Power",
    "TurnState",
    "Turns",
    "after_lows",
    "calibrate",
    "detect",
    "outcomes",
    "power",
    "sigma",
    "turn_states",
]
