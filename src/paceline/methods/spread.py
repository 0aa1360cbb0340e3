"""Is the spread among many lines unusual? Eleven sectors always have a first and a last one.

Each line is taken less the mean of all, so that what they have in common is gone. Over each horizon
their spread is the root mean square of their z; the largest of the horizons is judged against the
largest that noise makes in which the lines move together as they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paceline.arrays import Array, Bools, Ints
from paceline.evidence import stationary_indices
from paceline.kernels import forward_fill
from paceline.methods.calibration import LEAST_BLOCK
from paceline.methods.detector import WINDOW, sigma
from paceline.methods.unusual import HORIZONS, LENGTH, PATHS, whole_years, z_scores
from paceline.wording import number_of

#: Fewest lines that have ends; draws made at a time.
FEWEST, BATCH = 3, 100


@dataclass(frozen=True)
class Spread:
    """The spread among the lines that are judged, over the horizon at which it is largest.

    judged    (N,) which lines have a value and a sigma on the last session
    sessions  the horizon, None where nothing can be judged
    size      root mean square of their z over it
    change    (N,) change of each line less the mean of those judged; NaN for the others
    reason    why nothing can be judged, else ""
    """

    judged: Bools
    sessions: int | None = None
    size: float = float("nan")
    change: Array | None = None
    reason: str = ""


def spread(lines: Array, horizons: Sequence[int] = HORIZONS) -> Spread:
    """The spread of lines (N, T), natural logs of levels, on their last session.

    z_h of a line less the mean = (change over h - h m) / (sigma sqrt(h)), m its mean daily change,
    sigma the detector's. A line without a value on the last session, or without a sigma, is left
    out; with fewer than three the spread has a reason. A missing value repeats the last.
    """
    given = np.asarray(lines, float)
    there = np.isfinite(given[:, -1]) & np.isfinite(sigma(given)[:, -1])
    if there.sum() < FEWEST:
        judged = number_of(int(there.sum()), "line")
        return Spread(there, reason=f"{judged} with a year of history, at least {FEWEST} needed")
    line = _relative(given[there])
    spans = [h for h in horizons if h < line.shape[1]]
    if not spans:
        return Spread(there, reason="history too short for any horizon")
    size = _sizes(line[None], sigma(line)[:, -1][None], spans, line.shape[1] - 1)[0]
    if not np.isfinite(size).any():
        return Spread(there, reason="no volatility of every line on the day")
    best = int(np.nanargmax(size))
    change = np.full(len(given), np.nan)
    change[there] = line[:, -1] - line[:, -1 - spans[best]]
    return Spread(there, spans[best], float(size[best]), change)


def noise(
    lines: Array, *, horizons: Sequence[int] = HORIZONS, paths: int = PATHS, seed: int = 0
) -> Array:
    """The largest spread of noise of the same lines (N, T), ascending: see ``unusual.noise``.

    Sessions are drawn in blocks, whole, for all lines together.
    """
    changes = whole_years(np.diff(_relative(np.asarray(lines, float)), axis=1))
    centred = changes - changes.mean(axis=1, keepdims=True)
    m = centred.shape[1]
    spans = [h for h in horizons if h < m]
    rng = np.random.default_rng([seed, m])
    largest = []
    for at in range(0, paths, BATCH):
        size = min(BATCH, paths - at)
        drawn = stationary_indices(m, LEAST_BLOCK, size, rng, LENGTH)
        line = np.cumsum(centred[:, drawn], axis=2).transpose(1, 0, 2)  # (size, N, LENGTH)
        tail = line[:, :, -WINDOW - 1 :].reshape(-1, WINDOW + 1)
        volatility = sigma(tail)[:, -1].reshape(size, -1)
        largest.append(_sizes(line, volatility, spans, max(m, LENGTH - 1)).max(axis=1))
    every = np.concatenate(largest)
    return np.sort(every[np.isfinite(every)])


def _relative(lines: Array) -> Array:
    """The lines (N, T) less their mean, from the first session on which all have a value."""
    full = forward_fill(lines)
    begun = np.isfinite(full).all(axis=0)
    whole = full[:, int(begun.argmax()) :]
    relative: Array = whole - whole.mean(axis=0)
    return relative


def _sizes(line: Array, volatility: Array, spans: Sequence[int], history: int) -> Array:
    """(P, H) root mean square over N of z of lines (P, N, T) with sigma (P, N).

    history  changes that the mean daily change is taken over
    """
    P, N, T = line.shape
    flat = line.reshape(-1, T)
    drift = (flat[:, -1] - flat[:, 0]) / history
    wanted: Ints = np.broadcast_to(np.array(spans, np.int64), (len(flat), len(spans)))
    z = z_scores(flat, volatility.reshape(-1), wanted, drift).reshape(P, N, -1)
    size: Array = np.sqrt(np.square(z).mean(axis=1))
    return size
