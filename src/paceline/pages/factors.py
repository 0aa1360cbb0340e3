"""Factors: portfolios by window and month, and the published factors with their drawdowns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paceline.document import Block, Chart, Grid, Label, Section, Sentence, Series
from paceline.figures import Figure
from paceline.pages import page
from paceline.pages.signs import moved
from paceline.pages.words import WINDOWS, day, month, words
from paceline.studies import published
from paceline.studies.answers import Answers

#: Windows of the factor tables.
SHOWN = ("since_low", "mtd", "last_month", "ytd", "1y")
#: Columns coloured by value: the last full month and the year to date.
COLOURED = (3, 4)
NAMES = {
    "size": "Small size",
    "value": "Value",
    "momentum": "Momentum",
    "short_term_reversal": "Short-term reversal",
    "long_term_reversal": "Long-term reversal",
    "quality": "Quality",
    "low_volatility": "Low volatility",
    "ytd_winners": "Year-to-date winners",
    "ytd_laggards": "Year-to-date laggards",
}
#: Factors that need reported figures.
REPORTED = ("value", "quality")
FALLS = {
    "drawdown": "Drawdown from the peak today",
    "fall": "Past drawdown",
    "crash": "Momentum crash",
}
#: Published factors whose past drawdowns are listed: those of momentum.
MOMENTUM = ("Mom", "winners")

#: Figures by factor, side and statistic.
ByName = Mapping[tuple[str, str, str], Figure]


@page(place=70)
def factors(ask: Answers) -> Section | None:
    """Which kinds of stocks lead, long-short and long-only, by window and by month."""
    rows = ask.of_broad("factors")
    by = {
        (str(f.extra.get("factor")), str(f.extra.get("side")), f.statistic): f
        for f in rows
        if f.extra.get("factor")
    }
    names = [n for n in NAMES if any(key[0] == n for key in by)]
    blocks: list[Block] = []
    if names:
        blocks += [*_momentum(by), *_by_window(by, names), *_by_month(by, names)]
        blocks += _valuation(ask, [f for f in rows if f.statistic == "valuation_spread"])
        blocks += _missing([NAMES[n] for n in REPORTED if n not in names])
    blocks += [*_published(ask), *_falls(ask)]
    if not blocks:
        return None
    return Section(
        "factors",
        "Factors",
        "Which kinds of stocks lead: small, value, momentum, low volatility?",
        tuple(blocks),
    )


def _momentum(by: ByName) -> list[Sentence]:
    """Past winners in the last full month, long-only and long-short."""
    over = by.get(("momentum", "long_over_index", "last_month"))
    if over is None:
        return []
    both = by.get(("momentum", "long_short", "last_month"))
    return [
        words(
            "In ",
            month(over.end),
            ", long-only past winners (sorted on months two to twelve) ",
            *moved(over, "beat the index by ", "lagged the index by ", "matched the index"),
            ()
            if both is None
            else (
                "; the long-short portfolio of past winners against past losers ",
                *moved(both, "gained ", "lost ", "came out even"),
            ),
            ".",
        )
    ]


def _by_window(by: ByName, names: Sequence[str]) -> list[Grid]:
    return [
        Grid(
            title,
            ("Factor", *(WINDOWS[w] for w in SHOWN)),
            tuple((Label(NAMES[n]), *(by.get((n, side, w)) for w in SHOWN)) for n in names),
            heat=COLOURED,
        )
        for side, title in (
            ("long_short", "Long-short: top quintile less bottom quintile"),
            ("long_over_index", "Long-only: top quintile over the index"),
        )
    ]


def _by_month(by: ByName, names: Sequence[str]) -> list[Grid]:
    months = sorted({key[2] for key in by if len(key[2]) == 7 and key[2][:4].isdigit()})
    if not months:
        return []
    return [
        Grid(
            "Long-short returns by month",
            ("Factor", *(month(f"{m}-01") for m in months)),
            tuple(
                (Label(NAMES[n]), *(by.get((n, "long_short", m)) for m in months)) for n in names
            ),
            heat=tuple(range(1, len(months) + 1)),
        )
    ]


def _valuation(ask: Answers, spread: Sequence[Figure]) -> list[Chart]:
    if len(spread) < 2:
        return []
    last = spread[-1]
    line = Series(
        ask.name(last.subject).text, [str(f.end) for f in spread], [f.number for f in spread], last
    )
    return [
        Chart(
            "line",
            "Value spread: median book-to-market of the highest quintile over that of the lowest",
            (line,),
            "ratio",
        )
    ]


def _missing(names: Sequence[str]) -> list[Sentence]:
    if not names:
        return []
    return [
        words(
            f"{' and '.join(names).capitalize()} cannot be sorted: no source gives book equity and "
            "earnings as they were filed."
        )
    ]


def _published(ask: Answers) -> list[Grid]:
    rows = published.compounded(ask, SHOWN)
    if not rows:
        return []
    return [
        Grid(
            "Published daily factors over the same days",
            ("Factor", *(WINDOWS[w] for w in SHOWN)),
            tuple((Label(r.name), *r.returns) for r in rows),
        )
    ]


def _falls(ask: Answers) -> list[Grid]:
    listed = [
        f
        for f in ask.rows("factor_history")
        if f.value is not None
        and f.statistic in FALLS
        and (f.statistic != "fall" or any(w in str(f.extra.get("factor")) for w in MOMENTUM))
    ]
    if not listed:
        return []
    return [
        Grid(
            "Published factors: drawdowns today and in the past",
            ("Factor", "What", "From", "To", "Return"),
            tuple(
                (Label(str(f.extra.get("factor"))), FALLS[f.statistic], day(f.start), day(f.end), f)
                for f in listed
            ),
        )
    ]
