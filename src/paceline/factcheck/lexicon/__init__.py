"""The words of the market, read from ``data/lexicon``: one TOML file a class, its cases beside it.

What names things (indices, sectors, styles, themes, assets, companies), what moves them (movement,
comparison), how exactly a number is meant (hedges), what is no claim (asides), and how a text is
cut (sentences). Wordings that need more than a list are in ``phrases``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import resources
from typing import Any, NamedTuple

from paceline import toml
from paceline.lineage import digest

#: Files of entries; of two entries with one name, that of the file named first has it.
ENTRY_FILES = ("indices", "sectors", "styles", "themes", "assets")
#: Files of words.
WORD_FILES = ("names", "companies", "movement", "comparison", "hedges", "asides", "sentences")


class Entry(NamedTuple):
    """A subject: its name, kind, what it is called, and the instruments that may stand for it.

    proxy   the instruments are funds that follow something which is not stored itself
    """

    name: str
    kind: str
    called: tuple[str, ...]
    instruments: tuple[str, ...] = ()
    proxy: bool = False


def read(name: str) -> dict[str, Any]:
    """A file of the lexicon, with its ``cases``."""
    path = resources.files("paceline") / "data" / "lexicon" / f"{name}.toml"
    return toml.parsed(path.read_text(encoding="utf-8"))


def entries(table: Mapping[str, Any]) -> list[Entry]:
    """The entries of a file; each name is also read with one of the ``endings`` behind it.

    Raises ``ValueError`` naming the entry and its key where one is unknown, missing or no text.
    """
    found = []
    for given in table["entry"]:
        more = {"kind": table["kind"], "endings": table.get("endings", []), **given}
        lists = {k: more.get(k, []) for k in ("called", "endings", "instruments")}
        if unknown := set(given) - {"name", "kind", "proxy", *lists}:
            raise ValueError(f"entry {given.get('name')!r}: unknown key {min(unknown)!r}")
        if not isinstance(more.get("name"), str) or not lists["called"]:
            raise ValueError(f"entry {given.get('name')!r}: it needs a name and what it is called")
        for key, words in lists.items():
            if not (isinstance(words, list) and all(isinstance(w, str) and w for w in words)):
                raise ValueError(f"entry {more['name']!r}: {key} is to be a list of texts")
        called = tuple(
            n + e for n in lists["called"] for e in ("", *(f" {e}" for e in more["endings"]))
        )
        instruments, proxy = tuple(lists["instruments"]), more.get("proxy", False)
        found.append(Entry(more["name"], more["kind"], called, instruments, proxy))
    return found


def _words(text: str | Iterable[str]) -> list[str]:
    """Words of a text or of several; "tacked_on" is "tacked on"."""
    whole = text if isinstance(text, str) else " ".join(text)
    return [w.replace("_", " ") for w in whole.split()]


def _signed(up: Iterable[str], down: Iterable[str]) -> dict[str, int]:
    return {**dict.fromkeys(up, 1), **dict.fromkeys(down, -1)}


def _any(wordings: Iterable[str], before: str = r"\b", after: str = r"\b") -> str:
    return rf"{before}(?:{'|'.join(wordings)}){after}"


_FILES = {name: read(name) for name in (*ENTRY_FILES, *WORD_FILES)}
#: What the claims of a text rest on beside the code.
CHECKSUM = digest({n: {k: v for k, v in f.items() if k != "cases"} for n, f in _FILES.items()})
_MOVES, _NAMES, _ASIDES = _FILES["movement"], _FILES["names"], _FILES["asides"]

ENTRIES = tuple(e for name in ENTRY_FILES for e in entries(_FILES[name]))
#: Traded things this market may lack: a claim about one is "data missing", not silence.
FOREIGN: tuple[str, ...] = tuple(_FILES["assets"]["missing"])
#: Named, and no price: a number of theirs is a figure, never a claim about whoever was spoken of.
FIGURES: tuple[str, ...] = tuple(_FILES["assets"]["figures"])
#: What people call well-known companies -> ticker, beyond the names in the store.
NICKNAMES = {n: ticker for ticker, called in _FILES["companies"]["called"].items() for n in called}
#: Words that are companies only with "shares", a ticker or an apostrophe beside them.
AMBIGUOUS = frozenset(_words(_FILES["companies"]["ambiguous"]))
#: Upper-case words that are no tickers.
NO_TICKERS = frozenset(_words(_FILES["companies"]["no_tickers"]))
#: Nouns that make a bare sector, style or theme word a subject of its own ("energy stocks").
SUFFIXES = frozenset(_words(_NAMES["suffixes"]))
#: Bare words that are subjects only beside another name of their kind, a ticker or a number.
SHY = frozenset(_words(_NAMES["shy"]))
#: Words that name a subject only with "stocks", "sector" ... behind them.
NEVER = frozenset(_words(_NAMES["never"]))
#: Numbers in names, as they are spoken.
SPOKEN: dict[str, str] = _NAMES["spoken"]

#: Verb (any form) -> direction. Numbers, where they follow, take this sign.
VERBS = _signed(_words(_MOVES["up"]), _words(_MOVES["down"]))
#: Verbs that need their adverb or a number: "edged up", "added 2%" but never "added" alone.
NEEDS_NUMBER = frozenset(_words(_MOVES["needs_number"]))
#: Verbs whose own adverb decides: "edged up", "ticked down".
NEUTRAL = frozenset(_words(_MOVES["neutral"]))
#: Verbs that are a number themselves -> fraction of change.
MULTIPLES = {form: by for verb, by in _MOVES["times"].items() for form in verb.split()}
#: Nouns of movement -> direction ("a gain of 2%", "its 2% slide").
NOUNS = _signed(_words(_MOVES["up_nouns"]), _words(_MOVES["down_nouns"]))
NOUNS |= {f"{noun}s": sign for noun, sign in NOUNS.items() if not noun.endswith("s")}
#: Verbs that carry a noun of movement or a record: neither subject nor direction of their own.
LIGHT = frozenset(_words(_MOVES["light"]))
#: Comparing verbs -> +1 subject ahead, -1 behind.
COMPARE = _signed(_words(_FILES["comparison"]["ahead"]), _words(_FILES["comparison"]["behind"]))

#: Quantities that are not prices of a subject: their numbers are no claims about a return.
NOT_PRICES = frozenset(_words(_ASIDES["not_prices"]))
FORECAST = re.compile("|".join(_ASIDES["forecast"]), re.IGNORECASE)
CAUSE = re.compile(_any(_ASIDES["cause"]), re.IGNORECASE)
OPINION = re.compile(_any(_ASIDES["opinion"]), re.IGNORECASE)
FLOW = re.compile(
    rf"{_any(_ASIDES['flow_who'])}[^.;]{{0,60}}?"
    r"\b(?:are|is|were|was|have been|has been|keep|kept)?\s*(?:now )?"
    rf"{_any(_ASIDES['flow_does'], before='')}|{_any(_ASIDES['flow_nouns'])}",
    re.IGNORECASE,
)

#: What stands before a number -> how exactly it is meant.
HEDGES = {how: "|".join(wordings) for how, wordings in _FILES["hedges"]["before"].items()}
#: Words whose full stop ends no sentence.
ABBREVIATIONS = frozenset(_words(_FILES["sentences"]["abbreviations"]))
#: Common words of languages that commentary is written in.
LANGUAGES = {name: set(_words(said)) for name, said in _FILES["sentences"]["languages"].items()}
