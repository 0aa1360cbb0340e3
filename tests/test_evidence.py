"""Evidence against published values, closed forms, brute force; placebo tests reject rightly."""

from __future__ import annotations

import itertools
import json
import math
import sys
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paceline import evidence as ev
from paceline.errors import NotEnoughData, UsageError
from paceline.evidence.means import autocorrelation, cosine_variance

P = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216]


def ar1(seed: int, n: int, phi: float) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(n)
    x = np.zeros(n)
    for t in range(1, n):
        x[t] = phi * x[t - 1] + noise[t]
    return x


# -- families of questions
# -----------------------------------------------------------------------------------------


def test_benjamini_hochberg_on_the_published_list() -> None:
    expected = [0.01, 0.04, 0.084, 0.084, 0.084, 0.1, 0.1057, 0.216, 0.216, 0.216]
    assert ev.adjust(P) == pytest.approx(expected, abs=5e-5)


def test_benjamini_yekutieli_against_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    assert ev.adjust(P, "by") == pytest.approx(multipletests(P, method="fdr_by")[1], rel=1e-12)


def test_a_family_counts_only_questions_that_could_be_asked() -> None:
    family = [ev.Evidence(0.1, p=0.01), ev.no_evidence("too short"), ev.Evidence(0.2, p=0.04)]
    judged = ev.judge_family(family)
    assert [e.questions for e in judged] == [2, 2, 2]
    assert [e.p_adjusted for e in judged] == [pytest.approx(0.02), None, pytest.approx(0.04)]
    assert judged[1].note == "too short" and judged[1].suppressed
    assert ev.judge_family([]) == []
    assert ev.judge_family([ev.no_evidence("x")])[0].questions == 0


def test_unknown_correction_is_refused() -> None:
    with pytest.raises(UsageError, match="bonferroni"):
        ev.adjust(P, "bonferroni")  # type: ignore[arg-type]


def test_evidence_is_plain_json() -> None:
    row = ev.Evidence(0.1, math.nan, 0.2, 30, 12.0).to_json()
    assert json.loads(json.dumps(row, allow_nan=False))["low"] is None
    assert list(row) == [
        "effect",
        "low",
        "high",
        "n",
        "n_effective",
        "p",
        "p_adjusted",
        "questions",
        "method",
        "minimum_detectable",
        "note",
    ]


# -- reasons and effective numbers
# -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("series", "reason"),
    [
        (np.full(100, np.nan), "every value is missing"),
        (np.arange(5.0), "too short: 5 observations"),
        (np.full(100, 3.0), "constant"),
        (np.full(100, 1.0) + 1e-15 * np.arange(100), "constant"),
    ],
)
def test_a_reason_instead_of_a_number(series: np.ndarray, reason: str) -> None:
    for result in (
        ev.hac_mean(series),
        ev.mean_evidence(series[None])[0],
        ev.event_evidence(series, np.ones(len(series), bool)),
        ev.mean_shift(series, np.random.default_rng(0).standard_normal(100)),
    ):
        assert result.suppressed and reason in result.note and result.p is None


def test_too_few_independent_observations_suppress_the_number() -> None:
    x = np.random.default_rng(0).standard_normal(500)
    event = np.zeros(500, bool)
    event[np.arange(40, 490, 50)] = True
    few = ev.event_evidence(x, event, horizon=20, draws=100)
    assert few.suppressed and few.n == 9 and few.n_effective == 9 and "at least 10" in few.note
    event[0] = True
    assert not ev.event_evidence(x, event, horizon=20, draws=100).suppressed


def test_overlapping_windows() -> None:
    assert ev.independent_windows(6300, 252) == 25
    with pytest.raises(UsageError):
        ev.independent_windows(10, 0)


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        ([], 5, 0),
        ([3], 5, 1),
        ([0, 5, 10], 5, 3),
        ([0, 5, 10], 6, 2),
        ([10, 0, 5], 6, 2),
        ([0, 1, 4], [100, 2, 2], 2),  # the first to begin is not the one to take
    ],
)
def test_events_that_do_not_overlap(
    start: list[int], length: int | list[int], expected: int
) -> None:
    assert ev.independent_events(start, length) == expected


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12)), max_size=7))
@settings(max_examples=60)
def test_greedy_choice_is_the_best_of_all_choices(windows: list[tuple[int, int]]) -> None:
    best = max(
        len(chosen)
        for size in range(len(windows) + 1)
        for chosen in itertools.combinations(windows, size)
        if all(
            a[0] + a[1] <= b[0] or b[0] + b[1] <= a[0] for a, b in itertools.combinations(chosen, 2)
        )
    )
    assert ev.independent_events([w[0] for w in windows], [w[1] for w in windows] or 1) == best


def test_minimum_detectable_effect_is_found_in_four_of_five_tests() -> None:
    assert ev.minimum_detectable(1.0) == pytest.approx(2.8015852, rel=1e-6)
    draws = np.random.default_rng(3).standard_normal(20_000) + ev.minimum_detectable(1.0)
    assert (np.abs(draws) > 1.96).mean() == pytest.approx(0.80, abs=0.01)


# -- means
# -------------------------------------------------------------------------------------------


def test_cosine_variance_by_its_sum() -> None:
    """The mean of the squared cosine coefficients, each summed by hand."""
    x = np.random.default_rng(0).standard_normal(50)
    x -= x.mean()
    t = np.arange(1, 51) - 0.5
    by_hand = [
        (
            math.sqrt(2 / 50)
            * sum(v * math.cos(math.pi * j * k / 50) for v, k in zip(x, t, strict=True))
        )
        ** 2
        for j in (1, 2, 3)
    ]
    assert cosine_variance(x, 3) == pytest.approx(sum(by_hand) / 3, rel=1e-10)
    gaps = x.copy()
    gaps[::5] = np.nan
    assert cosine_variance(gaps, 3) == pytest.approx(
        cosine_variance(np.nan_to_num(gaps), 3) / 0.8, rel=1e-12
    )


def test_autocorrelation_by_hand() -> None:
    """3, 1, -1, -3: sum of squares 20, of neighbours 3 - 1 + 3 = 5; r 0.25, + 1.75 / 4."""
    assert autocorrelation(np.array([4.0, 2.0, 0.0, -2.0])) == pytest.approx(0.25 + 1.75 / 4)
    # a gap keeps neighbours apart: 3, -, -1, -3 less their mean -1/3
    c = np.array([10 / 3, -2 / 3, -8 / 3])
    r = (c[1] * c[2]) / (c**2).sum()
    gapped = autocorrelation(np.array([3.0, np.nan, -1.0, -3.0]))
    assert gapped == pytest.approx(r + (1 + 3 * r) / 3)
    assert autocorrelation(np.arange(200.0)) == 0.97  # never a random walk


def test_mean_error_of_values_with_memory_by_its_definition() -> None:
    x = ar1(9, 300, 0.6)
    rho = autocorrelation(x)
    c = x - x.mean()
    left = c[1:] - rho * c[:-1]
    count = int(0.4 * 300 ** (2 / 3))
    assert count == 17
    variance = cosine_variance(left - left.mean(), count) / (1 - rho) ** 2
    found = ev.mean_error(x)
    assert found == pytest.approx(
        (300, x.mean(), math.sqrt(variance / 300), 17, 300 * (1 - rho) / (1 + rho)), rel=1e-12
    )
    # three in each thousand are needed for four cosines; of 20 values there are four
    assert ev.mean_error(x[:20]).freedom == 4


def test_mean_error_of_windows_that_overlap() -> None:
    x = np.convolve(np.random.default_rng(3).standard_normal(520), np.ones(21), "valid")
    assert len(x) == 500
    found = ev.mean_error(x, 21)
    assert found.freedom == 11  # 500 / 42
    assert found.error == pytest.approx(math.sqrt(cosine_variance(x - x.mean(), 11) / 500))
    assert found.effective <= 500 / 21
    with pytest.raises(UsageError, match="0 sessions does not exist"):
        ev.mean_error(x, 0)


def test_the_interval_and_p_are_those_of_student() -> None:
    from scipy.stats import t

    x = np.random.default_rng(3).standard_normal(200) + 0.1
    found, judged = ev.mean_error(x), ev.hac_mean(x)
    low, high = t.interval(0.95, found.freedom, loc=found.mean, scale=found.error)
    assert [judged.low, judged.high] == pytest.approx([low, high], rel=1e-9)
    expected = 2 * t.sf(abs(found.mean / found.error), found.freedom)
    assert judged.p == pytest.approx(expected, rel=1e-9)


def noise(kind: str, n: int, rng: np.random.Generator) -> np.ndarray:
    """Series whose true mean is zero."""
    if kind == "windows of 21":
        return np.convolve(rng.standard_normal(n + 20), np.ones(21), "valid")
    phi = float(kind)
    return ar1(int(rng.integers(2**31)), n + 100, phi)[100:]


@pytest.mark.parametrize(
    ("kind", "n", "horizon", "least"),
    [
        ("0", 20, 1, 0.93),
        ("0", 35, 1, 0.93),
        ("0.6", 500, 1, 0.90),
        ("0.9", 500, 1, 0.90),
        ("windows of 21", 500, 21, 0.90),
    ],
)
def test_intervals_hold_as_often_as_they_say(kind: str, n: int, horizon: int, least: float) -> None:
    """Of 400 means of zero so many lie within; less two standard errors of the count."""
    rng = np.random.default_rng(17)
    found = [ev.hac_mean(noise(kind, n, rng), horizon) for _ in range(400)]
    held = [e.low <= 0 <= e.high for e in found if e.low is not None and e.high is not None]
    assert len(held) > 350
    assert np.mean(held) > least - 2 * math.sqrt(least * (1 - least) / len(held))
    assert np.mean(held) < 0.99  # an interval that always holds says nothing


def test_twenty_observations_are_a_series() -> None:
    x = np.random.default_rng(1).standard_normal(20)
    assert "19 observations, at least 20" in ev.hac_mean(x[1:]).note
    assert not ev.hac_mean(x).suppressed


def test_two_thousand_draws_unless_said() -> None:
    x, event = np.random.default_rng(0).standard_normal(200), np.arange(200) % 7 == 0
    drawn = ev.stationary_bootstrap(lambda counts: counts.sum(axis=1), 30, block=3)
    assert len(drawn) == 2000
    assert " 2000 draws" in ev.event_evidence(x, event).method
    assert " 2000 draws" in ev.mean_evidence(x[None], block=2)[0].method


def test_autocorrelation_costs_observations() -> None:
    x = ar1(4, 4000, 0.8)
    # Of n observations as many as n (1 - phi) / (1 + phi) count.
    assert ev.hac_mean(x).n_effective == pytest.approx(4000 / 9, rel=0.25)
    assert ev.hac_mean(x).n == 4000
    worth = [ev.hac_mean(ar1(seed, 500, 0.9)).n_effective for seed in range(60)]
    assert np.median([w for w in worth if w is not None]) == pytest.approx(26.3, rel=0.2)


def test_mean_shift_is_welch_with_the_errors_of_both_means() -> None:
    from scipy.stats import t

    rng = np.random.default_rng(5)
    before, after = rng.standard_normal(80), 2 * rng.standard_normal(50) + 0.5
    one, two, mine = ev.mean_error(before), ev.mean_error(after), ev.mean_shift(before, after)
    se = math.hypot(one.error, two.error)
    freedom = se**4 / (one.error**4 / one.freedom + two.error**4 / two.freedom)
    effect = after.mean() - before.mean()
    assert mine.effect == pytest.approx(effect)
    assert [mine.low, mine.high] == pytest.approx(
        list(t.interval(0.95, freedom, loc=effect, scale=se)), rel=1e-9
    )
    assert mine.p == pytest.approx(2 * t.sf(abs(effect) / se, freedom), rel=1e-9)
    assert mine.n == 130 and mine.n_effective == min(one.effective, two.effective)


# -- bootstrap
# -------------------------------------------------------------------------------------------


def test_block_length_from_the_data() -> None:
    x = ar1(1, 1000, 0.5)
    assert ev.block_length(x[None])[0] == pytest.approx(11.4349, abs=5e-5)
    assert ev.block_length(x[None], "circular")[0] == pytest.approx(13.0896, abs=5e-5)
    assert np.isnan(ev.block_length(np.zeros((1, 100)))[0])


@pytest.mark.parametrize("n", [20, 33, 250, 2000])
@pytest.mark.parametrize("phi", [-0.5, 0.0, 0.4, 0.9])
def test_block_length_is_that_of_an_independent_implementation(n: int, phi: float) -> None:
    from arch.bootstrap import optimal_block_length

    for seed in range(6):
        x = ar1(seed, n, phi)
        for kind in ("stationary", "circular"):
            theirs = max(1.0, float(optimal_block_length(x)[kind].iloc[0]))
            assert ev.block_length(x[None], kind)[0] == pytest.approx(theirs, rel=1e-9)


def test_draws_are_blocks_of_consecutive_sessions() -> None:
    index = ev.stationary_indices(50, 8.0, 4000, np.random.default_rng(0))
    assert index.shape == (4000, 50) and index.min() == 0 and index.max() == 49
    goes_on = (np.diff(index, axis=1) % 50 == 1).mean()
    # a new block may begin where the old one ended
    assert goes_on == pytest.approx(1 - 1 / 8 + 1 / 8 / 50, abs=0.002)
    assert np.bincount(index.ravel()) / index.size == pytest.approx(np.full(50, 1 / 50), rel=0.05)


def test_blocks_of_one_session_are_the_ordinary_bootstrap() -> None:
    x = np.random.default_rng(2).standard_normal(400)
    means = ev.stationary_bootstrap(lambda counts: counts @ x / 400, 400, block=1, draws=4000)
    assert means.std() == pytest.approx(x.std() / 20, rel=0.04)


@pytest.mark.parametrize("block", [2.5, 20.0, 150.0])
def test_variance_of_the_mean_is_the_closed_form(block: float) -> None:
    """Politis, Romano (1994): n var = g_0 + 2 sum_k b_k g_k.

    b_k = (1 - k/n) q^k + (k/n) q^(n - k), q = 1 - 1/block."""
    x = ar1(7, 200, 0.6)
    n, q, centred = 200, 1 - 1 / block, x - x.mean()
    k = np.arange(1, n)
    g = np.array([centred[j:] @ centred[: n - j] / n for j in range(n)])
    expected = (g[0] + 2 * (((1 - k / n) * q**k + k / n * q ** (n - k)) @ g[1:])) / n
    means = ev.stationary_bootstrap(
        lambda counts: counts @ x / n, n, block=block, draws=6000, seed=1
    )
    assert means.var() == pytest.approx(expected, rel=0.07)
    assert means.mean() == pytest.approx(x.mean(), abs=4 * math.sqrt(expected / 6000))


def test_counts_and_indices_are_the_same_draws() -> None:
    from paceline.evidence.bootstrap import _counts

    counts = _counts(30, 7.0, 50, np.random.default_rng(9))
    index = ev.stationary_indices(30, 7.0, 50, np.random.default_rng(9))
    assert (counts == [np.bincount(row, minlength=30) for row in index]).all()


@pytest.mark.parametrize("block", [1.0, 7.0, 90.0, 500.0])
def test_sums_over_blocks_are_those_of_counts(block: float) -> None:
    values = np.random.default_rng(3).standard_normal((120, 3))
    values[:, 2] = values[:, 2] > 0  # whole numbers stay whole
    sums = ev.bootstrap_sums(values, block=block, draws=250, seed=4)
    counted = ev.stationary_bootstrap(
        lambda counts: counts @ values, 120, block=block, draws=250, seed=4
    )
    np.testing.assert_allclose(sums, counted, rtol=0, atol=1e-11)
    assert (sums[:, 2] == counted[:, 2]).all()


def test_seed_decides_everything_and_progress_is_told() -> None:
    x, told = np.random.default_rng(0).standard_normal((3, 200)), []
    first = ev.mean_evidence(
        x, draws=250, block=4, progress=lambda done, of: told.append((done, of))
    )
    assert told == [(100, 250), (200, 250), (250, 250)]
    assert ev.mean_evidence(x, draws=250, block=4) == first
    assert ev.mean_evidence(x, draws=250, block=4, seed=1) != first


def test_more_cores_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """joblib is handed the work done here; bench/evidence.py checks it with real processes."""
    asked = []

    class Parallel:
        def __init__(self, n_jobs: int, return_as: str) -> None:
            asked.append((n_jobs, return_as))

        def __call__(self, tasks: list) -> list:
            return [function(*args) for function, args in list(tasks)]

    fake = types.SimpleNamespace(Parallel=Parallel, delayed=lambda f: lambda *args: (f, args))
    monkeypatch.setitem(sys.modules, "joblib", fake)
    x = np.random.default_rng(0).standard_normal((2, 100))
    assert ev.mean_evidence(x, draws=250, block=3, n_jobs=2) == ev.mean_evidence(
        x, draws=250, block=3
    )
    assert asked == [(2, "generator")]


def test_missing_joblib_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(UsageError, match="pip install joblib"):
        ev.stationary_bootstrap(lambda c: c[:, 0], 10, block=2, n_jobs=2)


def test_sessions_are_drawn_whole() -> None:
    x = np.random.default_rng(0).standard_normal(300)
    noise = np.random.default_rng(1).standard_normal(300)
    a, b, difference = ev.mean_evidence(
        np.array([x, x + 1e-3 * noise, 1e-3 * noise]), block=5, draws=500
    )
    assert a.high is not None and b.high is not None and difference.high is not None
    # drawn apart it would be as wide as a or b
    assert difference.high - difference.low < 0.01 * (a.high - a.low)


def test_missing_values_are_left_out_of_the_mean() -> None:
    x = np.random.default_rng(0).standard_normal((1, 400)) + 1
    x[0, ::2] = np.nan
    result = ev.mean_evidence(x, block=3, draws=300)[0]
    assert result.n == 200 and result.effect == pytest.approx(np.nanmean(x)) and result.p == 1 / 301


def test_interval_and_p_say_the_same_and_reject_five_in_a_hundred() -> None:
    """300 noise series, autocorrelation 0.3, no mean: 5% are "significant" (binomial sd 1.3%)."""
    rng = np.random.default_rng(11)
    noise = rng.standard_normal((300, 801))
    x = noise[:, 1:] + 0.35 * noise[:, :-1]
    found = ev.mean_evidence(x, block=10, draws=600)
    assert all(
        (e.p <= 0.05) == (not e.low <= 0 <= e.high) or abs(e.p - 0.05) < 0.002 for e in found
    )
    assert 0.02 < np.mean([e.p <= 0.05 for e in found]) < 0.09


# -- events
# -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", [False, True])
def test_circular_shift_is_what_shifting_gives(missing: bool) -> None:
    rng = np.random.default_rng(0)
    value, event = rng.standard_normal(60), rng.random(60) < 0.2
    if missing:
        value[[3, 4, 40, 59]] = np.nan
    base = np.nanmean(value)
    effects = [np.nanmean(value[np.roll(event, s)]) - base for s in range(60)]
    p, placebo = ev.circular_shift_placebo(value, event, exclude=5)
    assert placebo == pytest.approx(effects[5:56], abs=1e-12)
    assert p == (1 + sum(abs(e) >= abs(effects[0]) for e in effects[5:56])) / 52


def test_events_every_day_have_no_effect() -> None:
    result = ev.event_evidence(
        np.random.default_rng(0).standard_normal(200), np.ones(200, bool), draws=100
    )
    assert (
        result.effect == pytest.approx(0, abs=1e-12)
        and result.p == 1
        and "no circular-shift" in result.note
    )


def test_events_are_compared_with_dates_a_horizon_away_and_further() -> None:
    rng = np.random.default_rng(3)
    line = np.cumsum(rng.standard_normal(307))
    value, event = line[7:] - line[:-7], rng.random(300) < 0.15
    effect = value[event].mean() - value.mean()
    shifted = [value[np.roll(event, s)].mean() - value.mean() for s in range(7, 294)]
    result = ev.event_evidence(value, event, horizon=7, draws=100)
    assert result.effect == pytest.approx(effect)
    assert result.p == (1 + sum(abs(e) >= abs(effect) for e in shifted)) / 288


@pytest.mark.parametrize("every", [False, True])
def test_what_all_sessions_share_widens_no_interval(every: bool) -> None:
    rng = np.random.default_rng(4)
    value, event = rng.standard_normal(400), (rng.random(400) < 0.1) | every
    one, other = (ev.event_evidence(value + level, event, draws=200) for level in (0, 50))
    assert other.effect == pytest.approx(one.effect, abs=1e-9)
    assert [other.low, other.high] == pytest.approx([one.low, one.high], abs=1e-9)
    assert other.minimum_detectable == pytest.approx(one.minimum_detectable, abs=1e-9)


def test_regular_events_are_not_compared_with_themselves() -> None:
    """Every 20th session: shifts by 20, 40 ... are the events again and no placebo."""
    event = np.arange(200) % 20 == 0
    p, placebo = ev.circular_shift_placebo(np.where(event, 1.0, 0.0), event)
    assert len(placebo) == 199 - 9 and p == 1 / 191


def test_random_dates_reject_about_five_in_a_hundred() -> None:
    """Placebo: 25 random dates in 800 sessions, next 5 sessions; 200 trials, binomial sd 1.5%."""
    rejected = []
    for trial in range(200):
        rng = np.random.default_rng(trial)
        line = np.cumsum(0.01 * rng.standard_t(5, 805))
        event = np.zeros(800, bool)
        event[rng.choice(800, 25, replace=False)] = True
        p = ev.event_evidence(
            np.expm1(line[5:] - line[:-5]), event, horizon=5, draws=200, seed=trial
        ).p
        rejected.append(p is not None and p <= 0.05)
    assert 0.01 < np.mean(rejected) < 0.10


def test_a_planted_effect_is_found_and_sized() -> None:
    rng = np.random.default_rng(0)
    value, event = rng.standard_normal(2000), np.zeros(2000, bool)
    event[rng.choice(2000, 50, replace=False)] = True
    value[event] += 1
    result = ev.event_evidence(value, event, draws=500)
    assert result.p < 0.01 and result.low < 1 < result.high and result.n == result.n_effective == 50
    assert result.minimum_detectable == pytest.approx(2.80 / math.sqrt(50), rel=0.25)


# -- many trials
# -------------------------------------------------------------------------------------------


def test_deflated_sharpe_of_the_paper() -> None:
    dsr, best = ev.deflated_sharpe(
        2.5 / math.sqrt(250), 1250, trials=100, variance=0.5 / 250, skew=-3, kurtosis=10
    )
    assert best == pytest.approx(0.113172, abs=5e-7) and dsr == pytest.approx(0.900397, abs=5e-7)
    assert ev.deflated_sharpe(0.1, 500, trials=1, variance=1)[0] == ev.probabilistic_sharpe(
        0.1, 500
    )
    # rules that are all alike deflate nothing; returns are normal unless said
    assert ev.deflated_sharpe(0.2, 101, trials=9, variance=0) == (
        pytest.approx(0.976165, abs=5e-6),
        0,
    )


def test_probabilistic_sharpe_by_hand() -> None:
    assert ev.probabilistic_sharpe(0.1, 101, benchmark=0.1) == 0.5
    # normal returns: .2 * 10 / sqrt(1 + .2^2 / 2) = 1.98030
    assert ev.probabilistic_sharpe(0.2, 101) == pytest.approx(0.976165, abs=5e-6)
    with pytest.raises(UsageError, match="raw kurtosis"):
        ev.probabilistic_sharpe(3, 100, kurtosis=0)


def test_overfitting_by_hand_and_on_noise() -> None:
    better = np.array([[1.0, 2, 1, 2], [-1, 1, -1, 1]])
    share, logits = ev.overfitting(better, blocks=2)
    assert share == 0 and logits == pytest.approx([math.log(2)] * 2)  # rank 2 of 2: w = 2/3
    turncoat = np.array([[1.0, 2, -1, -2], [-1, -2, 1, 2]])
    assert ev.overfitting(turncoat, blocks=2)[0] == 1
    noise = [
        ev.overfitting(np.random.default_rng(i).standard_normal((20, 500)), blocks=10)[0]
        for i in range(20)
    ]
    assert np.mean(noise) == pytest.approx(0.5, abs=0.12)


def test_overfitting_refuses_what_it_cannot_judge() -> None:
    x = np.random.default_rng(0).standard_normal((3, 100))
    with pytest.raises(UsageError, match="even"):
        ev.overfitting(x, blocks=5)
    for bad in (x[:1], x[:, :10], np.where(x > 2, np.nan, x)):
        with pytest.raises(NotEnoughData):
            ev.overfitting(bad)
