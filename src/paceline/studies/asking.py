"""A study asked for a report: what it cannot answer is no error there, its reason is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from paceline.errors import PacelineError
from paceline.studies.answers import Answers

Answer = TypeVar("Answer")


def attempt(ask: Answers, name: str, question: Callable[[], Answer]) -> Answer | None:
    """What ``question`` answers; None, with the reason in ``ask.refused``, where it cannot."""
    try:
        return question()
    except PacelineError as error:
        ask.refuse(name, error)
        return None
