"""The ledger of calls and its scores: schema, appending, causality, numbers by hand or loop."""

from __future__ import annotations

import datetime as dt
import json
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import paceline
from paceline import report
from paceline.cli import main
from paceline.document import Document
from paceline.errors import DataError, PacelineError, UnknownName, UsageError
from paceline.methods.call import Call, check
from paceline.methods.legs import Legs, complete_from, first_dip
from paceline.methods.proportions import WindowShare
from paceline.methods.scoring import CallScore, due_date, score_call
from paceline.methods.track_record import at_least, track_records
from paceline.pages import what_they_said
from paceline.report import tables
from paceline.studies import calls as scoring
from paceline.studies import ledger_file

DAY = dt.date(2025, 6, 2)
BASE: dict[str, Any] = {
    "id": "a",
    "who": "A. Analyst",
    "date": DAY,
    "words": "small beats large",
    "stance": "over",
    "baskets": ["small"],
    "against": ["large"],
    "horizon": 5,
}


def toml(*records: dict[str, Any]) -> str:
    def value(v: Any) -> str:
        return v.isoformat() if isinstance(v, dt.date) else json.dumps(v, ensure_ascii=False)

    return "\n".join(
        "[[call]]\n" + "".join(f"{k} = {value(v)}\n" for k, v in r.items()) for r in records
    )


# ---- the ledger


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stance": "sideways"}, "stance: Input should be"),
        ({"horizon": DAY}, "horizon 2025-06-02 is not after"),
        ({"horizon": dt.date(2020, 1, 1)}, "is not after the call's date"),
        ({"horizon": 0}, "one session or more"),
        ({"horizon": 2.5}, "whole number of sessions"),
        ({"horizon": "soon"}, "horizon"),
        ({"horizon": None}, "a horizon"),
        ({"baskets": []}, "needs baskets"),
        ({"against": ["small"]}, "against itself"),
        ({"level": 8100}, "has a level"),
        ({"stance": "level_target"}, "needs its level"),
        (
            {"stance": "level_target", "level": -1, "against": []},
            "level: Input should be greater than 0",
        ),
        ({"stance": "level_target", "level": 8100}, "one basket and no against"),
        ({"dip": 0.1}, "has a dip"),
        ({"stance": "accumulate_on_dips", "dip": 2.0}, "dip: Input should be less than"),
        ({"proxy": "over"}, "has a proxy"),
        ({"stance": "consolidation", "proxy": "over", "baskets": []}, "needs baskets"),
        ({"who": " "}, "who: String should have"),
        ({"words": ""}, "words"),
        ({"id": "../x"}, "id: String should match"),
        ({"begins": dt.date(2025, 1, 1)}, "begins"),
        ({"begins": dt.date(2025, 7, 1), "horizon": dt.date(2025, 6, 30)}, "is not after"),
        ({"assumed": ["mood"]}, "names of fields"),
        ({"conviction": "very"}, "conviction"),
        ({"corrects": "b", "recorded": DAY}, "does not stand above"),
        ({"corrects": "b"}, "when it was recorded"),
        ({"recorded": dt.date(2025, 1, 1)}, "recorded before"),
        ({"stanza": "x"}, "unknown field 'stanza'"),
        ({"date": "yesterday"}, "date: Input should be a valid date"),
    ],
)
def test_a_record_that_does_not_hold_is_one_clear_error(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    record = {k: v for k, v in (BASE | change).items() if v is not None}
    path = tmp_path / "calls.toml"
    path.write_text(toml(record))
    with pytest.raises(UsageError) as caught:
        ledger_file.read(path)
    assert (
        message in caught.value.message
        and str(path) in caught.value.message
        and caught.value.remedy
    )
    with pytest.raises(UsageError):
        ledger_file.add(tmp_path / "other.toml", record | {"id": record["id"]})
    assert not (tmp_path / "other.toml").exists()


def test_a_record_without_an_id_is_named_by_its_place_in_the_file() -> None:
    nameless = {k: v for k, v in BASE.items() if k != "id"}
    with pytest.raises(UsageError, match=r"^calls.toml: call 2: the field 'id' is missing"):
        check([BASE, nameless], "calls.toml")


def test_of_several_faults_the_first_is_named_and_the_others_are_counted() -> None:
    with pytest.raises(UsageError, match=r"call 'a': who: .* \(1 more\)\. Found ''"):
        check([BASE | {"who": "", "words": ""}], "calls.toml")


@pytest.mark.parametrize(
    ("length", "shown"), [(80, "'" + "x" * 78 + "'"), (81, "'" + "x" * 76 + "...")]
)
def test_a_wrong_value_is_shown_up_to_eighty_characters(length: int, shown: str) -> None:
    with pytest.raises(UsageError) as caught:
        check([BASE | {"date": "x" * (length - 2)}], "calls.toml")
    assert caught.value.remedy == f"Found {shown}."


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("c.toml", "[[call]\n", "not a readable ledger"),
        ("c.toml", "call = 3\n", "[[call]] tables"),
        ("c.toml", "[other]\nx = 1\n", "[[call]] tables"),
        ("c.toml", "\xff", "not a readable ledger"),
        ("c.csv", "id,who\na,b\n", "the field 'date' is missing"),
        ("c.csv", "id,who\na,b,c\n", "more cells than"),
        ("c.csv", 'id,who\n"a,b\n', "not a readable ledger"),
        ("c.toml", toml(BASE, BASE), "the id stands twice"),
    ],
)
def test_a_file_that_is_no_ledger_says_so(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError) as caught:
        ledger_file.read(path)
    assert message in caught.value.message
    with pytest.raises(UsageError, match="no such ledger"):
        ledger_file.read(tmp_path / "none.toml")


@pytest.mark.parametrize("name", ["calls.toml", "calls.csv"])
def test_adding_appends_and_reads_back(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    odd = 'He said: "up, \\ ; or\ndown" \x7f \u2014 caf\u00e9'
    first = ledger_file.add(
        path, BASE | {"words": odd.replace("\x7f", "") if name.endswith("csv") else odd}
    )
    before = path.read_text(encoding="utf-8")
    second = ledger_file.add(
        path,
        BASE
        | {
            "id": "b",
            "stance": "accumulate_on_dips",
            "dip": 0.1,
            "conviction": "high",
            "baskets": ["small", "mid"],
            "horizon": dt.date(2026, 1, 30),
        },
    )
    assert ledger_file.read(path).calls == (first, second)
    assert (
        second.baskets == ("small", "mid")
        and second.horizon == dt.date(2026, 1, 30)
        and first.horizon == 5
    )
    if name.endswith("toml"):
        assert path.read_text(encoding="utf-8").startswith(before), (
            "what stood there stays, comments included"
        )
    kept = path.read_bytes()
    with pytest.raises(UsageError, match="stands twice"):
        ledger_file.add(path, BASE)
    assert path.read_bytes() == kept and [p.name for p in tmp_path.iterdir()] == [name], (
        "nothing left behind"
    )


def test_comments_and_a_missing_last_newline_survive(tmp_path: Path) -> None:
    path = tmp_path / "calls.toml"
    path.write_text("# mine\n" + toml(BASE).rstrip())
    ledger_file.add(path, BASE | {"id": "b"})
    assert path.read_text().startswith("# mine\n") and len(ledger_file.read(path).calls) == 2


def test_a_correction_keeps_the_original_and_counts_from_its_day(tmp_path: Path) -> None:
    path = tmp_path / "calls.toml"
    ledger_file.add(path, BASE)
    made = ledger_file.correct(path, "a", {"horizon": "10"}, recorded=dt.date(2025, 7, 1))
    assert (made.id, made.corrects, made.horizon, made.words) == ("a.2", "a", 10, BASE["words"])
    ledger = ledger_file.read(path)
    assert [c.id for c in ledger.calls] == ["a", "a.2"] and ledger.corrected == {"a": "a.2"}
    assert [c.id for c in ledger.known(dt.date(2025, 6, 30)).calls] == ["a"], (
        "not known before it was recorded"
    )
    assert ledger.known(dt.date(2025, 6, 30)).corrected == {}
    assert ledger.known(dt.date(2025, 6, 1)).calls == ()
    with pytest.raises(UsageError, match="'a' is corrected already"):
        ledger_file.correct(path, "a", {"horizon": "12"}, recorded=dt.date(2025, 7, 2))
    with pytest.raises(UsageError, match="nothing to correct"):
        ledger_file.correct(path, "a.2", {}, recorded=dt.date(2025, 7, 2))
    with pytest.raises(UnknownName):
        ledger_file.correct(path, "zz", {"horizon": "12"}, recorded=dt.date(2025, 7, 2))
    again = ledger_file.correct(
        path, "a.2", {"dip": "0.1", "stance": "accumulate_on_dips"}, recorded=dt.date(2025, 7, 2)
    )
    assert again.corrects == "a.2" and again.dip == 0.1


@pytest.mark.parametrize("name", ["calls.toml", "calls.csv"])
def test_the_older_name_of_a_consolidation_is_still_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("toml"):
        talk = {k: v for k, v in BASE.items() if k not in ("baskets", "against", "horizon")}
        path.write_text(toml(talk | {"stance": "digestion"}))
    else:
        path.write_text("id,who,date,words,stance\na,A,2025-06-02,a pause,digestion\n")
    old = path.read_text()
    assert [c.stance for c in ledger_file.read(path).calls] == ["consolidation"]
    ledger_file.add(path, BASE | {"id": "b", "stance": "digestion", "proxy": "under"})
    assert [c.stance for c in ledger_file.read(path).calls] == ["consolidation"] * 2
    assert "digestion" in old and "digestion" in path.read_text(), "what stood there stays"


def test_writers_never_lose_each_others_records(tmp_path: Path) -> None:
    path = tmp_path / "calls.toml"

    def write(number: int) -> bool:
        try:
            ledger_file.add(path, BASE | {"id": f"c{number}"})
        except DataError as error:
            assert "somebody else" in error.message
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(write, range(24)))
    assert {c.id for c in ledger_file.read(path).calls} == {
        f"c{i}" for i, ok in enumerate(done) if ok
    }
    (tmp_path / ".calls.toml.lock").touch()
    with pytest.raises(DataError, match="being written"):
        ledger_file.add(path, BASE | {"id": "late"})


# ---- scores


def legs(baskets: Any, against: Any = (), first: str = "2025-01-01", ahead: int = 300) -> Legs:
    ours = np.atleast_2d(np.asarray(baskets, float))
    theirs = np.asarray(against, float).reshape(-1, ours.shape[1])
    calendar = np.busday_offset(first, np.arange(ours.shape[1] + ahead), roll="forward")
    return Legs(calendar[: ours.shape[1]], ours, theirs, calendar)


def on(session: int, first: str = "2025-01-01") -> dt.date:
    return dt.date.fromisoformat(str(np.busday_offset(first, session, roll="forward")))


def call(**how: Any) -> Call:
    return Call.model_validate(BASE | how)


SMALL = [100.0, 101, 102, 104, 103, 105, 110, 99, 104.5, 120]
LARGE = [200.0, 200, 202, 202, 204, 204, 206, 208, 210, 212]


def test_a_call_by_hand() -> None:
    """Said after the close of session 3: counts from session 4 (103 and 204); due 3 later."""
    found = score_call(call(date=on(3), horizon=3), legs(SMALL, LARGE))
    assert (found.status, found.entry, found.end, found.held) == ("miss", str(on(4)), str(on(7)), 3)
    assert found.basket_return == pytest.approx(
        99 / 103 - 1
    ) and found.against_return == pytest.approx(208 / 204 - 1)
    assert found.active == pytest.approx(99 / 103 - 208 / 204)
    assert found.worst == found.active and found.worst_on == str(on(7))
    assert found.path == pytest.approx(
        [0, 105 / 103 - 1, 110 / 103 - 206 / 204, 99 / 103 - 208 / 204]
    )
    # one window of three sessions ended by session 3: 104/100 against 202/200
    assert (
        found.base is not None
        and (found.base.value, found.base.n) == (1.0, 1)
        and not found.base.enough
    )
    growth = math.log(104 / 100) / 3, math.log(202 / 200) / 3
    assert found.drift == pytest.approx(math.exp(3 * growth[0]) - math.exp(3 * growth[1]))
    assert found.rank is not None and found.rank.value == 0, "no earlier window did worse"


def test_under_turns_it_round_and_open_calls_have_a_standing() -> None:
    assert (
        score_call(call(date=on(3), horizon=3, stance="under"), legs(SMALL, LARGE)).status == "hit"
    )
    running = score_call(call(date=on(3), horizon=50), legs(SMALL, LARGE))
    assert (running.status, running.held, running.sessions) == ("open", 5, 50)
    assert running.active == pytest.approx(120 / 103 - 212 / 204) and running.base is None
    assert running.worst == pytest.approx(99 / 103 - 208 / 204)
    late = score_call(call(date=on(9), horizon=3), legs(SMALL, LARGE))
    assert (late.status, late.active, late.base is None) == ("not started", None, False)
    assert late.due == str(on(13))


def test_on_a_weekend_it_counts_from_monday_and_a_horizon_date_from_the_last_session() -> None:
    saturday = dt.date(2025, 1, 4)  # sessions 0 to 2 are Wednesday to Friday
    found = score_call(call(date=saturday, horizon=dt.date(2025, 1, 11)), legs(SMALL, LARGE))
    assert (found.entry, found.end, found.due) == ("2025-01-06", "2025-01-10", "2025-01-10")
    later = score_call(
        call(date=saturday, begins=dt.date(2025, 1, 8), horizon=2), legs(SMALL, LARGE)
    )
    assert (later.entry, later.due) == ("2025-01-08", "2025-01-10"), (
        "begins is the first day it applies"
    )
    empty = score_call(call(date=saturday, horizon=dt.date(2025, 1, 5)), legs(SMALL, LARGE))
    assert (empty.status, empty.reason) == (
        "no data",
        "no session lies between the call and its horizon",
    )


def test_entry_and_due_at_the_edges_of_what_is_known() -> None:
    prices = legs(SMALL, LARGE, ahead=0)  # no session after today is known
    assert score_call(call(date=on(8), horizon=1), prices).reason.startswith("the known sessions")
    bought = score_call(call(date=on(6), horizon=2), prices)
    assert (bought.status, bought.end, bought.held) == ("hit", str(on(9)), 2)
    today = score_call(call(date=on(8), horizon=5), legs(SMALL, LARGE))
    assert (today.status, today.held, today.reason) == ("open", 0, "bought today")
    assert today.active == 0 and today.rank is None
    week = on(9) + dt.timedelta(days=7)
    assert score_call(call(date=on(3), horizon=week), prices).due == str(on(9))
    later = score_call(call(date=on(3), horizon=week + dt.timedelta(days=1)), prices)
    assert (later.status, later.due) == ("no data", None)
    assert due_date(call(date=on(3), horizon=3), prices.calendar) == str(on(7))
    assert due_date(call(date=on(3), horizon=30), prices.calendar) is None


def test_the_first_price_must_be_there_before_the_call_is_made() -> None:
    after = legs(SMALL, LARGE)
    cut = after._replace(
        days=after.days[5:], baskets=after.baskets[:, 5:], against=after.against[:, 5:]
    )
    assert score_call(call(date=on(4), horizon=2), cut).status == "no data"
    first = score_call(call(date=on(5), horizon=2), cut)
    assert (first.status, first.entry, first.base) == ("miss", str(on(6)), None)
    assert first.active == pytest.approx(104.5 / 110 - 210 / 206)
    # one close is no history: nothing drifts
    assert first.drift == 0


@pytest.mark.parametrize(
    ("stop", "first"),
    [(0, 0), (1, 2), (2, 2), (3, 2), (4, 5), (5, 6), (6, 6)],  # a gap on the day after is no matter
)
def test_legs_are_complete_after_the_last_gap_of_any(stop: int, first: int) -> None:
    nan = math.nan
    lines = legs([[1, nan, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, nan, 1]], [1, 1, 1, 1, nan, 1, 1])
    assert complete_from(lines, stop) == first


def test_rank_is_the_share_of_earlier_windows_that_did_worse() -> None:
    """Two sessions held so far; four windows end by session 5: 2%, 2.97%, 0.98%, 0.96% of SMALL."""
    flat = [50.0] * 10
    found = score_call(
        call(date=on(5), horizon=9), legs([*SMALL[:7], 112.0, 112.0, 112.0][:9], flat[:9])
    )
    assert found.held == 2 and found.active == pytest.approx(112 / 110 - 1)  # 1.8%
    assert found.rank is not None and (found.rank.value, found.rank.n) == (0.5, 4)
    assert found.rank.n_effective == 2 and not found.rank.enough
    under = score_call(
        call(date=on(5), horizon=9, stance="under"), legs([*SMALL[:7], 112.0, 112.0], flat[:9])
    )
    assert under.rank is not None and under.rank.value == 0.5
    assert under.worst == pytest.approx(-(112 / 110 - 1)) and under.worst_on == str(on(7))


def test_the_chance_of_a_level_is_that_of_a_brownian_motion_with_its_own_past() -> None:
    rng = np.random.default_rng(6)
    line = 100 * np.exp(np.r_[0, rng.normal(0.0004, 0.01, 259)].cumsum())
    made, level = 250, float(line[250] * 1.05)
    how = {"stance": "level_target", "against": [], "level": level}
    found = score_call(call(date=on(made), horizon=20, **how), legs(line))
    daily = np.diff(np.log(line[: made + 1]))
    # 21 sessions from the last close seen: the entry is the session after it
    mean, deviation = 21 * daily.mean(), math.sqrt(21) * daily.std(ddof=1)
    beyond = 0.5 * math.erfc((math.log(1.05) - mean) / deviation / math.sqrt(2))
    assert found.chance == pytest.approx(beyond, rel=1e-9)
    assert found.drift == pytest.approx(math.exp(daily.mean() * found.held) - 1)
    assert found.base is not None and found.base.n == 250 + 1 - 21
    short = score_call(call(date=on(made - 1), horizon=20, **how), legs(line))
    assert short.chance is None, "250 daily returns at least"


def test_several_baskets_are_one_bet_in_equal_parts() -> None:
    found = score_call(
        call(date=on(3), horizon=3, baskets=["x", "y"]), legs([SMALL, LARGE], [[50.0] * 10])
    )
    assert found.active == pytest.approx((99 / 103 + 208 / 204) / 2 - 1)


DIPPING = [100.0] * 4 + [100, 110, 108, 104, 106, 109, 112, 120]


def test_a_dip_is_bought_at_the_close_after_it() -> None:
    """Counts from session 4; high 110; at 104 (session 7) 5.5% below; bought at 106, worth 120."""
    rule = {"date": on(3), "horizon": 7, "stance": "accumulate_on_dips", "dip": 0.05}
    flat = [50.0] * 12
    found = score_call(call(**rule), legs(DIPPING, flat))
    assert (found.status, found.entry, found.held) == ("hit", str(on(8)), 3)
    assert found.active == pytest.approx(120 / 106 - 1)
    deeper = score_call(call(**rule | {"dip": 0.06}), legs(DIPPING, flat))
    assert (deeper.status, deeper.active, deeper.decided) == ("not triggered", None, False)
    assert "6%" in deeper.reason and deeper.distance == pytest.approx(0)
    today = score_call(call(**rule), legs(DIPPING[:8], flat[:8]))
    assert today.status == "not triggered" and "the last close" in today.reason, (
        "nothing can be bought any more"
    )
    assert today.distance == pytest.approx(104 / 110 - 1)
    usual = score_call(call(**rule | {"dip": None}), legs(DIPPING, flat))
    assert usual.entry == found.entry, "five percent unless it says otherwise"
    np.testing.assert_array_equal(
        first_dip(np.array([[10, 9.6, 9.5, 9], [10, 11, 12, 13]]), 0.05), [2, -1]
    )


def test_a_level_target_by_hand() -> None:
    how = {"date": on(3), "stance": "level_target", "against": [], "level": 110, "horizon": 3}
    hit_then_lost = score_call(call(**how), legs(SMALL))
    assert (hit_then_lost.status, hit_then_lost.touched) == ("miss", True)
    assert hit_then_lost.distance == pytest.approx(110 / 99 - 1)
    # from 103 on session 4 to 99 on session 7, when it is due; the two sessions after are no matter
    assert hit_then_lost.active == hit_then_lost.basket_return == pytest.approx(99 / 103 - 1)
    assert hit_then_lost.path == pytest.approx([0, 105 / 103 - 1, 110 / 103 - 1, 99 / 103 - 1])
    assert hit_then_lost.path_days == tuple(str(on(t)) for t in (4, 5, 6, 7))
    assert score_call(call(**how | {"horizon": 2}), legs(SMALL)).status == "hit"
    # below the 104 of its day: to fall to 100
    down = score_call(call(**how | {"level": 100}), legs(SMALL))
    assert (down.status, down.touched) == ("hit", True) and down.worst == pytest.approx(
        -(110 / 103 - 1)
    )
    # asks for 110/104 in the four sessions from the last close seen; no window that long lies
    # before
    assert hit_then_lost.base is None and hit_then_lost.chance is None


@pytest.mark.parametrize(
    ("stance", "made"),
    [
        ("over", 399),
        ("under", 399),
        ("accumulate_on_dips", 399),
        ("accumulate_on_dips", 2099),  # more starts than are looked at at once
        ("level_target", 399),
    ],
)
def test_base_rate_against_a_plain_loop(stance: str, made: int) -> None:
    rng = np.random.default_rng(4)
    ours, theirs = 100 * np.exp(rng.normal(0, 0.02, (2, made + 21)).cumsum(axis=1))
    h = 12
    extra: dict[str, Any] = {
        "level_target": {"level": ours[made] * 1.03, "against": []},
        "accumulate_on_dips": {"dip": 0.04},
    }.get(stance, {})
    found = score_call(
        call(date=on(made), horizon=h, stance=stance, **extra),
        legs(ours, () if stance == "level_target" else theirs),
    )
    hits, active = [], []
    for s in range(made + 1):
        if stance == "level_target":
            if s + h + 1 <= made:
                hits.append(ours[s + h + 1] / ours[s] >= 1.03)
                active.append(ours[s + h + 1] / ours[s] - 1)
            continue
        if s + h > made:
            continue
        buy = s
        if stance == "accumulate_on_dips":
            dips = [t for t in range(s, s + h + 1) if ours[t] <= 0.96 * ours[s : t + 1].max()]
            if not dips or dips[0] + 1 >= s + h:
                continue
            buy = dips[0] + 1
        gain = ours[s + h] / ours[buy] - theirs[s + h] / theirs[buy]
        active.append(gain)
        hits.append(gain > 0 if stance != "under" else gain < 0)
    assert found.base is not None and found.base.n == len(hits)
    assert found.base.value == pytest.approx(np.mean(hits))
    assert found.base_active == pytest.approx(np.mean(active))
    assert found.base.n_effective == pytest.approx(len(hits) / (h + (stance == "level_target")))
    assert found.base.low < found.base.value < found.base.high


@settings(max_examples=25)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(["over", "under", "accumulate_on_dips", "level_target"]),
    st.integers(60, 118),
)
def test_later_prices_change_nothing(seed: int, stance: str, today: int) -> None:
    """Scored on a day with the closes up to it, or with other closes after it: the same."""
    rng = np.random.default_rng(seed)
    ours, theirs = 100 * np.exp(rng.normal(0, 0.02, (2, 120)).cumsum(axis=1))
    made = call(
        date=on(50),
        horizon=20,
        stance=stance,
        against=[] if stance == "level_target" else ["large"],
        level=105 if stance == "level_target" else None,
    )
    against = () if stance == "level_target" else theirs
    cut = score_call(
        made,
        legs(
            ours[: today + 1],
            () if stance == "level_target" else theirs[: today + 1],
            ahead=120 - today,
        ),
    )
    whole = score_call(made, legs(ours, against))
    assert (cut.base, cut.base_active, cut.chance) == (whole.base, whole.base_active, whole.chance)
    if cut.decided:
        assert cut == whole
    else:
        assert whole.path[: len(cut.path)] == cut.path


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"date": dt.date(2020, 1, 1), "horizon": 3}, "no data"),
        ({"horizon": 5000, "date": on(3)}, "no data"),
        ({"horizon": dt.date(2999, 1, 1), "date": on(3)}, "no data"),
    ],
)
def test_what_the_data_cannot_carry_has_a_reason(how: dict[str, Any], status: str) -> None:
    found = score_call(call(**how), legs(SMALL, LARGE))
    assert found.status == status and found.reason and not found.decided
    gap = [*SMALL[:5], math.nan, *SMALL[6:]]
    assert score_call(call(date=on(3), horizon=3), legs(gap, LARGE)).status == "no data"
    eve = [*SMALL[:3], math.nan, *SMALL[4:]]
    found = score_call(call(date=on(3), horizon=3), legs(eve, LARGE))
    assert (found.status, found.base, found.rank) == ("miss", None, None), "no hole in the window"
    assert score_call(call(date=on(3), horizon=3), None).status == "no data"


def test_a_consolidation_is_not_scorable_and_a_headwind_by_proxy_does_not_count() -> None:
    talk = Call.model_validate(
        {k: v for k, v in BASE.items() if k not in ("baskets", "against", "horizon")}
        | {"stance": "consolidation"}
    )
    assert score_call(talk, None).status == "not scorable"
    by_proxy = call(stance="headwind", proxy="under", date=on(3), horizon=3)
    found = score_call(by_proxy, legs(SMALL, LARGE))
    assert found.status == "hit" and not by_proxy.counted
    assert track_records([found], "who", legs(SMALL).days)[0].decided == 0


def test_records_count_what_does_not_overlap() -> None:
    days = legs(np.ones(200)).days
    base = WindowShare(0.6, 0.4, 0.8, 500, 20.0)

    def done(number: int, start: int, status: str) -> CallScore:
        return CallScore(
            call(id=f"c{number}", house="House"), status, entry=str(days[start]), held=10, base=base
        )

    scores = [
        done(0, 0, "hit"),
        done(1, 5, "hit"),
        done(2, 50, "miss"),
        done(3, 100, "hit"),
        done(4, 0, "open"),
    ]
    [record] = track_records(scores, "who", days)
    assert (record.calls, record.decided, record.hits, record.open, record.n_effective) == (
        5,
        4,
        3,
        1,
        3,
    )
    assert record.rate == 0.75 and record.expected == pytest.approx(0.6)
    # Wilson with n = 3: centre (0.75 + z^2/6) / (1 + z^2/3)
    z2 = 1.959963984540054**2
    centre, reach = (0.75 + z2 / 6), math.sqrt(z2 * (0.75 * 0.25 / 3 + z2 / 36))
    ends = (centre - reach) / (1 + z2 / 3), (centre + reach) / (1 + z2 / 3)
    assert (record.low, record.high) == pytest.approx(ends)
    assert record.luck == pytest.approx(4 * 0.6**3 * 0.4 + 0.6**4)
    assert at_least(1, [0.5, 0.2]) == pytest.approx(0.6) and at_least(0, [0.3]) == 1


def test_a_record_is_of_calls_in_force_and_the_most_decided_come_first() -> None:
    days = legs(np.ones(100)).days

    def made(number: int, who: str, status: str, **more: Any) -> CallScore:
        return CallScore(call(id=f"c{number}", who=who), status, entry=str(days[0]), held=5, **more)

    scores = [
        made(0, "Z", "not started"),
        made(1, "Z", "no data"),
        made(2, "Z", "not triggered"),
        made(3, "B", "miss", base=WindowShare(0.5, 0.2, 0.8, 90, 9.9)),
        made(4, "A", "hit", base=WindowShare(0.5, 0.2, 0.8, 90, 10.0)),
    ]
    a, b, z = track_records(scores, "who", days)
    assert (a.who, b.who, z.who) == ("A", "B", "Z")
    assert (a.rate, a.expected, a.luck) == (1, 0.5, 0.5)
    assert (b.rate, b.expected, b.luck) == (0, None, None), "under ten windows: no base rate"
    assert (z.calls, z.decided, z.open, z.unscored) == (3, 0, 1, 2)
    assert z.rate is z.low is z.high is z.luck is None
    assert track_records(scores, "house", days) == [], "no house was named"


# ---- in a market

MARKET = """
[market]
name = "pair"
benchmark = "large"
store = "store"
[sources.prices]
path = "prices.csv"
columns = { security = "security", date = "date", close = "close" }
[baskets.large]
instrument = "LRG"
[baskets.small]
instrument = "SML"
label = "Small caps"
"""
LEDGER = toml(
    BASE
    | {
        "house": "House",
        "date": dt.date(2025, 3, 3),
        "horizon": dt.date(2025, 9, 30),
        "assumed": ["against"],
    },
    {k: v for k, v in BASE.items() if k != "against"}
    | {"id": "b", "date": dt.date(2025, 11, 3), "horizon": 63},
    {k: v for k, v in BASE.items() if k not in ("against", "baskets", "horizon")}
    | {"id": "c", "stance": "consolidation", "words": "<script>alert('consolidation')</script>"},
    BASE | {"id": "future", "date": dt.date(2026, 5, 1)},
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import exchange_calendars

    path = tmp_path_factory.mktemp("calls")
    days = exchange_calendars.get_calendar("XNYS", start="2018-01-02", end="2025-12-05").sessions
    rng = np.random.default_rng(2)
    rows = []
    for name in ("LRG", "SML"):
        closes = 100 * np.exp(rng.normal(0.0003, 0.01, len(days)).cumsum())
        rows += [f"{name},{d.date()},{float(c)!r}" for d, c in zip(days, closes, strict=True)]
    (path / "prices.csv").write_text("security,date,close\n" + "\n".join(rows) + "\n")
    (path / "market.toml").write_text(MARKET)
    (path / "calls.toml").write_text(LEDGER)
    paceline.open(path / "market.toml").ensure()
    return path


def test_the_market_scores_the_ledger_beside_its_file(folder: Path) -> None:
    market = paceline.open(folder / "market.toml")
    frame = market.calls()
    assert frame["id"].to_list() == ["a", "b", "c"], (
        "what was said after the as-of day is not known yet"
    )
    assert frame["status"].to_list()[1:] == ["open", "not scorable"] and frame["status"][0] in (
        "hit",
        "miss",
    )
    a = frame.row(0, named=True)
    prices = market.levels(["small", "large"]).to_dict(as_series=False)
    at = {str(d): i for i, d in enumerate(prices["date"])}
    start, end = at["2025-03-04"], at["2025-09-30"]
    assert a["active"] == pytest.approx(
        prices["small"][end] / prices["small"][start]
        - prices["large"][end] / prices["large"][start]
    )
    assert a["base_n_effective"] > 10 and a["base_low"] < a["base"] < a["base_high"]
    assert frame["against"].to_list() == ["large", "large", ""], "the benchmark where none is given"
    assert "against: not stated by the speaker" in a["caveats"]


def test_a_call_beyond_the_stored_calendar_is_open(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "far.toml"
    path.write_text(
        toml(BASE | {"horizon": dt.date(2035, 6, 29)}, BASE | {"id": "n", "horizon": 10**9})
    )
    frame = paceline.open(folder / "market.toml").calls(path)
    assert frame["status"].to_list() == ["open", "no data"] and "estimated" in frame["caveats"][0]
    assert frame["sessions"][0] == pytest.approx(252 * 10.07, abs=10)


def test_yesterdays_score_comes_out_again(folder: Path) -> None:
    then = paceline.open(folder / "market.toml", as_of="2025-06-30").calls(folder / "calls.toml")
    assert then["id"].to_list() == ["a", "c"] and then["status"].to_list() == [
        "open",
        "not scorable",
    ]
    now = paceline.open(folder / "market.toml").calls()
    assert then["base"][0] == pytest.approx(now["base"][0], rel=1e-12)


def test_figures_have_lineage_and_the_section_no_loose_digits(folder: Path) -> None:
    market = paceline.open(folder / "market.toml")
    found = scoring.score(market)
    for figure in found.figures.values():
        assert figure.step.id not in {q.step.id for q in found.questions.values()}
    made = found.figure("a", "base")
    assert made is not None and made.evidence["n_effective"] > 10
    section = what_they_said.section(found)
    assert section.name == "what_they_said"
    shown = list(tables.section_figures(section))
    assert len({f.id for f in shown}) == len(shown) > 10
    page = report.render(
        Document(
            "t", "m", market.as_of, False, (), (section,), {"measures": {"calls": scoring.ABOUT}}
        )
    )
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page
    strings = [
        p
        for b in section.blocks
        for row in getattr(b, "rows", [getattr(b, "parts", ())])
        for p in row
        if isinstance(p, str)
    ]
    assert strings and not any(ch.isdigit() for word in strings for ch in word)


def test_an_unknown_basket_names_file_call_and_nearest(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(toml(BASE | {"baskets": ["smal"]}))
    with pytest.raises(UsageError) as caught:
        paceline.open(folder / "market.toml").calls(path)
    assert (
        "call 'a'" in caught.value.message
        and "'smal'" in caught.value.message
        and "small" in caught.value.remedy
    )
    with pytest.raises(UsageError, match="no ledger of calls"):
        scoring.score(paceline.open(_alone(folder, tmp_path)))


def _alone(folder: Path, tmp_path: Path) -> Path:
    path = tmp_path / "market.toml"
    path.write_text(MARKET.replace('"store"', json.dumps(str(folder / "store"))))
    return path


def test_the_verbs(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--market", str(folder / "market.toml")]
    assert main(["calls", "list", *where]) == 0
    assert "consolidation" in capsys.readouterr().out
    assert main(["calls", "score", *where]) == 0
    out = capsys.readouterr().out
    assert "A. Analyst" in out and "Records" in out and "indep." in out
    assert main(["calls", *where]) == 0  # alone it scores
    assert capsys.readouterr().out == out
    assert main(["calls", "score", *where, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {c["id"] for c in said["calls"]} == {"a", "b", "c"} and said["records"][0][
        "decided"
    ] == 1
    figure = next(f["figure"] for f in said["figures"] if f["statistic"] == "active")
    assert main(["trace", figure, *where, "--json"]) == 0
    assert "calls score calls.toml" in json.loads(capsys.readouterr().out)["command"]

    own = tmp_path / "own.toml"
    words = [
        "calls",
        "add",
        str(own),
        "--id",
        "n",
        "--who",
        "N",
        "--date",
        "2025-12-01",
        "--words",
        "up",
        "--stance",
        "over",
        "--basket",
        "small",
        "--horizon",
        "20",
    ]
    assert main([*words, *where]) == 0
    assert (
        main(["calls", "correct", "n", str(own), "--set", "horizon=40", "--recorded", "2025-12-02"])
        == 0
    )
    assert [c.horizon for c in ledger_file.read(own).calls] == [20, 40]
    capsys.readouterr()
    for wrong, message in (
        ([*words[:4], "m", *words[5:-1], "0", *where], "one session or more"),
        ([*words[:4], "m", *words[5:-3], "smal", "--horizon", "20", *where], "unknown basket"),
        (words, "stands twice"),
        (["calls", "correct", "n", str(own), "--set", "horizon"], "names no value"),
        (["calls", "score", str(tmp_path / "none.toml"), *where], "no such ledger"),
    ):
        assert main(wrong) == 2
        assert message in capsys.readouterr().err
    assert len(ledger_file.read(own).calls) == 2


def test_the_shipped_ledger_holds() -> None:
    root = Path(__file__).parent.parent / "examples" / "us-2025"
    ledger = ledger_file.read(root / "calls.toml")
    said = {c.who for c in ledger.calls}
    assert said == {
        "Strategas",
        "Michael Hartnett",
        "John Stoltzfus",
        "Savita Subramanian",
        "Scott Rubner",
        "Kevin Gordon",
    }
    assert any(c.level == 8100 and c.horizon == dt.date(2026, 12, 31) for c in ledger.calls)
    declared = (root / "market.toml").read_text(encoding="utf-8")
    for made in ledger.calls:
        for name in (*made.baskets, *made.against):
            assert f"[baskets.{name}]" in declared or name.startswith("sectors:"), name


def test_no_text_breaks_the_reader(tmp_path: Path) -> None:
    for number, text in enumerate(
        ("\x00", "[[call]]\nid = 1\n", "call = []\n", "", "[[call]]\n" * 3, "a" * 10_000)
    ):
        path = tmp_path / f"{number}.toml"
        path.write_text(text)
        try:
            assert ledger_file.read(path).calls == ()
        except PacelineError as error:
            assert str(path) in error.message
