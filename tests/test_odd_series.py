"""Values of macro series that cannot be what they seem."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from paceline.quality._series import check_series

DAYS = [dt.date(2025, 1, 1) + dt.timedelta(i) for i in range(60)]
RATE = 3.3 + 0.3 * np.sin(np.arange(60))


def judged(values: np.ndarray) -> tuple[list[str], list[str]]:
    """Days set aside, and days found."""
    frame = pl.DataFrame(
        {"series": "X", "date": DAYS, "known": DAYS, "value": values.astype(float)}
    )
    kept, findings, aside = check_series("f", frame)
    assert kept.height + sum(a.height for a in aside if a is not None) == len(DAYS)
    odd = [f.example for f in findings if f.check.startswith("values of series")]
    return [str(d) for d in DAYS if d not in kept["date"].to_list()], odd


def test_a_plain_series_says_nothing() -> None:
    assert judged(RATE) == ([], [])
    assert judged(-RATE) == judged(np.random.default_rng(1).normal(0, 1, 60)) == ([], [])


@pytest.mark.parametrize("code", [-999.0, -99.99, -9999.0])
def test_a_code_for_a_missing_value_is_set_aside(code: float) -> None:
    values = RATE.copy()
    values[-2:] = code
    assert judged(values) == ([str(d) for d in DAYS[-2:]], [])
    flows = 5000 * np.random.default_rng(2).normal(0, 1, 60)
    flows[30] = code
    assert judged(flows) == ([], []), "others are as large"


@pytest.mark.parametrize(
    ("at", "factor"), [(slice(59, 60), 100.0), (slice(30, 31), 100.0), (slice(40, 60), 0.01)]
)
def test_typos_and_units_leap(at: slice, factor: float) -> None:
    values = RATE.copy()
    values[at] *= factor
    (example,) = judged(values)[1]
    assert example.startswith(f"X {DAYS[at.start]}")


def test_a_lone_zero_is_found_and_a_rate_at_zero_is_not() -> None:
    values = RATE.copy()
    values[30] = 0.0
    assert judged(values)[1] == [f"X {DAYS[30]}"]
    falling = np.concatenate([np.full(50, 3.0), np.geomspace(2, 0.02, 8), [0.01, 0.0]])
    assert judged(falling) == ([], [])
