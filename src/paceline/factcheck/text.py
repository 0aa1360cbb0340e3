"""The text as the reader sees it: cleaned, cut, with the way back to every original character."""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from paceline.factcheck import lexicon

_PIECES = re.compile(
    r"\x1b\[[0-9;?]{0,20}[A-Za-z]|</?[A-Za-z][^<>]{0,300}>|&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|"
    r"\w{2,8});|https?://\S{1,300}|\*{1,3}|`+|_{2,}|.",
    re.DOTALL | re.IGNORECASE,
)
#: Blocks nobody reads: how each begins and ends, and how long it may be.
_BLOCKS = (
    (
        re.compile(r"<(?:script|style)\b", re.IGNORECASE),
        re.compile(r"</(?:script|style)\s*>", re.IGNORECASE),
        20_000,
    ),
    (re.compile(r"<!--"), re.compile(r"-->"), 5_000),
)
_SAME = {
    "\u2018": "'",
    "\u2019": "'",
    "\u201b": "'",
    "\u02bc": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2212": "-",
    "\u2010": "-",
    "\u2011": "-",
    "\u2026": ".",
    "\u00a0": " ",
    "\u2009": " ",
    "\u202f": " ",
    "\r": "\n",
    "\u2028": "\n",
    "\u2029": "\n\n",
    "\u00ad": "",
    "\uff05": "%",
    "\uff0b": "+",
}
_BLOCK = re.compile(r"</?(?:br|p|div|li|ul|ol|h\d|tr|table|blockquote)\b", re.IGNORECASE)
_CELL = re.compile(r"<t[dh]\b", re.IGNORECASE)
#: What a browser does not show.
_HIDDEN = re.compile(
    r"<(?P<tag>[a-z][a-z0-9]*)\b[^<>]{0,300}?(?:\shidden(?=[\s>=/])|display\s*:\s*none|"
    r"visibility\s*:\s*hidden|aria-hidden=[\"']?true)[^<>]{0,300}>|"
    r"<(?P<none>template|noscript|head)\b[^<>]{0,300}>",
    re.IGNORECASE,
)

#: Characters of a line that nobody would wrap so late, if it ends with a sentence.
UNWRAPPED = 110
#: Characters of the longest sentence that is read as one.
LONGEST = 1200
_END = re.compile(r"[.!?]+[\"')\]]*(?=\s|$)")
_INK = re.compile(r"\S")
_BULLET = re.compile(r"\s*(?:[-*\u2022\u2023\u25aa\u25cf\u2013\u2014>]|\d{1,2}[.)]|#+)\s+")


@dataclass(frozen=True)
class Sentence:
    """A sentence of the clean text: its place, and the number of the paragraph it stands in."""

    start: int
    end: int
    paragraph: int


@dataclass
class Text:
    """``clean`` is what is read; ``place(i)`` is where its character i stands in ``raw``."""

    raw: str
    clean: str = ""
    sentences: list[Sentence] = field(default_factory=list)
    _at: list[int] = field(default_factory=list)

    def place(self, index: int) -> int:
        """Where a character of the clean text stands in the raw one."""
        return self._at[index] if index < len(self._at) else len(self.raw)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where clean[start:end] stands in the raw text."""
        return self.place(start), self.place(end - 1) + 1 if end > start else self.place(start)

    def sentence(self, index: int) -> str:
        """The words of the sentence that a place of the clean text stands in."""
        k = bisect_right(self.sentences, index, key=lambda s: s.start) - 1
        return self.quote(self.sentences[k].start, self.sentences[k].end) if k >= 0 else ""

    def quote(self, start: int, end: int) -> str:
        """The raw words, on one line."""
        a, b = self.span(start, end)
        return " ".join("".join(c if c.isprintable() else " " for c in self.raw[a:b]).split())


def prepare(raw: str) -> Text:
    """Clean a text: markup and control characters become blanks, typographic marks plain ones."""
    out: list[str] = []
    at: list[int] = []
    for match in _pieces(raw):
        piece = match.group()
        if len(piece) > 1:
            if piece[0] == "<":
                piece = "|" if _CELL.match(piece) else "\n" if _BLOCK.match(piece) else " "
            elif piece[0] == "&":
                piece = html.unescape(piece)
                piece = piece if len(piece) == 1 else " "
            else:
                piece = "" if piece[0] in "*`_" else " "
        elif piece == "*":
            alone = match.start() == 0 or raw[match.start() - 1] in "\n "
            piece = "\u2022" if alone else ""
        elif piece == "\t":
            piece = "|" if _between(raw, match.start()) else " "
        piece = _SAME.get(piece, piece)
        if (
            len(piece) == 1
            and piece != "\n"
            and unicodedata.category(piece) in ("Cc", "Cf", "Co", "Cs", "Cn")
        ):
            piece = " " if unicodedata.category(piece) == "Cc" else ""
        for c in piece:
            out.append(c)
            at.append(match.start())
    text = Text(raw, "".join(out), [], at)
    text.sentences = _sentences(text.clean)
    return text


def _pieces(raw: str) -> Iterator[re.Match[str]]:
    """The pieces of a text; a block that nobody reads is one."""
    done = 0
    for begin, block in _blocks(raw):
        if begin < done:
            continue
        yield from _PIECES.finditer(raw, done, begin)
        yield block
        done = block.end()
    yield from _PIECES.finditer(raw, done)


def _blocks(raw: str) -> list[tuple[int, re.Match[str]]]:
    """Where blocks that nobody reads begin, and each to its end; every end is looked for once."""
    found: list[tuple[int, re.Match[str]]] = []
    for opens, closes, longest in _BLOCKS:
        ends = [m.end() for m in closes.finditer(raw)]
        whole = re.compile(rf".{{0,{longest + 40}}}", re.DOTALL)
        done = 0
        for start in opens.finditer(raw):
            k = bisect_left(ends, start.end())
            if start.start() >= done and k < len(ends) and ends[k] - start.end() <= longest + 20:
                block = whole.match(raw, start.start(), ends[k])
                assert block is not None
                found.append((start.start(), block))
                done = block.end()
    found += _unseen(raw)
    return sorted(found, key=lambda f: f[0])


def _unseen(raw: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Elements that a browser does not show, each to the end tag that closes it."""
    whole = re.compile(r".*", re.DOTALL)
    done = 0
    for m in _HIDDEN.finditer(raw):
        if m.start() < done:
            continue
        tag = m["tag"] or m["none"]
        depth, end = 1, -1
        for t in re.compile(rf"<(/?){tag}\b[^<>]{{0,300}}>", re.IGNORECASE).finditer(
            raw, m.end(), m.end() + 20_000
        ):
            depth += -1 if t[1] else 1
            if not depth:
                end = t.end()
                break
        if end > 0:
            block = whole.match(raw, m.start(), end)
            assert block is not None
            done = end
            yield m.start(), block


def _between(raw: str, at: int) -> bool:
    """Does a tab stand between two cells of a line?"""
    line = raw.rfind("\n", 0, at) + 1
    return bool(raw[line:at].strip()) and raw[at + 1 : at + 2] not in ("\n", "")


def _sentences(clean: str) -> list[Sentence]:
    found: list[Sentence] = []
    paragraph = begun = 0
    for block in re.finditer(r"(?:(?!\n[ ]*\n).)+", clean, re.DOTALL):
        if not block.group().strip():
            continue
        for start, end in _lines(clean, block.start(), block.end()):
            longest = max(end - start, found[-1].end - begun) if found else 0
            listed = clean[max(0, start - 2) : start].strip() != ""
            if (
                found
                and found[-1].paragraph == paragraph
                and longest > (200 if listed else UNWRAPPED)
            ):
                paragraph += 1  # lines as long as paragraphs are paragraphs
            begun = start
            for a, b in _split(clean, start, end):
                if clean[a:b].strip():
                    found.append(Sentence(a, b, paragraph))
        paragraph += 1
    return found


def _lines(clean: str, start: int, end: int) -> list[tuple[int, int]]:
    """Lines of a block, those that only wrap joined with the one before."""
    lines: list[tuple[int, int]] = []
    before = ""  # the last line of those that are joined so far
    at = start
    for line in clean[start:end].split("\n"):
        here = (at, at + len(line))
        at += len(line) + 1
        if not line.strip():
            continue
        if lines and not _BULLET.match(line):
            last = before = before.rstrip()
            whole = (
                len(last) > UNWRAPPED
                and before.endswith((".", "!", "?", '"'))
                and line.strip()[:1].isupper()
            )
            if len(last) > 150 or whole:  # nobody wraps so late: a line is a paragraph
                lines.append(here)
                before = line
                continue
            short = len(last) < 60 and not before.endswith((",", "-", "\u2014"))
            heading = short and (line.strip()[:1].isupper() or not before.endswith((".", ",")))
            if not (heading and (line.strip()[:1].isupper() or ":" in line)):
                lines[-1] = (lines[-1][0], here[1])
                before = line
                continue
        bullet = _BULLET.match(line)
        before = line[bullet.end() :] if bullet else line
        lines.append((here[0] + (bullet.end() if bullet else 0), here[1]))
    return lines


def _split(clean: str, start: int, end: int) -> list[tuple[int, int]]:
    parts: list[tuple[int, int]] = []
    begin = start
    for match in _END.finditer(clean, start, end):
        if match.end() >= end:
            break
        follows = _INK.search(clean, match.end(), end)
        after = follows.group() if follows else ""
        percent = (
            clean[match.start() - 1] == "%"
        )  # whoever writes no capitals ends a sentence so too
        if (
            match.group()[0] == "."
            and after
            and ((after.islower() and not percent) or after in ",;)%")
        ):
            continue
        word = re.search(r"[\w.&'-]*$", clean[max(begin, match.start() - 20) : match.start()])
        last = word.group().casefold() if word else ""
        if (
            match.group().startswith(".")
            and (last in lexicon.ABBREVIATIONS or (len(last) == 1 and last.isalpha()))
            and (
                after.isdigit()
                or last not in ("u.s", "inc", "corp", "co", "etc", "a.m", "p.m", "llc", "ltd")
                or not after.isupper()
            )
        ):
            continue
        parts.append((begin, match.end()))
        begin = match.end()
    parts.append((begin, end))
    short = [piece for a, b in parts for piece in _cut(clean, a, b)]
    return [(a + len(clean[a:b]) - len(clean[a:b].lstrip()), b) for a, b in short]


def _cut(clean: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence in pieces that a reader can hold in mind; nobody writes longer ones."""
    while end - start > LONGEST:
        stop = clean.rfind(" ", start + LONGEST // 2, start + LONGEST)
        stop = start + LONGEST if stop < 0 else stop
        yield start, stop
        start = stop
    yield start, end


def language(clean: str) -> str:
    """The language of most of a text's commonest words; English where they are too few."""
    words = re.findall(r"[^\W\d_]+", clean[:20_000].casefold())
    counts = {name: sum(w in common for w in words) for name, common in lexicon.LANGUAGES.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] >= 2 and counts[best] > 1.5 * counts["English"] else "English"
