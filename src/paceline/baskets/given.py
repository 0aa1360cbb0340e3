"""Given weights: the part of them that is of securities without a price, which nobody can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from paceline.panel.derived import delisting_dates

if TYPE_CHECKING:
    from paceline import config
    from paceline.baskets.history import Day


def unpriced(spec: config.Basket, universe: config.UniverseEntry | None, day: Day) -> list[str]:
    """Securities with a given weight above zero that have no price by the day's close.

    Neither those with a delisting on record by then, whose weight goes to the others, nor those
    that are no members of the basket's list on the day.
    """
    on = day.panel.sessions[day.t].item()
    stated = [name for name, weight in (spec.weights or {}).items() if weight > 0]
    listed = day.listed
    lacking = [s for s in stated if not any(listed[i] for i in day.names.get(s, ()))]
    if not lacking:
        return []
    gone = delisting_dates(day.panel.facts).filter(
        (pl.col("date") <= on) & (pl.col("known").fill_null(pl.col("date")) <= on)
    )
    left = set(gone["security"])
    if universe is not None and universe.members is not None:
        rows = day.panel.facts.table("members").filter(
            (pl.col("universe") == universe.members)
            & (pl.col("start").fill_null(on) <= on)
            & (pl.col("end").is_null() | (pl.col("end") > on))
        )
        return [s for s in lacking if s in set(rows["security"]) - left]
    return [s for s in lacking if s not in left]


def share(spec: config.Basket, names: list[str]) -> float:
    """Part of all given weights that these securities have."""
    weights = spec.weights or {}
    total = sum(weights.values())
    return sum(weights[name] for name in names) / total if total > 0 else 0.0
