"""Data that stop before the last session, in the whole report: no figure says more than they do.

A simulated market, whose truth is known, is cut in one place at a time some sessions before its
last day. Every figure of the report is walked over: what ends later is what it would be with all
the data, or has no value, or says what ended.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from paceline import config, pages
from paceline.document import Document
from paceline.figures import Figure
from paceline.market import Market
from paceline.pages.headline import sentences
from paceline.studies.answers import Answers
from test_simulated import tables

#: Sessions before the last one; further ones with PACELINE_CUTS=1,7,40.
CUTS = [int(n) for n in os.environ.get("PACELINE_CUTS", "12").split(",")]
NEAR = 1e-9
MARKET = """
[market]
name = "stopped"
calendar = "XNYS"
benchmark = "index"
universe = "large"
start = 2024-12-02
store = "store"
basis = "price"
[sources.index]
path = "index.csv"
columns = { security = "security", date = "date", close = "close" }
options = { also_securities = { kind = "index" } }
[sources.leg]
path = "leg.csv"
columns = { security = "security", date = "date", close = "close" }
options = { also_securities = { kind = "index" } }
[sources.fund]
path = "fund.csv"
columns = { security = "security", date = "date", close = "close" }
options = { also_securities = { kind = "etf" } }
[sources.changes]
path = "changes.csv"
dialect = "changes"
[sources.changes.columns]
security = "security"
date = "date"
close = "close"
price_return = "price_return"
market_cap = "market_cap"
[sources.adjusted]
path = "adjusted.csv"
dialect = "adjusted"
columns = { security = "security", date = "date", adjusted_close = "adjusted" }
[sources.members]
table = "members"
path = "members.csv"
columns = { universe = "universe", security = "security", start = "start", end = "end" }
[sources.securities]
table = "securities"
path = "securities.csv"
columns = { security = "security", ticker = "ticker", kind = "kind", delisted = "delisted" }
[sources.classes]
table = "classes"
path = "classes.csv"
columns = { scheme = "scheme", security = "security", sector = "sector" }
[sources.macro]
table = "series"
path = "macro.csv"
columns = { series = "series", date = "date", value = "value" }
[universes.large]
members = "large"
[baskets.index]
instrument = "SIM500"
[baskets.leg]
instrument = "SIM2000"
[baskets.fund]
instrument = "SIMLRG"
[baskets.cap]
universe = "large"
weight = "cap"
[baskets.equal]
universe = "large"
weight = "equal"
rebalance = "quarterly"
[baskets.total]
universe = "large"
weight = "cap"
basis = "total"
[groups.sectors]
universe = "large"
by = "sector"
[rotations.leg_index]
lead = "leg"
against = "index"
proxy = "made/daily/SMB"
[rotations.equal_cap]
lead = "equal"
against = "cap"
[rotations.fund_cap]
lead = "fund"
against = "cap"
"""
SECTOR = "Energy"


@cache
def truth() -> dict[str, pl.DataFrame]:
    """Every file before anything was cut off: a year of members, four years of their market."""
    made = tables(companies=60, years=2, seed=3)
    year = made["prices"].filter(pl.col("date") >= pl.date(2024, 12, 2)).sort("security", "date")
    stock = year.filter(~pl.col("security").str.starts_with("SIM"))
    grown = (1 + pl.col("total_return").fill_null(0.0)).cum_prod().over("security")
    days = year["date"].unique().sort()
    random = np.random.default_rng(5)
    macro = [
        pl.DataFrame({"series": f"made/daily/{name}", "date": days, "value": values})
        for name, values in zip(
            ("Mkt-RF", "SMB", "HML"), random.normal(0, 0.01, (3, len(days))), strict=True
        )
    ]
    levels = {
        name: year.filter(pl.col("security") == security).select("security", "date", "close")
        for name, security in (("index", "SIM500"), ("leg", "SIM2000"), ("fund", "SIMLRG"))
    }
    return levels | {
        "changes": stock.select("security", "date", "close", "price_return", "market_cap"),
        "adjusted": stock.select("security", "date", adjusted=100 * grown),
        "members": made["members"],
        "securities": made["securities"],
        "classes": made["classes"],
        "macro": pl.concat(macro),
    }


def members(sector: str | None) -> list[str]:
    """The companies of a sector, or every second company."""
    rows = truth()["classes"].sort("security")
    if sector is None:
        return rows["security"].unique().sort().gather_every(2).to_list()
    return rows.filter(pl.col("sector") == sector)["security"].to_list()


def cut(names: tuple[str, ...], only: Callable[[], list[str]] | None = None) -> Any:
    """What takes the rows after a day out of some files, for all securities or some."""

    def taken(files: dict[str, pl.DataFrame], day: object) -> dict[str, pl.DataFrame]:
        gone = pl.col("date") > pl.lit(day)
        if only is not None:
            gone &= pl.col("security").is_in(only())
        return {**files, **{n: files[n].filter(~gone) for n in names}}

    return taken


#: What is cut off, and the baskets without a value after it on any basis.
CASES: dict[str, tuple[Any, set[str]]] = {
    "benchmark": (cut(("index",)), {"index"}),
    "one leg of a pair": (cut(("leg",)), {"leg"}),
    "one fund": (cut(("fund",)), {"fund"}),
    "one sector": (cut(("changes", "adjusted"), lambda: members(SECTOR)), {f"sectors:{SECTOR}"}),
    "the macro series": (cut(("macro",)), set()),
    "half the members": (cut(("changes", "adjusted"), lambda: members(None)), {"cap", "equal"}),
    "prices": (cut(("changes",)), set()),
    "total returns": (cut(("adjusted",)), set()),
}


def figures(folder: Path, files: dict[str, pl.DataFrame]) -> list[Figure]:
    """Every figure of the report of a market made of these files."""
    folder.mkdir()
    for name, frame in files.items():
        frame.write_csv(folder / f"{name}.csv")
    (folder / "market.toml").write_text(MARKET)
    file = config.load(folder / "market.toml", folder)
    settings = file.market.model_copy(update={"store": str(folder / "store")})
    market = Market(file.model_copy(update={"market": settings}))
    market.import_()
    last = truth()["changes"]["date"].max()
    assert market.as_of == str(last)
    ask = Answers(market)
    report = Document("", "", "", False, tuple(sentences(ask)), tuple(pages.sections(ask)))
    return [f for f in report.figures() if f.measure != "findings"]


def key(f: Figure) -> tuple[Any, ...]:
    """What a figure is about, without its lineage."""
    texts = sorted((k, v) for k, v in f.extra.items() if isinstance(v, str))
    return (f.measure, f.subject, f.against, f.statistic, f.start, f.end, f.basis, *texts)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[Any, list[Figure]]:
    made: dict[Any, list[Figure]] = {}
    for f in figures(tmp_path_factory.mktemp("whole") / "market", truth()):
        made.setdefault(key(f), []).append(f)
    return made


def same(a: Figure, b: Figure) -> bool:
    """Whether both say the same; numbers may differ by rounding."""
    if type(a.value) is not type(b.value):
        return False
    if isinstance(a.value, float):
        return abs(a.value - b.number) <= NEAR * max(1.0, abs(b.number))
    return a.value == b.value


@pytest.mark.parametrize("sessions", CUTS)
@pytest.mark.parametrize("case", list(CASES))
def test_nothing_says_more_than_its_data(
    tmp_path: Path, whole: dict[Any, list[Figure]], case: str, sessions: int
) -> None:
    take, ended = CASES[case]
    days = truth()["changes"]["date"].unique().sort()
    day = days[-1 - sessions]
    silent = []
    late = 0
    for f in figures(tmp_path / "cut", take(truth(), day)):
        if f.value is None or str(f.end) <= str(day):
            continue
        late += 1
        legs = {f.subject, *(f.against or "").split(" + ")}
        assert not legs & ended, f"{key(f)} has a value after {day}"
        was = whole.get(key(f), [])
        usual = {c for one in was for c in one.caveats}
        if not any(same(f, one) for one in was) and not set(f.caveats) - usual:
            silent.append((key(f), f.value, [one.value for one in was]))
    assert late, "the report says nothing of today"
    assert not silent, (len(silent), silent[:12])
