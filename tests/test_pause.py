"""Pauses: where a level stands, how often it fell as far, and how that ended; by hand."""

from __future__ import annotations

import numpy as np
import pytest

from paceline.methods import pause


@pytest.mark.parametrize(
    ("drawdown", "above", "share", "said"),
    [
        (-0.0199, 0.01, None, pause.HIGH),
        (-0.02, 0.01, None, pause.PAUSING),
        (-0.02, 0.0, None, pause.BROKEN),
        (-0.1999, 0.01, None, pause.PAUSING),
        (-0.20, 0.01, None, pause.BROKEN),
        (-0.05, 0.01, 0.51, pause.PAUSING),
        (-0.05, 0.01, 0.50, pause.BROKEN),
        (0.0, 0.01, 0.2, pause.BROKEN),
    ],
)
def test_where_it_stands(drawdown: float, above: float, share: float | None, said: str) -> None:
    assert pause.stands(drawdown, above, share) == said


def days(n: int, first: str = "2000-01-03") -> np.ndarray:
    return np.busday_offset(first, np.arange(n), roll="forward").astype("datetime64[D]")


def rising(n: int) -> np.ndarray:
    return 100 * np.exp(0.002 * np.arange(n))


def test_drawdowns_need_a_year() -> None:
    level = rising(300)
    level[280] *= 0.9
    off = pause.drawdowns(level)
    assert np.isnan(off[:251]).all()
    assert off[251:280] == pytest.approx(0)
    assert off[280] == pytest.approx(0.9 * np.exp(0.002) - 1)


def test_a_pause_ends_in_a_high_or_in_a_broken_trend() -> None:
    n = 1300
    level = rising(n)
    level[400:410] *= 0.93  # a pause: back at a new high on 410
    level[600:640] *= 0.93  # another one
    level[800:900] *= 0.6  # falls through its mean at once: never a pause above it
    level[1000:1005] *= 0.93  # down, then further down through the mean: broken
    level[1005:1100] *= 0.6
    level[-3:] *= 0.93  # under way: not decided
    found = pause._ends(level, pause.drawdowns(level), 0.05)
    assert found.tolist() == [1, 1, 0]


def test_shares_are_of_complete_quarters() -> None:
    n = 63 * 60
    level, when = rising(n), days(n)
    number, quarter = pause.season(when)
    inside = (number >= 10) & (number <= 45)
    every = np.unique(quarter)
    hit = {q for k, q in enumerate(every) if k % 3 == 0}
    level[np.isin(quarter, list(hit)) & inside] *= 0.9
    found = pause.pauses(level, when, 0.05)
    # the first quarter has no known sessions, those of the first year no high, the last is not over
    firm = [q for q in every if (quarter == q).sum() and np.flatnonzero(quarter == q)[0] >= 251]
    judged = firm[:-1]
    expected = sum(q in hit for q in judged) / len(judged)
    assert found.inside.effect is not None
    assert found.inside.effect == pytest.approx(expected, abs=1.5 / len(judged))
    assert abs(found.inside.n - len(judged)) <= 1
    assert found.outside.effect is None and "constant" in found.outside.note


def test_a_fall_smaller_than_a_pause_is_asked_as_one() -> None:
    n = 63 * 40
    level, when = rising(n), days(n)
    level[500:520] *= 0.985
    assert (
        pause.pauses(level, when, 0.001).inside.note == pause.pauses(level, when, 0.02).inside.note
    )
    assert pause._ends(level, pause.drawdowns(level), 0.02).tolist() == []


def test_lift_of_earnings_seasons_by_hand() -> None:
    when = days(63 * 30)
    number, _ = pause.season(when)
    inside = (number >= 10) & (number <= 45)
    rng = np.random.default_rng(0)
    step = np.where(inside, -0.001, 0.0005) + 1e-5 * rng.standard_normal(len(when))
    found = pause.season_lift(np.cumsum(step), when)
    assert found.effect == pytest.approx(-0.0015, abs=1e-5)
    assert found.high is not None and found.high < 0


def test_no_data_gives_reasons() -> None:
    found = pause.pauses(np.full(500, np.nan), days(500), 0.05)
    assert {found.inside.effect, found.outside.effect, found.recovered.effect} == {None}
    assert found.recovered.note.startswith("no data")
