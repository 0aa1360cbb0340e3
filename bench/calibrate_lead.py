"""Whether anything better than the base rate is known of who leads later: docs/calibration.md.

    PACELINE_DATA=... python bench/calibrate_lead.py [MARKETS]

History: the daily factors and ten industries of the French library since 1926, out of sample from
1990 on. Noise: MARKETS (80 unless said) simulated markets of ten lines and sixty years without any
rotation, of two kinds, and as many with leads that last: how often the model is used at each
horizon. Written: docs/calibration.md and src/paceline/data/lead_odds.json.
"""

from __future__ import annotations

import json
import math
import os
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from calibrate_words import KINDS, PAGE, ROOT, SHARED, THEMES, Array, french

from paceline.methods.detector import QUARTER, detect
from paceline.methods.lead_looks import Looks, looks, pooled
from paceline.methods.lead_odds import Odds, odds, reliability
from paceline.methods.outcomes import HORIZONS

DATA = ROOT / "src/paceline/data/lead_odds.json"
#: Sessions of a simulated market, the year it begins in, and that after which it is judged.
LENGTH, BEGINS = 60 * 252, 1960
#: Markets made at a time, and the volatility of a session.
TOGETHER, DAILY = 20, 0.005
#: A lead that lasts: sessions, size over a quarter in typical moves, and how many begin a session.
LASTS, SIZE, BEGUN = 126, 2.0, 1 / 252


def history(folder: Path) -> Looks:
    """The looks at all lines of the library."""
    every, lines = french(folder)
    text = every.astype(str)
    days = np.array([f"{d[:4]}-{d[4:6]}-{d[6:]}" for d in text.tolist()], "datetime64[D]")
    return pooled([looks(days[at], own, detect(own[None])) for at, own in lines.values()])


def noise(count: int, kind: str, rng: np.random.Generator) -> Array:
    """(count, lines, LENGTH) daily changes; those of a theme share part of their variance."""
    made = np.empty((count, sum(THEMES), LENGTH))
    for market in made:
        for a, b in pairwise(np.cumsum((0, *THEMES)).tolist()):
            own = KINDS[kind](b - a + 1, LENGTH, rng)
            mixed = math.sqrt(SHARED) * own[:1] + math.sqrt(1 - SHARED) * own[1:]
            market[a:b] = own[:1] if b - a == 1 else mixed
    return DAILY * made


def lasting(count: int, rng: np.random.Generator) -> Array:
    """Steady noise with leads that last: a drift from random sessions on, to either side."""
    made = noise(count, "steady", rng)
    begin = rng.random(made.shape) < BEGUN
    way = np.where(begin, rng.choice([-1.0, 1.0], made.shape), 0.0)
    total = np.cumsum(way, axis=-1)
    total[..., LASTS:] -= np.cumsum(way, axis=-1)[..., :-LASTS]
    return made + total * SIZE * DAILY * math.sqrt(QUARTER) / QUARTER


def used(count: int, kind: str) -> dict[str, float]:
    """Share of simulated markets in which the model is used, by horizon and at any of them."""
    rng, hits = np.random.default_rng(29), np.zeros((count, len(HORIZONS)), bool)
    begins = np.busday_offset(f"{BEGINS}-01-01", np.arange(LENGTH), roll="forward")
    days = begins.astype("datetime64[D]")
    for at in range(0, count, TOGETHER):
        some = min(TOGETHER, count - at)
        changes = lasting(some, rng) if kind == "lasting" else noise(some, kind, rng)
        lines = np.cumsum(changes.reshape(-1, LENGTH), axis=1)
        turns = detect(lines)
        for m in range(some):
            rows = range(m * sum(THEMES), (m + 1) * sum(THEMES))
            pool = pooled([looks(days, lines[r], turns.of(r)) for r in rows])
            last = int(str(days[-1])[:4])
            hits[at + m] = [odds(pool, h, last).used for h in HORIZONS]
        print(kind, at + some, hits[: at + some].sum(axis=0), file=sys.stderr, flush=True)
    rates = {str(h): float(r) for h, r in zip(HORIZONS, hits.mean(axis=0), strict=True)}
    return {**rates, "any": float(hits.any(axis=1).mean())}


def row(found: Odds) -> dict[str, object]:
    """What is kept of a horizon."""
    log = found.scores["log"].gain
    return {
        "base": found.base.effect,
        "low": found.base.low,
        "high": found.base.high,
        "looks": found.base.n,
        "independent": found.fit.independent,
        "since": str(found.record.month[0])[:4],
        **{f"{k}_base": s.base for k, s in found.scores.items()},
        **{f"{k}_model": s.model for k, s in found.scores.items()},
        "gain_low": log.low,
        "gain_high": log.high,
        "used": found.used,
    }


def tables(found: list[Odds], rates: dict[str, dict[str, float]], count: int) -> str:
    """The tables as Markdown."""
    n = f"{found[0].base.n:,}"
    lines = [
        f"On {n} looks at thirteen lines of the French library since 1926, out of sample since "
        "1990 (improvement: base rate less model, above zero where the model is better):",
        "",
        "| ahead after | base rate, interval | independent looks | Brier: base rate | model | "
        "improvement, interval | log: base rate | model | improvement, interval | used |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        b = one.base
        scores = " | ".join(
            f"{s.base:.4f} | {s.model:.4f} | {s.gain.effect:+.4f} ({s.gain.low:+.4f} to "
            f"{s.gain.high:+.4f})"
            for s in one.scores.values()
        )
        lines.append(
            f"| {one.horizon} | {b.effect:.1%} ({b.low:.1%} to {b.high:.1%}) | "
            f"{one.fit.independent:,.0f} | {scores} | {'yes' if one.used else 'no'} |"
        )
    lines += [
        "",
        "What the model said since 1990, and what came of it:",
        "",
        "| ahead after | said | looks | on average | came true, interval |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        for b in reliability(one.record):
            c = b.came
            came = (
                "too few" if c.effect is None else f"{c.effect:.1%} ({c.low:.0%} to {c.high:.0%})"
            )
            said = f"{b.at:.0%} to {b.at + 0.1:.0%}"
            lines.append(f"| {one.horizon} | {said} | {c.n:,} | {b.said:.1%} | {came} |")
    lines += [
        "",
        f"Of {count} simulated markets of each kind, the model is used at a horizon in:",
        "",
        "| | " + " | ".join(f"{h} sessions" for h in HORIZONS) + " | any of them |",
        "|---|" + "---|" * (len(HORIZONS) + 1),
    ]
    names = {"steady": "noise, steady", "clusters": "noise that clusters", "lasting": LASTING}
    lines += [
        f"| {names[k]} | {' | '.join(f'{x:.0%}' for x in v.values())} |" for k, v in rates.items()
    ]
    return "\n".join(lines)


LASTING = f"leads that last: {SIZE:g} typical moves a quarter for {LASTS} sessions"


def main() -> int:
    """Write the tables and the file; print the tables."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 80
    named = os.environ.get("PACELINE_DATA")
    if not named:
        sys.exit("PACELINE_DATA names no folder: the base rates need its french/ files.")
    pool = history(Path(named) / "french")
    year = int(str(pool.month[-1])[:4])
    found = [odds(pool, h, year) for h in HORIZONS]
    rates = {kind: used(count, kind) for kind in (*KINDS, "lasting")}
    text = tables(found, rates, count)
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition("<!-- lead -->\n")
    _, _, tail = rest.partition("<!-- end of lead -->")
    PAGE.write_text(f"{head}<!-- lead -->\n{text}\n<!-- end of lead -->{tail}", encoding="utf-8")
    kept = {"after": {str(o.horizon): row(o) for o in found}, "used": rates}
    DATA.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
