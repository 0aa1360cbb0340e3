"""Windows of the calendar against sessions counted by hand, and what may be said of this year."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections import defaultdict

import numpy as np
import polars as pl
import pytest

from paceline import measures
from paceline.conformance import check_measure
from paceline.errors import UsageError
from paceline.measures import View
from paceline.measures.seasonality import seasons
from paceline.measures.seasonality.seasons import earnings
from paceline.signals.calendar import SeasonalLine, ahead, places
from views import make, random_view, weekdays

SEASONALITY, TAX = measures.get("seasonality"), measures.get("tax_loss")
MOM = "french/x/daily/Mom"


def rows(table: pl.DataFrame | None, **want: object) -> pl.DataFrame:
    assert table is not None
    return table.filter(*(pl.col(k) == v for k, v in want.items()))


def momentum(dates: np.ndarray, r: np.ndarray) -> View:
    """A view whose only content is a daily series that ends with it."""
    return make(levels={"A": [100.0] * 30}, sessions=dates[-30:], series={MOM: (dates, r)})


def test_places() -> None:
    """Thursday 30 November 2023 to Friday 1 December, and the end of the year."""
    dates = weekdays(600, "2022-01-03")
    at = places(dates, ahead(momentum(dates, np.zeros(600)), dates[-1]))
    where = {str(d): k for k, d in enumerate(dates)}
    k = where["2023-11-30"]
    assert (at.month[k], at.from_end[k], at.from_start[k + 1]) == (11, -1, 1)
    assert at.left[where["2023-12-29"]] == 0 and at.left[where["2023-12-27"]] == 2
    assert at.in_quarter[where["2023-10-02"]] == 1 and at.in_quarter[where["2023-10-13"]] == 10
    assert at.from_end[-1] < 0 and at.whole.all()
    late = places(dates[10:], ahead(momentum(dates, np.zeros(600)), dates[-1]))
    assert not late.whole[0] and late.whole[-1]  # begins on 17 January
    for skipped, counts in ((2, True), (3, False)):  # on the fifth, on the sixth
        start = dates[skipped:]
        line = ahead(momentum(start, np.zeros(len(start))), start[-1])
        assert places(start, line).whole[0] == counts


def test_a_first_month_that_begins_on_the_fifth_is_whole_and_on_the_sixth_is_not() -> None:
    dates = np.arange(np.datetime64("2024-01-05"), np.datetime64("2024-02-03"))
    none = dates[:0]
    assert places(dates, none).whole.all()
    assert places(dates[1:], none).whole.tolist() == [False] * 26 + [True] * 2


def test_windows_against_loops() -> None:
    """Each season of random returns, with sessions picked year by year from lists of dates."""
    dates = weekdays(261 * 24, "2001-01-01")
    r = np.random.default_rng(1).normal(0.0002, 0.01, len(dates))
    table = SEASONALITY(momentum(dates, r), since=(1990,)).table
    by: dict[tuple[int, int], list[int]] = defaultdict(list)
    for k, d in enumerate(dates.tolist()):
        by[d.year, d.month].append(k)
    years = range(2001, 2001 + 24)

    def total(days: list[int]) -> float:
        return math.prod(1 + r[k] for k in days) - 1

    def mean(xs: list[float]) -> float:
        return sum(xs) / len(xs)

    whole = [y for y in years if (y, 12) in by and max(dates.tolist()) >= dt.date(y, 12, 29)]
    quarter = [mean([total(by[y, m][-5:]) for m in (3, 6, 9)]) for y in whole]
    other = [mean([total(by[y, m][-5:]) for m in (1, 2, 4, 5, 7, 8, 10, 11)]) for y in whole]
    january = [total(by[y, 1]) for y in whole]
    rest = [mean([total(by[y, m]) for m in range(2, 13)]) for y in whole]
    year_end = [total(by[y, 12][-5:]) for y in whole]
    turn = [total(by[y - 1, 12][-5:] + by[y, 1][:5]) for y in whole if (y - 1, 12) in by]
    for name, wanted, control in (
        ("quarter_end", quarter, other),
        ("january", january, rest),
        ("year_end", year_end, other),
        ("turn_of_year", turn, None),
    ):
        found = rows(table, statistic=name, kind="mean")
        assert found[0, "years"] == len(wanted)
        assert found[0, "value"] == pytest.approx(mean(wanted), abs=1e-12), name
        if control is not None:
            assert found[0, "control"] == pytest.approx(mean(control), abs=1e-12), name
            assert found[0, "effect"] == pytest.approx(mean(wanted) - mean(control), abs=1e-12), (
                name
            )
            assert found[0, "effect_low"] < found[0, "effect"] < found[0, "effect_high"]


def test_an_earnings_season_stands_against_as_many_sessions_of_the_others() -> None:
    """Sessions 10 to 45 of a quarter are 36: at 0.02% each 0.72%, the others at 0.01% 0.36%."""
    dates = weekdays(261 * 24, "2001-01-01")
    later = ahead(momentum(dates, np.zeros(len(dates))), dates[-1])
    number = places(dates, later).in_quarter
    r = np.where((number >= 10) & (number <= 45), 0.0002, 0.0001)
    found = seasons.earnings(
        SeasonalLine("x", "x", None, None, dates, r[None], (1,)), places(dates, later)
    )
    assert found.value[:-1].tolist() == pytest.approx([0.0072] * (len(found.value) - 1))
    assert found.control[:-1].tolist() == pytest.approx([0.0036] * (len(found.value) - 1))


def test_one_session_of_a_year_is_its_mean_and_none_has_none() -> None:
    dates = np.array(["2022-12-30", "2023-12-29", "2024-01-02", "2024-01-03"], "datetime64[D]")
    r, use = np.array([0.05, 0.01, 0.02, 0.04]), np.array([False, True, True, True])
    found = seasons._mean_by_year(r, places(dates, dates[:0]), np.array([2022, 2023, 2024]), use)
    assert found.tolist() == pytest.approx([math.nan, 0.01, 0.03], nan_ok=True)


def test_planted_window_dressing_is_found_and_noise_is_not() -> None:
    """+0.1% on each of the last five sessions of March, June and September; nothing elsewhere."""
    dates = weekdays(261 * 40, "1980-01-01")
    noise = np.random.default_rng(2).normal(0, 0.004, len(dates))
    at = places(dates, ahead(momentum(dates, noise), dates[-1]))
    planted = noise + np.where((at.from_end >= -5) & np.isin(at.month, (3, 6, 9)), 0.001, 0.0)
    found = rows(SEASONALITY(momentum(dates, planted)).table, statistic="quarter_end", kind="mean")
    assert found[0, "effect"] == pytest.approx(0.005, abs=0.0025)
    assert found[0, "p"] < 0.01
    quiet = rows(SEASONALITY(momentum(dates, noise)).table, kind="mean")
    assert (quiet["p"].drop_nulls() < 0.01).sum() <= 2  # of some twenty questions


@pytest.mark.parametrize(
    ("last", "left", "known"),
    [
        ("2023-12-05", 18, False),
        ("2023-12-15", 10, False),
        ("2023-12-18", 9, True),
        ("2023-12-29", 0, True),
    ],
)
def test_year_end_run_is_not_said_too_early(last: str, left: int, known: bool) -> None:
    """Before the year's last ten sessions: not observable; then the return of those over."""
    dates = weekdays(261 * 30, "1994-01-03")
    dates = dates[dates <= np.datetime64(last)]
    r = np.random.default_rng(3).normal(0, 0.01, len(dates))
    table = SEASONALITY(momentum(dates, r), since=(1990,)).table
    run, slot = (rows(table, statistic=s, kind="now") for s in ("year_end_run", "slot"))
    if known:
        assert run[0, "value"] == pytest.approx(math.prod(1 + r[-(10 - left) :]) - 1)
        assert run[0, "years"] == 29 and 0 < run[0, "p"] <= 1
    else:
        assert math.isnan(run[0, "value"])
        assert run[0, "state"] == f"not yet observable: {left} sessions of the year to come"
    assert slot[0, "value"] == pytest.approx(math.prod(1 + r[-10:]) - 1)
    drawn = rows(table, statistic="slot", kind="year")
    assert len(drawn) == 30 and drawn["year"].n_unique() == 30
    earlier = drawn.filter(pl.col("year") < 2023)["value"].to_numpy()
    far = np.abs(earlier - earlier.mean()) >= abs(slot[0, "value"] - earlier.mean())
    assert slot[0, "p"] == pytest.approx((1 + far.sum()) / (1 + len(earlier)))


def test_holidays_of_the_calendar_count() -> None:
    """With the exchange's calendar the sessions to come leave out Christmas."""
    dates = weekdays(261 * 3, "2021-01-04")
    dates = dates[dates <= np.datetime64("2023-12-15")]
    view = momentum(dates, np.zeros(len(dates)))
    later = weekdays(300, "2023-12-18")
    calendar = np.concatenate([dates, later[later != np.datetime64("2023-12-25")]])
    row = {
        name: rows(SEASONALITY(v).table, statistic="year_end_run", kind="now")[0, "state"]
        for name, v in (
            ("weekdays", view),
            ("calendar", dataclasses.replace(view, calendar=calendar)),
        )
    }
    assert row["weekdays"].startswith("not yet observable: 10")
    assert not row["calendar"].startswith("not yet")


def test_lift_is_one_without_a_season_and_more_with_one() -> None:
    """Falls that begin in the season by construction: lift = 1 / exposure; p small."""
    dates = weekdays(261 * 30, "1994-01-03")
    at = places(dates, ahead(momentum(dates, np.zeros(len(dates))), dates[-1]))
    r = np.where(
        at.in_quarter == 20,
        -0.08,
        np.where((at.in_quarter > 30) & (at.in_quarter < 50), 0.006, 0.0),
    )
    found = rows(
        SEASONALITY(momentum(dates, r), since=(1990,)).table, statistic="earnings_season_lift"
    )
    inside = ((at.in_quarter >= 10) & (at.in_quarter <= 45)).mean()
    peaks_inside = found[0, "value"] * inside
    assert found[0, "unit"] == "ratio"
    assert 0 <= peaks_inside <= 1 + 1e-12
    flat = rows(
        SEASONALITY(momentum(dates, np.zeros(len(dates)))).table, statistic="earnings_season_lift"
    )
    assert math.isnan(flat[0, "value"]) and flat[0, "state"] == "0 falls, at least 10 needed"


def test_conform() -> None:
    """Nothing known by a day changes later, years drawn included."""
    dates = weekdays(560, "2022-10-03")
    long = weekdays(1600, "2018-10-01")
    rng = np.random.default_rng(4)
    series = {
        MOM: (long, rng.normal(0, 0.01, len(long))),
        "f/monthly/SMB": (
            (np.datetime64("2015-01") + np.arange(120)).astype("datetime64[D]") - 1,
            rng.normal(0, 0.03, 120),
        ),
    }
    view = dataclasses.replace(random_view(6), series=series)
    assert view.sessions[0] == dates[0]
    everything = (
        "slot",
        "year_end_run",
        "january",
        "quarter_end",
        "turn_of_year",
        "santa",
        "to_year_end",
    )
    check_measure(SEASONALITY, view, drawn=everything, since=(2000,))
    check_measure(TAX, view, baskets=("all", "others"), share=0.2)
    with pytest.raises(UsageError):
        SEASONALITY(view, slot=0)
    with pytest.raises(UsageError):
        TAX(view, share=0.7)


def test_running_window_of_tax_loss_says_so() -> None:
    """Between November and the year's last session the window is open: kind now."""
    view = random_view(8, sessions=310)  # from 3 October 2022
    keep = int(np.searchsorted(view.sessions, np.datetime64("2023-12-08")))
    from paceline.conformance import cut

    table = TAX(cut(view, keep), baskets=("all",), share=0.2).table
    now = rows(table, kind="now")
    assert set(now["statistic"]) == {"october_to_year_end", "november_to_year_end"}
    assert set(now["state"]) == {"not over yet"}


def test_an_earnings_season_is_compared_with_as_many_other_sessions() -> None:
    """36 sessions of 1% each in every quarter, against 0.2% in the others: 36% against 7.2%."""
    dates = weekdays(800, "2022-01-03")
    quarter = (dates.astype("datetime64[M]").astype(int) // 3).tolist()
    place = [quarter[: k + 1].count(q) for k, q in enumerate(quarter)]
    r = np.where([10 <= p <= 45 for p in place], 0.01, 0.002)
    line = SeasonalLine("A", "A", None, "price", dates, r[None], (1,))
    season = earnings(line, places(dates, ahead(momentum(dates, r), dates[-1])))
    assert season.years[:3].tolist() == [2022, 2023, 2024]
    assert season.value[:3].tolist() == pytest.approx([0.36] * 3)
    assert season.control[:3].tolist() == pytest.approx([0.072] * 3)


def test_intervals_of_an_effect_and_quantiles_of_years_have_columns_of_their_own() -> None:
    """No row of the table has both: what is a mean over years has an interval, this year has
    the years around it."""
    dates = weekdays(261 * 24 + 130, "2001-01-01")
    r = np.random.default_rng(1).normal(0.0002, 0.01, len(dates))
    found = rows(SEASONALITY(momentum(dates, r)).table)
    effect, years = pl.col("effect_low").is_not_null(), pl.col("years_low").is_not_null()
    assert found.filter(effect & years).is_empty()
    assert set(found.filter(effect)["kind"]) == {"mean"}
    assert set(found.filter(years)["kind"]) == {"now"}
    assert not {"low", "high"} & set(found.columns)
