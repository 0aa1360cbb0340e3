"""Baskets: functions from a panel to target weights at rebalances.

``targets`` works out who is held and how much at each rebalance (``indices`` lets the weights drift
in between); ``group_baskets`` makes one basket per sector or industry of a group; a ``weighting``
says how much of each member is held. What is decided at the close of session k uses nothing known
after it and is in force from k + 1.
"""

from paceline.baskets.core import hold, targets
from paceline.baskets.groups import group_baskets
from paceline.baskets.rebalance import AtRebalance, Rebalance, Targets
from paceline.baskets.weights import Weighting, weighting

__all__ = [
    "AtRebalance",
    "Rebalance",
    "Targets",
    "Weighting",
    "group_baskets",
    "hold",
    "targets",
    "weighting",
]
