"""Measure the reader against texts with answer keys.

A folder holds pairs ``NAME.txt`` and ``NAME.json``; docs/factcheck.md describes the keys. A found
claim matches a key when it overlaps the key's quote, is of its kind and subject, and states its
number. Each key is matched once. The lenient column takes kinds of one family for each other: a
record for an extreme, a rank for a comparison, points or a direction for a return.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paceline.doors import LARGEST_TEXT, read_bytes, resolved
from paceline.errors import SourceError, UsageError
from paceline.factcheck import Checked, Verdict, factcheck
from paceline.factcheck.subjects import Names
from paceline.factcheck.verdicts import DIFFERS, HOLDS

if TYPE_CHECKING:
    from paceline.market import Market

#: The promise: precision and recall of extraction, no wrong "holds", and so few wrong "differs".
PRECISION, RECALL, WRONG_DIFFERS = 0.95, 0.85, 0.03
FAMILIES = {"record": "extreme", "rank": "compare", "points": "return", "direction": "return"}


@dataclass
class Tally:
    """Counts of one kind, one style, or all."""

    found: int = 0
    matched: int = 0
    wanted: int = 0
    reached: int = 0

    @property
    def precision(self) -> float:
        """Share of what was found that is right."""
        return self.matched / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Share of the keys that were found."""
        return self.reached / self.wanted if self.wanted else 1.0

    def add(self, other: Tally) -> None:
        """Count another tally in."""
        self.found += other.found
        self.matched += other.matched
        self.wanted += other.wanted
        self.reached += other.reached

    def to_json(self) -> dict[str, Any]:
        """Counts and both shares."""
        return {
            "found": self.found,
            "keys": self.wanted,
            "precision": self.precision,
            "recall": self.recall,
        }


@dataclass
class Sheet:
    """One text: what was found, missed, read wrongly and judged wrongly."""

    name: str
    style: str = ""
    kinds: dict[str, Tally] = field(default_factory=dict)
    lenient: Tally = field(default_factory=Tally)
    missed: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    wrong_holds: list[str] = field(default_factory=list)
    wrong_differs: list[str] = field(default_factory=list)
    unread: int = 0

    def of(self, kind: str) -> Tally:
        """The tally of a kind."""
        return self.kinds.setdefault(kind, Tally())

    @property
    def all(self) -> Tally:
        """All kinds together."""
        whole = Tally()
        for tally in self.kinds.values():
            whole.add(tally)
        return whole


@dataclass(frozen=True)
class Score:
    """All texts together."""

    sheets: tuple[Sheet, ...]

    def _sum(self, tallies: Sequence[Tally]) -> Tally:
        whole = Tally()
        for tally in tallies:
            whole.add(tally)
        return whole

    @property
    def total(self) -> Tally:
        """All texts, strictly matched."""
        return self._sum([s.all for s in self.sheets])

    @property
    def lenient(self) -> Tally:
        """All texts, kinds of one family taken for each other."""
        return self._sum([s.lenient for s in self.sheets])

    @property
    def precision(self) -> float:
        """Share of what was found that is right."""
        return self.total.precision

    @property
    def recall(self) -> float:
        """Share of the keys that were found."""
        return self.total.recall

    @property
    def wrong_holds(self) -> int:
        """Claims said to hold that do not."""
        return sum(len(s.wrong_holds) for s in self.sheets)

    @property
    def wrong_differs(self) -> int:
        """Claims said to differ that hold."""
        return sum(len(s.wrong_differs) for s in self.sheets)

    @property
    def verdicts(self) -> float:
        """Share of the claims with a key whose verdict is one the key accepts."""
        judged = self.total.reached
        return (
            1 - sum(len(s.verdicts) + len(s.wrong_holds) for s in self.sheets) / judged
            if judged
            else 1.0
        )

    @property
    def passed(self) -> bool:
        """Whether the promise is kept."""
        few = self.wrong_differs <= WRONG_DIFFERS * max(1, self.total.found)
        return (
            self.precision >= PRECISION and self.recall >= RECALL and not self.wrong_holds and few
        )

    def by(self, what: str) -> dict[str, Tally]:
        """Tallies by "kind" or "style"."""
        found: dict[str, Tally] = {}
        for s in self.sheets:
            rows = s.kinds.items() if what == "kind" else [(s.style or "none", s.all)]
            for name, tally in rows:
                found.setdefault(name, Tally()).add(tally)
        return dict(sorted(found.items(), key=lambda f: -f[1].wanted))

    def to_json(self) -> dict[str, Any]:
        """All figures of the score."""
        return {
            "texts": len(self.sheets),
            "keys": self.total.wanted,
            "found": self.total.found,
            "precision": self.precision,
            "recall": self.recall,
            "lenient": self.lenient.to_json(),
            "verdicts_right": self.verdicts,
            "wrong_holds": self.wrong_holds,
            "wrong_differs": self.wrong_differs,
            "unread": sum(s.unread for s in self.sheets),
            "passed": self.passed,
            "kinds": {k: t.to_json() for k, t in self.by("kind").items()},
            "styles": {k: t.to_json() for k, t in self.by("style").items()},
            "sheets": [
                {
                    **vars(s),
                    "kinds": {k: t.to_json() for k, t in s.kinds.items()},
                    "lenient": s.lenient.to_json(),
                }
                for s in self.sheets
            ],
        }

    def lines(self) -> list[str]:
        """The score as it is printed."""
        out = []
        for s in self.sheets:
            out.append(
                f"{s.name}: {s.all.matched} of {s.all.found} found are in the key, "
                f"{s.all.reached} of {s.all.wanted} keys found, "
                f"{len(s.verdicts)} verdicts differ, {len(s.wrong_holds)} wrong holds, {s.unread} "
                f"numbers unread"
            )
            for title, rows in (
                ("missed", s.missed),
                ("not in the key", s.extra),
                ("verdict", s.verdicts),
                ("WRONG HOLDS", s.wrong_holds),
            ):
                out += [f"    {title}: {row}" for row in rows]
        for what in ("kind", "style"):
            out += [
                f"by {what}: {name}: precision {t.precision:.3f} of {t.found}, recall "
                f"{t.recall:.3f} of {t.wanted}"
                for name, t in self.by(what).items()
            ]
        out.append(
            f"lenient: precision {self.lenient.precision:.3f}, recall {self.lenient.recall:.3f}"
        )
        out.append(
            f"{len(self.sheets)} texts, {self.total.wanted} keys: precision {self.precision:.3f}, "
            f"recall {self.recall:.3f}, verdicts {self.verdicts:.3f}, "
            f"wrong holds {self.wrong_holds}, wrong differs {self.wrong_differs}, unread numbers "
            f"{sum(s.unread for s in self.sheets)}"
        )
        return out


def measure(market: Market, folder: Path) -> Score:
    """Read every text of a folder; ``SourceError`` names a key that cannot be used."""
    if not resolved(folder, "--score").is_dir():
        raise UsageError(
            f"{folder} is no folder.", "Name a folder of texts (.txt) with answer keys (.json)."
        )
    names = Names(market)
    texts = sorted(folder.glob("*.txt"))
    if not texts:
        raise UsageError(
            f"{folder} holds no .txt files.", "Name a folder of texts with answer keys."
        )
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
    sheet = compare(checked, claims, names, path.stem)
    sheet.style = str(key.get("style", ""))
    return sheet


def compare(checked: Checked, keys: Sequence[dict[str, Any]], names: Names, name: str) -> Sheet:
    """One text against its key."""
    sheet = Sheet(name, unread=len(checked.unread))
    free = list(keys)
    rest: list[Verdict] = []
    for v in checked.claims:
        hit = next((k for k in free if _is(v, k, checked.text, names)), None)
        if hit is None:
            rest.append(v)
            sheet.of(v.kind).found += 1
            sheet.extra.append(f"{v.kind} {v.subject} {v.said} [{v.quote}]")
            if v.verdict == DIFFERS:
                sheet.wrong_differs.append(v.quote)
            continue
        free.remove(hit)
        _judge(sheet, v, hit)
        if not hit.get("optional"):
            sheet.of(v.kind).found += 1
            sheet.of(v.kind).matched += 1
    missing = [k for k in free if not k.get("optional")]
    for kind, n in Counter(k["kind"] for k in keys if not k.get("optional")).items():
        sheet.of(kind).wanted += n
        sheet.of(kind).reached += n - sum(k["kind"] == kind for k in missing)
    sheet.missed = [
        f"{k['kind']} {k['subject']} {k.get('value', '')} [{k['quote']}]" for k in missing
    ]
    sheet.lenient.add(sheet.all)
    for v in rest:
        near = next((k for k in free if _is(v, k, checked.text, names, lenient=True)), None)
        if near is not None:
            free.remove(near)
            if near.get("optional"):
                sheet.lenient.found -= 1
            else:
                sheet.lenient.matched += 1
                sheet.lenient.reached += 1
    return sheet


def _judge(sheet: Sheet, v: Verdict, key: dict[str, Any]) -> None:
    accepted = key.get("verdict") or []
    accepted = [accepted] if isinstance(accepted, str) else accepted
    if not accepted or v.verdict in accepted:
        return
    line = f"{v.verdict} instead of {' or '.join(accepted)}: {v.quote} (ours {v.ours}; {v.reason})"
    (sheet.wrong_holds if v.verdict == HOLDS else sheet.verdicts).append(line)
    if v.verdict == DIFFERS:
        sheet.wrong_differs.append(line)


def _is(v: Verdict, key: dict[str, Any], text: str, names: Names, *, lenient: bool = False) -> bool:
    kind = str(key["kind"])
    if v.kind != kind and not (
        lenient and FAMILIES.get(v.kind, v.kind) == FAMILIES.get(kind, kind)
    ):
        return False
    places, at = [], text.find(key["quote"])
    while at >= 0:
        places.append((at, at + len(key["quote"])))
        at = text.find(key["quote"], at + 1)
    if places and not any(v.start < b and v.end > a for a, b in places):
        return False
    if not _same(v.subject, str(key["subject"]), names) or (
        "against" in key and not lenient and not _same(v.against, str(key["against"]), names)
    ):
        return False
    if "value" not in key or v.kind != kind:
        return True
    return v.value is not None and abs(v.value - float(key["value"])) <= max(
        1e-6, 1e-4 * abs(float(key["value"]))
    )


def _same(found: str, said: str, names: Names) -> bool:
    """Do two names mean the same subject, or one an instrument of the other?"""
    if found.casefold() == said.casefold():
        return True
    a, b = (
        names.subjects.get(found) or names.lookup(found),
        names.lookup(said) or names.subjects.get(said),
    )
    if a is None or b is None:
        return False
    if a.name == b.name:
        return True
    return bool(
        {c.instrument for c in a.candidates if c.instrument}
        & {c.instrument for c in b.candidates if c.instrument}
    ) or bool(
        {c.basket for c in a.candidates if c.basket} & {c.basket for c in b.candidates if c.basket}
    )
