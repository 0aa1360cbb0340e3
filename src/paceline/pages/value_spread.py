"""How much cheaper cheap stocks are than dear ones, now and in their own history."""

from __future__ import annotations

from paceline.document import Block, Chart, Label, Section, Series
from paceline.figures import Figure
from paceline.pages import page
from paceline.pages.words import day, reason, words
from paceline.studies.answers import Answers

#: Kinds of value spread, in the order in which one speaks for the market.
KINDS = {
    "within": "value spread within sectors",
    "spread": "value spread across all members",
    "published": "value spread of the published sorts",
}


@page(place=76, asked=True)
def value_spread(ask: Answers) -> Section | None:
    """How much cheaper the cheap stocks are, now and in their own history."""
    rows = ask.rows("value_spread")
    found: dict[str, list[Figure]] = {}
    for f in rows:
        if f.value is not None:
            found.setdefault(f.statistic, []).append(f)
    if not found:
        return None
    kind = next(k for k in KINDS if k in found)
    newest, last = found[kind][-1], [f for f in rows if f.statistic == kind][-1]
    blocks: list[Block] = [
        words(
            f"The {KINDS[kind]} was ",
            newest,
            " on ",
            day(newest.end),
            (", in percentile ", ask.column(newest, "place", "percentile"), " of its own history"),
            ", as a logarithm of book to market.",
            () if newest is last else (" It has no value since: ", Label(reason(last)), "."),
        )
    ]
    for name, title in (
        ("within", "Value spread within sectors, log of book to market, by month"),
        ("spread", "Value spread across all members, by month"),
        ("published", "Value spread of the published sorts, by year"),
    ):
        figures = found.get(name, [])
        if len(figures) > 1:
            when, values = [f.end for f in figures], [f.number for f in figures]
            line = Series(ask.name(figures[-1].subject).text, when, values, figures[-1])
            blocks.append(Chart("line", title, (line,), "score"))
    return Section("value_spread", "Value spread", "How cheap is cheap?", tuple(blocks))
