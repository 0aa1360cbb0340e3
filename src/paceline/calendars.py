"""Exchange calendars: the sessions an exchange's rules give, its time zone, the sessions of a year.

The rules are those of the library exchange_calendars; the sessions are worked out here from its
weekdays and holidays. Its own constructor applies no yearly holiday before 1970, and on pandas 3
loses the weeks with other weekdays, Orthodox Easter and the holidays of Tel Aviv.
"""

from __future__ import annotations

import datetime as dt
import sys
import warnings
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from paceline import arguments
from paceline.arrays import SESSIONS_PER_YEAR, Dates
from paceline.errors import UsageError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from exchange_calendars import ExchangeCalendar

#: Before 1970 no exchange's holidays are known by rule, but for those that begin on a day of their
#: own (Hong Kong 1960, Seoul 1956) and those of ``RULES_FROM``.
RULES_SINCE = dt.date(1970, 1, 1)
#: The New York Stock Exchange and the names that stand for its calendar.
NEW_YORK = frozenset(("XNYS", "NYSE", "NASDAQ", "BATS", "XNAS", "ARCX", "OOTC", "XASE"))
#: Exchanges that were open on Saturdays, which the rules leave out, until the day named.
RULES_FROM = {name: dt.date(1952, 9, 29) for name in NEW_YORK} | {"XTAI": dt.date(2001, 1, 1)}
#: The ten full years over which the sessions of a year are counted: fixed, so that no rate of the
#: past changes when a year ends.
COUNTED = (2016, 2025)
#: A calendar covers a year whose first and last days lie this near to its own ends.
_NEW_YEAR = 10
#: Time zone -> the calendar of its main exchange.
OF_ZONE = {
    "America/New_York": "XNYS",
    "US/Eastern": "XNYS",
    "America/Toronto": "XTSE",
    "America/Sao_Paulo": "BVMF",
    "America/Mexico_City": "XMEX",
    "Europe/London": "XLON",
    "Europe/Paris": "XPAR",
    "Europe/Berlin": "XETR",
    "Europe/Zurich": "XSWX",
    "Europe/Amsterdam": "XAMS",
    "Europe/Madrid": "XMAD",
    "Europe/Rome": "XMIL",
    "Europe/Stockholm": "XSTO",
    "Asia/Tokyo": "XTKS",
    "Asia/Hong_Kong": "XHKG",
    "Asia/Shanghai": "XSHG",
    "Asia/Seoul": "XKRX",
    "Asia/Taipei": "XTAI",
    "Asia/Kolkata": "XBOM",
    "Asia/Calcutta": "XBOM",
    "Asia/Singapore": "XSES",
    "Australia/Sydney": "XASX",
    "Asia/Jerusalem": "XTAE",
}
#: The calendar of markets that never close.
ALWAYS = "24/7"


def now() -> dt.datetime:
    """The clock, in UTC; the only one that decides how old data are."""
    return dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """The day it is in UTC."""
    return now().date()


def sessions(code: str, until: dt.date) -> list[dt.date]:
    """The sessions of a calendar, from the first day its rules hold to ``until`` or its last day.

    Weekdays in force less regular and single holidays. Raises ``UsageError`` for a code that
    exchange_calendars does not have.
    """
    rules = _rules(code)
    least, most = rules.bound_min(), rules.bound_max()
    first = RULES_FROM.get(code, RULES_SINCE if least is None else least.date())
    last = until if most is None else min(until, most.date())
    days = np.arange(np.datetime64(first), np.datetime64(last + dt.timedelta(1)))
    closed = _holidays(rules, first, last)
    is_open = np.is_busday(days, weekmask=rules.weekmask, holidays=closed)
    for start, end, weekmask in getattr(rules, "special_weekmasks", None) or ():
        inside = np.ones(days.size, bool)
        inside &= True if start is None else days >= np.datetime64(start, "D")
        inside &= True if end is None else days <= np.datetime64(end, "D")
        is_open[inside] = np.is_busday(days[inside], weekmask=weekmask, holidays=closed)
    result: list[dt.date] = days[is_open].tolist()
    return result


def ended(code: str, at: dt.datetime) -> dt.date:
    """The last day whose session, if it has one, has ended at a moment.

    By the usual closing time, also on days on which the exchange closes early.
    """
    rules = _rules(code)
    local = at.astimezone(rules.tz).replace(tzinfo=None)
    times = [time for since, time in rules.close_times if since is None or since <= local]
    day = dt.timedelta(1)
    last = local.date() + day
    while dt.datetime.combine(last + rules.close_offset * day, times[-1]) > local:
        last -= day
    return last


def zone(code: str) -> str:
    """The time zone of an exchange, as the IANA names it. Raises ``UsageError`` as ``sessions``."""
    tz: ZoneInfo = _rules(code).tz
    return str(tz)


def sessions_of_year(code: str, days: Dates) -> int:
    """Sessions of a year of a market: what its rates are annualised with.

    252 in New York by convention (there are 251 to 252); elsewhere the mean number over the years
    2016 to 2025 that the calendar covers from end to end, to the nearest whole number: 365 where
    trading never stops, 243 in Shanghai.

    days  the calendar's sessions
    """
    if code in NEW_YORK or not len(days):
        return SESSIONS_PER_YEAR
    first, last = COUNTED
    years = np.arange(first, last + 1)
    margin = np.timedelta64(_NEW_YEAR, "D")
    start, end = (np.array([f"{y}-01-01" for y in years + k], "datetime64[D]") for k in (0, 1))
    whole = (days[0] <= start + margin) & (days[-1] >= end - margin)
    if not whole.any():
        return SESSIONS_PER_YEAR
    count = np.searchsorted(days, end[whole]) - np.searchsorted(days, start[whole])
    return round(float(count.mean()))


def year_note(code: str, count: int) -> str:
    """How an annualised figure says which year it was annualised with."""
    why = "by convention" if code in NEW_YORK else f"as {code} had from 2016 to 2025"
    return f"annualised with {count} sessions a year, {why}"


def _holidays(rules: ExchangeCalendar, first: dt.date, last: dt.date) -> Dates:
    """Regular and single holidays, and some around them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library uses what pandas 4 will drop
        single = np.array(rules.adhoc_holidays, dtype="datetime64[ns]").astype("datetime64[D]")
        regular = rules.regular_holidays
        if regular is None:
            return single
        # asked for from a year before: a holiday may be observed days after its rule's day
        year = dt.timedelta(366)
        found = regular.holidays(str(first - year), str(last + year)).to_numpy()
    return np.union1d(single, found.astype("datetime64[D]"))


@cache
def _rules(code: str) -> ExchangeCalendar:
    """An instance of the library's class for a code, without the sessions it would work out.

    Its properties (weekdays, holidays, zone, bounds) do not rest on what its constructor does.
    """
    import exchange_calendars
    from exchange_calendars import calendar_utils

    _renamed_method()
    arguments.name(code, "calendar")
    codes = exchange_calendars.get_calendar_names()
    if code in codes:
        name, base = calendar_utils.resolve_alias(code), exchange_calendars.ExchangeCalendar
        for kind in vars(calendar_utils).values():
            if isinstance(kind, type) and issubclass(kind, base) and kind is not base:
                rules: ExchangeCalendar = object.__new__(kind)
                if rules.name == name:
                    return rules
    near = get_close_matches(code.upper(), codes, n=1)
    raise UsageError(
        f"market.calendar: {code!r} is no calendar of exchange_calendars.",
        (f"Did you mean {near[0]!r}? " if near else "")
        + "Give a code that exchange_calendars knows, e.g. XNYS, XLON, XTKS.",
    )


def _renamed_method() -> None:
    """Let the library's own date offsets answer to the name that pandas 3 calls.

    They define ``_apply``; pandas 3 calls ``_add_datetime``, finds that of a parent class, and so
    raises for Orthodox Easter and puts Western Easter in the place of the holidays of Tel Aviv.
    """
    from pandas.tseries.offsets import BaseOffset

    old, new = "_apply", "_add_datetime"
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] != "exchange_calendars":
            continue
        for kind in vars(module).values():
            own = isinstance(kind, type) and kind.__module__.startswith("exchange_calendars")
            if own and issubclass(kind, BaseOffset) and old in vars(kind):
                setattr(kind, new, vars(kind)[old])
