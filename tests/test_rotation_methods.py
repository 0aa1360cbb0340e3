"""What is known of a rotation from its lines alone: ladder, episodes, noise, windows, analogues."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paceline import methods
from paceline.arrays import Array
from paceline.errors import UsageError
from paceline.methods import analogues, barriers, relative_lines
from paceline.methods.calibration import false_alarms
from paceline.methods.episode_table import episode_table, last_turn
from paceline.methods.last_window import superlative


def walk(seed: int, n: int = 1500, size: float = 0.01) -> Array:
    return np.cumsum(size * np.random.default_rng(seed).standard_normal(n))


# ---- lines


def test_log_ratio_is_missing_where_a_level_is() -> None:
    found = relative_lines.log_ratio(
        np.array([2.0, np.nan, 3.0, 0.0]), np.array([1.0, 1.0, np.nan, 1.0])
    )
    assert found[0] == pytest.approx(np.log(2)) and np.isnan(found[1:]).all()


def test_neutral_line_of_pure_beta_is_flat_and_keeps_what_beta_does_not_explain() -> None:
    market = walk(1)
    level = np.exp(market)
    flat = relative_lines.beta_neutral(0.8 * market, level)
    known = np.flatnonzero(np.isfinite(flat))
    assert known[0] == 126 + 1  # 126 returns with both, known the day before
    assert np.abs(flat[known]).max() < 1e-12
    drift = np.where(np.arange(1500) > 700, 0.001 * (np.arange(1500) - 700), 0.0)
    kept = relative_lines.beta_neutral(0.8 * market + drift, level)
    assert kept[-1] - kept[700] == pytest.approx(0.001 * 799, abs=0.05)


def test_neutral_line_by_hand_with_a_window_of_all() -> None:
    rng = np.random.default_rng(3)
    m, d = 0.01 * rng.standard_normal((2, 200))
    line, level = np.cumsum(np.r_[0, d]), np.exp(np.cumsum(np.r_[0, m]))
    t = 180  # return t of the line is d[t - 1]; beta from the returns before it
    slope = np.cov(d[: t - 1], m[: t - 1])[0, 1] / m[: t - 1].var(ddof=1)
    flat = relative_lines.beta_neutral(line, level)
    assert flat[t] - flat[t - 1] == pytest.approx(d[t - 1] - slope * m[t - 1], abs=1e-12)


def test_beta_of_the_neutral_line_is_that_of_the_window_that_ended_the_day_before() -> None:
    rng = np.random.default_rng(4)
    m, d = 0.01 * rng.standard_normal((2, 299))
    line, level = np.cumsum(np.r_[0, d]), np.exp(np.cumsum(np.r_[0, m]))
    t, window = 290, 130
    seen = slice(t - 1 - window, t - 1)  # return t is d[t - 1]
    slope = np.cov(d[seen], m[seen])[0, 1] / m[seen].var(ddof=1)
    flat = relative_lines.beta_neutral(line, level, window)
    assert flat[t] - flat[t - 1] == pytest.approx(d[t - 1] - slope * m[t - 1], abs=1e-12)
    usual = relative_lines.beta_neutral(line, level)
    seen = slice(t - 1 - 252, t - 1)
    slope = np.cov(d[seen], m[seen])[0, 1] / m[seen].var(ddof=1)
    assert usual[t] - usual[t - 1] == pytest.approx(d[t - 1] - slope * m[t - 1], abs=1e-12)


def test_missing_values_of_a_line_or_a_benchmark_leave_the_neutral_line_going() -> None:
    line, level = 0.5 * walk(8, 400), np.exp(walk(8, 400))
    line[200], level[300] = np.nan, np.nan
    flat = relative_lines.beta_neutral(line, level)
    assert np.isnan(flat[200]) and np.isfinite(flat[[199, 201, 299, 300, 301]]).all()


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(400, 799))
def test_neutral_line_and_ladder_are_causal(seed: int, cut: int) -> None:
    line, level = walk(seed, 800), np.exp(walk(seed + 1, 800))
    whole, part = (
        relative_lines.beta_neutral(line, level),
        relative_lines.beta_neutral(line[:cut], level[:cut]),
    )
    np.testing.assert_allclose(part, whole[:cut], atol=1e-10)
    both, early = barriers.ladder(line), barriers.ladder(line[:cut])
    for c in barriers.LADDER:
        np.testing.assert_array_equal(early[c].state, both[c].state[:, :cut])


def test_benchmark_that_does_not_move_gives_no_neutral_line() -> None:
    assert np.isnan(relative_lines.beta_neutral(walk(2), np.full(1500, 100.0))).all()


def test_factor_line_turned_around_earns_the_opposite_and_missing_is_zero() -> None:
    r = np.array([0.1, np.nan, -0.05])
    np.testing.assert_allclose(
        relative_lines.factor_line(r), [np.log(1.1), np.nan, np.log(1.1 * 0.95)]
    )
    np.testing.assert_allclose(
        relative_lines.factor_line(r, -1), [np.log(0.9), np.nan, np.log(0.9 * 1.05)]
    )


def test_period_of_daily_and_monthly_series() -> None:
    daily, month_ends = (
        np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]"),
        np.arange("2020-01", "2024-01", dtype="datetime64[M]").astype("datetime64[D]"),
    )
    assert relative_lines.period_of(daily) == 1 and relative_lines.period_of(month_ends) == 21
    with pytest.raises(UsageError, match="no episodes"):
        relative_lines.period_of(np.array(["2000-12-31", "2001-12-31"], "datetime64[D]"))


@pytest.mark.parametrize(("days", "period"), [(1, 1), (9, 1), (10, 21), (99, 21)])
def test_period_by_the_typical_gap(days: int, period: int) -> None:
    dates = np.datetime64("2000-01-01") + days * np.arange(5)
    assert relative_lines.period_of(dates) == period
    assert relative_lines.period_of(dates[:1]) == 1


def test_an_observation_every_hundred_days_is_too_rare() -> None:
    with pytest.raises(UsageError, match="every 100 days"):
        relative_lines.period_of(np.datetime64("2000-01-01") + 100 * np.arange(5))


# ---- the ladder


def test_ladder_says_at_each_size_what_the_detector_says() -> None:
    lines = np.stack([walk(5), walk(6)])
    found = barriers.ladder(lines)
    for c in barriers.LADDER:
        alone = methods.detect(lines, c)
        for name in ("series", "direction", "extreme", "known", "complete", "state", "since"):
            np.testing.assert_array_equal(
                getattr(found[c], name), getattr(alone, name), err_msg=f"{name} at {c}"
            )
        for name in ("size", "sigma", "move", "barrier"):
            np.testing.assert_allclose(getattr(found[c], name), getattr(alone, name), rtol=1e-12)
    assert len(found[0.75]) > len(found[2.25]) > 0


def test_the_ladder_has_seven_sizes_a_quarter_apart_and_three_names() -> None:
    assert sorted(barriers.ladder(walk(5, 300))) == [0.75, 1, 1.25, 1.5, 1.75, 2, 2.25]
    assert barriers.NAMED == {1.0: "watch", 1.5: "episode", 2.0: "major"}
    daily = barriers.ladder(walk(5, 600), (1.5,), step=1)[1.5]
    sd = np.diff(walk(5, 600))[499 - 252 : 499].std(ddof=1)
    assert daily.barrier[0, 499] == pytest.approx(1.5 * sd * np.sqrt(63))


@pytest.mark.parametrize("c", [1.0, 1.5, 2.0])
def test_verdict_of_a_ladder_is_the_detectors_own(c: float) -> None:
    lines = np.stack([walk(7), walk(8), np.full(1500, np.nan), walk(9)])
    lines[3, 200:] = np.nan  # too short
    found = barriers.ladder(lines)
    for row, own in enumerate(methods.turn_states(lines, c)):
        mine = barriers.last_state(found, lines[row], row, c)
        assert (mine.direction, mine.below, mine.above, mine.since, mine.reason) == (
            own.direction,
            own.below,
            own.above,
            own.since,
            own.reason,
        )
        np.testing.assert_allclose(
            [mine.move, mine.barrier, mine.distance], [own.move, own.barrier, own.distance]
        )


def test_episodes_with_a_barrier_of_one_by_hand() -> None:
    """Up is known at 3, which is no episode; down from 1.5 at 4, known at 6; up from -0.25 at 7."""
    line = np.array([0.25, 0, 0.5, 1, 1.5, 1.5, 0.5, -0.25, 0.25, 0.75, 2])
    found = methods.detect(
        np.stack([line + 3, line]), 1, sigma_per_session=np.full(11, 1 / np.sqrt(63))
    )
    down, up = episode_table(found, line, 1)
    assert (down.direction, down.pivot, down.known, down.sessions) == (-1, 4, 6, 2)
    assert (down.until, down.open) == (7, False)
    assert down.far == pytest.approx(np.exp(-1.0) - 1)
    assert down.went == pytest.approx(np.exp(-1.75) - 1)
    assert (up.direction, up.pivot, up.known, up.sessions) == (1, 7, 9, 2)
    assert (up.until, up.open) == (10, True)
    assert up.far == pytest.approx(np.exp(1.0) - 1) and up.went == pytest.approx(np.exp(2.25) - 1)
    assert last_turn(found, 1) == (1, 7, 9)
    nothing = methods.detect(np.zeros(11), 1, sigma_per_session=np.full(11, 1 / np.sqrt(63)))
    assert episode_table(nothing, np.zeros(11)) == [] and last_turn(nothing, 0) is None


def test_table_of_a_line_made_by_hand() -> None:
    noise = 0.001 * np.tile([1, -1], 200)
    turns = np.r_[noise, np.linspace(0, -0.5, 100), np.linspace(-0.5, 0.1, 100), np.full(30, 0.1)]
    found = barriers.ladder(turns)[1.5]
    listed = episode_table(found, turns)
    # the fall was the first turn: no episode
    assert [e.direction for e in listed] == [1] and listed[0].open
    (rise,) = listed
    assert (
        rise.pivot in (499, 500) and rise.until == 599 and rise.sessions == rise.known - rise.pivot
    )
    assert rise.far == pytest.approx(np.expm1(turns[rise.known] + 0.5))
    assert rise.went == pytest.approx(np.expm1(0.6))
    assert last_turn(found, 0) == (1, rise.pivot, rise.known)


def test_monthly_lines_turn_at_the_same_multiple_of_a_quarters_move() -> None:
    line = np.cumsum(0.03 * np.random.default_rng(4).standard_normal(600))
    found = barriers.ladder(line, (1.5,), period=21)[1.5]
    t = 300
    sd = np.diff(line)[t - 12 : t].std(ddof=1)
    assert found.barrier[0, t] == pytest.approx(1.5 * sd * np.sqrt(3))
    assert len(found) > 5


def test_a_line_is_daily_unless_it_is_said_to_be_rarer() -> None:
    line = walk(4, 300)
    returns = np.diff(line[299 - 250 :: 5])  # fifty of five sessions each
    assert barriers.volatility(line)[0, 299] == pytest.approx(returns.std(ddof=1) / np.sqrt(5))


# ---- false alarms


def test_false_alarms_of_walks_are_those_of_the_calibration() -> None:
    walks, own = false_alarms([None, np.diff(walk(1, 4000))], 1.5, paths=100, years=12)
    exact = methods.calibrate(c=1.5, series=250, years=12, seed=5)
    for found in (walks, own):
        assert found.low < found.rate < found.high and found.high - found.low < 0.15
        assert found.rate == pytest.approx(exact.rate, abs=0.12)
    again = false_alarms([None, np.diff(walk(1, 4000))], 1.5, paths=100, years=12)
    assert again == [walks, own]
    assert walks.method == "driftless Gaussian walks"
    assert own.method == "stationary bootstrap of demeaned relative returns, blocks of 21"


def test_resampling_removes_the_trend() -> None:
    trend = np.diff(walk(2, 3000)) + 0.004
    (own,) = false_alarms([trend], 1.5, paths=60, years=8)
    assert 0.5 < own.rate < 1.1
    # while the trend itself hardly turns
    assert barriers.ladder(np.cumsum(trend), (1.5,))[1.5].rate_per_year()[0] < 0.3


def test_history_too_short_to_resample_has_no_rate() -> None:
    (short,) = false_alarms([np.diff(walk(1, 200))], 1.5, paths=20, years=2)
    assert np.isnan(short.rate) and short.series == 0
    window, longer = false_alarms(
        [np.diff(walk(1, n)) for n in (253, 254)], 1.5, paths=20, years=2
    )  # as many returns as a sigma looks back over, and one more
    assert np.isnan(window.rate) and longer.rate >= 0 and longer.series == 20


# ---- windows


def line_of(*returns: float) -> Array:
    """The line of simple relative returns."""
    return np.cumsum(np.r_[0.0, np.log1p(returns)])


def test_superlative_by_hand() -> None:
    line = np.cumsum(np.r_[np.zeros(50), 0.05, np.tile([0.001, -0.001], 60), 0.02])
    found = superlative(line, 1)
    assert found is not None
    assert found.now == pytest.approx(np.expm1(0.02)) and found.since == 50
    assert found.n == len(line) - 1 - 1 and found.rank == pytest.approx(1 - 1 / found.n)
    record = superlative(np.r_[line, line[-1] - 0.3], 1)
    assert record is not None and record.since == -1 and record.rank == 0.0
    assert superlative(walk(1, 90), 10) is None


def test_superlative_of_a_fall_and_its_least_history() -> None:
    fall = superlative(line_of(*[0.01, -0.01] * 4, -0.02, *[0.01, -0.01] * 4, -0.015), 1)
    assert fall is not None and fall.now == pytest.approx(-0.015) and fall.sessions == 1
    assert (fall.n, fall.rank, fall.since) == (17, pytest.approx(1 / 17), 9)
    # ten windows of two sessions that end before it begins, each of them worth a half: too few
    assert superlative(line_of(*[0.01, -0.01] * 11), 2) is None
    enough = superlative(line_of(*[0.01, -0.02, 0.03] * 7, 0.01, 0.0), 2)
    assert enough is not None and enough.n == 20
    fortnight = superlative(walk(3, 400))
    assert fortnight is not None and fortnight.sessions == 10


# ---- analogues


def test_expanding_score_uses_nothing_later() -> None:
    x = np.random.default_rng(1).standard_normal((2, 300)) + 50
    z = analogues.expanding_z(x, 20)
    assert np.isnan(z[:, :20]).all()
    for t in (20, 100, 299):
        seen = x[0, : t + 1]
        assert z[0, t] == pytest.approx((seen[-1] - seen.mean()) / seen.std(ddof=1))


def test_analogues_keep_their_distance_and_find_the_day_made_alike() -> None:
    rng = np.random.default_rng(2)
    vector = rng.standard_normal((3, 4000))
    vector[:, 2000] = vector[:, -1] + 1e-3
    found = analogues.find(vector, 63)
    assert found.at[0] == 2000 and found.distance[0] < 0.1 and (np.diff(found.distance) >= 0).all()
    assert len(found.at) == analogues.CHOSEN and np.diff(np.sort(found.at)).min() >= 63
    assert found.at.max() <= 3999 - 252 and not found.eligible[-252:].any()


def test_what_followed_is_found_where_it_was_planted_and_suppressed_where_thin() -> None:
    rng = np.random.default_rng(3)
    state = np.repeat(rng.standard_normal(300), 21)[None, :]
    line = np.cumsum(0.001 * rng.standard_normal(6300) + 0.004 * (np.roll(state[0], 1) > 1))
    state[0, -1] = 2.0
    near = analogues.find(np.vstack([state, state + 0.01 * rng.standard_normal(state.shape)]), 5)
    (planted,) = analogues.followed(near, [line], 5)
    assert (
        planted.evidence.effect is not None
        and planted.evidence.low is not None
        and planted.evidence.low > 0
    )
    (thin,) = analogues.followed(
        analogues.find(np.vstack([state, state[:, ::-1]]), 21, chosen=5), [line], 21
    )
    assert thin.mean is None and "at least 10" in thin.evidence.note


def test_state_without_a_complete_last_day_is_refused() -> None:
    with pytest.raises(UsageError, match="no complete state"):
        analogues.find(np.full((2, 3000), np.nan), 21)
    today_only = np.random.default_rng(8).standard_normal((2, 300))
    today_only[1, 299] = np.nan
    with pytest.raises(UsageError, match="no complete state"):
        analogues.find(today_only, 3, per_month=1)


def test_state_vector_by_hand() -> None:
    market, factor = np.full(300, 0.001), np.full((1, 300), -0.002)
    market[-1] = 0.003
    vector, names = analogues.state(market, factor)
    assert len(names) == len(vector) == 7
    named = dict(zip(names, vector[:, -1], strict=True))
    assert named["market, one month"] == pytest.approx(0.020 + 0.003)
    assert named["factor 0, six months"] == pytest.approx(-0.002 * 126)
    assert named["distance from high"] == 0.0


def test_state_vector_before_its_windows_are_full() -> None:
    rng = np.random.default_rng(5)
    market, factor = 0.01 * rng.standard_normal(300), 0.01 * rng.standard_normal((1, 300))
    vector, names = analogues.state(market, factor)
    first = {n: int(np.isfinite(row).argmax()) for n, row in zip(names, vector, strict=True)}
    assert first == {
        "market, one month": 21,
        "market, six months": 126,
        "market, twelve months": 252,
        "volatility": 20,
        "distance from high": 251,
        "factor 0, one month": 21,
        "factor 0, six months": 126,
    }
    named = dict(zip(names, vector[:, -1], strict=True))
    assert named["market, twelve months"] == pytest.approx(market[-252:].sum())
    assert named["volatility"] == pytest.approx(np.log(market[-21:].std(ddof=1)))
    high = np.cumsum(market)[-252:].max()
    assert named["distance from high"] == pytest.approx(np.cumsum(market)[-1] - high)
    assert named["factor 0, one month"] == pytest.approx(factor[0, -21:].sum())
    monthly, _ = analogues.state(market, factor, per_month=1)
    assert monthly[3, -1] == pytest.approx(np.log(market[-12:].std(ddof=1)))
    assert monthly[2, -1] == pytest.approx(market[-12:].sum())
    twice_a_month, _ = analogues.state(market, factor, per_month=2)
    assert twice_a_month[3, -1] == pytest.approx(np.log(market[-2:].std(ddof=1)))


def test_the_year_before_today_is_out_and_the_day_before_it_is_not() -> None:
    vector = np.random.default_rng(6).standard_normal((3, 1000))
    vector[:, 999 - 12] = vector[:, 999 - 11] = vector[:, 999]
    assert 999 - 12 in analogues.find(vector, 3, per_month=1).at
    assert not analogues.find(vector, 3, per_month=1).eligible[999 - 11 :].any()
    far = analogues.find(vector, 40, per_month=1)
    assert far.eligible[999 - 40] and not far.eligible[999 - 39 :].any()
    # sixty months of history come first
    assert int(far.eligible.argmax()) == 60


@pytest.mark.parametrize("alike", [(150, 151, 153), (150, 149, 147), (150, 148, 146)])
def test_analogues_by_hand_with_one_part(alike: tuple[int, int, int]) -> None:
    """Distance is that of z-scores in standard deviations of theirs; neighbours are passed over."""
    x = np.random.default_rng(7).standard_normal(300)
    wished = dict(zip(alike, (1.00001, 1.00002, 1.00003), strict=True)) | {299: 1.0}
    for t, score in sorted(wished.items()):
        # the value whose z-score among the first n is that one
        n, before = t + 1, x[:t]
        scatter = ((before - before.mean()) ** 2).sum()
        away = scatter / ((n - 1) ** 3 / n**2 / score**2 - (n - 1) / n)
        x[t] = before.mean() + np.sqrt(away)
    z = np.array([(x[t] - x[: t + 1].mean()) / x[: t + 1].std(ddof=1) for t in range(60, 300)])
    distance = np.abs(z - z[-1]) / z.std(ddof=1)
    near = analogues.find(x[None], 3, per_month=1, chosen=5)
    for t, found in zip(near.at, near.distance, strict=True):
        assert found == pytest.approx(distance[t - 60])
    order = [int(t) + 60 for t in np.argsort(distance[:-12])]
    wanted: list[int] = []
    for t in order:
        if len(wanted) < 5 and all(abs(t - other) >= 3 for other in wanted):
            wanted.append(t)
    assert near.at.tolist() == wanted
    assert {alike[0], alike[2]} <= set(wanted) and alike[1] not in wanted


def test_what_followed_is_counted_by_hand() -> None:
    """Twelve days, each followed by 1%, on a line that else falls and rises by half a percent."""
    at = np.arange(20, 140, 10)
    moves = np.tile([-0.005, 0.005], 100)
    moves[at] = 0.01
    near = analogues.Analogues(at, np.zeros(12), np.arange(200) < 150)
    (after,) = analogues.followed(near, [line_of(*moves)[:200]], 1, draws=50)
    assert after.mean == pytest.approx(0.01) and after.hit_rate == 1
    assert after.evidence.n == 12
    # of the first 150 days the twelve are even ones: 63 fall, 75 rise by a half, 12 by one percent
    assert after.base == pytest.approx((63 * -0.005 + 75 * 0.005 + 12 * 0.01) / 150)
    assert after.base_hit_rate == pytest.approx(87 / 150)
