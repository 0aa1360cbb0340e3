"""The spread among many lines: by hand, right on noise, and lines that cannot be judged."""

from __future__ import annotations

import math

import numpy as np
import pytest

from paceline.methods.detector import sigma
from paceline.methods.spread import noise, spread
from paceline.methods.unusual import exceeded


def walks(seed: int, lines: int = 6, n: int = 900) -> np.ndarray:
    """Lines that share a market and differ in scale."""
    rng = np.random.default_rng(seed)
    market = rng.standard_normal(n)
    own = rng.standard_normal((lines, n)) * np.linspace(0.5, 2, lines)[:, None]
    return np.cumsum(0.01 * (market + own), axis=1)


def test_the_spread_by_its_definition() -> None:
    line = walks(1)
    found = spread(line)
    less = line - line.mean(axis=0)
    sizes = {}
    for h in (5, 21, 63, 126, 252):
        z = []
        for one in less:
            mean = (one[-1] - one[0]) / (len(one) - 1)
            own = float(sigma(one)[0, -1])
            z.append((one[-1] - one[-1 - h] - h * mean) / (own * math.sqrt(h)))
        sizes[h] = math.sqrt(sum(x * x for x in z) / len(z))
    assert found.size == pytest.approx(max(sizes.values()))
    assert found.sessions == max(sizes, key=sizes.__getitem__)
    assert found.change is not None and found.judged.all()
    h = found.sessions
    assert found.change == pytest.approx(less[:, -1] - less[:, -1 - h])
    assert found.change.sum() == pytest.approx(0)


def test_what_all_lines_do_together_is_no_spread() -> None:
    line = walks(2)
    together = line + np.linspace(0, 5, line.shape[1]) ** 3
    assert spread(together).size == pytest.approx(spread(line).size)
    assert noise(together, paths=50) == pytest.approx(noise(line, paths=50))


def test_p_is_right_on_noise() -> None:
    p = []
    for seed in range(80):
        line = walks(1000 + seed)
        p.append(exceeded(noise(line, paths=100, seed=seed), spread(line).size))
    assert np.mean(np.array(p) <= 0.1) < 0.1 + 4 * math.sqrt(0.1 * 0.9 / 80)
    assert 0.3 < np.median(p) < 0.7


def test_lines_that_part_are_unusual() -> None:
    line = walks(5)
    line[0, -21:] += 0.5 * np.arange(1, 22) / 21
    found = spread(line)
    assert exceeded(noise(line, paths=200), found.size) < 0.02
    assert found.change is not None and int(found.change.argmax()) == 0


def test_a_line_without_a_year_or_a_value_is_left_out() -> None:
    line = walks(6)
    whole = spread(line)
    short = np.full((1, line.shape[1]), np.nan)
    short[0, -200:] = 0.01 * np.random.default_rng(0).standard_normal(200)
    gone = line[:1].copy()
    gone[0, -1] = np.nan
    found = spread(np.concatenate([line, short, gone]))
    assert found.judged.tolist() == [True] * 6 + [False] * 2
    assert found.size == whole.size
    assert found.change is not None and np.isnan(found.change[6:]).all()


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (walks(1, 2), "2 lines with a year of history, at least 3 needed"),
        (walks(1, 4, 200), "0 lines with a year of history, at least 3 needed"),
        (np.full((4, 600), np.nan), "0 lines with a year of history, at least 3 needed"),
    ],
)
def test_what_cannot_be_judged_has_a_reason(lines: np.ndarray, reason: str) -> None:
    found = spread(lines)
    assert (found.sessions, found.reason) == (None, reason)
