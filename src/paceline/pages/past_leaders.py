"""Whether factors and industries that led went on leading, and how wide the value spread is."""

from __future__ import annotations

from collections.abc import Iterator

from paceline.document import Block, Chart, Grid, Label, Section, Series
from paceline.figures import Figure
from paceline.pages import page
from paceline.pages.words import day, reason, words
from paceline.studies.answers import Answers

#: Months of the past return by which a factor is held or sold.
MONTHS = 12
#: What the measure calls the factors taken together.
ALL = "all factors"
#: Kinds of value spread, in the order in which one speaks for the market.
KINDS = {
    "within": "value spread within sectors",
    "spread": "value spread across all members",
    "published": "value spread of the published sorts",
}
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


@page(place=77, asked=True)
def styles(ask: Answers) -> Section | None:
    """The mix of styles that follows each basket best, in its last window."""
    found = [f for f in ask.rows("style_analysis") if f.value is not None]
    if not found:
        return None
    end = max(f.end or "" for f in found)
    found = [f for f in found if f.end == end]
    mixes = {(f.subject, f.against): f for f in found if f.statistic == "weight"}
    others = {(f.subject, f.statistic): f for f in found}
    kinds = list(dict.fromkeys(str(against) for _, against in mixes))
    rows = tuple(
        (
            ask.name(name),
            *(mixes.get((name, kind)) for kind in kinds),
            others.get((name, "r_squared")),
            others.get((name, "tracking")),
        )
        for name in dict.fromkeys(f.subject for f in found)
    )
    columns: tuple[str | Label, ...] = (
        "Basket",
        *map(ask.name, kinds),
        "R squared",
        "Tracking error a year",
    )
    grid = Grid(
        "Mix of styles that follows best", columns, rows, heat=tuple(range(1, len(kinds) + 1))
    )
    question = "What do the baskets move like?"
    said = words("Weights of the mix over the months to ", day(end), ".")
    return Section("styles", "Style mix", question, (said, grid))


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
