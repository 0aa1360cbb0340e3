"""What the reader finds in a sentence: subjects, numbers, signs, windows; and what it leaves alone."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from paceline import config
from paceline.factcheck import dates, quantities, text, verdicts, windows
from paceline.factcheck.quantities import Number
from paceline.factcheck.reader import Reader
from paceline.factcheck.subjects import Names

DAY = dt.date(2025, 12, 5)


class Store:
    """Securities and classes of a store, and nothing else."""

    def table(self, name: str) -> pl.LazyFrame:
        if name == "classes":
            return pl.LazyFrame(
                {"security": ["NVDA"], "scheme": ["gics"], "sector": ["Information Technology"]}
            )
        kinds = {
            **dict.fromkeys(("SPX", "NDX", "RUT", "IXIC", "SOX"), "index"),
            **dict.fromkeys(
                (
                    "SPY",
                    "QQQ",
                    "IWM",
                    "IWD",
                    "IWF",
                    "XLK",
                    "XLE",
                    "XLU",
                    "XLF",
                    "XLV",
                    "GLD",
                    "TLT",
                    "EEM",
                    "KRE",
                ),
                "etf",
            ),
            "NVDA": "common",
            "MSFT": "common",
            "TGT": "common",
        }
        names = {
            "NVDA": "NVIDIA Corporation Common Stock",
            "MSFT": "Microsoft Corporation Common Stock",
            "TGT": "Target Corporation",
        }
        return pl.LazyFrame(
            {
                "security": list(kinds),
                "ticker": list(kinds),
                "name": [names.get(k) for k in kinds],
                "kind": list(kinds.values()),
            }
        )


@pytest.fixture(scope="module")
def names() -> Names:
    baskets = {
        "big": config.Basket(instrument="SPX", label="S&P 500"),
        "small": config.Basket(instrument="RUT", label="Russell 2000", aliases=["small caps"]),
    }
    market = config.MarketInfo(name="m", benchmark="big")
    file = SimpleNamespace(baskets=baskets, groups={}, universes={}, market=market)
    found: Any = SimpleNamespace(file=file, stored=Store())
    return Names(found)


def read(names: Names, said: str, today: dt.date = DAY) -> list[Any]:
    return Reader(text.prepare(said), names, today).read().claims


def returns(names: Names, said: str) -> list[tuple[str, float]]:
    return [
        (c.subject.name, round(c.number.value, 6))
        for c in read(names, said)
        if c.kind == "return" and c.number is not None
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("The S&P 500 rose 1.2% on Thursday.", [("S&P 500", 0.012)]),
        (
            "On Thursday, the S&P 500 and the Nasdaq 100 fell 1% and 2%, respectively.",
            [("S&P 500", -0.01), ("Nasdaq 100", -0.02)],
        ),
        (
            "Energy fell 3% on Thursday, financials 2.1% and utilities 1.4%.",
            [("Energy", -0.03), ("Financials", -0.021), ("Utilities", -0.014)],
        ),
        (
            "On Thursday healthcare soared 9.1%, while tech slumped 4.4%.",
            [("Health Care", 0.091), ("Information Technology", -0.044)],
        ),
        ("The S&P 500's 17% annual gain surprised.", [("S&P 500", 0.17)]),
        ("A 3.4% rise in the S&P 500 on Thursday surprised.", [("S&P 500", 0.034)]),
        ("Small caps suffered a loss of 2% on Thursday.", [("Russell 2000", -0.02)]),
        (
            "The Russell 2000 is up 54.5% this year against 39% for the S&P 500.",
            [("Russell 2000", 0.545), ("S&P 500", 0.39)],
        ),
        ("On Thursday the S&P 500 ended 1.1% lower.", [("S&P 500", -0.011)]),
        ("The Russell 2000 lost a third of its value in 2008.", [("Russell 2000", -1 / 3)]),
        ("The Nasdaq 100 more than doubled in 1999.", [("Nasdaq 100", 1.0)]),
        (
            "Since the close on Nov. 20 the Nasdaq 100 has tacked on three and a half percent.",
            [("Nasdaq 100", 0.035)],
        ),
        ("- Nasdaq 100: -1.2% this week", [("Nasdaq 100", -0.012)]),
        ("Financials (XLF, +2.2%) led on Thursday.", [("XLF", 0.022)]),
        ("Nvidia (NVDA.US) shares jumped 4% on Thursday.", [("NVDA", 0.04)]),
        ("The S&P 500 is 12% below its record high.", [("S&P 500", -0.12)]),
        ("The S&P 500 slid 12 points, or 1.1%, on Thursday.", [("S&P 500", -0.011)]),
        (  # a name with the word in it is no average
            "The Dow Jones Industrial Average gained 1.1% on Thursday.",
            [("Dow Jones Industrial Average", 0.011)],
        ),
        (
            "Biotech, once the market's darling, and then the S&P 500, which lost 2% on Thursday, disappointed.",
            [("S&P 500", -0.02)],
        ),
    ],
)
def test_returns(names: Names, said: str, expected: list[tuple[str, float]]) -> None:
    assert returns(names, said) == [(n, round(x, 6)) for n, x in expected]


@pytest.mark.parametrize(
    "said",
    [
        "S&P 500 earnings rose 12% on Thursday.",
        "Nvidia's revenue jumped 62% in the third quarter.",
        "Tech workers gained 3% on Thursday.",
        "Inflation rose 3.2% in November while the S&P 500 watched.",
        "The 10-year yield rose 5 basis points on Thursday.",
        "Traders put the odds of a cut at 70% on Thursday.",
        "Apple's suppliers rose 3% on Thursday.",
        "The company expects sales to rise 5%.",
        "We expect the S&P 500 to rise 8% next year.",
        "If the S&P 500 falls 10%, we will buy.",
        "Did the S&P 500 rise 2% on Thursday?",
        "S&P 500 futures rose 0.4% on Thursday.",
        "Technology makes up 30% of the S&P 500.",
        "Wall Street's most bullish strategist for three straight years",
        "Momentum has faded and growth slowed to 2% on Thursday.",
        "Target raised its outlook by 3% on Thursday.",
    ],
)
def test_numbers_that_are_no_prices_make_no_claim(names: Names, said: str) -> None:
    assert read(names, said) == []


@pytest.mark.parametrize(
    ("said", "kind", "params"),
    [
        (
            "The Russell 2000 rose for a 15th straight session on Friday.",
            "streak",
            {"n": 15, "unit": "day"},
        ),
        (
            "The S&P 500 extended its winning run: its sixth consecutive monthly gain in November.",
            "streak",
            {"n": 6, "unit": "month"},
        ),
        (
            "The S&P 500 snapped a five-day losing streak on Friday.",
            "streak",
            {"n": 5, "ended": True},
        ),
        (
            "The S&P 500 had its worst week since March 2023.",
            "extreme",
            {"unit": "week", "ref": "since"},
        ),
        (
            "The Nasdaq 100 soared 25% in December, its best month ever.",
            "extreme",
            {"unit": "month", "ref": "ever"},
        ),
        (
            "The S&P 500 fell below its 50-day moving average on Friday.",
            "average",
            {"side": -1, "sessions": 50},
        ),
        (
            "Over two-thirds of tech stocks still trade above their 200-day moving averages.",
            "breadth",
            {"side": 1, "sessions": 200},
        ),
        ("Energy was the second-best performing sector on Friday.", "rank", {"place": 2}),
    ],
)
def test_phrases(names: Names, said: str, kind: str, params: dict[str, Any]) -> None:
    found = [c for c in read(names, said) if c.kind == kind]
    assert len(found) == 1
    assert {k: found[0].params[k] for k in params} == params


@pytest.mark.parametrize(
    ("said", "base", "first", "end"),
    [
        ("since November 20", "on", "2025-11-20", None),
        ("since hitting a short-term low on November 20", "on", "2025-11-20", None),
        ("for the month", "before", "2025-12-01", None),
        ("in November", "before", "2025-11-01", "2025-11-30"),
        ("this year", "before", "2025-01-01", None),
        ("year to date", "before", "2025-01-01", None),
        ("in 1999", "before", "1999-01-01", "1999-12-31"),
        ("on Thursday", "before", "2025-12-04", "2025-12-04"),
        ("last week", "before", "2025-11-24", "2025-11-30"),
        ("this week", "before", "2025-12-01", None),
        ("last quarter", "before", "2025-07-01", "2025-09-30"),
        ("in the third quarter", "before", "2025-07-01", "2025-09-30"),
        ("over the past three months", "on", "2025-09-05", None),
        ("from April 2 to April 8", "on", "2025-04-02", "2025-04-08"),
        ("since the start of the month", "before", "2025-12-01", None),
        ("in the week ended November 21", "before", "2025-11-17", "2025-11-21"),
        ("since the April low", "low", "2025-04-01", None),
    ],
)
def test_windows(said: str, base: str, first: str, end: str | None) -> None:
    [window] = windows.Reader(DAY).find(said, 0, len(said))
    assert (window.base, str(window.first), window.end and str(window.end)) == (base, first, end)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("NEW YORK, Dec. 5, 2025 - Stocks rose.", "2025-12-05"),
        ("Published: 5 December 2025\n\nStocks rose.", "2025-12-05"),
        ("Thread, 3/27/2020:\n\nStocks rose.", "2020-03-27"),
        ("October 2022 Market Commentary\n\nStocks rose.", "2022-10-31"),
        ("Stocks rose on Thursday.", None),
        ("Since October 9, 2007 stocks have doubled.", None),
    ],
)
def test_the_date_of_a_text(said: str, day: str | None) -> None:
    found = dates.text_date(text.prepare(said))
    assert (None if found is None else str(found[0])) == day


@pytest.mark.parametrize(
    ("said", "low", "high", "step", "how"),
    [
        ("9.4%", 0.094, 0.094, 0.001, ""),
        ("more than 25 percent", 0.25, 0.25, 0.01, "over"),
        ("nearly 4 per cent", 0.04, 0.04, 0.01, "nearly"),
        ("2% to 3%", 0.02, 0.03, 0.01, ""),
        ("2-3%", 0.02, 0.03, 0.01, ""),
        ("between 2% and 3%", 0.02, 0.03, 0.01, ""),
        ("-1.2%", -0.012, -0.012, 0.001, ""),
        ("3.9pc", 0.039, 0.039, 0.001, ""),
        ("thirty-five basis points", 0.0035, 0.0035, 0.0001, ""),
        ("320 basis points", 0.032, 0.032, 0.0001, ""),
        ("almost three percentage points", 0.03, 0.03, 0.01, "nearly"),
        ("two-thirds of", 2 / 3, 2 / 3, 0.03, ""),
        ("half a percent", 0.005, 0.005, 0.001, ""),
        ("nine and a half percent", 0.095, 0.095, 0.005, ""),
        ("about 12%", 0.12, 0.12, 0.01, "about"),
        ("6,602.99", 6602.99, 6602.99, 0.01, ""),
    ],
)
def test_numbers(said: str, low: float, high: float, step: float, how: str) -> None:
    [number] = quantities.find(said, 0, len(said))
    assert (number.low, number.high, number.step, number.how) == (
        pytest.approx(low),
        pytest.approx(high),
        pytest.approx(step),
        how,
    )


@pytest.mark.parametrize("said", ["in 2008", "version 3.11.7", "50-day", "Q3"])
def test_digits_that_are_no_numbers_of_a_claim(said: str) -> None:
    assert quantities.find(said, 0, len(said)) == []


def number(value: float, step: float, how: str = "", unit: str = "percent") -> Number:
    return Number(value, value, step, unit, 0, 1, how)


@pytest.mark.parametrize(
    ("said", "ours", "match", "close"),
    [
        (number(0.051, 0.001), 0.0507, True, True),
        (number(0.051, 0.001), 0.0516, False, True),
        (number(0.051, 0.001), 0.0524, False, False),
        (number(0.17, 0.01), 0.1681, True, True),
        (number(0.12, 0.01), 0.1131, False, True),
        (number(0.12, 0.01), 0.105, False, False),
        (number(0.003, 0.001), -0.0005, False, False),
        (number(-0.006, 0.001), -0.0053, False, True),
        (number(2 / 3, 0.03, "over", "part"), 0.676, True, True),
        (number(2 / 3, 0.03, "over", "part"), 0.662, False, True),
        (number(0.25, 0.01, "over"), 0.2525, True, True),
        (number(0.04, 0.01, "nearly"), 0.0378, True, True),
        (number(0.04, 0.01, "nearly"), 0.0402, False, True),
        (number(1.0, 0.1, "over", "times"), 1.0195, True, True),
        (number(6602.99, 0.01, unit="level"), 6602.99, True, True),
    ],
)
def test_equal_at_the_precision_stated(said: Number, ours: float, match: bool, close: bool) -> None:
    assert (verdicts.matches(said, ours), verdicts.is_close(said, ours)) == (match, close)


def test_sentences_end_where_people_end_them() -> None:
    said = (
        'Nvidia (NVDA.US) rose 4.5% in the U.S. on Nov. 20. Mr. Smith of Acme Inc. was glad! "Was he?" Yes.\n\n'
        "- S&P 500 +1.2%\n- Nasdaq 100 -0.3%\nA line that is wrapped goes on\nin the next one."
    )
    found = text.prepare(said)
    assert [found.clean[s.start : s.end].strip() for s in found.sentences] == [
        "Nvidia (NVDA.US) rose 4.5% in the U.S. on Nov. 20.",
        "Mr. Smith of Acme Inc. was glad!",
        '"Was he?"',
        "Yes.",
        "S&P 500 +1.2%",
        "Nasdaq 100 -0.3%",
        "A line that is wrapped goes on\nin the next one.",
    ]


def test_every_character_read_is_found_again_in_the_text() -> None:
    said = "<p>The S&amp;P 500 rose **2%**\u202f\u2212 yes</p>"
    found = text.prepare(said)
    at = found.clean.index("S&P 500 rose")
    assert found.quote(at, at + 12) == "S&amp;P 500 rose"
    at = found.clean.index("2%")
    assert said[slice(*found.span(at, at + 2))] == "2%"


def windows_of(names: Names, said: str, today: dt.date = DAY) -> list[tuple[str, str, str | None]]:
    """(subject, first day, end) of each return."""
    return [
        (c.subject.name, str(c.window.first), c.window.end and str(c.window.end))
        for c in read(names, said, today)
        if c.kind == "return" and c.window is not None
    ]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("The S&P 500 rose three-quarters of a percent on Thursday.", [("S&P 500", 0.0075)]),
        (
            "On Thursday the Russell 2000 fell four-tenths of one percent.",
            [("Russell 2000", -0.004)],
        ),
        ("On Thursday the S&P 500 gained a stunning 3%.", [("S&P 500", 0.03)]),
        (
            "The S&P 500 and the Nasdaq 100 posted gains of 4.4% and 5.5%, respectively, on Thursday.",
            [("S&P 500", 0.044), ("Nasdaq 100", 0.055)],
        ),
        (
            "The Nasdaq 100, which holds such giants as Microsoft and Nvidia, closed 2% lower on Thursday.",
            [("Nasdaq 100", -0.02)],
        ),
        (
            "The S&P 500, led by a 2.5% rise in energy, gained 1% on Thursday.",
            [("Energy", 0.025), ("S&P 500", 0.01)],
        ),
        (
            "The Russell 2000 \u2014 a group in which the Nasdaq 100 plays no part \u2014 lost 2% on Thursday.",
            [("Russell 2000", -0.02)],
        ),
    ],
)
def test_numbers_in_the_wordings_of_others(
    names: Names, said: str, expected: list[tuple[str, float]]
) -> None:
    assert sorted(returns(names, said)) == sorted((n, round(x, 6)) for n, x in expected)


@pytest.mark.parametrize(
    "said",
    [
        "Over the past century the S&P 500 has averaged a loss of 1.1% in September.",
        "The equal-weight index's gain was 10.2% less than that of its rival on Thursday.",
        "The S&P 500 rose after back-to-back gains of 1.6% and 0.7%.",
        "Shares of the fund's Retail (ABCDX) class fell 3% on Thursday.",
        "Eight S&P 500 sector ETFs gained more than 1% on Thursday.",
    ],
)
def test_numbers_of_something_else(names: Names, said: str) -> None:
    assert returns(names, said) == []


@pytest.mark.parametrize(
    ("said", "against"),
    [
        ("Small caps outpaced the rest of the market in November.", "S&P 500"),
        ("Value stocks beat their growth counterparts in November.", "Growth"),
        ("The Nasdaq 100 outperformed its smaller peers in November.", "Russell 2000"),
        ("Small caps trounced large in November.", "S&P 500"),
    ],
)
def test_rivals(names: Names, said: str, against: str) -> None:
    assert [c.against.name for c in read(names, said) if c.kind == "compare"] == [against]


@pytest.mark.parametrize(
    "said",
    [
        "The S&P 500 outperformed foreign markets in November.",
        "The S&P 500 bested the Freedonia Index in November.",
        "The S&P 500 surpassed its previous peak in November.",
        "The S&P 500 topped its year-end value on Thursday.",
    ],
)
def test_an_unknown_rival_is_not_the_market(names: Names, said: str) -> None:
    assert [c for c in read(names, said) if c.kind == "compare"] == []


def test_two_differences_go_to_two_subjects(names: Names) -> None:
    said = "The S&P 500 and the Nasdaq 100 outperformed small caps by 3 points and 5 points, respectively, in November."
    found = [(c.subject.name, c.number.value) for c in read(names, said) if c.kind == "compare"]
    assert found == [("S&P 500", pytest.approx(0.03)), ("Nasdaq 100", pytest.approx(0.05))]


@pytest.mark.parametrize(
    "said",
    [
        "The S&P 500 was approaching its all-time high on Thursday.",
        "The S&P 500 missed out on setting a new record on Thursday.",
    ],
)
def test_a_record_not_made_is_not_claimed_as_made(names: Names, said: str) -> None:
    assert all(c.denied for c in read(names, said) if c.kind == "record")


@pytest.mark.parametrize(
    ("said", "levels"),
    [
        ("The S&P 500 closed on Thursday above its 100-day moving average at 6,612.45.", []),
        ("The S&P 500 is 12% below the peak of 7,100.50 on October 9, 2025.", []),
        ("The S&P 500 reached 6,890.10 at its high on Thursday.", []),
        (
            "The S&P 500 closed at 6,850.20 on Thursday, its lowest close since November 5, when it closed at 6,790.10.",
            [6850.20],
        ),
    ],
)
def test_levels_of_another_day_or_thing(names: Names, said: str, levels: list[float]) -> None:
    assert [c.number.value for c in read(names, said) if c.kind == "level"] == levels


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "The Russell 2000 fell 1.7% this week after Monday's 4% decline.",
            [("Russell 2000", "2025-12-01", None), ("Russell 2000", "2025-12-01", "2025-12-01")],
        ),
        (
            "The S&P 500 rose 4.3% this week to close at a one-month high.",
            [("S&P 500", "2025-12-01", None)],
        ),
        (
            "The S&P 500 posted a weekly gain of 4.5%, driven by rallies on Thursday and Friday.",
            [("S&P 500", "2025-12-01", None)],
        ),
        ("The S&P 500 finished the month up 2%.", [("S&P 500", "2025-11-01", "2025-11-30")]),
        ("In 3Q25 the S&P 500 returned 7.8%.", [("S&P 500", "2025-07-01", "2025-09-30")]),
        (
            "The S&P 500 is up 56% from its bear market low of 4,982.77 reached on April 8, 2025.",
            [("S&P 500", "2025-04-08", None)],
        ),
        (
            "For the trading week:\n\n- S&P 500 up 1.83%\n- Russell 2000 up 3.26%\n\nFor the year:\n\n- S&P 500 up 11.5%",
            [
                ("S&P 500", "2025-12-01", None),
                ("Russell 2000", "2025-12-01", None),
                ("S&P 500", "2025-01-01", None),
            ],
        ),
        (
            "Shares everywhere tumbled on Tuesday. The S&P 500 lost 1.9%.",
            [("S&P 500", "2025-12-02", "2025-12-02")],
        ),
    ],
)
def test_windows_in_the_wordings_of_others(
    names: Names, said: str, expected: list[tuple[str, str, str | None]]
) -> None:
    assert windows_of(names, said) == expected


def test_the_quarter_just_over_is_meant_in_its_first_weeks(names: Names) -> None:
    early, late = dt.date(2025, 10, 6), dt.date(2025, 11, 6)
    assert windows_of(names, "The S&P 500 was up 8% on the quarter.", early) == [
        ("S&P 500", "2025-07-01", "2025-09-30")
    ]
    assert windows_of(names, "The S&P 500 was up 8% on the quarter.", late) == [
        ("S&P 500", "2025-10-01", None)
    ]


def test_the_storys_day_holds_for_the_next_paragraphs(names: Names) -> None:
    said = (
        "Wall Street closed higher on Friday. Small caps rose 1.8%. The small-cap index gained 4.3% this week.\n\n"
        "In another corner nothing happened at all.\n\nThe S&P 500 gained 0.4%."
    )
    assert windows_of(names, said)[-1] == ("S&P 500", "2025-12-05", None)


def test_ranks_of_those_who_lost(names: Names) -> None:
    found = [
        c
        for c in read(names, "Energy was the biggest sector decliner on Friday.")
        if c.kind == "rank"
    ]
    assert len(found) == 1 and found[0].sign < 0
    assert [
        c
        for c in read(names, "The S&P 500 ended up losing ground on Friday.")
        if c.kind == "direction"
    ] == []
    assert [
        c.kind
        for c in read(names, "The S&P 500 snapped its longest losing streak since April on Friday.")
    ] != ["extreme"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "The percentage of S&P 500 stocks above their 50-day moving average fell to 14%.",
            [("S&P 500", 0.14, 50, 1)],
        ),
        (
            "Only the share of Russell 2000 members trading below their 200-day average is at 71%.",
            [("Russell 2000", 0.71, 200, -1)],
        ),
        ("The S&P 500 has stayed below its 200-day average, its longest streak since 2009.", []),
    ],
)
def test_a_share_of_members_may_come_last(
    names: Names, said: str, expected: list[tuple[str, float, int, int]]
) -> None:
    found = [
        (c.subject.name, c.number.value, c.params["sessions"], c.sign)
        for c in read(names, said)
        if c.kind == "breadth"
    ]
    assert found == expected
    assert all(c.kind != "extreme" for c in read(names, said))


@pytest.mark.parametrize(
    "said",
    [
        "The S&P 500 posted 5 new 52-week highs and 20 new lows on Thursday.",
        "The index is nearing a 20% loss, which would be a bear market for the S&P 500 on Thursday.",
        "It was not just large caps that outperformed on Thursday.",
        "About 300 stocks in the S&P 500 that rose more than 10% this week were small.",
        "A fall of at least 10%, commonly defined as at least a 10% decline, hit the S&P 500 on Thursday.",
        "Consumer Staples had their 28th worst month in history.",
        "Small companies more than tripled the returns of their rivals on Thursday.",
    ],
)
def test_what_only_looks_like_a_claim(names: Names, said: str) -> None:
    assert [
        c
        for c in read(names, said)
        if c.kind in ("record", "compare", "extreme") or c.number is not None
    ] == []


def test_two_returns_go_to_the_two_who_were_beaten(names: Names) -> None:
    said = (
        "The S&P 500 made a return of 6% this year, outperforming the Nasdaq 100 and small caps, with returns of 3.3% and "
        "-3.2%, respectively."
    )
    assert [(n, x) for n, x in returns(names, said)] == [
        ("S&P 500", 0.06),
        ("Nasdaq 100", 0.033),
        ("Russell 2000", -0.032),
    ]


def test_the_same_move_in_points_and_in_percent(names: Names) -> None:
    found = read(
        names, "The S&P 500 closed at 2,955.45 on Thursday for a gain of 6.94 points or 0.24%."
    )
    assert sorted((c.kind, c.number and round(c.number.value, 4)) for c in found) == [
        ("level", 2955.45),
        ("points", 6.94),
        ("return", 0.0024),
    ]


@pytest.mark.parametrize(
    ("said", "windows"),
    [
        # a window behind a bracket, with the number in it
        ("The S&P 500 fell 2.5% (-2.4% with dividends) in November.", ["in November"] * 2),
        # the period that opens a sentence is what the next one speaks of, not a high named in passing
        (
            "In November the S&P 500 fell 5% from its October high. The Nasdaq 100 lost 2%.",
            ["from its October high", "In November"],
        ),
    ],
)
def test_windows_reach_what_they_govern(names: Names, said: str, windows: list[str]) -> None:
    found = [c.window.text for c in read(names, said) if c.kind == "return"]
    assert found == windows


def test_a_pronoun_and_a_name_are_both_subjects(names: Names) -> None:
    said = "The Russell 2000 gained 0.9% on Friday. It and the S&P 500 both closed at record highs."
    records = [c.subject.name for c in read(names, said) if c.kind == "record"]
    assert records == ["Russell 2000", "S&P 500"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # lists that leave the unit out, once it is set
        ("The S&P 500 lost 1.9% on Friday, the Russell 2000 2.4.", [("S&P 500", -0.019), ("Russell 2000", -0.024)]),
        ("Financials fell 3.1% this week. Energy gave up 7.6.", [("Financials", -0.031), ("Energy", -0.076)]),
        ("Sectors this week: energy +13.7, financials -0.4.", [("Energy", 0.137), ("Financials", -0.004)]),
        ("Utilities rose nearly eighteen percent in 2024. Energy lost almost twelve.", [("Utilities", 0.18), ("Energy", -0.12)]),
        # translated
        ("The S&P 500 closed on Friday with a minus of 1.1 per cent.", [("S&P 500", -0.011)]),
        ("The Russell 2000 gave way 1.5 per cent on Friday.", [("Russell 2000", -0.015)]),
        ("For the Nasdaq 100, it went down by 0.2 per cent on Friday.", [("Nasdaq 100", -0.002)]),
        # names as they are spoken
        ("The Nasdaq one hundred fell three point four percent today.", [("Nasdaq 100", -0.034)]),
        ("The S-and-P five hundred dropped two percent today.", [("S&P 500", -0.02)]),
        # behind a window, and behind a pronoun
        ("NDX YTD +17.8%.", [("Nasdaq 100", 0.178)]),
        ("The Russell 2000 rose 9% in November; for the S&P it's 4.8%.", [("Russell 2000", 0.09), ("S&P 500", 0.048)]),
        ("The S&P 500 remains 1.5pc short of its October 28 record.", [("S&P 500", -0.015)]),
        ("The Nasdaq 100 is 9.6pc adrift of the peak it scaled on October 29.", [("Nasdaq 100", -0.096)]),
        # what is no price, and what is a part of a move
        ("The S&P 500 fell 2% on Friday. The fear gauge, VIX, rose 16.1%.", [("S&P 500", -0.02)]),
        ("The S&P 500 rose 1% on Friday. The consumer price index dipped 0.1% in June.", [("S&P 500", 0.01)]),
        ("The S&P 500 on Monday recouped more than half of Friday's 2.7% drop.", [("S&P 500", -0.027)]),
    ],
)  # fmt: skip
def test_numbers_that_say_less_than_they_mean(
    names: Names, said: str, expected: list[tuple[str, float]]
) -> None:
    found = [
        (c.subject.name, round(c.number.value, 4)) for c in read(names, said) if c.kind == "return"
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("said", "kind", "expected"),
    [
        ("Energy +2.1% and financials +1.4% led; utilities -0.2% lagged.", "rank", [("Energy", 1), ("Financials", 1), ("Utilities", -1)]),
        ("Energy fell 5.5% on Friday, the most of any group.", "rank", [("Energy", -1)]),
        ("Utilities were the only sector to gain on Friday.", "rank", [("Utilities", 1)]),
        ("Financials rose 6%, pipped only by energy.", "rank", [("Energy", 1)]),
        ("Worst: energy, -1.3% on Friday.", "rank", [("Energy", -1)]),
        ("Financials -0.2%, energy -1.0% (weakest).", "rank", [("Energy", -1)]),
        ("No close of the S&P 500 had been so low since March 2020.", "extreme", [("S&P 500", -1)]),
        ("The S&P 500 last had a worse week in April.", "extreme", [("S&P 500", -1)]),
        ("Friday's 5.4% pop was the Russell 2000's best day since October 2022.", "extreme", [("Russell 2000", 1)]),
        ("The S&P 500 fell for five losing sessions out of five.", "streak", [("S&P 500", -1)]),
        ("Two weekly gains running for large and small alike.", "streak", [("S&P 500", 1), ("Russell 2000", 1)]),
        ("The S&P 500 has risen for three straight weeks; the Nasdaq 100 ditto.", "streak", [("S&P 500", 1), ("Nasdaq 100", 1)]),
        ("The S&P 500 is above its 50-day average; energy is below its own.", "average", [("S&P 500", 1), ("Energy", -1)]),
        ("Only 38% of energy stocks are above their 50-day average. In utilities it is 82%.", "breadth", [("Energy", 1), ("Utilities", 1)]),
        ("Technology supplied 53% of the year's advance and financials 14%.", "contribution", [("Information Technology", 1), ("Financials", 1)]),
        ("Half of the S&P 500's gain this year came from technology.", "contribution", [("Information Technology", 1)]),
        ("Half of the S&P 500's gain this year came from technology and energy.", "contribution", []),
        ("Health care is up 4.4% this month, a dramatic reversal.", "reversal", [("Health Care", 1)]),
        ("Microsoft's advance has run out of puff.", "stalled", [("MSFT", -1)]),
        ("Stocks crushed after hot inflation report.", "compare", []),
    ],
)  # fmt: skip
def test_kinds_in_the_wordings_of_strangers(
    names: Names, said: str, kind: str, expected: list[tuple[str, int]]
) -> None:
    assert [(c.subject.name, c.sign) for c in read(names, said) if c.kind == kind] == expected


@pytest.mark.parametrize(
    ("said", "windows"),
    [
        # what says where a price stands is no period of the next claim
        ("The S&P 500 fell 2% on Friday. It is 8% below its December high. The Nasdaq 100 fell 3%.", ["on Friday.", "below its December high", "on Friday."]),
        ("The S&P 500 rose 2% this week. The Nasdaq 100, up 0.8%, remains shy of its July record.", ["this week", "this week"]),
        # one window is not given to two numbers of one subject
        ("It was a good week. The S&P 500 closed 1% higher, a rise of 2.9% on the week.", ["", "on the week"]),
    ],
)  # fmt: skip
def test_positions_and_asides_date_nothing_else(
    names: Names, said: str, windows: list[str]
) -> None:
    found = [c.window.text if c.window else None for c in read(names, said) if c.kind == "return"]
    assert found == windows
