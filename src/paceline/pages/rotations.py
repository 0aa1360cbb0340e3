"""The declared rotations: one side against the other over four windows."""

from __future__ import annotations

from paceline.document import Block, Chart, Grid, Label, Part, Section
from paceline.pages import page
from paceline.pages.words import DRAWN, WINDOWS, compare, month, words
from paceline.studies.answers import Answers

#: Windows over which each pair is compared.
COMPARED = ("since_low", "last_month", "ytd", "1y")


@page(place=30)
def rotations(ask: Answers) -> Section | None:
    """Each pair's returns and their difference; None without declared rotations."""
    declared = ask.market.file.rotations
    if not declared:
        return None
    labels = [r.label or n.replace("_", " ") for n, r in declared.items()]
    rows = [
        row
        for label, r in zip(labels, declared.values(), strict=True)
        for window in COMPARED
        if (row := _row(ask, label, (r.lead, r.against), window)) is not None
    ]
    first = next(iter(declared.values()))
    blocks: list[Block] = [*_last_month(ask, first.lead, first.against)]
    lines = ask.series("relative_strength", labels, sessions=DRAWN, since=ask.session_ago(DRAWN))
    if lines:
        title = Label("Relative strength: first leg over second, 100 at the start")
        blocks.append(Chart("line", title, tuple(lines), "level"))
    blocks.append(
        Grid(
            "Each pair over four windows",
            ("Pair", "Window", "First leg", "Second leg", "Difference of the returns"),
            tuple(rows),
            bars=(4,),
        )
    )
    return Section(
        "rotations",
        "Rotations",
        "Which side of each pair leads, and over which windows?",
        tuple(blocks),
    )


def _row(
    ask: Answers, label: str, legs: tuple[str, str], window: str
) -> tuple[Part | None, ...] | None:
    lead, against = legs
    a, b = (ask.one("performance", n, window) for n in legs)
    if a is None or b is None:
        return None
    how = {"subjects": [lead], "against": [against]}
    gap = ask.one("performance", lead, window, against=against, how=how)
    return Label(label), WINDOWS[window], a, b, gap


def _last_month(ask: Answers, lead: str, against: str) -> list[Block]:
    """The first pair's last full month, said; nothing where a leg has no return."""
    a, b = (ask.one("performance", n, "last_month") for n in (lead, against))
    if a is None or b is None:
        return []
    return [
        words(
            "In ",
            month(a.end),
            ", ",
            ask.name(lead),
            " returned ",
            a,
            compare(a, b, ", ahead of ", ", behind ", ", level with "),
            ask.name(against),
            " at ",
            b,
            ".",
        )
    ]
