"""The word for a theme, by one rule from its p: how seldom noise of the same lines looks like it.

quiet     noise looks like it on more than three looks in twenty
stirring  p at most 15%
unusual   p at most 2.5%
rare      p at most 0.3%, and at most 5% after the correction for all themes asked together

The limits lie below the shares of looks that they are to keep to (1% and 5%), since p holds exactly
on noise whose volatility stays and not quite where it clusters. How often noise is called by each
word, how surely and how soon a planted rotation is, and what followed: docs/calibration.md, made by
``make calibrate``.
"""

from __future__ import annotations

import math

#: From the weakest to the strongest.
WORDS = ("quiet", "stirring", "unusual", "rare")
#: Largest p of each word but the first, and of "rare" after the correction over all themes.
LIMITS = {"stirring": 0.15, "unusual": 0.025, "rare": 0.003}
FAMILY = 0.05


def word(p: float, adjusted: float) -> str:
    """The word for p and p adjusted over all themes; empty where there is none (NaN)."""
    if not (math.isfinite(p) and math.isfinite(adjusted)):
        return ""
    if p <= LIMITS["rare"] and adjusted <= FAMILY:
        return "rare"
    return next((w for w in ("unusual", "stirring") if p <= LIMITS[w]), "quiet")


def reaches(said: str, least: str = "unusual") -> bool:
    """Whether a word is ``least`` or stronger; none is not."""
    return bool(said) and WORDS.index(said) >= WORDS.index(least)


def speaks(p: float, way: int, theme_way: int) -> str:
    """What one line says of its theme: "for", "against" or "neither".

    A line speaks only where its own p is that of "unusual": for the theme where its move goes the
    theme's way, against it where it goes the other. Not unusual is neither, never against.
    """
    if not p <= LIMITS["unusual"] or not way or not theme_way:
        return "neither"
    return "for" if way == theme_way else "against"
