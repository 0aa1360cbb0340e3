"""Ten years of real funds and members: true returns that look like a split, and splits that do."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from real_data import MARKET

from paceline import calendars, config, quality
from paceline.config import Source
from paceline.sources import Context, Parsed, files

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
2020-03-18; ULTA 2019-08-30; VRT 2022-02-23; VRT 2025-01-27; VST 2025-01-27; WMB 2016-02-08; CNC
2025-07-02; DHR 2016-07-05; DVN 2020-03-09; DXCM 2024-07-26; ECHO 2025-08-26; HAL 2020-03-09; OKE
2020-03-09; PCG 2019-01-24; SMCI 2018-10-04; TTD 2025-08-08; WST 2025-02-13
"""
#: Common stocks of the screener whose return of their own day is set aside: no more than these.
SCREENED = """
AEON 2025-02-27; AIM 2025-06-17; AMOD 2024-12-17; APTO 2025-04-01; AREB 2025-10-06; ATCH
2025-01-06; CHOW 2025-09-17; CMAX 2024-11-27; CNF 2025-09-08; CVM 2025-05-22; DGLY 2025-05-27;
DRCT 2025-11-14; DTC 2025-07-18; DXF 2025-09-26; ETS 2025-08-22; GNLN 2025-06-30; GRFX
2025-03-26; HAO 2025-01-28; HPH 2025-05-01; IVF 2025-07-22; KIDZ 2025-04-08; KWE 2025-04-24;
KXIN 2025-11-26; KXIN 2025-12-02; LBDKV 2025-07-14; LIFW 2024-12-06; LRHC 2025-04-16; MKDW
2025-04-04; MMV 2025-01-08; MNTS 2024-12-16; MSGY 2025-09-04; MSGY 2025-11-07; NEUP 2024-12-26;
NMAX 2025-04-01; OPTT 2025-01-13; PAPL 2025-07-22; PPCB 2025-08-06; PPCB 2025-08-11; QVCGB
2025-02-25; QVCGB 2025-05-27; RADX 2024-12-09; SCAG 2025-07-01; SGD 2024-11-18; SMX 2025-12-05;
STBX 2025-03-04; SUNE 2025-04-16; TLIH 2025-07-24; TMDE 2025-04-22; TMDE 2025-04-24; TNFA
2025-09-24; TRUG 2025-04-16; TRUG 2025-11-18; VRM 2025-02-20; VTAK 2025-08-18; XHLD 2025-02-14;
ZCAR 2025-02-19; ZCAR 2025-05-06; ALPS 2025-11-03; FATN 2025-04-08; NCEW 2024-12-18; TTAN
2024-12-12; WBUY 2025-05-08; PTN 2025-11-12; ASBP 2025-02-21; DHAI 2025-11-06; ASNS 2025-08-15;
FWRD 2025-03-25; GME 2025-10-03; HCWB 2025-11-18; HIND 2025-08-18; JTAI 2024-11-18; LARK
2025-12-01; MCTA 2025-10-21; MKZR 2025-01-02; MPTI 2025-03-10; MSPR 2025-04-16; RIME 2025-05-19;
SNFCA 2025-07-11; STI 2024-11-20; VBIX 2025-06-06
"""
#: Lines that are of a share, and split with it.
DERIVED = ("warrant", "right", "unit")
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


@pytest.fixture(scope="module")
def screener(data: Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Of the closes of every listed line: what is set aside as a split, all prices, the lines."""
    spec = config.load(MARKET, data=data).sources
    days = tuple(calendars.sessions("XNYS", dt.date(2025, 12, 31)))
    context = Context("XNYS", days, dt.date(2026, 1, 2))
    out = {}
    for name in ("screener", "lines"):
        parsed = files.parse(name, spec[name], files.fetch(name, spec[name], data), context)
        out[name] = quality.check(parsed, name, spec[name], context)
    aside = out["screener"].quarantine
    assert aside is not None
    rows = aside.filter(pl.col("reason").str.starts_with("return looks like a split"))
    found = pl.DataFrame([json.loads(row) for row in rows["row"]], infer_schema_length=None)
    lines = out["lines"].tables["securities"].unique("security", keep="first", maintain_order=True)
    return found, out["screener"].tables["prices"], lines


def test_stocks_of_the_screener_that_are_set_aside_are_listed(
    screener: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame],
) -> None:
    found, _, lines = screener
    common = lines.filter(kind="common")["security"].to_list()
    found = found.filter(pl.col("security").is_in(common))
    own = found.filter(~pl.col("recovered").fill_null(False))
    names = {f"{s} {d}" for s, d in own.select("security", "date").iter_rows()}
    assert names <= {" ".join(one.split()) for one in SCREENED.split(";")}
    assert found.height - own.height <= 62  # closes worked back: neither cap nor volume
    assert "SEZL 2025-03-28" in {f"{s} {d}" for s, d in found.select("security", "date").rows()}


def test_warrants_that_are_set_aside_are_no_splits_of_their_shares(
    screener: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame],
) -> None:
    """A warrant, right or unit that splits does so with its company's share: look at that one.

    Quiet is a share that moved by less than a fifth on the session before, of and after the return,
    and whose closes moved by its changes then, within 2%. Who is not is listed in docs/jumps.md.
    """
    found, prices, lines = screener
    owner = dict(lines.select("security", "company").iter_rows())
    shares: dict[str, list[str]] = {}
    for name, kind, company in lines.select("security", "kind", "company").iter_rows():
        if kind in ("common", "spac", "depositary", "partnership"):
            shares.setdefault(company, []).append(name)
    kinds = dict(lines.select("security", "kind").iter_rows())
    derived = [r for r in found.iter_rows(named=True) if kinds[r["security"]] in DERIVED]
    days = {day: n for n, day in enumerate(sorted({str(d) for d in prices["date"].unique()}))}
    by_close = (pl.col("close") / pl.col("close").shift()).over("security")
    moved = prices.sort("security", "date").with_columns(
        off=by_close / (1 + pl.col("price_return"))
    )
    at = {
        (name, days[str(day)]): (change, off)
        for name, day, change, off in moved.filter(pl.col("price_return").is_not_null())
        .select("security", "date", "price_return", "off")
        .iter_rows()
    }

    def quiet(share: str, n: int) -> bool:
        near = [at[share, k] for k in (n - 1, n, n + 1) if (share, k) in at]
        return (share, n) in at and all(
            abs(change) < 0.2 and (off is None or abs(off - 1) < 0.02) for change, off in near
        )

    loud = {
        f"{r['security']} {r['date']}"
        for r in derived
        if not any(quiet(s, days[r["date"]]) for s in shares.get(owner[r["security"]], ()))
    }
    assert len(derived) == 291
    text = (Path(__file__).parents[2] / "docs" / "jumps.md").read_text(encoding="utf-8")
    listed = text.split("## Warrants, rights and units")[1].split("\n## ")[0]
    assert loud == set(re.findall(r"[A-Z]+ 202\d-\d\d-\d\d", listed))
