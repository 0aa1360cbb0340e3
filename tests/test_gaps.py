"""What a basket's level lacks: on every figure, above a stated share instead of a value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paceline.figures import Figure
from paceline.market import Market

#: Sessions of New York in the first months of 2025.
DAYS = [
    str(d)
    for d in np.arange(np.datetime64("2025-01-02"), np.datetime64("2025-04-01"))
    if np.is_busday(d) and str(d) not in ("2025-01-09", "2025-01-20", "2025-02-17")
]
NAMES = ("AAA", "BBB", "CCC", "DDD")
#: Every price moves up a tenth of a percent a session, in the hole by one percent.
HOLE = ("2025-02-25", "2025-02-26")
MARKET = """
[market]
name = "gap"
calendar = "XNYS"
benchmark = "idx"
start = 2025-01-02
store = "store"
{more}
[sources.levels]
path = "index.csv"
columns = {{ security = "index", date = "date", close = "close" }}
options = {{ also_securities = {{ kind = "index" }} }}
{sources}
[baskets.idx]
instrument = "IDX"
[baskets.all]
{basket}
weight = "equal"
{after}
"""
CHANGES = """
[sources.changes]
path = "changes.csv"
dialect = "changes"
columns = { security = "ticker", date = "date", close = "close", price_return = "change" }
"""
RETURNS = """
[sources.changes]
path = "changes.csv"
dialect = "returns"
columns = { security = "ticker", date = "date", price_return = "change" }
"""
ADJUSTED = """
[sources.adjusted]
path = "adjusted.csv"
dialect = "adjusted"
columns = { security = "ticker", date = "date", adjusted_close = "close" }
"""
MEMBERS = """
[sources.members]
table = "members"
path = "members.csv"
columns = { universe = "universe", security = "security", start = "start", end = "end" }
[universes.list]
members = "list"
"""


def growth(day: str) -> float:
    return 0.01 if day in HOLE else 0.001


def truth(days: list[str]) -> float:
    """Growth over sessions, by hand: their product."""
    out = 1.0
    for day in days:
        out *= 1 + growth(day)
    return out - 1


def build(
    folder: Path,
    *,
    sources: str = CHANGES,
    lost: Any = lambda _day, _name: False,
    lost_adjusted: Any = lambda _day, _name: False,
    names: tuple[str, ...] = NAMES,
    **parts: str,
) -> Market:
    folder.mkdir(parents=True, exist_ok=True)
    price, level = dict.fromkeys(names, 100.0), 1000.0
    index, changes, adjusted = ["index,date,close"], ["ticker,date,close,change"], []
    adjusted.append("ticker,date,close")
    for k, day in enumerate(DAYS):
        level *= 1 + growth(day) * (k > 0)
        index.append(f"IDX,{day},{level:.8f}")
        for name in names:
            price[name] *= 1 + growth(day) * (k > 0)
            if not lost(day, name):
                changes.append(f"{name},{day},{price[name]:.8f},{growth(day) * (k > 0)}")
            if not lost_adjusted(day, name):
                adjusted.append(f"{name},{day},{price[name]:.8f}")
    for name, lines in (("index", index), ("changes", changes), ("adjusted", adjusted)):
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    listed = [f"list,{n},2024-01-01," for n in (*names, *parts.pop("absent", "").split())]
    listed += [f"other,{n},2024-01-01," for n in parts.pop("elsewhere", "").split()]
    (folder / "members.csv").write_text("\n".join(["universe,security,start,end", *listed]) + "\n")
    text = {
        "more": "",
        "sources": sources,
        "basket": f"securities = {list(names)}",
        "after": "",
        **parts,
    }
    (folder / "market.toml").write_text(MARKET.format(**text))
    market = Market.open(folder / "market.toml")
    market.import_()
    return market


def since(market: Market, day: str, **how: Any) -> Figure:
    (figure,) = market.show("performance", subjects=["all"], since=day, horizons=("since",), **how)
    return figure


def in_hole(day: str, _name: str) -> bool:
    return day in HOLE


@pytest.mark.parametrize(
    ("sources", "lost", "lost_adjusted"),
    [
        (CHANGES, in_hole, None),
        (CHANGES, lambda d, n: in_hole(d, n) and n != "AAA", None),
        (CHANGES, lambda d, n: in_hole(d, n) and n == "AAA", None),
        (CHANGES, lambda d, _: "2025-02-03" < d < "2025-03-10", None),
        (CHANGES, lambda d, _: d == HOLE[1], None),
        (CHANGES + ADJUSTED, in_hole, None),
        (CHANGES + ADJUSTED, in_hole, lambda d, _: d == HOLE[0]),
        (ADJUSTED, None, in_hole),
        (RETURNS + ADJUSTED, in_hole, None),
        (RETURNS + ADJUSTED, lambda d, _: d >= HOLE[0], None),
    ],
    ids=[
        "two sessions",
        "most",
        "one",
        "a month",
        "one session",
        "another basis",
        "half of it",
        "adjusted closes",
        "returns",
        "prices that stop",
    ],
)
def test_a_hole_is_worked_back_or_filled_and_said(
    tmp_path: Path, sources: str, lost: Any, lost_adjusted: Any
) -> None:
    nothing = lambda _day, _name: False  # noqa: E731
    market = build(
        tmp_path, sources=sources, lost=lost or nothing, lost_adjusted=lost_adjusted or nothing
    )
    # adjusted closes alone have no return, and so no level, before the second session
    figure = since(market, DAYS[1])
    assert figure.value == pytest.approx(truth(DAYS[2:]), abs=1e-7)
    said = " ".join(figure.caveats)
    assert any(word in said for word in ("worked back", "stand in", "a later return covers"))
    whole = since(build(tmp_path / "whole", sources=sources), DAYS[1])
    assert whole.value == pytest.approx(truth(DAYS[2:]), abs=1e-7)
    assert whole.caveats == ()


def test_an_end_inside_a_hole_has_no_value_and_says_so(tmp_path: Path) -> None:
    """Adjusted closes alone: the return of the 27th covers both sessions, but not one of them."""
    market = build(tmp_path, sources=ADJUSTED, lost_adjusted=in_hole)
    figure = since(market, HOLE[0])
    assert figure.value is None
    assert figure.caveats[0] == (
        f"no value: no return for all of the weight of all on {HOLE[0]}, an end of this window"
    )
    assert since(market, "2025-02-24").value == pytest.approx(
        truth([d for d in DAYS if d > "2025-02-24"]), abs=1e-7
    )
    assert since(market, "2025-02-27").value is not None


def test_what_nothing_gives_back_is_blank_over_the_limit_and_said_under_it(tmp_path: Path) -> None:
    market = build(tmp_path, sources=RETURNS, lost=in_hole)
    figure = since(market, DAYS[0])
    assert figure.value is None
    assert figure.caveats[0] == (
        "no value: no return for all of the weight of all on 2 sessions (2025-02-25, 2025-02-26)"
    )
    assert since(market, "2025-02-26").value is not None, "the window begins after the hole"
    (above,) = market.show("percent_above_average", subjects=["all"], window=40)
    assert above.value is None, "a mean over a lost move is none"
    (short,) = market.show("percent_above_average", subjects=["all"], window=5)
    assert short.value == 1.0
    # a quarter of the weight is missing: as much as this market allows
    some = build(
        tmp_path / "some",
        sources=RETURNS,
        lost=lambda d, n: d == HOLE[0] and n == "AAA",
        more="unpriced = 0.26",
    )
    figure = since(some, DAYS[0])
    lacks = 1 + 0.75 * 0.01
    assert figure.value == pytest.approx(
        truth([d for d in DAYS[1:] if d != HOLE[0]]) * lacks + lacks - 1, abs=1e-5
    )
    assert figure.caveats == (f"no return for 25.0% of the weight of all on {HOLE[0]}",)


def test_members_whose_one_basis_stopped_are_not_used_at_zero(tmp_path: Path) -> None:
    """All but one of ten stop in the only feed: no value, and one of ten is used."""
    names = tuple(f"S{k}" for k in range(10))
    stop = DAYS[-25]
    market = build(tmp_path, sources=RETURNS, names=names, lost=lambda d, n: d > stop and n != "S0")
    for start in (DAYS[0], DAYS[-26], DAYS[-20], DAYS[-5]):
        figure = since(market, start)
        assert figure.value is None
        assert figure.caveats[0] == (
            f"no value: all ended on {stop}: 9 of 10 members (S1, S2, S3, ...) have no price on "
            f"{DAYS[-24]}; nine in ten are needed"
        )
    (total,) = [
        f
        for f in market.show("contributions", subjects=["all"], since=DAYS[0])
        if f.statistic == "total"
    ]
    assert total.value is None
    assert (total.n_used, total.n_eligible) == (1, 10)
    checks = {r["check"]: r["example"] for r in market.findings().to_dicts()}
    assert checks["most securities end before the source does"] == (
        f"after {stop}: 9 of 10 securities"
    )


@pytest.mark.parametrize(
    ("closes", "value", "check", "told"),
    [
        (
            "2025-12-03,100,50,1\n2025-12-04,100,50,1\n2025-12-05,110,,1.1",
            "ended on 2025-12-04: 1 of 3 members (MSFT) has no price on 2025-12-05; nine in ten "
            "are needed",
            "level ends before the last session",
            "all ",
        ),
        (
            "2025-12-04,100,,\n2025-12-05,,50,",
            "1 of 1 member (AAPL) has no price on 2025-12-05; nine in ten are needed",
            "no level at all",
            "all has no price return level: ",
        ),
        (
            "2025-12-05,100,50,1",
            "its data are of one session, and a return needs two",
            "no level at all",
            "all has no price return level: ",
        ),
    ],
    ids=["ends", "never begins", "one session"],
)
def test_a_level_that_lacks_members_says_whose_return_it_needs(
    tmp_path: Path, closes: str, value: str, check: str, told: str
) -> None:
    (tmp_path / "closes.csv").write_text(f"Date,AAPL,MSFT,IBM\n{closes}\n")
    (tmp_path / "market.toml").write_text(
        '[market]\nname = "w"\nbenchmark = "all"\nuniverse = "all"\n'
        '[sources.closes]\ntable = "prices"\npath = "closes.csv"\noptions = { wide = true }\n'
        "[universes.all]\neligible = { kinds = [] }\n"
        '[baskets.all]\nuniverse = "all"\nweight = "equal"\n'
    )
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    figure = market.show("performance", subjects=["all"])[0]
    assert figure.caveats[0] == f"no value: {told}{value}"
    assert (check, value) in [(r["check"], r["example"]) for r in market.findings().to_dicts()]


def test_a_halt_is_no_loss(tmp_path: Path) -> None:
    """No trade for three sessions; the change of the first trade is from the last close."""
    market = build(tmp_path, lost=lambda d, n: n == "AAA" and "2025-03-03" <= d <= "2025-03-05")
    path = tmp_path / "changes.csv"
    lines = path.read_text().splitlines()
    closes = {
        line.split(",")[1]: float(line.split(",")[2]) for line in lines if line.startswith("AAA")
    }
    full = closes["2025-03-06"] / closes["2025-02-28"] - 1
    halted = [
        f"AAA,2025-03-06,{closes['2025-03-06']},{full}"
        if line.startswith("AAA,2025-03-06")
        else line
        for line in lines
    ]
    path.write_text("\n".join(halted) + "\n")
    market.import_()
    figure = since(market, DAYS[0])
    assert figure.value == pytest.approx(truth(DAYS[1:]), abs=1e-6)
    assert "a later return covers" in " ".join(figure.caveats)


# ---- who is eligible


def test_members_without_a_price_are_eligible(tmp_path: Path) -> None:
    many = " ".join(f"X{k}" for k in range(2))
    names = tuple(f"S{k:02}" for k in range(38))
    parts = {"sources": CHANGES + MEMBERS, "basket": 'universe = "list"'}
    market = build(tmp_path, names=names, absent=many, **parts)
    (above,) = market.show("percent_above_average", subjects=["all"], window=20)
    assert (above.n_used, above.n_eligible, above.value) == (38, 40, 1.0)
    assert f"2 of 40 members of all have no price on {DAYS[-20]}" in " ".join(
        since(market, DAYS[-20]).caveats
    )
    (found,) = [w for w in market.watched if w.check == "members without any price"]
    assert found.count == 2
    assert found.example.startswith("X0, X1; ")
    # more than one in ten: no value, and the reason
    thin = build(
        tmp_path / "thin", names=names, absent=" ".join(f"X{k}" for k in range(5)), **parts
    )
    (above,) = thin.show("percent_above_average", subjects=["all"], window=20)
    assert (above.n_used, above.n_eligible, above.value) == (38, 43, None)
    figure = since(thin, DAYS[-20])
    assert figure.value is None
    assert figure.caveats[0] == f"no value: 38 of 43 members of all have a price on {DAYS[-20]}"


def test_only_absent_members_of_the_list_and_of_the_class_of_that_day_count(tmp_path: Path) -> None:
    """X0 is of the list and energy until the month ends, X1 of another list: 1, then none."""
    classes = """
[sources.classes]
table = "classes"
path = "classes.csv"
columns = { security = "security", scheme = "scheme", sector = "sector", start = "start" }
"""
    (tmp_path / "classes.csv").write_text(
        "security,scheme,sector,start\n"
        + "".join(f"{name},own,Energy,2024-12-01\n" for name in (*NAMES, "X0", "X1"))
        + "X0,own,Utilities,2025-02-01\n"
    )
    market = build(
        tmp_path,
        absent="X0",
        elsewhere="X1",
        sources=CHANGES + MEMBERS + classes,
        basket='universe = "list"\nsector = "Energy"',
    )
    lacks = market.moment.coverage.absent["all"]
    turn = DAYS.index("2025-02-03")
    assert lacks.eligible.tolist() == [5] * turn + [4] * (len(DAYS) - turn)
    assert lacks.absent.tolist() == [1] * turn + [0] * (len(DAYS) - turn)
    assert lacks.names == ("X0",)
    again = Market.open(tmp_path / "market.toml").moment.coverage.absent["all"]  # as it was kept
    for name, of in vars(lacks).items():
        assert np.array_equal(getattr(again, name), of), name


# ---- page one


def test_missing_sessions_and_strange_indices_stand_on_page_one(tmp_path: Path) -> None:
    from paceline.pages import headline
    from paceline.studies.answers import Answers

    def words(market: Market) -> list[str]:
        said = headline.sentences(Answers(market))
        return ["".join(getattr(p, "text", str(p)) for p in s.parts if p is not None) for s in said]

    market = build(tmp_path, lost=in_hole, after='[published]\nall = "idx"')
    assert any(f"{HOLE[0]}, {HOLE[1]}" in w and "changes" in w for w in words(market))
    assert not any("does not follow" in w for w in words(market))
    # an index file that lost its own February
    off = build(tmp_path / "off", after='[published]\nall = "idx"')
    path = tmp_path / "off" / "index.csv"
    path.write_text(
        "\n".join(
            f"IDX,{line.split(',')[1]},{float(line.split(',')[2]) * 1.02:.8f}"
            if line.startswith("IDX,2025-02") or line.startswith("IDX,2025-03")
            else line
            for line in path.read_text().splitlines()
        )
    )
    off.import_()
    (found,) = [w for w in off.watched if w.check.startswith("built index")]
    assert found.count == 1
    assert found.example.startswith("2025-02-28 -2.0")
    assert any("does not follow" in w and "2025-02-28" in w for w in words(off))
