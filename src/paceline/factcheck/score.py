"""Measure the reader against texts with answer keys: precision and recall of extraction, and wrong "holds".

A folder holds pairs ``NAME.txt`` and ``NAME.json``; docs/factcheck.md describes the keys. A found claim matches a key when
it overlaps the key's quote, is of its kind and subject, and states its number. Each key is matched once.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paceline.doors import LARGEST_TEXT, read_bytes, resolved
from paceline.errors import SourceError, UsageError
from paceline.factcheck import Checked, Verdict, factcheck
from paceline.factcheck.subjects import Names

if TYPE_CHECKING:
    from paceline.market import Market

#: The promise: precision and recall of extraction, and no wrong "holds".
PRECISION, RECALL = 0.95, 0.85


@dataclass
class Sheet:
    """One text: what was found, missed, read wrongly and judged wrongly."""

    name: str
    found: int = 0
    matched: int = 0
    wanted: int = 0
    missed: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    wrong_holds: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Score:
    """All texts together."""

    sheets: tuple[Sheet, ...]

    @property
    def precision(self) -> float:
        found = sum(s.found for s in self.sheets)
        return sum(s.matched for s in self.sheets) / found if found else 1.0

    @property
    def recall(self) -> float:
        wanted = sum(s.wanted for s in self.sheets)
        return sum(s.wanted - len(s.missed) for s in self.sheets) / wanted if wanted else 1.0

    @property
    def wrong_holds(self) -> int:
        return sum(len(s.wrong_holds) for s in self.sheets)

    @property
    def verdicts(self) -> float:
        """Share of the claims with a key whose verdict is one the key accepts."""
        judged = sum(s.wanted - len(s.missed) for s in self.sheets)
        return 1 - sum(len(s.verdicts) for s in self.sheets) / judged if judged else 1.0

    @property
    def passed(self) -> bool:
        return self.precision >= PRECISION and self.recall >= RECALL and not self.wrong_holds

    def to_json(self) -> dict[str, Any]:
        return {
            "texts": len(self.sheets),
            "keys": sum(s.wanted for s in self.sheets),
            "found": sum(s.found for s in self.sheets),
            "precision": self.precision,
            "recall": self.recall,
            "verdicts_right": self.verdicts,
            "wrong_holds": self.wrong_holds,
            "passed": self.passed,
            "sheets": [vars(s) for s in self.sheets],
        }

    def lines(self) -> list[str]:
        out = []
        for s in self.sheets:
            out.append(
                f"{s.name}: {s.matched} of {s.found} found are in the key, {s.wanted - len(s.missed)} of {s.wanted} keys found, "
                f"{len(s.verdicts)} verdicts differ, {len(s.wrong_holds)} wrong holds"
            )
            for title, rows in (
                ("missed", s.missed),
                ("not in the key", s.extra),
                ("verdict", s.verdicts),
                ("WRONG HOLDS", s.wrong_holds),
            ):
                out += [f"    {title}: {row}" for row in rows]
        out.append(
            f"{len(self.sheets)} texts, {sum(s.wanted for s in self.sheets)} keys: precision {self.precision:.3f}, recall {self.recall:.3f}, "
            f"verdicts {self.verdicts:.3f}, wrong holds {self.wrong_holds}"
        )
        return out


def measure(market: Market, folder: Path) -> Score:
    """Read every text of a folder and compare with its key. ``SourceError`` names a key that cannot be used."""
    if not resolved(folder, "--score").is_dir():
        raise UsageError(f"{folder} is no folder.", "Name a folder of texts (.txt) with answer keys (.json).")
    names = Names(market)
    texts = sorted(folder.glob("*.txt"))
    if not texts:
        raise UsageError(f"{folder} holds no .txt files.", "Name a folder of texts with answer keys.")
    return Score(tuple(_sheet(market, names, path) for path in texts))


def _sheet(market: Market, names: Names, path: Path) -> Sheet:
    key_path = path.with_suffix(".json")
    try:
        key = json.loads(read_bytes(key_path, SourceError, LARGEST_TEXT))
        claims = [dict(c) for c in key["claims"]]
        for c in claims:
            if not {"quote", "kind", "subject"} <= set(c):
                raise KeyError("quote, kind or subject")
            if not all(isinstance(c[name], str) for name in ("quote", "kind", "subject")):
                raise TypeError("quote, kind and subject are texts")
        said = read_bytes(path, SourceError, LARGEST_TEXT).decode("utf-8")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(
            f"{key_path}: no usable answer key ({error}).", "See docs/factcheck.md for the format."
        ) from None
    checked = factcheck(market, said, key.get("date"))
    return compare(checked, claims, names, path.stem)


def compare(checked: Checked, keys: Sequence[dict[str, Any]], names: Names, name: str) -> Sheet:
    """One text against its key."""
    sheet = Sheet(name)
    free = list(keys)
    for v in checked.claims:
        hit = next((k for k in free if _is(v, k, checked.text, names)), None)
        if hit is None:
            sheet.found += 1
            sheet.extra.append(f"{v.kind} {v.subject} {v.said} [{v.quote}]")
            continue
        free.remove(hit)
        accepted = hit.get("verdict") or []
        accepted = [accepted] if isinstance(accepted, str) else accepted
        if accepted and v.verdict not in accepted:
            (sheet.wrong_holds if v.verdict == "holds" else sheet.verdicts).append(
                f"{v.verdict} instead of {' or '.join(accepted)}: {v.quote} (ours {v.ours}; {v.reason})"
            )
        if hit.get("optional"):
            continue
        sheet.found += 1
        sheet.matched += 1
    required = [k for k in keys if not k.get("optional")]
    sheet.wanted = len(required)
    sheet.missed = [
        f"{k['kind']} {k['subject']} {k.get('value', '')} [{k['quote']}]" for k in free if not k.get("optional")
    ]
    return sheet


def _is(v: Verdict, key: dict[str, Any], text: str, names: Names) -> bool:
    if v.kind != key["kind"]:
        return False
    places, at = [], text.find(key["quote"])
    while at >= 0:
        places.append((at, at + len(key["quote"])))
        at = text.find(key["quote"], at + 1)
    if places and not any(v.start < b and v.end > a for a, b in places):
        return False
    if not _same(v.subject, str(key["subject"]), names) or (
        "against" in key and not _same(v.against, str(key["against"]), names)
    ):
        return False
    if "value" not in key:
        return True
    return v.value is not None and abs(v.value - float(key["value"])) <= max(1e-6, 1e-4 * abs(float(key["value"])))


def _same(found: str, said: str, names: Names) -> bool:
    """Do two names mean the same subject, or one an instrument of the other?"""
    if found.casefold() == said.casefold():
        return True
    a, b = names.subjects.get(found) or names.lookup(found), names.lookup(said) or names.subjects.get(said)
    if a is None or b is None:
        return False
    if a.name == b.name:
        return True
    return bool(
        {c.instrument for c in a.candidates if c.instrument} & {c.instrument for c in b.candidates if c.instrument}
    ) or bool({c.basket for c in a.candidates if c.basket} & {c.basket for c in b.candidates if c.basket})
