"""What the reader finds in a sentence: subjects, numbers, signs, windows; and what it leaves alone."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from paceline import config
from paceline.views.claims import dates, quantities, text, verdicts, windows
from paceline.views.claims.grammar import Reader
from paceline.views.claims.quantities import Number
from paceline.views.claims.subjects import Names

DAY = dt.date(2025, 12, 5)


class Store:
    """Securities and classes of a store, and nothing else."""

    def table(self, name: str, version: int) -> pl.LazyFrame:
        if name == "classes":
            return pl.LazyFrame({"security": ["NVDA"], "scheme": ["gics"], "sector": ["Information Technology"]})
        kinds = {**dict.fromkeys(("SPX", "NDX", "RUT", "IXIC", "SOX"), "index"),
                 **dict.fromkeys(("SPY", "QQQ", "IWM", "IWD", "IWF", "XLK", "XLE", "XLU", "XLF", "XLV", "GLD", "TLT", "EEM", "KRE"), "etf"),
                 "NVDA": "common", "MSFT": "common", "TGT": "common"}
        names = {"NVDA": "NVIDIA Corporation Common Stock", "MSFT": "Microsoft Corporation Common Stock", "TGT": "Target Corporation"}
        return pl.LazyFrame({"security": list(kinds), "ticker": list(kinds), "name": [names.get(k) for k in kinds], "kind": list(kinds.values())})


@pytest.fixture(scope="module")
def names() -> Names:
    baskets = {"big": config.Basket(instrument="SPX", label="S&P 500"),
               "small": config.Basket(instrument="RUT", label="Russell 2000", aliases=["small caps"])}
    market = config.MarketInfo(name="m", benchmark="big")
    file = SimpleNamespace(baskets=baskets, groups={}, universes={}, market=market)
    found: Any = SimpleNamespace(file=file, store=Store(), version=1)
    return Names(found)


def read(names: Names, said: str, today: dt.date = DAY) -> list[Any]:
    return Reader(text.prepare(said), names, today).read().claims


def returns(names: Names, said: str) -> list[tuple[str, float]]:
    return [(c.subject.name, round(c.number.value, 6)) for c in read(names, said) if c.kind == "return" and c.number is not None]


@pytest.mark.parametrize(("said", "expected"), [
    ("The S&P 500 rose 1.2% on Thursday.", [("S&P 500", 0.012)]),
    ("On Thursday, the S&P 500 and the Nasdaq 100 fell 1% and 2%, respectively.", [("S&P 500", -0.01), ("Nasdaq 100", -0.02)]),
    ("Energy fell 3% on Thursday, financials 2.1% and utilities 1.4%.", [("Energy", -0.03), ("Financials", -0.021), ("Utilities", -0.014)]),
    ("On Thursday healthcare soared 9.1%, while tech slumped 4.4%.", [("Health Care", 0.091), ("Information Technology", -0.044)]),
    ("The S&P 500's 17% annual gain surprised.", [("S&P 500", 0.17)]),
    ("A 3.4% rise in the S&P 500 on Thursday surprised.", [("S&P 500", 0.034)]),
    ("Small caps suffered a loss of 2% on Thursday.", [("Russell 2000", -0.02)]),
    ("The Russell 2000 is up 54.5% this year against 39% for the S&P 500.", [("Russell 2000", 0.545), ("S&P 500", 0.39)]),
    ("On Thursday the S&P 500 ended 1.1% lower.", [("S&P 500", -0.011)]),
    ("The Russell 2000 lost a third of its value in 2008.", [("Russell 2000", -1 / 3)]),
    ("The Nasdaq 100 more than doubled in 1999.", [("Nasdaq 100", 1.0)]),
    ("Since the close on Nov. 20 the Nasdaq 100 has tacked on three and a half percent.", [("Nasdaq 100", 0.035)]),
    ("- Nasdaq 100: -1.2% this week", [("Nasdaq 100", -0.012)]),
    ("Financials (XLF, +2.2%) led on Thursday.", [("XLF", 0.022)]),
    ("Nvidia (NVDA.US) shares jumped 4% on Thursday.", [("NVDA", 0.04)]),
    ("The S&P 500 is 12% below its record high.", [("S&P 500", -0.12)]),
    ("The S&P 500 slid 12 points, or 1.1%, on Thursday.", [("S&P 500", -0.011)]),
    ("Biotech, once the market's darling, and then the S&P 500, which lost 2% on Thursday, disappointed.", [("S&P 500", -0.02)]),
])
def test_returns(names: Names, said: str, expected: list[tuple[str, float]]) -> None:
    assert returns(names, said) == [(n, round(x, 6)) for n, x in expected]


@pytest.mark.parametrize("said", [
    "S&P 500 earnings rose 12% on Thursday.", "Nvidia's revenue jumped 62% in the third quarter.", "Tech workers gained 3% on Thursday.",
    "Inflation rose 3.2% in November while the S&P 500 watched.", "The 10-year yield rose 5 basis points on Thursday.",
    "Traders put the odds of a cut at 70% on Thursday.", "Apple's suppliers rose 3% on Thursday.", "The company expects sales to rise 5%.",
    "We expect the S&P 500 to rise 8% next year.", "If the S&P 500 falls 10%, we will buy.", "Did the S&P 500 rise 2% on Thursday?",
    "S&P 500 futures rose 0.4% on Thursday.", "Technology makes up 30% of the S&P 500.", "Wall Street's most bullish strategist for three straight years",
    "Momentum has faded and growth slowed to 2% on Thursday.", "Target raised its outlook by 3% on Thursday.",
])
def test_numbers_that_are_no_prices_make_no_claim(names: Names, said: str) -> None:
    assert read(names, said) == []


@pytest.mark.parametrize(("said", "kind", "params"), [
    ("The Russell 2000 rose for a 15th straight session on Friday.", "streak", {"n": 15, "unit": "day"}),
    ("The S&P 500 extended its winning run: its sixth consecutive monthly gain in November.", "streak", {"n": 6, "unit": "month"}),
    ("The S&P 500 snapped a five-day losing streak on Friday.", "streak", {"n": 5, "ended": True}),
    ("The S&P 500 had its worst week since March 2023.", "extreme", {"unit": "week", "ref": "since"}),
    ("The Nasdaq 100 soared 25% in December, its best month ever.", "extreme", {"unit": "month", "ref": "ever"}),
    ("The S&P 500 fell below its 50-day moving average on Friday.", "average", {"side": -1, "sessions": 50}),
    ("Over two-thirds of tech stocks still trade above their 200-day moving averages.", "breadth", {"side": 1, "sessions": 200}),
    ("Energy was the second-best performing sector on Friday.", "rank", {"place": 2}),
])
def test_phrases(names: Names, said: str, kind: str, params: dict[str, Any]) -> None:
    found = [c for c in read(names, said) if c.kind == kind]
    assert len(found) == 1
    assert {k: found[0].params[k] for k in params} == params


@pytest.mark.parametrize(("said", "base", "first", "end"), [
    ("since November 20", "on", "2025-11-20", None), ("since hitting a short-term low on November 20", "on", "2025-11-20", None),
    ("for the month", "before", "2025-12-01", None), ("in November", "before", "2025-11-01", "2025-11-30"),
    ("this year", "before", "2025-01-01", None), ("year to date", "before", "2025-01-01", None), ("in 1999", "before", "1999-01-01", "1999-12-31"),
    ("on Thursday", "before", "2025-12-04", "2025-12-04"), ("last week", "before", "2025-11-24", "2025-11-30"),
    ("this week", "before", "2025-12-01", None), ("last quarter", "before", "2025-07-01", "2025-09-30"),
    ("in the third quarter", "before", "2025-07-01", "2025-09-30"), ("over the past three months", "on", "2025-09-05", None),
    ("from April 2 to April 8", "on", "2025-04-02", "2025-04-08"), ("since the start of the month", "before", "2025-12-01", None),
    ("in the week ended November 21", "before", "2025-11-17", "2025-11-21"), ("since the April low", "low", "2025-04-01", None),
])
def test_windows(said: str, base: str, first: str, end: str | None) -> None:
    [window] = windows.Reader(DAY).find(said, 0, len(said))
    assert (window.base, str(window.first), window.end and str(window.end)) == (base, first, end)


@pytest.mark.parametrize(("said", "day"), [
    ("NEW YORK, Dec. 5, 2025 - Stocks rose.", "2025-12-05"), ("Published: 5 December 2025\n\nStocks rose.", "2025-12-05"),
    ("Thread, 3/27/2020:\n\nStocks rose.", "2020-03-27"), ("October 2022 Market Commentary\n\nStocks rose.", "2022-10-31"),
    ("Stocks rose on Thursday.", None), ("Since October 9, 2007 stocks have doubled.", None),
])
def test_the_date_of_a_text(said: str, day: str | None) -> None:
    found = dates.text_date(text.prepare(said))
    assert (None if found is None else str(found[0])) == day


@pytest.mark.parametrize(("said", "low", "high", "step", "how"), [
    ("9.4%", 0.094, 0.094, 0.001, ""), ("more than 25 percent", 0.25, 0.25, 0.01, "over"), ("nearly 4 per cent", 0.04, 0.04, 0.01, "nearly"),
    ("2% to 3%", 0.02, 0.03, 0.01, ""), ("2-3%", 0.02, 0.03, 0.01, ""), ("between 2% and 3%", 0.02, 0.03, 0.01, ""), ("-1.2%", -0.012, -0.012, 0.001, ""), ("3.9pc", 0.039, 0.039, 0.001, ""),
    ("thirty-five basis points", 0.0035, 0.0035, 0.0001, ""), ("320 basis points", 0.032, 0.032, 0.0001, ""),
    ("almost three percentage points", 0.03, 0.03, 0.01, "nearly"), ("two-thirds of", 2 / 3, 2 / 3, 0.03, ""), ("half a percent", 0.005, 0.005, 0.001, ""),
    ("nine and a half percent", 0.095, 0.095, 0.005, ""), ("about 12%", 0.12, 0.12, 0.01, "about"), ("6,602.99", 6602.99, 6602.99, 0.01, ""),
])
def test_numbers(said: str, low: float, high: float, step: float, how: str) -> None:
    [number] = quantities.find(said, 0, len(said))
    assert (number.low, number.high, number.step, number.how) == (pytest.approx(low), pytest.approx(high), pytest.approx(step), how)


@pytest.mark.parametrize("said", ["0,3%", "in 2008", "version 3.11.7", "50-day", "Q3"])
def test_digits_that_are_no_numbers_of_a_claim(said: str) -> None:
    assert quantities.find(said, 0, len(said)) == []


def number(value: float, step: float, how: str = "", unit: str = "percent") -> Number:
    return Number(value, value, step, unit, 0, 1, how)


@pytest.mark.parametrize(("said", "ours", "match", "close"), [
    (number(0.051, 0.001), 0.0507, True, True), (number(0.051, 0.001), 0.0516, False, True), (number(0.051, 0.001), 0.0524, False, False),
    (number(0.17, 0.01), 0.1681, True, True), (number(0.12, 0.01), 0.1131, False, True), (number(0.12, 0.01), 0.105, False, False),
    (number(0.003, 0.001), -0.0005, False, False), (number(-0.006, 0.001), -0.0053, False, True),
    (number(2 / 3, 0.03, "over", "part"), 0.676, True, True), (number(2 / 3, 0.03, "over", "part"), 0.662, False, True),
    (number(0.25, 0.01, "over"), 0.2525, True, True), (number(0.04, 0.01, "nearly"), 0.0378, True, True), (number(0.04, 0.01, "nearly"), 0.0402, False, True),
    (number(1.0, 0.1, "over", "times"), 1.0195, True, True), (number(6602.99, 0.01, unit="level"), 6602.99, True, True),
])
def test_equal_at_the_precision_stated(said: Number, ours: float, match: bool, close: bool) -> None:
    assert (verdicts.matches(said, ours), verdicts.is_close(said, ours)) == (match, close)


def test_sentences_end_where_people_end_them() -> None:
    said = ("Nvidia (NVDA.US) rose 4.5% in the U.S. on Nov. 20. Mr. Smith of Acme Inc. was glad! \"Was he?\" Yes.\n\n"
            "- S&P 500 +1.2%\n- Nasdaq 100 -0.3%\nA line that is wrapped goes on\nin the next one.")
    found = text.prepare(said)
    assert [found.clean[s.start:s.end].strip() for s in found.sentences] == [
        "Nvidia (NVDA.US) rose 4.5% in the U.S. on Nov. 20.", "Mr. Smith of Acme Inc. was glad!", "\"Was he?\"", "Yes.",
        "S&P 500 +1.2%", "Nasdaq 100 -0.3%", "A line that is wrapped goes on\nin the next one."]


def test_every_character_read_is_found_again_in_the_text() -> None:
    said = "<p>The S&amp;P 500 rose **2%**\u202f\u2212 yes</p>"
    found = text.prepare(said)
    at = found.clean.index("S&P 500 rose")
    assert found.quote(at, at + 12) == "S&amp;P 500 rose"
    at = found.clean.index("2%")
    assert said[slice(*found.span(at, at + 2))] == "2%"
