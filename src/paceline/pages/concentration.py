"""Concentration: how much of a basket rests on its largest companies."""

from __future__ import annotations

from paceline.document import Block, Chart, Grid, Label, Part, Section, Series
from paceline.figures import Figure
from paceline.pages import page
from paceline.pages.words import heading, of_largest, words
from paceline.studies.answers import Answers
from paceline.wording import agreeing, spelled

#: Statistics of the table behind the weight of the largest, and their headings.
STATISTICS = {
    "effective_number": "Effective number of constituents",
    "entropy_number": "Entropy number",
    "hhi": "Herfindahl index",
}


@page(place=110)
def concentration(ask: Answers) -> Section | None:
    """Weights of the largest and effective numbers today, and the path of the broad basket."""
    broad = ask.broad
    whole = [n for n in ask.market.composites if ":" not in n]
    rows = [f for f in ask.rows("concentration", subjects=whole) if f.value is not None]
    if broad is None or not rows:
        return None
    today = {(f.subject, f.statistic): f for f in rows if f.end == ask.market.as_of}
    names = [n for n in whole if (n, "hhi") in today]
    most = ask.setting("concentration", "top")
    largest_ones = of_largest(most, "company", "companies")
    column = heading(agreeing(most, "Largest", f"{spelled(most).capitalize()} largest"))
    blocks: list[Block] = []
    top = today.get((broad, "top10"))
    if top is not None and (top.n_used is None or top.n_used > most):  # else it is all of it
        blocks.append(
            words(
                "The ",
                largest_ones,
                agreeing(most, " makes up ", " make up "),
                top,
                " of ",
                ask.name(broad),
                (
                    "; its effective number of constituents is ",
                    today.get((broad, "effective_number")),
                ),
                ".",
            )
        )
    blocks += _path(
        ask, [f for f in rows if (f.subject, f.statistic) == (broad, "top10")], largest_ones
    )
    blocks.append(
        Grid(
            "Concentration",
            ("Basket", column, *STATISTICS.values()),
            tuple(
                (ask.name(n), *(today.get((n, s)) for s in ("top10", *STATISTICS))) for n in names
            ),
        )
    )
    question = "How much rests on a few companies?"
    return Section("concentration", "Concentration", question, tuple(blocks))


def _path(ask: Answers, figures: list[Figure], largest_ones: Part) -> list[Block]:
    """The chart of a weight month by month; nothing where there is only one."""
    path = sorted(figures, key=lambda f: f.end or "")
    if len(path) < 2:
        return []
    line = Series(
        ask.name(path[-1].subject).text, [f.end for f in path], [f.number for f in path], path[-1]
    )
    title = Label(f"Weight of the {words(largest_ones).text} by month")
    return [Chart("line", title, (line,), "fraction")]
