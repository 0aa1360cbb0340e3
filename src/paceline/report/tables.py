"""The figures of a document for machines: JSON and CSV. Returns are plain fractions."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from paceline.charts import plain
from paceline.document import Chart, Document, Grid, Part, Section, Sentence, figure_of
from paceline.doors import neutral
from paceline.figures import Figure, finite_or_none
from paceline.writing import rows_of_json, write_text

#: What JSON can hold.
Json = dict[str, "Json"] | list["Json"] | str | float | int | bool | None


def words(part: Part) -> str:
    """A title, a column name or a part of a sentence as plain text."""
    return part if isinstance(part, str) else part.text


def slug(name: str) -> str:
    """A name safe as file name and as HTML id."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "section"


def _ids(parts: Sequence[Part | None]) -> list[str]:
    return [f.id for f in map(figure_of, parts) if f is not None]


def _sentence(sentence: Sentence) -> dict[str, Any]:
    return {"text": sentence.text, "figures": _ids(sentence.parts)}


def clean(value: object) -> Json:
    """What JSON can hold: no NaN, no NumPy scalars, dates as text."""
    if isinstance(value, (str, bool)) or value is None:
        return value
    if isinstance(value, float):
        return finite_or_none(value)
    if isinstance(value, (list, tuple, set)):
        return [clean(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): clean(v) for k, v in value.items()}
    other: Json = value if isinstance(value, int) else plain([value])[0]
    return other


def row(figure: Figure) -> dict[str, Json]:
    """``Figure.to_json`` as JSON can hold it."""
    return {key: clean(value) for key, value in figure.to_json().items()}


def _block(block: Sentence | Grid | Chart) -> dict[str, Any]:
    if isinstance(block, Sentence):
        return {"kind": "sentence", **_sentence(block)}
    note = {"note": _sentence(block.note)} if block.note else {}
    if isinstance(block, Grid):
        cells = [
            [
                {"figure": f.id} if (f := figure_of(p)) else None if p is None else words(p)
                for p in r
            ]
            for r in block.rows
        ]
        return {
            "kind": "table",
            "title": words(block.title),
            "columns": [words(c) for c in block.columns],
            "rows": cells,
            **note,
        }
    series = [
        {
            "name": s.name,
            "figure": s.figure.id,
            "x": plain(s.x),
            "y": plain(s.y),
            **({"interval": plain(s.interval)} if s.interval else {}),
        }
        for s in block.series
    ]
    return {
        "kind": block.kind,
        "title": words(block.title),
        "unit": block.unit,
        "series": series,
        **note,
    }


def section_figures(section: Section) -> Iterator[Figure]:
    """The figures of a section in reading order, each id once."""
    return Document("", "", "", False, (), (section,)).figures()


def to_json(document: Document) -> dict[str, Any]:
    """The whole document: texts with figure ids, every figure as a row, all points of charts."""
    return {
        "title": document.title,
        "market": document.market,
        "as_of": document.as_of,
        "simulated": document.simulated,
        "notice": document.notice,
        "age": clean(document.manifest.get("age")),
        "headline": [_sentence(s) for s in document.headline],
        "sections": [
            {
                "name": s.name,
                "title": s.title,
                "question": s.question,
                "blocks": [_block(b) for b in s.blocks],
                "figures": [row(f) for f in section_figures(s)],
            }
            for s in document.every
        ],
        "figures": [row(f) for f in document.figures()],
        "manifest": clean(document.manifest),
    }


def write_json(document: Document, path: str | Path) -> Path:
    """``to_json`` as a file, written in one piece."""
    encode = partial(json.dumps, allow_nan=False, ensure_ascii=False)
    return write_text(path, rows_of_json(to_json(document), encode))


def _cells(section: Section) -> Iterator[dict[str, Any]]:
    """One row per figure shown in the section: where it stands, then the figure."""
    for block in section.blocks:
        title = "text" if isinstance(block, Sentence) else words(block.title)
        for line, column, figure in _placed(block):
            yield {"block": title, "row": line, "column": column, **row(figure)}


def _placed(block: Sentence | Grid | Chart) -> Iterator[tuple[str, str, Figure]]:
    """(row, column, figure) of everything a block shows."""
    if isinstance(block, Sentence):
        yield from (("", "", f) for f in map(figure_of, block.parts) if f is not None)
    elif isinstance(block, Chart):
        yield from ((s.name, "last", s.figure) for s in block.series)
    else:
        for cells in block.rows:
            head = next((words(p) for p in cells if p is not None), "")
            for column, part in zip(block.columns, cells, strict=True):
                if figure := figure_of(part):
                    yield head, words(column), figure


def csv_text(rows: Sequence[Mapping[str, Any]], first: Sequence[str]) -> str:
    """Rows as CSV: the columns of ``first``, then others as they appear.

    Lists are joined with "; ". Text that a spreadsheet would run gets a ' before it.
    """
    columns = list(dict.fromkeys([*first, *(key for r in rows for key in r)]))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(neutral, columns))
    writer.writerows([neutral(_cell(r.get(c))) for c in columns] for r in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, (list, tuple)):
        return "; ".join(str(v) for v in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else value


FIGURE = (
    "measure",
    "subject",
    "against",
    "statistic",
    "start",
    "end",
    "value",
    "unit",
    "basis",
    "n_used",
    "n_eligible",
    "as_of",
    "caveats",
    "figure",
)


def to_csv(document: Document, folder: str | Path) -> list[Path]:
    """One CSV per section, ``figures.csv`` with every figure, ``series.csv`` with all points."""
    folder = Path(folder)
    files: dict[str, str] = {"figures": csv_text([row(f) for f in document.figures()], FIGURE)}
    points = [
        {
            "section": s.name,
            "chart": words(b.title),
            "series": line.name,
            "x": x,
            "y": y,
            "unit": b.unit,
            "figure": line.figure.id,
        }
        for s in document.every
        for b in s.blocks
        if isinstance(b, Chart)
        for line in b.series
        for x, y in zip(plain(line.x), plain(line.y), strict=True)
    ]
    files["series"] = csv_text(points, ("section", "chart", "series", "x", "y", "unit", "figure"))
    for section in document.every:
        name = slug(section.name)
        while name in files:
            name += "_"
        files[name] = csv_text(list(_cells(section)), ("block", "row", "column", *FIGURE))
    return [write_text(folder / f"{name}.csv", text) for name, text in files.items()]
