"""Two questions with a grade each: is leadership changing, and is a sector consolidating?

Both may hold, or neither. The grade of a rotation is the lowest of three, in the order
too early < none < weak < moderate < strong.

Effect        the largest size at which a turn became known after the date in question and still
              stands: 2 strong, 1.5 moderate, 1 weak, none at all none. A lead that was known before
              the date is not a change.
Significance  the move since the date against all earlier windows of that length, raw and without
              beta; the weaker of the two counts, and it must go the way the turn went. Adjusted p
              (Benjamini and Hochberg, over every question that shares the date) at most 1%: strong;
              at most 5%: moderate; the interval of this question alone excludes zero: weak; else
              none.
Persistence   sessions since the date: 42 strong, 21 moderate, 10 weak, fewer too early.

The grade of the question "is leadership changing?" is the best of the rotations', where a sector
against the market counts as weak at most: eleven sectors always have a best one. A question that
could not be asked (too short a history) grades none, with its reason.

Consolidating:

Effect        off its 252-day high by 10% strong, 5% moderate, 2% weak, less none; none too where
              the trend is broken (below its 200-day mean, half of its members or more below theirs,
              or 20% off the high).
Significance  that it falls behind the market inside earnings seasons more than outside, quarter by
              quarter, adjusted in the same family, with the same limits.
Persistence   sessions since the high.

As one sector it is weak at most.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from paceline.arrays import Array, Bools, Dates
from paceline.evidence import Evidence, hac_mean, judge_family
from paceline.signals.calendar import quarters

GRADES = ("too early", "none", "weak", "moderate", "strong")
#: Lower limits: size of the barrier, sessions, drawdown; upper limits of the adjusted p.
SIZES = ((2.0, "strong"), (1.5, "moderate"), (1.0, "weak"))
SESSIONS = ((42, "strong"), (21, "moderate"), (10, "weak"))
DEPTHS = ((0.10, "strong"), (0.05, "moderate"), (0.02, "weak"))
P_VALUES = ((0.01, "strong"), (0.05, "moderate"))
#: A fall from the high that is a bear market and no consolidation; share of members that must
#: stand above their mean.
BEAR, MAJORITY = 0.20, 0.5
#: Sessions of a quarter that stand in for its earnings season, the first being 1.
SEASON = (10, 45)


def lowest(*grades: str) -> str:
    """The lowest of the grades."""
    return min(grades, key=GRADES.index)


def best(grades: Sequence[str]) -> str:
    """The highest of the grades; none of none."""
    return max(grades, key=GRADES.index, default="none")


def capped(grade: str, most: str = "weak") -> str:
    """The grade, and never more than ``most``."""
    return lowest(grade, most)


def effect_grade(size: float) -> str:
    """By the largest size c at which a new turn stands; 0 where none does."""
    return next((g for limit, g in SIZES if size >= limit), "none")


def persistence_grade(sessions: int) -> str:
    """By sessions since the date in question."""
    return next((g for limit, g in SESSIONS if sessions >= limit), "too early")


def significance_grade(evidence: Evidence, direction: int) -> str:
    """By adjusted p and interval, for an effect that goes the way of ``direction``; else none."""
    e = evidence
    if (
        e.effect is None
        or e.low is None
        or e.high is None
        or e.p_adjusted is None
        or e.effect * direction <= 0
    ):
        return "none"
    if e.low <= 0 <= e.high:
        return "none"
    return next((g for limit, g in P_VALUES if e.p_adjusted <= limit), "weak")


@dataclass(frozen=True)
class RotationCase:
    """What is known of one rotation since the date.

    direction  +1 A, -1 B, 0 nobody: the way of the newest turn known after the date and still
               standing
    size       largest size at which it stands; 0 for none
    sessions   since the date
    raw        move since the date against earlier windows, of the line; ``flat`` the same of the
               line without beta (None: not asked)
    sector     a sector against the market
    """

    name: str
    direction: int
    size: float
    sessions: int
    raw: Evidence
    flat: Evidence | None = None
    sector: bool = False

    @property
    def evidence(self) -> Evidence:
        """The weaker of the two: no number before any number, else the larger p."""
        if self.flat is None:
            return self.raw
        return max((self.raw, self.flat), key=lambda e: math.inf if e.p is None else e.p)


@dataclass(frozen=True)
class Grading:
    """A case and its grades; ``evidence`` is the one that counted, adjusted over the family."""

    case: RotationCase
    evidence: Evidence
    effect: str
    significance: str
    persistence: str
    grade: str


def judge(
    cases: Sequence[RotationCase], also: Sequence[Evidence] = ()
) -> tuple[list[Grading], list[Evidence]]:
    """The cases graded, and ``also`` (further questions) adjusted in the same family."""
    family = judge_family([*(c.evidence for c in cases), *also])
    graded = []
    for case, evidence in zip(cases, family, strict=False):
        parts = (
            effect_grade(case.size),
            significance_grade(evidence, case.direction),
            persistence_grade(case.sessions),
        )
        whole = lowest(*parts)
        graded.append(Grading(case, evidence, *parts, capped(whole) if case.sector else whole))
    return graded, family[len(cases) :]


def leadership(graded: Sequence[Grading]) -> str:
    """Is leadership changing? The best grade; too early only where it is too early for all."""
    return best([g.grade for g in graded])


@dataclass(frozen=True)
class Consolidation:
    """What is known of one sector or basket; NaN where unknown.

    drawdown  from its 252-day high, a fraction at most zero
    sessions  since that high
    above     distance of its level from its own 200-day mean
    share     share of its members above theirs
    lift      relative return a session in earnings seasons less outside, per quarter (adjusted)
    """

    drawdown: float
    sessions: int
    above: float
    share: float
    lift: Evidence

    @property
    def intact(self) -> bool:
        """The trend stands: level and most members (if known) above their mean, no bear market."""
        members = not math.isfinite(self.share) or self.share > MAJORITY
        return self.above > 0 and members and -self.drawdown < BEAR

    @property
    def effect(self) -> str:
        """By the fall from the high; none where the trend is broken."""
        deep = next((g for limit, g in DEPTHS if -self.drawdown >= limit), "none")
        return deep if self.intact else "none"

    @property
    def significance(self) -> str:
        """That it falls behind the market in earnings seasons."""
        return significance_grade(self.lift, -1)

    @property
    def persistence(self) -> str:
        """By sessions since the high."""
        return persistence_grade(self.sessions)

    @property
    def grade(self) -> str:
        """The lowest of the three, weak at most."""
        return capped(lowest(self.effect, self.significance, self.persistence))


def season(days: Dates) -> tuple[Array, Array]:
    """(session of its quarter, from 1, and quarter) of each session: the proxy of earnings seasons.

    The first quarter is NaN: how many of its sessions lie before the first day is not known.
    """
    quarter, place = quarters(days)
    number: Array = np.where(quarter == quarter[:1], np.nan, place)
    return number, quarter.astype(np.float64)


def season_lift(line: Array, days: Dates) -> Evidence:
    """Mean daily relative return in sessions 10 to 45 of a quarter less that in its other sessions.

    line, days  ln of the relative level (T,), and its sessions

    One number per complete quarter, their mean with an autocorrelation-robust interval: n is
    quarters. A lift over exposure, never a count: earnings seasons take up more than half of all
    sessions.
    """
    number, quarter = season(days)
    step = np.diff(line, prepend=np.nan)
    inside: Bools = np.asarray((number >= SEASON[0]) & (number <= SEASON[1]))
    known: Bools = np.asarray(np.isfinite(step) & np.isfinite(number))
    every, at = np.unique(quarter, return_inverse=True)

    def mean(where: Bools) -> Array:
        chosen = where & known
        with np.errstate(invalid="ignore"):
            result: Array = np.bincount(at, np.where(chosen, step, 0.0), len(every)) / np.bincount(
                at, chosen, len(every)
            )
        return result

    lift = mean(inside) - mean(~inside)
    if len(lift):
        lift[-1] = np.nan  # the quarter under way is what is being asked about
    return replace(
        hac_mean(lift[np.isfinite(lift)]),
        method="relative return in earnings seasons less outside, by quarter, Student t with an "
        "autocorrelation-robust error",
    )


#: What may be said at each grade; a sentence never says more.
WORDS = {
    "changing": {
        "strong": "Leadership has changed",
        "moderate": "Leadership is probably changing",
        "weak": "There are weak signs that leadership is changing",
        "none": "Nothing beyond noise says that leadership is changing",
        "too early": "It is too early to say whether leadership is changing",
    },
    "consolidating": {
        "strong": "is consolidating",
        "moderate": "is probably consolidating",
        "weak": "shows weak signs of a pause that belongs to earnings seasons",
        "none": "shows no pause that could be told from noise",
        "too early": "is too close to its high to say whether it pauses",
    },
}


def claim(question: str, grade: str) -> str:
    """The words a grade allows for "changing" or "consolidating"."""
    return WORDS[question][grade]
