"""The market on which files are checked: the simulated demo, small, in a folder that goes away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from paceline.market import Market

if TYPE_CHECKING:
    from paceline.market import Market

#: Enough for windows of a year, for late listings, delistings and every declared basket.
SIZE = "companies = 120, years = 4"
#: A basket of every weighting from outside: its weights are checked on the universe it names.
BASKET = '\n[baskets.{name}]\nuniverse = "large"\nweight = "{weight}"\n'


@contextmanager
def sample(file: str | Path, weightings: Mapping[str, str]) -> Iterator[Market]:
    """The small market with one plug-in file and baskets (name to weighting) of its own."""
    demo = (resources.files("paceline") / "data" / "demo.toml").read_text(encoding="utf-8")
    text = re.sub(r"companies = \d+, years = \d+", SIZE, demo)
    for name, weight in weightings.items():
        text += BASKET.format(name=name, weight=weight)
    with TemporaryDirectory() as home:
        path = Path(home) / "market.toml"
        path.write_text(text, encoding="utf-8")
        market = Market.open(path, store=Path(home) / "store", plugins=[file])
        market.ensure()
        yield market
