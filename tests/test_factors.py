"""Sorted portfolios against plain loops and hand work; the 2x3 construction; published factor series."""

from __future__ import annotations

import dataclasses
import math
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from paceline import measures
from paceline.conformance import check_measure
from paceline.errors import UnknownName, UsageError
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
    """Falls, crashes and leagues of random factors: what is known by a day does not change later."""
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
