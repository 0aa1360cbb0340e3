"""The headline: three sentences in generated words, every number of them a figure."""

from __future__ import annotations

from paceline.document import Label, Part, Sentence
from paceline.figures import Figure
from paceline.studies.answers import Book, day, month

#: Returns closer than this are called level.
TIE = 0.001


def sentences(book: Book) -> tuple[Sentence, ...]:
    """Who has led since the low; what the last full month said; how broad it is."""
    found = (_since_low(book), _last_month(book), _breadth(book))
    return tuple(s for s in found if s is not None)


def _say(*parts: Part | None) -> Sentence:
    return Sentence(tuple("no value" if p is None else p for p in parts))


def _pairs(book: Book) -> list[tuple[str, str]]:
    declared = book.market.file.rotations
    chosen = book.market.file.report.headline or list(declared)
    return [(declared[n].lead, declared[n].against) for n in chosen if n in declared]


def _gap(a: Figure, b: Figure) -> float:
    return float(a.value) - float(b.value)


def _since_low(book: Book) -> Sentence | None:
    low = book.market.low
    if low is None:
        return None
    legs = [
        (book.one("performance", a, "since_low"), book.one("performance", b, "since_low"))
        for a, b in _pairs(book)
    ]
    full = [(a, b) for a, b in legs if a is not None and b is not None]
    if not full:
        return None
    a, b = full[0]  # the first declared rotation is the story; the others have their table
    verb = (
        " is level with " if abs(_gap(a, b)) < TIE else " leads " if _gap(a, b) > 0 else " trails "
    )
    record = book.one("record_highs", a.subject, "last_record")
    tail: tuple[Part, ...] = ()
    if record is not None and str(record.start) > str(low[0]):
        tail = (", with a record close of ", record, " on ", day(record.start))
    return _say(
        "Since the low of ",
        day(low[0]),
        " (known from ",
        day(low[1]),
        ") ",
        book.name(a.subject),
        verb,
        book.name(b.subject),
        ": ",
        a,
        " against ",
        b,
        *tail,
        ".",
    )


def _last_month(book: Book) -> Sentence | None:
    parts: list[Part | None] = []
    when = None
    for lead, against in _pairs(book)[1:3]:
        a, b = (book.one("performance", n, "last_month") for n in (lead, against))
        if a is None or b is None:
            continue
        when = a.end
        parts += [
            "; " if parts else "",
            book.name(lead),
            " returned ",
            a,
            " and ",
            book.name(against),
            " ",
            b,
        ]
    return _say("In ", month(when), " ", *parts, ".") if when else None


def _breadth(book: Book) -> Sentence | None:
    broad = book.broad
    if broad is None:
        return None
    above = book.one("above_average", broad, how={"window": 200, "basis": None})
    share = book.one("contributions", broad, "top_share")
    total = book.one("contributions", broad, "total")
    if above is None:
        return None
    parts: list[Part | None] = [
        above,
        " of the members of ",
        book.name(broad),
        " stand above their ",
        Label("200-day"),
        " mean",
    ]
    if share is not None and total is not None and float(total.value) > 0:
        parts += [
            "; the ten largest contributors account for ",
            share,
            " of this year's gain of ",
            total,
        ]
    return _say(*parts, ".")
