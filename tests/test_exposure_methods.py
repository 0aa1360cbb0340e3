"""The mathematics of a book: by hand, by plain loops, and against statsmodels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from paceline.errors import UsageError
from paceline.methods import book

T = 252


def drawn(seed: int = 0, rows: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Returns (rows, T) with betas 1.1 and 0.7 and noise with memory, and their columns (T, 3)."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(T), rng.normal(0, 0.01, T), rng.normal(0, 0.006, T)])
    noise = rng.normal(0, 0.008, (rows, T + 1))
    return x @ [0.0002, 1.1, 0.7] + noise[:, 1:] + 0.4 * noise[:, :-1], x


def ols(y: np.ndarray, x: np.ndarray) -> Any:
    """The same by statsmodels, on the sessions that have a value."""
    import statsmodels.api as sm

    there = np.isfinite(y) & np.isfinite(x).all(axis=1)
    y, x = y[there], x[there]
    how = {"maxlags": int(4 * (len(y) / 100) ** (2 / 9))}
    return sm.OLS(y, x).fit(cov_type="HAC", cov_kwds=how, use_t=True)


# ---- betas


def test_one_row_is_that_of_statsmodels() -> None:
    y, x = drawn()
    found, expected = book.fitted(y[0], x), ols(y[0], x)
    np.testing.assert_allclose(found.beta, expected.params, rtol=1e-10)
    np.testing.assert_allclose(found.error, expected.bse, rtol=1e-10)
    np.testing.assert_allclose([found.interval(k) for k in range(3)], expected.conf_int())
    assert found.r_squared == pytest.approx(expected.rsquared, rel=1e-12) and found.n == T


def test_a_weighted_sum_of_rows_is_the_regression_of_their_weighted_returns() -> None:
    y, x = drawn(1, rows=3)
    weights = np.array([0.5, 0.8, -0.3])
    found, expected = book.weighed(book.betas(y, x), weights), ols(weights @ y, x)
    np.testing.assert_allclose(found.beta, expected.params, rtol=1e-9)
    np.testing.assert_allclose(found.error, expected.bse, rtol=1e-9)


def test_each_row_uses_its_own_sessions() -> None:
    y, x = drawn(2, rows=3)
    y[0, :100], y[1, 200:], x[50, 1] = np.nan, np.nan, np.nan
    found = book.betas(y, x)
    for row in range(3):
        np.testing.assert_allclose(found.beta[row], ols(y[row], x).params, rtol=1e-9)
    assert found.n.tolist() == [152, 199, 251]
    y[0, :193] = np.nan
    few = book.betas(y, x)
    assert few.n[0] == book.FEWEST - 1 and np.isnan(few.beta[0]).all()
    assert np.isfinite(few.beta[1:]).all()
    alone = book.fitted(y[0], x)
    assert np.isnan(alone.beta).all() and math.isnan(alone.r_squared)


def test_columns_that_say_the_same_are_refused() -> None:
    y, x = drawn()
    with pytest.raises(UsageError, match="not independent"):
        book.betas(y, np.column_stack([x, 2 * x[:, 1]]))


def test_planted_betas_lie_in_their_interval_as_often_as_it_says() -> None:
    inside = []
    for seed in range(300):
        y, x = drawn(seed)
        low, high = book.fitted(y[0], x).interval(2)
        inside.append(low <= 0.7 <= high)
    assert 0.90 <= np.mean(inside) <= 0.985


def test_a_sum_over_rows_of_different_length_holds_its_planted_beta() -> None:
    inside = []
    for seed in range(200):
        y, x = drawn(seed, rows=2)
        y[0, :120] = np.nan
        low, high = book.weighed(book.betas(y, x), np.array([0.5, 0.5])).interval(2)
        inside.append(low <= 0.7 <= high)
    assert 0.88 <= np.mean(inside) <= 0.985


# ---- the past of a book


def test_a_book_at_constant_weights_and_what_is_not_covered() -> None:
    returns = np.array([[0.10, 0.02, np.nan], [0.00, np.nan, np.nan], [0.0, 0.0, 0.0]])
    weights = np.array([0.55, 0.05, 0.40])
    found, covered = book.book_returns(weights, returns)
    np.testing.assert_allclose(covered, [1, 0.95, 0.40])
    np.testing.assert_allclose(found[:2], [0.055, 0.55 * 0.02 / 0.95])
    assert np.isnan(found[2]), "less than nine tenths has a return"


def test_shares_held_all_along_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(4)
    returns, weights = rng.normal(0, 0.02, (3, 30)), np.array([0.6, 0.6, -0.2])
    shares = weights.copy()  # at prices of one on the last day
    prices = np.ones((3, 31))
    for t in range(29, -1, -1):
        prices[:, t] = prices[:, t + 1] / (1 + returns[:, t])
    worth = shares @ prices
    path = book.held_back(weights, returns)
    np.testing.assert_allclose(path, shares[:, None] * prices[:, :-1] / worth[:-1], rtol=1e-12)
    found, _ = book.book_returns(path, returns)
    np.testing.assert_allclose(found, worth[1:] / worth[:-1] - 1, rtol=1e-9)


def test_a_book_that_was_worth_nothing_has_no_past() -> None:
    returns = np.array([[0.0, 0.0], [-0.6, 0.0]])
    path = book.held_back(np.array([1.5, -0.5]), returns)  # the short was worth 1.25 before
    assert path[:, 0].tolist() == pytest.approx([6, -5])
    gone = book.held_back(np.array([1.5, -0.5]), np.array([[0.0], [-0.8]]))
    assert np.isnan(gone).all(), "1.5 less 2.5 is below nothing"


def test_the_covered_part_is_scaled_to_the_gross_of_the_whole() -> None:
    found, share = book.scaled(np.array([0.6, 0.5, -0.1]), np.array([True, False, True]))
    assert share == pytest.approx(0.7 / 1.2)
    np.testing.assert_allclose(found, np.array([0.6, 0, -0.1]) * 1.2 / 0.7)
    assert np.abs(found).sum() == pytest.approx(1.2)


# ---- weights


def test_active_share_by_hand() -> None:
    a, b = np.array([0.5, 0.3, 0.2, 0.0]), np.array([0.4, 0.0, 0.2, 0.4])
    assert book.active_share(a, b) == pytest.approx(0.4)
    assert book.active_share(a, a) == 0
    assert book.active_share(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1


def test_weights_roll_with_growth() -> None:
    np.testing.assert_allclose(
        book.rolled(np.array([0.5, 0.3, 0.2]), np.array([1.2, 1.0, 0.5])), np.array([0.6, 0.3, 0.1])
    )


def test_sizes_go_by_the_rank_of_the_company() -> None:
    caps = np.r_[np.arange(3200, 0, -1.0), np.nan, 3200.0]
    company = np.r_[np.arange(3200), 3200, 0]  # the last line is of the largest company
    found = book.size_of(caps, company)
    names = [book.SIZES[k].name if k >= 0 else "" for k in found]
    assert [names[i] for i in (0, 49, 50, 999, 1000, 2999, 3000, 3199)] == [
        *("mega", "mega", "large", "large", "small", "small", "micro", "micro")
    ]
    assert names[3200] == "" and names[3201] == "mega"
    assert [names.count(s.name) for s in book.SIZES] == [51, 950, 2000, 200]


# ---- the way back, and tilts


def test_the_way_back_by_hand() -> None:
    gain, low, high = book.way_back(0.5, (0.4, 0.6), math.log(0.9))
    assert gain == pytest.approx(math.sqrt(0.9) - 1)
    assert (low, high) == pytest.approx((0.9**0.6 - 1, 0.9**0.4 - 1))
    up = book.way_back(-1.0, (-1.2, -0.8), math.log(1.1))
    assert up == pytest.approx((1 / 1.1 - 1, 1.1**-1.2 - 1, 1.1**-0.8 - 1))


def test_a_tilt_by_hand() -> None:
    """Ten points into A and a new D, two to one, from B and C in proportion; the short stays."""
    weights = np.array([0.30, 0.50, 0.25, 0.0, -0.05])
    after = book.tilted(weights, np.array([2 / 3, 0, 0, 1 / 3, 0]), 0.10)
    expected = [0.30 + 0.2 / 3, 0.50 - 0.2 / 3, 0.25 - 0.1 / 3, 0.1 / 3, -0.05]
    np.testing.assert_allclose(after, expected)
    assert book.turnover(weights, after) == pytest.approx(0.10)
    points = np.array([1.0, 5.0, 15.0, 40.0, 1.0])
    by_hand = (0.2 / 3 * 1 + 0.2 / 3 * 5 + 0.1 / 3 * 15 + 0.1 / 3 * 40) / 1e4
    assert book.cost(weights, after, points) == pytest.approx(by_hand)


def test_a_tilt_out_of_something_by_hand() -> None:
    weights = np.array([0.30, 0.10, 0.60])
    after = book.tilted(weights, np.array([0.5, 0.5, 0]), -0.08)
    np.testing.assert_allclose(after, [0.30 - 0.06, 0.10 - 0.02, 0.68])
    all_of_it = book.tilted(weights, np.array([0.5, 0.5, 0]), -0.40)
    np.testing.assert_allclose(all_of_it, [0, 0, 1], atol=1e-15)


def test_what_has_nothing_outside_is_paid_for_by_all() -> None:
    """A tenth into equal weights of all that is held: nine tenths of each stay."""
    weights = np.array([0.6, 0.3, 0.1])
    after = book.tilted(weights, np.ones(3) / 3, 0.1)
    np.testing.assert_allclose(after, 0.9 * weights + 0.1 / 3)
    np.testing.assert_allclose(book.tilted(weights, np.array([0, 0, 1.0]), 0.95)[2], 0.955)


@pytest.mark.parametrize(("amount", "said"), [(-0.41, "sells weighs 40"), (1.2, "weighs 100")])
def test_more_than_there_is_cannot_be_sold(amount: float, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        book.tilted(np.array([0.30, 0.10, 0.60]), np.array([0.5, 0.5, 0]), amount)


def test_a_book_of_one_thing_cannot_be_tilted_to_it() -> None:
    with pytest.raises(UsageError, match="nothing is left"):
        book.tilted(np.array([1.0]), np.array([1.0]), -0.1)
    with pytest.raises(UsageError, match="changes nothing"):
        book.tilted(np.array([1.0]), np.array([1.0]), 0.1)
