"""A market's report: its sections in order, and the manifest by which every figure can be found again.

document = run.report(market)
run.write_manifest(document, "out/report.manifest.json")
run.verify("out/report.manifest.json")        # [] when every value comes out again at rtol 1e-9
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paceline import __version__, measures
from paceline.document import Document, Section
from paceline.errors import PacelineError
from paceline.lineage import code_version
from paceline.run import analogues, episodes, headline, rotation, sections, verdict, views
from paceline.run.book import Book
from paceline.run.manifest import read_manifest, trace, verify, write_manifest

if TYPE_CHECKING:
    from paceline.market import Market

__all__ = ["report", "trace", "verify", "write_manifest"]

Progress = Callable[[str, float], None]
#: What the card of a count of findings says; it comes from the store, not from a measure.
FINDINGS = {
    "question": "What is wrong with the data?",
    "definition": "Number of rows or cells in which a check at the door found this fault, at one import.",
    "references": [],
}
ABOUT = {
    "findings": FINDINGS,
    "episodes": episodes.ABOUT,
    "verdict": verdict.ABOUT,
    "analogues": analogues.ABOUT,
    **views.ABOUT,
}


def report(
    market: Market, progress: Progress | None = None, previous: Mapping[str, Any] | None = None
) -> Document:
    """The whole report as a ``Document``; its steps are stored so that ``paceline trace`` finds them.

    previous  an earlier report's manifest: what has changed since is said first (see
              ``previous_report``)
    """
    say = progress or (lambda _what, _share: None)
    book = Book(market)
    built: list[Section] = []
    todo = sections.plan(book)
    for number, (name, build) in enumerate(todo):
        say(name.replace("_", " "), number / len(todo))
        section = build(book)
        if section is not None:
            built.append(section)
    said = headline.sentences(book)
    shown = (
        list(
            Document(
                market.title, market.name, market.as_of, market.simulated, said, tuple(built)
            ).figures()
        )
        if previous
        else []
    )
    changed = rotation.changes(book, shown, previous)
    if changed is not None:
        built.insert(0, changed)
    document = Document(
        title=market.title,
        market=market.name,
        as_of=market.as_of,
        simulated=market.simulated,
        headline=said,
        sections=tuple(built),
    )
    document.manifest.update(_manifest(market, document, book))
    if changed is not None and previous is not None:  # kept, so that ``verify`` can say it again
        document.manifest["previous"] = {
            "as_of": previous["as_of"],
            "figures": rotation.newsworthy(previous["figures"]),
        }
    market.remember(document.manifest["steps"])
    say("done", 1.0)
    return document


def _manifest(market: Market, document: Document, book: Book) -> dict[str, Any]:
    figures = list(document.figures())
    used = sorted({f.measure for f in figures})
    known = measures.discover()
    return {
        "paceline": __version__,
        "code": code_version(),
        "market": market.name,
        "market_file": market.path,
        "title": market.title,
        "simulated": market.simulated,
        "as_of": market.as_of,
        "store": market.file.market.store,
        "data": market.file.market.data,
        "store_version": market.version,
        "basis": market.file.market.basis,
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
        "sources": market.origins(),
        "findings": market.findings().to_dicts(),
        "refused": book.refused,
        "steps": [s.to_json() for s in market.lineage(f.step for f in figures)],
        "figures": [f.to_json() for f in figures],
    }


def previous_report(page: str | Path, as_of: str) -> dict[str, Any] | None:
    """The newest manifest in the folder of ``page`` whose day lies before ``as_of``; None without one."""
    found = []
    for path in Path(page).parent.glob("*.manifest.json"):
        try:
            old = read_manifest(path)
        except PacelineError:  # somebody else's file, or half of one: no earlier report
            continue
        if str(old["as_of"]) < as_of:
            found.append(old)
    return max(found, key=lambda m: str(m["as_of"]), default=None)


def default_manifest(page: str | Path) -> Path:
    """Where the manifest of a report stands: beside it."""
    return Path(page).with_suffix(".manifest.json")
