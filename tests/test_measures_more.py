"""Volume, thrusts, omens, correlation within and between groups, spreads, styles: plain loops."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import math

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from paceline import measures
from paceline.conformance import check_measure
from paceline.errors import UnknownName
from paceline.figures import show
from paceline.measures import Span, View
from paceline.measures.hindenburg_omen import _confirmed
from paceline.report import terminal
from views import make, random_view


def with_volume(seed: int) -> View:
    """A random market whose members trade different amounts, some of it unknown."""
    base = random_view(seed)
    rng = np.random.default_rng(seed)
    volume = np.where(
        np.isfinite(base.fields["close"]), rng.lognormal(11, 1, base.fields["close"].shape), np.nan
    )
    volume[2, 100:105] = np.nan
    volume[:, 250] = np.nan
    return dataclasses.replace(base, fields={**base.fields, "volume": volume})


def values(name: str, view: View, **params: object) -> dict[str, np.ndarray]:
    """The series of a measure by statistic."""
    result = measures.get(name)(view, **params)
    assert isinstance(result.value, dict)
    assert result.n_used is not None and result.n_eligible is not None
    return {**result.value, "n_used": result.n_used, "n_eligible": result.n_eligible}


# ---- volume


def test_volume_breadth_equals_plain_loops() -> None:
    view = with_volume(1)
    found = values("volume_breadth", view, window=3, great=0.7)
    r, money = view.fields["price_return"], view.fields["close"] * view.fields["volume"]
    last = [max(t for t in range(r.shape[1]) if math.isfinite(x[t])) for x in r]
    row, plain = view.subjects.index("all"), []
    for span in view.spans:
        for t in range(span.start, span.stop):
            held = [i for i in range(len(r)) if span.weights[row, i] > 0 and t <= last[i]]
            seen = [i for i in held if math.isfinite(r[i, t]) and math.isfinite(money[i, t])]
            ups, downs = [i for i in seen if r[i, t] > 0], [i for i in seen if r[i, t] < 0]
            up, down = sum(money[i, t] for i in ups), sum(money[i, t] for i in downs)
            assert found["n_used"][row, t] == len(seen)
            assert found["n_eligible"][row, t] == len(held)
            both = bool(ups and downs)
            plain.append(len(ups) / len(downs) / (up / down) if both else math.nan)
            assert found["trin"][row, t] == pytest.approx(plain[-1], nan_ok=True)
            share = up / (up + down) if up + down else math.nan
            assert found["up_share"][row, t] == pytest.approx(share, nan_ok=True)
            for name, part in (("up_day", share), ("down_day", 1 - share)):
                wanted = float(part >= 0.7) if math.isfinite(share) else math.nan
                assert found[name][row, t] == pytest.approx(wanted, nan_ok=True)
            mean = float(np.mean(plain[-3:])) if len(plain) >= 3 else math.nan
            assert found["trin_mean"][row, t] == pytest.approx(mean, nan_ok=True)
    assert math.isnan(found["up_share"][row, 250]) and np.isfinite(found["trin"][row]).sum() > 400


# ---- thrusts


@pytest.mark.parametrize(
    ("moves", "traded", "why"),
    [
        ((-0.1, -0.1), (5, 5), "no member rose"),
        ((0.1, 0.1), (5, 5), "no member fell"),
        ((0.1, -0.1), (0, 5), "nothing was traded in the members that rose"),
        ((0.1, -0.1), (5, 0), "nothing was traded in the members that fell"),
        ((0.1, -0.1), (5, 5), None),
    ],
)
def test_why_a_trin_is_missing(
    moves: tuple[float, float], traded: tuple[float, float], why: str | None
) -> None:
    r = {"A": [math.nan, 0.1, moves[0]], "B": [math.nan, -0.1, moves[1]]}
    view = make(returns=r, targets={"all": [(1, [0.5, 0.5])]})
    volume = np.array([[5.0, 5, traded[0]], [5, 5, traded[1]]])
    view = dataclasses.replace(view, fields={**view.fields, "volume": volume})
    result = measures.get("volume_breadth")(view, window=2)
    row = view.subjects.index("all")
    said = [w for w, where in result.reasons["trin"] if where[row, 2]]
    assert isinstance(result.value, dict)
    assert said[:1] == ([] if why is None else [why])
    assert np.isnan(result.value["trin"][row, 2]) == (why is not None)
    ((mean, where),) = result.reasons["trin_mean"]
    assert "one of the 2 sessions" in mean and where[row, 2] == (why is not None)


def test_a_share_of_dollars_needs_the_volumes_of_the_whole_market() -> None:
    """Ten members, of which the first two are the basket: without two of the others no share."""
    r = {f"S{i}": [math.nan, 0.0, 0.0, 0.0] for i in range(10)}
    weights = {"all": [(1, [0.1] * 10)], "two": [(1, [0.5] * 2 + [0.0] * 8)]}
    view = make(returns=r, targets=weights)
    volume = 1 / view.fields["close"]
    for lacking, share in ((1, 2 / 9), (2, None)):
        volume[10 - lacking :, 3] = np.nan
        view = dataclasses.replace(view, fields={**view.fields, "volume": volume})
        result = measures.get("dollar_volume_share")(view, window=1, before=1)
        row = view.subjects.index("two")
        assert isinstance(result.value, dict) and result.n_used is not None
        assert result.n_used[row, 3] == 2
        found = result.value["share"][row, 3]
        assert np.isnan(found) if share is None else found == pytest.approx(share)
        ((why, where),) = result.reasons["share"]
        assert "nine in ten" in why and where[row, 3] == (share is None)


def crowd(shares: list[float], members: int = 20) -> View:
    """A basket of so many members, of which this share rises a tenth, the others fall a tenth.

    A share of -1: nobody has a return."""
    returns = {
        f"S{i:02d}": [math.nan]
        + [math.nan if s < 0 else 0.1 if i < round(s * members) else -0.1 for s in shares]
        for i in range(members)
    }
    return make(returns=returns, targets={"all": [(1, [1 / members] * members)]})


def table(name: str, view: View, **params: object) -> pl.DataFrame:
    """The table of a measure."""
    found = measures.get(name)(view, **params).table
    assert found is not None
    return found


def days(found: pl.DataFrame, statistic: str, view: View) -> list[int]:
    """Numbers of the sessions on which rows of a statistic end."""
    ends = found.filter(pl.col("statistic") == statistic)["end"].to_numpy()
    return np.searchsorted(view.sessions, ends).tolist()


def test_zweig_thrusts_on_the_fourth_day() -> None:
    """The mean of 35% a day, then of 85%: 0.85 - 0.5 (9 / 11)^k passes 0.615 at k = 4, a plain mean
    of ten sessions at 6. Two sessions without any return change nothing but the sessions that
    pass."""
    quiet, thrust = [0.35] * 25, [0.85] * 12
    view = crowd(quiet + thrust)
    found = table("breadth_thrust", view)
    rows = found.filter(statistic="zweig_thrust")
    assert days(found, "zweig_thrust", view) == [29]
    assert rows["value"].to_list() == pytest.approx([0.85 - 0.5 * (9 / 11) ** 4])
    # on the first day the mean still stands below 0.40: 0.85 - 0.5 * 9 / 11 = 0.441 does not
    assert np.searchsorted(view.sessions, rows["start"].to_numpy()).tolist() == [25]
    assert found.filter(statistic="zweig")["value"].to_list() == pytest.approx(
        [0.85 - 0.5 * (9 / 11) ** 12]
    )
    assert days(table("breadth_thrust", view, within=3), "zweig_thrust", view) == []
    assert days(table("breadth_thrust", view, within=4), "zweig_thrust", view) == [29]
    gap = crowd([*quiet, -1, -1, *thrust])
    assert days(table("breadth_thrust", gap), "zweig_thrust", gap) == [31]
    assert days(table("breadth_thrust", gap, within=5), "zweig_thrust", gap) == []
    young = crowd(quiet[:10] + thrust)  # the first twenty sessions have no reading
    assert days(table("breadth_thrust", young), "zweig_thrust", young) == []


def test_deemer_and_whaley_thrust_on_their_sums() -> None:
    """65% of ten days: 130 / 70 = 1.857; one of 85%: 134 / 66 = 2.03.

    Five days: (4 * 13 + 17) / 100 = 0.69, then 0.73, then 0.77 passes 0.7366."""
    view = crowd([0.65] * 12 + [0.85] * 3 + [0.65] * 12 + [0.85])
    found = table("breadth_thrust", view)
    assert days(found, "deemer_thrust", view) == [13, 28]
    rows = found.filter(statistic="deemer_thrust")
    assert rows["value"].to_list() == pytest.approx([134 / 66, 134 / 66])
    assert np.searchsorted(view.sessions, rows["start"].to_numpy()).tolist() == [4, 19]
    assert days(found, "whaley_thrust", view) == [15]
    assert found.filter(statistic="whaley_thrust")["value"].to_list() == pytest.approx([0.77])
    assert found.filter(statistic="whaley")["value"].to_list() == pytest.approx([0.69])
    # 28 sessions, readings of five from the fifth on
    assert found.filter(statistic="whaley_per_year")["value"].to_list() == [252 / 24]
    everything = crowd([0.5] * 10 + [1.0] * 10)
    found = table("breadth_thrust", everything)
    assert days(found, "deemer_thrust", everything) == [14]  # 14 * 10 / 6 * 10
    today = found.filter(statistic="deemer")
    assert today["value"].is_nan().all() and today["reason"].to_list() == ["nobody fell: no ratio"]


def test_what_followed_thrusts_against_plain_loops() -> None:
    rng = np.random.default_rng(3)
    view = crowd(rng.choice([0.2, 0.5, 0.8], 1500).tolist())
    found = table("breadth_thrust", view, deemer=1.2, whaley=0.6)
    level = view.all_levels["price"][0]
    for name in ("deemer", "whaley"):
        at = days(found, f"{name}_thrust", view)
        for h in (21, 63, 126, 252):
            row = found.filter(statistic=f"{name}_after_{h}").row(0, named=True)
            after = [level[t + h] / level[t] - 1 for t in at if t + h < len(level)]
            every = [level[t + h] / level[t] - 1 for t in range(len(level) - h)]
            apart, free = 0, -1
            for t in at:
                if t + h < len(level) and t >= free:
                    apart, free = apart + 1, t + h
            assert (row["n"], row["n_effective"]) == (len(after), apart)
            if apart < 10:
                assert math.isnan(row["value"]) and row["reason"] and row["base"] is None
                continue
            assert row["value"] == pytest.approx(np.mean(after))
            assert row["base"] == pytest.approx(np.mean(every[0:]), rel=1e-3)
            assert row["effect"] == pytest.approx(row["value"] - row["base"])
            assert row["up"] == pytest.approx(np.mean(np.array(after) > 0))
            assert row["effect_low"] < row["effect"] < row["effect_high"] and 0 < row["p"] <= 1
    assert found["effect"].drop_nulls().len() >= 4


# ---- the omen


def omens(view: View) -> pl.DataFrame:
    """The rule with numbers that a small market can meet."""
    return table("hindenburg_omen", view, baskets=("all",), window=15, sessions=10, least=0.05)


def test_omens_equal_plain_loops() -> None:
    base = random_view(1)
    found = omens(base)
    values_of = measures.get("advance_decline")(base, discard=0).value
    assert isinstance(values_of, dict)
    row = base.subjects.index("all")
    oscillator, level = values_of["mcclellan"][row], base.all_levels["price"][row]
    index, r = base.fields["price_index"], base.fields["price_return"]
    wanted = {}
    for span in base.spans:
        for t in range(max(span.start, 15), span.stop):
            held = [i for i in range(len(r)) if span.weights[row, i] > 0]
            listed = [i for i in held if np.isfinite(index[i, t:]).any() or i not in (4,)]
            counted = [
                i
                for i in listed
                if math.isfinite(r[i, t])
                and np.isfinite(index[i, t - 15 : t]).all()
                and np.isnan(r[i, t - 14 : t + 1]).sum() <= 10
            ]
            high = sum(index[i, t] >= max(index[i, t - 15 : t]) * (1 - 1e-12) for i in counted)
            low = sum(index[i, t] <= min(index[i, t - 15 : t]) * (1 + 1e-12) for i in counted)
            if len(counted) < 0.9 * len(listed):
                continue
            many = min(high, low) > 0.05 * len(counted) and high <= 2 * low
            if many and oscillator[t] < 0 and level[t] > level[t - 10]:
                wanted[t] = min(high, low) / len(counted)
    assert days(found, "omen_day", base) == list(wanted) and len(wanted) > 10
    assert found.filter(statistic="omen_day")["value"].to_list() == pytest.approx(
        list(wanted.values())
    )
    confirmed, run = [], False
    for a, b in zip(list(wanted), list(wanted)[1:], strict=False):
        near = (base.sessions[b] - base.sessions[a]).astype(int) <= 36
        confirmed += [b] if near and not run else []
        run = near
    assert days(found, "omen_confirmed", base) == confirmed
    fell = found.filter(statistic="omen_day_fell").row(0, named=True)
    after = [min(level[t + 1 : t + 64]) <= 0.95 * level[t] for t in wanted if t + 63 < len(level)]
    assert fell["n"] == len(after)
    if fell["reason"] is None:
        assert fell["value"] == pytest.approx(np.mean(after))


def test_a_confirmed_omen_is_the_first_repetition_of_a_run() -> None:
    view = crowd([0.5] * 200)
    flags = np.zeros(201, bool)
    # weekdays: 26 sessions are 36 days (five weeks and a day), 27 are 37
    flags[[10, 36, 40, 67, 100, 127, 129]] = True
    assert np.flatnonzero(_confirmed(view, flags, 36)).tolist() == [36, 129]


def test_thrusts_and_omens_of_a_loose_rule_conform() -> None:
    view = random_view(7)
    loose = {"low": 0.48, "high": 0.52, "deemer": 1.05, "whaley": 0.52, "baskets": ("all", "few")}
    check_measure(measures.get("breadth_thrust"), view, **loose)
    assert len(days(table("breadth_thrust", view, **loose), "zweig_thrust", view)) > 3
    loose = {"window": 15, "sessions": 10, "least": 0.05, "baskets": ("all", "others")}
    for more in ({}, {"of": "movers", "rising": "mean", "basis": "total"}):
        check_measure(measures.get("hindenburg_omen"), view, **{**loose, **more})


def test_days_on_which_too_few_are_counted_have_no_omen() -> None:
    """The market of the omens above, with three of its fourteen members silent on half of the days
    that have one: none of these is an omen any more, and the last session has no reading."""
    base = random_view(1)
    before = days(omens(base), "omen_day", base)
    silent = [*before[::2], len(base.sessions) - 1]
    returns = base.fields["price_return"].copy()
    returns[np.ix_([6, 8, 9], silent)] = math.nan
    view = dataclasses.replace(base, fields={**base.fields, "price_return": returns})
    found = omens(view)
    after = days(found, "omen_day", view)
    assert after and not {*after} & {*silent}
    for name in ("highs", "lows", "mcclellan", "omen"):
        row = found.filter(statistic=name).row(0, named=True)
        assert math.isnan(row["value"]) and row["n_used"] < 0.9 * row["n_eligible"]
    thrust = table("breadth_thrust", view, baskets=("all",))
    assert thrust.filter(statistic="zweig")["value"].is_nan().all()


# ---- published factors


def published(columns: dict[str, list[float]], first: str = "2000-01") -> View:
    """A view with monthly series of the library, one from each list."""
    length = max(map(len, columns.values()))
    ends = (np.datetime64(first) + np.arange(1, length + 1)).astype("datetime64[D]") - 1
    series = {
        f"french/x/monthly/{name}": (ends[: len(values)], np.array(values))
        for name, values in columns.items()
    }
    sessions = np.append(np.arange(ends[0], ends[-1], 5), ends[-1])
    levels = {"A": list(range(100, 100 + len(sessions)))}
    return make(levels=levels, sessions=sessions, series=series)


def test_following_factors_equals_plain_loops() -> None:
    rng = np.random.default_rng(2)
    made = {n: (0.002 + 0.03 * rng.standard_normal(k)).tolist() for n, k in LENGTHS.items()}
    made["HML"][50] = math.nan
    view = published(made)
    found = table("factor_momentum", view, since=(2000, 2015))
    names = {"SMB": "small minus big", "HML": "value", "Mom": "momentum"}
    timed: dict[int, dict[int, list[tuple[float, float]]]] = {1: {}, 12: {}}
    for column, f in made.items():
        for m in (1, 12):
            pairs = {}
            for t in range(m, len(f)):
                past = math.prod(1 + x for x in f[t - m : t]) - 1
                if math.isfinite(past) and math.isfinite(f[t]):
                    pairs[t] = (math.copysign(1, past) * f[t], f[t])
                    timed[m].setdefault(t, []).append(pairs[t])
            for year in (2000 + (0 if m == 1 else 1), 2015):
                use = [p for t, p in pairs.items() if t >= 12 * (year - 2000)]
                row = {"factor": names[column], "period": f"since {year}"}
                follow = found.filter(statistic=f"follow_{m}", **row).row(0, named=True)
                gain = found.filter(statistic=f"gain_{m}", **row).row(0, named=True)
                assert follow["n"] == len(use)
                assert follow["value"] == pytest.approx(np.mean([a for a, _ in use]))
                assert follow["base"] == pytest.approx(np.mean([b for _, b in use]))
                assert gain["value"] == pytest.approx(np.mean([a - b for a, b in use]))
                assert follow["effect_low"] < follow["effect"] < follow["effect_high"]
    for m in (1, 12):
        months = [np.mean(v, axis=0) for t, v in timed[m].items() if len(v) > 1 and t >= 180]
        row = found.filter(statistic=f"follow_{m}", factor="all factors", period="since 2015")
        assert row["value"].to_list() == pytest.approx([np.mean([a for a, _ in months])])
        assert row["base"].to_list() == pytest.approx([np.mean([b for _, b in months])])


LENGTHS = {"SMB": 300, "HML": 300, "Mom": 290}


def test_a_series_that_ended_says_so_on_all_of_its_rows() -> None:
    """The last session lies in December 2024: November and later are published, October is not
    late by more than two whole months, momentum's February is by nine."""
    view = published({n: [0.01, -0.01] * (k // 2) for n, k in LENGTHS.items()})
    assert str(view.sessions[-1])[:7] == "2024-12"
    found = table("factor_momentum", view)
    said = {f: set(rows["caveat"]) for (f,), rows in found.group_by("factor")}
    assert said["value"] == {""} and len(said["momentum"]) == 1
    assert said["momentum"].pop().startswith("the series ends with 2024-02: 9 whole months before")
    assert found.filter(statistic="past_1", factor="momentum")["end"].to_list() == [
        dt.date(2024, 2, 29)
    ]


def test_factors_that_are_followed_conform() -> None:
    rng = np.random.default_rng(4)
    view = published({n: rng.normal(0, 0.03, k).tolist() for n, k in LENGTHS.items()})
    check_measure(measures.get("factor_momentum"), view, long=6)
    assert len(table("factor_momentum", make(levels={"A": [100.0, 101]}))) == 0


# ---- industries


def industries(r: np.ndarray, recession: np.ndarray | None = None) -> View:
    """A view with monthly industries (I, M) of the library, and months in recession."""
    ends = (np.datetime64("1960-01") + np.arange(1, r.shape[1] + 1)).astype("datetime64[D]") - 1
    series = {f"f/49_Industry_Portfolios/vw_monthly/I{k:02d}": (ends, x) for k, x in enumerate(r)}
    if recession is not None:
        series["USREC"] = (ends.astype("datetime64[M]").astype("datetime64[D]"), recession)
    sessions = np.append(np.arange(ends[0], ends[-1], 30), ends[-1])
    return make(
        levels={"A": [100.0] * len(sessions)}, sessions=sessions, series=series, benchmark="A"
    )


def apart(score: list[float], r: list[float], q: int) -> float:
    """The month's return of the highest 1/q by score less that of the lowest."""
    both = [(s, x) for s, x in zip(score, r, strict=True) if math.isfinite(s) and math.isfinite(x)]
    if len(both) < q:
        return math.nan
    ranked = [x for _, x in sorted(both, key=lambda p: p[0])]
    size = len(both) // q
    return float(np.mean(ranked[-size:]) - np.mean(ranked[:size]))


def test_industries_equal_plain_loops() -> None:
    rng = np.random.default_rng(8)
    r = 0.05 * rng.standard_normal((12, 260))
    r[3, :100], r[7, 150] = math.nan, math.nan
    recession = (np.arange(260) % 60 < 15).astype(float)
    found = table("industry_momentum", industries(r, recession), since=(1960,), shifts=20)
    momentum, rotation = [], []
    for t in range(6, 260):
        past = [math.prod(1 + x for x in row[t - 6 : t]) - 1 for row in r]
        momentum.append(apart(past, r[:, t].tolist(), 5))
    mean = np.array([[x - np.nanmean(r[:, t]) for t, x in enumerate(row)] for row in r])

    def rotated(phase: np.ndarray) -> list[float]:
        out = []
        for t in range(260):
            own = [u for u in range(t) if phase[u] == phase[t]]
            score = [
                float(np.nanmean(row[own])) if np.isfinite(row[own]).sum() >= 24 else math.nan
                for row in mean
            ]
            out.append(apart(score, r[:, t].tolist(), 5))
        return out

    row = found.filter(statistic="momentum").row(0, named=True)
    assert row["value"] == pytest.approx(np.nanmean(momentum)) and row["n"] == 254
    rotation = rotated(recession)
    row = found.filter(statistic="cycle_rotation").row(0, named=True)
    assert row["value"] == pytest.approx(np.nanmean(rotation))
    assert row["n"] == np.isfinite(rotation).sum()
    placebo = [np.nanmean(rotated(np.roll(recession, round(s)))) for s in np.linspace(24, 236, 20)]
    assert row["base"] == pytest.approx(np.mean(placebo))
    assert row["p"] == pytest.approx((1 + sum(p >= row["value"] for p in placebo)) / 21)
    assert row["placebo_low"] == pytest.approx(np.quantile(placebo, 0.025))


def test_a_planted_cycle_is_found_and_noise_is_not() -> None:
    rng = np.random.default_rng(9)
    noise = 0.05 * rng.standard_normal((20, 600))
    recession = np.repeat(rng.random(30) < 0.3, 20).astype(float)
    planted = noise + np.outer(np.linspace(-0.02, 0.02, 20), 1 - 2 * recession)
    p = [
        table("industry_momentum", industries(r, recession), since=(1960,))
        .filter(statistic="cycle_rotation")["p"]
        .to_list()[0]
        for r in (planted, noise)
    ]
    assert p[0] == pytest.approx(1 / 200) and p[1] > 0.05


def test_industries_without_recessions_say_so_and_conform() -> None:
    rng = np.random.default_rng(10)
    r, recession = rng.normal(0, 0.05, (8, 200)), (np.arange(200) % 50 < 10).astype(float)
    row = table("industry_momentum", industries(r)).filter(statistic="cycle_rotation")
    assert row["value"].is_nan().all() and row["reason"].str.contains("USREC").all()
    check_measure(
        measures.get("industry_momentum"), industries(r, recession), since=(1960, 1970), shifts=9
    )
    assert len(table("industry_momentum", make(levels={"A": [100.0, 101]}))) == 0


# ---- correlation and dispersion


def test_correlations_equal_the_pairs() -> None:
    """Every pair's own correlation, averaged with w s w s, over pairs of one group and of two."""
    view = grouped(random_view(1))
    found = table("correlation_regime", view, group="thirds", window=40, baskets=("all",))
    r, row = view.fields["price_return"], view.subjects.index("all")
    index = view.fields["price_index"]
    days_of = found.filter(statistic="correlation")["end"].to_numpy()
    checked = 0
    for when in days_of:
        t = int(np.searchsorted(view.sessions, when))
        span = next(s for s in view.spans if s.start <= t < s.stop)
        held = [i for i in range(len(r)) if span.weights[row, i] > 0 and alive(index, i, t)]
        window = r[:, t - 39 : t + 1]
        used = [i for i in held if np.isnan(window[i]).sum() <= 10]
        x = np.nan_to_num(window)
        groups = {i: g for g in range(3) for i in used if span.weights[-3 + g, i] > 0}
        growth = np.prod(1 + x, axis=1) - 1
        for name, w in (
            ("", {i: span.weights[row, i] for i in used}),
            ("equal_", dict.fromkeys(used, 1.0)),
        ):
            sums = {"": [0.0, 0.0], "_within": [0.0, 0.0], "_between": [0.0, 0.0]}
            for i in used:
                for j in used:
                    if i == j:
                        continue
                    c = np.cov(x[i], x[j])
                    size = w[i] * w[j] * math.sqrt(c[0, 0] * c[1, 1])
                    kinds = [""]
                    if i in groups and j in groups:
                        kinds.append("_within" if groups[i] == groups[j] else "_between")
                    for kind in kinds:
                        sums[kind][0] += w[i] * w[j] * c[0, 1]
                        sums[kind][1] += size
            for kind, (over, under) in sums.items():
                value = found.filter(statistic=f"{name}correlation{kind}", end=when)["value"]
                assert value.to_list() == pytest.approx([over / under], abs=1e-12)
                checked += 1
        share = np.array([span.weights[row, i] for i in groups])
        share, own = share / share.sum(), growth[list(groups)]
        of = np.array(list(groups.values()))
        means = {g: np.average(own[of == g], weights=share[of == g]) for g in set(of)}
        centre = np.array([means[g] for g in of])
        whole = {
            "_within": math.sqrt(share @ (own - centre) ** 2),
            "_between": math.sqrt(share @ (centre - share @ own) ** 2),
        }
        for kind, wanted in whole.items():
            value = found.filter(statistic=f"dispersion{kind}", end=when)["value"]
            assert value.to_list() == pytest.approx([wanted])
        counts = found.filter(statistic="dispersion", end=when).row(0, named=True)
        assert (counts["n_used"], counts["n_eligible"]) == (len(used), len(held))
    assert checked > 100


def alive(index: np.ndarray, i: int, t: int) -> bool:
    """Not delisted by session t."""
    return bool(np.isfinite(index[i, t]) or not np.isfinite(index[i, : t + 1]).any())


def grouped(view: View) -> View:
    """The view with three more baskets, between which all but three securities are divided."""
    n = len(view.securities)
    spans = []
    for s in view.spans:
        parts = np.zeros((3, n))
        for i in range(n - 3):
            parts[i % 3, i] = 1.0
        spans.append(Span(s.start, s.stop, np.vstack([s.weights, parts])))
    first, T = len(view.subjects), len(view.sessions)
    return dataclasses.replace(
        view,
        subjects=(*view.subjects, "one", "two", "three"),
        all_levels={b: np.vstack([x, np.ones((3, T))]) for b, x in view.all_levels.items()},
        spans=tuple(spans),
        groups={**view.groups, "thirds": (first, first + 1, first + 2)},
    )


def test_places_and_states_of_regimes() -> None:
    view = random_view(2, sessions=900)
    found = table("correlation_regime", view, window=20, baskets=("all",))
    for name in ("correlation", "dispersion"):
        rows = found.filter(statistic=name)
        seen: list[float] = []
        for row in rows.iter_rows(named=True):
            seen += [row["value"]] if math.isfinite(row["value"]) else []
            if len(seen) < 24:
                assert row["place"] is None and row["state"] is None
            else:
                assert row["place"] == pytest.approx(np.mean([v <= seen[-1] for v in seen]))
    wide = found.filter(statistic="correlation").join(
        found.filter(statistic="dispersion"), on="end", suffix="_d"
    )
    names = {
        (False, False): "calm",
        (False, True): "selective",
        (True, False): "together",
        (True, True): "turbulent",
    }
    told = wide.filter(pl.col("place").is_not_null())
    for row in told.iter_rows(named=True):
        assert row["state"] == names[row["place"] > 0.5, row["place_d"] > 0.5]
    assert len(set(told["state"])) > 2


def test_regimes_conform_and_say_why_there_is_no_value() -> None:
    measure = measures.get("correlation_regime")
    check_measure(measure, grouped(random_view(7)), group="thirds", window=30, basis="total")
    view = random_view(1)
    lone = table("correlation_regime", view, group="parts", baskets=("few",), window=30)
    rows = lone.filter(statistic="correlation_between")
    assert rows["value"].is_nan().all() and set(rows["reason"]) == {"no pair of that kind"}
    with pytest.raises(UnknownName):
        measure(view, group="nobody")


# ---- value spread


def with_books(view: View, seed: int, missing: int = 0) -> View:
    """The view with book equity, missing for the last so many securities."""
    rng = np.random.default_rng(seed)
    shape = view.fields["close"].shape
    book = np.repeat(np.exp(rng.normal(20, 1, shape[0]))[:, None], shape[1], axis=1)
    book[1] = -1e8
    if missing:
        book[-missing:] = math.nan
    return dataclasses.replace(view, fields={**view.fields, "fundamental:book_equity": book})


def test_value_spread_equals_plain_loops() -> None:
    view = with_books(grouped(random_view(5, securities=24, sessions=400, gaps=False)), 5)
    found = table("value_spread", view, baskets=("all",), quantiles=3, group="thirds", months=100)
    book, cap = view.fields["fundamental:book_equity"], view.fields["market_cap"]
    row, checked = view.subjects.index("all"), 0
    month = view.sessions.astype("datetime64[M]")

    def spread(b: list[float]) -> float:
        low, high = np.quantile(b, [1 / 3, 2 / 3])
        top, bottom = ([x for x in b if x >= high - 1e-9], [x for x in b if x <= low + 1e-9])
        return float(np.median(top) - np.median(bottom))

    for t in range(len(month) - 1):
        span = next((s for s in view.spans if s.start <= t < s.stop), None)
        if month[t] == month[t + 1] or span is None:
            continue
        held = [
            i
            for i in range(len(book))
            if span.weights[row, i] > 0 and math.isfinite(view.fields["price_index"][i, t])
        ]
        b = {i: math.log(book[i, t] / cap[i, t]) for i in held if book[i, t] > 0}
        when = {"end": view.sessions[t].item()}
        got = found.filter(statistic="spread", **when).row(0, named=True)
        assert (got["n_used"], got["n_eligible"]) == (len(b), len(held))
        assert got["value"] == pytest.approx(spread(list(b.values())))
        parts = [[b[i] for i in b if span.weights[-3 + g, i] > 0] for g in range(3)]
        within = np.average([spread(p) for p in parts], weights=[len(p) for p in parts])
        assert found.filter(statistic="within", **when)["value"].to_list() == pytest.approx(
            [within]
        )
        checked += 1
    assert checked > 15


def test_value_spread_without_nine_in_ten_books_has_no_value() -> None:
    view = with_books(random_view(5, securities=24, sessions=400, gaps=False), 5, missing=3)
    found = table("value_spread", view, baskets=("all",), quantiles=3)
    rows = found.filter(statistic="spread")
    assert rows["value"].is_nan().all() and (rows["n_used"] < 0.9 * rows["n_eligible"]).all()
    check_measure(
        measures.get("value_spread"),
        with_books(grouped(random_view(7, securities=24, sessions=400)), 5),
        quantiles=3,
        group="thirds",
    )


# ---- styles


def monthly(returns: dict[str, list[float]], styles: list[str]) -> View:
    """Levels with a close a month, and a group of styles."""
    length = len(next(iter(returns.values()))) + 2
    sessions = (np.datetime64("2015-01") + np.arange(length)).astype("datetime64[D]") + 20
    levels = {
        n: [100.0, *(100 * np.cumprod(1 + np.array(r))), 100 * math.prod(1 + x for x in r)]
        for n, r in returns.items()
    }
    return make(levels=levels, sessions=sessions, groups={"styles": styles})


def test_style_weights_equal_those_of_another_optimiser() -> None:
    from scipy.optimize import minimize

    rng = np.random.default_rng(6)
    x = 0.01 + 0.04 * rng.standard_normal((5, 60)) + 0.03 * rng.standard_normal(60)
    names = [f"S{k}" for k in range(5)]
    mixes = {"A": [0.5, 0.3, 0.2, 0, 0], "B": [0, 0, 0, 0, 1], "C": [0.4, -0.5, 0.6, 0.5, 0]}
    y = {n: np.array(w) @ x + 0.01 * rng.standard_normal(60) for n, w in mixes.items()}
    view = monthly({**dict(zip(names, x.tolist(), strict=True)), **y}, names)
    found = table("style_analysis", view, windows=1)
    assert set(found["subject"]) == set(mixes)
    for name, own in y.items():

        def variance(w: np.ndarray, own: np.ndarray = own) -> float:
            return float((own - w @ x).var() * 1e4)

        best = minimize(
            variance,
            np.full(5, 0.2),
            bounds=[(0, 1)] * 5,
            constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
            options={"ftol": 1e-14, "maxiter": 1000},
        )
        rows = found.filter(subject=name)
        w = rows.filter(statistic="weight")["value"].to_numpy()
        assert w == pytest.approx(best.x, abs=1e-4) and w.sum() == pytest.approx(1)
        assert variance(w) <= best.fun * (1 + 1e-9)
        one = {s: rows.filter(statistic=s)["value"].to_list()[0] for s in STATISTICS}
        rest = own - w @ x
        assert one["r_squared"] == pytest.approx(1 - rest.var() / own.var())
        assert one["tracking"] == pytest.approx(rest.std(ddof=1) * math.sqrt(12))
        assert one["selection"] == pytest.approx(rest.mean(), abs=1e-12)


STATISTICS = ("r_squared", "tracking", "selection")


def test_errors_of_style_weights_are_those_of_simulation() -> None:
    """Two styles of 4% a month, unrelated, a rest of 1%: sd 0.01 / (0.0566 sqrt(57)) = 0.0234."""
    rng = np.random.default_rng(7)
    drawn, told = [], []
    for _ in range(200):
        x = 0.04 * rng.standard_normal((2, 60))
        y = {"A": (0.5 * x.sum(axis=0) + 0.01 * rng.standard_normal(60)).tolist()}
        view = monthly({"S": x[0].tolist(), "T": x[1].tolist(), **y}, ["S", "T"])
        row = table("style_analysis", view, windows=1).filter(against="S").row(0, named=True)
        drawn.append(row["value"])
        told.append(row["error"])
    assert np.mean(told) == pytest.approx(0.0234, rel=0.03)
    assert np.std(drawn) == pytest.approx(np.mean(told), rel=0.15)


def test_styles_and_baskets_without_all_months_are_left_out() -> None:
    rng = np.random.default_rng(8)
    r = {n: (0.04 * rng.standard_normal(30)).tolist() for n in ("S", "T", "U", "A", "B")}
    view = monthly(r, ["S", "T", "U"])
    levels = {b: x.copy() for b, x in view.all_levels.items()}
    for x in levels.values():
        x[view.subjects.index("U"), :5] = math.nan
        x[view.subjects.index("B"), -5:] = math.nan  # ended
    view = dataclasses.replace(view, all_levels=levels)
    found = table("style_analysis", view, months=28, windows=1)
    rows = found.filter(subject="A")
    assert rows["against"].drop_nulls().to_list() == ["S", "T"]
    assert set(rows["caveat"]) == {"without U: not all of the months"}
    assert set(zip(rows["n_used"], rows["n_eligible"], strict=True)) == {(2, 3)}
    rows = found.filter(subject="B")
    assert rows["value"].is_nan().all()
    assert rows["reason"].to_list() == ["not all of the months have a return"]
    with pytest.raises(UnknownName):
        measures.get("style_analysis")(view, group="nobody")
    assert len(table("style_analysis", make(levels={"A": [100.0, 101]}))) == 0
    check_measure(
        measures.get("style_analysis"), random_view(1), group="parts", months=12, windows=1
    )


# ---- how estimates are shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.01234, "0.012"),
        (0.0996, "0.10"),
        (0.00004, "0.000040"),
        (99.6, "100"),
        (90.83, "91"),
        (1234.0, "1,200"),
        (-0.456, "-0.46"),
        (1.0, "1.0"),
        (12, "12"),
        (0.0, "0"),
        (None, "—"),
    ],
)
def test_estimates_have_two_significant_digits(value: float | None, text: str) -> None:
    assert show(value, "estimate") == text


def test_correlations_and_effective_numbers_are_estimates_wherever_they_are_declared() -> None:
    """As the unit of a statistic, and as a column beside another value in the terminal."""
    told = 0
    for m in measures.discover().values():
        units = m.unit if isinstance(m.unit, dict) else {m.name: m.unit}
        for name, unit in units.items():
            if any(word in name for word in ("correlation", "hhi", "effective", "entropy")):
                assert unit == "estimate", (m.name, name)
                told += 1
    assert told >= 8
    row = {"subject": "a", "value": 0.1, "unit": "return", "p": 0.012345, "n_effective": 403.5}
    console = Console(width=100, file=io.StringIO(), record=True)
    terminal.rows([row, {**row, "subject": "b", "p": 0.5, "n_effective": 12.0}], console)
    said = console.export_text()
    assert "0.012 " in said and "0.50" in said and "400" in said and "0.01234" not in said


@pytest.mark.parametrize(
    "name",
    [
        *("volume_breadth", "breadth_thrust", "hindenburg_omen", "correlation_regime"),
        *("value_spread", "style_analysis", "factor_momentum", "industry_momentum"),
    ],
)
def test_hopeless_input_gives_no_number(name: str) -> None:
    """Nothing but gaps, or a single session: no value, no warning, no fault."""
    gone = [math.nan] * 40
    members = make(
        returns={"a": gone, "b": gone},
        targets={"all": [(1, [0.5, 0.5])]},
        levels={"A": gone, "B": gone},
        groups={"styles": ["A", "B"], "sectors": ["all"]},
        benchmark="B",
    )
    one_day = make(levels={"A": [100.0]}, groups={"styles": ["A"]})
    for view in (members, one_day):
        result = measures.get(name)(view)
        if result.table is not None:
            rows = result.table.filter(pl.col("value").is_finite())
            assert rows.is_empty(), rows
        else:
            assert isinstance(result.value, dict)
            assert not any(np.isfinite(v).any() for v in result.value.values())
