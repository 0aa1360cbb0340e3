"""Pages: their order, a market file's choice, and sentences that read right with parts missing.

The sentences stand here as they are to be read; the figures in them are made up by hand.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from paceline import measures, pages
from paceline.config import PageOne
from paceline.document import Grid, Label, Section, Sentence
from paceline.errors import MarketFileError
from paceline.figures import Figure
from paceline.lineage import Step
from paceline.pages import (
    breadth,
    comovement,
    concentration,
    drivers,
    headline,
    league,
    past_leaders,
    records,
    rotations,
    signals,
    styles,
    value_spread,
)
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
        self.sets: dict[tuple[str, str], int] = {}  # of the market file
        self.benchmark, self.broad = "large", "large"
        self.sections: list[str] = []
        report = SimpleNamespace(
            sections=self.sections, since_low=[], headline=[], page_one=PageOne()
        )
        self.market = SimpleNamespace(
            low=LOW,
            low_broken=None,
            low_hidden="",
            as_of="2025-11-28",
            plugins=(),
            settings=lambda name: measures.get(name).defaults(),
            path="market.toml",
            declared=["small", "large"],
            composites=["large"],
            groups={"sizes": ["small", "large"]},
            file=SimpleNamespace(
                report=report,
                rotations={"a": pair, "b": pair},
                market=SimpleNamespace(basis="price"),
            ),
        )

    def first_page(self) -> list[dict[str, Any]]:
        return []

    def one(
        self, measure: str, subject: str, statistic: str | None = None, **how: Any
    ) -> Figure | None:
        more = how.get("against") or (how.get("how") or {}).get("window")
        key = (measure, subject, statistic if more is None else str(more))
        return self.given.get(key)

    def setting(self, measure: str, parameter: str) -> Any:
        return self.sets.get((measure, parameter), measures.get(measure).defaults()[parameter])

    def rows(self, measure: str, **_: Any) -> list[Figure]:
        return self.listed.get(measure, [])

    def of_broad(self, measure: str, **_: Any) -> list[Figure]:
        rows = self.listed.get(measure, [])
        return [f for f in rows if f.subject == self.broad and f.value is not None]

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


#: Built only in a whole report, or where a market file names them.
ASKED = ["past_leaders", "value_spread", "styles", "signals", "comovement"]


def test_pages_are_in_reading_order() -> None:
    usual = [name for name, page in pages.discover().items() if not page.asked]
    assert usual == [
        "story",
        "since_low",
        "themes",
        "consolidation",
        "leadership",
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
        "what_could_come",
        "quality",
    ]
    assert [name for name, page in pages.discover().items() if page.asked] == ASKED


def test_some_pages_are_built_only_when_asked_for() -> None:
    ask = Fake({})
    plain = [name for name, _ in pages.plan(ask)]  # type: ignore[arg-type]
    whole = [name for name, _ in pages.plan(ask, whole=True)]  # type: ignore[arg-type]
    assert [name for name in whole if name not in plain] == ASKED
    assert whole.index("comovement") == whole.index("concentration") + 1


@pytest.mark.parametrize(
    ("named", "chosen"),
    [
        (["league", "breadth"], ["league", "breadth"]),
        (["league_sizes"], ["league"]),
        (["since"], ["since_low"]),
        (["what_they_said", "quality"], ["what_they_said", "quality"]),
        (["signals", "breadth"], ["breadth", "signals"]),
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
        ("contributions", "large", "top_10"): figure(0.004),
        ("contributions", "large", "total"): figure(0.17),
    }
    low = (
        "Since the low of 20 November 2025 (confirmed on 25 November 2025), Small returned "
        "+9.40%, ahead of Large at +5.10%"
    )
    november = "In November 2025, Small returned +0.92%, ahead of Large at +0.30%."
    above = "61.1% of the members of Large are above their 200-day moving average"
    drivers = "; the ten largest contributors gave 60.3% of this year's gain."

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
    assert said(since.since_low.build, only) == [low + " Small has returned +9.40% since."]
    level = {**BOTH, ("performance", "large", "since_low"): figure(0.09401, subject="large")}
    assert said(since.since_low.build, level) == [low + benchmark.replace("+5.10%", "+9.40%")]


def test_rotations_compare_the_first_pair() -> None:
    behind = {**BOTH, (*SMALL, "last_month"): figure(-0.01)}
    assert said(rotations.rotations.build, behind) == [
        "In November 2025, Small returned -1.00%, behind Large at +0.30%."
    ]
    assert said(rotations.rotations.build, {}) == []


def test_a_league_of_one_has_no_first_and_no_last() -> None:
    two = ("large", "small")
    rows = [
        figure(v, subject=s, statistic="last_month", extra={"group": "sizes"})
        for s, v in (("large", -0.01), ("small", 0.04))
    ]
    led = "In November 2025, Small led with a return of +4.00%"
    assert said(league.league.build, {}, league=rows) == [f"{led}; Large came last with -1.00%."]
    assert said(league.league.build, {}, league=rows[1:]) == [
        "In November 2025, Small returned +4.00%."
    ]
    same = [figure(0.04, subject=s, statistic="last_month", extra={"group": "sizes"}) for s in two]
    assert said(league.league.build, {}, league=same) == [
        "In November 2025, nobody led: every basket returned +4.00%."
    ]
    assert said(league.league.build, {}) == []


def test_records_and_the_streak_if_there_is_one() -> None:
    record = "Small set its record close of 5,134.46 on 4 December 2025."
    run = figure(5.0, "sessions", end="2025-11-28", extra={"first": "2025-11-21"})
    streak = (
        " The longest streak of sessions ahead of Large this quarter was 5, from "
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


@pytest.mark.parametrize(
    ("window", "above", "columns"),
    [(150, "150-day", ("20", "50", "150")), (30, "30-day", ("20", "30", "50"))],
)
def test_breadth_follows_the_windows_of_the_market_file(
    window: int, above: str, columns: tuple[str, ...]
) -> None:
    ask = Fake(
        {
            ("percent_above_average", "large", str(window)): figure(0.611, "fraction"),
            ("percent_above_average", "large", "50"): figure(0.621, "fraction"),
        }
    )
    ask.sets = {
        ("percent_above_average", "window"): window,
        ("beating_index", "window"): 42,
        ("new_highs_lows", "window"): 126,
    }
    section = breadth.breadth.build(ask)  # type: ignore[arg-type]
    assert isinstance(section, Section)
    first, table, both = (b for b in section.blocks if isinstance(b, (Sentence, Grid)))
    assert isinstance(first, Sentence)
    assert first.text == (
        f"61.1% of the members of Large are above their {above} moving average, and 62.1% are "
        "above their 50-day moving average."
    )
    assert isinstance(table, Grid)
    assert [c if isinstance(c, str) else c.text for c in table.columns[1:]] == [
        *(f"Above {w}-day average" for w in columns),
        "Beating the index over 42 sessions",
        "New 126-day highs",
        "New 126-day lows",
    ]
    assert isinstance(both, Grid)
    assert both.title == Label(f"Percent above {window}-day moving average on both bases")
    told = [s.text for s in headline.sentences(ask)]  # type: ignore[arg-type]
    assert told == [f"61.1% of the members of Large are above their {above} moving average."]


@pytest.mark.parametrize(("top", "count"), [(3, "three"), (25, "25")])
def test_counts_are_those_of_the_market_file(top: int, count: str) -> None:
    rows = [
        figure(0.17, subject="large", statistic="total"),
        figure(0.05, subject="large", statistic="top_1", extra={"security": "Z", "company": "Z"}),
        figure(0.603, "fraction", subject="large", statistic="top_share"),
        figure(0.002, subject="large", statistic=f"top_{top}", extra={"company": "Y"}),
    ]
    weights = [figure(0.357, "fraction", subject="large", statistic="top10")]
    ask = Fake({}, contributions=rows, concentration=weights)
    ask.sets = {("contributions", "k"): top, ("concentration", "top"): top}
    for build, text in (
        (drivers.drivers.build, f"; its {count} largest contributors account for 60.3% of it."),
        (concentration.concentration.build, f"The {count} largest companies make up 35.7% of"),
    ):
        section = build(ask)  # type: ignore[arg-type]
        assert isinstance(section, Section)
        assert any(text in b.text for b in section.blocks if isinstance(b, Sentence))


def test_drivers_and_the_published_benchmark() -> None:
    rows = [
        figure(0.17, subject="large", statistic="total"),
        figure(
            0.05, subject="large", statistic="top_1", extra={"security": "Z", "company": "Z + Y"}
        ),
    ]
    share = figure(0.603, "fraction", subject="large", statistic="top_share")
    alone = ["Large returned +17.00% this year."]
    assert said(drivers.drivers.build, {}, contributions=rows) == alone
    # one company is no ten
    assert said(drivers.drivers.build, {}, contributions=[*rows, share]) == alone
    rows.append(figure(0.004, subject="large", statistic="top_10", extra={"company": "Y"}))
    published = {("performance", "large", "ytd"): figure(0.171)}
    assert said(drivers.drivers.build, published, contributions=[*rows, share]) == [
        "Large returned +17.00% this year; its ten largest contributors account for 60.3% of it.",
        "The published benchmark Large returned +17.10% over the same period; "
        "its difference from the built index is not explained here.",
    ]


def test_a_return_beside_one_on_the_other_basis_says_so() -> None:
    """18.33% with dividends and 16.81% without are no difference that a reader should look for."""
    rows = [
        figure(0.1833, subject="large", statistic="total", basis="total"),
        figure(0.05, subject="large", statistic="top_1", extra={"security": "Z", "company": "Z"}),
        figure(0.004, subject="large", statistic="top_10", extra={"company": "Y"}),
        figure(0.581, "fraction", subject="large", statistic="top_share"),
    ]
    year = {("performance", "large", "ytd"): figure(0.1681, basis="price")}
    assert said(drivers.drivers.build, year, contributions=rows) == [
        "Large returned +18.33% this year, dividends included; its ten largest contributors "
        "account for 58.1% of it.",
        "The published benchmark Large returned +16.81% over the same period, without dividends; "
        "its difference from the built index is not explained here.",
    ]
    broad = {
        ("percent_above_average", "large", "200"): figure(0.626, "fraction"),
        **{("contributions", "large", f.statistic): f for f in rows},
        **year,
    }
    assert [s.text for s in headline.sentences(Fake(broad))] == [  # type: ignore[arg-type]
        "62.6% of the members of Large are above their 200-day moving average; the ten largest "
        "contributors gave 58.1% of this year's gain."
    ]


def test_losses_that_offset_are_told_in_points() -> None:
    """A share above the whole is no share: no reader sees ten companies give 769.8% of a gain."""
    rows = [
        figure(0.0044, subject="large", statistic="total"),
        figure(0.02, subject="large", statistic="top_1", extra={"security": "Z", "company": "Z"}),
        figure(0.001, subject="large", statistic="top_10", extra={"company": "Y"}),
        figure(0.0339, subject="large", statistic="top"),
        figure(7.698, "fraction", subject="large", statistic="top_share"),
        *(
            figure(
                v,
                subject="large",
                statistic="part",
                extra={"group": "sizes", "part": p, "share": s},
            )
            for p, v, s in (("large", 0.03, 6.8), ("small", -0.02, -4.5))
        ),
    ]
    section = drivers.drivers.build(Fake({}, contributions=rows))  # type: ignore[arg-type]
    assert said(drivers.drivers.build, {}, contributions=rows) == [
        "Large returned +0.44% this year; its ten largest contributors alone added +3.39% "
        "and all others together lost."
    ]
    assert isinstance(section, Section)
    grids = [b for b in section.blocks if isinstance(b, Grid)]
    assert grids
    for grid in grids:
        assert grid.columns == ("Basket", "Contribution")
    broad = {
        ("percent_above_average", "large", "200"): figure(0.611, "fraction"),
        **{("contributions", "large", f.statistic): f for f in rows if f.statistic != "part"},
    }
    told = [s.text for s in headline.sentences(Fake(broad))]  # type: ignore[arg-type]
    assert told == [
        "61.1% of the members of Large are above their 200-day moving average; the ten largest "
        "contributors alone added +3.39%, more than the whole gained this year."
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


# -- pages that are built only when asked for


def test_signals_say_which_came_in_the_last_quarter() -> None:
    zweig = {"measure": "breadth_thrust", "subject": "large"}
    rows = [
        figure(0.61, "fraction", statistic="zweig", **zweig),
        figure(0.63, "fraction", statistic="zweig_thrust", **(zweig | {"end": "2020-04-09"})),
        figure(0.62, "fraction", statistic="zweig_thrust", **(zweig | {"end": "2025-11-24"})),
        figure(0.04, statistic="zweig_after_63", **zweig),
    ]
    assert said(signals.signals.build, {}, breadth_thrust=rows) == [
        "Zweig's breadth thrust last came on 24 November 2025, at 62.0%."
    ]
    older = [f for f in rows if f.end != "2025-11-24"]
    older = [f for f in older if f.statistic != "zweig_thrust"]
    assert said(signals.signals.build, {}, breadth_thrust=older) == [
        "None of these signals has come in the last quarter."
    ]
    assert signals.signals.build(Fake({})) is None  # type: ignore[arg-type]


def test_comovement_says_the_state() -> None:
    rows = [
        figure(0.2, "estimate", subject="large", statistic="correlation", extra={"state": state})
        for state in ("calm", "selective")
    ]
    assert said(comovement.comovement.build, {}, correlation_regime=rows) == [
        "Of the members of Large: each goes its own way: dispersion is high for its history, "
        "correlation is not."
    ]


def test_a_value_spread_without_a_newest_value_says_since_when_and_why() -> None:
    why = ("no value: 450 of 503 members have data",)
    rows = [
        figure(2.1, "score", statistic="within", end="2025-07-31", subject="large"),
        figure(None, "score", statistic="within", end="2025-11-28", subject="large", caveats=why),
    ]
    assert said(value_spread.value_spread.build, {}, value_spread=rows) == [
        "The value spread within sectors was 2.1 on 31 July 2025, as a logarithm of book to "
        "market. It has no value since: 450 of 503 members have data."
    ]
    assert value_spread.value_spread.build(Fake({}, value_spread=rows[1:])) is None  # type: ignore[arg-type]


def test_past_leaders_say_what_following_all_factors_earned() -> None:
    every = {"factor": "all factors", "period": "since 1990"}
    rows = [
        figure(0.0018, statistic="follow_12", extra=every),
        figure(-0.0005, statistic="gain_12", extra=every),
    ]
    assert said(past_leaders.past_leaders.build, {}, factor_momentum=rows) == [
        "Since 1990, following the past of all factors earned +0.18% a month, -0.05% against "
        "holding them."
    ]


def test_a_mix_of_styles_has_a_row_a_basket() -> None:
    end = "2025-11-28"
    rows = [
        figure(0.7, "fraction", statistic="weight", against="large", end=end),
        figure(0.9, "fraction", statistic="r_squared", end=end),
        figure(0.6, "fraction", statistic="weight", against="large", end="2024-11-29"),
    ]
    made = styles.styles.build(Fake({}, style_analysis=rows))  # type: ignore[arg-type]
    assert isinstance(made, Section)
    assert [b.text for b in made.blocks if isinstance(b, Sentence)] == [
        "Weights of the mix over the months to 28 November 2025."
    ]
    (grid,) = (b for b in made.blocks if isinstance(b, Grid))
    assert grid.columns == ("Basket", Label("Large"), "R squared", "Tracking error a year")
    assert grid.rows == ((Label("Small"), rows[0], rows[1], None),)


def test_industries_show_both_ends_and_what_buying_them_earned() -> None:
    names = [f"I{k}" for k in range(12)]
    past = [
        figure(0.3 - 0.05 * k, statistic="past", extra={"industry": n}) for k, n in enumerate(names)
    ]
    earned = figure(0.004, statistic="momentum", extra={"period": "since 1990"})
    made = past_leaders.past_leaders.build(Fake({}, industry_momentum=[*past, earned]))  # type: ignore[arg-type]
    assert isinstance(made, Section)
    ends, buying = (b for b in made.blocks if isinstance(b, Grid))
    assert [row[0] for row in ends.rows] == [Label(n) for n in (*names[:5], *names[-5:])]
    assert buying.rows == (
        (Label("Leaders less laggards"), Label("since 1990"), earned, None, None),
    )
