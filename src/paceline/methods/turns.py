"""False alarms: how often noise alone makes episodes, for many pairs in one pass."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR, Array
from paceline.evidence import reason_against
from paceline.methods.calibration import (
    LEAST_BLOCK,
    NOISE,
    RESAMPLED,
    WALKS,
    Calibration,
    calibration_of,
    resampled_line,
)
from paceline.methods.detector import STEP, WINDOW, detect, sigma

#: Paths and years simulated.
PATHS, PATH_YEARS = 100, 12


def false_alarms(
    returns: Sequence[Array | None],
    c: float,
    *,
    step: int = STEP,
    paths: int = PATHS,
    years: float = PATH_YEARS,
    seed: int = 0,
) -> list[Calibration]:
    """Episodes (A over B) per year that noise makes, for each of ``returns``; many in one pass.

    returns       daily log returns of A/B, NaN left out: they are demeaned and resampled in blocks
                  of 21 sessions on average. None: driftless walks
    paths, years  lines simulated for each, and the length of each

    Draws are seeded for each by itself: its rate does not depend on what else is asked. A history
    that does not reach over one window gives a rate that is NaN.
    """
    rates: dict[int, Calibration] = {}
    lines, drawn = [], []
    for k, own in enumerate(returns):
        history = None if own is None else np.asarray(own, float)[np.isfinite(own)]
        if history is not None and (len(history) <= WINDOW or reason_against(history)):
            reason = "history too short to resample"
            rates[k] = Calibration(c, math.nan, math.nan, math.nan, 0, years, reason)
        else:
            lines.append(_noise(history, paths, WINDOW + round(years * SESSIONS_PER_YEAR), seed))
            drawn.append(k)
    if lines:
        every = np.concatenate(lines)
        found = detect(every, c, sigma_per_session=sigma(every, step=step))
        for k, each in zip(drawn, found.rate_per_year().reshape(len(drawn), paths), strict=True):
            resampled = f"{RESAMPLED}, blocks of {LEAST_BLOCK:.0f}"
            method = WALKS if returns[k] is None else resampled
            rates[k] = calibration_of(c, each, years, method)
    return [rates[k] for k in range(len(returns))]


def _noise(history: Array | None, paths: int, n: int, seed: int) -> Array:
    """(paths, n) lines of noise: driftless walks, or made of the demeaned returns of a history."""
    rng = np.random.default_rng([seed, 0 if history is None else len(history)])
    if history is None:
        return np.cumsum(NOISE * rng.standard_normal((paths, n)), axis=1)
    return resampled_line(history, paths, n, LEAST_BLOCK, rng)
