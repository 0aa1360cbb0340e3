"""A section as the groups of its template: sentences, tables, charts side by side."""

from __future__ import annotations

import math
from typing import Any

from paceline import charts
from paceline.document import Attribution, Block, Chart, Grid, Section, Sentence
from paceline.report.page.caveats import Caveats
from paceline.report.page.elements import figure, label, part_of, prose
from paceline.report.page.grids import table
from paceline.report.tables import section_figures, slug, words

#: A sentence, a row of charts or a table, as the template shows it.
Group = dict[str, Any]
#: Drawings of more pixels take a row of their own; still taller ones are folded.
TALL, TALLEST = 420, 640
#: What the CSV of a chart says where not every point of its series is drawn.
THINNED = "those drawn, peaks kept; series.csv of the report has all"


def section_of(
    section: Section,
    drawings: dict[str, Any],
    caveats: Caveats,
    origin: Attribution,
    *,
    whole: bool = False,
) -> dict[str, Any]:
    """Blocks in their order; neighbouring charts stand together so that they can share a row.

    In ``groups`` stand the sentences before the second table, the first row of charts and the first
    table; in ``further``, folded on the screen and left out on paper, everything after.

    whole  fold nothing
    """
    name = slug(section.name)
    groups: list[dict[str, Any]] = []
    for at, block in enumerate(section.blocks):
        made = {"id": f"{name}-table-{at}", **_block(block, name, drawings, origin)}
        if made["kind"] == "chart" and groups and groups[-1]["kind"] == "charts":
            groups[-1]["charts"].append(made)
        elif made["kind"] == "chart":
            groups.append({"kind": "charts", "charts": [made]})
        else:
            made["first"] = not groups
            groups.append(made)
    folded = section.folded and not whole
    shown, further = (
        (groups[:1], groups[1:]) if folded else (groups, []) if whole else _fold(groups)
    )
    for group in (*shown, *further):
        if group["kind"] == "charts":
            _share_rows(group["charts"])
    used = {c for f in section_figures(section) for c in f.caveats}
    return {
        "id": name,
        "title": section.title,
        "question": section.question,
        "groups": shown,
        "further": further,
        "holds": _holds(further) if not folded else "the rest",
        "folded": folded,
        "caveats": caveats.of(used),
    }


def _fold(groups: list[Group]) -> tuple[list[Group], list[Group]]:
    """What a reader sees of a section, and what is folded: see ``section_of``."""
    shown: list[Group] = []
    further: list[Group] = []
    seen: set[str] = set()
    for group in groups:
        kind = "table" if group["kind"] == "nothing" else group["kind"]
        if kind == "sentence" and not further:
            shown.append(group)
        elif kind == "sentence" or kind in seen:
            further.append(group)
        elif kind == "table":
            shown.append(group)
        else:
            first, rest = _first_row(group["charts"])
            shown += [{"kind": "charts", "charts": first}] if first else []
            further += [{"kind": "charts", "charts": rest}] if rest else []
        seen.add(kind)
    return shown, further


def _first_row(drawn: list[Group]) -> tuple[list[Group], list[Group]]:
    """The charts that stand in the first row, and the others; a very tall one is not the first."""
    at = next((i for i, c in enumerate(drawn) if c["height"] <= TALLEST), None)
    if at is None:
        return [], drawn
    pair = [c for c in drawn[at : at + 2] if not c["wide"]]
    row = pair if len(pair) == 2 else [drawn[at]]
    return row, [c for c in drawn if c not in row]


def _holds(groups: list[Group]) -> str:
    """What is folded, in words: three charts and a table."""
    charts = sum(len(g["charts"]) for g in groups if g["kind"] == "charts")
    tables = sum(g["kind"] == "table" for g in groups)
    counted = ((charts, "chart", "charts"), (tables, "table", "tables"))
    named = [f"{n} {one if n == 1 else many}" for n, one, many in counted if n]
    return " and ".join(named) or "notes"


def _share_rows(drawn: list[dict[str, Any]]) -> None:
    """Two charts share a row; one without a neighbour takes the whole row."""
    alone: dict[str, Any] | None = None
    for chart in drawn:
        if not chart["wide"]:
            alone = chart if alone is None else None
        elif alone is not None:
            alone["wide"], alone = True, None
    if alone is not None:
        alone["wide"] = True


def _block(
    block: Block, section: str, drawings: dict[str, Any], origin: Attribution
) -> dict[str, Any]:
    if isinstance(block, Sentence):
        return {"kind": "sentence", "html": prose(block)}
    note = prose(block.note) if block.note else None
    if isinstance(block, Grid) and not block.rows:
        return {"kind": "nothing", "title": part_of(block.title), "note": note}
    if isinstance(block, Grid):
        return {"kind": "table", "title": part_of(block.title), "note": note, **table(block)}
    if not any(v is not None and math.isfinite(v) for s in block.series for v in s.y):
        return {"kind": "nothing", "title": part_of(block.title), "note": note}
    name = f"{section}-{len(drawings)}"
    credit = origin.line(s.figure for s in block.series)
    drawings[name] = drawing = {
        **charts.spec(block),
        "title": charts.words(words(block.title)),
        "unit": block.unit,
        "credit": charts.words(credit),
        "points": THINNED if any(len(s.x) > charts.POINTS for s in block.series) else "all",
    }
    wide = block.kind in ("heat", "scatter") or drawing["layout"]["height"] > TALL
    return {
        "kind": "chart",
        "id": name,
        "title": part_of(block.title),
        "plain_title": words(block.title),
        "note": note,
        "credit": label(credit),
        "height": drawing["layout"]["height"],
        "legend": _legend(block),
        "wide": wide,
        "listed": block.kind == "heat" or charts.single(block),
        "shape": block.kind,
    }


def _legend(chart: Chart) -> list[dict[str, Any]]:
    """The legend: each series with its mark and its last value, which opens the card."""
    if chart.kind == "bar" and len(chart.series) == 1:
        return []
    entries = []
    for position, series in enumerate(chart.series):
        ink, dash = charts.style(position)
        entries.append(
            {
                "name": label(series.name),
                "ink": ink,
                "figure": figure(series.figure),
                "dash": {"dash": "dashed", "dot": "dotted"}.get(dash, dash),
            }
        )
    return entries
