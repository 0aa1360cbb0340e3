"""Built baskets and what is published for them: months apart, on the figures that touch them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from paceline.indices import apart
from paceline.indices.apart import Apart
from paceline.market import Market

DAYS = np.array(["2025-01-31", "2025-02-03", "2025-02-28", "2025-03-31"], "datetime64[D]")


def test_months_are_apart_by_the_difference_of_their_returns() -> None:
    own = np.array([100.0, 50.0, 110.0, 121.0])
    other = np.array([10.0, 10.0, 10.8, 11.88])
    ends = np.array([0, 2, 3])
    (only,) = apart.spans(own, other, DAYS, ends, 0.01)
    assert only[:2] == ("2025-01-31", "2025-02-28")
    assert only[2] == pytest.approx(0.02, abs=1e-12)  # 10% against 8%; both 10% in March
    assert apart.spans(own, other, DAYS, ends, 0.021) == ()
    assert apart.spans(own, np.full(4, np.nan), DAYS, ends, 0.01) == ()


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2025-01-31", "2025-02-28", True),
        ("2025-02-27", "2025-03-31", True),
        ("2025-02-28", "2025-03-31", False),
        ("2025-01-02", "2025-01-31", False),
        ("2025-02-28", "2025-02-28", True),
        ("2025-01-31", "2025-01-31", False),
    ],
)
def test_a_window_says_so_where_it_touches_the_month(start: str, end: str, said: bool) -> None:
    one = Apart("a", "b", "price", (("2025-01-31", "2025-02-28", -0.0204),))
    expected = "a and b, published for it, are 2.04 points apart in 2025-02" if said else ""
    assert one.caveat(start, end) == expected


def test_what_no_market_file_declares_is_not_said_to_be_published_for_it() -> None:
    spans = (("2025-01-31", "2025-02-28", -0.02),)
    told = Apart("a", "b", "price", spans, declared=False).caveat("2025-01-31", "2025-02-28")
    assert told == "a and b, the benchmark, are 2.00 points apart in 2025-02"


def test_several_months_and_a_lag_are_said_in_one_sentence() -> None:
    spans = (("2025-01-31", "2025-02-28", -0.02), ("2025-02-28", "2025-03-31", 0.031))
    told = Apart("a", "b", "price", spans, 1).caveat("2025-01-31", "2025-03-31")
    assert told == (
        "a and b, published for it, are up to 3.10 points apart in 2 months (2025-02 to 2025-03); "
        "daily changes of b fit a session late"
    )
    assert "changes of a fit" in Apart("a", "b", "price", spans, -1).caveat(
        "2025-02-03", "2025-03-03"
    )


def test_the_later_of_two_series_is_found_and_no_lag_where_there_is_none() -> None:
    rng = np.random.default_rng(1)
    x = 100 * np.cumprod(1 + rng.normal(0, 0.01, 60))
    late = np.r_[x[0], x[:-1]]
    noise = 100 * np.cumprod(1 + rng.normal(0, 0.01, 60))
    assert apart.lag(x, late) == 1
    assert apart.lag(late, x) == -1
    assert apart.lag(x, x) == apart.lag(x, noise) == apart.lag(x, np.full(60, 5.0)) == 0
    assert apart.lag(x[:10], late[:10]) == 0, "too few"


MARKET = """
[market]
name = "apart"
calendar = "XNYS"
benchmark = "idx"
store = "store"
[sources.stocks]
path = "stocks.csv"
columns = { security = "security", date = "date", close = "close" }
[sources.index]
path = "index.csv"
columns = { security = "security", date = "date", close = "close" }
options = { also_securities = { kind = "index" } }
[sources.members]
table = "members"
path = "members.csv"
columns = { universe = "universe", security = "security", start = "start" }
[universes.list]
members = "list"
[baskets.idx]
instrument = "IDX"
[baskets.all]
universe = "list"
weight = "equal"
rebalance = "quarterly"
[baskets.other]
instrument = "AAA"
[published]
all = "idx"
"""


def test_an_index_a_session_late_is_said_on_its_figures_and_those_of_the_universe(
    tmp_path: Path,
) -> None:
    every = pl.date_range(dt.date(2025, 2, 3), dt.date(2025, 4, 30), eager=True)
    off = [dt.date(2025, 2, 17), dt.date(2025, 4, 18)]
    days = [d for d in every.to_list() if d.weekday() < 5 and d not in off]
    moves = np.random.default_rng(2).normal(0, 0.02, len(days))
    close = 100 * np.cumprod(1 + moves)
    at = days.index(dt.date(2025, 3, 31))
    late = np.r_[close[:at], close[at - 1 : -1]]
    frames = {
        "stocks": pl.concat(
            [pl.DataFrame({"security": s, "date": days, "close": close}) for s in ("AAA", "BBB")]
        ),
        "index": pl.DataFrame({"security": "IDX", "date": days, "close": late}),
        "members": pl.DataFrame(
            {"universe": "list", "security": ["AAA", "BBB"], "start": [days[0]] * 2}
        ),
    }
    for name, frame in frames.items():
        frame.write_csv(tmp_path / f"{name}.csv")
    (tmp_path / "market.toml").write_text(MARKET)
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    said = {
        f.subject: [c for c in f.caveats if "published for it" in c]
        for f in market.show("performance", since="2025-04-01")
    }
    assert [len(said[n]) for n in ("idx", "all", "other")] == [1, 1, 0]
    assert said["idx"][0].endswith("daily changes of idx fit a session late")
    before = market.show("performance", since="2025-02-03", subjects=["idx"])[0]
    assert any("2025-04" in c for c in before.caveats)


CAPS = """
[sources.shares]
table = "shares"
path = "shares.csv"
columns = { security = "security", date = "date", float_factor = "float" }
[baskets.cap]
universe = "list"
weight = "cap"
"""


@pytest.mark.parametrize("known", [["AAA", "BBB"], ["AAA"]])
def test_a_member_without_a_float_factor_is_said(tmp_path: Path, known: list[str]) -> None:
    days = [dt.date(2025, 2, d) for d in (3, 4, 5, 6, 7)]
    row = {"date": days, "close": [10.0, 11, 12, 13, 14], "cap": [1e9] * 5}
    stocks = pl.concat([pl.DataFrame({"security": s, **row}) for s in ("AAA", "BBB")])
    stocks.write_csv(tmp_path / "stocks.csv")
    index = pl.DataFrame({"security": "IDX", **row}).drop("cap")
    index.write_csv(tmp_path / "index.csv")
    members = {"universe": "list", "security": ["AAA", "BBB"], "start": days[0]}
    pl.DataFrame(members).write_csv(tmp_path / "members.csv")
    shares = {"security": known, "date": [days[0]] * len(known), "float": [0.8] * len(known)}
    types = {"security": pl.String, "date": pl.Date, "float": pl.Float64}
    pl.DataFrame(shares, schema=types).write_csv(tmp_path / "shares.csv")
    text = MARKET.replace('close = "close" }', 'close = "close", market_cap = "cap" }', 1) + CAPS
    (tmp_path / "market.toml").write_text(text)
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    why = "without a float factor 1 of 2 members is weighed by its whole market cap on 2025-02-03"
    shown = market.show("performance", since="2025-02-04")
    said = {f.subject: why in f.caveats for f in shown}
    assert said["cap"] is (len(known) < 2)
    assert not said["all"], "equal weights need no size"


def test_a_market_cap_that_is_no_close_times_shares_is_said(tmp_path: Path) -> None:
    """Both caps are 1000 million at closes of 10; AAA has 100 million shares, BBB 60 million."""
    days = [dt.date(2025, 2, d) for d in (3, 4, 5, 6, 7)]
    row = {"date": days, "close": [10.0, 11, 12, 13, 14], "cap": [1e9, 1.1e9, 1.2e9, 1.3e9, 1.4e9]}
    stocks = pl.concat([pl.DataFrame({"security": s, **row}) for s in ("AAA", "BBB")])
    stocks.write_csv(tmp_path / "stocks.csv")
    index = pl.DataFrame({"security": "IDX", **row}).drop("cap")
    index.write_csv(tmp_path / "index.csv")
    members = {"universe": "list", "security": ["AAA", "BBB"], "start": days[0]}
    pl.DataFrame(members).write_csv(tmp_path / "members.csv")
    shares = {"security": ["AAA", "BBB"], "date": [days[0]] * 2, "float": [1e8, 6e7]}
    pl.DataFrame(shares).write_csv(tmp_path / "shares.csv")
    text = MARKET.replace('close = "close" }', 'close = "close", market_cap = "cap" }', 1)
    text += CAPS.replace("float_factor", "shares")
    (tmp_path / "market.toml").write_text(text)
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    said = {f.subject: f.caveats for f in market.show("performance", since="2025-02-04")}
    why = "market caps of 1 of 2 members are not close times shares on 2025-02-03"
    assert why in said["cap"] and why not in said["all"]
