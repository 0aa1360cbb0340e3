"""What stands on the card of each figure, and the sentence to copy from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from paceline.document import Attribution, Document, Sentence, figure_of
from paceline.errors import PacelineError
from paceline.figures import ESTIMATES, Figure, show
from paceline.report.page.elements import typeset
from paceline.report.tables import clean, row

#: Two values of one figure agree up to the order in which their sums were taken.
ROUNDING = 1e-12


def cards_of(document: Document, origin: Attribution) -> dict[str, Any]:
    """What the card of each figure says; caveats, measures and sentences are stored once.

    Raises ``PacelineError`` when one figure is shown with two values.
    """
    caveats: dict[str, int] = {}
    sentences: dict[str, int] = {}
    by_figure: dict[str, Any] = {}
    first: dict[str, Figure] = {}
    for f in document.shown():
        if f.id in first:
            _same(first[f.id], f)
            continue
        first[f.id] = f
        card = _card(f, document.as_of)
        card["caveats"] = [caveats.setdefault(c, len(caveats)) for c in f.caveats]
        card["copy"] = sentences.setdefault(quotable(f), len(sentences))
        by_figure[f.id] = {k: v for k, v in card.items() if v not in (None, "", [], {})}
    return {
        "figures": by_figure,
        "caveats": list(caveats),
        "measures": _measures(document.manifest.get("measures", {})),
        "sentences": list(sentences),
        "quotes": [quoted(s, origin) for s in document.headline],
        "credit": origin.template,
        "source": "SIMULATED data" if document.simulated else origin.source,
        "simulated": document.simulated,
        "market": document.title,
        "as_of": document.as_of,
    }


def _card(f: Figure, as_of: str) -> dict[str, Any]:
    """The card of one figure; what is the report's own day is left out."""
    flat = row(f)
    return {
        "text": typeset(f.text),
        "value": flat["value"],
        "measure": f.measure,
        "name": name_of(f),
        "statistic": f.statistic.replace("_", " "),
        "basis": f.basis,
        "start": f.start,
        "end": None if (f.end or f.as_of) == as_of else f.end or f.as_of,
        "used": flat["n_used"],
        "eligible": flat["n_eligible"],
        "caveats": [],
        "evidence": _evidence(f),
        "more": _more(f),
        "as_of": f.as_of if f.as_of != as_of else "",
    }


def _measures(declared: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Question, definition and references of the measures, as the manifest declares them."""
    return {
        name: {
            "question": about.get("question", ""),
            "definition": " ".join(str(about.get("definition", "")).split("\n\n")[0].split()),
            "never": str(about.get("never", "")),
            "references": [str(r) for r in about.get("references", ())],
        }
        for name, about in declared.items()
    }


def _same(one: Figure, other: Figure) -> None:
    """Raise where two values of one figure differ by more than the order of their sums does."""
    a, b = clean(one.value), clean(other.value)
    if (
        isinstance(a, float)
        and isinstance(b, float)
        and math.isclose(a, b, rel_tol=ROUNDING, abs_tol=ROUNDING)
    ):
        return
    if a != b:
        raise PacelineError(
            f"two values for one figure {one.id} ({one.measure} of {one.subject}): "
            f"{a!r} and {b!r}.",
            "A figure's lineage must say everything it depends on; this is a fault in Paceline.",
        )


def name_of(f: Figure) -> str:
    """Whom the figure is about."""
    name = f.label or f.subject
    return f"{name} against {f.against}" if f.against and f.against not in name else name


def _evidence(f: Figure) -> dict[str, str]:
    """Intervals and averages in the figure's own unit, everything else as it is."""

    def text(key: str, value: object) -> str:
        if isinstance(value, (list, tuple)):
            return " to ".join(text(key, v) for v in value)
        own = any(word in key for word in ("interval", "low", "high", "mean", "median", "base"))
        return show(value, f.unit if own else "estimate" if key in ESTIMATES else "ratio")

    return {key.replace("_", " "): text(key, value) for key, value in f.evidence.items()}


def _more(f: Figure) -> dict[str, str]:
    """Further columns of the figure's row: names, dates, ranks."""
    cells = {k.replace("_", " "): clean(v) for k, v in f.extra.items()}
    return {k: show(v, "ratio") for k, v in cells.items() if isinstance(v, (str, int)) and v != ""}


def quotable(f: Figure) -> str:
    """A sentence to copy: who, what, how much, over which window, on which basis, from where.

    In braces what the card has already (the page's script fills it in): of thousands of figures few
    sentences differ.
    """
    when = " on {end}" if f.end else ""
    if f.start and f.end and f.start != f.end:
        when = " from {start} to {end}"
    basis = ", {basis} return basis" if f.basis else ""
    members = ", {used} of {eligible} members with data" if f.n_eligible else ""
    source = "{market}. Source: {source}; Paceline, figure {id}."
    return f"{{name}}: {{what}} {{text}}{when}{basis}{members}; as of {{as_of}}. {source}"


def quoted(sentence: Sentence, origin: Attribution) -> str:
    """A sentence of the headline as it is copied: with the line that says where it comes from."""
    figures = [f for f in map(figure_of, sentence.parts) if f is not None]
    return f"{sentence.text} {origin.line(figures)}"
