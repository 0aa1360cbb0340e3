"""Rotation episodes: a causal directional-change detector, its calibration, and what followed.

    detector     sigma, turns and daily state of ln(A/B); the verdict of a day and whether it hangs
                 on the size
    calibration  how often noise alone turns; how surely and how late a planted rotation is found
    outcomes     what followed episodes, and lows of the benchmark, against the base rate of all
                 days

``log_ratio`` is ln(A/B), (T,) or (P, T), both legs on the same return basis; NaN is missing.
"""

from paceline.methods.calibration import Calibration, Power, calibrate, power
from paceline.methods.detector import SIZES, Episodes, Verdict, detect, sigma, verdicts
from paceline.methods.outcomes import HORIZONS, AfterLows, Outcome, after_lows, outcomes

__all__ = [
    "HORIZONS",
    "SIZES",
    "AfterLows",
    "Calibration",
    "Episodes",
    "Outcome",
    "Power",
    "Verdict",
    "after_lows",
    "calibrate",
    "detect",
    "outcomes",
    "power",
    "sigma",
    "verdicts",
]
