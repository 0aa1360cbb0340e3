"""Breadth: how many members take part in the advance, in the whole market and by sector."""

from __future__ import annotations

from dataclasses import replace

from paceline.document import Block, Chart, Grid, Label, Part, Section
from paceline.figures import Figure
from paceline.pages import page
from paceline.pages.words import DRAWN, words
from paceline.studies.answers import Answers

#: Moving averages, in sessions: those of the table, those drawn, and the one of the headline.
SHORT, MIDDLE, LONG = 20, 50, 200
#: The window of "beating the index": a month of sessions.
MONTH = 21


@page(place=90)
def breadth(ask: Answers) -> Section | None:
    """Percent above moving averages, advances, highs and lows; None without a broad basket."""
    broad = ask.broad
    if broad is None:
        return None
    group = ask.sector_group()
    sectors = ask.market.groups.get(group, []) if group else []
    blocks = [*_said(ask, broad), *_drawn(ask, broad), *_tables(ask, [broad, *sectors])]
    heat = ask.series("percent_above_average", sectors, "", DRAWN, window=MIDDLE) if sectors else []
    if heat:
        title = Label(f"Percent of members above their {MIDDLE}-day moving average, by sector")
        blocks.append(Chart("heat", title, tuple(heat), "fraction"))
    question = "Is the advance broad, or carried by a few?"
    return Section("breadth", "Breadth", question, tuple(blocks))


def _above(ask: Answers, subject: str, window: int, basis: str | None = None) -> Figure | None:
    """The share of a basket's members above their moving average."""
    return ask.one("percent_above_average", subject, how={"window": window, "basis": basis})


def _said(ask: Answers, broad: str) -> list[Block]:
    head = _above(ask, broad, LONG)
    if head is None:
        return []
    return [
        words(
            head,
            " of the members of ",
            ask.name(broad),
            " are above their ",
            Label(f"{LONG}-day"),
            " moving average",
            (
                ", and ",
                _above(ask, broad, MIDDLE),
                " are above their ",
                Label(f"{MIDDLE}-day"),
                " moving average",
            ),
            ".",
        )
    ]


def _drawn(ask: Answers, broad: str) -> list[Block]:
    """The broad basket through time: above averages, oscillator, advance/decline line."""
    above = [
        replace(s, name=f"{s.name}, {w}-day")
        for w in (MIDDLE, LONG)
        for s in ask.series("percent_above_average", [broad], "", DRAWN, window=w)
    ]
    oscillator = ask.series("advance_decline", [broad], "mcclellan", DRAWN)
    line = ask.series("advance_decline", [broad], "line", DRAWN)
    title = "Percent of members above their moving average"
    charts = [
        Chart("line", title, tuple(above), "fraction", reference=0.5),
        Chart("line", "McClellan oscillator", tuple(oscillator), "points", reference=0.0),
        Chart("line", "Advance/decline line", tuple(line), "count"),
    ]
    return [c for c in charts if c.series]


def _tables(ask: Answers, names: list[str]) -> list[Block]:
    """Breadth of the broad basket and of each sector, and the same on both bases."""
    heat: list[tuple[Part | None, ...]] = [
        (
            ask.name(name),
            *(_above(ask, name, w) for w in (SHORT, MIDDLE, LONG)),
            ask.one("beating_index", name, how={"window": MONTH}),
            ask.one("new_highs_lows", name, "new_highs"),
            ask.one("new_highs_lows", name, "new_lows"),
        )
        for name in names
    ]
    both: list[tuple[Part | None, ...]] = [
        (ask.name(n), _above(ask, n, LONG, "total"), _above(ask, n, LONG, "price")) for n in names
    ]
    return [
        Grid(
            "Breadth by sector",
            (
                "Basket",
                *(Label(f"Above {w}-day average") for w in (SHORT, MIDDLE, LONG)),
                "Beating the index over one month",
                Label("New 52-week highs"),
                Label("New 52-week lows"),
            ),
            tuple(heat),
            heat=(1, 2, 3, 4),
        ),
        Grid(
            Label(f"Percent above {LONG}-day moving average on both bases"),
            ("Basket", "Adjusted closes", "Price-only closes"),
            tuple(both),
        ),
    ]
