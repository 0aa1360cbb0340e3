"""The French library on real data: momentum's constructions, crashes, January, window dressing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from paceline import measures
from paceline.config import Source
from paceline.market import Market
from paceline.measures import View
from paceline.sources import Context, french

pytestmark = pytest.mark.real

SECTIONS = {
    "25_Portfolios_ME_Prior_12_2_monthly.csv": ["vw_monthly"],
    "F-F_Momentum_Factor_daily.csv": ["daily"],
    "us_ff5_mom_monthly.parquet": ["monthly"],
}


def load(data: Path, name: str, sections: list[str] | None = None) -> pl.DataFrame:
    options = {} if sections is None else {"sections": sections}
    spec = Source.model_validate(
        {"kind": "french", "table": "series", "path": f"french/{name}", "options": options}
    )
    parsed = french.parse(name, spec, french.fetch(name, spec, data), Context())
    assert parsed.quarantine is None or parsed.quarantine.is_empty()
    return parsed.tables["series"]


@pytest.fixture(scope="module")
def view(data: Path) -> View:
    """A view of nothing but the momentum series, as of 2025-12-05."""
    rows = pl.concat([load(data, name, sections) for name, sections in SECTIONS.items()])
    series = {
        str(name): (part["date"].to_numpy().astype("datetime64[D]"), part["value"].to_numpy())
        for (name,), part in rows.sort("series", "date").group_by("series", maintain_order=True)
    }
    days = series["french/F-F_Momentum_Factor_daily/daily/Mom"][0]
    nothing = {"price": np.full((1, 300), np.nan)}
    return View(sessions=days[-300:], subjects=("none",), all_levels=nothing, series=series)


@pytest.fixture(scope="module")
def season(view: View) -> Callable[[str, str, str], dict[str, float]]:
    table = measures.get("seasonality")(view).table
    assert table is not None

    def row(line: str, statistic: str, period: str) -> dict[str, float]:
        found = table.filter(
            pl.col("line") == line, pl.col("statistic") == statistic, pl.col("period") == period
        )
        assert len(found) == 1
        return found.row(0, named=True)

    return row


@pytest.mark.parametrize(
    "path",
    [
        "10_Industry_Portfolios_Daily.csv",
        "25_Portfolios_5x5_monthly.csv",
        "25_Portfolios_ME_Prior_12_2_monthly.csv",
        "25_Portfolios_ME_Prior_1_0_monthly.csv",
        "25_Portfolios_ME_Prior_60_13_monthly.csv",
        "49_Industry_Portfolios_monthly.csv",
        "F-F_Momentum_Factor_daily.csv",
        "F-F_Research_Data_5_Factors_2x3.csv",
        "F-F_Research_Data_5_Factors_2x3_daily.csv",
        "F-F_Research_Data_Factors_daily.csv",
        "Portfolios_Formed_on_BE-ME_monthly.csv",
        "Portfolios_Formed_on_D-P_monthly.csv",
        "Portfolios_Formed_on_E-P_monthly.csv",
        "Portfolios_Formed_on_ME_monthly.csv",
        "Portfolios_Formed_on_VAR_monthly.csv",
        "us_ff5_mom_monthly.parquet",
    ],
)
def test_every_cell_of_every_file_is_read(data: Path, path: str) -> None:
    """As many values as cells neither blank nor missing by a plain count; returns as fractions."""
    rows = load(data, path)
    if path.endswith(".parquet"):
        raw = pl.read_parquet(data / "french" / path)
        assert len(rows) == sum(
            raw[c].drop_nulls().len() for c in raw.columns if raw[c].dtype == pl.Float64
        )
    else:
        lines = (data / "french" / path).read_text(encoding="latin-1").splitlines()
        cells = [
            c.strip() for line in lines if line.strip()[:4].isdigit() for c in line.split(",")[1:]
        ]
        assert len(rows) == sum(1 for c in cells if c and float(c) not in (-99.99, -999.0))
    returns = rows.filter(pl.col("series").str.contains("/(vw|ew)_monthly/|/daily/|/monthly/"))
    assert returns["value"].abs().max() < 5
    assert abs(float(returns["value"].mean())) < 0.02  # type: ignore[arg-type]


def test_winners_minus_losers_is_momentum(view: View) -> None:
    """Five winners less five losers of 25 sorts correlate above 0.97 with the monthly factor."""
    from paceline.signals.french import winners_losers

    pair = winners_losers(view)
    assert pair is not None
    _, days, high, low = pair
    when, mom = view.series["french/us_ff5_mom_monthly/monthly/Mom"]
    months, both = np.intersect1d(
        days.astype("datetime64[M]"), when.astype("datetime64[M]"), return_indices=True
    )[:2]
    at = np.searchsorted(when.astype("datetime64[M]"), months)
    assert str(months[0]) == "1963-07" and len(months) == 745
    assert np.corrcoef((high - low)[both], mom[at])[0, 1] > 0.97


def test_january_reverses_and_decays(season: Callable[[str, str, str], dict[str, float]]) -> None:
    """About -1.6% in January against +1.0% in the other months since 1927; less since 1990."""
    line = "winners minus losers, 25 sorts"
    long, late = season(line, "january", "since 1927"), season(line, "january", "since 1990")
    assert long["years"] == 99
    assert long["value"] == pytest.approx(-0.016, abs=0.0015)
    assert long["control"] == pytest.approx(0.010, abs=0.0015)
    assert long["effect_high"] < 0
    assert long["value"] < late["value"] < 0
    assert 0 < late["control"] < long["control"]


def test_window_dressing(season: Callable[[str, str, str], dict[str, float]]) -> None:
    """+0.5% in the last five sessions of March, June, September since 1990; else nothing."""
    found = season("momentum", "quarter_end", "since 1990")
    assert found["years"] == 36
    assert found["value"] == pytest.approx(0.005, abs=0.0007)
    assert found["control"] == pytest.approx(0.0, abs=0.0007)


def test_crashes_of_1932_and_2009(view: View) -> None:
    """Momentum's two crashes are its worst stretches and open its two deepest falls."""
    table = measures.get("factor_history")(view).table
    assert table is not None
    crash = table.filter(pl.col("statistic") == "crash")
    assert crash["end"].to_list()[:2] == [dt.date(1932, 9, 30), dt.date(2009, 5, 31)]
    assert (crash["losers"][:2] > 1.0).all() and (crash["winners"][:2] < 0.5).all()
    falls = table.filter(
        pl.col("statistic") == "fall", pl.col("factor") == "winners minus losers, 25 sorts"
    )
    assert falls["start"].to_list()[:2] == [dt.date(1932, 6, 30), dt.date(2008, 11, 30)]
    assert falls["value"][0] < -0.8 and falls["value"][1] < -0.6


def test_november_2025_long_only_and_long_short(friday: Market) -> None:
    """The cap-weighted top fifth by 12-2 momentum fell behind the index; the factor was flat."""
    found = friday.show("factors")
    november = {
        f.extra["side"]: f
        for f in found
        if f.statistic == "last_month" and f.extra["factor"] == "momentum"
    }
    assert (
        november["long_over_index"].start == "2025-10-31"
        and november["long_over_index"].end == "2025-11-28"
    )
    assert november["long_over_index"].value < -0.01
    assert november["long_over_index"].n_used == 501
    days, r = friday.series["french/F-F_Momentum_Factor_daily/daily/Mom"]
    inside = days.astype("datetime64[M]") == np.datetime64("2025-11")
    assert np.prod(1 + r[inside]) - 1 == pytest.approx(0.0, abs=0.001)


def test_small_against_large_in_its_slot(friday: Market) -> None:
    """Ten sessions to 2025-12-05: wide, but not beyond noise once the questions are counted."""
    rows = [
        f for f in friday.show("seasonality") if f.statistic == "slot" and f.extra["kind"] == "now"
    ]
    small = next(f for f in rows if f.subject == "russell2000" and f.against == "sp500_index")
    assert small.value == pytest.approx(0.0939 - 0.0507, abs=0.0005)
    assert all(f.extra["p_adjusted"] > 0.1 for f in rows if f.extra["p_adjusted"] is not None)


def test_this_year_is_not_unusual(season: Callable[[str, str, str], dict[str, float]]) -> None:
    """Momentum's ten sessions to 2025-12-05 are in their usual range; no year-end yet."""
    slot, run = (
        season("momentum", "slot", "since 1990"),
        season("momentum", "year_end_run", "since 1990"),
    )
    assert slot["p"] > 0.1 and slot["years_low"] < slot["value"] < slot["years_high"]
    assert str(run["state"]).startswith("not yet observable")
