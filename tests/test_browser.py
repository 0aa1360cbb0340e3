"""The report's page as a reader uses it: pictures and data saved, sentences copied, keys, paper."""

from __future__ import annotations

import csv
import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

import sample_document as sample
from browser import Browser
from paceline import report
from paceline.document import Chart, Document, Section, Sentence, Series
from paceline.report.tables import words

pytestmark = pytest.mark.browser
EVIL = '=HYPERLINK("http://x")'
SOURCE = "Exchange of Somewhere"


def document() -> Document:
    """Nine sections, and a chart whose names a spreadsheet would run."""
    made = sample.document(simulated=True)
    figures = [sample.figure("performance", n, v) for n, v in ((EVIL, 0.01), ("-5", -0.02))]
    chart = Chart(
        "bar",
        'Names, "quoted"',
        tuple(Series(f.subject, [f.subject], [float(f.number)], f) for f in figures),
        "return",
    )
    more = Section("odd", "Odd names", "What of odd names?", (Sentence(("Odd.",)), chart))
    return replace(made, sections=(*made.sections, more))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report.write(document(), tmp_path_factory.mktemp("page") / "page.html")


@pytest.fixture
def tab(page: Path, tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path) as browser:
        browser.open(page)
        yield browser


def button(title: str, kind: str) -> str:
    """Script for the button of a chart."""
    return (
        "[...document.querySelectorAll('.chart')].find(c => c.querySelector('h3').textContent === "
        f"{title!r}).querySelector('[data-save={kind}]')"
    )


def pixels(path: Path) -> tuple[int, int, list[bytes]]:
    """Width, height and lines of an RGBA picture of eight bits, unfiltered."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, colours = struct.unpack(">IIBB", data[16:26])
    assert (depth, colours) == (8, 6)
    packed, at = b"", 8
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        if data[at + 4 : at + 8] == b"IDAT":
            packed += data[at + 8 : at + 8 + size]
        at += 12 + size
    raw, step = zlib.decompress(packed), width * 4
    lines, before = [], bytearray(step)
    for row in range(height):
        start = row * (step + 1)
        kind, line = raw[start], bytearray(raw[start + 1 : start + 1 + step])
        for i in range(step):
            left = line[i - 4] if i >= 4 else 0
            up, corner = before[i], before[i - 4] if i >= 4 else 0
            line[i] = (line[i] + _guess(kind, left, up, corner)) & 255
        lines.append(bytes(line))
        before = line
    return width, height, lines


def _guess(kind: int, left: int, up: int, corner: int) -> int:
    """What a filter of PNG adds to a byte."""
    if kind < 4:
        return (0, left, up, (left + up) // 2)[kind]
    by = left + up - corner
    return min((left, up, corner), key=lambda v: abs(by - v))


# ---- page one


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = replace(document(), page_one=sample.page_one())
    return report.write(made, tmp_path_factory.mktemp("first") / "page.html")


#: Top, bottom and width of page one, and how wide the whole page is.
FIRST = (
    "(() => { const box = document.querySelector('.first').getBoundingClientRect();"
    "return [box.top, box.bottom, box.width, document.documentElement.scrollWidth]; })()"
)


def test_page_one_is_one_screen_one_sheet_and_one_column_of_a_phone(
    first: Path, tmp_path: Path
) -> None:
    with Browser(tmp_path, 1440, 900) as tab:
        tab.open(first)
        top, bottom, width, _ = tab.run(FIRST)
        assert top < 130 and bottom < 900 and width > 1000
        inks = "[...document.querySelectorAll('.tile polyline')].map(l => l.getBBox().width > 20)"
        assert tab.run(inks) == [True] * 8  # before and after the turn of four themes
        tab.size(390, 800)
        _, _, width, page = tab.run(FIRST)
        assert width <= 390 and page <= 390
        wide = (
            "[...document.querySelectorAll('.first *')].filter(e => e.offsetParent "
            "&& e.getBoundingClientRect().right > 391).length"
        )
        assert tab.run(wide) == 0
        tab.size(696, 1000)
        tab.send("Emulation.setEmulatedMedia", media="print")
        top, bottom, _, _ = tab.run(FIRST)
        assert bottom - top < 1000  # pixels of a sheet between its margins
        breaks = "getComputedStyle(document.querySelector('.first')).breakAfter"
        assert tab.run(breaks) == "page"


def test_a_figure_of_page_one_opens_its_card(first: Path, tmp_path: Path) -> None:
    with Browser(tmp_path) as tab:
        tab.open(first)
        for what in ("#page-one-returns ~ table small [data-figure]", ".tile [data-figure].spark"):
            tab.until("document.querySelector('#card-name') !== null")
            tab.run(
                f"document.querySelector('{what}')"
                ".dispatchEvent(new MouseEvent('click', { bubbles: true }))"
            )
            assert tab.until(
                "document.querySelector('#card').open && "
                "document.querySelector('#card-name').textContent"
            )
            tab.run("document.querySelector('[data-close]').click()")


def test_page_one_is_saved_as_a_picture_of_a_desktop_whatever_the_screen(
    first: Path, tmp_path: Path
) -> None:
    with Browser(tmp_path, 390, 800) as tab:
        tab.open(first)
        tab.until("!document.querySelector('[data-page]').hidden")
        tab.run("document.querySelector('[data-page]').click()")
        file = tab.saved(".png")
    assert file.name == "who-leads-us-stocks-2025-12-05-page-one.png"
    width, height, lines = pixels(file)
    assert width == 2 * 1264 and 1200 < height < 2200
    inks = {line[i : i + 4] for line in lines[:: height // 60] for i in range(0, len(line), 4 * 7)}
    assert len(inks) > 60  # words, lines and the stamp, not one colour
    blank = [len({line[i : i + 4] for i in range(0, len(line), 40)}) == 1 for line in lines]
    assert sum(blank) < height / 2  # and all the way down


def test_the_data_of_every_chart_are_saved(tab: Browser) -> None:
    charts = [b for s in document().sections for b in s.blocks if isinstance(b, Chart)]
    (chart,) = [c for c in charts if c.title == "Return since the low"]
    tab.run(button("Return since the low", "csv") + ".click()")
    file = tab.saved(".csv")
    assert file.name == "who-leads-us-stocks-2025-12-05-return-since-the-low.csv"
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8"))))
    assert {r["series"] for r in rows} == {s.name for s in chart.series}
    for series in chart.series:
        own = {r["x"]: float(r["value"]) for r in rows if r["series"] == series.name}
        given = dict(zip(series.x, series.y, strict=True))
        assert len(own) == len(given)
        assert all(own[x] == pytest.approx(y, rel=1e-9) for x, y in given.items())
        about = {(r["figure"], r["basis"], r["unit"]) for r in rows if r["series"] == series.name}
        assert about == {(series.figure.id, "price", "return")}
    said = {(r["market"], r["as_of"], r["source"], r["simulated"], r["points"]) for r in rows}
    assert said == {("Who leads: US stocks", "2025-12-05", "SIMULATED data", "true", "all")}


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("Sectors in the last full month", len(sample.SECTORS)),
        ("Sectors beyond the usual", None),
        ("Members above their 200-day mean, by sector", len(sample.SECTORS)),
        ("Relative strength and its pace", None),
        ("Daily lead over the benchmark", 1),
    ],
)
def test_every_shape_gives_its_values(tab: Browser, title: str, names: int | None) -> None:
    (chart,) = [
        b
        for s in document().sections
        for b in s.blocks
        if isinstance(b, Chart) and words(b.title) == title
    ]
    tab.run(button(title, "csv") + ".click()")
    rows = list(csv.DictReader(io.StringIO(tab.saved(".csv").read_text("utf-8"))))
    assert names in (None, len(chart.series))
    assert [r["figure"] for r in rows if r["figure"] == chart.series[0].figure.id]
    assert {r["series"] for r in rows} == {s.name for s in chart.series}
    for series in chart.series:
        last = [r for r in rows if r["series"] == series.name][-1]
        assert float(last["value"]) == pytest.approx(series.y[-1], rel=1e-9)
        if series.interval:
            assert (float(last["low"]), float(last["high"])) == pytest.approx(series.interval)


def test_no_cell_runs_in_a_spreadsheet(tab: Browser) -> None:
    tab.run(button('Names, "quoted"', "csv") + ".click()")
    text = tab.saved(".csv").read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [r["series"] for r in rows] == ["'" + EVIL, "-5"]  # text that is a number stays one
    assert [float(r["value"]) for r in rows] == [0.01, -0.02]


def test_a_picture_is_whole_and_larger_than_its_drawing(tab: Browser) -> None:
    """Title, key and source stand around the drawing, on white, twice as fine as the screen."""
    title = "Daily lead over the benchmark"
    tab.run(button(title, "png") + ".click()")
    file = tab.saved(".png")
    assert file.name == "who-leads-us-stocks-2025-12-05-daily-lead-over-the-benchmark.png"
    width, height, lines = pixels(file)
    drawn = tab.run(
        "paceline.specs()[[...document"
        f".querySelectorAll('.chart')].find(c => c.querySelector('h3').textContent === {title!r})"
        ".querySelector('[data-chart]').dataset.chart].layout.height"
    )
    assert width == 2 * (900 + 2 * 24) and height > 2 * drawn + 2 * 60
    assert {line[3::4] for line in lines} == {b"\xff" * width}  # nothing shows through
    dark = [sum(1 for i in range(0, len(line), 4) if line[i] < 90) for line in lines]
    head, foot = dark[: 2 * 60], dark[-2 * 44 :]
    assert max(head) > 20, "no title"
    grey = [sum(1 for i in range(0, len(line), 4) if line[i] < 170) for line in lines[-2 * 44 :]]
    assert max(grey) > 20, "no source"
    assert len(foot) == 88
    blue = sum(
        1
        for line in lines
        for i in range(0, len(line), 4)
        if line[i + 2] > line[i] + 60 and line[i] < 120
    )
    assert blue > 1000, "no bars"


def test_what_a_picture_says_is_what_stands_on_the_page(tab: Browser) -> None:
    credits = tab.run("[...document.querySelectorAll('.credit')].map(p => p.textContent)")
    assert credits[0] == (
        "SIMULATED data. Who leads: US stocks, as of 2025-12-05, price return basis. Paceline."
    )
    assert len(credits) == tab.run("document.querySelectorAll('.chart').length")


def test_buttons_are_reached_and_pressed_by_keyboard(tab: Browser) -> None:
    tab.run(button("Return since the low", "csv") + ".focus()")
    assert tab.run("document.activeElement.ariaLabel") == (
        "Save the data as CSV: Return since the low"
    )
    tab.press("Enter", 13, "\r")
    assert tab.saved(".csv").name.endswith("return-since-the-low.csv")
    assert tab.run("[...document.querySelectorAll('[data-save]')].every(b => b.tabIndex === 0)")


def test_a_sentence_is_copied_with_its_source(tab: Browser) -> None:
    tab.run(
        "document.execCommand = what => "
        "{ window.taken = document.activeElement.value; return true; }"
    )
    tab.run("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    tab.run("document.querySelector('[data-quote]').click()")
    first = document().headline[0].text
    assert tab.until("window.taken") == (
        f"{first} SIMULATED data. Who leads: US stocks, as of 2025-12-05, price return basis. "
        "Paceline."
    )


def selected(tab: Browser, where: str) -> str:
    """What a reader gets who selects an element and copies."""
    taken = tab.run(
        f"(() => {{ const range = new Range(); range.selectNodeContents({where});"
        "const chosen = document.getSelection(); chosen.removeAllRanges(); chosen.addRange(range);"
        "const data = new DataTransfer();"
        "const copy = new ClipboardEvent('copy', { clipboardData: data, bubbles: true });"
        "document.dispatchEvent(copy);"
        "return data.getData('text/plain'); })()"
    )
    return str(taken)


def test_a_selected_sentence_takes_its_source_along_and_cells_do_not(tab: Browser) -> None:
    said = selected(tab, "document.querySelector('.answer:has([data-figure])')")
    first, credit = said.split("\n")
    assert first.endswith(".") and credit.startswith("SIMULATED data. Who leads: US stocks, as of ")
    assert selected(tab, "document.querySelector('tbody')") == ""
    assert selected(tab, "document.querySelector('h2')") == ""


def test_buttons_are_not_printed(tab: Browser) -> None:
    shown = "[...document.querySelectorAll('.save, .copy')].filter(b => b.offsetParent).length"
    assert tab.run(shown) > 10
    tab.send("Emulation.setEmulatedMedia", media="print")
    assert tab.run(shown) == 0
    assert tab.run("document.querySelector('.credit').offsetParent !== null")


def test_a_chart_of_many_names_is_no_higher_than_the_paper(tmp_path: Path) -> None:
    """Fifty names, half of them of two lines: one page below the heading of its section."""
    names = [f"Industry {n} " + "with a name of many words" * (n % 2) for n in range(50)]
    drawn = [sample.figure("performance", n, 0.01 * k - 0.2) for k, n in enumerate(names)]
    chart = Chart(
        "bar",
        "Many",
        tuple(Series(f.subject, [f.subject], [float(f.number)], f) for f in drawn),
        "return",
    )
    section = Section("many", "Many", "How many?", (Sentence(("Many.",)), chart))
    page = report.write(
        replace(document(), sections=(section,)), tmp_path / "many.html", whole=True
    )
    height = "document.querySelector('[data-chart]').clientHeight"
    with Browser(tmp_path / "profile") as tab:
        tab.open(page)
        assert tab.run(height) > 1000
        tab.run("window.dispatchEvent(new Event('beforeprint'))")
        assert tab.run(height) <= 760
        lines = "[...document.querySelectorAll('.ytick text')].map(t => t.children.length)"
        assert not any(tab.run(lines))


@pytest.mark.parametrize("width", [390, 700, 1024, 1280, 1440])
def test_nothing_leaves_the_page(tab: Browser, page: Path, width: int) -> None:
    tab.size(width, 900)
    tab.open(page)
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert tab.run(wide)


def test_what_is_folded_is_drawn_when_it_is_opened_and_never_on_paper(tmp_path: Path) -> None:
    one = sample.figure("performance", "Tech", 0.01)
    charts = [
        Chart("line", t, (Series("a", ["2025-12-04", "2025-12-05"], [1.0, 2.0], one),), "level")
        for t in ("First", "Second", "Third")
    ]
    section = Section("several", "Several", "Which?", (Sentence(("Said.",)), *charts))
    document_ = replace(document(), sections=(section,))
    page = report.write(document_, tmp_path / "several.html")
    with Browser(tmp_path / "profile") as tab:
        tab.open(page)
        drawn = "[...document.querySelectorAll('[data-chart]')].filter(p => p.drawnWidth).length"
        tab.until(f"{drawn} === 2")
        shown = "getComputedStyle(document.querySelector('.further')).display"
        tab.send("Emulation.setEmulatedMedia", media="print")
        assert (tab.run(drawn), tab.run(shown)) == (2, "none")
        tab.send("Emulation.setEmulatedMedia", media="screen")
        tab.run("document.querySelector('.further summary').click()")
        tab.until(f"{drawn} === 3")
    whole = report.write(document_, tmp_path / "whole.html", whole=True)
    with Browser(tmp_path / "profile2") as tab:
        tab.open(whole)
        tab.send("Emulation.setEmulatedMedia", media="print")
        tab.until("[...document.querySelectorAll('[data-chart]')].every(p => p.drawnWidth)")


def test_a_table_is_one_stop_and_arrows_move_within_it(tab: Browser) -> None:
    stops = tab.run(
        "[...document.querySelectorAll('[data-figure]')].filter(f => !f.tabIndex).length"
    )
    groups = tab.run(
        "new Set([...document.querySelectorAll('[data-figure]')]"
        ".map(f => f.closest('table, .key') || f)).size"
    )
    assert stops == groups < tab.run("document.querySelectorAll('[data-figure]').length") / 2

    def press(key: str) -> str:
        for kind in ("keyDown", "keyUp"):
            tab.send("Input.dispatchKeyEvent", type=kind, key=key, code=key)
        return str(tab.run("document.activeElement.dataset.figure"))

    # the first table with two columns of figures and two rows
    tab.run(
        "window.cells = [...document.querySelectorAll('tbody')].map(b => [...b.rows].map(r => "
        "[...r.querySelectorAll('[data-figure]')].map(f => f.dataset.figure)))"
        ".find(rows => rows.length > 1 && rows.every(r => r.length > 1))"
    )
    cells = tab.run("cells")
    tab.run(f"document.querySelector('tbody [data-figure=\"{cells[0][0]}\"]').focus()")
    assert press("ArrowRight") == cells[0][1]
    assert press("ArrowDown") == cells[1][1]
    assert press("ArrowLeft") == cells[1][0]
    assert press("ArrowUp") == press("ArrowUp") == cells[0][0]  # there is none above
    assert tab.run("document.activeElement.tabIndex") == 0
    assert tab.run(
        "[...document.activeElement.closest('table').querySelectorAll('[data-figure]')]"
        ".filter(f => !f.tabIndex).length === 1"
    )


def test_headings_stand_in_order_and_tables_have_names(tab: Browser) -> None:
    levels = tab.run("[...document.querySelectorAll('h1, h2, h3, h4')].map(h => +h.tagName[1])")
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    unnamed = (
        "[...document.querySelectorAll('main table:not(.sources)')].filter(t => "
        "!document.getElementById(t.getAttribute('aria-labelledby'))?.textContent).length"
    )
    assert tab.run(unnamed) == 0


def test_a_dark_screen_gets_dark_paper_and_light_ink_and_paper_stays_light(tab: Browser) -> None:
    """Charts too; what was drawn is drawn again when the screen changes, and for paper."""
    tab.until("document.querySelector('[data-chart]').drawnWidth")
    ink = "getComputedStyle(document.querySelector('.xtick text')).fill"
    paper = "getComputedStyle(document.body).backgroundColor"
    assert tab.run(ink) == "rgb(107, 113, 120)" and tab.run(paper) == "rgb(253, 252, 250)"
    dark = [{"name": "prefers-color-scheme", "value": "dark"}]
    tab.send("Emulation.setEmulatedMedia", features=dark)
    tab.until(f"{ink} === 'rgb(162, 168, 174)'")
    assert tab.run(paper) == "rgb(22, 24, 27)"
    tab.send("Emulation.setEmulatedMedia", media="print", features=dark)
    tab.until(f"{ink} === 'rgb(107, 113, 120)'")
