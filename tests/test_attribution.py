"""METHODS' worked example of Brinson-Fachler with Carino's and Menchero's linking."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline.signals.attribution import brinson_fachler, carino, menchero

WP = np.array([[0.6, 0.4], [0.5, 0.5], [0.7, 0.3]])
WB = np.full((3, 2), 0.5)
RP = np.array([[0.05, -0.01], [0.02, 0.04], [-0.03, 0.01]])
RB = np.array([[0.04, 0.0], [0.03, 0.02], [-0.02, 0.02]])


def linked(factor: np.ndarray) -> list[float]:
    return [float((factor[:, None] * e).sum()) for e in brinson_fachler(WP, WB, RP, RB)]


def legs() -> tuple[np.ndarray, np.ndarray]:
    return (WP * RP).sum(axis=1), (WB * RB).sum(axis=1)


def test_carino_gives_the_published_effects() -> None:
    assert linked(carino(*legs())) == pytest.approx(
        [-0.004336069, -0.005442388, 0.002036417], abs=1e-9
    )


def test_menchero_gives_the_published_effects() -> None:
    assert linked(menchero(*legs())) == pytest.approx(
        [-0.004349857, -0.005430190, 0.002038007], abs=1e-9
    )


def test_menchero_where_both_end_at_the_same_place() -> None:
    factor = menchero(np.array([0.1, 0.0]), np.array([0.0, 0.1]))
    assert factor == pytest.approx([1.1**0.5] * 2)


def test_both_add_up_to_the_active_return() -> None:
    p, b = legs()
    active = np.prod(1 + p) - np.prod(1 + b)
    assert active == pytest.approx(-0.00774204, abs=1e-8)
    assert sum(linked(carino(p, b))) == pytest.approx(active, abs=1e-15)
    assert sum(linked(menchero(p, b))) == pytest.approx(active, abs=1e-15)


@given(st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=6), st.floats(-0.05, 0.05))
def test_linking_is_exact_for_any_returns(returns: list[float], gap: float) -> None:
    b = np.array(returns)
    p = b + gap
    active = np.prod(1 + p) - np.prod(1 + b)
    for factor in (carino(p, b), menchero(p, b)):
        assert float((factor * (p - b)).sum()) == pytest.approx(active, abs=1e-12)


def test_of_equal_wholes_menchero_takes_the_growth_of_all_periods_but_one() -> None:
    """21% in the one or the other of two periods: M = 1.21^(1/2) = 1.1."""
    p, b = np.array([0.21, 0.0]), np.array([0.0, 0.21])
    # active returns 0.21 and -0.21 add up to zero, so every factor is M
    assert menchero(p, b).tolist() == pytest.approx([1.1, 1.1], abs=1e-12)
