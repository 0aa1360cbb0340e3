"""``Evidence``: what a claim rests on, and the correction for many questions asked at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from paceline.arrays import Array
from paceline.errors import UsageError
from paceline.figures import finite_or_none
from paceline.wording import number_of

#: Below this many independent observations there is a reason instead of a number.
MINIMUM_EFFECTIVE = 10
#: Fewer observations than this are no series.
MINIMUM_LENGTH = 20
#: Two-sided level of every interval and test, and the power a minimum detectable effect refers to.
LEVEL, POWER = 0.05, 0.80
#: A range below this (returns, log ratios) is rounding, not movement.
ROUNDING = 1e-12

NORMAL = NormalDist()


@dataclass(frozen=True)
class Evidence:
    """What a claim rests on. A number that could not be computed is None, and ``note`` says why.

    effect              the measured difference or mean, in the unit of the data
    low, high           95% interval of the effect
    n, n_effective      observations, and how many independent ones they are worth
    p                   two-sided p of "no effect", before correction
    p_adjusted          p after correction over the whole family (None before ``judge_family``)
    questions           number of questions in that family
    method              how interval and p were made, in words
    minimum_detectable  the smallest true effect found with 80% power in a two-sided 5% test
    note                reasons and weaknesses
    """

    effect: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    n_effective: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    questions: int = 1
    method: str = ""
    minimum_detectable: float | None = None
    note: str = ""

    @property
    def suppressed(self) -> bool:
        """True where there is a reason instead of a number."""
        return self.effect is None

    def to_json(self) -> dict[str, object]:
        """Field by field; what is missing or not finite is null."""
        return {f.name: finite_or_none(getattr(self, f.name)) for f in fields(self)}


def no_evidence(
    reason: str, *, n: int = 0, n_effective: float | None = None, method: str = ""
) -> Evidence:
    """A reason instead of a number."""
    return Evidence(None, n=n, n_effective=n_effective, method=method, note=reason)


def reason_against(x: Array, minimum: int = MINIMUM_LENGTH) -> str | None:
    """Why nothing can be said about the series (T,): all missing, too short, constant, or None."""
    valid = x[np.isfinite(x)]
    if len(valid) == 0:
        return "no data: every value is missing"
    if len(valid) < minimum:
        return (
            f"history too short: {number_of(len(valid), 'observation')}, at least {minimum} needed"
        )
    if np.ptp(valid) <= ROUNDING * max(1.0, float(np.abs(valid).max())):
        return "constant series: nothing varies"
    return None


def adjust(p: ArrayLike, method: Literal["bh", "by"] = "bh") -> Array:
    """Values of p (m,) corrected for the false discovery rate over a family.

    The family are the m' that are not NaN.

    bh  Benjamini, Hochberg (1995): p_(i) m' / i, made monotone from the largest down; independent
        or positively dependent questions
    by  Benjamini, Yekutieli (2001): the same times 1 + 1/2 + ... + 1/m'; any dependence
    """
    if method not in ("bh", "by"):
        raise UsageError(f"correction {method!r} is unknown.", "Give 'bh' or 'by'.")
    values = np.asarray(p, float)
    known = np.isfinite(values)
    if not known.any():
        return np.full(values.shape, np.nan)
    # five lines instead of scipy.stats.false_discovery_control, whose import costs more than a
    # report may
    m = int(known.sum())
    order = np.argsort(values[known], kind="stable")[::-1]
    rank = np.arange(m, 0, -1)
    factor = m * (1 / rank).sum() if method == "by" else m
    adjusted = np.full(values.shape, np.nan)
    adjusted[np.flatnonzero(known)[order]] = np.minimum.accumulate(
        np.minimum(values[known][order] * factor / rank, 1.0)
    )
    return adjusted


def simes(p: ArrayLike) -> float:
    """One p (Simes, 1986) for "none of these m questions has an effect": min over i of p_(i) m / i.

    p_(1) <= ... <= p_(m) are the values that are not NaN; NaN without any. It holds for independent
    and for positively dependent questions.
    """
    values = np.asarray(p, float)
    known = np.sort(values[np.isfinite(values)])
    if not len(known):
        return math.nan
    return float((known * len(known) / np.arange(1, len(known) + 1)).min())


def judge_family(family: Sequence[Evidence], method: Literal["bh", "by"] = "bh") -> list[Evidence]:
    """The same evidence, in order, with ``p_adjusted`` and ``questions`` filled in.

    The family is every question a report asks, not those it shows. Only questions with a p count:
    one that could not be asked is not a chance to be wrong.
    """
    adjusted = adjust([math.nan if e.p is None else e.p for e in family], method)
    asked = int(np.isfinite(adjusted).sum())
    return [
        replace(e, p_adjusted=float(a) if math.isfinite(a) else None, questions=asked)
        for e, a in zip(family, adjusted, strict=True)
    ]


def independent_windows(n: int, horizon: int) -> float:
    """Independent observations among n overlapping windows of h sessions, one a session: n / h."""
    if horizon < 1:
        raise UsageError(
            f"a window of {horizon} sessions does not exist.", "Give a horizon of 1 or more."
        )
    return n / horizon


def independent_events(start: ArrayLike, length: int | ArrayLike) -> int:
    """The largest number of events whose windows [start, start + length) do not overlap.

    Greedy interval scheduling, which is optimal: take the window that ends first, drop what it
    overlaps, repeat. Windows that only touch do not overlap. ``length`` in sessions, one for all or
    one per event.
    """
    begin = np.atleast_1d(np.asarray(start, np.int64))
    size = np.broadcast_to(np.asarray(length, np.int64), begin.shape)
    if (size < 1).any():
        raise UsageError(
            "an event window of less than one session does not exist.",
            "Give a length of 1 or more.",
        )
    end = begin + size
    count, free = 0, np.iinfo(np.int64).min
    for i in np.argsort(end, kind="stable").tolist():
        if begin[i] >= free:
            count, free = count + 1, end[i]
    return count


def minimum_detectable(standard_error: float) -> float:
    """Smallest true effect that a two-sided 5% test finds with 80% power.

    (z_0.975 + z_0.8) se = 2.80 se, with the standard error se of its estimate.
    """
    return (NORMAL.inv_cdf(1 - LEVEL / 2) + NORMAL.inv_cdf(POWER)) * standard_error
