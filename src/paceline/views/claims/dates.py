"""The text's own date, and the windows its claims speak of, relative to that date.

Dates are read by ``dateutil`` from spans this grammar has found itself, so nothing is guessed from loose digits; a date
without a year is the last such day on or before the text's.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Any

from dateutil import parser as dateparser
from dateutil.relativedelta import relativedelta

from paceline.views.claims.quantities import count
from paceline.views.claims.text import Text

_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|"
    "Aug|Sept|Sep|Oct|Nov|Dec"
)
MONTH = rf"(?:{_MONTHS})\b\.?"
_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Mon|Tues|Tue|Wed|Thurs|Thur|Thu|Fri|Sat|Sun"
DAY = rf"(?:{_DAYS})\b\.?"
_NTH = r"\d{1,2}(?:st|nd|rd|th)?\b(?![%.]\d|\s?%|,\d{3}|\s?(?:percent|points))"
_YEAR = r"(?:19[2-9]\d|20[0-4]\d)"
DATE = (
    rf"(?:{DAY},?\s+)?(?:{MONTH}\s+{_NTH}(?:,?\s+{_YEAR}\b)?|{_NTH}\s+(?:of\s+)?{MONTH}(?:,?\s+{_YEAR}\b)?|"
    rf"{_YEAR}-\d\d-\d\d|\d{{1,2}}/\d{{1,2}}/(?:{_YEAR}|\d\d)\b)"
)
_FULL = re.compile(
    rf"(?:{MONTH}\s+{_NTH},?\s+{_YEAR}\b|{_NTH}\s+(?:of\s+)?{MONTH},?\s+{_YEAR}\b|{_YEAR}-\d\d-\d\d|"
    rf"\d{{1,2}}/\d{{1,2}}/{_YEAR}\b)",
    re.IGNORECASE,
)
_MONTH_YEAR = re.compile(rf"\b({MONTH})\s+({_YEAR})\b", re.IGNORECASE)
_N = r"(?:\d{1,3}|[a-z]+(?:-[a-z]+)?)"


def moved(day: dt.date, by: Any) -> dt.date:
    """A date moved by a ``relativedelta``."""
    there: dt.date = day + by
    return there


@dataclass(frozen=True)
class Window:
    """From the close of one session to the close of another.

    base   "on": the last close on or before ``first``; "before": the last close before it; "back": ``n`` sessions
           before the end; "low" / "high": the lowest / highest close of the subject from ``first`` to ``last``
           (all of history where they are None)
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
        return self.base, self.first, self.last, self.n, self.end


def read_date(text: str, today: dt.date | None = None) -> dt.date | None:
    """A date; without a year the last such day on or before ``today``. None if it is none."""
    has_year = re.search(rf"\b{_YEAR}\b|/\d\d$", text) is not None
    if not has_year and today is None:
        return None
    try:
        clean = re.sub(rf"\b(?:{_DAYS})\b\.?,?", " ", text, flags=re.IGNORECASE)
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
    """The date a text gives itself: a full date in its head, on a line of its own or in its last line; else a month
    and year in its first line (then its last day). None if there is none or if they contradict each other."""
    clean = text.clean
    lines = [(m.start(), m.group()) for m in re.finditer(r"[^\n]+", clean) if m.group().strip()]
    if not lines:
        return None
    head_end = lines[0][0] + len(lines[0][1]) if len(lines) == 1 else lines[min(2, len(lines) - 1)][0]
    head = clean[: min(max(head_end, 120), 400)]
    marks = re.search(
        rf"(?:as of|date[d:]?|published|posted|close of business|as at|data through)[: ]+(?P<d>{DATE})",
        clean[:1500],
        re.IGNORECASE,
    )
    if marks and (when := read_date(marks.group("d"))):
        return when, marks.group("d")
    for m in _FULL.finditer(head):
        before = clean[max(0, m.start() - 25) : m.start()]
        if re.search(r"\b(?:since|from|between|until|through|after|before|by|on the|of)\s+$", before, re.IGNORECASE):
            continue
        if when := read_date(m.group()):
            return when, m.group()
    alone = [line for _, line in lines[:8] + lines[-3:] if len(line.strip()) < 60]
    for line in alone:
        m_ = _FULL.search(line)
        if m_ and len(m_.group()) > 0.4 * len(line.strip()) and (when := read_date(m_.group())):
            return when, m_.group()
    for _, line in lines[:2]:
        m2 = _MONTH_YEAR.search(line)
        if m2 and len(line.strip()) < 90 and not re.search(r"\b(?:since|from)\b", line, re.IGNORECASE):
            first = read_date(f"{m2.group(1)} 1 {m2.group(2)}")
            if first:
                return first + relativedelta(months=1, days=-1), m2.group()
    m3 = re.search(rf"\b(?:week|month|quarter|year) end(?:ed|ing)\s+(?P<d>{DATE})", head, re.IGNORECASE)
    if m3 and (when := read_date(m3.group("d"))):
        return when, m3.group("d")
    return None


def _weekday(name: str) -> int:
    return ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(name[:3].casefold())


def _month(name: str) -> int:
    return ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec").index(
        name[:3].casefold()
    ) + 1


def last_weekday(name: str, today: dt.date) -> dt.date:
    """The last day of that name on or before today."""
    return today - dt.timedelta(days=(today.weekday() - _weekday(name)) % 7)


def _period(unit: str, day: dt.date) -> tuple[dt.date, dt.date]:
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


class Reader:
    """Finds the windows of a sentence; keeps the events a text has dated ("the election on November 8")."""

    def __init__(self, today: dt.date) -> None:
        self.today = today
        self.events: dict[str, dt.date] = {}
        self.turns: dict[str, Window] = {}

    # -- building ------------------------------------------------------------------------------------------------

    def _span(self, m: re.Match[str], unit: str, day: dt.date, **more: object) -> Window:
        first, last = _period(unit, day)
        end = None if last >= self.today else last
        if first > self.today:
            return Window(m.group(), m.start(), m.end(), unclear="it lies after the text's date")
        built = Window(m.group(), m.start(), m.end(), "before", first, last, end=end, unit=unit)
        return replace(built, **more)  # type: ignore[arg-type]

    def _date(self, text: str) -> dt.date | None:
        """A date or a weekday."""
        text = re.sub(r"'s\b", "", text)
        if re.fullmatch(DAY, text.strip(), re.IGNORECASE):
            return last_weekday(text.strip(), self.today)
        return read_date(text, self.today)

    def find(self, clean: str, start: int, end: int) -> list[Window]:
        """The windows of a stretch of text, in order; where two overlap the longer one, then the earlier rule."""
        found: list[Window] = []
        for pattern, build in _RULES:
            for m in pattern.finditer(clean, start, end):
                window = getattr(self, build)(m)
                if window is not None:
                    found.append(window)
        found.sort(key=lambda w: (-(w.stop - w.start), w.start))
        kept: list[Window] = []
        for w in found:
            if all(w.stop <= k.start or w.start >= k.stop for k in kept):
                kept.append(w)
        return sorted(kept, key=lambda w: w.start)

    # -- rules ---------------------------------------------------------------------------------------------------

    def turning_on(self, m: re.Match[str]) -> Window | None:
        """since hitting a low on DATE; from its record high on DATE through DATE"""
        day = self._date(m.group("d"))
        if day is None:
            return None
        stop = self._date(m.group("to")) if m.groupdict().get("to") else None
        kind = "low" if re.search(r"\blows?\b|bottom|trough|nadir", m.group(), re.IGNORECASE) else "high"
        found = Window(m.group(), m.start(), m.end(), "on", day, end=stop, turning=kind)
        self.turns[kind] = found
        return found

    def turning_in(self, m: re.Match[str]) -> Window | None:
        """since the April low; from its October 2022 bottom"""
        day = read_date(f"{m.group('m')} 1 {m.group('y')}" if m.group("y") else f"{m.group('m')} 1", self.today)
        if day is None:
            return None
        first, last = _period("month", day)
        kind = "low" if re.search(r"low|bottom|trough|nadir", m.group("turn"), re.IGNORECASE) else "high"
        stop = self._date(m.group("to")) if m.groupdict().get("to") else None
        known = self.turns.get(kind)
        if known is not None and known.base == "on" and known.first is not None and first <= known.first <= last:
            return replace(known, text=m.group(), start=m.start(), stop=m.end(), end=stop, turning="")
        own = re.search(r"\b(?:its|their)\b", m.group(), re.IGNORECASE) is not None
        found = Window(m.group(), m.start(), m.end(), kind, first, min(last, self.today), end=stop, own=own)
        self.turns[kind] = found
        return found

    def turning_free(self, m: re.Match[str]) -> Window | None:
        """from its record high; off the lows; from the low"""
        kind = "low" if re.search(r"low|bottom|trough|nadir", m.group("turn"), re.IGNORECASE) else "high"
        said = m.group().casefold()
        if re.search(r"52[- ]week|one[- ]year|12[- ]month", said):
            return Window(m.group(), m.start(), m.end(), kind, self.today - relativedelta(years=1), self.today)
        if re.search(r"\b(?:year'?s?|2\d\d\d)\b", said):
            return Window(m.group(), m.start(), m.end(), kind, dt.date(self.today.year, 1, 1), self.today)
        if kind == "high" and re.search(r"record|all-time|peak", said):
            return Window(m.group(), m.start(), m.end(), "high", None, None)
        if kind in self.turns:  # "the low" a text has dated before
            return replace(self.turns[kind], text=m.group(), start=m.start(), stop=m.end(), turning="")
        if re.search(r"\bthat\b", said):
            return Window(m.group(), m.start(), m.end(), unclear=f"the text does not date {m.group().strip()!r}")
        return Window(m.group(), m.start(), m.end(), f"recent {kind}", None, None)

    def from_to(self, m: re.Match[str]) -> Window | None:
        a, b = self._date(m.group("d")), self._date(m.group("to"))
        if b is None and (short := re.fullmatch(r"(\d{1,2})", m.group("to"))) and a is not None:
            try:
                b = a.replace(day=int(short.group(1)))
            except ValueError:
                return None
        if a is None or b is None or b < a:
            return None
        return Window(m.group(), m.start(), m.end(), "on", a, end=b, alternative=True)

    def since_date(self, m: re.Match[str]) -> Window | None:
        day = self._date(m.group("d"))
        if day is None:
            return None
        if day == self.today and re.search(DAY, m.group("d"), re.IGNORECASE) and not re.search(r"\d", m.group("d")):
            day -= dt.timedelta(days=7)  # "since Friday", on a Friday
        if m.groupdict().get("event"):
            self.events[m.group("event").casefold()] = day
        return Window(m.group(), m.start(), m.end(), "on", day, alternative=True)

    def since_edge(self, m: re.Match[str]) -> Window | None:
        """since the start of the year; since the end of September"""
        what = m.group("what").casefold()
        edge = m.group("edge").casefold()
        day = self._named(what)
        if day is None:
            return None
        unit = self._unit_of(what)
        first, last = _period(unit, day)
        if edge in ("end", "close"):
            return Window(m.group(), m.start(), m.end(), "on", last)
        if edge in ("middle", "mid"):
            return Window(m.group(), m.start(), m.end(), "on", first + (last - first) / 2, assumed="the middle day")
        return Window(m.group(), m.start(), m.end(), "before", first, unit=unit if first <= self.today <= last else "")

    def _unit_of(self, what: str) -> str:
        for unit in ("week", "month", "quarter", "decade", "year"):
            if unit in what:
                return unit
        return "year" if re.fullmatch(_YEAR, what.strip()) else "month"

    def _named(self, what: str) -> dt.date | None:
        what = what.strip()
        if re.fullmatch(_YEAR, what):
            return dt.date(int(what), 1, 1)
        if (m := re.match(rf"({MONTH})(?:\s+({_YEAR}))?$", what, re.IGNORECASE)) is not None:
            return read_date(f"{m.group(1)} 1 {m.group(2) or ''}".strip(), self.today)
        back = {"last": 1, "previous": 1, "prior": 1}.get(what.split()[0] if what.split() else "", 0)
        for unit in ("week", "month", "quarter", "decade", "year"):
            if what.endswith(unit):
                return self._shift(unit, -back)
        return None

    def _shift(self, unit: str, by: int) -> dt.date:
        day = self.today
        match unit:
            case "week":
                return day + dt.timedelta(days=7 * by)
            case "month":
                return moved(day, relativedelta(months=by))
            case "quarter":
                return moved(day, relativedelta(months=3 * by))
            case "half":
                return moved(day, relativedelta(months=6 * by))
            case "decade":
                return moved(day, relativedelta(years=10 * by))
            case _:
                return moved(day, relativedelta(years=by))

    def since_month(self, m: re.Match[str]) -> Window | None:
        day = read_date(f"{m.group('m')} 1 {m.group('y') or ''}".strip(), self.today)
        if day is None:
            return None
        return Window(
            m.group(),
            m.start(),
            m.end(),
            "before",
            day,
            alternative=True,
            assumed="since a month: from the last close before it",
        )

    def since_year(self, m: re.Match[str]) -> Window | None:
        return Window(
            m.group(),
            m.start(),
            m.end(),
            "before",
            dt.date(int(m.group("y")), 1, 1),
            assumed="since a year: from the last close before it",
        )

    def since_event(self, m: re.Match[str]) -> Window | None:
        name = m.group("event").casefold()
        if name in self.events:
            return Window(m.group(), m.start(), m.end(), "on", self.events[name], alternative=True)
        return Window(m.group(), m.start(), m.end(), unclear=f"the text gives no date for {m.group('event')!r}")

    def since_then(self, m: re.Match[str]) -> Window | None:
        return Window(m.group(), m.start(), m.end(), same=True, n=1)

    def week_of(self, m: re.Match[str]) -> Window | None:
        day = self._date(m.group("d"))
        return None if day is None else self._span(m, "week", day)

    def week_ended(self, m: re.Match[str]) -> Window | None:
        day = self._date(m.group("d"))
        if day is None:
            return None
        unit = m.group("unit").casefold()
        first, _ = _period(unit, day)
        return Window(m.group(), m.start(), m.end(), "before", first, day, end=day, unit=unit)

    def same(self, m: re.Match[str]) -> Window | None:
        return Window(m.group(), m.start(), m.end(), same=True)

    def same_day(self, m: re.Match[str]) -> Window | None:
        return Window("that day", m.start(), m.end(), same=True, n=100 + _weekday(m.group("w")))

    def past_n(self, m: re.Match[str]) -> Window | None:
        unit = m.group("unit").casefold().rstrip("s")
        said = (m.group("n") or "one").strip()
        n = {"few": None, "couple of": 2, "couple": 2, "half": None}.get(said.casefold(), count(said))
        if n is None or n < 1 or n > 999:
            return Window(m.group(), m.start(), m.end(), unclear=f"{m.group()!r} names no number")
        if unit in ("day", "session", "trading day", "trading session"):
            return Window(m.group(), m.start(), m.end(), "back", n=n, unit="day" if n == 1 else "")
        delta = {
            "week": relativedelta(weeks=n),
            "month": relativedelta(months=n),
            "quarter": relativedelta(months=3 * n),
            "year": relativedelta(years=n),
            "decade": relativedelta(years=10 * n),
        }[unit]
        if (
            n == 1
            and m.group("n") is None
            and unit in ("week", "month", "quarter")
            and m.group("which").casefold() in ("last", "previous", "prior", "preceding")
        ):
            return self.last_period(m)
        if n == 1 and unit == "week" and self.today.weekday() >= 4:
            return self._span(m, "week", self.today)
        return Window(m.group(), m.start(), m.end(), "on", self.today - delta)

    def in_n(self, m: re.Match[str]) -> Window | None:
        """in five sessions, over three months: as long as that, up to the last close"""
        found = self.past_n(m)
        return None if found is None or found.unclear else replace(found, same=True, n=found.n)

    def last_period(self, m: re.Match[str]) -> Window | None:
        unit = m.group("unit").casefold().rstrip("s")
        if unit in ("day", "session"):
            return Window(m.group(), m.start(), m.end(), "back", n=1, unit="day", end=self.today - dt.timedelta(days=1))
        if unit == "week" and self.today.weekday() >= 5:
            return self._span(m, "week", self.today)
        return self._span(m, unit, self._shift(unit, -1))

    def this_period(self, m: re.Match[str]) -> Window | None:
        unit = m.group("unit").casefold()
        if unit in ("day", "session"):
            return self.day_of(m, self.today)
        day = self.today
        if unit == "week" and self.today.weekday() == 0 and m.group("which").casefold() in ("for the", "on the"):
            day -= dt.timedelta(days=7)  # Monday's letter speaks of the week before
        elif unit in ("month", "quarter", "year") and m.group("which").casefold() in ("for the", "on the", "the"):
            first, _ = _period(unit, day)
            if unit == "month" and (day - first).days < 2:
                day = first - dt.timedelta(days=1)  # written on the first days: the period just over
        return self._span(
            m,
            unit,
            day,
            soft=m.group("which").casefold() != "this" and "current" not in m.group("which").casefold(),
        )

    def to_date(self, m: re.Match[str]) -> Window | None:
        said = m.group().casefold()
        unit = next(
            (u for k, u in (("y", "year"), ("m", "month"), ("q", "quarter"), ("w", "week")) if said.startswith(k)),
            "year",
        )
        return self._span(m, unit, self.today)

    def so_far(self, m: re.Match[str]) -> Window | None:
        day = self._named(m.group("what"))
        return None if day is None else self._span(m, self._unit_of(m.group("what")), day)

    def year(self, m: re.Match[str]) -> Window | None:
        year = m.group("y") or m.groupdict().get("y2")
        return self._span(m, "year", dt.date(int(str(year)), 1, 1))

    def earlier(self, m: re.Match[str]) -> Window | None:
        return Window(m.group(), m.start(), m.end(), unclear="no beginning is named", aside=True)

    def month(self, m: re.Match[str]) -> Window | None:
        said_year = m.groupdict().get("y")
        day = read_date(f"{m.group('m')} 1 {said_year or ''}".strip(), self.today)
        if day is None:
            return None
        if m.group("m").casefold() == "may" and m.group("m") != "May":
            return None
        return self._span(m, "month", day)

    def last_month_named(self, m: re.Match[str]) -> Window | None:
        day = read_date(f"{m.group('m')} 1", self.today)
        if day is None:
            return None
        if _period("month", day)[1] >= self.today:
            day -= relativedelta(years=1)
        return self._span(m, "month", day)

    def quarter(self, m: re.Match[str]) -> Window | None:
        said = (m.groupdict().get("q") or "").casefold()
        n = {"final": 4, "opening": 1, "closing": 4}.get(said) or count(said)
        if n is None:
            return None
        unit = "half" if m.group("unit").casefold().startswith("h") else "quarter"
        year = m.groupdict().get("y")
        when = (m.groupdict().get("of") or "").casefold()
        y = int(year) if year else self.today.year - (1 if "last" in when else 0)
        if n > (2 if unit == "half" else 4):
            return None
        first = dt.date(y, (6 if unit == "half" else 3) * (n - 1) + 1, 1)
        if not year and first > self.today:
            first = first.replace(year=y - 1)
        return self._span(m, unit, first)

    def day_of(self, m: re.Match[str], day: dt.date) -> Window:
        if day > self.today:
            return Window(m.group(), m.start(), m.end(), unclear="it lies after the text's date")
        return Window(
            m.group(), m.start(), m.end(), "before", day, day, end=day if day < self.today else None, unit="day"
        )

    def weekday(self, m: re.Match[str]) -> Window | None:
        day = last_weekday(m.group("w"), self.today)
        if re.match(r"(?:on )?(?:last|the previous)\b", m.group(), re.IGNORECASE) and day == self.today:
            day -= dt.timedelta(days=7)
        return self.day_of(m, day)

    def on_date(self, m: re.Match[str]) -> Window | None:
        day = read_date(m.group("d"), self.today)
        return None if day is None else self.day_of(m, day)

    def today_(self, m: re.Match[str]) -> Window | None:
        return self.day_of(m, self.today)

    def yesterday(self, m: re.Match[str]) -> Window | None:
        return Window(m.group(), m.start(), m.end(), "back", n=1, end=self.today - dt.timedelta(days=1), unit="day")

    def after_event(self, m: re.Match[str]) -> Window | None:
        day = self.events.get(m.group("what").casefold())
        if day is None:
            return Window(m.group(), m.start(), m.end(), unclear=f"the text gives no date for {m.group('what')!r}")
        return Window(m.group(), m.start(), m.end(), "next", day, end=day, unit="day")

    def next_day(self, m: re.Match[str]) -> Window | None:
        return Window(m.group(), m.start(), m.end(), "next", same=True)

    def through(self, m: re.Match[str]) -> Window | None:
        day = self._date(m.group("to"))
        if day is None:
            first = read_date(f"{m.group('to')} 1", self.today)
            day = _period("month", first)[1] if first is not None else None
        return None if day is None else Window(m.group(), m.start(), m.end(), "until", end=day)

    def year_ago(self, m: re.Match[str]) -> Window | None:
        n = count(m.group("n")) or 1
        delta = relativedelta(**{m.group("unit").casefold().rstrip("s") + "s": n})
        return Window(m.group(), m.start(), m.end(), "on", self.today - delta)

    def adjective(self, m: re.Match[str]) -> Window | None:
        unit = {
            "annual": "year",
            "yearly": "year",
            "monthly": "month",
            "weekly": "week",
            "quarterly": "quarter",
            "daily": "day",
            "one-day": "day",
            "single-day": "day",
            "full-year": "year",
            "calendar-year": "year",
            "year-to-date": "year",
            "month-to-date": "month",
            "one-week": "week",
            "one-month": "month",
        }[m.group("adj").casefold()]
        return self.day_of(m, self.today) if unit == "day" else self._span(m, unit, self.today)

    def year_through(self, m: re.Match[str]) -> Window | None:
        day = self._date(m.group("to")) if re.match(DATE + r"|" + DAY, m.group("to"), re.IGNORECASE) else None
        if day is None:
            first = read_date(f"{m.group('to')} 1", self.today)
            if first is None:
                return None
            day = _period("month", first)[1]
        unit = m.group("unit").casefold()
        end = None if day >= self.today else day
        return Window(m.group(), m.start(), m.end(), "before", _period(unit, day)[0], day, end=end, unit=unit)

    def intraday(self, m: re.Match[str]) -> Window | None:
        return Window(m.group(), m.start(), m.end(), unclear="closes are stored, not prices within the day")


_TURN = (
    r"(?:(?:short-term|closing|recent|interim|intermediate|cycle|bear-market|bull-market|multi-year|record|all-time|new|"
    r"fresh|intraday|record closing|52-week|pandemic|crisis|latest|prior|previous|most recent|year-to-date|relief|panic|"
    r"COVID|Covid) )*"
    r"(?P<turn>lows?|bottom|trough|nadir|highs?|peak|top|record|record close)"
)
_DET = r"(?:(?:a|an|its|their|the|his|that|this|our)\s+)?"
_TO = rf"(?:\s+(?:to|through|until|till)\s+(?:(?:last|the close (?:on|of))\s+)?(?P<to>{DATE}|{DAY})(?:'s(?: close)?)?)"
_EVENT = (
    r"(?P<event>election|vote|referendum|crash|invasion|outbreak|announcement|meeting|collapse|speech|attack|attacks)"
)

_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(p, re.IGNORECASE), b)
    for p, b in (
        (
            rf"\b(?:since|from|off|after)\s+(?:(?:hitting|reaching|setting|making|touching|bottoming|peaking|closing|falling|"
            rf"rising|notching|forming|establishing)\s+(?:at |to |out )?)?{_DET}{_TURN}\s*,?\s*(?:(?:set|reached|hit|made|posted|"
            rf"touched|struck)\s+)?(?:on|of|at|from)\s+(?:the close (?:on|of) )?(?P<d>{DATE}){_TO}?",
            "turning_on",
        ),
        (
            rf"\b(?:since|from|off|below|above|under|beneath)\s+(?:its|their|the|that|a)\s+(?P<d>{DATE})\s+(?:\w+ )?(?P<turn>lows?|bottom|trough|peak|highs?|"
            rf"record|top|nadir)(?:\s+close)?{_TO}?",
            "turning_on",
        ),
        (rf"\bsince\s+(?:bottoming|troughing)(?:\s+out)?\s+(?P<turn>)on\s+(?P<d>{DATE}){_TO}?", "turning_on"),
        (rf"\bsince\s+peaking\s+(?P<turn>)on\s+(?P<d>{DATE}){_TO}?", "turning_on"),
        (
            rf"\b(?:since|from|off|below|above|under|beneath)\s+(?:its|their|the|that|a)\s+(?:\w+-)?(?P<m>{MONTH})(?:\s+(?P<y>{_YEAR}))?(?:'s)?\s+"
            rf"(?:closing |bear-market |panic )?(?P<turn>lows?|bottom|trough|peak|highs?|record|top|nadir){_TO}?",
            "turning_in",
        ),
        (
            rf"\b(?:since|from|off)\s+{_DET}{_TURN}\s+(?:(?:set|reached|hit|made)\s+)?(?:in|of|from)\s+(?:early |late |mid-)?"
            rf"(?P<m>{MONTH})(?:\s+(?P<y>{_YEAR}))?{_TO}?",
            "turning_in",
        ),
        (
            rf"\b(?:since|from|off|below|above|beneath|under|shy of)\s+(?:(?:hitting|reaching|setting)\s+)?{_DET}(?:year's |2\d\d\d )?{_TURN}\b(?!\s+(?:on|of|in|earnings|since|yield))",
            "turning_free",
        ),
        (
            rf"\b(?:from|between)\s+(?P<d>{DATE}|{DAY})(?:'s close)?\s+(?:to|through|until|till|and)\s+(?P<to>{DATE}|{DAY})"
            rf"(?:'s close)?",
            "from_to",
        ),
        (
            rf"\b(?:since|from)\s+(?:the\s+)?(?:close (?:of|on)\s+)?(?:\w+(?:ial)?\s+)?{_EVENT}\s+(?:on|of)\s+(?P<d>{DATE})",
            "since_date",
        ),
        (
            rf"\b(?:since|from)\s+(?:(?:the )?close (?:of|on)\s+|last\s+)?(?P<d>{DATE}|{DAY})(?:'s (?:close|low|high))?",
            "since_date",
        ),
        (rf"\b(?:since|from)\s+(?:the\s+)?(?:\w+(?:ial)?\s+)?{_EVENT}\b", "since_event"),
        (
            rf"\b(?:since|from)\s+(?:the\s+)?(?P<edge>start|beginning|end|close|middle|mid|outset|turn)\s+of\s+(?:the\s+)?"
            rf"(?P<what>(?:last |previous |this )?(?:year|month|quarter|week|decade)|{MONTH}(?:\s+{_YEAR})?|{_YEAR})",
            "since_edge",
        ),
        (rf"\bsince\s+(?:early |late |mid-?)?(?P<m>{MONTH})(?:\s+(?P<y>{_YEAR}))?\b(?!\s+\d)", "since_month"),
        (rf"\bsince\s+(?P<y>{_YEAR})\b", "since_year"),
        (r"\bsince then\b", "since_then"),
        (
            rf"\b(?:the |in the |during the |for the )?week of\s+(?P<d>{DATE})(?:\s?[-\u2013]\s?\d{{1,2}})?",
            "week_of",
        ),
        (
            rf"\b(?:in |for |during |over )?(?:the )?(?P<unit>week|month|quarter|year)\s+(?:ended|ending|to)\s+(?:on )?(?P<d>{DATE}|{DAY})",
            "week_ended",
        ),
        (
            r"\b(?:over|in|during|for|across|through)\s+(?:the|that|this)\s+(?:very )?(?:same\s+)?(?:period|stretch|span|time ?frame|time|interval|"
            r"window|stretch of time|run)\b",
            "same",
        ),
        (
            r"\b(?:in|during|over|for|on)\s+(?:the same|that)\s+(?:month|week|quarter|year|day|session|month's)\b|\bthat (?:day|week|"
            r"month|year|quarter)\b",
            "same",
        ),
        (
            rf"\b(?:in|over|during|for|across)?\s*(?:the|its|their)\s+(?P<which>past|last|latest|previous|prior|preceding|trailing)\s+"
            rf"(?P<n>{_N}\s+|couple of\s+|few\s+)?(?P<unit>trading days?|trading sessions?|days?|sessions?|weeks?|months?|quarters?|years?|"
            r"decades?)\b(?!\s+(?:high|low))",
            "past_n",
        ),
        (
            rf"\b(?:in|over|within)\s+(?P<which>)(?:just |only |a span of |the span of )?(?P<n>{_N})\s+(?P<unit>trading days|trading sessions|days|sessions|"
            r"weeks|months|quarters|years)\b(?!\s+(?:high|low|ago))",
            "in_n",
        ),
        (
            r"\b(?:(?:in|over|during|for)\s+)?(?<!the )last\s+(?P<unit>week|month|quarter|year|session)\b(?:'s)?",
            "last_period",
        ),
        (
            r"\b(?P<which>this|for the|on the|in the|the current|over the|during the)\s+(?:full |whole |entire |holiday-shortened |shortened |"
            r"calendar |trading )*(?P<unit>day|session|week|month|quarter|year)\b(?:'s)?(?!-| (?:ago|earlier|before|through|ended|ending|to\b|of\b|low|high))",
            "this_period",
        ),
        (r"\b(?:year|month|quarter|week)[- ]to[- ]date\b|\b(?:YTD|MTD|QTD|WTD)\b", "to_date"),
        (rf"\bso far (?:in |this )?(?P<what>year|month|quarter|week|decade|{MONTH}|{_YEAR})\b", "so_far"),
        (
            rf"\b(?:in|for|during|of|over|calendar|throughout|across)\s+(?:all of |the whole of |calendar |full-year )?(?P<y>{_YEAR})\b(?!\s+(?:stocks|index))",
            "year",
        ),
        (rf"(?<![-/\d,.])\b(?P<y>{_YEAR})'s\b", "year"),
        (rf"\b(?P<d>{DATE})\s*(?:to|through|-|\u2013|\u2014)\s*(?P<to>{DATE})", "from_to"),
        (
            rf"\b(?:finish(?:ed|es|ing)?|end(?:ed|s|ing)?|clos(?:ed|es|ing)|start(?:ed|s|ing)?|began|beginning)\s+(?P<y>{_YEAR})\b",
            "year",
        ),
        (rf"^(?P<y>{_YEAR})(?=\s+in review)|\b(?:the )?(?P<y2>{_YEAR})\s+(?:calendar |full )?year\b", "year"),
        (
            rf"\b(?P<m>{_MONTHS})\b(?=\s+(?:was|proved|saw|brought|turned|has been|delivered|marked|ended|is|had|went|gave|closed)\b)",
            "month",
        ),
        (r"\bearlier (?:this|in the|that|last) (?:year|month|week|quarter|decade)\b", "earlier"),
        (
            rf"\b(?:in|for|during|throughout|over|through)\s+(?:all of |the month of |early |late )?(?P<m>{MONTH})(?:,?\s+(?:of\s+)?(?P<y>{_YEAR}))?"
            rf"(?:\s+alone)?\b(?!\s+\d{{1,2}}\b)",
            "month",
        ),
        (rf"\b(?P<m>{MONTH})(?:\s+(?P<y>{_YEAR}))?'s\b", "month"),
        (rf"\b(?P<m>(?:{_MONTHS}))\s+(?P<y>{_YEAR})\b", "month"),
        (rf"\blast\s+(?P<m>(?:{_MONTHS}))\b(?!\s+\d)", "last_month_named"),
        (
            rf"\b(?:in |for |during |over )?(?:the )?(?P<q>first|second|third|fourth|final|opening|1st|2nd|3rd|4th)[- ]"
            rf"(?P<unit>quarter|half)\b(?:'s)?(?P<of>(?:\s+of)?(?:\s+(?P<y>{_YEAR})|\s+(?:the|this|last) year))?",
            "quarter",
        ),
        (rf"\b(?:in |for |during )?(?P<unit>Q|H)(?P<q>[1-4])(?:[\s']+(?P<y>{_YEAR}))?\b", "quarter"),
        (rf"\b(?:in |for |during )?(?P<q>[1-4])(?P<unit>Q|H)(?:\s+(?P<y>{_YEAR}))?\b", "quarter"),
        (
            rf"\b(?:on |last |by |at |the previous )?(?:last )?(?P<w>(?:{_DAYS})\b)\.?(?:'s(?: close| session)?)?",
            "weekday",
        ),
        (rf"\b(?:on\s+)?(?P<d>{DATE})(?:'s)?", "on_date"),
        (
            r"\bthe (?:day|session|week|month) (?:after|following|before) (?:the |that |its |a )(?P<what>\w+)",
            "after_event",
        ),
        (
            r"\bthe (?:next|following) (?:day|session|trading day)\b|\bthe day after\b(?! (?:the|that|its|a)\b)|\ba day later\b",
            "next_day",
        ),
        (
            rf"\b(?:through|until|till|up to|as of|by)\s+(?:(?:last|the close (?:on|of))\s+)?(?P<to>{DATE}|{DAY}|(?:{_MONTHS})\b)(?:'s(?: close)?)?(?!\s+\d)",
            "through",
        ),
        (rf"\b(?:on\s+)?that\s+(?P<w>(?:{_DAYS})\b)\.?(?:'s)?", "same_day"),
        (r"\btoday(?:'s)?\b|\bat the close(?: today)?\b|\btonight\b", "today_"),
        (
            r"\byesterday(?:'s)?\b|\bthe (?:previous|prior) (?:day|session)\b|\bthe day before\b|\ba day earlier\b",
            "yesterday",
        ),
        (
            r"\b(?:from|over|compared with|versus)\s+(?P<n>a|one|two|three|five|six)\s+(?P<unit>years?|months?|weeks?)\s+(?:ago|earlier|before)\b",
            "year_ago",
        ),
        (
            r"\b(?P<adj>annual|yearly|monthly|weekly|quarterly|daily|one-day|single-day|full-year|calendar-year|year-to-date|"
            r"month-to-date|one-week|one-month)\b(?=[^.;,]{0,30}\b(?:gain|gains|loss|losses|return|returns|advance|decline|drop|rise|"
            r"increase|performance|rally|fall)\b)",
            "adjective",
        ),
        (
            rf"\b(?:for |in |over )?(?:the )?(?P<unit>year|quarter|month)\s+through\s+(?P<to>{DATE}|{MONTH})",
            "year_through",
        ),
        (
            r"\b(?:in|during) (?:early|late|morning|afternoon|midday|midmorning|intraday|premarket|after-hours|extended) (?:\w+ )?(?:trading|"
            r"trade|dealings)\b|\bintraday\b|\bat one point\b|\bearlier in the (?:day|session)\b|\bat midday\b",
            "intraday",
        ),
    )
)
