"""Rules by hand, the choice among variants, and work that others do."""

from __future__ import annotations

import math
import sys
from contextlib import contextmanager
from statistics import NormalDist
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from paceline import workers
from paceline.errors import UsageError
from paceline.methods.backtest import choice, rules
from paceline.methods.backtest.result import Traded
from paceline.methods.detector import detect
from views import weekdays

NONE = math.nan
DAYS = weekdays(600, "2023-01-02")
CALENDAR = weekdays(900, "2023-01-02")


def said(signals: np.ndarray) -> dict[int, list[float]]:
    """The decisions by session."""
    return {t: row.tolist() for t, row in enumerate(signals) if np.isfinite(row).all()}


# ---- rules by hand


def test_decisions_of_schedules() -> None:
    days = DAYS[:45]  # 2023-01-02 .. 2023-03-03
    assert rules.decisions(days, CALENDAR, "monthly").tolist() == [21, 41]
    assert str(days[41]) == "2023-02-28"
    assert rules.decisions(days, CALENDAR, "weekly").tolist() == list(range(4, 45, 5))
    assert rules.decisions(days[:44], CALENDAR, "weekly").tolist() == list(range(4, 44, 5))
    assert rules.decisions(days, CALENDAR, "quarterly").tolist() == []
    assert len(rules.decisions(days, CALENDAR, "daily")) == 45
    assert len(rules.decisions(days, CALENDAR, "once")) == 0


def test_constant_weights_begin_when_all_have_begun() -> None:
    levels = np.ones((3, 45))
    levels[0, :3] = NONE
    weights = np.array([0.5, 0.5, 0.0])
    found = rules.constant(weights, levels, DAYS[:45], CALENDAR, "monthly")
    assert said(found) == {t: [0.5, 0.5, 0.0] for t in (3, 21, 41)}


def test_a_switch_decides_where_its_condition_changes() -> None:
    on = np.array([NONE, 0, 0, NONE, 1, 1, NONE, 0])
    found = said(rules.switched(on, np.array([1.0, 0.0]), np.array([0.0, 1.0])))
    assert found == {1: [0, 1], 4: [1, 0], 7: [0, 1]}


def test_dips_by_hand() -> None:
    level = np.array([NONE, 100, 96, 95, 99, NONE, 100, 94, 101])
    found = rules.dips(level, 0.05)
    # 95 is a dip of 5%; it lasts until 100 is reached again; 94 is another one
    np.testing.assert_array_equal(found, [NONE, 0, 0, 1, 1, 1, 0, 1, 0])
    held = rules.dips(np.array([100.0, 94, 96, 97, 98]), 0.05, hold=2)
    np.testing.assert_array_equal(held, [0, 1, 1, 0, 0])


def test_seasons_may_cross_the_year() -> None:
    days = np.array(
        ["2023-12-14", "2023-12-15", "2023-12-31", "2024-01-14", "2024-01-15"], "datetime64[D]"
    )
    assert rules.in_season(days, (12, 15), (1, 15)).tolist() == [0, 1, 1, 1, 0]
    assert rules.in_season(days, (1, 1), (1, 15)).tolist() == [0, 0, 0, 1, 0]


def test_laggards_by_hand() -> None:
    days = np.array(
        ["2022-12-30", "2023-06-01", "2023-12-01", "2023-12-04", "2024-02-01"], "datetime64[D]"
    )
    # since the last close of 2022: -10%, +10%, -20%; the fourth is home
    levels = np.array(
        [[100, 90, 90, 1, 1], [100, 100, 110, 1, 1], [50, 60, 40, 1, 1], [1, 1, 1, 1, 1.0]]
    )
    home = np.array([0.0, 0, 0, 1])
    found = rules.laggards(levels, days, home, [0, 1, 2], (12, 1), (1, 31), 2)
    home_ = [0, 0, 0, 1]
    assert said(found) == {0: home_, 1: home_, 2: [0.5, 0, 0.5, 0], 4: home_}
    may = np.ones((4, 5), bool)
    may[2] = False
    found = rules.laggards(levels, days, home, [0, 1, 2], (12, 1), (1, 31), 1, may)
    assert said(found)[2] == [1, 0, 0, 0]


def test_momentum_by_hand() -> None:
    """Month ends of 2023; lookback 2, skip 1: from the end of two months before to the last but
    one. The second line gained in February, the first in March."""
    days = DAYS[:90]
    month = days.astype("datetime64[M]").astype(int) % 12
    levels = np.array(
        [np.where(month >= 2, 110.0, 100.0), np.where(month >= 1, 105.0, 100.0), np.ones(90)]
    )
    home = np.array([0.0, 0.0, 1.0])
    how: dict[str, Any] = {"when": "monthly", "lookback": 2, "skip": 1}
    found = rules.momentum(levels, days, CALENDAR, home, [0, 1], count=1, **how)
    ends = rules.decisions(days, CALENDAR, "monthly").tolist()
    assert said(found) == {ends[2]: [0, 1, 0], ends[3]: [1, 0, 0]}
    beating = rules.momentum(levels, days, CALENDAR, home, [0, 1], count=None, against=2, **how)
    assert said(beating) == {ends[2]: [0, 1, 0], ends[3]: [1, 0, 0]}
    none = rules.momentum(levels[::-1] * 1.0, days, CALENDAR, home, [], count=1, **how)
    assert all(row == [0, 0, 1] for row in said(none).values()), "nobody to choose: home"


def test_the_leader_is_the_detectors_and_fading_is_the_opposite() -> None:
    rng = np.random.default_rng(1)
    a, b = np.exp(rng.normal(0, 0.012, (2, 600)).cumsum(axis=1))
    led, faded = rules.leader(a, b, 1.0), rules.leader(a, b, 1.0, fade=True)
    state = detect(np.log(a / b), 1.0).state[0]
    known = state != 0
    assert known.any() and (np.isnan(led) == ~known).all()
    assert (led[known] == (state[known] > 0)).all() and (led[known] + faded[known] == 1).all()


def test_a_measure_above_or_below_a_limit() -> None:
    values = np.array([NONE, 0.4, 0.6, 0.5])
    np.testing.assert_array_equal(rules.condition(values, 0.5, None), [NONE, 0, 1, 0])
    np.testing.assert_array_equal(rules.condition(values, None, 0.5), [NONE, 1, 0, 0])
    np.testing.assert_array_equal(rules.condition(values, 0.0, None), [NONE, 1, 1, 1])


# ---- variants


def _variants(T: int = 600) -> tuple[Traded, list[np.ndarray]]:
    rng = np.random.default_rng(6)
    returns = rng.normal(0.0003, 0.01, (3, T))
    returns[1] += 0.001
    market = Traded(
        weekdays(T, "2020-01-01"),
        returns,
        np.ones((3, T), bool),
        np.zeros(T),
        np.full(3, 0.0005),
        0.0,
        0,
        252.0,
    )
    signals = []
    for weights in ([0, 1, 0], [0, 0, 1], [0.5, 0.5, 0]):
        one = np.full((T, 3), np.nan)
        one[5:T:21] = weights
        signals.append(one)
    return market, signals


def test_each_year_the_best_so_far_is_followed() -> None:
    market, signals = _variants()
    calendar = weekdays(900, "2020-01-01")
    active = np.array([choice.variant((market, s)).active for s in signals])
    out, which = choice.walk_forward(signals, active, market.days, calendar, 200)
    ends = rules.decisions(market.days, calendar, "annual")
    assert (which[: ends[0]] == -1).all() and np.isnan(out[: ends[0]]).all()
    for e, at in enumerate(ends.tolist()):
        past = active[:, 7 : at + 1]
        best = int((past.mean(axis=1) / past.std(axis=1, ddof=1)).argmax())
        stop = int(ends[e + 1]) if e + 1 < len(ends) else len(which)
        assert (which[at:stop] == best).all()
        assert out[at].tolist() == signals[best][5].tolist(), "from the target in force"
        np.testing.assert_array_equal(out[at + 1 : stop], signals[best][at + 1 : stop])
    for cut in (ends[0], ends[0] + 1, 400, 523):
        part = [s[: cut + 1] for s in signals]
        again, _ = choice.walk_forward(
            part, active[:, : cut + 1], market.days[: cut + 1], calendar, 200
        )
        np.testing.assert_array_equal(again, out[: cut + 1])
    nothing, none = choice.walk_forward(signals, active, market.days, calendar, 10_000)
    assert np.isnan(nothing).all() and (none == -1).all()


def test_the_deflated_ratio_by_hand() -> None:
    rng = np.random.default_rng(3)
    active = rng.normal(0.0005, 0.01, 1000)
    ratio = active.mean() / active.std(ddof=1)
    z = (active - active.mean()) / active.std()
    spread = math.sqrt(1 - (z**3).mean() * ratio + ((z**4).mean() - 1) / 4 * ratio**2)
    alone = choice.deflated(active, 1, (), 252)
    assert alone == pytest.approx(NormalDist().cdf(ratio * math.sqrt(999) / spread), abs=1e-12)
    ratios = (0.1, 0.5, -0.3, 0.2)
    best = math.sqrt(np.var(ratios, ddof=1) / 252) * (
        (1 - 0.5772156649015329) * NormalDist().inv_cdf(1 - 1 / 40)
        + 0.5772156649015329 * NormalDist().inv_cdf(1 - 1 / (40 * math.e))
    )
    many = choice.deflated(active, 40, ratios, 252)
    assert many == pytest.approx(
        NormalDist().cdf((ratio - best) * math.sqrt(999) / spread), abs=1e-12
    )
    assert choice.deflated(np.zeros(100), 3, ratios, 252) is None


def test_choosing_among_noise_fools_half_of_the_time() -> None:
    noise = np.random.default_rng(9).normal(0, 0.01, (20, 2000))
    assert 0.2 < (choice.fooled(noise) or 0.0) < 0.8
    noise[3] += 0.003
    assert (choice.fooled(noise) or 0.0) < 0.05, "one that is better is found in both halves"
    assert choice.fooled(noise[:1]) is None and choice.fooled(noise[:, :50]) is None


# ---- work that others do


def _joblib(seen: list[Any]) -> SimpleNamespace:
    class Parallel:
        def __init__(self, **how: Any) -> None:
            seen.append(how)

        def __call__(self, jobs: Any) -> list[Any]:
            return [function(item) for function, item in jobs]

    @contextmanager
    def parallel_config(**how: Any) -> Any:
        seen.append(how)
        yield

    return SimpleNamespace(
        Parallel=Parallel,
        delayed=lambda function: lambda item: (function, item),
        parallel_config=parallel_config,
    )


def test_work_goes_where_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    market, signals = _variants()
    tasks = [(market, s) for s in signals]
    monkeypatch.delenv(workers.VARIABLE, raising=False)
    here = workers.spread(choice.variant, tasks)
    seen: list[Any] = []
    monkeypatch.setitem(sys.modules, "joblib", _joblib(seen))
    monkeypatch.setenv(workers.VARIABLE, "2")
    there = workers.spread(choice.variant, tasks)
    assert seen == [{"n_jobs": 2, "batch_size": 1}]
    assert all(a.active.tobytes() == b.active.tobytes() for a, b in zip(here, there, strict=True))

    @contextmanager
    def client(address: str, timeout: int) -> Any:
        seen.append(address)
        if address == "tcp://nobody":
            raise OSError("timed out")
        yield

    seen.clear()
    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(Client=client))
    monkeypatch.setenv(workers.VARIABLE, "dask:tcp://there:1")
    assert len(workers.spread(choice.variant, tasks)) == 3
    assert seen == ["tcp://there:1", {"backend": "dask"}, {"n_jobs": -1}]


@pytest.mark.parametrize("where", ["x", "-2", "0", "1.5", "ray"])
def test_a_setting_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setenv(workers.VARIABLE, where)
    with pytest.raises(UsageError, match="number of processes, or dask"):
        workers.spread(len, ["a", "b"])


def test_a_missing_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(workers.VARIABLE, "2")
    monkeypatch.setitem(sys.modules, "joblib", None)
    with pytest.raises(UsageError, match="pip install joblib"):
        workers.spread(len, ["a", "b"])
    monkeypatch.setitem(sys.modules, "joblib", _joblib([]))
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.setenv(workers.VARIABLE, "dask:tcp://x:1")
    with pytest.raises(UsageError, match="pip install distributed"):
        workers.spread(len, ["a", "b"])


def test_one_piece_of_work_is_done_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(workers.VARIABLE, "2")
    monkeypatch.setitem(sys.modules, "joblib", None)
    assert workers.spread(len, ["abc"]) == [3]
