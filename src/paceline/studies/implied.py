"""The move from the last close to a level: what a call for the level takes from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paceline.figures import Figure
from paceline.lineage import code_of

if TYPE_CHECKING:
    from paceline.market import Market

ABOUT = {
    "question": "How far is it from the last close to the level?",
    "definition": "Level over the last close, less one; nothing is said of when or how likely.",
    "never": "That the level will be reached.",
    "references": [],
}


def implied(market: Market, subject: str, level: Figure) -> Figure | None:
    """The return from the last close of a published index to ``level``; None without that close."""
    levels = market.all_levels
    if subject not in levels.names:
        return None
    close = float(levels.by_basis["price"][levels.names.index(subject), -1])
    if not np.isfinite(close) or close <= 0:
        return None
    question = market.provenance([subject], {subject: "price"}).question(
        "implied",
        {"as_of": market.as_of, "level": level.number},
        code_of(__name__),
        names=[subject],
        parents=[level.step],
        basis="price",
    )
    return question.figure(
        subject,
        level.number / close - 1,
        "return",
        statistic="implied",
        label=market.labels.get(subject, subject),
        end=market.as_of,
    )
