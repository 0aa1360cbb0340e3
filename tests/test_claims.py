"""The claims of a text, end to end, on a market whose closes are set by hand (``claims_market``)."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

import claims_market
import paceline
from paceline.cli import main
from paceline.errors import UsageError
from paceline.factcheck import Checked
from paceline.market import Market
from paceline.report import factcheck as page

DAY = "2025-12-05"  # a Friday


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return claims_market.write(tmp_path_factory.mktemp("claims"))


@pytest.fixture(scope="module")
def market(file: Path) -> Market:
    opened = paceline.open(file)
    opened.ensure()
    return opened


def check(market: Market, text: str, date: str | None = DAY) -> Checked:
    return market.factcheck(text, date)


@pytest.mark.parametrize(
    ("text", "kind", "verdict", "value"),
    [
        # SPX 1000 -> 1255.25
        ("The S&P 500 is up 25.5% this year.", "return", "holds", 0.25525),
        (
            "The S&P 500 has gained about a quarter since the start of the year.",
            "return",
            "holds",
            0.25525,
        ),
        ("The S&P 500 is up 25.6% this year.", "return", "close", 0.25525),
        ("The S&P 500 is up 21% this year.", "return", "differs", 0.25525),
        ("The S&P 500 has lost 25.5% this year.", "return", "differs", 0.25525),
        ("The S&P 500 is up more than 26% this year.", "return", "close", 0.25525),
        ("The S&P 500 is up more than 25% this year.", "return", "holds", 0.25525),
        # 1250 -> 1240; RUT 530 -> 540
        ("In November the S&P 500 slipped 0.8%.", "return", "holds", -0.008),
        ("November saw a 1.9% gain in the Russell 2000.", "return", "holds", 540 / 530 - 1),
        # 1180 -> 1255.25, and to the day before 1250.5: +6.4% and +6.0%
        ("Since November 20 the S&P 500 has climbed 6.4%.", "return", "holds", 1255.25 / 1180 - 1),
        (
            "Since November 20 the S&P 500 has climbed 6.0%.",
            "return",
            "holds only on reading",
            1255.25 / 1180 - 1,
        ),
        # 545 -> 550 on Thursday
        ("On Thursday the Russell 2000 rose 0.9%.", "return", "holds", 550 / 545 - 1),
        # of a short history
        (
            "The Russell 2000 hit a record high on Thursday.",
            "record",
            "holds only on reading",
            None,
        ),
        ("The Russell 2000 hit a record high on Friday.", "record", "differs", None),
        (
            "Small caps beat the S&P 500 by 2.7 percentage points in November.",
            "compare",
            "holds",
            540 / 530 - 1240 / 1250,
        ),
        (
            "The Nasdaq 100 outperformed the S&P 500 in November.",
            "compare",
            "differs",
            2500 / 2600 - 1240 / 1250,
        ),
        ("The S&P 500 closed at 1,255.25 on Friday.", "level", "holds", 1255.25),
        ("The S&P 500 closed at 1,260.25 on Friday.", "level", "differs", 1255.25),
        # a longer run
        ("The S&P 500 rose for a third straight session on Friday.", "streak", "differs", None),
        ("The S&P 500 trades above its 50-day moving average.", "average", "holds", None),
        ("Utilities fell 1% in November.", "return", "differs", 0.01),
        (
            "Energy was the best-performing sector in November, with a 5% gain.",
            "rank",
            "holds",
            0.05,
        ),
        ("Technology led gains in November.", "rank", "differs", 143.4 / 150 - 1),
        (
            "Strategists forecast a 12% S&P 500 rally to 1,406 next year.",
            "implied",
            "holds",
            1406 / 1255.25 - 1,
        ),
        ("Bitcoin fell 8% on Thursday.", "return", "data missing", None),
        ("The S&P 500 rose 12% in 1999.", "return", "data missing", None),
        ("The S&P 500 rose 0.4% yesterday.", "return", "holds", 1250.5 / 1245 - 1),
    ],
)
def test_verdicts_against_hand_work(
    market: Market, text: str, kind: str, verdict: str, value: float | None
) -> None:
    found = [v for v in check(market, text).claims if v.kind == kind]
    assert len(found) == 1, [(v.kind, v.quote) for v in check(market, text)]
    assert found[0].verdict == verdict, (found[0].reason, found[0].tried)
    if value is not None:
        assert found[0].figure.value == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    ("said", "verdict", "why"),
    [
        # -0.5% on Friday, +1.9% in November: the sentence names neither
        ("The Russell 2000 lost 0.5%.", "unclear", "over the day to 2025-12-05 it holds"),
        # over a window that another sentence names
        ("The Russell 2000 rose 0.9%. On Thursday it rallied.", "unclear", "over"),
        # the sentence speaks of a time that is not understood
        ("Back in those weeks the Russell 2000 gained 9.7%.", "unclear", "speaks of 'weeks'"),
        # from the end of what was spoken of before: 547 / 540
        ("From there the Russell 2000 gained 1.3%.", "holds", ""),
        # nothing is left open
        ("In November the Russell 2000 lost 0.5%.", "differs", "the sign is wrong"),
        ("The Russell 2000 gained 9.7%.", "differs", "7.8 points off"),
    ],
)
def test_a_window_from_elsewhere_is_no_ground_for_differs(
    market: Market, said: str, verdict: str, why: str
) -> None:
    found = check(market, f"In November the S&P 500 fell 0.8%. {said}").claims
    [claim] = [v for v in found if v.subject == "Russell 2000" and v.kind == "return"]
    assert claim.verdict == verdict, claim.reason
    assert why in claim.reason


def test_one_claim_in_two_sentences_is_judged_by_each(market: Market) -> None:
    """The second speaks of a time that is not understood; the first leaves nothing open."""
    said = "The Russell 2000 gained 9.7%. Back in those weeks the Russell 2000 gained 9.7%."
    found = check(market, f"In November the S&P 500 fell 0.8%. {said}").claims
    assert [v.verdict for v in found] == ["holds", "differs", "unclear"]


def test_a_fund_for_an_index_that_is_not_stored_is_never_a_plain_holds(market: Market) -> None:
    assert check(market, "In November the Dow gained 0.9%.")[0].verdict == "holds only on reading"
    # dividends may explain what is missing up to the total return of 12.2%
    [claim] = check(market, "The Dow is up 10.5% this year.").claims
    assert claim.verdict == "data missing" and "dividends" in claim.reason


def test_multi_day_streaks_between_two_indices_are_counted_day_by_day(market: Market) -> None:
    text = "The Russell 2000's multi-session outperformance against the S&P 500 and Nasdaq 100 continued."
    assert [(v.against, v.verdict) for v in check(market, text).claims] == [
        ("S&P 500", "holds"),
        ("Nasdaq 100", "holds"),
    ]


def test_a_match_on_a_later_reading_says_which_and_how_many_were_tried(market: Market) -> None:
    [claim] = check(market, "Since November 20 the S&P 500 has climbed 6.0%.").claims
    assert len(claim.tried) >= 2 and claim.matching == 1
    assert claim.width == pytest.approx(
        max(t.value for t in claim.tried) - min(t.value for t in claim.tried)
    )
    assert "2025-12-04" in claim.reason and claim.dont and "+6.38%" in claim.safe


def test_every_verdict_is_a_figure_that_leads_back_to_the_imports(market: Market) -> None:
    [claim] = check(market, "The S&P 500 is up 25.5% this year.").claims
    steps = market.lineage([claim.figure.step])
    names = [s.name for s in steps]
    assert names[-2:] == ["claim", "figure"]
    assert {"import", "basket", "window_return"} <= set(names)
    assert claim.figure.id == check(market, "The S&P 500 is up 25.5% this year.")[0].figure.id


def test_what_cannot_be_checked_says_why(market: Market) -> None:
    text = (
        "Investors are pouring money into small caps. We expect the S&P 500 to gain 10% next year. "
        "We think the Nasdaq 100 is overvalued. Earnings rose 8% in November."
    )
    checked = check(market, text)
    assert [(v.kind, v.verdict) for v in checked] == [
        ("flow", "not checkable"),
        ("forecast", "not checkable"),
        ("opinion", "not checkable"),
        ("figure", "not checkable"),
    ]
    assert checked[-1].quote == "8%" and "earnings" in checked[-1].reason and not checked.unread
    assert checked.claims == () and checked.exit_code == 0


def test_contradictory_numbers_are_said_to_be(market: Market) -> None:
    first, second = check(market, "The S&P 500 rose 2% and fell 3% on Thursday.").claims
    assert (first.verdict, second.verdict) == ("differs", "differs")
    assert any("contradicts itself" in n for n in first.notes) and any(
        "contradicts itself" in n for n in second.notes
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("The S&P 500 rose 2% on Thursday.", "does not say when it was written"),
    ],
)
def test_texts_that_cannot_be_read_are_usage_errors(
    market: Market, text: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        market.factcheck(text)


def test_a_text_younger_than_the_data_misses_them(market: Market) -> None:
    checked = check(market, "The S&P 500 rose 2% on Thursday.", "2026-03-06")
    assert [v.verdict for v in checked] == ["data missing"] and checked.exit_code == 3
    assert "2025-12-05" in checked[0].reason


@pytest.mark.parametrize(
    "text",
    [
        "Le S&P 500 a gagné 0,3% jeudi.",
        "标普500指数周四上涨0.1%。",
        "%%% \x00\x1b[31m ((((",
        "S&P 500 " * 2000,
        "more than " * 5000,
        "The S&P 500 rose 1e309% on Thursday.",
        "(" * 4000 + "S&P 500 rose 1%" + ")" * 4000,
    ],
)
def test_other_languages_and_noise_hold_nothing_and_break_nothing(
    market: Market, text: str
) -> None:
    assert not [v for v in check(market, text) if v.verdict == "holds"]


def test_nothing_from_the_text_becomes_markup(market: Market) -> None:
    text = (
        '<b onclick="x()">The S&amp;P 500</b> rose 0.4% on Thursday.<script>alert("S&P 500 rose 9%")</script>\x1b[31m\n'
        '"><img src=x onerror=alert(1)> The Russell 2000 gained 0.9% on Thursday.'
    )
    checked = check(market, text)
    assert [(v.verdict, v.subject) for v in checked.claims] == [
        ("holds", "S&P 500"),
        ("holds", "Russell 2000"),
    ]
    html = page.render(checked, "<Title>")
    assert re.findall(r"<script|<img|onclick=\"x|\x1b|<Title>", html) == []
    assert "&lt;script&gt;" in html and html.count('class="good"') >= 2


def test_a_long_text_is_read_whole(market: Market) -> None:
    part = "On Thursday the Russell 2000 rose 0.9%. The S&P 500 added 0.4% the same day, and nobody was surprised at all.\n\n"
    checked = check(market, part * 500)
    assert len(checked.claims) == 1000 and {v.verdict for v in checked.claims} == {"holds"}


# ---- the command
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The S&P 500 is up 25.5% this year.", 0),
        ("The S&P 500 is up 21% this year.", 1),
        ("Bitcoin fell 8% on Thursday.", 3),
        ("The S&P 500 is up 25.5% this year. Bitcoin fell 8% on Thursday.", 3),
        ("", 2),
    ],
)
def test_exit_codes(
    market: Market,
    file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    code: int,
) -> None:
    path = tmp_path / "text.txt"
    path.write_text(text)
    assert main(["factcheck", str(path), "--date", DAY, "--market", str(file)]) == code
    out, err = capsys.readouterr()
    assert ("error:" in err) == (code == 2)
    assert code == 2 or " found." in out


def test_json_page_and_standard_input(
    market: Market,
    file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Pipe(io.TextIOWrapper):
        def isatty(self) -> bool:
            return False

    monkeypatch.setattr(
        "sys.stdin",
        Pipe(io.BytesIO(b"December 5, 2025\n\nThe S&P 500 is up 25.5% this year, thanks to AI.")),
    )
    out = tmp_path / "page.html"
    assert main(["factcheck", "--json", "--html", str(out), "--market", str(file)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["date"] == "2025-12-05" and found["dated"].startswith("found in the text")
    row = found["verdicts"][0]
    assert (
        row["verdict"] == "holds"
        and row["value"] == pytest.approx(0.25525)
        and row["claimed"] == pytest.approx(0.255)
    )
    assert f'data-figure="{row["figure"]}"' in out.read_text()


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["nowhere.txt", "--date", DAY], 2, "cannot be read"),
        (["x.txt", "--date", "5 Dec"], 2, "is not a date"),
        (["nowhere", "--score"], 2, "is no folder"),
    ],
)
def test_bad_arguments(
    file: Path,
    market: Market,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    argv: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["factcheck", *argv, "--market", str(file)]) == code
    assert message in capsys.readouterr().err


def test_the_measuring_script_counts_what_is_right_wrong_and_missed(
    market: Market, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_text(
        "The S&P 500 is up 25.5% this year. On Thursday the Russell 2000 rose 0.9%."
    )
    key = {
        "date": DAY,
        "claims": [
            {
                "quote": "up 25.5% this year",
                "kind": "return",
                "subject": "S&P 500",
                "value": 0.255,
                "verdict": ["differs"],
            },
            {
                "quote": "up 25.5% this year",
                "kind": "record",
                "subject": "S&P 500",
                "verdict": ["holds"],
            },
        ],
    }
    (tmp_path / "a.json").write_text(json.dumps(key))
    assert main(["factcheck", str(tmp_path), "--score", "--json", "--market", str(file)]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["precision"], found["recall"], found["wrong_holds"]) == (0.5, 0.5, 1)
    (tmp_path / "a.json").write_text("{}")
    assert main(["factcheck", str(tmp_path), "--score", "--market", str(file)]) == 3
    assert "no usable answer key" in capsys.readouterr().err


def test_the_keys_quote_their_texts() -> None:
    folder = Path(__file__).parent / "commentaries"
    texts = sorted(folder.glob("*.txt"))
    assert len(texts) >= 20
    for path in texts:
        key = json.loads(path.with_suffix(".json").read_text())
        said = path.read_text()
        assert [c["quote"] for c in key["claims"] if c["quote"] not in said] == [], path.name


def test_an_index_that_stands_for_a_general_name_goes_by_its_own(tmp_path: Path) -> None:
    """Small caps of a market without the Russell 2000 are not it; and a simulated market says so."""
    path = claims_market.write(tmp_path)
    text = path.read_text()
    for old, new in (("RUT", "SIM2"), ("Russell 2000", "SIM 2000"), ("SPX", "SIM5")):
        text = text.replace(old, new)
        for name in ("levels.csv",):
            (tmp_path / name).write_text((tmp_path / name).read_text().replace(old, new))
    path.write_text(text.replace("[market]", "[market]\nsimulated = true", 1))
    market = paceline.open(path)
    market.ensure()
    checked = check(market, "On Thursday small caps rose 0.9%, and the S&P 500 added 0.4%.")
    assert [v.subject for v in checked.claims] == ["SIM 2000", "S&P 500"]  # as it is labelled
    assert checked.notes[0] == "SIMULATED market: no real security is meant"
    html = page.render(checked)
    assert html.index("SIMULATED market") < html.index("<main>")
