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
import json
import os
import shutil
import signal
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from mutant_trials import NO_VERDICT, Reach, many, reached, trial
from mutations import Mutant, in_functions, mutants

HERE = Path(__file__).parent
ROOT = HERE.parent
ROOMS = "kernels panel baskets indices signals measures evidence methods".split()
#: The share of the mutants of a room that has to be noticed.
PASS = 0.85
#: Imported once, before the forks.
LIBRARIES = "numpy polars bottleneck scipy.stats hypothesis pandas arch.bootstrap".split()
#: What a trial does not need.
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".mutants", "out", "__pycache__")

Result = dict[str, Any]


def sample(tree: Path, room: str, seed: int, count: int | None) -> tuple[list[Mutant], int]:
    """(the mutants tried, how many there are): those with the smallest hash of seed and text."""
    base = tree / "src" / "paceline"
    file = base / f"{room}.py"
    paths = [file] if file.exists() else (base / room).rglob("*.py")
    every = [
        m for p in sorted(paths) for m in mutants(str(p.relative_to(base)), p.read_text("utf-8"))
    ]
    every.sort(key=lambda m: hashlib.sha256(f"{seed}{m.file}{m.was}{m.now}".encode()).digest())
    return sorted(every[:count], key=lambda m: (m.file, m.line)), len(every)


def planted(tree: Path, notes: dict[str, Any]) -> Iterator[Mutant]:
    """The faults planted by hand; one whose place is not there any more is an error."""
    for note in notes.get("planted", []):
        file, was = note["file"], note["was"]
        text = (tree / "src" / "paceline" / file).read_text("utf-8")
        if text.count(was) != 1:
            sys.exit(f"mutants.toml: {was!r} stands {text.count(was)} times in {file}.")
        line = text[: text.index(was)].count("\n") + 1
        end = line + was.count("\n")
        changed = text.replace(was, note["now"])
        before, after = (" ".join(words.split()) for words in (was, note["now"]))
        yield Mutant(file, line, end, before, after, changed, line not in in_functions(text))


def survivors(
    tree: Path, chosen: Iterable[Mutant], reach: Reach, workers: int
) -> tuple[int, list[Mutant]]:
    """(how many were noticed, those that were not)."""
    alive: list[Mutant] = []
    noticed = 0

    def works() -> Iterator[tuple[Mutant, Callable[[], int]]]:
        for mutant in chosen:
            tests = reach.tests(mutant)
            yield mutant, (lambda m=mutant, t=tests: trial(tree, m, t, reach) if t else 0)

    for mutant, code in many(works(), workers):
        if code in NO_VERDICT:
            sys.exit(f"No verdict (exit {code}) on {mutant}")
        if code == 0:
            alive.append(mutant)
            print(f"  {mutant}", flush=True)
        noticed += code != 0
    return noticed, sorted(alive, key=lambda m: (m.file, m.line))


def computed() -> float:
    """Minutes of computing of the children so far, which a busy machine does not stretch."""
    times = os.times()
    return (times.children_user + times.children_system) / 60


def judged(noticed: int, alive: list[Mutant], possible: int, seed: int, notes: Any) -> Result:
    """The result of a room; explained survivors do not count."""
    why = {(n["file"], n["was"], n["now"]): n["why"] for n in notes.get("explained", [])}
    rows = [
        {
            "file": f"{m.file}:{m.line}",
            "was": m.was,
            "now": m.now,
            "why": why.get((m.file, m.was, m.now), "UNEXPLAINED"),
        }
        for m in alive
    ]
    explained = sum(row["why"] != "UNEXPLAINED" for row in rows)
    return {
        "date": f"{dt.date.today()}",
        "seed": seed,
        "possible": possible,
        "noticed": noticed,
        "explained": explained,
        "score": noticed / max(noticed + len(alive) - explained, 1),
        "survivors": rows,
    }


def page(results: dict[str, Result]) -> str:
    """``mutants.md``."""
    lines = [
        "# What `make mutants` found",
        "",
        "Small faults put into the code one at a time, and whether a test noticed. The score is",
        "the share noticed of all that could be: a survivor that no test can tell from the",
        "original is explained, and not counted. Minutes are of computing on one core, without",
        f"the run that finds which tests reach which line ({results['reach']['minutes']:.0f}).",
        "",
        "Tried is a sample: of a room 60, fewer where `--count` said so.",
        "",
        "| room | of | tried | noticed | survived | explained | score | minutes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rooms = {room: r for room, r in results.items() if room != "reach"}
    for room, r in rooms.items():
        count = len(r["survivors"])
        lines.append(
            f"| {room} | {r['possible']} | {r['noticed'] + count} | {r['noticed']} | {count} "
            f"| {r['explained']} | {r['score']:.0%} | {r['minutes']:.0f} |"
        )
    for room, r in rooms.items():
        lines += ["", f"## {room}", "", f"{r['date']}, seed {r['seed']}.", ""]
        for s in r["survivors"]:
            lines += [f"- {s['file']}: {s['why']}", "", "  ```diff"]
            lines += [f"  - {s['was']}", f"  + {s['now']}", "  ```", ""]
    return "\n".join(lines).rstrip() + "\n"


def run(tree: Path, ask: argparse.Namespace) -> dict[str, Result]:
    """Try the rooms asked for; results of the others are those of their last time."""
    notes = tomllib.loads((HERE / "mutants.toml").read_text("utf-8"))
    cache = ROOT / ".mutants"
    store = cache / "results.json"
    results: dict[str, Result] = json.loads(store.read_text()) if store.exists() else {}
    reach = reached(tree, cache, ask.workers)
    # what did not change was not run again: the longest is that of all tests
    longest = max(computed(), results.get("reach", {"minutes": 0})["minutes"])
    results["reach"] = {"minutes": longest}
    for room in ask.rooms:
        print(room, flush=True)
        before = computed()
        if room == "planted":
            chosen = list(planted(tree, notes))
            possible = len(chosen)
        else:
            chosen, possible = sample(tree, room, ask.seed, None if ask.all else ask.count)
        noticed, alive = survivors(tree, chosen, reach, ask.workers)
        r = results[room] = judged(noticed, alive, possible, ask.seed, notes)
        r["minutes"] = computed() - before
        print(
            f"  {noticed} noticed, {len(alive)} survived, {r['explained']} of them explained: "
            f"{r['score']:.0%}, {r['minutes']:.1f} minutes of computing"
        )
        store.write_text(json.dumps(results))
    return results


def main() -> int:
    """Exit code 1 when a room is below ``PASS``, or a planted fault is not noticed."""
    say = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    say.add_argument("rooms", nargs="*", default=[*ROOMS, "planted"])
    say.add_argument("--count", type=int, default=60, help="mutants of each room")
    say.add_argument("--all", action="store_true", help="every mutant of a room")
    say.add_argument("--seed", type=int, default=8)
    say.add_argument("--workers", type=int, default=2)
    ask = say.parse_args()
    for name in LIBRARIES:
        importlib.import_module(name)
    os.environ["CI"] = "true"  # the same examples for every mutant
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that no child is left behind
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
        sys.path.insert(0, str(tree / "src"))
        os.environ["PYTHONPATH"] = str(tree / "src")
        os.chdir(tree)
        results = run(tree, ask)
        os.chdir(ROOT)
    listed = {r: results[r] for r in ("reach", *ROOMS, "planted") if r in results}
    (HERE / "mutants.md").write_text(page(listed), encoding="utf-8")
    return int(any(results[r]["score"] < (1 if r == "planted" else PASS) for r in ask.rooms))


if __name__ == "__main__":
    sys.exit(main())
