"""Drivers of the year: contributions of companies and groups to the index's return."""

from __future__ import annotations

from paceline.document import Block, Chart, Grid, Label, Section
from paceline.figures import Figure
from paceline.pages import page
from paceline.pages.words import bar, best, largest, of_largest, on_basis, words
from paceline.studies.answers import Answers
from paceline.wording import agreeing


@page(place=100)
def drivers(ask: Answers) -> Section | None:
    """Contributions to the broad basket's return this year; None where there are none."""
    broad = ask.broad
    rows = ask.of_broad("contributions", since="ytd")
    companies = best(f for f in rows if f.extra.get("security"))
    at = {f.statistic: f for f in rows if not f.extra.get("part")}
    if broad is None or not companies or "total" not in at:
        return None
    k, share = ask.setting("contributions", "k"), at.get("top_share")
    largest_ones = of_largest(k, "contributor", "contributors")
    published = ask.one("performance", ask.benchmark, "ytd")
    blocks: list[Block] = [
        words(
            ask.name(broad),
            " returned ",
            at["total"],
            " this year",
            on_basis(at["total"], published),
            largest(
                at,
                k,
                (
                    "; its ",
                    largest_ones,
                    agreeing(k, " accounts for ", " account for "),
                    share,
                    " of it",
                ),
                (
                    "; its ",
                    largest_ones,
                    " alone added ",
                    at.get("top"),
                    " and all others together lost",
                ),
            ),
            ".",
        ),
        Chart(
            "bar",
            "Contributions to this year's return",
            tuple(bar(str(f.extra["company"]), f) for f in companies),
            "return",
            reference=0.0,
        ),
        *_by_group(ask, rows),
        *_published(ask, published, at["total"]),
    ]
    question = "Which companies and sectors earned the index its return?"
    return Section("drivers", "Drivers of the year", question, tuple(blocks))


def _published(ask: Answers, published: Figure | None, built: Figure) -> list[Block]:
    if published is None:
        return []
    return [
        words(
            "The published benchmark ",
            ask.name(ask.benchmark),
            " returned ",
            published,
            " over the same period",
            on_basis(published, built),
            "; its difference from the built index is not explained here.",
        )
    ]


def _by_group(ask: Answers, rows: list[Figure]) -> list[Block]:
    return [
        _grid(ask, group, parts)
        for group in ask.market.groups
        if (parts := best(f for f in rows if f.extra.get("group") == group))
    ]


def _grid(ask: Answers, group: str, parts: list[Figure]) -> Grid:
    """The baskets of a group; shares of the return only where each is a part of a whole."""
    whole = all(abs(float(f.extra.get("share") or 0)) <= 1 for f in parts)
    return Grid(
        Label(f"Contributions to this year's return: {ask.group_title(group)}"),
        ("Basket", "Contribution", *(["Share of the return"] if whole else [])),
        tuple(
            (
                ask.name(str(f.extra["part"])),
                f,
                *([ask.column(f, "share", "fraction")] if whole else []),
            )
            for f in parts
        ),
        bars=(1,),
    )
