"""Every calendar of exchange_calendars: sessions, zones, the sessions of a year, days before it."""

from __future__ import annotations

import datetime as dt
import warnings
from pathlib import Path
from typing import Any

import exchange_calendars
import numpy as np
import pytest

import paceline
from paceline import calendars
from paceline.errors import UsageError
from paceline.market import Market

D = dt.date
END = D(2026, 12, 31)
CODES = exchange_calendars.get_calendar_names(include_aliases=False)
#: Calendars whose weekdays change with the years; the library's own constructor loses that, and
#: Orthodox Easter and the holidays of Tel Aviv, on pandas 3. They are checked by hand below.
BY_HAND = {"XBOM", "XKRX", "XMOS", "XTAE", "ASEX", "XBEL", "XBSE", "XCYS"}


@pytest.mark.parametrize("code", CODES)
def test_every_calendar_is_built_from_its_first_day(code: str) -> None:
    days = calendars.sessions(code, END)
    assert days == sorted(set(days))
    assert days[0].year in (1952, 1956, 1960, 1970, 1986, 1990, 1997, 2001, 2017, 2021)
    assert D(2026, 12, 15) < days[-1] <= END
    assert 230 * 5 < sum(D(2021, 1, 1) <= day <= D(2025, 12, 31) for day in days) <= 1826
    assert calendars.zone(code)
    if code in BY_HAND:
        return
    start = max(days[0], D(1970, 1, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library uses what pandas 4 will drop
        theirs = exchange_calendars.get_calendar(code, start=start, end=END).sessions
    assert [day for day in days if day >= start] == [day.date() for day in theirs]


@pytest.mark.parametrize("alias", ["NYSE", "NASDAQ", "LSE", "TSX", "JPX"])
def test_other_names_of_a_calendar(alias: str) -> None:
    code = exchange_calendars.resolve_alias(alias)
    assert calendars.sessions(alias, END) == calendars.sessions(code, END)


@pytest.mark.parametrize(
    ("code", "is_open", "closed"),
    [
        # Saturdays until December 1998; 1997-03-01 is a holiday
        ("XKRX", ["1997-03-08", "1998-12-05", "1998-12-07"], ["1997-03-01", "1998-12-12"]),
        # Sunday to Thursday until 2026, then Monday to Friday; Passover, Independence Day, New Year
        (
            "XTAE",
            ["2025-01-05", "2026-01-09", "2025-10-09"],
            ["2025-01-03", "2026-01-11", "2025-04-13", "2025-05-01", "2025-09-23", "2025-10-02"],
        ),
        ("XBOM", ["2024-01-20", "2025-02-01"], ["2024-01-27", "2025-02-08"]),
        ("XMOS", ["2000-05-06", "2003-01-05"], ["2000-05-13"]),
        # Orthodox Good Friday and Easter Monday
        (
            "ASEX",
            ["2025-04-22", "2024-04-30"],
            ["2025-04-18", "2025-04-21", "2024-05-03", "2024-05-06"],
        ),
        ("XBEL", ["2023-04-18"], ["2023-04-14", "2023-04-17"]),
        ("XBSE", ["2023-04-18"], ["2023-04-14", "2023-04-17"]),
        ("XCYS", ["2023-04-19"], ["2023-04-14", "2023-04-17"]),
        # yearly holidays before 1970
        (
            "XNYS",
            ["1952-09-29", "1960-04-14", "1968-06-13"],
            ["1960-04-15", "1963-11-28", "1954-02-22", "1953-10-12", "1968-06-12", "1963-11-25"],
        ),
    ],
)
def test_sessions_that_only_history_knows(code: str, is_open: list[str], closed: list[str]) -> None:
    days = {str(day) for day in calendars.sessions(code, END)}
    assert set(is_open) <= days
    assert not set(closed) & days


def test_an_unknown_code_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="'xtks' is no calendar") as caught:
        calendars.sessions("xtks", END)
    assert str(caught.value.remedy).startswith("Did you mean 'XTKS'?")
    with pytest.raises(UsageError, match="is no calendar"):
        calendars.zone("")


@pytest.mark.parametrize(
    ("code", "zone"),
    [
        ("XTKS", "Asia/Tokyo"),
        ("XNYS", "America/New_York"),
        ("24/7", "UTC"),
        ("XLON", "Europe/London"),
    ],
)
def test_zones(code: str, zone: str) -> None:
    assert calendars.zone(code) == zone


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("XNYS", 252),  # by convention
        ("NASDAQ", 252),
        ("24/7", 365),
        # by hand, from the exchanges' own counts of 2016 to 2025
        ("XTKS", round((245 + 247 + 245 + 241 + 243 + 245 + 244 + 246 + 245 + 243) / 10)),
        ("XSHG", round((244 + 244 + 243 + 244 + 243 + 243 + 242 + 242 + 242 + 243) / 10)),
    ],
)
def test_sessions_of_a_year(code: str, count: int) -> None:
    days = np.array(calendars.sessions(code, D(2028, 12, 31)), "datetime64[D]")
    assert calendars.sessions_of_year(code, days) == count


def test_only_full_years_count_towards_the_sessions_of_a_year() -> None:
    every = np.arange("2022-07-01", "2026-03-01", dtype="datetime64[D]")
    days = every[np.is_busday(every)]  # 260 weekdays in 2023, 262 in 2024, 261 in 2025
    assert calendars.sessions_of_year("XPAR", days) == 261


def test_sessions_of_a_year_without_a_full_year_are_those_of_new_york() -> None:
    days = np.array(["2025-03-03", "2025-03-04"], "datetime64[D]")
    assert calendars.sessions_of_year("XPAR", days) == 252
    assert calendars.sessions_of_year("XPAR", days[:0]) == 252


# ---- in a market -------------------------------------------------------------------------------


def market(folder: Path, calendar: str, rows: list[tuple[str, float]]) -> Any:
    (folder / "p.csv").write_text(
        "ticker,date,close\n" + "".join(f"IDX,{day},{close}\n" for day, close in rows)
    )
    (folder / "market.toml").write_text(
        f"""
        [market]
        name = "t"
        calendar = "{calendar}"
        benchmark = "b"
        store = "store"
        [sources.p]
        path = "p.csv"
        columns = {{ security = "ticker", date = "date", close = "close" }}
        [baskets.b]
        instrument = "IDX"
        """
    )
    opened = paceline.open(folder / "market.toml")
    opened.import_()
    return opened


@pytest.mark.parametrize(
    ("calendar", "days"),
    [
        # Saturdays in New York; Sundays of course not, but nobody has prices then
        ("XNYS", ["1950-01-06", "1950-01-07", "1950-01-09", "1950-01-13", "1950-01-14"]),
        ("NASDAQ", ["1950-01-06", "1950-01-07", "1950-01-09"]),
        # Good Friday 1950-04-07, closed: no session is invented
        ("XNYS", ["1950-04-05", "1950-04-06", "1950-04-08", "1950-04-10"]),
        # Tokyo before 1997, Saturdays until 1989; Shanghai's first days; Taipei's Saturdays
        ("XTKS", ["1988-12-02", "1988-12-03", "1988-12-05", "1996-12-30", "1997-01-06"]),
        ("XTAI", ["1998-03-06", "1998-03-07", "1998-03-09"]),
        ("XSAU", ["2020-12-30", "2020-12-31", "2021-01-03"]),
        ("XLON", ["1962-04-19", "1962-04-23", "1962-04-24"]),  # bank holidays of later years
        # across the beginning of the calendar
        (
            "XNYS",
            ["1952-09-20", "1952-09-22", "1952-09-26", "1952-09-27", "1952-09-29", "1952-09-30"],
        ),
    ],
)
def test_days_before_the_calendar_are_the_source_s_own(
    tmp_path: Path, calendar: str, days: list[str]
) -> None:
    closes = [100.0 * 1.01**n for n in range(len(days))]
    m = market(tmp_path, calendar, list(zip(days, closes, strict=True)))
    assert m.stored.quarantine().is_empty()
    levels = m.all_levels
    assert [str(day) for day in levels.sessions] == days
    assert np.diff(np.log(levels.native[0])) == pytest.approx([np.log(1.01)] * (len(days) - 1))
    outside = m.stored.findings().filter(check="days outside the calendar")
    assert outside["action"].to_list() == ["taken as sessions: the source's own days"]


def test_an_old_record_is_told_from_a_saturday(tmp_path: Path) -> None:
    days = ["1950-01-26", "1950-01-27", "1950-01-28", "1950-01-30", "1950-01-31"]
    m = market(tmp_path, "XNYS", list(zip(days, [16.2, 16.21, 16.72, 16.23, 16.24], strict=True)))
    rows = {f.statistic: f.value for f in m.show("record_highs")}
    assert rows["last_record"] == pytest.approx(16.72)
    assert rows["is_record"] == 0


def test_a_year_before_the_calendar_has_the_sessions_of_the_file(tmp_path: Path) -> None:
    # weekdays of 1930 but every other Wednesday
    days = [D(1930, 1, 1) + dt.timedelta(n) for n in range(365)]
    own = [
        d
        for d in days
        if d.weekday() < 5 and d.isocalendar()[1:] not in {(w, 3) for w in range(0, 60, 2)}
    ]
    m = market(tmp_path, "XNYS", [(str(d), 20.0 + n) for n, d in enumerate(own)])
    assert len(m.all_levels.sessions) == len(own)


def test_a_day_in_the_future_moves_no_as_of_day(tmp_path: Path) -> None:
    days = ["2025-09-02", "2025-09-03", "2025-09-04", "2025-09-05", "2025-09-08", "2031-09-05"]
    m = market(tmp_path, "XNYS", [(day, 100.0) for day in days])
    assert m.as_of == "2025-09-08"
    assert m.stored.quarantine()["reason"].to_list() == ["date lies after the day of the import"]


@pytest.mark.parametrize(
    ("code", "moment", "day"),
    [
        ("XNYS", "2025-09-12T19:59", "2025-09-11"),  # 15:59 in New York
        ("XNYS", "2025-09-12T20:00", "2025-09-12"),
        ("XTKS", "2025-09-12T06:29", "2025-09-11"),  # 15:29 in Tokyo, which closes at 15:30
        ("XTKS", "2024-09-12T06:00", "2024-09-12"),  # and closed at 15:00 before November 2024
        ("24/7", "2025-09-12T23:59", "2025-09-11"),
        ("24/7", "2025-09-13T00:00", "2025-09-12"),
    ],
)
def test_the_last_day_whose_session_has_ended(code: str, moment: str, day: str) -> None:
    at = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)
    assert str(calendars.ended(code, at)) == day


def test_a_row_of_a_session_that_goes_on_waits_for_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clock(moment: str) -> None:
        at = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)
        monkeypatch.setattr(calendars, "now", lambda: at)

    clock("2025-09-08T15:00")  # 11:00 in New York; one row is of today, one of tomorrow
    days = ["2025-09-03", "2025-09-04", "2025-09-05", "2025-09-08", "2025-09-09"]
    m = market(tmp_path, "XNYS", [(day, 100.0 + n) for n, day in enumerate(days)])
    assert m.as_of == "2025-09-05"
    why = "the session had not ended at the import"
    assert m.stored.quarantine()["reason"].to_list() == [why] * 2
    assert why in m.findings()["check"].to_list()
    assert [row["load"] for row in m.import_()] == [None], "nothing has changed since"
    for moment, last, left in (("08T20:00", days[3], 1), ("09T20:01", days[4], 0)):
        clock(f"2025-09-{moment}")
        m.import_()  # the same bytes
        assert m.as_of == last and m.stored.quarantine().height == left
    assert [row["load"] for row in m.import_()] == [None]


# ---- rates per year ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("calendar", "year", "said"),
    [
        ("XNYS", 252, "annualised with 252 sessions a year, by convention"),
        ("XTKS", 244, "annualised with 244 sessions a year, as XTKS had from 2016 to 2025"),
        ("XSHG", 243, "annualised with 243 sessions a year, as XSHG had from 2016 to 2025"),
        ("24/7", 365, "annualised with 365 sessions a year, as 24/7 had from 2016 to 2025"),
    ],
)
def test_rates_are_per_year_of_the_market(
    tmp_path: Path, calendar: str, year: int, said: str
) -> None:
    days = [day for day in calendars.sessions(calendar, D(2025, 6, 30)) if day.year >= 2022]
    moves = np.random.default_rng(7).normal(0.0004, 0.01, len(days))
    closes = 100 * np.exp(np.cumsum(moves))
    m = market(tmp_path, calendar, [(str(d), c) for d, c in zip(days, closes, strict=True)])
    returns = closes[1:] / closes[:-1] - 1
    made = {f.statistic: f for f in m.show("performance")}
    expected = float(np.std(returns[-252:], ddof=1)) * year**0.5
    assert made["volatility"].value == pytest.approx(expected, rel=1e-9)
    assert said in made["volatility"].caveats
    back = days.index(max(d for d in days if d <= D(2022, 6, 30)))
    grown = (closes[-1] / closes[back]) ** (year / (len(days) - 1 - back)) - 1
    assert made["3y_annualised"].value == pytest.approx(grown, rel=1e-9)
    assert said in made["3y_annualised"].caveats
    assert not any("annualised" in c for c in made["ytd"].caveats)
    answer = m.target(float(closes[-1]) * 1.1, "2025-12-31", draws=50)
    ahead = [d for d in calendars.sessions(calendar, D(2025, 12, 31)) if d > days[-1]]
    assert answer.target.years == pytest.approx(len(ahead) / year)
    logs = np.diff(np.log(closes))
    assert answer.target.volatility == pytest.approx(np.std(logs, ddof=1) * year**0.5)
    assert said in answer.figures["volatility"].caveats


@pytest.mark.parametrize(("calendar", "count"), [("XTKS", 244), ("24/7", 365), ("XNYS", 252)])
def test_years_beyond_the_stored_sessions_have_as_many_sessions(
    tmp_path: Path, calendar: str, count: int
) -> None:
    from paceline.studies.target import sessions_to

    m = market(tmp_path, calendar, [(str(d), 100.0) for d in (D(2025, 7, 1), D(2025, 7, 2))])
    days, stored = sessions_to(m, D(2040, 12, 31))
    assert stored is not None
    year = days.astype("datetime64[Y]").astype(int) + 1970
    assert sum(year == 2035) == pytest.approx(count, abs=1)


@pytest.mark.parametrize(("stray", "value"), [("-5.0", None), ("0.0", 1.02 * 1.03 - 1)])
def test_a_return_on_a_holiday_takes_the_next_one_with_it(
    tmp_path: Path, stray: str, value: float | None
) -> None:
    """Labor Day is the first of September; nothing but returns is given."""
    rows = ["2025-08-28,1", "2025-08-29,2", f"2025-09-01,{stray}", "2025-09-02,3", "2025-09-03,0"]
    lines = [f"AAA,{row}" for row in rows]
    (tmp_path / "p.csv").write_text("\n".join(["security,date,change", *lines]))
    (tmp_path / "market.toml").write_text(
        '[market]\nname = "m"\nbenchmark = "b"\n[sources.p]\ntable = "prices"\npath = "p.csv"\n'
        '[sources.p.columns]\nsecurity = "security"\ndate = "date"\n'
        'price_return = { column = "change", unit = "percent" }\n[baskets.b]\ninstrument = "AAA"\n'
    )
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    (figure,) = market.show("performance", horizons=("since",), since="2025-08-28")
    found = [f for f in market.findings().to_dicts() if "day off the calendar" in f["check"]]
    assert figure.value == (value if value is None else pytest.approx(value))
    assert len(found) == (value is None)
    assert any("no return" in c for c in figure.caveats) == (value is None)
