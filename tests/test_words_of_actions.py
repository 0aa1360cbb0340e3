"""Words of actions and securities, and the days of reported items: read, or set aside and said."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from paceline.errors import SourceError
from paceline.market import Market

HEAD = """
[market]
name = "m"
benchmark = "b"
[sources.p]
table = "prices"
path = "p.csv"
"""
MARKET = f"""{HEAD}columns = {{ security = "security", date = "date", close = "close" }}
[sources.a]
table = "actions"
path = "a.csv"
columns = {{ security = "security", date = "date", kind = "kind", amount = "amount" }}
[baskets.b]
instrument = "AAA"
"""
CLOSES = (100, 101, 102, 98, 99)
DAYS = ("2025-09-08", "2025-09-09", "2025-09-10", "2025-09-11", "2025-09-12")


def paid(folder: Path, kind: str) -> Market:
    """Three are paid on the 11th, under some word."""
    rows = [f"AAA,{day},{close}" for day, close in zip(DAYS, CLOSES, strict=True)]
    (folder / "p.csv").write_text("\n".join(["security,date,close", *rows]))
    (folder / "a.csv").write_text(f"security,date,kind,amount\nAAA,2025-09-11,{kind},3\n")
    (folder / "market.toml").write_text(MARKET)
    market = Market.open(folder / "market.toml")
    market.import_()
    return market


@pytest.mark.parametrize(
    "kind", ["special_dividend", "Special Dividend", " SPECIAL-DIVIDEND ", "special cash dividend"]
)
def test_a_kind_of_action_in_another_spelling(tmp_path: Path, kind: str) -> None:
    market = paid(tmp_path, kind)
    (found,) = market.show("performance", horizons=("since",), since=DAYS[0])
    # the close before the payment is lowered by it
    assert found.value == pytest.approx(102 / 100 * 98 / (102 - 3) * 99 / 98 - 1)


@pytest.mark.parametrize("kind", ["SD", "sepcial_dividend", "1"])
def test_a_word_that_is_no_kind_is_set_aside_with_the_kinds_there_are(
    tmp_path: Path, kind: str
) -> None:
    market = paid(tmp_path, "dividend")
    with (tmp_path / "a.csv").open("a") as file:
        file.write(f"AAA,2025-09-12,{kind},3\n")
    market.import_()
    (row,) = market.stored.quarantine().to_dicts()
    assert row["table"] == "actions" and "special_dividend, spinoff" in row["reason"]


def test_a_source_of_which_every_row_has_a_wrong_word_stops_the_import(tmp_path: Path) -> None:
    with pytest.raises(
        SourceError, match=r"no row of actions is left: .*special_dividend, spinoff"
    ):
        paid(tmp_path, "SD")


REPORTED = """
[sources.f]
table = "fundamentals"
path = "f.csv"
columns = { security = "security", item = "item", period_end = "end", value = "value"KNOWN }
"""


def reported(folder: Path, rows: str, known: str = ', known = "filed"') -> Market:
    paid(folder, "dividend")
    (folder / "f.csv").write_text(f"security,item,end,filed,value\n{rows}\n")
    (folder / "market.toml").write_text(MARKET + REPORTED.replace("KNOWN", known))
    market = Market.open(folder / "market.toml")
    market.import_()
    return market


def test_reports_without_filing_dates_are_look_ahead(tmp_path: Path) -> None:
    told = reported(tmp_path, "AAA,book_equity,2024-12-31,2025-02-14,5", known="").stored.said
    (said,) = [text for _, table, text in told if table == "fundamentals"]
    assert "look-ahead: no filing dates" in said and "known on the last day of the period" in said
    filed = reported(tmp_path, "AAA,book_equity,2024-12-31,2025-02-14,5")
    assert filed.stored.said == []


def test_a_filing_before_the_end_of_its_period_is_set_aside(tmp_path: Path) -> None:
    rows = "AAA,book_equity,2024-12-31,2024-02-14,5\nAAA,book_equity,2024-06-30,2024-06-30,4"
    (row,) = reported(tmp_path, rows).stored.quarantine().to_dicts()
    assert row["reason"] == "known lies before the period's end"


OLD = "AAA,book_equity,2023-12-31,2024-02-14,5\n"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (
            "AAA,book_equity,2024-12-31,2024-02-14,6",
            "f: 1 reported item is set aside, first book_equity of AAA for 2024-12-31: known lies "
            "before the period's end; that of 2023-12-31 stands in its place",
        ),
        (
            "AAA,earnings,2024-12-31,2025-02-14,-999",
            "f: 1 reported item is set aside, first earnings of AAA for 2024-12-31: value is a "
            "code for a missing one",
        ),
        (
            "AAA,book_equity,2024-12-31,2095-02-14,6",
            "f: filing dates after the day of the import (1), first AAA book_equity 2095-02-14: "
            "not known yet; older values stand",
        ),
        ("AAA,book_equity,2024-12-31,2025-02-14,-998", ""),
    ],
)
def test_a_filing_that_cannot_be_used_is_said(tmp_path: Path, row: str, said: str) -> None:
    told = [text for _, _, text in reported(tmp_path, OLD + row).stored.said]
    assert told == [said] * bool(said)


@pytest.mark.parametrize("item", ["BookEquity", "Book Equity", "book-equity", " BOOK_EQUITY "])
def test_items_are_known_in_other_spellings(tmp_path: Path, item: str) -> None:
    stored = reported(tmp_path, f"{OLD}AAA,{item},2024-12-31,2025-02-14,6").stored
    assert stored.distinct("fundamentals", "item") == ["book_equity"]


# ---- delisting returns

BASKET = MARKET.replace(
    '[baskets.b]\ninstrument = "AAA"',
    '[baskets.b]\nsecurities = ["AAA", "BBB"]\nweight = "equal"\nrebalance = "none"',
)


def left(folder: Path, amount: str, last: str = "") -> Market:
    """AAA gains a tenth a day; BBB stands at 100 for two days and is delisted on the third."""
    rows = [f"AAA,{day},{100 * 1.1**k:.4f}" for k, day in enumerate(DAYS)]
    rows += [f"BBB,{day},100" for day in DAYS[:2]] + ([f"BBB,{DAYS[2]},{last}"] if last else [])
    (folder / "p.csv").write_text("\n".join(["security,date,close", *rows]))
    (folder / "a.csv").write_text(f"security,date,kind,amount\nBBB,{DAYS[2]},delisting,{amount}\n")
    (folder / "market.toml").write_text(BASKET)
    market = Market.open(folder / "market.toml")
    market.import_()
    return market


@pytest.mark.parametrize("lost", [-1.0, -0.5, 0.25])
def test_a_delisting_return_is_earned_on_its_day(tmp_path: Path, lost: float) -> None:
    """1, (1.1 + 1) / 2, (1.21 + 1 + lost) / 2; from then on AAA alone."""
    market = left(tmp_path, str(lost))
    (level,) = market.moment.levels.by_basis["price"]
    third = (1.21 + 1 + lost) / 2
    expected = [1, 1.05, third, 1.1 * third, 1.21 * third]
    assert [x / level[0] for x in level] == pytest.approx(expected)
    (figure,) = market.show("performance", horizons=("since",), since=DAYS[0])
    assert not any("delisting" in c for c in figure.caveats)


@pytest.mark.parametrize(("lost", "last"), [(-0.5, 80), (-1.0, 90), (0.25, 99), (-0.01, 101)])
def test_a_delisting_return_dated_on_the_last_price_comes_after_it(
    tmp_path: Path, lost: float, last: float
) -> None:
    """1, (1.1 + 1) / 2, (1.21 + last) / 2, (1.331 + last (1 + lost)) / 2; then AAA alone."""
    market = left(tmp_path, str(lost), str(last))
    (level,) = market.moment.levels.by_basis["price"]
    third, fourth = (1.21 + last / 100) / 2, (1.331 + last / 100 * (1 + lost)) / 2
    expected = [1, 1.05, third, fourth, 1.1 * fourth]
    assert [x / level[0] for x in level] == pytest.approx(expected)
    (figure,) = market.show("performance", horizons=("since",), since=DAYS[0])
    assert not any("delisting" in c for c in figure.caveats)


@pytest.mark.parametrize(
    ("amount", "last", "said"),
    [
        ("", "", f"1 delisting without a return, first that of BBB on {DAYS[2]}: out at the last"),
        ("-100", "", "1 delisting without a return"),  # percent: no return at all
        ("-0.5", "60", "1 delisting return could not be applied, first that of BBB"),  # may hold it
        ("-0.2", "80", ""),  # the price of the day holds it
        ("", "80", ""),
    ],
)
def test_a_delisting_that_is_not_earned_is_told(
    tmp_path: Path, amount: str, last: str, said: str
) -> None:
    market = left(tmp_path, amount, last)
    (figure,) = market.show("performance", horizons=("since",), since=DAYS[0])
    told = [c for c in figure.caveats if "delisting" in c]
    assert len(told) == bool(said) and all(c.startswith(said) for c in told)


def test_actions_that_nobody_prices_and_names_that_join_nothing_are_found(tmp_path: Path) -> None:
    market = left(tmp_path, "-0.5")
    rows = "ZZ,2025-09-10,split,\nZZ,2025-09-11,dividend,\nYY,2025-09-10,delisting,\n"
    head = "security,date,kind,amount,other\n"
    text = BASKET.replace('amount = "amount"', 'amount = "amount", other = "other"')
    (tmp_path / "market.toml").write_text(text)
    renamed = "AAA,2025-09-10,rename,,BBB\nAAA,2025-09-11,rename,,NEW\n"
    (tmp_path / "a.csv").write_text(head + rows.replace(",\n", ",,\n") + renamed)
    market = Market.open(tmp_path / "market.toml")
    market.import_()
    found = market.findings().filter(source="actions").select("count", "example").rows()
    assert found == [
        (3, "delisting 1, dividend 1, split 1, of 2 securities: YY, ZZ"),
        (1, "AAA to BBB on 2025-09-10"),
    ]


RULED = f"""{HEAD}[sources.s]
table = "securities"
path = "s.csv"
[universes.u]
RULES
[baskets.b]
universe = "u"
weight = "equal"
rebalance = "none"
"""
#: Of AAA to EEE: kind, country, exchange, and the last change of the close.
WHO = (
    ("Common Stock", "US", "NYSE", 1),
    ("common", "us ", "nyse", 3),
    ("Ordinary Shares", "USA", "New  York", 5),
    ("", "", "NYSE", 7),
    ("ADR", "US", "", 9),
)


def ruled(folder: Path, rules: str) -> Market:
    """Five securities whose closes rise by 1, 3, 5, 7 and 9 percent, in a universe by rules."""
    folder.mkdir(exist_ok=True)
    names = ["AAA", "BBB", "CCC", "DDD", "EEE"]
    rows = [f"{n},{day},100" for n in names for day in DAYS[:-1]]
    rows += [f"{n},{DAYS[-1]},{100 + up}" for n, (*_, up) in zip(names, WHO, strict=True)]
    (folder / "p.csv").write_text("\n".join(["security,date,close", *rows]))
    rows = [f"{n},{','.join(who)}" for n, (*who, _) in zip(names, WHO, strict=True)]
    (folder / "s.csv").write_text("\n".join(["security,kind,country,exchange", *rows]))
    (folder / "market.toml").write_text(RULED.replace("RULES", f"eligible = {{ {rules} }}"))
    market = Market.open(folder / "market.toml")
    market.import_()
    return market


@pytest.mark.parametrize(
    ("rules", "expected", "said"),
    [
        ("", 3, "left out on 2025-09-08: 1 of 5 securities has no kind"),  # 1, 3, 5
        ('kinds = ["COMMON stock", "depositary"]', 4.5, "1 of 5 securities has no kind"),
        ('kinds = [], countries = ["Us"]', 13 / 3, "1 of 5 securities has no country"),
        ('kinds = [], countries = ["usa", "us"]', 4.5, "1 of 5 securities has no country"),
        ('kinds = [], exchanges = [" new york"]', 5, "1 of 5 securities has no exchange"),
        ("kinds = []", 5, ""),
    ],
)
def test_words_of_rules_are_compared_without_capitals_and_blanks(
    tmp_path: Path, rules: str, expected: float, said: str
) -> None:
    market = ruled(tmp_path, rules)
    (figure,) = market.show("performance", horizons=("1d",))
    assert figure.value == pytest.approx(expected / 100)
    assert said in " ".join(figure.caveats)
    checks = market.findings()["check"].to_list()
    assert ("securities without a word that rules ask for" in checks) == bool(said)


def test_a_word_of_rules_that_no_security_has_is_a_finding(tmp_path: Path) -> None:
    market = ruled(tmp_path, 'kinds = [], countries = ["US", "FR"]')
    found = market.findings().filter(pl.col("check").str.starts_with("word of a universe"))
    assert found["example"].to_list() == ["FR; there are US, USA, us"]
    assert found["source"].to_list() == ["universes.u.eligible"]


def test_a_kind_in_capitals_is_no_stock(tmp_path: Path) -> None:
    """An ETF, by whatever word, is in no universe of stocks."""
    market = ruled(tmp_path, "kinds = []")
    text = (tmp_path / "s.csv").read_text().replace("ADR", "Exchange-Traded Fund")
    (tmp_path / "s.csv").write_text(text)
    market.import_()
    (figure,) = market.show("performance", horizons=("1d",))
    assert figure.value == pytest.approx((1 + 3 + 5 + 7) / 400)
