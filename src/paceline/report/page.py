"""A document as one self-contained HTML file: no network, Plotly embedded once.

Digits stand only inside ``data-figure`` and ``data-label`` elements and in chart data whose series
carry figure ids. Everything that comes from data is escaped: text by Jinja, JSON by writing ``<``,
``>`` and ``&`` as escapes, names inside drawings by ``charts``."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from paceline import charts
from paceline.document import (
    Block,
    Chart,
    Document,
    Grid,
    Label,
    Magnitude,
    Part,
    Section,
    Sentence,
    figure_of,
)
from paceline.errors import PacelineError
from paceline.figures import Figure, show
from paceline.lineage import canonical
from paceline.report.files import write_text
from paceline.report.tables import clean, row, section_figures, slug, words

#: Units whose sign is the message; their negative numbers are set in the colour of "below".
SIGNED = ("return", "points", "score")
PERCENT = ("return", "fraction")
#: Words up to this length, dates for instance, are not broken into lines in a table.
WHOLE = 18
#: Longer tables show their first ``HEAD`` rows until asked for all; wider ones are set closer.
LONG, HEAD, DENSE = 24, 12, 9
#: So many publishers are named in a sentence to copy.
NAMED = 3
_FIGURE = Markup('<data class="fig{more}" value="{value}" data-figure="{id}">{text}</data>')
_LABEL = Markup("<span data-label>{text}</span>")


def render(document: Document) -> str:
    """The page as text; the same document gives the same text."""
    drawings: dict[str, Any] = {}
    letters = _letters(document)
    sections = [_section(s, drawings, letters) for s in document.sections]
    return (
        _environment()
        .get_template("page.html")
        .render(
            document=document,
            headline=[_prose(s) for s in document.headline],
            sections=sections,
            caveats=[(letter, label(text)) for text, letter in letters.items()],
            provenance=_provenance(document.manifest),
            sources=_sources(document.manifest),
            command=_command(document.manifest),
            cards=_embedded(_cards(document)),
            drawings=_embedded(drawings),
            label=label,
        )
    )


def write(document: Document, path: str | Path) -> Path:
    """Render and write in one piece; ``StoreError`` names a path that cannot be written."""
    return write_text(path, render(document))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("paceline.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    folder = Path(__file__).parent / "templates"
    environment.globals |= {
        "style": Markup((folder / "style.css").read_text("utf-8")),  # noqa: S704  our own file
        "script": Markup((folder / "page.js").read_text("utf-8")),  # noqa: S704  our own file
        "plotly": _plotly,
    }
    return environment


def _plotly() -> Markup:
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs())  # noqa: S704  the library's own script


def _embedded(value: Any) -> Markup:
    """JSON for a script element; no text inside can end the element or open another."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for mark in "<>&":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text)  # noqa: S704  escaped above


# -- text
# ------------------------------------------------------------------------------------------------------


def label(text: Any) -> Markup:
    """A declared name, parameter or date."""
    return _LABEL.format(text=str(text))


def _typeset(text: str) -> str:
    return "\N{MINUS SIGN}" + text[1:] if text.startswith("-") else text


def figure(part: Figure | Magnitude, *, bare: bool = False) -> Markup:
    """The element a reader can open; ``bare`` leaves out the percent sign a column header already carries."""
    f = part.figure if isinstance(part, Magnitude) else part
    value = clean(f.value)
    below = f.unit in SIGNED and isinstance(value, (int, float)) and value < 0
    text = part.text.removesuffix("%") if bare else part.text
    if f.unit not in ("text", "date"):
        text = _typeset(text)
    return _FIGURE.format(
        more=" below" if below else "",
        value="" if value is None else str(value),
        id=f.id,
        text=text,
    )


def _part(part: Part | None, *, bare: bool = False) -> Markup:
    if part is None:
        return Markup('<span class="none">\N{EM DASH}</span>')
    if isinstance(part, (Figure, Magnitude)):
        return figure(part, bare=bare)
    return label(part.text) if isinstance(part, Label) else Markup.escape(part)


def _prose(sentence: Sentence) -> Markup:
    return Markup().join(_part(p) for p in sentence.parts)


def _title(text: str | Label) -> Markup:
    return _part(text)


# -- sections
# --------------------------------------------------------------------------------------------------


def _section(
    section: Section, drawings: dict[str, Any], letters: Mapping[str, str]
) -> dict[str, Any]:
    """Blocks in their order; neighbouring charts stand together so that they can share a row."""
    name = slug(section.name)
    groups: list[dict[str, Any]] = []
    for block in section.blocks:
        made = _block(block, name, drawings)
        if made["kind"] == "chart" and groups and groups[-1]["kind"] == "charts":
            groups[-1]["charts"].append(made)
        elif made["kind"] == "chart":
            groups.append({"kind": "charts", "charts": [made]})
        else:
            made["first"] = not groups
            groups.append(made)
    for group in groups:
        if group["kind"] == "charts":
            _share_rows(group["charts"])
    used = {c for f in section_figures(section) for c in f.caveats}
    return {
        "id": name,
        "title": section.title,
        "question": section.question,
        "groups": groups,
        "caveats": [letter for text, letter in letters.items() if text in used],
    }


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


def _block(block: Block, section: str, drawings: dict[str, Any]) -> dict[str, Any]:
    if isinstance(block, Sentence):
        return {"kind": "sentence", "html": _prose(block)}
    note = _prose(block.note) if block.note else None
    if isinstance(block, Grid) and not block.rows:
        return {"kind": "nothing", "title": _title(block.title), "note": note}
    if isinstance(block, Grid):
        return {"kind": "table", "title": _title(block.title), "note": note, **_table(block)}
    if not any(v is not None and math.isfinite(v) for s in block.series for v in s.y):
        return {"kind": "nothing", "title": _title(block.title), "note": note}
    name = f"{section}-{len(drawings)}"
    drawings[name] = drawing = charts.spec(block)
    wide = block.kind in ("heat", "scatter") or drawing["layout"]["height"] > 420
    return {
        "kind": "chart",
        "id": name,
        "title": _title(block.title),
        "plain_title": words(block.title),
        "note": note,
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
    found = []
    for position, series in enumerate(chart.series):
        ink, dash = charts.style(position)
        found.append(
            {
                "name": label(series.name),
                "ink": ink,
                "figure": figure(series.figure),
                "dash": {"dash": "dashed", "dot": "dotted"}.get(dash, dash),
            }
        )
    return found


def _number(part: Part | None) -> float | None:
    shown = figure_of(part)
    if shown is None or isinstance(shown.value, bool) or not isinstance(shown.value, (int, float)):
        return None
    value = float(shown.value)
    return value if math.isfinite(value) else None


def _table(grid: Grid) -> dict[str, Any]:
    columns, cells = [], []
    for at, name in enumerate(grid.columns):
        parts = [r[at] for r in grid.rows]
        if at > 0 and all(_nothing(p) for p in parts):
            continue  # nobody has anything here
        units = {f.unit for f in map(figure_of, parts) if f is not None}
        only = all(p is None or figure_of(p) for p in parts) and bool(units)
        percent = only and units <= set(PERCENT)
        counted = all(
            isinstance(p, Label) and p.text.replace(",", "").isdecimal()
            for p in parts
            if p is not None
        )
        numeric = (only and not units & {"text", "date"}) or (counted and at > 0 and any(parts))
        columns.append(
            {
                "name": _title(name),
                "unit": "%" if percent else "",
                "numeric": numeric,
                "bar": at in grid.bars,
                "heat": at in grid.heat,
            }
        )
        marks = (
            _bars(parts)
            if at in grid.bars
            else _heat(parts)
            if at in grid.heat
            else [{}] * len(parts)
        )
        whole = at > 0 and all(
            not isinstance(p, (str, Label)) or len(words(p)) <= WHOLE for p in parts
        )
        columns[-1]["whole"] = whole
        cells.append(
            [{"html": _part(p, bare=percent), **mark} for p, mark in zip(parts, marks, strict=True)]
        )
    return {
        "columns": columns,
        "full": bool(grid.bars) or len(columns) > 6,
        "short": len(grid.rows) <= 5,
        "dense": len(columns) > DENSE,
        "head": HEAD if len(grid.rows) > LONG else 0,
        "rows": [list(r) for r in zip(*cells, strict=True)],
        "spans": _spans([r[0] for r in grid.rows]),
    }


def _nothing(part: Part | None) -> bool:
    return part is None or (isinstance(part, (str, Label)) and not words(part))


def _spans(names: list[Part | None]) -> list[int]:
    """Rows that each row's name stands for: equal names in a row are written once, over all their rows."""
    spans = [0] * len(names)
    start = 0
    for at, name in enumerate(names):
        if not isinstance(name, Label) or name != names[start]:
            start = at
        spans[start] += 1
    return spans


def _bars(parts: Iterable[Part | None]) -> list[dict[str, Any]]:
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


def _heat(parts: Iterable[Part | None]) -> list[dict[str, Any]]:
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


# -- cards and provenance
# --------------------------------------------------------------------------------------


def _letters(document: Document) -> dict[str, str]:
    """Each caveat once, lettered in reading order: a, b, ... z, aa, ab ..."""
    found: dict[str, str] = {}
    for f in document.figures():
        for caveat in f.caveats:
            if caveat not in found:
                n, name = len(found), ""
                while n >= 0:
                    n, name = n // 26 - 1, chr(ord("a") + n % 26) + name
                found[caveat] = name
    return found


def _cards(document: Document) -> dict[str, Any]:
    """What the card of each figure says. Caveats, measures and sentences are stored once and referred to."""
    caveats: dict[str, int] = {}
    sentences: dict[str, int] = {}
    known: Mapping[str, Mapping[str, Any]] = document.manifest.get("measures", {})
    cards: dict[str, Any] = {}
    first: dict[str, Figure] = {}
    source = "SIMULATED data" if document.simulated else _publishers(document.manifest)
    for f in document.shown():
        if f.id in first:
            _same(first[f.id], f)
            continue
        first[f.id] = f
        flat = row(f)
        card = {
            "text": _typeset(f.text),
            "value": flat["value"],
            "measure": f.measure,
            "name": name_of(f),
            "statistic": f.statistic.replace("_", " "),
            "basis": f.basis,
            "start": f.start,
            "end": None if (f.end or f.as_of) == document.as_of else f.end or f.as_of,
            "used": flat["n_used"],
            "eligible": flat["n_eligible"],
            "caveats": [caveats.setdefault(c, len(caveats)) for c in f.caveats],
            "evidence": _evidence(f),
            "more": _more(f),
            "as_of": f.as_of if f.as_of != document.as_of else "",
            "copy": sentences.setdefault(quotable(f), len(sentences)),
        }
        cards[f.id] = {k: v for k, v in card.items() if v not in (None, "", [], {})}
    measures = {
        name: {
            "question": about.get("question", ""),
            "definition": " ".join(str(about.get("definition", "")).split("\n\n")[0].split()),
            "never": str(about.get("never", "")),
            "references": [str(r) for r in about.get("references", ())],
        }
        for name, about in known.items()
    }
    return {
        "figures": cards,
        "caveats": list(caveats),
        "measures": measures,
        "sentences": list(sentences),
        "source": source,
        "as_of": document.as_of,
    }


def _same(one: Figure, other: Figure) -> None:
    a, b = clean(one.value), clean(other.value)
    if a != b:
        raise PacelineError(
            f"two values for one figure {one.id} ({one.measure} of {one.subject}): {a!r} and {b!r}.",
            "A figure's lineage must say everything it depends on; this is a fault in Paceline.",
        )


def name_of(f: Figure) -> str:
    """Whom the figure is about."""
    name = f.label or f.subject
    return f"{name} against {f.against}" if f.against and f.against not in name else name


def _evidence(f: Figure) -> dict[str, str]:
    """Intervals and averages in the figure's own unit, everything else as it is."""

    def text(key: str, value: Any) -> str:
        if isinstance(value, (list, tuple)):
            return " to ".join(text(key, v) for v in value)
        own = any(word in key for word in ("interval", "low", "high", "mean", "median", "base"))
        return show(value, f.unit if own else "ratio")

    return {key.replace("_", " "): text(key, value) for key, value in f.evidence.items()}


def _more(f: Figure) -> dict[str, str]:
    """Further columns of the figure's row: names, dates, ranks."""
    cells = {k.replace("_", " "): clean(v) for k, v in f.extra.items()}
    return {k: show(v, "ratio") for k, v in cells.items() if isinstance(v, (str, int)) and v != ""}


def quotable(f: Figure) -> str:
    """A sentence to copy: who, what, how much, over which window, on which basis, from where.

    In braces what the card has already (the page's script fills it in): of thousands of figures few
    sentences differ."""
    when = " on {end}" if f.end else ""
    if f.start and f.end and f.start != f.end:
        when = " from {start} to {end}"
    basis = ", {basis} return basis" if f.basis else ""
    members = ", {used} of {eligible} members with data" if f.n_eligible else ""
    source = "Source: {source}; Paceline, figure {id}."
    return f"{{name}}: {{what}} {{text}}{when}{basis}{members}; as of {{as_of}}. {source}"


def _sources(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every origin once: who, what, when, licence, checksum. A source may be an origin, or an import of several."""
    found: dict[str, Mapping[str, Any]] = {}
    for source in manifest.get("sources", ()):
        origins = source.get("origins", [source])
        for origin in json.loads(origins) if isinstance(origins, str) else origins:
            about = {
                "name": source.get("source", source.get("name", "")),
                "tables": source.get("tables", "prices"),
                **origin,
            }
            found.setdefault(canonical(origin), about)
    return list(found.values())


def _publishers(manifest: Mapping[str, Any]) -> str:
    """The first publishers of prices, for a sentence; all of them stand at the end of the report."""
    sources = _sources(manifest)
    priced = [s for s in sources if "prices" in str(s.get("tables", "prices"))]
    names = [
        n for n in dict.fromkeys(str(s.get("who") or s["name"]) for s in priced or sources) if n
    ]
    if not names:
        return "the market file's sources"
    return ", ".join(names[:NAMED]) + (" and others" if len(names) > NAMED else "")


def _command(manifest: Mapping[str, Any]) -> str:
    """What gives the same report again: as the manifest says, else from its market file, day and version."""
    if "command" in manifest or not {"as_of", "store_version"} <= set(manifest):
        return str(manifest.get("command", ""))
    file = f" --market {manifest['market_file']}" if manifest.get("market_file") else ""
    return f"paceline report{file} --as-of {manifest['as_of']} --store-version {manifest['store_version']}"


def _provenance(manifest: Mapping[str, Any]) -> list[tuple[str, Markup]]:
    """Every plain entry of the manifest, in its order: store version, code hash, library versions ..."""
    rows = []
    for key, value in manifest.items():
        if key in ("title", "simulated", "command"):
            continue
        if isinstance(value, Mapping) and all(
            isinstance(v, (str, int, float)) for v in value.values()
        ):
            value = ", ".join(f"{k} {v}" for k, v in value.items())
        if isinstance(value, (str, int, float)) and value != "":
            rows.append((key.replace("_", " "), label(value)))
    return rows
