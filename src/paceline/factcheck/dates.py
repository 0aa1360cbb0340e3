"""The text's own date, and the windows its claims speak of, relative to that date.

Dates are read by ``dateutil`` from spans this grammar has found itself, so nothing is guessed from
loose digits; a date without a year is the last such day on or before the text's.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from dateutil import parser as dateparser
from dateutil.relativedelta import relativedelta

from paceline.factcheck.text import Text

MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December|Jan|"
    "Feb|Mar|Apr|Jun|Jul|"
    "Aug|Sept|Sep|Oct|Nov|Dec"
)
MONTH = rf"(?:{MONTHS})\b\.?"
DAYS = (
    "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Mon|Tues|Tue|Wed|Thurs|Thur|Thu|Fri|"
    "Sat|Sun"
)
DAY = rf"(?:{DAYS})\b\.?"
_NTH = r"\d{1,2}(?:st|nd|rd|th)?\b(?![%.]\d|\s?%|,\d{3}|\s?(?:percent|points))"
YEAR = r"(?:19[2-9]\d|20[0-4]\d)"
DATE = (
    rf"(?:{DAY},?\s+)?(?:{MONTH}\s+{_NTH}(?:,?\s+{YEAR}\b)?|"
    rf"{_NTH}\s+(?:of\s+)?{MONTH}(?:,?\s+{YEAR}\b)?|"
    rf"{YEAR}-\d\d-\d\d|\d{{1,2}}/\d{{1,2}}/(?:{YEAR}|\d\d)\b|\d{{1,2}}/\d{{1,2}}(?= (?:lows?|"
    rf"highs?|peak|close|bottom|record|top)\b))"
)
_FULL = re.compile(
    rf"(?:{MONTH}\s+{_NTH},?\s+{YEAR}\b|{_NTH}\s+(?:of\s+)?{MONTH},?\s+{YEAR}\b|{YEAR}-\d\d-\d\d|"
    rf"\d{{1,2}}/\d{{1,2}}/{YEAR}\b)",
    re.IGNORECASE,
)
_MONTH_YEAR = re.compile(rf"\b({MONTH})\s+({YEAR})\b", re.IGNORECASE)

#: What says that a date is the text's own, or that it is another one.
_MARKED = re.compile(
    rf"(?:as of|date[d:]?|published|posted|close of business|as at|data through)[: ]+"
    rf"(?P<d>{DATE})",
    re.IGNORECASE,
)
_OF_ANOTHER = re.compile(
    r"\b(?:since|from|between|until|through|after|before|by|on the|of)\s+$", re.IGNORECASE
)
_SINCE = re.compile(r"\b(?:since|from)\b", re.IGNORECASE)
_ENDED = re.compile(rf"\b(?:week|month|quarter|year) end(?:ed|ing)\s+(?P<d>{DATE})", re.IGNORECASE)


def moved(day: dt.date, by: relativedelta | dt.timedelta) -> dt.date:
    """A date moved by a ``relativedelta``."""
    there: dt.date = day + by
    return there


@dataclass(frozen=True)
class Window:
    """From the close of one session to the close of another.

    base   "on": the last close on or before ``first``; "before": the last close before it;
           "back": ``n`` sessions before the end; "low" / "high": the lowest / highest close of the
           subject from ``first`` to ``last`` (all of history where they are None)
    end    the last day of the window; None: the last close before or on the text's date
    """

    text: str
    start: int
    stop: int
    base: str = "before"
    first: dt.date | None = None
    last: dt.date | None = None
    n: int = 0
    end: dt.date | None = None
    unit: str = ""  # day, week, month, quarter, year: what kind of period it is
    same: bool = False  # "over the same period": the window before it
    inherited: str = ""  # "", "sentence", "paragraph", "earlier paragraph"
    unclear: str = ""  # why it cannot be told
    assumed: str = ""  # what was taken for granted
    alternative: bool = False  # the base may as well be the close before ``first``
    aside: bool = False  # it speaks of another time than the claim does
    soft: bool = False  # "for the month": the month spoken of, else the text's own
    own: bool = True  # "its April low" is the subject's, "the April low" the market's
    turning: str = ""  # "low" / "high": the text says that ``first`` was one

    @property
    def open(self) -> bool:
        """Does it run to the text's own date?"""
        return self.end is None

    def key(self) -> tuple[object, ...]:
        """What makes two windows the same, whatever their words."""
        return self.base, self.first, self.last, self.n, self.end


def read_date(text: str, today: dt.date | None = None) -> dt.date | None:
    """A date; without a year the last such day on or before ``today``. None if it is none."""
    has_year = re.search(rf"\b{YEAR}\b|/\d{{1,2}}/\d\d$", text) is not None
    if not has_year and today is None:
        return None
    try:
        clean = re.sub(rf"\b(?:{DAYS})\b\.?,?", " ", text, flags=re.IGNORECASE)
        clean = re.sub(r"\bof\b|(?<=\d)(?:st|nd|rd|th)\b", " ", clean, flags=re.IGNORECASE)
        found = dateparser.parse(
            clean, default=dt.datetime(today.year if today and not has_year else 2000, 1, 1)
        ).date()
    except (ValueError, OverflowError):
        return None
    assert isinstance(found, dt.date)
    if not has_year and today is not None and found > today:
        try:
            found = found.replace(year=found.year - 1)
        except ValueError:
            return None
    return found


def text_date(text: Text) -> tuple[dt.date, str] | None:
    """The date a text gives itself; None if there is none.

    A full date in its head, on a line of its own or in its last line; else a month and year in its
    first line (then its last day).
    """
    clean = text.clean
    lines = [(m.start(), m.group()) for m in re.finditer(r"[^\n]+", clean) if m.group().strip()]
    if not lines:
        return None
    end = lines[min(2, len(lines) - 1)][0] if len(lines) > 1 else lines[0][0] + len(lines[0][1])
    head = clean[: min(max(end, 120), 400)]
    for said in _full_dates(clean, head, [line for _, line in lines]):
        if when := read_date(said):
            return when, said
    for _, line in lines[:2]:
        m = _MONTH_YEAR.search(line)
        if m and len(line.strip()) < 90 and not _SINCE.search(line):
            first = read_date(f"{m.group(1)} 1 {m.group(2)}")
            if first:
                return first + relativedelta(months=1, days=-1), m.group()
    ended = _ENDED.search(head)
    when = read_date(ended.group("d")) if ended else None
    return (when, ended.group("d")) if ended and when else None


def _full_dates(clean: str, head: str, lines: list[str]) -> Iterator[str]:
    """Full dates that may be a text's own, the likeliest first."""
    if marks := _MARKED.search(clean[:1500]):
        yield marks.group("d")
    for m in _FULL.finditer(head):
        if not _OF_ANOTHER.search(clean[max(0, m.start() - 25) : m.start()]):
            yield m.group()
    for line in lines[:8] + lines[-3:]:
        said = line.strip()
        found = _FULL.search(line) if len(said) < 60 else None
        if found and len(found.group()) > 0.4 * len(said):
            yield found.group()


def weekday_number(name: str) -> int:
    """Monday is 0."""
    return ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(name[:3].casefold())


def _month(name: str) -> int:
    return (
        "jan",
        "feb",
        "mar",
        "apr",
        "may",
        "jun",
        "jul",
        "aug",
        "sep",
        "oct",
        "nov",
        "dec",
    ).index(name[:3].casefold()) + 1


def last_weekday(name: str, today: dt.date) -> dt.date:
    """The last day of that name on or before today."""
    return today - dt.timedelta(days=(today.weekday() - weekday_number(name)) % 7)


def period(unit: str, day: dt.date) -> tuple[dt.date, dt.date]:
    """First and last day of the week, month, quarter or year that holds a day."""
    match unit:
        case "week":
            first = day - dt.timedelta(days=day.weekday())
            return first, first + dt.timedelta(days=6)
        case "month":
            first = day.replace(day=1)
            return first, first + relativedelta(months=1, days=-1)
        case "quarter":
            first = dt.date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
            return first, first + relativedelta(months=3, days=-1)
        case "half":
            first = dt.date(day.year, 1 if day.month < 7 else 7, 1)
            return first, first + relativedelta(months=6, days=-1)
        case "year":
            return dt.date(day.year, 1, 1), dt.date(day.year, 12, 31)
        case "decade":
            first = dt.date(day.year - day.year % 10, 1, 1)
            return first, dt.date(first.year + 9, 12, 31)
        case _:
            return day, day
