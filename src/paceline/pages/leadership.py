"""Do those who led before still lead? Members by fifths, and pairs in the last full month."""

from __future__ import annotations

from paceline.document import Block, Chart, Grid, Label, Part, Section
from paceline.pages import page
from paceline.pages.words import bar, words
from paceline.studies import leadership as study
from paceline.studies.answers import Answers
from paceline.studies.pair_lines import study_of

#: The members by fifths of their earlier return, as bars.
FIFTHS = ("Laggards", "Second quintile", "Middle quintile", "Fourth quintile", "Leaders")
#: What members are sorted by before the date.
FORMATIONS = {"ytd": "Year-to-date return", "12-2": "Momentum"}
#: What the order of the fifths is called.
ORDERS = {
    "falling": "They fall from the laggards to the leaders: the lead passed from one end to the "
    "other.",
    "rising": "They rise from the laggards to the leaders: those who led go on.",
}
NO_ORDER = "They are in no order: the lead did not pass from one end to the other."


@page(place=28)
def leadership(ask: Answers) -> Section | None:
    """Members' returns since the low by fifths of the year before it; None without members."""
    blocks: list[Block] = [*_fifths(ask), *_ranks(ask), *_reversals(ask)]
    title = "Do those who led before still lead?"
    return Section("leadership", "Leaders and laggards", title, tuple(blocks)) if blocks else None


def _fifths(ask: Answers) -> list[Chart]:
    charts = []
    for adjusted, title in (
        ("raw", "Members' return since the date by quintile of year-to-date return before it"),
        ("beta removed", "The same, beta-adjusted"),
    ):
        returns, order = study.fifths(ask, adjusted), study.ordered(ask, adjusted)
        if returns:
            bars = tuple(bar(name, f) for name, f in zip(FIFTHS, returns, strict=True))
            sign = "" if order is None else str(order.extra.get("sign"))
            note = words(ORDERS.get(sign, NO_ORDER))
            charts.append(Chart("bar", title, bars, "return", note, reference=0.0))
    return charts


def _ranks(ask: Answers) -> list[Grid]:
    rows = tuple(
        (
            FORMATIONS[r.formation],
            "beta-adjusted" if r.adjusted == "beta removed" else "as it is",
            r.figure,
            str(r.figure.extra.get("sign")),
        )
        for r in study.ranks(ask)
    )
    if not rows:
        return []
    columns = ("Sorted by", "Return since", "Rank correlation", "Who is ahead")
    title = "Members: rank correlation of returns before the date with those since"
    return [Grid(title, columns, rows)]


def _reversals(ask: Answers) -> list[Grid]:
    """Both legs of every pair in the last full month and in the year before it."""
    month = ask.one("performance", ask.benchmark, "last_month")
    if month is None or not month.start or not month.end:
        return []
    rows: list[tuple[Part | None, ...]] = []
    for name in ask.market.file.rotations:
        s = study_of(ask, name)
        found = s.reversal(month.start, month.end) if s is not None else {}
        if s is not None and found:
            rows.append((Label(s.pair.label), *found.values()))
    if not rows:
        return []
    return [
        Grid(
            "The last full month against the year before it",
            (
                "Pair",
                "First leg before",
                "Second leg before",
                "First leg in the month",
                "Second leg in the month",
                "Did the lead change sides?",
            ),
            tuple(rows),
            note=words(
                "A reversal is a change in the sign of the difference. If months had nothing to "
                "do with the year before them, every other month would be one."
            ),
        )
    ]
