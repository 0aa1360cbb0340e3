"""Faults in a market whose truth is known: a few trials of ``bench/chaos.py``, and its own eyes."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import polars as pl
import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "bench"))

import chaos
import chaos_market
from chaos_faults import FURTHER, HOW, OF_ROWS, ROWS, WHERE, Fault, Frame, drawn

#: Trials of the suite, some of which were silent once; ``make chaos`` draws hundreds.
SEEDS = (2, 3, 7, 8, 9, 14, 15, 18, 129, 218, 330, 361, 412, 441, 488, 639, 641, 1014, 1017)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> chaos.Ground:
    return chaos.Ground(tmp_path_factory.mktemp("chaos"))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_figure_is_right_or_says_why_not(ground: chaos.Ground, seed: int) -> None:
    trial = ground.trial(seed)
    assert not trial.silent, (trial.faults, trial.silent[:6])
    assert trial.figures > 1900 or trial.refused


@pytest.mark.parametrize(
    ("how", "feed"), [("spiked", "index"), ("spiked", "fund"), ("twinned", "index")]
)
def test_a_wrong_close_and_a_copied_series_are_said(
    ground: chaos.Ground, how: str, feed: str
) -> None:
    trial = ground.trial(0, faults=[Fault(how, "securities", feed, (1,))])
    assert trial.said > 0 and not trial.silent, trial.silent[:6]


def test_the_sound_market_is_right_and_says_nothing(ground: chaos.Ground) -> None:
    trial = ground.trial(0, faults=[])
    assert (trial.silent, trial.flagged, trial.said) == ([], 0, 0)
    assert trial.right == trial.figures > 2000


@dataclasses.dataclass(frozen=True)
class Higher(Fault):
    """What nobody can see: closes and changes that agree with one another, and are not true."""

    def __call__(self, files: dict[str, Frame]) -> dict[str, Frame]:
        after = (pl.col("date") >= pl.date(2025, 11, 3)) & (pl.col("security") == "SIM2000")
        close = pl.when(after).then(pl.col("close") * 1.01).otherwise("close")
        return {**files, "index": files["index"].with_columns(close)}


def test_a_fault_that_nothing_tells_is_found(ground: chaos.Ground) -> None:
    trial = ground.trial(0, faults=[Higher("scaled", "sessions", "index", (0,))])
    wrong = {name[1:4] for name, _, _ in trial.silent}
    assert ("second", None, "3m") in wrong and ("second", None, "ytd") in wrong
    assert ("index", None, "3m") not in wrong
    assert ("second", None, "1w") not in wrong, "its window lies behind the fault"


def test_what_says_nothing_of_the_fault_is_no_caveat_for_it(ground: chaos.Ground) -> None:
    figure = chaos_market.figures(chaos.Market.open(ground.path))[0]
    off = dataclasses.replace(figure, value=figure.number + 0.0011)
    true = {chaos.key(figure): [figure]}

    def silent(*caveats: str, value: float | None = off.number) -> bool:
        told = dataclasses.replace(off, value=value, caveats=caveats)
        trial = chaos.Trial(0, ["removed sessions of changes"])
        return bool(chaos.compared(trial, true, [told]).silent)

    assert silent() and silent("12 closes were worked back from the next session's change")
    assert silent("members of 2025-01-02 have been read") and silent(value=None)
    assert not silent("no return for 3.0% of the weight of cap on 2025-09-03")
    assert not silent(value=figure.number + 0.0009)


def test_a_list_a_day_late_is_true_to_whoever_has_only_it(ground: chaos.Ground) -> None:
    late = Fault("shifted", "feed", "members", (0,))
    trial = ground.trial(0, faults=[late])
    assert trial.stated > 0 and not trial.silent
    seen = ground.trial(0, faults=[late, Higher("scaled", "sessions", "index", (0,))])
    assert {name[1] for name, _, _ in seen.silent} == {"second"}, "and excuses nothing else"


def test_what_is_whole_in_another_unit_is_stated_in_it_and_no_more() -> None:
    was = pl.DataFrame({"security": list("AABB"), "date": [1, 2, 1, 2], "close": [1.0, 2, 3, 4]})
    now = was.with_columns(close=pl.Series([10.0, 20, 3, 40]))
    assert chaos.in_other_units(was, now)["close"].to_list() == [10.0, 20.0, 3.0, 4.0]
    assert chaos.as_stated([Fault("delayed", "feed", "members", (0,))]) is None
    assert chaos.as_stated([Fault("shifted", "sessions", "changes", (0,))]) is None


def test_a_list_cut_off_is_named_as_one_that_is_late() -> None:
    cut, late = (chaos.words(f"{how} feed of members") for how in ("cut off", "delayed"))
    assert cut == late != chaos.words("cut off feed of changes")


@pytest.mark.parametrize("how", (*HOW, *FURTHER))
@pytest.mark.parametrize("where", WHERE)
def test_every_fault_changes_what_it_names_and_nothing_else(how: str, where: str) -> None:
    files = chaos_market.truth()
    changed = []
    for number in range(6):
        fault = Fault(how, where, "changes", (number,))
        made = fault(dict(files))
        assert made["changes"].equals(fault(dict(files))["changes"]), "by its seed alone"
        others = [n for n in files if n != "changes" and made[n] is not files[n]]
        assert not others
        assert made["changes"].columns == files["changes"].columns
        changed.append(not made["changes"].equals(files["changes"]))
    assert any(changed)


@pytest.mark.parametrize("how", OF_ROWS)
def test_a_fault_of_rows_touches_the_fields_it_names(how: str) -> None:
    feed = "shares" if how == "counted" else "changes"
    touched = {"shares"} if how == "counted" else {"close", "change"}
    true = chaos_market.truth()
    for number in range(4):
        made = Fault(how, "rows", feed, (number,))(dict(true))
        assert not [n for n in true if n != feed and made[n] is not true[n]]
        was, now = true[feed], made[feed]
        assert now.columns == was.columns and len(now) == len(was)
        assert {c for c in was.columns if not now[c].equals(was[c])} == touched
    assert {f.how for seed in range(1000, 1100) for f in drawn(seed)} == {*ROWS}


def test_trials_are_drawn_by_their_seed_alone() -> None:
    assert drawn(5) == drawn(5)
    kinds = {(f.how, f.where) for seed in range(500) for f in drawn(seed)}
    assert {(how, where) for how in HOW for where in WHERE} <= kinds
    assert {len(drawn(seed)) for seed in range(50)} == {1, 2, 3}
