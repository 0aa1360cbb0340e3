"""A line as a small still picture: no axis, no script, sharp on paper."""

from __future__ import annotations

import math
from collections.abc import Sequence

from paceline.charts._axes import array, thin
from paceline.document import Series

#: Size of the picture in its own units, and the room above and below the line.
WIDTH, HEIGHT, ROOM = 200.0, 40.0, 3.0
#: Points that are drawn at most.
DRAWN = 130


def spark(series: Series, since: str = "") -> dict[str, str]:
    """Points of two polylines, up to ``since`` and from it on, and the place of the last value.

    Keys: ``before``, ``after`` (texts of an SVG ``points``), ``x`` and ``y`` of the last value;
    all empty for a line without values. A missing value is passed over.
    """
    y = array(series.y)
    keep = [int(i) for i in thin(y, DRAWN) if math.isfinite(y[i])]
    if not keep:
        return {"before": "", "after": "", "x": "", "y": ""}
    low, high = min(y[keep]), max(y[keep])
    reach, last = (high - low) or 1.0, max(len(y) - 1, 1)
    places = [
        (
            str(series.x[i]),
            f"{i / last * WIDTH:.1f},{ROOM + (high - y[i]) / reach * (HEIGHT - 2 * ROOM):.1f}",
        )
        for i in keep
    ]
    turn = next((n for n, (day, _) in enumerate(places) if day >= since), 0) if since else 0
    x, _, at = places[-1][1].partition(",")
    return {
        "before": _points(places[: turn + 1]) if turn else "",
        "after": _points(places[turn:]),
        "x": x,
        "y": at,
    }


def _points(places: Sequence[tuple[str, str]]) -> str:
    return " ".join(place for _, place in places)
