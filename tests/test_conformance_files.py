"""``paceline conformance FILE``: what breaks, what was changed to see it, which cells, why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paceline import plugins
from paceline.cli import USAGE, main
from paceline.conformance import CheckedItem, Fault, check_file
from paceline.errors import PluginError, UsageError

HEAD = """
import hashlib
import numpy as np
import polars as pl
from paceline.baskets import weighting
from paceline.document import Grid, Label, Section, Sentence
from paceline.lineage import Origin
from paceline.measures import Result, View, measure
from paceline.pages import page
from paceline.sources import Parsed, Raw
"""
MEASURE = '''
@measure(question="What is the change?", of="levels", unit="return", shows="series",
         references=("none",), lookback=lambda p: 1)
def change(view: View) -> Result:
    """Change from close to close.

    value_t = L_t / L_t-1 - 1. Missing: no value without both.
    """
    out = np.full(view.shape, np.nan)
    out[:, 1:] = view.levels[:, 1:] / view.levels[:, :-1] - 1
    return Result(out)
'''
AHEAD = MEASURE.replace("out[:, 1:] =", "out[:, :-1] =")
PAGE = '''
@page(place=1)
def hello(ask):
    """A page."""
    rows = ((Label("1"), "one"),)
    grid = Grid("Names", ("Digit", "Word"), rows)
    return Section("hello", "Hello", "Who is there?", (Sentence(("Nobody.",)), grid))
'''
WEIGHTING = '''
@weighting("root")
def root(at):
    """The root of the cap."""
    return at.proportional(np.sqrt(at.size))
'''
TWICE = "CALLS = []\n"
SOURCE = """
def fetch(name, spec, folder):
    data = (folder / spec.path).read_bytes()
    return [Raw(data, Origin("a", "b", "c", checksum=hashlib.sha256(data).hexdigest()))]

def parse(name, spec, raws, context):
    frame = pl.DataFrame({"series": ["x"], "date": [context.sessions[0]], "value": [1.0]})
    return Parsed({"series": frame.with_columns(known=pl.col("date"))})

def sample(folder):
    (folder / "x.txt").write_text("x")
    return {"path": "x.txt", "table": "series"}
"""


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is allowed: conformance needs no permission but that the file is named."""
    monkeypatch.setenv("PACELINE_CONFIG", str(tmp_path / "settings"))
    monkeypatch.setattr(plugins, "_ALLOWED", set())


def checked(home: Path, text: str) -> list[CheckedItem]:
    file = home / "mine.py"
    file.write_text(HEAD + text, encoding="utf-8")
    return check_file(file)


def faults(home: Path, text: str) -> list[Fault]:
    (one,) = checked(home, text)
    return list(one.faults)


def test_a_sound_file_conforms(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each thing it offers is named; what it imports from the package is not its own."""
    text = (
        "from paceline.measures.performance import performance\n"
        + MEASURE
        + PAGE
        + SOURCE
        + WEIGHTING
    )
    assert [(c.kind, c.name, c.faults) for c in checked(tmp_path, text)] == [
        ("source", "mine", ()),
        ("measure", "change", ()),
        ("weighting", "root", ()),
        ("page", "hello", ()),
    ]
    assert main(["conformance", str(tmp_path / "mine.py")]) == 0
    said = capsys.readouterr().out
    assert said == (
        "source mine: conforms\nmeasure change: conforms\nweighting root: conforms\n"
        "page hello: conforms\n"
    )


def test_a_look_ahead_is_explained(tmp_path: Path) -> None:
    """The session of the cut, the cells that differ with both values, and a cause."""
    found = faults(tmp_path, AHEAD)
    cut = next(f for f in found if "cut" in f.says)
    day = cut.changed.rpartition("(")[2].rstrip(")")
    assert cut.changed == f"the view was cut at session {cut.changed.split()[6]} ({day})"
    assert f"looks ahead of {day}" in cut.says
    assert 1 <= len(cut.cells) <= 3
    for cell in cut.cells:  # only the last session's value used the next one
        subject, on, *values = cell.replace(":", "").split()
        assert on == day
        assert subject
        assert values[1:] == ["before,", "missing", "after"]
        assert abs(float(values[0])) < 0.5
    assert "shift by a negative number" in cut.cause
    assert any("another future" in f.says for f in found)


def test_a_short_lookback_is_explained(tmp_path: Path) -> None:
    found = faults(tmp_path, MEASURE.replace("lookback=lambda p: 1", "lookback=lambda p: 0"))
    (fault,) = found
    assert fault.says.startswith("lookback of 0 is too short: value differs in ")
    assert fault.changed == "the view began 0 sessions before its last one"
    assert "missing after" in fault.cells[0]
    assert "one close more" in fault.cause


def test_a_crash_on_a_changed_view_names_the_line(tmp_path: Path) -> None:
    """A measure that expects so many sessions fails with fewer, and the checks go on."""
    short = MEASURE.replace("    out[:, 1:]", "    assert len(view.sessions) > 900\n    out[:, 1:]")
    line = (HEAD + short).splitlines().index("    assert len(view.sessions) > 900") + 1
    told = [f.says for f in faults(tmp_path, short)]
    assert any(
        s.startswith(f"raises AssertionError in line {line} when the view was cut") for s in told
    )
    assert any("when the view began 1 session" in s for s in told)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (PAGE.replace('"Nobody."', '"3 people."'), "a sentence holds digits in plain words"),
        (PAGE.replace('"Who is there?"', '""'), "it has no question"),
        (PAGE.replace('"Hello", ', '"Hello 2", '), "the title and question holds digits"),
        (PAGE.replace('("Digit", "Word")', '("Digit",)'), "2 cells under 1 head"),
        (PAGE.replace('"one"', "1.0"), "holds float, not words, a Label or a Figure"),
        (PAGE.replace("grid))", '"words"))'), "a block is str"),
        (PAGE.replace("return Section", "return 1 / Section"), r"the page failed: TypeError"),
        (PAGE.replace('"Nobody."', '"a" * len(CALLS.append(1) or CALLS)') + TWICE, "built twice"),
        (WEIGHTING.replace("at.proportional(", "2 * at.proportional("), "sum to 2, not to one"),
        (WEIGHTING.replace("at.proportional(", "-at.proportional("), "a weight is negative"),
        (WEIGHTING.replace("at.proportional(", "("), "a weight is not a number"),
        (WEIGHTING.replace("np.sqrt(at.size)", "at.nothing"), "failed: AttributeError"),
        (WEIGHTING.replace("at.proportional(", "len("), "it must return an array of"),
        (
            WEIGHTING.replace("at.proportional(np.sqrt(at.size))", "np.ones(3)"),
            "it must return an array of",
        ),
        (
            WEIGHTING.replace(
                "at.proportional(np.sqrt(at.size))", "~at.members / sum(~at.members)"
            ),
            "somebody who is no member has a weight",
        ),
        (
            WEIGHTING.replace("at.size))", "at.size) ** (1 + len(CALLS.append(1) or CALLS) % 2))")
            + TWICE,
            "not pure: built twice",
        ),
        (SOURCE.replace("def sample", "def simple"), "no input to check it on"),
        (SOURCE.replace("[0]],", "[0]], 'own': [1],"), "undeclared column 'own'"),
        (SOURCE.replace("(data).hex", "(data + b'x').hex"), "a checksum is not the SHA-256"),
        (SOURCE.replace("frame = pl", "open(__file__[:-3]); frame = pl"), "the source failed"),
        (
            SOURCE.replace('"table": "series"', '"tables": "series"'),
            "the source failed: Validation",
        ),
        (MEASURE.replace("return Result(out)", "return out"), "returns ndarray, not a Result"),
    ],
)
def test_each_fault_is_told(tmp_path: Path, text: str, says: str) -> None:
    told = [f.says for f in faults(tmp_path, text)]
    assert any(says in s for s in told), told


def test_the_terminal_and_json_tell_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1; each fault with its lines."""
    (tmp_path / "mine.py").write_text(HEAD + AHEAD, encoding="utf-8")
    assert main(["conformance", str(tmp_path / "mine.py")]) == 1
    text = capsys.readouterr().out
    assert main(["conformance", str(tmp_path / "mine.py"), "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)
    assert text.startswith(f"measure change: {len(row['faults'])} faults\n  1. looks ahead of ")
    for fault in row["faults"]:
        assert f"changed:  {fault['changed']}" in text
        assert all(f"differs:  {cell}" in text for cell in fault["cells"])
        assert f"likely:   {fault['cause']}" in text


def test_a_file_without_anything_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to check"):
        checked(tmp_path, "def change(view):\n    return 1\n")


def test_a_file_that_cannot_be_loaded_names_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.py").write_text("x = 1\nimport nothing_there\n", encoding="utf-8")
    assert main(["conformance", str(tmp_path / "mine.py")]) == USAGE
    assert f"{tmp_path / 'mine.py'}:2: cannot be loaded: ModuleNotFound" in capsys.readouterr().err


def test_a_name_of_the_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"'performance': in .*mine\.py and in .*performance\.py"):
        checked(tmp_path, MEASURE.replace("def change", "def performance"))
