"""Closes that stand still while the market moves."""

from __future__ import annotations

import numpy as np
import pytest

from paceline.indices import unmoved
from paceline.indices.gaps import Gaps

DAYS = np.array("2025-01-01", "datetime64[D]") + np.arange(42)


def found(still: list[int], moves: dict[int, float] | None = None) -> list[tuple[int, int]]:
    """Runs of a level that gains 1% but on some sessions; the market moves 0.1%, or as told."""
    step, market = np.full(42, 0.01), np.full(42, 0.001)
    step[still] = 0.0
    for t, move in (moves or {}).items():
        market[t] = move
    levels = 100 * np.cumprod(1 + np.vstack([market, market, market]), axis=1)
    runs = unmoved.spans(100 * np.cumprod(1 + step), levels, DAYS)
    place = {str(d): t for t, d in enumerate(DAYS)}
    return [(place[a], place[b]) for a, b in runs]


@pytest.mark.parametrize(
    ("still", "moves", "runs"),
    [
        ([], {}, []),
        ([20], {20: 0.02}, [(20, 20)]),
        ([20], {20: -0.02}, [(20, 20)]),
        ([20], {20: 0.0001}, []),  # the market hardly moved either
        ([20, 21], {20: 0.0001, 21: 0.0001}, [(20, 21)]),  # twice is no chance
        ([10, 20], {20: 0.02, 10: 0.0001}, [(20, 20)]),
        ([10, 20, 30], {20: 0.02}, []),  # 3 of 42 sessions: it stands still by its nature
    ],
)
def test_a_close_that_should_have_moved(
    still: list[int], moves: dict[int, float], runs: list[tuple[int, int]]
) -> None:
    assert found(still, moves) == runs


def test_a_window_says_it_where_it_touches_the_run() -> None:
    days = tuple(str(d) for d in DAYS)
    runs = (("2025-01-05", "2025-01-07"), ("2025-01-20", "2025-01-20"))
    gaps = Gaps("fund", "total", sessions=days, alone=True, unmoved=runs)

    def said(start: str, end: str) -> tuple[str, ...]:
        return gaps.judged(f"2025-01-{start}", f"2025-01-{end}").caveats

    run = "the close of fund did not move from 2025-01-05 to 2025-01-07, while the market did"
    assert said("01", "04") == said("08", "19") == ()
    assert said("01", "05") == (run,)
    assert said("07", "09") == (run,), "an old close is its base"
    both = "did not move on 2025-01-20, and on 1 earlier run, while the market did"
    assert said("01", "25") == (f"the close of fund {both}",)
