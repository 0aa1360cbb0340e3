"""The simulated market: its identities, its planted rotations, and the last weeks it must echo.

Everything is measured from the tables alone, with plain matrices built here, never with the
generator's own parts."""

from __future__ import annotations

import datetime as dt
import json
import math
import warnings
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest

import paceline
from paceline import config, schema
from paceline.errors import MarketFileError, SourceError
from paceline.sources import Context, simulated

DEMO = Path(paceline.__file__).parent / "data" / "demo.toml"
SMALL = {"companies": 60, "years": 2}


@cache
def sessions() -> tuple[dt.date, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # exchange_calendars 4.13 uses what pandas 4 will drop
        import exchange_calendars

        return tuple(
            d.date()
            for d in exchange_calendars.get_calendar(
                "XNYS", start="2010-01-04", end="2026-12-31"
            ).sessions
        )


def tables(**options: object) -> dict[str, pl.DataFrame]:
    spec = config.Source(kind="simulated", options=options)
    raws = simulated.fetch("sim", spec, Path())
    return simulated.parse("sim", spec, raws, Context("XNYS", sessions())).tables


class Market(NamedTuple):
    """The tables as matrices (line x session); NaN where a line does not live."""

    tables: dict[str, pl.DataFrame]
    ids: list[str]
    days: np.ndarray
    close: np.ndarray
    price: np.ndarray
    total: np.ndarray
    cap: np.ndarray
    floats: np.ndarray
    sector: np.ndarray
    sub: np.ndarray
    company: np.ndarray

    def at(self, day: dt.date | str) -> int:
        found = np.flatnonzero(self.days == np.datetime64(day))
        assert len(found) == 1, f"{day} is no session"
        return int(found[0])

    def row(self, security: str) -> int:
        return self.ids.index(security)

    def level(self, code: str) -> np.ndarray:
        rows = self.tables["prices"].filter(pl.col("security") == code).sort("date")
        return rows["close"].to_numpy()

    def members(self, universe: str, day: dt.date | str) -> np.ndarray:
        on = dt.date.fromisoformat(str(day))
        rows = self.tables["members"].filter(
            (pl.col("universe") == universe)
            & (pl.col("start") <= on)
            & (pl.col("end").is_null() | (pl.col("end") > on))
        )
        return np.isin(self.ids, rows["security"].to_list())

    def rank(self, t: int, among: np.ndarray) -> np.ndarray:
        """Rank of each line's company by value at close t among the companies of some lines."""
        value = np.where(among, np.nan_to_num(self.cap[:, t]), 0.0)
        names, code = np.unique(self.company, return_inverse=True)
        of_company = np.bincount(code, value, minlength=len(names))
        place = np.empty(len(names), int)
        place[np.argsort(-of_company, kind="stable")] = np.arange(1, len(names) + 1)
        return place[code]

    def held(self, lines: np.ndarray, a: int, b: int, equal: bool = False) -> float:
        """Price return of lines bought at close a by float value (or equally), held to close b."""
        weight = np.where(lines, 1.0 if equal else self.cap[:, a] * self.floats, 0.0)
        weight = np.nan_to_num(weight)
        growth = np.prod(1.0 + np.nan_to_num(self.price[:, a + 1 : b + 1]), axis=1)
        return float((weight * growth).sum() / weight.sum() - 1.0)


def matrices(found: dict[str, pl.DataFrame]) -> Market:
    days = found["sessions"]["date"].to_numpy()
    classes = found["classes"]
    ids = classes["security"].to_list()
    prices = found["prices"].filter(pl.col("security").is_in(ids))
    rows = prices.select(
        i=pl.col("security").replace_strict(ids, list(range(len(ids))), return_dtype=pl.Int32),
        t=pl.col("date").replace_strict(
            found["sessions"]["date"].to_list(), list(range(len(days))), return_dtype=pl.Int32
        ),
    )
    i, t = rows["i"].to_numpy(), rows["t"].to_numpy()

    def matrix(column: str) -> np.ndarray:
        out = np.full((len(ids), len(days)), np.nan)
        out[i, t] = prices[column].to_numpy()
        return out

    floats = found["shares"].group_by("security").agg(pl.col("float_factor").last())
    who = found["securities"].unique("security", keep="first", maintain_order=True)
    lookup = dict(zip(floats["security"], floats["float_factor"], strict=True))
    company = dict(zip(who["security"], who["company"], strict=True))
    return Market(
        found,
        ids,
        days,
        *(matrix(c) for c in ("close", "price_return", "total_return", "market_cap")),
        np.array([lookup[s] for s in ids]),
        classes["sector"].to_numpy().astype(str),
        classes["sub_industry"].to_numpy().astype(str),
        np.array([company[s] for s in ids]),
    )


@pytest.fixture(scope="module")
def full() -> Market:
    return matrices(tables())


@pytest.fixture(scope="module")
def tiny() -> Market:
    return matrices(tables(**SMALL))


# ---- tables and identities
# ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        SMALL,
        {"companies": 60, "years": 1},
        {"companies": 200, "years": 4, "seed": 3},
        {"companies": 90, "years": 3, "end": "2019-06-28"},
        {"companies": 80, "years": 2, "end": dt.date(2026, 3, 31)},
    ],
)
def test_every_table_keeps_its_schema_rules_and_keys_at_any_size(
    options: dict[str, object],
) -> None:
    found = tables(**options)
    assert set(found) == set(schema.TABLES) - {"series"}
    for name, frame in found.items():
        declared = schema.table(name)
        assert len(frame) > 0, name
        assert {c: t for c, t in frame.schema.items() if declared.schema.get(c) != t} == {}, name
        assert not frame.select(declared.key).is_duplicated().any(), name
        assert frame["known"].null_count() == 0, name
        for column in declared.columns:
            if column.required:
                assert frame[column.name].null_count() == 0, (name, column.name)
            if column.name in frame.columns and column.type == pl.Float64():
                assert (
                    not frame[column.name].is_nan().any()
                    and not frame[column.name].is_infinite().any()
                )
        if name != "prices":
            assert (
                frame.select([r.holds.all().alias(r.reason) for r in declared.rules] or [True])
                .row(0)
                .count(False)
                == 0
            )
    prices = found["prices"].with_columns(recovered=pl.lit(None, pl.Boolean))
    for rule in schema.PRICES.rules:
        assert prices.select(rule.holds.all()).item(), rule.reason


def test_closes_returns_splits_shares_and_caps_agree(full: Market) -> None:
    """close_t = close_{t-1} (1 + r_t) / ratio_t; cap = close * shares; cash is total less price."""
    actions = full.tables["actions"].filter(pl.col("security").is_in(full.ids))
    ratio, cash = np.ones_like(full.close), np.zeros_like(full.close)
    at = {d: t for t, d in enumerate(full.days.astype(dt.date))}
    rows = {s: i for i, s in enumerate(full.ids)}
    for security, day, kind, r, amount, other in actions.select(
        "security", "date", "kind", "ratio", "amount", "other"
    ).iter_rows():
        i, t = rows[security], at[day]
        if kind == "split":
            ratio[i, t] *= r
        elif kind in ("dividend", "special_dividend"):
            cash[i, t] += amount
        elif kind == "spinoff":
            cash[i, t] += r * full.close[rows[other], t]
    before = full.close[:, :-1] / ratio[:, 1:]
    expected = before * (1.0 + full.price[:, 1:])
    both = np.isfinite(expected) & np.isfinite(full.close[:, 1:])
    assert both.sum() > 3_500_000
    np.testing.assert_allclose(full.close[:, 1:][both], expected[both], rtol=1e-10)
    # amounts are per share after the split, as paid on the ex-date
    paid = full.price[:, 1:] + cash[:, 1:] / before
    both = np.isfinite(paid)
    np.testing.assert_allclose(full.total[:, 1:][both], paid[both], rtol=0, atol=1e-10)

    shares = full.tables["shares"].sort("date")
    joined = (
        full.tables["prices"]
        .filter(pl.col("market_cap").is_not_null() & (pl.col("market_cap") > 0))
        .sort("date")
        .join_asof(shares.select("security", "date", "shares"), on="date", by="security")
    )
    assert joined["shares"].null_count() == 0
    np.testing.assert_allclose(
        joined["market_cap"].to_numpy(), (joined["close"] * joined["shares"]).to_numpy(), rtol=1e-9
    )


def test_a_split_moves_neither_return_nor_cap(full: Market) -> None:
    splits = full.tables["actions"].filter(pl.col("kind") == "split")
    assert (splits["ratio"] > 1).sum() > 50 and (splits["ratio"] < 1).sum() > 10
    for security, day, ratio in splits.select("security", "date", "ratio").iter_rows():
        i, t = full.row(security), full.at(day)
        change = full.cap[i, t] / full.cap[i, t - 1] / (1.0 + full.price[i, t])
        # only issues and buybacks are left
        assert abs(math.log(change)) < 0.05, (security, day, ratio)


def test_lives_have_no_holes_and_delistings_have_their_return(full: Market) -> None:
    living = np.isfinite(full.cap) | np.isfinite(full.price)
    first, last = living.argmax(1), living.shape[1] - 1 - living[:, ::-1].argmax(1)
    assert (living.sum(1) == last - first + 1).all()
    rows = np.arange(len(full.ids))
    assert np.isnan(full.price[rows, first]).all()
    assert np.isfinite(full.price).sum() == living.sum() - len(rows)
    gone = full.tables["actions"].filter(pl.col("kind") == "delisting")
    assert set(gone["security"]) == {
        full.ids[i] for i in np.flatnonzero(last < living.shape[1] - 1)
    }
    for security, day, amount in gone.select("security", "date", "amount").iter_rows():
        i, t = full.row(security), full.at(day)
        assert t == last[i] and full.price[i, t] == pytest.approx(amount, abs=1e-12)
        if amount == -1:
            assert np.isnan(full.close[i, t]) and np.isnan(full.cap[i, t])
    assert (gone["amount"] == -1).sum() > 20 and (gone["amount"] > 0.1).sum() > 50
    who = full.tables["securities"].filter(pl.col("delisted").is_not_null())["security"]
    assert set(who) == set(gone["security"])


def test_the_spun_off_child_is_worth_what_the_parent_lost(full: Market) -> None:
    [(parent, day, ratio, child)] = (
        full.tables["actions"]
        .filter(pl.col("kind") == "spinoff")
        .select("security", "date", "ratio", "other")
        .rows()
    )
    p, c, t = full.row(parent), full.row(child), full.at(day)
    assert np.isnan(full.close[c, t - 1])
    value = ratio * full.close[c, t]
    assert full.close[p, t] + value == pytest.approx(
        full.close[p, t - 1] * (1 + full.total[p, t]), rel=1e-12
    )
    assert value / full.close[p, t - 1] == pytest.approx(0.18, rel=1e-9)
    assert full.members("large", day)[[p, c]].all()


def test_identities_hold_in_the_smallest_market_too(tiny: Market) -> None:
    assert tiny.close.shape == (62, 503)
    assert np.isfinite(tiny.cap[:, -1]).sum() > 50
    kinds = set(tiny.tables["actions"]["kind"])
    assert {"dividend", "special_dividend", "spinoff", "delisting", "rename"} <= kinds


# ---- who is there
# -------------------------------------------------------------------------------------------


def test_large_universe_has_its_number_of_companies_on_every_day_and_changes(full: Market) -> None:
    spells = full.tables["members"].filter(pl.col("universe") == "large")
    assert spells["end"].is_not_null().sum() > 100
    extra = full.tables["actions"].filter(pl.col("kind") == "spinoff")["date"].item()
    for t in range(0, len(full.days), 40):
        day = full.days[t].astype(dt.date)
        held = full.members("large", day)
        count = len(set(full.company[held]))
        assert count == 500 or (count == 501 and 0 <= (day - extra).days < 100), (day, count)
        assert np.isfinite(full.cap[held, t]).all(), day
        assert not (held & full.members("small", day)).any()


def test_share_classes_tickers_and_classes(full: Market) -> None:
    who = full.tables["securities"]
    stocks = who.filter(pl.col("kind") == "common")
    lines = stocks.unique(["company", "security"]).group_by("company").len()
    assert (lines["len"] == 2).sum() == 2 and (lines["len"] > 2).sum() == 0
    for company in lines.filter(pl.col("len") == 2)["company"]:
        one, two = (full.row(f"{company}.{c}") for c in "AB")
        assert np.corrcoef(full.total[one, 1:], full.total[two, 1:])[0, 1] > 0.95
        assert full.cap[one, -1] != full.cap[two, -1]  # each class its own cap
    assert stocks["ticker"].str.split(".").list.first().str.len_chars().min() == 6
    spells = stocks.filter(pl.col("end").is_not_null())
    assert len(spells) > 20  # ticker changes, each followed by a spell with the next ticker
    after = stocks.join(spells.select("security", start="end"), on=["security", "start"])
    assert len(after) == len(spells)
    assert stocks.filter(pl.col("end").is_null())["ticker"].is_duplicated().sum() == 0
    assert len(full.tables["classes"]["sector"].unique()) == 11
    assert {
        "Cargo Ground Transportation",
        "Marine Transportation",
        "Passenger Airlines",
        "Homebuilding",
        "Semiconductors",
        "Systems Software",
    } <= set(full.sub)


def test_fundamentals_are_known_thirty_to_seventy_five_days_later(full: Market) -> None:
    found = full.tables["fundamentals"]
    lag = (found["known"] - found["period_end"]).dt.total_days()
    assert (lag.min(), lag.max()) == (30, 75)
    assert found["known"].max() <= full.days[-1].astype(dt.date)
    assert set(found["item"]) == {"book_equity", "earnings", "sales", "assets"}
    book = found.filter(pl.col("item") == "book_equity")
    assert (book["value"] > 0).all()
    loss = found.filter(pl.col("item") == "earnings")["value"] < 0
    assert 0.005 < loss.mean() < 0.3


def test_holdings_sum_to_one_and_name_members(full: Market) -> None:
    found = full.tables["holdings"]
    sums = found.group_by("date").agg(pl.col("weight").sum(), pl.len())
    np.testing.assert_allclose(sums["weight"].to_numpy(), 1.0, atol=1e-12)
    last = found.filter(pl.col("date") == found["date"].max())
    assert set(last["security"]) == {
        s for s, m in zip(full.ids, full.members("large", "2025-12-05"), strict=True) if m
    }


def test_published_index_equals_members_held_by_float_value(full: Market) -> None:
    """Between reconstitutions, without delistings, the level is of members bought and held."""
    for code, universe in (("SIM500", "large"), ("SIM2000", "small")):
        a, b = full.at("2025-09-22"), full.at("2025-12-05")
        level = full.level(code)
        held = full.members(universe, "2025-09-22")
        assert level[b] / level[a] - 1 == pytest.approx(full.held(held, a, b), abs=1e-10)


def test_fund_follows_its_index_less_the_fee(full: Market) -> None:
    rows = full.tables["prices"].filter(pl.col("security") == "SIMLRG").sort("date")
    index = full.level("SIM500")
    price, total = rows["price_return"].to_numpy()[1:], rows["total_return"].to_numpy()[1:]
    years = len(index) / 252
    yield_ = np.log1p(total).sum() / years - np.log(index[-1] / index[0]) / years
    assert 0.008 < yield_ < 0.02
    assert np.corrcoef(total, index[1:] / index[:-1] - 1)[0, 1] > 0.9995
    paid = full.tables["actions"].filter(
        (pl.col("security") == "SIMLRG") & (pl.col("kind") == "dividend")
    )
    assert len(paid) == 48 or len(paid) == 47
    assert (price < total).sum() == len(paid)


# ---- planted rotations
# --------------------------------------------------------------------------------------


def test_planted_rotations_have_exactly_their_size(full: Market) -> None:
    planted = simulated.planted()
    assert len(planted) >= 7
    assert all(a.end < b.start for a, b in pairwise(planted))
    for r in planted[:-1]:
        a, b = full.at(r.start), full.at(r.end)
        everybody = np.isfinite(full.price[:, a + 1]) & np.isfinite(full.cap[:, a])
        rank = full.rank(a, everybody)

        def lines(group: simulated.PlantedGroup) -> np.ndarray:
            chosen = everybody.copy()  # noqa: B023
            if group.sectors:
                chosen &= np.isin(full.sector, group.sectors)
            if group.size:
                chosen &= (rank <= 500) == (group.size == "large")  # noqa: B023
            return chosen

        assert lines(r.long).sum() > 20 and lines(r.short).sum() > 20
        size = math.log1p(full.held(lines(r.long), a, b)) - math.log1p(
            full.held(lines(r.short), a, b)
        )
        assert size == pytest.approx(r.direction * r.log_size, abs=1e-9), r.name
    last = planted[-1]
    a, b = full.at(last.start), full.at(last.end)
    up, down = (full.level(code) for code in last.indices)
    assert math.log(up[b] / up[a]) - math.log(down[b] / down[a]) == pytest.approx(
        last.log_size, abs=1e-9
    )
    assert (last.start, last.end, last.direction) == (
        dt.date(2025, 11, 20),
        dt.date(2025, 12, 5),
        1,
    )
    assert last.log_size == pytest.approx(math.log(1.094 / 1.051), abs=5e-4)


def test_planted_depends_on_the_span() -> None:
    assert [r.name for r in simulated.planted({"years": 1})] == ["small over large, last"]
    assert simulated.planted({"years": 1, "end": "2019-12-31"}) == []
    inside = simulated.planted({"years": 5, "end": "2019-12-31"})
    assert len(inside) == 3 and all(r.end <= dt.date(2019, 12, 31) for r in inside)


# ---- the last weeks
# -----------------------------------------------------------------------------------------


def test_market_falls_to_its_low_and_small_companies_lead_to_a_record(full: Market) -> None:
    """Index paths are imposed: to 1e-9 of the plan, whose numbers are the article's."""
    large, small = full.level("SIM500"), full.level("SIM2000")
    high, low, record, end = (
        full.at(d) for d in ("2025-10-28", "2025-11-20", "2025-12-04", "2025-12-05")
    )
    confirmed, before = full.at("2025-11-25"), full.at("2025-11-24")
    assert large[low] / large[high] - 1 == pytest.approx(-0.051, abs=1e-9)
    assert large[low] == large[high:].min()
    # the fall of 5% is complete on the day of the low
    assert large[low - 1] / large[high] - 1 > -0.05
    assert large[before] / large[low] - 1 < 0.03 < large[confirmed] / large[low] - 1
    assert large[high] == large[full.at("2024-12-31") :].max() and large[high] > large[:high].max()
    assert large[end] / large[low] - 1 == pytest.approx(0.051, abs=0.0005)
    assert small[end] / small[low] - 1 == pytest.approx(0.094, abs=0.0005)
    assert small[record] > small[:record].max() and small[end] < small[record]
    year = full.at("2024-12-31")
    assert large[end] / large[year] - 1 == pytest.approx(0.17, abs=0.001)
    assert small[end] / small[year] - 1 == pytest.approx(0.12, abs=0.001)
    ahead = np.diff(np.log(small))[low:] > np.diff(np.log(large))[low:]
    assert ahead[:5].all() and not ahead[5:7].any() and ahead[7:9].all() and not ahead[9]


def test_november_echoes_the_article_bucket_by_bucket_and_sector_by_sector(full: Market) -> None:
    """Price returns from 10-31 to 11-28; tolerance 0.5 points (0.1 for the index itself)."""
    a, b = full.at("2025-10-31"), full.at("2025-11-28")
    q = full.at("2025-09-19")
    large = full.members("large", "2025-11-03")
    rank = full.rank(a, large)
    top = large & (rank <= 50)
    assert full.held(large, a, b) == pytest.approx(0.003, abs=0.001)
    drifted = (1 + full.held(large, q, b, equal=True)) / (
        1 + full.held(large, q, a, equal=True)
    ) - 1
    assert drifted == pytest.approx(0.017, abs=0.005)
    assert full.held(top, a, b) == pytest.approx(-0.006, abs=0.005)
    assert full.held(large & ~top, a, b) == pytest.approx(0.013, abs=0.005)
    sectors = {s: full.held(large & (full.sector == s), a, b) for s in np.unique(full.sector)}
    expected = {
        "Health Care": 0.091,
        "Information Technology": -0.044,
        "Communication Services": 0.062,
        "Materials": 0.042,
        "Consumer Staples": 0.038,
        "Industrials": -0.010,
        "Consumer Discretionary": -0.024,
    }
    for sector, value in expected.items():
        assert sectors[sector] == pytest.approx(value, abs=0.005), sector
    assert max(sectors, key=lambda s: sectors[s]) == "Health Care"
    assert min(sectors, key=lambda s: sectors[s]) == "Information Technology"


def test_since_the_low_transports_and_micro_caps_lead(full: Market) -> None:
    """From 11-20 to 12-05, equal-weighted since the September rebalance; tolerance 0.7 points."""
    a, b, q = (full.at(d) for d in ("2025-11-20", "2025-12-05", "2025-09-19"))
    alive = np.isfinite(full.cap[:, q]) & np.isfinite(full.cap[:, b])
    themes = ("Cargo Ground Transportation", "Marine Transportation", "Passenger Airlines")
    for name in themes:
        lines = alive & (full.sub == name)
        gain = (1 + full.held(lines, q, b, equal=True)) / (
            1 + full.held(lines, q, a, equal=True)
        ) - 1
        assert gain == pytest.approx(0.11, abs=0.012), name
    lines = alive & np.isin(full.sub, themes)
    gain = (1 + full.held(lines, q, b, equal=True)) / (1 + full.held(lines, q, a, equal=True)) - 1
    assert gain == pytest.approx(0.11, abs=0.007)
    rank = full.rank(q, alive)
    micro = alive & (rank > 900) & full.members("small", "2025-11-21")
    assert full.held(micro, a, b) == pytest.approx(0.115, abs=0.005)


def test_two_thirds_of_technology_stands_above_its_200_day_mean_and_giants_drove_the_year(
    full: Market,
) -> None:
    level = np.cumprod(1.0 + np.nan_to_num(full.price), axis=1)
    tech = full.members("large", "2025-12-05") & (full.sector == "Information Technology")
    for day in ("2025-12-04", "2025-12-05"):
        t = full.at(day)
        above = level[tech, t] > level[tech, t - 199 : t + 1].mean(axis=1)
        assert 0.65 <= above.mean() <= 0.70, day
    a, b = full.at("2024-12-31"), full.at("2025-12-05")
    large = full.members("large", "2025-12-05") & np.isfinite(full.cap[:, a])
    giants = np.isin(full.ids, simulated.GIANTS)
    assert giants.sum() == 7
    assert full.held(giants, a, b) > 0.20
    assert full.held(large & ~giants, a, b) < 0.17
    value = np.where(large, full.cap[:, a], 0)
    share = value[giants].sum() / value.sum() * full.held(giants, a, b) / full.held(large, a, b)
    assert 0.3 < share < 0.7


# ---- stylised facts
# -----------------------------------------------------------------------------------------


def test_index_is_as_volatile_fat_tailed_and_clustered_as_a_stock_index(full: Market) -> None:
    r = np.diff(np.log(full.level("SIM500")))
    assert 0.14 < r.std() * 252**0.5 < 0.18
    assert ((r - r.mean()) ** 4).mean() / r.var() ** 2 > 4.5
    square = (r - r.mean()) ** 2
    lags = [np.corrcoef(square[k:], square[:-k])[0, 1] for k in (1, 5, 10, 20)]
    assert lags[0] > 0.1 and min(lags) > 0.02
    assert abs(np.corrcoef(r[1:], r[:-1])[0, 1]) < 0.08
    drop = full.level("SIM500") / np.maximum.accumulate(full.level("SIM500")) - 1
    assert -0.5 < drop.min() < -0.15


def test_stocks_correlate_and_concentrate_plausibly(full: Market) -> None:
    lived = np.flatnonzero(
        np.isfinite(full.price[:, 1:]).all(axis=1) & full.members("large", "2025-12-05")
    )
    r = full.price[lived[:150], 1:]
    c = np.corrcoef(r)
    mean = (c.sum() - len(c)) / (len(c) * (len(c) - 1))
    assert 0.2 < mean < 0.4
    vol = r.std(axis=1) * 252**0.5
    assert 0.2 < np.median(vol) < 0.45
    large = full.members("large", "2025-12-05")
    value = np.where(large, np.nan_to_num(full.cap[:, -1]), 0.0)
    _, code = np.unique(full.company, return_inverse=True)
    weight = np.sort(np.bincount(code, value))[::-1] / value.sum()
    assert 0.28 < weight[:10].sum() < 0.38 and weight[0] < 0.08
    assert 0.45 < weight[:50].sum() < 0.70
    closes = full.close[np.isfinite(full.close)]
    assert np.mean((closes > 1) & (closes < 2000)) > 0.995 and closes.max() < 3000


# ---- determinism, options, errors
# ---------------------------------------------------------------------------


def digest_of(found: dict[str, pl.DataFrame]) -> list[object]:
    """Shapes and a few statistics, rounded far above the last bits."""
    prices = found["prices"]
    return [
        *((name, frame.height) for name, frame in sorted(found.items())),
        round(prices["total_return"].sum(), 6),
        round(prices["close"].log().mean(), 8),
        *found["securities"]["ticker"].head(20),
    ]


def test_same_bytes_give_the_same_tables_and_another_seed_others() -> None:
    spec = config.Source(kind="simulated", options=SMALL)
    raws = simulated.fetch("sim", spec, Path())
    assert raws == simulated.fetch("sim", spec, Path("/nowhere"))
    assert raws[0].data == (b'{"companies":60,"end":"2025-12-05","model":1,"seed":10,"years":2}')
    one, two, other = tables(**SMALL), tables(**SMALL), tables(**SMALL, seed=2)
    assert all(one[name].equals(two[name]) for name in one)
    assert digest_of(one) != digest_of(other)


def test_parse_needs_only_the_bytes_and_ignores_later_sessions() -> None:
    spec = config.Source(kind="simulated", options=SMALL)
    raws = simulated.fetch("sim", spec, Path())
    bare = config.Source(kind="simulated")
    until = tuple(d for d in sessions() if d <= dt.date(2025, 12, 5))
    one = simulated.parse("sim", spec, raws, Context("XNYS", sessions())).tables
    two = simulated.parse("sim", bare, raws, Context("XNYS", until)).tables
    assert all(one[name].equals(two[name]) for name in one)
    assert json.loads(raws[0].data)["companies"] == 60


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"companies": 10}, ["sources.sim.options.companies", "10"]),
        ({"companies": "many"}, ["sources.sim.options.companies", "many"]),
        ({"years": 0}, ["sources.sim.options.years", "0"]),
        ({"seed": -1}, ["sources.sim.options.seed", "-1"]),
        ({"seed": True}, ["sources.sim.options.seed", "True"]),
        ({"end": "soon"}, ["sources.sim.options.end", "soon"]),
        ({"size": 3}, ["size", "companies, years, end, seed"]),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], words: list[str]) -> None:
    with pytest.raises(MarketFileError) as caught:
        simulated.fetch("sim", config.Source(kind="simulated", options=options), Path())
    assert all(word in str(caught.value) for word in words)


def test_a_calendar_that_is_too_short_is_refused() -> None:
    spec = config.Source(kind="simulated", options=SMALL)
    raws = simulated.fetch("sim", spec, Path())
    for short in ((), sessions()[-300:], sessions()[:100]):
        with pytest.raises(SourceError, match="sessions from 2023-12-05"):
            simulated.parse("sim", spec, raws, Context("XNYS", short))


# ---- the demo market file
# -----------------------------------------------------------------------------------


def test_demo_market_file_is_valid_and_names_what_exists(full: Market) -> None:
    market = config.load(DEMO)
    assert market.market.simulated and "SIMULATED" in market.market.title
    assert simulated.options(market.sources["simulated"].options) == simulated.Options()
    codes = set(full.tables["securities"]["security"])
    for name, basket in market.baskets.items():
        assert {basket.instrument} - {None} | set(basket.securities or []) <= codes, name
        assert set(config.listed(basket.sub_industry)) <= set(full.sub), name
        assert set(config.listed(basket.sector)) <= set(full.sector), name
    assert tuple(market.baskets["tech_giants"].securities or ()) == simulated.GIANTS
    tech = full.members("large", "2025-12-05") & (full.sector == "Information Technology")
    largest = np.argsort(-np.where(tech, np.nan_to_num(full.cap[:, -1]), 0))[:7]
    assert {full.ids[i] for i in largest} == set(simulated.GIANTS)
