"""A file's column to dates: forms told apart, stamps with a zone as days at the exchange. Pure.

A column is read in one form. What could be read in two ways is refused with the cell that shows it,
never guessed; a cell of another form is no date, and its row is set aside.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Literal

import polars as pl

from paceline.config import ColumnMap
from paceline.errors import MarketFileError, SourceError
from paceline.rows import PLAUSIBLE

#: Formats that count time since 1970 in UTC -> what polars calls their unit.
EPOCHS: dict[str, Literal["s", "ms", "us", "ns"]] = {
    "epoch_s": "s",
    "epoch_ms": "ms",
    "epoch_us": "us",
    "epoch_ns": "ns",
}
#: Format of the serial days of a workbook, counted from the last day of 1899.
EXCEL = "excel"
#: Cells of one order that outweigh those that fit both: one for each two of these.
OUTWEIGHED = 2
#: Sessions of one run are no further apart than this many days.
LONGEST_BREAK = 10
#: Months in six digits (200712): so many different cells cannot all be days 1 to 12 of YYMMDD.
ENOUGH_MONTHS = 13
_MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    "oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? +)?"
#: A cell: its day, and perhaps a time, a half of the day and a zone.
_STAMP = (
    r"(?i)^(?<day>.+?)(?:[T ] *(?<hour>\d{1,2}):(?<minute>\d{2})(?::\d{2}(?:[.,]\d+)?)? *"
    r"(?<half>[ap]m)? *(?<zone>z|utc|gmt|[+-]\d{2}(?::?\d{2})?)?(?: ?\[[^\]]*\])?)?$"
)
#: Form -> how its day looks, with the groups that it is read from.
_FORMS = {
    "year first": r"^(?<y>\d{4})[-/.](?<m>\d{1,2})[-/.](?<d>\d{1,2})$",
    "compact": r"^(?<y>\d{4})(?<m>\d{2})(?<d>\d{2})$",
    "month": r"^(?<y>\d{4})-?(?<m>\d{2})$",
    "year last": r"^(?<a>\d{1,2})[-/.](?<b>\d{1,2})[-/.](?<y>\d{4})$",
    "day named": rf"(?i)^{_WEEKDAY}(?<d>\d{{1,2}})(?:st|nd|rd|th)?[-/. ]+(?<name>{_MONTH})\.?"
    r"[-/., ]+(?<y>\d{4})$",
    "month named": rf"(?i)^{_WEEKDAY}(?<name>{_MONTH})\.?[-/ ]+(?<d>\d{{1,2}})(?:st|nd|rd|th)?"
    r"[-/, ]+(?<y>\d{4})$",
    "short year": rf"(?i)^(?:\d{{1,2}}[-/. ]+(?:\d{{1,2}}|{_MONTH})|{_MONTH} +\d{{1,2}})"
    r"[-/., ]+'?\d{2}$",
    "serial": r"^\d{5}(?:\.\d+)?$",
    "time since 1970": r"^\d{9,10}$|^\d{12,13}$|^\d{15,16}$|^\d{18,19}$",
}
#: Orders of a day whose year has two digits, and what a cell then starts with.
_SHORT = {"month": ("%m", "%d", "%y"), "day": ("%d", "%m", "%y"), "year": ("%y", "%m", "%d")}


def dates(
    what: str, series: pl.Series, mapped: ColumnMap, exchange: Callable[[], str]
) -> pl.Series:
    """Dates of a column, null where a cell is none.

    A stamp with a zone, and time counted since 1970, is the day it has at the exchange; a stamp
    without one is the day that is written. Months are dated on their last day.

    exchange  gives the time zone of the exchange; ``mapped.zone`` takes its place
    Raises ``SourceError`` for a column without dates, and for cells that could be read in two ways:
    day and month, a year of two digits, midnight of another zone.
    """
    reading = _Reading(what, mapped, exchange)
    kind = series.dtype
    if kind == pl.Date:
        return reading.plain(series)
    if isinstance(kind, pl.Datetime):
        if kind.time_zone is None:
            return reading.plain(series.dt.date())
        return reading.days(series)
    if kind.is_temporal() or kind.is_nested() or kind in (pl.Boolean, pl.Binary):
        raise SourceError(
            f"{what}: column {mapped.column!r} holds {kind}, which is no date.",
            "Map another column, or write dates into it.",
        )
    text = series.cast(pl.Int64, strict=False) if kind.is_numeric() else series
    text = text.cast(pl.String).str.strip_chars()
    cells = text.drop_nulls().unique().sort()
    if cells.is_empty():
        return pl.Series(series.name, [None], pl.Date).new_from_index(0, series.len())
    read = reading.formatted(cells) if mapped.format else reading.text(cells)
    return text.replace_strict(cells, read, default=None, return_dtype=pl.Date)


class _Reading:
    """One column of one file being read."""

    def __init__(self, what: str, mapped: ColumnMap, exchange: Callable[[], str]) -> None:
        self.mapped = mapped
        self.where = f"{what}: column {mapped.column!r}"
        self.exchange = exchange

    def plain(self, days: pl.Series) -> pl.Series:
        """Days without a zone, where none is asked for."""
        if self.mapped.zone is not None:
            raise MarketFileError(
                f"{self.where} has no time zone, so zone = {self.mapped.zone!r} means nothing.",
                "Leave zone out: days are read as they are written.",
            )
        return days

    def days(self, stamps: pl.Series) -> pl.Series:
        """Stamps with a zone as days at the exchange, or in the zone the market file names."""
        if self.mapped.zone is not None:
            return stamps.dt.convert_time_zone(self.mapped.zone).dt.date()
        zone = self.exchange()
        days, written = stamps.dt.convert_time_zone(zone).dt.date(), stamps.dt.date()
        self._not_another_midnight(written, stamps.dt.hour(), stamps.dt.minute(), days, zone)
        return days

    def _not_another_midnight(
        self, written: pl.Series, hour: pl.Series, minute: pl.Series, days: pl.Series, zone: str
    ) -> None:
        """Refuse a column of nothing but midnights whose days are others at the exchange."""
        midnights = ((hour == 0) & (minute == 0)).fill_null(True)
        moved = (written != days).fill_null(False)
        if midnights.all() and moved.any():
            first = int(moved.arg_true()[0])
            raise SourceError(
                f"{self.where} holds midnights of another zone than {zone}: {written[first]} there "
                f"is {days[first]} at the exchange.",
                "Say in which zone its days are days: "
                f'{{ column = "...", zone = "UTC" }}, or zone = "{zone}".',
            )

    # -- text

    def formatted(self, cells: pl.Series) -> pl.Series:
        """Text in the format that the market file gives."""
        given = self.mapped.format or ""
        if given in EPOCHS:
            number = cells.cast(pl.Float64, strict=False).cast(pl.Int64, strict=False)
            stamps = pl.from_epoch(number, time_unit=EPOCHS[given])
            found = self.days(stamps.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
        elif given == EXCEL:
            serial = cells.cast(pl.Float64, strict=False).floor().cast(pl.Int64)
            days = pl.lit(dt.date(1899, 12, 30)) + pl.duration(days=pl.lit(serial))
            found = self.plain(pl.select(days).to_series())
        elif "%z" in given.lower():
            spelt = cells.str.replace(r"(?i)(?:z|utc|gmt)$", "+0000")
            found = self.days(spelt.str.to_datetime(given, strict=False, time_zone="UTC"))
        elif given in ("%Y%m", "%Y-%m"):
            found = self.plain(_month_ends(cells, given))
        else:
            found = self.plain(cells.str.to_date(given, strict=False))
        if found.null_count() == found.len():
            counted = given != EXCEL and cells.str.contains(_FORMS["serial"]).all()
            fits = EXCEL if counted else "%d/%m/%Y"
            raise SourceError(
                f"{self.where}: no cell fits the format {given!r}; it holds {cells[0]!r}.",
                f"Give the format of its cells, e.g. {self._say(fits)}.",
            )
        return found

    def text(self, cells: pl.Series) -> pl.Series:
        """Text in the one form that most cells have."""
        parts = cells.str.extract_groups(_STAMP).struct.unnest()
        day = parts.get_column("day").str.strip_chars().str.strip_suffix(",")
        looks = [pl.lit(day).str.contains(look).sum().alias(form) for form, look in _FORMS.items()]
        counts = pl.select(looks).row(0, named=True)
        form = max(counts, key=lambda name: counts[name])
        if not counts[form]:
            raise self._no_date(cells[0])
        like = cells.filter(day.str.contains(_FORMS[form]))
        fields = day.str.extract_groups(_FORMS[form]).struct.unnest()
        if form == "short year":
            raise self._short_year(like)
        if form == "serial":
            why = "seem to count days, as a workbook does"
            raise self._two_ways(like[0], why, self._say(EXCEL))
        if form == "time since 1970":
            why = "count time since 1970, in a unit not stated"
            raise self._two_ways(like[0], why, self._say("epoch_s"))
        if form == "month":
            self._no_short_year(like)
            return self.plain(_month_ends(day.str.replace("-", ""), "%Y%m"))
        if form == "year last":
            fields = self._ordered(like, fields)
        elif form == "year first":
            self._month_before_day(like, fields)
        if "name" in fields.columns:
            fields = fields.with_columns(pl.col("name").str.slice(0, 3).str.to_titlecase())
        spelt = fields.select(pl.format("{}-{}-{}", "y", "name" if "name" in fields else "m", "d"))
        pattern = "%Y-%b-%d" if "name" in fields.columns else "%Y-%m-%d"
        days = spelt.to_series().str.to_date(pattern, strict=False)
        if days.null_count() == days.len():
            raise self._no_date(like[0])
        return self._at(parts, days)

    def _no_date(self, cell: str) -> SourceError:
        return SourceError(
            f"{self.where} holds {cell!r}, which is no date.",
            f"Map it as {self._say('%d/%m/%Y')}, or map another column.",
        )

    def _say(self, format_: str) -> str:
        return f"{{ column = {_quoted(self.mapped.column)}, format = {_quoted(format_)} }}"

    def _two_ways(self, cell: str, why: str, which: str) -> SourceError:
        return SourceError(f"{self.where}: dates like {cell!r} {why}.", f"Say which: {which}.")

    def _short_year(self, cells: pl.Series) -> SourceError:
        """Years of two digits, with the formats that fit the cells."""
        cell = str(cells[0])
        if re.search("[a-z]", cell, re.IGNORECASE):
            which = self._say(_named_format(cell))
        else:
            made = {start: _short_format(cell, order) for start, order in _SHORT.items()}
            fit = {
                start: format_
                for start, format_ in made.items()
                if not cells.str.to_date(format_, strict=False).has_nulls()
            }
            offered = [f"{f} if with the {start}" for start, f in self._offered(fit or made)]
            which = ", ".join(offered)
        return self._two_ways(cell, "have a year of two digits", which)

    def _offered(self, formats: dict[str, str]) -> list[tuple[str, str]]:
        """What a cell starts with and its format, the first of them as it is written."""
        first = next(iter(formats))
        return [
            (start, self._say(f) if start == first else _quoted(f)) for start, f in formats.items()
        ]

    def _ordered(self, cells: pl.Series, fields: pl.DataFrame) -> pl.DataFrame:
        """Day and month of cells like 15/09/2025, in the one order that fits them."""
        a, b = (pl.col(c).cast(pl.Int32) for c in ("a", "b"))
        numbers = fields.drop_nulls("y").select(
            day_first=(a > 12) & (b <= 12) & (a <= 31),
            month_first=(b > 12) & (a <= 12) & (b <= 31),
            either=(a <= 12) & (b <= 12) & (a != b),
        )
        day_first, month_first, either = (numbers.get_column(c) for c in numbers.columns)
        if day_first.any() and month_first.any():
            raise SourceError(
                f"{self.where} mixes two orders: {cells.filter(day_first)[0]!r} starts with the "
                f"day, {cells.filter(month_first)[0]!r} with the month.",
                f"Mend the file, or say which: {self._say('%d/%m/%Y')}; the others are then "
                "set aside.",
            )
        one = day_first | month_first
        telling, both = int(one.sum()), int(either.sum())
        order = ("m", "d") if month_first.any() else ("d", "m")
        renamed = fields.rename(dict(zip(("a", "b"), order, strict=True)))
        few = telling * OUTWEIGHED < both or (telling == 1 and both > 1)
        if both and few and not (telling and _one_run(renamed)):
            alone = f"; only {cells.filter(one)[0]!r} tells" if telling == 1 else ""
            cell = str(cells.filter(either)[0])
            raise SourceError(
                f"{self.where}: dates like {cell!r} may start with the month or the day{alone}.",
                f"Say which: {self._say(_format_of(cell, '%m', '%d'))} if with the month, "
                f"{_quoted(_format_of(cell, '%d', '%m'))} if with the day.",
            )
        return renamed

    def _month_before_day(self, cells: pl.Series, fields: pl.DataFrame) -> None:
        """Refuse 2025-15-09: the day before the month, where more cells say so than not."""
        m, d = (pl.col(c).cast(pl.Int32) for c in ("m", "d"))
        there = fields.drop_nulls("y").select(
            wrong=(m > 12) & (d <= 12), right=(d > 12) & (m <= 12)
        )
        wrong, right = there.get_columns()
        if wrong.sum() > right.sum():
            why = "have the day before the month"
            raise self._two_ways(cells.filter(wrong)[0], why, self._say("%Y-%d-%m"))

    def _no_short_year(self, cells: pl.Series) -> None:
        """Refuse 251205 and 190102: YYMMDD, where it may be no month at all."""
        six = cells.filter(~cells.str.contains("-"))
        if six.is_empty():
            return
        month = _month_ends(six, "%Y%m")
        plausible = month.is_between(*PLAUSIBLE).fill_null(False)
        short = ("20" + six).str.to_date("%Y%m%d", strict=False).is_not_null()
        both = bool(short.all()) and six.len() < ENOUGH_MONTHS
        if both or int((~plausible & short).sum()) > six.len() / 10:
            bad = six.filter(~plausible & short)
            cell = str(six[0] if bad.is_empty() else bad[0])
            why = "may be a month, or a day with a year of two digits"
            which = f"{self._say('%Y%m')} if a month, {_quoted('%y%m%d')} if a day"
            raise self._two_ways(cell, why, which)

    def _at(self, parts: pl.DataFrame, days: pl.Series) -> pl.Series:
        """The days of stamps at the exchange: those with a zone moved, the others as written."""
        zone = parts.get_column("zone").str.to_lowercase()
        zoned = zone.is_not_null() & days.is_not_null()
        if not zoned.any():
            return self.plain(days)
        hour = pl.col("hour").cast(pl.Int64)
        half = pl.col("half").str.to_lowercase()
        twelve = pl.when(half == "pm").then(hour % 12 + 12).when(half == "am").then(hour % 12)
        minute = pl.col("minute").cast(pl.Int64)
        digits = pl.col("zone").str.replace(":", "")
        offset = digits.str.slice(1, 2).cast(pl.Int64, strict=False) * 60 + digits.str.slice(
            3, 2
        ).cast(pl.Int64, strict=False).fill_null(0)
        signed = pl.when(digits.str.starts_with("-")).then(-offset).otherwise(offset).fill_null(0)
        table = parts.with_columns(days.alias("on")).filter(zoned)
        times = table.select(twelve.otherwise(hour).alias("hour"), minute, signed.alias("offset"))
        on = table.get_column("on")
        minutes = times.select(pl.duration(minutes=pl.col("hour") * 60 + minute - pl.col("offset")))
        stamps = (on.cast(pl.Datetime("us")) + minutes.to_series()).dt.replace_time_zone("UTC")
        at = self.mapped.zone or self.exchange()
        moved = stamps.dt.convert_time_zone(at).dt.date()
        if self.mapped.zone is None:
            hours = times.get_column("hour")
            self._not_another_midnight(on, hours, times.get_column("minute"), moved, at)
        return days.scatter(zoned.arg_true(), moved)


def _month_ends(text: pl.Series, format_: str) -> pl.Series:
    return (text + "-01").str.to_date(format_ + "-%d", strict=False).dt.month_end()


def _format_of(cell: str, first: str, second: str) -> str:
    """The format of a cell with two numbers and a year, in that order: its marks, and its time."""
    return _timed(re.sub(r"^\d+(\D)\d+(\D)\d{4}", rf"{first}\1{second}\2%Y", cell))


def _timed(cell: str) -> str:
    """A cell with its time of day, if it has one, as a format."""
    return re.sub(r"(?<=%M:)\d{2}", "%S", re.sub(r"\d{1,2}:\d{2}", "%H:%M", cell))


def _short_format(cell: str, order: tuple[str, ...]) -> str:
    """The format of a cell with three numbers in that order, its marks kept."""
    parts = iter(order)
    return _timed(re.sub(r"\d+", lambda _: next(parts), cell, count=len(order)))


def _named_format(cell: str) -> str:
    """The format of a cell with the name of a month and a year of two digits."""
    day = re.sub(r"\d{2}(?=$|[T ]+%H)", "%y", _timed(cell))
    day = re.sub(r"\d{1,2}", "%d", re.sub(r"(?i)[a-z]{4,}", "%B", day))
    return re.sub(r"(?i)[a-z]{3}", "%b", day)


def _quoted(text: str) -> str:
    return f'"{text}"'


def _one_run(fields: pl.DataFrame) -> bool:
    """Whether the days, read in one order, follow each other as the sessions of a market do.

    A few cells that tell the order then tell it for all: read in the other order, days of one month
    would lie a month apart.
    """
    spelt = fields.drop_nulls("y").select(pl.format("{}-{}-{}", "y", "m", "d")).to_series()
    days = spelt.str.to_date("%Y-%m-%d", strict=False).unique().sort()
    longest = days.diff().dt.total_days().max() or 0
    return not days.has_nulls() and int(longest) <= LONGEST_BREAK  # type: ignore[arg-type]
