"""Dated events: what each theme did around the days of one kind, against all other days."""

from __future__ import annotations

from paceline.document import Block, Grid, Label, Section, Sentence
from paceline.pages.words import INTERVAL, day, words
from paceline.studies.scenario import Catalyst
from paceline.studies.scenario.catalysts import QUESTION
from paceline.wording import number_of


def section(around: Catalyst) -> Section:
    """One kind of event as a section."""
    return Section("catalysts", "Dated events", QUESTION, tuple(blocks(around)))


def blocks(around: Catalyst) -> list[Block]:
    """Which days they are, and a row for each theme."""
    return [asked(around), table(around)]


def asked(around: Catalyst) -> Sentence:
    """The kind of event, the sessions that count, and its next day."""
    first, last = around.event.window
    length = last - first + 1
    where = "the day itself" if (first, last) == (0, 0) else _window(first, last)
    return words(
        Label(around.label),
        ": returns of ",
        Label(f"{number_of(length, 'session')} ({where})"),
        (". The next day is ", day(around.next)) if around.next else None,
        ". ",
        (Label(_sentence(around.event.source)),) if around.event.source else None,
    )


def _window(first: int, last: int) -> str:
    """The window in words, counted from the day."""

    def said(session: int) -> str:
        way = "before" if session < 0 else "after"
        return f"{number_of(abs(session), 'session')} {way}" if session else "the day"

    return f"from {said(first)} to {said(last)}"


def _sentence(text: str) -> str:
    return f"The days: {text.rstrip('.')}."


def table(around: Catalyst) -> Grid:
    """Mean around the days, of all sessions, the difference with its interval, and how unusual."""
    low, high = INTERVAL
    columns = "mean", "ordinary", "effect", "low", "high", "rose", "events", "p", "adjusted_p"
    tests = "standardised_t", "rank_z"
    return Grid(
        "Around the days, against all sessions",
        (
            *("Theme or sector", "Around", "All sessions", "Difference", low, high, "Rose"),
            *("Events", "p by placebo", "Corrected", "Standardised t", "Rank z"),
        ),
        tuple(
            (Label(one.label), *(around.figure(one.name, c) for c in (*columns, *tests)))
            for one in around.lines
        ),
        note=words(
            "The placebo moves all days together by every number of sessions; corrected is p over "
            "all rows (Benjamini and Hochberg). A dash: too few events to judge."
        ),
    )
