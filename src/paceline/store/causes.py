"""Why a file of a store could not be read or written: the true cause, and what to do about it."""

from __future__ import annotations

import errno
import re
from pathlib import Path

from paceline.errors import PacelineError, StoreError

#: What the system or a library says, and the cause it is a sign of.
CAUSES: dict[str, tuple[tuple[int, ...], tuple[str, ...]]] = {
    "full": (
        (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
        ("no space left", "quota exceeded", "file too large", "disk full"),
    ),
    "files": ((errno.EMFILE, errno.ENFILE), ("too many open files",)),
    "permission": (
        (errno.EACCES, errno.EPERM, errno.EROFS),
        ("permission denied", "read-only file", "operation not permitted"),
    ),
    "memory": ((errno.ENOMEM,), ("cannot allocate memory", "out of memory")),
    "name": ((errno.ENAMETOOLONG, errno.ELOOP), ("file name too long",)),
    "folder": ((errno.ENOTDIR, errno.EISDIR), ("not a directory", "is a directory")),
    "device": (
        (errno.EIO, errno.ESTALE, errno.ENXIO, errno.ENODEV, errno.ETIMEDOUT, errno.EBUSY),
        ("input/output error", "stale file handle"),
    ),
    "newer": (
        (),
        (
            "reader version",
            "writer version",
            "reader feature",
            "writer feature",
            "table feature",
            "minreaderversion",
            "minwriterversion",
            "unsupported feature",
        ),
    ),
}
SAYS = {
    "full": (
        "the disk that holds {folder} is full ({doing}).",
        "Nothing stored before is lost: free some space and run the command again.",
    ),
    "files": (
        "too many open files ({doing} {folder}).",
        "The store is whole: raise the limit (`ulimit -n 4096`) or close other programs, and run "
        "the command again.",
    ),
    "permission": (
        "no permission for {folder} ({doing}).",
        "Give this user read and write access to the folder, or name another with --store.",
    ),
    "memory": (
        "not enough memory ({doing} {folder}).",
        "The store is whole: close other programs, or import fewer sources at a time.",
    ),
    "name": (
        "the path of {folder} is too long or leads in a circle ({doing}: {text}).",
        "Name a folder with a shorter path with --store.",
    ),
    "folder": (
        "{folder}: a file stands where a folder should be, or the reverse ({doing}: {text}).",
        "Move it away, or name another folder with --store.",
    ),
    "device": (
        "the disk or network that holds {folder} failed ({doing}: {text}).",
        "Look after the disk first; then `paceline check` says what of the store is whole.",
    ),
    "newer": (
        "{folder} was written in a newer format than this Paceline knows ({doing}: {text}).",
        "Update Paceline; nothing is wrong with the store.",
    ),
}


def explain(error: BaseException, folder: Path, doing: str) -> StoreError:
    """The fault as a sentence a person can act on, by its true cause."""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    cause = cause_of(error)
    if cause is None:
        return damaged(folder, f"{doing}: {text}")
    message, remedy = SAYS[cause]
    return StoreError(message.format(folder=folder, doing=doing, text=text), remedy)


def cause_of(error: BaseException) -> str | None:
    """The cause of a fault that lies outside the store's files; None: they are damaged."""
    lower = str(error).lower()
    # libraries in Rust say the system's number in words
    told = re.search(r"os error (\d+)", lower)
    code = getattr(error, "errno", None) or (int(told[1]) if told else None)
    for cause, (codes, words) in CAUSES.items():
        if code in codes or any(word in lower for word in words):
            return cause
    return None


def pass_on(error: BaseException) -> None:
    """Raise the error again where it is no damage of a file: no permission, say, to read it.

    A broken disk is the file's own fault.
    """
    told = error.__cause__ if isinstance(error, PacelineError) else error
    if told is not None and cause_of(told) not in (None, "device", "folder", "name"):
        raise error


def damaged(folder: Path, what: str) -> StoreError:
    """A table that is not what was written."""
    return StoreError(
        f"{folder} is damaged ({what}).",
        "Restore the folder from a copy, or let `paceline repair` build it again from the raw "
        "bytes; `paceline check` says what is whole.",
    )
