"""The checks every measure, basket and source must pass. Run them on your own plug-in:

    from paceline.conformance import check_measure
    check_measure(my_measure, view)

or, for all that a file offers, ``check_file("my_measures.py")`` and ``paceline conformance FILE``.
Each check collects every fault it finds and raises one ``ConformanceError`` that lists them, with
what was changed, which cells differ and what most often lies behind it.
"""

from __future__ import annotations

from paceline.conformance._basket import check_basket
from paceline.conformance._changes import cut, reordered, scrambled, split, tail
from paceline.conformance._faults import ConformanceError, Fault
from paceline.conformance._file import CheckedItem, check_file
from paceline.conformance._measure import check_measure
from paceline.conformance._page import check_page
from paceline.conformance._source import check_source

__all__ = [
    "CheckedItem",
    "ConformanceError",
    "Fault",
    "check_basket",
    "check_file",
    "check_measure",
    "check_page",
    "check_source",
    "cut",
    "reordered",
    "scrambled",
    "split",
    "tail",
]
