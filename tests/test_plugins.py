"""Code from outside: found where declared, run only when allowed, blamed for its own faults."""

from __future__ import annotations

import os
import shlex
import stat
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import paceline
from paceline import measures, pages, plugins, record, sources
from paceline.baskets import cache, weights
from paceline.cli import USAGE, main
from paceline.document import Chart, Document, Grid, Label
from paceline.errors import MarketFileError, PluginError, PluginWarning, UnknownName, UsageError

SOUND = '''
import numpy as np
from paceline.measures import Result, View, measure

@measure(question="What is one?", of="levels", unit="ratio", shows="series",
         references=("none",), section="breadth")
def one(view: View, *, times: float = 1.0) -> Result:
    """One for every basket.

    value_t = times. Missing: nothing.

    times  what one is multiplied by
    """
    return Result(np.full(view.shape, times))
'''
DEMO = (Path(paceline.__file__).parent / "data" / "demo.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a small simulated market, filled once."""
    home = tmp_path_factory.mktemp("plugged")
    path = write_market(home, [])
    paceline.open(path, store=home / "store").ensure()
    return home / "store"


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings of a user who has allowed nothing yet."""
    monkeypatch.setenv("PACELINE_CONFIG", str(tmp_path / "settings"))
    monkeypatch.setattr(plugins, "_ALLOWED", set())
    return tmp_path / "settings"


def write_market(home: Path, files: list[str], more: str = "") -> Path:
    """A market file that names plug-ins, beside which they stand."""
    small = DEMO.replace("companies = 1500, years = 12", "companies = 60, years = 2")
    assert small != DEMO
    path = home / "market.toml"
    path.write_text(f"plugins = {files}\n{small}\n{more}", encoding="utf-8")
    return path


def write(path: Path, text: str) -> Path:
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def run(*words: object) -> int:
    return main([str(word) for word in words])


# ---- files


def test_a_file_beside_the_market_answers_like_any_measure(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is listed, shown, and has help with its parameters; other markets do not see it."""
    write(tmp_path / "mine.py", SOUND)
    market = write_market(tmp_path, ["mine.py"], "[measures.one]\ntimes = 2.0\n")
    assert run("trust", market) == 0
    where = ("--market", market, "--store", store)
    assert run("list", "measures", *where) == 0
    assert "What is one?" in capsys.readouterr().out
    assert run("show", "one", "--subject", "large", "--json", *where) == 0
    assert '"value": 2.0' in capsys.readouterr().out
    assert run("show", "one", "--times", "3", "--json", *where) == 0
    assert '"value": 3.0' in capsys.readouterr().out
    assert run("show", "one", "--help", "--market", market) == 0
    out = capsys.readouterr().out
    assert "what one is multiplied by" in out
    assert "value_t = times" in out
    other = tmp_path / "other"
    other.mkdir()
    plain = paceline.open(write_market(other, []), store=store)
    with pytest.raises(UnknownName):
        plain.show("one")
    assert "one" not in dict(plain.names()["measures"])


def test_two_markets_do_not_see_each_others_files(tmp_path: Path, store: Path) -> None:
    """Also where both files have the same name and define the same measure differently."""
    markets = []
    for number in (1, 2):
        home = tmp_path / str(number)
        home.mkdir()
        file = write(
            home / "mine.py", SOUND.replace("times: float = 1.0", f"times: float = {number}.0")
        )
        markets.append(paceline.open(write_market(home, ["mine.py"]), store=store, plugins=[file]))
    found = [m.show("one", subjects=["large"])[0].value for m in markets]
    assert found == [1.0, 2.0]


def test_its_figures_are_traced_to_the_file(tmp_path: Path, store: Path) -> None:
    """The command that makes the figure again names the market file."""
    file = write(tmp_path / "mine.py", SOUND)
    market = paceline.open(write_market(tmp_path, ["mine.py"]), store=store, plugins=[file])
    figures = market.show("one", subjects=["large"])
    market.remember(figures)
    command = record.trace(figures[0].id, market)["command"]
    assert command.startswith("paceline show one --market ")


def test_an_id_rests_on_the_file_that_computed_it(tmp_path: Path, store: Path) -> None:
    """Other code is another question; what does not rest on the file keeps its id."""
    ids = {}
    for name, text in (("a", SOUND), ("b", SOUND), ("c", SOUND + "# changed\n")):
        (tmp_path / name).mkdir()
        file = write(tmp_path / name / "mine.py", text)
        market = paceline.open(write_market(tmp_path, []), store=store, plugins=[file])
        asked = (market.show(m, subjects=["large"])[0].id for m in ("one", "performance"))
        ids[name] = tuple(asked)
    assert ids["a"] == ids["b"]
    assert ids["a"][0] != ids["c"][0]
    assert ids["a"][1] == ids["c"][1]


def test_a_file_that_is_not_there_is_named(tmp_path: Path, store: Path) -> None:
    market = paceline.open(write_market(tmp_path, ["lost.py"]), store=store)
    with pytest.raises(UsageError, match=r"lost\.py: the plug-in cannot be read"):
        market.show("performance")


def test_paths_start_from_the_market_file(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path / "deep" / "mine.py", SOUND)
    market = write_market(tmp_path, ["deep/mine.py"])
    monkeypatch.chdir(tmp_path / "deep")
    assert run("trust", market) == 0
    assert paceline.open(market, store=store).show("one")[0].value == 1.0


# ---- permission


def test_nothing_runs_before_it_is_allowed(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence names the file and the command; what needs no code works; then it runs."""
    ran = tmp_path / "ran"
    file = write(tmp_path / "mine.py", f"open({str(ran)!r}, 'w').close()\n{SOUND}")
    market = write_market(tmp_path, ["mine.py"])
    where = ("--market", market, "--store", store)
    refused = [("show", "one"), ("show", "performance"), ("list", "measures"), ("report",)]
    for words in refused:
        out = ("--out", tmp_path / "r.html") if words[0] == "report" else ()
        assert run(*words, *out, *where) == USAGE
        said = capsys.readouterr().err.splitlines()
        assert said[0].startswith(f"error: {file}: ")
        assert said[1] == f"Read it, then run `paceline trust {file}`."
        assert len(said) == 2
    assert run("doctor", *where) == 0
    assert run("import", *where) == 0
    assert not ran.exists()
    assert run("trust", file) == 0
    assert not ran.exists()
    assert run("show", "one", *where) == 0
    assert ran.exists()


def test_the_command_that_allows_a_file_works_as_printed(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also for a path with a space and a quote in it."""
    home = tmp_path / "it's mine"
    home.mkdir()
    write(home / "mine.py", SOUND)
    where = ("--market", write_market(home, ["mine.py"]), "--store", store)
    assert run("show", "one", *where) == USAGE
    command = shlex.split(capsys.readouterr().err.split("`")[1])
    assert command.pop(0) == "paceline"
    assert run(*command) == 0
    assert run("show", "one", *where) == 0


def test_a_changed_file_must_be_allowed_again(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One more byte is another file; what was allowed before is allowed no longer."""
    file = write(tmp_path / "mine.py", SOUND)
    market = write_market(tmp_path, ["mine.py"])
    where = ("--market", market, "--store", store)
    assert run("trust", file) == 0
    assert run("show", "one", *where) == 0
    changed = file.read_bytes() + b"\n"
    file.write_bytes(changed)
    assert run("show", "one", *where) == USAGE
    assert run("trust", file) == 0
    assert run("show", "one", *where) == 0
    file.write_bytes(changed[:-1])
    assert run("show", "one", *where) == USAGE
    capsys.readouterr()


def test_permissions_are_listed_and_taken_back(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "mine.py", SOUND)
    market = write_market(tmp_path, ["mine.py"])
    assert run("trust") == USAGE
    assert run("trust", market) == 0
    capsys.readouterr()
    assert run("trust", "--list") == 0
    assert str(file) in capsys.readouterr().out
    assert run("trust", "--forget", market) == 0
    assert capsys.readouterr().out == f"forgotten: {file}\n"
    assert run("trust", "--list") == 0
    assert capsys.readouterr().out == ""
    assert run("show", "one", "--market", market, "--store", store) == USAGE


@pytest.mark.skipif(os.name == "nt", reason="modes are those of POSIX")
def test_the_list_is_the_users_own(tmp_path: Path, settings: Path) -> None:
    plugins.trust(write(tmp_path / "mine.py", SOUND))
    assert [p.name for p in settings.iterdir()] == ["trusted"]
    assert stat.S_IMODE((settings / "trusted").stat().st_mode) == 0o600


def test_a_damaged_list_allows_nothing_and_is_named(tmp_path: Path, settings: Path) -> None:
    settings.mkdir()
    (settings / "trusted").write_text("not json")
    file = write(tmp_path / "mine.py", SOUND)
    with pytest.raises(UsageError, match="list of allowed files cannot be read"):
        plugins.load([file])


@pytest.mark.parametrize(
    ("platform", "variables", "place"),
    [
        ("linux", {"XDG_CONFIG_HOME": "/x"}, "/x/paceline"),
        ("linux", {}, "/home/me/.config/paceline"),
        ("darwin", {}, "/home/me/Library/Application Support/paceline"),
        ("win32", {"APPDATA": "/roaming"}, "/roaming/paceline"),
        ("win32", {"PACELINE_CONFIG": "/own"}, "/own"),
    ],
)
def test_settings_stand_where_the_platform_keeps_them(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], place: str
) -> None:
    for name in ("PACELINE_CONFIG", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(Path, "home", lambda: Path("/home/me"))
    monkeypatch.setattr(sys, "platform", platform)
    assert plugins.folder().as_posix() == place


def test_in_python_only_the_files_passed_are_allowed(tmp_path: Path, store: Path) -> None:
    """The argument is the permission for these, not for others that the market file names."""
    first = write(tmp_path / "first.py", SOUND)
    write(tmp_path / "second.py", SOUND.replace("def one", "def two"))
    path = write_market(tmp_path, ["first.py", "second.py"])
    with pytest.raises(UsageError, match=r"second\.py: .* you have not allowed"):
        paceline.open(path, store=store, plugins=[first]).show("one")
    plugins.trust(tmp_path / "second.py")
    market = paceline.open(path, store=store, plugins=[first])
    assert {"one", "two"} <= set(dict(market.names()["measures"]))
    with pytest.raises(UsageError, match=r"none\.py: the plug-in cannot be read"):
        paceline.open(path, store=store, plugins=[tmp_path / "none.py"])


def test_a_file_passed_in_python_need_not_be_named(tmp_path: Path, store: Path) -> None:
    file = write(tmp_path / "mine.py", SOUND)
    market = paceline.open(write_market(tmp_path, []), store=store, plugins=[file])
    assert market.show("one")[0].value == 1.0


# ---- faults

RUNS = SOUND.replace("    return Result(", "    {fault}\n    return Result(")
FAULTS = [
    ("syntax", "x = 1\ny = (\n", 2, "SyntaxError"),
    ("import", "\n\nimport no_such_module\n", 3, "ModuleNotFoundError: No module named"),
    ("raises", "def f():\n    return 1 / 0\nf()\n", 2, "ZeroDivisionError: division by zero"),
    ("exits", "import sys\nsys.exit(0)\n", 2, "SystemExit: 0"),
    ("declaration", SOUND.replace('unit="ratio", ', ""), 5, "missing 1 required keyword-only"),
    (
        "running",
        SOUND.replace("return Result(", "return view.nothing + Result("),
        14,
        "AttributeError",
    ),
    ("deeper", SOUND.replace("np.full(view.shape", "np.full((2, -1)"), 14, "ValueError"),
    (
        "undeclared",
        SOUND.replace("np.full(view.shape, times)", 'view.field("close")'),
        14,
        "without declaring",
    ),
    (
        "no result",
        SOUND.replace("return Result(np.full(view.shape, times))", "return 3"),
        5,
        "returned int, not a Result",
    ),
    ("shape", SOUND.replace("np.full(view.shape", "np.full((1, 2)"), 5, "has shape (1, 2), not ("),
    (
        "empty",
        SOUND.replace("Result(np.full(view.shape, times))", "Result()"),
        5,
        "neither value nor table",
    ),
    ("unit", SOUND.replace('"ratio"', '"furlongs"'), 5, "unit 'furlongs' is not one of"),
]


@pytest.mark.parametrize(
    ("text", "line", "says"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_a_fault_is_that_files_and_names_its_line(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str], text: str, line: int, says: str
) -> None:
    """Exit code 2, never 70."""
    file = tmp_path / "mine.py"
    file.write_text(text, encoding="utf-8")
    assert run("trust", file) == 0
    market = write_market(tmp_path, ["mine.py"])
    assert run("show", "one", "--market", market, "--store", store) == USAGE
    said = capsys.readouterr().err
    assert said.startswith(f"error: {file}:{line}: ")
    assert says in said
    assert "fault of Paceline, not yours" not in said


def test_a_table_without_its_columns_is_the_files_fault(tmp_path: Path, store: Path) -> None:
    text = SOUND.replace('"series"', '"table"').replace(
        "Result(np.full(view.shape, times))", 'Result(table=pl.DataFrame({"subject": ["large"]}))'
    )
    file = write(tmp_path / "mine.py", f"import polars as pl\n{text}")
    market = paceline.open(write_market(tmp_path, []), store=store, plugins=[file])
    with pytest.raises(
        PluginError, match=r"mine\.py:6: .* lacks the column\(s\) against, statistic"
    ):
        market.show("one")


def test_what_the_user_asks_wrongly_stays_the_users(tmp_path: Path, store: Path) -> None:
    """A plug-in may refuse a parameter as any measure does; that is no fault of the file."""
    text = SOUND.replace(
        "    return Result(",
        '    if times < 0:\n        raise UsageError("times is negative.", "Give more.")\n'
        "    return Result(",
    )
    file = write(tmp_path / "mine.py", f"from paceline.errors import UsageError\n{text}")
    market = paceline.open(write_market(tmp_path, []), store=store, plugins=[file])
    with pytest.raises(UsageError, match=r"^times is negative\. Give more\.$") as caught:
        market.show("one", times=-1.0)
    assert not isinstance(caught.value, PluginError)


def test_a_fault_of_paceline_stays_one(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only code from outside is blamed as such."""
    from dataclasses import replace

    def broken(view: object, **_: object) -> None:
        raise ZeroDivisionError

    broken.__module__ = "paceline.measures.performance"
    own = measures.get("performance")
    monkeypatch.setattr(measures, "get", lambda *_: replace(own, function=broken))
    with pytest.raises(ZeroDivisionError):
        paceline.open(write_market(tmp_path, []), store=store).show("performance")


@pytest.mark.parametrize("built_in", [True, False])
def test_a_name_taken_twice_names_both_files(tmp_path: Path, store: Path, built_in: bool) -> None:
    files = [write(tmp_path / "mine.py", SOUND), write(tmp_path / "yours.py", SOUND)]
    other = "yours.py"
    if built_in:
        files = [write(tmp_path / "mine.py", SOUND.replace("def one", "def performance"))]
        other = "performance.py"
    market = paceline.open(write_market(tmp_path, []), store=store, plugins=files)
    with pytest.raises(PluginError) as caught:
        market.show("performance")
    assert "mine.py" in caught.value.message
    assert other in caught.value.message


def test_what_a_file_imports_from_the_package_does_not_clash(tmp_path: Path, store: Path) -> None:
    text = f"from paceline.measures.performance import performance\n{SOUND}"
    file = write(tmp_path / "mine.py", text)
    market = paceline.open(write_market(tmp_path, []), store=store, plugins=[file])
    assert market.show("one")


# ---- sources

SOURCE = """
import hashlib
import polars as pl
from paceline.lineage import Origin
from paceline.sources import Parsed, Raw

def fetch(name, spec, folder):
    data = (folder / spec.path).read_bytes()
    origin = Origin("a test", spec.path, "2025-12-05", checksum=hashlib.sha256(data).hexdigest())
    return [Raw(data, origin)]

def parse(name, spec, raws, context):
    lines = [line.split(";") for line in raws[0].data.decode().splitlines()]
    frame = pl.DataFrame(lines, schema=["date", "security", "close"], orient="row")
    frame = frame.with_columns(pl.col("date").str.to_date(), pl.col("close").cast(float))
    frame = frame.with_columns(price_return=pl.col("close").pct_change().over("security"))
    return Parsed({"prices": frame.with_columns(source=pl.lit(name), known=pl.col("date"))})
"""
TINY = """
plugins = ["vendor.py"]
[market]
name = "tiny"
benchmark = "acme"
[sources.vendor]
kind = "vendor"
path = "vendor.txt"
[baskets.acme]
instrument = "ACME"
"""


def vendor(home: Path, source: str = SOURCE) -> Path:
    write(home / "vendor.py", source)
    write(home / "vendor.txt", "2025-12-03;ACME;10\n2025-12-04;ACME;11\n2025-12-05;ACME;12\n")
    return write(home / "market.toml", TINY)


def test_a_source_in_a_file_is_imported(tmp_path: Path) -> None:
    """Its kind is the file's name; refused until allowed."""
    path = vendor(tmp_path)
    with pytest.raises(UsageError, match=r"paceline trust .*vendor\.py"):
        paceline.open(path).ensure()
    plugins.trust(path)
    market = paceline.open(path)
    assert market.ensure()[-1]["rows"] == 3
    levels = market.levels(["acme"])
    assert levels["acme"].to_list()[-1] / levels["acme"].to_list()[0] == pytest.approx(12 / 10)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("spec.path).read", "spec.nowhere).read", r"vendor\.py:8: fetching vendor failed: Attr"),
        (
            "return [Raw(data, origin)]",
            "return data",
            r"vendor\.py:7: .* must return a list of Raw",
        ),
        ("line.split", "line.cut", r"vendor\.py:13: parsing vendor failed: AttributeError"),
        ("return Parsed({", "return ({", r"vendor\.py:12: .* it must return a Parsed"),
    ],
)
def test_a_fault_of_a_source_is_the_files(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in SOURCE
    path = vendor(tmp_path, SOURCE.replace(old, new))
    plugins.trust(path)
    with pytest.raises(PluginError, match=says):
        paceline.open(path).ensure()


def test_a_source_may_not_take_a_name_of_the_package(tmp_path: Path) -> None:
    write(tmp_path / "french.py", SOURCE)
    files = plugins.allow([tmp_path / "french.py"])
    with pytest.raises(
        PluginError, match=r"source kind 'french': in .*french\.py and in .*sources"
    ):
        sources.get("vendor", files)
    with pytest.raises(UnknownName, match="source kind 'vendor'"):
        sources.get("vendor")


# ---- weightings

WEIGHTING = """
from paceline.baskets import weighting

@weighting("first")
def first(at):
    held = at.members * 0.0
    held[at.members.argmax()] = 1.0
    return held
"""
HELD = '[baskets.alone]\nuniverse = "large"\nweight = "first"\n'


def test_a_weighting_in_a_file_makes_a_basket(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Opening the market runs nothing; its baskets need the permission."""
    write(tmp_path / "mine.py", WEIGHTING)
    path = write_market(tmp_path, ["mine.py"], HELD)
    where = ("--market", path, "--store", store)
    assert run("doctor", *where) == 0
    assert run("show", "performance", "--subject", "alone", *where) == USAGE
    assert run("trust", path) == 0
    capsys.readouterr()
    market = paceline.open(path, store=store)
    assert market.weights("alone")["weight"].to_list() == [1.0]
    assert run("show", "performance", "--subject", "alone", *where) == 0


def test_a_changed_weighting_makes_other_indices(tmp_path: Path, store: Path) -> None:
    """What is kept of a basket is not used for other code."""
    last = WEIGHTING.replace(
        "at.members.argmax()", "len(at.members) - 1 - at.members[::-1].argmax()"
    )
    securities: list[str] = []
    ids, others = [], []
    for number, text in enumerate((WEIGHTING, last)):
        file = write(tmp_path / f"w{number}.py", text)
        market = paceline.open(write_market(tmp_path, [], HELD), store=store, plugins=[file])
        securities += market.weights("alone")["security"].to_list()
        ids.append({f.id for f in market.show("performance", subjects=["alone"])})
        others.append({f.id for f in market.show("performance", subjects=["large"])})
    assert len(set(securities)) == 2
    assert ids[0].isdisjoint(ids[1])
    assert others[0] == others[1], "what does not rest on the file keeps its id"


def test_what_a_weighting_reads_is_read_again_by_the_next_process(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it rests on beside its own text, nobody sees: here a file that tells whom it holds."""
    which = write(tmp_path / "which.txt", "0")
    chosen = f"np.flatnonzero(at.members)[int(Path({str(which)!r}).read_text())]"
    code = WEIGHTING.replace("at.members.argmax()", chosen)
    file = write(tmp_path / "reads.py", f"from pathlib import Path\nimport numpy as np\n{code}")
    path, held = write_market(tmp_path, [], HELD), []
    for number in ("0", "1"):
        which.write_text(number)
        monkeypatch.setattr(cache, "PROCESS", f"process {number}")
        market = paceline.open(path, store=store, plugins=[file])
        held += market.weights("alone")["security"].to_list()
    assert len(held) == len(set(held)) == 2


def test_a_weighting_that_fails_is_blamed(tmp_path: Path, store: Path) -> None:
    for text, says in (
        (
            WEIGHTING.replace("held[at", "held[nobody"),
            r"mine\.py:7: the weighting first failed: Name",
        ),
        (WEIGHTING.replace("= 1.0", "= 2.0"), r"mine\.py:4: .*: the weights sum to 2, not to one"),
    ):
        file = write(tmp_path / "mine.py", text)
        market = paceline.open(write_market(tmp_path, [], HELD), store=store, plugins=[file])
        with pytest.raises(PluginError, match=says):
            market.show("performance")


def test_a_weighting_that_nobody_has_is_an_unknown_name(tmp_path: Path, store: Path) -> None:
    more = HELD.replace("first", "fist")
    with pytest.raises(MarketFileError, match=r"baskets\.alone\.weight: unknown weighting 'fist'"):
        paceline.open(write_market(tmp_path, [], more), store=store)
    file = write(tmp_path / "mine.py", WEIGHTING)
    market = paceline.open(write_market(tmp_path, [], more), store=store, plugins=[file])
    with pytest.raises(UnknownName, match=r"weighting 'fist'\. Did you mean 'first'"):
        market.show("performance")


# ---- the report

PAGE = '''
from paceline.document import Section, Sentence
from paceline.pages import page

@page(place=1)
def hello(ask):
    """A page."""
    return Section("hello", "Hello", "Who is there?", (Sentence(("Nobody.",)),))
'''


@pytest.fixture
def rendered(tmp_path: Path, store: Path) -> Iterator[Document]:
    """A report with a page of its own, and measures in a known section, unknown ones and none."""
    other = SOUND.replace("def one", "def two").replace('section="breadth"', 'section="own_thing"')
    events = (
        SOUND.replace("def one", "def three")
        .replace('section="breadth"', 'section="long_thing"')
        .replace('"series"', '"table"')
        .replace("What is one?", "What are 60 rows?")
        .replace("Result(np.full(view.shape, times))", "rows(view)")
    ) + textwrap.dedent("""
        def rows(view):
            import polars as pl
            day = view.sessions[-1].item()
            return Result(table=pl.DataFrame({
                "subject": ["large"] * 60, "against": [None] * 60,
                "statistic": [f"s{i:02d}" for i in range(60)],
                "start": [day] * 60, "end": [day] * 60, "value": [float(i) for i in range(60)],
                "n_used": [None] * 60, "n_eligible": [None] * 60,
            }, schema_overrides={"against": pl.String, "n_used": pl.Int64, "n_eligible": pl.Int64}))
    """)
    silent = SOUND.replace("def one", "def four").replace(', section="breadth"', "")
    files = [
        write(tmp_path / f"f{number}.py", text)
        for number, text in enumerate((SOUND, other, events, silent, PAGE))
    ]
    path = write_market(tmp_path, [])
    wanted = '[report]\nsections = ["breadth", "hello", "own_thing", "long_thing"]\n'
    write(path, path.read_text().replace("[report]\n", wanted))
    yield record.report(paceline.open(path, store=store, plugins=files))


def test_the_report_shows_a_measure_in_the_section_it_names(rendered: Document) -> None:
    """Behind the page of that name: its question, a chart of its history, a grid of the baskets."""
    breadth = next(s for s in rendered.sections if s.name == "breadth")
    *_, sentence, chart, grid = breadth.blocks
    assert sentence.parts[0] == Label("One for every basket.")  # type: ignore[union-attr]
    assert isinstance(chart, Chart)
    assert {y for s in chart.series for y in s.y} == {1.0}
    assert isinstance(grid, Grid)
    assert Label("Large cap (cap weight)") in [row[0] for row in grid.rows]
    assert {row[1].value for row in grid.rows} == {1.0}  # type: ignore[union-attr]


def test_a_section_that_no_page_has_is_made(rendered: Document) -> None:
    """Titled by its name, unless that holds digits; long tables are cut, and say so."""
    own, long = (
        next(s for s in rendered.sections if s.name == name) for name in ("own_thing", "long_thing")
    )
    assert (own.title, own.question) == ("Own thing", "What is one?")
    assert not any(c.isdigit() for c in long.title + long.question)
    grid = long.blocks[-1]
    assert isinstance(grid, Grid)
    assert grid.title == Label("What are 60 rows?")
    assert len(grid.rows) == 40
    assert grid.note is not None
    assert "paceline show three" in grid.note.text
    assert not [s for s in rendered.sections if "four" in s.name]


def test_a_page_in_a_file_is_a_section(rendered: Document) -> None:
    assert {s.name for s in rendered.sections} == {"breadth", "hello", "long_thing", "own_thing"}
    assert "measures" in rendered.manifest
    assert {"one", "two", "three"} <= set(rendered.manifest["measures"])


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        ("return 1 / Section(", r"f\.py:8: the page failed: TypeError"),
        ("return 3 or Section(", r"f\.py:5: the page: it must return a Section"),
        ("return str and [3] or Section(", r"f\.py:5: the page: it must return a Section"),
    ],
)
def test_a_page_that_fails_is_blamed(tmp_path: Path, store: Path, returned: str, says: str) -> None:
    file = write(tmp_path / "f.py", PAGE.replace("return Section(", returned))
    market = paceline.open(write_market(tmp_path, []), store=store, plugins=[file])
    with pytest.raises(PluginError, match=says):
        record.report(market)


# ---- installed packages


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path that holds an installed package ``extra``; its entry points are written
    by the test."""
    home = tmp_path / "site"
    (home / "extra-1.0.dist-info").mkdir(parents=True)
    write(
        home / "extra-1.0.dist-info" / "METADATA",
        "Metadata-Version: 2.1\nName: extra\nVersion: 1.0\n",
    )
    write(home / "extra_things.py", SOUND + PAGE)
    write(home / "extra_source.py", SOURCE)
    monkeypatch.syspath_prepend(str(home))
    caches = (plugins.installed, measures.discover, pages.discover, weights.discover)
    for cached in caches:
        cached.cache_clear()
    yield home
    for cached in caches:
        cached.cache_clear()
    for name in ("extra_things", "extra_source"):
        sys.modules.pop(name, None)


def points(home: Path, text: str) -> None:
    write(home / "extra-1.0.dist-info" / "entry_points.txt", text)


def test_entry_points_are_found(installed: Path, store: Path, tmp_path: Path) -> None:
    """A module or an object; no further permission is asked for."""
    points(
        installed,
        """
        [paceline.measures]
        anything = extra_things
        [paceline.pages]
        hello = extra_things:hello
        [paceline.sources]
        vendor = extra_source
        """,
    )
    market = paceline.open(write_market(tmp_path, []), store=store)
    assert market.show("one")[0].value == 1.0
    assert pages.discover()["hello"].place == 1
    assert callable(sources.get("vendor").parse)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("extra_nothing", r"extra \(paceline\.measures: bad = extra_nothing\): .*ModuleNotFound"),
        ("extra_things:absent", r"extra \(paceline\.measures: bad = .*AttributeError"),
        ("extra_things:SOUND_TEXT", "offers no measure"),
        ("extra_source", "offers no measure"),
    ],
)
def test_an_entry_point_that_offers_none_is_named(installed: Path, value: str, says: str) -> None:
    with (installed / "extra_things.py").open("a") as file:
        file.write("\nSOUND_TEXT = 'not a measure'\n")
    points(installed, f"[paceline.measures]\nbad = {value}\n")
    with pytest.warns(PluginWarning, match=says):
        assert "performance" in measures.discover(), "the others are there all the same"


@pytest.mark.parametrize("kind", ["measures", "pages", "weightings", "sources"])
def test_a_broken_package_stops_nothing_that_does_not_use_it(
    installed: Path, store: Path, tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    points(installed, f"[paceline.{kind}]\nbad = extra_nothing\n")
    path = write_market(tmp_path, [])
    given = ("--market", path, "--store", store)
    assert run("show", "concentration", "--help") == 0
    assert run("show", "concentration", *given) == 0
    assert run("report", "--quiet", "--out", tmp_path / "r.html", *given) == 0
    said = capsys.readouterr().err
    used = kind != "sources"  # no market here has a source of another package
    assert said.count(f"warning: Left out: extra (paceline.{kind}: bad = extra_nothing)") == used


def test_a_package_cannot_take_the_name_of_a_measure(installed: Path) -> None:
    write(installed / "extra_things.py", SOUND.replace("def one", "def performance"))
    points(installed, "[paceline.measures]\nperformance = extra_things\n")
    with pytest.warns(PluginWarning, match="two definitions of the measure 'performance'"):
        assert measures.discover()["performance"].module == "paceline.measures.performance"


def test_an_installed_measure_that_fails_is_blamed(
    installed: Path, store: Path, tmp_path: Path
) -> None:
    write(installed / "extra_things.py", SOUND.replace("return Result(", "return 1 / Result("))
    points(installed, "[paceline.measures]\none = extra_things\n")
    market = paceline.open(write_market(tmp_path, []), store=store)
    with pytest.raises(
        PluginError, match=r"extra_things\.py:14: the measure one failed: TypeError"
    ):
        market.show("one")


# ---- what a market file sets for its measures


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        (
            "[measures.perfomance]\nyears = 3\n",
            r"measures.perfomance: unknown measure 'perfomance'",
        ),
        ("[measures.performance]\nyaers = 3\n", r"measures.performance.yaers: unknown parameter"),
        ("[measures.performance]\nyears = 'x'\n", r"measures.performance.years: .*integer"),
        ("[measures.streaks]\nwindow = [1]\n", r"measures.streaks.window: .*integer"),
        ("[measures.streaks]\nwindow = 1.5\n", r"measures.streaks.window: .*integer"),
        (
            "[measures.dispersion]\nbasis = 'net'\n",
            r"measures.dispersion.basis: .*'price' or 'total'",
        ),
        (
            "[measures.above_average]\nwindow = 50\n"
            "[measures.percent_above_average]\nwindow = 60\n",
            r"measures.above_average and measures.percent_above_average are the same",
        ),
    ],
)
def test_what_a_market_file_sets_is_checked_when_it_is_opened(
    tmp_path: Path, tables: str, says: str
) -> None:
    text = DEMO.replace("[measures.percent_above_average]\nwindow = 200\n", "")
    (tmp_path / "market.toml").write_text(f"{text}\n{tables}")
    with pytest.raises(MarketFileError, match=says):
        paceline.open(tmp_path / "market.toml")


def test_settings_of_a_plugged_measure_are_checked_when_it_is_loaded(
    tmp_path: Path, store: Path
) -> None:
    file = write(tmp_path / "mine.py", SOUND)
    tables = "[measures.one]\ntmies = 2.0\n"
    market = paceline.open(write_market(tmp_path, ["mine.py"], tables), store=store, plugins=[file])
    with pytest.raises(MarketFileError, match=r"measures.one.tmies: unknown parameter of one"):
        market.show("one")
    nobody = "[measures.nobody]\ntimes = 2.0\n"
    market = paceline.open(write_market(tmp_path, ["mine.py"], nobody), store=store, plugins=[file])
    with pytest.raises(MarketFileError, match=r"measures.nobody: unknown measure"):
        market.show("one")


def test_a_former_name_alone_still_sets_a_measure(tmp_path: Path) -> None:
    text = DEMO.replace("[measures.percent_above_average]\nwindow = 200\n", "")
    (tmp_path / "market.toml").write_text(f"{text}\n[measures.above_average]\nwindow = 50\n")
    market = paceline.open(tmp_path / "market.toml")
    assert market.settings("percent_above_average")["window"] == 50


# ---- the report and its record


def test_verify_says_which_plug_in_a_report_needs(
    tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "mine.py", SOUND)
    path = write_market(tmp_path, [])
    market = paceline.open(path, store=store, plugins=[file])
    manifest = record.write_manifest(record.report(market), tmp_path / "r.manifest.json")
    assert run("verify", manifest) == 0, "allowed in this process"

    monkeypatch.setattr(plugins, "_ALLOWED", set())  # tomorrow
    capsys.readouterr()
    assert run("verify", manifest) == 2
    assert f"paceline trust {file}" in capsys.readouterr().err
    with pytest.raises(UsageError, match=r"the plug-in file .*mine\.py"):
        record.verify(manifest, paceline.open(path, store=store))
    assert run("trust", file) == 0
    assert run("verify", manifest) == 0
    assert run("verify", manifest, "--market", path, "--store", store) == 0

    write(file, SOUND.replace("times))", "2 * times))"))
    assert run("verify", manifest) == 2, "changed: it must be allowed again"
    assert run("trust", file) == 0
    capsys.readouterr()
    assert run("verify", manifest) == 1
    assert "has changed" in capsys.readouterr().out
    file.unlink()
    assert run("verify", manifest) == 2
    assert str(file) in capsys.readouterr().err


def test_a_measure_of_ones_own_is_in_the_terminal_and_so_is_its_failure(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_market(tmp_path, ["mine.py"])
    words = ("report", "--out", tmp_path / "r.html", "--market", path, "--store", store)
    for text, shown, warned in (
        (SOUND, True, 0),
        (SOUND.replace('"breadth"', '"own_thing"'), True, 0),
        (SOUND.replace("return Result(", "return 1 / Result("), False, 1),
    ):
        assert run("trust", write(tmp_path / "mine.py", text)) == 0
        capsys.readouterr()
        assert run(*words) == 0
        out, err = capsys.readouterr()
        assert ("What is one?" in out) is shown
        assert err.count(f"warning: {tmp_path / 'mine.py'}:14: the measure one failed") == warned


@pytest.mark.parametrize(
    "words", [("--market", "M", "--help"), ("--help", "--market", "M"), ("-h", "--market", "M")]
)
def test_help_of_show_lists_a_markets_own_measures_in_any_order(
    tmp_path: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "mine.py", SOUND)
    path = write_market(tmp_path, ["mine.py"])
    assert run("trust", file) == 0
    capsys.readouterr()
    assert run("show", *(path if word == "M" else word for word in words)) == 0
    assert "What is one?" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("concentration", "--against", "large"), "concentration does not compare"),
        (("league", "--against", "large"), "league does not compare"),
        (("performance", "--subject", "large", "--against", "large"), "compared with itself"),
    ],
)
def test_a_comparison_that_cannot_be_made_says_why(
    tmp_path: Path,
    store: Path,
    words: tuple[str, ...],
    says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ("--market", write_market(tmp_path, []), "--store", store)
    assert run("show", *words, *given) == 2
    assert says in capsys.readouterr().err
