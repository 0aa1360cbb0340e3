"""The base rates of who leads later, and the model's scores, on the factor library since 1926.

The table that ``make calibrate`` wrote, as figures: for a market whose own history is short, and
beside that of one whose history is long.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from paceline.figures import Figure
from paceline.lineage import code_of, digest

if TYPE_CHECKING:
    from paceline.market import Market

#: What the table has of a horizon, and its units.
UNITS = {
    "base": "fraction",
    "low": "fraction",
    "high": "fraction",
    "independent": "count",
    "brier_base": "ratio",
    "brier_model": "ratio",
    "log_base": "ratio",
    "log_model": "ratio",
    "gain_low": "ratio",
    "gain_high": "ratio",
}


@dataclass(frozen=True)
class LibraryOdds:
    """One horizon of the table: its figures are named as those of ``lead_odds.LeadOdds``."""

    sessions: int
    used: bool
    figures: Mapping[str, Figure]


@dataclass(frozen=True)
class Library:
    """The table: a row a horizon, and how often the model is used on simulated markets.

    steady, clusters  share of markets of noise whose volatility does so, at any horizon
    lasting           of markets whose leads last half a year, after 63 sessions
    """

    rows: tuple[LibraryOdds, ...]
    steady: Figure
    clusters: Figure
    lasting: Figure


@cache
def _table() -> dict[str, Any]:
    where = files("paceline") / "data/lead_odds.json"
    found: dict[str, Any] = json.loads(where.read_text("utf-8"))
    return found


def library(market: Market) -> Library:
    """The table as figures of a market, which is none of their subjects; kept."""
    return market.memo(["lead library"], lambda: _library(market))


def _library(market: Market) -> Library:
    table = _table()
    used = table["used"]
    question = market.provenance().question(
        "themes",
        {"calibration": digest(table)},
        code_of(__name__),
        caveats=["the French library since 1926: not this market"],
    )
    rows = tuple(
        LibraryOdds(
            int(sessions),
            bool(row["used"]),
            {
                key: question.figure(
                    "library", row[key], unit, statistic=f"ahead after {sessions}, {key}"
                )
                for key, unit in UNITS.items()
            },
        )
        for sessions, row in table["after"].items()
    )
    simulated = {"steady": "any", "clusters": "any", "lasting": "63"}
    shares = {
        kind: question.figure(
            "library", used[kind][at], "fraction", statistic=f"model used, {kind}"
        )
        for kind, at in simulated.items()
    }
    return Library(rows, **shares)
