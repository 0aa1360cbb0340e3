"""What the gaps of a level say of a window: who counts as a member, what is refused and told."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from paceline.indices.drift import SHARES
from paceline.indices.gaps import Gaps
from paceline.indices.validity import Validity

DAYS = ("2025-01-03", "2025-01-06", "2025-01-07")
SESSIONS = ("2025-01-02", *DAYS, "2025-01-08")
#: The window over all sessions.
ALL = (SESSIONS[0], SESSIONS[-1])


def gaps(**shares: list[float]) -> Gaps:
    """A level that lacks these shares of its weight on ``DAYS``; 2% are allowed."""
    zero = {kind: [0.0, 0.0, 0.0] for kind in SHARES}
    told = {k: np.array(v) for k, v in {**zero, **shares}.items()}
    return Gaps("x", "price", DAYS, told, SESSIONS, limit=0.02)


def counted(eligible: Any, absent: Any = 0, held: Any = None, **more: Any) -> Gaps:
    """Counts of members on ``SESSIONS``, or one for all of them; everybody priced is held."""
    eligible, absent = (np.broadcast_to(np.array(n), len(SESSIONS)) for n in (eligible, absent))
    held = eligible - absent if held is None else np.broadcast_to(np.array(held), len(SESSIONS))
    found = Gaps("x", "price", sessions=SESSIONS, eligible=eligible, absent=absent, held=held)
    return dataclasses.replace(found, **more)


# ---- members


@pytest.mark.parametrize(
    ("day", "held", "members"),
    [
        ("2025-01-01", 3, 3),  # before the first session nobody counted them
        ("2025-01-02", 3, 4),
        ("2025-01-03", 4, 5),
        ("2025-01-05", 4, 5),  # a Sunday: those of the session before
        ("2025-01-06", 4, 7),
        ("2025-01-06", 3, 3),  # of those that the basket holds on another day nothing is known
        ("2025-01-08", 9, 9),  # more are held than are on the list
    ],
)
def test_members_of_the_day_stand_for_those_that_are_held(
    day: str, held: int, members: int
) -> None:
    known = counted([4, 5, 7, 8, 6], held=[3, 4, 4, 4, 9])
    assert known.members_of(day, held) == members
    assert dataclasses.replace(known, ranked=True).members_of(day, held) == held
    assert Gaps("x", "price", sessions=SESSIONS).members_of(day, held) == held


def test_members_count_as_far_back_as_a_level_is_looked_at() -> None:
    """One of ten has no price on the first two sessions; the window is the last session."""
    known = counted(10, absent=[1, 1, 0, 0, 0])
    last, first = SESSIONS[-1], SESSIONS[0]
    said = (f"1 of 10 members of x has no price on {first}",)
    for reach in (first, ""):
        assert known.judged(last, last, reach).caveats == ()
        assert known.judged(last, last, reach, whole=True).caveats == said
    many = counted(10, absent=[5, 5, 0, 0, 0])
    assert many.judged(last, last, "", whole=True).refusal == "", "only its end takes a value away"


def test_who_is_eligible_on_other_sessions() -> None:
    known = counted([4, 5, 7, 8, 6])
    days = np.array(["2025-01-01", "2025-01-02", "2025-01-04", "2025-01-06", "2025-01-09"])
    sessions = days.astype("datetime64[D]")
    assert known.eligible_on(sessions).tolist() == [0, 4, 5, 7, 6]
    assert dataclasses.replace(known, ranked=True).eligible_on(sessions).tolist() == [0] * 5
    assert Gaps("x", "price", sessions=SESSIONS).eligible_on(sessions).tolist() == [0] * 5


@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        ("2025-01-02", "2025-01-08", True),
        ("2025-01-02", "2025-01-06", True),
        ("2025-01-02", "2025-01-05", False),
        ("2025-01-06", "2025-01-08", True),  # members of its first close count
        ("2025-01-07", "2025-01-08", False),
        (None, "2025-01-06", True),
        (None, "2025-01-05", False),
    ],
)
def test_a_window_has_no_value_where_fewer_than_nine_in_ten_are_priced_or_held(
    start: str | None, end: str, refused: bool
) -> None:
    """Ten members; on the 6th nine of them, which is enough, or eight, which is not."""
    for n, enough in ((9, True), (8, False)):
        short = [10, 10, n, 10, 10]
        for known, verb in (
            (counted(10, absent=[0, 0, 10 - n, 0, 0]), "have a price"),
            (counted(10, held=short), "are held"),
        ):
            said = f"no value: 8 of 10 members of x {verb} on 2025-01-06"
            judged = known.judged(start, end)
            assert judged.refusal == ("" if enough or not refused else said)
            ranked = dataclasses.replace(known, ranked=True)
            assert ranked.judged(start, end).refusal == "", "the absent need not be its own"


def test_one_of_two_members_is_too_few() -> None:
    said = counted(2, absent=1).judged(*ALL).refusal
    assert said == "no value: 1 of 2 members of x has a price on 2025-01-02"


def test_of_several_sessions_the_worst_is_told() -> None:
    known = counted([100, 50, 200, 50, 100], absent=[2, 2, 9, 3, 2])
    assert known.judged(*ALL).caveats == ("3 of 50 members of x have no price on 2025-01-07",)
    assert known.judged(*ALL[:1], "2025-01-06").caveats == (
        "9 of 200 members of x have no price on 2025-01-06",
    )
    ranked = dataclasses.replace(known, ranked=True)
    assert ranked.judged(*ALL).caveats == (
        "3 of 50 members have no price on 2025-01-07 and cannot be ranked",
    )


def test_members_that_are_not_held_are_told_above_the_limit() -> None:
    """Two in a hundred are allowed, and two are held back; on one session it is three."""
    few = counted(100, held=98, limit=0.02)
    assert few.judged(*ALL).caveats == ()
    some = counted(100, held=[98, 98, 97, 98, 98], limit=0.02)
    assert some.judged(*ALL).caveats == ("3 of 100 members of x are not held on 2025-01-06",)
    assert some.judged("2025-01-07", "2025-01-08").caveats == ()
    one = counted(20, held=19, limit=0.02)
    assert one.judged(*ALL).caveats == ("1 of 20 members of x is not held on 2025-01-02",)
    assert dataclasses.replace(one, ranked=True).judged(*ALL).caveats == ()


def test_a_basket_holds_nobody_before_it_begins_and_may_hold_more_than_a_list_names() -> None:
    """Nobody lacks in either; of ten, one more is held, and none before the 6th."""
    assert counted(10, held=[0, 0, 10, 10, 11]).judged(*ALL) == ("", ())


# ---- what a window lacks


@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        ("2025-01-02", "2025-01-08", True),
        ("2025-01-02", "2025-01-03", True),
        ("2025-01-03", "2025-01-08", False),  # its return is that of the 3rd: before the window
        ("2025-01-06", "2025-01-08", False),
        (None, "2025-01-03", True),
        (None, "2025-01-06", False),
    ],
)
def test_a_lost_return_takes_the_value_of_windows_that_hold_it(
    start: str | None, end: str, refused: bool
) -> None:
    assert bool(gaps(lost=[0.021, 0.0, 0.0]).judged(start, end).refusal) is refused
    assert gaps(lost=[0.02, 0.0, 0.0]).judged(start, end).refusal == ""


@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        ("2025-01-02", "2025-01-08", False),
        ("2025-01-02", "2025-01-06", True),
        ("2025-01-06", "2025-01-08", True),
        ("2025-01-07", "2025-01-08", False),
    ],
)
def test_a_pending_return_takes_the_value_of_windows_that_end_on_it(
    start: str, end: str, refused: bool
) -> None:
    assert bool(gaps(pending=[0.0, 0.5, 0.0]).judged(start, end).refusal) is refused
    assert gaps(pending=[0.0, 0.02, 0.0]).judged(start, end).refusal == ""


def test_what_is_pending_inside_a_window_is_told() -> None:
    assert gaps(pending=[0.0, 0.5, 0.0]).judged(*ALL).caveats == (
        "no return for 50.0% of the weight of x on 2025-01-06; "
        "a later return covers several sessions",
    )


def test_days_on_which_the_level_is_not_known() -> None:
    found = gaps(lost=[0.021, 0.0, 0.02], pending=[0.0, 0.02, 0.5])
    assert found.unknown == ("2025-01-03", "2025-01-07")
    assert Gaps("x", "price").unknown == ()


def test_a_return_that_is_lost_blanks_every_value_that_looks_back_on_it() -> None:
    sessions = np.array(SESSIONS, "datetime64[D]")
    lost, pending = gaps(lost=[0.5, 0.0, 0.0]), gaps(pending=[0.0, 0.5, 0.02])
    for lookback, more in ((None, 0), (1, 0), (2, 1), (3, 2), (4, 3), (9, 3)):
        blank = [False, *[True] * (1 + more), *[False] * (3 - more)]
        assert lost.blank(sessions, lookback).tolist() == blank
        assert pending.blank(sessions, lookback).tolist() == [False, False, True, False, False]
    # of a view that begins or ends elsewhere only its own sessions count
    assert lost.blank(sessions[2:], 3).tolist() == [False] * 3
    assert gaps(lost=[0.0, 0.0, 0.5]).blank(sessions[:3], 3).tolist() == [False] * 3
    assert lost.blank(sessions[[0, 2, 3]], 1).tolist() == [False] * 3
    ended = Gaps("x", "price", sessions=SESSIONS, ended="2025-01-06")
    assert ended.blank(sessions, None).tolist() == [False] * 3 + [True] * 2
    old = Gaps("x", "price", dated=(Validity("members", "2025-01-02", max_age=4),))
    assert old.blank(sessions, None).tolist() == [False] * 3 + [True] * 2


@pytest.mark.parametrize(
    ("rebalanced", "start", "stood"),
    [
        (("2025-01-02",), "2025-01-06", True),
        (("2025-01-02", "2025-01-08"), "2025-01-07", True),
        (("2025-01-02", "2025-01-03"), "2025-01-06", False),  # set anew at that day's close
        (("2025-01-02", "2025-01-06"), "2025-01-06", False),
        (("2025-01-02",), "2025-01-02", False),  # nothing is lost before the window
        (("2025-01-08",), "2025-01-06", False),
        ((), "2025-01-06", False),
    ],
)
def test_weights_do_not_move_with_what_was_lost_before_the_window(
    rebalanced: tuple[str, ...], start: str, stood: bool
) -> None:
    known = dataclasses.replace(gaps(lost=[0.5, 0.0, 0.0]), rebalanced=rebalanced)
    said = "weights did not move: no return for 50.0% of the weight of x on 2025-01-03"
    assert (said in known.judged(start, "2025-01-08").caveats) is stood
    little = dataclasses.replace(gaps(lost=[0.02, 0.0, 0.0]), rebalanced=rebalanced)
    assert not any("did not move" in c for c in little.judged(start, "2025-01-08").caveats)


def test_half_of_the_limit_that_fell_silent_is_told() -> None:
    """Of 2% half is 1%: at it nothing is said, and above it those days alone are."""
    for at_most in ([0.01, 0.01, 0.01], [0.008, 0.0, 0.0]):
        assert gaps(left=at_most).judged(*ALL).caveats == ()
    assert gaps(left=[0.015, 0.01, 0.0]).judged(*ALL).caveats == (
        "silent for more than 10 sessions, no delisting on record: "
        "for 1.5% of the weight of x on 2025-01-03",
    )


@pytest.mark.parametrize(
    ("basis", "kind", "said"),
    [
        ("price", "other_basis", "total returns stand in for price returns"),
        ("total", "other_basis", "price returns, without dividends, stand in for total returns"),
        ("price", "other_source", "returns of another source stand in"),
        ("total", "other_source", "returns of another source stand in"),
    ],
)
def test_what_stands_in_is_told_of_the_sessions_of_the_window(
    basis: str, kind: str, said: str
) -> None:
    known = dataclasses.replace(gaps(**{kind: [0.1, 0.0, 0.0]}), basis=basis)
    (caveat,) = known.judged(*ALL).caveats
    assert caveat == f"{said} for 10.0% of the weight of x on 2025-01-03"
    assert known.judged("2025-01-03", "2025-01-08").caveats == ()


# ---- in words


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ([0.3, 0.1, 0.0], "for up to 30.0% of the weight of x on 2 sessions (2025-01-03, "),
        ([0.3, 0.1, 0.2], "for up to 30.0% of the weight of x on 3 sessions (2025-01-03, "),
        ([0.0, 0.1, 0.0], "for 10.0% of the weight of x on 2025-01-06"),
        ([0.3, 1.0, 0.0], "for all of the weight of x on 2 sessions (2025-01-03, 2025-01-06)"),
        ([0.0, 0.999999, 0.0], "for all of the weight"),  # all but rounding
        ([0.0, 0.99999, 0.0], "for 99.9% of the weight"),  # not 100%
        ([0.0, 0.001, 0.0], "for 0.1% of the weight"),
        ([0.001, 0.001, 0.0], "for up to 0.1% of the weight"),
        ([0.0, 0.0009, 0.0], "for less than 0.1% of the weight"),
        ([0.0001, 0.0005, 0.0], "for less than 0.1% of the weight of x on 2 sessions (2025-"),
    ],
)
def test_a_share_and_its_sessions_in_words(shares: list[float], said: str) -> None:
    (caveat,) = gaps(other_source=shares).judged(*ALL).caveats
    assert caveat.startswith(f"returns of another source stand in {said}")


def test_five_sessions_are_not_named_one_by_one() -> None:
    for count, named in (
        (4, "(2025-01-02, 2025-01-03, 2025-01-06, 2025-01-07)"),
        (5, "(2025-01-02 to 2025-01-08)"),
    ):
        days = SESSIONS[:count]
        told = {kind: np.full(count, 0.1 * (kind == "other_source")) for kind in SHARES}
        known = Gaps("x", "price", days, told, ("2025-01-01", *SESSIONS), limit=0.02)
        (caveat,) = known.judged("2025-01-01", "2025-01-08").caveats
        assert caveat.endswith(f"for up to 10.0% of the weight of x on {count} sessions {named}")


# ---- of a day


@pytest.mark.parametrize(
    ("quiet", "end", "said"),
    [
        (0, "2025-01-02", ()),
        (0, "2025-01-03", ("members of 2025-01-02, rolled forward 1 day",)),
        (5, "2025-01-07", ()),
        (5, "2025-01-08", ("members of 2025-01-02, rolled forward 6 days",)),
    ],
)
def test_how_old_a_list_is_is_told_where_it_is_older_than_usual(
    quiet: int, end: str, said: tuple[str, ...]
) -> None:
    assert tuple(Validity("members", "2025-01-02", quiet=quiet).caveats(end, end)) == said
    too_old = Validity("members", "2025-01-02", max_age=0, quiet=quiet)
    assert too_old.caveats(end, end) == [], "what has no value needs no caveat"


def test_a_list_rolled_back_is_a_look_ahead_of_windows_that_begin_before_its_day() -> None:
    back = Validity("members", "2025-01-06", back="members of 2025-01-06")
    said = ["look-ahead: members of 2025-01-06"]
    assert back.caveats("2025-01-03", "2025-01-06") == said
    assert back.caveats("2025-01-06", "2025-01-06") == []
    own = Validity("members", "2025-01-06")
    assert own.caveats("2025-01-03", "2025-01-06") == [], "it has a past of its own"


# ---- what a window rests on besides its own returns


def test_a_basket_that_has_just_begun_and_is_yet_to_be_renewed_says_so() -> None:
    begun = dataclasses.replace(counted(4), rebalanced=("2025-01-06",))
    said = ("x begins on 2025-01-06, with members and weights of that day",)
    assert begun.judged("2025-01-06", "2025-01-08").caveats == said
    assert dataclasses.replace(begun, fixed=True).judged("2025-01-06", "2025-01-08").caveats == ()


def test_members_of_today_with_a_close_in_doubt_before_they_were_held() -> None:
    """Told of what rests on members' own returns and looks back that far, not of levels."""
    known = dataclasses.replace(counted(4), joined=(("2025-01-03", "A"), ("2025-01-06", "B")))
    first, last = "2025-01-07", "2025-01-08"
    one = "the close of B is in doubt on 2025-01-06, before x held it"
    assert known.judged(first, last, SESSIONS[0], members=True).caveats == (
        f"{one}, and 1 other close likewise",
    )
    assert known.judged(first, last, "2025-01-03", members=True).caveats == (one,)
    assert known.judged(first, last, "2025-01-06", members=True).caveats == ()
    assert known.judged(first, last, SESSIONS[0]).caveats == ()


def test_weights_of_a_total_return_move_with_price_returns_in_the_window_too() -> None:
    known = gaps(moved_parted=[0.0, 0.3, 0.0])
    said = "weights moved with returns in doubt: closes moved otherwise than their market caps"
    for basis, count in (("total", 1), ("price", 0)):
        of = dataclasses.replace(known, basis=basis, rebalanced=(SESSIONS[0],))
        told = of.judged(SESSIONS[0], SESSIONS[-1]).caveats
        assert len(told) == count and all(c.startswith(said) for c in told)
        assert len(of.judged(SESSIONS[2], SESSIONS[-1]).caveats) == 1


@pytest.mark.parametrize(("closes", "what"), [(True, "close"), (False, "return")])
def test_a_series_of_returns_has_no_last_close(closes: bool, what: str) -> None:
    gaps = Gaps("x", "price", ended="2025-01-02", alone=True, closes=closes)
    assert gaps.end == f"x ended on 2025-01-02, its last {what}"
