"""Tables of the command line: they fit the terminal, and nothing of them is cut or lost."""

from __future__ import annotations

import pytest
from rich.console import Console

from paceline.cli.tables import say_table
from paceline.errors import UnknownName
from paceline.report import terminal
from test_screen import printed, row

COLUMNS = ["new leader", "horizon", "independent observations", "mean", "all days", "why"]
ROWS = [
    [f"SIM {n}", f"{21 * n}", f"{n}", f"+{n}.25%", f"-{n}.75%", f"only {n} of them, ten are needed"]
    for n in range(1, 6)
]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_a_table_fits_every_terminal(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    say_table(COLUMNS, ROWS, "What followed, and how often, in a title that is longer", keys=2)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    words = out.split()
    for line in ROWS:
        for text in line[2:]:
            for word in text.split():
                assert word in words, "no word and no number is broken"
        assert line[0] in out, "a short entry stays on its line"
    tables = out.count("leader")
    assert out.count("SIM 3") == tables, "the keys stand in each table"
    assert (tables > 1) == (width == 40)


def test_a_table_in_a_pipe_keeps_a_row_on_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    long = "a remedy " * 40
    say_table(["check", "remedy"], [["split", long]])
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("split") and line.count("remedy") == 40 for line in lines)


def test_a_table_without_rows_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(["check", "count"], [], "Findings")
    assert capsys.readouterr().out == "Findings: none.\n"


def test_columns_without_an_entry_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    say_table(["who", "empty", "full"], [["a", "", ""], ["b", "", "x"]])
    head = capsys.readouterr().out.splitlines()[0]
    assert head.split() == ["who", "full"]


def test_a_caveat_beneath_a_table_says_whose_it_is() -> None:
    rows = [
        row("a", 0.1, caveats=["of all", "of some"]),
        row("b", 0.2, caveats=["of all", "of some", "b has no level"]),
        row("c", 0.3, caveats=["of all"]),
    ]
    told = [line for line in printed(rows, 80, None)[1].splitlines() if line.startswith("!")]
    assert told == ["! of all", "! of some (a, b)", "! b has no level"]
    many = [row(f"n{i}", 0.1, caveats=["held"] if i else []) for i in range(6)]
    assert "! held (n1, n2, n3, ...)" in printed(many, 80, None)[1]


def test_the_title_of_a_table_is_not_squeezed() -> None:
    text = printed([row("a", 0.1), row("b", 0.2)], 80, None)[1]
    assert text.splitlines()[0] == "m, statistic s, on 2025-12-05, basis price"
    assert terminal.rows([], Console(width=80)) == 0


def test_names_and_their_labels_are_proposed_once() -> None:
    labels = {"Large caps": "large", "large caps": "large", "b 0": "b_0"}
    near = UnknownName("basket", "large cap", ["large", "b_0"], labels)
    assert near.remedy == "Did you mean 'large'?"
    assert UnknownName("basket", "xyz", ["large", "b_0"], labels).remedy == "Known: b_0, large."
    assert UnknownName("basket", "b 1", ["large", "b_0"], labels).remedy == "Did you mean 'b_0'?"


@pytest.mark.parametrize("width", [60, 80, 100, 140, 220])
def test_no_number_of_a_row_is_cut(width: int) -> None:
    """As many further columns as a measure may have: what does not fit stands beneath, named."""
    further = {f"column_{n}": f"word {n} of several" for n in range(9)}
    rows = [
        row(f"basket {i}", i / 7, statistic=f"statistic {i}", noise=i / 9, **further)
        for i in range(1, 5)
    ]
    for line in rows[::2]:
        line["column_3"] = "another"
    text = printed(rows, width, None)[1]
    assert "…" not in text and max(map(len, text.splitlines())) <= width
    words = text.split()
    for i, line in enumerate(rows, 1):
        assert f"+{100 * i / 7:.2f}%" in words and line["figure"].replace(" ", "") in "".join(words)
        assert f"{i / 9:.4g}" in [word.strip(",") for word in words]
    assert "column 3" in " ".join(words)
