"""The handed sentences, one class of miss each: what must be found, and what may be said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from paceline.market import Market

HOLDS, CLOSE, READING, UNCLEAR = "holds", "close", "holds only on reading", "unclear"
MISSING, DIFFERS, NOT = "data missing", "differs", "not checkable"
R, S = "Russell 2000", "S&P 500"
#: Claims of each case in the order of the text: kind, subject, verdict.
EXPECTED: dict[str, list[tuple[str, str, str]]] = {
    "01_text_dated_after_the_data": [("return", R, MISSING), ("return", S, MISSING)],
    "02_window_stolen_by_an_event_of_this_week": [
        ("flow", "", NOT),
        ("return", S, READING),
        ("return", "Nasdaq 100", READING),
        ("return", R, READING),
    ],
    "03_window_of_the_next_clause": [
        ("points", S, HOLDS),
        ("return", S, HOLDS),
        ("level", S, HOLDS),
        ("return", S, HOLDS),
    ],
    "04_in_a_year": [("return", S, HOLDS)] * 2,
    "05_one_year_period": [("return", S, HOLDS)] * 2,
    "06_bringing_its_one_year_return_to": [("return", S, HOLDS)] * 2,
    "07_year_of_a_written_date": [("return", S, HOLDS)],
    "08_with_dividends_in_brackets": [("return", S, HOLDS), ("return", S, UNCLEAR)],
    "09_fund_total_return_for_a_price_index": [
        ("return", "Utilities", MISSING),
        ("return", "Energy", MISSING),
        ("return", "Consumer Staples", MISSING),
        ("return", "Information Technology", UNCLEAR),
    ],
    "10_fund_letter_total_return": [("return", R, MISSING), ("compare", R, HOLDS)],
    "11_points_without_the_word": [("points", S, HOLDS), ("level", S, HOLDS)],
    "12_all_three_at_records": [
        ("return", R, HOLDS),
        ("record", R, HOLDS),
        ("record", S, HOLDS),
        ("streak", R, HOLDS),
        ("streak", S, HOLDS),
    ],
    "13_bullets_without_subject": [
        ("return", S, HOLDS),
        ("level", S, HOLDS),
        ("extreme", S, HOLDS),
        *[("return", S, HOLDS)] * 3,
    ],
    "14_table_of_rows": [("return", n, HOLDS) for n in (S, S, R, R, "Nasdaq 100", "Nasdaq 100")],
    "15_table_one_cell_a_line": [("return", n, HOLDS) for n in (S, S, R, R)],
    "16_table_html": [("return", R, HOLDS), ("return", S, HOLDS)],
    "17_managed_an_increase": [("return", S, HOLDS), ("streak", S, HOLDS)],
    "18_streak_to_seven_months": [("return", S, HOLDS), ("streak", S, HOLDS)],
    "19_50_day_SMA": [("return", S, HOLDS), ("average", S, HOLDS)],
    "20_blue_chip_index": [("return", "Dow Jones Industrial Average", READING)],
    "21_ticker_in_brackets_with_exchange": [("return", "NVDA", HOLDS), ("return", "AMD", CLOSE)],
    "22_in_contrast_to": [("return", "Value", CLOSE), ("return", "Growth", CLOSE)],
    "23_longest_streak_in_weeks": [("streak", S, HOLDS)],
    "24_respectively_and_since": [
        ("return", S, READING),
        ("return", "S&P MidCap 400", READING),
        ("compare", "S&P MidCap 400", READING),
        ("compare", "S&P 500 equal weight", HOLDS),
        ("return", "S&P 500 equal weight", READING),
    ],
    "25_unknown_verbs": [("return", S, HOLDS), ("return", R, HOLDS)],
    "26_habit_taken_for_a_claim": [("return", R, HOLDS)],
    "27_unknown_company_gives_its_fall_to_the_sector": [
        ("return", "XLE", HOLDS),
        ("forecast", "", NOT),
    ],
    "28_two_sessions": [("return", S, READING)] * 2,
    "29_hidden_html": [("return", R, CLOSE)],
    "30_and_is_52_weeks_ago": [("return", S, HOLDS)] * 2,
    "31_gain_trumped": [
        ("return", S, HOLDS),
        ("return", R, HOLDS),
        ("points", R, HOLDS),
        ("level", R, HOLDS),
    ],
    "32_each_soared": [("return", S, HOLDS), ("return", R, DIFFERS)],
    "33_no_stopper_two_numbers_levels": [("return", S, HOLDS), ("level", S, HOLDS)],
    "34_german": [],
    "35_the_500": [
        ("return", S, HOLDS),
        ("return", "S&P SmallCap 600", MISSING),
        ("return", S, HOLDS),
    ],
    "36_fund_passes_for_the_composite": [("return", "Nasdaq Composite", READING)],
    "37_fund_fails_for_the_composite": [("return", "Nasdaq Composite", MISSING)],
    "38_dow_one_year": [
        ("return", "Dow Jones Industrial Average", MISSING),
        ("return", S, HOLDS),
        ("return", "Dow Jones Industrial Average", MISSING),
    ],
}


@pytest.mark.parametrize("case", EXPECTED)
def test_a_handed_sentence_is_read(friday: Market, data: Path, case: str) -> None:
    folder = data.parent / "cases" / "commentary"
    date = {
        name: date
        for name, _, date in map(str.split, (folder / "dates.txt").read_text().splitlines())
    }[case]
    (path,) = folder.glob(f"{case}.*")
    checked = friday.factcheck(path.read_text(encoding="utf-8"), date)
    assert [(v.kind, v.subject, v.verdict) for v in checked] == EXPECTED[case]
    if case == "34_german":
        assert "German" in checked.unread[0].reason


def test_every_handed_sentence_is_expected(data: Path) -> None:
    folder = data.parent / "cases" / "commentary"
    names = {path.stem for path in folder.iterdir()} - {"dates", "what_came_out"}
    assert names == EXPECTED.keys()
