"""The bench of history: what the themes said as of days on which leadership turned, or did not.

The states stand here as the years are remembered; they were written down before the themes were
built, in the issue that asked for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from real_data import FRIDAY, MARKET

import paceline
from paceline import record
from paceline.document import Sentence
from paceline.studies import consolidation, themes
from paceline.studies.answers import Answers

#: Day -> theme -> (who leads, pivot not before, pivot not after).
TURNED: dict[str, dict[str, tuple[str, str, str]]] = {
    "2000-12-29": {"style": ("Value", "2000-03-01", "2000-06-30")},
    "2009-04-30": {"momentum": ("Past losers", "2008-11-01", "2009-03-31")},
    "2009-05-29": {"momentum": ("Past losers", "2008-11-01", "2009-03-31")},
    "2016-11-30": {
        "size": ("Small caps", "2016-01-01", "2016-11-30"),
        "style": ("Value", "2016-01-01", "2016-11-30"),
    },
    "2020-11-20": {"size": ("Small caps", "2020-03-01", "2020-11-20")},
    "2022-01-31": {"style": ("Value", "2021-11-01", "2022-01-31")},
}
QUIET = ("1995-06-30", "2005-06-30", "2014-05-30", "2017-09-29", "2019-06-28", FRIDAY)


def seen(data: Path, store: Path, day: str) -> Any:
    market = paceline.open(MARKET, data=data, store=store, as_of=day)
    return market, {t.name: t for t in themes.weigh(market).themes}


@pytest.mark.parametrize("day", TURNED)
def test_who_led_since_when(data: Path, store: Path, day: str) -> None:
    _, found = seen(data, store, day)
    for name, (leader, first, last) in TURNED[day].items():
        said = found[name].figures["leader"]
        assert said.value == leader, name
        assert first <= str(said.start) <= last, name


def test_the_crash_of_momentum_is_told(data: Path, store: Path) -> None:
    """2009: losers gained more on winners in a quarter than in 98 of 100 before. 2020: the drift of
    November is new, though winners had led by the rule of turns until then."""
    _, then = seen(data, store, "2009-05-29")
    (line,) = (x for x in then["momentum"].lines if x.p is not None)
    assert line.way > 0 and line.figures["percentile"].number > 0.98
    _, later = seen(data, store, "2020-11-20")
    line = next(x for x in later["momentum"].lines if "french" in x.line.label)
    assert line.figures["begun_21"].number > 0.9 and line.way > 0


def test_two_weeks_of_small_caps_in_2024_are_far_out(data: Path, store: Path) -> None:
    _, found = seen(data, store, "2024-07-31")
    size = found["size"]
    line = size.lines[0]
    assert size.figures["leader"].value == "Small caps" and size.word != "quiet"
    assert 10 <= line.figures["horizon"].number <= 21 and line.figures["percentile"].number > 0.99
    assert size.figures["known"].number <= 10  # known for days only: nothing says that it lasts


@pytest.mark.parametrize("day", QUIET)
def test_quiet_days_are_quiet(data: Path, store: Path, day: str) -> None:
    """On no day of these is any theme unusual or rare."""
    _, found = seen(data, store, day)
    assert {t.word for t in found.values()} <= {"", "quiet", "stirring"}


def test_small_caps_since_the_low_are_in_the_top_twentieth(data: Path, store: Path) -> None:
    _, found = seen(data, store, FRIDAY)
    line = found["size"].lines[0].figures
    assert line["low_percentile"].start == "2025-11-20" and line["low_percentile"].number > 0.95
    # no turn since the low, which is ten sessions old
    told = {n: t.figures["known"].value for n, t in found.items() if t.lines}
    assert all(k > 10 for k in told.values()), told


def test_sectors_are_judged_on_the_history_of_their_funds(data: Path, store: Path) -> None:
    market, found = seen(data, store, FRIDAY)
    spread = found["sectors"].spread
    assert spread is not None and len(spread.members) == 11
    assert {spread.figures[n].basis for n in spread.members} == {"total"}
    pause = consolidation.weigh(Answers(market))
    assert pause is not None and pause.subject == "sectors:Information Technology"
    assert pause.history == "XLK" and pause.word.value == "pausing in an intact trend"
    assert any("XLK" in c for c in pause.figures["recovered"].caveats)
    n = pause.figures["recovered"].evidence["n_effective"]
    assert isinstance(n, float) and n > 10


def test_a_report_of_a_day_before_the_stock_panel(data: Path, store: Path) -> None:
    market, _ = seen(data, store, "2000-12-29")
    document = record.report(market)
    assert {"themes", "since_low", "episodes"} <= {s.name for s in document.sections}
    first = " ".join(s.text for s in document.headline if isinstance(s, Sentence))
    assert "before the first session of the stock panel" in first
    assert "lies before market.start" in document.manifest["refused"]["leadership"]


def test_no_model_beats_the_base_rate_of_a_lead(data: Path, store: Path) -> None:
    """Size, age, unusualness, what was given back and volatility of a lead tell nothing out of
    sample, 1990 to 2025: the base rate of all lines is printed for every theme."""
    market, found = seen(data, store, FRIDAY)
    known = themes.weigh(market)
    for one in known.odds:
        assert one.printed == "base" and one.figures["gain_low"].number < 0
        outcomes = [led for row in known.lines for led in later(row, one.sessions)]
        assert one.figures["looks"].value == len(outcomes) > 5000
        base = one.figures["base"].number
        assert base == pytest.approx(sum(outcomes) / len(outcomes)) and 0.51 < base < 0.56
        said = [theme.figures.get(f"ahead_{one.sessions}") for theme in known.themes]
        assert [f.value for f in said if f is not None] == [base] * 5
    assert {"size", "style", "momentum"} <= set(found)


def later(row: Any, sessions: int) -> list[bool]:
    """Counted day by day: on each month's last session, did the leader stand higher so much later,
    where that was known before the year of the report?"""
    days, line, state = row.line.days, row.line.line, row.turns.state[0]
    months = days.astype("datetime64[M]")
    came = []
    for t in range(len(days) - sessions):
        known = days[t + sessions] < np.datetime64("2025-01-01")
        if known and months[t + 1] != months[t] and state[t]:
            came.append(bool(state[t] * (line[t + sessions] - line[t]) > 0))
    return came
