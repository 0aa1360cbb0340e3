"""The French library's files in their original layout, and the history the arch package has."""

from __future__ import annotations

import datetime as dt
import io
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from paceline.config import Source
from paceline.errors import MarketFileError, SourceError, UnknownName
from paceline.sources import Context, Parsed, arch_data, french

MONTHLY = """This file was created using the 202511 CRSP database.
It contains value- and equal-weighted returns for portfolios.

Missing data are indicated by -99.99 or -999.


  Average Value Weighted Returns -- Monthly
,SMALL LoPRIOR,Mom   ,BIG HiPRIOR
192701,  -1.78,   3.05, -99.99
192702,   6.17,   5.99,   6.35


  Average Equal Weighted Returns -- Monthly
,SMALL LoPRIOR,Mom   ,BIG HiPRIOR
192701,   1.00,   2.00,   3.00


  Average Value Weighted Returns -- Annual

,SMALL LoPRIOR,Mom   ,BIG HiPRIOR

  1927,  10.00, -20.00,   0.50


  Number of Firms in Portfolios
,SMALL LoPRIOR,Mom   ,BIG HiPRIOR
192701,     12,     30,   -999


  Average Market Cap
,SMALL LoPRIOR,Mom   ,BIG HiPRIOR
192701,   5.50,  60.00,  700.00


  Value-Weighted Average of Prior Returns
,SMALL LoPRIOR,Mom   ,BIG HiPRIOR
192701,  -44.23,   4.30, 131.63

Copyright 2025 Eugene F. Fama and Kenneth R. French
"""
DAILY = """This file was created by using the 202604 CRSP database.
The Tbill return is the simple daily rate.

Missing data are indicated by -99.99 or -999.

,Mkt-RF,SMB,HML,RF
19260701,   0.10,  -0.24,  -0.28,   0.009
19260702,   0.45,  -0.32,  -0.08,   0.009

 Annual Factors: January-December
,Mkt-RF,SMB,HML,RF
  1926,  10.00,  -2.00,   1.00,   2.00
"""


def read(folder: Path, files: dict[str, str | bytes], **spec: Any) -> tuple[Parsed, list[str]]:
    """Parsed files and what their origins say."""
    for name, text in files.items():
        (folder / name).write_bytes(
            text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode()
        )
    source = Source.model_validate(
        {"kind": "french", "table": "series", "path": sorted(files), **spec}
    )
    raws = french.fetch("f", source, folder)
    return french.parse("f", source, raws, Context()), [r.origin.what for r in raws]


def value(parsed: Parsed, name: str, day: str) -> float:
    rows = parsed.tables["series"].filter(
        pl.col("series") == name, pl.col("date") == dt.date.fromisoformat(day)
    )
    assert len(rows) == 1, (name, day, parsed.tables["series"]["series"].unique().to_list())
    assert rows[0, "known"] == rows[0, "date"]
    return float(rows[0, "value"])


def test_stacked_sections(tmp_path: Path) -> None:
    """Every section of a portfolio file by its name, returns as fractions, gaps counted."""
    parsed, origins = read(tmp_path, {"25_Portfolios.csv": MONTHLY})
    assert origins == ["25_Portfolios.csv (CRSP 202511)"]
    at = "french/25_Portfolios/"
    assert value(parsed, at + "vw_monthly/SMALL LoPRIOR", "1927-01-31") == pytest.approx(-0.0178)
    assert value(parsed, at + "vw_monthly/Mom", "1927-02-28") == pytest.approx(0.0599)
    assert value(parsed, at + "ew_monthly/BIG HiPRIOR", "1927-01-31") == pytest.approx(0.03)
    assert value(parsed, at + "vw_annual/Mom", "1927-12-31") == pytest.approx(-0.2)
    assert value(parsed, at + "firms/Mom", "1927-01-31") == 30
    assert value(parsed, at + "size/BIG HiPRIOR", "1927-01-31") == 700
    prior = at + "value_weighted_average_of_prior_returns/BIG HiPRIOR"
    assert value(parsed, prior, "1927-01-31") == pytest.approx(1.3163)
    assert len(parsed.tables["series"]) == 6 + 3 + 3 + 3 + 3 + 3 - 2
    assert [(f.check, f.count) for f in parsed.findings] == [("missing values (-99.99, -999)", 2)]


@pytest.mark.parametrize("iso", [False, True])
def test_daily_factors_and_their_years(tmp_path: Path, iso: bool) -> None:
    """Untitled tables take the name of their frequency; days with or without hyphens."""
    text = (
        DAILY.replace("19260701", "1926-07-01").replace("19260702", "1926-07-02") if iso else DAILY
    )
    parsed, origins = read(tmp_path, {"F.csv": text})
    assert origins == ["F.csv (CRSP 202604)"]
    assert value(parsed, "french/F/daily/Mkt-RF", "1926-07-02") == pytest.approx(0.0045)
    assert value(parsed, "french/F/annual/RF", "1926-12-31") == pytest.approx(0.02)
    assert len(parsed.tables["series"]) == 12


def test_no_prose_and_parquet(tmp_path: Path) -> None:
    """A bare table has no vintage to tell; a Parquet file is a monthly table in percent."""
    buffer = io.BytesIO()
    days = [dt.datetime(2025, 6, 30), dt.datetime(2025, 7, 31)]
    pl.DataFrame({"Mom": [1.5, -2.0], "day": days}).write_parquet(buffer)
    bare = ",NoDur,Durbl\n20250102,  0.02, -0.28\n20250103,  0.29, 1.07\n"
    parsed, origins = read(tmp_path, {"bare.csv": bare, "mom.parquet": buffer.getvalue()})
    assert origins == ["bare.csv", "mom.parquet"]
    assert value(parsed, "french/bare/daily/Durbl", "2025-01-03") == pytest.approx(0.0107)
    assert value(parsed, "french/mom/monthly/Mom", "2025-07-31") == pytest.approx(-0.02)


def test_options_choose_and_are_checked(tmp_path: Path) -> None:
    """Sections and columns can be chosen; a wrong name is an error that lists the right ones."""
    files: dict[str, str | bytes] = {"m.csv": MONTHLY}
    parsed, _ = read(tmp_path, files, options={"sections": ["ew_monthly"], "columns": "Mom"})
    assert parsed.tables["series"]["series"].unique().to_list() == ["french/m/ew_monthly/Mom"]
    with pytest.raises(UnknownName, match="vw_mothly"):
        read(tmp_path, files, options={"sections": ["vw_mothly"]})
    with pytest.raises(MarketFileError, match="unknown option 'section'"):
        read(tmp_path, files, options={"section": ["vw_monthly"]})
    with pytest.raises(MarketFileError, match="not a list"):
        read(tmp_path, files, options={"sections": 3})


def test_damaged_files(tmp_path: Path) -> None:
    """No table, no names: an error. A word or a day that does not exist: quarantine."""
    with pytest.raises(SourceError, match="no row begins"):
        read(tmp_path, {"page.csv": "<html>not found</html>"})
    with pytest.raises(SourceError, match="no line of column names"):
        read(tmp_path, {"headless.csv": "192701, 1.0\n192702, 2.0\n"})
    (tmp_path / "page.csv").unlink()
    (tmp_path / "headless.csv").unlink()
    parsed, _ = read(
        tmp_path, {"odd.csv": "prose\n\n,A,B\n192701, 1.0, x\n192713, 1.0, 2.0\n192703, 3.0\n"}
    )
    assert len(parsed.tables["series"]) == 2
    assert parsed.quarantine is not None
    assert sorted(parsed.quarantine["row"].str.extract(r'"text":"(.*?)"')) == ["1.0", "2.0", "x"]


def test_arch_data() -> None:
    """What the package carries: first and last values as in its files, all named real."""
    spec = Source.model_validate({"kind": "arch_data", "table": "series"})
    raws = arch_data.fetch("history", spec, Path())
    assert all("REAL" in r.origin.what and "arch" in r.origin.who for r in raws)
    parsed = arch_data.parse("history", spec, raws, Context())
    series = parsed.tables["series"]
    assert series["series"].str.starts_with("real/").all()
    assert parsed.tables["prices"]["security"].str.starts_with("real/").all()
    assert value(parsed, "real/french/monthly/Mkt-RF", "1926-07-31") == pytest.approx(0.0296)
    assert value(parsed, "real/french/monthly/HML", "2018-11-30") == pytest.approx(0.0022)
    assert value(parsed, "real/sp500/daily/return", "1999-01-05") == pytest.approx(
        1244.780029 / 1228.099976 - 1
    )
    closes = parsed.tables["prices"].filter(pl.col("security") == "real/NASDAQ")
    assert closes[-1, "close"] == pytest.approx(6635.279785)
    assert closes[-1, "date"] == dt.date(2018, 12, 31)
    assert set(parsed.tables["securities"]["kind"]) == {"index"}


def test_arch_data_takes_no_options() -> None:
    with pytest.raises(MarketFileError, match="arch_data has none"):
        arch_data.fetch(
            "history", Source.model_validate({"kind": "arch_data", "options": {"x": 1}}), Path()
        )
