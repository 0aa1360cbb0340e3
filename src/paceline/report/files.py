"""Writing a file in one piece: the old one stays until the new one is complete."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from paceline.errors import StoreError


def write_text(path: str | Path, text: str) -> Path:
    """Write ``text`` to a file beside ``path`` and rename it; folders are made as needed.

    Raises ``StoreError`` naming the path when the folder cannot be written or the disk is full;
    whatever stood at ``path`` before is then untouched.
    """
    path = Path(path)
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()
        reason = error.strerror or type(error).__name__
        raise StoreError(
            f"{path}: cannot be written ({reason}).",
            "Free space or permit writing there, or name another place.",
        ) from error
    return path
