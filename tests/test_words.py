"""The word for a theme at each of its limits, what a line says of it, and one p of several."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from paceline.evidence import simes
from paceline.methods.words import WORDS, reaches, speaks, word

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("p", "adjusted", "said"),
    [
        (0.003, 0.05, "rare"),
        (0.003, 0.0501, "unusual"),  # rare for itself, but not among so many
        (0.0031, 0.0031, "unusual"),
        (0.025, 1.0, "unusual"),
        (0.0251, 0.04, "stirring"),
        (0.15, 1.0, "stirring"),
        (0.1501, 1.0, "quiet"),
        (1.0, 1.0, "quiet"),
        (math.nan, 0.01, ""),
        (0.01, math.nan, ""),
    ],
)
def test_the_word_at_each_limit(p: float, adjusted: float, said: str) -> None:
    assert word(p, adjusted) == said


def test_words_are_in_order() -> None:
    assert [reaches(w) for w in ("", *WORDS)] == [False, False, False, True, True]
    assert reaches("stirring", "stirring") and not reaches("quiet", "stirring")


@pytest.mark.parametrize(
    ("p", "way", "theme", "said"),
    [
        (0.025, 1, 1, "for"),
        (0.025, -1, -1, "for"),
        (0.025, -1, 1, "against"),
        (0.026, -1, 1, "neither"),  # not significant is never against
        (0.001, 0, 1, "neither"),
        (0.001, 1, 0, "neither"),
        (math.nan, 1, 1, "neither"),
    ],
)
def test_what_a_line_says(p: float, way: int, theme: int, said: str) -> None:
    assert speaks(p, way, theme) == said


def test_simes_by_hand() -> None:
    # 0.04 * 3 / 1, 0.05 * 3 / 2, 0.9 * 3 / 3
    assert simes([0.9, 0.05, 0.04]) == pytest.approx(0.075)
    assert simes([0.01, math.nan]) == 0.01
    assert math.isnan(simes([])) and math.isnan(simes([math.nan]))


def test_simes_is_right_on_independent_noise() -> None:
    p = np.random.default_rng(0).random((20000, 3))
    below = np.array([simes(row) for row in p]) <= 0.05
    assert below.mean() == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 20000))


# ---- what they are worth, as `make calibrate` found it

TABLE = json.loads((ROOT / "src/paceline/data/words.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", ["steady", "clusters"])
def test_noise_is_called_as_seldom_as_promised(kind: str) -> None:
    assert TABLE[kind]["noise"]["rare"] <= 0.01 and TABLE[kind]["noise"]["unusual"] <= 0.05
    assert TABLE[kind]["called"]["3"] >= 0.8


def test_the_page_says_what_the_report_prints() -> None:
    page = (ROOT / "docs/calibration.md").read_text(encoding="utf-8")
    for name in WORDS[1:]:
        rates = [TABLE[kind]["noise"][name] for kind in ("steady", "clusters")]
        assert f"| {name} | {rates[0]:.2%} | {rates[1]:.2%} |" in page
    for name in WORDS:
        assert f"| {name} | {TABLE['followed'][name]['looks']:,} | " in page
