"""Named things side by side: bars, and values with their intervals."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np

from paceline.charts._axes import (
    ABOVE,
    BELOW,
    FAINT,
    INK,
    POINTS,
    broken,
    formats,
    is_date,
    level_line,
    measure_axis,
    plain,
    points,
    style,
    time_axis,
    traced,
)
from paceline.document import Chart
from paceline.figures import show

#: Up to this many dated bars are drawn side by side instead of on a time axis.
SESSIONS_APART = 66
#: Share of their span by which the axis of intervals goes on beyond them: no end touches its edge.
BEYOND = 0.04


def single(chart: Chart) -> bool:
    """A chart in which every bar, or every interval, is a series, and so a figure, of its own."""
    bars = (
        chart.kind == "bar" and len(chart.series) > 1 and all(len(s.x) == 1 for s in chart.series)
    )
    return bars or chart.kind == "interval"


def bars(chart: Chart, layout: dict[str, Any]) -> list[dict[str, Any]]:
    """Named bars lie, so that names stay readable; bars over time or numbers stand."""
    drawn = [points(s, None if len(s.x) > POINTS else np.arange(len(s.x))) for s in chart.series]
    traces = [traced(s) for s in chart.series]
    if single(chart):
        drawn = [([x for xs, _ in drawn for x in xs], [y for _, ys in drawn for y in ys])]
        traces = [{"name": "", "meta": {"figures": [s.figure.id for s in chart.series]}}]
    first = drawn[0][0] if drawn else []
    lying = bool(first) and isinstance(first[0], str) and not is_date(first)
    names, numbers = ("y", "x") if lying else ("x", "y")
    axis, value_axis = layout[f"{names}axis"], layout[f"{numbers}axis"]
    lettered = len(first) * len(drawn) <= 40 and (lying or len(first) <= 12)
    data = []
    for position, (trace, (x, y)) in enumerate(zip(traces, drawn, strict=True)):
        ink: Any = style(position)[0]
        if len(drawn) == 1:
            ink = [BELOW if v is not None and v < 0 else ABOVE for v in y]
        bar = {
            **trace,
            "type": "bar",
            "orientation": "h" if lying else "v",
            "marker": {"color": ink},
            names: [broken(v) for v in x] if lying else x,
            numbers: y,
            "hovertemplate": f"%{{{names}}}  %{{{numbers}:{formats(chart.unit)[1]}}}"
            f"<extra>{trace['name']}</extra>",
        }
        if lettered:
            bar |= {
                "text": [show(v, chart.unit).replace("-", "\N{MINUS SIGN}") for v in y],
                "textposition": "outside",
                "textangle": 0,
                "constraintext": "none",
                "cliponaxis": False,
                "textfont": {"size": 11, "color": INK},
            }
        data.append(bar)
    measure_axis(value_axis, chart.unit)
    every = [0.0, *(v for _, ys in drawn for v in ys if v is not None)]
    low, high = min(every), max(every)
    room = (high - low) * 0.16 or 1.0  # for the numbers beyond the ends of the bars
    value_axis["range"] = [low - room if low < 0 else 0, high + room if high > 0 else 0]
    level_line(layout, chart.reference or 0.0, numbers)
    layout["bargap"] = 0.28
    _named_axis(layout, axis, first, rows=len(drawn) if lying else 0)
    return data


def _named_axis(layout: dict[str, Any], axis: dict[str, Any], first: list[Any], rows: int) -> None:
    """The axis of names; with ``rows`` bars a name lying ones, which make the drawing as high."""
    if rows:
        axis |= {
            "autorange": "reversed",
            "type": "category",
            "dtick": 1,  # every name, however low the drawing
            "showgrid": False,
            "tickfont": {"color": INK, "size": 12},
            "ticklabelstandoff": 6,
        }
        lines = max(broken(name).count("<br>") + 1 for name in first)
        layout["height"] = 50 + max(len(set(first)), 2) * max(8 + 18 * rows, 15 * lines)
    elif is_date(first) and len(first) > SESSIONS_APART:
        time_axis(axis, first)
    elif is_date(first):  # few sessions stand side by side, without room for days without trading
        step = -(-len(first) // 10)
        axis |= {
            "type": "category",
            "showgrid": False,
            "tickvals": first[::step],
            "ticktext": [f"{date.fromisoformat(d):%d %b}" for d in first[::step]],
            "tickangle": 0,
        }
    else:
        axis |= {"type": "category", "showgrid": False}


def intervals(chart: Chart, layout: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per series: its value, and a line over its interval.

    Grey where the interval holds the chart's reference, or zero.
    """
    zero = chart.reference or 0.0
    rows = [s for s in chart.series if s.y and s.y[-1] is not None and math.isfinite(s.y[-1])]
    value = [float(s.y[-1] or 0.0) for s in rows]
    ends = [
        tuple(v if end is None else end for end in s.interval or (v, v))
        for s, v in zip(rows, value, strict=True)
    ]
    ink = [FAINT if low <= zero <= high else BELOW if high < zero else ABOVE for low, high in ends]
    names, text = [broken(s.name) for s in rows], formats(chart.unit)[1]
    data: list[dict[str, Any]] = []
    for shade in dict.fromkeys(ink):
        own = [i for i, c in enumerate(ink) if c == shade]
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "hoverinfo": "skip",
                "opacity": 0.6,
                "line": {"color": shade, "width": 2.5},
                "x": plain(v for i in own for v in (*ends[i], None)),
                "y": [name for i in own for name in (names[i], names[i], None)],
            }
        )
    data.append(
        {
            "type": "scatter",
            "mode": "markers",
            "name": "",
            "x": plain(value),
            "y": names,
            "marker": {"color": ink, "size": 9, "line": {"color": "#ffffff", "width": 1}},
            "customdata": [plain(pair) for pair in ends],
            "cliponaxis": False,
            "hovertemplate": f"%{{y}}<br>%{{x:{text}}}, from %{{customdata[0]:{text}}} "
            f"to %{{customdata[1]:{text}}}<extra></extra>",
            "meta": {"figures": [s.figure.id for s in rows]},
        }
    )
    measure_axis(layout["xaxis"], chart.unit)
    reach = [zero, *(v for pair in ends for v in pair)]
    room = (max(reach) - min(reach)) * BEYOND or 1.0
    layout["xaxis"]["range"] = plain((min(reach) - room, max(reach) + room))
    level_line(layout, zero, "x")
    layout["hovermode"] = "closest"
    layout["yaxis"] |= {
        "type": "category",
        "dtick": 1,
        "categoryorder": "array",
        "categoryarray": names[::-1],
        "showgrid": False,
        "tickfont": {"color": INK, "size": 12},
        "ticklabelstandoff": 6,
        "range": [-0.6, max(len(names), 1) - 0.4],
    }
    # rows are equally high: the name with most lines needs its room without touching the next
    lines = max((1 + name.count("<br>") for name in names), default=1)
    layout["height"] = 50 + len(names) * (14 + 14 * lines)
    return data
