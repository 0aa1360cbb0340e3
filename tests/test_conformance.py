"""The conformance checks on every measure and source, and on faulty ones that must fail."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from paceline import measures
from paceline.config import Source
from paceline.conformance import (
    ConformanceError,
    check_basket,
    check_measure,
    check_source,
    cut,
    reordered,
    scrambled,
    split,
    tail,
)
from paceline.lineage import Origin
from paceline.measures import Measure, Result, View, measure
from paceline.sources import Context, Parsed, Raw
from views import make, random_view

VIEWS = {seed: random_view(seed) for seed in (1, 7)}


@pytest.mark.parametrize("seed", VIEWS)
@pytest.mark.parametrize("name", measures.discover())
def test_every_measure_conforms(name: str, seed: int) -> None:
    check_measure(measures.get(name), VIEWS[seed])


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("percent_above_average", {"window": 20, "basis": "total"}),
        ("percent_above_average", {"window": 1}),
        ("beating_index", {"window": 5}),
        ("beating_index", {"since": "low"}),
        ("advance_decline", {"discard": 0}),
        ("new_highs_lows", {"window": 20, "basis": "total"}),
        ("contributions", {"since": "3m", "basis": "total"}),
        ("concentration", {"months": 30, "top": 2}),
        ("streaks", {"window": 5}),
        ("swing_lows", {"fall": 0.02}),
        ("performance", {"since": "2023-03-31"}),
        ("league", {"since": "low"}),
    ],
)
def test_other_parameters_conform(name: str, params: dict[str, Any]) -> None:
    check_measure(measures.get(name), VIEWS[1], **params)


# ---- measures that break one rule each
# -----------------------------------------------------------------


def faulty(function: Callable[..., Result], **change: Any) -> Measure:
    """A measure of baskets that is right in everything but what the test changes."""
    how: dict[str, Any] = {
        "question": "Is it?",
        "of": "basket",
        "unit": "ratio",
        "shows": "series",
        "needs": ("price_return", "price_index", "member"),
        "references": ("a book",),
        **change,
    }
    made = measure(**how)(function)
    return (
        replace(made, doc=change.get("doc", "x = y. Missing: nothing. Parameters: window."))
        if "doc" not in how
        else made
    )


def members_mean(view: View) -> np.ndarray:
    """(S, T) mean return of the members: a sound little measure."""
    out = np.full(view.shape, np.nan)
    for span in view.spans:
        held = (span.weights > 0).astype(float)
        r = view.field("price_return")[:, span.start : span.stop]
        n = held @ np.isfinite(r)
        with np.errstate(invalid="ignore", divide="ignore"):
            out[:, span.start : span.stop] = np.where(n > 0, held @ np.nan_to_num(r) / n, np.nan)
    return out


def sound(view: View) -> Result:
    return Result(members_mean(view))


def looks_ahead(view: View) -> Result:
    mean = members_mean(view)
    out = np.full(view.shape, np.nan)
    out[:, :-1] = mean[:, 1:]
    return Result(out)


def normalises_by_all(view: View) -> Result:
    mean = np.nan_to_num(members_mean(view))
    return Result(mean - mean.mean(axis=1, keepdims=True))


def by_position(view: View) -> Result:
    return Result(
        np.repeat(np.nan_to_num(view.field("price_return")[:1]), len(view.subjects), axis=0)
    )


def by_price(view: View) -> Result:
    close = view.field("close")
    return Result(
        np.repeat(np.nanmean(np.nan_to_num(close), axis=0)[None], len(view.subjects), axis=0)
    )


CALLS: list[int] = []


def by_the_hour(view: View) -> Result:
    CALLS.append(1)
    return Result(members_mean(view) + len(CALLS))


def writes(view: View) -> Result:
    view.field("price_return")[0, 0] = 0.0
    return sound(view)


def writes_by_force(view: View) -> Result:
    field = view.field("price_return")
    field.setflags(write=True)
    field[0, 5] = 99.0
    return Result(np.zeros(view.shape))


def more_used(view: View) -> Result:
    return Result(members_mean(view), np.full(view.shape, 3.0), np.full(view.shape, 2.0))


def one_count(view: View) -> Result:
    return Result(members_mean(view), np.ones(view.shape))


def wrong_shape(view: View) -> Result:
    return Result(members_mean(view)[:, :-1])


def long_memory(view: View) -> Result:
    return Result(np.cumsum(np.nan_to_num(members_mean(view)), axis=1))


def nothing(view: View) -> Result:
    return Result()


def without_annotation(view: View, *, window=3) -> Result:  # type: ignore[no-untyped-def]  # noqa: ANN001  # the fault
    return sound(view)


def without_default(view: View, *, window: int) -> Result:
    return sound(view)


def crashes(view: View) -> Result:
    raise ZeroDivisionError("oh")


FAULTS = [
    (looks_ahead, {}, "looks ahead"),
    (normalises_by_all, {}, "looks ahead"),
    (by_position, {}, "order of securities"),
    (by_price, {"needs": ("close", "member")}, "a split changes it"),
    (by_the_hour, {}, "not pure"),
    (writes, {}, "read-only"),
    (more_used, {}, "n_used above n_eligible"),
    (one_count, {}, "go together"),
    (wrong_shape, {}, "has shape"),
    (nothing, {}, "neither value nor table"),
    (long_memory, {"lookback": lambda _: 5}, "lookback of 5 is too short"),
    (sound, {"bounds": (0.0, 1.0)}, "outside the bounds"),
    (sound, {"unit": "furlongs"}, "'furlongs' is not one of"),
    (sound, {"references": ()}, "no reference"),
    (sound, {"question": "It is."}, "not a question"),
    (sound, {"bounds": (1.0, -1.0)}, "wrong way round"),
    (sound, {"of": "planet"}, "of = 'planet'"),
    (without_annotation, {}, "no annotation"),
    (crashes, {}, "raises ZeroDivisionError"),
]


def test_a_sound_measure_passes() -> None:
    """The example that the faulty ones are made from has no fault of its own."""
    check_measure(faulty(sound), VIEWS[1])
    check_measure(faulty(sound, lookback=lambda _: 1), VIEWS[1])


@pytest.mark.parametrize(
    ("function", "change", "says"), FAULTS, ids=[f"{f.__name__}-{s}" for f, _, s in FAULTS]
)
def test_each_fault_is_found(
    function: Callable[..., Result], change: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConformanceError, match=says):
        check_measure(faulty(function, **change), VIEWS[1])


def test_writing_by_force_is_found() -> None:
    """A measure may switch the read-only flag off; the change of its input is seen all the same."""
    with pytest.raises(ConformanceError, match="changes its input"):
        check_measure(faulty(writes_by_force), random_view(3, sessions=320))


def test_a_parameter_without_default_is_found() -> None:
    with pytest.raises(ConformanceError, match="window has no default"):
        check_measure(faulty(without_default), VIEWS[1], window=3)


@pytest.mark.parametrize(
    ("doc", "says"),
    [("Words only. Missing: nothing.", "no definition"), ("x = y.", "no rule for missing")],
)
def test_a_poor_docstring_is_found(doc: str, says: str) -> None:
    with pytest.raises(ConformanceError, match=says):
        check_measure(replace(faulty(sound), doc=doc), VIEWS[1])


def test_every_fault_is_listed() -> None:
    """One error, all faults."""
    with pytest.raises(ConformanceError) as caught:
        check_measure(faulty(looks_ahead, references=(), unit="furlongs"), VIEWS[1])
    assert len(caught.value.faults) >= 3
    assert all(f"- {fault}" in str(caught.value) for fault in caught.value.faults)


# ---- tables
# --------------------------------------------------------------------------------------------


def rows(view: View, **columns: Any) -> Result:
    base = {
        "subject": list(view.subjects),
        "against": None,
        "statistic": "x",
        "start": str(view.sessions[0]),
        "end": str(view.sessions[-1]),
        "value": 1.0,
        "n_used": None,
        "n_eligible": None,
    }
    frame = pl.DataFrame({**base, **columns})
    return Result(
        table=frame.with_columns(
            pl.col("start", "end").str.to_date(),
            pl.col("against").cast(pl.String),
            pl.col("n_used", "n_eligible").cast(pl.Int64),
        )
    )


def repaints(view: View) -> Result:
    """The best day of the year: known at once, changed by every better day that follows."""
    best = int(np.nanargmax(view.levels[-1]))
    return rows(view, end=str(view.sessions[best]))


def table_sound(view: View) -> Result:
    return rows(view)


def table_unknown(view: View) -> Result:
    return rows(view, subject=[f"{s}?" for s in view.subjects])


def table_short(view: View) -> Result:
    table = rows(view).table
    assert table is not None
    return Result(table=table.drop("end"))


def table_twice(view: View) -> Result:
    return rows(view, subject=[view.subjects[0]] * len(view.subjects))


def table_unit(view: View) -> Result:
    return rows(view, unit="furlongs")


def table_counts(view: View) -> Result:
    return rows(view, n_used=3, n_eligible=2)


@pytest.mark.parametrize(
    ("function", "change", "says"),
    [
        (repaints, {"shows": "events"}, "looks ahead"),
        (table_unknown, {}, "unknown subject"),
        (table_short, {}, "lacks column.*end"),
        (table_twice, {}, "the same keys"),
        (table_unit, {}, "'furlongs'"),
        (table_counts, {}, "n_used above"),
        (table_sound, {"bounds": (2.0, 3.0)}, "outside the bounds"),
    ],
)
def test_each_fault_of_a_table_is_found(
    function: Callable[..., Result], change: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConformanceError, match=says):
        check_measure(faulty(function, **{"shows": "table", **change}), VIEWS[1])


def test_a_sound_table_passes() -> None:
    check_measure(faulty(table_sound, shows="table"), VIEWS[1])


def test_not_causal_by_declaration_is_accepted() -> None:
    """A description may use later data if it says so: stamped, and refused by the backtest."""
    check_measure(faulty(normalises_by_all, causal=False), VIEWS[1])


# ---- the changed views themselves
# ----------------------------------------------------------------------


def test_changes_of_a_view() -> None:
    """Cut and scrambled keep the past; tail keeps the end; reordered and split keep every level."""
    view = VIEWS[1]
    t = 200
    past, other, short = cut(view, t), scrambled(view, t), tail(view, 30)
    assert past.sessions[-1] == view.sessions[t] and max(s.stop for s in past.spans) == t + 1
    np.testing.assert_array_equal(other.levels[:, : t + 1], view.levels[:, : t + 1])
    assert not np.array_equal(other.levels[:, t + 1 :], view.levels[:, t + 1 :], equal_nan=True)
    changed = [
        s.start
        for s, u in zip(view.spans, other.spans, strict=True)
        if not np.array_equal(s.weights, u.weights)
    ]
    assert changed and min(changed) > t + 1
    np.testing.assert_array_equal(short.levels, view.levels[:, -30:])
    assert short.spans[0].start == 0 and short.spans[-1].stop == 30
    mixed = reordered(view)
    assert (
        sorted(mixed.securities) == sorted(view.securities) and mixed.securities != view.securities
    )
    at = [mixed.securities.index(s) for s in view.securities]
    np.testing.assert_array_equal(mixed.field("close")[at], view.field("close"))
    np.testing.assert_array_equal(mixed.spans[0].weights[:, at], view.spans[0].weights)
    parted = split(view)
    np.testing.assert_array_equal(parted.levels, view.levels)
    np.testing.assert_array_equal(parted.field("price_return"), view.field("price_return"))
    assert np.nanmax(view.field("close") / parted.field("close")) == pytest.approx(3)
    assert not any(
        a.flags.writeable for v in (past, other, short, mixed, parted) for a in v.fields.values()
    )


def test_a_leaver_is_no_member_of_the_tail() -> None:
    view = make(
        returns={"a": [math.nan, 0.1, *[math.nan] * 8], "b": [math.nan, *[0.01] * 9]},
        targets={"all": [(1, [0.5, 0.5])]},
    )
    assert (tail(view, 4).spans[0].weights > 0).tolist() == [[False, True]]
    assert (tail(view, 9).spans[0].weights > 0).tolist() == [[True, True]]


# ---- baskets
# -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sessions:
    """As much of a panel as the check needs."""

    sessions: np.ndarray

    def cut(self, t: int) -> Sessions:
        return Sessions(self.sessions[: t + 1])


PANEL: Any = Sessions(np.arange("2024-01-01", "2024-02-10", dtype="datetime64[D]"))


def targets(weights: Callable[[int, int], list[float]]) -> Callable[[Any], Any]:
    """A builder of one basket of two securities, rebalanced every tenth session.

    Its weights are weights(session, sessions)."""

    def build(panel: Any) -> Any:
        T = len(panel.sessions)
        made = tuple(
            SimpleNamespace(
                session=k,
                rows=np.array([0]),
                columns=np.array([0, 1]),
                weights=np.array([weights(k, T)]),
            )
            for k in range(0, T, 10)
        )
        return SimpleNamespace(names=("b",), rebalances=made)

    return build


def test_sound_baskets_pass() -> None:
    check_basket(targets(lambda _k, _T: [0.3, 0.7]), PANEL)
    check_basket(targets(lambda k, _T: [0.0, 0.0] if k == 0 else [0.3, 0.7]), PANEL)


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        (lambda _k, _T: [0.3, 0.6], "sum to 0.9"),
        (lambda _k, _T: [-0.3, 1.3], "negative"),
        (lambda _k, _T: [math.nan, 1.0], "not a number"),
        (lambda _k, T: [1 / T, 1 - 1 / T], "looks ahead of .* other weights"),
        (lambda _k, T: [1.0, 0.0] if T < 40 else [0.5, 0.5], "other members"),
    ],
)
def test_faulty_baskets_fail(weights: Callable[[int, int], list[float]], says: str) -> None:
    with pytest.raises(ConformanceError, match=says):
        check_basket(targets(weights), PANEL)


def test_a_basket_that_differs_from_call_to_call_fails() -> None:
    calls: list[int] = []

    def weights(k: int, T: int) -> list[float]:
        calls.append(1)
        return [1 / len(calls), 1 - 1 / len(calls)]

    with pytest.raises(ConformanceError, match="not pure"):
        check_basket(targets(weights), PANEL)


# ---- sources
# -------------------------------------------------------------------------------------------


class Plugin:
    """A source of one price; each test spoils one thing."""

    def fetch(self, _name: str, _spec: Source, _folder: Path) -> list[Raw]:
        data = b"2024-01-02,10.0"
        return [
            Raw(
                data,
                Origin("nobody", "a file", "2024-01-02", checksum=hashlib.sha256(data).hexdigest()),
            )
        ]

    def parse(self, name: str, _spec: Source, raws: list[Raw], _context: Context) -> Parsed:
        day, close = raws[0].data.decode().split(",")
        frame = pl.DataFrame(
            {"source": [name], "security": ["A"], "date": [day], "close": [float(close)]}
        )
        return Parsed({"prices": frame.with_columns(pl.col("date").str.to_date())})


class OtherBytes(Plugin):
    def __init__(self) -> None:
        self.calls = 0

    def fetch(self, _name: str, _spec: Source, _folder: Path) -> list[Raw]:
        self.calls += 1
        return [
            Raw(
                b"2024-01-02,%d" % self.calls,
                Origin("nobody", "a file", "2024-01-02", checksum="x"),
            )
        ]


class Anonymous(Plugin):
    def fetch(self, name: str, spec: Source, folder: Path) -> list[Raw]:
        raw = super().fetch(name, spec, folder)[0]
        return [replace(raw, origin=replace(raw.origin, who=" "))]


class OtherTables(Plugin):
    def __init__(self) -> None:
        self.calls = 0

    def parse(self, name: str, spec: Source, raws: list[Raw], context: Context) -> Parsed:
        self.calls += 1
        table = super().parse(name, spec, raws, context).tables["prices"]
        return Parsed({"prices": table.with_columns(close=pl.lit(float(self.calls)))})


class Reads(Plugin):
    def parse(self, name: str, spec: Source, raws: list[Raw], context: Context) -> Parsed:
        (Path(__file__).parent / "answers" / "README.md").read_text(encoding="utf-8")
        return super().parse(name, spec, raws, context)


class OwnColumn(Plugin):
    def parse(self, name: str, spec: Source, raws: list[Raw], context: Context) -> Parsed:
        table = super().parse(name, spec, raws, context).tables["prices"]
        return Parsed(
            {"prices": table.with_columns(mood=pl.lit("fine")).drop("security"), "moods": table}
        )


def test_a_sound_source_passes(tmp_path: Path) -> None:
    check_source(Plugin(), "made", Source(), tmp_path, Context())


@pytest.mark.parametrize(
    ("plugin", "says"),
    [
        (OtherBytes, "other bytes"),
        (OtherBytes, "SHA-256"),
        (Anonymous, "who, what or when"),
        (OtherTables, "another table prices"),
        (Reads, "touches the outside.*README"),
        (OwnColumn, "undeclared column 'mood'"),
        (OwnColumn, "lacks the required column 'security'"),
        (OwnColumn, "'moods' is not declared"),
    ],
)
def test_faulty_sources_fail(plugin: type[Plugin], says: str, tmp_path: Path) -> None:
    with pytest.raises(ConformanceError, match=says):
        check_source(plugin(), "made", Source(), tmp_path, Context())
