"""The torture of imports is carried out: a few trials of it, and what it must notice."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "bench"))

import torture  # noqa: E402


def test_trials_end_and_are_counted() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "torture.py"), "2", "1"],
        env=torture.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = dict(
        reversed(line.split(maxsplit=1)) for line in done.stdout.splitlines() if line[:1] == " "
    )
    assert told["acknowledged rows lost"] == told["halves"] == told["wrong exits"] == "0"
    assert sum(int(n) for what, n in told.items() if what.startswith("SIG")) == 2


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> torture.Ground:
    """A market with one import of one feed."""
    made = torture.Ground(tmp_path_factory.mktemp("ground"), random.Random(1))  # noqa: S311 - a seed
    told = torture.Told()
    assert torture.finish(made, told, 0, 1, made.start(0)) == "" or told.acknowledged
    made.judge(told)
    assert (told.acknowledged, told.lost, told.halves, told.faults) == (1, 0, 0, [])
    return made


def test_a_load_that_is_not_there_is_lost(ground: torture.Ground) -> None:
    told = torture.Told()
    ground.done[0].add(7)  # acknowledged, it is said, and nowhere
    ground.judge(told)
    ground.done[0].discard(7)
    assert told.lost == torture.WHOLE


def test_a_part_of_a_file_is_a_half(ground: torture.Ground) -> None:
    rows = ground.rows(0, 1)
    assert ground.revision_of(0, rows) == (0, 1)
    assert ground.revision_of(0, rows[1:]) is None
    assert ground.revision_of(0, ground.rows(0, 4).vstack(rows)[: torture.WHOLE]) == (0, 4)
    mixed = rows.with_columns(close=rows["close"].head(len(rows) - 1).append(rows["close"][:1]))
    assert ground.revision_of(0, mixed) is None
