"""The detector by hand, against a slow twin, by its invariants; calibration and outcomes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paceline import methods as ep
from paceline.errors import NotEnoughData, UsageError
from paceline.methods.detector import state_at

NONE = math.nan
#: With this sigma the barrier at c = 1 is 1.
ONE = 1 / math.sqrt(63)


def turns(found: ep.Turns, series: int = 0) -> list[tuple[int, int, int, bool]]:
    """(direction, extreme, known, complete) of one series."""
    chosen = found.series == series
    return list(
        zip(
            *(
                a[chosen].tolist()
                for a in (found.direction, found.extreme, found.known, found.complete)
            ),
            strict=True,
        )
    )


def walk(seed: int, n: int = 900, series: int = 1) -> np.ndarray:
    """Lines whose volatility changes on the way, so that the barrier moves as in the market."""
    rng = np.random.default_rng(seed)
    scale = 0.01 * np.exp(np.cumsum(0.03 * rng.standard_normal((series, n)), axis=1))
    return np.cumsum(scale * rng.standard_t(4, (series, n)), axis=1)


def slow(line: np.ndarray, barrier: np.ndarray) -> list[tuple[int, int, int, bool]]:
    """The definition word by word: each day all of the path since the last extreme is looked at."""
    begin = int(np.flatnonzero(np.isfinite(barrier))[0])
    state, pivot, found = 0, begin, []
    for t in range(begin, len(line)):
        path = line[pivot : t + 1]
        lowest, highest = pivot + int(path.argmin()), pivot + int(path.argmax())
        rise, fall = line[t] - line[lowest], line[highest] - line[t]
        if state <= 0 and rise >= barrier[t] and not (state == 0 and fall > rise):
            found.append((1, lowest, t, state != 0))
            state, pivot = 1, lowest
        elif state >= 0 and fall >= barrier[t]:
            found.append((-1, highest, t, state != 0))
            state, pivot = -1, highest
    return found


# ---- sigma


def test_sigma_is_that_of_fifty_five_day_returns() -> None:
    line = walk(0, 400)
    result = ep.sigma(line)[0]
    assert np.isnan(result[:250]).all() and np.isfinite(result[250:]).all()
    for t in (250, 251, 333, 399):
        returns = np.diff(line[0, t - 250 : t + 1 : 5])
        assert len(returns) == 50
        assert result[t] == pytest.approx(returns.std(ddof=1) / math.sqrt(5), rel=1e-10)
    daily = ep.sigma(line, step=1)[0]
    assert np.isnan(daily[251]) and daily[300] == pytest.approx(
        np.diff(line[0, 48:301]).std(ddof=1), rel=1e-10
    )


def test_sigma_of_a_line_that_stands_still_or_is_missing() -> None:
    noise = walk(1, 700)[0]
    halted = np.concatenate([noise[:350], np.full(350, noise[349])])
    rounding = 0.3 + 1e-16 * np.arange(700) % 3e-16
    late = np.concatenate([np.full(100, NONE), noise[:600]])
    holes = np.where(np.arange(700) % 5 < 2, NONE, noise)
    one_hole = noise.copy()
    one_hole[300] = NONE
    known = np.isfinite(
        ep.sigma(np.array([halted, rounding, late, holes, np.full(700, NONE), one_hole]))
    )
    assert known[0, 250:599].all() and not known[0, 600:].any()
    assert not known[1].any()
    assert not known[2, :350].any() and known[2, 350:].all()
    assert not known[3].any() and not known[4].any()
    assert known[5, 250:].all()
    assert ep.sigma(noise[:250]).shape == (1, 250) and np.isnan(ep.sigma(noise[:250])).all()
    with pytest.raises(UsageError):
        ep.sigma(noise, window=5, step=5)


def test_nine_tenths_of_the_window_must_have_a_value() -> None:
    line = walk(2, 600)[0]
    for missing, known in ((25, True), (26, False)):
        holed = line.copy()
        holed[301 : 301 + missing] = NONE
        # the window of session 550 holds the 250 sessions up to it
        assert np.isfinite(ep.sigma(holed)[0, 550]) == known


def test_a_line_must_move_by_more_than_rounding() -> None:
    steps = np.where(np.arange(600) % 2, 1.0, -1.0)
    moving, still = (size * np.cumsum(steps * walk(3, 600)[0]) for size in (1e-6, 1e-9))
    assert np.isfinite(ep.sigma(moving)[0, -1]) and np.isnan(ep.sigma(still)[0, -1])


# ---- the detector by hand


def test_turns_by_hand() -> None:
    """Barrier 1. Up from the low 0 at session 1: known at 3 (first turn: no fall before it).

    Down from the first high 1.5 at session 4: known at 6. Up from -0.25 at 7: known at 9, the first
    episode.
    """
    line = np.array([0.25, 0, 0.5, 1, 1.5, 1.5, 0.5, -0.25, 0.25, 0.75, 2])
    found = ep.detect(line, 1, sigma_per_session=np.full(11, ONE))
    assert turns(found) == [(1, 1, 3, False), (-1, 4, 6, True), (1, 7, 9, True)]
    assert found.size.tolist() == [1, 1, 1] and found.sigma == pytest.approx([ONE] * 3)
    assert found.state[0].tolist() == [0, 0, 0, 1, 1, 1, -1, -1, -1, 1, 1]
    assert found.since[0].tolist() == [-1, -1, -1, 3, 4, 4, 6, 7, 7, 9, 10]
    assert found.move[0] == pytest.approx([NONE, NONE, NONE, 0, 0, 0, 0, 0, 0.5, 0, 0], nan_ok=True)
    assert found.distance[0, 8] == pytest.approx(0.5)
    assert found.days(0).tolist() == [9] and found.days(0, -1).tolist() == [6]
    assert found.days().tolist() == [9], "of the first series, A over B"
    assert found.years()[0] == pytest.approx(11 / 252)
    assert found.rate_per_year()[0] == pytest.approx(252 / 11)


def test_the_barrier_is_that_of_the_day() -> None:
    """Falls 0.8 under a barrier of 1, recovers to -0.6; then the barrier drops to 0.5.

    The fall from 0 is known at once (0.6 >= 0.5), and what is followed is the lowest point since
    that high, -0.8, not the price of the day: the rise from it reaches 0.5 at -0.3.
    """
    line = np.array([0, -0.8, -0.6, -0.6, -0.55, -0.3, -0.3])
    barrier = np.array([1, 1, 1, 0.5, 0.5, 0.5, 0.5])
    found = ep.detect(line, 1, sigma_per_session=barrier * ONE)
    assert turns(found) == [(-1, 0, 3, False), (1, 1, 5, True)]
    assert found.since[0].tolist() == [-1, -1, -1, 1, 1, 5, 5]
    assert found.move[0, 3:5] == pytest.approx([0.2, 0.25])


def test_at_most_one_turn_a_day() -> None:
    """The barrier collapses to 0.1: the fall of 0.6 is known first, the rise of 0.3 a day later."""
    line = np.array([0, -0.9, -0.6, -0.6, -0.6])
    found = ep.detect(line, 1, sigma_per_session=np.array([1, 1, 1, 0.1, 0.1]) * ONE)
    assert turns(found) == [(-1, 0, 3, False), (1, 1, 4, True)]
    fixed = ep.detect(
        np.array([0, 2, 1.2, 1.6, 1.6]), 1, sigma_per_session=np.array([1, 1, 1, 0.3, 0.3]) * ONE
    )
    assert turns(fixed) == [(1, 0, 1, False), (-1, 1, 3, True), (1, 2, 4, True)]


def test_before_sigma_nothing_is_followed_and_gaps_are_no_observations() -> None:
    line = np.array([-5, 0, 0.5, 1.2, NONE, 0.3, 0.2, NONE, 1.5])
    known = np.array([NONE, ONE, ONE, ONE, ONE, ONE, ONE, ONE, ONE])
    found = ep.detect(line, 1, sigma_per_session=known)
    assert turns(found) == [(1, 1, 3, False), (-1, 3, 6, True), (1, 6, 8, True)]
    assert np.isnan(found.barrier[0, [0, 4, 7]]).all()
    assert found.state[0].tolist() == [0, 0, 0, 1, 1, 1, -1, -1, 1]


def test_nothing_to_detect() -> None:
    found = ep.detect(np.full((2, 300), NONE))
    assert len(found) == 0 and np.isnan(found.rate_per_year()).all() and (found.state == 0).all()
    with pytest.raises(UsageError, match="c = 0"):
        ep.detect(np.zeros(10), 0)
    with pytest.raises(UsageError, match="shape"):
        ep.detect(np.zeros((1, 2, 3)))


# ---- the detector by its invariants


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("c", [0.4, 1.0, 1.5])
def test_many_at_once_are_the_slow_twin(seed: int, c: float) -> None:
    line = walk(seed, 1200, series=3)
    barrier = c * math.sqrt(63) * ep.sigma(line)
    found = ep.detect(line, c)
    for p in range(3):
        assert turns(found, p) == slow(line[p], barrier[p])
    assert len(found) > 3


@given(st.integers(0, 10_000), st.integers(255, 700), st.sampled_from([0.5, 1.5]))
@settings(max_examples=25)
def test_later_data_change_nothing(seed: int, cut: int, c: float) -> None:
    line = walk(seed, 700, series=2)
    whole, part = ep.detect(line, c), ep.detect(line[:, :cut], c)
    for p in range(2):
        assert turns(part, p) == [turn for turn in turns(whole, p) if turn[2] < cut]
    for name in ("state", "since", "move", "barrier"):
        assert np.array_equal(getattr(part, name), getattr(whole, name)[:, :cut], equal_nan=True)


@given(st.integers(0, 10_000), st.sampled_from([-8, -1, 3]), st.floats(-5, 5))
@settings(max_examples=25)
def test_scale_and_level_do_not_matter(seed: int, power: int, shift: float) -> None:
    line = np.round(walk(seed, 600) * 2**20) / 2**20  # on a grid, so that shifting is exact
    other = ep.detect((line + round(shift * 2**10) / 2**10) * 2.0**power)
    assert turns(other) == turns(ep.detect(line))


@given(st.integers(0, 10_000))
@settings(max_examples=25)
def test_the_other_way_round_is_the_mirror_image(seed: int) -> None:
    line = walk(seed, 800)
    one, other = ep.detect(line, 0.7), ep.detect(-line, 0.7)
    assert turns(other) == [(-d, *rest) for d, *rest in turns(one)]
    assert (other.state == -one.state).all() and np.array_equal(
        other.move, one.move, equal_nan=True
    )


@given(st.integers(0, 10_000))
@settings(max_examples=15)
def test_turns_alternate_and_each_was_known_after_its_extreme(seed: int) -> None:
    found = ep.detect(walk(seed, 1000), 0.6)
    assert (found.direction[1:] == -found.direction[:-1]).all()
    assert (found.extreme < found.known).all() and (np.diff(found.known) > 0).all()
    assert (found.size >= 0.6 * math.sqrt(63) * found.sigma * (1 - 1e-12)).all()
    assert (found.complete == (np.arange(len(found)) > 0)).all()


# ---- the verdict of a day


def test_verdict_and_whether_it_hangs_on_the_size() -> None:
    flat = np.full(6, ONE)
    line = np.array(
        [[0, 2, 1.9, 1.0, 0.9, 0.9], [0, 2, 1.9, 0.7, 0.7, 0.7], [0, 2, 1.9, 0.2, 0.2, 0.2]]
    )
    kept, narrow, clear = ep.turn_states(line, 1, sigma_per_session=np.broadcast_to(flat, (3, 6)))
    assert (kept.direction, kept.below, kept.above, kept.borderline) == (-1, -1, 1, True)
    assert (narrow.direction, narrow.above) == (-1, -1) and not narrow.borderline
    assert not clear.borderline and clear.since == 3 and clear.barrier == pytest.approx(1)
    assert clear.distance == pytest.approx(1) and clear.reason == ""
    earlier = ep.turn_states(line, 1, sigma_per_session=np.broadcast_to(flat, (3, 6)), session=2)[0]
    assert (
        earlier.direction == 1
        and earlier.move == pytest.approx(0.1)
        and earlier.distance == pytest.approx(0.9)
    )


@pytest.mark.parametrize(
    ("fall", "sides"), [(0.74, (1, 1)), (0.76, (-1, 1)), (1.24, (-1, 1)), (1.26, (-1, -1))]
)
def test_the_sizes_beside_it_are_a_quarter_away(fall: float, sides: tuple[int, int]) -> None:
    line = np.array([0, 2, 2 - fall])
    (state,) = ep.turn_states(line, 1, sigma_per_session=np.full(3, ONE))
    assert (state.below, state.above) == sides and state.direction == (1 if fall < 1 else -1)


def test_the_state_is_that_of_the_first_line_unless_another_is_asked_for() -> None:
    lines = np.array([[0, 2, 1.9], [0, -2, -1.5]])
    found = ep.detect(lines, 1, sigma_per_session=np.full(3, ONE))
    first, other = state_at(found, found, found), state_at(found, found, found, 1)
    assert (first.direction, first.move) == (1, pytest.approx(0.1))
    assert (other.direction, other.move) == (-1, pytest.approx(0.5))


def test_the_state_of_a_day_knows_nothing_later() -> None:
    line = walk(11, 900, series=2)
    (early, other) = ep.turn_states(line, 1.0, session=500)
    assert [early, other] == ep.turn_states(line[:, :501], 1.0)


def test_verdict_with_a_reason_instead_of_numbers() -> None:
    noise = walk(3, 300)[0]
    ended = np.where(np.arange(300) > 290, NONE, noise)
    sparse = np.where(np.arange(300) % 7 < 1, NONE, noise)
    rows = np.array(
        [
            np.full(300, NONE),
            np.where(np.arange(300) < 100, NONE, noise),
            np.full(300, 0.2),
            ended,
            sparse,
        ]
    )
    reasons = [v.reason for v in ep.turn_states(rows)]
    for reason, words in zip(
        reasons,
        (
            "every value is missing",
            "too short: 200 sessions",
            "constant",
            "on the day",
            "too many missing",
        ),
        strict=True,
    ):
        assert words in reason
    assert (
        ep.turn_states(np.concatenate([noise[:252], noise[251:252]]), 50)[0].reason
        == "no turn known yet"
    )


# ---- calibration


def test_false_alarms_on_walks() -> None:
    """0.74 a year at c = 1.5 where sigma comes from daily returns, worked out beforehand.

    A walk needs h^2 sessions for a reversal of h sigma, h = 1.5 sqrt(63) + 2 x 0.5826 for daily
    looks: 252 / (2 h^2) = 0.737.
    """
    found = ep.calibrate(series=200, years=25, step=1)
    assert found.rate == pytest.approx(0.74, abs=0.03)
    assert found.low < found.rate < found.high and found.high - found.low < 0.06
    assert found.method == "driftless Gaussian walks" and found.series == 200


def test_false_alarms_on_resampled_returns() -> None:
    rng = np.random.default_rng(0)
    returns = 0.002 + 0.01 * rng.standard_t(5, 1500)
    returns[100] = NONE
    told: list[tuple[int, int]] = []
    found = ep.calibrate(
        returns, series=40, years=8, block=5, progress=lambda done, of: told.append((done, of))
    )
    assert found.rate == pytest.approx(0.77, abs=0.15)  # the trend of 0.2% a session is gone
    assert "blocks of 5.0" in found.method and told == [(40, 40)]
    assert ep.calibrate(returns, series=40, years=8, block=5) == found
    with pytest.raises(NotEnoughData, match="constant"):
        ep.calibrate(np.zeros(1000))


def test_rates_are_per_year_with_a_sigma_and_their_interval_is_that_of_a_mean() -> None:
    from paceline.methods.calibration import calibration_of

    found = calibration_of(1.5, np.array([0.5, 1.0, 0.6, 0.9]), 12, "by hand")
    error = math.sqrt((0.25**2 + 0.25**2 + 0.15**2 + 0.15**2) / 3) / 2
    assert (found.rate, found.series) == (0.75, 4)
    assert (found.low, found.high) == pytest.approx((0.75 - 1.96 * error, 0.75 + 1.96 * error))


def test_resampled_lines_are_stretches_of_the_demeaned_returns() -> None:
    from paceline.methods.calibration import resampled_line

    returns = 3.0 + np.arange(50.0) ** 2
    line = resampled_line(returns, 200, 120, 10.0, np.random.default_rng(1))
    moves = np.diff(line, axis=1, prepend=0.0)
    place = np.sqrt(np.round(moves + (returns - 3).mean(), 6))
    assert line.shape == (200, 120) and place == pytest.approx(np.round(place), abs=1e-6)
    assert set(np.unique(np.round(place))) == set(range(50))
    follows = np.round(np.diff(place, axis=1)) % 50 == 1
    # a block goes on with chance 9 / 10; at 50 and 100 a new draw begins in any case
    assert follows[:, :49].mean() == pytest.approx(0.9, abs=0.01)


def test_a_planted_rotation_is_found_on_the_day_the_detector_finds_it() -> None:
    """The whole move is so large and quick that the turn comes within days, in every walk."""
    (found,) = ep.power((40,), length=63, series=40, settle=1)
    assert found.found == 1 and found.length == 63 and found.size == 40
    # 40 sigma sqrt(63) over 63 sessions: the barrier of 1.5 is passed after 63 x 1.5 / 40 = 2.4
    # sessions from the lowest point, a little more where that lies higher
    assert 2 <= found.delay <= 6


def test_power_grows_and_delay_falls_with_the_size() -> None:
    curve = ep.power((0, 2, 4), series=200, settle=1)
    assert [p.size for p in curve] == [0, 2, 4] and len({p.series for p in curve}) == 1
    assert curve[0].found < curve[1].found < curve[2].found and curve[2].found > 0.97
    assert curve[2].delay < curve[1].delay < 63
    assert all(0 <= p.low <= p.found <= p.high <= 1 for p in curve)
    assert math.isnan(ep.power((0,), c=30, series=20, settle=0.1)[0].delay)


def test_wilson_interval_of_a_known_share() -> None:
    from statsmodels.stats.proportion import proportion_confint

    from paceline.methods.proportions import wilson

    assert wilson(7, 20) == pytest.approx(proportion_confint(7, 20, method="wilson"), rel=1e-9)
    assert np.isnan(wilson(0, 0)).all()


# ---- what followed


def zigzag(teeth: int) -> tuple[np.ndarray, ep.Turns]:
    """A line 0, 1, 2, 1, 0, 1 ... and its turns at a barrier of 1, known a session after each."""
    line = np.tile([0, 1, 2, 1.0], teeth)
    return line, ep.detect(line, 1, sigma_per_session=np.full(len(line), ONE))


def test_outcomes_by_hand() -> None:
    """Up is known at 1, 5, 9 ...; a session later the line is 1 higher, two later where it was."""
    line, found = zigzag(20)
    one, two = ep.outcomes(line, found, horizons=(1, 2), draws=200)
    assert found.days(0).tolist() == list(range(5, 80, 4))
    assert one.mean == pytest.approx(math.e - 1) and one.hit_rate == 1 and one.evidence.n == 19
    ups, downs = 40, 39  # of 79 steps, half go up by 1, half go down
    assert one.base == pytest.approx((ups * (math.e - 1) + downs * (1 / math.e - 1)) / 79)
    assert one.base_hit_rate == pytest.approx(ups / 79)
    assert one.evidence.effect == pytest.approx(one.mean - one.base)
    assert two.mean == pytest.approx(0) and two.hit_rate == 0
    down = ep.outcomes(line, found, direction=-1, horizons=(1,), draws=200)[0]
    assert down.mean == pytest.approx(1 / math.e - 1)


def test_horizons_are_a_month_a_quarter_half_a_year_and_a_year() -> None:
    line = walk(12, 6000)[0]
    found = ep.detect(line, 1.0)
    after = ep.outcomes(line, found, draws=20)
    assert [o.horizon for o in after] == [21, 63, 126, 252]
    at = found.days(0)
    at = at[at + 21 < len(line)]
    assert after[0].mean == pytest.approx(np.exp(line[at + 21] - line[at]).mean() - 1)
    with pytest.raises(UsageError, match="horizon of 0"):
        ep.outcomes(line, found, horizons=(0,))


def test_outcomes_are_suppressed_below_ten_and_can_begin_later() -> None:
    line, found = zigzag(20)
    late = ep.outcomes(line, found, horizons=(1,), since=45, draws=100)[0]
    assert (
        late.mean is None
        and late.base is None
        and late.evidence.n == 9
        and "at least 10" in late.evidence.note
    )
    assert ep.outcomes(line, found, horizons=(1,), since=41, draws=100)[0].evidence.n == 10
    overlapping = ep.outcomes(line, found, horizons=(8,), draws=100)[0]
    assert (
        overlapping.evidence.n == 17
        and overlapping.evidence.n_effective == 9
        and overlapping.hit_rate is None
    )
    assert overlapping.evidence.effect is None
    assert ep.outcomes(line, found, horizons=(500,), draws=100)[0].evidence.suppressed


def test_after_lows_by_hand() -> None:
    """Lows every 10 sessions; 3 after the m-th the line is m/100 higher, after the last 0.125."""
    line, lows = np.zeros(134), np.arange(0, 140, 10)[:14]
    for m, low in enumerate(lows):
        line[low + 3 :] += m / 100 if m < 13 else 0.125
        line[low + 4 :] -= m / 100 if m < 13 else 0.125
    result = ep.after_lows(line, lows, draws=200)
    assert result.sessions == 3 and result.now == pytest.approx(math.expm1(0.125))
    assert result.values == pytest.approx(np.expm1(np.arange(13) / 100))
    assert (
        result.below == 1 and result.outcome.evidence.n == result.outcome.evidence.n_effective == 13
    )
    assert result.outcome.hit_rate == pytest.approx(12 / 13)
    # of the 130 days before the last low thirteen see a tooth of m/100 ahead, thirteen stand on it
    teeth = np.arange(13) / 100
    base = (np.expm1(teeth).sum() + np.expm1(-teeth).sum()) / 130
    assert result.outcome.base == pytest.approx(base)
    assert result.outcome.base_hit_rate == pytest.approx(12 / 130)
    middle = ep.after_lows(line, lows[:7], 3, draws=200)
    assert (
        middle.now == pytest.approx(math.expm1(0.06))
        and middle.below == 1
        and middle.outcome.mean is None
    )
    slow_to_know = ep.after_lows(line, lows, confirmed=lows + np.where(lows < 50, 4, 3), draws=200)
    assert slow_to_know.lows.tolist() == list(range(50, 130, 10))
    assert ep.after_lows(line, lows, since=100, draws=200).lows.tolist() == [100, 110, 120]
    with pytest.raises(UsageError, match="no low"):
        ep.after_lows(line, [])
