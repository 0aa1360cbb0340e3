"""Page one as its template shows it: two tables, the tiles of the themes, what has changed."""

from __future__ import annotations

from typing import Any

from paceline import charts
from paceline.document import FirstPage, Grid, Tile
from paceline.report.page.elements import figure, part_of, prose
from paceline.report.page.grids import table
from paceline.report.tables import words


def first_of(page: FirstPage | None) -> dict[str, Any] | None:
    """Everything of page one but its sentences, which are the document's headline."""
    if page is None:
        return None
    return {
        "returns": _table(page.returns, "page-one-returns"),
        "state": _table(page.state, "page-one-state"),
        "tiles": [_tile(t) for t in page.tiles],
        "tiles_note": prose(page.tiles_note) if page.tiles_note else None,
        "changed": [prose(s) for s in page.changed],
    }


def _table(grid: Grid, name: str) -> dict[str, Any]:
    note = prose(grid.note) if grid.note else None
    return {"id": name, "title": part_of(grid.title), "note": note, **table(grid)}


def _tile(tile: Tile) -> dict[str, Any]:
    return {
        "title": part_of(tile.title),
        "plain_title": words(tile.title),
        "word": figure(tile.word) if tile.word else None,
        "said": [prose(s) for s in tile.said],
        "spark": charts.spark(tile.series, tile.since) if tile.series else None,
        "figure": tile.series.figure.id if tile.series else "",
    }
