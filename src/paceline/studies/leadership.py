"""Do those who led before still lead? Members by their return before a date, and after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from paceline.figures import Figure
from paceline.methods.detector import QUARTER
from paceline.studies.answers import Answers

#: Fifths of the members by the return of their formation.
FIFTHS = 5
#: What the members are sorted by before the date, and whether the returns since it hold beta.
FORMATIONS = ("ytd", "12-2")
ADJUSTED = ("raw", "beta removed")


class Ranked(NamedTuple):
    """A rank correlation of members' returns before the date with those after it."""

    formation: str
    adjusted: str
    figure: Figure


def since(ask: Answers) -> str:
    """The benchmark's last low, where there is one ("low"), else the session a quarter ago."""
    return "low" if ask.market.low is not None else ask.session_ago(QUARTER + 1)


def fifths(ask: Answers, adjusted: str) -> list[Figure]:
    """Members' mean returns since the date by fifths of the year-to-date return before it.

    Laggards first; empty if one of the five is missing.
    """
    by = _members(ask, "ytd", adjusted)
    found = [by[name] for k in range(1, FIFTHS + 1) if (name := f"quintile_{k}") in by]
    return found if len(found) == FIFTHS else []


def ordered(ask: Answers, adjusted: str) -> Figure | None:
    """Whether the fifths fall from laggards to leaders or rise: the sign in ``extra``."""
    return _members(ask, "ytd", adjusted).get("monotone")


def ranks(ask: Answers) -> Iterator[Ranked]:
    """The rank correlations, each formation with beta and without."""
    for formation in FORMATIONS:
        for adjusted in ADJUSTED:
            rho = _members(ask, formation, adjusted).get("rank_correlation")
            if rho is not None:
                yield Ranked(formation, adjusted, rho)


def _members(ask: Answers, formation: str, adjusted: str) -> dict[str, Figure]:
    """Figures of the broad basket's members by statistic."""
    return {
        f.statistic: f
        for f in ask.of_broad("leadership", since=since(ask))
        if not f.extra.get("group")
        and f.extra.get("formation") == formation
        and f.extra.get("adjusted") == adjusted
    }
