"""Subjects in a plane: points, tails that end in a point, clouds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from paceline.charts._axes import (
    formats,
    level_line,
    measure_axis,
    points,
    style,
    time_axis,
    traced,
    words,
)
from paceline.document import Chart, Series

#: At most this many points are a tail.
TAIL = 60
#: Pixels over which the points are spread, beyond which a name may reach by ``EDGE``, and of a
#: letter.
SPREAD, EDGE, LETTER = (640, 290), 20, 6.2


def scatter(chart: Chart, layout: dict[str, Any]) -> list[dict[str, Any]]:
    """Each series is one subject: a point, a tail that ends in one, or a cloud above ``TAIL``."""
    measure_axis(layout["yaxis"], chart.unit)
    level_line(layout, chart.reference)
    layout |= {"height": 380, "hovermode": "closest"}
    layout["margin"] = {"l": 8, "r": 40, "t": 16, "b": 8}
    places = _places([s for s in chart.series if 0 < len(s.x) <= TAIL])
    data = []
    for position, series in enumerate(chart.series):
        x, y = points(series)
        ink, _ = style(position)
        tail = len(x) <= TAIL
        trace = traced(
            series,
            type="scatter",
            mode="lines+markers+text" if tail else "markers",
            x=x,
            y=y,
            line={"color": ink, "width": 1.5, "shape": "spline"},
            marker={"color": ink, "size": 5, "opacity": 1 if tail else 0.5, "line": {"width": 0}},
            hovertemplate=f"%{{x}}  %{{y:{formats(chart.unit)[1]}}}",
        )
        if tail and x:
            place = places.get(series.name)
            trace["marker"]["size"] = [3] * (len(x) - 1) + [10]
            trace |= {
                "text": [""] * (len(x) - 1) + [words(series.name) if place else ""],
                "textposition": place or "top center",
                "textfont": {"size": 11, "color": ink},
                "cliponaxis": False,
            }
        data.append(trace)
        time_axis(layout["xaxis"], x)
    return data


def _places(tails: Sequence[Series]) -> dict[str, str]:
    """Where the name of each tail's end goes so that it covers no other name and no other end.

    A tail without a free place has no name. In a drawing of ``SPREAD`` pixels over which all points
    of the tails are spread. The first place that is free is taken: beside the point towards the
    middle, beside it outwards, above, below.
    """
    every = np.array(
        [(x, y) for s in tails for x, y in zip(s.x, s.y, strict=True)], dtype=float
    ).reshape(-1, 2)
    if not np.isfinite(every).any(axis=0).all():
        return {}
    low = np.nanmin(every, axis=0)
    reach = np.nanmax(every, axis=0) - low
    ends = (
        (np.array([(s.x[-1], s.y[-1]) for s in tails], float) - low)
        / np.where(reach > 0, reach, 1.0)
        * SPREAD
    )
    taken = [(x - 6, y - 6, x + 6, y + 6) for x, y in ends]
    places = {}
    for k, (series, (x, y)) in enumerate(zip(tails, ends, strict=True)):
        wide, high = LETTER * len(series.name), 14.0
        corner = {
            "middle right": (x + 8, y - high / 2),
            "middle left": (x - 8 - wide, y - high / 2),
            "top center": (x - wide / 2, y + 7),
            "bottom center": (x - wide / 2, y - 7 - high),
        }
        sides = (
            ("middle right", "middle left")
            if x < SPREAD[0] / 2
            else ("middle left", "middle right")
        )
        for place in (*sides, "top center", "bottom center"):
            left, bottom = corner[place]
            right, top = left + wide, bottom + high
            inside = left > -EDGE and right < SPREAD[0] + EDGE
            if inside and not any(
                left < r and a < right and bottom < t and b < top
                for i, (a, b, r, t) in enumerate(taken)
                if i != k
            ):
                places[series.name] = place
                taken.append((left, bottom, right, top))
                break
    return places
