"""Which of many rows stand on a screen: those of the latest day first, the largest first.

What a pipe, a file or another program reads is never cut.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
#: Lines under the table and its caveats: how many caveats and rows are left, the age of the data,
#: the next prompt.
UNDER = 6
#: Rows that are shown on the smallest screen.
LEAST = 5
#: Share of a screen that caveats may take.
CAVEATS = 1 / 3


@dataclass(frozen=True)
class Screen:
    """How much of a table is shown.

    limit   so many rows, whatever the screen
    height  lines of the screen that the table has to fit; None: all rows
    """

    limit: int | None = None
    height: int | None = None

    @property
    def rows(self) -> int | None:
        """More rows than this are never shown; None: no limit."""
        if self.limit is not None:
            return self.limit
        return None if self.height is None else max(self.height - UNDER, LEAST)


def ranked(rows: Sequence[Row]) -> list[Row]:
    """The rows in the order in which they matter.

    The latest day first; of one day the measure's first statistic first; of one statistic by the
    rank that the measure gives, else by absolute size; what has no value last.
    """
    order = {s: i for i, s in enumerate(dict.fromkeys(str(r.get("statistic")) for r in rows))}
    # three stable sorts, least important first: text has no minus for a descending one
    by_size = sorted(rows, key=lambda r: (order[str(r.get("statistic"))], *_size(r)))
    by_day = sorted(by_size, key=lambda r: str(r.get("end") or ""), reverse=True)
    return sorted(by_day, key=lambda r: r.get("value") is None)


def _size(row: Row) -> tuple[float, float]:
    rank, value = row.get("rank"), row.get("value")
    number = isinstance(value, (int, float)) and math.isfinite(value)
    return (
        float(rank) if isinstance(rank, (int, float)) else math.inf,
        -abs(float(value)) if number and value is not None else 0.0,
    )
