"""One piece of evidence for or against a claim: a figure, and which way it speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from paceline.figures import Figure


@dataclass(frozen=True)
class Argument:
    """A figure that speaks "for" or "against" a claim, or "neither".

    kind   what it is, for the page that words it
    about  what else the words need: names, orders, formations
    """

    kind: str
    figure: Figure | None
    speaks: str
    about: Mapping[str, str] = field(default_factory=dict)


def side(yes: bool | None) -> str:
    """For, against, or neither where the question has no answer."""
    return "neither" if yes is None else "for" if yes else "against"
