"""Manifests: what a report said, and where it is kept."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paceline import __version__, doors, measures
from paceline.document import Document
from paceline.errors import PacelineError, UsageError
from paceline.lineage import digest
from paceline.market.commands import line, moment, opened
from paceline.record import shape
from paceline.studies import (
    analogues,
    calls,
    consolidation,
    episodes,
    exposure,
    extremes,
    implied,
    page_one,
    quadrants,
    scenario,
    target,
    themes,
    tilts,
)
from paceline.studies.answers import Answers
from paceline.studies.scenario import catalysts
from paceline.writing import rows_of_json, write_text

if TYPE_CHECKING:
    from paceline.market import Market

#: Bytes of the largest manifest that is read.
LARGEST_MANIFEST = 1 << 30
#: What the card of a count of findings says; it comes from the store, not from a measure.
FINDINGS = {
    "question": "What is wrong with the data?",
    "definition": "Number of rows or cells in which a check at the door found this fault, at one "
    "import.",
    "references": [],
}
#: Hex digits of a digest in a manifest.
SEAL = 64
ABOUT = {
    "findings": FINDINGS,
    "episodes": episodes.ABOUT,
    "themes": themes.ABOUT,
    "consolidation": consolidation.ABOUT,
    "analogues": analogues.ABOUT,
    "calls": calls.ABOUT,
    "target": target.ABOUT,
    "scenario": scenario.ABOUT,
    "catalysts": catalysts.ABOUT,
    "backtest": tilts.ABOUT,
    "exposure": exposure.ABOUT,
    "quadrants": quadrants.ABOUT,
    "page_one": page_one.ABOUT,
    "extremes": extremes.ABOUT,
    "implied": implied.ABOUT,
}


def manifest_of(market: Market, document: Document, ask: Answers) -> dict[str, Any]:
    """What a document says and what it rests on, as JSON can hold it; without its command."""
    figures = list(document.figures())
    used = sorted({f.measure for f in figures})
    known = measures.discover(market.plugins)
    return {
        "paceline": __version__,
        "market": market.name,
        "market_file": market.path,
        "settings": settings_of(market),
        "title": market.title,
        "simulated": market.simulated,
        "as_of": market.as_of,
        "age": market.age.to_json(),
        "store": market.file.market.store,
        "data": market.file.market.data,
        "store_version": market.version,
        "command": line(("report",), market, *moment(market)),
        "where": shlex.join(opened(market)),
        "basis": market.file.market.basis,
        "plugins": [{"file": p.origin, "checksum": p.checksum} for p in market.plugins],
        "measures": {
            m: {
                "question": known[m].question,
                "definition": known[m].doc,
                "never": known[m].never,
                "references": list(known[m].references),
            }
            for m in used
            if m in known
        }
        | ABOUT,
        "sources": market.stored.loads,
        "findings": market.findings().to_dicts(),
        "refused": ask.refused,
        "steps": [s.to_json() for s in market.steps.behind(f.step for f in figures)],
        "figures": [f.to_json() for f in figures],
    }


def settings_of(market: Market) -> str:
    """Digest of what the market file declares, wherever it and its data lie."""
    declared = market.file.model_dump(mode="json", exclude_defaults=True, exclude={"plugins"})
    for place in ("data", "store"):
        declared["market"].pop(place, None)
    return digest(declared, SEAL)


def write_manifest(
    document: Document, path: str | Path, pages: Sequence[str | Path] | None = None
) -> Path:
    """Write the manifest as JSON, whole or not at all, with digests by which ``verify`` knows it.

    pages  files of the report, already written; None: the page of the same name, if it is there
    """
    path = Path(path)
    return write_text(path, _json(_sealed(document.manifest, path, pages)))


def _sealed(
    manifest: Mapping[str, Any], path: Path, pages: Sequence[str | Path] | None
) -> dict[str, Any]:
    """The manifest with its name and the digests of its figures, of its pages and of all of it."""
    content = json.loads(_json({k: v for k, v in manifest.items() if k != "digests"}))
    own = path.with_name(path.name.removesuffix(".manifest.json") + ".html")
    found = [Path(p) for p in ([own] if pages is None and own.is_file() else pages or ())]
    digests = {
        "name": path.name,
        "figures": digest(content.get("figures"), SEAL),
        "pages": {
            os.path.relpath(p, path.parent): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in found
        },
    }
    return {**content, "digests": {**digests, "all": digest([content, digests], SEAL)}}


def faults(path: str | Path, manifest: Mapping[str, Any]) -> list[str]:
    """What of a manifest, or of the pages beside it, is not as it was written; in sentences."""
    path = Path(path)
    digests = manifest.get("digests")
    if not isinstance(digests, dict) or not isinstance(digests.get("pages"), dict):
        return ["the manifest carries no digests: it was cut, or an older Paceline wrote it"]
    if digest(manifest.get("figures"), SEAL) != digests.get("figures"):
        return ["the manifest's figures are not those that were written"]
    if not whole(manifest):
        return ["the manifest is not what was written"]
    found = []
    if path.name != digests.get("name"):
        found.append(f"the manifest was written as {digests['name']}, and is {path.name} now")
    for name, expected in digests["pages"].items():
        try:
            data = doors.read_bytes(path.parent / name)
            same = hashlib.sha256(data).hexdigest() == expected
        except (OSError, PacelineError) as error:
            why = error.strerror if isinstance(error, OSError) else error.message
            found.append(f"the page {name} cannot be read ({why})")
            continue
        if not same:
            found.append(f"the page {name} is not what was written")
    return found


def whole(manifest: Mapping[str, Any]) -> bool:
    """Whether a manifest, wherever it lies now, says what it said when it was written."""
    digests = manifest.get("digests")
    if not isinstance(digests, dict):
        return False
    content = {k: v for k, v in manifest.items() if k != "digests"}
    sealed = {k: v for k, v in digests.items() if k != "all"}
    return digest([content, sealed], SEAL) == digests.get("all")


def _json(manifest: dict[str, Any]) -> str:
    return rows_of_json(manifest, partial(json.dumps, default=str, allow_nan=False))


def read_manifest(path: str | Path) -> dict[str, Any]:
    """Read a manifest; a ``UsageError`` says what is wrong with the file."""
    path = Path(path)
    try:
        text = doors.read_bytes(path, UsageError, LARGEST_MANIFEST).decode("utf-8")
        found = json.loads(text, parse_constant=_no_number, object_pairs_hook=_each_once)
    except FileNotFoundError:
        raise UsageError(
            f"{path}: no such manifest.", "`paceline report` writes one beside the report."
        ) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"{path}: not a readable manifest ({error}).", "Give the .manifest.json of a report."
        ) from None
    if fault := shape.fault(found):
        raise UsageError(
            f"{path}: this JSON file is not a manifest, {fault}.",
            "Give the .manifest.json of a report.",
        )
    manifest: dict[str, Any] = found
    return manifest


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys differ: of two of one name a reader would take the last unseen."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice[:40]!r} stands twice in one object: it was edited")
    return found


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def previous_report(page: str | Path, as_of: str) -> dict[str, Any] | None:
    """The newest manifest beside ``page`` whose day lies before ``as_of``; None without one."""
    found = []
    for path in Path(page).parent.glob("*.manifest.json"):
        try:
            old = read_manifest(path)
        except PacelineError:  # somebody else's file, or half of one: no earlier report
            continue
        if str(old["as_of"]) < as_of and whole(old) and "book" not in old:
            found.append(old)
    return max(found, key=lambda m: str(m["as_of"]), default=None)
