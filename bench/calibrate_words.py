"""What the words of docs/themes.md are worth: false alarms, power, delay, and what followed.

    PACELINE_DATA=... python bench/calibrate_words.py [MARKETS]

Noise: MARKETS (80 unless said) simulated markets without any rotation, of the six themes below,
once with steady volatility and once with one that clusters, each looked at on random dates of its
second ten years; the noise that p rests on is made of the first ten. Power: a steady drift planted
into one theme of each at a random date. History: the daily factors and ten industries of the French
library, from the folder that PACELINE_DATA names. Written: docs/calibration.md and
src/paceline/data/words.json.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from paceline.evidence import adjust, simes
from paceline.methods import words
from paceline.methods.calibration import garch
from paceline.methods.detector import QUARTER, Turns, detect, sigma
from paceline.methods.proportions import wilson
from paceline.methods.turn_record import share
from paceline.methods.unusual import HORIZONS, exceeded, noise, z_scores

ROOT = Path(__file__).parent.parent
PAGE, DATA = ROOT / "docs/calibration.md", ROOT / "src/paceline/data/words.json"
#: Lines of each theme of a simulated market, and how much of a line's variance its theme shares.
THEMES, SHARED = (1, 1, 1, 2, 2, 3), 0.6
#: Sessions of a market, those that noise is made of, looks at each, and sessions it is looked at
#: after a plant of 21.
LENGTH, FIRST, LOOKS, WITHIN = 20 * 252, 10 * 252, 20, 26
SIZES, AGES = (0.0, 1.0, 1.5, 2.0, 3.0), (21, 63, 126, 252)
#: Sessions between looks at real history, and after which the side ahead is asked to lead.
EVERY, AFTER = 21, (21, 63, 252)
Array = np.ndarray


class Lines(NamedTuple):
    """Lines (P, T) with sigma, turns, and the sorted |z| that noise of each makes (P of them)."""

    line: Array
    volatility: Array
    turns: Turns
    null: list[Array]


def lines_of(line: Array, null: list[Array]) -> Lines:
    """Lines with all that a look at any session needs: nothing of it looks ahead."""
    volatility = sigma(line)
    return Lines(line, volatility, detect(line, sigma_per_session=volatility), null)


def looked(at: Lines, rows: range, t: int) -> tuple[Array, Array]:
    """p of the largest move up to session t of some of the lines, and the way each goes."""
    chosen = slice(rows.start, rows.stop)
    pivot = np.full(len(rows), -1)
    first, stop = np.searchsorted(at.turns.series, (rows.start, rows.stop))
    for e in range(first, stop):  # in order of series and time
        if at.turns.known[e] <= t:
            pivot[at.turns.series[e] - rows.start] = at.turns.extreme[e]
    fixed = np.broadcast_to(np.array(HORIZONS), (len(rows), len(HORIZONS)))
    spans = np.column_stack([fixed, np.where(pivot < 0, 0, t - pivot)])
    line = at.line[chosen, : t + 1]
    z = z_scores(line, at.volatility[chosen, t], spans, (line[:, -1] - line[:, 0]) / t)
    far = np.nan_to_num(np.abs(z)).argmax(axis=1)
    largest = np.take_along_axis(z, far[:, None], axis=1)[:, 0]
    p = [exceeded(n, x) for n, x in zip(at.null[chosen], largest, strict=True)]
    return np.array(p), np.sign(largest)


def steady(series: int, n: int, rng: np.random.Generator) -> Array:
    """(series, n) independent normal changes."""
    return rng.standard_normal((series, n))


#: Kinds of noise: how daily changes are drawn.
KINDS = {"steady": steady, "clusters": garch}


def markets(count: int, kind: str) -> Array:
    """(count, lines, LENGTH) daily changes of simulated markets, those of a theme together."""
    rng = np.random.default_rng(17)
    made = np.empty((count, sum(THEMES), LENGTH))
    for m in range(count):
        row = 0
        for lines in THEMES:
            own = KINDS[kind](lines + 1, LENGTH, rng)
            for k in range(lines):
                mixed = math.sqrt(SHARED) * own[0] + math.sqrt(1 - SHARED) * own[k + 1]
                made[m, row] = own[0] if lines == 1 else mixed
                row += 1
    return 0.005 * made


def theme_rows() -> list[range]:
    """Rows of each theme of a market."""
    return [range(a, b) for a, b in pairwise(np.cumsum((0, *THEMES)).tolist())]


def false_alarms(changes: Array, nulls: list[Array]) -> tuple[dict[str, float], float, int]:
    """Share of looks at a theme with each word or a stronger one; of looks at all of a market with
    any theme unusual; looks at a theme."""
    rng, lines = np.random.default_rng(3), sum(THEMES)
    at = lines_of(np.cumsum(changes.reshape(-1, LENGTH), axis=1), nulls)
    said: list[str] = []
    any_of = []
    for m in range(len(changes)):
        every = range(m * lines, (m + 1) * lines)
        for t in rng.integers(FIRST + 252, LENGTH, LOOKS).tolist():
            p = looked(at, every, t)[0]
            theme = [simes(p[rows.start : rows.stop]) for rows in theme_rows()]
            found = [words.word(a, b) for a, b in zip(theme, adjust(theme), strict=True)]
            said += found
            any_of.append(any(words.reaches(w) for w in found))
    rates = {w: float(np.mean([words.reaches(s, w) for s in said])) for w in words.WORDS[1:]}
    return rates, float(np.mean(any_of)), len(said)


class Power(NamedTuple):
    """How a plant is found: share called unusual or rare within so many sessions, and when."""

    age: int
    size: float
    within: int
    called: float
    low: float
    high: float
    delay: float
    still: float


def planted(changes: Array, nulls: list[Array], age: int, size: float) -> Power:
    """A drift over ``age`` sessions in one theme of each market, at a random date.

    Looked at daily up to five sessions after its end; called where the theme is unusual or rare and
    the move of its telling line goes the way of the plant. ``still``: on the last of these looks.
    """
    rng, within = np.random.default_rng(5), age + WITHIN - 21
    lines, null, begins, rows = [], [], [], []
    for m, own in enumerate(changes):
        chosen = theme_rows()[m % len(THEMES)]
        begin = int(rng.integers(FIRST + 252, LENGTH - within))
        line = np.cumsum(own[chosen.start : chosen.stop], axis=1)
        now = sigma(line[:, begin - 260 : begin])[:, -1]
        drift = size * now * math.sqrt(QUARTER) / age
        line[:, begin:] += drift[:, None] * np.minimum(np.arange(1, LENGTH - begin + 1), age)
        rows.append(range(len(null), len(null) + len(line)))
        null += [nulls[m * sum(THEMES) + k] for k in chosen]
        lines.append(line)
        begins.append(begin)
    at, first, last = lines_of(np.concatenate(lines), null), [], []
    for begin, own_rows in zip(begins, rows, strict=True):
        hits = [_called(at, own_rows, begin + k) for k in range(within)]
        first.append(hits.index(True) + 1 if any(hits) else math.inf)
        last.append(hits[-1])
    delays = np.array(first)
    n = int(np.isfinite(delays).sum())
    low, high = wilson(n, len(delays))
    delay = float(np.median(delays[np.isfinite(delays)])) if n else math.nan
    return Power(age, size, within, n / len(delays), low, high, delay, float(np.mean(last)))


def _called(at: Lines, rows: range, t: int) -> bool:
    p, way = looked(at, rows, t)
    return simes(p) <= words.LIMITS["unusual"] and way[int(p.argmin())] > 0


def french(folder: Path) -> tuple[Array, dict[str, tuple[Array, Array]]]:
    """Every session, and the lines of the library: (places of its days among them, line)."""
    _, factors = _daily(folder / "F-F_Research_Data_Factors_daily.csv")
    found = {n: dict(zip(*factors[n], strict=True)) for n in ("SMB", "HML")}
    _, momentum = _daily(folder / "F-F_Momentum_Factor_daily.csv")
    found["losers"] = {d: -v for d, v in zip(*momentum["Mom"], strict=True)}
    market = {d: a + b for d, a, b in zip(*factors["Mkt-RF"], factors["RF"][1], strict=True)}
    _, industries = _daily(folder / "10_Industry_Portfolios_Daily.csv")
    for name, (days, values) in industries.items():
        found[name] = {
            d: math.expm1(math.log1p(v) - math.log1p(market[d]))
            for d, v in zip(days, values, strict=True)
            if d in market
        }
    every = np.array(sorted({d for own in found.values() for d in own}))
    return every, {
        n: (np.searchsorted(every, list(own)), np.cumsum(np.log1p(list(own.values()))))
        for n, own in found.items()
    }


def _daily(path: Path) -> tuple[list[str], dict[str, tuple[list[int], list[float]]]]:
    """The columns of the first table of a daily file of the library, missing values left out."""
    names: list[str] = []
    made: dict[str, tuple[list[int], list[float]]] = {}
    for text in path.read_text(encoding="latin-1").splitlines():
        cells = [c.strip() for c in text.split(",")]
        day = cells[0].replace("-", "")
        if not names:
            names = cells[1:] if len(cells) > 1 and day in ("", "Date") else []
            made = {n: ([], []) for n in names}
        elif day.isdigit() and len(day) == 8:
            for name, cell in zip(names, cells[1:], strict=True):
                if float(cell) > -99:
                    made[name][0].append(int(day))
                    made[name][1].append(float(cell) / 100)
        elif made[names[0]][0]:
            break
    return names, made


class Look(NamedTuple):
    """One look at a real line: the place of its day, its word, and whether the side ahead led."""

    place: int
    word: str
    ahead: tuple[float, ...]


def history(folder: Path) -> list[Look]:
    """Every look at every line, with the word that it had on the day, all lines asked together."""
    _, lines = french(folder)
    asked: dict[int, list[tuple[float, tuple[float, ...]]]] = {}
    for name, (places, line) in lines.items():
        volatility = sigma(line[None])
        turns = detect(line[None], sigma_per_session=volatility)
        null, years = np.empty(0), 0
        for t in range(2 * 252, len(line), EVERY):
            if t // 252 != years:
                years, null = t // 252, noise(line[: t + 1])
            p, way = looked(Lines(line[None], volatility, turns, [null]), range(1), t)
            ahead = tuple(
                float(way[0] * (line[t + h] - line[t]) > 0) if t + h < len(line) else math.nan
                for h in AFTER
            )
            month = int(places[t]) // EVERY
            asked.setdefault(month, []).append((float(p[0]), ahead))
        print(name, file=sys.stderr, flush=True)
    looks = []
    for month, rows in sorted(asked.items()):
        adjusted = adjust([p for p, _ in rows])
        looks += [
            Look(month * EVERY, words.word(p, float(a)), ahead)
            for (p, ahead), a in zip(rows, adjusted, strict=True)
        ]
    return looks


def followed(looks: list[Look]) -> Iterator[tuple[str, int, list[float | None]]]:
    """(word, looks, [share, low, high] after each horizon) of every word."""
    for name in words.WORDS:
        own = [x for x in looks if x.word == name]
        known = np.array([x.place for x in own], np.int64)
        cells: list[float | None] = []
        for k in range(len(AFTER)):
            found = share(np.array([x.ahead[k] for x in own]), known)
            cells += [found.share, found.low, found.high]
        yield name, len(own), cells


class Worth(NamedTuple):
    """What the words are worth on one kind of noise."""

    rates: dict[str, float]
    any_of: float
    looks: int
    powers: list[Power]


def worth(count: int, kind: str) -> Worth:
    """False alarms and power on markets of one kind of noise."""
    changes = markets(count, kind)
    nulls = [noise(np.cumsum(own[:FIRST])) for market in changes for own in market]
    print(f"noise, {kind}", file=sys.stderr, flush=True)
    powers = [planted(changes, nulls, age, size) for age in AGES for size in SIZES]
    return Worth(*false_alarms(changes, nulls), powers)


def tables(count: int, folder: Path) -> tuple[str, dict[str, object]]:
    """The tables as Markdown, and what the report prints of them."""
    steady_, clusters = (worth(count, kind) for kind in KINDS)
    lines = [
        f"On {clusters.looks:,} looks at themes of {count} markets without any rotation, of each "
        "kind of noise:",
        "",
        "| word, or a stronger one | volatility is steady | it clusters | at most |",
        "|---|---|---|---|",
    ]
    limits = {"stirring": "", "unusual": "5%", "rare": "1%"}
    lines += [
        f"| {w} | {steady_.rates[w]:.2%} | {clusters.rates[w]:.2%} | {limits[w]} |"
        for w in words.WORDS[1:]
    ]
    lines += [
        "",
        f"On {steady_.any_of:.1%} and {clusters.any_of:.1%} of the looks at all six themes "
        "together one of them is unusual or rare.",
        "",
        "| planted over | size | called within | steady: unusual or rare | median delay | "
        "on the last look | clusters: unusual or rare | median delay | on the last look |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {a.age} | {a.size:g} | {a.within} sessions | {_found(a)} | {_found(b)} |"
        for a, b in zip(steady_.powers, clusters.powers, strict=True)
    ]
    rows = list(followed(history(folder)))
    heads = " | ".join(f"ahead after {h}, interval" for h in AFTER)
    lines += [
        "",
        "On real history since 1928 (size, value, losers against winners, ten industries against "
        "the market; a look a month at each), did the side that the largest move favoured stand "
        "higher later?",
        "",
        f"| word | looks | {heads} |",
        "|---|---|" + "---|" * len(AFTER),
    ]
    lines += [f"| {w} | {n:,} | {_cells(cells)} |" for w, n, cells in rows]
    kept: dict[str, object] = {
        kind: {
            "noise": w.rates,
            "any": w.any_of,
            "looks": w.looks,
            "called": {f"{r.size:g}": r.called for r in w.powers if r.age == AGES[0]},
        }
        for kind, w in zip(KINDS, (steady_, clusters), strict=True)
    }
    kept["followed"] = {w: {"looks": n, "after": cells} for w, n, cells in rows}
    return "\n".join(lines), kept


def _found(r: Power) -> str:
    """Cells of one plant."""
    return f"{r.called:.0%} ({r.low:.0%} to {r.high:.0%}) | {r.delay:.0f} | {r.still:.0%}"


def _cells(cells: list[float | None]) -> str:
    triples = [cells[k : k + 3] for k in range(0, len(cells), 3)]
    return " | ".join(
        "too few" if a is None else f"{a:.1%} ({b:.0%} to {c:.0%})" for a, b, c in triples
    )


def main() -> int:
    """Write the table and the file; print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 80
    named = os.environ.get("PACELINE_DATA")
    if not named:
        sys.exit("PACELINE_DATA names no folder: what followed each word needs its french/ files.")
    text, kept = tables(count, Path(named) / "french")
    page = PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition("<!-- words -->\n")
    _, _, tail = rest.partition("<!-- end of words -->")
    PAGE.write_text(f"{head}<!-- words -->\n{text}\n<!-- end of words -->{tail}", encoding="utf-8")
    DATA.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
