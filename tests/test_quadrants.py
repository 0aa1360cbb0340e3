"""What the quadrants of relative rotation were followed by, against plain loops and by planting."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from paceline.document import Grid
from paceline.market import Market
from paceline.measures.relative_rotation import QUADRANTS, coordinates, quadrants
from paceline.methods.quadrant_record import record, without_drift
from paceline.pages.relative_rotation import _followed
from paceline.studies import quadrants as study

WEEKS = 700


def walks(lines: int, drift: float = 0.0, seed: int = 1) -> np.ndarray:
    """(lines, WEEKS) price relatives; ``drift`` carries part of the last 13 weeks on."""
    rng = np.random.default_rng(seed)
    steps = 0.02 * rng.standard_normal((lines, WEEKS))
    for t in range(13, WEEKS):
        steps[:, t] += drift * steps[:, t - 13 : t].mean(axis=1)
    return np.exp(np.cumsum(steps, axis=1))


def test_a_record_equals_plain_loops() -> None:
    relative = walks(4)
    relative[2, 300:303] = math.nan
    counted = np.arange(WEEKS) >= 200
    found = record(relative, counted)
    place = quadrants(*coordinates(relative))
    groups: dict[str, list[float]] = {q: [] for q in QUADRANTS}
    moves: Counter[tuple[int, int]] = Counter()
    for p in range(4):
        after = {}
        for w in range(200, WEEKS - 13):
            x = relative[p, w + 13] / relative[p, w] - 1
            if place[p, w] >= 0 and math.isfinite(x):
                after[w] = x
        mean = np.mean(list(after.values()))
        for w, x in after.items():
            groups[QUADRANTS[place[p, w]]].append(x - mean)
        for w in range(201, WEEKS):
            a, b = place[p, w - 1], place[p, w]
            if min(a, b) >= 0 and a != b:
                moves[a, b] += 1
    every = np.concatenate(list(groups.values()))
    assert found.weeks == len(every) and found.lines == 4
    explained = 0.0
    for name, own in groups.items():
        assert found.after[name].weeks == len(own)
        assert found.after[name].mean == pytest.approx(np.mean(own))
        explained += len(own) * np.mean(own) ** 2
    assert found.explained == pytest.approx(explained / (every @ every))
    for a in range(4):
        total = sum(n for (left, _), n in moves.items() if left == a)
        for b in range(4):
            assert found.moves[a, b] == moves[a, b]
            assert found.shares()[a, b] == pytest.approx(moves[a, b] / total)


def test_trends_that_last_are_found_and_noise_is_not() -> None:
    always = np.ones(WEEKS, bool)
    planted, noise = record(walks(10, 0.9), always), record(walks(10), always)
    assert planted.after["leading"].low > 0 > planted.after["lagging"].high
    assert planted.explained > 0.03 and noise.explained < 0.01


def test_intervals_hold_zero_on_noise_as_often_as_they_say() -> None:
    """Of sixty sets of five unrelated lines: 95% intervals of four quadrants each."""
    held = 0
    for seed in range(60):
        found = record(walks(5, seed=100 + seed), np.ones(WEEKS, bool))
        held += sum(a.low <= 0 <= a.high for a in found.after.values())
    assert 0.90 <= held / 240 <= 0.99


def test_too_few_weeks_give_no_mean() -> None:
    found = record(walks(3), np.arange(WEEKS) >= WEEKS - 100)
    assert all(a.mean is None and a.low is None for a in found.after.values())
    assert found.explained is None and found.weeks == 3 * 87
    flat = record(np.ones((2, WEEKS)), np.ones(WEEKS, bool))
    assert flat.explained is None and flat.moves.sum() == 0


def test_lines_without_drift_go_round() -> None:
    still = without_drift()
    assert np.nansum(still, axis=1) == pytest.approx(np.ones(4))
    lagging, improving, weakening, leading = range(4)
    assert still[leading, weakening] == pytest.approx(0.9, abs=0.02)
    assert still[improving, leading] == pytest.approx(0.43, abs=0.02)
    assert still[improving, lagging] == pytest.approx(0.57, abs=0.02)
    assert still[weakening, lagging] == pytest.approx(still[improving, leading], abs=0.02)


# ---- through a market

MARKET = """
[market]
name = "long"
calendar = "XNYS"
benchmark = "whole"
start = 1998-01-02
store = "store"
[sources.levels]
path = "levels.csv"
columns = { security = "fund", date = "date", close = "close" }
options = { also_securities = { kind = "etf" } }
[sources.library]
kind = "french"
table = "series"
path = ["10_Industry_Portfolios_Daily.csv", "F-F_Research_Data_Factors_daily.csv"]
origin = { who = "simulated", licence = "own" }
[baskets.whole]
instrument = "SPY"
"""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    import exchange_calendars

    folder: Path = tmp_path_factory.mktemp("long")
    calendar = exchange_calendars.get_calendar("XNYS", start="1998-01-02", end="2010-12-31")
    days = [str(d.date()) for d in calendar.sessions]
    rng = np.random.default_rng(3)
    lines = ["fund,date,close"]
    for name in (*study.FUNDS, study.WHOLE):
        close = 100 * np.cumprod(1 + 0.01 * rng.standard_normal(len(days)))
        lines += [f"{name},{d},{x:.4f}" for d, x in zip(days, close, strict=True)]
    (folder / "levels.csv").write_text("\n".join(lines) + "\n")
    for file, columns in (
        ("10_Industry_Portfolios_Daily.csv", ["A", "B", "C"]),
        ("F-F_Research_Data_Factors_daily.csv", ["Mkt-RF", "RF"]),
    ):
        r = rng.normal(0, 1, (len(days), len(columns)))
        rows = [
            ",".join([d.replace("-", ""), *(f"{x:.2f}" for x in row)])
            for d, row in zip(days, r, strict=True)
        ]
        (folder / file).write_text("\n".join(["," + ",".join(columns), *rows]) + "\n")
    (folder / "market.toml").write_text(MARKET)
    opened = Market.open(folder / "market.toml")
    opened.import_()
    return opened


def test_the_lines_of_a_market_are_those_of_their_weeks(market: Market) -> None:
    industries, funds = study.weigh(market)
    assert (industries.label, funds.label) == (
        "Ten industries since 1990",
        "Nine sector funds since 1999",
    )
    wide = market.including([*study.FUNDS, study.WHOLE])
    days, levels = wide.all_levels.sessions, wide.all_levels
    week = days.astype("datetime64[D]").astype(int) + 3
    ends = [t for t in range(len(days) - 1) if week[t] // 7 != week[t + 1] // 7]
    ends += [len(days) - 1]  # a Friday, the last session of 2010
    at = [levels.names.index(n) for n in (*study.FUNDS, study.WHOLE)]
    closes = levels.native[at][:, ends]
    found = record(closes[:-1] / closes[-1], days[ends] >= np.datetime64("1999-01-01"))
    for row in funds.after:
        own = found.after[row.quadrant]
        assert row.figures["weeks"].value == own.weeks
        assert row.figures["mean"].value == pytest.approx(own.mean)
        assert row.figures["low"].value == pytest.approx(own.low)
        assert str(row.figures["mean"].end) == "2010-12-31"
    assert funds.explained.value == pytest.approx(found.explained)
    for led in funds.led:
        a, b = QUADRANTS.index(led.left), QUADRANTS.index(led.to)
        assert led.figures["share"].value == pytest.approx(found.shares()[a, b])
        assert led.figures["without drift"].value == pytest.approx(without_drift()[a, b])
    assert sum(row.figures["weeks"].value for row in industries.after) > 1000
    again = Market.open(market.path)  # from the store's cache
    assert [r.explained.value for r in study.weigh(again)] == [
        industries.explained.value,
        funds.explained.value,
    ]


def test_the_page_shows_both_records_and_claims_nothing(market: Market) -> None:
    blocks = _followed(study.weigh(market))
    said = blocks[0].text
    assert "no forward meaning is claimed" in said and "Ten industries since 1990" in said
    followed, came = (b for b in blocks if isinstance(b, Grid))
    assert len(followed.rows) == 8 and len(came.rows) >= 16
    assert _followed(()) == []


def test_a_market_without_such_lines_has_no_record(tmp_path: Path) -> None:
    (tmp_path / "levels.csv").write_text(
        "fund,date,close\nSPY,2010-01-04,100\nSPY,2010-01-05,101\n"
    )
    text = MARKET.partition("[sources.library]")[0] + '[baskets.whole]\ninstrument = "SPY"\n'
    (tmp_path / "market.toml").write_text(text)
    opened = Market.open(tmp_path / "market.toml")
    opened.import_()
    assert study.weigh(opened) == ()
