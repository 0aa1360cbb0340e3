"""The article's calls and the 8,100 target on the real data, against plain loops over the files."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from paceline.market import Market


def fund(data: Path, ticker: str) -> pl.DataFrame:
    rows = pl.read_parquet(data / "us/etf_adjclose.parquet").filter(pl.col("ticker") == ticker)
    return rows.select(pl.col("date").cast(pl.Date), pl.col("adj_close").alias(ticker)).sort("date")


def test_8100_by_the_end_of_2026(friday: Market) -> None:
    answer = friday.target(8100, "2026-12-31", drift=0.07, volatility=0.16)
    value = {k: f.value for k, f in answer.figures.items()}
    assert value["sessions"] == 268
    assert value["implied_return"] == pytest.approx(8100 / 6870.40 - 1, abs=1e-6)
    assert value["required_growth"] == pytest.approx(
        math.exp(math.log(8100 / 6870.40) * 252 / 268) - 1, abs=1e-6
    )
    closes = answer.closes
    gains = [closes[i + 268] / closes[i] - 1 for i in range(len(closes) - 268)]
    assert value["past_share"] == pytest.approx(
        np.mean([g >= value["implied_return"] for g in gains]), abs=1e-12
    )
    assert value["past_windows"] == len(gains) > 20_000
    # drawn from a century with fat tails, and yet close to the closed form at the history's own
    # volatility
    own = friday.target(8100, "2026-12-31").target.stated
    assert own.simulated.end == pytest.approx(own.closed.end, abs=0.02)


def test_the_articles_calls_have_not_started_but_have_base_rates(
    friday: Market, data: Path
) -> None:
    frame = friday.calls()
    status = dict(zip(frame["id"], frame["status"], strict=True))
    assert status.pop("gordon-digestion") == "not scorable"
    assert set(status.values()) == {"not started"}, "the data end on the day the calls were made"
    row = frame.row(by_predicate=pl.col("id") == "strategas-equal-weight", named=True)
    both = fund(data, "RSP").join(fund(data, "SPY"), on="date").sort("date")
    equal, cap = both["RSP"].to_list(), both["SPY"].to_list()
    h = row["sessions"]
    wins = [equal[i + h] / equal[i] > cap[i + h] / cap[i] for i in range(len(equal) - h)]
    assert (row["base_n"], h) == (len(wins), 267)
    assert row["base"] == pytest.approx(np.mean(wins), abs=2 / len(wins))
    short = frame.row(by_predicate=pl.col("id") == "stoltzfus-cyclicals", named=True)
    assert short["base"] is None and short["base_n_effective"] < 10


def test_the_same_calls_a_year_earlier(data: Path, friday: Market, tmp_path: Path) -> None:
    path = tmp_path / "calls.toml"
    path.write_text(
        '[[call]]\nid = "x"\nwho = "nobody"\ndate = 2024-11-29\nwords = "a test"\nstance = "over"\n'
        'baskets = ["equal_fund"]\nagainst = ["cap_fund"]\nhorizon = 2025-11-28\n'
    )
    row = friday.calls(path).row(0, named=True)
    equal, cap = (dict(fund(data, t).iter_rows()) for t in ("RSP", "SPY"))
    start, end = (next(d for d in equal if str(d) == day) for day in ("2024-12-02", "2025-11-28"))
    assert (row["status"], row["entry"], row["end"]) == ("miss", "2024-12-02", "2025-11-28")
    wanted = equal[end] / equal[start] - cap[end] / cap[start]
    assert row["active"] == pytest.approx(wanted, abs=1e-6), "the file holds single precision"
