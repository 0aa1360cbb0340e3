"""The report: every digit a figure, every figure as in the JSON, nothing escapes or is lost."""

from __future__ import annotations

import base64
import csv
import errno
import gzip
import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent))

import sample_document as sample
from paceline import charts, figures, report
from paceline.document import Chart, Document, Grid, Label, Magnitude, Section, Sentence, Series
from paceline.errors import PacelineError, StoreError
from paceline.report import page, tables, terminal

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """What stands in the page: loose digits, figures, scripts by id, tags with attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[tuple[str, dict[str, str | None]]] = []
        self.loose: list[str] = []
        self.figures: list[tuple[dict[str, str | None], str]] = []
        self.scripts: dict[str, str] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append((tag, dict(attrs)))
        if "data-figure" in dict(attrs):
            self.figures.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack[-1][0] == tag, f"</{tag}> closes <{self.stack[-1][0]}>"
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        tag, attrs = self.stack[-1] if self.stack else ("", {})
        if tag == "script":
            if attrs.get("type") == "text/plain":
                data = gzip.decompress(base64.b64decode(data)).decode()
            self.scripts[attrs.get("id") or str(len(self.scripts))] = data
        if "data-figure" in attrs:
            self.figures[-1] = (attrs, self.figures[-1][1] + data)
        free = any(
            "data-figure" in a or "data-label" in a or t in ("script", "style")
            for t, a in self.stack
        )
        if not free and re.search(r"\d", data):
            self.loose.append(data.strip())


@pytest.fixture(scope="module")
def document() -> Document:
    return sample.document()


@pytest.fixture(scope="module")
def html(document: Document) -> str:
    return report.render(document)


@pytest.fixture(scope="module")
def parsed(html: str) -> Page:
    return Page(html)


def tiny(*blocks: Any, title: str = "Test", **manifest: Any) -> Document:
    section = Section("one", "One", "What is it?", blocks)
    return Document(title, "test", "2025-12-05", False, (), (section,), manifest)


# -- digits and figures
# ----------------------------------------------------------------------------------------


def test_no_digit_stands_outside_a_figure_or_a_label(parsed: Page) -> None:
    assert parsed.loose == []
    assert parsed.stack == []


def test_a_loose_digit_would_be_found() -> None:
    assert Page(report.render(tiny(Sentence(("Up 9.4 percent.",))))).loose == ["Up 9.4 percent."]
    assert Page("<p>of <b>3</b></p><data data-figure=a>5</data><p data-label>2025</p>").loose == [
        "3"
    ]


def test_figures_in_the_page_are_those_of_the_json(document: Document, parsed: Page) -> None:
    values = {row["figure"]: row["value"] for row in tables.to_json(document)["figures"]}
    assert len(parsed.figures) > 100
    for attrs, text in parsed.figures:
        value = values[str(attrs["data-figure"])]
        assert attrs["value"] == ("" if value is None else str(value))
        assert (value is None) == (text == "—")
    assert {str(a["data-figure"]) for a, _ in parsed.figures} <= set(values)


def test_a_magnitude_shows_no_sign_and_stays_its_figure() -> None:
    fall = sample.figure("trend_state", "Tech", -0.0765, statistic="off_high")
    flat = sample.figure("trend_state", "Tech", -0.000001, statistic="from_long")
    none = sample.figure("trend_state", "Tech", None, statistic="from_short")
    said = Sentence(
        ("It is ", Magnitude(fall), " below its high. ", Magnitude(flat), Magnitude(none))
    )
    assert said.text == "It is 7.65% below its high. 0.00%\N{EM DASH}"
    grid = Grid("Highs", ("Basket", "Below"), ((Label("Tech"), Magnitude(fall)),))
    made = tiny(said, grid)
    page = Page(report.render(made))
    assert page.loose == []
    (one,) = [(a, text) for a, text in page.figures if text == "7.65%"]
    assert one[0]["value"] == "-0.0765" and one[0]["data-figure"] == fall.id
    cell = next(text for a, text in page.figures if text == "7.65")  # the header has the sign
    assert cell and {str(a["data-figure"]) for a, _ in page.figures} == {fall.id, flat.id, none.id}
    stored = tables.to_json(made)
    assert stored["sections"][0]["blocks"][0]["figures"] == [fall.id, flat.id, none.id]
    assert stored["sections"][0]["blocks"][1]["rows"] == [["Tech", {"figure": fall.id}]]
    assert [f["value"] for f in stored["figures"]] == [-0.0765, -0.000001, None]


def test_every_figure_has_a_card(document: Document, parsed: Page) -> None:
    """That each is reached by the keyboard is asked of the browser."""
    cards = json.loads(parsed.scripts["card-data"])
    assert set(cards["figures"]) == {f.id for f in document.figures()}
    known = {row["figure"]: row["value"] for row in tables.to_json(document)["figures"]}
    assert all(card.get("value") == known[name] for name, card in cards["figures"].items())


def test_points_of_charts_are_points_of_the_json_and_name_their_figures(
    document: Document, parsed: Page
) -> None:
    drawings = list(json.loads(parsed.scripts["chart-data"]).values())
    stored = [b for s in tables.to_json(document)["sections"] for b in s["blocks"] if "series" in b]
    values = {row["figure"]: row["value"] for row in tables.to_json(document)["figures"]}
    assert len(drawings) == len(stored) == 10
    for drawing, block in zip(drawings, stored, strict=True):
        rows = drawing["data"]
        if block["kind"] == "bar" and "figures" in rows[0]["meta"]:
            (joined,) = rows
            assert joined["meta"]["figures"] == [s["figure"] for s in block["series"]]
            rows = [
                {"orientation": "h", "x": [v], "y": [n], "meta": {"figure": i}}
                for n, v, i in zip(joined["y"], joined["x"], joined["meta"]["figures"], strict=True)
            ]
        if block["kind"] == "interval":
            joined = rows[-1]
            assert joined["meta"]["figures"] == [s["figure"] for s in block["series"]]
            assert joined["customdata"] == [pytest.approx(s["interval"]) for s in block["series"]]
            rows = [
                {"orientation": "h", "x": [v], "y": [n.replace("<br>", " ")], "meta": {"figure": i}}
                for n, v, i in zip(joined["y"], joined["x"], joined["meta"]["figures"], strict=True)
            ]
        if block["kind"] == "heat":
            (heat,) = rows
            assert heat["meta"]["figures"] == [s["figure"] for s in block["series"]]
            rows = [
                {"x": heat["x"], "y": z, "meta": {"figure": i}}
                for z, i in zip(heat["z"], heat["meta"]["figures"], strict=True)
            ]
        for row, series in zip(rows, block["series"], strict=True):
            assert row["meta"]["figure"] == series["figure"]
            x, y = (row["y"], row["x"]) if row.get("orientation") == "h" else (row["x"], row["y"])
            assert len(y) <= charts.POINTS
            points = {
                (charts.words(a) if isinstance(a, str) else a, b)
                for a, b in zip(series["x"], series["y"], strict=True)
            }
            assert set(zip(x, y, strict=True)) <= points
            assert y[-1] == pytest.approx(values[series["figure"]], rel=1e-9)


def test_two_values_under_one_id_are_refused() -> None:
    a = sample.figure("performance", "A", 0.01)
    with pytest.raises(PacelineError, match=f"two values for one figure {a.id}"):
        report.render(tiny(Sentence((a, replace(a, value=0.02)))))


def test_a_missing_value_is_a_dash_with_its_reason(document: Document, parsed: Page) -> None:
    gone = next(f for f in document.figures() if f.value is None)
    card = json.loads(parsed.scripts["card-data"])
    assert [card["caveats"][i] for i in card["figures"][gone.id]["caveats"]] == list(gone.caveats)


# -- what is folded
# --------------------------------------------------------------------------------------------------


def folding(*blocks: Any, whole: bool = False) -> tuple[list[str], list[str], str]:
    """Titles of what stands open, titles of what is folded, and the words of the fold."""
    html = report.render(tiny(*blocks), whole=whole)
    html = html[html.index('<section class="part" id="one"') : html.index('id="provenance"')]
    summary = re.search("<summary>More: (.*?)</summary>(.*)</details>", html, re.S)
    folded = summary[2] if summary else ""
    open_part = html.replace(folded, "") if folded else html

    def titles(text: str) -> list[str]:
        return re.findall("<h3[^>]*>(?:<span data-label>)?([A-Z]\\w*)", text)

    words = re.sub("<[^>]+>", "", summary[1]) if summary else ""
    return titles(open_part), titles(folded), words


def test_a_section_shows_its_first_row_of_charts_and_its_first_table() -> None:
    """On paper and on opening; what follows is folded, in its order, and counted."""
    f = sample.figure("performance", "Tech", 0.01)
    line = [
        Chart("line", t, (Series("a", [1, 2], [1.0, 2.0], f),), "level") for t in ("A", "B", "C")
    ]
    names = [str(i) for i in range(60)]
    tall = Chart("bar", "Tall", tuple(Series(n, [n], [1.0], f) for n in names), "return")
    grid = [Grid(t, ("x", "y"), ((Label("a"), f),)) for t in ("D", "E")]
    said = Sentence(("Said.",))
    assert folding(said, *line, *grid) == (["A", "B", "D"], ["C", "E"], "1 chart and 1 table")
    assert folding(said, *line, *grid, whole=True) == (["A", "B", "C", "D", "E"], [], "")
    assert folding(tall, line[0], grid[0]) == (["A", "D"], ["Tall"], "1 chart")
    assert folding(tall, *grid) == (["D"], ["Tall", "E"], "1 chart and 1 table")
    assert folding(said, grid[0], line[0]) == (["D", "A"], [], "")
    empty = Grid("None", ("x", "y"), ())
    assert folding(empty, grid[0], said) == (["None"], ["D"], "1 table")


# -- the file
# --------------------------------------------------------------------------------------------------


def test_the_file_is_small_and_asks_the_network_for_nothing(html: str, parsed: Page) -> None:
    assert len(html.encode()) < 3_000_000
    assert "plotly.js v" in parsed.scripts["drawing-library"][:300]
    for tag, attrs in parsed.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed"), tag
        assert "src" not in attrs
        assert (attrs.get("href") or "#").startswith("#")
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style and "@import" not in style


def test_links_inside_the_page_arrive(parsed: Page) -> None:
    ids = [a["id"] for _, a in parsed.tags if a.get("id")]
    assert len(ids) == len(set(ids))
    assert {str(a["href"])[1:] for t, a in parsed.tags if t == "a"} <= set(ids)
    assert {str(a["data-chart"]) for _, a in parsed.tags if "data-chart" in a} == set(
        json.loads(parsed.scripts["chart-data"])
    )


def test_the_same_document_gives_the_same_page(document: Document, html: str) -> None:
    assert report.render(sample.document()) == html


def test_simulated_is_stamped_on_screen_on_paper_and_in_the_sentence_to_copy() -> None:
    stamped, real = report.render(sample.document(simulated=True)), report.render(sample.document())
    assert '<body data-where="" class="simulated">' in stamped and '<div class="ribbon"' in stamped
    assert "body.simulated::after" in stamped[stamped.index("@media print") :]
    assert json.loads(Page(stamped).scripts["card-data"])["source"] == "SIMULATED data"
    assert '<body data-where="" class="">' in real and '<div class="ribbon"' not in real
    assert json.loads(Page(real).scripts["card-data"])["source"] != "SIMULATED data"


def test_hostile_names_stay_text() -> None:
    evil = "<img src=x onerror=alert(1)></script><script>alert(2)</script>&amp;"
    f = sample.figure("performance", evil, 0.01, caveats=(evil,), label=evil)
    document = tiny(
        Sentence((evil, Label(evil), f)),
        Chart(
            "line",
            evil,
            (Series(evil, ["2025-12-04", "2025-12-05"], [0.0, 0.01], f),),
            "return",
            x_title=evil,
        ),
        Chart("bar", evil, (Series("bars", [evil, "b"], [0.0, 0.01], f),), "return"),
        Grid(evil, (evil, evil), ((Label(evil), f),), note=Sentence((evil,))),
        title=evil,
        sources=[{"who": evil, "what": evil, "checksum": evil}],
        command=evil,
        where=evil,
        code=evil,
        measures={"performance": {"question": evil, "definition": evil, "references": [evil]}},
    )
    document = replace(
        document, sections=(replace(document.sections[0], name=evil, title=evil, question=evil),)
    )
    html = report.render(document)
    seen = Page(html)
    assert "img" not in {t for t, _ in seen.tags}
    assert sum(t == "script" for t, _ in seen.tags) == 5
    assert not any(k.startswith("on") for _, attrs in seen.tags for k in attrs)
    data = html[html.index('id="card-data"') : html.index('"use strict"')]
    assert "<img" not in data and data.count("</script") == 3
    assert json.loads(seen.scripts["card-data"])["figures"][f.id]["name"] == evil  # nothing lost
    drawn = json.loads(seen.scripts["chart-data"])
    assert not any("<img" in text for spec in drawn.values() for text in strings(spec))


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [s for v in inside for s in strings(v)]


def test_cards_say_what_where_and_how() -> None:
    f = sample.figure(
        "percent_above_average",
        "sp500",
        0.627,
        "fraction",
        label="S&P 500",
        n_used=501,
        n_eligible=503,
        evidence={"interval": (0.61, 0.64), "effective_n": 31.25},
    )
    document = tiny(
        Sentence((f,)),
        sources=[{"who": "Ministry"}, {"who": "Bureau"}, {"who": "Ministry"}],
        measures={
            "percent_above_average": {
                "question": "Shared?",
                "definition": "Share of\n  members.\n\nMore.",
            }
        },
    )
    data = json.loads(Page(report.render(document)).scripts["card-data"])
    assert data["measures"]["percent_above_average"]["definition"] == "Share of members."
    card = data["figures"][f.id]
    assert card["evidence"] == {"interval": "61.0% to 64.0%", "effective n": "31.25"}
    assert (card["used"], card["eligible"]) == (501, 503)
    assert data["sentences"][card["copy"]].format(
        **card,
        what="above average",
        as_of=data["as_of"],
        end=data["as_of"],
        source=data["source"],
        market=data["market"],
        id=f.id,
    ) == (
        "S&P 500: above average 62.7% on 2025-12-05, 501 of 503 members with data; "
        f"as of 2025-12-05. Test. Source: Ministry, Bureau; Paceline, figure {f.id}."
    )
    g = sample.figure(
        "performance", "RUT", -0.0123, start="2025-11-20", against="SPX", statistic="excess"
    )
    assert page.cards.quotable(g).startswith(
        "{name}: {what} {text} from {start} to {end}, {basis} return basis; as of {as_of}. "
        "{market}. Source: "
    )
    assert page.cards.name_of(g) == "RUT against SPX" and g.text == "-1.23%"


# -- tables
# -------------------------------------------------------------------------------------------


def test_units_stand_in_the_header_and_numbers_on_the_right() -> None:
    f, g = (
        sample.figure("performance", "A", -0.0436),
        sample.figure("breadth", "A", 0.5, "fraction"),
    )
    grid = Grid("T", ("Basket", "Gain", "Mixed"), ((Label("A"), f, f), (Label("B"), g, Label("x"))))
    text = report.render(tiny(grid))
    assert re.search(r'class="num">Gain<span class="unit"> %</span>', text)
    assert ">\N{MINUS SIGN}4.36</data>" in text and ">50.0</data>" in text  # in the column Gain
    counts = report.render(
        tiny(Grid("T", ("Basket", "Members"), ((Label("A"), Label("1,024")), (Label("B"), None))))
    )
    assert 'class="num">Members' in counts
    assert ">\N{MINUS SIGN}4.36%</data>" in text and 'class="">Mixed</th>' in text


def test_bars_start_from_one_zero() -> None:
    parts = [
        sample.figure("performance", str(i), v) for i, v in enumerate((0.02, -0.01, math.nan, 0.0))
    ]
    bars = [m["bar"] for m in page.grids.bars([*parts, None])]
    assert [b["zero"] for b in bars] == ["33.33"] * 5
    assert [(b["left"], b["width"], b["below"]) for b in bars] == [
        ("33.33", "66.67", False),
        ("0.00", "33.33", True),
        ("33.33", "0.00", False),
        ("33.33", "0.00", False),
        ("33.33", "0.00", False),
    ]


def luminance(ink: str) -> float:
    parts = (int(ink[i : i + 2], 16) / 255 for i in (1, 3, 5))
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@given(st.floats(-0.5, 1.5))
def test_text_on_every_colour_of_the_scale_can_be_read(share: float) -> None:
    background = charts.colour(share)
    low, high = sorted((luminance(background), luminance(page.grids.contrast(background))))
    assert (high + 0.05) / (low + 0.05) >= 4.5


def test_the_scale_is_even_around_its_middle() -> None:
    assert (charts.colour(0), charts.colour(0.5), charts.colour(1)) == charts.SCALE[::2]
    assert charts.span([0.02, -0.05], "return") == (-0.05, 0.05)
    assert charts.span([0.4], "fraction") == (0.0, 1.0)
    assert charts.span([3.0, 3.0], "count") == (2.0, 4.0)
    assert charts.span([math.nan], "level") == (0.0, 1.0)


def test_caveats_are_lettered_once() -> None:
    names = [chr(ord("A") + i % 26) * (2 + i // 26) for i in range(28)]
    many = tuple(f"caveat {name}x" for name in names)
    caveats = page.caveats.caveats_of(
        tiny(
            Sentence(
                (
                    sample.figure("m", "A", 1.0, caveats=many),
                    sample.figure("m", "B", 1.0, caveats=many[:2]),
                )
            )
        )
    )
    letters = list(caveats.letters.values())
    assert letters[:2] + letters[25:] == ["a", "b", "z", "aa", "ab"]
    assert caveats.of([many[1], many[0], many[1]]) == ["a", "b"]


def test_caveats_that_differ_in_numbers_and_names_only_share_a_letter() -> None:
    kinds = (
        (
            "no return for up to 0.2% of the weight of Tech on 2 sessions (2025-01-03, 2025-01-07)",
            "no return for less than 0.1% of the weight of Energy on 2025-03-04",
            "no return for all of the weight of Energy on 3 sessions (2025-03-04 to 2025-03-06)",
        ),
        (
            "1 of 20 members of Tech has no price on 2025-01-03",
            "3 of 9 members of Energy have no price on 2025-02-03",
        ),
        ("closes repeat those of the session before for 0.2% of the weight of Tech on 2025-01-03",),
    )
    texts = [text for kind in kinds for text in kind]
    figures = [sample.figure("m", name, 1.0, caveats=tuple(texts)) for name in ("Tech", "Energy")]
    document = tiny(Sentence(tuple(figures)))
    caveats = page.caveats.caveats_of(document)
    assert [{caveats.letters[t] for t in kind} for kind in kinds] == [{"a"}, {"b"}, {"c"}]
    assert caveats.shown == {"a": texts[0], "b": texts[3], "c": texts[5]}
    assert caveats.alike == {"a": 2, "b": 1, "c": 0}
    html = report.render(document)
    assert Page(html).loose == []
    assert html.count("<span data-label>2</span> alike on the cards of other figures") == 1
    cards = json.loads(Page(html).scripts["card-data"])
    assert cards["caveats"] == texts  # word for word


# -- charts
# -------------------------------------------------------------------------------------------


@given(st.integers(2, 4000), st.integers(0, 2**32 - 1), st.sampled_from([6, 60, 600]))
def test_thinning_keeps_ends_and_extremes(n: int, seed: int, limit: int) -> None:
    values = np.random.default_rng(seed).normal(size=n).cumsum()
    kept = charts.thin(values, limit)
    assert len(kept) <= max(min(n, limit), 2)
    assert (np.diff(kept) > 0).all() and kept[0] == 0 and kept[-1] == n - 1
    assert values[kept].max() == values.max() and values[kept].min() == values.min()


def test_drawing_starts_with_the_first_value() -> None:
    series = Series(
        "A",
        ["2025-12-03", "2025-12-04", "2025-12-05"],
        [None, 1.0, None],
        sample.figure("m", "A", 1.0),
    )
    (line,) = charts.spec(Chart("line", "t", (series,), "level"))["data"]
    assert line["x"] == ["2025-12-04", "2025-12-05"] and line["y"] == [1.0, None]
    late = replace(series, name="B", y=[None, None, 2.0])
    (heat,) = charts.spec(Chart("heat", "t", (series, late), "level"))["data"]
    assert heat["z"] == [[1.0, None], [None, 2.0]] and heat["x"] == ["2025-12-04", "2025-12-05"]


def test_equal_names_in_a_row_of_a_table_are_written_once() -> None:
    assert page.grids.spans([Label("A"), Label("A"), Label("B"), "B", None, Label("A")]) == [
        2,
        0,
        1,
        1,
        1,
        1,
    ]
    f = sample.figure("performance", "A", 0.01)
    text = report.render(tiny(Grid("T", ("Basket", "Gain"), ((Label("A"), f), (Label("A"), f)))))
    assert text.count("<span data-label>A</span>") == 1 and 'scope="rowgroup" rowspan="2"' in text


def test_sources_are_those_of_the_imports() -> None:
    loads = [
        {
            "source": "sessions",
            "tables": '{"sessions":9}',
            "origins": '[{"who":"Calendar","checksum":"aa"}]',
        },
        {"source": "files", "tables": '{"prices":9}', "origins": [{"who": n} for n in "BCDE"]},
    ]
    assert [s["who"] for s in page.provenance.sources_of({"sources": loads})] == [
        "Calendar",
        *"BCDE",
    ]
    assert page.provenance.publishers({"sources": loads}) == "B, C, D and others"
    assert page.provenance.publishers({}) == "the market file's sources"


def test_thinning_keeps_a_gap_open() -> None:
    values = np.arange(3000.0)
    values[1000:2000] = np.nan
    kept = charts.thin(values)
    assert len(kept) <= 600 and np.isnan(values[kept]).any()
    assert {0, 2999} <= set(kept.tolist())


def test_thinning_keeps_a_gap_of_two_sessions_open() -> None:
    values = np.arange(3000.0)
    values[[7, 8, 1500, 1501]] = np.nan
    kept = charts.thin(values)
    assert len(kept) <= 600
    assert {7, 1500} <= set(kept.tolist())
    rough = np.where(np.arange(3000) % 2, np.nan, values)
    assert len(charts.thin(rough)) <= 600


def test_stacked_series_keep_the_same_days() -> None:
    x, rng = np.arange(3000), np.random.default_rng(5)
    series = tuple(
        Series(n, x, rng.random(3000).tolist(), sample.figure("m", n, 1.0)) for n in "abc"
    )
    drawn = charts.spec(Chart("stacked", "t", series, "fraction"))["data"]
    assert drawn[0]["x"] == drawn[1]["x"] == drawn[2]["x"] and len(drawn[0]["x"]) <= 600


def test_dates_and_missing_values_become_plain_json() -> None:
    days = np.array(["2025-12-04", "2025-12-05"], "datetime64[D]")
    series = Series("A", days, [np.float64(1 / 3), math.nan], sample.figure("m", "A", 1 / 3))
    spec = charts.spec(Chart("line", "t", (series,), "level"))
    assert json.loads(json.dumps(spec, allow_nan=False))["data"][0]["y"] == [0.3333333333, None]
    assert spec["data"][0]["x"] == ["2025-12-04", "2025-12-05"]


@pytest.mark.parametrize("kind", ["line", "bar", "heat", "stacked", "scatter", "interval"])
def test_what_has_no_value_says_so_instead_of_an_empty_panel(kind: Any) -> None:
    assert charts.spec(Chart(kind, "Nothing", (), "return"))["layout"]["height"] > 0
    html = report.render(tiny(Chart(kind, "Nothing", (), "return"), Grid("None", ("Basket",), ())))
    assert (
        Page(html).loose == [] and html.count("Nothing to show") == 2 and "data-chart=" not in html
    )


def test_plotly_accepts_every_drawing_as_a_python_figure(document: Document) -> None:
    shapes = set()
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, Chart):
                shapes.add(block.kind)
                drawn = charts.plot(block)
                assert drawn.layout.title.text == charts.words(tables.words(block.title))
                if block.kind != "interval":
                    alone = block.kind == "heat" or charts.single(block)
                    assert len(drawn.data) == (1 if alone else len(block.series))
    assert shapes == {"line", "bar", "heat", "stacked", "scatter", "interval"}


def test_no_interval_reaches_the_edge_of_its_drawing() -> None:
    figure = sample.figure("performance", "a", 0.02)
    ends = [(-0.0727, 0.0324), (-0.017, 0.0972)]
    series = tuple(
        Series(name, [name], [0.02], figure, pair) for name, pair in zip("ab", ends, strict=True)
    )
    low, high = charts.spec(Chart("interval", "t", series, "return"))["layout"]["xaxis"]["range"]
    assert low < -0.0727 - 0.005
    assert high > 0.0972 + 0.005


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.0, "return", "0.00%"),
        (-0.00001, "return", "0.00%"),
        (0.00005, "return", "+0.01%"),
        (3.71e-07, "ratio", "0.000000371"),
        (-0.00002, "ratio", "-0.0000200"),
        (0.0001, "ratio", "0.0001"),
        (0.0, "ratio", "0"),
        (9999.6, "ratio", "10,000"),
        (123456.7, "ratio", "123,457"),
        (1.0, "ratio", "1"),
    ],
)
def test_numbers_are_shown_without_exponents_and_nought_without_a_sign(
    value: float, unit: str, shown: str
) -> None:
    assert figures.show(value, unit) == shown


def test_an_interval_is_grey_where_it_holds_zero() -> None:
    made = [
        ("Above", 0.03, (0.01, 0.05)),
        ("Zero", 0.01, (-0.01, 0.03)),
        ("Below", -0.04, (-0.06, -0.02)),
        ("Nothing", None, (None, None)),
        ("Unbounded", 0.02, (None, None)),
    ]
    series = tuple(Series(n, [n], [v], sample.figure("m", n, v), ends) for n, v, ends in made)
    *lines, points = charts.spec(Chart("interval", "t", series, "return"))["data"]
    assert points["y"] == ["Above", "Zero", "Below", "Unbounded"] and points["x"] == [
        0.03,
        0.01,
        -0.04,
        0.02,
    ]
    assert points["customdata"] == [[0.01, 0.05], [-0.01, 0.03], [-0.06, -0.02], [0.02, 0.02]]
    above, zero, below, unbounded = points["marker"]["color"]
    assert len({above, zero, below}) == 3 and unbounded == above
    drawn = {line["line"]["color"]: line for line in lines}
    assert drawn[zero]["x"] == [-0.01, 0.03, None] and drawn[zero]["y"] == ["Zero", "Zero", None]
    assert drawn[below]["x"] == [-0.06, -0.02, None]


def test_names_of_tails_cover_neither_each_other_nor_an_end() -> None:
    def tail(name: str, x: float, y: float) -> Series:
        return Series(name, [0.0, x], [0.0, y], sample.figure("m", name, y))

    def named(*series: Series) -> dict[str, tuple[str, str]]:
        drawn = charts.spec(Chart("scatter", "t", series, "level"))["data"]
        return {t["name"]: (t["text"][-1], t["textposition"]) for t in drawn}

    apart = named(tail("Left", 1, 10), tail("Right", 9, 10), tail("Far", 10, 0))
    assert apart == {
        "Left": ("Left", "middle right"),
        "Right": ("Right", "middle left"),
        "Far": ("Far", "middle left"),
    }
    close = named(*(tail(f"Subject {k}", 5 + k / 1000, 5) for k in range(6)), tail("Far", 10, 10))
    places = [place for text, place in close.values() if text.startswith("Subject")]
    assert 1 <= len(places) < 6 and len(places) == len(set(places))
    assert named(Series("None", [None], [None], sample.figure("m", "None", None)))["None"] == (
        "",
        "top center",
    )


def test_a_column_nobody_fills_is_left_out_and_a_long_table_is_folded() -> None:
    f = sample.figure("performance", "A", 0.01)
    rows = tuple((Label(f"Row {k}"), f, None, "", Label("")) for k in range(page.grids.LONG + 1))
    html = report.render(
        tiny(Grid("T", ("Basket", "Gain", "Empty", "Blank", "Unnamed"), rows, heat=(1,)))
    )
    assert "Gain" in html and not {"Empty", "Blank", "Unnamed"} & set(
        re.findall(r"<th[^>]*>(\w+)", html)
    )
    assert (
        html.count('<tr class="rest tail">') == len(rows) - page.grids.HEAD
        and "data-all hidden" in html
    )
    assert html.count('<tr class="tail">') == page.grids.HEAD - page.grids.PRINTED
    assert f"The first <span data-label>{page.grids.PRINTED}</span> of" in html
    medium = tiny(Grid("T", ("Basket", "Gain"), tuple(r[:2] for r in rows[: page.grids.LONG])))
    assert 'class="rest' not in report.render(medium) and '<tr class="tail">' in report.render(
        medium
    )
    assert "note paper" not in report.render(medium, whole=True)
    short = report.render(tiny(Grid("T", ("Basket", "Gain", "Empty"), rows[:3])))
    assert "<tr class=" not in short and "data-all hidden" not in short


def test_importing_charts_does_not_import_plotly() -> None:
    code = "import sys, paceline.charts; assert 'plotly' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


# -- files
# -------------------------------------------------------------------------------------------


def test_json_is_strict_and_holds_fractions(document: Document, tmp_path: Path) -> None:
    data = json.loads(
        report.write_json(document, tmp_path / "deep" / "report.json").read_text("utf-8"),
        parse_constant=lambda name: pytest.fail(f"{name} is not JSON"),
    )
    assert data == json.loads(json.dumps(tables.to_json(document)))
    assert [s["name"] for s in data["sections"]] == [s.name for s in document.sections]
    first = data["headline"][0]
    assert "+9.39%" in first["text"]
    row = next(r for r in data["figures"] if r["figure"] == first["figures"][0])
    assert row["value"] == 0.0939 and row["unit"] == "return"
    need = {
        "measure",
        "subject",
        "against",
        "start",
        "end",
        "value",
        "unit",
        "basis",
        "n_used",
        "n_eligible",
        "figure",
    }
    assert all(need <= set(r) for r in data["figures"])


def test_csv_holds_every_figure_of_every_section(document: Document, tmp_path: Path) -> None:
    paths = report.to_csv(document, tmp_path / "csv")
    assert {p.stem for p in paths} == {s.name for s in document.sections} | {"figures", "series"}
    with (tmp_path / "csv" / "figures.csv").open(encoding="utf-8", newline="") as file:
        found = {r["figure"]: r["value"] for r in csv.DictReader(file)}
    assert set(found) == {f.id for f in document.figures()}
    assert sum(v == "" for v in found.values()) == 1
    with (tmp_path / "csv" / "sectors.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    health = next(r for r in rows if r["row"] == "Health Care" and r["column"] == "Last month")
    assert float(health["value"]) == 0.0914
    assert health["caveats"] == "; ".join((sample.TODAY, sample.ROLLED))


def test_a_section_called_figures_overwrites_nothing(tmp_path: Path) -> None:
    section = Section("../figures", "F", "Q?", (Sentence((sample.figure("m", "A", 1.0),)),))
    paths = report.to_csv(
        replace(tiny(), sections=(section, replace(section, name="figures"))), tmp_path
    )
    assert len({p.name for p in paths}) == 4
    assert all(p.parent == tmp_path for p in paths)


def test_a_full_disk_leaves_the_old_report(
    document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "report.html"
    old.write_text("old")

    def full(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StoreError) as error:
        report.write(tiny(), old)
    assert (
        str(old) in error.value.message
        and "No space left" in error.value.message
        and error.value.remedy
    )
    assert old.read_text() == "old" and list(tmp_path.iterdir()) == [old]


def test_a_folder_that_cannot_be_made_is_named(document: Document, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for call in (
        lambda p: report.write(tiny(), p / "r.html"),
        lambda p: report.write_json(tiny(), p / "r.json"),
        lambda p: report.to_csv(tiny(), p / "csv"),
    ):
        with pytest.raises(StoreError, match=re.escape(str(tmp_path / "file"))):
            call(tmp_path / "file")


# -- terminal
# --------------------------------------------------------------------------------------------------


def test_summary_fits_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.summary(sample.document(simulated=True), Console(width=80))
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "SIMULATED" in out.splitlines()[0] and "2025-12-05" in out.splitlines()[0]
    for words in (
        "Russell 2000",
        "+9.39%",
        "Health Care",
        "Information Technology",
        "62.7%",
        "19 were set aside",
    ):
        assert words in out
    assert "Real Estate" not in out  # the middle of the league
    assert "\x1b" not in out  # no terminal, no colour


def test_no_color_is_obeyed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal.summary(sample.document(), Console(width=80, force_terminal=True))
    assert not re.search(r"\x1b\[[\d;]*3[0-8]", capsys.readouterr().out)


@pytest.mark.parametrize("width", [60, 80, 140])
def test_rows_keep_every_value_and_id_at_any_width(
    document: Document, width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = list(document.figures())
    terminal.rows(figures, Console(width=width))
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    assert all(f.id in out and f.text in out for f in figures)
    caveats = {c for f in figures for c in f.caveats}
    flat = " ".join(out.split())
    assert caveats and all(flat.count(c) == 1 for c in caveats)


def test_rows_take_frames_and_say_once_what_is_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    import polars as pl

    rows = [
        tables.row(
            sample.figure("percent_above_average", n, v, "fraction", n_used=u, n_eligible=50)
        )
        for n, v, u in (("Tech", 0.7, 46), ("Energy", None, 12))
    ]
    terminal.rows(pl.DataFrame(rows), Console(width=80))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("percent above average to 2025-12-05")
    assert re.search(r"Tech\s+70\.0%\s+46/50", lines[3]) and re.search(
        r"Energy\s+—\s+12/50", lines[4]
    )
    terminal.rows([], Console(width=80))
    assert capsys.readouterr().out == "No rows.\n"
