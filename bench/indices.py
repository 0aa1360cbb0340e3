"""Targets and indices of 60 baskets on 5,000 securities x 2,520 sessions, quarterly: time, growth.

python bench/indices.py            # targets under 1.5 s, indices under 1 s on 2 cores
python bench/indices.py 500 600    # another size
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from fakes import FakePanel, weekdays
from paceline import baskets, config, indices

WEIGHTS = ("cap", "equal")


def synthetic(n: int, t: int, seed: int = 1) -> FakePanel:
    """Random returns in float64, 1% of the cells missing, a tenth of the names leaving."""
    rng = np.random.default_rng(seed)
    r = rng.normal(0.0004, 0.02, (n, t))
    end = np.where(rng.random(n) < 0.1, rng.integers(t // 4, t, n), t)
    r[(rng.random((n, t)) < 0.01) | (np.arange(t) > end[:, None])] = np.nan
    cap = np.exp(rng.normal(21, 1.5, (n, 1))) * np.cumprod(1 + np.nan_to_num(r), axis=1)
    sectors = [f"sector {i % 11:02d}" for i in range(n)]
    industries = [f"industry {i % 45:02d}" for i in range(n)]
    return FakePanel(
        weekdays("2015-01-01", t),
        {"price_return": r, "total_return": r, "market_cap": cap, "close": cap},
        spells={"all": np.ones((n, t), bool)},
        classes={"sector": sectors, "industry": industries},
        listed=np.isfinite(r) | (np.arange(t) <= end[:, None]),
    )


def market(count: int = 60) -> config.MarketFile:
    """``count`` baskets: the whole, sizes, sectors and industries, cap- and equal-weighted."""
    found: dict[str, dict[str, Any]] = {
        f"all {w}": {"universe": "all", "weight": w} for w in WEIGHTS
    }
    found |= {f"top {k}": {"universe": "all", "rank": [1, k]} for k in (50, 200, 500, 1000)}
    found |= {
        f"sector {i:02d} {w}": {"universe": "all", "sector": f"sector {i:02d}", "weight": w}
        for i in range(11)
        for w in WEIGHTS
    }
    found |= {
        f"industry {i:02d}": {"universe": "all", "industry": f"industry {i:02d}"} for i in range(45)
    }
    return config.MarketFile.model_validate(
        {
            "market": {"name": "bench", "benchmark": "all cap"},
            "sources": {},
            "universes": {"all": {"members": "all"}},
            "baskets": dict(list(found.items())[:count]),
        }
    )


def timed(what: str, run: Callable[[], Any], times: int = 3) -> Any:
    wall = cpu = float("inf")
    for _ in range(times):
        began, used = time.perf_counter(), time.process_time()
        result = run()
        wall, cpu = min(wall, time.perf_counter() - began), min(cpu, time.process_time() - used)
    print(f"{what:40s} {wall:7.3f} s   processor {cpu:7.3f} s")
    return result


def main(n: int = 5000, t: int = 2520) -> None:
    panel, file = synthetic(n, t), market()
    print(f"{len(file.baskets)} baskets, {n} securities x {t} sessions")
    made = timed("targets, quarterly", lambda: baskets.targets(panel, file, list(file.baskets)))
    for basis in ("price", "total"):
        built = timed(f"indices, {basis}", lambda basis=basis: indices.build(panel, made, basis))
    timed(
        "contributions, one basket, whole history", lambda: built.contributions("all cap", 0, t - 1)
    )
    timed("weights of all baskets on one session", lambda: built.weights_at(t - 1))


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
