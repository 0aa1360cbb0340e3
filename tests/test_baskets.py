"""Baskets against hand-worked answers: rebalance days, rank bands, selections and weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from fakes import FakePanel, random_panel, weekdays
from paceline import baskets, config, plugins
from paceline.baskets import AtRebalance, schedule, weights
from paceline.baskets.history import PanelDays, company_caps
from paceline.baskets.rebalance import Targets
from paceline.baskets.select import Selector, Sizes
from paceline.baskets.universe import Boundary, Ranking, band_at, rank_companies
from paceline.errors import MarketFileError, PluginError, UnknownName, UsageError

NAN = np.nan


def market(
    baskets_: dict[str, Any],
    universes: dict[str, Any] | None = None,
    groups: dict[str, Any] | None = None,
) -> config.MarketFile:
    return config.MarketFile.model_validate(
        {
            "market": {"name": "test", "benchmark": next(iter(baskets_))},
            "sources": {},
            "baskets": baskets_,
            "universes": universes or {"u": {"members": "u"}},
            "groups": groups or {},
        }
    )


def flat(caps: list[float], first: str = "2024-01-02", t: int = 60, **how: Any) -> FakePanel:
    """Securities that never move, with the given market caps."""
    n = len(caps)
    cap = np.repeat(np.array(caps, float)[:, None], t, axis=1)
    fields = {"price_return": np.zeros((n, t)), "close": np.full((n, t), 10.0), "market_cap": cap}
    fields |= how.pop("fields", {})
    return FakePanel(weekdays(first, t), fields, **{"spells": {"u": np.ones((n, t))}} | how)


def at_close(panel: Any, name: str, t: int, members: Any = None) -> Any:
    """What a weighting makes of a panel at the close of session t."""
    day = PanelDays(panel).day(t)
    members = np.ones(len(panel.securities), bool) if members is None else members
    sizes = Sizes(day.cap, day.total_cap, np.zeros(len(members), bool))
    at = AtRebalance(
        day, schedule.Event(t, t), members, lambda: sizes, lambda: np.ones(len(members))
    )
    return weights.discover()[name](at)


def weights_of(made: Targets, name: str, session: int, securities: int) -> np.ndarray | None:
    """(N,) target weights of a basket fixed at that close; None if it was not rebalanced."""
    row = made.names.index(name)
    for r in made.rebalances:
        if r.session == session and row in r.rows:
            out = np.zeros(securities)
            out[r.columns] = r.weights[int(np.flatnonzero(r.rows == row)[0])]
            return out
    return None


def fixed(panel: FakePanel, file: config.MarketFile, name: str, session: int) -> Any:
    made = baskets.targets(panel, file, [name])
    return weights_of(made, name, session, len(panel.securities))


# ---- days
# --------------------------------------------------------------------------------------------------


def days_of(sessions: Any, found: list[schedule.Event]) -> list[tuple[str, str]]:
    return [(str(sessions[e.reference]), str(sessions[e.session])) for e in found]


def test_quarterly_is_the_third_friday_with_the_second_as_reference() -> None:
    days = weekdays("2025-01-01", 261)
    assert days_of(days, schedule.events("quarterly", days)) == [
        ("2025-03-14", "2025-03-21"),
        ("2025-06-13", "2025-06-20"),
        ("2025-09-12", "2025-09-19"),
        ("2025-12-12", "2025-12-19"),
    ]
    assert days_of(days, schedule.events("annual", days)) == [("2025-12-12", "2025-12-19")]


@pytest.mark.parametrize(
    ("closed", "before"),
    [("2008-03-21", "2008-03-20"), ("2026-06-19", "2026-06-18"), ("2027-06-18", "2027-06-17")],
)
def test_a_closed_third_friday_moves_to_the_session_before(closed: str, before: str) -> None:
    days = weekdays(f"{closed[:4]}-01-01", 261)
    days = days[days != np.datetime64(closed)]
    assert before in [day for _, day in days_of(days, schedule.events("quarterly", days))]


def test_a_rebalance_enters_when_its_day_has_passed_and_never_over_a_hole() -> None:
    days = weekdays("2025-01-01", 261)
    upto = days[days <= np.datetime64("2025-03-20")]
    assert schedule.events("quarterly", upto) == []
    hole = days[(days < np.datetime64("2025-03-10")) | (days > np.datetime64("2025-04-10"))]
    assert days_of(hole, schedule.events("quarterly", hole))[0][1] == "2025-06-20"


def test_monthly_is_the_last_session_of_the_month() -> None:
    days = weekdays("2025-01-01", 90)
    assert [d for _, d in days_of(days, schedule.events("monthly", days))] == [
        "2025-01-31",
        "2025-02-28",
        "2025-03-31",
        "2025-04-30",
    ]
    assert schedule.events("none", days) == schedule.events("members", days) == []
    assert schedule.events("monthly", days[:0]) == []


@pytest.mark.parametrize(
    ("year", "day"),
    [
        (2012, "2012-06-22"),
        (2017, "2017-06-23"),
        (2018, "2018-06-22"),
        (2023, "2023-06-23"),
        (2028, "2028-06-23"),
        (2024, "2024-06-28"),
    ],
)
def test_russell_is_effective_on_the_fourth_friday_of_june(year: int, day: str) -> None:
    assert str(schedule.russell_days(year)[0][1]) == day


def test_russell_rank_days_and_the_december_reconstitution() -> None:
    sessions = weekdays("2015-01-01", 3400)
    found = dict(days_of(sessions, schedule.russell_events(sessions)))
    for rank_day, effective in (
        ("2015-05-29", "2015-06-26"),
        ("2018-05-11", "2018-06-22"),
        ("2020-05-08", "2020-06-26"),
        ("2023-04-28", "2023-06-23"),
        ("2025-04-30", "2025-06-27"),
        ("2026-10-30", "2026-12-11"),
    ):
        assert found[rank_day] == effective
    assert len([d for d in found.values() if d.startswith("2025")]) == 1
    assert len([d for d in found.values() if d.startswith("2026")]) == 2


@given(st.integers(1990, 2090), st.integers(1, 12), st.integers(0, 6), st.integers(1, 4))
def test_nth_weekday(year: int, month: int, weekday: int, n: int) -> None:
    day = schedule.nth_weekday(year, month, weekday, n)
    assert (day.year, day.month, day.weekday()) == (year, month, weekday)
    assert (day.day - 1) // 7 + 1 == n


# ---- companies and ranks
# -----------------------------------------------------------------------------------


def test_a_company_is_counted_once_whatever_its_lines() -> None:
    #     repeated cap, A and B  | repeated shares (cap / close) | own caps   | no cap | not a line
    cap = np.array([100.0, 100.05, 200.0, 220.0, 30.0, 70.0, NAN, 50.0])
    close = np.array([500.0, 5.0, 10.0, 11.0, 10.0, 10.0, 10.0, 10.0])
    companies = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    lines = np.array([True] * 7 + [False])
    company, line, repeated = company_caps(cap, close, companies, lines)
    assert_allclose(company, [100.025, 100.025, 210, 210, 100, 100, NAN, NAN])
    assert_allclose(line, [50, 50.025, 100, 110, 30, 70, NAN, NAN])
    assert_array_equal(repeated, [1, 1, 1, 1, 0, 0, 0, 0])


def test_bands_keep_companies_near_the_boundary_where_they_were() -> None:
    # ten companies of a tenth each; boundary at rank 5, so b = 0.5; a band of 0.1 reaches 0.4 ..
    # 0.6
    boundary = Boundary(5, 0.1)
    shares = np.arange(1, 11) / 10
    first = boundary.split(Ranking(np.arange(10), shares))
    assert_array_equal(first, [1] * 5 + [0] * 5)  # codes 0..4 above
    #            cum: .1 .2 .3 .4 .5 .6 .7 .8 .9 1
    order = np.array([7, 0, 1, 8, 9, 2, 3, 99, 4, 5])
    second = boundary.split(Ranking(order, np.round(shares, 12)))
    # 7 rises (.1 < .4); 8 at .4 does not (not under .4), 9 at .5 does not; 2 at .6 stays, 3 at .7
    # drops; 99 is new at rank 8: below; 4 at .9 drops
    assert_array_equal(order[second], [7, 0, 1, 2])
    third = boundary.split(Ranking(np.array([3, 8, 98, 7]), np.array([0.3, 0.5, 0.7, 1.0])))
    # b at the last rank is 1: newcomer 98 by rank, 3 and 8 rise under 0.9, 7 stays
    assert_array_equal(third, [1, 1, 1, 1])


def test_band_widths_of_russell() -> None:
    widths = {
        (1000, 1): 0.025,
        (500, 1): 0.025,
        (200, 201): 0.025,
        (2000, 1): 0.005,
        (2000, 2001): 0.01,
        (3000, 1001): 0,
        (4000, 2001): 0,
        (50, 1): 0,
    }
    for (rank, first), width in widths.items():
        assert band_at(rank, 0.025, first) == pytest.approx(width)


def test_running_shares_are_of_the_4000_largest_companies() -> None:
    caps = np.array([2.0] * 4000 + [1.0])
    history = PanelDays(FakePanel(weekdays("2024-01-02", 1), {"close": np.ones((4001, 1))}))
    running = rank_companies(np.ones(4001, bool), caps, history).cumulative
    assert_allclose(running[[0, 1999, 3999, 4000]], [0.00025, 0.5, 1, 8001 / 8000], rtol=1e-12)


def test_a_russell_like_universe_over_two_years() -> None:
    # six companies worth 1000, 500, 300, 180, 100, 80 ...; the lower half is ranks 3 to 5
    days = weekdays("2024-04-01", 400)
    caps = np.repeat(np.array([1000, 500, 300, 180, 100, 80.0])[:, None], 400, axis=1)
    late = days >= np.datetime64("2025-04-01")
    caps[1, late], caps[2, late] = 299, 301  # trade places by a hair
    caps[5, late] = 2000  # a real riser leaves for the top
    panel = flat([1] * 6, "2024-04-01", 400, fields={"market_cap": caps})
    file = market(
        {"small": {"universe": "small", "weight": "equal"}},
        {"small": {"eligible": {"min_price": 1}, "rank": [3, 5], "band": 0.05}},
    )
    made = baskets.targets(panel, file)
    held = {str(days[r.session]): sorted(r.columns.tolist()) for r in made.rebalances}
    assert held["2024-04-01"] == [2, 3, 4]
    assert held["2024-06-28"] == [2, 3, 4]
    assert held["2025-06-20"] == [2, 3, 4], (
        "ranked on 2025-04-30 but not in force before the fourth Friday"
    )
    # 2025: 2000, 1000, 301, 299, 180, 100 of 3880, running .515 .773 .851 .928 .974 1.0. Upper
    # boundary, b = .773: 5 rises (.515 < .723), 0 stays, 1 drops (.928 > .823), 2 stays below
    # (.851). Lower, b = .974: 4 stays (1.0)
    assert held["2025-06-27"] == [1, 2, 3, 4]
    assert any("first ranked on 2024-04-01" in c for c in made.caveats["small"])


def test_eligibility_rules() -> None:
    caps = [100.0, 200, 300, 400, 500, 600, 20]
    close = np.full((7, 60), 10.0)
    close[1] = 0.5
    panel = flat(
        caps,
        fields={"close": close},
        attributes={
            "kind": ["common", "common", "warrant", "common", "common", "common", "common"],
            "country": ["US", "US", "US", "Israel", "US", "US", None],
            "name": ["Alpha", "Beta", "Gamma", "Delta", "Acquisition Corp", "Zeta", None],
        },
    )
    rules = {"countries": ["US"], "min_price": 1.0, "min_cap": 50.0, "exclude_name": "Acquisition"}
    file = market(
        {"b": {"universe": "r", "weight": "equal"}},
        {"r": {"eligible": rules, "reconstitution": "monthly"}},
    )
    assert_allclose(fixed(panel, file, "b", 0), [0.5, 0, 0, 0, 0, 0.5, 0])


def test_who_is_delisted_between_rank_day_and_effective_day_is_dropped() -> None:
    days = weekdays("2025-04-01", 120)
    gone = int(np.searchsorted(days, np.datetime64("2025-05-20")))
    fields = {k: np.ones((3, 120)) for k in ("price_return", "close", "market_cap")}
    fields["price_return"] = np.zeros((3, 120))
    for f in fields.values():
        f[0, gone:] = NAN
    panel = FakePanel(days, fields, delisted=[gone - 1, 120, 120])
    file = market({"b": {"universe": "r", "weight": "equal"}}, {"r": {"eligible": {}}})
    effective = int(np.searchsorted(days, np.datetime64("2025-06-27")))
    assert_allclose(fixed(panel, file, "b", effective), [0, 0.5, 0.5])


# ---- selections
# --------------------------------------------------------------------------------------------


def test_rank_takes_companies_with_all_their_lines() -> None:
    panel = flat(
        [50, 40, 45, 100, 10],
        companies=[0, 1, 1, 2, 3],
        fields={"close": np.repeat([[10.0], [10.0], [30.0], [10.0], [10.0]], 60, axis=1)},
    )
    file = market(
        {"top2": {"universe": "u", "rank": [1, 2]}, "next": {"universe": "u", "rank": [3, 4]}}
    )
    assert_allclose(fixed(panel, file, "top2", 0), [0, 40 / 185, 45 / 185, 100 / 185, 0])
    assert_allclose(fixed(panel, file, "next", 0), [50 / 60, 0, 0, 0, 10 / 60])


def test_selections_and_set_operations() -> None:
    panel = flat(
        [1, 2, 3, 4, 5, 6],
        securities=["a", "b", "c", "d", "e", "f"],
        spells={"u": [[1] * 60] * 5 + [[0] * 60]},
        attributes={"ticker": ["A", "B", "C", "D", "E", "F"]},
        classes={
            "sector": ["X", "X", "Y", "Y", "", "X"],
            "industry": ["p", "q", "p", "q", "p", "p"],
        },
    )
    spec = {
        "all": {"universe": "u"},
        "x": {"universe": "u", "sector": "X"},
        "xp": {"universe": "u", "sector": ["X", "Y"], "industry": "p"},
        "theme": {"securities": ["A", "d", "F"]},
        "in_u": {"universe": "u", "securities": ["A", "d", "F"]},
        "rest": {"universe": "u", "minus": ["x", "theme"]},
        "both": {"union": ["x", "theme"]},
        "cut": {"universe": "u", "intersect": "theme"},
        "largest": {"universe": "u", "sector": "X", "rank": [1, 1]},
    }
    expected = {
        "all": "abcde",
        "x": "ab",
        "xp": "ac",
        "theme": "adf",
        "in_u": "ad",
        "rest": "ce",
        "both": "abdf",
        "cut": "ad",
        "largest": "b",
    }
    file = market(spec)
    for name, members in expected.items():
        held = fixed(panel, file, name, 0)
        assert "".join(s for s, w in zip(panel.securities, held, strict=True) if w) == members, name
        sizes = np.array([1, 2, 3, 4, 5, 6]) * (held > 0)
        assert_allclose(held, sizes / sizes.sum())


def test_classes_are_those_of_the_day() -> None:
    t = 60
    sector = np.full((2, t), "X", object)
    sector[1, 30:] = "Y"
    panel = flat([1, 1], classes={"sector": sector})
    made = baskets.targets(
        panel, market({"x": {"universe": "u", "sector": "X", "rebalance": "monthly"}})
    )
    assert [(r.session < 30, r.columns.tolist()) for r in made.rebalances] == [
        (True, [0, 1]),
        (True, [0, 1]),
        (False, [0]),
    ]


def test_baskets_that_refer_to_each_other_in_a_circle_are_refused() -> None:
    file = market(
        {
            "a": {"universe": "u", "minus": "b"},
            "b": {"union": ["c"]},
            "c": {"universe": "u", "minus": "a"},
        }
    )
    with pytest.raises(UsageError, match="circle: a -> b -> c -> a"):
        baskets.targets(flat([1, 2]), file)
    with pytest.raises(UsageError, match="circle: d -> e -> d"):
        baskets.targets(flat([1, 2]), market({"d": {"union": "e"}, "e": {"union": "d"}}))
    with pytest.raises(UnknownName):
        baskets.targets(flat([1, 2]), file, ["zzz"])


def test_what_a_list_does_not_find_is_a_caveat() -> None:
    made = baskets.targets(flat([1, 2]), market({"t": {"securities": ["S000", "NOPE"]}}))
    assert made.caveats["t"] == ("not found in the data: NOPE",)


def test_a_basket_begins_with_its_first_member() -> None:
    fields = {name: np.full((2, 60), NAN) for name in ("price_return", "close", "market_cap")}
    for f in fields.values():
        f[0, 7:] = f[1, 20:] = 0.5
    panel = FakePanel(weekdays("2024-01-02", 60), fields, spells={"u": np.ones((2, 60))})
    made = baskets.targets(
        panel,
        market(
            {
                "all": {"universe": "u"},
                "late": {"securities": ["S001"]},
                "nobody": {"universe": "u", "intersect": "lost"},
                "lost": {"securities": ["NOPE"]},
            }
        ),
    )
    assert made.first.tolist() == [7, 20, 60, 60]
    assert made.caveats["lost"] == (
        "no members on 2024-03-25: not even the one security NOPE has data",
        "not found in the data: NOPE",
    )
    assert made.caveats["nobody"] == (
        "no members on 2024-03-25: nobody is left after intersect 'lost'",
    )


COMMON = {"eligible": {"kinds": ["common"]}, "reconstitution": "monthly"}
EMPTY: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a list of nobody": (
        {"universe": "none"},
        {"none": {"members": "none"}},
        "the list 'none' names no security that any source has",
    ),
    "no such kind": (
        {"universe": "odd"},
        {"odd": {"eligible": {"kinds": ["warrant"]}, "reconstitution": "monthly"}},
        "none of the 3 securities before that rule of universe 'odd' is of kind "
        "warrant; there are common",
    ),
    "too dear a price": (
        {"universe": "dear"},
        {"dear": {"eligible": {"kinds": ["common"], "min_price": 10.5}}},
        "none of the 3 securities before that rule of universe 'dear' is priced at 10.5 or more",
    ),
    "ranks without caps": (
        {"universe": "big"},
        {"big": {**COMMON, "rank": [1, 2]}},
        "none of the 3 securities before that rule of universe 'big' is of a known market cap",
    ),
    "cap weights without caps": (
        {"universe": "all", "weight": "cap"},
        {"all": COMMON},
        'none of its 3 members has a market cap to weigh by; weight = "equal" needs none',
    ),
    "a rank without caps": (
        {"universe": "all", "rank": [1, 2], "weight": "equal"},
        {"all": COMMON},
        "none of its 3 securities has a market cap",
    ),
    "a class of nobody": (
        {"universe": "all", "sector": "Utilities", "weight": "equal"},
        {"all": COMMON},
        "none of its 3 securities is in sector 'Utilities'; there are Energy",
    ),
}


@pytest.mark.parametrize("case", EMPTY)
def test_a_basket_without_members_says_why(case: str) -> None:
    spec, universes, reason = EMPTY[case]
    spells = {"u": np.ones((3, 60)), "none": np.zeros((3, 60))}
    panel = flat([NAN, NAN, NAN], spells=spells, classes={"sector": ["", "", "Energy"]})
    made = baskets.targets(panel, market({"t": spec}, universes))
    assert made.first.tolist() == [60]
    assert made.caveats["t"][0] == f"no members on 2024-03-25: {reason}"


def test_members_that_have_no_data_are_the_reason() -> None:
    """Two members without a price beside a security that is none: the list is not unknown."""
    spells = {"u": np.array([[1.0] * 60, [1.0] * 60, [0.0] * 60])}
    blank = np.full((3, 60), NAN)
    fields = {"price_return": blank.copy(), "close": blank.copy()}
    fields["price_return"][2], fields["close"][2] = 0.0, 10.0
    panel = flat([1.0, 1.0, 1.0], spells=spells, fields=fields)
    made = baskets.targets(panel, market({"t": {"universe": "m"}}, {"m": {"members": "u"}}))
    assert made.caveats["t"][0] == (
        "no members on 2024-03-25: none of the 2 members of the list 'u' has data"
    )


def test_a_weighting_that_weighs_nobody_is_the_reason_and_not_the_missing_caps() -> None:
    spec = {"universe": "all", "weight": "inverse_volatility"}
    made = baskets.targets(flat([NAN, NAN, NAN]), market({"t": spec}, {"all": COMMON}))
    assert made.caveats["t"][0] == (
        "no members on 2024-03-25: weight = 'inverse_volatility' gives none of its 3 members a "
        "weight"
    )


def test_companies_that_are_all_too_small_are_the_reason() -> None:
    universes = {"small": {"eligible": {"kinds": ["common"], "min_cap": 9.0}}}
    made = baskets.targets(flat([1.0, 2.0, 3.0]), market({"t": {"universe": "small"}}, universes))
    assert made.caveats["t"][0] == (
        "no members on 2024-03-25: 3 securities keep the rules of universe 'small', none has a "
        "company worth 9 or more"
    )


def test_equal_weights_of_a_universe_need_no_caps() -> None:
    panel = flat([NAN, 5.0, NAN])
    made = baskets.targets(
        panel, market({"t": {"universe": "all", "weight": "equal"}}, {"all": COMMON})
    )
    assert made.first.tolist() == [0]
    assert_allclose(weights_of(made, "t", 0, 3), [1 / 3, 1 / 3, 1 / 3])
    assert made.caveats["t"] == ()


def test_a_basket_by_rank_says_how_many_could_be_ranked() -> None:
    panel = flat([NAN, 5.0, 4.0, NAN])
    spec = {"universe": "u", "rank": [1, 3], "weight": "equal"}
    made = baskets.targets(panel, market({"t": spec}))
    assert_allclose(weights_of(made, "t", 0, 4), [0, 0.5, 0.5, 0])
    days, said = zip(*made.thin["t"]["rank"], strict=True)
    assert said[-1] == (
        "ranks 1 to 3 on 2024-03-15: only 2 of 4 companies have a market cap to rank by"
    )
    assert days == tuple(r.session for r in made.rebalances)
    full = flat([3.0, 5.0, 4.0, 1.0])
    assert baskets.targets(full, market({"t": spec})).thin == {}


@pytest.mark.parametrize(
    ("spec", "kind", "said"),
    [
        ({"universe": "u", "rank": [3, 6]}, "few", "2 of the 4 companies that ranks 3 to 6 ask"),
        ({"universe": "u", "rank": [1, 9]}, "few", "4 of the 9 companies that ranks 1 to 9 ask"),
        ({"universe": "u", "minus": "deep"}, "few", "1 of the 2 companies that ranks 4 to 5 ask"),
        ({"universe": "r"}, "few_ruled", "r: 3 of the 5 companies that ranks 2 to 6 ask"),
    ],
)
def test_ranks_that_fewer_companies_fill_than_are_asked_for(
    spec: dict[str, Any], kind: str, said: str
) -> None:
    universes = {"u": {"members": "u"}, "r": {"eligible": {"kinds": []}, "rank": [2, 6]}}
    specs = {"x": {**spec, "weight": "equal"}, "deep": {"universe": "u", "rank": [4, 5]}}
    made = baskets.targets(flat([3.0, 5.0, 4.0, 1.0]), market(specs, universes), ["x"])
    (why,) = {why.partition(" on 2024")[0] for _, why in made.thin["x"][kind]}
    assert why == f"{said} for" and made.thin["x"][kind][-1][1].endswith(": 4 could be ranked")
    rest = {"universe": "u", "rank": [2, "last"], "weight": "equal"}
    made = baskets.targets(flat([3.0, 5.0, 4.0, 1.0]), market({"rest": rest}))
    assert made.thin == {}, "whoever takes all the rest asks for no number"
    assert_allclose(weights_of(made, "rest", 0, 4), [1 / 3, 0, 1 / 3, 1 / 3])


def test_whoever_has_no_size_may_have_belonged_to_the_largest_and_not_to_the_rest() -> None:
    specs = {
        "one": {"universe": "u", "rank": [1, 1], "weight": "equal"},
        "rest": {"universe": "u", "minus": ["one"], "weight": "equal"},
        "every": {"universe": "u", "weight": "equal"},
    }
    made = baskets.targets(flat([NAN, 5.0, 4.0]), market(specs))
    why = "ranks 1 to 1 on 2024-03-15: only 2 of 3 companies have a market cap to rank by"
    assert {n: said["rank"][-1][1] for n, said in made.thin.items()} == {"one": why, "rest": why}


def test_a_basket_may_begin_on_its_first_session_and_on_later_ends_of_months() -> None:
    panel = flat([1, 2], first="2024-01-31")  # the ends of February and March are 21 and 42
    selector = Selector(panel, market({"c": {"universe": "u"}}))
    assert selector.first_candidates("c") == [0, 21, 42]


class Renamed(FakePanel):
    """The ticker X passes from the first security to the second on the last session."""

    def attributes_at(self, t: int) -> Any:
        last = t == len(self.sessions) - 1
        self._attributes["ticker"] = ["OLD", "X"] if last else ["X", "Y"]
        return super().attributes_at(t)


def test_an_instrument_is_found_by_the_tickers_of_the_last_session() -> None:
    panel = Renamed(weekdays("2024-01-02", 60), {"close": np.ones((2, 60))})
    made = baskets.targets(panel, market({"x": {"instrument": "X"}}))
    assert made.instruments.tolist() == [1]
    assert_allclose(weights_of(made, "x", 0, 2), [0, 1])


def test_groups_make_one_basket_per_class_with_members() -> None:
    panel = flat(
        [1, 2, 3, 4],
        classes={"sector": ["Health Care", "Energy", "", "Energy"]},
        spells={"u": [[1] * 60, [1] * 60, [1] * 60, [0] * 60]},
    )
    file = market(
        {"all": {"universe": "u"}},
        groups={"sectors": {"universe": "u", "by": "sector", "weight": "equal"}},
    )
    made, labels = baskets.group_baskets(panel, file)
    assert list(made) == ["sectors:Energy", "sectors:Health Care"]
    assert labels == {"sectors:Energy": "Energy", "sectors:Health Care": "Health Care"}
    assert_allclose(fixed(panel, file, "sectors:Energy", 0), [0, 1, 0, 0])
    assert set(baskets.targets(panel, file).names) == {"all", *made}


@pytest.mark.parametrize("day", [0, 59])
def test_groups_know_the_classes_of_the_first_and_of_the_last_session(day: int) -> None:
    names = np.full((2, 60), "Energy", object)
    names[1, day] = "Utilities"
    panel = flat([1, 2], first="2024-04-02", classes={"sector": names})  # a rebalance in between
    groups = {"sectors": {"universe": "u", "by": "sector"}}
    made, _ = baskets.group_baskets(panel, market({"all": {"universe": "u"}}, groups=groups))
    assert list(made) == ["sectors:Energy", "sectors:Utilities"]


def test_a_ranked_universe_begins_when_its_first_rank_is_filled() -> None:
    fields = {"market_cap": np.array([[9.0] * 60, [8.0] * 60, [NAN] * 25 + [7.0] * 35])}
    panel = flat([1, 2, 3], fields=fields)  # the third has a cap from 6 February on
    universes = {"top": {"eligible": {}, "rank": [1, 2]}, "low": {"eligible": {}, "rank": [3, 3]}}
    file = market({"a": {"universe": "top"}, "b": {"universe": "low"}}, universes)
    first = dict(zip("ab", baskets.targets(panel, file, ["a", "b"]).first.tolist(), strict=True))
    assert first == {"a": 0, "b": 42}, "the first session, and the end of February"


def test_a_ranked_universe_may_begin_on_the_second_session_with_caps() -> None:
    caps = np.array([[9.0] * 60, [NAN] + [8.0] * 59])
    panel = flat([1, 2], first="2024-01-30", fields={"market_cap": caps})
    file = market({"b": {"universe": "low"}}, {"low": {"eligible": {}, "rank": [2, 2]}})
    assert baskets.targets(panel, file, ["b"]).first.tolist() == [1], "the end of January"


# ---- weights
# -----------------------------------------------------------------------------------------------


def test_equal_weight_is_per_company() -> None:
    assert_allclose(
        at_close(
            flat([1] * 5, companies=[0, 1, 1, 2, 3]), "equal", 30, np.array([1, 1, 1, 1, 0], bool)
        ),
        [1 / 3, 1 / 6, 1 / 6, 1 / 3, 0],
    )


def test_equal_weights_are_fixed_on_the_second_friday_and_have_drifted_a_week() -> None:
    days = weekdays("2025-01-01", 80)
    second, third = (
        int(np.searchsorted(days, np.datetime64(d))) for d in ("2025-03-14", "2025-03-21")
    )
    r = np.zeros((2, 80))
    r[0, second] = 0.5  # on the reference day itself: in the reference price already
    r[0, second + 1], r[0, third] = 0.2, 0.1
    panel = flat([1, 1], "2025-01-01", 80, fields={"price_return": r})
    held = fixed(panel, market({"e": {"universe": "u", "weight": "equal"}}), "e", third)
    assert_allclose(held, [1.32 / 2.32, 1 / 2.32])
    assert_allclose(
        fixed(panel, market({"e": {"universe": "u", "weight": "equal"}}), "e", 0), [0.5, 0.5]
    )


def test_caps_of_the_rebalance_close_weigh_and_a_short_gap_is_bridged() -> None:
    cap = np.repeat([[100.0], [100.0], [100.0]], 60, axis=1)
    r = np.zeros((3, 60))
    end = 21  # 2024-01-31 is the 22nd session
    # no cap for three sessions, a move in between
    cap[0, end - 2 :], r[0, end - 2 : end + 1] = NAN, [0.5, 0.0, 0.0]
    cap[1, end] = 50.0
    cap[2, end - 11 :] = NAN  # too old
    panel = flat([1] * 3, fields={"market_cap": cap, "price_return": r})
    file = market({"c": {"universe": "u", "rebalance": "monthly"}})
    assert_allclose(fixed(panel, file, "c", end), [0.75, 0.25, 0])
    made = baskets.targets(panel, file)
    on, why = made.thin["c"]["size"][0]
    assert (on, why) == (end, "left out for want of a market cap on 2024-01-31: 1 of 3 members")


def test_market_caps_of_another_day_are_said_at_the_rebalance_that_rests_on_them() -> None:
    """Moves of 2% up and down by turns; the third has the caps of the session before."""
    move = np.where(np.arange(60) % 2, 0.02, -0.02)
    close = 50 * np.cumprod(np.vstack([1 + move, 1 - move, 1 + move]), axis=1)
    cap = close * 1e6
    cap[1, 30:] *= 2  # shares issued: one step
    cap[2, 1:] = cap[2, :-1].copy()
    r = np.diff(close, axis=1, prepend=np.nan) / np.roll(close, 1, axis=1)
    fields = {"market_cap": cap, "close": close, "price_return": r}
    panel = flat([1] * 3, fields=fields)
    specs = {
        "c": {"universe": "u", "rebalance": "monthly"},
        "e": {"universe": "u", "rebalance": "monthly", "weight": "equal"},
    }
    made = baskets.targets(panel, market(specs))
    # the first session has no past; the ends of January and February are 21 and 42
    assert made.thin == {
        "c": {
            "loose": tuple(
                (t, f"market caps of 1 of 3 members does not move with their closes on {day}")
                for t, day in ((21, "2024-01-31"), (42, "2024-02-29"))
            )
        }
    }
    cap[2] = close[2] * 1e6
    cap[0, 42], close[1, 42] = cap[0, 41], close[1, 41]  # old today; and a close that stood still
    made = baskets.targets(flat([1] * 3, fields=fields), market(specs))
    told = "market caps of 1 of 3 members does not move with their closes on 2024-02-29"
    assert made.thin == {"c": {"loose": ((42, told),)}}
    cap[2] = np.nan  # unknown, not doubtful
    cap[0] = close[0] * 1e6
    assert "loose" not in baskets.targets(flat([1] * 3, fields=fields), market(specs)).thin["c"]


def test_a_close_or_a_cap_is_at_most_ten_sessions_old_and_moves_with_the_price() -> None:
    silent = [NAN] * 13
    r = [NAN, 0.5, NAN, 0.2, *[NAN] * 9]
    panel = FakePanel(
        weekdays("2024-01-01", 13),
        {
            "close": [[10.0, *silent[1:]], silent],
            "price_return": [r, silent],
            "market_cap": [[100.0, *silent[1:]], [-5.0, *silent[1:]]],
        },
    )
    history = PanelDays(panel)
    assert_allclose([history.day(t).close[0] for t in (0, 1, 10, 11)], [10, 10, 10, NAN])
    assert_allclose([history.day(t).cap[0] for t in (0, 1, 2, 3, 10)], [100, 150, 150, 180, 180])
    assert np.isnan([history.day(11).cap[0], *(history.day(t).cap[1] for t in (0, 5))]).all()


def test_growth_counts_what_follows_the_first_close_up_to_the_last() -> None:
    r = np.full((1, 45), 0.01)
    r[0, [5, 6, 40]] = [0.5, NAN, 0.25]
    history = PanelDays(FakePanel(weekdays("2024-01-01", 45), {"price_return": r}))
    for start, end, count in ((5, 7, 1), (4, 7, 1), (5, 35, 29), (4, 35, 29), (5, 40, 33)):
        expected = 1.01**count * (1.5 if start < 5 else 1) * (1.25 if end == 40 else 1)
        assert history.growth(start, end)[0] == pytest.approx(expected, rel=1e-12)


def test_float_cap_weighs_and_market_cap_ranks() -> None:
    panel = flat(
        [100, 90, 80], fields={"float_cap": np.repeat([[10.0], [60.0], [80.0]], 60, axis=1)}
    )
    held = fixed(panel, market({"t": {"universe": "u", "rank": [1, 2]}}), "t", 0)
    assert_allclose(held, [1 / 7, 6 / 7, 0])


def test_repeated_company_caps_are_shared_by_the_lines() -> None:
    panel = flat([100, 100, 100], companies=[0, 0, 1])
    made = baskets.targets(panel, market({"c": {"universe": "u"}}))
    assert_allclose(weights_of(made, "c", 0, 3), [0.25, 0.25, 0.5])
    assert made.caveats["c"] == (
        "company-wide caps are repeated across share classes: each line carries an equal part of "
        "it",
    )


def test_fund_weights_roll_forward_and_only_if_told_back() -> None:
    days = weekdays("2024-01-02", 60)
    r = np.zeros((3, 60))
    r[0, 10], r[0, 40] = 1.0, 0.5
    at = int(np.searchsorted(days, np.datetime64("2024-02-05")))
    panel = flat(
        [1, 1, 1],
        fields={"price_return": r},
        holdings={"SPY": [("S000", "2024-02-05", 0.6), ("S001", "2024-02-05", 0.4)]},
    )
    spec = {"c": {"universe": "u", "rebalance": "monthly"}}
    for roll, first in (("forward", at), ("both", 0)):
        file = market(spec, {"u": {"members": "u", "holdings": "SPY", "roll": roll}})
        made = baskets.targets(panel, file)
        assert made.first.tolist() == [first]
        late = made.rebalances[-1]
        assert str(days[late.session]) == "2024-02-29"
        assert_allclose(weights_of(made, "c", late.session, 3), [0.9 / 1.3, 0.4 / 1.3, 0])
        caveats = " / ".join(made.caveats["c"])
        assert ("SPY on 2024-02-05 rolled back" in caveats) == (roll == "both")
        why = "left out for want of a holding of the fund on 2024-02-29: 1 of 3 members"
        assert made.thin["c"]["size"][-1] == (late.session, why)
    assert_allclose(weights_of(made, "c", 0, 3), [0.3 / 0.7, 0.4 / 0.7, 0])


def test_who_the_fund_does_not_hold_has_no_size() -> None:
    panel = flat([1, 1, 1], holdings={"SPY": [("S000", "2024-01-02", 0.6)]}, companies=[0, 0, 1])
    file = market({"c": {"universe": "u"}}, {"u": {"members": "u", "holdings": "SPY"}})
    selector = Selector(panel, file)
    sizes = selector.sizes("u", selector.history.day(5))
    assert_allclose(sizes.line, [0.6, NAN, NAN])
    assert_allclose(sizes.company, [0.6, 0.6, NAN])


def test_equal_weighted_members_need_no_holding() -> None:
    panel = flat([1, 1, 1], holdings={"SPY": [("S000", "2024-01-02", 1.0)]})
    file = market(
        {"e": {"universe": "u", "weight": "equal"}}, {"u": {"members": "u", "holdings": "SPY"}}
    )
    assert_allclose(fixed(panel, file, "e", 0), [1 / 3] * 3)


def test_given_weights() -> None:
    panel = flat([1, 1, 1])
    spec = {"universe": "u", "weight": "given"}
    file = market({"g": {**spec, "weights": {"S000": 3, "S002": 1}}})
    assert_allclose(fixed(panel, file, "g", 0), [0.75, 0, 0.25])
    with pytest.raises(UsageError, match="S000 = -1"):
        baskets.targets(panel, market({"g": {**spec, "weights": {"S000": -1}}}))


def test_inverse_volatility() -> None:
    rng = np.random.default_rng(1)
    r = rng.normal(0, 1, (4, 300)) * np.array([[0.01], [0.02], [0.04], [0.01]])
    r[3, :200] = NAN  # 100 returns are too few
    r[2, 5:300:3] = NAN
    panel = flat([1] * 4, t=300, fields={"price_return": r})
    held = at_close(panel, "inverse_volatility", 299)
    sd = [np.nanstd(r[i, 48:], ddof=1) for i in range(3)]
    assert_allclose(held[:3], (1 / np.array(sd)) / np.sum(1 / np.array(sd)))
    assert held[3] == 0


def test_inverse_volatility_needs_126_of_the_last_252_returns() -> None:
    r = np.tile([[0.01, -0.01], [0.02, -0.02], [0.04, -0.04]], 150)
    r[1, :174], r[2, :175] = NAN, NAN  # 126 and 125 are left
    r[0, :48] = 0.5  # before the last 252
    held = at_close(flat([1] * 3, t=300, fields={"price_return": r}), "inverse_volatility", 299)
    deviation = np.array([0.01 * np.sqrt(252 / 251), 0.02 * np.sqrt(126 / 125)])
    assert_allclose(held, [*(1 / deviation) / np.sum(1 / deviation), 0], rtol=1e-9)


def test_a_weighting_sees_the_day_and_nothing_later() -> None:
    close = np.cumsum(np.ones((2, 60)), axis=1) * np.array([[1.0], [3.0]])
    panel = flat([1, 1], fields={"close": close})
    seen: dict[str, Any] = {}

    @baskets.weighting("by_price")
    def by_price(at: AtRebalance) -> Any:
        seen.update(date=str(at.date), returns=at.returns(5).shape, field=at.field("close"))
        return at.proportional(at.close)

    day = PanelDays(panel).day(20)
    at = AtRebalance(day, schedule.Event(20, 20), np.ones(2, bool), Any, Any)
    assert_allclose(by_price(at), [0.25, 0.75])
    assert seen["date"] == str(weekdays("2024-01-02", 21)[-1]) and seen["returns"] == (2, 5)
    assert_allclose(seen["field"], [21, 63])
    assert AtRebalance(PanelDays(panel).day(2), *[Any] * 4).returns(5).shape == (2, 3)
    assert not at.sized, "nobody asked how large the members are"


def test_the_weightings_of_the_package_are_found_by_name() -> None:
    found = weights.discover()
    assert list(found) == ["cap", "equal", "given", "inverse_volatility"]
    assert all(w.doc and w.module == "paceline.baskets.weights" for w in found.values())


WEIGHTINGS = """
import numpy as np
from paceline.baskets import weighting

@weighting("twice")
def twice(at):
    held = at.proportional(at.close)
    held[0] += 1
    return held

@weighting("negative")
def negative(at):
    return at.proportional(at.close) * -1

@weighting("unknown")
def unknown(at):
    return np.full(len(at.members), np.nan)

@weighting("short")
def short(at):
    return np.ones(1)

@weighting("guests")
def guests(at):
    return np.full(len(at.members), 1 / len(at.members))

@weighting("fails")
def fails(at):
    return at.nothing

@weighting("by_price")
def by_price(at):
    return at.proportional(at.close)
"""


def plugged(tmp_path: Path, weight: str) -> config.MarketFile:
    path = tmp_path / "mine.py"
    path.write_text(WEIGHTINGS)
    plugins.allow([path])
    spec = {"c": {"universe": "u", "weight": weight}}
    return market(spec).model_copy(update={"plugins": [str(path)]})


@pytest.mark.parametrize(
    ("weight", "says"),
    [
        (
            "twice",
            r"mine\.py:5: the weighting twice on 2024-01-02: the weights sum to 2, not to one",
        ),
        ("negative", r"mine\.py:11: .*a weight is negative"),
        ("unknown", r"mine\.py:15: .*a weight is not a number"),
        ("short", r"mine\.py:19: .*an array of 3 weights"),
        ("guests", r"mine\.py:23: .*somebody who is no member has a weight"),
        ("fails", r"mine\.py:29: the weighting fails failed: AttributeError"),
    ],
)
def test_a_fault_of_a_weighting_is_one_of_its_file(tmp_path: Path, weight: str, says: str) -> None:
    spell = np.ones((3, 60), bool)
    spell[2] = False
    with pytest.raises(PluginError, match=says):
        baskets.targets(flat([1, 2, 3], spells={"u": spell}), plugged(tmp_path, weight))


def test_a_weighting_of_a_file_weighs_and_belongs_to_the_key_of_the_cache(tmp_path: Path) -> None:
    file, plain = plugged(tmp_path, "by_price"), market({"c": {"universe": "u"}})
    weights.check(file, "m.toml")
    close = np.repeat([[10.0], [30.0]], 60, axis=1)
    assert_allclose(fixed(flat([1, 1], fields={"close": close}), file, "c", 0), [0.25, 0.75])
    assert weights.modules(plain) == ("paceline.baskets.weights",)
    (module,) = weights.modules(file)
    (tmp_path / "mine.py").write_text(WEIGHTINGS.replace("at.close)", "1 / at.close)"))
    plugins.allow([tmp_path / "mine.py"])
    assert weights.modules(file) != (module,), "another text is another module"


def test_plug_ins_are_not_loaded_where_no_weighting_of_theirs_is_named(tmp_path: Path) -> None:
    file = market({"c": {"universe": "u", "weight": "equal"}}).model_copy(
        update={"plugins": [str(tmp_path / "not_there.py")]}
    )
    weights.check(file, "m.toml")
    assert "equal" in weights.of_market(file)


@pytest.mark.parametrize("table", ["baskets", "groups"])
def test_a_weighting_that_does_not_exist_is_named_with_its_key(table: str) -> None:
    wrong = {"universe": "u", "weight": "equall"}
    group = {"g": {"universe": "u", "by": "sector", "weight": "equall"}}
    good = {"c": {"universe": "u"}}
    file = market({"c": wrong}) if table == "baskets" else market(good, groups=group)
    key = "baskets.c.weight" if table == "baskets" else "groups.g.weight"
    with pytest.raises(MarketFileError) as caught:
        weights.check(file, "m.toml")
    assert caught.value.message == f"m.toml: {key}: unknown weighting 'equall'."
    assert caught.value.remedy == "Did you mean 'equal'?"
    if table == "baskets":
        with pytest.raises(UnknownName, match="weighting 'equall'"):
            baskets.targets(flat([1, 2]), file)


def test_the_limit_on_a_weight_by_hand() -> None:
    assert_allclose(weights.limited(np.array([0.5, 0.3, 0.1, 0.1]), 0.35), [0.35, 0.35, 0.15, 0.15])
    assert_allclose(weights.limited(np.array([0.6, 0.3, 0.1, 0.0]), 0.4), [0.4, 0.4, 0.2, 0])
    assert_allclose(weights.limited(np.array([0.7, 0.3]), 0.5), [0.5, 0.5])
    with pytest.raises(UsageError, match="impossible with 2 members"):
        weights.limited(np.array([0.7, 0.3]), 0.4)
    with pytest.raises(UsageError, match=r"baskets\.c\.cap_limit on 2024-01-02"):
        baskets.targets(flat([1, 2]), market({"c": {"universe": "u", "cap_limit": 0.3}}))


@settings(max_examples=60)
@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=40), st.floats(0, 1))
def test_the_limit_on_a_weight_always(sizes: list[float], where: float) -> None:
    w = np.array(sizes) / np.sum(sizes)
    limit = 1 / len(w) + where * (1 - 1 / len(w))
    out = weights.limited(w, limit)
    assert out.sum() == pytest.approx(1, rel=1e-12)
    assert (out <= limit * (1 + 1e-12)).all()
    assert_allclose(weights.limited(out, limit), out, rtol=1e-12)
    free = out < limit * (1 - 1e-9)
    assert_allclose(out[free] / w[free], (out[free] / w[free])[:1].repeat(free.sum()), rtol=1e-9)
    order = np.argsort(w)
    assert (np.diff(out[order]) >= -1e-12).all()


# ---- time
# --------------------------------------------------------------------------------------------------


def test_member_changes_rebalance_only_where_asked() -> None:
    spell = np.ones((3, 60), bool)
    spell[0, 25:], spell[1, :40] = False, False
    panel = flat([1, 1, 1], spells={"u": spell})
    file = market(
        {
            "m": {"universe": "u", "rebalance": "members"},
            "n": {"universe": "u", "rebalance": "none"},
        }
    )
    made = baskets.targets(panel, file)
    assert [(r.session, r.rows.tolist()) for r in made.rebalances] == [
        (0, [0, 1]),
        (24, [0]),
        (39, [0]),
    ]
    assert_allclose(weights_of(made, "m", 24, 3), [0, 0, 1])
    assert_allclose(weights_of(made, "m", 39, 3), [0, 0.5, 0.5])
    assert weights_of(made, "n", 39, 3) is None


@pytest.mark.parametrize(("leaves", "same"), [(50, False), (60, True)])
def test_targets_hold_until_a_member_leaves(leaves: int, same: bool) -> None:
    spell = np.ones((2, 60), bool)
    spell[1, leaves:] = False  # renewed after the close before
    panel: Any = flat([1, 1], spells={"u": spell})
    file = market({"m": {"universe": "u", "rebalance": "members"}})
    old = baskets.targets(panel.cut(49), file)  # 50 sessions
    assert [r.session for r in old.rebalances] == [0]
    assert baskets.hold(old, panel, file, ["m"], 50) is same


@settings(max_examples=8)
@given(st.integers(0, 100_000), st.integers(10, 158))
def test_targets_are_known_on_the_day(seed: int, t: int) -> None:
    panel = random_panel(seed)
    file = market(
        {
            "c": {"universe": "u"},
            "e": {"universe": "u", "weight": "equal", "rebalance": "monthly"},
            "r": {"universe": "r"},
            "m": {"universe": "u", "rebalance": "members"},
        },
        {
            "u": {"members": "all"},
            "r": {"eligible": {}, "rank": [3, 9], "reconstitution": "quarterly"},
        },
    )
    whole, part = (baskets.targets(p, file) for p in (panel, panel.cut(t)))
    known = [r for r in whole.rebalances if r.session < t]
    for a, b in zip(known, [r for r in part.rebalances if r.session < t], strict=True):
        assert a.session == b.session
        assert_array_equal(a.columns, b.columns)
        assert_allclose(a.weights, b.weights, rtol=1e-12)
