"""Every measure against answers worked out by hand, and against plain loops written here."""

from __future__ import annotations

import csv
import datetime as dt
import json
import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paceline import measures
from paceline.errors import NotEnoughData, UnknownName, UsageError
from paceline.measures import Result, View
from paceline.measures.advance_decline import balance
from paceline.measures.concentration import statistics
from paceline.panel import Panel
from paceline.signals import statistics as _stats
from paceline.signals import windows as _windows
from paceline.signals.members import companies
from paceline.signals.ranks import tied_ranks
from views import make, random_view, weekdays

ANSWERS = Path(__file__).parent / "answers"
CASES = {path.stem: path for path in sorted(ANSWERS.glob("*.csv"))}


# ---- answer files
# --------------------------------------------------------------------------------------


def cases(path: Path) -> dict[str, list[dict[str, str]]]:
    """The rows of an answer file by case."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found[row["case"]].append(row)
    return dict(found)


def numbers(text: str) -> list[float]:
    """'100 110*2 -' is 100, 110, 110, missing; '0.01 -0.01 | 3' is the pattern three times."""
    text, _, times = text.partition("|")
    out: list[float] = []
    for token in text.split():
        value, _, repeat = token.partition("*")
        out += [math.nan if value == "-" else float(value)] * int(repeat or 1)
    return out * int(times or 1)


def dates(text: str, count: int) -> np.ndarray:
    """'2024-01-31 month' is so many month-ends from that one on, '2024-01-01' weekdays."""
    first, _, step = text.partition(" ")
    if not step:
        return weekdays(count, first)
    return (np.datetime64(first, "M") + np.arange(1, count + 1)).astype("datetime64[D]") - 1


def view_of(rows: list[dict[str, str]]) -> tuple[View, dict[str, Any]]:
    """The view and the parameters that the rows of a case describe."""
    by: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        by[row["row"]].append(row)
    returns = {r["name"]: numbers(r["value"]) for r in by["return"]}
    levels = {r["name"]: numbers(r["value"]) for r in by["level"]}
    for r in by["growth"]:
        levels[r["name"]] = list(100 * np.cumprod(1 + np.array([0.0, *numbers(r["value"])])))
    targets: dict[str, list[tuple[int, list[float]]]] = defaultdict(list)
    for r in by["weight"]:
        held = dict(pair.split("=") for pair in r["value"].split())
        targets[r["name"]].append((int(r["at"]), [float(held.get(n, 0)) for n in returns]))
    length = len(next(iter([*returns.values(), *levels.values()])))
    values = {r["name"]: np.array(numbers(r["value"])) for r in by["series"]}
    series = {
        r["name"]: (dates(r["at"], len(values[r["name"]])), values[r["name"]]) for r in by["series"]
    }
    company = {r["name"]: int(r["value"]) for r in by["company"]}
    view = make(
        returns=returns,
        total={**returns, **{r["name"]: numbers(r["value"]) for r in by["total"]}},
        targets=targets,
        levels=levels,
        sessions=weekdays(length, by["sessions"][0]["value"] if by["sessions"] else "2024-01-01"),
        pairs=[(r["name"], r["value"]) for r in by["pair"]],
        groups={r["name"]: r["value"].split() for r in by["group"]},
        companies=[company[n] for n in returns] if company else (),
        benchmark=by["benchmark"][0]["name"] if by["benchmark"] else None,
        series=series,
    )
    return view, {r["name"]: json.loads(r["value"]) for r in by["param"]}


def answer(measure: measures.Measure, view: View, result: Result, row: dict[str, str]) -> float:
    """The number that the result holds where the row points."""
    if result.table is None:
        counts = {"n_used": result.n_used, "n_eligible": result.n_eligible}
        series = {
            **(result.value if isinstance(result.value, dict) else {"": result.value}),
            **counts,
        }
        if measure.of == "pair":
            line = [(view.subjects[a], view.subjects[b]) for a, b in view.pairs].index(
                (row["name"], row["against"])
            )
        else:
            line = view.subjects.index(row["name"])
        return float(series[row["statistic"]][line, int(row["at"])])
    column, colon, conditions = row["at"].rpartition(":")
    rows = result.table.filter(
        pl.col("subject") == row["name"],
        pl.col("statistic") == row["statistic"],
        pl.col("against").eq_missing(pl.lit(row["against"] or None, pl.String)),
    )
    for condition in filter(None, conditions.split(";")):
        name, _, text = condition.partition("=")
        rows = rows.filter(pl.col(name).cast(pl.String) == text)
    assert len(rows) == 1, f"{len(rows)} rows for {row}: {rows}"
    value = rows[0, column if colon else "value"]
    return math.nan if value is None else float(value)


@pytest.mark.parametrize(
    ("name", "case"), [(n, c) for n, path in CASES.items() for c in cases(path)]
)
def test_answers(name: str, case: str) -> None:
    """The measure gives every answer of its file."""
    rows = cases(CASES[name])[case]
    view, params = view_of(rows)
    measure = measures.get(name)
    result = measure(view, **params)
    expected = [r for r in rows if r["row"] == "expect"]
    assert expected, f"{name}: the case {case!r} expects nothing"
    for row in expected:
        found, wanted = answer(measure, view, result, row), numbers(row["value"])[0]
        assert found == pytest.approx(wanted, rel=1e-9, abs=5e-10, nan_ok=True), row


def test_every_measure_has_answers() -> None:
    """A measure without an answer file fails the suite, and so does a file without a measure."""
    assert set(CASES) == set(measures.discover())


def test_answer_files_say_how() -> None:
    """Every case says at least once where its numbers come from."""
    silent = [
        f"{n}: {c}"
        for n, path in CASES.items()
        for c, rows in cases(path).items()
        if not any(r["how"].strip() for r in rows)
    ]
    assert not silent


# ---- published numbers
# ---------------------------------------------------------------------------------


def test_mcclellan_as_published() -> None:
    """Ten NYSE-like sessions: the oscillator ends at -18.131372, its sum at -97.542735."""
    up = np.array([[1500, 1800, 900, 1200, 2100, 700, 1600, 1900, 1000, 1400]], float)
    down = np.array([[1400, 1100, 2000, 1700, 800, 2200, 1300, 1000, 1900, 1500]], float)
    found = balance(up, down)
    assert found["mcclellan"][0, -1] == pytest.approx(-18.131372, abs=5e-7)
    assert found["summation"][0, -1] == pytest.approx(-97.542735, abs=5e-7)


def test_summation_equals_its_closed_form() -> None:
    """cumsum(MCO) = MCO - 10 a + 20 b + const, with a, b the two means."""
    rng = np.random.default_rng(0)
    up = rng.integers(0, 100, 300).astype(float)
    down = 100 - up
    found = balance(up[None], down[None])
    ratio = 1000 * (up - down) / (up + down)
    a = b = ratio[0]
    closed = []
    for r in ratio:
        a, b = a + 0.10 * (r - a), b + 0.05 * (r - b)
        closed.append((a - b) - 10 * a + 20 * b)
    constant = found["summation"][0] - np.array(closed)
    np.testing.assert_allclose(constant, constant[0], atol=1e-9)


@pytest.mark.parametrize(
    ("weights", "hhi", "number"), [([1 / 500] * 500, 0.002, 500), ([1 / 50] * 50, 0.02, 50)]
)
def test_concentration_of_equal_weights(weights: list[float], hhi: float, number: float) -> None:
    """S&P prints 20 and 200 percent squared for 500 and 50 equal weights."""
    found = statistics(np.array([weights]))
    assert found["hhi"][0] == pytest.approx(hhi, rel=1e-12)
    assert found["effective_number"][0] == pytest.approx(number, rel=1e-12)
    assert found["entropy_number"][0] == pytest.approx(number, rel=1e-12)


def test_a_company_without_weight_changes_no_number_of_concentration() -> None:
    """Of 1/2, 1/2 and 0: two companies by either count."""
    found = statistics(np.array([[0.5, 0.0, 0.5]]))
    assert found["hhi"].tolist() == [0.5]
    assert found["effective_number"].tolist() == [2.0]
    assert found["entropy_number"].tolist() == pytest.approx([2.0], rel=1e-12)


# ---- risk statistics, by plain arithmetic
# --------------------------------------------------------------


def plain(r: list[float]) -> tuple[float, float]:
    """Mean and sample standard deviation, by hand."""
    mean = sum(r) / len(r)
    return mean, math.sqrt(sum((x - mean) ** 2 for x in r) / (len(r) - 1))


@given(
    st.lists(
        st.floats(-0.2, 0.25).filter(lambda x: abs(x) > 1e-6), min_size=5, max_size=60, unique=True
    ),
    st.integers(0, 2**31),
)
@settings(max_examples=60)
def test_statistics_equal_plain_formulas(r: list[float], seed: int) -> None:
    """CAGR, volatility, Sharpe, Sortino, drawdown, tracking error, information ratio: to 1e-10."""
    other = (np.array(r) * 0.5 + np.random.default_rng(seed).normal(0, 0.01, len(r))).tolist()
    mean, sd = plain(r)
    wealth, peak, deepest = 1.0, 1.0, 0.0
    for x in r:
        wealth *= 1 + x
        peak = max(peak, wealth)
        deepest = min(deepest, wealth / peak - 1)
    below = math.sqrt(sum(min(x, 0) ** 2 for x in r) / len(r))
    active, spread = plain([x - y for x, y in zip(r, other, strict=True)])
    a = np.array(r)
    wanted = {
        "cagr": (_stats.cagr(a), wealth ** (252 / len(r)) - 1),
        "volatility": (_stats.volatility(a), sd * math.sqrt(252)),
        "sharpe": (_stats.sharpe(a, 0.0001), (mean - 0.0001) / sd * math.sqrt(252)),
        "max_drawdown": (_stats.max_drawdown(a), deepest),
        "tracking_error": (_stats.tracking_error(a, np.array(other)), spread * math.sqrt(252)),
        "information_ratio": (
            _stats.information_ratio(a, np.array(other)),
            active / spread * math.sqrt(252),
        ),
    }
    if below > 1e-9:
        wanted["sortino"] = _stats.sortino(a), 252 * mean / (below * math.sqrt(252))
    for name, (found, value) in wanted.items():
        assert float(found) == pytest.approx(value, rel=1e-9, abs=1e-10), name


def test_statistics_without_spread_or_data() -> None:
    """No Sharpe ratio of a constant return, no value without returns; gaps are left out."""
    assert math.isnan(float(_stats.sharpe(np.full(9, 0.01))))
    assert math.isnan(float(_stats.information_ratio(np.full(9, 0.01), np.full(9, 0.02))))
    assert all(
        math.isnan(float(f(np.full(5, np.nan))))
        for f in (
            _stats.cagr,
            _stats.volatility,
            _stats.sharpe,
            _stats.sortino,
            _stats.max_drawdown,
        )
    )
    r = np.array([0.01, np.nan, -0.02, 0.03])
    assert float(_stats.volatility(r)) == pytest.approx(
        plain([0.01, -0.02, 0.03])[1] * math.sqrt(252), abs=1e-14
    )


# ---- windows
# -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "months", "wanted"),
    [
        ("2024-03-31", 1, "2024-02-29"),
        ("2023-03-31", 1, "2023-02-28"),
        ("2024-01-15", 1, "2023-12-15"),
        ("2025-12-05", 36, "2022-12-05"),
        ("2024-02-29", 12, "2023-02-28"),
        ("2024-12-31", 6, "2024-06-30"),
    ],
)
def test_months_before(when: str, months: int, wanted: str) -> None:
    assert _windows.months_before(dt.date.fromisoformat(when), months).isoformat() == wanted


def test_unknown_horizon_and_bad_dates() -> None:
    view = make(levels={"A": [100, 94, 97, 98]}, benchmark="A")
    performance = measures.get("performance")
    with pytest.raises(UnknownName, match="last_month"):
        performance(view, horizons=("lastmonth",))
    with pytest.raises(UsageError, match="not a date"):
        performance(view, since="soon")
    with pytest.raises(UsageError, match="after the last session"):
        performance(view, since="2031-01-01")
    with pytest.raises(NotEnoughData, match="start on 2024-01-01"):
        performance(view, since="1999-01-01")
    with pytest.raises(NotEnoughData, match="no short-term low"):
        performance(make(levels={"A": [100, 101]}, benchmark="A"), since="low")


def test_since_low_and_since_the_same_date_agree() -> None:
    """A low by name or by date is one window; the low is the benchmark's, not each row's."""
    view = random_view()
    performance = measures.get("performance")
    low = performance(view, since="low").table
    named = performance(view, horizons=("since_low",)).table
    assert low is not None and named is not None
    start = low["start"][0]
    assert low["start"].n_unique() == 1
    by_date = performance(view, since=str(start)).table
    assert by_date is not None
    for other in (named, by_date):
        assert other["value"].fill_nan(None).to_list() == low["value"].fill_nan(None).to_list()
        assert other["start"].to_list() == low["start"].to_list()


# ---- turning points: a plain state machine
# -------------------------------------------------------------


def turns_by_loop(p: list[float], fall: float, rise: float) -> list[tuple[str, int, int]]:
    """(kind, session, session of confirmation) by walking through the closes one at a time."""
    out, rising, best = [], True, 0
    for t, x in enumerate(p):
        if rising:
            if x > p[best]:
                best = t
            elif (p[best] - x) / p[best] > fall:
                out.append(("high", best, t))
                rising, best = False, t
        elif x < p[best]:
            best = t
        elif (x - p[best]) / p[best] > rise:
            out.append(("low", best, t))
            rising, best = True, t
    return out


def test_swing_lows_rest_on_the_two_turns_before_the_last() -> None:
    """Highs of sessions 1 and 5, lows of 3 and 7, and a high that is not confirmed, of 8."""
    level = [100.0, 110.0, 100.0, 95.0, 105.0, 120.0, 108.0, 104.0, 115.0]
    view = make(levels={"a": level}, sessions=weekdays(9))
    table = measures.get("swing_lows")(view, fall=0.05, rise=0.03).table
    assert table is not None
    days = [str(d) for d in view.sessions]
    assert table["start"].cast(pl.String).to_list() == [days[t] for t in (1, 3, 5, 7, 8)]
    assert table["reach"].to_list() == [days[t] for t in (0, 0, 0, 1, 3)]
    first = f"measured from the first high of a history that begins on {days[0]}"
    assert table["caveat"].to_list() == ["", first, "", "", ""], "the first high has no value"


@given(st.integers(0, 2**31), st.floats(0.01, 0.2), st.floats(0.01, 0.2))
@settings(max_examples=40)
def test_swing_lows_equal_the_plain_loop(seed: int, fall: float, rise: float) -> None:
    p = list(100 * np.cumprod(1 + np.random.default_rng(seed).normal(0, 0.02, 400)))
    view = make(levels={"A": p})
    table = measures.get("swing_lows")(view, fall=fall, rise=rise).table
    assert table is not None
    day = {d: t for t, d in enumerate(view.sessions.astype(object).tolist())}
    found = [
        (r["kind"], day[r["start"]], day[r["end"]])
        for r in table.iter_rows(named=True)
        if not r["kind"].startswith("running")
    ]
    assert found == turns_by_loop(p, fall, rise)


# ---- breadth: member by member
# -------------------------------------------------------------------------


def members(view: View) -> Iterator[tuple[int, int, list[int]]]:
    """(subject, session, its members) for every session of every span."""
    for span in view.spans:
        for s in range(len(view.subjects)):
            held = np.flatnonzero(span.weights[s] > 0).tolist()
            for t in range(span.start, span.stop):
                yield s, t, held


def test_breadth_equals_a_loop_over_members() -> None:
    """Above the 20-day mean, advances, new highs, beating the index: member by member."""
    view = random_view(seed=5, sessions=300)
    x, r = view.field("price_index"), view.field("price_return")
    above = measures.get("percent_above_average")(view, window=20)
    counts = measures.get("advance_decline")(view, discard=0)
    highs = measures.get("new_highs_lows")(view, window=30)
    beating = measures.get("beating_index")(view, window=10)
    assert isinstance(counts.value, dict) and isinstance(highs.value, dict)

    def carried(i: int, t: int, window: int) -> bool:
        return sum(math.isnan(r[i, s]) for s in range(max(t - window + 1, 0), t + 1)) > 10

    for s, t, held in members(view):
        today = [i for i in held if not math.isnan(r[i, t])]
        there = [i for i in held if not (math.isnan(x[i, t]) and not np.isnan(x[i, :t]).all())]
        assert counts.n_eligible is not None and counts.n_eligible[s, t] == len(there)
        old = [
            i
            for i in today
            if t >= 19 and np.isfinite(x[i, t - 19 : t + 1]).all() and not carried(i, t, 20)
        ]
        up = [i for i in old if x[i, t] > sum(x[i, t - 19 : t + 1]) / 20 * (1 + 1e-12)]
        assert above.n_used is not None and above.n_used[s, t] == len(old)
        assert np.asarray(above.value)[s, t] == pytest.approx(
            len(up) / len(old) if old else math.nan, nan_ok=True
        )
        if today:
            assert counts.value["advances"][s, t] == sum(r[i, t] > 0 for i in today)
            assert counts.value["declines"][s, t] == sum(r[i, t] < 0 for i in today)
        old = [
            i
            for i in today
            if t >= 30 and np.isfinite(x[i, t - 30 : t]).all() and not carried(i, t, 30)
        ]
        if old:
            assert highs.value["new_highs"][s, t] == sum(
                x[i, t] >= max(x[i, t - 30 : t]) for i in old
            )
            assert highs.value["new_lows"][s, t] == sum(
                x[i, t] <= min(x[i, t - 30 : t]) for i in old
            )
            records = sum(x[i, t] > np.nanmax(x[i, :t]) * (1 + 1e-12) for i in old)
            assert highs.value["at_record"][s, t] == pytest.approx(records / len(old))
        old = [i for i in today if t >= 10 and math.isfinite(x[i, t - 10])]
        if old and math.isfinite(view.levels[s, t - 10]):
            own = view.levels[s, t] / view.levels[s, t - 10]
            assert np.asarray(beating.value)[s, t] == pytest.approx(
                sum(x[i, t] / x[i, t - 10] > own for i in old) / len(old)
            )


def test_suspension_longer_than_ten_sessions_leaves_breadth() -> None:
    """Ten carried closes in the window are allowed, eleven are not."""
    # the first close of all has no return: it counts as carried
    for gap, used in ((9, 2.0), (10, 1.0)):
        broken = [math.nan, *[0.01] * 5, *[math.nan] * gap, *[0.01] * (34 - gap)]
        view = make(
            returns={"a": broken, "b": [math.nan, *[0.01] * 39]}, targets={"all": [(1, [0.5, 0.5])]}
        )
        found = measures.get("percent_above_average")(view, window=40)
        assert found.n_used is not None and found.n_used[0, -1] == used


def test_ten_sessions_without_data_are_a_halt_for_listing_and_breadth_eleven_are_none() -> None:
    """Both ask the same: the panel who is listed, breadth who counts.

    Of three members from session 1 on, one is silent for sessions 21 to 30, one from 21 to 31.
    """
    closes = np.full((3, 60), 100.0) + np.arange(60)
    closes[1, 21:31] = math.nan
    closes[2, 21:32] = math.nan
    days = weekdays(60)
    p = Panel(days, ("a", "b", "c"), {"close": closes})
    assert p.listed[1].all()
    assert np.flatnonzero(~p.listed[2]).tolist() == [31]
    r = np.where(np.isfinite(closes), 0.01, math.nan)
    r[:, 0] = math.nan
    view = make(
        returns=dict(zip("abc", r.tolist(), strict=True)), targets={"all": [(1, [0.4, 0.3, 0.3])]}
    )
    used = measures.get("percent_above_average")(view, window=20).n_used
    assert used is not None
    # silent ones count no session; after its return the member of eleven waits until session 41,
    # when only ten of the last twenty are silent
    assert used[0, 20:43].tolist() == [3, *[1] * 10, 2, *[2] * 9, 3, 3]


@pytest.mark.parametrize(
    ("name", "params", "other"),
    [
        ("beating_index", {"window": 21}, {"window": 20}),
        ("new_highs_lows", {"window": 252}, {"window": 253}),
        ("relative_rotation", {"tail": 8}, {"tail": 7}),
        ("factors", {"quantiles": 5}, {"quantiles": 4}),
    ],
)
def test_what_is_meant_when_nothing_is_said(
    name: str, params: dict[str, int], other: dict[str, int]
) -> None:
    """METHODS states these defaults; another number gives another result."""
    view, ask = random_view(7, sessions=900), measures.get(name)

    def shown(result: Result) -> str:
        if result.table is not None:
            return result.table.write_json()
        values = result.value if isinstance(result.value, dict) else {"": result.value}
        return json.dumps({k: np.asarray(v).tolist() for k, v in values.items()})

    assert shown(ask(view)) == shown(ask(view, **params)) != shown(ask(view, **other))


def test_factors_are_shown_for_ten_years() -> None:
    assert measures.get("factors").defaults()["years"] == 10


def test_the_price_relative_lies_above_zero() -> None:
    """A level of less is no ratio of two prices: conformance may say so."""
    assert measures.get("relative_strength").bounds == (0.0, math.inf)


def test_a_tiny_halted_stock_is_not_above_its_mean() -> None:
    """Rounding of a mean of equal numbers is no advance."""
    flat = [math.nan, 0.1, -0.07, *[0.0] * 60]
    view = make(returns={"a": flat, "b": flat}, targets={"all": [(1, [0.5, 0.5])]})
    found = np.asarray(measures.get("percent_above_average")(view, window=20).value)[0]
    assert (found[30:] == 0).all()


# ---- contributions
# -------------------------------------------------------------------------------------


@pytest.mark.parametrize("basis", ["price", "total"])
@pytest.mark.parametrize("since", ["ytd", "2023-03-15", "1m"])
def test_contributions_add_up_and_equal_a_loop(basis: str, since: str) -> None:
    """Sums of daily w r I / I0 by security, with leavers and gaps; residual below 1e-12."""
    view = random_view(seed=2)
    table = measures.get("contributions")(view, since=since, basis=basis, k=99).table
    assert table is not None
    day = {d: t for t, d in enumerate(view.sessions.astype(object).tolist())}
    start = day[table["start"][0]]
    price, total = view.field("price_return"), view.field("total_return")
    move = np.where(np.isfinite(price), price, total)
    own = np.nan_to_num(price if basis == "price" else total)
    last = [int(np.flatnonzero(np.isfinite(m)).max()) for m in move]
    levels = view.all_levels[basis]
    assert (
        table.filter(pl.col("statistic") == "residual")["value"].fill_nan(0).abs() < 1e-12
    ).all()
    for s, subject in enumerate(view.subjects):
        if not any(span.weights[s].any() for span in view.spans):
            assert subject not in table["subject"]
            continue
        assert math.isfinite(levels[s, start]) or subject == "late"
        if not math.isfinite(levels[s, start]):
            continue
        wanted: dict[str, float] = defaultdict(float)
        for span in view.spans:
            held = span.weights[s].copy()
            for t in range(span.start, span.stop):
                held = np.where([x >= t for x in last], held, 0.0)
                if t > start:
                    for i in np.flatnonzero(held):
                        wanted[view.securities[i]] += (
                            held[i] / held.sum() * own[i, t] * levels[s, t - 1] / levels[s, start]
                        )
                held = held * (1 + np.nan_to_num(move[:, t]))
        rows = table.filter(pl.col("subject") == subject, pl.col("security").is_not_null())
        found = dict(zip(rows["company"], rows["value"], strict=True))
        assert sorted(" + ".join(found).split(" + ")) == sorted(wanted)
        of = dict(zip(view.securities, companies(view).tolist(), strict=True))
        for lines, value in found.items():
            names = lines.split(" + ")
            assert value == pytest.approx(sum(wanted[n] for n in names), abs=1e-13)
            assert {n for n in wanted if of[n] == of[names[0]]} == set(names)
        assert sum(found.values()) == pytest.approx(levels[s, -1] / levels[s, start] - 1, abs=1e-12)
        assert rows["value"].is_sorted(descending=True)


def test_that_others_lost_is_said_only_of_others_who_lost() -> None:
    """Of two companies, +10% and -5% at half the weight each: +2.5%; the first alone gave 5%."""
    view = make(
        returns={"a": [math.nan, 0.1], "b": [math.nan, -0.05], "c": [math.nan, 0.0]},
        targets={"two": [(1, [0.5, 0.5, 0.0])], "flat": [(1, [0.5, 0.0, 0.5])]},
    )
    said = {}
    for k in (1, 2, 9):
        table = measures.get("contributions")(view, since="1d", basis="price", k=k).table
        assert table is not None
        for row in table.filter(pl.col("statistic") == "top_share").to_dicts():
            said[row["subject"], k] = (round(row["value"], 9), row["caveat"])
    assert said["two", 1][0] == 2.0 and "the other members lost" in said["two", 1][1]
    # rounding may leave a share a little above one: nobody else is there, or nobody lost
    nobody = {key: value for key, value in said.items() if key != ("two", 1)}
    assert len(nobody) == 5 and set(nobody.values()) == {(1.0, None)}


# ---- league
# --------------------------------------------------------------------------------------------


@given(st.lists(st.integers(-400, 400), min_size=1, max_size=12))
def test_ranks_keep_order_and_ties(points: list[int]) -> None:
    """In units of 0.001: neighbours closer than a tie share a rank.

    Others are as many ranks down as are better."""
    values = np.array(points) * 0.0004
    place = tied_ranks(values, 0.001)
    order = sorted(range(len(points)), key=lambda i: -points[i])
    assert place[order[0]] == 1
    for k in range(1, len(order)):
        a, b = order[k - 1], order[k]
        if (points[a] - points[b]) * 0.4 < 1 - 1e-9:
            assert place[b] == place[a]
        else:
            assert place[b] == k + 1
    assert (tied_ranks(np.array([np.nan, 1.0]), 0.001) == [-1, 1]).all()


def test_empty_history_has_no_value_anywhere() -> None:
    """One session: every measure of levels answers, and nothing has a return."""
    view = make(
        levels={"A": [100.0], "B": [math.nan]},
        groups={"g": ["A", "B"]},
        pairs=[("A", "B")],
        benchmark="A",
    )
    for name in ("performance", "league"):
        table = measures.get(name)(view).table
        assert table is not None and table["value"].fill_nan(None).null_count() == len(table)
    for name in ("streaks", "record_highs", "swing_lows"):
        table = measures.get(name)(view).table
        assert table is not None and len(table)


@pytest.mark.parametrize(
    ("name", "parameter", "least", "greatest"),
    [
        ("league", "tie", 0.0, 1.0),
        ("trend_state", "off", 0.0, 1.0),
        ("tax_loss", "share", 0.0, 1.0),
        ("swing_lows", "fall", 1e-6, 1.0),
        ("swing_lows", "rise", 1e-6, 10.0),
        ("advance_decline", "discard", 0, 100_000),
        ("factor_history", "years", 0, 1000),
        ("performance", "years", 0, 200),
    ],
)
def test_what_a_parameter_may_be_at_least_and_at_most(
    name: str, parameter: str, least: float, greatest: float
) -> None:
    found = measures.get(name)
    found.check({parameter: least})
    found.check({parameter: greatest})
    step = 1 if isinstance(least, int) else 1e-7
    for value in (least - step, greatest + step):
        with pytest.raises(UsageError, match=parameter):
            found.check({parameter: value})
