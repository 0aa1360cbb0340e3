"""Instruments whose closes stand a session late or early beside their market."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from paceline.indices import late
from paceline.indices.gaps import Gaps
from paceline.market import Market
from series_market import DAYS as DAYS_OF
from series_market import Frames, market, said

DAYS = np.array("2025-01-01", "datetime64[D]") + np.arange(260)


def market_and_own(seed: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Log changes of a market of 1% a day and of an instrument that follows it."""
    rng = np.random.default_rng(seed)
    market = 0.01 * rng.standard_normal(260)
    return market, market + noise * rng.standard_normal(260)


def level(changes: np.ndarray) -> np.ndarray:
    return 100 * np.exp(np.cumsum(changes))


def found(own: np.ndarray, market: np.ndarray) -> tuple[late.Late, ...]:
    return late.spans(own, level(market), "all", DAYS)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("noise", [0.001, 0.005, 0.01, 0.03])
def test_what_moves_with_its_market_is_not_late(seed: int, noise: float) -> None:
    market, own = market_and_own(seed, noise)
    assert found(level(own), market) == ()


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize(
    ("a", "b", "noise"),
    [(a, b, n) for a, b in ((0, 260), (100, 260), (0, 120), (100, 130)) for n in (0.001, 0.004)]
    + [(100, 108, 0.001)],
)
def test_a_stretch_of_other_days_is_found(step: int, a: int, b: int, noise: float) -> None:
    market, own = market_and_own(7, noise)
    right = level(own)
    wrong = right.copy()
    wrong[a:b] = np.roll(right, step)[a:b]
    if (a, step) == (0, 1):
        wrong[0] = np.nan
    if (b, step) == (260, -1):
        wrong[-1] = np.nan
    made = found(wrong, market)
    assert [one.early for one in made] == [step < 0]
    first, last = (int(np.flatnonzero(DAYS.astype(str) == d)[0]) for d in made[0][1:3])
    # all of it, and a few sessions beside it that may belong to it
    assert a - 6 <= first <= a + 1 and b - 2 <= last <= b + 5
    assert (first == 0) == (a == 0) and (last == 259) == (b == 260)


def test_a_stretch_goes_on_where_the_market_is_not_known() -> None:
    market, own = market_and_own(3, 0.002)
    wrong = np.roll(level(own), 1)
    wrong[0] = np.nan
    known = level(market)
    known[:40] = known[200:] = np.nan
    (made,) = late.spans(wrong, known, "all", DAYS)
    assert (made.first, made.last) == (str(DAYS[0]), str(DAYS[259]))


@pytest.mark.parametrize("own", [np.full(260, np.nan), np.full(260, 100.0), np.arange(260.0)])
def test_what_cannot_be_compared_is_not_late(own: np.ndarray) -> None:
    market, _ = market_and_own(1, 0.0)
    assert found(own, market) == ()


def test_what_ceases_to_follow_its_market_is_late_no_more_and_no_less() -> None:
    market, own = market_and_own(5, 0.004)
    own[150:] = np.random.default_rng(6).standard_normal(110) * 0.01
    assert found(level(own), market) == ()
    wrong = np.roll(level(own), 1)
    wrong[0] = np.nan
    (made,) = found(wrong, market)
    assert (made.first, made.last) == (str(DAYS[0]), str(DAYS[259])), "nothing says it is over"


def test_a_few_sessions_tell_nothing() -> None:
    market, own = market_and_own(5, 0.009)
    short = slice(0, 17)
    assert late.spans(level(own)[short], level(market)[short], "all", DAYS[short]) == ()


def test_a_window_says_it_where_it_has_such_sessions() -> None:
    days = tuple(str(d) for d in DAYS)
    one = late.Late("all", "2025-02-03", "2025-03-03", early=False)
    gaps = Gaps("fund", "price", sessions=days, alone=True, beside=(one,))
    said = "daily changes of fund fit those of all a session late from 2025-02-03 to 2025-03-03"
    assert gaps.judged("2025-01-03", "2025-02-02").caveats == ()
    assert gaps.judged("2025-01-03", "2025-02-03").caveats == (said,)
    assert gaps.judged("2025-03-03", "2025-04-03").caveats == (said,)
    assert gaps.judged("2025-03-04", "2025-04-03").caveats == ()
    assert (
        late.Late("all", "2025-02-03", "2025-02-04", early=True)
        .caveat("fund", "2025-02-01", "2025-02-05")
        .startswith("daily changes of fund fit those of all a session early from")
    )


def test_what_half_of_a_source_shows_is_said_of_all_that_it_holds() -> None:
    one = late.Late("all", "2025-03-01", "2025-04-10", False)
    other = late.Late("all", "2025-03-10", "2025-05-01", False)
    early = late.Late("all", "2025-03-10", "2025-05-01", True)
    a = "a, of the same source,"

    def shared(*found: tuple[late.Late, ...]) -> list[tuple[str, str, bool]]:
        return [(x.first, x.last, x.early) for x in late.shared(found, DAYS, "all", a)]

    assert shared((one,), ()) == [("2025-03-01", "2025-04-10", False)]  # one of two is half
    assert shared((one,), (), ()) == []
    assert shared((one,), (other,), ()) == [("2025-03-10", "2025-04-10", False)]
    assert shared((one,), (early,), ()) == []
    assert shared((), ()) == []
    (told,) = late.shared([(one,), ()], DAYS, "all", a)
    assert told.caveat("second", "2025-04-01", "2025-06-01") == (
        "daily changes of a, of the same source, fit those of all a session late from 2025-03-01 "
        "to 2025-04-10"
    )


def shifted(frame: pl.DataFrame, names: tuple[str, ...]) -> pl.DataFrame:
    """Closes of sessions 200 to 259 on the session after."""
    days = list(DAYS_OF)
    later = pl.DataFrame({"date": days[200:260], "to": days[201:261]})
    moved = frame.join(later, on="date", how="left").with_columns(
        date=pl.when(pl.col("security").is_in(names))
        .then("to")
        .otherwise(None)
        .fill_null(pl.col("date"))
    )
    kept = moved.unique(["security", "date"], keep="first", maintain_order=True)
    return kept.select(frame.columns)


def test_a_file_that_is_late_is_late_for_the_fund_that_cannot_tell(tmp_path: Path) -> None:
    """Three funds of one file: one of them moves too unlike the market to tell by itself."""

    def edit(files: Frames) -> Frames:
        rng = np.random.default_rng(3)
        at = pl.col("security") == "FC"
        noise = np.exp(np.cumsum(0.03 * rng.standard_normal(len(DAYS_OF))))
        wild = files["funds"].filter(at).with_columns(close=pl.col("close") * pl.Series(noise))
        funds = pl.concat([files["funds"].filter(~at), wild])
        return {**files, "funds": shifted(funds, ("FA", "FB", "FC"))}

    late_ = market(tmp_path, edit=edit)
    for name in ("fa", "fb"):
        assert said(late_, name, f"daily changes of {name} fit those of all a session late", -180)
    told = "daily changes of fa, of the same source, fit those of all a session late from"
    assert said(late_, "fc", told, -180)
    assert not said(late_, "fc", told, -60)
    assert not said(late_, "index", "a session late", -180)


def test_without_members_the_benchmark_is_the_market(tmp_path: Path) -> None:
    """No basket has members: three funds say that the benchmark is late, each of itself nothing."""
    market(tmp_path, edit=lambda f: {**f, "index": shifted(f["index"], ("IX",))})
    path = tmp_path / "market.toml"
    text = path.read_text().replace('universe = "all"\n', "", 1)
    text = text[: text.index("[universes.all]")] + text[text.index("[baskets.index]") :]
    path.write_text(text[: text.index("[baskets.all]")])
    alone = Market.open(path)
    told = "daily changes of index fit those of most funds and indices a session late"
    assert said(alone, "index", told, -180)
    assert not said(alone, "index", told, -60)
