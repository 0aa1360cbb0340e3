"""Where bytes come in and go out, and text reaches a screen or a spreadsheet.

A door lets plain files through. A device, a pipe or a folder is refused before it is opened: a pipe
would wait for a writer for ever, and a device would be replaced by a file of its name.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from pathlib import Path

from paceline import arguments
from paceline.errors import DataError, PacelineError, UsageError

#: Bytes of the largest file that is read whole: more than any table that fits in memory.
LARGEST_FILE = 64 << 30
#: Bytes of the longest market file, ledger, commentary: written by people, not by machines.
LARGEST_TEXT = 16 << 20
#: Characters of the longest path, and of a name within it, that file systems take.
LONGEST_PATH, LONGEST_NAME = 4096, 255
#: What a path that is no plain file is called in a message.
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe (FIFO)",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}
#: First characters by which a spreadsheet takes a cell for a formula; the wide forms of East Asia
#: count as the plain ones there.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
#: Sequences that steer a terminal, whole: colours and places (CSI), titles and links (OSC, DCS).
_SEQUENCE = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"
    "|(?:\x1b[]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"
)
#: Format characters that belong to words: joiners of Arabic, Persian, Indic scripts and emoji.
_JOINERS = "\u200c\u200d"


def kind_of(path: str | Path) -> str:
    """What stands at a path, links followed: "" a plain file, "missing", or what it is called.

    Raises ``OSError`` where the system cannot say.
    """
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        return "missing"
    return "" if stat.S_ISREG(mode) else _KINDS.get(stat.S_IFMT(mode), "no plain file")


def is_text(text: str) -> bool:
    """Whether it can be written as UTF-8: bytes of another encoding come as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def impossible(path: str | Path) -> str:
    """Why no file can have this path; "" where one can."""
    text = os.fspath(arguments.path(path, "path"))
    if "\x00" in text:
        return "it holds a NUL character"
    if not is_text(text):
        return "it is no UTF-8 text"
    if len(os.fsencode(text)) > LONGEST_PATH:
        return f"it is longer than {LONGEST_PATH} bytes"
    if any(len(os.fsencode(part)) > LONGEST_NAME for part in Path(text).parts):
        return f"a name in it is longer than {LONGEST_NAME} bytes"
    return ""


def resolved(path: str | Path, what: str) -> Path:
    """The absolute path, links followed, whether or not something is there.

    Raises ``UsageError`` for a path that no file can have, and for a link that leads to itself.

    what  what a message calls it, e.g. the option that names it
    """
    path = arguments.path(path, what)
    if fault := impossible(path):
        shown = visible(os.fspath(path))[:80]
        raise UsageError(f"{what}: {shown!r} is no path: {fault}.", "Name another place.")
    try:
        found = Path(path).resolve()
        found.exists()  # a loop is found out only by looking
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "a link that leads to itself"
        shown = visible(os.fspath(path))
        raise UsageError(f"{what}: {shown}: {reason}.", "Name another place.") from None
    return found


def read_bytes(
    path: str | Path, error: type[PacelineError] = DataError, largest: int = LARGEST_FILE
) -> bytes:
    """The bytes of a plain file.

    Raises ``FileNotFoundError`` where nothing is there, ``error`` for what is no plain file, is
    larger than ``largest``, or cannot be read.
    """
    path = arguments.path(path, "path")
    shown = visible(os.fspath(path))
    if fault := impossible(path):
        raise error(f"{shown[:80]!r} is no path: {fault}.", "Name a file.")
    try:
        found = kind_of(path)
        if found and found != "missing":
            raise error(f"{shown}: {found}, not a file.", "Name a plain file.")
        size = Path(path).stat().st_size
        if size > largest:
            raise error(
                f"{shown}: {size:,} bytes, more than the {largest:,} that are read.",
                "Is it the right file? docs/limits.md lists the limits.",
            )
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise
    except OSError as fault_:
        reason = fault_.strerror or type(fault_).__name__
        raise error(f"{shown}: cannot be read ({reason}).", "Give a readable file.") from None


def check_target(path: str | Path, what: str, example: str = "report.html") -> None:
    """Raise ``UsageError`` where writing to ``path`` would not make or replace a plain file.

    what  what a message calls it, e.g. the option that names it
    """
    shown = visible(os.fspath(path))
    fault = impossible(path) if shown else "it is empty"
    if fault:
        raise UsageError(f"{what}: {shown[:80]!r} is no path: {fault}.", "Name a file.")
    try:
        found = kind_of(path)
    except (NotADirectoryError, PermissionError):  # whoever writes says so, and of which folder
        return
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UsageError(f"{what}: {shown}: {reason}.", "Name another file.") from None
    if found == "a folder":
        inside = Path(path) / example
        raise UsageError(f"{what}: {shown} is a folder.", f"Name a file, e.g. {inside}.")
    if found not in ("", "missing"):
        raise UsageError(
            f"{what}: {shown} is {found}, not a plain file.",
            "Name a new file, or a plain one that may be replaced.",
        )


def check_folder(path: str | Path, what: str) -> None:
    """Raise ``UsageError`` where ``path`` is no folder and none can be made there."""
    shown = visible(os.fspath(path))
    fault = impossible(path) if shown else "it is empty"
    if fault:
        raise UsageError(f"{what}: {shown[:80]!r} is no path: {fault}.", "Name a folder.")
    if Path(path).exists() and not Path(path).is_dir():
        raise UsageError(f"{what}: {shown} is not a folder.", "Name a folder, there or new.")


def visible(text: str) -> str:
    """Text without what steers a terminal: C0 and C1 codes, escape sequences, direction marks.

    Line ends and tabs stay. A lone surrogate, which no terminal can show, becomes U+FFFD.
    """
    if text.isprintable():
        return text
    return "".join(map(_shown, _SEQUENCE.sub("", text)))


def _shown(c: str) -> str:
    if c in "\n\t" or c.isprintable():
        return c
    if c in _JOINERS:
        return c
    category = unicodedata.category(c)
    return " " if category[0] == "Z" else "\ufffd" if category == "Cs" else ""


def plain(cell: str) -> str:
    """The text of a cell that ``neutral`` wrote, and of every other as it is."""
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell


def neutral(cell: object) -> object:
    """A CSV cell that no spreadsheet runs: text that begins like a formula gets a ' before it.

    Numbers, and text that is a number such as "-1.5", stay as they are.
    """
    if not isinstance(cell, str) or not cell.startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return "'" + cell
    return cell if cell[0] in "+-" else "'" + cell
