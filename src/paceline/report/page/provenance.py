"""Where a report comes from: sources, the command that makes it again, the plain manifest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from paceline.document import Attribution, Document
from paceline.lineage import canonical
from paceline.report.page.elements import label
from paceline.wording import number_of

#: So many publishers are named in a sentence to copy.
NAMED = 3


def sources_of(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every origin once: who, what, when, licence, checksum.

    A source of the manifest is an origin, or an import of several.
    """
    unique: dict[str, Mapping[str, Any]] = {}
    for source in manifest.get("sources", ()):
        origins = source.get("origins", [source])
        for origin in json.loads(origins) if isinstance(origins, str) else origins:
            about = {
                "name": source.get("source", source.get("name", "")),
                "tables": source.get("tables", "prices"),
                **origin,
            }
            unique.setdefault(canonical(origin), about)
    return list(unique.values())


def publishers(manifest: Mapping[str, Any]) -> str:
    """The first publishers of prices, for a sentence; the report's end names all of them."""
    sources = sources_of(manifest)
    priced = [s for s in sources if "prices" in str(s.get("tables", "prices"))]
    names = [
        n for n in dict.fromkeys(str(s.get("who") or s["name"]) for s in priced or sources) if n
    ]
    if not names:
        return "the market file's sources"
    return ", ".join(names[:NAMED]) + (" and others" if len(names) > NAMED else "")


def counted(manifest: Mapping[str, Any]) -> str:
    """Every publisher once, with the number of its files: what paper has room for."""
    names = Counter(str(s.get("who") or s["name"]) for s in sources_of(manifest))
    return "; ".join(f"{name} ({number_of(n, 'file')})" for name, n in names.items())


def origin_of(document: Document) -> Attribution:
    """Where the figures of a document come from, for what is pasted elsewhere."""
    source = publishers(document.manifest)
    return Attribution(document.title, document.as_of, source, document.simulated)


def entries(manifest: Mapping[str, Any]) -> list[tuple[str, Markup]]:
    """Every plain entry of the manifest, in its order: store version, library versions ..."""
    rows = []
    for key, value in manifest.items():
        if key in ("title", "simulated", "age", "command", "where"):
            continue
        if isinstance(value, Mapping) and all(
            isinstance(v, (str, int, float)) for v in value.values()
        ):
            value = ", ".join(f"{k} {v}" for k, v in value.items())
        if isinstance(value, (str, int, float)) and value != "":
            rows.append((key.replace("_", " "), label(value)))
    return rows
