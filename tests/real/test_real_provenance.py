"""Faults found, figures traced to bytes, nothing seen before its day, old versions kept."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest
from real_data import FRIDAY, MARKET, THURSDAY, Ask, Rows, asked, on

import paceline
from paceline import record
from paceline.cli import main
from paceline.market import Market

#: Files that hold one row per day, and the column of the day.
DAILY = {
    "us/screener_daily.parquet": "date",
    "us/sp500_adjclose.parquet": "date",
    "us/etf_adjclose.parquet": "date",
    "us/index_levels.parquet": "date",
}
#: Questions asked twice, on all data cut at Thursday and on files that end on Thursday.
QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("performance", {}),
    ("performance", {"since": "low"}),
    ("performance", {"basis": "total"}),
    ("swing_lows", {}),
    ("record_highs", {}),
    ("streaks", {}),
    ("league", {}),
    ("contributions", {}),
    ("concentration", {}),
    ("percent_above_average", {"window": 50}),
    (
        "percent_above_average",
        {"window": 200, "basis": "total", "history": True, "subjects": ["sp500", "top50"]},
    ),
    ("percent_above_average", {"basis": "price"}),
    ("advance_decline", {}),
    ("new_highs_lows", {}),
    ("beating_index", {}),
    ("relative_strength", {}),
)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---- what the doctor found
# -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def doctor(data: Path, store: Path) -> dict[str, Rows]:
    market = paceline.open(MARKET, data=data, store=store)
    return {"findings": market.findings().to_dicts(), "quarantine": market.quarantine().to_dicts()}


def finding(doctor: dict[str, Rows], source: str, words: str) -> dict[str, Any]:
    found = [f for f in doctor["findings"] if f["source"] == source and words in f["check"]]
    assert len(found) == 1, [f["check"] for f in doctor["findings"]]
    return found[0]


def test_the_doctor_names_the_four_missing_sessions(doctor: dict[str, Rows]) -> None:
    missing = finding(doctor, "screener", "sessions missing for the whole market")
    assert missing["count"] == 4
    assert missing["example"].split(", ") == [
        "2025-03-28",
        "2025-05-14",
        "2025-06-16",
        "2025-10-31",
    ]


def test_the_doctor_finds_caps_of_whole_companies(doctor: dict[str, Rows]) -> None:
    repeated = finding(doctor, "screener", "company cap repeated")
    assert "GOOG/GOOGL" in repeated["example"]
    assert "ranked once" in repeated["action"]


def test_the_doctor_finds_the_cap_that_lags_a_split(
    doctor: dict[str, Rows], friday: Market
) -> None:
    """NFLX 10:1 on 2025-11-17: a cap ten times too low is set aside.

    The price return is the exchange's own."""
    lag = [q for q in doctor["quarantine"] if "cap" in q["reason"] and '"NFLX"' in q["row"]]
    assert [json.loads(q["row"])["date"] for q in lag] == ["2025-11-17"]
    assert finding(doctor, "screener", "market cap lags")["count"] >= 1
    levels = friday.levels(["NFLX"]).filter(
        pl.col("date").is_between(on("2025-11-14"), on("2025-11-17"))
    )
    assert abs(levels["NFLX"][1] / levels["NFLX"][0] - 1) < 0.05, (
        "a split is no fall of ninety percent"
    )


def test_the_doctor_finds_what_is_no_common_stock(doctor: dict[str, Rows]) -> None:
    mixed = finding(doctor, "lines", "non-common stock")
    assert mixed["count"] > 5000
    assert all(
        kind in mixed["example"] for kind in ("warrant", "preferred", "unit", "fund", "right")
    )


def test_the_doctor_says_so_on_the_command_line(
    data: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["doctor", "--market", str(MARKET), "--data", str(data), "--store", str(store)]) == 1
    )
    out = capsys.readouterr().out
    assert "2025-10-31" in out
    assert "Quarantined" in out


# ---- lineage
# ---------------------------------------------------------------------------------------------


def test_every_figure_of_the_report_reaches_the_bytes_it_came_from(
    manifest: Path, data: Path
) -> None:
    """Each id leads to imports, whose raw checksums are the SHA-256 of the files in the folder.

    But for what the words of themes are worth, and how leads lasted in the factor library: those
    rest on tables that the package carries.
    """
    said = json.loads(manifest.read_text(encoding="utf-8"))
    steps = {s["id"]: s for s in said["steps"]}
    assert len(said["figures"]) > 300
    files = {sha256(path) for path in data.rglob("*") if path.is_file()}
    reached: dict[str, frozenset[str]] = {}

    def bytes_under(step: str) -> frozenset[str]:
        if step not in reached:
            here = steps[step]
            raw = (
                {r["checksum"] for r in here["params"]["raw"]}
                if here["name"] == "import"
                else set()
            )
            reached[step] = frozenset(raw.union(*(bytes_under(p) for p in here["parents"])))
        return reached[step]

    def simulated(step: str) -> bool:
        here = steps[step]
        return "calibration" in here["params"] or any(map(simulated, here["parents"]))

    carried = [f for f in said["figures"] if simulated(f["figure"])]
    assert 0 < len(carried) < 90 and {f["measure"] for f in carried} == {"themes"}
    for figure in (f for f in said["figures"] if f not in carried):
        under = bytes_under(figure["figure"])
        assert under, figure
        assert under & files, figure
    imports = [
        s
        for s in steps.values()
        if s["name"] == "import" and s["params"]["source"] != "sessions:XNYS"
    ]
    assert len(imports) >= 9
    for step in imports:
        assert {r["checksum"] for r in step["params"]["raw"]} <= files, step["params"]["source"]


def test_trace_finds_figures_of_the_report_and_the_command_makes_them_again(
    manifest: Path, data: Path, store: Path, cli: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = json.loads(manifest.read_text(encoding="utf-8"))["figures"]
    wanted = [
        next(f for f in figures if f["measure"] == m and f["subject"] == s)
        for m, s in (
            ("performance", "russell2000"),
            ("percent_above_average", "sp500"),
            ("contributions", "sp500"),
        )
    ]
    for figure in wanted:
        place = ["--market", str(MARKET), "--data", str(data), "--store", str(store)]
        capsys.readouterr()
        assert main(["trace", figure["figure"][:12], *place, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["id"] == figure["figure"]
        assert "us/screener_daily.parquet" in json.dumps(found)
        assert f"show {figure['measure']}" in found["command"]


def test_raw_bytes_are_kept(data: Path, friday: Market) -> None:
    checksum = sha256(data / "us/sp500_ticker_start_end.csv")
    assert friday.store.raw(checksum) == (data / "us/sp500_ticker_start_end.csv").read_bytes()


def test_verify_finds_no_difference(manifest: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(manifest)]) == 0
    assert "same" in capsys.readouterr().out


def test_verify_finds_an_edited_value_and_an_edited_subject(
    manifest: Path, friday: Market, tmp_path: Path
) -> None:
    edited = json.loads(manifest.read_text(encoding="utf-8"))
    edited["figures"][3]["value"] += 1e-6
    edited["figures"][9]["subject"] = "nobody"
    path = tmp_path / "edited.manifest.json"
    path.write_text(json.dumps(edited), encoding="utf-8")
    (told,) = record.verify(path, friday)
    assert told["why"] == "the manifest's figures are not those that were written"
    # sealed anew, as one would who knows how: the figures are worked out again
    document = SimpleNamespace(manifest=edited)
    record.write_manifest(document, path)  # type: ignore[arg-type]
    different = record.verify(path, friday)
    assert len(different) == 2
    assert different[0]["is"] == pytest.approx(different[0]["was"] - 1e-6, abs=1e-12)
    assert different[1]["is"] is None


# ---- two clocks
# --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def until_thursday(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Market:
    """The market in a store whose files end on 2025-12-04."""
    place = tmp_path_factory.mktemp("thursday")
    shutil.copytree(data, place / "data", copy_function=link)
    for name, day in DAILY.items():
        rows = pl.read_parquet(data / name)
        kept = rows.filter(pl.col(day).cast(pl.Date) <= on(THURSDAY))
        assert 0 < len(kept) < len(rows)
        (place / "data" / name).unlink()
        kept.write_parquet(place / "data" / name)
    market = paceline.open(MARKET, data=place / "data", store=place / "store")
    market.import_()
    assert market.as_of == THURSDAY, "nothing later is known there"
    return market


def link(source: str, target: str) -> None:
    Path(target).symlink_to(source)


@pytest.fixture(scope="module")
def worked_back(thursday: Market) -> set[str]:
    """Baskets that hold a line whose Thursday close the file lacks.

    It was worked back from Friday's change. The market knew that close on Thursday, a file that
    ends on Thursday does not."""
    rows = thursday.store.table("prices").filter(
        pl.col("recovered") & (pl.col("date") == on(THURSDAY))
    )
    lines = set(rows.select("security").unique().collect()["security"])
    assert 0 < len(lines) < 30
    return {
        n for n in thursday.composites if lines & set(thursday.weights(n, THURSDAY)["security"])
    }


@pytest.mark.parametrize(
    ("measure", "how"), QUESTIONS, ids=lambda x: x if isinstance(x, str) else ",".join(x) or "-"
)
def test_thursdays_figures_are_what_was_known_on_thursday(
    thursday: Market,
    until_thursday: Market,
    measure: str,
    how: dict[str, Any],
    worked_back: set[str],
) -> None:
    """Cutting at a day equals never having had a later row.

    That goes for every figure, and every caveat but the count of closes worked back. A basket that
    holds such a close may differ by what one close can do."""
    assert worked_back <= {"russell2000_like"}
    ours, theirs = asked(thursday, measure, **how), asked(until_thursday, measure, **how)
    assert len(ours) == len(theirs) > 0
    assert any(isinstance(r["value"], float) for r in ours)
    for a, b in zip(ours, theirs, strict=True):
        if worked_back & {a["subject"], a["against"], a.get("part")}:
            assert (a["statistic"], a["start"], a["end"]) == (b["statistic"], b["start"], b["end"])
            if a["unit"] == "return":
                assert a["value"] == pytest.approx(b["value"], abs=1e-3)
            continue
        for key in (a.keys() | b.keys()) - {"figure", "caveats"}:
            if isinstance(a[key], float) and isinstance(b[key], float):
                assert a[key] == pytest.approx(b[key], rel=1e-9, abs=1e-12), (a, b)
            else:
                assert a[key] == b[key], (key, a, b)
        said, known = ([c for c in row["caveats"] if "worked back" not in c] for row in (a, b))
        assert said == known


def test_a_later_correction_changes_no_older_version(
    data: Path, own_store: Path, tmp_path: Path, cli: Ask
) -> None:
    """Levels arrive again, Friday five percent higher: only the latest version moves."""
    words = ("performance", "--subject", "russell2000", "--since", "low")
    before = cli(*words, store=own_store)
    place = tmp_path / "corrected"
    shutil.copytree(data, place, copy_function=link)
    levels = pl.read_parquet(data / "us/index_levels.parquet")
    wrong = (pl.col("index") == "RUT") & (pl.col("date").cast(pl.Date) == on(FRIDAY))
    assert levels.filter(wrong).height >= 1
    (place / "us/index_levels.parquet").unlink()
    levels.with_columns(
        close=pl.when(wrong).then(pl.col("close") * 1.05).otherwise("close")
    ).write_parquet(place / "us/index_levels.parquet")
    market = paceline.open(MARKET, data=place, store=own_store)
    old = market.version
    assert all(
        d["load"] is not None and d["load"] > old
        for d in market.import_(only=["levels", "levels_second"])
    )
    after = cli(*words, store=own_store)
    assert after[0]["value"] == pytest.approx((1 + before[0]["value"]) * 1.05 - 1, rel=1e-12)
    again = cli(*words, "--store-version", str(old), store=own_store)
    assert again == before, "value, caveats and id"
    market.store.compact()
    assert cli(*words, "--store-version", str(old), store=own_store) == before, (
        "compaction included"
    )


def test_an_import_that_is_repeated_changes_nothing(data: Path, own_store: Path) -> None:
    market = paceline.open(MARKET, data=data, store=own_store)
    old = market.version
    assert [d["load"] for d in market.import_()] == [None] * len(market.file.sources)
    assert paceline.open(MARKET, data=data, store=own_store).version == old
