"""The headline: three sentences in generated words, every number of them a figure.

Before anything else a reader must know on which sessions most of the data are missing, and where a
built index does not follow the published one: a sentence each, after the three.
"""

from __future__ import annotations

from paceline.document import Label, Part, Sentence
from paceline.pages.words import (
    Clause,
    compare,
    day,
    largest,
    low_since,
    month,
    of_largest,
    on_basis,
    words,
)
from paceline.studies.answers import Answers
from paceline.wording import agreeing

#: How one leg's return stands to the other's.
STANDING = (", ahead of ", ", behind ", ", level with ")
#: The window of "this year's return", whatever the market file sets for the measure.
YEAR = {"since": "ytd"}


def sentences(ask: Answers) -> tuple[Sentence, ...]:
    """Who has led since the low; what the last full month said; how broad it is; faults."""
    said = (_since_low(ask), _last_month(ask), _breadth(ask))
    return (*(s for s in said if s is not None), *_faults(ask))


def _faults(ask: Answers) -> tuple[Sentence, ...]:
    """The faults of the last year that most of the data share."""
    return tuple(
        words(
            "Data of ",
            Label(str(row["source"])),
            ": ",
            Label(str(row["check"])),
            (" (", ask.finding(row), ")"),
            (": ", Label(str(row["example"]))) if row["example"] else (),
            ".",
        )
        for row in ask.first_page()
    )


def _pairs(ask: Answers) -> list[tuple[str, str]]:
    declared = ask.market.file.rotations
    chosen = ask.market.file.report.headline or list(declared)
    return [(declared[n].lead, declared[n].against) for n in chosen if n in declared]


def _compared(ask: Answers, lead: str, against: str, window: str) -> tuple[Part, ...]:
    """One leg's return beside the other's, in words; empty where either is missing."""
    a, b = (ask.one("performance", n, window) for n in (lead, against))
    if a is None or b is None:
        return ()
    return (ask.name(lead), " returned ", a, compare(a, b, *STANDING), ask.name(against), " at ", b)


def _since_low(ask: Answers) -> Sentence | None:
    if ask.market.low is None:
        return None
    low, known = ask.market.low
    # the first pair with both returns is the story; the others have their table
    for lead, against in _pairs(ask):
        compared = _compared(ask, lead, against, "since_low")
        if compared:
            record = ask.one("record_highs", lead, "last_record")
            tail: Clause = ()
            if record is not None and str(record.start) > str(low):
                tail = (
                    "; ",
                    ask.name(lead),
                    " set its record close of ",
                    record,
                    " on ",
                    day(record.start),
                )
            return words(
                "Since the low of ",
                day(low),
                " (confirmed on ",
                day(known),
                "), ",
                *compared,
                tail,
                ".",
                *low_since(ask.market.low_broken, ask.market.low_hidden),
            )
    return None


def _last_month(ask: Answers) -> Sentence | None:
    """The last full month of the second and third pair."""
    parts: list[Part] = []
    end = None
    for lead, against in _pairs(ask)[1:3]:
        compared = _compared(ask, lead, against, "last_month")
        if compared:
            parts += ["; " if parts else "", *compared]
            end = end or ask.one("performance", lead, "last_month")
    return words("In ", month(end.end), ", ", *parts, ".") if end else None


def _breadth(ask: Answers) -> Sentence | None:
    broad, window = ask.broad, ask.setting("percent_above_average", "window")
    above = broad and ask.one("percent_above_average", broad, how={"window": window, "basis": None})
    if not broad or not above:
        return None
    k = ask.setting("contributions", "k")
    largest_ones = of_largest(k, "contributor", "contributors")
    at = {
        s: f
        for s in ("total", "top", "top_share", f"top_{k}")
        if (f := ask.one("contributions", broad, s, how=YEAR)) is not None
    }
    # the table of returns shows the same basket's year
    basis = on_basis(at.get("total"), ask.one("performance", broad, "ytd"))
    return words(
        above,
        " of the members of ",
        ask.name(broad),
        " are above their ",
        Label(f"{window}-day"),
        " moving average",
        largest(
            at,
            k,
            (
                "; the ",
                largest_ones,
                agreeing(k, " accounts for ", " account for "),
                at.get("top_share"),
                " of this year's return of ",
                at.get("total"),
                basis,
            ),
            (
                "; the ",
                largest_ones,
                " alone added ",
                at.get("top"),
                ", more than this year's return of ",
                at.get("total"),
                basis,
            ),
        ),
        ".",
    )
