"""Dated events: days of rules by the calendar, windows by hand, tests on noise."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from numpy.typing import ArrayLike

from paceline import calendars
from paceline.arrays import Dates
from paceline.methods import event_study

SESSIONS: Dates = np.array(
    [d for d in calendars.sessions("XNYS", dt.date(2026, 12, 31)) if d.year >= 2022],
    "datetime64[D]",
)


def _days(rule: str, *months: int) -> list[str]:
    return [str(d) for d in event_study.days_of_rule(rule, months, SESSIONS)]


# ---- rules


@pytest.mark.parametrize(
    ("rule", "months", "year", "expected"),
    [
        ("first friday", (1, 2), "2024", ["2024-01-05", "2024-02-02"]),
        ("third friday", (6,), "2026", ["2026-06-19"]),
        ("fourth friday", (6,), "2023", ["2023-06-23"]),
        ("last monday", (5,), "2024", ["2024-05-27"]),
        ("second wednesday", (5,), "2024", ["2024-05-08"]),
        ("day 15", (4,), "2023", ["2023-04-15"]),
        ("day 30", (2, 4), "2024", ["2024-04-30"]),
        ("first session", (1,), "2024", ["2024-01-02"]),
        ("last session", (3, 12), "2024", ["2024-03-28", "2024-12-31"]),
    ],
)
def test_the_days_of_a_rule(
    rule: str, months: tuple[int, ...], year: str, expected: list[str]
) -> None:
    assert [d for d in _days(rule, *months) if d.startswith(year)] == expected


def test_a_rule_without_months_has_a_day_in_each() -> None:
    days = _days("first friday")
    assert len(days) == 60 and days == sorted(days)
    assert {dt.date.fromisoformat(d).weekday() for d in days} == {4}
    assert all(int(d[-2:]) <= 7 for d in days)


def test_a_day_on_which_the_exchange_is_closed() -> None:
    """Juneteenth 2026 is a third Friday; 4 July 2022 was a Monday."""
    days = np.array(["2022-07-04", "2026-06-19"], "datetime64[D]")
    after = SESSIONS[event_study.sessions_of(days, SESSIONS)]
    before = SESSIONS[event_study.sessions_of(days, SESSIONS, "previous")]
    assert [str(d) for d in after] == ["2022-07-05", "2026-06-22"]
    assert [str(d) for d in before] == ["2022-07-01", "2026-06-18"]


def test_days_outside_the_history_and_days_of_one_session() -> None:
    days = np.array(["1990-01-01", "2024-07-06", "2024-07-07", "2040-01-01"], "datetime64[D]")
    found = event_study.sessions_of(days, SESSIONS)
    assert [str(SESSIONS[t]) for t in found] == ["2024-07-08"], "a weekend is one Monday"


# ---- windows and tests


def test_returns_around_each_session_by_hand() -> None:
    levels = np.array([100.0, 110, 99, 99, 121])
    line = np.log(levels)
    day = event_study.around(line, (0, 0))
    np.testing.assert_allclose(day, [np.nan, 0.1, -0.1, 0, 121 / 99 - 1], rtol=1e-12)
    wide = event_study.around(line, (-1, 1))
    np.testing.assert_allclose(wide[2:4], [99 / 100 - 1, 121 / 110 - 1], rtol=1e-12)
    assert np.isnan(wide[[0, 1, 4]]).all()
    later = event_study.around(line, (1, 2))
    np.testing.assert_allclose(later[:3], [-0.01, -0.1, 121 / 99 - 1], rtol=1e-12)
    assert np.isnan(later[3:]).all()


def _lines(seed: int, length: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    m = rng.normal(0, 0.01, length)
    d = 0.4 * m + rng.normal(0, 0.006, length)
    return np.cumsum(d), np.cumsum(m)


def test_the_standardised_test_by_a_plain_loop() -> None:
    line, market = _lines(1)
    events = np.arange(300, 1480, 90)
    found = event_study.tested(line, market, events, (-1, 2))
    d, m = np.diff(line, prepend=np.nan), np.diff(market, prepend=np.nan)
    scar = []
    for t in events:
        y, x = d[t - 271 : t - 21], m[t - 271 : t - 21]
        slope, constant = np.polyfit(x, y, 1)
        s = np.sqrt(((y - constant - slope * x) ** 2).sum() / 248)
        odd = d[t - 1 : t + 3] - constant - slope * m[t - 1 : t + 3]
        scar.append(odd.sum() / (s * 2))
    t_value = np.mean(scar) * np.sqrt(len(scar)) / np.std(scar, ddof=1)
    assert found.n == len(events)
    assert found.standardised == pytest.approx(t_value, rel=1e-9)


def test_an_event_that_moves_the_line_is_found_and_one_that_moves_the_market_is_not() -> None:
    line, market = _lines(2)
    events = np.arange(300, 1480, 40)
    step = np.zeros(len(line))
    step[events] = 0.006
    with_line = event_study.tested(line + np.cumsum(step), market, events, (0, 0))
    assert with_line.standardised > 4 and with_line.rank > 3
    both = event_study.tested(
        line + 0.4 * np.cumsum(step), market + np.cumsum(step), events, (0, 0)
    )
    assert abs(both.standardised) < 2.5


def test_the_rank_test_by_hand() -> None:
    """Ten events hold the ten best of 1,000 returns: u = (991 .. 1000) / 1001 - 1/2 on average."""
    events = np.arange(300, 800, 50)
    d = np.empty(1000)
    d[events - 1] = 0.02 + np.arange(10) * 1e-5
    others = np.setdiff1d(np.arange(1000), events - 1)
    d[others] = np.random.default_rng(3).permutation(990) * 1e-5
    line = np.r_[0.0, np.cumsum(np.log1p(d))]
    found = event_study.tested(line, line, events, (0, 0))
    spread = np.sqrt(sum((k / 1001 - 0.5) ** 2 for k in range(1, 1001)) / 999)
    assert found.rank == pytest.approx((995.5 / 1001 - 0.5) * np.sqrt(10) / spread, rel=1e-9)


def test_random_days_are_found_about_five_times_in_100() -> None:
    rng = np.random.default_rng(4)
    over: list[ArrayLike] = []
    for seed in range(150):
        line, market = _lines(100 + seed, 1200)
        events = np.sort(rng.choice(np.arange(300, 1190), 40, replace=False))
        found = event_study.tested(line, market, events, (0, 1))
        over.append([abs(found.standardised) > 2.02, abs(found.rank) > 1.96])
    share = np.mean(over, axis=0)
    assert (share > 0.005).all() and (share < 0.12).all()


def test_few_events_have_no_test() -> None:
    line, market = _lines(5)
    found = event_study.tested(line, market, np.arange(300, 1200, 100), (0, 0))
    assert found.n == 9 and np.isnan(found.standardised) and np.isnan(found.rank)
    early = event_study.tested(line, market, np.arange(20, 200, 10), (0, 0))
    assert early.n == 0 and np.isnan(early.standardised)
