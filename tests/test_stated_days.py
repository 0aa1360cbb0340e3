"""Days that figures must state: of lists rolled forward, of a broken low, of periods complete."""

from __future__ import annotations

import json
import math
from pathlib import Path

import exchange_calendars
import numpy as np
import pytest

from paceline.market import Market
from paceline.measures.regimes import expanding_median
from paceline.pages.headline import sentences
from paceline.pages.since_low import since_low
from paceline.signals.sessions import is_over, period_ends
from paceline.studies import episodes, themes
from paceline.studies.answers import Answers

MARKET = """
[market]
name = "days"
calendar = "XNYS"
benchmark = "{benchmark}"
start = 2024-10-01
store = "store"
basis = "price"
[sources.prices]
path = "prices.csv"
columns = {{ security = "security", date = "date", close = "close" }}
dialect = "split_adjusted"
{more}
"""
LISTED = """
[sources.list]
table = "members"
path = "members.csv"
columns = { universe = "universe", security = "security", start = "start" }
valid = 2025-01-31
max_age = 40
[universes.all]
members = "all"
[baskets.equal]
universe = "all"
weight = "equal"
"""
ALONE = """
[baskets.x]
instrument = "X"
"""
NYSE = exchange_calendars.get_calendar("XNYS", start="2024-10-01", end="2026-12-31").sessions
DAYS = [d.date() for d in NYSE]


def made(folder: Path, benchmark: str, more: str, lines: dict[str, list[float]]) -> Market:
    rows = [
        f"{name},{day},{close:.4f}"
        for name, closes in lines.items()
        for day, close in zip(DAYS, closes, strict=False)
        if not math.isnan(close)
    ]
    (folder / "prices.csv").write_text("security,date,close\n" + "\n".join(rows) + "\n")
    members = [f"all,{name},2024-10-01" for name in lines]
    (folder / "members.csv").write_text("universe,security,start\n" + "\n".join(members) + "\n")
    (folder / "market.toml").write_text(MARKET.format(benchmark=benchmark, more=more))
    market = Market.open(folder / "market.toml")
    market.import_()
    return market


def wave(count: int, step: float) -> list[float]:
    return [100 + step * (k % 7) for k in range(count)]


def as_of(market: Market, day: str) -> Market:
    return Market(market.file, market.path, as_of=day)


# ---- lists rolled forward


@pytest.mark.parametrize(
    ("day", "caveat", "valued"),
    [
        ("2025-01-31", "", True),
        ("2025-02-28", "members of 2025-01-31, rolled forward 28 days", True),
        (
            "2025-03-31",
            "no value: members of 2025-01-31 are 59 days old on 2025-03-31, 40 are allowed",
            False,
        ),
    ],
)
def test_a_list_says_how_old_it_is(tmp_path: Path, day: str, caveat: str, valued: bool) -> None:
    lines = {n: wave(140, s) for n, s in (("X", 1.0), ("Y", 0.5), ("Z", -0.5))}
    market = as_of(made(tmp_path, "equal", LISTED, lines), day)
    for measure, statistic in (("performance", "mtd"), ("percent_above_average", None)):
        how = {"window": 20} if statistic is None else {}
        (figure, *_) = [f for f in market.show(measure, **how) if statistic in (None, f.statistic)]
        assert (figure.value is not None) == valued
        said = [c for c in figure.caveats if "2025-01-31" in c]
        assert said == ([caveat] if caveat else [])


# ---- a low that was broken

#: A fall of 10%, a rise of 4.4% that confirms the low, and a fall to just below it.
FALL = [*[100.0] * 5, 94.0, 90.0, 94.0, 93.0]


@pytest.mark.parametrize(
    ("after", "broken"), [([91.0, 92.0], ""), ([91.0, 90.0, 92.0], ""), ([91.0, 89.9, 92.0], "10")]
)
def test_a_broken_low_is_said_to_be_broken(tmp_path: Path, after: list[float], broken: str) -> None:
    market = made(tmp_path, "x", ALONE, {"X": FALL + after})
    assert market.low is not None
    assert market.low[0] == DAYS[6]
    on = str(DAYS[int(broken)]) if broken else ""
    assert str(market.low_broken or "") == on
    (figure,) = market.show("performance", horizons=("since_low",))
    want = [f"the low of {DAYS[6]} has been broken: the benchmark closed below it on {on}"]
    assert [c for c in figure.caveats if "broken" in c] == (want if broken else [])
    section = since_low.build(Answers(market))
    assert section is not None
    assert ("That low has been broken since" in str(section.blocks[0])) == bool(broken)


def test_a_broken_low_was_not_broken_before(tmp_path: Path) -> None:
    market = made(tmp_path, "x", ALONE, {"X": [*FALL, 91.0, 89.9]})
    assert as_of(market, str(DAYS[9])).low_broken is None


def test_every_figure_from_a_broken_low_says_so(tmp_path: Path) -> None:
    pair = (
        ALONE
        + """
[baskets.y]
instrument = "Y"
[rotations.x_y]
lead = "x"
against = "y"
"""
    )
    # two years before, so that turns can be looked for
    before = [100 + (k % 5) for k in range(300)]
    fall = [x * 1.0 for x in [*FALL, 91.0, 89.9, 92.0]]
    lines = {"X": before + fall, "Y": before + [100.0 + (k % 3) for k in range(len(fall))]}
    market = made(tmp_path, "x", pair, lines)
    low = market.low
    assert low is not None and market.low_broken is not None
    want = f"the low of {low[0]} has been broken: the benchmark closed below it on "
    want += str(market.low_broken)
    ask = Answers(market)
    (theme,) = themes.weigh(market).themes
    figures = [
        *market.show("performance", horizons=("since_low",)),
        *market.show("performance", since="low"),
        *market.show("relative_strength", since="low"),
        *episodes.study(market, "x_y").since_low().values(),
        theme.lines[0].figures["low_z"],
    ]
    since = [f for f in figures if f.start == str(low[0])]
    assert len(since) > 4
    assert all(want in f.caveats for f in since)
    assert want in json.dumps([f.to_json() for f in since])
    for build in (sentences, since_low.build):
        assert "That low has been broken since" in str(build(ask))


def test_closes_missing_after_a_low_may_hide_a_later_one(tmp_path: Path) -> None:
    closes = [100.0, *[101.0] * 4, 94.0, 91.0, 96.0, 97.0, *[math.nan] * 3, 98.0]
    market = made(tmp_path, "x", ALONE, {"X": closes})
    days = ", ".join(str(DAYS[k]) for k in (9, 10, 11))
    want = f"the benchmark has no close on {days}: a later low may lie there"
    (figure,) = market.show("performance", horizons=("since_low",))
    assert want in figure.caveats


@pytest.mark.parametrize(("hole", "hidden"), [((), ""), ((6, 7), "6 7"), ((1, 2), ""), ((10,), "")])
def test_a_low_that_may_lie_in_a_hole_says_so(
    tmp_path: Path, hole: tuple[int, ...], hidden: str
) -> None:
    closes = [100.0, *[101.0] * 4, 94.0, 93.0, 92.0, 91.0, 96.0, 97.0, 98.0]
    closes = [math.nan if k in hole else x for k, x in enumerate(closes)]
    market = made(tmp_path, "x", ALONE, {"X": closes})
    assert market.low is not None
    assert market.low[0] == DAYS[8]
    days = ", ".join(str(DAYS[int(k)]) for k in hidden.split())
    want = f"the benchmark has no close on {days}: its low may lie there"
    (figure,) = market.show("performance", horizons=("since_low",))
    assert [c for c in figure.caveats if "may lie" in c] == ([want] if hidden else [])
    section = since_low.build(Answers(market))
    assert (want in str(section)) == bool(hidden)


@pytest.mark.parametrize("basis", ["price", "total"])
def test_one_market_has_one_low(tmp_path: Path, basis: str) -> None:
    """A payment of ten on the day of the low: with it there is no fall at all."""
    closes = [100.0, 100.0, 94.0, 90.0, 94.0, 95.0]
    paid = [0.0, 0.0, 0.0, 10.0, 0.0, 0.0]
    lines = ["security,date,price,total"]
    for day, was, now, gain in zip(DAYS[1:], closes, closes[1:], paid[1:], strict=False):
        lines.append(f"X,{day},{now / was - 1},{(now + gain) / was - 1}")
    (tmp_path / "prices.csv").write_text("\n".join(lines) + "\n")
    text = MARKET.format(benchmark="x", more=ALONE).replace('basis = "price"', f'basis = "{basis}"')
    text = text.replace('close = "close"', 'price_return = "price", total_return = "total"')
    (tmp_path / "market.toml").write_text(text.replace('"split_adjusted"', '"returns"'))
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    assert market.all_levels.basis["x"] == basis
    assert market.low is not None
    lows = {f.start for f in market.show("performance", horizons=("since_low",))}
    assert lows == {str(market.low[0])} == {str(DAYS[3])}


# ---- periods


@pytest.mark.parametrize(
    ("last", "month", "quarter", "year"),
    [
        ("2025-11-28", True, False, False),  # a half session after Thanksgiving, then a weekend
        ("2025-11-26", False, False, False),
        ("2025-03-31", True, True, False),
        ("2025-12-30", False, False, False),
        ("2025-12-31", True, True, True),
        ("2025-05-30", True, False, False),
    ],
)
def test_the_calendar_knows_what_is_over(last: str, month: bool, quarter: bool, year: bool) -> None:
    calendar = np.array(DAYS, "datetime64[D]")
    seen = calendar[calendar <= np.datetime64(last)]
    assert [is_over(seen, calendar, u) for u in "MQY"] == [month, quarter, year]
    assert not is_over(seen, seen, "M")  # nothing is known of the days to come


@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        ("2025-11-28", "2025-10-31", "2025-11-28"),
        ("2025-11-26", "2025-09-30", "2025-10-31"),
        ("2025-12-01", "2025-10-31", "2025-11-28"),
        ("2025-12-31", "2025-11-28", "2025-12-31"),
    ],
)
def test_the_last_full_month(tmp_path: Path, day: str, start: str, end: str) -> None:
    market = as_of(made(tmp_path, "x", ALONE, {"X": wave(330, 1.0)}), day)
    (month,) = market.show("performance", horizons=("last_month",))
    assert (month.start, month.end) == (start, end)
    years = {f.statistic for f in market.show("performance", years=1)}
    assert ("2025" in years, "2024" in years) == (day == "2025-12-31", day != "2025-12-31")


def test_the_year_has_a_value_on_its_last_session(tmp_path: Path) -> None:
    market = as_of(made(tmp_path, "x", ALONE, {"X": wave(330, 1.0)}), "2025-12-31")
    at = {str(d): 100 + k % 7 for k, d in enumerate(DAYS)}
    (year,) = market.show("performance", horizons=("2025",))
    assert year.number == pytest.approx(at["2025-12-31"] / at["2024-12-31"] - 1, rel=1e-4)


# ---- days that nobody declared

UNDECLARED = LISTED.replace("valid = 2025-01-31\nmax_age = 40\n", "")
CLASSED = """
[sources.classes]
table = "classes"
path = "classes.csv"
columns = {{ security = "security", sector = "sector"{start} }}
constants = {{ scheme = "own" }}
{valid}
[baskets.energy]
universe = "all"
sector = "Energy"
weight = "equal"
"""


@pytest.mark.parametrize(
    ("day", "said"),
    [
        # the list's last change is the beginning of its members; a quarter without one is usual
        ("2024-12-31", []),
        (
            "2025-03-31",
            ["members: the last change stated is of 2024-10-01, rolled forward 181 days"],
        ),
    ],
)
def test_a_list_without_a_day_is_of_its_last_change(
    tmp_path: Path, day: str, said: list[str]
) -> None:
    lines = {n: wave(140, s) for n, s in (("X", 1.0), ("Y", 0.5), ("Z", -0.5))}
    market = as_of(made(tmp_path, "equal", UNDECLARED, lines), day)
    (figure,) = market.show("performance", horizons=("1w",))
    assert figure.value is not None
    assert [c for c in figure.caveats if "members" in c] == said


def test_whoever_looks_back_knows_that_the_list_ended(tmp_path: Path) -> None:
    """The list's last change is of 2024-10-01; by the end of March nobody calls that usual."""
    lines = {n: wave(140, s) for n, s in (("X", 1.0), ("Y", 0.5), ("Z", -0.5))}
    market = made(tmp_path, "equal", UNDECLARED, lines)
    old = "members: the last change stated is of 2024-10-01, rolled forward"
    for day, said in (("2024-12-31", 0), ("2025-03-31", 1)):
        shown = as_of(market, day).show("swing_lows", fall=0.005, rise=0.005)
        turns = [f for f in shown if "2024-10-02" < (f.end or "") <= "2024-12-31"]
        assert len(turns) > 2
        assert all(any(c.startswith(old) for c in f.caveats) == bool(said) for f in turns)


@pytest.mark.parametrize(
    ("valid", "start", "day", "horizon", "said", "valued"),
    [
        # undated rows, the list before its day, across it, after it
        ("2025-01-31", "", "2024-12-31", "1w", "applied to earlier days", True),
        ("2025-01-31", "", "2025-02-03", "1w", "applied to earlier days", True),
        ("2025-01-31", "", "2025-02-28", "1w", "rolled forward 28 days", True),
        ("2025-01-31", "", "2026-03-02", "1w", "are 395 days old", False),
        ("", "", "2025-02-28", "1w", "carry no date and stand for every day", True),
        # rows with a beginning have a past of their own
        ("2025-01-31", "2024-10-01", "2024-12-31", "1w", "", True),
        ("2025-01-31", "2024-10-01", "2025-02-28", "1w", "rolled forward 28 days", True),
        ("", "2024-10-01", "2025-02-28", "1w", "", True),
        ("", "2024-10-01", "2025-12-31", "1w", "the last change stated is of 2024-10-01", True),
    ],
)
def test_sectors_say_of_which_day_they_are(
    tmp_path: Path, valid: str, start: str, day: str, horizon: str, said: str, valued: bool
) -> None:
    column = ', start = "start"' if start else ""
    classes = CLASSED.format(valid=f"valid = {valid}" if valid else "", start=column)
    lines = {n: wave(380, s) for n, s in (("X", 1.0), ("Y", 0.5), ("Z", -0.5))}
    rows = [f"{n},{s}{',' + start if start else ''}" for n, s in SECTORS.items()]
    head = "security,sector" + (",start" if start else "")
    (tmp_path / "classes.csv").write_text("\n".join([head, *rows]) + "\n")
    more = UNDECLARED + classes
    market = as_of(made(tmp_path, "equal", more, lines), day)
    (figure,) = market.show("performance", subjects=["energy"], horizons=(horizon,))
    assert (figure.value is not None) == valued
    told = [c for c in figure.caveats if "classes" in c]
    assert bool(told) == bool(said)
    assert said in "".join(told)
    (whole,) = market.show("performance", subjects=["equal"], horizons=(horizon,))
    assert not any("classes" in c for c in whole.caveats)


SECTORS = {"X": "Energy", "Y": "Energy", "Z": "Banks"}


# ---- months that are over, in what is worked out by month


def test_a_months_end_is_known_on_its_last_session_by_the_calendar() -> None:
    calendar = np.array(DAYS, "datetime64[D]")
    seen = calendar[calendar <= np.datetime64("2025-03-31")]
    last = len(seen) - 1
    ends, known = period_ends(seen, calendar, "M")
    assert ends[-1] == known[-1] == last
    assert (ends == known).all()
    # without a calendar the next session tells
    ends, known = period_ends(seen, seen[:0], "M")
    assert seen[ends[-1]] == np.datetime64("2025-02-28")
    assert (known == ends + 1).all()
    # what is over on a day stays so
    for cut in range(last - 45, last + 1):
        early = period_ends(seen[: cut + 1], calendar, "M")[0]
        assert early.tolist() == [t for t in period_ends(seen, calendar, "M")[0] if t <= cut]


def test_the_median_of_regimes_counts_a_month_on_its_last_session() -> None:
    """Volatility 1, 2, 3 ... by month: with 24 months the median is 12.5, with 25 it is 13."""
    days = np.arange("2020-01-01", "2022-03-01", dtype="datetime64[D]")
    values = (days.astype("datetime64[M]").astype(int) - 50 * 12 + 1.0)[None]
    at = {str(d): t for t, d in enumerate(days)}
    got = expanding_median(values, days, np.append(days, days[-1] + 1))[0]
    assert np.isnan(got[at["2021-12-30"]])
    assert (got[at["2021-12-31"]], got[at["2022-01-30"]]) == (12.5, 12.5)
    assert (got[at["2022-01-31"]], got[at["2022-02-28"]]) == (13.0, 13.5)
    unknown = expanding_median(values, days, days[:0])[0]
    assert np.isnan(unknown[at["2021-12-31"]])
    assert unknown[at["2022-01-01"]] == 12.5


# ---- drawings


def test_a_drawn_path_has_a_gap_where_the_level_is_not_known(tmp_path: Path) -> None:
    closes = [100.0, 101.0, 94.0, 93.0, 97.0, math.nan, math.nan, 98.0, 99.0]
    market = made(tmp_path, "x", ALONE, {"X": closes})
    (figure,) = market.show("performance", since=str(DAYS[0]))
    drawn = Answers(market).path(figure)
    assert drawn is not None
    # closes alone: the return over the hole is dated on the session after it
    assert [y is None for y in drawn.y] == [math.isnan(c) for c in closes]
    assert drawn.y[-1] == pytest.approx(-0.01)
