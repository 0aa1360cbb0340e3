"""A grid as the cells of an HTML table, with bars and colours where it asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from paceline import charts
from paceline.document import Grid, Label, Part, figure_of
from paceline.figures import finite_or_none
from paceline.report.page.elements import part_of
from paceline.report.tables import words

PERCENT = ("return", "fraction")
#: Words up to this length, dates for instance, are not broken into lines in a table.
WHOLE = 18
#: Longer tables show their first ``HEAD`` rows until asked for all; wider ones are set closer.
LONG, HEAD, DENSE = 16, 12, 7
#: On paper those of more than ``SHEET`` rows show their first ``PRINTED``.
SHEET, PRINTED = 12, 8
#: Tables with more columns take the whole width of the page; with no more rows, little height.
FULL, SHORT = 6, 5


def _number(part: Part | None) -> float | None:
    shown = figure_of(part)
    if shown is None or isinstance(shown.value, bool) or not isinstance(shown.value, (int, float)):
        return None
    return finite_or_none(shown.number)


def table(grid: Grid) -> dict[str, Any]:
    """The template's table: columns that hold anything, rows of cells, how it is laid out."""
    columns: list[dict[str, Any]] = []
    cells: list[list[dict[str, Any]]] = []
    for at, name in enumerate(grid.columns):
        parts = [r[at] for r in grid.rows]
        if at in grid.beneath and cells:
            for cell, part in zip(cells[-1], parts, strict=True):
                cell["under"] = "" if part is None else part_of(part, bare=True)
            continue
        if at > 0 and all(_nothing(p) for p in parts):
            continue
        column = _column(parts, first=at == 0)
        column |= {"name": part_of(name), "bar": at in grid.bars, "heat": at in grid.heat}
        columns.append(column)
        marks: Sequence[dict[str, Any]] = [{}] * len(parts)
        if at in grid.bars:
            marks = bars(parts)
        elif at in grid.heat:
            marks = heat(parts)
        bare = column["unit"] == "%"
        cells.append(
            [{"html": part_of(p, bare=bare), **mark} for p, mark in zip(parts, marks, strict=True)]
        )
    return {
        "columns": columns,
        "full": bool(grid.bars) or len(columns) > FULL,
        "short": len(grid.rows) <= SHORT,
        "dense": len(columns) > DENSE,
        "head": HEAD if len(grid.rows) > LONG else 0,
        "printed": PRINTED if len(grid.rows) > SHEET else 0,
        "rows": [list(r) for r in zip(*cells, strict=True)],
        "spans": spans([r[0] for r in grid.rows]),
    }


def _column(parts: Sequence[Part | None], *, first: bool) -> dict[str, Any]:
    """Whether a column holds percents, numbers, words that are not broken."""
    units = {f.unit for f in map(figure_of, parts) if f is not None}
    figures = bool(units) and all(p is None or figure_of(p) for p in parts)
    counts = all(
        isinstance(p, Label) and p.text.replace(",", "").isdecimal() for p in parts if p is not None
    )
    counted = counts and not first and any(parts)
    short = all(not isinstance(p, (str, Label)) or len(words(p)) <= WHOLE for p in parts)
    return {
        "unit": "%" if figures and units <= set(PERCENT) else "",
        "numeric": (figures and not units & {"text", "date"}) or counted,
        "whole": not first and short,
    }


def _nothing(part: Part | None) -> bool:
    return part is None or (isinstance(part, (str, Label)) and not words(part))


def spans(names: list[Part | None]) -> list[int]:
    """Rows that each row's name stands for: equal names in a row are written once."""
    rows = [0] * len(names)
    start = 0
    for at, name in enumerate(names):
        if not isinstance(name, Label) or name != names[start]:
            start = at
        rows[start] += 1
    return rows


def bars(parts: Iterable[Part | None]) -> list[dict[str, Any]]:
    """Left end and length of each bar in percent of the cell, all from one zero."""
    values = [_number(p) for p in parts]
    low = min([0.0, *(v for v in values if v is not None)])
    high = max([0.0, *(v for v in values if v is not None)])
    reach = (high - low) or 1.0
    zero = -low / reach * 100
    marks = []
    for v in values:
        length = 0.0 if v is None else abs(v) / reach * 100
        left = zero - length if v is not None and v < 0 else zero
        marks.append(
            {
                "bar": {
                    "left": f"{left:.2f}",
                    "width": f"{length:.2f}",
                    "zero": f"{zero:.2f}",
                    "below": v is not None and v < 0,
                }
            }
        )
    return marks


def contrast(background: str) -> str:
    """Black or white, whichever reads better on ``background`` (WCAG relative luminance)."""
    linear = []
    for i in (1, 3, 5):
        c = int(background[i : i + 2], 16) / 255
        linear.append(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "#000000"


def heat(parts: Iterable[Part | None]) -> list[dict[str, Any]]:
    """Background and ink of each cell on the diverging scale of its column."""
    parts = list(parts)
    values = [_number(p) for p in parts]
    unit = next((f.unit for f in map(figure_of, parts) if f is not None), "")
    low, high = charts.span((v for v in values if v is not None), unit)
    marks: list[dict[str, Any]] = []
    for v in values:
        if v is None:
            marks.append({})
            continue
        background = charts.colour((v - low) / (high - low))
        marks.append({"heat": {"background": background, "ink": contrast(background)}})
    return marks
