"""Aligned, point-in-time, read-only matrices (security x session).

    panel = build(store, sessions="XNYS", as_of="2025-12-05")

Cell (i, t) holds the newest row known at the close of session t, never anything known later, so
that the panel as of t and the panel as of a later day, cut at t, are the same.
"""

from paceline.panel.assembly import build
from paceline.panel.core import DERIVED, STALE, Panel
from paceline.panel.facts import Facts, Holdings
from paceline.panel.growth import extend
from paceline.panel.request import FIELDS, PanelArguments

__all__ = [
    "DERIVED",
    "FIELDS",
    "STALE",
    "Facts",
    "Holdings",
    "Panel",
    "PanelArguments",
    "build",
    "extend",
]
