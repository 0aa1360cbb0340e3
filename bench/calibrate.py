"""How often intervals hold that say 95%, on series whose mean is known: docs/calibration.md.

    python bench/calibrate.py [SERIES]

Each kind of series is simulated SERIES times (2,000 unless said) with a true mean of zero. Printed
and written: the share of intervals that hold zero, how much wider they are than one would be that
knew the long-run variance, and the median effective number of observations beside the true one.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from paceline.evidence import Evidence, hac_mean, mean_evidence

Series = np.ndarray
PAGE = Path(__file__).parent.parent / "docs" / "calibration.md"
#: Draws of the bootstrap of each series, and the share of series that it is tried on.
DRAWS, SHARE = 500, 5


class Kind(NamedTuple):
    """A kind of series, its length, the sessions its windows overlap over, and how it is made."""

    name: str
    n: int
    horizon: int
    made: Callable[[np.random.Generator, int], Series]


def autoregressive(phi: float) -> Callable[[np.random.Generator, int], Series]:
    """Each value is ``phi`` times the one before plus normal noise."""

    def made(rng: np.random.Generator, n: int) -> Series:
        from scipy.signal import lfilter

        return lfilter([1.0], [1.0, -phi], rng.standard_normal(n + 200))[200:]

    return made


def windows(horizon: int) -> Callable[[np.random.Generator, int], Series]:
    """Returns over ``horizon`` sessions of a walk, one a session."""
    return lambda rng, n: np.convolve(
        rng.standard_normal(n + horizon - 1), np.ones(horizon), "valid"
    )


def heavy(freedom: float) -> Callable[[np.random.Generator, int], Series]:
    """Independent Student t."""
    return lambda rng, n: rng.standard_t(freedom, n)


def garch(rng: np.random.Generator, n: int) -> Series:
    """Volatility that clusters: GARCH(1, 1) with 0.10 and 0.88, Student t with 5."""
    shock = rng.standard_t(5, n + 200) / math.sqrt(5 / 3)
    variance, value, made = 1.0, 0.0, np.empty(n + 200)
    for t, z in enumerate(shock):
        variance = 0.02 + 0.10 * value**2 + 0.88 * variance
        made[t] = value = math.sqrt(variance) * z
    return made[200:]


KINDS = (
    Kind("independent normal", 20, 1, autoregressive(0.0)),
    Kind("independent normal", 35, 1, autoregressive(0.0)),
    Kind("autocorrelation 0.2", 35, 1, autoregressive(0.2)),
    Kind("independent Student t, 3", 60, 1, heavy(3)),
    Kind("autocorrelation 0.6", 500, 1, autoregressive(0.6)),
    Kind("autocorrelation 0.9", 500, 1, autoregressive(0.9)),
    Kind("autocorrelation -0.3", 500, 1, autoregressive(-0.3)),
    Kind("GARCH, Student t, 5", 500, 1, garch),
    Kind("overlapping windows of 21", 500, 21, windows(21)),
    Kind("overlapping windows of 63", 2000, 63, windows(63)),
)


class Row(NamedTuple):
    """What the intervals of one kind came to."""

    judged: int
    held: float
    width: float
    effective: float


def outcome(found: list[Evidence], spread: float) -> Row:
    """Of series with that standard deviation of their means."""
    judged = [e for e in found if e.low is not None and e.high is not None]
    low = np.array([e.low for e in judged], float)
    high = np.array([e.high for e in judged], float)
    return Row(
        len(judged),
        float(((low <= 0) & (high >= 0)).mean()),
        float((high - low).mean() / (2 * 1.96 * spread)),
        float(np.median([e.n_effective for e in judged])),
    )


def lines(series: int) -> Iterator[str]:
    """The table, a line a kind and method."""
    for number, kind in enumerate(KINDS):
        rng = np.random.default_rng([7, number])
        x = np.array([kind.made(rng, kind.n) for _ in range(series)])
        means = x.mean(axis=1)
        true = float(x.var() / means.var())
        drawn = x[: max(series // SHARE, 1)]
        for method, found in (
            ("Student t", [hac_mean(row, kind.horizon) for row in x]),
            (
                "bootstrap",
                [
                    mean_evidence(row[None], horizon=kind.horizon, draws=DRAWS, seed=i)[0]
                    for i, row in enumerate(drawn)
                ],
            ),
        ):
            row = outcome(found, float(means.std()))
            yield (
                f"| {kind.name} | {kind.n:,} | {method} | {row.judged:,} of {len(found):,} | "
                f"{row.held:.1%} | {row.width:.2f} | {row.effective:.0f} | {true:.0f} |"
            )
        print(f"{kind.name}, n = {kind.n}", file=sys.stderr, flush=True)


def main() -> int:
    """Write the page and print its table."""
    series = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    table = "\n".join(lines(series))
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition("<!-- intervals -->\n")
    _, _, tail = rest.partition("<!-- end of intervals -->")
    heading = (
        "| series with a mean of zero | n | interval | judged | hold zero | width | effective n | "
        "true |\n|---|---|---|---|---|---|---|---|\n"
    )
    print(heading + table)
    PAGE.write_text(
        f"{head}<!-- intervals -->\n{heading}{table}\n<!-- end of intervals -->{tail}",
        encoding="utf-8",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
