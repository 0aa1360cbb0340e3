"""The writer: what it says is found and confirmed by the reader of commentary, and traceable.

The circle runs on a small copy of the simulated market: days, styles, lengths and seeds are drawn.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import paceline
import tiny_market
from paceline import record
from paceline.cli import main
from paceline.document import Label, Magnitude, Sentence, figure_of
from paceline.errors import UsageError
from paceline.factcheck.score import compare
from paceline.factcheck.subjects import Names
from paceline.report import story as pages
from paceline.write import LENGTHS, STYLES, Story, phrases, plain, write
from paceline.write.facts import Fact
from paceline.write.phrases import PARTS
from paceline.write.story import Teller

#: Days of the simulated market, a quiet one and one after a fall among them; the last is a Friday.
DAYS = ("2022-06-16", "2023-03-01", "2024-10-31", "2025-04-08", "2025-12-05")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated market of 300 companies over six years, imported once."""
    made = tmp_path_factory.mktemp("writer")
    demo = (resources.files("paceline") / "data" / "demo.toml").read_text(encoding="utf-8")
    small = demo.replace("companies = 1500, years = 12", "companies = 300, years = 6")
    assert small != demo
    (made / "market.toml").write_text(small, encoding="utf-8")
    paceline.open(made / "market.toml").ensure()
    return made


@pytest.fixture(scope="module")
def at(folder: Path) -> Any:
    """The market as of a day, opened once."""
    return cache(lambda day: paceline.open(folder / "market.toml", as_of=day))


@pytest.fixture(scope="module")
def friday(at: Any) -> Any:
    return at(DAYS[-1])


def faults(market: Any, story: Story, text: str) -> list[str]:
    """What the reader does not find, finds beyond the key, or does not confirm."""
    checked = market.factcheck(text)
    assert str(checked.date) == market.as_of
    sheet = compare(checked, story.keys()["claims"], Names(market), "story")
    unread = [f"unread: {u.quote} ({u.reason})" for u in checked.unread]
    return [*sheet.missed, *sheet.extra, *sheet.verdicts, *sheet.wrong_holds, *unread]


@settings(max_examples=20, phases=(Phase.generate,))  # a story is long to shrink
@given(
    day=st.sampled_from(DAYS),
    style=st.sampled_from(STYLES),
    length=st.sampled_from(tuple(LENGTHS)),
    seed=st.integers(0, 10_000),
    marked=st.booleans(),
)
def test_the_reader_finds_every_claim_and_every_one_holds(
    at: Any, day: str, style: str, length: str, seed: int, marked: bool
) -> None:
    market = at(day)
    story = write(market, style=style, length=length, seed=seed)
    text = plain.markdown(story) if marked else plain.text(story)
    assert story.keys()["claims"]
    assert faults(market, story, text) == []


def test_a_story_with_a_number_moved_is_not_confirmed(friday: Any) -> None:
    """The circle can fail: one percentage shifted by half a point, one verdict that differs."""
    story = write(friday, length="short")
    text = plain.text(story)
    moved = next(
        p for p in story.told for p in p.sentence.parts if getattr(p, "text", "").endswith("%")
    )
    wrong = text.replace(moved.text, f"{float(moved.text[:-1]) + 0.5:.1f}%")  # type: ignore[union-attr]
    assert faults(friday, story, wrong)


def test_a_seed_gives_one_story_and_others_give_others(friday: Any) -> None:
    texts = [plain.text(write(friday, length="long", seed=seed)) for seed in (1, 1, 2, 3)]
    assert texts[0] == texts[1] and len(set(texts)) == 3
    told = [{f.id for f in write(friday, seed=seed).figures} for seed in (1, 2)]
    assert told[0] == told[1]  # seeds choose words, never facts


def test_a_longer_story_says_what_the_shorter_one_says(friday: Any) -> None:
    short, medium, long = ({f.id for f in write(friday, length=n).figures} for n in LENGTHS)
    assert short < medium < long


def test_every_number_is_a_figure_and_digits_stand_nowhere_else(friday: Any) -> None:
    for style in STYLES:
        for one in write(friday, style=style, length="long").told:
            for part in one.sentence.parts:
                assert not isinstance(part, str) or not re.search(r"\d", part)
            shown = {f.id for f in map(figure_of, one.sentence.parts) if f is not None}
            assert shown <= {c.figure.id for c in one.claims}


def test_prose_has_the_decimals_and_the_words_of_its_style(friday: Any) -> None:
    figure = friday.show("performance", subjects=["large_index"], horizons=("ytd",))[0]
    assert Magnitude(figure, 1).text == f"{abs(figure.value) * 100:.1f}%"
    assert Magnitude(figure, 2, " percent").text == f"{abs(figure.value) * 100:.2f} percent"
    assert " percent" in plain.text(write(friday, style="script"))
    assert "\n- " in plain.text(write(friday, style="bullets"))
    assert "\n## Breadth\n" in plain.markdown(write(friday, style="note"))


def test_every_form_says_that_the_market_is_simulated(friday: Any) -> None:
    story = write(friday, length="short")
    html = pages.render(story, record.story(story))
    assert all("SIMULATED" in made for made in (str(story), plain.markdown(story), html))


# ---- forms


def test_numbers_open_to_their_lineage_and_nothing_else_is_markup(friday: Any) -> None:
    story = write(friday, length="short")
    evil = "<script>alert(1)</script>"
    told = story.title.__class__(Sentence((Label(evil), *story.title.sentence.parts)))
    changed = Story(**{**vars(story), "title": told})
    html = pages.render(changed, record.story(changed))
    assert evil not in html and "&lt;script&gt;alert(1)" in html
    shown = {f.id for o in story.told for f in map(figure_of, o.sentence.parts) if f is not None}
    assert shown and all(f'data-figure="{one}"' in html for one in shown)
    assert "\\<script\\>" in plain.markdown(changed)


def test_notes_lead_to_the_bytes(friday: Any, folder: Path) -> None:
    story = write(friday, length="short")
    assert "[^" not in plain.markdown(story)
    noted = plain.markdown(story, notes=True)
    marks, ids = re.findall(r"\[\^([a-z]+)\](?!:)", noted), re.findall(r"trace (\w+)`", noted)
    assert set(marks) == set(re.findall(r"^\[\^([a-z]+)\]:", noted, re.MULTILINE)) and ids
    friday.remember(story.figures)
    step = record.trace(ids[0], friday)
    assert step["parents"] and "paceline show performance" in step["command"]


def test_a_word_document_holds_the_same_sentences(friday: Any, tmp_path: Path) -> None:
    import docx

    story = write(friday, style="bullets", length="short")
    path = pages.write_docx(story, record.story(story), tmp_path / "story.docx")
    read = [p.text for p in docx.Document(str(path)).paragraphs]
    assert all(one.sentence.text in read for one in story.told)
    assert plain.STAMP in read


def test_without_python_docx_the_message_says_what_to_install(
    friday: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "docx", None)
    story = write(friday, length="short")
    with pytest.raises(UsageError, match="python-docx") as error:
        pages.write_docx(story, record.story(story), tmp_path / "story.docx")
    assert "paceline[docx]" in error.value.remedy


def test_the_story_stands_folded_in_the_report_and_not_on_paper(friday: Any) -> None:
    from paceline import report
    from paceline.document import Document
    from paceline.pages.story import story
    from paceline.studies.answers import Answers

    section = story.build(Answers(friday))
    assert not isinstance(section, (list, tuple)) and section is not None
    document = Document("T", "m", DAYS[-1], True, (), (section,))  # type: ignore[arg-type]
    html = report.render(document)
    assert 'class="part folded"' in html and "the rest</span></summary>" in html
    assert "part folded" not in report.render(document, whole=True)


# ---- the command line


def test_the_command_line_writes_every_format_and_a_key(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = ["write", "--market", str(folder / "market.toml"), "--length", "short"]
    assert main([*common, "--style", "note", "--seed", "3"]) == 0
    assert capsys.readouterr().out.startswith("The SIM 500 ")
    texts = tmp_path / "texts"
    for name in ("a.txt", "a.md", "a.html"):
        key = texts / Path(name).with_suffix(".json")
        assert main([*common, "--out", str(texts / name), "--keys", str(key)]) == 0
    assert (texts / "a.md").read_text("utf-8").startswith("# ")
    assert "data-figure" in (texts / "a.html").read_text("utf-8")
    assert json.loads((texts / "a.json").read_text("utf-8"))["date"] == DAYS[-1]
    capsys.readouterr()
    scored = ["factcheck", str(texts), "--score", "--market", str(folder / "market.toml")]
    assert main(scored) == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--format", "docx"], "--out"),
        (["--notes"], "Markdown"),
        (["--style", "epic"], "style"),
        (["--phrases", "none.toml"], "none.toml"),
        (["--as-of", "yesterday"], "--as-of"),
    ],
)
def test_a_wrong_option_is_named(
    folder: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["write", "--market", str(folder / "market.toml"), *options]) == 2
    assert said in capsys.readouterr().err


# ---- phrases


def test_the_phrases_shipped_pass_their_own_checks(tmp_path: Path) -> None:
    shipped = (resources.files("paceline") / "data" / "phrases.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(shipped, encoding="utf-8")
    for style in STYLES:
        made = phrases.style(style, tmp_path / "mine.toml")
        assert set(made.tables["sentences"]) == set(PARTS)


def test_a_users_phrases_take_the_place_of_those_shipped(friday: Any, tmp_path: Path) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(
        '[sentences]\nmove_up = ["{window}, {subject} was up {value}."]\n'
        'move_down = ["{window}, {subject} was down {value}."]\n[style.note]\ndigits = 1\n',
        encoding="utf-8",
    )
    story = write(friday, style="note", own=own)
    assert re.search(r"On Friday, the SIM 500 was (up|down) \d\.\d%\.", plain.text(story))


@pytest.mark.parametrize(
    ("text", "said", "remedy"),
    [
        ("[sentences]\nmove_up = ['{subject} rose {value}.']", "move_up", "{window}"),
        ("[sentences]\nmove_up = ['{who} {subject} {value} {window}']", "{who}", "{rose}"),
        ("[sentences]\nmove_up = ['Up 5% {subject} {value} {window}']", "digits", "words"),
        ("[sentences]\nmove_up = []", "move_up", "list"),
        ("[sentences]\nmove_upp = ['x']", "move_upp", "'move_up'"),
        ("[sentences]\nmove_up = ['{subject']", "move_up", "{name}"),
        ("[sentences]\nmove_up = ['{subject!r} {value} {window}']", "{subject}", "parts"),
        ("[sentences]\nmove_up = ['{subject}\\n{value} {window}', 3]", "3", "text"),
        ("[words]\nrose = ['{fell}']", "{fell}", "none"),
        ("sentences = 3", "sentences", "docs"),
        ("[style.wire]\ndigits = 3", "style.wire.digits", "1 or 2"),
        ("[style.wire]\nheadings = 1", "headings", "true or false"),
        ("[style.epic]\ndigits = 1", "epic", "wire"),
        ("[headings]\nday = [", "TOML", "docs/write.md"),
    ],
)
def test_a_fault_of_a_phrases_file_is_named_with_its_remedy(
    tmp_path: Path, text: str, said: str, remedy: str
) -> None:
    own = tmp_path / "mine.toml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as error:
        phrases.style("wire", own)
    assert str(own) in error.value.message and said in error.value.message
    assert remedy in error.value.remedy


def test_the_page_lists_every_sentence_with_its_parts() -> None:
    page = (Path(__file__).parent.parent / "docs" / "write.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    for key, parts in PARTS.items():
        named = ", ".join(f"`{{{p}}}`" for p in parts) or "none"
        assert any(f"`{key}`" in row and row.endswith(f"| {named} |") for row in rows), key


def test_a_phrase_is_not_taken_twice_in_a_row_where_there_is_another() -> None:
    teller = Teller(phrases.style("wire"), 0)
    chosen = [teller.choose(("a", "b", "c")) for _ in range(50)]
    assert all(a != b for a, b in pairwise(chosen))
    assert set(chosen) == {"a", "b", "c"}
    parts = {"subject": Label("the X 5")}
    assert (
        teller.tell(Fact("title_none", {**parts, "window": "today"})).sentence.text
        == "The X 5 today"
    )


# ---- small markets


def test_a_market_of_one_index_has_a_story(tmp_path: Path) -> None:
    path = tiny_market.write(tmp_path, sessions=300)
    made = dict(tiny_market.MARKET)
    for key in ("universes", "groups", "rotations", "measures", "report"):
        made.pop(key)
    made["baskets"] = {"idx": {"instrument": "IDX"}}
    made["market"] = {k: v for k, v in made["market"].items() if k != "universe"}
    path.write_text(tiny_market.text(made))
    market = paceline.open(path)
    market.ensure()
    text = plain.text(write(market, length="long"))
    assert "idx" in text and "cannot be said" in text


def test_what_is_missing_is_said_and_nothing_else_of_it(tmp_path: Path) -> None:
    path = tiny_market.write(tmp_path, sessions=300)
    market = paceline.open(path)
    market.ensure()
    story = write(market, length="long")
    assert all(c.figure.value is not None for one in story.told for c in one.claims)
