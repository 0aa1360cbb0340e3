"""The story of the article's day has its numbers that the data support, and the circle closes.

What the article says is typed from it, with the precision that it has there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from real_data import FRIDAY, MARKET

import paceline
from paceline.factcheck.score import compare
from paceline.factcheck.subjects import Names
from paceline.market import Market
from paceline.write import STYLES, Story, plain, write

LOW, MONTH, YEAR = "2025-11-20", "2025-11-28", "2024-12-31"
#: Subject, first close, last close, what the article says, half of its last digit; a whole digit
#: where the article is only close: it wrote on the Thursday's closes, or of another basket.
RETURNS = [
    ("sp500_index", YEAR, FRIDAY, 0.17, 0.005),
    ("russell2000", LOW, FRIDAY, 0.094, 0.0005),
    ("sp500_index", LOW, FRIDAY, 0.051, 0.0005),
    ("microcap", LOW, FRIDAY, 0.12, 0.01),
    ("transports", LOW, FRIDAY, 0.11, 0.01),
    ("sp500_equal", "2025-10-31", MONTH, 0.017, 0.0005),
    ("top50", "2025-10-31", MONTH, -0.006, 0.0005),
    ("rest450", "2025-10-31", MONTH, 0.013, 0.0005),
    ("sectors:Health Care", "2025-10-31", MONTH, 0.091, 0.0005),
    ("sectors:Information Technology", "2025-10-31", MONTH, -0.044, 0.0005),
]
#: Days on which the circle is closed: the article's, a month's last, after the low, and the low.
DAYS = (FRIDAY, "2025-12-01", "2025-11-28", "2025-11-20", "2025-10-31", "2025-04-30", "2024-06-12")


@pytest.fixture(scope="module")
def story(friday: Market) -> Story:
    """What ``paceline write --as-of 2025-12-05`` gives."""
    return write(friday)


def claims(story: Story, kind: str) -> list[Any]:
    return [c for one in story.told for c in one.claims if c.kind == kind]


@pytest.mark.parametrize(("subject", "start", "end", "said", "within"), RETURNS)
def test_a_return_of_the_article_stands_in_the_story(
    story: Story, subject: str, start: str, end: str, said: float, within: float
) -> None:
    found = [
        c.value
        for c in claims(story, "return")
        if (c.figure.subject, c.figure.start, c.figure.end) == (subject, start, end)
    ]
    assert found and all(abs(value - said) <= within for value in found)


def test_the_rest_of_the_article_that_the_data_support(story: Story) -> None:
    """The record on Thursday, the run, value over growth, two thirds of technology, 8,100."""
    text = plain.text(story)
    (record,) = [c for c in claims(story, "record") if c.figure.subject == "russell2000"]
    assert record.figure.start == "2025-12-04" and "Thursday" in text
    run = [c for c in claims(story, "streak") if c.figure.subject == "russell2000"]
    assert [(c.value, c.figure.against) for c in run] == [(5, "sp500_index")]
    (gap,) = [c for c in claims(story, "compare") if c.figure.subject == "value"]
    assert gap.figure.against == "growth" and gap.value == pytest.approx(0.045, abs=0.001)
    share = {c.figure.subject: c.value for c in claims(story, "breadth")}
    assert share["sectors:Information Technology"] == pytest.approx(48 / 68)
    (implied,) = claims(story, "implied")
    assert implied.value == pytest.approx(8_100 / 6_870.40 - 1, abs=1e-6) and "8,100" in text
    best = [c.figure.subject for c in claims(story, "rank") if c.figure.end == MONTH]
    assert best == ["sectors:Health Care", "sectors:Information Technology"]


def test_what_the_data_contradict_does_not_stand_in_it(story: Story) -> None:
    """No run ahead of the Nasdaq 100; +0.3% of the index is +0.1%; materials tie with staples."""
    assert not [c for c in claims(story, "streak") if c.figure.against == "nasdaq100"]
    november = [
        c.value
        for c in claims(story, "return")
        if c.figure.subject == "sp500_index" and c.figure.end == MONTH
    ]
    assert november and all(round(value, 3) == 0.001 for value in november)
    assert not [c for c in claims(story, "rank") if c.figure.subject == "sectors:Materials"]


@pytest.mark.parametrize("day", DAYS)
def test_the_reader_finds_every_claim_and_every_one_holds(
    data: Path, store: Path, day: str
) -> None:
    market = paceline.open(MARKET, data=data, store=store, as_of=day)
    names = Names(market)
    for seed, style in enumerate(STYLES):
        told = write(market, style=style, length="long", seed=seed)
        checked = market.factcheck(plain.text(told))
        sheet = compare(checked, told.keys()["claims"], names, day)
        assert [*sheet.missed, *sheet.extra, *sheet.verdicts, *sheet.wrong_holds] == []
        assert checked.unread == () and str(checked.date) == day
