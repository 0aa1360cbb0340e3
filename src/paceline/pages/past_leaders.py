"""Whether factors and industries that had led went on leading."""

from __future__ import annotations

from collections.abc import Iterator

from paceline.document import Block, Grid, Label, Section
from paceline.pages import page
from paceline.pages.words import day, words
from paceline.studies.answers import Answers

#: Months of the past return by which a factor is held or sold.
MONTHS = 12
#: What the measure calls the factors taken together.
ALL = "all factors"
#: Industries at either end of the table.
ENDS = 5


@page(place=75, asked=True)
def past_leaders(ask: Answers) -> Section | None:
    """Factors by their own past, industries by theirs, each against what it must beat."""
    blocks: list[Block] = [*_factors(ask), *_industries(ask)]
    if not blocks:
        return None
    question = "Did factors and industries that had led go on leading?"
    return Section("past_leaders", "Past leaders", question, tuple(blocks))


def _factors(ask: Answers) -> Iterator[Block]:
    """Each factor's past, and what following it earned beside what holding it did."""
    found = [f for f in ask.rows("factor_momentum") if f.value is not None]
    past = {f.extra.get("factor"): f for f in found if f.statistic == f"past_{MONTHS}"}
    followed = [f for f in found if f.statistic == f"follow_{MONTHS}"]
    if not followed:
        return
    gained = {
        (f.extra.get("factor"), f.extra.get("period")): f
        for f in found
        if f.statistic == f"gain_{MONTHS}"
    }
    rows = []
    for f in followed:
        factor, period = f.extra.get("factor"), f.extra.get("period")
        gain = gained.get((factor, period))
        rows.append(
            (
                Label(str(factor)),
                Label(str(period)),
                past.get(factor),
                f,
                ask.column(f, "base", "return"),
                gain,
                None if gain is None else ask.column(gain, "p", "estimate"),
            )
        )
    whole = [f for f in followed if f.extra.get("factor") == ALL]
    for f in whole[-1:]:
        gain = gained.get((ALL, f.extra.get("period")))
        yield words(
            Label(str(f.extra.get("period")).capitalize()),
            ", following the past of all factors earned ",
            f,
            " a month",
            () if gain is None else (", ", gain, " against holding them"),
            (" (p = ", None if gain is None else ask.column(gain, "p", "estimate"), ")"),
            ".",
        )
    columns = (
        "Factor",
        "Period",
        Label(f"Past {MONTHS} months"),
        "Followed, a month",
        "Held, a month",
        "Gain",
        "p",
    )
    yield Grid("Factors held or sold by their own past", columns, tuple(rows))


def _industries(ask: Answers) -> Iterator[Block]:
    """The leading and the last industries, and what buying either way earned."""
    found = [f for f in ask.rows("industry_momentum") if f.value is not None]
    past = [f for f in found if f.statistic == "past"]
    if not past:
        return
    ends = [*past[:ENDS], *past[max(len(past) - ENDS, ENDS) :]]
    title = Label(f"Industries by their past, to {day(past[0].end).text}: first and last")
    rows = tuple((Label(str(f.extra.get("industry"))), f) for f in ends)
    yield Grid(title, ("Industry", "Past return"), rows, bars=(1,))
    kinds = {"momentum": "Leaders less laggards", "cycle_rotation": "Chosen by the business cycle"}
    earned = tuple(
        (
            Label(kinds[f.statistic]),
            Label(str(f.extra.get("period"))),
            f,
            ask.column(f, "base", "return"),
            ask.column(f, "p", "estimate"),
        )
        for f in found
        if f.statistic in kinds
    )
    columns = ("Industries", "Period", "Earned a month", "By chance", "p")
    yield Grid("Buying industries, before costs", columns, earned)
