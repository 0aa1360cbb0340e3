"""Two questions put to a market: is leadership changing, is a sector consolidating?

verdict = weigh(ask)
verdict.grade, verdict.consolidation.grade
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from paceline.arrays import SESSIONS_PER_YEAR
from paceline.evidence import Evidence
from paceline.figures import Figure, Value
from paceline.kernels import forward_fill
from paceline.lineage import code_of
from paceline.methods import grades
from paceline.methods.barriers import NAMED
from paceline.methods.detector import QUARTER
from paceline.methods.episode_table import last_turn
from paceline.methods.last_window import window_evidence
from paceline.studies.answers import Answers
from paceline.studies.rotations import Pair, RotationSet, ended, pairs, rotation_set

if TYPE_CHECKING:
    from paceline.market import Market

ABOUT = {
    "question": "Is leadership changing? Is the year's leader consolidating?",
    "definition": "The grade is the lowest of three: effect (size of the turn known since the "
    "date), significance (the move since the date against all earlier windows of "
    "its length, with and without beta, corrected by Benjamini and Hochberg over "
    "every rotation that shares the date) and persistence (sessions since the date; "
    "at least 42 for strong). A sector alone is weak at most. See docs/verdict.md.",
    "never": "More than the grade: none does not mean that nothing changes, only that nothing "
    "shows it.",
    "references": ["Benjamini, Hochberg (1995), Controlling the False Discovery Rate"],
}
#: The averages and the high of a trend: the rule of the grade, whatever a market file sets.
LONG = 200
TREND = {"high": SESSIONS_PER_YEAR, "short": 50, "long": LONG}
#: A low older than this is no longer news: the last quarter is judged instead.
NEWS = SESSIONS_PER_YEAR


@dataclass(frozen=True)
class Verdict:
    """What a market's rotations come to on one day.

    date        ISO date all rotations are judged from: the benchmark's last short-term low, or 63
                sessions ago
    is_low      it is the low
    sessions    since then
    graded      every rotation, in order of their declaration, sectors last
    grade       of "is leadership changing?"
    sector      the basket that is asked whether it consolidates; ``consolidation`` is None where it
                cannot be asked, with a reason
    """

    market: Market = field(repr=False)
    rotations: RotationSet = field(repr=False)
    date: str
    is_low: bool
    sessions: int
    graded: tuple[grades.Grading, ...]
    grade: str
    sector: str
    consolidation: grades.Consolidation | None
    reason: str
    consolidation_figures: Mapping[str, Figure | None] = field(repr=False)

    @property
    def declared(self) -> list[grades.Grading]:
        """The rotations of the market file, without the sectors."""
        return [g for g in self.graded if not g.case.sector]

    def figure(
        self,
        statistic: str,
        value: Value,
        unit: str,
        pair: Pair | None = None,
        *,
        subject: str = "",
        start: str | None = None,
        evidence: Evidence | None = None,
        caveats: tuple[str, ...] = (),
        **extra: str,
    ) -> Figure:
        """A number or grade of the page: of one rotation, of one basket, or of the whole market."""
        market, benchmark = self.market, self.market.benchmark
        if pair:
            legs, basis = [pair.lead, pair.against], self.rotations.basis[pair.name]
        elif subject:
            legs, basis = [subject], market.all_levels.basis.get(subject, "")
        else:
            chosen = [p for n, p in self.rotations.pairs.items() if n in self.rotations.live]
            chosen = chosen or list(self.rotations.pairs.values())
            legs = sorted({n for p in chosen for n in (p.lead, p.against)})
            caveats, basis = (*caveats, *self.ended), ""
        names = list(dict.fromkeys([*legs, benchmark]))
        question = market.provenance(names, dict.fromkeys(names, basis)).question(
            "verdict",
            {"date": self.date, "sector": self.sector, "as_of": market.as_of, "subjects": legs},
            code_of(__name__),
            names=names,
            parents=[f.step for f in self.consolidation_figures.values() if f and subject],
            caveats_of=legs if pair or subject else [],
            basis=basis,
        )
        return question.figure(
            pair.lead if pair else subject or benchmark,
            value,
            unit,
            statistic=statistic,
            label=pair.label if pair else market.labels.get(subject, market.title),
            against=pair.against if pair else None,
            start=start or self.date,
            end=market.as_of,
            caveats=caveats,
            evidence=evidence.to_json() if evidence else {},
            extra=extra,
        )

    @property
    def ended(self) -> tuple[str, ...]:
        """The rotations whose line has no value today, and why, each in words."""
        return ended(self.market, self.rotations)

    @property
    def judged(self) -> list[grades.Grading]:
        """The rotations with enough history to be judged."""
        return [g for g in self.graded if g.evidence.effect is not None]

    def counts(self) -> tuple[Figure, Figure | None]:
        """How many rotations were judged; how many lie beyond noise, None if none does."""
        clear = [g for g in self.judged if g.significance != "none"]
        beyond = self.figure("rotations beyond noise", len(clear), "count") if clear else None
        return self.figure("rotations judged", len(self.judged), "count"), beyond

    def row(self, g: grades.Grading) -> dict[str, Figure]:
        """The numbers and grades of one rotation."""
        pair, e, case = self.rotations.pairs[g.case.name], g.evidence, g.case
        which = (
            "without beta" if case.flat is not None and case.evidence is case.flat else "as it is"
        )
        full = forward_fill(self.rotations.line(pair.name))
        move = (
            float(np.expm1(full[-1] - full[-1 - self.sessions]))
            if len(full) > self.sessions
            else math.nan
        )
        why = (e.note,)

        def made(statistic: str, value: Value, unit: str, **more: Any) -> Figure:
            return self.figure(statistic, value, unit, pair, rotation=pair.name, **more)

        family = self.ended  # who is not judged changes what is corrected for all

        found = {
            "move": made("move", move, "return"),
            "effect": made("beyond usual", e.effect, "return", evidence=e, caveats=why, line=which),
            "low": made("beyond usual, low", e.low, "return", caveats=why, line=which),
            "high": made("beyond usual, high", e.high, "return", caveats=why, line=which),
            "p": made("adjusted p", e.p_adjusted, "estimate", caveats=(*why, *family), line=which),
            "n_effective": made(
                "independent windows", e.n_effective, "estimate", caveats=why, line=which
            ),
        }
        said = self.market.labels.get(pair.lead if case.direction > 0 else pair.against, "")
        turn = f"{said}: {NAMED[case.size]}" if case.direction else "none"
        found["turn"] = made("new turn", turn, "text")
        for part in ("effect", "significance", "persistence"):
            found[f"grade_{part}"] = made(
                f"grade of {part}", getattr(g, part), "text", caveats=family
            )
        found["grade"] = made("grade", g.grade, "text", caveats=family)
        return found


def turned(rotations: RotationSet, name: str, since: int) -> tuple[int, float]:
    """(direction, size) of the newest turn that became known after session ``since``.

    The largest size at which a turn that way became known after it and still stands; (0, 0.0)
    without one.
    """
    row, newest = rotations.row(name), {}
    for c in NAMED:
        last = last_turn(rotations.ladder[c], row)
        mine = rotations.ladder[c].series == row
        if last is not None and last[2] > since and bool(rotations.ladder[c].complete[mine][-1]):
            newest[c] = last
    if not newest:
        return 0, 0.0
    direction = max(newest.values(), key=lambda turn: turn[2])[0]
    return direction, max(c for c, turn in newest.items() if turn[0] == direction)


def weigh(ask: Answers, sector: str | None = None) -> Verdict | None:
    """Weigh both questions; None for a market without rotations.

    sector  the basket asked whether it consolidates; default: the sector that earned most of
            the year's gain, else the theme that did
    """
    market = ask.market
    if not pairs(market):
        return None
    rotations = rotation_set(market)
    last = len(rotations.days) - 1
    low = market.low
    at = int(np.searchsorted(rotations.days, np.datetime64(low[0]))) if low is not None else -1
    is_low = (
        low is not None and rotations.days[0] <= np.datetime64(low[0]) and 0 < last - at <= NEWS
    )
    at = at if is_low else max(last - QUARTER, 0)
    cases = []
    for name, pair in rotations.pairs.items():
        direction, size = turned(rotations, name, at) if name in rotations.live else (0, 0.0)
        flat = window_evidence(rotations.line(name, "neutral"), last - at) if pair.neutral else None
        cases.append(
            grades.RotationCase(
                name,
                direction,
                size,
                last - at,
                window_evidence(rotations.line(name), last - at),
                flat,
                pair.sector,
            )
        )
    subject = sector or leader(ask)
    lift, consolidation, figures, reason = _consolidation(ask, rotations, subject)
    graded, also = grades.judge(cases, [lift])
    if consolidation is not None:
        consolidation = replace(consolidation, lift=also[0])
    return Verdict(
        market,
        rotations,
        str(rotations.days[at]),
        is_low,
        last - at,
        tuple(graded),
        grades.leadership(graded),
        subject,
        consolidation,
        reason,
        figures,
    )


def leader(ask: Answers) -> str:
    """The sector, else the basket of a group, that contributed most to this year; "" for none."""
    rows = [
        f
        for f in ask.rows("contributions", since="ytd")
        if f.subject == ask.broad and f.value is not None and f.extra.get("group")
    ]
    group = ask.sector_group()
    chosen = [f for f in rows if f.extra["group"] == group] or rows
    return str(max(chosen, key=lambda f: f.number).extra["part"]) if chosen else ""


def _consolidation(
    ask: Answers, rotations: RotationSet, subject: str
) -> tuple[Evidence, grades.Consolidation | None, dict[str, Figure | None], str]:
    """Lift of its earnings seasons, the sector's state, its figures, and why there is nothing."""
    empty = Evidence(None, note="no sector to ask")
    if not subject:
        return empty, None, {}, "no sector or theme whose share of the year's gain is known"
    figures = {
        "drawdown": ask.one("trend_state", subject, "off_high", how=TREND),
        "above": ask.one("trend_state", subject, "from_long", how=TREND),
        "below_short": ask.one("trend_state", subject, "from_short", how=TREND),
        "share": ask.one("percent_above_average", subject, how={"window": LONG, "basis": None}),
    }
    pair = next((p for p in rotations.pairs.values() if p.sector and p.lead == subject), None)
    lift = (
        grades.season_lift(rotations.line(pair.name), rotations.days)
        if pair
        else replace(empty, note="no line of it against the market")
    )
    drawdown, above = figures["drawdown"], figures["above"]
    if drawdown is None or above is None:
        return lift, None, figures, "a year of closes is needed"
    have = ask.market.all_levels
    level = have.native[have.names.index(subject)][-SESSIONS_PER_YEAR:]
    since = int(np.nanargmax(level[::-1]))  # the newest of several highs
    share = figures["share"]
    return (
        lift,
        grades.Consolidation(
            drawdown.number,
            since,
            above.number,
            share.number if share is not None else math.nan,
            lift,
        ),
        figures,
        "",
    )
