"""What all drawings share: colours, formats, axes, and the points of a series that are drawn."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paceline.document import Series
from paceline.figures import SIGNED

#: At most this many points are drawn per series.
POINTS = 350
#: Okabe and Ito's colours that stand out on white, in the order in which series take them.
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#a8518a", "#b87f00", "#4a9fd4", "#5a5a5a")
DASHES = ("solid", "dash", "dot")
BELOW, ABOVE = "#c4561a", "#1c6fb0"
#: Diverging scale, orange through paper to blue: readable with every common colour vision.
SCALE = ("#b34a0c", "#e39a63", "#f7f4ee", "#86b6dc", "#155fa8")
INK, FAINT, RULE = "#22262b", "#6b7178", "#e4e2dd"
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

#: unit -> (format on the axis, format of one value), in d3's notation.
FORMATS = {
    "return": (".2~%", "+.2%"),
    "fraction": (".2~%", ".1%"),
    "points": (".3~f", "+.2f"),
    "level": (",.6~g", ",.2f"),
    "count": (",.0f", ",.0f"),
    "sessions": (",.0f", ",.0f"),
}
#: Letters of a name on one line of an axis.
LINE = 28
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def style(position: int) -> tuple[str, str]:
    """Colour and dash of the series at that position; colours repeat with another dash."""
    return PALETTE[position % len(PALETTE)], DASHES[position // len(PALETTE) % len(DASHES)]


def colour(share: float) -> str:
    """The diverging scale at ``share`` of the way from 0 (orange) to 1 (blue), as ``#rrggbb``."""
    at = min(max(share, 0.0), 1.0) * (len(SCALE) - 1)
    low = min(int(at), len(SCALE) - 2)
    pair = [[int(SCALE[low + k][i : i + 2], 16) for i in (1, 3, 5)] for k in (0, 1)]
    return "#" + "".join(
        f"{round(a + (b - a) * (at - low)):02x}" for a, b in zip(*pair, strict=True)
    )


def span(values: Iterable[float], unit: str) -> tuple[float, float]:
    """The values at the two ends of the diverging scale.

    Fractions run from 0 to 1 around a half; signed units are symmetric around zero; other units run
    from the lowest to the highest value.
    """
    if unit == "fraction":
        return 0.0, 1.0
    finite = [v for v in values if math.isfinite(v)]
    if not finite:
        return 0.0, 1.0
    if unit in SIGNED:
        reach = max(abs(v) for v in finite) or 1.0
        return -reach, reach
    low, high = min(finite), max(finite)
    return (low, high) if high > low else (low - 1, high + 1)


def thin(values: NDArray[np.float64], limit: int = POINTS) -> NDArray[np.int64]:
    """Positions to draw: at most ``limit``, first, last and the extremes between.

    The inside is cut into equal stretches of which the lowest and the highest value are kept, and
    the first of missing values beside others, so that a gap in the data stays a gap in the line: of
    at most a quarter of ``limit`` gaps.
    """
    n = len(values)
    if n <= limit:
        return np.arange(n)
    inside = values[1:-1]
    missing = ~np.isfinite(values)
    gaps = np.flatnonzero(missing[1:-1] & ~missing[:-2]) + 1
    gaps = gaps[: limit // 4]
    stretches = (limit - 2 - len(gaps)) // 2
    edges = np.linspace(0, len(inside), stretches + 1).astype(int)
    width = int(np.diff(edges).max())
    take = np.minimum(edges[:-1, None] + np.arange(width), edges[1:, None] - 1)
    block = inside[take]
    rows = np.arange(stretches)
    low = take[rows, np.where(np.isfinite(block), block, np.inf).argmin(axis=1)]
    high = take[rows, np.where(np.isfinite(block), block, -np.inf).argmax(axis=1)]
    return np.unique(np.concatenate([[0], gaps, low + 1, high + 1, [n - 1]]))


def array(values: Sequence[float | None]) -> NDArray[np.float64]:
    """The values as an array, NaN where missing."""
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def plain(values: Iterable[object]) -> list[Any]:
    """Values as JSON holds them: ISO dates, numbers at ten significant digits, null for missing."""
    return [_plain(v) for v in values]


def _plain(value: object) -> object:
    if isinstance(value, np.datetime64):
        return str(value)[:10]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.10g}") if math.isfinite(value) else None
    if value is None or isinstance(value, int):
        return value
    return value.isoformat()[:10] if hasattr(value, "isoformat") else str(value)


def words(text: str) -> str:
    """Text for plotly.js, which reads a small HTML dialect: marks become entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def broken(name: str) -> str:
    """A name in lines of about ``LINE`` letters, for an axis."""
    return "<br>".join(
        words(part) for part in textwrap.wrap(name, LINE, break_long_words=False)
    ) or words(name)


def is_date(x: Sequence[Any]) -> bool:
    """Whether the positions are ISO dates: the first one tells."""
    return len(x) > 0 and isinstance(x[0], str) and bool(_DATE.match(x[0]))


def new_axis(title: str) -> dict[str, Any]:
    """An axis as every drawing has it."""
    axis: dict[str, Any] = {
        "automargin": True,
        "gridcolor": RULE,
        "zeroline": False,
        "linecolor": RULE,
        "ticks": "",
        "tickfont": {"color": FAINT, "size": 12},
        "fixedrange": True,
    }
    if title:
        axis["title"] = {"text": words(title), "font": {"color": FAINT, "size": 12}, "standoff": 8}
    return axis


def formats(unit: str) -> tuple[str, str]:
    """Format on the axis and of one value; four significant digits for other units."""
    return FORMATS.get(unit, ("", ".4~g"))


def measure_axis(axis: dict[str, Any], unit: str) -> None:
    """The axis that carries values: a format per unit, few ticks."""
    axis |= {"tickformat": formats(unit)[0], "nticks": 7}


def level_line(layout: dict[str, Any], at: float | None, across: str = "y") -> None:
    """Draw a line at that value of the axis ``across``; none for None."""
    if at is None:
        return
    along = "x" if across == "y" else "y"
    layout.setdefault("shapes", []).append(
        {
            "type": "line",
            f"{along}ref": "paper",
            f"{along}0": 0,
            f"{along}1": 1,
            f"{across}ref": across,
            f"{across}0": at,
            f"{across}1": at,
            "line": {"color": "#8b8f94", "width": 1},
            "layer": "below",
        }
    )


def points(series: Series, keep: NDArray[np.int64] | None = None) -> tuple[list[Any], list[Any]]:
    """The points to draw as x and y: those at ``keep``, else from the first value on, thinned."""
    x, y = list(series.x), list(series.y)
    if keep is None:
        begun = first_value([array(y)])
        keep = begun + thin(array(y)[begun:])
    return plain(x[i] for i in keep), plain(y[i] for i in keep)


def traced(series: Series, **more: object) -> dict[str, Any]:
    """A trace that carries the id of its figure."""
    return {"name": words(series.name), "meta": {"figure": series.figure.id}, **more}


def time_axis(axis: dict[str, Any], x: Sequence[Any]) -> None:
    """Make it an axis of dates where ``x`` holds dates."""
    if is_date(x):
        axis |= {
            "type": "date",
            "showgrid": False,
            "ticks": "outside",
            "ticklen": 4,
            "tickcolor": RULE,
            "hoverformat": "%Y-%m-%d",
            "nticks": 8,
        }


def first_value(rows: Sequence[NDArray[np.float64]]) -> int:
    """The first position at which any row has a value: what lies before it is not drawn."""
    first = [int(np.isfinite(row).argmax()) for row in rows if np.isfinite(row).any()]
    return min(first, default=0)
