"""One wrong close of a fund or index, and a scale that nothing explains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from paceline.indices.leapt import Beside, Leapt, runs
from paceline.market import Market
from series_market import DAYS, Frames, change, figures, market, said

DATES = np.array("2025-01-01", "datetime64[D]") + np.arange(200)


def lines(seed: int, noise: float = 0.003) -> tuple[np.ndarray, np.ndarray]:
    """Log changes of five that move together by 1% a session, and of one more."""
    rng = np.random.default_rng(seed)
    common = 0.01 * rng.standard_normal(200)
    return common + noise * rng.standard_normal((5, 200)), common + noise * rng.standard_normal(200)


def found(own: np.ndarray, others: np.ndarray) -> tuple[tuple[str, str, str, float], ...]:
    level, beside = (100 * np.exp(np.cumsum(x, axis=-1)) for x in (own, others))
    return runs(level, Beside.of(beside), np.ones(len(others), bool), DATES)


@pytest.mark.parametrize("size", [0.05, -0.05, 0.1, -0.15])
@pytest.mark.parametrize("length", [1, 2])
def test_a_close_that_leaps_alone_and_comes_back_is_found(size: float, length: int) -> None:
    others, own = lines(1)
    own[100] += size
    own[100 + length] -= size
    ((first, last, back, move),) = found(own, others)
    assert (first, last, back) == tuple(str(DATES[k]) for k in (100, 99 + length, 100 + length))
    assert move == pytest.approx(own[100])


@pytest.mark.parametrize("size", [0.1, -0.1])
def test_a_leap_on_the_last_session_is_one_that_nothing_has_taken_back(size: float) -> None:
    others, own = lines(2)
    own[-1] += size
    ((first, last, back, _),) = found(own, others)
    assert (first, last, back) == (str(DATES[-1]), str(DATES[-1]), "")


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("noise", [0.0, 0.003, 0.02])
def test_what_is_sound_is_not_accused(seed: int, noise: float) -> None:
    others, own = lines(seed, noise)
    assert found(own, others) == ()


def test_a_crash_that_is_taken_back_is_everybodys() -> None:
    others, own = lines(3)
    for x in (others, own):
        x[..., 100] -= 0.1
        x[..., 101] += 0.1
    assert found(own, others) == ()


@pytest.mark.parametrize("noise", [0.0002, 0.003])
def test_where_one_moves_almost_exactly_alike_a_leap_is_told_in_a_storm_as_well(
    noise: float,
) -> None:
    """Correlations of 0.9998 and of 0.92: of the second nobody knows what it should have done."""
    others, own = lines(6, noise)
    for x in (others, own):
        x[..., 100] += 0.04  # four of its deviations: everything moves
    own[100], own[101] = own[100] - 0.2, own[101] + 0.2
    assert len(found(own, others)) == (noise < 0.001)


def test_a_market_that_rises_meanwhile_hides_no_leap() -> None:
    """Of a fall of 9% the next day takes back 14%: the market rose by 2% and 3%."""
    others, own = lines(8, 0.0005)
    for x in (others, own):
        x[..., 100:102] = 0.02, 0.03
    own[100], own[101] = own[100] - 0.11, own[101] + 0.11
    ((first, _, back, _),) = found(own, others)
    assert (first, back) == (str(DATES[100]), str(DATES[101]))


def test_news_that_stays_is_no_wrong_close_and_the_typo_of_another_is_not_its_own() -> None:
    others, own = lines(4)
    own[100] += 0.1
    others[0, 150] += 0.1
    others[0, 151] -= 0.1
    assert found(own, others) == ()


def test_nothing_is_told_without_others() -> None:
    others, own = lines(5)
    own[100], own[101] = own[100] + 0.1, own[101] - 0.1
    beside = Beside.of(100 * np.exp(np.cumsum(others, axis=1)))
    level = 100 * np.exp(np.cumsum(own))
    assert runs(level, beside, np.zeros(5, bool), DATES) == ()
    assert runs(level[:20], Beside.of(np.exp(others[:, :20])), np.ones(5, bool), DATES[:20]) == ()


def test_a_window_says_it_where_it_has_such_a_close() -> None:
    one = ("2025-02-03", "2025-02-03", "2025-02-04", np.log(1.08))
    made = Leapt((("2025-01-10", "2025-01-10", "2025-01-13", 0.1), one))
    text = (
        "the close of fund leapt by +8.0% on 2025-02-03 and came back on 2025-02-04, which nothing "
        "beside it did: most often a wrong close"
    )
    assert made.caveat("fund", "2025-02-04", "2025-03-04") == ""
    assert made.caveat("fund", "2025-01-13", "2025-02-02") == ""
    assert made.caveat("fund", "2025-02-03", "2025-03-04") == text
    assert made.caveat("fund", "2025-01-02", "2025-02-03") == f"{text} (1 earlier one)"
    last = Leapt((("2025-02-03", "2025-02-03", "", np.log(0.9)),))
    assert last.caveat("fund", "2025-01-02", "2025-02-03") == (
        "the close of fund leapt by -10.0% on 2025-02-03, its last session, which nothing beside "
        "it did: news, or a wrong close"
    )


@pytest.mark.parametrize("name", ["index", "fb"])
def test_a_typo_in_a_published_close_stands_on_the_figures_that_touch_it(
    tmp_path: Path, name: str
) -> None:
    feed, security = {"index": ("index", "IX"), "fb": ("funds", "FB")}[name]
    wrong = market(
        tmp_path,
        edit=lambda f: {
            **f,
            feed: change(f[feed], security, slice(300, 301), close=pl.col("close") * 0.93),
        },
    )
    day = str(DAYS[300])
    assert said(wrong, name, "leapt", -100)[0].startswith(f"the close of {name} leapt by -")
    assert said(wrong, name, "leapt", -120) and not said(wrong, name, "leapt", -99)
    assert not said(wrong, "all", "leapt", -120) and not said(wrong, "fa", "leapt", -120)
    low = wrong.show("swing_lows", subjects=[name], history=True)
    for f in [*(f for f in low if f.start == day), *wrong.show("record_highs", subjects=[name])]:
        assert any("leapt" in c for c in f.caveats), f
    (one,) = [w for w in wrong.watched if w.check == "close that leapt and came back alone"]
    assert one.source == name and [str(d) for d in one.days] == [day]


def test_a_low_that_a_wrong_close_makes_is_doubted_wherever_it_is_a_date(tmp_path: Path) -> None:
    """The benchmark's close of one session is 8% too low: the market's last low is that day."""
    low = 380
    wrong = market(
        tmp_path,
        edit=lambda f: {
            **f,
            "index": change(f["index"], "IX", slice(low, low + 1), close=pl.col("close") * 0.92),
        },
    )
    assert wrong.low is not None and str(wrong.low[0]) == str(DAYS[low])
    for figure in wrong.show("performance", subjects=["all", "fa"], since="low"):
        assert any(c.startswith("the close of index leapt by -") for c in figure.caveats)
    assert wrong.low_hidden.startswith("the close of index leapt by -")


@pytest.mark.parametrize("feed", ["index", "funds"])
def test_a_scale_that_changes_for_good_stands_on_every_window_after_it(
    tmp_path: Path, feed: str
) -> None:
    """Half the closes from a day on: a split that nobody states, or another series."""
    name, security, basis = {"index": ("index", "IX", "price"), "funds": ("fb", "FB", "total")}[
        feed
    ]

    def half(files: Frames) -> Frames:
        closes = change(files[feed], security, slice(300, None), close=pl.col("close") / 2)
        return {**files, feed: closes}

    wrong, day = market(tmp_path, edit=half), str(DAYS[300])
    (told,) = said(wrong, name, "nothing says why", -20, basis=basis)
    assert told.startswith(f"the closes of {name} stand ") and f"% lower since {day}, and" in told
    assert 49 < float(told.split("stand ")[1].split("%")[0]) < 53
    assert not said(wrong, name, "nothing says why", -110, basis=basis)  # it has no value: that day
    assert not said(wrong, "all", "nothing says why", -20)
    (streak,) = [
        f for f in wrong.show("streaks", subjects=[name], basis=basis) if f.statistic == "current"
    ]
    assert any("nothing says why" in c for c in streak.caveats)


def test_a_scale_that_changes_is_no_doubt_once_it_is_explained(tmp_path: Path) -> None:
    def half(files: Frames) -> Frames:
        closes = change(files["index"], "IX", slice(300, None), close=pl.col("close") / 2)
        return {**files, "index": closes}

    assert said(market(tmp_path, edit=half), "index", "nothing says why", -20)
    path = tmp_path / "market.toml"
    true = f"[sources.index]\ntrue_jumps = {{ IX = [{DAYS[300]}] }}"
    path.write_text(path.read_text().replace("[sources.index]", true, 1))
    right = Market.open(path)
    right.import_()
    assert not said(right, "index", "nothing says why", -20)


def test_the_sound_market_says_nothing(tmp_path: Path) -> None:
    good = market(tmp_path)
    for name in ("index", "fa", "fb", "fc", "all", "ten"):
        for basis in ("price", "total")[: 1 if name == "index" else 2]:
            for figure in figures(good, name, -399, basis=basis):
                assert [c for c in figure.caveats if "annualised" not in c] == []
    assert [w.check for w in good.watched] == []
