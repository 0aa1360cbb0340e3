"""How a text is cut up before it is read: tables, hidden words, other languages, the parser, numbers left unread."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

import claims_market
import paceline
from paceline.errors import UsageError
from paceline.factcheck import Checked, parse, text
from paceline.factcheck.windows import Reader as Windows
from paceline.market import Market

DAY = "2025-12-05"  # a Friday


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    opened = paceline.open(claims_market.write(tmp_path_factory.mktemp("structure")))
    opened.ensure()
    return opened


def found(checked: Checked) -> list[tuple[str, str, float | None]]:
    """(kind, subject, number stated) of each claim."""
    return [
        (v.kind, v.subject, None if v.value is None else round(v.value, 6)) for v in checked.claims
    ]


TABLES = (
    "Index | November | Year to date\nS&P 500 | -0.8% | +25.5%\nRussell 2000 | +1.9% | +9.4%\n",
    "| Index | November | YTD |\n|---|---|---|\n| S&P 500 | -0.8% | 25.5% |\n"
    "| Russell 2000 | 1.9% | 9.4% |\n",
    "Index\n\nNovember\n\nYTD\n\nS&P 500\n\n-0.8%\n\n25.5%\n\nRussell 2000\n\n1.9%\n\n9.4%\n",
    "Index           November    YTD\nS&P 500         -0.8%       25.5%\n"
    "Russell 2000    1.9%        9.4%\n",
    "Index,November,YTD\nS&P 500,-0.8%,25.5%\nRussell 2000,1.9%,9.4%\n",
    "Index\tNovember\tYTD\nS&P 500\t(0.8)%\t25.5%\nRussell 2000\t1.9%\t9.4%\n",
    "<table><tr><th>Index</th><th>November</th><th>YTD</th></tr><tr><td>S&amp;P 500</td>"
    "<td>-0.8%</td><td>25.5%</td></tr><tr><td>Russell 2000</td><td>1.9%</td><td>9.4%</td></tr>"
    "</table>",
)


@pytest.mark.parametrize("said", TABLES, ids=range(len(TABLES)))
def test_a_cell_has_the_subject_of_its_row_and_the_window_of_its_column(
    market: Market, said: str
) -> None:
    checked = market.factcheck(said, DAY)
    assert found(checked) == [
        ("return", "S&P 500", -0.008),
        ("return", "S&P 500", 0.255),
        ("return", "Russell 2000", 0.019),
        ("return", "Russell 2000", 0.094),
    ]
    assert {v.verdict for v in checked.claims} <= {"holds", "close"}
    assert {v.window for v in checked.claims} == {
        "2025-10-31 to 2025-11-28",
        "2024-12-31 to 2025-12-05",
    }


def test_a_table_on_its_side_is_read_too(market: Market) -> None:
    said = "Period | S&P 500 | Russell 2000\nNovember | -0.8% | 1.9%\nYTD | 25.5% | 9.4%\n"
    assert sorted(found(market.factcheck(said, DAY))) == [
        ("return", "Russell 2000", 0.019),
        ("return", "Russell 2000", 0.094),
        ("return", "S&P 500", -0.008),
        ("return", "S&P 500", 0.255),
    ]


def test_a_year_above_a_column_is_its_heading(market: Market) -> None:
    said = "             November   4th Qtr   2025\nS&P 500        -0.8%      4.6%  25.5%\nRussell 2000    1.9%      5.2%   9.4%\n"
    claims = market.factcheck(said, DAY).claims
    windows = {(v.subject, round(v.value or 0, 9)): v.window for v in claims}
    assert windows == {
        ("S&P 500", -0.008): "2025-10-31 to 2025-11-28",
        ("S&P 500", 0.046): "2025-09-30 to 2025-12-05",
        ("S&P 500", 0.255): "2024-12-31 to 2025-12-05",
        ("Russell 2000", 0.019): "2025-10-31 to 2025-11-28",
        ("Russell 2000", 0.052): "2025-09-30 to 2025-12-05",
        ("Russell 2000", 0.094): "2024-12-31 to 2025-12-05",
    }


def test_columns_without_headings_are_not_guessed(market: Market) -> None:
    said = "S&P 500 | -0.8% | 25.5%\nRussell 2000 | 1.9% | 9.4%\n"
    checked = market.factcheck(said, DAY)
    assert not checked.claims
    assert {u.reason for u in checked.unread} == {"its column has no heading"}


def test_closes_in_a_table_are_levels_and_cells_without_a_unit_are_listed(market: Market) -> None:
    said = "Index | Close | Flow\nS&P 500 | 1,255.25 | 12.5\nRussell 2000 | 547.00 | 3.1\n"
    checked = market.factcheck(said, DAY)
    assert found(checked) == [("level", "S&P 500", 1255.25), ("level", "Russell 2000", 547.0)]
    assert [u.quote for u in checked.unread] == ["12.5", "3.1"] and checked.exit_code == 4


@pytest.mark.parametrize(
    "hidden",
    [
        '<p style="display:none">The S&amp;P 500 fell 40% in November.</p>',
        "<div hidden>The S&amp;P 500 fell 40% in November.</div>",
        '<span aria-hidden="true">The S&amp;P 500 fell 40% in November.</span>',
        "<template><p>The S&amp;P 500 fell 40% in November.</p></template>",
        '<div style="visibility: hidden"><div>The S&amp;P 500</div> fell 40% in November.</div>',
    ],
)
def test_what_a_browser_does_not_show_is_not_read(market: Market, hidden: str) -> None:
    said = f"<p>The Russell 2000 rose 1.9% in November.</p>{hidden}<p>Good night.</p>"
    assert found(market.factcheck(said, DAY)) == [("return", "Russell 2000", 0.019)]


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("Der Russell 2000 gewann im November 2025 1,9 Prozent.", "German"),
        ("Le Russell 2000 a gagné 1,9 % au mois de novembre pour la France.", "French"),
        ("El Russell 2000 subió un 1,9% en el mes de noviembre.", "Spanish"),
        ("The Russell 2000 rose 1.9% in November, and that was that.", "English"),
        ("S&P 500 +1.2%", "English"),
    ],
)
def test_another_language_is_said_and_its_numbers_are_listed(
    market: Market, said: str, language: str
) -> None:
    assert text.language(said) == language
    checked = market.factcheck(said, DAY)
    if language != "English":
        assert checked.claims == () and checked.unread and checked.exit_code == 4
        assert any(language in note for note in checked.notes)


def test_a_decimal_comma_is_read_in_english(market: Market) -> None:
    assert found(market.factcheck("The Russell 2000 rose 1,9% in November.", DAY)) == [
        ("return", "Russell 2000", 0.019)
    ]


def test_numbers_left_unread_change_the_exit_code(market: Market) -> None:
    right = "The Russell 2000 rose 1.9% in November."
    assert market.factcheck(right, DAY).exit_code == 0
    unread = market.factcheck(f"{right} The Freedonia Index rose 3%.", DAY)
    assert [u.quote for u in unread.unread] == ["3%"] and unread.exit_code == 4
    wrong = market.factcheck("The Russell 2000 rose 5.9% in November. The Foo rose 3%.", DAY)
    assert wrong.exit_code == 1
    figure = market.factcheck(f"{right} Inflation rose 3%.", DAY)
    assert figure.unread == () and figure.exit_code == 0


def test_a_claim_without_any_window_never_holds_plainly(market: Market) -> None:
    [claim] = market.factcheck("The S&P 500 rose 0.4%.", DAY).claims
    assert claim.verdict == "holds only on reading" and "names no window" in claim.reason


def test_a_wrong_number_shows_its_sentence_and_the_closest_reading(market: Market) -> None:
    [claim] = market.factcheck("In November the Russell 2000 rose 3.9%.", DAY).claims
    assert claim.verdict == "differs" and "2.0 points off" in claim.reason
    assert claim.sentence == "In November the Russell 2000 rose 3.9%."
    assert claim.closest is not None and claim.closest.value == pytest.approx(540 / 530 - 1)
    assert claim.window == "2025-10-31 to 2025-11-28" and claim.figure.basis == "price"


def test_another_window_that_the_text_names_makes_no_plain_difference(market: Market) -> None:
    said = "The Russell 2000 rose 1.9% in November. It has gained 9.4%."
    first, *rest = [v.verdict for v in market.factcheck(said, DAY).claims]
    assert first == "holds" and rest and "differs" not in rest


def test_without_a_model_one_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse, "MODELS", ("no_such_model",))
    parse.model.cache_clear()
    try:
        with pytest.raises(UsageError) as caught:
            parse.model()
        assert "no_such_model" in caught.value.message
        assert "pip install 'paceline[factcheck]'" in caught.value.remedy
    finally:
        parse.model.cache_clear()


def test_the_model_in_use_is_named(market: Market) -> None:
    assert parse.name().startswith("en_")
    assert market.factcheck("The S&P 500 rose 0.4%.", DAY).to_json()["parser"] == parse.name()


@pytest.mark.parametrize(
    ("said", "first", "end"),
    [
        ("on Black Friday", "2024-11-29", "2024-11-29"),
        ("on Good Friday", "2024-03-29", "2024-03-29"),
        ("since Christmas Eve", "2024-12-24", None),
        ("Thanksgiving week", "2024-11-25", "2024-12-01"),
        ("for the one-year period", "2024-01-31", None),
        ("in a year", "2024-01-31", None),
        ("from 52 weeks ago", "2024-02-02", None),
        ("from last month's close", "2024-12-31", None),
        ("from its pre-pandemic Feb. 19, 2020, closing high", "2020-02-19", None),
        ("in the three months to the end of September", "2024-06-30", "2024-09-30"),
        ("the first six months of 2024", "2024-01-01", "2024-06-30"),
        ("in the December quarter", "2024-10-01", "2024-12-31"),
        ("since the election", "2024-11-05", None),
        ("last wk", "2025-01-20", "2025-01-26"),
    ],
)
def test_windows_of_commentary(said: str, first: str, end: str | None) -> None:
    [w] = Windows(dt.date(2025, 1, 31)).find(said, 0, len(said))
    assert (str(w.first), w.end and str(w.end)) == (first, end) and not w.unclear


def test_start_up_of_other_commands_does_not_load_the_parser(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = "import sys, paceline.factcheck.reader; print('spacy' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
