"""What comes in and goes out: plain files only, settings that mean something, nothing that runs."""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

import paceline
import tiny_market as tiny
from paceline import arguments, doors, measures, toml
from paceline.errors import DataError, UsageError
from paceline.record import shape
from paceline.report import tables, terminal
from paceline.writing import write_text


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny market, imported."""
    folder = tmp_path_factory.mktemp("tiny")
    assert tiny.command("import", "--market", tiny.write(folder)).code == 0
    return folder


def within(seconds: float, call: Callable[[], tiny.Answered]) -> tiny.Answered:
    """What a command answers; it may not wait for somebody else."""
    found: list[tiny.Answered] = []
    thread = threading.Thread(target=lambda: found.append(call()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert found, "it waits"
    return found[0]


# ---- what is handed in from Python

STAMP = pd.Timestamp("2025-09-10 23:00", tz="America/New_York")
DAY = dt.date(2025, 9, 10)


@pytest.mark.parametrize(
    "given",
    [
        "2025-09-10",
        DAY,
        dt.datetime(2025, 9, 10, 16, tzinfo=dt.UTC),
        STAMP,
        STAMP.tz_localize(None),
        np.datetime64("2025-09-10"),
        np.datetime64("2025-09-10T16:00", "ns"),
    ],
    ids=repr,
)
def test_a_day_of_any_type(home: Path, given: Any) -> None:
    assert arguments.day(given) == DAY
    assert paceline.open(home / "market.toml", as_of=given).as_of == str(DAY)


WRONG: dict[str, tuple[Callable[[Any], object], str]] = {
    "measure": (lambda m: m.frame(None), "measure: found NoneType None."),
    "subjects": (lambda m: m.frame("performance", subjects=[1]), "subjects: found int 1."),
    "no list": (lambda m: m.frame("performance", subjects=5), "subjects: found int 5."),
    "a list in a list": (
        lambda m: m.show("performance", subjects=[["idx"]]),
        "subjects: found list",
    ),
    "against": (lambda m: m.frame("performance", against=[None]), "against: found NoneType"),
    "since": (lambda m: m.frame("performance", since=5), "since: found int 5."),
    "levels": (lambda m: m.levels(5), "names: found int 5."),
    "weights": (lambda m: m.weights(None), "name: found NoneType"),
    "weights of a day": (lambda m: m.weights("cap", 20240110), "date: found int 20240110."),
    "contributions": (lambda m: m.contributions("cap", pd.NaT), "start: found NaTType NaT."),
    "episodes": (lambda m: m.episodes(("all", "idx", "AAA")), "rotation: found tuple"),
    "calls": (lambda m: m.calls(5), "path: found int 5."),
    "target": (lambda m: m.target("a", "2030-01-02"), "level: found str 'a'."),
    "by": (lambda m: m.target(110, 5), "by: found int 5."),
    "seed": (lambda m: m.target(110, "2030-01-02", seed="a"), "seed: found str 'a'."),
    "text": (lambda m: m.factcheck(b"x"), "text: found bytes"),
    "length": (lambda m: m.write(length=[]), "length: found list []."),
    "statistic": (lambda m: m.plot("performance", statistic=5), "unknown statistic"),
    "sessions": (lambda m: m.plot("percent_above_average", sessions="a"), "sessions: found str"),
    "only": (lambda m: m.import_(only=[5]), "only: found int 5."),
    "progress": (lambda m: m.report(5), "progress: found int 5."),
    "path": (lambda _: paceline.open(5), "path: found int 5."),
    "as_of": (lambda m: paceline.open(m.path, as_of=5), "as_of: found int 5."),
    "no day": (
        lambda m: paceline.open(m.path, as_of=np.datetime64("NaT")),
        "as_of: found NoneType",
    ),
    "version": (lambda m: paceline.open(m.path, version=[]).as_of, "version: found list []."),
    "store": (lambda m: paceline.open(m.path, store=5), "store: found int 5."),
    "data": (lambda m: paceline.open(m.path, data=5), "data: found int 5."),
    "plugins": (lambda m: paceline.open(m.path, plugins="x.py"), "plugins: found str 'x.py'."),
    "frames": (lambda _: paceline.open(frames={}), "frames: found none."),
    "calendar": (
        lambda m: paceline.open(frames={"prices": m.levels()}, calendar=5),
        "calendar: fou",
    ),
    "dialect": (
        lambda m: paceline.open(frames={"prices": m.levels()}, dialect=[]),
        "dialect: found",
    ),
    "a file as store": (
        lambda m: paceline.open(frames={"prices": m.levels()}, store=m.path),
        "is not a folder",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_type_is_one_error_that_names_the_argument(home: Path, case: str) -> None:
    ask, said = WRONG[case]
    with pytest.raises(UsageError) as told:
        ask(paceline.open(home / "market.toml"))
    assert said in told.value.message and told.value.remedy


def test_plain_text_is_one_name(home: Path) -> None:
    market = paceline.open(home / "market.toml")
    one, several = (market.frame("performance", subjects=n) for n in ("cap", ["cap"]))
    assert one.equals(several) and one.height > 0
    assert market.levels("AAA").columns == ["date", "AAA"]


# ---- nothing to show


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty sessions of the tiny market without classes, and without rotations."""
    folder = tmp_path_factory.mktemp("bare")
    path = tiny.write(folder, 30)
    without = {k: v for k, v in tiny.MARKET.items() if k != "rotations"}
    report = {"as_of": "latest"}  # every section
    baskets = {k: v for k, v in tiny.MARKET["baskets"].items() if k != "tech"}
    path.write_text(tiny.text({**without, "report": report, "baskets": baskets}))
    rows = "".join(f"{name},Unknown\n" for name in tiny.NAMES)
    (folder / "data" / "sectors.csv").write_text(f"ticker,sector\n{rows}")
    assert tiny.command("import", "--market", path).code == 0
    return path


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["relative_strength"], "no rotation of the market file has idx as a leg"),
        (["relative_rotation"], "no rotation of the market file has idx as a leg"),
        (["macro"], "no source of this market states series"),
        (["seasonality"], "no source of this market states series"),
        (["style_analysis", "--group", "sectors"], "no member has a class by which sectors could"),
        (["percent_above_average", "--history", "--subject", "cap"], "looks back to 50"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else "",
)
def test_a_measure_without_rows_says_why(bare: Path, words: list[str], why: str) -> None:
    """On the screen, in JSON and in a frame; no table is empty without a reason."""
    shown = tiny.command("show", *words, "--market", bare)
    assert shown.code == 0 and "No rows" not in shown.out
    assert why in " ".join((shown.out + shown.err).split())
    rows = json.loads(tiny.command("show", *words, "--json", "--market", bare).out)
    assert [row["value"] for row in rows] == [None]
    assert any(why in caveat for caveat in rows[0]["caveats"])
    if len(words) == 1:
        assert why in paceline.open(bare).frame(words[0])["caveats"][0]


def test_a_group_that_no_class_makes_is_named(bare: Path) -> None:
    said = "no member of all has a sector"
    asked = tiny.command("show", "performance", "--subject", "sectors", "--market", bare)
    assert asked.code == 3 and f"group 'sectors' holds no basket: {said}" in asked.err
    assert said in tiny.command("doctor", "--market", bare, "--json").out
    report = tiny.command("report", "--market", bare, "--out", bare.with_name("r.html"))
    assert report.code == 0
    page = bare.with_name("r.html").read_text()
    assert "no rotation of the market file has" in page and "states series" in page


# ---- text that is shown


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Acme Inc. \u2013 Société 東京", "Acme Inc. \u2013 Société 東京"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07name", "name"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b2Jcleared", "cleared"),
        ("\x90dcs\x9cname", "name"),
        ("a\x08b\x07c\x00d\x7fe", "abcde"),
        ("a\rb", "ab"),
        ("\u202eevil\u202c\u2066x\u2069\u200e", "evilx"),
        ("a\u2028b\u00a0c", "a b c"),
        ("\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u200c\u062e\u0648"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("\ud800", "\ufffd"),
        ("\x1b", ""),
    ],
)
def test_what_steers_a_terminal_is_dropped(given: str, shown: str) -> None:
    assert doors.visible(given) == shown


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+A1", "'+A1"),
        ("-A1", "'-A1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("\uff1d1", "'\uff1d1"),
        ("-1.5", "-1.5"),
        ("+2e3", "+2e3"),
        ("-1+cmd|' /C calc'!A0", "'-1+cmd|' /C calc'!A0"),
        ("AAA", "AAA"),
        ("'quoted", "'quoted"),
        ("", ""),
        (-1.5, -1.5),
        (None, None),
    ],
)
def test_a_cell_that_a_spreadsheet_would_run_is_neutralised(cell: object, written: object) -> None:
    assert doors.neutral(cell) == written
    if isinstance(written, str) and written != cell:
        assert doors.plain(written) == cell
    row = tables.csv_text([{"name": cell, "value": -0.5}], ("name",)).splitlines()
    assert not isinstance(cell, str) or row[-1].endswith(",-0.5")


def test_names_in_a_terminal_and_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    from paceline.cli.options import say, say_json
    from paceline.cli.tables import say_table

    name = "\x1b[2J\u202eevil\x9b1m"
    say(name)
    say_table([name], [[name]], name)
    say_json({name: name})
    out = capsys.readouterr().out
    assert not {"\x1b", "\u202e", "\x9b"} & set(out)
    told = out[out.index("{") :]
    assert json.loads(told) == {name: name}, "JSON keeps the name, escaped"
    buffer = io.StringIO()
    row = {"measure": "m", "subject": name, "value": 1.0, "unit": "count", "figure": "x"}
    terminal.rows([row], Console(file=buffer, width=100))
    assert "evil" in buffer.getvalue() and not {"\x1b", "\u202e", "\x9b"} & set(buffer.getvalue())


def test_a_ledger_in_csv_keeps_its_words_and_runs_nothing(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    words = '=HYPERLINK("http://x")'
    how = ("--who", "@me", "--date", "2025-05-05", "--stance", "headwind")
    for name in ("a", "b"):
        assert tiny.command("calls", "add", path, "--id", name, "--words", words, *how).code == 0
    cells = path.read_text()
    assert cells.count("'=HYPERLINK") == 2 and cells.count("'@me") == 2
    listed = json.loads(tiny.command("calls", "list", path, "--json").out)
    assert [(c["who"], c["words"]) for c in listed] == [("@me", words)] * 2


# ---- files that are written


def places(folder: Path) -> dict[str, Path]:
    """Paths where no plain file can be made or replaced."""
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "to-pipe").symlink_to("pipe")
    (folder / "to-folder").symlink_to("folder")
    (folder / "to-device").symlink_to("/dev/null")
    (folder / "loop").symlink_to("loop")
    (folder / "loop.py").symlink_to("loop.py")
    return {
        "a folder": folder / "folder",
        "a pipe": folder / "pipe",
        "a device": Path("/dev/null"),
        "a link to a pipe": folder / "to-pipe",
        "a link to a folder": folder / "to-folder",
        "a link to a device": folder / "to-device",
        "a link to itself": folder / "loop",
        "a long name": folder / ("x" * 300),
        "a long path": Path("/" + "b/" * 3000),
    }


OUTPUTS = {
    "report": ("report", "--quiet", "--out"),
    "json": ("report", "--quiet", "--out", "{folder}/r.html", "--json"),
    "show": ("show", "performance", "--csv"),
    "target": ("target", "5000", "--by", "2026-12-31", "--html"),
    "factcheck": ("factcheck", "{folder}/said.txt", "--date", "2025-09-12", "--html"),
    "ledger": (
        "calls", "add", "--id", "a", "--who", "x", "--date", "2025-05-05", "--words", "w",
        "--stance", "headwind", "--",
    ),
}  # fmt: skip


@pytest.mark.parametrize("output", OUTPUTS)
def test_only_plain_files_are_written(home: Path, tmp_path: Path, output: str) -> None:
    (tmp_path / "said.txt").write_text("The index rose 5% this year.")
    words = [w.replace("{folder}", str(tmp_path)) for w in OUTPUTS[output]]
    for name, place in places(tmp_path).items():
        before = None if "long" in name or not place.exists() else place.stat().st_mode
        where = ["--market", str(home / "market.toml")]
        said = [*words[:-1], *where, "--", place] if words[-1] == "--" else [*words, place, *where]
        answer = within(60, lambda said=said: tiny.command(*said))  # type: ignore[misc]
        tiny.one_clear_error(answer)
        assert before is None or place.stat().st_mode == before, f"{name} was replaced"


def test_a_link_to_a_plain_file_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_text("old")
    link = tmp_path / "link.txt"
    link.symlink_to("real.txt")
    write_text(link, "new")
    assert link.is_symlink() and (tmp_path / "real.txt").read_text() == "new"
    for place in places(tmp_path).values():
        with pytest.raises((UsageError, DataError)):
            write_text(place, "x")


# ---- files that are read


@pytest.mark.parametrize("kind", ["pipe", "to-pipe", "folder", "to-device", "loop"])
def test_only_plain_files_are_read(home: Path, tmp_path: Path, kind: str) -> None:
    places(tmp_path)
    place = tmp_path / kind
    tables_ = tiny.changed(("sources", "prices", "path"), kind)
    tables_["market"] = tables_["market"] | {"data": str(tmp_path), "store": str(tmp_path / "s")}
    market = tmp_path / "m.toml"
    market.write_text(tiny.text(tables_))
    where = ("--market", home / "market.toml")
    for said in (
        ("import", "--source", "prices", "--market", market),
        ("list", "--market", place),
        ("factcheck", place, *where),
        ("calls", "list", place),
        ("calls", "score", place, *where),
        ("verify", place),
        ("trust", place),
        ("conformance", place.with_suffix(".py") if kind == "loop" else place),
    ):
        tiny.one_clear_error(within(60, lambda said=said: tiny.command(*said)))  # type: ignore[misc]


@pytest.mark.parametrize("option", ["--store", "--data"])
@pytest.mark.parametrize("place", ["loop", "x" * 300, "/" + "b/" * 3000])
def test_a_folder_that_cannot_be(option: str, place: str, tmp_path: Path, home: Path) -> None:
    places(tmp_path)
    where = ("--market", home / "market.toml", option, str(tmp_path / place))
    tiny.one_clear_error(tiny.command("show", "performance", *where))


def test_what_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(doors.LARGEST_TEXT + 1)
    for said in (("list", "--market", path), ("calls", "list", path), ("factcheck", path)):
        answer = tiny.command(*said)
        tiny.one_clear_error(answer)
        assert "16,777,217 bytes" in answer.err


# ---- market files


NOT_TOML = {
    "deep list": "a = " + "[" * 5000 + "]" * 5000,
    "deep table": "a = " + "{b = " * 5000 + "1" + "}" * 5000,
    "17 deep": "a = " + "[" * 17 + "]" * 17,
    "a key of many dots": ".".join(["a"] * 100_000) + " = 1",
    "a table of many dots": "[" + ".".join(["a"] * 100_000) + "]",
    "a number of many digits": "a = " + "9" * 5000,
    "beyond 64 bits": "a = 9223372036854775808",
    "NaN": "a = nan",
    "infinite": "[b]\na = [1.0, -inf]",
    "NUL": 'a = "\\u0000"',
    "NUL in a key": '"\\u0000" = 1',
    "long text": f'a = "{"x" * 20_001}"',
    "long key": f"{'k' * 1001} = 1",
}


@pytest.mark.parametrize("name", NOT_TOML)
def test_toml_beyond_its_limits(name: str, tmp_path: Path) -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match=r"\w"):
        toml.parsed(NOT_TOML[name])
    assert time.process_time() - began < 10
    for file in ("m.toml", "calls.toml"):
        (tmp_path / file).write_text(NOT_TOML[name])
    tiny.one_clear_error(tiny.command("list", "--market", tmp_path / "m.toml"))
    tiny.one_clear_error(tiny.command("calls", "list", tmp_path / "calls.toml"))


#: Path of keys, value, and what the message must name.
MEANINGLESS: list[tuple[str, Any, str]] = [
    ("market.benchmark", "nobody", "unknown basket 'nobody'"),
    ("market.universe", "nobody", "unknown universe 'nobody'"),
    ("market.guard", -0.1, "market.guard"),
    ("market.guard", float("inf"), "market.guard"),
    ("market.low", [0.05, -0.03], "market.low"),
    ("market.low", [float("nan"), 0.03], "market.low"),
    ("market.low", [1.5, 0.03], "market.low"),
    ("market.currency", "", "market.currency"),
    ("market.start", "yesterday", "market.start"),
    ("market.data", "d" * 300, "market.data"),
    ("market.store", "\x00", "market.store"),
    ("market.order", {"close": ["nowhere"]}, "unknown source 'nowhere'"),
    ("market.strat", 1, "unknown key 'market.strat'"),
    ("nothing", {}, "unknown key 'nothing'"),
    ("universes.all.members", "nobody", "unknown member list 'nobody'"),
    ("universes.all.scheme", "other", "unknown scheme 'other'"),
    ("universes.all.holdings", "FUND", "unknown fund 'FUND'"),
    ("universes.all.bandd", 1, "unknown key"),
    ("universes.rules.rank", [4, 1], "rank"),
    ("universes.rules.rank", [-4, -1], "rank"),
    ("universes.rules.band", -0.1, "band"),
    ("universes.rules.eligible.min_price", -1, "min_price"),
    ("universes.rules.eligible.min_price", float("nan"), "min_price"),
    ("universes.rules.eligible.exclude_name", "(", "exclude_name"),
    ("universes.rules.eligible.exclude_name", "(?=x)", "exclude_name"),
    ("universes.rules.eligible.exclude_name", "(a)\\1", "exclude_name"),
    ("universes.rules.eligible.exclude_name", "x{99999}{99999}", "exclude_name"),
    ("baskets.cap.universe", "", "universe"),
    ("baskets.cap.universe", 5, "universe"),
    ("baskets.cap.cap_limit", 0, "cap_limit"),
    ("baskets.cap.cap_limit", float("nan"), "cap_limit"),
    ("baskets.cap.weight", "size", "unknown weighting 'size'"),
    ("baskets.idx.sector", "Tech", "one instrument or a selection"),
    ("baskets.tech.sector", "Technolgy", "unknown sector 'Technolgy'"),
    ("baskets.tech.sector", [], "sector"),
    ("baskets.top.minus", ["nobody"], "unknown basket 'nobody'"),
    ("baskets.given.weights", {"AAA": float("inf")}, "weights"),
    ("baskets.given.weights", {"AAA": 0.0}, "weights"),
    ("groups.two.baskets", ["top", "nobody"], "unknown basket 'nobody'"),
    ("groups.sectors.universe", "nobody", "unknown universe 'nobody'"),
    ("groups.sectors.by", "colour", "groups.sectors.by"),
    ("rotations.tb.against", "nobody", "unknown basket 'nobody'"),
    ("rotations.tb.against", "top", "cannot rotate against itself"),
    ("rotations.tb.proxy", "nowhere/SMB", "unknown series 'nowhere/SMB'"),
    ("rotations.tb.proxy", "-nowhere/SMB", "unknown series 'nowhere/SMB'"),
    ("report.as_of", "newest", "report.as_of"),
    ("report.as_of", "2025-02-30", "report.as_of"),
    ("report.sections", ["headlines"], "unknown section 'headlines'"),
    ("report.sections", ["league_nobody"], "unknown section 'league_nobody'"),
    ("report.sections", [1], "report.sections"),
    ("report.since_low", ["nobody"], "unknown basket 'nobody'"),
    ("report.headline", ["nobody"], "unknown rotation 'nobody'"),
    ("measures.nothing", {}, "unknown measure 'nothing'"),
    ("measures.percent_above_average", {"windw": 5}, "windw"),
    ("measures.percent_above_average", {"window": -5}, "window"),
    ("measures.percent_above_average", {"window": "soon"}, "window"),
    ("measures.percent_above_average", {"window": 1.5}, "window"),
    ("measures.swing_lows", {"fall": float("nan")}, "fall"),
    ("measures.swing_lows", {"fall": -0.1}, "fall"),
    ("sources.prices.kind", "filse", "unknown source kind 'filse'"),
    ("sources.prices.table", "price", "unknown table 'price'"),
    ("sources.prices.tolerance", -1, "tolerance"),
    ("sources.prices.path", "p" * 300 + ".csv", "sources.prices.path"),
    ("sources.prices.path", "", "sources.prices.path"),
    ("sources.prices.path", ["prices.csv", ""], "sources.prices.path"),
    ("sources.prices.options.delimiter", "", "options.delimiter"),
    ("sources.prices.options.delimiter", ",,", "options.delimiter"),
    ("sources.prices.options.delimiter", '"', "options.delimiter"),
    ("sources.prices.options.delimiter", "\n", "options.delimiter"),
    ("sources.prices.options.delimiter", "\uff1b", "options.delimiter"),
    ("sources.prices.options.delimiter", 5, "options.delimiter"),
    ("sources.prices.options.decimal", ";", "options.decimal"),
    ("sources.prices.options.encoding", "utf-9", "utf-9"),
    ("sources.prices.options.encoding", "undefined", "undefined"),
    ("sources.prices.options.missing", 5, "options.missing"),
    ("sources.prices.options.replace", ["/"], "options.replace"),
    ("sources.prices.options.replace", {"": "x"}, "options.replace"),
    ("sources.prices.options.names", [], "options.names"),
    ("sources.prices.options.names", ["a", "a"], "options.names"),
    ("sources.prices.options.wide", 5, "options.wide"),
    ("sources.prices.options.wide_field", "nope", "options.wide_field"),
    ("sources.prices.options.lag_days", -5, "options.lag_days"),
    ("sources.prices.options.lag_days", 10**6, "options.lag_days"),
    ("sources.prices.options.unit", "dozens", "options.unit"),
    ("sources.prices.options.shape", "round", "options.shape"),
    ("sources.prices.options.snapshot", {"pth": "x.csv"}, "options.snapshot"),
    ("sources.prices.options.also_securities", {"nope": "x"}, "also_securities"),
    ("sources.prices.columns.security", {"column": "ticker", "unit": "percent"}, "unit"),
    ("sources.prices.columns.close", {"column": "close", "format": "%Y"}, "format"),
    ("sources.prices.columns.close", "nope", "no column 'nope'"),
    ("sources.prices.constants", {"close": "ten"}, "constants.close"),
    ("sources.prices.constants", {"known": "soon"}, "constants.known"),
    ("sources.index.constants", {"security": "IDX", "clsoe": 5}, "clsoe"),
    # true is no 1
    ("market.guard", True, "market.guard: true and false"),
    ("market.low", [True, 0.03], "market.low: true and false"),
    ("baskets.cap.cap_limit", True, "baskets.cap.cap_limit: true and false"),
    ("baskets.given.weights", {"AAA": True, "BBB": 1.0}, "baskets.given.weights: true and false"),
    ("sources.prices.max_age", True, "sources.prices.max_age: true and false"),
    ("measures.percent_above_average", {"window": True}, "window: true and false"),
    # of a value of several possible kinds the one it is nearest to
    (
        "sources.prices.columns.price_return",
        {"column": "change", "unit": "furlong"},
        "columns.price_return.unit: Input should be 'fraction', 'percent'",
    ),
    ("sources.prices.columns.close", {"colum": "close"}, "unknown key 'sources.prices.columns"),
    ("sources.prices.path", [1], "sources.prices.path.0: Input should be a valid string"),
    ("sources.prices.where", {"ticker": {}}, "where.ticker: Input should be a valid string, or"),
    ("sources.prices.rename", {"AAA": ""}, "sources.prices.rename.AAA"),
    ("universes.rules.eligible.exclude_name", "[", "expression (unclosed character class)."),
]


@pytest.mark.parametrize(
    ("key", "value", "said"), MEANINGLESS, ids=[f"{k}={v!r:.30}" for k, v, _ in MEANINGLESS]
)
def test_a_setting_that_means_nothing_is_an_error(
    home: Path, tmp_path: Path, key: str, value: object, said: str
) -> None:
    market = tmp_path / "market.toml"
    store = tmp_path / "store"
    if key.startswith("sources"):
        (tmp_path / "data").symlink_to(home / "data")
        words: tuple[object, ...] = ("import", "--source", key.split(".")[1])
    else:
        store = home / "store"
        words = ("report", "--quiet", "--out", tmp_path / "r.html")
    market.write_text(tiny.text(tiny.changed(key.split("."), value)))
    answer = tiny.command(
        *words, "--market", market, *(() if "store" in key else ("--store", store))
    )
    tiny.one_clear_error(answer)
    assert said in answer.err, answer.err


@pytest.mark.parametrize("name", sorted(measures.discover()))
def test_numbers_of_a_measure_are_finite_and_within_their_limits(name: str, home: Path) -> None:
    market = paceline.open(home / "market.toml")
    measure = measures.get(name)
    for key, parameter in measure.params.items():
        usual = parameter.default
        numbers = isinstance(usual, (int, float)) and not isinstance(usual, bool)
        if not numbers:
            continue
        for value in (-(10**9), 10**30, float("nan"), float("inf"), -1, "soon", True, [1, 2], {}):
            with pytest.raises(UsageError, match=key):
                market.show(name, **{key: value})


# ---- tables


DAYS = [dt.date(2025, 9, d) for d in (8, 9, 10)]
NO_CELLS = {
    "times": pa.array([dt.time(9, 30)] * 3),
    "durations": pa.array([dt.timedelta(days=1)] * 3),
    "structs": pa.array([{"a": 1}] * 3),
    "lists": pa.array([[1.0]] * 3),
    "empty lists": pa.array([[]] * 3, pa.list_(pa.float64())),
    "bytes": pa.array([b"\x00\xff"] * 3),
    "maps": pa.array([[("a", 1)]] * 3, pa.map_(pa.string(), pa.int64())),
}
NO_DAYS = {
    "far date": pa.array([2**31 - 1] * 3, pa.int32()).cast(pa.date32()),
    "early date": pa.array([-(2**31)] * 3, pa.int32()).cast(pa.date32()),
    "year 0": pa.array([-719_529] * 3, pa.int32()).cast(pa.date32()),
    "far microseconds": pa.array([2**62] * 3, pa.int64()).cast(pa.timestamp("us")),
    "early milliseconds": pa.array([-(2**62)] * 3, pa.int64()).cast(pa.timestamp("ms")),
    "yes and no": pa.array([True, False, True]),
}


def imported(folder: Path, columns: dict[str, Any], mapped: bool = True) -> tiny.Answered:
    (folder / "data").mkdir(exist_ok=True)
    pq.write_table(pa.table(columns), folder / "data" / "p.parquet")
    market = folder / "market.toml"
    columns_ = 'columns = { security = "ticker", date = "date", close = "close" }' if mapped else ""
    market.write_text(
        '[market]\nname = "t"\nbenchmark = "a"\ndata = "data"\nstore = "store"\n'
        f'[baskets.a]\ninstrument = "AAA"\n[sources.s]\npath = "p.parquet"\n{columns_}\n'
    )
    return tiny.command("import", "--json", "--market", market)


GOOD = {"ticker": pa.array(["AAA"] * 3), "date": pa.array(DAYS), "close": pa.array([1.0, 2.0, 3.0])}


@pytest.mark.parametrize("kind", NO_CELLS)
@pytest.mark.parametrize("column", ["ticker", "date", "close"])
def test_a_parquet_column_that_holds_no_cells(tmp_path: Path, kind: str, column: str) -> None:
    answer = imported(tmp_path, GOOD | {column: NO_CELLS[kind]})
    tiny.one_clear_error(answer)
    assert (
        f"column '{column}' holds" in answer.err and "asked for by sources.s.columns" in answer.err
    )
    beside = imported(tmp_path, GOOD | {"unmapped": NO_CELLS[kind]})
    assert beside.code == 0 and json.loads(beside.out)[0]["rows"] == 3, "it is left out"


@pytest.mark.parametrize("kind", NO_DAYS)
def test_days_that_no_calendar_has(tmp_path: Path, kind: str) -> None:
    answer = imported(tmp_path, GOOD | {"date": NO_DAYS[kind]})
    tiny.one_clear_error(answer)
    assert "column 'date'" in answer.err
    beside = imported(tmp_path, GOOD | {"unmapped": NO_DAYS[kind]})
    assert beside.code == 0 and json.loads(beside.out)[0]["rows"] == 3


@pytest.mark.parametrize(
    "close",
    [
        pa.array([Decimal("1.50"), Decimal("2.25"), Decimal("3.00")], pa.decimal128(10, 2)),
        pa.array([1.5, 2.25, 3.0], pa.float32()),
        pa.array(["1.5", "2.25", "3"]).dictionary_encode(),
    ],
    ids=["decimals", "single precision", "categories"],
)
def test_numbers_of_other_types_are_read(tmp_path: Path, close: Any) -> None:
    answer = imported(
        tmp_path, GOOD | {"close": close, "ticker": GOOD["ticker"].dictionary_encode()}
    )
    assert answer.code == 0, answer
    market = paceline.open(tmp_path / "market.toml")
    stored = market.store.table("prices").collect()
    assert sorted(stored["close"].to_list()) == [1.5, 2.25, 3.0]
    assert set(stored["security"]) == {"AAA"}


@pytest.mark.parametrize("kind", ["yes and no", "dates"])
def test_no_number_is_made_of_what_is_none(tmp_path: Path, kind: str) -> None:
    close = pa.array(DAYS) if kind == "dates" else pa.array([True, True, False])
    answer = imported(tmp_path, GOOD | {"close": close})
    tiny.one_clear_error(answer)
    assert f"holds {kind}, asked for as a number" in answer.err


def test_a_file_that_swells_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    from paceline.sources.files import _packed

    monkeypatch.setattr(_packed, "LARGEST_UNPACKED", 10_000)
    folder = tiny.write(tmp_path).parent
    rows = b"ticker,date,close,change,cap\n" + b"AAA,2025-09-08,1,1,1\n" * 500_000
    (folder / "data" / "prices.csv").write_bytes(gzip.compress(rows))
    answer = tiny.command("import", "--source", "prices", "--market", folder / "market.toml")
    tiny.one_clear_error(answer)
    assert "unpacks to more than" in answer.err


# ---- manifests


GOOD_MANIFEST: dict[str, Any] = {
    "as_of": "2025-09-12",
    "store_version": 3,
    "market_file": "market.toml",
    "figures": [{"measure": "m", "subject": "s", "value": 1.0, "figure": "id"}],
}


@pytest.mark.parametrize(
    "change",
    [
        {"as_of": None},
        {"as_of": 5},
        {"as_of": "soon"},
        {"store_version": "3"},
        {"store_version": -1},
        {"store_version": True},
        {"store_version": 10**30},
        {"market_file": ["m"]},
        {"store": 5},
        {"data": "a\x00b"},
        {"figures": None},
        {"figures": {"a": 1}},
        {"figures": [1]},
        {"figures": [{}]},
        {"figures": [{"measure": ["m"], "value": 1, "figure": "x"}]},
        {"figures": [{"measure": "m", "value": [1], "figure": "x"}]},
        {"previous": 5},
        {"previous": {"as_of": "2025-09-11"}},
        {"previous": {"as_of": "x", "figures": []}},
        {"previous": {"as_of": "2025-09-11", "figures": [None]}},
        {"digests": {"pages": {"a": 5}}},
        {"digests": {"pages": {}, "name": 5}},
    ],
)
def test_a_manifest_of_another_shape(change: dict[str, Any], tmp_path: Path) -> None:
    assert shape.fault(GOOD_MANIFEST) == "" and shape.fault(GOOD_MANIFEST | change)
    path = tmp_path / "odd.manifest.json"
    path.write_text(json.dumps(GOOD_MANIFEST | change))
    tiny.one_clear_error(tiny.command("verify", path))


@pytest.mark.parametrize(
    "text", ["", "[", "[" * 100_000, "NaN", '{"figures": [NaN]}', "\ufeff{}", "5"]
)
def test_a_manifest_that_is_no_json(text: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.manifest.json"
    path.write_text(text)
    tiny.one_clear_error(tiny.command("verify", path))


# ---- short histories


@pytest.mark.parametrize("sessions", [1, 2, 3, 6, 30, 126, 131, 132])
def test_a_history_shorter_than_the_question_needs(sessions: int, tmp_path: Path) -> None:
    where = ("--market", tiny.write(tmp_path, sessions))
    assert tiny.command("import", *where).code == 0
    (tmp_path / "said.txt").write_text("The index rose 5% this year.")
    for said in (
        ("episodes", "tb"),
        ("episodes", "tb", "--step", "126"),
        ("episodes", "sectors:Tech", "--step", "1"),
        ("target", "5000", "--by", "2026-12-31"),
        ("factcheck", tmp_path / "said.txt", "--date", "2025-09-12"),
        *(("show", name) for name in ("performance", "leadership", "regimes", "relative_rotation")),
    ):
        tiny.right_or_clear(tiny.command(*said, *where), 1, 3, 4)


def test_a_market_without_a_session(tmp_path: Path) -> None:
    where = ("--market", tiny.write(tmp_path, 0))
    for said in (("import",), ("list",), ("show", "performance"), ("episodes", "tb")):
        tiny.one_clear_error(tiny.command(*said, *where))


def test_one_leg_shorter_than_the_other(tmp_path: Path) -> None:
    market = tiny.write(tmp_path, 300)
    index = pl.read_csv(tmp_path / "data" / "index.csv")
    lengths = (1, 2, 3, 7, 126, 127, 131, 132)
    late = [
        index.tail(n).with_columns(pl.lit(f"L{n}").alias("t"), pl.col("close") * 2) for n in lengths
    ]
    pl.concat(late).write_csv(tmp_path / "data" / "late.csv")
    more = tiny.changed(("sources", "late"), {
        "path": "late.csv", "columns": {"security": "t", "date": "date", "close": "close"}
    })  # fmt: skip
    more["market"] = more["market"] | {
        "order": {k: ["prices", "index", "late"] for k in ("close", "price_return")}
    }
    more["baskets"] = more["baskets"] | {f"l{n}": {"instrument": f"L{n}"} for n in lengths}
    more["rotations"] = {f"r{n}": {"lead": f"l{n}", "against": "idx"} for n in lengths}
    more["report"] = {}
    market.write_text(tiny.text(more))
    assert tiny.command("import", "--market", market).code == 0
    for n in lengths:
        tiny.right_or_clear(tiny.command("episodes", f"r{n}", "--market", market))


# ---- commentaries


LONG = {
    "claims": "The S&P 500 rose 5.1% this year. Tech fell 3% last week.\n",
    "one line": "The S&P 500 rose 5% this year ",
    "capitals": "THE S&P 500 ROSE 5% ",
    "bullets": "- S&P 500 up 5%\n",
    "colons": "S&P 500: 5%; ",
    "ranks": "Tech led all sectors. ",
    "wrapped": "the market rose and\n",
    "stops": "It rose. ",
    "it": "The index rose 5%. ",
    "causes": "Stocks rose because of hopes. We should buy. ",
    "scripts": "<script>",
    "comments": "<!--",
}


@pytest.mark.parametrize("name", LONG)
def test_a_commentary_costs_time_in_proportion_to_its_length(name: str, home: Path) -> None:
    market = paceline.open(home / "market.toml")
    once = LONG[name] * (1200 // len(LONG[name]))

    def cost(times: int) -> float:
        began = time.process_time()
        market.factcheck(once * times, "2025-09-12")
        return time.process_time() - began

    cost(1)
    # four times the text: four times the time, and sixteen for one that compares all with all
    assert any(cost(20) < 9 * max(cost(5), 0.02) for _ in range(3))
