"""What has changed since the previous report: the first section where there is one.

It needs the figures of the whole report and the manifest of an earlier one, so it is no declared
page: the record calls it when the other sections are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paceline.document import Block, Grid, Label, Section
from paceline.figures import Figure
from paceline.pages.words import day, words
from paceline.studies import news
from paceline.studies.answers import Answers

#: Changes listed; those of words come first, then the largest.
LISTED = 24
#: How statistics are named for people; others by their own name.
SPOKEN = {
    "word": "the theme's word",
    "leader": "who leads",
    "state 1": "who leads (watch)",
    "state 1.5": "who leads (episode)",
    "state 2": "who leads (major)",
    "since_low rank": "rank since the low",
    "last_month rank": "rank in the last full month",
}


def changes(
    ask: Answers, figures: Sequence[Figure], previous: Mapping[str, Any] | None
) -> Section | None:
    """Words, leaders, states and ranks that are not what the previous report said.

    previous  {"as_of", "figures"} of an earlier manifest; None, or one of the same day or later,
              gives no section
    """
    if not previous or str(previous.get("as_of", "")) >= ask.market.as_of:
        return None
    found = news.changed(ask, figures, previous)
    blocks: list[Block] = [
        words(
            "Since the report of ",
            day(str(previous["as_of"])),
            " ",
            "these words, leaders, signals and ranks have changed."
            if found
            else "no word, leader, signal or rank has changed.",
        )
    ]
    if found:
        blocks.append(
            Grid(
                "What has changed",
                ("Subject", "What", "Then", "Now"),
                tuple(
                    (Label(c.now.label or c.now.subject), Label(spoken(c.now)), c.then, c.now)
                    for c in found[:LISTED]
                ),
                note=words("Further ranks that moved less are left out.")
                if len(found) > LISTED
                else None,
            )
        )
    return Section(
        "changes", "What has changed", "What is different from the last report?", tuple(blocks)
    )


def spoken(figure: Figure) -> str:
    """What a figure is of, for people."""
    return SPOKEN.get(figure.statistic, figure.statistic.replace("_", " "))
