"""What speaks for and against a consolidation of the year's leader."""

from __future__ import annotations

import math

from paceline.figures import Figure
from paceline.methods import grades as rules
from paceline.studies.answers import Answers
from paceline.studies.argument import Argument, side
from paceline.studies.verdict import Verdict

#: The least fall from the high that is a pause: the lower limit of the lowest grade.
PAUSE = min(limit for limit, _ in rules.DEPTHS)
#: Sessions since the high below which it is too early to say.
EARLY = min(limit for limit, _ in rules.SESSIONS)


def arguments(ask: Answers, verdict: Verdict) -> list[Argument]:
    """Every argument for or against; empty where the question cannot be asked."""
    d, made = verdict.consolidation, verdict.consolidation_figures
    if d is None:
        return []
    short, share, subject = made.get("below_short"), made.get("share"), verdict.sector
    below = None if short is None else short.number < 0
    since = verdict.figure("sessions since high", d.sessions, "sessions", subject=subject)
    lift = verdict.figure(
        "earnings season lift",
        d.lift.effect,
        "return",
        subject=subject,
        evidence=d.lift,
        caveats=(d.lift.note,),
    )
    lags = None if d.lift.effect is None else d.significance != "none"
    return [
        Argument("high", made["drawdown"], side(-d.drawdown >= PAUSE)),
        Argument("long", made["above"], side(d.above > 0)),
        Argument("short", short, side(below)),
        *([] if share is None else [Argument("members", share, side(d.share > rules.MAJORITY))]),
        Argument("sessions", since, side(d.sessions >= EARLY)),
        *_season(ask, verdict),
        Argument("lift", lift, side(lags)),
    ]


def _season(ask: Answers, verdict: Verdict) -> list[Argument]:
    """Where today lies in its quarter; nothing where the quarter's first sessions are not there."""
    number, _ = rules.season(ask.market.all_levels.sessions)
    today = float(number[-1])
    if not math.isfinite(today):
        return []
    inside = rules.SEASON[0] <= today <= rules.SEASON[1]
    figure: Figure = verdict.figure(
        "session of quarter", int(today), "count", subject=verdict.sector
    )
    return [Argument("season", figure, side(inside), {"season": "inside" if inside else "outside"})]
