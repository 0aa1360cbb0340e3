"""What followed turns, by hand; intervals that know which turns share their date."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from paceline.errors import UsageError
from paceline.methods.detector import Turns, detect
from paceline.methods.turn_record import TurnRecord, followed, pooled, share

SIGMA = 0.01
QUARTER = 0.25 * SIGMA * math.sqrt(63)  # 0.0198


def turned(line: np.ndarray, *known: tuple[int, int], complete: bool = True) -> Turns:
    """Turns of one line, given as (session it became known, direction)."""
    n, at = len(known), np.array([k for k, _ in known])
    return Turns(
        1.5,
        np.zeros(n, np.int64),
        np.array([d for _, d in known]),
        at - 3,
        at,
        np.full(n, 2 * SIGMA * math.sqrt(63)),
        np.full(n, SIGMA),
        np.full(n, complete),
        np.zeros((1, len(line)), np.int8),
        np.zeros((1, len(line)), np.int32),
        np.zeros((1, len(line))),
        np.ones((1, len(line))),
    )


def test_further_before_back_and_who_is_ahead_later() -> None:
    #                  0    1    2     3     4      5     6
    line = np.array([0.0, 0.1, 0.11, 0.09, 0.121, 0.05, 0.1])
    found = followed(line, turned(line, (1, 1), (4, -1), (5, 1)), horizons=(1, 2, 5))
    # from 0.1: +0.01, -0.01, +0.021 (a quarter sigma further at last), ...
    # down from 0.121: -0.071 at once; up from 0.05: +0.05 at once
    assert_array_equal(found.further, [1, 1, 1])
    assert_allclose(found.size, [2, 2, 2])
    assert_array_equal(found.ahead[1], [1, 1, 1])
    assert_array_equal(found.ahead[2], [0, 1, np.nan])
    assert_array_equal(found.ahead[5], [0, np.nan, np.nan])  # 0.1 - 0.1: nothing gained


def test_what_is_given_back_first_counts_against() -> None:
    line = np.array([0.0, 0.1, 0.1 - QUARTER - 1e-9, 0.3])
    assert_array_equal(followed(line, turned(line, (1, 1)), horizons=(1,)).further, [0])
    assert_array_equal(followed(-line, turned(line, (1, -1)), horizons=(1,)).further, [0])
    still = np.array([0.0, 0.1, 0.1, 0.1 + QUARTER - 1e-9])
    assert_array_equal(followed(still, turned(still, (1, 1)), horizons=(1,)).further, [np.nan])


def test_nothing_is_known_after_a_line_ends() -> None:
    line = np.array([0.0, 0.1, 0.11, np.nan, np.nan])
    found = followed(line, turned(line, (1, 1)), horizons=(1, 2))
    assert_array_equal(found.ahead[1], [1])
    assert_array_equal(found.ahead[2], [np.nan])
    gap = np.array([0.0, 0.1, np.nan, 0.12])
    assert_array_equal(followed(gap, turned(gap, (1, 1)), horizons=(2,)).ahead[2], [1])


def test_lines_without_any_value_have_no_turns() -> None:
    for line in (np.empty((1, 0)), np.full((2, 400), np.nan)):
        assert len(followed(line, detect(line))) == 0


def test_first_turns_and_turns_before_a_day_do_not_count() -> None:
    line = np.linspace(0, 1, 9)
    assert len(followed(line, turned(line, (2, 1), complete=False))) == 0
    assert_array_equal(followed(line, turned(line, (2, 1), (5, 1)), since=3).known, [5])


def test_lines_must_be_those_of_the_turns() -> None:
    line = np.zeros(9)
    with pytest.raises(UsageError, match="not those of the turns"):
        followed(np.zeros(8), turned(line, (2, 1)))


def test_a_walk_goes_further_as_often_as_back() -> None:
    lines = np.cumsum(np.random.default_rng(11).standard_normal((60, 5000)) * 0.01, axis=1)
    found = followed(lines, detect(lines))
    whole = share(found.further, found.known, block=1)
    assert whole.n > 1000 and whole.low is not None and whole.high is not None
    assert whole.low < 0.5 < whole.high
    assert all(abs(np.nanmean(a) - 0.5) < 0.05 for a in found.ahead.values())


def test_pooled_turns_and_those_chosen() -> None:
    one = TurnRecord(*(np.array([x]) for x in (5, 1.5, 0.01, 1.0)), {21: np.array([1.0])})
    two = TurnRecord(*(np.array([x]) for x in (9, 2.5, 0.02, 0.0)), {21: np.array([0.0])})
    both = pooled([one, two])
    assert_array_equal(both.known, [5, 9])
    assert_array_equal(both.ahead[21], [1, 0])
    assert_array_equal(both.chosen(both.size > 2).further, [0])
    assert len(pooled([])) == 0


def test_the_interval_resamples_dates_not_events() -> None:
    rng = np.random.default_rng(4)
    # forty dates, on each of which ten events share one outcome: forty observations, not 400
    dates = np.repeat(np.arange(40) * 63, 10)
    outcome = np.repeat((rng.random(40) < 0.5).astype(float), 10)
    shared = share(outcome, dates)
    alone = share(outcome, np.arange(400) * 63)
    assert (shared.n, shared.dates) == (400, 40) and alone.dates == 400
    width = lambda s: s.high - s.low  # noqa: E731
    # standard errors sqrt(p q / 40) and sqrt(p q / 400): ten events a date widen it by sqrt(10)
    assert width(shared) / width(alone) == pytest.approx(math.sqrt(10), rel=0.1)
    p = outcome.mean()
    assert width(shared) == pytest.approx(2 * 1.96 * math.sqrt(p * (1 - p) / 40), rel=0.1)


def test_too_few_dates_give_no_share() -> None:
    few = share(np.ones(500), np.arange(500) % 29 * 63)
    assert (few.share, few.low, few.high, few.n, few.dates) == (None, None, None, 500, 29)
    undecided = share(np.full(50, np.nan), np.arange(50) * 63)
    assert undecided.n == 0 and undecided.share is None


def test_turns_of_one_line_are_those_it_has_alone() -> None:
    lines = np.cumsum(np.random.default_rng(6).standard_normal((3, 2000)) * 0.01, axis=1)
    together, alone = detect(lines).of(1), detect(lines[1:2])
    for name in vars(alone):
        assert_array_equal(getattr(together, name), getattr(alone, name))
