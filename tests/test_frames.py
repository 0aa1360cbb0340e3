"""Frames of polars and pandas given to ``paceline.open``: the values of the equivalent file."""

from __future__ import annotations

import datetime as dt
import decimal
import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paceline
from paceline import calendars, quality, record, report
from paceline.api import OpenMarket
from paceline.cli import main
from paceline.config import Source
from paceline.errors import MarketFileError, PacelineError, UnknownName, UsageError
from paceline.sources import Context, files
from paceline.sources.files import frames

START, END = dt.date(2024, 1, 2), dt.date(2024, 3, 28)
DAYS = [d for d in calendars.sessions("XNYS", END) if d >= START]
NAMES = ("AAA", "BBB", "CCC")
#: Closes that move by a few percent, CCC from the eleventh day on.
CLOSES = {
    name: [100 * (k + 1) * 1.01 ** ((7 * k + 3 * t) % 5) for t in range(len(DAYS))]
    for k, name in enumerate(NAMES)
}
CLOSES["CCC"][:10] = [float("nan")] * 10


def wide() -> pd.DataFrame:
    return pd.DataFrame(CLOSES, index=pd.DatetimeIndex(DAYS, name="Date"))


def long() -> pd.DataFrame:
    rows = wide().stack().dropna().rename("close").rename_axis(["date", "ticker"])
    return rows.reset_index()


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def levels(market: OpenMarket) -> pl.DataFrame:
    return market.levels(["all"])


def opened(prices: object, **how: Any) -> OpenMarket:
    return paceline.open(frames={"prices": prices}, **how)


def prices(market: OpenMarket) -> pl.DataFrame:
    table = market.store.table("prices", market.version).collect()
    return table.select("security", "date", "close", "price_return", "total_return").sort(
        "security", "date"
    )


# ---- the values of the equivalent file


def test_a_wide_frame_has_the_values_of_its_file(tmp_path: Path) -> None:
    """Bit for bit those of the CSV that pandas writes of it; worked out once more by hand."""
    market = opened(wide())
    wide().to_csv("closes.csv")
    Path("market.toml").write_text(
        '[market]\nname = "own"\nbenchmark = "all"\nuniverse = "all"\n'
        '[sources.closes]\npath = "closes.csv"\noptions = { wide = true }\n'
        '[universes.all]\neligible = { kinds = [] }\nreconstitution = "monthly"\n'
        '[baskets.all]\nuniverse = "all"\nweight = "equal"\n'
    )
    file = paceline.open("market.toml")
    file.ensure()
    assert prices(market).equals(prices(file))
    assert levels(market).equals(levels(file))
    # January has AAA and BBB alone: equal weights at its first close, held
    last = DAYS.index(dt.date(2024, 1, 31))
    held = sum(CLOSES[n][last] / CLOSES[n][0] for n in ("AAA", "BBB")) / 2
    at = levels(market).filter(pl.col("date") == DAYS[last])["all"][0]
    assert at == pytest.approx(100 * held, rel=1e-12)


def _multi(order: str) -> pd.DataFrame:
    """Columns of two levels, as yfinance gives them, fields first or tickers first."""
    parts = {("Close", n): wide()[n] for n in NAMES} | {
        ("Volume", n): wide()[n].mul(0).add(1000) for n in NAMES
    }
    frame = pd.DataFrame(parts)
    frame.columns = pd.MultiIndex.from_tuples(list(parts), names=["Price", "Ticker"])
    return frame if order == "fields" else frame.swaplevel(axis=1).sort_index(axis=1)


def _unnamed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename_axis(None)


WAYS: dict[str, Callable[[], object]] = {
    "dates as a column": lambda: wide().reset_index(),
    "an index without a name": lambda: _unnamed(wide()),
    "an index of date objects": lambda: wide().set_axis(DAYS, axis=0),
    "an index of text": lambda: wide().set_axis([str(d) for d in DAYS], axis=0),
    "in any order": lambda: wide().iloc[::-1],
    "nullable numbers": lambda: wide().convert_dtypes(),
    "Arrow numbers": lambda: wide().convert_dtypes(dtype_backend="pyarrow"),
    "objects that are numbers": lambda: wide().astype(object).where(wide().notna(), None),
    "nanoseconds": lambda: wide().set_axis(pd.DatetimeIndex(DAYS).as_unit("ns"), axis=0),
    "polars, wide": lambda: pl.from_pandas(wide().reset_index()),
    "polars, lazy": lambda: pl.from_pandas(wide().reset_index()).lazy(),
    "polars, dates": lambda: pl.from_pandas(wide().reset_index()).cast({"Date": pl.Date}),
    "long": long,
    "long, with other columns": lambda: long().assign(sector="x", Open=1.0),
    "long, securities as categories": lambda: long().astype({"ticker": "category"}),
    "polars, long": lambda: pl.from_pandas(long()),
    "rows of two levels": lambda: long().set_index(["date", "ticker"]),
    "rows of two levels, the other way": lambda: long().set_index(["ticker", "date"]),
    "rows of two levels without names": lambda: (
        long().set_index(["date", "ticker"]).rename_axis([None, None])
    ),
    "a series by rows of two levels": lambda: long().set_index(["date", "ticker"])["close"],
    "columns of two levels, fields first": lambda: _multi("fields"),
    "columns of two levels, tickers first": lambda: _multi("tickers"),
    "columns of two levels without names": lambda: _multi("fields").set_axis(
        pd.MultiIndex.from_tuples(_multi("fields").columns.tolist()), axis=1
    ),
    "columns of two levels, dates a column": lambda: _multi("fields").reset_index(),
    "columns named by both": lambda: wide().add_suffix("_Close"),
    "midnight in New York": lambda: wide().tz_localize("America/New_York"),
    "the close in New York, in UTC": lambda: (
        wide()
        .set_axis(pd.DatetimeIndex(DAYS) + pd.Timedelta(hours=16), axis=0)
        .tz_localize("America/New_York")
        .tz_convert("UTC")
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_same_prices_in_any_shape_are_the_same_market(way: str) -> None:
    market = opened(WAYS[way]())
    expected = opened(wide(), store="plain")
    assert prices(market).equals(prices(expected))
    assert levels(market).equals(levels(expected))
    assert not len(market.quarantine())


def test_decimals_and_short_floats_are_numbers() -> None:
    exact = wide().dropna(axis=1).round(2)
    market = opened(exact.map(decimal.Decimal).map(lambda d: d.quantize(decimal.Decimal("0.01"))))
    assert prices(market).equals(prices(opened(exact, store="plain")))
    half = opened(exact.astype("float16"), store="half")
    assert prices(half)["close"][0] == float(np.float16(exact["AAA"].iloc[0]))


def test_one_instrument_is_a_series() -> None:
    market = opened(wide()["BBB"])
    rise = levels(market)["all"][-1] / levels(market)["all"][0]
    assert rise == pytest.approx(CLOSES["BBB"][-1] / CLOSES["BBB"][0], rel=1e-12)


def test_midnight_in_tokyo_is_the_day_in_tokyo() -> None:
    """15:00 UTC of the day before; the calendar follows from the zone."""
    days = [d for d in calendars.sessions("XTKS", END) if d >= START]
    stamps = pd.DatetimeIndex(days).tz_localize("Asia/Tokyo")
    frame = pd.DataFrame({"7203": np.linspace(2600.0, 3800.0, len(days))}, index=stamps)
    for n, given_ in enumerate((frame, frame.tz_convert("UTC"))):
        how = {"calendar": "XTKS"} if n else {}
        market = opened(given_, store=f"tokyo{n}", **how)
        assert market.file.market.calendar == "XTKS"
        assert "XTKS" in market.title
        assert prices(market)["date"].to_list() == days
        assert not len(market.quarantine())


#: Closes whose moves are no splits; some are missing.
_DRAWN = st.integers(1, 5).flatmap(
    lambda n: st.lists(
        st.lists(st.none() | st.floats(50, 60), min_size=n, max_size=n), min_size=1, max_size=8
    ).filter(lambda rows: any(cell is not None for row in rows for cell in row))
)


def statement(frame: object) -> pl.DataFrame:
    """What a frame states, without a store."""
    taken = frames.take("prices", frame)
    spec = Source(table="prices", **frames.declared(taken, "America/New_York", "auto").settings)
    context = Context("XNYS", tuple(DAYS))
    parsed = files.parse("prices", spec, [taken.raw(spec, "2024-04-01")], context)
    checked = quality.check(parsed, "prices", spec, context)
    assert checked.quarantine is None
    return checked.tables["prices"].sort("security", "date")


@settings(max_examples=60, deadline=None)
@given(_DRAWN, st.sampled_from(["wide", "long", "fields", "tickers", "rows"]), st.booleans())
def test_every_shape_states_the_cells_that_it_has(
    rows: list[list[float | None]], shape: str, zoned: bool
) -> None:
    """In any of the shapes, whatever is missing; nothing more, nothing less."""
    index = pd.DatetimeIndex(DAYS[: len(rows)], name="Date")
    if zoned:
        index = index.tz_localize("America/New_York").tz_convert("Europe/London")
    frame = pd.DataFrame(rows, index=index, columns=[f"S{k}" for k in range(len(rows[0]))])
    there = [
        (f"S{k}", DAYS[t], cell)
        for t, row in enumerate(rows)
        for k, cell in enumerate(row)
        if cell is not None
    ]
    frame = frame.astype(float)
    tidy = frame.stack().dropna().rename("Close").rename_axis(["Date", "Ticker"])
    made: dict[str, Callable[[], object]] = {
        "wide": lambda: frame,
        "long": tidy.reset_index,
        "rows": lambda: tidy.swaplevel(),
        "fields": lambda: pd.concat({"Close": frame}, axis=1),
        "tickers": lambda: pd.concat({"Close": frame}, axis=1).swaplevel(axis=1),
    }
    stated = statement(made[shape]()).select("security", "date", "close").rows()
    assert stated == sorted(there)


# ---- statements, lineage, the store


def test_the_same_frame_is_no_new_load_and_another_is_a_statement() -> None:
    first = opened(wide())
    again = opened(wide().copy())
    assert again.version == first.version
    changed = wide().drop(index=pd.Timestamp(DAYS[20]))
    changed.iloc[3, 0] *= 1.5
    third = opened(changed)
    assert third.version > first.version
    told = third.changes().filter(pl.col("load") == third.version)
    assert told["withdrawn"].sum() == 3
    assert levels(opened(changed, version=first.version)).equals(levels(first))


def test_lineage_names_the_frame_and_its_checksum() -> None:
    market = opened(wide())
    figure = market.show("performance", subjects=["all"])[0]
    market.remember([figure])
    [load] = [row for row in market.origins() if row["source"] == "prices"]
    text = str(record.trace(figure.id, market))
    assert "frame 'prices'" in text
    checksum = json.loads(load["origins"])[0]["checksum"]
    assert checksum in text
    raw = market.store.raw(checksum)
    assert hashlib.sha256(raw).hexdigest() == checksum
    assert pl.read_parquet(io.BytesIO(raw))["AAA"].to_list() == CLOSES["AAA"]


def test_a_report_of_frames_can_be_verified_from_the_command_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    market = opened(wide())
    document = market.report()
    report.write(document, "out/report.html")
    record.write_manifest(document, "out/report.manifest.json")
    assert record.verify("out/report.manifest.json") == []
    assert main(["verify", "out/report.manifest.json"]) == 0
    where = ["--market", str(Path(".paceline", "frames", "market.toml"))]
    assert main(["import", *where]) == 0
    assert "unchanged" in capsys.readouterr().out
    assert main(["show", "performance", *where]) == 0
    assert main(["check", *where]) == 0


def test_pandas_is_not_imported_for_a_frame_of_polars() -> None:
    code = (
        "import sys, polars as pl\n"
        "from paceline.sources.files import frames\n"
        "frames.take('prices', pl.DataFrame({'date': [1], 'A': [2]})).raw\n"
        "assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ---- with a market file, and with more frames


MARKET = """
[market]
name = "own"
benchmark = "held"
[sources.closes]
columns = { security = "symbol", date = "day", close = "px" }
where = { kind = "stock" }
[sources.lists]
table = "members"
[universes.mine]
members = "mine"
[baskets.held]
universe = "mine"
weight = "equal"
"""


def test_a_market_file_names_its_frames_as_sources() -> None:
    Path("market.toml").write_text(MARKET)
    frame = long().rename(columns={"ticker": "symbol", "date": "day", "close": "px"})
    frame["kind"] = frame["symbol"].map({"AAA": "stock", "BBB": "stock", "CCC": "fund"})
    lists = pd.DataFrame({"universe": "mine", "security": ["AAA"]})
    market = paceline.open("market.toml", frames={"closes": frame, "lists": lists})
    assert set(prices(market)["security"]) == {"AAA", "BBB"}
    assert market.weights("held")["security"].to_list() == ["AAA"]
    # a changed declaration is a new statement of the frame that was kept
    Path("market.toml").write_text(MARKET.replace('"stock"', '["stock", "fund"]'))
    assert main(["import", "--market", "market.toml"]) == 0
    assert set(prices(paceline.open("market.toml"))["security"]) == set(NAMES)


def test_a_frame_beside_files_is_refused() -> None:
    Path("market.toml").write_text(MARKET.replace("[sources.lists]", "[sources.lists]\npath='x'"))
    lists = pd.DataFrame({"universe": "mine", "security": ["AAA"]})
    with pytest.raises(MarketFileError, match=r"sources\.lists reads files"):
        paceline.open("market.toml", frames={"closes": long(), "lists": lists})
    with pytest.raises(UnknownName, match="'close'"):
        paceline.open("market.toml", frames={"close": long()})
    with pytest.raises(MarketFileError, match="or a frame, in Python"):
        paceline.open("market.toml").import_(only=["closes"])


def test_members_classes_and_caps_need_no_market_file() -> None:
    """Lists of members are universes; with caps they are weighted by cap too; sectors a group."""
    capped = long().assign(
        market_cap=lambda f: f["close"] * f["ticker"].map({"AAA": 10.0, "BBB": 20.0, "CCC": 30.0})
    )
    members = pl.DataFrame({"universe": ["two", "two", "one"], "security": ["AAA", "BBB", "CCC"]})
    classes = pd.DataFrame({"Ticker": list(NAMES), "Sector": ["Tech", "Energy", "Tech"]})
    market = paceline.open(frames={"prices": capped, "members": members, "classes": classes})
    assert set(market.declared) >= {"one", "one_equal", "two", "two_equal"}
    weights = dict(market.weights("two", DAYS[0]).iter_rows())
    a, b = 10 * CLOSES["AAA"][0], 20 * CLOSES["BBB"][0]
    assert weights == {
        "AAA": pytest.approx(a / (a + b), rel=1e-12),
        "BBB": pytest.approx(b / (a + b), rel=1e-12),
    }
    equal = dict(market.weights("two_equal", DAYS[0]).iter_rows())
    assert equal == {"AAA": pytest.approx(0.5), "BBB": pytest.approx(0.5)}
    assert len(market.groups["sectors"]) == 1  # one is one of a kind: CCC; two has both
    fewer = paceline.open(frames={"prices": capped})
    assert list(fewer.declared) == ["all", "all_equal"]


def test_fields_of_two_levels_may_be_adjusted() -> None:
    market = opened(_multi("fields"), dialect="adjusted")
    table = prices(market).filter(pl.col("security") == "AAA")
    assert table["price_return"].null_count() == table.height
    assert table["total_return"][1] == pytest.approx(CLOSES["AAA"][1] / CLOSES["AAA"][0] - 1)


# ---- bad frames: one error that names frame, column and remedy


def _with(column: str, cells: object) -> pd.DataFrame:
    return wide().assign(**{column: cells})


def _negative() -> pd.DataFrame:
    frame = wide()
    frame.iloc[5, 1] = -1.0
    return frame


def _zoned_twice() -> pd.DataFrame:
    index = [
        pd.Timestamp(d).tz_localize("Asia/Tokyo" if n % 2 else "UTC") for n, d in enumerate(DAYS)
    ]
    return wide().set_axis(pd.Index(index, dtype=object), axis=0)


NAMELESS = [None, float("nan"), "", "  ", "-", "nan", "NaN", "None", "N/A"]


@pytest.mark.parametrize("name", NAMELESS, ids=repr)
def test_rows_without_a_name_are_no_security(name: object) -> None:
    """Two securities, and three rows that name none: counted once, and as what they are."""
    rows = long()
    odd = rows.head(3).assign(ticker=name)
    market = paceline.open(frames={"prices": pd.concat([rows, odd])})
    assert market.title.startswith("3 securities")
    found = market.findings().filter(pl.col("check") == "security is missing")
    assert found["count"].to_list() == [3] and market.quarantine().height == 3
    assert market.stocks is not None and set(market.stocks.securities) == set(NAMES)


def test_a_column_without_any_value_is_not_counted_in_the_title() -> None:
    market = paceline.open(frames={"prices": wide().assign(DDD=np.nan)})
    assert market.title.startswith("3 securities")


BAD: dict[str, tuple[Callable[[], object], tuple[str, ...]]] = {
    "no frame": (lambda: [1, 2], ("list",)),
    "an array": (lambda: np.ones((3, 3)), ("ndarray",)),
    "a series of polars": (lambda: pl.Series([1.0]), ("Series",)),
    "no rows": (lambda: wide().iloc[:0], ("no row",)),
    "no columns": (lambda: pl.DataFrame(), ("no column",)),
    "no dates": (lambda: wide().reset_index(drop=True), ("no column holds dates",)),
    "no value": (lambda: wide() * np.nan, ("no cell",)),
    "integers as dates": (
        lambda: wide().set_axis([int(f"{d:%Y%m%d}") for d in DAYS], axis=0),
        ("'date'", "no dates", "to_datetime"),
    ),
    "integers as dates in polars": (
        lambda: pl.DataFrame({"date": [20240102, 20240103], "AAA": [1.0, 2.0]}),
        ("'date'", "no dates", "to_date"),
    ),
    "words as dates": (
        lambda: wide().set_axis([f"day {n}" for n in range(len(DAYS))], axis=0),
        ("'date'",),
    ),
    "days that could be months": (
        lambda: pl.DataFrame({"date": ["01/02/2024", "02/02/2024"], "AAA": [1.0, 2.0]}),
        ("'date'", "01/02/2024", "to_date"),
    ),
    "a row without a date": (
        lambda: wide().set_axis(pd.DatetimeIndex([None, *DAYS[1:]]), axis=0),
        ("'date'", "row 1"),
    ),
    "periods": (
        lambda: wide().set_axis(pd.PeriodIndex(DAYS, freq="D"), axis=0),
        ("periods", "to_timestamp"),
    ),
    "a day twice": (
        lambda: wide().set_axis(pd.DatetimeIndex([DAYS[1], *DAYS[1:]]), axis=0),
        (str(DAYS[1]), "two rows"),
    ),
    "a day twice in a long frame": (
        lambda: pd.concat([long(), long().iloc[:1]]),
        ("AAA", str(DAYS[0])),
    ),
    "bars within a day": (
        lambda: pd.concat([wide(), wide().set_axis(wide().index + pd.Timedelta(hours=1), axis=0)]),
        ("two rows", "one row a day"),
    ),
    "a column named NaN": (lambda: wide().rename(columns={"BBB": np.nan}), ("nan", "no name")),
    "a column named NaT": (lambda: wide().rename(columns={"BBB": pd.NaT}), ("no name",)),
    "a security named NaN": (
        lambda: pd.concat({"Close": wide().rename(columns={"BBB": np.nan})}, axis=1),
        ("nan", "no name"),
    ),
    "a ticker twice": (lambda: pd.concat([wide(), wide()[["BBB"]]], axis=1), ("'BBB'",)),
    "words": (lambda: _with("Notes", "first"), ("'Notes'", "first", "drop(columns='Notes')")),
    "numbers as text": (lambda: _with("BBB", "1.5"), ("'BBB'", "to_numeric")),
    "numbers and words": (
        lambda: _with("BBB", [1.0, "x"] * 30 + [1.0] * (len(DAYS) - 60)),
        ("'BBB'", "'x'"),
    ),
    "objects": (lambda: _with("BBB", [{}] * len(DAYS)), ("'BBB'", "dict")),
    "yes and no": (lambda: _with("BBB", True), ("'BBB'", "Boolean")),
    "complex numbers": (lambda: _with("BBB", 1j), ("'BBB'", "complex")),
    "lengths of time": (lambda: _with("BBB", pd.Timedelta(1)), ("'BBB'",)),
    "lists in polars": (
        lambda: pl.DataFrame({"date": DAYS[:2], "AAA": [[1.0], [2.0]]}),
        ("'AAA'", "List"),
    ),
    "negative closes": (_negative, ("'BBB'", "-1", str(DAYS[5]), "1 of")),
    "infinite closes": (lambda: _with("BBB", np.inf), ("'BBB'", "inf")),
    "returns": (lambda: wide().pct_change(fill_method=None), ("'AAA'", "not positive")),
    "time zones mixed": (_zoned_twice, ("'date'", "Asia/Tokyo", "UTC", "utc=True")),
    "midnight in UTC": (
        lambda: wide().tz_localize("UTC"),
        ("'Date'", "midnights", "tz_localize(None)"),
    ),
    "another exchange's days": (
        lambda: pd.DataFrame({"A": 1.0}, index=pd.date_range("2024-01-01", "2024-03-01")),
        ("XNYS", "24/7"),
    ),
    "holidays filled forward": (
        lambda: wide().resample("B").ffill(),
        ("XNYS", "2024-01-15", "leave out days on which the exchange was closed"),
    ),
    "month ends": (
        lambda: pd.DataFrame({"A": 1.0}, index=pd.date_range("2024-01-31", periods=12, freq="ME")),
        ("XNYS", "2024-03-31", "with their last session"),
    ),
    "fields of nobody": (
        lambda: pd.DataFrame({"Open": 1.0, "Close": 1.0}, index=wide().index),
        ("'Open'", "ticker"),
    ),
    "one security named as a field": (lambda: wide()["AAA"].rename("Close"), ("'Close'", "rename")),
    "three levels": (lambda: pd.concat({"x": _multi("fields")}, axis=1), ("3 levels", "droplevel")),
    "levels of no field": (lambda: pd.concat({"x": wide()}, axis=1), ("neither level", "Close")),
    "a series without a name": (lambda: wide()["AAA"].rename(None), ("rename",)),
    "dates twice": (lambda: _unnamed(wide()).assign(date=DAYS), ("'date'", "index")),
    "two columns of closes": (lambda: long().assign(Close=1.0), ("close",)),
    "no closes": (lambda: long().rename(columns={"close": "px"}), ("hold prices",)),
    "dividends of which nothing is said": (lambda: long().assign(Dividends=0.0), ("Dividends",)),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_frame_is_one_clear_error(fault: str) -> None:
    make, said = BAD[fault]
    with pytest.raises(PacelineError) as caught:
        opened(make())
    text = str(caught.value)
    assert "frame 'prices'" in text
    assert caught.value.remedy
    assert caught.value.exit_code in (2, 3)
    for one in said:
        assert one in text, text


def test_frames_that_no_market_can_be_made_of(tmp_path: Path) -> None:
    for given_, said in (
        ({}, "frames"),
        (wide(), "frames={"),
        ({"members": pl.DataFrame({"security": ["AAA"]})}, "no frame of prices"),
        ({"prices": wide(), "price": wide()}, "'price'"),
        ({"prices": wide(), "members": pl.DataFrame({"x": ["AAA"]})}, "'security'"),
        ({"prices": wide(), "holdings": pl.DataFrame({"fund": ["F"]})}, "market file"),
    ):
        with pytest.raises(UsageError, match=said):
            paceline.open(frames=given_)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="dialect: 'adjust' is none"):
        opened(long(), dialect="adjust")
    with pytest.raises(UsageError, match="'XTOK'"):
        opened(long(), calendar="XTOK")
    with pytest.raises(UsageError, match="belong to frames"):
        paceline.open(calendar="XTKS")
    own = tmp_path / "mine"
    own.mkdir()
    (own / "market.toml").write_text("# my own\n")
    with pytest.raises(UsageError, match="of your own"):
        opened(wide(), store=own)
    assert (own / "market.toml").read_text() == "# my own\n"


def test_a_bad_frame_leaves_what_was_stored() -> None:
    """Also one that is refused only when it is read, and one that is the first."""
    market = opened(wide())
    file = Path(".paceline", "frames", "market.toml")
    before = file.read_text()
    unsaid = long().set_index(["date", "ticker"])["close"].unstack()
    unsaid = pd.concat({"Close": unsaid, "Dividends": unsaid * 0 + 1}, axis=1)
    for bad in (_negative(), unsaid):
        with pytest.raises(PacelineError):
            opened(bad)
        assert file.read_text() == before
    with pytest.raises(PacelineError, match="Dividends"):
        opened(unsaid, store="first")
    assert not Path("first", "market.toml").exists()
    again = paceline.open(".paceline/frames/market.toml")
    assert again.version == market.version
    assert levels(again).equals(levels(market))
