"""One drawing per shape of result, never one per measure.

Shapes: line, bar, heat, stacked, scatter, interval. ``spec(chart)`` is plain JSON for plotly.js,
made without importing plotly; ``plot(chart)`` is the same drawing as a Plotly figure for Python
users. Every trace carries the id of its figure in ``meta.figure``; a heat map, and a chart whose
bars or intervals are figures of their own, carry one id per row in ``meta.figures``. A series is
thinned to ``POINTS`` points: its first and last and the lowest and highest of each stretch between
them, so that no peak is lost. Values are rounded to ten significant digits. ``spark`` is a line of
page one: a still picture that needs no library.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from paceline.charts import _bars, _lines, _scatter
from paceline.charts._axes import (
    FONT,
    INK,
    PALETTE,
    POINTS,
    RULE,
    SCALE,
    colour,
    new_axis,
    plain,
    span,
    style,
    thin,
    words,
)
from paceline.charts._bars import single
from paceline.charts._spark import spark
from paceline.document import Attribution, Chart, Label

if TYPE_CHECKING:
    from plotly.graph_objects import Figure as PlotlyFigure

__all__ = [
    "POINTS",
    "SCALE",
    "colour",
    "plain",
    "plot",
    "single",
    "span",
    "spark",
    "spec",
    "style",
    "thin",
    "words",
]

SHAPES = {
    "line": _lines.lines,
    "stacked": _lines.stacked,
    "heat": _lines.heat,
    "bar": _bars.bars,
    "interval": _bars.intervals,
    "scatter": _scatter.scatter,
}


def spec(chart: Chart) -> dict[str, Any]:
    """``{"data": [...], "layout": {...}}`` for plotly.js."""
    layout: dict[str, Any] = {
        "font": {"family": FONT, "size": 12, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 14, "t": 8, "b": 8},
        "height": 290,
        "showlegend": False,
        "hoverlabel": {
            "font": {"family": FONT, "size": 12, "color": INK},
            "bgcolor": "#fff",
            "bordercolor": RULE,
        },
        "colorway": list(PALETTE),
        "xaxis": new_axis(chart.x_title),
        "yaxis": new_axis(chart.y_title),
    }
    data = SHAPES[chart.kind](chart, layout)
    shapes = layout.setdefault("shapes", [])
    for start, end in chart.shade:
        shapes.append(
            {
                "type": "rect",
                "xref": "x",
                "yref": "paper",
                "x0": start,
                "x1": end,
                "y0": 0,
                "y1": 1,
                "fillcolor": "#8a7f6a",
                "opacity": 0.13,
                "line": {"width": 0},
                "layer": "below",
            }
        )
    return {"data": data, "layout": layout}


def plot(chart: Chart, origin: Attribution | None = None) -> PlotlyFigure:
    """The drawing with title and legend, for notebooks and pictures.

    origin  named beneath the title, so that the picture speaks for itself wherever it is shown
    """
    import plotly.graph_objects as go

    drawing = spec(chart)
    title = words(chart.title.text if isinstance(chart.title, Label) else chart.title)
    lines = [] if origin is None else textwrap.wrap(origin.line(s.figure for s in chart.series), 96)
    beneath = "<br>".join(map(words, lines))
    title += f'<br><span style="font-size: 10px">{beneath}</span>' if beneath else ""
    above = 56 + 14 * len(lines)
    many = len(chart.series) > 1 and chart.kind != "heat" and not single(chart)
    drawing["layout"] |= {
        "title": {"text": title, "x": 0, "xref": "paper"},
        "margin": {"l": 8, "r": 14, "t": above, "b": 8},
        "height": drawing["layout"]["height"] + 34 + above,
        "showlegend": many,
        "legend": {"orientation": "h", "y": -0.15},
    }
    return go.Figure(drawing)
