"""A book against a market of six companies: every number by plain means, every fault one error."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import paceline
import sentences
import series_market as series
from paceline import calendars
from paceline.api import OpenMarket
from paceline.document import Grid, Sentence
from paceline.errors import NotEnoughData, SourceError, UnknownName, UsageError
from paceline.pages import exposure as page
from paceline.record import single
from paceline.studies import exposure
from paceline.studies.exposure import reading
from tiny_market import NAMES, Answered, changed, command, one_clear_error, text, write

BOOK = "ticker,weight\nAAA,50%\nBBB,30%\nCCC,20%\n"
WINDOW = 100


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny market, with a fund FND whose holdings it knows; imported."""
    folder = tmp_path_factory.mktemp("exposure")
    path = write(folder, sessions=400)
    own = pl.read_csv(folder / "data" / "prices.csv")
    fund = own.filter(pl.col("ticker") == "AAA").with_columns(pl.lit("FND").alias("ticker"))
    pl.concat([own, fund]).write_csv(folder / "data" / "prices.csv")
    lines = [("FND", "AAA", 0.6, "2025-09-12"), ("FND", "EEE", 0.3, "2025-09-12")]
    columns = ["fund", "security", "weight", "date"]
    pl.DataFrame(lines, schema=columns, orient="row").write_csv(folder / "data" / "held.csv")
    kinds = [(name, "common", f"{name} Inc") for name in NAMES] + [
        ("FND", "etf", "A Fund"),
        ("IDX", "index", "An index"),
    ]
    pl.DataFrame(kinds, schema=["security", "kind", "name"], orient="row").write_csv(
        folder / "data" / "kinds.csv"
    )
    tables = changed(("sources", "held"), {"table": "holdings", "path": "held.csv"})
    tables["sources"]["kinds"] = {"table": "securities", "path": "kinds.csv"}
    tables["sources"]["prices"] = {**tables["sources"]["prices"], "where": {}}
    path.write_text(text(tables))
    paceline.open(path).import_()
    return folder


@pytest.fixture(scope="module")
def market(folder: Path) -> OpenMarket:
    return paceline.open(folder / "market.toml")


def asked(market: OpenMarket, holdings: object, **how: Any) -> exposure.Exposure:
    return market.exposure(holdings, **{"window": WINDOW, **how})


def written(folder: Path, lines: str, name: str = "book.csv") -> Path:
    path = folder / name
    path.write_text(lines)
    return path


def returns(folder: Path, names: Sequence[str] = NAMES) -> np.ndarray:
    """Returns (N, T) as the file of prices has them."""
    rows = pl.read_csv(folder / "data" / "prices.csv")
    return np.array([rows.filter(pl.col("ticker") == n)["change"] / 100 for n in names])


def closes(folder: Path) -> dict[str, float]:
    """The last close of each."""
    rows = pl.read_csv(folder / "data" / "prices.csv")
    return dict(rows.select("ticker", "close").rows())


def benchmark(folder: Path) -> np.ndarray:
    levels = pl.read_csv(folder / "data" / "index.csv")["close"].to_numpy()
    return np.diff(levels, prepend=np.nan) / np.r_[np.nan, levels[:-1]]


def weights_of(market: OpenMarket, basket: str = "cap") -> dict[str, float]:
    return dict(market.weights(basket).rows())


# ---- a book of three stocks


def test_weights_beside_the_benchmark(market: OpenMarket, folder: Path) -> None:
    answer = asked(market, written(folder, BOOK))
    mine, whole = {"AAA": 0.5, "BBB": 0.3, "CCC": 0.2}, weights_of(market)
    share = sum(abs(mine.get(n, 0) - whole[n]) for n in NAMES) / 2
    assert answer.figure("whole", "", "active_share").value == pytest.approx(share)
    assert answer.figure("whole", "", "hhi").value == pytest.approx(0.25 + 0.09 + 0.04)
    assert answer.figure("whole", "", "effective_number").value == pytest.approx(1 / 0.38)
    assert answer.figure("whole", "", "top10").value == pytest.approx(1)
    tech = whole["AAA"] + whole["BBB"]
    for number, value in (("book", 0.8), ("benchmark", tech), ("active", 0.8 - tech)):
        assert answer.figure("sector", "Tech", number).value == pytest.approx(value)
    banks = whole["EEE"] + whole["FFF"]
    assert answer.figure("sector", "Banks", "active").value == pytest.approx(-banks)
    assert answer.figure("size", "mega", "book").value == pytest.approx(1)
    top = {n for n, w in weights_of(market, "top").items() if w}
    held = sum(mine.get(n, 0) for n in top)
    assert answer.figure("theme", "top", "book").value == pytest.approx(held)


def test_cuts_add_up_to_the_whole(market: OpenMarket) -> None:
    answer = asked(market, {"AAA": 0.5, "FFF": -0.1, "NOPE": 0.25, "CASH": 0.35})
    for kind in ("size", "sector"):
        rows = answer.active.cuts[kind]
        assert sum(r.book for r in rows) == pytest.approx(1)
        assert sum(r.benchmark for r in rows) == pytest.approx(1)
        assert sum(r.active for r in rows) == pytest.approx(0, abs=1e-12)
    assert answer.figure("sector", "not matched", "active").value == pytest.approx(0.25)
    assert answer.figure("unmatched", "NOPE", "weight").value == pytest.approx(0.25)
    assert any("NOPE" in c for c in answer.figure("whole", "", "active_share").caveats)


def test_betas_are_those_of_statsmodels(market: OpenMarket, folder: Path) -> None:
    import statsmodels.api as sm

    r, whole = returns(folder)[:, -WINDOW:], benchmark(folder)[-WINDOW:]
    answer = asked(market, written(folder, BOOK), past="weights")
    how = {"maxlags": int(4 * (WINDOW / 100) ** (2 / 9))}
    y = np.array([0.5, 0.3, 0.2]) @ r[:3]
    fit = sm.OLS(y, sm.add_constant(whole)).fit(cov_type="HAC", cov_kwds=how, use_t=True)
    for number in ("holdings", "returns"):
        figure = answer.figure("beta", "market", number)
        assert figure.value == pytest.approx(fit.params[1], abs=2e-5)
        found = [figure.evidence["low"], figure.evidence["high"]]
        assert found == pytest.approx(fit.conf_int()[1], abs=2e-5)
        assert figure.evidence["n"] == WINDOW
    assert answer.figure("beta", "market", "r_squared").value == pytest.approx(
        fit.rsquared, abs=1e-5
    )


def test_a_theme_is_asked_beside_the_market(market: OpenMarket, folder: Path) -> None:
    import statsmodels.api as sm

    levels = market.levels(["top", "bottom"])
    change = np.diff(np.log(levels["top"].to_numpy() / levels["bottom"].to_numpy()))[-WINDOW:]
    r, whole = returns(folder)[:, -WINDOW:], benchmark(folder)[-WINDOW:]
    x = sm.add_constant(np.column_stack([whole, change]))
    fit = sm.OLS(np.array([0.5, 0.3, 0.2]) @ r[:3], x).fit()
    answer = asked(market, written(folder, BOOK), past="weights")
    assert answer.figure("beta", "tb", "holdings").value == pytest.approx(fit.params[2], abs=2e-5)
    assert answer.without == ("sectors: a spread among many has no direction",)


def test_shares_held_all_along(market: OpenMarket, folder: Path) -> None:
    r, whole = returns(folder)[:, -WINDOW:], benchmark(folder)[-WINDOW:]
    growth = np.cumprod(1 + r[:3, ::-1], axis=1)[:, ::-1]
    worth = (np.array([[0.5], [0.3], [0.2]]) / growth).sum(axis=0)
    own = np.r_[worth[1:], 1] / worth - 1
    slope = np.cov(own, whole)[0, 1] / whole.var(ddof=1)
    answer = asked(market, written(folder, BOOK))
    assert answer.figure("beta", "market", "returns").value == pytest.approx(slope, abs=2e-5)
    held = asked(market, written(folder, BOOK), past="weights").figure("beta", "market", "returns")
    assert held.value != answer.figure("beta", "market", "returns").value


def test_the_way_back_is_the_beta_times_the_line(market: OpenMarket) -> None:
    answer = asked(market, {"AAA": 1.0})
    beta = next(b for b in answer.betas if b.driver.name == "tb")
    assert beta.driver.pivot, "the pair has turned"
    levels = market.levels(["top", "bottom"])
    line = dict(
        zip(levels["date"].to_list(), np.log(levels["top"] / levels["bottom"]), strict=True)
    )
    then = next(v for d, v in line.items() if str(d) == beta.driver.pivot)
    back = then - list(line.values())[-1]
    slope = answer.figure("beta", "tb", "holdings").number
    assert answer.figure("way back", "tb", "line").value == pytest.approx(np.expm1(back))
    found = answer.figure("way back", "tb", "book")
    assert found.value == pytest.approx(np.expm1(slope * back)) and found.start == beta.driver.pivot


# ---- what is held


def test_a_fund_is_looked_through_and_has_its_own_beta(market: OpenMarket, folder: Path) -> None:
    answer = asked(market, {"FND": 0.5, "BBB": 0.5})
    assert answer.book.kinds == ("fund", "stock")
    assert answer.figure("sector", "Tech", "book").value == pytest.approx(0.5 + 0.5 * 0.6)
    assert answer.figure("sector", "Banks", "book").value == pytest.approx(0.5 * 0.3)
    rest = answer.figure("sector", "funds, not looked through", "book")
    assert rest.value == pytest.approx(0.5 * 0.1)
    assert any("FND is looked through" in c for c in rest.caveats)
    alone = asked(market, {"AAA": 0.5, "BBB": 0.5})  # the fund's prices are those of AAA
    fund = answer.figure("beta", "market", "holdings").number
    assert fund == pytest.approx(alone.figure("beta", "market", "holdings").number, abs=2e-5)


def test_lines_of_one_name_are_added_up_and_spellings_are_one(market: OpenMarket) -> None:
    frame = pl.DataFrame({"Symbol": ["AAA", "aaa", "BBB", "USD"], "Weight": [20, 30, 40, 10]})
    answer = asked(market, frame)
    assert answer.book.names == ("AAA", "BBB", "cash")
    assert answer.book.weights.tolist() == pytest.approx([0.5, 0.4, 0.1])
    assert "lines of one name added up: AAA" in answer.caveats


def test_money_is_told_from_a_share_of_that_name() -> None:
    """CASH is the ticker of a bank, USD that of a fund: their names say so."""
    told = [("CASH", ""), ("CASH", "Cash and equivalents"), ("", "US DOLLAR"), ("CASH_USD", "")]
    told += [("CASH", "PATHWARD FINANCIAL INC"), ("USD", "ProShares Ultra Semis"), ("CASHX", "")]
    money = [reading.BookLine(1, ticker, name, 0.1).cash for ticker, name in told]
    assert money == [True, True, True, True, False, False, False]


def test_shares_are_worth_their_closes_and_a_price_column_goes_first(
    market: OpenMarket, folder: Path
) -> None:
    close = closes(folder)
    answer = asked(market, pl.DataFrame({"ticker": ["AAA", "BBB"], "shares": [10, -2]}))
    worth = 10 * close["AAA"] - 2 * close["BBB"]
    assert answer.book.worth == pytest.approx(worth)
    assert answer.book.weights[0] == pytest.approx(10 * close["AAA"] / worth)
    priced = pl.DataFrame({"ticker": ["AAA", "BBB"], "shares": [10, 10], "price": [30.0, 10.0]})
    answer = asked(market, priced)
    assert answer.book.weights.tolist() == pytest.approx([0.75, 0.25])
    far = "prices of the file far from the market's closes, and taken all the same: "
    told = f"{far}AAA 30 against a close of {close['AAA']:g}; BBB 10 against a close of "
    assert any(c.startswith(told) for c in answer.caveats)
    near = priced.with_columns(price=pl.Series([close["AAA"] * 1.05, close["BBB"]]))
    assert not any(c.startswith(far) for c in asked(market, near).caveats)


def test_weights_of_an_earlier_day_are_rolled_on(market: OpenMarket, folder: Path) -> None:
    frame = pl.DataFrame({"ticker": ["AAA", "BBB"], "weight": [0.5, 0.5], "date": "2025-09-05"})
    growth = np.prod(1 + returns(folder)[:2, -5:], axis=1)
    answer = asked(market, frame)
    assert answer.book.weights == pytest.approx(growth / growth.sum())
    assert any("rolled on with returns to 2025-09-12" in c for c in answer.caveats)
    assert not any("are in it" in c or "no return" in c for c in answer.caveats)
    old = asked(market, frame.with_columns(date=pl.lit("1995-06-30")))
    first = market.all_levels.sessions[0]
    kept = f"only returns from {first} on are in it: weights of 1995-06-30 stand until then"
    assert kept in old.caveats
    assert not any("no return" in c for c in old.caveats)


def test_a_return_that_lacks_on_the_way_is_said(tmp_path: Path) -> None:
    days, none = series.DAYS, list(series.DAYS[380:383])

    def holed(files: series.Frames) -> series.Frames:
        lost = (pl.col("security") == "S01") & pl.col("date").is_in(none)
        return {**files, "stocks": files["stocks"].filter(~lost)}

    series.market(tmp_path, edit=holed)
    frame = pl.DataFrame({"ticker": ["S00", "S01"], "weight": 0.5, "date": str(days[370])})
    answer = asked(paceline.open(tmp_path / "market.toml"), frame)
    said = "no return since then, zero where no later one covers it: S01 on 3 sessions"
    assert said in answer.caveats


def test_a_history_is_the_past_of_the_book(market: OpenMarket, folder: Path) -> None:
    days = [str(d) for d in market.all_levels.sessions]
    first, second = days[-WINDOW], days[-40]
    lines = [(first, "AAA", 1.0), (second, "AAA", 0.25), (second, "CCC", 0.75)]
    lines += [("2025-12-31", "FFF", 1.0)]  # not known yet
    frame = pl.DataFrame(lines, schema=["date", "ticker", "weight"], orient="row")
    answer = asked(market, frame)
    assert answer.book.since == first and set(answer.book.names) == {"AAA", "CCC"}
    r, whole = returns(folder), benchmark(folder)
    own = np.r_[r[0, -WINDOW + 1 : -39], 0.25 * r[0, -39:] + 0.75 * r[2, -39:]]
    slope = np.cov(own, whole[-WINDOW + 1 :])[0, 1] / whole[-WINDOW + 1 :].var(ddof=1)
    assert answer.figure("beta", "market", "returns").value == pytest.approx(slope, abs=2e-5)
    early = paceline.open(folder / "market.toml", as_of=days[-50])
    then = asked(early, frame, window=60)
    assert then.book.names == ("AAA",), "what is stated later is not seen"


def test_a_book_is_the_same_from_a_file_a_frame_and_a_dictionary(
    market: OpenMarket, folder: Path
) -> None:
    import pandas as pd
    import xlsxwriter

    weights = {"AAA": 0.5, "BBB": 0.3, "CCC": 0.2}
    with xlsxwriter.Workbook(folder / "book.xlsx") as workbook:
        sheet = workbook.add_worksheet()
        for at, row in enumerate([("My book", ""), ("", ""), ("Ticker", "Weight (%)")]):
            sheet.write_row(at, 0, row)
        for at, (name, weight) in enumerate(weights.items(), 3):
            sheet.write_row(at, 0, (name, 100 * weight))
    frame = pd.DataFrame({"ticker": list(weights), "weight": list(weights.values())})
    prose = 'Fund\n"as of, today"\n\nticker;weight\nAAA;50,0\nBBB;30,0\nCCC;20,0\n\nAll, rights\n'
    given = (
        *(weights, frame, pl.from_pandas(frame), folder / "book.xlsx"),
        *(written(folder, BOOK), written(folder, prose, "prose.csv")),
    )
    answers = [asked(market, one) for one in given]
    for answer in answers:
        assert answer.book.names == tuple(weights)
        assert answer.book.weights.tolist() == pytest.approx(list(weights.values()))


def test_a_market_of_closes_alone_has_no_sizes(tmp_path: Path) -> None:
    levels = 100 * np.cumprod(1 + np.random.default_rng(5).normal(0, 0.01, (150, 3)), axis=0)
    days = calendars.sessions("XNYS", dt.date(2025, 9, 12))[-150:]
    prices = pl.DataFrame({"date": days} | dict(zip("ABC", levels.T, strict=True)))
    bare = paceline.open(frames={"prices": prices}, store=tmp_path / "store")
    answer = asked(bare, {"A": 1.0})
    assert answer.figure("size", "no market value known", "book").value == 1
    assert answer.betas[0].holdings.n == WINDOW
    assert answer.figure("whole", "", "active_share").value == pytest.approx(
        1 - weights_of(bare, "all")["A"]
    )
    tilt = asked(bare, {"A": 1.0}, tilt="B +10%", value=1e6)
    assert tilt.figure("tilt", "", "cost").value == pytest.approx(2 * 0.1 * 40)
    assert tilt.figure("trade", "B", "shares").value == round(1e5 / levels[-1, 1])


def test_style_is_that_of_the_measure(market: OpenMarket) -> None:
    answer = asked(market, {"AAA": 1.0})
    assert answer.mix.why == 'the market declares no group "styles"'
    assert not any(key.kind == "style" for key in answer.figures)


# ---- tilts


def test_a_tilt_costs_what_the_market_file_says(folder: Path) -> None:
    """Ten points of FND for CCC: 2 and 7 basis points; FND alone is named small, at 3."""
    path = folder / "costs.toml"
    declared = folder.joinpath("market.toml").read_text()
    usual = asked(paceline.open(folder / "market.toml"), written(folder, BOOK), tilt="FND +10%")
    path.write_text(declared + "\n[costs]\nmega = 2\nlarge = 7\nsmall = 3\n")
    own = asked(paceline.open(path), written(folder, BOOK), tilt="FND +10%")
    path.write_text(path.read_text() + 'buckets = { FND = "small" }\n')
    named = asked(paceline.open(path), written(folder, BOOK), tilt="FND +10%")
    costs = [a.figure("tilt", "", "cost") for a in (usual, own, named)]
    assert [c.value for c in costs] == pytest.approx([0.1 * 5 + 0.1 * 1, 0.1 * 7 + 0.1 * 2, 0.5])
    assert len({c.id for c in costs}) == 3


def test_a_tilt_trade_by_trade(market: OpenMarket, folder: Path) -> None:
    answer = asked(market, written(folder, BOOK), tilt="given +10%", value=1_000_000)
    whole = weights_of(market, "given")
    before = {"AAA": 0.5, "BBB": 0.3, "CCC": 0.2}
    after = {"AAA": 0.5 + 0.1 * whole["AAA"], "BBB": 0.3 + 0.1 * whole["BBB"], "CCC": 0.1}
    for name, weight in after.items():
        assert answer.figure("trade", name, "before").value == pytest.approx(before[name])
        assert answer.figure("trade", name, "after").value == pytest.approx(weight)
    assert answer.figure("tilt", "", "turnover").value == pytest.approx(0.1)
    assert answer.figure("tilt", "", "cost").value == pytest.approx(0.2 * 1.0)
    assert answer.figure("tilt", "", "money").value == pytest.approx(0.2 * 1e-4 * 1e6)
    assert answer.figure("trade", "CCC", "shares").value == round(-1e5 / closes(folder)["CCC"])
    again = asked(market, after)
    beta = again.figure("beta", "market", "holdings").number
    assert answer.figure("tilt", "market", "beta").value == pytest.approx(beta)
    share = again.figure("whole", "", "active_share").number
    assert answer.figure("tilt", "", "active_share").value == pytest.approx(share)


@pytest.mark.parametrize(
    ("tilt", "expected"),
    [
        ("Energy +10%", {"AAA": 0.4375, "BBB": 0.2625, "CCC": 0.3}),
        ("banks=+0.08", {"EEE": None, "FFF": None}),
        ("mega -0%", None),
        ("FND +5%", {"FND": 0.05}),
        ("EEE 4%", {"EEE": 0.04}),
        ("CASH +10%", {"cash": 0.1, "AAA": 0.45}),
        ("Energy +90%", {"AAA": 0.05, "BBB": 0.03, "CCC": 0.92}),
        ("CCC -5%", {"CCC": 0.15, "AAA": 0.5 + 0.05 * 5 / 8}),
    ],
)
def test_what_a_tilt_may_name(
    market: OpenMarket, folder: Path, tilt: str, expected: Mapping[str, float | None] | None
) -> None:
    path = written(folder, BOOK)
    if expected is None:
        with pytest.raises(UsageError, match="is no tilt"):
            asked(market, path, tilt=tilt)
        return
    answer = asked(market, path, tilt=tilt)
    assert answer.tilt is not None
    after = dict(zip(answer.tilt.moved.names, answer.tilt.moved.weights, strict=True))
    for name, weight in expected.items():
        assert after[name] == pytest.approx(weight) if weight is not None else after[name] > 0
    assert sum(after.values()) == pytest.approx(1)
    if tilt.startswith("banks"):
        whole = weights_of(market)
        assert after["EEE"] / after["FFF"] == pytest.approx(whole["EEE"] / whole["FFF"])


@pytest.mark.parametrize(
    ("tilt", "said"),
    [
        ("idx +5%", "cannot be bought|is the index"),
        ("nonsense +5%", "unknown basket"),
        ("sectors +5%", "is a group"),
        ("Energy", "is no tilt"),
        ("Energy +500%", "is no tilt"),
        ("Energy +nan%", "is no tilt"),
        ("small +5%", "holds anything of 'small'"),
        ("Energy -30%", "what it sells weighs 20"),
        ("Banks -5%", "what it sells weighs 0"),
    ],
)
def test_a_tilt_that_cannot_be(market: OpenMarket, folder: Path, tilt: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as raised:
        asked(market, written(folder, BOOK), tilt=tilt)
    assert raised.value.remedy


# ---- faults


@pytest.mark.parametrize(
    ("lines", "error", "said"),
    [
        ("", SourceError, "the file is empty"),
        ("ticker,weight\nAAA,0\n", UsageError, "every weight is zero"),
        ("ticker,weight\nAAA,1e308\nBBB,1e308\n", UsageError, "sum to inf"),
        ("ticker,weight\n", SourceError, "a header and no rows"),
        ("name,weight\nAAA,1\n", SourceError, "no column names securities"),
        ("ticker,name\nAAA,x\n", SourceError, "no column of weights, values or shares"),
        ("ticker,weight\nAAA,0.5\nBBB,much\n", SourceError, r"row 2 \(BBB\): column 'weight'"),
        ("ticker,weight\nAAA,0.5\nBBB,\n", SourceError, r"row 2 \(BBB\) has no weight"),
        ("ticker,weight\nAAA,nan\n", SourceError, r"row 1 \(AAA\) has no weight"),
        ("ticker,weight\nAAA,inf\n", SourceError, "is not finite"),
        ("ticker,weight\nAAA,1.3\nBBB,1\n", UsageError, "sum to 2.3, neither to 1 nor to 100"),
        ("ticker,weight\nAAA,130%\nBBB,100%\n", UsageError, "sum to 230 percent over 2 rows"),
        ("ticker,weight\nAAA,50%\nBBB,0.5\n", SourceError, "percent sign"),
        ("ticker,shares,price\nAAA,5,-3\n", SourceError, r"row 1 \(AAA\): the price -3"),
        ("ticker,weight,weight\nAAA,1,0\nBBB,0,1\n", SourceError, "two columns are named 'weight'"),
        ("ticker,shares,price\nAAA,-5,3\n", UsageError, "not above zero"),
        ("ticker,shares\nAAA,5\nNOPE,5\n", SourceError, r"row 2 \(NOPE\) has shares"),
        ("ticker,weight\nNOPE,0.5\nNADA,0.5\n", NotEnoughData, "none of its 2 names"),
        ("ticker,weight,date\nAAA,1,2025-12-31\n", UsageError, "are of 2025-12-31, after"),
        (
            "ticker,weight,date\nAAA,1,2025-08-01\nBBB,1,\n",
            UsageError,
            r"row 2 \(BBB\) has no date",
        ),
        ("ticker,weight,fund\nAAA,1,X\nBBB,1,Y\n", UsageError, "holds 2 books: X, Y"),
    ],
)
def test_a_book_that_cannot_be(
    market: OpenMarket, folder: Path, lines: str, error: type[Exception], said: str
) -> None:
    path = written(folder, lines, "bad.csv")
    with pytest.raises(error, match=said) as raised:
        asked(market, path)
    assert "bad.csv" in raised.value.message and raised.value.remedy


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ({"fund": "Z"}, UsageError, "names no books"),
        ({"against": "idx"}, UsageError, "not a basket with members"),
        ({"against": "nobody"}, UnknownName, "unknown basket"),
        ({"window": 10}, UsageError, "too few for a beta"),
        ({"window": -1}, UsageError, "window"),
        ({"unit": "points"}, UsageError, "unit: found 'points'"),
        ({"unit": "fraction"}, UsageError, "marked as percentages"),
        ({"past": "dreams"}, UsageError, "past: found 'dreams'"),
        ({"value": -5.0}, UsageError, "no worth above zero"),
        ({"value": float("inf")}, UsageError, "no worth above zero"),
        ({"value": float("nan")}, UsageError, "value"),
        ({"sheet": "One"}, SourceError, "no workbook"),
        ({"tilt": 5}, UsageError, "tilt: found int 5"),
        ({"fund": 5}, UsageError, "fund: found int 5"),
    ],
)
def test_options_that_cannot_be(
    market: OpenMarket, folder: Path, how: Mapping[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        asked(market, written(folder, BOOK), **how)


@pytest.mark.parametrize("holdings", [None, 5, [], {}, b"x", {"AAA": "much"}, {"AAA": np.nan}])
def test_what_is_no_book(market: OpenMarket, holdings: object) -> None:
    with pytest.raises(UsageError) as raised:
        asked(market, holdings)
    assert raised.value.remedy.startswith("Give ")


def test_declared_units(market: OpenMarket) -> None:
    half = asked(market, {"AAA": 30.0, "BBB": 20.0}, unit="percent")
    assert half.book.weights.tolist() == pytest.approx([0.3, 0.2, 0.5])
    assert "the weights sum to 50.00%: 50.00% taken for cash" in half.caveats


# ---- the command


def run(folder: Path, *words: object) -> Answered:
    market = ("--market", folder / "market.toml", "--window", WINDOW)
    return command("exposure", *words, *market)


def test_the_command_says_it_within_a_screen(folder: Path) -> None:
    answer = run(folder, written(folder, BOOK), "--tilt", "Energy +5%")
    assert answer.code == 0, answer
    assert len(answer.out.splitlines()) <= 60
    for said in ("active share", "What it moves with", "Cap", "Energy +5%:", "basis points"):
        assert said in answer.out
    assert "nan" not in answer.out and "None" not in answer.out


def test_json_page_tables_trace_and_verify(folder: Path, tmp_path: Path) -> None:
    book, html = written(folder, BOOK), tmp_path / "book.html"
    answer = run(folder, book, "--json", "--html", html, "--csv", tmp_path / "csv")
    told = json.loads(answer.out)
    assert told["book"] == "book" and len(told["figures"]) > 40
    assert "<html" in html.read_text() and (tmp_path / "csv" / "moves.csv").is_file()
    ids = [f["figure"] for f in told["figures"]]
    assert len(set(ids)) == len(ids)
    traced = command("trace", ids[-1], "--market", folder / "market.toml")
    assert f"paceline exposure {book}" in traced.out
    manifest = html.with_suffix(".manifest.json")
    assert command("verify", manifest).code == 0
    altered = json.loads(manifest.read_text())
    altered["figures"][0]["value"] = 0.123
    manifest.write_text(json.dumps(altered))
    assert command("verify", manifest).code == 1
    shutil.copy(book, tmp_path / "kept.csv")
    run(folder, book, "--html", html)
    written(folder, BOOK.replace("50%", "49%").replace("20%", "21%"))
    one_clear_error(command("verify", manifest))
    shutil.copy(tmp_path / "kept.csv", book)


def test_several_books_stand_side_by_side(folder: Path, tmp_path: Path) -> None:
    lines = "fund,ticker,weight\nOne,AAA,1\nTwo,BBB,0.5\nTwo,CCC,0.5\nLost,NOPE,1\n"
    several = written(folder, lines, "several.csv")
    answer = run(folder, several)
    assert answer.code == 0 and "One" in answer.out and "Two" in answer.out
    assert "Lost: " in answer.err and "none of its 1 name" in answer.err
    told = json.loads(run(folder, several, "--json").out)
    assert [b["book"] for b in told["books"]] == ["One", "Two"]
    alone = json.loads(run(folder, several, "--json", "--fund", "Two").out)
    assert alone["figures"][0]["value"] == told["books"][1]["figures"][0]["value"]
    one_clear_error(run(folder, several, "--html", tmp_path / "x.html"))
    unknown = run(folder, several, "--fund", "Three")
    one_clear_error(unknown)
    assert "One, Two, Lost" in unknown.err


@pytest.mark.parametrize("lines", ["", "ticker,weight\nAAA,1.3\nBBB,1\n", "a,b\n1,2\n"])
def test_a_bad_book_is_one_clear_error(folder: Path, lines: str) -> None:
    one_clear_error(run(folder, written(folder, lines, "bad.csv")))


def test_no_file_is_one_clear_error(folder: Path) -> None:
    one_clear_error(run(folder, folder / "nothing.csv"))
    one_clear_error(run(folder, folder))


# ---- the page


def test_the_page_holds_every_row(market: OpenMarket, folder: Path) -> None:
    answer = asked(market, written(folder, BOOK), tilt="Energy +5%")
    document = single.exposure(answer)
    shown = {f.id for f in document.figures()}
    for key, figure in answer.figures.items():
        if key.kind in ("size", "sector", "theme", "way back", "trade"):
            assert figure.id in shown, key
    grids = [b for b in page.blocks(answer) if isinstance(b, Grid)]
    assert all(len(row) == len(g.columns) for g in grids for row in g.rows)


def test_the_frame_has_a_row_per_number(market: OpenMarket, folder: Path) -> None:
    answer = asked(market, written(folder, BOOK))
    frame = answer.frame()
    assert frame.height == len(answer.figures)
    beta = frame.filter((pl.col("kind") == "beta") & (pl.col("number") == "holdings"))
    assert beta["low"].null_count() == 0 and (beta["low"] < beta["value"]).all()


@pytest.mark.parametrize(
    "holdings",
    [
        {"AAA": 0.5, "BBB": 0.5},
        {"AAA": 1.0},
        {"AAA": 0.9, "NOPE": 0.1},
        {"AAA": 0.3, "NOPE": 0.7},
        {"AAA": 0.8, "BBB": -0.3, "CASH": 0.5},
        {"FND": 1.0},
    ],
)
def test_every_sentence_reads_right_and_holds_no_loose_digit(
    market: OpenMarket, holdings: Mapping[str, float]
) -> None:
    answer = asked(market, holdings, tilt="EEE +5%", value=1000.0)
    blocks = [b for s in page.sections(answer) for b in s.blocks] + page.blocks(answer, short=True)
    for block in blocks:
        said = block if isinstance(block, Sentence) else block.note
        if said is not None:
            assert sentences.faults(said.text) == [], said.text
            assert not any(c.isdigit() for p in said.parts if isinstance(p, str) for c in p)
        if isinstance(block, Grid):
            plain = [p for row in (block.columns, *block.rows) for p in row if isinstance(p, str)]
            assert not any(c.isdigit() for part in plain for c in part)
