"""One basket per sector or industry of a universe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paceline import config
from paceline.baskets import schedule
from paceline.baskets.select import Selector

if TYPE_CHECKING:
    from paceline.panel import Panel


def group_baskets(
    panel: Panel, market: config.MarketFile
) -> tuple[dict[str, config.Basket], dict[str, str]]:
    """One basket per class that members of a group's universe ever had, and its label.

    They are named "sectors:Health Care". Classes are looked up on the quarterly rebalance days and
    on the last session, each as known on that day.
    """
    made: dict[str, config.Basket] = {}
    labels: dict[str, str] = {}
    wanted = {n: g for n, g in market.groups.items() if g.by}
    if not wanted or not len(panel.sessions):
        return made, labels
    selector = Selector(panel, market)
    days = sorted(
        {e.session for e in schedule.events("quarterly", panel.sessions)}
        | {0, len(panel.sessions) - 1}
    )
    for group, spec in wanted.items():
        level, universe = str(spec.by), str(spec.universe)
        scheme = market.universes[universe].scheme
        classes: set[str] = set()
        for day in map(selector.history.day, days):
            classes |= day.classes(level, scheme, selector.universes[universe].at(day))
        for label in sorted(classes):
            name = f"{group}:{label}"
            made[name] = config.Basket.model_validate(
                {
                    "universe": universe,
                    level: label,
                    "weight": spec.weight,
                    "rebalance": spec.rebalance,
                    "label": label,
                }
            )
            labels[name] = label
    return made, labels
