"""Page one: its rows and their reasons, what changed, and the same page as text.

Markets are of six invented companies; what must be read stands here as it is read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import paceline
import sample_document as sample
import tiny_market
from paceline import charts, record, report
from paceline.document import FirstPage, Grid, Label, Sentence, Series, figure_of
from paceline.errors import MarketFileError
from paceline.pages.page_one import _quiet, page_one
from paceline.report import first_page, tables, terminal
from paceline.report.tables import words
from paceline.studies import page_one as study
from paceline.studies.answers import Answers
from paceline.studies.page_one import Row

Opened = Callable[..., Any]


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """A market of six companies; ``report.page_one`` as given."""
    path = tiny_market.write(tmp_path, sessions=400)

    def open_(declared: dict[str, Any] | None = None) -> Any:
        made = tiny_market.changed(["report", "page_one"], declared or {})
        path.write_text(tiny_market.text(made))
        market = paceline.open(path)
        market.ensure()
        return market

    return open_


def first(market: Any) -> FirstPage:
    return page_one(Answers(market), None, ())


def row_of(grid: Grid, name: str) -> list[str]:
    """The cells of a row as they are read."""
    (found,) = [r for r in grid.rows if r[0] is not None and words(r[0]) == name]
    return ["" if p is None else words(p) for p in found[1:]]


def text(sentence: Sentence | None) -> str:
    return "" if sentence is None else sentence.text


# ---- rows


def test_without_a_table_the_benchmark_and_the_legs_of_rotations_stand_on_it(
    opened: Opened,
) -> None:
    page = first(opened())
    assert [words(r[0] or "") for r in page.returns.rows] == ["idx", "top", "bottom"]
    assert page.returns.title == "Returns without dividends"
    assert "Not in the market file" not in text(page.returns.note)
    for row in page.returns.rows:
        figures = [f for p in row if (f := figure_of(p)) is not None]
        assert {f.basis for f in figures if f.measure == "performance"} == {"price"}


def test_a_percentile_is_the_share_of_earlier_windows_that_returned_less(opened: Opened) -> None:
    """Against a plain loop over the stored closes."""
    market = opened()
    closes = market.levels(["idx"])["idx"].to_list()
    moves = [b / a - 1 for a, b in zip(closes[:-5], closes[5:], strict=True)]
    below = sum(m < moves[-1] for m in moves[:-1]) / (len(moves) - 1)
    figures = market.show("return_percentile", subjects=["idx"], horizons=("1w",))
    assert [f.value for f in figures] == [pytest.approx(below, rel=1e-12)]
    assert figures[0].extra["windows"] == len(moves) - 1
    week = row_of(first(market).returns, "idx")[3]
    assert week == f"{min(max(below * 100, 1), 99):.0f}"


def test_a_basket_without_the_basis_says_so_and_is_not_filled_from_the_other(
    opened: Opened,
) -> None:
    market = opened({"basis": "total", "small": "bottom"})
    page = first(market)
    assert page.returns.title == "Returns with dividends"
    cells = row_of(page.returns, "idx")
    assert set(cells[:-1]) <= {"", "—"}
    assert cells[-1] == f"no return with dividends by {market.as_of}"


def test_a_role_without_a_basket_is_named(opened: Opened) -> None:
    page = first(opened({"small": "bottom", "mega": "top"}))
    assert [words(r[0] or "") for r in page.returns.rows] == ["idx", "bottom", "top"]
    missing = "Not in the market file: equal weight, value, growth, momentum."
    assert missing in text(page.returns.note)


def test_a_short_history_gives_no_percentile_and_says_since_when(tmp_path: Path) -> None:
    market = paceline.open(tiny_market.write(tmp_path, sessions=200))
    market.ensure()
    page = first(market)
    cells = row_of(page.returns, "idx")
    assert cells[1] == "—" and cells[-1] == "only 2024" and cells[0].endswith("%")
    assert text(page.returns.note).startswith("No percentiles: too few earlier windows.")
    lines = [line.plain for line in first_page.lines(replace(record.report(market), page_one=page))]
    assert not [line for line in lines if line == first_page.PERCENTILE]
    (short,) = [line for line in lines if line.startswith("idx ")]
    assert len(short) <= 80 and short.endswith(" 2024")


@pytest.mark.parametrize(
    ("declared", "key"),
    [
        ({"small": "nobody"}, "report.page_one.small"),
        ({"macro": {"Ten-year yield": "DGS10"}}, "report.page_one.macro.Ten-year yield"),
    ],
)
def test_a_name_that_nothing_bears_is_an_error_with_its_key(
    opened: Opened, declared: dict[str, Any], key: str
) -> None:
    with pytest.raises(MarketFileError, match=re.escape(key)) as error:
        first(opened(declared))
    assert error.value.remedy


@pytest.mark.parametrize(
    ("declared", "own", "subjects"),
    [
        ({}, None, {"idx"}),
        ({"macro": {"Ten-year yield": "DGS10", "again": "DGS10"}}, None, {"DGS10"}),
        ({"macro": {"Ten-year yield": "DGS10"}}, ["DGS2"], {"DGS2"}),
    ],
)
def test_the_series_of_page_one_are_those_of_the_measure(
    tmp_path: Path, declared: dict[str, Any], own: list[str] | None, subjects: set[str]
) -> None:
    path = tiny_market.write(tmp_path, sessions=30)
    rows = [f"2025-01-0{d},{name},{d}" for name in ("DGS2", "DGS10") for d in (2, 3)]
    (tmp_path / "data" / "rates.csv").write_text("\n".join(["date,series,value", *rows]))
    made = tiny_market.changed(["report", "page_one"], declared)
    if own is not None:
        made = {**made, "measures": {"macro": {"series": own}}}
    columns = {"series": "series", "date": "date", "value": "value"}
    rates = {"table": "series", "path": "rates.csv", "columns": columns}
    made = {**made, "sources": {**made["sources"], "rates": rates}}
    path.write_text(tiny_market.text(made))
    market = paceline.open(path)
    market.ensure()
    found = tiny_market.command("show", "macro", "--market", path)
    assert all(name in found.out for name in subjects)
    named = {f.subject for f in market.show("macro")}
    assert named == (set() if subjects == {"idx"} else subjects)
    if not named:
        assert "macro names any of those: DGS10, DGS2" in " ".join((found.out + found.err).split())


def test_what_the_market_does_not_have_is_said_in_its_place(opened: Opened) -> None:
    page = first(opened())
    assert "No rates, credit or volatility" in text(page.state.note)
    assert "No breadth" not in text(page.state.note)
    assert page.changed[-1].text == "Since the last report: no earlier one lies beside this one."
    assert all(t.said and t.said[0].text.endswith(".") for t in page.tiles)


def test_a_market_without_a_thrust_says_so(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study, "thrust", lambda _ask: None)
    assert words(first(opened()).state.rows[-1][0] or "") == "Breadth thrust: none"


def test_a_market_of_one_index_has_a_page_one(tmp_path: Path) -> None:
    """No members, no rotation, no theme: each says so, and nothing fails."""
    path = tiny_market.write(tmp_path, sessions=300)
    made = dict(tiny_market.MARKET)
    for key in ("universes", "groups", "rotations", "measures", "report"):
        made.pop(key)
    made["baskets"] = {"idx": {"instrument": "IDX"}}
    made["market"] = {k: v for k, v in made["market"].items() if k != "universe"}
    path.write_text(tiny_market.text(made))
    market = paceline.open(path)
    market.ensure()
    page = first(market)
    assert [words(r[0] or "") for r in page.returns.rows] == ["idx"]
    assert text(page.tiles_note) == "No theme and no rotation is declared in the market file."
    assert not page.tiles and not page.state.rows
    assert text(page.state.note).startswith("No breadth: the market file declares no basket")
    document = replace(record.report(market), page_one=page)
    assert "No breadth" in report.render(document)
    assert "No breadth" in first_page.markdown(document)


# ---- what changed


def gain(name: str, day: float, since: float) -> Row:
    made = {
        w: sample.figure("performance", name, v, statistic=w, start=start)
        for w, v, start in (("1d", day, "2025-12-04"), ("ytd", since, "2024-12-31"))
    }
    return Row(name, made, {}, "1990-01-02", "")


def test_a_new_strongest_basket_is_news_and_the_old_one_is_not() -> None:
    """A: 1.20 / 1.05 = 1.1429 a session ago; B: 1.19 / 0.99 = 1.2020: B led then."""
    a, b = gain("A", 0.05, 0.20), gain("B", -0.01, 0.19)
    assert study.first_now_and_before([a, b], "ytd") == ("A", "B")
    assert study.first_now_and_before([a, gain("B", 0.05, 0.19)], "ytd") is None
    assert study.first_now_and_before([a], "ytd") is None
    assert study.first_now_and_before([a, gain("B", -1.0, -1.0)], "ytd") is None
    assert study.first_now_and_before([a, b], "since_low") is None
    # a window that began with the last session has no session ago
    begun = [replace(r, returns={**r.returns, "ytd": r.returns["1d"]}) for r in (a, b)]
    assert study.first_now_and_before(begun, "ytd") is None


def close(name: str, value: float, since: str) -> Any:
    return sample.figure(
        "record_highs",
        name,
        value,
        "count",
        basis="price",
        statistic="is_record",
        extra={"since": since},
    )


def test_a_close_is_a_record_only_of_a_long_published_history(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule of the story: a published index, on closes from before 1990."""
    highs = [close("idx", 1, "1927-12-30"), close("top", 1, "2024-01-02")]
    highs += [close("bottom", 1, "2024-01-02")]
    monkeypatch.setattr(study, "records", lambda _ask, _rows: highs)
    monkeypatch.setattr(study, "turned", lambda _found: [])
    monkeypatch.setattr(study, "first_now_and_before", lambda _rows, _window: None)
    market = opened()
    top, bottom = (Answers(market).name(n).text for n in ("top", "bottom"))
    assert [s.text for s in first(market).changed[:-1]] == [
        f"Since the session before: {Answers(market).name('idx').text} closed at a record.",
        f"{top} and {bottom} closed at their highest since 2 January 2024, the first day of their "
        "data.",
    ]


@pytest.mark.parametrize(
    ("row", "high", "told"),
    [
        ("ended on 2025-12-04", None, "nothing could be compared (no theme is declared; A: ended "),
        ("", 0.0, "no record."),
    ],
)
def test_only_what_could_be_judged_is_said_to_be_unchanged(
    opened: Opened, row: str, high: float | None, told: str
) -> None:
    highs = [] if high is None else [close("A", high, "2024-01-02")]
    rows = [replace(gain("A", 0.05, 0.20), reason=row)]
    said = _quiet(Answers(opened()), rows, None, highs)
    assert words(Sentence(tuple(said))).startswith(told)


def test_the_last_report_is_compared_with(opened: Opened) -> None:
    market = opened()
    old = record.report(paceline.open(market.path, as_of="2025-08-29")).manifest
    found = record.report(market, None, old).page_one
    assert found is not None
    assert found.changed[-1].text.startswith("Since the report of 29 August 2025: ")
    assert record.report(market).page_one is not None


# ---- the same page elsewhere


def whole(simulated: bool = False) -> Any:
    return replace(sample.document(simulated=simulated), page_one=sample.page_one())


def test_the_terminal_has_forty_lines_of_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.summary(whole(), Console(width=80))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 40 and max(map(len, lines)) <= 80
    (small,) = [line for line in lines if line.startswith("Small caps (IWM)")]
    assert small.split()[3:] == "-0.42 50 +0.81 51 +2.49 52 +9.45 59 +14.38 64 2000".split()
    (head,) = [line for line in lines if line.startswith("Returns with dividends")]
    assert head.split()[3:] == ["Day", "Week", "Month", "Since", "low", "Year", "Since"]
    (theme,) = [line for line in lines if line.startswith("Momentum  ")]
    assert "quiet" in theme and theme.endswith("162  52.8%")


def test_markdown_is_a_table_and_takes_no_name_for_a_mark() -> None:
    document = whole(simulated=True)
    assert document.page_one is not None
    grid = document.page_one.returns
    odd = (Label("a|b [x](http://y) *z*"), *grid.rows[0][1:])
    page = replace(document.page_one, returns=replace(grid, rows=(odd, *grid.rows[1:])))
    made = first_page.markdown(replace(document, page_one=page))
    assert made.startswith("## Who leads: US stocks, as of 2025-12-05, SIMULATED\n")
    lines = [line for line in made.splitlines() if line.startswith("|")]
    assert lines[0].startswith("| Returns with dividends | Day | Week |")
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines[:10]} == {8}
    assert lines[2].startswith(r"| a\|b \[x\](http://y) \*z\* | +0.19% (50) |")
    assert made.rstrip().endswith("Paceline.*") and "SIMULATED data" in made


def test_every_figure_of_page_one_is_in_the_page_the_json_and_the_csv(tmp_path: Path) -> None:
    document = whole()
    shown = {f.id for f in replace(document, sections=(), headline=()).figures()}
    assert len(shown) > 100
    html = report.render(document)
    assert all(f'data-figure="{one}"' in html for one in shown)
    data = tables.to_json(document)
    assert data["sections"][0]["name"] == "page_one"
    assert shown <= {row["figure"] for row in data["figures"]}
    report.to_csv(document, tmp_path)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "page_one.csv").read_text("utf-8"))))
    assert shown >= {r["figure"] for r in rows} and len(rows) == 112


def test_a_small_chart_turns_colour_on_the_day_of_the_turn() -> None:
    """Five values on a picture of 200 by 40 with 3 above and below: 100 is its middle."""
    x = [f"2025-12-0{k}" for k in range(1, 6)]
    line = Series("L", x, [90.0, 100.0, None, 110.0, 100.0], sample.figure("themes", "L", 0.1))
    assert charts.spark(line, "2025-12-04") == {
        "before": "0.0,37.0 50.0,20.0 150.0,3.0",
        "after": "150.0,3.0 200.0,20.0",
        "x": "200.0",
        "y": "20.0",
    }
    assert charts.spark(line)["before"] == ""
    nothing = charts.spark(replace(line, y=[None] * 5))
    assert set(nothing.values()) == {""}
