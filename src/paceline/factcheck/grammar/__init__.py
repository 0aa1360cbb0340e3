"""The reader: from sentences to claims. A number belongs to the nearest verb or noun of movement, that to the nearest
subject; where something unknown stands between them nothing is claimed and the words are listed as not understood."""

from __future__ import annotations

from paceline.factcheck.grammar.model import KINDS, Aside, Claim, Reading
from paceline.factcheck.grammar.reader import Reader

__all__ = ["KINDS", "Aside", "Claim", "Reader", "Reading"]
