"""Scenarios of a market whose sensitivities are planted: effects, clocks, refusals, surfaces."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import math
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from paceline import doors
from paceline.api import OpenMarket
from paceline.cli import main
from paceline.errors import MarketFileError, NotEnoughData, PacelineError, UnknownName, UsageError
from paceline.record.command import command
from paceline.record.trace import trace
from scenario_market import DAYS, INDEX, LAG, RATE, Frames, market


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal whose lines hold a sentence of these."""
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> OpenMarket:
    return market(tmp_path_factory.mktemp("planted"))


def _run(of: OpenMarket, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["scenario", *words, "--market", of.path])
    return code, out.getvalue(), err.getvalue()


# ---- what is planted is found


@pytest.mark.parametrize("every", ["month", "week"])
def test_the_planted_sensitivities_are_found(planted: OpenMarket, every: str) -> None:
    answer = planted.scenario("rate_up", every=every, drivers=["rate", "market"])
    for driver, true in (("rate", RATE), ("market", INDEX)):
        beta = answer.figure("a_vs_b", f"beta {driver}")
        assert abs(beta.number - true) < 3 * beta.evidence["standard_error"]
    assert abs(answer.figure("a_vs_b", "beta rate").evidence["t"]) > 5
    assert answer.figure("a_vs_b", "explained").number > 0.4
    assert answer.figure("a_vs_b", "foretold").number > 0.3


def test_the_effect_is_that_of_the_change_less_an_ordinary_stretch(planted: OpenMarket) -> None:
    """Half a point in two months: exp(beta (0.5 - 2 m)) - 1 with the rate's mean change m."""
    answer = planted.scenario("rate_up", drivers=["rate"])
    rate = answer.found.by.drivers.values[0]
    beta = answer.figure("a_vs_b", "beta rate").number
    by_hand = math.expm1(beta * (0.5 - 2 * np.nanmean(rate)))
    effect = answer.figure("a_vs_b", "effect")
    assert effect.number == pytest.approx(by_hand, rel=1e-9)
    assert effect.evidence["low"] < effect.number < effect.evidence["high"]
    assert abs(effect.number - math.expm1(RATE * 0.5)) < 0.02
    outcome = (answer.figure("a_vs_b", f"outcome_{end}").number for end in ("low", "high"))
    low, high = outcome
    assert low < effect.evidence["low"] < effect.evidence["high"] < high
    ordinary = answer.figure("a_vs_b", "ordinary").number
    assert math.log1p(ordinary) == pytest.approx(2 * answer.found.by.y[0].mean(), rel=1e-9)


def test_months_and_weeks_are_whole_and_end_with_a_session(planted: OpenMarket) -> None:
    months = planted.scenario("rate_up").found.by.drivers.ends
    assert str(months[-1]) == "2023-12-29" and str(months[-2]) == "2023-11-30"
    weeks = planted.scenario("rate_up", every="week").found.by.drivers.ends
    assert str(weeks[-1]) == "2023-12-29"
    assert planted.scenario("rate_up", every="week").found.periods == 9, "two months of 52/12 weeks"
    days = np.array(DAYS, "datetime64[D]")
    assert np.isin(months, days).all() and np.isin(weeks, days).all()


def test_a_month_that_is_not_over_does_not_count(tmp_path: Path) -> None:
    half = market(tmp_path, as_of="2023-12-15")
    ends = half.scenario("rate_up").found.by.drivers.ends
    assert str(ends[-1]) == "2023-11-30"


def test_drivers_not_stated_take_their_mean_given_those_that_are(planted: OpenMarket) -> None:
    found = planted.scenario("rate_up").found
    x = found.by.drivers.values
    x = x[:, np.isfinite(x).all(axis=0)]
    cov, mean = np.cov(x), x.mean(axis=1)
    for k in (1, 2):
        slope = cov[k, 0] / cov[0, 0]
        by_hand = 2 * mean[k] + slope * (0.5 - 2 * mean[0])
        assert found.change[k] == pytest.approx(by_hand, rel=1e-9)
    assert found.change[0] == 0.5


def test_the_stretches_most_like_it_and_what_happened_then(planted: OpenMarket) -> None:
    answer = planted.scenario("rate_up")
    ends = [str(d) for d in answer.found.by.drivers.ends]
    assert len(answer.periods) == 5
    for j, (start, end) in enumerate(answer.periods, 1):
        assert ends.index(end) - ends.index(start) == 2
        levels = planted.levels(["a", "b"]).filter(
            pl.col("date").is_in([dt.date.fromisoformat(start), dt.date.fromisoformat(end)])
        )
        a, b = levels["a"].to_list(), levels["b"].to_list()
        then = answer.figure("a_vs_b", f"then {j}")
        assert then.number == pytest.approx((a[1] / b[1]) / (a[0] / b[0]) - 1, rel=1e-9)
        assert (then.start, then.end) == (start, end)
    spans = sorted(answer.periods)
    assert all(a[1] <= b[0] for a, b in pairwise(spans)), "none overlaps"
    distances = [answer.figure("nearest", f"distance {j}").number for j in range(1, 6)]
    assert distances == sorted(distances)


def test_a_change_beyond_history_is_flagged(tmp_path: Path) -> None:
    far = market(tmp_path, text=lambda t: t.replace("rate = 0.5", "rate = 9.0"))
    answer = far.scenario("rate_up")
    assert "rate" in answer.beyond, "and what usually goes with so much may be beyond it too"
    assert any(
        "beyond all that history holds" in c for c in answer.figure("a_vs_b", "effect").caveats
    )
    assert answer.of_driver("rate", "highest").number < 9
    code, out, _ = _run(far, "rate_up")
    assert code == 0 and "The rate +9.00 (beyond all that history holds)" in out


def test_leaving_out_a_year_is_fitting_the_rest(planted: OpenMarket) -> None:
    answer = planted.scenario("rate_up", drivers=["rate"])
    year = int(answer.figure("a_vs_b", "weightiest_year").number)
    by = answer.found.by
    keep = by.years != year
    x, y = by.drivers.values[0, keep], by.y[0, keep]
    slope, _ = np.polyfit(x, y, 1)
    expected = math.expm1(slope * (0.5 - 2 * x.mean()))
    assert answer.figure("a_vs_b", "effect_without_a_year").number == pytest.approx(expected)


# ---- the two clocks


def _effect(of: OpenMarket) -> dict[str, float]:
    answer = of.scenario("market_falls")
    return {f"{s} {t}": f.number for (s, t), f in answer.figures.items() if f.unit == "return"}


def test_nothing_known_later_changes_what_was_said(tmp_path: Path, planted: OpenMarket) -> None:
    """The files cut at a day, that day asked of the whole files, and a future that is absurd."""
    day = dt.date(2022, 6, 30)

    def cut(frames: Frames) -> Frames:
        return {name: frame.filter(pl.col("date") <= day) for name, frame in frames.items()}

    def absurd(frames: Frames) -> Frames:
        known = pl.col("date") + pl.when(pl.col("series") == "JOBS").then(
            pl.duration(days=LAG)
        ).otherwise(pl.duration(days=0))
        macro = frames["macro"].with_columns(
            value=pl.when(known <= day).then("value").otherwise(999.0)
        )
        return {**frames, "macro": macro}

    whole = OpenMarket.open(planted.path, as_of=day)
    expected = _effect(whole)
    assert _effect(market(tmp_path / "cut", edit=cut)) == pytest.approx(expected, rel=1e-9)
    strange = market(tmp_path / "absurd", edit=absurd, as_of=str(day))
    assert _effect(strange) == pytest.approx(expected, rel=1e-9)


def test_a_release_counts_in_the_month_in_which_it_is_known(planted: OpenMarket) -> None:
    """The value of 1 May, known 36 days later, on 6 June, is the surprise of June."""
    from paceline.methods import surprise

    drivers = planted.scenario("market_falls").found.by.drivers
    days, values = planted.series["JOBS"]
    news = surprise.residuals(np.diff(values, prepend=np.nan))
    june = [str(d)[:7] for d in drivers.ends[1:]].index("2022-06")
    may = [str(d) for d in days].index("2022-05-01")
    assert drivers.values[drivers.names.index("jobs"), june] == pytest.approx(news[may], rel=1e-12)


def test_releases_with_their_days_are_taken_as_first_said(tmp_path: Path) -> None:
    """A revision changes neither surprise nor effect; the caveat of the latest vintage is gone."""

    def dated(frames: Frames) -> Frames:
        lag = pl.when(pl.col("series") == "JOBS").then(20).otherwise(1)
        first = frames["macro"].with_columns(known=pl.col("date") + pl.duration(days=lag))
        later = first.with_columns(
            value=pl.col("value") + 1.0, known=pl.col("date") + pl.duration(days=50)
        )
        return {**frames, "macro": pl.concat([first, later.filter(pl.col("series") == "JOBS")])}

    def mapped(text: str) -> str:
        return text.replace('value = "value" }', 'value = "value", known = "known" }')

    def first_only(frames: Frames) -> Frames:
        macro = dated(frames)["macro"]
        first = macro.filter(pl.col("known") - pl.col("date") <= pl.duration(days=20))
        return {**frames, "macro": first}

    revised = market(tmp_path / "revised", text=mapped, edit=dated)
    once = market(tmp_path / "once", text=mapped, edit=first_only)
    assert _effect(revised) == pytest.approx(_effect(once), rel=1e-9)
    said = " ".join(revised.scenario("market_falls").figure("a_vs_b", "effect").caveats)
    assert "jobs: values of the latest vintage" not in said and "lag" not in said


def test_what_weakens_the_drivers_is_said(planted: OpenMarket) -> None:
    said = planted.scenario("rate_up").figure("a_vs_b", "effect").caveats
    assert "rate, jobs: values of the latest vintage, not those known on the day" in said
    assert any(c.startswith("jobs: no forecasts are stored") for c in said)
    assert any(c.startswith("jobs: known only after its lag") for c in said)
    assert any("no cause, and no forecast" in c for c in said)
    assert "jobs: its last value known was that of 2023-11-01" in said
    assert not any("rolled forward" in c for c in said)


def test_a_stored_forecast_takes_the_place_of_the_autoregression(tmp_path: Path) -> None:
    def foreseen(frames: Frames) -> Frames:
        jobs = frames["macro"].filter(pl.col("series") == "JOBS")
        guess = jobs.with_columns(series=pl.lit("GUESS"), value=pl.col("value") - 0.25)
        return {**frames, "macro": pl.concat([frames["macro"], guess])}

    def with_forecast(text: str) -> str:
        return text.replace('series = "JOBS"', 'series = "JOBS"\nforecast = "GUESS"')

    of = market(tmp_path, text=with_forecast, edit=foreseen)
    drivers = of.scenario("rate_up", drivers=["rate", "market"]).found.by.drivers
    assert "jobs" not in drivers.names
    with pytest.raises(NotEnoughData, match="jobs does not move"):
        of.scenario("rate_up")  # each month 0.25 more than foreseen


def test_what_moves_exactly_with_a_driver_and_what_stands_still(tmp_path: Path) -> None:
    """A tenth of the index, and an index that never moves: every number is one or null."""

    def exact(frames: Frames) -> Frames:
        prices = frames["prices"]
        index = prices.filter(pl.col("security") == "IX").sort("date")
        still = index.with_columns(security=pl.lit("AA"), close=pl.lit(50.0))
        also = index.with_columns(security=pl.lit("BB"), close=pl.lit(20.0))
        rest = prices.filter(~pl.col("security").is_in(["AA", "BB"]))
        return {**frames, "prices": pl.concat([rest, still, also])}

    of = market(tmp_path, edit=exact)
    answer = of.scenario("rate_up", subjects=["a_vs_b"])
    assert answer.figure("a_vs_b", "effect").value == 0
    assert answer.figure("a_vs_b", "explained").value is None
    code, out, _ = _run(of, "rate_up", "--subject", "a_vs_b", "--json")
    assert code == 0 and json.loads(out)["figures"]


def test_a_history_of_drivers_with_holes_has_no_stretch_like_it(tmp_path: Path) -> None:
    def holes(frames: Frames) -> Frames:
        macro = frames["macro"]
        gone = (pl.col("series") == "RATE") & (pl.col("date").dt.month().is_in([3, 4]))
        return {**frames, "macro": macro.filter(~gone)}

    of = market(tmp_path, text=lambda t: t.replace("months = 2", "months = 24"), edit=holes)
    answer = of.scenario("rate_up")
    assert answer.periods == [] and answer.of_driver("rate", "highest").value is None
    code, out, _ = _run(of, "rate_up", "--html", str(tmp_path / "x.html"))
    assert code == 0 and "No past stretch of that length" in out


# ---- refusals


def test_subjects_with_a_short_history_are_named(planted: OpenMarket) -> None:
    answer = planted.scenario("rate_up")
    assert [s.name for s in answer.subjects] == ["a_vs_b"]
    [(subject, why)] = answer.found.by.refused
    assert subject.label == "Latecomer against B"
    assert why == "14 months with every driver, 48 needed"
    with pytest.raises(
        NotEnoughData, match=r"3 drivers need 48 months, and the longest history of .* has 14"
    ):
        planted.scenario("rate_up", subjects=["late_vs_b"])


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (('series = "RATE"', 'series = "RAT"'), MarketFileError, "drivers.rate.series: unknown"),
        (("rate = 0.5", "rte = 0.5"), MarketFileError, "scenarios.rate_up.shocks: unknown driver"),
        (("rate = 0.5", "rate = nan"), MarketFileError, "scenarios.rate_up.shocks.rate"),
        (("market = -0.1", "market = -1.0"), UsageError, "leaves nothing"),
        (("months = 2", "months = 0"), MarketFileError, "scenarios.rate_up.months"),
        (('source = "By hand."', 'source = ""'), MarketFileError, "scenarios.rate_up.source"),
        (('basket = "index"', 'basket = "index"\nlag = 3'), MarketFileError, "lag counts with"),
        (('series = "RATE"', 'series = "RATE"\nforecast = "JOBS"'), MarketFileError, "surprise"),
        (('series = "RATE"', "unit = 3"), MarketFileError, "unknown key 'drivers.rate.unit'"),
        (('rule = "third friday"', 'rule = "third fryday"'), MarketFileError, "no rule for a day"),
        (('name = "cup"', 'name = "expiry"'), MarketFileError, "'expiry' is declared twice"),
        (("window = [0, 21]", "window = [3, 1]"), MarketFileError, "first <= last"),
        (("months = [3, 6", "months = [13, 6"), MarketFileError, "events.0.months.0"),
        (('basket = "index"', 'basket = "indx"'), UnknownName, "'indx'"),
    ],
)
def test_what_a_market_file_gets_wrong_is_named(
    tmp_path: Path, change: tuple[str, str], error: type[PacelineError], said: str
) -> None:
    with pytest.raises(error) as caught:
        of = market(tmp_path, text=lambda t: t.replace(*change))
        of.scenario("rate_up")
        of.scenario("market_falls")
    assert said in str(caught.value)
    assert caught.value.remedy


def test_a_series_that_has_ended_is_named(tmp_path: Path) -> None:
    def ended(frames: Frames) -> Frames:
        gone = (pl.col("series") == "RATE") & (pl.col("date") > dt.date(2023, 6, 1))
        return {**frames, "macro": frames["macro"].filter(~gone)}

    of = market(tmp_path, edit=ended)
    with pytest.raises(NotEnoughData, match=r"drivers\.rate: the series RATE has no value after"):
        of.scenario("rate_up")
    assert of.scenario("market_falls", drivers=["market", "jobs"]).subjects


def test_drivers_that_say_the_same_are_named(tmp_path: Path) -> None:
    def twice(text: str) -> str:
        again = '[drivers.again]\nseries = "RATE"\n[scenarios.rate_up]'
        return text.replace("[scenarios.rate_up]", again)

    of = market(tmp_path, text=twice)
    with pytest.raises(UsageError, match="the drivers again and rate say the same"):
        of.scenario("rate_up")


def test_a_level_without_a_logarithm_is_left_out_and_said(tmp_path: Path) -> None:
    def sunk(frames: Frames) -> Frames:
        day = (pl.col("series") == "RATE") & (pl.col("date") == dt.date(2020, 4, 20))
        value = pl.when(day).then(-1.0).otherwise("value")
        return {**frames, "macro": frames["macro"].with_columns(value=value)}

    def in_logs(text: str) -> str:
        return text.replace('series = "RATE"', 'series = "RATE"\nchange = "log"')

    answer = market(tmp_path, text=in_logs, edit=sunk).scenario("rate_up")
    said = answer.figure("a_vs_b", "effect").caveats
    assert "rate: 1 value not above zero, without a logarithm, left out" in said
    assert math.log1p(answer.of_driver("rate", "change").number) == pytest.approx(math.log(1.5))


def test_unknown_names_and_wrong_words(planted: OpenMarket) -> None:
    with pytest.raises(UnknownName, match="rate_up"):
        planted.scenario("rate_upp")
    with pytest.raises(UnknownName, match="driver"):
        planted.scenario("rate_up", drivers=["rates"])
    with pytest.raises(UnknownName):
        planted.scenario("rate_up", subjects=["nobody"])
    with pytest.raises(UsageError, match="day"):
        planted.scenario("rate_up", every="day")
    with pytest.raises(UsageError, match="--driver leaves out"):
        planted.scenario("rate_up", drivers=["market"])


def test_the_spread_of_two_series(tmp_path: Path, planted: OpenMarket) -> None:
    def wider(frames: Frames) -> Frames:
        other = frames["macro"].filter(pl.col("series") == "RATE")
        other = other.with_columns(series=pl.lit("BASE"), value=pl.lit(1.0))
        return {**frames, "macro": pl.concat([frames["macro"], other])}

    def spread(text: str) -> str:
        return text.replace('series = "RATE"', 'series = "RATE"\nminus = "BASE"')

    same = market(tmp_path, text=spread, edit=wider).scenario("rate_up")
    own = planted.scenario("rate_up")
    assert same.figure("a_vs_b", "effect").number == pytest.approx(
        own.figure("a_vs_b", "effect").number, rel=1e-9
    )


# ---- surfaces


def test_the_command_says_it_in_forty_lines(planted: OpenMarket) -> None:
    code, out, _ = _run(planted, "rate_up")
    assert code == 0 and len(out.splitlines()) <= 40
    assert "Half a point more, over two months: The rate +0.50." in out
    assert "By hand." in out and "A against B" in out
    assert "Latecomer against B (14 months with every driver, 48 needed)" in out
    assert "Past stretches most like it" in out
    code, out, _ = _run(planted)
    assert code == 0 and "rate_up" in out and "third friday" in out and "surprise" in out


def test_json_csv_and_the_page_say_the_same(planted: OpenMarket, tmp_path: Path) -> None:
    answer = planted.scenario("rate_up")
    effect = answer.figure("a_vs_b", "effect")
    page, table = tmp_path / "s.html", tmp_path / "s.csv"
    code, out, _ = _run(planted, "rate_up", "--json", "--html", str(page), "--csv", str(table))
    told = json.loads(out)
    assert code == 0 and told["scenario"] == "rate_up" and told["refused"][0]["subject"]
    by_id = {row["figure"]: row for row in told["figures"]}
    assert by_id[effect.id]["value"] == pytest.approx(effect.number, rel=1e-12)
    assert by_id[effect.id]["evidence"]["low"] == pytest.approx(effect.evidence["low"], rel=1e-9)
    text = page.read_text(encoding="utf-8")
    assert effect.id in text and effect.text.lstrip("+-") in text
    assert "What would it do, and how sure is that?" in text
    rows = pl.read_csv(io.BytesIO(doors.read_bytes(table)), infer_schema_length=None)
    assert effect.id in rows["figure"].to_list()
    assert answer.frame().filter(pl.col("figure") == effect.id)["value"][0] == effect.number


def test_a_figure_tells_where_it_comes_from(planted: OpenMarket) -> None:
    answer = planted.scenario("rate_up", every="week", drivers=["rate", "market"])
    effect = answer.figure("a_vs_b", "effect")
    planted.remember([effect])
    told = json.dumps(trace(effect.id, planted))
    assert "RATE" in told and "prices" in told
    again = command(effect.step.to_json(), planted)
    assert "scenario rate_up --every week --driver rate --driver market" in again


def test_names_and_files_are_checked_first(planted: OpenMarket, tmp_path: Path) -> None:
    for words, code, said in (
        (("nothing",), 2, "unknown scenario 'nothing'"),
        (("rate_up", "--event", "expiry"), 2, "two questions"),
        (("--html", str(tmp_path / "x.html")), 2, "writes one scenario"),
        (("rate_up", "--html", str(tmp_path)), 2, "--html"),
        (("rate_up", "--every", "day"), 2, "day"),
        (("--event", "expiry", "--driver", "rate"), 2, "says nothing of an event"),
        (("--event", "nothing"), 2, "unknown event 'nothing'"),
        (("rate_up", "--subject", "late_vs_b"), 3, "need 48 months"),
    ):
        found, out, err = _run(planted, *words)
        assert (found, out) == (code, "") and said in err, words


# ---- dated events


def test_events_are_told_against_all_sessions(planted: OpenMarket) -> None:
    around = planted.catalyst("expiry")
    assert around.next == "2024-03-15"
    levels = planted.levels(["a", "b"])
    line = (levels["a"] / levels["b"]).to_numpy()
    dates = levels["date"].to_list()
    thirds = [
        d for d in dates if d.month in (3, 6, 9, 12) and d.weekday() == 4 and 15 <= d.day <= 21
    ]
    at = [dates.index(d) for d in thirds]
    moves = line[at] / line[np.array(at) - 1] - 1
    assert around.figure("a_vs_b", "events").value == len(at)
    assert around.figure("a_vs_b", "mean").number == pytest.approx(moves.mean(), rel=1e-9)
    ordinary = (line[1:] / line[:-1] - 1).mean()
    assert around.figure("a_vs_b", "ordinary").number == pytest.approx(ordinary, rel=1e-9)
    effect = around.figure("a_vs_b", "effect")
    assert effect.number == pytest.approx(moves.mean() - ordinary, rel=1e-9)
    assert 0 < around.figure("a_vs_b", "p").number <= around.figure("a_vs_b", "adjusted_p").number


def test_a_planted_event_is_found_and_its_placebo_is_not(tmp_path: Path) -> None:
    days = [d for d in DAYS if d.weekday() == 2 and 8 <= d.day <= 14]

    def lifted(frames: Frames) -> Frames:
        up = pl.col("date").is_in(days).cast(pl.Float64).cum_sum().over("security")
        close = pl.col("close") * pl.when(pl.col("security") == "AA").then(1.01**up).otherwise(1.0)
        return {**frames, "prices": frames["prices"].with_columns(close=close)}

    more = '[[events]]\nname = "{}"\nrule = "second {}"\n'
    extra = more.format("lift", "wednesday") + more.format("other", "tuesday")
    of = market(tmp_path, text=lambda t: t + extra, edit=lifted)
    lift, other = (of.catalyst(n, subjects=["a_vs_b"]) for n in ("lift", "other"))
    assert lift.figure("a_vs_b", "effect").number == pytest.approx(0.01, abs=0.002)
    assert lift.figure("a_vs_b", "p").number < 0.01
    assert lift.figure("a_vs_b", "standardised_t").number > 5
    assert lift.figure("a_vs_b", "rank_z").number > 5
    assert other.figure("a_vs_b", "p").number > 0.05


def test_what_no_series_carries_is_said_with_its_few_events(planted: OpenMarket) -> None:
    cup, unknown = planted.scenario("market_falls").untested
    assert cup.past is not None and unknown.past is None
    figure = cup.past.figure("a_vs_b", "events")
    assert figure.value == 3 and cup.past.next == "2026-06-11"
    assert cup.past.figure("a_vs_b", "effect").value is None
    assert any("at least 10 needed" in c for c in figure.caveats)
    _, out, _ = _run(planted, "market_falls")
    assert "cup: no series carries it, and it is not in the numbers above. Around past" in out
    assert "over 3 past ones" in out
    assert "what nobody counts: no series carries it, and no past events of the kind" in out


def test_the_command_of_an_event(planted: OpenMarket, tmp_path: Path) -> None:
    page = tmp_path / "e.html"
    code, out, _ = _run(planted, "--event", "expiry", "--html", str(page))
    assert code == 0 and "Quarterly expiry: returns of 1 session (the day itself)." in out
    assert "The next day is 15 March 2024." in out
    assert "Quarterly expiry" in page.read_text(encoding="utf-8")
    code, out, _ = _run(planted, "--event", "cup", "--json")
    told = json.loads(out)
    assert code == 0 and told["window"] == [0, 21] and told["next"] == "2026-06-11"
    figure = planted.catalyst("cup").figure("a_vs_b", "mean")
    planted.remember([figure])
    assert "scenario --event cup" in command(figure.step.to_json(), planted)


def test_events_outside_the_history_are_refused(tmp_path: Path) -> None:
    of = market(tmp_path, text=lambda t: t.replace("2014-06-12, 2018-06-14, 2022-11-20, ", ""))
    with pytest.raises(NotEnoughData, match=r"events\.cup: none of its 1 days"):
        of.catalyst("cup")


def test_the_report_shows_the_scenarios(planted: OpenMarket) -> None:
    document = planted.report()
    section = next(s for s in document.sections if s.name == "scenarios")
    told = section.blocks[0]
    assert section.question and told
    effect = planted.scenario("rate_up").figure("a_vs_b", "effect")
    assert effect.id in {f.id for f in document.figures()}
