"""What the words for themes are worth: the table that ``make calibrate`` wrote, as figures.

Beside each word stands how often noise is called by it or a stronger one, how surely a planted
rotation is, and whether the side that the move favoured led later on real history.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from paceline.engine import Question
from paceline.figures import Figure, Value
from paceline.lineage import code_of, digest
from paceline.methods import words

if TYPE_CHECKING:
    from paceline.market import Market

#: Sessions after which each word is asked what followed, as the table has them.
AFTER = (21, 63, 252)
#: Kinds of noise of the table.
KINDS = ("steady", "clusters")
#: Sizes of a move planted over 21 sessions that the report speaks of.
SIZES = ("1.5", "3")


@dataclass(frozen=True)
class WordsWorth:
    """What each word is worth.

    rows    word -> steady and clusters (share of looks with it or a stronger word at noise whose
            volatility does so; None for "quiet"), looks (on real history), and ahead, low, high:
            how often the side that the largest move favoured led 63 sessions later, with its
            interval
    called  size of a planted move -> share called unusual or rare within 26 sessions, where
            volatility is steady and where it clusters
    """

    rows: Mapping[str, Mapping[str, Figure | None]]
    called: Mapping[str, tuple[Figure, Figure]]


@cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("paceline") / "data/words.json").read_text("utf-8"))
    return found


def worth(market: Market) -> WordsWorth:
    """The table as figures of a market, which is none of their subjects."""
    table = _table()
    question = market.provenance().question(
        "themes",
        {"calibration": digest(table)},
        code_of(__name__),
        caveats=["simulated noise, and the French library since 1928: not this market"],
    )
    k = 3 * AFTER.index(63)
    rows = {}
    for word in words.WORDS:
        followed = table["followed"][word]
        share, low, high = followed["after"][k : k + 3]
        rows[word] = {
            **{kind: _noise(question, word, table[kind]["noise"], kind) for kind in KINDS},
            "looks": _figure(question, word, "looks", followed["looks"], "count"),
            "ahead": _figure(question, word, "ahead", share),
            "low": _figure(question, word, "ahead, low", low),
            "high": _figure(question, word, "ahead, high", high),
        }
    called = {s: _called(question, table, s) for s in SIZES}
    return WordsWorth(rows, called)


def _noise(question: Question, word: str, rates: Mapping[str, float], kind: str) -> Figure | None:
    return _figure(question, word, f"noise, {kind}", rates[word]) if word in rates else None


def _called(question: Question, table: Mapping[str, Any], size: str) -> tuple[Figure, Figure]:
    steady, clusters = (
        _figure(question, f"size {size}", f"called, {kind}", table[kind]["called"][size])
        for kind in KINDS
    )
    return steady, clusters


def _figure(
    question: Question, subject: str, statistic: str, value: Value, unit: str = "fraction"
) -> Figure:
    few = ("no value: too few dates",) if value is None else ()
    return question.figure(subject, value, unit, statistic=statistic, caveats=few)
