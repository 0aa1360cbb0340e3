"""Sentences of the pages on rotation, seasons and targets: each sign, one, none, and parts missing.

The sentences stand here as they are to be read; the figures in them are made up by hand.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from paceline.document import Magnitude, Sentence
from paceline.methods import pause as rules
from paceline.pages import consolidation, episodes, factors, what_they_said, year_end
from paceline.pages.signs import direction, distance, moved, plural, some
from paceline.pages.words import words
from paceline.studies import news
from test_pages import Fake, figure, said

# -- signs


@pytest.mark.parametrize(
    ("value", "way", "far", "move"),
    [
        (0.0765, "up", "7.65% above its high", "rose by 7.65%"),
        (-0.0765, "down", "7.65% below its high", "fell by 7.65%"),
        (0.0, "level", "at its high", "stood still"),
        (-0.00004, "level", "at its high", "stood still"),  # shown as 0.00%
        (0.00006, "up", "0.01% above its high", "rose by 0.01%"),
    ],
)
def test_words_go_by_the_sign_as_it_is_shown(value: float, way: str, far: str, move: str) -> None:
    made = figure(value)
    assert direction(made, "up", "down", "level") == way
    assert words(*distance(made, ("its ", "high"))).text == far
    assert words(*moved(made, "rose by ", "fell by ", "stood still")).text == move


def test_counts_in_words() -> None:
    one, two, zero = (figure(n, "count") for n in (1, 2, 0))
    assert [plural(n, "call", "calls") for n in (zero, one, two)] == ["calls", "call", "calls"]
    assert some(None) == some(zero) == "none" and some(two) is two


def test_a_clause_with_a_magnitude_that_is_missing_is_left_out() -> None:
    clause = ("; ", Magnitude(figure(None)), " below")
    assert words("It rose", clause, ".").text == "It rose."
    assert (
        words("It rose", ("; ", Magnitude(figure(-0.02)), " below")).text == "It rose; 2.00% below"
    )


# -- a pause


def pausing(high: float, above: float, share: float | None, recovered: Any) -> str:
    made = {"drawdown": figure(high), "above": figure(above), "recovered": recovered}
    made |= {} if share is None else {"share": figure(share, "fraction")}
    found: Any = SimpleNamespace(
        subject="small",
        word=figure(rules.stands(high, above, share), "text"),
        figures=made,
        tally={k: figure(n, "count") for k, n in (("for", 2), ("against", 1), ("neither", 3))},
    )
    return consolidation._said(Fake({}), found).text  # type: ignore[arg-type]


def test_a_pause_reads_right_above_below_and_at_the_high() -> None:
    told = " Of the figures below 2 speak for a pause, 1 against it and 3 neither way."
    known = figure(0.65, "fraction")
    ended = " Of earlier pauses as deep, 65.0% ended in a new high before the trend broke."
    assert pausing(-0.0765, 0.0803, 0.671, known) == (
        "Small is pausing in an intact trend: 7.65% below its 252-day high and 8.03% above its "
        "200-day moving average, with 67.1% of its members above theirs." + told + ended
    )
    assert pausing(0.0, 0.05, None, known) == (
        "Small is at its high: at its 252-day high and 5.00% above its 200-day moving average."
        + told
        + ended
    )
    few = figure(None, "fraction", caveats=("no value: history too short",))
    assert pausing(-0.25, -0.1, 0.2, few) == (
        "Small is in a broken trend: 25.00% below its 252-day high and 10.00% below its 200-day "
        "moving average, with 20.0% of its members above theirs."
        + told
        + " How earlier pauses ended cannot be said (history too short)."
    )


# -- episodes


def study(value: float | None, way: int, *, borderline: bool = False, reason: str = "") -> Any:
    leg = {1: "Small", -1: "Large", 0: "neither"}[way]
    return SimpleNamespace(
        pair=SimpleNamespace(label="Small against large", lead="small", against="large"),
        turn_state=lambda: SimpleNamespace(direction=way, borderline=borderline, reason=reason),
        to_turn=lambda _: figure(value),
        state=lambda _: figure(leg, "text"),
        silent="",
    )


def test_the_move_that_would_turn_a_rotation() -> None:
    def head(s: Any) -> str:
        return episodes._head(Fake({}), s).text.removeprefix("Small against large: ")  # type: ignore[arg-type]

    same = " With a threshold a quarter smaller or larger, the leader is the same."
    assert head(study(-0.0489, 1)) == (
        "Small leads by the rule of episodes. Small would have to lose 4.89% against Large for the "
        "lead to change." + same
    )
    assert head(study(0.0305, -1, borderline=True)) == (
        "Large leads by the rule of episodes. Small would have to gain 3.05% against Large for the "
        "lead to change. With a threshold a quarter smaller or larger, the leader is another one: "
        "this is borderline."
    )
    assert head(study(None, 0)) == "neither leg has taken the lead at the size of an episode yet."
    assert head(study(None, 0, reason="a year of closes is needed")) == (
        "who leads cannot be said (a year of closes is needed)."
    )


# -- factors


def momentum(over: float | None, both: float | None) -> list[str]:
    rows = [
        figure(v, subject="large", statistic="last_month", extra={"factor": "momentum", "side": s})
        for s, v in (("long_over_index", over), ("long_short", both))
        if v is not None
    ]
    ask = Fake({}, factors=rows)
    ask.market.series = {}
    made = factors.factors.build(ask)  # type: ignore[arg-type]
    assert made is not None
    return [b.text for b in made.blocks if isinstance(b, Sentence)]  # type: ignore[union-attr]


WINNERS = "In November 2025, long-only past winners (sorted on months two to twelve) "
BOTH = "; the long-short portfolio of past winners against past losers "
UNSORTED = (
    "Value and quality cannot be sorted: no source gives book equity and earnings as they were "
    "filed."
)


def test_momentum_long_only_and_long_short() -> None:
    assert momentum(-0.0341, -0.0567) == [
        f"{WINNERS}lagged the index by 3.41%{BOTH}lost 5.67%.",
        UNSORTED,
    ]
    assert momentum(0.02, 0.0)[0] == f"{WINNERS}beat the index by 2.00%{BOTH}came out even."
    assert momentum(0.0, None)[0] == f"{WINNERS}matched the index."
    assert momentum(None, 0.01) == [UNSORTED]


def test_what_cannot_be_sorted_is_named() -> None:
    assert [s.text for s in factors._missing(["Quality"])] == [
        "Quality cannot be sorted: no source gives book equity and earnings as they were filed."
    ]
    assert factors._missing([]) == []


# -- the end of the year


def year(monkeypatch: pytest.MonkeyPatch, left: int | None, reason: str = "") -> list[str]:
    end = SimpleNamespace(left=None if left is None else figure(left, "sessions"), reason=reason)
    monkeypatch.setattr(year_end.season, "year_end", lambda _: end)
    return said(year_end.year_end.build, {})


def test_the_last_sessions_of_the_year(monkeypatch: pytest.MonkeyPatch) -> None:
    assert year(monkeypatch, 17) == [
        "The last ten sessions of the year lie ahead: it has 17 sessions to go."
    ]
    cannot = "The last ten sessions of the year cannot be judged"
    assert year(monkeypatch, None, "history too short") == [f"{cannot} (history too short)."]
    assert year(monkeypatch, None) == [f"{cannot}."]


@pytest.mark.parametrize(
    ("asked", "clear", "text"),
    [
        (
            14,
            None,
            "Of 14 comparisons of this year with the same days of earlier years, none stands",
        ),
        (14, 1, "Of 14 comparisons of this year with the same days of earlier years, 1 stands"),
        (14, 2, "Of 14 comparisons of this year with the same days of earlier years, 2 stand"),
        (1, None, "Of 1 comparison of this year with the same days of earlier years, none stands"),
    ],
)
def test_slots_that_stand_out(
    monkeypatch: pytest.MonkeyPatch, asked: int, clear: int | None, text: str
) -> None:
    count = None if clear is None else figure(clear, "count")
    found = SimpleNamespace(slots=[], asked=figure(asked, "count"), clear=count)
    monkeypatch.setattr(year_end.season, "comparisons", lambda _: found)
    assert said(year_end.year_end.build, {}) == [
        f"{text} out once the number of comparisons is accounted for."
    ]


# -- calls


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        (
            (9, 8, 0, 0, 1),
            "9 calls are on file: 8 open, 0 right, 0 wrong, 1 that prices cannot score",
        ),
        ((1, 0, 1, 0, 0), "1 call is on file: 0 open, 1 right, 0 wrong"),
    ],
)
def test_calls_are_counted(counts: tuple[int, ...], text: str) -> None:
    names = ("calls", "running", "hit", "miss", "not scorable")
    by = dict(zip(names, counts, strict=True))
    found: Any = SimpleNamespace(scores=[1], count=lambda k: figure(by[k], "count"))
    counted = what_they_said._count(found).text
    assert counted == f"{text}. A call counts from the first close after it was made."
    empty: Any = SimpleNamespace(scores=[])
    assert what_they_said._count(empty).text == "No call was on file by then."


# -- what has changed


def test_changes_of_words_come_first_then_the_largest() -> None:
    class Steps(SimpleNamespace):
        def keep(self, step: Any) -> Any:
            return step

    ask: Any = SimpleNamespace(market=SimpleNamespace(steps=Steps()))
    now = [
        figure(3, "places", statistic="since_low rank"),
        figure(9, "places", statistic="last_month rank"),
        figure("weak", "text", statistic="word"),
        figure("none", "text", statistic="leader"),
        figure(0.5, statistic="total"),  # no news
    ]
    then = [dict(f.to_json(), figure="0") for f in now]
    for row, value in zip(then, (4, 1, "none", "none", 0.1), strict=True):
        row["value"] = value
    found = news.changed(ask, now, {"as_of": "2025-11-03", "figures": then})
    assert [(c.now.statistic, c.then.value, c.now.value) for c in found] == [
        ("word", "none", "weak"),
        ("last_month rank", 1, 9),
        ("since_low rank", 4, 3),
    ]
    assert {c.then.as_of for c in found} == {"2025-11-03"}
