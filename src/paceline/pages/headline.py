"""The headline: three sentences in generated words, every number of them a figure.

They speak of the baskets of page one, on its basis, so that no number stands beside another of the
same thing; without such baskets, of the rotations.
Before anything else a reader must know on which sessions most of the data are missing, and where a
built index does not follow the published one: a sentence each, after the three.
"""

from __future__ import annotations

from collections.abc import Sequence

from paceline.document import Label, Part, Sentence
from paceline.figures import Figure
from paceline.pages.words import (
    Clause,
    compare,
    day,
    largest,
    low_since,
    missing,
    month,
    of_largest,
    words,
)
from paceline.studies import page_one as study
from paceline.studies.answers import Answers
from paceline.studies.page_one import Row

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
    basis = study.basis_of(ask.market)
    how = {} if basis == ask.market.file.market.basis else {"basis": basis}
    a, b = (ask.one("performance", n, window, how=how) for n in (lead, against))
    if a is None or b is None:
        return ()
    return (ask.name(lead), " returned ", a, compare(a, b, *STANDING), ask.name(against), " at ", b)


def _since_low(ask: Answers) -> Sentence | None:
    if ask.market.low is None:
        return None
    low, known = ask.market.low
    if ask.market.file.report.page_one.rows and (said := _strongest(ask, study.rows(ask))):
        return words(
            "Since the low of ",
            day(low),
            " (confirmed on ",
            day(known),
            "), ",
            *said,
            ".",
            *low_since(ask.market.low_broken, ask.market.low_hidden),
        )
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


def _strongest(ask: Answers, rows: Sequence[Row]) -> tuple[Part | Clause, ...]:
    """The strongest row of page one beside the first, and how rare that is; empty without two."""
    held = [r for r in rows if "since_low" in r.returns and not missing(r.returns["since_low"])]
    if len(held) < 2 or held[0] is not rows[0]:
        return ()
    first = max(held, key=lambda r: r.returns["since_low"].number)
    if first is held[0]:  # the benchmark itself: beside the next
        second = max(held[1:], key=lambda r: r.returns["since_low"].number)
    else:
        second = held[0]
    a, b = (r.returns["since_low"] for r in (first, second))
    place = first.places.get("since_low")
    return (
        ask.name(first.name),
        " returned ",
        a,
        compare(a, b, *STANDING),
        ask.name(second.name),
        " at ",
        b,
        ", dividends included" if a.basis == "total" else "",
        _rare(place, Label(first.history[:4])),
    )


def _rare(place: Figure | None, since: Label) -> Clause:
    """How many of the windows as long a return is above."""
    if place is not None and place.value == 1:
        return (": more than in any other window as long since ", since)
    if place is not None and place.value == 0:
        return (": less than in any other window as long since ", since)
    return (": more than in ", place, " percent of all windows as long since ", since)


def _last_month(ask: Answers) -> Sentence | None:
    """The last full month of the second and third pair."""
    parts: list[Part] = []
    end = None
    for lead, against in _pairs(ask)[1:3]:
        compared = _compared(ask, lead, against, "last_month")
        if compared:
            parts += ["; " if parts else "", *compared]
            end = end or next(p for p in compared if isinstance(p, Figure))
    if end is None:
        return None
    market = ask.market.file.market
    other = study.basis_of(ask.market) != market.basis and end.basis == "total"
    return words("In ", month(end.end), ", ", "with dividends, " if other else "", *parts, ".")


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
    # page one has one number for the year's gain, that of its benchmark
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
            ("; the ", largest_ones, " gave ", at.get("top_share"), " of this year's gain"),
            (
                "; the ",
                largest_ones,
                " alone added ",
                at.get("top"),
                ", more than the whole gained this year",
            ),
        ),
        ".",
    )
