"""Imports, each against what polars takes for the same bytes: read, sorted, returns, written.

500 securities x 2,500 sessions in the ways in which people keep them. What an import does more is
worth it only as long as it stays cheap: the ratio to polars has a limit, 1.2 times the ratio of the
code that neither checked what came in nor knew what a source had said before. CPU seconds, the
least of five runs. Exits with 1 where a limit is passed.

python bench/imports.py
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import exchange_calendars
import numpy as np
import polars as pl

import paceline

SECURITIES, SESSIONS, DAILY_FILES, TIMES = 500, 2500, 250, 5
#: Way of keeping prices -> the ratio to polars before, and what the market file says of it.
WAYS = {
    "long CSV": (3.6, 'path = "long.csv"', "close"),
    "long CSV with changes in percent": (4.1, 'path = "long.csv"', "changes"),
    "signed changes, days first": (4.0, 'path = "signed.csv"', "changes"),
    "Parquet": (2.3, 'path = "long.parquet"', "changes"),
    "wide CSV": (9.6, 'path = "wide.csv"\noptions = { wide = [NAMES] }', "wide"),
    f"{DAILY_FILES} daily files": (6.6, 'path = "daily/*.csv"', "changes"),
}
COLUMNS = {
    "close": 'security = "ticker", date = "date", close = "close", volume = "volume"',
    "changes": 'security = "ticker", date = "date", close = "close", volume = "volume", '
    'price_return = { column = "change", unit = "percent" }',
    "wide": 'date = "date"',
}
MARKET = """
[market]
name = "bench"
calendar = "XNYS"
benchmark = "first"
store = ".store"
[sources.prices]
table = "prices"
{source}
columns = {{ {columns} }}
[baskets.first]
instrument = "S000"
"""


def make(folder: Path) -> None:
    """The same random prices in every way."""
    random = np.random.default_rng(1)
    size = (SESSIONS, SECURITIES)
    calendar = exchange_calendars.get_calendar("XNYS", end="2025-12-05")
    days = calendar.sessions[-SESSIONS:].date
    names = [f"S{n:03}" for n in range(SECURITIES)]
    close = 100 * np.exp(np.cumsum(random.normal(0.0003, 0.02, size), axis=0))
    change = np.zeros(size)
    change[1:] = 100 * (close[1:] / close[:-1] - 1)
    long = pl.DataFrame(
        {
            "ticker": names * SESSIONS,
            "date": np.repeat(np.asarray(days, dtype="datetime64[D]"), SECURITIES),
            "close": close.round(4).ravel(),
            "volume": random.integers(10_000, 10_000_000, size).ravel(),
            "change": change.round(4).ravel(),
        }
    )
    long.write_csv(folder / "long.csv")
    long.write_parquet(folder / "long.parquet")
    sign = pl.when(pl.col("change") > 0).then(pl.lit("+")).otherwise(pl.lit(""))
    signed = long.with_columns(
        pl.col("date").dt.strftime("%d/%m/%Y"), change=sign + pl.col("change").cast(pl.String)
    )
    signed.write_csv(folder / "signed.csv")
    long.pivot("ticker", index="date", values="close").write_csv(folder / "wide.csv")
    (folder / "daily").mkdir()
    for day in days[-DAILY_FILES:]:
        long.filter(pl.col("date") == day).write_csv(folder / "daily" / f"{day}.csv")


def by_hand(folder: Path, way: str) -> None:
    """What anybody would write in polars: the rows in order, their returns, a file."""
    if way == "Parquet":
        rows = pl.read_parquet(folder / "long.parquet")
    elif way == "wide CSV":
        rows = pl.read_csv(folder / "wide.csv", try_parse_dates=True)
        rows = rows.unpivot(index="date", variable_name="ticker", value_name="close")
    elif way == "signed changes, days first":
        rows = pl.read_csv(folder / "signed.csv")
        rows = rows.with_columns(pl.col("date").str.to_date("%d/%m/%Y"))
    elif "daily" in way:
        rows = pl.read_csv(folder / "daily" / "*.csv", try_parse_dates=True)
    else:
        rows = pl.read_csv(folder / "long.csv", try_parse_dates=True)
    rows = rows.sort("ticker", "date")
    close = pl.col("close")
    rows = rows.with_columns(price_return=(close / close.shift() - 1).over("ticker"))
    rows.write_parquet(folder / "by_hand.parquet")


def imported(folder: Path, way: str) -> None:
    """An import into a new store."""
    shutil.rmtree(folder / ".store", ignore_errors=True)
    paceline.open(folder / f"{way}.toml").import_()


def least(work: Callable[[Path, str], None], folder: Path, way: str) -> float:
    """The least CPU seconds of a few runs; one before them warms up."""
    seconds = []
    for _ in range(TIMES + 1):
        began = time.process_time()
        work(folder, way)
        seconds.append(time.process_time() - began)
    return min(seconds[1:])


def main() -> int:
    """Print the table; 1 where a limit is passed."""
    passed = False
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        names = ", ".join(f'"S{n:03}"' for n in range(SECURITIES))
        print(f"Imports of {SECURITIES} securities x {SESSIONS:,} sessions, CPU seconds.\n")
        print("| kept as | import | polars by hand | ratio | limit |\n|---|---|---|---|---|")
        for way, (before, source, columns) in WAYS.items():
            source = source.replace("NAMES", names)
            text = MARKET.format(source=source, columns=COLUMNS[columns])
            (folder / f"{way}.toml").write_text(text, encoding="utf-8")
            own, theirs = least(imported, folder, way), least(by_hand, folder, way)
            ratio, limit = own / theirs, 1.2 * before
            mark = "" if ratio <= limit else " (passed)"
            passed |= ratio > limit
            print(f"| {way} | {own:.2f} | {theirs:.2f} | {ratio:.1f}{mark} | {limit:.1f} |")
    return int(passed)


if __name__ == "__main__":
    sys.exit(main())
