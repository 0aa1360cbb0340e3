"""The article's claims on real data, and the measured promise of the reader on the texts with answer keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from real_data import FRIDAY, MARKET

import paceline
from paceline.market import Market
from paceline.views.claims import score

ROOT = Path(__file__).parents[2]
#: A piece of the article -> the verdict it deserves by the table of the data's README. "close" stands for its
#: rounded numbers (12% for 11.3% to 12.0%, 11% for 11.2% to 11.9%).
DESERVED = {
    "S&P 500's 17% annual gain": "holds",
    "Since hitting a short-term low on November 20": "holds",
    "has surged 9.4%": "holds",
    "hitting a record high": "holds",
    "Micro-cap stocks have jumped 12%": "close",
    "trucking, shipping, and airlines have rallied 11%": "close",
    "S&P 500 rose just 5.1%": "holds",
    "whose momentum has stalled": "holds",
    "18% S&P 500 rally to around 8,100": "holds",
    "equal-weight S&P 500 climbed 1.7%": "holds",
    "the cap-weighted version edged up just 0.3%": "holds only on reading",
    "top 50 firms fell 0.6%": "holds",
    "constituents rose 1.3%": "holds",
    "healthcare soaring 9.1%": "holds",
    "tech slumped 4.4%": "holds",
    "Value stocks decisively outpaced growth": "holds",
    "sharp reversal": "holds",
    "over two-thirds of tech stocks": "holds",
}


@pytest.fixture(scope="module")
def article(data: Path) -> str:
    return (data.parent / "article.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def asked(data: Path, store: Path) -> Market:
    """A market of its own: checking a text opens further securities."""
    return paceline.open(MARKET, data=data, store=store, as_of=FRIDAY)


@pytest.fixture(scope="module")
def verdicts(asked: Market, article: str) -> list[tuple[str, str]]:
    return [(v.quote, v.verdict) for v in asked.factcheck(article, "2025-12-06")]


def test_at_least_twenty_claims_are_found(verdicts: list[tuple[str, str]]) -> None:
    assert len([v for _, v in verdicts if v != "not checkable"]) >= 20


@pytest.mark.parametrize("piece", DESERVED)
def test_each_claim_of_the_article_gets_the_verdict_it_deserves(piece: str, verdicts: list[tuple[str, str]]) -> None:
    plain = piece.replace("'", "\u2019")
    found = [v for quote, v in verdicts if piece in quote or plain in quote]
    assert DESERVED[piece] in found, (piece, found)


def test_the_streak_against_the_nasdaq_100_does_not_hold(verdicts: list[tuple[str, str]]) -> None:
    assert sorted(v for quote, v in verdicts if quote == "multi-session") == ["differs", "holds"]


def test_two_thirds_of_tech_is_borderline_the_day_before(thursday: Market) -> None:
    text = "More than two thirds of tech stocks trade above their 200-day moving averages."
    assert [v.verdict for v in thursday.factcheck(text, "2025-12-04")] == ["borderline"]


def test_the_reader_keeps_its_promise_on_the_texts_with_keys(asked: Market) -> None:
    found = score.measure(asked, ROOT / "tests" / "commentaries")
    assert found.precision >= 0.95
    assert found.recall >= 0.85
    assert found.wrong_holds == 0
    assert len(list((ROOT / "tests" / "commentaries").glob("*.txt"))) >= 20
