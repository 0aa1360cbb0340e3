"""Limits of the machine: what a command says when it meets one, and what libraries say unasked.

Libraries written in other languages write to the process's stderr themselves when they give up: a
panic of polars is a page of Rust before Python hears of it. Such lines are for developers: they are
shown with ``--debug`` alone.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

#: The system's codes, how libraries put them, what is said, and what to do.
LIMITS: tuple[tuple[tuple[int, ...], tuple[str, ...], str, str], ...] = (
    (
        (errno.EMFILE, errno.ENFILE),
        ("too many open files",),
        "there are too many open files.",
        "Raise the limit (`ulimit -n 4096`) or close other programs, and run the command again; "
        "what was stored is whole.",
    ),
    (
        (errno.ENOMEM, errno.EAGAIN),
        ("cannot allocate memory", "failed to map segment", "resource temporarily unavailable"),
        "there is not enough memory, or there are too many processes.",
        "Close other programs, or ask for less history or fewer securities; what was stored is "
        "whole.",
    ),
    (
        (errno.EACCES, errno.EPERM, errno.EROFS),
        ("permission denied", "operation not permitted", "read-only file system"),
        "there is no permission for a file or folder.",
        "Give this user access to it, or name another place.",
    ),
    (
        (errno.ENOSPC, errno.EDQUOT),
        ("no space left", "disk quota exceeded"),
        "a disk is full.",
        "Free some space and run the command again; what was stored is whole.",
    ),
)


def met(error: BaseException | None) -> tuple[str, str] | None:
    """What to say of a limit of the machine that an error, or its cause, comes from; else None."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        code, text = getattr(error, "errno", None), str(error).lower()
        for codes, words, message, remedy in LIMITS:
            if code in codes or any(word in text for word in words):
                name = getattr(error, "filename", None)
                return (f"{name}: {message}" if name else message), remedy
        error = error.__cause__ or error.__context__
    return None


@contextmanager
def only_ours(*, debug: bool) -> Iterator[None]:
    """What Python writes to stderr reaches it; what libraries write past Python does not.

    With ``debug``, or where stderr is not the process's own, nothing is changed.
    """
    try:
        own = sys.stderr.fileno() == 2
        kept = os.dup(2) if own and not debug else -1
    except (AttributeError, OSError, ValueError):
        kept = -1
    if kept < 0:
        yield
        return
    usual = sys.stderr
    usual.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    sys.stderr = os.fdopen(
        kept, "w", buffering=1, encoding=usual.encoding, errors="replace", closefd=False
    )
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stderr = usual
        os.dup2(kept, 2)
        os.close(kept)
