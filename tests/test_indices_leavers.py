"""Members that fall silent: whose weight a level lacks from then on, and until when."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from fakes import FakePanel, random_panel, weekdays
from paceline import baskets, config, indices
from paceline.indices.core import extend, goes_on
from paceline.indices.drift import SHARES
from paceline.indices.levels import covered, dating
from paceline.panel.holes import PENDING, Marks

NAN = np.nan
#: What each of four members weighs at the start.
WEIGHTS = {"S000": 0.4, "S001": 0.3, "S002": 0.2, "S003": 0.1}


def built(panel: FakePanel, **basket: Any) -> indices.Indices:
    file = config.MarketFile.model_validate(
        {
            "market": {"name": "test", "benchmark": "b"},
            "sources": {},
            "baskets": {"b": {"securities": list(panel.securities), **basket}},
        }
    )
    return indices.build(panel, baskets.targets(panel, file, ["b"]))


def share(index: indices.Indices, kind: str) -> list[float]:
    """What the basket lacks of one kind, session by session."""
    found: list[float] = index.shares[SHARES.index(kind), 0].tolist()
    return found


def four(
    length: int, silent: dict[int, tuple[int, int]], actions: list[dict[str, Any]] | None = None
) -> indices.Indices:
    """Four members that never move; ``silent``: row -> first session without data, first again."""
    r = np.zeros((4, length))
    for row, (first, again) in silent.items():
        r[row, first:again] = NAN
    close = np.where(np.isnan(r), NAN, 10.0)
    panel = FakePanel(
        weekdays("2024-01-02", length), {"price_return": r, "close": close}, actions=actions or ()
    )
    return built(panel, weight="given", weights=WEIGHTS, rebalance="none")


# cells are weighed one by one where they are few, all at once where they are many
@pytest.mark.parametrize("length", [18, 400])
def test_who_falls_silent_lacks_a_return_for_ten_sessions_and_is_out_after_them(
    length: int,
) -> None:
    """S000 has no data from session 3 on and is listed until session 12; S001 from 5, until 14.

    Two from the end S001 has data again: it is no member before a rebalance, and its return is
    lost. S003 has none on the last session, a tenth of the 0.3 that S002 and S003 still weigh.
    """
    back = length - 2
    index = four(length, {0: (3, length), 1: (5, back), 3: (length - 1, length)})
    left = np.zeros(length)
    left[13:] += 0.4
    left[15:] += 0.3
    assert_allclose(share(index, "left"), left, atol=1e-6)
    lost = np.zeros(length)
    lost[3:13] += 0.4
    lost[5:13] += 0.3
    lost[13:15] = 0.3 / 0.6  # of those who are left
    lost[back:] = 0.3
    lost[-1] += 0.1 / 0.3
    assert_allclose(share(index, "lost"), lost, atol=1e-6)
    assert not any(share(index, "pending"))


def test_a_delisting_on_record_lacks_nothing() -> None:
    day = weekdays("2024-01-02", 18)[2].item()
    delisting = {"security": "S000", "date": day, "kind": "delisting", "known": day}
    assert not any(share(four(18, {0: (3, 18)}, [delisting]), "left"))
    other = {**delisting, "security": "S001"}
    assert share(four(18, {0: (3, 18)}, [other]), "left")[-1] == pytest.approx(0.4)


# ---- from the day before


def test_indices_go_on_where_no_hole_closes_before_their_last_span() -> None:
    """Monthly, to the 7th of February: the last span begins with the 1st, session 22 of 27."""
    T, first = 27, 22
    panel = FakePanel(
        weekdays("2024-01-02", T + 1),
        {"price_return": np.zeros((2, T + 1)), "close": np.ones((2, T + 1))},
    )
    old = built(panel.cut(T - 1), weight="equal", rebalance="monthly")
    assert old.stretches[-1].start == first
    for column, known, on in (
        (first - 1, T, False),  # closed by the first new session
        (first - 1, T - 1, True),  # by the last old one: those levels hold it already
        (first, T, True),  # in the span that is worked out again
    ):
        marks = Marks.of(np.array([0]), np.array([column]), PENDING, np.array([known]))
        panel.marks = {"price_return": marks}
        assert goes_on({"price": old}, panel) is on, (column, known)


def test_indices_that_go_on_are_those_of_all_sessions() -> None:
    """Monthly from January to the 22nd of March, known until the 15th: the last of three spans."""
    panel = random_panel(4, t=60)
    old = built(panel.cut(54), weight="equal", rebalance="monthly")
    assert [s.start for s in old.stretches] == [1, 23, 44]
    grown = extend({"price": old}, panel)["price"]
    whole = indices.build(panel, old.targets, "price")
    for name in ("levels", "returns", "missing", "members", "shares"):
        assert_allclose(getattr(grown, name), getattr(whole, name), rtol=1e-12, err_msg=name)
    for one, other in zip(grown.spans, whole.spans, strict=True):
        assert (one.start, one.stop) == (other.start, other.stop)
        assert_allclose(one.weights, other.weights, rtol=1e-12)


# ---- which level, and how much of it


@pytest.mark.parametrize("have", [9, 8])
def test_nine_of_ten_members_with_a_return_are_enough_for_a_level(have: int) -> None:
    r = np.full((10, 4), 0.1)
    r[:, 0] = NAN
    r[have:, 2:] = NAN
    fields = {"price_return": r, "close": np.ones((10, 4))}
    levels = covered(built(FakePanel(weekdays("2024-01-02", 4), fields), weight="equal"))[0]
    assert np.isfinite(levels).tolist() == [True, True, have == 9, have == 9]


@pytest.mark.parametrize(
    ("price", "total", "basis"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], "price"),
        ([1.0, 2.0, NAN], [1.0, 2.0, 3.0], "total"),
        ([1.0, 2.0, 3.0], [1.0, 2.0, NAN], "price"),
        ([NAN, NAN, NAN], [1.0, NAN, NAN], "total"),
        ([NAN, NAN, NAN], [1.0, 2.0, NAN], "total"),
        ([NAN, NAN, NAN], [NAN, NAN, NAN], "price"),
    ],
)
def test_lows_are_dated_by_closes_for_as_long_as_they_go_on(
    price: list[float], total: list[float], basis: str
) -> None:
    found, level = dating(np.array(price), np.array(total))
    assert found == basis
    np.testing.assert_array_equal(level, price if basis == "price" else total)
