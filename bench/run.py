"""Everything ``make bench`` measures, against the targets of docs/design.md, in one table.

The table is printed and kept in bench/results.md.

    python bench/run.py                     # all parts, about four minutes on 2 cores
    python bench/run.py --part measures     # one of them, in this process

Each part runs in a process of its own, so that its peak memory is its own. CPU time is user +
system of that process with one BLAS thread: on a busy machine it says more than the wall clock."""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
WHOLE = (5000, 2520)
SIZES = ((1000, 2520), (2500, 2520), (5000, 630), (5000, 1260))
ROWS: list[dict[str, Any]] = []


def peak() -> float:
    """Largest memory of this process so far, GB.

    Linux tells it in /proc; ``getrusage`` counts the parent's too."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(
            x for x in status.read_text(encoding="ascii").splitlines() if x.startswith("VmHWM")
        )
        return int(line.split()[1]) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


@contextmanager
def measured(what: str, target: float | None = None, note: str = "") -> Iterator[dict[str, Any]]:
    """Time a block; the row is printed as a line of JSON for the process that collects them."""
    row: dict[str, Any] = {"what": what, "target": target, "note": note}
    wall, cpu = time.perf_counter(), time.process_time()
    yield row
    row |= {
        "cpu": row.get("cpu", time.process_time() - cpu),
        "wall": time.perf_counter() - wall,
        "peak": row.get("peak", peak()),
    }
    ROWS.append(row)
    print(json.dumps(row), flush=True)


# ---- parts: each has a store with the big market, made once
# ------------------------------------------------


def panel(folder: Path) -> None:
    from market import opened

    from paceline import panel as panels

    market = opened(folder, *WHOLE)
    request = {
        **market.moment.stock_request(),
        "fields": ("close", "price_return", "total_return", "market_cap"),
    }
    panels.build(market.store, **request, cache=False)  # the files are in the page cache now: warm
    with measured("panel, four fields, warm from the store", 2.0):
        panels.build(market.store, **request, cache=False)
    panels.build(market.store, **request)
    with measured("panel, four fields, from its cache", 0.2, "every byte checked"):
        panels.build(market.store, **request)


def measures(folder: Path) -> None:
    """The whole history of every measure that draws no samples, all baskets."""
    from market import opened

    from paceline import baskets, indices
    from paceline import measures as found
    from paceline import panel as panels
    from paceline.errors import PacelineError
    from paceline.market import Market
    from paceline.market.assembled import Assembled, Parts
    from paceline.market.view import view_of

    market = opened(folder, *WHOLE)
    stocks = panels.build(market.store, **market.moment.stock_request())
    with measured("targets, 60 baskets, quarterly"):
        targets = baskets.targets(stocks, market.file, market.composites)
    with measured("indices, 60 baskets, both bases", 2.0, "1 s for each basis"):
        built = indices.build_both(stocks, targets)
    parts = Parts(stocks=stocks, composite_indices=built)
    moment = Assembled(market.stored, market.as_of, parts=parts)
    market = Market(market.file, market.path, moment=moment)
    with measured("levels and lineage"):
        view_of(moment, found.get("performance"))
    total = {"cpu": 0.0, "wall": 0.0}
    for name, measure in found.discover().items():
        if "bootstrap" in measure.params or "samples" in measure.params:
            continue
        with measured(f"measure {name}") as row:
            try:
                market.evaluate(name)
            except PacelineError as error:
                row["note"] = str(error)[:60]
        total = {k: total[k] + row[k] for k in total}
    with measured("every measure, whole history", 5.0, "3 GB peak asked for") as row:
        row["cpu"] = total["cpu"]
    row["wall"] = total["wall"]
    print(json.dumps({**row, "instead": True}), flush=True)


def day_after(folder: Path) -> None:
    """One more session arrives while a process holds the market; then questions to it."""
    from market import opened, session

    from paceline import measures as found

    market = opened(folder, *WHOLE)
    exempt = [
        n
        for n, m in found.discover().items()
        if m.of in ("basket", "market") and m.lookback(m.defaults()) is None
    ]
    today = [n for n in found.discover() if n not in exempt]
    market.current(today)
    for turn in ("first", "later"):
        session(market)
        with measured(f"the day after ({turn}): session seen, panel and indices carried on"):
            said = market.refresh()
        assert said == "extended", said
        if turn == "first":
            market.current(today)
            continue
        with measured("the day after: figures that look back a stated number of sessions") as row:
            market.current(today)
        carried = next(r for r in ROWS if "(later)" in r["what"])
        note = f"all but {', '.join(exempt)}: they need all history"
        with measured("the day after, both together", 1.0, note) as both:
            both["cpu"] = carried["cpu"] + row["cpu"]
        print(
            json.dumps({**both, "wall": carried["wall"] + row["wall"], "instead": True}), flush=True
        )
    for number, window in enumerate((100, 150)):
        with measured(
            f"a question asked again: percent_above_average, window {window}",
            0.1 if number else None,
        ):
            market.show("percent_above_average", window=window)


def size(folder: Path, securities: int, sessions: int) -> None:
    from market import create, opened

    create(folder, securities, sessions)
    market = opened(folder, securities, sessions)
    with measured(f"size {securities} x {sessions}: panel, indices, breadth") as row:
        market.evaluate("percent_above_average")
    row["cells"] = securities * sessions
    print(json.dumps({**row, "instead": True}), flush=True)


# ---- the demo, as a user runs it
# ---------------------------------------------------------------------------


def demo(folder: Path) -> None:
    """Processes of their own: import of the demo market, then reports from the built store."""

    def run(what: str, target: float | None, *arguments: str) -> None:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with measured(what, target) as row:
            subprocess.run(
                [sys.executable, "-m", "paceline", *arguments, "--store", str(folder / "demo")],
                check=True,
                stdout=subprocess.DEVNULL,
                cwd=folder,
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            row["cpu"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            row["peak"] = after.ru_maxrss / 2**20

    run("demo market: 1,500 companies x 12 years, import", 8.0, "import")
    report = ("report", "--out", str(folder / "report.html"), "--quiet")
    run("demo report, first", None, *report)
    run("demo report, store built, process start to file", 4.0, *report)


# ---- together
# ----------------------------------------------------------------------------------------------


def _child(part: str, folder: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, __file__, "--part", part, "--folder", str(folder)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    rows: list[dict[str, Any]] = []
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            row = json.loads(line)
            if row.pop("instead", False):
                rows.pop()
            rows.append(row)
    return rows


def _line(row: dict[str, Any]) -> str:
    target = "" if row["target"] is None else f"{row['target']:g} s"
    return (
        f"| {row['what']} | {target} | {row['cpu']:.2f} | {row['wall']:.2f} | {row['peak']:.2f} | "
        f"{row['note']} |"
    )


def main() -> None:
    parts: dict[str, Callable[[Path], None]] = {
        "demo": demo,
        "panel": panel,
        "measures": measures,
        "day_after": day_after,
    }
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--part")
    arguments.add_argument("--folder", type=Path)
    given = arguments.parse_args()
    if given.part is not None:
        with tempfile.TemporaryDirectory() as own:
            folder = given.folder or Path(own)
            if given.part == "store":
                from market import create

                with measured("12.6 million random price rows made and committed"):
                    create(folder, *WHOLE)
            elif given.part == "ratios":
                import ratios

                ratios.main()
            elif given.part == "imports":
                import imports

                imports.main()
            elif given.part.startswith("size"):
                size(folder / given.part, *map(int, given.part[4:].split("x")))
            else:
                if given.folder is None and given.part != "demo":
                    from market import create

                    create(folder, *WHOLE)
                parts[given.part](folder)
        return
    out = [
        "# What `make bench` measured",
        "",
        "On 2 cores; CPU seconds are user + system with one BLAS thread, peak "
        "memory is that of the part's process in GB.",
        "",
        "| work (5,000 x 2,520, 60 baskets, unless said) | target | CPU s | wall s | peak GB | |",
        "|---|---|---|---|---|---|",
    ]
    print("\n".join(out[4:]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("store", *parts, *(f"size{n}x{t}" for n, t in SIZES)):
            rows = _child(part, folder)
            for row in rows:
                if "cells" in row:
                    row["note"] = f"{row['cpu'] / row['cells'] * 1e9:.0f} ns a cell"
                out.append(_line(row))
                print(_line(row), flush=True)
        for part in ("ratios", "imports"):
            done = subprocess.run(
                [sys.executable, __file__, "--part", part],
                check=True,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ,
            )
            print(done.stdout)
            out += ["", done.stdout.rstrip("\n")]
    (HERE / "results.md").write_text("\n".join([*out, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
