"""Breadth: how many members take part in the advance, in the whole market and by sector."""

from __future__ import annotations

from dataclasses import replace

from paceline.document import Block, Chart, Grid, Label, Part, Section
from paceline.figures import Figure
from paceline.pages import page
from paceline.pages.words import DRAWN, heading, words
from paceline.studies.answers import Answers
from paceline.wording import number_of

#: Moving averages, in sessions, that stand beside the one of the market file (200).
SHORT, MIDDLE = 20, 50
#: Headings of windows that have a name.
MONTH, YEAR = {21: "one month"}, {252: "52-week"}


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


def _long(ask: Answers) -> int:
    """The moving average of the market file, in sessions."""
    return ask.setting("percent_above_average", "window")


def _said(ask: Answers, broad: str) -> list[Block]:
    long = _long(ask)
    head = _above(ask, broad, long)
    if head is None:
        return []
    return [
        words(
            head,
            " of the members of ",
            ask.name(broad),
            " are above their ",
            Label(f"{long}-day"),
            " moving average",
            (
                ", and ",
                _above(ask, broad, MIDDLE),
                " are above their ",
                Label(f"{MIDDLE}-day"),
                " moving average",
            )
            if long != MIDDLE
            else (),
            ".",
        )
    ]


def _drawn(ask: Answers, broad: str) -> list[Block]:
    """The broad basket through time: above averages, oscillator, advance/decline line."""
    above = [
        replace(s, name=f"{s.name}, {w}-day")
        for w in sorted({MIDDLE, _long(ask)})
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
    long = _long(ask)
    averages = sorted({SHORT, MIDDLE, long})
    ahead = ask.setting("beating_index", "window")
    highs = ask.setting("new_highs_lows", "window")
    high = YEAR.get(highs, f"{highs}-day")
    heat: list[tuple[Part | None, ...]] = [
        (
            ask.name(name),
            *(_above(ask, name, w) for w in averages),
            ask.one("beating_index", name, how={"window": ahead, "since": None}),
            ask.one("new_highs_lows", name, "new_highs"),
            ask.one("new_highs_lows", name, "new_lows"),
        )
        for name in names
    ]
    both: list[tuple[Part | None, ...]] = [
        (ask.name(n), _above(ask, n, long, "total"), _above(ask, n, long, "price")) for n in names
    ]
    return [
        Grid(
            "Breadth by sector",
            (
                "Basket",
                *(Label(f"Above {w}-day average") for w in averages),
                heading(f"Beating the index over {MONTH.get(ahead, number_of(ahead, 'session'))}"),
                Label(f"New {high} highs"),
                Label(f"New {high} lows"),
            ),
            tuple(heat),
            heat=tuple(range(1, len(averages) + 2)),
        ),
        Grid(
            Label(f"Percent above {long}-day moving average on both bases"),
            ("Basket", "Adjusted closes", "Price-only closes"),
            tuple(both),
        ),
    ]
