"""Inputs of every kind for as long as asked: ``make fuzz FOR=600 KIND=a_manifest``.

The strategies and what must hold are those of ``tests/test_fuzz.py``. With atheris the bytes that
choose an input are bred by the lines of Paceline they reach; where atheris cannot be installed,
Hypothesis is given random bytes instead. A fault is printed with the bytes that make it again:
``python bench/fuzz.py --kind KIND --again HEX``. Put what it found into ``tests/test_doors.py``.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

#: Bytes that choose one input.
LONGEST = 4096


def kinds() -> dict[str, Callable[[bytes], object]]:
    """Each kind of input: from bytes to one input tried."""
    import test_fuzz

    return {name: test.hypothesis.fuzz_one_input for name, test in test_fuzz.KINDS.items()}


def try_one(name: str, attempt: Callable[[bytes], object], data: bytes) -> None:
    """One input; a fault ends the run and says how it comes again."""
    try:
        attempt(data)
    except BaseException:
        print(f"\n{name}: python bench/fuzz.py --kind {name} --again {data.hex()}", flush=True)
        raise


def by_chance(name: str, attempt: Callable[[bytes], object], seconds: float) -> int:
    """Random bytes until the time is up; how many inputs were tried."""
    draw = random.Random(time.time_ns())
    until, tried = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        try_one(name, attempt, draw.randbytes(draw.randrange(8, LONGEST)))
        tried += 1
    return tried


def bred(name: str, seconds: float) -> int:
    """atheris does not come back: one process a kind."""
    words = [sys.executable, __file__, "--kind", name, "--for", str(seconds), "--bred"]
    return subprocess.run(words, check=False).returncode


def run_atheris(name: str, seconds: float) -> None:
    """Breed inputs of one kind; ends the process."""
    import atheris

    with atheris.instrument_imports(include=["paceline"]):
        attempt = kinds()[name]
        for length in (8, 64, LONGEST):  # what is imported where it is used must be imported here
            try_one(name, attempt, os.urandom(length))
    corpus = ROOT / "out" / "fuzz" / name
    corpus.mkdir(parents=True, exist_ok=True)
    how = [sys.argv[0], f"-max_total_time={int(seconds)}", f"-max_len={LONGEST}"]
    how += ["-len_control=0", str(corpus)]
    atheris.Setup(how, lambda data: try_one(name, attempt, data))
    atheris.Fuzz()


def main() -> int:
    """Try every kind, or one, each for its share of the time."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--for", dest="seconds", type=float, default=300.0, help="seconds in all")
    ask.add_argument("--kind", default="", help="one kind of input; default: all, in turn")
    ask.add_argument("--again", default="", help="the bytes of one input, in hex")
    ask.add_argument("--bred", action="store_true", help=argparse.SUPPRESS)
    given = ask.parse_args()
    os.environ.setdefault("PACELINE_CONFIG", str(ROOT / "out" / "fuzz" / "config"))
    if given.bred:
        run_atheris(given.kind, given.seconds)
    known = kinds()
    if given.kind and given.kind not in known:
        ask.error(f"unknown kind {given.kind!r}; known: {', '.join(known)}")
    chosen = [given.kind] if given.kind else list(known)
    if given.again:
        try_one(chosen[0], known[chosen[0]], bytes.fromhex(given.again))
        return 0
    share = given.seconds / len(chosen)
    atheris = find_spec("atheris") is not None
    print(f"{'atheris' if atheris else 'Hypothesis, by chance'}: {share:.0f} s a kind", flush=True)
    for name in chosen:
        if atheris:
            if bred(name, share):
                return 1
        else:
            print(f"{name}: {by_chance(name, known[name], share)} inputs, no fault", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
