"""The conformance checks, applied to every source and to every basket of the demo market."""

from __future__ import annotations

from pathlib import Path

import pytest

import paceline
from paceline import baskets, conformance, sources
from paceline.config import Source
from paceline.market import Market, calendar

PRICES = (
    "ticker,day,price,chg\nAA,2025-01-02,10,1.5\nAA,2025-01-03,10.2,2\n"
    "BB,2025-01-02,5,0\nBB,2025-01-03,4.9,-2\n"
)
FRENCH = (
    "This file was created using the 202511 CRSP database.\n\n,Mkt-RF,SMB,HML,RF\n"
    "202509,  1.10, 0.20,-0.30, 0.40\n"
    "202510,  2.00,-0.55,-99.99, 0.37\n\nCopyright 2025 Eugene F. Fama and Kenneth R. French\n"
)

#: A specification and the files it needs, for each source plug-in there is.
SAMPLES: dict[str, tuple[dict[str, object], dict[str, str]]] = {
    "files": (
        {
            "path": "p.csv",
            "columns": {
                "security": "ticker",
                "date": "day",
                "close": "price",
                "price_return": {"column": "chg", "unit": "percent"},
            },
        },
        {"p.csv": PRICES},
    ),
    "simulated": ({"options": {"companies": 60, "years": 2}}, {}),
    "french": (
        {"table": "series", "path": "F-F_Research_Data_Factors.csv"},
        {"F-F_Research_Data_Factors.csv": FRENCH},
    ),
    "arch_data": ({"table": "series"}, {}),
}


def test_every_source_has_a_sample() -> None:
    assert set(sources.discover()) <= set(SAMPLES)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Market:
    home = tmp_path_factory.mktemp("demo")
    text = (Path(paceline.__file__).parent / "data" / "demo.toml").read_text()
    small = text.replace("companies = 1500, years = 12", "companies = 60, years = 2")
    assert small != text
    (home / "market.toml").write_text(small)
    market = paceline.open(home / "market.toml", store=home / "store")
    market.ensure()
    return market


@pytest.mark.parametrize("kind", sources.discover())
def test_every_source_conforms(kind: str, tmp_path: Path, demo: Market) -> None:
    settings, files = SAMPLES[kind]
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    spec = Source.model_validate(
        {"kind": kind, "origin": {"who": "hand-made", "when": "2025-12-05"}, **settings}
    )
    conformance.check_source(
        sources.get(kind),
        kind,
        spec,
        tmp_path,
        sources.Context("XNYS", calendar.sessions(demo.file.market.calendar, demo.store)),
    )


def test_every_basket_of_the_demo_conforms(demo: Market) -> None:
    assert demo.stocks is not None
    assert demo.composites
    conformance.check_basket(
        lambda panel: baskets.targets(panel, demo.file, demo.composites), demo.stocks
    )
