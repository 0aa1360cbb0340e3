"""Rotations from all sides: lines, ladder of sizes, false alarms, windows, ranks, analogues; and a market's own."""

from __future__ import annotations

import datetime as dt
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paceline
from paceline import methods, record
from paceline.arrays import Array
from paceline.cli import main
from paceline.document import Grid, Label, Sentence
from paceline.errors import NotEnoughData, UnknownName, UsageError
from paceline.methods import analogues
from paceline.methods import turns as views
from paceline.pages.changes import changes
from paceline.store import Cache
from paceline.studies import rotations as pairs
from paceline.studies.answers import Answers
from paceline.studies.false_alarms import false_alarms


def walk(seed: int, n: int = 1500, size: float = 0.01) -> Array:
    return np.cumsum(size * np.random.default_rng(seed).standard_normal(n))


# ---- lines
# ---------------------------------------------------------------------------------------------


def test_log_ratio_is_missing_where_a_level_is() -> None:
    found = views.log_ratio(np.array([2.0, np.nan, 3.0, 0.0]), np.array([1.0, 1.0, np.nan, 1.0]))
    assert found[0] == pytest.approx(np.log(2)) and np.isnan(found[1:]).all()


def test_neutral_line_of_pure_beta_is_flat_and_keeps_what_beta_does_not_explain() -> None:
    market = walk(1)
    level = np.exp(market)
    flat = views.neutral(0.8 * market, level)
    known = np.flatnonzero(np.isfinite(flat))
    assert known[0] == 126 + 1  # 126 returns with both, known the day before
    assert np.abs(flat[known]).max() < 1e-12
    drift = np.where(np.arange(1500) > 700, 0.001 * (np.arange(1500) - 700), 0.0)
    kept = views.neutral(0.8 * market + drift, level)
    assert kept[-1] - kept[700] == pytest.approx(0.001 * 799, abs=0.05)


def test_neutral_line_by_hand_with_a_window_of_all() -> None:
    rng = np.random.default_rng(3)
    m, d = 0.01 * rng.standard_normal((2, 200))
    line, level = np.cumsum(np.r_[0, d]), np.exp(np.cumsum(np.r_[0, m]))
    t = 180  # return t of the line is d[t - 1]; beta from the returns before it
    slope = np.cov(d[: t - 1], m[: t - 1])[0, 1] / m[: t - 1].var(ddof=1)
    flat = views.neutral(line, level)
    assert flat[t] - flat[t - 1] == pytest.approx(d[t - 1] - slope * m[t - 1], abs=1e-12)


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.integers(400, 799))
def test_neutral_line_and_ladder_are_causal(seed: int, cut: int) -> None:
    line, level = walk(seed, 800), np.exp(walk(seed + 1, 800))
    whole, part = views.neutral(line, level), views.neutral(line[:cut], level[:cut])
    np.testing.assert_allclose(part, whole[:cut], atol=1e-10)
    both, early = views.ladder(line), views.ladder(line[:cut])
    for c in views.LADDER:
        np.testing.assert_array_equal(early[c].state, both[c].state[:, :cut])


def test_benchmark_that_does_not_move_gives_no_neutral_line() -> None:
    assert np.isnan(views.neutral(walk(2), np.full(1500, 100.0))).all()


def test_factor_line_turned_around_earns_the_opposite_and_missing_is_zero() -> None:
    r = np.array([0.1, np.nan, -0.05])
    np.testing.assert_allclose(views.factor_line(r), [np.log(1.1), np.nan, np.log(1.1 * 0.95)])
    np.testing.assert_allclose(views.factor_line(r, -1), [np.log(0.9), np.nan, np.log(0.9 * 1.05)])


def test_period_of_daily_and_monthly_series() -> None:
    daily, month_ends = (
        np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]"),
        np.arange("2020-01", "2024-01", dtype="datetime64[M]").astype("datetime64[D]"),
    )
    assert views.period_of(daily) == 1 and views.period_of(month_ends) == 21
    with pytest.raises(UsageError, match="no episodes"):
        views.period_of(np.array(["2000-12-31", "2001-12-31"], "datetime64[D]"))


# ---- the ladder
# ----------------------------------------------------------------------------------------


def test_ladder_says_at_each_size_what_the_detector_says() -> None:
    lines = np.stack([walk(5), walk(6)])
    found = views.ladder(lines)
    for c in views.LADDER:
        alone = methods.detect(lines, c)
        for name in ("series", "direction", "extreme", "known", "complete", "state", "since"):
            np.testing.assert_array_equal(
                getattr(found[c], name), getattr(alone, name), err_msg=f"{name} at {c}"
            )
        for name in ("size", "sigma", "move", "barrier"):
            np.testing.assert_allclose(getattr(found[c], name), getattr(alone, name), rtol=1e-12)
    assert len(found[0.75]) > len(found[2.25]) > 0


@pytest.mark.parametrize("c", [1.0, 1.5, 2.0])
def test_verdict_of_a_ladder_is_the_detectors_own(c: float) -> None:
    lines = np.stack([walk(7), walk(8), np.full(1500, np.nan), walk(9)])
    lines[3, 200:] = np.nan  # too short
    found = views.ladder(lines)
    for row, own in enumerate(methods.verdicts(lines, c)):
        mine = views.verdict_of(found, lines[row], row, c)
        assert (mine.direction, mine.below, mine.above, mine.since, mine.reason) == (
            own.direction,
            own.below,
            own.above,
            own.since,
            own.reason,
        )
        np.testing.assert_allclose(
            [mine.move, mine.barrier, mine.distance], [own.move, own.barrier, own.distance]
        )


def test_table_of_a_line_made_by_hand() -> None:
    noise = 0.001 * np.tile([1, -1], 200)
    turns = np.r_[noise, np.linspace(0, -0.5, 100), np.linspace(-0.5, 0.1, 100), np.full(30, 0.1)]
    found = views.ladder(turns)[1.5]
    listed = views.table(found, turns)
    # the fall was the first turn: no episode
    assert [e.direction for e in listed] == [1] and listed[0].open
    (rise,) = listed
    assert (
        rise.pivot in (499, 500) and rise.until == 599 and rise.sessions == rise.known - rise.pivot
    )
    assert rise.far == pytest.approx(np.expm1(turns[rise.known] + 0.5))
    assert rise.went == pytest.approx(np.expm1(0.6))
    assert views.last_turn(found, 0) == (1, rise.pivot, rise.known)


def test_monthly_lines_turn_at_the_same_multiple_of_a_quarters_move() -> None:
    line = np.cumsum(0.03 * np.random.default_rng(4).standard_normal(600))
    found = views.ladder(line, (1.5,), period=21)[1.5]
    t = 300
    sd = np.diff(line)[t - 12 : t].std(ddof=1)
    assert found.barrier[0, t] == pytest.approx(1.5 * sd * np.sqrt(3))
    assert len(found) > 5


# ---- false alarms
# --------------------------------------------------------------------------------------


def test_false_alarms_of_walks_are_those_of_the_calibration() -> None:
    walks, own = views.false_alarms([None, np.diff(walk(1, 4000))], 1.5, paths=100, years=12)
    exact = methods.calibrate(c=1.5, series=250, years=12, seed=5)
    for found in (walks, own):
        assert found.low < found.rate < found.high and found.high - found.low < 0.15
        assert found.rate == pytest.approx(exact.rate, abs=0.12)
    again = views.false_alarms([None, np.diff(walk(1, 4000))], 1.5, paths=100, years=12)
    assert again == [walks, own]


def test_resampling_removes_the_trend() -> None:
    trend = np.diff(walk(2, 3000)) + 0.004
    (own,) = views.false_alarms([trend], 1.5, paths=60, years=8)
    assert 0.5 < own.rate < 1.1
    # while the trend itself hardly turns
    assert views.ladder(np.cumsum(trend), (1.5,))[1.5].rate_per_year()[0] < 0.3


def test_history_too_short_to_resample_has_no_rate() -> None:
    (short,) = views.false_alarms([np.diff(walk(1, 200))], 1.5, paths=20, years=2)
    assert np.isnan(short.rate) and short.series == 0


# ---- windows
# -------------------------------------------------------------------------------------------


def test_window_against_all_earlier_ones_by_hand() -> None:
    moves = np.tile([0.01, -0.01, 0.005, -0.005], 30)
    line = np.cumsum(np.r_[0, moves, 0.03, 0.03])
    found = views.window_evidence(line, 2)
    before = np.expm1(line[2:] - line[:-2])[:-2]  # those that end by the day the last one begins
    assert found.n == len(before) == 119
    assert found.effect == pytest.approx(np.expm1(0.06) - before.mean())
    assert found.p == pytest.approx(1 / 120) and found.low is not None and found.low > 0
    assert found.n_effective == pytest.approx(119 / 2)


def test_window_needs_ten_independent_ones_and_says_so() -> None:
    found = views.window_evidence(walk(1, 240), 21)
    assert found.suppressed and "independent windows" in found.note
    assert views.window_evidence(walk(1, 300), 0).suppressed
    assert "no value" in views.window_evidence(np.r_[walk(1), np.nan], 5).note
    assert "constant" in views.window_evidence(np.zeros(500), 5).note


@settings(max_examples=200)
@given(st.integers(0, 10_000), st.sampled_from([1, 5, 10, 21]))
def test_interval_of_a_window_excludes_zero_just_where_p_is_below_five_percent(
    seed: int, sessions: int
) -> None:
    e = views.window_evidence(walk(seed, 300 + seed % 700), sessions)
    if e.suppressed:
        return
    assert e.low is not None and e.high is not None and e.p is not None
    assert (e.p < 0.05) == (e.low > 0 or e.high < 0)


def test_placebo_windows_reject_five_percent() -> None:
    rejected = [views.window_evidence(walk(seed, 700), 10).p < 0.05 for seed in range(400)]  # type: ignore[operator]
    assert 0.03 <= np.mean(rejected) <= 0.085  # 400 draws: 5% -+ 2.1%, and windows overlap


def test_superlative_by_hand() -> None:
    line = np.cumsum(np.r_[np.zeros(50), 0.05, np.tile([0.001, -0.001], 60), 0.02])
    found = views.superlative(line, 1)
    assert found is not None
    assert found.now == pytest.approx(np.expm1(0.02)) and found.since == 50
    assert found.n == len(line) - 1 - 1 and found.rank == pytest.approx(1 - 1 / found.n)
    record = views.superlative(np.r_[line, line[-1] - 0.3], 1)
    assert record is not None and record.since == -1 and record.rank == 0.0
    assert views.superlative(walk(1, 90), 10) is None


# ---- analogues
# -----------------------------------------------------------------------------------------


def test_expanding_score_uses_nothing_later() -> None:
    x = np.random.default_rng(1).standard_normal((2, 300)) + 50
    z = analogues.expanding_z(x, 20)
    assert np.isnan(z[:, :20]).all()
    for t in (20, 100, 299):
        seen = x[0, : t + 1]
        assert z[0, t] == pytest.approx((seen[-1] - seen.mean()) / seen.std(ddof=1))


def test_analogues_keep_their_distance_and_find_the_day_made_alike() -> None:
    rng = np.random.default_rng(2)
    vector = rng.standard_normal((3, 4000))
    vector[:, 2000] = vector[:, -1] + 1e-3
    found = analogues.find(vector, 63)
    assert found.at[0] == 2000 and found.distance[0] < 0.1 and (np.diff(found.distance) >= 0).all()
    assert len(found.at) == 30 and np.diff(np.sort(found.at)).min() >= 63
    assert found.at.max() <= 3999 - 252 and not found.eligible[-252:].any()


def test_what_followed_is_found_where_it_was_planted_and_suppressed_where_thin() -> None:
    rng = np.random.default_rng(3)
    state = np.repeat(rng.standard_normal(300), 21)[None, :]
    line = np.cumsum(0.001 * rng.standard_normal(6300) + 0.004 * (np.roll(state[0], 1) > 1))
    state[0, -1] = 2.0
    near = analogues.find(np.vstack([state, state + 0.01 * rng.standard_normal(state.shape)]), 5)
    (planted,) = analogues.followed(near, [line], 5)
    assert (
        planted.evidence.effect is not None
        and planted.evidence.low is not None
        and planted.evidence.low > 0
    )
    (thin,) = analogues.followed(
        analogues.find(np.vstack([state, state[:, ::-1]]), 21, chosen=5), [line], 21
    )
    assert thin.mean is None and "at least 10" in thin.evidence.note


def test_state_without_a_complete_last_day_is_refused() -> None:
    with pytest.raises(UsageError, match="no complete state"):
        analogues.find(np.full((2, 3000), np.nan), 21)


def test_state_vector_by_hand() -> None:
    market, factor = np.full(300, 0.001), np.full((1, 300), -0.002)
    market[-1] = 0.003
    vector, names = analogues.state(market, factor)
    assert len(names) == len(vector) == 7
    named = dict(zip(names, vector[:, -1], strict=True))
    assert named["market, one month"] == pytest.approx(0.020 + 0.003)
    assert named["factor 0, six months"] == pytest.approx(-0.002 * 126)
    assert named["distance from high"] == 0.0


# ---- a market
# ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The demo, small: 80 companies over 6 years."""
    home = tmp_path_factory.mktemp("rotations")
    text = resources.files("paceline").joinpath("data", "demo.toml").read_text(encoding="utf-8")
    small = text.replace("companies = 1500, years = 12", "companies = 80, years = 6")
    assert small != text
    (home / "market.toml").write_text(small, encoding="utf-8")
    found = paceline.open(home / "market.toml", store=home / "store")
    found.ensure()
    return found


def test_every_sector_stands_against_the_market(market: Any) -> None:
    found = pairs.pairs(market)
    assert "small_vs_large" in found and not found["small_vs_large"].sector
    sectors = [p for p in found.values() if p.sector]
    assert len(sectors) == len(market.groups["sectors"]) > 5
    assert {p.against for p in sectors} == {"large"}
    assert (
        pairs.pair_of(market, sectors[0].lead)
        == sectors[0]
        == pairs.pair_of(market, sectors[0].name)
    )
    assert pairs.pair_of(market, ("small_index", "large_index")).name == "small_vs_large"
    with pytest.raises(UnknownName, match="rotation"):
        pairs.pair_of(market, "smal_vs_large")
    with pytest.raises(UsageError, match="against itself"):
        pairs.pair_of(market, ("large", "large"))


def test_signals_hold_two_dates_and_agree_with_their_history(market: Any) -> None:
    now, ever = market.signals(), market.signals(history=True)
    assert set(now["date"]) == {dt.date.fromisoformat(market.as_of)}
    assert (ever["known"] >= ever["date"]).all()
    raw = ever.filter((ever["rotation"] == "small_vs_large") & (ever["line"] == "raw")).sort("date")
    assert raw["date"].is_unique().all() and raw.row(-1, named=True) == now.filter(
        (now["rotation"] == "small_vs_large") & (now["line"] == "raw")
    ).row(0, named=True)
    turned = raw.filter(raw["direction"] != 0)
    assert (turned["turned"] <= turned["date"]).all() and (turned["pivot"] < turned["turned"]).all()
    assert ((turned["to_turn"] <= 0.002) == (turned["direction"] > 0)).mean() > 0.98


def test_signal_of_a_day_is_what_was_said_on_that_day(market: Any) -> None:
    day = "2024-06-28"
    then = paceline.open(market.path, store=market.file.market.store, as_of=day).signals()
    later = market.signals(history=True)
    keys = ["rotation", "line"]
    both = then.join(
        later.filter(later["date"] == dt.date.fromisoformat(day)), on=keys, suffix="_later"
    )
    assert len(both) > 8
    for name in ("watch", "episode", "major", "borderline", "pivot", "turned"):
        assert both[name].equals(both[f"{name}_later"], null_equal=True), name


def test_every_number_of_a_study_is_a_figure_with_lineage(market: Any) -> None:
    study = market.episodes("equal_vs_cap")
    figures = study.figures
    assert len({f.id for f in figures}) == len(figures) > 50
    steps = {s.id for s in market.lineage(f.step for f in figures)}
    for f in figures:
        assert f.value is not None or f.caveats, f.statistic
        assert set(f.step.parents) <= steps
    names = [s.name for s in market.lineage([figures[0].step])]
    assert names[-1] == "figure" and "episodes" in names and "import" in names
    frame = study.frame()
    assert frame.height == len(figures) and {"statistic", "value", "text", "caveats"} <= set(
        frame.columns
    )
    assert any("SIMULATED" in c for c in figures[0].caveats)


def test_broad_counts_the_members_that_beat_the_other_leg(market: Any) -> None:
    study = market.episodes("equal_vs_cap")
    last = len(study.days) - 1
    share, seen, members = study.broad(last - 50, last)
    names = market.weights("large_equal")["security"].to_list()
    level = market.stocks.field(f"{study.basis}_index")
    rows = [market.stocks.securities.index(n) for n in names]
    bar = market.levels(["large"], basis=study.basis)["large"]
    own = level[rows, -1] / level[rows, -51] > bar[-1] / bar[-51]
    assert members == len(names) and seen == members
    assert share == pytest.approx(own.mean())
    # an index has no members here
    assert market.episodes("small_vs_large").broad(last - 50, last) is None


def test_proxy_is_real_and_marked_and_its_halves_stand_apart(market: Any) -> None:
    study = market.episodes("small_vs_large")
    real = [h for h in study.histories() if h.name.startswith("real/")]
    assert {h.first[:4] for h in real} == {"1927", "1990"} and {
        h.outcome.horizon for h in real
    } == {21, 63, 126, 252}
    figure = study.after(real[0])["difference"]
    assert any("REAL" in c for c in figure.caveats) and not any(
        "SIMULATED" in c for c in figure.caveats
    )
    whole, recent = (next(h for h in real if h.first.startswith(y)) for y in ("1927", "1990"))
    assert whole.outcome.evidence.n > recent.outcome.evidence.n
    thin = [h for h in study.histories() if h.outcome.evidence.suppressed]
    assert thin and all(
        "needed" in h.outcome.evidence.note and study.after(h)["mean"].value is None for h in thin
    )


def test_mixed_bases_are_said(market: Any) -> None:
    study = market.episodes(("large_fund", "small_index"))
    bases = {
        n: np.isfinite(market.all_levels.by_basis["total"][market.all_levels.names.index(n), -1])
        for n in ("large_fund", "small_index")
    }
    if all(bases.values()):
        assert study.basis == "total"
    else:
        assert study.basis in ("price", "mixed")
        assert (study.basis == "mixed") == any(
            "different bases" in c for c in study.state(1.5).caveats
        )


def test_pair_without_a_common_day_is_refused(market: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "log_ratio", lambda a, b: np.full(len(a), np.nan))
    with pytest.raises(NotEnoughData, match="no common day"):
        market.episodes(("large_fund", "micro_fund"))
    with pytest.raises(UsageError, match="too small a barrier"):
        market.episodes("small_vs_large", c=0.1)


def test_reversal_is_a_change_of_sign(market: Any) -> None:
    study = market.episodes("small_vs_large")
    found = study.reversal("2025-10-31", "2025-11-28")
    gap = {
        k: float(found[f"{k} lead"].value) - float(found[f"{k} against"].value)
        for k in ("before", "inside")
    }
    assert found["before lead"].start == "2024-12-31" and found["inside lead"].end == "2025-11-28"
    assert (found["reversal"].value == "reversal") == (gap["before"] * gap["inside"] < 0)
    assert study.reversal("1990-01-31", "1990-02-28") == {}


# ---- command line and report
# ---------------------------------------------------------------------------


def test_command_shows_the_study(market: Any, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--market", market.path, "--store", market.file.market.store]
    assert main(["episodes", "small_vs_large", *where]) == 0
    out = capsys.readouterr().out
    for said in (
        "Small against large",
        "leader at size 1.5",
        "driftless random walks",
        "What followed",
        "why no value",
    ):
        assert said in out
    assert main(["episodes", "smal_vs_large", *where]) == 2
    assert "Did you mean 'small_vs_large'" in capsys.readouterr().err
    assert main(["episodes", "small_vs_large", "--c", "0.1", *where]) == 2
    assert "--c" in capsys.readouterr().err


def test_json_figures_trace_to_the_command(market: Any, capsys: pytest.CaptureFixture[str]) -> None:
    import json

    where = ["--market", market.path, "--store", market.file.market.store]
    assert main(["episodes", "cyclical_vs_defensive", "--c", "2", "--json", *where]) == 0
    rows = json.loads(capsys.readouterr().out)
    figure = next(r["figure"] for r in rows if r["statistic"] == "state 2" and r["line"] == "raw")
    assert main(["trace", figure, *where]) == 0
    assert "paceline episodes cyclical_vs_defensive --c 2 --market" in capsys.readouterr().out


@pytest.fixture(scope="module")
def document(market: Any) -> Any:
    return record.report(market)


def test_report_has_the_pages_of_rotation(document: Any) -> None:
    names = [s.name for s in document.sections]
    for name in ("verdict", "relative_rotation", "episodes", "factors", "year_end"):
        assert name in names
    assert {"episodes", "verdict"} <= set(document.manifest["measures"])


def test_words_of_the_pages_hold_no_digits(document: Any) -> None:
    for section in document.sections:
        if section.name not in ("verdict", "relative_rotation", "episodes", "factors", "year_end"):
            continue
        for block in section.blocks:
            plain: list[Any] = [*block.parts] if isinstance(block, Sentence) else [block.title]
            if isinstance(block, Grid):
                plain += [*block.columns, *(cell for row in block.rows for cell in row)]
            for text in plain:
                assert not (isinstance(text, str) and any(ch.isdigit() for ch in text)), text


def test_report_says_what_changed_and_can_be_verified(
    market: Any, document: Any, tmp_path: Path
) -> None:
    old = dict(
        document.manifest,
        as_of="2025-11-03",
        figures=[dict(f) for f in document.manifest["figures"]],
    )
    changed = [
        f
        for f in old["figures"]
        if f["measure"] == "episodes" and f["statistic"] == "state 1.5" and f.get("line") == "raw"
    ]
    changed[0]["value"] = "somebody else"
    (tmp_path / "older.manifest.json").write_text("{}")  # not a manifest: passed over
    record.write_manifest(
        type(document)(**{**vars(document), "manifest": old}), tmp_path / "old.manifest.json"
    )
    previous = record.previous_report(tmp_path / "new.html", market.as_of)
    assert previous is not None and previous["as_of"] == "2025-11-03"
    assert record.previous_report(tmp_path / "new.html", "2025-11-03") is None
    new = record.report(market, previous=previous)
    first = new.sections[0]
    assert first.name == "changes"
    grid = next(b for b in first.blocks if isinstance(b, Grid))
    (row,) = [r for r in grid.rows if r[2].value == "somebody else"]
    assert row[3].value != "somebody else" and len(grid.rows) == 1
    path = record.write_manifest(new, tmp_path / "new.manifest.json")
    assert record.verify(path, market) == []


def test_nothing_changed_is_said(market: Any, document: Any) -> None:
    book = Answers(market)
    same = {"as_of": "2025-11-03", "figures": document.manifest["figures"]}
    section = changes(book, list(document.figures()), same)
    assert section is not None and "no grade" in section.blocks[0].text and len(section.blocks) == 1  # type: ignore[union-attr]
    assert changes(book, [], None) is None
    assert changes(book, [], {**same, "as_of": market.as_of}) is None


def test_labels_carry_dates_and_names(document: Any) -> None:
    verdict = next(s for s in document.sections if s.name == "verdict")
    assert any(isinstance(p, Label) and "2025" in p.text for p in verdict.blocks[0].parts)


@pytest.mark.parametrize("damage", [False, True])
def test_false_alarms_kept_in_the_cache_are_those_that_were_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bool
) -> None:
    returns = [None, np.diff(walk(2, 1500)), np.diff(walk(1, 200))]
    first = false_alarms(Cache(tmp_path), returns, 1.5)
    assert first[:2] == views.false_alarms(returns[:2], 1.5)
    assert first[2].series == 0 and np.isnan(first[2].rate), "too short, and that is kept as well"
    if damage:
        for path in tmp_path.rglob("*.json"):
            path.write_text(path.read_text().replace("rate", "rote", 1))
    else:
        monkeypatch.setattr(views, "detect", None)  # nothing is drawn again
    again = false_alarms(Cache(tmp_path), returns, 1.5)
    assert [a.to_json() for a in again][:2] == [a.to_json() for a in first][:2]
    assert again[2].method == first[2].method


def test_one_rate_does_not_depend_on_what_else_is_asked(tmp_path: Path) -> None:
    one, other = np.diff(walk(2, 1500)), np.diff(walk(3, 1500))
    cache = Cache(tmp_path)
    (alone,) = false_alarms(cache, [one], 1.5)
    assert false_alarms(cache, [None, other, one], 1.5)[2] == alone
    assert false_alarms(Cache(tmp_path / "new"), [None, other, one], 1.5)[2] == alone
