"""Paceline: who leads the stock market, who takes over, how broadly, and does it last.

>>> import paceline
>>> market = paceline.open("market.toml")            # doctest: +SKIP
>>> market.frame("performance", since="low")         # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paceline.api import open_market as open

__version__ = "0.1.0"
__all__ = ["__version__", "open"]


def __getattr__(name: str) -> object:
    if name == "open":  # imported on first use: `import paceline` alone costs nothing
        from paceline.api import open_market

        return open_market
    raise AttributeError(f"module 'paceline' has no attribute {name!r}")
