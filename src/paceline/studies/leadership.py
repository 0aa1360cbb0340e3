"""The evidence for and against a change of leadership: members, sectors, rotations since a date."""

from __future__ import annotations

from collections.abc import Iterator

from paceline.figures import Figure
from paceline.studies.answers import Answers
from paceline.studies.argument import Argument, side
from paceline.studies.pair_lines import study_of
from paceline.studies.rotations import C
from paceline.studies.verdict import Verdict

#: Fifths of the members by the return of their formation.
FIFTHS = 5
#: What the members are sorted by before the date, and whether the returns since it hold beta.
FORMATIONS = ("ytd", "12-2")
ADJUSTED = ("raw", "beta removed")
#: The way a rank correlation speaks: past losers ahead is a change of leadership.
SIGNS = {"past losers ahead": True, "past winners ahead": False}
#: Declared rotations whose move since the low is ranked among those after earlier lows.
RANKED = 3
#: A value among the outermost share of its history, both ends together, is called extreme.
EXTREME = 0.05


def fifths(ask: Answers, verdict: Verdict, adjusted: str) -> list[Figure]:
    """Members' mean returns since the date by fifths of the year-to-date return before it.

    Laggards first; empty if one of the five is missing.
    """
    by = _members(ask, verdict, "ytd", adjusted)
    found = [by[name] for k in range(1, FIFTHS + 1) if (name := f"quintile_{k}") in by]
    return found if len(found) == FIFTHS else []


def arguments(ask: Answers, verdict: Verdict) -> list[Argument]:
    """Every argument for or against "leadership is changing", members first."""
    return [
        *_sorted_members(ask, verdict),
        *_sectors(ask, verdict),
        *_declared(verdict),
        *_lows(ask, verdict),
    ]


def _since(ask: Answers, verdict: Verdict) -> list[Figure]:
    """Figures of the measure ``leadership`` since the date of the verdict."""
    if not ask.broad:
        return []
    since = "low" if verdict.is_low else verdict.date
    return [f for f in ask.rows("leadership", since=since) if f.value is not None]


def _members(ask: Answers, verdict: Verdict, formation: str, adjusted: str) -> dict[str, Figure]:
    """Figures of the broad basket's members by statistic."""
    return {
        f.statistic: f
        for f in _since(ask, verdict)
        if f.subject == ask.broad
        and not f.extra.get("group")
        and f.extra.get("formation") == formation
        and f.extra.get("adjusted") == adjusted
    }


def _sorted_members(ask: Answers, verdict: Verdict) -> Iterator[Argument]:
    for formation in FORMATIONS:
        for adjusted in ADJUSTED:
            by = _members(ask, verdict, formation, adjusted)
            about = {"formation": formation, "adjusted": adjusted}
            rho, order = by.get("rank_correlation"), by.get("monotone")
            if rho is not None:
                sign = str(rho.extra.get("sign"))
                yield Argument("rank", rho, side(SIGNS.get(sign)), {**about, "sign": sign})
            if order is not None and formation == "ytd":
                sign = str(order.extra.get("sign"))
                # falling: the further behind before, the further ahead since
                speaks = side(sign == "falling")
                yield Argument("fifths", by.get("spread"), speaks, {**about, "sign": sign})


def _sectors(ask: Answers, verdict: Verdict) -> Iterator[Argument]:
    for f in _since(ask, verdict):
        extra = f.extra
        if (
            f.statistic == "changed_side"
            and extra.get("group") == ask.sector_group()
            and (extra.get("adjusted"), extra.get("formation")) == ("raw", "ytd")
        ):
            yield Argument("sectors", f, side(None))


def _declared(verdict: Verdict) -> Iterator[Argument]:
    new = [g for g in verdict.declared if g.case.size >= C]
    count = verdict.figure("new episodes", len(new), "count")
    yield Argument("episodes", count, side(None if count.value is None else bool(new)))
    clear = [
        g
        for g in verdict.declared
        if g.evidence.low is not None
        and g.evidence.high is not None
        and not g.evidence.low <= 0 <= g.evidence.high
    ]
    count = verdict.figure("declared beyond noise", len(clear), "count")
    yield Argument("intervals", count, side(None if count.value is None else bool(clear)))


def _lows(ask: Answers, verdict: Verdict) -> Iterator[Argument]:
    for name in list(ask.market.file.rotations)[:RANKED]:
        study = study_of(ask, name)
        low = study.since_low() if study is not None else {}
        if low:
            rank, n = low["rank"], low["n"]
            known = rank.value is not None and n.value is not None
            far = None if not known else extreme(rank.number, int(n.number))
            yield Argument("low", rank, side(far), {"pair": verdict.rotations.pairs[name].label})


def extreme(share: float, n: int) -> bool:
    """Whether a value above that share of n earlier ones is among the outermost 5% of both ends."""
    return 2 * (1 + n * min(share, 1 - share)) / (1 + n) <= EXTREME
