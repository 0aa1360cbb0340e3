"""The rotations of a market: pairs, signals, studies, the command and the pages of the report."""

from __future__ import annotations

import datetime as dt
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paceline
from paceline import record
from paceline.cli import main
from paceline.document import Grid, Label, Sentence
from paceline.errors import NotEnoughData, UnknownName, UsageError
from paceline.methods import relative_lines
from paceline.pages.changes import changes
from paceline.studies import rotations as pairs
from paceline.studies.answers import Answers

# ---- a market


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
    share, seen, members = study.members_ahead(last - 50, last)
    names = market.weights("large_equal")["security"].to_list()
    level = market.stocks.field(f"{study.basis}_index")
    rows = [market.stocks.securities.index(n) for n in names]
    bar = market.levels(["large"], basis=study.basis)["large"]
    own = level[rows, -1] / level[rows, -51] > bar[-1] / bar[-51]
    assert members == len(names) and seen == members
    assert share == pytest.approx(own.mean())
    counted = [study.now()["broad"], *(study.episode(e)["broad"] for e in study.table()[-2:])]
    assert [f.n_used for f in counted] == [f.n_eligible for f in counted]
    assert counted[0].n_used == len(names)
    # an index has no members here
    assert market.episodes("small_vs_large").members_ahead(last - 50, last) is None


def test_breadth_of_an_episode_needs_nine_members_of_ten(
    market: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = market.episodes("equal_vs_cap")
    last = len(study.days) - 1
    names = market.weights("large_equal")["security"].to_list()
    rows = [market.stocks.securities.index(n) for n in names]
    level = np.array(market.stocks.field(f"{study.basis}_index"))
    monkeypatch.setattr(type(market.stocks), "field", lambda *_: level)
    spare = len(names) // 10
    level[rows[:spare], -1] = np.nan
    _, seen, members = study.members_ahead(last - 50, last)
    assert (seen, members) == (len(names) - spare, len(names))
    level[rows[spare], -1] = np.nan
    assert study.members_ahead(last - 50, last) is None


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
    monkeypatch.setattr(relative_lines, "log_ratio", lambda a, _b: np.full(len(a), np.nan))
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


def test_command_shows_the_study(
    market: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # narrower, and names of columns are broken into lines
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
    for name in ("themes", "relative_rotation", "episodes", "factors", "year_end"):
        assert name in names
    assert {"episodes", "themes"} <= set(document.manifest["measures"])


def test_words_of_the_pages_hold_no_digits(document: Any) -> None:
    for section in document.sections:
        if section.name not in ("themes", "relative_rotation", "episodes", "factors", "year_end"):
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
    assert section is not None and "no word" in section.blocks[0].text and len(section.blocks) == 1  # type: ignore[union-attr]
    assert changes(book, [], None) is None
    assert changes(book, [], {**same, "as_of": market.as_of}) is None


def test_labels_carry_dates_and_names(document: Any) -> None:
    themes = next(s for s in document.sections if s.name == "themes")
    (every,) = [b for b in themes.blocks if isinstance(b, Grid) and b.title == "Every theme"]
    days = [row[3] for row in every.rows if row[3] is not None]
    assert days and all(isinstance(d, Label) and d.text[-4:].isdigit() for d in days)
