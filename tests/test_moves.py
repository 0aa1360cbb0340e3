"""Unusual moves of a market's rotations: what is asked, the family of p, and the page."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paceline
from paceline import pages, record
from paceline.document import Grid
from paceline.methods import turn_record
from paceline.methods.detector import detect, sigma
from paceline.studies import moves as study
from paceline.studies.answers import Answers
from paceline.studies.rotations import rotation_set
from test_sentences import small_market


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return small_market(tmp_path_factory.mktemp("moves"), years=4)


@pytest.fixture(scope="module")
def found(market: Any) -> study.Moves:
    made = study.weigh(market)
    assert made is not None
    return made


def value(row: study.RotationMoves, statistic: str) -> Any:
    return row.figures[statistic].value


def judged(found: study.Moves) -> list[study.RotationMoves]:
    """Those with a line: with sixty companies nobody is beyond the fifty largest for long."""
    rows = [r for r in found.rows if r.found.largest is not None]
    assert len(rows) > 1
    return rows


def page(market: Any) -> Any:
    ask = Answers(market)
    (section,) = pages.built(dict(pages.plan(ask))["moves"], ask)
    return section


def test_every_declared_rotation_and_no_sector_is_asked(market: Any, found: study.Moves) -> None:
    assert [r.pair.name for r in found.rows] == list(market.file.rotations)
    asked, clear = found.counts()
    assert asked.value == len(judged(found)) and 0 <= clear.number <= asked.number
    assert "SIMULATED" in " ".join(asked.caveats)


def test_the_figures_are_those_of_the_line(market: Any, found: study.Moves) -> None:
    rotations = rotation_set(market)
    for row in judged(found):
        line = rotations.line(row.pair.name)
        turns = detect(line[None], 1.5)
        last = len(line) - 1
        pivot, known = int(turns.extreme[-1]), int(turns.known[-1])
        assert value(row, "sessions") == last - pivot and value(row, "known") == last - known
        assert value(row, "since") == pytest.approx(math.expm1(line[-1] - line[pivot]))
        assert row.figures["since"].start == str(rotations.days[pivot])
        leads = row.pair.lead if turns.state[0, -1] > 0 else row.pair.against
        assert value(row, "leader") == market.labels.get(leads, leads)
        h = value(row, "horizon")
        first = int(np.isfinite(line).argmax())
        mean = (line[-1] - line[first]) / (last - first)
        move = line[-1] - line[-1 - h]
        own = float(sigma(line[None])[0, -1])
        assert value(row, "z") == pytest.approx((move - h * mean) / (own * math.sqrt(h)))
        assert value(row, "change") == pytest.approx(math.expm1(move))
        for statistic in ("change", "z", "p"):
            assert row.figures[statistic].start == str(rotations.days[-1 - h])
        assert 0 <= value(row, "recent") <= 1


def test_the_low_is_told_from_the_close_of_the_benchmarks_low(
    market: Any, found: study.Moves
) -> None:
    rotations = rotation_set(market)
    assert market.low is not None
    days = [str(d) for d in rotations.days]
    back = len(days) - 1 - days.index(str(market.low[0]))
    for row in judged(found):
        line = rotations.line(row.pair.name)
        ends = line[back:] - line[:-back]
        earlier = ends[np.isfinite(ends)][:-1]
        assert row.figures["low_z"].start == str(market.low[0])
        assert value(row, "low_percentile") == pytest.approx((earlier < ends[-1]).mean())


def test_p_is_corrected_over_all_rotations(found: study.Moves) -> None:
    from statsmodels.stats.multitest import multipletests

    p = [value(r, "p") for r in judged(found)]
    assert all(1 / 1001 <= x <= 1 for x in p)
    expected = multipletests(p, method="fdr_bh")[1]
    assert [value(r, "adjusted_p") for r in judged(found)] == pytest.approx(list(expected))
    assert [r.clear for r in judged(found)] == [bool(x <= 0.05) for x in expected]


def test_what_followed_turns_is_counted_over_all_pairs(market: Any, found: study.Moves) -> None:
    rotations = rotation_set(market)
    further, after = [], []
    for row in found.rows:
        line = rotations.line(row.pair.name)[None]
        one = turn_record.followed(line, detect(line, 1.5))
        further += one.further.tolist()
        after += one.ahead[21].tolist()
    by = {row.sessions: row.figures for row in found.lasting}
    assert list(by) == [None, 21, 63, 126, 252]
    assert by[None]["turns"].value == np.isfinite(further).sum()
    assert by[21]["turns"].value == np.isfinite(after).sum()
    # four years have fewer than thirty quarters: no share, and why
    assert by[None]["share"].value is None
    assert any("at least 30 needed" in c for c in by[None]["share"].caveats)


def test_p_is_kept(market: Any, monkeypatch: pytest.MonkeyPatch, found: study.Moves) -> None:
    def never(*_: Any, **__: Any) -> float:
        raise AssertionError("worked out again")

    monkeypatch.setattr(study.methods, "probability", never)
    again = study.weigh(market)
    assert again is not None
    assert [value(r, "p") for r in again.rows] == [value(r, "p") for r in found.rows]


def test_too_short_a_history_says_so(market: Any) -> None:
    early = paceline.open(market.path, store=market.file.market.store, as_of="2022-06-30")
    made = study.weigh(early)
    assert made is not None and made.counts()[0].value == 0
    for row in made.rows:
        assert all(f.value is None for f in row.figures.values())
        assert "history too short" in " ".join(row.figures["p"].caveats)
    assert page(early).blocks[0].text.startswith("No rotation has enough")


def test_the_page_and_its_record(market: Any, found: study.Moves, tmp_path: Path) -> None:
    section = page(market)
    grids = [b for b in section.blocks if isinstance(b, Grid)]
    assert [len(g.rows) for g in grids] == [len(found.rows), len(found.rows), 5]
    document = record.report(market)
    assert "moves" in [s.name for s in document.sections]
    path = record.write_manifest(document, tmp_path / "report.manifest.json")
    assert record.verify(path, market) == []
