"""Values through time: lines, layers and heat maps."""

from __future__ import annotations

from typing import Any

import numpy as np

from paceline.charts._axes import (
    FAINT,
    INK,
    POINTS,
    SCALE,
    array,
    first_value,
    formats,
    level_line,
    measure_axis,
    plain,
    points,
    span,
    style,
    thin,
    time_axis,
    traced,
    words,
)
from paceline.document import Chart


def lines(chart: Chart, layout: dict[str, Any]) -> list[dict[str, Any]]:
    """One line per series; a series of one point is a mark."""
    measure_axis(layout["yaxis"], chart.unit)
    level_line(layout, chart.reference)
    layout["hovermode"] = "x unified"
    data = []
    for position, series in enumerate(chart.series):
        x, y = points(series)
        ink, dash = style(position)
        data.append(
            traced(
                series,
                type="scatter",
                mode="lines" if len(x) > 1 else "markers",
                x=x,
                y=y,
                line={"color": ink, "width": 2, "dash": dash},
                marker={"color": ink, "size": 8},
                hovertemplate=f"%{{y:{formats(chart.unit)[1]}}}",
            )
        )
        time_axis(layout["xaxis"], x)
    return data


def stacked(chart: Chart, layout: dict[str, Any]) -> list[dict[str, Any]]:
    """Layers on a common x; layers that end below zero hang beneath it."""
    measure_axis(layout["yaxis"], chart.unit)
    level_line(layout, 0.0 if chart.reference is None else chart.reference)
    layout["hovermode"] = "x unified"
    layout["yaxis"]["rangemode"] = "tozero"
    rows = [array(s.y) for s in chart.series]
    keep = thin(np.nansum(rows, axis=0)) if rows else None
    data = []
    for position, (series, row) in enumerate(zip(chart.series, rows, strict=True)):
        x, y = points(series, keep)
        ink, _ = style(position)
        below = bool(np.nansum(row) < 0)
        data.append(
            traced(
                series,
                type="scatter",
                mode="lines",
                x=x,
                y=y,
                stackgroup="below" if below else "above",
                fillcolor=ink,
                line={"color": "#ffffff", "width": 0.6},
                hovertemplate=f"%{{y:{formats(chart.unit)[1]}}}",
            )
        )
        time_axis(layout["xaxis"], x)
    return data


def heat(chart: Chart, layout: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per series, the first on top; all rows share the x of the first."""
    rows = [array(s.y) for s in chart.series]
    begun, end = first_value(rows), len(rows[0]) if rows else 0
    n = end - begun
    keep = np.unique(np.linspace(begun, end - 1, min(n, POINTS)).astype(int)) if n else np.arange(0)
    x = plain(list(chart.series[0].x)[i] for i in keep) if rows else []
    low, high = span((float(v) for row in rows for v in row), chart.unit)
    axis, text = formats(chart.unit)
    time_axis(layout["xaxis"], x)
    layout["yaxis"] |= {
        "autorange": "reversed",
        "type": "category",
        "showgrid": False,
        "tickfont": {"color": INK, "size": 12},
        "ticklabelstandoff": 6,
    }
    layout["height"] = 84 + 24 * max(len(rows), 2)
    return [
        {
            "type": "heatmap",
            "x": x,
            "y": [words(s.name) for s in chart.series],
            "z": [plain(row[keep]) for row in rows],
            "zmin": low,
            "zmax": high,
            "colorscale": [[i / (len(SCALE) - 1), c] for i, c in enumerate(SCALE)],
            "ygap": 2,
            "xgap": 0 if n > 40 else 2,
            "hoverongaps": False,
            "hovertemplate": f"%{{y}}<br>%{{x}}  %{{z:{text}}}<extra></extra>",
            "colorbar": {
                "orientation": "h",
                "y": 1.03,
                "yanchor": "bottom",
                "x": 0.5,
                "xanchor": "center",
                "len": 0.6,
                "thickness": 8,
                "outlinewidth": 0,
                "tickformat": axis,
                "tickvals": [low, (low + high) / 2, high],
                "ypad": 4,
                "xpad": 20,
                "tickfont": {"color": FAINT, "size": 11},
            },
            "meta": {"figures": [s.figure.id for s in chart.series]},
        }
    ]
