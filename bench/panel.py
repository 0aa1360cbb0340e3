"""How long the panel takes, warm from the store and from its cache.

The targets are 2 s and 0.2 s at 5,000 x 2,520.

    python bench/panel.py [--securities 5000] [--sessions 2520] [--loads 1]

The store lives in a temporary folder and goes with it. ``--loads 20`` imports the last sessions one
by one, as a daily user does, and measures before and after compaction."""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import polars as pl

from paceline import panel
from paceline.store import Store

FIELDS = ("close", "price_return", "total_return", "market_cap")
Anything = TypeVar("Anything")


def market(securities: int, sessions: int) -> tuple[pl.DataFrame, np.ndarray]:
    """Price rows of weekdays, random but the same each time, and the sessions."""
    days = np.arange(np.datetime64("2015-01-02"), np.datetime64("2015-01-02") + 2 * sessions)
    days = days[np.is_busday(days)][:sessions]
    size, random = securities * sessions, np.random.default_rng(1)
    names = pl.Series("security", [f"S{i:06d}" for i in range(securities)])
    returns = random.normal(0.0004, 0.02, size)
    return pl.DataFrame(
        {
            "security": names.gather(np.repeat(np.arange(securities), sessions)),
            "date": pl.Series(np.tile(days, securities)),
            "close": random.lognormal(3, 1, size).round(2),
            "price_return": returns,
            "total_return": returns + 0.0001,
            "volume": random.integers(0, 10**7, size).astype(float),
            "market_cap": random.lognormal(20, 2, size),
        }
    ), days


def timed(work: Callable[[], Anything], times: int = 3) -> tuple[Anything, float]:
    """The result and the best of several runs in seconds."""

    def runs() -> Iterator[tuple[Anything, float]]:
        for _ in range(times):
            began = time.perf_counter()
            result = work()
            yield result, time.perf_counter() - began

    return min(runs(), key=lambda run: run[1])


def report(what: str, seconds: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what:<44}{seconds:8.3f} s   peak so far {peak:5.2f} GB", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--securities", type=int, default=5000)
    arguments.add_argument("--sessions", type=int, default=2520)
    arguments.add_argument("--loads", type=int, default=1)
    given = arguments.parse_args()
    rows, days = market(given.securities, given.sessions)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(folder)

        def build(cache: bool) -> panel.Panel:
            return panel.build(
                store, sessions=days, fields=FIELDS, order={"close": ["bench"]}, cache=cache
            )

        first = days[-given.loads] if given.loads > 1 else days[-1] + 1
        _, seconds = timed(
            lambda: store.commit(
                {"prices": rows.filter(pl.col("date") < first)}, source="bench", checksum="0"
            ),
            1,
        )
        report(f"import of {len(rows):,} rows", seconds)
        for day in days[days >= first]:
            _, seconds = timed(
                lambda day=day: store.commit(  # type: ignore[misc]
                    {"prices": rows.filter(pl.col("date") == day)},
                    source="bench",
                    checksum=str(day),
                ),
                1,
            )
        if given.loads > 1:
            report("import of one more session", seconds)
        whole, seconds = timed(lambda: build(cache=False))
        report(
            f"panel {whole.shape[0]:,} x {whole.shape[1]:,}, {len(FIELDS)} fields, from the store",
            seconds,
        )
        _, seconds = timed(lambda: build(cache=True), 1)
        report("the same, and written to the cache", seconds)
        mapped, seconds = timed(lambda: build(cache=True))
        report("from the cache, every byte checked", seconds)
        for name in FIELDS:
            np.testing.assert_array_equal(mapped.field(name), whole.field(name))
        for what in ("listed", "price_index"):
            _, seconds = timed(
                lambda what=what: (
                    getattr(whole, what, None)
                    if what == "listed"  # type: ignore[misc]
                    else whole.field(what)
                ),
                1,
            )
            report(f"derived: {what}", seconds)
        if given.loads > 1:
            _, seconds = timed(store.compact, 1)
            report("compaction", seconds)
            again, seconds = timed(lambda: build(cache=False))
            report("panel from the store after compaction", seconds)
            np.testing.assert_array_equal(again.field("close"), whole.field("close"))


if __name__ == "__main__":
    main()
