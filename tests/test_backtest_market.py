"""Rules of a market: nothing from the future, the index they must come to, and bad input."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paceline
from backtest_market import DAYS, STOCKS, write
from paceline.cli import main
from paceline.config import TradingRule
from paceline.config.rules import KEYS
from paceline.errors import MarketFileError, NotEnoughData, PluginError, UnknownName, UsageError
from paceline.store import trials
from paceline.studies import tilts
from paceline.studies.tilts import named_rules
from paceline.studies.tilts.signals import legs_of, lines_for, signals

#: A rule of every kind that is shipped.
KINDS: dict[str, dict[str, Any]] = {
    "weights": {"weights": {"small": 0.4, "bench": 0.5, "cash": 0.1}},
    "tilt": {"rotation": "size", "size": 0.3, "when": "weekly"},
    "leader": {"rotation": "size", "c": 0.5},
    "fade": {"rotation": "size", "c": 0.5},
    "dips": {"rotation": "size", "dip": 0.04},
    "thrust": {"rotation": "size", "subject": "stocks", "hold": 30},
    "season": {"rotation": "size", "start": "12-20", "end": "01-10"},
    "measure": {
        "rotation": "size",
        "measure": "percent_above_average",
        "subject": "stocks",
        "above": 0.5,
    },
    "laggards": {"baskets": "funds", "count": 2, "start": "10-01", "end": "11-15"},
    "momentum": {"baskets": "funds", "count": 3, "lookback": 6},
    "factor_momentum": {"baskets": "funds", "lookback": 3, "skip": 0},
    "quadrants": {"baskets": "funds"},
    "function": {"function": "above_mean", "baskets": ["small"], "when": "weekly"},
}


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal whose lines hold a sentence of these."""
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = write(tmp_path_factory.mktemp("backtest"))
    paceline.open(file, plugins=[file.with_name("my_rules.py")]).ensure()
    return file


def opened(path: Path, **how: Any) -> Any:
    return paceline.open(path, plugins=[path.with_name("my_rules.py")], **how)


@pytest.fixture(scope="module")
def market(path: Path) -> Any:
    return opened(path)


def decided(market: Any, kind: str, settings: dict[str, Any]) -> tuple[np.ndarray, Any]:
    """Signals of a rule of a kind, and its lines."""
    rule = TradingRule.model_validate({"kind": kind, **settings})
    legs = legs_of(market, rule)
    lines = lines_for(market, [rule], [legs])
    return signals(market, rule, legs, lines), lines


# ---- nothing from the future


def test_every_kind_is_tried() -> None:
    assert set(KINDS) == set(KEYS)


def test_later_sessions_change_no_decision(path: Path, market: Any) -> None:
    """The market as of earlier days decides what the market of today says it decided then."""
    whole = {kind: decided(market, kind, how) for kind, how in KINDS.items()}
    stocks = {"members": "stocks", "count": 2, "lookback": 4}
    whole["stocks"] = decided(market, "momentum", stocks)
    for said, _ in whole.values():
        assert len(np.unique(said[np.isfinite(said).all(axis=1)], axis=0)) > 0
    for day in (DAYS[640], DAYS[643], DAYS[871], DAYS[980]):
        past = opened(path, as_of=day)
        for kind, (said, lines) in whole.items():
            how = stocks if kind == "stocks" else KINDS[kind]
            now, seen = decided(past, "momentum" if kind == "stocks" else kind, how)
            assert (seen.days == lines.days[: len(now)]).all() and str(seen.days[-1]) == str(day)
            rows = [lines.names.index(n) for n in seen.names]
            np.testing.assert_array_equal(now, said[: len(now), rows], err_msg=f"{kind} {day}")
    changing = [k for k, (s, _) in whole.items() if len(np.unique(s, axis=0, equal_nan=True)) > 2]
    assert set(changing) >= set(whole) - {"weights", "tilt"}, "all others change their mind"


# ---- the index they must come to


def test_buying_and_holding_is_the_total_return_index(market: Any) -> None:
    for name in ("small", "stocks"):
        found = market.backtest(
            "half", {"over": name, "size": 1.0, "when": "once", "since": str(DAYS[10])}, draws=10
        )
        levels = market.all_levels
        line = levels.by_basis["total"][levels.names.index(name)]
        at = int(np.searchsorted(levels.sessions, np.datetime64(found.first)))
        wealth = np.cumprod(1 + found.result.gross)
        np.testing.assert_allclose(wealth, line[at + 1 :] / line[at], rtol=1e-10)
    assert found.question.basis == "total"


def test_costs_are_those_of_the_sizes(market: Any) -> None:
    found = market.backtest("half", {"when": "once"}, draws=10)
    # half in small ones at 15 basis points, half in the bench at 5; bought once, on the first close
    assert found.result.run.paid.sum() == pytest.approx(0.5 * 0.0015 + 0.5 * 0.0005)
    one, gross = found.figures["net_growth"].number, found.figures["gross_growth"].number
    n = len(found.result.days)
    assert (1 + one) ** (n / 252) == pytest.approx((1 + gross) ** (n / 252) * 0.999, rel=1e-9)
    assert found.figures["turnover"].value == 0


def test_parts_add_up_to_the_lead(market: Any) -> None:
    found = market.backtest("momentum:funds", {"lookback": 6}, draws=10)
    parts = [f.number for k, f in found.figures.items() if k.startswith("effect ")]
    r = found.result
    lead = np.prod(1 + r.net) - np.prod(1 + r.benchmark)
    assert sum(parts) + found.figures["paid"].number == pytest.approx(lead, rel=1e-10)
    years = [f.number for k, f in found.figures.items() if k.startswith("year ")]
    assert math.prod(1 + y for y in years) == pytest.approx(float(np.prod(1 + r.net)), rel=1e-10)
    months = r.months()
    assert np.prod(1 + months[1]) == pytest.approx(np.prod(1 + r.net), rel=1e-10)
    assert months[0][-1] == 202512


def test_what_ends_is_cash_and_said(market: Any) -> None:
    found = market.backtest("half", {"over": "f6"}, draws=10)
    assert str(found.lines.days[-1]) == str(DAYS[699]), "it cannot be held after its last day"
    both = market.backtest("momentum:funds", {"lookback": 6, "count": 8}, draws=10)
    caveats = both.figures["net_growth"].caveats
    assert f"f6 ends on {DAYS[699]}: cash after it" in caveats
    row = both.lines.names.index("f6")
    at = int(np.searchsorted(both.result.days, np.datetime64(DAYS[700])))
    assert both.result.run.held[row, at + 1 :].max() == 0


def test_cash_earns_the_series_that_is_named(market: Any) -> None:
    found = market.backtest(lambda _: {"cash": 1.0}, {"baskets": ["small"]}, draws=10)
    np.testing.assert_allclose(found.result.gross, 0.0001, rtol=1e-9)
    assert found.figures["net_sharpe"].value is None, "no excess return, no ratio"


def test_a_sum_of_series_earns_cash_as_well(market: Any) -> None:
    """Long-short returns of +5 and -2 basis points, and one basis point of cash."""
    both = "mine/daily/Mkt-RF + mine/daily/SMB"
    settings = {"over": both, "against": "mine/daily/Mkt-RF", "size": 1.0, "when": "once"}
    found = market.backtest("half", settings, draws=10)
    np.testing.assert_allclose(found.result.gross, 0.0004, rtol=1e-9)
    np.testing.assert_allclose(found.result.benchmark, 0.0006, rtol=1e-9)
    assert found.lines.basis == "series" and found.benchmark_label == "market (mine)"
    assert found.figures["net_growth"].basis == ""


def test_members_are_held_stock_by_stock(market: Any) -> None:
    """Two of six stocks, by a plain loop over month ends and the closes of the file."""
    settings = {"members": "stocks", "count": 2, "lookback": 3, "skip": 0}
    found = market.backtest("momentum:funds", settings, draws=10)
    levels = found.lines.levels[:6]
    assert found.lines.names[:6] == STOCKS and found.benchmark == "stocks"
    days = [str(d) for d in found.lines.days]
    ends = [t for t in range(len(days) - 1) if days[t][:7] != days[t + 1][:7]]
    held = np.zeros((6, len(days)))
    for k in range(3, len(ends)):
        past = levels[:, ends[k]] / levels[:, ends[k - 3]]
        best = sorted(range(6), key=lambda i: -past[i])[:2]
        held[best, ends[k] + 1] = 0.5
    run = found.result.run
    first = ends[3] + 1
    assert run.first == first
    for k in range(3, len(ends)):
        at = ends[k] + 1 - first
        np.testing.assert_allclose(run.held[:6, at], held[:, ends[k] + 1], atol=1e-12)
    assert (run.held[6:] == 0).all()
    assert run.paid[0] == pytest.approx(0.0005), "without a market cap a stock is a large one"


def test_a_store_that_may_only_be_read_counts_nothing(
    market: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(market.store), "writable", False)
    found = market.backtest("half", draws=10)
    assert found.trials.count is None and found.figures["deflated"].value is None


def test_calls_on_file_are_traded(market: Any) -> None:
    found = {c.id: c for c in tilts.earned(market).calls}
    assert found["level"].reason == "a level is no bet against anything"
    levels = market.all_levels
    bench, small = (levels.by_basis["total"][levels.names.index(n)] for n in ("bench", "small"))
    # over: from the close of the session after it was said to its due day; costs of both ways
    a, b = len(DAYS) - 100, len(DAYS) - 51
    own, other = small[b] / small[a], bench[b] / bench[a]
    figures = found["over"].figures
    assert figures["earned"].number == pytest.approx(own - 1)
    assert figures["net"].number == pytest.approx(own * (1 - 0.002) ** 2 - 1)
    assert figures["lead"].number == pytest.approx(own * (1 - 0.002) ** 2 - other)
    # under: the bench instead of small ones, which has not ended
    own, other = bench[-1] / bench[a], small[-1] / small[a]
    figures = found["under"].figures
    assert figures["net"].number == pytest.approx(own * (1 - 0.002) - 1)
    assert figures["against"].number == pytest.approx(other - 1)


# ---- variants


def test_variants_are_counted_in_the_store(tmp_path: Path) -> None:
    market = opened(write(tmp_path))
    market.ensure()
    first = market.backtest("half", draws=10)
    assert first.trials.count == 1
    assert market.backtest("half", {"label": "Other name"}, draws=20).trials.count == 1
    second = market.backtest("half", {"size": [0.1, 0.2, 0.5]}, draws=10)
    assert [s["size"] for s in second.settings] == [0.1, 0.2, 0.5]
    assert market.backtest("half", draws=10).trials.count == 3 + (second.walk is not None)
    with (market.store.path / trials.FILE).open("a") as file:
        file.write("not a line\n")
    later = market.backtest("half", draws=10)
    assert later.trials.count == 4 + (second.walk is not None), "a trial nobody can read counts"
    assert later.trials.deflated < first.trials.deflated, "more variants, less to believe"


def test_the_choice_inside_of_time_looks_back_alone(market: Any) -> None:
    found = market.backtest("leader:size", {"c": [0.3, 0.5, 1.0]}, draws=10)
    assert [v["c"] for v in found.settings] == [0.3, 0.5, 1.0]
    ratios = [v.metrics["information_ratio"] for v in found.variants]
    assert found.best == int(np.argmax(ratios))
    assert found.fooled is None or 0 <= found.fooled <= 1
    if found.walk is not None:
        year = {str(d)[:4] for d in found.walk.result.days}
        assert min(year) > str(DAYS[0])[:4], "nobody chooses before there is a past"
    with pytest.raises(UsageError, match="one for all variants"):
        market.backtest("half", {"benchmark": ["small", "bench"]})
    with pytest.raises(UsageError, match="too many"):
        market.backtest("half", {"size": [i / 20_000 for i in range(1, 20_000)]})


# ---- bad input


@pytest.mark.parametrize(
    ("rule", "settings", "error", "said"),
    [
        ("halff", {}, UnknownName, "half"),
        ("leader:sise", {}, UnknownName, "leader:size"),
        ("half", {"sise": 0.2}, UsageError, "size"),
        ("half", {"size": 1.5}, UsageError, "less than or equal to 1"),
        ("half", {"size": math.nan}, UsageError, "rule half: size"),
        ("half", {"over": "nobody"}, UnknownName, "nobody"),
        ("half", {"over": "bench"}, UsageError, "the same"),
        ("half", {"c": 1.0}, UsageError, "means nothing"),
        ("half", {"rotation": "size"}, UsageError, "rotation"),
        ("half", {"over": "funds"}, UsageError, "group of 8"),
        ("half", {"since": "2099-01-01"}, NotEnoughData, "no two days in common"),
        ("half", {"since": "yesterday"}, UsageError, "2003-05-01"),
        ("half", {"since": "2023-02-30"}, UsageError, "2003-05-01"),
        ("momentum:funds", {"lookback": 900}, UsageError, "lookback"),
        ("momentum:funds", {"members": "small"}, NotEnoughData, "no members"),
        ("season:size", {"start": "13-01"}, UsageError, "start"),
    ],
)
def test_bad_input_is_one_error(
    market: Any, rule: str, settings: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said.replace("(", r"\(")):
        market.backtest(rule, settings, draws=5)


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ({"small": 0.5}, "add up to 0.5, not to 1"),
        ({"small": math.nan, "cash": 0.5}, "weight of small is nan"),
        ({"small": "half", "cash": 0.5}, "is str, not a number"),
        ({"nobody": 1.0}, "'nobody' is none of its names"),
        ([0.5, 0.5], "returned list"),
        (None, "returned NoneType"),
    ],
)
def test_what_a_function_may_not_return(market: Any, returned: Any, said: str) -> None:
    def wrong(state: Any) -> Any:
        return returned if state.day > "2023" else {"cash": 1.0}

    with pytest.raises(PluginError, match="the rule wrong on 2023-01-") as caught:
        market.backtest(wrong, {"baskets": ["small"]}, draws=5)
    assert said in str(caught.value) and "test_backtest_market.py" in str(caught.value)


def test_a_function_that_fails_is_named_with_its_day(market: Any) -> None:
    def broken(state: Any) -> Any:
        return {"small": 1 / (state.day < "2024")}

    with pytest.raises(PluginError, match=r"the rule broken on 2024-01-\d\d failed: ZeroDivision"):
        market.backtest(broken, {"baskets": ["small"]}, draws=5)


def test_a_measure_from_the_future_is_refused_by_name(
    market: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from paceline import measures

    plain = measures.get("percent_above_average")
    monkeypatch.setattr(measures, "get", lambda *_: replace(plain, causal=False))
    with pytest.raises(UsageError, match="percent_above_average is not causal"):
        decided(market, "measure", KINDS["measure"])
    monkeypatch.undo()
    with pytest.raises(UsageError, match="league is a table"):
        decided(market, "measure", {**KINDS["measure"], "measure": "league"})
    with pytest.raises(UnknownName, match="measure"):
        decided(market, "measure", {**KINDS["measure"], "measure": "nothing"})


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("[costs]\nlarge = -1", "costs.large"),
        ('[costs]\nbuckets = { small = "tiny" }', "costs.buckets"),
        ('[rules.x]\nkind = "hold"', "rules.x.kind"),
        ('[rules.x]\nkind = "tilt"\nover = "small"', "both over and against"),
        ('[rules.x]\nkind = "tilt"\nrotation = "nope"', "unknown rotation 'nope'"),
        ('[rules.x]\nkind = "weights"\nweights = { small = 0.4 }', "add up to 0.4, not to 1"),
        ('[rules.x]\nkind = "tilt"\nrotation = "size"\nsise = 1', "Did you mean 'size'"),
    ],
)
def test_a_market_file_is_checked(path: Path, tmp_path: Path, lines: str, said: str) -> None:
    text = path.read_text().partition("[costs]")[0] if "[costs]" in lines else path.read_text()
    file = tmp_path / "market.toml"
    file.write_text(f"{text}\n{lines}\n")
    with pytest.raises(MarketFileError) as caught:
        paceline.open(file)
    assert said in str(caught.value)


# ---- the verb


def test_the_verb(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACELINE_CONFIG", str(tmp_path / "config"))
    assert main(["trust", str(path)]) == 0
    where = ["--market", str(path)]
    assert main(["backtest", *where]) == 0
    assert "leader:size" in capsys.readouterr().out
    page, table = tmp_path / "sheet.html", tmp_path / "days.csv"
    words = ["backtest", "half", "--random", "20", "--html", str(page), "--csv", str(table)]
    assert main([*words, *where]) == 0
    out = capsys.readouterr().out
    assert "Half in small ones would have grown by" in out and "What is left after costs" in out
    assert "always wants the same" in out
    assert "data-figure" in page.read_text() and table.read_text().startswith("date,gross,net")
    assert main(["backtest", "half", "--json", "--random", "20", *where]) == 0
    told = json.loads(capsys.readouterr().out)
    named = {f["statistic"]: f for f in told["figures"]}
    assert named["net_growth"]["unit"] == "return" and named["net_growth"]["basis"] == "total"
    assert main(["trace", named["net_growth"]["figure"], *where]) == 0
    trace = capsys.readouterr().out
    assert "backtest half --random 20" in trace
    assert main(["backtest", "leader:size", "--set", "c=0.3,0.5", "--random", "9", *where]) == 0
    assert "c = 0.3" in capsys.readouterr().out
    assert main(["backtest", "half", "--set", "size", *where]) == 2
    capsys.readouterr()
    assert main(["backtest", "calls", *where]) == 0
    assert "small ones will lead" in capsys.readouterr().out
    assert main(["backtest", "calls", "--json", *where]) == 0
    assert {f["call"] for f in json.loads(capsys.readouterr().out)["figures"]} == {"over", "under"}


def test_without_random_rules_nothing_is_said_of_chance(market: Any) -> None:
    for rule in ("half", "leader:size"):
        found = market.backtest(rule, {} if rule == "half" else {"c": 0.5}, draws=0)
        assert found.figures["as_good"].value is None
        assert found.figures["net_growth"].value is not None


@pytest.mark.parametrize("weight", [math.nan, math.inf, "much"])
def test_weights_are_numbers(weight: Any) -> None:
    with pytest.raises(ValueError, match="weights"):
        TradingRule.model_validate({"kind": "weights", "weights": {"a": weight, "b": 1.0}})


def test_known_rules_can_be_asked(market: Any) -> None:
    for name in named_rules.known(market):
        assert named_rules.rule_of(market, name).kind in KEYS
