"""The lexicon: each file's own cases, and what is said of a file that is written wrongly."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest

import claims_market
import paceline
from paceline import config
from paceline.factcheck import Checked, lexicon, quantities, text
from paceline.factcheck.subjects import Names
from paceline.market import Market


def cases(*files: str) -> list[Any]:
    """The cases of files, each named by its file and its place there."""
    return [
        pytest.param(case["text"], case["is"], id=f"{name}-{k}")
        for name in files
        for k, case in enumerate(lexicon.read(name)["cases"])
    ]


def test_every_file_has_cases() -> None:
    for name in (*lexicon.ENTRY_FILES, *lexicon.WORD_FILES):
        assert len(lexicon.read(name)["cases"]) >= 3, name


# ---- names ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Names:
    """Names of a market that stores every instrument of the lexicon."""
    funds = {t for e in lexicon.ENTRIES for t in e.instruments}
    shares = set(lexicon.NICKNAMES.values()) - funds
    every = [*sorted(funds), *sorted(shares)]
    securities = pl.LazyFrame(
        {
            "security": every,
            "ticker": every,
            "name": every,
            "kind": ["etf"] * len(funds) + ["common"] * len(shares),
        }
    )
    classes = pl.LazyFrame(schema=dict.fromkeys(("security", "scheme", "sector"), pl.String))
    tables = {"securities": securities, "classes": classes}
    market = SimpleNamespace(
        file=config.load(claims_market.write(tmp_path_factory.mktemp("names"))),
        stored=SimpleNamespace(table=tables.__getitem__),
    )
    return Names(cast(Market, market))


@pytest.mark.parametrize(("said", "meant"), cases(*lexicon.ENTRY_FILES, "names", "companies"))
def test_a_name_is_found_under_its_entry(names: Names, said: str, meant: str) -> None:
    found = [m.subject.name for m in names.find(said, 0, len(said)) if not m.bare]
    assert found == ([] if meant == "nothing" else [meant])


def test_no_name_belongs_to_two_entries_of_a_file() -> None:
    for name in lexicon.ENTRY_FILES:
        called = [n for e in lexicon.entries(lexicon.read(name)) for n in set(e.called)]
        assert sorted(set(called)) == sorted(called), name


# ---- words ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    opened = paceline.open(claims_market.write(tmp_path_factory.mktemp("words")))
    opened.ensure()
    return opened


def told(checked: Checked) -> str:
    """Kinds of what was found, with the numbers stated."""
    found = [f"{v.kind} {v.value:+.1%}" if v.value is not None else v.kind for v in checked]
    return ", ".join(found) or "nothing"


@pytest.mark.parametrize(("said", "meant"), cases("movement", "asides"))
def test_a_word_means_what_its_file_says(market: Market, said: str, meant: str) -> None:
    assert told(market.factcheck(said, "2025-12-05")) == meant


@pytest.mark.parametrize(("said", "meant"), cases("comparison"))
def test_a_comparison_says_who_is_ahead(market: Market, said: str, meant: str) -> None:
    (compared,) = market.factcheck(said, "2025-12-05")  # the Russell gained 1.9%, the S&P lost 0.8%
    assert compared.verdict == {"ahead": "holds", "behind": "differs"}[meant]


@pytest.mark.parametrize(("said", "meant"), cases("hedges"))
def test_a_hedge_says_how_a_number_is_meant(said: str, meant: str) -> None:
    (number,) = quantities.find(said, 0, len(said))
    assert number.how == meant


@pytest.mark.parametrize(("said", "meant"), cases("sentences"))
def test_a_text_is_cut_and_its_language_told(said: str, meant: str) -> None:
    read = text.prepare(said)
    assert meant in (str(len(read.sentences)), text.language(read.clean))


# ---- files written wrongly -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"name": "Gold"}, "'Gold': it needs a name and what it is called"),
        ({"called": ["gold"]}, "None: it needs a name and what it is called"),
        ({"name": "Gold", "called": "gold"}, "'Gold': called is to be a list of texts"),
        ({"name": "Gold", "called": [""]}, "'Gold': called is to be a list of texts"),
        (
            {"name": "Gold", "called": ["gold"], "instruments": [1]},
            "instruments is to be a list of texts",
        ),
        ({"name": "Gold", "called": ["gold"], "fund": "GLD"}, "'Gold': unknown key 'fund'"),
    ],
)
def test_a_faulty_entry_is_named(entry: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        lexicon.entries({"kind": "asset", "entry": [entry]})


def test_endings_stand_behind_every_name_of_an_entry() -> None:
    table = {
        "kind": "sector",
        "endings": ["stocks"],
        "entry": [
            {"name": "Energy", "called": ["energy", "oil and gas"], "instruments": ["XLE"]},
            {"name": "Giants", "kind": "theme", "called": ["big tech"], "endings": []},
        ],
    }
    energy, giants = lexicon.entries(table)
    assert energy == (
        "Energy",
        "sector",
        ("energy", "energy stocks", "oil and gas", "oil and gas stocks"),
        ("XLE",),
        False,
    )
    assert giants == ("Giants", "theme", ("big tech",), (), False)
