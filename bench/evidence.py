"""Bootstrap of 60 pairs x 6,300 sessions, 2,000 draws; the detector on 2,000 walks x 25 years.

python bench/evidence.py           # bootstrap with block lengths under 20 s on 2 cores, calibration
                                   in seconds
python bench/evidence.py --jobs 2  # the same draws by joblib: same numbers
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from paceline import evidence, methods

PAIRS, SESSIONS, DRAWS = 60, 6300, 2000


def timed(what: str, work: Callable[[], Any]) -> Any:
    """The result of ``work``; prints seconds, wall-clock and processor (less disturbed)."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    print(
        f"{what:<62}{time.perf_counter() - wall:7.2f} s wall {time.process_time() - cpu:7.2f} s cpu"
    )
    return result


def with_arch(x: np.ndarray, block: float, draws: int) -> np.ndarray:
    """Standard errors of the means by arch, one draw at a time: what a user would pick instead."""
    from arch.bootstrap import StationaryBootstrap

    boot = StationaryBootstrap(block, x.T, seed=np.random.default_rng(0))
    errors: np.ndarray = boot.apply(lambda rows: rows.mean(axis=0), draws).std(axis=0)
    return errors


def main(jobs: int) -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((PAIRS, SESSIONS + 1)) * 0.005
    x = noise[:, 1:] + 0.1 * noise[:, :-1]
    block = float(
        np.nanmax(timed(f"block lengths of {PAIRS} pairs", lambda: evidence.block_length(x)))
    )
    found = timed(
        f"means of {PAIRS} pairs x {SESSIONS} sessions, {DRAWS} draws",
        lambda: evidence.mean_evidence(x, block=block, draws=DRAWS),
    )
    if jobs > 1:
        again = timed(
            f"the same on {jobs} processes",
            lambda: evidence.mean_evidence(x, block=block, draws=DRAWS, n_jobs=jobs),
        )
        print(
            "largest difference:",
            max(abs(a.effect - b.effect) for a, b in zip(again, found, strict=True)),
        )
    arch = timed("arch, 200 draws of the same (ten times fewer)", lambda: with_arch(x, block, 200))
    mine = np.array([e.minimum_detectable for e in found]) / evidence.minimum_detectable(1.0)
    print(f"standard errors, ours to arch's: {np.median(mine / arch):.3f}")
    event = np.zeros(SESSIONS, bool)
    event[rng.choice(SESSIONS, 25, replace=False)] = True
    timed(
        "one question about 25 events, horizon 63",
        lambda: evidence.event_evidence(x[0], event, horizon=63, draws=DRAWS),
    )
    print(timed("calibration, 2,000 walks x 25 years", methods.calibrate))
    line = np.cumsum(x, axis=1)
    timed(f"detector on {PAIRS} pairs, with borderline verdicts", lambda: methods.verdicts(line))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=1)
    main(parser.parse_args().jobs)
