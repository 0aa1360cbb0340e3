"""Returns that look like a split: planted, found, explained, and the remedies followed."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from paceline import quality
from paceline.cli import main
from paceline.config import Source
from paceline.sources import Context, Parsed

D = dt.date
DAYS = [d for i in range(200) if (d := D(2025, 1, 6) + dt.timedelta(i)).weekday() < 5]
#: Twelve securities, their daily sigmas between 0.8% and 3%.
SIGMAS = np.linspace(0.008, 0.03, 12)
AT = 100
RATIOS = (2.0, 1.5, 5 / 3, 3.5, 2.5, 4.0, 10.0, 8.0, 35.0, 60.0, 125.0, 300.0, 1000.0, 4000.0)


def walks(seed: int = 4) -> np.ndarray:
    """(12, 142) closes that start near 100, the moves of no day beyond two of their sigmas."""
    noise = np.random.default_rng(seed).standard_normal((12, len(DAYS)))
    return 100 * np.exp(np.cumsum(np.clip(noise, -1.7, 1.7) * SIGMAS[:, None], axis=1))


def frame(closes: np.ndarray, field: str = "price_return", **more: np.ndarray) -> pl.DataFrame:
    """Rows of one security per row of ``closes``; ``more`` holds further columns."""
    count, length = closes.shape
    moves = np.full_like(closes, np.nan)
    moves[:, 1:] = closes[:, 1:] / closes[:, :-1] - 1
    columns = {field: moves, **more} | ({"close": closes} if field == "price_return" else {})
    return pl.DataFrame(
        {
            "source": "own",
            "security": np.repeat([f"S{i:02}" for i in range(count)], length),
            "date": DAYS[:length] * count,
            **{name: values.ravel() for name, values in columns.items()},
        }
    ).with_columns(pl.col(pl.Float64).fill_nan(None))


def check(
    rows: pl.DataFrame, actions: pl.DataFrame | None = None, **spec: Any
) -> tuple[pl.DataFrame, dict[str, Any]]:
    context = Context("XNYS", tuple(DAYS), actions=actions)
    out = quality.check(Parsed({"prices": rows}), "own", Source(**spec), context)
    return out.tables["prices"], {f.check: f for f in out.findings}


def cells(prices: pl.DataFrame, field: str = "price_return", at: int = AT) -> list[float | None]:
    return prices.filter(pl.col("date") == DAYS[at])[field].to_list()


def split(closes: np.ndarray, ratio: float, still: bool = False) -> np.ndarray:
    """The closes from ``AT`` on in new shares, ``ratio`` for each old one."""
    closes = closes.copy()
    if still:  # no move of the day's own
        closes[:, AT:] *= (closes[:, AT - 1] / closes[:, AT])[:, None]
    closes[:, AT:] /= ratio
    return closes


@pytest.mark.parametrize("still", [False, True])
@pytest.mark.parametrize("field", ["price_return", "total_return"])
@pytest.mark.parametrize("ratio", [*RATIOS, *(1 / r for r in RATIOS)])
def test_every_planted_split_is_set_aside(ratio: float, field: str, still: bool) -> None:
    prices, found = check(frame(split(walks(), ratio, still), field))
    assert cells(prices, field) == [None] * 12
    others = prices.filter(pl.col("date") != DAYS[AT])
    assert others[field].null_count() == 12  # the first rows
    finding = found["return looks like a split"]
    assert finding.count == 12 and finding.example.startswith(f"S00 {DAYS[AT]} ")
    assert "true_jumps" in finding.remedy and "add it to actions" in finding.remedy


def test_a_price_out_by_a_factor_for_one_day_costs_two_returns() -> None:
    closes = walks()
    closes[:, AT] *= 1000
    prices, _ = check(frame(closes))
    assert cells(prices) == cells(prices, at=AT + 1) == [None] * 12


def test_the_finding_names_security_day_and_ratio() -> None:
    _, found = check(frame(split(walks(), 1.5, True)[:1]))
    assert found["return looks like a split"].example == f"S00 {DAYS[AT]} -33.3% like a 3:2 split"
    assert "ratio = new shares per old share, here 1.5" in found["return looks like a split"].remedy


def test_a_fall_of_nineteen_in_twenty_is_not_kept_whatever_its_ratio() -> None:
    closes = walks()[:1]
    for times, said in ((1 / 61, "like a 61:1 split"), (61.0, "like a 1:61 split")):
        moved = closes.copy()
        moved[:, AT:] *= times * closes[:, AT - 1] / closes[:, AT]
        prices, found = check(frame(moved))
        assert cells(prices) == [None]
        assert found["return looks like a split"].example.endswith(said)


# ----------------------------------------------------------------------------------------------
# what tells a true move


def test_a_cap_that_moved_with_the_close_says_the_move_is_true() -> None:
    closes = split(walks(), 2.0)
    prices, found = check(frame(closes, market_cap=closes * 1e6))
    assert None not in cells(prices) and "return looks like a split" not in found
    assert found["return of a third or more"].count == 12


@pytest.mark.parametrize("late", [0, 1])
@pytest.mark.parametrize("ratio", [2.0, 0.125])
def test_a_cap_that_stayed_says_it_was_a_split(ratio: float, late: int) -> None:
    # with ``late`` the cap is worked out with the old shares for one more day
    plain = walks()
    closes, caps = split(plain, ratio), plain * 1e6
    caps[:, AT : AT + late] /= ratio
    prices, _ = check(frame(closes, market_cap=caps))
    assert cells(prices) == [None] * 12


@pytest.mark.parametrize(("times", "true"), [(12.0, True), (2.0, False), (1.0, False)])
def test_volume_tells_an_event_from_a_split(times: float, true: bool) -> None:
    closes = split(walks(), 2.0)
    volume = np.full_like(closes, 1e5)
    volume[:, AT] *= times
    prices, _ = check(frame(closes, volume=volume))
    assert (None not in cells(prices)) is true


def test_a_split_that_was_taken_out_leaves_the_days_own_move() -> None:
    # a reverse split at 1:40 or 1:150, and a fall by a third in the same session
    for ratio in (1 / 40, 1 / 150, 2.0):
        own = split(walks(), 1.5, still=True)
        prices, found = check(frame(own).with_columns(close=split(own, ratio).ravel()))
        assert cells(prices) == [pytest.approx(-1 / 3)] * 12, ratio
        assert "return looks like a split" not in found


@pytest.mark.parametrize(("times", "true"), [(12.0, True), (2.0, False)])
def test_on_the_last_row_volume_tells_what_the_cap_cannot(times: float, true: bool) -> None:
    closes = split(walks(), 2.0)[:, : AT + 1]  # a cap worked out with the old shares, or a fall
    volume = np.full_like(closes, 1e5)
    volume[:, AT] *= times
    prices, _ = check(frame(closes, volume=volume, market_cap=closes * 1e6))
    assert (None not in cells(prices)) is true


@pytest.mark.parametrize(("issued", "true"), [(0.7, True), (1.5, False), (2.0, False)])
def test_volume_tells_where_shares_were_issued(issued: float, true: bool) -> None:
    """Half the price, twelve times the volume: with half as many shares more, perhaps a split."""
    closes = split(walks(), 2.0)
    volume, shares = np.full_like(closes, 1e5), np.full_like(closes, 1e6)
    volume[:, AT] *= 12
    shares[:, AT:] *= issued
    prices, _ = check(frame(closes, volume=volume, market_cap=closes * shares))
    assert (None not in cells(prices)) is true


def test_the_cap_before_a_close_that_was_worked_back() -> None:
    closes = split(walks(), 2.0)
    caps = closes * 1e6
    caps[:, AT - 1] = np.nan
    assert None not in cells(check(frame(closes, market_cap=caps))[0])
    caps[:, AT:] *= 2
    assert cells(check(frame(closes, market_cap=caps))[0]) == [None] * 12


def test_an_ordinary_move_of_a_wild_security_is_none() -> None:
    noise = np.random.default_rng(1).standard_normal((1, len(DAYS)))
    closes = 100 * np.exp(np.cumsum(noise * 0.25, axis=1))
    closes[:, AT:] *= 0.7 * closes[:, AT - 1] / closes[:, AT]
    assert cells(check(frame(closes))[0]) == [pytest.approx(-0.3)]


def test_the_same_cut_at_the_day_says_the_same() -> None:
    rows = frame(split(walks(), 2.0))
    cut = rows.filter(pl.col("date") <= DAYS[AT])
    assert cells(check(rows)[0]) == cells(check(cut)[0])


# ----------------------------------------------------------------------------------------------
# explanations


def actions(day: dt.date, kind: str, ratio: float | None, count: int = 12) -> pl.DataFrame:
    names = [f"S{i:02}" for i in range(count)]
    return pl.DataFrame(
        {"security": names, "date": [day] * count, "kind": kind, "ratio": [ratio] * count},
        schema_overrides={"ratio": pl.Float64},
    )


@pytest.mark.parametrize("field", ["price_return", "total_return"])
@pytest.mark.parametrize("ratio", [2.0, 1.5, 1.25, 8.0, 0.125, 1000.0, 7.3])
def test_a_split_on_record_is_taken_out_of_the_return(ratio: float, field: str) -> None:
    plain = walks()
    own = (plain[:, AT] / plain[:, AT - 1] - 1).tolist()
    prices, found = check(frame(split(plain, ratio), field), actions(DAYS[AT], "split", ratio))
    assert cells(prices, field) == pytest.approx(own, abs=1e-12)
    assert found["return held a split on record"].count == 12
    # a return that is free of it already is left as it is
    prices, found = check(frame(plain, field), actions(DAYS[AT], "split", ratio))
    assert cells(prices, field) == pytest.approx(own, abs=1e-12)
    assert "return held a split on record" not in found


def test_a_split_on_a_day_without_a_price_belongs_to_the_next() -> None:
    plain = walks()
    rows = frame(split(plain, 4.0))
    before = DAYS[AT] - dt.timedelta(1)
    for day in (before, before - dt.timedelta(1)):
        if day in DAYS:
            rows = rows.filter(pl.col("date") != day)
    prices, _ = check(rows.sort("security", "date"), actions(before, "split", 4.0))
    assert None not in cells(prices)


def test_splits_before_the_first_and_after_the_last_price_change_nothing() -> None:
    rows = frame(walks())
    for day in (DAYS[0] - dt.timedelta(3), DAYS[0], DAYS[-1] + dt.timedelta(1)):
        assert check(rows, actions(day, "split", 2.0))[0].equals(check(rows)[0])


def test_a_split_on_record_that_does_not_fit_leaves_no_return() -> None:
    # half the price, and a split of 8:1 on record
    prices, found = check(frame(split(walks(), 2.5)), actions(DAYS[AT], "split", 8.0))
    assert cells(prices) == [None] * 12 and found["return fits no split on record"].count == 12


@pytest.mark.parametrize("caps", [False, True])
@pytest.mark.parametrize(
    ("late", "ratio", "told"), [(1, 2.0, True), (5, 2.0, True), (1, 4.0, False)]
)
def test_a_split_on_record_of_another_day_is_to_be_corrected(
    caps: bool, late: int, ratio: float, told: bool
) -> None:
    """2:1 on the day, on record some sessions later: the remedy is its date, not one more split."""
    closes = split(walks(), 2.0, still=True)
    more = {"market_cap": closes * np.where(np.arange(len(DAYS)) < AT, 1e6, 2e6)} if caps else {}
    _, found = check(frame(closes, **more), actions(DAYS[AT + late], "split", ratio))
    remedy = found["return is an unhandled split" if caps else "return looks like a split"].remedy
    begun = f"S00: the split of {DAYS[AT + late]} on record fits the jump of {DAYS[AT]}: correct "
    begun += "its date in actions, and that of 11 more likewise. "
    assert remedy.startswith(begun) == told


@pytest.mark.parametrize("ratio", [4.0, 1.5, 1 / 8])
@pytest.mark.parametrize("late", [-1, 1, 3])
def test_caps_of_an_old_count_do_not_outweigh_a_split_on_record_a_few_days_off(
    ratio: float, late: int
) -> None:
    """Caps worked out as close times the shares of before fall with the close."""
    closes = split(walks(), ratio)
    record = pl.DataFrame(
        {"security": "S00", "date": [DAYS[AT + late]], "kind": "split", "ratio": [ratio]}
    )
    prices, found = check(frame(closes, market_cap=closes * 1e6), record)
    moved = cells(prices)
    assert moved[0] is None, "there is a split on record of this size"
    assert None not in moved[1:], "of the others nothing but the cap is known"
    assert f"the split of {DAYS[AT + late]} on record" in " ".join(f.remedy for f in found.values())


def test_a_payment_on_record_lets_the_return_stand() -> None:
    prices, _ = check(frame(split(walks(), 2.0)), actions(DAYS[AT], "special_dividend", None))
    assert None not in cells(prices)


def test_a_jump_called_true_stands() -> None:
    jumps = {f"S{i:02}": [DAYS[AT]] for i in range(6)}
    prices, found = check(frame(split(walks(), 2.0)), true_jumps=jumps)
    assert [c is None for c in cells(prices)] == [False] * 6 + [True] * 6
    assert found["return looks like a split"].count == 6


def test_the_remedy_lists_what_can_be_copied() -> None:
    _, found = check(frame(split(walks(), 2.0)))
    listed = ", ".join(f'"S{i:02}" = [{DAYS[AT]}]' for i in range(12))
    assert (
        f".true_jumps = {{ {listed} }}; where nothing" in found["return looks like a split"].remedy
    )


def test_where_nothing_splits_all_but_a_fault_of_scale_stands() -> None:
    """Doubling, halving, 1:15: true of a coin; thousandfold: another unit."""
    for ratio, aside in ((2.0, False), (0.5, False), (15.0, False), (1000.0, True)):
        prices, found = check(frame(split(walks(), ratio)), jumps="true")
        assert all((c is None) == aside for c in cells(prices))
        assert ("return of a third or more" in found) != aside


# ----------------------------------------------------------------------------------------------
# from the market file to the figure

MARKET = """
[market]
name = "t"
calendar = "XNYS"
benchmark = "idx"
store = ".store"
[sources.p]
table = "prices"
path = "p.csv"
columns = { security = "ticker", date = "date", close = "close" }
"""
BASKETS = '[baskets.idx]\ninstrument = "IDX"\n[baskets.aaa]\ninstrument = "AAA"\n'
ACTIONS = """[sources.a]
table = "actions"
path = "a.csv"
columns = { security = "ticker", date = "date", kind = "kind", ratio = "ratio" }
"""
SESSIONS = [D(2025, 9, d) for d in (8, 9, 10, 11, 12, 15)]


def ask(folder: Path, capsys: pytest.CaptureFixture[str], more: str = "") -> Mapping[str, str]:
    """Import and ask for the return of AAA since the first session."""
    market = folder / "market.toml"
    market.write_text(MARKET + more + BASKETS)
    capsys.readouterr()
    assert main(["import", "--market", str(market)]) == 0
    capsys.readouterr()
    since = ["--horizons", "since", "--since", str(SESSIONS[0]), "--csv", "-"]
    assert main(["show", "performance", "--market", str(market), *since]) == 0
    rows = csv.DictReader(io.StringIO(capsys.readouterr().out))
    return next(row for row in rows if row["subject"] == "aaa")


def level(folder: Path, aaa: list[float]) -> None:
    rows = [
        f"IDX,{d},{100 + i}\nAAA,{d},{c}"
        for i, (d, c) in enumerate(zip(SESSIONS, aaa, strict=True))
    ]
    (folder / "p.csv").write_text("ticker,date,close\n" + "\n".join(rows) + "\n")


def test_both_remedies_work_when_followed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    level(tmp_path, [100, 101, 102, 52, 53, 54])
    ask(tmp_path, capsys)
    capsys.readouterr()
    assert main(["doctor", "--market", str(tmp_path / "market.toml")]) in (0, 1)
    assert "return looks like a split" in " ".join(capsys.readouterr().out.split())
    # the first remedy, into the same store: the list alone is new
    (tmp_path / "a.csv").write_text("ticker,date,kind,ratio\nAAA,2025-09-11,split,2\n")
    row = ask(tmp_path, capsys, ACTIONS)
    assert float(row["value"]) == pytest.approx(54 * 2 / 100 - 1)
    assert main(["import", "--market", str(tmp_path / "market.toml")]) == 0  # and nothing is new
    assert "return held a split" not in capsys.readouterr().out


@pytest.mark.parametrize("said", ["true_jumps = { AAA = [2025-09-11] }", 'jumps = "true"'])
def test_a_jump_is_called_true_in_the_market_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], said: str
) -> None:
    level(tmp_path, [100, 101, 102, 52, 53, 54])
    ask(tmp_path, capsys)
    row = ask(tmp_path, capsys, f"{said}\n")
    assert float(row["value"]) == pytest.approx(54 / 100 - 1)


def test_another_source_that_kept_the_move_vouches_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    level(tmp_path, [100, 101, 102, 52, 53, 54])
    caps = [1000, 1010, 1020, 520, 530, 540]
    rows = [f"AAA,{d},{c / 10},{c}" for d, c in zip(SESSIONS, caps, strict=True)]
    (tmp_path / "q.csv").write_text("ticker,date,close,cap\n" + "\n".join(rows) + "\n")
    first = (
        '[sources.q]\npath = "q.csv"\n'
        'columns = { security = "ticker", date = "date", close = "close", market_cap = "cap" }\n'
    )
    market = MARKET.replace("[sources.p]", first + "[sources.p]")
    (tmp_path / "market.toml").write_text(market + BASKETS)
    assert main(["import", "--market", str(tmp_path / "market.toml")]) == 0
    capsys.readouterr()
    main(["doctor", "--market", str(tmp_path / "market.toml")])
    assert "looks like a split" not in capsys.readouterr().out


# ----------------------------------------------------------------------------------------------
# dividends and splits on days without a price


def imported(folder: Path, rows: list[str]) -> tuple[Parsed, Parsed]:
    """A file of closes adjusted for splits, dividends and splits: as parsed, and as checked."""
    from paceline.sources import files

    header = "ticker,date,Close,Dividends,Stock Splits"
    (folder / "p.csv").write_text("\n".join([header, *rows]) + "\n")
    columns = {
        "security": "ticker",
        "date": "date",
        "split_adjusted_close": "Close",
        "dividend": "Dividends",
        "split": "Stock Splits",
    }
    spec = Source(path="p.csv", columns=columns)
    context = Context("XNYS", tuple(SESSIONS))
    parsed = files.parse("own", spec, files.fetch("own", spec, folder), context)
    return parsed, quality.check(parsed, "own", spec, context)


@pytest.mark.parametrize(
    "event",
    [
        "AAA,2025-09-10,,5,0",  # no price
        "AAA,2025-09-10,n.v.,5,0",  # a word for a price
        "AAA,2025-09-10,-1,5,0",  # a price that is none
        "AAA,2025-09-13,50,5,0",  # a Saturday
        "AAA,2025-09-10,,2,0\nAAA,2025-09-11,,3,0",  # two in a row
        "AAA,2025-09-10,,5,0\nAAA,2025-09-11,50,0,0",
    ],
)
def test_a_dividend_on_a_day_without_a_price(tmp_path: Path, event: str) -> None:

    taken = {line.split(",")[1] for line in event.splitlines()}
    plain = [f"AAA,{d},50,0,0" for d in SESSIONS if str(d) not in taken]
    out = imported(tmp_path, [*plain, *event.splitlines()])[1]
    prices = out.tables["prices"]
    growth = (1 + prices["total_return"].fill_null(0)).product()
    assert growth == pytest.approx(1.1) and (prices["price_return"].fill_null(0) == 0).all()
    assert sum(out.tables["actions"]["amount"]) == 5
    assert out.quarantine is not None
    (said,) = [f for f in out.findings if f.check == "dividend or split on a day without a price"]
    assert said.count == event.count(",,") or said.count == 1


def test_dividends_and_splits_outside_the_prices(tmp_path: Path) -> None:

    rows = [f"AAA,{d},50,0,0" for d in SESSIONS[1:5]]
    rows = [f"AAA,{SESSIONS[0]},,7,3", *rows, f"AAA,{SESSIONS[5]},,7,2"]
    parsed, out = imported(tmp_path, rows)
    prices = out.tables["prices"]
    # the split after the last price is in the adjusted closes already: 100 were paid for a share
    assert prices["close"].to_list() == [100.0] * 4
    assert prices["total_return"].to_list() == [None, 0.0, 0.0, 0.0]
    assert {f.check for f in parsed.findings} >= {
        "dividend or split after a security's last price",
        "dividend or split on a day without a price",
    }


def test_a_payment_that_may_have_been_special_stands_on_the_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # 100, then 97 with the exchange's change at zero: 3% were paid
    moves = [(100, 0), (97, 0), (98, 1.03), (98, 0), (98, 0), (98, 0)]
    rows = [
        f"{s},{d},{c},{m}"
        for s in ("AAA", "IDX")
        for d, (c, m) in zip(SESSIONS, moves, strict=True)
    ]
    (tmp_path / "p.csv").write_text("ticker,date,close,chg\n" + "\n".join(rows) + "\n")
    changes = 'close = "close", price_return = { column = "chg", unit = "percent" }'
    market = MARKET.replace('close = "close"', changes)
    (tmp_path / "market.toml").write_text(market + BASKETS)
    assert main(["import", "--market", str(tmp_path / "market.toml")]) == 0
    capsys.readouterr()
    asked = ["show", "performance", "--market", str(tmp_path / "market.toml"), "--csv", "-"]
    assert main([*asked, "--horizons", "since", "--since", str(SESSIONS[0])]) == 0
    row = next(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert float(row["value"]) == pytest.approx(-0.02)
    assert "payments of 2% to 5% of the price in p" in row["caveats"]


#: Every way in which a table holds prices: a stock, a fund, an instrument or a published index.
KINDS = {
    "published index, a level": ({"close": "x"}, "", "{0}"),
    "fund, adjusted closes": ({"adjusted_close": "x"}, "", "{0}"),
    "stock, split-adjusted closes": (
        {"split_adjusted_close": "x", "dividend": "d", "split": "s"},
        ",d,s",
        "{0},0,0",
    ),
    "stock, closes and changes": (
        {"close": "x", "price_return": {"column": "m", "unit": "percent"}},
        ",m",
        "{0},{1}",
    ),
    "instrument, returns": ({"total_return": {"column": "x", "unit": "percent"}}, "", "{1}"),
}


@pytest.mark.parametrize("ratio", [2.0, 1.5, 1 / 8])
@pytest.mark.parametrize("kind", KINDS)
def test_every_table_that_holds_prices_is_watched(tmp_path: Path, kind: str, ratio: float) -> None:
    from paceline.sources import files

    columns, more, cell = KINDS[kind]
    closes = split(walks()[:1], ratio)[0]
    moves = np.append(0.0, 100 * (closes[1:] / closes[:-1] - 1))
    lines = [
        f"IDX,{d}," + cell.format(f"{c:.6f}", f"{m:.6f}")
        for d, c, m in zip(DAYS, closes, moves, strict=True)
    ]
    (tmp_path / "p.csv").write_text("\n".join([f"ticker,date,x{more}", *lines]) + "\n")
    spec = Source(path="p.csv", columns={"security": "ticker", "date": "date", **columns})
    context = Context("XNYS", tuple(DAYS))
    parsed = files.parse("own", spec, files.fetch("own", spec, tmp_path), context)
    out = quality.check(parsed, "own", spec, context)
    (row,) = out.tables["prices"].filter(pl.col("date") == DAYS[AT]).rows(named=True)
    assert (row["price_return"], row["total_return"]) == (None, None)
    assert [f.count for f in out.findings if f.check == "return looks like a split"] == [1]


def test_a_wide_file_is_watched(tmp_path: Path) -> None:
    from paceline.sources import files

    closes = split(walks(), 4.0)
    table = {f"S{i:02}": row for i, row in enumerate(closes)}
    pl.DataFrame({"date": DAYS, **table}).write_csv(tmp_path / "p.csv")
    spec = Source(path="p.csv", columns={"date": "date"}, options={"wide": True})
    context = Context("XNYS", tuple(DAYS))
    parsed = files.parse("own", spec, files.fetch("own", spec, tmp_path), context)
    prices = quality.check(parsed, "own", spec, context).tables["prices"]
    assert cells(prices) == [None] * 12


@pytest.mark.parametrize("ratio", [1.5, 1 / 1.5])
def test_three_for_two_on_a_day_with_a_move_of_its_own(ratio: float) -> None:
    for own in (0.04, -0.04):
        closes = split(walks(), ratio, still=True)
        closes[:, AT:] *= 1 + own
        assert cells(check(frame(closes))[0]) == [None] * 12


def counted(ratio: float, late: int = 0) -> np.ndarray:
    """Counts of shares, one for each old one until ``AT``, then so many."""
    shares = np.repeat(np.linspace(1e7, 9e8, 12).round()[:, None], len(DAYS), axis=1)
    shares[:, AT + late :] *= ratio
    return shares


@pytest.mark.parametrize("late", [0, 1])
@pytest.mark.parametrize("ratio", [4 / 3, 5 / 4, 6 / 5, 11 / 10, 21 / 20, 3 / 4, 20 / 21])
def test_a_small_split_is_told_by_the_shares(ratio: float, late: int) -> None:
    closes = split(walks(), ratio, still=True)
    cap = closes * counted(ratio, late=late)
    out, found = check(frame(closes, market_cap=cap))
    # where the caps are late, the day after may fall by as much of itself
    assert cells(out) == [None] * 12 and found["return looks like a split"].count - 12 in (0, late)
    # nobody can tell without the shares, or where they stay
    for more in ({}, {"market_cap": closes * counted(1.0)}):
        out, found = check(frame(closes, **more))
        assert None not in cells(out), more
    # the remedy that is named: each return is then the day's own, of nothing
    splits = [(f"S{i:02}", DAYS[AT], "split", ratio) for i in range(12)]
    schema = {"security": pl.String, "date": pl.Date, "kind": pl.String, "ratio": pl.Float64}
    actions = pl.DataFrame(splits, schema=schema, orient="row")
    out, found = check(frame(closes, market_cap=cap), actions)
    assert cells(out) == pytest.approx([0.0] * 12)
    assert "return looks like a split" not in found or late


def test_an_issue_of_new_shares_is_no_split() -> None:
    closes = walks()
    closes[:, AT:] *= (closes[:, AT - 1] / closes[:, AT])[:, None]
    # five percent more shares, and a price that does not fall by five percent
    out, _ = check(frame(closes, market_cap=closes * counted(21 / 20)))
    assert None not in cells(out)
    # a fall of five percent, and 5.02% more shares
    fallen = split(walks(), 21 / 20, still=True)
    out, _ = check(frame(fallen, market_cap=fallen * counted(1.0502)))
    assert None not in cells(out)
    # counts that change from day to day, by chance by 5% over two
    shares = counted(21 / 20) * (1 + 2e-3 * (np.arange(len(DAYS)) % 2))
    out, _ = check(frame(fallen, market_cap=fallen * shares))
    assert None not in cells(out)


@pytest.mark.parametrize(
    ("ratio", "spoken"),
    [(2.0, "2:1"), (0.125, "1:8"), (5 / 3, "5:3"), (0.6, "3:5"), (1.05, "21:20"), (3.5, "7:2")],
)
def test_a_ratio_is_said_in_whole_numbers(ratio: float, spoken: str) -> None:
    closes = split(walks(), ratio, still=True)
    more = {"market_cap": closes * counted(ratio)} if ratio == 1.05 else {}
    _, found = check(frame(closes, **more))
    remedy = found["return looks like a split"].remedy
    assert f"like a {spoken} split" in found["return looks like a split"].example
    assert f"here {ratio:.6g})" in remedy
