"""A level by a date: closed form against published and simulated numbers; the rest by hand."""

from __future__ import annotations

import datetime as dt
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paceline
from paceline.cli import main
from paceline.document import Section
from paceline.errors import NotEnoughData, UnknownName, UsageError
from paceline.methods import level_odds, proportions, target_odds
from paceline.pages import target as page
from paceline.pages import what_they_said
from paceline.report import tables
from paceline.studies.answers import Answers

B = math.log(8100 / 6870)


# ---- closed form


@pytest.mark.parametrize(
    ("mu", "sigma", "end", "touch"),
    [
        (0.07, 0.16, 0.250832, 0.423558),
        (0.10, 0.16, 0.314060, 0.491261),
        (0.0, 0.16, 0.133634, 0.278850),
        (0.07, 0.20, 0.283153, 0.496777),
    ],
)
def test_the_chances_of_the_known_example(
    mu: float, sigma: float, end: float, touch: float
) -> None:
    found = level_odds.closed_form(B, 1.0, mu, sigma)
    assert (round(found.end, 6), round(found.touch, 6)) == (end, touch)
    assert found.end < found.touch_close < found.touch


def test_the_touch_at_daily_closes() -> None:
    found = level_odds.closed_form(B, 1.0, 0.07, 0.16).touch_close
    assert round(found, 6) == 0.404922
    assert abs(found - 0.40591) < 0.002, "a Monte Carlo study gave 0.40591 +- 0.001"


def test_what_8100_asks_of_6870() -> None:
    assert round(B, 8) == 0.16469996
    assert round(math.expm1(B), 6) == 0.179039
    assert round(level_odds.required_growth(B, 268 / 252), 4) == 0.1675
    assert round(level_odds.required_growth(B, 391 / 365.25), 4) == 0.1663


def test_daily_closes_agree_with_a_simulation() -> None:
    """An independent check: plain random walks, watched once a day."""
    rng = np.random.default_rng(7)
    mu, sigma, n, walks = 0.03, 0.25, 126, 20_000
    steps = rng.normal((mu - sigma**2 / 2) / 252, sigma / math.sqrt(252), (walks, n)).cumsum(axis=1)
    for b in (0.08, -0.10):
        far = steps if b > 0 else -steps
        found = level_odds.closed_form(b, n / 252, mu, sigma)
        assert found.end == pytest.approx((far[:, -1] >= abs(b)).mean(), abs=0.011)
        assert found.touch_close == pytest.approx((far.max(axis=1) >= abs(b)).mean(), abs=0.013)


def test_down_is_up_in_a_mirror_and_extremes_do_not_overflow() -> None:
    mirrored = 0.16**2 - 0.07  # m = mu - s^2 / 2 changes its sign
    up, down = (
        level_odds.closed_form(B, 1.0, 0.07, 0.16),
        level_odds.closed_form(-B, 1.0, mirrored, 0.16),
    )
    assert down == pytest.approx(up, rel=1e-12)
    certain, hopeless = (
        level_odds.closed_form(1.0, 1.0, 1.9, 0.01),
        level_odds.closed_form(5.0, 1.0, -1.9, 0.01),
    )
    assert certain == pytest.approx((1, 1, 1)) and hopeless == pytest.approx((0, 0, 0))
    assert level_odds.closed_form(0.0, 1.0, 0.0, 0.16).touch == 1
    with pytest.raises(UsageError, match="above zero"):
        level_odds.closed_form(0.1, 0.0, 0.0, 0.16)


# ---- bootstrap and past windows


def test_blocks_are_stretches_of_history_of_the_length_asked() -> None:
    index = level_odds.path_indices(1000, 300, 10.0, 400, np.random.default_rng(3))
    assert index.shape == (400, 300) and index.min() == 0 and index.max() == 999
    joined = (np.diff(index, axis=1) % 1000) == 1
    assert joined.mean() == pytest.approx(0.9, abs=0.005), "a block goes on with chance 1 - 1 / 10"


def test_a_steady_history_leads_one_way_and_shifts_count_per_session() -> None:
    returns = np.full(300, 0.001)
    found, fan = level_odds.bootstrap(
        returns,
        0.05,
        50,
        {"reaches": 1e-9, "falls short": -1e-5, "down": -0.003},
        block=5,
        draws=200,
        seed=0,
        at=np.array([0, 49]),
    )
    assert [found[k].end for k in ("reaches", "falls short", "down")] == [1, 0, 0]
    assert [found[k].touch_close for k in ("reaches", "falls short", "down")] == [1, 0, 0]
    np.testing.assert_allclose(fan, np.tile([0.001, 0.05], (5, 1)))
    below, _ = level_odds.bootstrap(
        returns, -0.05, 50, {"down": -0.003}, block=5, draws=200, seed=0, at=np.array([0])
    )
    assert below["down"].end == below["down"].touch_close == 1


def test_past_windows_by_hand() -> None:
    closes = np.array([100.0, 110, 99, 120, 121, 100])
    ended, touched = level_odds.past_windows(closes, 2, math.log(1.1))
    # two sessions on: 99/100, 120/110, 121/99, 100/120; highest on the way: 110, 120, 121, 121
    assert (ended.value, ended.n, ended.n_effective) == (0.25, 4, 2.0)
    assert touched.value == 0.5
    down, touched_down = level_odds.past_windows(closes, 2, math.log(0.9))
    # 100/120 at the end; also 99/110 on the way
    assert (down.value, touched_down.value) == (0.25, 0.5)
    assert not ended.enough
    assert level_odds.past_windows(closes, 6, 0.1)[0].n == 0


def _weigh(**how: Any) -> target_odds.TargetOdds:
    rng = np.random.default_rng(5)
    closes = 100 * np.exp(rng.normal(0.0003, 0.01, 3000).cumsum())
    days = np.busday_offset("2014-01-01", np.arange(3000), roll="forward")
    future = np.busday_offset(days[-1], np.arange(1, 127), roll="forward")
    return target_odds.weigh(
        closes,
        days,
        future,
        how.pop("level", closes[-1] * 1.05),
        str(future[-1]),
        **{"draws": 2000, **how},
    )


def test_bootstrap_and_closed_form_agree_on_independent_returns() -> None:
    found = _weigh(drift="5%")
    assert found.drift_name == "view" and found.drift == 0.05
    for case in found.cases:
        assert case.simulated.end == pytest.approx(case.closed.end, abs=0.05)
        assert case.simulated.touch_close == pytest.approx(case.closed.touch_close, abs=0.05)
    chances = [c.closed.end for c in sorted(found.cases, key=lambda c: c.drift)]
    assert chances == sorted(chances), "more drift, more chance"
    assert found.drift_low < found.drift_history < found.drift_high
    assert found.variants["target mean"].end == pytest.approx(0.5, abs=0.05), (
        "half end above their own mean"
    )
    assert (np.diff(found.fan, axis=0)[:, 1:] > 0).all() and found.fan.shape == (5, 121)
    assert _weigh().variants == _weigh().variants, "seeded"
    assert _weigh(seed=1).variants != _weigh().variants


def test_volatility_is_as_asked() -> None:
    assert _weigh(volatility="16%").volatility == 0.16
    assert _weigh(volatility="recent").volatility == _weigh().volatility_recent
    assert _weigh().volatility == pytest.approx(0.01 * math.sqrt(252), rel=0.05)


@pytest.mark.parametrize("volatility", ["8%", "30%"])
def test_the_bootstrap_obeys_the_volatility(volatility: str) -> None:
    """Returns that are independent and normal have no tails: closed form and bootstrap agree under
    any volatility, and both differ from those of the history's own."""
    found, own = (_weigh(drift="5%", volatility=v) for v in (volatility, "history"))
    for case, plain in zip(found.cases, own.cases, strict=True):
        assert case.drift == plain.drift
        assert case.simulated.end == pytest.approx(case.closed.end, abs=0.05)
        assert case.simulated.touch_close == pytest.approx(case.closed.touch_close, abs=0.05)
    assert abs(found.stated.simulated.touch_close - own.stated.simulated.touch_close) > 0.1
    wide = np.log(found.fan[-1, -1] / found.fan[0, -1]) / np.log(own.fan[-1, -1] / own.fan[0, -1])
    assert wide == pytest.approx(found.volatility / own.volatility, rel=1e-9)
    assert found.variants["target mean"].end == pytest.approx(0.5, abs=0.05)


def test_every_volatility_is_a_view_of_the_same_drift() -> None:
    found = _weigh(drift="5%", volatility="16%")
    views = {v.name: v for v in found.volatilities}
    assert list(views) == ["history", "recent", "current", "given"]
    assert [v.name for v in _weigh(volatility="current").volatilities] == list(views)[:3]
    assert views["current"].volatility == found.volatility_current
    rng = np.random.default_rng(5)
    daily = np.diff(rng.normal(0.0003, 0.01, 3000).cumsum())
    assert found.volatility_current == pytest.approx(daily[-21:].std(ddof=1) * math.sqrt(252))
    assert views["given"].closed == found.stated.closed
    assert views["given"].simulated == found.stated.simulated
    for v in views.values():
        asked = _weigh(drift="5%", volatility=f"{100 * v.volatility!r}%")
        assert v.closed == pytest.approx(asked.stated.closed)
        assert v.simulated.end == pytest.approx(asked.stated.simulated.end, abs=0.002)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"level": 0}, "a target of 0 is no level"),
        ({"level": -5}, "no level"),
        ({"level": math.nan}, "no level"),
        ({"drift": "seven"}, "drift: 'seven' is not known"),
        ({"drift": "7"}, "not a rate per year"),
        ({"drift": "900%"}, "cannot be used"),
        ({"volatility": "0%"}, "cannot be used"),
        ({"volatility": "nan%"}, "not a rate"),
        ({"draws": 0}, "0 draws"),
    ],
)
def test_bad_input_is_one_clear_error(how: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        _weigh(**how)
    assert caught.value.remedy


def test_too_little_history_says_so() -> None:
    days = np.busday_offset("2025-01-01", np.arange(100), roll="forward")
    for closes in (np.linspace(100, 120, 100), np.array([])):
        with pytest.raises(NotEnoughData, match="too short a history"):
            target_odds.weigh(closes, days[: len(closes)], days[-2:], 130, str(days[-1]))
    long = np.busday_offset("2020-01-01", np.arange(400), roll="forward")
    with pytest.raises(NotEnoughData, match="does not move"):
        target_odds.weigh(np.full(400, 50.0), long, days[-2:], 60, str(days[-1]))


def test_what_is_asked_and_what_the_history_says_by_hand() -> None:
    rng = np.random.default_rng(5)
    closes = 100 * np.exp(rng.normal(0.0003, 0.01, 3000).cumsum())
    daily = np.diff(np.log(closes))
    found = _weigh(draws=100)
    assert found.sessions == 126 and found.years == 0.5 and found.history_n == 2999
    assert found.b == pytest.approx(math.log(1.05)) and found.implied == pytest.approx(0.05)
    assert found.required == pytest.approx(1.05**2 - 1)
    days = (np.datetime64(found.by) - np.datetime64(found.as_of)).astype(int)
    assert found.required_calendar == pytest.approx(1.05 ** (365.25 / days) - 1)
    assert found.volatility_history == pytest.approx(daily.std(ddof=1) * math.sqrt(252))
    assert found.volatility_recent == pytest.approx(daily[-252:].std(ddof=1) * math.sqrt(252))
    own = daily.mean() * 252 + daily.var(ddof=1) * 252 / 2
    assert found.drift == found.drift_history == pytest.approx(own)
    assert (found.drift_low + found.drift_high) / 2 == pytest.approx(own)
    # nearly independent returns: the interval is 1.96 standard errors to either side
    error = daily.std(ddof=1) / math.sqrt(2999) * 252
    assert (found.drift_high - found.drift_low) / 2 == pytest.approx(1.96 * error, rel=0.3)
    assert found.fan_dates[0] == found.as_of and found.fan_dates[-1] == found.by
    assert (found.fan[:, 0] == closes[-1]).all()


def test_every_drift_is_added_to_the_same_draws() -> None:
    """Its own drift leaves the returns as they are; another tilts the fan by the difference."""
    own, none, view = (
        _weigh(draws=300),
        _weigh(draws=300, drift="zero"),
        _weigh(draws=300, drift="5%"),
    )
    named = {c.name: c for c in view.cases}
    assert named["history"].simulated == view.variants["raw"]
    at = np.arange(1, 127)[np.unique(np.linspace(0, 125, 120).round().astype(int))]
    np.testing.assert_allclose(
        own.fan[:, 1:] / none.fan[:, 1:], np.tile(np.exp(own.drift * at / 252), (5, 1))
    )
    np.testing.assert_allclose(view.fan[2, 1:] / none.fan[2, 1:], np.exp(0.05 * at / 252))
    assert {c.drift for c in view.cases} >= {-0.05, 0, 0.025, 0.05, 0.07, 0.10, 0.15}
    assert sum(c.drift == 0.05 for c in view.cases) == 1 and view.stated is named["view"]
    assert named["zero"].closed == level_odds.closed_form(view.b, 0.5, 0.0, view.volatility)


def test_errors_of_the_bootstrap_are_those_of_a_share_of_draws() -> None:
    returns = np.tile([0.01, -0.01], 100)
    found, fan = level_odds.bootstrap(
        returns, 0.0, 1, {"a": 0.0}, block=1, draws=2500, seed=0, at=np.array([0])
    )
    chance = found["a"]
    assert chance.end == chance.touch_close == pytest.approx(0.5, abs=0.03)
    assert chance.end_error == pytest.approx(math.sqrt(chance.end * (1 - chance.end) / 2500))
    assert (chance.end * 2500) == pytest.approx(round(chance.end * 2500)), "all draws are counted"
    assert fan[[0, -1], 0].tolist() == [-0.01, 0.01] and len(fan) == 5


def test_a_share_of_windows_has_the_interval_of_the_independent_ones() -> None:
    """Forty windows of four sessions are worth ten; a quarter of them hit."""
    found = proportions.window_share(np.arange(40) % 4 == 0, 4)
    assert (found.value, found.n, found.n_effective, found.enough) == (0.25, 40, 10, True)
    assert not proportions.window_share(np.arange(39) % 4 == 0, 4).enough
    # 2.5 of 10 with z = 1.96: (0.25 + 0.1921 -+ 1.96 x 0.16839) / 1.38416
    assert (found.low, found.high) == pytest.approx((0.0809, 0.5578), abs=1e-4)
    nothing = proportions.window_share(np.zeros(0, bool), 4)
    assert math.isnan(nothing.value) and nothing.n == 0 and not nothing.enough


@pytest.mark.parametrize("text", ["7%", " 7% ", 0.07, "0.07"])
def test_a_rate_as_people_write_it(text: str | float) -> None:
    assert target_odds.rate(text, "drift") == pytest.approx(0.07)


def test_limits_of_rates_draws_and_history() -> None:
    assert (
        target_odds.rate("99%", "drift") == 0.99 and target_odds.rate(" History ", "x") == "history"
    )
    with pytest.raises(UsageError, match="not a rate"):
        target_odds.rate("1", "drift")
    with pytest.raises(UsageError, match="200001 draws"):
        _weigh(draws=200_001)
    with pytest.raises(UsageError, match="volatility: 500%"):
        _weigh(volatility="500%")
    with pytest.raises(UsageError, match="drift: -201%"):
        _weigh(drift="-201%")
    assert _weigh(drift="-200%", draws=1).drift == -2
    days = np.busday_offset("2020-01-01", np.arange(253), roll="forward")
    closes = 100 + np.sin(np.arange(251.0))
    assert (
        target_odds.weigh(closes, days[:251], days[251:], 101, str(days[-1]), draws=1).history_n
        == 250
    )
    with pytest.raises(NotEnoughData, match="250 closes"):
        target_odds.weigh(closes[:250], days[:250], days[250:], 101, str(days[-1]), draws=1)


# ---- in a market

MARKET = """
[market]
name = "small"
benchmark = "index"
store = "store"
[sources.prices]
path = "prices.csv"
columns = { security = "security", date = "date", close = "close" }
[baskets.index]
instrument = "IDX"
label = "The index"
[baskets.short]
instrument = "NEW"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A market whose index closes at 6,870 on 2025-12-05."""
    import exchange_calendars

    path = tmp_path_factory.mktemp("target")
    days = exchange_calendars.get_calendar("XNYS", start="2015-01-02", end="2025-12-05").sessions
    rng = np.random.default_rng(11)
    closes = np.exp(rng.normal(0.0004, 0.01, len(days)).cumsum())
    closes *= 6870 / closes[-1]
    rows = [f"IDX,{d.date()},{float(c)!r}" for d, c in zip(days, closes, strict=True)]
    rows += [f"NEW,{d.date()},{50 + i % 3}" for i, d in enumerate(days[-60:])]
    (path / "prices.csv").write_text("security,date,close\n" + "\n".join(rows) + "\n")
    (path / "market.toml").write_text(MARKET)
    paceline.open(path / "market.toml").ensure()
    return path


@pytest.fixture(scope="module")
def market(folder: Path) -> Any:
    return paceline.open(folder / "market.toml")


def test_every_number_of_the_known_example_through_the_market(market: Any) -> None:
    answer = market.target(8100, "2026-12-31", drift=0.07, volatility=0.16, draws=500)
    value = {k: f.value for k, f in answer.figures.items()}
    assert value["sessions"] == 268 and value["last_close"] == pytest.approx(6870)
    assert round(value["implied_return"], 6) == 0.179039
    assert (round(value["required_growth"], 4), round(value["required_growth_calendar"], 4)) == (
        0.1675,
        0.1663,
    )
    assert value["end view"] == pytest.approx(
        level_odds.closed_form(B, 268 / 252, 0.07, 0.16).end, rel=1e-9
    )
    assert 0 < value["block"] < 50
    tails = 100 * (value["bootstrap_end view"] - value["end view"])
    assert value["tails"] == pytest.approx(tails)
    assert value["volatility at given"] == 0.16 and value["end at given"] == value["end view"]
    assert (
        value["bootstrap_touch at current"] == answer.target.volatilities[2].simulated.touch_close
    )
    assert value["past_share"] is None or answer.target.ended.enough
    for figure in answer.figures.values():
        assert figure.measure == "target" and figure.as_of == "2025-12-05" and figure.step.parents


def test_history_may_be_cut_and_frames_are_whole(market: Any) -> None:
    whole, cut = (
        market.target(7000, "2026-03-31", draws=200),
        market.target(7000, "2026-03-31", draws=200, since="2024-01-01"),
    )
    assert cut.target.history_n < whole.target.history_n and cut.target.history_from >= "2024-01-01"
    assert cut.figures["end zero"].id != whole.figures["end zero"].id
    assert whole.frame().height == len(whole.figures)
    assert whole.sensitivity()["per_year"].is_sorted() and whole.sensitivity().height == len(
        whole.target.cases
    )
    assert whole.fan()["date"][-1] == dt.date(2026, 3, 31) and whole.fan()["date"][0] == dt.date(
        2025, 12, 5
    )
    assert cut.figures["past_share"].value is None, (
        "under ten independent windows there is a reason instead"
    )
    assert "independent windows" in cut.figures["past_share"].caveats[-1]


@pytest.mark.parametrize(
    ("level", "by", "how", "error", "message"),
    [
        (8100, "2025-12-05", {}, UsageError, "not after the as-of day 2025-12-05"),
        (8100, "2019-01-01", {}, UsageError, "not after"),
        (0, "2026-12-31", {}, UsageError, "no level"),
        (8100, "2026-13-01", {}, UsageError, "not a date"),
        (8100, "2026-12-31", {"subject": "nix"}, UnknownName, "nix"),
        (8100, "2100-12-31", {}, UsageError, "more than 20 years ahead"),
        (8100, "2025-12-06", {}, UsageError, "no session lies between"),
        (60, "2026-12-31", {"subject": "short"}, NotEnoughData, "60 closes are too short"),
        (8100, "2026-12-31", {"since": "2030-01-01"}, NotEnoughData, "has no close"),
    ],
)
def test_a_bad_question_is_one_clear_error(
    market: Any, level: float, by: str, how: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        market.target(level, by, draws=100, **how)


def test_beyond_the_stored_calendar_sessions_are_estimated_and_said_to_be(market: Any) -> None:
    far = market.target(12000, "2033-12-30", draws=100)
    assert far.figures["sessions"].value == pytest.approx(252 * 8.07, abs=5)
    assert "estimated" in far.figures["sessions"].caveats[-1]
    assert "estimated" not in " ".join(
        market.target(7000, "2026-12-31", draws=100).figures["sessions"].caveats
    )


def test_the_verb_prints_writes_and_traces(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--market", str(folder / "market.toml")]
    page = folder / "target.html"
    assert (
        main(
            ["target", "8,100", "--by", "2026-12-31", "--draws", "300", "--html", str(page), *where]
        )
        == 0
    )
    out = capsys.readouterr().out
    assert "rise by 17.90%" in out and "268 sessions" in out
    assert "The answer depends mostly on the drift" in out
    assert "past windows" in out and page.read_text(encoding="utf-8").count("data-figure") > 50
    assert (
        main(
            [
                "target",
                "8100",
                "--by",
                "2026-12-31",
                "--draws",
                "300",
                "--drift",
                "7%",
                "--json",
                *where,
            ]
        )
        == 0
    )
    said = json.loads(capsys.readouterr().out)
    wanted = next(f for f in said["figures"] if f["statistic"] == "touch view")
    assert main(["trace", wanted["figure"], *where, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["parents"][0]["params"]["level"] == 8100 and "--drift 7%" in found["command"]
    again = main([*found["command"].split()[1:], "--json"])
    assert again == 0
    same = {f["figure"]: f["value"] for f in json.loads(capsys.readouterr().out)["figures"]}
    assert same[wanted["figure"]] == wanted["value"]
    assert main(["target", "lots", "--by", "2026-12-31", *where]) == 2
    assert main(["target", "8100", "--by", "soon", *where]) == 2
    assert "is not a date" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("level", "drift", "asked", "said"),
    [
        (8100, "7%", ("rise by 17.90%", "16.75%"), "; without drift they are "),
        (
            8100,
            "7%",
            ("rise by 17.90%", "16.75%"),
            "With a drift of +7.00% a year (the drift given), ",
        ),
        (8100, "7%", ("rise by 17.90%", "16.75%"), "chance of a close at or above the level"),
        (
            6183,
            "history",
            ("fall by 10.00%", "9.43%"),
            " a year (its historical drift), the chance",
        ),
        (6183, "history", ("fall by 10.00%", "9.43%"), "chance of a close at or below the level"),
        (6870, 0.0123, ("gain nothing", "0.00%"), " a year (the drift given), the chance"),
        (6870, 0.0123, ("gain nothing", "0.00%"), "chance of a close at the level"),
        (7000, "zero", ("rise by 1.89%", "1.78%"), ". With no drift, the chance of"),
    ],
)
def test_the_sentence_goes_by_the_direction_and_the_drift(
    market: Any, level: float, drift: str | float, asked: tuple[str, str], said: str
) -> None:
    answer = market.target(level, "2026-12-31", drift=drift, draws=100)
    sentence = page.blocks(answer)[0].text  # type: ignore[union-attr]
    assert sentence.startswith(
        f"The index would have to {asked[0]} from 6,870.00 to be at {level:,.2f} by "
        f"31 December 2026: {asked[1]} a year over 268 sessions. With "
    )
    assert said in sentence and ("without drift" in sentence) == (drift != "zero")
    assert not answer.target.ended.enough
    assert sentence.endswith("The history is too short to say how many past windows did as much.")


def test_one_session_is_singular_and_past_windows_are_ranked(market: Any) -> None:
    sentence = page.blocks(market.target(6801, "2025-12-08", draws=100))[0].text  # type: ignore[union-attr]
    assert " a year over 1 session. With " in sentence
    assert "Of all past windows of that length " in sentence
    assert sentence.endswith("% fell as much.")


def test_the_section_takes_open_targets_of_the_ledger(folder: Path, tmp_path: Path) -> None:
    def book(ledger: str | None) -> Answers:
        (tmp_path / "market.toml").write_text(
            MARKET.replace('"store"', json.dumps(str(folder / "store")))
        )
        if ledger is not None:
            (tmp_path / "calls.toml").write_text(ledger)
        return Answers(paceline.open(tmp_path / "market.toml", data=folder))

    targets, said = page.target.build, what_they_said.what_they_said.build
    assert targets(book(None)) is None and said(book(None)) is None
    call = (
        '[[call]]\nid = "a"\nwho = "A"\ndate = 2025-12-04\nwords = "7,500"\n'
        'stance = "level_target"\n'
        'baskets = ["index"]\nlevel = 7500\nhorizon = 2026-06-30\n'
    )
    section = targets(book(call))
    assert isinstance(section, Section) and section.name == "target"
    assert {f.extra["level"] for f in tables.section_figures(section)} == {7500}
    faulty = book(call.replace("7500", "-1"))
    assert targets(faulty) is None and "level" in faulty.refused["calls"]
