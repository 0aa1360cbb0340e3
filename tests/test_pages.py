"""Pages: their order, a market file's choice, and sentences that read right with parts missing.

The sentences stand here as they are to be read; the figures in them are made up by hand.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from paceline import pages
from paceline.document import Grid, Label, Section, Sentence
from paceline.errors import MarketFileError
from paceline.figures import Figure
from paceline.lineage import Step
from paceline.pages import breadth, concentration, drivers, headline, league, records, rotations
from paceline.pages import since_low as since
from paceline.pages.words import best, compare, day, month, words

LOW = ("2025-11-20", "2025-11-25")


def figure(value: Any, unit: str = "return", **more: Any) -> Figure:
    more = {"measure": "m", "subject": "small", "end": "2025-11-28", **more}
    return Figure(value=value, unit=unit, step=Step("test", {"of": str(value)}, code=""), **more)


class Fake:
    """Answers by hand: {(measure, subject, statistic): figure}, and rows by measure."""

    def __init__(
        self, given: dict[tuple[str, str, str | None], Figure], **rows: list[Figure]
    ) -> None:
        pair = SimpleNamespace(lead="small", against="large", label="Small against large")
        self.given, self.listed = given, rows
        self.benchmark, self.broad = "large", "large"
        self.sections: list[str] = []
        report = SimpleNamespace(sections=self.sections, since_low=[], headline=[])
        self.market = SimpleNamespace(
            low=LOW,
            as_of="2025-11-28",
            plugins=(),
            path="market.toml",
            declared=["small", "large"],
            composites=["large"],
            groups={"sizes": ["small", "large"]},
            file=SimpleNamespace(report=report, rotations={"a": pair, "b": pair}),
        )

    def one(
        self, measure: str, subject: str, statistic: str | None = None, **how: Any
    ) -> Figure | None:
        more = how.get("against") or (how.get("how") or {}).get("window")
        key = (measure, subject, statistic if more is None else str(more))
        return self.given.get(key)

    def rows(self, measure: str, **_: Any) -> list[Figure]:
        return self.listed.get(measure, [])

    def name(self, subject: str) -> Label:
        return Label({"small": "Small", "large": "Large"}[subject])

    def group_title(self, group: str) -> str:
        return group.capitalize()

    def sector_group(self) -> None:
        return None

    def session_ago(self, _: int) -> str:
        return "2023-11-28"

    def series(self, *_: Any, **__: Any) -> list[Any]:
        return []

    def path(self, _: Figure) -> None:
        return None

    def column(self, *_: Any) -> None:
        return None


def said(build: Any, given: dict[Any, Figure], **rows: list[Figure]) -> list[str]:
    """The sentences of a page, in reading order."""
    made = build(Fake(given, **rows))
    sections = [made] if isinstance(made, Section) else made
    return [b.text for s in sections for b in s.blocks if isinstance(b, Sentence)]


# -- order and choice


def test_pages_are_in_reading_order() -> None:
    assert list(pages.discover()) == [
        "since_low",
        "verdict",
        "rotations",
        "relative_rotation",
        "episodes",
        "league",
        "factors",
        "records",
        "breadth",
        "drivers",
        "concentration",
        "year_end",
        "what_they_said",
        "target",
        "quality",
    ]


@pytest.mark.parametrize(
    ("named", "chosen"),
    [
        (["league", "breadth"], ["league", "breadth"]),
        (["league_sizes"], ["league"]),
        (["since"], ["since_low"]),
        (["what_they_said", "quality"], ["what_they_said", "quality"]),
    ],
)
def test_a_market_file_chooses_pages(named: list[str], chosen: list[str]) -> None:
    ask = Fake({})
    ask.sections += named
    assert [name for name, _ in pages.plan(ask)] == chosen  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["leagues", "league_nowhere", "breadth_more", "", "since_lows"])
def test_a_section_that_no_page_has_is_an_error(name: str) -> None:
    ask = Fake({})
    ask.sections += ["breadth", name]
    with pytest.raises(MarketFileError, match=f"report.sections: unknown section '{name}'"):
        pages.plan(ask)  # type: ignore[arg-type]


def test_a_market_file_chooses_one_league_of_several() -> None:
    rows = [figure(0.01, statistic="last_month", extra={"group": g}) for g in ("sizes", "styles")]
    ask = Fake({}, league=rows)
    ask.market.groups["styles"] = ["small"]
    assert [s.name for s in league.league.build(ask)] == ["league_sizes", "league_styles"]  # type: ignore[arg-type, union-attr]
    ask.sections.append("league_styles")
    assert [s.name for s in league.league.build(ask)] == ["league_styles"]  # type: ignore[arg-type, union-attr]


# -- words


def test_a_clause_with_a_missing_part_is_left_out() -> None:
    clause = ("; ", figure(0.02), " after")
    assert words("It rose", clause, ".").text == "It rose; +2.00% after."
    assert words("It rose", ("; ", None, " after"), ".").text == "It rose."
    assert words("It rose", ("; ", figure(None), " after"), ".").text == "It rose."
    assert words("It rose", None, ".").text == "It rose."


@pytest.mark.parametrize(
    ("a", "b", "word"),
    [
        (0.05, 0.04, "ahead"),
        (0.04, 0.05, "behind"),
        (0.04, 0.0409, "level"),
        (0.0409, 0.04, "level"),
        (-0.01, -0.03, "ahead"),
    ],
)
def test_returns_within_a_tenth_of_a_point_are_level(a: float, b: float, word: str) -> None:
    assert compare(figure(a), figure(b), "ahead", "behind", "level") == word


def test_best_comes_first_and_missing_values_nowhere() -> None:
    assert [f.value for f in best(map(figure, (0.01, None, 0.03)))] == [0.03, 0.01]


def test_dates_for_people() -> None:
    assert day("2025-03-09").text == "9 March 2025"
    assert month("2025-12-31").text == "December 2025"


# -- sentences


SMALL, LARGE = ("performance", "small"), ("performance", "large")
BOTH = {
    (*SMALL, "since_low"): figure(0.094),
    (*LARGE, "since_low"): figure(0.051, subject="large"),
    (*SMALL, "last_month"): figure(0.0092),
    (*LARGE, "last_month"): figure(0.003, subject="large"),
}
RECORD = {
    ("record_highs", "small", "last_record"): figure(
        5134.46, "level", start="2025-12-04", extra={"since": "2014-12-03"}
    )
}


def test_headline() -> None:
    broad = {
        ("percent_above_average", "large", "200"): figure(0.611, "fraction"),
        ("contributions", "large", "top_share"): figure(0.603, "fraction"),
        ("contributions", "large", "total"): figure(0.17),
    }
    low = (
        "Since the low of 20 November 2025 (confirmed on 25 November 2025), Small returned "
        "+9.40%, ahead of Large at +5.10%"
    )
    november = "In November 2025, Small returned +0.92%, ahead of Large at +0.30%."
    above = "61.1% of the members of Large are above their 200-day moving average"
    drivers = "; the ten largest contributors account for 60.3% of this year's return of +17.00%."

    def text(given: dict[Any, Figure]) -> list[str]:
        return [s.text for s in headline.sentences(Fake(given))]  # type: ignore[arg-type]

    record = "; Small set its record close of 5,134.46 on 4 December 2025."
    assert text({**BOTH, **RECORD, **broad}) == [low + record, november, above + drivers]
    old = {k: figure(5134.46, "level", start="2025-11-19") for k in RECORD}
    assert text({**BOTH, **old}) == [low + ".", november]
    del broad["contributions", "large", "top_share"]
    assert text(broad) == [above + "."]
    assert text({}) == []


def test_since_low_says_what_it_has() -> None:
    low = (
        "The benchmark Large made a short-term low on 20 November 2025, confirmed on "
        "25 November 2025."
    )
    strongest = " The strongest basket since the low is Small with a return of +9.40%."
    benchmark = " The benchmark has returned +5.10%."
    assert said(since.since_low.build, BOTH) == [low + strongest + benchmark]
    assert said(since.since_low.build, {}) == [low]
    only = {k: v for k, v in BOTH.items() if k[1] == "small"}
    assert said(since.since_low.build, only) == [low + strongest]


def test_rotations_compare_the_first_pair() -> None:
    behind = {**BOTH, (*SMALL, "last_month"): figure(-0.01)}
    assert said(rotations.rotations.build, behind) == [
        "In November 2025, Small returned -1.00%, behind Large at +0.30%."
    ]
    assert said(rotations.rotations.build, {}) == []


def test_a_league_of_one_has_no_last() -> None:
    rows = [
        figure(v, subject=s, statistic="last_month", extra={"group": "sizes"})
        for s, v in (("large", -0.01), ("small", 0.04))
    ]
    led = "In November 2025, Small led with a return of +4.00%"
    assert said(league.league.build, {}, league=rows) == [f"{led}; Large came last with -1.00%."]
    assert said(league.league.build, {}, league=rows[1:]) == [f"{led}."]
    assert said(league.league.build, {}) == []


def test_records_and_the_streak_if_there_is_one() -> None:
    record = "Small set its record close of 5,134.46 on 4 December 2025."
    run = figure(5.0, "sessions", end="2025-11-28", extra={"first": "2025-11-21"})
    streak = (
        " The longest streak of sessions ahead of Large in the past quarter was 5, from "
        "21 November 2025 to 28 November 2025."
    )
    assert said(records.records.build, {**RECORD, ("streaks", "small", "large"): run}) == [
        record + streak
    ]
    assert said(records.records.build, RECORD) == [record]
    assert records.records.build(Fake({})) is None  # type: ignore[arg-type]


def test_breadth_with_one_average_and_with_both() -> None:
    long = {("percent_above_average", "large", "200"): figure(0.611, "fraction")}
    short = {("percent_above_average", "large", "50"): figure(0.621, "fraction")}
    text = "61.1% of the members of Large are above their 200-day moving average"
    further = ", and 62.1% are above their 50-day moving average."
    assert said(breadth.breadth.build, {**long, **short}) == [text + further]
    assert said(breadth.breadth.build, long) == [text + "."]
    assert said(breadth.breadth.build, short) == []


def test_drivers_and_the_published_benchmark() -> None:
    rows = [
        figure(0.17, subject="large", statistic="total"),
        figure(0.05, subject="large", statistic="top", extra={"security": "ZORVEL"}),
    ]
    share = figure(0.603, "fraction", subject="large", statistic="top_share")
    assert said(drivers.drivers.build, {}, contributions=rows) == [
        "Large returned +17.00% this year."
    ]
    published = {("performance", "large", "ytd"): figure(0.171)}
    assert said(drivers.drivers.build, published, contributions=[*rows, share]) == [
        "Large returned +17.00% this year; its ten largest contributors account for 60.3% of it.",
        "The published benchmark Large returned +17.10% over the same period; "
        "its difference from the built index is not explained here.",
    ]


def test_concentration_names_the_effective_number() -> None:
    top, effective = (
        figure(v, unit, subject="large", statistic=s)
        for s, v, unit in (("top10", 0.357, "fraction"), ("effective_number", 50.21, "ratio"))
    )
    text = "The ten largest companies make up 35.7% of Large"
    number = "; its effective number of constituents is 50.21."
    build = concentration.concentration.build
    assert said(build, {}, concentration=[top, effective]) == [text + number]
    assert said(build, {}, concentration=[top]) == [text + "."]
    section = build(Fake({}, concentration=[effective]))  # type: ignore[arg-type]
    assert isinstance(section, Section) and isinstance(section.blocks[0], Grid)
