"""December 2025 on real data: the article's rotation, and how often noise looks like it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from real_data import MARKET, asked

import paceline
from paceline import record
from paceline.document import Chart, Document, Grid, Section, Sentence
from paceline.evidence import circular_shift_placebo
from paceline.figures import Figure
from paceline.market import Market

pytestmark = pytest.mark.real

PAIRS = {"small_vs_large": "RUT/SPX", "equal_vs_cap_funds": "RSP/SPY", "value_vs_growth": "IWD/IWF"}


@pytest.fixture(scope="module")
def document(friday: Market) -> Document:
    return record.report(friday)


def section(document: Document, name: str) -> Section:
    return next(s for s in document.sections if s.name == name)


def grid(found: Section, title: str) -> Grid:
    return next(
        b
        for b in found.blocks
        if isinstance(b, Grid) and title in (b.title if isinstance(b.title, str) else b.title.text)
    )


def number(cell: Any) -> float:
    assert isinstance(cell, Figure)
    return float(cell.value)


def text(found: Section) -> str:
    """Every word of a section."""
    parts: list[Any] = []
    for block in found.blocks:
        parts += [block.text] if isinstance(block, Sentence) else [block.title]
        if isinstance(block, Grid):
            parts += [
                *block.columns,
                *(cell for row in block.rows for cell in row if cell is not None),
            ]
    return " ".join(p if isinstance(p, str) else p.text for p in parts)


# ---- the detector
# --------------------------------------------------------------------------------------


def test_value_against_growth_in_november_is_a_reversal(friday: Market) -> None:
    found = friday.episodes("value_vs_growth").reversal("2025-10-31", "2025-11-28")
    shown = {
        k: round(100 * float(f.value), 1) for k, f in found.items() if isinstance(f.value, float)
    }
    assert shown == {
        "before lead": 12.0,
        "before against": 21.3,
        "inside lead": 2.6,
        "inside against": -1.9,
    }
    assert found["reversal"].value == "reversal" and found["inside lead"].basis == "total"


@pytest.mark.parametrize(
    ("name", "five_day", "daily"),
    [("small_vs_large", 27, 25), ("equal_vs_cap_funds", 13, 14), ("value_vs_growth", 20, 15)],
)
def test_number_of_episodes_of_each_pair(
    friday: Market, name: str, five_day: int, daily: int
) -> None:
    for step, expected in ((5, five_day), (1, daily)):
        up = [e for e in friday.episodes(name, step=step).table() if e.direction > 0]
        assert len(up) == expected, f"{PAIRS[name]} with steps of {step}"


@pytest.mark.parametrize("name", PAIRS)
def test_no_episode_begins_on_the_fifth_of_december(friday: Market, name: str) -> None:
    study = friday.episodes(name)
    for line in study.lines:
        known = [str(study.days[e.known]) for e in study.table(line)]
        # neither on the day nor at any time since the low
        assert known and max(known) < "2025-11-20"


def test_what_was_said_on_a_day_is_not_changed_by_later_data(
    data: Any, store: Any, friday: Market
) -> None:
    then = paceline.open(MARKET, data=data, store=store, as_of="2025-11-28").signals()
    later = friday.signals(history=True)
    later = later.filter(later["date"].cast(str) == "2025-11-28")
    both = then.join(later, on=["rotation", "line"], suffix="_later")
    assert set(PAIRS) <= set(both["rotation"])
    for name in ("watch", "episode", "major", "borderline", "pivot", "turned", "basis"):
        assert both[name].equals(both[f"{name}_later"], null_equal=True), name
    np.testing.assert_allclose(
        both["to_turn"].to_numpy(), both["to_turn_later"].to_numpy(), rtol=1e-9, atol=1e-12
    )


def test_small_caps_since_the_low_against_every_earlier_low(friday: Market) -> None:
    found = friday.episodes("small_vs_large").since_low()
    assert found["now"].start == "2025-11-20" and found["sessions"].value == 10
    assert number(found["now"]) == pytest.approx(1.0939 / 1.0507 - 1, abs=0.0005)
    assert 100 < number(found["n"]) < 200 and 0.9 < number(found["rank"]) < 1


@pytest.mark.parametrize("name", PAIRS)
def test_real_pairs_turn_about_as_often_as_noise(friday: Market, name: str) -> None:
    rates = {k: number(f) for k, f in friday.episodes(name).rates().items()}
    assert rates["walks"] == pytest.approx(0.78, abs=0.05)
    assert rates["own"] == pytest.approx(rates["resampled"], abs=0.25)


def test_random_dates_reject_about_one_time_in_twenty(friday: Market) -> None:
    line = friday.episodes("small_vs_large").rotations.line("small_vs_large")
    line = line[np.isfinite(line)]
    rng = np.random.default_rng(0)
    value = np.full(len(line), np.nan)
    value[:-63] = np.expm1(line[63:] - line[:-63])
    rejected = []
    for _ in range(400):
        event = np.zeros(len(line), bool)
        event[rng.choice(len(line) - 63, 27, replace=False)] = True
        rejected.append(circular_shift_placebo(value, event, 63)[0] < 0.05)
    assert 0.02 <= np.mean(rejected) <= 0.09


# ---- the page
# ------------------------------------------------------------------------------------------


def test_fifths_of_the_year_so_far_are_in_no_order_and_no_baton_is_seen(
    friday: Market, document: Document
) -> None:
    rows = [
        r
        for r in asked(friday, "leadership", since="low")
        if r["subject"] == "sp500" and not r["group"]
    ]
    for adjusted in ("raw", "beta removed"):
        (order,) = [
            r
            for r in rows
            if (r["statistic"], r["formation"], r["adjusted"]) == ("monotone", "ytd", adjusted)
        ]
        assert (order["value"], order["sign"]) == (0, "not monotone")
    charts = [b for b in section(document, "leadership").blocks if isinstance(b, Chart)]
    notes = [b.note.text for b in charts if b.note is not None]
    assert len(notes) == 2 and all(n.startswith("They are in no order") for n in notes)


def test_no_theme_says_more_than_the_data_allow(document: Document) -> None:
    page = section(document, "themes")
    (every,) = [b for b in page.blocks if isinstance(b, Grid) and b.title == "Every theme"]
    said = {f.statistic: f for f in document.figures() if f.measure == "themes"}
    assert said["judged"].value == len(every.rows) == 6
    for row in every.rows:
        assert isinstance(row[1], Figure) and row[1].value in ("quiet", "stirring")
    pause = " ".join(
        b.text for b in section(document, "consolidation").blocks if isinstance(b, Sentence)
    )
    assert pause.startswith("Information Technology is pausing in an intact trend")


def test_momentum_lags_the_index_while_the_long_short_factor_is_flat(document: Document) -> None:
    page = section(document, "factors")
    rows = {str(r[0].text): r for r in grid(page, "Long-only").rows}  # type: ignore[union-attr]
    assert number(rows["Momentum"][3]) < -0.005
    published = {str(r[0].text): r for r in grid(page, "Published daily factors").rows}  # type: ignore[union-attr]
    assert abs(number(published["momentum (french)"][3])) < 0.002


def test_cheap_stocks_led_in_november_as_an_independent_sort_finds(
    friday: Market, data: Path
) -> None:
    """Fifths by book to market of the last snapshot, with the screener's caps of 30 October.

    Weights are the members' own."""
    us, dashed = data / "us", pl.col("security").str.replace_all("[./]", "-")
    book = (
        pl.read_parquet(us / "sp500_fundamentals_snapshots.parquet")
        .filter(pl.col("snapshot").dt.date() == dt.date(2025, 2, 1), pl.col("Price/Book") > 0)
        .select(security="Symbol", book=pl.col("Market Cap") / pl.col("Price/Book"))
    )
    cap = (
        pl.read_parquet(us / "screener_daily.parquet")
        .filter(pl.col("date").cast(pl.Date) == dt.date(2025, 10, 30))
        .select(security="ticker", cap="market_cap")
    )
    closes = pl.read_parquet(us / "sp500_adjclose.parquet").select(
        pl.col("date").cast(pl.Date), security="ticker", close="adj_close"
    )
    first, last = (
        closes.filter(pl.col("date") == dt.date(*d)).drop("date")
        for d in ((2025, 10, 31), (2025, 11, 28))
    )
    made = friday.weights("sp500", "2025-10-31").select("security", "weight")
    for other in (book, cap, first.join(last, on="security", suffix="_after")):
        made = made.join(other.with_columns(dashed), on="security")
    made = made.sort(pl.col("book") / pl.col("cap"))
    fifth = len(made) // 5
    assert len(made) > 430

    def gain(leg: pl.DataFrame) -> float:
        return float(
            (leg["weight"] * (leg["close_after"] / leg["close"] - 1)).sum() / leg["weight"].sum()
        )

    rows = [
        r
        for r in asked(friday, "factors")
        if r["statistic"] == "last_month" and r["factor"] == "value"
    ]
    ours = {r["side"]: r for r in rows}
    assert ours["long"]["value"] == pytest.approx(gain(made.tail(fifth)), abs=0.002)
    assert ours["short"]["value"] == pytest.approx(gain(made.head(fifth)), abs=0.002)
    assert ours["long_over_index"]["value"] > 0.02 and 430 < ours["long"]["n_used"] < 475
    assert any("snapshot" in c for c in ours["long"]["caveats"])
    momentum = [r for r in asked(friday, "factors") if r["factor"] == "momentum"]
    assert momentum and not any("snapshot" in c for r in momentum for c in r["caveats"])


def test_end_of_the_year_is_as_usual_and_its_last_days_are_not_yet_there(
    document: Document,
) -> None:
    page = section(document, "year_end")
    said = text(page)
    assert "none stands out" in said and "lie ahead" in said
    rows = grid(page, "same slot of earlier years").rows
    assert len(rows) >= 10 and all(number(row[7]) > 0.05 for row in rows)


def test_history_since_the_twenties_and_since_1990_stand_apart(friday: Market) -> None:
    study = friday.episodes("small_vs_large")
    smb = [h for h in study.histories() if h.name.endswith("SMB")]
    assert sorted({h.first[:4] for h in smb}) == ["1927", "1990"]
    assert all(
        h.outcome.evidence.n_effective is not None and h.outcome.evidence.n_effective >= 10
        for h in smb
    )
    thin = friday.episodes("equal_vs_cap")  # built from members since 2023
    assert all(
        h.outcome.mean is None and "needed" in h.outcome.evidence.note for h in thin.histories()
    )
