"""What returns show over months: whole files and members a session late, dividends that stop."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from paceline.indices import late, unpaid
from paceline.market import Market
from series_market import CLOSES, DAYS, STOCKS, Frames, market, said

# ---- sessions


def later(frame: pl.DataFrame, names: tuple[str, ...], step: int) -> pl.DataFrame:
    """The rows of some securities on the session so many later."""
    table = pl.DataFrame({"date": DAYS, "to": pl.Series(DAYS).shift(-step)})
    some = pl.col("security").is_in(names)
    moved = frame.filter(some).join(table, on="date").with_columns(date="to").drop("to")
    return pl.concat([frame.filter(~some), moved.drop_nulls("date").select(frame.columns)])


@pytest.mark.parametrize(("step", "how"), [(1, "late"), (-1, "early")])
def test_a_whole_file_on_other_days_is_said_of_the_baskets_made_from_it(
    tmp_path: Path, step: int, how: str
) -> None:
    off = market(tmp_path, edit=lambda f: {**f, "stocks": later(f["stocks"], STOCKS, step)})
    text = f"daily changes of all fit those of most funds and indices a session {how} from"
    for name in ("all", "ten"):
        assert [c[: len(text)] for c in said(off, name, "of all fit")] == [text]
    for name in ("index", "fa"):
        assert said(off, name, "a session")


def test_one_fund_or_index_on_other_days_is_not_the_baskets(tmp_path: Path) -> None:
    off = market(tmp_path, edit=lambda f: {**f, "index": later(f["index"], ("IX",), 1)})
    assert said(off, "index", "a session late")
    assert said(off, "all", "of all fit") == said(off, "fa", "a session") == []


def test_members_on_other_days_are_said_with_their_weight(tmp_path: Path) -> None:
    names = STOCKS[:3]
    off = market(tmp_path, edit=lambda f: {**f, "stocks": later(f["stocks"], names, 1)})
    text = "daily changes fit those of the market a session late or early for"
    assert [c[: len(text)] for c in said(off, "all", "session late")] == [text]
    (ten,) = said(off, "ten", "session late")
    assert "of the weight of ten on 59 sessions" in ten
    assert [w.check for w in off.watched if "session late" in w.check]


def test_members_by_hand() -> None:
    """One of forty stands a session late for a year of three."""
    rng = np.random.default_rng(2)
    common = 0.01 * rng.standard_normal(756)
    own = common + 0.012 * rng.standard_normal((40, 756))
    assert late.members(own)[0].tolist() == []
    wrong = own.copy()
    wrong[7, 252:504] = own[7, 251:503]
    rows, cells = late.members(wrong)
    assert rows.tolist() == [7] and cells[0, 252:504].all()
    assert not cells[0, :126].any() and not cells[0, 630:].any()
    assert late.members(wrong[:9])[0].tolist() == late.members(wrong[:, :60])[0].tolist() == []


# ---- dividends


def without(frame: pl.DataFrame, names: tuple[str, ...], since: int) -> pl.DataFrame:
    """No dividends of some securities from a session on."""
    at = pl.col("security").is_in(names) & (pl.col("date") >= DAYS[since])
    return frame.with_columns(dividend=pl.when(at).then(0.0).otherwise("dividend"))


NONE = "no dividends in total returns, though they are usually paid,"


@pytest.mark.parametrize("names", [STOCKS, STOCKS[:15]])
def test_dividends_that_stop_for_many_are_said(tmp_path: Path, names: tuple[str, ...]) -> None:
    lost = market(tmp_path, edit=lambda f: {**f, "stocks": without(f["stocks"], names, 270)})
    for name in ("ten", "all"):
        found = said(lost, name, "no dividends", basis="total")
        assert [c[: len(NONE)] for c in found] == [NONE]
        assert said(lost, name, "no dividends", basis="price") == []
        assert said(lost, name, "no dividends", -399, basis="total")
    assert [w.source for w in lost.watched if w.check == "dividends stop in total returns"]
    again = Market.open(tmp_path / "market.toml")  # what was kept says the same; damaged, too
    assert said(again, "all", "no dividends", basis="total") == found
    for array in tmp_path.glob("**/cache/doubts/*/*shares.npy"):
        array.write_bytes(array.read_bytes()[:-1])
    again = Market.open(tmp_path / "market.toml")
    assert said(again, "all", "no dividends", basis="total") == found


def test_dividends_of_one_fund_that_stop_are_said_of_it(tmp_path: Path) -> None:
    lost = market(tmp_path, edit=lambda f: {**f, "funds": without(f["funds"], ("FB",), 270)})
    assert said(lost, "fb", "no dividends", basis="total")
    assert not said(lost, "fa", "no dividends", basis="total")
    assert not said(lost, "all", "no dividends", basis="total")


def test_a_company_or_two_that_cut_their_dividends_are_not_told_of_the_whole(
    tmp_path: Path,
) -> None:
    cut = market(tmp_path, edit=lambda f: {**f, "stocks": without(f["stocks"], STOCKS[:2], 270)})
    assert not said(cut, "all", "no dividends", basis="total")


@pytest.mark.parametrize(
    ("factor", "text"),
    [
        (0.01, "dividends in total returns are of another unit for all of the weight of all on"),
        (0.0003, f"{NONE} for all of the weight of all on"),
        (0.0, f"{NONE} for all of the weight of all on"),
    ],
)
def test_dividends_far_too_small_or_none_at_all_are_said(
    tmp_path: Path, factor: float, text: str
) -> None:
    def as_yields(f: Frames) -> Frames:
        return {**f, "stocks": f["stocks"].with_columns(pl.col("dividend") * factor)}

    small = market(tmp_path, edit=as_yields)
    assert [c[: len(text)] for c in said(small, "all", "dividends", basis="total")] == [text]


def test_total_returns_that_lose_on_price_returns_are_said(tmp_path: Path) -> None:
    """A feed of adjusted closes after a fee of 1.2% a year."""
    more = """
[sources.net]
path = "net.parquet"
dialect = "adjusted"
columns = { security = "security", date = "date", adjusted_close = "close" }
"""

    def net(f: Frames) -> Frames:
        number = pl.col("date").rank("dense").over("security")
        fee = f["funds"].with_columns(pl.col("close") * (1 - 0.00005) ** number)
        return {
            **f,
            "funds": f["funds"].select("security", "date", "close"),
            "net": fee.select("security", "date", "close"),
        }

    low = market(tmp_path, more=more, edit=net, funds=CLOSES)
    for basis in ("price", "total"):
        assert said(low, "fa", "lose on price", basis=basis)


def test_payments_by_hand() -> None:
    """Rows: pays every 60 sessions; stops at 300; begins at 300; every half year; never."""
    rng = np.random.default_rng(1)
    price = 0.01 * rng.standard_normal((5, 600))
    total = price.copy()
    total[0, 59::60] += 0.004
    total[1, 59:300:60] += 0.004
    total[2, 300::60] += 0.004
    total[3, 100::125] += 0.01
    none = np.empty(0, np.int64)
    found = unpaid.found(price, total, (none, none), np.zeros(5, np.int64))
    assert found.payers[0].tolist() == [0, 1, 2, 3]
    rows, cells = found.unpaid
    assert rows.tolist() == [1] and np.flatnonzero(cells[0]).tolist() == list(range(359, 600))
    rows, cells = found.before
    assert rows.tolist() == [2] and np.flatnonzero(cells[0]).tolist() == list(range(300))
    assert found.below[0].tolist() == found.odd[0].tolist() == []


def test_where_one_basis_stands_in_for_the_other_nothing_is_known() -> None:
    price = np.zeros((1, 600))
    total = price.copy()
    total[0, 59:300:60] = 0.004
    column = np.arange(300, 600)
    found = unpaid.found(price, total, (np.zeros(300, np.int64), column), np.zeros(1, np.int64))
    assert found.unpaid[0].tolist() == []
