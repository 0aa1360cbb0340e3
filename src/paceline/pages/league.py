"""Leagues: the members of each group ranked by return, one section a group.

A total-return fund among price returns carries a mark.
"""

from __future__ import annotations

from paceline.document import Block, Grid, Label, Part, Section, Sentence
from paceline.figures import Figure
from paceline.pages import page, wanted
from paceline.pages.words import WINDOWS, best, marked, month, words
from paceline.studies.answers import Answers

#: Windows that are ranked, and windows that are only shown.
RANKED, SHOWN = ("last_month", "since_low"), ("3m", "ytd", "1y")


@page(place=60)
def league(ask: Answers) -> list[Section]:
    """A section for each group of the market that has returns."""
    groups = [g for g in ask.market.groups if wanted(ask, f"league_{g}")]
    return [s for group in groups if (s := _group(ask, group)) is not None]


def _group(ask: Answers, group: str) -> Section | None:
    rows = [f for f in ask.rows("league") if f.extra.get("group") == group]
    ranked = {w: best(f for f in rows if f.statistic == w) for w in RANKED}
    if not ranked["last_month"]:
        return None
    title = ask.group_title(group)
    mixed = len({f.basis for f in ranked["last_month"]}) > 1
    at = {(f.subject, f.statistic): f for f in rows if f.value is not None}
    grid = Grid(
        Label(title),
        (
            "Basket",
            *(h for w in RANKED for h in (WINDOWS[w], "Rank", "Rank change")),
            *(WINDOWS[w] for w in SHOWN),
        ),
        tuple(_row(ask, f.subject, at, mixed=mixed) for f in ranked["last_month"]),
        bars=(1, 4),
        note=Sentence(
            ("Rank change: places gained or lost against the preceding period of equal length.",)
        ),
    )
    blocks: tuple[Block, ...] = (_said(ask, ranked["last_month"]), grid)
    return Section(f"league_{group}", title, "Who leads the league, and who is climbing?", blocks)


def _said(ask: Answers, ranked: list[Figure]) -> Sentence:
    first, last = ranked[0], ranked[-1]
    head = ("In ", month(first.end), ", ")
    if last is first:
        return words(*head, ask.name(first.subject), " returned ", first, ".")
    if last.text == first.text:
        return words(*head, "nobody led: every basket returned ", first, ".")
    return words(
        *head,
        ask.name(first.subject),
        " led with a return of " if first.number >= 0 else " lost least, with a return of ",
        first,
        ("; ", ask.name(last.subject), " came last with ", last),
        ".",
    )


def _row(
    ask: Answers, subject: str, at: dict[tuple[str, str], Figure], *, mixed: bool
) -> tuple[Part | None, ...]:
    ranks = [(f, *_rank(ask, f)) for w in RANKED for f in [at.get((subject, w))]]
    shown = next(f for f, *_ in ranks if f is not None)
    return (
        marked(ask.name(subject), shown, mixed),
        *(cell for cells in ranks for cell in cells),
        *(at.get((subject, w)) for w in SHOWN),
    )


def _rank(ask: Answers, figure: Figure | None) -> tuple[Figure | None, Figure | None]:
    """Rank and change of rank: further columns of a league's row."""
    if figure is None:
        return None, None
    return ask.column(figure, "rank", "count"), ask.column(figure, "rank_change", "places")
