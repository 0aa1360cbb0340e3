"""Random faults in a market whose truth is known: every figure is right, or says why not.

    python bench/chaos.py [--trials 500] [--first 0] [--workers 2] [--verbose]

A trial damages the files of the simulated market in one to three ways (``chaos_faults``), imports
them, into an empty store or over the sound files of the day before, and asks for all figures of
fourteen measures. Each is compared with the same figure of the sound market on the same day:

right    within 0.1 point (returns, shares), one in a thousand (levels, ratios), or the same
said     it has a caveat, or a reason for having no value, that the sound market's has not, and that
         names the cause; or it counts members without data that the sound market's does not
flagged  it is right, and has such a caveat all the same
silent   it is wrong, and has none

A caveat names the cause where it says one of the words (``NAMES``) of a fault that was put in; one
that every figure of a market carries (``GENERAL``) names none. An import that is refused with an
error is an answer as well, and is counted.

Two faults leave a statement that is whole in itself, and that no other data contradict: a list
whose days are all one day later, and a published index in another unit from its first row to its
last. What it says is then the truth for whoever has only it. A figure that neither is right nor
says why not is compared with the sound market that has that list, or that unit, as well; where it
is the same it is *stated*, and counted apart.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import chaos_market
import polars as pl
from chaos_faults import LISTS, Fault, drawn

from paceline.figures import Figure
from paceline.market import Market

#: A tenth of a point.
NEAR = 1e-3
#: What stands on every figure alike, and what has to do with no fault.
GENERAL = re.compile(
    "worked back from the next session|taken for ordinary dividends|days that are no session|"
    "too little history for this window$|annualised with|^above 100%|this basis is a total return"
)
LACKING = (
    "no return|no price|not held|(is|are) held|(has|have) (a price|data)|stands? in|ended on|"
    "silent for|did not move|cannot be ranked|rolled forward|no date|not found in the data|"
    "no (return )?level|returns: |(is|are) needed|market cap|no members|float factor|begins on|"
    "no low of the benchmark|has no close on|holds nobody"
)
#: Of figures of members, on whatever was done to the closes of one.
MEMBERS = "is in doubt on"
OLD = "stale|unchanged|(repeat those|is that) of the session before|a session (early|late)"
ALONE = f"{MEMBERS}|otherwise than|came back|usual volume|closes in doubt"
#: Words that name a cause, by what was done.
NAMES = {
    "removed": LACKING,
    "delayed": f"{LACKING}|contradict|apart|{OLD}|{ALONE}",
    "doubled": f"{LACKING}|contradict|apart|twice|{OLD}|{ALONE}",
    "scaled": f"{LACKING}|contradict|apart|scale|factor|size|{ALONE}",
    "shifted": f"{LACKING}|contradict|apart|shifted|a (day|session) (early|late)|{ALONE}",
    "renamed": f"{LACKING}|contradict|apart|size|nothing says why|{ALONE}",
    "cut off": LACKING,
    "spiked": f"{LACKING}|contradict|apart|leapt",
    "twinned": f"{LACKING}|contradict|apart|same returns|size",
    "mistyped": f"contradict|apart|{ALONE}|looks like a split|no return|lose on price returns",
    "spliced": f"contradict|apart|{ALONE}|looks like a split|no return|lose on price returns",
    "repeated": f"contradict|apart|{ALONE}|{OLD}",
    "counted": "market caps?",
    "withheld": LACKING,
    "uncapped": LACKING,
}
Key = tuple[Any, ...]


@dataclass
class Trial:
    """What one trial came to; ``silent`` holds what was wrong: its key, true value, and itself."""

    seed: int
    faults: list[str]
    refused: str = ""
    figures: int = 0
    right: int = 0
    said: int = 0
    flagged: int = 0
    stated: int = 0
    silent: list[tuple[Key, list[Any], Figure]] = field(default_factory=list)
    caveats: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def key(f: Figure) -> Key:
    """What a figure is about: its question, without its lineage and its value."""
    names = (f.extra.get(k) for k in ("security", "part", "group", "company"))
    if f.measure == "contributions" and f.statistic[4:].isdecimal():  # top_7: whoever it is
        return (f.measure, f.subject, "member", f.start, f.end, f.basis, *names)
    return (f.measure, f.subject, f.against, f.statistic, f.start, f.end, f.basis, *names)


def same(a: Figure, b: Figure) -> bool:
    """Whether two figures say the same to a tenth of a point."""
    if isinstance(a.value, (int, float)) and isinstance(b.value, (int, float)):
        small = a.unit in ("return", "fraction")
        scale = 1.0 if small else max(1.0, abs(b.number))
        return abs(a.number - b.number) <= NEAR * scale
    return a.value == b.value


def fewer(f: Figure, true: Iterable[Figure]) -> bool:
    """Whether a figure counts members that it has no data of, as none of the true ones does."""
    if f.n_used is None or f.n_eligible is None or f.n_used >= f.n_eligible:
        return False
    return all((f.n_used, f.n_eligible) != (one.n_used, one.n_eligible) for one in true)


def words(fault: str) -> str:
    """Words that name the cause of a fault. A list that is cut off is what one that is late is."""
    how = next(how for how in NAMES if fault.startswith(f"{how} "))
    old = how == "cut off" and fault.endswith(LISTS)
    return NAMES["delayed" if old else how]


def compared(trial: Trial, true: Mapping[Key, list[Figure]], found: Iterable[Figure]) -> Trial:
    """Count what the figures of a damaged market are beside the true ones."""
    names = re.compile("|".join(words(fault) for fault in trial.faults))
    for f in found:
        trial.figures += 1
        of = true.get(key(f), [])
        usual = {c for one in of for c in one.caveats}
        new = {c for c in f.caveats if names.search(c) and not GENERAL.search(c)} - usual
        right = any(same(f, one) for one in of)
        if right:
            trial.right += 1
            trial.flagged += bool(new)
        elif new or fewer(f, of):
            trial.said += 1
        else:
            trial.silent.append((key(f), [one.value for one in of], f))
        trial.caveats.update(new)
    return trial


def as_stated(faults: Iterable[Fault]) -> dict[str, pl.DataFrame] | None:
    """The sound files with what the faults state anew; None where they state nothing whole."""
    files = dict(chaos_market.truth())
    new = dict(files)
    for fault in faults:
        if fault.how == "shifted" and fault.feed in LISTS:
            new = fault(new)
        elif fault.how == "scaled" and fault.feed in ("index", "fund"):
            new[fault.feed] = in_other_units(new[fault.feed], fault(new)[fault.feed])
    return new if any(new[n] is not files[n] for n in files) else None


def in_other_units(was: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    """A published feed with those securities in the new unit that are so from first to last."""
    value = was.columns[-1]
    ratio = now[value] / was[value]
    whole = pl.col("ratio").max() < pl.col("ratio").min() * (1 + 1e-9)
    factor = pl.when(whole.over("security")).then("ratio").otherwise(1.0)
    return was.with_columns(ratio=ratio).with_columns(pl.col(value) * factor).drop("ratio")


class Ground:
    """The sound market in a folder, imported once; its figures as of any day."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = chaos_market.write(folder / "sound", chaos_market.truth())
        Market.open(self.path).import_()
        self.true = cache(self._true)

    def _true(self, as_of: str) -> dict[Key, list[Figure]]:
        made: dict[Key, list[Figure]] = {}
        market = Market.open(self.path, as_of=as_of)
        for f in chaos_market.figures(market, true=True):
            made.setdefault(key(f), []).append(f)
        return made

    def stated(self, trial: Trial, faults: Iterable[Fault], as_of: str) -> None:
        """Take from the silent figures of a trial those that are as the files state."""
        files = as_stated(faults)
        if not trial.silent or files is None:
            return
        place = self.folder / f"stated{trial.seed}"
        market = Market.open(chaos_market.write(place, files), as_of=as_of)
        market.import_()
        true: dict[Key, list[Figure]] = {}
        for f in chaos_market.figures(market, true=True):
            true.setdefault(key(f), []).append(f)
        shutil.rmtree(place)
        left = [s for s in trial.silent if not any(same(s[2], one) for one in true.get(s[0], []))]
        trial.stated, trial.silent = len(trial.silent) - len(left), left

    def trial(self, seed: int, faults: Iterable[Fault] | None = None) -> Trial:
        """One trial; its faults are drawn by the seed, or given."""
        began = time.perf_counter()
        chosen = drawn(seed) if faults is None else list(faults)
        files = dict(chaos_market.truth())
        for fault in chosen:
            files = fault(files)
        place = self.folder / f"trial{seed}"
        if seed % 4:  # over what was sound yesterday
            shutil.copytree(self.path.parent, place)
        trial = Trial(seed, [str(f) for f in chosen])
        found, as_of, trial.refused = chaos_market.answered(place, files)
        shutil.rmtree(place)
        if not trial.refused:
            compared(trial, self.true(as_of), found)
            self.stated(trial, chosen, as_of)
        trial.seconds = time.perf_counter() - began
        return trial


# ---- many trials, side by side

_GROUND: dict[str, Ground] = {}


def _one(folder: str, seed: int) -> Trial:
    if folder not in _GROUND:
        own = Path(tempfile.mkdtemp(dir=folder))
        _GROUND[folder] = Ground(own)
    return _GROUND[folder].trial(seed)


def told(trial: Trial, verbose: bool) -> None:
    """What a reader of the run must see of a trial: silent ones, with kind and seed."""
    what = f"seed {trial.seed}: {'; '.join(trial.faults)}"
    if trial.silent:
        print(f"SILENT {len(trial.silent)} of {trial.figures} figures, {what}")
        for name, was, f in trial.silent[:6]:
            print(
                f"    {' '.join(str(n) for n in name if n)}: {f.value}, true {was[:1]}", *f.caveats
            )
    elif verbose and trial.refused:
        print(f"refused, {what}: {trial.refused}")
    elif verbose:
        print(
            f"{trial.figures} figures, {trial.said} said, {trial.flagged} of {trial.right} right "
            f"ones flagged, {trial.seconds:.1f} s, {what}"
        )
        for caveat, count in trial.caveats.most_common(4):
            print(f"    {count} times: {caveat}")


def main() -> int:
    """Run the trials and print what they came to; 1 where a figure was silent."""
    ask = argparse.ArgumentParser(description="Random faults in a market whose truth is known.")
    ask.add_argument("--trials", type=int, default=500)
    ask.add_argument("--first", type=int, default=0, help="seed of the first trial")
    ask.add_argument("--workers", type=int, default=2)
    ask.add_argument("--verbose", action="store_true", help="tell of every trial")
    asked = ask.parse_args()
    os.environ["POLARS_MAX_THREADS"] = "1"  # each worker has a core, not all of them
    seeds = range(asked.first, asked.first + asked.trials)
    done: list[Trial] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        concurrent.futures.ProcessPoolExecutor(
            asked.workers, multiprocessing.get_context("spawn")
        ) as pool,
    ):
        for trial in pool.map(_one, [folder] * len(seeds), seeds):
            told(trial, asked.verbose)
            sys.stdout.flush()
            done.append(trial)
    total = {
        n: sum(getattr(t, n) for t in done)
        for n in ("figures", "right", "said", "flagged", "stated")
    }
    silent = [t for t in done if t.silent]
    print(
        f"{len(done)} trials, {sum(bool(t.refused) for t in done)} refused with an error; "
        f"{total['figures']:,} figures: {total['right']:,} right ({total['flagged']:,} of them "
        f"with a further caveat), {total['said']:,} with the reason, "
        f"{total['stated']:,} as stated, "
        f"{sum(len(t.silent) for t in done):,} silent in {len(silent)} trials"
    )
    kinds = Counter(fault for t in silent for fault in t.faults)
    for kind, count in kinds.most_common():
        print(f"    {count} {kind}")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
