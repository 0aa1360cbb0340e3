"""The words of the market: ``names`` of things, and the ``words`` that move them."""

from __future__ import annotations

from paceline.factcheck.lexicon.names import (
    AMBIGUOUS,
    ENTRIES,
    FIGURES,
    FOREIGN,
    NICKNAMES,
    NO_TICKERS,
    SPOKEN,
    SUFFIXES,
    Entry,
)
from paceline.factcheck.lexicon.phrases import PHRASES
from paceline.factcheck.lexicon.words import (
    CAUSE,
    COMPARE,
    COMPARE_PHRASES,
    FILLERS,
    FLOW,
    FORECAST,
    LIGHT,
    MULTIPLES,
    NEEDS_NUMBER,
    NEUTRAL,
    NOT_PRICES,
    NOUNS,
    OBJECT,
    OPINION,
    PRONOUNS,
    VERBS,
)

__all__ = [
    "AMBIGUOUS",
    "CAUSE",
    "COMPARE",
    "COMPARE_PHRASES",
    "ENTRIES",
    "FIGURES",
    "FILLERS",
    "FLOW",
    "FORECAST",
    "FOREIGN",
    "LIGHT",
    "MULTIPLES",
    "NEEDS_NUMBER",
    "NEUTRAL",
    "NICKNAMES",
    "NOT_PRICES",
    "NOUNS",
    "NO_TICKERS",
    "OBJECT",
    "OPINION",
    "PHRASES",
    "PRONOUNS",
    "SPOKEN",
    "SUFFIXES",
    "VERBS",
    "Entry",
]
