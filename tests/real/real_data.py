"""Names, days and small questions that the checks on real data share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

from paceline.market import Market

MARKET = Path(__file__).parent.parent.parent / "examples" / "us-2025" / "market.toml"
#: The last session of the data, a Friday, and the Thursday before it.
FRIDAY, THURSDAY = "2025-12-05", "2025-12-04"
#: A tenth of a point, the tolerance of every figure unless said.
POINT = 0.001

Rows = list[dict[str, Any]]
Ask = Callable[..., Rows]


def pick(rows: Rows, **wanted: Any) -> dict[str, Any]:
    """The only row with these values."""
    found = [r for r in rows if all(r.get(k) == v for k, v in wanted.items())]
    assert len(found) == 1, f"{len(found)} rows with {wanted}"
    return found[0]


def asked(market: Market, measure: str, **how: Any) -> Rows:
    """The rows of a measure through the Python interface."""
    return [f.to_json() for f in market.show(measure, **how)]


def value(
    market: Market, subject: str, statistic: str, basis: str | None = None, **how: Any
) -> float:
    """One return of one basket."""
    row = pick(
        asked(market, "performance", basis=basis, **how),
        subject=subject,
        statistic=statistic,
        against=None,
    )
    assert row["unit"] == "return"
    return float(row["value"])


def on(text: str) -> dt.date:
    return dt.date.fromisoformat(text)
