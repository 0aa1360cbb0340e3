"""Sorted portfolios against loops and hand work; the 2x3 construction; published series."""

from __future__ import annotations

import dataclasses
import math
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from paceline import measures
from paceline.conformance import check_measure
from paceline.errors import UnknownName, UsageError
from paceline.signals.characteristics import Stocks, betas, scores
from paceline.signals.sessions import month_ends
from paceline.signals.sorts import held, legs, weigh
from views import make, random_view, weekdays

FACTORS, HISTORY = measures.get("factors"), measures.get("factor_history")


def rows(table: pl.DataFrame | None, **want: str) -> pl.DataFrame:
    assert table is not None
    return table.filter(*(pl.col(k) == v for k, v in want.items()))


# ---- sorts
# ---------------------------------------------------------------------------------------------


def test_legs_by_hand() -> None:
    """Ten names in fifths: two on either side; missing scores and outsiders in neither."""
    score = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10, math.nan, 99])
    member = np.array([True] * 11 + [False])
    top, bottom = legs(score, member, 5)
    assert np.flatnonzero(top).tolist() == [8, 9]
    assert np.flatnonzero(bottom).tolist() == [0, 1]
    assert not any(leg.any() for leg in legs(score[:4], member[:4], 5))  # fewer names than fifths
    assert not any(leg.any() for leg in legs(np.ones(10), member[:10], 5))  # all alike


def test_legs_within_groups_and_breakpoints() -> None:
    """Within groups each has its own top; breakpoints of some names are applied to all."""
    score = np.array([1.0, 2, 3, 4, 10, 20, 30, 40])
    group = np.array([0, 0, 0, 0, 1, 1, 1, -1])
    top, bottom = legs(score, np.ones(8, bool), 2, group)
    # medians 2.5 and 20: who is the median is below; 40 has no group
    assert np.flatnonzero(top).tolist() == [2, 3, 6]
    assert np.flatnonzero(bottom).tolist() == [0, 1, 4, 5]
    by = np.array([True] * 4 + [False] * 4)
    top, bottom = legs(score, np.ones(8, bool), 2, None, by)
    assert np.flatnonzero(top).tolist() == [2, 3, 4, 5, 6, 7]
    assert np.flatnonzero(bottom).tolist() == [0, 1]


def test_neutral_weights_keep_each_groups_share() -> None:
    whole = np.array([0.4, 0.2, 0.3, 0.1])
    chosen = np.array([True, False, False, True])
    w = weigh(chosen, whole, np.array([0, 0, 1, 1]), whole)
    assert w.tolist() == pytest.approx([0.6, 0, 0, 0.4])
    assert weigh(np.zeros(4, bool), whole).tolist() == [0, 0, 0, 0]


def test_held_gives_a_leavers_weight_to_the_others() -> None:
    """Half each: +10%/-50%; the second leaves; then the first alone makes +2%."""
    r = np.array([[0.10, 0.02], [-0.50, math.nan]])
    alive = np.array([[True, True], [True, False]])
    found = held(np.array([[0.5, 0.5]]), r, np.nan_to_num(r), alive)
    assert found[0].tolist() == pytest.approx([-0.20, 0.02])


# ---- the measure
# ---------------------------------------------------------------------------------------


def test_factor_against_loops() -> None:
    """Short-term reversal and low volatility of a random market, stock by stock and day by day."""
    view = random_view(7, securities=16, sessions=520, gaps=False)
    table = FACTORS(view, baskets=("all",), quantiles=3, weights="equal", months=24).table
    r, row = view.fields["price_return"], view.subjects.index("all")
    daily = np.where(np.isfinite(view.fields["total_return"]), view.fields["total_return"], r)
    index, month = view.fields["price_index"], view.sessions.astype("datetime64[M]")
    ends = [t for t in range(len(month) - 1) if month[t] != month[t + 1]]
    checked = 0
    for a, b in pairwise(ends[1:]):
        span = next(s for s in view.spans if s.start <= a < s.stop)
        here = [i for i in range(len(r)) if span.weights[row, i] > 0 and math.isfinite(index[i, a])]
        before = ends[ends.index(a) - 1]
        signal = {
            "short_term_reversal": {
                i: -math.prod(1 + x for x in daily[i, before + 1 : a + 1] if math.isfinite(x))
                for i in here
                if math.isfinite(index[i, before])
            },
            "low_volatility": {
                i: -float(np.nanstd(daily[i, max(a - 251, 0) : a + 1], ddof=1))
                for i in here
                if np.isfinite(daily[i, max(a - 251, 0) : a + 1]).sum() >= 200
            },
        }
        for factor, score in signal.items():
            if len(score) < 3:
                continue
            low, high = np.quantile(list(score.values()), [1 / 3, 2 / 3])
            growth = {}
            for side, chosen in (
                ("long", [i for i in score if score[i] >= high - 1e-12]),
                ("short", [i for i in score if score[i] <= low + 1e-12]),
            ):
                value = dict.fromkeys(chosen, 1.0)
                level = 1.0
                for t in range(a + 1, b + 1):
                    live = [i for i in chosen if math.isfinite(index[i, t])]
                    moves = {i: 0.0 if math.isnan(r[i, t]) else r[i, t] for i in live}
                    level *= 1 + sum(value[i] * moves[i] for i in live) / sum(
                        value[i] for i in live
                    )
                    value |= {i: value[i] * (1 + moves[i]) for i in live}
                growth[side] = level - 1
            found = rows(table, factor=factor, statistic=str(month[b]))
            for side, wanted in (*growth.items(), ("long_short", growth["long"] - growth["short"])):
                assert rows(found, side=side)[0, "value"] == pytest.approx(wanted, abs=1e-12), (
                    factor,
                    side,
                    month[b],
                )
                checked += 1
    assert checked > 60


def test_twelve_months_and_ten_years_are_listed_unless_others_are_asked_for() -> None:
    """A session a month from January 2011 to June 2024, which is not over."""
    sessions = np.arange("2011-01", "2024-07", dtype="datetime64[M]").astype("datetime64[D]")
    quiet = {name: [0.0] * len(sessions) for name in "ABCDE"}
    view = make(returns=quiet, targets={"all": [(1, [0.2] * 5)]}, sessions=sessions)
    asked: tuple[dict[str, int], ...] = ({}, {"months": 2, "years": 0})
    months = [f"2023-{m:02}" for m in range(6, 13)] + [f"2024-{m:02}" for m in range(1, 6)]
    years = [str(year) for year in range(2014, 2024)]
    for how, listed in zip(asked, (years + months, months[-2:]), strict=True):
        table = FACTORS(view, **how).table
        assert table is not None
        found = table["statistic"].unique().to_list()
        assert sorted(s for s in found if s[:2] == "20") == sorted(listed)


def test_fundamentals_as_filed() -> None:
    """Value and quality use what the view has; their counts say how many members reported."""
    view = random_view(3, securities=16, sessions=400, gaps=False)
    book = np.full(view.fields["close"].shape, np.nan)
    book[:10] = np.arange(1.0, 11)[:, None] * 1e8
    book[0] = -1e8
    view = dataclasses.replace(
        view,
        fields={
            **view.fields,
            "fundamental:book_equity": book,
            "fundamental:earnings": np.abs(book) * 0.1,
        },
    )
    table = FACTORS(view, baskets=("all",), quantiles=2).table
    found = rows(table, factor="value", side="long_short", statistic="last_month")
    assert found[0, "n_used"] == 9 - 1  # one has negative equity, one is gone
    assert math.isfinite(found[0, "value"])
    few = f"sorts 8 of {found[0, 'n_eligible']} members: the others have no score"
    assert found["caveat"].to_list() == [few]
    size = rows(table, factor="size", side="long_short", statistic="last_month")
    assert size["n_used"].item() == size["n_eligible"].item() and size["caveat"].to_list() == [None]
    spread = rows(table, statistic="valuation_spread")
    assert len(spread) and (spread["value"] > 1).all() and (spread["unit"] == "ratio").all()


@pytest.mark.parametrize(
    "params",
    [
        {"neutral": "parts"},
        {"neutral": "beta"},
        {"weights": "cap"},
        {"breakpoints": "few", "quantiles": 3},
        {"basis": "total", "baskets": ("others",)},
    ],
)
def test_factors_conform(params: dict[str, object]) -> None:
    check_measure(
        FACTORS, random_view(2, sessions=340), **{"baskets": ("all",), "quantiles": 2, **params}
    )


def test_wrong_questions() -> None:
    view = random_view(1, sessions=310)
    for params in ({"baskets": ("nobody",)}, {"neutral": "sectors"}, {"breakpoints": "nyse"}):
        with pytest.raises(UnknownName):
            FACTORS(view, **params)
    with pytest.raises(UsageError, match="quantiles = 1"):
        FACTORS(view, quantiles=1)


# ---- published series
# ----------------------------------------------------------------------------------


def test_history_conforms_and_does_not_look_ahead() -> None:
    """Falls, crashes, leagues of random factors: what a day knows does not change later."""
    rng = np.random.default_rng(5)
    months = (np.datetime64("2018-01") + np.arange(60)).astype("datetime64[D]") - 1
    series = {
        f"french/f/monthly/{c}": (months, rng.normal(0, 0.04, 60)) for c in ("Mom", "SMB", "HML")
    }
    for name in ("SMALL HiPRIOR", "ME2 PRIOR5", "SMALL LoPRIOR", "ME2 PRIOR1"):
        series[f"french/25_Portfolios_ME_Prior_12_2_monthly/vw_monthly/{name}"] = (
            months,
            rng.normal(0, 0.05, 60),
        )
    view = make(
        levels={"A": list(range(100, 1400))}, sessions=weekdays(1300, "2018-01-01"), series=series
    )
    check_measure(HISTORY, view, months=100, worst=50)
    table = HISTORY(view).table
    assert table is not None
    assert set(table["factor"]) == {
        "momentum",
        "small minus big",
        "value",
        "winners minus losers, 25 sorts",
    }


def test_no_series_no_rows() -> None:
    table = HISTORY(make(levels={"A": [100.0, 101]})).table
    assert table is not None and len(table) == 0


# ---- what stocks are sorted by


def test_past_returns_skip_the_months_they_say() -> None:
    """A stock that earns j / 1000 on the first session of month j, counted from the first month."""
    sessions = weekdays(1420, "2018-01-01")
    month = sessions.astype("datetime64[M]").astype(int) - (2018 - 1970) * 12
    first = np.r_[False, month[1:] != month[:-1]]
    r = np.where(first, month / 1000, 0.0)
    view = make(
        returns={"A": r.tolist(), "B": (-r).tolist()},
        targets={"all": [(1, [0.5, 0.5])]},
        sessions=sessions,
    )
    ends = np.flatnonzero(month[1:] != month[:-1])
    stocks = Stocks(view, 0, "price")

    def growth(months: range) -> list[float]:
        return [math.prod(1 + sign * j / 1000 for j in months) - 1 for sign in (1, -1)]

    at = 63  # April 2023
    found = scores(stocks, ends, at)
    assert found["momentum"] == pytest.approx(growth(range(at - 11, at)), rel=1e-12)
    assert found["short_term_reversal"] == pytest.approx([-at / 1000, at / 1000], rel=1e-12)
    far = [-g for g in growth(range(at - 59, at - 11))]
    assert found["long_term_reversal"] == pytest.approx(far, rel=1e-12)
    year = growth(range(60, at + 1))
    assert found["ytd_winners"] == pytest.approx(year, rel=1e-12)
    assert found["ytd_laggards"] == pytest.approx([-g for g in year], rel=1e-12)
    assert np.isnan(scores(stocks, ends, 11)["momentum"]).all()
    assert np.isfinite(scores(stocks, ends, 12)["momentum"]).all()
    assert np.isnan(scores(stocks, ends, 59)["long_term_reversal"]).all()
    assert np.isfinite(scores(stocks, ends, 60)["long_term_reversal"]).all()


def test_beta_and_volatility_take_the_last_252_sessions_200_of_them_known() -> None:
    rng = np.random.default_rng(11)
    market = rng.normal(0, 0.01, 400)
    r = np.vstack([1.5 * market + rng.normal(0, 0.01, 400) for _ in range(4)])
    t = 350
    r[1, t - 260 : t - 251] = 5.0  # older than the window
    r[2, t - 251 : t - 199] = math.nan  # 200 are left
    r[3, t - 251 : t - 198] = math.nan  # 199 are
    fake = SimpleNamespace(level=100 * np.cumprod(1 + market), daily=r)
    for i, found in enumerate(betas(fake, t)):
        x, y = market[t - 251 : t + 1], r[i, t - 251 : t + 1]
        seen = np.isfinite(y)
        wanted = np.cov(x[seen], y[seen])[0, 1] / np.var(x[seen], ddof=1)
        assert found == pytest.approx(wanted, rel=1e-9) if i < 3 else math.isnan(found)
    view = make(
        returns={name: row.tolist() for name, row in zip("ABCD", r, strict=True)},
        targets={"all": [(1, [0.25] * 4)]},
    )
    ends = month_ends(view.sessions, view.calendar)
    k = next(k for k, end in enumerate(ends) if end >= 260)
    end = int(ends[k])
    wanted = [-np.nanstd(row[end - 251 : end + 1], ddof=1) for row in r]
    found = scores(Stocks(view, 0, "price"), ends, k)["low_volatility"]
    assert found[:3] == pytest.approx(wanted[:3], rel=1e-9)
    assert math.isnan(found[3])
    early = max(k for k, end in enumerate(ends) if end < 199)
    assert np.isnan(scores(Stocks(view, 0, "price"), ends, early)["low_volatility"]).all()


def test_a_cap_is_at_most_ten_sessions_old() -> None:
    view = make(
        returns={"A": [math.nan] + [0.0] * 29, "B": [math.nan] + [0.0] * 29},
        targets={"all": [(1, [0.5, 0.5])]},
    )
    caps = np.full((2, 30), math.nan)
    caps[:, 3] = 7.0
    caps[1, 4] = -1.0  # no cap at all
    view = dataclasses.replace(view, fields={**view.fields, "market_cap": caps})
    stocks = Stocks(view, 0, "price")
    assert np.isnan(stocks.cap(2)).all()
    assert stocks.cap(3).tolist() == stocks.cap(13).tolist() == [7.0, 7.0]
    assert np.isnan(stocks.cap(14)).all()
