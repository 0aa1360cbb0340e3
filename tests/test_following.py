"""Both loops of the detector find the same turns and states."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paceline.arrays import Array
from paceline.kernels import forward_fill
from paceline.methods.following import Path, by_session, by_turn


def same(one: Path, other: Path) -> None:
    assert sorted(one.turns) == sorted(other.turns)
    for name in ("state", "since", "move"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert getattr(one, name).dtype == getattr(other, name).dtype


def lines(seed: int, series: int, sessions: int, steps: bool) -> tuple[Array, Array]:
    """Walks with holes and changing barriers; whole numbers tie with barriers and extremes."""
    rng = np.random.default_rng(seed)
    moves = (
        rng.integers(-2, 3, (series, sessions)) if steps else rng.normal(0, 1, (series, sessions))
    )
    line = np.cumsum(moves.astype(float), axis=1)
    line[rng.random(line.shape) < 0.05] = np.nan
    line[:, : int(rng.integers(0, sessions))][rng.random(series) < 0.3] = np.nan
    barrier = np.broadcast_to(rng.integers(1, 9, (series, 1)).astype(float), line.shape).copy()
    barrier[rng.random(line.shape) < 0.1] *= 2
    barrier[~np.isfinite(line)] = np.nan
    barrier[:, : int(rng.integers(0, sessions))] = np.nan
    return forward_fill(line), barrier


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 700), st.booleans())
def test_from_turn_to_turn_is_session_by_session(
    seed: int, series: int, sessions: int, steps: bool
) -> None:
    full, barrier = lines(seed, series, sessions, steps)
    same(by_turn(full, barrier), by_session(full, barrier))


@pytest.mark.parametrize("loop", [by_turn, by_session])
def test_by_hand(loop: Callable[[Array, Array], Path]) -> None:
    """Barrier 2: up from 0 known at 2, the high of 5 at session 4, down known at 6."""
    line = np.array([[0.0, 1, 2, 4, 5, 4, 3, 3]])
    path = loop(line, np.full(line.shape, 2.0))
    assert path.turns == [(0, 1, 0, 2, False), (0, -1, 4, 6, True)]
    assert path.state.tolist() == [[0, 0, 1, 1, 1, 1, -1, -1]]
    assert path.since.tolist() == [[-1, -1, 2, 3, 4, 4, 6, 6]]
    assert path.move[0, 2:].tolist() == [0, 0, 0, 1, 0, 0]
