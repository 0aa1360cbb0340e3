"""Themes: which lines ask them, their family of p, their figures, and the page."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paceline
from paceline import config, pages, record
from paceline.document import Grid
from paceline.errors import MarketFileError
from paceline.evidence import Evidence, simes
from paceline.methods import change_point, lead_looks, words
from paceline.methods.detector import detect, sigma
from paceline.methods.turn_record import followed
from paceline.studies import (
    lead_library,
    lead_odds,
    line_moves,
    page_one,
    spreads,
    theme_lines,
    themes,
)
from paceline.studies.answers import Answers
from paceline.studies.rotations import rotation_set
from paceline.studies.themes import ThemeFound, Themes
from test_sentences import small_market


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return small_market(tmp_path_factory.mktemp("themes"), years=4)


@pytest.fixture(scope="module")
def found(market: Any) -> Themes:
    return themes.weigh(market)


def judged(found: Themes) -> list[line_moves.LineMoves]:
    rows = [one for one in found.lines if one.found.largest is not None]
    assert len(rows) > 1
    return rows


def page(market: Any) -> Any:
    ask = Answers(market)
    (section,) = pages.built(dict(pages.plan(ask))["themes"], ask)
    return section


def file_of(market: Any, **themes: Any) -> Any:
    """The market with other themes."""
    made = {name: config.baskets.Theme.model_validate(t) for name, t in themes.items()}
    return type(market)(market.file.model_copy(update={"themes": made}), market.path)


# ---- what asks


def test_every_theme_of_the_file_is_asked_by_its_lines(market: Any, found: Themes) -> None:
    declared = market.file.themes
    assert [t.name for t in found.themes] == list(declared)
    for theme in found.themes:
        spec = declared[theme.name]
        assert len(theme.lines) == len(spec.rotations) + len(spec.pairs) + len(spec.series)
        assert (theme.spread is not None) == (spec.among is not None)
    asked, unusual = found.counts()
    assert asked.value == len(found.judged) and 0 <= unusual.number <= asked.number
    assert "SIMULATED" in " ".join(asked.caveats)


def test_without_themes_each_rotation_is_one_and_the_sectors(market: Any) -> None:
    bare = file_of(market)
    asked = theme_lines.declared(bare)
    rotations = list(market.file.rotations)
    assert list(asked) == [*rotations, "among sectors"]
    assert [asked[n].rotations for n in rotations] == [[n] for n in rotations]
    # the proxy of the demo is monthly, and a theme is asked by daily lines
    assert market.file.rotations["small_vs_large"].proxy and not asked["small_vs_large"].series
    assert asked["among sectors"].among == "sectors"


def test_a_daily_proxy_asks_too(market: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    days = np.busday_offset("2000-01-03", np.arange(900), roll="forward").astype("datetime64[D]")
    proxy = market.file.rotations["small_vs_large"].proxy
    bare = file_of(market)
    monkeypatch.setitem(bare.moment.series, proxy, (days, np.full(900, 0.001)))
    theme = theme_lines.declared(bare)["small_vs_large"]
    assert theme.series == [proxy]
    last = list(theme_lines.lines_of(bare, theme))[-1]
    assert last.line == pytest.approx(np.cumsum(np.full(900, math.log(1.001))))
    assert last.reason == f"its last value is of {days[-1]}"
    turned = config.baskets.Theme(series=[f"-{proxy}"], sides=("big", "small"))
    (other,) = theme_lines.lines_of(bare, turned)
    assert other.line[-1] == pytest.approx(900 * math.log(0.999))
    assert (other.lead, other.against) == ("big", "small")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('label = "Nothing"', "give either rotations, pairs or series, or among"),
        ('rotations = ["x"]\namong = ["a", "b", "c"]', "give either rotations"),
        ('rotations = ["nobody"]', "themes.size.rotations: unknown rotation 'nobody'"),
        ('among = ["A", "B", "A"]', "three or more names"),
        ('among = "sectors"\nsides = ["a", "b"]', "sides belong to lines"),
        ('pairs = [["A", "A"]]', "one name twice"),
        ('series = ["-"]', "give the name too"),
        ('pairs = [["A"]]', "themes.size.pairs"),
    ],
)
def test_a_theme_that_asks_nothing_is_refused(tmp_path: Path, table: str, said: str) -> None:
    plain = (Path(paceline.__file__).parent / "data" / "demo.toml").read_text()
    head, _, tail = plain.partition("[themes.size]")
    rest = tail[tail.index("[themes.cyclical]") :]
    file = tmp_path / "market.toml"
    file.write_text(f"{head}[themes.size]\n{table}\n\n{rest}")
    with pytest.raises(MarketFileError, match=said.replace("[", r"\[")):
        config.load(file)


def test_an_unknown_security_is_named(market: Any) -> None:
    ask = Answers(file_of(market, odd={"pairs": [["large_fund", "NOBODY"]]}))
    assert pages.built(dict(pages.plan(ask))["themes"], ask) == ()
    assert "'NOBODY'" in ask.refused["themes"]


# ---- the figures of a line


def test_the_figures_are_those_of_the_line(market: Any, found: Themes) -> None:
    for row in judged(found):
        line, figures = row.line.line, row.figures
        turns, last = detect(line[None], 1.5), len(line) - 1
        pivot, known = int(turns.extreme[-1]), int(turns.known[-1])
        assert figures["sessions"].value == last - pivot
        assert figures["known"].value == last - known
        assert figures["since"].value == pytest.approx(math.expm1(line[-1] - line[pivot]))
        assert figures["since"].start == str(row.line.days[pivot])
        way = int(turns.state[0, -1])
        assert figures["leader"].value == (row.line.lead if way > 0 else row.line.against)
        # that far back to the barrier, against the way it goes
        turn = math.expm1(-way * (turns.barrier[0, -1] - turns.move[0, -1]))
        assert figures["to_turn"].value == pytest.approx(turn)
        h = int(figures["horizon"].number)
        mean, own = (line[-1] - line[0]) / last, float(sigma(line[None])[0, -1])
        move = line[-1] - line[-1 - h]
        assert figures["z"].value == pytest.approx((move - h * mean) / (own * math.sqrt(h)))
        assert figures["change"].value == pytest.approx(math.expm1(move))
        assert {figures[k].start for k in ("z", "p")} == {str(row.line.days[-1 - h])}
        steps = (np.diff(line) / sigma(line[None])[0, :-1])[-change_point.MEMORY :]
        begun = change_point.begun_within(steps)[-1]
        assert [figures[f"begun_{n}"].value for n in (21, 63, 126)] == pytest.approx(list(begun))


def test_lines_are_those_of_the_rotations(market: Any, found: Themes) -> None:
    rotations = rotation_set(market)
    for row in judged(found):
        if row.line.name in rotations.rows:
            line = rotations.line(row.line.name)
            assert row.line.line == pytest.approx(line[np.isfinite(line)], nan_ok=True)
            assert row.direction == rotations.turn_state(row.line.name).direction


def test_turns_of_lines_are_those_of_each_alone(found: Themes) -> None:
    lines = [row.line for row in judged(found)]
    for line, turns in zip(lines, theme_lines.turns_of(lines, 1.5), strict=True):
        alone = detect(line.line[None], 1.5)
        for name in ("extreme", "known", "direction", "state", "since", "move", "barrier"):
            np.testing.assert_array_equal(getattr(turns, name), getattr(alone, name), name)


def test_the_low_is_told_from_the_close_of_the_benchmarks_low(market: Any, found: Themes) -> None:
    assert market.low is not None
    for row in judged(found):
        line, days = row.line.line, [str(d) for d in row.line.days]
        back = len(days) - 1 - days.index(str(market.low[0]))
        ends = line[back:] - line[:-back]
        assert row.figures["low_z"].start == str(market.low[0])
        expected = (ends[:-1] < ends[-1]).mean()
        assert row.figures["low_percentile"].value == pytest.approx(expected)


# ---- the family


def test_p_of_a_theme_and_of_the_family(found: Themes) -> None:
    from statsmodels.stats.multitest import multipletests

    for theme in found.judged:
        own = [one.p for one in theme.lines if one.p is not None]
        if theme.spread is not None:
            assert theme.spread.p is not None
            own = [theme.spread.p]
        assert theme.p == simes(own) and theme.figures["p"].value == theme.p
        assert theme.word == words.word(theme.p, theme.adjusted)
    expected = multipletests([t.p for t in found.judged], method="fdr_bh")[1]
    assert [t.adjusted for t in found.judged] == pytest.approx(list(expected))


def test_for_against_and_neither_count_the_lines(found: Themes) -> None:
    for theme in found.themes:
        told = {k: theme.figures[k].value for k in ("for", "against", "neither")}
        lines = [one for one in theme.lines if one.p is not None]
        far = [one for one in lines if (one.p or 1.0) <= 0.025]
        assert told["neither"] == len(lines) - len(far)
        assert told["for"] == sum(one.way == theme.way for one in far)
        assert told["against"] == sum(one.way == -theme.way for one in far)


def test_what_followed_turns_is_counted_over_all_lines(found: Themes) -> None:
    further: list[float] = []
    after: list[float] = []
    for row in found.lines:
        line = row.line.line[None]
        one = followed(line, detect(line))
        further += one.further.tolist()
        after += one.ahead[21].tolist()
    by = {row.sessions: row.figures for row in found.lasting if row.which == "all"}
    assert list(by) == [None, 21, 63, 126, 252]
    assert by[None]["turns"].value == np.isfinite(further).sum()
    assert by[21]["turns"].value == np.isfinite(after).sum()
    apart = {row.which: row.figures["turns"].number for row in found.lasting if not row.sessions}
    assert apart["wild"] + apart["calm"] == apart["all"] and "late" not in apart
    for which, size in (("small", 1.0), ("large", 2.0)):
        other = [followed(x, detect(x, size)) for x in (row.line.line[None] for row in found.lines)]
        assert apart[which] == sum(np.isfinite(one.further).sum() for one in other)
    assert apart["small"] > apart["all"] > apart["large"]
    # four years have fewer than thirty quarters: no share, and why
    assert by[None]["share"].value is None
    assert any("at least 30 needed" in c for c in by[None]["share"].caveats)


# ---- who leads later


def pooled_looks(found: Themes) -> lead_looks.Looks:
    return lead_looks.pooled(
        [lead_looks.looks(r.line.days, r.line.line, detect(r.line.line)) for r in found.lines]
    )


def test_the_odds_of_a_lead_are_the_base_rate_of_the_years_before(found: Themes) -> None:
    pool, begun = pooled_looks(found), np.datetime64(found.market.as_of[:4])
    assert [one.sessions for one in found.odds] == [21, 63, 126, 252]
    for one in found.odds:
        over = pool.ended[one.sessions] < begun.astype("datetime64[D]")
        assert one.figures["looks"].value == over.sum() > 0
        assert one.printed in ("few", "") and not one.bins
        base = pool.ahead[one.sessions][over].mean()
        if one.printed:
            assert one.figures["base"].value == pytest.approx(base)
            low, high = (one.figures[k].number for k in ("low", "high"))
            assert low < base < high
        else:
            assert "needed" in " ".join(one.figures["base"].caveats)
        for theme in found.themes:
            said = theme.figures.get(f"ahead_{one.sessions}")
            led = theme.first is not None and theme.first.direction != 0
            assert (said is not None) == led
            if said is not None:
                assert said.value == one.figures["base"].value
                assert "nothing better is known" in said.caveats[-1] or not one.printed
    assert {one.printed for one in found.odds} == {"few", ""}


def test_page_one_says_the_same(found: Themes, monkeypatch: pytest.MonkeyPatch) -> None:
    said = 0
    for one in found.odds:
        monkeypatch.setattr(page_one, "AHEAD", one.sessions)
        for theme in found.themes:
            chance, own = page_one.chance(found, theme), theme.figures.get(f"ahead_{one.sessions}")
            if own is None or not one.printed:
                assert chance is None
            else:
                said += 1
                assert chance is not None and chance.figure is own and chance.base
    assert said > 1


def test_a_model_that_beats_the_base_rate_is_printed(
    market: Any, found: Themes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    rows = [row for row in found.lines if len(row.line.line)]
    real = lead_odds.methods.odds

    def better(*asked: Any) -> Any:
        known = real(*asked)
        gain = Evidence(0.1, 0.05, 0.15, 300, 100)
        fit = replace(
            known.fit, independent=500.0, weights=np.array([0.2, 0.3, 0, 0, 0, 0]), mean=np.zeros(5)
        )
        scores = {k: replace(s, gain=gain) for k, s in known.scores.items()}
        return replace(known, fit=fit, scores=scores)

    monkeypatch.setattr(lead_odds, "kept_odds", lambda _cache, *asked: better(*asked))
    known = lead_odds.lead_odds(market, rows)
    first = next(t for t in found.judged if t.first is not None and t.first.direction)
    own = first.first
    assert own is not None
    figures = lead_odds.of_theme(market, "size", "Size", own, known)
    size = (
        own.direction
        * (own.found.moves[-1].change)
        / (float(sigma(own.line.line[None])[0, -1]) * math.sqrt(63))
    )
    said = figures["ahead_21"]
    assert said.value == pytest.approx(1 / (1 + math.exp(-(0.2 + 0.3 * size))))
    assert "has beaten the base rate" in said.caveats[-1]
    assert said.evidence["low"] == 0.05


def test_the_library_stands_beside_the_markets_own(market: Any) -> None:
    kept = lead_library.library(market)
    rows = kept.rows
    # noise passes seldom, and leads that last are found
    assert max(kept.steady.number, kept.clusters.number) <= 0.05
    assert kept.lasting.number >= 0.8
    assert [row.sessions for row in rows] == [21, 63, 126, 252]
    for row in rows:
        f = {k: v.number for k, v in row.figures.items()}
        assert f["low"] < f["base"] < f["high"] and f["independent"] > 1000
        assert f["gain_low"] < f["gain_high"] and row.used == (f["gain_low"] > 0)
        assert "not this market" in " ".join(row.figures["base"].caveats)
        # a base rate near one half scores about a quarter, and ln 2
        assert f["brier_base"] == pytest.approx(0.25, abs=0.005)
        assert f["log_base"] == pytest.approx(math.log(2), abs=0.01)


def test_noise_is_kept(market: Any, monkeypatch: pytest.MonkeyPatch, found: Themes) -> None:
    def never(*_: Any, **__: Any) -> float:
        raise AssertionError("worked out again")

    monkeypatch.setattr(line_moves.methods, "noise", never)
    monkeypatch.setattr(spreads.methods, "noise", never)
    again = themes._weigh(market)
    assert [t.p for t in again.themes] == [t.p for t in found.themes]


def test_too_short_a_history_says_so(market: Any) -> None:
    early = paceline.open(market.path, store=market.file.market.store, as_of="2022-06-30")
    made = themes.weigh(early)
    assert made.counts()[0].value == 0 and {t.word for t in made.themes} == {""}
    for row in made.lines:
        told = [f for k, f in row.figures.items() if k != "alarms"]
        assert all(f.value is None for f in told)
        why = " ".join(row.figures["p"].caveats)
        assert "history too short" in why or "no value on 2022-06-30" in why
    assert all(t.figures["word"].value is None for t in made.themes)
    assert page(early).blocks[0].text.startswith("No theme has enough")


# ---- the page


def test_the_page_and_its_record(market: Any, found: Themes, tmp_path: Path) -> None:
    section = page(market)
    grids = [b for b in section.blocks if isinstance(b, Grid)]
    lines, followed = len(found.lines), len(found.lasting)
    (ends,) = [t.spread for t in found.themes if t.spread is not None]
    themes, horizons = len(found.themes), 4
    # the market's own years fit no model, so there is nothing to compare with what came
    rows = [themes, themes + 2, lines, lines, len(ends.members), followed, 2 * horizons, 4]
    assert [len(g.rows) for g in grids] == rows
    document = record.report(market)
    assert "themes" in [s.name for s in document.sections]
    path = record.write_manifest(document, tmp_path / "report.manifest.json")
    assert record.verify(path, market) == []


def test_a_theme_that_is_not_quiet_has_its_sentence(market: Any, found: Themes) -> None:
    from dataclasses import replace

    from paceline.pages import themes as shown

    theme: ThemeFound = next(t for t in found.judged if t.lines)
    figure = replace(theme.figures["word"], value="rare")
    loud = replace(theme, p=0.001, adjusted=0.01, figures={**theme.figures, "word": figure})
    text = shown._sentence(loud).text
    assert text.startswith(f"{theme.label} is rare: ") and "lead by the rule of turns since" in text
    said = [s.text for s in shown._said(replace(found, themes=(loud,)))]
    assert len(said) == 2 and said[0].startswith("Of 1 theme, 1 is unusual or rare.")
