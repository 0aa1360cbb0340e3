"""Cells of a panel: rows taken back, what is kept beside a return, returns inside each other."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from paceline import panel
from paceline.panel import Panel, derived, holes
from paceline.panel.cells import ReturnNotes
from paceline.store import Store

nan = np.nan
#: Five weekdays in a row, the last two of another year.
DAYS = [dt.date(2024, 12, 27), dt.date(2024, 12, 30), dt.date(2024, 12, 31)]
DAYS += [dt.date(2025, 1, 2), dt.date(2025, 1, 3)]


# ---- rows that their source took back


def say(store: Store, cells: dict[str, list[float | None]]) -> None:
    """All that a source says now: security -> close on each of ``DAYS``."""
    rows = [
        (security, day, close)
        for security, closes in cells.items()
        for day, close in zip(DAYS, closes, strict=True)
        if close is not None
    ]
    schema = {"security": pl.String, "date": pl.Date, "close": pl.Float64}
    tables = {"prices": pl.DataFrame(rows, schema=schema, orient="row")}
    assert store.state(tables, source="feed", checksum=repr(cells)) is not None


def closes(store: Store, version: int | None = None) -> list[list[float]]:
    """The panel's closes, built twice: the second comes from the cache."""
    both = [
        panel.build(store, sessions=np.array(DAYS), fields=("close",), version=version)
        for _ in range(2)
    ]
    assert_array_equal(both[0].field("close"), both[1].field("close"))
    found: list[list[float]] = both[0].field("close").tolist()
    return found


@pytest.mark.parametrize("compacted", [False, True])
def test_rows_taken_back_are_in_no_panel_of_a_later_version(
    tmp_path: Path, compacted: bool
) -> None:
    """A loses a day, B the new year and gets one day of it back; then both lose the new year."""
    store = Store(tmp_path / "store")
    a = [1.0, 2.0, 3.0, 4.0, 5.0]
    say(store, {"A": a, "B": [6.0, 7.0, 8.0, 9.0, 10.0]})
    say(store, {"A": [1.0, None, 3.0, 4.0, 5.0], "B": [6.0, 7.0, 8.0, None, None]})
    say(store, {"A": [1.0, None, 3.0, 4.0, 5.0], "B": [6.0, 7.0, 8.0, None, 11.0]})
    say(store, {"A": [1.0, None, 3.0, None, None], "B": [6.0, 7.0, 8.0, None, None]})
    if compacted:
        store.compact()
    for version, expected in (
        (1, [a, [6, 7, 8, 9, 10]]),
        (2, [[1, nan, 3, 4, 5], [6, 7, 8, nan, nan]]),
        (3, [[1, nan, 3, 4, 5], [6, 7, 8, nan, 11]]),
        (4, [[1, nan, 3], [6, 7, 8]]),  # a panel ends with its last price
        (None, [[1, nan, 3], [6, 7, 8]]),
    ):
        assert_array_equal(closes(store, version), expected, str(version))


def test_a_source_takes_back_no_row_of_another(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    say(store, {"A": [1.0, 2.0, 3.0, 4.0, 5.0]})
    frame = pl.DataFrame({"security": "A", "date": DAYS, "close": [7.0] * 5})
    store.state({"prices": frame}, source="other", checksum="o")
    say(store, {"A": [1.0, None, 3.0, 4.0, 5.0]})
    order = {"close": ["feed", "other"]}
    made = panel.build(store, sessions=np.array(DAYS), fields=("close",), order=order)
    assert made.field("close").tolist() == [[1.0, 7.0, 3.0, 4.0, 5.0]]


# ---- what is kept beside a return


def test_one_place_stands_for_all_cells_until_a_second_source_comes() -> None:
    notes, part = ReturnNotes(6), pl.DataFrame({"price_return": [0.1] * 6})
    for at in ([0, 1], [3]):
        notes.put(np.array(at, np.int64), part, slice(None), 2)
    assert notes.ranks is None, "an array of equal places is not made"
    assert notes.places((2, 3)).tolist() == [[2] * 3] * 2
    notes.put(np.array([4], np.int64), part, slice(None), 5)
    assert notes.places((2, 3)).tolist() == [[2] * 3, [2, 5, 2]]
    assert ReturnNotes(6).places((2, 3)).tolist() == [[0] * 3] * 2, "of nothing, the first"


def test_the_place_of_the_source_of_the_last_value() -> None:
    own = np.array([[0.1, nan], [nan, nan], [nan, 0.2], [0.1, 0.2]])
    ranks = np.array([[0, 3], [3, 3], [0, 3], [3, 1]], np.int8)
    assert holes.latest(own, ranks).tolist() == [0, -1, 3, 1]


# ---- returns over several sessions


def test_a_return_inside_the_reach_of_another_is_settled_before_it() -> None:
    """Y makes 10%, 21% over two sessions and 33.1% over three: 10% on each of them.

    X says nothing of two sessions that the third covers; Z's returns are of one session each, the
    second "over one" in so many words.
    """
    own = np.array(
        [[0.0, nan, nan, 0.03, 0.01], [0.0, 0.1, 0.21, 0.331, 0.02], [0.0, 0.1, 0.2, 0.3, 0.4]]
    )
    covers = np.array([[0, 0, 0, 3, 0], [0, 0, 2, 3, 0], [0, 0, 1, 0, 0]], np.int32)
    marks = holes.mend({"price_return": own}, {"price_return": covers}, None)["price_return"]
    assert_allclose(own[0], [0.0, nan, nan, 0.03, 0.01])
    assert_allclose(own[1], [0.0, 0.1, 0.1, 0.1, 0.02])
    assert_allclose(own[2], [0.0, 0.1, 0.2, 0.3, 0.4])
    cells = {
        kind: sorted(zip(marks.row[at].tolist(), marks.column[at].tolist(), strict=True))
        for kind in (holes.PENDING, holes.SEVERAL)
        for at in [marks.kind == kind]
    }
    assert cells == {holes.PENDING: [(0, 1), (0, 2)], holes.SEVERAL: [(0, 3), (1, 2), (1, 3)]}


# ---- who is listed


def test_dark_sessions_are_no_silence_of_a_security() -> None:
    """Two of the sessions after the only close are dark: ten others make it the twelfth."""
    T = 15
    close = np.full((3, T), nan)
    close[0, 0] = close[1, 1] = 1.0
    dark = np.isin(np.arange(T), [3, 4])
    days = np.arange(np.datetime64("2024-01-01"), np.datetime64("2024-01-01") + T)
    made = Panel(days, ("A", "B", "C"), {"close": close}, dark=dark)
    assert np.flatnonzero(made.listed[0]).tolist() == list(range(13))
    assert np.flatnonzero(made.listed[1]).tolist() == list(range(1, 14))
    assert not made.listed[2].any(), "without a cell nobody is listed"


def test_a_session_is_dark_below_nine_tenths_of_the_last_that_was_not() -> None:
    counts = np.array([0, 10, 9, 8, 9, 10, 8])
    expected = [False, False, False, True, False, False, True]  # of 10, of 9, of 10
    assert derived.dark(counts).tolist() == expected
