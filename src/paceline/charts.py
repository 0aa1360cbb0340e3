"""One drawing per shape of result: line, bar, heat, stacked, scatter; never one per measure.

``spec(chart)`` is plain JSON for plotly.js, made without importing plotly; ``plot(chart)`` is the same drawing as
a Plotly figure for Python users. Every trace carries the id of its figure in ``meta.figure``; a heat map, and a bar
chart whose bars are figures of their own, carry one id per row in ``meta.figures``. A series is thinned to
``POINTS`` points: its first and last and the lowest and highest of each stretch between them, so that no peak is
lost. Values are rounded to ten significant digits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paceline.document import Chart, Label, Series
from paceline.figures import show

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
#: Up to this many dated bars are drawn side by side instead of on a time axis.
SESSIONS_APART = 66
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


def style(position: int) -> tuple[str, str]:
    """Colour and dash of the series at that position; colours repeat with another dash."""
    return PALETTE[position % len(PALETTE)], DASHES[position // len(PALETTE) % len(DASHES)]


def colour(share: float) -> str:
    """The diverging scale at ``share`` of the way from 0 (orange) to 1 (blue), as ``#rrggbb``."""
    at = min(max(share, 0.0), 1.0) * (len(SCALE) - 1)
    low = min(int(at), len(SCALE) - 2)
    pair = [[int(SCALE[low + k][i : i + 2], 16) for i in (1, 3, 5)] for k in (0, 1)]
    return "#" + "".join(f"{round(a + (b - a) * (at - low)):02x}" for a, b in zip(*pair, strict=True))


def span(values: Iterable[float], unit: str) -> tuple[float, float]:
    """The values at the two ends of the diverging scale.

    Fractions run from 0 to 1 around a half; signed units are symmetric around zero; other units run from the
    lowest to the highest value.
    """
    if unit == "fraction":
        return 0.0, 1.0
    known = [v for v in values if math.isfinite(v)]
    if not known:
        return 0.0, 1.0
    if unit in ("return", "points", "score"):
        reach = max(abs(v) for v in known) or 1.0
        return -reach, reach
    low, high = min(known), max(known)
    return (low, high) if high > low else (low - 1, high + 1)


def thin(values: NDArray[np.float64], limit: int = POINTS) -> NDArray[np.int64]:
    """Positions to draw: all if there are at most ``limit``, else first, last and the extremes between.

    The inside is cut into equal stretches of which the lowest and the highest value are kept; a stretch
    without any value keeps one missing point, so that a gap in the data stays a gap in the line.
    """
    n = len(values)
    if n <= limit:
        return np.arange(n)
    inside = values[1:-1]
    stretches = (limit - 2) // 2
    edges = np.linspace(0, len(inside), stretches + 1).astype(int)
    width = int(np.diff(edges).max())
    take = np.minimum(edges[:-1, None] + np.arange(width), edges[1:, None] - 1)
    block = inside[take]
    rows = np.arange(stretches)
    low = take[rows, np.where(np.isfinite(block), block, np.inf).argmin(axis=1)]
    high = take[rows, np.where(np.isfinite(block), block, -np.inf).argmax(axis=1)]
    return np.unique(np.concatenate([[0], low + 1, high + 1, [n - 1]]))


def _array(values: Sequence[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def plain(values: Iterable[Any]) -> list[Any]:
    """Values as JSON holds them: ISO dates, numbers at ten significant digits, null for missing."""
    return [_plain(v) for v in values]


def _plain(value: Any) -> Any:
    if isinstance(value, np.datetime64):
        return str(value)[:10]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.10g}") if math.isfinite(value) else None
    if value is None or isinstance(value, int):
        return value
    return value.isoformat()[:10] if hasattr(value, "isoformat") else str(value)


def _words(text: str) -> str:
    """Text for plotly.js, which reads a small HTML dialect: marks become entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _is_date(x: Sequence[Any]) -> bool:
    return len(x) > 0 and isinstance(x[0], str) and bool(_DATE.match(x[0]))


def spec(chart: Chart) -> dict[str, Any]:
    """``{"data": [...], "layout": {...}}`` for plotly.js."""
    layout: dict[str, Any] = {
        "font": {"family": FONT, "size": 12, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 14, "t": 8, "b": 8},
        "height": 290,
        "showlegend": False,
        "hoverlabel": {"font": {"family": FONT, "size": 12, "color": INK}, "bgcolor": "#fff", "bordercolor": RULE},
        "colorway": list(PALETTE),
        "xaxis": _axis(chart.x_title),
        "yaxis": _axis(chart.y_title),
    }
    drawing = {"line": _lines, "bar": _bars, "heat": _heat, "stacked": _stacked, "scatter": _scatter}
    data = drawing[chart.kind](chart, layout)
    shapes = layout.setdefault("shapes", [])
    for start, end in chart.shade:
        shapes.append({"type": "rect", "xref": "x", "yref": "paper", "x0": start, "x1": end, "y0": 0, "y1": 1,
                       "fillcolor": "#8a7f6a", "opacity": 0.13, "line": {"width": 0}, "layer": "below"})
    return {"data": data, "layout": layout}


def plot(chart: Chart) -> Any:
    """The drawing as ``plotly.graph_objects.Figure``, with title and legend, for notebooks and pictures."""
    import plotly.graph_objects as go

    drawing = spec(chart)
    title = chart.title.text if isinstance(chart.title, Label) else chart.title
    many = len(chart.series) > 1 and chart.kind != "heat" and not single(chart)
    drawing["layout"] |= {
        "title": {"text": _words(title), "x": 0, "xref": "paper"},
        "margin": {"l": 8, "r": 14, "t": 56, "b": 8},
        "height": drawing["layout"]["height"] + 90,
        "showlegend": many,
        "legend": {"orientation": "h", "y": -0.15},
    }
    return go.Figure(drawing)


def _axis(title: str) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "automargin": True, "gridcolor": RULE, "zeroline": False, "linecolor": RULE, "ticks": "",
        "tickfont": {"color": FAINT, "size": 12}, "fixedrange": True,
    }
    if title:
        axis["title"] = {"text": _words(title), "font": {"color": FAINT, "size": 12}, "standoff": 8}
    return axis


def _formats(unit: str) -> tuple[str, str]:
    return FORMATS.get(unit, ("", ".4~g"))


def _measure_axis(axis: dict[str, Any], unit: str) -> None:
    """The axis that carries values: a format per unit, few ticks."""
    axis |= {"tickformat": _formats(unit)[0], "nticks": 7}


def _level_line(layout: dict[str, Any], at: float | None, across: str = "y") -> None:
    if at is None:
        return
    along = "x" if across == "y" else "y"
    layout.setdefault("shapes", []).append({
        "type": "line", f"{along}ref": "paper", f"{along}0": 0, f"{along}1": 1, f"{across}ref": across,
        f"{across}0": at, f"{across}1": at, "line": {"color": "#8b8f94", "width": 1}, "layer": "below",
    })


def _points(series: Series, keep: NDArray[np.int64] | None = None) -> tuple[list[Any], list[Any]]:
    x, y = list(series.x), list(series.y)
    if keep is None:
        begun = _begun([_array(y)])
        keep = begun + thin(_array(y)[begun:])
    return plain(x[i] for i in keep), plain(y[i] for i in keep)


def _trace(series: Series, **more: Any) -> dict[str, Any]:
    return {"name": _words(series.name), "meta": {"figure": series.figure.id}, **more}


def _time_axis(axis: dict[str, Any], x: Sequence[Any]) -> None:
    if _is_date(x):
        axis |= {"type": "date", "showgrid": False, "ticks": "outside", "ticklen": 4, "tickcolor": RULE,
                 "hoverformat": "%Y-%m-%d", "nticks": 8}


def _begun(rows: Sequence[NDArray[np.float64]]) -> int:
    """The first position at which any row has a value: what lies before it is not drawn."""
    known = [int(np.isfinite(row).argmax()) for row in rows if np.isfinite(row).any()]
    return min(known, default=0)


def _lines(chart: Chart, layout: dict[str, Any]) -> list[dict[str, Any]]:
    _measure_axis(layout["yaxis"], chart.unit)
    _level_line(layout, chart.reference)
    layout["hovermode"] = "x unified"
    data = []
    for position, series in enumerate(chart.series):
        x, y = _points(series)
        ink, dash = style(position)
        data.append(_trace(series, type="scatter", mode="lines" if len(x) > 1 else "markers", x=x, y=y,
                           line={"color": ink, "width": 2, "dash": dash}, marker={"color": ink, "size": 8},
                           hovertemplate=f"%{{y:{_formats(chart.unit)[1]}}}"))
        _time_axis(layout["xaxis"], x)
    return data


def _stacked(chart: Chart, layout: dict[str, Any]) -> list[dict[str, Any]]:
    """Layers on a common x; layers that end below zero hang beneath it."""
    _measure_axis(layout["yaxis"], chart.unit)
    _level_line(layout, 0.0 if chart.reference is None else chart.reference)
    layout["hovermode"] = "x unified"
    layout["yaxis"]["rangemode"] = "tozero"
    rows = [_array(s.y) for s in chart.series]
    keep = thin(np.nansum(rows, axis=0)) if rows else None
    data = []
    for position, (series, row) in enumerate(zip(chart.series, rows, strict=True)):
        x, y = _points(series, keep)
        ink, _ = style(position)
        below = bool(np.nansum(row) < 0)
        data.append(_trace(series, type="scatter", mode="lines", x=x, y=y, stackgroup="below" if below else "above",
                           fillcolor=ink, line={"color": "#ffffff", "width": 0.6},
                           hovertemplate=f"%{{y:{_formats(chart.unit)[1]}}}"))
        _time_axis(layout["xaxis"], x)
    return data


def single(chart: Chart) -> bool:
    """A bar chart in which every bar is a series, and so a figure, of its own."""
    return chart.kind == "bar" and len(chart.series) > 1 and all(len(s.x) == 1 for s in chart.series)


def _bars(chart: Chart, layout: dict[str, Any]) -> list[dict[str, Any]]:
    """Named bars lie, so that names stay readable; bars over time or numbers stand."""
    drawn = [_points(s, None if len(s.x) > POINTS else np.arange(len(s.x))) for s in chart.series]
    traces = [_trace(s) for s in chart.series]
    if single(chart):
        drawn = [([x for xs, _ in drawn for x in xs], [y for _, ys in drawn for y in ys])]
        traces = [{"name": "", "meta": {"figures": [s.figure.id for s in chart.series]}}]
    first = drawn[0][0] if drawn else []
    lying = bool(first) and isinstance(first[0], str) and not _is_date(first)
    names, numbers = ("y", "x") if lying else ("x", "y")
    axis, value_axis = layout[f"{names}axis"], layout[f"{numbers}axis"]
    lettered = len(first) * len(drawn) <= 40 and (lying or len(first) <= 12)
    data = []
    for position, (trace, (x, y)) in enumerate(zip(traces, drawn, strict=True)):
        ink: Any = style(position)[0]
        if len(drawn) == 1:
            ink = [BELOW if v is not None and v < 0 else ABOVE for v in y]
        bar = {**trace, "type": "bar", "orientation": "h" if lying else "v", "marker": {"color": ink},
               names: [_words(v) for v in x] if lying else x, numbers: y,
               "hovertemplate": f"%{{{names}}}  %{{{numbers}:{_formats(chart.unit)[1]}}}<extra>{trace['name']}</extra>"}
        if lettered:
            bar |= {"text": [show(v, chart.unit).replace("-", "\N{MINUS SIGN}") for v in y], "textposition": "outside",
                    "textangle": 0, "constraintext": "none", "cliponaxis": False,
                    "textfont": {"size": 11, "color": INK}}
        data.append(bar)
    _measure_axis(value_axis, chart.unit)
    every = [0.0, *(v for _, ys in drawn for v in ys if v is not None)]
    low, high = min(every), max(every)
    room = (high - low) * 0.16 or 1.0  # for the numbers beyond the ends of the bars
    value_axis["range"] = [low - room if low < 0 else 0, high + room if high > 0 else 0]
    _level_line(layout, chart.reference or 0.0, numbers)
    layout["bargap"] = 0.28
    if lying:
        axis |= {"autorange": "reversed", "type": "category", "showgrid": False,
                 "tickfont": {"color": INK, "size": 12}, "ticklabelstandoff": 6}
        layout["height"] = 50 + max(len(set(first)), 2) * (8 + 18 * len(drawn))
    elif _is_date(first) and len(first) > SESSIONS_APART:
        _time_axis(axis, first)
    elif _is_date(first):  # few sessions stand side by side, without room for days without trading
        step = -(-len(first) // 10)
        axis |= {"type": "category", "showgrid": False, "tickvals": first[::step],
                 "ticktext": [f"{date.fromisoformat(d):%d %b}" for d in first[::step]], "tickangle": 0}
    else:
        axis |= {"type": "category", "showgrid": False}
    return data


def _heat(chart: Chart, layout: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per series, the first on top; all rows share the x of the first."""
    rows = [_array(s.y) for s in chart.series]
    begun, end = _begun(rows), len(rows[0]) if rows else 0
    n = end - begun
    keep = np.unique(np.linspace(begun, end - 1, min(n, POINTS)).astype(int)) if n else np.arange(0)
    x = plain(list(chart.series[0].x)[i] for i in keep) if rows else []
    low, high = span((float(v) for row in rows for v in row), chart.unit)
    axis, text = _formats(chart.unit)
    _time_axis(layout["xaxis"], x)
    layout["yaxis"] |= {"autorange": "reversed", "type": "category", "showgrid": False,
                        "tickfont": {"color": INK, "size": 12}, "ticklabelstandoff": 6}
    layout["height"] = 84 + 24 * max(len(rows), 2)
    return [{
        "type": "heatmap", "x": x, "y": [_words(s.name) for s in chart.series],
        "z": [plain(row[keep]) for row in rows], "zmin": low, "zmax": high,
        "colorscale": [[i / (len(SCALE) - 1), c] for i, c in enumerate(SCALE)],
        "ygap": 2, "xgap": 0 if n > 40 else 2, "hoverongaps": False,
        "hovertemplate": f"%{{y}}<br>%{{x}}  %{{z:{text}}}<extra></extra>",
        "colorbar": {"orientation": "h", "y": 1.03, "yanchor": "bottom", "x": 0.5, "xanchor": "center", "len": 0.6,
                     "thickness": 8, "outlinewidth": 0, "tickformat": axis, "tickvals": [low, (low + high) / 2, high],
                     "ypad": 4, "xpad": 20, "tickfont": {"color": FAINT, "size": 11}},
        "meta": {"figures": [s.figure.id for s in chart.series]},
    }]


def _beside(x: Any, ends: Sequence[float]) -> str:
    """Where the name of a point goes: inwards from either edge, else above."""
    width = max(ends) - min(ends) if ends else 0.0
    if not width:
        return "top center"
    place = (x - min(ends)) / width
    return "middle right" if place < 0.25 else "middle left" if place > 0.75 else "top center"


def _scatter(chart: Chart, layout: dict[str, Any]) -> list[dict[str, Any]]:
    """Each series is one subject: a single point, a tail that ends in a point, or a cloud above 60 points."""
    _measure_axis(layout["yaxis"], chart.unit)
    _level_line(layout, chart.reference)
    layout |= {"height": 380, "hovermode": "closest"}
    layout["margin"] = {"l": 8, "r": 40, "t": 16, "b": 8}
    data = []
    ends = [s.x[-1] for s in chart.series if len(s.x) and isinstance(s.x[-1], (int, float))]
    for position, series in enumerate(chart.series):
        x, y = _points(series)
        ink, _ = style(position)
        tail = len(x) <= 60
        trace = _trace(series, type="scatter", mode="lines+markers+text" if tail else "markers", x=x, y=y,
                       line={"color": ink, "width": 1.5, "shape": "spline"},
                       marker={"color": ink, "size": 5, "opacity": 1 if tail else 0.5, "line": {"width": 0}},
                       hovertemplate=f"%{{x}}  %{{y:{_formats(chart.unit)[1]}}}")
        if tail and x:
            trace["marker"]["size"] = [3] * (len(x) - 1) + [10]
            trace |= {"text": [""] * (len(x) - 1) + [_words(series.name)], "textposition": _beside(x[-1], ends),
                      "textfont": {"size": 11, "color": ink}, "cliponaxis": False}
        data.append(trace)
        _time_axis(layout["xaxis"], x)
    return data
