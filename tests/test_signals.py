"""What measures share, by hand: a window a session off, a sign or a divisor changed, fails here."""

from __future__ import annotations

import math

import numpy as np
import pytest

from paceline import kernels, measures
from paceline.measures import View
from paceline.signals import (
    characteristics,
    french,
    lows,
    members,
    ranks,
    returns,
    rolling,
    sessions,
    statistics,
)
from paceline.signals.windows import is_since, since_window, window
from views import make, random_view, weekdays

NAN = math.nan


def days(*dates: str) -> np.ndarray:
    return np.array(dates, "datetime64[D]")


# ---- sessions


def test_month_ends_are_the_last_sessions_of_months_that_are_over() -> None:
    """The last session of all is no month end until a session of the next month is there."""
    some = days("2024-01-30", "2024-01-31", "2024-02-01", "2024-02-29", "2024-03-28")
    assert sessions.month_ends(some, some).tolist() == [1, 3]
    assert sessions.month_ends(some[:4], some[:4]).tolist() == [1]
    assert sessions.month_ends(some[:1], some[:1]).tolist() == []


def test_the_last_close_of_a_year() -> None:
    some = days("2023-12-28", "2023-12-29", "2024-01-02", "2024-12-31")
    assert [sessions.last_close_of_year(some, y) for y in (2022, 2023, 2024, 2025)] == [-1, 1, 3, 3]
    assert [sessions.year_of(some, t) for t in range(4)] == [2023, 2023, 2024, 2024]
    assert sessions.year_of(some) == 2024
    assert sessions.on_or_before(some, "2024-01-01") == 1
    assert sessions.on_or_before(some, "2024-01-02") == 2
    assert sessions.on_or_before(some, "2023-12-27") == -1


# ---- returns of levels


def test_returns_of_levels_by_hand() -> None:
    levels = np.array([[100.0, 110, NAN, 99, 198]])
    np.testing.assert_allclose(
        returns.session_returns(levels)[0], [NAN, 0.1, NAN, NAN, 1.0], rtol=1e-14
    )
    np.testing.assert_allclose(
        returns.trailing_returns(levels, 3)[0], [NAN, NAN, NAN, -0.01, 0.8], rtol=1e-13
    )
    assert returns.return_between(levels, 0, 4)[0] == pytest.approx(0.98)
    assert returns.return_between(levels, 3, 3)[0] == 0
    for start, end in ((-1, 3), (3, -1), (4, 3), (2, 4), (0, 2)):
        assert math.isnan(returns.return_between(levels, start, end)[0])


def test_growth_to_the_close_before() -> None:
    """The first session has not grown yet; the last return moves nothing any more."""
    drift = np.array([[0.1, -0.5, 0.2], [0.0, 1.0, 9.0]])
    np.testing.assert_allclose(
        returns.growth_to_eve(drift), [[1, 1.1, 0.55], [1, 1, 2]], rtol=1e-15
    )


# ---- rolling


def test_forward_fill() -> None:
    a = np.array([[NAN, 1.0, NAN, NAN, 4.0, NAN], [NAN] * 6])
    filled = kernels.forward_fill(a)
    np.testing.assert_array_equal(filled[0], [NAN, 1, 1, 1, 4, 4])
    assert np.isnan(filled[1]).all()
    np.testing.assert_array_equal(kernels.forward_fill(a[0]), filled[0])


def test_rolling_statistics_by_hand() -> None:
    a = np.array([[1.0, 2.0, 4.0, 4.0, 4.0]])
    np.testing.assert_array_equal(rolling.change_over(a, 2)[0], [NAN, NAN, 3, 2, 0])
    # of 1, 2, 4: mean 7/3, squares 16/9 + 1/9 + 25/9 = 14/3, over 2
    sd = rolling.rolling_std(a, 3, 1e-9)[0]
    np.testing.assert_allclose(sd, [NAN, NAN, math.sqrt(7 / 3), math.sqrt(4 / 3), NAN], rtol=1e-12)
    z = rolling.z_score(a, 3, 1e-9)[0]
    assert z[2] == pytest.approx((4 - 7 / 3) / math.sqrt(7 / 3), rel=1e-12)
    assert z[3] == pytest.approx((4 - 10 / 3) / math.sqrt(4 / 3), rel=1e-12)
    assert math.isnan(z[4])
    gap = np.array([[NAN, 5.0, NAN, 7.0]])
    assert rolling.observations_so_far(gap)[0].tolist() == [0, 1, 2, 3]


# ---- statistics


def test_one_observation_is_its_own_mean_and_none_has_none() -> None:
    assert statistics.mean(np.array([[NAN, 3.0], [NAN, NAN]])).tolist() == pytest.approx(
        [3.0, NAN], nan_ok=True
    )


def test_standard_deviation_divides_by_one_less() -> None:
    """Of 1 and 3 it is the root of 2; a single value has none; missing ones are left out."""
    assert float(statistics.standard_deviation(np.array([1.0, NAN, 3.0]))) == math.sqrt(2)
    assert math.isnan(float(statistics.standard_deviation(np.array([1.0, NAN]))))


def test_betas_by_numpy_and_the_session_they_pair() -> None:
    """cov / var of the sessions with both; a market one session late or early is another beta."""
    rng = np.random.default_rng(0)
    index = rng.normal(0, 0.01, (2, 300))
    r = np.array([1.5 * index[0], rng.normal(0, 0.02, 300) - 0.5 * index[1]])
    index[0, :7], r[1, 5:40] = NAN, NAN
    found = statistics.betas(index, r, 200)
    assert found[0, 0] == pytest.approx(1.5, rel=1e-10)
    for s in range(2):
        for i in range(2):
            both = np.isfinite(index[s]) & np.isfinite(r[i])
            covariance = np.cov(index[s, both], r[i, both])
            assert found[s, i] == pytest.approx(covariance[0, 1] / covariance[0, 0], rel=1e-9)
    for shift in (-1, 1):
        assert abs(statistics.betas(np.roll(index[:1], shift, axis=1), r[:1], 200)[0, 0]) < 0.3
    assert np.isfinite(statistics.betas(index[:1], r[:1], 293)).all()
    assert np.isnan(statistics.betas(index[:1], r[:1], 294)).all()
    assert np.isnan(statistics.betas(np.full((1, 300), 0.01), r[:1], 200)).all()


# ---- members


def test_listed_until_the_index_ends() -> None:
    """Delisted after the last value of all indices; who never had data, or not yet, is listed."""
    price = np.array([[NAN, 1, 1, NAN, NAN], [NAN] * 5, [NAN, NAN, 1, 1, 1]])
    total = np.array([[NAN, 1, 1, 1, NAN], [NAN] * 5, [NAN, NAN, 1, 1, 1]])
    assert members.listed(price).tolist() == [[1, 1, 1, 0, 0], [1] * 5, [1] * 5]
    assert members.listed(price, total).tolist() == [[1, 1, 1, 1, 0], [1] * 5, [1] * 5]


def test_ten_sessions_without_a_return_are_no_suspension_eleven_are() -> None:
    """Of the last 20 sessions; the eleventh counts from its own day until it leaves the window."""
    r = np.full((2, 60), 0.01)
    r[0, 20:30] = NAN
    r[1, 20:31] = NAN
    trading = members.trading(r, 20)
    assert trading[0].all()
    assert np.flatnonzero(~trading[1]).tolist() == list(range(30, 40))
    observed = members.observed(r, 20)
    assert np.flatnonzero(~observed[0]).tolist() == list(range(20, 30))
    assert np.flatnonzero(~observed[1]).tolist() == list(range(20, 40))


def test_weights_drift_by_the_price_return_else_the_total_return() -> None:
    view = make(
        returns={"a": [NAN, 0.1, NAN, NAN, 0.1]},
        total={"a": [NAN, 0.2, 0.3, NAN, 0.4]},
        targets={"all": [(1, [1.0])]},
    )
    move, listed = members.drift(view)
    assert move[0].tolist() == [0, 0.1, 0.3, 0, 0.1]
    assert listed.all()


# ---- ranks


def test_ties_in_a_ranking_are_passed_on() -> None:
    values = np.array([0.05, 0.0505, 0.051, 0.02, NAN])
    assert ranks.tied_ranks(values, 0.001).tolist() == [1, 1, 1, 4, -1]
    assert ranks.tied_ranks(values, 0.0001).tolist() == [3, 2, 1, 4, -1]


def test_percentiles_and_the_band_of_chance() -> None:
    np.testing.assert_array_equal(
        ranks.percentile(np.array([3.0, NAN, 1, 2, 2])), [1, NAN, 0, 0.5, 0.5]
    )
    assert np.isnan(ranks.percentile(np.array([3.0, NAN]))).all()
    assert ranks.noise(101) == pytest.approx(0.196)


# ---- windows


def test_since_takes_horizons_and_closes() -> None:
    view = make(levels={"A": [100, 94, 97, 98, 99, 100, 101]}, benchmark="A")
    assert since_window(view, "low") == (1, 6)
    assert since_window(view, "2024-01-03") == (2, 6)
    assert since_window(view, "1w") == window(view, "1w") == (1, 6)
    assert window(view, "1d") == (5, 6)


def test_a_close_is_named_by_low_or_a_date_and_nothing_else_is() -> None:
    assert is_since("low") and is_since("2024-01-03")
    # one written another way is a bad date, not an unknown horizon
    assert is_since("3-1-2024")
    assert not is_since("two-weeks") and not is_since("2024") and not is_since("1m")


def test_a_view_of_levels_alone_has_no_companies() -> None:
    view = measures.View(sessions=weekdays(2), subjects=("A",))
    assert view.companies.tolist() == [] and view.calendar.tolist() == []


def test_a_low_is_known_when_the_rise_is_complete() -> None:
    """94 after 100 is a fall of 6%; 97 is the first close more than 3% above it."""
    view = make(levels={"A": [100, 94, 96, 97, 98, 99]}, benchmark="A")
    assert lows.known_low(view).tolist() == [-1, -1, -1, 1, 1, 1]


def test_every_calendar_window_of_one_day() -> None:
    """Thursday 15 May 2025, sessions every weekday from 2 January 2023 on."""
    every = weekdays(700, "2023-01-02")
    every = every[every <= np.datetime64("2025-05-15")]
    view = make(levels={"A": [100.0] * len(every)}, sessions=every)
    wanted = {
        "mtd": ("2025-04-30", "2025-05-15"),
        "qtd": ("2025-03-31", "2025-05-15"),
        "ytd": ("2024-12-31", "2025-05-15"),
        "last_month": ("2025-03-31", "2025-04-30"),
        "1m": ("2025-04-15", "2025-05-15"),
        "3m": ("2025-02-14", "2025-05-15"),
        "1y": ("2024-05-15", "2025-05-15"),
        "2024": ("2023-12-29", "2024-12-31"),
    }
    found = {name: tuple(str(every[t]) for t in window(view, name)) for name in wanted}
    assert found == wanted
    assert window(view, "2023")[0] == -1  # no close before it
    assert window(view, "2025") == (-1, len(every) - 1)  # not over
    assert window(view, "3y")[0] == -1


@pytest.mark.parametrize("last", ["2025-12-29", "2025-12-30"])
def test_a_year_is_not_over_before_its_last_session(last: str) -> None:
    seen = weekdays(800, "2023-01-02")
    seen = seen[seen <= np.datetime64(last)]
    view = make(levels={"A": [100.0] * len(seen)}, sessions=seen)
    assert window(view, "2025") == (-1, len(seen) - 1)


# ---- characteristics: stock by stock


def by_loops(view: View, i: int, ends: list[int], k: int) -> dict[str, float]:
    """The scores of one stock at one month end that rest on returns, by products of returns."""
    price, total = view.field("price_return")[i], view.field("total_return")[i]
    r = np.where(np.isfinite(total), total, price)
    index = view.field("price_index")[i]

    def growth(start: int, end: int) -> float:
        if start < 0 or not (math.isfinite(index[start]) and math.isfinite(index[end])):
            return NAN
        return math.prod(1 + x for x in r[start + 1 : end + 1] if math.isfinite(x)) - 1

    def close(months: int) -> int:
        return ends[k - months] if k >= months else -1

    t = ends[k]
    year = view.sessions.astype("datetime64[Y]")
    eve = max((u for u in range(t) if year[u] < year[t]), default=-1)
    last = [x for x in r[max(t - 251, 0) : t + 1] if math.isfinite(x)]
    mean = sum(last) / max(len(last), 1)
    return {
        "momentum": growth(close(12), close(1)),
        "short_term_reversal": -growth(close(1), t),
        "long_term_reversal": -growth(close(60), close(12)),
        "ytd_winners": growth(eve, t),
        "ytd_laggards": -growth(eve, t),
        "low_volatility": NAN
        if len(last) < 200
        else -math.sqrt(sum((x - mean) ** 2 for x in last) / (len(last) - 1)),
    }


def test_scores_of_past_returns_equal_plain_loops() -> None:
    """Momentum leaves out the last month, long-term reversal the last year; both need closes."""
    view = random_view(3, securities=8, sessions=1400)
    stocks = characteristics.Stocks(view, view.subjects.index("all"), "price")
    month = view.sessions.astype("datetime64[M]")
    ends = [t for t in range(1399) if month[t] != month[t + 1]]
    known: dict[str, int] = {}
    for k in (0, 1, 2, 11, 12, 13, 30, 59, 60, 63):
        found = characteristics.scores(stocks, np.array(ends), k)
        for row, i in enumerate(stocks.rows.tolist()):
            for name, wanted in by_loops(view, i, ends, k).items():
                got = found[name][row]
                assert got == pytest.approx(wanted, rel=1e-9, abs=1e-12, nan_ok=True), (name, k, i)
                known[name] = known.get(name, 0) + math.isfinite(wanted)
    assert min(known.values()) >= 10


def test_size_takes_a_cap_of_ten_sessions_ago_and_no_older_one() -> None:
    view = random_view(3, securities=8, sessions=300, gaps=False)
    cap = np.full(view.field("market_cap").shape, NAN)
    cap[0, 200], cap[1, 189], cap[1, 190], cap[2, 199], cap[2, 201] = 1e9, 5e9, 2e9, 3e9, 9e9
    view.fields["market_cap"] = cap  # type: ignore[index]
    stocks = characteristics.Stocks(view, view.subjects.index("all"), "price")
    np.testing.assert_array_equal(stocks.cap(200)[:3], [1e9, 2e9, 3e9])
    np.testing.assert_array_equal(stocks.cap(201)[:3], [1e9, NAN, 9e9])


def test_weights_of_a_basket_at_a_close() -> None:
    """Drifted by every return up to that close; of who is delisted by then nothing is left."""
    view = make(
        returns={
            "a": [NAN, 0.1, 0.0, 0.2, 0.0],
            "b": [NAN, 0.0, 0.5, NAN, 0.0],
            "c": [NAN, 0.0, 0.0, NAN, NAN],
        },
        targets={"all": [(1, [0.4, 0.4, 0.2])]},
    )
    stocks = characteristics.Stocks(view, 0, "price")
    assert stocks.weights(0).tolist() == [0, 0, 0]
    assert stocks.weights(1) == pytest.approx([0.44 / 1.04, 0.4 / 1.04, 0.2 / 1.04])
    assert stocks.weights(2) == pytest.approx([0.44 / 1.24, 0.6 / 1.24, 0.2 / 1.24])
    assert stocks.weights(3) == pytest.approx([0.528 / 1.128, 0.6 / 1.128, 0])


def test_beta_is_that_of_the_same_session() -> None:
    """A stock that is twice its basket has beta 2, one that follows a day later has none."""
    rng = np.random.default_rng(1)
    market = rng.normal(0, 0.01, 300)
    view = make(
        returns={
            "base": [NAN, *market],
            "twice": [NAN, *(2 * market)],
            "late": [NAN, 0.0, *market[:-1]],
        },
        targets={"all": [(1, [1.0, 0, 0]), (300, [0.4, 0.3, 0.3])]},
    )
    stocks = characteristics.Stocks(view, 0, "price")
    beta = characteristics.betas(stocks, 299)
    assert beta[:2] == pytest.approx([1, 2], rel=1e-9)
    assert abs(beta[2]) < 0.25
    assert np.isfinite(characteristics.betas(stocks, 200)).all()
    assert np.isnan(characteristics.betas(stocks, 199)).all()  # of 199 returns


# ---- former names


def test_a_former_name_is_the_same_measure() -> None:
    assert measures.get("above_average") is measures.get("percent_above_average")
    assert "above_average" not in measures.discover()


# ---- lows, and sorts of the French library


def test_a_low_is_known_from_the_session_that_confirms_it() -> None:
    # 6% below 100; 3.7% above 94 confirms it; then 5.2% below 99, and 3.3% above 93.9
    view = make(
        levels={"X": [100.0, 94, 95, 97.5, 99, 93.9, 95, 97, 97]}, benchmark="X", low=(0.05, 0.03)
    )
    assert lows.known_low(view).tolist() == [-1, -1, -1, 1, 1, 1, 1, 5, 5]
    assert lows.last_low(view) == (5, 7)


def test_the_mean_of_one_observation_is_itself() -> None:
    assert statistics.mean(np.array([[NAN, 0.02], [NAN, NAN]])).tolist()[0] == 0.02
    assert np.isnan(statistics.mean(np.array([[NAN, NAN]]))).all()


def test_winners_and_losers_count_in_months_that_have_both() -> None:
    months = days("2024-01-31", "2024-02-29", "2024-03-29")
    legs = {"SMALL HiPRIOR": [0.1, NAN, 0.3], "BIG HiPRIOR": [0.2, 0.4, NAN]}
    legs |= {"SMALL LoPRIOR": [0.0, 0.1, NAN], "BIG LoPRIOR": [0.1, 0.3, NAN]}
    view = make(
        levels={"X": [1.0] * 70},
        series={
            f"25_Portfolios_ME_Prior_12_2/vw_monthly/{name}": (months, np.array(values))
            for name, values in legs.items()
        },
    )
    found = french.winners_losers(view)
    assert found is not None
    _, dates, winners, losers = found
    assert dates.astype(str).tolist() == ["2024-01-31", "2024-02-29"]
    assert winners.tolist() == pytest.approx([0.15, 0.4])
    assert losers.tolist() == pytest.approx([0.05, 0.2])
