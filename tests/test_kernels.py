"""Kernels against hand-worked answers, the CHECK lines of the methods, and plain definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from paceline import kernels
from paceline.errors import UsageError

NAN = np.nan


def test_moving_windows_equal_their_definition_and_need_every_value() -> None:
    a = np.random.default_rng(3).normal(size=(3, 40))
    a[1, 10] = NAN
    for move, plain in (
        (kernels.move_mean, np.mean),
        (kernels.move_max, np.max),
        (kernels.move_min, np.min),
        (kernels.move_std, lambda w: np.std(w, ddof=1)),
    ):
        expected = np.full(a.shape, NAN)
        for i, t in np.ndindex(a.shape):
            if t >= 4:
                expected[i, t] = plain(a[i, t - 4 : t + 1])
        assert_allclose(move(a, 5), expected, rtol=1e-10, atol=1e-12)
        assert np.isnan(move(a, 5)[1, 10:15]).all()
        assert np.isfinite(move(a, 5)[1, 15])


@pytest.mark.parametrize("size", [(1, 1, 1), (3, 5, 7), (2, 130, 33)])
def test_a_tally_counts_and_heeds_no_warning_of_the_product(size: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(5)
    held, marked = rng.random(size[:2]) < 0.5, rng.random(size[1:]) < 0.5
    plain = [
        [sum(h and m for h, m in zip(row, column, strict=True)) for column in marked.T]
        for row in held
    ]
    with np.errstate(all="raise"):
        assert_array_equal(kernels.tally(held, marked), plain)
        assert_array_equal(kernels.tally(held.astype(np.float32), marked), plain)


def test_a_window_longer_than_the_history_has_no_value() -> None:
    assert np.isnan(kernels.move_mean(np.ones((2, 3)), 4)).all()


def test_an_infinity_is_missing_and_poisons_nothing_later() -> None:
    a = np.ones(12)
    a[3] = np.inf
    assert kernels.infinities(a) == 1
    assert_array_equal(
        np.isnan(kernels.move_mean(a, 3)), [True, True, False, True, True, True] + [False] * 6
    )
    assert_array_equal(kernels.move_mean(a, 3)[6:], np.ones(6))
    assert kernels.infinities(np.array([np.inf, -np.inf, NAN, 1.0])) == 2
    assert kernels.infinities(np.array([NAN, 1.0])) == 0


def test_a_halted_stock_is_not_above_its_own_mean() -> None:
    price = 40 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.02, (50, 300)), axis=1))
    price[:, 200:] = price[:, 199:200]
    mean = kernels.move_mean(price, 20)
    assert (price > mean)[:, 220:].any(), "rounding puts some of them above: the fault exists"
    assert not kernels.above(price, mean)[:, 220:].any()
    assert kernels.above(np.array([1.0 + 1e-9]), np.array([1.0])).all()
    assert not kernels.above(np.array([NAN, 1.0]), np.array([1.0, NAN])).any()


def test_impossible_windows_are_refused() -> None:
    for call in (
        lambda: kernels.move_mean(np.ones(5), 0),
        lambda: kernels.move_std(np.ones(5), 1),
        lambda: kernels.ema(np.ones(5), 0.0),
        lambda: kernels.ema(np.ones(5), 1.5),
    ):
        with pytest.raises(UsageError):
            call()


def test_mcclellan_check() -> None:
    up = np.array([1500, 1800, 900, 1200, 2100, 700, 1600, 1900, 1000, 1400.0])
    down = np.array([1400, 1100, 2000, 1700, 800, 2200, 1300, 1000, 1900, 1500.0])
    net = 1000 * (up - down) / (up + down)
    oscillator = kernels.ema(net, 0.10) - kernels.ema(net, 0.05)
    assert oscillator[-1] == pytest.approx(-18.131372, abs=5e-7)
    assert oscillator.sum() == pytest.approx(-97.542735, abs=5e-7)


def test_ema_starts_at_the_first_value_and_stays_over_gaps() -> None:
    a = np.array([[NAN, 2.0, 4.0, NAN, 0.0], [8.0, 8.0, 8.0, 8.0, 8.0]])
    assert_allclose(kernels.ema(a, 0.5), [[NAN, 2.0, 3.0, 3.0, 1.5], [8.0] * 5])
    assert kernels.ema(a[0], 0.5).shape == (5,)


def test_streaks_reset_on_a_change_of_sign_and_break_on_zero_and_gaps() -> None:
    change = np.array([0.1, 0.2, -0.1, -0.1, -0.3, 0.0, 0.0, 0.1, NAN, 0.1, 0.2])
    assert_array_equal(kernels.streaks(change), [1, 2, -1, -2, -3, 0, 0, 1, NAN, 1, 2])
    assert_array_equal(kernels.streaks(np.stack([change, -change]))[1, :5], [-1, -2, 1, 2, 3])


def test_running_extremes_drawdown_and_records() -> None:
    a = np.array([NAN, 10.0, 12.0, NAN, 9.0, 12.0, 13.0])
    assert_array_equal(kernels.running_max(a), [NAN, 10, 12, 12, 12, 12, 13])
    assert_allclose(kernels.drawdown(a), [NAN, 0, 0, NAN, -0.25, 0, 0])
    # a tie is none
    assert_array_equal(kernels.record_highs(a), [False, False, True, False, False, False, True])


PATH = np.array([100, 110, 121, 112, 100, 96, 90, 100, 108.5, 115, 140, 118, 111, 130])


def test_lunde_timmermann_check() -> None:
    pivots = kernels.turning_points(PATH, fall=0.15, rise=0.20)
    assert [tuple(map(int, p)) for p in zip(*pivots, strict=True)] == [
        (1, 2, 4),
        (-1, 6, 8),
        (1, 10, 11),
    ]


def test_the_first_of_equal_extremes_is_the_pivot() -> None:
    assert kernels.turning_points(np.array([1.0, 2.0, 2.0, 1.0]), 0.1, 0.1).index.tolist() == [1]


def test_a_move_of_exactly_the_threshold_does_not_count() -> None:
    assert len(kernels.turning_points(np.array([100.0, 75.0]), fall=0.25, rise=0.1).kind) == 0


def plain_filter(p: list[float], fall: float, rise: float) -> list[tuple[int, int, int]]:
    """The definition, one price at a time."""
    found, rising, best = [], True, 0
    for t, price in enumerate(p):
        if rising:
            best = t if price > p[best] else best
            if (p[best] - price) / p[best] > fall:
                found.append((1, best, t))
                rising, best = False, t
        else:
            best = t if price < p[best] else best
            if (price - p[best]) / p[best] > rise:
                found.append((-1, best, t))
                rising, best = True, t
    return found


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(1, 400), st.floats(0.01, 0.3), st.floats(0.01, 0.3))
def test_turning_points_equal_the_definition_and_are_causal(
    seed: int, n: int, fall: float, rise: float
) -> None:
    p = 100 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.03, n)))
    pivots = kernels.turning_points(p, fall, rise)
    assert [tuple(map(int, q)) for q in zip(*pivots, strict=True)] == plain_filter(
        p.tolist(), fall, rise
    )
    early = kernels.turning_points(p[: n // 2], fall, rise)
    known = pivots.confirmed < n // 2
    for whole, part in zip(pivots, early, strict=True):
        assert_array_equal(whole[known], part)


def test_turning_points_pass_over_gaps_and_accept_nothing() -> None:
    gappy = np.insert(PATH, [2, 5, 5], NAN)
    assert kernels.turning_points(gappy, 0.15, 0.20).index.tolist() == [3, 9, 13]
    assert len(kernels.turning_points(np.array([]), 0.1, 0.1).kind) == 0
    assert len(kernels.turning_points(np.full(4, NAN), 0.1, 0.1).kind) == 0


@pytest.mark.parametrize(("fall", "rise"), [(1.0, 0.2), (0.0, 0.2), (-0.1, 0.2), (0.1, 0.0)])
def test_a_move_of_no_size_is_refused(fall: float, rise: float) -> None:
    with pytest.raises(UsageError):
        kernels.turning_points(PATH, fall, rise)


def test_a_price_may_rise_by_more_than_all_it_is_worth() -> None:
    turns = kernels.turning_points(np.array([2.0, 1.0, 2.5, 3.5]), fall=0.4, rise=1.6)
    assert turns.confirmed.tolist() == [1, 3]


def test_an_infinity_is_filled_like_any_gap() -> None:
    a = np.array([np.inf, 1.0, np.inf, NAN])
    assert_array_equal(kernels.forward_fill(a), [NAN, 1, 1, 1])
