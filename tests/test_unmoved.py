"""Closes that stand still for sessions."""

from __future__ import annotations

import numpy as np
import pytest

from paceline.indices import unmoved
from paceline.indices.gaps import Gaps

DAYS = np.array("2025-01-01", "datetime64[D]") + np.arange(62)


@pytest.mark.parametrize(
    ("still", "runs"),
    [
        ([], []),
        ([20], [(20, 20)]),
        ([20, 21], [(20, 21)]),
        ([60, 61], [(60, 61)]),  # and it has not moved since
        ([10, 40], [(10, 10), (40, 40)]),
        ([10, 20, 21], [(20, 21)]),
        ([20, 21, 22, 40], [(20, 22)]),  # 59 others, of which one: 62 / 59^3
        ([*range(2, 62, 6), 40, 41], []),  # 10 of 60 others: 62 / 6^2
        ([*range(2, 62, 6), 39, 40, 41, 42, 43], [(38, 44)]),  # 8 of 55: 62 x 0.15^7
    ],
)
def test_a_close_that_should_have_moved(still: list[int], runs: list[tuple[int, int]]) -> None:
    step = np.full(62, 0.01)
    step[still] = 0.0
    found = unmoved.spans(100 * np.cumprod(1 + step), DAYS)
    assert found == tuple((str(DAYS[a]), str(DAYS[b])) for a, b in runs)


def test_a_window_says_it_where_it_touches_the_run() -> None:
    days = tuple(str(d) for d in DAYS)
    runs = (("2025-01-05", "2025-01-07"), ("2025-01-20", "2025-01-21"))
    gaps = Gaps("fund", "total", sessions=days, alone=True, unmoved=runs)

    def said(start: str, end: str) -> tuple[str, ...]:
        return gaps.judged(f"2025-01-{start}", f"2025-01-{end}").caveats

    run = "the close of fund did not move from 2025-01-05 to 2025-01-07"
    assert said("01", "04") == said("08", "19") == ()
    assert said("01", "05") == (run,)
    assert said("07", "09") == (run,), "an old close is its base"
    both = "did not move from 2025-01-20 to 2025-01-21, and in 1 earlier run of sessions"
    assert said("01", "25") == (f"the close of fund {both}",)


def test_one_old_close_counts_where_it_is_an_end_of_the_window() -> None:
    days = tuple(str(d) for d in DAYS)
    runs = (("2025-01-05", "2025-01-06"), ("2025-01-20", "2025-01-20"))
    gaps = Gaps("fund", "total", sessions=days, alone=True, unmoved=runs)
    old = "the close of fund of 2025-01-20 is that of the session before"
    assert gaps.judged("2025-01-10", "2025-01-25").caveats == (), "made good by the next close"
    assert gaps.judged("2025-01-10", "2025-01-20").caveats == (old,)
    assert gaps.judged("2025-01-20", "2025-01-25").caveats == (old,)
    assert gaps.judged("2025-01-22", "2025-01-25", "2025-01-20").caveats == (old,)
    both = f"{old}, and in 1 earlier run of sessions"
    assert gaps.judged("2025-01-06", "2025-01-20").caveats == (both,)
