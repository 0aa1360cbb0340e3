"""How unusual a move is: z by hand, pivots, percentiles, and p that is right on noise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from paceline.methods import unusual as methods
from paceline.methods.detector import detect, sigma
from paceline.methods.unusual import HORIZONS, Unusual, exceeded, last_turns, noise, z_scores

PATHS = 200


def walk(seed: int, n: int = 1500) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).standard_t(5, n) * 0.01)


def unusual(line: np.ndarray, **how: Any) -> Unusual:
    return methods.unusual(line, detect(line), **how)


def p_of(line: np.ndarray, seed: int = 0, paths: int = PATHS) -> float:
    found = unusual(line)
    assert found.largest is not None
    return exceeded(noise(line, paths=paths, seed=seed), found.largest.z)


def test_z_by_hand() -> None:
    line = np.array([[0.0, 0.1, 0.3, 0.2, 0.6]])
    # over 1: (0.4 - 0.05) / 0.1; over 4: (0.6 - 0.2) / (0.1 * 2); over 5 it has no start
    found = z_scores(line, np.array([0.1]), np.array([[1, 4, 5, 0]]), np.array([0.05]))
    assert_allclose(found, [[3.5, 2.0, np.nan, np.nan]])


def test_moves_of_a_line_by_their_definition() -> None:
    line = walk(1)
    found = unusual(line)
    s, m = float(sigma(line)[0, -1]), float((line[-1] - line[0]) / (len(line) - 1))
    assert [move.sessions for move in found.moves[:5]] == list(HORIZONS)
    for move in found.moves:
        h = move.sessions
        change = line[-1] - line[-1 - h]
        assert move.change == pytest.approx(change)
        assert move.z == pytest.approx((change - h * m) / (s * math.sqrt(h)))
        earlier = [line[t] - line[t - h] for t in range(h, len(line) - 1)]
        assert move.percentile == pytest.approx(sum(e < change for e in earlier) / len(earlier))
    assert found.largest == max(found.moves, key=lambda move: abs(move.z))


def test_the_own_pivot_is_the_extreme_before_the_turn_in_force() -> None:
    n, level = 1200, 0.001 * np.random.default_rng(2).standard_normal(1200)
    down, up = np.linspace(0, -0.6, 1000), np.linspace(-0.6, -0.3, 200)
    line = np.concatenate([down, up]) + level
    turns = detect(line)
    low = int(line.argmin())
    assert turns.state[0, -1] == 1
    found = unusual(line)
    assert found.pivot == low
    assert found.known == turns.known[-1] == np.flatnonzero(turns.state[0] == -1)[-1] + 1
    assert found.moves[-1].sessions == n - 1 - low


def test_a_line_without_a_turn_has_no_pivot() -> None:
    assert_array_equal(last_turns(detect(np.zeros((2, 300)))), [[-1, -1], [-1, -1]])
    found = unusual(np.cumsum(np.resize([0.01, -0.01, 0.01, 0, -0.01, 0, 0], 400)))
    assert found.pivot is None and found.known is None
    assert [move.sessions for move in found.moves] == list(HORIZONS)


def test_a_day_from_outside_is_told_and_not_tested() -> None:
    line = walk(3)
    alone, told = unusual(line), unusual(line, since=1400)
    assert alone.since is None and told.since is not None and told.since.sessions == 99
    assert (told.moves, told.largest) == (alone.moves, alone.largest)
    assert unusual(line, since=1499) == alone  # no session has passed


def test_p_is_right_on_noise() -> None:
    p = np.array([p_of(walk(seed), seed) for seed in range(100, 200)])
    # at most 5% and 20% in the long run; four standard errors of 100 looks
    assert (p <= 0.05).mean() < 0.05 + 4 * math.sqrt(0.05 * 0.95 / 100)
    assert 0.2 - 0.16 < (p <= 0.2).mean() < 0.2 + 0.16
    assert 0.3 < np.median(p) < 0.7


def test_a_planted_move_is_unusual() -> None:
    line = walk(5)
    s = float(sigma(line[:-21])[0, -1])
    line[-21:] += 3 * s * math.sqrt(63) * np.arange(1, 22) / 21
    largest = unusual(line).largest
    assert largest is not None and largest.change > 0 and p_of(line) < 0.01


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (walk(1, 200), "history too short: 200 sessions, more than 252 needed"),
        (np.append(walk(1), np.nan), "no value on the day"),
        (np.ones(600), "no volatility on the day"),
        (np.full(600, np.nan), "history too short: 0 sessions, more than 252 needed"),
    ],
)
def test_what_cannot_be_judged_has_a_reason(line: np.ndarray, reason: str) -> None:
    assert unusual(line) == Unusual(reason=reason)


def test_a_short_history_has_no_percentile_and_no_horizon_beyond_it() -> None:
    found = unusual(walk(1, 300), horizons=(5, 63, 400))
    by_horizon = {m.sessions: m for m in found.moves}
    assert 400 not in by_horizon
    assert by_horizon[5].percentile is not None and by_horizon[63].percentile is None


def test_the_future_changes_nothing() -> None:
    line = walk(8, 1600)
    late = np.append(np.full(30, np.nan), line)  # days before a line begins are no history
    assert p_of(late) == p_of(line)
    assert [m.z for m in unusual(late).moves] == [m.z for m in unusual(line).moves]
