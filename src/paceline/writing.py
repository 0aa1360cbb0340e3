"""Writing text files in one piece: the old one stays until the new one is complete."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from paceline.doors import check_target
from paceline.errors import StoreError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A draft beside ``path`` that takes its place when the body is done, and is removed else.

    Folders are made as needed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{uuid.uuid4().hex}")
    try:
        yield draft
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def write_text(path: str | Path, text: str) -> Path:
    """Write a text file, UTF-8, line ends as they are; a file that is replaced keeps its mode.

    A link to a plain file stays a link. Raises ``UsageError`` for what is no plain file (a device,
    a pipe, a folder, a link to one), and ``StoreError`` naming the path when the folder cannot be
    written or the disk is full; whatever stood at ``path`` before is then untouched.
    """
    path = Path(path)
    check_target(path, "cannot write")
    place = path.resolve() if path.is_symlink() else path
    try:
        with replacing(place) as draft:
            draft.write_text(text, encoding="utf-8", newline="", errors="replace")
            if place.exists():
                draft.chmod(place.stat().st_mode & 0o777)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StoreError(
            f"{path}: cannot be written ({reason}).",
            "Free space or permit writing there, or name another place.",
        ) from error
    return path


def rows_of_json(content: Mapping[str, object], encode: Callable[[object], str]) -> str:
    """One line per row of a list, one per other key: readable, and written by the fast encoder."""
    return (
        "{\n"
        + ",\n".join(
            f" {encode(key)}: "
            + (
                "[\n  " + ",\n  ".join(map(encode, value)) + "]"
                if isinstance(value, list) and value
                else encode(value)
            )
            for key, value in content.items()
        )
        + "\n}\n"
    )
