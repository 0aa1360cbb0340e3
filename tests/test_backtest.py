"""Rules traded: a case by hand, the index they must come to, plain loops, and what chance does."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from paceline.errors import UsageError
from paceline.methods.backtest import alarms, chance, metrics
from paceline.methods.backtest.portfolio import Orders, assets, orders_of, run

NONE = math.nan


def signals(T: int, N: int, **rows: list[float]) -> np.ndarray:
    """Signals of a few sessions: ``t3=[...]`` decides at session 3."""
    out = np.full((T, N), np.nan)
    for name, row in rows.items():
        out[int(name[1:])] = row
    return out


# ---- three stocks by hand: costs, drift, a dividend, a missing price, a delisting


#: Prices A 100 101 102 101 103; B 50 50 49 (no price) 52; C 20 21 10 and gone at 8, its last return
#: -20%. A pays 1 on session 3: its total return that day is (101 + 1) / 102 - 1 = 0.
PRICES = np.array(
    [
        [NONE, 0.01, 102 / 101 - 1, 0.0, 103 / 101 - 1],
        [NONE, 0.0, -0.02, NONE, 52 / 49 - 1],
        [NONE, 0.05, 10 / 21 - 1, -0.2, NONE],
    ]
)
PRICED = np.array([[1, 1, 1, 1, 1], [1, 1, 1, 0, 1], [1, 1, 1, 1, 0]], bool)


def test_three_stocks_to_the_cent() -> None:
    """1,000,000 in thirds, decided at session 0, traded at the close of 1; at 2 it is decided to
    hold A and B in halves: traded at 3, B at 4 since it has no price before."""
    said = signals(5, 3, t0=[1 / 3, 1 / 3, 1 / 3], t2=[0.5, 0.5, 0.0])
    cash = np.array([0.0, 0.0, 0.0, 0.0, 0.0001])
    costs = np.array([0.0001, 0.0005, 0.0040])
    made = run(assets(PRICES, cash, PRICED), orders_of(said), costs)

    # close of 1: three buys of 1/3 each, at 1, 5 and 40 basis points
    wealth = 1_000_000 * (1 - (0.0001 + 0.0005 + 0.0040) / 3)
    assert round(wealth, 2) == 998_466.67
    a = b = c = wealth / 3
    # session 2: A +0.990%, B -2%, C -52.381%
    a, b, c = a * 102 / 101, b * 0.98, c * 10 / 21
    # session 3: A earns its dividend of 1 and nothing else, B has no price, C its last -20%
    c *= 0.8
    total = a + b + c
    assert round(total, 2) == 789_072.69
    # close of 3: C has its price, and is sold; A is bought to a half; B cannot be traded: it keeps
    # its share, and what is left over waits in cash
    half, kept = 0.5, b / total
    paid = 0.0001 * (half - a / total) + 0.0040 * c / total
    left = total * (1 - paid)
    a, b = left * half, left * kept
    cash_held = left - a - b
    # session 4: A +1.980%, B 52 / 49, cash one basis point
    a, b, cash_held = a * 103 / 101, b * 52 / 49, cash_held * 1.0001
    total = a + b + cash_held
    # close of 4: B is priced again, and the order is placed again
    paid = 0.0001 * abs(0.5 - a / total) + 0.0005 * abs(0.5 - b / total)
    final = total * (1 - paid)

    net = made.net()
    assert made.first == 1
    assert round(1_000_000 * float(np.prod(1 + net)), 2) == round(final, 2)
    np.testing.assert_allclose(made.held[:, -1], [0.5, 0.5, 0.0], atol=1e-12)
    np.testing.assert_allclose(made.held[:, 2], [0.5, kept, 0.0], atol=1e-12)
    assert made.unfilled == 0


def test_a_delisting_pays_and_goes_to_cash() -> None:
    returns = np.array([[NONE, 0.1, -0.5, NONE, NONE], [NONE, 0.0, 0.0, 0.0, 0.0]])
    cash = np.array([0.0, 0.0, 0.01, 0.01, 0.02])
    said = signals(5, 2, t0=[0.6, 0.4])
    made = run(assets(returns, cash), orders_of(said))
    # from 1: 0.6 halves to 0.3 on session 2, then earns 1% and 2% as cash
    np.testing.assert_allclose(np.cumprod(1 + made.gross), [0.7, 0.4 + 0.303, 0.4 + 0.30906])
    np.testing.assert_allclose(made.held[0], [0.6, 0.3 / 0.7, 0.0, 0.0])
    late = run(assets(returns, cash), orders_of(signals(5, 2, t0=[0.6, 0.4], t2=[0.6, 0.4])))
    assert late.unfilled == 1, "what is gone by then cannot be bought"
    assert late.held[0, 2] == 0.0


def test_what_waits_for_a_sale_is_cut_until_it_is_made() -> None:
    """All in A; to be all in B, while A has no price: nothing can be bought, then all of it."""
    returns = np.array([[NONE, 0.0, NONE, 0.2, 0.0], [NONE, 0.0, 0.0, 0.0, 0.5]])
    said = signals(5, 2, t0=[1.0, 0.0], t1=[0.0, 1.0])
    made = run(assets(returns, np.zeros(5)), orders_of(said))
    np.testing.assert_allclose(made.held, [[1, 1, 0, 0], [0, 0, 1, 1]])
    np.testing.assert_allclose(made.gross, [0.0, 0.2, 0.5])


def _by_day(returns: np.ndarray, said: np.ndarray, cash: np.ndarray, costs: np.ndarray) -> Any:
    """The same day by day, with amounts of money: an implementation of its own."""
    N, T = returns.shape
    amounts, purse, wealth, orders = np.zeros(N), 1.0, [], {}
    for t in range(T):
        amounts = amounts * (1 + np.nan_to_num(returns[:, t]))
        purse *= 1 + cash[t]
        if t in orders:
            total = amounts.sum() + purse
            target = orders[t] * total
            fee = float((costs * np.abs(target - amounts)).sum())
            amounts = target * (1 - fee / total)
            purse = total - fee - amounts.sum()
        if np.isfinite(said[t]).all():
            orders[t + 1] = said[t]
        wealth.append(amounts.sum() + purse)
    return np.array(wealth)


def _random(T: int, N: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    returns = rng.normal(0.0004, 0.02, (N, T))
    said = np.full((T, N), np.nan)
    for t in rng.choice(T - 2, T // 9, replace=False):
        said[t] = rng.dirichlet(np.ones(N)) * rng.choice([1.0, 0.7, 1.2])
    return returns, said, np.full(T, 0.0001), rng.uniform(0, 0.004, N)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_matrices_equal_money_moved_day_by_day(seed: int) -> None:
    returns, said, cash, costs = _random(300, 5, seed)
    made = run(assets(returns, cash), orders_of(said), costs)
    wealth = _by_day(returns, said, cash, costs)
    after = wealth[made.first + 1 :] / wealth[made.first - 1] / (1 + cash[made.first])
    np.testing.assert_allclose(np.cumprod(1 + made.net()), after, rtol=1e-12)


def test_orders_earn_from_two_sessions_after_their_signal() -> None:
    """A jump on the session of the trade or before it is not earned; one after it is."""
    for jump, earned in ((1, 0.0), (2, 0.0), (3, 1.0)):
        returns = np.zeros((1, 6))
        returns[0, jump] = 1.0
        made = run(assets(returns, np.zeros(6)), orders_of(signals(6, 1, t1=[1.0])))
        assert np.prod(1 + made.gross) - 1 == earned, f"a jump on session {jump}"


def test_shorts_pay_to_borrow_and_may_not_lose_all() -> None:
    returns = np.array([[0.0, 0.0, 0.1, 0.0], [0.0, 0.0, 0.0, 0.0]])
    said = signals(4, 2, t0=[-0.5, 1.5])
    made = run(assets(returns, np.zeros(4)), orders_of(said), 0.0, 0.001)
    np.testing.assert_allclose(made.gross, [-0.05, 0.0])
    np.testing.assert_allclose(made.paid, [0, 0.0005, 0.001 * 0.55 / 0.95])
    with pytest.raises(UsageError, match="nothing is left"):
        run(assets(returns * 30, np.zeros(4)), orders_of(said))
    with pytest.raises(UsageError, match="eat up"):
        run(assets(returns, np.zeros(4)), orders_of(said), 0.6).net()
    with pytest.raises(UsageError, match="no order"):
        run(assets(returns, np.zeros(4)), orders_of(signals(4, 2)))


# ---- what it is worth


def test_metrics_by_plain_loops() -> None:
    """The formulas of empyrical-reloaded, spelled out; its information ratio is not annualised."""
    rng = np.random.default_rng(4)
    r, b = rng.normal(0.0005, 0.012, 700), rng.normal(0.0004, 0.01, 700)
    rf = np.full(700, 0.00008)
    found = metrics.metrics(r, b, rf)
    wealth, high, deepest = 1.0, 1.0, 0.0
    for x in r.tolist():
        wealth *= 1 + x
        high = max(high, wealth)
        deepest = min(deepest, wealth / high - 1)
    mean = sum((r - rf).tolist()) / 700
    sd = math.sqrt(sum((x - mean) ** 2 for x in (r - rf).tolist()) / 699)
    down = math.sqrt(sum(min(x, 0.0) ** 2 for x in (r - rf).tolist()) / 700)
    growth = wealth ** (252 / 700) - 1
    mb = sum((b - rf).tolist()) / 700
    cov = sum(((r - rf - mean) * (b - rf - mb)).tolist()) / 699
    var = sum(((b - rf - mb) ** 2).tolist()) / 699
    ups = [(x, y) for x, y in zip(r.tolist(), b.tolist(), strict=True) if y > 0]
    up = math.prod(1 + x for x, _ in ups) ** (252 / len(ups)) - 1
    up_b = math.prod(1 + y for _, y in ups) ** (252 / len(ups)) - 1
    expected = {
        "growth": growth,
        "sharpe": mean / sd * math.sqrt(252),
        "sortino": mean * 252 / (down * math.sqrt(252)),
        "max_drawdown": deepest,
        "calmar": growth / -deepest,
        "beta": cov / var,
        "alpha": (mean - cov / var * mb) * 252,
        "up_capture": up / up_b,
        "tracking_error": float(np.std(r - b, ddof=1)) * math.sqrt(252),
    }
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-10), name


def test_falls_by_hand() -> None:
    # wealth 1.1 0.88 0.99 1.1 1.21 1.089
    r = np.array([0.1, -0.2, 0.125, 1.1 / 0.99 - 1, 0.1, -0.1])
    found = metrics.falls(r)
    assert [(f.high, f.low, f.over) for f in found] == [(0, 1, 3), (4, 5, -1)]
    assert [round(f.depth, 12) for f in found] == [-0.2, -0.1]
    assert metrics.falls(np.array([-0.1, 0.2]))[0][:3] == (-1, 0, 1), "from the beginning on"
    assert metrics.falls(np.array([0.1, 0.0])) == []


def test_break_even_by_hand() -> None:
    gross, traded = np.array([0.0, 0.0201]), np.array([1.0, 0.0, 1.0])
    assert metrics.break_even(gross, traded, np.zeros(2)) == pytest.approx(
        1 - 1 / math.sqrt(1.0201), abs=1e-12
    )
    assert metrics.break_even(-gross, traded, np.zeros(2)) == 0.0
    assert math.isnan(metrics.break_even(gross, np.zeros(3), np.zeros(2)))


def test_calendar_periods_compound() -> None:
    names, r = metrics.by_period(np.array([0.1, 0.1, -0.5]), np.array([2024, 2024, 2025]))
    assert names.tolist() == [2024, 2025]
    np.testing.assert_allclose(r, [0.21, -0.5])


def test_the_days_that_carry_a_lead() -> None:
    net, theirs = np.array([0.02, -0.01, 0.05, 0.0]), np.zeros(4)
    # the lead is 1.02 x 0.99 x 1.05; without the third day 1.0098, without the first too 0.99
    assert alarms.carried_by(net, theirs).tolist() == [2, 0]
    assert alarms.carried_by(-net, theirs).tolist() == []
    assert alarms.is_handful(np.arange(10)) and not alarms.is_handful(np.arange(11))
    assert not alarms.is_handful(np.arange(0)), "no lead"
    assert alarms.lag_destroys(0.02, 0.009) and not alarms.lag_destroys(0.02, 0.011)
    assert not alarms.lag_destroys(-0.01, -0.02), "no lead, nothing to destroy"


# ---- chance


def test_random_rules_hold_and_trade_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    returns, _, cash, _ = _random(400, 2, 5)
    said = signals(400, 2, t20=[1, 0], t90=[0, 1], t130=[1, 0], t300=[0, 1])
    seen: list[Any] = []

    def spy(*args: Any) -> Any:
        seen.append(run(*args))
        return seen[-1]

    held, orders = assets(returns, cash), orders_of(said)
    own = run(held, orders, 0.001)
    monkeypatch.setattr(chance, "run", spy)
    found = chance.rotated(held, orders, 0.001, 0.0, 0, draws=50, seed=1)
    assert len(found.growths) == 50 and len({round(g, 12) for g in found.growths.tolist()}) > 40
    for made in seen:
        assert made.first == own.first
        # the session of the first trade earns nothing: exposure is counted over L + 1 closes
        np.testing.assert_allclose(made.held.mean(axis=1), own.held.mean(axis=1), atol=2 / 380)
        assert abs(made.turnover[1:].sum() - own.turnover[1:].sum()) <= 1
    again = chance.rotated(held, orders, 0.001, 0.0, 0, draws=50, seed=1)
    assert (again.growths == found.growths).all(), "seeded"


def test_moved_signals_have_no_alpha_on_average() -> None:
    """A rule that knows the future earns much; moved in time its mean alpha is about zero."""
    rng = np.random.default_rng(8)
    T = 2000
    b = rng.normal(0.0003, 0.01, T)
    own_way = rng.normal(0, 0.01, T)
    returns = np.array([b + own_way - own_way.mean(), b])  # holding it always has no alpha
    ahead = np.sign(np.convolve(returns[0] - returns[1], np.ones(20), "valid"))
    said = np.full((T, 2), np.nan)
    for t in range(0, T - 22, 20):
        lead = ahead[t + 2] > 0
        said[t] = [lead, not lead]
    held, orders = assets(returns, np.zeros(T)), orders_of(said)
    own = run(held, orders)
    alpha = metrics.metrics(own.gross, b[own.first + 1 :], np.zeros(len(own.gross)))["alpha"]
    assert alpha > 0.2
    moved = []
    for lag in range(40, T - 40, 7):
        at = (orders.sessions - 1 + lag) % (T - 1) + 1
        order = np.argsort(at)
        made = run(held, Orders(at[order], orders.weights[order]))
        part = b[made.first + 1 :]
        moved.append(metrics.metrics(made.gross, part, np.zeros(len(part)))["alpha"])
    assert np.std(moved) > 0.02, "each of them has one"
    assert abs(np.mean(moved)) < 0.01 < alpha / 10


def test_histories_without_an_edge() -> None:
    rng = np.random.default_rng(2)
    none = rng.normal(0.0, 0.005, 2500)
    found = chance.no_edge(none - none.mean(), draws=400, seed=3)
    assert 0.35 < found.as_good < 0.65
    assert abs(np.log1p(found.growths).mean()) < 3 * np.log1p(found.growths).std() / 20
    assert chance.no_edge(none + 0.002, draws=400, seed=3).as_good == 1 / 401
