"""Trials of ``mutants.py``: which tests reach which line, and those tests on a changed module."""

from __future__ import annotations

import hashlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mutations import Mutant

#: Tests of what stands around the rooms: slow, and deaf to a changed digit.
APART = {
    f"test_{name}.py"
    for name in (
        *"readme docs contributing packaging imports mutations code_of_steps plugins".split(),
        *"cli commands pages pages_rotation report claims claims_reader proposals".split(),
        *"store check files cells wide dates calendars simulated quality jumps".split(),
        *"browser conformance_files doors fuzz language_model screen sentences".split(),
        *"chaos frames howto limits rivals".split(),
    )
}
#: Seconds of tests a mutant meets at most, fastest first.
BUDGET = 15.0
#: A mutant that computes this many times longer than its tests hangs: it is noticed.
PATIENCE = 5
#: Bytes of memory a mutant may ask for: one that fills a loop without end is noticed, too.
MEMORY = 4 << 30
QUIET = "-p no:randomly -p no:xdist -p no:cacheprovider --no-header --tb=short".split()
# libraries are imported before the fork, hypothesis too, which pytest remarks upon
QUIET += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
#: Exit codes that say nothing about a mutant: a wrong call, no tests, an error of this file's own.
NO_VERDICT = {4, 5, 70}

Times = dict[str, float]


@dataclass
class Reach:
    """Which tests reach which line: ``lines[file][line]`` are tests, ``times`` the seconds of each.

    A test whose fixtures reach a line stands for its whole file, since others may share them.
    """

    lines: dict[str, dict[int, list[str]]]
    times: Times

    def tests(self, mutant: Mutant) -> list[str]:
        """The tests to run: those named after the file or its room, then who reaches it, fastest.

        What is executed on import may be a constant that others read: any test may notice.
        """
        lines = self.lines.get(mutant.file, {})
        found = {t for n in range(mutant.line, mutant.end + 1) for t in lines.get(n, [])}
        if mutant.on_import or not found:
            found = {t for tests in lines.values() for t in tests}
        whole = {t for t in found if "::" not in t}
        near = found - whole | {t for t in self.times if t.split("::")[0] in whole}
        wanted = near if near and not mutant.on_import else set(self.times)
        names = [p.removesuffix(".py") for p in Path(mutant.file).parts]
        spent, chosen = 0.0, []
        for test in sorted(
            wanted,
            key=lambda t: (not any(name in t for name in names), t not in near, self.times[t], t),
        ):
            if spent + self.times[test] <= BUDGET:
                spent += self.times[test]
                chosen.append(test)
        return chosen


class Recorder:
    """A pytest plug-in: coverage by test, its set-up apart, and the time of each."""

    def __init__(self, coverage: Any) -> None:
        self.coverage, self.times = coverage, defaultdict(float)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        yield from self.timed(item, item.nodeid.split("::")[0])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        yield from self.timed(item, item.nodeid)

    def timed(self, item: pytest.Item, context: str) -> Iterator[None]:
        """Seconds of computing, which a busy machine does not stretch."""
        self.coverage.switch_context(context)
        start = time.process_time()
        try:
            yield
        finally:
            self.times[item.nodeid] += time.process_time() - start
            self.coverage.switch_context("")


class Chosen:
    """A pytest plug-in: only these tests, file by file, in their order and the fastest first."""

    def __init__(self, tests: Sequence[str], times: Times) -> None:
        files = list(dict.fromkeys(test.split("::")[0] for test in tests))
        self.place = {t: (files.index(t.split("::")[0]), times[t]) for t in tests}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if item.nodeid in self.place]
        items.sort(key=lambda item: self.place[item.nodeid])


class Changed(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Imports one module from a text instead of its file."""

    def __init__(self, path: Path, name: str, text: str) -> None:
        self.path, self.name, self.text = path, name, text

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if name != self.name:
            return None
        return importlib.util.spec_from_file_location(name, self.path, loader=self)

    def get_filename(self, _name: str) -> str:
        return str(self.path)

    def get_data(self, _path: str) -> bytes:
        return self.text.encode()


def in_child(work: Callable[[], int], log: str = os.devnull) -> int:
    """Fork; the child does the work, its output in the log. Returns its process id."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        os.setsid()
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        code = work()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def trial(tree: Path, mutant: Mutant | None, tests: Sequence[str], reach: Reach) -> int:
    """In a child: the tests' verdict on a tree with that mutant in it; 0 when none fails."""
    seconds = int(PATIENCE * sum(reach.times[t] for t in tests)) + 15
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    if mutant:
        name = ".".join(("paceline", *Path(mutant.file).with_suffix("").parts))
        path = tree / "src" / "paceline" / mutant.file
        sys.meta_path.insert(0, Changed(path, name.removesuffix(".__init__"), mutant.text))
    files = sorted({t.split("::")[0] for t in tests})
    return int(pytest.main(["-x", *QUIET, *files], plugins=[Chosen(tests, reach.times)]))


def many(
    works: Iterator[tuple[Any, Callable[[], int]]], workers: int, log: str = os.devnull
) -> Iterator[tuple[Any, int]]:
    """Each work in a child of its own, so many at a time; yields (its key, its exit code)."""
    running: dict[int, tuple[Any, float]] = {}
    more = True
    try:
        while more or running:
            while more and len(running) < workers:
                key, work = next(works, (None, None))
                more = work is not None
                if work:
                    running[in_child(work, log)] = key, time.monotonic()
            if not running:
                break
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                # asleep instead of at work: a lock that nobody lets go of
                for stuck in [
                    p for p, (_, start) in running.items() if time.monotonic() - start > 1200
                ]:
                    os.killpg(stuck, signal.SIGKILL)
                time.sleep(0.05)
            elif pid in running:
                yield running.pop(pid)[0], os.waitstatus_to_exitcode(status)
    finally:
        for pid in running:
            os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


# ---- which tests reach which line


def digest(paths: Iterable[Path]) -> str:
    """A short checksum of these files."""
    sha = hashlib.sha256()
    for path in sorted(paths):
        sha.update(path.name.encode() + path.read_bytes())
    return sha.hexdigest()[:16]


def record(tree: Path, file: str, into: Path) -> int:
    """In a child: run one file of tests and write what each of them reached."""
    import coverage

    cov = coverage.Coverage(data_file=None, source=[str(tree / "src" / "paceline")])
    recorder = Recorder(cov)
    cov.start()
    code = int(pytest.main([*QUIET, file], plugins=[recorder]))
    cov.stop()
    data, base, lines = cov.get_data(), tree / "src" / "paceline", {}
    for path in data.measured_files():
        reached = {n: sorted(set(t) - {""}) for n, t in data.contexts_by_lineno(path).items()}
        lines[str(Path(path).relative_to(base))] = {n: t for n, t in reached.items() if t}
    into.write_text(json.dumps([lines, recorder.times]))
    return code


def reached(tree: Path, cache: Path, workers: int) -> Reach:
    """The tests of every line; from the cache where neither source nor tests have changed."""
    cache.mkdir(exist_ok=True)
    tests = tree / "tests"
    shared = [p for p in tests.glob("*.py") if not p.name.startswith("test_")]
    source = digest([*(tree / "src").rglob("*.py"), *shared])
    files = sorted(p.name for p in tests.glob("test_*.py") if p.name not in APART)
    store = {f: cache / f"{f}.{source}.{digest([tests / f])}.json" for f in files}
    missing = [f for f in files if not store[f].exists()]
    for file in missing:
        for old in cache.glob(f"{file}.*"):
            old.unlink()
    jobs = ((f, lambda f=f: record(tree, f"tests/{f}", store[f])) for f in missing)
    log = cache / "log.txt"
    for file, code in many(jobs, workers, str(log)):
        if code:
            store[file].unlink(missing_ok=True)
            sys.exit(f"tests/{file} fails without any mutant:\n{log.read_text()[-3000:]}")
    reach = Reach(defaultdict(lambda: defaultdict(list)), {})
    for file in files:
        lines, times = json.loads(store[file].read_text())
        reach.times.update(times)
        for name, by_line in lines.items():
            for n, found in by_line.items():
                reach.lines[name][int(n)] += found
    return reach
