"""The grammar of phrases: a TOML file shipped with the package, and a user's own on top of it.

A phrase is text with parts in braces. ``PARTS`` says which parts each sentence has; every one of
them must stand in each of its phrases once, so that no figure is lost, and no phrase holds digits,
so that no number is without one. Words of ``[words]`` may stand anywhere.
"""

from __future__ import annotations

import difflib
import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from paceline import toml
from paceline.doors import read_bytes
from paceline.errors import UsageError

STYLES = ("wire", "note", "bullets", "script")
_MOVE = ("subject", "value", "window")
_SINCE = ("window", "subject", "period", "since")
#: Sentence -> the parts that each of its phrases names.
PARTS: Mapping[str, tuple[str, ...]] = {
    "title_up": _MOVE,
    "title_down": _MOVE,
    "title_flat": ("subject", "window"),
    "title_none": ("subject", "window"),
    "opening": (),
    "move_up": _MOVE,
    "move_down": _MOVE,
    "move_flat": ("subject", "window"),
    "clause_up": ("subject", "value"),
    "clause_down": ("subject", "value"),
    "two": ("window", "first", "second"),
    "several": ("window", "moves"),
    "dividends": ("window", "moves"),
    "record": ("subject", "window"),
    "high": ("subject", "span", "window"),
    "best_since": _SINCE,
    "worst_since": _SINCE,
    "run_up": ("subject", "sessions"),
    "run_down": ("subject", "sessions"),
    "ahead": ("subject", "against", "sessions", "first", "last"),
    "first_up": _MOVE,
    "first_down": _MOVE,
    "last_up": _MOVE,
    "last_down": _MOVE,
    "gap": ("subject", "against", "gap", "window"),
    "breadth": ("share", "group", "average"),
    "breadth_sector": ("share", "group", "average"),
    "lead": ("theme", "leader", "date", "judgement"),
    "target_up": ("who", "value", "subject", "level", "date", "standing"),
    "call": ("who", "date", "words", "standing"),
    "low_broken": (),
    "unsaid_cause": (),
    "unsaid_lasting": (),
    "unsaid_roles": ("names",),
    "unsaid_value": ("names",),
    "basis_price": (),
    "basis_total": (),
}
#: Window -> its parts.
WINDOWS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("day", "week", "low", "month"), ("date",)),
    "year": (),
}
#: Tables whose phrases have no parts; their keys are those of the file shipped.
PLAIN = ("judgements", "standings", "headings", "words")
TABLES = ("words", "windows", "sentences", "judgements", "standings", "headings")
#: What a style sets beside tables of its own.
SETTINGS: Mapping[str, type] = {"digits": int, "percent": str, "headings": bool, "bullets": bool}
#: Characters of the longest phrase, bytes of the largest file.
LONGEST, LARGEST = 400, 1_000_000

Phrases = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Style:
    """How a story of one style is worded: its tables, and its settings."""

    name: str
    tables: Mapping[str, Phrases] = field(repr=False)
    digits: int
    percent: str
    headings: bool
    bullets: bool

    def of(self, table: str, key: str) -> tuple[str, ...]:
        """The phrases of a key."""
        return self.tables[table][key]


def style(name: str, own: str | Path | None = None) -> Style:
    """A style by name, with a user's own phrases where a file of them is named.

    Raises ``UsageError`` naming file, key, what was found and what is accepted.
    """
    if name not in STYLES:
        raise UsageError(f"no style {name!r}.", f"Styles: {', '.join(STYLES)}.")
    shipped = resources.files("paceline") / "data" / "phrases.toml"
    found = toml.parsed(shipped.read_text(encoding="utf-8"))
    if own is not None:
        given = _read(own)
        _check(given, found, str(own))
        _onto(found, given)
    mine = found["style"][name]
    _onto(found, {k: v for k, v in mine.items() if k in TABLES and isinstance(v, dict)})
    tables = {t: {k: tuple(v) for k, v in found[t].items()} for t in TABLES}
    settings = {k: mine[k] for k in SETTINGS}
    return Style(name, tables, **settings)


def fields(phrase: str) -> Iterator[tuple[str, str]]:
    """(Text, part after it) of a phrase; the last part may be empty."""
    for text, part, _, _ in string.Formatter().parse(phrase):
        yield text, part or ""


def _read(path: str | Path) -> dict[str, Any]:
    try:
        return toml.parsed(read_bytes(path, UsageError, LARGEST).decode("utf-8"))
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file.", "Name a TOML file of phrases.") from None
    except ValueError as error:
        raise UsageError(
            f"{path}: not readable as TOML ({error}).", "docs/write.md shows a file of phrases."
        ) from None


def _onto(found: dict[str, Any], given: Mapping[str, Any]) -> None:
    """Put what is given over what is there, key by key."""
    for key, value in given.items():
        if isinstance(value, dict) and isinstance(found.get(key), dict):
            _onto(found[key], value)
        else:
            found[key] = value


# ---- checks --------------------------------------------------------------------------------------


def _check(given: Mapping[str, Any], shipped: Mapping[str, Any], path: str) -> None:
    """Raise ``UsageError`` for the first fault of a file of phrases."""
    _known(given, (*TABLES, "style"), path)
    words = {*shipped["words"], *_keys(given.get("words"))}
    _tables({k: v for k, v in given.items() if k != "style"}, shipped, words, path)
    styles = given.get("style", {})
    _table(styles, f"{path}: style")
    _known(styles, STYLES, f"{path}: style")
    for name, own in styles.items():
        where = f"{path}: style.{name}"
        _table(own, where)
        _known(own, (*(t for t in TABLES if t != "headings"), *SETTINGS), where)
        _settings(own, where)
        tables = {k: v for k, v in own.items() if k not in SETTINGS}
        _tables(tables, shipped, words | _keys(tables.get("words")), where)


def _tables(
    given: Mapping[str, Any], shipped: Mapping[str, Any], words: set[str], path: str
) -> None:
    for table, rows in given.items():
        where = f"{path}: {table}"
        _table(rows, where)
        if table != "words":
            _known(rows, tuple(shipped[table]), where)
        parts = {"sentences": PARTS, "windows": WINDOWS}.get(table, {})
        for key, phrases in rows.items():
            if not isinstance(phrases, list) or not phrases:
                raise UsageError(
                    f"{where}.{key}: {phrases!r} is no list of phrases.",
                    'Write a list with at least one text: ["..."].',
                )
            for phrase in phrases:
                allowed = words if table == "sentences" else set()
                _phrase(phrase, parts.get(key, ()), allowed, f"{where}.{key}")


def _phrase(phrase: object, parts: Sequence[str], words: set[str], where: str) -> None:
    """One phrase: a text of one line without digits that names its parts once."""
    if not isinstance(phrase, str) or len(phrase) > LONGEST or not phrase.isprintable():
        raise UsageError(
            f"{where}: {str(phrase)[:80]!r} is no phrase.",
            f"Write a text of one line, of at most {LONGEST} characters.",
        )
    if any(c.isdigit() for c in phrase):
        raise UsageError(
            f"{where}: {phrase!r} holds digits.",
            "Numbers of a story are figures; write others in words.",
        )
    try:
        named = [part for _, part in fields(phrase) if part]
        plain = all(
            spec in ("", None) and how is None
            for _, _, spec, how in string.Formatter().parse(phrase)
        )
    except ValueError as error:
        raise UsageError(
            f"{where}: {phrase!r}: {error}.", "Write parts as {name}, a brace as {{ or }}."
        ) from None
    accepted = f"Its parts: {', '.join(f'{{{p}}}' for p in parts) or 'none'}"
    accepted += f"; words: {', '.join(f'{{{w}}}' for w in sorted(words))}." if words else "."
    for part in named:
        if (part not in parts and part not in words) or not plain:
            raise UsageError(f"{where}: {phrase!r} has an unknown part {{{part}}}.", accepted)
    for part in parts:
        if named.count(part) != 1:
            raise UsageError(f"{where}: {phrase!r} must name {{{part}}} once.", accepted)


def _settings(own: Mapping[str, Any], where: str) -> None:
    for key, kind in SETTINGS.items():
        value = own.get(key)
        if key in own and type(value) is not kind:
            raise UsageError(f"{where}.{key}: {value!r} is no {kind.__name__}.", _accepted(key))
    if own.get("digits", 1) not in (1, 2) or own.get("percent", "%") not in ("%", " percent"):
        key = "digits" if own.get("digits", 1) not in (1, 2) else "percent"
        raise UsageError(f"{where}.{key}: {own[key]!r} is not accepted.", _accepted(key))


def _accepted(key: str) -> str:
    return {"digits": "Give 1 or 2.", "percent": 'Give "%" or " percent".'}.get(
        key, "Give true or false."
    )


def _table(value: object, where: str) -> None:
    if not isinstance(value, dict):
        raise UsageError(f"{where}: {value!r} is no table.", "See docs/write.md.")


def _keys(table: object) -> set[str]:
    return set(table) if isinstance(table, dict) else set()


def _known(given: Mapping[str, Any], accepted: Sequence[str], where: str) -> None:
    for key in given:
        if key not in accepted:
            near = difflib.get_close_matches(key, accepted, 1)
            meant = f"Did you mean {near[0]!r}? " if near else ""
            raise UsageError(
                f"{where}: no key {key!r}.", f"{meant}Accepted: {', '.join(accepted)}."
            )
