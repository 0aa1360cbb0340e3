"""Finds the windows of a sentence: what each rule means relative to the text's own date."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import Any

from dateutil.easter import easter
from dateutil.relativedelta import MO, TH, relativedelta

from paceline.factcheck.dates import (
    DATE,
    DAY,
    MONTH,
    YEAR,
    Window,
    last_weekday,
    moved,
    period,
    read_date,
    weekday_number,
)
from paceline.factcheck.quantities import count
from paceline.factcheck.rules import RULES


def _window(m: re.Match[str], base: str = "before", *given: Any, **more: Any) -> Window:
    """The window that a wording stands for, at its place."""
    return Window(m.group(), m.start(), m.end(), base, *given, **more)


class Reader:
    """Finds the windows of a sentence; keeps the events a text has dated."""

    def __init__(self, today: dt.date) -> None:
        self.today = today
        self.events: dict[str, dt.date] = {}
        self.turns: dict[str, Window] = {}
        self.fiscal: Window | None = None

    # -- building ---------------------------------------------------------------------------------

    def _span(self, m: re.Match[str], unit: str, day: dt.date, **more: object) -> Window:
        first, last = period(unit, day)
        end = None if last >= self.today else last
        if first > self.today:
            return _window(m, unclear="it lies after the text's date")
        built = _window(m, "before", first, last, end=end, unit=unit)
        return replace(built, **more)  # type: ignore[arg-type]

    def _date(self, text: str) -> dt.date | None:
        """A date or a weekday."""
        text = re.sub(r"'s\b", "", text)
        if re.fullmatch(DAY, text.strip(), re.IGNORECASE):
            return last_weekday(text.strip(), self.today)
        return read_date(text, self.today)

    def find(self, clean: str, start: int, end: int) -> list[Window]:
        """The windows of a stretch of text, in order; of two that overlap the longer one."""
        found: list[Window] = []
        for pattern, build in RULES:
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

    # -- rules ------------------------------------------------------------------------------------

    def turning_on(self, m: re.Match[str]) -> Window | None:
        """Since hitting a low on DATE; from its record high on DATE through DATE"""
        day = self._date(m.group("d"))
        if day is None:
            return None
        stop = self._date(m.group("to")) if m.groupdict().get("to") else None
        kind = (
            "low"
            if re.search(r"\blows?\b|bottom|trough|nadir", m.group(), re.IGNORECASE)
            else "high"
        )
        found = _window(m, "on", day, end=stop, turning=kind)
        self.turns[kind] = found
        return found

    def turning_in(self, m: re.Match[str]) -> Window | None:
        """Since the April low; from its October 2022 bottom"""
        day = read_date(
            f"{m.group('m')} 1 {m.group('y')}" if m.group("y") else f"{m.group('m')} 1", self.today
        )
        if day is None:
            return None
        first, last = period("month", day)
        kind = (
            "low"
            if re.search(r"low|bottom|trough|nadir", m.group("turn"), re.IGNORECASE)
            else "high"
        )
        stop = self._date(m.group("to")) if m.groupdict().get("to") else None
        known = self.turns.get(kind)
        if (
            known is not None
            and known.base == "on"
            and known.first is not None
            and first <= known.first <= last
        ):
            return replace(
                known, text=m.group(), start=m.start(), stop=m.end(), end=stop, turning=""
            )
        own = re.search(r"\b(?:its|their)\b|'s\b", m.group(), re.IGNORECASE) is not None
        found = _window(m, kind, first, min(last, self.today), end=stop, own=own)
        self.turns[kind] = found
        return found

    def turning_free(self, m: re.Match[str]) -> Window | None:
        """From its record high; off the lows; from the low"""
        kind = (
            "low"
            if re.search(r"low|bottom|trough|nadir", m.group("turn"), re.IGNORECASE)
            else "high"
        )
        said = m.group().casefold()
        if re.search(r"52[- ]week|one[- ]year|12[- ]month", said):
            return _window(m, kind, self.today - relativedelta(years=1), self.today)
        if re.search(r"\b(?:year'?s?|2\d\d\d)\b", said):
            return _window(m, kind, dt.date(self.today.year, 1, 1), self.today)
        if kind == "high" and re.search(r"record|all-time|peak", said):
            return _window(m, "high", None, None)
        if kind in self.turns:  # "the low" a text has dated before
            return replace(
                self.turns[kind], text=m.group(), start=m.start(), stop=m.end(), turning=""
            )
        if re.search(r"\bthat\b", said):
            return _window(m, unclear=f"the text does not date {m.group().strip()!r}")
        return _window(m, f"recent {kind}", None, None)

    def from_to(self, m: re.Match[str]) -> Window | None:
        """From DATE to DATE; between DATE and DATE."""
        a, b = self._date(m.group("d")), self._date(m.group("to"))
        if b is None and (short := re.fullmatch(r"(\d{1,2})", m.group("to"))) and a is not None:
            try:
                b = a.replace(day=int(short.group(1)))
            except ValueError:
                return None
        if a is None or b is None or b < a:
            return None
        return _window(m, "on", a, end=b, alternative=True)

    def since_date(self, m: re.Match[str]) -> Window | None:
        """Since DATE; since the vote on DATE; since Friday."""
        day = self._date(m.group("d"))
        if day is None:
            return None
        if (
            day == self.today
            and re.search(DAY, m.group("d"), re.IGNORECASE)
            and not re.search(r"\d", m.group("d"))
        ):
            day -= dt.timedelta(days=7)  # "since Friday", on a Friday
        if m.groupdict().get("event"):
            self.events[m.group("event").casefold()] = day
        return _window(m, "on", day, alternative=True)

    def since_edge(self, m: re.Match[str]) -> Window | None:
        """Since the start of the year; since the end of September"""
        what = m.group("what").casefold()
        edge = m.group("edge").casefold()
        day = self._named(what)
        if day is None:
            return None
        unit = self._unit_of(what)
        first, last = period(unit, day)
        if edge in ("end", "close"):
            return _window(m, "on", last)
        if edge in ("middle", "mid"):
            return _window(m, "on", first + (last - first) / 2, assumed="the middle day")
        return _window(m, "before", first, unit=unit if first <= self.today <= last else "")

    def _unit_of(self, what: str) -> str:
        for unit in ("week", "month", "quarter", "decade", "year"):
            if unit in what:
                return unit
        return "year" if re.fullmatch(YEAR, what.strip()) else "month"

    def _named(self, what: str) -> dt.date | None:
        what = what.strip()
        if re.fullmatch(YEAR, what):
            return dt.date(int(what), 1, 1)
        if (m := re.match(rf"({MONTH})(?:\s+({YEAR}))?$", what, re.IGNORECASE)) is not None:
            return read_date(f"{m.group(1)} 1 {m.group(2) or ''}".strip(), self.today)
        back = {"last": 1, "previous": 1, "prior": 1}.get(
            what.split()[0] if what.split() else "", 0
        )
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

    def no_day(self, m: re.Match[str]) -> Window | None:
        """Between late March and Monday; a year ago this week"""
        return _window(m, unclear=f"{m.group().strip()!r} names no day")

    def since_month(self, m: re.Match[str]) -> Window | None:
        """Since March 2020."""
        if re.search(r"\b(?:late|mid)\b", m.group(), re.IGNORECASE):
            return self.no_day(m)
        day = read_date(f"{m.group('m')} 1 {m.group('y') or ''}".strip(), self.today)
        if day is None:
            return None
        return _window(
            m,
            "before",
            day,
            alternative=True,
            assumed="since a month: from the last close before it",
        )

    def since_year(self, m: re.Match[str]) -> Window | None:
        """Since 2019."""
        return _window(
            m,
            "before",
            dt.date(int(m.group("y")), 1, 1),
            assumed="since a year: from the last close before it",
        )

    def since_event(self, m: re.Match[str]) -> Window | None:
        """Since the election: as the text has dated it."""
        name = m.group("event").casefold()
        if name in self.events:
            return _window(m, "on", self.events[name], alternative=True)
        return _window(m, unclear=f"the text gives no date for {m.group('event')!r}")

    def since_then(self, m: re.Match[str]) -> Window | None:
        """Since then; from there on."""
        return _window(m, same=True, n=1)

    def week_of(self, m: re.Match[str]) -> Window | None:
        """The week of DATE."""
        day = self._date(m.group("d"))
        return None if day is None else self._span(m, "week", day)

    def week_ended(self, m: re.Match[str]) -> Window | None:
        """The week ended DATE; the fiscal year ended DATE."""
        day = self._date(m.group("d"))
        if day is None:
            return None
        unit = m.group("unit").casefold()
        first, last = period(unit, day)
        end = day if day < self.today else None
        if (
            unit in ("year", "quarter") and (last - day).days > 4
        ):  # a fiscal one: as long, up to that day
            base = moved(day, -relativedelta(months=12 if unit == "year" else 3))
            ends = (day + dt.timedelta(days=1)).month != day.month
            found = _window(m, "on", period("month", base)[1] if ends else base, end=end)
            self.fiscal = found if unit == "year" else self.fiscal
            return found
        return _window(m, "before", first, day, end=day, unit=unit)

    def fiscal_year(self, m: re.Match[str]) -> Window | None:
        """For the fiscal year: the one that the text has dated"""
        if self.fiscal is None:
            return _window(m, unclear="the text does not say when that year ended")
        return replace(self.fiscal, text=m.group(), start=m.start(), stop=m.end())

    def months(self, m: re.Match[str]) -> Window | None:
        """From November through July"""
        last = read_date(f"{m.group('b')} 1 {m.group('yb') or ''}".strip(), self.today)
        if last is None:
            return None
        first = (
            read_date(f"{m.group('a')} 1 {m.group('ya')}", self.today)
            if m.group("ya")
            else read_date(f"{m.group('a')} 1", last)
        )
        if first is None or first >= last:
            return None
        end = period("month", last)[1]
        return _window(m, "before", first, end, end=end if end < self.today else None)

    def same(self, m: re.Match[str]) -> Window | None:
        """Over the same period; that month."""
        return _window(m, same=True)

    def same_day(self, m: re.Match[str]) -> Window | None:
        """That Monday."""
        return Window(
            "that day", m.start(), m.end(), same=True, n=100 + weekday_number(m.group("w"))
        )

    def past_n(self, m: re.Match[str]) -> Window | None:
        """In the past three months; over the last five sessions."""
        unit = m.group("unit").casefold().rstrip("s")
        said = (m.group("n") or "one").strip()
        n = {"few": None, "couple of": 2, "couple": 2, "half": None}.get(
            said.casefold(), count(said)
        )
        if n is None or n < 1 or n > 999:
            return _window(m, unclear=f"{m.group()!r} names no number")
        if unit in ("day", "session", "trading day", "trading session"):
            return _window(m, "back", n=n, unit="day" if n == 1 else "")
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
        return _window(m, "on", self.today - delta)

    def in_n(self, m: re.Match[str]) -> Window | None:
        """In five sessions, over three months: as long as that, up to the last close"""
        found = self.past_n(m)
        return None if found is None or found.unclear else replace(found, same=True, n=found.n)

    def last_period(self, m: re.Match[str]) -> Window | None:
        """Last week; the month before."""
        unit = m.group("unit").casefold().rstrip("s")
        if unit in ("day", "session"):
            return _window(m, "back", n=1, unit="day", end=self.today - dt.timedelta(days=1))
        if unit == "week" and self.today.weekday() >= 5:
            return self._span(m, "week", self.today)
        return self._span(m, unit, self._shift(unit, -1))

    def this_period(self, m: re.Match[str]) -> Window | None:
        """As in "this year"; for the week; on the day."""
        unit = m.group("unit").casefold()
        if unit in ("day", "session"):
            return self.day_of(m, self.today)
        day = self.today
        if (
            unit == "week"
            and self.today.weekday() == 0
            and m.group("which").casefold() in ("for the", "on the")
        ):
            day -= dt.timedelta(days=7)  # Monday's letter speaks of the week before
        elif unit in ("month", "quarter", "year") and m.group("which").casefold() in (
            "for the",
            "on the",
            "the",
        ):
            first, _ = period(unit, day)
            if (day - first).days < {"month": 2, "quarter": 15}.get(unit, 0):
                day = first - dt.timedelta(
                    days=1
                )  # written on the first days: the period just over
        return self._span(
            m,
            unit,
            day,
            soft=m.group("which").casefold() != "this"
            and "current" not in m.group("which").casefold(),
        )

    def period_over(self, m: re.Match[str]) -> Window | None:
        """Finished the year: the one just over, in the first weeks of the next"""
        unit, day = m.group("unit").casefold(), self.today
        if unit in ("day", "session"):
            return self.day_of(m, day)
        first, _ = period(unit, day)
        if (day - first).days < {"week": 2, "month": 10, "quarter": 30, "year": 60}.get(unit, 0):
            day = first - dt.timedelta(days=1)
        return self._span(m, unit, day)

    def to_date(self, m: re.Match[str]) -> Window | None:
        """Year to date; MTD."""
        said = m.group().casefold()
        unit = next(
            (
                u
                for k, u in (("y", "year"), ("m", "month"), ("q", "quarter"), ("w", "week"))
                if said.startswith(k)
            ),
            "year",
        )
        return self._span(m, unit, self.today)

    def so_far(self, m: re.Match[str]) -> Window | None:
        """So far this year; so far in October."""
        day = self._named(m.group("what"))
        return None if day is None else self._span(m, self._unit_of(m.group("what")), day)

    def year(self, m: re.Match[str]) -> Window | None:
        """In 2024; 2024's; the 2024 calendar year."""
        year = m.group("y") or m.groupdict().get("y2")
        return self._span(m, "year", dt.date(int(str(year)), 1, 1))

    def earlier(self, m: re.Match[str]) -> Window | None:
        """Earlier this year: of no beginning."""
        return _window(m, unclear="no beginning is named", aside=True)

    def month(self, m: re.Match[str]) -> Window | None:
        """In October; through March 2020; October's."""
        if m.group("m").casefold() == "may" and m.group("m") != "May":
            return None
        return self.month_of(m.group("m"), m.groupdict().get("y") or "", m)

    def month_of(self, month: str, year: str, m: re.Match[str]) -> Window | None:
        """The month of a year, or the last of that name."""
        day = read_date(f"{month} 1 {year}".strip(), self.today)
        return None if day is None else self._span(m, "month", day)

    def last_month_named(self, m: re.Match[str]) -> Window | None:
        """Last October: one that is over."""
        day = read_date(f"{m.group('m')} 1", self.today)
        if day is None:
            return None
        if period("month", day)[1] >= self.today:
            day -= relativedelta(years=1)
        return self._span(m, "month", day)

    def quarter(self, m: re.Match[str]) -> Window | None:
        """In the third quarter; Q3 2024; the first half."""
        said = (m.groupdict().get("q") or "").casefold()
        n = {"final": 4, "opening": 1, "closing": 4}.get(said) or count(said)
        if n is None and not said:  # "for the half year": the one just over
            n = 1 if 4 <= self.today.month <= 9 else 2
        if n is None:
            return None
        unit = "half" if m.group("unit").casefold().startswith("h") else "quarter"
        year = m.groupdict().get("y")
        if m.groupdict().get("yy"):
            year = (
                f"20{m.group('yy')}"
                if int(m.group("yy")) <= self.today.year % 100
                else f"19{m.group('yy')}"
            )
        when = (m.groupdict().get("of") or "").casefold()
        y = int(year) if year else self.today.year - (1 if "last" in when else 0)
        if n > (2 if unit == "half" else 4):
            return None
        first = dt.date(y, (6 if unit == "half" else 3) * (n - 1) + 1, 1)
        if not year and first > self.today:
            first = first.replace(year=y - 1)
        return self._span(m, unit, first)

    def day_of(self, m: re.Match[str], day: dt.date) -> Window:
        """One day, from the close before it."""
        if day > self.today:
            return _window(m, unclear="it lies after the text's date")
        return _window(m, "before", day, day, end=day if day < self.today else None, unit="day")

    def weekday(self, m: re.Match[str]) -> Window | None:
        """On Thursday; last Friday's close."""
        day = last_weekday(m.group("w"), self.today)
        if (
            re.match(r"(?:on )?(?:last|the previous)\b", m.group(), re.IGNORECASE)
            and day == self.today
        ):
            day -= dt.timedelta(days=7)
        return self.day_of(m, day)

    def on_date(self, m: re.Match[str]) -> Window | None:
        """On DATE."""
        day = read_date(m.group("d"), self.today)
        return None if day is None else self.day_of(m, day)

    def today_(self, m: re.Match[str]) -> Window | None:
        """Today; at the close."""
        return self.day_of(m, self.today)

    def yesterday(self, m: re.Match[str]) -> Window | None:
        """Yesterday; the day before."""
        return _window(m, "back", n=1, end=self.today - dt.timedelta(days=1), unit="day")

    def after_event(self, m: re.Match[str]) -> Window | None:
        """The day after the vote: as the text has dated it."""
        day = self.events.get(m.group("what").casefold())
        if day is None:
            return _window(m, unclear=f"the text gives no date for {m.group('what')!r}")
        return _window(m, "next", day, end=day, unit="day")

    def on_the(self, m: re.Match[str]) -> Window | None:
        """On the 14th."""
        try:
            day = self.today.replace(day=int(m.group("nth")))
            day = day if day <= self.today else day - relativedelta(months=1)
        except ValueError:
            return None
        return self.day_of(m, day)

    def next_day(self, m: re.Match[str]) -> Window | None:
        """The next session; a day later."""
        return _window(m, "next", same=True)

    def through(self, m: re.Match[str]) -> Window | None:
        """Through DATE; as of Friday: the end of another window."""
        day = self._date(m.group("to"))
        if day is None:
            first = read_date(f"{m.group('to')} 1", self.today)
            day = period("month", first)[1] if first is not None else None
        return None if day is None else _window(m, "until", end=day)

    def _back(self, m: re.Match[str], end: dt.date) -> dt.date:
        """The day so many periods before ``end``; from a month's last day to a month's last day."""
        n = count(m.group("n")) or 1
        unit = m.group("unit").casefold().rstrip("s")
        if unit == "quarter":
            n, unit = 3 * n, "month"
        day = moved(end, -relativedelta(**{f"{unit}s": n}))
        last = (end + dt.timedelta(days=1)).month != end.month
        return period("month", day)[1] if last and unit in ("month", "year") else day

    def year_ago(self, m: re.Match[str]) -> Window | None:
        """From a year ago; than six months earlier."""
        return _window(m, "on", self._back(m, self.today), alternative=True)

    def rolling(self, m: re.Match[str]) -> Window | None:
        """Its one-year return; for the three-year period: so long, up to the last close."""
        if m.group("unit").casefold() == "week" and m.group("n").casefold() in ("a", "an", "one"):
            return self._span(m, "week", self.today)
        return _window(m, "on", self._back(m, self.today), alternative=True)

    def n_to(self, m: re.Match[str]) -> Window | None:
        """In the three months to September; the year ended June 30"""
        end = self._last_day(m.group("to"))
        if end is None:
            return None
        unit = m.group("unit").casefold()
        if unit in ("day", "session"):
            n = count(m.group("n")) or 1
            return _window(m, "back", n=n, end=end if end < self.today else None)
        if unit == "week" and (count(m.group("n")) or 1) == 1:
            return _window(
                m,
                "before",
                period("week", end)[0],
                end,
                end=end if end < self.today else None,
                unit="week",
            )
        return _window(m, "on", self._back(m, end), end=end if end < self.today else None)

    def _last_day(self, said: str) -> dt.date | None:
        """A date, or the last day of a month."""
        if re.match(rf"(?:{DATE}|{DAY})", said, re.IGNORECASE):
            return self._date(said)
        first = read_date(re.sub(rf"^({MONTH})", r"\1 1", said), self.today)
        return period("month", first)[1] if first is not None else None

    def first_n(self, m: re.Match[str]) -> Window | None:
        """In the first six months of 2024"""
        n = (count(m.group("n")) or 1) * {"months": 1, "quarters": 3, "weeks": 0}[
            m.group("unit").casefold()
        ]
        if not n:
            return _window(m, unclear="the first weeks of a year end on no day that is named")
        first = dt.date(int(m.group("y")) if m.group("y") else self.today.year, 1, 1)
        end = moved(first, relativedelta(months=n, days=-1))
        unit = {3: "quarter", 6: "half", 12: "year"}.get(end.month - first.month + 1, "")
        return _window(m, "before", first, end, end=end if end < self.today else None, unit=unit)

    def from_last(self, m: re.Match[str]) -> Window | None:
        """From last month's close"""
        unit = m.group("unit").casefold()
        return _window(m, "on", period(unit, self._shift(unit, -1))[1])

    def quarter_named(self, m: re.Match[str]) -> Window | None:
        """The March quarter."""
        day = read_date(f"{m.group('m')} 1", self.today)
        return None if day is None else self._span(m, "quarter", day)

    def basis(self, m: re.Match[str]) -> Window | None:
        """On a monthly basis"""
        unit = {"daily": "day", "annual": "year", "yearly": "year"}.get(
            m.group("unit").casefold(), m.group("unit").casefold().removesuffix("ly")
        )
        return self.day_of(m, self.today) if unit == "day" else self._span(m, unit, self.today)

    def month_spoken(self, m: re.Match[str]) -> Window | None:
        """As in "a tough September": only spoken of; dates what follows if nothing else does."""
        if not m.group("m")[0].isupper():
            return None
        found = self.month_of(m.group("m"), "", m)
        return None if found is None else replace(found, aside=True)

    def quarter_short(self, m: re.Match[str]) -> Window | None:
        """As in "lost 12% in the second": of the quarters that the sentence speaks of."""
        if not re.search(
            r"\bquarters?\b", m.string[max(0, m.start() - 250) : m.start()], re.IGNORECASE
        ):
            return None
        n = {"final": 4}.get(m.group("q").casefold()) or count(m.group("q")) or 0
        first = dt.date(self.today.year, 3 * n - 2, 1) if n <= 4 else None
        if first is None:
            return None
        return self._span(
            m, "quarter", first if first <= self.today else first.replace(year=first.year - 1)
        )

    def short(self, m: re.Match[str]) -> Window | None:
        """For the wk; this mo."""
        unit = {"wk": "week", "mo": "month", "yr": "year", "qtr": "quarter"}.get(
            m.group("unit").casefold(), "week"
        )
        return self._span(m, unit, self.today)

    def short_last(self, m: re.Match[str]) -> Window | None:
        """Last wk."""
        unit = {"wk": "week", "mo": "month", "yr": "year", "qtr": "quarter"}[
            m.group("unit").casefold()
        ]
        return self._span(m, unit, self._shift(unit, -1))

    def unknown_start(self, m: re.Match[str]) -> Window | None:
        """Since its inception."""
        return _window(m, unclear="the text gives no date for its beginning")

    def _holiday(self, said: str) -> dt.date:
        """The last such day on or before the text's date."""
        for year in (self.today.year, self.today.year - 1):
            day = holiday(said, year)
            if day <= self.today:
                return day
        return day

    def holiday(self, m: re.Match[str]) -> Window | None:
        """On Black Friday."""
        return self.day_of(m, self._holiday(m.group("d")))

    def since_election(self, m: re.Match[str]) -> Window | None:
        """Since the election: the one the text has dated, else the last national one."""
        if "election" in self.events:
            return self.since_event_on(m, self.events["election"])
        day = next(
            d
            for y in range(self.today.year, self.today.year - 3, -1)
            if y % 2 == 0 and (d := holiday("election day", y)) <= self.today
        )
        if (self.today - day).days > 400:
            return _window(m, unclear="the text gives no date for 'election'")
        return replace(self.since_event_on(m, day), assumed=f"the election of {day} is meant")

    def since_event_on(self, m: re.Match[str], day: dt.date) -> Window:
        """Since an event of a known day."""
        return _window(m, "on", day, alternative=True)

    def since_holiday(self, m: re.Match[str]) -> Window | None:
        """Since Christmas Eve's low."""
        return _window(m, "on", self._holiday(m.group("d")), alternative=True)

    def holiday_week(self, m: re.Match[str]) -> Window | None:
        """In Thanksgiving week."""
        return self._span(m, "week", self._holiday(m.group("d")))

    def adjective(self, m: re.Match[str]) -> Window | None:
        """Its annual return; a daily gain."""
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
        }[m.group("adj").casefold()]
        return self.day_of(m, self.today) if unit == "day" else self._span(m, unit, self.today)

    def year_through(self, m: re.Match[str]) -> Window | None:
        """The year through DATE."""
        day = (
            self._date(m.group("to"))
            if re.match(DATE + r"|" + DAY, m.group("to"), re.IGNORECASE)
            else None
        )
        if day is None:
            first = read_date(f"{m.group('to')} 1", self.today)
            if first is None:
                return None
            day = period("month", first)[1]
        unit = m.group("unit").casefold()
        end = None if day >= self.today else day
        return _window(m, "before", period(unit, day)[0], day, end=end, unit=unit)

    def intraday(self, m: re.Match[str]) -> Window | None:
        """In early trading: closes are stored, nothing between them."""
        return _window(m, unclear="closes are stored, not prices within the day")


def holiday(said: str, year: int) -> dt.date:
    """The day of a year that a holiday of the exchange, or of its readers, falls on."""
    name = re.sub(r"^the | day$|'s?(?= day|$)|'", "", said.casefold())
    fixed = {
        "christmas eve": (12, 24),
        "christmas": (12, 25),
        "boxing": (12, 26),
        "new years eve": (12, 31),
        "new year": (1, 1),
        "new years": (1, 1),
        "halloween": (10, 31),
        "valentines": (2, 14),
        "independence": (7, 4),
        "fourth of july": (7, 4),
        "july fourth": (7, 4),
        "juneteenth": (6, 19),
    }
    if "election" in name:
        return moved(
            moved(dt.date(year, 11, 1), relativedelta(weekday=MO(1))), dt.timedelta(days=1)
        )
    if name in fixed:
        return dt.date(year, *fixed[name])
    if "easter" in name or "good" in name or "maundy" in name:
        shift = {"good friday": -2, "maundy thursday": -3, "easter monday": 1}.get(name, 0)
        return moved(easter(year), dt.timedelta(days=shift))
    month, weekday, nth, shift = {
        "thanksgiving": (11, TH, 4, 0),
        "black friday": (11, TH, 4, 1),
        "labor": (9, MO, 1, 0),
        "presidents": (2, MO, 3, 0),
    }.get(name, (5, MO, -1, 0) if "memorial" in name else (1, MO, 3, 0))
    base = dt.date(year, month, 31 if nth < 0 else 1)
    return moved(base, relativedelta(weekday=weekday(nth))) + dt.timedelta(days=shift)
