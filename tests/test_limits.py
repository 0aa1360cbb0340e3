"""Limits of the machine, met by commands as a user starts them: one true error, nothing lost."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

import tiny_market as tiny
from paceline.cli import limits
from paceline.store import Store


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A market with one import, and a file that has a day less since."""
    path = tiny.write(tmp_path_factory.mktemp("limits"))
    assert tiny.command("import", "--market", path).code == 0
    prices = path.parent / "data" / "prices.csv"
    prices.write_text("".join(prices.read_text().splitlines(keepends=True)[:-1]))
    return path


def started(
    market: Path, words: str, limit: int | None = None, most: int = 0
) -> subprocess.CompletedProcess[str]:
    """A command as a user starts it, under one limit of the system."""

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(limit, (most, resource.getrlimit(limit)[1]))

    return subprocess.run(
        [sys.executable, "-m", "paceline", *words.split(), "--market", str(market)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limited,
        env={**os.environ, "RUST_BACKTRACE": "1", "COLUMNS": "200"},
    )


def one_error(answer: subprocess.CompletedProcess[str], said: str) -> None:
    """Exit code 3, the sentence and its remedy, and no line of anything else."""
    assert answer.returncode == 3, answer
    first, second = answer.stderr.strip().splitlines()
    assert first.startswith("error: ") and said in first and second


@pytest.mark.parametrize("most", [6, 8, 12, 16, 18])
@pytest.mark.parametrize("words", ["import", "show performance"])
def test_too_many_open_files(market: Path, words: str, most: int) -> None:
    """At eight polars panics, at sixteen no library can be imported, at eighteen no table read."""
    loads = Store(market.parent / "store").version
    one_error(started(market, words, resource.RLIMIT_NOFILE, most), "too many open files")
    store = Store(market.parent / "store")
    assert store.version == loads and not store.check().faults


def test_a_file_that_may_not_grow_is_a_full_disk(market: Path) -> None:
    answer = started(market, "import", resource.RLIMIT_FSIZE, 4096)
    one_error(answer, "full")
    assert not Store(market.parent / "store").check().faults


def test_not_enough_memory(market: Path) -> None:
    one_error(started(market, "import", resource.RLIMIT_AS, 600 << 20), "memory")


def test_what_libraries_say_is_shown_to_developers(market: Path) -> None:
    answer = started(market, "import --debug", resource.RLIMIT_NOFILE, 8)
    assert answer.returncode == 3 and "panicked" in answer.stderr


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.EMFILE, "x"), "open files"),
        (ImportError("lib.so: failed to map segment from shared object"), "memory"),
        (OSError(errno.ENOSPC, "x"), "disk is full"),
        (RuntimeError("Os { message: Too many open files }"), "open files"),
        (ValueError("nothing of the kind"), None),
    ],
)
def test_the_limit_behind_an_error(error: Exception, said: str | None) -> None:
    outer = KeyError("outer")
    outer.__cause__ = error
    for one in (error, outer):
        found = limits.met(one)
        assert (found is None) if said is None else (found is not None and said in found[0])
