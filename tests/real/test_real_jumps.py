"""Ten years of real funds and members: true returns that look like a split, and splits that do."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from paceline import quality
from paceline.config import Source
from paceline.sources import Context, Parsed

BEGIN = dt.date(2015, 12, 5)
FILES = ("us/etf_adjclose.parquet", "us/long_adjclose_1962_2025.parquet")
#: Every one is explained in docs/jumps.md.
TRUE = """
OIH 2020-03-09; XOP 2020-03-09; ALAB 2024-11-05; ALAB 2025-01-27; ALGN 2025-07-31; ALNY
2016-10-06; ALNY 2017-09-20; ALNY 2022-08-03; AMD 2016-04-22; APA 2020-03-09; APA 2020-03-16;
APP 2022-05-12; APP 2024-11-07; APTV 2020-03-18; ARM 2024-02-08; BIIB 2019-03-21; BIIB
2020-11-04; CCL 2020-03-12; CCL 2020-04-01; COHR 2023-08-16; COIN 2022-05-11; CVNA 2020-03-24;
CVNA 2022-11-04; CVNA 2022-12-07; CVNA 2023-01-12; CVNA 2023-06-08; CVNA 2023-07-19; DG
2024-08-29; DXCM 2017-09-28; ECHO 2023-11-06; ECHO 2025-06-16; EOG 2020-03-09; EW 2024-07-25;
FANG 2020-03-09; FER 2018-05-21; FER 2018-05-23; FER 2020-03-12; FER 2020-03-13; FER
2020-03-16; FISV 2025-10-29; FLEX 2018-10-26; GEN 2018-05-11; GL 2024-04-11; LITE 2018-11-12;
MGM 2020-03-16; MOS 2020-03-18; MSTR 2022-05-09; MSTR 2022-05-11; MSTR 2022-06-13; NBIS
2025-01-27; NBIS 2025-09-09; NCLH 2020-03-12; NCLH 2020-03-24; NFLX 2022-04-20; OXY 2020-03-09;
PCG 2018-11-15; PCG 2019-01-14; PCG 2019-10-10; PCG 2019-10-25; PDD 2022-03-16; PSKY
2021-03-26; PSKY 2023-05-04; RCL 2020-03-12; SMCI 2024-10-30; SNPS 2025-09-10; TPR 2020-03-16;
TRGP 2020-03-09; TRGP 2020-03-18; TTD 2018-05-11; TTD 2022-08-10; TTD 2025-02-13; UAL
2020-03-18; ULTA 2019-08-30; VRT 2022-02-23; VRT 2025-01-27; VST 2025-01-27; WMB 2016-02-08
"""
TWELVE = "SPY IWM XLE IYT AAPL MSFT KO TSLA NVDA GE JPM AMD".split()


@pytest.fixture(scope="module")
def closes(data: Path) -> pl.DataFrame:
    """Adjusted closes, a few months before the ten years for their first sigmas."""
    parts = [pl.read_parquet(data / name) for name in FILES]
    rows = pl.concat(parts, how="diagonal_relaxed").select(
        pl.col("ticker").alias("security"),
        pl.col("date").cast(pl.Date),
        pl.col("adj_close").cast(pl.String).cast(pl.Float64),
    )
    rows = rows.filter(pl.col("date") >= dt.date(2015, 9, 1))
    return rows.unique(["security", "date"]).sort("security", "date")


def set_aside(rows: pl.DataFrame) -> set[str]:
    """Security and day of every total return that looks like a split."""
    close = pl.col("adj_close")
    prices = rows.select(
        pl.lit("own").alias("source"),
        "security",
        "date",
        total_return=(close / close.shift() - 1).over("security"),
    )
    out = quality.check(Parsed({"prices": prices}), "own", Source(), Context())
    kept = [] if out.quarantine is None else map(json.loads, out.quarantine["row"])
    return {f"{row['security']} {row['date']}" for row in kept if row["date"] >= str(BEGIN)}


def test_true_returns_that_look_like_a_split_are_listed(closes: pl.DataFrame) -> None:
    listed = {" ".join(entry.split()) for entry in TRUE.split(";")}
    assert set_aside(closes) == listed
    count = closes.filter(pl.col("date") >= BEGIN).height
    assert count > 1_500_000 and len(listed) < 6e-5 * count


@pytest.mark.parametrize("own_move", [False, True])
@pytest.mark.parametrize("ratio", [2.0, 1.5, 4.0, 10.0, 8.0, 1000.0])
def test_splits_planted_on_twelve_securities_are_found(
    closes: pl.DataFrame, ratio: float, own_move: bool
) -> None:
    rng = np.random.default_rng(int(ratio * 10))
    for times in (ratio, 1 / ratio):
        parts, planted = [], set()
        for name in TWELVE:
            own = closes.filter(pl.col("security") == name)
            close = own["adj_close"].to_numpy().copy()
            moves = np.abs(np.diff(np.log(close)))
            quiet = np.flatnonzero(moves[80:-1] < 0.03) + 81
            at = int(rng.choice(quiet))
            close[at:] *= times if own_move else times * close[at - 1] / close[at]
            parts.append(own.with_columns(adj_close=close))
            planted.add(f"{name} {own['date'][at]}")
        assert planted <= set_aside(pl.concat(parts))
