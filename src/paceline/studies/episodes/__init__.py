"""The rotations of a market: their lines, states and history, every number of them a figure.

answer = episodes.study(market, "small_vs_large")
answer.frame(); answer.figures

history    what followed the turns of one line
numbers    a rotation's lines, turns, episodes, histories: arrays and numbers
questions  what a rotation's figures rest on
study      every number of a rotation as a figure
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paceline.errors import NotEnoughData
from paceline.methods.detector import STEP
from paceline.studies.episodes.history import DRAWS, ITSELF, History
from paceline.studies.episodes.study import Study
from paceline.studies.rotations import C, pair_of

if TYPE_CHECKING:
    from paceline.market import Market

__all__ = ["ABOUT", "DRAWS", "ITSELF", "History", "Study", "study"]

ABOUT = {
    "question": "Has one side taken over from the other, and what did that lead to before?",
    "definition": "An episode of A taking over from B begins, on the day it is known, when ln(A/B) "
    "stands c sigma sqrt(63) above its lowest point since the last opposite turn, after a fall of "
    "the same size; sigma from 252 sessions. What followed is compared with all days. See "
    "docs/evidence.md.",
    "never": "That the rotation lasts: pairs turn about as often as noise made of their returns.",
    "references": [
        "Guillaume et al. (1997), directional changes",
        "Lunde, Timmermann (2004), Duration Dependence in Stock Prices",
    ],
}


def study(
    market: Market,
    rotation: str | tuple[str, str],
    *,
    c: float = C,
    step: int = STEP,
    draws: int = DRAWS,
) -> Study:
    """One rotation: its state now, its episodes, what followed, and how often noise does the same.

    rotation  a declared rotation, "<sector> against <market>" or the sector alone, or (lead,
              against)
    c         size of the barrier in units of sigma sqrt(63)
    step      sessions of the returns that sigma is made of: 5, or 1 for daily ones
    Raises ``UnknownName``; ``NotEnoughData`` where the pair has no common day.
    """
    pair = pair_of(market, rotation)
    answer = Study(market, pair, c=c, step=step, draws=draws)
    if not np.isfinite(answer.rotations.line(pair.name)).any():
        raise NotEnoughData(
            f"{pair.name}: {pair.lead} and {pair.against} have no common day.",
            "Check `paceline doctor`, or choose other baskets.",
        )
    return answer
