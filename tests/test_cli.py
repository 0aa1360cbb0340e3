"""The command line over three figures: what is printed, where, with which exit code."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import polars as pl
import pytest

import bad_arguments
import paceline
import tiny_market as tiny
from paceline import measures
from paceline.cli import CLOSED_PIPE, FAULT, INTERRUPTED, VERBS, build, main
from paceline.errors import NotEnoughData
from paceline.figures import Figure
from paceline.lineage import Step
from paceline.market.age import Age
from paceline.market.opening import located


@measures.measure(question="Which is stronger?", of="levels", unit="return", shows="series")
def strength(
    view: measures.View,
    *,
    window: int = 50,
    mode: Literal["fast", "slow"] = "fast",
    bands: tuple[float, ...] = (0.1,),
    strict: bool = False,
) -> measures.Result:
    """Not computed here."""
    raise AssertionError


class Market:
    """Stands for a market: answers with three figures and remembers what it was asked."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self.asked = asked

    def ensure(self, _progress: Any = None) -> list[Any]:
        return []

    def import_(self, _progress: Any = None, only: Any = None) -> list[dict[str, Any]]:
        self.asked["only"] = only
        return [
            {
                "source": "prices",
                "load": 1,
                "rows": 1200,
                "added": 1195,
                "changed": 4,
                "withdrawn": 3,
                "quarantined": 2,
                "findings": 1,
                "seconds": 0.5,
            },
            {
                "source": "names",
                "load": None,
                "rows": 0,
                "added": 0,
                "changed": 0,
                "withdrawn": 0,
                "quarantined": 0,
                "findings": 0,
                "seconds": 0.01,
            },
        ]

    def names(self) -> dict[str, list[tuple[str, str]]]:
        return {
            k: [(f"a_{k}", f"The {k}")]
            for k in ("baskets", "groups", "rotations", "measures", "universes", "sources")
        }

    @property
    def age(self) -> Age:
        return Age("2025-12-05", "2025-12-06", 0)

    @property
    def stored(self) -> Any:
        return SimpleNamespace(outdated=("imported under other settings",))

    def changes(self) -> pl.DataFrame:
        """Fourteen loads: each withdrew a row."""
        loads = [
            {
                "load": n,
                "source": "prices",
                "table": "prices",
                "changed": 0,
                "withdrawn": 1,
                "what": [f"1 row withdrawn: ABC of load {n}"],
            }
            for n in range(14, 0, -1)
        ]
        return pl.DataFrame(loads)

    def findings(self) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "source": ["prices"],
                "check": ["duplicate rows"],
                "count": [2],
                "action": ["quarantined"],
                "example": ["A 2025-01-02"],
                "remedy": ["Remove them."],
            }
        )

    def quarantine(self) -> pl.DataFrame:
        rows = self.asked.get("set aside", 2)
        return pl.DataFrame(
            {
                "source": ["prices"] * rows,
                "table": ["prices"] * rows,
                "reason": ["duplicate rows"] * rows,
                "row": ["{}"] * rows,
            },
            schema=dict.fromkeys(("source", "table", "reason", "row"), pl.String),
        )

    def lineage(self, steps: Any) -> list[Step]:
        return list(steps)

    def remember(self, steps: Any) -> bool:
        self.asked["remembered"] = len(list(steps))
        return not self.asked.get("read-only")

    def show(self, measure: str, **how: Any) -> list[Figure]:
        self.asked.update(how, measure=measure)
        if how.get("since") == "1900-01-01":
            raise NotEnoughData(
                "since 1900-01-01: the data start on 2020-01-02.", "Give a later date."
            )
        return [
            Figure(
                measure=measure,
                subject=s,
                value=v,
                unit="return",
                step=Step(measure, {"subject": s}, code=""),
                start="2025-11-20",
                end="2025-12-05",
                basis="price",
                n_used=9,
                n_eligible=10,
                caveats=("survivorship",),
            )
            for s, v in (("small", 0.0939), ("large", 0.0507), ("new", float("nan")))
        ]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the market was asked; the measures are ``strength`` alone."""
    seen: dict[str, Any] = {}

    def opened(path: Any = None, **given: Any) -> Market:
        seen["opened"] = {"path": path, **given}
        return Market(seen)

    monkeypatch.setitem(vars(paceline), "open", opened)  # setattr would import the real one first
    monkeypatch.setattr(measures, "discover", lambda *_: {"strength": strength})
    return seen


def test_show_prints_one_json_row_per_figure(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "strength", "--json"]) == 0
    out, err = capsys.readouterr()
    rows = json.loads(out)
    assert err == ""
    assert [r["value"] for r in rows] == [0.0939, 0.0507, None], (
        "fractions, and null for what is missing"
    )
    assert {
        "measure",
        "subject",
        "against",
        "start",
        "end",
        "value",
        "unit",
        "basis",
        "n_used",
        "n_eligible",
        "figure",
    } <= set(rows[0])


def test_a_store_that_may_only_be_read_answers_and_says_so(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    asked["read-only"] = True
    assert main(["show", "strength", "--json"]) == 0
    out, err = capsys.readouterr()
    assert len(json.loads(out)) == 3 and err.startswith(
        "The store is read-only: `paceline trace` will not"
    )


def test_show_prints_a_table_for_people(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "strength"]) == 0
    out = capsys.readouterr().out
    assert "+9.39%" in out and "9/10" in out and "survivorship" in out
    assert asked["remembered"] == 3, "so that trace finds the figures later"


def test_show_passes_typed_options(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    argv = [
        "show",
        "strength",
        "--window",
        "20",
        "--mode",
        "slow",
        "--bands",
        "0.1",
        "--bands",
        "0.2",
        "--strict",
        "--subject",
        "small",
        "--subject",
        "large",
        "--against",
        "benchmark",
        "--since",
        "2025-11-20",
        "--basis",
        "total",
        "--history",
        "--market",
        "m.toml",
        "--store",
        "s",
        "--as-of",
        "2025-12-05",
        "--store-version",
        "3",
        "--csv",
        "-",
    ]
    assert main(argv) == 0
    assert asked == {
        "opened": {
            "path": Path("m.toml"),
            "data": None,
            "store": Path("s"),
            "as_of": "2025-12-05",
            "version": 3,
        },
        "measure": "strength",
        "window": 20,
        "mode": "slow",
        "bands": (0.1, 0.2),
        "strict": True,
        "subjects": ["small", "large"],
        "against": ["benchmark"],
        "since": "2025-11-20",
        "basis": "total",
        "history": True,
        "remembered": 3,
    }
    assert capsys.readouterr().out.startswith("measure,subject,against,")


def test_show_leaves_defaults_to_the_market_file(asked: dict[str, Any]) -> None:
    """An option that is not given must not hide a default of the market file."""
    assert main(["show", "strength", "--window", "20", "--json"]) == 0
    assert "mode" not in asked
    assert asked["window"] == 20


def test_show_writes_csv(
    asked: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "strength", "--csv", str(tmp_path / "new" / "rows.csv")]) == 0
    assert capsys.readouterr().out == ""
    printed = ""
    for argv in (
        ["show", "strength", "--csv"],
        ["show", "--csv", "strength"],
        ["show", "strength", "--csv", "-"],
    ):
        assert main(argv) == 0
        printed = capsys.readouterr().out
        assert (tmp_path / "new" / "rows.csv").read_text() == printed
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert [r["value"] for r in rows] == ["0.0939", "0.0507", ""]
    assert rows[0]["caveats"] == "survivorship"


def test_options_may_stand_before_the_measure(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "--json", "--window", "20", "strength"]) == 0
    assert asked["window"] == 20
    assert json.loads(capsys.readouterr().out)


def test_help_of_a_measure_lists_its_parameters(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "strength", "--help"]) == 0
    out = capsys.readouterr().out
    assert "Which is stronger?" in out
    assert "--window" in out and "50" in out
    assert "--since" not in out, "the measure has no window to start"
    assert main(["show", "--help"]) == 0
    assert "strength" in capsys.readouterr().out


def test_help_of_a_measure_is_for_readers() -> None:
    """No shapes and no exceptions; a list of names keeps its lines."""
    from paceline import measures
    from paceline.cli.show import _help

    told = {name: _help(found) for name, found in measures.discover().items()}
    for name, text in told.items():
        assert not re.search(r"Raises|Shapes?\b|``", text), name
    assert "NaN before b" not in told["relative_strength"]
    assert "\nmtd, qtd, ytd           the last close" in told["performance"]
    assert "n_used counts members with a return today" in told["advance_decline"]


def test_png_names_the_extra(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "kaleido", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert main(["show", "strength", "--png", "x.png"]) == 2
    assert "pip install paceline[png]" in capsys.readouterr().err
    assert "opened" not in asked, "said before any work is done"


def test_import_says_what_happened(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", "--source", "prices"]) == 0
    out, err = capsys.readouterr()
    assert asked["only"] == ["prices"]
    assert "1,200" in out and "unchanged" in out and "1,195" in out and "withdrawn" in out
    assert "paceline doctor" in err


def test_doctor_exits_1_only_when_rows_were_set_aside(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "duplicate rows" in out and "Remove them." in out and "Quarantined" in out
    assert "ABC of load 14" in out and "ABC of load 3" in out and "ABC of load 2" not in out
    asked["set aside"] = 0
    assert main(["doctor"]) == 0
    assert "Nothing was quarantined." in capsys.readouterr().out
    assert main(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["findings"][0]["count"] == 2 and len(told["changes"]) == 14


def test_list(asked: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "measures"]) == 0
    assert capsys.readouterr().out == "  a_measures  The measures\n"
    assert main(["list"]) == 0
    assert "baskets:\n  a_baskets  The baskets\n" in capsys.readouterr().out
    assert main(["list", "groups", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "groups": [{"name": "a_groups", "label": "The groups"}]
    }


def test_init_writes_the_built_in_market(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "market.toml"
    assert main(["init", str(path)]) == 0
    from paceline import config

    monkeypatch.chdir(tmp_path)
    written = config.load(path)
    path.unlink()
    built_in, _ = located()
    assert written.model_dump(exclude={"market"}) == built_in.model_dump(exclude={"market"}), (
        "what `init` writes is the market that is shown where there is none"
    )
    path.write_text("mine")
    assert main(["init", str(path)]) == 2
    assert path.read_text() == "mine", "an existing file is kept"
    assert main(["init", str(path), "--force"]) == 0
    assert path.read_text() != "mine"
    capsys.readouterr()


@pytest.mark.parametrize(
    ("different", "code"), [([], 0), ([{"figure": "ab", "was": 1.0, "is": 2.0}], 1)]
)
def test_verify_and_trace(
    asked: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    different: list[Any],
    code: int,
) -> None:
    tree = {
        "id": "ab",
        "name": "strength",
        "params": {"window": 50},
        "command": "paceline show strength",
        "parents": [{"id": "cd", "name": "panel", "params": {}, "parents": []}],
    }
    monkeypatch.setattr("paceline.record.verify", lambda _path, _market: different)
    monkeypatch.setattr("paceline.record.trace", lambda _figure, _market: tree)

    def market_of(manifest: dict[str, Any], path: Path | None, **where: object) -> None:
        asked["opened"] = {"path": path, "day": manifest["as_of"], **where}

    monkeypatch.setattr("paceline.record.market_of", market_of)
    manifest = tmp_path / "report.manifest.json"
    manifest.write_text('{"figures": [], "as_of": "2025-12-05", "store_version": 3}')
    assert main(["verify", str(manifest)]) == code
    assert "opened" not in asked, "the manifest knows its market"
    assert main(["verify", str(manifest), "--store", "s"]) == code
    assert asked["opened"] == {"path": None, "day": "2025-12-05", "data": None, "store": Path("s")}
    assert ("ab" in capsys.readouterr().out) is bool(different)
    assert main(["trace", "ab"]) == 0
    out = capsys.readouterr().out
    assert out == (
        "strength  ab\n  window = 50\n    panel  cd\n\nReproduce it with: paceline show strength\n"
    )


def test_data_errors_exit_3_with_the_remedy(
    asked: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", "strength", "--since", "1900-01-01"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: since 1900-01-01: the data start on 2020-01-02.\nGive a later date.\n"


def raising(error: BaseException) -> Any:
    def opened(*_: Any, **__: Any) -> Any:
        raise error

    return opened


def test_interruption_is_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(vars(paceline), "open", raising(KeyboardInterrupt()))
    assert main(["list"]) == INTERRUPTED == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_fault_of_the_program_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(vars(paceline), "open", raising(ZeroDivisionError("division by zero")))
    assert main(["list"]) == FAULT == 70
    err = capsys.readouterr().err
    assert (
        "ZeroDivisionError: division by zero" in err and "--debug" in err and "Traceback" not in err
    )
    assert main(["list", "--debug"]) == FAULT
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--help"], ["show", "performance"]])
def test_a_closed_pipe_is_silent(words: list[str], tmp_path: Path) -> None:
    if words[0] == "show":  # rich has an ending of its own for a pipe that is closed
        words = [*words, "--market", str(tiny.write(tmp_path))]
        assert main(["import", *words[2:]]) == 0
    code = f"import sys\nfrom paceline.cli import main\nsys.exit(main({words!r}))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == CLOSED_PIPE == 141


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_streams_that_are_closed_are_no_fault(closed: str) -> None:
    code = "from paceline.cli import main; raise SystemExit(main(['--help']))"
    line = f'"{sys.executable}" -c "{code}" {closed}'
    done = subprocess.run(["/bin/sh", "-c", line], check=False)
    assert done.returncode == 0


def test_a_market_that_starts_after_its_data_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    market = {**tiny.MARKET["market"], "start": dt.date(2026, 1, 2), "benchmark": "cap"}
    baskets = {"cap": tiny.MARKET["baskets"]["cap"]}
    tables = {k: tiny.MARKET[k] for k in ("sources", "universes", "measures")}
    path = tiny.write(tmp_path)
    path.write_text(tiny.text({**tables, "market": market, "baskets": baskets}))
    assert main(["import", "--market", str(path)]) == 0
    capsys.readouterr()
    assert main(["show", "performance", "--market", str(path)]) == 3
    assert "market.start 2026-01-02 lies after" in (err := capsys.readouterr().err)
    assert "the last price is of 2025-09-12" in err and "earlier market.start" in err


def test_every_verb_is_built_and_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    built = build()
    for verb, line in VERBS.items():
        assert verb in built
        if verb != "show":
            assert main([verb, "--help"]) == 0
            assert line in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("case", bad_arguments.CASES, ids=lambda c: c.id)
def test_bad_input_gets_one_exact_message(
    case: bad_arguments.Case,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(measures, "discover", lambda *_: {"strength": strength})
    argv, message = list(case.argv), case.message
    if case.edit is not None:
        old, new = case.edit
        assert bad_arguments.MARKET.count(old) == 1
        path = tmp_path / "market.toml"
        path.write_text(bad_arguments.MARKET.replace(old, new))
        argv, message = (
            argv or ["list", "baskets", "--market", str(path)],
            message.replace("{file}", str(path)),
        )
    assert main(argv) == case.code
    out, err = capsys.readouterr()
    assert out == ""
    said, remedy = err.splitlines()
    assert said == f"error: {message}"
    assert remedy == case.remedy
    assert not (tmp_path / ".paceline").exists(), "nothing was stored"


def test_the_table_of_bad_input_is_long_enough_and_its_market_file_valid(tmp_path: Path) -> None:
    from paceline import config

    assert len(bad_arguments.CASES) >= 12
    assert len({c.id for c in bad_arguments.CASES}) == len(bad_arguments.CASES)
    path = tmp_path / "market.toml"
    path.write_text(bad_arguments.MARKET)
    assert config.load(path).market.name == "tiny"
