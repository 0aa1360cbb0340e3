"""Indices: the two-product formula against a loop, hand-worked events, invariants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from fakes import Array, FakePanel, random_panel, weekdays
from paceline import baskets, config, indices
from paceline.errors import UnknownName, UsageError
from paceline.indices import cache as index_cache
from paceline.indices.levels import assemble, covered
from paceline.store import Cache

NAN = np.nan
BASKETS: dict[str, dict[str, Any]] = {
    "cap": {"universe": "all"},
    "equal": {"universe": "all", "weight": "equal"},
    "monthly": {"universe": "all", "weight": "equal", "rebalance": "monthly", "rank": [1, 12]},
    "held": {"universe": "all", "rebalance": "none"},
    "rest": {"universe": "all", "minus": "monthly"},
    "changes": {"universe": "all", "rebalance": "members"},
    "ranked": {"universe": "ranked"},
    "sector": {"universe": "all", "sector": "sector 1"},
    "capped": {"universe": "all", "cap_limit": 0.25},
}


def market(
    baskets_: dict[str, dict[str, Any]], universes: dict[str, Any] | None = None
) -> config.MarketFile:
    return config.MarketFile.model_validate(
        {
            "market": {"name": "test", "benchmark": next(iter(baskets_))},
            "sources": {},
            "baskets": baskets_,
            "universes": universes
            or {"all": {"members": "all"}, "ranked": {"eligible": {}, "rank": [4, 20]}},
        }
    )


def built(
    panel: FakePanel, specs: dict[str, dict[str, Any]] = BASKETS, basis: Any = "price"
) -> indices.Indices:
    file = market(specs)
    return indices.build(panel, baskets.targets(panel, file, list(specs)), basis)


def special_dividend(day: Any, amount: float) -> dict[str, Any]:
    """Cash per share that the first security pays."""
    return {"security": "S000", "date": day, "kind": "special_dividend", "amount": amount}


def spin_off(day: Any, ratio: float) -> dict[str, Any]:
    """Shares of the second security given for each of the first."""
    return {"security": "S000", "date": day, "kind": "spinoff", "ratio": ratio, "other": "S001"}


def plain_loop(
    panel: FakePanel, targets: baskets.Targets, row: int, basis: str
) -> tuple[list[float], list[int]]:
    """One basket, one session, one security at a time."""
    n, T = len(panel.securities), len(panel.sessions)
    price, total = panel.fields["price_return"], panel.fields["total_return"]
    own = panel.fields[f"{basis}_return"]
    fixed = {r.session: r for r in targets.rebalances if row in r.rows}
    levels, missing, value, level = [NAN] * T, [0] * T, {}, 100.0
    for t in range(T):
        gone = [i for i in value if not panel.listed[i, t]]
        for i in gone:
            del value[i]
        gain = sum(v * (0.0 if np.isnan(own[i, t]) else own[i, t]) for i, v in value.items())
        whole = sum(value.values())
        missing[t] = sum(bool(np.isnan(own[i, t])) for i in value)
        if whole > 0:
            level *= 1 + gain / whole
            levels[t] = level
        for i in value:
            drift = total[i, t] if np.isnan(price[i, t]) else price[i, t]
            value[i] *= 1 + (0.0 if np.isnan(drift) else drift)
        if t in fixed:
            r = fixed[t]
            w = np.zeros(n)
            w[r.columns] = r.weights[int(np.flatnonzero(r.rows == row)[0])]
            value = {i: float(w[i]) for i in range(n) if w[i] > 0}
            if t == targets.first[row]:
                levels[t] = level
    return levels, missing


@pytest.mark.parametrize("basis", ["price", "total"])
@pytest.mark.parametrize("seed", [1, 2])
def test_all_baskets_equal_a_plain_loop_leavers_included(seed: int, basis: str) -> None:
    panel = random_panel(seed)
    panel.fields["price_return"][5, 40:] = NAN  # a security of which only total returns are known
    targets = baskets.targets(panel, market(BASKETS), list(BASKETS))
    index = indices.build(panel, targets, basis)
    assert (~panel.listed[:, -1]).sum() > 3, "the panel must have leavers"
    for row in range(len(BASKETS)):
        levels, missing = plain_loop(panel, targets, row, basis)
        assert_allclose(index.levels[row], levels, rtol=1e-12)
        assert_array_equal(index.missing[row], missing)


def test_a_leaver_goes_pro_rata_and_is_not_kept_as_cash() -> None:
    r = np.array([[NAN, 0.1, NAN, NAN], [NAN, 0.0, 0.2, 0.0], [NAN, 0.0, 0.0, 0.1]])
    panel = FakePanel(
        weekdays("2024-01-02", 4),
        {"price_return": r, "close": np.where(np.isnan(r), NAN, 10)},
        delisted=[1, 4, 4],
    )
    panel.fields["close"][:, 0] = 10
    panel.listed[:] = [[1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1]]
    spec = {
        "b": {
            "securities": ["S000", "S001", "S002"],
            "weight": "given",
            "rebalance": "none",
            "weights": {"S000": 0.5, "S001": 0.3, "S002": 0.2},
        }
    }
    index = built(panel, spec)
    # 0.5 * 10%; then 0.3 of the 0.5 still listed * 20%; then 0.2 of (0.36 + 0.2) * 10%
    assert_allclose(index.returns[0, 1:], [0.05, 0.12, 0.1 * 0.2 / 0.56], rtol=1e-14)
    assert_allclose(index.weights_at(0)[0], [0.5, 0.3, 0.2])
    assert_allclose(index.weights_at(1)[0], [0.55 / 1.05, 0.3 / 1.05, 0.2 / 1.05])
    assert_allclose(index.weights_at(2)[0], [0, 0.36 / 0.56, 0.2 / 0.56])
    assert_array_equal(index.members[0], [0, 3, 2, 2])
    assert index.missing.sum() == 0


def test_contributions_check() -> None:
    P = np.array([[100, 50, 20], [110, 45, 21], [99, 54, 21]], float).T
    Q = np.array([10, 20, 50.0])
    r = np.full(P.shape, NAN)
    r[:, 1:] = P[:, 1:] / P[:, :-1] - 1
    panel = FakePanel(
        weekdays("2024-01-02", 3), {"price_return": r, "close": P, "market_cap": P * Q[:, None]}
    )
    index = built(panel, {"b": {"securities": list(panel.securities)}})
    found = index.contributions("b", 0, 2)
    assert_allclose(found, [-0.0033333, 0.0266667, 0.0166667], atol=5e-8)
    assert found.sum() == pytest.approx(0.04, abs=1e-12)


def divisor_levels(prices: Array, shares: Array) -> tuple[Array, Array]:
    """Levels and divisors (T,) of a cap-weighted index kept the way a provider keeps it, base 100.

    I_t = sum_i P_it Q_it / D_t with the shares in force during t; D changes after the close of
    t - 1 by the value ratio of the new to the old shares at those closing prices.
    """
    worth = (prices * shares).sum(axis=0)
    renewed = (prices[:, :-1] * shares[:, 1:]).sum(axis=0)
    divisors = worth[0] / 100 * np.cumprod(np.concatenate([[1.0], renewed / worth[:-1]]))
    return worth / divisors, divisors


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_the_level_with_a_divisor_is_the_chained_level(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, T = 6, 70
    close = 50 * np.cumprod(1 + rng.normal(0, 0.02, (n, T)), axis=1)
    shares = np.repeat(rng.uniform(1e6, 1e8, (n, 1)), T, axis=1)
    monthly = [e.session for e in baskets.schedule.events("monthly", weekdays("2024-01-02", T))]
    for k in monthly:  # share changes, additions and deletions, in force from the session after
        shares[:, k + 1 :] *= rng.uniform(0.5, 2, (n, 1)) * (rng.random((n, 1)) < 0.8)
        shares[0, k + 1 :] = 1e7
    r = np.full((n, T), NAN)
    r[:, 1:] = close[:, 1:] / close[:, :-1] - 1
    # known at the rebalance's close
    cap_next = close * np.concatenate([shares[:, 1:], shares[:, -1:]], axis=1)
    panel = FakePanel(
        weekdays("2024-01-02", T), {"price_return": r, "close": close, "market_cap": cap_next}
    )
    index = built(panel, {"b": {"securities": list(panel.securities), "rebalance": "monthly"}})
    levels, divisors = divisor_levels(close, shares)
    assert_allclose(index.levels[0], levels, rtol=1e-12)
    for k in monthly:
        # at the close of k the index reads the same with the old and with the new divisor
        if k + 1 < T:
            assert close[:, k] @ shares[:, k + 1] / divisors[k + 1] == pytest.approx(
                levels[k], rel=1e-12
            )


def test_a_special_dividend_lowers_the_prior_close() -> None:
    # 10 shares at 100 and 20 at 50; the first pays 20, then both close unchanged ex: 80 and 55
    r = np.array([[NAN, -0.2], [NAN, 0.1]])
    close = np.array([[100.0, 80.0], [50.0, 55.0]])
    fields = {
        "price_return": r,
        "total_return": [[NAN, 0.0], [NAN, 0.1]],
        "close": close,
        "market_cap": close * [[10.0], [20.0]],
    }
    days = weekdays("2024-01-02", 2)
    action = special_dividend(days[1].item(), 20.0)
    spec = {"b": {"securities": ["S000", "S001"]}}
    # the divisor falls with the prior close
    after = (10 * 80 + 20 * 55) / (10 * (100 - 20) + 20 * 50) - 1
    for basis in ("price", "total"):
        panel = FakePanel(days, fields, actions=[action])
        assert built(panel, spec, basis).returns[0, 1] == pytest.approx(after, rel=1e-14)
    assert built(FakePanel(days, fields), spec).returns[0, 1] == pytest.approx(1900 / 2000 - 1)


def test_a_special_dividend_lowers_the_close_before_it_and_no_other() -> None:
    # 10 shares of the first, 20 of the second: closes 100, 110, 88 (20 paid), 96.8; 50, 50, 55, 55
    close = np.array([[100.0, 110.0, 88.0, 96.8], [50.0, 50.0, 55.0, 55.0]])
    days = weekdays("2024-01-02", 4)
    action = special_dividend(days[2].item(), 20.0)
    fields = {
        "price_return": [[NAN, 0.1, -0.2, 0.1], [NAN, 0.0, 0.1, 0.0]],
        "close": close,
        "market_cap": close * [[10.0], [20.0]],
    }
    index = built(
        FakePanel(days, fields, actions=[action]),
        {"b": {"securities": ["S000", "S001"], "rebalance": "none"}},
    )
    expected = [2100 / 2000 - 1, (880 + 1100) / (900 + 1000) - 1, (968 + 1100) / (880 + 1100) - 1]
    assert_allclose(index.returns[0, 1:], expected, rtol=1e-13)
    assert not any("could not be valued" in caveat for caveat in index.caveats["b"])


@pytest.mark.parametrize("total", [0.0, -0.2])
def test_a_special_dividend_in_a_file_of_exchange_changes_counts_once(total: float) -> None:
    # as above: closes 100 and 80 with 20 paid; the exchange measures its change against 100 - 20
    close = np.array([[100.0, 80.0, 88.0], [50.0, 55.0, 55.0]])
    fields = {
        "price_return": [[NAN, 0.0, 0.1], [NAN, 0.1, 0.0]],
        "total_return": [[NAN, total, 0.1], [NAN, 0.1, 0.0]],
        "close": close,
        "market_cap": close * [[10.0], [20.0]],
    }
    days = weekdays("2024-01-02", 3)
    action = special_dividend(days[1].item(), 20.0)
    spec = {"b": {"securities": ["S000", "S001"], "rebalance": "none"}}
    expected = [(10 * 80 + 20 * 55) / (10 * 80 + 20 * 50) - 1, (880 + 1100) / (800 + 1100) - 1]
    for basis in ("price", "total"):
        index = built(FakePanel(days, fields, actions=[action]), spec, basis)
        assert_allclose(index.returns[0, 1:], expected, rtol=1e-13)


def test_a_spin_off_in_a_file_of_exchange_changes_counts_once() -> None:
    # the parent falls from 100 to 70 with a child worth 32: together +2%; the exchange says +3%
    close = np.array([[100.0, 70.0], [NAN, 64.0], [50.0, 50.0]])
    r = np.array([[NAN, 70.0 / 68.0 - 1], [NAN, NAN], [NAN, 0.0]])
    days = weekdays("2024-01-02", 2)
    action = spin_off(days[1].item(), 0.5)
    panel = FakePanel(
        days, {"price_return": r, "close": close, "market_cap": close * 10}, actions=[action]
    )
    index = built(panel, {"b": {"securities": ["S000", "S001", "S002"], "rebalance": "none"}})
    assert index.returns[0, 1] == pytest.approx(2 / 3 * 0.02, rel=1e-12)


def test_a_special_dividend_on_a_day_without_a_price_belongs_to_the_next() -> None:
    close = np.array([[100.0, NAN, 80.0], [50.0, 50.0, 55.0]])
    fields = {
        "price_return": [[NAN, NAN, -0.2], [NAN, 0.0, 0.1]],
        "close": close,
        "market_cap": close * [[10.0], [20.0]],
    }
    days = weekdays("2024-01-02", 3)
    action = special_dividend(days[1].item(), 20.0)
    index = built(
        FakePanel(days, fields, actions=[action]),
        {"b": {"securities": ["S000", "S001"], "rebalance": "none"}},
    )
    assert index.returns[0, 1] == pytest.approx(0.0, abs=1e-14)
    assert index.returns[0, 2] == pytest.approx(1900 / 1800 - 1, rel=1e-13)


@pytest.mark.parametrize(
    ("change", "without"),
    [
        ({"known": 3}, ()),  # known a session after its date: too late for that close
        ({"kind": "dividend"}, ()),
        ({}, ("close",)),
        ({"security": "S009"}, ()),
        ({"amount": 120.0}, ()),  # more than the stock is worth
        ({"amount": -20.0}, ()),
        ({"date": 4, "known": 4}, ()),  # a session that is still to come
        ({"date": 4, "known": 4, "kind": "spinoff", "ratio": 0.5, "other": "S001"}, ()),
    ],
)
def test_an_action_that_cannot_count_changes_nothing(
    change: dict[str, Any], without: tuple[str, ...]
) -> None:
    days = weekdays("2024-01-02", 4)
    fields = {
        "price_return": [[0.0, 0.1, -0.2, 0.1], [0.0, 0.0, 0.1, 0.0]],
        "close": [[100.0, 110.0, 88.0, 96.8], [50.0, 50.0, 55.0, 55.0]],
    }
    action = special_dividend(days[2].item(), 20.0) | {"known": days[2].item()} | change
    coming = weekdays("2024-01-02", 5)
    action |= {name: coming[t].item() for name, t in change.items() if name in ("date", "known")}
    fields = {name: field for name, field in fields.items() if name not in without}
    panel = FakePanel(days, fields, actions=[action])
    index = built(panel, {"b": {"securities": ["S000", "S001"], "weight": "equal"}})
    assert index.returns[0, 2] == pytest.approx((1.1 * -0.2 + 0.1) / 2.1, rel=1e-12)


def test_a_spin_off_leaves_no_gap_and_stays_with_the_parent() -> None:
    # the parent falls from 100 to 70; a child per 2 shares starts at 64, worth 32: together +2%;
    # then +10% and 0%
    close = np.array([[100.0, 70.0, 77.0], [NAN, 64.0, 64.0], [50.0, 50.0, 50.0]])
    r = np.array([[NAN, -0.3, 0.1], [NAN, NAN, 0.0], [NAN, 0.0, 0.0]])
    days = weekdays("2024-01-02", 3)
    action = spin_off(days[1].item(), 0.5)
    panel = FakePanel(
        days, {"price_return": r, "close": close, "market_cap": close * 10}, actions=[action]
    )
    index = built(panel, {"b": {"securities": ["S000", "S001", "S002"], "rebalance": "none"}})
    first = 2 / 3 * 0.02
    assert index.returns[0, 1] == pytest.approx(first, rel=1e-12)
    assert index.returns[0, 2] == pytest.approx(2 / 3 * 1.02 / (1 + first) * 0.1, rel=1e-12)
    assert index.contributions("b", 0, 2)[1] == 0.0
    for total, name in (
        (0.02, "the total return holds the child"),
        (-0.3, "the total return holds cash only"),
    ):
        r_total = r.copy()
        r_total[0, 1] = total
        panel.fields["total_return"] = r_total
        again = built(
            panel, {"b": {"securities": ["S000", "S001", "S002"], "rebalance": "none"}}, "total"
        )
        assert again.returns[0, 1] == pytest.approx(first, rel=1e-12), name
    # the child is worth 32% of the old close: a total return half of that above holds it
    for total, whole in ((-0.13, -0.13), (-0.15, -0.15 + 0.32)):
        panel.fields["total_return"] = r + np.array([[0, total + 0.3, 0], [0] * 3, [0] * 3])
        again = built(
            panel, {"b": {"securities": ["S000", "S001", "S002"], "rebalance": "none"}}, "total"
        )
        assert again.returns[0, 1] == pytest.approx(2 / 3 * whole, rel=1e-12)


@pytest.mark.parametrize(("total", "whole"), [(-0.25, -0.25), (-0.28125, 0.21875)])
def test_a_total_return_holds_a_child_from_half_of_its_worth_on(total: float, whole: float) -> None:
    """The parent falls from 100 to 50, the child is worth 50; half of 50% is 25 points above -50%.

    Below that the child is added: -28.125% + 50%.
    """
    days = weekdays("2024-01-02", 2)
    action = spin_off(days[1].item(), 0.5)
    fields = {
        "price_return": [[NAN, -0.5], [NAN, NAN]],
        "total_return": [[NAN, total], [NAN, NAN]],
        "close": [[100.0, 50.0], [NAN, 100.0]],
    }
    spec = {"b": {"securities": ["S000"], "weight": "equal"}}
    index = built(FakePanel(days, fields, actions=[action]), spec, "total")
    assert index.returns[0, 1] == pytest.approx(whole, rel=1e-12)


def test_a_lone_instrument_of_half_a_dollar_begins_there() -> None:
    fields = {"price_return": [[NAN, 0.1]], "close": [[0.5, 0.55]]}
    panel = FakePanel(weekdays("2024-01-02", 2), fields, securities=["PENNY"])
    levels = built(panel, {"p": {"instrument": "PENNY"}}).levels
    assert levels[0].tolist() == pytest.approx([0.5, 0.55], rel=1e-12)


@pytest.mark.parametrize(
    ("action", "why"),
    [
        ({"ratio": 0.1, "other": "NOBODY"}, "spin-off of S000 on {}: there is no price of NOBODY"),
        ({"ratio": 0.1}, "spin-off of S000 on {}: no child is named"),
        ({"other": "S001"}, "spin-off of S000 on {}: it has no ratio"),
        ({"kind": "special_dividend"}, "special dividend of S000 on {}: it has no amount"),
        (
            {"kind": "special_dividend", "amount": 1e9},
            "special dividend of S000 on {}: it is worth more than the share",
        ),
    ],
)
def test_an_action_that_cannot_be_valued_is_a_caveat(action: dict[str, Any], why: str) -> None:
    panel = random_panel(5, gaps=False)
    day = panel.sessions[30].item()
    none = {"ratio": None, "other": None, "amount": None}
    panel._actions = [{"security": "S000", "date": day, "kind": "spinoff", **none, **action}]
    assert f"could not be valued: {why.format(day)}" in built(panel).caveats["cap"]


def test_a_lone_instrument_has_its_published_level_on_the_price_basis() -> None:
    close = np.array([[NAN, 2000.0, 2100.0, NAN, 2310.0]])
    r = np.array([[NAN, NAN, 0.05, NAN, 0.10]])
    silent = np.full((1, 5), NAN)
    panel = FakePanel(
        weekdays("2024-01-02", 5),
        {
            "price_return": np.vstack([silent, r]),
            "total_return": np.vstack([silent, r * 2]),
            "close": np.vstack([silent, close]),
        },
        securities=["OEX", "RUT"],
    )
    index = built(panel, {"rut": {"instrument": "RUT"}})
    assert_allclose(index.levels[0], [NAN, 2000, 2100, 2100, 2310], rtol=1e-14)
    assert_array_equal(index.missing[0], [0, 0, 0, 1, 0])
    assert_allclose(
        built(panel, {"rut": {"instrument": "RUT"}}, "total").levels[0], [NAN, 100, 110, 110, 132]
    )
    with pytest.raises(UnknownName):
        built(panel, {"ndx": {"instrument": "NDX"}})
    cheap = FakePanel(
        weekdays("2024-01-02", 2),
        {"price_return": [[NAN, 0.5]], "close": [[0.5, 0.75]]},
        securities=["RUT"],
    )
    assert_allclose(built(cheap, {"rut": {"instrument": "RUT"}}).levels[0], [0.5, 0.75])
    worthless = FakePanel(
        weekdays("2024-01-02", 2),
        {"price_return": [[NAN, 0.5], [NAN, 0.5]], "close": [[NAN, NAN], [0.0, 3.0]]},
        securities=["NDX", "RUT"],
    )
    assert_allclose(built(worthless, {"rut": {"instrument": "RUT"}}).levels[0], [100, 150])


def test_a_series_of_returns_only_begins_a_session_before_its_first_return() -> None:
    panel = FakePanel(
        weekdays("2024-01-02", 4), {"total_return": [[NAN, NAN, 0.1, 0.1]]}, securities=["MKT"]
    )
    assert_allclose(
        built(panel, {"m": {"instrument": "MKT"}}, "total").levels[0], [NAN, 100, 110, 121]
    )
    assert_allclose(built(panel, {"m": {"instrument": "MKT"}}).levels[0], [NAN, 100, 100, 100])
    assert_array_equal(built(panel, {"m": {"instrument": "MKT"}}).missing[0], [0, 0, 1, 1])


@pytest.mark.parametrize("first", [2, 3, 4])
def test_a_level_begins_at_the_close_before_the_first_covered_return(first: int) -> None:
    """10% on every session from ``first`` on; before, only one of ten members has a return."""
    r = np.full((10, 5), NAN)
    r[0, 1:] = 0.1
    r[:, first:] = 0.1
    fields = {"price_return": r, "close": np.ones((10, 5))}
    names = [f"S{i:03d}" for i in range(10)]
    spec = {"b": {"securities": names, "weight": "equal", "rebalance": "none"}}
    index = built(FakePanel(weekdays("2024-01-02", 5), fields), spec)
    levels = covered(index)[0]
    assert np.isnan(levels[: first - 1]).all()
    assert_allclose(levels[first - 1 :] / levels[first - 1], 1.1 ** np.arange(6 - first))


def test_a_basket_that_begins_later_has_its_target_weights_on_its_first_close() -> None:
    """Held since session 0: 2 to 1 after a gain of 100%. From session 2 on: one member alone."""
    r = [[NAN, 1.0, 0.0, 0.0], [NAN, 0.0, 0.0, 0.0], [NAN, NAN, NAN, 0.5]]
    close = [[1.0, 2, 2, 2], [1.0, 1, 1, 1], [NAN, NAN, 1, 1.5]]
    spec = {
        "early": {"securities": ["S000", "S001"], "weight": "equal", "rebalance": "none"},
        "late": {"securities": ["S002"], "weight": "equal", "rebalance": "none"},
    }
    index = built(FakePanel(weekdays("2024-01-02", 4), {"price_return": r, "close": close}), spec)
    assert_allclose(index.weights_at(1), [[2 / 3, 1 / 3, 0], [0, 0, 0]])
    assert_allclose(index.weights_at(2), [[2 / 3, 1 / 3, 0], [0, 0, 1]])


def test_panels_of_different_lengths_stand_on_one_axis() -> None:
    """Sessions 0 to 3 and 2 to 5 of six; 10% a session where a basis has returns at all.

    Preferred are prices: "paid" has total returns only, "mute" none of either.
    """
    days = weekdays("2024-01-02", 6)
    up, none = [NAN, 0.1, 0.1, 0.1], [NAN] * 4

    def panel(at: int, names: list[str], price: Any, total: Any) -> Any:
        fields = {"price_return": price, "total_return": total, "close": np.ones((len(names), 4))}
        made = FakePanel(days[at : at + 4], fields, securities=names)
        specs = {n: {"securities": [n], "weight": "equal", "rebalance": "none"} for n in names}
        return indices.build_both(made, baskets.targets(made, market(specs), names))

    names = ("priced", "paid", "mute", "late")
    early = panel(0, ["mute", "priced", "paid"], [none, up, none], [none, none, up])
    late = panel(2, ["late"], [up], [none])
    found = assemble(days, names, (early, late), dict.fromkeys(names, "price"))
    gone, there = [NAN, NAN], [1.0, 1.1, 1.21, 1.331]
    lost = [NAN] * 6
    assert found.basis == dict.fromkeys(names, "price") | {"paid": "total"}
    for matrix, rows in (
        (found.by_basis["price"], [there + gone, lost, lost, gone + there]),
        (found.by_basis["total"], [lost, there + gone, lost, lost]),
        (found.native, [there + gone, there + gone, lost, gone + there]),
    ):
        assert_allclose(matrix, 100 * np.array(rows))


def test_total_weights_drift_with_prices() -> None:
    days = weekdays("2024-01-02", 3)
    panel = FakePanel(
        days,
        {
            "price_return": [[NAN, 0.1, 0.1], [NAN, 0.0, 0.0]],
            "total_return": [[NAN, 0.1, 0.1], [NAN, 0.5, 0.1]],
            "close": [[1.0] * 3, [1.0] * 3],
            "market_cap": [[1.0] * 3, [1.0] * 3],
        },
    )
    index = built(panel, {"b": {"securities": ["S000", "S001"]}}, "total")
    assert_allclose(index.returns[0, 1:], [0.3, 0.1])
    assert_allclose(index.weights_at(1)[0], [1.1 / 2.1, 1 / 2.1])


def test_turnover_is_half_the_sum_of_changes() -> None:
    T = 40
    r = np.zeros((2, T))
    r[0, 5] = 1.0  # equal weights become 2 : 1; back to equal is a turnover of 1/6
    panel = FakePanel(weekdays("2024-01-02", T), {"price_return": r, "close": np.ones((2, T))})
    index = built(
        panel, {"b": {"securities": ["S000", "S001"], "weight": "equal", "rebalance": "monthly"}}
    )
    end = int(np.searchsorted(panel.sessions, np.datetime64("2024-01-31")))
    assert index.turnover["b"] == [(end, pytest.approx(1 / 6, rel=1e-12))]


def test_misuse_is_refused() -> None:
    index = built(random_panel(3))
    with pytest.raises(UnknownName):
        index.contributions("nobody", 0, 5)
    for call in (
        lambda: index.contributions("cap", 5, 4),
        lambda: index.weights_at(10_000),
        lambda: built(random_panel(3), basis="net"),
    ):
        with pytest.raises(UsageError):
            call()


def test_a_rebalance_on_the_last_session_begins_no_span() -> None:
    panel = FakePanel(
        weekdays("2024-01-02", 22), {"price_return": np.zeros((2, 22)), "close": np.ones((2, 22))}
    )
    assert panel.sessions[-1] == np.datetime64("2024-01-31"), "a month ends with the panel"
    spec = {"b": {"securities": ["S000", "S001"], "weight": "equal", "rebalance": "monthly"}}
    assert [(s.start, s.stop) for s in built(panel, spec).spans] == [(1, 22)]


@settings(max_examples=12)
@given(st.integers(0, 100_000))
def test_what_always_holds(seed: int) -> None:
    panel = random_panel(seed, n=20, t=140)
    T = len(panel.sessions)
    targets = baskets.targets(panel, market(BASKETS), list(BASKETS))
    index = indices.build(panel, targets, "price")
    # target and drifted weights sum to one
    for r in targets.rebalances:
        assert_allclose(r.weights.sum(axis=1)[r.weights.any(axis=1)], 1.0, rtol=1e-12)
    for span in index.spans:
        held = span.weights.any(axis=1)
        assert_allclose(span.weights[held].sum(axis=1), 1.0, rtol=1e-12)
    for t in (0, T // 2, T - 1):
        w = index.weights_at(t)
        assert_allclose(w.sum(axis=1)[w.any(axis=1)], 1.0, rtol=1e-12)
        assert not w[:, ~panel.listed[:, t]].any()
    # spans join up and contributions add up over any window
    assert all(a.stop == b.start for a, b in zip(index.spans, index.spans[1:], strict=False))
    for name in index.names:
        row = index.row(name)
        for start, end in ((int(targets.first[row]), T - 1), (T // 3, T // 2)):
            if start >= targets.first[row] and np.isfinite(index.levels[row, [start, end]]).all():
                gain = index.levels[row, end] / index.levels[row, start] - 1
                assert index.contributions(name, start, end).sum() == pytest.approx(
                    gain, rel=1e-11, abs=1e-12
                )
    # a rebalance moves no level: replacing every later target changes nothing up to its close
    k = targets.rebalances[-1].session
    before = indices.build(
        panel,
        baskets.Targets(
            targets.names,
            targets.labels,
            targets.rebalances[:-1],
            targets.first,
            targets.instruments,
            {},
        ),
        "price",
    )
    assert_allclose(before.levels[:, : k + 1], index.levels[:, : k + 1], rtol=1e-12)


@settings(max_examples=8)
@given(st.integers(0, 100_000), st.integers(20, 138))
def test_cutting_at_t_changes_nothing_up_to_t(seed: int, t: int) -> None:
    panel = random_panel(seed, n=20, t=140)
    whole, part = built(panel), built(panel.cut(t))
    assert_allclose(part.levels, whole.levels[:, : t + 1], rtol=1e-12)
    assert_allclose(part.weights_at(t), whole.weights_at(t), rtol=1e-12, atol=1e-15)
    assert_array_equal(part.missing, whole.missing[:, : t + 1])


@settings(max_examples=8)
@given(st.integers(0, 100_000))
def test_the_order_of_securities_is_irrelevant(seed: int) -> None:
    panel = random_panel(seed, n=20, t=140)
    order = np.random.default_rng(seed).permutation(20)
    a, b = built(panel), built(panel.reordered(order))
    assert_allclose(a.levels, b.levels, rtol=1e-11)
    assert_allclose(
        a.contributions("equal", 20, 139)[order],
        b.contributions("equal", 20, 139),
        rtol=1e-9,
        atol=1e-14,
    )


@settings(max_examples=8)
@given(st.integers(0, 100_000), st.floats(0.1, 20))
def test_splitting_a_stock_changes_nothing(seed: int, ratio: float) -> None:
    panel = random_panel(seed, n=20, t=140)
    split = random_panel(seed, n=20, t=140)
    # price and shares change, return and market value do not
    split.fields["close"][4, 60:] /= ratio
    split._actions = [
        {"security": "S004", "date": split.sessions[60].item(), "kind": "split", "ratio": ratio}
    ]
    assert_array_equal(built(panel).levels, built(split).levels)


@pytest.mark.parametrize("t", [160, 0])
def test_kept_indices_are_those_worked_out(tmp_path: Path, t: int) -> None:
    """Levels, weights of every stretch and turnover, to the bit, from another process's files."""
    panel = random_panel(3)
    if t == 0:  # nobody is held yet
        panel = panel.cut(0)
    targets = baskets.targets(panel, market(BASKETS), list(BASKETS))
    fresh = indices.build_both(panel, targets)
    for _ in range(2):
        kept = index_cache.build_both(panel, targets, Cache(tmp_path), "key")
        for basis, index in fresh.items():
            assert_array_equal(kept[basis].levels, index.levels)
            assert_array_equal(kept[basis].missing, index.missing)
            assert kept[basis].turnover == index.turnover
            assert len(kept[basis].spans) == len(index.spans)
            for one, other in zip(kept[basis].spans, index.spans, strict=True):
                assert (one.start, one.stop) == (other.start, other.stop)
                assert_array_equal(one.weights, other.weights)
    assert len(list((tmp_path / "indices").iterdir())) == 1
