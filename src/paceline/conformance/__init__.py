"""The checks every measure, basket and source must pass. Run them on your own plug-in:

    from paceline.conformance import check_measure
    check_measure(my_measure, view)

Each check collects every fault it finds and raises one ``ConformanceError`` that lists them.
"""

from __future__ import annotations

from paceline.conformance._basket import check_basket
from paceline.conformance._changes import cut, reordered, scrambled, split, tail
from paceline.conformance._faults import ConformanceError
from paceline.conformance._measure import check_measure
from paceline.conformance._source import check_source

__all__ = [
    "ConformanceError",
    "check_basket",
    "check_measure",
    "check_source",
    "cut",
    "reordered",
    "scrambled",
    "split",
    "tail",
]
