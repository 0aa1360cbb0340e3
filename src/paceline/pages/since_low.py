"""Since the low: every basket's return since the benchmark's last short-term low."""

from __future__ import annotations

from collections.abc import Sequence

from paceline.document import Chart, Grid, Part, Section, Sentence, Series
from paceline.figures import Figure
from paceline.pages import page
from paceline.pages.words import WINDOWS, Clause, best, day, low_since, on_basis, words
from paceline.studies.answers import Answers

#: Windows of the table, after the return since the low itself.
FURTHER = ("1d", "mtd", "last_month", "ytd", "1y")
#: Basis -> title of its table.
TITLES = {
    "price": "Returns by basket, without dividends",
    "total": "Returns by basket, with dividends",
}
#: Strongest baskets that the chart shows beside the benchmark and the rotations, and lines in all.
STRONGEST, LINES = 3, 7


@page(place=10)
def since_low(ask: Answers) -> Section | None:
    """Returns since the benchmark's low, strongest first; None where no low is known."""
    if ask.market.low is None:
        return None
    chosen = ask.market.file.report.since_low or [n for n in ask.market.declared if ":" not in n]
    returns = best(f for n in chosen if (f := ask.one("performance", n, "since_low")) is not None)
    own = ask.market.file.market.basis
    bases = sorted({f.basis for f in returns}, key=lambda basis: basis != own)
    return Section(
        "since_low",
        "Since the low",
        "Who has led since the last low, and by how much?",
        (
            _said(ask, returns),
            Chart("line", "Return since the low", _lines(ask, returns), "return", reference=0.0),
            *(_table(ask, basis, [f for f in returns if f.basis == basis]) for basis in bases),
        ),
    )


def _table(ask: Answers, basis: str, returns: Sequence[Figure]) -> Grid:
    """The returns of one basis, strongest first: dividends are never ranked among closes."""
    return Grid(
        TITLES.get(basis, "Returns by basket"),
        ("Basket", WINDOWS["since_low"], *(WINDOWS[w] for w in FURTHER), "Drawdown from high"),
        tuple(_row(ask, f) for f in returns),
        bars=(1,),
    )


def _said(ask: Answers, returns: Sequence[Figure]) -> Sentence:
    low, known = ask.market.low or (None, None)
    return words(
        "The benchmark ",
        ask.name(ask.benchmark),
        " made a short-term low on ",
        day(low),
        ", confirmed on ",
        day(known),
        ".",
        *low_since(ask.market.low_broken, ask.market.low_hidden),
        _strongest(ask, returns),
        (" The benchmark has returned ", ask.one("performance", ask.benchmark, "since_low"), "."),
    )


def _strongest(ask: Answers, returns: Sequence[Figure]) -> Clause:
    """The first of several; of one basket, or where none is ahead, there is no strongest."""
    if not returns or (len(returns) > 1 and returns[0].text == returns[-1].text):
        return ()
    first = returns[0]
    if len(returns) > 1:
        name = ask.name(first.subject)
        basis = on_basis(first, ask.one("performance", ask.benchmark, "since_low"))
        said = " The strongest basket since the low is "
        return (said, name, " with a return of ", first, f"{basis}.")
    if first.subject == ask.benchmark:
        return ()
    return (" ", ask.name(first.subject), " has returned ", first, " since.")


def _row(ask: Answers, since: Figure) -> tuple[Part | None, ...]:
    return (
        ask.name(since.subject),
        since,
        *(ask.one("performance", since.subject, w) for w in FURTHER),
        ask.one("record_highs", since.subject, "distance_from_record"),
    )


def _lines(ask: Answers, returns: list[Figure]) -> tuple[Series, ...]:
    """The paths of the benchmark, of the legs of rotations, and of the strongest baskets."""
    shown = {
        ask.benchmark,
        *(r.lead for r in ask.market.file.rotations.values()),
        *(f.subject for f in returns[:STRONGEST]),
    }
    paths = [p for f in returns if f.subject in shown and (p := ask.path(f)) is not None]
    return tuple(paths[:LINES])
