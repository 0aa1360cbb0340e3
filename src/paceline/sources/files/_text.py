"""The bytes of a text file as UTF-8: lines end alike, and what does not show is gone. Pure."""

from __future__ import annotations

import re
from typing import Any

from paceline.errors import SourceError
from paceline.sources.files import _foreign

_BOMS = (b"\xff\xfe", b"\xfe\xff")  # of UTF-16
#: Characters that show nothing and stand for nothing: all of C0 but tab and line ends, and DEL.
_CONTROLS = bytes(c for c in range(32) if c not in b"\x00\t\n\r") + b"\x7f"
#: The same beyond ASCII: marks of byte order and direction, spaces of no width.
_INVISIBLE = re.compile("[\ufeff\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069]")


def decoded(what: str, data: bytes, options: dict[str, Any]) -> bytes:
    """The file as UTF-8 bytes without a byte-order mark."""
    encoding = options.get("encoding")
    if encoding is None and b"\x00" in data and data[:2] not in _BOMS:
        raise SourceError(f"{what}: binary data, not CSV.", "Give a CSV or Parquet file.")
    if encoding is None and data[:2] in _BOMS:
        encoding = "utf-16"
    try:
        if encoding is not None:
            data = data.decode(str(encoding)).encode()
        else:
            data.decode("utf-8")
    except LookupError:
        raise SourceError(
            f"{what}: unknown encoding {encoding!r}.", 'Try options.encoding = "latin-1".'
        ) from None
    except UnicodeError as error:
        place = f"byte {error.start}" if isinstance(error, UnicodeDecodeError) else "a byte"
        raise SourceError(
            f"{what}: {place} is not {encoding or 'UTF-8'} text.",
            'Set options.encoding, e.g. "latin-1" or "cp1252".',
        ) from None
    data = data.removeprefix(b"\xef\xbb\xbf")
    if _foreign.is_page(data):
        raise SourceError(
            f"{what}: a web page, not CSV.",
            "The server sent an error or login page; fetch the file again.",
        )
    if b"\x00" in data:
        raise SourceError(f"{what}: binary data, not CSV.", "Give a CSV or Parquet file.")
    data = _lines(_visible(data, str(options.get("delimiter", ""))))
    if not data.strip():
        raise SourceError(f"{what}: the file holds only blank lines.", "Fetch it again.")
    return data


def _visible(data: bytes, delimiter: str) -> bytes:
    """The text without characters that show nothing: they would hide a header or split a name."""
    data = data.translate(None, bytes(c for c in _CONTROLS if c not in delimiter.encode()))
    if b"\xe2\x80" in data or b"\xe2\x81" in data or b"\xef\xbb\xbf" in data:
        data = _INVISIBLE.sub("", data.decode()).encode()
    return data


def _lines(data: bytes) -> bytes:
    """The text with every line ended by a line feed, where carriage returns end them."""
    if b"\r" not in data:
        return data
    if b"\r\r\n" in data:
        data = re.sub(rb"\r+\n", b"\r\n", data)
    alone = data.count(b"\r") - data.count(b"\r\n")
    return data.replace(b"\r", b"\n") if alone > data.count(b"\n") else data
