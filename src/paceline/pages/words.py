"""Words that pages share: dates, sentences, comparisons, and the titles of windows and columns.

Digits stand only in figures and labels: a plain string holds words. A sentence is written so that
it reads right where a part is missing: what may be missing stands in a clause, and a clause with a
missing part is left out.

>>> words("Both fell", ("; ", None, " rose"), ".").text
'Both fell.'
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from paceline.document import Label, Part, Sentence, Series, figure_of
from paceline.figures import Figure
from paceline.wording import agreeing, spelled

#: A clause: parts that are said together or not at all.
Clause = tuple[Part | None, ...]

MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
#: How the windows of returns are named in headings.
WINDOWS = {
    "since_low": "Since the low",
    "1d": "Last session",
    "mtd": "Month to date",
    "last_month": "Last full month",
    "3m": "Three months",
    "ytd": "Year to date",
    "1y": "One year",
}
#: The two legs of an interval, as headings.
INTERVAL = (Label("95% interval from"), "to")
#: Sessions drawn in charts of history: two years.
DRAWN = 504
#: Returns closer than this, a tenth of a point, are level.
TIE = 0.001


def heading(text: str) -> str | Label:
    """A heading, or part of a sentence, with a declared number in it: digits are a label."""
    return Label(text) if any(c.isdigit() for c in text) else text


def words(*parts: Part | Clause | None) -> Sentence:
    """A sentence of words, labels, figures and clauses; a clause with a missing part is left out.

    Missing is None or a figure without a value. Outside a clause a figure without a value shows as
    a dash and None is left out, so parts that may be missing belong into a clause.
    """
    said: list[Part] = []
    for part in parts:
        if isinstance(part, tuple):
            clause = [p for p in part if p is not None]
            if len(clause) == len(part) and not any(map(missing, clause)):
                said += clause
        elif part is not None:
            said.append(part)
    return Sentence(tuple(said))


def missing(part: Part | None) -> bool:
    """Whether a part of a sentence has nothing to say: None, or a figure without a value."""
    figure = figure_of(part)
    return part is None or (figure is not None and figure.value is None)


def largest(at: Mapping[str, Figure], k: int, share: Clause, points: Clause) -> Clause:
    """How much of a gain the ``k`` largest contributors gave.

    ``share`` where it is a part of the whole; ``points`` where the other members lost, since a
    share above one is no share; nothing without a gain, or of a basket of fewer companies.
    """
    part, top, total = (at.get(name) for name in ("top_share", "top", "total"))
    if part is None or total is None or missing(part) or missing(total) or f"top_{k}" not in at:
        return ()
    if not (part.number > 0 and total.number > 0):
        return ()
    if part.number <= 1:
        return share
    more = top is not None and not missing(top) and top.number > total.number
    return points if more else ()


def of_largest(number: int, one: str, many: str) -> Part:
    """The largest of something, as many as declared: "ten largest companies", "largest company"."""
    return agreeing(number, f"largest {one}", "") or heading(f"{spelled(number)} largest {many}")


def on_basis(figure: Figure | None, usual: Figure | None) -> str:
    """What tells a return from one that a reader would set beside it, on the other basis."""
    if figure is None or usual is None or figure.basis == usual.basis:
        return ""
    return {"total": ", dividends included", "price": ", without dividends"}.get(figure.basis, "")


def marked(name: Label, figure: Figure, mixed: bool) -> Label:
    """A name with its basis, in a table in which returns with and without dividends meet."""
    told = {"total": "with dividends", "price": "without dividends"}.get(figure.basis, "")
    return Label(f"{name.text}, {told}") if mixed and told else name


def reason(figure: Figure) -> str:
    """Why a figure has no value, as its caveats say; empty where they do not."""
    return next((c for c in figure.caveats if c.startswith("no value")), "").removeprefix(
        "no value: "
    )


def compare(a: Figure, b: Figure, ahead: str, behind: str, level: str) -> str:
    """The word for one return against another; closer than ``TIE`` they are level."""
    gap = a.number - b.number
    return level if abs(gap) < TIE else ahead if gap > 0 else behind


def best(figures: Iterable[Figure]) -> list[Figure]:
    """The figures that have a value, largest first."""
    return sorted((f for f in figures if f.value is not None), key=lambda f: -f.number)


def bar(name: str, figure: Figure) -> Series:
    """One bar of a chart."""
    return Series(name, [name], [figure.number], figure)


def day(date: str | dt.date | None) -> Label:
    """A date for people: 20 November 2025."""
    if date is None:
        return Label("an unknown day")
    on = date if isinstance(date, dt.date) else dt.date.fromisoformat(str(date)[:10])
    return Label(f"{on.day} {MONTHS[on.month - 1]} {on.year}")


def low_since(broken: dt.date | None, hidden: str) -> tuple[Clause, ...]:
    """What has become of the low that windows run from: broken since, or not known for certain."""
    return (
        (" That low has been broken since: the first close below it was on ", day(broken), ".")
        if broken
        else (),
        (" Beware: ", Label(hidden), ".") if hidden else (),
    )


def month(date: str | None) -> Label:
    """The month of a date for people: November 2025."""
    on = dt.date.fromisoformat(str(date)[:10])
    return Label(f"{MONTHS[on.month - 1]} {on.year}")
