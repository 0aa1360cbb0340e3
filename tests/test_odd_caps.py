"""Market caps that leap without their price, never move, or are out by a factor."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cap_market import MARKET, names, opened, weekdays
from fakes import FakePanel
from paceline.baskets.caps import OddCaps, largest
from paceline.baskets.items import odd_items
from paceline.baskets.volumes import odd_volumes
from paceline.market import Market

DAYS, NAMES = weekdays(dt.date(2025, 3, 3), 30), names(12)


def world() -> tuple[np.ndarray, np.ndarray]:
    """Closes (12, 30) and caps: a hundred million shares of each."""
    moves = np.random.default_rng(2).normal(0, 0.01, (12, 30))
    closes = 50 * np.cumprod(1 + moves, axis=1)
    return closes, closes * 1e8


def said(folder: Path, closes: np.ndarray, caps: np.ndarray, name: str = "cap") -> list[str]:
    market = opened(folder, DAYS, closes, caps)
    figure = market.show("performance", subjects=[name], since=str(DAYS[0]))[0]
    return [c for c in figure.caveats if "cap" in c or "weight" in c]


LEAP = f"market caps leap without the price: {NAMES[3]} times"


@pytest.mark.parametrize("factor", [1000.0, 0.001, 2.0, 0.25, 7.0])
def test_a_cap_that_leaps_without_its_price(tmp_path: Path, factor: float) -> None:
    closes, caps = world()
    assert said(tmp_path, closes, caps) == []
    caps[3, 12:] *= factor  # a unit, a double count, shares from before a split
    assert f"{LEAP} {factor:.4g} on {DAYS[12]}" in said(tmp_path, closes, caps)
    assert said(tmp_path, closes, caps, "equal") == [], "it weighs nobody by cap"


@pytest.mark.parametrize("how", ["rank = [1, 5]", 'minus = "top"'])
def test_who_is_chosen_by_size_rests_on_caps_too(tmp_path: Path, how: str) -> None:
    """Equal weights, but of the largest, or of all but them."""
    closes, caps = world()
    caps[3, 12:] *= 1000
    market = opened(tmp_path, DAYS, closes, caps)
    more = (
        '[baskets.top]\nuniverse = "all"\nrank = [1, 5]\nweight = "cap"\n'
        f'[baskets.some]\nuniverse = "all"\nweight = "equal"\n{how}\n'
    )
    path = tmp_path / "market.toml"
    path.write_text(path.read_text() + more)
    market = Market.open(path)
    figure = market.show("performance", subjects=["some"], since=str(DAYS[0]))[0]
    assert any(c.startswith(f"{LEAP} 1000 on {DAYS[12]}") for c in figure.caveats)


def test_who_is_kept_out_by_its_cap_counts_where_members_are_chosen_by_size(tmp_path: Path) -> None:
    """Weighed by cap, the largest five of twelve: one of the others may be there by mistake."""
    closes, caps = world()
    caps *= np.linspace(3, 1, 12)[:, None]
    caps[0, 12:] /= 1000  # the largest no longer is
    caps[11] = caps[11, 0]  # the smallest, one number on all days
    opened(tmp_path, DAYS, closes, caps)
    path = tmp_path / "market.toml"
    top = '[baskets.top]\nuniverse = "all"\nrank = [1, 5]\nweight = "cap"\nrebalance = "monthly"\n'
    last = '[baskets.five]\nuniverse = "all"\nrank = [1, 5]\nweight = "cap"\nrebalance = "none"\n'
    path.write_text(path.read_text() + top + last)
    for name in ("top", "five"):
        figure = Market.open(path).show("performance", subjects=[name], since=str(DAYS[0]))[0]
        assert f"market caps leap without the price: {NAMES[0]} times 0.001 on {DAYS[12]}" in (
            figure.caveats
        )
        assert any("1 of 12 members is one number on all days" in c for c in figure.caveats)


@pytest.mark.parametrize(("share", "told"), [(0.5, True), (0.015, False)])
def test_one_cap_that_never_moves_is_told_where_it_weighs_enough(
    tmp_path: Path, share: float, told: bool
) -> None:
    """One of a hundred members: by their count it is below a fiftieth, by its weight above."""
    moves = np.random.default_rng(5).normal(0, 0.01, (100, 30))
    panel: Any = FakePanel([str(d) for d in DAYS], {"close": 50 * np.cumprod(1 + moves, axis=1)})
    panel.fields["market_cap"] = panel.fields["close"] * 1e8
    panel.fields["market_cap"][7] = 5e9
    weights = np.full(100, (1 - share) / 99)
    weights[7] = share
    found = OddCaps(panel).caveats(weights, 0.02)
    assert any("1 of 100 members is one number" in c for c in found) == told


def test_a_cap_out_for_one_day(tmp_path: Path) -> None:
    closes, caps = world()
    caps[3, 12] *= 1000
    assert f"{LEAP} 0.001 on {DAYS[13]}, and 1 other leap" in said(tmp_path, closes, caps)


def test_what_moves_a_cap_truly_is_no_leap(tmp_path: Path) -> None:
    closes, caps = world()
    caps[3, 12:] *= 1.6  # a merger paid in shares
    closes[4, 12:] /= 2  # a split of 2:1, set aside: close and count move, the cap does not
    caps[5, 12:] *= 1.45
    closes[5, 12:] *= 1.45  # a rise
    assert not any("leap" in c for c in said(tmp_path, closes, caps))


def test_caps_of_one_day_on_all_days(tmp_path: Path) -> None:
    closes, caps = world()
    caps[:5] = caps[:5, -1:]
    rest = "one number on all days, though prices move"
    assert said(tmp_path, closes, caps) == [
        f"look-ahead: market caps of 5 of 12 members are {rest}"
    ]
    closes[:5] = closes[:5, -1:]
    assert not any(rest in c for c in said(tmp_path, closes, caps)), "nor do their prices"


@pytest.mark.parametrize("asked", [None, DAYS[10], DAYS[22]])
def test_a_past_day_says_what_later_caps_say_of_its_weights(
    tmp_path: Path, asked: dt.date | None
) -> None:
    """Nobody knows which caps are wrong, those before the leap or those after it."""
    closes, caps = world()
    caps[3, 12:] *= 10
    caps[:2] = caps[:2, -1:]  # one number: told from 20 sessions on
    opened(tmp_path, DAYS, closes, caps)
    market = Market.open(tmp_path / "market.toml", as_of=asked)
    for name in ("cap", "equal"):
        figure = market.show("performance", subjects=[name], horizons=("1w",))[0]
        told = [c for c in figure.caveats if "cap" in c]
        assert told == (
            []
            if name == "equal"
            else [
                f"{LEAP} 10 on {DAYS[12]}",
                "look-ahead: market caps of 2 of 12 members are one number on all days, though "
                "prices move",
            ]
        )


def test_one_member_that_is_most_of_the_weight(tmp_path: Path) -> None:
    closes, caps = world()
    caps[7] *= 1000  # thousands in one row, from the first day on
    assert said(tmp_path, closes, caps) == [f"{NAMES[7]} is more than 98 hundredths of the weight"]


@pytest.mark.parametrize(
    ("members", "first", "said"),
    [
        (2, 0.999, ""),
        (3, 0.97, ""),
        (3, 0.99, "98 hundredths"),
        (9, 0.97, ""),
        (10, 0.89, ""),
        (10, 0.91, "nine tenths"),
        (49, 0.6, ""),
        (50, 0.51, "half"),
        (50, 0.99, "98 hundredths"),
    ],
)
def test_how_much_of_the_weight_is_too_much(members: int, first: float, said: str) -> None:
    held = np.array([first, *[(1 - first) / (members - 1)] * (members - 1), 0.0])
    panel: Any = FakePanel(["2025-01-02"], {"close": np.ones((members + 1, 1))})
    assert largest(3 * held, panel) == (f"S000 is more than {said} of the weight" if said else "")


# ---- caps beside volumes, and caps made of counts of shares

VOLUME = MARKET.replace('market_cap = "cap" }', 'market_cap = "cap", volume = "volume" }')
SHARES = (
    MARKET.replace(', market_cap = "cap" }', ', volume = "volume" }')
    + """
[sources.shares]
table = "shares"
path = "shares.csv"
columns = { security = "ticker", date = "date", shares = "shares" }
[sources.actions]
table = "actions"
path = "actions.csv"
columns = { security = "ticker", date = "date", kind = "kind", ratio = "ratio" }
"""
)
Counts = list[tuple[str, dt.date, float]]


def traded() -> np.ndarray:
    """Volumes (12, 30): about half a percent of a hundred million shares."""
    return 5e5 * np.exp(np.random.default_rng(3).normal(0, 0.4, (12, 30)))


def beside(
    folder: Path,
    closes: np.ndarray,
    caps: np.ndarray | None,
    volumes: np.ndarray,
    counts: Counts = (),  # type: ignore[assignment]
    splits: Counts = (),  # type: ignore[assignment]
) -> Market:
    lines = [
        f"{s},{day},{closes[i, t]:.4f},{volumes[i, t]:.0f}"
        + ("" if caps is None else f",{caps[i, t]:.2f}")
        for i, s in enumerate(NAMES)
        for t, day in enumerate(DAYS)
    ]
    head = "ticker,date,close,volume" + ("" if caps is None else ",cap")
    (folder / "closes.csv").write_text("\n".join([head, *lines]))
    (folder / "market.toml").write_text(SHARES if caps is None else VOLUME)
    rows = [f"{s},{day},{n:.0f}" for s, day, n in counts]
    (folder / "shares.csv").write_text("\n".join(["ticker,date,shares", *rows]))
    acts = [f"{s},{day},split,{k}" for s, day, k in [*splits, ("ZZZ", DAYS[0], 2.0)]]
    (folder / "actions.csv").write_text("\n".join(["ticker,date,kind,ratio", *acts]))
    market = Market.open(folder / "market.toml")
    market.import_()
    return market


def caveats(market: Market) -> list[str]:
    """What the basket by cap says of caps, and whether ``doctor`` says the same of leaps."""
    told = list(market.show("performance", subjects=["cap"], since=str(DAYS[0]))[0].caveats)
    found = [f["example"] for f in market.findings().to_dicts() if "cannot be right" in f["check"]]
    assert set(found) == {c for c in told if c.startswith("market caps")}
    return [c for c in told if "cap" in c or "weight" in c]


def unfit(told: list[str]) -> str:
    return next((c for c in told if c.startswith("market caps do not fit volumes: ")), "")


@pytest.mark.parametrize("factor", [0.001, 0.01, 100.0, 1000.0])
def test_a_cap_in_another_unit_from_its_first_day_to_its_last(
    tmp_path: Path, factor: float
) -> None:
    closes, caps = world()
    assert caveats(beside(tmp_path, closes, caps, traded())) == []
    caps[7] *= factor
    told = unfit(caveats(beside(tmp_path, closes, caps, traded())))
    median = float(np.median(traded()[7] / 1e8)) / factor  # close x volume / (close x shares)
    assert f"{median:.2%} of {NAMES[7]} changes hands on a typical day" in told


def test_a_tenth_of_the_members_that_trade_more_is_sound(tmp_path: Path) -> None:
    closes, caps = world()
    volumes = traded()
    volumes[3] *= 20  # a tenth of the company a day: a fashion
    volumes[4] /= 20
    assert caveats(beside(tmp_path, closes, caps, volumes)) == []


@pytest.mark.parametrize("members", [3, 4])
def test_few_members_are_told_by_what_is_impossible(members: int) -> None:
    panel: Any = FakePanel(
        [str(d) for d in DAYS],
        {
            "close": np.full((members, 30), 50.0),
            "volume": np.full((members, 30), 5e5),
            "market_cap": np.full((members, 30), 5e9) * np.r_[1e-3, np.ones(members - 1)][:, None],
            "price_return": np.zeros((members, 30)),
        },
    )
    weights = np.full(members, 1 / members)
    assert "500.00% of S000" in unfit(OddCaps(panel).caveats(weights, 0.02))
    assert OddCaps(panel).caveats(np.r_[0.0, weights[1:]], 0.02) == []


@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_a_count_of_shares_in_another_unit(tmp_path: Path, factor: float) -> None:
    closes, _ = world()
    counts = [(s, DAYS[0], 1e8) for s in NAMES]
    assert caveats(beside(tmp_path, closes, None, traded(), counts)) == []
    counts[7] = (NAMES[7], DAYS[0], 1e8 * factor)
    assert f" of {NAMES[7]} changes" in unfit(
        caveats(beside(tmp_path, closes, None, traded(), counts))
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(10, 2e8)], "times 2 on"),  # doubled from a day on
        ([(10, 2.05e8)], "times 2.05 on"),  # and new shares
        ([(10, 1e5)], "times 0.001 on"),
        ([(10, 1.1e8)], ""),  # new shares
    ],
)
def test_a_count_of_shares_that_leaps(
    tmp_path: Path, rows: list[tuple[int, float]], said: str
) -> None:
    closes, _ = world()
    counts = [(s, DAYS[0], 1e8) for s in NAMES] + [(NAMES[3], DAYS[t], n) for t, n in rows]
    told = [c for c in caveats(beside(tmp_path, closes, None, traded(), counts)) if LEAP in c]
    assert bool(told) == bool(said)
    assert all(f"{said} {DAYS[10]}" in c for c in told)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], ""),  # the count is of before, and multiplied by the split
        ([(20, 4e8)], ""),  # it followed
        ([(20, 1e8)], f"times 0.25 on {DAYS[20]}"),  # it never did
        ([(10, 4e8)], f"times 4 on {DAYS[10]}"),  # it followed before the split
    ],
)
def test_a_split_on_record_and_counts_of_shares(
    tmp_path: Path, rows: list[tuple[int, float]], said: str
) -> None:
    """4:1 on the sixteenth session."""
    closes, _ = world()
    closes[3, 15:] /= 4
    volumes = traded()
    volumes[3, 15:] *= 4
    counts = [(s, DAYS[0], 1e8) for s in NAMES] + [(NAMES[3], DAYS[t], n) for t, n in rows]
    made = beside(tmp_path, closes, None, volumes, counts, [(NAMES[3], DAYS[15], 4.0)])
    told = [c for c in caveats(made) if LEAP in c]
    assert bool(told) == bool(said)
    assert all(said in c for c in told)


def test_market_caps_that_never_follow_a_split_on_record(tmp_path: Path) -> None:
    closes, caps = world()
    closes[3, 15:] /= 4
    caps[3, 15:] /= 4  # close times shares from before
    lines = VOLUME + SHARES[SHARES.index("[sources.actions]") :]
    made = beside(tmp_path, closes, caps, traded(), splits=[(NAMES[3], DAYS[15], 4.0)])
    (tmp_path / "market.toml").write_text(lines)
    made = Market.open(tmp_path / "market.toml")
    made.import_()
    assert any(f"times 0.25 on {DAYS[15]}" in c for c in caveats(made))


RANKED = """
[baskets.two]
universe = "all"
rank = [1, 2]
weight = "cap"
rebalance = "none"
"""


def test_ranks_are_by_the_sizes_that_weights_are_by(tmp_path: Path) -> None:
    """No source has caps: companies are as large as close times shares."""
    closes, _ = world()
    first = closes[:, 0]
    counts = [1e8 * (13 - i) for i in range(12)]
    counts[7] = 9e9
    market = beside(
        tmp_path,
        closes,
        None,
        traded(),
        [(s, DAYS[0], n) for s, n in zip(NAMES, counts, strict=True)],
    )
    text = (tmp_path / "market.toml").read_text() + RANKED
    (tmp_path / "market.toml").write_text(text)
    market = Market.open(tmp_path / "market.toml")
    weights = market.built["price"].spans[0].weights[market.built["price"].row("two")]
    # 9e9 x 50 and 13e8 x 50, but for what the closes have moved by the first day
    sizes = {7: 9e9 * first[7], 0: 13e8 * first[0]}
    held = {i: w for i, w in enumerate(weights) if w > 0}
    assert held == pytest.approx({i: w / sum(sizes.values()) for i, w in sizes.items()}, rel=1e-5)
    rows = market.evaluate("factors", baskets=("two",)).result.table
    assert rows is not None and rows.filter(factor="size")["n_used"].max() == 2


def test_shares_without_closes_as_traded_are_named(tmp_path: Path) -> None:
    closes, _ = world()
    market = beside(tmp_path, closes, None, traded(), [(s, DAYS[0], 1e8) for s in NAMES])
    text = (tmp_path / "market.toml").read_text() + RANKED
    text = text.replace('close = "close"', 'adjusted_close = "close"')
    (tmp_path / "market.toml").write_text(text)
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    for name in ("cap", "two"):
        (why,) = [
            c
            for f in market.show("performance", subjects=[name], horizons=("1w",))
            for c in f.caveats
            if c.startswith("no members")
        ]
        assert "has a market cap" in why and "map close or market_cap" in why


# ---- volumes


def volumes(what: str) -> np.ndarray:
    """Volumes (4, 84) of a thousand a day, but for the last security's."""
    out = np.full((4, 84), 1000.0)
    rise = np.where(np.arange(84) < 50, 1.0, 1000.0)
    out[3] = {
        "all right": out[3],
        "thousands": out[3] / rise,
        "more": out[3] * rise,
        "tenfold": out[3] * rise ** (1 / 3),
        "on two days": np.where(np.isin(np.arange(84), (60, 61)), 1e6, 1000.0),
        "missing": np.where(np.isin(np.arange(84), (60, 61)), np.nan, 1000.0),
        "zero": np.where(np.isin(np.arange(84), (59, 60, 61)), 0.0, 1000.0),
        "seldom": np.where(np.arange(84) % 3 == 0, 0.0, 1000.0),
    }[what]
    return out


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("all right", None),
        ("tenfold", None),
        ("on two days", None),
        ("seldom", None),  # a close between bid and ask moves on days without a trade
        ("thousands", "volumes leap and stay: S003 times 0.001 from 2025-04-22 on"),
        ("more", "volumes leap and stay: S003 times 1e+03 from 2025-04-22 on"),
        (
            "missing",
            "volumes are missing: 1 member on 2 sessions, last 2025-05-03, most often S003",
        ),
        (
            "zero",  # on the first of the three sessions the close stood still
            "volumes are zero though prices moved: 1 member on 2 sessions, last 2025-05-03, most "
            "often S003",
        ),
    ],
)
def test_volumes_that_cannot_be_right(what: str, said: str | None) -> None:
    sessions = np.datetime64("2025-03-03") + np.arange(84)
    moves = np.full((4, 84), 0.01)
    moves[3, 59] = 0
    fields = {"close": np.full((4, 84), 10.0), "price_return": moves, "volume": volumes(what)}
    panel: Any = FakePanel(sessions, fields)
    panel.memo = {}
    assert odd_volumes(panel, np.ones(4, bool)) == ([] if said is None else [said])
    assert odd_volumes(panel, np.arange(4) < 3) == [], "nobody holds it"


def test_missing_volumes_are_said_of_every_basket(tmp_path: Path) -> None:
    closes, caps = world()
    market = beside(tmp_path, closes, caps, traded())
    rows = (tmp_path / "closes.csv").read_text().splitlines()
    lacking = [i for i, r in enumerate(rows) if r.startswith(f"{NAMES[3]},{DAYS[9]},")]
    for i in lacking:
        cells = rows[i].split(",")
        rows[i] = ",".join([*cells[:3], "", *cells[4:]])
    (tmp_path / "closes.csv").write_text("\n".join(rows))
    market.import_()
    market = Market.open(tmp_path / "market.toml")
    said = f"volumes are missing: 1 member on 1 session, last {DAYS[9]}, most often {NAMES[3]}"
    for measure in ("dollar_volume_share", "volume_breadth"):
        assert all(said in f.caveats for f in market.show(measure))
    assert not any(said in f.caveats for f in market.show("performance"))
    found = [f["example"] for f in market.findings().to_dicts() if "volumes" in f["check"]]
    assert found == [said]


# ---- reported items beside caps

REPORTED = """
[sources.reported]
table = "fundamentals"
path = "reported.csv"
columns = { security = "ticker", item = "item", period_end = "end", value = "value", known = "on" }
"""


def reports(folder: Path, values: np.ndarray, times: float = 1.0) -> list[str]:
    """What value_spread says where A3 reports (n,) book equities, and all others 2.5e9."""
    closes, caps = world()
    caps[3, 12:] *= times
    opened(folder, DAYS, closes, caps)
    ends = ("2024-12-31", "2025-03-14", "2025-03-31")
    filed = (DAYS[5], DAYS[12], DAYS[25])
    lines = [
        f"{s},book_equity,{end},{value if i == 3 else 2.5e9},{on}"
        for i, s in enumerate(NAMES)
        for end, on, value in zip(ends, filed, values, strict=True)
    ]
    (folder / "reported.csv").write_text("\n".join(["ticker,item,end,value,on", *lines]))
    (folder / "market.toml").write_text(MARKET + REPORTED)
    market = Market.open(folder / "market.toml")
    market.import_()
    told = {c for f in market.show("value_spread") for c in f.caveats if "reported items" in c}
    found = {f["example"] for f in market.findings().to_dicts() if "reported" in f["check"]}
    assert told == found, "doctor says the same"
    return sorted(told)


LEAPS = f"reported items leap between filings: book_equity of {NAMES[3]} for"


@pytest.mark.parametrize(
    ("values", "leaps"),
    [
        ((1.0, 2.0, 3.0, 2000.0), True),  # a thousand times the middle of 1, 2 and 3
        ((1.0, 2.0, 3.0, 0.002), False),  # a poor quarter
        ((0.01, 1.0, 2.0, 3.0), False),  # after a poor one
    ],
)
def test_of_earnings_only_large_leaps_are_told(values: tuple[float, ...], leaps: bool) -> None:
    n, ends = len(values), [dt.date(2024, 3 * k, 28) for k in (1, 2, 3, 4)]
    rows = pl.DataFrame(
        {
            "security": ["S000"] * n + ["S001"] * n,
            "item": "earnings",
            "period_end": ends * 2,
            "known": ends * 2,
            "value": [*values, *(-1.0 for _ in values)],
            "load": 1,
        }
    )
    panel: Any = FakePanel(ends, {"close": np.ones((2, n))})
    said = odd_items(panel, rows, np.ones(2, bool))
    assert [s.startswith("reported items leap") for s in said] == [True] * leaps


@pytest.mark.parametrize(
    ("values", "times", "said"),
    [
        ((2.5e9, 2.6e9, 2.5e9), 1, ()),
        # 2.6e12 beside the middle of 2.5e9 and 2.7e9
        ((2.5e9, 2.7e9, 2.6e12), 1, (f"{LEAPS} 2025-03-31 is 1,000 times what it was before",)),
        ((2.5e9, 2.5e9, 2.5e6), 1, (f"{LEAPS} 2025-03-31 is 0.001 times what it was before",)),
        ((2.5e9, 2.5e9, -2.5e11), 1, (f"{LEAPS} 2025-03-31 is 100 times what it was before",)),
        # corrected: 2.5e9 beside the middle of 2.5e9 and 2.5e12, 1.25e12, is no power of ten
        ((2.5e9, 2.5e12, 2.5e9), 1, (f"{LEAPS} 2025-03-14 is 1,000 times what it was before",)),
        ((2.5e9, 2.5e9, 2.5e10), 1, ()),  # a merger
        ((2.5e9, 2.5e9, 1.2e12), 1, ()),  # no unit: 480 times
        ((2.5e9, 2.5e12, 2.5e12), 1000, ()),  # the cap as well
        ((2.5e9, 0, 2.5e9), 1, ()),
        ((1e11, 1e11, 1e11), 1, ()),  # about forty times the median: in distress
        ((2.5e12, 2.5e12, 2.5e12), 1, ("reported items do not fit market caps: book_equity of",)),
        ((2.5e6, 2.5e6, 2.5e6), 1, ("reported items do not fit market caps: book_equity of",)),
    ],
)
def test_a_reported_item_in_another_unit(
    tmp_path: Path, values: tuple[float, ...], times: float, said: tuple[str, ...]
) -> None:
    told = reports(tmp_path, np.array(values), times)
    assert len(told) == len(said)
    assert all(t.startswith(s) for t, s in zip(told, said, strict=True))
    if said and "fit" in said[0]:
        assert NAMES[3] in told[0]
