"""The grades of the verdict page at each of their boundaries, on inputs made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.evidence import Evidence
from paceline.methods import grades as v

DAYS = np.arange("2001-01-01", "2012-12-31", dtype="datetime64[D]")
DAYS = DAYS[np.is_busday(DAYS)]


def evidence(effect: float, reach: float, p: float, adjusted: float | None = None) -> Evidence:
    return Evidence(
        effect,
        effect - reach,
        effect + reach,
        n=100,
        n_effective=50.0,
        p=p,
        p_adjusted=p if adjusted is None else adjusted,
    )


def case(
    name: str = "a",
    *,
    direction: int = 1,
    size: float = 2.0,
    sessions: int = 60,
    effect: float = 0.10,
    reach: float = 0.05,
    p: float = 0.001,
    flat: Evidence | None = None,
    sector: bool = False,
) -> v.RotationCase:
    return v.RotationCase(name, direction, size, sessions, evidence(effect, reach, p), flat, sector)


# ---- the three grades


def test_order_of_the_grades() -> None:
    assert v.GRADES == ("too early", "none", "weak", "moderate", "strong")
    assert (
        v.lowest("strong", "weak", "moderate") == "weak"
        and v.lowest("none", "too early") == "too early"
    )
    assert v.best(["none", "weak"]) == "weak" and v.best([]) == "none"
    assert v.capped("strong") == "weak" and v.capped("none") == "none"


@pytest.mark.parametrize(
    ("size", "grade"),
    [
        (0.0, "none"),
        (0.99, "none"),
        (1.0, "weak"),
        (1.49, "weak"),
        (1.5, "moderate"),
        (1.99, "moderate"),
        (2.0, "strong"),
    ],
)
def test_effect_by_the_size_of_the_turn(size: float, grade: str) -> None:
    assert v.effect_grade(size) == grade


@pytest.mark.parametrize(
    ("sessions", "grade"),
    [
        (0, "too early"),
        (9, "too early"),
        (10, "weak"),
        (20, "weak"),
        (21, "moderate"),
        (41, "moderate"),
        (42, "strong"),
    ],
)
def test_persistence_by_sessions(sessions: int, grade: str) -> None:
    assert v.persistence_grade(sessions) == grade


@pytest.mark.parametrize(
    ("adjusted", "grade"),
    [(0.01, "strong"), (0.0101, "moderate"), (0.05, "moderate"), (0.0501, "weak"), (0.9, "weak")],
)
def test_significance_by_adjusted_p_where_the_interval_excludes_zero(
    adjusted: float, grade: str
) -> None:
    assert v.significance_grade(evidence(0.10, 0.05, 0.001, adjusted), 1) == grade


def test_no_significance_with_zero_inside_the_interval_or_the_wrong_way_or_without_numbers() -> (
    None
):
    assert v.significance_grade(evidence(0.10, 0.10, 0.001), 1) == "none"  # zero is its end
    assert v.significance_grade(evidence(0.10, 0.05, 0.001), -1) == "none"
    assert v.significance_grade(evidence(-0.10, 0.05, 0.001), -1) == "strong"
    assert v.significance_grade(evidence(0.10, 0.05, 0.001), 0) == "none"
    assert v.significance_grade(Evidence(None, note="too short"), 1) == "none"


# ---- a rotation


@pytest.mark.parametrize(
    ("change", "grade"),
    [
        ({}, "strong"),
        ({"size": 1.5}, "moderate"),
        ({"size": 1.0}, "weak"),
        ({"size": 0.0, "direction": 0}, "none"),
        ({"sessions": 41}, "moderate"),
        ({"sessions": 20}, "weak"),
        ({"sessions": 9}, "too early"),
        ({"p": 0.04}, "moderate"),
        ({"reach": 0.2}, "none"),
        ({"direction": -1}, "none"),
        ({"sector": True}, "weak"),
        ({"sector": True, "sessions": 9}, "too early"),
        ({"size": 0.0, "sessions": 9}, "too early"),
    ],
)
def test_grade_is_the_lowest_of_three(change: dict[str, float], grade: str) -> None:
    (found,), _ = v.judge([case(**change)])  # type: ignore[arg-type]
    assert found.grade == grade


def test_the_weaker_of_raw_and_without_beta_counts() -> None:
    weaker = evidence(0.02, 0.03, 0.4)
    (found,), _ = v.judge([case(flat=weaker)])
    assert found.evidence.p == 0.4 and found.grade == "none"
    (found,), _ = v.judge([case(p=0.4, reach=0.3, flat=evidence(0.1, 0.01, 0.001))])
    assert found.evidence.p == 0.4
    (found,), _ = v.judge([case(flat=Evidence(None, note="too short"))])
    assert found.evidence.suppressed and found.grade == "none"


def test_p_is_adjusted_over_every_question_that_shares_the_date() -> None:
    cases = [case(p=0.009)] + [case(f"n{k}", p=0.9, reach=0.5) for k in range(9)]
    (first, *_), also = v.judge(cases, [evidence(-0.1, 0.2, 0.5)])
    assert first.evidence.questions == 11 and first.evidence.p_adjusted == pytest.approx(0.009 * 11)
    assert first.grade == "weak"  # 9.9% adjusted: only its own interval excludes zero
    alone, _ = v.judge(cases[:1])
    assert alone[0].grade == "strong"
    assert also[0].questions == 11


def test_sectors_alone_never_exceed_weak() -> None:
    graded, _ = v.judge(
        [case("s1", sector=True), case("s2", sector=True), case("d", size=0.0, direction=0)]
    )
    assert v.leadership(graded) == "weak"
    graded, _ = v.judge([case("s1", sector=True), case("d")])
    assert v.leadership(graded) == "strong"
    assert v.leadership([]) == "none"


def test_too_early_for_all_is_too_early_for_the_question() -> None:
    graded, _ = v.judge([case("a", sessions=5), case("b", sessions=5, size=0.0)])
    assert v.leadership(graded) == "too early"


ANY = st.builds(
    case,
    direction=st.sampled_from([-1, 0, 1]),
    size=st.sampled_from([0.0, 1.0, 1.5, 2.0]),
    sessions=st.integers(0, 100),
    effect=st.floats(-0.2, 0.2),
    reach=st.floats(0.001, 0.3),
    p=st.floats(0.0005, 1),
    sector=st.booleans(),
)


@given(st.lists(ANY, min_size=1, max_size=8))
def test_no_grade_says_more_than_its_interval_its_size_or_its_time(
    cases: list[v.RotationCase],
) -> None:
    graded, _ = v.judge(cases)
    for g in graded:
        assert g.grade == (
            v.capped(v.lowest(g.effect, g.significance, g.persistence))
            if g.case.sector
            else v.lowest(g.effect, g.significance, g.persistence)
        )
        if g.grade in ("weak", "moderate", "strong"):
            assert g.evidence.low is not None and g.evidence.high is not None
            assert g.evidence.low > 0 or g.evidence.high < 0
            assert g.case.size >= 1 and g.case.sessions >= 10
        if g.grade == "strong":
            assert (
                g.case.sessions >= 42
                and g.evidence.p_adjusted is not None
                and g.evidence.p_adjusted <= 0.01
            )
    assert v.leadership(graded) == v.best([g.grade for g in graded])


# ---- consolidating


def pause(**change: float) -> v.Consolidation:
    given = {"drawdown": -0.06, "sessions": 30, "above": 0.05, "share": 0.7} | change
    return v.Consolidation(
        given["drawdown"],
        int(given["sessions"]),
        given["above"],
        given["share"],
        evidence(-0.001, 0.0005, 0.001),
    )


@pytest.mark.parametrize(
    ("change", "effect"),
    [
        ({"drawdown": -0.019}, "none"),
        ({"drawdown": -0.02}, "weak"),
        ({"drawdown": -0.05}, "moderate"),
        ({"drawdown": -0.10}, "strong"),
        ({"drawdown": -0.20}, "none"),
        ({"above": 0.0}, "none"),
        ({"share": 0.5}, "none"),
        ({"share": 0.51}, "moderate"),
        ({"share": float("nan")}, "moderate"),
    ],
)
def test_effect_of_a_pause_in_a_trend_that_stands(change: dict[str, float], effect: str) -> None:
    assert pause(**change).effect == effect


def test_one_sector_is_weak_at_most_and_needs_its_seasons() -> None:
    assert pause(drawdown=-0.12, sessions=60).grade == "weak"
    assert pause(sessions=9).grade == "too early"
    unknown = v.Consolidation(-0.06, 30, 0.05, 0.7, Evidence(None, note="history too short"))
    assert unknown.grade == "none" and unknown.intact
    other_way = v.Consolidation(-0.06, 30, 0.05, 0.7, evidence(0.001, 0.0005, 0.001))
    assert other_way.significance == "none"


def test_both_questions_may_hold_or_neither() -> None:
    graded, _ = v.judge([case()])
    assert (v.leadership(graded), pause().grade) == ("strong", "weak")
    graded, _ = v.judge([case(size=0.0, direction=0)])
    assert (v.leadership(graded), pause(drawdown=-0.01).grade) == ("none", "none")


# ---- earnings seasons


def test_sessions_of_a_quarter_are_counted_from_its_first() -> None:
    number, quarter = v.season(DAYS)
    first = np.flatnonzero(np.diff(quarter)) + 1
    assert (number[first] == 1).all() and np.isnan(number[: first[0]]).all()
    assert number[first[1] - 1] == first[1] - first[0]


def test_lift_is_found_where_it_was_planted_and_not_in_noise() -> None:
    number, _ = v.season(DAYS)
    noise = 0.005 * np.random.default_rng(1).standard_normal(len(DAYS))
    inside = (number >= 10) & (number <= 45)
    planted = v.season_lift(np.cumsum(noise - 0.002 * inside), DAYS)
    assert (
        planted.high is not None
        and planted.high < 0
        and planted.effect == pytest.approx(-0.002, abs=3e-4)
    )
    assert planted.n == 46  # twelve years of quarters without the first and the one under way
    none = v.season_lift(np.cumsum(noise), DAYS)
    assert none.low is not None and none.high is not None and none.low < 0 < none.high


def test_lift_counts_sessions_ten_to_forty_five_of_complete_quarters() -> None:
    """In quarter k the sector loses 7 k mod 47 basis points on each of those sessions, no more.

    Of quarters 1 to 46 these are 1 to 46 in an order without memory.
    """
    quarter = DAYS.astype("datetime64[M]").astype(int) // 3
    quarter -= quarter[0]
    place = np.array([np.count_nonzero(quarter[:t] == quarter[t]) + 1 for t in range(len(DAYS))])
    lost = np.where((place >= 10) & (place <= 45), -0.0001 * (7 * quarter % 47), 0.0)
    found = v.season_lift(np.cumsum(lost), DAYS)
    # the first quarter is not counted, and the last one, the 48th, is what is being asked about
    assert found.n == 46 and found.effect == pytest.approx(-0.0001 * sum(range(1, 47)) / 46)
    assert "autocorrelation-robust" in found.method


def test_season_of_no_days_and_of_one_quarter() -> None:
    assert [len(part) for part in v.season(DAYS[:0])] == [0, 0]
    assert v.season_lift(np.array([]), DAYS[:0]).suppressed
    assert np.isnan(v.season(DAYS[:20])[0]).all()


def test_steady_underperformance_is_no_season() -> None:
    steady = v.season_lift(np.cumsum(np.full(len(DAYS), -0.001)), DAYS)
    assert steady.suppressed and "constant" in steady.note


def test_short_history_has_a_reason() -> None:
    assert "too short" in v.season_lift(np.cumsum(np.ones(300)), DAYS[:300]).note
    assert v.season_lift(np.full(300, np.nan), DAYS[:300]).suppressed


# ---- words


def test_every_grade_has_its_words_and_only_strong_states_a_fact() -> None:
    for question in ("changing", "consolidating"):
        said = [v.claim(question, g) for g in v.GRADES]
        assert len(set(said)) == len(v.GRADES)
    assert "has changed" in v.claim("changing", "strong")
    for grade in ("moderate", "weak", "none", "too early"):
        assert "has changed" not in v.claim("changing", grade)
    assert "Nothing beyond noise" in v.claim("changing", "none")
