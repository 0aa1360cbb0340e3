"""Imports that are killed, starved of disk and raced, as users start them: what was lost.

    python bench/torture.py [TRIALS] [SEED]

Each trial starts ``paceline import`` in a process of its own and sends SIGKILL, SIGTERM or SIGINT
at a random instant of it, with the caches of the store warm or cold; or gives it a disk that fills
up; or lets two or five imports race each other and a reader. An import is acknowledged when it
ended with exit code 0. After each trial must hold, in the store as it lies there:

* every acknowledged import is there with all its rows, and its values are those of its file;
* every other import is there as a whole or not at all;
* every version of the store holds the rows it held before;
* ``paceline check`` finds no damage, and a reader meanwhile never saw an error or half an import.

A row that was acknowledged and is gone is lost; an import with some of its rows is a half.
"""

from __future__ import annotations

import copy
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import exchange_calendars
import polars as pl

from paceline.store import Store

ROOT = Path(__file__).parent.parent
#: Securities of each feed, and its sessions: enough for an import to take its time.
SECURITIES, SESSIONS = 40, 250
FEEDS = 5
WHOLE = SECURITIES * SESSIONS
#: Trials with one store; then an empty one.
BATCH = 50
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
COMMAND = [sys.executable, "-m", "paceline", "import", "--market", "market.toml"]
MARKET = """
[market]
name = "torture"
benchmark = "one"
store = "store"
{sources}
[baskets.one]
instrument = "F0S0"
"""
READER = """
import sys, time
from paceline.store import Store
from paceline.errors import StoreError
whole = {rows}
while True:
    store = Store(sys.argv[1])
    last = store.version
    if not last:
        continue
    for source, count in store.read("prices", last).group_by("source").len().iter_rows():
        if count != whole:
            sys.exit(f"half of {{source}} at version {{last}}: {{count}} rows")
    print("read", last, flush=True)
"""


@dataclass
class Told:
    """What all trials came to."""

    trials: Counter[str] = field(default_factory=Counter)
    killed: int = 0
    acknowledged: int = 0
    lost: int = 0
    halves: int = 0
    faults: list[str] = field(default_factory=list)
    wrong_exits: list[str] = field(default_factory=list)
    reads: int = 0


def environment() -> dict[str, str]:
    """The environment of a user, with this package."""
    return {**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "120"}


class Ground:
    """A market of several feeds in a folder; each import brings new values of one of them."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.folder, self.rng = folder, rng
        sessions = exchange_calendars.get_calendar("XNYS", start="2023-01-01").sessions
        self.days = pl.Series([d.date() for d in sessions[:SESSIONS]])
        self.revision = dict.fromkeys(range(FEEDS), 0)
        self.seen: dict[int, tuple[int, int]] = {}  # load -> feed and revision
        self.done: dict[int, set[int]] = {feed: set() for feed in range(FEEDS)}
        feeds = [f'[sources.feed{n}]\nkind = "files"\npath = "feed{n}.csv"\n' for n in range(FEEDS)]
        (folder / "market.toml").write_text(MARKET.format(sources="\n".join(feeds)))
        for feed in range(FEEDS):
            self.write(feed)

    def write(self, feed: int) -> int:
        """The next revision of a feed's file: every close tells its revision."""
        self.revision[feed] += 1
        rows = self.rows(feed, self.revision[feed])
        draft = self.folder / f".feed{feed}"
        rows.write_csv(draft)
        draft.replace(self.folder / f"feed{feed}.csv")
        return self.revision[feed]

    def rows(self, feed: int, revision: int) -> pl.DataFrame:
        """A file: the first security says its revision, the others change with every third."""
        base = [revision, *[revision - revision % 3] * (SECURITIES - 1)]
        closes = [round(1000.0 + b + n / 100, 2) for n, b in enumerate(base)]
        names = [f"F{feed}S{n}" for n in range(SECURITIES)]
        return pl.DataFrame({"security": names, "close": closes}).join(
            self.days.to_frame("date"), how="cross"
        )

    def command(self, feed: int) -> list[str]:
        return [*COMMAND, "--source", f"feed{feed}"]

    def start(self, feed: int, limit: int | None = None) -> subprocess.Popen[str]:
        """An import as a user starts it; ``limit`` bytes is the largest file it may write."""

        def starve() -> None:
            assert limit is not None
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        return subprocess.Popen(
            self.command(feed),
            cwd=self.folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=None if limit is None else starve,
        )

    def cool(self) -> None:
        """Forget what was worked out before."""
        shutil.rmtree(self.folder / "store/cache", ignore_errors=True)

    # ---- what must hold

    def judge(self, told: Told, *, every: bool = False) -> None:
        """Count what is lost or half there: at new versions and an old one, or at ``every`` one."""
        if not (self.folder / "store/tables/loads/_delta_log").exists():
            told.lost += WHOLE * len(self.seen)
            return  # killed before there was a store
        store = Store(self.folder / "store", create=False)
        told.faults += [str(f) for f in store.check().faults]
        sources = dict(store.loads().select("load", "source").iter_rows())
        told.lost += WHOLE * sum(load not in sources for load in self.seen)
        old = sorted(self.seen)
        again = old if every or not old else [self.rng.choice(old)]
        for load, source in sources.items():
            if source.startswith("feed") and (load not in self.seen or load in again):
                rows = store.read("prices", load).filter(pl.col("source") == source)
                found = self.revision_of(int(source[4:]), rows)
                if found is None:
                    told.halves += 1
                elif self.seen.setdefault(load, found) != found:
                    told.lost += WHOLE
        there = set(self.seen.values())
        for feed, revisions in self.done.items():
            told.lost += WHOLE * sum((feed, r) not in there for r in revisions)

    def revision_of(self, feed: int, rows: pl.DataFrame) -> tuple[int, int] | None:
        """The feed and revision of its file that these rows are, all of them; None for none."""
        first = rows.filter(pl.col("security") == f"F{feed}S0")["close"].unique()
        if len(rows) != WHOLE or len(first) != 1:
            return None
        revision = round(first[0] - 1000)
        wanted = self.rows(feed, revision).sort("security", "date")
        found = rows.select("security", "close", "date").sort("security", "date")
        return (feed, revision) if found.equals(wanted) else None


def killed(ground: Ground, told: Told, typical: float) -> None:
    """One import that is sent a signal at a random instant."""
    feed, kind = ground.rng.randrange(FEEDS), ground.rng.choice(SIGNALS)
    revision = ground.write(feed)
    if ground.rng.random() < 0.5:
        ground.cool()
    process = ground.start(feed)
    time.sleep(ground.rng.random() * typical)
    process.send_signal(kind)
    finish(ground, told, feed, revision, process)
    told.killed += process.returncode not in (0,)
    told.trials[kind.name] += 1


def full_disk(ground: Ground, told: Told, _: float) -> None:
    """One import of a copy of the market on a small disk that fills up, then is made larger."""
    place = Path(tempfile.mkdtemp())
    used = sum(p.stat().st_blocks * 512 for p in ground.folder.rglob("*"))
    size = used + 4096 * ground.rng.randrange(50, 85)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        told.trials["full tmpfs: not permitted to mount one here"] += 1
        place.rmdir()
        return
    try:
        shutil.copytree(ground.folder, place, dirs_exist_ok=True)
        here = copy.copy(ground)
        here.folder, here.seen = place, dict(ground.seen)
        here.done = {feed: set(done) for feed, done in ground.done.items()}
        feed = ground.rng.randrange(FEEDS)
        here.judge(told)
        try:
            revision = here.write(feed)
        except OSError:  # the disk took not even the file to import
            revision = None
        if revision is not None:
            process = here.start(feed)
            said = finish(here, told, feed, revision, process)
            if process.returncode not in (0, 3):
                told.wrong_exits.append(f"full tmpfs: exit {process.returncode}: {said[-300:]}")
            elif process.returncode == 3 and "full" not in said:
                told.wrong_exits.append(f"full tmpfs, but it says: {said[-300:]}")
            told.trials["full tmpfs" if process.returncode else "nearly full tmpfs"] += 1
            here.judge(told)
        more = ["mount", "-o", f"remount,size={4 * size + 2**24}", str(place)]
        subprocess.run(more, check=True)
        revision, process = here.write(feed), here.start(feed)
        finish(here, told, feed, revision, process)
        if process.returncode:
            told.wrong_exits.append("an import after the disk was made larger failed")
        here.judge(told)
    finally:
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()


def full(ground: Ground, told: Told, _: float) -> None:
    """One import onto a disk that takes no file beyond a random size."""
    feed = ground.rng.randrange(FEEDS)
    revision = ground.write(feed)
    process = ground.start(feed, limit=int(10 ** ground.rng.uniform(2, 5.5)))
    said = finish(ground, told, feed, revision, process)
    if process.returncode not in (0, 3):
        told.wrong_exits.append(f"full disk: exit {process.returncode}: {said[-300:]}")
    elif process.returncode == 3 and "full" not in said:
        told.wrong_exits.append(f"full disk, but it says: {said[-300:]}")
    told.trials["no file larger than a limit"] += 1


def raced(writers: int) -> Callable[[Ground, Told, float], None]:
    """Several imports at once and a reader; one of the imports is killed."""

    def trial(ground: Ground, told: Told, typical: float) -> None:
        reader = subprocess.Popen(
            [sys.executable, "-c", READER.format(rows=WHOLE), str(ground.folder / "store")],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        feeds = ground.rng.sample(range(FEEDS), writers)
        work = [(f, ground.write(f)) for f in feeds]
        processes = [ground.start(f) for f, _ in work]
        time.sleep(ground.rng.random() * typical * writers / 2)
        processes[0].send_signal(ground.rng.choice(SIGNALS))
        for number, ((feed, revision), process) in enumerate(zip(work, processes, strict=True)):
            said = finish(ground, told, feed, revision, process)
            if number and process.returncode:
                told.wrong_exits.append(f"{writers} writers: exit {process.returncode}: {said}")
        gone = reader.poll()
        reader.kill()
        out, error = reader.communicate()
        told.reads += out.count("read")
        if gone is not None:
            told.wrong_exits.append(f"the reader: {error[-300:]}")
        told.trials[f"{writers} writers and a reader"] += 1

    return trial


def finish(
    ground: Ground, told: Told, feed: int, revision: int, process: subprocess.Popen[str]
) -> str:
    """Wait for an import; one that ended well is acknowledged."""
    said = process.communicate(timeout=600)[1]
    if process.returncode == 0:
        told.acknowledged += 1
        ground.done[feed].add(revision)
    return said


def plan(trials: int) -> Iterator[Callable[[Ground, Told, float], None]]:
    """The trials asked for: nine in ten are kills, the others a full disk or a race."""
    others = [full, raced(2), full_disk, raced(5)]
    for number in range(trials):
        yield killed
        if number % 10 == 9:
            yield others[(number // 10) % len(others)]


def torture(folder: Path, trials: int, seed: int, told: Told) -> None:
    """Run the trials in a folder, each batch with a store that begins empty; see the module."""
    rng, steps = random.Random(seed), list(plan(trials))
    for first in range(0, len(steps), BATCH):
        place = folder / f"market{first}"
        place.mkdir()
        ground = Ground(place, rng)
        began = time.perf_counter()
        # how long an import takes now, measured beside the market that is tortured
        with tempfile.TemporaryDirectory() as aside:
            assert Ground(Path(aside), rng).start(0).wait() == 0
        typical = time.perf_counter() - began
        for number, trial in enumerate(steps[first : first + BATCH], first + 1):
            trial(ground, told, 1.1 * typical)
            ground.judge(told)
            if number % 20 == 0:
                sys.stderr.write(f"\r{number} trials, {told.lost} rows lost, {told.halves} halves ")
                sys.stderr.flush()
        ground.judge(told, every=True)
        shutil.rmtree(place)


def main() -> int:
    """Print trials and losses, after Ctrl-C too; exit code 1 if anything was lost."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    told = Told()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as folder, suppress(KeyboardInterrupt):
        torture(Path(folder), trials, seed, told)
    print(f"\nseed {seed}")
    for kind, count in sorted(told.trials.items()):
        print(f"{count:6}  {kind}")
    print(f"{told.killed:6}  imports that the signal ended")
    print(f"{told.acknowledged:6}  imports acknowledged")
    print(f"{told.reads:6}  reads meanwhile")
    print(f"{told.lost:6}  acknowledged rows lost")
    print(f"{told.halves:6}  halves")
    print(f"{len(told.faults):6}  faults found by check")
    print(f"{len(told.wrong_exits):6}  wrong exits")
    for text in [*told.faults, *told.wrong_exits][:10]:
        print("  ", json.dumps(text))
    return int(bool(told.lost or told.halves or told.faults or told.wrong_exits))


if __name__ == "__main__":
    sys.exit(main())
