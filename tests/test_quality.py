"""Checks at the door, each on a few rows whose faults are planted by hand."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import polars as pl
import pytest

from paceline import quality, schema
from paceline.config import Source
from paceline.errors import SourceError
from paceline.rows import LATE_PRICES
from paceline.sources import Context, Finding, Parsed

D = dt.date
#: Twenty weekdays from Monday 2025-09-01 on; the calendar of these tests.
SESSIONS = tuple(d for i in range(28) if (d := D(2025, 9, 1) + dt.timedelta(i)).weekday() < 5)
CONTEXT = Context("XNYS", SESSIONS)
SPEC = Source()


def prices(
    security: str = "AAA", days: range | list[int] | None = None, **columns: list[Any]
) -> pl.DataFrame:
    """Rows of one security on consecutive sessions."""
    length = len(next(iter(columns.values())))
    days = list(days if days is not None else range(length))
    types = {k: schema.PRICES.schema[k] for k in columns}
    return pl.DataFrame(
        {
            "source": ["own"] * length,
            "security": [security] * length,
            "date": [SESSIONS[i] for i in days],
            **columns,
        },
        schema_overrides=types,
    )


def check(*frames: pl.DataFrame, table: str = "prices", context: Context = CONTEXT) -> Parsed:
    return quality.check(Parsed({table: pl.concat(frames, how="diagonal")}), "own", SPEC, context)


def found(parsed: Parsed) -> dict[str, int]:
    return {f.check: f.count for f in parsed.findings}


def column(parsed: Parsed, name: str) -> list[Any]:
    return parsed.tables["prices"].get_column(name).to_list()


def test_clean_prices_pass_untouched_with_declared_columns_and_known() -> None:
    out = check(prices(close=[10.0, 10.1, 10.2], price_return=[None, 0.01, 0.0099]))
    assert out.findings == [] and out.quarantine is None
    assert out.tables["prices"].schema == pl.Schema(
        {k: v for k, v in schema.PRICES.schema.items() if k != "load"}
    )
    assert column(out, "known") == list(SESSIONS[:3])


def test_prices_known_after_their_day_are_counted() -> None:
    """No panel holds them: a vendor's delay must not look like a market without prices."""
    days = [*SESSIONS[1:3], SESSIONS[2] + dt.timedelta(3)]
    out = check(prices(close=[10.0, 10.1, 10.2]).with_columns(known=pl.Series(days)))
    (late,) = [f for f in out.findings if f.check == LATE_PRICES]
    assert (late.count, late.example) == (3, f"AAA {SESSIONS[0]}")
    assert late.action.endswith("1 day later") and "known" in late.remedy


def test_given_known_is_kept_and_facts_without_a_day_are_known_since_ever() -> None:
    frame = pl.DataFrame(
        {
            "series": ["GDP", "GDP"],
            "date": [D(2025, 3, 31), D(2025, 6, 30)],
            "value": [1.0, 2.0],
            "known": [D(2025, 4, 30), None],
        }
    )
    assert check(frame, table="series").tables["series"].get_column("known").to_list() == [
        D(2025, 4, 30),
        D(2025, 6, 30),
    ]
    member = pl.DataFrame({"universe": ["u"], "security": ["AAA"], "start": [None], "end": [None]})
    assert check(member, table="members").tables["members"].get_column("known").to_list() == [
        quality.EVER
    ]


def test_checking_twice_changes_nothing_more() -> None:
    frame = prices(
        close=[1000.0, 101.0, 102.0],
        price_return=[None, 0.01, 0.0099],
        market_cap=[5000.0, 505.0, 5100.0],
    )
    once = check(frame)
    twice = quality.check(Parsed(once.tables), "own", SPEC, CONTEXT)
    assert twice.tables["prices"].equals(once.tables["prices"])


def test_quarantine_keeps_the_row_and_its_reason() -> None:
    out = check(prices(close=[10.0, -1.0]))
    assert out.quarantine is not None
    row = out.quarantine.row(0, named=True)
    assert (row["table"], row["reason"]) == ("prices", "close is not a positive number")
    assert (
        json.loads(row["row"])["close"] == -1.0 and json.loads(row["row"])["date"] == "2025-09-02"
    )
    assert column(out, "close") == [10.0]


def test_every_rule_of_every_table_reaches_the_quarantine() -> None:
    broken = {
        "prices": prices(close=[-1.0]),
        "actions": pl.DataFrame(
            {"security": ["A"], "date": [SESSIONS[0]], "kind": ["split"], "ratio": [0.0]}
        ),
        "shares": pl.DataFrame({"security": ["A"], "date": [SESSIONS[0]], "float_factor": [1.5]}),
        "securities": pl.DataFrame(
            {"security": ["A"], "start": [D(2020, 1, 2)], "end": [D(2019, 1, 2)]}
        ),
        "fundamentals": pl.DataFrame(
            {"security": ["A"], "item": ["x"], "period_end": [SESSIONS[0]], "value": [float("inf")]}
        ),
    }
    reasons = {}
    for table, frame in broken.items():
        out = check(frame, table=table)
        assert out.tables[table].is_empty() and out.quarantine is not None
        reasons[table] = out.quarantine.get_column("reason").item()
    assert reasons == {
        "prices": "close is not a positive number",
        "actions": "ratio is not positive",
        "shares": "float factor outside 0..1",
        "securities": "securities: the spell ends before it starts",
        "fundamentals": "value is not a finite number",
    }


def test_a_missing_required_value_and_a_column_of_the_wrong_type() -> None:
    frame = pl.DataFrame(
        {
            "series": ["GDP", None, "CPI"],
            "date": ["2025-03-31", "2025-03-31", "soon"],
            "value": [1.0, 2.0, 3.0],
        }
    )
    out = check(frame, table="series")
    assert out.quarantine is not None
    assert out.quarantine.get_column("reason").to_list() == [
        "series is missing",
        "date is not a Date",
    ]
    assert out.tables["series"].rows() == [("GDP", D(2025, 3, 31), 1.0, D(2025, 3, 31))]


def test_an_empty_text_is_no_name() -> None:
    """Neither of a security nor of a series or a list."""
    out = check(prices("", close=[10.0, 11.0]), prices("AAA", close=[10.0]))
    assert column(out, "security") == ["AAA"] and found(out)["security is missing"] == 2
    rows = pl.DataFrame({"universe": ["", "m"], "security": ["AAA", "AAA"]})
    out = check(rows, table="members")
    assert out.tables["members"]["universe"].to_list() == ["m"]
    assert found(out) == {"universe is missing": 1}


def test_columns_no_table_has_are_a_plug_in_fault() -> None:
    with pytest.raises(SourceError, match="gives colour, no column of table 'prices'"):
        check(prices(close=[1.0]).with_columns(colour=pl.lit(1)))


def test_duplicates() -> None:
    days, close = [0, 0, 1, 1, 2], [10.0, 10.0, 11.0, 12.0, 13.0]
    out = check(prices(days=days, close=close))
    assert column(out, "close") == [10.0, 13.0], "nobody can say which of the two is right"
    assert (found(out)["identical duplicate rows"], found(out)["conflicting duplicate rows"]) == (
        1,
        1,
    )
    assert out.quarantine is not None
    assert [json.loads(row)["close"] for row in out.quarantine["row"]] == [11.0, 12.0]


def test_what_conflicting_rows_agree_on_stays() -> None:
    out = check(
        prices(
            days=[0, 0, 0, 1, 1, 2],
            close=[10.0, 10.0, None, 11.0, 11.5, 12.0],
            price_return=[None, 0.02, 0.02, 0.1, 0.1, 0.05],
            volume=[5.0, 6.0, 5.0, 7.0, 7.0000001, 8.0],
        )
    )
    assert column(out, "close") == [10.0, None, 12.0]
    assert column(out, "price_return") == [0.02, 0.1, 0.05]
    assert column(out, "volume") == [None, 7.0000001, 8.0], "a millionth is rounding"
    assert found(out)["conflicting duplicate rows"] == 3


def test_sessions_missing_for_all_and_for_one() -> None:
    whole = [
        prices(s, days=[0, 1, 3, 4], close=[1.0, 2.0, 3.0, 4.0]) for s in ("AAA", "BBB", "CCC")
    ]
    out = check(*whole, prices("DDD", days=[0, 4], close=[1.0, 2.0]))
    by = {f.check: f for f in out.findings}
    assert by["sessions missing for the whole market"].count == 1
    assert by["sessions missing for the whole market"].example == str(SESSIONS[2])
    # DDD lacks sessions 1, 2 and 3; session 2 is counted above
    assert by["sessions missing within a security's life"].count == 2
    assert (
        f"{SESSIONS[1]}: 1 of 4 securities"
        in by["sessions missing within a security's life"].example
    )


def test_a_listing_and_a_delisting_are_no_missing_sessions() -> None:
    out = check(
        prices("AAA", days=[3, 4], price_return=[0.1, 0.2]),
        prices("BBB", days=[0, 1], price_return=[0.1, 0.2]),
    )
    assert out.findings == []


def test_without_a_calendar_the_check_says_it_did_not_run() -> None:
    assert "sessions not checked" in found(check(prices(close=[1.0, 2.0]), context=Context()))


def test_stale_closes() -> None:
    flat = [5.0] * 10
    assert found(check(prices(close=flat)))["closes unchanged for 10 sessions or more"] == 1
    assert "closes unchanged for 10 sessions or more" not in found(check(prices(close=flat[:9])))
    assert "closes unchanged for 10 sessions or more" not in found(
        check(prices(close=flat, volume=[0.0] * 10))
    )
    # two securities with five each on the same price are no run
    assert "closes unchanged for 10 sessions or more" not in found(
        check(prices("AAA", close=flat[:5]), prices("BBB", close=flat[:5]))
    )


def test_an_unhandled_split_is_found_by_the_shares_that_multiply() -> None:
    # 4:1 on day 1: the close quarters, the change says -75%, the cap lags a day: 10 shares before,
    # 40 after
    frame = prices(
        close=[400.0, 101.0, 102.0],
        price_return=[None, -0.7475, 0.0099],
        market_cap=[4000.0, 1010.0, 4080.0],
    )
    out = check(frame)
    assert column(out, "price_return") == [None, None, 0.0099] and column(out, "close") == [
        400.0,
        101.0,
        102.0,
    ]
    assert found(out)["return is an unhandled split"] == 1 and out.quarantine is not None
    assert json.loads(out.quarantine.row(0, named=True)["row"])["price_return"] == -0.7475


def test_a_fall_is_no_split() -> None:
    # -50% with the shares as they were; -33% on an issue of 45% more shares
    for caps, change, close in (
        ([4000.0, 2000.0, 2000.0], -0.5, 200.0),
        ([4000.0, 2680.0, 3886.0], -0.33, 268.0),
    ):
        out = check(
            prices(close=[400.0, close, close], price_return=[None, change, 0.0], market_cap=caps)
        )
        assert column(out, "price_return")[1] == change and out.quarantine is None


@pytest.mark.parametrize(
    ("column_name", "value"),
    [
        ("volume", -1.0),
        ("volume", float("inf")),
        ("market_cap", -5.0),
        ("market_cap", float("inf")),
    ],
)
def test_a_bad_size_costs_the_cell_and_not_the_row(column_name: str, value: float) -> None:
    out = check(prices(close=[1.0, 1.01], **{column_name: [2.0, value]}))
    assert column(out, "close") == [1.0, 1.01] and column(out, column_name) == [2.0, None]
    assert out.quarantine is not None and len(out.quarantine) == 1
    assert out.quarantine["reason"][0].endswith("negative" if value < 0 else "infinite")


def test_an_adjustment_for_a_split_that_never_was() -> None:
    # the change says +300%, the close +2%
    out = check(prices(close=[10.0, 10.2, 10.2], price_return=[None, 3.0, 0.0]))
    assert (
        column(out, "price_return") == [None, None, 0.0]
        and found(out)["return the close does not show"] == 1
    )
    # across a missing session the change need not agree with the closes
    assert "return the close does not show" not in found(
        check(prices(days=[0, 2], close=[10.0, 10.2], price_return=[None, 3.0]))
    )


def test_close_and_return_disagree_without_a_split() -> None:
    # a spin-off: the close falls by a quarter, the change handles it
    out = check(prices(close=[100.0, 76.0], price_return=[None, 0.01]))
    assert (
        column(out, "price_return") == [None, 0.01]
        and found(out)["close and return disagree, no split"] == 1
    )


def test_a_market_cap_that_lags_on_a_split_day() -> None:
    lagging = prices(
        close=[1000.0, 101.0, 102.0],
        price_return=[None, 0.01, 0.0099],
        market_cap=[5000.0, 505.0, 5100.0],
    )
    out = check(lagging)
    assert column(out, "market_cap") == [5000.0, None, 5100.0] and column(out, "price_return") == [
        None,
        0.01,
        0.0099,
    ]
    assert found(out)["market cap lags on a split day"] == 1
    # on the last day of the file nobody knows yet: missing, not wrong
    assert column(check(lagging.head(2)), "market_cap") == [5000.0, None]
    # a cap that moves with the company, and one that stays down, are left alone
    for caps in ([5000.0, 5050.0, 5100.0], [5000.0, 505.0, 510.0]):
        assert (
            column(check(lagging.with_columns(pl.Series("market_cap", caps))), "market_cap") == caps
        )


def test_company_caps_on_several_lines() -> None:
    # one company of 12 shares with two lines; another line of the same cap; two strangers with
    # equal share counts
    rows = {
        "GOOG": (100.0, 1200.0),
        "GOOGL": (101.0, 1212.0),
        "XXX": (7.0, 49.0),
        "YYY": (49.0, 49.0),
        "AAA": (3.0, 30.0),
        "BBB": (4.0, 40.0),
    }
    out = check(*[prices(s, close=[c], market_cap=[m]) for s, (c, m) in rows.items()])
    finding = next(f for f in out.findings if f.check == "company cap repeated across lines")
    assert finding.count == 4 and finding.example == "GOOG/GOOGL; XXX/YYY"


def test_zero_caps_are_no_caps_and_missing_returns_are_counted() -> None:
    out = check(prices(close=[1.0, 1.01], market_cap=[0.0, 3.0]))
    assert column(out, "market_cap") == [None, 3.0]
    assert found(out) == {"market cap of zero": 1, "return missing": 1}


def test_non_common_stock_is_counted_by_kind() -> None:
    frame = pl.DataFrame(
        {"security": list("ABCDE"), "kind": ["common", "warrant", "warrant", "fund", None]}
    )
    out = check(frame, table="securities")
    mixed = next(f for f in out.findings if f.check == "non-common stock mixed in")
    assert (mixed.count, mixed.example) == (3, "warrant 2, fund 1") and found(out)[
        "kind of security unknown"
    ] == 1
    assert out.tables["securities"].height == 5


def test_fund_weights_must_add_up() -> None:
    frame = pl.DataFrame(
        {
            "fund": ["F", "F", "G"],
            "security": ["A", "B", "A"],
            "date": [SESSIONS[0]] * 3,
            "weight": [0.5, 0.48, 0.3],
        }
    )
    finding = next(f for f in check(frame, table="holdings").findings)
    assert (finding.check, finding.count) == (
        "weights of a fund do not add up to one",
        1,
    ) and finding.example.startswith("G")


def test_the_caveat_of_the_market_file_is_carried() -> None:
    out = quality.check(
        Parsed({"prices": prices(close=[1.0])}), "own", Source(caveat="members of today"), CONTEXT
    )
    assert out.findings == [Finding("own", "caveat of the market file", 1, "members of today")]


def test_compare_counts_disagreements_per_field() -> None:
    one = check(prices(close=[10.0, 11.0, 12.0], price_return=[None, 0.1, 0.09])).tables["prices"]
    two = check(prices(close=[10.0, 11.5, 12.0], price_return=[None, 0.15, 0.0905])).tables[
        "prices"
    ]
    findings = quality.compare(one, two, 0.001, ("x", "y"))
    assert [(f.source, f.check, f.count) for f in findings] == [
        ("x / y", "sources disagree on close", 1),
        ("x / y", "sources disagree on price_return", 1),
    ]
    assert (
        findings[1].example == "AAA 2025-09-02: 0.1 against 0.15"
        and "2 compared" in findings[1].action
    )
    assert quality.compare(one, one, 0.0) == []


def test_compare_counts_sessions_only_one_source_has() -> None:
    one, two = (
        check(prices(days=d, close=[1.0] * len(d))).tables["prices"] for d in ([0, 1, 2], [1, 2])
    )
    assert {f.check: f.count for f in quality.compare(one, two, 0.1, ("x", "y"), common=False)} == {
        "only in x": 1
    }
