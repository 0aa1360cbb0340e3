"""Side by side gives what one by one gives: in order, each row once, the caller's error state."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paceline import threads


@pytest.mark.parametrize("cores", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(
    monkeypatch: pytest.MonkeyPatch, cores: int
) -> None:
    monkeypatch.setattr(threads, "CORES", cores)
    assert threads.each(lambda n: n * n, range(50)) == [n * n for n in range(50)]
    assert threads.each(lambda n: n, []) == []


@pytest.mark.parametrize("cores", [1, 3])
def test_the_first_error_reaches_the_caller(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    monkeypatch.setattr(threads, "CORES", cores)

    def work(n: int) -> int:
        if n >= 3:
            raise ValueError(n)
        return n

    with pytest.raises(ValueError, match=r"^3$"):
        threads.each(work, range(6))


def test_the_callers_error_state_holds_in_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "CORES", 2)
    with np.errstate(divide="ignore"):
        assert (
            threads.each(lambda _n: float(np.float64(1) / np.zeros(1)[0]), range(4)) == [np.inf] * 4
        )
    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        threads.each(lambda _n: float(np.float64(1) / np.zeros(1)[0]), range(4))


@given(st.integers(0, 300), st.integers(0, 5000))
def test_every_row_is_worked_on_once(rows: int, columns: int) -> None:
    seen = np.zeros(rows, int)

    def count(block: slice) -> None:
        seen[block] += 1

    threads.by_rows(count, (rows, columns))
    assert (seen == 1).all()
