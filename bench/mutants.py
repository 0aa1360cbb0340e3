"""Mutation testing: change the code by one small fault, and see whether a test notices.

    python bench/mutants.py                      what `make mutants` does: 60 of every room
    python bench/mutants.py kernels --count 20   one room, fewer
    python bench/mutants.py kernels --all        every mutant of a room

A room's sample are the mutants with the smallest hash of seed and text: it stays the same while
other lines change. A mutant meets the tests that reach its line, up to ``BUDGET`` seconds of
them, in a forked process that imports the changed module instead of the file: nothing is written.
``mutants.toml`` holds faults planted by hand, which have to be noticed, and says of survivors why
no test can tell them apart. Results stand in ``mutants.md``.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mutations import Mutant, mutants

HERE = Path(__file__).parent
ROOT = HERE.parent
ROOMS = "kernels panel baskets indices signals measures evidence methods".split()
#: Tests of what stands far above the rooms: slow, and deaf to a changed digit.
APART = {"test_readme.py", "test_packaging.py", "test_imports.py", "test_cli.py", "test_report.py"}
APART |= {"test_claims.py", "test_claims_reader.py", "test_proposals.py", "test_store.py"}
#: Seconds of tests a mutant meets at most, fastest first.
BUDGET = 15.0
#: A mutant that computes this many times longer than its tests hangs: it is noticed.
PATIENCE = 5
PASS = 0.85
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
        """The tests to run: those named after the file or its room first, then the fastest."""
        lines = self.lines.get(mutant.file, {})
        # what is done on import, and by no test, is met by whatever reaches the file
        at = [t for n in range(mutant.line, mutant.end + 1) for t in lines.get(n, [])]
        found = set(at) or {t for tests in lines.values() for t in tests}
        whole = {t for t in found if "::" not in t}
        wanted = found - whole | {t for t in self.times if t.split("::")[0] in whole}
        names = [p.removesuffix(".py") for p in Path(mutant.file).parts]
        spent, chosen = 0.0, []
        for test in sorted(
            wanted, key=lambda t: (not any(name in t for name in names), self.times[t], t)
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

    def get_filename(self, name: str) -> str:
        return str(self.path)

    def get_data(self, path: str) -> bytes:
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
    """The tests of every line, from the cache where neither the source nor the tests have changed."""
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


# ---- the rooms


def sample(tree: Path, room: str, seed: int, count: int | None) -> list[Mutant]:
    base = tree / "src" / "paceline"
    paths = [base / f"{room}.py"] if (base / f"{room}.py").exists() else (base / room).rglob("*.py")
    every = [
        m for p in sorted(paths) for m in mutants(str(p.relative_to(base)), p.read_text("utf-8"))
    ]
    every.sort(key=lambda m: hashlib.sha256(f"{seed}{m.file}{m.was}{m.now}".encode()).digest())
    return sorted(every[:count], key=lambda m: (m.file, m.line))


def planted(tree: Path, notes: dict[str, Any]) -> Iterator[Mutant]:
    """The faults planted by hand; one whose line is not there any more is an error."""
    for note in notes.get("planted", []):
        text = (tree / "src" / "paceline" / note["file"]).read_text("utf-8")
        if text.count(note["was"]) != 1:
            sys.exit(
                f"mutants.toml: {note['was']!r} stands {text.count(note['was'])} times in {note['file']}."
            )
        line = text[: text.index(note["was"])].count("\n") + 1
        end = line + note["was"].count("\n")
        changed = text.replace(note["was"], note["now"])
        yield Mutant(note["file"], line, end, note["was"], note["now"], changed)


def survivors(
    tree: Path, chosen: Iterable[Mutant], reach: Reach, workers: int
) -> tuple[int, list[Mutant]]:
    """(how many died, those that live on)."""
    alive: list[Mutant] = []
    dead = 0

    def jobs() -> Iterator[tuple[Mutant, Callable[[], int]]]:
        for mutant in chosen:
            tests = reach.tests(mutant)
            yield mutant, (lambda m=mutant, t=tests: trial(tree, m, t, reach) if t else 0)

    for mutant, code in many(jobs(), workers):
        if code in NO_VERDICT:
            sys.exit(f"No verdict (exit {code}) on {mutant}")
        if code == 0:
            alive.append(mutant)
            print(f"  {mutant}", flush=True)
        dead += code != 0
    return dead, sorted(alive, key=lambda m: (m.file, m.line))


def page(results: dict[str, dict[str, Any]]) -> str:
    rows = [
        f"| {room} | {r['killed']} | {len(r['survivors'])} | {r['explained']} | {r['score']:.0%} |"
        for room, r in results.items()
    ]
    parts = [
        "# What `make mutants` found",
        "Small faults put into the code one at a time, and whether a test noticed. Score: noticed, of all those",
        "that could be; a survivor that no test can tell from the original is explained below and not counted.",
        "",
        "| room | noticed | survived | of these explained | score |\n|---|---|---|---|---|",
        *rows,
        "",
    ]
    for room, r in results.items():
        parts.append(
            f"## {room}\n\n{r['date']}, seed {r['seed']}, of {r['possible']} possible mutants.\n"
        )
        for s in r["survivors"]:
            parts.append(f"- `{s['file']}`\n  `{s['was']}`\n  `{s['now']}`\n  {s['why']}")
        parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def main() -> int:
    say = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    say.add_argument("rooms", nargs="*", default=[*ROOMS, "planted"])
    say.add_argument("--count", type=int, default=60, help="mutants of each room")
    say.add_argument("--all", action="store_true", help="every mutant of a room")
    say.add_argument("--seed", type=int, default=8)
    say.add_argument("--workers", type=int, default=2)
    ask = say.parse_args()
    notes = tomllib.loads((HERE / "mutants.toml").read_text("utf-8"))
    why = {(n["file"], n["was"], n["now"]): n["why"] for n in notes.get("explained", [])}
    for name in (
        "numpy",
        "polars",
        "bottleneck",
        "scipy.stats",
        "hypothesis",
        "pandas",
        "arch.bootstrap",
    ):
        importlib.import_module(name)
    os.environ["CI"] = "true"  # the same examples for every mutant
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no child is left behind
    cache = ROOT / ".mutants"
    results_file = cache / "results.json"
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place) / "tree"
        shutil.copytree(
            ROOT,
            tree,
            ignore=shutil.ignore_patterns(".git", ".venv", ".mutants", "out", "__pycache__"),
        )
        sys.path[:0] = [str(tree / "src")]
        os.environ["PYTHONPATH"] = str(tree / "src")
        os.chdir(tree)
        reach = reached(tree, cache, ask.workers)
        results = json.loads(results_file.read_text()) if results_file.exists() else {}
        for room in ask.rooms:
            print(room, flush=True)
            if room == "planted":
                chosen = possible = list(planted(tree, notes))
            else:
                chosen = sample(tree, room, ask.seed, None if ask.all else ask.count)
                possible = sample(tree, room, ask.seed, None)
            dead, alive = survivors(tree, chosen, reach, ask.workers)
            said = [why.get((m.file, m.was, m.now)) for m in alive]
            explained = sum(s is not None for s in said)
            results[room] = {
                "date": f"{dt.date.today()}",
                "seed": ask.seed,
                "possible": len(possible),
                "killed": dead,
                "explained": explained,
                "score": dead / max(dead + len(alive) - explained, 1),
                "survivors": [
                    {
                        "file": f"{m.file}:{m.line}",
                        "was": m.was,
                        "now": m.now,
                        "why": s or "UNEXPLAINED",
                    }
                    for m, s in zip(alive, said, strict=True)
                ],
            }
            print(
                "  {killed} noticed, {0} survived, {explained} of them explained: {score:.0%}".format(
                    len(alive), **results[room]
                )
            )
            results_file.write_text(json.dumps(results))
    order = [r for r in (*ROOMS, "planted") if r in results]
    (HERE / "mutants.md").write_text(page({r: results[r] for r in order}), encoding="utf-8")
    return int(any(results[r]["score"] < (1 if r == "planted" else PASS) for r in ask.rooms))


if __name__ == "__main__":
    sys.exit(main())
