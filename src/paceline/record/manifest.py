"""Manifests: what a report said, and where it is kept."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paceline import __version__, measures
from paceline.document import Document
from paceline.errors import PacelineError, UsageError
from paceline.market.commands import line, moment, opened
from paceline.studies import analogues, calls, episodes, target, verdict
from paceline.studies.answers import Answers
from paceline.writing import write_text

if TYPE_CHECKING:
    from paceline.market import Market

#: What the card of a count of findings says; it comes from the store, not from a measure.
FINDINGS = {
    "question": "What is wrong with the data?",
    "definition": "Number of rows or cells in which a check at the door found this fault, at one "
    "import.",
    "references": [],
}
ABOUT = {
    "findings": FINDINGS,
    "episodes": episodes.ABOUT,
    "verdict": verdict.ABOUT,
    "analogues": analogues.ABOUT,
    "calls": calls.ABOUT,
    "target": target.ABOUT,
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
        "title": market.title,
        "simulated": market.simulated,
        "as_of": market.as_of,
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
        "findings": market.stored.findings().to_dicts(),
        "refused": ask.refused,
        "steps": [s.to_json() for s in market.steps.behind(f.step for f in figures)],
        "figures": [f.to_json() for f in figures],
    }


def write_manifest(document: Document, path: str | Path) -> Path:
    """Write the manifest as JSON; whole or not at all."""
    return write_text(path, _json(document.manifest))


def _json(manifest: dict[str, Any]) -> str:
    """One line per row of a list, one per other key: readable, and written by the fast encoder."""

    def line(value: object) -> str:
        return json.dumps(value, default=str, allow_nan=False)

    return (
        "{\n"
        + ",\n".join(
            f" {line(key)}: "
            + (
                "[\n  " + ",\n  ".join(map(line, value)) + "]"
                if isinstance(value, list) and value
                else line(value)
            )
            for key, value in manifest.items()
        )
        + "\n}\n"
    )


def read_manifest(path: str | Path) -> dict[str, Any]:
    """Read a manifest; a ``UsageError`` says what is wrong with the file."""
    path = Path(path)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"{path}: no such manifest.", "`paceline report` writes one beside the report."
        ) from None
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path}: not a readable manifest ({error}).", "Give the .manifest.json of a report."
        ) from None
    needed = ("figures", "as_of", "store_version")
    missing = [key for key in needed if not isinstance(found, dict) or key not in found]
    if missing or not isinstance(found, dict):
        raise UsageError(
            f"{path}: this JSON file is not a manifest, it lacks {', '.join(missing)}.",
            "Give the .manifest.json of a report.",
        )
    return found


def previous_report(page: str | Path, as_of: str) -> dict[str, Any] | None:
    """The newest manifest beside ``page`` whose day lies before ``as_of``; None without one."""
    found = []
    for path in Path(page).parent.glob("*.manifest.json"):
        try:
            old = read_manifest(path)
        except PacelineError:  # somebody else's file, or half of one: no earlier report
            continue
        if str(old["as_of"]) < as_of:
            found.append(old)
    return max(found, key=lambda m: str(m["as_of"]), default=None)
