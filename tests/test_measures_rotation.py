"""Rotation, trend, dispersion, correlation, volume, regimes, leadership against plain loops."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from paceline import measures
from paceline.conformance import check_measure, cut
from paceline.errors import NotEnoughData, UnknownName, UsageError
from paceline.measures import Result, View, leadership
from paceline.measures.regimes import expanding_median
from paceline.measures.relative_rotation import coordinates
from paceline.signals import ranks as _ranks
from paceline.signals.sessions import week_ends
from views import make, random_view, weekdays


def table(name: str, view: View, **params: Any) -> pl.DataFrame:
    found = measures.get(name)(view, **params).table
    assert found is not None
    return found


def value(rows: pl.DataFrame, column: str = "value", **where: Any) -> Any:
    """The one cell of the rows that fit."""
    for name, wanted in where.items():
        rows = rows.filter(pl.col(name).eq_missing(pl.lit(wanted)))
    assert len(rows) == 1, rows
    return rows[0, column]


def fridays(count: int, first: str = "2019-01-04") -> np.ndarray:
    return np.datetime64(first) + 7 * np.arange(count)


# ---- relative rotation
# ---------------------------------------------------------------------------------


def sinusoid() -> np.ndarray:
    return 0.1 * np.sin(2 * np.pi * np.arange(300) / 52)


@pytest.mark.parametrize(
    ("mode", "ratio", "momentum"),
    [("lite", 98.917537, 101.739314), ("recommended", 98.372958, 99.778399)],
)
def test_rotation_of_a_sinusoid_as_published(mode: Any, ratio: float, momentum: float) -> None:
    """l = 0.1 sin(2 pi t / 52), t = 0 ... 299: the last point, through the measure."""
    view = make(
        levels={"A": np.exp(sinusoid()).tolist(), "B": [1.0] * 300},
        sessions=fridays(300),
        pairs=[("A", "B")],
    )
    rows = table("relative_rotation", view, mode=mode, tail=1)
    assert value(rows, statistic="rs_ratio") == pytest.approx(ratio, abs=5e-7)
    assert value(rows, statistic="rs_momentum") == pytest.approx(momentum, abs=5e-7)


@pytest.mark.parametrize("mode", ["lite", "recommended"])
@pytest.mark.parametrize("scale", [1e-6, 3.7, 1e8])
def test_rotation_has_no_units(mode: Any, scale: float) -> None:
    noisy = np.exp(sinusoid() + np.random.default_rng(3).normal(0, 0.01, 300))[None]
    for a, b in zip(coordinates(noisy, mode), coordinates(scale * noisy, mode), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-10)


def test_rotation_starts_after_the_warm_up() -> None:
    for mode, first in (("recommended", 110), ("lite", 27)):
        ratio, momentum = coordinates(np.exp(sinusoid())[None], mode)  # type: ignore[arg-type]
        for a in (ratio, momentum):
            assert np.isnan(a[0, : first - 1]).all() and np.isfinite(a[0, first - 1 :]).all()


def test_earlier_weeks_are_never_repainted() -> None:
    """Day by day for three weeks: a finished week stays; only the week under way moves."""
    view = random_view(seed=3, sessions=640)
    said: dict[tuple[Any, ...], float] = {}
    for t in range(624, 640):
        rows = table("relative_rotation", cut(view, t), tail=12)
        rows = rows.filter(pl.col("statistic").is_in(["rs_ratio", "rs_momentum"]))
        assert rows.filter("provisional")["end"].n_unique() <= 1
        friday = view.sessions[t].astype(dt.date).weekday() == 4
        assert rows.filter("provisional").is_empty() == friday
        for r in rows.filter(~pl.col("provisional")).iter_rows(named=True):
            key = (r["subject"], r["statistic"], r["end"])
            assert r["value"] == pytest.approx(said.setdefault(key, r["value"]), rel=1e-12)
    assert len(said) > 48


def test_a_short_week_is_over_when_the_calendar_says_so() -> None:
    """Good Friday 2024-03-29: Thursday ends its week by the calendar; without, Monday tells."""
    days = np.array(["2024-03-27", "2024-03-28", "2024-04-01"], "datetime64[D]")
    none = days[:0]
    ends, over = week_ends(days[:2], none)
    assert ends.tolist() == [1] and not over
    assert week_ends(days[:2], days)[1]
    assert not week_ends(days[:1], days)[1]
    assert week_ends(days, none)[0].tolist() == [1, 2]
    assert week_ends(np.array(["2024-03-22"], "datetime64[D]"), none)[1]


def test_a_missing_week_has_no_value_and_does_not_move_the_line() -> None:
    l = sinusoid()  # noqa: E741 - as in the definition
    held = np.exp(l)
    held[250] = held[249]
    gap = np.exp(l)
    gap[250] = np.nan
    for a, b in zip(coordinates(gap[None]), coordinates(held[None]), strict=True):
        assert np.isnan(a[0, 250])
        np.testing.assert_allclose(np.delete(a, 250, axis=1), np.delete(b, 250, axis=1), rtol=1e-13)


def test_quadrant_changes_follow_from_the_tail() -> None:
    view = random_view(seed=11, sessions=750)
    rows = table("relative_rotation", view, tail=40, changes=39, mode="lite")
    for subject, against in (("few", "all"), ("others", "benchmark")):
        own = rows.filter(pl.col("subject") == subject, pl.col("against") == against)
        tail = own.filter(pl.col("statistic") == "rs_ratio").sort("end")
        other = own.filter(pl.col("statistic") == "rs_momentum").sort("end")
        assert len(tail) == 40
        words = [
            ("leading" if y > 100 else "weakening")
            if x > 100
            else ("improving" if y > 100 else "lagging")
            for x, y in zip(tail["value"], other["value"], strict=True)
        ]
        assert tail["quadrant"].to_list() == words
        wanted = [
            (tail["end"][k], words[k - 1], words[k])
            for k in range(1, 40)
            if words[k] != words[k - 1]
        ]
        found = own.filter(pl.col("statistic") == "quadrant_change").sort("end")
        assert found.select("end", "left", "quadrant").rows() == wanted
        run = next((k for k in range(40) if words[39 - k] != words[39]), 40)
        assert value(own, statistic="weeks_in_quadrant") == run


def test_groups_stand_against_the_benchmark_and_errors_name_the_input() -> None:
    view = random_view()
    rows = table("relative_rotation", view, group="parts")
    assert set(rows["subject"]) == {"few", "late", "others"} and set(rows["against"]) == {
        "benchmark"
    }
    rotation = measures.get("relative_rotation")
    with pytest.raises(UnknownName, match="part"):
        rotation(view, group="pats")
    with pytest.raises(UsageError, match="no benchmark"):
        rotation(dataclasses.replace(view, benchmark=None), group="parts")
    with pytest.raises(UsageError, match="tail"):
        rotation(view, tail=0)
    with pytest.raises(UnknownName, match="mode"):
        rotation(view, mode="other")


def test_no_claim_to_a_vendors_name() -> None:
    """The trademark stands nowhere but in the name of the project that mode lite is taken from."""
    declared = measures.get("relative_rotation")
    assert "RRG" not in declared.doc and "RRG" not in declared.question
    assert [r for r in declared.references if "RRG" in r] == [
        "BennyThadikaran/RRG-Lite (source), for mode lite"
    ]


# ---- trend state
# ---------------------------------------------------------------------------------------


def test_trend_state_equals_plain_loops() -> None:
    view = random_view(seed=4)
    rows = table("trend_state", view)
    T = len(view.sessions)
    days = view.sessions.astype(object).tolist()
    for s, subject in enumerate(view.subjects):
        level = view.levels[s]
        own = rows.filter(pl.col("subject") == subject)
        off, mean = level[-1] / max(level[-252:]) - 1, level[-50:].mean()
        assert value(own, statistic="off_high") == pytest.approx(off, rel=1e-12)
        assert value(own, statistic="from_short") == pytest.approx(level[-1] / mean - 1, rel=1e-12)
        assert value(own, statistic="from_long") == pytest.approx(
            level[-1] / level[-200:].mean() - 1, rel=1e-12
        )
        assert value(own, statistic="stalled") == float(level[-1] < mean and off < -0.1)

    def place(names: list[int], s: int, t: int) -> float:
        moves = {n: view.levels[n, t] / view.levels[n, t - 126] for n in names}
        return sum(m < moves[s] for m in moves.values()) / (len(names) - 1)

    last = days[-1]
    ago = dt.date(
        last.year if last.month > 3 else last.year - 1, (last.month - 4) % 12 + 1, last.day
    )
    then = max(t for t in range(T) if days[t] <= ago)
    for group, names in {
        "all": list(range(len(view.subjects))),
        "parts": list(view.groups["parts"]),
    }.items():
        for s in names:
            own = rows.filter(pl.col("subject") == view.subjects[s], pl.col("group") == group)
            assert value(own, statistic="strength") == pytest.approx(place(names, s, T - 1))
            assert value(own, statistic="strength_change_3m") == pytest.approx(
                place(names, s, T - 1) - place(names, s, then)
            )


def test_a_young_level_has_no_distance_and_takes_nobody_elses() -> None:
    """90 after highs of 100 is 10% off; who has three closes of thirty has no distance, no side."""
    view = make(levels={"old": [100.0] * 29 + [90.0], "young": [math.nan] * 27 + [100.0, 95, 90]})
    rows = table("trend_state", view, high=30, short=20, long=30)
    off = {"statistic": "off_high"}
    assert value(rows, subject="old", **off) == pytest.approx(-0.1, abs=1e-12)
    # the mean of nineteen times 100 and 90 is 99.5
    assert value(rows, subject="old", statistic="from_short") == pytest.approx(-9.5 / 99.5)
    assert value(rows, "state", subject="old", **off) is None
    assert value(rows, "state", subject="old", statistic="from_short") == "below"
    young = rows.filter(
        (pl.col("subject") == "young") & pl.col("statistic").is_in(["off_high", "from_short"])
    )
    assert young["value"].is_nan().all() or young["value"].is_null().all()
    assert young["state"].to_list() == [None, None]
    assert young["reason"].to_list() == ["30 closes are needed", "20 closes are needed"]


def test_two_peers_have_no_rank() -> None:
    view = make(levels={"A": list(range(100, 400)), "B": [100.0] * 300}, groups={"g": ["A", "B"]})
    rows = table("trend_state", view).filter(pl.col("statistic") == "strength")
    assert rows["value"].is_nan().all()
    assert set(rows["reason"]) == {"a rank needs 3 peers with a return"}


# ---- weights by plain loops
# ----------------------------------------------------------------------------


def start_weights(view: View, s: int, first: int) -> np.ndarray | None:
    """Weights of a basket at the start of session ``first``, drifted since its span began.

    Those who left are at zero."""
    span = next((x for x in view.spans if x.start <= first < x.stop), None)
    if span is None:
        return None
    price, total = view.field("price_return"), view.field("total_return")
    w = span.weights[s].copy()
    for t in range(span.start, first):
        move = np.where(np.isfinite(price[:, t]), price[:, t], total[:, t])
        w *= 1 + np.nan_to_num(move)
    index = view.field("price_index")
    left = [
        np.isfinite(index[i, : first + 1]).any() and not math.isfinite(index[i, first])
        for i in range(len(w))
    ]
    return np.where(left, 0.0, w)


@pytest.mark.parametrize("basis", ["price", "total"])
def test_dispersion_equals_plain_loops(basis: str) -> None:
    """D^2 = sum w r^2 - (sum w r)^2 = sum w (r - r_I)^2; equal weights, percentiles."""
    view = random_view(seed=5, sessions=310)
    found = measures.get("dispersion")(view, basis=basis)
    assert isinstance(found.value, dict)
    index, returns = view.field(f"{basis}_index"), view.field(f"{basis}_return")
    seen = 0
    for s in range(len(view.subjects)):
        for t in range(2, 310, 3):
            for window, name in ((1, "dispersion"), (21, "dispersion_window")):
                w = start_weights(view, s, t - window + 1) if t >= window else None
                here = (
                    []
                    if w is None
                    else [
                        i
                        for i in np.flatnonzero(w > 0)
                        if math.isfinite(returns[i, t]) and math.isfinite(index[i, t - window])
                    ]
                )
                there = 0 if w is None else int((w > 0).sum())
                if len(here) < 2 or (window > 1 and len(here) < 0.9 * there):
                    assert math.isnan(found.value[name][s, t])
                    continue
                assert w is not None
                r = index[here, t] / index[here, t - window] - 1
                u = w[here] / w[here].sum()
                square = (u * (r - (u * r).sum()) ** 2).sum()
                assert square == pytest.approx((u * r * r).sum() - (u * r).sum() ** 2, abs=1e-14)
                assert found.value[name][s, t] == pytest.approx(math.sqrt(square), rel=1e-9)
                if window > 1:
                    seen += 1
                    assert found.value["equal_sd_window"][s, t] == pytest.approx(r.std(), rel=1e-9)
                    low, high = np.percentile(r, [10, 90])
                    assert found.value["p90_p10_window"][s, t] == pytest.approx(
                        high - low, abs=1e-8
                    )
    assert seen > 100


def test_equal_returns_have_no_dispersion() -> None:
    r = [math.nan, *np.random.default_rng(0).normal(0, 0.02, 80).tolist()]
    view = make(returns=dict.fromkeys("abc", r), targets={"all": [(1, [0.5, 0.3, 0.2])]})
    found = measures.get("dispersion")(view).value
    assert isinstance(found, dict)
    assert found["dispersion"][0, -1] == 0 and found["dispersion_window"][0, -1] == 0


@pytest.mark.parametrize("window", [20, 63])
def test_average_correlation_is_the_mean_pairwise_one(window: int) -> None:
    """Mean np.corrcoef of the pairs, weighted by w_i s_i w_j s_j with the span's weights."""
    view = random_view(seed=6, sessions=330)
    found = measures.get("average_correlation")(view, window=window)
    r, index = view.field("price_return"), view.field("price_index")
    checked = 0
    for s in range(len(view.subjects)):
        for t in range(window, 330, 4):
            span = next((x for x in view.spans if x.start <= t < x.stop), None)
            past = r[:, t - window + 1 : t + 1]
            here = (
                []
                if span is None
                else [
                    i
                    for i in np.flatnonzero(span.weights[s] > 0)
                    if np.isnan(past[i]).sum() <= 10
                    and (math.isfinite(index[i, t]) or np.isnan(index[i, :t]).all())
                ]
            )
            got = np.asarray(found.value)[s, t]
            if len(here) < 2:
                assert math.isnan(got)
                continue
            assert span is not None and found.n_used is not None and found.n_used[s, t] == len(here)
            x = np.nan_to_num(past[here])
            scale = span.weights[s, here] * x.std(axis=1, ddof=1)
            pairs = np.outer(scale, scale)
            np.fill_diagonal(pairs, 0)
            assert got == pytest.approx(
                (pairs * np.corrcoef(x)).sum() / pairs.sum(), rel=1e-8, abs=1e-10
            )
            checked += 1
    assert checked > 150


def test_dollar_volume_equals_plain_loops() -> None:
    base = random_view(seed=8, sessions=310)
    rng = np.random.default_rng(8)
    volume = np.where(
        np.isfinite(base.field("close")), rng.lognormal(10, 1, base.field("close").shape), np.nan
    )
    volume[2, 100:105] = np.nan
    view = dataclasses.replace(base, fields={**base.fields, "volume": volume})
    found = measures.get("dollar_volume_share")(view, window=10, before=20).value
    assert isinstance(found, dict)
    close = view.field("close")
    dollars = np.nan_to_num(close * volume)

    def total(s: int | None, first: int, stop: int) -> float:
        out = 0.0
        for t in range(first, stop):
            span = next(x for x in view.spans if x.start <= t < x.stop)
            held = span.weights.any(axis=0) if s is None else span.weights[s] > 0
            out += float(dollars[held, t].sum())
        return out

    for s in range(3):
        for t in (40, 97, 104, 309):
            if view.subjects[s] == "late" and t < 94:
                continue
            now = total(s, t - 9, t + 1) / total(None, t - 9, t + 1)
            before = total(s, t - 29, t - 9) / total(None, t - 29, t - 9)
            assert found["share"][s, t] == pytest.approx(now, rel=1e-10)
            assert found["share_before"][s, t] == pytest.approx(before, rel=1e-10)
            assert found["change"][s, t] == pytest.approx(now - before, abs=1e-12)


# ---- regimes
# -------------------------------------------------------------------------------------------


def test_regimes_equal_plain_loops_and_use_the_confirmation_day() -> None:
    rng = np.random.default_rng(12)
    sigma = np.where(np.arange(1600) % 500 < 250, 0.008, 0.025)
    level = 100 * np.cumprod(1 + rng.normal(-0.0001, sigma))
    view = make(levels={"A": level.tolist()}, sessions=weekdays(1600, "2015-01-01"))
    found = measures.get("regimes")(view).value
    assert isinstance(found, dict)
    for name, size in (("bull_20", 0.2), ("bull_10", 0.1)):
        bull, extreme = True, level[0]
        for t, x in enumerate(level):
            if bull:
                extreme = max(extreme, x)
                if (extreme - x) / extreme > size:
                    bull, extreme = False, x
            else:
                extreme = min(extreme, x)
                if (x - extreme) / extreme > size:
                    bull, extreme = True, x
            assert found[name][0, t] == bull
        assert 0 < found[name][0].mean() < 1
    r = level[1:] / level[:-1] - 1
    months = view.sessions.astype("datetime64[M]")
    panics = 0
    for t in range(0, 1600, 7):
        ends = [u for u in range(126, t) if months[u] != months[u + 1] and months[u] < months[t]]
        if t < 504 or len(ends) < 24:
            assert math.isnan(found["panic"][0, t])
            continue
        risk = {u: r[u - 126 : u].std(ddof=1) for u in (*ends, t)}
        wanted = level[t] < level[t - 504] and risk[t] > np.median([risk[u] for u in ends])
        assert found["panic"][0, t] == wanted
        panics += wanted
    assert panics > 5


def test_expanding_median_waits_for_two_years_of_months() -> None:
    days = weekdays(800, "2020-01-01")
    a = np.arange(800.0)[None]
    found = expanding_median(a, days, days[:0])[0]
    first = int(np.flatnonzero(np.isfinite(found))[0])
    assert days[first] == np.datetime64("2022-01-03")  # 24 months are over
    months = days.astype("datetime64[M]")
    ends = [t for t in range(first) if months[t] != months[t + 1]]
    assert found[first] == np.median(ends)


# ---- leadership
# ----------------------------------------------------------------------------------------


@given(st.lists(st.integers(-4, 4), min_size=3, max_size=40), st.integers(0, 2**31))
@settings(max_examples=60)
def test_spearman_equals_scipy(x: list[int], seed: int) -> None:
    y = np.random.default_rng(seed).integers(-3, 4, len(x))
    if len(set(x)) == 1 or len(set(y.tolist())) == 1:
        assert math.isnan(_ranks.spearman(np.array(x, float), y.astype(float)))
        return
    assert _ranks.spearman(np.array(x, float), y.astype(float)) == pytest.approx(
        float(stats.spearmanr(x, y).statistic), abs=1e-12
    )


@given(st.integers(5, 80))
def test_fifths_are_even_and_ties_stay_together(n: int) -> None:
    x = np.random.default_rng(n).permutation(n).astype(float)
    sizes = np.bincount(_ranks.quantiles(x, 5), minlength=5)
    assert sizes.max() - sizes.min() <= 1 and sizes.sum() == n
    assert len(set(_ranks.quantiles(np.full(n, 0.1), 5).tolist())) == 1
    assert _ranks.top(x, 0.1).sum() in (n // 10, n // 10 + 1)


def test_the_noise_band_holds_95_percent_of_unrelated_orders() -> None:
    rng = np.random.default_rng(0)
    outside = [
        abs(_ranks.spearman(rng.normal(size=40), rng.normal(size=40))) >= _ranks.noise(40)
        for _ in range(1500)
    ]
    assert 0.035 < np.mean(outside) < 0.065


def leaders_by_loop(
    view: View, s: int, base: int, end: int, start: int, stop: int
) -> dict[str, Any]:
    """Formation, window and residual return of each member of one basket, a member at a time."""
    span = next(x for x in view.spans if x.start <= base + 1 < x.stop)
    index, r = view.field("price_index"), view.field("price_return")
    level = view.all_levels["price"][s]
    market = level[base + 1 - 252 : base + 1] / level[base - 252 : base] - 1
    out: dict[str, Any] = {"before": [], "now": [], "residual": []}
    for i in np.flatnonzero(span.weights[s] > 0):
        path = index[i, base : end + 1]
        if not (
            math.isfinite(index[i, start])
            and math.isfinite(index[i, stop])
            and math.isfinite(path[0])
        ):
            continue
        last = path[np.isfinite(path)][-1] / path[0] - 1
        own = r[i, base + 1 - 252 : base + 1]
        both = np.isfinite(own) & np.isfinite(market)
        beta = np.cov(own[both], market[both])[0, 1] / np.var(market[both], ddof=1)
        out["before"].append(index[i, stop] / index[i, start] - 1)
        out["now"].append(last)
        out["residual"].append(last - beta * (level[end] / level[base] - 1))
    return {k: np.array(v) for k, v in out.items()}


@pytest.mark.parametrize(("formation", "start", "stop"), [("ytd", None, 0), ("12-2", -252, -21)])
def test_leadership_equals_plain_loops(formation: str, start: int | None, stop: int) -> None:
    view = random_view(seed=9, securities=40, gaps=True)
    rows = table("leadership", view, since="last_month", basis="price")
    days = view.sessions.astype(object).tolist()
    base, end = (days.index(rows[0, c]) for c in ("start", "end"))
    assert days[base + 1].month == days[end].month != days[end + 1].month
    first = (
        max(t for t, d in enumerate(days) if d.year < days[base].year)
        if start is None
        else base + start
    )
    for subject in ("all", "others"):
        s = view.subjects.index(subject)
        found = leaders_by_loop(view, s, base, end, first, base + stop)
        for adjusted, now in (("raw", found["now"]), ("beta removed", found["residual"])):
            own = rows.filter(
                pl.col("subject") == subject,
                pl.col("group").is_null(),
                pl.col("formation") == formation,
                pl.col("adjusted") == adjusted,
            )
            beta = first if adjusted == "raw" else min(first, base - 252)
            assert set(own["reach"]) == {days[beta].isoformat()}, "the first close they rest on"
            rho = float(stats.spearmanr(found["before"], now).statistic)
            assert value(own, statistic="rank_correlation") == pytest.approx(rho, abs=1e-10)
            n = len(now)
            word = (
                "no order"
                if abs(rho) < 1.96 / math.sqrt(n - 1)
                else ("past winners ahead" if rho > 0 else "past losers ahead")
            )
            assert value(own, "sign", statistic="rank_correlation") == word
            order = np.argsort(found["before"])
            fifth = [math.floor(5 * (k + 0.5) / n) for k in range(n)]
            means = [now[order[[k for k in range(n) if fifth[k] == q]]].mean() for q in range(5)]
            for q in range(5):
                assert value(own, statistic=f"quintile_{q + 1}") == pytest.approx(
                    means[q], rel=1e-9
                )
            assert value(own, statistic="spread") == pytest.approx(means[4] - means[0], rel=1e-9)
            monotone = means == sorted(means) or means == sorted(means, reverse=True)
            assert value(own, statistic="monotone") == monotone
            k = int((np.arange(n) + 0.5 >= 0.9 * n).sum())
            before, after = set(order[-k:].tolist()), set(np.argsort(now)[-k:].tolist())
            assert value(own, statistic="turnover_top_decile") == pytest.approx(
                len(before - after) / k
            )


def test_beta_alone_gives_no_order_once_it_is_removed() -> None:
    """Members are beta times the market, no more: high beta leads both times, and no more."""
    rng = np.random.default_rng(2)
    market = np.concatenate([rng.normal(0.003, 0.01, 320), np.full(21, 0.004)])
    beta = np.linspace(0.4, 1.6, 30)
    rng.shuffle(beta)
    noise = rng.normal(0, 0.002, (30, 341))
    returns = {f"m{i:02d}": [math.nan, *(beta[i] * market + noise[i])] for i in range(30)}
    view = make(
        returns=returns,
        targets={"all": [(t, [1 / 30] * 30) for t in range(1, 342, 21)]},
        sessions=weekdays(342, "2023-01-02"),
    )
    rows = table("leadership", view, since=str(view.sessions[320])).filter(
        pl.col("group").is_null()
    )
    raw = rows.filter(pl.col("adjusted") == "raw", pl.col("statistic") == "rank_correlation")
    assert value(raw, "sign", formation="beta") == "high beta ahead"
    assert value(raw, formation="beta") > 0.9
    assert value(raw, "sign", formation="12-2") == "past winners ahead"
    left = rows.filter(
        pl.col("adjusted") == "beta removed", pl.col("statistic") == "rank_correlation"
    )
    assert value(left, "sign", formation="12-2") == "no order"


def test_groups_remove_the_markets_beta() -> None:
    """Baskets that are b times the benchmark each session: their betas are known exactly."""
    rng = np.random.default_rng(4)
    market = rng.normal(0.001, 0.01, 400)
    slopes = {"g0": 0.5, "g1": 1.0, "g2": 1.5, "g3": 2.0}
    levels = {
        "M": [100.0, *(100 * np.cumprod(1 + market))],
        **{n: [100.0, *(100 * np.cumprod(1 + b * market))] for n, b in slopes.items()},
    }
    view = make(
        levels=levels,
        groups={"g": ["M", *slopes]},
        benchmark="M",
        sessions=weekdays(401, "2023-01-02"),
    )
    rows = table("leadership", view, since=str(view.sessions[380]))
    own = rows.filter(pl.col("group") == "g", pl.col("formation") == "12-2")
    assert own["weak"].all() and set(own["subject"]) == {"M"} and set(own["n_used"]) == {4}
    before = np.array([levels[n][359] / levels[n][128] - 1 for n in levels])
    now = np.array([levels[n][400] / levels[n][380] - 1 for n in levels])
    for adjusted, b in (("raw", np.ones(5)), ("beta removed", np.array([1.0, *slopes.values()]))):
        after = (now - (b * now[0] if adjusted != "raw" else 0))[1:]
        wanted = float(stats.spearmanr(before[1:], after).statistic)
        sides = np.sign((before - b * before[0])[1:].round(12)) * np.sign(
            (now - b * now[0])[1:].round(12)
        )
        part = own.filter(pl.col("adjusted") == adjusted)
        assert value(part, statistic="rank_correlation") == pytest.approx(wanted)
        assert value(part, statistic="changed_side") == (sides < 0).sum()


def test_a_short_formation_says_how_short_it_is() -> None:
    said = leadership.Formation("May", 10, 15).reason(100, 5)
    assert said == "the formation May has 5 sessions; 21 are needed"
    assert leadership.Formation("May", 10, 31).reason(100, 5) is None


def test_a_spread_says_ties_only_where_ties_leave_it_out() -> None:
    """0 ... 9 in fifths of two: 8.5 above, 0.5 below; ten of equal rank have no two ends."""
    after = np.arange(10.0)
    for before, spread, reason in ((after, 8.0, None), (np.ones(10), math.nan, "ties")):
        row = next(r for r in leadership._fifths(before, after) if r["statistic"] == "spread")
        assert row["value"] == pytest.approx(spread, nan_ok=True) and row["reason"] == reason


def test_thin_baskets_and_short_years_say_why() -> None:
    view = random_view(seed=1)
    rows = table("leadership", view, since="last_month")
    few = rows.filter(pl.col("subject") == "few", pl.col("group").is_null())
    assert few["value"].is_nan().all() and few["reason"].is_not_null().all()
    assert any("8 are needed" in r for r in few["reason"])
    days = [d for d in view.sessions.astype(object).tolist() if d.year == 2024]
    early = table(
        "leadership",
        cut(view, int(np.searchsorted(view.sessions, np.datetime64(days[12])))),
        since="1w",
    )
    ytd = early.filter(pl.col("formation") == "ytd", pl.col("statistic") == "rank_correlation")
    assert ytd["value"].is_nan().all() and all(
        "sessions; 21 are needed" in r for r in ytd["reason"]
    )
    leadership = measures.get("leadership")
    with pytest.raises(NotEnoughData, match="before the data"):
        leadership(view, since="5y")
    with pytest.raises(UsageError, match="after the last session"):
        leadership(view, since="2040-01-01")
    with pytest.raises(UnknownName, match="last_month"):
        leadership(view, since="lastmonth")


# ---- all of them
# ---------------------------------------------------------------------------------------

NEW = (
    "relative_rotation",
    "trend_state",
    "dispersion",
    "average_correlation",
    "dollar_volume_share",
    "regimes",
    "leadership",
)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("relative_rotation", {"mode": "lite", "tail": 20}),
        ("relative_rotation", {"group": "parts", "mode": "lite"}),
        ("trend_state", {"high": 60, "long": 60, "short": 10, "strength": 21}),
        ("dispersion", {"window": 5}),
        ("dispersion", {"window": 70, "basis": "total"}),
        ("average_correlation", {"window": 10, "basis": "total"}),
        ("dollar_volume_share", {"window": 5, "before": 5}),
        ("regimes", {"trailing": 60}),
        ("leadership", {"since": "low"}),
        ("leadership", {"since": "2023-10-02", "basis": "total"}),
    ],
)
def test_other_parameters_conform(name: str, params: dict[str, Any]) -> None:
    check_measure(measures.get(name), random_view(7), **params)


def numbers(result: Result) -> np.ndarray:
    """Every value of a result."""
    if result.table is not None:
        return result.table["value"].to_numpy()
    values = result.value if isinstance(result.value, dict) else {"": np.asarray(result.value)}
    return np.concatenate([np.asarray(v).ravel() for v in values.values()])


@pytest.mark.parametrize("name", NEW)
def test_hopeless_input_gives_no_number(name: str) -> None:
    """Nothing but gaps, or a single session: no value, no warning, and tables say why."""
    gone = [math.nan] * 40
    levels = {
        "levels": {"A": gone, "B": gone},
        "pairs": [("A", "B")],
        "groups": {"g": ["A", "B"]},
        "benchmark": "B",
    }
    members = make(returns={"a": gone, "b": gone}, targets={"all": [(1, [0.5, 0.5])]}, **levels)
    one_day = make(levels={"A": [100.0]}, pairs=[("A", "A")], groups={"g": ["A"]})
    for view in (
        (members, one_day) if measures.get(name).of == "basket" else (make(**levels), one_day)
    ):
        try:
            result = measures.get(name)(view)
        except NotEnoughData:
            assert name == "leadership"
            continue
        found = numbers(result)
        known = np.isfinite(found)
        if result.table is not None:
            assert not known.any()
            assert result.table["reason"].is_not_null().all()
        else:
            basket_level = name == "regimes"
            assert not known.any() or basket_level


def test_constant_prices_have_no_correlation_and_no_dispersion() -> None:
    flat = [math.nan, *[0.0] * 120]
    view = make(returns={"a": flat, "b": flat}, targets={"all": [(1, [0.5, 0.5])]})
    assert np.isnan(np.asarray(measures.get("average_correlation")(view).value)).all()
    found = measures.get("dispersion")(view).value
    assert isinstance(found, dict) and found["dispersion_window"][0, -1] == 0


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("dispersion", {"window": 0}),
        ("average_correlation", {"window": 1}),
        ("dollar_volume_share", {"before": 0}),
    ],
)
def test_impossible_windows(name: str, params: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        measures.get(name)(random_view(1), **params)
